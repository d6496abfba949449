"""Declared curves as functions of time in one draw, with the times at which they bend or fall."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from survsim.core import distributions
from survsim.core.checks import FloatArray
from survsim.core.distributions import SurvivalDistribution
from survsim.core.errors import InputError, ScenarioError
from survsim.core.steps import Steps
from survsim.core.times import meet
from survsim.simulation.declared.model import Numbers
from survsim.simulation.declared.partitioned import (
    FileCurve,
    PointsCurve,
    RatioCurve,
    SplineCurve,
    StrategyCurves,
)
from survsim.simulation.laws.law import LawBase

Function: TypeAlias = Callable[[FloatArray], FloatArray]
ROUNDING = 1e-9
"""Survival may rise by this much through rounding in a curve that was stored."""


@dataclasses.dataclass(frozen=True, slots=True)
class CurveAt:
    """A survival curve in one draw: its function, and the times at which it is not smooth."""

    survival: Function
    breaks: FloatArray


def curve_at(
    strategies: Mapping[str, StrategyCurves],
    strategy: str,
    which: str,
    draw: int,
    number: Numbers,
    *,
    time_unit: str,
    horizon: float,
) -> CurveAt:
    """The curve "progression_free" or "overall" of a strategy in a draw; refused where it cannot reach the horizon."""
    item = getattr(strategies[strategy], which)
    where = f"{strategy}: {which}"
    if isinstance(item, tuple):
        item = item[draw]
    if isinstance(item, RatioCurve):
        base = curve_at(strategies, item.reference, which, draw, number, time_unit=time_unit, horizon=horizon)
        ratio = number(item.hazard_ratio)
        if not 0 < ratio < np.inf:
            raise ScenarioError(f"{where}: a hazard ratio is above 0; found {ratio:g}.")
        return CurveAt(lambda t: base.survival(t) ** ratio, base.breaks)
    return _own(item, where, number, time_unit, horizon)


def _own(item: Any, where: str, number: Numbers, time_unit: str, horizon: float) -> CurveAt:
    if isinstance(item, FileCurve):
        raise ScenarioError(
            f"{where}: the points of {item.file} have not been read; read the scenario from its file."
        )
    if isinstance(item, PointsCurve):
        item = item.steps(time_unit)
    if isinstance(item, Steps):
        return _of_steps(item, where, time_unit, horizon)
    if isinstance(item, SplineCurve):
        item = distributions.RoystonParmar(
            knots=np.log(item.knots),
            coefficients=np.array([number(c) for c in item.coefficients]),
            scale=item.scale,
            time_unit=time_unit,
        )
    if isinstance(item, LawBase):
        try:
            item = item.build(number, time_unit)
        except InputError as error:
            raise ScenarioError(f"{where}: {error}") from None
    if not isinstance(item, SurvivalDistribution):
        raise InputError(f"{where}: {type(item).__name__} is no survival curve.")
    if item.time_unit != time_unit:
        raise InputError(f"{where} counts in {item.time_unit}, the model in {time_unit}; use one unit.")
    law, breaks = item, np.asarray(getattr(item, "breaks", ()), dtype=np.float64).ravel()
    return CurveAt(lambda t: np.asarray(law.survival(t), dtype=np.float64), breaks)


def _of_steps(curve: Steps, where: str, time_unit: str, horizon: float) -> CurveAt:
    if curve.unit != time_unit:
        raise InputError(f"{where} counts in {curve.unit}, the model in {time_unit}; use one unit.")
    time, value = np.asarray(curve.time, float), np.asarray(curve.estimate, float)
    if not np.isfinite(value).all() or (value < 0).any() or (value > 1).any():
        raise InputError(f"{where}: survival is a share from 0 to 1 at every time of the curve.")
    if (np.diff(value) > ROUNDING).any():
        k = int(np.argmax(np.diff(value) > ROUNDING))
        raise InputError(
            f"{where}: survival rises from {value[k]:g} to {value[k + 1]:g} at {time[k + 1]:g} {time_unit}."
        )
    if time[0] != 0:
        raise InputError(f"{where}: the curve begins at {time[0]:g} {time_unit}, not at 0.")
    if meet(time[-1], horizon) < horizon and value[-1] > 0:
        raise ScenarioError(
            f"{where}: the curve ends at {time[-1]:g} {time_unit} with {value[-1]:.3g} still free of the event, before the "
            f"horizon of {horizon:g}; shorten the horizon, or fit a law to the curve that goes on."
        )
    if curve.joined == "lines":
        return CurveAt(lambda t: np.interp(t, time, value), time)
    return CurveAt(lambda t: value[np.searchsorted(time, t, side="right") - 1], time)
