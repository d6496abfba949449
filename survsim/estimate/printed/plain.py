"""Printed restricted means, rates, and values that are what they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from survsim.core.information import SLACK, least_hazard_error
from survsim.core.times import meet
from survsim.estimate.printed.number import (
    PrintedNumber,
    Terms,
    beside_interval,
    check_inside,
    disputed,
    interval_error,
    no_events,
    number,
    within_counts,
)
from survsim.estimate.printed.refusal import contradiction, too_little
from survsim.estimate.printed.row import PrintedRow

SPREAD_SHARE = 1.5
"""Ratio of a printed standard error to that of the interval beyond which they contradict each other."""


def rmst_number(row: PrintedRow, terms: Terms) -> PrintedNumber:
    """A restricted mean on its own scale, from its interval or standard error only: counts do not give its spread."""
    row.expect("rmst")
    factor = row.factor("value_unit", terms.unit)
    value = row.value() * factor
    horizon = row.number("time")
    tau = None if horizon is None else horizon * row.factor("time_unit", terms.unit)
    if tau is not None:
        value = float(meet(value, tau))
    if tau is None or not 0.0 <= value <= tau:
        raise contradiction(
            row.label, f"a restricted mean lies within 0 and its horizon `time`; got {value:g}."
        )
    return _from_spread(row, terms, "restricted mean", value, factor, np.asarray, (0.0, tau))


def value_number(row: PrintedRow, terms: Terms) -> PrintedNumber:
    """Any measure as it is, from its interval or standard error."""
    return _from_spread(row, terms, "value", row.value(), 1.0, np.asarray, (-np.inf, np.inf))


def rate_number(row: PrintedRow, terms: Terms) -> PrintedNumber:
    """A log rate: from its interval, a standard error, or ``1 / sqrt(d)`` of its d events (Poisson)."""
    row.expect("rate")
    value = row.value()
    if not 0.0 < value < np.inf:
        raise too_little(row.label, f"a rate must be positive to have a logarithm; got {value:g}.")
    d = row.number("n_event")
    lost = [disputed(row, terms, *no_events(f"a rate of {value:g}"))] if d == 0.0 else []
    interval = row.interval(terms.assume_level)
    if interval is None and row.std_error() is None and d:
        return number(
            row, terms, value=value, scale="log rate", estimate=float(np.log(value)),
            std_error=float(least_hazard_error(d)), route="number of events",
        )  # fmt: skip
    return _from_spread(row, terms, "log rate", value, 1.0, np.log, (0.0, np.inf), lost)


def _from_spread(
    row: PrintedRow,
    terms: Terms,
    name: str,
    value: float,
    factor: float,
    scale: Callable[[float], Any],
    limits: tuple[float, float],
    lost: Sequence[str] = (),
) -> PrintedNumber:
    interval = row.interval(terms.assume_level)
    check_inside(row, value / factor, interval, limits[0] / factor, limits[1] / factor)
    found = interval_error(value / factor, interval, scale)
    printed = row.std_error()
    if found is None and printed is None:
        raise too_little(
            row.label, f"{name} {value:g} without interval or std_error cannot be weighed; leave it out."
        )
    logarithm = scale is np.log
    error, note, route = (printed or 0.0) * (1.0 / value if logarithm else factor), "", "standard error"
    if found is not None:
        (error, note), route = found, "interval"
        error *= 1.0 if logarithm else factor
        by_name = None if printed is None else printed * (1.0 / value if logarithm else factor)
        error, apart = beside_interval(row, terms, interval, error, by_name, SPREAD_SHARE)
        lost = (*lost, *apart)
    d = row.number("n_event") if logarithm else None
    error, told = within_counts(
        row, terms, error, float(least_hazard_error(d)) if d else None, SLACK, f"{d or 0:g} events"
    )
    return number(
        row, terms, value=value, scale=name, estimate=float(scale(value)), std_error=error, route=route,
        assumed=(interval.assumed if interval and found else "",), flagged=bool(lost or told),
        notes=tuple(t for t in (note, *lost, *told) if t),
    )  # fmt: skip
