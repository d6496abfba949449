"""Time axes: ticks at round numbers of the unit, and the unit always written."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, between
from survsim.core.errors import InputError
from survsim.figures.placing import thinned_by

STEPS = {
    "days": (1, 2, 5, 7, 14, 28, 30, 60, 90, 180, 365, 730, 1825),
    "weeks": (1, 2, 4, 8, 13, 26, 52, 104, 260),
    "months": (1, 2, 3, 6, 12, 24, 36, 60, 120),
    "years": (0.25, 0.5, 1, 2, 5, 10, 20),
}
MOST_TICKS = 9


def tick_step(end: float, unit: str, most: int = MOST_TICKS) -> float:
    """The smallest round step that gives at most `most` ticks from 0 to `end`.

    Where the axis ends before the unit's own first step, or has too many of its last, the step is a decimal one.
    """
    for step in STEPS[unit] if end >= STEPS[unit][0] else ():
        if end / step < most:
            return float(step)
    ten = 10.0 ** np.floor(np.log10(end / most))
    return float(next((k * ten for k in (1, 2, 5) if end / (k * ten) < most), 10 * ten))


def last_shown(until: float | None, end: float) -> float:
    """The last time of an axis: as asked for (above 0 and finite), else the end of what is drawn."""
    if until is None and not end > 0:
        raise InputError(f"`until` must be positive, and follow-up ends at {end:g}; pass until=.")
    return end if until is None else between("until", until, 0.0, np.inf)


def set_time_ticks(ax: Any, end: float, unit: str, most: int = MOST_TICKS) -> FloatArray:
    """Put ticks on the time axis and return them (k,); the layout takes fewer where they would touch."""
    thinned_by(ax, lambda axes, fewer: _set(axes, end, unit, min(most, fewer)))
    return _set(ax, end, unit, most)


def _set(ax: Any, end: float, unit: str, most: int) -> FloatArray:
    step = tick_step(end, unit, most)
    ticks = np.arange(0.0, end + step * 1e-9, step)
    ax.set_xticks(ticks)
    ax.set_xticklabels([format_time(t) for t in ticks])
    return ticks


def label_time(ax: Any, unit: str, origin: str = "") -> None:
    """Name the time axis: what is counted from where, in which unit."""
    ax.set_xlabel(f"Time since {origin} ({unit})" if origin else f"Time ({unit})")


def format_time(value: float) -> str:
    """A time without needless decimals."""
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.4g}"
