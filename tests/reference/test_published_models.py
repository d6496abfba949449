"""Published models written as data: no Python beside the file, and the printed results within Monte Carlo error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

import survsim

MODELS = Path(__file__).parent / "models"


def each_mean_is_printed(weighed, found, printed, effect, tau):
    """Effect and discounted cost of every strategy lie within four Monte Carlo errors of what is printed."""
    for measure, by_draw in ((effect, weighed.effect_by_draw), ("discounted_cost", weighed.cost_by_draw)):
        error = found.measure(measure, tau).mc_std_error
        for s, strategy in enumerate(weighed.strategies):
            truth = printed[strategy][measure.removeprefix("discounted_")]
            assert abs(by_draw[s, 0] - truth) < 4.0 * error[s], (strategy, measure)


@pytest.fixture(scope="module")
def hiv():
    scenario = survsim.Scenario.from_yaml(MODELS / "hiv_markov" / "scenario.yml")
    printed = yaml.safe_load((MODELS / "hiv_markov" / "printed.yml").read_text(encoding="utf-8"))
    found = survsim.simulate(scenario, patients=200_000)
    return found.cost_effectiveness("life_years", "cost", 21.0), found, printed


def test_each_printed_mean_of_the_hiv_model(hiv):
    weighed, found, printed = hiv
    each_mean_is_printed(weighed, found, printed, "life_years", 21.0)


def test_the_printed_differences_and_ratio_of_the_hiv_model(hiv):
    weighed, _, printed = hiv
    row = weighed.to_frame().set_index("strategy").loc["combination"]
    gain = printed["combination"]["life_years"] - printed["monotherapy"]["life_years"]
    price = printed["combination"]["cost"] - printed["monotherapy"]["cost"]
    assert abs(row["effect_difference"] - gain) < 4.0 * row["effect_mc_std_error"]
    assert abs(row["cost_difference"] - price) < 4.0 * row["cost_mc_std_error"]
    # the error of a ratio of means: that of cost - ratio * effect, over the effect
    net = weighed.net_benefit(printed["icer"], per="years")
    error = np.sqrt(np.array([1, -1]) @ net.mc_covariance[0] @ np.array([1, -1])) / gain
    assert abs(row["icer"] - printed["icer"]) < 4.0 * error
    assert weighed.status() == ("frontier", "frontier")


def test_the_states_at_cycle_ends_follow_the_matrix(hiv):
    _, found, _ = hiv
    a, b, c = (
        np.array(row, float) / sum(row)
        for row in ([1251, 350, 116, 17], [0, 731, 512, 15], [0, 0, 1312, 437])
    )
    matrix = np.stack([a, b, c, [0, 0, 0, 1.0]])
    relative = np.vstack([0.509 * matrix[:3], matrix[3:]])
    for i in range(3):
        relative[i, i] = 0.0
        relative[i, i] = 1.0 - relative[i].sum()
    for strategy, steps in (("monotherapy", [matrix] * 10), ("combination", [relative] * 2 + [matrix] * 8)):
        share, s = np.array([1.0, 0, 0, 0]), found.strategies.index(strategy)
        for year, step in enumerate(steps, start=1):
            share = share @ step
            seen = found.counts[0, s, :, found.grid.searchsorted(year + 0.5)] / found.n_patients
            assert np.abs(seen - share).max() < 4.5 * np.sqrt(0.25 / found.n_patients), (strategy, year)


@pytest.fixture(scope="module")
def sick_sicker():
    scenario = survsim.Scenario.from_yaml(MODELS / "sick_sicker" / "scenario.yml")
    printed = yaml.safe_load((MODELS / "sick_sicker" / "printed.yml").read_text(encoding="utf-8"))
    found = survsim.simulate(scenario, patients=25_000)
    return found.cost_effectiveness("quality", "cost", 76.0), found, printed


def test_each_printed_mean_of_the_sick_sicker_model(sick_sicker):
    weighed, found, printed = sick_sicker
    each_mean_is_printed(weighed, found, printed, "discounted_quality", 76.0)


def test_the_frontier_of_the_sick_sicker_model_is_the_printed_one(sick_sicker):
    weighed, _, printed = sick_sicker
    assert dict(zip(weighed.strategies, weighed.status())) == {n: p["status"] for n, p in printed.items()}
    frame = weighed.to_frame().set_index("strategy")
    for before, now in (("standard_of_care", "B"), ("B", "AB")):
        s, t = weighed.strategies.index(before), weighed.strategies.index(now)
        truth = printed[now]["icer"]
        pair = np.zeros(len(weighed.strategies))
        pair[s], pair[t] = -1.0, 1.0
        net = weighed.net_benefit(truth, per="years")
        error = np.sqrt(pair @ net.mc_covariance[0] @ pair) / (
            printed[now]["quality"] - printed[before]["quality"]
        )
        assert abs(frame.loc[now, "frontier_icer"] - truth) < 4.0 * error
    best = weighed.curves([60_000.0, 100_000.0, 150_000.0], per="years").best
    assert [weighed.strategies[int(b)] for b in best] == ["standard_of_care", "B", "AB"]
