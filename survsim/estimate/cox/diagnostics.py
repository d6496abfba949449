"""Tests of proportional hazards: the score test of a coefficient that changes with time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc

from survsim.core.checks import FloatArray, IntArray, one_of
from survsim.core.errors import EvidenceWarning, InputError, warn
from survsim.core.provenance import Provenance
from survsim.core.result import Result, format_number, result
from survsim.core.tables import Columns
from survsim.estimate.cox.baseline import AtEstimate, at_estimate
from survsim.estimate.cox.fitted import FittedCox
from survsim.kernels import cox
from survsim.kernels.cox_exact import score_by_time
from survsim.kernels.risk_set import tabulate

if TYPE_CHECKING:
    pass

TRANSFORMS = ("km", "rank", "identity", "log")
UNTOLD = 1e-10
"""Information on slopes, as a share of what their sizes would give, below which the events do not tell them."""


@result
class ProportionalHazardsTest(Result):
    """Score tests that log hazard ratios are constant in time.

    Attributes
    ----------
    terms : names, the last is "GLOBAL"; chi2, df, p_value : (terms,); transform : of time.
    """

    terms: tuple[str, ...]
    chi2: FloatArray
    df: IntArray
    p_value: FloatArray
    transform: str

    def columns(self) -> Columns:
        """Columns term, chi2, df, p_value."""
        return {"term": list(self.terms), "chi2": self.chi2, "df": self.df, "p_value": self.p_value}

    def headline(self) -> str:
        return (
            f"Proportional hazards, time as {self.transform}: global chi2 {format_number(float(self.chi2[-1]))} on "
            f"{int(self.df[-1])} df, p {format_number(float(self.p_value[-1]))}"
        )


def transformed_time(
    fit: FittedCox, at_times: FloatArray, transform: str, weight: FloatArray | None = None
) -> FloatArray:
    """g(t) at the event times: one less the left-continuous Kaplan-Meier, mean rank, t or log t; rows counted `weight` times."""
    one_of("transform", transform, TRANSFORMS)
    if transform == "identity":
        return at_times
    if transform == "log":
        if at_times.min() <= 0:
            raise InputError("transform='log' needs events after time 0; use 'km', 'rank' or 'identity'.")
        return np.log(at_times)
    if transform == "rank":
        order = np.argsort(fit.surv.time, kind="stable")
        everyone = fit.surv.time[order]
        ranks = np.arange(everyone.size + 1.0)
        if weight is not None:
            ranks[1:] = np.cumsum(weight[order])
        below = ranks[np.searchsorted(everyone, at_times, side="left")]
        through = ranks[np.searchsorted(everyone, at_times, side="right")]
        return (below + through + 1) / 2.0
    time, n_risk, n_event, _ = tabulate(fit.surv.time, fit.surv.event, fit.surv.entry, weight)
    survival = np.concatenate([[1.0], np.cumprod(1.0 - n_event / n_risk)])
    return 1.0 - survival[np.searchsorted(time, at_times, side="left")]


def term_columns(fit: FittedCox) -> list[tuple[str, list[int]]]:
    """Terms of the formula with their columns (all columns of a factor or a spline together)."""
    indices = getattr(fit.design.spec, "term_indices", None)
    names = list(getattr(fit.design.spec, "column_names", ()))
    if indices is None:
        return [(term, [j]) for j, term in enumerate(fit.terms)]
    position = {name: j for j, name in enumerate(fit.terms)}
    found = [
        (str(term), [position[names[i]] for i in columns if names[i] in position])
        for term, columns in indices.items()
    ]
    return [(term, columns) for term, columns in found if columns]


def proportional_hazards_test(fit: FittedCox, transform: str = "km") -> ProportionalHazardsTest:
    """Score test of adding x g(t) for each term and for all (what R's cox.zph does from version 3.0).

    With exact ties score and information are those of the exact likelihood; R takes Breslow's there.
    U = sum of g(t) times Schoenfeld residuals, tested with the full information of (b, its slope on g). As in R, that is
    the model's information: rows of a cluster count as independent, which a warning says.

    Parameters
    ----------
    transform : "km" (default), "rank", "identity" or "log" of time.

    Raises
    ------
    InputError : events at one time only, or otherwise without information on a slope.

    Reference: Grambsch & Therneau (1994), Biometrika 81:515; score form in survival 3.0.
    """
    _warn_of_clusters(fit)
    state = at_estimate(fit)
    at = state.problem.at
    g = transformed_time(fit, at.times, transform)
    g = g - (g @ at.d) / at.d.sum()
    slope, plain, mixed, squared = _exact_parts(state, g) if fit.ties == "exact" else _parts(state, g)
    p = slope.size
    rows = [*term_columns(fit), ("GLOBAL", list(range(p)))]
    chi2 = np.empty(len(rows))
    for i, (term, columns) in enumerate(rows):
        inner = squared[np.ix_(columns, columns)] - mixed[columns] @ np.linalg.solve(plain, mixed[:, columns])
        _refuse_untold(term, inner, np.diag(squared)[columns], np.unique(at.times).size)
        chi2[i] = slope[columns] @ np.linalg.solve(inner, slope[columns])
    df = np.array([len(columns) for _, columns in rows])
    return ProportionalHazardsTest(
        terms=tuple(term for term, _ in rows), chi2=chi2, df=df, p_value=chdtrc(df.astype(float), chi2),
        transform=transform, provenance=Provenance.of("proportional_hazards_test", fit, transform=transform),
    )  # fmt: skip


def _warn_of_clusters(fit: FittedCox) -> None:
    surv = fit.surv
    if surv.cluster is not None and np.unique(surv.cluster).size < surv.n_patients:
        warn(
            "this test takes patients for independent of each other, and the response has clusters: its p-values are those of "
            "a fit without them. hazard_ratio_over_time(...) has limits by the robust variance.",
            EvidenceWarning,
        )


def _refuse_untold(term: str, inner: FloatArray, size: FloatArray, n_times: int) -> None:
    """The events say nothing of a change over time: the information of the slopes, of that size alone, is singular."""
    least = np.finfo(float).tiny
    root = np.sqrt(np.maximum(size, least))
    if (
        n_times > 1
        and (size > least).all()
        and np.linalg.eigvalsh(inner / np.outer(root, root)).min() > UNTOLD
    ):
        return
    what = "the effects together change" if term == "GLOBAL" else f"the effect of {term!r} changes"
    raise InputError(
        f"whether {what} over time cannot be told: the events ({n_times} distinct time{'s' if n_times > 1 else ''}) leave no "
        "information on a slope. It takes events at two times or more at which those at risk differ in the covariate; "
        "report the fit without this test, or leave the column out."
    )


def _parts(state: AtEstimate, g: FloatArray) -> tuple[FloatArray, ...]:
    """Score of the slopes on g (p,), and the information weighted by 1, g and g^2, (p, p) each."""
    at, x, now = state.problem.at, state.problem.x, state.now
    by_time = cox.event_sums(at, x[:, at.event] * at.weight[at.event]) - now.s1 * now.a
    by_time[:, at.many] += now.e1 * now.b
    weights = (np.ones(g.size), g, g * g)
    return by_time @ g, *(cox.information(at, x, now, time_weight=w) for w in weights)


def _exact_parts(state: AtEstimate, g: FloatArray) -> tuple[FloatArray, ...]:
    """The same for the exact likelihood of ties."""
    score, information = score_by_time(state.problem.at, state.problem.x, state.eta)
    return score @ g, *(np.einsum("k,kij->ij", w, information) for w in (np.ones(g.size), g, g * g))
