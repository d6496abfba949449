"""One patient placed on what the literature predicts for the next one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core import units
from survsim.core.checks import FloatArray, between, float_vector
from survsim.core.errors import EvidenceError, InputError
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns, frame, from_rows

if TYPE_CHECKING:
    import pandas as pd

CURVE_POINTS = 241


@result
class CaseInContext(Result):
    """Position of one patient on predictive distributions.

    Attributes
    ----------
    case_time, event : time of the patient; True if that is death, False if alive then.
    label, origin : of the patient, and what the time counts from.
    names : (r,) references.
    percentile : (r, 3) share of such patients, in percent, who die by then: predictive value and interval.
    longer : (r, 3) probability of living longer.
    median : (r, 3) time by which half of next patients die, over all draws at once, and interval of the draws'
        medians; `EvidencePrediction.median` is the middle of the draws' medians, that of a new study.
    landmarks, conditional : (m,) times t and (r, m, 3) probability of living to the case's time given
        alive at t.
    shifts, shifted : (s,) moves of the time origin and (r, s, 3) percentiles with the case's time moved.
    curve_time, curves : (g,) and (r, g, 3) predictive survival with interval.
    course : the treatment course for the lane above the curve, or None.
    """

    case_time: float
    event: bool
    time_unit: str
    label: str
    origin: str
    names: tuple[str, ...]
    percentile: FloatArray
    longer: FloatArray
    median: FloatArray
    landmarks: FloatArray
    conditional: FloatArray
    shifts: FloatArray
    shifted: FloatArray
    curve_time: FloatArray
    curves: FloatArray
    course: Any
    conf_level: float

    def columns(self) -> Columns:
        """One row a reference: percentile, probability of living longer and median, with intervals."""
        columns: dict[str, Any] = {"reference": self.names}
        for name in ("percentile", "longer", "median"):
            value = getattr(self, name)
            columns |= {name: value[:, 0], f"{name}_low": value[:, 1], f"{name}_high": value[:, 2]}
        return columns

    def conditional_frame(self) -> Any:
        """Columns reference, alive_at, survival, conf_low, conf_high."""
        return self._long("alive_at", self.landmarks, self.conditional, "survival")

    def origin_frame(self) -> Any:
        """Columns reference, shift, percentile, conf_low, conf_high."""
        return self._long("shift", self.shifts, self.shifted, "percentile")

    def headline(self) -> str:
        """The patient and the first reference."""
        p = self.percentile[0]
        what = "died at" if self.event else "was alive at"
        least = "" if self.event else "at least "
        return (
            f"{self.label} {what} {self.case_time:g} {self.time_unit}: {least}percentile {p[0]:.0f} "
            f"({p[1]:.0f} to {p[2]:.0f}) of {self.names[0]}"
        )

    def _long(self, name: str, at: FloatArray, values: FloatArray, what: str) -> Any:
        rows = [
            (reference, x, *value) for reference, row in zip(self.names, values) for x, value in zip(at, row)
        ]
        return frame(from_rows(rows, ("reference", name, what, "conf_low", "conf_high")))


def case_in_context(
    case_time: float,
    reference: Any,
    *,
    unit: str,
    event: bool = True,
    label: str = "the case",
    origin: str = "",
    landmarks: Sequence[float] | None = None,
    shifts: Sequence[float] = (-2.0, -1.0, 0.0, 1.0, 2.0),
    course: pd.DataFrame | None = None,
    horizon: float | None = None,
    conf_level: float = 0.95,
    source: str | Sequence[str] = (),
) -> CaseInContext:
    """Place one patient on the predictive distribution of one or several references.

    ``percentile = 100 E[1 - S(t)]`` over the draws of the prediction: the share of next patients, not of
    the pooled mean, who have died by the patient's time. The interval is that of ``S(t)`` over draws.

    Parameters
    ----------
    case_time : time of death, or of last news with ``event=False`` (the percentile is then a lower end).
    reference : a prediction (`EvidenceModel.predict`), a distribution, or a mapping name -> either.
        It must not contain the case: its provenance is searched for `source`.
    unit : of `case_time`, `landmarks`, `shifts`, `horizon`; references are converted.
    landmarks : times t for "given alive at t"; by default a quarter, a half and three quarters.
    shifts : amounts added to `case_time`, for an origin that is not stated.
    course : the treatment course, as `swimmer` takes it.
    source : references of the case's rows.

    Returns
    -------
    CaseInContext.

    Raises
    ------
    EvidenceError : a reference that contains the case.

    Example
    -------
    >>> from survsim import case_in_context
    >>> from survsim.distributions import Exponential
    >>> law = Exponential(rate=np.log(2) / 11, time_unit="months")
    >>> round(float(case_in_context(11, law, unit="months").percentile[0, 0]), 6)
    50.0
    """
    t = between("case_time", case_time, 0.0, np.inf)
    units.check_unit(unit)
    level = between("conf_level", conf_level, 0.0, 1.0)
    references = dict(reference) if isinstance(reference, Mapping) else {_name(reference): reference}
    if not references:
        raise InputError("reference is empty; give at least one prediction or distribution.")
    own = (source,) if isinstance(source, str) else tuple(source)
    _not_its_own_reference(references, own)
    at = t * np.array([0.25, 0.5, 0.75]) if landmarks is None else float_vector("landmarks", list(landmarks))
    if not at.size or (at >= t).any() or (at < 0).any():
        raise InputError(f"landmarks must lie between 0 and the case's time {t:g}; got {at.tolist()}.")
    moves = float_vector("shifts", list(shifts))
    if (t + moves <= 0).any():
        raise InputError(f"shifts move the case's time {t:g} to 0 or below; got {moves.tolist()}.")
    end = 2.0 * t if horizon is None else between("horizon", horizon, t, np.inf)
    grid = np.linspace(0.0, end, CURVE_POINTS)
    laws = [_Law(r, unit, level) for r in references.values()]
    return CaseInContext(
        case_time=t,
        event=bool(event),
        time_unit=unit,
        label=label,
        origin=origin,
        names=tuple(references),
        percentile=np.array([100 * law.died(np.array([t]))[0] for law in laws]),
        longer=np.array([law.lives(np.array([t]))[0] for law in laws]),
        median=np.array([law.median() for law in laws]),
        landmarks=at,
        conditional=np.array([law.lives_given(t, at) for law in laws]),
        shifts=moves,
        shifted=np.array([100 * law.died(t + moves) for law in laws]),
        curve_time=grid,
        curves=np.array([law.lives(grid) for law in laws]),
        course=course,
        conf_level=level,
        provenance=Provenance.of(
            "case_in_context", own, *[getattr(r, "provenance", None) for r in references.values()],
            case_time=t, event=bool(event), unit=unit, references=list(references), origin=origin,
        ),
    )  # fmt: skip


class _Law:
    """A reference asked in the unit of the case: values (m, 3) as predictive value and interval."""

    def __init__(self, reference: Any, unit: str, level: float) -> None:
        self.law = getattr(reference, "distribution", reference)
        if not hasattr(self.law, "survival") or not hasattr(self.law, "time_unit"):
            raise InputError(
                f"a reference is a prediction or a distribution; got {type(reference).__name__}."
            )
        self.factor = units.conversion_factor(unit, self.law.time_unit)
        self.tails = [(1 - level) / 2, (1 + level) / 2]

    def draws(self, t: FloatArray) -> FloatArray:
        """Survival (m, draws)."""
        s = np.asarray(self.law.survival((t * self.factor)[:, None]), dtype=np.float64)
        return s.reshape(t.size, -1)

    def lives(self, t: FloatArray) -> FloatArray:
        s = self.draws(t)
        return np.stack([s.mean(axis=1), *np.quantile(s, self.tails, axis=1)], axis=1)

    def died(self, t: FloatArray) -> FloatArray:
        value = 1 - self.lives(t)
        return value[:, [0, 2, 1]]

    def lives_given(self, t: float, landmarks: FloatArray) -> FloatArray:
        """S(t) / S(landmark): the predictive value is the ratio of means, the next patient's own chance."""
        at, end = self.draws(landmarks), self.draws(np.array([t]))
        ratio = end / np.maximum(at, 1e-300)
        mean = end.mean() / at.mean(axis=1)
        return np.stack([mean, *np.quantile(ratio, self.tails, axis=1)], axis=1)

    def median(self) -> FloatArray:
        """Median of the predictive law, and interval of the draws' medians."""
        each = np.atleast_1d(np.asarray(self.law.quantile(0.5), dtype=np.float64)) / self.factor
        low, high = np.quantile(each, self.tails, method="inverted_cdf")
        upper = max(float(np.max(each[np.isfinite(each)], initial=1.0)), 1.0)
        a, b = 0.0, 2 * upper
        if self.lives(np.array([b]))[0, 0] > 0.5:
            return np.array([np.inf, low, high])
        for _ in range(60):
            middle = 0.5 * (a + b)
            a, b = (middle, b) if self.lives(np.array([middle]))[0, 0] > 0.5 else (a, middle)
        return np.array([0.5 * (a + b), low, high])


def _name(reference: Any) -> str:
    return str(getattr(reference, "label", "") or type(reference).__name__)


def _not_its_own_reference(references: Mapping[str, Any], own: Sequence[str]) -> None:
    for name, item in references.items():
        step = getattr(item, "provenance", None)
        inside = set(step.references()) & set(own) if step is not None else set()
        if inside:
            raise EvidenceError(
                f"the reference {name!r} contains the case itself ({', '.join(sorted(inside))}); "
                "leave that row out of the evidence and fit again."
            )
