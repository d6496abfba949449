"""The exact partial likelihood of tied events: conditional logistic regression by recursion.

The sum over all sets of d patients out of those at risk of prod theta is the elementary symmetric
polynomial e_d of their theta. Adding a patient: e_j <- e_j + theta e_(j-1), and the same recursion for
its derivatives (Gail, Lubin & Rubinstein 1981, Biometrika 68:703).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from survsim.kernels import cox
from survsim.kernels.cox_layout import Floats, Ints, Layout
from survsim.kernels.cox_newton import Objective, Point, nowhere


def exact_likelihood(at: Layout, x: Floats, offset: Floats | None) -> Objective:
    """Exact log partial likelihood with derivatives as a function of beta; weights are not used."""
    constant = x[:, at.event].sum(axis=1)

    def evaluate(beta: Floats) -> Point:
        eta = cox.linear_predictor(at, x, beta, offset)
        value, gradient = float(eta[at.event].sum()), constant.copy()
        curvature = np.zeros((x.shape[0], x.shape[0]))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for _, log_sum, mean, square in _by_walk(at, x, eta):
                value -= float(log_sum.sum())
                gradient -= mean.sum(axis=0)
                curvature += square.sum(axis=0) - mean.T @ mean
        if not math.isfinite(value):
            return nowhere(beta.size)
        return Point(value, gradient, curvature, value)

    return evaluate


def score_by_time(at: Layout, x: Floats, eta: Floats) -> tuple[Floats, Floats]:
    """What each event time adds to the score, (p, K), and to the information, (K, p, p)."""
    score = cox.event_sums(at, x[:, at.event])
    information = np.empty((at.n_times, x.shape[0], x.shape[0]))
    for times, _, mean, square in _by_walk(at, x, eta):
        score[:, times] -= mean.T
        information[times] = square - mean[:, :, None] * mean[:, None, :]
    return score, information


def _by_walk(at: Layout, x: Floats, eta: Floats) -> Iterator[tuple[Ints, Floats, Floats, Floats]]:
    """For event times (t,) met together: log of the sum over sets, and mean (t, p) and mean square (t, p, p) of the sets' x."""
    theta = np.exp(eta)
    for use, times, stops in _walks(at):
        d = at.d[times]
        degree = int(d.max())
        scale = degree / theta[use].sum()
        at_risk = np.ones((1, use.size)) if at.late is None else _at_risk(at, use, times)
        e, g, h = symmetric_sums(at_risk * theta[use] * scale, x[:, use], degree, stops, d)
        yield times, np.log(e) - d * np.log(scale), g / e[:, None], h / e[:, None, None]


def _walks(at: Layout) -> list[tuple[Ints, Ints, Ints]]:
    """Walks over sorted rows that meet the event times: (rows, event indices, rows seen at each).

    Without delayed entry risk sets of a stratum are nested and one walk meets all its times.
    """
    found = []
    bounds = at.stratum_start
    for begin, end in itertools.pairwise(bounds):
        if begin == end:
            continue
        times = np.arange(begin, end)[::-1]
        base = int(at.risk_base[begin])
        use = np.arange(base, int(at.risk_end[begin]))
        if at.late is None:
            found.append((use, times, at.risk_end[times] - base))
        else:
            found.append((use, times, np.full(times.size, use.size)))
    return found


def _at_risk(at: Layout, use: Ints, times: Ints) -> Floats:
    k = times[:, None]
    return ((at.low[use] <= k) & (at.high[use] >= k)).astype(np.float64)


def symmetric_sums(
    theta: Floats, x: Floats, degree: int, stops: Ints, d: Ints
) -> tuple[Floats, Floats, Floats]:
    """e_d, its gradient and its second derivative at each stop: (t,), (t, p), (t, p, p).

    theta (b, m): b = 1 walk that is read after stops[i] rows, or one row of theta for each stop.
    """
    b, p = theta.shape[0], x.shape[0]
    e = np.zeros((b, degree + 1))
    e[:, 0] = 1.0
    g = np.zeros((b, degree + 1, p))
    h = np.zeros((b, degree + 1, p, p))
    out = (np.empty(stops.size), np.empty((stops.size, p)), np.empty((stops.size, p, p)))
    next_stop = 0
    for i in range(x.shape[1]):
        xi, t = x[:, i], theta[:, i, None]
        te = t * e[:, :-1]
        tg = t[:, :, None] * g[:, :-1]
        lifted = te[:, :, None] * xi
        cross = tg[:, :, :, None] * xi
        h[:, 1:] += (
            t[:, :, None, None] * h[:, :-1] + cross + cross.swapaxes(2, 3) + lifted[:, :, :, None] * xi
        )
        g[:, 1:] += tg + lifted
        e[:, 1:] += te
        while next_stop < stops.size and stops[next_stop] == i + 1:
            row = next_stop if b > 1 else 0
            for target, source in zip(out, (e, g, h)):
                target[next_stop] = source[row, d[next_stop]]
            next_stop += 1
    return out
