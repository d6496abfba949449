"""Simulated evidence bases with a known truth: does the predictive interval hold the next study?

Run: python -m tests.statistical.validate_evidence_model
"""

from __future__ import annotations

import json
from pathlib import Path

import joblib
import numpy as np

from survsim import Surv, evidence_model
from survsim.joint_model import EvidenceTerm, median_term, patients_term, survival_term

LEVEL = 0.90
RECORD = Path(__file__).parent / "records" / "evidence_model_coverage.json"
SCALE = 1.0  # of the prior of tau, the default
STEP = 0.5  # of the random walk of the log hazard
BREAK = 12.0


def one_base(rng: np.random.Generator, studies: int, tau: float, alpha: np.ndarray) -> list[EvidenceTerm]:
    """Studies of 12 to 60 patients, reported in turn as patients, two survival probabilities or a median."""
    terms = []
    for i in range(studies):
        n = int(rng.integers(12, 61))
        hazard = np.exp(alpha + rng.normal(0, tau))
        h = -np.log(rng.random(n))
        first = hazard[0] * BREAK
        time = np.where(h <= first, h / hazard[0], BREAK + (h - first) / hazard[1])
        name = f"s{i}"
        if i % 3 == 0:
            end = rng.uniform(6, 48, n)
            surv = Surv.right(np.minimum(time, end), time <= end, unit="months")
            terms.append(patients_term(surv, study=name))
        elif i % 3 == 1:
            s = [(time > t).mean() for t in (12.0, 24.0)]
            terms.append(survival_term([12, 24], s, study=name, unit="months", n=n, design_factor=1.0))
        else:
            terms.append(median_term(float(np.median(time)), study=name, unit="months", n=n))
    return terms


def hit(rng: np.random.Generator, studies: int, tau: float | None, points: int = 9) -> tuple[bool, float]:
    """Whether the 90% interval of a new study's log hazard holds it, and the rank of the truth."""
    # sd^0.5 exp(-sd^2 / 2) is the density of the root of twice a gamma variable of shape 0.75
    true_tau = SCALE * np.sqrt(2 * rng.gamma(0.75)) if tau is None else tau
    alpha = -3.0 + np.array([0.0, rng.normal(0, STEP)])
    model = evidence_model(
        one_base(rng, studies, true_tau, alpha),
        breaks=[BREAK],
        study_scale=SCALE,
        walk_sd=STEP,
        points=points,
    )
    truth = alpha[0] + rng.normal(0, true_tau)
    draws = np.log(model.predict(draws=1000, seed=int(rng.integers(2**31))).distribution.rates[:, 0])
    rank = float((draws < truth).mean())
    return (1 - LEVEL) / 2 <= rank <= (1 + LEVEL) / 2, rank


def coverage(studies: int, tau: float | None, simulations: int, seed: int) -> tuple[float, np.ndarray]:
    """Share of hits and ranks (simulations,)."""
    rng = np.random.default_rng([seed, studies, 0 if tau is None else 1 + int(1000 * tau)])
    found = [hit(rng, studies, tau) for _ in range(simulations)]
    return float(np.mean([f[0] for f in found])), np.array([f[1] for f in found])


def one_row(studies: int, tau: float | None, simulations: int) -> dict[str, object]:
    """Coverage of one cell of the grid, with the histogram of the ranks."""
    share, ranks = coverage(studies, tau, simulations, seed=2026)
    return {
        "studies": studies,
        "tau": "drawn from the prior" if tau is None else tau,
        "simulations": simulations,
        "coverage": round(share, 4),
        "mc_error": round(float(np.sqrt(LEVEL * (1 - LEVEL) / simulations)), 4),
        "rank_histogram": np.histogram(ranks, bins=10, range=(0, 1))[0].tolist(),
    }


def main(target: Path = RECORD, simulations: int = 2000) -> None:
    """Write the record: every number of studies by every heterogeneity."""
    cells = [(studies, tau) for studies in (5, 10, 40) for tau in (None, 0.0, 0.25, 0.5, 1.0)]
    jobs = 1 if simulations == 1 else -1
    rows = joblib.Parallel(n_jobs=jobs)(joblib.delayed(one_row)(*cell, simulations) for cell in cells)
    content = {
        "claim": "90% predictive interval of a new study's log hazard, evidence_model",
        "call": "python -m tests.statistical.validate_evidence_model",
        "rows": rows,
    }
    target.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
