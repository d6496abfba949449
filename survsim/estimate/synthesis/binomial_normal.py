"""Counts of several studies with normal effects on the logit scale: the exact likelihood, by adaptive quadrature.

In arm a of study i, x ~ Binomial(n, p) with logit p = F_a b + G_a (s z_i), z_i standard normal. The integral over z_i is
taken by Gauss-Hermite nodes around each study's mode; score and information follow from those of the complete data.

References: Pinheiro & Bates 1995, J Comput Graph Stat 4:12; Louis 1982, J R Stat Soc B 44:226.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln, logsumexp

from survsim.core.checks import FloatArray
from survsim.core.errors import ConvergenceError

NODES = {1: 61, 2: 31}
SMALL = 1e-3
"""A spread on the logit scale below which it counts as none: no count tells it from 0."""
WIDEST = 30.0
"""A spread on the logit scale beyond which studies have all events or none, and the likelihood rises for ever."""
COARSE = 7
"""Nodes a dimension with which maxima are told apart; the highest is then sought with all."""
STARTS = (0.05, 0.5, 2.0)
"""Spreads a search begins at: small, usual and large."""
BLOCK = 200
"""Studies whose nodes are held at once."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Events and patients (k, a) of a arms, and the designs (a, p) of the means and (a, q) of the spreads."""

    events: FloatArray
    patients: FloatArray
    fixed: FloatArray
    random: FloatArray

    def studies(self, begin: int) -> Counts:
        """The block of studies that begins at `begin`."""
        rows = slice(begin, begin + BLOCK)
        return Counts(self.events[rows], self.patients[rows], self.fixed, self.random)

    @property
    def constant(self) -> float:
        """Log of the binomial coefficients."""
        x, n = self.events, self.patients
        return float((gammaln(n + 1.0) - gammaln(x + 1.0) - gammaln(n - x + 1.0)).sum())


@dataclass(frozen=True, slots=True)
class BinomialNormalFit:
    """Maximum likelihood.

    Attributes
    ----------
    mean : (p,) coefficients on the logit scale; spread : (q,) standard deviations of the effects.
    covariance : (p, p) of the coefficients, from the observed information of all that is not at its boundary 0.
    log_likelihood : binomial coefficients included.
    """

    mean: FloatArray
    spread: FloatArray
    covariance: FloatArray
    log_likelihood: float


def evaluate(
    counts: Counts, gamma: FloatArray, nodes: int | None = None
) -> tuple[float, FloatArray, FloatArray]:
    """Log likelihood, its score (p + q,) and its observed information at gamma = (b, s); `nodes` a dimension, else `NODES`."""
    nodes = nodes or NODES[counts.random.shape[1]]
    parts = [_part(counts.studies(begin), gamma, nodes) for begin in range(0, counts.events.shape[0], BLOCK)]
    value, score, information = (sum(part[1:], part[0]) for part in zip(*parts))
    return float(value), score, information


def _part(counts: Counts, gamma: FloatArray, nodes: int) -> tuple[float, FloatArray, FloatArray]:
    """The same of a block of studies."""
    p, q = counts.fixed.shape[1], counts.random.shape[1]
    offset, loads = counts.fixed @ gamma[:p], counts.random * gamma[p:]
    z, log_weight = _nodes(counts, offset, loads, nodes)
    eta = offset + z @ loads.T  # (k, nodes, a)
    x, n = counts.events[:, None, :], counts.patients[:, None, :]
    chance = expit(eta)
    log_density = (x * eta - n * np.logaddexp(0.0, eta)).sum(axis=-1) - 0.5 * (z**2).sum(axis=-1)
    each = logsumexp(log_density + log_weight, axis=1)
    share = np.exp(log_density + log_weight - each[:, None])
    surplus = x - n * chance
    by_arm = np.concatenate(
        [
            np.broadcast_to(counts.fixed, (*z.shape[:2], *counts.fixed.shape)),
            counts.random * z[:, :, None, :],
        ],
        axis=-1,
    )
    own = np.einsum("kma,kmap->kmp", surplus, by_arm)
    mean = np.einsum("km,kmp->kp", share, own)
    size = by_arm.shape[-1]
    heavy = (share[:, :, None] * n * chance * (1.0 - chance))[..., None] * by_arm
    information = heavy.reshape(-1, size).T @ by_arm.reshape(-1, size) + mean.T @ mean
    information -= (share[:, :, None] * own).reshape(-1, size).T @ own.reshape(-1, size)
    value = float(each.sum()) - 0.5 * q * len(each) * np.log(2.0 * np.pi) + counts.constant
    return value, mean.sum(axis=0), information


