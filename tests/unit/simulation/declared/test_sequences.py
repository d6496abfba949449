"""Orders of treatments as a rule: which are allowed, what they come to, and what is refused."""

from __future__ import annotations

import json
from itertools import permutations

import jsonschema
import numpy as np
import pytest
import yaml

import survsim
from survsim.core.errors import ScenarioError
from survsim.scenario import file_schema
from survsim.simulation import Model, Sequences, State, Transition, Treatment, simulate_model
from survsim.simulation.declared.strategy import strategy_from


def orders(**rule):
    return list(Sequences.model_validate({"sequences": "s", **rule}).orders())


def test_every_order_is_one_that_a_filter_over_all_permutations_keeps():
    of = ("A", "B", "C", "D")
    found = orders(
        of=of,
        at_least=2,
        at_most=3,
        only_after={"B": "A"},
        never_after={"D": ["C"]},
        not_together=[["A", "D"]],
    )
    every = [p for n in (2, 3) for p in permutations(of, n)]

    def allowed(p):
        if "B" in p and ("A" not in p or p.index("A") > p.index("B")):
            return False
        if "D" in p and "C" in p and p.index("C") < p.index("D"):
            return False
        return not {"A", "D"} <= set(p)

    assert sorted(found) == sorted(p for p in every if allowed(p))
    assert len(found) > 3


def test_several_that_must_come_before_are_all_asked_for():
    assert orders(of=["A", "B", "C"], at_least=3, only_after={"C": ["A", "B"]}) == [
        ("A", "B", "C"),
        ("B", "A", "C"),
    ]


STATES = (State(name="well"), State(name="sick", progression=True), State(name="dead", death=True))
LAW = {"family": "exponential", "rate": 0.1}
WAYS = (
    Transition(source="well", target="sick", distribution=LAW),
    Transition(source="sick", target="dead", distribution=LAW),
)


def drug(ratio):
    effects = [{"transition": "*>*", "hazard_ratio": ratio, "lasts": "while_on"}]
    return Treatment.model_validate({"effects": effects, "duration": 4.0})


def test_a_rule_gives_the_bits_of_the_strategies_written_out():
    rule = Sequences.model_validate(
        {
            "sequences": "o",
            "of": {"first": "a", "pair": ["b", "c"]},
            "at_least": 2,
            "only_after": {"pair": "first"},
            "then": [{"quantity": "n_progressions", "at_least": 1}],
            "stop": [{"on": "progression"}],
        }
    )
    written = strategy_from(
        {
            "strategy": "o_first_pair",
            "label": "first, then pair",
            "lines": [
                {"line": "first", "treatments": ["a"], "stop": [{"on": "progression"}]},
                {
                    "line": "pair",
                    "treatments": ["b", "c"],
                    "start": [
                        {"quantity": "line", "name": "first", "is": ["completed", "stopped", "declined"]},
                        {"quantity": "n_progressions", "at_least": 1},
                    ],
                    "stop": [{"on": "progression"}],
                },
            ],
        }
    )
    assert rule.strategies() == (written,)

    def means(strategies):
        treatments = {"a": drug(0.5), "b": drug(0.7), "c": drug(0.9)}
        model = Model(
            time_unit="months",
            horizon=60.0,
            states=STATES,
            transitions=WAYS,
            strategies=strategies,
            treatments=treatments,
        )
        return simulate_model(model, patients=500, taus=[60.0]).means

    np.testing.assert_array_equal(means(rule.strategies()), means((written,)))


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"of": ["A", "A"]}, "of: 'A' stands there more than once"),
        ({"of": []}, "at least one treatment"),
        ({"of": {"x": []}}, "every option at least one"),
        (
            {"of": ["A", "B"], "only_after": {"B": "C"}},
            "only_after names C, which of does not hold; of: A, B",
        ),
        ({"of": ["A", "B"], "only_after": {"C": "B"}}, "only_after names C"),
        ({"of": ["A", "B"], "never_after": {"B": ["Z"]}}, "never_after names Z"),
        ({"of": ["A", "B"], "not_together": [["A", "Q"]]}, "not_together names Q"),
        ({"of": ["A", "B"], "needs": {"Q": []}}, "needs names Q"),
        ({"of": ["A", "B"], "only_after": {"B": "B"}}, "B cannot come after itself"),
        ({"of": ["A", "B"], "at_most": 3}, "nor at_most above 2"),
        ({"of": ["A", "B"], "at_least": 2, "at_most": 1}, "at_least is not above at_most"),
        ({"of": ["A", "B"], "afterwards": {}}, "afterwards"),
        ({"of": ["A", "B"], "only_after": {"A": "B", "B": "A"}}, "A, B wait for one another"),
        ({"of": ["A", "B"], "not_together": [["A", "B"]], "at_least": 2}, "no order of 2 or more is allowed"),
        ({"of": [f"d{i}" for i in range(9)]}, "more than 2,000 orders are allowed; set at_most"),
    ],
)
def test_what_a_rule_may_not_say(tmp_path, rule, says):
    with pytest.raises(ScenarioError, match=says):
        read(tmp_path, {"sequences": "s", **rule})


def read(folder, rule):
    def fixed(value):
        return {
            "source": "assumption",
            "unit": "per month",
            "distribution": {"law": "fixed", "value": value},
            "meaning": "deaths a month",
            "reason": "a number to try the rule with",
        }

    content = {
        "scenario": "orders", "question": "q", "estimand": "e", "time_unit": "months", "horizon": 24, "seed": 1,
        "full": {"draws": 1, "patients": 100}, "quick": {"draws": 1, "patients": 100},
        "outcomes": {"reference": "none", "tau": [24], "decision_tau": 24, "alive_at": [12]},
        "states": [{"name": "well"}, {"name": "dead", "death": True}],
        "transitions": [{"source": "well", "target": "dead", "distribution": {"family": "exponential", "rate": "rate"}}],
        "treatments": {n: {"duration": 3} for n in "AB"},
        "strategies": [{"strategy": "none"}, rule],
        "parameters": {"rate": fixed(0.1)},
    }  # fmt: skip
    file = folder / "scenario.yml"
    file.write_text(yaml.safe_dump(content))
    return survsim.Scenario.from_yaml(file)


def test_a_scenario_file_holds_the_rule(tmp_path):
    scenario = read(tmp_path, {"sequences": "s", "of": ["A", "B"], "only_after": {"B": "A"}})
    assert [s.name for s in scenario.strategies] == ["none", "s_A", "s_A_B"]
    content = yaml.safe_load((tmp_path / "scenario.yml").read_text())
    schema = jsonschema.Draft202012Validator(json.loads(file_schema("scenario")))
    schema.validate(content)
    content["strategies"][1]["only_affter"] = {}
    assert not schema.is_valid(content)
    assert survsim.simulate(scenario).strategies == ("none", "s_A", "s_A_B")
