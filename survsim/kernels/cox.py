"""Cox's partial likelihood as arrays: every patient is an interval of event indices.

The distinct event times of all strata are numbered 0..K-1, stratum by stratum, in order of time. A row
is at risk for the event times ``low..high``; its risk-set sums are differences of running sums, and the
Hessian's first term is one matrix product, X' diag(r H) X. Letters follow Therneau & Grambsch (2000),
ch. 3: r = w exp(eta), S0 = sum of r at risk, S1 = sum of r x, E0 and E1 the same over the events tied at
a time, Efron's fractions c = l/d.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from survsim.kernels import cox_sums
from survsim.kernels._jit import at_hand
from survsim.kernels.cox_layout import Floats, Ints, Layout, Pick
from survsim.kernels.threads import map_threads

BLOCK, PIECE = 4096, 32_768
"""Rows handled at a time, so that what is computed from them stays in the cache; and rows given to a thread.
Pieces are fixed and joined in order: the number of threads changes no bit of a result."""


class Moments(NamedTuple):
    """Risk-set sums at one coefficient vector.

    risk (m,) r; s0 (K,), s1 (p, K), and at the tied times e0 (T,), e1 (p, T); a (K,) hazard increments,
    a0 (K,) sums of v^2; b, a1, a2 (T,) sums of c v, c v^2, c^2 v^2, each times the mean weight,
    v = 1/(S0 - c E0); lived (m,) the hazard that each row lives through.
    """

    risk: Floats
    s0: Floats
    e0: Floats
    s1: Floats
    e1: Floats
    a: Floats
    b: Floats
    a0: Floats
    a1: Floats
    a2: Floats
    lived: Floats
    log_likelihood: float


def less_base(sums: Floats, at: Pick) -> Floats:
    """Running sums (p, K) less those of the later strata."""
    if at.base_of is None:
        return sums
    return sums - np.where(at.base_of >= 0, sums[:, at.base_of], 0.0)


def _at_one_go(m: int, at: Pick) -> bool:
    """Whether running sums over m rows are those of one block and one stratum, none of them empty."""
    return m <= BLOCK and at.base is None and at.end.size > 0 and bool(at.end[0] > 0)


def running(values: Floats, weight: Floats | None, at: Pick) -> Floats:
    """Running sums of values (p, m) times weight (m,) read at the picked places, (p, K)."""
    p, m = values.shape
    if cox_sums.pays(m):
        one = np.ones(m) if weight is None else weight
        return less_base(
            cox_sums.by_covariates(cox_sums.read_sums, values, at.end.size, one, at.end, at.times), at
        )
    if _at_one_go(m, at):
        # One addition after another, as cumsum has it: the same bits in a fifth of the time.
        if at_hand(cox_sums.SAVES):
            sums = np.empty((p, at.end.size))
            cox_sums.read_sums(values, np.ones(m) if weight is None else weight, at.end, at.times, sums, 0, p)
            return sums
        sums = (values if weight is None else values * weight).cumsum(axis=1)
        return sums.take(at.last, axis=1)
    out = np.zeros((p, at.end.size))

    def piece(start: int) -> tuple[int, Floats]:
        """Running sums of the rows from `start`, as if they were the first; and their total."""
        total = np.zeros(p)
        for begin in range(start, min(start + PIECE, m), BLOCK):
            stop = min(begin + BLOCK, m)
            part = values[:, begin:stop] if weight is None else values[:, begin:stop] * weight[begin:stop]
            sums = np.cumsum(part, axis=1)
            i, j = np.searchsorted(at.end, [begin, stop], side="right")
            out[:, at.times[i:j]] = sums[:, at.end[i:j] - 1 - begin] + total[:, None]
            total += sums[:, -1]
        return start, total

    before = np.zeros(p)
    for start, total in map_threads(piece, range(0, m, PIECE)):
        if start > 0:
            stop = min(start + PIECE, m)
            i, j = np.searchsorted(at.end, [start, stop], side="right")
            out[:, at.times[i:j]] += before[:, None]
        before += total
    return less_base(out, at)


def risk_sums(at: Layout, x: Floats, r: Floats | None = None, late_x: Floats | None = None) -> Floats:
    """Sums over the risk set at every event time of x (p, m) times r (m,), both in sorted order.

    late_x (p, q): the rows with delayed entry, when the caller has them at hand.
    """
    total = running(x, r, at.risk)
    if at.late is not None and at.late.size and at.late_risk is not None:
        left = x[:, at.late] if late_x is None else late_x
        total -= running(left, None if r is None else r[at.late], at.late_risk)
    return total


def event_sums(at: Layout, values: Floats) -> Floats:
    """Sums over the events at each event time of `values` (..., e) in event order."""
    return np.add.reduceat(values, at.event_start, axis=-1)


def tied_sums(at: Layout, values: Floats) -> Floats:
    """The same at the tied times, of `values` (..., f) over the tied events."""
    return np.add.reduceat(values, at.tied_start, axis=-1)


def linear_predictor(at: Layout, x: Floats, beta: Floats, offset: Floats | None) -> Floats:
    """eta (m,), shifted in every stratum so that its largest value is 0 (the likelihood does not see it)."""
    # Not beta @ x: BLAS wakes its threads for this small product and they cost more than it.
    eta = np.einsum("j,jm->m", beta, x)
    if offset is not None:
        eta += offset
    if at.stratum_start.size <= 2:
        eta -= eta.max()
        return eta
    of_row = at.stratum[at.high]
    peak = np.full(at.stratum_start.size - 1, -np.inf)
    np.maximum.at(peak, of_row, eta)
    eta -= peak[of_row]
    return eta


class Covariates(NamedTuple):
    """Sorted covariates (p, m), with those of late entries (p, q) set apart. In small fits a row of ones stands before them.

    Beside them stand what no coefficient changes: weight of each event (e,), of each event time times its events (K,), and
    of each tied event (f,) that of its time, with the place of that time among all (f,).
    """

    x: Floats
    late: Floats | None
    event_weight: Floats
    time_weight: Floats
    tied_weight: Floats
    tied_time: Ints

    @property
    def own(self) -> Floats:
        """The covariates (p, m) without the row of ones: the same memory, which a small fit then reads from the cache."""
        return self.x if cox_sums.pays(self.x.shape[1]) else self.x[1:]


def covariates(at: Layout, x: Floats) -> Covariates:
    """Set apart, once for a fit, the columns that every evaluation asks for."""
    if not cox_sums.pays(x.shape[1]):
        # A row of ones gives the sums of r with those of r x: calls are what small fits cost.
        x = np.concatenate([np.ones((1, x.shape[1])), x])
    late = None if at.late is None else x.take(at.late, axis=1)
    tied_time = at.many[at.tied_of]
    return Covariates(
        x, late, at.weight[at.event], at.mean_weight * at.d, at.mean_weight[tied_time], tied_time
    )


def _evaluation(at: Layout, x: Covariates, r: Floats) -> cox_sums.Evaluation:
    """Every sum at relative hazards r (m,): by threads and blocks in large fits, in one compiled call in small ones that may."""
    ties = at.tied_event, at.tied_start
    shared = x.time_weight, at.many, at.tied_of, x.tied_time, at.fraction, x.tied_weight
    if cox_sums.pays(r.size):
        s0 = risk_sums(at, r[None])[0]
        s1 = risk_sums(at, x.x, r, x.late)
        e0 = tied_sums(at, r.take(at.tied_event)) if at.tied else np.zeros(0)
        e1 = cox_sums.by_covariates(cox_sums.event_sums, x.x, at.many.size, r, *ties)
    elif at.late is None and _at_one_go(r.size, at.risk) and at_hand(4 * cox_sums.SAVES):
        return cox_sums.at_once(x.x, r, at.risk.end, at.risk.times, *ties, *shared, at.high, at.low)
    else:
        sums = risk_sums(at, x.x, r, x.late)
        tied = cox_sums.tied_sums(x.x, r, *ties, at.tied_of)
        s0, s1, e0, e1 = sums[0], sums[1:], tied[0], tied[1:]
    shares = cox_sums.shares(s0, e0, *shared)
    lived = cox_sums.lived(shares.a, shares.b, at.high, at.low, at.tied_event, at.tied_of)
    return cox_sums.Evaluation(s0, s1, e0, e1, shares, lived)


def moments(at: Layout, x: Covariates, eta: Floats) -> Moments:
    """Risk-set sums and log partial likelihood at eta (m,)."""
    r = np.exp(eta)
    r *= at.weight
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        s0, s1, e0, e1, shares, lived = _evaluation(at, x, r)
        logs = x.time_weight * np.log(s0)
        if at.tied:
            logs[at.many] = np.bincount(at.tied_of, x.tied_weight * np.log(shares.left), at.many.size)
        fitted = float(np.add.reduce(x.event_weight * eta.take(at.event)) - np.add.reduce(logs))
    return Moments(r, s0, e0, s1, e1, *shares[:5], lived, fitted)


def row_hazard(at: Layout, increments: Floats, own: Floats) -> Floats:
    """Hazard a row lives through, (m,): increments (K,) over low..high, less `own` (T,) for a tied event."""
    return cox_sums.lived(increments, own, at.high, at.low, at.tied_event, at.tied_of)


def score(at: Layout, x_events: Floats, now: Moments) -> Floats:
    """First derivative (p,); x_events (p,) is the weighted sum of x over events. BLAS is held at one thread by who climbs."""
    gradient = x_events - now.s1 @ now.a
    if at.tied:
        gradient += now.e1 @ now.b
    return gradient


THIN = 24
"""Rows up to which BLAS takes twice as long for a product of an array with itself as for one of two arrays."""


def squares(x: Floats, weight: Floats) -> Floats:
    """x diag(weight) x' of one block."""
    if x.shape[0] <= THIN:
        return np.asarray((x * weight) @ x.T)
    z = x * np.sqrt(weight)  # both factors are one array: a symmetric product, half of the work
    return np.asarray(z @ z.T)


