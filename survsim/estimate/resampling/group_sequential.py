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

from survsim.core.checks import FloatArray, between, one_of
from survsim.core.errors import InputError

Spending = Literal["obrien-fleming", "pocock"]
POINTS = 160
"""Gauss-Legendre points of the score between the boundaries; doubling them moves no boundary by 1e-8."""


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
    (looks,) boundaries.

    Raises
    ------
    InputError : information that does not rise from above 0 to 1, an unknown spending, an `alpha` outside 0 to 1.

    Reference: Lan & DeMets 1983 (Biometrika 70:659).

    Example
    -------
    >>> from survsim.trials import group_sequential_boundaries
    >>> group_sequential_boundaries([0.5, 1.0]).round(3)
    array([2.963, 1.969])
    """
    t = np.asarray(information, dtype=np.float64)
    between("alpha", alpha, 0.0, 1.0)
    one_of("spending", spending, ("obrien-fleming", "pocock"))
    if t.ndim != 1 or not t.size or t[0] <= 0 or (np.diff(t) <= 0).any() or abs(t[-1] - 1) > 1e-9:
        raise InputError(f"information must rise from above 0 to 1; got {list(information)}.")
    side = np.diff(np.concatenate([[0.0], spent(t, alpha, spending)])) / 2
    bounds = np.empty(t.size)
    grid, density = np.zeros(1), np.ones(1)
    nodes, weights = np.polynomial.legendre.leggauss(POINTS)
    for k in range(t.size):
        step = np.sqrt(t[k] - (t[k - 1] if k else 0.0))

        bounds[k] = brentq(_over, 0.0, 12.0, args=(grid, density, np.sqrt(t[k]), step, side[k]), xtol=1e-10)
        edge = bounds[k] * np.sqrt(t[k])
        new = edge * nodes
        kernel = np.exp(-0.5 * ((new[:, None] - grid) / step) ** 2) / (step * np.sqrt(2 * np.pi))
        grid, density = new, edge * weights * (kernel @ density)
    return bounds


def _over(b: float, grid: FloatArray, density: FloatArray, root: float, step: float, allowed: float) -> float:
    """Probability of crossing b at this look, over what may be spent there."""
    return float(density @ ndtr((grid - b * root) / step)) - allowed


def spent(t: FloatArray, alpha: float, spending: Spending) -> FloatArray:
    """Level spent by information t."""
    if spending == "pocock":
        return alpha * np.log(1 + (np.e - 1) * t)
    # Each side spends alpha/2 by the one-sided O'Brien-Fleming function.
    return 2 * (2 - 2 * ndtr(ndtri(1 - alpha / 4) / np.sqrt(t)))
