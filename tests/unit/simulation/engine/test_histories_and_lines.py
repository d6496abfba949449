"""A history that meets the lines of a strategy: what still runs, what counts as a line, what is left of the past."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from survsim.simulation.declared.history import History
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.population import Population
from survsim.simulation.declared.states import State, Transition
from survsim.simulation.declared.strategy import Strategy, Treatment, strategy_from
from survsim.simulation.declared.values import Values
from survsim.simulation.outcomes.result import SimulationResult
from survsim.simulation.running.run import simulate_model
from tests.helpers.disease_models import exponential

N = 20_000
TAU = 20.0
WELL = (State(name="well"), State(name="dead", death=True))
DIE = (Transition(source="well", target="dead", distribution=exponential(0.1)),)


def helps(ratio: float, lasts: str = "while_on", on: str = "well>dead", **more: Any) -> Treatment:
    effect = {"transition": on, "hazard_ratio": ratio, "lasts": lasts}
    return Treatment.model_validate({"effects": [effect], **more})


def line(name: str, *treatments: str, **more: Any) -> dict[str, Any]:
    return {"line": name, "treatments": list(treatments), **more}


def strategy(name: str, *lines: dict[str, Any]) -> Strategy:
    return strategy_from({"strategy": name, "lines": list(lines)})


def had(treatment: str, start: float, end: float | None = None, **more: Any) -> dict[str, Any]:
    return {
        "treatment": treatment,
        "start": start,
        "end": end,
        "status": "running" if end is None else "completed",
        **more,
    }


def found(strategies: Any, history: Any, *, n: int = N, **options: Any) -> SimulationResult:
    model: dict[str, Any] = {"states": WELL, "transitions": DIE, "time_unit": "months", "horizon": 24.0}
    known = None if history is None else History.model_validate(history)
    return simulate_model(
        Model(**{**model, "strategies": tuple(strategies), "history": known, **options}),
        patients=n,
        seed=1,
        taus=(TAU,),
    )


def means(*args: Any, **options: Any) -> np.ndarray:
    return np.asarray(found(*args, **options).rmst(TAU).estimate)


def lived(rate: float) -> float:
    """Restricted mean of an exponential time."""
    return float((1 - np.exp(-rate * TAU)) / rate)


def about(values: Any, expected: Any) -> None:
    assert np.allclose(values, expected, rtol=0.0, atol=4 * 8.0 / np.sqrt(N)), (values, expected)


NOW = {"now": 1e-6, "given": [had("t", 0.0)]}
ON, NONE = strategy("on", line("first", "t")), strategy("none")


def test_what_runs_goes_on_where_a_line_gives_it_and_is_stopped_where_none_does() -> None:
    about(means((ON, NONE), NOW, treatments={"t": helps(0.3)}), [lived(0.03), lived(0.1)])


def test_what_runs_under_the_name_of_a_line_that_does_not_give_it_is_stopped() -> None:
    named = {"now": 1e-6, "given": [had("t", 0.0, line="first")]}
    after = line("second", "u", start=[{"quantity": "line", "name": "first", "is": "stopped"}])
    other = strategy("other", line("first", "v"), after)
    treatments = {"t": helps(0.3), "u": helps(0.5), "v": Treatment()}
    about(means((ON, other), named, treatments=treatments), [lived(0.03), lived(0.05)])


@pytest.mark.parametrize("turn", [1, -1])
def test_of_two_lines_that_run_the_one_begun_last_goes_on(turn: int) -> None:
    given = [had("t", 0.0), had("u", 0.5)][::turn]
    both = strategy("both", line("first", "t"), line("second", "u"))
    together = strategy("together", line("all", "t", "u"))
    treatments = {"t": helps(0.2), "u": helps(0.5)}
    expected = [lived(0.05), lived(0.01)]
    about(means((both, together), {"now": 1.0, "given": given}, treatments=treatments), expected)
    # of those that began together, the first of the strategy
    given = [had("t", 0.0), had("u", 0.0)][::turn]
    about(means((both,), {"now": 1.0, "given": given}, treatments=treatments), [lived(0.02)])


@pytest.mark.parametrize("history", [None, {"now": 0.01, "given": [had("t", 0.0, line="first")]}])
def test_a_state_in_which_nothing_is_given_ends_what_runs(history: Any) -> None:
    states = (State(name="well"), State(name="care", treatable=False), State(name="dead", death=True))
    ways = (
        Transition(source="well", target="care", distribution=exponential(5.0)),
        Transition(source="care", target="dead", distribution=exponential(0.2)),
    )
    t = {"t": helps(0.1, on="care>dead")}
    a, b = 5.0, 0.2
    expected = lived(a) + a / (a - b) * (lived(b) - lived(a))
    about(means((ON, NONE), history, treatments=t, states=states, transitions=ways), [expected] * 2)


def test_a_course_of_radiation_that_is_stopped_now_has_the_fractions_until_now() -> None:
    course = {"region": "cord", "fractions": 20, "dose_per_fraction": 2.0}
    treatments = {"t": helps(0.3, kind="radiotherapy", duration=1.0, radiation=[course])}
    result = found((ON, NONE), {"now": 0.5, "given": [had("t", 0.0)]}, treatments=treatments, n=2000)
    dose = result.measure("cord_dose").estimate
    assert dose[1] == pytest.approx(20.0) and 35.0 < dose[0] <= 40.0


def test_what_a_stop_costs_is_paid_now() -> None:
    values = Values.model_validate({"outcomes": {"cost": {"kind": "cost", "at_stop": {"t": 100.0}}}})
    given = {"now": 0.5, "given": [had("t", 0.0)]}
    result = found((NONE,), given, treatments={"t": Treatment()}, values=values, n=200)
    assert result.measure("cost", TAU).estimate.tolist() == [100.0]
    over = {"now": 0.5, "given": [had("t", 0.0, 0.4)]}
    result = found((NONE,), over, treatments={"t": Treatment()}, values=values, n=200)
    assert result.measure("cost", TAU).estimate.tolist() == [0.0]


def test_the_patients_choice_of_what_runs_is_as_near_as_ever() -> None:
    chooses = strategy("on", line("first", "t", stop=[{"on": "patient_choice", "rate": 1.0}]))
    # alive to the choice or death at 1.03, then at 0.1
    expected = lived(1.03) + 1.0 / 0.93 * (lived(0.1) - lived(1.03))
    for history in (None, NOW):
        about(means((chooses,), history, treatments={"t": helps(0.3)}), [expected])


@pytest.mark.parametrize("lasts", ["while_on", "always"])
def test_an_adverse_event_of_the_past_has_lowered_the_dose_of_what_still_acts(lasts: str) -> None:
    event = {"name": "x", "grade": 3, "onset": exponential(1.0)}
    half = strategy("on", line("first", "t", modify=[{"grade_at_least": 3, "dose_factor": 0.5}]))
    ended = {"duration": 1.0} if lasts == "always" else {}
    history = {"now": 1.0, "given": [had("t", 0.0, 1.0 if ended else None)]}
    t = {"t": helps(0.3, lasts, toxicities=[event], **ended)}
    came = {**history, "toxicities": [{"treatment": "t", "name": "x"}]}
    about(means((half,), came, treatments=t), [lived(0.1 * np.sqrt(0.3))])


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("names", [("a",), ("a", "b")])
def test_treatments_of_a_line_are_one_course_of_it(names: tuple[str, ...], turn: int) -> None:
    """The second of two courses is given at once, for two months at a tenth of the hazard."""
    treatments = {"a": helps(0.1, duration=2.0), "b": Treatment(duration=2.0)}
    again = strategy("s", line("l", *names, repeats=2))
    history = {"now": 2.0, "given": [had(k, 0.0, 2.0) for k in names][::turn]}
    two = (1 - np.exp(-0.02)) / 0.01
    expected = two + np.exp(-0.02) * (1 - np.exp(-0.1 * (TAU - 2))) / 0.1
    result = found((again,), history, treatments=treatments)
    about(result.rmst(TAU).estimate, [expected])
    assert result.measure("line/l").estimate.tolist() == [1.0]
    # and both that were given are two, of each treatment
    twice = [had(k, at, at + 2.0) for at in (0.0, 3.0) for k in names][::turn]
    result = found((again,), {"now": 5.0, "given": twice}, treatments=treatments)
    assert result.measure("line/l").estimate.tolist() == [0.0]


@pytest.mark.parametrize("turn", [1, -1])
def test_a_line_ended_as_the_last_of_its_treatments_did(turn: int) -> None:
    """a was completed after b was stopped: the line was completed, is one line, and ended at the end of a."""
    treatments = {"a": Treatment(duration=2.0), "b": Treatment(duration=2.0), "c": helps(0.1, "always")}
    broken = had("b", 0.0, 1.0) | {"status": "stopped"}
    history = {"now": 2.0, "given": [had("a", 0.0, 2.0), broken][::turn]}
    for clause, share in (
        ({"quantity": "line", "name": "first", "is": "completed"}, 1.0),
        ({"quantity": "line", "name": "first", "is": "stopped"}, 0.0),
        ({"quantity": "lines_started", "at_most": 1.0}, 1.0),
        ({"quantity": "time_since_line_end", "at_most": 0.5}, 1.0),
    ):
        lines = line("first", "a", "b", stop=[{"on": "state_left"}]), line("next", "c", start=[clause])
        result = found((strategy("s", *lines),), history, treatments=treatments, n=200)
        assert result.measure("line/next").estimate.tolist() == [share], clause


def test_a_line_of_which_a_part_still_runs_has_not_ended() -> None:
    treatments = {"a": Treatment(duration=1.0), "b": Treatment(), "c": Treatment()}
    first = line("first", "a", "b", stop=[{"on": "time", "after": 50.0}])
    waits = line("next", "c", start=[{"quantity": "time_since_line_end", "at_least": 0.1}])
    again = line("next", "c", start=[{"quantity": "line", "name": "first", "is": "completed"}])
    for past in ([had("a", 0.0, 1.0)], [had("a", 0.0, 1.0), had("a", 1.0, 2.0, line="first")]):
        history = {"now": 2.0, "given": [*past, had("b", 0.0)]}
        for after in (waits, again):
            lines = first | {"repeats": len(past)}, after
            result = found((strategy("s", *lines),), history, treatments=treatments, n=200)
            assert result.measure("line/next").estimate.tolist() == [0.0]


@pytest.mark.parametrize("name", ["a", "first"])
@pytest.mark.parametrize(("deed", "share"), [("completed", 1.0), ("given", 1.0), ("not_given", 0.0)])
def test_a_strategy_may_ask_for_what_only_the_history_gave(name: str, deed: str, share: float) -> None:
    treatments = {"a": Treatment(duration=1.0), "c": Treatment()}
    asks = strategy("asks", line("next", "c", start=[{deed: name}]))
    history = {"now": 2.0, "given": [had("a", 0.0, 1.0, line="first")]}
    result = found((strategy("other", line("first", "a")), asks), history, treatments=treatments, n=200)
    assert result.measure("line/next").estimate[1] == share


def test_what_only_the_history_held_can_fulfil_a_condition() -> None:
    """Grade, dose, response, lines and their ends of the past, in a strategy that could never bring them."""
    event = {"name": "x", "grade": 3, "onset": exponential(1.0)}
    course = {"region": "cord", "fractions": 20, "dose_per_fraction": 2.0}
    past = {"duration": 1.0, "toxicities": [event], "radiation": [course], "response_probability": 0.5}
    treatments = {"a": helps(1.0, **past), "b": Treatment(), "c": Treatment()}
    history = {
        "now": 2.0,
        "given": [
            had("a", 0.2, 1.2, responded=True),
            had("b", 1.2, 1.5, line="endless") | {"status": "stopped"},
        ],
        "toxicities": [{"treatment": "a", "name": "x"}],
        "doses": [{"region": "cord", "fractions": 5, "dose_per_fraction": 2.0, "ended": 0.0}],
    }
    for clause in (
        {"quantity": "toxicity_grade", "at_least": 3},
        {"quantity": "cord_dose", "at_least": 49.0},
        {"quantity": "response", "is": "yes"},
        {"quantity": "lines_started", "at_least": 2.0},
        {"quantity": "line", "name": "endless", "is": "stopped"},
    ):
        lines = line("next", "c", start=[clause]), line("endless", "b")
        result = found((strategy("s", *lines),), history, treatments=treatments, n=200)
        assert result.measure("line/next").estimate.tolist() == [1.0], clause


def test_a_late_event_of_each_course_may_still_come() -> None:
    """Of two courses, one and two months ago, with an even chance each."""
    event = {"name": "x", "grade": 3, "probability": 0.5, "onset": exponential(0.05), "late": True}
    treatments = {"a": Treatment.model_validate({"duration": 1.0, "toxicities": [event]})}
    ways = (Transition(source="well", target="dead", distribution=exponential(1e-9)),)
    twice = strategy("s", line("l", "a", repeats=2))
    history = {"now": 2.0, "given": [had("a", 0.0, 1.0), had("a", 1.0, 2.0)]}
    result = found((twice,), history, treatments=treatments, transitions=ways)
    none = 1.0
    for ago in (2.0, 1.0):
        kept = 0.5 * np.exp(-0.05 * ago)
        none *= 1.0 - kept / (0.5 + kept) * (1 - np.exp(-0.05 * 24.0))
    share = float(result.measure("toxicity/a/x").estimate[0])
    assert share == pytest.approx(1 - none, abs=4 * np.sqrt(0.25 / N))


SICK = (State(name="well"), State(name="sick", progression=True), State(name="dead", death=True))
FALL = (
    Transition(source="well", target="sick", distribution=exponential(0.1)),
    Transition(source="sick", target="dead", distribution=exponential(0.1)),
)
PROGRESSED = [
    ("sick", None),
    ({"sick": 1.0}, None),
    ({"well": 0.5, "sick": 0.5}, {"now": 1e-6, "path": [{"state": "sick", "at": 0.0}]}),
    ("sick", {"now": 1e-6}),
    ("well", {"now": 2e-6, "path": [{"state": "sick", "at": 1e-6}]}),
]


@pytest.mark.parametrize(("start", "history"), PROGRESSED)
def test_who_starts_in_a_state_of_progression_has_progressed(start: Any, history: Any) -> None:
    """The same in each way of saying it: one progression at time zero, and no time free of it."""
    treatments = {"t": helps(0.1, "always", on="sick>dead")}
    in_use = SICK if "well" in str(start) else SICK[1:]
    options: dict[str, Any] = {
        "treatments": treatments,
        "states": in_use,
        "transitions": FALL if in_use is SICK else FALL[1:],
        "start": start,
    }
    counted = strategy("s", line("l", "t", start=[{"quantity": "n_progressions", "at_least": 1.0}]))
    result = found((NONE, counted), history, **options)
    about(result.rmst(TAU).estimate, [lived(0.1), lived(0.01)])
    assert result.measure("progression_free_time", TAU).estimate.tolist() == [0.0, 0.0]
    later = strategy("s", line("l", "t", start=[{"quantity": "time_since_progression", "at_least": 2.0}]))
    share = found((later,), history, **options).measure("line/l").estimate[0]
    assert share == pytest.approx(np.exp(-0.2), abs=4 * np.sqrt(0.25 / N))


@pytest.mark.parametrize(("told", "now"), [(None, 0), (3, 3), (1, 1)])
def test_a_hazard_goes_by_the_performance_status_on_entry_and_a_rule_by_the_one_now(
    told: int | None, now: int
) -> None:
    ways = (DIE[0].model_copy(update={"covariates": {"performance_status": 0.5}}),)
    clause = {"quantity": "performance_status", "at_least": now, "at_most": now}
    history = {"now": 1e-6, "performance_status": told}
    s = strategy("s", line("l", "t", start=[clause]))
    result = found(
        (s,),
        history,
        transitions=ways,
        treatments={"t": Treatment()},
        population=Population(performance_status=0),
    )
    about(result.rmst(TAU).estimate, [lived(0.1)])
    assert result.measure("line/l").estimate.tolist() == [1.0]


def test_the_performance_status_now_is_that_on_entry_of_a_state_entered_now() -> None:
    """A step that makes it worse by one led from 1 to 2; 3 is told at that very time."""
    states = (State(name="well"), State(name="sick", performance_change=1), State(name="dead", death=True))
    by_status = FALL[1].model_copy(update={"covariates": {"performance_status": 0.5}})
    options: dict[str, Any] = {"states": states, "transitions": (FALL[0], by_status)}
    for now, score in ((1.0, 1.5), (1.1, 1.0)):
        history = {"now": now, "path": [{"state": "sick", "at": 1.0}], "performance_status": 3}
        found_now = means((NONE,), history, population=Population(performance_status=1), **options)
        about(found_now, [lived(0.1 * np.exp(score))])


def test_a_performance_status_that_is_shared_out_is_followed_backwards_from_the_one_now() -> None:
    """3 now, after a step that made it worse by one: 2 before it, and 3 on entry, whatever a drug did since."""
    states = (State(name="well"), State(name="sick", performance_change=1), State(name="dead", death=True))
    by_status = FALL[1].model_copy(update={"covariates": {"performance_status": 0.5}})
    population = Population(performance_status=(0.2, 0.2, 0.2, 0.2, 0.2))
    event = {"name": "x", "grade": 1, "onset": exponential(1.0), "performance_change": 1}
    t = {"t": Treatment.model_validate({"toxicities": [event]})}
    history: dict[str, Any] = {"now": 2.0, "path": [{"state": "sick", "at": 1.0}], "performance_status": 3}
    options: dict[str, Any] = {
        "states": states,
        "transitions": (FALL[0], by_status),
        "population": population,
    }
    about(means((NONE,), history, treatments=t, **options), [lived(0.1 * np.exp(1.5))])
    history |= {"given": [had("t", 1.5)], "toxicities": [{"treatment": "t", "name": "x"}]}
    about(means((NONE,), history, treatments=t, **options), [lived(0.1 * np.exp(1.0))])


def test_an_adverse_event_of_the_past_has_changed_the_performance_status() -> None:
    event = {"name": "x", "grade": 3, "onset": exponential(1.0), "performance_change": 2}
    t = {"t": Treatment.model_validate({"duration": 1.0, "toxicities": [event]}), "u": Treatment()}
    ask = [
        line("l", "u", start=[{"quantity": "performance_status", "at_least": n, "at_most": n}])
        for n in (1, 3)
    ]
    history: dict[str, Any] = {"now": 1.0, "given": [had("t", 0.0, 1.0)]}
    both = [strategy(f"s{i}", one) for i, one in enumerate(ask)]
    options: dict[str, Any] = {"treatments": t, "population": Population(performance_status=1), "n": 200}
    shares = found(both, history, **options).measure("line/l").estimate
    assert shares.tolist() == [1.0, 0.0]
    history["toxicities"] = [{"treatment": "t", "name": "x"}]
    assert found(both, history, **options).measure("line/l").estimate.tolist() == [0.0, 1.0]
