"""survsim beside its peers and hand-written floors: ``make bench``, or ``python benchmarks/run.py [ROW ...]``.

Contestants take turns call by call, each in a process of its own; answers are compared before a time is printed; the least
of the rounds counts, and goals are judged by processor time, which other programs on the machine disturb less. Every row is
kept in build/bench/rows.json as soon as it is measured: after an interruption ``--resume`` measures the rest, and naming
rows measures those again. The table goes to benchmarks/RESULTS.md with the date, the machine and the versions.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import contest, writing  # noqa: E402
from benchmarks.rows import ORDER  # noqa: E402

KEPT = ROOT / "build" / "bench" / "rows.json"


def main(arguments: list[str]) -> int:
    """Measure the rows named, or all; 2 for a name that is none."""
    names = [a for a in arguments if not a.startswith("-")]
    if unknown := sorted(set(names) - set(ORDER)):
        print(f"no row {', '.join(unknown)}; there are: {', '.join(ORDER)}", file=sys.stderr)
        return 2
    if not names and "--resume" not in arguments:
        KEPT.unlink(missing_ok=True)
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    kept = rows_kept()
    for key in ORDER:
        if (names and key not in names) or (not names and key in kept):
            continue
        row = importlib.import_module(f"benchmarks.rows.{key}").ROW
        begin = time.monotonic()
        measured = writing.judged(row, contest.hold(key, row))
        kept = rows_kept() | {key: measured}  # another command may have measured others meanwhile
        KEPT.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        print(writing.shown(kept[key]) + f"\n  ({time.monotonic() - begin:.0f} s)\n", flush=True)
    writing.write({key: kept[key] for key in ORDER if key in kept})
    print((ROOT / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8").split("## Where")[0])
    return 0


def rows_kept() -> dict[str, Any]:
    """The rows measured so far, by name."""
    return dict(json.loads(KEPT.read_text(encoding="utf-8"))) if KEPT.exists() else {}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
