"""Running the chunks of a simulation: on threads, processes, a Dask or a Ray cluster, with the same bits."""

from __future__ import annotations

import concurrent.futures
import gc
import socket
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from survsim.core.errors import InputError, ScenarioError
from survsim.core.execution import Execution
from survsim.core.progress import Progress, shown
from survsim.kernels.threads import usable_cores
from survsim.simulation.outcomes.joining import Totals
from survsim.simulation.outcomes.pieces import Chunk, ChunkSums, Job
from survsim.simulation.running.checkpoints import RunFolder
from survsim.simulation.running.chunks import bunches, run_bunch, run_chunk, split

SMALL_DRAW = 16_384
"""Patients a draw below which arrays are too short for threads to pay."""
LONG_RUN = 4_000_000
"""Patients under all strategies and draws from which starting processes pays."""


def run_job(job: Job, execution: Execution) -> Totals:
    """Run every chunk that the run folder does not hold yet and join all in order."""
    executor, folder = execution.executor, execution.folder
    workers = execution.workers or usable_cores()
    chunks = split(job.patients, job.draws)
    store = RunFolder(folder, job) if folder is not None else None
    todo = [c for c in chunks if store is None or not store.has(c)]
    with shown("simulating", execution.progress) as progress:
        joiner = _Joiner(job, chunks, {c.number for c in todo}, store, progress)
        joiner.go_on()
        # without a folder to go on from, nothing is lost by running chunks together
        together = store is None
        for chunk, part in _finished(job, todo, executor, workers, execution.address, together=together):
            joiner.take(chunk, part)
    return joiner.totals


class _Joiner:
    """Takes chunks as they finish and adds them to the totals in the order of their numbers."""

    def __init__(
        self,
        job: Job,
        chunks: Sequence[Chunk],
        todo: set[int],
        store: RunFolder | None,
        progress: Progress,
    ) -> None:
        self.totals = Totals.of(job)
        self._chunks, self._todo, self._store, self._progress = chunks, todo, store, progress
        self._waiting: dict[int, ChunkSums] = {}
        self._next = 0
        self._done = len(chunks) - len(todo)

    def take(self, chunk: Chunk, part: ChunkSums) -> None:
        if self._store is not None:
            self._store.store(chunk, part)
        self._waiting[chunk.number] = part
        self._done += 1
        self._progress(self._done, len(self._chunks))
        self.go_on()

    def go_on(self) -> None:
        while self._next < len(self._chunks):
            chunk = self._chunks[self._next]
            if chunk.number in self._waiting:
                part: ChunkSums | None = self._waiting.pop(chunk.number)
            elif chunk.number in self._todo or self._store is None:
                return
            else:
                part = self._store.load(chunk)
            if part is None:
                raise InputError(f"chunk {chunk.number} of the run folder vanished while it was read.")
            self.totals.add(chunk, part)
            self._next += 1


def _finished(
    job: Job,
    todo: Sequence[Chunk],
    executor: str,
    workers: int,
    address: str | None,
    *,
    together: bool,
) -> Iterator[tuple[Chunk, ChunkSums]]:
    if not todo:
        return
    how = _local(job) if executor == "local" else executor
    if how == "dask":
        yield from _on_dask(job, todo, workers, address)
    elif how == "ray":
        yield from _on_ray(job, todo, workers, address)
    elif how == "one" or workers == 1 or len(todo) == 1:
        for bunch in bunches(job, todo) if together else [[chunk] for chunk in todo]:
            yield from run_bunch(job, bunch)
    else:
        import joblib

        tasks = bunches(job, todo, at_least=2 * workers) if together else [[chunk] for chunk in todo]
        pool = joblib.Parallel(n_jobs=min(workers, len(tasks)), prefer=how, return_as="generator_unordered")
        found = pool(joblib.delayed(run_bunch)(job, bunch) for bunch in tasks)
        try:
            for done in found:
                yield from done
        finally:
            with warnings.catch_warnings():  # who stops a run knows that tasks of it were not finished
                warnings.filterwarnings("ignore", message=r"\d+ tasks which were still being processed")
                found.close()


