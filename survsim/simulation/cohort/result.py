"""The result of a cohort: exact shares and means by draw, without any Monte Carlo error."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from survsim.core.errors import InputError
from survsim.core.result import result
from survsim.simulation.outcomes.cost_effectiveness import CostEffectiveness
from survsim.simulation.outcomes.covariances import Covariances
from survsim.simulation.outcomes.curves import SimulatedSurvival, StateOccupancy
from survsim.simulation.outcomes.decision import Decision
from survsim.simulation.outcomes.result import SimulationResult


@result
class CohortResult(SimulationResult):
    """Outcomes of all strategies of a cohort model: all that a `SimulationResult` gives, computed and not sampled.

    Attributes
    ----------
    notes : what must be known to read it, each a sentence: what the model cannot see, where curves crossed.
    beside : strategies that stand beside the others, modelled in another way; decisions and cost-effectiveness leave them
        out, since a decision is between strategies and not between models: ask `by_transitions()` for theirs.
    counts : shares of the cohort in each state (draws, strategies, states, points), with `n_patients` 1;
        `mc_covariance` is 0.
    """

    notes: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    def by_transitions(self) -> CohortResult:
        """The result of the strategies beside alone: those of the fitted models of transitions.

        Raises
        ------
        InputError : there are none.
        """
        if not self.beside:
            raise InputError(
                "no model stands beside; give deaths (state_transition in a file) to fit one to the curves."
            )
        return self._only(self.beside)

    def decision(self, tau: float, *, outcome: str = "survival_time") -> Decision:
        """Which strategy has the highest expected `outcome` to `tau` (of cost: the lowest); of those that are not beside."""
        return SimulationResult.decision(self._chosen(), tau, outcome=outcome)

    def cost_effectiveness(
        self,
        effect: str,
        cost: str,
        tau: float,
        *,
        reference: str | None = None,
        discounted: bool | None = None,
    ) -> CostEffectiveness:
        """What each gain costs, among the strategies that are not beside: see `SimulationResult.cost_effectiveness`."""
        return SimulationResult.cost_effectiveness(
            self._chosen(), effect, cost, tau, reference=reference, discounted=discounted
        )

    def _chosen(self) -> CohortResult:
        return self._only([s for s in self.strategies if s not in self.beside]) if self.beside else self

    def _only(self, names: Sequence[str]) -> CohortResult:
        """The same result with some of its strategies, none of them beside."""
        kept = [self.strategies.index(name) for name in names]
        return dataclasses.replace(
            self,
            strategies=tuple(names),
            labels=tuple(self.labels[k] for k in kept),
            counts=self.counts[:, kept],
            means=self.means[:, :, kept],
            covariances=Covariances(self.mc_covariance[:, :, kept][:, :, :, kept]),
            beside=(),
        )

    def survival(self) -> SimulatedSurvival:
        """Overall survival on the grid by strategy, with the interval over draws."""
        found = SimulationResult.survival(self)
        return dataclasses.replace(found, mc_std_error=0.0 * found.mc_std_error)

    def state_occupancy(self, times: Sequence[float] | None = None) -> StateOccupancy:
        """Share of the cohort in each state at `times` (default: the grid); linear between points of the grid, held between cycle ends."""
        found = SimulationResult.state_occupancy(self, times)
        return dataclasses.replace(found, mc_std_error=0.0 * found.mc_std_error)

    def headline(self) -> str:
        draws = f"{self.n_draws} parameter draws" if self.n_draws > 1 else "one draw (no parameter interval)"
        first = (
            f"{len(self.strategies)} strategies, {draws}, shares of a cohort (no Monte Carlo error), "
            f"followed {self.horizon:g} {self.time_unit}"
        )
        return "\n".join([first, *self.notes])
