"""How long an effect lasts: each rule against its cumulative hazard in closed form, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import integrate

from survsim.core.errors import ScenarioError
from survsim.simulation.declared.explain import explain
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.states import State, Transition
from survsim.simulation.declared.strategy import strategy_from
from survsim.simulation.running.run import simulate_model
from tests.helpers.disease_models import exponential

RATE, RATIO, START, N = 0.2, 0.4, 1.0, 60_000
TIMES = (2.0, 4.0, 7.0, 12.0)
WANING = {"waning": {"from": 2.0, "to": 8.0}}


def treated(lasts: Any, *, stopped_at: float | None = None, parameters: Any = None, **effect: Any) -> Model:
    """Alive or dead; a drug from month 1 for two months unless an event stops it `stopped_at` after its start."""
    drug: dict[str, Any] = {
        "duration": 2.0,
        "effects": [{"transition": "alive>dead", "hazard_ratio": RATIO, "lasts": lasts, **effect}],
    }
    line: dict[str, Any] = {
        "line": "a",
        "treatments": ["drug"],
        "start": [{"quantity": "time", "at_least": START}],
    }
    if stopped_at is not None:
        onset = {"family": "weibull", "shape": 2000.0, "scale": stopped_at}
        drug["toxicities"] = [{"name": "harm", "grade": 3, "onset": onset}]
        line["stop"] = [{"on": "toxicity"}]
    return Model(
        states=(State(name="alive"), State(name="dead", death=True)),
        transitions=(Transition(source="alive", target="dead", distribution=exponential(RATE)),),
        strategies=(strategy_from({"strategy": "s", "treatments": {"drug": drug}, "lines": [line]}),),
        parameters=parameters or {},
        time_unit="months",
        horizon=12.0,
    )


def simulated(model: Model, draw: int = 0) -> np.ndarray:
    found = simulate_model(model, patients=N, seed=11, times=TIMES)
    return np.array([found.measure("alive", t).by_draw[0, draw] for t in TIMES])


def exact(log_ratio: Any) -> np.ndarray:
    """Survival where the log hazard ratio is `log_ratio` of the time since the start."""

    def height(t: float) -> float:
        edges = [p for p in (START, START + 2, START + 5, START + 8) if p < t]
        return float(integrate.quad(lambda s: RATE * np.exp(log_ratio(s - START)), 0, t, points=edges)[0])

    return np.exp([-height(t) for t in TIMES])


def level(begin: float, end: float) -> Any:
    return lambda s: np.log(RATIO) if begin <= s < end else 0.0


def fading(s: float) -> float:
    return float(np.log(RATIO) * np.interp(s, [0.0, 2.0, 8.0], [1.0, 1.0, 0.0])) if s >= 0 else 0.0


RULES = {
    "while it is given": ({"lasts": "while_on"}, level(0, 2)),
    "always": ({"lasts": "always"}, level(0, np.inf)),
    "over the follow-up": ({"lasts": {"for": 5.0}}, level(0, 5)),
    "shorter than given": ({"lasts": {"for": 1.5}}, level(0, 1.5)),
    "after a delay": ({"lasts": {"for": 5.0}, "delay": 1.0}, level(1, 5)),
    "waning": ({"lasts": WANING}, fading),
    "given long enough": (
        {"lasts": {"for": 5.0, "unless_stopped_before": 1.0}, "stopped_at": 1.5},
        level(0, 5),
    ),
    "stopped too soon": (
        {"lasts": {"for": 5.0, "unless_stopped_before": 1.0}, "stopped_at": 0.5},
        level(0, 0.5),
    ),
    "completed as planned": ({"lasts": {"for": 5.0, "unless_stopped_before": 2.0}}, level(0, 5)),
}


@pytest.mark.parametrize(("settings", "truth"), RULES.values(), ids=RULES)
def test_an_effect_lasts_as_its_rule_says(settings: dict[str, Any], truth: Any) -> None:
    expected = exact(truth)
    error = np.sqrt(expected * (1 - expected) / N)
    assert np.all(np.abs(simulated(treated(**settings)) - expected) < 4 * error)


def test_waning_on_the_clock_and_with_adherence_spends_the_exact_amount_at_its_end() -> None:
    model = treated(WANING, hazard_ratio=None, acceleration_factor=2.5)
    age, _ = integrate.quad(lambda s: np.exp(-np.log(2.5) * np.interp(s, [2, 8], [1, 0])), 0, 8, points=[2])
    expected = np.exp(-RATE * (START + age + 12 - START - 8))
    assert simulated(model)[-1] == pytest.approx(expected, abs=4 * np.sqrt(0.25 / N))


def test_times_of_a_rule_may_be_parameters_with_draws() -> None:
    found = treated({"for": "follow_up"}, parameters={"follow_up": [3.0, 9.0]})
    for draw, end in enumerate((3.0, 9.0)):
        expected = exact(level(0, end))
        assert np.all(np.abs(simulated(found, draw) - expected) < 4 * np.sqrt(0.25 / N))


def test_progression_ends_an_effect_that_says_so() -> None:
    def model(**effect: Any) -> Model:
        drug = {"effects": [{"transition": "*>dead", "hazard_ratio": 0.1, "lasts": "always", **effect}]}
        plan = strategy_from(
            {"strategy": "s", "treatments": {"drug": drug}, "lines": [{"line": "a", "treatments": ["drug"]}]}
        )
        states = (State(name="well"), State(name="ill", progression=True), State(name="dead", death=True))
        ways = [("well", "ill", 0.5), ("well", "dead", 0.3), ("ill", "dead", 0.4)]
        laws = tuple(Transition(source=a, target=b, distribution=exponential(r)) for a, b, r in ways)
        return Model(states=states, transitions=laws, strategies=(plan,), time_unit="months", horizon=12.0)

    for effect, late in (({}, 0.04), ({"ends_on": "progression"}, 0.4)):
        out = 0.5 + 0.03
        expected = np.exp(-out * 6) + 0.5 / (late - out) * (np.exp(-out * 6) - np.exp(-late * 6))
        found = simulate_model(model(**effect), patients=N, seed=3, times=(6.0,)).measure("alive", 6.0)
        assert found.estimate[0] == pytest.approx(expected, abs=4 * np.sqrt(0.25 / N)), effect


REFUSED = [
    ({"lasts": None}, "the effect on alive>dead says not how long it lasts; give lasts: while_on, always,"),
    ({"lasts": {"for": 5.0}, "delay": 5.0}, "for must lie after delay"),
    ({"lasts": {"waning": {"from": 5.0, "to": 5.0}}}, "to must lie after from"),
    ({"lasts": {"waning": {"from": 1.0, "to": 5.0}}, "delay": 2.0}, "from must lie after delay"),
    (
        {"lasts": {"for": 5.0, "unless_stopped_before": 3.0}},
        "longer than the treatment is planned to be given",
    ),
    (
        {"lasts": WANING, "waning": [{"after": 3.0, "factor": 1.0}]},
        "waning is said twice",
    ),
    (
        {"lasts": {"for": "f"}, "parameters": {"f": [3.0, -1.0]}},
        "for (f) must lie after delay; it is not so in 1",
    ),
]


@pytest.mark.parametrize(("settings", "message"), REFUSED)
def test_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        treated(**settings)
    assert message in str(raised.value)


def test_the_rule_is_told_in_words() -> None:
    rules = {
        "until f months after its start, unless it was stopped before 1 month.": {
            "for": "f",
            "unless_stopped_before": 1.0,
        },
        "in full until 2 months after its start, fading to nothing at 8.": WANING,
    }
    for words, lasts in rules.items():
        content = {"effects": [{"transition": "a>b", "hazard_ratio": 0.5, "lasts": lasts}]}
        plan = strategy_from(
            {"strategy": "s", "treatments": {"d": content}, "lines": [{"line": "a", "treatments": ["d"]}]}
        )
        assert words in explain(plan, time_unit="months")
