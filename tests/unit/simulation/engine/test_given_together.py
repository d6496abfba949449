"""Treatments that are given together: shared values count once, sums stay in range, names at starts lose nothing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from survsim.core.errors import ScenarioError
from survsim.core.execution import Execution
from survsim.simulation import Model, State, Strategy, Transition, Treatment, Values, simulate_model
from survsim.simulation.declared.strategy import strategy_from

TAU = 20.0
TOGETHER = [{"line": "both", "treatments": ["a", "b"]}]


def model(outcomes, lines=TOGETHER, *, parameters=None, progress=1e-9, **treatments):
    """Nobody dies, and nobody leaves the first state unless `progress` says so: every number is by hand."""
    slow = {"family": "exponential", "rate": 1e-9}
    return Model(
        time_unit="months",
        horizon=24.0,
        states=(State(name="well"), State(name="sick", progression=True), State(name="dead", death=True)),
        transitions=(
            Transition(source="well", target="sick", distribution=slow | {"rate": progress}),
            Transition(source="sick", target="dead", distribution=slow),
        ),
        treatments={n: Treatment.model_validate(treatments.get(n, {})) for n in "ab"},
        strategies=(Strategy(strategy="none"), strategy_from({"strategy": "treat", "lines": lines})),
        parameters=parameters or {},
        values=Values.model_validate({"outcomes": outcomes}),
    )


def under(kind, own, **values):
    told = [{"state": "well", "treatment": n, "value": v} for n, v in values.items()]
    return {"kind": kind, "by_state": {"well": own}, "under_treatment": told}


def value(name, simulated):
    return float(simulated.measure(name, TAU).estimate[1])


OUTCOMES = {
    "quality": under("quality", 0.3, a=0.9, b=0.9),
    "cost": under("cost", 300.0, a=100.0, b=100.0),
    "falling": under("quality", 0.3, a=0.9, b=0.9) | {"course": {"breaks": [10.0], "factors": [1.0, 0.5]}},
}


def test_a_value_that_two_treatments_share_takes_the_place_of_the_states_own_once(tmp_path):
    short = {k: v for k, v in OUTCOMES.items() if k != "falling"}
    plain = simulate_model(model(short), patients=50, taus=[TAU])
    assert value("quality", plain) == pytest.approx(0.9 * TAU, rel=1e-12)
    assert value("cost", plain) == pytest.approx(100 * TAU, rel=1e-12)
    long = simulate_model(
        model(short),
        patients=50,
        taus=[TAU],
        execution=Execution(executor="threads", workers=1, folder=str(tmp_path)),
        patient_output=True,
    )
    assert np.array_equal(plain.means, long.means)


def test_a_shared_value_lasts_until_the_last_of_its_treatments_ends():
    found = simulate_model(model(OUTCOMES, a={"duration": 5.0}, b={"duration": 8.0}), patients=50, taus=[TAU])
    assert value("quality", found) == pytest.approx(0.9 * 8 + 0.3 * 12, rel=1e-12)
    assert value("cost", found) == pytest.approx(100 * 8 + 300 * 12, rel=1e-12)
    assert value("falling", found) == pytest.approx(0.9 * 8 + 0.3 * 2 + 0.5 * 0.3 * 10, rel=1e-12)


def test_what_a_treatment_adds_in_one_state_alone_is_told_by_that_state():
    quality = {
        "kind": "quality",
        "by_state": {"well": 0.7},
        "by_treatment": {"a/well": 0.1, "a": 9.0 / 10, "b": -0.2},
    }
    assert value("q", simulate_model(model({"q": quality}), patients=50, taus=[TAU])) == pytest.approx(
        0.6 * TAU, rel=1e-12
    )
    with pytest.raises(ScenarioError, match="'a/dead' is not a treatment; known: a, b"):
        model({"q": {"kind": "quality", "by_treatment": {"a/dead": 0.1}}})


@pytest.mark.parametrize("short", [True, False])
def test_two_values_that_compete_are_refused_where_they_meet(short):
    endless = {} if short else {"a": {"duration": 5.0}}
    with pytest.raises(ScenarioError, match=r"gives a and b together in well.*as a/well and b/well"):
        simulate_model(model({"q": under("quality", 0.3, a=0.9, b=0.8)}, **endless), patients=50, taus=[TAU])
    after = [
        {"line": "first", "treatments": ["a"]},
        {"line": "second", "treatments": ["b"], "start": [{"completed": "a"}]},
    ]
    apart = model({"q": under("quality", 0.3, a=0.9, b=0.8)}, after, a={"duration": 5.0})
    assert value("q", simulate_model(apart, patients=50, taus=[TAU])) == pytest.approx(0.9 * 5 + 0.8 * 15)


@pytest.mark.parametrize("short", [True, False])
@pytest.mark.parametrize(
    ("kind", "own", "added", "told"),
    [
        ("quality", 0.9, 0.5, "well under a and b .strategy treat. is 1.4; a utility is at most 1"),
        ("quality", -0.9, -0.5, "is -1.4; a utility is at least -1"),
        ("time", 0.9, 0.5, "is 1.4; the share of time that counts lies between 0 and 1"),
        ("time", 0.4, -1.0, "is -0.6; the share of time that counts lies between 0 and 1"),
    ],
)
def test_a_sum_outside_the_range_of_its_kind_is_refused(short, kind, own, added, told):
    outcome = {"kind": kind, "by_state": {"well": own}, "by_treatment": {"a": added}}
    with pytest.raises(ScenarioError, match=told):
        simulate_model(
            model({"q": outcome}, **({} if short else {"a": {"duration": 5.0}})), patients=50, taus=[TAU]
        )


def test_a_sum_is_looked_at_in_each_draw():
    outcome = {"kind": "quality", "by_state": {"well": "own"}, "by_treatment": {"a": "more"}}
    drawn = {"own": [0.6, 0.7, 0.9], "more": [0.4, 0.1, 0.2]}
    with pytest.raises(ScenarioError, match=r"is 1\.1; a utility is at most 1"):
        simulate_model(model({"q": outcome}, parameters=drawn), patients=20, taus=[TAU])
    kept = drawn | {"more": [0.4, 0.3, 0.1]}  # all three come to full health, one of them by rounding
    found = simulate_model(model({"q": outcome}, parameters=kept), patients=20, taus=[TAU])
    assert value("q", found) == pytest.approx(TAU, rel=1e-12)


def test_the_utilities_that_states_and_treatments_declare_themselves_are_looked_at_where_they_are_discounted():
    states = (State(name="well", utility=0.9), State(name="sick"), State(name="dead", death=True))
    own = dataclasses.replace(
        model({}, a={"utility_change": 0.5}), states=states, values=Values.model_validate({"discount": 0.03})
    )
    with pytest.raises(ScenarioError, match=r"well with the utility_change of a and b .*is 1\.4"):
        simulate_model(own, patients=20, taus=[TAU])


def test_sums_that_nobody_comes_to_are_no_fault():
    loss = {"kind": "quality", "by_state": {"well": 0.9}, "by_treatment": {"a": 0.5, "b": -0.4}}
    assert value("q", simulate_model(model({"q": loss}), patients=50, taus=[TAU])) == pytest.approx(TAU)
    sick = {"kind": "quality", "by_state": {"well": 0.9, "sick": 0.4}, "by_treatment": {"a": 0.5}}
    later = [{"line": "later", "treatments": ["a"], "start": [{"quantity": "n_progressions", "at_least": 1}]}]
    found = simulate_model(model({"q": sick}, later, progress=0.2), patients=200, taus=[TAU])
    assert value("q", found) == pytest.approx(0.9 * TAU, rel=1e-12)


def test_a_name_at_starts_and_stops_means_the_treatment_in_every_line_that_gives_it():
    again = {
        "line": "again",
        "treatments": ["a"],
        "start": [{"quantity": "time_since_line_end", "at_least": 1}],
    }
    spent = {"c": {"kind": "cost", "at_start": {"a": 100.0}, "at_stop": {"a": 10.0}}}
    for name in ("first", "a"):
        lines = [{"line": name, "treatments": ["a"]}, again]
        found = simulate_model(model(spent, lines, a={"duration": 2.0}), patients=50, taus=[TAU])
        assert value("c", found) == 220.0


def test_a_line_with_the_name_of_a_treatment_that_it_does_not_give_is_asked_about():
    with pytest.raises(ScenarioError, match="'a' is a treatment, and strategy treat has a line of that name"):
        model({"c": {"kind": "cost", "at_start": {"a": 1.0}}}, [{"line": "a", "treatments": ["b"]}])
