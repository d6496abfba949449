"""What a figure leaves open, drawn: levels within the tolerance of their reading, and when the unmarked were censored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from survsim.core import progress
from survsim.core.checks import FloatArray, IntArray, between
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.estimate.reconstruction import patients as rows
from survsim.estimate.reconstruction.curve import Curve, thinned
from survsim.estimate.reconstruction.patients import Patients
from survsim.estimate.reconstruction.pseudo_ipd import PseudoIPD
from survsim.estimate.reconstruction.reconstructed_ipd import METHODS
from survsim.estimate.reconstruction.result import ReconstructedIPD
from survsim.estimate.reconstruction.told import Told
from survsim.kernels.reconstruct import walk

NORMAL_95 = 1.959963984540054
SHRINK = (1.0, 1.0, 0.5, 0.25, 0.1)
"""Redrawn times of censoring are taken back towards the reconstructed ones until the curve is met within its tolerance."""
TILT = 1.5
"""Standard deviation of the tilt of a law of censoring in an interval: at 1.5 the middle may lie at a third or two thirds."""
MOST_READINGS = 300
"""Readings by which each set is sought; the work grows with their square, and 40 sets of 660 readings took 20 seconds."""
LEAST_SLACK = 0.5
"""Of a patient: a level of n patients is never known better than this share of 1/n."""


def pseudo_sets(
    reconstructed: ReconstructedIPD,
    m: int = 20,
    *,
    tolerance: float,
    time_tolerance: float = 0.0,
    seed: int = 1,
) -> PseudoIPD:
    """m pseudo data sets that a published figure cannot tell apart.

    Each set is a reconstruction, by the same method and under the same printed numbers, of a curve moved within its
    tolerance: half of the variance is common to the whole curve (a misplaced axis, which leaves the start at 1 alone), half is
    each reading's own. Then what the figure does not show is drawn: between two printed numbers at risk the unmarked censored
    leave at any time, as long as the curve stays within its tolerance; after the last one, where no total of events is
    printed, how many leave before the end follows the rate of before (a gamma law), or where there is no risk table at all
    the censored are a share from none to all, every share alike. A curve of more than 300 readings is moved by 300 of them, evenly
    along it.

    Parameters
    ----------
    reconstructed : result of `reconstruct_ipd`.
    m : how many sets; 20 keep the Monte Carlo error of a pooled standard error near 1% where the figure adds a tenth.
    tolerance : error of a level that 95% of readings keep, as a share; `survsim digitise` states it.
    time_tolerance : the same of times, in the unit of the curve.
    seed : of the generator.

    Returns
    -------
    PseudoIPD : the sets; `.survs()` for estimators, `pooled` for their pooled results.

    Raises
    ------
    InputError : fewer than 2 sets, a negative tolerance or one above 0.2.

    References
    ----------
    Rubin 1987, Multiple Imputation for Nonresponse in Surveys; Guyot et al. 2012, BMC Med Res Methodol 12:9 (censoring).

    Example
    -------
    >>> from survsim import reconstruct_ipd
    >>> from survsim.reconstruction import pseudo_sets
    >>> r = reconstruct_ipd(([2, 5, 9], [0.9, 0.7, 0.6]), at_risk=([0, 6], [10, 7]), unit="months")
    >>> sets = pseudo_sets(r, 5, tolerance=0.005)
    >>> len(sets.survs()), sets.grade
    (5, 'curve')
    """
    m = _whole(m)
    between("tolerance", tolerance, 0.0, 0.2, open_ends=False)
    between("time_tolerance", time_tolerance, 0.0, np.inf, open_ends=False)
    rng = np.random.default_rng(seed)
    base = _told(reconstructed)
    made = [
        _loosened(base, METHODS[reconstructed.method](moved), tolerance, rng)
        for moved in (
            _moved(base, tolerance, time_tolerance, rng) for _ in progress.each("pseudo sets", range(m))
        )
    ]
    late = reconstructed.entry is not None
    return PseudoIPD(
        provenance=Provenance.of("pseudo_sets", reconstructed, m=m, tolerance=tolerance, seed=seed),
        draw=np.repeat(np.arange(m), [p.time.size for p in made]),
        time=np.concatenate([p.time for p in made]),
        event=np.concatenate([p.event for p in made]),
        entry=np.concatenate([p.entry for p in made if p.entry is not None]) if late else None,
        unit=reconstructed.unit,
        n_draws=m,
        grade="curve",
        tolerance=float(tolerance),
        assumed=_assumed(base),
        references=reconstructed.references,
    )


def _whole(m: int) -> int:
    number = between("m", m, 2, 1e5, open_ends=False)
    if number != np.floor(number):
        raise InputError(f"m is a whole number of sets from 2; got {m!r}.")
    return int(number)


def _told(made: ReconstructedIPD) -> Told:
    """What the figure told, as the methods take it."""
    s = made.click_survival
    line = Curve(
        time=made.click_time, survival=s, given=s, kind="survival", readings=made.readings, noise=0.0
    )
    return Told(
        curve=thinned(line, MOST_READINGS),
        risk_time=made.at_risk_times,
        risk=made.at_risk,
        stop=float(max(made.time.max(), made.click_time[-1])),
        n_event=made.n_event_reported,
        marks=made.censor_marks,
        n=made.n_reported,
        entry=made.entry is not None,
    )


def _assumed(told: Told) -> tuple[str, ...]:
    if told.n_event is not None or told.marks is not None or told.entry:
        return ()
    if told.table:
        return ("after the last number at risk patients are censored at the rate of before",)
    return (
        "neither patients still at risk after the start nor events are printed: any share from none to all may have been censored",
    )


def _moved(told: Told, tolerance: float, time_tolerance: float, rng: np.random.Generator) -> Told:
    """The curve somewhere else within its tolerance, never rising; a flat stretch stays flat, no deaths are invented there."""
    t, s = told.curve.time, told.curve.survival
    sd = tolerance / NORMAL_95 / np.sqrt(2.0)
    # One error a level: readings of one level are one reading.
    level, of_level = np.unique(s, return_inverse=True)
    own = rng.standard_normal(level.size)[of_level]
    s_new = np.clip(s + sd * (own + rng.standard_normal() * (1.0 - s)), 0.0, 1.0)
    t_new = np.clip(t + time_tolerance / NORMAL_95 * rng.standard_normal(t.size), 0.0, told.stop)
    t_new[t == 0.0], s_new[s == 1.0], s_new[s == 0.0] = 0.0, 1.0, 0.0
    s_new, t_new = np.minimum.accumulate(s_new), np.maximum.accumulate(t_new)
    return replace(told, curve=replace(told.curve, time=t_new, survival=s_new, given=s_new))


def _loosened(told: Told, made: Patients, tolerance: float, rng: np.random.Generator) -> Patients:
    """The same patients, the unmarked censored somewhere else where the figure would not show it."""
    if told.marks is not None:
        return made
    if told.n_event is None and not told.entry:
        made = _other_tail(told, _other_middle(told, made, rng), rng)
        if told.table:
            return made
    level = rows.product_limit(made.time, made.event, made.entry)[1]
    slack = max(tolerance, LEAST_SLACK / made.time.size)
    free = np.flatnonzero(~made.event & (made.time < told.stop))
    wanted = _anywhere(told, made, free, rng)
    for share in SHRINK if free.size else ():
        time = made.time.copy()
        time[free] += share * (wanted - made.time[free])
        _, other = rows.product_limit(time, made.event, made.entry)
        if np.abs(other - level).max(initial=0.0) <= slack:
            return replace(made, time=time)
    return made


def _anywhere(told: Told, made: Patients, free: IntArray, rng: np.random.Generator) -> FloatArray:
    """A time in the same interval of the risk table, after the patient's entry."""
    edges = np.append(told.risk_time, told.stop)
    place = np.clip(np.searchsorted(edges, made.time[free], side="right") - 1, 0, edges.size - 2)
    low, high = edges[place], edges[place + 1]
    if made.entry is not None:
        low = np.maximum(low, made.entry[free])
    # At the end of an interval a patient counts as at risk there: just inside.
    return np.asarray(low + (high - low) * rng.uniform(1e-9, 1.0 - 1e-9, free.size))