def gram(x: Floats, weight: Floats) -> Floats:
    """x diag(weight) x' of x (p, m) and weights (m,), none negative, block by block."""
    if x.shape[1] <= BLOCK:
        return squares(x, weight)

    def piece(start: int) -> Floats:
        total = np.zeros((x.shape[0], x.shape[0]))
        for begin in range(start, min(start + PIECE, x.shape[1]), BLOCK):
            total += squares(x[:, begin : begin + BLOCK], weight[begin : begin + BLOCK])
        return total

    return np.asarray(
        sum(map_threads(piece, range(0, x.shape[1], PIECE)), np.zeros((x.shape[0], x.shape[0])))
    )


def information(at: Layout, x: Floats, now: Moments, time_weight: Floats | None = None) -> Floats:
    """Minus the second derivative (p, p); each event time's share times `time_weight` (K,), if given."""
    a0, a1, a2 = now.a0, now.a1, now.a2
    if time_weight is None:
        first = gram(x, np.maximum(now.lived * now.risk, 0.0)) - gram(now.s1, a0)
    else:
        g, tied = time_weight, time_weight[at.many]
        a0, a1, a2 = a0 * g, a1 * tied, a2 * tied
        first = (x * (row_hazard(at, now.a * g, now.b * tied) * now.risk)) @ x.T - (now.s1 * a0) @ now.s1.T
    if at.tied:
        # S1 a1 E1' and its transpose, less E1 a2 E1': one product, whose transpose has the other half.
        half = (now.s1.take(at.many, axis=1) * a1 - now.e1 * (0.5 * a2)) @ now.e1.T
        first += half + half.T
    return first
