"""The scale and unit of a parameter against each place where it is used: a median is no hazard ratio."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from survsim.core.units import DAYS_PER
from survsim.scenario import parameter_spec as spec
from survsim.simulation.declared.uses import Kind, Use


class Measure(NamedTuple):
    """What a parameter is: kind of number, time unit where it has one, and how to call it in a message."""

    kind: str
    unit: str
    words: str


_FITS: dict[Kind, tuple[str, ...]] = {
    "time": ("time",),
    "rate": ("rate",),
    "ratio": ("ratio", "plain"),
    "probability": ("probability", "plain"),
    "number": ("plain", "ratio", "probability"),
    "log time": ("log time",),
    "dose": ("dose",),
}
_TAKES = {
    "ratio": "a ratio without a unit",
    "probability": "a probability",
    "number": "a number without a unit",
    "dose": "a dose in Gy",
}


def scale_faults(
    specs: Mapping[str, spec.ParameterSpec], found: Iterable[Use], time_unit: str
) -> Iterator[str]:
    """Sentences, each a parameter that is not what its place takes, with both places."""
    measures: dict[str, Measure] = {}
    for name, one in specs.items():
        made = _measure(one, measures, time_unit)
        if isinstance(made, str):
            yield f"parameters.{name}: {made}"
            made = Measure("unknown", "", "")
        measures[name] = made
    for use in found:
        measure = measures.get(use.parameter)
        if measure is None or measure.kind == "unknown" or use.kind == "any":
            continue
        if measure.kind in _FITS[use.kind] and measure.unit in ("", time_unit):
            continue
        yield (
            f"{use.place} takes {_taken(use.kind, time_unit)}; parameters.{use.parameter} is {measure.words}. "
            f"{_remedy(use.kind, measure, time_unit)}"
        )


def _taken(kind: Kind, time_unit: str) -> str:
    in_time = {
        "time": f"a time in {time_unit}",
        "rate": f"a rate per {time_unit.removesuffix('s')}",
        "log time": f"the logarithm of a time in {time_unit}",
    }
    return in_time.get(kind) or _TAKES[kind]


def _remedy(kind: Kind, measure: Measure, time_unit: str) -> str:
    if measure.kind == "plain" and kind in ("time", "rate", "log time", "dose"):
        unit = {"time": time_unit, "rate": f"per {time_unit.removesuffix('s')}", "dose": "Gy"}
        return f"If it is one, say so: unit: {unit.get(kind, f'log {time_unit}')}"
    if measure.kind == kind:
        return f"Give it in {time_unit}, the unit of the scenario"
    if kind == "rate" and measure.kind == "time":
        return "Derive the rate first: rule: rate_from_median"
    return "Name another parameter, or derive one from it"


def _measure(one: spec.ParameterSpec, known: Mapping[str, Measure], time_unit: str) -> Measure | str:
    """What a parameter is, or what is wrong with how it is declared."""
    declared = _of_unit(one.unit)
    if isinstance(one, spec.Derived):
        return _derived(one, known, declared, time_unit)
    scale = "hazard_ratio" if isinstance(one, spec.FromContrast) else getattr(one, "scale", "value")
    if scale == "value":
        return declared
    if scale == "median":
        if declared not in (_of_unit(""), _of_unit(time_unit)):
            return (
                f"a median is drawn in {time_unit}, the unit of the scenario; it declares unit {one.unit!r}"
            )
        return Measure("time", time_unit, f"a median in {time_unit} ({', '.join(getattr(one, 'rows', ()))})")
    if declared.kind not in ("plain", "other"):
        return f"{'a hazard ratio' if scale == 'hazard_ratio' else 'a proportion'} has no unit; it declares {one.unit!r}"
    rows = f" ({', '.join(one.rows)})" if isinstance(one, spec.FromRows) else ""
    if scale == "hazard_ratio":
        return Measure("ratio", "", f"a hazard ratio{rows}")
    return Measure("probability", "", f"a proportion{rows}")


def _of_unit(unit: str) -> Measure:
    """What a declared unit says: months, per month, log months, Gy, or nothing."""
    text = unit.strip()
    if text in ("", "1", "ratio"):
        return Measure("plain", "", "a number without a unit")
    words = text.replace("/", "per ").replace("1per", "per").split()
    last = words[-1] if words[-1].endswith("s") else f"{words[-1]}s"
    if last in DAYS_PER and len(words) <= 2:
        if len(words) == 1:
            return Measure("time", last, f"a time in {last}")
        if words[0] in ("per", "1"):
            return Measure("rate", last, f"a rate per {last.removesuffix('s')}")
        if words[0] == "log":
            return Measure("log time", last, f"the logarithm of a time in {last}")
    if words[0] == "Gy":
        return Measure("dose", "", "a dose in Gy")
    return Measure("other", "", f"a number in {text}")


_POWER = {"time": 1, "rate": -1, "plain": 0, "ratio": 0, "probability": 0}
"""Exponent of time in what a rule multiplies and divides."""


def _derived(
    one: spec.Derived, known: Mapping[str, Measure], declared: Measure, time_unit: str
) -> Measure | str:
    """What a rule makes of its inputs, held against the declared unit."""
    inputs = [known.get(name, Measure("unknown", "", "")) for name in one.of]
    if one.rule == "linear_predictor":
        chance = one.link in ("logit", "cloglog")
        return Measure("probability", "", "a probability by a linear predictor") if chance else declared
    named = list(zip(one.of, inputs))
    if any(m.kind in ("unknown", "other", "log time", "dose") for m in inputs):
        return declared
    needs = {
        "rate_from_median": (("time",),),
        "weibull_scale_from_median": (("time",), ("plain", "ratio"), ("plain", "ratio")),
        "complement": (("probability", "plain"),),
        "rate_from_probability": (("probability", "plain"),),
        "probability_from_rate": (("rate",),),
    }.get(one.rule, ())
    for (name, m), kinds in zip(named, needs):
        if m.kind not in kinds:
            wanted = {"time": "a median time", "probability": "a probability", "rate": "a rate"}.get(
                kinds[0], "a ratio or a shape"
            )
            return f"rule {one.rule} takes {wanted} where parameters.{name} is {m.words}"
    if one.rule == "rate_from_probability":
        return declared if one.unit else _of_power(-1, time_unit)
    if one.rule == "probability_from_rate":
        return Measure("probability", "", "a probability of a rate")
    made = _made(one.rule, inputs)
    if made is None:
        told = " and ".join(f"parameters.{name} is {m.words}" for name, m in named)
        return f"rule {one.rule} of {told}: that is neither a time, a rate nor a ratio"
    if one.unit and (declared.kind, declared.unit) != (made.kind, made.unit) and declared.kind != "other":
        plain = made.kind in ("ratio", "probability", "plain") and declared.kind == "plain"
        if not plain:
            return f"rule {one.rule} makes {made.words}; it declares unit {one.unit!r}"
    return made


def _made(rule: str, inputs: list[Measure]) -> Measure | None:
    units = {m.unit for m in inputs if m.unit}
    if len(units) > 1:
        return None
    unit = units.pop() if units else ""
    if rule == "rate_from_median":
        return _of_power(-1, unit)
    if rule == "weibull_scale_from_median":
        return _of_power(1, unit)
    kinds = {m.kind for m in inputs}
    if rule in ("difference", "complement"):
        powers = {_POWER[k] for k in kinds}
        return None if len(powers) > 1 else (inputs[0] if len(kinds) == 1 else _of_power(powers.pop(), unit))
    if kinds == {"probability"} and rule == "product":
        return inputs[0]._replace(words="a product of probabilities")
    sign = [1] * len(inputs) if rule == "product" else [1, -1]
    power = sum(s * _POWER[m.kind] for s, m in zip(sign, inputs))
    return _of_power(power, unit) if abs(power) <= 1 else None


def _of_power(power: int, unit: str) -> Measure:
    return {1: _of_unit(unit), -1: _of_unit(f"per {unit}"), 0: _of_unit("")}[power]
