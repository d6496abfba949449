"""Partitioned survival: time in each state as areas between two curves, by strategy and draw.

The share free of progression is one curve, that of the living another, and those who have progressed are what lies
between (Glasziou, Simes, Gelber 1990, Stat Med 9:1259; Woods et al. 2017, NICE DSU Technical Support Document 19).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from survsim.core import units
from survsim.core.checks import FloatArray, between
from survsim.core.errors import ExtrapolationWarning, ScenarioError, warn
from survsim.core.provenance import Provenance
from survsim.simulation.cohort.areas import CycleCourse, TwoCurves
from survsim.simulation.cohort.curves import curve_at
from survsim.simulation.cohort.making import Asked, cohort_result, draws_of, numbers_at, parameters_of
from survsim.simulation.cohort.result import CohortResult
from survsim.simulation.cohort.totals import CohortCourse
from survsim.simulation.cohort.transition_course import TransitionCourse, fitted_course
from survsim.simulation.declared.cohort_values import cohort_value_faults
from survsim.simulation.declared.model import Numbers
from survsim.simulation.declared.partitioned import STATES, Partitioned
from survsim.simulation.declared.values import Values

ALIVE = STATES[:2]
WEAKNESS = (
    "Partitioned survival: the two curves are extrapolated apart, so that beyond the data nothing ties death to "
    "progression, and what a treatment does to one says nothing of the other."
)
BESIDE = "_by_transitions"
"""What the name of a strategy ends with where it is modelled by transitions beside."""


def partitioned_survival(
    strategies: Mapping[str, Any] | Partitioned,
    *,
    horizon: float,
    time_unit: str,
    values: Values | None = None,
    parameters: Mapping[str, Any] | None = None,
    taus: Sequence[float] | None = None,
    times: Sequence[float] = (),
    grid_step: float | None = None,
    nested: bool = True,
    deaths: float | str | None = None,
    provenance: Provenance | None = None,
) -> CohortResult:
    """Mean time free of progression, progressed and alive from two survival curves a strategy, and what it is worth.

    Parameters
    ----------
    strategies : name -> ``{"progression_free": curve, "overall": curve}`` with ``label`` and ``values`` where wanted, or
        a `Partitioned`. A curve is a distribution, a result with one curve, ``{"family": ...}``,
        ``{"knots": ..., "coefficients": ...}``, ``{"times": ..., "survival": ..., "joined": ...}``,
        ``{"reference": strategy, "hazard_ratio": ...}``, or a list of these, one a draw.
    horizon, time_unit : the time to which the curves are used; unit of every time.
    values : outcomes and discounts; the states are progression_free, progressed, dead.
    parameters : numbers that the curves name, each one value or one a draw (draws,).
    taus, times : horizons of means (default `horizon`) and times of shares alive.
    grid_step : of the curves of the result; default a 240th of the horizon.
    nested : take progression-free survival down to overall survival where it lies above, or refuse it.
    deaths : where given, a model of transitions is fitted to the same curves and stands beside under the name
        ``STRATEGY_by_transitions``; `deaths` is the share of progression-free events that are deaths.

    Returns
    -------
    CohortResult : `.compare(...)`, `.cost_effectiveness(...)`, `.decision(...)` as of a simulation, the two latter without
        the models beside, for which `.by_transitions()` is asked; `.notes` says where
        curves crossed and what the model cannot see.

    Raises
    ------
    ScenarioError : curves that cross with ``nested=False``, that end before the horizon, or that name what is not there.
    InputError : curves in another unit; a horizon that is not above 0.

    References
    ----------
    Glasziou, Simes, Gelber 1990, Stat Med 9:1259; Woods et al. 2017, NICE DSU Technical Support Document 19.

    Example
    -------
    >>> from survsim.simulation import partitioned_survival
    >>> curves = {"progression_free": {"family": "exponential", "rate": 0.2},
    ...           "overall": {"family": "exponential", "rate": 0.1}}
    >>> found = partitioned_survival({"usual": curves}, horizon=12.0, time_unit="months")
    >>> found.measure("time_in/progressed", 12.0).estimate.round(3).tolist()
    [2.442]
    """
    units.check_unit(time_unit)
    declared = strategies
    if not isinstance(declared, Partitioned):
        beside = None if deaths is None else {"deaths": deaths}
        declared = Partitioned.model_validate(
            {"strategies": strategies, "nested": nested, "state_transition": beside}
        )
    asked = Asked.of(horizon, time_unit, taus, times, grid_step)
    _check(declared, values)
    given = parameters_of(parameters)
    sizes = [
        len(c)
        for s in declared.strategies.values()
        for c in (s.progression_free, s.overall)
        if isinstance(c, tuple)
    ]
    draws = draws_of(given, sizes)
    courses, notes = _courses(declared, values, given, draws, asked)
    return cohort_result(
        courses,
        asked=asked,
        values=values,
        own={name: _own(declared, name).values for name in courses},
        labels={name: _label(declared, name) for name in courses},
        states=STATES,
        dead=("dead",),
        free=True,
        parameters=given,
        notes=(WEAKNESS, *notes),
        beside=tuple(name for name in courses if name not in declared.strategies),
        provenance=provenance
        or Provenance.of("partitioned_survival", time_unit=time_unit, horizon=float(horizon)),
    )


def _courses(
    declared: Partitioned, values: Values | None, given: Mapping[str, FloatArray], draws: int, asked: Asked
) -> tuple[dict[str, list[CohortCourse]], list[str]]:
    """The courses of each strategy by draw, those by transitions after all others, and notes of crossings."""
    made: dict[str, list[CohortCourse]] = {name: [] for name in declared.strategies}
    beside: dict[str, list[CohortCourse]] = {}
    notes: list[str] = []
    own = [one.values for one in declared.strategies.values()]
    more = np.concatenate([np.array(asked.taus), np.array(asked.times), asked.edges(values, own)])
    for name in declared.strategies:
        pairs = []
        for draw in range(draws):
            number = numbers_at(given, draw)
            pairs.append(two_curves(declared, name, draw, number, asked, more))
        crossed = [p.crossing for p in pairs if p.crossing]
        if crossed:
            notes.append(_crossed(declared, name, crossed, draws, asked.time_unit))
        made[name] = [
            p
            if declared.cycle is None
            else CycleCourse(p, declared.cycle, declared.correction, declared.once)
            for p in pairs
        ]
        if declared.state_transition is not None:
            fitted = [
                fitted_course(
                    p,
                    asked.horizon,
                    numbers_at(given, d)(declared.state_transition.deaths),
                    declared.state_transition.after,
                )
                for d, p in enumerate(pairs)
            ]
            beside[name + BESIDE] = list(fitted)
            notes.append(_fitted(name, fitted))
    if notes and any("above overall" in n for n in notes):
        warn(" ".join(n for n in notes if "above overall" in n), ExtrapolationWarning)
    return made | beside, notes


def two_curves(
    declared: Partitioned, name: str, draw: int, number: Numbers, asked: Asked, more: FloatArray
) -> TwoCurves:
    """The two curves of a strategy in a draw."""
    pfs, os = (
        curve_at(
            declared.strategies, name, which, draw, number, time_unit=asked.time_unit, horizon=asked.horizon
        )
        for which in ("progression_free", "overall")
    )
    return TwoCurves.of(pfs, os, asked.horizon, more)


def _crossed(declared: Partitioned, name: str, crossed: list[Any], draws: int, unit: str) -> str:
    first, gap = min(c.time for c in crossed), max(c.gap for c in crossed)
    said = (
        f"{name}: progression-free survival lies above overall survival in {len(crossed)} of {draws} draws, first at "
        f"{first:.3g} {unit}, by up to {gap:.2g}"
    )
    if not declared.nested:
        raise ScenarioError(
            f"{said}. Nobody is free of progression and dead: choose other curves, or nested: true to take the one down to "
            "the other."
        )
    if len(crossed) == draws and all(c.exchanged for c in crossed):
        raise ScenarioError(
            f"{said}, and on average: as if the two curves were exchanged. Give progression-free survival under "
            "progression_free and overall survival under overall."
        )
    return f"{said}; it was taken down to it there."


def _fitted(name: str, fitted: Sequence[TransitionCourse]) -> str:
    gap = max(f.gap for f in fitted)
    return (
        f"{name}{BESIDE}: transitions fitted to the same two curves (progression and death without it follow the first; "
        f"{fitted[0].deaths:.3g} of its events are taken to be deaths, which the curves do not tell); its overall survival "
        f"departs from the second by up to {gap:.2g}."
    )


def _own(declared: Partitioned, name: str) -> Any:
    return declared.strategies.get(name) or declared.strategies[name.removesuffix(BESIDE)]


def _label(declared: Partitioned, name: str) -> str:
    title = _own(declared, name).label or (
        name if name in declared.strategies else name.removesuffix(BESIDE)
    ).replace("_", " ")
    return title if name in declared.strategies else f"{title} (transitions)"


def _check(declared: Partitioned, values: Values | None) -> None:
    own = {name: one.values for name, one in declared.strategies.items()}
    faults = list(cohort_value_faults(values, own, ALIVE, ("dead",), ("*>dead",)))
    doubled = [n for n in declared.strategies if n + BESIDE in declared.strategies]
    faults += [
        f"strategy {n}{BESIDE}: the name is kept for the model of transitions beside {n}" for n in doubled
    ]
    for name, one in declared.strategies.items():
        for which in ("progression_free", "overall"):
            item = getattr(one, which)
            if isinstance(item, tuple) and not item:
                faults.append(f"{name}: {which}: a list holds one curve a draw; it is empty")
    if declared.cycle is not None:
        between("cycle", declared.cycle, 0.0, np.inf)
    if faults:
        raise ScenarioError("the curves cannot be used as written:\n  " + "\n  ".join(faults))
