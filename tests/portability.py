"""The suite and the reports as other processors would compute them: ``python -m tests.portability``.

Each axis takes something from this machine by the environment alone: the processor that numba compiles for, the
kernels of OpenBLAS, fused multiply-add and wide vectors in the C library's mathematics, the vector loops of numpy. The
reports are compared with the committed results, the tests must pass; the table of what was found is committed.

``--reports 01 02`` takes some of the reports, ``--axes "numba generic"`` some of the axes, ``--no-tests`` leaves the
suite out; what was not run keeps its rows in the table.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from survsim.report.study import Analysis

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "tests" / "statistical" / "records" / "portability.csv"
COLUMNS = ("report", "axis", "numbers", "largest_difference", "where", "environment")
TESTS = "tests"
"""What the row of the suite is called among the reports."""
TOLERANCE = 1e-9
Row = dict[str, str]


def axes() -> dict[str, dict[str, str]]:
    """Environment of each axis; what numpy can switch off is asked of numpy."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    loops = " ".join(name for name in __cpu_dispatch__ if __cpu_features__.get(name))
    each = {
        "numba generic": {"NUMBA_CPU_NAME": "generic"},
        "OpenBLAS Prescott": {"OPENBLAS_CORETYPE": "Prescott"},
        "C library without FMA": {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2,-AVX512F"},
        "numpy without vector loops": {"NPY_DISABLE_CPU_FEATURES": loops} if loops else {},
    }
    together = {name: value for environment in each.values() for name, value in environment.items()}
    return {"this machine": {}} | each | {"all together": together}


def gap(known: Any, now: Any, name: str) -> float:
    """Relative difference of one part of a number, against the number and its limits as `survsim report` compares."""
    old, new = getattr(known, name), getattr(now, name)
    if isinstance(old, str) or isinstance(new, str) or old is None or new is None:
        return 0.0 if old == new else float("inf")
    parts = [getattr(e, n) for e in (known, now) for n in ("value", "conf_low", "conf_high")]
    scale = max(abs(x) for x in (*parts, old, new) if isinstance(x, float | int))
    return float(abs(old - new) / max(scale, 1e-3))


def difference(analysis: Analysis) -> dict[str, object]:
    """Largest relative difference between the fresh and the committed numbers of one report."""
    from survsim.core.ledger import Ledger
    from survsim.report.runner import SUMMARY, fresh_results

    known = Ledger.load(analysis.results() / SUMMARY).numbers
    with fresh_results(analysis) as folder:
        now = Ledger.load(folder / SUMMARY).numbers
    if list(known) != list(now):
        raise SystemExit(f"{analysis.slug}: the committed results have other numbers; make the report first")
    parts = ("value", "conf_low", "conf_high", "mc_std_error")
    gaps = {f"{key} {name}": gap(known[key], now[key], name) for key in now for name in parts}
    where = max(gaps, key=gaps.__getitem__)
    return {
        "numbers": len(now),
        "largest_difference": gaps[where],
        "where": where if gaps[where] else "",
    }


def report_row(slug: str, environment: dict[str, str]) -> Row:
    """One report under one environment, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.portability", "--difference", slug],
        cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        told = (done.stderr.strip() or "no word").splitlines()[-1]
        return {"numbers": "0", "largest_difference": "inf", "where": f"failed: {told}"}
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return {name: str(value) for name, value in found.items()}


def tests_row(environment: dict[str, str]) -> Row:
    """The suite under one environment: how many tests passed, and 0 or infinity as their difference."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "--dist", "worksteal"],
        cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    print(done.stdout[-2500:])
    told = (done.stdout.strip() or done.stderr.strip() or "no word").splitlines()[-1].strip("= ")
    return {
        "numbers": passed(told),
        "largest_difference": "inf" if done.returncode else "0.0",
        "where": told if done.returncode else "",
    }


def passed(told: str) -> str:
    """How many tests passed, by the last line of pytest."""
    return next(
        (word for word, what in zip(told.split(), told.split()[1:]) if what.strip(",") == "passed"), "0"
    )


def merged(before: Iterable[Row], fresh: Iterable[Row]) -> list[Row]:
    """Rows by report and axis, the fresh ones in place of those before, in the order of reports and axes."""
    rows = {(r["report"], r["axis"]): r for r in (*before, *fresh)}
    order = list(axes())
    place = {name: k for k, name in enumerate(order)}
    return [
        rows[key] for key in sorted(rows, key=lambda key: (key[0] == TESTS, key[0], place.get(key[1], 99)))
    ]


def read(table: Path = TABLE) -> list[Row]:
    """Rows of the committed table; none before the first."""
    if not table.is_file():
        return []
    with table.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(rows: Sequence[Row], table: Path = TABLE) -> None:
    """The table, one row a report and axis."""
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def shown(rows: Sequence[Row]) -> str:
    """Reports down, axes across, the largest relative difference in each cell."""
    names = [name for name in axes() if any(r["axis"] == name for r in rows)]
    cells = {(r["report"], r["axis"]): f"{float(r['largest_difference']):.1e}" for r in rows}
    reports = list(dict.fromkeys(r["report"] for r in rows))
    lines = [
        ["report", *names],
        *([report, *(cells.get((report, n), "") for n in names)] for report in reports),
    ]
    widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(line, widths)).rstrip() for line in lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Try every axis (or those named), write the table and print it; 1 if a test fails or a number moves."""
    from survsim.report.study import Study

    parser = argparse.ArgumentParser(prog="python -m tests.portability")
    parser.add_argument("--axes", nargs="*", choices=list(axes()), default=list(axes()))
    parser.add_argument("--reports", nargs="*", help="beginnings of slugs, for example 01 02")
    parser.add_argument("--no-tests", action="store_true")
    parser.add_argument("--difference", metavar="SLUG", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    analyses = Study.find(ROOT).analyses()
    if asked.difference:
        print(json.dumps(difference(next(a for a in analyses if a.slug == asked.difference))))
        return 0
    chosen = [a.slug for a in analyses if asked.reports is None or a.slug.startswith(tuple(asked.reports))]
    rows: list[Row] = []
    for name in asked.axes:
        environment = axes()[name]
        words = " ".join(f"{k}={v}" for k, v in environment.items())
        for report in (*chosen, *([] if asked.no_tests else [TESTS])):
            found = tests_row(environment) if report == TESTS else report_row(report, environment)
            rows.append({"report": report, "axis": name, "environment": words} | found)
            print(f"{report}, {name}: {found}", flush=True)
            # After each: an hour's work is not lost with the last report.
            write(merged(read(), rows[-1:]))
    print(shown(merged(read(), [])))
    return 0 if all(float(r["largest_difference"]) <= TOLERANCE for r in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
