"""Log hazard ratio read from two published survival curves, with or without numbers at risk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, between, float_vector
from survsim.core.errors import EvidenceError, InputError
from survsim.core.information import SLACK, least_ratio_error
from survsim.core.pairing import paired
from survsim.core.provenance import Provenance
from survsim.core.times import lengthless, meet
from survsim.estimate.printed.effect_sizes import UNNAMED, EffectSize
from survsim.estimate.synthesis.curve_studies import excess_at_risk

LEAST_DEATHS = 1.0
"""Of each arm in an interval whose log ratio is weighed. Below it the logarithm, and a weight that the same deaths decide, pull
the mean towards no effect, and a zero (1e-6 in Tierney 2007) throws away just the intervals that favour an arm."""
NO_DEATH = 0.5
"""Deaths of an arm below which the readings hold none of it."""
EVENT_SHARE_LIMIT = 0.20


def effect_size_from_curves(
    time: Any,
    survival_research: Any,
    survival_control: Any,
    *,
    at_risk_research: Any = None,
    at_risk_control: Any = None,
    n_research: float | None = None,
    n_control: float | None = None,
    follow_up_min: float = 0.0,
    follow_up_max: float | None = None,
    label: str = UNNAMED,
    source: str | Iterable[str] = (),
) -> EffectSize:
    """Log hazard ratio from curves, over intervals of time between their readings.

    With numbers at risk the deaths D of an interval and its effective numbers R follow Williamson 2002; without, censoring
    is spread evenly between shortest and longest follow-up (Parmar 1998). Where deaths of both arms fall in each interval
    (one at least), ``log HR = log[(D_r / R_r) / (D_c / R_c)]`` is pooled by inverse variance, which is ``1/D_r - 1/R_r + 1/D_c -
    1/R_c``, as both propose. Where the curves are read more often than patients die, intervals have no such ratio: their deaths are
    then taken together by Mantel and Haenszel, ``HR = sum(D_r R_c / R) / sum(D_c R_r / R)`` with ``R = R_r + R_c``, which comes
    nearer to the patients' own hazard ratio the more often the curves are read. An error below ``sqrt(1/D_r + 1/D_c)`` of all
    deaths, by more than rounding, is widened to it and flagged: intervals in which most of an arm dies give such.

    Parameters
    ----------
    time : (m,) increasing, first 0; the ends of the intervals.
    survival_research, survival_control : (m,) read from the curves, first 1, never rising.
    at_risk_research, at_risk_control : (m,) printed below the figure.
    n_research, n_control : patients at time 0, when no numbers at risk are printed.
    follow_up_min, follow_up_max : shortest and longest follow-up, in the unit of `time`.
    label, source : for messages and provenance.

    Returns
    -------
    EffectSize : log hazard ratio, its standard error and the route by which they were had.

    Raises
    ------
    InputError : curves that rise, times out of order, risk numbers that grow, missing counts, other patients than at risk at 0,
        or an arm without deaths.
    EvidenceError : more at risk than survival leaves of those at risk before, beyond rounding.

    References
    ----------
    Parmar 1998, Stat Med 17:2815; Williamson 2002, Stat Med 21:3337, equations 3 to 6; Tierney 2007, Trials 8:16, additional
    file 1; Greenland & Robins 1985, Biometrics 41:55 (variance of the Mantel-Haenszel ratio of rates).

    Example
    -------
    >>> from survsim.synthesis import effect_size_from_curves
    >>> e = effect_size_from_curves([0, 12, 24], [1, 0.8, 0.6], [1, 0.7, 0.5],
    ...     at_risk_research=[100, 78, 57], at_risk_control=[100, 69, 47])
    >>> e.route, round(e.hazard_ratio, 3)
    ('curves and numbers at risk', 0.755)
    """
    time, survival_research, survival_control, at_risk_research, at_risk_control = paired(
        time=time, survival_research=survival_research, survival_control=survival_control,
        at_risk_research=at_risk_research, at_risk_control=at_risk_control,
    )  # fmt: skip
    t = float_vector("time", time)
    if t.size < 2 or t[0] != 0.0 or lengthless(t[:-1], t[1:]).any():
        raise InputError(f"{label}: time must start at 0 and increase; got {t[:4].tolist()}.")
    curves = [
        _curve(name, values, t.size, label)
        for name, values in (
            ("survival_research", survival_research),
            ("survival_control", survival_control),
        )
    ]
    if (at_risk_research is None) != (at_risk_control is None):
        raise InputError(f"{label}: numbers at risk are needed for both arms or for none.")
    if at_risk_research is not None:
        route = "curves and numbers at risk"
        counts = [
            _with_numbers_at_risk(s, _risk(name, n, t, s, label, total))
            for name, s, n, total in zip(
                ("research", "control"), curves, (at_risk_research, at_risk_control), (n_research, n_control)
            )
        ]
    else:
        route = "curves"
        counts = [
            _without_numbers_at_risk(t, s, n, follow_up_min, follow_up_max, label)
            for s, n in zip(curves, (n_research, n_control))
        ]
    effect, error, notes = _pool_intervals(t, counts, label)
    deaths = [float(d.sum()) for d, _ in counts]
    error, told = _within_deaths(error, deaths)
    return EffectSize(
        provenance=Provenance.of("effect_size_from_curves", source, route=route),
        log_hazard_ratio=effect,
        std_error=error,
        route=route,
        label=label,
        flagged=bool(told),
        notes=(*notes, *told),
    )


_MANY = 1e12
"""More patients than any study has; infinitely many give no number."""


def _with_numbers_at_risk(s: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Deaths and effective numbers at risk in each interval (Williamson 2002)."""
    total = s[:-1] + s[1:]
    deaths = np.divide((n[:-1] + n[1:]) * (s[:-1] - s[1:]), total, out=np.zeros(total.size), where=total > 0)
    censored = np.divide(
        2.0 * (n[:-1] * s[1:] - n[1:] * s[:-1]), total, out=np.zeros(total.size), where=total > 0
    )
    return deaths, n[:-1] - 0.5 * np.maximum(censored, 0.0)


