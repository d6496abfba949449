"""Effects of treatments compiled: log factors as step functions of the time since the start."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.simulation.declared.effect import Effect, LastsFor, LastsWaning
from survsim.simulation.declared.states import matches
from survsim.simulation.declared.strategy import Treatment
from survsim.simulation.laws.by_draw import ByDraw, LookupByDraw, NumbersByDraw, alike, build_law, columns

WANING_STEPS = 12
"""Steps that stand for a linear waning; each has the mean factor of its stretch, so no step is off at its ends."""


@dataclasses.dataclass(frozen=True, slots=True)
class EffectPlan:
    """Log factor of a treatment on a transition, a step function of the time since its start.

    `times` (steps, draws), `logs` (steps + 1, draws), with one column where all draws have the same; `on` (steps + 1,) is 1 where the effect is in force, 0 before its delay and after its end. `least` is the exposure from which on it outlives the treatment: 0 always, infinity never.
    """

    treatment: int
    slows_clock: bool
    times: FloatArray
    logs: FloatArray
    on: FloatArray
    least: ByDraw
    until_progression: bool
    responders: bool
    law: Any = None  # that takes the place of the transition's own

    def steps(self) -> list[ByDraw]:
        """The time of each step."""
        return _rows(self.times)


@dataclasses.dataclass(frozen=True, slots=True)
class EffectTable:
    """The effects on one transition as arrays, numbers by draw; see `survsim.kernels.patient_step.effect_logs`."""

    flags: IntArray
    least: FloatArray
    times: FloatArray
    logs: FloatArray
    on: FloatArray
    laws: tuple[tuple[int, Any], ...]  # row of an effect that has a law of its own, and the law

    @classmethod
    def of(cls, effects: tuple[EffectPlan, ...]) -> EffectTable | None:
        """The table of some effects, None of none."""
        if not effects:
            return None
        ends = np.cumsum([len(e.times) for e in effects], dtype=np.int64)
        logs = np.zeros(
            (len(effects), 1 + max(len(e.times) for e in effects), _draws([e.logs for e in effects]))
        )
        on = np.zeros((*logs.shape[:2], 1))
        for row, there, e in zip(logs, on, effects):
            row[: len(e.logs)], there[: len(e.logs), 0] = e.logs, e.on
        flags = [
            (e.treatment, e.slows_clock, e.until_progression, e.responders, end - len(e.times), end)
            for e, end in zip(effects, ends.tolist())
        ]
        return cls(
            np.array(flags, dtype=np.int64),
            columns([e.least for e in effects]),
            columns([t for e in effects for t in e.steps()]),
            logs,
            on,
            tuple((row, e.law) for row, e in enumerate(effects) if e.law is not None),
        )


def _draws(tables: list[FloatArray]) -> int:
    return max((table.shape[-1] for table in tables), default=1)


def effects_on(
    transition: str, treatments: Mapping[str, Treatment], number: NumbersByDraw, time_unit: str
) -> tuple[EffectPlan, ...]:
    """All effects of the treatments on one transition, ``source>target``."""
    found = []
    for k, treatment in enumerate(treatments.values()):
        adherence = number(treatment.adherence)
        for effect in treatment.effects:
            if matches(effect.transition, transition):
                law = build_law(effect.distribution, number, time_unit) if effect.distribution else None
                found.append(dataclasses.replace(_compile(effect, k, adherence, number), law=law))
    return tuple(found)


def least_exposure(effect: Effect, number: LookupByDraw) -> ByDraw:
    """How long the treatment must have been given for its effect to outlive it; infinity where it never does."""
    if isinstance(effect.lasts, str):
        return np.inf if effect.lasts == "while_on" else 0.0
    return number(effect.lasts.unless_stopped_before)


def _compile(effect: Effect, treatment: int, adherence: ByDraw, number: LookupByDraw) -> EffectPlan:
    delay = number(effect.delay)
    times: list[ByDraw] = [0.0, *(step.after for step in effect.waning)]
    logs: list[ByDraw] = [
        adherence * _log(number(f)) for f in (effect.factor(), *(s.factor for s in effect.waning))
    ]
    if isinstance(effect.lasts, LastsFor):
        end = number(effect.lasts.for_)
        kept = [(t, log) for t, log in zip(times, logs) if alike(t < end)]
        times, logs = [t for t, _ in kept] + [end], [log for _, log in kept] + [0.0]
    elif isinstance(effect.lasts, LastsWaning):
        span, slows = effect.lasts.waning, effect.acceleration_factor is not None
        times, logs = _waning(logs[0], number(span.from_), number(span.to), slows)
    on = [1.0] * len(logs)
    if not isinstance(effect.lasts, str):
        on[-1] = 0.0
    if alike(delay > 0):
        times, logs, on = [0.0, delay, *times[1:]], [0.0, *logs], [0.0, *on]
    return EffectPlan(
        treatment=treatment,
        slows_clock=effect.acceleration_factor is not None,
        times=columns(times[1:]),  # the first level holds from the start anyway
        logs=columns(logs),
        on=np.array(on),
        least=least_exposure(effect, number),
        until_progression=effect.ends_on == "progression",
        responders=effect.among == "responders",
    )


def _log(value: ByDraw) -> ByDraw:
    log = np.log(value)
    return log if isinstance(value, np.ndarray) else float(log)


def _waning(log: ByDraw, begin: ByDraw, end: ByDraw, slows_clock: bool) -> tuple[list[ByDraw], list[ByDraw]]:
    """Steps of a log factor that falls linearly to 0 between `begin` and `end`.

    Each step holds the logarithm of the mean factor of its stretch (of the mean speed of the clock, if it is the
    clock that the factor slows): a constant hazard has then spent the exact amount at every edge.
    """
    edges = np.linspace(begin, end, WANING_STEPS + 1).reshape(WANING_STEPS + 1, -1)
    share = np.linspace(1.0, 0.0, WANING_STEPS + 1)[:, None]
    sign = -1.0 if slows_clock else 1.0
    level = sign * log * share
    width = level[1:] - level[:-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(width == 0.0, np.exp(level[:-1]), np.expm1(width) * np.exp(level[:-1]) / width)
    steps = sign * np.log(mean)
    if alike(begin == 0.0):
        return [0.0, *_rows(edges[1:])], [*_rows(steps), 0.0]
    return [0.0, *_rows(edges)], [log, *_rows(steps), 0.0]


def _rows(table: FloatArray) -> list[ByDraw]:
    return [float(row[0]) if row.size == 1 else row for row in table]
