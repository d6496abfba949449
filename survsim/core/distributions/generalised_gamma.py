"""Generalised gamma distribution in Prentice's form: Weibull, gamma and log-normal are inside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from survsim.core.checks import FloatArray
from survsim.core.distributions.protocol import (
    HazardDistribution,
    Parameter,
    as_time,
    checked,
    distribution,
    heights,
)
from survsim.core.distributions.solve import solve_increasing

SMALL_Q = 5e-3
"""Below it the incomplete gamma function is taken from Temme's uniform expansion, which has the
log-normal as its smooth limit; with a = q^-2 above 4e4 two terms are exact to 1e-13. (There scipy's own
series stops early in the tails.)"""

NORMAL_Q = 1e-100
"""Below it the law is the log-normal for every time that floating point can hold."""

LEAST, FARTHEST = 1e-300, 1e306
"""The smallest cumulative hazard that is told from 0, and the largest w looked at."""

TERMS = 2000
"""Most terms of a tail formula; a dozen do but for the largest shapes."""

LOG_ROOT_TWO_PI = 0.9189385332046727

# Temme (1979), expansions of C_0 and C_1 in powers of eta
TEMME_0 = (-1 / 3, 1 / 12, -2 / 135, 1 / 864, 1 / 2835, -139 / 777600)
TEMME_1 = (-1 / 540, -1 / 288, 25 / 12096)


@distribution
class GeneralisedGamma(HazardDistribution):
    """Generalised gamma: with w = (log t - mu) / sigma and a = q^-2, a exp(q w) is gamma(a, 1).

    S(t) = 1 - P(a, a exp(q w)) for q > 0, P(a, a exp(q w)) for q < 0, Phi(-w) for q = 0, with P the
    regularised lower incomplete gamma function. q = 1 is Weibull, q = sigma gamma, q = 0 log-normal.

    Parameters
    ----------
    mu : location of log time.
    sigma : scale of log time, above 0.
    q : shape, any sign.
    time_unit : "days", "weeks", "months" or "years".

    References
    ----------
    Prentice (1974), Biometrika 61:539.

    Example
    -------
    >>> from survsim.distributions import GeneralisedGamma
    >>> d = GeneralisedGamma(mu=3.0, sigma=0.8, q=0.0, time_unit="months")
    >>> float(d.quantile(0.5))
    20.085536923187668
    """

    mu: Parameter
    sigma: Parameter
    q: Parameter
    time_unit: str

    def __post_init__(self) -> None:
        self._check_time_unit()
        self._set("mu", checked("mu", self.mu, "GeneralisedGamma"))
        self._set("sigma", checked("sigma", self.sigma, "GeneralisedGamma", low=0.0))
        self._set("q", checked("q", self.q, "GeneralisedGamma"))

    def _w(self, t: ArrayLike) -> FloatArray:
        with np.errstate(divide="ignore"):
            return (np.log(as_time(t)) - self.mu) / self.sigma

    def survival(self, t: ArrayLike) -> FloatArray:
        return np.exp(-self.cumulative_hazard(t))

    def cumulative_hazard(self, t: ArrayLike) -> FloatArray:
        w, q = np.broadcast_arrays(self._w(t), np.asarray(self.q, dtype=np.float64))
        return -log_survival(w, q)

    def hazard(self, t: ArrayLike) -> FloatArray:
        w, q = np.broadcast_arrays(self._w(t), np.asarray(self.q, dtype=np.float64))
        inside = np.isfinite(w)
        calm = np.where(inside, w, 0.0)
        time = np.where(inside, as_time(t), 1.0)
        # A hazard beyond the range of floating point is infinite.
        with np.errstate(over="ignore"):
            value = np.exp(log_hazard(calm, q) - np.log(self.sigma) - np.log(time))
        return np.where(inside, value, 0.0) if bool(inside.all()) else self._edges(value, inside, t)

    def _edges(self, value: FloatArray, inside: np.ndarray, t: ArrayLike) -> FloatArray:
        # at 0 the hazard follows t^(1/(q sigma) - 1) for q > 0 and vanishes otherwise
        power = np.where(
            np.asarray(self.q) > 0, 1.0 / np.maximum(np.multiply(self.q, self.sigma), 1e-300), 2.0
        )
        at_zero = np.where(power < 1.0, np.inf, np.where(power > 1.0, 0.0, np.exp(-np.asarray(self.mu))))
        factor = np.where(power == 1.0, _hazard_constant(np.asarray(self.q), np.asarray(self.sigma)), 1.0)
        return np.where(inside, value, np.where(as_time(t) == 0.0, at_zero * factor, 0.0))

    def inverse_cumulative_hazard(self, h: ArrayLike) -> FloatArray:
        height, q = np.broadcast_arrays(heights(h), np.asarray(self.q, dtype=np.float64))
        # A time beyond the range of floating point is infinite.
        with np.errstate(over="ignore"):
            return np.exp(self.mu + self.sigma * inverse_log_survival(height, q))

    def mean(self) -> FloatArray:
        q, sigma = np.asarray(self.q), np.asarray(self.sigma)
        if np.min(np.abs(q)) < SMALL_Q:
            return HazardDistribution.mean(self)
        a = q**-2.0
        b = a + sigma / q
        exists = b > 0
        log_mean = (
            self.mu - np.log(a) * sigma / q + special.gammaln(np.where(exists, b, 1.0)) - special.gammaln(a)
        )
        return np.where(exists, np.exp(log_mean), np.inf)


def excess_exponential(y: FloatArray) -> FloatArray:
    """(exp(y) - 1 - y) / (y^2 / 2), which is 1 at 0."""
    small = np.abs(y) < 0.05
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        out = np.asarray(2.0 * (np.expm1(y) - y) / (y * y))
    if small.any():
        x = y[small]
        out[small] = 1 + x / 3 * (
            1 + x / 4 * (1 + x / 5 * (1 + x / 6 * (1 + x / 7 * (1 + x / 8 * (1 + x / 9)))))
        )
    return out


def stirling_remainder(a: FloatArray) -> FloatArray:
    """log Gamma(a) less Stirling's (a - 1/2) log a - a + log(2 pi) / 2; 1 / (12 a) for large a."""
    large = a > 15.0
    big, moderate = np.where(large, a, 16.0), np.where(large, 1.0, a)
    i2 = 1.0 / (big * big)
    series = (1 / 12 - i2 * (1 / 360 - i2 * (1 / 1260 - i2 * (1 / 1680 - i2 / 1188)))) / big
    direct = special.gammaln(moderate) - (moderate - 0.5) * np.log(moderate) + moderate - LOG_ROOT_TWO_PI
    return np.where(large, series, direct)


