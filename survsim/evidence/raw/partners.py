"""Both groups of a comparison say that they are compared, whichever of the two rows it was typed at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from survsim.evidence.raw.declared import Row

OF_EACH_GROUP = ("median", "mean", "survival_probability", "proportion", "event_count", "utility")
"""Measures that each of two groups has of its own; a ratio belongs to both."""
OF_THE_PAIR = ("contrast", "exposure_timing")
OF_THE_TEST = ("p_value", "p_qualifier", "p_note", "p_scope")
SAME = ("study_id", "endpoint", "event_detail", "measure", "time", "stage", "origin")


def fill_partners(estimates: Iterable[Row]) -> None:
    """Name the comparator in the row of the second group: same study, outcome, measure and horizon.

    The test of the two belongs to both. A group that several others are compared with (a reference level) has no one
    partner and stays as it is.
    """
    rows = [r for r in estimates if r["measure"] in OF_EACH_GROUP]
    of_group: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    asking: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        outcome = tuple(row[name] for name in SAME)
        of_group[(*outcome, row["arm_id"])].append(row)
        if row["comparator"]:
            asking[(*outcome, row["comparator"])].append(row)
    for group, others in asking.items():
        if len({r["arm_id"] for r in others}) > 1:
            continue
        for partner in of_group.get(group, []):
            if not partner["comparator"]:
                partner["comparator"] = others[0]["arm_id"]
                for name in OF_THE_PAIR:
                    partner[name] = others[0][name]
            tested = partner["comparator"] == others[0]["arm_id"] and others[0]["p_scope"] == "two_groups"
            if tested and not partner["p_value"]:
                for name in OF_THE_TEST:
                    partner[name] = others[0][name]
