"""What a model refuses: one message for each fault, before a patient is simulated."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from survsim.core.distributions import Exponential
from survsim.core.errors import ExtrapolationWarning, InputError, ScenarioError
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.population import Covariate, Frailty, Population
from survsim.simulation.declared.states import State, Transition
from survsim.simulation.declared.strategy import Strategy, strategy_from
from survsim.simulation.running.run import simulate_model
from tests.helpers.disease_models import exponential, full_strategy, illness_death, tumour_model

STATES = (State(name="well"), State(name="ill", progression=True), State(name="dead", death=True))


def way(source: str, target: str, **options: Any) -> Transition:
    return Transition(**{"source": source, "target": target, "distribution": exponential(0.1), **options})


WAYS = (way("well", "ill"), way("ill", "dead"))


def model(**options: Any) -> Model:
    settings = {"states": STATES, "transitions": WAYS, "time_unit": "months", "horizon": 12.0}
    return Model(**{**settings, **options})


GRAPHS: list[tuple[dict[str, Any], str]] = [
    ({"states": (*STATES, State(name="far"))}, "state far cannot be reached from well"),
    (
        {"states": (*STATES, State(name="stuck")), "transitions": (*WAYS, way("ill", "stuck"))},
        "state stuck is not a death but cannot be left",
    ),
    (
        {"transitions": (*WAYS, way("dead", "well"))},
        "transition dead>well: dead is a death, nobody leaves it",
    ),
    ({"transitions": (*WAYS, way("well", "gone"))}, "'gone' is not a state; states: well, ill, dead"),
    ({"transitions": (*WAYS, way("well", "ill"))}, "transition well>ill is declared twice"),
    ({"transitions": (*WAYS, way("well", "well"))}, "leads back to itself"),
    ({"states": (*STATES, STATES[0])}, "two states are called well"),
    ({"start": "nowhere"}, "start 'nowhere' is not a state"),
    ({"start": "dead"}, "everybody would start dead"),
    (
        {"transitions": (*WAYS, way("well", "dead", distribution=Exponential(rate=1.0, time_unit="years")))},
        "transition well>dead counts in years, the model in months",
    ),
    ({"transitions": (*WAYS, way("well", "dead", covariates={"age": 0.1}))}, "'age' is not a covariate"),
    ({"transitions": (*WAYS, way("well", "dead", frailty="z"))}, "frailty 'z' is not declared"),
    (
        {
            "transitions": (
                way("ill", "dead"),
                way("well", "ill", distribution=Exponential(rate=1e9, time_unit="months")),
                way("ill", "well", distribution=Exponential(rate=1e9, time_unit="months")),
            )
        },
        "lies on a cycle that takes next to no time",
    ),
    (
        {
            "transitions": (
                way("ill", "dead"),
                way("well", "ill", distribution={"family": "exponential", "rate": "fast"}),
                way("ill", "well", distribution={"family": "weibull", "shape": 1.0, "scale": "short"}),
            ),
            "parameters": {"fast": [1e9, 0.1, 1e9], "short": [1.0, 1e-9, 1e-9]},
        },
        "lies on a cycle that takes next to no time",
    ),
    (
        {
            "transitions": (
                way("ill", "dead"),
                way(
                    "well",
                    "ill",
                    distribution={"family": "piecewise_exponential", "breaks": [1], "rates": ["r", "r"]},
                ),
                way("ill", "well", distribution=({"family": "exponential", "rate": "r"},) * 2),
            ),
            "parameters": {"r": [1e9, 2e9]},
        },
        "lies on a cycle that takes next to no time",
    ),
    ({"horizon": 0.0}, "horizon must be a time above 0"),
    ({"strategies": ()}, "there is no strategy"),
    ({"strategies": (Strategy(strategy="a"), Strategy(strategy="a"))}, "two strategies are called a"),
    ({"parameters": {"a": np.ones(3), "b": np.ones(4)}}, "the same number of draws; found a 3, b 4"),
    (
        {"transitions": (*WAYS, way("well", "dead", distribution=exponential(-1.0)))},
        "transition well>dead: ",
    ),
    ({"parameters": {"a": [1.0, np.nan]}}, "parameter a has draws that are missing or infinite"),
    ({"parameters": {"a": np.ones((2, 2))}}, "one number or one a draw"),
]


@pytest.mark.parametrize(("change", "message"), GRAPHS, ids=[m[:34] for _, m in GRAPHS])
def test_graph_and_numbers(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        model(**change)
    assert message in str(caught.value)


def test_an_unknown_parameter_is_named() -> None:
    law = {"family": "exponential", "rate": "rate"}
    with pytest.raises(ScenarioError, match="transition well>dead refers to parameter 'rate'; known: none"):
        model(transitions=(*WAYS, way("well", "dead", distribution=law)))


@pytest.mark.parametrize("quoted", ["9e-1", "0.9", " 1 ", "-.5"])
def test_a_number_in_quotes_is_neither_a_number_nor_a_name(quoted: str) -> None:
    with pytest.raises(InputError, match="utility: text came where a number belongs"):
        State(name="well", utility=quoted)
    assert State(name="well", utility=9e-1).utility == 0.9
    assert State(name="well", utility="quality").utility == "quality"


def with_line(drug: dict[str, Any] | None = None, **line: Any) -> Strategy:
    content = {
        "strategy": "s",
        "treatments": {"drug": drug or {}},
        "lines": [{"line": "one", "treatments": ["drug"], **line}],
    }
    return strategy_from(content)


def start(**clause: Any) -> dict[str, Any]:
    return {"start": [clause]}


TOXIC = {"toxicities": [{"name": "rash", "grade": 2, "onset": exponential(1.0)}]}
RULES: list[tuple[Strategy, str]] = [
    (with_line(treatments=["other"]), "other is not a treatment; known: drug"),
    (with_line(**start(quantity="state", **{"is": "gone"})), "unknown gone; allowed: well, ill, dead"),
    (with_line(**start(quantity="state", **{"is": "dead"})), "dead is a death: the rule can never fire"),
    (with_line(**start(quantity="performance_status", at_least=5)), "above 4, the most there can be"),
    (
        with_line(**start(quantity="time", at_least=13)),
        "above 12, the most there can be: the rule can never fire",
    ),
    (with_line(**start(quantity="cord_dose", at_least=10)), "above 0, the most there can be"),
    (with_line(**start(quantity="performance_status", at_most=-1)), "below 0, the least there can be"),
    (with_line(**start(quantity="line", name="two", **{"is": "stopped"})), "'two' is not a line; lines: one"),
    (with_line(**start(quantity="line", name="one", **{"is": "stopped"})), "it asks for its own end"),
    (with_line(**start(quantity="line", name="one", **{"is": "over"})), "unknown over"),
    (with_line(**start(quantity="line", name="one", **{"is": "running"})), "one line runs at a time"),
    (
        with_line(**start(quantity="response", **{"is": "yes"})),
        "no treatment of the strategy has a response_probability",
    ),
    (
        with_line(**start(quantity="covariate", name="age", at_most=70)),
        "'age' is not a covariate; known: none",
    ),
    (
        with_line(start=[{"quantity": "state", "is": "well"}, {"quantity": "state", "is": "ill"}]),
        "conditions on state exclude each other",
    ),
    (
        with_line(stop=[{"on": "toxicity", "grade_at_least": 3}]),
        "no toxicity of this line has grade 3 or more",
    ),
    (
        with_line(TOXIC, stop=[{"on": "toxicity", "name": "rush"}]),
        "has the toxicity 'rush': the rule can never fire",
    ),
    (with_line(stop=[{"on": "progression", "treatments": ["x"]}]), "names x, which this line does not give"),
    (with_line({"duration": 0.0}, repeats=3), "it repeats without taking time"),
    (
        with_line({"effects": [{"transition": "well>gone", "hazard_ratio": 0.5, "lasts": "while_on"}]}),
        "no transition is called 'well>gone'; transitions: well>ill, ill>dead",
    ),
    (
        with_line(
            {
                "effects": [
                    {"transition": "well>ill", "hazard_ratio": 0.5, "lasts": "while_on"},
                    {"transition": "well>ill", "hazard_ratio": 0.5, "lasts": "while_on"},
                ]
            }
        ),
        "0.5 acts twice on well>ill, which would take it to its square",
    ),
    (
        with_line(
            {
                "duration": 1,
                "radiation": [{"region": "a", "fractions": 5, "dose_per_fraction": 2}] * 2,
            }
        ),
        "a region is listed twice",
    ),
    (
        with_line(
            {"duration": 1, "radiation": [{"region": "a", "fractions": 22, "dose_per_fraction": 2}]},
            **start(quantity="planned_cord_dose", at_most=40),
        ),
        "at_most 40 is below 44",
    ),
]


@pytest.mark.parametrize(("strategy", "message"), RULES, ids=[m[:34] for _, m in RULES])
def test_rules(strategy: Strategy, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        model(strategies=(strategy,))
    assert message in str(caught.value)


def test_a_cycle_that_is_quick_in_no_one_draw_is_accepted() -> None:
    ways = (
        way("ill", "dead"),
        way("well", "ill", distribution={"family": "exponential", "rate": "fast"}),
        way("ill", "well", distribution={"family": "exponential", "rate": "slow"}),
    )
    accepted = model(transitions=ways, parameters={"fast": [1e9, 0.1], "slow": [0.1, 1e9]})
    assert [t.name for t in accepted.transitions] == ["ill>dead", "well>ill", "ill>well"]
    with pytest.raises(ScenarioError, match="next to no time"):
        model(transitions=ways, parameters={"fast": [1e9, 0.1], "slow": [1e9, 0.1]})


def test_a_stop_at_progression_needs_a_state_that_is_one() -> None:
    quiet = (STATES[0], State(name="ill"), STATES[2])
    with pytest.raises(ScenarioError, match="the stop rule on progression can never fire"):
        model(states=quiet, strategies=(with_line(stop=[{"on": "progression"}]),))
    # being in a progression from the start on is not having one
    begun = (State(name="well", progression=True), State(name="ill"), STATES[2])
    with pytest.raises(ScenarioError, match="the stop rule on progression can never fire"):
        model(states=begun, strategies=(with_line(stop=[{"on": "progression"}]),))
    assert model(strategies=(with_line(stop=[{"on": "progression"}]),))


def test_more_progressions_than_a_way_has() -> None:
    third = with_line(**start(quantity="n_progressions", at_least=3))
    states = (*STATES[:2], State(name="worse", progression=True), STATES[2])
    ways = (*WAYS, way("well", "worse"), way("ill", "worse"), way("worse", "dead"))
    with pytest.raises(ScenarioError, match="at_least 3 is above 2, the most there can be"):
        model(states=states, transitions=ways, strategies=(third,))
    assert model(states=states, transitions=(*ways, way("worse", "well")), strategies=(third,))


def two_lines(first: dict[str, Any], *clauses: dict[str, Any], **options: Any) -> Strategy:
    """Line one gives `first` and has `options`; line two gives a drug of one month once `clauses` hold."""
    return strategy_from(
        {
            "strategy": "s",
            "treatments": {"first": first, "drug": {"duration": 1}},
            "lines": [
                {"line": "one", "treatments": ["first"], **options},
                {"line": "two", "treatments": ["drug"], "start": list(clauses)},
            ],
        }
    )


def after(name: str = "one", **status: Any) -> dict[str, Any]:
    return {"quantity": "line", "name": name, **status}


WHOLE, PART = {"on": "progression"}, {"on": "progression", "treatments": ["first"]}
NEVER = [
    (two_lines({}, after(**{"is": "completed"})), "one has no planned end"),
    (two_lines({}, after(**{"is": "completed"}), stop=[WHOLE]), "one has no planned end"),
    (
        two_lines({}, after(**{"is": "completed"}), stop=[WHOLE], treatments=["first", "drug"]),
        "one has no planned end",
    ),
    (two_lines({"duration": 1}, after(**{"is": "stopped"})), "one has no stop rule: the rule can never fire"),
    (two_lines({"duration": 1}, after(**{"is": "declined"})), "nobody declines one (accept is 1)"),
    (
        two_lines({}, after(is_not=["not_started", "running"])),
        "one has no planned end (give its treatments a duration or cycles), one has no stop rule, nobody declines",
    ),
    (
        two_lines({"duration": 1}, after(**{"is": "completed"}), start=[after("two", **{"is": "completed"})]),
        "strategy s: lines one, two wait for one another",
    ),
    (
        with_line({"duration": 1}, repeats=2, start=[after(**{"is": "completed"})]),
        "strategy s: line one waits for its own end",
    ),
    (with_line(**start(quantity="toxicity_grade", at_least=1)), "at_least 1 is above 0, the most there can"),
    (with_line(TOXIC, **start(quantity="toxicity_grade", at_least=3)), "at_least 3 is above 2, the most"),
]


@pytest.mark.parametrize(("strategy", "message"), NEVER, ids=[m[:34] for _, m in NEVER])
def test_rules_that_can_never_fire(strategy: Strategy, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        model(strategies=(strategy,))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "strategy",
    [
        two_lines({"duration": 1}, after(**{"is": "completed"})),
        two_lines({"cycles": 2, "cycle_length": 1}, after(**{"is": "completed"})),
        two_lines({}, after(**{"is": ["completed", "stopped"]}), stop=[WHOLE]),
        two_lines({}, after(**{"is": "completed"}), stop=[PART], treatments=["first", "drug"]),
        two_lines({}, after(**{"is": "declined"}), accept=0.5),
        two_lines({}, after(is_not="completed")),
        two_lines(
            {"duration": 1},
            after(**{"is": "completed"}),
            start=[after("two", **{"is": "completed"})],
            or_start=[[{"quantity": "time", "at_least": 3}]],
        ),
        two_lines({"duration": 1}, after(**{"is": "completed"}), start=[after("two", is_not="completed")]),
        with_line(TOXIC, **start(quantity="toxicity_grade", at_least=2)),
    ],
)
def test_rules_that_can_fire_are_accepted(strategy: Strategy) -> None:
    assert model(strategies=(strategy,)).strategies == (strategy,)


def test_a_line_with_only_alternatives_does_not_start_at_once() -> None:
    drug = {"duration": 1.0}
    early = with_line(drug, or_start=[[{"quantity": "time", "at_least": 11.9}]])
    always = strategy_from({**with_line(drug).model_dump(by_alias=True), "strategy": "always"})
    result = simulate_model(model(strategies=(early, always)), patients=200, seed=1)
    share = result.measure("line/one").estimate
    assert share[1] == 1.0
    assert share[0] < 0.9


def radiotherapy(dose: Any) -> dict[str, Any]:
    return {
        "duration": 1.0,
        "radiation": [{"region": "cord", "fractions": 1, "dose_per_fraction": dose}],
    }


def test_a_planned_dose_that_some_draw_keeps_is_accepted() -> None:
    limit = start(quantity="planned_cord_dose", at_most=2.0)
    one = with_line(radiotherapy("d"), **limit)
    assert model(strategies=(one,), parameters={"d": [2.0, 4.0]})
    with pytest.raises(ScenarioError, match=r"at_most 2 is below 3\.75"):
        model(strategies=(one,), parameters={"d": [3.0, 4.0]})


def test_large_fractions_warn_once_with_their_treatment() -> None:
    with pytest.warns(ExtrapolationWarning, match=r"fraction of drug \(16 Gy\) is beyond the range") as found:
        model(strategies=(with_line(radiotherapy("d")),), parameters={"d": [2.0, 16.0]})
    assert len(found) == 1
    assert found[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model(strategies=(with_line(radiotherapy(8.0)),))


def test_draws_out_of_range_are_named_with_their_number() -> None:
    toxic = {"toxicities": [{"name": "rash", "grade": 2, "probability": "p", "onset": exponential(1.0)}]}
    with pytest.raises(
        ScenarioError, match=r"probability \(p\) must lie between 0 and 1; it is 1.5 in 1 of 3 draws"
    ):
        model(strategies=(with_line(toxic),), parameters={"p": [0.1, 1.5, 0.2]})
    effect = {"effects": [{"transition": "well>ill", "hazard_ratio": "hr", "lasts": "while_on"}]}
    with pytest.raises(ScenarioError, match=r"hazard_ratio \(hr\) must be above 0; it is -1"):
        model(strategies=(with_line(effect),), parameters={"hr": -1.0})
    late = {"effects": [{"transition": "well>ill", "hazard_ratio": 0.5, "delay": "d", "lasts": "while_on"}]}
    with pytest.raises(ScenarioError, match=r"delay \(d\) must be at least 0"):
        model(strategies=(with_line(late),), parameters={"d": [-2.0, 1.0]})
    with pytest.raises(
        ScenarioError, match=r"dose_per_fraction \(d\) must be above 0; it is -6 in 1 of 2 draws"
    ):
        model(strategies=(with_line(radiotherapy("d")),), parameters={"d": [2.0, -6.0]})
    late["effects"][0]["waning"] = [{"after": 3.0, "factor": 1.0}]
    with pytest.raises(
        ScenarioError, match=r"delay \(d\) .* first time of its waning, 3; .* in 1 of 3 draws"
    ):
        model(strategies=(with_line(late),), parameters={"d": [2.0, 1.0, 3.0]})
    law = {"family": "exponential", "rate": "r"}
    with pytest.raises(ScenarioError, match="transition well>dead: "):
        model(transitions=(*WAYS, way("well", "dead", distribution=law)), parameters={"r": [0.1, -0.1]})


COVARIATES = [
    ({"distribution": "normal", "mean": 0.0, "sd": "p"}, r"sd \(p\) must be at least 0; it is -1 in 1 of 2"),
    (
        {"distribution": "uniform", "low": "p", "high": 0.5},
        r"age: low \(p\) must not be above high; .* in 1 of 2",
    ),
    (
        {"distribution": "bernoulli", "probability": "p"},
        r"probability \(p\) must lie between 0 and 1; it is -1",
    ),
]


@pytest.mark.parametrize(("law", "message"), COVARIATES)
def test_draws_of_covariates_out_of_range(law: dict[str, Any], message: str) -> None:
    age = Covariate(name="age", **law)
    with pytest.raises(ScenarioError, match=message):
        model(population=Population(covariates=(age,)), parameters={"p": [1.0, -1.0]})


def test_too_many_patients_are_refused_with_what_they_would_need() -> None:
    with pytest.raises(
        ScenarioError, match=r"1e\+12 patients .* about 5\.8 days on one core and .* GB of memory"
    ):
        simulate_model(illness_death(), patients=10**12, seed=1)
    with pytest.raises(ScenarioError, match="GB of memory"):
        simulate_model(illness_death(), patients=10, draws=10**7, seed=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patients": 0}, "patients must be a whole number from 1"),
        ({"patients": 1.5}, "patients must be a whole number from 1"),
        ({"patients": 5, "seed": -1}, "seed must be a whole number from 0"),
        ({"patients": 5, "taus": (11.0,)}, "taus must lie above 0 and not beyond the horizon 10"),
        ({"patients": 5, "times": (0.0,)}, "times must lie above 0"),
        ({"patients": 5, "grid_step": 0.0}, "grid_step must lie between 0 and the horizon"),
        ({"patients": 5, "execution": "processes"}, "execution must be an Execution"),
        ({"patients": 5, "patient_output": True}, "patient_output writes below a run folder"),
    ],
)
def test_bad_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        simulate_model(illness_death(), **{"seed": 1, **options})


def test_one_draw_given_as_an_array_serves_any_number_of_draws() -> None:
    law = {"family": "exponential", "rate": "r"}
    one = model(transitions=(*WAYS, way("well", "dead", distribution=law)), parameters={"r": [0.1]})
    assert simulate_model(one, patients=50, draws=3, seed=1).n_draws == 3


def test_more_draws_than_the_parameters_hold() -> None:
    with pytest.raises(InputError, match="5 draws were asked for, but the parameters hold 2"):
        simulate_model(model(parameters={"a": [1.0, 2.0]}), patients=10, draws=5, seed=1)


def test_a_cycle_that_the_check_cannot_see_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("survsim.simulation.engine.engine.MAX_STEPS", 200)
    quick = {"family": "exponential", "rate": "fast"}
    ways = (
        way("well", "ill", distribution=quick, clock="forward"),
        way("ill", "well", distribution=quick, clock="forward"),
        way("ill", "dead"),
    )
    with pytest.raises(ScenarioError, match=r"200 events .* takes next to no time"):
        simulate_model(model(transitions=ways, parameters={"fast": 1e6}), patients=10, seed=1)


def test_population_checks() -> None:
    with pytest.raises(ValueError, match="normal takes mean and sd"):
        Covariate(name="age", distribution="normal", mean=1.0)
    with pytest.raises(ValueError, match="low 3 is above high 2"):
        Covariate(name="age", distribution="uniform", low=3.0, high=2.0)
    with pytest.raises(ValueError, match="performance status is 0 to 4"):
        Population(performance_status=5)
    with pytest.raises(ValueError, match="five shares"):
        Population(performance_status=(0.5, 0.5))
    with pytest.raises(ScenarioError, match="variance -1"):
        Frailty(name="z", variance=-1.0).values(np.array([0.5]), float)


def test_population_values_follow_their_distributions() -> None:
    u = (np.arange(100_000) + 0.5) / 100_000
    assert Covariate(name="a", distribution="fixed", value=3.0).values(u, float).tolist()[:2] == [3.0, 3.0]
    normal = Covariate(name="a", distribution="normal", mean=5.0, sd=2.0).values(u, float)
    assert (normal.mean(), normal.std()) == pytest.approx((5.0, 2.0), rel=1e-3)
    assert np.median(
        Covariate(name="a", distribution="log_normal", mean=1.0, sd=0.5).values(u, float)
    ) == pytest.approx(np.e, rel=1e-3)
    assert Covariate(name="a", distribution="uniform", low=1.0, high=3.0).values(
        u, float
    ).mean() == pytest.approx(2.0)
    assert Covariate(name="a", distribution="bernoulli", probability=0.3).values(
        u, float
    ).mean() == pytest.approx(0.3)
    for kind in ("gamma", "log_normal"):
        z = Frailty(name="z", distribution=kind, variance=0.5).values(u, float)
        assert (z.mean(), z.var()) == pytest.approx((1.0, 0.5), rel=2e-2)
    assert Frailty(name="z", variance=0.0).values(u, float).max() == 1.0
    shares = Population(performance_status=(0.1, 0.2, 0.3, 0.4, 0.0)).performance(u)
    assert np.bincount(shares.astype(int)).tolist() == [10_000, 20_000, 30_000, 40_000]


def test_a_frozen_model_with_full_strategy_is_accepted() -> None:
    assert tumour_model((full_strategy(),)).strategy_names == ("full",)
