"""What a parameter is against where it is used: any role in the place of any other is refused, with both places."""

import copy
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from pydantic import TypeAdapter

from survsim import Scenario
from survsim.core.estimate_record import Estimate
from survsim.core.yaml_files import read_yaml
from survsim.errors import ScenarioError
from survsim.scenario.law_draws import law_draws
from survsim.scenario.parameter_spec import ParameterSpec
from survsim.scenario.roles import Role, kind_of, role_named, said_by
from survsim.scenario.run import scenario_parameters
from survsim.scenario.scale_checks import drawn_faults, row_faults, scale_faults
from survsim.scenario.spec import ScenarioFile
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.roles import DOMAINS, WORDS
from survsim.simulation.declared.states import State, Transition
from survsim.simulation.declared.uses import KINDS, Use

ROOT = Path(__file__).parents[3]
CASE = read_yaml(ROOT / "analyses" / "03_case_strategies" / "scenario.yml")
STRATEGIES = Scenario.from_yaml(ROOT / "analyses" / "03_case_strategies" / "scenario.yml").strategies
COST = {
    "source": "assumption",
    "distribution": {"law": "uniform", "low": 100, "high": 300},
    "unit": "EUR",
    "meaning": "cost of a course of radiotherapy",
    "reason": "a price for a test, nobody published it",
}

PLACES = {
    "hr_radiotherapy": "treatments.radiotherapy_44.effects.0.hazard_ratio",
    "p_fatal_checkpoint": "treatments.toripalimab.toxicities.1.probability",
    "progression_shape": "transitions.0.distribution.shape",
    "frailty_variance": "population.frailties.0.variance",
    "progression_scale": "transitions.0.distribution.scale",
    "tumour_death_rate": "transitions.2.distribution.rate",
    "utility_walking": "states.0.utility",
    "course_cost": "treatments.radiotherapy_44.cost",
}
"""A parameter of each role in the scenario of the case, and a place of that role."""


@pytest.fixture
def study(tmp_path):
    """Where a changed scenario of the case can stand."""
    folder = tmp_path / "analyses" / "03_case_strategies"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "analyses" / "03_case_strategies" / "calibration.yml", folder)
    shutil.copytree(ROOT / "data" / "strategies", tmp_path / "data" / "strategies")
    return folder / "scenario.yml"


def put(content, place, value):
    *steps, last = (int(step) if step.isdigit() else step for step in place.split("."))
    for step in steps:
        content = content[step]
    content[last] = value


def message(path, changes, **parameters):
    """The faults of the case's scenario with these places changed; empty if there are none."""
    content = copy.deepcopy(CASE)
    content["overrides"] = {}
    content["parameters"] |= parameters
    for place, value in changes.items():
        put(content, place, value)
    try:
        Scenario(ScenarioFile.model_validate(content), STRATEGIES, path)._check_names()
    except ScenarioError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", PLACES)
def test_any_role_in_the_place_of_any_other_is_refused(study, name):
    for owner, place in PLACES.items():
        others = {PLACES["course_cost"]: "course_cost"} if owner != "course_cost" else {}
        found = message(study, {**others, place: name}, course_cost=COST)
        if owner == name:
            assert found == ""
            continue
        told = [line for line in found.splitlines() if f"parameters.{name} " in line]
        assert len(told) == 1, (owner, found)
        assert f".{place.rsplit('.', 1)[1]} takes " in told[0]


@pytest.mark.parametrize("name", PLACES)
def test_so_is_a_parameter_that_is_used_nowhere_else(study, name):
    """Its rows, its calibration or its meaning tell what it is, where no second use contradicts."""
    spare = {
        "hr_radiotherapy": {**CASE["parameters"]["hr_walking_loss"]},
        "p_fatal_checkpoint": {**CASE["parameters"]["p_treated_again"]},
        "progression_shape": {
            **CASE["parameters"]["hr_walking_loss"],
            "meaning": "Weibull shape of something rare",
        },
        "frailty_variance": {
            **CASE["parameters"]["hr_walking_loss"],
            "meaning": "variance of a hidden factor",
        },
        "progression_scale": {**CASE["parameters"]["radiotherapy_start"]},
        "tumour_death_rate": {**CASE["parameters"]["walking_loss_rate"]},
        "utility_walking": {**CASE["parameters"]["utility_walking"]},
        "course_cost": COST,
    }[name]
    for owner, place in PLACES.items():
        found = message(study, {place: "spare"}, spare=spare)
        told = [line for line in found.splitlines() if "parameters.spare " in line]
        assert len(told) == (owner != name), (owner, found)


