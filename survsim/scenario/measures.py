"""What a parameter is by what it says: the kind of number, its unit and its role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from survsim.core.units import DAYS_PER
from survsim.scenario import parameter_spec as spec
from survsim.scenario.roles import kind_of, said_by
from survsim.simulation.declared.roles import WORDS
from survsim.simulation.declared.uses import Kind


class Measure(NamedTuple):
    """What a parameter is: kind of number, time unit where it has one, how to call it, and the role it tells."""

    kind: str
    unit: str
    words: str
    role: Kind | None = None
    meant: bool = False
    """Whether the role is declared, not read from the meaning, the law or the calibration."""


UNKNOWN = Measure("unknown", "", "")


class Calibrated(NamedTuple):
    """What a calibration uses a parameter for, the unit of its times, and the name of its file."""

    kind: Kind
    time_unit: str
    file: str


def measure(
    one: spec.ParameterSpec,
    known: Mapping[str, Measure],
    time_unit: str,
    calibrated: Calibrated | None = None,
) -> Measure | str:
    """What a parameter is, or what is wrong with how it is declared; `known` are those above it."""
    found = _measure(one, known, time_unit)
    if isinstance(found, str):
        return found
    if calibrated is not None:
        found = _as_calibrated(one, found, calibrated, time_unit)
        if isinstance(found, str):
            return found
    if one.role is not None:
        return _as_declared(one, found)
    if found.role is None and found.kind == "plain":
        found = found._replace(role=said_by(one.meaning), words=f"{found.words} ({one.meaning:.60})")
        if found.role is not None:
            return found._replace(words=f"{WORDS[found.role]} by its meaning ({one.meaning:.60})")
        if isinstance(one, spec.FromAssumption) and isinstance(one.distribution, spec.Beta):
            return found._replace(role="probability", words="a probability or share by its beta law")
    return found


MEASURES: dict[Kind, tuple[str, ...]] = {
    "time": ("time",),
    "rate": ("rate",),
    "growth": ("rate",),
    "ratio": ("ratio", "plain"),
    "acceleration": ("plain",),
    "factor": ("ratio", "plain"),
    "log ratio": ("plain", "other", "other per", "rate"),
    "probability": ("probability", "plain"),
    "shape": ("plain",),
    "variance": ("plain",),
    "spread": ("plain",),
    "power": ("plain",),
    "utility": ("plain",),
    "utility change": ("plain",),
    "cost": ("plain", "other", "other per"),
    "cost per time": ("plain", "other", "money rate"),
    "count": ("plain",),
    "number": ("plain", "ratio", "probability"),
    "log time": ("log time",),
    "dose": ("dose",),
}
"""What a place takes; what is declared may also be one of these."""
DECLARED: dict[Kind, tuple[str, ...]] = {"acceleration": ("ratio",), "utility": ("probability",)}


def _as_declared(one: spec.ParameterSpec, found: Measure) -> Measure | str:
    kind = kind_of(str(one.role))
    if found.kind not in (*MEASURES.get(kind, ()), *DECLARED.get(kind, ())):
        return f"it declares role: {one.role}, and is {found.words}; leave role out, or derive another parameter from it"
    return found._replace(role=kind, words=f"{WORDS[kind]}, as it declares", meant=True)


def _as_calibrated(
    one: spec.ParameterSpec, found: Measure, calibrated: Calibrated, time_unit: str
) -> Measure | str:
    """A parameter of a calibration is what the calibration uses it for."""
    kind, unit, file = calibrated
    timed = {"time": f"a time in {unit}", "rate": f"a rate per {unit.removesuffix('s')}"}.get(
        kind, WORDS[kind]
    )
    if kind in ("time", "rate") and unit != time_unit:
        return f"{file} counts in {unit}, the scenario in {time_unit}; write both in one unit"
    if kind == "any" or (found.kind in MEASURES.get(kind, ()) and (found.role is None or found.role == kind)):
        return found._replace(role=None if kind == "any" else kind, words=f"{timed} in {file}")
    if found.kind == "plain" and kind in ("time", "rate"):
        said = unit if kind == "time" else f"per {unit.removesuffix('s')}"
        return f"it is {timed} in {file}; say so: unit: {said}"
    return f"it is {timed} in {file}, and {found.words} here"


def _measure(one: spec.ParameterSpec, known: Mapping[str, Measure], time_unit: str) -> Measure | str:
    """What a parameter is, or what is wrong with how it is declared."""
    declared = of_unit(one.unit)
    if isinstance(one, spec.Derived):
        return _derived(one, known, declared, time_unit)
    scale = "hazard_ratio" if isinstance(one, spec.FromContrast) else getattr(one, "scale", "value")
    if scale == "value":
        return declared
    if scale == "median":
        if declared not in (of_unit(""), of_unit(time_unit)):
            return (
                f"a median is drawn in {time_unit}, the unit of the scenario; it declares unit {one.unit!r}"
            )
        return Measure("time", time_unit, f"a median in {time_unit} ({', '.join(getattr(one, 'rows', ()))})")
    if declared.kind != "plain":
        return f"{'a hazard ratio' if scale == 'hazard_ratio' else 'a proportion'} has no unit; it declares {one.unit!r}"
    rows = f" ({', '.join(one.rows)})" if isinstance(one, spec.FromRows) else ""
    if scale == "hazard_ratio":
        return Measure("ratio", "", f"a hazard ratio{rows}")
    return Measure("probability", "", f"a proportion{rows}")


_UNITLESS = ("", "1", "ratio", "hazard ratio", "proportion", "probability", "share")
_FOREIGN = (
    "seconds", "minutes", "hours", "fortnights", "quarters", "decades", "centuries",
    "s", "sec", "min", "h", "hr", "d", "wk", "w", "mo", "mth", "mon", "y", "yr", "a",
)  # fmt: skip
"""Times in which nothing here counts, and short forms that are not read: never silently a number of anything."""
_NO_UNIT = ("nan", "na", "n/a", "none", "null", "inf", "?")


def of_unit(unit: str) -> Measure:
    """What a declared unit says: months, per month, log months, Gy, money per month, or nothing.

    Of kind "foreign" is a time that the package does not count in, alone or in what is counted by it (hours, per 100
    person-years): no place takes one. "other" is what is no time at all (EUR), "other per" a number by such (EUR per cycle).
    """
    text = unit.strip()
    if text in _UNITLESS:
        return Measure("plain", "", "a number without a unit")
    words = text.replace("/", " per ").replace("1 per", "per").split()
    last = words[-1] if words[-1].endswith("s") else f"{words[-1]}s"
    if last in DAYS_PER and len(words) <= 2:
        if len(words) == 1:
            return Measure("time", last, f"a time in {last}")
        if words[0] in ("per", "1"):
            return Measure("rate", last, f"a rate per {last.removesuffix('s')}")
        if words[0] == "log":
            return Measure("log time", last, f"the logarithm of a time in {last}")
    if last in DAYS_PER and words[-2] == "per":
        return Measure("money rate", last, f"a number in {text}")
    if _is_foreign(text, words[-1]):
        return Measure("foreign", "", f"a number in {text}, which is none of the units that are read here")
    if words[0] == "Gy":
        return Measure("dose", "", "a dose in Gy")
    return Measure("other per" if "per" in words else "other", "", f"a number in {text}")


def _is_foreign(text: str, word: str) -> bool:
    """Whether a unit counts in a time that is not one of ours: hours, per yr, per 100 person-years, per 100 years."""
    last = word.lower().rpartition("-")[2]
    known = (*DAYS_PER, *_FOREIGN)
    return text.lower() in _NO_UNIT or (bool(last) and (last in known or f"{last}s" in known))


_POWER = {"time": 1, "rate": -1, "plain": 0, "ratio": 0, "probability": 0}
"""Exponent of time in what a rule multiplies and divides."""


def _derived(
    one: spec.Derived, known: Mapping[str, Measure], declared: Measure, time_unit: str
) -> Measure | str:
    """What a rule makes of its inputs, held against the declared unit."""
    inputs = [known.get(name, UNKNOWN) for name in one.of]
    if one.rule == "linear_predictor":
        chance = Measure("probability", "", "a probability by a linear predictor")
        return _held(one, chance, declared) if one.link in ("logit", "cloglog") else declared
    named = list(zip(one.of, inputs))
    for (name, m), kinds in zip(named, _NEEDS.get(one.rule, ())):
        if m.kind not in (*kinds, "unknown"):
            wanted = _WANTED.get(kinds[0], "a ratio or a shape")
            return f"rule {one.rule} takes {wanted} where parameters.{name} is {m.words}"
    if any(m.kind == "unknown" for m in inputs):
        return declared
    if one.rule == "log_of_ratio":
        said = of_unit("") if one.unit.strip() in ("log", "log ratio", "log hazard ratio") else declared
        return _held(one, Measure("plain", "", "a log ratio", "log ratio"), said)
    if one.rule == "rate_from_probability":
        return _held(one, _of_power(-1, time_unit), declared)
    if one.rule == "probability_from_rate":
        return _held(one, Measure("probability", "", "a probability of a rate"), declared)
    if any(m.kind not in _POWER for m in inputs):
        return _told(one, named, declared)
    made = _made(one.rule, inputs)
    if made is None:
        told = " and ".join(f"parameters.{name} is {m.words}" for name, m in named)
        return f"rule {one.rule} of {told}: that is neither a time, a rate nor a ratio"
    return _held(one, made, declared)


_NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "rate_from_median": (("time",),),
    "weibull_scale_from_median": (("time",), ("plain", "ratio"), ("plain", "ratio")),
    "complement": (("probability", "plain"),),
    "log_of_ratio": (("ratio", "plain"),),
    "rate_from_probability": (("probability", "plain"),),
    "probability_from_rate": (("rate",),),
}
"""The kinds that a rule takes, in the order of its inputs; what has no place here is multiplied, divided or subtracted."""
_WANTED = {
    "time": "a median time",
    "probability": "a probability",
    "ratio": "a hazard ratio",
    "rate": "a rate",
}


def _held(one: spec.Derived, made: Measure, declared: Measure) -> Measure | str:
    """What a rule makes, unless the declared unit says otherwise; a plain number may be declared as one of anything."""
    if not one.unit or (declared.kind, declared.unit) == (made.kind, made.unit):
        return made
    unitless = ("ratio", "probability", "plain")
    if made.kind in unitless and declared.kind == "plain":
        return made
    if made.kind == "plain" and made.role is None and declared.kind in ("other", "other per"):
        return made
    return f"rule {one.rule} makes {made.words}; it declares unit {one.unit!r}"


def _told(one: spec.Derived, named: list[tuple[str, Measure]], declared: Measure) -> Measure | str:
    """Of numbers in units that are not reckoned with (EUR, hours), what is declared; a difference needs one unit."""
    units = {m.words for _, m in named if m.kind != "plain"}
    if one.rule == "difference" and len(units) > 1:
        told = " and ".join(f"parameters.{name} is {m.words}" for name, m in named)
        return f"rule difference of {told}: they have not one unit"
    return declared


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
        return (
            None
            if len(powers) > 1
            else (_plainly(inputs[0]) if len(kinds) == 1 else _of_power(powers.pop(), unit))
        )
    if kinds == {"probability"} and rule == "product":
        return Measure("probability", "", "a product of probabilities")
    sign = [1] * len(inputs) if rule == "product" else [1, -1]
    power = sum(s * _POWER[m.kind] for s, m in zip(sign, inputs))
    return _of_power(power, unit) if abs(power) <= 1 else None


def _of_power(power: int, unit: str) -> Measure:
    return {1: of_unit(unit), -1: of_unit(f"per {unit}"), 0: of_unit("")}[power]


def _plainly(one: Measure) -> Measure:
    """The same kind of number without the role of the parameter that it came from."""
    return one._replace(
        role=None, meant=False, words="a number without a unit" if one.kind == "plain" else one.words
    )
