"""Inverse-probability-of-treatment weights from a propensity model, with their diagnostics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, between, label_codes, one_of, positions
from survsim.core.design import Design, design_matrix
from survsim.core.errors import ConvergenceError, InputError, SmallSampleWarning, warn
from survsim.core.frames import as_frame
from survsim.core.named_columns import resolved
from survsim.core.pairing import in_order_of, index_of, labelled, places
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.surv import Surv
from survsim.core.tables import Columns, from_rows
from survsim.estimate.causal.logistic import SEPARATION, Logistic, logistic

if TYPE_CHECKING:
    import pandas as pd

ESTIMANDS = ("ate", "att", "overlap")
HEAVY = 0.25
"""Share of a group's weight on one patient from which the result is hers more than the group's."""


@result
class TreatmentWeights(Result):
    """Weights that make the treated and the untreated alike in the covariates of a propensity model.

    Attributes
    ----------
    groups : labels, the reference (untreated) first; treated : (n,) bool.
    propensity : (n,) chance of treatment given the covariates.
    weight : (n,), stabilised and truncated as asked; untruncated : (n,) before truncation.
    terms, coefficient, std_error : of the propensity model, on the logit scale.
    effective_size : (2,) (sum w)^2 / sum w^2 of each group.
    largest_share : (2,) of a group's weight on its heaviest patient.
    n_outside : patients whose propensity the other group does not reach.
    firth : True where maximum likelihood had no maximum and Firth's estimate took its place.
    design : columns of the model, for `balance`.
    """

    groups: tuple[Any, ...]
    treated: BoolArray
    propensity: FloatArray
    weight: FloatArray
    untruncated: FloatArray
    terms: tuple[str, ...]
    coefficient: FloatArray
    std_error: FloatArray
    effective_size: FloatArray
    largest_share: FloatArray
    n_outside: int
    estimand: str
    stabilised: bool
    truncate: float | None
    separation: str
    firth: bool
    design: Design

    def in_order_of(self, surv: Surv) -> TreatmentWeights:
        """The weights in the row order of a response, where both know the labels of their rows."""
        rows = places(surv.index, labelled(self.design.row_labels), "weights", "the response")
        if rows is None:
            return self
        parts = {n: getattr(self, n)[rows] for n in ("treated", "propensity", "weight", "untruncated")}
        design = replace(self.design, matrix=self.design.matrix[rows], row_labels=surv.index.to_numpy())
        return replace(self, **parts, design=design)

    def columns(self) -> Columns:
        """One row a group: n, effective_size, mean, smallest and largest weight, largest_share, range of propensity."""
        rows = []
        for g, label in enumerate(self.groups):
            mine = self.treated == bool(g)
            w, e = self.weight[mine], self.propensity[mine]
            rows.append(
                {
                    "group": label, "n": int(mine.sum()), "effective_size": self.effective_size[g],
                    "weight_mean": w.mean(), "weight_min": w.min(), "weight_max": w.max(),
                    "largest_share": self.largest_share[g], "propensity_min": e.min(), "propensity_max": e.max(),
                }
            )  # fmt: skip
        return from_rows(rows, tuple(rows[0]))

    def headline(self) -> str:
        kind = {"ate": "all patients", "att": "the treated", "overlap": "the overlap"}[self.estimand]
        cut = (
            ""
            if self.truncate is None
            else f", truncated at quantiles {self.truncate:g} and {1 - self.truncate:g}"
        )
        how = ", Firth's penalised likelihood (separation)" if self.firth else ""
        return (
            f"Treatment weights for {kind} from logit P({self.groups[1]}) ~ {self.design.formula}{how}"
            f"{', stabilised' if self.stabilised else ''}{cut}; {self.n_outside} of {self.treated.size} patients "
            "outside the other group's range"
        )


def treatment_weights(
    treatment: Any,
    formula: str,
    data: pd.DataFrame,
    *,
    estimand: str = "ate",
    stabilised: bool | None = None,
    truncate: float | None = None,
    separation: str = "error",
    reference: Any = None,
    source: str | Iterable[str] = (),
) -> TreatmentWeights:
    """Weights z/e + (1-z)/(1-e) (or those of another estimand), e = P(z = 1 | covariates) by logit.

    Parameters
    ----------
    treatment : (n,) labels of two groups, or the name of their column in `data`.
    formula, data : right-hand side of the propensity model, and the frame of n rows it is read from.
    estimand : "ate" (everybody: 1/e and 1/(1-e)), "att" (the treated: 1 and e/(1-e)) or "overlap"
        (1-e and e: those who could have had either; never explodes, Li, Morgan & Zaslavsky 2018), in R "ATO".
    stabilised : multiply by the group's share, so that the mean weight is near 1; "ate" only, there the default.
    truncate : share q in (0, 0.5): weights below their q-th and above their (1-q)-th quantile are set to it.
    separation : "error", or "firth" where covariates decide the treatment.
    reference : label of the untreated; the first if None.
    source : references ``table:row`` of the data, for provenance.

    Returns
    -------
    TreatmentWeights : (n,) weights and propensities, and the effective sample size of each group.

    Raises
    ------
    InputError : more or fewer than two groups, a missing covariate, options that do not go together.
    ConvergenceError : the covariates decide the treatment.

    Reference: Rosenbaum & Rubin 1983; Cole & Hernan 2008 (Am J Epidemiol 168:656), weights and truncation.

    Example
    -------
    >>> import pandas as pd
    >>> from survsim import treatment_weights
    >>> frame = pd.DataFrame({"old": [0, 0, 0, 0, 1, 1, 1, 1]})
    >>> w = treatment_weights([0, 0, 0, 1, 0, 1, 1, 1], "old", frame, stabilised=False)
    >>> w.weight.round(4).tolist()
    [1.3333, 1.3333, 1.3333, 4.0, 4.0, 1.3333, 1.3333, 1.3333]
    """
    estimand = one_of("estimand", "overlap" if estimand in ("ato", "ATO") else estimand, ESTIMANDS)
    one_of("separation", separation, SEPARATION)
    if stabilised and estimand != "ate":
        raise InputError(
            f'stabilised weights belong to estimand="ate"; got {estimand!r}. Leave stabilised out.'
        )
    if truncate is not None:
        between("truncate", truncate, 0.0, 0.5)
    data = as_frame(data)
    treatment = resolved(data, "treatment", treatment, len(data))
    treatment = in_order_of(index_of(data), "treatment", treatment, "data")
    groups, treated = two_treatments(treatment, len(data), reference)
    design = design_matrix(formula, data)
    steady = estimand == "ate" if stabilised is None else bool(stabilised)
    fit = fit_propensity(design.matrix, treated, None, separation, terms=design.columns)
    raw = weights_of(fit.chance, treated, None, estimand, steady)
    weight = truncated(raw, truncate)
    sizes, shares = effective_sizes(weight, treated)
    made = TreatmentWeights(
        groups=groups, treated=treated, propensity=fit.chance, weight=weight, untruncated=raw,
        terms=("Intercept", *design.columns), coefficient=fit.estimate, std_error=fit.std_error,
        effective_size=sizes, largest_share=shares, n_outside=_outside(fit.chance, treated),
        estimand=estimand, stabilised=steady, truncate=truncate, separation=separation, firth=fit.firth,
        design=design,
        provenance=Provenance.of(
            "treatment_weights", (source,) if isinstance(source, str) else tuple(source), formula=formula, estimand=estimand, stabilised=steady, truncate=truncate,
            separation=separation, n=len(data),
        ),
    )  # fmt: skip
    _warn_poor_overlap(made)
    return made


def two_treatments(treatment: Any, n: int, reference: Any = None) -> tuple[tuple[Any, ...], BoolArray]:
    """The two labels, the reference first, and who has the other one (n,)."""
    codes, groups = label_codes("treatment", treatment, n)
    if len(groups) != 2:
        raise InputError(
            f"treatment must have two levels; it has {len(groups)}: {', '.join(map(repr, groups[:8]))}. "
            + ("Compare two at a time." if len(groups) > 2 else "Everybody had the same: nothing to compare.")
        )
    if reference is None or reference == groups[0]:
        return groups, codes == 1
    if reference != groups[1]:
        raise InputError(f"reference must be one of {', '.join(map(repr, groups))}; got {reference!r}.")
    return (groups[1], groups[0]), codes == 0


def fit_propensity(
    matrix: FloatArray,
    treated: BoolArray,
    counts: FloatArray | None,
    separation: str,
    terms: tuple[str, ...] = (),
) -> Logistic:
    """Logit model of treatment on the columns and a constant, rows counted `counts` times."""
    x = np.hstack([np.ones((len(treated), 1)), matrix])
    return logistic(x, treated, counts, separation=separation, terms=terms, resample=counts is not None)


def weights_of(
    chance: FloatArray, treated: BoolArray, counts: FloatArray | None, estimand: str, stabilised: bool
) -> FloatArray:
    """Weights (n,) of the estimand before truncation; an error where somebody's own treatment has no chance."""
    # The chance of the other treatment may come out as 0 (separation); a weight asks for that of the own alone.
    if estimand == "overlap":
        return np.where(treated, 1.0 - chance, chance)
    own = np.where(treated, chance, 1.0 - chance)
    if counts is not None:
        own[counts == 0] = 1.0  # who is not in this resample
    if not own.min() > 0.0:
        raise ConvergenceError(
            f"{positions(own <= 0.0)}: the covariates leave no chance of the treatment that was given, so that no weight "
            "can stand for it. Look for extreme covariate values, or use estimand='overlap'."
        )
    if estimand == "att":
        return np.where(treated, 1.0, chance / own)
    weight = 1.0 / own
    if not stabilised:
        return weight
    share = float(np.average(treated, weights=counts))
    return weight * np.where(treated, share, 1.0 - share)


