"""When two times are one: the single tolerance by which times meet, in the data and in what is asked.

Times made by subtraction or by a change of unit differ in their last bits from the same times as printed:
1.1 years are 13.200000000000001 months. A time that a user names means the known time that lies within
`TIE_TOLERANCE` of it, absolutely or relative to itself. Times of the data are joined at the same tolerance,
absolutely or relative to the mean of the distinct times, which is R's `timefix` (survival 3.5, `aeqSurv`),
unless that mean says nothing about the times: one code of 9.99e9 for "unknown" would make all others the
same. Where the mean exceeds `ORDINARY` medians each time is judged by itself.

Two roads lead here. `join` makes near-ties within one set of times equal. `meet` takes times that a user
names to the known times they mean, after which plain comparisons (``<=``, `searchsorted`) are right. A further column
of the data beside times that are known already goes both: `join_to`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray, between, float_vector, numbers, positions
from survsim.core.errors import InputError, SurvsimWarning, warn
from survsim.core.pairing import names_nothing
from survsim.kernels import counting

TIE_TOLERANCE = 1.4901161193847656e-08
"""Square root of machine epsilon, as R's `timefix`."""

ORDINARY = 10.0
"""Means of survival times lie below this many medians; codes for "unknown" lift them above."""

BY_CHANCE = 1e-3
"""Share of the times that may be joined visibly without a word."""
VISIBLE = 5e-7, 1e-9
"""A join is visible when it moves a time by more than this share of it (six digits print another number)
and by more than this much in all (rounding of dates, ages and units stays below)."""

PIECE = 65_536
"""Times that fit the cache with what is made of them: new memory for ten million costs more than the work."""

LONGEST = 1e100
"""Beyond this, sums and squares of times leave the range of floating point."""


def tolerance(time: Any) -> Any:
    """How far from `time` another time may be and still be the same."""
    return TIE_TOLERANCE * np.maximum(np.abs(time), 1.0)


def same(a: Any, b: Any) -> Any:
    """True where two times are one."""
    apart = np.abs(np.subtract(a, b))
    return np.equal(a, b) | ((apart <= tolerance(np.maximum(np.abs(a), np.abs(b)))) & (apart < np.inf))


def meet(asked: Any, known: Any) -> FloatArray:
    """Times as asked, each put to the known time it means, or left as it is where it means none.

    Parameters
    ----------
    asked : times of any shape.
    known : times in any order; near-ties among them joined (as in a `Surv`). Infinite ones are kept.

    Example
    -------
    >>> from survsim.core.times import meet
    >>> meet([13.2, 20], [1.1 * 12, 14]) == [1.1 * 12, 20]
    array([ True,  True])
    """
    return met(numbers("a time", asked), known)


def met(at: FloatArray, known: Any) -> FloatArray:
    """As `meet`, for times that were checked already or may be of any size."""
    grid = np.asarray(known, dtype=np.float64).ravel()
    if grid.size == 0 or at.size == 0:
        return at
    if grid.size > 1 and not (grid[1:] >= grid[:-1]).all():
        grid = np.sort(grid)
    after = np.minimum(np.searchsorted(grid, at, side="left"), grid.size - 1)
    before = np.maximum(after - 1, 0)
    with np.errstate(invalid="ignore"):
        nearer = np.where(np.abs(grid[before] - at) < np.abs(grid[after] - at), grid[before], grid[after])
        return np.where(same(nearer, at), nearer, at)


def join_to(column: FloatArray, known: Any) -> FloatArray:
    """A further column of the data: near-ties in it joined, each time put to the known one it means; infinite and missing ones stay.

    Two starts of treatment in their last bits would else lie on either side of a horizon that has met one of them.
    """
    own, told = column + 0.0, np.isfinite(column)
    if told.any():
        own[told] = join(own[told])[0]
    return met(own, known)


def asked_times(name: str, values: Any, known: Any = (), unit: str | None = None) -> FloatArray:
    """Times that a user names, one or many, as a vector that has met the known times."""
    return meet(float_vector(name, at_least_one(values), unit=unit), known)


