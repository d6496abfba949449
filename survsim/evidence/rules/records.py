"""Rules about single cases and about the bookkeeping: sources, overlaps, aliases, corrections, warnings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import numpy as np

from survsim.evidence.rules.rows import absent_row
from survsim.evidence.rules.rule import RULES, rule
from survsim.evidence.rules.tables import Tables
from survsim.evidence.schema.catalogue import tables
from survsim.evidence.schema.faults import WARNING, Fault, error, warning

COURSES = re.compile(r"(\d+(\.\d+)?)( then \d+(\.\d+)?)*")


@rule("licence_missing", sources=("citation", "licence"))
def licence_missing(t: Tables) -> Iterator[Fault]:
    """A set of raw files names its citation and its terms, or declares that none was seen."""
    for column in ("citation", "licence"):
        cells = t.text("sources", column).to_numpy()
        yield from t.where(
            "licence_missing",
            "sources",
            cells == "not_stated",
            "Find it before the data are passed on; it is declared as not stated.",
            column=column,
            severity=WARNING,
        )


@rule("dataset_without_source", patients=("dataset",), sources=("source_id",))
def dataset_without_source(t: Tables) -> Iterator[Fault]:
    """Every patient data set is described in sources."""
    known = set(t.text("sources", "source_id"))
    for name in t.text("patients", "dataset").unique():
        if name not in known:
            yield error(
                "dataset_without_source",
                "patients",
                "Add a row to declared/sources.csv.",
                row=name,
                column="dataset",
                value=name,
            )


@rule("dataset_without_origin", sources=("kind", "time_origin"))
def dataset_without_origin(t: Tables) -> Iterator[Fault]:
    """A patient data set says from when its times count."""
    patients = (t.text("sources", "kind") == "patients").to_numpy()
    wrong = patients & t.text("sources", "time_origin").isin(["", "not_stated"]).to_numpy()
    yield from t.where(
        "dataset_without_origin",
        "sources",
        wrong,
        "State the time origin.",
        column="time_origin",
        severity=WARNING,
    )


@rule("case_dead_and_censored", cases=("survival_from_cns_months", "last_known_alive_from_cns_months"))
def case_dead_and_censored(t: Tables) -> Iterator[Fault]:
    """A case has a time of death or a censoring time, not both."""
    both = ~np.isnan(t.number("cases", "survival_from_cns_months")) & ~np.isnan(
        t.number("cases", "last_known_alive_from_cns_months")
    )
    yield from t.where(
        "case_dead_and_censored",
        "cases",
        both,
        "Keep one of the two times.",
        column="last_known_alive_from_cns_months",
    )


@rule("case_death_without_status", cases=("survival_from_cns_months", "status", "survival_qualifier"))
def case_death_without_status(t: Tables) -> Iterator[Fault]:
    """A case with a time of death is dead, and the time says how exact it is."""
    timed = ~np.isnan(t.number("cases", "survival_from_cns_months"))
    for column, wrong in (
        ("status", (t.text("cases", "status") != "dead").to_numpy()),
        ("survival_qualifier", (t.text("cases", "survival_qualifier") == "").to_numpy()),
    ):
        yield from t.where("case_death_without_status", "cases", timed & wrong, "Fill it in.", column=column)


@rule("case_courses", cases=("rt_dose_gy", "rt_fractions"))
def case_courses(t: Tables) -> Iterator[Fault]:
    """Doses and fractions of courses are numbers joined by `then`, as many of one as of the other."""
    for column in ("rt_dose_gy", "rt_fractions"):
        wrong = np.array([c != "" and not COURSES.fullmatch(c) for c in t.text("cases", column)], bool)
        yield from t.where("case_courses", "cases", wrong, "Write for example: 44.0 then 40.", column=column)
    counts = [
        (d.count("then"), f.count("then")) if COURSES.fullmatch(d) and COURSES.fullmatch(f) else (0, 0)
        for d, f in zip(t.text("cases", "rt_dose_gy"), t.text("cases", "rt_fractions"))
    ]
    yield from t.where(
        "case_courses",
        "cases",
        np.array([a != b for a, b in counts], bool),
        "Give one number of fractions for each dose.",
        column="rt_fractions",
    )


@rule("overlap_of_one", overlaps=("cluster_id", "study_id"))
def overlap_of_one(t: Tables) -> Iterator[Fault]:
    """A cluster of studies that share patients has at least two."""
    counts = t.text("overlaps", "cluster_id").map(t.text("overlaps", "cluster_id").value_counts())
    yield from t.where(
        "overlap_of_one",
        "overlaps",
        (counts == 1).to_numpy(),
        "Name the other study; a mistyped cluster leaves two that have one.",
        column="cluster_id",
        cause="alone",
    )


@rule("overlap_of_parts", overlaps=("cluster_id", "role"))
def overlap_of_parts(t: Tables) -> Iterator[Fault]:
    """A cluster has a whole or members: parts alone share nothing."""
    roles = t.frames["overlaps"].groupby("cluster_id")["role"].agg(set)
    for cluster in roles.index[[r == {"part"} for r in roles]]:
        yield error(
            "overlap_of_parts",
            "overlaps",
            "Mark the study that contains them as whole.",
            row=cluster,
            column="role",
            value="part",
        )


@rule("overlap_not_declared", studies=("study_id", "overlap_note"), overlaps=("study_id",))
def overlap_not_declared(t: Tables) -> Iterator[Fault]:
    """A study whose note speaks of shared patients stands in a cluster."""
    says = t.text("studies", "overlap_note").str.contains(
        r"overlap|shares? patients|contains|superset|subset|inside", case=False
    )
    wrong = says & ~t.text("studies", "study_id").isin(t.text("overlaps", "study_id"))
    yield from t.where(
        "overlap_not_declared",
        "studies",
        wrong.to_numpy(),
        "Add it to declared/overlaps.csv, or say why not.",
        column="overlap_note",
        severity=WARNING,
    )


@rule("alias_still_there", aliases=("alias_id",), studies=("study_id",))
def alias_still_there(t: Tables) -> Iterator[Fault]:
    """A name that was merged away is not a study any more."""
    wrong = t.text("aliases", "alias_id").isin(t.text("studies", "study_id")).to_numpy()
    yield from t.where("alias_still_there", "aliases", wrong, "Run survsim data curate.", column="alias_id")


@rule("stray_row_name", corrections=("table", "row_id"), flags=("table", "row_id"))
def stray_row_name(t: Tables) -> Iterator[Fault]:
    """Corrections and flags name rows that exist."""
    for name in ("corrections", "flags"):
        for table in t.text(name, "table").unique():
            wanted = (t.text(name, "table") == table).to_numpy()
            known = _row_names(t, table)
            wrong = wanted & ~t.text(name, "row_id").isin(known).to_numpy()
            yield from t.where(
                "stray_row_name",
                name,
                wrong,
                f"There is no such row in {table}; correct the name or remove the line.",
                column="row_id",
                cause=partial(absent_row, t, table, name, "row_id"),
            )


@rule("excluded_but_used", excluded=("item_id",), estimates=("estimate_id",), studies=("study_id",))
def excluded_but_used(t: Tables) -> Iterator[Fault]:
    """What was left out is not used."""
    used = set(t.text("estimates", "estimate_id")) | set(t.text("studies", "study_id"))
    wrong = t.text("excluded", "item_id").isin(used).to_numpy()
    yield from t.where(
        "excluded_but_used", "excluded", wrong, "Remove one of the two rows.", column="item_id"
    )


@rule("unknown_rule", known_warnings=("rule", "table"))
def unknown_rule(t: Tables) -> Iterator[Fault]:
    """An explained warning names a rule and a table that exist."""
    for column, known in (("rule", set(RULES)), ("table", set(tables()))):
        wrong = ~t.text("known_warnings", column).isin(known).to_numpy()
        yield from t.where(
            "unknown_rule", "known_warnings", wrong, "Correct the name.", column=column, severity=WARNING
        )


@rule("flagged", flags=("table", "row_id", "column", "explanation"))
def flagged(t: Tables) -> Iterator[Fault]:
    """Entries that look wrong and were left as recorded are pointed out."""
    frame = t.frames["flags"]
    for row in frame.itertuples(index=False):
        yield warning(
            "flagged",
            str(row.table),
            f"Read the source again, then correct the entry or leave it: {row.explanation}.",
            row=row.row_id,
            column=str(row.column),
            value=row.value,
        )


def _row_names(t: Tables, table: str) -> set[str]:
    if table not in t.frames:
        return set()
    gone = set(t.text("excluded", "item_id")) if t.has("excluded", ("item_id",)) else set()
    return gone | set(t.row_names(table, np.arange(len(t.frames[table]))))
