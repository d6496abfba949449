"""Pooling of counts against metafor, lme4 and likelihoods integrated on a grid in R."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from survsim.synthesis import pool_proportions, pool_two_arms

PINNED = json.loads((Path(__file__).parent / "counts.json").read_text())
CLOSE = {"rtol": 1e-6, "atol": 1e-9}


@pytest.mark.parametrize("name", PINNED["proportions"])
def test_proportions_equal_rma_glmm_and_the_integral_on_a_grid(name: str) -> None:
    case = PINNED["proportions"][name]
    found = pool_proportions(case["xi"], case["ni"])
    ours = [found.logit_estimate, found.logit_std_error, found.tau2]
    np.testing.assert_allclose(ours, [case["grid"][k] for k in ("estimate", "std_error", "tau2")], rtol=2e-6)
    np.testing.assert_allclose(found.log_likelihood, case["grid"]["log_likelihood"], rtol=1e-9)
    # lme4 stops at a looser tolerance.
    np.testing.assert_allclose(ours, [case["glmm"][k] for k in ("estimate", "std_error", "tau2")], rtol=5e-5)
    np.testing.assert_allclose([found.lr_statistic, found.lr_p_value], [case["lr"], case["lr_p"]], rtol=1e-6)


def columns(name: str) -> list[np.ndarray]:
    rows = PINNED["tables"][name]["d"]
    return [np.array([row[k] for row in rows]) for k in ("ai", "n1i", "ci", "n2i")]


def check(found: Any, expected: dict[str, float], **close: float) -> None:
    for field, value in expected.items():
        np.testing.assert_allclose(getattr(found, field), value, err_msg=field, **close)


@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
@pytest.mark.parametrize("name", PINNED["tables"])
def test_mantel_haenszel_equals_rma_mh(name: str, measure: str) -> None:
    found = pool_two_arms(*columns(name), method="mantel-haenszel", measure=measure)
    check(found, PINNED["tables"][name]["mh"][measure], **CLOSE)


@pytest.mark.parametrize("name", PINNED["tables"])
def test_peto_equals_rma_peto(name: str) -> None:
    check(pool_two_arms(*columns(name), method="peto"), PINNED["tables"][name]["peto"], **CLOSE)


@pytest.mark.parametrize("name", PINNED["arms"])
def test_the_binomial_model_of_two_arms_equals_its_integral_on_a_grid(name: str) -> None:
    check(pool_two_arms(*columns(name)), PINNED["arms"][name], rtol=2e-6, atol=1e-9)
