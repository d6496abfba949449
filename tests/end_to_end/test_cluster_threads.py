"""Workers of Dask and Ray share the cores of a machine: none starts threads as if it were alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from survsim.kernels import threads

WORKERS = 2


def threads_at_work(_: int) -> tuple[int, int]:
    """How many threads survsim may start here, and how many it did for more pieces of work than there are cores."""
    from survsim.kernels.threads import map_threads, usable_cores

    def piece(_: int) -> int:
        time.sleep(0.01)  # long enough for every thread there is to take one
        return threading.get_ident()

    return usable_cores(), len(set(map_threads(piece, range(64))))


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No limit from the shell that runs the tests: what workers are told must come from the cluster."""
    for name in threads.LIMITS:
        monkeypatch.delenv(name, raising=False)
    yield


def shared(told: list[tuple[int, int]]) -> None:
    """All workers together start no more threads than there are cores, or one each where there are fewer cores."""
    cores = threads.usable_cores()
    assert len(told) == 2 * WORKERS
    for allowed, started in told:
        assert started <= allowed
        assert allowed * WORKERS <= max(cores, WORKERS)


def test_alone_a_process_takes_all_its_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the workers below are held from: without a word from a cluster every core has a thread."""
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda _: set(range(5)), raising=False)
    assert threads_at_work(0) == (5, 5)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_dask_workers_share_the_cores() -> None:
    import distributed

    with (
        distributed.LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        shared(client.gather(client.map(threads_at_work, range(2 * WORKERS), pure=False)))


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::FutureWarning")
def test_ray_workers_share_the_cores() -> None:
    import ray

    ray.init(num_cpus=WORKERS, include_dashboard=False, log_to_driver=False)
    try:
        task = ray.remote(threads_at_work)
        shared(ray.get([task.remote(i) for i in range(2 * WORKERS)]))
    finally:
        ray.shutdown()
