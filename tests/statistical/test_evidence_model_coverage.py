"""Predictive coverage of the evidence model on simulated evidence bases.

A small grid runs with the tests; ``--validate`` runs the long one and writes the record.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.statistical import validate_evidence_model
from tests.statistical.validate_evidence_model import LEVEL, coverage

RECORD = Path(__file__).parent / "records" / "evidence_model_coverage.json"


def allowance(n: int, errors: float = 3.0) -> float:
    return errors * float(np.sqrt(LEVEL * (1 - LEVEL) / n))


@pytest.mark.parametrize("studies", [5, 10])
def test_truth_from_the_prior_is_covered_as_often_as_claimed(studies):
    n = 100
    share, ranks = coverage(studies, None, n, seed=5)
    assert abs(share - LEVEL) <= allowance(n)
    # Ranks of a calibrated prediction are uniform: mean 1/2 with standard error 0.289/sqrt(n).
    assert abs(ranks.mean() - 0.5) <= 3 * 0.289 / np.sqrt(n)


@pytest.mark.parametrize("tau", [0.0, 0.5])
def test_fixed_heterogeneity_is_covered_at_least_as_often(tau):
    n = 80
    assert coverage(5, tau, n, seed=6)[0] >= LEVEL - allowance(n)


def test_record_keeps_the_claim():
    """The long run: calibrated when tau comes from the prior, not short at any fixed tau."""
    rows = json.loads(RECORD.read_text(encoding="utf-8"))["rows"]
    assert {r["studies"] for r in rows} == {5, 10, 40}
    for row in rows:
        assert row["simulations"] >= 2000
        if isinstance(row["tau"], str):
            assert abs(row["coverage"] - LEVEL) <= 3 * row["mc_error"], row
        else:
            assert row["coverage"] >= LEVEL - 2 * row["mc_error"], row


def test_long_run_rewrites_the_record(request, monkeypatch):
    """Under ``--validate`` 2,000 bases a cell; otherwise the record's format is checked on a tiny run."""
    full = request.config.getoption("--validate", default=False)
    target = RECORD if full else request.getfixturevalue("tmp_path") / "record.json"
    if not full:
        monkeypatch.setattr(validate_evidence_model, "coverage", lambda *a, **k: (1.0, np.array([0.5])))
    validate_evidence_model.main(target, 2000 if full else 1)
    rows = json.loads(target.read_text(encoding="utf-8"))["rows"]
    assert len(rows) == 15 and all(sum(r["rank_histogram"]) >= 1 for r in rows)
