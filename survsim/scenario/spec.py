"""A scenario file: the whole specification of a strategy simulation, read, checked, and nothing else.

The file says who is simulated, in which states they can be, what is given to them, which strategies are compared,
and for each number either rows of the evidence or an assumption with its reason.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from survsim.core.declared import read_as
from survsim.core.errors import ScenarioError
from survsim.core.file_faults import meant
from survsim.core.yaml_files import read_yaml
from survsim.scenario.cohort_files import refuse_other_models, with_files_read
from survsim.scenario.measures import Calibrated
from survsim.scenario.overrides import Override, overridden
from survsim.scenario.parameter_spec import ParameterSpec, Strict
from survsim.scenario.scale_checks import scale_faults
from survsim.simulation.cord_biology.myelopathy import CordSettings
from survsim.simulation.declared.cycles import Cycles
from survsim.simulation.declared.history import History
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.partitioned import Partitioned
from survsim.simulation.declared.population import Population
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

    draws: int = Field(ge=1, le=1_000_000)
    patients: int = Field(ge=2)


class Outcomes(Strict):
    """What is reported: the reference strategy, horizons of the restricted mean, milestones."""

    reference: str
    tau: tuple[float, ...] = (12.0, 24.0)
    decision_tau: float = 24.0
    alive_at: tuple[float, ...] = (12.0,)
    grid_step: float = Field(default=0.5, gt=0)


class ScenarioFile(Strict):
    """The content of a scenario file, key by key."""

    scenario: str = Field(pattern=r"^[A-Za-z0-9_\-]+$")
    question: str
    estimand: str
    time_unit: str
    horizon: float = Field(gt=0)
    seed: int = Field(ge=0)
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
    strategies: tuple[str | dict[str, Any], ...] = Field(
        default=(), description="strategy files, relative to the scenario, or the strategies themselves"
    )
    overrides: dict[str, Override] = Field(default_factory=dict, description="structural alternatives")
    histories: dict[str, History] = Field(
        default_factory=dict, description="patients known up to some time, to go on from"
    )

    @model_validator(mode="after")
    def _one_model(self) -> Self:
        refuse_other_models(self)
        return self

    @property
    def cohort(self) -> Partitioned | Cycles | None:
        """The model of a cohort, where the scenario declares one in place of states and transitions."""
        return self.partitioned or self.cycles


@dataclass(frozen=True, slots=True)
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
        content = with_files_read(read_as(ScenarioFile, _extended(file), file.name), file, _inside)
        strategies = tuple(
            read_strategy(_inside(file, one))
            if isinstance(one, str)
            else strategy_from(one, f"{file.name}: strategies.{number}")
            for number, one in enumerate(content.strategies)
        )
        made = cls(content, strategies, file)
        made._check_names()
        return made

    @property
    def name(self) -> str:
        return self.content.scenario

    @property
    def time_unit(self) -> str:
        return self.content.time_unit

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
        changed = overridden(plain, c.overrides[name], name)
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
        if c.cohort is not None:
            raise ScenarioError(
                f"{self.path.name} declares a cohort, which has no patients to follow; simulate the scenario itself."
            )
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

    def _calibrated(self) -> dict[str, Calibrated]:
        """What the calibration uses its parameters for; empty without one."""
        if self.content.calibration is None:
            return {}
        from survsim.scenario.calibration_plan import read_calibration

        return read_calibration(self.calibration_path).roles()

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

    def uses(self) -> list[Use]:
        """Every place at which the scenario or one of its strategies takes a number, a parameter or a plain one."""
        c = self.content
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
                for name, part in {**parts, "strategies": self.strategies}.items()
                for use in numbers(part, name)
            ),
            *(Use(share, f"start.{name}", "probability") for name, share in shares),
        ]

    def _check_names(self, *, idle: bool = True) -> None:
        """Refuse names without a definition and, unless an alternative left it idle, definitions without a use."""
        defined = self.content.parameters
        used = self._used()
        unknown = sorted(set(used) - set(defined))
        feeding = {name for p in defined.values() if p.source == "derived" for name in p.of}
        unused = sorted(set(defined) - set(used) - feeding) if idle else []
        faults = [f"parameter {name!r} is used but not defined{meant(name, defined)}" for name in unknown]
        faults += [f"parameter {name!r} is defined but nothing uses it" for name in unused]
        faults += scale_faults(defined, self.uses(), self.time_unit, self._calibrated())
        cohort = self.content.cohort
        known = [s.name for s in self.strategies] if cohort is None else list(cohort.strategies)
        if self.content.outcomes.reference not in known:
            faults.append(
                f"the reference {self.content.outcomes.reference!r} is none of the strategies {', '.join(known)}"
                f"{meant(self.content.outcomes.reference, known)}"
            )
        if faults:
            raise ScenarioError(f"{self.path.name} does not fit together:\n  " + "\n  ".join(faults))


def _extended(file: Path) -> Any:
    """The keys of a scenario file, laid over those of the file that it `extends`; named parts are added to its own."""
    raw = read_yaml(file, error=ScenarioError)
    if not isinstance(raw, dict) or "extends" not in raw:
        return raw
    base = read_yaml(_inside(file, str(raw.pop("extends"))), error=ScenarioError)
    if not isinstance(base, dict) or "extends" in base:
        raise ScenarioError(f"{file.name} extends a file that is no whole scenario of its own.")
    added = {
        k: base[k] | raw[k]
        for k in NAMED_PARTS
        if isinstance(base.get(k), dict) and isinstance(raw.get(k), dict)
    }
    return base | raw | added


NAMED_PARTS = ("parameters", "treatments", "overrides", "histories")


def _inside(scenario: Path, name: str) -> Path:
    """A strategy file named by a scenario; it may not leave the study's folder (two levels up)."""
    root = scenario.resolve().parent.parent.parent
    target = (scenario.resolve().parent / name).resolve()
    if not target.is_relative_to(root):
        raise ScenarioError(
            f"{scenario.name} names {name!r}, which leaves the study's folder; keep it inside."
        )
    return target
