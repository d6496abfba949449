"""Weighted draws from the posterior: Laplace, then importance weights, then tempering where the weights are poor.

Every random number is addressed by the seed and a name (`survsim.core.streams`), so the same call gives the same
draws on any machine and any number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammainccinv, ndtri

from survsim.core import progress
from survsim.core.checks import FloatArray
from survsim.core.streams import Streams
from survsim.estimate.calibration import pareto
from survsim.estimate.calibration.laplace import TRIAL_STARTS, LogDensity, mode_and_covariance

FREEDOM = 7.0
"""Degrees of freedom of the proposals: heavier tails than the posterior's."""
ROUNDS = 6
"""Rounds of proposals at most; each takes its mean and covariance from the weighted draws of all before it."""
ENOUGH = 0.25
"""Effective draws, as a share of the size asked for, at which no further round is made."""
MOVES = 4
"""Metropolis steps of each particle at each temperature."""
MOST_TEMPERATURES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedDraws:
    """Posterior as weighted points.

    Attributes
    ----------
    w : (n, p), n of the size asked for or more; weight : (n,) summing to 1.
    mode, covariance : of the Laplace approximation.
    method : "importance" or "tempered".
    pareto_k : shape of the tail of the last importance weights; effective : draws' worth of the weights.
    acceptance : share of accepted moves where tempered, else NaN.
    """

    w: FloatArray
    weight: FloatArray
    mode: FloatArray
    covariance: FloatArray
    method: str
    pareto_k: float
    effective: float
    acceptance: float


def sample(
    log_density: LogDensity, p: int, *, size: int, seed: int, rough: LogDensity | None = None
) -> WeightedDraws:
    """Draws from a density over p coordinates whose prior is the unit normal.

    `rough` is a cheaper approximation of the density, to find the mode and curvature with.
    """
    streams = Streams(seed)
    starts = np.stack([normals(streams, f"start/{i}", TRIAL_STARTS) for i in range(p)], axis=1)
    mode, covariance, rivals = mode_and_covariance(rough or log_density, starts)
    w, weight, k = np.zeros((0, p)), np.zeros(0), float("inf")
    if not rivals:
        w, weight, k = _importance(log_density, streams, mode, covariance, size)
    if k < pareto.GOOD and pareto.effective(weight) >= 0.5 * ENOUGH * size:
        method, acceptance, effective = "importance", float("nan"), pareto.effective(weight)
    else:
        method = "tempered"
        w, acceptance = _temper(log_density, streams, p, size)
        weight, effective = np.full(size, 1.0 / size), float(len(np.unique(w, axis=0)))
    return WeightedDraws(
        w=w,
        weight=weight,
        mode=mode,
        covariance=covariance,
        method=method,
        pareto_k=k,
        effective=effective,
        acceptance=acceptance,
    )


def _importance(
    log_density: LogDensity, streams: Streams, mode: FloatArray, covariance: FloatArray, size: int
) -> tuple[FloatArray, FloatArray, float]:
    """Points, smoothed weights and their tail's shape, from rounds of multivariate t proposals.

    The points of all rounds are weighted by the mixture of all proposals, so an early poor one spoils nothing and
    none is thrown away (adaptive multiple importance sampling: Cornuet, Marin, Mira & Robert 2012, Scand J Stat 39:798).
    """
    p, half = mode.size, size // 2
    proposals: list[tuple[FloatArray, FloatArray]] = []
    centre, spread = mode, covariance
    w, log_p = np.zeros((0, p)), np.zeros(0)
    for attempt in progress.each("calibrating", range(ROUNDS)):
        proposals.append((centre, np.asarray(np.linalg.cholesky(spread), dtype=np.float64)))
        new = _proposed(streams, f"importance/{attempt}", *proposals[-1], half)
        w, log_p = np.concatenate([w, new]), np.concatenate([log_p, log_density(new)])
        mixture = np.logaddexp.reduce([_log_proposal(w, *q) for q in proposals], axis=0) - np.log(
            len(proposals)
        )
        weight, k = pareto.smoothed(log_p - mixture)
        effective = pareto.effective(weight)
        if attempt and k < pareto.GOOD and effective >= ENOUGH * size:
            break
        if effective > 2 * p:
            centre, spread = _moments(w, weight)
    return w, weight, k


def normals(streams: Streams, name: str, size: int, visit: int = 0) -> FloatArray:
    """Standard normals (size,) of a named stream."""
    u = streams.uniforms(name, size=size, visit=visit)
    return np.asarray(ndtri(np.clip(u, 1e-16, 1 - 1e-16)))


