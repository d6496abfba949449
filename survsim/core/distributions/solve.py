"""Roots of increasing functions, many at once: Newton steps kept inside a shrinking bracket."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import ConvergenceError

ValueAndSlope = Callable[[FloatArray], tuple[FloatArray, FloatArray]]

NEWTON_SETTLED = 1e-8
"""A Newton step this small (of 1 or of the root) leaves an error of its square: one more step ends it."""


def solve_increasing(
    function: ValueAndSlope,
    target: FloatArray,
    low: FloatArray,
    high: FloatArray,
    start: FloatArray | None = None,
    iterations: int = 200,
) -> FloatArray:
    """x in [low, high] with function(x) = target, elementwise, to the last few bits.

    `function` gives value and slope of an increasing function on the whole array; `low` and `high` must
    bracket the root, `start` is a first guess. A Newton step that leaves the bracket, or that does not
    halve the step before it, becomes a bisection.
    """
    x = 0.5 * (low + high) if start is None else start
    previous = high - low
    last_round = False
    for _ in range(iterations):
        value, slope = function(x)
        gap = value - target
        low = np.where(gap <= 0, x, low)
        high = np.where(gap >= 0, x, high)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            newton = x - gap / slope
            jump = np.abs(newton - x)
            tiny = jump <= NEWTON_SETTLED * (1.0 + np.abs(x))
            near = np.abs(gap) <= 1e-5 * (1.0 + np.abs(target))
            # rounding in `function` may push the last small steps just outside the bracket: let them. A step
            # that is tiny far from the target comes from a slope that overflowed: bisect
            small = tiny & near
            inside = (newton >= low) & (newton <= high) & (jump <= 0.5 * previous)
            usable = small | (inside & ~tiny)
        following = np.where(usable, newton, 0.5 * (low + high))
        previous = np.maximum(np.abs(following - x), 0.25 * previous)
        settled = small | (high - low <= 4e-16 * np.abs(x))
        x = following
        if settled.all():
            if last_round:
                return x
            last_round = True
    raise ConvergenceError(
        f"an inverse cumulative hazard was not found in {iterations} steps; "
        "check the parameters of the distribution for extreme values."
    )
