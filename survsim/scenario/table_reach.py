"""What a life table does not reach: patients younger than it, calendar years outside it, rates that no population has."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from survsim.core.errors import EvidenceWarning, ExtrapolationWarning, warn
from survsim.core.numerals import NUMERAL, number_in

OLD = 90.0
"""Years below which no population dies at a rate of 1 a year, which is nearly two thirds within the year."""
GOES_ON = 10.0
"""Years that the last year of a table goes on unsaid."""
_Z = 3.0
"""Standard deviations from the mean that one patient in a thousand is beyond."""


def say_scale(rows: Sequence[Mapping[str, str]], name: str) -> None:
    """Warn of yearly rates that are meant per 1,000 or 100,000."""
    pairs = zip(_numbers(rows, "rate"), _numbers(rows, "age"))
    high = [(rate, age) for rate, age in pairs if age < OLD and rate > 1.0]
    if high:
        rate, age = max(high)
        warn(
            f"{name} has a rate of {rate:g} a year at age {age:g}, of which {-math.expm1(-rate):.2%} die within the year. Rates per "
            "1,000 or per 100,000 must be divided first.",
            EvidenceWarning,
        )


def say_outside(
    rows: Sequence[Mapping[str, str]], raw: Mapping[str, Any], age: Any, year: Any, name: str
) -> None:
    """Warn of the row that is used for patients younger than a table, or in years that it does not hold."""
    low, _ = _reach(raw, age)
    first = min(_numbers(rows, "age"))
    if low < first:
        warn(
            f"{name} begins at age {first:g}, and patients are as young as {max(low, 0.0):.4g}: the rate of age {first:g} is used for "
            "them until then. Add the younger ages.",
            ExtrapolationWarning,
        )
    if not isinstance(year, str) and not _is_number(year):
        return
    years = sorted(set(_numbers(rows, "year")))
    begin, end = _reach(raw, year) if isinstance(year, str) else (year, year)
    step = years[-1] - years[-2] if len(years) > 1 else 0.0
    if begin < years[0]:
        used = f"{years[0]:g} is used until then"
    elif end >= years[-1] + max(step, GOES_ON) and math.isfinite(end):
        used = f"{years[-1]:g} is used from then on"
    else:
        return
    warn(
        f"{name} holds the years {years[0]:g} to {years[-1]:g}, and patients begin in {begin:.15g}"
        f"{f' to {end:.15g}' if end > begin else ''}: {used}. Add the rows of those years.",
        ExtrapolationWarning,
    )


def _numbers(rows: Sequence[Mapping[str, str]], column: str) -> list[float]:
    """Of a column that was read before, so that it holds numbers wherever the table is used; none where there is no such column."""
    return [number_in(row[column]) for row in rows if NUMERAL.fullmatch(row.get(column, ""))]


def _reach(raw: Mapping[str, Any], name: Any) -> tuple[float, float]:
    """Least and largest value of a covariate, those of one patient in a thousand left out; unknown ones are never outside."""
    found = [_span(one) for one in _covariates(raw) if one.get("name") == name]
    told = raw.get("histories")
    for history in told.values() if isinstance(told, Mapping) else ():
        given = history.get("covariates") if isinstance(history, Mapping) else None
        value = given.get(name) if isinstance(given, Mapping) else None
        if _is_number(value):
            found.append((float(str(value)), float(str(value))))
    return min((low for low, _ in found), default=math.inf), max(
        (high for _, high in found), default=-math.inf
    )


def _covariates(raw: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    population = raw.get("population")
    listed = population.get("covariates") if isinstance(population, Mapping) else None
    return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []


def _span(covariate: Mapping[str, Any]) -> tuple[float, float]:
    """Of a law whose numbers stand in the file; what is read from parameters or is no law is left to other checks."""
    law = covariate.get("distribution")
    keys = {
        "fixed": ("value", "value"),
        "uniform": ("low", "high"),
        "normal": ("mean", "sd"),
        "lognormal": ("mean", "sd"),
    }
    one, other = (covariate.get(key) for key in keys.get(str(law), ("", "")))
    if not _is_number(one) or not _is_number(other):
        return math.inf, -math.inf
    low, high = float(str(one)), float(str(other))
    if "normal" not in str(law):
        return low, high
    ends = low - _Z * high, low + _Z * high
    return ends if law == "normal" else (math.exp(min(ends[0], 700.0)), math.exp(min(ends[1], 700.0)))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
