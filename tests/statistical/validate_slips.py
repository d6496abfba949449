"""Plant every kind of slip in several rows of the shipped tables and count the lines that each gives.

    python -m tests.statistical.validate_slips [ROWS]

Each kind is planted in ROWS rows (10) drawn with a seed. Kinds that the tables contradict must give exactly one line;
of the others, which stand with the reason why nothing can see them, the share that is seen all the same is printed.
"""

from __future__ import annotations

import random
import sys
from collections import Counter

import survsim
from survsim.evidence.raw.table_faults import check_tables
from tests.helpers.mini_study import planted, rows_of
from tests.helpers.slips_made import SLIPS

SEED = 20261130


def main(rows: int) -> int:
    """Print the counts; 1 if a kind that the tables contradict gave none or several lines."""
    folder = survsim.check_evidence().folder / "curated"
    shipped = {p.stem: p.read_bytes() for p in sorted(folder.glob("*.csv"))}
    total: Counter[tuple[bool, int]] = Counter()
    failed = 0
    for slip in SLIPS:
        rng = random.Random(SEED)
        table = rows_of(shipped[slip.table])
        at = [i for i, row in enumerate(table) if slip.happens_to(row)]
        counts: Counter[int] = Counter()
        for i in rng.sample(at, min(rows, len(at))):
            changed = planted(shipped[slip.table], i, **slip.makes(table[i], rng))
            lines = [f for f in check_tables(shipped | {slip.table: changed}) if not f.explained]
            counts[len(lines)] += 1
            total[slip.unseen != "", min(len(lines), 2)] += 1
        wrong = set(counts) != {1} if not slip.unseen else max(counts) > 1
        failed += wrong
        print(
            f"{'FAILED ' if wrong else ''}{slip.table}: {slip.name}: {dict(sorted(counts.items()))}  {slip.unseen}"
        )
    for (unseen, lines), n in sorted(total.items()):
        print(f"{'nothing contradicts them' if unseen else 'contradicted'}, {lines} lines: {n}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10))