def _without_numbers_at_risk(
    t: FloatArray, s: FloatArray, n: float | None, first: float, last: float | None, label: str
) -> tuple[FloatArray, FloatArray]:
    """Deaths and effective numbers at risk when only follow-up times are known (Parmar 1998)."""
    if n is None or not 0 < n < _MANY or last is None:
        raise InputError(
            f"{label}: without numbers at risk, n_research, n_control (positive) and follow_up_max are needed."
        )
    first = between("follow_up_min", first, 0.0, np.inf, open_ends=False)
    last = float(meet(between("follow_up_max", last, 0.0, np.inf), t))
    if lengthless(first, last) or last < t[-1]:
        raise InputError(
            f"{label}: follow-up must satisfy 0 <= follow_up_min < follow_up_max and reach the last time "
            f"{t[-1]:g}; got {first:g} and {last:g}."
        )
    at_risk, deaths, effective = float(n), [], []
    for start, end, s_start, s_end in zip(t[:-1], t[1:], s[:-1], s[1:]):
        from_time = max(start, first)
        share = max(0.0, end - from_time) / (2.0 * (last - from_time)) if last > from_time else 0.0
        exposed = at_risk * (1.0 - share)
        died = exposed * (s_start - s_end) / s_start if s_start > 0 else 0.0
        deaths.append(died)
        effective.append(exposed)
        at_risk = exposed - died
    return np.array(deaths), np.array(effective)