def log_density(w: FloatArray, q: FloatArray) -> FloatArray:
    """Log density of w, smooth through q = 0: -log(2 pi)/2 - r(1/q^2) - (exp(qw) - 1 - qw) / q^2."""
    with np.errstate(divide="ignore", over="ignore"):
        remainder = np.where(q == 0.0, 0.0, stirling_remainder(1.0 / np.where(q == 0.0, 1.0, q * q)))
        return -LOG_ROOT_TWO_PI - remainder - 0.5 * w * w * excess_exponential(np.asarray(q * w))


def log_survival(w: FloatArray, q: FloatArray) -> FloatArray:
    """log S of w, elementwise, also where S itself would underflow."""
    out = np.empty(w.shape)
    # the expansion's coefficients are power series in about q w; far out the tail formulas converge fast
    near = (np.abs(q) < SMALL_Q) & ((np.abs(q * np.where(np.isfinite(w), w, 0.0)) < 0.2) | (q == 0.0))
    if near.any():
        out[near] = _log_survival_near_normal(w[near], q[near])
    far = ~near
    if far.any():
        out[far] = _log_survival_gamma(w[far], q[far])
    return out


def _log_survival_near_normal(w: FloatArray, q: FloatArray) -> FloatArray:
    wild = ~(np.abs(w) < 1e4)
    beyond = np.where(w > 0, -np.inf, 0.0)
    w = np.where(wild, 0.0, w)
    z = w * np.sqrt(excess_exponential(q * w))
    eta = q * z
    c0 = np.polynomial.polynomial.polyval(eta, TEMME_0)
    c1 = np.polynomial.polynomial.polyval(eta, TEMME_1)
    log_normal = special.log_ndtr(-z)
    # R_a(eta) / Phi(-z), with the normal density over its tail kept as a ratio so that nothing underflows
    mills = np.exp(-0.5 * z * z - LOG_ROOT_TWO_PI - log_normal)
    value = log_normal + np.log1p(q * (c0 + q * q * c1) * mills)
    return np.where(wild, beyond, value) if wild.any() else value


