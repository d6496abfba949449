"""Log-likelihood contributions with first and second derivatives, and their assembly over patients.

A parametric family describes each patient by a few *predictors* (location, log sigma, q, ...). A family
gives log density and log survival with derivatives in the predictors; a predictor is a design matrix
times coefficients, so gradient and information of the coefficients are matrix products.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray
from survsim.core.surv import Surv

Entry = FloatArray | None
"""A derivative per patient; None stands for zero."""


@dataclass(frozen=True, slots=True)
class Terms:
    """One contribution a patient and its derivatives in m predictors.

    Attributes
    ----------
    value : (n,).
    first : m arrays (n,), None for zero.
    second : m (m + 1) / 2 arrays (n,), the upper triangle row by row, None for zero.
    """

    value: FloatArray
    first: list[Entry]
    second: list[Entry]

    def __add__(self, other: Terms) -> Terms:
        return Terms(
            self.value + other.value,
            [_plus(a, b) for a, b in zip(self.first, other.first, strict=True)],
            [_plus(a, b) for a, b in zip(self.second, other.second, strict=True)],
        )

    def __neg__(self) -> Terms:
        return Terms(
            -self.value, [_times(-1.0, a) for a in self.first], [_times(-1.0, a) for a in self.second]
        )

    def __sub__(self, other: Terms) -> Terms:
        return self + (-other)

    def through(self, value: FloatArray, slope: FloatArray, bend: FloatArray) -> Terms:
        """A function of the value, by its own value, first and second derivative."""
        second = [
            _plus(_times(slope, self.second[at]), _product(bend, self.first[k], self.first[j]))
            for at, (k, j) in enumerate(triangle(len(self.first)))
        ]
        return Terms(value, [_times(slope, a) for a in self.first], second)


@functools.cache
def triangle(m: int) -> tuple[tuple[int, int], ...]:
    """Pairs (k, j), k <= j, in the order of `Terms.second`."""
    return tuple((k, j) for k in range(m) for j in range(k, m))


def _plus(a: Entry, b: Entry) -> Entry:
    if a is None:
        return b
    return a if b is None else a + b


def _times(factor: FloatArray | float, a: Entry) -> Entry:
    return None if a is None else factor * a


def _product(factor: FloatArray, a: Entry, b: Entry) -> Entry:
    return None if a is None or b is None else factor * a * b


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Follow-up on the optimiser's clock: times divided by `clock` so that rates are near 1.

    Attributes
    ----------
    time, event, entry, weight : as in `Surv`, times divided by `clock`; entry times of 0 left out.
    entry_rows : rows with an entry above 0.
    background : (n,) background hazard at `time`, times `clock`, or None.
    clock : follow-up per event.
    """

    time: FloatArray
    event: BoolArray
    entry: FloatArray
    entry_rows: IntArray
    weight: FloatArray | None
    background: FloatArray | None
    clock: float

    @classmethod
    def of(cls, surv: Surv, background: FloatArray | None = None) -> FollowUp:
        """From a response; the clock is total follow-up divided by the number of events."""
        weight = surv.weight
        begin = np.zeros(1) if surv.entry is None else surv.entry
        length = surv.time - begin
        total = float(length.sum() if weight is None else weight @ length)
        events = float(surv.event.sum() if weight is None else weight @ surv.event)
        clock = total / events
        rows = np.empty(0, np.int64) if surv.entry is None else np.flatnonzero(surv.entry > 0)
        entry = np.empty(0) if surv.entry is None else surv.entry[rows] / clock
        scaled = None if background is None else background * clock
        return cls(surv.time / clock, surv.event, entry, rows, weight, scaled, clock)

    def log_clock_share(self) -> float:
        """What the log-likelihood loses when times go back to their own unit: events times log clock."""
        events = float(self.event.sum() if self.weight is None else self.weight @ self.event)
        return events * float(np.log(self.clock))

    def with_rows(self, rows: BoolArray) -> FollowUp:
        """Only some rows (those that carry information)."""
        new_index = np.cumsum(rows) - 1
        kept = rows[self.entry_rows]
        return replace(
            self,
            time=self.time[rows],
            event=self.event[rows],
            entry=self.entry[kept],
            entry_rows=new_index[self.entry_rows[kept]],
            weight=None if self.weight is None else self.weight[rows],
            background=None if self.background is None else self.background[rows],
        )


def assemble(
    terms: Terms, designs: Sequence[FloatArray | None], weight: FloatArray | None
) -> tuple[float, FloatArray, FloatArray]:
    """Log-likelihood, gradient and information (minus Hessian) of the coefficients.

    `designs[k]` is the (n, p_k) matrix of predictor k, None for a constant predictor of one coefficient.
    """
    value = float(terms.value.sum() if weight is None else weight @ terms.value)
    starts = [0, *itertools.accumulate(1 if d is None else d.shape[1] for d in designs)]
    gradient = np.zeros(starts[-1])
    information = np.zeros((starts[-1], starts[-1]))
    for k, first in enumerate(terms.first):
        if first is not None:
            weighted = first if weight is None else weight * first
            gradient[starts[k] : starts[k + 1]] = _left(designs[k], weighted)
    for at, (k, j) in enumerate(triangle(len(designs))):
        second = terms.second[at]
        if second is None:
            continue
        block = _cross(designs[k], second if weight is None else weight * second, designs[j])
        information[starts[k] : starts[k + 1], starts[j] : starts[j + 1]] = -block
        information[starts[j] : starts[j + 1], starts[k] : starts[k + 1]] = -block.T
    return value, gradient, information


def _left(design: FloatArray | None, values: FloatArray) -> FloatArray:
    return np.atleast_1d(np.sum(values)) if design is None else design.T @ values


def _cross(left: FloatArray | None, values: FloatArray, right: FloatArray | None) -> FloatArray:
    if right is None:
        return np.atleast_1d(_left(left, values))[:, None]
    if left is None:
        return (right.T @ values)[None, :]
    return left.T @ (right * values[:, None])


def scores(terms: Terms, designs: Sequence[FloatArray | None], weight: FloatArray | None) -> FloatArray:
    """Weighted score of each patient, (n, P), for the robust variance."""
    n = terms.value.size
    parts = []
    for first, design in zip(terms.first, designs, strict=True):
        column = np.zeros(n) if first is None else np.broadcast_to(first, (n,))
        parts.append(column[:, None] if design is None else design * column[:, None])
    every = np.hstack(parts)
    return every if weight is None else every * weight[:, None]
