"""The few rules by which one parameter follows from others; a rule is a name, not a formula to evaluate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import ScenarioError


def rate_from_median(median: FloatArray) -> FloatArray:
    """Constant hazard of an exponential time with this median: log 2 / median."""
    return np.log(2.0) / median


def weibull_scale_from_median(median: FloatArray, shape: FloatArray, hazard_ratio: FloatArray) -> FloatArray:
    """Scale of the Weibull law *without* an effect, from the median observed *under* it.

    Under the effect H(t) = hazard_ratio (t / scale)^shape, and H(median) = log 2, so
    ``scale = median (hazard_ratio / log 2)^(1 / shape)``. With hazard_ratio 1 it is the usual conversion.
    """
    return median * (hazard_ratio / np.log(2.0)) ** (1.0 / shape)


def product(*factors: FloatArray) -> FloatArray:
    """Product of all."""
    return np.prod(np.stack(factors), axis=0)


def ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """First over second."""
    return numerator / denominator


def complement(probability: FloatArray) -> FloatArray:
    """One minus a probability."""
    return 1.0 - probability


def difference(first: FloatArray, second: FloatArray) -> FloatArray:
    """First minus second."""
    return first - second


def log_of_ratio(hazard_ratio: FloatArray) -> FloatArray:
    """Logarithm of a ratio, as a covariate of a transition takes it."""
    return np.log(hazard_ratio)


def linear_predictor(*coefficients: FloatArray, weights: Sequence[float], link: str) -> FloatArray:
    """Coefficients times their weights, added, and turned back by the link: exp, or a probability by logit or cloglog."""
    eta = sum((w * c for w, c in zip(weights, coefficients)), start=np.zeros(()))
    with np.errstate(over="ignore"):
        turned = {
            "identity": lambda: eta,
            "exp": lambda: np.exp(eta),
            "logit": lambda: 1.0 / (1.0 + np.exp(-eta)),
            "cloglog": lambda: -np.expm1(-np.exp(eta)),
        }
        return np.asarray(turned[link]())


def rate_from_probability(probability: FloatArray, *, interval: float) -> FloatArray:
    """Constant hazard at which a share `probability` has the event within `interval`: -log(1 - p) / interval."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return -np.log1p(-probability) / interval


def probability_from_rate(rate: FloatArray, *, interval: float) -> FloatArray:
    """Share that has the event within `interval` at a constant hazard: 1 - exp(-rate interval)."""
    return -np.expm1(-rate * interval)


RULES: dict[str, tuple[Callable[..., FloatArray], int | None]] = {
    "rate_from_median": (rate_from_median, 1),
    "weibull_scale_from_median": (weibull_scale_from_median, 3),
    "product": (product, None),
    "ratio": (ratio, 2),
    "complement": (complement, 1),
    "difference": (difference, 2),
    "log_of_ratio": (log_of_ratio, 1),
    "linear_predictor": (linear_predictor, None),
    "rate_from_probability": (rate_from_probability, 1),
    "probability_from_rate": (probability_from_rate, 1),
}


def derive(name: str, rule: str, inputs: Sequence[FloatArray], **options: Any) -> FloatArray:
    """Apply a rule to draws (d,) of its inputs; the number of inputs is checked."""
    function, arity = RULES[rule]
    if arity is not None and len(inputs) != arity:
        raise ScenarioError(
            f"parameter {name!r}: rule {rule} takes {arity} parameters; got {len(inputs)}. "
            f"It computes: {(function.__doc__ or '').splitlines()[0]}"
        )
    values = function(*inputs, **options)
    if not np.isfinite(values).all():
        raise ScenarioError(
            f"parameter {name!r}: rule {rule} gives a value that is not finite; check its inputs."
        )
    return values
