"""The study of reconstruction against known truth: every figure, everything known of it, every method, every score."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from survsim import reconstruct_ipd
from survsim.errors import EvidenceWarning
from tests.helpers.guyot_as_published import guyot_as_published
from tests.helpers.reconstruction_truth import (
    KNOWN,
    Arm,
    Cell,
    Group,
    cells,
    log_hazard_ratio,
    pair,
    rmse,
)

PUBLISHED = "guyot as published"
METHODS = ("guyot", "ikm", "marked", "optimised")
Row = dict[str, Any]


def rows_of(cell: Cell, seed: int, methods: tuple[str, ...] = METHODS) -> list[Row]:
    """Scores of one pair of arms: a row an arm, thing known and method, and the pair's error of ln HR."""
    arms = pair(cell, np.random.default_rng(seed))
    truth = log_hazard_ratio(*((a.time, a.event, a.entry) for a in arms))
    out: list[Row] = []
    for known in KNOWN:
        for method in (PUBLISHED, *methods):
            if not can(method, cell, known):
                continue
            made = [_reconstructed(arm, known, method) for arm in arms]
            error = abs(log_hazard_ratio(*(group for group, _ in made)) - truth)
            for side, (arm, (group, told)) in enumerate(zip(arms, made)):
                out.append(
                    {
                        "shape": cell.shape,
                        "n": cell.n,
                        "table": cell.table,
                        "clicks": cell.clicks,
                        "rounding": cell.rounding,
                        "known": known,
                        "method": method,
                        "arm": f"{seed}/{side}",
                        "rmse": rmse(arm, *group),
                        "events": int(group[1].sum()) - arm.n_event,
                        "told": told,
                        "log_hazard_ratio_error": error,
                    }
                )
    return out


def can(method: str, cell: Cell, known: str) -> bool:
    """Whether a method is for these data; what it cannot use, the package refuses (tests/unit has that)."""
    late = cell.shape == "late entry" and cell.table is not None
    if method in (PUBLISHED, "optimised"):
        return True
    return not late and ("marks" in known) == (method == "marked")


def study(repeats: int, first_seed: int) -> Iterator[Row]:
    """All rows of all cells."""
    for number, cell in enumerate(cells()):
        for repeat in range(repeats):
            yield from rows_of(cell, first_seed + 1000 * number + repeat)


def worse_than_published(rows: list[Row]) -> list[Row]:
    """Cells in which a method's mean RMSE is above that of Guyot as published by more than two paired errors.

    A cell is a shape of curve with a risk table (or none), what is known, and the readings; sizes are repeats in it.
    """
    by_cell: dict[tuple[Any, ...], dict[str, dict[str, float]]] = {}
    for row in rows:
        key = (row["shape"], row["table"], row["known"], row["clicks"])
        by_cell.setdefault(key, {}).setdefault(row["method"], {})[row["arm"]] = row["rmse"]
    found = []
    for key, by_method in by_cell.items():
        base = by_method[PUBLISHED]
        for method, scores in by_method.items():
            gap = np.array([scores[arm] - base[arm] for arm in base])
            error = float(gap.std(ddof=1) / np.sqrt(gap.size))
            if method != PUBLISHED and gap.mean() > 2 * error and gap.mean() > 1e-12:
                found.append(
                    {
                        "cell": list(key),
                        "method": method,
                        "mean_gap": round(float(gap.mean()), 6),
                        "error": round(error, 6),
                        "arms": gap.size,
                    }
                )
    return sorted(found, key=lambda row: -row["mean_gap"])


def quantiles(rows: list[Row], score: str, *levels: float) -> list[float]:
    """Quantiles of a score, to five decimals."""
    return [round(float(q), 5) for q in np.quantile([row[score] for row in rows], levels)]


def _reconstructed(arm: Arm, known: str, method: str) -> tuple[Group, bool]:
    """Patients of one arm by one method, and whether something was said of what could not be met."""
    total = arm.n_event if "events" in known else None
    table = None if arm.risk_time is None else (arm.risk_time, arm.at_risk)
    if method == PUBLISHED:
        start = (np.zeros(1), np.array([arm.time.size])) if table is None else table
        time, event = guyot_as_published(arm.click, arm.level, *start, total)
        return (time, event, np.zeros(time.size)), False
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", EvidenceWarning)
        made = reconstruct_ipd(
            (arm.click, arm.level),
            unit="months",
            at_risk=table,
            n=arm.time.size,
            n_event=total,
            censor_marks=arm.marks if "marks" in known else None,
            method=method,
            # That patients enter late is said in the methods of a paper; a small table may not rise.
            entry=True if arm.entry.any() and table is not None else None,
        )
    entry = getattr(made, "entry", None)
    entry = np.zeros(made.time.size) if entry is None else np.asarray(entry)
    return (np.asarray(made.time), np.asarray(made.event), entry), bool(caught) or bool(made.notes)
