"""What a history comes to in one draw: where the patient stands, how old each clock is, what it says of frailties.

Up to now each transition out of a state that was passed through spent the cumulative hazard of the stay, under the
treatments in force then. A frailty z that multiplies hazards H_i and was seen in m events has afterwards the density
g(z) z^m exp(-z sum H_i), for a gamma law again a gamma (`survsim.kernels.frailty`).
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import ndtr

from survsim.core.checks import FloatArray
from survsim.core.times import met
from survsim.kernels.frailty import LEAST_VARIANCE, gamma_after
from survsim.simulation.declared.history import History, PastTreatment
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.population import Frailty
from survsim.simulation.declared.strategy import Treatment
from survsim.simulation.engine.effects import EffectPlan, effects_on, least_exposure
from survsim.simulation.engine.plan import DiseasePlan, TransitionPlan
from survsim.simulation.laws.by_draw import NumbersByDraw, alone
from survsim.simulation.laws.gamma_quantile import gamma_quantile
from survsim.simulation.laws.mortality import MortalityTable


@dataclasses.dataclass(frozen=True, slots=True)
class GivenBefore:
    """A treatment of the past in one draw; times count from now, so they are negative."""

    treatment: str
    start: float
    end: float
    status: str
    line: str | None
    fractions: Mapping[str, int]
    responded: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Tilt:
    """What a history says of a frailty: (power, cumulative hazard) of each transition, and the power of each event."""

    passed: tuple[tuple[float, float], ...]
    events: tuple[float, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """One patient in one draw, at now; times count from now.

    Attributes
    ----------
    state : index of the state; ages : age of the clock of each transition out of it.
    origin : time zero; entry, progressed_at : of the state and of the last progression, minus infinity if none.
    previous_time : length of the stay before; n_progressions : so far.
    performance, performance_then : now, and on entry into the state.
    given : treatments in the order they began; doses : region, dose, dose times dose per fraction, end.
    harms : (treatment, toxicity) that have come; tilts : by frailty.
    """

    state: int
    ages: tuple[float, ...]
    origin: float
    entry: float
    previous_time: float
    progressed_at: float
    n_progressions: int
    performance: float
    performance_then: float
    given: tuple[GivenBefore, ...]
    doses: tuple[tuple[str, float, float, float], ...]
    harms: frozenset[tuple[str, str]]
    covariates: Mapping[str, float]
    tilts: Mapping[str, Tilt]


def what_is_known(model: Model, history: History, number: NumbersByDraw, disease: DiseasePlan) -> Known:
    """A history in one draw."""
    now = number(history.now)
    courses = (_given(p, model.treatments[p.treatment], number, now) for p in history.given)
    # at equal times as the model has them: the order in which they are listed says nothing
    given = tuple(sorted(courses, key=lambda g: (g.start, list(model.treatments).index(g.treatment))))
    path = [(disease.names.index(s.state), number(s.at)) for s in history.path]
    # where people start in several states the path says in which of them this patient did
    steps = path if disease.starts else [(disease.initial, 0.0), *path]
    values = _patient(model, history, number)
    changes = _performance_changes(model, history, disease, steps, number)
    performance = _performances(model, history, [change for _, change in changes])
    passed: dict[str, list[tuple[float, float]]] = {}
    events: dict[str, list[float]] = {}
    progressed, progressions, previous = -np.inf, 0, 0.0
    ages: tuple[float, ...] = ()
    for i, (state, entry) in enumerate(steps):
        if i:
            previous = entry - steps[i - 1][1]
        # whoever starts in a state of progression has progressed at the start
        if disease.progression[state] and not _same_stage(disease, steps, i):
            progressed, progressions = _from_now(entry, now), progressions + 1
        values["performance_status"] = performance[sum(at <= (entry, i) for at, _ in changes)]
        leaves = steps[i + 1] if i + 1 < len(steps) else (None, now)
        values |= {
            "entry_time": entry,
            "n_progressions": float(progressions),
            "time_in_previous_state": previous,
        }
        ages = ()
        for transition, name in zip(disease.out[state], disease.out_names[state]):
            effects = effects_on(
                name, {g.treatment: model.treatments[g.treatment] for g in given}, number, model.time_unit
            )
            origin = -now
            if transition.age is not None:  # a clock of age was at 0 at birth
                origin -= transition.per_year * values[transition.age]
            law = transition.law
            if isinstance(law, MortalityTable):
                law = law.of({k: np.array([v]) for k, v in values.items()}.__getitem__)
            stay = (_from_now(entry, now), _from_now(leaves[1], now))
            hazard, age = _spent(transition, law, effects, given, *stay, origin, progressed)
            ages = (*ages, age)
            if transition.frailty is not None:
                score = sum(alone(c) * values[k] for k, c in transition.covariates)
                power = alone(transition.frailty_power)
                passed.setdefault(transition.frailty, []).append((power, hazard * np.exp(score)))
                if transition.target == leaves[0]:
                    events.setdefault(transition.frailty, []).append(power)
    told, since = history.performance_status, _from_now(steps[-1][1], now)
    return Known(
        state=steps[-1][0],
        ages=ages,
        origin=-now,
        entry=since,
        previous_time=previous,
        progressed_at=progressed,
        n_progressions=progressions,
        performance=performance[-1] if told is None else float(told),
        # in a state that was entered just now, the one now is that on entry
        performance_then=values["performance_status"] if told is None or since < 0 else float(told),
        given=given,
        doses=tuple(
            (d.region, total := d.fractions * number(d.dose_per_fraction), total * number(d.dose_per_fraction),
             _from_now(number(d.ended), now))
            for d in history.doses
        ),
        harms=frozenset((t.treatment, t.name) for t in history.toxicities),
        covariates={name: number(v) for name, v in history.covariates.items()},
        tilts={f: Tilt(tuple(passed.get(f, ())), tuple(events.get(f, ()))) for f in {*passed, *events}},
    )  # fmt: skip


def _from_now(at: float, now: float) -> float:
    """A time of the past counted from now, without the last bits of the difference: 0.6 at 0.8 is 0.2 ago, as a rule has it."""
    return float(f"{at - now:.12g}")


def _given(past: PastTreatment, treatment: Treatment, number: NumbersByDraw, now: float) -> GivenBefore:
    """A course in one draw; one as long as an effect asks for ends in the very sum that it is compared with."""
    start = _from_now(number(past.start), now)
    end = np.inf if past.end is None else _from_now(number(past.end), now)
    enough = [start + alone(least_exposure(effect, number)) for effect in treatment.effects]
    return GivenBefore(
        treatment=past.treatment,
        start=start,
        end=float(met(np.array(end), enough)),
        status=past.status,
        line=past.line,
        fractions=past.fractions,
        responded=past.responded,
    )


def _patient(model: Model, history: History, number: NumbersByDraw) -> dict[str, float]:
    """The patient's own covariates."""
    values = {c.name: number(c.value) for c in model.population.covariates if c.value is not None}
    return values | {k: number(v) for k, v in history.covariates.items()}