def _pool_intervals(
    t: FloatArray, counts: list[tuple[FloatArray, FloatArray]], label: str
) -> tuple[float, float, tuple[str, ...]]:
    usable = (counts[0][1] > 0) & (counts[1][1] > 0)
    (d_r, r_r), (d_c, r_c) = ((d[usable], r[usable]) for d, r in counts)
    for arm, deaths in (("research", d_r), ("control", d_c)):
        if deaths.sum() < NO_DEATH:
            raise InputError(
                f"{label}: the {arm} curve holds no deaths while both arms are at risk, so the hazard ratio is "
                f"{'0' if arm == 'research' else 'infinite'} or open; there is nothing to compare. With no event in an arm give "
                "effect_size observed_minus_expected and variance."
            )
    notes = []
    events = float(sum(d.sum() for d, _ in counts))
    heavy = counts[0][0] + counts[1][0] > EVENT_SHARE_LIMIT * events
    if heavy.any():
        notes.append(
            f"{int(heavy.sum())} of {t.size - 1} intervals hold more than 20% of the events: read the curve at more times"
        )
    dying = d_r + d_c > 0
    sparse = dying & (np.minimum(d_r, d_c) < LEAST_DEATHS)
    if sparse.any():
        notes.append(
            f"{int(sparse.sum())} of {t.size - 1} intervals hold less than one death of an arm: ratio by Mantel and Haenszel"
        )
        return *_mantel_haenszel(d_r, r_r, d_c, r_c), tuple(notes)
    d_r, r_r, d_c, r_c = (x[dying] for x in (d_r, r_r, d_c, r_c))
    variance = 1.0 / d_r - 1.0 / r_r + 1.0 / d_c - 1.0 / r_c
    weight = 1.0 / np.where(variance > 0.0, variance, 1.0 / d_r + 1.0 / d_c)
    log_ratio = np.log((d_r / r_r) / (d_c / r_c))
    return float(weight @ log_ratio / weight.sum()), float(weight.sum() ** -0.5), tuple(notes)


def _mantel_haenszel(
    d_r: FloatArray, r_r: FloatArray, d_c: FloatArray, r_c: FloatArray
) -> tuple[float, float]:
    """Log ratio of the rates of two arms over intervals, and its error (Greenland and Robins 1985): no interval needs deaths."""
    total = r_r + r_c
    above, below = float((d_r * r_c / total).sum()), float((d_c * r_r / total).sum())
    spread = float(((d_r + d_c) * r_r * r_c / total**2).sum())
    return float(np.log(above / below)), float(np.sqrt(spread / (above * below)))


def _within_deaths(error: float, deaths: list[float]) -> tuple[float, tuple[str, ...]]:
    """The error, or what the deaths of both arms allow at least (`survsim.core.information`).

    ``1/D - 1/R`` is the variance of the log of a share of patients: it goes to 0 where an interval takes all of them, while
    the log hazard keeps ``1/D``. Coarse intervals so promise more than their deaths can hold.
    """
    least = least_ratio_error(deaths)
    if error >= SLACK * least:
        return error, ()
    told = (
        f"the intervals give a standard error of {error:.3g}, {deaths[0]:.4g} and {deaths[1]:.4g} deaths allow no less than "
        f"{least:.3g}, which is taken: read the curves at more times"
    )
    return least, (told,)


def _curve(name: str, values: Any, m: int, label: str) -> FloatArray:
    s = float_vector(name, values)
    if s.size != m:
        raise InputError(f"{label}: {name} has {s.size} readings for {m} times.")
    if s[0] != 1.0 or s.min() < 0.0 or np.any(np.diff(s) > 0):
        raise InputError(
            f"{label}: {name} must start at 1, stay within 0 and 1 and never rise; got {s[:5].tolist()}."
        )
    return s


def _risk(arm: str, values: Any, t: FloatArray, s: FloatArray, label: str, total: float | None) -> FloatArray:
    name = f"at_risk_{arm}"
    n = float_vector(name, values)
    if n.size != t.size or n[0] <= 0 or n.min() < 0 or np.any(np.diff(n) > 0):
        raise InputError(
            f"{label}: numbers at risk must be {t.size} counts that start positive and never grow; got {n[:6].tolist()}."
        )
    if total is not None and total != n[0]:
        raise InputError(f"{label}: n_{arm} is {total:g}, but {n[0]:g} are at risk at 0. Give one of them.")
    found = excess_at_risk(n, s)
    if found is not None:
        i, most = found
        raise EvidenceError(
            f"{label}: {name} has {n[i]:g} at time {t[i]:g}, but survival {s[i]:g} leaves {most:g} at most of the "
            f"{n[i - 1]:g} at time {t[i - 1]:g}. Check the table below the figure against the readings."
        )
    return n
