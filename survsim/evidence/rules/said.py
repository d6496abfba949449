"""Rules about what the words of a row say and its cells do not: a status in a label, a p value or a place of death in a note."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from survsim.evidence.rules.rule import rule
from survsim.evidence.rules.tables import Tables
from survsim.evidence.schema.faults import WARNING, Fault

E, A, S = "estimates", "arms", "studies"
STATUS = re.compile(r"\b(?:ECOG|KPS|KPI|Karnofsky|performance status)(?![a-z])", re.IGNORECASE)
PER_UNIT = re.compile(r"\bper (?:point|unit|step|grade)\b", re.IGNORECASE)
P_VALUE = re.compile(r"(?<![A-Za-z])[Pp](?:[ -]value)? ?(?:[<=>]|0?\.\d)")
IN_HOSPITAL = re.compile(r"\b(?:in hospital|hospital stay)\b", re.IGNORECASE)
MEDIAN_OF_ALL = re.compile(r"^median follow-up (?:printed as )?[\d.]+ (?:years|months|weeks|days)$")
YEAR = re.compile(r"\b(?:19|20)\d\d(?=[;:( ]|$)")
STATES_OF = dict.fromkeys(
    ("progression_free_survival", "progression_free_interval", "time_to_progression"), "progression"
)
"""Endpoints that inform one state of a disease model only."""


@rule("status_in_label", arms=("label", "performance_status"))
def status_in_label(t: Tables) -> Iterator[Fault]:
    """A group whose label names its performance status has it; a ratio per point is of no one status."""
    named = t.matches(A, "label", lambda c: STATUS.search(c) is not None and PER_UNIT.search(c) is None)
    unsaid = t.text(A, "performance_status").isin(["", "not_reported"]).to_numpy()
    yield from t.where(
        "status_in_label",
        A,
        named & unsaid,
        "Write the status that its label names into performance_status.",
        column="performance_status",
        severity=WARNING,
    )


@rule("p_in_note", estimates=("p_value", "p_note", "note"))
def p_in_note(t: Tables) -> Iterator[Fault]:
    """A p value that stands in the note only is not found by those who look for it."""
    printed = t.matches(E, "note", lambda c: P_VALUE.search(c) is not None)
    bare = ((t.text(E, "p_value") == "") & (t.text(E, "p_note") == "")).to_numpy()
    yield from t.where(
        "p_in_note",
        E,
        printed & bare,
        "Move the p value of the note into p_value, and say in p_scope what it tests.",
        column="p_value",
        severity=WARNING,
    )


@rule("death_in_hospital", estimates=("event_detail", "note"))
def death_in_hospital(t: Tables) -> Iterator[Fault]:
    """Deaths that a note counts in hospital are not called deaths in general."""
    inside = t.matches(E, "note", lambda c: IN_HOSPITAL.search(c) is not None)
    yield from t.where(
        "death_in_hospital",
        E,
        inside & (t.text(E, "event_detail") == "death").to_numpy(),
        "Write in_hospital_death: its note counts deaths in hospital.",
        column="event_detail",
        severity=WARNING,
    )


@rule("state_of_endpoint", estimates=("endpoint", "state"))
def state_of_endpoint(t: Tables) -> Iterator[Fault]:
    """Survival without progression informs the state of progression, where a state is named."""
    expected = t.text(E, "endpoint").map(STATES_OF).fillna("").to_numpy()
    state = t.text(E, "state").to_numpy()
    yield from t.where(
        "state_of_endpoint",
        E,
        np.asarray((expected != "") & (state != "") & (state != expected), bool),
        "Write progression as the state, or correct the endpoint.",
        column="state",
        severity=WARNING,
    )


@rule("stage_of_a_contrast", estimates=("stage",), arms=("stage_mix",))
def stage_of_a_contrast(t: Tables) -> Iterator[Fault]:
    """The stage of a number is that of its own group; the one compared with belongs to the comparator."""
    for table, column in ((E, "stage"), (A, "stage_mix")):
        yield from t.where(
            "stage_of_a_contrast",
            table,
            t.matches(table, column, lambda c: " vs " in c),
            "Keep the stage of the group itself; the other one is that of the comparator.",
            column=column,
            severity=WARNING,
        )


@rule("year_in_journal", studies=("year", "journal"))
def year_in_journal(t: Tables) -> Iterator[Fault]:
    """A study without a year has none in its citation either."""
    printed = t.matches(S, "journal", lambda c: YEAR.search(c) is not None)
    yield from t.where(
        "year_in_journal",
        S,
        printed & (t.text(S, "year") == "").to_numpy(),
        "Take the year from the citation of the journal.",
        column="year",
        severity=WARNING,
    )


@rule("histology_of_groups", studies=("study_id", "histology"), arms=("study_id", "declared_as", "histology"))
def histology_of_groups(t: Tables) -> Iterator[Fault]:
    """A study whose groups all have one histology has it too; the disease of the folder has a rule of its own."""
    arms = t.frames[A][t.text(A, "declared_as") == "arm"]
    of_groups = arms.groupby("study_id")["histology"].agg(["nunique", "first"])
    ids, own = t.text(S, "study_id"), t.text(S, "histology")
    one = ids.map(of_groups["nunique"]).eq(1)
    theirs = ids.map(of_groups["first"]).fillna("")
    wrong = one & (own != theirs) & (own != "carcinosarcoma") & (theirs != "carcinosarcoma")
    yield from t.where(
        "histology_of_groups",
        S,
        wrong.to_numpy(),
        "Give the study the histology of its groups, or check theirs.",
        column="histology",
        severity=WARNING,
    )


@rule("residual_in_regimen", arms=("regimen", "residual_disease"))
def residual_in_regimen(t: Tables) -> Iterator[Fault]:
    """What was given is not what surgery left, which has a column of its own."""
    yield from t.where(
        "residual_in_regimen",
        A,
        t.matches(A, "regimen", lambda c: "residual" in c.lower()),
        "Write the operation as the regimen, and what it left into residual_disease.",
        column="regimen",
        severity=WARNING,
    )


@rule("median_in_words", studies=("followup_note", "median_followup_months"))
def median_in_words(t: Tables) -> Iterator[Fault]:
    """A median follow-up of the study that is printed in years or days stands in months too."""
    yield from t.where(
        "median_in_words",
        S,
        t.matches(S, "followup_note", lambda c: MEDIAN_OF_ALL.search(c) is not None)
        & np.isnan(t.number(S, "median_followup_months")),
        "Write the median into median_followup_months: years times 12, days at 30.44 a month.",
        column="median_followup_months",
        severity=WARNING,
    )
