"""What `values` may say: each fault once, with its place and what to do."""

from __future__ import annotations

import dataclasses

import pytest

from survsim.core.declared import read_as
from survsim.core.errors import InputError, ScenarioError
from survsim.core.yaml_files import parse_yaml
from survsim.simulation import Covariate, Model, Population, State, Transition, simulate_model
from survsim.simulation.declared.strategy import Treatment, strategy_from
from survsim.simulation.declared.values import Discount, Outcome, Values


def model(outcome, *, name="spent", **state):
    rash = {"name": "rash", "grade": 2, "onset": {"family": "exponential", "rate": 0.1}}
    line = {"line": "first", "treatments": ["drug"]}
    return Model(
        time_unit="months",
        horizon=60.0,
        states=(State(name="well", **state), State(name="dead", death=True)),
        transitions=(
            Transition(source="well", target="dead", distribution={"family": "exponential", "rate": 0.1}),
        ),
        treatments={"drug": Treatment.model_validate({"toxicities": [rash]})},
        strategies=(strategy_from({"strategy": "treat", "lines": [line]}),),
        parameters={"utility": [0.5, 1.2]},
        values=Values(outcomes={name: Outcome.model_validate(outcome)}),
    )


@pytest.mark.parametrize(
    ("rate", "advice"),
    [
        (3.5, "write 0.035 for 3.5%"),
        ("3.5%", "write 0.035 for 3.5%"),
        (0.5, "write 0.005 for 0.5%"),
        (-0.03, "at least 0"),
    ],
)
def test_a_discount_that_is_no_share_is_refused_with_the_remedy(rate, advice):
    with pytest.raises(ScenarioError, match=advice):
        read_as(Values, {"discount": {"rate": rate}}, "values")


@pytest.mark.parametrize("rate", [0.035, 3.5e-2, parse_yaml("rate: 35e-3")["rate"]])
def test_a_rate_alone_is_a_discount(rate):
    assert read_as(Values, {"discount": rate}, "values").discount == Discount(rate=0.035)


@pytest.mark.parametrize("rate", [3.5, "3.5%", "0.035", [0.03], True])
def test_a_wrong_rate_alone_says_what_is_meant(rate):
    with pytest.raises(ScenarioError, match=r"0.035 for 3.5%|keys and values"):
        read_as(Values, {"discount": rate}, "values")


def test_cycles_go_with_steps():
    with pytest.raises(ValueError, match="form: steps"):
        Discount.model_validate({"rate": 0.03, "half_cycle": True})


FAULTS = {
    "negative cost": ({"kind": "cost", "by_state": {"well": -0.2}}, "a cost is at least 0. Where a loss of quality"),
    "cost for utility": ({"kind": "quality", "by_state": {"well": 1500}}, "a utility is at most 1"),
    "price for utility": ({"kind": "quality", "by_treatment": {"drug": 1500}}, "adds to a utility lies between"),
    "utility in a draw": ({"kind": "quality", "by_state": {"well": "utility"}}, "is 1.2; a utility is at most 1"),
    "share of time": ({"kind": "time", "by_state": {"well": 2.0}}, "between 0 and 1"),
    "unknown state": ({"kind": "cost", "by_state": {"ill": 1}}, "'ill' is not a state; known: well, dead"),
    "death": ({"kind": "cost", "by_state": {"dead": 1}}, "nothing is counted per time there"),
    "treatment": ({"kind": "cost", "by_treatment": {"pill": 1}}, "'pill' is not a treatment; known: drug"),
    "way": ({"kind": "cost", "at_transition": {"dead>well": 1}}, "is not a transition; known: well>dead"),
    "event": ({"kind": "cost", "at_event": {"fever": 1}}, "is not a toxicity; known: drug/rash, rash"),
    "line": ({"kind": "cost", "at_start": {"second": 1}}, "is not a line or treatment; known: first, drug"),
    "parameter": ({"kind": "cost", "at_start": {"first": "price"}}, "refers to parameter 'price'"),
    "nothing": ({"kind": "cost"}, "it counts nothing"),
    "factor": ({"kind": "quality", "course": {"breaks": [6], "factors": [1, -1]}}, "a factor is at least 0"),
    "age": ({"kind": "quality", "course": {"breaks": [60], "factors": [1, 1], "age": "age"}}, "'age' is not a covariate"),
    "twice": (
        {"kind": "quality", "under_treatment": 2 * [{"state": "well", "treatment": "drug", "value": 0.5}]},
        "given twice",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_message(fault):
    outcome, message = FAULTS[fault]
    with pytest.raises(ScenarioError, match="cannot be simulated as written") as error:
        model(outcome)
    assert message in str(error.value)


@pytest.mark.parametrize("name", ["survival_time", "discounted_spent", "a/b", "alive"])
def test_names_of_other_measures_are_refused(name):
    with pytest.raises(ScenarioError, match="none of the measures"):
        model({"kind": "cost", "by_state": {"well": 1}}, name=name)


def test_a_cost_is_declared_in_one_place():
    assert model({"kind": "cost", "by_state": {"well": 1}}, name="cost").values is not None
    with pytest.raises(ScenarioError, match="declare a cost of their own"):
        model({"kind": "cost", "by_state": {"well": 1}}, name="cost", cost_per_time=5.0)


def test_pieces_need_one_factor_more_than_breaks():
    with pytest.raises(ValueError, match="one factor more"):
        Outcome.model_validate({"kind": "quality", "course": {"breaks": [6, 12], "factors": [1, 1]}})
    with pytest.raises(ValueError, match="increase"):
        Outcome.model_validate({"kind": "quality", "course": {"breaks": [12, 6], "factors": [1, 1, 1]}})


def test_a_utility_far_below_death_is_no_utility():
    with pytest.raises(ScenarioError, match="is -5; a utility is at least -1"):
        simulate_model(model({"kind": "quality", "by_state": {"well": -5.0}}), patients=10)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_missing_is_said_once(number):
    with pytest.raises(InputError) as caught:
        Values.model_validate({"outcomes": {"a": {"kind": "cost", "by_state": {"well": number}}}})
    assert str(caught.value).count("missing or infinite") == 1 and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "age", [{"distribution": "fixed", "value": 1970.0}, {"distribution": "uniform", "low": 300, "high": 700}]
)
def test_an_age_in_months_or_a_year_of_birth_is_refused(age):
    people = Population(covariates=(Covariate(name="age", **age),))
    with pytest.raises(ScenarioError, match="nobody is older than 130; an age is in years"):
        simulate_model(
            dataclasses.replace(model({"kind": "cost", "by_state": {"well": 1.0}}), population=people),
            patients=10,
        )


def test_a_start_of_no_state_is_refused():
    with pytest.raises(ScenarioError, match="start names no state"):
        simulate_model(
            dataclasses.replace(model({"kind": "cost", "by_state": {"well": 1.0}}), start={}), patients=10
        )
