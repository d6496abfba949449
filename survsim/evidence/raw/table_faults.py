"""Faults of tables before they are on disk: every registered rule, explanations, one line a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from survsim.evidence.raw.csv_text import parse_text
from survsim.evidence.raw.explained import explain
from survsim.evidence.rules.catalogue import apply_rules
from survsim.evidence.rules.one_line import one_line_each
from survsim.evidence.rules.tables import Tables
from survsim.evidence.schema.catalogue import tables
from survsim.evidence.schema.faults import ERROR, Fault

if TYPE_CHECKING:
    import pandas as pd


def check_tables(content: dict[str, bytes]) -> list[Fault]:
    """Faults of tables that are not on disk yet, by name."""
    frames: dict[str, pd.DataFrame] = {}
    faults: list[Fault] = []
    for name, data in content.items():
        found = parse_text(data.decode("utf-8"), name)
        faults.extend(found.faults)
        if found.frame is not None:
            frames[name] = found.frame
    return lines_of(faults + apply_rules(Tables(frames)), frames)


def lines_of(faults: list[Fault], frames: dict[str, pd.DataFrame]) -> list[Fault]:
    """Faults with their explanations; of those without one, each fault is one line."""
    known = _sorted(explain(faults, frames))
    open_ones = one_line_each(f for f in known if not f.explained)
    return _sorted([*open_ones, *(f for f in known if f.explained)])


def _sorted(faults: list[Fault]) -> list[Fault]:
    order = {name: i for i, name in enumerate(tables())}
    return sorted(
        faults, key=lambda f: (f.severity != ERROR, bool(f.explained), order.get(f.table, 99), f.rule)
    )
