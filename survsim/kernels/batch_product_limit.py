"""Product-limit curves of many resamples of one data set: sorted once, resamples as counts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
MANY = 64
"""Resamples from which steps over times, each of all resamples, are faster than operations along times."""
TINY = 1e-300
"""In place of nobody at risk, where there are no events either."""


class Resampled:
    """One data set laid out for resampling: rows sorted by time, ties grouped, entries placed.

    Parameters
    ----------
    time, event : (n,); entry : (n,) or None.
    """

    def __init__(self, time: Array, event: Array, entry: Array | None = None):
        self.order = np.argsort(time, kind="stable")
        ordered = time[self.order]
        self.starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        self.time = ordered[self.starts]
        self.event = event[self.order].astype(np.float64)
        self.late: Array | None = None
        if entry is not None:
            # Row i is not at risk at the first late[i] distinct times.
            self.late = np.searchsorted(self.time, entry, side="right")

    def tables(self, counts: Array) -> tuple[Array, Array]:
        """At risk and events (B, m) at the distinct times, for resample counts (B, n) of the rows."""
        ordered = counts[:, self.order].astype(np.float64)
        gone = self._by_time(ordered)
        n_risk = np.cumsum(gone[:, ::-1], axis=1)[:, ::-1]
        if self.late is not None:
            waiting = np.zeros((counts.shape[0], self.time.size + 1))
            np.add.at(waiting.T, self.late, counts.T.astype(np.float64))
            n_risk = n_risk - np.cumsum(waiting[:, ::-1], axis=1)[:, ::-1][:, 1:]
        return n_risk, self._by_time(ordered * self.event)

    def curves(self, counts: Array) -> Array:
        """Survival (B, m) at the distinct times; where a resample has nobody at risk it stays as it was."""
        if self.late is None and counts.shape[0] >= MANY:
            return self._curves_by_time(counts)
        n_risk, d = self.tables(counts)
        hazard = np.divide(d, n_risk, out=np.zeros_like(d), where=n_risk > 0)
        return np.cumprod(1.0 - hazard, axis=1)

    def _curves_by_time(self, counts: Array) -> Array:
        """The same for many resamples: one time after the other, all resamples at once in each step."""
        rows = np.ascontiguousarray(counts.T, dtype=np.float64)[self.order]
        at = [*self.starts.tolist(), rows.shape[0]]
        risk, s = np.zeros(counts.shape[0]), np.empty((self.time.size, counts.shape[0]))
        for k in range(self.time.size - 1, -1, -1):
            mine = slice(at[k], at[k + 1])
            alone = at[k + 1] - at[k] == 1
            risk += rows[at[k]] if alone else rows[mine].sum(axis=0)
            if alone:
                d = rows[at[k]] if self.event[at[k]] else None
            else:
                d = self.event[mine] @ rows[mine] if self.event[mine].any() else None
            if d is None:
                s[k] = 1.0
            else:
                np.subtract(1.0, d / np.maximum(risk, TINY), out=s[k])
        for k in range(1, self.time.size):
            s[k] *= s[k - 1]
        return s.T

    def _by_time(self, ordered: Array) -> Array:
        if self.starts.size == ordered.shape[1]:
            return ordered
        return np.add.reduceat(ordered, self.starts, axis=1)


def restricted_means(time: Array, curves: Array, tau: float) -> Array:
    """Areas (B,) under step curves (B, m) from 0 to tau; a curve that ends early is carried on."""
    edges = np.minimum(np.concatenate([time, [max(tau, time[-1])]]), tau)
    return edges[0] + curves @ np.diff(edges)


def crossing_times(time: Array, curves: Array, p: float, tolerance: float) -> Array:
    """Times (B,) at which curves (B, m) fall to 1 - p: midpoint of a level stretch there, inf if never."""
    target = 1.0 - p
    reached = curves <= target + tolerance
    first = np.argmax(reached, axis=1)
    rows = np.arange(curves.shape[0])
    found = time[first].astype(np.float64)
    level = reached[rows, first] & (curves[rows, first] >= target - tolerance)
    if level.any():
        below = curves[level] < target - tolerance
        end = np.where(below.any(axis=1), time[np.argmax(below, axis=1)], time[-1])
        found[level] = 0.5 * (found[level] + end)
    found[~reached[rows, first]] = np.inf
    return found


def survival_at(time: Array, curves: Array, at: float) -> Array:
    """Curves (B, m) read at one time, (B,)."""
    k = int(np.searchsorted(time, at, side="right"))
    return np.ones(curves.shape[0]) if k == 0 else curves[:, k - 1]


def row_means(time: Array, event: Array, member: Array, tau: float) -> tuple[Array, Array]:
    """Restricted means (B,) and their Greenwood variances for sorted rows (B, n), members only.

    Rows are sorted by time, events before censorings at equal times. Tied events are taken one after the
    other: the curve is the same, and so is the variance, as 1/(m (m-1)) summed over m = n, ..., n-d+1 is
    d/(n (n-d)). NaN where follow-up ends before tau with survivors.
    """
    inside = member & (time < tau)
    n = np.cumsum(member[:, ::-1], axis=1)[:, ::-1].astype(np.float64)
    d = inside & event
    s = np.cumprod(np.where(d, 1.0 - 1.0 / np.maximum(n, 1.0), 1.0), axis=1)
    edges = np.minimum(time, tau)
    width = np.diff(edges, axis=1, append=np.full((time.shape[0], 1), tau))
    pieces = s * width
    beyond = np.cumsum(pieces[:, ::-1], axis=1)[:, ::-1]
    mean = edges[:, 0] + beyond[:, 0]
    jump = np.where(d & (n > 1.0), 1.0 / (np.maximum(n, 1.0) * np.maximum(n - 1.0, 1.0)), 0.0)
    variance = (jump * beyond**2).sum(axis=1)
    last = np.where(member, time, -np.inf).max(axis=1)
    short = (last < tau) & (s[:, -1] > 0)
    return np.where(short, np.nan, mean), np.where(short, np.nan, variance)
