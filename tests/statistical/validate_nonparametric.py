"""Coverage and size of what the Kaplan-Meier record does not hold; writes a record of its own.

Run: python -m tests.statistical.validate_nonparametric
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np

import survsim
from survsim.errors import SmallSampleWarning

RECORD = Path(__file__).parent / "records" / "more_nonparametric.json"
RATE = float(np.log(2.0))
"""Exponential times with median 1: S(1) = 1/2, H(1) = log 2, P(T > 1.5 | T > 0.5) = 1/2."""


def sample(rng: np.random.Generator, n: int, censored: float) -> survsim.Surv:
    time = rng.exponential(1 / RATE, n)
    limit = rng.exponential((1 - censored) / censored / RATE, n)
    return survsim.Surv.right(np.minimum(time, limit), time <= limit, unit="years")


def intervals(surv: survsim.Surv, seed: int) -> dict[str, tuple[float, float, float]]:
    """Interval and truth of each method; a method without an interval in this data set is left out."""
    found: dict[str, tuple[float, float, float]] = {}
    table = survsim.nelson_aalen(surv).to_frame()
    before = table[table["time"] <= 1.0]
    if len(before):
        found["nelson_aalen"] = (before["conf_low"].iloc[-1], before["conf_high"].iloc[-1], RATE)
    median = survsim.kaplan_meier(surv).median()
    found["median"] = (float(median.conf_low[0]), float(median.conf_high[0]), 1.0)
    if (surv.time > 0.5).sum() >= 2:
        given = survsim.conditional_survival(surv, given=0.5, times=[1.0]).to_frame()
        found["conditional_survival"] = (given["conf_low"].iloc[0], given["conf_high"].iloc[0], 0.5)
    boot = survsim.bootstrap(surv, "rmst", at=0.5, n_resamples=200, seed=seed).to_frame()
    truth = (1 - np.exp(-0.5 * RATE)) / RATE
    found["bootstrap_rmst"] = (boot["conf_low"].iloc[0], boot["conf_high"].iloc[0], truth)
    return {k: v for k, v in found.items() if np.isfinite(v[0]) or np.isfinite(v[1])}


def p_values(surv: survsim.Surv) -> dict[str, float]:
    """p-values of tests when no group differs."""
    n = len(surv)
    three, two = np.arange(n) % 3, np.arange(n) % 2
    strata = survsim.Surv.right(surv.time, surv.event, unit="years", stratum=np.arange(n) // 2 % 2)
    found = {
        "trend": survsim.logrank_test(surv, three, trend=True).p_value,
        "fleming_harrington_0_1": survsim.logrank_test(surv, two, rho=0, gamma=1).p_value,
        "fleming_harrington_1_0": survsim.logrank_test(surv, two, rho=1, gamma=0).p_value,
        "stratified": survsim.logrank_test(strata, two).p_value,
        "pairwise_holm": survsim.pairwise_logrank(surv, three).to_frame()["p_adjusted"].min(),
    }
    end = min(surv.time[two == k].max() for k in (0, 1))
    if end > 0.6:
        with warnings.catch_warnings():
            # an arm without events by then, or without survivors: no p-value by the normal law
            warnings.simplefilter("ignore", SmallSampleWarning)
            found["rmst_ratio"] = survsim.rmst_test(surv, two, 0.6).to_frame()["p_value"].iloc[1]
            found["milestone_ratio"] = survsim.milestone_test(surv, two, 0.6).to_frame()["p_value"].iloc[1]
    return {k: float(v) for k, v in found.items() if np.isfinite(v)}


def cell(n: int, censored: float, repeats: int, seed: int) -> dict[str, object]:
    """Coverage of 95% intervals and size of 5% tests in one cell, with how many data sets gave an answer."""
    rng = np.random.default_rng([seed, n, int(100 * censored)])
    held: dict[str, list[bool]] = {}
    rejected: dict[str, list[bool]] = {}
    for b in range(repeats):
        surv = sample(rng, n, censored)
        while surv.event.sum() < 3:
            surv = sample(rng, n, censored)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name, (low, high, truth) in intervals(surv, b).items():
                inside = (not np.isfinite(low) or low <= truth) and (not np.isfinite(high) or truth <= high)
                held.setdefault(name, []).append(bool(inside))
            for name, p in p_values(surv).items():
                rejected.setdefault(name, []).append(p <= 0.05)
    share = {k: [round(float(np.mean(v)), 4), len(v)] for k, v in held.items()}
    size = {k: [round(float(np.mean(v)), 4), len(v)] for k, v in rejected.items()}
    return {"n": n, "censored": censored, "coverage": share, "size": size}


def main(repeats: int = 400) -> None:
    """Write the record: every cell of n by censoring."""
    cells = [cell(n, c, repeats, 20260303) for n in (10, 20, 50, 100) for c in (0.3, 0.7)]
    what = "share of 95% intervals that hold the truth, share of 5% tests that reject; each with its number of data sets"
    RECORD.write_text(json.dumps({"what": what, "repeats": repeats, "cells": cells}, indent=1) + "\n")


if __name__ == "__main__":
    main()
