"""Least squares under everything that is printed: numbers at risk, totals, censor marks, late entries.

A quadratic programme (`quadratic`) gives deaths and censorings as real numbers, these are rounded so that the printed
numbers hold, and steps of one patient (`survsim.kernels.reconstruct_search`) bring the product-limit curve itself as close
to the readings as whole patients can. The published algorithm is a second start, so that none of its answers is better. Where
the levels are so exact that they are products of whole patients (`exact`), nothing is sought.

References
----------
Titman 2026, Using quadratic programming to reconstruct data from published survival and competing risks analyses, Statistics in
Medicine, doi 10.1002/sim.70474.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.estimate.reconstruction import quadratic
from survsim.estimate.reconstruction.curve import thinned
from survsim.estimate.reconstruction.exact import EXACT, exact
from survsim.estimate.reconstruction.guyot import guyot, walked
from survsim.estimate.reconstruction.knots import (
    READING,
    Knots,
    before_printed,
    fine_knots,
    first_drops,
    least_fall,
    make_knots,
    readings_of,
    resolution,
)
from survsim.estimate.reconstruction.late_entry import rows_with_entry
from survsim.estimate.reconstruction.patients import (
    Patients,
    curve_at,
    from_events,
    product_limit,
    risk_sets,
    spread_within,
)
from survsim.estimate.reconstruction.told import Told
from survsim.kernels.reconstruct_search import polish

ROUNDS = 40
MOST_READINGS = 2000
"""Readings by which patients are sought; the work grows with their square."""
PRICE = 1e4
"""Of a death off the printed total, in squared standard deviations of a reading: met wherever it can be."""
LITTLE_KNOWN = 0.3
MARKED = 0.05
"""Standard deviation of the censorings of an interval, in its patients: from the curve and the risk table, with marks."""
UNEVEN = 0.3
"""Standard deviation of a rate of censoring within an interval, in patients of its start over its length."""
SPOILT = 1.5
BARELY = 0.006
"""A total that makes the misfit of the curve (root mean square) this many times larger, and larger by this, is not met.

