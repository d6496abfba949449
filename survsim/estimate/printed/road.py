"""The one road of a printed number: a row goes in, a refusal or a number with its error comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from survsim.core.checks import one_of
from survsim.estimate.printed import hazard_ratio, median, plain, shares
from survsim.estimate.printed.number import EVENT_SHARE, PrintedNumber, Terms
from survsim.estimate.printed.refusal import Refusal, RefusedRowError
from survsim.estimate.printed.row import PrintedRow, read_row

ROUTES: dict[str, Callable[[PrintedRow, Terms], PrintedNumber]] = {
    "hazard_ratio": hazard_ratio.ratio_number,
    "median": median.median_number,
    "survival": shares.survival_number,
    "cumulative_hazard": shares.hazard_number,
    "proportion": shares.proportion_number,
    "rmst": plain.rmst_number,
    "rate": plain.rate_number,
    "value": plain.value_number,
}
"""What a row is wanted as, and the file that knows how."""


def printed_number(
    row: Any,
    scale: str,
    *,
    unit: str | None = None,
    assume_events: float | None = EVENT_SHARE,
    assume_level: float | None = None,
    assume_exponential: bool = False,
    design_factor: float | None = None,
    beyond_counts: str = "refuse",
) -> PrintedNumber | Refusal:
    """A reported row as a number with its error on an analysis scale, or why it cannot be one.

    Scenarios, pooling, evidence models, effect sizes and checks all read printed rows through this function, so one
    row is one number everywhere. What each scale does, and why, stands in its module of `survsim.estimate.printed`.

    Parameters
    ----------
    row : an `Estimate`, or a mapping with ``value`` and what was printed beside it: ``conf_low, conf_high, conf_level,
        std_error, p_value, n, n_event, time, label, source, study, cluster`` and the qualifiers of an `Estimate`.
    scale : "hazard_ratio" (log), "median" (log), "survival" (log odds), "cumulative_hazard" (``log(-log S)`` of the same
        row), "proportion" (log odds), "rmst", "rate" (log) or "value".
    unit : time unit of the result; None keeps the row's own.
    assume_events : share of n that had the event where a median is printed with n only; None refuses such rows.
    assume_level : level of intervals whose level the source does not state, such as 0.95; None does not use them.
    assume_exponential : True lets a survival point stand for a median.
    design_factor : of the error from counts, instead of that of the scale (1.56 deaths for medians, 1.2 for survival).
    beyond_counts : a standard error below what n or the events allow (`survsim.core.information`): "refuse", or "widen"
        to what they allow, flagged. The same word decides of other numbers that cannot all be true: a standard error beside
        another interval (the larger is taken), survival below 1, a median or a rate beside 0 events (which are left out), a
        p-value or a side that is not the hazard ratio's (which is taken).

    Returns
    -------
    PrintedNumber, or Refusal with its reason.

    Raises
    ------
    InputError : an argument out of its range. A faulty row raises nothing; it is refused.

    References
    ----------
    Tierney 2007, Trials 8:16 (errors of hazard ratios); McGrath 2025, arXiv 2503.03065 (of medians).

    Example
    -------
    >>> from survsim.printed import printed_number
    >>> found = printed_number({"value": 14.0, "n": 40, "n_event": 30}, "median", unit="months")
    >>> round(found.std_error, 3), found.route, found.assumed
    (0.228, 'number of events', ('error from 30 events with design factor 1.56',))
    >>> printed_number({"value": 16.0, "value_qualifier": "lower_bound", "n": 42}, "median").reason
    '16 is printed as lower_bound, no estimate; leave it out and say so.'
    """
    one_of("scale", scale, ROUTES)
    terms = Terms(
        unit=unit,
        assume_events=assume_events,
        assume_level=assume_level,
        assume_exponential=assume_exponential,
        design_factor=design_factor,
        beyond_counts=beyond_counts,
    )
    return take(row, scale, terms)


def take(row: Any, scale: str, terms: Terms, position: int = 0) -> PrintedNumber | Refusal:
    """`printed_number` with its terms already checked; `position` names a row without a name."""
    try:
        return ROUTES[scale](read_row(row, position), terms)
    except RefusedRowError as error:
        return error.refusal


def take_or_raise(row: Any, scale: str, terms: Terms, position: int = 0) -> PrintedNumber:
    """The number, or its refusal raised as `InputError`."""
    return ROUTES[scale](read_row(row, position), terms)
