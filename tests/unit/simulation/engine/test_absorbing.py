"""A living state that nobody leaves, against closed forms."""

from __future__ import annotations

import math

import pytest

from survsim.core.errors import ScenarioError
from survsim.simulation import Model, Outcome, State, Transition, Values, simulate_model

OUTCOMES = {"cured_time": Outcome(kind="time", by_state={"cured": 1.0})}


def model(values=None, **cured):
    laws = (("ill", "cured", 0.05), ("ill", "dead", 0.1))
    return Model(
        time_unit="months",
        horizon=60.0,
        states=(State(name="ill"), State(name="cured", **cured), State(name="dead", death=True)),
        transitions=tuple(
            Transition(source=a, target=b, distribution={"family": "exponential", "rate": r})
            for a, b, r in laws
        ),
        values=values,
    )


@pytest.mark.parametrize("values", [None, Values(outcomes=OUTCOMES)])
def test_the_cured_stay_cured(values):
    result = simulate_model(model(values, absorbing=True), patients=200_000, taus=[60.0], times=[40.0])

    def cured(t):
        return (1 - math.exp(-0.15 * t)) / 3

    alive = result.measure("alive", 40.0)
    assert abs(alive.estimate[0] - (cured(40.0) + math.exp(-6.0))) < 4.5 * alive.mc_std_error[0]
    share = result.state_occupancy([40.0]).to_frame().set_index("state").loc["cured"]
    assert share["estimate"] == pytest.approx(cured(40.0), abs=0.005)
    if values is not None:
        found = result.measure("cured_time", 60.0)
        truth = 60 / 3 - (1 - math.exp(-9.0)) / 0.45
        assert abs(found.estimate[0] - truth) < 4.5 * found.mc_std_error[0]


def test_both_ways_give_the_same_bits():
    one = simulate_model(model(absorbing=True), patients=5000, taus=[60.0])
    other = simulate_model(model(Values(outcomes=OUTCOMES), absorbing=True), patients=5000, taus=[60.0])
    assert (one.counts == other.counts).all()
    assert one.measure("survival_time", 60.0).estimate == other.measure("survival_time", 60.0).estimate


def test_what_cannot_be_left_says_which_it_is():
    with pytest.raises(ScenarioError, match="mark it death, or absorbing"):
        model()
    with pytest.raises(ScenarioError, match="absorbing is said of the living"):
        model(absorbing=True, death=True)
