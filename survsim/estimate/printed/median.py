"""A printed median: its logarithm, and the error of a Kaplan-Meier median.

The interval first, half an interval where one end was not reached, then a printed standard error, then counts.
With d deaths and a steady hazard the variance of the log Kaplan-Meier median lies between ``1 / (2 d log(2)^2)``
(follow-up ends at the median, every death counts) and ``1 / (d log(2)^2)`` (all are followed to their death; what
comes after the median adds nothing). The middle of the two, ``0.75 / (d log(2)^2)``, is taken: `DESIGN_FACTOR`.

Where only n is printed, three quarters of n count as deaths. That is the binomial variance of "half of n dead at the
median", ``1 / (n log(2)^2)``, so a median from n weighs as the survival point one half of n patients. The 65 shipped
medians that print both an interval and n agree: half of their squared errors are below 0.95 times what this rule gives.
So n is enough by default, the assumption is named in `assumed`, and ``assume_events=None`` refuses it.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from survsim.core.information import least_median_error
from survsim.estimate.printed.number import (
    PrintedNumber,
    Terms,
    disputed,
    no_events,
    number,
    spread,
    within_counts,
)
from survsim.estimate.printed.refusal import too_little
from survsim.estimate.printed.row import PrintedRow
from survsim.estimate.printed.shares import SPREAD_SHARE, survival_number

DESIGN_FACTOR = 0.75 / np.log(2.0) ** 2
"""Variance of a log median times its deaths: 1.56."""


def median_number(row: PrintedRow, terms: Terms) -> PrintedNumber:
    """The row as a log median."""
    if row.text("measure") == "survival_probability" and terms.assume_exponential:
        return _from_point(row, terms)
    row.expect("median")
    instead = "time_unit" if row.number("time") is None else ""
    factor = row.factor("value_unit", terms.unit, instead=instead)
    value = row.value()
    if not 0.0 < value < np.inf:
        raise too_little(
            row.label,
            f"a median must be positive and reached; got {value:g}. A median that was not reached carries its "
            "information in the curve or in survival at fixed times.",
        )
    interval = row.interval(terms.assume_level)
    found = spread(
        row, terms, value, interval, scale=np.log, slope=1.0 / value, tolerance=SPREAD_SHARE, range_of=(0.0, np.inf)
    )  # fmt: skip
    n, d = row.counts()
    lost = (disputed(row, terms, *no_events(f"a median of {value:g}")),) if d == 0.0 else ()
    centre = float(np.log(value * factor))
    if found is not None:
        seen = d if d else n
        least = float(least_median_error(seen)) if seen else None
        counts = f"{seen or 0:g} {'events' if d else 'patients'}"
        found = within_counts(row, terms, found, least, 1.0, counts)
        return number(
            row, terms, value=value * factor, scale="log median", estimate=centre, std_error=found.error,
            route=found.route, assumed=(interval.assumed if interval and found.route == "interval" else "",),
            flagged=found.flagged or bool(lost), notes=(*lost, *found.notes),
        )  # fmt: skip
    deaths, said = _deaths(row, terms, value, n, d)
    factor_used = DESIGN_FACTOR if terms.design_factor is None else terms.design_factor
    error = float(np.sqrt(factor_used / deaths))
    return number(
        row, terms, value=value * factor, scale="log median", estimate=centre, std_error=error,
        route="number of events" if d else "number of patients",
        assumed=(f"error from {said} with design factor {factor_used:.3g}",),
        n_effective=deaths / (factor_used * float(np.log(2.0)) ** 2), notes=lost, flagged=bool(lost),
    )  # fmt: skip


def _deaths(
    row: PrintedRow, terms: Terms, value: float, n: float | None, d: float | None
) -> tuple[float, str]:
    if d:
        return d, f"{d:g} events"
    if n and terms.assume_events is not None:
        return n * terms.assume_events, f"n = {n:g}, {terms.assume_events:.0%} taken as events"
    hint = " (n is printed; assume_events says what share of it had the event)" if n else ""
    raise too_little(
        row.label,
        f"median {value:g} has neither an interval nor a number of events or patients{hint}; without an error it cannot "
        "be weighed. Leave it out and say so.",
    )


def _from_point(row: PrintedRow, terms: Terms) -> PrintedNumber:
    """Median of the exponential time through one survival point, ``t log 2 / -log S``; error by the delta method."""
    point = survival_number(row, terms)
    share = float(expit(point.estimate))
    time = point.time or 0.0
    if not time > 0.0:
        raise too_little(row.label, "a survival point needs a positive time to stand for a median.")
    value = time * np.log(2.0) / -np.log(share)
    return number(
        row, terms, value=float(value), scale="log median", estimate=float(np.log(value)),
        std_error=float(point.std_error * (1.0 - share) / -np.log(share)), route=point.route,
        assumed=(*point.assumed, "the median of the exponential time through a survival point"),
        notes=point.notes, flagged=point.flagged,
    )  # fmt: skip
