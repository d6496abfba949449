"""Finite mixtures of normal or gamma laws: the form in which borrowed information is carried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicHermiteSpline
from scipy.special import gammainc, gammaincinv, gammaln, ndtr, ndtri

from survsim.core.checks import SMALLEST, FloatArray, float_vector
from survsim.core.encoding import stored
from survsim.core.errors import InputError

ROOT_TWO_PI = np.sqrt(2 * np.pi)
KNOTS = 400


class Mixture:
    """What a normal and a gamma mixture share: moments, inversion of the distribution function."""

    __slots__ = ()
    weight: FloatArray

    def moments(self) -> tuple[FloatArray, FloatArray]:
        """Means and standard deviations of the components."""
        raise TypeError(f"{type(self).__name__} does not give its moments.")

    def mean_value(self) -> float:
        """Mean of the mixture."""
        return float(self.weight @ self.moments()[0])

    def variance(self) -> float:
        """Variance: within the components and between them."""
        centre, spread = self.moments()
        return float(self.weight @ (spread**2 + (centre - self.mean_value()) ** 2))

    def cdf(self, x: ArrayLike) -> FloatArray:
        raise TypeError(f"{type(self).__name__} does not give its distribution function.")

    def density(self, x: ArrayLike) -> FloatArray:
        raise TypeError(f"{type(self).__name__} does not give its density.")

    def _bracket(self, p: FloatArray) -> tuple[FloatArray, FloatArray]:
        raise TypeError(f"{type(self).__name__} does not bracket its quantiles.")

    def quantile(self, p: ArrayLike) -> FloatArray:
        """Values below which a share p lies, by bracketed Newton steps on the distribution function."""
        share = np.asarray(p, dtype=np.float64)
        flat = share.ravel()
        if not ((flat > 0) & (flat < 1)).all():
            raise InputError("a quantile needs shares strictly between 0 and 1.")
        if not flat.size:
            return share + 0.0
        if flat.size > 4 * KNOTS:
            return self._interpolated(flat).reshape(share.shape)
        low, high = self._bracket(flat)
        # A table of 512 points brings every start within a cell; Newton then doubles the digits.
        grid = np.linspace(low.min(), high.max(), 512)
        table = self.cdf(grid)
        place = np.clip(np.searchsorted(table, flat), 1, grid.size - 1)
        low, high = np.maximum(low, grid[place - 1]), np.minimum(high, grid[place])
        x = 0.5 * (low + high)
        for _ in range(60):
            gap = self.cdf(x) - flat
            low, high = np.where(gap < 0, x, low), np.where(gap < 0, high, x)
            step = x - gap / np.maximum(self.density(x), 1e-300)
            new = np.where((step > low) & (step < high), step, 0.5 * (low + high))
            done = np.abs(new - x) <= 1e-13 * np.maximum(1.0, np.abs(x))
            x = new
            if done.all():
                break
        return x.reshape(share.shape)

    def _interpolated(self, p: FloatArray) -> FloatArray:
        """Many quantiles: cubic Hermite in the normal score, exact values and slopes at the knots."""
        score = ndtri(p)
        knots = np.linspace(score.min() - 1e-9, score.max() + 1e-9, KNOTS)
        value = self.quantile(ndtr(knots))
        slope = np.exp(-0.5 * knots**2) / ROOT_TWO_PI / self.density(value)
        return CubicHermiteSpline(knots, value, slope)(score)

    def draws(self, u: ArrayLike) -> FloatArray:
        """Values from uniforms in (0, 1) by inversion: larger u, larger value."""
        return self.quantile(u)


@stored
@dataclass(frozen=True, slots=True, eq=False)
class NormalMixture(Mixture):
    """Normal components with `weight` (k,) summing to one, `centre` (k,) and `spread` (k,) > 0."""

    weight: FloatArray
    centre: FloatArray
    spread: FloatArray

    def moments(self) -> tuple[FloatArray, FloatArray]:
        """Means and standard deviations of the components."""
        return self.centre, self.spread

    def cdf(self, x: ArrayLike) -> FloatArray:
        """Distribution function."""
        z = (np.asarray(x, dtype=np.float64)[..., None] - self.centre) / self.spread
        return ndtr(z) @ self.weight

    def density(self, x: ArrayLike) -> FloatArray:
        """Density."""
        z = (np.asarray(x, dtype=np.float64)[..., None] - self.centre) / self.spread
        return np.exp(-0.5 * z * z) @ (self.weight / (self.spread * ROOT_TWO_PI))

    def information(self, x: ArrayLike) -> FloatArray:
        """Local information of the mixture as a prior, minus the second derivative of its log density."""
        z = (np.asarray(x, dtype=np.float64)[..., None] - self.centre) / self.spread
        with np.errstate(divide="ignore"):
            height = np.log(self.weight / self.spread) - 0.5 * z * z
        # Between components far apart all densities vanish; their ratios do not.
        part = np.exp(height - height.max(axis=-1, keepdims=True))
        total = part.sum(axis=-1)
        first = -(part * z / self.spread).sum(axis=-1) / total
        second = (part * (z * z - 1) / self.spread**2).sum(axis=-1) / total
        return first**2 - second

    def widened(self, extra_sd: float) -> NormalMixture:
        """The mixture after adding independent normal noise of standard deviation `extra_sd`."""
        return NormalMixture(self.weight, self.centre, np.hypot(self.spread, extra_sd))

    def _bracket(self, p: FloatArray) -> tuple[FloatArray, FloatArray]:
        each = self.centre + ndtri(p)[:, None] * self.spread
        pad = 1e-9 * (1.0 + np.abs(each).max())
        return each.min(axis=1) - pad, each.max(axis=1) + pad


NEXT_TO_NOTHING = 1e-300
"""Where the density at 0 is taken: its logarithm is finite there."""


@stored
@dataclass(frozen=True, slots=True, eq=False)
class GammaMixture(Mixture):
    """Gamma components with `weight`, `shape` and `rate`, each (k,)."""

    weight: FloatArray
    shape: FloatArray
    rate: FloatArray

    def moments(self) -> tuple[FloatArray, FloatArray]:
        """Means and standard deviations of the components."""
        return self.shape / self.rate, np.sqrt(self.shape) / self.rate

    def cdf(self, x: ArrayLike) -> FloatArray:
        """Distribution function."""
        value = np.maximum(np.asarray(x, dtype=np.float64)[..., None], 0.0)
        return gammainc(self.shape, value * self.rate) @ self.weight

    def density(self, x: ArrayLike) -> FloatArray:
        """Density for x > 0; 0 below."""
        value = np.asarray(x, dtype=np.float64)[..., None]
        found: FloatArray = np.exp(self._log_parts(np.maximum(value, NEXT_TO_NOTHING))) @ self.weight
        return np.where(value[..., 0] < 0, 0.0, found)

    def information(self, x: ArrayLike) -> FloatArray:
        """Minus the second derivative of the log density at x > 0."""
        value = np.asarray(x, dtype=np.float64)[..., None]
        part = self.weight * np.exp(self._log_parts(value))
        total = part.sum(axis=-1)
        slope = (self.shape - 1) / value - self.rate
        first = (part * slope).sum(axis=-1) / total
        second = (part * (slope**2 - (self.shape - 1) / value**2)).sum(axis=-1) / total
        return first**2 - second

    def log_score(self, x: ArrayLike) -> FloatArray:
        """Derivative of the log density of log x: shape - rate x, averaged over the components present at x."""
        value = np.asarray(x, dtype=np.float64)[..., None]
        height = np.log(self.weight) + self._log_parts(value)
        part = np.exp(height - height.max(axis=-1, keepdims=True))
        found: FloatArray = (part * (self.shape - self.rate * value)).sum(axis=-1) / part.sum(axis=-1)
        return found

    def _log_parts(self, value: FloatArray) -> FloatArray:
        a, b = self.shape, self.rate
        return a * np.log(b) - gammaln(a) + (a - 1) * np.log(value) - b * value

    def _bracket(self, p: FloatArray) -> tuple[FloatArray, FloatArray]:
        each = gammaincinv(self.shape, p[:, None]) / self.rate
        return each.min(axis=1) * (1 - 1e-9), each.max(axis=1) * (1 + 1e-9) + 1e-300


def normal_mixture(
    weight: Sequence[float] | FloatArray, mean: Sequence[float] | FloatArray, sd: Sequence[float] | FloatArray
) -> NormalMixture:
    """Checked normal mixture; weights are scaled to one.

    Example
    -------
    >>> from survsim.estimate.borrowing.mixture import normal_mixture
    >>> float(normal_mixture([1, 1], [-1, 1], [1, 1]).cdf(0.0))
    0.5
    """
    centre = float_vector("mean", mean)
    spread = _same_length("sd", sd, centre.size)
    if spread.min() <= SMALLEST:
        raise InputError(
            f"sd of a mixture component must be positive (above {SMALLEST:g}); found {spread.min():g}."
        )
    return NormalMixture(_weights(weight, centre.size), centre, spread)


def gamma_mixture(
    weight: Sequence[float] | FloatArray,
    shape: Sequence[float] | FloatArray,
    rate: Sequence[float] | FloatArray,
) -> GammaMixture:
    """Checked gamma mixture; weights are scaled to one."""
    a = float_vector("shape", shape)
    b = _same_length("rate", rate, a.size)
    if a.min() <= 0 or b.min() <= 0:
        raise InputError("shape and rate of a gamma component must be positive.")
    return GammaMixture(_weights(weight, a.size), a, b)


def mixture_of(prior: Any) -> Any:
    """The mixture that a prior is, or holds."""
    found = getattr(prior, "mixture", prior)
    if not isinstance(found, Mixture) and not hasattr(found, "density"):
        raise InputError(
            f"prior must be a prior of this package (map_prior, power_prior, ...); got {prior!r}."
        )
    return found


def _weights(weight: Sequence[float] | FloatArray, size: int) -> FloatArray:
    w = _same_length("weight", weight, size)
    if w.min() < 0 or w.sum() <= 0:
        raise InputError("weights of a mixture must be non-negative and not all zero.")
    return w / w.sum()


def _same_length(name: str, values: Sequence[float] | FloatArray, size: int) -> FloatArray:
    array = float_vector(name, values)
    if array.size != size:
        raise InputError(f"{name} has {array.size} values for {size} mixture components.")
    return array
