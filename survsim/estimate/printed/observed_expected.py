"""A log hazard ratio from the log-rank test's observed and expected events of both arms."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import InputError
from survsim.core.kinds import as_numbers
from survsim.estimate.printed.refusal import contradiction
from survsim.estimate.printed.row import PrintedRow

APART = 0.02, 1.0
"""Share of the events, and events, by which observed and expected may differ in all (rounding of what is printed)."""


def has_observed_and_expected(row: PrintedRow) -> bool:
    """Whether a row gives either of them."""
    return row.raw("observed") is not None or row.raw("expected") is not None


def from_observed_and_expected(row: PrintedRow) -> tuple[float, float]:
    """log[(O_r / E_r) / (O_c / E_c)] and sqrt(1 / E_r + 1 / E_c) (Tierney 2007; Pike 1972)."""
    observed, expected = _pair(row, "observed"), _pair(row, "expected")
    seen, due = float(observed.sum()), float(expected.sum())
    if abs(seen - due) > max(APART[0] * seen, APART[1]):
        raise contradiction(
            row.label,
            f"observed events add up to {seen:g} and expected ones to {due:g}; in a log-rank test the two are equal. Check "
            "that both arms were read from one test.",
        )
    effect = np.log(observed[0] / expected[0]) - np.log(observed[1] / expected[1])
    return float(effect), float(np.sqrt((1.0 / expected).sum()))


def _pair(row: PrintedRow, name: str) -> FloatArray:
    """(research, control), both positive."""
    given = row.raw(name)
    try:
        pair = as_numbers(name, given)[0]
    except InputError:
        pair = np.zeros(0)
    if pair.shape != (2,) or not np.isfinite(pair).all() or not (pair > 0.0).all():
        raise contradiction(
            row.label,
            f"{name} is (research, control), both positive, and observed and expected belong together; got {given!r}. With no "
            "event in an arm give observed_minus_expected and variance.",
        )
    return pair