def _same_stage(disease: DiseasePlan, steps: list[tuple[int, float]], i: int) -> bool:
    """Whether step `i` stayed within a stage of the disease."""
    return bool(i and disease.within_stage is not None and disease.within_stage[steps[i - 1][0], steps[i][0]])


def _performance_changes(
    model: Model,
    history: History,
    disease: DiseasePlan,
    steps: list[tuple[int, float]],
    number: NumbersByDraw,
) -> list[tuple[tuple[float, float], float]]:
    """What changed the performance status so far, in its order: when, the step of the path or infinity, and by how much.

    An adverse event has no date in a history; it counts from the start of the last course of its treatment.
    """
    found = [
        ((at, float(i)), float(disease.performance_change[state]))
        for i, (state, at) in enumerate(steps)
        if i and not _same_stage(disease, steps, i)
    ]
    for event in history.toxicities:
        began = max(number(p.start) for p in history.given if p.treatment == event.treatment)
        (change,) = (
            x.performance_change for x in model.treatments[event.treatment].toxicities if x.name == event.name
        )
        found.append(((began, np.inf), float(change)))
    return sorted(found)


def _performances(model: Model, history: History, changes: list[float]) -> list[float]:
    """The performance status at the start and after each change, always from 0 to 4.

    One that is shared out is only known now; it is followed backwards.
    """
    status = model.population.performance_status
    start = status if isinstance(status, int) else (history.performance_status or 0) - sum(changes)
    so_far = [min(max(float(start), 0.0), 4.0)]
    for change in changes:
        so_far.append(min(max(so_far[-1] + change, 0.0), 4.0))
    return so_far


