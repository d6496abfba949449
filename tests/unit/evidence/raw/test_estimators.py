"""How a number was estimated follows from its cells or its words, says on what it rests, and is never guessed."""

from __future__ import annotations

import pytest

from survsim.evidence.raw.declared import Declared
from survsim.evidence.raw.estimators import settle_estimator
from survsim.evidence.schema.catalogue import tables

DECLARED = Declared(
    tables={
        "endpoints": [
            {"endpoint": "response", "kind": "occurrence"},
            {"endpoint": "overall_survival", "kind": "time_to_event"},
        ]
    }
)


def settled(read_what="abstract", note_of_study="", **cells):
    row = dict.fromkeys(tables()["estimates"].names, "") | {
        "estimator": "not_reported",
        "endpoint": "response",
    }
    row |= cells
    study = {"read_what": read_what, "population_note": note_of_study, "risk_of_bias_note": ""}
    settle_estimator(row, DECLARED, study)
    return row["estimator"], row["estimator_source"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"measure": "proportion", "value": "0.35", "n_arm": "20"}, ("crude", "share_of_whole_patients")),
        # 0.36 of 20 patients is no whole number of them; of 200 every share of two figures is.
        ({"measure": "proportion", "value": "0.36", "n_arm": "20"}, ("not_reported", "not_in_abstract")),
        ({"measure": "proportion", "value": "0.35", "n_arm": "200"}, ("not_reported", "not_in_abstract")),
        # A share at a horizon may be an estimate with censoring.
        (
            {"measure": "proportion", "value": "0.35", "n_arm": "20", "time": "12"},
            ("not_reported", "not_in_abstract"),
        ),
        (
            {"measure": "proportion", "value": "0.35", "n_arm": "20", "n_event": "7"},
            ("crude", "counts_printed"),
        ),
        # Of a stated number of patients none, in words: a crude zero; without the number nobody knows of how many.
        (
            {"measure": "proportion", "value": "0", "n_arm": "20", "value_qualifier": "zero_in_words"},
            ("crude", "share_of_whole_patients"),
        ),
        (
            {"measure": "proportion", "value": "0", "value_qualifier": "zero_in_words"},
            ("not_reported", "not_in_abstract"),
        ),
        ({"measure": "event_count", "value": "7"}, ("crude", "counts_printed")),
        ({"measure": "hazard_ratio", "value": "0.7"}, ("model", "ratio_of_a_model")),
        ({"measure": "odds_ratio", "value": "0.7", "adjustment": "unadjusted"}, ("not_reported", "not_in_abstract")),
        ({"measure": "odds_ratio", "value": "0.7", "note": "printed as OR of a Cox model"}, ("model", "text_read")),
        ({"measure": "hazard_ratio", "value": "0.7", "adjustment": "pooled"}, ("meta_analysis", "pooled")),
        ({"measure": "proportion", "value": "0.57", "note": "crude, no fixed horizon"}, ("crude", "text_read")),
        ({"measure": "utility", "value": "0.6"}, ("not_applicable", "not_applicable")),
        ({"measure": "median", "value": "9", "estimator": "kaplan_meier"}, ("kaplan_meier", "text_read")),
        ({"measure": "median", "value": "9", "endpoint": "overall_survival"}, ("not_reported", "not_in_abstract")),
    ],
)  # fmt: skip
def test_what_the_cells_and_words_of_a_number_settle(cells, expected):
    assert settled(**cells) == expected


def test_a_note_of_the_study_speaks_of_its_curves_alone():
    curve = {"measure": "median", "value": "9", "endpoint": "overall_survival"}
    assert settled(note_of_study="Kaplan-Meier of 36 operated", **curve) == ("kaplan_meier", "text_read")
    share = {"measure": "proportion", "value": "0.5", "endpoint": "overall_survival"}
    assert settled(note_of_study="Kaplan-Meier of 36 operated", **share)[0] == "not_reported"


def test_the_reason_says_which_text_is_silent():
    curve = {"measure": "median", "value": "9", "endpoint": "overall_survival"}
    assert settled("full_text", **curve)[1] == "not_in_full_text"
    assert settled("news_report", **curve)[1] == "not_in_secondary_source"
    assert settled("registry_results", **curve)[1] == "not_in_registry_results"


@pytest.mark.parametrize(
    ("read_what", "source"),
    [("abstract", "not_in_abstract"), ("meeting_abstract", "not_in_abstract"), ("news_report", "not_in_secondary_source")],
)  # fmt: skip
def test_a_meeting_abstract_is_silent_as_an_abstract_is(read_what, source):
    assert settled(read_what, endpoint="overall_survival", measure="median", value="9") == (
        "not_reported",
        source,
    )
