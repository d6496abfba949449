"""The table of what other processors change: how a difference is told, kept, and found."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import pytest

from survsim.core.ledger import Ledger, LedgerEntry
from survsim.report.new_study import new_study
from survsim.report.runner import SUMMARY, run_analysis
from survsim.report.study import Study
from tests import portability


def entry(value, low=None, high=None):
    return LedgerEntry(
        value=value, unit="", conf_low=low, conf_high=high, mc_std_error=None, note="", node=""
    )


@pytest.mark.parametrize(
    ("known", "now", "part", "expected"),
    [
        (entry(2.0), entry(2.0), "value", 0.0),
        (entry(2.0), entry(2.0 + 4e-9), "value", 2e-9),
        (entry(0.0), entry(1e-15), "value", 1e-12),
        # A limit near nothing is held against the interval it ends.
        (entry(5.0, 1e-9, 10.0), entry(5.0, 2e-9, 10.0), "conf_low", 1e-10),
        (entry(5.0), entry(5.0), "conf_low", 0.0),
        (entry(5.0, 1.0), entry(5.0), "conf_low", math.inf),
        (entry("first"), entry("first"), "value", 0.0),
        (entry("first"), entry("second"), "value", math.inf),
    ],
)
def test_a_gap_is_relative_to_the_number_and_its_interval(known, now, part, expected):
    assert portability.gap(known, now, part) == pytest.approx(expected, rel=1e-6)


def test_every_axis_takes_something_from_the_machine_and_all_are_tried_together():
    axes = portability.axes()
    assert next(iter(axes)) == "this machine" and not axes["this machine"]
    assert set().union(*list(axes.values())[1:-1]) == set(axes["all together"])
    assert {"NUMBA_CPU_NAME", "OPENBLAS_CORETYPE", "GLIBC_TUNABLES"} <= set(axes["all together"])


def test_rows_that_were_not_run_stay_in_the_table(tmp_path):
    table = tmp_path / "t.csv"
    row = {"numbers": "3", "largest_difference": "0.0", "where": "", "environment": ""}
    before = [row | {"report": r, "axis": a} for r in ("01", "02") for a in ("numba generic", "this machine")]
    portability.write(portability.merged([], before), table)
    fresh = row | {"report": "01", "axis": "numba generic", "largest_difference": "2e-12"}
    portability.write(portability.merged(portability.read(table), [fresh]), table)
    kept = portability.read(table)
    assert [(r["report"], r["axis"]) for r in kept] == [
        ("01", "this machine"), ("01", "numba generic"), ("02", "this machine"), ("02", "numba generic"),
    ]  # fmt: skip
    assert [r["largest_difference"] for r in kept] == ["0.0", "2e-12", "0.0", "0.0"]
    printed = portability.shown(kept).splitlines()
    assert printed[0].split() == ["report", "this", "machine", "numba", "generic"]
    assert printed[1].split() == ["01", "0.0e+00", "2.0e-12"]


def test_a_number_that_moved_is_found_with_its_name(tmp_path):
    study = new_study("study", tmp_path)
    analysis = Study.find(study).analyses()[0]
    run_analysis(analysis)
    assert portability.difference(analysis)["largest_difference"] == 0.0
    path = analysis.results() / SUMMARY
    ledger = Ledger.load(path)
    key = next(k for k, e in ledger.numbers.items() if isinstance(e.value, int | float) and e.value)
    text = path.read_text(encoding="utf-8")
    moved = {k: (e if k != key else entry_moved(e)) for k, e in ledger.numbers.items()}
    ledger.numbers.update(moved)
    ledger.save(path)
    assert path.read_text(encoding="utf-8") != text
    found = portability.difference(analysis)
    assert found["where"] == f"{key} value" and 1e-7 < found["largest_difference"] < 1e-5


def entry_moved(one):
    from dataclasses import replace

    return replace(one, value=one.value * (1 + 1e-6))


def test_the_committed_table_holds_every_axis_of_every_report_and_nothing_moved():
    rows = portability.read()
    by_report: dict[str, set[str]] = {}
    for row in rows:
        by_report.setdefault(row["report"], set()).add(row["axis"])
        assert float(row["largest_difference"]) <= portability.TOLERANCE, row
    suite = by_report.pop(portability.TESTS)
    names = set(portability.axes())
    assert by_report and all(axes == names for axes in by_report.values())
    # The suite takes as long as all reports on all axes: what holds with everything taken away at once is asked for.
    assert "all together" in suite
    assert all(int(row["numbers"]) > 0 for row in rows)


def test_an_axis_reaches_the_library():
    """Without its vector loops numpy reports none of those that it could have chosen here."""
    asked = (
        "from numpy._core._multiarray_umath import __cpu_dispatch__ as d, __cpu_features__ as f; "
        "print([name for name in d if f.get(name)])"
    )
    given = os.environ | portability.axes()["numpy without vector loops"]
    done = subprocess.run(
        [sys.executable, "-c", asked], env=given, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
