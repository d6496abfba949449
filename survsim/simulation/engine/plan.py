"""A model and a strategy of one draw, compiled to what the engine interprets: indices and numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Iterable, Mapping
from typing import Any

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray
from survsim.core.errors import ScenarioError
from survsim.core.units import conversion_factor
from survsim.kernels.patient_path import CodeArray
from survsim.simulation.declared.graph_checks import ways_out
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.rules import StartRules, compile_start_rules
from survsim.simulation.declared.states import HISTORY, Transition
from survsim.simulation.declared.strategy import Line, Strategy, Treatment
from survsim.simulation.engine.effects import EffectPlan, EffectTable, effects_on, least_exposure
from survsim.simulation.engine.worth import TreatedWorth, WorthPlan, compile_treated, compile_worth
from survsim.simulation.laws.by_draw import (
    ByDraw,
    NumbersByDraw,
    alike,
    all_or_none,
    build_law,
    by_draw,
    columns,
)

BEFORE = "before"
"""The course of radiation that stands for doses of none of the treatments."""
MOST = 127
"""What an index of 8 bits can tell apart."""


@dataclasses.dataclass(frozen=True, slots=True)
class TransitionPlan:
    """One transition: where to, the law of its time, and what multiplies its hazard."""

    stream: str
    target: int
    law: Any
    forward: bool
    covariates: tuple[tuple[str, ByDraw], ...]
    frailty: str | None
    frailty_power: ByDraw
    asks_history: bool
    needs_effect: bool
    within_stage: bool = False
    age: str | None = None  # covariate in years that the clock of age starts from
    per_year: float = 1.0  # time units in a year
    latent: str | None = None  # latent time that it shares with others


@dataclasses.dataclass(frozen=True, slots=True)
class ToxicityPlan:
    """An adverse event of a treatment."""

    name: str
    stream: str
    treatment: int
    grade: int
    probability: ByDraw
    onset: Any
    late: bool
    performance_change: int
    leads_to: int  # state it takes the patient to, -1 for none


@dataclasses.dataclass(frozen=True, slots=True)
class TreatmentPlan:
    """A treatment: duration, fractions and dose by cord region, and what it costs."""

    name: str
    duration: ByDraw
    fractions: FloatArray  # (regions,)
    dose_per_fraction: FloatArray  # (regions, draws)
    response_probability: ByDraw
    cost: ByDraw
    acts: bool
    acts_while_on: bool
    calls_off: IntArray  # toxicities that no longer come once it has ended
    irradiates: bool


@dataclasses.dataclass(frozen=True, slots=True)
class LinePlan:
    """A line: its treatments and stop rules, as indices."""

    name: str
    treatments: tuple[int, ...]
    stops_on_progression: tuple[tuple[int, ...], ...]
    stops_on_toxicity: tuple[tuple[int, str | None, tuple[int, ...]], ...]
    dose_rules: tuple[tuple[int, str | None, float], ...]
    choice_rate: ByDraw
    accept: ByDraw
    repeats: int
    stops_on_leaving: tuple[tuple[BoolArray, tuple[int, ...]], ...]  # (states,) that count, treatments
    lasts: tuple[
        tuple[str, Any, tuple[int, ...]], ...
    ]  # stream of a drawn time or "", its law or a time, treatments


@dataclasses.dataclass(frozen=True, slots=True)
class DiseasePlan:
    """States and transitions of one draw, or of several (`by_draw`), shared by all strategies."""

    names: tuple[str, ...]
    out: tuple[tuple[TransitionPlan, ...], ...]
    out_names: tuple[tuple[str, ...], ...]
    dead: BoolArray
    progression: BoolArray
    untreatable: BoolArray
    performance_change: FloatArray
    groups: FloatArray  # (groups, states) 1 where the state is in the group
    group_names: tuple[str, ...]
    utility: FloatArray  # (states, draws)
    cost_per_time: FloatArray
    initial: int
    starts: tuple[tuple[int, ByDraw], ...]
    targets: CodeArray
    within_stage: BoolArray | None  # (states, states) ways that are no progression, None without any
    cyclic: bool
    order: tuple[int, ...]
    uses_history: bool
    changes_performance: bool
    myelopathy_onset: Any
    worth: WorthPlan | None


@dataclasses.dataclass(frozen=True, slots=True)
class StrategyPlan:
    """A strategy of one draw, or of several (`by_draw`); `tables` is indexed as `DiseasePlan.out`."""

    name: str
    treatments: tuple[TreatmentPlan, ...]
    utility_changes: FloatArray  # (treatments, draws)
    costs_per_time: FloatArray
    tables: tuple[tuple[EffectTable | None, ...], ...]
    toxicities: tuple[ToxicityPlan, ...]
    lines: tuple[LinePlan, ...]
    start_rules: StartRules
    regions: tuple[str, ...]
    courses: tuple[str, ...]  # treatments that irradiate; BEFORE for doses of none of them
    changes: IntArray  # (changes,) treatments whose effects change by themselves
    changes_after: FloatArray  # (changes, draws) times since their start
    constant: tuple[tuple[tuple[ByDraw, ByDraw], ...], ...] | None
    worth: TreatedWorth | None


def compile_disease(model: Model, number: NumbersByDraw) -> DiseasePlan:
    """The disease in the draws of `number`, with every number filled in."""
    if len(model.states) > MOST:
        raise ScenarioError(
            f"{len(model.states)} states; there may be {MOST}. Join states that behave alike."
        )
    index = {name: i for i, name in enumerate(model.state_names)}
    onset = model.cord.myelopathy
    out: list[list[TransitionPlan]] = [[] for _ in model.states]
    names: list[list[str]] = [[] for _ in model.states]
    for t in model.transitions:
        plan = _transition(model, t, index, number)
        out[index[t.source]].append(plan)
        names[index[t.source]].append(t.name)
    return DiseasePlan(
        names=model.state_names,
        out=tuple(map(tuple, out)),
        out_names=tuple(map(tuple, names)),
        dead=np.array([s.death for s in model.states]),
        progression=np.array([s.progression for s in model.states]),
        performance_change=np.array([float(s.performance_change) for s in model.states]),
        groups=np.array([[float(g in s.groups) for s in model.states] for g in model.groups]).reshape(
            len(model.groups), len(model.states)
        ),
        group_names=model.groups,
        utility=columns([number(s.utility) for s in model.states]),
        cost_per_time=columns([number(s.cost_per_time) for s in model.states]),
        initial=index[model.initial],
        starts=tuple((index[s], number(share)) for s, share in model.start.items())
        if isinstance(model.start, Mapping)
        else (),
        targets=_targets(out),
        within_stage=_within_stage(out),
        order=_order([[t.target for t in row] for row in out], index[model.initial]),
        cyclic=is_cyclic([[index[t] for t in ways] for ways in ways_out(model).values()]),
        untreatable=np.array([not s.treatable and not s.death for s in model.states]),
        uses_history=any(t.covariates for t in model.transitions)
        or any(s.performance_change for s in model.states),
        changes_performance=any(s.performance_change for s in model.states),
        myelopathy_onset=build_law(onset.onset, number, model.time_unit) if onset else None,
        worth=compile_worth(model, number),
    )


def ways_out_of(
    model: Model, number: NumbersByDraw, states: Container[int]
) -> tuple[tuple[TransitionPlan, ...], ...]:
    """The transitions out of some states in the draws of `number`, none out of the others: `out` of a `DiseasePlan`."""
    index = {name: i for i, name in enumerate(model.state_names)}
    out: list[list[TransitionPlan]] = [[] for _ in model.states]
    for t in model.transitions:
        if index[t.source] in states:
            out[index[t.source]].append(_transition(model, t, index, number))
    return tuple(map(tuple, out))


def _transition(
    model: Model, t: Transition, index: Mapping[str, int], number: NumbersByDraw
) -> TransitionPlan:
    return TransitionPlan(
        stream=f"transition/{t.name}",
        target=index[t.target],
        law=build_law(t.distribution, number, model.time_unit),
        forward=t.clock != "reset",
        covariates=tuple((k, number(v)) for k, v in t.covariates.items()),
        frailty=t.frailty,
        frailty_power=number(t.frailty_power),
        asks_history=any(k in HISTORY for k in t.covariates),
        needs_effect=t.needs_effect,
        within_stage=t.within_stage,
        age=t.age if t.clock == "age" else None,
        per_year=conversion_factor("years", model.time_unit),
        latent=t.latent,
    )


def _targets(out: list[list[TransitionPlan]]) -> CodeArray:
    """Target of each (state, slot), -1 where a state has fewer transitions."""
    slots = max(len(row) for row in out)
    return np.array([[t.target for t in row] + [-1] * (slots - len(row)) for row in out], dtype=np.int8)


def _within_stage(out: list[list[TransitionPlan]]) -> BoolArray | None:
    """Whether the way from one state to another stays within a stage of the disease."""
    ways = [(s, t.target) for s, row in enumerate(out) for t in row if t.within_stage]
    if not ways:
        return None
    found = np.zeros((len(out), len(out)), dtype=bool)
    found[tuple(np.transpose(ways))] = True
    return found


def _order(targets: list[list[int]], start: int) -> tuple[int, ...]:
    """Living states reachable from `start`, each before those it leads to (if there is no cycle)."""
    done: list[int] = []
    seen: set[int] = set()

    def visit(s: int) -> None:
        seen.add(s)
        for t in targets[s]:
            if t not in seen:
                visit(t)
        if targets[s]:
            done.append(s)

    visit(start)
    return tuple(reversed(done))


def _constant_factors(
    strategy: Strategy,
    treatments: dict[str, Treatment],
    effects: tuple[tuple[tuple[EffectPlan, ...], ...], ...],
) -> tuple[tuple[tuple[ByDraw, ByDraw], ...], ...] | None:
    """Hazard ratio and acceleration factor of each transition if they hold from time 0 for ever, else None.

    That is so without lines, and with one line that everybody begins at once and nothing ends.
    """
    if len(strategy.lines) > 1 or not all(_endless(line, treatments) for line in strategy.lines):
        return None
    every = [e for row in effects for es in row for e in es]
    if any(len(e.times) or e.responders or e.until_progression or e.law is not None for e in every):
        return None
    return tuple(
        tuple(
            (
                by_draw(np.exp(sum((e.logs[0] for e in es if not e.slows_clock), start=np.zeros(1)))),
                by_draw(np.exp(sum((e.logs[0] for e in es if e.slows_clock), start=np.zeros(1)))),
            )
            for es in row
        )
        for row in effects
    )


def _endless(line: Line, treatments: dict[str, Treatment]) -> bool:
    if line.start or line.or_start or line.stop or line.modify or line.repeats > 1 or line.accept != 1.0:
        return False
    given = [treatments[name] for name in line.treatments]
    return not any(t.duration is not None or t.cycles is not None or t.toxicities for t in given)


def is_cyclic(targets: list[list[int]]) -> bool:
    """Whether a state can be entered again."""
    colour = [0] * len(targets)

    def visit(s: int) -> bool:
        colour[s] = 1
        found = any(colour[t] == 1 or (colour[t] == 0 and visit(t)) for t in targets[s])
        colour[s] = 2
        return found

    return any(colour[s] == 0 and visit(s) for s in range(len(targets)))


def compile_strategy(
    model: Model, strategy: Strategy, number: NumbersByDraw, disease: DiseasePlan
) -> StrategyPlan:
    """A strategy in the draws of `number` with every name turned into an index."""
    used = treatments_of(model, strategy)
    treatments = {name: model.treatment(strategy, name) or Treatment() for name in used}
    elsewhere = {d.region for d in model.history.doses} if model.history and used else set()
    regions = tuple(sorted({r.region for t in treatments.values() for r in t.radiation} | elsewhere))
    effects = tuple(
        tuple(effects_on(name, treatments, number, model.time_unit) for name in row)
        for row in disease.out_names
    )
    changes = _changes(e for row in effects for es in row for e in es)
    _refuse_too_many(strategy, disease, treatments)
    _refuse_slow_forward_clocks(disease, effects)
    return StrategyPlan(
        name=strategy.name,
        treatments=tuple(_treatment(n, t, regions, number, treatments) for n, t in treatments.items()),
        utility_changes=columns([number(t.utility_change) for t in treatments.values()]),
        costs_per_time=columns([number(t.cost_per_time) for t in treatments.values()]),
        tables=tuple(tuple(EffectTable.of(es) for es in row) for row in effects),
        toxicities=tuple(
            ToxicityPlan(
                name=x.name,
                stream=f"toxicity/{n}/{x.name}",
                treatment=used.index(n),
                grade=x.grade,
                probability=number(x.probability),
                onset=build_law(x.onset, number, model.time_unit),
                late=x.late,
                performance_change=x.performance_change,
                leads_to=-1 if x.leads_to is None else model.state_names.index(x.leads_to),
            )
            for n, t in treatments.items()
            for x in t.toxicities
        ),
        lines=tuple(_line(line, used, number, model) for line in strategy.lines),
        start_rules=compile_start_rules(
            strategy.lines,
            model.state_names,
            number,
            barred=tuple(s.name for s in model.states if not s.treatable and not s.death),
            past=model.history.given if model.history else (),
        ),
        regions=regions,
        courses=(*(n for n, t in treatments.items() if t.radiation), *((BEFORE,) if elsewhere else ())),
        constant=None if model.history else _constant_factors(strategy, treatments, effects),
        changes=np.array([k for k, _ in changes], dtype=np.int64),
        changes_after=columns([after for _, after in changes]),
        worth=compile_treated(model, treatments, strategy, number, disease.worth),
    )


def _changes(effects: Iterable[EffectPlan]) -> list[tuple[int, ByDraw]]:
    """Treatment and time since its start of every step of an effect, each once."""
    steps = [(e.treatment, t) for e in effects for t in e.steps()]
    return list({(k, np.asarray(t).tobytes()): (k, t) for k, t in steps}.values())


def treatments_of(model: Model, strategy: Strategy) -> list[str]:
    """The treatments that matter under a strategy: those of its lines, and those of the past."""
    past = model.history.given if model.history else ()
    return list(
        dict.fromkeys(
            [*(t for line in strategy.lines for t in line.treatments), *(p.treatment for p in past)]
        )
    )


def _refuse_too_many(strategy: Strategy, disease: DiseasePlan, treatments: dict[str, Treatment]) -> None:
    """Refuse more lines or things that may come next than the codes of the engine tell apart."""
    starts = [sum(line.repeats for line in strategy.lines if t in line.treatments) for t in treatments]
    harms = sum(len(t.toxicities) for t in treatments.values())
    ways = max(len(row) for row in disease.out)
    counted = {
        "lines": len(strategy.lines),
        "starts of one treatment": max(starts, default=0),
        "treatments, toxicities and ways out of a state together": 4 + len(treatments) + harms + ways,
    }
    for what, n in counted.items():
        if n > MOST:
            raise ScenarioError(
                f"strategy {strategy.name}: {n} {what}; there may be {MOST}. Split the strategy."
            )


def _refuse_slow_forward_clocks(
    disease: DiseasePlan, effects: tuple[tuple[tuple[EffectPlan, ...], ...], ...]
) -> None:
    """A clock that runs over the whole path cannot be slowed from one state to the next: its age is the time."""
    for state, (row, names) in enumerate(zip(disease.out, disease.out_names)):
        for transition, name, on_it in zip(row, names, effects[state]):
            if transition.forward and state != disease.initial and any(e.slows_clock for e in on_it):
                raise ScenarioError(
                    f"transition {name} runs on the clock of the whole path (clock: forward); an acceleration factor "
                    "acts on a clock that starts on entry. Give the effect as a hazard ratio, or the transition "
                    "clock: reset."
                )


def _treatment(
    name: str, t: Treatment, regions: tuple[str, ...], number: NumbersByDraw, every: dict[str, Treatment]
) -> TreatmentPlan:
    harms = [(owner, x.late) for owner, other in every.items() for x in other.toxicities]
    duration: ByDraw = np.inf
    if t.duration is not None:
        duration = number(t.duration)
    elif t.cycles is not None:
        duration = t.cycles * number(t.cycle_length)
    fractions = np.zeros(len(regions))
    dose: list[ByDraw] = [0.0] * len(regions)
    for r in t.radiation:
        fractions[regions.index(r.region)] = r.fractions
        dose[regions.index(r.region)] = number(r.dose_per_fraction)
    return TreatmentPlan(
        name=name,
        duration=duration,
        fractions=fractions,
        dose_per_fraction=columns(dose),
        response_probability=all_or_none(
            0.0 if t.response_probability is None else number(t.response_probability)
        ),
        cost=all_or_none(number(t.cost)),
        acts=bool(t.effects),
        irradiates=bool(fractions.any()),
        acts_while_on=any(alike(least_exposure(e, number) > 0.0) for e in t.effects),
        calls_off=np.array([i for i, h in enumerate(harms) if h == (name, False)], dtype=np.int64),
    )


def _line(line: Line, used: list[str], number: NumbersByDraw, model: Model) -> LinePlan:
    own = tuple(used.index(t) for t in line.treatments)

    def meant(names: tuple[str, ...]) -> tuple[int, ...]:
        return tuple(used.index(t) for t in names) or own

    return LinePlan(
        name=line.line,
        treatments=own,
        stops_on_progression=tuple(meant(r.treatments) for r in line.stop if r.on == "progression"),
        stops_on_toxicity=tuple(
            (r.grade_at_least, r.name, meant(r.treatments)) for r in line.stop if r.on == "toxicity"
        ),
        dose_rules=tuple((r.grade_at_least, r.name, r.dose_factor) for r in line.modify),
        choice_rate=all_or_none(sum((number(r.rate) for r in line.stop if r.rate is not None), start=0.0)),
        accept=all_or_none(number(line.accept), 1.0),
        repeats=line.repeats,
        stops_on_leaving=tuple(
            (np.array([not r.states or s in r.states for s in model.state_names]), meant(r.treatments))
            for r in line.stop
            if r.on == "state_left"
        ),
        lasts=tuple(
            (f"stop/{line.line}/{i}", build_law(r.law, number, model.time_unit), meant(r.treatments))
            if r.law is not None
            else ("", number(r.after), meant(r.treatments))
            for i, r in enumerate(line.stop)
            if r.on in ("time", "draw")
        ),
    )
