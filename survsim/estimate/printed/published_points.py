"""Published medians, survival percentages and restricted means with the error each row deserves.

A row is an `Estimate` record or a mapping with ``value, conf_low, conf_high, conf_level, n, n_event, time,
std_error, label, source, cluster``; what is missing is None or absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logit, ndtri

from survsim.core import units
from survsim.core.errors import InputError

_ALIASES = {"n": "n_arm", "label": "estimate_id", "source": "reference"}


class UnusableRowError(InputError):
    """A row that contradicts nothing but cannot be weighed: no error printed, a bound, a median not reached."""


@dataclass(frozen=True, slots=True)
class Row:
    """One printed number and what was printed beside it; absent numbers are None."""

    value: float
    conf_low: float | None
    conf_high: float | None
    conf_level: float
    n: float | None
    n_event: float | None
    std_error: float | None
    time: float | None
    label: str
    source: str | None
    cluster: Any


@dataclass(frozen=True, slots=True)
class Effect:
    """A row on its analysis scale, and where its error came from ("interval", "standard error", ...)."""

    estimate: float
    std_error: float
    route: str
    note: str = ""


def read_row(item: Any, position: int, quantity: str, unit: str) -> Row:
    """One row, times brought to `unit`; a missing value, a bound or an unknown unit is refused by name."""
    label = _get(item, "label")
    name = f"row {position}" if label is None else str(label)
    value = _number(item, "value", name)
    if value is None:
        raise UnusableRowError(f"{name} has no value; leave out what was not reported and say so.")
    qualifier = str(_get(item, "value_qualifier") or "")
    if qualifier in ("upper_bound", "lower_bound"):
        raise UnusableRowError(
            f"{name}: {value:g} is printed as {qualifier}, no estimate; leave it out and say so."
        )
    in_time = 1.0 if quantity == "survival" else _factor(item, "value_unit", name, unit)
    time_factor = _factor(item, "time_unit", name, unit)
    usable = is_ordinary_interval(item)
    source = _get(item, "source")
    return Row(
        value=value * in_time,
        label=name,
        conf_level=(_number(item, "conf_level", name) if usable else None) or 0.95,
        source=None if source is None else str(source),
        cluster=_get(item, "cluster"),
        n=_number(item, "n", name),
        n_event=_number(item, "n_event", name),
        time=_times(_number(item, "time", name), time_factor),
        std_error=_times(_number(item, "std_error", name), in_time),
        conf_low=_times(_number(item, "conf_low", name) if usable else None, in_time),
        conf_high=_times(_number(item, "conf_high", name) if usable else None, in_time),
    )


def is_ordinary_interval(item: Any) -> bool:
    """False for a record whose interval is one-sided, an interquartile range or of unstated level."""
    if isinstance(item, Mapping):
        return True
    return not _get(item, "conf_note") and (
        not hasattr(item, "conf_level") or _get(item, "conf_level") is not None
    )


def survival_effect(row: Row, design_factor: float) -> Effect:
    """Log odds of survival. Error: from the interval; from a standard error; else binomial, widened.

    Without any printed error ``Var S = design_factor * S (1 - S) / n``: a factor of 2 says that censoring
    left half of the information that complete follow-up of n patients would hold.
    """
    s = row.value
    if not 0.0 <= s <= 1.0:
        raise InputError(f"{row.label}: survival must lie within 0 and 1; got {s:g}. Is it in per cent?")
    _check_interval(row, 0.0, 1.0)
    if 0.0 < s < 1.0:
        error = _interval_error(row, logit)
        if error is not None:
            return Effect(float(logit(s)), error[0], "interval", error[1])
        if row.std_error is not None:
            return Effect(float(logit(s)), row.std_error / (s * (1.0 - s)), "standard error")
    if row.n is None or not row.n > 0:
        raise UnusableRowError(
            f"{row.label}: survival {s:g} has neither a usable interval nor a number of patients; "
            "without an error it cannot be weighed. Leave it out and say so."
        )
    effective = row.n / design_factor
    alive = s * effective
    # Half a patient is added to both sides at 0% and 100%, where the log odds are infinite.
    extra = 0.5 if alive < 0.5 or effective - alive < 0.5 else 0.0
    alive, dead = alive + extra, effective - alive + extra
    return Effect(
        float(np.log(alive / dead)),
        float(np.sqrt(1.0 / alive + 1.0 / dead)),
        "number of patients",
        f"{row.label}: error from n = {row.n:g} with design factor {design_factor:g}",
    )


def median_effect(row: Row, design_factor: float) -> Effect:
    """Log median. Error: from the interval; from a standard error; else ``design_factor / n_event``.

    With d events and constant hazard ``Var(log median) = 1 / d``; the factor covers other shapes.
    """
    if not 0.0 < row.value < np.inf:
        raise UnusableRowError(
            f"{row.label}: a median must be positive and reached; got {row.value:g}. A median that was not reached "
            "carries its information in the curve or in survival at fixed times."
        )
    _check_interval(row, 0.0, np.inf)
    error = _interval_error(row, np.log)
    if error is not None:
        return Effect(float(np.log(row.value)), error[0], "interval", error[1])
    if row.std_error is not None:
        return Effect(float(np.log(row.value)), row.std_error / row.value, "standard error")
    if row.n_event is None or not row.n_event > 0:
        raise UnusableRowError(
            f"{row.label}: median {row.value:g} has neither an interval nor a number of events; "
            "without an error it cannot be weighed. Leave it out and say so."
        )
    return Effect(
        float(np.log(row.value)),
        float(np.sqrt(design_factor / row.n_event)),
        "number of events",
        f"{row.label}: error from {row.n_event:g} events with design factor {design_factor:g}",
    )


def rmst_effect(row: Row, design_factor: float) -> Effect:
    """Restricted mean on its own scale, error from the interval or the standard error only."""
    if row.time is None or not 0.0 <= row.value <= row.time:
        raise InputError(
            f"{row.label}: a restricted mean lies within 0 and its horizon `time`; got {row.value:g}."
        )
    _check_interval(row, 0.0, row.time)
    error = _interval_error(row, np.asarray)
    if error is not None:
        return Effect(row.value, error[0], "interval", error[1])
    if row.std_error is None:
        raise UnusableRowError(
            f"{row.label}: restricted mean {row.value:g} without interval or std_error; leave it out."
        )
    return Effect(row.value, row.std_error, "standard error")


def back_from(quantity: str, values: Any) -> Any:
    """From the analysis scale to the printed one."""
    return {"survival": expit, "median": np.exp, "rmst": np.asarray}[quantity](values)


def _interval_error(row: Row, scale: Any) -> tuple[float, str] | None:
    """Standard error on `scale` from both ends, or from the one end that is finite there."""
    z = float(ndtri(0.5 + row.conf_level / 2.0))
    with np.errstate(divide="ignore"):
        ends = [None if end is None else float(scale(end)) for end in (row.conf_low, row.conf_high)]
    low, high = (end if end is not None and np.isfinite(end) else None for end in ends)
    if low is not None and high is not None:
        return (high - low) / (2.0 * z), ""
    if low is None and high is None:
        return None
    centre = float(scale(row.value))
    half = centre - low if low is not None else high - centre if high is not None else 0.0
    side = "lower" if low is not None else "upper"
    return (half / z, f"{row.label}: error from the {side} half of the interval") if half > 0 else None


def _check_interval(row: Row, low: float, high: float) -> None:
    lower = low if row.conf_low is None else row.conf_low
    upper = high if row.conf_high is None else row.conf_high
    if not low <= lower <= row.value <= upper <= high or (lower == upper and row.conf_low is not None):
        raise InputError(
            f"{row.label}: interval {lower:g} to {upper:g} excludes its estimate {row.value:g}, is empty or leaves "
            f"{low:g} to {high:g}. Check the row against the source."
        )
    if row.std_error is not None and not row.std_error > 0:
        raise InputError(f"{row.label}: std_error must be positive; got {row.std_error:g}.")
    if not 0.0 < row.conf_level < 1.0:
        raise InputError(f"{row.label}: conf_level must lie in (0, 1); got {row.conf_level:g}.")


def _factor(item: Any, name: str, label: str, unit: str) -> float:
    """From the unit a record (or mapping) states under `name` to `unit`; 1 where none is stated."""
    found = _get(item, name)
    if not found:
        return 1.0
    if str(found) not in units.DAYS_PER:
        raise InputError(f"{label} is in {found}, which is no unit of time; it cannot be pooled in {unit}.")
    return units.conversion_factor(str(found), unit)


def _get(item: Any, name: str) -> Any:
    for key in (name, _ALIASES.get(name, name)):
        value = item.get(key) if isinstance(item, Mapping) else getattr(item, key, None)
        if value is not None and value == value:
            return value
    return None


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _number(item: Any, key: str, label: str) -> float | None:
    value = _get(item, key)
    if value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InputError(f"{label}: {key} must be a number; got {value!r}.") from None
