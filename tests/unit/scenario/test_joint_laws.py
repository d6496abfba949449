"""Parameters as data: numbers estimated together, gamma laws, linear predictors, rates and probabilities."""

from __future__ import annotations

import numpy as np
import pydantic
import pytest
from scipy import stats

from survsim.core.errors import InputError, ScenarioError
from survsim.scenario.joint_laws import JointLaw
from survsim.scenario.parameter_spec import Derived, ParameterSpec
from survsim.scenario.parameterise import parameterise
from survsim.scenario.run import simulate
from survsim.scenario.spec import Scenario

DRAWS = 40_000
SPEC = pydantic.TypeAdapter(ParameterSpec)
JOINT = pydantic.TypeAdapter(JointLaw)
REASON = "as the paper prints it, in full"
COUNTS = {"law": "dirichlet", "counts": {"stay": 1251, "worse": 350, "dead": 17}, "reason": REASON}
COVARIANCE = [[0.04, -0.01], [-0.01, 0.09]]
WEIBULL = {
    "law": "multivariate_normal",
    "mean": {"scale": 2.0, "age": -0.5},
    "covariance": COVARIANCE,
    "reason": REASON,
}


def drawn(parameters, joint=None, *, draws=DRAWS, seed=3):
    specs = {n: SPEC.validate_python({"meaning": "a number for a test", **p}) for n, p in parameters.items()}
    laws = {n: JOINT.validate_python(law) for n, law in (joint or {}).items()}
    return parameterise(
        specs, lambda _: None, draws=draws, seed=seed, time_unit="months", scenario="s", joint=laws
    )


def of(name, **more):
    return {"source": "joint", "of": name, **more}


def test_dirichlet_shares_have_beta_margins_and_add_to_one():
    names = ("stay", "worse", "dead")
    found = drawn({n: of("ways") for n in names}, {"ways": COUNTS}).draws()
    assert np.allclose(sum(found.values()), 1.0, atol=1e-12)
    total = 1251 + 350 + 17
    for name, n in COUNTS["counts"].items():
        law = stats.beta(n, total - n)
        assert stats.kstest(found[name], law.cdf).pvalue > 1e-4
    a, b = 1251 / total, 350 / total
    truth = -a * b / (total + 1)
    assert np.cov(found["stay"], found["worse"])[0, 1] == pytest.approx(truth, rel=0.05)


def test_coefficients_have_the_mean_and_covariance_that_were_printed():
    found = drawn({"b0": of("fit", component="scale"), "age": of("fit")}, {"fit": WEIBULL}).draws()
    both = np.stack([found["b0"], found["age"]])
    assert both.mean(axis=1) == pytest.approx([2.0, -0.5], abs=0.007)
    assert np.cov(both) == pytest.approx(np.array(COVARIANCE), abs=0.002)
    assert stats.kstest((both[0] - 2.0) / 0.2, "norm").pvalue > 1e-4


def test_a_further_parameter_changes_no_draw_of_another():
    one = drawn({"age": of("fit")}, {"fit": WEIBULL}, draws=50).draws()["age"]
    more = drawn({"stay": of("ways"), "age": of("fit")}, {"ways": COUNTS, "fit": WEIBULL}, draws=50)
    assert np.array_equal(one, more.draws()["age"])
    assert set(more.independent()) == {"stay", "age"}
    assert more.to_frame()["source"].tolist() == ["joint", "joint"]


def test_a_gamma_law_has_its_mean_and_standard_deviation():
    law = {"law": "gamma", "mean": 2086.5, "sd": 300.0}
    found = drawn({"cost": {"source": "assumption", "distribution": law, "reason": REASON}}).draws()["cost"]
    assert found.mean() == pytest.approx(2086.5, rel=1e-3)
    assert found.std() == pytest.approx(300.0, rel=5e-3)
    assert stats.skew(found) == pytest.approx(2 * 300 / 2086.5, abs=0.05)


