"""Likelihood of a Markov model in continuous time, of states that were seen at visits only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import expm
from scipy.optimize import minimize

from survsim.core.checks import BoolArray, FloatArray, IntArray
from survsim.core.errors import ConvergenceError

LEAST = 1e-300
"""A probability below it is taken for it, so that a far step of the search is bad but finite."""
SETTLED = 1e-9
"""Half the squared length of a Newton step in standard errors, below which the fit has arrived."""
LEAST_INFORMATION = 1e-5
"""About a log intensity or an effect; with less its standard error is above 300."""
FLAT = 1e-8
"""Eigenvalue of the information, scaled to ones on its diagonal, below which a mixture of numbers is not told."""
LOG_RATES, EFFECTS = (-40.0, 12.0), (-30.0, 30.0)
"""Where the search may go: log intensities and effects of a standard deviation of a covariate."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Intervals of equal length and covariates, put together.

    Attributes
    ----------
    pairs : (k, 2) transitions as places; size : number of states.
    z : (c, p) different rows of centred covariates.
    length, group : (m,) lengths of intervals and rows of `z`, each pair once.
    cell : (n,) place among the m of each interval; source, target : (n,); dead : (n,) entry into target is exact.
    """

    pairs: IntArray
    size: int
    z: FloatArray
    length: FloatArray
    group: IntArray
    cell: IntArray
    source: IntArray
    target: IntArray
    dead: BoolArray

    @property
    def n_parameters(self) -> int:
        return len(self.pairs) * (1 + self.z.shape[1])


def grouped(
    pairs: IntArray, size: int, z: FloatArray, length: FloatArray, moves: tuple[IntArray, IntArray, BoolArray]
) -> Panel:
    """The panel of intervals with covariates z (n, p), lengths (n,) and (source, target, dead)."""
    rows, group = (
        np.unique(z, axis=0, return_inverse=True) if z.shape[1] else (z[:1], np.zeros(len(z), np.int64))
    )
    keys, cell = np.unique(np.column_stack([group.ravel(), length]), axis=0, return_inverse=True)
    return Panel(pairs, size, rows, keys[:, 1], keys[:, 0].astype(np.int64), cell.ravel(), *moves)


def generators(theta: FloatArray, pairs: IntArray, size: int, z: FloatArray) -> FloatArray:
    """Generator matrices (c, S, S) for rows z (c, p); theta has the k log intensities, then p rows of k effects."""
    k = len(pairs)
    log_rate = theta[:k] + z @ theta[k:].reshape(z.shape[1], k)
    q = np.zeros((len(z), size, size))
    q[:, pairs[:, 0], pairs[:, 1]] = np.exp(np.clip(log_rate, -700.0, 50.0))
    q[:, range(size), range(size)] = -q.sum(axis=2)
    return q


def value_and_slope(theta: FloatArray, panel: Panel) -> tuple[float, FloatArray]:
    """Log likelihood and its gradient (P,).

    For each length and covariates the adjoint of the derivative of exp(Qt) is one exponential of a block matrix
    (Najfeld & Havel 1995): exp([[Q't, Gt], [0, Q't]]) has in its corner the slope of sum(G * exp(Qt)) in Q.
    """
    size, cells = panel.size, len(panel.length)
    q = generators(theta, panel.pairs, size, panel.z)
    scaled = q[panel.group] * panel.length[:, None, None]
    p = expm(scaled)
    i, r, s = panel.cell, panel.source, panel.target
    into = np.where(panel.dead[:, None], q[panel.group[i], :, s], np.eye(size)[s])
    here = np.maximum(p[i, r], 0.0)
    likelihood = np.maximum((here * into).sum(axis=1), LEAST)
    weight = np.zeros((cells, size, size))
    np.add.at(weight, (i, r), into / likelihood[:, None])
    d = np.flatnonzero(panel.dead)
    slope = through_exponential(panel, q, scaled, weight, here[d] / likelihood[d, None])
    return float(np.log(likelihood).sum()), slope


def through_exponential(
    panel: Panel, q: FloatArray, scaled: FloatArray, weight: FloatArray, share: FloatArray
) -> FloatArray:
    """The gradient (P,) in the log intensities and effects, of that in the elements of exp(Qt).

    Parameters
    ----------
    q, scaled : generators (c, S, S), and Qt of each length and covariates (m, S, S).
    weight : (m, S, S) gradient in exp(Qt); share : (d, S) that in the intensities of exact entries, from each state.
    """
    size, cells = panel.size, len(panel.length)
    block = np.zeros((cells, 2 * size, 2 * size))
    block[:, :size, :size] = block[:, size:, size:] = np.swapaxes(scaled, 1, 2)
    block[:, :size, size:] = weight * panel.length[:, None, None]
    slope = np.zeros_like(q)
    np.add.at(slope, panel.group, expm(block)[:, :size, size:])
    d = np.flatnonzero(panel.dead)
    for state in range(size):
        np.add.at(slope[:, state], (panel.group[panel.cell[d]], panel.target[d]), share[:, state])
    a, b = panel.pairs.T
    by_rate = q[:, a, b] * (slope[:, a, b] - slope[:, a, a])
    return np.append(by_rate.sum(axis=0), (panel.z.T @ by_rate).ravel())


def curvature(theta: FloatArray, slope: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Minus the second derivatives (P, P): central differences of the gradient."""
    step = 1e-4
    rows = []
    for k in range(theta.size):
        move = np.zeros(theta.size)
        move[k] = step
        rows.append((slope(theta - move) - slope(theta + move)) / (2 * step))
    found = np.array(rows)
    return (found + found.T) / 2.0


