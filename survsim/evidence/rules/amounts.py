"""A rule about what is counted or measured from nothing upwards: patients, doses, lengths, months."""

from __future__ import annotations

from collections.abc import Iterator

from survsim.evidence.rules.rule import rule
from survsim.evidence.rules.tables import Tables
from survsim.evidence.schema.catalogue import tables
from survsim.evidence.schema.faults import Fault

FROM_NOTHING = frozenset(
    {
        "patients",
        "events",
        "nodes",
        "Gy",
        "percent",
        "cm",
        "kg",
        "months",
        "years",
        "searches",
        "publications",
        "numbers",
    }
)
"""Units in which nothing is below 0; days are left out, which count from a diagnosis and may lie before it."""
ELSEWHERE = frozenset({("estimates", "n_arm"), ("estimates", "n_event"), ("estimates", "time")})
"""What `negative_count` says already."""


@rule("negative_amount")
def negative_amount(t: Tables) -> Iterator[Fault]:
    """Patients, doses, lengths and months are not below 0."""
    for name, table in tables().items():
        for column in table.columns:
            if (
                column.unit in FROM_NOTHING
                and (name, column.name) not in ELSEWHERE
                and t.has(name, (column.name,))
            ):
                yield from t.where(
                    "negative_amount",
                    name,
                    t.number(name, column.name) < 0,
                    f"Look the {column.unit} up in the source; nothing is below 0 here.",
                    column=column.name,
                )
