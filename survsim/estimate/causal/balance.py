"""Balance of covariates between treatment groups before and after weighting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from survsim.core.checks import BoolArray, FloatArray
from survsim.core.design import design_matrix
from survsim.core.errors import InputError
from survsim.core.pairing import in_order_of, labelled
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.estimate.causal.treatment_weights import TreatmentWeights

if TYPE_CHECKING:
    import pandas as pd

IMBALANCED = 0.1
"""Standardised difference above which groups are commonly called unlike (Austin 2009)."""


@result
class Balance(Result):
    """Standardised mean differences by covariate column.

    Attributes
    ----------
    groups : (reference, treated) labels; terms : (p,) columns.
    mean_before, mean_after : (2, p) of each group; difference_before, difference_after : (p,) standardised.
    variance_ratio_before, variance_ratio_after : (p,) treated over reference; NaN where the reference has
        variance 0.
    effective_size : (2,) after weighting.
    """

    groups: tuple[str, ...]
    terms: tuple[str, ...]
    mean_before: FloatArray
    mean_after: FloatArray
    difference_before: FloatArray
    difference_after: FloatArray
    variance_ratio_before: FloatArray
    variance_ratio_after: FloatArray
    effective_size: FloatArray

    def columns(self) -> Columns:
        """Columns term, the two means and the standardised difference before and after, variance ratios."""
        return {
            "term": list(self.terms),
            "reference_before": self.mean_before[0],
            "treated_before": self.mean_before[1],
            "difference_before": self.difference_before,
            "reference_after": self.mean_after[0],
            "treated_after": self.mean_after[1],
            "difference_after": self.difference_after,
            "variance_ratio_before": self.variance_ratio_before,
            "variance_ratio_after": self.variance_ratio_after,
        }

    def headline(self) -> str:
        worst = int(np.argmax(np.abs(self.difference_after)))
        return (
            f"Balance of {len(self.terms)} columns, {self.groups[1]} against {self.groups[0]}: largest standardised "
            f"difference {np.abs(self.difference_before).max():.2f} before, "
            f"{abs(self.difference_after[worst]):.2f} ({self.terms[worst]}) after weighting; "
            f"{int((np.abs(self.difference_after) > IMBALANCED).sum())} above {IMBALANCED:g}"
        )


def balance(
    weights: TreatmentWeights, formula: str | None = None, data: pd.DataFrame | None = None
) -> Balance:
    """Standardised differences d = (mean treated - mean reference) / sqrt((v treated + v reference)/2).

    The variances are the unweighted ones before and after, so that a change shows the means moving and
    nothing else.

    Parameters
    ----------
    weights : of `treatment_weights`.
    formula, data : columns to look at; None for those of the propensity model. Look also at columns the
        model left out, squares and products.

    Returns
    -------
    Balance : standardised difference of each column before and after weighting.

    Raises
    ------
    InputError : a column that is constant, a formula without data.

    Reference: Austin 2009 (Stat Med 28:3083), section 2.

    Example
    -------
    >>> import pandas as pd
    >>> from survsim import balance, treatment_weights
    >>> frame = pd.DataFrame({"old": [0, 0, 0, 0, 1, 1, 1, 1]})
    >>> balance(treatment_weights([0, 0, 0, 1, 0, 1, 1, 1], "old", frame)).difference_before.round(4).tolist()
    [1.0]
    """
    if (formula is None) != (data is None):
        raise InputError(
            "formula and data come together; leave both out for the columns of the propensity model."
        )
    data = in_order_of(labelled(weights.design.row_labels), "data", data, "the weights")
    design = weights.design if data is None else design_matrix(str(formula), data)
    x = design.matrix
    if x.shape[0] != weights.treated.size:
        raise InputError(f"data has {x.shape[0]} rows; the weights are of {weights.treated.size} patients.")
    plain = np.ones(x.shape[0])
    before, spread = _moments(x, weights.treated, plain)
    after, weighted_spread = _moments(x, weights.treated, weights.weight)
    scale = np.sqrt(spread.mean(axis=0))
    if (scale == 0).any():
        names = ", ".join(repr(c) for c, s in zip(design.columns, scale) if s == 0)
        raise InputError(f"{names} is constant within both groups; a standardised difference does not exist.")
    return Balance(
        groups=tuple(str(g) for g in weights.groups),
        terms=design.columns,
        mean_before=before,
        mean_after=after,
        difference_before=(before[1] - before[0]) / scale,
        difference_after=(after[1] - after[0]) / scale,
        variance_ratio_before=_ratio(spread),
        variance_ratio_after=_ratio(weighted_spread),
        effective_size=weights.effective_size.copy(),
        provenance=Provenance.of("balance", weights, formula=formula),
    )


def _moments(x: FloatArray, treated: BoolArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Means and variances (2, p) of reference and treated; reliability weights, n - 1 when all weigh 1."""
    means, variances = [], []
    for mine in (~treated, treated):
        w = weight[mine] / weight[mine].sum()
        mean = w @ x[mine]
        left = 1.0 - float((w**2).sum())
        square = w @ (x[mine] - mean) ** 2
        means.append(mean)
        variances.append(square / left if left > 0 else np.zeros_like(square))
    return np.array(means), np.array(variances)


def _ratio(spread: FloatArray) -> FloatArray:
    return np.divide(spread[1], spread[0], out=np.full(spread.shape[1], np.nan), where=spread[0] > 0)
