"""The committed numbers of the first two reports against R's survival and metafor, from the same curated tables."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from survsim import Ledger

PINNED = json.loads((Path(__file__).parent / "reports.json").read_text())
MODELS = PINNED["survival_models"]


ROOT = Path(__file__).resolve().parents[2]


def committed(name):
    """The committed numbers; that a fresh run gives the same ones is tested end to end."""
    return Ledger.load(ROOT / "analyses" / name / "results" / "summary.json")


@pytest.fixture(scope="module")
def evidence_base():
    return committed("01_evidence_base")


@pytest.fixture(scope="module")
def survival_models():
    return committed("02_survival_models")


def agree(entry, pinned):
    """Value and limits; what R calls NA is "not reached" here."""
    for ours, theirs in zip((entry.value, entry.conf_low, entry.conf_high), pinned):
        if theirs is None or theirs == "NA":
            assert ours is None
        else:
            assert math.isclose(ours, theirs, rel_tol=1e-6), (ours, theirs)


@pytest.mark.parametrize("key", ["log_hazard_ratio", "std_error", "p_value", "q"])
def test_the_pooled_trials_equal_metafor(evidence_base, key):
    assert evidence_base.numbers[f"doublet.{key}"].value == pytest.approx(PINNED["doublet"][key], rel=1e-6)


@pytest.mark.parametrize("key", ["hazard_ratio", "new_study", "normal", "v_ifosfamide"])
def test_the_intervals_equal_metafor(evidence_base, key):
    agree(evidence_base.numbers[f"doublet.{key}"], PINNED["doublet"][key])


def test_the_between_study_variance_and_its_limit_equal_metafor(evidence_base):
    entry = evidence_base.numbers["doublet.tau2"]
    assert entry.value == pytest.approx(PINNED["doublet"]["tau2"], abs=1e-9)
    assert entry.conf_high == pytest.approx(PINNED["doublet"]["tau2_high"], rel=1e-6)


def test_the_two_trials_of_the_published_review_give_its_printed_numbers(evidence_base):
    ours, printed = (evidence_base.numbers[f"doublet.{k}"] for k in ("v_ifosfamide", "published_pool"))
    for name in ("value", "conf_low", "conf_high"):
        assert round(getattr(ours, name), 2) == getattr(printed, name)


@pytest.mark.parametrize("prefix", ["os", "pfi", "pfs"])
def test_the_curves_equal_r(survival_models, prefix):
    numbers, pinned = survival_models.numbers, MODELS[prefix]
    agree(numbers[f"{prefix}.median"], pinned["median"])
    times = ["at_index_case", "at_12", "at_24", "at_60"] if prefix == "os" else ["at_12"]
    for name, values in zip(times, pinned["at"], strict=True):
        agree(numbers[f"{prefix}.{name}"], values)


@pytest.mark.parametrize("name", ["stage", "histology"])
def test_the_curves_by_group_and_their_tests_equal_r(survival_models, name):
    numbers, pinned = survival_models.numbers, MODELS[name]
    for group, curve in pinned["curves"].items():
        agree(numbers[f"os.{name}.{group}.median"], curve["median"])
        agree(numbers[f"os.{name}.{group}.at_24"], curve["at"][0])
    for key in ("chi2", "p_value"):
        assert numbers[f"os.{name}.{key}"].value == pytest.approx(pinned[key], rel=1e-6)


def test_the_trend_over_the_stages_equals_r(survival_models):
    numbers, pinned = survival_models.numbers, MODELS["trend"]
    for key in ("chi2", "p_value"):
        assert numbers[f"os.stage.trend.{key}"].value == pytest.approx(pinned[key], rel=1e-6)
    agree(numbers["os.stage.trend.hazard_ratio"], pinned["hazard_ratio"])
    assert numbers["os.stage.trend.wald_p_value"].value == pytest.approx(pinned["wald"], rel=1e-6)
    assert numbers["os.stage.p_value"].value > 0.05 > numbers["os.stage.trend.p_value"].value


@pytest.mark.parametrize("cause", ["tumour", "other"])
def test_the_incidence_of_each_cause_of_death_equals_r(survival_models, cause):
    numbers, pinned = survival_models.numbers, MODELS["causes"]
    assert numbers[f"cause.{cause}.deaths"].value == pinned["deaths"][cause]
    for time, value in zip((12, 24, 60), pinned[cause], strict=True):
        assert numbers[f"cause.{cause}.at_{time}"].value == pytest.approx(value, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("family", sorted(MODELS["families"]))
def test_the_extrapolated_families_equal_r(survival_models, family):
    for time, value in zip((60, 120, 180), MODELS["families"][family], strict=True):
        found = survival_models.numbers[f"family.{family}.at_{time}"].value
        assert found == pytest.approx(value, rel=1e-5)


def test_radiotherapy_is_counted_from_its_records(survival_models):
    numbers = {k: e.value for k, e in survival_models.numbers.items() if k.startswith("radiotherapy.")}
    assert numbers["radiotherapy.any_record"] == 26
    assert (
        numbers["radiotherapy.treated"] + numbers["radiotherapy.untreated"]
        == numbers["radiotherapy.patients"]
    )
    assert numbers["radiotherapy.treated"] <= numbers["radiotherapy.recorded"] <= 26


def test_the_medians_by_the_drug_flag_and_the_follow_up_equal_r(survival_models):
    """`reverse_kaplan_meier` against survfit with events and censorings exchanged."""
    for group, curve in MODELS["drug_flag"].items():
        agree(survival_models.numbers[f"drug_flag.{group}.median"], curve["median"])
    agree(survival_models.numbers["os.follow_up"], MODELS["follow_up"])


@pytest.mark.parametrize("term", ["age_decades", "advanced", "heterologous"])
def test_the_regression_equals_r(survival_models, term):
    *ratio, p_value = MODELS["cox"][term]
    agree(survival_models.numbers[f"cox.{term}"], ratio)
    assert survival_models.numbers[f"cox.{term}.p_value"].value == pytest.approx(p_value, rel=1e-6)


@pytest.mark.parametrize("term", ["age_decades", "advanced", "heterologous", "GLOBAL"])
def test_the_test_of_proportional_hazards_equals_r(survival_models, term):
    pinned = MODELS["proportional_hazards"][term]
    assert survival_models.numbers[f"ph.{term}.p_value"].value == pytest.approx(pinned, rel=1e-6)


def test_the_published_anchors_of_the_cohort(survival_models):
    """What the curators of the cohort computed with other programs, to the digits they printed."""
    numbers = survival_models.numbers
    assert (numbers["os.patients"].value, numbers["os.events"].value) == (57, 35)
    assert (numbers["pfi.events"].value, numbers["pfs.events"].value) == (37, 41)
    shown = [
        round(v, 1)
        for v in (numbers["os.median"].value, numbers["os.median"].conf_low, numbers["os.median"].conf_high)
    ]
    assert shown == [26.6, 18.1, 52.3]
    assert [round(numbers[f"os.at_{t}"].value, 3) for t in (12, 24)] == [0.799, 0.526]
    stage = numbers["os.stage.III.median"]
    assert [round(v, 1) for v in (stage.value, stage.conf_low, stage.conf_high)] == [20.1, 6.7, 50.1]
    pfi = numbers["pfi.median"]
    assert [round(v, 1) for v in (pfi.value, pfi.conf_low, pfi.conf_high)] == [16.0, 9.0, 24.1]
