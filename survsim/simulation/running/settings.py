"""A model whose draws are settings to be set side by side: all follow the same patients with the same luck."""

from __future__ import annotations

import dataclasses

from survsim.core.checks import FloatArray
from survsim.core.execution import Execution
from survsim.simulation.declared.model import Model
from survsim.simulation.running.executor import run_job
from survsim.simulation.running.run import job_of, refuse_if_endless


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BySetting:
    """What each setting comes to: no mean over them, and no interval.

    Attributes
    ----------
    times : (t,) of the grid; survival : (settings, strategies, t), the share alive.
    means : of each measure that was asked for, (settings, strategies).
    """

    times: FloatArray
    survival: FloatArray
    means: dict[str, FloatArray]


def simulate_settings(
    model: Model, *, patients: int, seed: int, horizon: float, execution: Execution | None = None
) -> BySetting:
    """Simulate every strategy at each setting, which is what a draw of the model's parameters stands for here.

    Each setting has the numbers, to the last bit, that a run of it alone would have; together they share blocks, so that the
    fixed cost of a step is paid once for many.
    """
    job = dataclasses.replace(
        job_of(model, patients=patients, seed=seed, taus=[horizon]), one_luck=True, reference=0
    )
    refuse_if_endless(job)
    totals = run_job(job, execution or Execution())
    dead = [k for k, state in enumerate(model.states) if state.death]
    return BySetting(
        times=job.grid,
        survival=1.0 - totals.counts[:, :, dead].sum(axis=2) / job.patients,
        means={name: totals.sums[:, m] / job.patients for m, name in enumerate(job.measures)},
    )
