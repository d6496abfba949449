"""Values that only arise together: refused where somebody comes to one that no outcome of its kind can have.

Which treatments meet in which state follows from rules, durations and draws, so it is looked at along the paths, for those
outcomes alone whose numbers could add up to too much: a model in which they never meet is none the worse.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray
from survsim.core.errors import ScenarioError
from survsim.kernels.patient_path import CodeArray
from survsim.simulation.declared.counted import Counted
from survsim.simulation.declared.values_checks import number_fault

_ROUNDING = 1e-9
"""What a sum may be off by the rounding of its numbers."""


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """What is looked at under one strategy.

    Attributes
    ----------
    outcomes : those that may come to a value of no sense, with their places.
    rate : (outcomes, states, draws); extra : (outcomes, states, acting, draws), added while any of a row of `acts` is given.
    instead : (outcomes, states, acting) whether that takes the place of the state's own value.
    """

    strategy: str
    states: tuple[str, ...]
    treatments: tuple[str, ...]
    outcomes: tuple[tuple[int, Counted], ...]
    acts: IntArray
    rate: FloatArray
    extra: FloatArray
    instead: BoolArray

    def check(self, state: CodeArray, given: BoolArray, draw: IntArray) -> None:
        """Refuse the values of patients (m,) in their states, with the treatments `given` (treatments, m), in their draws."""
        on = given[self.acts].any(axis=1)
        for o, one in self.outcomes:
            competing = on & self.instead[o, state].T
            several = np.flatnonzero(competing.sum(axis=0) > 1)
            if several.size:
                i = several[0]
                raise ScenarioError(self._competing(one, self.states[state[i]], competing[:, i], given[:, i]))
            own = self.rate[o, state, draw if self.rate.shape[2] > 1 else 0]
            more = self.extra[o, state, :, draw if self.extra.shape[3] > 1 else 0]
            value = own + (on * more.T).sum(axis=0)
            wrong = np.flatnonzero(_outside(one, value))
            if wrong.size:
                i = wrong[0]
                raise ScenarioError(self._outside(one, self.states[state[i]], float(value[i]), given[:, i]))

    def _competing(self, one: Counted, state: str, rows: BoolArray, given: BoolArray) -> str:
        names = [next(self.treatments[k] for k in row if given[k]) for row in self.acts[np.flatnonzero(rows)]]
        return (
            f"values.outcomes.{one.name}: strategy {self.strategy} gives {' and '.join(names)} together in {state}, and "
            "under_treatment has another value of that state for each; give them the same value there, or under by_treatment "
            f"what each adds in that state, as {' and '.join(f'{name}/{state}' for name in names)}."
        )

    def _outside(self, one: Counted, state: str, value: float, given: BoolArray) -> str:
        names = " and ".join(self.treatments[k] for k in np.flatnonzero(given))
        fault = number_fault(one.outcome, "by_state", np.array([value]))
        if one.by_treatment:
            return f"{one.name}: the value of {state} with the {one.by_treatment} of {names} (strategy {self.strategy}) {fault}."
        return (
            f"values.outcomes.{one.name}: the value of {state} under {names} (strategy {self.strategy}) {fault}. What a treatment "
            "adds in one state alone is given under by_treatment as treatment/state, and a value in place of the state's own "
            "under under_treatment."
        )


def limits_of(
    strategy: str,
    states: tuple[str, ...],
    treatments: Sequence[str],
    items: Sequence[Counted],
    acts: IntArray,
    rate: FloatArray,
    extra: FloatArray,
) -> Limits | None:
    """What there is to look at; None where no sum can leave its range. `extra` (outcomes, states times acting, draws)."""
    if not acts.shape[0]:
        return None
    shaped = extra.reshape(len(items), len(states), acts.shape[0], -1)
    instead = np.array(
        [
            [[bool(one.instead(s, [treatments[k] for k in row])) for row in acts] for s in states]
            for one in items
        ]
    ).reshape(shaped.shape[:3])
    doubtful = []
    for o, one in enumerate(items):
        most = rate[o] + np.maximum(shaped[o], 0.0).sum(axis=1)
        least = rate[o] + np.minimum(shaped[o], 0.0).sum(axis=1)
        if (instead[o].sum(axis=1) > 1).any() or _outside(one, most).any() or _outside(one, least).any():
            doubtful.append((o, one))
    if not doubtful:
        return None
    return Limits(strategy, states, tuple(treatments), tuple(doubtful), acts, rate, shaped, instead)


def _outside(one: Counted, values: FloatArray) -> BoolArray:
    """Which values lie outside the range of their kind."""
    least = {"quality": -1.0, "time": 0.0, "cost": 0.0}.get(one.outcome.kind, -np.inf)
    most = 1.0 if one.outcome.kind in ("quality", "time") else np.inf
    return np.asarray((values > most + _ROUNDING) | (values < least - _ROUNDING))
