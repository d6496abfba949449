"""Pseudo data sets where no curve is printed: from a median, survival at fixed times, and counts.

A lower grade than a curve: between the printed numbers the shape is assumed, and drawn anew for each set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from survsim.core import units
from survsim.core.checks import BoolArray, FloatArray, between
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.times import join
from survsim.estimate.printed.median import DESIGN_FACTOR
from survsim.estimate.printed.number import EVENT_SHARE, PrintedNumber, Terms
from survsim.estimate.printed.road import take_or_raise
from survsim.estimate.printed.row import PrintedRow, read_row
from survsim.estimate.reconstruction.pseudo_ipd import PseudoIPD
from survsim.estimate.reconstruction.through import stretched, through
from survsim.kernels.reconstruct import walk

SHAPE_SD = 0.2
"""Of the log of the Weibull shape where one point is printed: 95% of shapes within 0.68 and 1.48, around constant hazard."""
LEAST_SHAPE, MOST_SHAPE = 0.3, 3.0
READINGS = 200
HALVINGS = 60
LEAST_AT_END = 3
"""Uniform accrual that leaves fewer at the last printed time did not print it: follow-up is then exponential."""
FOLLOW_UP_SLACK = 0.25
TRIES = 25
"""Draws of a set, of which the first that prints every number is taken, else the nearest."""
ROUNDED = 0.005
"""Distance of a level that prints as the one told; half a patient of all is no farther."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Printed:
    """What was printed of one arm: survival (p,) at times (p,), which are medians, patients, deaths, median follow-up."""

    time: FloatArray
    survival: FloatArray
    median: BoolArray
    n: int
    n_event: int
    followup: float | None
    assumed: tuple[str, ...]
    sources: tuple[str, ...]


def pseudo_ipd_from_summaries(
    rows: Iterable[Any] = (),
    *,
    unit: str,
    n: int | None = None,
    median: float | None = None,
    conf_int: tuple[float | None, float | None] | None = None,
    survival_at: Any = None,
    n_event: int | None = None,
    followup: float | None = None,
    m: int = 20,
    seed: int = 1,
    source: str | Iterable[str] = (),
) -> PseudoIPD:
    """m pseudo data sets that print the numbers given, and differ in what these leave open.

    Each set follows a survival curve through the printed points (log cumulative hazard linear in log time between them,
    carried on beyond the outer ones; with one point the Weibull shape is drawn), with as many patients and deaths as printed
    and censoring by uniform accrual of a spread that is drawn. Times are stretched between the points so that whole patients pass
    through them, and a set that cannot is drawn again; numbers that some sets still do not print are named in `assumed`. The error of the printed numbers is that of the patients and is
    not drawn a second time: each set has it by its deaths.

    Parameters
    ----------
    rows : `Estimate` rows (medians and survival probabilities of one arm), or mappings as for `printed_number`; read
        through that one road like the numbers below, which are taken beside them.
    unit : of all times.
    n : patients; that of the rows if None.
    median, conf_int : as printed; an end that was not reached is None.
    survival_at : (k, 2) times and survival as shares: pairs, or a dictionary.
    n_event : deaths; where it is not printed, those the interval of the median speaks for, else three quarters of n, said.
    followup : printed median follow-up, compared with the one that n_event implies.
    m, seed : how many sets, and of the generator.
    source : reference.

    Returns
    -------
    PseudoIPD : of grade "summaries"; what was assumed stands in `assumed`.

    Raises
    ------
    InputError : no point at all, no number of patients, rows of several arms, survival that rises, more deaths than
        patients, or a row that the road refuses.

    References
    ----------
    Guyot et al. 2012, BMC Med Res Methodol 12:9 (curves by counts); Tierney 2007, Trials 8:16 (uniform accrual).

    Example
    -------
    >>> from survsim.reconstruction import pooled, pseudo_ipd_from_summaries
    >>> sets = pseudo_ipd_from_summaries(median=14.0, n=80, n_event=60, unit="months", m=10)
    >>> pooled(sets, "median").value.round(0)
    array([14.])
    """
    units.check_unit(unit)
    between("m", m, 2, 1e5, open_ends=False)
    told = _printed(tuple(rows), unit, n, median, conf_int, survival_at, n_event, followup, source)
    rng = np.random.default_rng(seed)
    sets = [_drawn(told, rng) for _ in range(int(m))]
    made = [found for found, _ in sets]
    events = [int(event.sum()) for _, event, _ in made]
    notes = [*told.assumed, *_not_printed(told, np.array([missed for _, missed in sets]))]
    if any(d != told.n_event for d in events):
        notes.append(
            f"{min(events)} to {max(events)} deaths in the sets where {told.n_event} were asked: the points allow no more"
        )
    implied = float(np.median([follow for _, _, follow in made]))
    if told.followup is not None and abs(implied / told.followup - 1.0) > FOLLOW_UP_SLACK:
        notes.append(
            f"median follow-up of the sets {implied:.3g}, printed {told.followup:.3g}: numbers of deaths decide"
        )
    return PseudoIPD(
        provenance=Provenance.of(
            "pseudo_ipd_from_summaries", told.sources, m=m, seed=seed, note="; ".join(notes)
        ),
        draw=np.repeat(np.arange(int(m)), told.n),
        time=np.concatenate([time for time, _, _ in made]),
        event=np.concatenate([event for _, event, _ in made]),
        unit=unit,
        n_draws=int(m),
        grade="summaries",
        assumed=tuple(notes),
        references=told.sources,
    )


