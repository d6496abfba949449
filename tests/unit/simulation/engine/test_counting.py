"""Values along paths: closed forms of a three-state course, hand-solved stays, and the rules that the engine keeps."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from scipy.integrate import quad

from survsim.core.declared import read_as as check
from survsim.core.execution import Execution
from survsim.simulation import (
    Covariate,
    History,
    Model,
    Population,
    State,
    Transition,
    read_patients,
    simulate_model,
)
from survsim.simulation.declared.strategy import Treatment, strategy_from
from survsim.simulation.declared.values import Discount, Values
from survsim.simulation.engine.discounting import DiscountPlan

PROGRESS, DIE, DIE_SICK = 0.02, 0.01, 0.05
END = 240.0


def course(values, *, lines=(), treatments=None, population=None, **more):
    """Well, sick, dead with constant hazards; the strategies wait, and one with `lines` where there are any."""
    laws = (("well", "sick", PROGRESS), ("well", "dead", DIE), ("sick", "dead", DIE_SICK))
    strategies = [strategy_from({"strategy": "wait"})]
    if lines:
        strategies.append(strategy_from({"strategy": "treat", "lines": list(lines)}))
    return Model(
        time_unit="months",
        horizon=END,
        states=(State(name="well"), State(name="sick", progression=True), State(name="dead", death=True)),
        transitions=tuple(
            Transition(source=a, target=b, distribution={"family": "exponential", "rate": r})
            for a, b, r in laws
        ),
        treatments={n: Treatment.model_validate(t) for n, t in (treatments or {}).items()},
        strategies=tuple(strategies),
        population=population or Population(),
        values=Values.model_validate(values),
        **more,
    )


def occupied(weight, low=0.0, high=END):
    """Integrals of the weight over the time in well and in sick, by quadrature."""
    well = quad(lambda t: weight(t) * math.exp(-0.03 * t), low, high, limit=400)[0]
    sick = quad(lambda t: weight(t) * (math.exp(-0.03 * t) - math.exp(-0.05 * t)), low, high, limit=400)[0]
    return well, sick


def agrees(result, name, truth, strategy=0, tau=END):
    found = result.measure(name, tau)
    error = float(found.mc_std_error[strategy])
    assert abs(float(found.estimate[strategy]) - truth) < 4.5 * error + 1e-9 * abs(truth), (
        name,
        found,
        truth,
    )


FORMS = {
    "yearly": ({"rate": 0.03}, lambda t: 1.03 ** (-t / 12)),
    "continuous": ({"rate": 0.03, "form": "continuous"}, lambda t: math.exp(-0.03 * t / 12)),
    "steps": ({"rate": 0.03, "form": "steps"}, lambda t: 1.03 ** -math.floor(t / 12)),
    "half": (
        {"rate": 0.03, "form": "steps", "cycle": 6.0, "half_cycle": True},
        lambda t: 1.03 ** (-0.5 * (math.floor(t / 6) + 0.5)),
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_discount_is_the_integral_of_its_weight(form):
    declared, weight = FORMS[form]
    plan = DiscountPlan.of(Discount.model_validate(declared), "months")
    for t in (0.5, 5.9, 6.0, 11.0, 12.0, 30.3, 240.0):
        breaks = [b for b in np.arange(6.0, 240.0, 6.0) if b < t]
        truth = quad(weight, 0, t, points=breaks or None, limit=500)[0]
        assert plan.until(np.array([t]))[0] == pytest.approx(truth, rel=1e-9)
        assert plan.weight(np.array([t]))[0] == pytest.approx(weight(t), rel=1e-12)


def test_whole_cycles_that_are_sums_of_fractions_count_as_whole():
    plan = DiscountPlan.of(Discount(rate=0.05, form="steps", cycle=0.1), "years")
    at = np.array([sum([0.1] * 3), 0.3, 0.7, 0.1 * 3])
    assert plan.weight(at) == pytest.approx(1.05 ** -np.array([0.3, 0.3, 0.7, 0.3]), rel=1e-12)


@pytest.mark.parametrize("form", ["yearly", "half"])
def test_stays_and_entries_agree_with_closed_forms(form):
    declared, weight = FORMS[form]
    values = {
        "discount": declared,
        "outcomes": {
            "quality": {"kind": "quality", "by_state": {"well": 0.9, "sick": 0.5}},
            "spent": {
                "kind": "cost",
                "by_state": {"well": 10, "sick": 100},
                "at_entry": {"sick": 1000, "dead": 300},
                "at_transition": {"sick>*": 50},
            },
            "full": {"kind": "cost", "by_state": {"sick": 100}, "discount": {"rate": 0}},
        },
    }
    result = simulate_model(course(values), patients=150_000, taus=[60.0, END])
    for tau in (60.0, END):
        well, sick = occupied(weight, high=tau)
        plain_well, plain_sick = occupied(lambda t: 1.0, high=tau)
        agrees(result, "discounted_survival_time", well + sick, tau=tau)
        agrees(result, "quality", 0.9 * plain_well + 0.5 * plain_sick, tau=tau)
        agrees(result, "discounted_quality", 0.9 * well + 0.5 * sick, tau=tau)
        once = 1000 * PROGRESS * well + 300 * (DIE * well + DIE_SICK * sick) + 50 * DIE_SICK * sick
        agrees(result, "discounted_spent", 10 * well + 100 * sick + once, tau=tau)
        agrees(result, "full", 100 * plain_sick, tau=tau)
    assert "discounted_full@240" not in result.measures


def test_treatments_count_while_given_and_once_at_start_and_stop():
    # nobody leaves before 24: every number is by hand
    values = {
        "discount": {"rate": 0.1, "form": "continuous"},
        "outcomes": {
            "quality": {
                "kind": "quality",
                "by_state": {"well": 0.8},
                "by_treatment": {"mild": -0.1},
                "under_treatment": [{"state": "well", "treatment": "harsh", "value": 0.3}],
            },
            "spent": {
                "kind": "cost",
                "by_treatment": {"mild": 2.0},
                "at_start": {"first": 5.0, "harsh": 7.0},
                "at_stop": {"harsh": 11.0, "first": 13.0},
                "at_event": {"rash": 17.0},
            },
        },
    }
    rash = {"name": "rash", "grade": 2, "onset": {"family": "weibull", "shape": 4000.0, "scale": 3.0}}
    model = dataclasses.replace(
        course(
            values,
            lines=[
                {"line": "first", "treatments": ["mild"]},
                {"line": "second", "treatments": ["harsh"], "start": [{"completed": "first"}]},
            ],
            treatments={"mild": {"duration": 6.0, "toxicities": [rash]}, "harsh": {"duration": 4.0}},
        ),
        transitions=(
            Transition(
                source="well",
                target="sick",
                distribution={"family": "weibull", "shape": 4000.0, "scale": 50.0},
            ),
            Transition(source="sick", target="dead", distribution={"family": "exponential", "rate": 0.1}),
        ),
    )
    found = simulate_model(model, patients=200, taus=[8.0, 24.0])

    def value(name, tau):
        return float(found.measure(name, tau).estimate[1])

    def late(a, b):
        return (math.exp(-0.1 * a / 12) - math.exp(-0.1 * b / 12)) * 12 / 0.1

    assert value("quality", 24.0) == pytest.approx(0.7 * 6 + 0.3 * 4 + 0.8 * 14, rel=1e-12)
    assert value("quality", 8.0) == pytest.approx(0.7 * 6 + 0.3 * 2, rel=1e-12)
    assert value("discounted_quality", 24.0) == pytest.approx(
        0.7 * late(0, 6) + 0.3 * late(6, 10) + 0.8 * late(10, 24), rel=1e-12
    )
    assert value("spent", 24.0) == pytest.approx(12 + 5 + 17 + 13 + 7 + 11, rel=1e-12)
    assert value("spent", 8.0) == pytest.approx(12 + 5 + 17 + 13 + 7, rel=1e-12)
    discounted = (
        2 * late(0, 6)
        + 5
        + 17 * math.exp(-0.1 * 3 / 12)
        + 20 * math.exp(-0.05)
        + 11 * math.exp(-0.1 * 10 / 12)
    )
    assert value("discounted_spent", 24.0) == pytest.approx(discounted, rel=1e-5)


@pytest.mark.parametrize("age", [None, "age"])
def test_quality_that_changes_with_time_or_age_is_exact_over_a_stay(age):
    pieces = {"breaks": [70.0, 80.0] if age else [60.0, 120.0], "factors": [1.0, 0.8, 0.6]}
    values = {
        "discount": {"rate": 0.03},
        "outcomes": {
            "quality": {
                "kind": "quality",
                "by_state": {"well": 0.9, "sick": 0.5},
                "course": pieces | {"age": age},
            }
        },
    }
    people = (
        Population(covariates=(Covariate(name="age", distribution="fixed", value=68.5),)) if age else None
    )
    result = simulate_model(course(values, population=people), patients=150_000, taus=[100.0, END])
    first, second = (18.0, 138.0) if age else (60.0, 120.0)
    for tau in (100.0, END):
        plain = discounted = 0.0
        for low, high, factor in ((0.0, first, 1.0), (first, second, 0.8), (second, END, 0.6)):
            high = min(high, tau)
            if high <= low:
                continue
            a, b = occupied(lambda t: 1.0, low, high)
            plain += factor * (0.9 * a + 0.5 * b)
            a, b = occupied(FORMS["yearly"][1], low, high)
            discounted += factor * (0.9 * a + 0.5 * b)
        agrees(result, "quality", plain, tau=tau)
        agrees(result, "discounted_quality", discounted, tau=tau)


def rich(**more):
    values = {
        "discount": {"rate": 0.035},
        "outcomes": {
            "quality": {
                "kind": "quality",
                "by_state": {"well": 0.9, "sick": "sick"},
                "course": {"breaks": [60.0], "factors": [1.0, 0.9]},
            },
            "spent": {
                "kind": "cost",
                "by_treatment": {"drug": "price"},
                "at_entry": {"sick": 100},
                "at_start": {"first": 9},
            },
            "home": {"kind": "time", "by_state": {"well": 1.0}},
        },
    }
    lines = [{"line": "first", "treatments": ["drug"], "stop": [{"on": "progression"}]}]
    effect = {"transition": "well>sick", "hazard_ratio": 0.6, "lasts": "while_on"}
    return course(
        values,
        lines=lines,
        treatments={"drug": {"duration": 12.0, "effects": [effect]}},
        parameters={"sick": np.linspace(0.4, 0.6, 6), "price": np.linspace(50, 90, 6)},
        **more,
    )


def test_how_a_run_is_cut_changes_no_bit(tmp_path):
    model = rich()
    one = simulate_model(model, patients=9000, taus=[24.0, END])
    for execution in (
        Execution(executor="threads", workers=2),
        Execution(executor="processes", workers=2),
        Execution(executor="threads", workers=1, folder=str(tmp_path / "run")),
    ):
        other = simulate_model(model, patients=9000, taus=[24.0, END], execution=execution)
        assert np.array_equal(one.means, other.means)
        assert np.array_equal(one.mc_covariance, other.mc_covariance)
    alone = simulate_model(model, patients=9000, draws=1, taus=[24.0, END])
    assert np.array_equal(one.means[:1], alone.means)


def test_equal_strategies_differ_by_exactly_nothing_and_counting_changes_no_course():
    model = rich()
    twin = model.strategies[1].model_copy(update={"strategy": "twin"})
    both = simulate_model(model.with_strategies((model.strategies[1], twin)), patients=5000, taus=[END])
    assert not both.compare().difference.any()
    bare = simulate_model(dataclasses.replace(model, values=None), patients=5000, taus=[END])
    counted = simulate_model(model, patients=5000, taus=[END])
    for name in bare.measures:
        assert np.array_equal(
            bare.means[:, bare.measures.index(name)], counted.means[:, counted.measures.index(name)]
        )
    assert np.array_equal(bare.counts, counted.counts)


def test_months_of_the_old_fields_are_discounted_too():
    model = course({"discount": {"rate": 0.03}})
    states = (
        State(name="well", utility=0.9, cost_per_time=10.0),
        State(name="sick", utility=0.5, cost_per_time=100.0, progression=True),
        State(name="dead", death=True),
    )
    result = simulate_model(dataclasses.replace(model, states=states), patients=100_000, taus=[END])
    well, sick = occupied(FORMS["yearly"][1])
    agrees(result, "discounted_quality_adjusted_time", 0.9 * well + 0.5 * sick)
    agrees(result, "discounted_cost", 10 * well + 100 * sick)
    well, sick = occupied(lambda t: 1.0)
    agrees(result, "quality_adjusted_time", 0.9 * well + 0.5 * sick)


def test_the_short_way_gives_the_bits_of_the_long_one(tmp_path):
    values = {
        "discount": {"rate": 0.03},
        "outcomes": {
            "quality": {"kind": "quality", "by_state": {"well": 0.9, "sick": 0.5}},
            "spent": {
                "kind": "cost",
                "by_state": {"sick": 100},
                "by_treatment": {"drug": 7.0},
                "at_entry": {"sick": 1000},
                "at_transition": {"*>dead": 50},
                "at_start": {"drug": 3.0},
                "discount": {"rate": 0.05, "form": "steps"},
            },
        },
    }
    effect = {"transition": "well>sick", "hazard_ratio": 0.6, "lasts": "always"}
    model = course(
        values, lines=[{"line": "first", "treatments": ["drug"]}], treatments={"drug": {"effects": [effect]}}
    )
    short = simulate_model(model, patients=6000, taus=[50.0, END])
    long = simulate_model(
        model,
        patients=6000,
        taus=[50.0, END],
        execution=Execution(executor="threads", workers=1, folder=str(tmp_path)),
        patient_output=True,
    )
    assert np.array_equal(short.means, long.means)
    assert np.array_equal(short.mc_covariance, long.mc_covariance)


def test_each_patient_is_written_with_what_was_counted(tmp_path):
    model = rich()
    run = Execution(executor="threads", workers=1, folder=str(tmp_path))
    result = simulate_model(
        model, patients=300, draws=2, taus=[24.0, END], execution=run, patient_output=True
    )
    frame = read_patients(tmp_path)
    for name in ("quality@24", "discounted_spent@240", "home@240"):
        kind, _, tau = name.partition("@")
        means = frame.groupby(["draw", "strategy"])[name].mean().unstack("strategy")[["wait", "treat"]]
        assert means.to_numpy() == pytest.approx(result.measure(kind, float(tau)).by_draw.T, rel=1e-12)


def test_from_a_history_values_count_from_its_now_on():
    values = {
        "discount": {"rate": 0.03},
        "outcomes": {
            "quality": {
                "kind": "quality",
                "by_state": {"sick": 0.5},
                # time counts from the start of the path, ten months before
                "course": {"breaks": [34.0], "factors": [1.0, 0.5]},
            },
            "spent": {"kind": "cost", "at_entry": {"sick": 100, "dead": 1000}, "by_treatment": {"drug": 3.0}},
        },
    }
    past = {
        "now": 10.0,
        "path": [{"state": "sick", "at": 6.0}],
        "given": [{"treatment": "drug", "start": 6.0, "status": "running"}],
    }
    model = course(
        values,
        lines=[{"line": "first", "treatments": ["drug"]}],
        treatments={"drug": {"duration": 16.0}},
        history=check(History, past, "history"),
    )
    result = simulate_model(model, patients=150_000, taus=[60.0])

    def late(t):
        return 1.03 ** (-t / 12) * math.exp(-DIE_SICK * t)

    quality = 0.5 * quad(late, 0, 24)[0] + 0.25 * quad(late, 24, 60)[0]
    agrees(result, "discounted_quality", quality, strategy=1, tau=60.0)
    spent = 1000 * DIE_SICK * quad(late, 0, 60)[0] + 3 * quad(late, 0, 12)[0]
    agrees(result, "discounted_spent", spent, strategy=1, tau=60.0)