@pytest.mark.parametrize(
    ("link", "truth"),
    [
        ("identity", lambda e: e),
        ("exp", np.exp),
        ("logit", lambda e: 1 / (1 + np.exp(-e))),
        ("cloglog", lambda e: 1 - np.exp(-np.exp(e))),
    ],
)
def test_linear_predictors(link, truth):
    parameters = {
        "scale": of("fit"),
        "age": of("fit"),
        "made": {
            "source": "derived",
            "rule": "linear_predictor",
            "of": ["scale", "age"],
            "weights": [1.0, 6.0],
            "link": link,
        },
    }
    found = drawn(parameters, {"fit": WEIBULL}, draws=100).draws()
    assert found["made"] == pytest.approx(truth(found["scale"] + 6.0 * found["age"]), rel=1e-12)


def test_rates_and_probabilities_turn_into_each_other():
    fixed = {"source": "assumption", "distribution": {"law": "fixed", "value": 0.2}, "reason": REASON}
    parameters = {
        "p": fixed,
        "rate": {"source": "derived", "rule": "rate_from_probability", "of": ["p"], "interval": 12.0},
        "back": {"source": "derived", "rule": "probability_from_rate", "of": ["rate"], "interval": 12.0},
        "month": {"source": "derived", "rule": "probability_from_rate", "of": ["rate"], "interval": 1.0},
    }
    found = drawn(parameters, draws=5).draws()
    assert found["rate"] == pytest.approx(-np.log(0.8) / 12)
    assert found["back"] == pytest.approx(0.2)
    assert found["month"] == pytest.approx(1 - 0.8 ** (1 / 12))


@pytest.mark.parametrize(
    ("law", "message"),
    [
        (COUNTS | {"counts": {"a": 3, "b": 0}}, "above 0; found b 0"),
        (WEIBULL | {"covariance": [[0.04]]}, "2 rows of 2 numbers"),
        (
            WEIBULL | {"covariance": [[0.04, 0.01], [-0.01, 0.09]]},
            "row 1, column 2 is 0.01 and row 2, column 1 -0.01",
        ),
        (WEIBULL | {"covariance": [[0.04, 0.2], [0.2, 0.09]]}, "least eigenvalue"),
    ],
)
def test_what_is_no_law_is_refused(law, message):
    with pytest.raises(pydantic.ValidationError, match=message):
        JOINT.validate_python(law)


def test_a_component_that_is_not_there_is_refused():
    with pytest.raises(ScenarioError, match="it has stay, worse, dead"):
        drawn({"p": of("ways")}, {"ways": COUNTS}, draws=5)
    with pytest.raises(ScenarioError, match="joint holds nothing"):
        drawn({"p": of("ways")}, draws=5)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"rule": "rate_from_probability", "of": ["p"]}, "interval goes with rules"),
        ({"rule": "product", "of": ["p"], "weights": [1.0]}, "go with rule: linear_predictor"),
        ({"rule": "linear_predictor", "of": ["p", "q"], "weights": [1.0]}, "1 numbers for 2 coefficients"),
    ],
)
def test_what_a_rule_needs(rule, message):
    with pytest.raises(InputError, match=message):
        Derived.model_validate({"source": "derived", "meaning": "a number for a test", **rule})


def test_a_probability_of_one_has_no_rate():
    fixed = {"source": "assumption", "distribution": {"law": "fixed", "value": 1.0}, "reason": REASON}
    rate = {"source": "derived", "rule": "rate_from_probability", "of": ["p"], "interval": 12.0}
    with pytest.raises(ScenarioError, match="not finite"):
        drawn({"p": fixed, "rate": rate}, draws=5)


