"""Baseline hazard of a Cox fit, delayed entry respected, and the sums every later question needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.steps import Steps
from survsim.core.tables import Columns
from survsim.estimate.cox.fitted import FittedCox
from survsim.estimate.cox.prepare import Prepared, prepare
from survsim.kernels import cox, cox_layout

if TYPE_CHECKING:
    pass

MOST = 690.0
"""Log hazard ratio from which its exponential, or the inverse, soon leaves what a number holds."""


@dataclass(frozen=True, slots=True)
class AtEstimate:
    """The risk-set sums of a fit at its estimate.

    Attributes
    ----------
    problem : standardised covariates and layout; eta (m,), now : kernels' linear predictor and sums. The hazard
        increments ``now.a`` (K,) are those of a reference, the patient of the stratum whose hazard is largest.
    slope : (p,) coefficients of the standardised covariates.
    level : (strata,) linear predictor of the reference, by those coefficients; 0 for a stratum without events.
    """

    problem: Prepared
    eta: FloatArray
    now: cox.Moments
    slope: FloatArray
    level: FloatArray

    def log_ratio(self, x: FloatArray, codes: IntArray, offset: FloatArray | float = 0.0) -> FloatArray:
        """Log hazards (m,) of patients x (m, p) over those of the references of their strata.

        Whatever multiplies ``now.a`` comes from here: hazards at covariates 0 and ratios to them are no numbers where a covariate
        lies far from 0 (a calendar year), though their product is.
        """
        total: FloatArray = (x - self.problem.centre) / self.problem.scale @ self.slope + offset
        return total - self.level[codes]


def known_part(fit: FittedCox) -> FloatArray | None:
    """Offset plus the groups' log frailties, (n,), or None."""
    parts = [] if fit.offset is None else [np.asarray(fit.offset, dtype=np.float64)]
    if fit.frailty is not None:
        parts.append(fit.frailty.row_effect)
    return sum(parts[1:], parts[0]) if parts else None


def at_estimate(fit: FittedCox) -> AtEstimate:
    """Evaluate the risk-set sums at the fit's coefficients."""
    problem = prepare(fit.surv, fit.design.matrix, known_part(fit), fit.ties)
    at = problem.at
    slope = fit.estimate * problem.scale
    eta = cox.linear_predictor(at, problem.x, slope, problem.offset)
    now = cox.moments(at, cox.covariates(at, problem.x), eta)
    # Any row of a stratum tells the level; events are listed by event time.
    one = at.event[at.event_start]
    own = slope @ problem.x[:, one] + (0.0 if problem.offset is None else problem.offset[one])
    level = np.zeros(at.stratum_start.size - 1)
    level[at.stratum] = own - eta[one]
    return AtEstimate(problem, eta, now, slope, level)


@result
class BaselineHazard(Result):
    """Hazard of a patient with all covariates (and offset) 0, by stratum.

    Attributes
    ----------
    time, hazard, cumulative_hazard : (K,) event times, increments and their running sum within a stratum.
    stratum : (K,) codes; stratum_labels : what they stand for, empty without strata.
    unit : of time.
    """

    time: FloatArray
    hazard: FloatArray
    cumulative_hazard: FloatArray
    stratum: IntArray
    stratum_labels: tuple[Any, ...]
    unit: str

    @property
    def survival(self) -> FloatArray:
        """exp(-cumulative_hazard), (K,)."""
        return np.exp(-self.cumulative_hazard)

    def curve_groups(self) -> tuple[Any, ...]:
        """Labels that `steps` knows: the strata."""
        return self.stratum_labels or ("all",)

    def steps(self, group: Any = None) -> Steps:
        """Survival of one stratum from time 0, where it is 1; the stratum may be left out if there is one."""
        s = Steps.place(group, self.curve_groups())
        rows = self.stratum == s if self.stratum_labels else np.ones(self.time.size, bool)
        return Steps.from_origin(self.time[rows], self.survival[rows], start=1.0, unit=self.unit)

    def columns(self) -> Columns:
        """Columns [stratum,] time, hazard, cumulative_hazard, survival."""
        columns: dict[str, Any] = {}
        if self.stratum_labels:
            columns["stratum"] = [self.stratum_labels[s] for s in self.stratum]
        columns |= {"time": self.time, "hazard": self.hazard, "cumulative_hazard": self.cumulative_hazard}
        return columns | {"survival": self.survival}

    def headline(self) -> str:
        return f"Cumulative baseline hazard at {self.time.size} event times ({self.unit}), covariates 0"


def baseline_hazard(fit: FittedCox) -> BaselineHazard:
    """Breslow's or Efron's estimate, H0(t) = sum over event times of events shared over the risk set.

    Risk sets are those of the fit, so delayed entry counts. Reference: Breslow (1972), J R Stat Soc B
    34:216; Therneau & Grambsch (2000), sec. 10.2.

    Raises
    ------
    InputError : covariates 0 are so far from the data that the hazard there is no number.
    """
    state = at_estimate(fit)
    at = state.problem.at
    ratio = state.log_ratio(np.zeros((1, fit.estimate.size)), at.stratum)
    if not np.abs(ratio).max() < MOST:
        raise InputError(
            f"covariates 0 lie so far from the data that the hazard there is exp({ratio[np.abs(ratio).argmax()]:.4g}) times that of a "
            "patient, which no number holds. Take a middle value off the covariates (year - 2015) and fit again; or ask "
            "predict_survival and predict_hazard, which need nobody at 0."
        )
    increments = state.now.a * np.exp(ratio)
    return BaselineHazard(
        time=at.times,
        hazard=increments,
        cumulative_hazard=cumulate(increments, at),
        stratum=at.stratum,
        stratum_labels=fit.surv.stratum_labels,
        unit=fit.surv.unit,
        provenance=Provenance.of("baseline_hazard", fit),
    )


def cumulate(values: FloatArray, at: cox_layout.Layout) -> FloatArray:
    """Running sums of (..., K) within each stratum."""
    total = np.cumsum(values, axis=-1)
    before = np.concatenate([np.zeros((*total.shape[:-1], 1)), total], axis=-1)[..., at.first]
    return total - before
