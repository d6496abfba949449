"""Score and Schoenfeld residuals of a Cox fit (Therneau & Grambsch 2000, ch. 4; Efron ties shared out)."""

from __future__ import annotations

import numpy as np

from survsim.kernels.cox import Moments
from survsim.kernels.cox_layout import Floats, Layout


def event_means(at: Layout, now: Moments) -> Floats:
    """Risk-set mean of the covariates at each event time, (p, K); under Efron the mean of the d means."""
    total = now.s1 * now.a
    if at.tied:
        total[:, at.many] -= now.e1 * now.b
    return total / (at.mean_weight * at.d)


def hazard_means(at: Layout, now: Moments) -> Floats:
    """Increments (p, K) of the integral of the risk-set mean over the baseline hazard."""
    step = now.s1 * now.a0
    if at.tied:
        step[:, at.many] -= now.e1 * now.a1
    return step


def martingale(at: Layout, now: Moments, eta: Floats) -> Floats:
    """Events seen less expected, (m,) in sorted order."""
    expected = now.lived * np.exp(eta)
    seen = np.zeros(expected.size)
    seen[at.event] = 1.0
    return seen - expected


def lived_means(at: Layout, now: Moments) -> Floats:
    """Integral of the risk-set mean over the hazard each row lived through, (p, m)."""
    total = np.zeros((now.s1.shape[0], at.n_times + 1))
    np.cumsum(hazard_means(at, now), axis=1, out=total[:, 1:])
    lived = total[:, at.high + 1]
    if at.late is not None or at.stratum_start.size > 2:
        lived -= total[:, at.low]
    if at.tied:
        own = now.s1[:, at.many] * now.a1 - now.e1 * now.a2
        lived[:, at.tied_event] -= own[:, at.tied_of]
    return lived


def score_residuals(at: Layout, x: Floats, now: Moments) -> Floats:
    """Unweighted score residuals (p, m) in sorted order; weighted they sum to the score."""
    theta = now.risk / at.weight
    residual = lived_means(at, now)
    residual -= x * now.lived
    residual *= theta
    residual[:, at.event] += x[:, at.event] - event_means(at, now)[:, at.of_event]
    return residual
