"""The lamps show the judgements, one line for numbers of a study judged alike."""

from __future__ import annotations

import matplotlib
import pytest

import survsim
from survsim.figures.traffic_light import LAMPS, lamps_of

matplotlib.use("Agg")


@pytest.fixture(scope="module")
def bias():
    return survsim.load_evidence().risk_of_bias()


def test_each_lamp_is_the_judgement_of_the_table(bias):
    lamps = lamps_of(bias.plot(tool="robins_i"))
    assert lamps["elshafie_2019_lc110", "selection_of_participants"] == "critical"
    assert lamps["elshafie_2019_lc110", "overall"] == "critical"
    assert lamps["meta_2021_early_adjuvant (2 numbers)", "confounding"] == "serious"
    table = bias.to_frame()
    for row, domain, word in table[table["tool"] == "robins_i"][["row_id", "domain", "judgement"]].values:
        line = next(k for k in lamps if row.startswith(k[0].split(" ")[0]) and k[1] == domain)
        assert lamps[line] == word


def test_signs_differ_between_judgements_of_a_tool():
    from survsim.evidence.schema.bias import TOOL

    for tool in TOOL.values():
        signs = [LAMPS[w][1] for w in (*tool.judgements, "no_information")]
        assert len(set(signs)) == len(signs)


def test_domains_that_are_not_asked_have_no_column():
    bias = survsim.load_evidence().risk_of_bias(["clarke_2010_lm187_s02", "waki_2009_lm85_s03"])
    domains = {d for _, d in lamps_of(bias.plot(tool="quips"))}
    assert "study_confounding" not in domains
    assert "study_attrition" in domains


def test_several_tools_need_a_choice(bias):
    with pytest.raises(survsim.errors.InputError, match="One picture shows one tool"):
        bias.plot()
    with pytest.raises(survsim.errors.InputError, match="got 'rob'"):
        bias.plot(tool="rob")
