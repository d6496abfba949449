"""Which patients get published: explicit selection models, and how strong selection must be to matter.

Published times follow ``f*(t) ~ w(t) f(t)`` with w the relative chance of a report. Given w, the law of
all patients is ``f ~ f* / w``. Nothing in the published cases tells w: it is an assumption, so it is turned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from survsim.core.checks import FloatArray, between, float_vector, one_of
from survsim.core.display import displayed
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.renamed import renamed
from survsim.core.result import Result, result
from survsim.core.tables import Columns, from_rows
from survsim.core.times import meet

KINDS = ("step", "gradual")
GRID = 2001
ON_THE_LINE = 1e-9
"""Percentiles this little below the conclusion count as on it (rounding of floating-point survival)."""


@displayed
@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """How the chance of being published depends on the outcome, and what the origin of time hides.

    Attributes
    ----------
    strength : how many times as likely a patient who lived past `threshold` is to be published as one
        who did not; 1 is no selection, above 1 exemplary outcomes, below 1 dramatic ones.
    threshold : time that counts as remarkable, in the unit of the reference.
    kind : "step" (w = strength past threshold, else 1) or "gradual"
        (w = ``(1 + t/threshold)^(log2 strength)``: 1 at 0, `strength` at the threshold).
    immortal_time : time every published patient had to survive to be counted (treatment started, second
        lesion found) though the clock ran: the published law is conditional on living that long.
    origin_shift : published times start this much earlier (positive) than the origin wanted here.
    """

    strength: float = 1.0
    threshold: float = 12.0
    kind: str = "step"
    immortal_time: float = 0.0
    origin_shift: float = 0.0

    def __post_init__(self) -> None:
        one_of("kind", self.kind, KINDS)
        between("strength", self.strength, 0.0, np.inf)
        between("threshold", self.threshold, 0.0, np.inf)
        between("immortal_time", self.immortal_time, 0.0, np.inf, open_ends=False)
        if not np.isfinite(self.origin_shift):
            raise InputError(f"origin_shift must be finite; got {self.origin_shift!r}.")

    def weight(self, t: ArrayLike) -> FloatArray:
        """Relative chance w(t) of being published."""
        time = meet(t, [self.threshold])
        if self.kind == "step":
            return np.where(time > self.threshold, self.strength, 1.0)
        return np.asarray((1 + time / self.threshold) ** np.log2(self.strength), dtype=np.float64)


def corrected_survival(reference: Any, t: ArrayLike, selection: Selection) -> FloatArray:
    """Survival of all patients when `reference` describes the published ones.

    In order: published times are moved by `origin_shift` (``S*(t + shift) / S*(shift)`` for a clock that
    started too early), everybody's law is ``f* / w``, and deaths before `immortal_time`, which could not
    be published, are restored at the hazard just after it.

    Parameters
    ----------
    reference : distribution or a result with a ``distribution``; parameters may have an axis of draws.
    t : (m,) times.
    selection : the assumption.

    Returns
    -------
    (m,) or (m, draws).

    Raises
    ------
    InputError : a reference without a distribution.

    Reference: Copas & Li 1997 (J R Stat Soc B 59:55).

    Example
    -------
    >>> from survsim.distributions import Exponential
    >>> from survsim.joint_model import Selection, corrected_survival
    >>> law = Exponential(rate=np.log(2) / 12, time_unit="months")
    >>> corrected_survival(law, [12.0], Selection(strength=3, threshold=12)).round(4).tolist()
    [0.25]
    """
    law = getattr(reference, "distribution", reference)
    if not hasattr(law, "survival"):
        raise InputError(
            f"reference must be a distribution, or a result that has one; got {type(reference).__name__}."
        )
    time = np.atleast_1d(meet(t, [selection.threshold, selection.immortal_time]))
    published = _shifted(law, selection.origin_shift)
    base = _unselected(published, time, selection)
    if selection.immortal_time == 0:
        return base
    a = selection.immortal_time
    # Nobody could die before a: the hazard of the interval after it, of equal length, is carried back.
    ends = _unselected(published, np.array([a, 2 * a]), selection)
    hazard = np.log(ends[0] / ends[1]) / a
    before = np.exp(-hazard * np.minimum(time, a).reshape(-1, *[1] * (base.ndim - 1)))
    after = base / ends[0]
    past = (time > a).reshape(-1, *[1] * (base.ndim - 1))
    return np.where(past, before * after, before)


def _shifted(law: Any, shift: float) -> Any:
    def survival(t: FloatArray) -> FloatArray:
        s = _survival_of(law, np.maximum(t + shift, 0.0))
        start = _survival_of(law, np.array([max(shift, 0.0)]))
        # Where a draw leaves nobody alive at the new origin, nobody is alive later.
        return s / np.where(start > 0, start, 1.0)

    return survival


def _survival_of(law: Any, t: FloatArray) -> FloatArray:
    """(m,) or (m, draws), whichever the parameters of the law ask for."""
    if not hasattr(law, "survival"):
        raise InputError(f"reference must be a survival distribution or a prediction; got {law!r}.")
    if np.ndim(law.survival(1.0)) == 0:
        return np.asarray(law.survival(t), dtype=np.float64)
    return np.asarray(law.survival(t[:, None]), dtype=np.float64)


def _unselected(published: Any, time: FloatArray, selection: Selection) -> FloatArray:
    if selection.strength == 1.0:
        return np.asarray(published(time), dtype=np.float64)
    c, odds = selection.threshold, selection.strength
    if selection.kind == "step":
        s, at = published(time), published(np.array([c]))
        past = (time > c).reshape(-1, *[1] * (s.ndim - 1))
        total = 1 - at + at / odds
        return np.where(past, s / odds, s - at + at / odds) / total
    # Gradual: sums of f*/w over narrow cells; the far tail is one cell of its own.
    grid = np.concatenate([np.linspace(0, 20 * c, GRID), np.geomspace(20 * c, 2000 * c, 200)[1:]])
    grid = np.union1d(grid, time)
    s = published(grid)
    middle = 0.5 * (grid[1:] + grid[:-1])
    weight = selection.weight(middle).reshape(-1, *[1] * (s.ndim - 1))
    mass = (s[:-1] - s[1:]) / weight
    left = np.concatenate([np.cumsum(mass[::-1], axis=0)[::-1], np.zeros_like(mass[:1])])
    left = left + s[-1:] / selection.weight(grid[-1])
    return left[np.searchsorted(grid, time)] / left[0]


@result
class TippingPoint(Result):
    """Percentile of a patient against the strength of selection.

    Attributes
    ----------
    case_time, conclusion : the patient's time; the percentile (0 to 100) the claim needs.
    strength : (m,) strengths tried, increasing; 1, no selection, is always among them.
    percentile : (m, 3) predictive percentile with its interval.
    tipping : strengths at which the predictive percentile passes from the conclusion or above to below it, or
        back; empty if none. 1 where the claim stands on the line and the slightest selection overturns it.
    tipping_low : the same for the end of the interval on the side of the claim: where it stops being sure.
    threshold, kind, time_unit, label : the selection model and the reference.
    shift, shifted : (s,) moves of the time origin and (s, 3) percentiles without selection.
    """

    case_time: float
    conclusion: float
    strength: FloatArray
    percentile: FloatArray
    tipping: tuple[float, ...]
    tipping_low: tuple[float, ...]
    threshold: float
    kind: str
    time_unit: str
    label: str
    shift: FloatArray
    shifted: FloatArray
    conf_level: float

    def columns(self) -> Columns:
        """Columns assumption (selection, origin shift), value, percentile, conf_low, conf_high."""
        rows = [("selection", s, *p) for s, p in zip(self.strength, self.percentile)]
        rows += [("origin shift", s, *p) for s, p in zip(self.shift, self.shifted)]
        return from_rows(rows, ("assumption", "value", "percentile", "conf_low", "conf_high"))

    def headline(self) -> str:
        """Where the claim tips."""
        start = float(self.percentile[np.argmin(np.abs(np.log(self.strength))), 0])
        side = "at least" if _reaches(start, self.conclusion) else "below"
        claim = f"percentile {start:.0f} without selection; claim: {side} {self.conclusion:g}"
        if not self.tipping:
            ends = f"{self.strength[0]:.3g} to {self.strength[-1]:.3g}"
            return f"{claim}; no selection of strength {ends} overturns it"
        nearest = min(self.tipping, key=lambda s: abs(np.log(s)))
        if abs(np.log(nearest)) < 1e-6:
            return f"{claim}; it stands on the line and the slightest selection overturns it"
        return f"{claim}; overturned by selection of strength {nearest:.3g} at {self.threshold:g} {self.time_unit}"


@renamed(sources="source")
def tipping_point(
    reference: Any,
    case_time: float,
    *,
    threshold: float,
    conclusion: float = 50.0,
    strengths: Sequence[float] | None = None,
    kind: str = "step",
    shifts: Sequence[float] = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0),
    conf_level: float = 0.95,
    label: str = "",
    source: str | Iterable[str] = (),
) -> TippingPoint:
    """How strong selection of published patients would have to be to overturn a claim on one patient.

    The claim is that the patient's percentile ``100 (1 - S(case_time))`` lies on one side of
    `conclusion`, at least or below; a percentile equal to it counts as at least. `strengths` run over selection of
    early deaths (below 1) to long survivors (above 1).

    Parameters
    ----------
    reference : prediction or distribution for the published patients, in the unit of `case_time`.
    threshold : time beyond which an outcome is remarkable.
    conclusion : percentile that separates claim and counter-claim.
    strengths : by default 41 values from 1/32 to 32; 1 is added where it lacks.
    shifts : moves of the time origin to try, in the unit of the reference.
    source : references of the patient's row.

    Returns
    -------
    TippingPoint : the percentile at each strength and shift of origin, and the strengths at which the claim turns.

    Raises
    ------
    InputError : times not above 0, a `conclusion` outside 0 to 100, strengths not above 0, an unknown `kind`.

    References
    ----------
    Copas and Li 1997 (JRSS B 59:55) for selection that data cannot identify and that is therefore varied.

    Example
    -------
    >>> from survsim.distributions import Exponential
    >>> from survsim.joint_model import tipping_point
    >>> law = Exponential(rate=np.log(2) / 8, time_unit="months")
    >>> found = tipping_point(law, 11.0, threshold=6.0)
    >>> round(found.tipping[0], 2)
    0.44
    """
    law = getattr(reference, "distribution", reference)
    t = between("case_time", case_time, 0.0, np.inf)
    target = between("conclusion", conclusion, 0.0, 100.0)
    level = between("conf_level", conf_level, 0.0, 1.0)
    tried = _with_no_selection(
        np.geomspace(1 / 32, 32, 41) if strengths is None else float_vector("strengths", list(strengths))
    )
    moves = np.sort(float_vector("shifts", list(shifts)))

    def percentile(selection: Selection) -> FloatArray:
        below = 100 * (1 - corrected_survival(law, [t], selection)[0])
        return summary_of(np.atleast_1d(below), level)

    picked = [Selection(strength=float(s), threshold=threshold, kind=kind) for s in tried]
    found = np.array([percentile(s) for s in picked])
    start = float(found[np.flatnonzero(tried == 1.0)[0], 0])
    side = 1 if _reaches(start, target) else 2

    def at(strength: float, column: int) -> float:
        return float(percentile(Selection(strength=strength, threshold=threshold, kind=kind))[column])

    return TippingPoint(
        case_time=t,
        conclusion=target,
        strength=tried,
        percentile=found,
        tipping=_crossings(tried, found[:, 0], target, lambda s: at(s, 0)),
        tipping_low=_crossings(tried, found[:, side], target, lambda s: at(s, side)),
        threshold=float(threshold),
        kind=kind,
        time_unit=law.time_unit,
        label=label or getattr(reference, "label", ""),
        shift=moves,
        shifted=np.array([percentile(Selection(origin_shift=float(s))) for s in moves]),
        conf_level=level,
        provenance=Provenance.of(
            "tipping_point", getattr(reference, "provenance", None), source, case_time=t,
            threshold=threshold, conclusion=target, kind=kind,
        ),
    )  # fmt: skip


def summary_of(values: FloatArray, level: float) -> FloatArray:
    """Mean over draws and the ends of the central interval."""
    tail = (1 - level) / 2
    return np.array([values.mean(), *np.quantile(values, [tail, 1 - tail])])


def _with_no_selection(strengths: FloatArray) -> FloatArray:
    """Increasing strengths with 1 among them, exactly."""
    near = np.abs(strengths - 1.0) < 1e-12
    return np.union1d(strengths[~near], [1.0])


def _reaches(percentile: FloatArray | float, target: float) -> Any:
    return percentile >= target - ON_THE_LINE


def _crossings(
    x: FloatArray, y: FloatArray, target: float, value: Callable[[float], float]
) -> tuple[float, ...]:
    """Where `value` passes target: brackets among the values tried, then bisection in log x."""
    found = []
    # A value on the line is on the upper side, so a curve that ends or starts there crosses, one that touches does not.
    above = _reaches(y, target)
    for i in np.flatnonzero(above[:-1] != above[1:]):
        low, high = float(x[i]), float(x[i + 1])
        rises = bool(above[i + 1])
        for _ in range(50):
            middle = float(np.sqrt(low * high))
            low, high = (middle, high) if bool(_reaches(value(middle), target)) != rises else (low, middle)
        found.append(middle)
    return tuple(found)
