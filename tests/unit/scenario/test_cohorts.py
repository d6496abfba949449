"""Scenarios that declare a cohort: read from YAML and CSV, simulated, refused; the command too."""

from __future__ import annotations

import json
import subprocess
import sys

import jsonschema
import numpy as np
import pytest
import yaml

import survsim
from survsim.core.errors import ScenarioError
from survsim.scenario import one_way_runs, structural_sensitivity, turning_points
from survsim.scenario.run import check_scenario
from survsim.simulation import CohortResult, SimulationResult

BASE = """
scenario: cohort
question: How long?
estimand: Mean time.
time_unit: months
horizon: 60.0
seed: 1
full: {draws: 40, patients: 2000}
quick: {draws: 4, patients: 200}
outcomes: {reference: usual, tau: [12.0, 60.0], decision_tau: 60.0, alive_at: [12.0], grid_step: 0.5}
"""
CURVES = (
    BASE
    + """
values:
  discount: {rate: 0.035}
  outcomes:
    quality: {kind: quality, by_state: {progressed: 0.5}}
    cost: {kind: cost, by_state: {progression_free: 100}}
parameters:
  hr: {source: assumption, meaning: hazard ratio, distribution: {law: lognormal, median: 0.7, low: 0.6, high: 0.8}, reason: made up for a test of the reader}
partitioned:
  state_transition: {deaths: 0.2}
  strategies:
    usual:
      progression_free: {file: pfs.csv, joined: lines}
      overall: {family: exponential, rate: 0.05}
    new:
      progression_free: {reference: usual, hazard_ratio: hr}
      overall: {reference: usual, hazard_ratio: hr}
      values: {cost: {by_state: {progression_free: 900}}}
"""
)
MATRIX = (
    BASE
    + """
parameters: {}
cycles:
  length: 1 month
  states: [well, ill, dead]
  deaths: [dead]
  run: RUN
  strategies:
    usual: {matrix: {file: usual.csv}}
    new: {matrix: {well: {well: rest, ill: 0.05}, ill: {ill: rest, dead: 0.1}}}
"""
)


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "analyses" / "01_x"
    folder.mkdir(parents=True)
    times = np.linspace(0, 60, 601)
    rows = "\n".join(f"{t},{s}" for t, s in zip(times, np.exp(-0.1 * times)))
    (folder / "pfs.csv").write_text(f"time,survival\n{rows}\n")
    (folder / "usual.csv").write_text(
        "from,well,ill,dead,until\nwell,rest,0.1,0,12\nill,0,rest,0.2,12\ndead,,,1,12\nwell,rest,0.2,0,\nill,0,rest,0.3,\ndead,,,1,\n"
    )

    def write(text):
        (folder / "scenario.yml").write_text(text)
        return survsim.Scenario.from_yaml(folder / "scenario.yml")

    return write


def test_curves_of_a_scenario_are_simulated_over_its_draws(study):
    scenario = study(CURVES)
    check_scenario(scenario)
    found = survsim.simulate(scenario)
    assert isinstance(found, CohortResult) and found.n_draws == 40
    assert found.strategies == ("usual", "new", "usual_by_transitions", "new_by_transitions")
    exact = (1 - np.exp(-0.05 * 60)) / 0.05
    assert found.measure("survival_time", 60.0).estimate[0] == pytest.approx(exact, abs=1e-10)
    free = (1 - np.exp(-0.1 * 60)) / 0.1
    assert found.measure("progression_free_time", 60.0).estimate[0] == pytest.approx(free, rel=1e-4)
    drawn = survsim.scenario.scenario_parameters(scenario)
    hr = drawn.draws()["hr"]
    new = (1 - np.exp(-0.05 * hr * 60)) / (0.05 * hr)
    np.testing.assert_allclose(found.measure("survival_time", 60.0).by_draw[1], new, atol=1e-9)
    weighed = found.cost_effectiveness("quality", "cost", 60.0)
    assert weighed.effect_by_draw.shape == (2, 40) and weighed.strategies == ("usual", "new")
    other = found.by_transitions().cost_effectiveness("quality", "cost", 60.0)
    assert other.strategies == ("usual_by_transitions", "new_by_transitions")
    difference = found.measure("discounted_quality", 60.0).by_draw
    np.testing.assert_array_equal(np.vstack([weighed.effect_by_draw, other.effect_by_draw]), difference)
    worth = found.decision(60.0).value_of_information(drawn).to_frame()
    assert (worth["estimate"] >= 0).all()
    assert survsim.simulate(scenario, draws=3).n_draws == 3


def test_structures_of_a_cohort_are_compared_by_the_quality_that_it_declares(study):
    scenario = study(
        CURVES
        + "overrides:\n  dearer: {label: progression weighs more, set: "
        + "{values.outcomes.quality.by_state.progressed: 0.2}}\n"
    )
    table = structural_sensitivity(scenario).to_frame()
    # the models that stand beside are compared with nothing
    assert table["strategy"].to_list() == 4 * ["usual", "new"]
    hr = survsim.scenario.scenario_parameters(scenario).draws()["hr"][:, None]
    for alternative, weight in (("as_declared", 0.5), ("dearer", 0.2)):
        for tau in (12.0, 60.0):
            row = table[(table["alternative"] == alternative) & (table["tau"] == tau)].set_index("strategy")
            rate = np.array([0.1, 0.05])
            usual = (1 - np.exp(-rate * tau)) / rate
            new = ((1 - np.exp(-hr * rate * tau)) / (hr * rate)).mean(axis=0)
            truth = [free + weight * (alive - free) for free, alive in (usual, new)]
            assert row["quality"].to_list() == pytest.approx(truth, rel=1e-3)
            assert row.loc["new", "quality_gain"] == pytest.approx(truth[1] - truth[0], rel=1e-3)
            assert row["mean"].to_list() == pytest.approx([usual[1], new[1]], rel=1e-9)


