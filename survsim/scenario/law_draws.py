"""Draws of the laws that a scenario may assume."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri
from scipy.stats import beta as beta_law
from scipy.stats import gamma as gamma_law

from survsim.core.checks import FloatArray
from survsim.core.errors import ScenarioError
from survsim.scenario import parameter_spec as spec


def law_draws(law: Any, u: FloatArray) -> FloatArray:
    """Quantiles of a law at shares u (n,).

    Raises
    ------
    ScenarioError : a law whose quantiles are no finite numbers, such as a width or a shape beyond what a number can hold.

    Example
    -------
    >>> from survsim.scenario.parameter_spec import Uniform
    >>> law_draws(Uniform(law="uniform", low=2.0, high=4.0), np.array([0.25]))
    array([2.5])
    """
    try:
        with np.errstate(all="ignore"):
            values = np.asarray(_quantiles(law, u), dtype=np.float64)
    except OverflowError:  # of the library behind a quantile, for shapes next to nothing
        values = np.array([np.nan])
    if not np.isfinite(values).all():
        told = ", ".join(f"{key} {value:g}" for key, value in law.model_dump().items() if key != "law")
        raise ScenarioError(
            f"a {law.law} law with {told} has draws that are no finite numbers; choose numbers nearer to those that are meant."
        )
    return values


def _quantiles(law: Any, u: FloatArray) -> FloatArray:
    z = ndtri(np.clip(u, 1e-12, 1 - 1e-12))
    if isinstance(law, spec.Fixed):
        return np.full(u.size, law.value)
    if isinstance(law, spec.Normal):
        return law.mean + law.sd * z
    if isinstance(law, spec.LogNormal):
        # The stated range need not be symmetric on the log scale: each side keeps its own spread.
        below = np.log(law.median / law.low) / 1.959963984540054
        above = np.log(law.high / law.median) / 1.959963984540054
        return law.median * np.exp(np.where(z < 0, below, above) * z)
    if isinstance(law, spec.Uniform):
        return law.low + (law.high - law.low) * u
    if isinstance(law, spec.Gamma):
        # as numpy's numbers, which overflow to infinity where Python's would raise
        shape = np.square(np.float64(law.mean) / np.float64(law.sd))
        return np.asarray(gamma_law.ppf(u, shape, scale=np.float64(law.mean) / shape))
    return np.asarray(beta_law.ppf(u, law.mean * law.worth, (1 - law.mean) * law.worth))
