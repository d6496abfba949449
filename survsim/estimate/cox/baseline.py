"""Baseline hazard of a Cox fit, delayed entry respected, and the sums every later question needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.steps import Steps
from survsim.core.tables import Columns
from survsim.estimate.cox.fitted import FittedCox
from survsim.estimate.cox.prepare import Prepared, prepare
from survsim.kernels import cox

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class AtEstimate:
    """The risk-set sums of a fit at its estimate.

    Attributes
    ----------
    problem : standardised covariates and layout; eta (m,), now : kernels' linear predictor and sums.
    shift : (K,) true linear predictor less the kernels', by event time's stratum: hazard increments for
        covariates 0 are ``now.a * exp(-shift)``.
    """

    problem: Prepared
    eta: FloatArray
    now: cox.Moments
    shift: FloatArray


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
    eta = cox.linear_predictor(at, problem.x, fit.estimate * problem.scale, problem.offset)
    now = cox.moments(at, cox.covariates(at, problem.x), eta)
    true = fit.estimate @ (problem.x * problem.scale[:, None] + problem.centre[:, None])
    true = true if problem.offset is None else true + problem.offset
    # Any row of a stratum tells its shift; events are listed by event time.
    one = at.event[at.event_start]
    return AtEstimate(problem, eta, now, true[one] - eta[one])


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
    """
    state = at_estimate(fit)
    at = state.problem.at
    increments = state.now.a * np.exp(-state.shift)
    return BaselineHazard(
        time=at.times,
        hazard=increments,
        cumulative_hazard=cumulate(increments, at),
        stratum=at.stratum,
        stratum_labels=fit.surv.stratum_labels,
        unit=fit.surv.unit,
        provenance=Provenance.of("baseline_hazard", fit),
    )


def cumulate(values: FloatArray, at: cox.Layout) -> FloatArray:
    """Running sums of (..., K) within each stratum."""
    total = np.cumsum(values, axis=-1)
    before = np.concatenate([np.zeros((*total.shape[:-1], 1)), total], axis=-1)[..., at.first]
    return total - before
