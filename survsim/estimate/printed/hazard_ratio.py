"""A printed hazard ratio: its logarithm and standard error by the best route the numbers allow.

With V the log-rank variance, ``log HR = (O - E) / V`` and ``SE = 1 / sqrt(V)``. Routes in order: O - E and V; observed and
expected events of both arms; interval,
``(log U - log L) / (2 z)``; one-sided limit; printed standard error of the log ratio; p-value, ``|log HR| / z_p``; events,
``V = O R C / (R + C)^2`` or ``O_r O_c / (O_r + O_c)``; p-value and events, ``O - E = z_p sqrt(V)`` (Parmar 1998; Tierney
2007). Counts beside a better route are used as its bound: 1.01 with p = 0.6 is an error of 0.019, but 40 events cannot
give less than 0.316; the ratio was rounded. A row of the evidence counts its arm only, so its events (or else its patients)
bound ``1 / d1`` alone. An interval that is a hazard ratio's has both ends unless it says that it is one-sided.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from survsim.core.errors import InputError
from survsim.core.information import SLACK, least_hazard_error, least_ratio_error
from survsim.core.kinds import as_numbers
from survsim.estimate.printed.agreement import (
    error_range,
    least_error_by_p,
    p_disagrees,
    side_disagrees,
    usual_error,
)
from survsim.estimate.printed.number import (
    PrintedNumber,
    Terms,
    beside_interval,
    disputed,
    number,
    within_counts,
)
from survsim.estimate.printed.observed_expected import from_observed_and_expected, has_observed_and_expected
from survsim.estimate.printed.refusal import contradiction, too_little
from survsim.estimate.printed.rounding import places, printed_range
from survsim.estimate.printed.row import Interval, PrintedRow

ASYMMETRY_LIMIT = 0.02
"""Distance on the log scale between an estimate and the middle of its interval beyond which it is flagged."""
LOGRANK_SHARE = 0.5
"""Share of a standard error by which a printed hazard ratio may differ from exp((O - E) / V): Peto's one-step
estimate and a Cox estimate of the same data differ by less, unless the effect is very large."""

FARTHEST = 700.0
"""Log ratios that far from 0, ten standard errors included, leave the range of floating point as ratios."""
SPREAD_SHARE = 1.25
"""Ratio of a printed standard error to that of the interval beyond which they contradict each other, rounding apart."""
PAIRED = "Check both against the source; if the p-value is of another test, leave it out"
LOGRANK_ROUTES = ("o-e and v", "observed and expected")


def ratio_number(row: PrintedRow, terms: Terms) -> PrintedNumber:
    """The row as a log hazard ratio."""
    row.expect("hazard_ratio")
    # Numbers typed by hand may leave the ratio out (p and events, O - E and V); a row that names its measure may not.
    stated = row.number("value") is not None or row.text("value_qualifier") or row.text("measure")
    hr = row.value() if stated else None
    interval = _whole(row, row.interval(terms.assume_level))
    _check(row, hr, interval)
    found = _by_the_best_route(row, terms, hr, interval, row.p_value())
    effect, error, notes, flagged = found.effect, found.error, list(found.notes), found.flagged
    if not abs(effect) + 10.0 * error < FARTHEST:
        raise contradiction(
            row.label,
            f"{found.route} give a log hazard ratio of {effect:g} with a standard error of {error:g}, which no data can give. "
            "Check the row against the source.",
        )
    side = side_disagrees(effect, None if found.route in LOGRANK_ROUTES else hr, terms.favours)
    if side:
        notes.append(disputed(row, terms, side, "Check which arm the ratio is of", "the ratio"))
    if found.route not in ("hr and events", "p and events"):
        notes += _above_counts(row, terms, error, found.least)
        least, counts = _least(row)
        error, told = within_counts(row, terms, error, least, SLACK, counts)
        notes += told
    return number(
        row, terms, value=float("nan") if hr is None else hr, scale="log hazard ratio", estimate=float(effect),
        std_error=float(error), route=found.route, notes=tuple(notes), asymmetry=float(found.asymmetry),
        flagged=flagged or len(notes) > len(found.notes),
        assumed=(interval.assumed if interval and found.route.endswith(("interval", "limit")) else "",),
    )  # fmt: skip


class _Found(NamedTuple):
    """Log ratio and error by one route, the least error that prints so, and what the numbers of the route say of one another."""

    route: str
    effect: float
    error: float
    least: float
    notes: tuple[str, ...] = ()
    flagged: bool = False
    asymmetry: float = float("nan")


def _by_the_best_route(
    row: PrintedRow, terms: Terms, hr: float | None, interval: Interval | None, p: float | None
) -> _Found:
    by_events = row.raw("n_event") is not None and not row.of_arm
    if row.number("observed_minus_expected") is not None or row.number("variance") is not None:
        effect, error = _from_logrank(row)
        notes = _logrank_notes(effect, error, hr)
        return _Found("o-e and v", effect, error, error, notes, bool(notes))
    if has_observed_and_expected(row):
        effect, error = from_observed_and_expected(row)
        notes = _logrank_notes(effect, error, hr, "O / E of both arms")
        return _Found("observed and expected", effect, error, error, notes, bool(notes))
    if hr is not None and (interval is not None or row.std_error() is not None):
        return _from_spread(row, terms, hr, interval, p)
    if hr is not None and p is not None and hr != 1.0:
        effect = float(np.log(hr))
        return _Found("hr and p", effect, abs(effect) / -float(ndtri(p / 2.0)), least_error_by_p(hr, p))
    if hr is not None and by_events:
        error = _event_variance(row) ** -0.5
        return _Found("hr and events", float(np.log(hr)), error, error)
    if p is not None and by_events:
        effect, error = _from_p_and_events(row, p, terms.favours)
        return _Found("p and events", effect, error, error)
    raise too_little(
        row.label,
        f"{_told(row)} allow no route to a standard error. Give a hazard ratio with its interval, "
        "p-value or events; p-value and events; observed_minus_expected and variance; or observed and expected.",
    )


def _from_spread(
    row: PrintedRow, terms: Terms, hr: float, interval: Interval | None, p: float | None
) -> _Found:
    """A ratio with its interval, its one-sided limit or its standard error, and the p-value beside them."""
    effect, printed = float(np.log(hr)), row.std_error()
    if interval is not None and (interval.low is None or interval.high is None):
        limit = interval.high if interval.low is None else interval.low
        error = abs(float(np.log((limit or hr) / hr))) / float(ndtri(interval.level))
        return _Found("hr and one-sided limit", effect, error, error)
    notes: tuple[str, ...] = ()
    asymmetry = float("nan")
    if interval is not None and interval.low is not None and interval.high is not None:
        route, decimals = "hr and interval", places(hr, interval.low, interval.high)
        error = float(np.log(interval.high / interval.low)) / (2.0 * float(ndtri(0.5 + interval.level / 2.0)))
        errors = error_range(interval, decimals)
        asymmetry = effect - 0.5 * float(np.log(interval.high * interval.low))
        error, notes = beside_interval(row, terms, interval, error, printed, SPREAD_SHARE)
        notes = (*_asymmetry_notes(asymmetry), *notes)
    else:
        route, decimals, error = "hr and standard error", places(hr), float(printed or 0.0)
        errors = printed_range(error, places(error))
    flagged = bool(notes)
    if p is not None:
        told, apart = p_disagrees(hr, decimals, error, errors, p)
        if apart:
            told, flagged = disputed(row, terms, told, PAIRED, f"the error of {error:.3g}"), True
        notes = (*notes, told) if told else notes
    return _Found(route, effect, error, max(errors[0], 0.0), notes, flagged, asymmetry)


def _whole(row: PrintedRow, interval: Interval | None) -> Interval | None:
    """No interval where the row itself says that one of its ends could not be read."""
    if interval is None or interval.one_sided:
        return interval
    ends = (("conf_low_note", interval.low), ("conf_high_note", interval.high))
    return None if any(end is None and row.text(note) for note, end in ends) else interval


def _check(row: PrintedRow, hr: float | None, interval: Interval | None) -> None:
    low, high = (None, None) if interval is None else (interval.low, interval.high)
    for name, value in (("hazard_ratio", hr), ("conf_low", low), ("conf_high", high)):
        if value is not None and not 0.0 < value < np.inf:
            raise contradiction(
                row.label, f"{name} must be positive and finite; got {value:g}. Is it a log ratio?"
            )
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


def _logrank_notes(
    effect: float, error: float, hr: float | None, what: str = "(O - E) / V"
) -> tuple[str, ...]:
    """Whether the printed hazard ratio and the log-rank numbers tell one story."""
    if hr is None or abs(np.log(hr) - effect) <= max(ASYMMETRY_LIMIT, LOGRANK_SHARE * error):
        return ()
    return (
        f"{what} gives a hazard ratio of {np.exp(effect):.3g}, {hr:g} is printed: perhaps O - E of the other arm "
        "or a misprint",
    )


def _asymmetry_notes(asymmetry: float) -> list[str]:
    if abs(asymmetry) <= ASYMMETRY_LIMIT:
        return []
    return [
        f"the estimate lies {asymmetry:+.3f} (log scale) from the middle of its interval: rounding or a misprint"
    ]


def _above_counts(row: PrintedRow, terms: Terms, error: float, least: float) -> list[str]:
    """Events of a whole comparison that should have told far more than the printed error says."""
    if row.of_arm or row.raw("n_event") is None:
        return []
    events = _events(row)
    arms = _arms(row) if row.raw("n_arm") is not None else None
    if least <= usual_error(events, arms):
        return []
    told = (
        f"a standard error of {error:.3g} is printed, {' and '.join(f'{e:g}' for e in events)} events give about "
        f"{_event_variance(row) ** -0.5:.3g}"
    )
    return [disputed(row, terms, told, "Check the interval, and what the events are of", f"{error:.3g}")]


def _from_logrank(row: PrintedRow) -> tuple[float, float]:
    o_minus_e, variance = row.number("observed_minus_expected"), row.number("variance")
    if o_minus_e is None or variance is None or not 0.0 < variance < np.inf or not np.isfinite(o_minus_e):
        raise contradiction(
            row.label,
            f"observed_minus_expected and a positive variance belong together; got {o_minus_e} and {variance}.",
        )
    return o_minus_e / variance, variance**-0.5


def _events(row: PrintedRow) -> list[float]:
    """The total, or (research, control)."""
    given = row.raw("n_event")
    try:
        events = np.atleast_1d(as_numbers("n_event", given)[0])
    except InputError:
        events = np.zeros(0)
    if events.size not in (1, 2) or not np.all(events > 0.0) or not np.all(np.isfinite(events)):
        raise contradiction(
            row.label, f"n_event is the positive total or (research, control); got {given!r}."
        )
    return [float(e) for e in events]


def _event_variance(row: PrintedRow) -> float:
    """V from events (Tierney 2007, equations 5 and 9)."""
    events = _events(row)
    arms = _arms(row)
    if len(events) == 2:
        return events[0] * events[1] / (events[0] + events[1])
    return events[0] * arms[0] * arms[1] / (arms[0] + arms[1]) ** 2


def _arms(row: PrintedRow) -> tuple[float, float]:
    """Patients of (research, control), of which only the ratio counts; alike where they are not said."""
    given = row.raw("n_arm")
    try:
        arms = as_numbers("n_arm", (1.0, 1.0) if given is None else given)[0]
    except InputError:
        arms = np.zeros(0)
    if arms.size != 2 or not np.all(arms > 0.0) or not np.all(np.isfinite(arms)):
        raise contradiction(row.label, f"n_arm is (research, control), both positive; got {given!r}.")
    return float(arms[0]), float(arms[1])


def _from_p_and_events(row: PrintedRow, p: float, favours: str | None) -> tuple[float, float]:
    variance = _event_variance(row)
    if favours not in ("research", "control"):
        raise contradiction(
            row.label, "a p-value has no side; pass favours='research' or 'control' as the text says."
        )
    sign = -1.0 if favours == "research" else 1.0
    return sign * -float(ndtri(p / 2.0)) / variance**0.5, variance**-0.5


def _least(row: PrintedRow) -> tuple[float | None, str]:
    """What the events allow; the counts of one arm bound its own share only."""
    if not row.of_arm:
        if row.raw("n_event") is None:
            return None, ""
        events = _events(row)
        return least_ratio_error(events), f"{' and '.join(f'{e:g}' for e in events)} events"
    n, d = row.counts()
    if d == 0.0:
        raise contradiction(
            row.label,
            "0 events of an arm give no finite hazard ratio. Check what the events are of, or leave them out.",
        )
    seen = d if d else n
    return (float(least_hazard_error(seen)) if seen else None), (
        f"{seen or 0:g} {'events' if d else 'patients'} of one arm"
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
