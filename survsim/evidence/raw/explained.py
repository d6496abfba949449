"""The study's own explanations beside its warnings: of one row, of rows named one by one, or of every row by count."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from survsim.evidence.rules.catalogue import all_rules
from survsim.evidence.schema.catalogue import tables
from survsim.evidence.schema.faults import ERROR, Fault, error, warning

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("rule", "table", "row_id", "explanation")
BETWEEN = "; "
"""Between the rows that one explanation names."""
EVERY = "*"
NO_REASON = "no reason is written"


@dataclass(slots=True, kw_only=True)
class Explanation:
    """One row of known_warnings, and how often each row that it names was explained by it."""

    rule: str
    table: str
    row_id: str
    expected: str
    why: str
    used: dict[str, int] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Rows that it names; the star is one name."""
        return self.row_id.split(BETWEEN)

    @property
    def name(self) -> str:
        """Its key, as a line names it."""
        rows = self.names
        more = f"{BETWEEN}and {len(rows) - 1} more" if len(rows) > 1 else ""
        return f"{self.rule}/{self.table}/{rows[0]}{more}"


def explain(faults: list[Fault], frames: dict[str, pd.DataFrame]) -> list[Fault]:
    """Put the study's own explanations beside its warnings.

    An explanation names its rows (`a; b; c`), so that a further row with the warning is a line of its own. One of every
    row (``*``) says how many it was written for: with another count it explains nothing any more that nobody has looked
    at, and that is an error. One that explains nothing is a warning.
    """
    if "known_warnings" not in frames or not set(frames["known_warnings"].columns) >= set(COLUMNS):
        return faults
    written = _written(frames["known_warnings"])
    known = {(e.rule, e.table, name): e for e in written for name in e.names}
    out = []
    for fault in faults:
        keys = [(fault.rule, fault.table, fault.row), (fault.rule, fault.table, EVERY)]
        key = next((k for k in keys if k in known and fault.severity != ERROR), None)
        if key is None:
            out.append(fault)
            continue
        used = known[key].used
        used[key[2]] = used.get(key[2], 0) + 1
        out.append(replace(fault, explained=known[key].why or NO_REASON))
    return out + [f for e in written for f in _miscounted(e)]


def _written(table: pd.DataFrame) -> list[Explanation]:
    # A mistyped rule or table is pointed out by a rule of its own; the warnings that it explains stay explained.
    meant = {r: _nearest(r, list(all_rules())) for r in set(table["rule"])}
    known = {t: _nearest(t, list(tables())) for t in set(table["table"])}
    counts = table["expected"] if "expected" in table.columns else [""] * len(table)
    return [
        Explanation(rule=meant[rule], table=known[name], row_id=row, expected=count, why=why)
        for rule, name, row, why, count in zip(*(table[c] for c in COLUMNS), counts)
    ]


def _nearest(name: str, known: list[str]) -> str:
    return name if name in known else next(iter(difflib.get_close_matches(name, known, 1)), name)


def _miscounted(written: Explanation) -> Iterator[Fault]:
    unused = [name for name in written.names if name not in written.used]
    found = sum(written.used.values())
    if unused:
        yield from _unused(written, unused)
        return
    if written.expected == str(found):
        return
    if written.expected:
        remedy = (
            f"It was written for {written.expected} rows and {found} have this warning now: look at those that came or "
            f"went (survsim data check --all), then write {found}; with their names in row_id, joined by '{BETWEEN}', a "
            "row that comes is a line of its own."
        )
        yield error(
            "explanation_count", "known_warnings", remedy, row=written.name, column="expected", value=written.expected
        )  # fmt: skip
    elif written.row_id == EVERY:
        remedy = f"It explains {found} rows now; write {found} into expected, so that one more is noticed."
        yield warning(
            "explanation_without_count", "known_warnings", remedy, row=written.name, column="expected"
        )


def _unused(written: Explanation, unused: list[str]) -> Iterator[Fault]:
    all_of_it = len(unused) == len(written.names)
    for name in unused:
        yield warning(
            "unused_explanation",
            "known_warnings",
            "Nothing gives this warning any more: remove the explanation, or correct its rule, table or row.",
            row=f"{written.rule}/{written.table}/{name}",
            column="rule" if all_of_it else "row_id",
            value=written.rule if all_of_it else name,
            # A peer that changed leaves several explanations of one rule without use: one line tells them all.
            cause=f"explanations of {written.rule}",
        )
