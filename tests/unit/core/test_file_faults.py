"""Faults of a typed file: one line each, the place as it was typed, and the word that was meant."""

from __future__ import annotations

import pytest

from survsim import Scenario
from survsim.core.file_faults import meant
from survsim.errors import ScenarioError
from survsim.report.new_study import new_study

SCENARIO = "analyses/02_strategies/scenario.yml"
DRUG = "data/strategies/drug_first.yml"
SLIPS = [
    (SCENARIO, "horizon: 60", "horizn: 60", ["horizn: unknown key", "did you mean 'horizon'?", "horizon: Field required"]),
    (SCENARIO, "family: exponential, rate: prog", "family: exponental, rate: prog",
     ["transitions.0.distribution.family: 'exponental' is none of", "did you mean 'exponential'?"]),
    (SCENARIO, "rate: progression_rate}", "rat: progression_rate}",
     ["transitions.0.distribution.rat: unknown key", "did you mean 'rate'?"]),
    (SCENARIO, "rate: progression_rate}", "rate: progresion_rate}",
     ["'progresion_rate' is used but not defined; did you mean 'progression_rate'?"]),
    (SCENARIO, "scale: median", "scale: medain", ["parameters.progression_median.scale: ", "did you mean 'median'?"]),
    (SCENARIO, "source: rows", "source: row", ["parameters.progression_median.source: 'row'", "did you mean 'rows'?"]),
    (SCENARIO, "    reason: no row", "    reson: no row", ["parameters.death_median.reson: unknown", "'reason'?"]),
    (SCENARIO, "lasts: while_on", "lasts: while-onn",
     ["treatments.drug.effects.0.lasts: ", "did you mean 'while_on'?"]),
    (SCENARIO, "reference: usual_care", "reference: usual_car", ["did you mean 'usual_care'?"]),
    (DRUG, "on: progression", "on: progresion", ["lines.0.stop.0.on: ", "did you mean 'progression'?"]),
    (DRUG, "at_least: 0", "atleast: 0", ["lines.0.start.0.atleast: unknown key", "did you mean 'at_least'?"]),
]  # fmt: skip


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return new_study("tumour", tmp_path_factory.mktemp("faults"), template="strategies")


@pytest.mark.parametrize(("file", "old", "new", "words"), SLIPS, ids=[new for _, _, new, _ in SLIPS])
def test_a_slip_is_told_by_its_place_and_the_word_that_was_meant(study, file, old, new, words):
    path = study / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    try:
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(ScenarioError) as caught:
            Scenario.from_yaml(study / SCENARIO)
    finally:
        path.write_text(text, encoding="utf-8")
    lines = str(caught.value).splitlines()
    assert all(any(word in line for line in lines[1:]) for word in words), lines
    assert len(lines) <= 4 and all(line.startswith("  ") for line in lines[1:])


def test_several_faults_are_several_lines(study):
    path = study / SCENARIO
    text = path.read_text(encoding="utf-8")
    try:
        path.write_text(
            text.replace("horizon: 60", "horizon: -1").replace("seed: 20201", "seed: many"), encoding="utf-8"
        )
        with pytest.raises(ScenarioError) as caught:
            Scenario.from_yaml(path)
    finally:
        path.write_text(text, encoding="utf-8")
    assert [line.split(":")[0].strip() for line in str(caught.value).splitlines()[1:]] == ["horizon", "seed"]


def test_a_word_that_is_near_to_none_brings_no_guess():
    assert meant("elephant", ["horizon", "seed"]) == ""
    assert meant("Log-Normal", ["log_normal"]) == "; did you mean 'log_normal'?"