@pytest.mark.parametrize("name", ["p_fatal_checkpoint", "frailty_variance", "utility_walking"])
def test_what_is_meant_can_be_said(study, name):
    spare = {
        **CASE["parameters"]["hr_walking_loss"],
        "meaning": "probability of this, used as what is said",
        "role": "hazard_ratio",
    }
    assert message(study, {PLACES["hr_radiotherapy"]: "spare"}, spare=spare).count("spare") == 0
    wrong = message(study, {PLACES[name]: "spare"}, spare=spare)
    assert "parameters.spare is a hazard ratio, as it declares" in wrong


def test_calibration_and_scenario_count_in_one_unit(study):
    path = study.parent / "calibration.yml"
    text = path.read_text(encoding="utf-8").replace("unit: months", "unit: years")
    path.write_text(text.replace("unit: per month", "unit: per year"), encoding="utf-8")
    found = message(study, {})
    assert "parameters.tumour_death_rate: calibration.yml counts in years, the scenario in months" in found
    assert "parameters.progression_scale: calibration.yml counts in years" in found
    assert "hr_radiotherapy" not in found


def test_a_calibration_file_that_is_written_anew_is_read_anew(study):
    assert "counts in years" not in message(study, {})
    path = study.parent / "calibration.yml"
    text = path.read_text(encoding="utf-8").replace("unit: months", "unit: years")
    path.write_text(text.replace("unit: per month", "unit: per year"), encoding="utf-8")
    assert "calibration.yml counts in years, the scenario in months" in message(study, {})


def assumed(law, meaning="a number in a test", **more):
    base = {
        "source": "assumption",
        "distribution": law,
        "meaning": meaning,
        "reason": "nobody has published this number",
    }
    return TypeAdapter(ParameterSpec).validate_python({**base, **more})


def normal(mean, sd):
    return {"law": "normal", "mean": mean, "sd": sd}


BULK = {
    "a probability above one": ("probability", assumed({"law": "uniform", "low": 0.5, "high": 4.0}), "reaches 0.5875 to 3.9125, and a probability lies between 0 and 1"),
    "a probability below nothing": ("probability", assumed(normal(0.1, 0.3)), "and a probability lies between 0 and 1"),
    "a hazard ratio of 80": ("ratio", assumed(normal(80, 5)), "is 80 in the middle, and a hazard ratio of anything published lies between 0.05 and 10"),
    "a hazard ratio below nothing": ("ratio", assumed(normal(-0.5, 0.1)), "a hazard ratio lies at 0 or above"),
    "a shape of 40": ("shape", assumed({"law": "fixed", "value": 40}), "is 40, and the shape of a law of anything published lies between 0.1 and 10"),
    "a variance of 50": ("variance", assumed({"law": "lognormal", "median": 50, "low": 30, "high": 80}), "at 10 or below"),
    "a utility of 80": ("utility", assumed({"law": "uniform", "low": 60, "high": 90}), "a utility lies at 1 or below"),
    "a negative time": ("time", assumed(normal(-3, 1), unit="months"), "a time lies at 0 or above"),
    "a negative rate": ("rate", assumed(normal(-3, 1), unit="per month"), "a rate lies at 0 or above"),
    "2 Gy as 200 cGy": ("dose", assumed({"law": "fixed", "value": 200}, unit="Gy"), "is 200, and a dose in Gy of anything published lies"),
    "a ratio where its logarithm belongs": ("log ratio", assumed({"law": "fixed", "value": 12.0}), "is 12, and a log hazard ratio"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "one", "words"), BULK.values(), ids=BULK)
def test_a_law_whose_bulk_is_no_number_of_the_role(kind, one, words):
    (found,) = scale_faults({"x": one}, [Use("x", "here", kind)], "months")
    assert f"parameters.x: its law {words.split(',')[0]}" in found or words in found
    drawn = np.linspace(*np.sort([0.9 * one_middle(one), 1.1 * one_middle(one)]), 50)
    beyond = DOMAINS[kind]
    if not beyond.usual_low <= float(np.median(drawn)) <= beyond.usual_high:
        # numbers that are only known when they are drawn are held to the same
        rows = TypeAdapter(ParameterSpec).validate_python(ROWS)
        (told,) = drawn_faults({"x": rows}, [Use("x", "here", kind)], {"x": drawn})
        assert told.startswith("parameters.x: it ")


def one_middle(one):
    return float(law_draws(one.distribution, np.array([0.5]))[0])


ROWS = {
    "source": "rows", "scale": "value", "rows": ["a_e01"], "meaning": "a number of rows",
    "transport": {"sd": 0.0, "reason": "the same setting"},
}  # fmt: skip


