"""Dose to the cord by course and region, and what it means for those who were irradiated once and again.

A mean over everybody mixes those who died before a course with those who had it. Each measure here is a sum that a
share beside it divides: the mean dose of those irradiated is ``cord_dose/again`` over ``irradiated/again``. What
counts is what was delivered, whole, without recovery; the risk of myelopathy is that of the dose, given survival.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from survsim.core.checks import BoolArray, FloatArray
from survsim.kernels.patient_lines import courses_that_met, worst_of_courses
from survsim.simulation.cord_biology.myelopathy import MODELS
from survsim.simulation.declared.model import Model
from survsim.simulation.engine.cord import risk_of
from survsim.simulation.engine.paths import Paths
from survsim.simulation.engine.plan import BEFORE, StrategyPlan, treatments_of

GROUPS = ("once", "again")
"""Irradiated in one course; in two or more that met in a region."""


def cord_measures(model: Model) -> list[str]:
    """Names of the measures of a model: shares, doses and risks by group; share and dose by course and region."""
    courses: dict[tuple[str, str], None] = {}
    for s in model.strategies:
        for name in treatments_of(model, s):
            courses |= {(name, r.region): None for r in getattr(model.treatment(s, name), "radiation", ())}
    courses |= {(BEFORE, d.region): None for d in (model.history.doses if model.history else ())}
    if not courses:
        return []
    names = (
        [f"irradiated/{g}" for g in GROUPS]
        + [f"cord_dose/{g}" for g in GROUPS]
        + ["radiation_interval/again"]
    )
    if model.cord.myelopathy:
        names += [f"myelopathy_risk/{m}/{g}" for m in model.cord.myelopathy.models for g in GROUPS]
    names += [f"irradiated/{c}/{r}" for c, r in courses] + [f"cord_dose/{c}/{r}" for c, r in courses]
    return names


def is_cord_measure(name: str) -> bool:
    """Whether `cord_values` makes the measure."""
    return name.startswith(("irradiated/", "cord_dose/", "radiation_interval/", "myelopathy_risk/"))


def cord_values(name: str, paths: Paths, plan: StrategyPlan, alpha_beta: float) -> FloatArray | None:
    """The measure of each patient (n,), 0 for those it is not about; None where it is 0 for all."""
    kind, *rest = name.split("/")
    if kind in ("irradiated", "cord_dose") and len(rest) == 2:
        course, region = rest
        if course not in plan.courses or region not in plan.regions:
            return None
        place = plan.courses.index(course), plan.regions.index(region)
        if kind == "irradiated":
            return (paths.course_dose[place] > 0).astype(np.float64)
        return np.asarray(
            (paths.course_square[place] + alpha_beta * paths.course_dose[place]) / (2.0 + alpha_beta)
        )
    inside = _group(paths, rest[-1])
    if kind == "irradiated":
        return inside.astype(np.float64)
    if kind == "radiation_interval":
        return np.where(inside & np.isfinite(paths.interval), paths.interval, 0.0)
    if kind == "cord_dose":
        return np.where(inside, _worst(paths, alpha_beta), 0.0)
    return np.where(inside, _risk(paths, rest[0]), 0.0)


def _worst(paths: Paths, alpha_beta: float) -> FloatArray:
    """EQD2 in Gy of all courses in the region that had most (n,)."""
    return _once(
        paths,
        ("worst", alpha_beta),
        lambda: worst_of_courses(paths.course_dose, paths.course_square, alpha_beta),
    )


def _risk(paths: Paths, model: str) -> FloatArray:
    """Risk of myelopathy (n,) of the dose."""
    own = MODELS[model][1]
    return _once(paths, (f"risk/{model}", own), lambda: risk_of(model, _worst(paths, own)))


def _group(paths: Paths, group: str) -> BoolArray:
    courses = _once(paths, ("courses", 0.0), lambda: courses_that_met(paths.course_dose))
    return np.asarray(courses >= 2 if group == "again" else courses == 1)


def _once(paths: Paths, key: tuple[str, float], make: Callable[[], FloatArray]) -> FloatArray:
    """What several measures ask for, made at the first of them."""
    if key not in paths.late:
        paths.late[key] = make()
    return paths.late[key]
