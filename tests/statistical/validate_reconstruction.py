"""Reconstruction against known truth: simulated arms, read as a figure is read, by every method and with all that is known.

Run: python -m tests.statistical.validate_reconstruction [repeats]

480 arms a repeat: curves with light or heavy censoring, a flat tail, ties or late entry; 20 to 2,000 patients; risk tables
every 3, 6 or 12 months or none; 20 readings to 0.01, 60 to 0.005, 300 to 0.001; alone, with the total of events, with
censor marks, with both. The baseline is Guyot's method as published, written apart from the package.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from survsim._version import __version__
from survsim.core.files import write_json
from tests.helpers.reconstruction_study import METHODS, PUBLISHED, Row, quantiles, study, worse_than_published
from tests.helpers.reconstruction_truth import KNOWN, READINGS, SHAPES, SIZES, TABLES

RECORD = Path(__file__).parent / "records" / "reconstruction.json"
FIRST_SEED = 70_000
REPEATS = 2


def main() -> None:
    """Simulate, reconstruct, score, and write the record."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else REPEATS
    start = time.perf_counter()
    rows = list(study(repeats, FIRST_SEED))
    worse = worse_than_published(rows)
    print(
        f"{len(rows)} reconstructions in {time.perf_counter() - start:.0f} s; {len(worse)} cells worse",
        flush=True,
    )
    write_json(
        RECORD,
        {
            "program": f"survsim {__version__}",
            "call": f"python -m tests.statistical.validate_reconstruction {repeats}",
            "arms": len({r["arm"] for r in rows}),
            "first_seed": FIRST_SEED,
            "quantiles": [0.5, 0.95],
            "scores": scores(rows),
            "by_shape": by(rows, "shape", SHAPES),
            "by_size": by(rows, "n", SIZES),
            "by_table": by(rows, "table", TABLES),
            "cells": cells_compared(rows),
            "worse_than_published": worse,
        },
    )


def scores(rows: list[Row]) -> list[Row]:
    """A row a method, what is known and the readings, with a risk table and without."""
    out = []
    for method in (PUBLISHED, *METHODS):
        for known in KNOWN:
            for clicks, _ in READINGS:
                for table in (True, False):
                    found = [
                        r for r in rows
                        if (r["method"], r["known"], r["clicks"]) == (method, known, clicks)
                        and (r["table"] is not None) == table
                    ]  # fmt: skip
                    if found:
                        out.append(
                            {"method": method, "known": known, "clicks": clicks, "risk_table": table}
                            | _score(found)
                        )
    return out


def by(rows: list[Row], name: str, values: Iterable[Any]) -> list[Row]:
    """The default method with a risk table and 60 readings or more (all, where tables are told apart), by one property."""
    kept = [r for r in rows if r["method"] == "optimised" and r["clicks"] >= 60]
    return [
        {name: v} | _score([r for r in kept if r[name] == v and (name == "table" or r["table"])])
        for v in values
    ]


def cells_compared(rows: list[Row]) -> dict[str, int]:
    """How many cells each method was compared in."""
    found = {(r["method"], r["shape"], r["table"], r["known"], r["clicks"]) for r in rows}
    return {method: sum(f[0] == method for f in found) for method in METHODS}


def _score(rows: list[Row]) -> Row:
    known = [r for r in rows if "events" in r["known"]]
    return {
        "reconstructions": len(rows),
        "rmse": quantiles(rows, "rmse", 0.5, 0.95),
        "log_hazard_ratio_error": quantiles(rows, "log_hazard_ratio_error", 0.5, 0.95),
        "events_exact": round(float(np.mean([r["events"] == 0 for r in rows])), 4),
        "total_missed_in_silence": sum(r["events"] != 0 and not r["told"] for r in known),
    }


if __name__ == "__main__":
    main()
