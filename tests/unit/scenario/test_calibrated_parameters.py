"""Parameters of a scenario taken from a calibration: jointly, for a new setting, and before others are derived."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from survsim import Scenario, simulate
from survsim.calibration import (
    Cohort,
    CourseModel,
    Endpoint,
    FixedLaw,
    LogNormalLaw,
    Prior,
    PublishedTarget,
    TransitionHazard,
    calibrate,
)
from survsim.errors import InputError, ScenarioError
from survsim.printed import printed_number
from survsim.scenario.calibration_plan import read_calibration
from survsim.scenario.parameter_spec import Derived, FromCalibration
from survsim.scenario.parameterise import parameterise
from survsim.scenario.run import scenario_parameters
from survsim.scenario.structural import structural_sensitivity

CASE = Path(__file__).parents[3] / "analyses" / "03_case_strategies"
ALIVE = Endpoint(kind="event_free", states=("alive",))
MEANING = "something about the course"


@pytest.fixture(scope="module")
def calibration():
    model = CourseModel(
        states=("alive", "dead"),
        start="alive",
        unit="months",
        transitions=(TransitionHazard(source="alive", target="dead", rate="rate", factors=("hr", "kept")),),
    )
    priors = {
        "rate": Prior(law=LogNormalLaw(0.1, 0.01, 1.0), reason="a wide guess, for a test"),
        "hr": Prior(law=LogNormalLaw(1.0, 0.2, 5.0), reason="a wide guess, for a test"),
        "kept": Prior(law=FixedLaw(1.0), reason="not varied in a test"),
    }
    row = {
        "value": 10.0,
        "conf_low": 7.0,
        "conf_high": 14.3,
        "label": "series",
        "source": "estimates:series",
        "value_unit": "months",
    }
    target = PublishedTarget.of(printed_number(row, "median", unit="months"), cohort="all", endpoint=ALIVE)
    assert (target.label, target.source, target.statistic) == ("series", ("estimates:series",), "median")
    return calibrate(model, [Cohort(name="all")], priors, [target], study_sd=0.2, seed=5)


def taken(name="", **more):
    return FromCalibration(source="calibration", parameter=name, meaning=MEANING, **more)


def drawn(specs, calibration, draws=2000):
    return parameterise(
        specs,
        {}.__getitem__,
        draws=draws,
        seed=1,
        time_unit="months",
        scenario="test",
        calibration=calibration,
    )


def test_they_are_drawn_jointly_and_before_others_are_derived(calibration):
    specs = {
        "death_rate": taken("rate", unit="per month"),
        "hr": taken(scale="hazard_ratio"),
        "kept": taken(),
        "treated": Derived(source="derived", rule="product", of=("death_rate", "hr"), meaning=MEANING),
    }
    found = drawn(specs, calibration)
    values = found.draws()
    expected = calibration.draws(2000, new_setting=True)
    np.testing.assert_array_equal(values["death_rate"], expected["rate"])
    np.testing.assert_array_equal(values["treated"], expected["rate"] * expected["hr"])
    # Only their product was observed: jointly they must fall together.
    assert np.corrcoef(np.log(values["death_rate"]), np.log(values["hr"]))[0, 1] < -0.8
    assert found.share_by_source() == {"calibration": 3, "derived": 1}
    rate = found.parameters["death_rate"]
    assert rate.rows == ("series",)
    assert "estimates:series" in rate.provenance.references()
    assert rate.layers["calibration"].std() == pytest.approx(1.0, abs=0.01)
    assert found.parameters["kept"].layers == {}
    assert list(found.to_frame()["source"]) == ["calibration"] * 3 + ["derived"]


def test_what_is_not_there_is_refused(calibration):
    with pytest.raises(ScenarioError, match="none was given"):
        drawn({"rate": taken()}, None)
    with pytest.raises(ScenarioError, match="taken as 'speed' from a calibration; it has rate, hr, kept"):
        drawn({"speed": taken()}, calibration)


def test_an_alternative_may_have_a_calibration_of_its_own():
    """The override and the calibration under its name go together: as if both were simulated by hand."""
    scenario = Scenario.from_yaml(CASE / "scenario.yml")
    plan = read_calibration(CASE / "calibration.yml")
    declared, other = plan.run(size=200), plan.run(size=200, bias=False)
    effort = {"patients": 40, "draws": 8}
    table = structural_sensitivity(
        scenario,
        alternatives=["neutral_priors"],
        calibration=declared,
        recalibrated={"neutral_priors": ("not this label", other), "unbiased": ("biases left out", other)},
        **effort,
    )
    assert table.alternatives == ("as_declared", "neutral_priors", "unbiased")
    assert table.labels[1:] == ("priors of every ratio centred on no effect", "biases left out")
    alone = scenario.overridden("neutral_priors")
    drawn = scenario_parameters(alone, draws=8, calibration=other)
    by_hand = simulate(alone, parameters=drawn, patients=40).decision(24.0).expected
    assert np.array_equal(table.mean[1, table.taus.index(24.0)], by_hand)
    # anlotinib after progression is no part of the calibration: the two alternatives differ by it alone
    assert not np.array_equal(table.mean[1], table.mean[2])
    with pytest.raises(InputError, match="recalibrated names as_declared"):
        structural_sensitivity(scenario, recalibrated={"as_declared": ("x", other)}, **effort)
