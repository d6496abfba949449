"""What a simulation costs as patients, draws and strategies grow: microseconds a patient, draw and strategy.

Run: python -m benchmarks.simulation_cost. The model with rules is that of analysis 03, the plain one that of W6;
one core. The cost of strategies is linear until the covariances of all pairs of them, which every comparison and
decision can be made from, outweigh the paths.
"""

from __future__ import annotations

import dataclasses
import time

import survsim
from benchmarks.thousand_draws import SCENARIO
from benchmarks.w6_semi_markov import model as plain_model
from survsim import Execution
from survsim.scenario.run import scenario_parameters
from survsim.simulation.declared.model import Model
from survsim.simulation.running.run import simulate_model


def cost(model: Model, patients: int, draws: int) -> float:
    """Microseconds a patient, draw and strategy."""
    paths = patients * draws * len(model.strategies)
    taken = []
    for _ in range(5 if paths < 1_000_000 else 1):
        start = time.perf_counter()
        simulate_model(model, patients=patients, draws=draws, seed=1, execution=Execution(workers=1))
        taken.append(time.perf_counter() - start)
    return min(taken) / paths * 1e6


def rules(draws: int, strategies: int) -> Model:
    """The model of analysis 03 with its strategies repeated under other names as often as asked for."""
    scenario = survsim.Scenario.from_yaml(SCENARIO)
    whole = scenario.model(scenario_parameters(scenario, draws=draws).draws())
    return repeated(whole, strategies)


def repeated(model: Model, strategies: int) -> Model:
    """The same model with `strategies` strategies, in turn those it has."""
    each = [model.strategies[i % len(model.strategies)] for i in range(strategies)]
    named = tuple(s.model_copy(update={"strategy": f"s{i}"}) for i, s in enumerate(each))
    return dataclasses.replace(model, strategies=named)


def main() -> None:
    """Print the table."""
    few, many, plain = rules(1, 6), rules(1_000, 1), plain_model()
    cost(few, 100, 1)
    print("microseconds a patient, draw and strategy, one core")
    for n in (1_000, 10_000, 100_000, 1_000_000):
        print(f"  patients   {n:>9,}   rules {cost(few, n, 1):7.3f}   plain {cost(plain, n, 1):7.4f}")
    for n in (1, 10, 100, 1_000):
        print(f"  draws      {n:>9,}   rules {cost(many, 2_048, n):7.3f}")
    for n in (1, 10, 100, 1_000):
        with_rules = f"{cost(rules(1, n), 16_384, 1):7.3f}" if n < 1_000 else "      -"
        print(f"  strategies {n:>9,}   rules {with_rules}   plain {cost(repeated(plain, n), 16_384, 1):7.4f}")


if __name__ == "__main__":
    main()