def _other_middle(told: Told, made: Patients, rng: np.random.Generator) -> Patients:
    """Between printed numbers: the censored leave early or late in their interval, with the deaths that keep the curve."""
    drops, level = rows.product_limit(made.time, made.event, None)
    times, events, km = [], [], 1.0
    for start, end in zip(told.risk_time[:-1], told.risk_time[1:]):
        own = (made.time >= start) & (made.time < end)
        here = (drops >= start) & (drops < end)
        n, after = int((made.time >= start).sum()), int((made.time >= end).sum())
        at, wanted = drops[here].tolist(), level[here].tolist()
        found = _interval(at, wanted, (float(start), float(end)), n, after, km, rng)
        if found is None:
            times.append(made.time[own])
            events.append(made.event[own])
            km = wanted[-1] if wanted else km
            continue
        deaths, lost, km = found
        times.append(np.concatenate([np.repeat(drops[here], deaths), lost]))
        events.append(np.concatenate([np.ones(int(sum(deaths)), bool), np.zeros(len(lost), bool)]))
    rest = made.time >= told.risk_time[-1]
    return Patients(
        time=np.concatenate([*times, made.time[rest]]),
        event=np.concatenate([*events, made.event[rest]]),
        notes=made.notes,
    )


def _interval(
    at: list[float], level: list[float], ends: tuple[float, float], n: int, after: int, km: float,
    rng: np.random.Generator,
) -> tuple[list[int], list[float], float] | None:  # fmt: skip
    """Deaths, times of the censored and the curve after an interval from n to `after` patients; None if none is found."""
    tilt = float(rng.normal(0.0, TILT)) or 1.0
    where = np.log1p(rng.uniform(size=n - after) * np.expm1(tilt)) / tilt
    places = ends[0] + (ends[1] - ends[0]) * np.clip(where, 1e-9, 1.0 - 1e-9)
    many, seen = 0, set()
    while 0 <= many <= n - after and many not in seen:
        seen.add(many)
        lost = np.sort(places[:many]).tolist()
        deaths, left, reached, _ = walk(at, level, 0, len(at), n, km, lost)
        if left == after:
            return deaths, lost, reached
        many = min(max(many + left - after, 0), n - after)
    return None


