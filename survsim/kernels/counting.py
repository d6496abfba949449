"""One compiled pass over many rows: checked, copied and counted while each row is in a register.

Used from `_jit.COMPILED_FROM` rows, or wherever numba is loaded already: counts are whole numbers, so which road was
taken shows in no bit. A pass that meets anything odd says so and leaves the words about it to the checks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from survsim.kernels._jit import at_hand, compiled, worth_compiling

Array = NDArray[Any]
LONGEST_COUNTED = 65_536
"""Whole-number times below this are counted in the same pass; the table then fits the cache where times are days."""

MARKED = 24
"""Bits of a hash that are marked at most: a table of two mebibytes."""


def pays(n: int) -> bool:
    """Whether a compiled pass over `n` rows is faster, numba's own loading included."""
    return worth_compiling(n) or (n >= 20_000 and at_hand(1e-3))


@compiled(
    "i8(f8[::1], f8[::1], f8[::1], b1[::1], i8[:,::1])", "i8(f8[::1], b1[::1], f8[::1], b1[::1], i8[:,::1])"
)
def check_and_count(time: Array, event: Array, own: Array, seen: Array, counts: Array) -> int:
    """Copy times and events, and count (time, event) while times are whole numbers within the table.

    Returns the largest time when all are, -1 when a time is not (counts are then of no use), and -2 when a time is
    negative, missing or infinite or an event neither 0 nor 1.

    Parameters
    ----------
    time, event : (n,), as given.
    own, seen : (n,), written.
    counts : (t, 2) zeros, written: without and with event at each whole time below t.
    """
    # Events come in no order: what hangs on one is reckoned, for a branch would be guessed wrong every other time.
    n, top, odd = time.size, 0.0, False
    flat, end, stop = counts.ravel(), float(counts.shape[0]), 0
    for i in range(n):
        t, e = time[i], event[i]
        dead = e == 1.0
        odd |= (not dead) & (e != 0.0)
        own[i] = t + 0.0
        seen[i] = dead
        k = np.uint32(t) if (t >= 0.0) & (t < end) else np.uint32(0)
        if float(k) != t:
            break
        flat[np.uint32(2) * k + np.uint32(dead)] += 1
        top = max(top, t)
        stop += 1
    for i in range(stop, n):
        t, e = time[i], event[i]
        odd |= ((e != 1.0) & (e != 0.0)) | (not ((t >= 0.0) & (t <= 1e100)))
        own[i] = t + 0.0
        seen[i] = e == 1.0
    if odd:
        return -2
    return int(top) if stop == n else -1


@compiled("void(f8[::1], b1[::1], i8[::1], i8[:,:,::1])", "void(f8[::1], b1[::1], u1[::1], i8[:,:,::1])")
def count_groups(time: Array, event: Array, code: Array, counts: Array) -> None:
    """Add each row of whole-number times to counts (t, g, 2)."""
    flat, width = counts.ravel(), np.uint32(2 * counts.shape[1])
    for i in range(time.size):
        flat[width * np.uint32(time[i]) + np.uint32(2) * np.uint32(code[i]) + np.uint32(event[i])] += 1


@compiled("b1(f8[::1], f8, f8, i8[::1])", "b1(f8[::1], f8, f8, u1[::1])")
def two_codes(values: Array, low: float, high: float, codes: Array) -> bool:
    """Codes 0 and 1 of labels that are `low` and `high`; whether all of them are."""
    # without a way out of the loop the processor compares several labels at a time
    odd = False
    for i in range(values.size):
        second = values[i] == high
        odd |= (not second) & (values[i] != low)
        codes[i] = second
    return not odd


@compiled("i8(f8[::1], i8[::1], b1[::1])", "i8(f8[::1], u1[::1], b1[::1])")
def small_codes(values: Array, codes: Array, present: Array) -> int:
    """Labels that are whole numbers from 0 on as codes; the largest, or -1 when one is not, or too large for `present`."""
    top, end = 0.0, float(present.size)
    for i in range(values.size):
        v = values[i]
        k = np.uint32(v) if (v >= 0.0) & (v < end) else np.uint32(0)
        if float(k) != v:
            return -1
        codes[i] = k
        present[k] = True
        top = max(top, v)
    return int(top)


