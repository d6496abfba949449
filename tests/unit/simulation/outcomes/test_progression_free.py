"""The probability of being alive without progression, and the paired error of its difference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from survsim import Execution
from survsim.core.errors import InputError
from survsim.simulation import read_patients
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.states import State
from survsim.simulation.declared.strategy import Strategy
from survsim.simulation.running.run import simulate_model
from tests.helpers.disease_models import full_strategy, illness_death, tumour_model

pytestmark = pytest.mark.filterwarnings("ignore:the Monte Carlo error")


def two(**changes: object) -> Model:
    return tumour_model((Strategy(strategy="none"), full_strategy(**changes)))


def test_it_is_the_closed_form() -> None:
    found = simulate_model(illness_death(), patients=200_000, seed=5, taus=(3.0,), times=(1.0, 3.0))
    for t in (1.0, 3.0):
        free = found.measure("progression_free", t)
        # Weibull time to illness and a constant rate of death before it.
        expected = np.exp(-((t / 3.0) ** 1.2) - 0.05 * t)
        assert abs(free.estimate[0] - expected) < 4 * free.mc_std_error[0]
        assert free.mc_std_error[0] == pytest.approx(np.sqrt(expected * (1 - expected) / 200_000), rel=0.02)
        assert free.unit == "share"


def test_who_starts_progressed_is_not_free_of_it() -> None:
    mixed = illness_death(start={"well": 0.6, "ill": 0.4})
    found = simulate_model(mixed, patients=100_000, seed=6, taus=(3.0,), times=(1.0,)).measure(
        "progression_free", 1.0
    )
    expected = 0.6 * np.exp(-((1.0 / 3.0) ** 1.2) - 0.05)
    assert abs(found.estimate[0] - expected) < 4 * found.mc_std_error[0]


def test_differences_and_their_paired_error_are_those_of_the_patients(tmp_path: Path) -> None:
    found = simulate_model(
        two(), patients=3000, seed=2, taus=(12.0,), times=(6.0,), patient_output=True,
        execution=Execution(folder=tmp_path),
    )  # fmt: skip
    made = (
        found.compare("none")
        .to_frame()
        .set_index(["measure", "strategy"])
        .loc[("progression_free@6", "full")]
    )
    patients = read_patients(tmp_path)
    free = (np.minimum(patients["progression_time"], patients["death_time"]) > 6.0).astype(float)
    by = [free[patients["strategy"] == name].to_numpy() for name in ("none", "full")]
    difference = by[1] - by[0]
    assert made["difference"] == pytest.approx(difference.mean(), abs=1e-12)
    assert made["mc_std_error"] == pytest.approx(difference.std(ddof=1) / np.sqrt(3000), rel=1e-9)
    assert made["variance_reduction"] > 1.5


def test_equal_strategies_differ_by_exactly_zero() -> None:
    model = tumour_model((Strategy(strategy="a"), Strategy(strategy="b")))
    made = simulate_model(model, patients=500, seed=1, taus=(12.0,), times=(6.0,)).compare("a")
    row = made.measures.index("progression_free@6")
    assert made.difference[row, 1] == 0.0 and made.mc_std_error[row, 1] == 0.0


def test_a_model_without_progression_has_none() -> None:
    states = (State(name="well"), State(name="ill"), State(name="dead", death=True))
    found = simulate_model(illness_death(states=states), patients=200, seed=1, taus=(3.0,), times=(1.0,))
    assert "alive@1" in found.measures
    with pytest.raises(InputError, match="progression_free"):
        found.measure("progression_free", 1.0)
