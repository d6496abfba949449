"""Partitioned survival against closed forms, hand sums and the engine's own patients."""

from __future__ import annotations

import numpy as np
import pytest

from survsim import Surv, kaplan_meier
from survsim.core.errors import ExtrapolationWarning, InputError, ScenarioError
from survsim.distributions import Exponential, Weibull
from survsim.simulation import (
    CohortResult,
    Discount,
    Model,
    State,
    Strategy,
    Transition,
    Values,
    partitioned_survival,
    simulate_model,
)

PFS, OS, END = 0.2, 0.1, 60.0


def exponential(rate):
    return {"family": "exponential", "rate": rate}


def two(pfs=PFS, os=OS, **more):
    return {"progression_free": exponential(pfs), "overall": exponential(os), **more}


def found(strategies=None, **options):
    return partitioned_survival(
        strategies or {"usual": two()}, **({"horizon": END, "time_unit": "months"} | options)
    )


def area(rate, tau, force=0.0):
    return (1 - np.exp(-(rate + force) * tau)) / (rate + force)


def value(result, name, tau=END, strategy=0):
    return result.measure(name, tau).estimate[strategy]


def test_time_in_each_state_is_the_area_between_the_curves():
    result = found(taus=[12.0, END], times=[12.0])
    for tau in (12.0, END):
        assert value(result, "progression_free_time", tau) == pytest.approx(area(PFS, tau), abs=1e-10)
        assert value(result, "survival_time", tau) == pytest.approx(area(OS, tau), abs=1e-10)
        gap = area(OS, tau) - area(PFS, tau)
        assert value(result, "time_in/progressed", tau) == pytest.approx(gap, abs=1e-10)
    assert value(result, "alive", 12.0) == pytest.approx(np.exp(-OS * 12), abs=1e-14)
    assert isinstance(result, CohortResult)
    assert (result.survival().mc_std_error == 0).all() and (result.compare().mc_std_error == 0).all()
    np.testing.assert_allclose(result.survival().estimate[0], np.exp(-OS * result.grid), atol=1e-14)
    np.testing.assert_allclose(result.state_occupancy([12.0]).estimate.sum(axis=1), 1.0, atol=1e-12)


@pytest.mark.parametrize("form", ["yearly", "continuous"])
def test_discounted_quality_and_cost_are_the_closed_integrals(form):
    values = Values(
        discount=Discount(rate=0.035, form=form),
        outcomes={
            "quality": {"kind": "quality", "by_state": {"progression_free": 0.8, "progressed": 0.5}},
            "cost": {"kind": "cost", "by_state": {"progression_free": 100.0}, "at_entry": {"dead": 50.0}},
        },
    )
    result = found(
        {
            "usual": two(),
            "new": two(
                0.14, 0.08, values={"cost": {"by_state": {"progression_free": 900}, "at_beginning": 7}}
            ),
        },
        values=values,
    )
    force = (np.log(1.035) if form == "yearly" else 0.035) / 12
    for s, (pfs, os, price, first) in enumerate(((PFS, OS, 100.0, 0.0), (0.14, 0.08, 900.0, 7.0))):
        late = 0.8 * area(pfs, END, force) + 0.5 * (area(os, END, force) - area(pfs, END, force))
        assert value(result, "discounted_quality", strategy=s) == pytest.approx(late, abs=1e-9)
        cost = first + price * area(pfs, END, force) + 50.0 * os * area(os, END, force)
        assert value(result, "discounted_cost", strategy=s) == pytest.approx(cost, abs=1e-7)
        assert value(result, "discounted_survival_time", strategy=s) == pytest.approx(
            area(os, END, force), abs=1e-9
        )
    weighed = result.cost_effectiveness("quality", "cost", END, reference="usual")
    gain = np.diff([value(result, "discounted_quality", strategy=s) for s in (0, 1)])
    price = np.diff([value(result, "discounted_cost", strategy=s) for s in (0, 1)])
    assert weighed.icer()[1] == pytest.approx((price / gain)[0], rel=1e-12)
    assert weighed.net_benefit(100_000, per="years").best in ("usual", "new")


def test_a_discount_in_steps_counts_each_death_at_the_step_of_its_year():
    steps = {"rate": 0.035, "form": "steps"}
    values = Values(outcomes={"last": {"kind": "cost", "at_entry": {"dead": 1.0}, "discount": steps}})
    years = np.arange(6)
    died = np.exp(-OS * 12 * years[:-1]) - np.exp(-OS * 12 * years[1:])
    assert value(found(values=values), "discounted_last") == pytest.approx(
        died @ 1.035 ** -years[:-1], abs=1e-10
    )


