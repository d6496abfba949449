"""From a scenario that declares a cohort to its result: shares by curves or matrices, or patients of cycles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.simulation.cohort.cycle_patients import cycle_patients
from survsim.simulation.cohort.cycles import cycle_cohort
from survsim.simulation.cohort.partitioned import partitioned_survival

if TYPE_CHECKING:
    from survsim.scenario.spec import Scenario
    from survsim.simulation.outcomes.result import SimulationResult


def cohort_of(
    scenario: Scenario,
    parameters: Mapping[str, Any],
    *,
    draws: int | None = None,
    patients: int = 2,
    seed: int = 1,
    provenance: Provenance | None = None,
) -> SimulationResult:
    """The result of the cohort that a scenario declares.

    Parameters
    ----------
    parameters : draws by name (d,); draws : how many of them are used, default all.
    patients, seed : of cycles that are run by patients; shares need neither.
    """
    c = scenario.content
    used = set(scenario._used())
    given = {k: _first(k, v, draws) for k, v in parameters.items() if k in used}
    options: dict[str, Any] = {
        "horizon": c.horizon,
        "time_unit": c.time_unit,
        "values": c.values,
        "parameters": given,
        "taus": c.outcomes.tau or (c.horizon,),
        "times": c.outcomes.alive_at,
        "provenance": provenance,
    }
    if c.partitioned is not None:
        return partitioned_survival(c.partitioned, grid_step=c.outcomes.grid_step, **options)
    assert c.cycles is not None
    if c.cycles.run == "patients":
        return cycle_patients(c.cycles, patients=patients, seed=seed, **options)
    return cycle_cohort(c.cycles, **options)


def _first(name: str, values: Any, draws: int | None) -> Any:
    array = np.atleast_1d(values)
    if draws is None or array.size == 1:
        return array
    if draws > array.size:
        raise InputError(f"{draws} draws were asked for, but {name} holds {array.size}.")
    return array[:draws]
