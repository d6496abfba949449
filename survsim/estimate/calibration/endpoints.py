"""Numbers of an endpoint under a course: probabilities at times and medians, as accurate as asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, between, known
from survsim.core.errors import InputError
from survsim.core.times import asked_times
from survsim.estimate.calibration import interpolation
from survsim.estimate.calibration.course import Cohort, CourseModel, Endpoint
from survsim.estimate.calibration.curves import Curves, Plan, curves

FINE_CELLS = 384
FINE_NODES = 16


def probability(found: Curves, endpoint: Endpoint, t: FloatArray) -> FloatArray:
    """(b, k) value of an endpoint at times (b, k) or (k,)."""
    step = float(found.times[1])
    value = np.exp(interpolation.at(found.log_free(endpoint), step, t))
    if endpoint.kind == "incidence":
        return np.asarray(1.0 - value)
    if endpoint.kind == "share":
        dead = 1.0 - np.exp(interpolation.at(found.log_alive(), step, t))
        return np.asarray((1.0 - value) / np.maximum(dead, 1e-300))
    return np.asarray(value)


def endpoint_probability(
    model: CourseModel,
    cohort: Cohort,
    endpoint: Endpoint,
    times: Any,
    values: Mapping[str, Any] | None = None,
) -> FloatArray:
    """Probability of an endpoint at given times under a semi-Markov course.

    Occupancy ``P_j(t) = sum_i int E_i(du) S_i(t - u)`` by product integration on two grids and Richardson's
    extrapolation; a shared frailty by Gauss quadrature; a cohort's groups mixed by their shares.

    Parameters
    ----------
    model, cohort, endpoint : the course, who was followed, and what was counted.
    times : (k,) in the model's unit, above 0.
    values : parameter -> value or (b,) values.

    Returns
    -------
    (k,) probabilities, or (b, k) for many parameter sets.

    Raises
    ------
    InputError : a parameter without value, or an endpoint the model cannot give.

    References
    ----------
    Putter, Fiocco & Geskus 2007, Stat Med 26:2389, section 4.

    Example
    -------
    >>> from survsim.calibration import Cohort, CourseModel, Endpoint, TransitionHazard, endpoint_probability
    >>> course = CourseModel(states=("alive", "dead"), start="alive", unit="months",
    ...                      transitions=(TransitionHazard(source="alive", target="dead", rate=0.1),))
    >>> alive = Endpoint(kind="event_free", states=("alive",))
    >>> endpoint_probability(course, Cohort(name="all"), alive, [5.0, 10.0]).round(6)
    array([0.606531, 0.367879])
    """
    t = asked_times("times", times, unit=model.unit)
    if t.size == 0 or not np.all(t > 0):
        raise InputError(f"times must be above 0 and finite; got {times!r}.")
    found, single = _exact(model, cohort, endpoint, 1.02 * float(t.max()), values or {})
    value = probability(found, endpoint, t)
    return value[0] if single else value


def endpoint_median(
    model: CourseModel,
    cohort: Cohort,
    endpoint: Endpoint,
    values: Mapping[str, Any] | None = None,
    *,
    horizon: float,
) -> Any:
    """Time at which half of a cohort has had the event; infinite where that is beyond `horizon`.

    Parameters
    ----------
    model, cohort, endpoint, values : as in `endpoint_probability`; kinds "event_free" and "time_to".
    horizon : how far to look, in the model's unit.

    Returns
    -------
    A number, or (b,) for many parameter sets.

    Raises
    ------
    InputError : an endpoint that is no time, and what `endpoint_probability` refuses.

    Reference: Putter, Fiocco & Geskus 2007 (Stat Med 26:2389).

    Example
    -------
    >>> from survsim.calibration import Cohort, CourseModel, Endpoint, TransitionHazard, endpoint_median
    >>> course = CourseModel(states=("alive", "dead"), start="alive", unit="months",
    ...                      transitions=(TransitionHazard(source="alive", target="dead", rate=0.1),))
    >>> alive = Endpoint(kind="event_free", states=("alive",))
    >>> round(endpoint_median(course, Cohort(name="all"), alive, horizon=60), 5)
    6.93147
    """
    if endpoint.kind not in ("event_free", "time_to"):
        raise InputError(f"a median belongs to a time; an endpoint of kind {endpoint.kind!r} has none.")
    found, single = _exact(model, cohort, endpoint, horizon, values or {})
    log_free = found.log_free(endpoint)
    median = np.exp(interpolation.log_time_at(log_free, float(found.times[1])))
    median = np.where(log_free[:, -1] > interpolation.MEDIAN, np.inf, median)
    return float(median[0]) if single else median


def _exact(
    model: CourseModel, cohort: Cohort, endpoint: Endpoint, horizon: float, given: Mapping[str, Any]
) -> tuple[Curves, bool]:
    """Curves on a fine grid, and whether a single parameter set was given."""
    check_fit(model, cohort, [endpoint])
    needed = needed_parameters(model, [cohort])
    missing = [name for name in needed if name not in given]
    if missing:
        raise InputError(
            f"no value was given for {', '.join(missing)}; the course needs {', '.join(needed)}."
        )
    between("horizon", horizon, 0.0, np.inf)
    arrays = {name: known(f"values[{name!r}]", given[name]) for name in needed}
    single = all(a.ndim == 0 for a in arrays.values())
    size = max([a.size for a in arrays.values()], default=1)
    for name, a in arrays.items():
        if a.ndim > 1 or a.size not in (1, size) or (a < 0).any():
            raise InputError(
                f"values[{name!r}] must be a number, or one for each of {size} parameter sets, none below 0; got "
                f"{a.size} from {a.min(initial=0):g}."
            )
    values = {name: np.broadcast_to(a, (size,)) for name, a in arrays.items()}
    plan = Plan.of(model, cohort, [endpoint], horizon, cells=FINE_CELLS, nodes=FINE_NODES)
    return curves(plan, values, size), single


def needed_parameters(model: CourseModel, cohorts: list[Cohort]) -> tuple[str, ...]:
    """Names of every parameter that the course or an effect refers to."""
    ratios = [e.hazard_ratio for c in cohorts for e in c.effects()]
    return tuple(dict.fromkeys([*model.parameters(), *[r for r in ratios if isinstance(r, str)]]))


def check_fit(model: CourseModel, cohort: Cohort, endpoints: list[Endpoint]) -> None:
    """Refuse a cohort or endpoint that names what the model does not have."""
    names = [t.name for t in model.transitions]
    faults = [
        f"effect on {e.transition!r}: the transitions are {', '.join(names)}"
        for e in cohort.effects()
        if e.transition not in names
    ]
    if cohort.start is not None and (cohort.start not in model.states or cohort.start in model.ends()):
        faults.append(f"start {cohort.start!r} is no state that can be left")
    faults += [fault for endpoint in endpoints for fault in endpoint.faults(model)]
    if faults:
        raise InputError(f"cohort {cohort.name!r} does not fit the course:\n  " + "\n  ".join(faults))
