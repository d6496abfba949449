"""The scenario file: what fits together, and one message for what does not."""

import shutil
from pathlib import Path

import pytest

from survsim import Scenario
from survsim.core.yaml_files import read_yaml
from survsim.errors import ScenarioError

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "tests" / "helpers" / "case_study" / "analyses" / "03_case_strategies"


@pytest.fixture
def study(tmp_path):
    """A copy of the shipped scenario and its strategies, to be spoilt."""
    target = tmp_path / "analyses" / "03_case_strategies"
    shutil.copytree(FOLDER, target, ignore=shutil.ignore_patterns("results"))
    shutil.copytree(
        ROOT / "tests" / "helpers" / "case_study" / "data" / "strategies", tmp_path / "data" / "strategies"
    )
    return target / "scenario.yml"


def spoil(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_shipped_scenario_fits_together():
    scenario = Scenario.from_yaml(FOLDER / "scenario.yml")
    assert len(scenario.strategies) >= 6
    kinds = {p.source for p in scenario.content.parameters.values()}
    assert kinds == {"rows", "assumption", "derived"}


def test_every_parameter_has_rows_or_a_reason():
    for name, one in read_yaml(FOLDER / "scenario.yml")["parameters"].items():
        assert one.get("rows") or one.get("of") or len(one.get("reason", "")) >= 20, name


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("hr_radiotherapy, lasts", "hr_surgery, lasts", "'hr_surgery' is used but not defined"),
        ("rate: other_death_rate}", "rate: 0.01}", "knows nothing"),
        ("reference: surgery_alone", "reference: nothing", "reference 'nothing' is none of the strategies"),
        ("source: assumption\n", "source: guess\n", "guess"),
        ("horizon: 60", "horizon: -1", "must be above 0"),
        ("horizon: 60", "horizons: 60", "horizon: Field required"),
        ("low: 0.8, high: 1.6", "low: 1.8, high: 1.6", "must hold"),
        ("surgery_alone.yml", "../../../../etc/strategy.yml", "leaves the study's folder"),
        ("surgery_alone.yml", "none.yml", "no file"),
        ("seed: 20260101", "seed: !!python/object/apply:os.getcwd []", "plain values"),
    ],
)
def test_faults_are_said_in_one_message(study, old, new, words):
    if words == "knows nothing":
        # A parameter that nothing uses any more is a fault too.
        spoil(
            study,
            "of: [other_death_rate, other_death_ratio_progressed]",
            "of: [other_death_ratio_progressed]",
        )
        words = "'other_death_rate' is defined but nothing uses it"
    with pytest.raises(ScenarioError, match=words):
        Scenario.from_yaml(spoil(study, old, new))


def test_a_file_that_is_no_scenario_is_named(tmp_path):
    path = tmp_path / "text.yml"
    path.write_text("just words")
    with pytest.raises(ScenarioError, match="must hold keys and values; it holds str"):
        Scenario.from_yaml(path)


PROGRESSED = """
histories:
  at_progression:
    now: known_now
    path: [{state: progressed, at: known_now}]
    given:
      - {treatment: radiotherapy_44, start: 2.0, end: 3.0, status: completed}
      - {treatment: gemcitabine_docetaxel, start: 3.5, end: 4.0, status: stopped}
    toxicities: [{treatment: gemcitabine_docetaxel, name: leukopenia_stopping}]
"""
KNOWN_NOW = """  known_now:
    source: assumption
    distribution: {law: uniform, low: 5.0, high: 7.2}
    unit: months
    meaning: time of progression of the index case
    reason: the report gives no date, intervals count back to it
"""


def test_a_history_of_the_file_is_simulated_from(study):
    from survsim import simulate

    text = study.read_text(encoding="utf-8").replace("parameters:\n", f"parameters:\n{KNOWN_NOW}", 1)
    study.write_text(text + PROGRESSED, encoding="utf-8")
    scenario = Scenario.from_yaml(study)
    result = simulate(scenario, patients=2000, draws=4, history="at_progression")
    shares = dict(zip(result.strategies, result.measure("line/reirradiation").estimate))
    # everybody has progressed; whoever lives through the delay is irradiated again
    assert shares["as_treated"] > 0.7 and shares["surgery_alone"] == 0.0
    doses = dict(zip(result.strategies, result.measure("cord_dose").estimate))
    assert doses["surgery_alone"] == pytest.approx(44.0)
    assert doses["as_treated"] > 55.0
    means = result.rmst(24.0).estimate
    # nothing differs between strategies whose lines are all in the past
    assert means[0] == means[1] == means[2]
    with pytest.raises(ScenarioError, match="holds no history 'later'; known: at_progression"):
        simulate(scenario, patients=10, draws=2, history="later")
    with pytest.raises(ScenarioError, match="history cannot be used as written"):
        simulate(scenario, patients=10, draws=2, history={"now": 3.0, "pth": []})
    with pytest.raises(ScenarioError, match=r"histories\.at_progression\.now takes a time in months"):
        Scenario.from_yaml(spoil(study, "now: known_now", "now: hr_chemotherapy"))


def test_a_strategy_whose_file_is_gone_is_told_with_its_place(study):
    folder = study.parents[2] / "data" / "strategies"
    (folder / "as_treated.yml").rename(folder / "other.yml")
    with pytest.raises(
        ScenarioError, match=r"strategies\.\d: there is no file .*as_treated\.yml as seen from scenario\.yml"
    ):
        Scenario.from_yaml(study)


def test_what_parameters_mean_is_at_hand(study):
    scenario = Scenario.from_yaml(study)
    assert scenario.meanings["hr_chemotherapy"].startswith("hazard ratio of progression")
    assert set(scenario.meanings) == set(scenario.content.parameters)