def test_unusual_numbers_that_are_meant_pass():
    for role in ("hazard_ratio", "shape"):
        one = assumed({"law": "fixed", "value": 40}, role=role)
        assert list(scale_faults({"x": one}, [Use("x", "here", kind_of(role))], "months")) == []
        assert (
            list(
                drawn_faults(
                    {"x": TypeAdapter(ParameterSpec).validate_python({**ROWS, "role": role})},
                    [Use("x", "here", kind_of(role))],
                    {"x": np.full(5, 40.0)},
                )
            )
            == []
        )


def test_plain_numbers_are_held_to_the_same(study):
    found = message(study, {PLACES["hr_radiotherapy"]: 105, PLACES["progression_shape"]: 40})
    assert (
        f"{PLACES['hr_radiotherapy']} is 105, and a hazard ratio of anything published lies between" in found
    )
    assert "make it a parameter with role: hazard_ratio and its reason" in found
    assert "distribution.shape is 40" in found
    usual = message(study, {PLACES["hr_radiotherapy"]: 0.7})
    assert usual.splitlines()[1:] == ["  parameter 'hr_radiotherapy' is defined but nothing uses it"]


@pytest.mark.parametrize(
    ("measure", "value_unit", "unit", "kind", "words"),
    [
        (
            "mean",
            "years",
            "months",
            "time",
            "row a_e01 is a time in years (the mean of row a_e01), the parameter a time in months",
        ),
        ("mean", "weeks", "", "ratio", "row a_e01 is a time in weeks"),
        ("proportion", "", "", "ratio", "parameters.x is the proportion of row a_e01"),
        ("utility", "", "", "ratio", "parameters.x is the utility of row a_e01"),
        ("utility_decrement", "", "", "utility", "parameters.x is the utility decrement of row a_e01"),
        ("hazard_ratio", "", "", "utility", "parameters.x is the hazard ratio of row a_e01"),
        ("mean", "months", "months", "time", ""),
        ("utility", "", "", "utility", ""),
        ("hazard_ratio", "", "", "ratio", ""),
    ],
)
def test_rows_taken_as_they_stand(measure, value_unit, unit, kind, words):
    row = Estimate(
        estimate_id="a_e01",
        study_id="a",
        arm_id="x",
        endpoint="overall_survival",
        measure=measure,
        value=0.7,
        value_unit=value_unit,
    )
    one = TypeAdapter(ParameterSpec).validate_python({**ROWS, "unit": unit})
    found = list(row_faults({"x": one}, [Use("x", "here", kind)], lambda _: row, "months"))
    assert len(found) == bool(words)
    assert words in "".join(found)


def test_what_rows_are_is_asked_before_they_are_drawn(study):
    content = copy.deepcopy(CASE)
    content["overrides"] = {}
    del content["calibration"]
    rows = {
        **ROWS,
        "rows": ["schoenfeld_2021_ambulation_eq5d_s02"],
        "meaning": "a number for a test of the rows",
    }
    content["parameters"] = {
        name: {
            **CASE["parameters"]["hr_walking_loss"],
            "meaning": "a number in a test",
            "unit": one.get("unit", ""),
        }
        if one["source"] == "calibration"
        else one
        for name, one in content["parameters"].items()
    } | {"hr_walking_loss": rows}
    study.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    with pytest.raises(
        ScenarioError,
        match=r"hazard_ratio takes a ratio without a unit; parameters\.hr_walking_loss is the utility of row",
    ):
        scenario_parameters(Scenario.from_yaml(study), draws=10)


def test_one_number_in_two_roles_is_refused_in_a_model_without_a_file():
    law = {"family": "weibull", "shape": "x", "scale": "x"}
    with pytest.raises(
        ScenarioError,
        match=r"parameter x is the shape of a law at .*shape and a time at .*scale; one number cannot be both",
    ):
        Model(
            states=(State(name="a"), State(name="b", death=True)),
            transitions=(Transition(source="a", target="b", distribution=law),),
            parameters={"x": 1.2},
            time_unit="months",
            horizon=12.0,
        )


def test_meanings_and_words():
    assert said_by("hazard ratio of progression, a drug against none") == "ratio"
    assert said_by("probability of death") == "probability"
    assert said_by("utility without walking as a share of that with it") is None
    assert said_by("log hazard ratio by year of age") == "log ratio"
    assert said_by("disutility of a week in hospital") == "utility change"
    roles = {kind_of(role) for role in Role.__args__}
    assert roles == set(WORDS) - {"any"} and {kind_of(role_named(k)) for k in roles} == roles
    used = {kind for kinds in KINDS.values() for kind in kinds.values()}
    assert used <= set(WORDS)