def truncated(weight: FloatArray, share: float | None, counts: FloatArray | None = None) -> FloatArray:
    """Weights drawn in to their quantiles `share` and 1 - `share` (of the rows as counted)."""
    if share is None:
        return weight
    every = weight if counts is None else np.repeat(weight, counts.astype(np.int64))
    return np.clip(weight, *np.quantile(every, [share, 1.0 - share]))


def effective_sizes(weight: FloatArray, treated: BoolArray) -> tuple[FloatArray, FloatArray]:
    """(sum w)^2 / sum w^2 and the largest share of the weight, untreated and treated."""
    parts = [weight[~treated], weight[treated]]
    return (
        np.array([w.sum() ** 2 / (w**2).sum() for w in parts]),
        np.array([w.max() / w.sum() for w in parts]),
    )


def _outside(chance: FloatArray, treated: BoolArray) -> int:
    low = max(chance[treated].min(), chance[~treated].min())
    high = min(chance[treated].max(), chance[~treated].max())
    slack = 1e-9
    return int(((chance < low - slack) | (chance > high + slack)).sum())


def _warn_poor_overlap(made: TreatmentWeights) -> None:
    faults = []
    for g, label in enumerate(made.groups):
        mine = made.treated == bool(g)
        n, size, share = int(mine.sum()), made.effective_size[g], made.largest_share[g]
        if share > max(HEAVY, 2.5 / n):
            row = int(np.flatnonzero(mine)[np.argmax(made.weight[mine])])
            faults.append(f"row {row} carries {share:.0%} of the weight of {label!r}")
        elif size < n / 2:
            faults.append(f"{n} patients of {label!r} weigh as much as {size:.1f}")
    if faults:
        warn(
            f"poor overlap: {'; '.join(faults)}. The weighted comparison rests on few patients: look at "
            'weights.plot(), truncate (truncate=0.01), use estimand="overlap", or restrict to patients who could '
            "have had either treatment.",
            SmallSampleWarning,
        )
