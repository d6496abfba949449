"""Increments of every cumulative hazard on a grid of cells, for many parameter sets and each group of a cohort."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from survsim.core.checks import FloatArray
from survsim.estimate.calibration.course import CourseModel, Number, TransitionHazard, TreatmentEffect

Values = Mapping[str, FloatArray]
"""Parameter -> (b,) values, one a parameter set."""


def number(value: Number, values: Values, size: int) -> FloatArray:
    """A declared number as (b,)."""
    return values[value] if isinstance(value, str) else np.full(size, float(value))


def base_increments(model: CourseModel, values: Values, edges: FloatArray, size: int) -> FloatArray:
    """(b, T, n) increments of each transition between `edges` (n + 1,), without effects of treatment."""
    return np.stack([_increments(t, values, edges, size) for t in model.transitions], axis=1)


def _increments(t: TransitionHazard, values: Values, edges: FloatArray, size: int) -> FloatArray:
    if t.rate is not None:
        found = number(t.rate, values, size)[:, None] * np.diff(edges)
    elif t.shape is not None and t.scale is not None:
        shape = number(t.shape, values, size)[:, None]
        scale = number(t.scale, values, size)[:, None]
        found = np.diff((edges / scale) ** shape, axis=1)
    else:
        rates = np.stack([number(r, values, size) for r in t.rates], axis=1)
        ends = np.array([*t.breaks, np.inf])
        starts = np.array([0.0, *t.breaks])
        # (pieces, n): how much of each cell lies in each piece.
        inside = np.minimum(edges[1:], ends[:, None]) - np.maximum(edges[:-1], starts[:, None])
        found = rates @ np.maximum(inside, 0.0)
    for factor in t.factors:
        found = found * number(factor, values, size)[:, None]
    return found


def with_effects(
    increments: FloatArray,
    effects: tuple[TreatmentEffect, ...],
    model: CourseModel,
    values: Values,
    edges: FloatArray,
) -> FloatArray:
    """The increments (b, T, n) under the effects of one group."""
    if not effects:
        return increments
    names = [t.name for t in model.transitions]
    found = increments.copy()
    for effect in effects:
        covered, weight = coverage(effect, edges)
        log_ratio = np.log(number(effect.hazard_ratio, values, increments.shape[0]))[:, None]
        found[:, names.index(effect.transition)] *= 1.0 - covered + covered * np.exp(weight * log_ratio)
    return found


def coverage(effect: TreatmentEffect, edges: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Of each cell the share in which the effect acts, and the mean weight of its logarithm there."""
    low, high = np.maximum(edges[:-1], effect.start), np.minimum(edges[1:], effect.stop)
    length = np.maximum(high - low, 0.0)
    covered = length / np.diff(edges)
    if effect.wanes_from is None:
        return covered, np.ones_like(covered)
    turn, fall = effect.wanes_from, effect.stop - effect.wanes_from

    def area(t: FloatArray) -> FloatArray:
        past = np.maximum(t - turn, 0.0)
        return t - past**2 / (2.0 * fall)

    safe = np.where(length > 0, length, 1.0)
    return covered, np.where(length > 0, (area(high) - area(low)) / safe, 0.0)
