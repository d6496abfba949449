"""Rules about words without a closed list: a code that is one letter away from a usual one, names out of the pattern."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import partial

import numpy as np

from survsim.evidence.rules.rows import absent_row
from survsim.evidence.rules.rule import rule
from survsim.evidence.rules.tables import Tables
from survsim.evidence.schema.faults import WARNING, Fault

E = "estimates"
CODES = (
    ("studies", "site"),
    ("studies", "site_group"),
    ("studies", "histology"),
    ("arms", "site"),
    ("arms", "site_group"),
    ("arms", "histology"),
    ("arms", "treatment"),
    (E, "state"),
    (E, "origin"),
    (E, "event_detail"),
    (E, "instrument"),
    (E, "histology"),
    (E, "value_unit"),
    ("overlaps", "cluster_id"),
    ("cases", "cns_site"),
    ("drugs", "agent"),
    ("drugs", "agent_as_recorded"),
)
"""Columns of codes that a study may add to."""
USUAL = 3
"""Times that a word stands in its column before another, one letter away and rarer, looks like a slip of it."""
ROLES = (
    (E, "extractor"), (E, "checked_by"), (E, "origin_set_by"), ("sources", "extractor"), ("sources", "checked_by"),
    ("searches", "reading"), ("corrections", "by"),
)  # fmt: skip
FEW_OUT = 0.1
"""Share of names out of a pattern above which there is none."""


@rule("unusual_word")
def unusual_word(t: Tables) -> Iterator[Fault]:
    """A code that stands once is not one slipped letter away from a code that stands often."""
    for table, column in CODES:
        if not t.has(table, (column,)):
            continue
        counts = Counter(t.text(table, column))
        usual = {w for w, n in counts.items() if n >= USUAL and len(w) > 3}
        slips = {w: o for w, n in counts.items() if n < USUAL and w for o in _near(w, usual)}
        wrong = t.text(table, column).isin(set(slips))
        yield from t.where(
            "unusual_word",
            table,
            wrong.to_numpy(),
            "Correct the spelling: a word one letter away stands here often; or leave it and say so in known_warnings.",
            column=column,
            severity=WARNING,
            cause=f"{column} " + t.text(table, column) if wrong.any() else "",
        )


def _near(word: str, usual: set[str]) -> list[str]:
    """Usual words that one slipped, lost, added or exchanged letter makes of `word`; figures are no letters."""
    return [u for u in usual if abs(len(u) - len(word)) <= 1 and u != word and _one_slip(word, u)]


def _one_slip(a: str, b: str) -> bool:
    start = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    x, y = a[start:], b[start:]
    if any(c.isdigit() for c in x[:1] + y[:1]):
        return False
    return x[1:] == y[1:] or x[1:] == y or x == y[1:] or (x[:2] == y[1::-1] and x[2:] == y[2:])


@rule("name_out_of_pattern", estimates=("estimate_id", "study_id"), aliases=("alias_id",))
def name_out_of_pattern(t: Tables) -> Iterator[Fault]:
    """Where the names of numbers begin with that of their study, all of them do; merged studies keep their old name."""
    merged = set(t.text("aliases", "alias_id"))
    pairs = list(zip(t.text(E, "estimate_id"), t.text(E, "study_id")))
    out = np.array([not name.startswith(f"{study}_") for name, study in pairs], bool)
    out &= ~np.array([name.rpartition("_")[0] in merged for name, _ in pairs], bool)
    if not out.size or out.mean() > FEW_OUT:
        return
    yield from t.where(
        "name_out_of_pattern",
        E,
        out,
        "Correct the name of the number or of its study: every other name begins with its study.",
        column="estimate_id",
        severity=WARNING,
    )


@rule("end_of_name", estimates=("estimate_id", "study_id"))
def end_of_name(t: Tables) -> Iterator[Fault]:
    """Where the names of numbers end in one letter and two figures, all of them do."""
    odd = t.matches(E, "estimate_id", lambda c: re.search(r"_[a-z]\d{2,3}$", c) is None)
    if not odd.size or odd.mean() > FEW_OUT:
        return
    yield from t.where(
        "end_of_name",
        E,
        odd,
        "Correct the name of the number: every other one ends like _e01.",
        column="estimate_id",
        severity=WARNING,
    )


@rule("unknown_reading", readings=("reading_id",))
def unknown_reading(t: Tables) -> Iterator[Fault]:
    """Whoever typed, compared, described or searched is a reading with a row, where a study keeps such a table."""
    known = {"", "not_stated", *t.text("readings", "reading_id")}
    if not len(t.frames["readings"]):
        return
    for table, column in ROLES:
        if not t.has(table, (column,)):
            continue
        yield from t.where(
            "unknown_reading",
            table,
            t.matches(table, column, lambda c: c not in known),
            "Add it to declared/readings.csv, with its date and what was read.",
            column=column,
            severity=WARNING,
            cause=partial(absent_row, t, "readings", table, column),
        )
