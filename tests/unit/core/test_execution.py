"""How a computation is run is one object; the keywords of 0.1 still work and say so."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from survsim import Execution, simulate
from survsim.errors import InputError
from survsim.simulation import simulate_model
from survsim.trials import analyse_trials
from tests.helpers.disease_models import illness_death


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"executor": "slurm"}, "executor must be one of 'local', 'threads'"),
        ({"workers": 0}, "workers must be at least 1"),
        ({"workers": 1.5}, "workers must be a whole number"),
        ({"workers": True}, "workers must be a whole number"),
        ({"address": "tcp://x:1"}, "address goes with executor='dask' or executor='ray'"),
    ],
)
def test_what_cannot_be_run_is_refused_when_it_is_said(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Execution(**fields)


def test_the_keywords_of_0_1_work_and_name_the_new_one(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    with pytest.warns(
        DeprecationWarning, match=r"simulate_model\(workers=\.\.\., folder=.*Execution\(workers"
    ) as told:
        old = simulate_model(
            illness_death(), patients=200, seed=1, workers=1, folder=tmp_path / "old",
            progress=lambda done, whole: seen.append((done, whole)),
        )  # fmt: skip
    assert told[0].filename == __file__ and len(told) == 1
    new = simulate_model(
        illness_death(), patients=200, seed=1, execution=Execution(workers=1, folder=tmp_path / "new")
    )
    np.testing.assert_array_equal(old.means, new.means)
    assert seen and (tmp_path / "old" / "run.json").exists() and (tmp_path / "new" / "run.json").exists()


def test_both_at_once_are_refused() -> None:
    with pytest.warns(DeprecationWarning), pytest.raises(InputError, match="both came"):
        simulate_model(illness_death(), patients=5, workers=1, execution=Execution())


@pytest.mark.parametrize("function", [simulate, simulate_model, analyse_trials])
def test_help_shows_the_new_keyword_only(function: Any) -> None:
    names = set(inspect.signature(function).parameters)
    assert "execution" in names and not names & {
        "executor",
        "workers",
        "address",
        "folder",
        "out",
        "progress",
    }


def test_trials_run_on_threads_and_say_so() -> None:
    trials = [[1.0, 3, 4, 6, 8, 9]], [[1, 1, 1, 1, 1, 0]], [0, 0, 0, 1, 1, 1]
    one = analyse_trials(*trials, unit="months", execution=Execution(workers=1))
    with pytest.warns(DeprecationWarning, match=r"analyse_trials\(workers=\.\.\.\) is now execution="):
        old = analyse_trials(*trials, unit="months", workers=1)
    assert one.z == old.z
    for wrong in (Execution(executor="processes"), Execution(folder="x"), Execution(progress=print)):
        with pytest.raises(InputError, match="runs on threads of this machine"):
            analyse_trials(*trials, unit="months", execution=wrong)
