"""Simulated models against closed forms, matrix exponentials and quadrature, within 4 Monte Carlo errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.simulation_truths import TRUTHS, Truth, worst_deviation

PATIENTS = 200_000
RECORD = Path(__file__).parent / "records" / "simulation_closed_forms.json"


@pytest.mark.parametrize("name", sorted(TRUTHS))
def test_occupancy_agrees_with_the_truth(name: str) -> None:
    make: Callable[[], Truth] = TRUTHS[name]
    worst, label = worst_deviation(make(), patients=PATIENTS, seed=20_231)
    assert worst < 4.0, f"{name}: {label} is {worst:.1f} Monte Carlo standard errors from the truth"


def test_the_check_can_fail() -> None:
    truth = TRUTHS["waning_effect"]()
    moved = truth._replace(occupancy=truth.occupancy + 0.01)
    assert worst_deviation(moved, patients=PATIENTS, seed=20_231)[0] > 4.0


def test_record_of_ten_million_patients_is_within_four_errors() -> None:
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    assert record["patients"] == 10_000_000
    assert set(record["models"]) == set(TRUTHS)
    assert max(m["worst_standard_errors"] for m in record["models"].values()) < 4.0


def test_means_agree_with_the_oracle() -> None:
    from survsim.simulation.running.run import simulate_model
    from tests.helpers.disease_models import illness_death

    r = simulate_model(illness_death(), patients=PATIENTS, seed=4, taus=(10.0,))
    survival, free = r.rmst(10.0), r.measure("progression_free_time", 10.0)
    assert abs(survival.estimate[0] - 4.25073929) < 4 * survival.mc_std_error[0]
    assert abs(free.estimate[0] - 2.50207532) < 4 * free.mc_std_error[0]


def test_monte_carlo_error_agrees_with_the_spread_over_seeds() -> None:
    from survsim.simulation.running.run import simulate_model
    from tests.helpers.disease_models import illness_death

    runs = [
        simulate_model(illness_death(), patients=2_000, seed=s, taus=(10.0,)).rmst(10.0) for s in range(120)
    ]
    spread = np.std([r.estimate[0] for r in runs], ddof=1)
    stated = np.mean([r.mc_std_error[0] for r in runs])
    # the relative error of a standard deviation from 120 runs is 1 / sqrt(2 * 119) = 0.065
    assert abs(spread / stated - 1.0) < 4 * 0.065
