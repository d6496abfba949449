"""E-values: how strong an unmeasured confounder would have to be to explain an effect away."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, float_vector, one_of, positions
from survsim.core.errors import InputError
from survsim.core.pairing import paired
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.core.times import at_least_one

MEASURES = ("hazard ratio", "risk ratio", "odds ratio")


@result
class EValues(Result):
    """One E-value an effect, for its estimate and for the limit of its interval nearest to 1.

    Attributes
    ----------
    estimate, conf_low, conf_high : (k,) effects as given; limits NaN where none was given.
    risk_ratio : (k,) the estimate as a risk ratio, on which E-values live.
    e_value, e_value_limit : (k,); the latter 1 where the interval holds 1, NaN without an interval.
    measure : of the effects; common : whether the outcome is.
    """

    estimate: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    risk_ratio: FloatArray
    e_value: FloatArray
    e_value_limit: FloatArray
    measure: str
    common: bool

    def columns(self) -> Columns:
        """Columns estimate, conf_low, conf_high, risk_ratio, e_value, e_value_limit."""
        names = ("estimate", "conf_low", "conf_high", "risk_ratio", "e_value", "e_value_limit")
        return {name: getattr(self, name) for name in names}

    def headline(self) -> str:
        how = "common" if self.common else "rare"
        return (
            f"E-values of {self.e_value.size} {self.measure}{'' if self.e_value.size == 1 else 's'}, {how} outcome: the risk "
            "ratio that a confounder would need with both treatment and outcome to explain the effect away"
        )


def e_value(
    estimate: Any,
    conf_low: Any = None,
    conf_high: Any = None,
    *,
    measure: str = "hazard ratio",
    common: bool = False,
) -> EValues:
    """E-value of a ratio RR >= 1 is RR + sqrt(RR (RR - 1)); ratios below 1 are turned over first.

    A confounder that is associated with treatment and with outcome by risk ratios of that size each, beyond what was
    adjusted for, could explain the effect away; a weaker one could not.

    Parameters
    ----------
    estimate : a ratio, or (k,); conf_low, conf_high : its limits, both or neither.
    measure : "hazard ratio", "risk ratio" or "odds ratio".
    common : True when the outcome is not rare at the end of follow-up (above about 15 %): a hazard ratio h is then
        taken for the risk ratio (1 - 0.5^sqrt(h)) / (1 - 0.5^sqrt(1/h)), an odds ratio for its root.

    Returns
    -------
    EValues : of the estimate, and of the limit nearest to 1.

    Raises
    ------
    InputError : a ratio that is not above 0, one limit without the other, limits that do not hold the estimate.

    Reference: VanderWeele & Ding 2017 (Ann Intern Med 167:268).

    Example
    -------
    >>> from survsim.causal import e_value
    >>> found = e_value(3.9, 1.8, 8.7)
    >>> found.e_value.round(2).tolist(), found.e_value_limit.round(2).tolist()
    ([7.26], [3.0])
    """
    one_of("measure", measure, MEASURES)
    ratio, low, high = read_ratios(estimate, conf_low, conf_high)
    risk = as_risk_ratio(ratio, measure, common)
    near = nearest_limit(low, high)
    return EValues(
        estimate=ratio, conf_low=low, conf_high=high, risk_ratio=risk, e_value=_e(risk),
        e_value_limit=_e(as_risk_ratio(near, measure, common)), measure=measure, common=bool(common),
        provenance=Provenance.of("e_value", measure=measure, common=bool(common)),
    )  # fmt: skip


def read_ratios(estimate: Any, conf_low: Any, conf_high: Any) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Ratios above 0 with their limits (NaN where none is given), (k,) each."""
    estimate, conf_low, conf_high = paired(estimate=estimate, conf_low=conf_low, conf_high=conf_high)
    ratio = float_vector("estimate", at_least_one(estimate))
    if (conf_low is None) != (conf_high is None):
        raise InputError("give both limits of the interval, or neither.")
    if conf_low is None:
        low = high = np.full(ratio.size, np.nan)
    else:
        low, high = (
            float_vector(n, at_least_one(v)) for n, v in (("conf_low", conf_low), ("conf_high", conf_high))
        )
    if not ratio.size or low.size != ratio.size or high.size != ratio.size:
        raise InputError(
            f"estimate, conf_low and conf_high need one value an effect; got {ratio.size}, {low.size} and {high.size}."
        )
    for name, value in (("estimate", ratio), ("conf_low", low), ("conf_high", high)):
        # A lower limit that rounds to 0 is one all the same.
        wrong = value < 0 if name == "conf_low" else value <= 0
        if wrong.any():
            raise InputError(
                f"{name} must be a ratio above 0; it is {value[wrong][0]:g} in {positions(wrong)}. "
                "Take exp() of a log ratio."
            )
    wrong = (low > ratio) | (high < ratio)
    if wrong.any():
        raise InputError(f"the interval does not hold the estimate in {positions(wrong)}; check their order.")
    return ratio, low, high


def as_risk_ratio(ratio: FloatArray, measure: str, common: bool) -> FloatArray:
    """What a ratio is worth as a risk ratio."""
    if measure == "risk ratio" or not common:
        return ratio
    if measure == "odds ratio":
        return np.sqrt(ratio)
    root = np.sqrt(ratio)
    # expm1 keeps digits when the ratio is tiny or huge.
    return np.expm1(-np.log(2.0) * root) / np.expm1(-np.log(2.0) / root)


def nearest_limit(low: FloatArray, high: FloatArray) -> FloatArray:
    """The limit nearest to 1; 1 where the interval holds it."""
    return np.where(low > 1, low, np.where(high < 1, high, low + np.where(np.isnan(low), 0.0, 1.0 - low)))


def _e(risk: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore"):
        away = np.maximum(risk, 1.0 / risk)
        return away + np.sqrt(away * (away - 1.0))
