"""How much a pooled result rests on single studies: leave-one-out and influence measures."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtri

from survsim.core.checks import BoolArray, FloatArray
from survsim.core.errors import InputError, SmallSampleWarning, warn
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.estimate.printed.study_rows import Studies
from survsim.estimate.synthesis.pooling import (
    MetaAnalysis,
    refuse_other_results,
    repool,
    warn_of_agreement,
)

if TYPE_CHECKING:
    pass


@result
class MetaInfluence(Result):
    """What happens to the pooled result when each study is left out.

    Attributes
    ----------
    labels : (k,) the study left out.
    estimate, std_error, conf_low, conf_high, prediction_low, prediction_high, tau2, q, i2 : (k,) without it.
    hat : (k,) weight of the study in the full analysis.
    studentised_residual : (k,) its distance from the others in standard errors.
    cook_distance : (k,) shift of the mean in units of its variance, ``(mu - mu_(i))^2 / Var(mu)``.
    covariance_ratio : (k,) variance of the mean without the study over that with it.
    is_influential : (k,) Cook's distance above the median of chi-squared(1), or weight above 3/k.
    """

    labels: tuple[str, ...]
    estimate: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    prediction_low: FloatArray
    prediction_high: FloatArray
    tau2: FloatArray
    q: FloatArray
    i2: FloatArray
    hat: FloatArray
    studentised_residual: FloatArray
    cook_distance: FloatArray
    covariance_ratio: FloatArray
    is_influential: BoolArray

    def columns(self) -> Columns:
        """One row a study: label, the result without it, and the influence measures."""
        return {"label": list(self.labels), **{name: getattr(self, name) for name in _COLUMNS}}

    def headline(self) -> str:
        """The range of the pooled mean and the influential studies."""
        named = [label for label, flag in zip(self.labels, self.is_influential) if flag]
        return (
            f"Leave-one-out over {len(self.labels)} studies: mean between {self.estimate.min():.4g} and "
            f"{self.estimate.max():.4g}; influential: {', '.join(named) if named else 'none'}"
        )


_COLUMNS = (
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "prediction_low",
    "prediction_high",
    "tau2",
    "q",
    "i2",
    "hat",
    "studentised_residual",
    "cook_distance",
    "covariance_ratio",
    "is_influential",
)


def leave_one_out(pooled: MetaAnalysis) -> MetaInfluence:
    """Refit without each study in turn, tau2 included.

    Parameters
    ----------
    pooled : result of `meta_analysis` with at least three studies; its methods are used again, that of the
        prediction interval included; the limits are missing (NaN) where that needs more studies than are left.

    Returns
    -------
    MetaInfluence : pooled mean and tau2 without each study, and its weight, residual and Cook's distance.

    Raises
    ------
    InputError : fewer than three studies, or a result that is no plain pooling (a meta-regression, say).

    References
    ----------
    Viechtbauer and Cheung 2010, Res Synth Methods 1:112, equations 6 to 12.

    Example
    -------
    >>> from survsim import leave_one_out, meta_analysis
    >>> pooled = meta_analysis([-0.36, -0.22, -0.51, -0.05], [0.12, 0.15, 0.21, 0.11], conf_method="wald")
    >>> leave_one_out(pooled).estimate.round(3)
    array([-0.211, -0.273, -0.204, -0.339])
    """
    refuse_other_results("leave_one_out", pooled)
    if pooled.k < 3:
        raise InputError(
            f"leaving one of {pooled.k} studies out leaves nothing to pool; at least 3 are needed."
        )
    if pooled.k == 3:
        none = pooled.prediction_method == "k_minus_2"
        told = ", and has no prediction interval (k - 2 degrees of freedom need three)" if none else ""
        warn(f"three studies: each refit rests on two, with classical formulas{told}.", SmallSampleWarning)
    rows = Studies(
        pooled.study_estimate,
        pooled.study_std_error,
        pooled.labels,
        (),
        tuple((i,) for i in range(pooled.k)),
    )
    refits = [_without(rows, i, pooled) for i in range(pooled.k)]
    warn_of_agreement({f"without {label}": refit for label, refit in zip(pooled.labels, refits)})
    columns = {name: np.array([getattr(r, name) for r in refits]) for name in _COLUMNS[:9]}
    distance = pooled.study_estimate - columns["estimate"]
    spread = pooled.study_std_error**2 + columns["tau2"] + columns["std_error"] ** 2
    cook = (pooled.estimate - columns["estimate"]) ** 2 / pooled.std_error**2
    return MetaInfluence(
        provenance=Provenance.of("leave_one_out", pooled),
        labels=pooled.labels,
        hat=pooled.weights,
        studentised_residual=distance / np.sqrt(spread),
        cook_distance=cook,
        covariance_ratio=columns["std_error"] ** 2 / pooled.std_error**2,
        is_influential=(cook > chdtri(1, 0.5)) | (pooled.weights > 3.0 / pooled.k),
        **columns,
    )


def _without(rows: Studies, i: int, pooled: MetaAnalysis) -> MetaAnalysis:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)
        return repool(rows.keep(np.arange(rows.k) != i), pooled, Provenance.of("leave_one_out", pooled))
