"""Covariances of many strategies: kept against one reference, of any other pair made when asked for."""

import copy
import pickle

import numpy as np
import pytest

from survsim import Execution
from survsim.core.errors import ScenarioError
from survsim.core.streams import CELL
from survsim.simulation.declared.strategy import strategy_from
from survsim.simulation.outcomes.result import SimulationResult
from survsim.simulation.outcomes.value_of_information import perfect_information
from survsim.simulation.running import run as run_module
from survsim.simulation.running.patient_output import read_patients
from survsim.simulation.running.run import simulate_model
from tests.helpers.disease_models import full_strategy, tumour_model

NONE = strategy_from({"strategy": "none"})
pytestmark = pytest.mark.filterwarnings("ignore::survsim.core.errors.SmallSampleWarning")

DRAWS = 3
COMPARED = ("difference", "mc_std_error", "probability_higher", "conf_low", "conf_high", "variance_reduction")


def drug(name, ratio):
    effect = {"transition": "*>*", "lasts": "always", "hazard_ratio": ratio}
    return strategy_from(
        {
            "strategy": name,
            "treatments": {"drug": {"effects": [effect], "cost": 2.0}},
            "lines": [{"line": "one", "treatments": ["drug"]}],
        }
    )


@pytest.fixture
def simulated(monkeypatch):
    """Five strategies, two of them equal, as few or as so many that pairs are left for later."""

    def run(*, many, patients=CELL + 300, **more):
        monkeypatch.setattr(run_module, "MANY", 3 if many else 64)
        strategies = (full_strategy("a"), NONE, full_strategy("b"), drug("c", 0.4), drug("d", 1.3))
        model = tumour_model(strategies, parameters={"unused": np.linspace(0, 1, DRAWS)})
        return simulate_model(model, patients=patients, seed=4, taus=(12.0, 24.0), times=(6.0,), **more)

    return run


@pytest.mark.parametrize("patients", [200, CELL, CELL + 300, 40_000])
def test_what_is_made_when_asked_for_is_what_was_kept(simulated, patients):
    few, many = simulated(many=False, patients=patients), simulated(many=True, patients=patients)
    assert np.array_equal(few.means, many.means) and np.array_equal(few.counts, many.counts)
    assert few.fingerprint == many.fingerprint
    for reference in few.strategies:
        one, other = few.compare(reference), many.compare(reference)
        for column in COMPARED:
            np.testing.assert_allclose(getattr(one, column), getattr(other, column), rtol=1e-12, atol=0)
    assert many.mc_covariance.tobytes() == few.mc_covariance.tobytes()
    for name in ("survival_time", "cost"):
        one, other = (r.measure(name, 24.0) for r in (few, many))
        np.testing.assert_allclose(other.mc_std_error, one.mc_std_error, rtol=1e-12)
    one, other = few.decision(24.0), many.decision(24.0)
    assert one.probability_best.tolist() == other.probability_best.tolist()
    worth = [perfect_information(d.by_draw, d.mc_covariance, seed=1) for d in (one, other)]
    assert worth[0] == pytest.approx(worth[1], rel=1e-12)


def test_equal_strategies_differ_by_exactly_zero_whatever_the_reference(simulated):
    many = simulated(many=True)
    for reference, equal in (("a", 2), ("b", 0)):
        table = many.compare(reference)
        assert np.all(table.difference[:, equal] == 0.0) and np.all(table.mc_std_error[:, equal] == 0.0)


def test_a_run_is_made_again_once_for_each_question(simulated, monkeypatch):
    many = simulated(many=True)
    asked = []
    run = run_module.run_job
    monkeypatch.setattr(run_module, "run_job", lambda job, how: asked.append(job.reference) or run(job, how))
    many.to_frame(), many.compare(), many.survival()
    assert asked == []
    many.compare("c"), many.compare("c")
    assert asked == [3]
    many.decision(12.0), many.decision(24.0)
    assert asked == [3, None] and many.compare("d").reference == "d"
    assert asked == [3, None]


def test_chunks_and_workers_change_no_bit(simulated, tmp_path):
    one = simulated(many=True, execution=Execution(workers=1))
    for execution in (Execution(executor="threads", workers=2), Execution(workers=1, folder=tmp_path)):
        other = simulated(many=True, execution=execution)
        assert other.covariances.own.tobytes() == one.covariances.own.tobytes()
        assert other.covariances.against(0).tobytes() == one.covariances.against(0).tobytes()
    again = simulated(many=True, execution=Execution(workers=1, folder=tmp_path))
    assert again.covariances.against(0).tobytes() == one.covariances.against(0).tobytes()


def test_patients_are_written_of_every_strategy(simulated, tmp_path):
    written = {}
    for many in (False, True):
        folder = tmp_path / str(many)
        simulated(many=many, patients=50, execution=Execution(folder=folder), patient_output=True)
        found = read_patients(folder).sort_values(["draw", "strategy", "patient"])
        written[many] = found.reset_index(drop=True)
    assert written[True].equals(written[False])


def test_a_file_holds_every_pair(simulated, tmp_path):
    many = simulated(many=True, patients=300)
    many.save(tmp_path / "folder")
    many.save(tmp_path / "one.json")
    for path in (tmp_path / "folder", tmp_path / "one.json"):
        back = SimulationResult.load(path)
        assert back.mc_covariance.tobytes() == many.mc_covariance.tobytes()
        assert back.compare("c").mc_std_error == pytest.approx(many.compare("c").mc_std_error, rel=1e-12)
        assert not back.mc_covariance.flags.writeable


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))])
def test_a_copy_answers_what_the_result_answers(simulated, copied):
    many = simulated(many=True, patients=200)
    twin = copied(many)
    assert twin.mc_covariance.tobytes() == many.mc_covariance.tobytes()


def test_pairs_that_no_memory_holds_are_refused_when_they_are_asked_for(simulated, monkeypatch):
    many = simulated(many=True, patients=200)
    monkeypatch.setattr(run_module, "MAX_BYTES", 8.0 * DRAWS * len(many.measures) * 5 * 5)
    with pytest.raises(ScenarioError, match="GB of memory"):
        many.decision(24.0)