def _printed(
    rows: tuple[Any, ...], unit: str, n: Any, median: Any, conf_int: Any, survival_at: Any, n_event: Any, followup: Any,
    source: Any,
) -> _Printed:  # fmt: skip
    read = [read_row(row, i) for i, row in enumerate(rows)]
    _one_arm(read)
    size = _count("n", n if n is not None else _of_rows(read, "n_arm"))
    deaths = n_event if n_event is not None else _of_rows(read, "n_event")
    typed = _typed(size, deaths, median, conf_int, survival_at, unit)
    terms = Terms(unit=unit, assume_level=0.95, offered=False)
    numbers = [
        take_or_raise(row, scale, terms, i) for i, (row, scale) in enumerate([*_scaled(rows, read), *typed])
    ]
    if not numbers:
        raise InputError("give a median, survival at some times, or rows of an arm; n alone has no curve.")
    time, survival, medians = _points(numbers)
    events, said = _deaths(numbers, size, deaths)
    shape = (
        ()
        if time.size > 1
        else (
            f"a Weibull curve through one point, its shape drawn (95% within {np.exp(-1.96 * SHAPE_SD):.2g} and {np.exp(1.96 * SHAPE_SD):.2g})",
        )
    )
    if time.size > 1:
        shape = ("between printed points the log cumulative hazard is linear in log time",)
    if not isinstance(source, Iterable):
        raise InputError(f"source must be a reference or a list of them; got {source!r:.60}.")
    given = (source,) if isinstance(source, str) else tuple(source)
    return _Printed(
        time=time, survival=survival, median=medians, n=size, n_event=events,
        followup=None if followup is None else between("followup", followup, 0.0, np.inf),
        assumed=(*shape, "censoring by uniform accrual, its spread drawn (exponential where that would leave nobody at the last printed time)", *said),
        sources=(*given, *(x.source for x in numbers if x.source)),
    )  # fmt: skip


def _one_arm(read: list[PrintedRow]) -> None:
    """Refuse rows that say they are of several studies, arms or endpoints."""
    arms = {tuple(row.text(name) for name in ("study_id", "arm_id", "endpoint")) for row in read}
    if any(len({*said} - {""}) > 1 for said in zip(*arms)):
        told = ", ".join(sorted("/".join(filter(None, arm)) for arm in arms))
        raise InputError(f"rows are of {len(arms)} arms or endpoints ({told}); give those of one.")


def _of_rows(read: list[PrintedRow], name: str) -> float | None:
    """The largest number of rows that state it: all of them describe one arm."""
    return max((x for row in read if (x := row.number(name)) is not None), default=None)


def _count(name: str, value: Any) -> int:
    if value is None:
        raise InputError(f"{name} is missing; give the number of patients.")
    number = between(name, value, 2, 1e6, open_ends=False)
    if number != np.floor(number):
        raise InputError(f"{name} is a whole number; got {value!r}.")
    return int(number)


def _scaled(rows: tuple[Any, ...], read: list[PrintedRow]) -> list[tuple[Any, str]]:
    """Rows with the scale that each is read on."""
    out = []
    for row, measure in zip(rows, (printed.text("measure") for printed in read)):
        if measure not in ("median", "survival_probability"):
            raise InputError(
                f"rows hold medians and survival probabilities; got measure {measure!r}. Leave it out."
            )
        out.append((row, "median" if measure == "median" else "survival"))
    return out


