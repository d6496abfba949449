"""The generalised gamma family with exact first and second derivatives, q included.

The incomplete gamma function has no usable closed derivative in its shape. Here log S and its
derivatives in q are integrals of the density and of its derivatives over one fine grid of
w = (log t - mu) / sigma, and every patient reads them off by interpolation of sixth order: the cost
hardly grows with the number of patients, and nothing changes at q = 0.
"""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from survsim.core.checks import FloatArray, IntArray
from survsim.core.distributions import GeneralisedGamma, HazardDistribution
from survsim.core.distributions.generalised_gamma import (
    LOG_ROOT_TWO_PI,
    excess_exponential,
    stirling_remainder,
)
from survsim.core.encoding import stored
from survsim.estimate.parametric.families import growth, near_zero
from survsim.estimate.parametric.likelihood_terms import Terms

SPACING = 0.04
LARGEST_GRID = 20_000
LARGEST_Q = 8.0
"""Trial steps do not go beyond it; a search that comes past `limit` is on its way to infinity."""

REACHES = tuple(itertools.accumulate(range(22), lambda reach, _: 1.6 * reach, initial=0.5))
"""How far beyond the last patient the density may be followed until nothing is left of it, in standard units."""

# M(w, q) = w^2 g(qw), g(y) = (exp(y) - 1 - y) / y^2 = sum of y^k / (k + 2)!
SLOPE = tuple((k + 1) / math.factorial(k + 3) for k in range(12))
BEND = tuple((k + 1) * (k + 2) / math.factorial(k + 4) for k in range(12))


@stored
@dataclass(frozen=True, slots=True)
class GeneralisedGammaFamily:
    """log T = mu + sigma W, W the log-gamma variable of Prentice with shape q."""

    name: str = "generalised_gamma"
    effect: str = "time ratio"
    location: str = "mu"
    predictors: tuple[str, ...] = ("mu", "log(sigma)", "q")
    needs_positive_times: bool = True
    limit: float = 6.0

    def log_density(self, t: FloatArray, z: list[FloatArray]) -> Terms:
        log_t, sigma, q = np.log(t), np.exp(z[1]), float(np.asarray(z[2]).flat[0])
        w = (log_t - z[0]) / sigma
        if abs(q) >= LARGEST_Q:
            return Terms(np.full_like(w, -np.inf), [w] * 3, [w] * 6)
        value, q1, q2 = density_in_q(w, q)
        w1, w2, wq = density_in_w(w, q)
        terms = _chain(w, sigma, (value, w1, w2, q1, wq, q2))
        first = list(terms.first)
        assert first[1] is not None
        first[1] = first[1] - 1.0
        return Terms(terms.value - z[1] - log_t, first, terms.second)

    def log_survival(self, t: FloatArray, z: list[FloatArray]) -> Terms:
        sigma, q = np.exp(z[1]), float(np.asarray(z[2]).flat[0])
        w = (np.log(t) - z[0]) / sigma
        if w.size == 0:
            return Terms(w, [w] * 3, [w] * 6)
        parts = survival_table(w, q) if abs(q) < LARGEST_Q else None
        if parts is None:
            return Terms(np.full_like(w, -np.inf), [w] * 3, [w] * 6)
        return _chain(w, sigma, parts)

    def on_clock(self, clock: float) -> GeneralisedGammaFamily:
        return self

    def unscale(self, clock: float) -> list[tuple[float, float]]:
        return [(1.0, float(np.log(clock))), (1.0, 0.0), (1.0, 0.0)]

    def start(self) -> list[float]:
        return [0.0, 0.0, 0.5]

    def distribution(self, z: list[FloatArray], unit: str) -> HazardDistribution:
        return GeneralisedGamma(mu=z[0], sigma=np.exp(z[1]), q=z[2], time_unit=unit)


Six = tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]
"""A function of (w, q): value, d/dw, d2/dw2, d/dq, d2/dwdq, d2/dq2."""


def _chain(w: FloatArray, sigma: FloatArray, parts: Six) -> Terms:
    value, w1, w2, q1, wq, q2 = parts
    bent = w1 + w * w2
    second = [w2 / (sigma * sigma), bent / sigma, -wq / sigma, w * bent, -w * wq, q2]
    return Terms(value, [-w1 / sigma, -w * w1, q1], list(second))


