"""Lines given again: toxicity on its way, fresh luck, refusals, cord dose that recovers, intervals that need a start."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from survsim.core.errors import ScenarioError
from survsim.simulation.cord_biology.myelopathy import CordSettings
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.states import State, Transition
from survsim.simulation.declared.strategy import Strategy, strategy_from
from survsim.simulation.running.run import simulate_model

ALIVE = (State(name="alive"), State(name="dead", death=True))
N = 20_000


def model(*lines: dict[str, Any], rate: float = 1e-6, **treatments: Any) -> Model:
    """Nearly nobody dies before the horizon: what happens is what the strategy does."""
    law = {"family": "exponential", "rate": rate}
    plan = strategy_from({"strategy": "s", "treatments": treatments, "lines": list(lines)})
    ways = (Transition(source="alive", target="dead", distribution=law),)
    return Model(states=ALIVE, transitions=ways, strategies=(plan,), time_unit="months", horizon=24.0)


def share(what: Model, name: str) -> float:
    return float(simulate_model(what, patients=N, seed=2, taus=(24.0,)).measure(name).estimate[0])


def harmful(probability: float, *, late: bool, median: float, **more: Any) -> dict[str, Any]:
    onset = {"family": "exponential", "rate": np.log(2) / median}
    harm = {"name": "harm", "grade": 3, "probability": probability, "onset": onset, "late": late}
    return {"duration": 1.0, "toxicities": [harm], **more}


def test_treating_again_does_not_take_back_a_late_toxicity_on_its_way() -> None:
    line = {"line": "a", "treatments": ["drug"], "repeats": 10}
    found = share(model(line, drug=harmful(1.0, late=True, median=0.5)), "toxicity/drug/harm")
    assert found > 0.999
    # an early one is over with its course: ten courses, each with 1 - 2^-1 of being seen in it
    early = share(model(line, drug=harmful(1.0, late=False, median=1.0)), "toxicity/drug/harm")
    assert early == pytest.approx(1 - 2.0**-10, abs=0.002)


def test_a_treatment_of_two_lines_has_fresh_luck_in_each() -> None:
    lines = [{"line": name, "treatments": ["drug"]} for name in "ab"]
    found = share(model(*lines, drug=harmful(0.5, late=True, median=0.01)), "toxicity/drug/harm")
    assert found == pytest.approx(0.75, abs=4 * np.sqrt(0.75 * 0.25 / N))


def test_who_declines_a_line_is_not_asked_again_at_once() -> None:
    line = {"line": "a", "treatments": ["drug"], "accept": 0.5, "repeats": 3}
    assert share(model(line, drug={"duration": 1.0}), "line/a") == pytest.approx(
        0.5, abs=4 * 0.5 / np.sqrt(N)
    )


@pytest.mark.parametrize("quantity", ["time_since_progression", "time_since_line_end"])
@pytest.mark.parametrize("limit", [{"at_least": 2.0}, {"at_most": 2.0}])
def test_a_time_since_something_that_never_was_never_comes(quantity: str, limit: dict[str, float]) -> None:
    line = {"line": "a", "treatments": ["drug"], "start": [{"quantity": quantity, **limit}]}
    assert share(model(line, drug={"duration": 1.0}), "line/a") == 0.0


def test_an_interval_since_radiation_needs_a_radiation() -> None:
    wait = {"quantity": "time_since_radiation", "at_least": 6.0}
    line = {"line": "a", "treatments": ["drug"], "start": [wait]}
    with pytest.raises(ScenarioError, match="a time since radiation, which no other line gives"):
        model(line, drug={"duration": 1.0})
    first = {"line": "first", "treatments": ["rt"], "accept": 0.3}
    found = share(model(first, line, rt=course(22), drug={"duration": 1.0}), "line/a")
    assert found == pytest.approx(0.3, abs=4 * np.sqrt(0.3 * 0.7 / N))


def course(n: int) -> dict[str, Any]:
    radiation = [{"region": "cord", "fractions": n, "dose_per_fraction": 2.0}]
    return {"kind": "radiotherapy", "duration": 1.0, "radiation": radiation}


@pytest.mark.parametrize(("limit", "starts"), [(60.0, True), (41.0, False)])
def test_a_rule_on_cord_dose_sees_what_has_recovered_and_waits_for_it(limit: float, starts: bool) -> None:
    """44 Gy, of which half counts after twelve months; 20 Gy more make 42 Gy then and 64 Gy before."""
    lines = [
        {"line": "first", "treatments": ["one"]},
        {"line": "again", "treatments": ["two"], "start": [
            {"quantity": "line", "name": "first", "is": "completed"},
            {"quantity": "planned_cord_dose", "at_most": limit},
        ]},
    ]  # fmt: skip
    what = model(*lines, one=course(22), two=course(10))
    what = Model(
        states=what.states, transitions=what.transitions, strategies=what.strategies, time_unit="months", horizon=24.0,
        cord=CordSettings(alpha_beta=2.0, recovery_after=(12.0,), recovery_share=(0.5,)),
    )  # fmt: skip
    result = simulate_model(what, patients=100, seed=1, taus=(24.0,))
    assert result.measure("line/again").estimate[0] == float(starts)
    assert result.measure("cord_dose").estimate[0] == pytest.approx(42.0 if starts else 44.0)


def test_more_than_the_engine_can_count_is_refused() -> None:
    drugs = {f"d{i}": harmful(0.1, late=False, median=1.0) for i in range(62)}
    with pytest.raises(
        ScenarioError, match=r"129 treatments, toxicities and ways out of a state together.*127"
    ):
        share(model({"line": "a", "treatments": list(drugs)}, **drugs), "line/a")
    states = (*(State(name=f"s{i}") for i in range(139)), State(name="dead", death=True))
    law = {"family": "exponential", "rate": 0.1}
    ways = tuple(
        Transition(source=a.name, target=b.name, distribution=law) for a, b in itertools.pairwise(states)
    )
    long = Model(
        states=states,
        transitions=ways,
        strategies=(Strategy(strategy="n"),),
        time_unit="months",
        horizon=24.0,
    )
    with pytest.raises(ScenarioError, match="140 states; there may be 127"):
        simulate_model(long, patients=10, seed=1)
    many = [{"line": f"l{i}", "treatments": ["drug"]} for i in range(128)]
    with pytest.raises(ScenarioError, match="128 lines"):
        share(model(*many, drug={"duration": 0.1}), "line/l0")


def test_a_clock_of_the_whole_path_is_not_slowed_between_states() -> None:
    law = {"family": "weibull", "shape": 2.0, "scale": 8.0}
    states = (State(name="one"), State(name="two"), State(name="dead", death=True))
    ways = (
        Transition(source="one", target="two", distribution={"family": "exponential", "rate": 0.5}),
        Transition(source="two", target="dead", distribution=law, clock="forward"),
    )
    effect = {"transition": "two>dead", "acceleration_factor": 2.0, "lasts": "always"}
    plan = strategy_from(
        {
            "strategy": "s",
            "treatments": {"d": {"effects": [effect]}},
            "lines": [{"line": "a", "treatments": ["d"]}],
        }
    )
    what = Model(states=states, transitions=ways, strategies=(Strategy(strategy="n"), plan), time_unit="months",
                 horizon=24.0)  # fmt: skip
    with pytest.raises(ScenarioError, match=r"two>dead runs on the clock of the whole path.*hazard ratio"):
        simulate_model(what, patients=100, seed=1)