def _typed(
    n: int, n_event: Any, median: Any, conf_int: Any, survival_at: Any, unit: str
) -> list[tuple[dict[str, Any], str]]:
    """Numbers of the call as rows for the same road."""
    out: list[tuple[dict[str, Any], str]] = []
    counts = {"n": n} | ({} if n_event is None else {"n_event": n_event})
    if median is not None:
        low, high = conf_int or (None, None)
        ends = {k: v for k, v in (("conf_low", low), ("conf_high", high)) if v is not None}
        out.append(({"value": median, "value_unit": unit, "label": "median", **counts, **ends}, "median"))
    elif conf_int is not None:
        raise InputError("conf_int is the interval of the median; give median too.")
    pairs = survival_at.items() if isinstance(survival_at, Mapping) else survival_at
    if pairs is not None and (not isinstance(pairs, Iterable) or isinstance(pairs, str | bytes)):
        raise InputError(f"survival_at holds pairs (time, survival); got {type(pairs).__name__}.")
    for pair in () if pairs is None else pairs:
        if np.size(pair) != 2:
            raise InputError("survival_at holds pairs (time, survival), for example [(12, 0.6), (24, 0.4)].")
        time, share = pair
        row = {"value": share, "time": time, "time_unit": unit, "n": n, "label": f"survival at {time}"}
        out.append((row, "survival"))
    return out


