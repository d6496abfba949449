"""Numbers that no simulation can hold, and names that no file has: each is refused by name, none ends in a traceback."""

import numpy as np
import pytest
import yaml

from survsim import Scenario
from survsim.errors import InputError, ScenarioError, SurvsimError
from survsim.report.new_study import new_study
from survsim.scenario.law_draws import law_draws
from survsim.scenario.parameter_spec import Beta, Gamma, Uniform
from survsim.scenario.run import check_scenario, simulate
from survsim.simulation.cohort.cycle_ends import MOST_CYCLES, whole_cycles
from survsim.simulation.running.run import grid_points

THIRTY_ONE, ENDLESS = int("1" * 31), int("1" * 400)
LAW = "parameters/death_median/distribution"
ONSET = "treatments/drug/toxicities/0/onset/rate"


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    made = new_study("study", tmp_path_factory.mktemp("numbers"), template="strategies")
    return made / "analyses/02_strategies/scenario.yml"


@pytest.fixture
def told(file):
    """What is said of the example with one value changed, or None where it runs."""

    def message(place, value):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        target, (*path, last) = content, place.split("/")
        for step in path:
            target = target[int(step) if step.isdigit() else step]
        target[int(last) if last.isdigit() else last] = value
        changed = file.with_name("changed.yml")
        changed.write_text(yaml.safe_dump(content), encoding="utf-8")
        try:
            check_scenario(Scenario.from_yaml(changed))
        except SurvsimError as error:
            return str(error)
        return None

    return message


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (ONSET, "", "nothing stands here"),
        (ONSET, " ", "nothing stands here"),
        (ONSET, ENDLESS, "a whole number of 400 digits"),
        (
            LAW,
            {"law": "gamma", "mean": 9, "sd": 1e-300},
            "parameters.death_median: a gamma law with mean 9, sd 1e-300",
        ),
        (LAW, {"law": "gamma", "mean": 9, "sd": 1e300}, "parameters.death_median: a gamma law"),
        (LAW, {"law": "uniform", "low": -1e308, "high": 1e308}, "parameters.death_median: a uniform law"),
        ("horizon", 1e308, "shorter horizon or a longer grid_step"),
        ("horizon", 1e12, "a horizon of 1e+12 in steps of 0.5 (grid_step) has 2e+12 points"),
        ("horizon", ENDLESS, "a whole number of 400 digits"),
        ("outcomes/grid_step", 1e-300, "shorter horizon or a longer grid_step"),
        ("treatments/drug/cycles", ENDLESS, "a whole number of 400 digits"),
        ("full/patients", ENDLESS, "a whole number of 400 digits"),
        ("full/patients", THIRTY_ONE, "patients must be a whole number from 1 to"),
        ("strategies", ["a\0b"], "no name that a file can have"),
        ("extends", "a\0b", "no name that a file can have"),
        ("calibration", "a\0b", "no name that a file can have"),
        ("outcomes/decision_tau", 24.00001, "decision_tau 24.00001 must be one of tau (12, 24)"),
    ],
)
def test_it_is_said(told, place, value, words):
    assert words in (told(place, value) or "")


def test_a_life_table_of_no_possible_name_is_told(told):
    law = {"family": "life_table", "table": "a\0b"}
    place = {"source": "stable", "target": "dead", "clock": "age", "distribution": law}
    assert "no name that a file can have" in (told("transitions/1", place) or "")


def test_a_long_whole_number_is_a_number_like_its_float(told):
    assert told(ONSET, THIRTY_ONE) is None
    assert told(ONSET, float(THIRTY_ONE)) is None


def test_quantiles_of_laws_are_finite_or_refused():
    wide = Uniform(law="uniform", low=-8e307, high=8e307)  # its width is the largest that is a number
    assert law_draws(wide, np.array([0.25])) == pytest.approx(-4e307)
    exponential = Gamma(law="gamma", mean=9.0, sd=9.0)  # of shape 1: quantile -mean log(1 - u)
    assert law_draws(exponential, np.array([0.5])) == pytest.approx(9.0 * np.log(2.0), rel=1e-12)


def test_partitioned_cycles_have_the_limit_of_cycles():
    assert whole_cycles(60.0, 60.0 / MOST_CYCLES) == MOST_CYCLES
    for cycle in (1e-6, 1e-9, 1e-17, 1e-308):
        with pytest.raises(SurvsimError, match="are more than 100000"):
            whole_cycles(60.0, cycle)


def test_points_of_a_grid_are_counted_or_refused():
    assert grid_points(60.0, 0.5) == 121
    assert grid_points(0.3, 0.1) == 4  # 0.3 / 0.1 is below 3 in its last bit
    with pytest.raises(SurvsimError, match="1e\\+308"):
        grid_points(1e308, 0.5)


def test_patients_beyond_every_array_are_refused(file):
    with pytest.raises(InputError, match="patients must be a whole number from 1 to"):
        simulate(Scenario.from_yaml(file), patients=ENDLESS, draws=2)


def test_a_decision_in_the_last_bits_of_a_tau_is_made_at_that_tau(file):
    text = file.read_text(encoding="utf-8")
    assert "decision_tau: 24" in text
    changed = file.with_name("changed.yml")
    changed.write_text(text.replace("decision_tau: 24", "decision_tau: 24.000000000000004"), encoding="utf-8")
    scenario = Scenario.from_yaml(changed)
    result = simulate(scenario, patients=20, draws=2)
    asked = 24.000000000000004
    assert asked != 24.0
    assert result.measure_index("survival_time", asked) == result.measure_index("survival_time", 24.0)
    with pytest.raises(SurvsimError, match=r"not at 24\.5"):
        result.measure_index("survival_time", 24.5)


def test_a_beta_law_whose_shape_is_next_to_nothing_is_refused():
    law = Beta(law="beta", mean=1e-320, worth=40.0)
    with pytest.raises(
        ScenarioError, match=r"a beta law with mean .*, worth 40 has draws that are no finite"
    ):
        law_draws(law, np.array([0.5, 0.9]))
