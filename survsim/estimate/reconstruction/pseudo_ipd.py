"""Several pseudo data sets of one arm, which differ by what a publication leaves open."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray
from survsim.core.result import Result, result
from survsim.core.surv import Surv
from survsim.core.tables import Columns

GRADES = {
    "curve": "reconstructed from a curve",
    "summaries": "made from summary numbers: a lower grade than a curve",
}
"""What the sets were made from; the shape of a curve is known in the first case and assumed in the second."""


@result
class PseudoIPD(Result):
    """m pseudo data sets of one arm.

    Attributes
    ----------
    draw : (k,) number of the set of each row, from 0 to m - 1.
    time, event : (k,) in `unit`; entry : (k,) under delayed entry, else None.
    n_draws : m, the number of sets.
    grade : "curve" or "summaries", what they were made from.
    tolerance : largest error of a level that the sets allow for (95% of readings), NaN from summaries.
    assumed : what was assumed; references : of the publication.
    """

    draw: IntArray
    time: FloatArray
    event: BoolArray
    unit: str
    n_draws: int
    grade: str
    tolerance: float = float("nan")
    entry: FloatArray | None = None
    assumed: tuple[str, ...] = ()
    references: tuple[str, ...] = ()

    def survs(self) -> tuple[Surv, ...]:
        """The m responses, for any estimator of the package; `pooled` puts their results together."""
        made = []
        for k in range(self.n_draws):
            mine = self.draw == k
            entry = None if self.entry is None else self.entry[mine]
            made.append(
                Surv.right(
                    self.time[mine], self.event[mine], entry=entry, unit=self.unit, source=self.references
                )
            )
        return tuple(made)

    def columns(self) -> Columns:
        """One row a pseudo-patient: draw, time, event, and entry where patients entered late."""
        found: Columns = {"draw": self.draw, "time": self.time, "event": self.event}
        return found if self.entry is None else {**found, "entry": self.entry}

    def headline(self) -> str:
        """Size, origin, and what was assumed."""
        sizes = np.bincount(self.draw, minlength=self.n_draws)
        events = np.bincount(self.draw, weights=self.event, minlength=self.n_draws)
        lines = [
            f"{self.n_draws} pseudo data sets of {sizes.max()} patients, {events.min():.0f} to {events.max():.0f} events, time in "
            f"{self.unit}; {GRADES[self.grade]}"
        ]
        return "\n".join([*lines, *(f"Assumed: {text}" for text in self.assumed)])
