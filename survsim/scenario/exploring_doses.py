"""Doses as something to move: Gy per fraction of each course of radiation, and cycles of each drug."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from survsim.core.display import displayed
from survsim.scenario.spec import Scenario
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.strategy import Treatment

MOST_GY = 1.5
"""Times what is planned: so far a dose per fraction may be raised."""
LEAST_GY = 0.25
MOST_CYCLES = 2
"""Times what is planned: so far cycles may be raised."""


@displayed
@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """One number of one treatment: `number` is ``gy`` or ``cycles``, `planned` what the scenario says."""

    name: str
    treatment: str
    number: str
    planned: float
    label: str


def doses_of(scenario: Scenario) -> tuple[Dose, ...]:
    """Doses of treatments that some strategy gives, where the scenario types them as figures.

    A dose that the scenario names as a parameter is moved as that parameter.
    """
    return tuple(dose for name, treatment in _given(scenario).items() for dose in _doses(name, treatment))


def irradiates(scenario: Scenario) -> bool:
    """Whether some strategy gives radiation."""
    return any(t.radiation for t in _given(scenario).values())


def _given(scenario: Scenario) -> dict[str, Treatment]:
    """Treatments by name, in the order in which the strategies give them; a strategy's own come first."""
    found: dict[str, Treatment] = {}
    shared = scenario.content.treatments
    for strategy in scenario.strategies:
        for line in strategy.lines:
            for name in line.treatments:
                if name in strategy.treatments or name in shared:
                    found.setdefault(name, strategy.treatments.get(name) or shared[name])
    return found


def _doses(name: str, treatment: Treatment) -> Iterator[Dose]:
    said = treatment.label or name.replace("_", " ")
    planned = {r.dose_per_fraction for r in treatment.radiation}
    if len(planned) == 1 and not isinstance(gy := next(iter(planned)), str):
        yield Dose(
            name=f"gy_per_fraction/{name}", treatment=name, number="gy", planned=float(gy), label=f"Gy per fraction, {said}",
        )  # fmt: skip
    if treatment.cycles is not None and treatment.cycles > 1:
        yield Dose(
            name=f"cycles/{name}", treatment=name, number="cycles", planned=float(treatment.cycles), label=f"cycles, {said}",
        )  # fmt: skip


def dosed(model: Model, doses: tuple[Dose, ...], moved: Mapping[str, float | str]) -> Model:
    """The model with the doses that were moved; the same model where none was. Gy may be the name of a parameter."""
    changed = [dose for dose in doses if dose.name in moved]
    if not changed:
        return model

    def of(treatments: Mapping[str, Treatment]) -> dict[str, Treatment]:
        now = dict(treatments)
        for dose in changed:
            if dose.treatment in now:
                now[dose.treatment] = _with(now[dose.treatment], dose, moved[dose.name])
        return now

    strategies = tuple(s.model_copy(update={"treatments": of(s.treatments)}) for s in model.strategies)
    return dataclasses.replace(model, treatments=of(model.treatments), strategies=strategies)


def _with(treatment: Treatment, dose: Dose, value: float | str) -> Treatment:
    if dose.number == "cycles":
        return treatment.model_copy(update={"cycles": int(value)})
    gy = value if isinstance(value, str) else float(value)
    radiation = tuple(r.model_copy(update={"dose_per_fraction": gy}) for r in treatment.radiation)
    return treatment.model_copy(update={"radiation": radiation})
