"""Structural alternatives and real one-way runs of the shipped scenario, in miniature."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from survsim import Scenario, load_evidence, simulate
from survsim.core.provenance import Provenance
from survsim.errors import InputError, ScenarioError
from survsim.scenario.one_way import held, one_way_runs
from survsim.scenario.run import check_scenario, scenario_parameters
from survsim.scenario.structural import StructuralSensitivity, structural_sensitivity
from survsim.simulation.declared.effect import LastsFor

ROOT = Path(__file__).parents[3]
OVERRIDES = """
overrides:
  all_while_given:
    label: every effect lasts while its treatment is given
    lasts: while_on
  chemotherapy_always:
    label: the effect of chemotherapy never ends
    lasts_by_treatment: {gemcitabine_docetaxel: always}
  six_cycles:
    label: early maintenance for six cycles
    set:
      treatments.toripalimab_anlotinib.duration: 4.14
  after_failure:
    label: no effect outlives a progression, over the follow-up
    lasts: {for: 24, unless_stopped_before: 0.2}
    ends_on: progression
  no_frailty:
    label: progression and death are not tied
    set:
      parameters.frailty_variance.distribution: {law: fixed, value: 0.0}
      transitions.controlled>progressed.distribution.shape: 1.0
"""
EFFORT = {"patients": 1000, "draws": 30}


@pytest.fixture(scope="module")
def evidence():
    return load_evidence()


@pytest.fixture
def study(tmp_path):
    target = tmp_path / "analyses" / "03_case_strategies"
    source = ROOT / "tests" / "helpers" / "case_study" / "analyses" / "03_case_strategies"
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("results"))
    shutil.copytree(
        ROOT / "tests" / "helpers" / "case_study" / "data" / "strategies", tmp_path / "data" / "strategies"
    )
    path = target / "scenario.yml"
    path.write_text(path.read_text(encoding="utf-8") + OVERRIDES, encoding="utf-8")
    return path


def test_an_override_changes_what_it_says_and_nothing_else(study):
    scenario = Scenario.from_yaml(study)
    while_given = scenario.overridden("all_while_given").content.treatments
    assert {e.lasts for t in while_given.values() for e in t.effects} == {"while_on"}
    chemo = scenario.overridden("chemotherapy_always").content.treatments
    assert chemo["gemcitabine_docetaxel"].effects[0].lasts == "always"
    assert chemo["anlotinib"] == scenario.content.treatments["anlotinib"]
    six = scenario.overridden("six_cycles")
    assert six.content.treatments["toripalimab_anlotinib"].duration == 4.14
    assert six.strategies == scenario.strategies
    after = scenario.overridden("after_failure").content.treatments["reirradiation_40"].effects[0]
    assert after.ends_on == "progression"
    assert after.lasts == LastsFor.model_validate({"for": 24.0, "unless_stopped_before": 0.2})
    frail = scenario.overridden("no_frailty").content
    assert frail.parameters["frailty_variance"].distribution.value == 0.0
    assert frail.transitions[0].distribution.shape == 1.0


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("lasts: while_on\n  chemo", "lasts: sometimes\n  chemo", "overrides.all_while_given.lasts"),
        ("gemcitabine_docetaxel: always", "gemcitabin: always", "gemcitabin is no treatment; known: anlotinib"),
        ("toripalimab_anlotinib.duration", "toripalimab_anlotinib.durations", "there is no 'durations'"),
        ("treatments.toripalimab_anlotinib.d", "treatments.toripalimab_anlotinip.d", "no 'toripalimab_anlotinip'"),
        ("value: 0.0}", "size: 0.0}", "override no_frailty: parameters.frailty_variance"),
        ("    lasts: while_on\n  chemo", "  chemo", "an alternative changes something"),
    ],
)  # fmt: skip
def test_faults_of_overrides_are_named(study, old, new, words):
    text = study.read_text(encoding="utf-8")
    assert old in text
    study.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ScenarioError, match=words.replace(".", r"\.")):
        check_scenario(Scenario.from_yaml(study))


def test_the_table_holds_what_each_alternative_simulates_alone(study, evidence):
    scenario = Scenario.from_yaml(study)
    found = structural_sensitivity(
        scenario, alternatives=["all_while_given", "six_cycles"], evidence=evidence, **EFFORT
    )
    alone = simulate(scenario.overridden("six_cycles"), evidence=evidence, **EFFORT)
    assert np.array_equal(found.mean[2, 1], alone.decision(24.0).expected)
    assert np.array_equal(found.probability_best[2, 1], alone.decision(24.0).probability_best)
    # surgery alone has no effect to last: the same bits in each row
    assert np.all(found.mean[:, :, 0] == found.mean[0, :, 0])
    assert found.gain[:, :, 0].max() == 0.0
    # radiotherapy of one month that acts for one month gains less than one that acts for good
    assert found.gain[1, 1, 1] < 0.5 * found.gain[0, 1, 1]
    frame = found.to_frame()
    assert len(frame) == 3 * 2 * len(scenario.strategies)
    assert frame.groupby(["alternative", "tau"])["rank"].min().eq(1).all()
    assert "2 alternatives" in found.headline()


def test_one_way_runs_are_simulations_with_one_parameter_held(study, evidence):
    scenario = Scenario.from_yaml(study)
    names = ["hr_radiotherapy", "hr_antiangiogenic", "progression_median_treated"]
    bars = one_way_runs(scenario, strategy="surgery_radiotherapy", names=names, evidence=evidence, **EFFORT)
    frame = bars.to_frame().set_index("parameter")
    # acts in neither strategy: exactly nothing
    assert (
        frame.loc["hr_antiangiogenic", "gain_low"] == frame.loc["hr_antiangiogenic", "gain_high"] == bars.gain
    )
    assert frame.loc["hr_radiotherapy", "gain_low"] > bars.gain > frame.loc["hr_radiotherapy", "gain_high"]
    assert frame.loc["progression_median_treated", "swing"] > 0.1
    drawn = scenario_parameters(scenario, draws=30, evidence=evidence).draws()
    low = held(scenario.content, drawn, "hr_radiotherapy", frame.loc["hr_radiotherapy", "low_value"])
    # the scale without radiotherapy is derived from the ratio, so it moves with it
    ratio = low["hr_radiotherapy"] / drawn["hr_radiotherapy"]
    expected = drawn["progression_scale"] * ratio ** (1 / drawn["progression_shape"])
    assert low["progression_scale"] == pytest.approx(expected) and np.ptp(low["hr_radiotherapy"]) == 0
    with pytest.raises(InputError, match="'progression_scale' is not a parameter that varies by itself"):
        one_way_runs(
            scenario, strategy="surgery_radiotherapy", names=["progression_scale"], evidence=evidence
        )


def test_a_scenario_with_an_undefined_treatment_is_refused_before_it_is_explained(study):
    text = study.read_text(encoding="utf-8")
    study.write_text(text.replace("  anlotinib:\n", "  anlotinip:\n", 1), encoding="utf-8")
    with pytest.raises(ScenarioError, match="anlotinib is not a treatment; known: anlotinip"):
        check_scenario(Scenario.from_yaml(study))


ADDED = """
  resting:
    label: some rest before they die
    add:
      states:
        - {name: resting, treatable: false, utility: 0.2, groups: [in_bed]}
      transitions:
        - {source: progressed, target: resting, distribution: {family: exponential, rate: resting_rate}}
        - {source: resting, target: dead_of_tumour, distribution: {family: exponential, rate: twice}}
      parameters:
        twice: {source: derived, rule: product, of: [resting_rate, two], unit: per month, meaning: hazard of death at rest}
        resting_rate: {source: assumption, distribution: {law: fixed, value: 1.0}, unit: per month, meaning: hazard of rest, reason: for the test of what is added}
        two: {source: assumption, distribution: {law: fixed, value: 2.0}, meaning: a factor of two, reason: for the test of what is added}
