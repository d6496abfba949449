"""Faults of numbers that are only known with the draws: shares above one, effects that are not positive."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from survsim.core.checks import FloatArray
from survsim.simulation.declared.declared_model import DeclaredModel
from survsim.simulation.declared.effect import Effect, LastsFor, LastsWaning, WaningStep
from survsim.simulation.declared.population import Covariate, Frailty
from survsim.simulation.declared.states import State
from survsim.simulation.declared.strategy import Line, Radiation, StopRule, Toxicity, Treatment
from survsim.simulation.laws.law import LawBase
from survsim.simulation.laws.schema import Checked

_SHARES = {
    (Toxicity, "probability"),
    (Treatment, "response_probability"),
    (Treatment, "adherence"),
    (Line, "accept"),
    (Covariate, "probability"),
}
_AT_MOST_ONE = {(State, "utility")}
_POSITIVE = {
    (Effect, "hazard_ratio"),
    (Effect, "acceleration_factor"),
    (WaningStep, "factor"),
    (Radiation, "dose_per_fraction"),
}
_NOT_NEGATIVE = {
    (Effect, "delay"),
    (LastsFor, "unless_stopped_before"),
    (LastsWaning, "unless_stopped_before"),
    (Treatment, "duration"),
    (Treatment, "cycle_length"),
    (Treatment, "cost"),
    (Treatment, "cost_per_time"),
    (State, "cost_per_time"),
    (StopRule, "rate"),
    (StopRule, "after"),
    (Covariate, "sd"),
    (Frailty, "variance"),
}


def number_faults(model: DeclaredModel) -> Iterator[str]:
    """Sentences, each one number outside its range with the draws that are."""
    items: list[tuple[str, Any]] = [(f"strategy {s.name}", s) for s in model.strategies]
    items += [(f"treatment {n}", t) for n, t in model.treatments.items()]
    items += [("population", model.population), *((f"state {s.name}", s) for s in model.states)]
    for where, item in items:
        for owner, field, value in _walk(item):
            fault = _range_fault(owner, field, numbers_of(model, value))
            if fault:
                yield f"{where}: {field}{_named(value)} {fault}"
        for law in _laws(item):
            yield from _law_fault(model, where, law)
        for pair in _order_faults(model, item):
            yield f"{where}: {pair}"
    for transition in model.transitions:
        for law in _laws(transition):
            yield from _law_fault(model, f"transition {transition.name}", law)
    yield from _age_faults(model)


_AGE = re.compile(r"age(_years|_at_\w+)?")


OLDEST = 130
"""Years that nobody outlives."""


def _age_faults(model: DeclaredModel) -> Iterator[str]:
    """A covariate that is called an age and lies below 0, for the patients of the middle 95% at least."""
    known = model.history.covariates if model.history else {}
    for c in model.population.covariates:
        if not _AGE.fullmatch(c.name) or c.distribution in ("bernoulli", "lognormal"):
            continue
        if c.distribution == "normal":
            least = numbers_of(model, c.mean or 0.0) - 1.96 * numbers_of(model, c.sd or 0.0)
        else:
            least = numbers_of(model, (c.value if c.distribution == "fixed" else c.low) or 0.0)
        own = numbers_of(model, known.get(c.name, 0.0))
        if (least < 0).any() or (own < 0).any():
            lowest = min(float(np.min(least)), float(np.min(own)))
            yield (
                f"covariate {c.name} reaches {lowest:.3g}, and nobody is younger than 0; take numbers that stay above it, or "
                "another name if it is centred"
            )
        oldest = numbers_of(model, (c.value if c.distribution == "fixed" else c.high or c.mean) or 0.0)
        if (np.maximum(oldest, own) > OLDEST).any():
            yield (
                f"covariate {c.name} reaches {float(np.max([np.max(oldest), np.max(own)])):.4g}, and nobody is older than {OLDEST}; "
                "an age is in years, neither in months nor a year of birth"
            )


def numbers_of(model: DeclaredModel, value: float | str) -> FloatArray:
    """A number as an array (), or the draws of the parameter it names, () or (draws,)."""
    return model.parameters[value] if isinstance(value, str) else np.asarray(float(value))


def _order_faults(model: DeclaredModel, item: Any) -> Iterator[str]:
    """Pairs of numbers that are in the wrong order in some draw."""
    for part in _parts(item):
        if isinstance(part, Effect):
            yield from _duration_faults(model, part)
        if isinstance(part, Treatment):
            yield from _exposure_faults(model, part)
        if isinstance(part, Effect) and part.waning:
            after = part.waning[0].after
            late = numbers_of(model, part.delay) >= after
            if late.any():
                yield (
                    f"delay{_named(part.delay)} of the effect on {part.transition} must lie before the first "
                    f"time of its waning, {after:g}{_share(late)}"
                )
        elif isinstance(part, Covariate) and part.low is not None and part.high is not None:
            crossed = numbers_of(model, part.low) > numbers_of(model, part.high)
            if crossed.any():
                yield (
                    f"covariate {part.name}: low{_named(part.low)} must not be above "
                    f"high{_named(part.high)}{_share(crossed)}"
                )


def _duration_faults(model: DeclaredModel, effect: Effect) -> Iterator[str]:
    """An effect that would end before it begins."""
    landmarks = effect.landmarks()
    for (first, a), (second, b) in itertools.pairwise(landmarks):
        # a wane may begin at the very start; everything else takes time
        early = numbers_of(model, b) < numbers_of(model, a)
        early = early if second == "from" else early | (numbers_of(model, b) == numbers_of(model, a))
        if early.any():
            yield (
                f"the effect on {effect.transition}: {second}{_named(b)} must lie after {first}{_named(a)}"
                f"{_share(early)}"
            )


def _exposure_faults(model: DeclaredModel, treatment: Treatment) -> Iterator[str]:
    """An exposure that nobody can reach: the treatment is planned to end sooner."""
    for effect in treatment.effects:
        if isinstance(effect.lasts, str) or (treatment.duration is None and treatment.cycles is None):
            continue
        planned = (
            numbers_of(model, treatment.duration)
            if treatment.duration is not None
            else (treatment.cycles or 1) * numbers_of(model, treatment.cycle_length or 0.0)
        )
        least = effect.lasts.unless_stopped_before
        beyond = numbers_of(model, least) > planned
        if beyond.any():
            yield (
                f"the effect on {effect.transition}: unless_stopped_before{_named(least)} is longer than the "
                f"treatment is planned to be given{_share(beyond)}: the effect could never outlive it. "
                "Say lasts: while_on, or a shorter exposure"
            )


def _named(value: float | str) -> str:
    return f" ({value})" if isinstance(value, str) else ""


def _share(bad: NDArray[np.bool_]) -> str:
    return f"; it is not so in {int(bad.sum())} of {bad.size} draws" if bad.ndim else ""


def _range_fault(owner: type[Checked], field: str, numbers: FloatArray) -> str:
    key = (owner, field)
    if key in _SHARES:
        bad, rule = (numbers < 0) | (numbers > 1), "must lie between 0 and 1"
    elif key in _AT_MOST_ONE:
        bad, rule = numbers > 1, "must be at most 1, full health (below 0 is worse than death)"
    elif key in _POSITIVE:
        bad, rule = numbers <= 0, "must be above 0"
    elif key in _NOT_NEGATIVE:
        bad, rule = numbers < 0, "must be at least 0"
    else:
        return ""
    if not bad.any():
        return ""
    share = f" in {int(bad.sum())} of {bad.size} draws" if bad.ndim else ""
    return f"{rule}; it is {float(numbers[bad][0] if bad.ndim else numbers):g}{share}"


def _parts(item: Any) -> Iterator[Checked]:
    """All checked objects inside `item`, itself first."""
    if isinstance(item, Checked):
        yield item
        item = tuple(value for _, value in item)
    for part in item.values() if isinstance(item, dict) else item if isinstance(item, tuple) else ():
        yield from _parts(part)


def _walk(item: Any) -> Iterator[tuple[type[Checked], str, Any]]:
    known = _SHARES | _AT_MOST_ONE | _POSITIVE | _NOT_NEGATIVE
    for part in _parts(item):
        for field, value in part:
            if (type(part), field) in known and value is not None:
                yield type(part), field, value


def _laws(item: Any) -> Iterator[LawBase]:
    yield from (part for part in _parts(item) if isinstance(part, LawBase))


def _law_fault(model: DeclaredModel, where: str, law: LawBase) -> Iterator[str]:
    """Build the law at each extreme of its parameters: the distribution itself says what it refuses."""
    for pick in (np.min, np.max):
        try:
            law.build(functools.partial(_extreme, model, pick), model.time_unit)
        except ValueError as error:
            yield f"{where}: {error}"
            return


def _extreme(model: DeclaredModel, pick: Callable[[FloatArray], Any], value: float | str) -> float:
    return float(pick(numbers_of(model, value)))
