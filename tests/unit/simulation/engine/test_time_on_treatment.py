"""How long a treatment is given by its own rules, against closed forms."""

from __future__ import annotations

import math

import pytest
from scipy.integrate import quad

from survsim.core.declared import read_as
from survsim.core.errors import ScenarioError
from survsim.simulation import Model, explain, simulate_model
from survsim.simulation.declared.strategy import StopRule, strategy_from
from tests.unit.simulation.engine.test_counting import END, agrees, course

ON = {
    "on": {"kind": "time", "by_treatment": {"drug": 1.0}},
    "ended": {"kind": "number", "at_stop": {"drug": 1.0}},
}


def given(*rules, **more):
    line = {"line": "first", "treatments": ["drug"], "stop": list(rules), **more}
    return simulate_model(
        course({"outcomes": ON}, lines=[line], treatments={"drug": {}}), patients=150_000, taus=[END]
    )


def alive(t):
    """P(alive at t) of the course: well plus sick."""
    return 2 * math.exp(-0.03 * t) - math.exp(-0.05 * t)


def test_until_a_time():
    result = given({"on": "time", "after": 20.0})
    agrees(result, "on", quad(alive, 0, 20)[0], strategy=1)
    agrees(result, "ended", alive(20.0), strategy=1)


def test_for_a_time_drawn_from_a_law():
    law = {"family": "weibull", "shape": 1.5, "scale": 18.0}
    result = given({"on": "draw", "law": law})
    truth = quad(lambda t: alive(t) * math.exp(-((t / 18.0) ** 1.5)), 0, END, limit=300)[0]
    agrees(result, "on", truth, strategy=1)


def test_whichever_of_several_rules_comes_first():
    law = {"family": "exponential", "rate": 0.1}
    result = given({"on": "draw", "law": law}, {"on": "time", "after": 12.0})
    agrees(result, "on", quad(lambda t: alive(t) * math.exp(-0.1 * t), 0, 12.0)[0], strategy=1)


@pytest.mark.parametrize("states", [(), ("well",)])
def test_until_the_state_is_left(states):
    result = given({"on": "state_left", "states": list(states)})
    agrees(result, "on", quad(lambda t: math.exp(-0.03 * t), 0, END)[0], strategy=1)
    # a death stops nothing: only those who fall sick are counted
    agrees(result, "ended", 0.02 * quad(lambda t: math.exp(-0.03 * t), 0, END)[0], strategy=1)


def test_leaving_another_state_ends_nothing():
    result = given({"on": "state_left", "states": ["sick"]})
    agrees(result, "on", quad(alive, 0, END)[0], strategy=1)


def test_the_same_law_is_the_same_luck_under_two_strategies():
    rule = {"on": "draw", "law": {"family": "lognormal", "meanlog": 2.0, "sdlog": 0.5}}
    lines = [{"line": "first", "treatments": ["drug"], "stop": [rule]}]
    model = course({"outcomes": ON}, lines=lines, treatments={"drug": {}})
    twin = model.strategies[1].model_copy(update={"strategy": "twin"})
    both = simulate_model(model.with_strategies((model.strategies[1], twin)), patients=3000, taus=[END])
    assert not both.compare().difference.any()


def test_a_drawn_time_goes_on_from_a_history_given_that_it_has_lasted():
    rule = {"on": "draw", "law": {"family": "weibull", "shape": 2.0, "scale": 20.0}}
    lines = [{"line": "first", "treatments": ["drug"], "stop": [rule]}]
    model = course({"outcomes": ON}, lines=lines, treatments={"drug": {}})
    past = {"now": 10.0, "given": [{"treatment": "drug", "start": 0.0, "status": "running"}]}
    from survsim.simulation import History

    fields = {
        name: getattr(model, name) for name in ("states", "transitions", "treatments", "time_unit", "values")
    }
    known = Model(
        **fields, horizon=END, strategies=model.strategies[1:], history=read_as(History, past, "history")
    )
    result = simulate_model(known, patients=150_000, taus=[END])

    def left(t):
        return math.exp(-(((10.0 + t) / 20.0) ** 2) + 0.25)

    agrees(result, "on", quad(lambda t: alive(t) * left(t), 0, END, limit=300)[0])


FAULTS = [
    ({"on": "time"}, "after goes with on: time"),
    ({"on": "draw"}, "law goes with on: draw"),
    ({"on": "progression", "after": 3}, "after goes with on: time"),
    ({"on": "progression", "states": ["well"]}, "states goes with on: state_left"),
]


@pytest.mark.parametrize(("rule", "message"), FAULTS)
def test_what_a_rule_needs(rule, message):
    with pytest.raises(ScenarioError, match=message):
        read_as(StopRule, rule, "rule")


def test_states_that_are_never_left_are_refused():
    with pytest.raises(ScenarioError, match="'dead', which is no state that is left; there are: well, sick"):
        given({"on": "state_left", "states": ["dead"]})


def test_a_negative_time_is_refused():
    with pytest.raises(ScenarioError, match="after must be at least 0"):
        given({"on": "time", "after": -1.0})


def test_the_rules_in_words():
    rules = [
        {"on": "state_left", "states": ["well"]},
        {"on": "time", "after": 6.0},
        {"on": "draw", "law": {"family": "weibull", "shape": 1.0, "scale": 9.0}},
    ]
    content = {"strategy": "s", "lines": [{"line": "first", "treatments": ["drug"], "stop": rules}]}
    text = explain(strategy_from(content), time_unit="months")
    assert "Leaving well ends the line." in text
    assert "The line is given for 6 months at most." in text
    assert "The line is given for a time drawn from a law: weibull." in text