The second is three standard deviations of a good reading. At two of them the true total of two in 48 exactly read arms, known
without a risk table, would be taken for one that contradicts its curve; at three of none.
"""


NOTHING = (0, 0, 0.0)
FEW = 30
"""Readings up to which it matters where between two of them patients leave; with more, only for printed numbers."""
SHOWS = 0.6
"""Patients within one step of rounding: with more, any level is a whole number of them."""
WHOLE = 0.1
"""Of a patient: levels of other curves lie 0.29 off whole numbers (root mean square)."""
CONTRADICTED = 0.3
"""Misfit, in usual drops between two readings, from which marks do not go with a curve; marks that do leave a tenth."""
NOBODY_LEFT = "all levels are whole numbers of patients: nobody was censored before the last drop"
MARKS_DO_NOT_FIT = (
    "the censor marks do not go with the curve (did patients enter late, or is a mark no mark?): the censored were put where "
    "the curve asks for them"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    deaths: IntArray
    censored: IntArray
    misfit: float
    off: float
    """Root mean square of the curve at the readings."""


def optimised(told: Told) -> Patients:
    """Whole patients closest to the curve under what is printed; what could not be met is in the notes."""
    if told.curve.time.size > MOST_READINGS:
        # What the readings are is seen from all of them.
        told = replace(told, curve=replace(thinned(told.curve, MOST_READINGS), readings=readings_of(told)))
    made = _sought(told, make_knots(told))
    missed = _missed(told, made)
    enough = told.curve.time.size > FEW and missed[0] == 0
    if missed == NOTHING or enough or (knots := fine_knots(told)) is None:
        return made
    # Deaths and censorings between readings in whatever order meets what the coarser knots could not.
    asked = told.curve.readings
    finer = replace(_sought(told, knots), readings="some drops" if asked == "auto" else asked)
    return finer if _better(_missed(told, finer), missed) else made


def _better(found: tuple[int, int, float], before: tuple[int, int, float]) -> bool:
    """Numbers at risk first, then the total where the curve does not pay for it, then readings missed by half as much."""
    if found[0] != before[0]:
        return found[0] < before[0]
    return found[2] <= before[2] * (1.0 if found[1] < before[1] else 0.5) and found[1] <= before[1]


def _missed(told: Told, made: Patients) -> tuple[int, int, float]:
    """Patients by which numbers at risk and the total are missed, and by how much the curve is where that is visible."""
    t, s = told.curve.time, told.curve.survival
    own = curve_at(*product_limit(made.time, made.event, made.entry), t)
    last = np.append(t[1:] != t[:-1], True)
    gap = np.abs(own - s)[last]
    risk = int(np.abs(risk_sets(made.time, made.entry, told.risk_time) - told.risk).sum())
    total = 0 if told.n_event is None else abs(int(made.event.sum()) - told.n_event)
    seen = max(0.5 / int(told.risk[0]), READING) + told.curve.noise + 0.5 * resolution(told.curve.given)
    return risk, total, float(gap.max()) if gap.max() > seen else 0.0


def _sought(told: Told, knots: Knots) -> Patients:
    """Whole patients closest to the curve at some knots."""
    known = exact(told, knots)
    if known is not None:
        found = _Found(deaths=known[0], censored=known[1], misfit=0.0, off=0.0)
        return _rows(told, knots, found, (EXACT,))
    guess = events_of_drops(told, knots)
    found = _find(told, knots, told.n_event if told.n_event is not None else guess)
    notes: tuple[str, ...] = ()
    if told.n_event is not None:
        found, notes = _affordable(told, knots, found)
    elif guess is not None and _spoils(found, int(told.risk[0]), free := _find(told, knots, None)):
        # The curve is evidence, the count of its drops a guess.
        found, guess = free, None
    elif guess is not None:
        notes = ("each drop of the curve is taken for as many patients as the first ones are",)
    return _better_published(told, knots, found, guess) or _rows(told, knots, found, notes)


def _better_published(told: Told, knots: Knots, found: _Found, guess: int | None) -> Patients | None:
    """The published algorithm's patients where the readings say that what it takes for granted is right; else None.

    Nobody censored before the end: where nothing is told but n, and levels so exact that one patient shows are all whole
    numbers of patients of n. Censored anywhere: where marks leave a misfit as large as a usual drop, and no marks leave less.
    """
    if told.table or told.entry or not (guess is not None or told.marks is not None):
        return None
    made = guyot(told)
    drops, level = product_limit(made.time, made.event, None)
    gap = curve_at(drops, level, knots.time[knots.read]) - knots.level[knots.read]
    off = float(np.sqrt(np.mean(gap**2)))
    if told.marks is None:
        step, n0 = resolution(told.curve.given), int(told.risk[0])
        # Nobody reads to 0.002: levels that are all multiples of it are those of patients.
        shows = step * n0 <= SHOWS or step == 0.002
        if shows and off <= WHOLE / n0 and found.off > 1.5 * off:
            return replace(made, notes=(*made.notes, NOBODY_LEFT))
        return None
    fall = (1.0 - float(knots.level[-1])) / max(int((np.diff(knots.level) < -1e-9).sum()), 1)
    if found.off > CONTRADICTED * fall and off < 0.85 * found.off and _meets(told, made):
        return replace(made, notes=(*made.notes, MARKS_DO_NOT_FIT))
    return None


def _spoils(found: _Found, n: int, free: _Found) -> bool:
    """Whether a guessed total takes the curve off its readings by what would be seen, and by more than no total does."""
    return found.off > 0.5 / n and found.off > max(SPOILT * free.off, free.off + BARELY)


def _meets(told: Told, made: Patients) -> bool:
    return told.n_event is None or int(made.event.sum()) == told.n_event


def _affordable(told: Told, knots: Knots, met: _Found) -> tuple[_Found, tuple[str, ...]]:
    """The printed total where the curve allows it, else the number of deaths closest to it that the curve allows."""
    D = told.n_event
    free = _find(told, knots, None)
    made = int(free.deaths.sum())
    most = max(SPOILT * free.off, free.off + BARELY)
    if D is None or met.off <= most:
        return met, ()
    best, low, high = free, 0.0, 1.0
    for _ in range(4):
        share = (low + high) / 2
        trial = _find(told, knots, round(made + share * (D - made)))
        if trial.off <= most:
            best, low = trial, share
        else:
            high = share
    n = int(best.deaths.sum())
    return best, (
        f"{n} events, printed {D}: all {D} would take the curve {met.off:.3f} off its readings (root mean square), "
        f"{best.off:.3f} with {n}",
    )


def events_of_drops(told: Told, knots: Knots) -> int | None:
    """Where nothing else tells the events: as many to each drop as to the first ones, when few were censored yet."""
    if (
        told.table
        or told.n_event is not None
        or told.marks is not None
        or knots.readings in ("line", "points")
    ):
        return None
    each = first_drops(knots.level, float(told.risk[0]))
    if each is None or each < 0.75 or (each > 1.25 and knots.readings == "drops"):
        return None  # ties: what the first drops hold says nothing of the later ones
    falls = int((np.diff(knots.level) < -least_fall(float(told.risk[0]))).sum())
    return min(round(each * falls) if each > 1.25 else falls, int(told.risk[0]))


def _find(told: Told, knots: Knots, total: int | None) -> _Found:
    """The best of two starts, each improved patient by patient."""
    n0 = int(told.risk[0])
    expected = expect(told, knots, total)
    starts = []
    real = quadratic.solve(knots, expected, n0, total=total, entry=told.entry, n=_first_guess(knots, told))
    mean = expected.share * expected.total[knots.interval]
    if real is not None:
        mean = real.expected
        starts.append(_whole(real.deaths, real.censored, knots, expected, n0, total, entry=told.entry))
    if not told.entry:
        starts.append(_published(told, knots))
    best = None
    least = np.full(knots.time.size, -(10**9), dtype=np.int64) if told.entry else expected.least
    for deaths, censored in starts:
        d, c = deaths.astype(np.int64), censored.astype(np.int64)
        left = n0 - np.append(0, np.cumsum(d + c))
        if (d < 0).any() or (left < 0).any():
            continue
        # Steps within an interval leave printed numbers as they are: a start that misses one misses it for good.
        missed = PRICE * float(np.square(left[:-1] - knots.risk)[knots.risk >= 0].sum())
        value = missed + polish(
            d, c, knots.level, knots.weight, mean, expected.variance, n0, least, knots.interval, knots.may_die,
            -1 if total is None else total, PRICE, ROUNDS,
        )  # fmt: skip
        if best is None or value < best.misfit:
            best = _Found(deaths=d, censored=c, misfit=value, off=_off(d, c, n0, knots))
    if best is None:
        d, c = np.zeros(knots.time.size, np.int64), np.zeros(knots.time.size, np.int64)
        best = _Found(deaths=d, censored=c, misfit=np.inf, off=_off(d, c, n0, knots))
    return best


def _off(d: IntArray, c: IntArray, n0: int, knots: Knots) -> float:
    left = n0 - np.append(0, np.cumsum(d + c)[:-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        curve = np.cumprod(np.where(d > 0, 1.0 - d / np.maximum(left, 1), 1.0))
    return float(np.sqrt(np.mean((curve - knots.level)[knots.read] ** 2)))


def expect(told: Told, knots: Knots, events: int | None = None) -> quadratic.Expected:
    """Censorings after each knot before the curve is asked: the fall of the risk table that it does not explain.

    Between two printed numbers they are even in time; after the last one they go on at the rate of before; marks are where
    they are, and there alone. Where the events alone are known, patients are lost at the one rate that leaves as many deaths.
    """
    K, n0 = knots.time.size, int(told.risk[0])
    share, spread = np.zeros(K), np.zeros(K)
    total = np.zeros(told.risk.size)
    edges = np.append(np.searchsorted(knots.time, told.risk_time), K)
    rate = 0.0
    for i in range(told.risk.size):
        here = slice(int(edges[i]), int(edges[i + 1]))
        length = knots.length[here]
        whole = float(length.sum())
        share[here] = length / whole if whole > 0 else 1.0 / max(length.size, 1)
        before = knots.level[edges[i] - 1] if edges[i] > 0 else 1.0
        if i + 1 < told.risk.size:
            stay = knots.level[edges[i + 1] - 1] / before if before > 0 else 0.0
            lost = float(told.risk[i] * stay - told.risk[i + 1])
            lost = lost if told.entry else max(lost, 0.0)
            rate += max(lost, 0.0)
        else:
            stay = knots.level[-1] / before if before > 0 else 0.0
            lost = min(
                rate / told.risk_time[-1] * whole if told.risk_time[-1] > 0 else 0.0, told.risk[i] * stay
            )
        marks = knots.marks[here]
        if told.marks is not None:
            lost = max(float(marks.sum()), lost if told.table and i + 1 < told.risk.size else 0.0)
            if marks.any():
                share[here] = marks / marks.sum()
        if told.marks is None and not told.table and events is not None and not told.entry:
            gone = _lost_with(events, knots, n0)
            if gone.sum() > lost:
                lost, share[here] = float(gone.sum()), gone / gone.sum()
        total[i] = lost
        # Poisson around its share, and a rate that may change within the interval.
        spread[here] = share[here] * max(abs(lost), 1.0) + (share[here] * UNEVEN * float(told.risk[i])) ** 2
    least = np.zeros(K, dtype=np.int64) if told.marks is None else _marks_that_fit(told, knots, edges)
    floor = max(0.02, 0.0005 * n0) if told.marks is None else 0.02
    width = LITTLE_KNOWN if told.marks is None else MARKED
    return quadratic.Expected(
        share=share,
        variance=spread + floor,
        least=least,
        total=total,
        spread=np.square(width * told.risk.astype(np.float64) + 1.0),
    )


def _lost_with(events: int, knots: Knots, n0: int) -> FloatArray:
    """Censored after each knot (K,) at the constant rate with which the curve has this many deaths; none if it has fewer anyway."""
    level = np.append(1.0, knots.level)
    fall = np.maximum(level[:-1] - level[1:], 0.0)
    if n0 * float(fall.sum()) <= events or knots.time[-1] <= 0.0:
        return np.zeros(knots.time.size)
    low, high = 0.0, 200.0 / float(knots.time[-1])
    for _ in range(60):
        rate = (low + high) / 2
        low, high = (rate, high) if n0 * float(fall @ np.exp(-rate * knots.time)) > events else (low, rate)
    left = n0 * knots.level * np.exp(-low * knots.time)
    return np.asarray(left * -np.expm1(-low * knots.length))


def _marks_that_fit(told: Told, knots: Knots, edges: IntArray) -> IntArray:
    """Each mark is at least one patient, unless the risk table loses fewer than it has marks."""
    least = knots.marks.copy()
    for i in range(told.risk.size):
        here = slice(int(edges[i]), int(edges[i + 1]))
        room = int(told.risk[i]) - (int(told.risk[i + 1]) if i + 1 < told.risk.size else 0)
        if least[here].sum() > room:
            least[here] = 0
    return least


def _first_guess(knots: Knots, told: Told) -> FloatArray:
    """Numbers at risk: between printed ones along the way, after the last along the curve."""
    n = np.interp(knots.time, told.risk_time, told.risk.astype(float))
    late = knots.time > told.risk_time[-1]
    at = max(float(knots.level[np.searchsorted(knots.time, told.risk_time[-1])]), 1e-9)
    n[late] = told.risk[-1] * knots.level[late] / at
    if told.n_event is not None and not told.table:
        gone = 1.0 - knots.level
        n = told.risk[0] - told.n_event * gone / max(float(gone[-1]), 1e-9)
    return np.asarray(np.maximum(n, 1.0))


def _whole(
    d: FloatArray,
    c: FloatArray,
    knots: Knots,
    expected: quadratic.Expected,
    n0: int,
    total: int | None,
    *,
    entry: bool,
) -> tuple[IntArray, IntArray]:
    """Rounded along the running sums, interval by interval, so that printed numbers hold."""
    deaths, censored = np.zeros(d.size, np.int64), np.zeros(d.size, np.int64)
    starts = np.flatnonzero(knots.risk >= 0)
    real, made = 0.0, 0
    for i, first in enumerate(starts):
        last = i + 1 == starts.size
        here = slice(int(first), d.size if last else int(starts[i + 1]))
        room = int(knots.risk[first]) - (0 if last else int(knots.risk[starts[i + 1]]))
        real += float(d[here].sum())
        least = 0 if entry else int(expected.least[here].sum())
        D = round(real) - made
        if last and total is not None:
            D = total - made
        top = int(knots.risk[first]) if entry else max(room - least, 0)
        D = min(max(D, 0), top) if knots.may_die[here].any() else 0
        made += D
        deaths[here] = _cumulative(d[here], D)
        lost = room - D if not last else min(max(round(float(c[here].sum())), least), room - D)
        floor = np.zeros_like(censored[here]) if entry else expected.least[here]
        extra = c[here] - floor
        censored[here] = floor + _cumulative(
            extra if entry else np.maximum(extra, 0.0), lost - int(floor.sum())
        )
    return deaths, censored


def _cumulative(values: FloatArray, total: int) -> IntArray:
    """Whole numbers with this total whose running sums follow those of `values`."""
    run = np.cumsum(values)
    if values.size == 0:
        return np.zeros(0, np.int64)
    if run[-1] > 1e-9 and (values >= 0).all():
        run = run * (total / run[-1])
    else:
        run = run + (total - run[-1]) * np.arange(1, values.size + 1) / values.size
    ends = np.round(run + 1e-9).astype(np.int64)
    ends[-1] = total
    return np.diff(np.append(0, ends))


def _published(told: Told, knots: Knots) -> tuple[IntArray, IntArray]:
    """Numbers of the published algorithm at the knots."""
    t = told.curve.time if knots.readings == "drops" else before_printed(told, told.curve.time)
    marks = None if told.marks is None else told.marks.tolist()
    made = walked(told, t, told.curve.survival, marks=marks)
    K = knots.time.size
    d, c = np.zeros(K, np.int64), np.zeros(K, np.int64)
    np.add.at(d, np.searchsorted(knots.time, made.time[made.event], side="right") - 1, 1)
    lost = made.time[~made.event]
    np.add.at(c, np.searchsorted(knots.time, lost[lost < told.stop], side="right") - 1, 1)
    return d, c


def _rows(told: Told, knots: Knots, found: _Found, notes: tuple[str, ...]) -> Patients:
    """Times: deaths at their reading or on the way to it, censorings at marks or evenly until the next knot."""
    d, c = found.deaths, found.censored
    died = _times_of_deaths(knots, d)
    lost = _times_of_losses(told, knots, d, np.maximum(c, 0))
    if told.entry:
        return rows_with_entry(told, knots.time, knots.length, died, lost, np.maximum(-c, 0), notes)
    made = from_events(died, lost, int(told.risk[0]), told.stop)
    return Patients(time=made.time, event=made.event, notes=notes)


def _times_of_deaths(knots: Knots, d: IntArray) -> FloatArray:
    if knots.readings == "drops":
        return np.repeat(knots.time, d)
    start = np.append(0.0, knots.time[:-1])
    place = np.arange(d.sum()) - np.repeat(np.cumsum(d) - d, d) + 1.0
    if knots.readings == "line":
        place -= 0.5
    share = place / np.repeat(np.maximum(d, 1), d)
    if knots.readings == "points":
        share = np.where(np.repeat(knots.risk >= 0, d), 1.0, share)  # at a printed number, which counts them
    return np.asarray(np.repeat(start, d) + share * np.repeat(knots.time - start, d))


def _times_of_losses(told: Told, knots: Knots, d: IntArray, c: IntArray) -> FloatArray:
    if told.marks is None:
        length = knots.length
        if knots.readings == "points":
            # Before the first death on the way to the next knot: those who died there were fewer by these.
            length = length / np.maximum(np.append(d[1:], 1), 1)
        return spread_within(knots.time, length, c)
    times = [np.empty(0)]
    marks = told.marks[told.marks < told.stop]
    place = np.searchsorted(knots.time, marks, side="right") - 1
    for j in np.flatnonzero(c):
        own = marks[place == j]
        if own.size:
            times.append(own[((2 * np.arange(c[j]) + 1) * own.size // (2 * c[j])) % own.size])
        else:
            times.append(spread_within(knots.time[j : j + 1], knots.length[j : j + 1], c[j : j + 1]))
    return np.concatenate(times)
