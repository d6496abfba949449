"""Whether two fits are of the same data, and one within the other, told by the values of their columns.

The wings of parametric and of multistate models lie above this one: their fits are known by what they hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.same_response import filled, first_difference
from survsim.estimate.cox.fitted import FittedCox

WIDER = {
    "exponential": ("weibull", "gompertz", "gamma", "generalised_gamma"),
    "weibull": ("generalised_gamma",),
    "lognormal": ("generalised_gamma",),
    "gamma": ("generalised_gamma",),
}
"""Families of parametric fits that hold another as a special case."""
NEAR = 1e-8
"""How far a column may be from the combination of others that it is, as a share of its size."""
FLAT = 1e-4
"""A column that changes by less than this share of its values has last bits that count."""


def difference(smaller: Any, larger: Any) -> str | None:
    """In what the data behind two fits of one kind differ, or None."""
    if hasattr(smaller, "visits"):
        return _of_visits(smaller, larger)
    unlike = first_difference(smaller.surv, larger.surv)
    if unlike is not None:
        return unlike
    if isinstance(smaller, FittedCox):
        return None if _equal(smaller.offset, larger.offset, len(smaller.surv)) else "offsets"
    return likelihood_difference(smaller, larger)


def likelihood_difference(one: Any, other: Any) -> str | None:
    """In what, beside their response, the data of two parametric fits differ: background rates, ends of intervals."""
    n = len(one.surv)
    if one.relative != other.relative or not _equal(one.background, other.background, n):
        return "background mortality"
    begins = (fit.surv.time if fit.last_without is None else fit.last_without for fit in (one, other))
    return None if np.array_equal(*begins) else "intervals in which the events lie"


def _equal(one: Any, other: Any, n: int) -> bool:
    return np.array_equal(filled(one, n, 0.0), filled(other, n, 0.0))


def _of_visits(smaller: Any, larger: Any) -> str | None:
    a, b = smaller.visits, larger.visits
    told: tuple[tuple[str, Any, Any], ...] = (
        ("units of time", smaller.unit, larger.unit),
        ("times of visits", a.time, b.time),
        ("patients", a.patient, b.patient),
        ("states seen", [smaller.states[k] for k in a.state], [larger.states[k] for k in b.state]),
        ("states whose entry is exact", sorted(smaller.exact), sorted(larger.exact)),
    )
    return next((name for name, x, y in told if not np.array_equal(x, y)), None)


def within(smaller: Any, larger: Any) -> bool:
    """Whether the larger fit can be what the smaller is."""
    if isinstance(smaller, FittedCox):
        return spanned(smaller.design.matrix, larger.design.matrix)
    if hasattr(smaller, "visits"):
        return _visits_within(smaller, larger)
    one, other = smaller.model, larger.model
    if hasattr(one, "spline") and hasattr(other, "spline"):
        return _splines_within(one, other, len(smaller.surv))
    if hasattr(one, "spline") or hasattr(other, "spline"):
        return False
    if smaller.family != larger.family and larger.family not in WIDER.get(smaller.family, ()):
        return False
    if not set(getattr(one.family, "cuts", ())) <= set(getattr(other.family, "cuts", ())):
        return False
    # Constants of further pieces or predictors are free, or at a value that makes the family the smaller one.
    return all(spanned(columns(a), columns(b)) for a, b in zip(one.designs, other.designs))


def columns(predictor: Any) -> FloatArray | None:
    """The covariates' columns (n, p) of a predictor of a parametric fit; None for a constant."""
    return None if predictor.design is None else predictor.design.matrix


def spanned(small: FloatArray | None, large: FloatArray | None) -> bool:
    """Whether the columns (n, p) of `small` are combinations of those of `large` and a constant."""
    if small is None or not small.shape[1]:
        return True
    if large is None or not large.shape[1]:
        large = np.empty((len(small), 0))
    size = np.maximum(np.ptp(small, axis=0), FLAT * np.abs(small).max(axis=0))
    return _combined(small - small.mean(axis=0), large - large.mean(axis=0), size)


def _combined(small: FloatArray, large: FloatArray, size: FloatArray) -> bool:
    """Whether the columns of `small`, of that size (p,), are combinations of those of `large`."""
    scaled = large / np.maximum(np.abs(large).max(axis=0, initial=0.0), np.finfo(float).tiny)
    left = small - scaled @ np.linalg.lstsq(scaled, small, rcond=None)[0]
    return bool((np.abs(left) <= NEAR * size).all())


def _visits_within(smaller: Any, larger: Any) -> bool:
    rows = smaller.visits.row[smaller.visits.starts], larger.visits.row[larger.visits.starts]
    x, y = (None if f.design is None else f.design.matrix[r] for f, r in zip((smaller, larger), rows))
    known = _in_larger(smaller.transitions, larger.transitions) and _in_larger(
        smaller.seen_as, larger.seen_as
    )
    return known and spanned(x, y)


def _in_larger(small: Iterable[Any], large: Iterable[Any]) -> bool:
    return set(small) <= set(large)


def _splines_within(one: Any, other: Any, n: int) -> bool:
    """Natural splines on fewer of the same knots are splines on all of them, the new coefficients being 0."""
    if one.scale != other.scale or not _in_larger(one.all_knots(), other.all_knots()):
        return False
    knots = other.all_knots()
    small, large = _spline_columns(one, knots, n), _spline_columns(other, knots, n)
    return _combined(small, large, np.abs(small).max(axis=0))


def _spline_columns(model: Any, knots: FloatArray, n: int) -> FloatArray:
    """What each parameter does to each patient's coefficients on `knots`, (n x knots, P)."""
    x = np.zeros((n, 0)) if model.design.design is None else model.design.design.matrix
    size = model.spline.knots.size
    total = size + x.shape[1] + sum(term.df for term in model.varying)
    each = model.coefficients(np.eye(total), x, knots)  # (P, n, knots)
    each[size : size + x.shape[1], :, 0] += x.T  # an effect shifts the spline's constant
    return each.reshape(total, -1).T