def test_curves_of_weibull_spline_and_piecewise_have_the_areas_of_their_laws():
    weibull = {"family": "weibull", "shape": 0.7, "scale": 20.0}
    spline = {"knots": [2.0, 60.0], "coefficients": [-0.7 * np.log(20.0), 0.7], "scale": "hazard"}
    pieces = {"family": "piecewise_exponential", "breaks": [7.3, 20.0], "rates": [0.2, 0.05, 0.01]}
    for curve in (weibull, spline):
        result = found({"a": {"progression_free": weibull | {"scale": 9.0}, "overall": curve}})
        assert value(result, "survival_time") == pytest.approx(
            float(Weibull(shape=0.7, scale=20.0, time_unit="months").rmst(END)), abs=1e-6
        )
    result = found({"a": {"progression_free": pieces, "overall": exponential(0.001)}})
    a, b = np.exp(-0.2 * 7.3), np.exp(-0.2 * 7.3 - 0.05 * 12.7)
    exact = (1 - a) / 0.2 + (a - b) / 0.05 + b * (1 - np.exp(-0.4)) / 0.01
    assert value(result, "progression_free_time") == pytest.approx(exact, abs=1e-10)


def test_kaplan_meier_digitised_points_and_a_ratio_on_them():
    time, event = [5, 8, 12, 20, 30, 40], [1, 1, 0, 1, 1, 1]
    curve = kaplan_meier(Surv.right(time, event, unit="months"))
    points = {"times": [0.0, 10.0, 40.0], "survival": [1.0, 0.4, 0.0], "joined": "lines"}
    plan = {
        "km": {"progression_free": points, "overall": curve},
        "better": {
            "progression_free": {"reference": "km", "hazard_ratio": "hr"},
            "overall": {"reference": "km", "hazard_ratio": 0.5},
        },
    }
    with pytest.warns(ExtrapolationWarning, match="above overall survival in"):
        result = found(plan, horizon=40.0, parameters={"hr": [0.2, 1.0]})
    steps = curve.steps()
    heights, ends = steps.estimate, np.append(steps.time[1:], 40.0)
    exact = (heights * (np.minimum(ends, 40.0) - steps.time)).sum()
    assert value(result, "survival_time", 40.0) == pytest.approx(exact, abs=1e-10)
    root = (heights**0.5 * (np.minimum(ends, 40.0) - steps.time)).sum()
    assert value(result, "survival_time", 40.0, 1) == pytest.approx(root, abs=1e-10)
    assert result.n_draws == 2


def test_progression_free_survival_above_overall_is_taken_down_at_the_crossing_and_said():
    weibull = {"family": "weibull", "shape": 3.0, "scale": 10.0}
    plan = {"a": {"progression_free": exponential(0.1), "overall": weibull}}
    with pytest.warns(
        ExtrapolationWarning, match="a: progression-free survival lies above overall survival in 1 of 1"
    ):
        result = found(plan, horizon=30.0)
    # exp(-t/10) and exp(-(t/10)^3) meet at 10
    kept = (
        area(0.1, 10.0)
        + float(Weibull(shape=3, scale=10, time_unit="months").rmst(30.0))
        - float(Weibull(shape=3, scale=10, time_unit="months").rmst(10.0))
    )
    assert value(result, "progression_free_time", 30.0) == pytest.approx(kept, abs=1e-9)
    with pytest.raises(InputError, match="no model stands beside"):
        result.by_transitions()
    assert any("taken down" in note for note in result.notes) and "taken down" in result.headline()
    with pytest.raises(ScenarioError, match="Nobody is free of progression and dead"):
        found(plan, horizon=30.0, nested=False)


def test_draws_of_a_parameter_and_a_list_of_laws_are_the_same_draws():
    rates = np.array([0.08, 0.1, 0.12])
    named = found({"a": two(PFS, "os")}, parameters={"os": rates})
    laws = [Exponential(rate=r, time_unit="months") for r in rates]
    listed = found({"a": {"progression_free": exponential(PFS), "overall": laws}})
    np.testing.assert_array_equal(named.means, listed.means)
    np.testing.assert_allclose(named.measure("survival_time", END).by_draw[0], area(rates, END), atol=1e-10)


