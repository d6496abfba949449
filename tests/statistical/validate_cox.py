"""Two-arm trials of known log hazard ratio: coverage of Wald and Firth intervals, size of the tests.

Run: python -m tests.statistical.validate_cox
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import chdtri

from survsim import Surv
from survsim.cox import cox_trials
from survsim.estimate.cox.prepare import prepare
from survsim.kernels.cox_firth import firth_likelihood
from survsim.kernels.cox_newton import maximise_secant

SIZES, CENSORED, EFFECTS = (10, 20, 50, 100), (0.3, 0.7), (0.0, float(np.log(2.0)))
RECORD = Path(__file__).parent / "records" / "cox_coverage.json"
LIMIT = float(chdtri(1.0, 0.05))


def trials(
    n: int, censored: float, effect: float, repeats: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Exponential times, arm 1 with hazard ratio exp(effect), exponential censoring for the given share."""
    rng = np.random.default_rng([seed, n, int(100 * censored), int(100 * effect)])
    arm = np.arange(n) % 2.0
    time = rng.exponential(size=(repeats, n)) / np.exp(effect * arm)
    rate = np.exp(effect / 2) * censored / (1.0 - censored)
    stop = rng.exponential(size=(repeats, n)) / rate
    return np.minimum(time, stop), time <= stop, arm


def firth_covers(time: np.ndarray, event: np.ndarray, arm: np.ndarray, effect: float) -> tuple[bool, float]:
    """Whether the profile interval holds the truth (by its definition), and the estimate."""
    problem = prepare(Surv.right(time, event, unit="months"), arm[:, None], None, "breslow")
    f = firth_likelihood(problem.at, problem.x, None)
    end = maximise_secant(f, np.zeros(1), max_iter=400, tolerance=1e-12, max_step=0.5)
    drop = 2.0 * (end.end.value - f(np.array([effect * problem.scale[0]])).value)
    return drop <= LIMIT, float(end.beta[0] / problem.scale[0])


def cell(n: int, censored: float, effect: float, repeats: int, seed: int) -> dict[str, Any]:
    """One cell of the record. Trials without information (no event with both arms at risk) are left out."""
    time, event, arm = trials(n, censored, effect, repeats, seed)
    batch = cox_trials(time, event, arm)
    use = batch.status != 3
    finite = batch.status == 0
    wald = np.abs(batch.estimate[:, 0] - effect) <= 1.959963984540054 * batch.std_error[:, 0]
    firth = [firth_covers(time[i], event[i], arm, effect) for i in np.flatnonzero(use)]
    return {
        "n": n,
        "censored": censored,
        "log_hazard_ratio": effect,
        "repeats": repeats,
        "without_information": int((~use).sum()),
        "without_maximum": int((batch.status == 2).sum()),
        "wald_coverage_of_finite_fits": float(wald[finite].mean()),
        "firth_coverage": float(np.mean([covers for covers, _ in firth])),
        "score_rejects": float((batch.score_p_value[use] < 0.05).mean()),
        "likelihood_ratio_rejects": float(
            (2 * (batch.log_likelihood - batch.log_likelihood_null)[use] > LIMIT).mean()
        ),
        "bias_of_finite_fits": float(batch.estimate[finite, 0].mean() - effect),
        "firth_bias": float(np.mean([estimate for _, estimate in firth]) - effect),
    }


def main(repeats: int = 2000) -> None:
    cells = [cell(n, c, e, repeats, 20) for n in SIZES for c in CENSORED for e in EFFECTS]
    about = "Cox regression, two arms of equal size, exponential times: coverage at 95%, rejections at 5%"
    RECORD.write_text(json.dumps({"about": about, "level": 0.95, "cells": cells}, indent=1) + "\n")


if __name__ == "__main__":
    main()
