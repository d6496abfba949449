"""Where an answer turns, against what must follow from the model and against numbers made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import survsim
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.scenario.one_way import held
from survsim.scenario.run import scenario_parameters
from survsim.scenario.spec import Scenario
from survsim.scenario.turning import TurningPoints, turning_points
from survsim.simulation.running.run import simulate_model

STUDY = (
    Path(__file__).parents[2] / "helpers" / "case_study" / "analyses" / "03_case_strategies" / "scenario.yml"
)
EFFORT = {"patients": 300, "draws": 30}


@pytest.fixture(scope="module")
def scenario():
    return Scenario.from_yaml(STUDY)


@pytest.fixture(scope="module")
def found(scenario):
    return turning_points(scenario, {"hr_radiotherapy": [0.5, 0.8, 1.0, 1.4], "hr_antiangiogenic": [0.4, 0.8, 1.2, 1.6]}, **EFFORT)  # fmt: skip


def by_hand(mean, share, drawn, covariance=None):
    """One parameter at 1, 2 and 3, two strategies, `a` the reference."""
    mean = np.array(mean, float)[None]
    noise = (
        np.zeros((1, 3, 2, 2)) if covariance is None else np.tile(np.array(covariance, float), (1, 3, 1, 1))
    )
    first = np.array(share, float)
    return TurningPoints(
        provenance=Provenance.of("by_hand", "assumption:a/b"), strategies=("a", "b"), reference="a", tau=12.0,
        favoured="b", names=("x",), values=np.array([[1.0, 2.0, 3.0]]), mean=mean, mc_covariance=noise,
        probability_best=np.stack([1.0 - first, first], axis=-1)[None], drawn=np.array([drawn], float), unit="months",
    )  # fmt: skip


def test_a_treatment_that_does_nothing_gains_exactly_nothing(found):
    """Radiotherapy is all that differs from surgery alone, so its gain turns at a ratio of one, without error."""
    turns = found.turns().query("parameter == 'hr_radiotherapy' and what == 'gain changes sign' and strategy == 'surgery_radiotherapy'")  # fmt: skip
    assert turns["at"].to_list() == [1.0]
    gain, error = found.apart(
        found.strategies.index("surgery_radiotherapy"), found.strategies.index("surgery_alone")
    )
    assert gain[0, 2] == 0.0 and error[0, 2] == pytest.approx(0.0, abs=1e-12)
    assert gain[0, 0] > gain[0, 1] > 0.0 > gain[0, 3]


def test_a_point_is_the_simulation_with_the_parameter_held(scenario, found):
    evidence = survsim.load_evidence()
    drawn = scenario_parameters(scenario, draws=30, evidence=evidence).draws()
    values = held(scenario.content, drawn, "hr_antiangiogenic", 1.2)
    alone = simulate_model(
        scenario.model(values), patients=300, seed=scenario.content.seed, taus=(found.tau,)
    ).decision(found.tau)
    assert np.array_equal(found.mean[1, 2], alone.expected)
    assert np.array_equal(found.probability_best[1, 2], alone.probability_best)
    paired = simulate_model(
        scenario.model(values), patients=300, seed=scenario.content.seed, taus=(found.tau,)
    ).compare("surgery_alone").to_frame()  # fmt: skip
    one = found.strategies.index("early_immunotherapy")
    told = paired[paired["strategy"] == "early_immunotherapy"].iloc[0]
    gain, error = found.apart(one, found.strategies.index("surgery_alone"))
    assert gain[1, 2] == pytest.approx(told["difference"])
    assert error[1, 2] == pytest.approx(told["mc_std_error"])


def test_turns_are_read_off_the_lines_between_the_points():
    """b leads by 2, then 1, then falls behind by 3: the line passes nothing at 2.25; half of the draws at 2.5."""
    drawn = [1.0, 1.2, 1.4, 1.6, 2.4]
    one = by_hand([[5, 7], [5, 6], [5, 2]], [0.9, 0.7, 0.3], drawn, [[0.01, 0.0], [0.0, 0.03]])
    turns = one.turns().set_index("what")
    assert turns.loc["another is favoured", ["strategy", "below", "above"]].to_list() == ["b", "b", "a"]
    assert turns.loc["gain changes sign", ["strategy", "below", "above"]].to_list() == ["b", "gains", "loses"]
    assert turns.loc["favoured in half of the draws", ["below", "above"]].to_list() == ["more", "less"]
    assert turns.loc["another is favoured", "at"] == pytest.approx(2.25)
    assert turns.loc["gain changes sign", "at"] == pytest.approx(2.25)
    # the line falls by 4 a unit; the difference has a standard error of 0.2
    assert turns.loc["gain changes sign", "at_error"] == pytest.approx(0.05)
    assert turns.loc["favoured in half of the draws", "at"] == pytest.approx(2.5)
    assert turns.loc["gain changes sign", "beyond"] == pytest.approx(0.2)


def test_what_does_not_turn_is_said():
    one = by_hand([[5, 7], [5, 6], [5, 6]], [0.9, 0.7, 0.6], [1.0, 2.0])
    turns = one.turns()
    assert turns["what"].to_list() == ["another is favoured"]
    assert np.isnan(turns["at"][0]) and turns["below"][0] == turns["above"][0] == "b"
    assert "none" in one.headline()


def test_two_that_tie_at_a_value_turn_there():
    turns = by_hand([[5, 4], [5, 5], [5, 6]], [0.2, 0.5, 0.8], [1.0, 2.0]).turns().set_index("what")
    assert turns["at"].to_list() == [2.0, 2.0, 2.0]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"hr_nothing": [0.5, 1.0]}, "'hr_nothing' is not a parameter that varies by itself"),
        ({"hr_radiotherapy": [0.5]}, "at least two values that differ"),
        ({"hr_radiotherapy": [0.5, 0.5]}, "at least two values that differ"),
        ({"hr_radiotherapy": [0.5, float("nan")]}, "must be finite numbers"),
        ({}, "at least one parameter"),
        ({"hr_radiotherapy": [0.5, 1.0], "hr_antiangiogenic": [0.5, 1.0, 1.5]}, "equally many values"),
    ],
)
def test_values_that_cannot_be_held_are_refused(scenario, values, words):
    with pytest.raises(InputError, match=words):
        turning_points(scenario, values, **EFFORT)


def test_the_picture_has_a_panel_a_parameter_and_marks_each_turn(found):
    axes = found.plot()
    assert len(axes) == 2
    marks = [line.get_gid() for line in axes[0].lines if str(line.get_gid()).startswith("turn:")]
    told = found.turns().query("parameter == 'hr_radiotherapy' and what != 'favoured in half of the draws'")
    assert len(marks) == told["at"].notna().sum() > 0
    with pytest.raises(InputError, match="there are 2 panels"):
        found.plot(axes[0])
    assert found.plot(parameter="hr_antiangiogenic").get_xlabel() == "hazard ratio, antiangiogenic"
