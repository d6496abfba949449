"""Conditions on what was completed, and re-irradiation that would be a first course."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from survsim.core.errors import ScenarioError
from survsim.simulation.declared.explain import explain
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.states import State, Transition
from survsim.simulation.declared.strategy import strategy_from
from survsim.simulation.running.run import simulate_model
from tests.helpers.disease_models import exponential

COURSE = {
    "kind": "radiotherapy",
    "duration": 1.0,
    "radiation": [{"region": "cord", "fractions": 22, "dose_per_fraction": 2.0}],
}
FIRST = {"line": "first", "treatments": ["rt"], "stop": [{"on": "toxicity"}]}
HARM = {
    "name": "harm",
    "grade": 3,
    "probability": 0.4,
    "onset": {"family": "weibull", "shape": 200.0, "scale": 0.5},
}
TREATMENTS = {
    "rt": {**COURSE, "toxicities": [HARM]},
    "again": COURSE,
    "drug": {"duration": 1.0},
    "endless": {},
}


def model(*lines: dict[str, Any]) -> Model:
    plan = strategy_from({"strategy": "s", "treatments": TREATMENTS, "lines": list(lines)})
    return Model(
        states=(State(name="alive"), State(name="dead", death=True)),
        transitions=(Transition(source="alive", target="dead", distribution=exponential(1e-6)),),
        strategies=(plan,),
        time_unit="months",
        horizon=24.0,
    )


def share(found: Model, line: str = "second") -> float:
    return float(simulate_model(found, patients=20_000, seed=4).measure(f"line/{line}").estimate[0])


def second(*start: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"line": "second", "treatments": ["again"], "start": list(start), **more}


def test_a_first_course_that_nobody_escapes_needs_no_condition() -> None:
    assert share(model({"line": "first", "treatments": ["rt"]}, second())) == 1.0


DRUG = {"line": "between", "treatments": ["drug"], "start": [{"completed": "rt"}]}
SINCE = {"quantity": "time_since_radiation", "at_least": 1.0}


@pytest.mark.parametrize(
    "line",
    [
        second(),
        second(SINCE),
        second({"given": "rt"}),
        second({"quantity": "line", "name": "first", "is": ["completed", "stopped"]}),
        second({"completed": "rt"}, or_start=[[{"quantity": "time", "at_least": 9.0}]]),
    ],
)
def test_radiation_again_needs_a_completed_course(line: dict[str, Any]) -> None:
    with pytest.raises(ScenarioError) as raised:
        model(FIRST, line)
    assert "it irradiates after first, yet can start without a completed earlier course" in str(raised.value)
    assert "{completed: rt}, or say allow_without_previous: true" in str(raised.value)
    assert model(FIRST, {**line, "allow_without_previous": True})


@pytest.mark.parametrize(
    "condition",
    [
        {"completed": "rt"},
        {"completed": "first"},
        {"quantity": "line", "name": "first", "is": "completed"},
        {"given": "between"},
        {"quantity": "line", "name": "between", "is_not": ["not_started", "declined"]},
    ],
)
def test_whoever_completed_the_first_course_gets_the_second(condition: dict[str, Any]) -> None:
    found = share(model(FIRST, DRUG, second(condition, SINCE)))
    assert found == pytest.approx(0.6, abs=4 * np.sqrt(0.24 / 20_000))


@pytest.mark.parametrize(("deed", "expected"), [("stopped", 0.4), ("given", 1.0), ("not_given", 0.0)])
def test_deeds(deed: str, expected: float) -> None:
    line = {"line": "second", "treatments": ["drug"], "start": [{deed: "rt"}]}
    # a line that is listed first starts first: not given is asked while radiation runs, and never holds after
    found = model(FIRST, line)
    assert share(found) == pytest.approx(expected, abs=4 * 0.5 / np.sqrt(20_000))
    assert "rt was" in explain(found.strategies[0])


def test_refused() -> None:
    line = {"line": "b", "treatments": ["drug"], "start": [{"completed": "rtt"}]}
    for condition, message in (
        ({"completed": "rtt"}, "'rtt' is neither a treatment nor a line of this strategy; known: rt, drug"),
        ({"completed": "drug"}, "it asks for its own drug before its only start: the rule can never fire"),
        ({"completed": "endless"}, "endless has no planned end (give it a duration or cycles)"),
        ({"stopped": "endless"}, "no stop rule ends endless: the rule can never fire"),
    ):
        endless = {"line": "last", "treatments": ["endless"], "start": [{"completed": "rt"}]}
        with pytest.raises(ScenarioError) as raised:
            model(FIRST, {**line, "start": [condition]}, endless)
        assert message in str(raised.value)
    with pytest.raises(ScenarioError, match="completed takes a name alone"):
        model(FIRST, {**line, "start": [{"quantity": "completed", "name": "rt", "at_least": 1.0}]})
    waits = {"line": "a", "treatments": ["drug"], "start": [{"given": "b"}]}
    other = {"line": "b", "treatments": ["endless"], "start": [{"given": "a"}]}
    with pytest.raises(ScenarioError, match="lines a, b wait for one another"):
        model(waits, other)
