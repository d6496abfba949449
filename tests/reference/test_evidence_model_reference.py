"""Evidence model against Poisson regression, Breslow's Cox and NUTS."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from survsim import Surv, evidence_model
from survsim.joint_model import patients_term
from tests.helpers.evidence_sets import model_from_set

PINNED = json.loads((Path(__file__).parent / "evidence_model_nuts.json").read_text(encoding="utf-8"))
PLAIN = {"walk_sd": None, "coefficient_sd": None, "study_scale": None}


def patients(weighted: bool = False, entry: bool = False):
    rng = np.random.default_rng(42)
    n = 150
    rows = pd.DataFrame({"stage": rng.choice(["I", "II", "III"], n), "age": rng.normal(60, 8, n).round()})
    scale = np.exp(3 - 0.5 * (rows["stage"] == "III") - 0.02 * (rows["age"] - 60))
    time, end = rng.weibull(1.2, n) * scale, rng.uniform(2, 40, n)
    follow = np.round(np.minimum(time, end) + 0.05, 1)
    start = np.round(follow * rng.uniform(0, 0.6, n), 2) if entry else None
    weight = rng.choice([1.0, 2.0, 3.0], n) if weighted else None
    return Surv.right(follow, time <= end, unit="months", weight=weight, entry=start), rows


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("entry", [False, True])
def test_patients_alone_equal_poisson_regression(weighted, entry):
    surv, rows = patients(weighted, entry)
    breaks = [4.0, 8.0, 16.0]
    model = evidence_model([patients_term(surv, rows, study="own")], "stage + age", breaks=breaks, **PLAIN)
    edges = np.array([0.0, *breaks, np.inf])
    start = np.zeros(len(surv)) if surv.entry is None else surv.entry
    i, k = np.meshgrid(np.arange(len(surv)), np.arange(4), indexing="ij")
    length = np.minimum(surv.time[i], edges[k + 1]) - np.maximum(start[i], edges[k])
    seen = surv.event[i] & (edges[k] < surv.time[i]) & (surv.time[i] <= edges[k + 1])
    keep = length > 0
    i, k = i[keep], k[keep]
    x = np.column_stack(
        [k == j for j in range(4)]
        + [rows["stage"].eq(s).to_numpy()[i] for s in ("II", "III")]
        + [rows["age"].to_numpy()[i]]
    ).astype(float)
    w = np.ones(i.size) if surv.weight is None else surv.weight[i]
    fit = sm.GLM(
        seen[keep].astype(float), x, family=sm.families.Poisson(), offset=np.log(length[keep]), freq_weights=w
    ).fit(tol=1e-14, maxiter=200)
    assert model.posterior.mean[0] == pytest.approx(fit.params, abs=1e-8)
    assert model.posterior.covariance[0] == pytest.approx(fit.cov_params(), abs=1e-8)


def test_fine_intervals_equal_breslow_cox():
    surv, rows = patients()
    times = np.unique(surv.time[surv.event])
    breaks = np.unique(np.concatenate([times - 1e-6, times]))
    model = evidence_model([patients_term(surv, rows, study="own")], "stage + age", breaks=breaks, **PLAIN)
    x = np.column_stack([rows["stage"].eq("II"), rows["stage"].eq("III"), rows["age"]]).astype(float)
    cox = sm.PHReg(surv.time, x, status=surv.event.astype(int), ties="breslow").fit()
    assert model.posterior.mean[0][-3:] == pytest.approx(cox.params, rel=1e-6)
    assert np.sqrt(np.diag(model.posterior.covariance[0])[-3:]) == pytest.approx(cox.bse, rel=1e-6)


@pytest.mark.parametrize("name", sorted(PINNED["sets"]))
def test_posterior_agrees_with_nuts(name):
    """Means within 5% of a posterior sd, spreads within 5%, 90% limits within 8% of an sd."""
    spec = PINNED["sets"][name]
    pinned = spec["result"]["posterior"]
    assert spec["result"]["divergent"] <= 3  # of 32,000
    table = model_from_set(spec, conf_level=0.90).to_frame()
    keys = {"baseline": "alpha", "covariates": "beta"}
    for block, rows in table.groupby("block", sort=False):
        for i, row in enumerate(rows.itertuples()):
            nuts = pinned[f"{keys[block]}[{i}]" if block in keys else f"sd_{row.parameter}"]
            sd = nuts["sd"]
            assert row.estimate == pytest.approx(nuts["mean"], abs=0.05 * sd), (block, row.parameter)
            assert row.std_error == pytest.approx(sd, rel=0.05), (block, row.parameter)
            assert row.conf_low == pytest.approx(nuts["q05"], abs=0.08 * sd), (block, row.parameter)
            assert row.conf_high == pytest.approx(nuts["q95"], abs=0.08 * sd), (block, row.parameter)


@pytest.mark.parametrize("name", ["mixed", "cases"])
def test_prediction_of_a_new_study_agrees_with_nuts(name):
    spec = PINNED["sets"][name]
    nuts = spec["result"]["posterior"]["new"]
    covariates = dict.fromkeys(spec["columns"], 0.0)
    new_site = "site_scale" in spec["priors"]
    law = model_from_set(spec).predict(covariates, new_site=new_site, draws=40000).distribution
    log_hazard = np.log(law.rates[:, 0])
    assert log_hazard.mean() == pytest.approx(nuts["mean"], abs=0.06 * nuts["sd"])
    assert log_hazard.std() == pytest.approx(nuts["sd"], rel=0.05)
    assert np.quantile(log_hazard, [0.05, 0.95]) == pytest.approx(
        [nuts["q05"], nuts["q95"]], abs=0.12 * nuts["sd"]
    )
