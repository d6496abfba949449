"""Several simulations of which little is asked: each by itself in a process, rather than each parted over all processes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TypeVar

from survsim.core import progress
from survsim.core.execution import Execution, checked
from survsim.core.provenance import Provenance
from survsim.kernels.threads import usable_cores
from survsim.simulation.declared.model import Model
from survsim.simulation.outcomes.result import SimulationResult
from survsim.simulation.running.run import simulate_model

R = TypeVar("R")
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

    With processes asked for, whole runs go to them: a run that is parted is unpacked, planned and joined in every process.

    Parameters
    ----------
    what : the work, in a word or two, for whoever watches.
    """
    how = checked(execution)
    workers = min(how.workers or usable_cores(), len(runs))
    if how.executor != "processes" or how.folder is not None or workers < 2:
        return [read(run.without_curves(how)) for run in progress.each(what, runs)]
    import joblib

    pool = joblib.Parallel(n_jobs=workers, prefer="processes", return_as="generator")
    found = pool(joblib.delayed(_read)(run, read) for run in runs)
    return [answer for _, answer in zip(progress.each(what, runs), found, strict=True)]


def _read(run: Run, read: Callable[[SimulationResult], R]) -> R:
    return read(run.without_curves(ALONE))
