"""Several simulations of which little is asked: each by itself in a process, rather than each parted over all processes."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from survsim.core import progress
from survsim.core.execution import Execution, checked
from survsim.core.provenance import Provenance
from survsim.kernels.threads import usable_cores
from survsim.simulation.declared.model import Model
from survsim.simulation.outcomes.result import SimulationResult
from survsim.simulation.running.run import simulate_model

R = TypeVar("R")
T = TypeVar("T")
ALONE = Execution(executor="local", workers=1)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One simulation as `simulate_model` is asked for it."""

    model: Model
    patients: int
    seed: int
    taus: Sequence[float]
    draws: int | None = None
    times: Sequence[float] = ()
    provenance: Provenance | None = None

    def simulated(
        self, execution: Execution | None, *, grid_step: float | None = None, patient_output: bool = False
    ) -> SimulationResult:
        """What it comes to."""
        return simulate_model(
            self.model,
            patients=self.patients,
            draws=self.draws,
            seed=self.seed,
            taus=self.taus,
            times=self.times,
            grid_step=grid_step,
            provenance=self.provenance,
            execution=execution,
            patient_output=patient_output,
        )

    def without_curves(self, execution: Execution | None) -> SimulationResult:
        """What it comes to, states counted at the horizon alone: of a run with many draws the counts are most of what is moved."""
        return self.simulated(execution, grid_step=float(self.model.horizon))


def simulated_each(
    what: str, runs: Sequence[Run], read: Callable[[SimulationResult], R], execution: Execution | None
) -> list[R]:
    """What `read` takes from each run, in their order; the same bits however they are parted.

    Parameters
    ----------
    what : the work, in a word or two, for whoever watches.
    """
    found = whole_in_processes(runs, functools.partial(_read, read), execution)
    return [answer for _, answer in zip(progress.each(what, runs), found, strict=True)]


def _read(read: Callable[[SimulationResult], R], run: Run, execution: Execution) -> R:
    return read(run.without_curves(execution))


def whole_in_processes(
    tasks: Sequence[T], do: Callable[[T, Execution], R], execution: Execution | None
) -> Iterator[R]:
    """What comes of each task, in their order: with processes asked for, a whole task goes to one of them.

    A simulation that is parted over processes is unpacked and planned in each, and its parts are joined; where there are
    several short ones, that costs as much as they do.
    """
    how = checked(execution)
    workers = min(how.workers or usable_cores(), len(tasks))
    if how.executor != "processes" or how.folder is not None or workers < 2:
        yield from (do(task, how) for task in tasks)
        return
    import joblib

    pool = joblib.Parallel(n_jobs=workers, prefer="processes", return_as="generator")
    for done, answer in enumerate(pool(joblib.delayed(do)(task, ALONE) for task in tasks), start=1):
        if how.progress is not None:
            how.progress(done, len(tasks))
        yield answer
