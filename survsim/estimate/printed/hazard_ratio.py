"""A printed hazard ratio: its logarithm and standard error by the best route the numbers allow.

With V the log-rank variance, ``log HR = (O - E) / V`` and ``SE = 1 / sqrt(V)``. Routes in order: O - E and V; observed and
expected events of both arms; interval,
``(log U - log L) / (2 z)``; one-sided limit, or the upper one where the lower rounds to 0; printed standard error of the log ratio; p-value, ``|log HR| / z_p``; events,
``V = O R C / (R + C)^2`` or ``O_r O_c / (O_r + O_c)``; p-value and events, ``O - E = z_p sqrt(V)`` (Parmar 1998; Tierney
2007). Whatever is printed beside a route is compared with it (`printed.agreement`), counts are used as its bound: 1.01 with
p = 0.6 is an error of 0.019, but 40 events cannot give less than 0.316. A row of the evidence counts its arm only, so its
events (or else its patients) bound ``1 / d1`` alone. An interval that is a hazard ratio's has both ends unless it says that
it is one-sided.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from survsim.estimate.printed.agreement import (
    FARTHEST,
    SPREAD_SHARE,
    Said,
    asymmetry_note,
    by_p,
    disagree,
    error_said,
    interval_said,
    limit_said,
    p_disagrees,
    ratio_said,
    side_disagrees,
    upper_said,
    zero_disagrees,
)
from survsim.estimate.printed.logrank import from_logrank, from_observed_and_expected
from survsim.estimate.printed.number import PrintedNumber, Spread, Terms, beside_interval, disputed, number
from survsim.estimate.printed.ratio_events import EVENT_ROUTES, beside_events, by_events, has_events
from survsim.estimate.printed.refusal import contradiction, too_little
from survsim.estimate.printed.row import Interval, PrintedRow

PAIRED = "Check both against the source; if the p-value is of another test, leave it out"


class _Road(NamedTuple):
    """What the best route says, the kinds of numbers it used, and what these say of one another."""

    route: str
    said: Said
    used: tuple[str, ...]
    notes: tuple[str, ...] = ()
    flagged: bool = False
    asymmetry: float = float("nan")


def ratio_number(row: PrintedRow, terms: Terms) -> PrintedNumber:
    """The row as a log hazard ratio."""
    row.expect("hazard_ratio")
    # Numbers typed by hand may leave the ratio out (p and events, O - E and V); a row that names its measure may not.
    stated = row.number("value") is not None or row.text("value_qualifier") or row.text("measure")
    hr = row.value() if stated else None
    interval = _whole(row, row.interval(terms.assume_level))
    _check(row, hr, interval)
    kinds = _kinds(row, hr, interval)
    road = _best_road(row, terms, kinds, interval)
    said = road.said
    if not abs(said.effect) + 10.0 * said.error < FARTHEST:
        raise contradiction(
            row.label,
            f"{road.route} give a log hazard ratio of {said.effect:g} with a standard error of {said.error:g}, which no data "
            "can give. Check the row against the source.",
        )
    beside, wrong = _beside(row, terms, road, kinds, interval)
    side = side_disagrees(said, terms.favours)
    if side:
        beside.append(disputed(row, terms, side, "Check which arm the ratio is of", "the ratio"))
    found = beside_events(row, terms, road.route, said)
    return number(
        row, terms, value=float("nan") if hr is None else hr, scale="log hazard ratio", estimate=float(said.effect),
        std_error=float(found.error), route=road.route, notes=(*road.notes, *beside, *found.notes),
        asymmetry=float(road.asymmetry), flagged=road.flagged or wrong or bool(side) or found.flagged,
        assumed=(interval.assumed if interval and road.route.endswith(("interval", "limit")) else "",),
    )  # fmt: skip


def _kinds(row: PrintedRow, hr: float | None, interval: Interval | None) -> dict[str, Said]:
    """What each kind of printed number says of ratio and error; p-values and counts are compared by themselves."""
    error = row.std_error()
    zero = _low_is_zero(interval)
    both = interval is not None and interval.low is not None and interval.high is not None and not zero
    one = interval is not None and not both and interval.one_sided
    limit = upper_said if zero else limit_said if one else None
    found = {
        "o-e and v": from_logrank(row),
        "observed and expected": from_observed_and_expected(row),
        "ratio": None if hr is None else ratio_said(hr, interval),
        "interval": interval_said(hr, interval) if interval is not None and both else None,
        "limit": limit(hr, interval) if interval is not None and limit is not None else None,
        "error": None if error is None else error_said(error),
    }
    return {name: said for name, said in found.items() if said is not None}


def _best_road(row: PrintedRow, terms: Terms, kinds: dict[str, Said], interval: Interval | None) -> _Road:
    for route in ("o-e and v", "observed and expected"):
        if route in kinds:
            return _Road(route, kinds[route], (route,))
    ratio, p = kinds.get("ratio"), row.p_value()
    if ratio is not None and "interval" in kinds:
        return _by_interval(row, terms, kinds, interval)
    if ratio is not None and "limit" in kinds:
        if not _low_is_zero(interval):
            return _Road("hr and one-sided limit", kinds["limit"], ("ratio", "limit"))
        told = "the lower limit rounds to 0; error from the upper half of the interval"
        return _Road("hr and upper limit", kinds["limit"], ("ratio", "limit"), (told,))
    if ratio is not None and "error" in kinds:
        said = kinds["error"]._replace(what="the standard error", effect=ratio.effect, effects=ratio.effects)
        return _Road("hr and standard error", said, ("ratio", "error"))
    # A ratio of 1 or a p-value of 1 says nothing of the error, and one that rounds to 0 bounds it.
    if ratio is not None and p is not None and ratio.effect != 0.0 and 0.0 < p < 1.0:
        return _Road("hr and p", by_p(ratio, p), ("ratio", "p"))
    if ratio is not None and has_events(row):
        said = by_events(row)._replace(effect=ratio.effect, effects=ratio.effects)
        return _Road("hr and events", said, ("ratio",))
    if ratio is None and p and has_events(row):
        return _Road("p and events", _from_p_and_events(row, p, terms.favours), ("p",))
    bound = "A p-value of 0 is one below half a unit of its last digit, a bound. " if p == 0.0 else ""
    raise too_little(
        row.label,
        f"{_told(row)} allow no route to a standard error. {bound}Give a hazard ratio with its interval, "
        "p-value or events; p-value and events; observed_minus_expected and variance; or observed and expected.",
    )


def _by_interval(row: PrintedRow, terms: Terms, kinds: dict[str, Said], interval: Interval | None) -> _Road:
    """A ratio with both limits, and a printed standard error beside them."""
    ratio, between = kinds["ratio"], kinds["interval"]
    asymmetric = asymmetry_note(ratio, between)
    found = Spread(between.error, *between.errors)
    if "error" in kinds:
        own = Spread(kinds["error"].error, *kinds["error"].errors, "standard error")
        found = beside_interval(row, terms, found, own, SPREAD_SHARE)
    said = between._replace(
        effect=ratio.effect, effects=ratio.effects, error=found.error, errors=(found.least, found.most)
    )
    return _Road(
        "hr and interval",
        said,
        ("ratio", "interval", "error"),
        tuple(note for note in (asymmetric, *found.notes) if note),
        bool(asymmetric) or found.flagged,
        ratio.effect - between.effect,
    )


def _beside(
    row: PrintedRow, terms: Terms, road: _Road, kinds: dict[str, Said], interval: Interval | None
) -> tuple[list[str], bool]:
    """Notes on what is printed beside a road, and whether anything contradicts it."""
    notes, said, p = [], road.said, row.p_value()
    faults = [disagree(said, other) for kind, other in kinds.items() if kind not in road.used]
    if interval is not None and _low_is_zero(interval):
        faults.append(zero_disagrees(said, row.number("value"), interval))
    for told in filter(None, faults):
        notes.append(disputed(row, terms, told, "Check both against the source", said.what))
    wrong = bool(notes)
    # The sides of a p-value beside a one-sided limit are seldom stated.
    if p is None or "p" in road.used or (interval is not None and interval.one_sided):
        return notes, wrong
    told, apart = p_disagrees(said, p)
    if road.route in EVENT_ROUTES:
        # Events leave the error open within bounds; ratio and p-value together must give one of these.
        apart = bool(disagree(said, by_p(kinds["ratio"], p)))
        z = abs(said.effect) / said.error
        told = f"p = {p:g} is printed, ratio and events give p = {2.0 * float(ndtr(-z)):.2g}" if apart else ""
    if apart:
        told = disputed(row, terms, told, PAIRED, f"the error of {said.error:.3g}")
    return notes + ([told] if told else []), wrong or apart


def _from_p_and_events(row: PrintedRow, p: float, favours: str | None) -> Said:
    """The effect whose z statistic is that of p, on the side that is said."""
    said, z = by_events(row), -float(ndtri(p / 2.0))
    if z > 0.0 and favours not in ("research", "control"):
        raise contradiction(
            row.label, "a p-value has no side; pass favours='research' or 'control' as the text says."
        )
    sign = -1.0 if favours == "research" else 1.0
    ends = [sign * z * error for error in said.errors]
    return said._replace(
        what="the p-value with the events", effect=sign * z * said.error, effects=(min(ends), max(ends))
    )


def _low_is_zero(interval: Interval | None) -> bool:
    """Whether the lower of two limits is printed as 0: below half a unit of its last digit, and no more is known of it."""
    return (
        interval is not None and interval.low == 0.0 and interval.high is not None and not interval.one_sided
    )


def _whole(row: PrintedRow, interval: Interval | None) -> Interval | None:
    """No interval where the row itself says that one of its ends could not be read."""
    if interval is None or interval.one_sided:
        return interval
    ends = (("conf_low_note", interval.low), ("conf_high_note", interval.high))
    return None if any(end is None and row.text(note) for note, end in ends) else interval


def _check(row: PrintedRow, hr: float | None, interval: Interval | None) -> None:
    low, high = (None, None) if interval is None else (interval.low, interval.high)
    for name, value in (("hazard_ratio", hr), ("conf_low", low), ("conf_high", high)):
        rounded = value == 0.0 and name == "conf_low" and _low_is_zero(interval)
        if value is not None and not 0.0 < value < np.inf and not rounded:
            advice = "Give more digits, or leave it out." if value == 0.0 else "Is it a log ratio?"
            raise contradiction(row.label, f"{name} must be positive and finite; got {value:g}. {advice}")
    if interval is None or (low is None and high is None):
        if row.raw("one_sided"):
            raise contradiction(
                row.label,
                "one_sided=True speaks of a limit, and none is given. A p-value is read as two-sided: give twice a "
                "one-sided one and leave one_sided out.",
            )
        return
    if interval.one_sided and low is not None and high is not None:
        raise contradiction(
            row.label,
            f"{low:g} and {high:g} are two limits, one_sided says that there is one. Leave it out; conf_level is that of the "
            "interval (two one-sided limits at 0.975 are one of 0.95).",
        )
    if interval.one_sided:
        _check_side(row, hr, interval)
    elif (low is None) != (high is None):
        raise contradiction(
            row.label,
            f"an interval needs both ends; conf_low {low}, conf_high {high}. "
            "If the source prints a one-sided limit, pass one_sided=True.",
        )
    if hr is None or low is None or high is None:
        return
    if not low <= hr <= high or low == high:
        raise contradiction(
            row.label,
            f"interval {low:g} to {high:g} excludes its estimate {hr:g} or is empty. "
            "Check the row against the source.",
        )


def _check_side(row: PrintedRow, hr: float | None, interval: Interval) -> None:
    """A lower limit lies below its estimate, an upper one above, and at a level above one half."""
    if not interval.level > 0.5:
        raise contradiction(
            row.label,
            f"a one-sided limit at conf_level {interval.level:g} does not lie beyond the estimate; levels are above 0.5. "
            "For an upper limit pass conf_high and, say, conf_level=0.975.",
        )
    if hr is None:
        return
    for name, limit, side, wrong in (
        ("conf_low", interval.low, "below", interval.low is not None and interval.low >= hr),
        ("conf_high", interval.high, "above", interval.high is not None and interval.high <= hr),
    ):
        if wrong:
            raise contradiction(
                row.label,
                f"{name} {limit:g} does not lie {side} its estimate {hr:g}. "
                "Check the row against the source, and which of the two limits it prints.",
            )


def _told(row: PrintedRow) -> str:
    names = ("hazard_ratio", "conf_low", "conf_high", "p_value")
    given = [(n, row.number("value" if n == "hazard_ratio" else n)) for n in names]
    sign = row.text("p_qualifier")
    said = [
        f"{name} {sign}{value:g}" if name == "p_value" else f"{name} {value:g}"
        for name, value in given
        if value is not None
    ]
    return ", ".join(said) if said else "no numbers"
