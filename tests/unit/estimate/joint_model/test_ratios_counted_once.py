"""A hazard ratio beside its copies, beside the patients it came from, and where it can say nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, evidence_model
from survsim.errors import EvidenceError, EvidenceWarning, InputError
from survsim.estimate.joint_model.overlap import term_weights
from survsim.joint_model import hazard_ratio_term, median_term, patients_term

CONTROL = median_term(14, {"x": 0}, study="a", unit="months", n=40)


def ratio(value=0.7, treated=1, control=0, *, study="h", **common):
    return hazard_ratio_term(value, {"x": treated}, {"x": control}, study=study, std_error=0.17, **common)


def error_of_x(*terms, **options):
    found = evidence_model([CONTROL, *terms], "x", breaks=[12], **options).to_frame()
    return float(found.query("parameter == 'x'")["std_error"].iloc[0])


@pytest.mark.parametrize(
    "copies",
    [
        [ratio()] * 3,
        [ratio(cluster="c")] * 3,
        [ratio(source="estimates:e1")] * 3,
        [ratio(arm="new", comparator_arm="old")] * 3,
        [ratio(), ratio(1 / 0.7, treated=0, control=1)],
        [ratio(), ratio(treated=1.0, control=np.float64(0))],
    ],
)
def test_a_ratio_given_several_times_counts_once(copies):
    # the control arm alone tells nothing of x: its error is that of the ratio beside the prior's sd of 2
    once = 1 / np.sqrt(1 / 0.17**2 + 1 / 2.0**2)
    assert error_of_x(*copies, overlap="refuse") == pytest.approx(once, abs=1e-6)
    assert term_weights(copies, "refuse")[1][0] == f"one of {len(copies)} hazard ratios of one contrast"


def test_ratios_of_several_contrasts_count_each():
    terms = [ratio(), hazard_ratio_term(0.8, {"x": 1, "y": 1}, {"x": 1, "y": 0}, study="h", std_error=0.2)]
    assert term_weights(terms, "refuse")[0].tolist() == [1.0, 1.0]


def test_one_ratio_under_two_studies_warns_unless_they_share_a_cluster():
    with pytest.warns(
        EvidenceWarning, match="same ratio and error in hazard_ratio of h and in hazard_ratio of g"
    ):
        term_weights([ratio(), ratio(1 / 0.7, treated=0, control=1, study="g")], "down-weight")
    with pytest.warns(EvidenceWarning) as said:
        weight, _ = term_weights([ratio(cluster="c"), ratio(study="g", cluster="c")], "down-weight")
    assert weight.tolist() == [0.5, 0.5]
    assert not any("same ratio" in str(w.message) for w in said)


def test_ratios_of_one_contrast_that_contradict_each_other_warn():
    with pytest.warns(EvidenceWarning, match=r"ratio 0\.7, but 1\.43 by hazard_ratio of h"):
        term_weights([ratio(), ratio(1 / 0.7)], "down-weight")


def test_medians_of_one_arm_count_once_however_their_covariates_are_typed():
    terms = [median_term(14, {"x": x}, study="b", unit="months", n=40) for x in (1, 1.0, np.int64(1))]
    assert term_weights(terms, "refuse")[0] == pytest.approx([1 / 3] * 3)


def trial(**columns):
    return patients_term(Surv.right(np.arange(1.0, 41), np.ones(40), unit="months"), columns, study="h")


BOTH = {"x": np.tile([0, 1], 20)}


@pytest.mark.parametrize("arms", [{}, {"arm": "new", "comparator_arm": "old"}])
@pytest.mark.parametrize("more", [{}, {"age": np.linspace(40, 80, 40)}])
def test_a_ratio_beside_the_patients_of_both_its_arms_in_one_term_is_left_out(arms, more):
    given = {"age": 63.5} if more else {}
    mine = hazard_ratio_term(0.9, {"x": 1} | given, {"x": 0} | given, study="h", std_error=0.17, **arms)
    weight, reason = term_weights([trial(**BOTH, **more), mine], "down-weight")
    assert weight.tolist() == [1.0, 0.0] and reason[1] == "both arms enter themselves"


@pytest.mark.parametrize(
    "patients",
    [
        {"x": np.zeros(40)},  # one arm only
        {"y": np.tile([0, 1], 20)},  # the arms cannot be told apart
        {"x": np.tile([0, 1], 20), "stage": ["III"] * 40},  # other patients than the ratio's
    ],
)
def test_a_ratio_that_the_patients_of_its_study_do_not_hold_stays(patients):
    mine = hazard_ratio_term(0.9, {"x": 1, "stage": "I"}, {"x": 0, "stage": "I"}, study="h", std_error=0.17)
    assert term_weights([trial(**patients), mine], "down-weight")[0].tolist() == [1.0, 1.0]


def test_a_ratio_between_categories_beside_one_mixed_median_stays():
    mixed = median_term(14, {"stage": {"I": 0.4, "III": 0.6}}, study="h", unit="months", n=40)
    mine = hazard_ratio_term(3.0, {"stage": "III"}, {"stage": "I"}, study="h", std_error=0.2)
    assert term_weights([mixed, mine], "down-weight")[0].tolist() == [1.0, 1.0]


def test_medians_of_both_arms_without_names_replace_their_ratio():
    arms = [median_term(m, {"x": x}, study="h", unit="months", n=40) for m, x in ((14, 0), (20, 1))]
    assert term_weights([*arms, ratio()], "down-weight")[0].tolist() == [1.0, 1.0, 0.0]


def test_a_ratio_that_contradicts_the_patients_of_both_its_arms_in_one_term_warns():
    with pytest.warns(EvidenceWarning, match=r"hazard ratio 0\.2, but the rates of its arms are 0\.952 to 1"):
        term_weights([trial(**BOTH), ratio(0.2)], "down-weight")


@pytest.mark.parametrize("formula", [None, "y"])
def test_a_ratio_of_what_the_formula_does_not_know_is_refused(formula):
    one = median_term(14, {"y": 0}, study="a", unit="months", n=40)
    mine = hazard_ratio_term(0.7, {"x": 1, "y": 0}, {"x": 0, "y": 0}, study="h", std_error=0.17)
    with pytest.raises(
        EvidenceError, match=r"hazard_ratio of h: .* cannot tell the two sides of the ratio apart"
    ):
        evidence_model([one, mine], formula, breaks=[12])


@pytest.mark.parametrize(
    ("one", "other"),
    [({"x": 1}, {"x": 1.0}), ({"s": {"I": 1, "II": 1}}, {"s": {"I": 0.5, "II": 0.5}}), ({}, {})],
)
def test_a_ratio_between_two_equal_patterns_is_refused(one, other):
    with pytest.raises(InputError, match="hazard ratio of h: covariates and comparator are alike"):
        hazard_ratio_term(0.7, one, other, study="h", std_error=0.17)


def test_a_frame_of_patients_holds_a_categorical_contrast():
    stage = pd.Categorical(["I", "III"] * 20)
    mine = hazard_ratio_term(1.05, {"stage": "III"}, {"stage": "I"}, study="h", std_error=0.2)
    other = hazard_ratio_term(1.05, {"stage": "II"}, {"stage": "I"}, study="h", std_error=0.2)
    assert term_weights([trial(stage=stage), mine], "refuse")[0].tolist() == [1.0, 0.0]
    assert term_weights([trial(stage=stage), other], "refuse")[0].tolist() == [1.0, 1.0]