def _nodes(
    counts: Counts, offset: FloatArray, loads: FloatArray, nodes: int
) -> tuple[FloatArray, FloatArray]:
    """Nodes (k, m, q) around each study's mode and the logarithms of their weights (k, m)."""
    k, q = counts.events.shape[0], loads.shape[1]
    z = np.zeros((k, q))
    for _ in range(100):
        chance = expit(offset + z @ loads.T)
        slope = (counts.events - counts.patients * chance) @ loads - z
        curvature = np.eye(q) + np.einsum(
            "ka,aq,ar->kqr", counts.patients * chance * (1.0 - chance), loads, loads
        )
        step = np.linalg.solve(curvature, slope[:, :, None])[:, :, 0]
        z = z + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-8:
            break
    root = np.linalg.cholesky(np.linalg.inv(curvature))
    t, w = np.polynomial.hermite.hermgauss(nodes)
    grid = np.array(list(itertools.product(t, repeat=q)))
    weight = np.log(np.array(list(itertools.product(w, repeat=q)))).sum(axis=1) + (grid**2).sum(axis=1)
    scale = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1) + 0.5 * q * np.log(2.0)
    return z[:, None, :] + np.sqrt(2.0) * np.einsum("kqr,mr->kmq", root, grid), weight + scale[:, None]


def fit_binomial_normal(counts: Counts, start: FloatArray, spreads: bool = True) -> BinomialNormalFit:
    """Maximise the likelihood; without `spreads` all are 0 (one common mean).

    Raises
    ------
    ConvergenceError : the search did not settle.
    """
    p, q = counts.fixed.shape[1], counts.random.shape[1]
    gamma = np.concatenate([start, np.zeros(q)])
    free = np.ones(p + q, bool)
    free[p:] = spreads
    if spreads:
        gamma = _searched(counts, start)
        free[p:] = gamma[p:] > SMALL
        gamma[p:][~free[p:]] = 0.0
    gamma = _polish(counts, gamma, free)
    if spreads and (gamma[p:][free[p:]] <= SMALL).any():
        free[p:] &= gamma[p:] > SMALL
        gamma[p:][~free[p:]] = 0.0
        gamma = _polish(counts, gamma, free)
    if not (np.abs(gamma[p:]) < WIDEST).all():
        raise ConvergenceError(
            "the spread between studies grows without bound: in some studies everybody had the event and in the others nobody. "
            "There is no mean to pool; look for what sets these studies apart (subgroup_test)."
        )
    value, _, information = evaluate(counts, gamma)
    inverse = np.linalg.inv(information[np.ix_(free, free)])
    return BinomialNormalFit(gamma[:p], gamma[p:], inverse[:p, :p], value)


def _searched(counts: Counts, start: FloatArray) -> FloatArray:
    """The highest maximum found from several spreads: with few events one spread may stand for another, and each is a maximum."""
    q = counts.random.shape[1]
    usual = STARTS[1]
    starts = [
        np.full(q, usual),
        *(np.where(row, s, usual) for s in STARTS if s != usual for row in np.eye(q)),
    ]
    found = [_climbed(counts, np.append(start, spread), COARSE) for spread in starts]
    best = found[int(np.nanargmax([value for value, _ in found]))][1]
    # Off 0, where the slope in a spread is 0 whatever the likelihood does beside it.
    best[start.size :] = np.maximum(best[start.size :], STARTS[0])
    return _climbed(counts, best)[1]


def _climbed(counts: Counts, gamma: FloatArray, nodes: int | None = None) -> tuple[float, FloatArray]:
    """The maximum next to gamma, spreads kept from falling below 0."""
    from scipy.optimize import minimize

    def loss(at: FloatArray) -> tuple[float, FloatArray]:
        value, score, _ = evaluate(counts, at, nodes)
        return -value, -score

    p = counts.fixed.shape[1]
    bounds = [(None, None)] * p + [(0.0, None)] * (gamma.size - p)
    found = minimize(loss, gamma, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500})
    return -float(found.fun), np.array(found.x)


def _polish(counts: Counts, gamma: FloatArray, free: FloatArray) -> FloatArray:
    """Newton's steps in the free coefficients, halved until the likelihood rises."""
    value, score, information = evaluate(counts, gamma)
    for _ in range(100):
        step = np.zeros(gamma.size)
        inner = information[np.ix_(free, free)]
        try:
            step[free] = np.linalg.solve(inner, score[free])
        except np.linalg.LinAlgError:
            break
        if not score @ step >= 0.0:
            step[free] = score[free] / np.abs(np.diag(inner)).max()
        if float(score @ step) < 1e-16 * max(1.0, abs(value)):
            return gamma
        for half in 0.5 ** np.arange(40):
            ahead = evaluate(counts, gamma + half * step)
            if ahead[0] > value:
                break
        else:
            return gamma  # no step rises: the digits are used up
        gamma = gamma + half * step
        value, score, information = ahead
    raise ConvergenceError(
        "the likelihood of the counts did not settle; there may be too few events to tell the spread between studies."
    )