Likelihood = Callable[[FloatArray], tuple[float, FloatArray]]


def maximise(
    panel: Panel, names: Sequence[str], likelihood: Likelihood | None = None, more: FloatArray | None = None
) -> tuple[FloatArray, FloatArray, float]:
    """Estimates (P,), their covariance (P, P) and the log likelihood; `names` (P,) are for the message.

    `likelihood` is another than that of states seen as they are, and `more` where the search begins in its further numbers.

    Raises
    ------
    ConvergenceError : no maximum, or one that the visits leave flat in some direction.
    """
    of = likelihood or (lambda theta: value_and_slope(theta, panel))

    def minus(theta: FloatArray) -> tuple[float, FloatArray]:
        value, slope = of(theta)
        return -value / panel.cell.size, -slope / panel.cell.size

    further = np.zeros(0) if more is None else more
    rates = len(panel.pairs)
    bounds = [LOG_RATES] * rates + [EFFECTS] * (panel.n_parameters - rates + further.size)
    start = np.append(first_guess(panel), further)
    options = {"maxiter": 500, "ftol": 1e-13, "gtol": 1e-8}
    theta: FloatArray = minimize(minus, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    low, high = np.array(bounds).T
    for _ in range(20):
        information = curvature(theta, lambda at: of(at)[1])
        _refuse_flat(information, names)
        value, slope = of(theta)
        step = np.linalg.solve(information, slope)
        if step @ slope / 2.0 < SETTLED:
            return theta, np.asarray(np.linalg.inv(information), np.float64), value
        theta = np.clip(theta + step * min(1.0, 2.0 / np.abs(step).max()), low, high)
    raise ConvergenceError(
        "the likelihood of the visits did not settle in 20 Newton steps; leave out rare transitions or covariates."
    )


def _refuse_flat(information: FloatArray, names: Sequence[str]) -> None:
    """Refuse when one number, or a mixture of them, hardly moves the log likelihood."""
    own = np.diag(information)
    worst = int(own.argmin()) if np.isfinite(own).all() else 0
    if np.isfinite(own).all() and own[worst] > LEAST_INFORMATION:
        root = np.sqrt(own)
        values, vectors = np.linalg.eigh(information / np.outer(root, root))
        if values[0] > FLAT:
            return
        worst = int(np.abs(vectors[:, 0]).argmax())
    raise ConvergenceError(
        f"the visits do not tell the {names[worst]}: the likelihood is flat there. "
        "Leave the transition or the covariate out, or see whether the time of entry is exact."
    )


def first_guess(panel: Panel) -> FloatArray:
    """Crude log intensities, as if a move had been direct and at the second visit; effects of 0."""
    lengths = panel.length[panel.cell]
    spent = np.bincount(panel.source, lengths, panel.size)
    counts = np.zeros((panel.size, panel.size))
    np.add.at(counts, (panel.source, panel.target), 1.0)
    a, b = panel.pairs.T
    rate = (counts[a, b] + 0.5) / np.maximum(spent[a], lengths.mean())
    return np.append(np.log(rate), np.zeros(panel.n_parameters - len(panel.pairs)))


def moved(theta: FloatArray, pairs: IntArray, size: int, z: FloatArray) -> tuple[FloatArray, Any]:
    """The generator (S, S) for one row of covariates z (p,), and its derivatives (P, S, S)."""
    k = len(pairs)
    q = generators(theta, pairs, size, z[None])[0]
    slopes = np.zeros((theta.size, size, size))
    for j, factor in enumerate(np.append(1.0, z)):
        for i, (a, b) in enumerate(pairs):
            slopes[j * k + i, a, b] = factor * q[a, b]
            slopes[j * k + i, a, a] = -factor * q[a, b]
    return q, slopes
