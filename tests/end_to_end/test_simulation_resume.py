"""A run that is killed, or finds no room, goes on and ends byte-identical to an undisturbed one."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from survsim import Execution
from survsim.core.errors import InputError, ScenarioError
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.strategy import Strategy
from survsim.simulation.running.run import simulate_model
from tests.helpers.disease_models import full_strategy, tumour_model

PATIENTS, DRAWS = 20_000, 24


def model() -> Model:
    strategies = (Strategy(strategy="none"), full_strategy())
    return tumour_model(strategies, parameters={"unused": np.linspace(0.0, 1.0, DRAWS)})


def run(folder: Path, **options: object) -> None:
    how = {"folder": folder, "workers": 1} | {
        k: options.pop(k) for k in ("executor", "address", "progress", "workers") if k in options
    }
    settings = {"patients": PATIENTS, "seed": 11, "taus": (24.0,), "execution": Execution(**how), **options}
    simulate_model(model(), **settings).save(folder / "result")


def process_number() -> int:
    return os.getpid()


def content(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted((folder / "result").iterdir())}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("undisturbed")
    run(folder)
    return content(folder)


def test_a_killed_run_resumes_to_the_same_bytes(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    command = [
        sys.executable,
        "-c",
        f"from tests.end_to_end.test_simulation_resume import *; run(Path({str(tmp_path)!r}))",
    ]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    child = subprocess.Popen(command, cwd=root, env=environment)
    deadline = time.monotonic() + 60
    while (
        len(list(tmp_path.glob("chunks/*.npz"))) < 2 and time.monotonic() < deadline and child.poll() is None
    ):
        time.sleep(0.005)
    child.send_signal(signal.SIGKILL)
    child.wait()
    finished = len(list(tmp_path.glob("chunks/*.npz")))
    assert finished >= 2
    assert not (tmp_path / "result").exists(), "the run was over before it could be killed"
    run(tmp_path)
    assert content(tmp_path) == undisturbed


def test_a_damaged_chunk_is_made_again(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    run(tmp_path)
    chunks = sorted(tmp_path.glob("chunks/*.npz"))
    chunks[0].write_bytes(chunks[0].read_bytes()[:200])
    chunks[1].unlink()
    run(tmp_path)
    assert content(tmp_path) == undisturbed


def test_a_full_disk_is_said_and_survived(
    tmp_path: Path, undisturbed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    original, calls = np.savez, []

    def failing(file: object, **arrays: object) -> None:
        calls.append(1)
        if len(calls) > 2:
            raise OSError(28, "No space left on device")
        original(file, **arrays)

    monkeypatch.setattr(np, "savez", failing)
    with pytest.raises(ScenarioError, match="No space left on device"):
        run(tmp_path)
    assert not list(tmp_path.rglob("*.part"))
    monkeypatch.setattr(np, "savez", original)
    run(tmp_path)
    assert content(tmp_path) == undisturbed


def test_another_run_is_refused(tmp_path: Path) -> None:
    run(tmp_path)
    with pytest.raises(ScenarioError, match=r"holds another run .seed 11 there, 12 asked for"):
        run(tmp_path, seed=12)
    with pytest.raises(ScenarioError, match="the model or the strategies changed"):
        changed = tumour_model((full_strategy(),), parameters={"unused": np.linspace(0.0, 1.0, DRAWS)})
        simulate_model(
            changed, patients=PATIENTS, seed=11, taus=(24.0,), execution=Execution(folder=tmp_path, workers=1)
        )
    note = tmp_path / "run.json"
    note.write_text(
        note.read_text(encoding="utf-8").replace('"version": "', '"version": "0.0.'), encoding="utf-8"
    )
    with pytest.raises(ScenarioError, match="Runs are not mixed"):
        run(tmp_path)


@pytest.mark.parametrize(
    "damage", [b"", b'{"format": "surv', b"[1, 2]", b"\xff\xfe\x00", b"{}", b"[" * 100_000, b'{"seed": "11"}']
)
def test_a_damaged_note_is_said(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "run.json").write_bytes(damage)
    with pytest.raises(ScenarioError, match=r"run\.json does not say of which run it is"):
        run(tmp_path)


def test_chunks_of_another_run_are_never_taken(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    run(tmp_path, seed=1)
    (tmp_path / "run.json").unlink()
    run(tmp_path, seed=11)
    assert content(tmp_path) == undisturbed


def test_a_lost_note_costs_no_finished_chunk(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    run(tmp_path)
    before = {p.name: p.stat().st_mtime_ns for p in tmp_path.glob("chunks/*.npz")}
    (tmp_path / "run.json").unlink()
    run(tmp_path)
    assert {p.name: p.stat().st_mtime_ns for p in tmp_path.glob("chunks/*.npz")} == before
    assert content(tmp_path) == undisturbed


def test_a_chunk_copied_over_another_is_made_again(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    run(tmp_path)
    chunks = sorted(tmp_path.glob("chunks/*.npz"))
    chunks[1].write_bytes(chunks[0].read_bytes())
    run(tmp_path)
    assert content(tmp_path) == undisturbed
    assert chunks[1].read_bytes() != chunks[0].read_bytes()


@pytest.mark.parametrize("address", ["nonsense", "", "tcp://127.0.0.1:port"])
def test_a_dask_address_that_is_none_is_said(tmp_path: Path, address: str) -> None:
    pytest.importorskip("distributed")
    with pytest.raises(InputError, match="no Dask scheduler answers at"):
        run(tmp_path, executor="dask", address=address)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_dask_cluster_gives_the_same_bytes(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    import distributed

    run(tmp_path / "local", executor="dask", workers=1)
    assert content(tmp_path / "local") == undisturbed
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=":0"
    ) as cluster:
        run(tmp_path / "address", executor="dask", address=cluster.scheduler_address)
    assert content(tmp_path / "address") == undisturbed


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_dask_worker_killed_in_the_middle_changes_no_byte(
    tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    import distributed

    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
    ):
        workers = client.run(os.getpid)
        killed: list[tuple[int, int]] = []

        def kill_one(done: int, whole: int) -> None:
            if done >= 2 and not killed:
                os.kill(next(iter(workers.values())), signal.SIGKILL)
                killed.append((done, whole))

        run(tmp_path, executor="dask", address=cluster.scheduler_address, progress=kill_one)
        assert len(set(workers.values())) == 2
    ((done, whole),) = killed
    assert done < whole, "the run was over before a worker could be killed"
    assert content(tmp_path) == undisturbed


SCHEDULER = """
import distributed, sys, time
cluster = distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0")
print(cluster.scheduler_address, flush=True)
time.sleep(120)
"""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_dask_scheduler_killed_is_one_message_and_the_run_goes_on(
    tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    cluster = subprocess.Popen([sys.executable, "-c", SCHEDULER], stdout=subprocess.PIPE, text=True)
    assert cluster.stdout is not None
    address = cluster.stdout.readline().strip()

    def kill(done: int, whole: int) -> None:
        if done == 2:
            cluster.kill()

    with pytest.raises(ScenarioError, match="the Dask scheduler is gone"):
        run(tmp_path, executor="dask", address=address, progress=kill)
    cluster.communicate()
    assert len(list((tmp_path / "chunks").iterdir())) >= 2
    run(tmp_path)
    assert content(tmp_path) == undisturbed


def test_a_chunk_of_another_shape_is_made_again(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    run(tmp_path)
    for file, change in zip(
        sorted((tmp_path / "chunks").iterdir()),
        (lambda a: a[:, :-1], lambda a: a.astype(np.float32), lambda a: a.ravel(), lambda a: a.astype("U9")),
    ):
        with np.load(file) as stored:
            arrays = dict(stored)
        arrays["sums"] = change(arrays["sums"])
        np.savez(file, **arrays)
    run(tmp_path)
    assert content(tmp_path) == undisturbed


def test_a_chunk_of_other_numbers_is_made_again(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    run(tmp_path)
    changes = (
        lambda a: {**a, "sums": 2.0 * a["sums"]},
        lambda a: {**a, "sums": np.full_like(a["sums"], np.nan)},
        lambda a: {**a, "counts": a["counts"][..., ::-1]},
        lambda a: (
            {key: value for key, value in a.items() if key != "checksum"} | {"products": 0 * a["products"]}
        ),
    )
    files = sorted((tmp_path / "chunks").iterdir())
    assert len(files) >= len(changes)
    for file, change in zip(files, changes):
        with np.load(file) as stored:
            arrays = dict(stored)
        np.savez(file, **change(arrays))
    run(tmp_path)
    assert content(tmp_path) == undisturbed


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::FutureWarning")
def test_ray_gives_the_same_bytes_also_when_a_worker_is_killed(
    tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        worker = ray.get(ray.remote(process_number).remote())
        killed: list[tuple[int, int]] = []

        def kill_one(done: int, whole: int) -> None:
            if done >= 2 and not killed:
                os.kill(worker, signal.SIGKILL)
                killed.append((done, whole))

        run(tmp_path, executor="ray", progress=kill_one)
        assert ray.is_initialized(), "a Ray that ran before the run is left running"
    finally:
        ray.shutdown()
    ((done, whole),) = killed
    assert done < whole, "the run was over before a worker could be killed"
    assert content(tmp_path) == undisturbed


def test_a_client_that_could_not_join_is_gone(tmp_path: Path) -> None:
    """Swept later, while another client starts, it would wait for ever for a lock that the other holds."""
    distributed = pytest.importorskip("distributed")
    with pytest.raises(InputError, match="no Dask scheduler answers at"):
        run(tmp_path, executor="dask", address="tcp://127.0.0.1:port")
    left = [one for one in gc.get_objects() if type(one) is distributed.Client and one.status != "closed"]
    assert left == []
