"""What an `Explorer` answers, worked out beforehand on a grid, for a page that has no Python behind it.

Controls are taken in sets of up to three. Within a set every combination is simulated; while one set is moved the others
stand where they began. The horizon is no part of the grid: from the curves it follows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.execution import Execution
from survsim.scenario.exploring import HORIZON, Control, Explorer, Redrawn
from survsim.scenario.exploring_together import Answer, answers

FORMAT = "survsim-explorer/1"
SET = 3
"""Controls that are combined with each other."""
POINTS = 91
"""Times of a curve."""
UNIT = 1e-4
"""Shares are written as whole numbers of this."""
TRIED = 12
"""Settings between the points of the grid at which it is held against the simulation."""
KINDS = ("effect", "dose", "patient")


def grid_of(
    explorer: Explorer,
    *,
    steps: int = 5,
    seed: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
    execution: Execution | None = None,
) -> dict[str, Any]:
    """Every answer that the page needs, as plain values.

    Parameters
    ----------
    explorer : that answers; steps : values of a control, an odd number from 3, the middle one where it began.
    seed : of the settings at which the grid is checked; progress : told how many of how many are simulated.
    execution : where and on how many workers settings are simulated.
    """
    scenario = explorer.scenario
    horizon = next(c for c in explorer.controls if c.name == HORIZON)
    times = np.linspace(0.0, horizon.high, POINTS)
    sets = list(_sets(explorer.controls))
    axes = [[_axis(c, steps) for c in one] for one in sets]
    points = [list(product(*one)) for one in axes]
    asked = [
        {c.name: v for c, v in zip(controls, setting, strict=True) if v != c.value}
        for controls, settings in zip(sets, points, strict=True)
        for setting in settings
    ]
    tried = _tried(sets, np.random.default_rng(seed))
    start = explorer.redraw(horizon=horizon.high)
    shown = iter(
        answers(explorer, [*asked, *(values for _, values in tried)], horizon.high, progress, execution)
    )
    made = [
        _set(controls, axis, list(islice(shown, len(settings))), times)
        for controls, axis, settings in zip(sets, axes, points, strict=True)
    ]
    return {
        "format": FORMAT,
        "scenario": scenario.name,
        "question": scenario.content.question,
        "unit": scenario.time_unit,
        "horizon": {"value": horizon.value, "low": horizon.low, "high": horizon.high},
        "times": _rows(times, 4),
        "share": UNIT,
        "labels": list(start.labels),
        "reference": start.reference,
        "models": list(start.myelopathy_models),
        "patients": explorer.patients,
        "told": start.told(),
        "start": {
            "curves": _curves(start, times),
            "dose": _rows(start.cord_dose, 2),
            "myelopathy": _rows(start.myelopathy, 5),
        },
        "sets": made,
        "off": _off(made, tried, list(shown), start.reference, times, horizon.value),
    }


def _sets(controls: Sequence[Control]) -> Iterator[list[Control]]:
    """Controls of one kind, three at a time."""
    for kind in KINDS:
        of_kind = [c for c in controls if c.kind == kind]
        for first in range(0, len(of_kind), SET):
            yield of_kind[first : first + SET]


def _axis(control: Control, steps: int) -> list[float]:
    """Values of a control on both sides of where it began; a whole number takes whole values only."""
    half = steps // 2
    low, start, high = control.low, control.value, control.high
    space = np.geomspace if control.logarithmic else np.linspace
    values = [start]
    values += space(low, start, half + 1).tolist() if low < start else []
    values += space(start, high, half + 1).tolist() if start < high else []
    # The ends of a row are off by their last bits; where it began stands once.
    values = [start if math.isclose(v, start, rel_tol=1e-9) else v for v in values]
    if control.whole:
        values = [round(v) for v in values]
    return sorted({min(max(float(v), low), high) for v in values})


def _said(control: Control, axis: list[float]) -> dict[str, Any]:
    return {
        "name": control.name,
        "label": control.label,
        "value": control.value,
        "axis": axis,
        "whole": control.whole,
        "logarithmic": control.logarithmic,
    }


def _set(
    controls: Sequence[Control], axes: Sequence[list[float]], shown: list[Answer], times: FloatArray
) -> dict[str, Any]:
    """Controls that are combined, and the answer at each combination of their values."""
    return {
        "kind": controls[0].kind,
        "controls": [_said(c, axis) for c, axis in zip(controls, axes, strict=True)],
        "curves": [_curves(s, times) for s in shown],
        "dose": [_rows(s.cord_dose, 2) for s in shown],
        "myelopathy": [_rows(s.myelopathy, 5) for s in shown],
    }


def _curves(shown: Redrawn | Answer, times: FloatArray) -> Any:
    """Shares alive in units of `UNIT`, which are short to write."""
    shares = np.array([np.interp(times, shown.times, k) for k in shown.survival])
    return np.rint(shares / UNIT).astype(int).tolist()


def _rows(values: FloatArray, digits: int) -> Any:
    return np.round(values, digits).tolist()


def _tried(sets: list[list[Control]], rng: np.random.Generator) -> list[tuple[int, dict[str, float]]]:
    """Settings at random between the points: which set is moved, and to where."""
    found = []
    for _ in range(TRIED if sets else 0):
        which = int(rng.integers(len(sets)))
        found.append((which, {c.name: _between(c, rng) for c in sets[which]}))
    return found


def _off(
    made: list[dict[str, Any]],
    tried: list[tuple[int, dict[str, float]]],
    shown: list[Answer],
    reference: int,
    times: FloatArray,
    tau: float,
) -> dict[str, float]:
    """How far a difference between the points is from the simulation at the same setting: the largest of those tried."""
    worst = 0.0
    for (which, values), answer in zip(tried, shown, strict=True):
        curves = between(made[which], list(values.values()))
        true = np.array([alive_to(times, np.interp(times, answer.times, k), tau) for k in answer.survival])
        near = np.array([alive_to(times, k, tau) for k in curves])
        off = (near - near[reference]) - (true - true[reference])
        worst = max(worst, float(np.abs(off).max()))
    return {"settings": float(len(tried)), "largest": worst}


def _between(control: Control, rng: np.random.Generator) -> float:
    if control.whole:
        return float(rng.integers(int(control.low), int(control.high) + 1))
    if control.logarithmic:
        return float(np.exp(rng.uniform(np.log(control.low), np.log(control.high))))
    return float(rng.uniform(control.low, control.high))


def between(one: dict[str, Any], setting: Sequence[float]) -> FloatArray:
    """Curves (strategies, times) of a set at a setting, linear between its points; ratios between their logarithms.

    The page does the same in its own language.
    """
    shape = [len(c["axis"]) for c in one["controls"]]
    curves = np.array(one["curves"]).reshape(*shape, *np.shape(one["curves"])[1:])
    for control, value in zip(one["controls"], setting, strict=True):
        axis = np.log(control["axis"]) if control["logarithmic"] else np.array(control["axis"])
        at = np.log(value) if control["logarithmic"] else value
        k = int(np.clip(np.searchsorted(axis, at, side="right") - 1, 0, max(len(axis) - 2, 0)))
        share = 0.0 if len(axis) == 1 else float(np.clip((at - axis[k]) / (axis[k + 1] - axis[k]), 0, 1))
        curves = curves[k] if share == 0 else (1 - share) * curves[k] + share * curves[k + 1]
    return np.asarray(curves) * UNIT


def alive_to(times: FloatArray, curve: FloatArray, tau: float) -> float:
    """Area below a curve up to `tau`, straight between its times."""
    kept = times < tau
    t, s = np.append(times[kept], tau), np.append(curve[kept], np.interp(tau, times, curve))
    return float(np.trapezoid(s, t))
