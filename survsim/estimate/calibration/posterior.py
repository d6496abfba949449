"""Weighted draws from the posterior: Laplace, then importance weights, then tempering where the weights are poor.

Every random number is addressed by the seed and a name (`survsim.core.streams`), so the same call gives the same
draws on any machine and any number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammainccinv, gammaln, ndtri

from survsim.core.checks import FloatArray
from survsim.core.streams import Streams
from survsim.estimate.calibration import pareto
from survsim.estimate.calibration.laplace import TRIAL_STARTS, LogDensity, mode_and_covariance

FREEDOM = 7.0
"""Degrees of freedom of the proposal: heavier tails than the posterior's."""
WIDEN = 1.1
ROUNDS = 3
"""Proposals tried before tempering; each takes mean and covariance from the last one's weighted draws."""
LEAST_EFFECTIVE = 200.0
MOVES = 4
"""Metropolis steps of each particle at each temperature."""
MOST_TEMPERATURES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedDraws:
    """Posterior as weighted points.

    Attributes
    ----------
    w : (n, p); weight : (n,) summing to 1.
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


def sample(log_density: LogDensity, p: int, *, size: int, seed: int) -> WeightedDraws:
    """Draws from a density over p coordinates whose prior is the unit normal."""
    streams = Streams(seed)
    starts = np.stack([normals(streams, f"start/{i}", TRIAL_STARTS) for i in range(p)], axis=1)
    mode, covariance, rivals = mode_and_covariance(log_density, starts)
    centre, spread, k = mode, covariance, float("inf")
    for attempt in range(0 if rivals else ROUNDS):
        w, log_q = _proposal(streams, f"importance/{attempt}", centre, WIDEN**2 * spread, size)
        log_p = log_density(w)
        weight, k = pareto.smoothed(log_p - log_q)
        effective = pareto.effective(weight)
        if k < pareto.GOOD and effective >= min(LEAST_EFFECTIVE, 0.2 * size):
            return WeightedDraws(
                w=w,
                weight=weight,
                mode=mode,
                covariance=covariance,
                method="importance",
                pareto_k=k,
                effective=effective,
                acceptance=float("nan"),
            )
        if effective > 3 * p:
            centre, spread = _moments(w, weight)
    particles, acceptance = _temper(log_density, streams, p, size)
    return WeightedDraws(
        w=particles,
        weight=np.full(size, 1.0 / size),
        mode=mode,
        covariance=covariance,
        method="tempered",
        pareto_k=k,
        effective=float(len(np.unique(particles, axis=0))),
        acceptance=acceptance,
    )


def normals(streams: Streams, name: str, size: int, visit: int = 0) -> FloatArray:
    """Standard normals (size,) of a named stream."""
    u = streams.uniforms(name, size=size, visit=visit)
    return np.asarray(ndtri(np.clip(u, 1e-16, 1 - 1e-16)))


def _proposal(
    streams: Streams, name: str, centre: FloatArray, spread: FloatArray, size: int
) -> tuple[FloatArray, FloatArray]:
    """Draws (n, p) of a multivariate t and their log densities."""
    p = centre.size
    z = np.stack([normals(streams, f"{name}/{i}", size) for i in range(p)], axis=1)
    chi2 = 2.0 * gammainccinv(0.5 * FREEDOM, streams.uniforms(f"{name}/scale", size=size))
    root = np.linalg.cholesky(spread)
    t = z * np.sqrt(FREEDOM / chi2)[:, None]
    log_q = (
        gammaln(0.5 * (FREEDOM + p))
        - gammaln(0.5 * FREEDOM)
        - 0.5 * p * np.log(FREEDOM * np.pi)
        - np.log(np.diag(root)).sum()
        - 0.5 * (FREEDOM + p) * np.log1p((t**2).sum(axis=1) / FREEDOM)
    )
    return centre + (t[:, None, :] * root).sum(axis=2), log_q


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
    for stage in range(MOST_TEMPERATURES):
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
