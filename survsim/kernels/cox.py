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
from numpy.typing import NDArray

from survsim.kernels import cox_sums
from survsim.kernels._jit import at_hand
from survsim.kernels.threads import map_threads

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


BLOCK, PIECE = 4096, 32_768
"""Rows handled at a time, so that what is computed from them stays in the cache; and rows given to a thread.
Pieces are fixed and joined in order: the number of threads changes no bit of a result."""


TABLE = 65_536
"""Whole-number times below it are looked up in a table, whatever their number; later ones (seconds, of few patients) are sorted."""


class Pick(NamedTuple):
    """Where running sums over sorted rows are read: after `end` rows (ascending), for event times `times`,
    less the sum after `base` rows of the later strata (None with one stratum), which is the one read for event time
    `base_of` (-1 for no rows); last: end - 1 in the order of the event times."""

    end: Ints
    times: Ints
    last: Ints
    base: Ints | None
    base_of: Ints | None = None


class Layout(NamedTuple):
    """What never changes during a fit; rows are sorted by `high`, descending (m of the n rows are ever
    at risk for an event).

    rows (m,) their places in the data; high, low (m,) last and first event index; weight (m,);
    event (e,) positions in sorted order of the events, by event index; of_event (e,) their index;
    first (K,) index of the first event time of the stratum; d (K,) tied events; mean_weight (K,);
    many (T,) indices of the times at which Efron shares several events (none for Breslow), tied_event
    (f,) positions of those events, tied_of (f,) and tied_start (T,) their place in `many`, fraction (f,)
    Efron's l/d; risk_end (K,) how many sorted rows have high >= k;
    risk_base (K,) how many belong to later strata; late (q,) positions of rows with delayed entry,
    by low descending, or None; risk, late_risk: where their running sums are read; stratum_start (s+1,)
    first event index of each stratum; times, stratum (K,) of the event times; tied: some d > 1 under Efron.
    """

    rows: Ints
    high: Ints
    low: Ints
    weight: Floats
    event: Ints
    of_event: Ints
    event_start: Ints
    first: Ints
    d: Ints
    mean_weight: Floats
    many: Ints
    tied_event: Ints
    tied_of: Ints
    tied_start: Ints
    fraction: Floats
    risk_end: Ints
    risk_base: Ints
    risk: Pick
    late: Ints | None
    late_risk: Pick | None
    stratum_start: Ints
    times: Floats
    stratum: Ints
    tied: bool

    @property
    def event_weight(self) -> Floats:
        """Weight of each sorted row with an event, 0 without, (m,)."""
        found = np.zeros(self.weight.size)
        found[self.event] = self.weight[self.event]
        return found

    @property
    def n_times(self) -> int:
        return int(self.d.size)


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


def event_grid(
    time: Floats, event: NDArray[np.bool_], stratum: Ints | None, whole: bool = False
) -> tuple[Floats, Ints]:
    """Distinct event times, stratum by stratum: (times (K,), stratum (K,)); whole numbers are counted, not sorted."""
    if stratum is None:
        seen = time[event]
        times = (
            np.bincount(seen.astype(np.int64)).nonzero()[0].astype(np.float64) if whole else np.unique(seen)
        )
        return times, np.zeros(times.size, np.int64)
    seen_time, seen_stratum = time[event], stratum[event]
    order = np.lexsort((seen_time, seen_stratum))
    seen_time, seen_stratum = seen_time[order], seen_stratum[order]
    new = np.ones(order.size, bool)
    new[1:] = (np.diff(seen_time) != 0) | (np.diff(seen_stratum) != 0)
    return seen_time[new], seen_stratum[new]


def count_up_to(
    value: Floats, times: Floats, of_time: Ints, stratum: Ints | None, starts: Ints, whole: bool
) -> Ints:
    """For each value the number of grid entries at or before it, counted from the grid's beginning.

    ``starts`` (s+1,) bounds of the strata in the grid. Whole-number times are looked up in a table.
    """
    if stratum is None:
        if whole and times.size:
            table = np.cumsum(np.bincount(times.astype(np.int64), minlength=int(times[-1]) + 2))
            return table[np.minimum(value, times[-1] + 1).astype(np.int64)]
        return np.searchsorted(times, value, side="right")
    ranks = np.unique(times)
    place = np.searchsorted(ranks, times)
    key = of_time * (ranks.size + 1) + place + 1
    rank = (
        count_up_to(value, ranks, of_time, None, starts, whole)
        if ranks.size
        else np.zeros(value.size, np.int64)
    )
    return np.searchsorted(key, stratum * (ranks.size + 1) + rank, side="right")