def _log_survival_gamma(w: FloatArray, q: FloatArray) -> FloatArray:
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        a = q**-2.0
        x = a * np.exp(q * w)
        x = np.where(np.isnan(x), a, x)
        upper = q > 0
        survival = np.where(upper, special.gammaincc(a, x), special.gammainc(a, x))
        event = np.where(upper, special.gammainc(a, x), special.gammaincc(a, x))
        value = np.where(survival > 0.5, np.log1p(-event), np.log(survival))
    deep = (survival < 1e-290) & np.isfinite(w)
    if deep.any():
        value[deep] = _log_tail(w[deep], q[deep], a[deep], x[deep])
    return value


def _log_tail(w: FloatArray, q: FloatArray, a: FloatArray, x: FloatArray) -> FloatArray:
    """log S where S underflows: continued fraction (q > 0), power series (q < 0)."""
    out = np.full(w.shape, -np.inf)
    upper = (q > 0) & np.isfinite(x)
    b, y = a[upper], x[upper]
    out[upper] = b * np.log(y) - y - special.gammaln(b) - np.log(_tail_fraction(b, y))
    lower = q < 0
    b, log_y = a[lower], np.log(a[lower]) + (q * w)[lower]
    y = np.exp(log_y)
    out[lower] = b * log_y - y - special.gammaln(b + 1) + np.log(_tail_series(b, y))
    return out


def _tail_fraction(b: FloatArray, y: FloatArray) -> FloatArray:
    """y^b exp(-y) / Gamma(b, y), by Legendre's continued fraction forwards (Lentz), to the last bits."""
    value = ahead = y + 1.0 - b
    behind = 1.0 / ahead
    for k in range(1, TERMS):
        top, bottom = k * (b - k), y + (2.0 * k + 1.0) - b
        behind = 1.0 / (bottom + top * behind)
        ahead = bottom + top / ahead
        step = ahead * behind
        value = value * step
        if bool((np.abs(step - 1.0) < 3e-16).all()):
            break
    return value


def _tail_series(b: FloatArray, y: FloatArray) -> FloatArray:
    """Sum of y^k / ((b + 1) ... (b + k)) over k from 0: gamma(b, y) is y^b exp(-y) / b of it."""
    term, total = np.ones(b.shape), np.ones(b.shape)
    for k in range(1, TERMS):
        term = term * y / (b + k)
        total = total + term
        if bool((term <= 1e-17 * total).all()):
            break
    return total


def log_hazard(w: FloatArray, q: FloatArray) -> FloatArray:
    """Log hazard of w, elementwise; in the tails straight from their formulas, since density and survival underflow."""
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        log_s, log_f = log_survival(w, q), log_density(w, q)
        value = np.asarray(log_f - log_s)
        a, scaled = q**-2.0, q * w
        deep = (log_s < -660.0) & (np.abs(q) > NORMAL_Q) & (np.abs(scaled) >= 0.2)
        if deep.any():
            b, y = a[deep], a[deep] * np.exp(scaled[deep])
            rising = np.log(
                np.where(np.isfinite(y), _tail_fraction(b, np.where(np.isfinite(y), y, 1.0)), np.inf)
            )
            level = np.log(b) - np.log(_tail_series(b, np.where(q[deep] < 0, y, 0.0)))
            value[deep] = np.log(np.abs(q[deep])) + np.where(q[deep] > 0, rising, level)
    # so far out that the normal law's own density underflows, its hazard is w
    lost = np.isnan(value) & (w > 0)
    return np.where(lost, np.log(np.where(lost, w, 1.0)), value)


