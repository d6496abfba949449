"""The likelihood ratio test between two fits of the same data, one within the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import chdtrc

from survsim.core.checks import FloatArray
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.estimate.cox import nested_fits
from survsim.estimate.cox.fitted import FittedCox

LOWER = 1e-4
"""By how much the wider fit's log likelihood may fall short, for want of the last digits."""


@result
class LikelihoodRatioTest(Result):
    """The test of two nested fits.

    Attributes
    ----------
    log_likelihood, n_parameters : (2,) of the smaller fit and of the larger.
    statistic : twice the difference; df, p_value : of its chi-squared law.
    added : what the larger fit has and the smaller has not.
    """

    log_likelihood: FloatArray
    n_parameters: FloatArray
    statistic: float
    df: int
    p_value: float
    added: tuple[str, ...]

    def columns(self) -> Columns:
        """Columns fit, log_likelihood, n_parameters, statistic, df, p_value (NaN in the row of the smaller fit)."""
        return {
            "fit": ["smaller", "larger"], "log_likelihood": self.log_likelihood, "n_parameters": self.n_parameters,
            "statistic": [np.nan, self.statistic], "df": [np.nan, float(self.df)], "p_value": [np.nan, self.p_value],
        }  # fmt: skip

    def headline(self) -> str:
        return f"Likelihood ratio test of {', '.join(self.added) or 'the wider family'}"


def likelihood_ratio_test(smaller: Any, larger: Any) -> LikelihoodRatioTest:
    """Test whether the larger of two nested fits is the better one.

    Parameters
    ----------
    smaller, larger : two results of `cox_ph`, of a parametric model or of `panel_multistate`, fitted to the same rows;
        what the smaller holds, the larger holds too.

    Returns
    -------
    LikelihoodRatioTest : twice the difference of the log likelihoods against chi-squared, with the number of further parameters.

    Raises
    ------
    InputError : fits of other rows, weights, entries, offsets or background, or of other kinds, one that is not within the
        other (by the values of its columns, not their names), or robust, penalised and frailty fits, whose likelihoods have no such law.

    References
    ----------
    Wilks (1938), Ann Math Stat 9:60.

    Example
    -------
    >>> from survsim import Surv, cox_ph
    >>> from survsim.cox import likelihood_ratio_test
    >>> frame = {"age": [61, 70, 55, 66, 48, 59], "stage": [1, 0, 0, 1, 0, 1]}
    >>> surv = Surv.right([3, 5, 2, 8, 9, 4], [1, 1, 1, 1, 0, 1], unit="years")
    >>> likelihood_ratio_test(cox_ph(surv, "age", frame), cox_ph(surv, "age + stage", frame)).df
    1
    """
    a, b = _Fit.of("smaller", smaller), _Fit.of("larger", larger)
    if a.kind != b.kind:
        raise InputError(
            f"the two fits must be of one kind; got a {a.kind} and a {b.kind}. Fit both by the same method."
        )
    if unlike := nested_fits.difference(smaller, larger):
        raise InputError(
            "the two fits must be of the same rows, with all that the likelihood knows of them; these have different "
            f"{unlike}. A covariate with gaps takes rows with it: fit both to the complete rows."
        )
    if not nested_fits.within(smaller, larger):
        raise InputError(
            f"the smaller fit ({', '.join(a.names)}) is not within the larger one ({', '.join(b.names)}), told by "
            "their families and by the values of their columns; compare their AIC instead."
        )
    df, statistic = b.size - a.size, 2.0 * (b.value - a.value)
    if df <= 0:
        raise InputError(
            f"the larger fit has {b.size} parameters, the smaller {a.size}: give the smaller one first."
        )
    if statistic < -LOWER:
        raise InputError(
            f"the larger fit has the lower log likelihood ({b.value:g} below {a.value:g}): the fits are not nested, or one has not settled."
        )
    statistic = max(statistic, 0.0)
    return LikelihoodRatioTest(
        log_likelihood=np.array([a.value, b.value]), n_parameters=np.array([a.size, b.size], float), statistic=statistic, df=df,
        p_value=float(chdtrc(df, statistic)), added=tuple(n for n in b.names if n not in a.names),
        provenance=Provenance.of("likelihood_ratio_test", larger, smaller=list(a.names), larger=list(b.names)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Fit:
    """What the test needs of a fit: kind, log likelihood, number and names of parameters."""

    kind: str
    value: float
    size: int
    names: tuple[str, ...]

    @classmethod
    def of(cls, name: str, fit: Any) -> _Fit:
        if isinstance(fit, FittedCox):
            _refuse_other(name, fit.robust_covariance is not None, fit.penalty, fit.frailty)
            return cls(f"Cox model with {fit.ties} ties", fit.log_likelihood, len(fit.terms), fit.terms)
        if hasattr(fit, "family") and hasattr(fit, "log_likelihood"):
            _refuse_other(name, fit.robust, None, None)
            return cls("parametric model", fit.log_likelihood, fit.estimate.size, tuple(fit.names))
        if hasattr(fit, "log_intensity"):
            names = [f"{a} > {b}" for a, b in fit.transitions]
            names += [
                f"{c} on {a} > {b}"
                for c in (fit.design.columns if fit.design else ())
                for a, b in fit.transitions
            ]
            names += [f"{a} seen as {b}" for a, b in fit.seen_as]
            return cls("model of visits", fit.log_likelihood, len(names), tuple(names))
        raise InputError(
            f"{name} must be a fit with a likelihood: of cox_ph, parametric_survival, royston_parmar, mixture_cure or "
            f"panel_multistate; got {type(fit).__name__}."
        )


def _refuse_other(name: str, robust: bool, penalty: Any, frailty: Any) -> None:
    found = (
        "a robust variance"
        if robust
        else f"the penalty {penalty!r}"
        if penalty
        else "a frailty"
        if frailty is not None
        else ""
    )
    if found:
        raise InputError(
            f"the {name} fit has {found}, and twice the difference of such likelihoods is not chi-squared; fit both without it, "
            "or read the Wald tests of the terms."
        )
