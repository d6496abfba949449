"""One number put elsewhere: shares of one whole make room, and every rule gives what it gave in the draws."""

from __future__ import annotations

import numpy as np
import pytest

from survsim.core.errors import InputError
from survsim.scenario.derive import RULES
from survsim.scenario.exploring import Explorer
from survsim.scenario.moving import middle_of, moved_to
from survsim.scenario.one_way import held, one_way_runs
from survsim.scenario.run import scenario_parameters
from survsim.scenario.spec import Scenario

HEAD = """
scenario: moved
question: What does a drug add to survival in this example?
estimand: Difference in restricted mean survival.
time_unit: months
horizon: 36
seed: 1
full: {draws: 60, patients: 100}
quick: {draws: 60, patients: 100}
outcomes: {reference: wait, tau: [12, 36], decision_tau: 36, alive_at: [12]}
population: {description: people of an example, performance_status: 1}
treatments:
  drug: {effects: [{transition: "well>dead", hazard_ratio: hr, lasts: always}]}
strategies:
  - {strategy: wait, label: Wait}
  - {strategy: treat, label: Drug, lines: [{line: one, treatments: [drug]}]}
"""
ASSUMED = "source: assumption, meaning: a number of an example, reason: an assumption for this example only"
HR = f"  hr: {{{ASSUMED}, distribution: {{law: lognormal, median: 0.6, low: 0.3, high: 1.2}}}}\n"
SHARES = """
states: [{name: well}, {name: ill}, {name: bad}, {name: dead, death: true}]
start: {well: sw, ill: si, bad: rest}
transitions:
  - {source: well, target: dead, distribution: {family: exponential, rate: 0.08}}
  - {source: ill, target: dead, distribution: {family: exponential, rate: 0.2}}
  - {source: bad, target: dead, distribution: {family: exponential, rate: 0.4}}
values: {outcomes: {burden: {kind: number, by_state: {well: ill_in_all}}}}
joint:
  shares: {law: dirichlet, counts: {sw: 3, si: 2, sb: 1}, reason: an assumption for this example only}
parameters:
  sw: {source: joint, of: shares, meaning: share who start well}
  si: {source: joint, of: shares, meaning: share who start ill}
  rest: {source: joint, of: shares, component: sb, meaning: share who start badly off}
  ill_in_all: {source: derived, rule: complement, of: [sw], meaning: share who are not well}
"""
TWO = """
states: [{name: well}, {name: dead, death: true}]
transitions:
  - {source: well, target: dead, distribution: {family: exponential, rate: 0.1}}
values: {outcomes: {burden: {kind: number, by_state: {well: made}}}}
parameters:
"""


def scenario(tmp_path, body):
    file = tmp_path / "scenario.yml"
    file.write_text(HEAD + body + HR, encoding="utf-8")
    return Scenario.from_yaml(file)


OPTIONS = {
    "linear_predictor": [
        ("weights: [2.0], link: identity", lambda x: 2 * x),
        ("weights: [2.0], link: exp", lambda x: np.exp(2 * x)),
        ("weights: [2.0], link: logit", lambda x: 1 / (1 + np.exp(-2 * x))),
        ("weights: [2.0], link: cloglog", lambda x: 1 - np.exp(-np.exp(2 * x))),
    ],
    "rate_from_probability": [("interval: 12", lambda x: -np.log(1 - x) / 12)],
    "probability_from_rate": [("interval: 12", lambda x: 1 - np.exp(-12 * x))],
    "rate_from_median": [("", lambda x: np.log(2) / x)],
    "product": [("", lambda x: x)],
    "complement": [("", lambda x: 1 - x)],
}


LAWS = {
    "probability_from_rate": "unit: per month, distribution: {law: gamma, mean: 0.08, sd: 0.01}",
    "rate_from_median": "unit: months, distribution: {law: gamma, mean: 8.0, sd: 1.0}",
}


