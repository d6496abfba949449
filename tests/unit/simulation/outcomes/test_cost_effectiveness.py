"""Effects and costs together: closed forms of normal draws, a hand-solved frontier, and the error within patients."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import norm

from survsim.core.errors import InputError, SmallSampleWarning
from survsim.core.provenance import Provenance
from survsim.simulation import CostEffectiveness, simulate_model
from survsim.simulation.declared.values import Outcome, Values
from survsim.simulation.outcomes.threshold_curves import net_benefits, net_covariance
from tests.unit.simulation.engine.test_counting import END, course, rich

DRAWS = 40_000


def weighed(effect, cost, **more):
    effect, cost = np.atleast_2d(effect), np.atleast_2d(cost)
    s, d = effect.shape
    names = tuple("abcdefg"[:s])
    given = {
        "effect": "quality", "cost": "spent", "effect_unit": "months", "cost_unit": "EUR", "tau": 24.0,
        "reference": "a", "strategies": names, "labels": names, "effect_by_draw": effect, "cost_by_draw": cost,
        "time_unit": "months", "conf_level": 0.95, "provenance": Provenance.of("test"),
    }  # fmt: skip
    none = {f"{k}_covariance": np.zeros((d, s, s)) for k in ("effect", "cost", "cross")}
    return CostEffectiveness(**{**given, **none, **more})


def normal():
    """Strategy b gains N(0.5, 0.4) months at N(1000, 300), against a."""
    rng = np.random.default_rng(4)
    gain, price = rng.normal(0.5, 0.4, DRAWS), rng.normal(1000.0, 300.0, DRAWS)
    return weighed(np.stack([np.zeros(DRAWS), gain]), np.stack([np.zeros(DRAWS), price]))


@pytest.mark.parametrize("threshold", [500.0, 2200.0, 4000.0])
def test_acceptability_loss_and_information_of_normal_draws(threshold):
    curves = normal().curves([threshold], per="months")
    mean, sd = 0.5 * threshold - 1000.0, np.hypot(0.4 * threshold, 300.0)
    error = sd / np.sqrt(DRAWS)
    assert curves.net_benefit[1, 0] == pytest.approx(mean, abs=4 * error)
    assert curves.probability_best[1, 0] == pytest.approx(norm.cdf(mean / sd), abs=0.01)

    def loss(m):
        return m * norm.cdf(m / sd) + sd * norm.pdf(m / sd)

    assert curves.expected_loss[0, 0] == pytest.approx(loss(mean), abs=5 * error)
    assert curves.expected_loss[1, 0] == pytest.approx(loss(-mean), abs=5 * error)
    assert curves.evpi[0] == pytest.approx(loss(-abs(mean)), abs=5 * error)
    assert curves.best[0] == int(mean > 0)
    assert curves.frontier()[0] == curves.probability_best[curves.best[0], 0]
    decision = normal().net_benefit(threshold, per="months")
    assert decision.unit == "EUR"
    assert decision.expected_regret == pytest.approx(curves.expected_loss[:, 0])
    found = decision.value_of_information({"nothing": np.random.default_rng(1).normal(size=DRAWS)})
    assert found.evpi == pytest.approx(curves.evpi[0])
    assert found.unit == "EUR"


def test_a_threshold_a_year_is_a_twelfth_a_month_and_health_is_money_over_it():
    one, other = normal().net_benefit(24_000.0, per="years"), normal().net_benefit(2000.0, per="months")
    assert one.expected == pytest.approx(other.expected, rel=1e-12)
    health = normal().net_benefit(24_000.0, per="years", count_in="effect")
    assert health.unit == "months"
    assert health.expected == pytest.approx(one.expected / 2000.0)


def test_a_frontier_by_hand():
    # effects 0, 1, 2, 3, 1.5 and costs 0, 100, 150, 400, 170: b is extendedly dominated (75 a unit at c), e dominated by c
    found = weighed(
        np.array([[0.0], [1.0], [2.0], [3.0], [1.5]]), np.array([[0.0], [100.0], [150.0], [400.0], [170.0]])
    )
    assert found.frontier() == (0, 2, 3)
    assert found.status() == ("frontier", "extendedly dominated", "frontier", "frontier", "dominated")
    frame = found.to_frame()
    assert frame["frontier_icer"].tolist()[2:4] == [75.0, 250.0]
    assert frame["icer"].tolist()[1:] == [100.0, 75.0, 400.0 / 3.0, 170.0 / 1.5]
    assert np.isnan(frame["icer"][0])


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e6])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
@pytest.mark.parametrize("middle", [(0.6, 12.0), (0.5, 10.0), (0.7, 14.0)])
def test_strategies_on_one_line_are_all_on_the_frontier_whatever_their_last_bits(middle, order, scale):
    """Each costs 20 per further effect; the quotients differ in their last bits."""
    rows = [(0.1, 2.0), middle, (0.8, 16.0)]
    effect, cost = (np.array([rows[k][i] for k in order])[:, None] for i in (0, 1))
    found = weighed(effect * scale, cost)
    assert [order[k] for k in found.frontier()] == [0, 1, 2]
    assert found.status() == ("frontier",) * 3
    dearer = weighed(effect * scale, cost * np.where(np.array(order) == 1, 1 + 1e-9, 1.0)[:, None])
    assert dearer.status()[order.index(1)] == "extendedly dominated"


def test_effects_and_costs_that_differ_by_rounding_are_the_same():
    effect, cost = np.array([[0.1 + 0.2], [0.3], [0.5]]), np.array([[7.0], [7.0], [9.0]])
    found = weighed(effect, cost)
    assert found.status() == ("frontier",) * 3
    assert np.isnan(found.icer()[1]) and found.icer()[2] == pytest.approx(10.0)
    assert found.frontier()[-1] == 2 and len(found.frontier()) == 2


def test_quadrants_add_up_and_are_where_they_should_be():
    found = weighed(np.array([[0.0] * 4, [1, 1, -1, -1.0]]), np.array([[0.0] * 4, [1, -1, -1, 1.0]]))
    assert found.quadrants()[1].tolist() == [0.25] * 4
    assert found.quadrants()[0].tolist() == [0.0, 1.0, 0.0, 0.0]


def test_the_monte_carlo_error_of_net_benefit_is_that_of_an_outcome_counted_as_such():
    model = rich()
    model = dataclasses.replace(
        model, parameters={"sick": np.array([0.5, 0.6]), "price": np.array([60.0, 70.0])}
    )
    outcomes = dict(model.values.outcomes)
    outcomes["quality"] = outcomes["quality"].model_copy(update={"course": None})
    net = {
        "kind": "number",
        "by_state": {"well": 3 * 0.9, "sick": "net_sick"},
        "by_treatment": {"drug": "minus_price"},
        "at_entry": {"sick": -100.0},
        "at_start": {"first": -9.0},
    }
    outcomes["net"] = Outcome.model_validate(net)
    parameters = dict(model.parameters) | {
        "net_sick": 3 * model.parameters["sick"],
        "minus_price": -model.parameters["price"],
    }
    model = dataclasses.replace(
        model, parameters=parameters, values=Values(discount=model.values.discount, outcomes=outcomes)
    )
    result = simulate_model(model, patients=3000, taus=[END])
    for discounted, name in ((True, "discounted_net"), (False, "net")):
        found = result.cost_effectiveness("quality", "spent", END, discounted=discounted)
        truth = result.measure_index(name, END)
        assert net_benefits(found, 3.0) == pytest.approx(result.means[:, truth].T, rel=1e-10)
        assert net_covariance(found, 3.0) == pytest.approx(result.mc_covariance[:, truth], rel=1e-6)
        decision = found.net_benefit(3.0, per="months")
        assert decision.mc_std_error == pytest.approx(result.measure(name, END).mc_std_error, rel=1e-6)


def test_identical_strategies_cost_nothing_more():
    model = rich()
    twin = model.strategies[1].model_copy(update={"strategy": "twin"})
    result = simulate_model(model.with_strategies((model.strategies[1], twin)), patients=500, taus=[END])
    found = result.cost_effectiveness("quality", "spent", END)
    assert not found.difference("effect").any() and not found.difference("cost").any()
    assert found.status() == ("frontier", "frontier")
    assert found.net_benefit(100, per="months").probability_best.tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("threshold", "per", "message"),
    [
        (50_000, None, "a threshold needs its unit: per='years' for 50000 EUR a year of quality"),
        (50_000, "qaly", "needs its unit"),
        (-1, "years", "above 0"),
        (float("nan"), "years", "above 0"),
        ("50000", "years", "must be a number"),
    ],
)
def test_a_threshold_without_unit_or_below_zero_is_refused(threshold, per, message):
    with pytest.raises(InputError, match=message):
        normal().net_benefit(threshold, per=per)


def test_thresholds_increase():
    with pytest.raises(InputError, match="increasing"):
        normal().curves([2.0, 1.0], per="years")


def test_a_pair_that_was_not_counted_together_is_named():
    result = simulate_model(rich(), patients=100, draws=2, taus=[END])
    with pytest.raises(InputError, match=r"there are: .*discounted_quality with discounted_spent"):
        result.cost_effectiveness("spent", "quality", END)
    bare = simulate_model(course({"outcomes": {"q": {"kind": "quality"}}}), patients=100, taus=[END])
    with pytest.raises(InputError, match="was not discounted"):
        bare.cost_effectiveness("q", "q", END, discounted=True)


def test_a_decision_on_a_named_outcome_knows_its_direction_and_unit():
    result = simulate_model(rich(), patients=500, taus=[END])
    assert result.decision(END, outcome="spent").best == "wait"
    assert result.decision(END, outcome="discounted_spent").unit == "cost"
    assert result.decision(END, outcome="quality").unit == "months"
    with pytest.warns(SmallSampleWarning):
        assert "joint/" not in " ".join(result.compare().measures)
    assert not result.to_frame()["measure"].str.startswith("joint").any()


def test_a_result_with_outcomes_is_read_back(tmp_path):
    result = simulate_model(rich(), patients=100, draws=3, taus=[END])
    result.save(tmp_path / "kept")
    again = type(result).load(tmp_path / "kept")
    assert again.units == result.units and again.lower_is_better == ("spent",)
    curves = result.cost_effectiveness("quality", "spent", END).curves([10.0, 20.0], per="months")
    curves.save(tmp_path / "curves.json")
    assert np.array_equal(type(curves).load(tmp_path / "curves.json").evpi, curves.evpi)
