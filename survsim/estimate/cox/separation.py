"""Whether a partial likelihood has a maximum, decided on the data and not on where a search happened to stop.

The likelihood grows without bound along v exactly when every event has the largest x'v of its risk set, and one of them
a larger one than somebody (Jacobsen 1989, Scand J Stat 16:335). Weights above 0, of cases or of Fine and Gray, change
nothing in that. It is a linear programme; it is asked only where a search leaves a doubt.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.core.errors import ConvergenceError
from survsim.kernels.cox_layout import Layout
from survsim.kernels.cox_newton import Maximum
from survsim.kernels.threads import with_one_blas_thread

FAR = 15.0
"""Range of x'b beyond which an end is doubted: one patient's hazard is three million times another's."""
FEASIBLE, GAIN = 1e-9, 1e-7
"""Of the covariates' ranges: order that may be missed by rounding, and the least gain that is one."""
LOOSE = 0.01
"""The same order as the last step of a search may miss it."""
MOST_ROUNDS = 500
MANY = 5_000
"""Rows from which the curvature at the end may settle a doubt: the programme takes seconds there."""


@dataclass(frozen=True, slots=True)
class RiskIntervals:
    """Rows at risk at the event times ``low..high`` (m,), and the events: their rows and times (e,), by time.

    tied_apart : the exact likelihood, in which events at one time are not compared with each other.
    """

    low: IntArray
    high: IntArray
    row: IntArray
    time: IntArray
    tied_apart: bool = False

    @classmethod
    def of(cls, at: Layout, tied_apart: bool = False) -> RiskIntervals:
        """Those of a Cox layout, in its order of the rows."""
        return cls(at.low, at.high, at.event, at.of_event, tied_apart)

    def largest(self, eta: FloatArray) -> IntArray:
        """Row with the largest eta at risk at the time of each event (e,); -1 where nobody is there to compare with."""
        found = np.full(self.row.size, -1, np.int64)
        waiting = np.argsort(self.low, kind="stable")
        heap: list[tuple[float, int]] = []
        begin, place = 0, 0
        while begin < self.row.size:
            k = self.time[begin]
            end = int(np.searchsorted(self.time, k, side="right"))
            while place < waiting.size and self.low[waiting[place]] <= k:
                heappush(heap, (-float(eta[waiting[place]]), int(waiting[place])))
                place += 1
            mine = set(self.row[begin:end].tolist()) if self.tied_apart else set()
            # An event at k leaves after k: where tied events are apart it may go now.
            while heap and (self.high[heap[0][1]] < k or heap[0][1] in mine):
                heappop(heap)
            if heap:
                found[begin:end] = heap[0][1]
            begin = end
        return found

    def score(self, x: FloatArray) -> FloatArray:
        """Sum over events of x less its mean in the risk set, (p,): positive along v if v separates."""
        size = int(self.time.max()) + 2
        total = np.zeros((size, x.shape[1] + 1))
        both = np.column_stack([np.ones(x.shape[0]), x])
        inside = self.low <= self.high
        np.add.at(total, np.minimum(self.low[inside], size - 1), both[inside])
        np.add.at(total, np.minimum(self.high[inside] + 1, size - 1), -both[inside])
        total = np.cumsum(total, axis=0)[self.time]
        return np.asarray((x[self.row] - total[:, 1:] / total[:, :1]).sum(axis=0), dtype=np.float64)


