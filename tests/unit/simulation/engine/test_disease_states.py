"""States that match a disease: control regained under treatment, events that lead to a state, care withdrawn, groups."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

from survsim.core.errors import InputError, ScenarioError
from survsim.figures.deaths_by_cause import draw_deaths_by_cause
from survsim.simulation.declared.history import History
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.states import State, Transition, matches
from survsim.simulation.declared.strategy import strategy_from
from survsim.simulation.outcomes.deaths import deaths_by_cause
from survsim.simulation.running.run import simulate_model
from tests.helpers.disease_models import exponential

N = 60_000
T = (1.0, 4.0, 9.0)


def model(
    ways: list[tuple[Any, ...]], states: tuple[State, ...], *plans: dict[str, Any], **options: Any
) -> Model:
    transitions = tuple(
        Transition(source=a, target=b, distribution=exponential(r), **(more[0] if more else {}))
        for a, b, r, *more in ways
    )
    named = [strategy_from({"strategy": f"s{i}", **p}) for i, p in enumerate(plans)] or [
        strategy_from({"strategy": "none"})
    ]
    settings: dict[str, Any] = {"time_unit": "months", "horizon": 12.0, "strategies": tuple(named)}
    return Model(states=states, transitions=transitions, **{**settings, **options})


def occupancy(found: Model, strategy: int = 0) -> np.ndarray:
    result = simulate_model(found, patients=N, seed=6, grid_step=1.0, times=T)
    return result.state_occupancy(T).estimate[strategy]


def chain(rates: dict[tuple[int, int], float], size: int, start: int = 0) -> np.ndarray:
    q = np.zeros((size, size))
    for (a, b), r in rates.items():
        q[a, b] = r
    q -= np.diag(q.sum(axis=1))
    return np.array([expm(q * t)[start] for t in T]).T


def close(found: np.ndarray, exact: np.ndarray) -> None:
    assert np.all(np.abs(found - exact) < 4 * np.sqrt(0.25 / N)), np.abs(found - exact).max()


CONTROL = (
    State(name="controlled"),
    State(name="progressed", progression=True),
    State(name="dead", death=True),
)
WAYS = [
    ("controlled", "progressed", 0.3),
    ("progressed", "dead", 0.25),
    ("progressed", "controlled", 0.5, {"needs_effect": True}),
]
OPENS = {"transition": "progressed>controlled", "hazard_ratio": 1.0}


def salvage(**effect: Any) -> dict[str, Any]:
    line = {"line": "salvage", "treatments": ["rt"], "start": [{"quantity": "state", "is": "progressed"}]}
    return {"treatments": {"rt": {"effects": [{**OPENS, **effect}]}}, "lines": [line]}


def test_control_is_regained_only_under_an_effect() -> None:
    found = model(WAYS, CONTROL, {}, salvage(lasts="always"))
    close(occupancy(found, 0), chain({(0, 1): 0.3, (1, 2): 0.25}, 3))
    # once salvage has begun the way back stays open: controlled, progressed
    close(occupancy(found, 1), chain({(0, 1): 0.3, (1, 2): 0.25, (1, 0): 0.5}, 3))


def test_a_way_back_closes_when_the_effect_ends_or_the_treatment_does() -> None:
    stop = salvage(lasts="while_on")
    stop["lines"][0]["stop"] = [{"on": "patient_choice", "rate": 0.8}]
    # controlled untreated, progressed on, progressed off, controlled on, controlled off, dead
    rates = {(0, 1): 0.3, (1, 2): 0.8, (1, 3): 0.5, (1, 5): 0.25, (2, 5): 0.25}
    rates |= {(3, 1): 0.3, (3, 4): 0.8, (4, 2): 0.3}
    exact = chain(rates, 6)
    close(
        occupancy(model(WAYS, CONTROL, stop)),
        np.array([exact[0] + exact[3] + exact[4], exact[1] + exact[2], exact[5]]),
    )
    short = model(WAYS, CONTROL, salvage(lasts={"for": 1e-6}))
    close(occupancy(short), chain({(0, 1): 0.3, (1, 2): 0.25}, 3))
    delayed = model(WAYS, CONTROL, salvage(lasts="always", delay=50.0))
    close(occupancy(delayed), chain({(0, 1): 0.3, (1, 2): 0.25}, 3))


def test_two_strategies_with_a_way_back_are_equal_if_they_are() -> None:
    found = simulate_model(
        model(WAYS, CONTROL, salvage(lasts="always"), salvage(lasts="always")), patients=9000, seed=2
    )
    assert np.all(found.means[..., 0] == found.means[..., 1])


def test_a_history_does_not_spend_on_a_way_that_was_shut() -> None:
    history = History.model_validate({"now": 5.0, "path": [{"state": "progressed", "at": 2.0}]})
    close(
        occupancy(model(WAYS, CONTROL, {}, history=history)), chain({(0, 1): 0.3, (1, 2): 0.25}, 3, start=1)
    )


def drug(*harms: dict[str, Any], **line: Any) -> dict[str, Any]:
    first = {"line": "first", "treatments": ["drug"], **line}
    return {"treatments": {"drug": {"toxicities": list(harms)}}, "lines": [first]}


def test_an_adverse_event_may_kill_and_deaths_are_told_by_cause() -> None:
    states = (*CONTROL, State(name="toxic_death", death=True))
    harm = {"name": "sepsis", "grade": 5, "onset": exponential(0.1), "leads_to": "toxic_death"}
    found = model(WAYS[:2], states, {}, drug(harm))
    exact = chain({(0, 1): 0.3, (1, 2): 0.25, (0, 3): 0.1, (1, 3): 0.1}, 4)
    close(occupancy(found, 1), exact)
    result = simulate_model(found, patients=N, seed=6, grid_step=1.0)
    deaths = deaths_by_cause(result, T)
    close(deaths.estimate[1], exact[2:])
    frame = deaths.to_frame().set_index(["strategy", "cause", "time"])
    assert frame.loc[("s0", "toxic_death", 9.0), "estimate"] == 0.0
    whole = (
        frame.loc[("s1", "dead", 9.0), "share_of_deaths"]
        + frame.loc[("s1", "toxic_death", 9.0), "share_of_deaths"]
    )
    assert whole == pytest.approx(1.0)
    assert "2 causes" in deaths.headline()
    ax = draw_deaths_by_cause(deaths, time=4.0)
    widths = {p.get_gid(): p.get_width() for p in ax.patches}
    assert widths["deaths:s1:toxic_death"] == pytest.approx(float(deaths.estimate[1, 1, 1]))
    with pytest.raises(InputError, match="has no deaths at 5"):
        draw_deaths_by_cause(deaths, time=5.0)


def test_an_adverse_event_may_lead_to_a_living_state_and_lines_see_it() -> None:
    states = (State(name="walking"), State(name="paralysed"), State(name="dead", death=True))
    ways = [("walking", "dead", 0.05), ("paralysed", "dead", 0.4)]
    harm = {
        "name": "myelopathy",
        "grade": 4,
        "probability": 0.5,
        "onset": exponential(0.6),
        "leads_to": "paralysed",
    }
    plan = drug(harm, stop=[{"on": "toxicity"}])
    plan["treatments"]["care"] = {
        "effects": [{"transition": "paralysed>dead", "hazard_ratio": 0.5, "lasts": "while_on"}]
    }
    plan["lines"].append(
        {"line": "care", "treatments": ["care"], "start": [{"quantity": "state", "is": "paralysed"}]}
    )
    found = occupancy(model(ways, states, plan))
    # half are never hit: walking for good; half go at rate 0.6
    prone = chain({(0, 1): 0.6, (0, 2): 0.05, (1, 2): 0.2}, 3)
    spared = chain({(0, 2): 0.05}, 3)
    close(found, (prone + spared) / 2)


def test_care_that_is_withdrawn_ends_treatment_and_lets_nothing_begin() -> None:
    states = (State(name="ill"), State(name="comfort", treatable=False), State(name="dead", death=True))
    ways = [("ill", "comfort", 0.3), ("ill", "dead", 0.2), ("comfort", "dead", 0.4)]
    effect = {"transition": "*>dead", "hazard_ratio": 0.1, "lasts": "while_on"}
    late = {"line": "late", "treatments": ["drug"], "start": [{"quantity": "time", "at_least": 3.0}]}
    plan = {
        "treatments": {"drug": {"effects": [effect], "duration": 2.5}},
        "lines": [{"line": "first", "treatments": ["drug"]}, late],
    }
    always = {**plan, "treatments": {"drug": {"effects": [effect]}}, "lines": plan["lines"][:1]}
    close(occupancy(model(ways, states, always)), chain({(0, 1): 0.3, (0, 2): 0.02, (1, 2): 0.4}, 3))
    result = simulate_model(model(ways, states, plan), patients=N, seed=6)
    begun = result.measure("line/late").estimate[0]
    still_ill = np.exp(-0.3 * 3 - 0.02 * 2.5 - 0.2 * 0.5)
    assert begun == pytest.approx(still_ill, abs=4 * np.sqrt(0.25 / N))


def test_time_in_a_group_of_states_and_patterns_of_names() -> None:
    states = (
        State(name="controlled_walking", groups=("walking",)),
        State(name="controlled_sitting"),
        State(name="progressed_walking", groups=("walking",), progression=True),
        State(name="dead", death=True),
    )
    ways = [
        ("controlled_walking", "controlled_sitting", 0.1),
        ("controlled_walking", "progressed_walking", 0.2),
        ("controlled_sitting", "dead", 0.3),
        ("progressed_walking", "dead", 0.5),
    ]
    effect = {"transition": "*_walking>progressed*", "hazard_ratio": 0.5, "lasts": "always"}
    plan = {"treatments": {"drug": {"effects": [effect]}}, "lines": [{"line": "a", "treatments": ["drug"]}]}
    result = simulate_model(model(ways, states, {}, plan), patients=N, seed=6, taus=(12.0,))
    t = np.linspace(0, 12, 4801)
    for s, rate in enumerate((0.2, 0.1)):
        out = 0.1 + rate
        inside = np.exp(-out * t) + rate / (0.5 - out) * (np.exp(-out * t) - np.exp(-0.5 * t))
        found = result.measure("time_in/walking", 12.0)
        assert found.estimate[s] == pytest.approx(np.trapezoid(inside, t), abs=4 * 4 / np.sqrt(N))
    assert found.unit == "months"
    assert matches("*>*", "a>b") and matches("a*>b", "ab>b") and not matches("a>b", "ab>b")


def test_a_way_into_progression_is_not_within_a_stage() -> None:
    ways = [*WALKS[:1], (*WALKS[1][:3], STAGE), *WALKS[2:]]
    with pytest.raises(ScenarioError, match="controlled_walking>progressed_walking stays within a stage"):
        model(ways, WALK)


def test_a_utility_above_full_health_is_refused() -> None:
    states = (State(name="well", utility=1.7), State(name="dead", death=True))
    with pytest.raises(ScenarioError, match="utility must be at most 1"):
        model([("well", "dead", 0.1)], states)


REFUSED = [
    ({"name": "x", "grade": 5, "onset": exponential(1.0)}, "grade 5, and it alone, leads to a death"),
    ({"name": "x", "grade": 4, "onset": exponential(1.0), "leads_to": "dead"}, "grade 5, and it alone"),
    (
        {"name": "x", "grade": 4, "onset": exponential(1.0), "leads_to": "gone"},
        "leads to 'gone'; states: controlled",
    ),
]


@pytest.mark.parametrize(("harm", "words"), REFUSED)
def test_refused(harm: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        model(WAYS[:2], CONTROL, drug(harm))
    assert words in str(raised.value)


WALK = (
    State(name="controlled_walking", groups=("walking",)),
    State(name="controlled"),
    State(name="progressed_walking", groups=("walking",), progression=True, performance_change=1),
    State(name="progressed", progression=True, performance_change=1),
    State(name="dead", death=True),
)
STAGE = {"within_stage": True}
WALKS = [
    ("controlled_walking", "controlled", 0.2, STAGE),
    ("controlled_walking", "progressed_walking", 0.3),
    ("controlled", "progressed", 0.3),
    ("progressed_walking", "progressed", 0.5, STAGE),
    ("progressed_walking", "dead", 0.1),
    ("progressed", "dead", 0.25),
]


def two_courses(**second: Any) -> dict[str, Any]:
    """A drug from the first progression on, stopped by a progression; a second one by what is said of it."""
    drug = {"effects": [{"transition": "*>dead", "hazard_ratio": 1.0, "lasts": "while_on"}]}
    begin = {"quantity": "time_since_progression", "at_least": 0.5}
    lines = [
        {"line": "first", "treatments": ["drug"], "start": [begin], "stop": [{"on": "progression"}]},
        {"line": "second", "treatments": ["other"], "start": [second, {"stopped": "drug"}]},
    ]
    return {"treatments": {"drug": drug, "other": {}}, "lines": lines}


def test_a_move_within_a_stage_is_no_progression() -> None:
    plan = two_courses(quantity="time", at_least=0.0)
    moved = simulate_model(model(WALKS, WALK, plan), patients=N, seed=6)
    # nobody progresses twice, so nothing stops the first drug
    assert moved.measure("line/first").estimate[0] > 0.3
    assert moved.measure("line/second").estimate[0] == 0.0
    loud = [way[:3] for way in WALKS]
    assert (
        simulate_model(model(loud, WALK, plan), patients=N, seed=6).measure("line/second").estimate[0] > 0.1
    )
    close(
        occupancy(model(WALKS, WALK, plan)),
        chain(
            {(0, 1): 0.2, (0, 2): 0.3, (1, 3): 0.3, (2, 3): 0.5, (2, 4): 0.1, (3, 4): 0.25},
            5,
        ),
    )


def test_the_performance_status_falls_once_for_a_progression() -> None:
    worse = {
        "line": "late",
        "treatments": ["drug"],
        "start": [{"quantity": "performance_status", "at_least": 3}],
    }
    plan = {"treatments": {"drug": {}}, "lines": [worse]}
    # status 1 at first, 2 after a progression, 3 after none
    found = simulate_model(model(WALKS, WALK, plan), patients=N, seed=6)
    assert found.measure("line/late").estimate[0] == 0.0
    loud = simulate_model(model([way[:3] for way in WALKS], WALK, plan), patients=N, seed=6)
    assert loud.measure("line/late").estimate[0] > 0.1


def test_where_starts_are_shared_out_a_history_says_which_was_this_patients() -> None:
    path = [{"state": "controlled", "at": 0.0}, {"state": "progressed", "at": 2.0}]
    history = History.model_validate({"now": 5.0, "path": path})
    start = {"controlled_walking": 0.4, "controlled": 0.6}
    exact = chain({(3, 4): 0.25}, 5, start=3)
    close(occupancy(model(WALKS, WALK, {}, history=history, start=start)), exact)
    mixed = 0.4 * chain({(0, 1): 0.2, (0, 2): 0.3, (1, 3): 0.3, (2, 3): 0.5, (2, 4): 0.1, (3, 4): 0.25}, 5)
    mixed += 0.6 * chain({(1, 3): 0.3, (3, 4): 0.25}, 5, start=1)
    close(occupancy(model(WALKS, WALK, {}, start=start)), mixed)
    for wrong in (path[1:], [{"state": "controlled", "at": 1.0}, *path[1:]]):
        with pytest.raises(
            ScenarioError, match="begin with that of this patient at 0: controlled_walking, controlled"
        ):
            model(WALKS, WALK, {}, history=History.model_validate({"now": 5.0, "path": wrong}), start=start)
