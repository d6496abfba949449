"""What kind of number each field takes, and every place at which a parameter is used for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from survsim.simulation.cord_biology.myelopathy import CordSettings
from survsim.simulation.declared.clause import Clause
from survsim.simulation.declared.cohort_values import OwnValues, Span
from survsim.simulation.declared.cycles import Cycles, Row
from survsim.simulation.declared.effect import Effect, LastsFor, LastsWaning, WaningSpan, WaningStep
from survsim.simulation.declared.history import History, PastDose, PastState, PastTreatment
from survsim.simulation.declared.partitioned import Beside, RatioCurve, SplineCurve
from survsim.simulation.declared.population import Covariate, Frailty
from survsim.simulation.declared.states import State, Transition
from survsim.simulation.declared.strategy import Line, Radiation, StopRule, Toxicity, Treatment
from survsim.simulation.declared.values import Outcome, Pieces, UnderTreatment
from survsim.simulation.declared.varying import ByTime, OfLaw, Together
from survsim.simulation.laws import law
from survsim.simulation.laws.schema import Checked

Kind = Literal[
    "time",
    "rate",
    "growth",
    "ratio",
    "acceleration",
    "factor",
    "log ratio",
    "probability",
    "shape",
    "variance",
    "spread",
    "power",
    "utility",
    "utility change",
    "cost",
    "cost per time",
    "count",
    "number",
    "log time",
    "dose",
    "any",
]
"""The role of a number: times, rates and growths count in the model's unit, a ratio multiplies a hazard, a factor what an
effect does to it; a number has no unit and no role, and any may be what it likes."""

KINDS: dict[type[Checked], dict[str, Kind]] = {
    State: {"utility": "utility", "cost_per_time": "cost per time"},
    Transition: {"covariates": "log ratio", "frailty_power": "power"},
    Clause: {"at_least": "any", "at_most": "any"},  # by the quantity asked about
    Effect: {"hazard_ratio": "ratio", "acceleration_factor": "acceleration", "delay": "time"},
    WaningStep: {"factor": "factor"},
    LastsFor: {"for_": "time", "unless_stopped_before": "time"},
    WaningSpan: {"from_": "time", "to": "time"},
    LastsWaning: {"unless_stopped_before": "time"},
    Toxicity: {"probability": "probability"},
    Radiation: {"dose_per_fraction": "dose"},
    Treatment: {
        "duration": "time",
        "cycle_length": "time",
        "response_probability": "probability",
        "utility_change": "utility change",
        "cost": "cost",
        "cost_per_time": "cost per time",
        "adherence": "probability",
    },
    StopRule: {"rate": "rate", "after": "time"},
    Line: {"accept": "probability"},
    Covariate: {
        "value": "any",
        "mean": "any",
        "sd": "any",
        "low": "any",
        "high": "any",
        "probability": "probability",
    },
    Frailty: {"variance": "variance"},
    Outcome: dict.fromkeys(
        ("by_state", "by_treatment", "at_entry", "at_transition", "at_event", "at_start", "at_stop"), "any"
    ),
    UnderTreatment: {"value": "any"},
    Pieces: {"factors": "number"},
    Span: {"by_state": "any"},
    OwnValues: {"by_state": "any", "at_entry": "any", "at_transition": "any", "at_beginning": "any"},
    Row: {"entries": "probability"},
    OfLaw: {"hazard_ratio": "ratio"},
    ByTime: {"values": "probability"},
    Together: {"numbers": "probability"},
    Cycles: {"start": "probability"},
    SplineCurve: {"coefficients": "any"},
    RatioCurve: {"hazard_ratio": "ratio"},
    Beside: {"deaths": "probability"},
    CordSettings: {},
    History: {"now": "time", "covariates": "any"},
    PastState: {"at": "time"},
    PastTreatment: {"start": "time", "end": "time"},
    PastDose: {"dose_per_fraction": "dose", "ended": "time"},
    law.ExponentialLaw: {"rate": "rate"},
    law.WeibullLaw: {"shape": "shape", "scale": "time"},
    law.GompertzLaw: {"shape": "growth", "rate": "rate"},
    law.LogNormalLaw: {"meanlog": "log time", "sdlog": "spread"},
    law.LogLogisticLaw: {"shape": "shape", "scale": "time"},
    law.GeneralisedGammaLaw: {"mu": "log time", "sigma": "spread", "q": "number"},
    law.PiecewiseLaw: {"rates": "rate"},
}


class Use(NamedTuple):
    """A parameter or a plain number, the place where it is used, and the kind of number that belongs there."""

    parameter: str | float
    place: str
    kind: Kind


def uses(item: Any, place: str) -> Iterator[Use]:
    """Every use of a parameter inside a checked object, in the order written."""
    yield from (use for use in numbers(item, place) if isinstance(use.parameter, str))


def numbers(item: Any, place: str) -> Iterator[Use]:
    """Every number inside a checked object, the name of a parameter or a plain one, in the order written."""
    if isinstance(item, Checked):
        kinds = KINDS.get(type(item), {})
        for field, value in item:
            here = f"{place}.{field.rstrip('_')}"
            kind = kinds.get(field)
            if isinstance(item, Clause) and kind is not None:
                kind = _asked(item)
            if kind is None:
                yield from numbers(value, here)
            else:
                for where, name in _names(value, here):
                    yield Use(name, where, kind)
    elif isinstance(item, Mapping):
        for key, part in item.items():
            yield from numbers(part, f"{place}.{key}")
    elif isinstance(item, tuple | list):
        for number, part in enumerate(item):
            yield from numbers(part, f"{place}.{_called(part, number)}")


def _names(value: Any, place: str) -> Iterator[tuple[str, str | float]]:
    """The numbers in a field that holds them: one, several, or several by name."""
    if isinstance(value, str | float):
        yield place, value
    elif isinstance(value, Mapping):
        yield from ((f"{place}.{key}", v) for key, v in value.items() if isinstance(v, str | float))
    elif isinstance(value, tuple):
        yield from ((f"{place}.{i}", v) for i, v in enumerate(value) if isinstance(v, str | float))


def _asked(clause: Clause) -> Kind:
    """What the limits of a condition count in."""
    if clause.quantity.startswith("time"):
        return "time"
    if clause.quantity.endswith("dose"):
        return "dose"
    return "any" if clause.quantity == "covariate" else "count"


def _called(part: Any, number: int) -> str:
    """The name by which a reader finds an entry of a list: its own where it has one."""
    for field in ("name", "line", "strategy"):
        found = getattr(part, field, None)
        if isinstance(found, str):
            return found
    return str(number)
