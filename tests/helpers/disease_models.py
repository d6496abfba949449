"""Small disease models that the simulation tests share."""

from __future__ import annotations

from typing import Any

from survsim.simulation.declared.model import Model
from survsim.simulation.declared.states import State, Transition
from survsim.simulation.declared.strategy import Strategy, strategy_from


def illness_death(**options: Any) -> Model:
    """The oracle of the methods page: two Weibull transitions and a constant rate, in years."""
    settings: dict[str, Any] = {
        "states": (State(name="well"), State(name="ill", progression=True), State(name="dead", death=True)),
        "transitions": (
            Transition(source="well", target="ill", distribution=weibull(1.2, 3.0)),
            Transition(source="well", target="dead", distribution=exponential(0.05)),
            Transition(source="ill", target="dead", distribution=weibull(0.8, 2.0)),
        ),
        "time_unit": "years",
        "horizon": 10.0,
    }
    return Model(**{**settings, **options})


def tumour_model(strategies: tuple[Strategy, ...], **options: Any) -> Model:
    """Controlled, progressed and two deaths, in months, with constant and Weibull hazards."""
    settings: dict[str, Any] = {
        "states": (
            State(name="controlled"),
            State(name="progressed", progression=True, performance_change=1, utility=0.5),
            State(name="dead_of_tumour", death=True),
            State(name="dead_of_other_cause", death=True),
        ),
        "transitions": (
            Transition(source="controlled", target="progressed", distribution=weibull(1.1, 6.0)),
            Transition(source="controlled", target="dead_of_other_cause", distribution=exponential(0.01)),
            Transition(source="progressed", target="dead_of_tumour", distribution=exponential(0.2)),
            Transition(source="progressed", target="dead_of_other_cause", distribution=exponential(0.02)),
        ),
        "strategies": strategies,
        "time_unit": "months",
        "horizon": 60.0,
    }
    return Model(**{**settings, **options})


def weibull(shape: float, scale: float) -> dict[str, Any]:
    return {"family": "weibull", "shape": shape, "scale": scale}


def exponential(rate: float) -> dict[str, Any]:
    return {"family": "exponential", "rate": rate}


def full_strategy(name: str = "full", **changes: Any) -> Strategy:
    """Radiotherapy, chemotherapy that toxicity can stop, re-irradiation at progression."""
    content: dict[str, Any] = {
        "strategy": name,
        "treatments": {
            "radiotherapy": {
                "kind": "radiotherapy",
                "duration": 1.0,
                "radiation": [{"region": "target", "fractions": 22, "dose_per_fraction": 2.0}],
                "effects": [{"transition": "controlled>progressed", "hazard_ratio": 0.6, "lasts": "always"}],
            },
            "chemotherapy": {
                "cycles": 6,
                "cycle_length": 0.7,
                "effects": [{"transition": "*>progressed", "hazard_ratio": 0.7, "lasts": "while_on"}],
                "toxicities": [
                    {"name": "leukopenia", "grade": 3, "probability": 0.3, "onset": exponential(1.0)}
                ],
                "utility_change": -0.1,
                "cost": 2.0,
            },
            "reirradiation": {
                "kind": "radiotherapy",
                "duration": 0.9,
                "radiation": [
                    {"region": "target", "fractions": 10, "dose_per_fraction": 2.0},
                    {"region": "elsewhere", "fractions": 20, "dose_per_fraction": 2.0},
                ],
                "effects": [
                    {
                        "transition": "progressed>dead_of_tumour",
                        "hazard_ratio": 0.5,
                        "lasts": "always",
                        "delay": 0.5,
                        "waning": [{"after": 3.0, "factor": 0.8}, {"after": 6.0, "factor": 1.0}],
                    }
                ],
            },
        },
        "lines": [
            {
                "line": "postoperative",
                "treatments": ["radiotherapy"],
                "start": [{"quantity": "time", "at_least": 1.0}],
            },
            {
                "line": "adjuvant",
                "treatments": ["chemotherapy"],
                "start": [
                    {"quantity": "line", "name": "postoperative", "is": "completed"},
                    {"quantity": "state", "is": "controlled"},
                    {"quantity": "time_since_line_end", "at_least": 0.5},
                ],
                "stop": [{"on": "toxicity", "grade_at_least": 3}, {"on": "progression"}],
            },
            {
                "line": "salvage",
                "allow_without_previous": True,
                "treatments": ["reirradiation"],
                "start": [
                    {"quantity": "state", "is": "progressed"},
                    {"quantity": "planned_cord_dose", "at_most": 70.0},
                ],
            },
        ],
    }
    return strategy_from({**content, **changes})
