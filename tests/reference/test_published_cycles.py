"""Published cohort models of fixed cycles, written as data without Python: every printed digit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

import survsim

MODELS = Path(__file__).parent / "models"


def read(model, printed=None):
    scenario = survsim.Scenario.from_yaml(MODELS / model / "scenario.yml")
    return scenario, yaml.safe_load((MODELS / (printed or model) / "printed.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("model", ["sick_sicker_cohort", "sick_sicker_ageing"])
def test_the_sick_sicker_cohort_prints_its_published_table(model):
    scenario, printed = read(model)
    found = survsim.simulate(scenario)
    weighed = found.cost_effectiveness("quality", "cost", 75.0)
    table = weighed.to_frame().set_index("strategy")
    for s, strategy in enumerate(found.strategies):
        row = printed[strategy]
        assert weighed.cost_by_draw[s, 0] == pytest.approx(row["cost"], abs=0.5)
        assert weighed.effect_by_draw[s, 0] == pytest.approx(row["quality"], abs=0.0005)
        assert table.loc[strategy, "status"] == row["status"]
        if "icer" in row:
            assert table.loc[strategy, "frontier_icer"] == pytest.approx(row["icer"], abs=0.5)


def test_patients_of_the_sick_sicker_model_agree_with_its_cohort():
    scenario, printed = read("sick_sicker_cohort")
    cycles = scenario.content.cycles
    c = scenario.content
    drawn = survsim.simulation.cycle_patients(
        cycles, horizon=c.horizon, time_unit=c.time_unit, values=c.values, patients=20_000, seed=2
    )
    for name, key in (("discounted_quality", "quality"), ("discounted_cost", "cost")):
        found = drawn.measure(name, 75.0)
        truth = np.array([printed[s][key] for s in drawn.strategies])
        assert (np.abs(found.estimate - truth) < 4.5 * found.mc_std_error).all(), name


def test_the_hiv_cohort_prints_its_published_results():
    scenario, printed = read("hiv_cycles", "hiv_markov")
    found = survsim.simulate(scenario)
    for s, strategy in enumerate(found.strategies):
        life, cost = (found.measure(m, 20.0).estimate[s] for m in ("survival_time", "discounted_cost"))
        assert life == pytest.approx(printed[strategy]["life_years"], abs=1e-7)
        assert cost == pytest.approx(printed[strategy]["cost"], abs=1e-6)
    c = scenario.content
    again = survsim.simulation.cycle_cohort(
        c.cycles, horizon=20.0, time_unit="years", values=c.values, times=[1.0]
    )
    np.testing.assert_array_equal(again.rmst(20.0).estimate, found.rmst(20.0).estimate)
    weighed = found.cost_effectiveness("survival_time", "cost", 20.0)
    assert weighed.icer()[1] == pytest.approx(printed["icer"], abs=1e-5)


def test_the_hip_prosthesis_prints_every_published_digit():
    """Probabilities that change with the time since the operation and with age, each as one entry of the matrix."""
    scenario, printed = read("hip_prosthesis")
    found = survsim.simulate(scenario)
    for s, strategy in enumerate(found.strategies):
        quality, cost = (found.measure(f"discounted_{m}", 61.0).estimate[s] for m in ("quality", "cost"))
        assert quality == pytest.approx(printed[strategy]["quality"], abs=1e-7)
        assert cost == pytest.approx(printed[strategy]["cost"], abs=1e-6)
        for year, row in enumerate(printed["shares"][strategy], start=1):
            seen = found.counts[0, s, 1:, year]
            np.testing.assert_allclose(seen, row, atol=5.1e-9)
    weighed = found.cost_effectiveness("quality", "cost", 61.0)
    assert weighed.icer()[1] == pytest.approx(printed["icer"], abs=1e-5)
