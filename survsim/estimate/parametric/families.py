"""Parametric families: log density and log survival with derivatives in their predictors.

The first predictor is the location and carries the covariates: log time for the accelerated failure time
families (Weibull, log-normal, log-logistic, generalised gamma), log hazard for the proportional hazards
families (exponential, Gompertz, piecewise exponential).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import special

from survsim.core.checks import FloatArray
from survsim.core.distributions import (
    Exponential,
    Gompertz,
    HazardDistribution,
    LogLogistic,
    LogNormal,
    PiecewiseExponential,
    Weibull,
)
from survsim.core.encoding import stored
from survsim.estimate.parametric.likelihood_terms import Entry, Terms

LOG_ROOT_TWO_PI = 0.9189385332046727
Standard = tuple[FloatArray, FloatArray, FloatArray]
"""A function of w with its first and second derivative."""


class Family(Protocol):
    """What the fitting code asks of a family; predictors are arrays that broadcast to (n,)."""

    @property
    def name(self) -> str: ...

    @property
    def predictors(self) -> tuple[str, ...]: ...

    @property
    def location(self) -> str: ...

    @property
    def effect(self) -> str: ...

    @property
    def needs_positive_times(self) -> bool: ...

    @property
    def limit(self) -> float: ...

    def log_density(self, t: FloatArray, z: list[FloatArray]) -> Terms: ...

    def log_survival(self, t: FloatArray, z: list[FloatArray]) -> Terms: ...

    def on_clock(self, clock: float) -> Family: ...

    def unscale(self, clock: float) -> list[tuple[float, float]]: ...

    def start(self) -> list[float]: ...

    def distribution(self, z: list[FloatArray], unit: str) -> HazardDistribution: ...


@stored
@dataclass(frozen=True, slots=True)
class LocationScale:
    """log T = mu + sigma W with W standard: smallest extreme value, normal or logistic."""

    name: str
    effect: str = "time ratio"
    location: str = "mu"
    predictors: tuple[str, ...] = ("mu", "log(sigma)")
    needs_positive_times: bool = True
    limit: float = math.inf

    def log_density(self, t: FloatArray, z: list[FloatArray]) -> Terms:
        log_t = np.log(t)
        sigma = np.exp(z[1])
        w = (log_t - z[0]) / sigma
        terms = chain(w, sigma, DENSITY[self.name](w))
        scale_slope = terms.first[1]
        assert scale_slope is not None
        return Terms(terms.value - z[1] - log_t, [terms.first[0], scale_slope - 1.0], terms.second)

    def log_survival(self, t: FloatArray, z: list[FloatArray]) -> Terms:
        sigma = np.exp(z[1])
        w = (np.log(t) - z[0]) / sigma
        return chain(w, sigma, SURVIVAL[self.name](w))

    def on_clock(self, clock: float) -> LocationScale:
        return self

    def unscale(self, clock: float) -> list[tuple[float, float]]:
        return [(1.0, float(np.log(clock))), (1.0, 0.0)]

    def start(self) -> list[float]:
        return [0.0, 0.0]

    def distribution(self, z: list[FloatArray], unit: str) -> HazardDistribution:
        if self.name == "lognormal":
            return LogNormal(meanlog=z[0], sdlog=np.exp(z[1]), time_unit=unit)
        law = Weibull if self.name == "weibull" else LogLogistic
        return law(shape=np.exp(-z[1]), scale=np.exp(z[0]), time_unit=unit)


def chain(w: FloatArray, sigma: FloatArray, standard: Standard) -> Terms:
    """From derivatives in w = (log t - mu) / sigma to derivatives in mu and log sigma."""
    value, d1, d2 = standard
    wd2 = w * d2
    return Terms(value, [-d1 / sigma, -w * d1], [d2 / (sigma * sigma), (d1 + wd2) / sigma, w * (d1 + wd2)])


def _extreme_density(w: FloatArray) -> Standard:
    e = np.exp(np.minimum(w, 700.0))
    return w - e, 1.0 - e, -e


def _extreme_survival(w: FloatArray) -> Standard:
    e = np.exp(np.minimum(w, 700.0))
    return -e, -e, -e


def _normal_density(w: FloatArray) -> Standard:
    return -0.5 * w * w - LOG_ROOT_TWO_PI, -w, np.full_like(w, -1.0)


def _normal_survival(w: FloatArray) -> Standard:
    value = special.log_ndtr(-w)
    mills = np.exp(-0.5 * w * w - LOG_ROOT_TWO_PI - value)
    return value, -mills, -mills * (mills - w)


def _logistic_survival(w: FloatArray) -> Standard:
    p = special.expit(w)
    return -np.logaddexp(0.0, w), -p, -p * (1.0 - p)


def _logistic_density(w: FloatArray) -> Standard:
    value, d1, d2 = _logistic_survival(w)
    return w + 2.0 * value, 1.0 + 2.0 * d1, 2.0 * d2


DENSITY = {"weibull": _extreme_density, "lognormal": _normal_density, "loglogistic": _logistic_density}
SURVIVAL = {"weibull": _extreme_survival, "lognormal": _normal_survival, "loglogistic": _logistic_survival}


@stored
@dataclass(frozen=True, slots=True)
class ExponentialFamily:
    """h(t) = exp(eta)."""

    name: str = "exponential"
    effect: str = "hazard ratio"
    location: str = "log(rate)"
    predictors: tuple[str, ...] = ("log(rate)",)
    needs_positive_times: bool = False
    limit: float = math.inf

    def log_density(self, t: FloatArray, z: list[FloatArray]) -> Terms:
        hazard = np.exp(z[0]) * t
        return Terms(z[0] - hazard, [1.0 - hazard], [-hazard])

    def log_survival(self, t: FloatArray, z: list[FloatArray]) -> Terms:
        hazard = np.exp(z[0]) * t
        return Terms(-hazard, [-hazard], [-hazard])

    def on_clock(self, clock: float) -> ExponentialFamily:
        return self

    def unscale(self, clock: float) -> list[tuple[float, float]]:
        return [(1.0, -float(np.log(clock)))]

    def start(self) -> list[float]:
        return [0.0]

    def distribution(self, z: list[FloatArray], unit: str) -> HazardDistribution:
        return Exponential(rate=np.exp(z[0]), time_unit=unit)


@stored
@dataclass(frozen=True, slots=True)
class GompertzFamily:
    """h(t) = exp(eta + shape t)."""

    name: str = "gompertz"
    effect: str = "hazard ratio"
    location: str = "log(rate)"
    predictors: tuple[str, ...] = ("log(rate)", "shape")
    needs_positive_times: bool = False
    limit: float = math.inf

    def log_density(self, t: FloatArray, z: list[FloatArray]) -> Terms:
        survived = self.log_survival(t, z)
        linear = Terms(z[0] + z[1] * t, [np.ones_like(t), t], [None, None, None])
        return linear + survived

    def log_survival(self, t: FloatArray, z: list[FloatArray]) -> Terms:
        k0, k1, k2 = growth(z[1] * t)
        rate = np.exp(z[0]) * t
        h, ha, haa = rate * k0, rate * t * k1, rate * t * t * k2
        return Terms(-h, [-h, -ha], [-h, -ha, -haa])

    def on_clock(self, clock: float) -> GompertzFamily:
        return self

    def unscale(self, clock: float) -> list[tuple[float, float]]:
        return [(1.0, -float(np.log(clock))), (1.0 / clock, 0.0)]

    def start(self) -> list[float]:
        return [0.0, 0.0]

    def distribution(self, z: list[FloatArray], unit: str) -> HazardDistribution:
        return Gompertz(shape=z[1], rate=np.exp(z[0]), time_unit=unit)


# (exp(y) - 1) / y = sum of y^k / (k + 1)!, and the coefficients of its derivatives
GROWTH_1 = tuple((k + 1) / math.factorial(k + 2) for k in range(12))
GROWTH_2 = tuple((k + 1) * (k + 2) / math.factorial(k + 3) for k in range(12))


def growth(y: FloatArray) -> Standard:
    """(exp(y) - 1) / y and its first two derivatives, smooth through 0; capped before it overflows."""
    y = np.minimum(y, 600.0)

    def closed(big: FloatArray) -> tuple[FloatArray, FloatArray]:
        e, square = np.exp(big), big * big
        return (e * (big - 1.0) + 1.0) / square, (e * (square - 2.0 * big + 2.0) - 2.0) / (square * big)

    first, second = near_zero(y, (GROWTH_1, GROWTH_2), closed)
    return special.exprel(y), first, second


def near_zero(
    y: FloatArray,
    coefficients: tuple[tuple[float, ...], tuple[float, ...]],
    closed: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
) -> tuple[FloatArray, FloatArray]:
    """Two functions whose closed forms cancel near 0: their power series below 0.3, else the closed form."""
    small = np.abs(y) < 0.3
    if small.all():
        return polyval(y, coefficients[0]), polyval(y, coefficients[1])
    if not small.any():
        return closed(y)
    first, second = np.empty_like(y), np.empty_like(y)
    inner = y[small]
    first[small], second[small] = polyval(inner, coefficients[0]), polyval(inner, coefficients[1])
    first[~small], second[~small] = closed(y[~small])
    return first, second


def polyval(y: FloatArray, coefficients: tuple[float, ...]) -> FloatArray:
    """A polynomial by Horner's rule, constant first."""
    total = np.full_like(y, coefficients[-1])
    for c in coefficients[-2::-1]:
        total *= y
        total += c
    return total


