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

ZERO_DEATHS = 1e-6
"""Put for zero deaths in an interval, so that its weight goes to zero (Tierney 2007)."""
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
    """Log hazard ratio from curves: intervals of time are pooled by inverse variance.

    In each interval ``log HR = log[(D_r / R_r) / (D_c / R_c)]`` with variance ``1/D_r - 1/R_r + 1/D_c -
    1/R_c``. With numbers at risk deaths D and effective numbers R follow Williamson 2002; without, censoring
    is spread evenly between shortest and longest follow-up (Parmar 1998). An error below ``sqrt(1/D_r + 1/D_c)`` of all
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
    InputError : curves that rise, times out of order, risk numbers that grow, or missing counts, or other patients than at risk at 0.
    EvidenceError : more at risk than survival leaves of those at risk before, beyond rounding.

    References
    ----------
    Williamson 2002, Stat Med 21:3337, equations 3 to 6; Tierney 2007, Trials 8:16, additional file 1.

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
    (d_r, r_r), (d_c, r_c) = counts
    usable = (r_r > 0) & (r_c > 0)
    events = float(d_r.sum() + d_c.sum())
    if not usable.any() or events <= 0:
        raise InputError(
            f"{label}: the curves hold no deaths while both arms are at risk; nothing to compare."
        )
    x, y = np.maximum(d_r[usable], ZERO_DEATHS), np.maximum(d_c[usable], ZERO_DEATHS)
    log_ratio = np.log((x / r_r[usable]) / (y / r_c[usable]))
    variance = np.maximum(1.0 / x - 1.0 / r_r[usable] + 1.0 / y - 1.0 / r_c[usable], 0.0)
    if np.any(variance == 0.0):
        variance = np.where(variance == 0.0, 1.0 / x + 1.0 / y, variance)
    weight = 1.0 / variance
    notes = []
    heavy = (d_r + d_c) > EVENT_SHARE_LIMIT * events
    if heavy.any():
        notes.append(
            f"{int(heavy.sum())} of {t.size - 1} intervals hold more than 20% of the events: read the curve at more times"
        )
    return float(weight @ log_ratio / weight.sum()), float(weight.sum() ** -0.5), tuple(notes)


def _within_deaths(error: float, deaths: list[float]) -> tuple[float, tuple[str, ...]]:
    """The error, or what the deaths of both arms allow at least (`survsim.core.information`).

    ``1/D - 1/R`` is the variance of the log of a share of patients: it goes to 0 where an interval takes all of them, while
    the log hazard keeps ``1/D``. Coarse intervals so promise more than their deaths can hold.
    """
    if min(deaths) <= 0.0:
        return error, ()
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