def asked_time(
    name: str, value: Any, known: Any = (), *, unit: str | None = None, open_ends: bool = True
) -> float:
    """One time that a user names, positive (or 0 without `open_ends`), that has met the known times."""
    return float(meet(between(name, value, 0.0, np.inf, open_ends=open_ends, unit=unit), known))


def in_order_of_times(name: str, values: Any, times: FloatArray) -> Any:
    """A frame with a column a time, put in the order of `times` where its columns are called by numbers.

    Columns without names, and names that are no numbers, stand for the times by position, as an array's do.

    Raises
    ------
    InputError : as many columns as times, called by other numbers than these.
    """
    if not hasattr(values, "columns") or names_nothing(values.columns) or len(values.columns) != times.size:
        return values
    try:
        called = np.array([float(label) for label in values.columns])
    except (TypeError, ValueError):
        return values
    found = met(called, times)
    place, own = np.argsort(times, kind="stable"), np.argsort(found, kind="stable")
    if not np.array_equal(found[own], times[place]):
        raise InputError(
            f"the columns of {name} are called {', '.join(f'{t:g}' for t in called[:6])}, and times are "
            f"{', '.join(f'{t:g}' for t in times[:6])}. Select the columns of these times; or pass {name}.to_numpy() if "
            "position is what pairs them."
        )
    order = np.empty(times.size, np.int64)
    order[place] = own
    return values.iloc[:, order]


def apart(*times: float) -> tuple[str, ...]:
    """Times as a message shows them: six digits, or as many as different times need to look different.

    Example
    -------
    >>> from survsim.core.times import apart
    >>> apart(12.0, 6.5), apart(6.0000001, 6.0)
    (('12', '6.5'), ('6.0000001', '6'))
    """
    said: tuple[str, ...] = ()
    for digits in range(6, 18):
        said = tuple(f"{t:.{digits}g}" for t in times)
        if len(set(said)) == len(set(times)):
            break
    return said


def at_least_one(values: Any) -> Any:
    """A single value as a list of one; anything with rows as it is."""
    return values if hasattr(values, "__iter__") else [values]


def join(*columns: FloatArray) -> tuple[FloatArray, ...]:
    """Copies of one or more columns of times in which times that are one are equal."""
    pooled = np.sort(np.concatenate([c.ravel() for c in columns]))
    old, joined, _ = near_ties(pooled)
    return tuple(replaced(c + 0.0, old, joined) if old.size else c + 0.0 for c in columns)


