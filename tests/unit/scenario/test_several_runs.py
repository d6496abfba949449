"""Many small runs: whole runs in processes, or one after the other, give the same bits; calibrations are made once."""

from __future__ import annotations

import numpy as np
import pytest

import survsim
from survsim import Execution
from survsim.core.errors import ConvergenceWarning, warn
from survsim.scenario import calibrated_before
from survsim.simulation.running.several import Run, simulated_each

FIRST_LINE = "analyses/07_scenario_gallery/first_line.yml"


@pytest.fixture(scope="module")
def scenario():
    return survsim.Scenario.from_yaml(FIRST_LINE)


def by_draw(simulated):
    return simulated.rmst(simulated.taus[0]).by_draw


def test_runs_in_processes_are_those_of_one_process(scenario):
    drawn = survsim.scenario.scenario_parameters(scenario, draws=12).draws()
    runs = [
        Run(model=scenario.model(drawn), patients=64, seed=seed, taus=(scenario.content.outcomes.tau[0],))
        for seed in (1, 2, 3)
    ]
    alone = simulated_each("runs", runs, by_draw, Execution(workers=1))
    told = []
    processes = Execution(executor="processes", workers=2, progress=lambda done, of: told.append((done, of)))
    apart = simulated_each("runs", runs, by_draw, processes)
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert len(alone) == 3 and not np.array_equal(alone[0], alone[1])
    for one, other in zip(alone, apart, strict=True):
        assert np.array_equal(one, other)
    whole = survsim.simulation.simulate_model(runs[0].model, patients=64, seed=1, taus=runs[0].taus)
    assert np.array_equal(by_draw(whole), alone[0])


@pytest.mark.parametrize(
    "ask",
    [
        lambda s, e: survsim.scenario.structural_sensitivity(s, patients=64, draws=10, execution=e).gain,
        lambda s, e: (
            survsim.scenario.one_way_runs(
                s,
                strategy="ifosfamide_doublet",
                names=["progression_median"],
                patients=64,
                draws=10,
                execution=e,
            ).gain_low
        ),
        lambda s, e: (
            survsim.scenario.turning_points(
                s, {"progression_median": [2.0, 8.0]}, patients=64, draws=10, execution=e
            ).mean
        ),
    ],
    ids=["structural", "one_way", "turning"],
)
def test_what_asks_for_many_runs_has_the_same_bits_in_processes(scenario, ask):
    alone, apart = (ask(scenario, e) for e in (Execution(), Execution(executor="processes", workers=2)))
    assert np.array_equal(alone, apart) and np.isfinite(alone).all()


def test_equal_calibrations_are_made_once_and_others_anew(monkeypatch):
    scenario = survsim.Scenario.from_yaml("analyses/03_case_strategies/scenario.yml")
    evidence, made, real = survsim.load_evidence(), [], calibrated_before.calibrate
    monkeypatch.setattr(
        calibrated_before, "calibrate", lambda *a, **k: made.append(k["bias"]) or real(*a, **k)
    )
    monkeypatch.setattr(calibrated_before, "_answers", type(calibrated_before._answers)())
    first = survsim.scenario.read_calibration(scenario.calibration_path).run(evidence, size=200)
    again = survsim.scenario.read_calibration(scenario.calibration_path).run(evidence, size=200, workers=2)
    other = survsim.scenario.read_calibration(scenario.calibration_path).run(evidence, size=200, bias=False)
    assert again is first and other is not first and made == [True, False]
    assert not np.array_equal(other.w, first.w)
    monkeypatch.setattr(calibrated_before, "KEPT", 1)
    survsim.scenario.read_calibration(scenario.calibration_path).run(evidence, size=210)
    assert len(calibrated_before._answers) == 1


def test_a_calibration_that_is_known_says_its_warnings_again(monkeypatch):
    def doubtful(*asked, **options):
        warn("the posterior has a heavy tail.", ConvergenceWarning)
        return "the answer"

    monkeypatch.setattr(calibrated_before, "calibrate", doubtful)
    monkeypatch.setattr(calibrated_before, "_answers", type(calibrated_before._answers)())
    for _ in range(2):
        with pytest.warns(ConvergenceWarning, match="heavy tail"):
            assert calibrated_before.calibrated("a question", workers=1) == "the answer"
