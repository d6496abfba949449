"""The suite and the reports as other processors would compute them: ``python -m tests.portability``.

Each axis takes something from this machine by the environment alone: the processor that numba compiles for, the
kernels of OpenBLAS, fused multiply-add and wide vectors in the C library's mathematics, the vector loops of numpy. The
reports are compared with the committed results, the tests must pass; the table of what was found is committed.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "tests" / "statistical" / "records" / "portability.csv"
COLUMNS = ("axis", "environment", "tests", "reports", "numbers", "largest_difference", "where")


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


def differences() -> dict[str, object]:
    """Largest relative difference between fresh and committed numbers over all reports (run in a subprocess)."""
    from survsim.core.ledger import Ledger
    from survsim.report.runner import SUMMARY, fresh_results
    from survsim.report.study import Study

    largest, where, count = 0.0, "", 0
    for analysis in Study.find(ROOT).analyses():
        known = Ledger.load(analysis.results() / SUMMARY).numbers
        with fresh_results(analysis) as folder:
            now = Ledger.load(folder / SUMMARY).numbers
        if list(known) != list(now):
            raise SystemExit(
                f"{analysis.slug}: the committed results have other numbers; make the reports first"
            )
        for key, entry in now.items():
            for name in ("value", "conf_low", "conf_high", "mc_std_error"):
                old, new = getattr(known[key], name), getattr(entry, name)
                if isinstance(old, str) or isinstance(new, str) or (old is None and new is None):
                    same = old == new
                    gap = 0.0 if same else float("inf")
                elif old is None or new is None:
                    gap = float("inf")
                else:
                    # against the number and its limits, as `survsim report` compares
                    own = [
                        getattr(e, n) for e in (known[key], entry) for n in ("value", "conf_low", "conf_high")
                    ]
                    scale = max(
                        (abs(x) for x in (*own, old, new) if isinstance(x, float | int)), default=1e-3
                    )
                    gap = abs(old - new) / max(scale, 1e-3)
                count += 1
                if gap > largest:
                    largest, where = gap, f"{analysis.slug} {key} {name}"
    return {"numbers": count, "largest_difference": largest, "where": where}


def try_axis(environment: dict[str, str]) -> dict[str, object]:
    """Tests and reports under one environment."""
    env = os.environ | environment
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal"],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    print(tests.stdout[-2500:])
    told = tests.stdout.strip().splitlines()[-1] if tests.stdout.strip() else tests.stderr[-200:]
    reports = subprocess.run(
        [sys.executable, "-m", "tests.portability", "--differences"],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if reports.returncode:
        return {"tests": told, "reports": f"failed: {reports.stderr.strip().splitlines()[-1]}"}
    return {"tests": told, "reports": "made", **json.loads(reports.stdout.strip().splitlines()[-1])}


def main() -> int:
    """Try every axis (or those named), write the table and print it; 1 if a test fails or a number moves."""
    if sys.argv[1:] == ["--differences"]:
        print(json.dumps(differences()))
        return 0
    wanted = {name: env for name, env in axes().items() if not sys.argv[1:] or name in sys.argv[1:]}
    rows = []
    for name, environment in wanted.items():
        print(f"== {name}: {environment or 'as it is'}", flush=True)
        shown = " ".join(f"{k}={v}" for k, v in environment.items())
        rows.append({"axis": name, "environment": shown} | try_axis(environment))
        print(rows[-1], flush=True)
    if not sys.argv[1:]:
        with TABLE.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    good = all(
        r["reports"] == "made" and r["largest_difference"] <= 1e-9 and "failed" not in r["tests"]
        for r in rows
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