def _points(numbers: list[PrintedNumber]) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Times and survival, increasing and strictly falling, and which are medians; a number printed twice is one point."""
    points: dict[float, float] = {}
    median = [x.scale == "log median" for x in numbers]
    # A median of 0.6 and survival at 0.1 * 6 speak of one time.
    times = join(np.array([x.value if m else float(x.time or 0.0) for x, m in zip(numbers, median)]))[0]
    for x, m, time in zip(numbers, median, times.tolist()):
        share = 0.5 if m else x.value
        if not time > 0.0:
            raise InputError(f"{x.label}: a point needs a positive time; got {time:g}.")
        if not 0.0 < share < 1.0:
            raise InputError(
                f"{x.label}: survival {share:g} has no place on a curve of cumulative hazard; leave it out."
            )
        if abs(points.setdefault(time, share) - share) > 0.02:
            raise InputError(f"at {time:g} both {points[time]:g} and {share:g} are printed; check the rows.")
    at = np.array(sorted(points))
    level = np.array([points[t] for t in at])
    if np.any(np.diff(level) >= 0.0):
        k = int(np.flatnonzero(np.diff(level) >= 0.0)[0])
        raise InputError(
            f"survival is {level[k]:g} at {at[k]:g} and {level[k + 1]:g} at {at[k + 1]:g}: it must fall. Check the numbers, or "
            "leave one out (a median of 0.5 is a point too)."
        )
    return at, level, np.isin(at, times[median])


def _deaths(numbers: list[PrintedNumber], n: int, printed: Any) -> tuple[int, tuple[str, ...]]:
    """Deaths as printed, else those that the interval of the median speaks for, else three quarters of n."""
    if printed is not None:
        deaths = between("n_event", printed, 1, np.inf, open_ends=False)
        if deaths > n or deaths != np.floor(deaths):
            raise InputError(f"n_event is a whole number of at most n = {n}; got {printed!r}.")
        return int(deaths), ()
    told = [x for x in numbers if x.scale == "log median" and x.route in ("interval", "standard error")]
    if told:
        deaths = int(np.clip(round(DESIGN_FACTOR / told[0].std_error ** 2), 1, n))
        return deaths, (f"{deaths} deaths, as many as the interval of the median speaks for",)
    deaths = max(round(EVENT_SHARE * n), 1)
    return deaths, (f"{deaths} deaths: {EVENT_SHARE:.0%} of n, as no number is printed",)


def _drawn(
    told: _Printed, rng: np.random.Generator
) -> tuple[tuple[FloatArray, BoolArray, float], FloatArray]:
    """One set that prints the points and the deaths, or the nearest of `TRIES`; and by how much it misses each point."""
    best = None
    for _ in range(TRIES):
        time, event, follow = _one_set(told, rng)
        knots, missed = through(time, event, told.time, told.survival, told.median)
        off = (_told(told, missed).sum(), abs(int(event.sum()) - told.n_event), missed.sum())
        if best is None or off < best[0]:
            best = (off, (stretched(time, knots), event, float(stretched(np.array(follow), knots))), missed)
        if off[:2] == (0, 0):
            break
    assert best is not None  # the loop ran at least once
    return best[1], best[2]


def _told(told: _Printed, missed: FloatArray) -> BoolArray:
    """Which distances of levels are no rounding."""
    return np.asarray(missed > max(ROUNDED, 0.5 / told.n))


def _not_printed(told: _Printed, missed: FloatArray) -> list[str]:
    """What some sets do not print, point by point; missed : (m, p)."""
    notes = []
    for j in np.flatnonzero(_told(told, missed).any(axis=0)):
        what = "the median" if told.median[j] else f"survival {told.survival[j]:.3g} at"
        far = missed[_told(told, missed[:, j]), j]
        by = f", by up to {far.max():.2g}" if np.isfinite(far).all() else ""
        notes.append(
            f"{far.size} of {missed.shape[0]} sets do not print {what} {told.time[j]:.3g}{by}: so few deaths, or points so close, "
            "leave no whole patients that do"
        )
    return notes


def _one_set(told: _Printed, rng: np.random.Generator) -> tuple[FloatArray, BoolArray, float]:
    """Times and events of one set, and its median follow-up."""
    slope = float(np.exp(SHAPE_SD * rng.standard_normal()))
    u, order = (np.arange(told.n) + 0.5) / told.n, rng.permutation(told.n)
    death = _time_of(told, u, slope)[order]
    uniform = 1.0 + rng.uniform(0.2, 1.0) * (2.0 * u - 1.0)
    found = _scaled_to_deaths(told, death, uniform, slope)
    if int((found[0] >= told.time[-1]).sum()) < LEAST_AT_END:
        found = _scaled_to_deaths(told, death, -np.log1p(-u) / np.log(2.0), slope)
    return found


def _scaled_to_deaths(
    told: _Printed, death: FloatArray, follow: FloatArray, slope: float
) -> tuple[FloatArray, Any, float]:
    """The scale of follow-up (median 1 as given) at which as many die as were printed, by halving."""
    low, high = float(death.min()) / 10.0, float(death.max()) * 100.0
    best = None
    for _ in range(HALVINGS):
        middle = float(np.sqrt(low * high))
        until = middle * follow
        # Somebody was followed to the last printed time, or it could not have been printed.
        until[-1] = max(until[-1], float(told.time[-1]))
        time, event = _walked(told, death, until, slope)
        gap = int(event.sum()) - told.n_event
        if best is None or abs(gap) < abs(best[0]):
            best = (gap, time, event, middle)
        if gap == 0:
            break
        low, high = (middle, high) if gap < 0 else (low, middle)
    assert best is not None  # the loop ran at least once
    return best[1], best[2], best[3]


def _time_of(told: _Printed, share: FloatArray, slope: float) -> FloatArray:
    """Times at which shares have died: log cumulative hazard linear in log time, outer pieces carried on."""
    x, y = np.log(told.time), np.log(-np.log(told.survival))
    wanted = np.log(-np.log1p(-share))
    if x.size == 1:
        return np.asarray(np.exp(x[0] + (wanted - y[0]) / slope))
    k = np.clip(np.diff(y) / np.diff(x), LEAST_SHAPE, MOST_SHAPE)
    inside = np.interp(wanted, y, x)
    before, after = x[0] + (wanted - y[0]) / k[0], x[-1] + (wanted - y[-1]) / k[-1]
    return np.asarray(np.exp(np.where(wanted < y[0], before, np.where(wanted > y[-1], after, inside))))


def _walked(told: _Printed, death: FloatArray, follow: FloatArray, slope: float) -> tuple[FloatArray, Any]:
    """Patients censored as their follow-up ends first, and the deaths that keep the curve through the points."""
    stop = float(follow.max())
    level = 1.0 - np.linspace(0.0, 1.0, READINGS + 1)[1:-1]
    # The printed points are readings themselves, so that every set prints them again.
    level = np.unique(np.concatenate([level, told.survival]))[::-1]
    at = _time_of(told, 1.0 - level, slope)
    level, at = level[at <= stop], at[at <= stop]
    lost = np.sort(follow[follow < death])
    lost = lost[lost < stop]
    deaths, _, _, _ = walk(at.tolist(), level.tolist(), 0, at.size, told.n, 1.0, lost.tolist())
    dead = np.repeat(at, deaths)
    lost = lost[: max(told.n - dead.size, 0)]
    time = np.concatenate([dead, lost, np.full(told.n - dead.size - lost.size, stop)])
    return time, np.arange(told.n) < dead.size
