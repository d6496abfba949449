"""Rows of a response that are not independent of each other: sums over them, and where these tell no variance.

A robust variance is made of the differences between independent units: clusters, patients of several rows, or rows. One
unit has none to differ from, and the sum of its influence is 0 whatever the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.core.errors import SmallSampleWarning, warn
from survsim.core.surv import Surv

NOTHING = 1e-14
"""Share of the model's variance at and below which a robust one is what the search for the maximum left of 0."""


def n_units(surv: Surv) -> int:
    """How many units of a response are independent of each other."""
    return len(surv) if surv.together is None else int(np.unique(surv.together).size)


def one_unit(surv: Surv) -> bool:
    """Whether all rows belong to one unit, so that no robust variance can be told."""
    code = surv.together
    return len(surv) < 2 if code is None else bool((code == code[0]).all())


def unit_sums(influence: FloatArray, surv: Surv, rows: Any = None) -> FloatArray:
    """Influence (n, ...) summed over what is not independent, (units, ...); NaN where all rows belong to one unit.

    `rows` are the rows of the response that the influence is of, where not of all in their order.
    """
    code = surv.together
    if code is None:
        return influence if len(influence) > 1 else np.full(influence.shape, np.nan)
    if rows is not None:
        code = code[rows]
    size = int(code.max()) + 1
    if (code == code[0]).all():
        return np.full((size, *influence.shape[1:]), np.nan)
    sums = np.zeros((size, *influence.shape[1:]))
    if influence.ndim == 1:
        sums += np.bincount(code, influence, size)
    else:
        np.add.at(sums, code, influence)
    return sums


def warn_of_one_unit(surv: Surv, parts: Iterable[Surv] = (), labels: Sequence[Any] = ()) -> None:
    """Say once which groups (or the response, where there are no groups) have one independent unit."""
    unit = "row" if surv.together is None else "cluster" if surv.cluster is not None else "patient"
    if tuple(labels) in ((), ("all",)):
        say_one_unit(["the response"] if one_unit(surv) else [], unit)
    else:
        say_one_unit([f"group {label!r}" for label, part in zip(labels, parts) if one_unit(part)], unit)


def say_one_unit(who: Sequence[str], unit: str) -> None:
    """The sentence about those that have one cluster, patient or row only, if any has."""
    if not who:
        return
    instead = "Build the response without cluster for the errors of independent patients"
    warn(
        f"{' and '.join(who)} {'have' if len(who) > 1 else 'has'} one {unit} only: a robust variance is made of what differs "
        "between at least two, so there is no standard error, no limits and no p-value (NaN). "
        f"{instead if unit == 'cluster' else 'More patients are needed'}.",
        SmallSampleWarning,
    )


def told(robust: FloatArray, model: FloatArray, surv: Surv, rows: IntArray | None = None) -> FloatArray:
    """A robust covariance (p, p), NaN in the rows and columns of coefficients whose variance is 0 but for rounding.

    `model` is that of the model, whose variances say what is 0: a variance there per patient does not depend on the scale of
    the weights, nor does the robust one.
    """
    if np.isnan(robust).all():
        warn_of_one_unit(surv if rows is None else surv.take(rows))
        return robust
    weight = (
        1.0
        if surv.weight is None
        else float(surv.weight.mean() if rows is None else surv.weight[rows].mean())
    )
    nothing = ~(np.diag(robust) > NOTHING * weight * np.diag(model))
    if nothing.any():
        robust = robust.copy()
        robust[nothing], robust[:, nothing] = np.nan, np.nan
        warn(
            f"the robust standard error of {int(nothing.sum())} of {nothing.size} coefficients is 0, for all clusters (or patients) "
            "say the same of it: that is no standard error, and there are no limits and no p-value (NaN). Take the errors of "
            "the model: robust=False, and a response without cluster.",
            SmallSampleWarning,
        )
    return robust
