"""Parametric fits on data of known truth: bias of an effect, coverage of its interval and of survival.

Run: python -m tests.statistical.validate_parametric
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from survsim import Surv, parametric_survival, royston_parmar
from survsim.distributions import GeneralisedGamma
from survsim.errors import ConvergenceError, InputError

RECORD = Path(__file__).parent / "records" / "parametric_coverage.json"
EFFECT, SIGMA, LOCATION, TIME = 0.5, 0.7, 2.0, 6.0
SIZES = (10, 20, 50, 100)
Q = {"weibull": 1.0, "lognormal": 0.0, "generalised_gamma": 0.5, "royston_parmar": 1.0}


def truth(family: str, arm: Any) -> GeneralisedGamma:
    """Log time shifted by EFFECT in arm 1; Weibull, log-normal and a point between them."""
    return GeneralisedGamma(mu=LOCATION + EFFECT * arm, sigma=SIGMA, q=Q[family], time_unit="months")


def end_of_study(family: str, censored: float, rng: np.random.Generator) -> float:
    """c such that censoring uniform on (0, c) takes the given share."""
    arm = np.arange(20_000) % 2
    time, share = truth(family, arm).sample(rng.random(arm.size)), rng.random(arm.size)
    low, high = 0.1, 1e4
    for _ in range(60):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if (time > share * middle).mean() > censored else (low, middle)
    return float(high)


def cell(family: str, n: int, censored: float, repeats: int, seed: int) -> dict[str, Any]:
    """One cell: bias with its Monte Carlo error, two coverages, share of data sets without an estimate."""
    rng = np.random.default_rng([seed, n, int(100 * censored), len(family)])
    end, arm = end_of_study(family, censored, rng), np.arange(n) % 2
    law = truth(family, arm)
    # on the hazard scale of the spline the effect is minus shape times that on log time
    effect = -EFFECT / SIGMA if family == "royston_parmar" else EFFECT
    survival = float(truth(family, 0).survival(TIME))
    errors, hits = [], []
    for _ in range(repeats):
        time, stop = law.sample(rng.random(n)), end * rng.random(n)
        surv = Surv.right(np.minimum(time, stop), time <= stop, unit="months")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                fit = fit_one(surv, family, arm)
                predicted = fit.predict_survival(np.zeros((1, 1)), [TIME])
        except (ConvergenceError, InputError):
            continue
        place = fit.terms.index("x1")
        half = 1.959963984540054 * fit.std_error[place]
        errors.append(fit.estimate[place] - effect)
        inside = predicted.conf_low[0, 0] <= survival <= predicted.conf_high[0, 0]
        hits.append([abs(errors[-1]) <= half, inside])
    cover = np.mean(hits, axis=0)
    return {
        "family": family, "n": n, "censored": censored, "repeats": repeats,
        "without_estimate": 1 - len(errors) / repeats,
        "bias": float(np.mean(errors)), "bias_error": float(np.std(errors) / np.sqrt(len(errors))),
        "coverage_effect": float(cover[0]), "coverage_survival": float(cover[1]),
    }  # fmt: skip


def fit_one(surv: Surv, family: str, arm: np.ndarray) -> Any:
    """The fit under test."""
    x = arm[:, None].astype(float)
    if family == "royston_parmar":
        return royston_parmar(surv, None, x, df=2)
    return parametric_survival(surv, family, None, x)


def grid(family: str) -> list[tuple[int, float]]:
    """Sizes and shares censored; the generalised gamma rarely has a maximum below 50 patients."""
    return [(n, s) for n in SIZES for s in (0.3, 0.7) if n >= 50 or family != "generalised_gamma"]


def main(repeats: int = 300) -> None:
    """The whole grid."""
    cells = [cell(family, n, censored, repeats, 11) for family in Q for n, censored in grid(family)]
    told = "coverage of 95 % intervals; without_estimate: data sets in which the likelihood has no maximum"
    RECORD.write_text(json.dumps({"seed": 11, "level": 0.95, "what": told, "cells": cells}, indent=1) + "\n")


if __name__ == "__main__":
    main()
