"""The model of analysis 03, every rule on: what the rows of simulations share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

SCENARIO = "analyses/03_case_strategies/scenario.yml"


def rules(draws: int, strategies: int, scenario_file: str = SCENARIO) -> Any:
    """The model with its strategies repeated under other names as often as asked for."""
    import survsim
    from survsim.scenario.run import scenario_parameters

    scenario = survsim.Scenario.from_yaml(scenario_file)
    return repeated(scenario.model(scenario_parameters(scenario, draws=draws).draws()), strategies)


def simulated(model: Any, patients: int, draws: int) -> Callable[[], Any]:
    """A call that simulates on one core; what is made once for a model and read from the disk is made before it."""
    from survsim import Execution
    from survsim.simulation.running.run import simulate_model

    def run(patients: int, draws: int) -> Any:
        return simulate_model(
            model, patients=patients, draws=draws, seed=1, taus=(24.0,), execution=Execution(workers=1)
        )

    run(1000, 2)
    return lambda: run(patients, draws)


def repeated(model: Any, strategies: int) -> Any:
    each = [model.strategies[i % len(model.strategies)] for i in range(strategies)]
    named = tuple(s.model_copy(update={"strategy": f"s{i}"}) for i, s in enumerate(each))
    return dataclasses.replace(model, strategies=named)
