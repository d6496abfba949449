"""Ranges within which a figure leaves what was reconstructed from it."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.result import Result, result
from survsim.core.tables import Columns


@result
class ReconstructionUncertainty(Result):
    """Ranges within which the figure leaves what was reconstructed.

    Attributes
    ----------
    quantity : (q,) "events", "median", "time at risk" (of all patients together).
    value : (q,) of the reconstruction; infinite for a median that is not reached.
    low, high : (q,) ends of the range: 2.5 times as far from the reconstruction as 95% of the pseudo data sets lie; events by one
        patient at least where no total is printed, and by those that marks may hide; a median at least from the last reading
        surely above a half to the first surely not.
    tolerance, time_tolerance : of the readings; stated : whether the tolerance was told or assumed.
    n_draws : pseudo data sets; unit : of time; assumed : what the sets take for granted.
    """

    quantity: tuple[str, ...]
    value: FloatArray
    low: FloatArray
    high: FloatArray
    tolerance: float
    time_tolerance: float
    stated: bool
    n_draws: int
    unit: str
    assumed: tuple[str, ...] = ()

    def columns(self) -> Columns:
        """One row a quantity: quantity, value, low, high."""
        return {"quantity": list(self.quantity), "value": self.value, "low": self.low, "high": self.high}

    def headline(self) -> str:
        """The ranges in words."""
        events, median = (self._range(k) for k in range(2))
        told = f"levels read within {self.tolerance:.2g}" + (
            "" if self.stated else " (assumed; tolerance= says it)"
        )
        unit = f" {self.unit}" if np.isfinite(self.low[1]) else ""
        first = f"may be wrong by: events {events}; median {median}{unit} ({told}; 2.5 times the spread of {self.n_draws} pseudo data sets, which held nine in ten truths of simulated arms)"
        return "\n".join([first, *(f"Assumed: {text}" for text in self.assumed)])

    def _range(self, k: int) -> str:
        low, high = (f"{x:.4g}" if np.isfinite(x) else "not reached" for x in (self.low[k], self.high[k]))
        return f"{low} in all" if low == high else f"{low} to {high}"
