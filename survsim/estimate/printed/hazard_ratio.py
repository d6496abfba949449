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

import numpy as np
from scipy.special import ndtri

from survsim.core.errors import InputError
from survsim.core.information import SLACK, least_hazard_error, least_ratio_error
from survsim.core.kinds import as_numbers
from survsim.estimate.printed.number import PrintedNumber, Terms, number, within_counts
from survsim.estimate.printed.observed_expected import from_observed_and_expected, has_observed_and_expected
from survsim.estimate.printed.refusal import contradiction, too_little
from survsim.estimate.printed.row import Interval, PrintedRow

ASYMMETRY_LIMIT = 0.02
"""Distance on the log scale between an estimate and the middle of its interval beyond which it is flagged."""
LOGRANK_SHARE = 0.5
"""Share of a standard error by which a printed hazard ratio may differ from exp((O - E) / V): Peto's one-step
estimate and a Cox estimate of the same data differ by less, unless the effect is very large."""

FARTHEST = 700.0
"""Log ratios that far from 0, ten standard errors included, leave the range of floating point as ratios."""
LOGRANK_ROUTES = ("o-e and v", "observed and expected")


def ratio_number(row: PrintedRow, terms: Terms) -> PrintedNumber:
    """The row as a log hazard ratio."""
    row.expect("hazard_ratio")
    # Numbers typed by hand may leave the ratio out (p and events, O - E and V); a row that names its measure may not.
    stated = row.number("value") is not None or row.text("value_qualifier") or row.text("measure")
    hr = row.value() if stated else None
    interval = _whole(row, row.interval(terms.assume_level))
    _check(row, hr, interval)
    p = row.p_value()
    asymmetry, notes = float("nan"), []
    if row.number("observed_minus_expected") is not None or row.number("variance") is not None:
        route = "o-e and v"
        effect, error = _from_logrank(row)
        notes = _logrank_notes(effect, error, hr)
    elif has_observed_and_expected(row):
        route = "observed and expected"
        effect, error = from_observed_and_expected(row)
        notes = _logrank_notes(effect, error, hr, "O / E of both arms")
    elif hr is not None and interval is not None and interval.low is not None and interval.high is not None:
        route = "hr and interval"
        effect = float(np.log(hr))
        error = float(np.log(interval.high / interval.low)) / (2.0 * float(ndtri(0.5 + interval.level / 2.0)))
        asymmetry = effect - 0.5 * float(np.log(interval.high * interval.low))
        notes = _interval_notes(effect, error, asymmetry, p)
    elif hr is not None and interval is not None:
        route = "hr and one-sided limit"
        effect = float(np.log(hr))
        limit = interval.high if interval.low is None else interval.low
        error = abs(float(np.log((limit or hr) / hr))) / float(ndtri(interval.level))
    elif hr is not None and row.std_error() is not None:
        route, effect, error = "hr and standard error", float(np.log(hr)), float(row.std_error() or 0.0)
    elif hr is not None and p is not None and hr != 1.0:
        route, effect, error = "hr and p", float(np.log(hr)), abs(float(np.log(hr))) / -float(ndtri(p / 2.0))
    elif hr is not None and row.raw("n_event") is not None and not row.of_arm:
        route, effect, error = "hr and events", float(np.log(hr)), _event_variance(row) ** -0.5
    elif p is not None and row.raw("n_event") is not None and not row.of_arm:
        route = "p and events"
        effect, error = _from_p_and_events(row, p, terms.favours)
    else:
        raise too_little(
            row.label,
            f"{_told(row)} allow no route to a standard error. Give a hazard ratio with its interval, "
            "p-value or events; p-value and events; observed_minus_expected and variance; or observed and expected.",
        )
    if not abs(effect) + 10.0 * error < FARTHEST:
        raise contradiction(
            row.label,
            f"{route} give a log hazard ratio of {effect:g} with a standard error of {error:g}, which no data can give. "
            "Check the row against the source.",
        )
    flagged = abs(asymmetry) > ASYMMETRY_LIMIT or (route in LOGRANK_ROUTES and bool(notes))
    if route not in ("hr and events", "p and events"):
        least, counts = _least(row)
        error, told = within_counts(row, terms, error, least, SLACK, counts)
        notes, flagged = [*notes, *told], flagged or bool(told)
    return number(
        row, terms, value=float("nan") if hr is None else hr, scale="log hazard ratio", estimate=float(effect),
        std_error=float(error), route=route, notes=tuple(notes), flagged=bool(flagged), asymmetry=float(asymmetry),
        assumed=(interval.assumed if interval and route.endswith(("interval", "limit")) else "",),
    )  # fmt: skip


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
    if interval is None:
        return
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


def _logrank_notes(effect: float, error: float, hr: float | None, what: str = "(O - E) / V") -> list[str]:
    """Whether the printed hazard ratio and the log-rank numbers tell one story."""
    if hr is None or abs(np.log(hr) - effect) <= max(ASYMMETRY_LIMIT, LOGRANK_SHARE * error):
        return []
    return [
        f"{what} gives a hazard ratio of {np.exp(effect):.3g}, {hr:g} is printed: perhaps O - E of the other arm "
        "or a misprint"
    ]


def _interval_notes(effect: float, error: float, asymmetry: float, p: float | None) -> list[str]:
    notes = []
    if abs(asymmetry) > ASYMMETRY_LIMIT:
        notes.append(
            f"the estimate lies {asymmetry:+.3f} (log scale) from the middle of its interval: rounding or a misprint"
        )
    if p is not None and effect != 0.0:
        from_p = abs(effect) / -float(ndtri(p / 2.0))
        if not 0.8 < from_p / error < 1.25:
            notes.append(
                f"p = {p:g} would give a standard error of {from_p:.3g}, the interval gives {error:.3g}"
            )
    return notes


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
    given = row.raw("n_arm")
    try:
        arms = as_numbers("n_arm", (1.0, 1.0) if given is None else given)[0]
    except InputError:
        arms = np.zeros(0)
    if arms.size != 2 or not np.all(arms > 0.0) or not np.all(np.isfinite(arms)):
        raise contradiction(row.label, f"n_arm is (research, control), both positive; got {given!r}.")
    if len(events) == 2:
        return events[0] * events[1] / (events[0] + events[1])
    return float(events[0] * arms.prod() / arms.sum() ** 2)


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
