"""A printed number ready to be weighed, and what a caller may assume on its way there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtri

from survsim.core.checks import SMALLEST, between, one_of
from survsim.core.display import displayed
from survsim.core.units import check_unit
from survsim.estimate.printed.refusal import contradiction
from survsim.estimate.printed.rounding import LAST_BITS, gap, printed_range
from survsim.estimate.printed.row import Interval, PrintedRow

BEYOND_COUNTS = ("refuse", "widen")
ONE_UNIT = ("log odds", "log cumulative hazard", "restricted mean")
"""Scales of rows that have one unit, that of their time: values without a unit, or with the same."""
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
    """What the caller allows; see `printed_number` for each. `offered` : whether whoever asks can say `beyond_counts`."""

    unit: str | None = None
    assume_events: float | None = EVENT_SHARE
    assume_level: float | None = None
    assume_exponential: bool = False
    design_factor: float | None = None
    beyond_counts: str = "refuse"
    offered: bool = True
    favours: str | None = None

    def __post_init__(self) -> None:
        if self.unit is not None:
            check_unit(self.unit)
        if self.assume_events is not None:
            between("assume_events", self.assume_events, SMALLEST, 1.0 + 1e-12)
        if self.assume_level is not None:
            between("assume_level", self.assume_level, 0.0, 1.0)
        if self.design_factor is not None:
            between("design_factor", self.design_factor, 0.0, np.inf)
        one_of("beyond_counts", self.beyond_counts, BEYOND_COUNTS)


def number(row: PrintedRow, terms: Terms, *, assumed: tuple[str, ...] = (), **found: Any) -> PrintedNumber:
    """A `PrintedNumber` with what every route knows of its row."""
    horizon = row.number("time")
    instead = "value_unit" if found["scale"] in ONE_UNIT else ""
    return PrintedNumber(
        label=row.label,
        assumed=tuple(a for a in (*row.said(), *assumed) if a),
        time=None if horizon is None else horizon * row.factor("time_unit", terms.unit, instead=instead),
        source=row.text("reference") or None,
        study=row.text("study_id") or None,
        cluster=row.raw("cluster"),
        **found,
    )


def check_inside(row: PrintedRow, value: float, interval: Interval | None, low: float, high: float) -> bool:
    """Refuse what is no interval of its estimate; whether its limits leave the range of what it measures.

    ``estimate +- z std_error`` knows no range: 0.95 (0.88 to 1.02) is an interval, from which the error is ``(U - L) / 2z``. Limits
    beyond the range whose middle is another than the estimate are a misprint.
    """
    if interval is None:
        return False
    lower = low if interval.low is None else interval.low
    upper = high if interval.high is None else interval.high
    beyond = lower < low or upper > high
    if (
        not lower <= value <= upper
        or interval.low == interval.high
        or (beyond and not _symmetric(value, interval))
    ):
        raise contradiction(
            row.label,
            f"interval {lower:g} to {upper:g} excludes its estimate {value:g}, is empty or leaves {low:g} to {high:g}. "
            "Check the row against the source; limits of estimate +- z standard errors may leave it, but on both sides alike. "
            "An error known otherwise is given as std_error.",
        )
    return beyond


def _symmetric(value: float, interval: Interval) -> bool:
    """Whether an estimate is the middle of its limits, rounding apart."""
    if interval.low is None or interval.high is None:
        return False
    (first, last), (low, high) = (printed_range(e, value, interval.low, interval.high) for e in (value, 0.0))
    middle = 0.5 * (interval.low + interval.high)
    return gap((first, last), (middle + low, middle + high)) <= LAST_BITS


class Spread(NamedTuple):
    """A standard error on the scale of the analysis, the least and the most that print as it does, and where it is from."""

    error: float
    least: float
    most: float
    route: str = "interval"
    notes: tuple[str, ...] = ()
    flagged: bool = False

    @property
    def told(self) -> str:
        """What the row says."""
        gives = "is printed" if self.route == "standard error" else f"follows from the {self.route}"
        return f"a standard error of {self.error:.3g} {gives}"


def spread(
    row: PrintedRow,
    terms: Terms,
    value: float,
    interval: Interval | None,
    *,
    scale: Callable[[float], Any],
    slope: float,
    tolerance: float,
    range_of: tuple[float, float],
) -> Spread | None:
    """The error by the interval, else as printed, on `scale`, which moves `slope` times as fast as the value; None without
    either. Where both are printed and contradict each other, their ratio beyond `tolerance`, the larger is taken."""
    beyond = check_inside(row, value, interval, *range_of)
    found = _from_interval(value, interval, np.asarray if beyond else scale)
    if found is not None and beyond:
        error, least, most = (slope * e for e in found[:3])
        told = f"its limits leave {range_of[0]:g} to {range_of[1]:g}, as those of estimate +- z standard errors may"
        found = Spread(error, least, most, notes=(told,))
    printed = row.std_error()
    if printed is None:
        return found
    widest = 0.5 * (range_of[1] - range_of[0])
    if printed > widest:
        raise contradiction(
            row.label,
            f"std_error {printed:g} is more than {widest:g}, half of the range {range_of[0]:g} to {range_of[1]:g}, which no standard "
            "error is. Is it in per cent, or in another unit?",
        )
    low, high = printed_range(printed)
    own = Spread(slope * printed, slope * low, slope * high, "standard error")
    return own if found is None else beside_interval(row, terms, found, own, tolerance)


def _from_interval(value: float, interval: Interval | None, scale: Callable[[float], Any]) -> Spread | None:
    """Standard error on `scale` from both ends, or from the one end that is printed and finite there."""
    if interval is None:
        return None
    ends = (value, interval.low, interval.high)
    low, high = (_on(scale, end, ends) for end in ends[1:])
    z = float(ndtri(interval.level if interval.one_sided else 0.5 + interval.level / 2.0))
    if low is not None and high is not None:
        error, least, most = (width / (2.0 * z) for width in _widths(low, high))
        return Spread(error, least, most)
    end, centre = low or high, _on(scale, value, ends)
    if end is None or centre is None or end[0] == centre[0] or z <= 0.0:
        return None
    told = "one-sided limit" if interval.one_sided else "half of the interval"
    note = f"error from the {'lower' if end == low else 'upper'} {told}"
    error, least, most = (width / z for width in _widths(end, centre))
    return Spread(error, least, most, notes=(note,))


def _on(
    scale: Callable[[float], Any], number: float | None, beside: Sequence[float | None]
) -> tuple[float, float, float] | None:
    """A printed number on a scale, and the ends of what prints as it; None where it is not printed or not finite there."""
    if number is None:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        at, first, last = (float(scale(n)) for n in (number, *printed_range(number, *beside)))
    if not np.isfinite(at):
        return None
    # Beyond the range of the scale nothing bounds the number: what rounds to 0.0 may be next to 0.
    edge = np.copysign(np.inf, at)
    first, last = (edge if np.isnan(e) else e for e in (first, last))
    return at, min(first, last), max(first, last)


def _widths(one: tuple[float, float, float], other: tuple[float, float, float]) -> tuple[float, float, float]:
    """Distance of two numbers, the least and the most that rounding leaves."""
    least = max(gap(one[1:], other[1:]), 0.0)
    return abs(one[0] - other[0]), least, max(one[2] - other[1], other[2] - one[1])


def disputed(row: PrintedRow, terms: Terms, told: str, advice: str, taken: str) -> str:
    """The note of printed numbers that cannot all be true; by default such a row is refused."""
    if terms.beyond_counts == "refuse":
        offer = f"; beyond_counts='widen' takes {taken}" if terms.offered else ""
        raise contradiction(row.label, f"{told}. {advice}{offer}.")
    return f"{told}; {taken} is taken"


def no_events(what: str) -> tuple[str, str, str]:
    """What `disputed` is told of something that needs an event where none is printed."""
    return (
        f"{what} is printed beside 0 events, without which it cannot be",
        "Check what the events are of",
        "the number without its events",
    )


def beside_interval(
    row: PrintedRow, terms: Terms, found: Spread, printed: Spread, tolerance: float
) -> Spread:
    """The error of an interval beside a printed standard error on the same scale: the larger where they contradict."""
    if printed.least <= tolerance * found.most and found.least <= tolerance * printed.most:
        return found
    raw = row.number("std_error") or printed.error
    there = "" if np.isclose(raw, printed.error) else f" ({printed.error:.3g} on the scale of the analysis)"
    told = f"a standard error of {raw:g} is printed{there}, the interval gives {found.error:.3g}"
    larger = max(found, printed)
    note = disputed(
        row, terms, told, "Check both, and their scale, against the source", f"{larger.error:.3g}"
    )
    return larger._replace(route=found.route, notes=(*found.notes, note), flagged=True)


def within_counts(
    row: PrintedRow, terms: Terms, found: Spread, least: float | None, slack: float, counts: str
) -> Spread:
    """The error, or what the counts allow at least.

    Where rounding of the printed numbers leaves that much open, it is taken with a note; where it does not, they contradict the
    counts: refused by default.
    """
    if least is None or not np.isfinite(least) or found.error >= slack * least:
        return found
    raised = found._replace(error=least, most=max(found.most, least))
    if found.most >= slack * least:
        told = f"{found.told} ({found.least:.2g} to {found.most:.2g} by rounding), {counts} allow no less than {least:.3g}"
        return raised._replace(notes=(*found.notes, f"{told}, which is taken"))
    told = f"{found.told}, {counts} allow no less than {least:.3g}"
    note = disputed(row, terms, told, "Check interval, p-value and counts against the source", f"{least:.3g}")
    return raised._replace(notes=(*found.notes, note), flagged=True)