"""


def test_an_alternative_adds_states_ways_and_parameters(study, evidence):
    study.write_text(study.read_text(encoding="utf-8") + ADDED, encoding="utf-8")
    scenario = Scenario.from_yaml(study)
    more = scenario.overridden("resting").content
    assert [s.name for s in more.states][-1] == "resting"
    assert len(more.transitions) == len(scenario.content.transitions) + 2
    table = structural_sensitivity(scenario, alternatives=["resting"], evidence=evidence, **EFFORT)
    assert table.groups == ("in_bed",)
    frame = table.to_frame().query("tau == 24").set_index(["alternative", "strategy"])
    assert frame.loc[("as_declared", "surgery_alone"), "time_in_in_bed"] == 0.0
    assert frame.loc[("resting", "surgery_alone"), "time_in_in_bed"] > 0.05
    assert (
        frame.loc[("resting", "surgery_alone"), "mean"] < frame.loc[("as_declared", "surgery_alone"), "mean"]
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("name: resting, treatable", "name: controlled, treatable", "controlled is there already; change it with set"),
        ("      parameters:\n        twice", "      treatment:\n        twice", "there is no 'treatment'"),
        ("      transitions:\n        - {source: progressed, target: resting", "      treatments:\n        - {source: progressed, target: resting", "a list is added to a list"),
    ],
)  # fmt: skip
def test_what_cannot_be_added_is_refused(study, old, new, words):
    study.write_text(study.read_text(encoding="utf-8") + ADDED.replace(old, new), encoding="utf-8")
    with pytest.raises(ScenarioError) as raised:
        Scenario.from_yaml(study).overridden("resting")
    assert words in str(raised.value)


def by_hand(mean, rank):
    """A table of three structures, one horizon and two strategies."""
    mean, rank = np.array(mean, float)[:, None, :], np.array(rank, float)[:, None, :]
    rest = dict.fromkeys(
        ("gain", "gain_low", "gain_high", "gain_error", "probability_best", "quality", "quality_gain", "quality_best"),
        np.zeros_like(mean),
    )  # fmt: skip
    return StructuralSensitivity(
        provenance=Provenance.of("by_hand", "assumption:a/b"),
        alternatives=("as_declared", "utility", "other"),
        labels=("as declared", "another utility", "other"),
        strategies=("a", "b"),
        reference="a",
        taus=(12.0,),
        mean=mean,
        rank=rank,
        groups=(),
        in_group=np.zeros((3, 1, 0, 2)),
        unit="months",
        **rest,
    )


def test_a_structure_that_changes_no_survival_has_no_vote():
    table = by_hand([[5, 6], [5, 6], [6, 5]], [[2, 1], [2, 1], [1, 2]])
    assert table.votes == (0, 2)
    assert table.first(12) == {"a": 1, "b": 1}
    with pytest.raises(InputError, match="tau must be one of 12; got 24"):
        table.first(24)


def test_strategies_that_tie_are_both_first():
    assert by_hand([[5, 5], [4, 6], [6, 6]], [[1, 1], [2, 1], [1, 1]]).first(12) == {"a": 2, "b": 3}
