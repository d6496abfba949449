"""What a number can be: the words for each role, where such numbers lie, and which roles no number can have both."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from survsim.simulation.declared.declared_model import DeclaredModel
from survsim.simulation.declared.uses import Kind, Use, uses

WORDS: dict[Kind, str] = {
    "time": "a time",
    "rate": "a rate",
    "growth": "a growth of the hazard by time",
    "ratio": "a hazard ratio",
    "acceleration": "an acceleration factor",
    "factor": "a factor of an effect",
    "log ratio": "a log hazard ratio",
    "probability": "a probability",
    "shape": "the shape of a law",
    "variance": "the variance of a frailty",
    "spread": "a standard deviation",
    "power": "a power of a frailty",
    "utility": "a utility",
    "utility change": "a change of utility",
    "cost": "a cost",
    "cost per time": "a cost by time",
    "count": "a count",
    "dose": "a dose in Gy",
    "log time": "the logarithm of a time",
    "number": "a number without a unit",
    "any": "any number",
}


class Domain(NamedTuple):
    """Where a role's numbers must lie, and where their middle is believed unless it is said that they are meant."""

    low: float = -math.inf
    high: float = math.inf
    usual_low: float = -math.inf
    usual_high: float = math.inf


DOMAINS: dict[Kind, Domain] = {
    "time": Domain(low=0.0),
    "rate": Domain(low=0.0),
    "ratio": Domain(low=0.0, usual_low=0.05, usual_high=10.0),
    "acceleration": Domain(low=0.0, usual_low=0.05, usual_high=20.0),
    "factor": Domain(low=0.0, usual_low=0.05, usual_high=20.0),
    "log ratio": Domain(usual_low=-4.0, usual_high=4.0),
    "probability": Domain(low=0.0, high=1.0),
    "shape": Domain(low=0.0, usual_low=0.1, usual_high=10.0),
    "variance": Domain(low=0.0, usual_high=10.0),
    "spread": Domain(low=0.0, usual_high=5.0),
    "power": Domain(usual_low=-5.0, usual_high=5.0),
    "utility": Domain(high=1.0, usual_low=-1.0),
    "utility change": Domain(low=-2.0, high=2.0),
    "dose": Domain(low=0.0, usual_high=40.0),
    "count": Domain(low=0.0),
    "log time": Domain(usual_low=-10.0, usual_high=10.0),
}
"""Roles with a domain; the usual ranges are far beyond what was published of any treatment."""

_ALIKE: tuple[frozenset[Kind], ...] = (
    frozenset({"ratio", "factor"}),
    frozenset({"acceleration", "factor"}),
    frozenset({"cost", "cost per time"}),
)


def alike(one: Kind, other: Kind) -> bool:
    """Whether one number can be both."""
    return one == other or frozenset({one, other}) in _ALIKE


def at_odds(kinds: Iterable[Kind]) -> tuple[Kind, Kind] | None:
    """Two of these roles that no number can have both; None if there are none."""
    known = [k for k in dict.fromkeys(kinds) if k not in ("any", "number")]
    for i, one in enumerate(known):
        for other in known[i + 1 :]:
            if one != other and not (alike(one, other) and {one, other} != {"cost", "cost per time"}):
                return one, other
    return None


class Outside(NamedTuple):
    """Why numbers are none of a role, and whether somebody may mean them all the same."""

    words: str
    may_be_meant: bool


def outside(kind: Kind, low: float, middle: float, high: float, *, meant: bool = False) -> Outside | None:
    """Why numbers of this spread are none of this role; None if they can be. `meant`: somebody said that they are."""
    domain = DOMAINS.get(kind)
    if domain is None:
        return None
    if low < domain.low or high > domain.high:
        shown = f"{low:g}" if low == high else f"{low:g} to {high:g}"
        return Outside(f"reaches {shown}, and {WORDS[kind]} lies {_between(domain.low, domain.high)}", False)
    if not meant and not domain.usual_low <= middle <= domain.usual_high:
        usual = _between(domain.usual_low, domain.usual_high)
        middling = "" if low == high else " in the middle"
        return Outside(f"is {middle:g}{middling}, and {WORDS[kind]} of anything published lies {usual}", True)
    return None


def _between(low: float, high: float) -> str:
    if math.isinf(high):
        return f"at {low:g} or above"
    return f"at {high:g} or below" if math.isinf(low) else f"between {low:g} and {high:g}"


def role_faults(model: DeclaredModel) -> Iterator[str]:
    """Parameters of a model that are used as two things, such as a hazard ratio and a variance."""
    parts = {
        "states": model.states,
        "transitions": model.transitions,
        "treatments": model.treatments,
        "strategies": model.strategies,
        "population": model.population,
        "cord": model.cord,
        "history": model.history,
    }
    places: dict[str, list[Use]] = {}
    for name, part in parts.items():
        for use in uses(part, name):
            places.setdefault(str(use.parameter), []).append(use)
    for name, found in places.items():
        if told := two_roles(f"parameter {name}", found):
            yield told


def two_roles(name: str, places: list[Use]) -> str:
    """The sentence that says at which two places one number would be two things; empty if it is not."""
    odd = at_odds(u.kind for u in places)
    if odd is None:
        return ""
    first, second = (next(u for u in places if u.kind == kind) for kind in odd)
    return (
        f"{name} is {WORDS[odd[0]]} at {first.place} and {WORDS[odd[1]]} at {second.place}; one number cannot be both. "
        "Give each place a parameter of its own"
    )
