"""Cox regression by hand, Efron ties: Newton with the Hessian's first term as one matrix product."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True)
def by_time(s0, d0, tied):
    k_all = len(tied)
    a, b, c0, c1, c2 = np.zeros(k_all), np.zeros(k_all), np.zeros(k_all), np.zeros(k_all), np.zeros(k_all)
    total = 0.0
    for k in range(k_all):
        for i in range(int(tied[k])):
            f = i / tied[k]
            left = s0[k] - f * d0[k]
            q = 1 / left
            a[k] += q
            b[k] += f * q
            c0[k] += q * q
            c1[k] += f * q * q
            c2[k] += f * f * q * q
            total -= np.log(left)
    return a, b, c0, c1, c2, total


@njit(cache=True)
def sums(x, r, event, place, k_all):
    n, p = x.shape
    s1, d1, s0, d0 = np.zeros((k_all + 1, p)), np.zeros((k_all, p)), np.zeros(k_all + 1), np.zeros(k_all)
    for i in range(n):
        k, w = place[i], r[i]
        if k >= 0:
            s0[k] += w
            for j in range(p):
                s1[k, j] += w * x[i, j]
            if event[i] > 0:
                d0[k] += w
                for j in range(p):
                    d1[k, j] += w * x[i, j]
    for k in range(k_all - 2, -1, -1):
        s0[k] += s0[k + 1]
        for j in range(p):
            s1[k, j] += s1[k + 1, j]
    return s0[:k_all], s1[:k_all], d0, d1


def fit(time, event, x):
    """Coefficients, standard errors and log likelihood."""
    times, tied = np.unique(time[event > 0], return_counts=True)
    place = np.searchsorted(times, time, side="right") - 1
    order = np.argsort(place, kind="stable")
    x, event, place = np.ascontiguousarray((x - x.mean(0))[order]), event[order], place[order]
    beta, dead, old = np.zeros(x.shape[1]), x[event > 0].sum(0), -np.inf
    for step in range(25):
        r = np.exp(x @ beta)
        s0, s1, d0, d1 = sums(x, r, event, place, times.size)
        a, b, c0, c1, c2, value = by_time(s0, d0, tied)
        value += dead @ beta
        total = np.concatenate([[0.0], np.cumsum(a)])
        w = r * (total[place + 1] - np.where(event > 0, b[np.maximum(place, 0)], 0.0))
        cross = (s1 * c1[:, None]).T @ d1
        h = x.T @ (x * w[:, None]) - (s1.T @ (s1 * c0[:, None]) - cross - cross.T + d1.T @ (d1 * c2[:, None]))
        if step and abs(1 - old / value) <= 1e-9:
            break
        old, beta = value, beta + np.linalg.solve(h, dead - x.T @ w)
    return beta, np.sqrt(np.diag(np.linalg.inv(h))), value


def fit_numpy(time, event, x):
    """The same without compiled loops, for small data: sums along sorted rows, read at the event times."""
    order = np.argsort(-time, kind="stable")
    times, tied = np.unique(time[event > 0], return_counts=True)
    x, event, t = (x - x.mean(0))[order].T.copy(), event[order], time[order]
    end = np.searchsorted(-t, -times, side="right") - 1
    dead = np.flatnonzero(event)[::-1].copy()
    start = np.cumsum(tied) - tied
    fraction = (np.arange(dead.size) - np.repeat(start, tied)) / np.repeat(tied, tied)
    lived = np.searchsorted(times, t, side="right")
    own = np.zeros(t.size, np.int64)
    own[dead] = np.repeat(np.arange(times.size), tied)
    rows = np.concatenate([np.ones((1, t.size)), x])
    died, of_dead = x[:, dead].sum(1), rows[:, dead]
    beta, old = np.zeros(x.shape[0]), -np.inf
    for step in range(25):
        r = np.exp(beta @ x)
        s = np.cumsum(rows * r, axis=1)[:, end]
        e = np.add.reduceat(of_dead * r[dead], start, axis=1)
        left = np.repeat(s[0], tied) - fraction * np.repeat(e[0], tied)
        q = 1.0 / left
        parts = np.stack([q, fraction * q, q * q, fraction * q * q, fraction**2 * q * q])
        a, b, c0, c1, c2 = np.add.reduceat(parts, start, axis=1)
        value = died @ beta - np.log(left).sum()
        total = np.concatenate([[0.0], np.cumsum(a)])
        w = r * (total[lived] - np.where(event > 0, b[own], 0.0))
        cross = (s[1:] * c1) @ e[1:].T
        h = (x * w) @ x.T - ((s[1:] * c0) @ s[1:].T - cross - cross.T + (e[1:] * c2) @ e[1:].T)
        if step and abs(1 - old / value) <= 1e-9:
            break
        old, beta = value, beta + np.linalg.solve(h, died - x @ w)
    return beta, np.sqrt(np.diag(np.linalg.inv(h))), value
