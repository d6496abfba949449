"""A treatment strategy as data: lines in order, when they start, what stops them, what they do.

Every number may be the name of a parameter; the model that simulates the strategy holds its draws.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pydantic

from survsim.core.declared import Names, each_once, read_as
from survsim.core.display import card
from survsim.core.errors import ScenarioError
from survsim.simulation.declared.clause import Clause
from survsim.simulation.declared.effect import Effect
from survsim.simulation.laws import schema
from survsim.simulation.laws.law import Law
from survsim.simulation.laws.schema import Checked, Number


class Toxicity(Checked):
    """An adverse event: it comes with `probability`, at a time from the start given by `onset`.

    Example
    -------
    >>> from survsim.simulation import Toxicity
    >>> onset = {"family": "exponential", "rate": 0.5}
    >>> Toxicity(name="neutropenia", grade=3, probability=0.2, onset=onset).grade
    3
    """

    name: str
    grade: int = pydantic.Field(ge=1, le=5)
    probability: Number = 1.0
    onset: Law
    late: bool = False
    """A late event can come after the treatment ended; an acute one cannot."""
    performance_change: int = 0
    leads_to: str | None = None
    """The state it takes the patient to at once: a death for grade 5, or a living state such as paralysis."""

    @pydantic.field_validator("probability")
    @classmethod
    def _share(cls, value: Number) -> Number:
        if isinstance(value, float) and not 0 <= value <= 1:
            raise ValueError(f"a probability lies between 0 and 1; found {value:g}")
        return value


class Radiation(Checked):
    """Fractions that reach one region of the cord."""

    region: str
    fractions: int = pydantic.Field(gt=0, le=100)
    dose_per_fraction: Number
    """Gy, above 0."""
    fractions_per_day: int = pydantic.Field(default=1, ge=1, le=4)
    """How many are given on one day, 2 with hyperfractionation."""

    @pydantic.field_validator("dose_per_fraction")
    @classmethod
    def _some(cls, value: Number) -> Number:
        if isinstance(value, float) and value <= 0:
            raise ValueError(f"a dose per fraction is above 0 Gy; found {value:g}")
        return value


class Treatment(Checked):
    """A treatment: how long it is given, what it does, what harm it does."""

    kind: Literal["radiotherapy", "systemic", "surgery", "supportive"] = "systemic"
    label: str = ""
    duration: Number | None = None
    cycles: int | None = pydantic.Field(default=None, gt=0)
    cycle_length: Number | None = None
    effects: tuple[Effect, ...] = ()
    toxicities: Annotated[tuple[Toxicity, ...], each_once("name")] = ()
    radiation: tuple[Radiation, ...] = ()
    response_probability: Number | None = None
    utility_change: Number = 0.0
    cost: Number = 0.0
    cost_per_time: Number = 0.0
    adherence: Number = 1.0
    """Share of the effect that is kept on average: it multiplies the logarithm of each factor."""

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.cycles is None) != (self.cycle_length is None):
            raise ValueError("cycles and cycle_length go together")
        if self.duration is not None and self.cycles is not None:
            raise ValueError("give duration, or cycles and cycle_length, not both")
        if self.radiation and self.duration is None and self.cycles is None:
            raise ValueError("a course of radiation needs a duration")
        for name in ("duration", "cycle_length"):
            value = getattr(self, name)
            if isinstance(value, float) and value < 0:
                raise ValueError(f"{name} must be at least 0")
        for name in ("response_probability", "adherence"):
            value = getattr(self, name)
            if isinstance(value, float) and not 0 <= value <= 1:
                raise ValueError(f"{name} lies between 0 and 1; found {value:g}")
        if self.response_probability is None and any(e.among == "responders" for e in self.effects):
            raise ValueError(
                "an effect among: responders never acts without response_probability of this treatment"
            )
        return self


class StopRule(Checked):
    """What ends a line (or only the `treatments` named) before its planned end.

    Besides a toxicity, a progression and the patient's choice at a `rate`: leaving the state the patient is in, or one of
    `states` (state_left); a time `after` the start (time); a time on treatment drawn from `law` (draw). The last two say
    how long treatment is given, so it is then completed; at state_left it is stopped.

    Example
    -------
    >>> from survsim.simulation import StopRule
    >>> StopRule(on="time", after=6.0).after
    6.0
    """

    on: Literal["toxicity", "progression", "patient_choice", "state_left", "time", "draw"]
    grade_at_least: int = pydantic.Field(default=1, ge=1, le=5)
    name: str | None = None
    rate: Number | None = None
    after: Number | None = None
    law: Law | None = None
    states: Names = ()
    treatments: Names = ()

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        for key, on in (("rate", "patient_choice"), ("after", "time"), ("law", "draw")):
            if (self.on == on) != (getattr(self, key) is not None):
                raise ValueError(f"{key} goes with on: {on}, and only with it")
        if self.states and self.on != "state_left":
            raise ValueError("states goes with on: state_left")
        if self.on != "toxicity" and (self.name is not None or self.grade_at_least != 1):
            raise ValueError("name and grade_at_least go with on: toxicity")
        if self.on == "patient_choice" and self.treatments:
            raise ValueError("a patient's choice ends the whole line")
        return self


class DoseRule(Checked):
    """A toxicity that lowers the dose of the line's treatments by `dose_factor`."""

    on: Literal["toxicity"] = "toxicity"
    grade_at_least: int = pydantic.Field(default=1, ge=1, le=5)
    name: str | None = None
    dose_factor: float = pydantic.Field(gt=0, lt=1)