def _proposed(streams: Streams, name: str, centre: FloatArray, root: FloatArray, size: int) -> FloatArray:
    """Draws (n, p) of a multivariate t whose scale matrix has the lower root `root`."""
    z = np.stack([normals(streams, f"{name}/{i}", size) for i in range(centre.size)], axis=1)
    chi2 = 2.0 * gammainccinv(0.5 * FREEDOM, streams.uniforms(f"{name}/scale", size=size))
    t = z * np.sqrt(FREEDOM / chi2)[:, None]
    return np.asarray(centre + (t[:, None, :] * root).sum(axis=2))


def _log_proposal(w: FloatArray, centre: FloatArray, root: FloatArray) -> FloatArray:
    """(n,) log density of that t, up to a constant of its own dimension."""
    p = centre.size
    scaled = np.linalg.solve(root, (w - centre).T)
    half = 0.5 * (FREEDOM + p)
    return np.asarray(-np.log(np.diag(root)).sum() - half * np.log1p((scaled**2).sum(axis=0) / FREEDOM))


def _moments(w: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weighted mean and covariance, with a little of the identity so that no direction is lost."""
    mean = weight @ w
    gap = w - mean
    return mean, (gap * weight[:, None]).T @ gap + 1e-6 * np.eye(w.shape[1])


def resample(weight: FloatArray, size: int, u: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Indices (size,) in proportion to the weights, systematically from one uniform."""
    place = (np.arange(size) + u) / size
    return np.minimum(np.searchsorted(np.cumsum(weight), place), weight.size - 1)


def _temper(log_density: LogDensity, streams: Streams, p: int, size: int) -> tuple[FloatArray, float]:
    """Sequential Monte Carlo from the prior to the posterior, the likelihood raised to a power b that grows to 1.

    Each rise of b halves the effective number of particles; then they are resampled and moved by random-walk
    Metropolis steps of their own shape (Del Moral, Doucet & Jasra 2006, JRSS B 68:411, section 3.3).
    """
    w = np.stack([normals(streams, f"temper/start/{i}", size) for i in range(p)], axis=1)

    def log_likelihood(x: FloatArray) -> FloatArray:
        return log_density(x) + 0.5 * (x**2).sum(axis=1)

    value = log_likelihood(w)
    b, moved, tried, scale = 0.0, 0, 0, 2.38 / np.sqrt(p)
    for stage in progress.each("calibrating", range(MOST_TEMPERATURES)):
        rise = _rise(value, 1.0 - b)
        weight = _normalised(rise * value)
        b = min(1.0, b + rise)
        u = float(streams.uniforms("temper/resample", size=1, visit=stage)[0])
        root = np.linalg.cholesky(_moments(w, weight)[1])
        chosen = resample(weight, size, u)
        w, value = w[chosen], value[chosen]
        for move in range(MOVES * (3 if b >= 1.0 else 1)):
            visit = 1000 * stage + move
            z = np.stack([normals(streams, f"temper/move/{i}", size, visit=visit) for i in range(p)], axis=1)
            trial = w + scale * (z[:, None, :] * root).sum(axis=2)
            new = log_likelihood(trial)
            gain = b * (new - value) - 0.5 * ((trial**2).sum(axis=1) - (w**2).sum(axis=1))
            accept = np.log(streams.uniforms("temper/accept", size=size, visit=visit)) < gain
            w[accept], value[accept] = trial[accept], new[accept]
            moved, tried = moved + int(accept.sum()), tried + size
            scale *= float(np.exp(accept.mean() - 0.3))
        if b >= 1.0:
            break
    return w, moved / tried


def _rise(log_ratio: FloatArray, most: float) -> float:
    """The largest rise of the temperature that keeps half of the particles effective."""
    fine = np.where(np.isfinite(log_ratio), log_ratio, -np.inf)

    def left(rise: float) -> float:
        return pareto.effective(_normalised(rise * fine)) / fine.size

    if left(most) >= 0.5:
        return most
    low, high = 0.0, most
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if left(middle) >= 0.5 else (low, middle)
    return max(low, 1e-6)


def _normalised(log_weight: FloatArray) -> FloatArray:
    safe = np.where(np.isnan(log_weight), -np.inf, log_weight)
    weight = np.exp(safe - safe.max())
    return np.asarray(weight / weight.sum())
