"""What is said when Ray cannot be used; that it gives the same bytes is shown in the resume tests."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from survsim import Execution
from survsim.core.errors import InputError, ScenarioError
from survsim.simulation.declared.strategy import Strategy
from survsim.simulation.outcomes.pieces import Chunk, Job
from survsim.simulation.running import executor
from survsim.simulation.running.run import simulate_model
from tests.helpers.disease_models import tumour_model


def on_ray(**options: object) -> np.ndarray:
    model = tumour_model((Strategy(strategy="none"),))
    return simulate_model(
        model, patients=100, seed=3, taus=(12.0,), execution=Execution(**{"executor": "ray", **options})
    ).means


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r'pip install "survsim\[ray\]"'):
        on_ray()


def test_an_address_where_no_ray_runs_is_named() -> None:
    pytest.importorskip("ray")
    with pytest.raises(InputError, match=r"no Ray answers at '127\.0\.0\.1:9'.*ray start --head"):
        on_ray(address="127.0.0.1:9")


def broken(job: Job, chunk: Chunk) -> None:
    raise ScenarioError("strategy none: some cycle takes next to no time.")


@pytest.mark.long
def test_an_error_of_a_task_is_the_error_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray")
    monkeypatch.setattr(executor, "numbered", broken)
    with pytest.raises(ScenarioError, match=r"^strategy none: some cycle takes next to no time\.$"):
        on_ray(workers=1)
    assert not ray.is_initialized(), "a Ray that was started for the run is stopped after it"
