"""Faults of numbers that are only known with the draws: shares above one, effects that are not positive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.simulation.schema import Checked
from survsim.simulation.strategy import Effect, Line, StopRule, Toxicity, Treatment, WaningStep

if TYPE_CHECKING:
    from survsim.simulation.model import Model

_SHARES = {
    (Toxicity, "probability"),
    (Treatment, "response_probability"),
    (Treatment, "adherence"),
    (Line, "accept"),
}
_POSITIVE = {(Effect, "hazard_ratio"), (Effect, "acceleration_factor"), (WaningStep, "factor")}
_TIMES = {(Effect, "delay"), (Treatment, "duration"), (Treatment, "cycle_length"), (StopRule, "rate")}


def number_faults(model: Model) -> Iterator[str]:
    """Sentences, each one number outside its range with the draws that are."""
    items: list[tuple[str, Any]] = [(f"strategy {s.name}", s) for s in model.strategies]
    items += [(f"treatment {n}", t) for n, t in model.treatments.items()]
    items += [("population", model.population)]
    for where, item in items:
        for owner, field, value in _walk(item):
            numbers = model.parameters[value] if isinstance(value, str) else np.asarray(float(value))
            fault = _range_fault(owner, field, numbers)
            if fault:
                named = f" ({value})" if isinstance(value, str) else ""
                yield f"{where}: {field}{named} {fault}"
        for law in _laws(item):
            yield from _law_fault(model, where, law)
    for transition in model.transitions:
        for law in _laws(transition):
            yield from _law_fault(model, f"transition {transition.name}", law)


def _range_fault(owner: type[Checked], field: str, numbers: np.ndarray) -> str:
    key = (owner, field)
    if key in _SHARES:
        bad, rule = (numbers < 0) | (numbers > 1), "must lie between 0 and 1"
    elif key in _POSITIVE:
        bad, rule = numbers <= 0, "must be above 0"
    elif key in _TIMES:
        bad, rule = numbers < 0, "must be at least 0"
    else:
        return ""
    if not bad.any():
        return ""
    share = f" in {int(bad.sum())} of {bad.size} draws" if bad.ndim else ""
    return f"{rule}; it is {float(numbers[bad][0] if bad.ndim else numbers):g}{share}"


def _walk(item: Any) -> Iterator[tuple[type[Checked], str, Any]]:
    if isinstance(item, Checked):
        wanted = {field for owner, field in _SHARES | _POSITIVE | _TIMES if owner is type(item)}
        for field, value in item:
            if field in wanted and value is not None:
                yield type(item), field, value
            else:
                yield from _walk(value)
    elif isinstance(item, tuple):
        for part in item:
            yield from _walk(part)
    elif isinstance(item, dict):
        for part in item.values():
            yield from _walk(part)


def _laws(item: Any) -> Iterator[Any]:
    if hasattr(item, "build"):
        yield item
    elif isinstance(item, Checked):
        for _, value in item:
            yield from _laws(value)
    elif isinstance(item, tuple):
        for part in item:
            yield from _laws(part)
    elif isinstance(item, dict):
        for part in item.values():
            yield from _laws(part)


def _law_fault(model: Model, where: str, law: Any) -> Iterator[str]:
    """Build the law at each extreme of its parameters: the distribution itself says what it refuses."""
    for pick in (np.min, np.max):
        try:
            law.build(
                lambda v, pick=pick: float(pick(model.parameters[v]) if isinstance(v, str) else v),
                model.time_unit,
            )
        except ValueError as error:
            yield f"{where}: {error}"
            return
