"""The role of a parameter as a scenario writes it, and the role that its meaning tells."""

from __future__ import annotations

import re
from typing import Literal

from survsim.simulation.declared.roles import WORDS
from survsim.simulation.declared.uses import Kind

Role = Literal[
    "time",
    "rate",
    "growth",
    "hazard_ratio",
    "acceleration_factor",
    "factor",
    "log_ratio",
    "probability",
    "shape",
    "variance",
    "spread",
    "power",
    "utility",
    "utility_change",
    "cost",
    "cost_per_time",
    "count",
    "dose",
    "log_time",
    "number",
]
"""What a scenario may say a parameter is; most say it by their rows, their unit or the place where they are used."""

_KIND_OF: dict[str, Kind] = {"hazard_ratio": "ratio", "acceleration_factor": "acceleration"}

_SAID: tuple[tuple[Kind, str], ...] = (
    ("log ratio", r"log(arithm of (the |a )?)?[ -]?((hazard|odds|risk|rate) )?ratio"),
    ("ratio", r"((hazard|odds|risk|rate) )?ratio\b|relative (hazard|risk)|factor on (the )?(hazard|rate)"),
    ("acceleration", r"acceleration factor|time ratio"),
    ("probability", r"probabilit|chance\b|proportion\b|share of (the )?(patients|people|those|deaths)"),
    ("shape", r"((weibull|log-?logistic) )?shape\b"),
    ("variance", r"variance\b"),
    ("spread", r"standard deviation"),
    ("utility change", r"disutilit|utility (loss|decrement|change|gain)|(loss|gain|change) (of|in) utility"),
    ("utility", r"utilit(y|ies) (of|in|after|while|with|during)\b"),
    ("cost", r"(cost|price)s?\b"),
)
_OPENS = r"\s*(the |an? |overall |monthly |yearly |annual |mean |median )*"


def kind_of(role: str) -> Kind:
    """The kind of number that a declared role is."""
    found = _KIND_OF.get(role)
    return found if found is not None else next(kind for kind in WORDS if kind == role.replace("_", " "))


def role_named(kind: Kind) -> str:
    """The word by which a scenario declares a kind."""
    found = {kind_: role for role, kind_ in _KIND_OF.items()}
    return found.get(kind, kind.replace(" ", "_"))


def said_by(meaning: str) -> Kind | None:
    """The role that the first words of a meaning name: "hazard ratio of progression", "probability of death"."""
    for kind, words in _SAID:
        if re.match(_OPENS + f"({words})", meaning, re.IGNORECASE):
            return kind
    return None