class Line(Checked):
    """One line of a strategy: treatments given together once the start conditions hold.

    `accept` is the probability that the patient agrees when it is offered; who declines is not asked again.
    `repeats` is how often it may be given. A line that irradiates after another one needs a condition that the
    earlier course was completed, or `allow_without_previous`.

    Example
    -------
    >>> from survsim.simulation import Clause, Line, StopRule, Strategy, explain
    >>> later = Line(line="second", treatments=("drug",), start=(Clause(quantity="n_progressions", at_least=1.0),),
    ...     stop=(StopRule(on="progression"),))
    >>> print(explain(Strategy(strategy="wait", label="Wait for it", lines=(later,))).splitlines()[1])
    1. second: drug, once the number of progressions is at least 1.
    """

    line: str
    treatments: Names = pydantic.Field(min_length=1)
    start: tuple[Clause, ...] = ()
    or_start: tuple[tuple[Clause, ...], ...] = ()
    stop: tuple[StopRule, ...] = ()
    modify: tuple[DoseRule, ...] = ()
    accept: Number = 1.0
    repeats: int = pydantic.Field(default=1, ge=1, le=50)
    allow_without_previous: bool = False
    """Said of re-irradiation that may also be the first course, or follow one that was broken off."""
    allow_radiation_together: bool = False
    """Said of several courses of radiation in one line that are one plan, such as a boost."""

    def alternatives(self) -> tuple[tuple[Clause, ...], ...]:
        """Sets of clauses; the line may start when all clauses of one set hold.

        An empty `start` beside alternatives is none of them: it would hold for everybody at once.
        """
        return (self.start, *self.or_start) if self.start or not self.or_start else self.or_start


class Strategy(Checked):
    """A rule over time: which line a patient gets, and when."""

    format: Literal["survsim-strategy/1"] = "survsim-strategy/1"
    strategy: str = pydantic.Field(pattern=r"^[A-Za-z0-9_.\-]+$")
    label: str = ""
    description: str = ""
    treatments: dict[str, Treatment] = pydantic.Field(default_factory=dict)
    lines: tuple[Line, ...] = ()

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        names = [line.line for line in self.lines]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"two lines are called {', '.join(twice)}; each line needs its own name")
        return self

    @property
    def name(self) -> str:
        return self.strategy

    def __repr__(self) -> str:
        lines = ", ".join(f"{line.line} ({' + '.join(line.treatments)})" for line in self.lines)
        return f"Strategy {self.strategy}: {self.title}; lines: {lines or 'none'}"

    def _repr_html_(self) -> str:
        facts = {
            "label": self.label,
            "description": self.description,
            "own treatments": list(self.treatments),
        }
        rows = [
            ("line", "treatments", "stopped by"),
            *((n.line, n.treatments, [s.on for s in n.stop]) for n in self.lines),
        ]
        return card(
            f"Strategy: {self.strategy}", {k: v for k, v in facts.items() if v}, tables={"Lines": rows}
        )

    @property
    def title(self) -> str:
        """The label, or the name where there is none."""
        return self.label or self.strategy


