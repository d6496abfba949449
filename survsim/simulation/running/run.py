"""One call from a checked model to its result."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from survsim.core.errors import InputError, ScenarioError
from survsim.core.execution import Execution, bundled, checked
from survsim.core.provenance import Provenance
from survsim.core.times import apart, asked_times, meet
from survsim.simulation.declared.counted import discount_of_life, uses_cost, uses_quality
from survsim.simulation.declared.fingerprint import fingerprint
from survsim.simulation.declared.model import Model
from survsim.simulation.engine.discounting import DiscountPlan
from survsim.simulation.engine.follow import Follow
from survsim.simulation.engine.measures import MANY
from survsim.simulation.outcomes.joining import Totals
from survsim.simulation.outcomes.pieces import Job
from survsim.simulation.outcomes.result import SimulationResult
from survsim.simulation.running.executor import run_job

MAX_PATIENTS = 2e11
"""Patients times draws times strategies beyond which a run is refused: some days of a large machine."""
MAX_BYTES = 32e9
MOST_COUNTED = 2**63 - 1
"""The largest whole number that arrays hold."""
SECONDS_PER_PATIENT = 5e-7
"""Order of one patient under one strategy on one core."""


@bundled(executor="executor", workers="workers", address="address", folder="folder", progress="progress")
def simulate_model(
    model: Model,
    *,
    patients: int,
    draws: int | None = None,
    seed: int = 1,
    taus: Sequence[float] = (),
    times: Sequence[float] = (),
    grid_step: float | None = None,
    execution: Execution | None = None,
    patient_output: bool = False,
    provenance: Provenance | None = None,
) -> SimulationResult:
    """Simulate every strategy of a model on the same patients.

    Parameters
    ----------
    model : states, transitions, strategies and the draws of their numbers.
    patients, draws : patients in each draw; draws used, default all that the model holds.
    seed : names the luck; equal seeds give equal patients.
    taus, times : horizons of restricted means, and time points of P(alive) and, where a state is a progression, P(alive without
        progression), in the model's unit.
    grid_step : distance of the points at which states are counted, by default horizon / 240, or the next shorter
        one of which every one of `times` is a multiple.
    execution : where and on how many workers it runs, and the run folder that it can go on from (`Execution`);
        default all cores and no folder. It changes no bit.
    patient_output : also write each patient and each stay to Parquet below the run folder.

    Returns
    -------
    SimulationResult : restricted means, survival and states of each strategy, by draw; `.compare(...)` sets strategies side by side.

    Raises
    ------
    ScenarioError
        for a run that no machine at hand could do, or a folder that holds another run.

    References
    ----------
    Putter, Fiocco and Geskus 2007, Stat Med 26:2389; Jackson 2016, J Stat Softw 70(8).

    Example
    -------
    >>> from survsim.simulation import Model, State, Strategy, Transition, simulate_model
    >>> death = {"family": "exponential", "rate": 0.1}
    >>> model = Model(time_unit="months", horizon=24.0, start="alive",
    ...     states=(State(name="alive"), State(name="dead", death=True)),
    ...     transitions=(Transition(source="alive", target="dead", distribution=death),),
    ...     strategies=(Strategy(strategy="wait", label="Wait"),))
    >>> float(simulate_model(model, patients=2000, taus=[12.0]).rmst(12.0).estimate[0].round(0))
    7.0
    """
    execution = checked(execution)
    if patient_output and execution.folder is None:
        raise InputError("patient_output writes below a run folder; give execution=Execution(folder=...).")
    job = job_of(
        model, patients=patients, draws=draws, seed=seed, taus=taus, times=times, grid_step=grid_step
    )
    if patient_output and execution.folder:
        follow = dataclasses.replace(job.follow, sojourns=True)
        job = dataclasses.replace(job, follow=follow, patient_folder=str(Path(execution.folder) / "patients"))
    refuse_if_endless(job)
    totals = run_job(job, execution)
    source = provenance or Provenance.of("simulate_model", time_unit=model.time_unit)
    step_done = Provenance.of("simulate", source, patients=job.patients, draws=job.draws, seed=seed)
    again = functools.partial(run_again, job, execution)
    return SimulationResult.from_totals(
        job, totals, again, provenance=step_done, fingerprint=fingerprint(job)
    )


def job_of(
    model: Model,
    *,
    patients: int,
    draws: int | None = None,
    seed: int = 1,
    taus: Sequence[float] = (),
    times: Sequence[float] = (),
    grid_step: float | None = None,
) -> Job:
    """A simulation as data, its sizes and times checked; the arguments are those of `simulate_model`."""
    n_draws = count("draws", model.n_draws if draws is None else draws)
    if model.n_draws > 1 and n_draws > model.n_draws:
        raise InputError(f"{n_draws} draws were asked for, but the parameters hold {model.n_draws}.")
    asked = _inside("times", times, model.horizon)
    step = even_step(float(model.horizon), asked) if grid_step is None else float(grid_step)
    step = float(meet(step, model.horizon))
    if not 0 < step <= model.horizon:
        end, came = apart(float(model.horizon), step)
        raise InputError(f"grid_step must lie between 0 and the horizon {end}; got {came}.")
    return Job(
        model=model,
        patients=count("patients", patients),
        draws=n_draws,
        seed=seed,
        follow=Follow(
            horizon=float(model.horizon),
            grid_step=step,
            points=grid_points(float(model.horizon), step),
            taus=_inside("taus", taus or (model.horizon,), model.horizon),
            values=has_values(model),
            discount=DiscountPlan.of(discount_of_life(model), model.time_unit),
            declared=tuple(model.values.outcomes) if model.values else (),
        ),
        times=asked,
        reference=0 if len(model.strategies) > MANY else None,
    )


def run_again(job: Job, execution: Execution, reference: int | None) -> Totals:
    """The totals of a run that was made, with products of each strategy with another reference, or of all pairs (None)."""
    follow = dataclasses.replace(job.follow, sojourns=False)
    asked = dataclasses.replace(job, reference=reference, patient_folder=None, follow=follow)
    refuse_if_endless(asked)
    return run_job(asked, Execution(workers=execution.workers, progress=execution.progress))


def even_step(horizon: float, times: tuple[float, ...]) -> float:
    """The longest even step of at least 240 to the horizon that comes by every time; horizon / 240 if none does."""
    for n in range(240, 1201):
        places = np.array(times) * n / horizon
        if (np.abs(places - np.round(places)) <= 1e-9 * n).all():
            return horizon / n
    return horizon / 240


def has_values(model: Model) -> bool:
    """Whether utilities or costs are declared anywhere, so that they must be followed."""
    return bool(model.groups) or uses_quality(model) or uses_cost(model)


def refuse_if_endless(job: Job) -> None:
    """Refuse a run that would take weeks or more memory than a large machine has, with the estimate."""
    strategies = len(job.model.strategies)
    per_draw = strategies * (
        len(job.model.states) * job.follow.points + len(job.measures) * (1 + 2 * job.product_shape[0])
    )
    refuse_size(job.patients, job.draws, strategies, per_draw)


MAX_POINTS = 1_000_000
"""Points of time at which states are counted; a curve of a million of them tells no more than one of a thousand."""


def grid_points(horizon: float, step: float) -> int:
    """Points from 0 to a horizon, a step apart; refused where no result could hold a number of patients at each.

    Raises
    ------
    ScenarioError : more than a million of them.
    """
    with np.errstate(over="ignore"):
        points = float(np.float64(horizon) / np.float64(step))
    if points > MAX_POINTS:
        raise ScenarioError(
            f"a horizon of {horizon:.10g} in steps of {step:.10g} (grid_step) has {points:.3g} points of time at which states "
            f"are counted; at most {MAX_POINTS} are. Give a shorter horizon or a longer grid_step."
        )
    return math.floor(points + 1e-9) + 1


def refuse_size(patients: int, draws: int, strategies: int, per_draw: int) -> None:
    """Refuse a size by what is known before anything is drawn; `per_draw` numbers are kept for each draw."""
    paths = float(count("patients", patients)) * count("draws", draws) * strategies
    seconds = paths * SECONDS_PER_PATIENT
    memory = 8.0 * draws * per_draw
    if paths > MAX_PATIENTS or memory > MAX_BYTES:
        raise ScenarioError(
            f"{patients:.3g} patients x {draws} draws x {strategies} strategies would take about "
            f"{_duration(seconds)} on one core and {memory / 1e9:.3g} GB of memory. A million patients give "
            "P(alive) to 0.0005: ask for fewer patients or draws."
        )


def _duration(seconds: float) -> str:
    for size, unit in ((3.15e7, "years"), (86400.0, "days"), (3600.0, "hours")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} seconds"


def count(name: str, value: int) -> int:
    """`value` as a whole number from 1, else InputError."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise InputError(f"{name} must be a whole number from 1; got {value!r}.")
    if value > MOST_COUNTED:
        raise InputError(f"{name} must be a whole number from 1 to {MOST_COUNTED}; got {str(value)[:40]}.")
    return int(value)


def _inside(name: str, values: Sequence[float], horizon: float) -> tuple[float, ...]:
    found = tuple(asked_times(name, values, horizon).tolist())
    bad = [v for v in found if not 0 < v <= horizon]
    if bad:
        end, came = apart(horizon, bad[0])
        raise InputError(f"{name} must lie above 0 and not beyond the horizon {end}; got {came}.")
    return found