def test_identical_strategies_differ_by_exactly_nothing():
    result = found({"a": two(), "b": two()})
    assert (result.compare("a").difference == 0).all()


def exact_progressed(pfs, after, t):
    return pfs * (np.exp(-after * t) - np.exp(-pfs * t)) / (pfs - after)


def test_transitions_fitted_to_the_curves_of_a_markov_model_are_that_model():
    # death only after progression, at a constant hazard: overall survival is known
    grid = np.linspace(0, END, 3001)
    alive = np.exp(-PFS * grid) + exact_progressed(PFS, 0.08, grid)
    points = {"times": grid, "survival": alive, "joined": "lines"}
    result = found({"a": {"progression_free": exponential(PFS), "overall": points}}, deaths=0.0)
    assert result.strategies == ("a", "a_by_transitions")
    for name in ("survival_time", "time_in/progressed", "progression_free_time"):
        assert value(result, name, strategy=1) == pytest.approx(value(result, name), rel=2e-3)
    assert "departs from the second by up to" in " ".join(result.notes)


def test_fitted_transitions_agree_with_patients_of_the_engine():
    result = found({"a": two(0.2, 0.1)}, deaths=0.3)
    from survsim.simulation.cohort.making import Asked, numbers_at
    from survsim.simulation.cohort.partitioned import two_curves
    from survsim.simulation.cohort.transition_course import fitted_course
    from survsim.simulation.declared.partitioned import Partitioned

    declared = Partitioned.model_validate({"strategies": {"a": two(0.2, 0.1)}})
    asked = Asked.of(END, "months", None, (), None)
    course = fitted_course(
        two_curves(declared, "a", 0, numbers_at({}, 0), asked, np.empty(0)), END, 0.3, "weibull"
    )
    model = Model(
        time_unit="months",
        horizon=END,
        states=(State(name="free"), State(name="progressed", progression=True), State(name="dead", death=True)),
        transitions=(
            Transition(source="free", target="progressed", distribution=exponential(0.7 * 0.2)),
            Transition(source="free", target="dead", distribution=exponential(0.3 * 0.2)),
            Transition(
                source="progressed", target="dead",
                distribution={"family": "weibull", "shape": course.shape, "scale": course.scale},
            ),
        ),
        strategies=(Strategy(strategy="a", label="a"),),
    )  # fmt: skip
    patients = simulate_model(model, patients=100_000, taus=[END]).measure("survival_time", END)
    assert (
        abs(value(result, "survival_time", strategy=1) - patients.estimate[0])
        < 4 * patients.mc_std_error[0] + 2e-3
    )


def test_cycles_count_the_mean_of_their_ends():
    from survsim.simulation.declared.partitioned import Partitioned

    for correction, shift in (("start", 0), ("end", 1), ("life_table", 0.5)):
        declared = Partitioned.model_validate(
            {"strategies": {"a": two()}, "cycle": 1.0, "correction": correction}
        )
        result = partitioned_survival(declared, horizon=END, time_unit="months")
        ends = np.exp(-OS * np.arange(61))
        exact = (1 - shift) * ends[:-1].sum() + shift * ends[1:].sum()
        assert value(result, "survival_time") == pytest.approx(exact, abs=1e-10)
    with pytest.raises(ScenarioError, match="no whole number of cycles"):
        partitioned_survival(declared, horizon=60.5, time_unit="months")


