"""A printed number ready to be weighed, and what a caller may assume on its way there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from survsim.core.checks import between, one_of
from survsim.core.display import displayed
from survsim.core.units import check_unit
from survsim.estimate.printed.refusal import contradiction
from survsim.estimate.printed.rounding import places, printed_range
from survsim.estimate.printed.row import Interval, PrintedRow

BEYOND_COUNTS = ("refuse", "widen")
EVENT_SHARE = 0.75
"""Share of n taken to have had the event where a median is printed with n only; see `printed.median`."""


@displayed
@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedNumber:
    """A row on its analysis scale.

    Attributes
    ----------
    label, source, study, cluster : whose number it is; cluster names rows that share patients.
    value : as printed, times in the unit asked for; time : its horizon in that unit, or None.
    scale : "log hazard ratio", "log median", "log odds", "log cumulative hazard", "restricted mean", "log rate" or
        "value"; estimate, std_error : on it.
    route : where the error came from ("interval", "number of patients", ...).
    assumed : what was assumed on the way; empty where everything was printed.
    notes : what a reader should know; flagged : printed numbers do not fit one another.
    asymmetry : estimate minus the middle of its interval, for hazard ratios.
    n_effective : patients, all followed, that would give this error, on the routes from counts.
    """

    label: str
    value: float
    scale: str
    estimate: float
    std_error: float
    route: str
    assumed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    flagged: bool = False
    asymmetry: float = float("nan")
    n_effective: float | None = None
    time: float | None = None
    source: str | None = None
    study: str | None = None
    cluster: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the caller allows; see `printed_number` for each."""

    unit: str | None = None
    assume_events: float | None = EVENT_SHARE
    assume_level: float | None = None
    assume_exponential: bool = False
    design_factor: float | None = None
    beyond_counts: str = "refuse"
    favours: str | None = None

    def __post_init__(self) -> None:
        if self.unit is not None:
            check_unit(self.unit)
        if self.assume_events is not None:
            between("assume_events", self.assume_events, 0.0, 1.0 + 1e-12)
        if self.assume_level is not None:
            between("assume_level", self.assume_level, 0.0, 1.0)
        if self.design_factor is not None:
            between("design_factor", self.design_factor, 0.0, np.inf)
        one_of("beyond_counts", self.beyond_counts, BEYOND_COUNTS)


def number(row: PrintedRow, terms: Terms, *, assumed: tuple[str, ...] = (), **found: Any) -> PrintedNumber:
    """A `PrintedNumber` with what every route knows of its row."""
    horizon = row.number("time")
    return PrintedNumber(
        label=row.label,
        assumed=tuple(a for a in (*row.said(), *assumed) if a),
        time=None if horizon is None else horizon * row.factor("time_unit", terms.unit),
        source=row.text("reference") or None,
        study=row.text("study_id") or None,
        cluster=row.raw("cluster"),
        **found,
    )


def check_inside(row: PrintedRow, value: float, interval: Interval | None, low: float, high: float) -> None:
    """An interval holds its estimate, has a width, and stays within the range of what it measures."""
    if interval is None:
        return
    lower = low if interval.low is None else interval.low
    upper = high if interval.high is None else interval.high
    if not low <= lower <= value <= upper <= high or interval.low == interval.high:
        raise contradiction(
            row.label,
            f"interval {lower:g} to {upper:g} excludes its estimate {value:g}, is empty or leaves {low:g} to {high:g}. "
            "Check the row against the source.",
        )


def interval_error(
    value: float, interval: Interval | None, scale: Callable[[float], Any]
) -> tuple[float, str] | None:
    """Standard error on `scale` from both ends, or from the one end that is printed and finite there."""
    if interval is None:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = [None if e is None else float(scale(e)) for e in (interval.low, interval.high)]
        centre = float(scale(value))
    low, high = (e if e is not None and np.isfinite(e) else None for e in ends)
    z = float(ndtri(interval.level if interval.one_sided else 0.5 + interval.level / 2.0))
    if low is not None and high is not None:
        return abs(high - low) / (2.0 * z), ""
    end = low if low is not None else high
    if end is None or end == centre or z <= 0.0:
        return None
    side = "lower" if end == low else "upper"
    told = "one-sided limit" if interval.one_sided else "half of the interval"
    return abs(end - centre) / z, f"error from the {side} {told}"


def disputed(row: PrintedRow, terms: Terms, told: str, advice: str, taken: str) -> str:
    """The note of printed numbers that cannot all be true; by default such a row is refused."""
    if terms.beyond_counts == "refuse":
        raise contradiction(row.label, f"{told}. {advice}; beyond_counts='widen' takes {taken}.")
    return f"{told}; {taken} is taken"


def no_events(what: str) -> tuple[str, str, str]:
    """What `disputed` is told of something that needs an event where none is printed."""
    return (
        f"{what} is printed beside 0 events, without which it cannot be",
        "Check what the events are of",
        "the number without its events",
    )


def beside_interval(
    row: PrintedRow,
    terms: Terms,
    interval: Interval | None,
    error: float,
    printed: float | None,
    tolerance: float,
) -> tuple[float, tuple[str, ...]]:
    """The error of an interval beside a printed standard error on the same scale: the larger where they contradict.

    Rounding of both is allowed for: half a last digit of the standard error, and of each limit.
    """
    raw, loose = row.number("std_error"), 1.0
    if printed is None or raw is None:
        return error, ()
    if interval is not None and interval.low is not None and interval.high is not None:
        digit = 10.0 ** -places(interval.low, interval.high)
        loose += digit / (interval.high - interval.low)
    low, high = (printed * end / raw for end in printed_range(raw, places(raw)))
    if low <= error * tolerance * loose and high * tolerance * loose >= error:
        return error, ()
    there = "" if raw == printed else f" ({printed:.3g} on the scale of the analysis)"
    told = f"a standard error of {raw:g} is printed{there}, the interval gives {error:.3g}"
    larger = max(error, printed)
    return larger, (
        disputed(row, terms, told, "Check both, and their scale, against the source", f"{larger:.3g}"),
    )


def within_counts(
    row: PrintedRow, terms: Terms, error: float, least: float | None, slack: float, counts: str
) -> tuple[float, tuple[str, ...]]:
    """The error, or what the counts allow at least; by default an impossible one is refused."""
    if least is None or not np.isfinite(least) or error >= slack * least:
        return error, ()
    told = f"a standard error of {error:.3g} is printed, {counts} allow no less than {least:.3g}"
    if terms.beyond_counts == "refuse":
        raise contradiction(
            row.label,
            f"{told}. Check interval, p-value and counts against the source; beyond_counts='widen' takes {least:.3g}.",
        )
    return least, (f"{told}, which is taken",)
