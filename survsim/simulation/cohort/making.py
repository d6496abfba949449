"""What every cohort model needs besides its courses: draws of numbers, horizons, and the result that they amount to."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from survsim.core.checks import FloatArray, between, float_vector
from survsim.core.errors import InputError, ScenarioError
from survsim.core.pairing import paired_draws
from survsim.core.provenance import Provenance
from survsim.core.times import at_least_one, meet
from survsim.simulation.cohort.result import CohortResult
from survsim.simulation.cohort.totals import CohortCourse, cohort_measures, measured, resolved
from survsim.simulation.cohort.worth import Worth
from survsim.simulation.declared.cohort_values import OwnValues
from survsim.simulation.declared.counted import DISCOUNTED, JOINT
from survsim.simulation.declared.model import Numbers
from survsim.simulation.declared.values import Values
from survsim.simulation.engine.discounting import DiscountPlan
from survsim.simulation.outcomes.covariances import Covariances
from survsim.simulation.outcomes.result import measure_unit

MOST_POINTS = 100_000
"""Points of a grid, or ends of a discount's cycles, that are held."""


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """To which times a cohort is followed and read."""

    horizon: float
    time_unit: str
    taus: tuple[float, ...]
    times: tuple[float, ...]
    grid: FloatArray

    @classmethod
    def of(
        cls,
        horizon: float,
        time_unit: str,
        taus: Sequence[float] | None,
        times: Sequence[float],
        grid_step: float | None,
    ) -> Asked:
        end = between("horizon", horizon, 0.0, np.inf)
        step = end / 240 if grid_step is None else between("grid_step", grid_step, 0.0, np.inf)
        if not end / MOST_POINTS <= step <= end:
            raise InputError(
                f"grid_step lies between {end / MOST_POINTS:g} and the horizon {end:g}; got {step:g}."
            )
        grid = step * np.arange(int(end / step + 1e-9) + 1, dtype=np.float64)
        return cls(
            end,
            time_unit,
            _inside("taus", [end] if taus is None else taus, end),
            _inside("times", times, end),
            grid,
        )

    def edges(self, values: Values | None, own: Iterable[Mapping[str, OwnValues]] = ()) -> FloatArray:
        """Times at which a discount, the course of an outcome or what a strategy adds jumps."""
        spans = [span for mine in own for one in mine.values() for span in one.added]
        found: list[FloatArray] = [np.array([[s.from_, s.until] for s in spans]).ravel()]
        for outcome in values.outcomes.values() if values else ():
            if outcome.course is not None:
                found.append(np.array(outcome.course.breaks))
        plans = {DiscountPlan.of(d, self.time_unit) for d in _discounts(values)}
        for plan in (p for p in plans if p is not None and p.cycle):
            if self.horizon / plan.cycle > MOST_POINTS:
                raise ScenarioError(
                    f"a discount in cycles of {plan.cycle:g} has more than {MOST_POINTS} of them to the horizon."
                )
            found.append(np.arange(plan.cycle, self.horizon, plan.cycle))
        return np.concatenate(found)


def _discounts(values: Values | None) -> list[Any]:
    return [] if values is None else [values.discount, *(o.discount for o in values.outcomes.values())]


def _inside(name: str, values: Any, horizon: float) -> tuple[float, ...]:
    if not len(np.atleast_1d(np.asarray(values, dtype=object))):
        return ()
    found = meet(float_vector(name, at_least_one(values)), horizon)
    low = (found <= 0) if name == "taus" else (found < 0)
    if low.any() or (found > horizon).any():
        raise InputError(f"{name} lie between 0 and the horizon {horizon:g}; got {found.tolist()}.")
    return tuple(dict.fromkeys(float(v) for v in found))


def parameters_of(parameters: Mapping[str, Any] | None) -> dict[str, FloatArray]:
    """Numbers by name, each () or (draws,)."""
    found = {}
    for name, value in paired_draws(parameters or {}).items():
        array = float_vector(f"parameter {name}", np.atleast_1d(value))
        found[name] = array.reshape(()) if array.size == 1 else array
    return found


