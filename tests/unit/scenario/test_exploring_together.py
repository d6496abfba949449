"""Settings that are simulated together: each answer is, to the last bit, that of a redraw by itself."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import survsim
from survsim.core.streams import Streams
from survsim.scenario.exploring import HORIZON, Explorer
from survsim.scenario.exploring_together import answers
from survsim.simulation.declared.fingerprint import fingerprint
from survsim.simulation.running.run import job_of

CASE = "analyses/03_case_strategies/scenario.yml"


@pytest.fixture(scope="module")
def explorer():
    scenario = survsim.Scenario.from_yaml(CASE)
    plan = survsim.scenario.read_calibration(scenario.calibration_path)
    evidence = survsim.load_evidence()
    drawn = survsim.scenario.scenario_parameters(
        scenario, draws=20, evidence=evidence, calibration=plan.run(evidence, size=200)
    )
    return Explorer(scenario, parameters=drawn, patients=150)


def test_together_or_alone_the_bits_are_the_same(explorer):
    settings = [
        {},
        {"hr_radiotherapy": 0.5},
        {"hr_radiotherapy": 0.8, "hr_chemotherapy": 1.2},
        {"gy_per_fraction/radiotherapy_44": 1.5},
        {"gy_per_fraction/radiotherapy_44": 2.5, "cycles/gemcitabine_docetaxel": 3},
        {"gy_per_fraction/radiotherapy_44": 1.0, "gy_per_fraction/reirradiation_40": 2.5},
        {"cycles/gemcitabine_docetaxel": 3, "hr_radiotherapy": 0.5},
    ]
    end = next(c.high for c in explorer.controls if c.name == HORIZON)
    told = []
    found = answers(explorer, settings, end, lambda done, total: told.append((done, total)))
    assert told[-1] == (len(settings), len(settings))
    for moved, answer in zip(settings, found, strict=True):
        alone = explorer.redraw(**moved, horizon=end)
        assert np.array_equal(answer.times, alone.times) and np.array_equal(answer.survival, alone.survival)
        assert np.array_equal(answer.cord_dose, alone.cord_dose)
        assert np.array_equal(answer.myelopathy, alone.myelopathy)
    # the doses and effects were moved indeed
    assert (
        len({a.survival.tobytes() for a in found}) == 3 and len({a.cord_dose.tobytes() for a in found}) >= 4
    )


def test_one_luck_is_that_of_the_first_draw_and_another_run_by_name(explorer):
    each, one = Streams(3), Streams(3, one_luck=True)
    assert np.array_equal(one.uniforms("x", size=5, draw=7), each.uniforms("x", size=5))
    assert not np.array_equal(each.uniforms("x", size=5, draw=7), each.uniforms("x", size=5))
    model = explorer.scenario.model({n: np.array([v]) for n, v in explorer.middle.items()})
    job = job_of(model, patients=10, seed=1)
    assert fingerprint(job) != fingerprint(dataclasses.replace(job, one_luck=True))