def density_in_w(w: FloatArray, q: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """d/dw, d2/dw2 and d2/dwdq of the log density of w."""
    k0, k1, _ = growth(q * w)
    return -w * k0, -np.exp(np.minimum(q * w, 600.0)), -w * w * k1


def density_in_q(w: FloatArray, q: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log density of w and its first two derivatives in q."""

    def closed(big: FloatArray) -> tuple[FloatArray, FloatArray]:
        e, square = np.exp(big), big * big
        bend = (e * (square - 4.0 * big + 6.0) - 2.0 * big - 6.0) / (square * square)
        return (e * (big - 2.0) + big + 2.0) / (square * big), bend

    slope, bend = near_zero(np.minimum(q * w, 600.0), (SLOPE, BEND), closed)
    r1, r2 = _remainder_in_q(q)
    square = w * w
    return _log_density(w, q), -r1 - square * w * slope, -r2 - square * square * bend


@functools.lru_cache(64)
def _remainder(q: float) -> float:
    """Stirling's remainder r(q^-2), 0 at 0: a density is asked at many w for each q."""
    return float(stirling_remainder(np.array(1.0 / (q * q)))) if q else 0.0


def _log_density(w: FloatArray, q: float) -> FloatArray:
    """Log density of w at one q."""
    return -LOG_ROOT_TWO_PI - _remainder(q) - 0.5 * w * w * excess_exponential(q * w)


@functools.lru_cache(64)
def _remainder_in_q(q: float) -> tuple[float, float]:
    """First two derivatives in q of Stirling's remainder r(q^-2) = q^2/12 - q^6/360 + q^10/1260 - ..."""
    if abs(q) < 0.25:
        first = q / 6 - q**5 / 60 + q**9 / 126 - q**13 / 120 + 18 * q**17 / 1188
        second = 1 / 6 - q**4 / 12 + q**8 / 14 - 13 * q**12 / 120 + 306 * q**16 / 1188
        return first, second
    a = q**-2.0
    in_a = float(special.digamma(a)) - math.log(a) + 0.5 / a
    in_aa = float(special.polygamma(1, a)) - 1.0 / a - 0.5 / (a * a)
    return in_a * -2.0 * q**-3.0, in_aa * 4.0 * q**-6.0 + in_a * 6.0 * q**-4.0


def survival_table(w: FloatArray, q: float) -> Six | None:
    """log S at every w with its derivatives; None where the grid would be absurdly long."""
    lowest = -12.0 - 40.0 * max(q, 0.0)
    low, high = max(float(w.min()), lowest) - 1e-9, max(float(w.max()), lowest) + 1e-9
    spacing = SPACING / max(1.0, abs(q))
    if not (high - low) / spacing < LARGEST_GRID:
        return None
    panels = max(int(np.ceil((high - low) / spacing)), 1)
    edges = np.linspace(low, high, panels + 1)
    width = (high - low) / panels
    sums = _tail_sums(edges, q)
    if not sums[0][-1] > 0:
        return None
    tables = _tables(edges, width, q, sums)
    at = np.clip((w - low) / width, 0.0, panels * (1.0 - 1e-15))
    piece = at.astype(np.int64)
    x = at - piece
    log_s, in_q, in_qq = (_read(table, piece, x) for table in tables)
    value, q1, _ = density_in_q(w, q)
    hazard = np.exp(value - log_s)
    w1 = -w * special.exprel(np.minimum(q * w, 600.0))
    early = w < low
    if early.any():
        log_s, in_q, in_qq = (np.where(early, 0.0, part) for part in (log_s, in_q, in_qq))
    return log_s, -hazard, -hazard * (w1 + hazard), in_q, -hazard * (q1 - in_q), in_qq


def _tail_sums(edges: FloatArray, q: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """S and its first two derivatives in q at every edge, summed from the right."""
    panels = _integrals(edges, q, 6)
    last, *heights = _log_density(edges[-1] + np.array([0.0, *REACHES]), q).tolist()
    reach = next((r for r, height in zip(REACHES, heights) if not height > last - 45.0), REACHES[-1])
    tail = _integrals(np.linspace(edges[-1], edges[-1] + reach, 49), q, 12)
    sums = []
    for inner, outer in zip(panels, tail):
        end = outer.sum()
        sums.append(np.concatenate([end + np.cumsum(inner[::-1])[::-1], [end]]))
    return sums[0], sums[1], sums[2]


@functools.cache
def _gauss(points: int) -> tuple[FloatArray, FloatArray]:
    nodes, weights = np.polynomial.legendre.leggauss(points)
    return nodes, weights


def _integrals(edges: FloatArray, q: float, points: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    nodes, weights = _gauss(points)
    half = 0.5 * np.diff(edges)
    middle = 0.5 * (edges[1:] + edges[:-1])
    v = middle[:, None] + half[:, None] * nodes
    value, q1, q2 = density_in_q(v.ravel(), q)
    f = np.exp(value).reshape(v.shape) * weights * half[:, None]
    q1, q2 = q1.reshape(v.shape), q2.reshape(v.shape)
    return f.sum(axis=1), (f * q1).sum(axis=1), (f * (q1 * q1 + q2)).sum(axis=1)


def _tables(
    edges: FloatArray, width: float, q: float, sums: tuple[FloatArray, FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Polynomials of each panel for log S, its q-derivative and its second q-derivative."""
    s, s1, s2 = sums
    in_q = s1 / s
    in_qq = s2 / s - in_q * in_q
    value, q1, q2 = density_in_q(edges, q)
    w1, _, wq = density_in_w(edges, q)
    hazard = np.exp(value) / s
    bend = hazard * (w1 + hazard)
    gap = q1 - in_q
    log_s = _quintic(np.log(s), -hazard * width, -bend * width**2)
    slope_q = -hazard * gap
    bend_q = -bend * gap - hazard * (wq - slope_q)
    first = _quintic(in_q, slope_q * width, bend_q * width**2)
    second = _cubic(in_qq, -hazard * (gap * gap + q2 - in_qq) * width)
    return log_s, first, second


def _quintic(y: FloatArray, d: FloatArray, s: FloatArray) -> FloatArray:
    c0, c1, c2 = y[:-1], d[:-1], 0.5 * s[:-1]
    a, b, c = y[1:] - c0 - c1 - c2, d[1:] - c1 - 2.0 * c2, s[1:] - 2.0 * c2
    rest = (10.0 * a - 4.0 * b + 0.5 * c, -15.0 * a + 7.0 * b - c, 6.0 * a - 3.0 * b + 0.5 * c)
    return np.stack([c0, c1, c2, *rest])


def _cubic(y: FloatArray, d: FloatArray) -> FloatArray:
    rise = y[1:] - y[:-1]
    return np.stack([y[:-1], d[:-1], 3.0 * rise - 2.0 * d[:-1] - d[1:], d[:-1] + d[1:] - 2.0 * rise])


def _read(table: FloatArray, piece: IntArray, x: FloatArray) -> FloatArray:
    total = table[-1][piece]
    for row in table[-2::-1]:
        total = total * x + row[piece]
    return total
