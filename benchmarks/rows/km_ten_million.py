"""Kaplan-Meier on continuous times: what a row costs at ten million beside a million; by hand too, near-ties joined as well."""

from __future__ import annotations

from typing import Any

from benchmarks.row import Goal, Row
from benchmarks.rows import curves
from benchmarks.samples import two_groups


def million(data: dict[str, Any]) -> Any:
    """Ten curves of a million rows each, the same rows as the one curve of ten million."""
    from survsim import Surv, kaplan_meier

    parts = [slice(i, i + 1_000_000) for i in range(0, 10_000_000, 1_000_000)]

    def call() -> None:
        for rows in parts:
            kaplan_meier(Surv.right(data["time"][rows], data["event"][rows], unit="days"))

    return call, lambda _: []


def hand(data: dict[str, Any]) -> Any:
    from benchmarks.hand.curves import kaplan_meier_continuous

    kaplan_meier_continuous(data["time"][:1000], data["event"][:1000])
    return lambda: kaplan_meier_continuous(data["time"], data["event"]), lambda km: curves.at(*km[:4])


def hand_million(data: dict[str, Any]) -> Any:
    from benchmarks.hand.curves import kaplan_meier_continuous

    parts = [slice(i, i + 1_000_000) for i in range(0, 10_000_000, 1_000_000)]
    return lambda: [kaplan_meier_continuous(data["time"][p], data["event"][p]) for p in parts], lambda _: []


ROW = Row(
    "Kaplan-Meier continuous 1e7",
    lambda: two_groups(10_000_000, whole=False),
    {
        "survsim": curves.survsim,
        "survsim, ten times 1e6": million,
        "hand": hand,
        "hand, ten times 1e6": hand_million,
        "statsmodels": curves.statsmodels,
    },
    (Goal("survsim, ten times 1e6", 1.25),),
    tolerance=1e-4,
    rounds=9,
)
