"""Mortality of the population as a law in a scenario file: a CSV of death probabilities or rates by age.

``{family: life_table, table: mortality.csv, select: {sex: female, year: 2020}}`` becomes the piecewise law of age at death
in the time unit of the scenario, before anything else is read: results hold the numbers, not the name of a file.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from survsim.core.errors import InputError, ScenarioError
from survsim.core.units import DAYS_PER, conversion_factor
from survsim.estimate.parametric.background_mortality import life_table

_KEYS = {"family", "table", "select"}


def with_life_tables(raw: Any, inside: Callable[[str], Path]) -> Any:
    """The content of a scenario file with every life table read; what is no mapping comes back as it was.

    `inside` finds a file that the scenario names.
    """
    if not isinstance(raw, dict) or not isinstance(raw.get("transitions"), list):
        return raw
    unit = raw.get("time_unit")
    return raw | {"transitions": [_with_table(t, unit, inside) for t in raw["transitions"]]}


def _with_table(transition: Any, unit: Any, inside: Callable[[str], Path]) -> Any:
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
        return transition  # what is wrong with the unit is told when the file is checked
    select = law.get("select") or {}
    if not isinstance(select, Mapping):
        raise ScenarioError(
            f"{where}: select gives column: value, such as {{sex: female}}; found {select!r}."
        )
    made = _law(inside(law["table"]), select, unit, where)
    return transition | {"distribution": made}


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


def _rows(path: Path, where: str) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [{(k or "").strip(): v or "" for k, v in row.items()} for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ScenarioError(f"{where}: the life table {path.name} cannot be read ({error}).") from None
    if not rows:
        raise ScenarioError(f"{where}: the life table {path.name} holds no rows.")
    return rows


def _numbers(rows: list[dict[str, str]], column: str, name: str, where: str) -> list[float]:
    found = []
    for number, row in enumerate(rows, start=1):
        try:
            found.append(float(row[column]))
        except ValueError:
            raise ScenarioError(
                f"{where}: {name}, row {number} of those selected: {column} is {row[column]!r}, no number."
            ) from None
    return found
