"""Conditions on what was completed, and re-irradiation that would be a first course."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from survsim.core.declared import read_as
from survsim.core.errors import ScenarioError
from survsim.simulation.declared.explain import explain
from survsim.simulation.declared.history import History
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.states import State, Transition
from survsim.simulation.declared.strategy import TreatmentFile, strategy_from
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
    assert "radiotherapy was" in explain(found.strategies[0])


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


def fault(*lines: dict[str, Any], treatments: dict[str, Any] | None = None, **more: Any) -> str:
    """The message with which a model of these lines is refused; empty if it is not."""
    plan = strategy_from(
        {"strategy": "s", "treatments": TREATMENTS | (treatments or {}), "lines": list(lines)}
    )
    settings: dict[str, Any] = {
        "states": (State(name="alive"), State(name="dead", death=True)),
        "transitions": (Transition(source="alive", target="dead", distribution=exponential(0.05)),),
        "strategies": (plan,),
        "time_unit": "months",
        "horizon": 24.0,
    }
    if "history" in more:
        shared = read_as(
            TreatmentFile, {"format": "survsim-treatments/1", "treatments": TREATMENTS}, "t"
        ).treatments
        more = {
            "treatments": shared,
            "strategies": (strategy_from({"strategy": "s", "lines": list(lines)}),),
        } | more
    try:
        Model(**settings | more)
    except ScenarioError as error:
        return str(error)
    return ""


ONE = {"line": "one", "treatments": ["rt"]}
AGAIN = {**COURSE, "label": "re-irradiation 44 Gy"}
NO_CORD = {"kind": "radiotherapy", "duration": 1.0}
PARTLY = {"line": "first", "treatments": ["rt", "drug"], "stop": [{"on": "toxicity", "treatments": ["rt"]}]}
SAID = {"allow_without_previous": True}
TOGETHER = "it gives rt and again at once, which are 2 courses of radiation"
ONLY = "yet it is the only course of radiation of this strategy"
TWICE = "it irradiates up to 2 times, yet can start again without a completed earlier course"
UNSURE = "yet can start without a completed earlier course"
UNSAID: dict[str, tuple[str, tuple[dict[str, Any], ...], dict[str, Any], dict[str, Any]]] = {
    "two courses in one line": (TOGETHER, ({"line": "one", "treatments": ["rt", "again"]},), {}, {"allow_radiation_together": True}),
    "a first course and one that reaches no cord": (
        "at once", ({"line": "one", "treatments": ["rt", "brain"]},), {"brain": NO_CORD}, {"allow_radiation_together": True}),
    "the only course, called re-irradiation by its label": (ONLY, (second(),), {"again": AGAIN}, SAID),
    "by the name of its line": (ONLY, ({"line": "reirradiation", "treatments": ["rt"]},), {}, SAID),
    "by its name, the doses forgotten": (ONLY, ({"line": "x", "treatments": ["re_rt"]},), {"re_rt": NO_CORD}, SAID),
    "called so, listed before what it should follow": (UNSURE, (second({"quantity": "time", "at_least": 3.0}), ONE), {"again": AGAIN}, SAID),
    "one line repeated": (TWICE, ({**ONE, "repeats": 2},), {}, SAID),
    "repeated after a course that was broken off": (
        TWICE,
        ({**FIRST, "repeats": 2, "start": [{"not_given": "rt"}], "or_start": [[{"quantity": "time_since_radiation", "at_least": 6.0}]]},),
        {}, SAID),
    "after a line whose course alone may be stopped": (UNSURE, (PARTLY, second({"quantity": "line", "name": "first", "is": "completed"})), {}, SAID),
    "the same by the name of the line": (UNSURE, (PARTLY, second({"completed": "first"})), {}, SAID),
}  # fmt: skip


@pytest.mark.parametrize(("words", "lines", "treatments", "said"), UNSAID.values(), ids=UNSAID)
def test_a_second_course_is_said(
    words: str, lines: tuple[dict[str, Any], ...], treatments: dict[str, Any], said: dict[str, Any]
) -> None:
    found = fault(*lines, treatments=treatments)
    assert words in found and next(iter(said)) in found
    assert fault(*({**line, **said} for line in lines), treatments=treatments) == ""


def test_a_course_that_follows_another_elsewhere_is_no_first_course_here() -> None:
    both = strategy_from(
        {"strategy": "both", "treatments": TREATMENTS, "lines": [FIRST, second({"completed": "rt"})]}
    )
    alone = strategy_from({"strategy": "alone", "treatments": TREATMENTS, "lines": [second()]})
    found = fault(strategies=(both, alone))
    assert f"strategy alone, line second: again follows another course in strategy both, {ONLY}" in found


@pytest.mark.parametrize("order", [1, -1])
def test_what_asks_for_a_completed_course_may_be_listed_in_any_order(order: int) -> None:
    waits = {**FIRST, "start": [{"quantity": "time", "at_least": 2.0}]}
    assert fault(*(waits, second({"completed": "rt"}, SINCE))[::order], treatments={"again": AGAIN}) == ""


@pytest.mark.parametrize(
    "lines",
    [
        ({**ONE, "start": [{"quantity": "time", "at_least": 2.0}]}, second({"given": "rt"})),
        ({**ONE, "start": [{"quantity": "time", "at_least": 2.0}]}, second(SINCE)),
        ({**ONE, "repeats": 3, "start": [{"not_given": "rt"}], "or_start": [[SINCE]]},),
        (PARTLY, second({"completed": "rt"})),
    ],
)
def test_whoever_began_what_nothing_ends_has_completed_it(lines: tuple[dict[str, Any], ...]) -> None:
    assert fault(*lines) == ""


def test_a_course_of_the_past_counts_as_it_ended() -> None:
    given = {"treatment": "again", "start": 1.0, "end": 2.0}
    for status, words in (("completed", ""), ("stopped", "a course that the history says was not completed")):
        history = History.model_validate({"now": 3.0, "given": [{**given, "status": status}]})
        line = {
            "line": "reirradiation",
            "treatments": ["rt"],
            "start": [{"quantity": "time", "at_least": 3.0}],
        }
        found = fault(line, history=history)
        assert words in found and bool(words) == bool(found)
        assert fault({**line, **SAID}, history=history) == ""
