"""What a caller says of a figure, checked and put into the words of the readers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import ImageColor

from survsim.core.errors import InputError
from survsim.digitising.corrections import Corrections
from survsim.digitising.found import AxisPoint, Hints


def hints_of(kind: str, panel: str | None, corrected: Corrections) -> Hints:
    """Hints for the readers; raises `InputError` for points or colours that cannot be meant."""
    axes = corrected.axes
    unknown = sorted(set(axes) - {"x", "y"})
    if unknown:
        raise InputError(f"axes has the keys 'x' and 'y'; got {unknown}.")
    return Hints(
        kind=kind,
        panel=panel,
        labels=tuple(corrected.arms),
        colours=tuple(_colour(name, c) for name, c in corrected.arms.items()),
        x_axis=_points("x", axes),
        y_axis=_points("y", axes),
    )


def _points(side: str, axes: Mapping[str, Any]) -> tuple[AxisPoint, ...]:
    given = axes.get(side)
    if given is None:
        return ()
    try:
        table = np.array([[float(v) for v in pair] for pair in given])
    except (TypeError, ValueError):
        table = np.zeros((0, 2))
    if table.ndim != 2 or table.shape[0] < 2 or table.shape[1] != 2 or not np.isfinite(table).all():
        raise InputError(
            f"axes[{side!r}] is two or more pairs (place, value), for example [(80, 0), (400, 60)]; got {given!r}."
        )
    if np.unique(table[:, 0]).size < 2 or np.unique(table[:, 1]).size < 2:
        raise InputError(f"the points of axes[{side!r}] must differ in place and in value; got {given!r}.")
    return tuple(AxisPoint(place=float(p), value=float(v)) for p, v in table)


def _colour(name: str, text: str | None) -> tuple[float, float, float] | None:
    if text is None:
        return None
    try:
        red, green, blue = ImageColor.getrgb(text.strip())[:3]
    except (ValueError, AttributeError):
        raise InputError(
            f"arms gives {name!r} the colour {text!r}; colours are written '#1f77b4' or 'red'."
        ) from None
    return red / 255, green / 255, blue / 255
