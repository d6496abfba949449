"""How strong a confounder of given prevalences would have to be to move an effect to 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, float_vector, one_of
from survsim.core.errors import InputError
from survsim.core.pairing import paired
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.core.times import at_least_one
from survsim.estimate.causal.e_value import MEASURES, as_risk_ratio, nearest_limit, read_ratios


@result
class ConfounderTipping(Result):
    """For each pair of prevalences the risk ratio of the confounder on the outcome at which the effect is 1.

    Attributes
    ----------
    treated, untreated : (k,) prevalence of the confounder; estimate, conf_low, conf_high : the effect as given.
    tips_estimate, tips_limit : (k,) risk ratio that takes the estimate to 1, and the limit nearest to 1; inf where
        none is strong enough, 1 where nothing is needed, NaN without an interval.
    """

    estimate: float
    conf_low: float
    conf_high: float
    treated: FloatArray
    untreated: FloatArray
    tips_estimate: FloatArray
    tips_limit: FloatArray
    measure: str
    common: bool

    def columns(self) -> Columns:
        """Columns treated, untreated, tips_estimate, tips_limit."""
        return {n: getattr(self, n) for n in ("treated", "untreated", "tips_estimate", "tips_limit")}

    def headline(self) -> str:
        limits = "" if np.isnan(self.conf_low) else f" ({self.conf_low:g} to {self.conf_high:g})"
        return f"Unmeasured confounder that would take the {self.measure} {self.estimate:g}{limits} to 1, by its prevalence"

    def adjusted(self, strength: float) -> FloatArray:
        """The risk ratio (k,) that is left when the confounder multiplies the risk by `strength`."""
        value = float_vector("strength", [strength])[0]
        if value <= 0:
            raise InputError(f"strength must be a risk ratio above 0; got {value:g}.")
        bias = (1 + (value - 1) * self.treated) / (1 + (value - 1) * self.untreated)
        return as_risk_ratio(np.array([self.estimate]), self.measure, self.common) / bias


def confounder_tipping(
    estimate: float,
    conf_low: float | None = None,
    conf_high: float | None = None,
    *,
    treated: Any,
    untreated: Any,
    measure: str = "hazard ratio",
    common: bool = False,
) -> ConfounderTipping:
    """Strength of an unmeasured binary confounder that would explain an effect away, by its prevalences.

    A confounder with risk ratio g, held by shares p1 of the treated and p0 of the untreated, multiplies the observed risk
    ratio by (1 + (g - 1) p1) / (1 + (g - 1) p0); g is solved for the product that leaves 1.

    Parameters
    ----------
    estimate, conf_low, conf_high : a ratio and its limits (both or neither).
    treated, untreated : prevalences between 0 and 1 of the confounder, one or (k,) each.
    measure, common : as in `e_value`.

    Returns
    -------
    ConfounderTipping : one row a pair of prevalences; `.adjusted(strength)` is what a confounder leaves.

    Raises
    ------
    InputError : what `e_value` refuses, prevalences outside 0 to 1 or the same in both arms.

    Reference: Lin, Psaty & Kronmal 1998 (Biometrics 54:948).

    Example
    -------
    >>> from survsim.causal import confounder_tipping
    >>> confounder_tipping(1.5, 1.2, 1.9, treated=0.5, untreated=0.1).tips_estimate.round(4).tolist()
    [2.4286]
    """
    one_of("measure", measure, MEASURES)
    ratio, low, high = read_ratios(estimate, conf_low, conf_high)
    if ratio.size != 1:
        raise InputError(f"estimate must be one ratio; got {ratio.size}. Call once for each.")
    treated, untreated = paired(treated=treated, untreated=untreated)
    p1, p0 = (float_vector(n, at_least_one(v)) for n, v in (("treated", treated), ("untreated", untreated)))
    if p1.size == 0 or p0.size == 0 or (p1.size != p0.size and 1 not in (p1.size, p0.size)):
        raise InputError(f"treated has {p1.size} prevalences and untreated {p0.size}; give pairs.")
    p1, p0 = (np.array(p) for p in np.broadcast_arrays(p1, p0))
    if min(p1.min(), p0.min()) < 0 or max(p1.max(), p0.max()) > 1:
        raise InputError("prevalences of the confounder lie between 0 and 1.")
    if (p1 == p0).any():
        raise InputError(
            f"a confounder with the same prevalence {p1[p1 == p0][0]:g} in both arms confounds nothing; leave the pair out."
        )
    near = nearest_limit(low, high)
    tips = [_tips(float(as_risk_ratio(r, measure, common)[0]), p1, p0) for r in (ratio, near)]
    return ConfounderTipping(
        estimate=float(ratio[0]), conf_low=float(low[0]), conf_high=float(high[0]), treated=p1, untreated=p0,
        tips_estimate=tips[0], tips_limit=tips[1], measure=measure, common=bool(common),
        provenance=Provenance.of("confounder_tipping", estimate=float(ratio[0]), measure=measure, common=bool(common)),
    )  # fmt: skip


def _tips(risk: float, p1: FloatArray, p0: FloatArray) -> FloatArray:
    """g with (1 + (g - 1) p1) / (1 + (g - 1) p0) = risk; inf where no g above 0 does it."""
    if np.isnan(risk):
        return np.full(p1.size, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        g = 1.0 + (risk - 1.0) / (p1 - risk * p0)
    return np.where((g > 0) & np.isfinite(g), g, np.inf)
