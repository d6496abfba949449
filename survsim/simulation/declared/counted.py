"""The outcomes that a model counts along its paths, those of its `values` and those its states and treatments imply."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Literal

from survsim.simulation.declared.declared_model import DeclaredModel
from survsim.simulation.declared.strategy import Treatment
from survsim.simulation.declared.values import Discount, Outcome
from survsim.simulation.laws.schema import Number

QUALITY, COST = "quality_adjusted_time", "cost"
LIFE, FREE = "survival_time", "progression_free_time"
PROGRESSION_FREE = "progression_free"
"""The share alive and without progression at a time."""
DISCOUNTED, JOINT = "discounted_", "joint/"
"""What measures of discounted outcomes, and of an effect and a cost together, begin with."""


@dataclasses.dataclass(frozen=True, slots=True)
class Counted:
    """An outcome and its discount; `by_treatment` names the field of treatments that adds to it, where one does."""

    name: str
    outcome: Outcome
    discount: Discount | None
    by_treatment: Literal["utility_change", "cost_per_time", ""] = ""

    @property
    def plain(self) -> bool:
        """Whether its undiscounted sum is reported from here; those of states and treatments have their own way."""
        return not self.by_treatment

    def in_state(self, state: str) -> Number:
        """What a living state counts per unit of time without treatment."""
        return self.outcome.by_state.get(state, 1.0 if self.outcome.kind == "quality" else 0.0)

    def on_top(self, name: str, treatment: Treatment, state: str) -> Number:
        """What a treatment adds to that in a state while it is given."""
        if self.by_treatment:
            added: Number = getattr(treatment, self.by_treatment)
            return added
        told = self.outcome.by_treatment
        return told.get(f"{name}/{state}", told.get(name, 0.0))

    def instead(self, state: str, treatments: Iterable[str]) -> dict[str, Number]:
        """The values that take the place of both in a state, by those of the treatments that have one."""
        own = {u.treatment: u.value for u in self.outcome.under_treatment if u.state == state}
        return {name: own[name] for name in treatments if name in own}


def every_treatment(model: DeclaredModel) -> list[Treatment]:
    """The treatments of the model and of its strategies."""
    own = [t for s in model.strategies for t in s.treatments.values()]
    return [*own, *model.treatments.values()]


def uses_quality(model: DeclaredModel) -> bool:
    """Whether states or treatments say a utility of their own, outside `values`."""
    states = any(s.utility != 1.0 for s in model.states if not s.death)
    return states or any(t.utility_change for t in every_treatment(model))


def uses_cost(model: DeclaredModel) -> bool:
    """Whether states or treatments say a cost of their own, outside `values`."""
    states = any(s.cost_per_time != 0.0 for s in model.states if not s.death)
    return states or any(t.cost or t.cost_per_time for t in every_treatment(model))


def discount_of_life(model: DeclaredModel) -> Discount | None:
    """The discount of time alive, None where it counts in full."""
    found = model.values.discount if model.values else None
    return found if found is not None and found.rate > 0 else None


def counted(model: DeclaredModel) -> tuple[Counted, ...]:
    """What is counted along the paths of a model, in the order of its results; nothing without `values`."""
    values = model.values
    if values is None:
        return ()
    found = [Counted(n, o, values.discount_of(o)) for n, o in values.outcomes.items()]
    discount = discount_of_life(model)
    if discount is not None and uses_quality(model):
        utility = {s.name: s.utility for s in model.states if not s.death}
        found.append(Counted(QUALITY, Outcome(kind="quality", by_state=utility), discount, "utility_change"))
    if discount is not None and uses_cost(model):
        cost = {s.name: s.cost_per_time for s in model.states if not s.death}
        found.append(Counted(COST, Outcome(kind="cost", by_state=cost), discount, "cost_per_time"))
    return tuple(found)


def outcome_units(model: DeclaredModel) -> dict[str, str]:
    """Unit of each named outcome, its discounted form too."""
    found = {}
    for one in model.values.outcomes.items() if model.values else ():
        unit = one[1].unit_in(model.time_unit)
        found[one[0]] = found[DISCOUNTED + one[0]] = unit
    return found


def low_is_good(model: DeclaredModel) -> tuple[str, ...]:
    """Names of the declared outcomes of which little is wanted."""
    outcomes = model.values.outcomes if model.values else {}
    return tuple(name for name, outcome in outcomes.items() if outcome.low_is_good)