def layout(
    time: Floats,
    event: NDArray[np.bool_],
    entry: Floats | None,
    weight: Floats | None,
    stratum: Ints | None,
    *,
    efron: bool,
    whole: bool,
) -> Layout:
    """Number the event times, place every row on them, sort the rows once.

    ``whole``: times are non-negative whole numbers below 2^24. At least one event is needed.
    """
    whole = whole and time.max() < max(TABLE, 16 * time.size)
    times, of_time = event_grid(time, event, stratum, whole)
    n_strata = 1 if stratum is None else int(stratum.max()) + 1
    starts = np.searchsorted(of_time, np.arange(n_strata + 1))
    high = count_up_to(time, times, of_time, stratum, starts, whole) - 1
    if entry is None:
        low = np.zeros(time.size, np.int64) if stratum is None else starts[stratum]
    else:
        low = count_up_to(entry, times, of_time, stratum, starts, whole)
    rows = descending(high, times.size)
    sorted_high, sorted_low = high[rows], low[rows]
    ever = sorted_high >= sorted_low
    if not ever.all():
        rows, sorted_high, sorted_low = rows[ever], sorted_high[ever], sorted_low[ever]
    w = np.ones(rows.size) if weight is None else weight[rows]
    return _assemble(
        rows,
        sorted_high,
        sorted_low,
        w,
        event,
        times,
        of_time,
        starts,
        entry is not None,
        weight is not None,
        efron,
    )


def descending(values: Ints, bound: int) -> Ints:
    """Order of values, largest first; 16-bit keys are sorted by counting."""
    if bound < 65_535:
        return np.argsort((bound - values).astype(np.uint16), kind="stable")
    return np.argsort(-values, kind="stable")


def _assemble(
    rows: Ints,
    high: Ints,
    low: Ints,
    weight: Floats,
    seen: NDArray[np.bool_],
    times: Floats,
    of_time: Ints,
    starts: Ints,
    delayed: bool,
    weighted: bool,
    efron: bool,
) -> Layout:
    n_times = times.size
    event = np.flatnonzero(seen[rows])[::-1].copy()
    of_event = high[event]
    d = np.bincount(of_event, minlength=n_times)
    event_start = np.cumsum(d) - d
    mean_weight = (
        np.bincount(of_event, weights=weight[event], minlength=n_times) / d if weighted else np.ones(n_times)
    )
    many = np.flatnonzero(d > 1) if efron else np.empty(0, np.int64)
    shared = (d > 1)[of_event] if many.size else np.zeros(event.size, bool)
    tied_start = np.cumsum(d[many]) - d[many]
    tied_of = np.repeat(np.arange(many.size), d[many])
    fraction = (np.arange(tied_of.size) - tied_start[tied_of]) / d[many][tied_of]
    first = starts[of_time]
    last_end = starts[of_time + 1]
    at_least = np.concatenate([np.cumsum(np.bincount(high, minlength=n_times)[::-1])[::-1], [0]])
    base = at_least[last_end]
    several = starts.size > 2
    risk = pick(at_least[:-1], base if several else None)
    late = late_risk = None
    if delayed:
        late = np.flatnonzero(low > first[high])
        late = late[descending(low[late], n_times)]
        above = np.concatenate([np.cumsum(np.bincount(low[late], minlength=n_times)[::-1])[::-1], [0]])
        late_risk = pick(above[1:], above[last_end] if several else None)
    return Layout(
        rows, high, low, weight, event, of_event, event_start, first, d, mean_weight,
        many, event[shared], tied_of, tied_start, fraction,
        at_least[:-1], base, risk, late, late_risk, starts, times, of_time, bool(many.size),
    )  # fmt: skip


def pick(end: Ints, base: Ints | None) -> Pick:
    """Sort the places where running sums are read."""
    order = np.argsort(end, kind="stable")
    if base is None:
        return Pick(end[order], order, end - 1, None)
    # The later strata end where their last event time is read, so their sum is among those read.
    place = np.searchsorted(end[order], base)
    return Pick(
        end[order], order, end - 1, base, np.where(base > 0, order[np.minimum(place, end.size - 1)], -1)
    )


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
