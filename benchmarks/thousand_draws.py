"""A thousand parameter draws of ten thousand patients under six strategies with rules: analysis 03, larger.

Run: python -m benchmarks.thousand_draws [draws] [workers]. Prints seconds, and microseconds a patient and strategy
on one core at five sizes of a draw. The goal is 30 s for all thousand draws on two cores.
"""

from __future__ import annotations

import dataclasses
import os
import sys
import time

import survsim
from survsim import Execution
from survsim.scenario.run import scenario_parameters
from survsim.simulation.running.run import simulate_model

SCENARIO = "analyses/03_case_strategies/scenario.yml"
PATIENTS, STRATEGIES = 10_000, 6


def main() -> None:
    """Print the table."""
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count() or 1
    scenario = survsim.Scenario.from_yaml(SCENARIO)
    model = scenario.model(scenario_parameters(scenario, draws=draws).draws())
    model = dataclasses.replace(model, strategies=model.strategies[1 : STRATEGIES + 1])

    def seconds(patients: int, n_draws: int, cores: int) -> float:
        start = time.perf_counter()
        simulate_model(
            model, patients=patients, draws=n_draws, seed=1, taus=(24.0,), execution=Execution(workers=cores)
        )
        return time.perf_counter() - start

    seconds(PATIENTS, 1, 1)
    print("one core, microseconds a patient and strategy, by patients in a draw:")
    for patients, n in ((64, 40), (512, 40), (2_048, 40), (PATIENTS, 10), (65_536, 2)):
        taken = min(seconds(patients, min(n, draws), 1) for _ in range(3))
        print(f"  {patients:>7,}  {taken / patients / min(n, draws) / STRATEGIES * 1e6:.3f}")
    taken = seconds(PATIENTS, draws, workers)
    print(
        f"{draws:,} draws x {PATIENTS:,} patients x {STRATEGIES} strategies, {workers} workers: {taken:.1f} s"
    )


if __name__ == "__main__":
    main()
