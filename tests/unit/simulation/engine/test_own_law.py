"""A survival law of its own under a treatment, against closed forms."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from survsim.core.declared import read_as as check
from survsim.simulation import Effect, History, Model, Population, State, Transition, simulate_model
from survsim.simulation.declared.population import Frailty
from survsim.simulation.declared.strategy import Treatment, strategy_from

BASE = {"family": "weibull", "shape": 1.3, "scale": 15.0}
OWN = {"family": "lognormal", "meanlog": 3.0, "sdlog": 0.8}


def model(effects, lines, **more):
    return Model(
        time_unit="months",
        horizon=60.0,
        states=(State(name="well"), State(name="dead", death=True)),
        transitions=(Transition(source="well", target="dead", distribution=BASE),),
        treatments={"drug": Treatment.model_validate({"effects": effects, **more})},
        strategies=(
            strategy_from({"strategy": "wait"}),
            strategy_from({"strategy": "treat", "lines": lines}),
        ),
    )


def base(t):
    """Cumulative hazard of the transition itself."""
    return (t / 15.0) ** 1.3


def own(t):
    """Cumulative hazard of the law under treatment."""
    z = (math.log(t) - 3.0) / 0.8
    return -math.log(0.5 * math.erfc(z / math.sqrt(2.0)))


def survives(result, t, truth):
    found = result.measure("alive", t)
    assert abs(found.estimate[1] - truth) < 4.5 * found.mc_std_error[1], (t, truth, found.estimate)


LINE = {"line": "first", "treatments": ["drug"]}


def run(effects, lines, times, **more):
    return simulate_model(model(effects, lines, **more), patients=150_000, taus=[60.0], times=times)


def test_from_the_start_for_ever():
    effect = {"transition": "well>dead", "distribution": OWN, "lasts": "always"}
    result = run([effect], [LINE], [6.0, 24.0])
    for t in (6.0, 24.0):
        survives(result, t, math.exp(-own(t)))


def test_while_it_is_given_and_the_transitions_own_law_after():
    effect = {"transition": "well>dead", "distribution": OWN, "lasts": "while_on"}
    result = run([effect], [LINE], [6.0, 24.0], duration=10.0)
    survives(result, 6.0, math.exp(-own(6.0)))
    survives(result, 24.0, math.exp(-own(10.0) - (base(24.0) - base(10.0))))


def test_from_a_later_line_on_and_with_a_hazard_ratio_beside():
    effects = [
        {"transition": "well>dead", "distribution": OWN, "lasts": {"for": 8.0}},
        {"transition": "well>dead", "hazard_ratio": 0.5, "lasts": "always"},
    ]
    later = LINE | {"start": [{"quantity": "time", "at_least": 5.0}]}
    result = run(effects, [later], [4.0, 12.0, 30.0])
    survives(result, 4.0, math.exp(-base(4.0)))
    survives(result, 12.0, math.exp(-base(5.0) - 0.5 * (own(12.0) - own(5.0))))
    survives(
        result, 30.0, math.exp(-base(5.0) - 0.5 * (own(13.0) - own(5.0)) - 0.5 * (base(30.0) - base(13.0)))
    )


def test_the_same_law_as_the_transitions_own_changes_no_outcome_beyond_rounding():
    effect = {"transition": "well>dead", "distribution": BASE, "lasts": "while_on"}
    result = simulate_model(model([effect], [LINE], duration=6.0), patients=5000, taus=[60.0])
    assert np.abs(result.compare().difference[result.measures.index("survival_time@60")]).max() < 1e-9


def test_draws_of_its_parameters_are_kept_apart():
    effect = {"transition": "well>dead", "distribution": OWN, "lasts": "while_on"}
    drawn = effect | {"distribution": OWN | {"meanlog": "m"}}
    several = dataclasses.replace(
        model([effect], [LINE]),
        treatments={"drug": Treatment.model_validate({"effects": [drawn], "duration": 12.0})},
        parameters={"m": np.array([2.0, 3.0, 4.0])},
    )
    whole = simulate_model(several, patients=3000, taus=[60.0])
    for draw, m in enumerate((2.0, 3.0, 4.0)):
        alone = model([effect | {"distribution": OWN | {"meanlog": m}}], [LINE], duration=12.0)
        found = simulate_model(alone, patients=3000, draws=draw + 1, taus=[60.0])
        assert found.means[draw] == pytest.approx(whole.means[draw], rel=1e-12)


def test_what_it_cannot_be_told():
    with pytest.raises(ValueError, match="one of them"):
        Effect(transition="a>b", hazard_ratio=0.5, distribution=OWN, lasts="always")
    with pytest.raises(ValueError, match="does not wane"):
        Effect(transition="a>b", distribution=OWN, lasts={"waning": {"from": 1.0, "to": 2.0}})


@pytest.mark.parametrize("frail", [False, True])
def test_it_goes_on_from_a_history(frail):
    """On the drug from month 3 on, alive at 6: ahead lies its own law from 6 on; a frailty is updated by what was spent."""
    effect = {"transition": "well>dead", "distribution": OWN, "lasts": "while_on"}
    made = model([effect], [LINE])
    ways = tuple(t.model_copy(update={"frailty": "z" if frail else None}) for t in made.transitions)
    past = check(
        History, {"now": 6.0, "given": [{"treatment": "drug", "start": 3.0, "status": "running"}]}, "history"
    )
    going = dataclasses.replace(
        made,
        transitions=ways,
        history=past,
        population=Population(frailties=(Frailty(name="z", variance=0.5),) if frail else ()),
    )
    result = simulate_model(going, patients=150_000, taus=[54.0], times=[6.0, 24.0])
    before = base(3.0) + own(6.0) - own(3.0)
    for t in (6.0, 24.0):
        ahead = own(6.0 + t) - own(6.0)
        survives(
            result, t, ((1 + 0.5 * before) / (1 + 0.5 * (before + ahead))) ** 2 if frail else math.exp(-ahead)
        )


def test_a_law_that_has_ended_before_now_is_spent_and_over():
    effect = {"transition": "well>dead", "distribution": OWN, "lasts": "while_on"}
    given = [{"treatment": "drug", "start": 1.0, "end": 4.0, "status": "stopped"}]
    past = check(History, {"now": 6.0, "given": given}, "history")
    going = dataclasses.replace(model([effect], []), history=past)
    result = simulate_model(going, patients=150_000, taus=[54.0], times=[24.0])
    survives(result, 24.0, math.exp(base(6.0) - base(30.0)))
