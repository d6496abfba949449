"""Time units. The only place that knows how long a month is."""

from __future__ import annotations

from survsim.core.errors import InputError

DAYS_PER_MONTH = 30.4375
"""Mean length of a month in days: 365.25 / 12."""

DAYS_PER = {"days": 1.0, "weeks": 7.0, "months": DAYS_PER_MONTH, "years": 12 * DAYS_PER_MONTH}


def check_unit(unit: str) -> str:
    """Return `unit` if it names a known time unit, else raise `InputError`."""
    if unit not in DAYS_PER:
        raise InputError(
            f"unit must be one of {', '.join(DAYS_PER)}; got {unit!r}. "
            "Time has no default unit: say which one your column is in."
        )
    return unit


def conversion_factor(unit: str, to: str) -> float:
    """Number by which a time in `unit` is multiplied to be in `to`."""
    return DAYS_PER[check_unit(unit)] / DAYS_PER[check_unit(to)]
