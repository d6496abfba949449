"""Firth's penalised partial likelihood, l + log det I / 2, with its score.

tr(I^-1 dI/db_r) needs the third central moments of the covariates over the risk sets. With y = L^-1 x,
I = L L', and q = y'y it is, summed over event times, E[q x_r] - m_r E[q] - 2 E[x_r y'] m_y + 2 m_r |m_y|^2:
sums over rows and over event times, no array per event (Heinze & Schemper 2001, Biometrics 57:114, eq. 2).
"""

from __future__ import annotations

import math

import numpy as np

from survsim.kernels import cox
from survsim.kernels.cox import Moments
from survsim.kernels.cox_layout import Floats, Layout
from survsim.kernels.cox_newton import Objective, Point, nowhere
from survsim.kernels.cox_residuals import lived_means


def firth_likelihood(at: Layout, x: Floats, offset: Floats | None) -> Objective:
    """Penalised likelihood with modified score and the information, as a function of beta."""
    columns = cox.covariates(at, x)
    constant = x[:, at.event] @ at.weight[at.event]

    def evaluate(beta: Floats) -> Point:
        now = cox.moments(at, columns, cox.linear_predictor(at, x, beta, offset))
        if not math.isfinite(now.log_likelihood):
            return nowhere(beta.size, now)
        with np.errstate(over="ignore", invalid="ignore"):
            inform = cox.information(at, x, now)
        if not np.isfinite(inform).all():
            return nowhere(beta.size, now)
        sign, log_det = np.linalg.slogdet(inform)
        if sign <= 0 or not np.isfinite(log_det):
            return nowhere(beta.size, now)
        gradient = cox.score(at, constant, now) + 0.5 * information_trace(at, x, now, inform)
        return Point(now.log_likelihood + 0.5 * log_det, gradient, inform, now.log_likelihood, now)

    return evaluate


def information_trace(at: Layout, x: Floats, now: Moments, inform: Floats) -> Floats:
    """tr(I^-1 dI/db_r) for each r, (p,)."""
    root = np.linalg.cholesky(inform)
    y = np.linalg.solve(root, x)
    q = np.einsum("ij,ij->j", y, y)
    lived = now.lived
    along = np.einsum("ij,ij->j", y, np.linalg.solve(root, lived_means(at, now)))
    trace = x @ (now.risk * (q * lived - 2.0 * along))
    rq = now.risk * q
    sq = cox.risk_sums(at, rq[None])[0]
    trace -= now.s1 @ (now.a0 * sq)
    mean = now.s1[:, at.of_event] / now.s0[at.of_event]
    if at.tied:
        s1, k, c = now.s1[:, at.many], at.tied_of, at.fraction
        eq = cox.tied_sums(at, rq[at.tied_event])
        trace += s1 @ (now.a1 * eq) + now.e1 @ (now.a1 * sq[at.many] - now.a2 * eq)
        shared = (at.d > 1)[at.of_event]
        mean[:, shared] = (s1[:, k] - c * now.e1[:, k]) / (now.s0[at.many][k] - c * now.e0[k])
    mean_y = np.linalg.solve(root, mean)
    return trace + 2.0 * mean @ (at.mean_weight[at.of_event] * np.einsum("ij,ij->j", mean_y, mean_y))
