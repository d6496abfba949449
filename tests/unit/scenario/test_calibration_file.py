"""A calibration as data: rows by id, cohorts by what they were given, and what such a file may not say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from survsim import Scenario
from survsim.errors import InputError, ScenarioError
from survsim.estimate.calibration.targets import CaseTarget
from survsim.evidence.ask.store import load_evidence
from survsim.scenario.calibration_plan import CalibrationPlan, dated_cases, read_calibration

FILE = Path(__file__).parents[3] / "analyses" / "03_case_strategies" / "calibration.yml"


@pytest.fixture(scope="module")
def plan():
    return read_calibration(FILE)


def written(tmp_path, **changes):
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    for place, value in changes.items():
        target = content
        *path, last = place.split("__")
        for step in path:
            target = target[int(step) if step.isdigit() else step]
        target[int(last) if last.isdigit() else last] = value
    path = tmp_path / "calibration.yml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def test_a_row_becomes_the_endpoint_it_reports(plan):
    targets = {t.label: t for t in plan.targets()}
    pfs = targets["spinal_hgg29_rt_t02"]
    assert pfs.statistic == "median" and np.exp(pfs.estimate) == pytest.approx(9.7)
    assert pfs.endpoint.states == ("controlled",) and pfs.source == ("estimates:spinal_hgg29_rt_t02",)
    later = targets["tsai_2016_colon_iscm19_e02"]
    assert (later.statistic, later.time, later.use) == ("probability", 3.0, "hold_out")
    assert targets["iscm70_2019_e01"].estimate == pytest.approx(np.log(104.5 / 30.4375))
    assert targets["yang_2025_pcsi_final_e10"].bias is None
    assert targets["zhao_2016_sts_port_e01"].bias.mean < 0


def test_the_treated_shares_are_those_printed(plan):
    cohorts = {c.name: c for c in plan.cohorts()}
    shares = [share for share, _ in cohorts["intramedullary_metastasis_cohort"].groups]
    assert (
        shares == [0.56, pytest.approx(0.44)]
        and cohorts["intramedullary_metastasis_cohort"].start == "progressed"
    )


def test_targets_have_names_that_a_reader_knows(plan):
    names = plan.target_names()
    assert names["spinal_hgg29_rt_t02"].startswith("“Primary spinal high-grade glioma")
    assert names["spinal_hgg29_rt_t02"].endswith("row t2, PFS")
    assert names["yang_2025_pcsi_final_e10"] == "Yang 2025, row 10, hazard ratio, craniospinal"
    assert names["raghunathan_2011_60m_primary_cpa"] == "Raghunathan 2011, 60 M, brain"
    assert {t.label for t in plan.targets() if "_" in t.label} <= set(names)
    assert not [words for words in names.values() if "_" in words]


def test_the_index_case_is_never_a_target(plan):
    labels = [t.label for t in plan.targets()]
    assert "index_case" not in labels
    assert {"raghunathan_2011_60m_primary_cpa", "tanimoto_65m_lung_brain"} <= set(labels)


def test_a_file_that_forgets_the_index_case_is_refused(plan):
    cases = plan.content.cases.model_copy(update={"never": ()})
    forgetful = CalibrationPlan(plan.content.model_copy(update={"cases": cases}), plan.path)
    with pytest.raises(InputError, match="index_case is whom the answer is for and can never be a target"):
        forgetful.run(load_evidence(), size=200)


def test_single_cases_keep_what_their_report_says():
    cases = dated_cases(load_evidence(), strict_only=True, never=("index_case",)).set_index("case_id")
    assert cases.loc["sni_59f_ucs_intradural_L1", "status"] == "event_by"
    assert tuple(cases.loc["tanimoto_65m_lung_brain"]) == (18.0, "free")
    assert tuple(cases.loc["cormio_48f_mmmt_epidural_brain"]) == (1.0, "event")
    assert len(cases) == 6


def test_a_group_of_surrogates_can_be_left_out(plan):
    every, fewer = plan.targets(), plan.targets(without=["spread_solid_tumour"])
    gone = {t.label for t in every} - {t.label for t in fewer}
    assert "iscm70_2019_e01" in gone and "spinal_hgg29_rt_t02" not in gone
    with pytest.raises(ScenarioError, match="nowhere is no transport"):
        plan.targets(without=["nowhere"])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"targets__0__cohort": "nobody"}, "cohort 'nobody' is none of"),
        ({"targets__0__endpoint": "quality"}, "endpoint 'quality' is none of"),
        ({"targets__1__row": "spinal_hgg29_rt_t02"}, "stands there more than once"),
        ({"contrasts__0__transport": "far"}, "transport 'far' is none of"),
        ({"priors__study_sd__reason": "short"}, "at least 10 characters"),
        ({"course__unknown": 1}, "course.unknown"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(tmp_path, changes, told):
    with pytest.raises(ScenarioError, match=told):
        read_calibration(written(tmp_path, **changes))


def test_a_row_that_is_no_estimate_of_patients_is_refused_by_the_one_road(tmp_path):
    path = written(tmp_path, targets__0__row="salvotti_2024_intradural13_e01")
    with pytest.raises(ScenarioError, match="salvotti_2024_intradural13_e01"):
        read_calibration(path).targets()


def test_the_shipped_scenarios_stand_on_it_and_the_second_extends_the_first():
    whole = Scenario.from_yaml(FILE.with_name("scenario.yml"))
    step = Scenario.from_yaml(FILE.with_name("next_step.yml"))
    assert whole.calibration_path == FILE.resolve()
    assert len(whole.content.overrides) >= 10
    assert step.content.treatments == whole.content.treatments
    assert set(step.content.parameters) - set(whole.content.parameters) == {"progression_at"}
    assert step.content.outcomes.reference == "supportive_care"


def test_every_effect_has_the_duration_of_its_source():
    treatments = Scenario.from_yaml(FILE.with_name("scenario.yml")).content.treatments
    spans = {name: [getattr(e.lasts, "for_", e.lasts) for e in t.effects] for name, t in treatments.items()}
    assert spans["radiotherapy_44"] == [68] and spans["gemcitabine_docetaxel"] == [60]
    assert spans["toripalimab_anlotinib"] == [30.95] and spans["reirradiation_40"] == [12, 26.8, 12]
    assert spans["gemcitabine_docetaxel_half_cycle"] == []


def test_the_index_case_is_given_what_her_report_says():
    whole = Scenario.from_yaml(FILE.with_name("scenario.yml"))
    given = [
        t for s in whole.strategies if s.name == "as_treated" for line in s.lines for t in line.treatments
    ]
    assert given == [
        "radiotherapy_44",
        "gemcitabine_docetaxel_half_cycle",
        "reirradiation_40",
        "toripalimab",
        "anlotinib",
    ]
    treatments = whole.content.treatments
    # half of three weeks; the last ten of the twenty fractions reached the brain and part of the cord
    assert treatments["gemcitabine_docetaxel_half_cycle"].duration == 0.35
    fractions = {r.region: r.fractions for r in treatments["reirradiation_40"].radiation}
    assert fractions == {"first_target": 10, "rest_of_neuraxis": 20}
    assert {r.fractions * r.dose_per_fraction for r in treatments["radiotherapy_44"].radiation} == {44.0}
    assert treatments["toripalimab"].cycles == 2


@pytest.mark.long
def test_several_calibrations_at_a_time_are_what_each_is_alone(plan):
    choices = {"unbiased": {"bias": False}, "least": {"assumed": "least"}}
    found = plan.run_each(choices, load_evidence(), size=200, workers=2)
    assert list(found) == ["unbiased", "least"]
    for name, asked in choices.items():
        alone = plan.run(load_evidence(), size=200, **asked)
        assert np.array_equal(found[name].w, alone.w) and np.array_equal(found[name].weight, alone.weight)
        assert found[name].checks.to_frame().equals(alone.checks.to_frame())
    assert not np.array_equal(found["unbiased"].w, found["least"].w)
    with pytest.raises(ScenarioError, match="nowhere is no transport"):
        plan.run_each({"none": {"without": ["nowhere"]}}, size=200)


def test_a_prediction_of_another_report_is_held_out_unless_asked_for(plan):
    found = [t for t in plan.targets() if t.label.startswith("04_pooled_evidence")]
    assert [t.use for t in found] == ["hold_out"]
    summary = FILE.parents[1] / "04_pooled_evidence" / "results" / "summary.json"
    entry = json.loads(summary.read_text(encoding="utf-8"))["numbers"]["new_site.transport_0_5.at_12"]
    assert 1 / (1 + np.exp(-found[0].estimate[0])) == pytest.approx(entry["value"])
    width = np.log(entry["conf_high"] / (1 - entry["conf_high"])) - np.log(
        entry["conf_low"] / (1 - entry["conf_low"])
    )
    assert 2 * 1.959964 * np.sqrt(found[0].covariance[0, 0]) == pytest.approx(width, rel=1e-6)
    assert [t.use for t in plan.targets(predictions="fit") if t.label == found[0].label] == ["fit"]


def test_a_prediction_that_no_report_wrote_is_refused(tmp_path):
    alone = read_calibration(written(tmp_path))
    with pytest.raises(ScenarioError, match=r"04_pooled_evidence wrote no number .* run that report first"):
        alone.targets()


def test_assumed_shares_go_to_their_ends_and_printed_ones_stay(plan):
    def radiated(assumed, cohort):
        found = {c.name: c for c in plan.cohorts(assumed=assumed)}[cohort]
        return sum(
            share
            for share, effects in found.groups
            if any(e.hazard_ratio == "hr_radiotherapy" for e in effects)
        )

    ends = [radiated(end, "seer_spinal_glioblastoma") for end in ("least", None, "most")]
    assert ends == pytest.approx([0.5, 0.75, 1.0])
    ends = [radiated(end, "spinal_high_grade_glioma_irradiated") for end in ("least", None, "most")]
    assert ends == pytest.approx([1.0, 1.0, 1.0])


def test_a_share_outside_its_ends_is_refused(tmp_path):
    path = written(tmp_path, cohorts__leptomeningeal_cohort__assumed={"focal_radiotherapy": [0.6, 0.8]})
    with pytest.raises(
        ScenarioError, match=r"focal_radiotherapy lies between its least 0\.6 and its most 0\.8"
    ):
        read_calibration(path)


def test_a_number_is_a_target_of_the_endpoint_it_reports(tmp_path):
    """Finding 3: a median of progression-free survival that stands for overall survival."""
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    place = next(i for i, t in enumerate(content["targets"]) if t["row"] == "spinal_hgg29_rt_t02")
    path = written(tmp_path, predictions=[], **{f"targets__{place}__endpoint": "overall_survival"})
    with pytest.raises(
        ScenarioError, match="reports progression_free_survival, and is declared as overall_survival"
    ):
        read_calibration(path).targets()


def test_single_cases_are_in_the_unit_of_the_file(tmp_path, plan):
    months = {t.label: t.time for t in plan.targets() if isinstance(t, CaseTarget)}
    priors = yaml.safe_load(FILE.read_text(encoding="utf-8"))["priors"]
    inside = {"months": "years", "per month": "per year"}
    priors = {k: {**p, "unit": inside.get(p.get("unit"), "")} for k, p in priors.items()}
    years = written(tmp_path, time_unit="years", predictions=[], priors=priors)
    found = {t.label: t.time for t in read_calibration(years).targets() if isinstance(t, CaseTarget)}
    assert months and found.keys() == months.keys()
    for label, time in months.items():
        assert found[label] == pytest.approx(time / 12, rel=1e-12)


def test_a_calibration_in_no_unit_of_time_is_refused(tmp_path):
    with pytest.raises(ScenarioError, match="time_unit"):
        read_calibration(written(tmp_path, time_unit="fortnights"))


@pytest.mark.parametrize("unit", ["per year", "months", "per 100 person-years", "per hour"])
def test_a_prior_in_another_unit_than_the_file_is_refused(tmp_path, plan, unit):
    name = next(n for n, p in plan.content.priors.items() if p.unit == "per month")
    with pytest.raises(ScenarioError, match=f"priors.{name}: the course takes a rate per month"):
        read_calibration(written(tmp_path, **{f"priors__{name}__unit": unit}))
