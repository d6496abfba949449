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
    "log ratio": ("plain", "other", "rate"),
    "probability": ("probability", "plain"),
    "shape": ("plain",),
    "variance": ("plain",),
    "spread": ("plain",),
    "power": ("plain",),
    "utility": ("plain",),
    "utility change": ("plain",),
    "cost": ("plain", "other"),
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
    if declared.kind not in ("plain", "other"):
        return f"{'a hazard ratio' if scale == 'hazard_ratio' else 'a proportion'} has no unit; it declares {one.unit!r}"
    rows = f" ({', '.join(one.rows)})" if isinstance(one, spec.FromRows) else ""
    if scale == "hazard_ratio":
        return Measure("ratio", "", f"a hazard ratio{rows}")
    return Measure("probability", "", f"a proportion{rows}")


def of_unit(unit: str) -> Measure:
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
    if last in DAYS_PER and words[-2] == "per":
        return Measure("money rate", last, f"a number in {text}")
    if words[0] == "Gy":
        return Measure("dose", "", "a dose in Gy")
    return Measure("other", "", f"a number in {text}")


_POWER = {"time": 1, "rate": -1, "plain": 0, "ratio": 0, "probability": 0}
"""Exponent of time in what a rule multiplies and divides."""


def _derived(
    one: spec.Derived, known: Mapping[str, Measure], declared: Measure, time_unit: str
) -> Measure | str:
    """What a rule makes of its inputs, held against the declared unit."""
    inputs = [known.get(name, UNKNOWN) for name in one.of]
    if one.rule == "linear_predictor":
        chance = one.link in ("logit", "cloglog")
        return Measure("probability", "", "a probability by a linear predictor") if chance else declared
    named = list(zip(one.of, inputs))
    if any(m.kind in ("unknown", "other", "log time", "dose", "money rate") for m in inputs):
        return declared
    needs = {
        "rate_from_median": (("time",),),
        "weibull_scale_from_median": (("time",), ("plain", "ratio"), ("plain", "ratio")),
        "complement": (("probability", "plain"),),
        "log_of_ratio": (("ratio", "plain"),),
        "rate_from_probability": (("probability", "plain"),),
        "probability_from_rate": (("rate",),),
    }.get(one.rule, ())
    for (name, m), kinds in zip(named, needs):
        if m.kind not in kinds:
            wanted = {
                "time": "a median time",
                "probability": "a probability",
                "ratio": "a hazard ratio",
                "rate": "a rate",
            }.get(kinds[0], "a ratio or a shape")
            return f"rule {one.rule} takes {wanted} where parameters.{name} is {m.words}"
    if one.rule == "log_of_ratio":
        return Measure("plain", "", "a log ratio", "log ratio")
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
