"""A scenario file: the whole specification of a strategy simulation, read, checked, and nothing else.

The file says who is simulated, in which states they can be, what is given to them, which strategies are compared,
and for each number either rows of the evidence or an assumption with its reason.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from survsim.core.declared import read_as
from survsim.core.errors import ScenarioError
from survsim.core.file_faults import meant
from survsim.core.numerals import NUMERAL
from survsim.core.study_files import inside_study
from survsim.core.times import apart, meet, same
from survsim.core.units import DAYS_PER
from survsim.core.yaml_files import read_yaml
from survsim.scenario.cohort_files import refuse_cohort, refuse_other_models, with_files_read
from survsim.scenario.joint_laws import JointLaw
from survsim.scenario.life_tables import with_life_tables
from survsim.scenario.measures import Calibrated
from survsim.scenario.overrides import Override, overridden
from survsim.scenario.parameter_spec import ParameterSpec, Real, Strict
from survsim.scenario.scale_checks import scale_faults
from survsim.simulation.cord_biology.myelopathy import CordSettings
from survsim.simulation.declared.cycles import Cycles
from survsim.simulation.declared.declared_model import DeclaredModel
from survsim.simulation.declared.graph_checks import graph_faults
from survsim.simulation.declared.history import History
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.partitioned import Partitioned
from survsim.simulation.declared.population import Population
from survsim.simulation.declared.sequences import Sequences
from survsim.simulation.declared.states import State, Transition
from survsim.simulation.declared.strategy import (
    Strategy,
    Treatment,
    named_numbers,
    read_strategy,
    strategy_from,
)
from survsim.simulation.declared.uses import Use, numbers
from survsim.simulation.declared.values import Values
from survsim.simulation.laws.schema import Number


class Effort(Strict):
    """How much is simulated: parameter draws (one where nothing is uncertain) and patients a draw."""

    draws: int = Field(ge=1, le=1_000_000, strict=True)
    patients: int = Field(ge=2, strict=True)


class Outcomes(Strict):
    """What is reported: the reference strategy, horizons of the restricted mean, milestones."""

    reference: str
    tau: tuple[Real, ...] = (12.0, 24.0)
    decision_tau: Real = 24.0
    alive_at: tuple[Real, ...] = (12.0,)
    grid_step: Real = Field(default=0.5, gt=0)


def _as_number(name: str) -> str:
    """Advice for what was meant as a number and read as a name: a percentage, or a number with its unit."""
    number, percent, rest = name.strip().partition("%")
    if percent and not rest and NUMERAL.fullmatch(number.strip()):
        return f"; a share is a number: write {float(number) / 100:g} for {name.strip()}"
    first, *words = name.split() or [""]
    if words and NUMERAL.fullmatch(first):
        return f"; a number stands without words: write {first}, in the unit that belongs here"
    return ""


def _reached(given: dict[str, Any], horizon: float) -> dict[str, Any]:
    """The outcomes of a file with defaults that lie within the horizon; nothing is added where those of the class do."""
    fields = Outcomes.model_fields
    made = dict(given)
    for key in ("tau", "alive_at"):
        times = fields[key].default
        if key not in given and max(times) > horizon:
            made[key] = [t for t in times if t <= horizon] or [horizon]
    taus = made.get("tau", fields["tau"].default)
    last = fields["decision_tau"].default
    usable = isinstance(taus, list | tuple) and taus and all(isinstance(t, int | float) for t in taus)
    if "decision_tau" not in given and usable and last not in taus:
        made["decision_tau"] = max(taus)
    if "grid_step" not in given and fields["grid_step"].default > horizon:
        made["grid_step"] = horizon / 20.0
    return made


class ScenarioFile(Strict):
    """The content of a scenario file, key by key."""

    scenario: str = Field(pattern=r"^[A-Za-z0-9_\-]+$")
    question: str
    estimand: str
    time_unit: str
    horizon: Real = Field(gt=0)
    seed: int = Field(ge=0, strict=True)
    full: Effort
    quick: Effort
    outcomes: Outcomes
    population: Population = Field(default_factory=Population)
    start: str | dict[str, Number] | None = None
    states: tuple[State, ...] = ()
    transitions: tuple[Transition, ...] = ()
    partitioned: Partitioned | None = Field(
        default=None,
        description="partitioned survival: two curves a strategy, in place of states and transitions",
    )
    cycles: Cycles | None = Field(
        default=None, description="transition matrices of fixed cycles, in place of states and transitions"
    )
    treatments: dict[str, Treatment] = Field(default_factory=dict)
    cord: CordSettings = Field(default_factory=CordSettings)
    values: Values | None = Field(default=None, description="outcomes that are counted, and discounts")
    calibration: str | None = Field(default=None, description="calibration file, relative to the scenario")
    parameters: dict[str, ParameterSpec]
    joint: dict[str, JointLaw] = Field(default_factory=dict, description="numbers estimated together")
    strategies: tuple[str | dict[str, Any], ...] = Field(
        default=(),
        description="strategy files, relative to the scenario, the strategies themselves, or the rule for sequences of treatments",
    )
    overrides: dict[str, Override] = Field(default_factory=dict, description="structural alternatives")
    histories: dict[str, History] = Field(
        default_factory=dict, description="patients known up to some time, to go on from"
    )

    @model_validator(mode="before")
    @classmethod
    def _times_within(cls, content: Any) -> Any:
        """Horizons and milestones that the file does not name are those of the defaults that it reaches."""
        if not isinstance(content, dict) or not isinstance(content.get("outcomes"), dict):
            return content
        horizon = content.get("horizon")
        if isinstance(horizon, bool) or not isinstance(horizon, int | float) or not horizon > 0:
            return content
        return {**content, "outcomes": _reached(content["outcomes"], float(horizon))}

    @model_validator(mode="after")
    def _one_model(self) -> Self:
        refuse_other_models(self)
        return self

    @property
    def cohort(self) -> Partitioned | Cycles | None:
        """The model of a cohort, where the scenario declares one in place of states and transitions."""
        return self.partitioned or self.cycles


@dataclass(frozen=True, slots=True, repr=False)
class Scenario:
    """A checked scenario and the strategies it names.

    Built by `Scenario.from_yaml`. `name` is its key in results and references.
    """

    content: ScenarioFile
    strategies: tuple[Strategy, ...]
    path: Path

    @classmethod
    def from_yaml(cls, path: str | os.PathLike[str]) -> Scenario:
        """Read a scenario file and its strategies; one that `extends` another takes over every key it does not hold.

        Raises
        ------
        ScenarioError : all faults of the file at once, each with its place; a parameter that is used but not
            defined, or defined but not used.
        """
        file = Path(path)
        raw = with_life_tables(_extended(file), functools.partial(_inside, file))
        strategies, faults = _strategies(raw, file)
        try:
            content = with_files_read(read_as(ScenarioFile, raw, file.name), file, _inside)
        except ScenarioError as error:
            raise ScenarioError("\n".join([str(error), *faults])) from None
        if faults:
            raise ScenarioError("\n".join(faults))
        made = cls(content, strategies, file)
        made._check_names()
        return made

    def __repr__(self) -> str:
        c = self.content
        return (
            f"Scenario {self.name}: {len(self.strategies)} strategies ({', '.join(s.name for s in self.strategies)}), "
            f"{len(c.states)} states, {len(c.transitions)} transitions, {len(c.parameters)} parameters, "
            f"{c.horizon:g} {c.time_unit}, reference {c.outcomes.reference}"
        )

    def _repr_html_(self) -> str:
        from survsim.scenario.shown import scenario_card

        return scenario_card(self)

    @property
    def name(self) -> str:
        return self.content.scenario

    @property
    def time_unit(self) -> str:
        return self.content.time_unit

    @property
    def meanings(self) -> dict[str, str]:
        """What each parameter means, by its name: for `survsim.simulation.explain`."""
        return {name: one.meaning for name, one in self.content.parameters.items()}

    @property
    def calibration_path(self) -> Path:
        """The calibration file that the scenario names."""
        if self.content.calibration is None:
            raise ScenarioError(f"{self.path.name} names no calibration; add the key calibration.")
        return _inside(self.path, self.content.calibration)

    def history(self, history: str | History | Mapping[str, Any]) -> History:
        """A history by its name in the file, or as data: ``{now: 6, path: [{state: progressed, at: 6}]}``."""
        if isinstance(history, History):
            return history
        if isinstance(history, Mapping):
            return read_as(History, history, "history")
        known = self.content.histories
        if history not in known:
            raise ScenarioError(
                f"{self.path.name} holds no history {history!r}; known: {', '.join(known) or 'none'}. "
                "Add it under histories, or give it as data."
            )
        return known[history]

    def overridden(self, name: str) -> Scenario:
        """The same scenario under one of its structural alternatives (`overrides`).

        Raises
        ------
        ScenarioError : an alternative of another name, a place that does not exist, or content that cannot be used.
        """
        c = self.content
        if name not in c.overrides:
            known = ", ".join(c.overrides) or "none"
            raise ScenarioError(f"{self.path.name} holds no override {name!r}; known: {known}.")
        plain = c.model_dump(by_alias=True, mode="json")
        plain["strategies"] = {s.name: s.model_dump(by_alias=True, mode="json") for s in self.strategies}
        try:
            changed = overridden(plain, c.overrides[name], name)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise ScenarioError(
                f"override {name}: what it sets or adds has not the form of the place it goes to; look at how that place is "
                "written in the scenario itself."
            ) from None
        where = f"override {name}"
        strategies = tuple(strategy_from(s, f"{where}: {key}") for key, s in changed["strategies"].items())
        made = Scenario(
            read_as(ScenarioFile, {**changed, "strategies": c.strategies}, where), strategies, self.path
        )
        made._check_names(idle=False)
        return made

    def model(self, draws: Any, *, history: str | History | Mapping[str, Any] | None = None) -> Model:
        """The engine's input for given parameter draws (name -> (d,)), from time zero or from a history."""
        c = self.content
        refuse_cohort(c, self.path.name)
        past = None if history is None else self.history(history)
        used = {*self._used(), *named_numbers(past)}
        return Model(
            states=c.states,
            transitions=c.transitions,
            strategies=self.strategies,
            treatments=c.treatments,
            parameters={name: values for name, values in draws.items() if name in used},
            population=c.population,
            cord=c.cord,
            time_unit=c.time_unit,
            horizon=c.horizon,
            start=c.start,
            history=past,
            values=c.values,
        )

    def _calibrated(self) -> Mapping[str, Calibrated]:
        """What the calibration uses its parameters for; empty without one."""
        if self.content.calibration is None:
            return {}
        file = self.calibration_path
        told = file.stat() if file.is_file() else None
        return _roles_in(file, (told.st_mtime_ns, told.st_size, told.st_ino) if told else ())

    def _used(self) -> list[str]:
        c = self.content
        parts = (
            c.states,
            c.transitions,
            c.treatments,
            c.population,
            c.cord,
            self.strategies,
            c.histories,
            c.values,
            c.cohort,
        )
        shares = c.start.values() if isinstance(c.start, dict) else ()
        return [*named_numbers(parts), *(v for v in shares if isinstance(v, str))]

    def _check_names(self, *, idle: bool = True) -> None:
        """Refuse names without a definition and, unless an alternative left it idle, definitions without a use."""
        defined = self.content.parameters
        used = self._used()
        unknown = sorted(set(used) - set(defined))
        feeding = {name for p in defined.values() if p.source == "derived" for name in p.of}
        unused = sorted(set(defined) - set(used) - feeding) if idle else []
        faults = [
            f"parameter {name!r} is used but not defined{meant(name, defined) or _as_number(name)}"
            for name in unknown
        ]
        faults += [f"parameter {name!r} is defined but nothing uses it" for name in unused]
        faults += scale_faults(defined, uses_of(self), self.time_unit, self._calibrated())
        faults += [*self._outcome_faults(), *self._model_faults()]
        drawn = {p.of for p in defined.values() if p.source == "joint"}
        faults += [
            f"joint {name!r} is defined but no parameter is a component of it"
            for name in self.content.joint
            if name not in drawn
        ]
        if faults:
            listed = "\n  ".join(dict.fromkeys(faults))
            raise ScenarioError(f"{self.path.name} does not fit together:\n  {listed}")

    def _outcome_faults(self) -> Iterator[str]:
        """Strategies that are told apart by nothing, and times at which nothing is simulated any more."""
        known, outcomes, horizon = (
            [s.name for s in self.strategies]
            if self.content.cohort is None
            else list(self.content.cohort.strategies),
            self.content.outcomes,
            self.content.horizon,
        )
        twice = sorted({name for name in known if known.count(name) > 1})
        yield from (f"two strategies are called {name}; each needs its own name" for name in twice)
        if outcomes.reference not in known:
            yield (
                f"the reference {outcomes.reference!r} is none of the strategies {', '.join(known)}"
                f"{meant(outcomes.reference, known)}"
            )
        taus = outcomes.tau or (horizon,)
        for key, times in (("tau", outcomes.tau), ("alive_at", outcomes.alive_at)):
            for time in times:
                if not 0 < meet(time, horizon) <= horizon:
                    asked, end = apart(time, horizon)
                    yield f"outcomes.{key} {asked} must lie above 0 and not beyond the horizon, {end}"
        if not same(outcomes.decision_tau, taus).any():
            yield (
                f"outcomes.decision_tau {outcomes.decision_tau:.15g} must be one of tau ({', '.join(f'{t:.15g}' for t in taus)}); "
                "add it to tau or choose one of them"
            )
        if outcomes.grid_step > horizon:
            asked, end = apart(outcomes.grid_step, horizon)
            yield f"outcomes.grid_step {asked} is longer than the horizon, {end}"

    def _model_faults(self) -> Iterator[str]:
        """What is wrong with states, ways and names of treatments before any number is known."""
        c = self.content
        if c.time_unit not in DAYS_PER:
            yield f"time_unit {c.time_unit!r} is none of {', '.join(DAYS_PER)}"
            return
        if c.cohort is not None:
            return  # its curves or matrices are checked with their numbers
        start = c.start if isinstance(c.start, str | None) else dict(c.start)
        yield from graph_faults(
            DeclaredModel(
                states=c.states, transitions=c.transitions, strategies=self.strategies, treatments=c.treatments,
                population=c.population, time_unit=c.time_unit, horizon=c.horizon, start=start,
            )
        )  # fmt: skip
        for strategy in self.strategies:
            known = {**c.treatments, **strategy.treatments}
            for line in strategy.lines:
                if missing := [t for t in line.treatments if t not in known]:
                    yield (
                        f"strategy {strategy.name}, line {line.line}: {', '.join(missing)} is not a treatment; known: "
                        f"{', '.join(sorted(known)) or 'none'}"
                    )


