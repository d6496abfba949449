"""Each public estimator names the independent source it was checked against, and the test that does it."""

from __future__ import annotations

import csv
import inspect
from pathlib import Path

import pytest

from survsim._public import PUBLIC, load

ROOT = Path(__file__).resolve().parents[2]
KINDS = {"program", "publication", "identity", "simulation", "hand"}


def rows():
    with (ROOT / "tests" / "evidence_matrix.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def estimators():
    return sorted(
        name
        for name, module in PUBLIC.items()
        if module.startswith("survsim.estimate.") and inspect.isfunction(load(name))
    )


def test_every_public_estimator_has_a_row():
    assert sorted(set(estimators()) - {row["estimator"] for row in rows()}) == []


def test_no_row_is_left_over():
    assert sorted({row["estimator"] for row in rows()} - set(PUBLIC)) == []


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row['estimator']}-{row['kind']}")
def test_a_row_names_a_kind_a_source_and_a_test_that_calls_it(row):
    assert row["kind"] in KINDS
    assert row["source"].strip()
    path = ROOT / row["test"]
    assert path.is_file(), row["test"]
    assert row["estimator"] in path.read_text(encoding="utf-8")