def inverse_log_survival(height: FloatArray, q: FloatArray) -> FloatArray:
    """w with -log S(w) = height."""
    out = np.empty(height.shape)
    direct = (np.abs(q) >= SMALL_Q) & (height < 600.0)
    if direct.any():
        out[direct] = _inverse_gamma(height[direct], q[direct])
    rest = ~direct
    if rest.any():
        out[rest] = _inverse_search(height[rest], q[rest])
    return out


def _inverse_gamma(h: FloatArray, q: FloatArray) -> FloatArray:
    a = q**-2.0
    survival, event = np.exp(-h), -np.expm1(-h)
    lower_tail = np.where(q > 0, event, survival)
    upper_tail = np.where(q > 0, survival, event)
    small = lower_tail < 0.5
    x = np.empty(h.shape)
    x[small] = special.gammaincinv(a[small], lower_tail[small])
    x[~small] = special.gammainccinv(a[~small], upper_tail[~small])
    with np.errstate(divide="ignore"):
        return np.log(x / a) / q


def _inverse_search(h: FloatArray, q: FloatArray) -> FloatArray:
    out = np.where(h > 0, np.inf, -np.inf)
    inside = (h > 0) & np.isfinite(h)
    out[inside] = -special.ndtri_exp(-h[inside])
    inside &= np.abs(q) > NORMAL_Q
    height, shape = np.maximum(h[inside], LEAST), q[inside]
    if height.size == 0:
        return out
    low, high = _bracket(height, shape)

    def log_cumulative(w: FloatArray) -> tuple[FloatArray, FloatArray]:
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            log_s = log_survival(w, shape)
            return np.log(-log_s), np.exp(log_hazard(w, shape)) / -log_s

    out[inside] = solve_increasing(log_cumulative, np.log(height), low, high, np.clip(out[inside], low, high))
    return out


def _bracket(h: FloatArray, q: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Two values of w with the root of -log S(w) = h between them, from bounds of the incomplete gamma function.

    With x = a exp(q w), P <= x^a / Gamma(a + 1); P >= x^a exp(-x) / Gamma(a + 1); Q >= exp(-x) for a >= 1; and by
    Chernoff (a >= 1), or since Gamma(a) >= 1 (a < 1), Q <= exp(-k) for x of at least 4 a, 2.5 k and 1.
    """
    a = q**-2.0
    with np.errstate(divide="ignore"):
        other = -np.log(-np.expm1(-h))  # what -log(1 - S) is
    upper, lower = np.where(q > 0, h, other), np.where(q > 0, other, h)  # -log Q and -log P
    log_gamma = special.gammaln(a + 1.0)
    least = (log_gamma - lower) / a
    with np.errstate(divide="ignore"):
        least = np.where(a >= 1.0, np.maximum(least, np.log(upper)), least)
    most = np.log(np.maximum(np.maximum(4.0 * a, 1.0), np.minimum(upper, 6e307) * 2.5))
    small = lower > 0.6932
    most = np.where(small, np.minimum(most, (log_gamma + np.maximum(a, 1.0) - lower) / a), most)
    ends = [np.clip((end - np.log(a)) / q, -FARTHEST, FARTHEST) for end in (least, most)]
    slack = 1e-9 * (1.0 + np.maximum(np.abs(ends[0]), np.abs(ends[1])))
    return np.minimum(*ends) - slack, np.maximum(*ends) + slack


def _hazard_constant(q: FloatArray, sigma: FloatArray) -> FloatArray:
    """Hazard at 0 times exp(mu) where q sigma = 1: |q| a^a / (sigma Gamma(a))."""
    a = np.where(q == 0, 1.0, q) ** -2.0
    return np.abs(q) / sigma * np.exp(a * np.log(a) - special.gammaln(a))