@functools.lru_cache(maxsize=8)
def _roles_in(file: Path, stamp: tuple[int, ...]) -> Mapping[str, Calibrated]:
    """What a calibration file uses its parameters for, read once for a scenario and all its alternatives.

    `stamp` says which content of the file is meant: when it was written, how long it is, and where it lies on the disk.
    """
    from survsim.scenario.calibration_plan import calibrated_roles, read_calibration

    return calibrated_roles(read_calibration(file))


def uses_of(scenario: Scenario) -> list[Use]:
    """Every place at which the scenario or one of its strategies takes a number, a parameter or a plain one."""
    c = scenario.content
    parts = {
        name: getattr(c, name)
        for name in (
            "states", "transitions", "treatments", "population", "cord", "histories", "values", "partitioned", "cycles",
        )
    }  # fmt: skip
    shares = c.start.items() if isinstance(c.start, dict) else ()
    return [
        *(
            use
            for name, part in {**parts, "strategies": scenario.strategies}.items()
            for use in numbers(part, name)
        ),
        *(Use(share, f"start.{name}", "probability") for name, share in shares),
    ]


def _strategies(raw: Any, file: Path) -> tuple[tuple[Strategy, ...], list[str]]:
    """The strategies that a file names, and what is wrong with those that cannot be read."""
    named = raw.get("strategies") if isinstance(raw, dict) else None
    read, faults = [], []
    for number, one in enumerate(named if isinstance(named, list | tuple) else ()):
        try:
            if isinstance(one, str):
                place = _inside(file, one)
                if not place.is_file():
                    raise ScenarioError(
                        f"strategies.{number}: there is no file {one} as seen from {file.name}; name the file of each "
                        "strategy as it is called now."
                    )
                read.append(read_strategy(place))
            elif isinstance(one, dict):
                where = f"{file.name}: strategies.{number}"
                if "sequences" in one:
                    read += read_as(Sequences, one, where).strategies()
                else:
                    read.append(strategy_from(one, where))
        except ScenarioError as error:
            faults.append(str(error))
    return tuple(read), faults


def _extended(file: Path) -> Any:
    """The keys of a scenario file, laid over those of the file that it `extends`; named parts are added to its own."""
    raw = read_yaml(file, error=ScenarioError)
    if not isinstance(raw, dict) or "extends" not in raw:
        return raw
    base_file = _inside(file, str(raw.pop("extends")))
    base = read_yaml(base_file, error=ScenarioError)
    if not isinstance(base, dict) or "extends" in base:
        itself = "itself" if base_file.resolve() == file.resolve() else base_file.name
        raise ScenarioError(
            f"{file.name} extends {itself}, a file that is no whole scenario of its own; extend one that holds every key."
        )
    added = {
        k: base[k] | raw[k]
        for k in NAMED_PARTS
        if isinstance(base.get(k), dict) and isinstance(raw.get(k), dict)
    }
    return base | raw | added


NAMED_PARTS = ("parameters", "joint", "treatments", "overrides", "histories")


def _inside(scenario: Path, name: str) -> Path:
    """A strategy file named by a scenario; it may not leave the study's folder (two levels up)."""
    return inside_study(scenario, name, ScenarioError)
