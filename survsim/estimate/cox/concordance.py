"""Harrell's concordance between a score and survival, with an infinitesimal-jackknife standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray, between, float_vector, one_of
from survsim.core.clusters import unit_sums, warn_of_one_unit
from survsim.core.errors import InputError
from survsim.core.one_row import in_one_row
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.surv import Surv
from survsim.core.tables import Columns
from survsim.core.times import asked_time
from survsim.estimate.cox.censoring_weights import censoring_curve, refuse_what_ipcw_has_not
from survsim.estimate.cox.share_limits import share_limits
from survsim.kernels import concordance as kernel

if TYPE_CHECKING:
    pass

SCORE_TOLERANCE = 1e-12
"""Neighbouring scores closer than this, relative to the sums they come from, are tied."""

WEIGHTINGS = ("harrell", "uno")


@result
class Concordance(Result):
    """Share of comparable pairs ordered alike by score and by survival; ties of the score count half.

    Attributes
    ----------
    estimate, std_error, conf_low, conf_high : of the concordance (the interval on the logit scale; NaN where the standard error
        is 0: all pairs ordered alike, or all tied).
    concordant, discordant, tied : weighted numbers of pairs.
    weighting : "harrell" or "uno"; tau : latest event time counted, in the unit of the response, or None.
    """

    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    conf_level: float
    concordant: float
    discordant: float
    tied: float
    weighting: str = "harrell"
    tau: float | None = None

    def columns(self) -> Columns:
        """One row: estimate, std_error, conf_low, conf_high, concordant, discordant, tied."""
        names = ("estimate", "std_error", "conf_low", "conf_high", "concordant", "discordant", "tied")
        return {name: [getattr(self, name)] for name in names}

    def headline(self) -> str:
        pairs = self.concordant + self.discordant + self.tied
        kind = "Uno's concordance" if self.weighting == "uno" else "Concordance"
        until = "" if self.tau is None else f" to {self.tau:g}"
        return f"{kind}{until} from {pairs:g} comparable pairs, {self.conf_level:.0%} interval"


def concordance(
    surv: Surv, score: Any, *, weighting: str = "harrell", tau: float | None = None, conf_level: float = 0.95
) -> Concordance:
    """P(score_i < score_j | T_i < T_j) over pairs whose order is known; a high score predicts long survival.

    Parameters
    ----------
    surv : response; pairs are formed within strata, after entry, with weights; clusters enter the variance.
    score : (n,) predicted survival, or minus the linear predictor. Neighbouring scores that differ by
        rounding only (1e-12 of the larger, or near 0, unless all are of one sign, of the middle one) are tied.
    weighting : "harrell" counts every pair once; "uno" weighs it by 1 / G(t-)^2, G the Kaplan-Meier curve of censoring (of
        each stratum), t the earlier time, so that the share estimated does not depend on who was censored. The standard
        error takes G for known, as R's does.
    tau : pairs whose earlier time lies beyond it are left out; in the unit of the response.
    conf_level : of the interval.

    Returns
    -------
    Concordance : the share with its standard error and limits, and the pairs behind it: concordant, discordant, tied.

    Raises
    ------
    InputError : scores that are missing or not one a patient, no two patients that can be ordered, or Uno's weights with
        delayed entry.

    Reference: Harrell et al. (1996), Stat Med 15:361; Uno et al. (2011), Stat Med 30:1105; Therneau & Watson (2015), Mayo
    Clinic TR 85.

    Example
    -------
    >>> from survsim import Surv, concordance
    >>> surv = Surv.right([1, 2, 3, 4], [1, 1, 0, 1], unit="years")
    >>> concordance(surv, [1, 3, 2, 4]).estimate
    0.8
    """
    between("conf_level", conf_level, 0, 1)
    one_of("weighting", weighting, WEIGHTINGS)
    values = joined_scores(float_vector("score", surv.paired("score", score), len(surv)))
    if weighting == "uno":
        surv, values = in_one_row(surv, score=values)
    factor, until = _pair_weights(surv, weighting, tau)
    counts = kernel.pair_counts(surv.time, surv.event, surv.entry, surv.weight, surv.stratum, values, factor)
    weight = np.ones(len(surv)) if surv.weight is None else surv.weight
    c, d, t = (float(weight @ part) / 2.0 for part in counts)
    pairs = c + d + t
    if pairs == 0:
        raise InputError("no two patients can be ordered by survival (no event with someone still at risk).")
    somers = (c - d) / pairs
    influence = weight * ((counts[0] - counts[1]) - somers * counts.sum(axis=0)) / pairs
    influence = unit_sums(influence, surv)
    warn_of_one_unit(surv)
    estimate, error = (somers + 1.0) / 2.0, float(np.sqrt((influence**2).sum())) / 2.0
    low, high = share_limits(
        np.array([estimate]), np.array([error]), conf_level, "logit", of="the concordance"
    )
    return Concordance(
        estimate=estimate, std_error=error, conf_low=float(low[0]), conf_high=float(high[0]), conf_level=conf_level,
        concordant=c, discordant=d, tied=t, weighting=weighting, tau=until,
        provenance=Provenance.of("concordance", surv, weighting=weighting, tau=until, conf_level=conf_level),
    )  # fmt: skip


def _pair_weights(surv: Surv, weighting: str, tau: float | None) -> tuple[FloatArray | None, float | None]:
    """Weight (n,) of the pairs in which each patient has the earlier event, and tau; None where all count once."""
    until = None if tau is None else asked_time("tau", tau, surv.time, unit=surv.unit)
    if weighting == "harrell" and until is None:
        return None, None
    factor = np.ones(len(surv))
    if weighting == "uno":
        refuse_what_ipcw_has_not(surv, "Uno's concordance")
        strata = np.zeros(len(surv), np.int64) if surv.stratum is None else surv.stratum
        for s in np.unique(strata):
            rows = strata == s
            part = surv if surv.stratum is None else surv.take(rows)
            staying = censoring_curve(part).before(part.time)
            # G is 0 only after the last event of all, where no pair is left.
            factor[rows] = np.divide(1.0, staying**2, out=np.zeros(staying.size), where=staying > 0)
    if until is not None:
        factor[surv.time > until] = 0.0
    return factor, until


def joined_scores(score: FloatArray, size: FloatArray | None = None) -> FloatArray:
    """Scores with those put to one value that rounding alone sets apart.

    The same patient's linear predictor comes out in other last bits where the sum is taken in another order;
    a pair of equal rows would be ordered by that. `size` (n,) is that of the sums behind each score. Where it is not
    known it is the score's own, and near 0, where terms may have cancelled, that of the middle score; scores of one sign
    (hazards, probabilities) are products, which do not cancel. One large score sets nothing for the others.
    """
    if size is None:
        size = np.abs(score)
        if size.any() and not ((score > 0).all() or (score < 0).all()):
            size = np.maximum(size, np.median(size[size > 0]))
    order = np.argsort(score, kind="stable")
    inside, reach = score[order], SCORE_TOLERANCE * size[order]
    head = np.concatenate([[True], np.diff(inside) > np.maximum(reach[1:], reach[:-1])])
    joined = np.empty_like(score)
    joined[order] = inside[np.maximum.accumulate(np.where(head, np.arange(score.size), 0))]
    return joined


def predictor_score(matrix: FloatArray, estimate: FloatArray, offset: Any = None) -> FloatArray:
    """Minus the linear predictor (n,), equal rows tied: a high score is a long survival."""
    total, size = matrix @ estimate, np.abs(matrix) @ np.abs(estimate)
    if offset is not None:
        known = np.asarray(offset, dtype=np.float64)
        total, size = total + known, size + np.abs(known)
    return joined_scores(-total, size)
