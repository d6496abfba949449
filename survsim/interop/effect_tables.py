"""Numbers as other programs take them: effects with their errors for metafor, comparisons for RevMan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from survsim.estimate.printed.number import PrintedNumber
from survsim.estimate.printed.road import printed_number
from survsim.evidence.hand_out.cells import csv_bytes
from survsim.evidence.schema.bias import TOOL
from survsim.evidence.schema.table import RATIOS

if TYPE_CHECKING:
    from survsim.core.estimate_record import Estimate
    from survsim.evidence.ask.store import EvidenceStore

SCALES = {
    "hazard_ratio": ("hazard_ratio", "log hazard ratio"),
    "odds_ratio": ("hazard_ratio", "log odds ratio"),
    "risk_ratio": ("hazard_ratio", "log risk ratio"),
    "median": ("median", "log median"),
    "survival_probability": ("survival", "log odds"),
    "proportion": ("proportion", "log odds"),
    "rmst": ("rmst", "restricted mean"),
    "rate": ("rate", "log rate"),
}
"""Scale on which a measure is read, and its name; the logarithm of an odds or risk ratio is read as that of a hazard ratio:
from its interval or its p value."""
UNIT, TIMES = "months", ("median", "rmst")
"""Times leave in one unit, so that no reader pools weeks with months."""
METAFOR = (
    "slab", "yi", "sei", "vi", "scale", "route", "estimate_id", "study_id", "arm_id", "comparator", "endpoint", "measure",
    "value_unit", "time_months", "n_arm", "n_event", "population", "site_group", "treatment", "design", "contrast", "adjustment", "setting",
    "line", "origin", "stage", "cluster", "evidence_grade",
)  # fmt: skip
LEFT_OUT = ("estimate_id", "study_id", "measure", "reason")
REVMAN = (
    "Outcome", "Study ID", "Year", "Experimental intervention", "Control intervention", "Experimental total", "Control total",
    "Effect measure", "log effect", "SE", "Footnote",
)  # fmt: skip


def metafor_tables(store: EvidenceStore) -> tuple[bytes, bytes]:
    """Every number on its analysis scale (``yi``, ``sei``, ``vi``), and those that have no usable error, with the reason.

    Nothing is assumed: a median that was printed with its group size alone is left out, not given an error.
    """
    frame = store.estimates
    clusters = store.table("overlaps").groupby("study_id")["cluster_id"].agg("; ".join)
    taken, left = [], []
    for record, row in zip(store.records(*frame["estimate_id"]), frame.to_dict("records")):
        found = _read(record)
        if isinstance(found, str):
            left.append([row["estimate_id"], row["study_id"], row["measure"], found])
            continue
        extra = {
            "slab": _label(row),
            "yi": repr(found.estimate),
            "sei": repr(found.std_error),
            "vi": repr(found.std_error**2),
            "scale": SCALES[record.measure][1],
            "route": found.route,
            "value_unit": UNIT if SCALES[record.measure][0] in TIMES else row["value_unit"],
            "time_months": row["time"],
            "cluster": clusters.get(row["study_id"], ""),
        }
        taken.append([_plain((row | extra)[name]) for name in METAFOR])
    return csv_bytes(METAFOR, taken), csv_bytes(LEFT_OUT, left)


def _plain(cell: Any) -> Any:
    """Counts leave as whole numbers: tables hold them as decimals because some are missing."""
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def revman_table(store: EvidenceStore) -> bytes:
    """Treatment contrasts as generic inverse-variance rows, with the judgements of RoB 2 or ROBINS-I where there are any."""
    frame = store.estimates
    used = frame[frame["measure"].isin(RATIOS) & (frame["contrast"] == "treatment")]
    arms = store.table("arms").set_index(["study_id", "arm_id"])
    labels, sizes = arms["label"].to_dict(), arms["n_arm"].to_dict()
    domains = list(dict.fromkeys([*TOOL["rob2"].domains, *TOOL["robins_i"].domains]))
    bias = store.table("bias")
    judged = {
        (r, d): f"{j} ({t})"
        for r, t, d, j in zip(*(bias[c] for c in ("row_id", "tool", "domain", "judgement")))
    }
    rows = []
    for record, row in zip(store.records(*used["estimate_id"]), used.to_dict("records")):
        found = _read(record)
        if isinstance(found, str):
            continue
        own, other = (row["study_id"], row["arm_id"]), (row["study_id"], row["comparator"])
        head = [
            row["endpoint"].replace("_", " "), _label(row), _whole(row["year"]),
            row["arm_label"] or labels.get(own, ""), labels.get(other, "") or row["comparator"],
            _whole(row["n_arm"]) or _whole(sizes.get(own)), _whole(sizes.get(other)),
            row["measure"].replace("_", " "), repr(found.estimate), repr(found.std_error),
            f"{row['estimate_id']}; {row['adjustment']}; error from {found.route}",
        ]  # fmt: skip
        rows.append(head + [judged.get((row["estimate_id"], d), "") for d in domains])
    return csv_bytes((*REVMAN, *(f"Bias: {d.replace('_', ' ')}" for d in domains)), rows)


def _read(record: Estimate) -> PrintedNumber | str:
    """The number on its scale, or why it has none."""
    if record.measure not in SCALES:
        return f"{record.measure} has no analysis scale here"
    row: Any = record
    if record.measure in ("odds_ratio", "risk_ratio"):
        names = (
            "value",
            "conf_low",
            "conf_high",
            "conf_level",
            "p_value",
            "value_qualifier",
            "conf_note",
            "p_qualifier",
        )
        row = {n: getattr(record, n) for n in names if getattr(record, n, None) not in ("", None)}
        row |= {"label": record.estimate_id}
    scale = SCALES[record.measure][0]
    found = printed_number(row, scale, unit=UNIT if scale in TIMES else None, assume_events=None)
    return found if isinstance(found, PrintedNumber) else found.reason


def _label(row: dict[Any, Any]) -> str:
    year = _whole(row["year"])
    return f"{row['first_author']} {year}".strip() if row["first_author"] else str(row["study_id"])


def _whole(value: Any) -> str:
    return "" if value is None or value != value else f"{float(value):.0f}"