def _local(job: Job) -> str:
    """Threads for large draws; with small ones they wait for one another: processes if they pay, else one."""
    if job.patients >= SMALL_DRAW:
        return "threads"
    return "processes" if job.patients * job.draws * len(job.model.strategies) > LONG_RUN else "one"


def numbered(job: Job, chunk: Chunk) -> tuple[Chunk, ChunkSums]:
    """A chunk with what it came to."""
    return chunk, run_chunk(job, chunk)


def _on_dask(
    job: Job, todo: Sequence[Chunk], workers: int, address: str | None
) -> Iterator[tuple[Chunk, ChunkSums]]:
    try:
        import distributed
    except ImportError:
        raise InputError('executor="dask" needs the cluster extra: pip install "survsim[cluster]".') from None
    with (
        _cluster(distributed, workers, address) as target,
        _join_dask(distributed, target, address) as client,
    ):
        # a task and not scattered data: what a lost worker held can be made again
        whole = client.submit(_itself, job, pure=False)
        futures = [client.submit(numbered, whole, chunk, pure=False) for chunk in todo]
        for future in distributed.as_completed(futures):
            try:
                done = future.result()
            except (OSError, concurrent.futures.CancelledError) as error:
                raise ScenarioError(
                    f"the Dask scheduler is gone ({type(error).__name__}). Finished chunks are in the run folder, if "
                    "there is one: start a scheduler and run again with the same folder to go on."
                ) from None
            yield done
            future.release()


def _join_dask(distributed: Any, target: Any, address: str | None) -> Any:
    """A client of the cluster; an address at which no scheduler answers within ten seconds is refused."""
    if address is None:
        return distributed.Client(target)
    try:
        return distributed.Client(target, timeout="10s")
    # what distributed raises for an address without port, of an unknown protocol, or without answer
    except (OSError, ValueError, TypeError, AssertionError) as error:
        why = str(error) or "the address cannot be read"
    # The client that could not join is garbage now. Were it swept while the next one starts, it would wait for a lock
    # which that one holds, for ever; so it is swept here, where no exception holds it any more.
    gc.collect()
    raise InputError(
        f"no Dask scheduler answers at {address!r} ({why}). Start one with `dask scheduler` and give the address it prints, "
        "tcp://HOST:PORT."
    )


def _itself(job: Job) -> Job:
    return job


def _on_ray(
    job: Job, todo: Sequence[Chunk], workers: int, address: str | None
) -> Iterator[tuple[Chunk, ChunkSums]]:
    try:
        import ray
        import ray.exceptions
    except ImportError:
        raise InputError('executor="ray" needs the ray extra: pip install "survsim[ray]".') from None
    mine = not ray.is_initialized()
    if mine and address is None:
        ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False)
    elif mine:
        _join_ray(ray, str(address))
    try:
        whole, task = ray.put(job), ray.remote(numbered)
        # a lost worker's task is done again elsewhere, as often as it takes
        waiting = [task.options(max_retries=-1).remote(whole, chunk) for chunk in todo]
        while waiting:
            ready, waiting = ray.wait(waiting)
            yield ray.get(ready[0])
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None
    finally:
        if mine:
            ray.shutdown()


def _join_ray(ray: Any, address: str) -> None:
    """Join the Ray at `address`; where nothing listens, Ray itself would wait two minutes and end the process."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        if port.isdigit():  # "auto" and the like are looked up by Ray
            socket.create_connection((host, int(port)), timeout=5).close()
        ray.init(address=address, log_to_driver=False)
    except OSError as error:
        raise InputError(
            f"no Ray answers at {address!r} ({error}). Start one with `ray start --head` and give the address "
            "it prints, or ray://HOST:10001."
        ) from None


class _Address:
    """An address as a context, so that a running cluster is left running."""

    def __init__(self, address: str) -> None:
        self.address = address

    def __enter__(self) -> str:
        return self.address

    def __exit__(self, *_: object) -> None:
        return None


def _cluster(distributed: Any, workers: int, address: str | None) -> Any:
    if address is not None:
        return _Address(address)
    try:
        return distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0")
    except AssertionError:
        pass  # it gives its loop ten seconds to start, too little on a machine that is very busy: once more
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()  # what was half made warns when it is thrown away
    return distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0")
