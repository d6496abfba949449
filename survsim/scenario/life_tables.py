"""Mortality of the population as a law in a scenario file: a CSV of death probabilities or rates by age.

``{family: life_table, table: mortality.csv, by: {sex: {covariate: woman, 0: male, 1: female}}, year: 2020}`` follows each
patient through the table, by age, sex and calendar year. ``{family: life_table, table: mortality.csv, select: {sex: female, year: 2020}}`` becomes the piecewise law of age at death
in the time unit of the scenario, before anything else is read: results hold the numbers, not the name of a file.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from survsim.core.errors import InputError, ScenarioError
from survsim.core.numerals import number_in
from survsim.core.plain_csv import csv_text, named_rows
from survsim.core.units import DAYS_PER, conversion_factor
from survsim.estimate.parametric.background_mortality import life_table
from survsim.scenario.table_reach import say_outside, say_scale

OLDEST = 130.0
"""Years that nobody lives beyond; an age above is in another unit."""
_KEYS = {"family", "table", "select", "by", "year"}


def with_life_tables(raw: Any, inside: Callable[[str], Path]) -> Any:
    """The content of a scenario file with every life table read; what is no mapping comes back as it was.

    `inside` finds a file that the scenario names.
    """
    if not isinstance(raw, dict) or not isinstance(raw.get("transitions"), list):
        return raw
    return raw | {"transitions": [_with_table(t, raw, inside) for t in raw["transitions"]]}


def _with_table(transition: Any, raw: Mapping[str, Any], inside: Callable[[str], Path]) -> Any:
    unit = raw.get("time_unit")
    law = transition.get("distribution") if isinstance(transition, dict) else None
    if not isinstance(law, dict) or law.get("family") != "life_table":
        return transition
    where = f"transition {transition.get('source')}>{transition.get('target')}"
    unknown = sorted(set(law) - _KEYS)
    if unknown or not isinstance(law.get("table"), str):
        raise ScenarioError(
            f"{where}: a life table takes table (a CSV file) and select; found {', '.join(law)}."
        )
    if transition.get("clock") != "age":
        raise ScenarioError(f"{where}: a life table is a law of age; give the transition clock: age.")
    if unit not in DAYS_PER:
        raise ScenarioError(f"time_unit {unit!r} is none of {', '.join(DAYS_PER)}.")
    select = law.get("select") or {}
    if not isinstance(select, Mapping):
        raise ScenarioError(
            f"{where}: select gives column: value, such as {{sex: female}}; found {select!r}."
        )
    path = inside(law["table"])
    age = transition.get("age", "age")
    if law.get("by") is None and law.get("year") is None:
        made = _law(path, select, unit, where)
    else:
        made = _by_patient(path, law, select, unit, age, where)
    rows = [r for r in _rows(path, where) if all(r[k] == str(v) for k, v in select.items())]
    say_scale(rows, f"{where}: {path.name}")
    say_outside(rows, raw, age, law.get("year"), f"{where}: {path.name}")
    return transition | {"distribution": made}


def _by_patient(
    path: Path, law: Mapping[str, Any], select: Mapping[str, Any], unit: str, age: Any, where: str
) -> dict[str, Any]:
    """The law that reads the row of each patient: by covariates, and by the calendar year that runs with the time."""
    kinds = _kinds(law.get("by") or {}, where)
    rows = _rows(path, where)
    if law.get("year") is not None and "year" not in rows[0]:
        raise ScenarioError(f"{where}: year needs a column year; {path.name} has {', '.join(rows[0])}.")
    years = [""]
    if law.get("year") is not None:
        found = {
            y: _one(y, "year", path.name, where) for y in dict.fromkeys(row["year"].strip() for row in rows)
        }
        years = sorted(found, key=lambda y: found[y])
    sheets, shared = [], None
    for at, labels in kinds:
        by_year = [_law(path, {**select, **labels, **({"year": y} if y else {})}, unit, where) for y in years]
        for one in by_year:
            shared = one["breaks"] if shared is None else shared
            if one["breaks"] != shared:
                told = ", ".join(f"{k} {v}" for k, v in labels.items())
                raise ScenarioError(
                    f"{where}: {path.name} has other ages {f'for {told} ' if told else ''}than in its first rows."
                )
        sheets.append({"where": at, "rates": [one["rates"] for one in by_year]})
    factor = conversion_factor("years", unit)
    return {
        "family": "mortality",
        "ages": shared or [],
        "periods": [factor * float(y) for y in years[1:]],
        "sheets": sheets,
        "age": age,
        "now": law.get("year"),
        "per_year": factor,
    }


def _kinds(by: Any, where: str) -> list[tuple[list[tuple[str, float]], dict[str, str]]]:
    """Each kind of patients: covariates with their values, and the labels that those have in the columns of the table."""
    form = f"{where}: by gives column: covariate and labels, such as {{sex: {{covariate: woman, 0: male, 1: female}}}}"
    if not isinstance(by, Mapping):
        raise ScenarioError(f"{form}; found {by!r}.")
    kinds: list[tuple[list[tuple[str, float]], dict[str, str]]] = [([], {})]
    for column, rule in by.items():
        labels = {k: v for k, v in rule.items() if k != "covariate"} if isinstance(rule, Mapping) else {}
        numbers = all(isinstance(k, int | float) and not isinstance(k, bool) for k in labels)
        if not labels or not numbers or not isinstance(rule.get("covariate"), str):
            raise ScenarioError(f"{form}; found {column}: {rule!r}.")
        kinds = [
            ([*at, (rule["covariate"], float(value))], {**named, column: str(label)})
            for at, named in kinds
            for value, label in labels.items()
        ]
    return kinds


def _law(path: Path, select: Mapping[str, Any], unit: str, where: str) -> dict[str, Any]:
    rows = _rows(path, where)
    columns = list(rows[0])
    for name, value in select.items():
        if name not in columns:
            raise ScenarioError(f"{where}: {path.name} has no column {name!r}; it has {', '.join(columns)}.")
        known = dict.fromkeys(row[name] for row in rows)
        rows = [row for row in rows if row[name].strip() == str(value)]
        if not rows:
            shown = ", ".join(list(known)[:8])
            raise ScenarioError(f"{where}: {path.name} has no rows with {name} {value}; there are {shown}.")
    kind = [c for c in ("probability", "rate") if c in columns]
    if "age" not in columns or len(kind) != 1:
        raise ScenarioError(
            f"{where}: {path.name} needs the columns age (years) and probability (of death within a year) or rate (a year); "
            f"it has {', '.join(columns)}."
        )
    ages, values = (_numbers(rows, c, path.name, where) for c in ("age", kind[0]))
    if len(set(ages)) < len(ages):
        rest = ", ".join(c for c in columns if c not in ("age", kind[0], *select))
        raise ScenarioError(
            f"{where}: {path.name} gives an age more than once; select one of {rest or 'them'}."
        )
    _refuse_gaps(ages, path.name, where)
    if kind[0] == "probability" and values[-1] == 1.0:
        raise ScenarioError(
            f"{where}: {path.name}: the last probability, from age {ages[-1]:g} on, is 1, which is no rate: leave the row out, "
            f"and that of age {ages[-2] if len(ages) > 1 else ages[-1]:g} goes on; or give a probability within a year."
        )
    factor = conversion_factor("years", unit)
    try:
        if kind[0] == "probability":
            yearly = life_table(ages, values).rates.tolist()
        else:
            life_table(ages, [0.0] * len(ages))
            yearly = values
    except InputError as error:
        raise ScenarioError(f"{where}: {path.name}: {error}") from None
    if min(yearly) < 0:
        raise ScenarioError(f"{where}: {path.name}: a rate is at least 0; found {min(yearly):g}.")
    return {
        "family": "piecewise_exponential",
        "breaks": [factor * a for a in ages[1:]],
        "rates": [float(r) / factor for r in yearly],
    }


def _refuse_gaps(ages: list[float], name: str, where: str) -> None:
    """A table in years of age that leaves some out, where the row before would hold unasked, or that is not in years."""
    if max(ages) > OLDEST:
        raise ScenarioError(
            f"{where}: {name} reaches age {max(ages):g}, and nobody is older than {OLDEST:g}; ages are in years."
        )
    steps = [round(b - a, 9) for a, b in itertools.pairwise(ages)]
    if not steps or max(set(steps), key=steps.count) != 1.0:
        return
    for age, step in zip(ages, steps):
        if step > 1.0:
            raise ScenarioError(
                f"{where}: {name} goes from age {age:g} to {age + step:g} with nothing between; give a row for each year of "
                "age, or rows that are as many years apart throughout."
            )


def _rows(path: Path, where: str) -> list[dict[str, str]]:
    try:
        rows = list(named_rows(csv_text(path), path.name).cells)
    except ScenarioError as error:
        raise ScenarioError(f"{where}: the life table {error}") from None
    if not rows:
        raise ScenarioError(f"{where}: the life table {path.name} holds no rows.")
    return rows


def _one(text: str, column: str, name: str, where: str) -> float:
    try:
        return number_in(text)
    except ValueError:
        raise ScenarioError(f"{where}: {name}: {column} is {text!r}, no number.") from None


def _numbers(rows: list[dict[str, str]], column: str, name: str, where: str) -> list[float]:
    found = []
    for number, row in enumerate(rows, start=1):
        try:
            found.append(number_in(row[column]))
        except ValueError:
            raise ScenarioError(
                f"{where}: {name}, row {number} of those selected: {column} is {row[column]!r}, no number."
            ) from None
    return found
