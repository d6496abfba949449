"""One latent time of death a patient: carried from state to state and the same under every strategy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from survsim.core.errors import ScenarioError
from survsim.core.execution import Execution
from survsim.simulation import (
    History,
    Model,
    State,
    Strategy,
    Transition,
    Treatment,
    read_patients,
    simulate_model,
)
from survsim.simulation.declared.strategy import strategy_from

GOMPERTZ = {"family": "gompertz", "shape": 0.08, "rate": 0.01}


def model(*, latent="other", ratio=0.4, well=GOMPERTZ, sick=GOMPERTZ, clock="forward", effect=None, **more):
    """Well, sick and dead of other causes; one strategy falls ill later."""
    effects = [{"transition": "well>sick", "hazard_ratio": ratio, "lasts": "always"}]
    if effect:
        effects.append(effect)
    return Model(
        time_unit="years",
        horizon=60.0,
        states=(
            State(name="well"),
            State(name="sick", progression=True),
            State(name="dead", death=True),
        ),
        transitions=(
            Transition(source="well", target="sick", distribution={"family": "exponential", "rate": 0.2}),
            Transition(source="well", target="dead", clock=clock, distribution=well, latent=latent),
            Transition(source="sick", target="dead", clock=clock, distribution=sick, latent=latent),
        ),
        treatments={"drug": Treatment.model_validate({"effects": effects})},
        strategies=(
            Strategy(strategy="wait"),
            strategy_from({"strategy": "treat", "lines": [{"line": "first", "treatments": ["drug"]}]}),
            strategy_from({"strategy": "again", "lines": [{"line": "first", "treatments": ["drug"]}]}),
        ),
        **more,
    )


def deaths(built, folder):
    """Time of death of every patient by strategy."""
    run = Execution(executor="threads", workers=1, folder=str(folder))
    simulate_model(built, patients=4_000, seed=3, execution=run, patient_output=True)
    return read_patients(folder).pivot(index="patient", columns="strategy", values="death_time")


def test_a_death_of_one_law_comes_at_one_time_under_every_strategy(tmp_path):
    shared = deaths(model(), tmp_path / "shared")
    np.testing.assert_allclose(shared["wait"], shared["treat"], rtol=1e-9)
    np.testing.assert_array_equal(shared["treat"], shared["again"])
    drawn_anew = deaths(model(latent=None), tmp_path / "anew")
    moved = drawn_anew.replace(np.inf, 100.0)
    assert (np.abs(moved["wait"] - moved["treat"]) > 0.1).mean() > 0.2


def test_the_law_of_the_latent_time_is_the_declared_one():
    tau, point = 60.0, np.array([5.0, 20.0, 40.0])
    found = simulate_model(model(), patients=100_000, taus=[tau], times=list(point))
    for t in point:
        truth = math.exp(-0.01 / 0.08 * math.expm1(0.08 * t))
        for s in range(3):
            assert abs(found.measure(f"alive@{t:g}").estimate[s] - truth) < 4.5 * 0.5 / math.sqrt(100_000)
    difference = found.measure("survival_time", tau)
    assert np.ptp(difference.estimate) < 1e-9


def test_where_hazards_differ_by_state_what_was_spent_counts():
    """Solved by hand: hazards 0.02 in well and 0.08 in sick; a patient with budget E who falls ill at s dies at
    s + (E - 0.02 s) / 0.08, so the mean is that of independent draws of the same hazards."""
    well, sick = {"family": "exponential", "rate": 0.02}, {"family": "exponential", "rate": 0.08}
    built = model(well=well, sick=sick, clock="reset", ratio=1.0)
    found = simulate_model(built, patients=200_000, taus=[60.0])
    # integral to 60 of exp(-0.22 t) + 0.2 * (exp(-0.08 t) - exp(-0.22 t)) / 0.14
    area = lambda k: -math.expm1(-k * 60.0) / k  # noqa: E731
    truth = area(0.22) + 0.2 / 0.14 * (area(0.08) - area(0.22))
    alive = found.measure("survival_time", 60.0)
    assert abs(alive.estimate[0] - truth) < 4.5 * alive.mc_std_error[0]


def test_an_effect_on_the_latent_death_spends_it_slower(tmp_path):
    """Solved by hand: hazard 0.05 in both states, halved while on treatment: death at E / 0.025."""
    even = {"family": "exponential", "rate": 0.05}
    half = {"transition": "*>dead", "hazard_ratio": 0.5, "lasts": "always"}
    built = model(well=even, sick=even, ratio=1.0, effect=half)
    both = deaths(built, tmp_path)
    seen = both["treat"] < 60.0
    np.testing.assert_allclose(both["treat"][seen], 2.0 * both["wait"][seen], rtol=1e-9)


def test_a_history_goes_on_with_what_is_left():
    even = {"family": "exponential", "rate": 0.05}
    past = History(now=7.0)
    built = model(well=even, sick=even, ratio=1.0, history=past)
    found = simulate_model(built, patients=100_000, taus=[50.0])
    alive = found.measure("survival_time", 50.0)
    assert abs(alive.estimate[0] - -math.expm1(-0.05 * 50.0) / 0.05) < 4.5 * alive.mc_std_error[0]
    assert np.ptp(alive.estimate) < 1e-9


def test_blocks_draws_and_workers_change_no_bit():
    whole, split = (
        simulate_model(model(), patients=9_000, draws=2, taus=[30.0], execution=Execution(workers=w))
        for w in (1, 2)
    )
    np.testing.assert_array_equal(
        whole.measure("survival_time", 30.0).by_draw, split.measure("survival_time", 30.0).by_draw
    )


def test_a_latent_time_ends_where_nobody_leaves_and_is_one_a_state():
    states = (
        State(name="well"),
        State(name="sick"),
        State(name="dead", death=True),
        State(name="gone", death=True),
    )
    law = {"family": "exponential", "rate": 0.1}

    def way(a, b, latent=None):
        return Transition(source=a, target=b, distribution=law, latent=latent)

    def built(*ways):
        return Model(
            time_unit="years",
            horizon=5.0,
            states=states,
            transitions=ways,
            strategies=(Strategy(strategy="s"),),
        )

    with pytest.raises(ScenarioError, match=r"latent time 'a' ends in sick, which can be left"):
        simulate_model(built(way("well", "sick", "a"), way("sick", "dead"), way("sick", "gone")), patients=10)
    twice = (way("well", "sick"), way("sick", "dead", "a"), way("sick", "gone", "a"))
    with pytest.raises(ScenarioError, match="two transitions out of sick share the latent time 'a'"):
        simulate_model(built(*twice), patients=10)
