"""Patients who move at the ends of fixed cycles, each with the same luck under every strategy.

The uniform of a patient in a cycle has an address of its own (seed, draw, cycle, patient), and the next state is the
first at which the cumulated row reaches it: strategies with the same matrices take each patient the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from survsim.core import units
from survsim.core.checks import FloatArray, IntArray
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.streams import CELL, Streams
from survsim.core.times import met
from survsim.simulation.cohort.cycle_ends import weight_once, whole_cycles
from survsim.simulation.cohort.cycles import (
    asked_of,
    check_values,
    cycle_length,
    start_shares,
    trace,
)
from survsim.simulation.cohort.making import Asked, draws_of, numbers_at, parameters_of, unit_of_measure
from survsim.simulation.cohort.totals import cohort_measures, factors, resolved
from survsim.simulation.cohort.worth import Worth
from survsim.simulation.declared.counted import DISCOUNTED, JOINT, LIFE
from survsim.simulation.declared.cycles import Cycles
from survsim.simulation.declared.values import Outcome, Values
from survsim.simulation.engine.discounting import DiscountPlan
from survsim.simulation.outcomes.covariances import Covariances
from survsim.simulation.outcomes.result import SimulationResult

MOST_STEPS = 2e9
"""Patients times cycles times draws times strategies: some hours."""


def cycle_patients(
    cycles: Cycles | Mapping[str, Any],
    *,
    horizon: float,
    time_unit: str,
    patients: int,
    seed: int = 1,
    values: Values | None = None,
    parameters: Mapping[str, Any] | None = None,
    taus: Sequence[float] | None = None,
    times: Sequence[float] = (),
    provenance: Provenance | None = None,
) -> SimulationResult:
    """Patients drawn one by one from the transition matrices of `cycle_cohort`, on the same luck under each strategy.

    Parameters
    ----------
    cycles, horizon, time_unit, values, parameters, taus, times : as of `cycle_cohort`.
    patients, seed : patients in each draw, and what names their luck.

    Returns
    -------
    SimulationResult : with the Monte Carlo error of so many patients; two strategies with the same matrices differ by 0.

    Raises
    ------
    ScenarioError, InputError : as of `cycle_cohort`; patients that are no whole number from 2, or more than can be run.

    Example
    -------
    >>> from survsim.simulation import cycle_patients
    >>> found = cycle_patients({"length": "1 year", "states": ["well", "dead"], "deaths": ["dead"],
    ...     "strategies": {"usual": {"matrix": [["rest", 0.2], [0, 1]]}}}, horizon=5.0, time_unit="years",
    ...     patients=4000, times=[1.0])
    >>> bool(abs(found.measure("alive", 1.0).estimate[0] - 0.8) < 0.03)
    True
    """
    units.check_unit(time_unit)
    if isinstance(patients, bool) or not isinstance(patients, int | np.integer) or patients < 2:
        raise InputError(f"patients must be a whole number from 2; got {patients!r}.")
    declared = cycles if isinstance(cycles, Cycles) else Cycles.model_validate(cycles)
    length = cycle_length(declared, time_unit)
    asked = asked_of(declared, length, horizon, time_unit, taus, times)
    check_values(declared, values)
    given = parameters_of(parameters)
    arrays = [
        b.matrix
        for s in declared.strategies.values()
        for b in s.of_time()
        if getattr(b.matrix, "ndim", 2) == 3
    ]
    draws = draws_of(given, [a.shape[0] for a in arrays])
    if float(patients) * draws * len(declared.strategies) * asked.grid.size > MOST_STEPS:
        raise InputError(
            f"{patients} patients in {draws} draws take more than {MOST_STEPS:.0e} steps; ask for fewer."
        )
    names = cohort_measures(values, declared.alive, False, asked.taus, asked.times)
    streams, s_count = Streams(seed), len(declared.strategies)
    counts = np.zeros((draws, s_count, len(declared.states), asked.grid.size), dtype=np.int64)
    means = np.empty((draws, len(names), s_count))
    covariance = np.empty((draws, len(names), s_count, s_count))
    for d in range(draws):
        number = numbers_at(given, d)
        plans = [
            _Plan(declared, name, d, number, length, asked, values, names) for name in declared.strategies
        ]
        sums, products = np.zeros((len(names), s_count)), np.zeros((len(names), s_count, s_count))
        for start in range(0, patients, CELL):
            size = min(CELL, patients - start)
            found = np.stack(
                [plan.run(streams, d, start, size, counts[d, s]) for s, plan in enumerate(plans)], axis=1
            )
            sums += found.sum(axis=2)
            products += np.einsum("msn,mrn->msr", found, found)
        means[d] = sums / patients
        centred = products / patients - means[d][:, :, None] * means[d][:, None, :]
        covariance[d] = centred / (patients - 1)
    return SimulationResult(
        provenance=provenance
        or Provenance.of("cycle_patients", length=declared.length, patients=int(patients), seed=seed),
        strategies=tuple(declared.strategies),
        labels=tuple(one.label or name.replace("_", " ") for name, one in declared.strategies.items()),
        states=declared.states,
        death_states=declared.deaths,
        measures=names,
        grid=asked.grid,
        counts=counts,
        means=means,
        covariances=Covariances(covariance),
        n_patients=int(patients),
        n_draws=draws,
        seed=seed,
        horizon=asked.horizon,
        time_unit=time_unit,
        taus=asked.taus,
        conf_level=0.95,
        fingerprint="",
        units=tuple(unit_of_measure(n, values, time_unit) for n in names),
        lower_is_better=tuple(n for n, o in (values.outcomes if values else {}).items() if o.low_is_good),
        in_cycles=True,
    )


class _Plan:
    """One strategy in one draw: cumulated matrices, and what each cycle end is worth by state and by way."""

    def __init__(
        self, declared: Cycles, name: str, draw: int, number: Any, length: float, asked: Asked, values: Values | None,
        names: Sequence[str],
    ) -> None:  # fmt: skip
        self.names, self.length, self.asked = names, length, asked
        self.trace = trace(declared, name, draw, number, length, asked)
        self.states, self.alive = declared.states, declared.alive
        self.begin = np.cumsum(start_shares(declared, number))
        self.values = resolved(values, number)
        own = declared.strategies[name].values
        outcomes = self.values.outcomes if self.values else {}
        self.worths = {n: Worth(n, o, own.get(n), number, declared.alive) for n, o in outcomes.items()}
        self.tables = {full: self._table(full) for full in names if not full.startswith((JOINT, "alive@"))}
        self.steps = [np.cumsum(m, axis=1) for m in self.trace.matrices]

    def run(self, streams: Streams, draw: int, start: int, size: int, counts: IntArray) -> FloatArray:
        """The measures (measures, patients) of some patients; their states are added to `counts` (states, ends)."""
        k = len(self.states)
        state = _first_at(self.begin[None, :], streams.uniforms("start", size=size, start=start, draw=draw))
        totals = {full: np.full(size, table[2]) for full, table in self.tables.items()}
        alive: dict[str, FloatArray] = {}
        living = np.isin(np.arange(k), self.trace.living)
        for end in range(self.asked.grid.size):
            if end:
                luck = streams.uniforms("cycle", size=size, start=start, draw=draw, visit=end)
                before, state = state, _first_at(self.steps[end - 1][state], luck)
                for full, table in self.tables.items():
                    if table[1] is not None:
                        totals[full] += table[1][end, before, state]
            counts[:, end] += np.bincount(state, minlength=k)
            for full, table in self.tables.items():
                totals[full] += table[0][end, state]
            for full in (n for n in self.names if n.startswith("alive@")):
                if int(np.floor(float(full.partition("@")[2]) / self.length + 1e-9)) == end:
                    alive[full] = living[state].astype(np.float64)
        found = totals | alive
        for full in (n for n in self.names if n.startswith(JOINT)):
            kind, _, at = full.partition("@")
            effect, cost = kind.removeprefix(JOINT).split("/")
            found[full] = found[f"{effect}@{at}"] + found[f"{cost}@{at}"]
        return np.stack([found[full] for full in self.names])

    def _table(self, full: str) -> tuple[FloatArray, FloatArray | None, float]:
        """What being in each state at each cycle end counts (ends, states), what each way does (ends, states, states), and
        what counts at the beginning."""
        kind, _, at = full.partition("@")
        tau, name = float(at), kind.removeprefix(DISCOUNTED)
        outcome = self.values.outcomes.get(name) if self.values else None
        declared = None
        if kind != name and self.values is not None:
            declared = self.values.discount_of(outcome) if outcome else self.values.discount
        plan = DiscountPlan.of(declared, self.asked.time_unit)
        per_end = self._per_end(tau, plan)
        rate = np.zeros((self.asked.grid.size, len(self.states)))
        if outcome is None:
            for state in self.alive if name == LIFE else (name.removeprefix("time_in/"),):
                rate[:, self.states.index(state)] = 1.0
            return self._weighed(per_end, rate), None, 0.0
        worth = self.worths[name]
        for state in self.alive:
            rate[:, self.states.index(state)] = worth.rate[state]
        for begin, end, extra in worth.added:
            when = met(self.asked.grid, (begin, end))
            here = (when >= begin) & (when < end)
            for state, value in extra.items():
                rate[here, self.states.index(state)] += value
        rate *= factors(outcome, self.asked.grid)[:, None]
        first = worth.beginning * (float(plan.weight(np.zeros(1))[0]) if plan else 1.0)
        return self._weighed(per_end, rate), self._ways(outcome, worth, tau, plan), first

    def _per_end(self, tau: float, plan: DiscountPlan | None) -> list[tuple[int, int, float]]:
        """Triples: the cycle end whose state counts, the cycle end whose rate is in force, and the weight."""
        n = whole_cycles(tau, self.length)
        ends = self.length * np.arange(n + 1, dtype=np.float64)
        late = plan.weight(ends) if plan else np.ones(n + 1)
        c = self.trace.correction
        if c == "start":
            return [(k, k, self.length * late[k]) for k in range(n)]
        if c == "end":
            return [(k + 1, k, self.length * late[k + 1]) for k in range(n)]
        if c == "life_table":
            return [(k + e, k, 0.5 * self.length * late[k]) for k in range(n) for e in (0, 1)]
        counted = self.trace.counted(tau)
        return [(k, k, w * late[k]) for k, w in enumerate(counted.weight)]

    def _weighed(self, per_end: Sequence[tuple[int, int, float]], rate: FloatArray) -> FloatArray:
        table = np.zeros_like(rate)
        for at, force, weight in per_end:
            table[at] += weight * rate[force]
        return table

    def _ways(
        self, outcome: Outcome, worth: Worth, tau: float, plan: DiscountPlan | None
    ) -> FloatArray | None:
        if not worth.entry and not worth.way:
            return None
        k, n = len(self.states), whole_cycles(tau, self.length)
        jump = np.zeros((k, k))
        for state, value in worth.entry.items():
            jump[:, self.states.index(state)] += value
        for way, value in worth.way.items():
            jump[self.trace.taken(way)] += value
        np.fill_diagonal(jump, 0.0)
        late = np.zeros(self.asked.grid.size)
        late[1 : n + 1] = weight_once(plan, self.length, n, self.trace.correction, self.trace.once)
        return np.asarray(late[:, None, None] * jump)


def _first_at(cumulated: FloatArray, luck: FloatArray) -> IntArray:
    """The first state (patients,) at which the cumulated row reaches the uniform; none beyond the last with a probability."""
    reached = luck[:, None] > cumulated[:, :-1]
    return np.asarray(reached.sum(axis=1), dtype=np.int64)
