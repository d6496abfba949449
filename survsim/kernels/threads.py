"""The one place that decides how many threads work: survsim's own, and those of the linear algebra below it.

Rules, in this order:

* survsim starts at most `usable_cores` threads: the cores the process is held to, or fewer where ``SURVSIM_THREADS`` or
  ``OMP_NUM_THREADS`` says so. joblib, Dask and Ray set the second in the workers they start, so that several processes
  on one machine share its cores instead of each taking all.
* While survsim computes a fit, BLAS (numpy's and scipy's) is held at one thread. Its products here are thin, and its
  threads, called from several of ours at a time, wait for one another: a Cox fit of 50 covariates took seven times as long.
* No number of threads changes a bit of a result: work is cut into fixed pieces and joined in order, and a product of
  one BLAS thread adds in one order.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")

LIMITS = ("SURVSIM_THREADS", "OMP_NUM_THREADS")
"""Environment variables that bound the threads, the first that is set to a whole number from 1."""


def usable_cores() -> int:
    """How many threads this process may use: its cores, or fewer where the environment says so."""
    held = getattr(os, "sched_getaffinity", None)
    cores = len(held(0)) if held else os.cpu_count() or 1
    for name in LIMITS:
        told = os.environ.get(name, "").strip()
        if told.isdecimal() and int(told) > 0:
            return min(cores, int(told))
    return cores


class _Hold:
    """How many computations hold BLAS at one thread; the first sets it, the last gives back what was.

    BLAS keeps one number for the whole process: were each computation to put back what it found, two that
    overlap could leave it at one for ever.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.depth = 0
        self.libraries: list[Any] = []
        self.before: dict[str, int] = {}
        self.modules = 0

    def enter(self) -> None:
        with self.lock:
            self.depth += 1
            if self.depth == 1:
                self.before.clear()
            for library in self._found():
                if library.filepath not in self.before:
                    self.before[library.filepath] = library.get_num_threads()
                    _set(library, 1)

    def leave(self) -> None:
        with self.lock:
            self.depth -= 1
            if self.depth == 0:
                for library in self.libraries:
                    _set(library, self.before.get(library.filepath, 1))

    def _found(self) -> list[Any]:
        """The BLAS libraries that are loaded; looked for again after every import (scipy brings its own)."""
        if len(sys.modules) != self.modules:
            from threadpoolctl import ThreadpoolController

            self.libraries = ThreadpoolController().select(user_api="blas").lib_controllers
            self.modules = len(sys.modules)
        return self.libraries


def _set(library: Any, threads: int) -> None:
    """Tell a library its number of threads, from whichever of our threads is first in or last out.

    threadpoolctl 3.8 ignores all but the first thread that asks, lest they fight; here the count of computations
    settles that, so the call beneath is taken.
    """
    if library.get_num_threads() != threads:
        getattr(library, "_real_set_num_threads", library.set_num_threads)(threads)


_hold = _Hold()


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS at one thread, in the whole process, until the last computation that asked for it has ended."""
    _hold.enter()
    try:
        yield
    finally:
        _hold.leave()


def with_one_blas_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Decorator: the function runs with BLAS held at one thread."""

    @functools.wraps(function)
    def held(*args: P.args, **kwargs: P.kwargs) -> R:
        with one_blas_thread():
            return function(*args, **kwargs)

    return held


def map_threads(function: Callable[[T], R], items: Iterable[T], workers: int | None = None) -> list[R]:
    """Results of `function` on each item, in order, on threads (kernels release the interpreter lock)."""
    work = list(items)
    if len(work) <= 1:
        return [function(item) for item in work]
    workers = min(len(work), workers or usable_cores())
    with one_blas_thread():
        if workers <= 1:
            return [function(item) for item in work]
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(function, work))
