"""A printed survival probability or proportion: its log odds (or log cumulative hazard) and their error.

The interval first (half of it where an end lies at 0 or 1), then a printed standard error, then counts: the binomial
error of n, its variance multiplied by a design factor for survival, because some of the n left before the time asked
about. The factor is 1.2: the 17 shipped points that print both an interval and n need 0.96 to 2.03, half of them less
than 1.17. n alone is enough here, and for a median only through a shape: a share of n patients is what the binomial is
about. At 0% and 100%, and where fewer than half a patient stands on one side, half a patient is added to both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import logit

from survsim.core.information import POINT_SLACK, least_hazard_error, least_log_odds_error
from survsim.estimate.printed.number import (
    PrintedNumber,
    Terms,
    check_inside,
    disputed,
    no_events,
    number,
    spread,
    within_counts,
)
from survsim.estimate.printed.refusal import contradiction, too_little
from survsim.estimate.printed.rounding import LAST_BITS, printed_range
from survsim.estimate.printed.row import PrintedRow

DESIGN_FACTOR = 1.2
"""Factor on the binomial variance of a survival point printed with n only."""
SPREAD_SHARE = 2.0
"""Ratio of a printed standard error to that of the interval beyond which they contradict each other: intervals of shares are
made on several scales."""
COUNT_TOLERANCE = 0.0101
"""Difference between a proportion and its counts that rounding or cutting to per cent explains."""


def survival_number(row: PrintedRow, terms: Terms) -> PrintedNumber:
    """The row as log odds of survival."""
    row.expect("survival_probability")
    return _share(row, terms, "survival", logit, "log odds")


def hazard_number(row: PrintedRow, terms: Terms) -> PrintedNumber:
    """The same row as a log cumulative hazard, ``log(-log S)``: what hazards are compared with."""
    row.expect("survival_probability")
    return _share(row, terms, "survival", _cloglog, "log cumulative hazard")


def proportion_number(row: PrintedRow, terms: Terms) -> PrintedNumber:
    """The row as log odds of a proportion."""
    row.expect("proportion")
    return _share(row, terms, "proportion", logit, "log odds")


def _share(
    row: PrintedRow, terms: Terms, quantity: str, scale: Callable[[float], Any], name: str
) -> PrintedNumber:
    share = row.value()
    if not 0.0 <= share <= 1.0:
        raise contradiction(
            row.label, f"{quantity} must lie within 0 and 1; got {share:g}. Is it in per cent?"
        )
    interval = row.interval(terms.assume_level)
    n, d = row.counts()
    row.factor("time_unit", terms.unit)
    open_share = 0.0 < share < 1.0
    # How fast the scale moves with the share: what an error of the share is multiplied with.
    slope = float("nan")
    if open_share:
        slope = 1.0 / (share * (1.0 - share) if scale is logit else share * -float(np.log(share)))
    found = None
    if open_share:
        found = spread(
            row, terms, share, interval, scale=scale, slope=slope, tolerance=SPREAD_SHARE, range_of=(0.0, 1.0)
        )  # fmt: skip
    else:
        check_inside(row, share, interval, 0.0, 1.0)
    survived = quantity == "survival" and d == 0.0 and share < 1.0
    lost = [disputed(row, terms, *no_events(f"survival {share:g}"))] if survived else []
    if found is None:
        return _from_counts(row, terms, quantity, share, n, d, scale, name, lost)
    if quantity == "proportion" and d is not None and n:
        lost += _agreeing(row, terms, share, d, n)[1]
    least, counts = _least(quantity, share, n, d, slope)
    found = within_counts(row, terms, found, least, POINT_SLACK, counts)
    return number(
        row, terms, value=share, scale=name, estimate=float(scale(share)), std_error=found.error,
        route=found.route, assumed=(interval.assumed if interval and found.route == "interval" else "",),
        flagged=found.flagged or bool(lost), notes=(*lost, *found.notes),
    )  # fmt: skip


def _least(
    quantity: str, share: float, n: float | None, d: float | None, slope: float
) -> tuple[float | None, str]:
    """The larger of what n and, for survival, the events allow, on the scale in use."""
    bounds: list[tuple[float, str]] = []
    if n:
        on_share = float(least_log_odds_error(share, n)) * share * (1.0 - share)
        bounds.append((on_share * slope, f"{n:g} patients"))
    if d and quantity == "survival":
        on_share = float(least_hazard_error(d)) * share * -float(np.log(share))
        bounds.append((on_share * slope, f"{d:g} events"))
    return max(bounds) if bounds else (None, "")


def _from_counts(
    row: PrintedRow,
    terms: Terms,
    quantity: str,
    share: float,
    n: float | None,
    d: float | None,
    scale: Callable[[float], Any],
    name: str,
    lost: list[str],
) -> PrintedNumber:
    if not n:
        raise too_little(
            row.label,
            f"{quantity} {share:g} has neither a usable interval nor a number of patients; without an error it cannot "
            "be weighed. Leave it out and say so.",
        )
    crude = quantity == "proportion"
    told = tuple(lost)
    if crude and d is not None:
        share, told = _agreeing(row, terms, share, d, n)
    factor = 1.0 if crude else DESIGN_FACTOR if terms.design_factor is None else terms.design_factor
    effective = n / factor
    kept = share * effective
    extra = 0.5 if kept < 0.5 or effective - kept < 0.5 else 0.0
    inside, outside = kept + extra, effective - kept + extra
    odds_error = float(np.sqrt(1.0 / inside + 1.0 / outside))
    at = inside / (inside + outside)
    error = odds_error if scale is logit else odds_error * (1.0 - at) / -float(np.log(at))
    said = "" if crude else f"error from n = {n:g} with design factor {factor:g}"
    return number(
        row, terms, value=share, scale=name, estimate=float(scale(at)), std_error=error,
        route="counts" if crude else "number of patients", assumed=(said,), n_effective=effective,
        notes=told, flagged=bool(told),
    )  # fmt: skip


def _agreeing(
    row: PrintedRow, terms: Terms, share: float, d: float, n: float
) -> tuple[float, tuple[str, ...]]:
    """The counts, which are exact, unless the printed proportion says something else."""
    half = share - printed_range(share, row.number("conf_low"), row.number("conf_high"))[0]
    if abs(d / n - share) <= max(COUNT_TOLERANCE, half + LAST_BITS):
        return d / n, ()
    told = f"{d:g} of {n:g} is {d / n:.3g}, {share:g} is printed"
    return share, (
        disputed(row, terms, told, "Check numerator, denominator and per cent", "the printed share"),
    )


def _cloglog(share: float) -> Any:
    return np.log(-np.log(share))
