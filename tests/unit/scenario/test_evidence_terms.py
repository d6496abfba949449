"""Curated rows as terms: what enters, what is left out and why."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survsim import evidence_model, load_evidence
from survsim.errors import EvidenceError, InputError
from survsim.evidence import Estimate
from survsim.scenario import case_terms, summary_terms


def row(name, measure="median", value=14.0, arm="all", study="s", **more):
    defaults = {"n_arm": 40.0, "site_group": "uterus", "endpoint": "overall_survival"}
    if measure == "median":
        defaults["value_unit"] = "months"
    return Estimate(
        estimate_id=name, study_id=study, arm_id=arm, measure=measure, value=value, **(defaults | more)
    )


def test_points_of_one_arm_become_one_term():
    made = summary_terms(
        [
            row("b", "survival_probability", 0.3, time=60.0),
            row("a", "survival_probability", 0.6, time=12.0),
            row("m"),
        ]
    )
    first, second = made.terms
    assert first.kind == "survival" and first.payload["time"].tolist() == [12.0, 60.0]
    assert first.source == ("estimates:a", "estimates:b") and first.site == "uterus"
    assert second.kind == "median" and made.left_out == ()
    assert len(made.to_frame()) == 2 and "2 terms of 1 studies" in made.headline()


def test_rows_without_error_or_value_are_named():
    made = summary_terms(
        [
            row("a", n_arm=float("nan")),
            row("b", value=float("nan"), value_qualifier="not_reached", study="t"),
            row("c", "hazard_ratio", 0.7, study="u"),
            row("d", event_detail="among_dead", study="v"),
            row("e", conf_low=15.0, conf_high=20.0, conf_level=0.95, study="w"),
        ]
    )
    reasons = dict(made.left_out)
    assert made.terms == ()
    assert "without an error" in reasons["estimates:a"] and "not_reached" in reasons["estimates:b"]
    assert "hazard_ratio" in reasons["estimates:c"] and "among_dead" in reasons["estimates:d"]
    assert reasons["estimates:e"].startswith("interval 15 to 20 excludes its estimate 14")


def test_a_cohort_and_its_subgroups_give_the_largest_arm():
    rows = [row("a", n_arm=60.0), row("b", arm="young", n_arm=25.0), row("c", arm="old", n_arm=35.0)]
    made = summary_terms(rows, n_total={"s": 60.0})
    assert [t.arm for t in made.terms] == ["all"]
    assert dict(made.left_out)["estimates:b"] == "shares patients with arm all"
    assert len(summary_terms(rows, nested="all").terms) == 3
    assert len(summary_terms(rows[1:], n_total={"s": 60.0}).terms) == 2  # two arms that make the study


def test_intervals_are_used_when_printed():
    made = summary_terms([row("a", n_arm=float("nan"), conf_low=9.0, conf_high=20.0, conf_level=0.95)])
    assert made.terms[0].payload["se_log"] == pytest.approx(np.log(20 / 9) / (2 * 1.959964), rel=1e-5)


def test_covariates_and_extra_sd_follow_the_row():
    made = summary_terms(
        [row("a", stage="I"), row("b", stage="IV", study="t", site_group="lung")],
        lambda r: {"advanced": float(r.stage == "IV")},
        extra_sd={"lung": 0.4},
    )
    assert [t.covariates["advanced"] for t in made.terms] == [0.0, 1.0]
    assert [t.extra_sd for t in made.terms] == [0.0, 0.4]
    with pytest.raises(EvidenceError, match="must give a mapping"):
        summary_terms([row("a")], lambda r: 3)


def test_words_of_a_column_stand_for_covariates_and_an_unknown_word_is_refused():
    rows = [row("a", stage="I"), row("b", stage="III", study="t"), row("c", study="u")]
    words = {"I": {"advanced": 0}, "III": {"advanced": 1}, "": {"advanced": 0.39}}
    made = summary_terms(rows, words, by="stage")
    assert [t.covariates["advanced"] for t in made.terms] == [0, 1, 0.39]
    with pytest.raises(EvidenceError, match=r"estimates:c: .*the stage ''; say what it stands for"):
        summary_terms(rows, {k: words[k] for k in ("I", "III")}, by="stage")
    with pytest.raises(InputError, match="by must be one of"):
        summary_terms(rows, words, by="stadium")
    with pytest.raises(InputError, match="a mapping for each word"):
        summary_terms(rows, {"I": 0}, by="stage")


def test_case_rules():
    cases = pd.DataFrame(
        [
            ("exact", 4.0, "exact", np.nan, "dead"),
            ("bound", 2.0, "upper_bound", np.nan, "dead"),
            ("about", 2.0, "approximate", np.nan, "dead"),
            ("alive", np.nan, "", 18.0, "unknown"),
            ("nothing", np.nan, "", np.nan, "dead"),
            ("mine", 11.0, "exact", np.nan, "dead"),
        ],
        columns=[
            "case_id",
            "survival_from_cns_months",
            "survival_qualifier",
            "last_known_alive_from_cns_months",
            "status",
        ],
    )
    made = case_terms(cases, without="mine", approximate=0.5)
    assert [(t.payload["status"], t.payload["low"], t.payload["high"]) for t in made.terms] == [
        ("exact", 4.0, 4.0), ("upper", 0.0, 2.0), ("interval", 1.5, 2.5), ("right", 18.0, 18.0),
    ]  # fmt: skip
    assert dict(made.left_out) == {
        "cases:nothing": "no survival and no last news", "cases:mine": "the case that is compared",
    }  # fmt: skip
    with pytest.raises(InputError, match="no column 'status'"):
        case_terms(cases.drop(columns="status"))


def test_shipped_evidence_fits_without_the_index_case():
    """Everything on overall survival in one model; the index case in nothing that it stands on."""
    evidence = load_evidence()
    found = evidence.select(
        endpoint="overall_survival", measure=["median", "survival_probability"], allow_mixed="any"
    )
    cases = evidence.cases()
    made = summary_terms(found)
    single = case_terms(cases[cases["strict_cns"] == "yes"], without="index_case", site="brain")
    model = evidence_model([*made.terms, *single.terms], site_scale=0.5, points=5)
    assert "cases:index_case" not in model.provenance.references()
    assert len(made.terms) > 50 and len(single.terms) == 6
    law = model.predict(new_site=True, draws=300).distribution
    assert 0.05 < float(law.survival(np.full((1, 1), 12.0)).mean()) < 0.95
