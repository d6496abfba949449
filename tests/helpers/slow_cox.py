"""Slow, obvious twins of the Cox kernels: loops over event times and patients, one formula a line."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from survsim import Surv


def columns(surv: Surv) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    n = len(surv)
    entry = np.full(n, -1.0) if surv.entry is None else surv.entry
    weight = np.ones(n) if surv.weight is None else surv.weight
    stratum = np.zeros(n, int) if surv.stratum is None else surv.stratum
    return surv.time, surv.event, entry, weight, stratum


def log_likelihood(surv: Surv, x: np.ndarray, beta: np.ndarray, ties: str) -> float:
    """The partial log likelihood, straight from its definition."""
    time, event, entry, weight, stratum = columns(surv)
    eta = x @ beta
    total = 0.0
    for s in np.unique(stratum):
        for t in np.unique(time[event & (stratum == s)]):
            at_risk = (stratum == s) & (entry < t) & (time >= t)
            dead = at_risk & event & (time == t)
            d = int(dead.sum())
            if ties == "exact":
                sets = itertools.combinations(np.flatnonzero(at_risk), d)
                total += eta[dead].sum() - np.log(sum(np.exp(eta[list(chosen)].sum()) for chosen in sets))
                continue
            everyone = (weight * np.exp(eta))[at_risk].sum()
            tied = (weight * np.exp(eta))[dead].sum()
            total += (weight * eta)[dead].sum()
            for k in range(d):
                share = k / d if ties == "efron" else 0.0
                total -= weight[dead].mean() * np.log(everyone - share * tied)
    return float(total)


def gradient(function: Any, beta: np.ndarray, h: float = 1e-5) -> np.ndarray:
    """Central differences."""
    eye = np.eye(beta.size)
    return np.array([(function(beta + h * e) - function(beta - h * e)) / (2 * h) for e in eye])


def random_study(
    rng: np.random.Generator, n: int = 40, *, full: bool = True, top: int = 12
) -> tuple[Surv, np.ndarray]:
    """A study with ties; with entry, weights and strata when `full`."""
    x = rng.normal(size=(n, 3))
    x[:, 1] = x[:, 1] > 0.3
    time = rng.integers(2, top, n).astype(float)
    event = rng.random(n) < 0.7
    event[:3] = True
    more: dict[str, Any] = {}
    if full:
        more = {
            "entry": np.floor(time * rng.random(n) * 0.8),
            "weight": rng.uniform(0.5, 2.0, n),
            "stratum": rng.integers(0, 2, n),
        }
    return Surv.right(time, event, unit="months", **more), x
