"""Cumulative incidence of new patients from a Fine-Gray fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.clusters import unit_sums
from survsim.core.design import Design
from survsim.core.errors import ExtrapolationWarning, InputError, warn
from survsim.core.pairing import index_of
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.steps import Steps
from survsim.core.tables import Columns
from survsim.core.times import asked_times, meet
from survsim.estimate.competing.aalen_johansen import probability_band
from survsim.estimate.competing.fine_gray_problem import Problem
from survsim.estimate.cox.patient_hazards import moderate
from survsim.kernels import fine_gray as kernel

if TYPE_CHECKING:
    pass


class FittedFineGray(Protocol):
    """What a prediction needs of a fit; see `FineGray` for the shapes."""

    @property
    def provenance(self) -> Provenance: ...
    @property
    def design(self) -> Design: ...
    @property
    def problem(self) -> Problem: ...
    @property
    def estimate(self) -> FloatArray: ...
    @property
    def influence(self) -> FloatArray: ...
    @property
    def n_patients(self) -> int: ...
    @property
    def cause(self) -> Any: ...
    @property
    def stratum_labels(self) -> tuple[Any, ...]: ...
    @property
    def conf_level(self) -> float: ...
    @property
    def unit(self) -> str: ...


@result
class PredictedIncidence(Result):
    """Cumulative incidence of m patients at T times, for each of the causes predicted.

    Attributes
    ----------
    labels : of the patients; causes : labels; time : (T,) in `unit`.
    estimate, std_error, conf_low, conf_high : (c, m, T); the last three NaN where no interval is given.
    survival : (m, T) free of any event, or None where only one cause is modelled.
    """

    labels: tuple[Any, ...]
    causes: tuple[Any, ...]
    time: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    survival: FloatArray | None
    conf_level: float
    unit: str

    def steps(self, group: Any = None, cause: Any = None) -> Steps:
        """Incidence of one cause for one patient (by label) from time 0, where it is 0."""
        i, k = Steps.place(group, self.labels, "patient"), Steps.place(cause, self.causes, "cause")
        limits = (self.conf_low[k, i], self.conf_high[k, i])
        return Steps.from_origin(self.time, self.estimate[k, i], limits, start=0.0, unit=self.unit)

    def columns(self) -> Columns:
        """Columns patient, cause, time, estimate, std_error, conf_low, conf_high."""
        c, m, size = self.estimate.shape
        names = ("estimate", "std_error", "conf_low", "conf_high")
        return {
            "patient": [label for _ in range(c) for label in self.labels for _ in range(size)],
            "cause": [cause for cause in self.causes for _ in range(m * size)],
            "time": np.tile(self.time, c * m),
        } | {name: getattr(self, name).ravel() for name in names}

    def headline(self) -> str:
        return (
            f"Predicted cumulative incidence of {', '.join(map(str, self.causes))} for {len(self.labels)} patients "
            f"at {self.time.size} times ({self.unit})"
        )


def predict_incidence(
    fit: FittedFineGray, data: Any, times: Any = None, *, stratum: Any = None, conf_type: str = "log-log"
) -> PredictedIncidence:
    """F(t|x) = 1 - exp(-H0(t) exp(x'b)), its variance from the influence of each row on H0 and b.

    The law of censoring counts as known in H0 and, by the fit's `variance`, as estimated in b.
    """
    x = fit.design.apply(data)
    part = _stratum(fit, stratum)
    shown = part.at.times if times is None else asked_times("times", times, unit=fit.unit)
    when = meet(shown, fit.problem.surv.time)
    end = float(fit.problem.surv.time[part.rows].max())
    if (when > end).any():
        warn(
            f"follow-up ended at {end:g} {fit.unit}; predictions after it are those of {end:g}.",
            ExtrapolationWarning,
        )
    now = fit.problem.states(fit.estimate)[fit.problem.strata.index(part)]
    upto = (part.at.times[:, None] <= when).astype(np.float64)
    risk = np.exp(moderate((x - fit.problem.centre) @ fit.estimate))
    base = now.jump @ upto
    estimate = -np.expm1(-risk[:, None] * base)
    # Rows' influence on the baseline (n, T), then on each patient's cumulative hazard.
    own = -now.r[:, None] * kernel.spread(part.at, upto * (now.jump / now.s0)[:, None])
    own[part.at.event] += fit.problem.weight[part.rows][part.at.event, None] * (
        upto[part.at.slot] / now.s0[part.at.slot, None]
    )
    of_base = np.zeros((fit.n_patients, when.size))
    of_base[part.rows] = own
    drift = (now.mean * now.jump[:, None]).T @ upto
    error = np.empty(estimate.shape)
    for i in range(x.shape[0]):
        slope = (x[i] - fit.problem.centre)[:, None] * base - drift
        moved = unit_sums(of_base + fit.influence @ slope, fit.problem.surv)
        error[i] = risk[i] * np.sqrt((moved**2).sum(axis=0)) * (1.0 - estimate[i])
    low, high = probability_band(conf_type, estimate, error, fit.conf_level)
    return PredictedIncidence(
        labels=tuple(range(x.shape[0]) if index_of(data) is None else index_of(data)),
        causes=(fit.cause,),
        time=shown,
        estimate=estimate[None],
        std_error=error[None],
        conf_low=low[None],
        conf_high=high[None],
        survival=None,
        conf_level=fit.conf_level,
        unit=fit.unit,
        provenance=Provenance.of("FineGray.predict_incidence", fit, conf_type=conf_type),
    )


def _stratum(fit: FittedFineGray, stratum: Any) -> Any:
    strata = fit.problem.strata
    if stratum is None:
        if len(strata) > 1:
            raise InputError(f"name the stratum to predict in: {', '.join(map(repr, fit.stratum_labels))}.")
        return strata[0]
    for part in strata:
        if fit.stratum_labels and fit.stratum_labels[part.code] == stratum:
            return part
    raise InputError(f"stratum {stratum!r} is unknown or had no event of {fit.cause!r}.")
