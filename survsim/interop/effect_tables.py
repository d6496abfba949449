"""Numbers as other programs take them: effects with their errors for metafor, comparisons for RevMan."""

from __future__ import annotations

import re
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
    "event_count": ("proportion", "log odds"),
    "rmst": ("rmst", "restricted mean"),
    "rate": ("rate", "log rate"),
}
"""Scale on which a measure is read, and its name; the logarithm of an odds or risk ratio is read as that of a hazard ratio:
from its interval or its p value. A count beside the size of its group is the share that both give."""
AS_RATIO = (
    "value", "conf_low", "conf_high", "conf_level", "p_value", "value_qualifier", "conf_note", "p_qualifier"
)  # fmt: skip
UNIT, TIMES = "months", ("median", "rmst")
"""Times leave in one unit, so that no reader pools weeks with months."""
METAFOR = (
    "slab", "yi", "sei", "vi", "scale", "route", "estimate_id", "study_id", "arm_id", "comparator", "endpoint", "event_detail",
    "grade", "measure", "value_unit", "time_months", "n_arm", "n_event", "population", "histology", "site_group", "treatment", "design",
    "contrast", "adjustment", "exposure_timing", "estimator", "analysis_set", "unit_of_analysis", "setting", "line", "origin", "stage",
    "cluster", "evidence_grade", "status",
)  # fmt: skip
LEFT_OUT = ("estimate_id", "study_id", "measure", "reason")
REVMAN = (
    "Outcome", "Subgroup", "Study ID", "Year", "Experimental intervention", "Control intervention", "Experimental total",
    "Control total", "Effect measure", "log effect", "SE", "Shares patients", "Footnote",
)  # fmt: skip


def metafor_tables(store: EvidenceStore) -> tuple[bytes, bytes]:
    """Every number on its analysis scale (``yi``, ``sei``, ``vi``), and those that have no usable error, with the reason.

    Nothing is assumed: a median that was printed with its group size alone is left out, not given an error.
    """
    frame = store.estimates
    clusters = _clusters(store)
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


def _clusters(store: EvidenceStore) -> dict[str, str]:
    """Study -> the clusters in which it shares patients with others."""
    return dict(store.table("overlaps").groupby("study_id")["cluster_id"].agg("; ".join))


def _plain(cell: Any) -> Any:
    """Counts leave as whole numbers: tables hold them as decimals because some are missing."""
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def revman_table(store: EvidenceStore) -> bytes:
    """Treatment contrasts as generic inverse-variance rows, with the judgements of RoB 2 or ROBINS-I where there are any.

    An outcome names its event (``recurrence: local``), its measure and its horizon, and a subgroup whose patients they are,
    so that no forest plot joins what are different questions.
    """
    frame = store.estimates
    used = frame[frame["measure"].isin(RATIOS) & (frame["contrast"] == "treatment")]
    arms = store.table("arms").set_index(["study_id", "arm_id"])
    labels, sizes = arms["label"].to_dict(), arms["n_arm"].to_dict()
    clusters = _clusters(store)
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
            _outcome(row), f"{row['site_group']}, {row['population']}".replace("_", " "), _label(row), _whole(row["year"]),
            row["arm_label"] or labels.get(own, ""), labels.get(other, "") or row["comparator"],
            _whole(row["n_arm"]) or _whole(sizes.get(own)), _whole(sizes.get(other)),
            row["measure"].replace("_", " "), repr(found.estimate), repr(found.std_error),
            clusters.get(row["study_id"], ""),
            f"{row['estimate_id']}; {row['adjustment']}; {row['status']}; error from {found.route}",
        ]  # fmt: skip
        rows.append(head + [judged.get((row["estimate_id"], d), "") for d in domains])
    return csv_bytes((*REVMAN, *(f"Bias: {d.replace('_', ' ')}" for d in domains)), rows)


def _outcome(row: dict[Any, Any]) -> str:
    detail = f": {row['event_detail']}" if row["event_detail"] else ""
    grade = f", grade {row['grade']}" if row["grade"] else ""
    horizon = f", {row['time']:g} months" if row["time"] == row["time"] else ""
    return f"{row['endpoint']}{detail}{grade}, {row['measure']}{horizon}".replace("_", " ")


def _read(record: Estimate) -> PrintedNumber | str:
    """The number on its scale, or why it has none."""
    if record.measure not in SCALES:
        return f"{record.measure} has no analysis scale here"
    row: Any = record
    if record.measure in ("odds_ratio", "risk_ratio"):
        row = {n: getattr(record, n) for n in AS_RATIO if getattr(record, n, None) not in ("", None)}
        row |= {"label": record.estimate_id}
    elif record.measure == "event_count":
        if not record.n_arm > 0 or not record.n_event >= 0:
            return "a count without the size of its group"
        row = {"value": record.n_event / record.n_arm, "n": record.n_arm, "n_event": record.n_event}
        row |= {"label": record.estimate_id}
    scale = SCALES[record.measure][0]
    found = printed_number(row, scale, unit=UNIT if scale in TIMES else None, assume_events=None)
    return found if isinstance(found, PrintedNumber) else _in_words(found.reason)


def _in_words(reason: str) -> str:
    """A refusal for somebody with a spreadsheet: what is wrong, without the arguments by which a program goes on."""
    said = re.split(r"\. (?=[A-Z])|; (?:leave|beyond_counts)", reason)[0].rstrip(".")
    return re.sub(
        r" \(n is printed; assume_events[^)]*\)", "; its n alone does not tell how many had it", said
    )


def _label(row: dict[Any, Any]) -> str:
    year = _whole(row["year"])
    return f"{row['first_author']} {year}".strip() if row["first_author"] else str(row["study_id"])


def _whole(value: Any) -> str:
    return "" if value is None or value != value else f"{float(value):.0f}"
