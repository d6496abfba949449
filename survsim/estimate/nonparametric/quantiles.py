"""Quantiles of a survival curve with intervals read off its confidence band."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.result import Result, result
from survsim.core.tables import Columns

if TYPE_CHECKING:
    pass

TOLERANCE = 1.4901161193847656e-08
"""Survival this close to 1 - p counts as equal to it (square root of machine epsilon, as R)."""


@result
class SurvivalQuantiles(Result):
    """Times by which a share of patients had the event, by group.

    Attributes
    ----------
    group : labels, one a row; probability, estimate, conf_low, conf_high : (k,), times in `unit`.
        inf: not reached within follow-up. NaN: no interval was asked for (``conf_type="none"``).
    """

    group: tuple[Any, ...]
    probability: FloatArray
    estimate: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    conf_level: float
    unit: str

    def headline(self) -> str:
        return f"Quantiles of the event time in {self.unit} ({self.conf_level:.0%} interval)"

    def columns(self) -> Columns:
        """Columns group, probability, estimate, conf_low, conf_high."""
        names = ("probability", "estimate", "conf_low", "conf_high")
        return {"group": list(self.group), **{n: getattr(self, n) for n in names}}


def crossing_time(time: FloatArray, curve: FloatArray, p: float) -> float:
    """First time at which a falling step curve is at or below 1 - p; inf if never.

    Where the curve is level exactly at 1 - p the midpoint of the level stretch is taken (up to the last
    time if it never falls again), as R's survfit does. NaN (a limit that does not exist) never crosses.
    """
    target = 1.0 - p
    with np.errstate(invalid="ignore"):
        at = np.flatnonzero(curve <= target + TOLERANCE)
        if p == 0:
            return 0.0
        if at.size == 0:
            return float("inf")
        first = int(at[0])
        if curve[first] < target - TOLERANCE:
            return float(time[first])
        below = np.flatnonzero(curve < target - TOLERANCE)
    end = time[below[0]] if below.size else time[-1]
    return float(0.5 * (time[first] + end))