@pytest.mark.parametrize(
    ("rule", "option"), [(r, i) for r, all_of in OPTIONS.items() for i in range(len(all_of))]
)
def test_a_derived_number_follows_one_that_is_moved_by_its_rule_and_options(tmp_path, rule, option):
    told, right = OPTIONS[rule][option]
    made = f"source: derived, rule: {rule}, of: [p], meaning: what follows{', ' if told else ''}{told}"
    law = LAWS.get(rule, "distribution: {law: beta, mean: 0.4, worth: 40}")
    body = f"{TWO}  p: {{{ASSUMED}, {law}}}\n  made: {{{made}}}\n"
    explorer = Explorer(scenario(tmp_path, body), patients=20)
    at = 1.05 * explorer.middle["p"]
    assert explorer.numbers({"p": at})["made"] == pytest.approx(right(at), rel=1e-12)
    assert explorer.numbers({}) == explorer.middle
    assert np.isfinite(explorer.redraw(p=at).months).all()


def test_every_rule_that_takes_options_is_among_those():
    asked = {
        name for name, (rule, _) in RULES.items() if rule.__kwdefaults__ or rule.__code__.co_kwonlyargcount
    }
    assert asked <= set(OPTIONS)


def test_shares_of_one_whole_stand_at_their_means_and_make_room_for_each_other(tmp_path):
    explorer = Explorer(scenario(tmp_path, SHARES), patients=300)
    middle, shares = explorer.middle, ("sw", "si", "rest")
    drawn = scenario_parameters(explorer.scenario, draws=200).draws()
    assert [middle[n] for n in shares] == pytest.approx([drawn[n].mean() for n in shares], rel=1e-12)
    assert middle["ill_in_all"] == pytest.approx(1 - middle["sw"], rel=1e-12)
    moved = explorer.numbers({"sw": 0.7})
    assert moved["si"] / moved["rest"] == pytest.approx(middle["si"] / middle["rest"], rel=1e-12)
    assert moved["si"] + moved["rest"] == pytest.approx(0.3, rel=1e-12)
    assert moved["ill_in_all"] == pytest.approx(0.3, rel=1e-12)
    two = explorer.numbers({"sw": 0.5, "si": 0.3})
    assert two["rest"] == pytest.approx(0.2, rel=1e-12)
    # who is well longest gains most: the answer is the mean of those of the three states
    rates = np.array([0.08, 0.2, 0.4])
    alive = (1 - np.exp(-36 * rates)) / rates
    shown = explorer.redraw(sw=0.7)
    truth = float(np.dot([moved[n] for n in shares], alive))
    assert shown.months[0] == pytest.approx(truth, abs=4 * 18 / np.sqrt(300))
    with pytest.raises(InputError, match=r"at most 1; sw and si would come to 1\.1"):
        explorer.numbers({"sw": 0.6, "si": 0.5})


def test_a_share_that_is_held_leaves_the_others_their_ratios_in_each_draw(tmp_path):
    one = scenario(tmp_path, SHARES)
    drawn = scenario_parameters(one, draws=60).draws()
    kept = held(one.content, drawn, "sw", 0.25)
    assert np.allclose(kept["sw"] + kept["si"] + kept["rest"], 1.0, atol=1e-12)
    assert kept["si"] / kept["rest"] == pytest.approx(drawn["si"] / drawn["rest"], rel=1e-9)
    assert kept["ill_in_all"] == pytest.approx(np.full(60, 0.75), rel=1e-12)
    assert np.array_equal(kept["hr"], drawn["hr"])
    bars = one_way_runs(one, strategy="treat", patients=40, draws=20)
    assert set(bars.names) == {"hr", "sw", "si", "rest"}


def test_what_is_put_where_it_was_moves_nothing(tmp_path):
    content = scenario(tmp_path, SHARES).content
    drawn = scenario_parameters(scenario(tmp_path, SHARES), draws=10).draws()
    again = moved_to(content, drawn, {"sw": drawn["sw"].copy()})
    assert all(np.array_equal(again[name], drawn[name]) for name in drawn)
    assert middle_of(content, drawn)["hr"] == float(np.median(drawn["hr"]))
