"""A cohort that moves at the ends of fixed cycles: products of transition matrices, exactly."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from survsim.core import units
from survsim.core.checks import FloatArray
from survsim.core.errors import ScenarioError
from survsim.core.provenance import Provenance
from survsim.core.units import conversion_factor
from survsim.simulation.cohort.cycle_ends import MOST_CYCLES, counted_cycles, weight_once, whole_cycles
from survsim.simulation.cohort.making import Asked, cohort_result, draws_of, numbers_at, parameters_of
from survsim.simulation.cohort.matrices import matrices_at
from survsim.simulation.cohort.result import CohortResult
from survsim.simulation.cohort.totals import CohortCourse, Counted
from survsim.simulation.declared.cohort_values import cohort_value_faults
from survsim.simulation.declared.cycles import Correction, Cycles
from survsim.simulation.declared.model import Numbers
from survsim.simulation.declared.states import matches
from survsim.simulation.declared.values import Values
from survsim.simulation.engine.discounting import DiscountPlan


def cycle_cohort(
    cycles: Cycles | Mapping[str, Any],
    *,
    horizon: float,
    time_unit: str,
    values: Values | None = None,
    parameters: Mapping[str, Any] | None = None,
    taus: Sequence[float] | None = None,
    times: Sequence[float] = (),
    provenance: Provenance | None = None,
) -> CohortResult:
    """Shares of a cohort that moves by transition matrices at the ends of cycles: ``x(t + 1) = x(t) P(t)``.

    Parameters
    ----------
    cycles : `Cycles` or its keys: ``length`` with its unit, ``states``, ``deaths``, ``start``, ``correction``, and by
        strategy a ``matrix`` or ``bands`` of matrices over time. A matrix is rows of numbers, of names of parameters, with one
        ``rest`` a row; or an array (states, states) or (draws, states, states).
    horizon, time_unit : the time to which cycles are run, a whole number of them; unit of every other time.
    values : outcomes by state, at entry and at transition (counted at the end of the cycle), and discounts.
    parameters : numbers that matrices and values name, each one value or one a draw (draws,).
    taus, times : horizons of means (default `horizon`), whole numbers of cycles; times of shares alive.

    Returns
    -------
    CohortResult : `.compare(...)`, `.cost_effectiveness(...)`, `.decision(...)` as of a simulation, exact.

    Raises
    ------
    ScenarioError : rows that do not sum to one (each with its sum), entries below 0, horizons that are no whole number of
        cycles.
    InputError : a cycle without its unit, and other keys that cannot be read.

    References
    ----------
    Beck, Pauker 1983, Med Decis Making 3:419; Elbasha, Chhatwal 2016, Med Decis Making 36:115 (corrections).

    Example
    -------
    >>> from survsim.simulation import cycle_cohort
    >>> matrix = [["rest", 0.2, 0.1], [0, "rest", 0.3], [0, 0, 1]]
    >>> found = cycle_cohort({"length": "1 year", "states": ["well", "ill", "dead"], "deaths": ["dead"],
    ...     "strategies": {"usual": {"matrix": matrix}}}, horizon=2.0, time_unit="years", times=[2.0])
    >>> found.measure("alive", 2.0).estimate.round(3).tolist()
    [0.77]
    """
    units.check_unit(time_unit)
    declared = cycles if isinstance(cycles, Cycles) else Cycles.model_validate(cycles)
    length = cycle_length(declared, time_unit)
    asked = asked_of(declared, length, horizon, time_unit, taus, times)
    check_values(declared, values)
    given = parameters_of(parameters)
    sizes = [
        b.matrix.shape[0]
        for s in declared.strategies.values()
        for b in s.of_time()
        if getattr(b.matrix, "ndim", 2) == 3
    ]
    draws = draws_of(given, sizes)
    courses: dict[str, list[CohortCourse]] = {
        name: [trace(declared, name, d, numbers_at(given, d), length, asked) for d in range(draws)]
        for name in declared.strategies
    }
    return cohort_result(
        courses,
        asked=asked,
        values=values,
        own={name: one.values for name, one in declared.strategies.items()},
        labels={name: one.label or name.replace("_", " ") for name, one in declared.strategies.items()},
        states=declared.states,
        dead=declared.deaths,
        free=False,
        parameters=given,
        notes=(_told(declared),),
        in_cycles=True,
        provenance=provenance
        or Provenance.of("cycle_cohort", length=declared.length, horizon=float(horizon)),
    )


def cycle_length(declared: Cycles, time_unit: str) -> float:
    """The length of a cycle in the unit of the model."""
    found = declared.length_in_days() * conversion_factor("days", time_unit)
    # 12 months are a year to the last bit
    return float(f"{found:.13g}")


def asked_of(
    declared: Cycles,
    length: float,
    horizon: float,
    time_unit: str,
    taus: Sequence[float] | None,
    times: Sequence[float],
) -> Asked:
    """To what a model of cycles is followed: its grid are the cycle ends."""
    asked = Asked.of(horizon, time_unit, taus, times, None)
    if asked.horizon / length > MOST_CYCLES:
        raise ScenarioError(
            f"{asked.horizon:g} {time_unit} are more than {MOST_CYCLES} cycles of {declared.length}."
        )
    n = whole_cycles(asked.horizon, length)
    for tau in asked.taus:
        whole_cycles(tau, length)
    return dataclasses.replace(asked, grid=length * np.arange(n + 1, dtype=np.float64))


def check_values(declared: Cycles, values: Values | None) -> None:
    """Refuse values at states and ways that the cycles do not have."""
    ways = tuple(f"{a}>{b}" for a in declared.alive for b in declared.states if a != b)
    own = {name: one.values for name, one in declared.strategies.items()}
    faults = list(cohort_value_faults(values, own, declared.alive, declared.deaths, ways))
    if faults:
        raise ScenarioError("the cycles cannot be counted as written:\n  " + "\n  ".join(faults))


def _told(declared: Cycles) -> str:
    how = declared.correction if isinstance(declared.correction, str) else "weights of its own"
    return f"Fixed cycles of {declared.length}; states change at cycle ends alone, and cycles count by {how.replace('_', ' ')}."


def start_shares(declared: Cycles, number: Numbers) -> FloatArray:
    """The cohort at time 0 (states,)."""
    if not declared.start:
        return np.eye(len(declared.states))[0]
    found = np.array([number(declared.start.get(s, 0.0)) for s in declared.states])
    if (found < 0).any() or abs(found.sum() - 1.0) > 1e-8:
        shares = ", ".join(f"{s} {v:.10g}" for s, v in zip(declared.states, found) if v)
        raise ScenarioError(
            f"start: shares are at least 0 and sum to 1; found {shares}, which sum to {found.sum():.10g}."
        )
    return np.asarray(found / found.sum())


def steps(
    declared: Cycles, strategy: str, draw: int, number: Numbers, length: float, n: int
) -> list[FloatArray]:
    """The matrix of each of `n` cycles."""
    for band in declared.strategies[strategy].of_time()[:-1]:
        whole_cycles(float(band.until or 0.0), length)
    ends = length * np.arange(n + 1, dtype=np.float64)
    return matrices_at(declared, strategy, draw, number, ends)


def trace(
    declared: Cycles, strategy: str, draw: int, number: Numbers, length: float, asked: Asked
) -> CycleTrace:
    """The shares of a strategy at every cycle end in one draw."""
    n = asked.grid.size - 1
    matrices = steps(declared, strategy, draw, number, length, n)
    shares = np.empty((n + 1, len(declared.states)))
    shares[0] = start_shares(declared, number)
    for k, matrix in enumerate(matrices):
        shares[k + 1] = shares[k] @ matrix
    living = np.array([declared.states.index(s) for s in declared.alive])
    return CycleTrace(
        length, declared.states, living, shares, tuple(matrices), declared.correction, declared.once
    )


@dataclasses.dataclass(frozen=True, slots=True)
class CycleTrace:
    """Shares (cycle ends, states) of a cohort, the matrices between them, and how cycles count."""

    length: float
    states: tuple[str, ...]
    living: np.ndarray[Any, np.dtype[np.int64]]
    shares: FloatArray
    matrices: tuple[FloatArray, ...]
    correction: Correction | tuple[float, ...]
    once: str

    def counted(self, tau: float) -> Counted:
        n = whole_cycles(tau, self.length)
        return counted_cycles(self.shares[: n + 1, self.living].T, self.length, self.correction)

    def share_at(self, times: FloatArray) -> FloatArray:
        return self.all_at(times)[:, self.living]

    def dead_at(self, times: FloatArray) -> FloatArray:
        gone = [i for i in range(len(self.states)) if i not in self.living]
        return self.all_at(times)[:, gone]

    def all_at(self, times: FloatArray) -> FloatArray:
        """Shares (times, states), the dead among them; they hold from one cycle end to the next."""
        place = np.floor(times / self.length + 1e-9).astype(np.int64)
        return self.shares[np.minimum(place, len(self.shares) - 1)]

    def entering(self, way: str, tau: float, discount: DiscountPlan | None) -> float:
        n = whole_cycles(tau, self.length)
        taken = self.taken(way)
        flow = np.array(
            [self.shares[k] @ np.where(taken, self.matrices[k], 0.0).sum(axis=1) for k in range(n)]
        )
        return float(weight_once(discount, self.length, n, self.correction, self.once) @ flow)

    def taken(self, pattern: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which ways (states, states) a name with * for any part means; staying is none."""
        return np.array([[a != b and matches(pattern, f"{a}>{b}") for b in self.states] for a in self.states])
