"""A row of the calibration that stands behind a parameter as well: its patients count twice, and both places are told."""

import copy
from pathlib import Path

import pytest
from pydantic import TypeAdapter

import survsim
from survsim.core.yaml_files import read_yaml
from survsim.errors import EvidenceWarning
from survsim.scenario.calibration_plan import read_calibration
from survsim.scenario.double_use import double_uses
from survsim.scenario.parameter_spec import ParameterSpec
from survsim.scenario.run import scenario_parameters
from survsim.scenario.spec import Scenario, ScenarioFile

CASE = Path(__file__).parents[3] / "analyses" / "03_case_strategies" / "scenario.yml"


@pytest.fixture(scope="module")
def evidence():
    return survsim.load_evidence()


@pytest.fixture(scope="module")
def targets(evidence):
    return read_calibration(CASE.parent / "calibration.yml").targets(evidence)


def told(evidence, targets, **keys):
    common = {
        "transport": {"sd": 0.1, "reason": "the same setting"}, "meaning": "a number in a test", "bias": "none in a test",
    }  # fmt: skip
    one = TypeAdapter(ParameterSpec).validate_python({**common, **keys})
    return list(double_uses({"x": one}, targets, evidence, scenario="scenario.yml"))


def rows(scale, *names):
    return {"source": "rows", "scale": scale, "rows": names}


def test_the_same_row_is_told_with_both_places(evidence, targets):
    (found,) = told(evidence, targets, **rows("hazard_ratio", "zhao_2016_sts_port_e01"))
    assert found == (
        "zhao_2016_sts_port_e01 is a target of the calibration (zhao_2016_sts_port_e01) and stands in scenario.yml: "
        "parameters.x.rows as well: its patients count twice. Drop one of the two"
    )
    (found,) = told(
        evidence, targets, source="contrast", treated=["iscm70_2019_e01"], control=["lm_2010_135_e01"]
    )
    assert "stands in scenario.yml: parameters.x.treated as well" in found


def test_what_is_held_out_is_no_longer_held_out(evidence, targets):
    (found,) = told(evidence, targets, **rows("median", "westchina_2017_spinal_gbm14_e01"))
    assert "is a target that is held out of the calibration" in found and "no longer held out" in found


def test_another_row_of_the_same_patients(evidence, targets):
    """Survival at one time is used, and survival of the same arm at another is taken."""
    used = {t.label for t in targets if t.use == "fit"}
    for label in sorted(used):
        record = (
            evidence.estimate(label) if label in set(evidence.table("estimates")["estimate_id"]) else None
        )
        if record is None:
            continue
        frame = evidence.table("estimates")
        same = frame[
            (frame["study_id"] == record.study_id)
            & (frame["arm_id"] == record.arm_id)
            & (frame["endpoint"] == record.endpoint)
            & (frame["measure"] == "survival_probability")
            & ~frame["estimate_id"].isin([t.label for t in targets])
        ]
        if len(same):
            other = str(same["estimate_id"].iloc[0])
            found = told(evidence, targets, **rows("proportion", other))
            assert any(f"{other} in scenario.yml: parameters.x.rows and {label}" in f for f in found)
            assert all("of the same patients" in f for f in found)
            return
    pytest.fail("no target of the case has a second row of the same patients")


def test_rows_of_others_are_not_told(evidence, targets):
    assert told(evidence, targets, **rows("proportion", "tanaka_2016_japan134_e06")) == []
    assert told(evidence, [], **rows("hazard_ratio", "zhao_2016_sts_port_e01")) == []
    assumed = {
        "source": "assumption",
        "distribution": {"law": "fixed", "value": 1.0},
        "reason": "nobody has published this",
    }
    one = TypeAdapter(ParameterSpec).validate_python({**assumed, "meaning": "a number in a test"})
    assert list(double_uses({"x": one}, targets, evidence, scenario="s")) == []


def test_the_case_itself_uses_nothing_twice_and_a_run_is_warned(evidence, targets):
    scenario = Scenario.from_yaml(CASE)
    assert list(double_uses(scenario.content.parameters, targets, evidence, scenario="s")) == []
    content = copy.deepcopy(read_yaml(CASE))
    content["parameters"]["hr_walking_loss"] = {
        **rows("hazard_ratio", "zhao_2016_sts_port_e01"),
        "meaning": "hazard ratio of losing the ability to walk",
        "transport": {"sd": 0.1, "reason": "the same setting"},
    }
    spoilt = Scenario(ScenarioFile.model_validate(content), scenario.strategies, CASE)
    calibration = read_calibration(scenario.calibration_path).run(evidence, size=200)
    with pytest.warns(EvidenceWarning, match="zhao_2016_sts_port_e01 is a target of the calibration"):
        scenario_parameters(spoilt, draws=10, evidence=evidence, calibration=calibration)
