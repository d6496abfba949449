"""The role of a parameter against each place where it is used: a median is no hazard ratio, nor is a probability a shape."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import ScenarioError
from survsim.core.estimate_record import Estimate
from survsim.scenario import parameter_spec as spec
from survsim.scenario.law_draws import law_draws
from survsim.scenario.measures import DECLARED, MEASURES, UNKNOWN, Calibrated, Measure, measure, of_unit
from survsim.scenario.roles import role_named
from survsim.simulation.declared.roles import WORDS, Outside, alike, outside, two_roles
from survsim.simulation.declared.uses import Kind, Use

_RULE_ROLES: dict[str, tuple[Kind, ...]] = {
    "rate_from_median": ("time",),
    "weibull_scale_from_median": ("time", "shape", "ratio"),
    "complement": ("probability",),
    "log_of_ratio": ("ratio",),
}
"""What a rule takes, which is a use of its inputs as well."""


def scale_faults(
    specs: Mapping[str, spec.ParameterSpec],
    found: Iterable[Use],
    time_unit: str,
    calibrated: Mapping[str, Calibrated] | None = None,
) -> Iterator[str]:
    """Sentences, each a parameter or a number that is not what its place takes, with both places.

    `calibrated` says what the calibration uses its parameters for, by their names there.
    """
    places = [*found, *_uses_in_rules(specs)]
    measures: dict[str, Measure] = {}
    for name, one in specs.items():
        inside = (one.parameter or name) if isinstance(one, spec.FromCalibration) else None
        made = measure(one, measures, time_unit, (calibrated or {}).get(inside) if inside else None)
        if isinstance(made, str):
            yield f"parameters.{name}: {made}"
            made = UNKNOWN
        measures[name] = made
    for use in places:
        if not isinstance(use.parameter, str):
            yield from _literal_fault(use)
        elif use.parameter in measures:
            yield from _use_fault(use, measures[use.parameter], time_unit)
    for name, told in measures.items():
        mine = [u for u in places if u.parameter == name]
        yield from _role_faults(name, told, mine)
        yield from _law_faults(name, specs[name], told, mine)


def _uses_in_rules(specs: Mapping[str, spec.ParameterSpec]) -> Iterator[Use]:
    for name, one in specs.items():
        if isinstance(one, spec.Derived):
            for i, (of, kind) in enumerate(zip(one.of, _RULE_ROLES.get(one.rule, ()))):
                # the units that a rule takes are told with the rule
                yield Use(of, f"parameters.{name}.of.{i}", kind if kind not in ("time",) else "any")


def _use_fault(use: Use, told: Measure, time_unit: str) -> Iterator[str]:
    """A parameter that is no number of the kind its place takes, or that says it is something else."""
    if told.kind == "unknown" or use.kind == "any" or (".of." in use.place and told.kind != "plain"):
        return
    widened = DECLARED.get(use.kind, ()) if told.meant and told.role == use.kind else ()
    timeless = use.kind == "log ratio" or told.unit in ("", time_unit)
    fits = told.kind in (*MEASURES[use.kind], *widened) and timeless
    if fits and (told.role is None or use.kind == "number" or alike(told.role, use.kind)):
        return
    remedy = _remedy(use.kind, told, time_unit) if not fits else _other_role(use.kind)
    yield f"{use.place} takes {_taken(use.kind, time_unit)}; parameters.{use.parameter} is {told.words}. {remedy}"


def _other_role(kind: Kind) -> str:
    return f"Name another parameter or derive one from it; if it is {WORDS[kind]} all the same, say role: {role_named(kind)}"


def _taken(kind: Kind, time_unit: str) -> str:
    in_time = {
        "time": f"a time in {time_unit}",
        "rate": f"a rate per {time_unit.removesuffix('s')}",
        "growth": f"a growth of the hazard per {time_unit.removesuffix('s')}",
        "log time": f"the logarithm of a time in {time_unit}",
        "ratio": "a ratio without a unit",
    }
    return in_time.get(kind) or WORDS[kind]


def _remedy(kind: Kind, told: Measure, time_unit: str) -> str:
    per = f"per {time_unit.removesuffix('s')}"
    if told.kind == "plain" and kind in ("time", "rate", "growth", "log time", "dose"):
        unit = {"time": time_unit, "rate": per, "growth": per, "dose": "Gy"}
        return f"If it is one, say so: unit: {unit.get(kind, f'log {time_unit}')}"
    if told.kind == kind:
        return f"Give it in {time_unit}, the unit of the scenario"
    if kind == "rate" and told.kind == "time":
        return "Derive the rate first: rule: rate_from_median"
    if told.kind in ("other", "other per", "foreign") and kind in ("time", "rate", "cost per time"):
        return f"Give it in {({'time': time_unit, 'rate': per}).get(kind, f'money {per}')}, the unit of the scenario"
    if kind == "log ratio" and told.kind == "ratio":
        return "Derive the logarithm first: rule: log_of_ratio"
    if kind == "utility" and told.kind == "probability":
        return _other_role(kind)
    return "Name another parameter, or derive one from it"


def _role_faults(name: str, told: Measure, places: list[Use]) -> Iterator[str]:
    """One number in two roles, where nothing says which it is."""
    if told.role is not None or told.kind != "plain":
        return
    if fault := two_roles(f"parameters.{name}", places):
        yield fault


def _kinds(told: Measure, places: Iterable[Use]) -> list[Kind]:
    """The roles in which a parameter is used, or the one that it tells."""
    used = [u.kind for u in places if u.kind not in ("any", "number")]
    return list(dict.fromkeys(used)) or ([told.role] if told.role is not None else [])


def _law_faults(name: str, one: spec.ParameterSpec, told: Measure, places: list[Use]) -> Iterator[str]:
    """A law whose bulk lies where no number of its role does."""
    if not isinstance(one, spec.FromAssumption) or told.kind == "unknown":
        return
    try:
        low, middle, high = law_draws(one.distribution, np.array([0.025, 0.5, 0.975])).tolist()
    except ScenarioError as error:
        yield f"parameters.{name}: {error}"
        return
    for kind in _kinds(told, places):
        if fault := outside(kind, low, middle, high, meant=told.meant and told.role == kind):
            yield f"parameters.{name}: its law {fault.words}. {_meant(kind, fault)}"


def _meant(kind: Kind, fault: Outside) -> str:
    if not fault.may_be_meant:
        return "Look at its numbers, its unit and its place, or choose a law that stays inside"
    return f"Look at its numbers, its unit and its place; if they are meant, say role: {role_named(kind)}"


def _literal_fault(use: Use) -> Iterator[str]:
    """A plain number where nobody believes it."""
    number = float(use.parameter)
    if fault := outside(use.kind, number, number, number):
        said = f" If it is meant, make it a parameter with role: {role_named(use.kind)} and its reason"
        yield f"{use.place} {fault.words}.{said if fault.may_be_meant else ' Correct it'}"


def drawn_faults(
    specs: Mapping[str, spec.ParameterSpec], found: Iterable[Use], draws: Mapping[str, FloatArray]
) -> Iterator[str]:
    """The same of what is only known when it is drawn: rows, calibrated and derived parameters."""
    places = [*found, *_uses_in_rules(specs)]
    for name, values in draws.items():
        if isinstance(specs[name], spec.FromAssumption):
            continue
        low, middle, high = (float(x) for x in np.quantile(values, [0.025, 0.5, 0.975]))
        for kind in _kinds(UNKNOWN, [u for u in places if u.parameter == name]):
            declared = specs[name].role
            if fault := outside(
                kind, low, middle, high, meant=declared is not None and role_named(kind) == declared
            ):
                yield f"parameters.{name}: it {fault.words}. {_meant(kind, fault)}"


_OF_ROWS: dict[str, tuple[str, Kind | None]] = {
    "hazard_ratio": ("ratio", "ratio"),
    "odds_ratio": ("plain", None),
    "risk_ratio": ("plain", None),
    "proportion": ("probability", "probability"),
    "survival_probability": ("probability", "probability"),
    "utility": ("plain", "utility"),
    "utility_decrement": ("plain", "utility change"),
    "utility_change": ("plain", "utility change"),
    "utility_gain": ("plain", "utility change"),
    "event_count": ("plain", "count"),
}
"""Kind and role of a row by its measure, where it is taken as it stands (scale: value)."""


def row_faults(
    specs: Mapping[str, spec.ParameterSpec], found: Iterable[Use], records: Any, time_unit: str
) -> Iterator[str]:
    """Rows taken as they stand (scale: value) that measure something else than their parameter or its place."""
    places = [*found, *_uses_in_rules(specs)]
    record = functools.cache(records)
    for name, one in specs.items():
        if not isinstance(one, spec.FromRows) or one.scale != "value":
            continue
        for row in one.rows:
            told = _of_row(record(row))
            unit = of_unit(one.unit)
            if (told.kind in ("time", "rate") or unit.kind in ("time", "rate")) and (
                told.kind,
                told.unit,
            ) != (
                unit.kind,
                unit.unit,
            ):
                yield (
                    f"parameters.{name}: row {row} is {told.words}, the parameter {unit.words}; a value is taken as it stands. "
                    "Declare the unit of the row, or take the row by its own scale"
                )
                continue
            for use in (u for u in places if u.parameter == name and one.role is None):
                yield from _use_fault(use, told, time_unit)


def _of_row(record: Estimate) -> Measure:
    words = f"{record.measure.replace('_', ' ')} of row {record.estimate_id}"
    if record.value_unit and record.measure not in ("event_count",):
        told = of_unit(record.value_unit)
        return told._replace(words=f"{told.words} (the {words})")
    kind, role = _OF_ROWS.get(record.measure, ("plain", None))
    return Measure(kind, "", f"the {words}", role)
