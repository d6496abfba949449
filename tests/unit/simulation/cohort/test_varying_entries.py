"""Entries of a matrix that change from cycle to cycle: against the law itself, a table by hand, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import survsim
from survsim.core.errors import ScenarioError, SurvsimError
from survsim.simulation import cycle_cohort, cycle_patients
from survsim.simulation.cohort.explaining import explain_cohort

LAW = {"family": "weibull", "shape": 1.5, "scale": 8.0}


def cohort(dead, draw=cycle_cohort, horizon=10.0, **more):
    """Alive and dead, with an entry for death."""
    cycles = {
        "length": "6 months",
        "states": ["alive", "dead"],
        "deaths": ["dead"],
        "strategies": {"one": {"matrix": {"alive": {"alive": "rest", "dead": dead}}}},
    }
    return draw(cycles, horizon=horizon, time_unit="years", times=[0.5, 3.0, horizon], **more)


def alive(found):
    return [float(found.measure(f"alive@{t}").estimate[0]) for t in ("0.5", "3", "10")]


def test_a_laws_entry_gives_the_laws_survival_at_every_cycle_end():
    truth = [math.exp(-((t / 8.0) ** 1.5)) for t in (0.5, 3.0, 10.0)]
    assert alive(cohort({"law": LAW})) == pytest.approx(truth, rel=1e-12)
    halved = alive(cohort({"law": LAW, "hazard_ratio": 0.5}))
    assert halved == pytest.approx([p**0.5 for p in truth], rel=1e-12)


def test_a_table_holds_from_its_breaks_on_by_the_start_or_the_end_of_the_cycle():
    entry = {"breaks": [3.0], "values": [0.1, 0.2]}
    assert alive(cohort(entry)) == pytest.approx([0.9, 0.9**6, 0.9**6 * 0.8**14])
    assert alive(cohort({**entry, "at": "end"})) == pytest.approx([0.9, 0.9**5 * 0.8, 0.9**5 * 0.8**15])


def test_a_sum_adds_what_it_holds():
    entry = {
        "sum": [
            0.01,
            {"breaks": [3.0], "values": [0.1, "late"]},
            {"law": {"family": "exponential", "rate": 0.1}},
        ]
    }
    p = -math.expm1(-0.05)
    found = cohort(entry, parameters={"late": [0.2, 0.3]})
    first = found.measure("alive@10").by_draw.ravel()
    assert first == pytest.approx([(0.89 - p) ** 6 * (0.99 - late - p) ** 14 for late in (0.2, 0.3)])


def test_patients_follow_the_same_matrices():
    drawn = cohort({"law": LAW}, cycle_patients, patients=20_000)
    for t in ("0.5", "3", "10"):
        truth = math.exp(-((float(t) / 8.0) ** 1.5))
        found = drawn.measure(f"alive@{t}")
        assert abs(found.estimate[0] - truth) < 4.5 * max(found.mc_std_error[0], 1e-3)


def test_two_strategies_of_one_law_differ_by_exactly_zero():
    matrix = {"alive": {"alive": "rest", "dead": {"law": LAW}}}
    cycles = {
        "length": "1 year",
        "states": ["alive", "dead"],
        "deaths": ["dead"],
        "strategies": {n: {"matrix": matrix} for n in "ab"},
    }
    for found in (
        cycle_cohort(cycles, horizon=10.0, time_unit="years"),
        cycle_patients(cycles, horizon=10.0, time_unit="years", patients=500),
    ):
        assert np.ptp(found.measure("survival_time", 10.0).estimate) == 0.0


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"lawn": LAW}, r"an entry that changes is \{law: \{family: \.\.\.\}\}"),
        ({}, "an entry that changes is"),
        ({"law": {"family": "wiebull", "shape": 1, "scale": 2}}, "weibull"),
        ({"law": LAW, "ratio": 2}, "ratio"),
        ({"breaks": [3.0], "values": [0.1]}, "one value more than breaks; found 1 values for 1 breaks"),
        ({"breaks": [3.0, 2.0], "values": [0.1, 0.2, 0.3]}, "breaks lie above 0 and increase"),
        ({"breaks": [0.3, 0.1 + 0.2], "values": [0.1, 0.2, 0.3]}, "breaks lie above 0 and increase"),
        ({"breaks": [0.0], "values": [0.1, 0.2]}, "breaks lie above 0"),
        ({"breaks": [3.0], "values": [0.1, 0.2], "at": "middle"}, "at"),
        (
            {"breaks": [3.0], "values": [0.1, 1.2]},
            "from alive to dead stands 1.2; a probability lies between 0 and 1|above 1",
        ),
        (
            {"sum": [0.6, {"breaks": [3.0], "values": [0.1, 0.5]}]},
            "cycle from 3 to 3.5: the other entries of row alive sum to 1.1",
        ),
        ({"sum": [0.1, {"sum": [0.2]}]}, "no further sum"),
        ({"breaks": [3.0], "values": ["p", 0.2]}, "parameter 'p' is used but not given"),
    ],
)
def test_what_an_entry_may_not_say(entry, says):
    with pytest.raises((SurvsimError, ValueError), match=says):
        cohort(entry)


def test_a_scenario_keeps_such_entries_when_it_is_written_out():
    scenario = survsim.Scenario.from_yaml(
        Path(__file__).parents[3] / "reference" / "models" / "hip_prosthesis" / "scenario.yml"
    )
    cycles = scenario.content.cycles
    again = type(cycles).model_validate(cycles.model_dump(by_alias=True, mode="json"))
    assert again == cycles
    told = explain_cohort(cycles, "years")
    assert "that of each cycle by the law weibull with shape 1.45" in told
    assert "0.02 + 0.0067, 0.0193, 0.0535, 0.1548 by the cycle's end between 5, 15, 25 to dead" in told


def test_a_probability_of_time_is_checked_as_any_other(tmp_path):
    with pytest.raises(ScenarioError, match="probability"):
        cohort({"breaks": [3.0], "values": [-0.1, 0.2]})
