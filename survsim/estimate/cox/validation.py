"""How well a Cox fit predicts: calibration at a time, and optimism-corrected performance by bootstrap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from survsim.core import progress
from survsim.core.checks import BoolArray, FloatArray, IntArray, between, whole_number
from survsim.core.clusters import one_unit, warn_of_one_unit
from survsim.core.errors import InputError
from survsim.core.event_table import EventTable
from survsim.core.provenance import Provenance
from survsim.core.quantiles import weighted_quantiles
from survsim.core.result import Result, result
from survsim.core.surv import Surv
from survsim.core.tables import Columns
from survsim.core.times import asked_time
from survsim.estimate.cox.batch import cox_resamples
from survsim.estimate.cox.concordance import joined_scores, predictor_score
from survsim.estimate.cox.fitted import FittedCox
from survsim.estimate.cox.prediction import predict_survival
from survsim.estimate.nonparametric.kaplan_meier import jackknifed, robust_variance
from survsim.kernels.concordance import pair_counts
from survsim.kernels.risk_set import tabulate

if TYPE_CHECKING:
    pass


@result
class Calibration(Result):
    """Predicted and observed survival at one time, by groups of predicted risk.

    Attributes
    ----------
    n, n_event : (g,) patients and events by `time`, unweighted; predicted : (g,) mean predicted survival.
    observed, conf_low, conf_high : (g,) Kaplan-Meier with its log-log interval.
    time, unit : where it was read.
    """

    n: IntArray
    n_event: IntArray
    predicted: FloatArray
    observed: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    time: float
    unit: str
    conf_level: float

    def columns(self) -> Columns:
        """Columns group (1 = lowest predicted survival), n, n_event, predicted, observed, conf_low, conf_high."""
        names = ("n", "n_event", "predicted", "observed", "conf_low", "conf_high")
        return {"group": np.arange(1, self.n.size + 1)} | {k: getattr(self, k) for k in names}

    def headline(self) -> str:
        return (
            f"Calibration of survival at {self.time:g} {self.unit} in {self.n.size} groups of predicted risk"
        )


def calibration(fit: FittedCox, time: float, *, groups: int = 5, conf_level: float = 0.95) -> Calibration:
    """Mean predicted survival against Kaplan-Meier within quantile groups of the linear predictor.

    On the data the model was fitted to this is too good; `validate` says by how much. Weights count in the groups, the
    prediction and the curve, as patients that many times would. A patient of several rows (`id`) is predicted as the
    first row says, and all rows of one are in one group.

    Parameters
    ----------
    time : in the fit's unit, within follow-up; groups : number of groups of about equal size.
    """
    between("conf_level", conf_level, 0, 1)
    groups = whole_number("groups", groups)
    surv = fit.surv
    time = asked_time("time", time, surv.time, unit=surv.unit)
    if not 0 < time <= float(surv.time.max()):
        raise InputError(
            f"time must lie within follow-up, 0 to {surv.time.max():g} {surv.unit}; got {time:g}."
        )
    first, who = surv.patients
    predicted = joined_scores(predict_survival(fit, None, [time]).survival[:, 0])[first]
    weight = None if surv.weight is None else surv.weight[first]
    code = np.searchsorted(
        weighted_quantiles(predicted, weight, np.linspace(0, 1, groups + 1)[1:-1]), predicted, side="left"
    )
    present = np.unique(code)
    parts = [surv.take(code[who] == g) for g in present]
    if jackknifed(surv):
        warn_of_one_unit(surv, parts, [int(g) + 1 for g in present])
    rows = [_observed(part, time, conf_level) for part in parts]
    return Calibration(
        n=np.array([int((code == g).sum()) for g in present]), n_event=np.array([r[3] for r in rows]),
        predicted=np.array([_mean(predicted, weight, code == g) for g in present]),
        observed=np.array([r[0] for r in rows]), conf_low=np.array([r[1] for r in rows]),
        conf_high=np.array([r[2] for r in rows]), time=float(time), unit=surv.unit, conf_level=conf_level,
        provenance=Provenance.of("calibration", fit, time=float(time), groups=groups),
    )  # fmt: skip


def _mean(predicted: FloatArray, weight: FloatArray | None, members: BoolArray) -> float:
    return float(np.average(predicted[members], weights=None if weight is None else weight[members]))


def _observed(surv: Surv, time: float, level: float) -> tuple[float, float, float, int]:
    """Kaplan-Meier at `time` with a log-log interval, and the number of events by then."""
    t, n_risk, n_event, _ = tabulate(surv.time, surv.event, surv.entry, surv.weight)
    use = (t <= time) & (n_event > 0)
    survival = float(np.prod(1.0 - n_event[use] / n_risk[use]))
    events = int((surv.event & (surv.time <= time)).sum())
    if survival in (0.0, 1.0):
        return survival, 0.0 if survival == 0.0 else 1.0, survival, events
    variance = (n_event[use] / (n_risk[use] * (n_risk[use] - n_event[use]))).sum()
    if jackknifed(surv):
        variance = robust_variance(surv, EventTable.of(surv), hazard=False)[np.flatnonzero(use)[-1]]
    ratio = np.exp(ndtri(0.5 + level / 2) * np.sqrt(variance) / np.log(survival))
    ends = sorted((survival**ratio, survival ** (1.0 / ratio)))
    return survival, float(ends[0]), float(ends[1]), events


@result
class Validation(Result):
    """Performance as seen and as it would be in new patients.

    Attributes
    ----------
    measure : names; apparent, optimism, corrected : (2,) for concordance and calibration slope.
    n_bootstrap, n_failed : resamples used, and left out because the fit had no maximum.
    """

    measure: tuple[str, ...]
    apparent: FloatArray
    optimism: FloatArray
    corrected: FloatArray
    n_bootstrap: int
    n_failed: int

    def columns(self) -> Columns:
        """Columns measure, apparent, optimism, corrected."""
        names = ("apparent", "optimism", "corrected")
        return {"measure": list(self.measure)} | {name: getattr(self, name) for name in names}

    def headline(self) -> str:
        lost = f" ({self.n_failed} without a maximum left out)" if self.n_failed else ""
        return f"Optimism-corrected performance, {self.n_bootstrap} bootstrap resamples{lost}"


def validate(fit: FittedCox, *, n_bootstrap: int = 200, seed: int = 1) -> Validation:
    """Optimism bootstrap: refit in each resample, performance there less performance on the original data.

    Parameters
    ----------
    n_bootstrap : resamples of patients (clusters) with all their rows; seed : of their random numbers.

    Returns
    -------
    Validation; a slope below 1 says by how much predictions must be shrunk.

    Reference: Harrell, Lee & Mark (1996), Stat Med 15:361, sec. 6.
    """
    if fit.penalty is not None or fit.frailty is not None or fit.ties == "exact":
        raise InputError(
            "validate() repeats an ordinary Efron or Breslow fit; penalised and frailty fits need their own loop."
        )
    if fit.offset is not None:
        raise InputError(
            "validate() has no offset; refit with the known part as a covariate, or leave it out."
        )
    if n_bootstrap < 2:
        raise InputError(f"n_bootstrap must be at least 2; got {n_bootstrap}.")
    surv, x = fit.surv, fit.design.matrix
    if one_unit(surv):
        raise InputError(
            "validate() resamples clusters, and this response has one: every resample would be the data again. Refit with a "
            "response without cluster."
        )
    n = len(surv)
    unit = np.arange(n) if surv.together is None else surv.together
    units = int(unit.max()) + 1
    drawn = np.random.Generator(np.random.Philox(seed)).multinomial(
        units, np.full(units, 1.0 / units), size=n_bootstrap
    )
    counts = drawn[:, unit]
    batch = cox_resamples(surv, x, counts, ties=fit.ties)
    good = np.flatnonzero(batch.status == 0)
    if good.size < 2:
        raise InputError(
            "almost no resample has a finite fit; there are too few events to validate this model."
        )
    optimism, whole = np.empty((good.size, 2)), np.ones((1, n), np.int32)
    for i, b in enumerate(progress.each("validating", good)):
        score = predictor_score(x, batch.estimate[b])
        slope = -cox_resamples(surv, score, whole, ties=fit.ties).estimate[0, 0]
        optimism[i] = _concordance(surv, score, counts[b]) - _concordance(surv, score, whole[0]), 1.0 - slope
    apparent = np.array([_concordance(surv, predictor_score(x, fit.estimate), whole[0]), 1.0])
    mean = optimism.mean(axis=0)
    return Validation(
        measure=("concordance", "calibration slope"), apparent=apparent, optimism=mean, corrected=apparent - mean,
        n_bootstrap=int(good.size), n_failed=int(n_bootstrap - good.size),
        provenance=Provenance.of("validate", fit, n_bootstrap=n_bootstrap, seed=seed),
    )  # fmt: skip


def _concordance(surv: Surv, score: FloatArray, count: IntArray) -> float:
    """Concordance of `score` when row i is there count[i] times."""
    weight = count.astype(np.float64)
    weight = weight if surv.weight is None else weight * surv.weight
    pairs = pair_counts(surv.time, surv.event, surv.entry, weight, surv.stratum, score) @ weight
    return float((pairs[0] + 0.5 * pairs[2]) / pairs.sum())
