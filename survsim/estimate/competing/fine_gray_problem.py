"""Fine-Gray's partial likelihood over strata, its climb and its influence functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, IntArray, label_codes
from survsim.core.clusters import told, unit_sums
from survsim.core.design import Design
from survsim.core.encoding import stored
from survsim.core.errors import InputError
from survsim.core.surv import Surv
from survsim.estimate.competing.aalen_johansen import causes_of
from survsim.estimate.competing.fine_gray_weights import Censoring, risk_sets
from survsim.estimate.cox.prepare import check_rank
from survsim.estimate.cox.separation import RiskIntervals, require_maximum
from survsim.kernels import cox_newton
from survsim.kernels import fine_gray as kernel

WAYS_OUT = (
    "Merge categories or drop the term; cox_ph(surv.for_cause(...), penalty='firth') is finite for the cause-specific "
    "hazard.",
    ", and drop one.",
)
"""Where the likelihood has no maximum, and where none was reached."""

stored(kernel.RiskSets)


@stored
@dataclass(frozen=True, slots=True)
class Stratum:
    """Rows of one stratum, their risk sets and the laws of censoring of its groups."""

    code: int
    rows: IntArray
    at: kernel.RiskSets
    laws: list[Censoring]


@stored
@dataclass(frozen=True, slots=True)
class Problem:
    """What the likelihood needs: centred covariates x (n, p), weights and strata with events of the cause."""

    surv: Surv
    terms: tuple[str, ...]
    x: FloatArray
    centre: FloatArray
    weight: FloatArray
    strata: list[Stratum]
    events_first: bool

    @classmethod
    def of(cls, surv: Surv, code: int, design: Design, censoring_by: Any, events_first: bool) -> Problem:
        """Prepare; an error when nobody has the event."""
        cause = causes_of(surv)
        if not (cause == code).any():
            raise InputError(
                f"nobody has an event of cause {surv.cause_labels[code - 1]!r}; its regression does not exist."
            )
        if surv.continues.any():
            raise InputError(
                "patients have several rows (id=): the law of censoring would take the end of a row for the end of "
                "follow-up. Use cause_specific_cox for covariates that change, or one row a patient."
            )
        weight = np.ones(len(surv)) if surv.weight is None else surv.weight
        centre = design.matrix.mean(axis=0)
        groups = np.zeros(len(surv), np.int64)
        if censoring_by is not None:
            groups = label_codes("censoring_by", surv.paired("censoring_by", censoring_by), len(surv))[0]
        strata = []
        for s in range(1) if surv.stratum is None else np.unique(surv.stratum):
            rows = np.arange(len(surv)) if surv.stratum is None else np.flatnonzero(surv.stratum == s)
            if not (cause[rows] == code).any():
                continue
            part = surv.take(rows)
            own = np.unique(groups[rows], return_inverse=True)[1].astype(np.int64)
            at, laws = risk_sets(part, cause[rows], code, own, weight[rows], events_first=events_first)
            strata.append(Stratum(int(s), rows, at, laws))
        return cls(surv, design.columns, design.matrix - centre, centre, weight, strata, events_first)

    def states(self, beta: FloatArray) -> list[kernel.Sums]:
        """Risk-set sums of every stratum."""
        eta = self.x @ beta
        return [kernel.sums(s.at, self.x[s.rows], eta[s.rows], self.weight[s.rows]) for s in self.strata]

    def point(self, beta: FloatArray) -> cox_newton.Point:
        """Value, score and information."""
        p = self.x.shape[1]
        value, gradient, curvature = 0.0, np.zeros(p), np.zeros((p, p))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for s, now in zip(self.strata, self.states(beta)):
                first, second = kernel.derivatives(s.at, self.x[s.rows], self.weight[s.rows], now)
                value, gradient, curvature = (
                    value + now.log_likelihood,
                    gradient + first,
                    curvature + second,
                )
        return cox_newton.Point(value, gradient, curvature, value)

    def climb(self) -> cox_newton.Maximum:
        """The maximum from 0, or the reason there is none."""
        span = np.ptp(self.x, axis=0)
        # the square of what is smaller still cannot be told from 0: constant
        scale = np.where(span > np.maximum(1e-12 * np.abs(self.centre), 1e-150), span, 1.0)
        span = np.maximum(span, 1e-300)
        total = float(sum(s.at.d.sum() for s in self.strata))
        end = cox_newton.maximise(
            self.point, np.zeros(span.size), span, max_iter=60, tolerance=1e-14,
            check=lambda c: check_rank(c / np.outer(scale, scale), self.terms, total),
            unit=min(1.0, total / sum(s.at.event.sum() for s in self.strata)),
        )  # fmt: skip
        require_maximum(end, self._intervals(), self.x, self.terms, WAYS_OUT)
        return end

    def _intervals(self) -> RiskIntervals:
        """Who is at risk when, the event times of all strata numbered in a row."""
        low, high = np.ones(len(self.surv), np.int64), np.zeros(len(self.surv), np.int64)
        row, time, first = [], [], 0
        for s in self.strata:
            # After a competing event a patient counts as long as the law of censoring leaves a weight.
            lasting = np.where(s.at.curve > 0, np.arange(1, s.at.times.size + 1), 0).max(axis=1)[s.at.group]
            until = np.where(s.at.competing, np.maximum(lasting, s.at.out), s.at.out)
            low[s.rows], high[s.rows] = first + s.at.into, first + until - 1
            order = np.argsort(s.at.slot, kind="stable")
            row.append(s.rows[np.flatnonzero(s.at.event)[order]])
            time.append(first + s.at.slot[order])
            first += s.at.times.size
        return RiskIntervals(low, high, np.concatenate(row), np.concatenate(time))

    def influence(self, beta: FloatArray, *, psi: bool) -> FloatArray:
        """Each row's part of the score, (n, p); with `psi` through the estimated law of censoring too."""
        parts = np.zeros(self.x.shape)
        for s, now in zip(self.strata, self.states(beta)):
            x = self.x[s.rows]
            part = kernel.score_residuals(s.at, x, self.weight[s.rows], now)
            if psi:
                part = part + self._through_censoring(s, x, now)
            parts[s.rows] = part
        return parts

    def _through_censoring(self, s: Stratum, x: FloatArray, now: kernel.Sums) -> FloatArray:
        """Sum over censoring times of q(u) / Y(u) times each row's martingale of censoring, (n, p)."""
        time, cause = self.surv.time[s.rows], causes_of(self.surv)[s.rows]
        found = np.zeros(x.shape)
        for g, law in enumerate(s.laws):
            rows = s.at.group == g
            if law.u.size == 0:
                continue
            # A weight G(t-)/G(T-) counts censorings at T <= u < t; crr takes T < u <= t, seen under ties only.
            if self.events_first:
                first = np.searchsorted(law.u, time, side="left")
                passed = np.searchsorted(s.at.times, law.u, side="right")
            else:
                first = np.searchsorted(law.u, time, side="right")
                passed = np.searchsorted(s.at.times, law.u, side="left")
            q = kernel.censoring_influence(s.at, x, now, g, (law.u, first, passed))
            q = q / law.n_risk[:, None]
            drift = np.concatenate(
                [np.zeros((1, q.shape[1])), np.cumsum(q * (law.n_censor / law.n_risk)[:, None], axis=0)]
            )
            part = -drift[np.searchsorted(law.u, time[rows], side="right")]
            gone = cause[rows] == 0
            part[gone] += q[np.searchsorted(law.u, time[rows][gone])]
            found[rows] = part
        return found


def by_cluster(influence: FloatArray, model: FloatArray, surv: Surv) -> FloatArray:
    """Sum over clusters of outer products of summed influence, (p, p); `model` is the model's covariance."""
    sums = unit_sums(influence, surv)
    return told(np.asarray(sums.T @ sums, dtype=np.float64), model, surv)