SCENARIO = """
scenario: as_data
question: What does a year of life cost?
estimand: Mean years of life and costs over ten years.
time_unit: years
horizon: 10.0
seed: 5
full: {draws: 40, patients: 500}
quick: {draws: 2, patients: 50}
outcomes: {reference: wait, tau: [10.0], decision_tau: 10.0, alive_at: [1.0], grid_step: 0.25}
population: {}
states: [{name: well}, {name: dead, death: true}]
transitions:
  - {source: well, target: dead, distribution: {family: exponential, rate: dies}}
joint:
  year: {law: dirichlet, counts: {lives: 900, dies: 100}, reason: numbers of the paper in full}
parameters:
  p: {source: joint, of: year, component: dies, meaning: probability of death in a year}
  dies: {source: derived, rule: rate_from_probability, of: [p], interval: 1.0, unit: per year, meaning: rate of death}
  price:
    {source: assumption, distribution: {law: gamma, mean: 1000.0, sd: 200.0}, reason: price of the paper in full,
     meaning: price of a year of the drug}
treatments:
  drug: {effects: [{transition: well>dead, hazard_ratio: 0.7, lasts: always}]}
values:
  discount: {rate: 0.03}
  outcomes:
    spent: {kind: cost, unit: EUR, by_treatment: {drug: price}}
strategies:
  - {strategy: wait, label: Wait}
  - {strategy: treat, label: Treat, lines: [{line: first, treatments: [drug]}]}
"""


def test_a_whole_scenario_with_joint_numbers_and_values(tmp_path):
    file = tmp_path / "analyses" / "one" / "scenario.yml"
    file.parent.mkdir(parents=True)
    file.write_text(SCENARIO, encoding="utf-8")
    result = simulate(Scenario.from_yaml(file))
    found = result.cost_effectiveness("survival_time", "spent", 10.0)
    assert found.effect == "discounted_survival_time" and found.cost_unit == "EUR"
    # at a constant rate r, discounted life to 10 is the integral of exp(-(r + log 1.03) t)
    both = -np.log(0.9) + np.log(1.03)
    assert found.effect_by_draw[0].mean() == pytest.approx((1 - np.exp(-10 * both)) / both, rel=0.02)
    curves = found.curves([500.0, 5000.0, 50_000.0], per="years")
    assert curves.best.tolist() == [0, 1, 1] or curves.best.tolist() == [0, 0, 1]


def test_a_joint_law_that_nothing_uses_is_refused(tmp_path):
    file = tmp_path / "analyses" / "one" / "scenario.yml"
    file.parent.mkdir(parents=True)
    idle = "joint:\n  idle: {law: dirichlet, counts: {a: 1, b: 2}, reason: numbers of the paper in full}\n"
    file.write_text(SCENARIO.replace("joint:\n", idle), encoding="utf-8")
    with pytest.raises(ScenarioError, match="joint 'idle' is defined but no parameter"):
        Scenario.from_yaml(file)


def test_an_alternative_may_change_a_discount_or_a_value(tmp_path):
    file = tmp_path / "analyses" / "one" / "scenario.yml"
    file.parent.mkdir(parents=True)
    other = (
        "overrides:\n"
        "  in_full: {label: nothing is discounted, set: {values.discount.rate: 0.0}}\n"
        "  dearer: {label: the drug costs more, set: {values.outcomes.spent.by_treatment.drug: 5000.0, values.discount.form: "
        "continuous}}\n"
    )
    text = SCENARIO.replace("values:\n", other + "values:\n")
    file.write_text(text, encoding="utf-8")
    scenario = Scenario.from_yaml(file)
    plain = simulate(scenario.overridden("in_full"), patients=300, draws=4)
    assert "discounted_spent@10" not in plain.measures
    dear = simulate(scenario.overridden("dearer"), patients=300, draws=4)
    usual = simulate(scenario, patients=300, draws=4)
    years = usual.measure("spent", 10.0).by_draw[1] / scenario_price(scenario)
    assert dear.measure("spent", 10.0).by_draw[1] == pytest.approx(5000.0 * years, rel=1e-9)


def scenario_price(scenario):
    """Draws of the price of the drug."""
    from survsim.scenario.run import scenario_parameters

    return scenario_parameters(scenario, draws=4).draws()["price"]