@compiled("void(f8[::1], f8[::1], f8[::1], i4[::1], i8, u1[::1], i8)")
def replace_by_hash(
    values: Array, old: Array, new: Array, table: Array, shift: int, marks: Array, marks_shift: int
) -> None:
    """Put each of `values` that equals one of `old` (distinct) to its `new`, in place.

    `table` (2^(64 - shift),) of -1 is filled with the places of `old` by hash; collisions go on to the next slot.
    `marks` (2^(61 - marks_shift),) of 0 holds a bit a hash: most values are none of `old`, and a look at a bit that is
    near tells so without a look at a table that is not.
    """
    mask = table.size - 1
    bits = old.view(np.uint64)
    for k in range(old.size):
        mixed = bits[k] * np.uint64(0x9E3779B97F4A7C15)
        slot, bit = np.int64(mixed >> np.uint64(shift)), np.int64(mixed >> np.uint64(marks_shift))
        marks[bit >> 3] |= np.uint8(1 << (bit & 7))
        while table[slot] >= 0:
            slot = (slot + 1) & mask
        table[slot] = k
    # a stretch at a time: first who may be meant, written always and counted if so, then a look at those alone
    bits, likely = values.view(np.uint64), np.empty(1024, np.int64)
    for begin in range(0, values.size, 1024):
        found = np.int64(0)
        for i in range(begin, min(begin + 1024, values.size)):
            mark = np.uint32((bits[i] * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(marks_shift))
            likely[found] = i
            found += np.int64(marks[mark >> np.uint32(3)] >> np.uint8(mark & np.uint32(7))) & 1
        for i in likely[:found]:
            slot = np.int64((bits[i] * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(shift))
            while table[slot] >= 0:
                k = table[slot]
                if old[k] == values[i]:
                    values[i] = new[k]
                    break
                slot = (slot + 1) & mask


@compiled("void(f8[::1], b1[::1], f8[::1], f8[::1], f8[::1], f8[::1])")
def tabulate(time: Array, event: Array, at: Array, left: Array, dead: Array, gone: Array) -> None:
    """Distinct times (m,), at risk, events and censored there, written, from sorted times (n,) and events."""
    m, first, died = 0, 0, 0
    for i in range(time.size):
        died += event[i]
        if i + 1 < time.size and time[i + 1] == time[i]:
            continue
        at[m], left[m], dead[m], gone[m] = time[i], time.size - first, died, i + 1 - first - died
        m, first, died = m + 1, i + 1, 0


def tabulated(time: Array, event: Array, distinct: int) -> tuple[Array, Array, Array, Array]:
    """The columns of `tabulate`, which has them in one pass without arrays between."""
    columns = np.empty(distinct), np.empty(distinct), np.empty(distinct), np.empty(distinct)
    tabulate(time, event, *columns)
    return columns


def checked_counts(time: Any, event: Any) -> tuple[Array, Array, Array | None] | None:
    """Own copies of plain times and events, and counts (top+1, 2) where times are whole; None to go the slow road."""
    plain = (
        type(time) is np.ndarray
        and type(event) is np.ndarray
        and time.ndim == 1
        and time.shape == event.shape
    )
    if (
        not plain
        or not pays(time.size)
        or time.dtype != np.float64
        or event.dtype not in (np.float64, np.bool_)
    ):
        return None
    if not (time.flags.c_contiguous and event.flags.c_contiguous):
        return None
    own, seen = np.empty(time.size), np.empty(time.size, np.bool_)
    counts = np.zeros((LONGEST_COUNTED, 2), np.int64)
    top = check_and_count(time, event, own, seen, counts)
    if top == -2:
        return None
    return own, seen, counts[: top + 1] if top >= 0 else None


def codes_of_numbers(values: Array, kind: type = np.int64) -> tuple[Array, list[float]] | None:
    """Codes and sorted labels of floats that are small whole numbers; None where they are anything else.

    Codes of `kind` uint8 take an eighth of the memory to write and read; labels must then be below 256.
    """
    codes: Array = np.empty(values.size, kind)
    # Two groups are the usual case: 0 and 1, or the 1 and 2 of other programs.
    ends = {*values[:64].tolist(), *values[-64:].tolist()}
    for pair in ([0.0, 1.0], [1.0, 2.0]):
        if ends == set(pair) and two_codes(np.ascontiguousarray(values), *pair, codes):
            return codes, pair
    present = np.zeros(256 if kind is np.uint8 else 4096, np.bool_)
    top = small_codes(np.ascontiguousarray(values), codes, present)
    if top < 0:
        return None
    found = np.flatnonzero(present)
    if found.size < top + 1:
        codes = (np.cumsum(present) - 1).astype(kind)[codes]
    return codes, found.astype(np.float64).tolist()


def replaced_by_hash(values: Array, old: Array, new: Array) -> Array:
    """`values` with each of the many `old` put to `new`, in place."""
    bits = int(2 * old.size).bit_length()
    # sixteen bits or so for each of `old`, at most what the second cache of a core holds
    near = min(max(bits + 3, 6), MARKED)
    marks = np.zeros(2 ** (near - 3), np.uint8)
    replace_by_hash(values, old, new, np.full(2**bits, -1, np.int32), 64 - bits, marks, 64 - near)
    return values