def strategy_from(content: Mapping[str, Any], name: str = "strategy") -> Strategy:
    """A checked `Strategy` from plain data, or one error that lists every fault.

    Examples
    --------
    >>> strategy_from({"strategy": "surgery_alone"}).lines
    ()
    """
    return read_as(Strategy, content, name)


def read_strategy(path: str | Path) -> Strategy:
    """The strategy in a YAML file (`survsim-strategy/1`, see data/strategies/strategy.schema.json).

    Parameters
    ----------
    path : a YAML file.

    Returns
    -------
    Strategy : checked, ready for `Model(strategies=...)`.

    Raises
    ------
    ScenarioError : a file that is missing or no YAML, a word the schema does not know, a value outside its range; with its place.

    Example
    -------
    >>> import pathlib, tempfile
    >>> from survsim.simulation import read_strategy
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "wait.yml"
    >>> _ = file.write_text("{format: survsim-strategy/1, strategy: wait, label: Watchful waiting}")
    >>> read_strategy(file).label
    'Watchful waiting'
    """
    return strategy_from(schema.read_yaml(path), Path(path).name)


def read_strategies(folder: str | Path) -> tuple[Strategy, ...]:
    """All strategies of a folder, in the order of their file names.

    Parameters
    ----------
    folder : with a YAML file a strategy.

    Returns
    -------
    tuple of Strategy.

    Raises
    ------
    ScenarioError : what `read_strategy` refuses, or two strategies of one name.

    Example
    -------
    >>> import pathlib, tempfile
    >>> from survsim.simulation import read_strategies
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("b", "a"):
    ...     _ = (folder / f"{name}.yml").write_text(f"{{format: survsim-strategy/1, strategy: {name}, label: {name}}}")
    >>> [one.strategy for one in read_strategies(folder)]
    ['a', 'b']
    """
    if "\x00" in str(folder) or not Path(folder).is_dir():
        raise ScenarioError(f"there is no folder {str(folder)!r} with strategies; check the name.")
    found = tuple(read_strategy(p) for p in sorted(Path(folder).glob("*.yml")))
    names = [s.name for s in found]
    if len(set(names)) < len(names):
        raise ScenarioError(f"two files in {Path(folder).name} hold a strategy of the same name: {names}.")
    return found


class TreatmentFile(Checked):
    """Treatments that several strategies share (`survsim-treatments/1`)."""

    format: Literal["survsim-treatments/1"]
    treatments: dict[str, Treatment]


def read_treatments(path: str | Path) -> dict[str, Treatment]:
    """The treatments of a YAML file, by name, for `Model(treatments=...)`.

    Parameters
    ----------
    path : a YAML file with the key `treatments`.

    Returns
    -------
    dict of Treatment, by name.

    Raises
    ------
    ScenarioError : a file that is missing or no YAML, or a treatment that the schema refuses; with its place.

    Example
    -------
    >>> import pathlib, tempfile
    >>> from survsim.simulation import read_treatments
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "treatments.yml"
    >>> _ = file.write_text("{format: survsim-treatments/1, treatments: {}}")
    >>> read_treatments(file)
    {}
    """
    return read_as(TreatmentFile, schema.read_yaml(path), Path(path).name).treatments


def strategy_schema() -> str:
    """The JSON schema of a strategy file, for editors: the text of data/strategies/strategy.schema.json."""
    content = Strategy.model_json_schema(by_alias=True)
    content["title"] = "survsim strategy"
    content["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def named_numbers(item: Any) -> Iterator[str]:
    """Names of all parameters that a checked object refers to, in the order written."""
    if isinstance(item, Checked):
        numbers = _number_fields(type(item))
        for field, value in item:
            if field in numbers and isinstance(value, str):
                yield value
            elif field in numbers and isinstance(value, tuple | Mapping):
                several = value.values() if isinstance(value, Mapping) else value
                yield from (v for v in several if isinstance(v, str))
            else:
                yield from named_numbers(value)
    elif isinstance(item, tuple | list):
        for part in item:
            yield from named_numbers(part)
    elif isinstance(item, Mapping):
        for part in item.values():
            yield from named_numbers(part)


@functools.cache
def _number_fields(model: type[Checked]) -> frozenset[str]:
    return frozenset(
        name
        for name, field in model.model_fields.items()
        if "float" in str(field.annotation) and "str" in str(field.annotation)
    )
