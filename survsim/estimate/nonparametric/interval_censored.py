"""Survival from interval-censored times: Turnbull's estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core import times, units
from survsim.core.checks import FloatArray, float_vector, positions
from survsim.core.complete import complete_columns
from survsim.core.errors import ConvergenceWarning, InputError, warn
from survsim.core.kinds import as_numbers
from survsim.core.pairing import paired
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.steps import Steps
from survsim.core.tables import Columns
from survsim.estimate.nonparametric.turnbull import innermost_intervals, turnbull_masses

if TYPE_CHECKING:
    pass

SLACK = 1e-6


@result
class IntervalCensoredSurvival(Result):
    """The intervals that can hold events, and how much probability each holds.

    Attributes
    ----------
    low, high : (k,) ends in `unit`; an event in (low, high], or at high where both are equal. The last
        `high` may be inf. Where in an interval its probability lies, the data do not say.
    probability : (k,); survival : (k,) after `high`.
    """

    low: FloatArray
    high: FloatArray
    probability: FloatArray
    survival: FloatArray
    n_patients: int
    unit: str

    def curve_groups(self) -> tuple[str, ...]:
        """Labels that `steps` knows."""
        return ("all",)

    def steps(self, group: Any = None) -> Steps:
        """Survival from time 0; between the limits the data do not say: they fall at the ends of each interval.

        The estimate is the later fall, at the end of the interval (not drawn beyond the last finite end).
        """
        Steps.place(group, ("all",))
        time = np.unique(np.concatenate([[0.0], self.low, self.high[np.isfinite(self.high)]]))
        levels = np.concatenate([[1.0], self.survival])
        late = levels[(self.high <= time[:, None]).sum(axis=1)]
        early = levels[(self.low <= time[:, None]).sum(axis=1)]
        return Steps(time=time, estimate=late, conf_low=early, conf_high=late, unit=self.unit)

    def headline(self) -> str:
        return f"Interval-censored survival: {self.n_patients} patients, time in {self.unit}"

    def columns(self) -> Columns:
        """Columns low, high, probability, survival."""
        names = ("low", "high", "probability", "survival")
        return {n: getattr(self, n) for n in names}


def interval_censored_survival(
    low: Any, high: Any, *, unit: str, missing: str = "refuse"
) -> IntervalCensoredSurvival:
    """Non-parametric maximum likelihood when an event is only known to lie in (low, high].

    Maximises sum log[S(low_i) - S(high_i)]; at the maximum every interval's mean share of the patients'
    likelihoods is at most 1, which is checked.

    Parameters
    ----------
    low : (n,) last time without event, in `unit`; high : (n,) first time with event, inf if not seen yet,
        equal to `low` for an event time known exactly.
    unit : "days", "weeks", "months" or "years".
    missing : "refuse", or "drop" for leaving out rows without one of the two, counted in a warning.

    Returns
    -------
    IntervalCensoredSurvival : the intervals that carry probability, their mass, and survival after each (k,).

    Raises
    ------
    InputError : negative or missing times, or low above high.

    Reference: Turnbull 1976.

    Example
    -------
    >>> from survsim import interval_censored_survival
    >>> interval_censored_survival([0, 2, 4], [3, 5, float("inf")], unit="months").survival.round(4).tolist()
    [0.5, 0.0]
    """
    units.check_unit(unit)
    (low, high), _ = complete_columns(dict(zip(("low", "high"), paired(low=low, high=high))), missing)
    left = float_vector("low", low, unit=unit)
    right, gaps = as_numbers("high", high, unit)
    gaps = np.isnan(right) if gaps is None else gaps | np.isnan(right)
    if right.shape != left.shape or gaps.any():
        where = (
            f"; it is missing in {positions(gaps)} (missing='drop' leaves those rows out and counts them)"
            if gaps.any()
            else ""
        )
        raise InputError(
            f"high must have one value or inf a patient ({left.size}); got shape {right.shape}{where}."
        )
    seen = np.isfinite(right)
    times.refuse_overflow("high", right[seen])
    times.refuse_overflow("low", left)
    if left.size:
        left, right = times.join_ends(left, right)
    bad = (left < 0) | (right < left)
    if bad.any():
        raise InputError(f"each interval needs 0 <= low <= high; it fails in {positions(bad)}.")
    ends = np.unique(np.concatenate([left, right]))
    # Whole numbers for places: 3k at end k, one less just before it, one more just after. So (low, high]
    # becomes a closed interval, and an exact time the short one that ends at it.
    from_ = (3 * np.searchsorted(ends, left) + np.where(left < right, 4, 2)).astype(np.float64)
    to = (3 * np.searchsorted(ends, right) + 3).astype(np.float64)
    starts, stops = innermost_intervals(from_, to)
    probability, share = turnbull_masses(from_, to)
    survival = np.clip(1.0 - np.cumsum(probability), 0.0, 1.0)
    survival[-1] = 0.0
    _check_maximum(share)
    return IntervalCensoredSurvival(
        low=ends[((starts + 1) // 3 - 1).astype(np.int64)],
        high=ends[(stops // 3 - 1).astype(np.int64)],
        probability=probability,
        survival=survival,
        n_patients=left.size,
        unit=unit,
        provenance=Provenance.of("interval_censored_survival", n_patients=left.size),
    )


def _check_maximum(share: float) -> None:
    if share > 1.0 + SLACK:
        warn(
            f"Turnbull's estimate stopped before its maximum (share {share:.8f}, 1 at the maximum): "
            "read the masses of neighbouring intervals together.",
            ConvergenceWarning,
        )
