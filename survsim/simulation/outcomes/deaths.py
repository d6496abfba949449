"""Who dies of what: cumulative incidence of each cause of death under each strategy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.simulation.outcomes.curves import StateOccupancy

if TYPE_CHECKING:
    from survsim.simulation.outcomes.result import SimulationResult


@result
class DeathsByCause(Result):
    """Cumulative incidence of each cause of death, by strategy.

    Attributes
    ----------
    strategies, labels, causes : (s,), (s,), (c,); time : (t,).
    estimate, conf_low, conf_high, mc_std_error : (s, c, t) share of all patients dead of the cause by then, the interval
        over draws, and the Monte Carlo standard error.
    """

    strategies: tuple[str, ...]
    labels: tuple[str, ...]
    causes: tuple[str, ...]
    time: FloatArray
    estimate: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    mc_std_error: FloatArray
    unit: str

    def columns(self) -> Columns:
        """Columns strategy, cause, time, estimate, conf_low, conf_high, mc_std_error, share_of_deaths."""
        shape = self.estimate.shape
        s, c, t = (i.ravel() for i in np.indices(shape))
        whole = np.broadcast_to(self.estimate.sum(axis=1, keepdims=True), shape)
        share = np.divide(self.estimate, whole, out=np.full(shape, np.nan), where=whole > 0)
        names = ("estimate", "conf_low", "conf_high", "mc_std_error")
        return {
            "strategy": np.array(self.strategies)[s],
            "cause": np.array(self.causes)[c],
            "time": self.time[t],
            **{name: getattr(self, name).ravel() for name in names},
            "share_of_deaths": share.ravel(),
        }

    def headline(self) -> str:
        return (
            f"Deaths by cause: share of all patients by {self.time[-1]:g} {self.unit}, {len(self.causes)} causes, "
            f"{len(self.strategies)} strategies"
        )


def deaths_by_cause(simulated: SimulationResult, times: Sequence[float] | None = None) -> DeathsByCause:
    """Cumulative incidence of each death state of a simulation.

    Parameters
    ----------
    simulated : result of a simulation.
    times : (t,) when the deaths are counted, in its unit; default the whole grid.

    Returns
    -------
    DeathsByCause : `.to_frame()` has the shares and what part of all deaths each is; `.plot(time=...)` draws bars.

    Raises
    ------
    InputError : a model without a death, or a time beyond the horizon.

    References
    ----------
    Putter, Fiocco and Geskus 2007, Stat Med 26:2389, section 3: cumulative incidence of competing causes.

    Examples
    --------
    >>> from survsim.simulation import Model, State, Transition, deaths_by_cause, simulate_model
    >>> states = State(name="ill"), State(name="tumour", death=True), State(name="other", death=True)
    >>> rates = {"tumour": 0.3, "other": 0.1}
    >>> ways = [Transition(source="ill", target=t, distribution={"family": "exponential", "rate": r}) for t, r in rates.items()]
    >>> model = Model(states=states, transitions=ways, time_unit="months", horizon=12.0)
    >>> deaths_by_cause(simulate_model(model, patients=20_000, seed=1), [12.0]).estimate[0, :, 0].round(1).tolist()
    [0.7, 0.2]
    """
    if not simulated.death_states:
        raise InputError("the model has no death state; mark the states that are deaths with death: true.")
    found: StateOccupancy = simulated.state_occupancy(times)
    dead = [found.states.index(name) for name in simulated.death_states]
    return DeathsByCause(
        provenance=Provenance.of("deaths_by_cause", found),
        strategies=found.strategies,
        labels=found.labels,
        causes=simulated.death_states,
        time=found.time,
        estimate=found.estimate[:, dead],
        conf_low=found.conf_low[:, dead],
        conf_high=found.conf_high[:, dead],
        mc_std_error=found.mc_std_error[:, dead],
        unit=simulated.time_unit,
    )
