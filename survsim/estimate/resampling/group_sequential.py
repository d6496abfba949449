"""Boundaries of a trial that is looked at more than once, by error spending.

A two-sided level alpha is spent as information t grows: O'Brien-Fleming type ``2 - 2 Phi(z_{alpha/2} / sqrt t)`` or
Pocock type ``alpha log(1 + (e - 1) t)`` (Lan, DeMets 1983, Biometrika 70:659). The boundaries follow look by look
from the density of the score process that has not stopped, integrated numerically (Armitage, McPherson, Rowe 1969;
Jennison, Turnbull 2000, chapter 19).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from survsim.core.checks import FloatArray, between, float_vector, one_of
from survsim.core.errors import InputError
from survsim.estimate.resampling.score_process import carried

Spending = Literal["obrien-fleming", "pocock"]
RULE = np.polynomial.legendre.leggauss(10)
"""Gauss-Legendre points and weights of a panel; a panel of the score is no wider than the steps before and after it."""
CLOSEST = 1e-6
"""Shares of information that differ by less are one look."""
FARTHEST = 9.0
"""Standard deviations beyond which the score has no mass to speak of (1e-18)."""
NEVER = 38.0
"""Beyond this no probability is left in floating point: the look has no boundary."""


def group_sequential_boundaries(
    information: Sequence[float], *, alpha: float = 0.05, spending: Spending = "obrien-fleming"
) -> FloatArray:
    """Two-sided boundaries for |z| at each look.

    Parameters
    ----------
    information : rising shares of the full information (events seen over events planned), the last one 1.
    alpha : two-sided level over all looks.
    spending : "obrien-fleming" or "pocock".

    Returns
    -------
    (looks,) boundaries; infinite at a look so early that nothing may be spent there.

    Raises
    ------
    InputError : information that does not rise from above 0 to 1, looks less than a millionth apart, an unknown spending, an `alpha` outside 0 to 1.

    Reference: Lan & DeMets 1983 (Biometrika 70:659).

    Example
    -------
    >>> from survsim.trials import group_sequential_boundaries
    >>> group_sequential_boundaries([0.5, 1.0]).round(3)
    array([2.963, 1.969])
    """
    t = float_vector("information", information)
    between("alpha", alpha, 0.0, 1.0)
    one_of("spending", spending, ("obrien-fleming", "pocock"))
    if not t.size or t[0] <= 0 or (np.diff(t) <= 0).any() or abs(t[-1] - 1) > 1e-9:
        raise InputError(f"information must rise from above 0 to 1; got {t.tolist()}.")
    step = np.diff(np.concatenate([[0.0], t]))
    if (step < CLOSEST).any():
        k = int(np.argmax(step < CLOSEST))
        before = f"{float(t[k - 1])!r}" if k else "the start"
        raise InputError(
            f"information {float(t[k])!r} is less than {CLOSEST:g} of the trial after {before}: looks so close are one. "
            "Leave one out."
        )
    side = np.diff(np.concatenate([[0.0], spent(t, alpha, spending)])) / 2
    step = np.sqrt(step)
    bounds = np.empty(t.size)
    grid, density = np.zeros(1), np.ones(1)
    for k in range(t.size):
        bounds[k] = _boundary(grid, density, np.sqrt(t[k]), step[k], side[k])
        if k + 1 < t.size:
            edge = min(bounds[k], FARTHEST) * np.sqrt(t[k])
            grid, density = _next_density(grid, density, edge, step[k], min(step[k], step[k + 1]))
    return bounds


def _boundary(grid: FloatArray, density: FloatArray, root: float, step: float, allowed: float) -> float:
    """The boundary that spends what may be spent; infinite where that is nothing in floating point."""
    if _over(NEVER, grid, density, root, step, allowed) >= 0.0 or allowed <= 0.0:
        return np.inf
    return float(brentq(_over, 0.0, NEVER, args=(grid, density, root, step, allowed), xtol=1e-10))


def _next_density(
    grid: FloatArray, density: FloatArray, edge: float, step: float, width: float
) -> tuple[FloatArray, FloatArray]:
    """The score of those who went on, within the boundary: points of panels no wider than `width`, and their mass."""
    cuts = np.linspace(-edge, edge, int(np.ceil(2.0 * edge / width)) + 1)
    return carried(grid, density, cuts, step, FARTHEST, RULE)


def _over(b: float, grid: FloatArray, density: FloatArray, root: float, step: float, allowed: float) -> float:
    """Probability of crossing b at this look, over what may be spent there."""
    return float(density @ ndtr((grid - b * root) / step)) - allowed


def spent(t: FloatArray, alpha: float, spending: Spending) -> FloatArray:
    """Level spent by information t."""
    if spending == "pocock":
        return alpha * np.log1p((np.e - 1) * t)
    # Each side spends alpha/2 by the one-sided O'Brien-Fleming function.
    return 4 * ndtr(ndtri(alpha / 4) / np.sqrt(t))
