"""Rules about rows together: keys, references, repeats, arms, comparators, studies."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from survsim.evidence.rules.groups import joined, rises
from survsim.evidence.rules.rule import rule
from survsim.evidence.rules.tables import Tables
from survsim.evidence.schema.catalogue import tables
from survsim.evidence.schema.faults import WARNING, Fault
from survsim.evidence.schema.table import RATIOS

E = "estimates"
GROUP = (
    "study_id",
    "arm_id",
    "endpoint",
    "event_detail",
    "grade",
    "origin",
    "adjustment",
    "adjusted_for",
    "stage",
)
SAME = (*GROUP, "measure", "time", "value_unit", "comparator", "instrument")
SURROGATE = "cns_surrogate_"
NOT_PATIENTS = ("lesion", "course", "assessment", "study")


@rule("duplicate_key")
def duplicate_key(t: Tables) -> Iterator[Fault]:
    """Every row has a name of its own."""
    for name, frame in t.frames.items():
        key = list(tables()[name].key)
        if set(key) <= set(frame.columns):
            wrong = frame.duplicated(key, keep="first").to_numpy()
            yield from t.where(
                "duplicate_key", name, wrong, "Two rows have this key; rename or remove one.", column=key[-1]
            )


@rule("unknown_reference")
def unknown_reference(t: Tables) -> Iterator[Fault]:
    """Every row that is pointed at exists."""
    for name in t.frames:
        broken = np.zeros(len(t.frames[name]), bool)
        # The shorter key first: an arm of a study that is not there is not another fault.
        for key in sorted(tables()[name].foreign_keys, key=lambda k: len(k.columns)):
            if t.has(name, key.columns) and t.has(key.table, key.references):
                known = t.names(key.table, key.references)
                asked = t.names(name, key.columns)
                wrong = ~asked.isin(known).to_numpy()
                longer = len(key.columns) > 1
                yield from t.where(
                    "unknown_reference",
                    name,
                    wrong & ~broken if longer else wrong,
                    f"There is no such row in {key.table}; add it or correct the name.",
                    column=key.columns[-1],
                    cause=absent(key.table) + asked.str.replace("\x1f", "/") if wrong.any() else "",
                )
                broken |= wrong & (key.table == "studies")


def absent(table: str) -> str:
    """How a cause begins that is a row which is pointed at and not there."""
    return f"no {table}/"


def absent_row(t: Tables, target: str, table: str, column: str) -> pd.Series:
    """The cause for each cell of a column that names a row of another table."""
    return absent(target) + t.text(table, column)


@rule("repeated_number", estimates=SAME)
def repeated_number(t: Tables) -> Iterator[Fault]:
    """The same number is not given twice."""
    frame = t.frames[E]
    wrong = frame.duplicated([*SAME, "value"], keep="first").to_numpy()
    yield from t.where("repeated_number", E, wrong, "Remove one of the rows.", column="value")


@rule("conflicting_rows", estimates=SAME)
def conflicting_rows(t: Tables) -> Iterator[Fault]:
    """Two rows do not say the same thing differently."""
    frame = t.frames[E]
    alike = frame.duplicated(list(SAME), keep=False)
    repeated = frame.duplicated([*SAME, "value"], keep=False)
    yield from t.where(
        "conflicting_rows",
        E,
        (alike & ~repeated).to_numpy(),
        "Say what separates the rows (event_detail, grade, origin, adjusted_for), or remove one.",
        column="value",
        cause=lambda: joined(frame, SAME),
    )


@rule("survival_rises", estimates=(*GROUP, "measure", "time", "value"))
def survival_rises(t: Tables) -> Iterator[Fault]:
    """Survival at a later time is not above survival at an earlier one, within one arm and adjustment.

    A time before zero is no time at all; another rule tells it.
    """
    survival = (t.text(E, "measure") == "survival_probability").to_numpy()
    rows = np.flatnonzero(survival & ~(t.number(E, "time") < 0))
    frame = (
        t.frames[E]
        .iloc[rows][list(GROUP)]
        .assign(at=t.number(E, "time")[rows], s=t.number(E, "value")[rows], row=rows)
    )
    yield from rises(t, frame, list(GROUP), "survival_rises", E, "value")


@rule("unknown_comparator", estimates=("study_id", "comparator"), arms=("study_id", "arm_id"))
def unknown_comparator(t: Tables) -> Iterator[Fault]:
    """A comparator is an arm of the study or a declared label."""
    known = t.names("arms", ("study_id", "arm_id"))
    named = (t.text(E, "comparator") != "").to_numpy()
    wrong = named & ~joined(t.frames[E], ("study_id", "comparator")).isin(known).to_numpy()
    yield from t.where(
        "unknown_comparator",
        E,
        wrong,
        "Add a row in arms (declared_as label) or correct the name.",
        column="comparator",
        cause=lambda: absent("arms") + t.text(E, "study_id") + "/" + t.text(E, "comparator"),
    )


@rule("self_comparison", estimates=("arm_id", "comparator"))
def self_comparison(t: Tables) -> Iterator[Fault]:
    """A group is not compared with itself."""
    yield from t.where(
        "self_comparison",
        E,
        (t.text(E, "arm_id") == t.text(E, "comparator")).to_numpy(),
        "Name the other group.",
        column="comparator",
    )


@rule("ratio_without_comparator", estimates=("measure", "comparator"))
def ratio_without_comparator(t: Tables) -> Iterator[Fault]:
    """A ratio says what it is compared with."""
    wrong = t.text(E, "measure").isin(RATIOS).to_numpy() & (t.text(E, "comparator") == "").to_numpy()
    yield from t.where(
        "ratio_without_comparator", E, wrong, "Name the comparator.", column="comparator", severity=WARNING
    )


@rule(
    "arm_exceeds_study",
    estimates=("study_id", "n_arm", "unit_of_analysis"),
    studies=("study_id", "n_total"),
)
def arm_exceeds_study(t: Tables) -> Iterator[Fault]:
    """A group of patients is not larger than its study; courses and lesions may be."""
    total = dict(zip(t.text("studies", "study_id"), t.number("studies", "n_total")))
    n = t.text(E, "study_id").map(total).to_numpy(float)
    patients = ~t.text(E, "unit_of_analysis").isin(NOT_PATIENTS).to_numpy()
    yield from t.where(
        "arm_exceeds_study",
        E,
        (t.number(E, "n_arm") > n) & patients,
        "Check both counts; a control group may stand outside the study's count.",
        column="n_arm",
        severity=WARNING,
        cause=lambda: t.text(E, "study_id"),
    )


@rule("surrogate_as_index", studies=("site", "population", "histology"))
def surrogate_as_index(t: Tables) -> Iterator[Fault]:
    """A surrogate for the nervous system is never called the disease under study."""
    surrogate = t.text("studies", "site").str.startswith(SURROGATE).to_numpy()
    wrong = surrogate & ~t.text("studies", "population").isin(["surrogate", "control"]).to_numpy()
    yield from t.where("surrogate_as_index", "studies", wrong, "Write surrogate.", column="population")


@rule(
    "control_as_index",
    estimates=("study_id", "arm_id", "population"),
    arms=("study_id", "arm_id", "population"),
)
def control_as_index(t: Tables) -> Iterator[Fault]:
    """A number of a control group is not marked as the disease under study."""
    marked = dict(zip(t.names("arms", ("study_id", "arm_id")), t.text("arms", "population")))
    of_arm = t.names(E, ("study_id", "arm_id")).map(marked)
    wrong = (of_arm == "control") & (t.text(E, "population") == "index")
    yield from t.where(
        "control_as_index",
        E,
        wrong.to_numpy(),
        "Give the row the population of its arm.",
        column="population",
        cause=lambda: t.names(E, ("study_id", "arm_id")),
    )


@rule("period_order", studies=("period_start", "period_end"))
def period_order(t: Tables) -> Iterator[Fault]:
    """A period of inclusion ends after it starts."""
    wrong = t.number("studies", "period_start") > t.number("studies", "period_end")
    yield from t.where("period_order", "studies", wrong, "Exchange the years.", column="period_end")


@rule("study_without_number", studies=("study_id",), estimates=("study_id",))
def study_without_number(t: Tables) -> Iterator[Fault]:
    """A study has at least one number."""
    wrong = ~t.text("studies", "study_id").isin(t.text(E, "study_id")).to_numpy()
    yield from t.where(
        "study_without_number",
        "studies",
        wrong,
        "Add its numbers, or move it to excluded.",
        column="study_id",
        severity=WARNING,
    )


@rule("not_findable", studies=("doi", "pmid", "nct", "url"))
def not_findable(t: Tables) -> Iterator[Fault]:
    """A study can be found: by DOI, PubMed number, registration or address."""
    frame = t.frames["studies"]
    wrong = (frame[["doi", "pmid", "nct", "url"]] == "").all(axis=1)
    yield from t.where(
        "not_findable",
        "studies",
        wrong.to_numpy(),
        "Search for its title and fill doi, pmid, nct or url; nobody can check its numbers until then.",
        column="doi",
        severity=WARNING,
    )


@rule("same_identifier", studies=("doi", "pmid"))
def same_identifier(t: Tables) -> Iterator[Fault]:
    """Two studies do not have one DOI or PubMed number."""
    for column in ("doi", "pmid"):
        cells = t.text("studies", column).str.lower()
        wrong = (cells != "") & cells.duplicated(keep=False)
        yield from t.where(
            "same_identifier",
            "studies",
            wrong.to_numpy(),
            "One publication has one row; merge them through the table aliases.",
            column=column,
            cause=cells,
        )
