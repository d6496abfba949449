"""All rules, and how they are applied."""

from __future__ import annotations

import numpy as np

from survsim.evidence.rules import (  # noqa: F401
    agreement,
    amounts,
    belongs,
    bias,
    cells,
    consistency,
    curves,
    described,
    estimates,
    information,
    patients,
    published,
    records,
    rows,
    said,
    shapes,
    times,
    words,
)
from survsim.evidence.rules.rule import RULES, Rule
from survsim.evidence.rules.tables import Tables
from survsim.evidence.schema.faults import Fault


def all_rules() -> dict[str, Rule]:
    """Every rule, in the order in which they run."""
    return RULES


def apply_rules(tables: Tables) -> list[Fault]:
    """All faults of all rules that can run."""
    found: list[Fault] = []
    # Cells are typed: one may hold 1e308, whose sums are no numbers; that it lies out of range is a fault of its own.
    with np.errstate(all="ignore"):
        for item in all_rules().values():
            if all(tables.has(table, columns) for table, columns in item.needs.items()):
                found.extend(item.check(tables))
    return found
