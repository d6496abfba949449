"""The result of a cohort: exact shares and means by draw, without any Monte Carlo error."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from survsim.core.result import result
from survsim.simulation.outcomes.curves import SimulatedSurvival, StateOccupancy
from survsim.simulation.outcomes.result import SimulationResult


@result
class CohortResult(SimulationResult):
    """Outcomes of all strategies of a cohort model: all that a `SimulationResult` gives, computed and not sampled.

    Attributes
    ----------
    notes : what must be known to read it, each a sentence: what the model cannot see, where curves crossed.
    counts : shares of the cohort in each state (draws, strategies, states, points), with `n_patients` 1;
        `mc_covariance` is 0.
    """

    notes: tuple[str, ...] = ()

    def survival(self) -> SimulatedSurvival:
        """Overall survival on the grid by strategy, with the interval over draws."""
        found = SimulationResult.survival(self)
        return dataclasses.replace(found, mc_std_error=0.0 * found.mc_std_error)

    def state_occupancy(self, times: Sequence[float] | None = None) -> StateOccupancy:
        """Share of the cohort in each state at `times` (default: the grid); linear between points of the grid."""
        found = SimulationResult.state_occupancy(self, times)
        return dataclasses.replace(found, mc_std_error=0.0 * found.mc_std_error)

    def headline(self) -> str:
        draws = f"{self.n_draws} parameter draws" if self.n_draws > 1 else "one draw (no parameter interval)"
        first = (
            f"{len(self.strategies)} strategies, {draws}, shares of a cohort (no Monte Carlo error), "
            f"followed {self.horizon:g} {self.time_unit}"
        )
        return "\n".join([first, *self.notes])
