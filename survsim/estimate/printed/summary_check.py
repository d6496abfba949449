"""Does a printed summary agree with the curve of the same arm?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, between
from survsim.core.errors import EvidenceWarning, InputError, in_short, warn
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.surv import Surv
from survsim.core.tables import Columns
from survsim.core.times import asked_time
from survsim.estimate.nonparametric.kaplan_meier import kaplan_meier
from survsim.estimate.printed.rounding import LAST_BITS


@result
class SummaryCheck(Result):
    """Printed numbers beside what the curve of the same arm says.

    Attributes
    ----------
    quantity : ("median", "survival at 12", ...).
    reported : as printed; curve : the same from the curve.
    distance : difference in survival; for a median that of the curve from one half at the printed time.
    agrees : distance within `tolerance`.
    """

    label: str
    quantity: tuple[str, ...]
    reported: FloatArray
    curve: FloatArray
    distance: FloatArray
    agrees: BoolArray
    tolerance: float

    def columns(self) -> Columns:
        """One row a printed number: quantity, reported, curve, distance, agrees."""
        names = ("reported", "curve", "distance", "agrees")
        return {"quantity": list(self.quantity), **{n: getattr(self, n) for n in names}}

    def headline(self) -> str:
        """How many agree."""
        return f"{self.label}: {int(self.agrees.sum())} of {self.agrees.size} printed numbers agree with the curve"


def check_summary(
    surv: Surv,
    *,
    median: float | None = None,
    survival: Iterable[tuple[float, float]] = (),
    tolerance: float = 0.03,
    label: str = "the arm",
) -> SummaryCheck:
    """Compare a printed median and printed survival with the (reconstructed) curve of the same arm.

    Parameters
    ----------
    surv : the arm's patients, or `ReconstructedIPD.surv()`.
    median : printed median, in the unit of `surv`; inf for "not reached".
    survival : printed (time, survival) pairs.
    tolerance : difference in survival that rounding and digitising explain.
    label : of the arm, for the warning.

    Returns
    -------
    SummaryCheck; a contradiction also gives an `EvidenceWarning` that names arm and number.

    Raises
    ------
    InputError : nothing to compare, printed survival outside 0 to 1 or beyond follow-up.

    References
    ----------
    Guyot et al. 2012, BMC Med Res Methodol 12:9, section "Assessment" (reported summaries as the check).

    Example
    -------
    >>> from survsim import Surv, check_summary
    >>> arm = Surv.right([2, 4, 6, 8], [1, 1, 1, 1], unit="months")
    >>> bool(check_summary(arm, median=4.0, survival=[(6, 0.25)]).agrees.all())
    True
    """
    between("tolerance", tolerance, 0.0, 1.0)
    km = kaplan_meier(surv)
    time, level = np.ravel(km.time), np.ravel(km.estimate)
    rows: list[tuple[str, float, float, float]] = []
    if median is not None:
        own = float(km.median().estimate[0])
        reached = not np.array_equal(median, np.inf)
        told = asked_time("median", median, time, unit=surv.unit) if reached else np.inf
        rows.append(("median", told, own, _median_distance(time, level, told)))
    for pair in survival:
        if not hasattr(pair, "__len__") or len(pair) != 2:
            raise InputError(
                f"{label}: survival holds pairs of a time and the survival there, such as [(12, 0.8)]; got {in_short(pair)}."
            )
        asked, given = pair
        at = asked_time("time of survival", asked, time, unit=surv.unit, open_ends=False)
        printed = between(f"printed survival at {at:g} of {label}", given, 0.0, 1.0, open_ends=False)
        if at > time[-1]:
            raise InputError(
                f"{label}: printed survival {printed:g} at time {at:g} must lie within follow-up to {time[-1]:g}."
            )
        own = _level(time, level, at)
        rows.append((f"survival at {at:g}", printed, own, abs(printed - own)))
    if not rows:
        raise InputError(f"{label}: give a printed median or printed survival to compare with the curve.")
    distance = np.array([row[3] for row in rows])
    # 0.6 - 0.57 is 0.03 and some last bits.
    agrees = distance <= tolerance + LAST_BITS
    wrong = [f"{q} printed {r:g}, curve {c:.3g}" for (q, r, c, _), good in zip(rows, agrees) if not good]
    if wrong:
        warn(
            f"{label}: summary and curve contradict each other ({'; '.join(wrong)}); check both against the source.",
            EvidenceWarning,
        )
    return SummaryCheck(
        provenance=Provenance.of("check_summary", surv, tolerance=tolerance, label=label),
        label=label,
        quantity=tuple(row[0] for row in rows),
        reported=np.array([row[1] for row in rows]),
        curve=np.array([row[2] for row in rows]),
        distance=distance,
        agrees=np.asarray(agrees),
        tolerance=tolerance,
    )


def _level(time: FloatArray, level: FloatArray, at: float) -> float:
    """The curve just after `at`."""
    return float(np.concatenate([[1.0], level])[np.searchsorted(time, at, side="right")])


def _median_distance(time: FloatArray, level: FloatArray, median: float) -> float:
    """How far the curve is from one half around the printed median: 0 if it crosses there."""
    if np.isinf(median):
        return max(0.0, 0.5 - float(level[-1]))
    before = float(np.concatenate([[1.0], level])[np.searchsorted(time, median, side="left")])
    after = _level(time, level, median)
    if after <= 0.5 <= before:
        return 0.0
    return min(abs(before - 0.5), abs(after - 0.5))