def _other_tail(told: Told, made: Patients, rng: np.random.Generator) -> Patients:
    """After the last printed number: another number of censored, and the deaths that keep the curve with them."""
    start = float(told.risk_time[-1])
    tail = made.time >= start
    n = int(tail.sum())
    drops, level = rows.product_limit(made.time, made.event, None)
    inside = drops >= start
    if n < 2 or not inside.any() or told.stop <= start:
        return made
    before = float(np.append(1.0, level)[np.searchsorted(drops, start, side="left")])
    lost = _leaving(told, made, n, start, drops[inside], level[inside] / max(before, 1e-12), rng)
    deaths = walk(
        drops[inside].tolist(), level[inside].tolist(), 0, int(inside.sum()), n, before, lost.tolist()
    )[0]
    dead = np.repeat(drops[inside], deaths)
    lost = lost[: max(n - dead.size, 0)]
    time = np.concatenate([made.time[~tail], dead, lost, np.full(n - dead.size - lost.size, told.stop)])
    event = np.concatenate([made.event[~tail], np.ones(dead.size, bool), np.zeros(n - dead.size, bool)])
    return Patients(time=time, event=event, notes=made.notes)


def _leaving(
    told: Told,
    made: Patients,
    n: int,
    start: float,
    drops: FloatArray,
    alive: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Sorted times of those censored before the end, more of them while more are alive."""
    if told.table:
        seen = int((~made.event & (made.time < start)).sum())
        at_risk = float(np.minimum(made.time, start).sum())
        rate = rng.gamma(seen + 0.5) / at_risk
        share = 1.0 - np.exp(-rate * (told.stop - start))
    else:
        share = rng.uniform()
    edges = np.concatenate([[start], drops, [told.stop]])
    height = np.concatenate([[1.0], alive])
    area = np.concatenate([[0.0], np.cumsum(height * np.diff(edges))])
    many = rng.binomial(n, share * area[-1] / (told.stop - start))
    return np.sort(np.interp(rng.uniform(0.0, area[-1], many), area, edges))
