"""One row of the evidence as a normal observation on its pooling scale.

=============== ============ ===================================================================
scale           transform    standard error
=============== ============ ===================================================================
hazard_ratio    log          by `effect_size`: interval, else p-value, else events
median          log          from the interval; without one 1 / sqrt(d), the exact value for an
                             exponential time with d deaths (d the printed events, else half of n); a survival
                             point stands for the exponential time through it
proportion      logit        from the interval, else the counts (half an event added where none was seen)
value           identity     from the interval
=============== ============ ===================================================================

A survival probability at a time is a proportion of n; its error is that of n patients followed in full,
widened by `CENSORING_FACTOR`, because the printed n were not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logit, ndtri

from survsim.core.checks import FloatArray
from survsim.core.errors import ScenarioError
from survsim.core.units import conversion_factor
from survsim.estimate.printed.effect_sizes import effect_size

CENSORING_FACTOR = 1.3
"""Standard errors of printed survival points are multiplied by this: an assumption, the price of no risk table."""
EVENT_SHARE = 0.5
"""Share of n assumed to have had the event when a median is printed with n only (at the median, half have)."""


@dataclass(frozen=True, slots=True)
class RowEffect:
    """A row on its pooling scale: `estimate`, `std_error`, and in words how the error was found."""

    estimate_id: str
    reference: str
    estimate: float
    std_error: float
    route: str


def row_effect(record: Any, scale: str, time_unit: str) -> RowEffect:
    """Put one `Estimate` on `scale`; medians are converted to `time_unit`.

    Raises
    ------
    ScenarioError : the row measures something else, or prints too little for a standard error.
    """
    theta, error, route = _ROUTES[scale](record, time_unit)
    return RowEffect(record.estimate_id, record.reference, float(theta), float(error), route)


def back_transform(values: FloatArray, scale: str) -> FloatArray:
    """From the pooling scale to the natural one."""
    if scale in ("hazard_ratio", "median"):
        return np.exp(values)
    return expit(values) if scale == "proportion" else values


def _hazard_ratio(record: Any, time_unit: str) -> tuple[float, float, str]:
    _expect(record, {"hazard_ratio"})
    found = effect_size(record)
    return found.log_hazard_ratio, found.std_error, found.route


def _median(record: Any, time_unit: str) -> tuple[float, float, str]:
    _expect(record, {"median", "survival_probability"})
    if record.measure == "survival_probability":
        return _median_from_point(record, time_unit)
    theta = np.log(record.value * conversion_factor(record.value_unit, time_unit))
    if _interval(record) and record.conf_low > 0:
        return theta, _interval_error(record, np.log), "median and interval"
    deaths = record.n_event if _given(record.n_event) else record.n_arm * EVENT_SHARE
    if not deaths > 0:
        raise ScenarioError(
            f"{record.estimate_id}: a median without interval, events or n has no standard error; "
            "leave the row out or take another."
        )
    route = (
        "median and events"
        if _given(record.n_event)
        else f"median and n, {EVENT_SHARE:.0%} of n taken as events"
    )
    return theta, deaths**-0.5, route


def _median_from_point(record: Any, time_unit: str) -> tuple[float, float, str]:
    """Median of the exponential time through one survival point: t log 2 / -log S; error by the delta method."""
    on_logit, error, _ = _proportion(record, time_unit)
    share = float(expit(on_logit))
    time = record.time * conversion_factor(record.time_unit, time_unit)
    slope = (1 - share) / -np.log(share)
    return np.log(time * np.log(2) / -np.log(share)), error * slope, "survival point, taken as exponential"


def _proportion(record: Any, time_unit: str) -> tuple[float, float, str]:
    _expect(record, {"proportion", "survival_probability"})
    survival = record.measure == "survival_probability"
    widen = CENSORING_FACTOR if survival else 1.0
    if _interval(record):
        return logit(record.value), _interval_error(record, logit), "proportion and interval"
    n = record.n_arm
    if not n > 0:
        raise ScenarioError(
            f"{record.estimate_id}: a proportion without n has no standard error; take another row."
        )
    events = record.n_event if _given(record.n_event) and not survival else record.value * n
    if events <= 0 or events >= n:
        events, n = events + 0.5, n + 1
    share = events / n
    error = widen / np.sqrt(n * share * (1 - share))
    return logit(share), error, "proportion and n, widened for censoring" if survival else "counts"


def _value(record: Any, time_unit: str) -> tuple[float, float, str]:
    if not _interval(record):
        raise ScenarioError(
            f"{record.estimate_id}: a value needs its interval to be a distribution; it has none."
        )
    return record.value, _interval_error(record, float), "value and interval"


_ROUTES = {"hazard_ratio": _hazard_ratio, "median": _median, "proportion": _proportion, "value": _value}


def _interval_error(record: Any, transform: Any) -> float:
    z = float(ndtri(0.5 + record.conf_level / 2))
    return (float(transform(record.conf_high)) - float(transform(record.conf_low))) / (2 * z)


def _given(number: float) -> bool:
    """Whether a number was printed; a record holds NaN for what was not."""
    return number == number


def _interval(record: Any) -> bool:
    return _given(record.conf_low) and _given(record.conf_high)


def _expect(record: Any, measures: set[str]) -> None:
    if record.measure not in measures:
        raise ScenarioError(
            f"{record.estimate_id} measures {record.measure}; this parameter needs {' or '.join(sorted(measures))}."
        )
    if not _given(record.value):
        raise ScenarioError(f"{record.estimate_id} prints no value; it cannot be a parameter.")