def separating_direction(risk: RiskIntervals, x: FloatArray) -> FloatArray | None:
    """A direction (p,), in units of 1 / range, along which the likelihood of covariates x (m, p) only grows; None without.

    Maximises the score at 0 over -1 <= v <= 1 and v'(x_i - x_j) >= 0 for events i and j in their risk sets. Of these
    pairs only those enter that an optimum without them has wrong.
    """
    from scipy.optimize import linprog

    span = np.ptp(x, axis=0)
    x = (x - x.min(axis=0)) / np.where(span > 0, span, 1.0)
    towards = risk.score(x)
    pairs: set[tuple[int, int]] = set()
    v = np.sign(towards)
    for _ in range(MOST_ROUNDS):
        if not towards @ v > GAIN:
            return None
        eta = x @ v
        top = risk.largest(eta)
        wrong = (top >= 0) & (eta[top] - eta[risk.row] > FEASIBLE)
        fresh = set(zip(risk.row[wrong].tolist(), top[wrong].tolist())) - pairs
        if not fresh:
            return np.asarray(v, dtype=np.float64)
        pairs |= fresh
        i, j = np.array(sorted(pairs)).T
        found = linprog(
            -towards, A_ub=x[j] - x[i], b_ub=np.zeros(i.size), bounds=(-1.0, 1.0), method="highs",
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        )  # fmt: skip
        if found.x is None:
            return None
        v = found.x
    return None


def _own_move(end: Maximum, risk: RiskIntervals, x: FloatArray, direction: FloatArray) -> FloatArray:
    """What runs away and where to, (p,), in units of 1 / range.

    The last step of a search that saw the climb moves what runs away and nothing else, where rounding has not spoilt it: it
    must be a climb from 0 that brings no event below anybody, as the direction of the programme is.
    """
    span = np.ptp(x, axis=0)
    step = end.step * span
    longest = np.abs(step).max()
    if not end.monotone or not (0 < longest < np.inf):
        return direction
    step = step / longest
    scaled = (x - x.min(axis=0)) / np.where(span > 0, span, 1.0)
    eta = scaled @ step
    top = risk.largest(eta)
    missed = np.where(top >= 0, eta[top] - eta[risk.row], 0.0).max()
    return step if missed < LOOSE and risk.score(scaled) @ step > GAIN else direction


def doubtful(beta: FloatArray, x: FloatArray) -> bool:
    """Whether a fit of x (m, p) lies so far out that rounding may have ended the search."""
    eta = np.einsum("mp,p->m", x, beta)  # not x @ beta: BLAS wakes its threads for this small product
    return not eta.max() - eta.min() <= FAR


def _curved(end: Maximum) -> bool:
    """Whether the likelihood bends at the end, in every direction, by a fair share of what it bends at 0.

    Along a direction that separates the curvature dies away with the hazards of those who stay: at a range of 15 less than a
    thousandth is left. Rounding may hide that in few rows, so few are asked the programme itself, which is quick there.
    """
    try:
        root = np.linalg.cholesky(end.start.curvature)
        share = np.linalg.solve(root, np.linalg.solve(root, end.end.curvature).T)
    except np.linalg.LinAlgError:
        return False
    return bool(np.isfinite(share).all() and np.linalg.eigvalsh((share + share.T) / 2).min() > 1e-3)


def require_maximum(
    end: Maximum, risk: RiskIntervals, x: FloatArray, terms: tuple[str, ...], ways_out: tuple[str, str]
) -> None:
    """Raise with the terms that run away when the likelihood of x (m, p) has no maximum, or when none was reached.

    ways_out : what to do about the one, and about the other.
    """
    if not end.converged or doubtful(end.beta, x):
        _settle_doubt(end, risk, x, terms, ways_out)


@with_one_blas_thread
def _settle_doubt(
    end: Maximum, risk: RiskIntervals, x: FloatArray, terms: tuple[str, ...], ways_out: tuple[str, str]
) -> None:
    if end.converged and x.shape[0] > MANY and _curved(end):
        return
    direction = separating_direction(risk, x)
    if direction is not None:
        move = _own_move(end, risk, x, direction)
        names = " and ".join(
            f"{term!r} (towards {'+' if m > 0 else '-'}infinity)"
            for term, m in zip(terms, move)
            if abs(m) > 0.01
        )
        raise ConvergenceError(
            f"the partial likelihood has no maximum: the coefficient of {names} grows without bound (separation: "
            f"a group without events, or a covariate that orders the events perfectly). {ways_out[0]}"
        )
    if not end.converged:
        raise ConvergenceError(
            f"the fit did not settle in {end.n_iter} steps (log likelihood {end.end.log_likelihood:.6g}). Look for extreme "
            f"covariate values or nearly collinear columns{ways_out[1]}"
        )
