"""A scenario file reads its rows from the study that it lies in, wherever one stands."""

import numpy as np
import pandas as pd
import pytest

import survsim
from survsim.errors import EvidenceError
from survsim.evidence.raw.curate import curate
from survsim.report.new_study import new_study
from survsim.scenario.run import check_scenario

PLACE = "analyses/02_strategies/scenario.yml"
MEDIANS = ["example_2001_e04", "example_2002_e03"]


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    """Two studies that differ only in the medians of one endpoint, ten times as long in the second."""
    folder = tmp_path_factory.mktemp("two")
    first, second = (new_study(name, folder, template="strategies") for name in ("first", "second"))
    file = second / "data/raw/literature/example/estimates.csv"
    rows = pd.read_csv(file, dtype=str, keep_default_na=False)
    longer = rows["estimate_id"].isin(MEDIANS)
    assert longer.sum() == 2
    for column in ("value", "conf_low", "conf_high"):
        rows.loc[longer, column] = [f"{10 * float(v):g}" for v in rows.loc[longer, column]]
    rows.to_csv(file, index=False)
    curate(second)
    return first, second


def drawn_median(file):
    scenario = survsim.Scenario.from_yaml(file)
    made = survsim.scenario.scenario_parameters(scenario, draws=400)
    return np.exp(np.log(made.draws()["progression_median"]).mean())


def test_the_rows_are_those_of_the_study_of_the_file(studies, monkeypatch, tmp_path):
    first, second = studies
    found = {}
    for here in (first, second, tmp_path):
        monkeypatch.chdir(here)
        found[here] = [drawn_median(study / PLACE) for study in studies]
    # Weights and heterogeneity on the log scale do not change where every median is ten times as long.
    assert found[first][1] == pytest.approx(10 * found[first][0], rel=1e-9)
    assert found[first] == found[second] == found[tmp_path]


def test_a_check_asks_the_same_study(studies, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # where the installed tables hold none of its rows
    check_scenario(survsim.Scenario.from_yaml(studies[0] / PLACE))


def test_a_file_in_no_study_asks_where_one_stands_and_says_which_tables_were_asked(
    studies, monkeypatch, tmp_path
):
    first = studies[0]
    alone = tmp_path / "alone" / "analyses" / "one"
    alone.mkdir(parents=True)
    text = (first / PLACE).read_text(encoding="utf-8")
    for name in ("usual_care", "drug_first"):
        strategy = (first / f"data/strategies/{name}.yml").read_text(encoding="utf-8")
        (alone / f"{name}.yml").write_text(strategy, encoding="utf-8")
    (alone / "scenario.yml").write_text(text.replace("../../data/strategies/", ""), encoding="utf-8")
    for study in studies:
        monkeypatch.chdir(study)
        assert drawn_median(alone / "scenario.yml") == drawn_median(study / PLACE)
    monkeypatch.chdir(tmp_path)
    installed = survsim.load_evidence()._folder.curated
    with pytest.raises(EvidenceError, match="no estimate is called") as told:
        drawn_median(alone / "scenario.yml")
    assert str(installed) in str(told.value)
