"""Why a number was not pooled: every criterion it does not meet, and the word that was perhaps meant."""

from __future__ import annotations

import pytest

import survsim
from survsim.core.errors import InputError
from survsim.report import not_pooled
from survsim.report.unpooled import _meant, _why

QUESTION = {"endpoint": "overall_survival", "measure": "hazard_ratio"}
MIXED = ["origin", "setting", "line", "exposure_timing", "contrast"]
WANTED = {"population": ("index",), "endpoint": ("overall_survival",)}


@pytest.fixture(scope="module")
def evidence():
    return survsim.load_evidence()


def test_every_row_that_is_not_kept_has_its_reason(evidence):
    kept = evidence.select(**QUESTION, allow_mixed=MIXED).frame["estimate_id"]
    frame = not_pooled(evidence, QUESTION, kept, why="shares patients")
    assert len(frame) == len(evidence.estimates) - len(kept)
    assert not set(frame["number"]) & set(kept)
    # Who meets every criterion is kept, or shares patients with one that is.
    shared = frame["why"] == "shares patients"
    assert 0 < shared.sum() < len(kept) + 60
    assert frame["why"][~shared].str.match(r"(population|endpoint|measure) ").all()


def test_a_row_that_meets_the_question_and_is_not_kept_says_what_was_told(evidence):
    one = evidence.select(**QUESTION, allow_mixed=MIXED).frame["estimate_id"].iloc[0]
    frame = not_pooled(evidence, QUESTION, [], why="shares patients with another")
    assert frame.set_index("number").loc[one, "why"] == "shares patients with another"


@pytest.mark.parametrize("typed", ["OS", "os", "Overall survival", "overall-survival", "overal_survival"])
def test_a_slip_is_followed_by_the_word_that_was_meant(typed):
    row = {"population": "index", "endpoint": typed}
    said = _why(row, WANTED, {"os": "overall_survival"}, "")
    assert said == f"endpoint {typed}: did you mean overall_survival?"


def test_another_endpoint_is_no_slip():
    short = {"pfs": "progression_free_survival", "css": "cancer_specific_survival"}
    row = {"population": "control", "endpoint": "progression_free_survival"}
    said = _why(row, WANTED, short, "")
    assert (
        said
        == "population control: asked for index; endpoint progression_free_survival: asked for overall_survival"
    )
    assert _meant("PFS", ("overall_survival",), short) == ""


def test_what_was_not_typed_is_said_to_be_missing():
    row = {"population": "index", "endpoint": float("nan")}
    assert _why(row, WANTED, {}, "") == "endpoint not given: asked for overall_survival"


@pytest.mark.parametrize("question", [{}, {"endpoint": 3}, {"endpoint": []}, {"colour": "blue"}])
def test_a_question_that_is_none_is_refused(evidence, question):
    with pytest.raises(InputError):
        not_pooled(evidence, question)
