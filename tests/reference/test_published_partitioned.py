"""A published partitioned survival model, written as data without Python: every printed digit."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import survsim

MODEL = Path(__file__).parent / "models" / "oncology_psm"


def test_the_partitioned_survival_model_prints_every_published_digit():
    scenario = survsim.Scenario.from_yaml(MODEL / "scenario.yml")
    printed = yaml.safe_load((MODEL / "printed.yml").read_text(encoding="utf-8"))
    found = survsim.simulate(scenario)
    measures = {
        "survival_time": "life_years",
        "discounted_survival_time": "discounted_life_years",
        "discounted_quality": "quality",
        "quality": "quality_undiscounted",
        "discounted_cost": "cost",
        "cost": "cost_undiscounted",
    }
    for s, strategy in enumerate(found.strategies):
        for measure, name in measures.items():
            assert found.measure(measure, 30.0).estimate[s] == pytest.approx(
                printed[strategy][name], rel=1e-13
            )
    weighed = found.cost_effectiveness("quality", "cost", 30.0)
    gained, paid = (printed["intervention"][k] - printed["comparator"][k] for k in ("quality", "cost"))
    assert weighed.icer()[1] == pytest.approx(paid / gained, rel=1e-12)
