"""One estimate from several pseudo data sets, with the variance that reading the figure adds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.stats import norm

from survsim.core.checks import FloatArray, between, float_vector, one_of
from survsim.core.errors import ConvergenceError, InputError
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.surv import Surv
from survsim.core.tables import Columns
from survsim.core.times import at_least_one
from survsim.estimate.cox.regression import cox_ph
from survsim.estimate.cox.result import CoxFit
from survsim.estimate.nonparametric.kaplan_meier import kaplan_meier
from survsim.estimate.nonparametric.rmst import rmst
from survsim.estimate.reconstruction.pseudo_ipd import PseudoIPD
from survsim.estimate.reconstruction.rubin import rubin

Found = tuple[FloatArray, FloatArray]
Estimator = Callable[[Surv], tuple[Any, Any]]
SCALES = {
    "survival": "log(-log)",
    "median": "log",
    "rmst": "identity",
    "hazard_ratio": "log",
}
"""Scale on which each estimate is pooled; a function is pooled as it answers."""


@result
class PooledPseudo(Result):
    """Estimates pooled over pseudo data sets by Rubin's rules.

    Attributes
    ----------
    quantity : (q,) names, with the time asked about.
    value, conf_low, conf_high : (q,) on the natural scale.
    estimate, std_error : (q,) on `scale`, the one of pooling.
    within, between : (q,) variances on `scale`: of one data set, and of the estimates of the m sets.
    added_share : (q,) share of the total variance that comes from reading the figure, ``(1 + 1/m) between / total``.
    df : (q,) degrees of freedom, infinite where the sets agree.
    n_draws : m; grade : what the sets were made from.
    """

    quantity: tuple[str, ...]
    value: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    within: FloatArray
    between: FloatArray
    added_share: FloatArray
    df: FloatArray
    scale: str
    n_draws: int
    grade: str
    conf_level: float

    def columns(self) -> Columns:
        """Columns quantity, value, conf_low, conf_high, estimate, std_error, within, between, added_share, df."""
        names = (
            "value", "conf_low", "conf_high", "estimate", "std_error", "within", "between", "added_share", "df",
        )  # fmt: skip
        return {"quantity": list(self.quantity), **{name: getattr(self, name) for name in names}}

    def headline(self) -> str:
        """How many sets, and what the figure adds."""
        added = f"{self.added_share.min():.1%}" + (
            f" to {self.added_share.max():.1%}" if self.added_share.size > 1 else ""
        )
        return (
            f"Pooled over {self.n_draws} pseudo data sets (Rubin's rules, {self.scale} scale, {self.conf_level:.0%} interval); "
            f"{added} of the variance comes from reading the publication"
        )


def pooled(
    sets: PseudoIPD,
    estimator: str | Estimator,
    *,
    times: Any = None,
    tau: float | None = None,
    control: PseudoIPD | None = None,
    conf_level: float = 0.95,
) -> PooledPseudo:
    """One estimate of m pseudo data sets: ``T = W + (1 + 1/m) B``.

    Parameters
    ----------
    sets : the arm, or the treated arm of a pair.
    estimator : "survival" (Kaplan-Meier at `times`, pooled as log(-log)), "median" (as log), "rmst" (to `tau`),
        "hazard_ratio" (Cox, of `sets` over `control`, as log); or a function of one `Surv` that answers an estimate and its
        standard error, numbers or arrays, pooled as they are.
    times : (q,) for "survival", in the unit of the sets.
    tau : horizon of "rmst".
    control : the other arm of "hazard_ratio", as many sets: they are paired by number.
    conf_level : of the interval (Student's t with Rubin's degrees of freedom).

    Returns
    -------
    PooledPseudo : value, interval, variances within and between, and the share that reading the publication adds.

    Raises
    ------
    InputError : an estimator without what it needs, sets in which it does not exist (a median not reached, survival at
        1 or 0), or pairs of another number or unit.

    References
    ----------
    Rubin 1987, Multiple Imputation for Nonresponse in Surveys, chapter 3; Marshall et al. 2009, BMC Med Res Methodol
    9:57 (scales for survival).

    Example
    -------
    >>> from survsim import reconstruct_ipd
    >>> from survsim.reconstruction import pooled, pseudo_sets
    >>> r = reconstruct_ipd(([2, 5, 9], [0.9, 0.7, 0.4]), at_risk=([0, 6], [10, 7]), unit="months")
    >>> found = pooled(pseudo_sets(r, 10, tolerance=0.005), "survival", times=6)
    >>> found.value.round(2), bool(found.added_share[0] < 0.1)
    (array([0.7]), True)
    """
    between("conf_level", conf_level, 0.0, 1.0)
    _check(estimator, times, tau, control)
    if control is not None and (control.n_draws, control.unit) != (sets.n_draws, sets.unit):
        raise InputError(
            f"control has {control.n_draws} sets in {control.unit}, the arm {sets.n_draws} in {sets.unit}; draw both alike."
        )
    names, found = _each(sets, estimator, times, tau, control)
    total = rubin(np.array([e for e, _ in found]), np.array([s for _, s in found]))
    scale = "identity" if callable(estimator) else SCALES[estimator]
    low, high = (_natural(x, scale) for x in total.limits(conf_level))
    if scale == "log(-log)":
        low, high = high, low
    arms = (sets,) if control is None else (sets, control)
    return PooledPseudo(
        provenance=Provenance.of(
            "pooled", *arms, estimator=estimator if isinstance(estimator, str) else "function"
        ),
        quantity=names,
        value=_natural(total.estimate, scale),
        conf_low=low,
        conf_high=high,
        estimate=total.estimate,
        std_error=np.sqrt(total.total),
        within=total.within,
        between=total.between,
        added_share=1.0 - total.within / total.total,
        df=total.df,
        scale=scale,
        n_draws=sets.n_draws,
        grade="summaries" if any(arm.grade == "summaries" for arm in arms) else "curve",
        conf_level=float(conf_level),
    )


def _check(estimator: Any, times: Any, tau: Any, control: Any) -> None:
    if not callable(estimator):
        one_of("estimator", estimator, SCALES)
    for name, given, belongs in (
        ("times", times, "survival"),
        ("tau", tau, "rmst"),
        ("control", control, "hazard_ratio"),
    ):
        if given is None and estimator == belongs:
            raise InputError(f"estimator {belongs!r} needs {name}.")
        if given is not None and estimator != belongs:
            raise InputError(f"{name} goes with estimator {belongs!r} only; leave it out.")


def _each(
    sets: PseudoIPD, estimator: Any, times: Any, tau: Any, control: PseudoIPD | None
) -> tuple[tuple[str, ...], Sequence[Found]]:
    """Names, and the estimate and error of every set."""
    if control is not None:
        return ("hazard ratio",), [log_ratio_of(a, b) for a, b in zip(sets.survs(), control.survs())]
    if estimator == "survival":
        at = float_vector("times", at_least_one(times), unit=sets.unit)
        return tuple(f"survival at {t:g}" for t in at), [_survival(s, at) for s in sets.survs()]
    if estimator == "median":
        return ("median",), [_median(s) for s in sets.survs()]
    if estimator == "rmst":
        made = [rmst(s, tau=tau) for s in sets.survs()]
        return (f"restricted mean to {made[0].tau:g}",), [(r.estimate, r.std_error) for r in made]
    found = [_own(estimator, s) for s in sets.survs()]
    sizes = {e.size for e, _ in found}
    if len(sizes) > 1:
        raise InputError(
            "the function answers another number of estimates for other sets; it must be the same."
        )
    return tuple(f"estimate {i + 1}" for i in range(sizes.pop())), found


def _survival(surv: Surv, at: FloatArray) -> Found:
    km = kaplan_meier(surv)
    seen = km.survival_at(at)
    s, error = np.asarray(seen.estimate), np.asarray(seen.std_error)
    if not np.all((s > 0.0) & (s < 1.0)):
        k = int(np.flatnonzero(~((s > 0.0) & (s < 1.0)))[0])
        raise InputError(
            f"survival at {at[k]:g} is {s[k]:g} in one of the sets, where the log(-log) scale ends; choose times between the "
            "first death and the end of follow-up."
        )
    return np.log(-np.log(s)), error / (s * -np.log(s))


def _median(surv: Surv) -> Found:
    found = kaplan_meier(surv).median()
    value, low, high = float(found.estimate[0]), float(found.conf_low[0]), float(found.conf_high[0])
    if not np.isfinite(value):
        raise InputError("the median is not reached in one of the sets; pool survival at times, or rmst.")
    z = float(norm.ppf(0.5 + found.conf_level / 2.0))
    ends = [abs(np.log(value) - np.log(end)) for end in (low, high) if np.isfinite(end) and end > 0.0]
    if not ends:
        raise InputError("the median has no interval in one of the sets; pool survival at times, or rmst.")
    return np.array([np.log(value)]), np.array([np.mean(ends) / z])


def log_ratio_of(treated: Surv, control: Surv) -> Found:
    """ln HR of two responses by Cox regression, and its standard error, (1,) each."""
    fit = ratio_fit(both_arms(treated, control))
    return np.asarray(fit.estimate), np.asarray(fit.std_error)


def ratio_fit(arms: tuple[Surv, FloatArray], conf_level: float = 0.95) -> CoxFit:
    """The Cox regression behind it."""
    both, arm = arms
    try:
        return cox_ph(both, None, arm[:, None], conf_level=conf_level)
    except ConvergenceError:
        events = [int(both.event[arm == which].sum()) for which in (1.0, 0.0)]
        raise ConvergenceError(
            f"the hazard ratio of the two arms has no estimate: of {events[0]} events in the first (treated) and {events[1]} in the "
            "second (control) those of one arm have nobody of the other to be compared with, or one arm has none, so the ratio is 0 or "
            "infinite. Compare survival or restricted means instead (kaplan_meier, rmst), or the arms by logrank_test."
        ) from None


def both_arms(treated: Surv, control: Surv) -> tuple[Surv, FloatArray]:
    """Two responses as one, and who is treated."""
    entry = None
    if treated.entry is not None or control.entry is not None:
        entry = np.concatenate([np.zeros(len(s)) if s.entry is None else s.entry for s in (treated, control)])
    both = Surv.right(
        np.concatenate([treated.time, control.time]),
        np.concatenate([treated.event, control.event]),
        entry=entry,
        unit=treated.unit,
    )
    return both, np.repeat([1.0, 0.0], [treated.time.size, control.time.size])


def _own(estimator: Estimator, surv: Surv) -> Found:
    answer = estimator(surv)
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise InputError(f"the function must answer (estimate, standard error); it answered {answer!r:.60}.")
    estimate, error = (
        float_vector(n, at_least_one(a)) for n, a in zip(("estimate", "standard error"), answer)
    )
    if estimate.size != error.size or not np.all(error >= 0.0):
        raise InputError("the function must answer as many standard errors, none negative, as estimates.")
    return estimate, error


def _natural(x: FloatArray, scale: str) -> FloatArray:
    if scale == "log":
        return np.asarray(np.exp(x))
    return np.asarray(np.exp(-np.exp(x))) if scale == "log(-log)" else x
