"""Log-rank tests against R survival."""

import json
from pathlib import Path

import numpy as np
import pytest

from survsim import Surv, logrank_test

HERE = Path(__file__).parent
PINNED = json.loads((HERE / "logrank.json").read_text())
DATA = {
    name: {k: np.array(v) for k, v in columns.items()}
    for name, columns in json.loads((HERE / "kaplan_meier.json").read_text())["data"].items()
}


def response(name, *, strata=False, delayed=False):
    d = DATA[name]
    return Surv.right(
        d["time"],
        d["event"],
        unit="days",
        entry=d["entry"] if delayed else None,
        stratum=d["cluster"] if strata else None,
    )


def label(case):
    return f"{case['data']}-rho{case['rho']}" + "-strata" * case["strata"] + "-delayed" * case["delayed"]


@pytest.mark.parametrize("case", PINNED["cases"], ids=label)
def test_logrank_equals_survdiff(case):
    surv = response(case["data"], strata=case["strata"], delayed=case["delayed"])
    test = logrank_test(surv, DATA[case["data"]]["group"], rho=case["rho"])
    assert test.chi2 == pytest.approx(case["chi2"], rel=1e-8)
    assert test.df == case["df"]
    if case["observed"] is not None:
        np.testing.assert_allclose(test.observed, case["observed"], rtol=1e-9)
        np.testing.assert_allclose(test.expected, case["expected"], rtol=1e-9)


@pytest.mark.parametrize("case", PINNED["trend"], ids=lambda c: c["data"])
def test_trend_equals_score_test(case):
    test = logrank_test(response(case["data"]), DATA[case["data"]]["group"], trend=True)
    assert test.chi2 == pytest.approx(case["chi2"], rel=1e-8)
    assert test.df == 1
