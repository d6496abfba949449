"""How a computation is run: where, on how many workers, with what kept on disk. None of it changes a bit."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from survsim.core.checks import one_of
from survsim.core.display import displayed
from survsim.core.errors import InputError
from survsim.core.renamed import warn_renamed

EXECUTORS = ("local", "threads", "processes", "dask", "ray")
CLUSTERS = ("dask", "ray")

P = ParamSpec("P")
R = TypeVar("R")


@displayed
@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """Where and how a simulation runs; the same bits whatever it says.

    Parameters
    ----------
    executor : "local" (threads; where draws are small, processes for a long run and one thread for a short one),
        "threads", "processes", "dask" or "ray".
    workers : how many at a time, default all cores.
    address : of a running Dask scheduler (``tcp://host:port``) or Ray head (``ray://host:port``).
    folder : run folder with checkpoints; a run that was killed goes on from there.
    progress : called with (chunks done, chunks in all).

    Raises
    ------
    InputError : an executor by another name, workers that are no whole number from 1, an address without a cluster.

    Example
    -------
    >>> from survsim import Execution
    >>> Execution(executor="processes", workers=4).workers
    4
    """

    executor: str = "local"
    workers: int | None = None
    address: str | None = None
    folder: str | Path | None = None
    progress: Callable[[int, int], None] | None = None

    def __post_init__(self) -> None:
        one_of("executor", self.executor, EXECUTORS)
        count = self.workers
        if count is not None and (isinstance(count, bool) or not hasattr(count, "__index__")):
            raise InputError(f"workers must be a whole number from 1; got {count!r}.")
        if count is not None and count < 1:
            raise InputError(f"workers must be at least 1; got {count}.")
        if self.address is not None and self.executor not in CLUSTERS:
            raise InputError("address goes with executor='dask' or executor='ray'.")

    def threads(self, function: str) -> int | None:
        """The number of threads, for a function that knows nothing but threads."""
        if self.executor not in ("local", "threads") or self.folder is not None or self.progress is not None:
            raise InputError(
                f"{function} runs on threads of this machine and keeps nothing on disk: give it "
                f"Execution(workers=...) alone; got {self!r}."
            )
        return self.workers


def checked(execution: Any) -> Execution:
    """The execution given, or the default one."""
    if execution is None:
        return Execution()
    if not isinstance(execution, Execution):
        raise InputError(
            f"execution must be an Execution, for example Execution(executor='processes', workers=4); got {execution!r}."
        )
    return execution


def bundled(**field_of: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorator of a function that takes `execution` and once took its fields: `bundled(out="folder")`.

    The old keywords work for one minor version with a warning; `help` shows the new one only.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def called(*args: P.args, **given: P.kwargs) -> R:
            old = {name: given.pop(name) for name in field_of if name in given}
            if old:
                fields: dict[str, Any] = {field_of[name]: value for name, value in old.items()}
                warn_renamed(
                    f"{function.__name__}({', '.join(f'{name}=...' for name in old)})",
                    f"execution=Execution({', '.join(f'{name}=...' for name in fields)})",
                )
                if given.get("execution") is not None:
                    raise InputError(
                        f"{function.__name__}: give execution; {', '.join(old)} "
                        f"{'is its old form' if len(old) == 1 else 'are its old form'}, and both came."
                    )
                given["execution"] = Execution(**fields)
            return function(*args, **given)

        return called

    return decorate
