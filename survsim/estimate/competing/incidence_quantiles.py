"""Times by which a cumulative incidence reaches a share of all patients."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.estimate.nonparametric.quantiles import crossing_time


@result
class IncidenceQuantiles(Result):
    """Times by which a share of all patients had an event of one cause, by group and cause.

    Attributes
    ----------
    group, cause : labels, one a row; probability, estimate, conf_low, conf_high : (k,), times in `unit`.
        inf: not reached within follow-up, be it that others come first. NaN: no interval was asked for.
    """

    group: tuple[Any, ...]
    cause: tuple[Any, ...]
    probability: FloatArray
    estimate: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    conf_level: float
    unit: str

    def columns(self) -> Columns:
        """Columns group, cause, probability, estimate, conf_low, conf_high."""
        names = ("probability", "estimate", "conf_low", "conf_high")
        return {"group": list(self.group), "cause": list(self.cause), **{n: getattr(self, n) for n in names}}

    def headline(self) -> str:
        return f"Times in {self.unit} by which the incidence reaches a share ({self.conf_level:.0%} interval)"


def rising_times(
    time: FloatArray, estimate: FloatArray, low: FloatArray, high: FloatArray, shares: FloatArray
) -> FloatArray:
    """Times (3, q) at which a curve (m,) that rises from 0, its upper and its lower limit reach the shares.

    A level stretch at a share gives its midpoint, as for a survival curve turned over.
    """
    when = np.concatenate([[0.0], time])
    return np.array(
        [
            [crossing_time(when, np.concatenate([[1.0], 1.0 - curve]), share) for share in shares]
            for curve in (estimate, high, low)
        ]
    )
