"""Judgements of bias: overall by hand, both tables joined, rows of reports judged, nothing judged without support."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import yaml

import survsim
from survsim.evidence.ask.bias import risk_of_bias
from survsim.evidence.ask.grade import grade_parts
from survsim.evidence.schema.bias import TOOL
from survsim.evidence.schema.catalogue import tables
from survsim.evidence.schema.typed import typed

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def store():
    return survsim.load_evidence(ROOT / "data")


def judged(words: dict[str, list[str]], tool: str = "rob2"):
    """A table function whose only judged row is `a`: for each judge, one word a domain."""
    import pandas as pd

    rows = [
        ("estimates", "a", tool, domain, word, "read", judge, "")
        for judge, own in words.items()
        for domain, word in zip(TOOL[tool].domains, own, strict=True)
    ]
    frames = {
        "bias": pd.DataFrame(rows, columns=list(tables()["bias"].names)),
        "bias_priors": pd.DataFrame(
            [("rob2", "high", "-0.1", "0.2", "assumed")], columns=list(tables()["bias_priors"].names)
        ),
        "estimates": pd.DataFrame({"estimate_id": ["a", "b"], "study_id": ["s", "s"]}),
        "cases": pd.DataFrame({"case_id": ["c"]}),
    }
    return lambda name: typed(tables()[name], frames[name]) if name.startswith("bias") else frames[name]


@pytest.mark.parametrize(
    ("words", "overall", "not_told"),
    [
        (["low"] * 5, "low", 0),
        (["low"] * 4 + ["no_information"], "no_information", 1),
        (["no_information"] * 5, "no_information", 5),
        (["low", "some_concerns", "no_information", "low", "low"], "some_concerns", 1),
        (["some_concerns", "high", "low", "low", "low"], "high", 0),
    ],
)
def test_the_overall_judgement_by_hand(words, overall, not_told):
    row = risk_of_bias(judged({"one": words})).overall().iloc[0]
    assert (row["overall"], row["not_told"], row["study_id"]) == (overall, not_told, "s")


def test_of_two_judges_the_worst_counts_and_the_domain_is_named():
    found = risk_of_bias(judged({"one": ["low"] * 5, "two": ["low", "low", "high", "low", "low"]}))
    row = found.priors().iloc[0]
    assert (row["overall"], row["because"], row["mean"], row["sd"]) == (
        "high",
        "missing outcome data",
        -0.1,
        0.2,
    )


def test_a_judgement_without_a_declared_prior_has_none():
    assert np.isnan(risk_of_bias(judged({"one": ["low"] * 5})).priors()["sd"].iloc[0])


def test_rows_that_nobody_judged_are_named_and_unknown_ones_refused():
    found = risk_of_bias(judged({"one": ["low"] * 5}), ["b", "a"])
    assert found.unjudged == ("b",)
    assert "1 rows without a judgement" in found.headline()
    with pytest.raises(survsim.errors.EvidenceError, match="no number and no case is called z"):
        risk_of_bias(judged({"one": ["low"] * 5}), ["z"])
    with pytest.raises(survsim.errors.EvidenceError, match="tool must be one of rob2, robins_i"):
        risk_of_bias(judged({"one": ["low"] * 5}), tool="rob")


def _what_it_uses(path):
    """A file's text without the numbers that its rule leaves out: only what is used is judged."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content.pop("exclude", None)
    return yaml.safe_dump(content)


def test_every_number_that_a_scenario_names_is_judged(store):
    known = set(store.estimates["estimate_id"])
    text = "".join(_what_it_uses(p) for p in sorted((ROOT / "analyses").glob("*/*.yml")))
    named = set(re.findall(r"\w+", text)) & known
    assert len(named) > 40
    assert store.risk_of_bias(sorted(named)).unjudged == ()


def test_every_case_is_judged(store):
    assert store.risk_of_bias(store.cases()["case_id"]).unjudged == ()


def test_each_kind_of_number_has_its_tool(store):
    judged = (
        store.risk_of_bias()
        .overall()
        .merge(
            store.estimates[["estimate_id", "measure", "contrast", "randomised"]],
            left_on="row_id",
            right_on="estimate_id",
        )
    )
    ratio = judged["measure"].str.endswith("ratio")
    drawn = judged["randomised"] == "yes"
    assert set(judged[ratio & drawn]["tool"]) == {"rob2"}
    assert set(judged[ratio & ~drawn & (judged["contrast"] == "treatment")]["tool"]) == {"robins_i"}
    assert set(judged[~ratio]["tool"]) == {"quips"}


def test_what_is_quoted_as_support_stands_in_the_tables(store):
    bias, studies = store.bias, store.studies.set_index("study_id")
    rows = store.estimates.set_index("estimate_id")
    quoted = 0
    for row, support in zip(bias["row_id"], bias["support"]):
        for column, words in re.findall(r'studies\.(\w+): "([^"]+)"', support):
            assert words in str(studies.loc[rows.loc[row, "study_id"], column]), row
            quoted += 1
        for words in re.findall(r'estimates\.note: "([^"]+)"', support):
            assert words in rows.loc[row, "note"], row
    assert quoted > 100


def test_every_prior_says_what_it_rests_on_and_worse_is_wider(store):
    priors = store.bias_priors
    assert priors["basis"].str.startswith("assumed").all()
    for tool, part in priors.groupby("tool"):
        sd = part.set_index("judgement")["sd"]
        assert list(sd[list(TOOL[tool].judgements)]) == sorted(sd[list(TOOL[tool].judgements)])


def test_a_grade_is_three_columns(store):
    import pandas as pd

    parts = grade_parts(pd.Series(["A3-abstract", "D1-full", "C9-secondary", ""]))
    assert list(parts["grade_design"]) == ["randomised", "case_series", "cohort_or_registry", ""]
    assert list(parts["grade_distance"]) == ["same_disease", "spinal_canal", "", ""]
    assert list(parts["grade_reading"]) == ["abstract", "full", "secondary", ""]
    frame = store.estimates
    assert (frame["grade_distance"] == frame["directness"]).all()