def join_ends(low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Copies of the ends of intervals in which times that are one are equal; those that are infinite stay as they are."""
    seen, ends = np.isfinite(high), high + 0.0
    begins, ends[seen] = join(low, ends[seen])
    return begins, ends


def join_rows(times: FloatArray) -> FloatArray:
    """A copy of times (b, n) with the near-ties of each row joined, as `Surv` does for one row."""
    own = times + 0.0
    said: list[tuple[float, float]] = []
    if own.size:
        ordered = np.sort(own, axis=1)
        step = np.diff(ordered, axis=1)
        reach = TIE_TOLERANCE * np.maximum(ordered[:, -1:], 1.0)
        close = ((step > 0) & (step <= reach)).any(axis=1)
        for row in np.flatnonzero(close):
            old, joined, _, seen = _near(np.sort(own[row]))
            if not old.size:  # near enough for the reach of the largest time, not for that of the row
                continue
            own[row] = replaced(own[row], old, joined)
            said += zip(old[seen].tolist(), joined[seen].tolist())
    # Whole trials by the thousand: chance is judged over all of them.
    _say_if_meant(said, own.size)
    return own


def near_ties(pooled: FloatArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """Sorted times that must give way, what they become, and the place of the first of each.

    A chain of near-ties takes the value at its head. Warns when that moves a time visibly.
    """
    old, joined, late, seen = _near(pooled)
    _say_if_meant(list(zip(old[seen].tolist(), joined[seen].tolist())), pooled.size)
    return old, joined, late


def _near(pooled: FloatArray) -> tuple[FloatArray, FloatArray, IntArray, BoolArray]:
    """Times that give way, what they become, where, and which of them move visibly."""
    width = _width(pooled)
    found = [np.empty(0, np.int64)]
    for rows, step in _steps(pooled):
        reach = tolerance(pooled[rows.start + 1 : rows.stop + 1]) if width is None else width
        near = np.flatnonzero((step <= reach) & (step > 0))
        found.append(near + (rows.start + 1))
    late = np.concatenate(found)
    old, before = pooled[late], pooled[late - 1]
    linked = np.concatenate([[False], before[1:] == old[:-1]])[: late.size]
    joined = before[np.maximum.accumulate(np.where(linked, 0, np.arange(late.size)))] if late.size else before
    return old, joined, late, old - joined > np.maximum(VISIBLE[0] * old, VISIBLE[1])


def _say_if_meant(seen: list[tuple[float, float]], size: int) -> None:
    """Among many times a few lie so close by chance; a warning is for those that were meant to be apart."""
    if len(seen) <= BY_CHANCE * size:
        return
    old, joined = max(seen, key=lambda pair: (pair[0] - pair[1]) / pair[0])
    warn(
        f"{len(seen)} distinct times were joined with an earlier one: {old!r} became {joined!r}. Times "
        f"{TIE_TOLERANCE:.1e} apart (absolutely, or of the time) count as one. If they are different times, use a "
        "smaller unit; if not, round them.",
        SurvsimWarning,
    )


def _steps(pooled: FloatArray) -> Iterator[tuple[slice, FloatArray]]:
    """From each of the sorted times to the next, in pieces that stay in the cache, and where in the times they begin."""
    last = pooled.size - 1
    for start in range(0, last, PIECE):
        stop = min(start + PIECE, last)
        yield slice(start, stop), pooled[start + 1 : stop + 1] - pooled[start:stop]


def _width(pooled: FloatArray) -> float | None:
    """How close neighbours must be to be one time; None where each time is judged by itself."""
    distinct = pooled
    if any(not step.all() for _, step in _steps(pooled)):
        distinct = pooled[np.append(True, pooled[1:] > pooled[:-1])]
    mean, middle = float(distinct.mean()), float(distinct[distinct.size // 2])
    return TIE_TOLERANCE * max(mean, 1.0) if mean <= max(ORDINARY * middle, 1.0) else None


def replaced(values: FloatArray, old: FloatArray, new: FloatArray) -> FloatArray:
    """`values` with each of the few `old` (sorted) put to `new`, in place."""
    flat = values.ravel()
    if old.size > 4096 and counting.pays(flat.size):
        return counting.replaced_by_hash(flat, old, new).reshape(values.shape)
    rows = np.arange(flat.size)
    if flat.size > 4096:
        # A table of hashes leaves few candidates to search for.
        bits = min(20, int(flat.size).bit_length() + 3)
        table = np.zeros(2**bits, bool)
        table[_hash(old, bits)] = True
        rows = np.flatnonzero(table[_hash(flat, bits)])
    k = np.minimum(np.searchsorted(old, flat[rows]), old.size - 1)
    hit = old[k] == flat[rows]
    flat[rows[hit]] = new[k[hit]]
    return flat.reshape(values.shape)


def refuse_overflow(name: str, time: FloatArray) -> None:
    """Times so long that arithmetic with them overflows."""
    if time.size and float(time.max()) > LONGEST:
        bad = time > LONGEST
        raise InputError(
            f"{name} is {time[bad][0]:g} in {positions(bad)}, beyond what can be computed with ({LONGEST:g}). "
            "A code for an unknown time? Drop those rows or censor them where follow-up ended."
        )


def lengthless(begin: FloatArray | float, end: FloatArray | float) -> BoolArray:
    """True where an interval has no length: its end is not after its beginning."""
    return np.asarray(begin >= end) | np.asarray(same(begin, end), bool)


def increasing(times: FloatArray) -> bool:
    """Whether each time lies after the one before, by more than the last bits."""
    return not bool(lengthless(times[:-1], times[1:]).any())


def _hash(values: FloatArray, bits: int) -> IntArray:
    key = values.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    key >>= np.uint64(64 - bits)
    return key.view(np.int64)