def draws_of(parameters: Mapping[str, FloatArray], sizes: Sequence[int] = ()) -> int:
    """How many draws there are; refused where lists of draws have different lengths."""
    found = {v.size for v in parameters.values() if v.ndim} | set(sizes)
    if len(found) > 1:
        raise InputError(
            f"every list of draws has the same length; found {', '.join(map(str, sorted(found)))}."
        )
    return found.pop() if found else 1


class Named(Numbers):
    """Looks a number up, and says which name it does not know."""

    def __call__(self, number: Any) -> float:
        if isinstance(number, str) and number not in self.values:
            known = ", ".join(self.values) or "none"
            raise ScenarioError(f"parameter {number!r} is used but not given; known: {known}.")
        return Numbers.__call__(self, number)


def numbers_at(parameters: Mapping[str, FloatArray], draw: int) -> Numbers:
    """The numbers of one draw."""
    return Named({k: float(v[draw] if v.ndim else v) for k, v in parameters.items()})


def cohort_result(
    courses: Mapping[str, Sequence[CohortCourse]],
    *,
    asked: Asked,
    values: Values | None,
    own: Mapping[str, Mapping[str, OwnValues]],
    labels: Mapping[str, str],
    states: tuple[str, ...],
    dead: tuple[str, ...],
    free: bool,
    parameters: Mapping[str, FloatArray],
    notes: tuple[str, ...],
    beside: tuple[str, ...] = (),
    in_cycles: bool = False,
    provenance: Provenance,
) -> CohortResult:
    """The result of courses by strategy and draw; living states come before the dead in each course's shares."""
    alive = tuple(s for s in states if s not in dead)
    names = cohort_measures(values, alive, free, asked.taus, asked.times)
    draws = len(next(iter(courses.values())))
    means = np.empty((draws, len(names), len(courses)))
    counts = np.zeros((draws, len(courses), len(states), asked.grid.size))
    living, gone = ([states.index(s) for s in which] for which in (alive, dead))
    for d in range(draws):
        number = numbers_at(parameters, d)
        mine = resolved(values, number)
        for s, (name, by_draw) in enumerate(courses.items()):
            outcomes = mine.outcomes if mine else {}
            worths = {n: Worth(n, o, own[name].get(n), number, alive) for n, o in outcomes.items()}
            means[d, :, s] = measured(names, by_draw[d], mine, worths, alive, asked.time_unit)
            counts[d, s, living] = by_draw[d].share_at(asked.grid).T
            counts[d, s, gone] = by_draw[d].dead_at(asked.grid).T if dead else 0.0
    return CohortResult(
        provenance=provenance,
        strategies=tuple(courses),
        labels=tuple(labels[n] for n in courses),
        states=states,
        death_states=dead,
        measures=names,
        grid=asked.grid,
        counts=cast("Any", counts),
        means=means,
        covariances=Covariances(np.zeros((draws, len(names), len(courses), len(courses)))),
        n_patients=1,
        n_draws=draws,
        seed=0,
        horizon=asked.horizon,
        time_unit=asked.time_unit,
        taus=asked.taus,
        conf_level=0.95,
        fingerprint="",
        units=tuple(unit_of_measure(n, values, asked.time_unit) for n in names),
        lower_is_better=tuple(n for n, o in (values.outcomes if values else {}).items() if o.low_is_good),
        notes=notes,
        beside=beside,
        in_cycles=in_cycles,
    )


def unit_of_measure(full: str, values: Values | None, time_unit: str) -> str:
    """Unit of a measure of a cohort."""
    name = full.partition("@")[0].removeprefix(DISCOUNTED)
    outcome = (values.outcomes if values else {}).get(name)
    if outcome is not None:
        return outcome.unit_in(time_unit)
    return measure_unit(name, time_unit) if not name.startswith(JOINT) else "share"
