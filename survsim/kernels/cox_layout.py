"""Which event times each patient is at risk for: the layout that every Cox fit begins with.

The distinct event times of all strata are numbered 0..K-1, stratum by stratum, in order of time. A row is at risk for the event
times ``low..high``; rows are sorted by the last of them, so that sums over a risk set are running sums.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from survsim.kernels import cox_layout_pass
from survsim.kernels._jit import at_hand

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

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
    top = float(time.max())
    whole = whole and top < max(TABLE, 16 * time.size)
    if whole and entry is None and stratum is None and at_hand(cox_layout_pass.SAVES):
        return _counted(time, event, weight, int(top), efron)
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


def _counted(time: Floats, event: NDArray[np.bool_], weight: Floats | None, top: int, efron: bool) -> Layout:
    """The layout of whole-number times without strata and entries, in one compiled pass."""
    rows, high, events, of_event, d, start, end, times, many = cox_layout_pass.counted(time, event, top)
    n_times = times.size
    none, zeros = np.empty(0, np.int64), np.zeros(max(n_times, rows.size), np.int64)
    ties = cox_layout_pass.counted_ties(many, d, start, events) if efron else (none, none, none, np.empty(0))
    w = np.ones(rows.size) if weight is None else weight[rows]
    mean_weight = (
        np.ones(n_times)
        if weight is None
        else np.bincount(of_event, weights=w[events], minlength=n_times) / d
    )
    at = Pick(end[::-1].copy(), np.arange(n_times - 1, -1, -1), end - 1, None)
    return Layout(
        rows, high, zeros[: rows.size], w, events, of_event, start, zeros[:n_times], d, mean_weight,
        many if efron else none, ties[0], ties[1], ties[2], ties[3],
        end, zeros[:n_times], at, None, None, np.array([0, n_times]), times, zeros[:n_times], bool(efron and many.size),
    )  # fmt: skip


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
