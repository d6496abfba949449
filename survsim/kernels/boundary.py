"""Chance that a Brownian bridge stays between two lines: critical values of simultaneous bands."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
NODES = 64
IMAGES = 6


def bridge_inside(c: float, a: float, b: float) -> float:
    """P(|B0(u)| <= c for a <= u <= b), B0 a Brownian bridge on [0, 1], 0 <= a < b <= 1.

    Given its values at a and b the path between is a bridge again, whose chance to stay in a strip is a
    sum over reflections (Hall & Wellner 1980); the two values are integrated out by Gauss-Legendre.
    """
    x, wx = _nodes(c, a)
    y, wy = _nodes(c, b)
    density = _joint_density(x, y, a, b)
    return float(np.einsum("i,j,ij,ij->", wx, wy, density, _strip(x, y, c, b - a)))


def bridge_quantile(p: float, a: float, b: float) -> float:
    """Smallest c with `bridge_inside` at least p, by bisection."""
    low, high = 1e-2, 3.0
    for _ in range(34):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if bridge_inside(middle, a, b) < p else (low, middle)
    return 0.5 * (low + high)


def _nodes(c: float, u: float) -> tuple[Array, Array]:
    """Values and weights of the bridge's position at u; a single 0 where it is pinned."""
    if u <= 0.0 or u >= 1.0:
        return np.zeros(1), np.ones(1)
    z, w = _rule()
    reach = min(c, 9.0 * (u * (1.0 - u)) ** 0.5)
    return reach * z, reach * w


@functools.cache
def _rule() -> tuple[Array, Array]:
    return np.polynomial.legendre.leggauss(NODES)


def _joint_density(x: Array, y: Array, a: float, b: float) -> Array:
    """Normal density of (B0(a), B0(b)); a pinned end has mass one at 0."""
    one = np.ones((x.size, y.size))
    if a > 0.0:
        one = one * _normal(x, a * (1.0 - a))[:, None]
    if b < 1.0:
        # Given B0(a) = x the bridge heads for 0 at 1.
        rest = (1.0 - b) / (1.0 - a)
        one = one * _normal(y[None, :] - rest * x[:, None], (b - a) * rest)
    return one


def _normal(x: Array, variance: float) -> Array:
    return np.exp(-0.5 * x * x / variance) / np.sqrt(2.0 * np.pi * variance)


def _strip(x: Array, y: Array, c: float, length: float) -> Array:
    """P(a bridge of `length` from x to y stays in (-c, c)), by reflections."""
    x_, y_ = x[:, None], y[None, :]
    total = np.zeros((x.size, y.size))
    for k in range(-IMAGES, IMAGES + 1):
        total += np.exp(-2.0 * k * c * (2.0 * k * c - (y_ - x_)) * 2.0 / length)
        other = (2.0 * k + 1.0) * c
        total -= np.exp(-2.0 * (other - x_) * (other - y_) / length)
    return np.clip(total, 0.0, 1.0)