def test_one_way_runs_say_that_a_cohort_has_no_patients_as_turning_points_do(study):
    scenario = study(CURVES)
    for call in (
        lambda: one_way_runs(scenario, strategy="new"),
        lambda: turning_points(scenario, {"hr": [0.5, 1.0]}),
    ):
        with pytest.raises(
            ScenarioError, match=r"scenario\.yml declares a cohort, which has no patients to follow"
        ):
            call()


def test_cycles_of_a_scenario_run_as_cohort_and_as_patients(study):
    exact = survsim.simulate(study(MATRIX.replace("RUN", "cohort")))
    drawn = survsim.simulate(study(MATRIX.replace("RUN", "patients")), patients=20_000)
    assert isinstance(exact, CohortResult) and type(drawn) is SimulationResult
    a, b = exact.measure("survival_time", 60.0), drawn.measure("survival_time", 60.0)
    assert (np.abs(a.estimate - b.estimate) < 4.5 * b.mc_std_error).all()
    x = np.array([1.0, 0, 0])
    for _ in range(12):
        x = x @ [[0.9, 0.1, 0], [0, 0.8, 0.2], [0, 0, 1]]
    assert exact.measure("alive", 12.0).estimate[0] == pytest.approx(x[:2].sum(), abs=1e-12)


@pytest.mark.parametrize("text", [CURVES, MATRIX.replace("RUN", "cohort")])
def test_a_saved_cohort_is_read_back_whole(study, tmp_path, text):
    found = survsim.simulate(study(text))
    for place in (tmp_path / "out", tmp_path / "out.json"):
        found.save(place)
        back = CohortResult.load(place)
        np.testing.assert_array_equal(back.means, found.means)
        np.testing.assert_array_equal(back.counts, found.counts)
        assert (
            back.beside == found.beside and back.notes == found.notes and back.headline() == found.headline()
        )


@pytest.mark.long
def test_the_command_simulates_a_cohort(study, tmp_path):
    scenario = study(CURVES)
    done = subprocess.run(
        [sys.executable, "-c", "from survsim.cli.main import run; run()", "simulate", str(scenario.path), "--out", str(tmp_path / "o")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Partitioned survival: the two curves are extrapolated apart" in done.stdout
    explained = subprocess.run(
        [sys.executable, "-c", "from survsim.cli.main import run; run()", "simulate", str(scenario.path), "--explain"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert explained.returncode == 0, explained.stderr
    assert "progression_free" in explained.stdout


@pytest.mark.parametrize("text", [CURVES, MATRIX.replace("RUN", "cohort")])
def test_the_schema_of_scenarios_takes_cohorts_and_not_half_of_one(text):
    schema = jsonschema.Draft202012Validator(json.loads(survsim.scenario.file_schema("scenario")))
    content = yaml.safe_load(text)
    assert list(schema.iter_errors(content)) == []
    for model in ("partitioned", "cycles"):
        content.pop(model, None)
    assert list(schema.iter_errors(content))


def changed(text, change):
    content = yaml.safe_load(text)
    change(content)
    return yaml.safe_dump(content)


@pytest.mark.parametrize(
    ("text", "change", "message"),
    [
        (CURVES, lambda c: c.update(cycles={}), "cycles"),
        (CURVES, lambda c: c.update(states=[{"name": "a"}]), "partitioned says its own states and strategies; leave out states"),
        (CURVES, lambda c: c.pop("partitioned"), "it needs states"),
        (CURVES, lambda c: c["outcomes"].update(reference="nobody"), "reference 'nobody' is none of"),
        (CURVES, lambda c: c["partitioned"]["strategies"]["new"]["overall"].update(hazard_ratio="hrr"), "'hrr' is used but not defined"),
        (CURVES, lambda c: c["partitioned"]["strategies"]["usual"]["progression_free"].update(file="no.csv"), "no.csv cannot be read: there is no such file beside"),
        (CURVES, lambda c: c["partitioned"]["strategies"]["usual"]["progression_free"].update(time="t"), "needs a column 't'"),
        (CURVES, lambda c: c["values"]["discount"].update(rate=3.5), r"write 0.035 for 3.5%"),
        (MATRIX, lambda c: c["cycles"].update(length=1), "a number above 0 with its unit"),
        (MATRIX, lambda c: c["cycles"]["strategies"]["new"].update(matrix=[[0.5, 0.4, 0], [0, 1, 0], [0, 0, 1]]), "row well sums to 0.9"),
        (MATRIX, lambda c: c["cycles"]["strategies"]["new"].update(matrix=[[1.5, -0.5, 0], [0, 1, 0], [0, 0, 1]]), "1.5"),
    ],
)  # fmt: skip
def test_a_cohort_that_cannot_be_is_refused_when_it_is_checked(study, text, change, message):
    with pytest.raises(ScenarioError, match=message):
        check_scenario(study(changed(text.replace("RUN", "cohort"), change)))
