"""What discounting and values cost beside the same simulation without them, in processor time.

Run: python -m benchmarks.values_cost [scale]. The model with rules is that of analysis 03 (six strategies, its own draws), the
plain one that of W6 (three). Runs take turns, and the least time of each is held against the least without values.
"""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Mapping
from typing import Any

import survsim
from benchmarks.rows.scenario import SCENARIO
from benchmarks.w6_semi_markov import model as plain_model
from survsim import Execution
from survsim.scenario.run import scenario_parameters
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.values import Values
from survsim.simulation.running.run import simulate_model

DISCOUNT = {"rate": 0.035}
STRATEGIES = 6
ROUNDS = 9


def declared(quality: Mapping[str, Any], cost: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """From a discount of life to quality and cost; a model whose states have utilities of their own has no `quality`."""
    if not quality:
        own = {"cost": {"kind": "cost", "unit": "EUR", **cost}}
        return {
            "discount alone": {"discount": DISCOUNT},
            "cost, plain": {"outcomes": own},
            "quality and cost, discounted": {"discount": DISCOUNT, "outcomes": own},
        }
    both = {
        "quality": {"kind": "quality", "by_state": quality},
        "cost": {"kind": "cost", "unit": "EUR", **cost},
    }
    one = {"quality": both["quality"]}
    return {
        "discount alone": {"discount": DISCOUNT},
        "quality, plain": {"outcomes": one},
        "quality, discounted": {"discount": DISCOUNT, "outcomes": one},
        "quality and cost, discounted": {"discount": DISCOUNT, "outcomes": both},
    }


def with_rules(draws: int) -> tuple[Model, dict[str, dict[str, Any]]]:
    """The model of analysis 03, whose states have utilities, and costs that name its states and treatments."""
    scenario = survsim.Scenario.from_yaml(SCENARIO)
    model = scenario.model(scenario_parameters(scenario, draws=draws).draws())
    model = dataclasses.replace(model, strategies=model.strategies[1 : STRATEGIES + 1])
    living = [s.name for s in model.states if not s.death]
    cost = {
        "by_state": {living[-1]: 500.0},
        "by_treatment": {"anlotinib": 800.0},
        "at_start": {"radiotherapy_44": 9000.0},
    }
    return model, declared({}, cost)


def without_rules() -> tuple[Model, dict[str, dict[str, Any]]]:
    """The plain model, and values of its states and of entering one."""
    cost = {"by_state": {"progressed": 500.0}, "at_entry": {"progressed": 2000.0}}
    return plain_model(), declared({"stable": 0.8, "progressed": 0.6}, cost)


def table(name: str, model: Model, each: dict[str, dict[str, Any]], **size: Any) -> None:
    """Print the processor time of each way, and what it costs beside none."""
    models = {"none": model} | {
        way: dataclasses.replace(model, values=Values.model_validate(values)) for way, values in each.items()
    }
    least = dict.fromkeys(models, float("inf"))
    for _ in range(ROUNDS):
        for way, one in models.items():
            start = time.process_time()
            simulate_model(one, seed=1, execution=Execution(workers=1), **size)
            least[way] = min(least[way], time.process_time() - start)
    print(f"{name}: {size}")
    for way, seconds in least.items():
        print(f"  {way:30s} {seconds * 1e3:8.1f} ms  {100 * (seconds / least['none'] - 1):+6.1f}%")


def main() -> None:
    """Print the tables."""
    scale = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    n = int(8 * scale) or 1
    table("analysis 03", *with_rules(n), patients=10_000, draws=n, taus=(24.0,))
    n = int(100 * scale) or 1
    table(
        "analysis 03, few patients a draw", *with_rules(n), patients=1_024, draws=n, taus=(12.0, 24.0, 60.0)
    )
    table("plain", *without_rules(), patients=int(200_000 * scale), draws=1, taus=(20.0,))


if __name__ == "__main__":
    main()
