"""A run begun on one machine is known again on another, whose drawn numbers differ in their last bits."""

from __future__ import annotations

import resource
from pathlib import Path

import numpy as np
import pytest

from survsim import Execution
from survsim.core.errors import ScenarioError
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.strategy import Strategy
from survsim.simulation.running.run import simulate_model
from tests.helpers.disease_models import tumour_model

DRAWS = np.linspace(0.5, 1.5, 12)


def model(values: np.ndarray) -> Model:
    return tumour_model((Strategy(strategy="none"),), parameters={"factor": values})


def run(folder: Path, values: np.ndarray) -> object:
    return simulate_model(
        model(values), patients=4096, seed=3, taus=(12.0,), execution=Execution(folder=folder, workers=1)
    )


def chunk_times(folder: Path) -> dict[str, int]:
    return {p.name: p.stat().st_mtime_ns for p in (folder / "chunks").iterdir()}


@pytest.mark.parametrize("noise", [1e-15, -4e-13])
def test_chunks_of_the_other_machine_are_used(tmp_path: Path, noise: float) -> None:
    first = run(tmp_path, DRAWS)
    before = chunk_times(tmp_path)
    again = run(tmp_path, DRAWS * (1 + noise))
    assert chunk_times(tmp_path) == before
    assert first.fingerprint == again.fingerprint
    np.testing.assert_array_equal(first.means, again.means)


@pytest.mark.parametrize(
    "changed",
    [DRAWS * (1 + 1e-7), DRAWS[::-1], np.append(DRAWS[:-1], 1.6)],
    ids=["seventh digit", "other order", "one draw"],
)
def test_another_model_is_still_refused(tmp_path: Path, changed: np.ndarray) -> None:
    run(tmp_path, DRAWS)
    with pytest.raises(ScenarioError, match="holds another run"):
        run(tmp_path, changed)


def test_a_run_whose_numbers_are_lost_is_refused_not_guessed(tmp_path: Path) -> None:
    run(tmp_path, DRAWS)
    (tmp_path / "numbers.npy").write_bytes(b"cut off")
    with pytest.raises(ScenarioError, match="is lost or damaged"):
        run(tmp_path, DRAWS)


def test_numbers_that_the_disk_cannot_take_are_not_there(tmp_path: Path) -> None:
    """numpy wrote them past Python and told nobody; the run could then not be resumed."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (140, before[1]))
    try:
        with pytest.raises(ScenarioError, match="cannot be written"):
            run(tmp_path / "run", DRAWS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not (tmp_path / "run" / "numbers.npy").exists()
    run(tmp_path / "run", DRAWS)