@pytest.mark.parametrize("correction", ["start", "end", "half_cycle", "life_table", "simpson"])
def test_cycles_of_curves_count_as_those_of_matrices(correction):
    """Exponential curves are a matrix: what is counted, discounted and paid at a death is the same either way."""
    free, alive = np.exp(-PFS), np.exp(-OS)
    matrix = {
        "free": {"free": free, "progressed": alive - free, "dead": "rest"},
        "progressed": {"progressed": alive, "dead": "rest"},
    }
    values = Values.model_validate(
        {
            "discount": {"rate": 0.1},
            "outcomes": {
                "cost": {"kind": "cost", "by_state": {"progressed": 7.0}, "at_entry": {"dead": 100.0}},
                "quality": {"kind": "quality", "by_state": {"progressed": 0.5}},
            },
        }
    )
    from survsim.simulation import cycle_cohort
    from survsim.simulation.declared.partitioned import Partitioned

    curves = Partitioned.model_validate({"strategies": {"a": two()}, "cycle": 1.0, "correction": correction})
    mine = partitioned_survival(curves, horizon=END, time_unit="months", values=values)
    cycles = {
        "length": "1 month",
        "states": ["free", "progressed", "dead"],
        "deaths": ["dead"],
        "correction": correction,
        "strategies": {"a": {"matrix": matrix}},
    }
    other = cycle_cohort(cycles, horizon=END, time_unit="months", values=values)
    for measure in (
        "survival_time",
        "discounted_survival_time",
        "cost",
        "discounted_cost",
        "discounted_quality",
    ):
        assert value(mine, measure) == pytest.approx(value(other, measure), rel=1e-10), measure


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"strategies": {"a": {"progression_free": exponential(0.2)}}}, "overall"),
        ({"strategies": {"a": two(os="nobody")}}, "'nobody' is used but not given"),
        ({"strategies": {"a": two() | {"overall": {"reference": "b", "hazard_ratio": 1.0}}}}, "'b' is none of the strategies"),
        ({"strategies": {"a": two() | {"overall": {"reference": "a", "hazard_ratio": 1.0}}}}, "leads back to itself"),
        ({"strategies": {"a": two() | {"overall": {"times": [5.0], "survival": [0.5], "joined": "steps"}}}}, "ends at 5 months"),
        ({"strategies": {"a": two() | {"overall": {"times": [5.0, 6.0], "survival": [0.5, 0.6], "joined": "steps"}}}}, "never rises"),
        ({"strategies": {"a": two() | {"overall": {"colour": "red"}}}}, "a curve has the key family"),
        ({"taus": [61.0]}, "between 0 and the horizon"),
        ({"deaths": 1.5}, "share from 0 to below 1"),
        ({"strategies": {"a": two() | {"overall": Exponential(rate=0.1, time_unit="years")}}}, "counts in years"),
        (
            {"values": Values(outcomes={"c": {"kind": "cost", "by_state": {"progressed": -3.0}}})},
            "a cost is at least 0. Where a loss of quality is meant",
        ),
        ({"values": Values(outcomes={"q": {"kind": "quality", "by_state": {"progressed": 30.0}}})}, "a utility is at most 1"),
        ({"values": Values(outcomes={"c": {"kind": "cost", "at_entry": {"progressed": 3.0}}})}, "how many enter progressed is not known"),
        ({"values": Values(outcomes={"c": {"kind": "cost", "by_treatment": {"x": 3.0}}})}, "a cohort has no lines and events"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_in_one_message(given, message):
    with pytest.raises((InputError, ScenarioError), match=message):
        found(given.pop("strategies", None), **given)


def test_curves_that_were_exchanged_are_refused_with_a_sentence():
    early, late = ({"family": "weibull", "shape": 1.1, "scale": scale} for scale in (9.0, 20.0))
    with pytest.raises(ScenarioError, match=r"above overall survival .* as if the two curves were exchanged"):
        partitioned_survival(
            {"a": {"progression_free": late, "overall": early}}, horizon=60.0, time_unit="months"
        )


def test_the_model_says_how_it_counts_and_what():
    from survsim.simulation.cohort.explaining import explain_cohort
    from survsim.simulation.declared.partitioned import Partitioned

    values = Values.model_validate(
        {"discount": {"rate": 0.03}, "outcomes": {"cost": {"kind": "cost", "by_state": {"progressed": 7.0}}}}
    )
    own = {
        "cost": {"at_beginning": 50.0, "added": [{"until": 2.0, "by_state": {"progression_free": "price"}}]}
    }
    strategies = {"a": two(), "b": two(0.1, 0.05, values=own)}
    plain = Partitioned.model_validate({"strategies": strategies})
    assert "exact area" in explain_cohort(plain, "months")
    assert Partitioned.model_validate(plain.model_dump(by_alias=True, mode="json")) == plain
    cycles = {"strategies": strategies, "cycle": 1.0, "correction": "simpson", "once": "weighed"}
    told = explain_cohort(Partitioned.model_validate(cycles), "months", values)
    assert "by Simpson's weights; what is counted once counts by those weights" in told
    assert "cost: 50 at the beginning; progression_free price on top from 0 to 2" in told
    assert "Life is counted plain and discounted at 0.03 a year" in told
    assert "by state, a month: progressed 7." in told
