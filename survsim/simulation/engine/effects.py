"""Effects of treatments compiled: log factors as step functions of the time since the start."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.simulation.declared.effect import Effect, LastsFor, LastsWaning
from survsim.simulation.declared.states import matches
from survsim.simulation.declared.strategy import Treatment
from survsim.simulation.laws.law import Lookup

WANING_STEPS = 12
"""Steps that stand for a linear waning; each has the mean factor of its stretch, so no step is off at its ends."""


@dataclasses.dataclass(frozen=True, slots=True)
class EffectPlan:
    """Log factor of a treatment on a transition, a step function of the time since its start.

    `on` is 1 where the effect is in force, 0 before its delay and after its end. `least` is the exposure from which on it outlives the treatment: 0 always, infinity never.
    """

    treatment: int
    slows_clock: bool
    times: FloatArray
    logs: FloatArray
    on: FloatArray
    least: float
    until_progression: bool
    responders: bool


@dataclasses.dataclass(frozen=True, slots=True)
class EffectTable:
    """The effects on one transition as arrays, numbers by draw; see `survsim.kernels.patient_step.effect_logs`."""

    flags: IntArray
    least: FloatArray
    times: FloatArray
    logs: FloatArray
    on: FloatArray

    @classmethod
    def of(cls, effects: tuple[EffectPlan, ...]) -> EffectTable | None:
        """The table of some effects, None of none."""
        if not effects:
            return None
        ends = np.cumsum([e.times.size for e in effects], dtype=np.int64)
        logs = np.zeros((len(effects), 1 + max(e.times.size for e in effects)))
        on = np.zeros_like(logs)
        for row, there, e in zip(logs, on, effects):
            row[: e.logs.size], there[: e.logs.size] = e.logs, e.on
        flags = [
            (e.treatment, e.slows_clock, e.until_progression, e.responders, end - e.times.size, end)
            for e, end in zip(effects, ends.tolist())
        ]
        return cls(
            np.array(flags, dtype=np.int64),
            np.array([[e.least] for e in effects]),
            np.concatenate([e.times for e in effects])[:, None],
            logs[:, :, None],
            on[:, :, None],
        )


def effects_on(
    transition: str, treatments: Mapping[str, Treatment], number: Lookup
) -> tuple[EffectPlan, ...]:
    """All effects of the treatments on one transition, ``source>target``."""
    found = []
    for k, treatment in enumerate(treatments.values()):
        adherence = number(treatment.adherence)
        for effect in treatment.effects:
            if matches(effect.transition, transition):
                found.append(_compile(effect, k, adherence, number))
    return tuple(found)


def least_exposure(effect: Effect, number: Lookup) -> float:
    """How long the treatment must have been given for its effect to outlive it; infinity where it never does."""
    if isinstance(effect.lasts, str):
        return np.inf if effect.lasts == "while_on" else 0.0
    return number(effect.lasts.unless_stopped_before)


def _compile(effect: Effect, treatment: int, adherence: float, number: Lookup) -> EffectPlan:
    delay = number(effect.delay)
    times = [0.0, *(step.after for step in effect.waning)]
    logs = [
        adherence * float(np.log(number(f))) for f in (effect.factor(), *(s.factor for s in effect.waning))
    ]
    if isinstance(effect.lasts, LastsFor):
        end = number(effect.lasts.for_)
        kept = [(t, log) for t, log in zip(times, logs) if t < end]
        times, logs = [t for t, _ in kept] + [end], [log for _, log in kept] + [0.0]
    elif isinstance(effect.lasts, LastsWaning):
        span, slows = effect.lasts.waning, effect.acceleration_factor is not None
        times, logs = _waning(logs[0], number(span.from_), number(span.to), slows)
    on = [1.0] * len(logs)
    if not isinstance(effect.lasts, str):
        on[-1] = 0.0
    if delay > 0:
        times, logs, on = [0.0, delay, *times[1:]], [0.0, *logs], [0.0, *on]
    return EffectPlan(
        treatment=treatment,
        slows_clock=effect.acceleration_factor is not None,
        times=np.array(times[1:]),  # the first level holds from the start anyway
        logs=np.array(logs),
        on=np.array(on),
        least=least_exposure(effect, number),
        until_progression=effect.ends_on == "progression",
        responders=effect.among == "responders",
    )


def _waning(log: float, begin: float, end: float, slows_clock: bool) -> tuple[list[float], list[float]]:
    """Steps of a log factor that falls linearly to 0 between `begin` and `end`.

    Each step holds the logarithm of the mean factor of its stretch (of the mean speed of the clock, if it is the
    clock that the factor slows): a constant hazard has then spent the exact amount at every edge.
    """
    edges = np.linspace(begin, end, WANING_STEPS + 1)
    share = np.linspace(1.0, 0.0, WANING_STEPS + 1)
    sign = -1.0 if slows_clock else 1.0
    level = sign * log * share
    width = level[1:] - level[:-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(width == 0.0, np.exp(level[:-1]), np.expm1(width) * np.exp(level[:-1]) / width)
    steps = sign * np.log(mean)
    if begin == 0.0:
        return [0.0, *edges[1:].tolist()], [*steps.tolist(), 0.0]
    return [0.0, *edges.tolist()], [log, *steps.tolist(), 0.0]
