"""Printed restricted means, rates, and values that are what they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from survsim.core.information import MEAN_SLACK, SLACK, least_hazard_error, least_rmst_error
from survsim.core.times import meet
from survsim.estimate.printed.number import (
    PrintedNumber,
    Terms,
    disputed,
    no_events,
    number,
    spread,
    within_counts,
)
from survsim.estimate.printed.refusal import contradiction, too_little
from survsim.estimate.printed.row import PrintedRow

SPREAD_SHARE = 1.5
"""Ratio of a printed standard error to that of the interval beyond which they contradict each other."""


def rmst_number(row: PrintedRow, terms: Terms) -> PrintedNumber:
    """A restricted mean on its own scale, from its interval or standard error only: counts bound its spread and do not give it."""
    row.expect("rmst")
    factor = row.factor("value_unit", terms.unit, instead="time_unit")
    value = row.value() * factor
    horizon = row.number("time")
    tau = None if horizon is None else horizon * row.factor("time_unit", terms.unit, instead="value_unit")
    if tau is not None:
        value = float(meet(value, tau))
    if tau is None or not 0.0 <= value <= tau:
        raise contradiction(
            row.label, f"a restricted mean lies within 0 and its horizon `time`; got {value:g}."
        )
    n, d = row.counts()
    lost = []
    if d == 0.0 and value < tau:
        lost.append(
            disputed(row, terms, *no_events(f"a restricted mean of {value:g} below its horizon {tau:g}"))
        )
    seen = d if d else n
    least = (least_rmst_error(value, tau, seen) / factor, MEAN_SLACK) if seen else None
    counts = f"{seen or 0:g} {'events' if d else 'patients'}"
    return _from_spread(
        row, terms, "restricted mean", value, factor, np.asarray, (0.0, tau), lost, least, counts
    )


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
    least = (float(least_hazard_error(d)), SLACK) if d else None
    return _from_spread(
        row, terms, "log rate", value, 1.0, np.log, (0.0, np.inf), lost, least, f"{d or 0:g} events"
    )


def _from_spread(
    row: PrintedRow,
    terms: Terms,
    name: str,
    value: float,
    factor: float,
    scale: Callable[[float], Any],
    limits: tuple[float, float],
    lost: Sequence[str] = (),
    least: tuple[float, float] | None = None,
    counts: str = "",
) -> PrintedNumber:
    interval = row.interval(terms.assume_level)
    own, logarithm = value / factor, scale is np.log
    found = spread(
        row, terms, own, interval, scale=scale, slope=1.0 / own if logarithm else 1.0, tolerance=SPREAD_SHARE,
        range_of=(limits[0] / factor, limits[1] / factor),
    )  # fmt: skip
    if found is None:
        raise too_little(
            row.label, f"{name} {value:g} without interval or std_error cannot be weighed; leave it out."
        )
    if least is not None:
        found = within_counts(row, terms, found, *least, counts)
    return number(
        row, terms, value=value, scale=name, estimate=float(scale(value)),
        std_error=found.error * (1.0 if logarithm else factor), route=found.route,
        assumed=(interval.assumed if interval and found.route == "interval" else "",),
        flagged=found.flagged or bool(lost), notes=(*lost, *found.notes),
    )  # fmt: skip