@stored
@dataclass(frozen=True, slots=True)
class PiecewiseFamily:
    """h(t) = exp(eta + a_j) between cuts; the location has no intercept, the a_j are one."""

    cuts: tuple[float, ...]
    name: str = "piecewise_exponential"
    effect: str = "hazard ratio"
    location: str = "log(hazard ratio)"
    needs_positive_times: bool = False
    limit: float = math.inf

    @property
    def predictors(self) -> tuple[str, ...]:
        edges = ["0", *(f"{c:g}" for c in self.cuts), "inf"]
        return ("log(hazard ratio)", *(f"log(rate {a}-{b})" for a, b in itertools.pairwise(edges)))

    def log_survival(self, t: FloatArray, z: list[FloatArray]) -> Terms:
        pieces = len(self.cuts) + 1
        edges = [0.0, *self.cuts, np.inf]
        parts = [
            np.exp(z[0] + z[1 + j]) * np.clip(t - edges[j], 0.0, edges[j + 1] - edges[j])
            for j in range(pieces)
        ]
        total = -np.sum(parts, axis=0)
        second: list[Entry] = [total, *(-p for p in parts)]
        for j in range(pieces):
            second += [-parts[j], *([None] * (pieces - 1 - j))]
        return Terms(total, [total, *(-p for p in parts)], second)

    def log_density(self, t: FloatArray, z: list[FloatArray]) -> Terms:
        pieces = len(self.cuts) + 1
        inside = np.searchsorted(np.asarray(self.cuts), t, side="left")
        flags = [(inside == j).astype(np.float64) for j in range(pieces)]
        value = z[0] + sum(flag * z[1 + j] for j, flag in enumerate(flags))
        nothing: list[Entry] = [None] * ((pieces + 1) * (pieces + 2) // 2)
        return Terms(value, [np.ones_like(t), *flags], nothing) + self.log_survival(t, z)

    def on_clock(self, clock: float) -> PiecewiseFamily:
        return PiecewiseFamily(tuple(c / clock for c in self.cuts))

    def unscale(self, clock: float) -> list[tuple[float, float]]:
        return [(1.0, 0.0)] + [(1.0, -float(np.log(clock)))] * (len(self.cuts) + 1)

    def start(self) -> list[float]:
        return [0.0] * (len(self.cuts) + 2)

    def distribution(self, z: list[FloatArray], unit: str) -> HazardDistribution:
        rates = np.exp(np.stack(np.broadcast_arrays(*(z[0] + a for a in z[1:])), axis=-1))
        return PiecewiseExponential(breaks=np.asarray(self.cuts), rates=rates, time_unit=unit)
