"""`select` refuses to mix what the declared fields say must not be mixed, names rows and fields, and can be told."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from survsim.core.errors import EvidenceError, InputError
from survsim.evidence.ask.mixing import FIELDS, refuse_mixed
from survsim.evidence.ask.store import load_evidence

DATA = Path(__file__).resolve().parents[4] / "data"
TWO = {
    "estimate_id": ["a_e01", "b_e01"],
    "endpoint": ["overall_survival"] * 2,
    "measure": ["median"] * 2,
    **{name: ["not_reported"] * 2 for name in FIELDS},
}


@pytest.fixture(scope="module")
def store():
    return load_evidence(DATA)


def rows(**cells):
    return pd.DataFrame(TWO | cells)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("origin", ["diagnosis", "surgery"]),
        ("setting", ["adjuvant", "recurrent"]),
        ("line", ["first", "second_or_later"]),
        ("estimator", ["relative", "kaplan_meier"]),
        ("analysis_set", ["responders", "eligible"]),
        ("unit_of_analysis", ["patient", "lesion"]),
        ("instrument", ["eq_5d_5l", "time_trade_off"]),
        ("exposure_timing", ["after_time_zero", "at_time_zero"]),
    ],
)
def test_two_words_that_contradict_each_other_are_refused_and_can_be_allowed(field, words):
    found = rows(**{field: words})
    with pytest.raises(EvidenceError, match=rf"{field} is .*a_e01.* and .*b_e01") as refused:
        refuse_mixed(found, ())
    assert f"allow_mixed=['{field}']" in str(refused.value)
    refuse_mixed(found, field)
    refuse_mixed(found, ("any",))
    others = [name for name in FIELDS if name != field]
    with pytest.raises(EvidenceError, match=field):
        refuse_mixed(found, others)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("origin", ["diagnosis", "not_stated"]),
        ("setting", ["adjuvant", "several"]),
        ("analysis_set", ["randomised", "evaluable"]),
        ("exposure_timing", ["at_time_zero", "landmark"]),
        ("estimator", ["model", "meta_analysis"]),
    ],
)
def test_silence_and_kinds_that_go_together_are_not_refused(field, words):
    assert refuse_mixed(rows(**{field: words}), ()) is None


def test_crude_shares_never_join_survival_probabilities():
    found = rows(measure=["survival_probability", "proportion"])
    for allowed in ((), ("estimator",), "any"):
        with pytest.raises(EvidenceError, match=r"never pooled.*a_e01.*b_e01"):
            refuse_mixed(found, allowed)
    refuse_mixed(
        rows(measure=["survival_probability", "proportion"], endpoint=["overall_survival", "response"]), ()
    )


@pytest.mark.parametrize(
    "measures", [["median", "mean"], ["hazard_ratio", "odds_ratio"], ["survival_probability", "event_count"]]
)
def test_measures_of_different_things_are_never_pooled(measures):
    for allowed in ((), "any"):
        with pytest.raises(EvidenceError, match=r"never pooled.*a_e01.*b_e01"):
            refuse_mixed(rows(measure=measures), allowed)


def test_ratios_of_treatments_and_of_findings_are_told_apart_and_medians_of_groups_are_not():
    contrast = ["treatment", "prognostic"]
    with pytest.raises(EvidenceError, match="contrast is treatment"):
        refuse_mixed(rows(measure=["hazard_ratio"] * 2, contrast=contrast), ())
    refuse_mixed(rows(measure=["hazard_ratio"] * 2, contrast=contrast), "contrast")
    refuse_mixed(rows(contrast=contrast), ())


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"allow_mixed": "bogus"}, "allow_mixed names 'bogus'"),
        ({"endpoint": []}, "endpoint is an empty list"),
        ({"time": float("nan")}, "time is in months"),
        ({"time": -1}, "time is in months"),
        ({"time": []}, "time is in months"),
    ],
)
def test_a_question_that_nothing_can_meet_is_refused(store, asked, told):
    with pytest.raises(EvidenceError, match=told):
        store.select(**asked)


def test_an_unknown_field_is_named():
    with pytest.raises(EvidenceError, match="allow_mixed names 'stage'"):
        refuse_mixed(rows(), ("stage",))


def test_the_trial_after_surgery_is_not_pooled_with_those_of_advanced_disease(store):
    question = {"endpoint": "overall_survival", "measure": "hazard_ratio", "design": "rct", "site": "uterus"}
    with pytest.raises(EvidenceError, match=r"adjuvant \(wolfson_2007_gog0150_e04\)"):
        store.select(**question)
    narrow = store.select(**question, setting="advanced_or_recurrent")
    assert "wolfson_2007_gog0150" not in narrow.study_ids
    told = store.select(**question, allow_mixed="setting")
    assert set(narrow.study_ids) < set(told.study_ids)
    assert ("allow_mixed", ("setting",)) in told.criteria


def test_utilities_of_two_instruments_are_not_pooled(store):
    with pytest.raises(EvidenceError, match="instrument is"):
        store.select(endpoint="utility", measure="utility", population="any")
    found = store.select(
        endpoint="utility", measure="utility", population="any", instrument="eq_5d", study="schoenfeld_2021_ambulation_eq5d"
    )  # fmt: skip
    assert len(found) == 3


def test_a_question_that_is_not_pooled_is_answered_as_it_is(store):
    assert len(store.select(endpoint="overall_survival")) > 100
    assert len(store.select(measure="median")) > 50


@pytest.mark.parametrize("given", [{"allow_mixed": True}, {"site": 3}])
def test_a_criterion_that_is_no_word_is_refused_in_words(given):
    with pytest.raises(InputError, match="text or a list of texts"):
        load_evidence().select(endpoint="overall_survival", **given)