def _spent(
    transition: TransitionPlan,
    law: Any,
    effects: tuple[EffectPlan, ...],
    given: tuple[GivenBefore, ...],
    begin: float,
    end: float,
    origin: float,
    progressed_at: float,
) -> tuple[float, float]:
    """Cumulative hazard of a transition over a stay from `begin` to `end`, and the age of its clock then."""
    names = list(dict.fromkeys(g.treatment for g in given))
    acting = [(e, g) for e in effects for g in given if g.treatment == names[e.treatment]]
    cuts = {begin, end}
    for effect, course in acting:
        cuts |= {
            t for t in (course.start, course.end, *(course.start + effect.times[:, 0])) if begin < t < end
        }
    age, hazard = begin - origin if transition.forward else 0.0, 0.0
    edges = sorted(cuts)
    for low, high in itertools.pairwise(edges):
        log_ratio, log_slowness, in_force = _in_force(acting, (low + high) / 2, progressed_at)
        now = _law_in_force(acting, (low + high) / 2, progressed_at, law)
        before = _hazard_at(now, age)
        age += (high - low) / float(np.exp(log_slowness))
        if transition.needs_effect and not in_force:
            continue
        hazard += float(np.exp(log_ratio)) * (_hazard_at(now, age) - before)
    return hazard, age


def _law_in_force(
    acting: list[tuple[EffectPlan, GivenBefore]], time: float, progressed_at: float, own: Any
) -> Any:
    """The law of a transition at `time`: that of the last effect in force that has one, else its own."""
    law = own
    for effect, _ in acting:
        of_it = [(e, g) for e, g in acting if e is effect]
        if effect.law is not None and _in_force(of_it, time, progressed_at)[2]:
            law = effect.law
    return law


def _hazard_at(law: Any, age: float) -> float:
    return float(np.asarray(law.cumulative_hazard(np.array([age])))[0])


def _in_force(
    acting: list[tuple[EffectPlan, GivenBefore]], time: float, progressed_at: float
) -> tuple[float, float, bool]:
    """Log hazard ratio and log slowness at `time`, as `effect_logs` of the kernels has them; whether any is in force."""
    logs, in_force = [0.0, 0.0], False
    for effect, course in acting:
        later = [g.start for e, g in acting if e is effect and course.start < g.start <= time]
        over = time >= course.end and course.end < course.start + alone(effect.least)
        failed = effect.until_progression and course.start < progressed_at <= time
        if course.start > time or later or over or failed or (effect.responders and not course.responded):
            continue
        step = int(np.searchsorted(course.start + effect.times[:, 0], time, side="right"))
        logs[int(effect.slows_clock)] += float(effect.logs[step, 0])
        in_force = in_force or bool(effect.on[step])
    return logs[0], logs[1], in_force


GRID = 4001
"""Points of the quantile function of a frailty that is not gamma after its update."""


def frailty_given(frailty: Frailty, tilt: Tilt, u: FloatArray, number: Any) -> FloatArray:
    """Frailties (n,) at uniforms `u` (n,), given what happened."""
    variance = number(frailty.variance)
    if variance <= LEAST_VARIANCE:
        return np.ones(u.shape)
    powers = {p for p, _ in tilt.passed} | set(tilt.events)
    if frailty.distribution == "gamma" and powers <= {1.0}:
        shape, rate = gamma_after(variance, sum(h for _, h in tilt.passed), len(tilt.events))
        return gamma_quantile(u, float(1.0 / shape)) * float(shape / rate)
    # by the trapezoidal rule over the normal scale of the law before
    z = np.linspace(-9.0, 9.0, GRID)
    if frailty.distribution == "gamma":
        values = gamma_quantile(ndtr(np.clip(z, -8.2, 8.2)), variance)
    else:
        sigma2 = np.log1p(variance)
        values = np.exp(np.sqrt(sigma2) * z - 0.5 * sigma2)
    logs = sum(tilt.events) * np.log(values) - 0.5 * z**2
    for power, hazard in tilt.passed:
        logs = logs - hazard * values**power
    density = np.exp(logs - logs.max())
    mass = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    found = np.interp(u, mass / mass[-1], z)
    return np.exp(np.interp(found, z, np.log(values)))
