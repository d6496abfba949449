"""Closed forms of the course controlled, progressed, dead: the ground that grids and simulations are checked on.

Hazards lp (controlled to progressed), ld (progressed to tumour death) and lo (other death, from both) are constant;
a gamma frailty of mean 1 and variance v multiplies lp and ld. With v = 0 all three curves are elementary; with v > 0
progression-free survival is, and the others are one integral over the time of progression.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from survsim.kernels import frailty

Array = NDArray[Any]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)


def progression_free(t: ArrayLike, lp: float, lo: float, v: float = 0.0) -> Array:
    """P(neither progressed nor dead) = exp(-lo t) E[exp(-z lp t)]."""
    t = np.asarray(t, dtype=np.float64)
    return np.exp(-lo * t) * frailty.survival(v, lp * t)


def overall(t: ArrayLike, lp: float, ld: float, lo: float, v: float = 0.0) -> Array:
    """P(alive): progression-free, or progressed at u < t and alive since.

    The integral over u of ``lp E[z exp(-z (lp u + ld (t - u)))]`` times exp(-lo t); without frailty
    ``lp / (ld - lp) (exp(-lp t) - exp(-ld t))``, written so that ld may equal lp.
    """
    t = np.asarray(t, dtype=np.float64)
    if v <= frailty.LEAST_VARIANCE:
        gap = (ld - lp) * t
        safe = np.where(np.abs(gap) < 1e-12, 1.0, gap)
        share = np.where(np.abs(gap) < 1e-12, 1.0 - 0.5 * gap, -np.expm1(-safe) / safe)
        return np.exp(-(lp + lo) * t) * (1.0 + lp * t * share)
    u = 0.5 * t[..., None] * (1.0 + _NODES)
    inside = lp * np.exp(frailty.log_moment(v, lp * u + ld * (t[..., None] - u), 1))
    return progression_free(t, lp, lo, v) + np.exp(-lo * t) * 0.5 * t * (inside @ _WEIGHTS)


def after_progression(t: ArrayLike, lp: float, ld: float, lo: float, v: float = 0.0) -> Array:
    """P(alive t after progression), mean over all who ever progress.

    Early progressors have large z: ``exp(-lo t) int E[z exp(-z (lp u + ld t))] exp(-lo u) du`` over the same at 0.
    """
    t = np.asarray(t, dtype=np.float64)
    if v <= frailty.LEAST_VARIANCE:
        return np.exp(-(ld + lo) * t)
    # u = x / (1 - x) / lp takes the half line to (0, 1); the integrand is smooth there.
    x = 0.5 * (1.0 + _NODES)
    u, jacobian = x / (1.0 - x) / lp, 0.5 * _WEIGHTS / (1.0 - x) ** 2
    passed = np.exp(-lo * u + frailty.log_moment(v, lp * u + ld * t[..., None], 1)) @ jacobian
    total = float(np.exp(-lo * u + frailty.log_moment(v, lp * u, 1)) @ jacobian)
    return np.exp(-lo * t) * passed / total
