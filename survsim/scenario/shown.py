"""What a notebook shows of a scenario: the question and the sizes on a card, the lists folded below it."""

from __future__ import annotations

from typing import Any

from survsim.core.display import card


def scenario_card(scenario: Any) -> str:
    """HTML of a `Scenario`: question, estimand, horizon; strategies, transitions and parameters to open."""
    c = scenario.content
    facts = {
        "question": c.question,
        "estimand": c.estimand,
        "patients": c.population.description,
        "horizon": f"{c.horizon:g} {c.time_unit}",
        "states": [s.title for s in c.states],
        "strategies": [s.title for s in scenario.strategies],
        "reference": c.outcomes.reference,
        "effort": f"{c.full.draws} draws of {c.full.patients} patients; quick {c.quick.draws} of {c.quick.patients}",
        "alternatives": list(c.overrides),
        "histories": list(c.histories),
    }
    transitions = [("from", "to", "distribution"), *((t.source, t.target, _law(t)) for t in c.transitions)]
    parameters = [
        ("parameter", "meaning", "source"),
        *((n, p.meaning, p.source) for n, p in c.parameters.items()),
    ]
    lines = [
        ("strategy", "lines"),
        *((s.title, ", ".join(line.line for line in s.lines) or "none") for s in scenario.strategies),
    ]
    tables: dict[str, Any] = {"Strategies": lines, "Transitions": transitions, "Parameters": parameters}
    return card(f"Scenario: {scenario.name}", {k: v for k, v in facts.items() if v}, tables=tables)


def _law(transition: Any) -> str:
    law = transition.distribution
    return getattr(law, "family", "") or type(law).__name__
