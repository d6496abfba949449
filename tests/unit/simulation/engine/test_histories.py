"""From what is known of one patient: closed forms, and the patients of a long simulation who fit the history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from survsim.core.errors import ScenarioError
from survsim.core.execution import Execution
from survsim.simulation.cord_biology.myelopathy import CordSettings, MyelopathySettings, lyman_kutcher_burman
from survsim.simulation.declared.history import History
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.population import Covariate, Frailty, Population
from survsim.simulation.declared.states import State, Transition
from survsim.simulation.declared.strategy import Treatment, strategy_from
from survsim.simulation.running.patient_output import read_patients
from survsim.simulation.running.run import simulate_model
from tests.helpers.disease_models import exponential, weibull

N = 60_000
NEVER = {"quantity": "time", "at_least": 5.9}
STATES = (
    State(name="controlled"),
    State(name="progressed", progression=True),
    State(name="dead", death=True),
)
FRAIL = Population(frailties=(Frailty(name="z", variance=0.42),))
LP, LD, LO = 0.0451014, 0.2440569, 0.013


def course(**more: Any) -> Treatment:
    return Treatment.model_validate({"kind": "radiotherapy", "duration": 1.0, **more})


def tumour(history: Any, **options: Any) -> Model:
    """Section 13 of the methods: a frailty on progression and on tumour death, other deaths beside them."""
    ways = [("controlled", "progressed", LP, "z"), ("progressed", "dead_of_tumour", LD, "z")]
    ways += [(s, "dead", LO, None) for s in ("controlled", "progressed")]
    settings: dict[str, Any] = {
        "states": (*STATES, State(name="dead_of_tumour", death=True)),
        "transitions": tuple(
            Transition(source=a, target=b, distribution=exponential(r), frailty=z) for a, b, r, z in ways
        ),
        "population": FRAIL,
        "time_unit": "months",
        "horizon": 12.0,
        "history": None if history is None else History.model_validate(history),
    }
    return Model(**{**settings, **options})


def alive(model: Model, times: tuple[float, ...], draw: int = 0, seed: int = 8) -> np.ndarray:
    found = simulate_model(model, patients=N, seed=seed, times=times)
    return np.array([found.measure("alive", t).by_draw[0, draw] for t in times])


def close(found: np.ndarray, expected: Any) -> None:
    expected = np.asarray(expected)
    assert np.all(np.abs(found - expected) < 4 * np.sqrt(expected * (1 - expected) / N)), (found, expected)


def test_a_patient_who_progressed_at_six_months() -> None:
    model = tumour({"now": 6.0, "path": [{"state": "progressed", "at": 6.0}]})
    close(alive(model, (3.0, 6.0, 12.0)), [0.421734, 0.209164, 0.069134])


def test_progression_at_an_uncertain_time_and_some_time_ago() -> None:
    history = {"now": 8.0, "path": [{"state": "progressed", "at": "progression"}]}
    model = tumour(history, parameters={"progression": [5.0, 7.2]})
    k = 1 / 0.42
    for draw, t0 in enumerate((5.0, 7.2)):
        rate = k + LP * t0 + LD * (8.0 - t0)
        expected = [np.exp(-LO * t) * (1 + LD * t / rate) ** -(k + 1) for t in (3.0, 9.0)]
        close(alive(model, (3.0, 9.0), draw), expected)


def test_a_patient_still_controlled_is_of_the_less_frail() -> None:
    model = tumour({"now": 10.0})
    z = stats.gamma(1 / 0.42, scale=1 / (1 / 0.42 + LP * 10))
    t = np.array([3.0, 12.0])

    def both(x: float, u: float) -> float:
        a, b = LP * x, LD * x
        return float(np.exp(-LO * u) * (np.exp(-a * u) + a / (b - a) * (np.exp(-a * u) - np.exp(-b * u))))

    expected = [integrate.quad(lambda x, u=u: both(x, u) * z.pdf(x), 0, 12)[0] for u in t]
    close(alive(model, tuple(t)), expected)


@pytest.mark.parametrize("clock", ["reset", "forward"])
def test_clocks_run_on_from_their_age(clock: str) -> None:
    """Rising hazards: a clock that starts on entry is two months old, one of the whole path seven."""
    ways = (
        Transition(source="controlled", target="progressed", distribution=exponential(0.1)),
        Transition(source="progressed", target="dead", distribution=weibull(2.0, 6.0), clock=clock),
    )
    history = History.model_validate({"now": 7.0, "path": [{"state": "progressed", "at": 5.0}]})
    model = Model(states=STATES, transitions=ways, time_unit="months", horizon=12.0, history=history)
    age = 2.0 if clock == "reset" else 7.0
    expected = [np.exp(-(((age + t) / 6) ** 2) + (age / 6) ** 2) for t in (1.0, 4.0)]
    close(alive(model, (1.0, 4.0)), expected)


def test_a_log_normal_frailty_and_powers_by_quadrature() -> None:
    population = Population(frailties=(Frailty(name="z", distribution="log_normal", variance=0.8),))
    ways = (
        Transition(source="controlled", target="progressed", distribution=exponential(0.1), frailty="z"),
        Transition(
            source="progressed", target="dead", distribution=exponential(0.2), frailty="z", frailty_power=0.5
        ),
    )
    history = History.model_validate({"now": 6.0, "path": [{"state": "progressed", "at": 4.0}]})
    model = Model(
        states=STATES,
        transitions=ways,
        population=population,
        time_unit="months",
        horizon=9.0,
        history=history,
    )
    s2 = np.log1p(0.8)
    law = stats.lognorm(np.sqrt(s2), scale=np.exp(-s2 / 2))

    def weight(z: float, t: float) -> float:
        return float(law.pdf(z) * z * np.exp(-0.4 * z - 0.2 * np.sqrt(z) * (2.0 + t)))

    whole = integrate.quad(weight, 0, 40, args=(0.0,), limit=200)[0]
    expected = [integrate.quad(weight, 0, 40, args=(t,), limit=200)[0] / whole for t in (2.0, 8.0)]
    close(alive(model, (2.0, 8.0)), expected)


RT = course(
    radiation=[{"region": "cord", "fractions": 22, "dose_per_fraction": 2.0}],
    effects=[{"transition": "controlled>progressed", "hazard_ratio": 0.3, "lasts": {"for": 9.0}}],
)
SALVAGE = {"line": "salvage", "treatments": ["salvage"], "start": [{"quantity": "state", "is": "progressed"}]}
TREATMENTS = {
    "rt": RT,
    "salvage": course(
        effects=[
            {"transition": "progressed>*", "hazard_ratio": 0.5, "lasts": {"waning": {"from": 1, "to": 6}}}
        ]
    ),
}


def plan(name: str = "s") -> Any:
    first = {"line": "rt", "treatments": ["rt"], "start": [{"quantity": "time", "at_least": 1.0}]}
    return strategy_from({"strategy": name, "lines": [first, SALVAGE]})


def rising(history: Any, **options: Any) -> Model:
    """Weibull hazards with a strong frailty, treated."""
    ways = (
        Transition(source="controlled", target="progressed", distribution=weibull(1.4, 6.0), frailty="z"),
        Transition(source="controlled", target="dead", distribution=exponential(0.02)),
        Transition(source="progressed", target="dead", distribution=weibull(0.8, 4.0), frailty="z"),
    )
    population = Population(frailties=(Frailty(name="z", variance=1.0),))
    return tumour(
        history,
        **{
            "states": STATES,
            "transitions": ways,
            "population": population,
            "treatments": TREATMENTS,
            "strategies": (plan(),),
            **options,
        },
    )


def test_those_of_a_long_simulation_who_fit_the_history(tmp_path: Path) -> None:
    """Controlled at month six after radiotherapy from one to two; and progressed between four and five."""
    whole = rising(None, horizon=20.0)
    simulate_model(whole, patients=400_000, seed=5, execution=Execution(folder=tmp_path), patient_output=True)
    people, stays = read_patients(tmp_path), read_patients(tmp_path, "stays")
    died = people.set_index("patient")["death_time"]
    first = stays[(stays["source"] == "controlled")].set_index("patient")
    given = {"treatment": "rt", "start": 1.0, "end": 2.0, "status": "completed"}
    controlled = died[first.index[first["exit"] > 6.0]]
    model = rising({"now": 6.0, "given": [given]})
    for t, found in zip((3.0, 9.0), alive(model, (3.0, 9.0))):
        kept = (controlled > 6.0 + t).mean()
        assert found == pytest.approx(kept, abs=4 * np.sqrt(0.25 / N + 0.25 / controlled.size))
    into = first[(first["target"] == "progressed") & first["exit"].between(3.9, 4.1)]
    late = died[into.index]
    late = late[late > 4.1]
    salvage = {"treatment": "salvage", "start": 4.0, "status": "running"}
    known = {"now": 4.1, "path": [{"state": "progressed", "at": 4.0}], "given": [given, salvage]}
    for t, found in zip((1.0, 6.0), alive(rising(known), (1.0, 6.0))):
        assert found == pytest.approx((late > 4.1 + t).mean(), abs=4 * np.sqrt(0.25 / N + 0.25 / late.size))


def test_the_same_strategy_twice_differs_by_nothing_and_lines_of_the_past_are_not_repeated() -> None:
    given = {"treatment": "rt", "start": 1.0, "end": 2.0, "status": "completed"}
    model = rising({"now": 6.0, "given": [given]}, strategies=(plan("a"), plan("b")))
    result = simulate_model(model, patients=9000, seed=3, taus=(12.0,))
    assert np.all(result.means[..., 0] == result.means[..., 1])
    assert result.measure("line/rt").estimate.tolist() == [0.0, 0.0]
    assert result.measure("line/salvage").estimate[0] > 0.3
    assert result.measure("cord_dose").estimate[0] == pytest.approx(44.0)
    threads = simulate_model(
        model, patients=9000, seed=3, taus=(12.0,), execution=Execution(executor="threads", workers=2)
    )
    assert np.array_equal(threads.means, result.means)


def quiet(history: Any, onset: Any, **treatment: Any) -> Model:
    """Nearly nobody dies: what comes is what the past has left."""
    ways = (Transition(source="controlled", target="dead", distribution=exponential(1e-7)),)
    settings = MyelopathySettings.model_validate({"onset": onset, "assumption": "an onset for a test"})
    return Model(
        states=(STATES[0], STATES[2]),
        transitions=ways,
        treatments={"rt": course(**treatment)},
        cord=CordSettings(myelopathy=settings),
        time_unit="months",
        horizon=6.0,
        history=History.model_validate(history),
    )


def test_myelopathy_that_has_not_come_may_still_come() -> None:
    radiation = [{"region": "cord", "fractions": 33, "dose_per_fraction": 2.0, "fractions_per_day": 2}]
    given = {"treatment": "rt", "start": 1.0, "end": 2.0, "status": "completed"}
    model = quiet({"now": 7.0, "given": [given]}, exponential(0.2), radiation=radiation)
    found = simulate_model(model, patients=N, seed=2).measure("myelopathy/lyman_burman_1991").estimate[0]
    risk, before, after = float(lyman_kutcher_burman(66.0)), np.exp(-0.2 * 5), np.exp(-0.2 * 11)
    expected = risk * (before - after) / (1 - risk + risk * before)
    assert found == pytest.approx(expected, abs=4 * np.sqrt(expected / N))


@pytest.mark.parametrize(("start", "end"), [(0.4, 0.7), (0.3, 0.6), (0.5, 0.8), (0.4, 0.69)])
def test_a_course_as_long_as_an_effect_asks_for_was_long_enough(start: float, end: float) -> None:
    """0.7 - 0.4 and 0.6 - 0.3 miss 0.3 by their last bits; the hazard of 0.5 is a tenth of that, unless 0.01 are missing."""
    lasts = {"for": 50.0, "unless_stopped_before": 0.3}
    effect = {"transition": "controlled>dead", "hazard_ratio": 0.1, "lasts": lasts}
    model = Model(
        states=(STATES[0], STATES[2]),
        transitions=(Transition(source="controlled", target="dead", distribution=exponential(0.5)),),
        treatments={"rt": course(duration=0.3, effects=[effect])},
        time_unit="months",
        horizon=6.0,
        history=History.model_validate(
            {"now": 1.0, "given": [{"treatment": "rt", "start": start, "end": end, "status": "completed"}]}
        ),
        strategies=(
            strategy_from(
                {"strategy": "s", "lines": [{"line": "x", "treatments": ["rt"], "start": [NEVER]}]}
            ),
        ),
    )
    close(alive(model, (2.0,)), [np.exp(-0.5 * 2 * (1.0 if end == 0.69 else 0.1))])


@pytest.mark.parametrize(("now", "end"), [(0.8, 0.6), (0.5, 0.3), (0.8, 0.59)])
def test_a_rule_counts_from_the_dates_as_they_are_printed(now: float, end: float) -> None:
    """0.8 - 0.6 is 0.20000000000000007: a line that starts at most 0.2 after the last one starts, and leaves a tenth of the hazard."""
    effect = {"transition": "controlled>dead", "hazard_ratio": 0.1, "lasts": "always"}
    start = [{"quantity": "time_since_line_end", "at_most": 0.2}]
    given = {"treatment": "rt", "start": end - 0.1, "end": end, "status": "completed"}
    model = Model(
        states=(STATES[0], STATES[2]),
        transitions=(Transition(source="controlled", target="dead", distribution=exponential(0.5)),),
        treatments={
            "rt": course(duration=0.1),
            "drug": course(kind="systemic", duration=20.0, effects=[effect]),
        },
        time_unit="months",
        horizon=6.0,
        history=History.model_validate({"now": now, "given": [given]}),
        strategies=(
            strategy_from(
                {"strategy": "s", "lines": [{"line": "x", "treatments": ["drug"], "start": start}]}
            ),
        ),
    )
    close(alive(model, (2.0,)), [np.exp(-1.0 if end == 0.59 else -0.1)])


def test_a_late_toxicity_may_still_come_and_one_that_came_does_not() -> None:
    harm = {"name": "harm", "grade": 3, "probability": 0.6, "onset": exponential(0.2), "late": True}
    given = {"treatment": "rt", "start": 1.0, "end": 2.0, "status": "completed"}
    history = {"now": 7.0, "given": [given]}
    name = "toxicity/rt/harm"
    again = strategy_from({"strategy": "s", "lines": [{"line": "x", "treatments": ["rt"]}]})

    def share(past: Any) -> float:
        model = quiet(past, exponential(0.2), toxicities=[harm]).with_strategies((again,))
        return float(simulate_model(model, patients=N, seed=2).measure(name).estimate[0])

    kept = 0.6 * np.exp(-0.2 * 6)
    expected = kept / (0.4 + kept) * (1 - np.exp(-0.2 * 6))
    assert share(history) == pytest.approx(expected, abs=4 * np.sqrt(0.25 / N))
    assert share({**history, "toxicities": [{"treatment": "rt", "name": "harm"}]}) == 0.0


def test_doses_that_differ_from_the_plan_and_of_other_courses() -> None:
    radiation = [{"region": "cord", "fractions": 20, "dose_per_fraction": 2.0}]
    given = {
        "treatment": "rt",
        "start": 1.0,
        "end": 1.5,
        "status": "stopped",
        "fractions": {"cord": 7},
    }
    other = {"region": "cord", "fractions": 5, "dose_per_fraction": 4.0, "ended": 0.5}
    for history, expected in (
        ({"given": [given]}, 14.0),
        ({"given": [{**given, "fractions": {}}]}, 20.0),
        ({"given": [given], "doses": [other]}, 14.0 + 20.0 * 6.0 / 4.0),
    ):
        model = quiet({"now": 7.0, **history}, exponential(0.2), radiation=radiation)
        found = simulate_model(model, patients=10, seed=2).measure("cord_dose").estimate[0]
        assert found == pytest.approx(expected)


def test_starts_from_several_states() -> None:
    ways = (
        Transition(source="controlled", target="progressed", distribution=exponential(0.1)),
        Transition(source="progressed", target="dead", distribution=exponential(0.4)),
    )
    settings: dict[str, Any] = {"states": STATES, "transitions": ways, "time_unit": "months", "horizon": 12.0}
    model = Model(**settings, start={"controlled": "share", "progressed": 0.3}, parameters={"share": 0.7})
    t = 4.0
    slow = np.exp(-0.1 * t) + 0.1 / 0.3 * (np.exp(-0.1 * t) - np.exp(-0.4 * t))
    close(alive(model, (t,)), [0.7 * slow + 0.3 * np.exp(-0.4 * t)])
    free = simulate_model(model, patients=N, seed=8, taus=(12.0,)).measure("progression_free_time", 12.0)
    expected = 0.7 * (1 - np.exp(-1.2)) / 0.1
    assert free.estimate[0] == pytest.approx(expected, abs=4 * 5.0 / np.sqrt(N))
    for start, words in (
        ({"controlled": 0.7, "progressed": 0.2}, "add up to 1"),
        ({"controlled": 0.7, "gone": 0.3}, "start 'gone' is not a state"),
        ({"controlled": 0.5, "dead": 0.5}, "some would start dead in dead"),
    ):
        with pytest.raises(ScenarioError, match=words):
            Model(**settings, start=start)


GIVEN = {"treatment": "rt", "start": 1.0, "end": 2.0, "status": "completed"}
REFUSED = [
    ({"now": 6.0, "path": [{"state": "gone", "at": 2.0}]}, "'gone' is not a state"),
    ({"now": 6.0, "path": [{"state": "dead", "at": 2.0}]}, "dead is a death"),
    ({"now": 6.0, "path": [{"state": "progressed", "at": 7.0}]}, "now (6.0) comes before progressed (7.0)"),
    ({"now": 6.0, "given": [{**GIVEN, "treatment": "drug"}]}, "'drug' is not a treatment of the model"),
    ({"now": 6.0, "given": [{**GIVEN, "end": 0.5}]}, "end of rt (0.5) comes before start of rt (1.0)"),
    ({"now": 6.0, "given": [{**GIVEN, "end": None, "status": "running"}]}, "its planned end lies before now"),
    ({"now": 6.0, "given": [{**GIVEN, "fractions": {"brain": 3}}]}, "rt reaches no region 'brain'"),
    ({"now": 6.0, "given": [{**GIVEN, "responded": True}]}, "has no response_probability"),
    ({"now": 6.0, "toxicities": [{"treatment": "rt", "name": "x"}]}, "which was not given"),
    ({"now": 6.0, "covariates": {"age": 36}}, "'age' is not a covariate"),
    ({"now": "today"}, "refers to parameter 'today'"),
]


@pytest.mark.parametrize(("history", "words"), REFUSED)
def test_refused(history: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        rising(history)
    assert words in str(raised.value)


def test_what_differs_between_patients_must_be_known_of_this_one() -> None:
    age = Covariate(name="age", distribution="normal", mean=60.0, sd=9.0)
    population = Population(covariates=(age,), performance_status=(0.2, 0.2, 0.2, 0.2, 0.2))
    with pytest.raises(ScenarioError, match="covariate age differs between patients") as raised:
        tumour({"now": 6.0}, population=Population(covariates=(age,), frailties=FRAIL.frailties))
    assert "under covariates" in str(raised.value)
    with pytest.raises(ScenarioError, match="give performance_status, as it is now"):
        population = population.model_copy(update={"covariates": (), "frailties": FRAIL.frailties})
        tumour({"now": 6.0}, population=population)
