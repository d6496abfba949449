"""Clones of each patient under two strategies, and the weights that undo their artificial censoring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survsim.core.checks import BoolArray, FloatArray
from survsim.core.errors import InputError
from survsim.core.surv import Surv
from survsim.estimate.causal.logistic import logistic


@dataclass(frozen=True, slots=True)
class Clones:
    """Patients cloned into "not within the grace period" (0) and "within it" (1).

    Attributes
    ----------
    time, event, start, own : (n,) of the patients; own is their weight in the response, in the models too.
    matrix : (n, K, p) columns of the censoring models at the beginning of each interval; terms : their names.
    over_time : whether they change, so that the chance of starting is that of the last interval.
    grace : the period; breaks : (K+1,) its intervals, from 0 to grace.
    grid : (m,) event times; end, seen : (2, n) each clone's end and whether the event is seen there.
    """

    time: FloatArray
    event: BoolArray
    start: FloatArray
    own: FloatArray
    matrix: FloatArray
    terms: tuple[str, ...]
    grace: float
    breaks: FloatArray
    grid: FloatArray
    end: FloatArray
    seen: BoolArray
    over_time: bool = False

    @classmethod
    def of(
        cls,
        surv: Surv,
        start: FloatArray,
        matrix: FloatArray,
        terms: tuple[str, ...],
        grace: float,
        breaks: FloatArray,
        *,
        over_time: bool,
    ) -> Clones:
        """Clone and censor; the rule of `clone_censor_weight`."""
        time, event, within = surv.time, surv.event, start <= grace
        end = np.stack(
            [np.where(within, np.minimum(start, time), time), np.where(within, time, np.minimum(time, grace))]
        )
        return cls(
            time=time, event=event, start=start, matrix=matrix, terms=terms, grace=grace,
            own=np.ones(len(surv)) if surv.weight is None else surv.weight,
            breaks=breaks, grid=np.unique(time[event]), end=end, seen=event & (end >= time), over_time=over_time,
        )  # fmt: skip

    @property
    def within(self) -> BoolArray:
        """Who started within the grace period (n,)."""
        return self.start <= self.grace

    @property
    def left(self) -> BoolArray:
        """Clones (2, n) still followed after the grace period."""
        return self.end > self.grace

    def weights(self, counts: FloatArray, separation: str, *, resample: bool = False) -> FloatArray:
        """Inverse probability (2, n, m) at the event times of not yet being censored artificially."""
        spent = self._hazard_of_starting(counts, separation, resample)
        late = self.grid > self.grace
        untreated = np.exp(spent)
        treated = np.ones_like(untreated)
        chance = self._chance_at_last if self.over_time else self._chance_of_start
        treated[:, late] = (1.0 / chance(counts, separation, resample))[:, None]
        return np.stack([untreated, treated])

    def _hazard_of_starting(self, counts: FloatArray, separation: str, resample: bool) -> FloatArray:
        """Cumulative hazard (n, m) of starting treatment by each event time, flat after the grace period.

        Pooled logistic regression over the intervals; within one the hazard is even. Intervals in which
        nobody starts have hazard 0 and need no model.
        """
        low, high = self.breaks[:-1], self.breaks[1:]
        begun = (self.start[:, None] <= high) & ((self.start[:, None] > low) | (low == 0.0))
        at_risk = (self.time[:, None] > low) & ((self.start[:, None] > low) | (low == 0.0))
        begun &= at_risk
        used = np.flatnonzero((begun * counts[:, None]).sum(axis=0) > 0)
        hazard = np.zeros((len(self.time), low.size))
        if used.size:
            who, which = np.nonzero(at_risk[:, used])
            seen = np.minimum(self.time[who], high[used][which]) - low[used][which]
            outcome = begun[who, used[which]]
            # A row cut short without a start counts by the part of the interval that was seen.
            part = np.where(outcome, 1.0, seen / (high - low)[used][which])
            x = np.hstack([np.eye(used.size)[which], self.matrix[who, used[which]]])
            names = tuple(f"interval {k + 1}" for k in used) + self.terms
            fit = logistic(
                x,
                outcome,
                (counts * self.own)[who] * part,
                separation=separation,
                what="the start of treatment",
                resample=resample,
                terms=names,
            )
            for column, k in enumerate(used):
                shift = fit.estimate[column] + self.matrix[:, k] @ fit.estimate[used.size :]
                hazard[:, k] = np.logaddexp(0.0, shift)
        share = np.clip((self.grid[:, None] - low) / (high - low), 0.0, 1.0)
        return hazard @ share.T

    def _chance_of_start(self, counts: FloatArray, separation: str, resample: bool) -> FloatArray:
        """Chance (n,) of having started by the end of the grace period, among those still followed there."""
        there = self.time > self.grace
        x = np.hstack([np.ones((len(self.time), 1)), self.matrix[:, 0]])
        fit = logistic(
            x, self.within, counts * self.own * there, separation=separation,
            what="a start within the grace period", resample=resample, terms=("Intercept", *self.terms),
        )  # fmt: skip
        return fit.chance

    def _chance_at_last(self, counts: FloatArray, separation: str, resample: bool) -> FloatArray:
        """Chance (n,) of starting in the last interval, of those still followed who had not started before it; 1 of the others."""
        waiting = self.waiting
        chance = np.ones(len(self.time))
        x = np.hstack([np.ones((len(self.time), 1)), self.matrix[:, -1]])
        fit = logistic(
            x, self.within, counts * self.own * waiting, separation=separation,
            what="a start in the last interval of the grace period", resample=resample, terms=("Intercept", *self.terms),
        )  # fmt: skip
        chance[waiting] = fit.chance[waiting]
        return chance

    @property
    def waiting(self) -> BoolArray:
        """Followed beyond the grace period, and not treated when its last interval begins (n,)."""
        begin = self.breaks[-2]
        return (self.time > self.grace) & ((self.start > begin) | (begin == 0.0))

    def curves(self, counts: FloatArray, weights: FloatArray) -> FloatArray:
        """Weighted product-limit curves (2, m) at the event times; NaN if nobody of a strategy is left after grace."""
        heavy = (counts * self.own)[None, :, None] * weights
        n_risk = (heavy * (self.end[:, :, None] >= self.grid)).sum(axis=1)
        died = self.seen[:, :, None] & (self.end[:, :, None] == self.grid)
        d = (heavy * died).sum(axis=1)
        hazard = np.divide(d, n_risk, out=np.zeros_like(d), where=n_risk > 0)
        curves = np.cumprod(1.0 - hazard, axis=1)
        curves[(self.left * counts).sum(axis=1) == 0] = np.nan
        return curves

    def check(self, unit: str) -> None:
        """Both strategies have patients who follow them."""
        followed = self.time > self.grace
        if not (self.within & followed).any() or not (~self.within & followed).any():
            raise InputError(
                f"of {int(followed.sum())} patients followed beyond the grace period ({self.grace:g} {unit}), "
                f"{int((self.within & followed).sum())} had started treatment: one strategy has nobody left. "
                "Choose another grace period."
            )
        if self.over_time and not (self.within & self.waiting).any():
            raise InputError(
                f"nobody starts in the last interval of the grace period ({self.breaks[-2]:g} to {self.grace:g} {unit}), when "
                f"{int(self.waiting.sum())} have yet to: none can stand for them. Choose fewer intervals or another grace period."
            )
