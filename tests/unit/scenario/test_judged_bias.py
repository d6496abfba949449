"""A calibration may take the bias of a contrast from its judgements; what it declares itself stays as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from survsim.errors import EvidenceError, ScenarioError
from survsim.evidence.ask.store import load_evidence
from survsim.scenario import judged_bias, read_calibration

FILE = Path(__file__).parents[3] / "analyses" / "03_case_strategies" / "calibration.yml"
ROW = "zhao_2016_sts_port_e01"


@pytest.fixture(scope="module")
def store():
    return load_evidence()


def with_bias(tmp_path, bias, row=ROW):
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    content["predictions"] = []  # those of another report lie beside the shipped file, not beside this copy
    place = next(c for c in content["contrasts"] if c["row"] == row)
    place["bias"] = bias
    path = tmp_path / "calibration.yml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return read_calibration(path)


def bias_of(plan, store, row=ROW):
    return next(t for t in plan.targets(store) if t.label == row).bias


def test_every_ratio_with_a_declared_prior_gets_the_row_of_the_table(store):
    table = store.bias_priors.set_index(["tool", "judgement"])
    overall = store.risk_of_bias().overall()
    checked = 0
    for row, tool, word in zip(overall["row_id"], overall["tool"], overall["overall"]):
        if (tool, word) not in table.index:
            continue
        found = judged_bias(store, row)
        assert (found.mean, found.sd) == (table.loc[(tool, word), "mean"], table.loc[(tool, word), "sd"])
        assert table.loc[(tool, word), "basis"] in found.ground
        assert tool in found.ground
        checked += 1
    assert checked > 10


@pytest.mark.parametrize("bias", ["from_judgements", {"from_judgements": True, "shared": "observational"}])
def test_a_file_may_ask_for_the_judgements(tmp_path, store, bias):
    found = bias_of(with_bias(tmp_path, bias), store)
    expected = judged_bias(store, ROW)
    assert (found.mean, found.sd, found.ground) == (expected.mean, expected.sd, expected.ground)
    assert found.shared == ("" if isinstance(bias, str) else "observational")


def test_what_a_file_declares_itself_is_not_touched(tmp_path, store):
    own = {"mean": -0.2, "sd": 0.3, "ground": "treatment by indication", "shared": "x"}
    found = bias_of(with_bias(tmp_path, own), store)
    assert (found.mean, found.sd, found.ground, found.shared) == (-0.2, 0.3, "treatment by indication", "x")


def test_of_two_sources_none_wins_in_silence(tmp_path):
    with pytest.raises(ScenarioError, match="from_judgements brings mean, sd and ground; remove mean"):
        with_bias(tmp_path, {"from_judgements": True, "mean": -0.1})
    with pytest.raises(ScenarioError, match="from_judgements"):
        with_bias(tmp_path, "by_judgement")


def test_a_row_without_judgement_or_prior_is_refused_with_the_way(store):
    estimates = store.estimates["estimate_id"]
    unjudged = next(r for r in estimates if r not in set(store.bias["row_id"]))
    with pytest.raises(
        ScenarioError, match=r"nobody judged its risk of bias; add rows to declared/bias\.csv"
    ):
        judged_bias(store, unjudged)
    of_one_group = store.bias[store.bias["tool"] == "quips"]["row_id"].iloc[0]
    with pytest.raises(ScenarioError, match=r"no prior of a bias is declared for quips"):
        judged_bias(store, of_one_group)
    with pytest.raises(EvidenceError, match="no number and no case is called nobody"):
        judged_bias(store, "nobody")


def test_the_contrasts_of_the_case_model_all_have_one(store):
    plan = read_calibration(FILE)
    for contrast in plan.content.contrasts:
        assert np.isfinite(judged_bias(store, contrast.row).sd)
