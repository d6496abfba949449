"""Whether the ranges of doubt of a reconstruction hold the truth, under all eight combinations of what a figure tells.

Run: python -m tests.statistical.validate_reconstruction_ranges [pairs]

Pairs of arms, 24 of them a round: light or heavy censoring, a flat tail, ties; 20, 60 or 150 patients; 30 readings to 0.01 or 60 to
0.005; numbers at risk every 6 months or n alone; with the total of events, censor marks, both or neither. Twenty sets an arm
are the first twenty of the forty that the package draws, whose ranges are therefore at least as wide.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from survsim._version import __version__
from survsim.core.files import write_json
from tests.helpers.reconstruction_ranges import Row, study

RECORD = Path(__file__).parent / "records" / "reconstruction_ranges.json"
FIRST_SEED = 810_000
PAIRS = 72
SETS = 20


def main() -> None:
    """Simulate, reconstruct, look whether the truth lies inside, and write the record."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS
    start, rows = time.perf_counter(), []
    for row in study(pairs, FIRST_SEED, SETS):
        rows.append(row)
        if len(rows) % 80 == 0:
            print(f"{len(rows)} rows in {time.perf_counter() - start:.0f} s", flush=True)
    write_json(RECORD, record(rows, pairs))


def record(rows: list[Row], pairs: int) -> dict[str, object]:
    """Every factor that was needed, by pair and combination."""
    return {
        "program": f"survsim {__version__}",
        "call": f"python -m tests.statistical.validate_reconstruction_ranges {pairs}",
        "arms": 2 * pairs,
        "sets": SETS,
        "needed": [{k: _short(v) for k, v in r.items()} for r in rows],
    }


def _short(value: object) -> object:
    """Factors to three digits; one that no factor reaches as null, which JSON has."""
    if not isinstance(value, list):
        return value
    return [None if x == float("inf") else float(f"{x:.3g}") for x in value]


if __name__ == "__main__":
    main()
