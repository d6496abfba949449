"""The door of the raster reader: a picture in, its panels out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from survsim.digitising.found import Axis, AxisPoint, Box, Hints, Panel, Refused
from survsim.digitising.raster.boxes import Inside, find_inside
from survsim.digitising.raster.kinds import Pixels
from survsim.digitising.raster.names import find_names
from survsim.digitising.raster.panels import Pair, pair_labels, read_numbers
from survsim.digitising.raster.refusals import refuse_axes
from survsim.digitising.raster.risk import find_risk_table
from survsim.digitising.raster.sheet import Sheet, prepare, straighten
from survsim.digitising.raster.ticks import Placed, place_axis
from survsim.digitising.raster.traces import read_traces

NO_HINTS = Hints()


def read_picture(rgb: Pixels, *, hints: Hints = NO_HINTS) -> list[Panel]:
    """Reads the panels of a picture.

    Parameters
    ----------
    rgb : (h, w, 3) uint8.
    hints : what a person said where the picture does not.

    Returns
    -------
    list of Panel, from left to right in rows from the top; places are pixels of the picture (straightened by
    `sheet.straighten` where it was scanned askew).

    Raises
    ------
    Refused : with the help that is needed, where axes or curves cannot be followed.
    """
    upright, angle = straighten(rgb)
    sheet = prepare(upright)
    notes = [f"The picture was turned by {angle:.2f} degrees to stand upright."] if angle else []
    if hints.x_axis and hints.y_axis:
        return [
            _panel(
                sheet,
                _given(sheet, hints.x_axis),
                _given(sheet, hints.y_axis),
                _asked_box(sheet, hints),
                hints,
                notes,
            )
        ]
    words, numbers = read_numbers(sheet.ink)
    everything = pair_labels(sheet.ink, numbers)
    pairs = _outer(everything)
    sheet = _without_insets(sheet, [pair for pair in everything if pair not in pairs])
    if not pairs:
        raise refuse_axes(sheet, numbers, words)
    panels, refused = [], []
    for pair in pairs:
        x, y = place_axis(sheet.ink, pair.x), place_axis(sheet.ink, pair.y)
        try:
            panel = _panel(sheet, x, y, find_inside(sheet.ink, pair, x, y), hints, notes)
            table = find_risk_table(sheet, pair, numbers, words, _foot(pair, pairs))
            names = find_names(sheet, _around(sheet, pair, pairs), panel.traces, words)
            traces = tuple(
                replace(trace, label=name) for trace, name in zip(panel.traces, names, strict=True)
            )
            panels.append(replace(panel, at_risk=table, traces=traces))
        except Refused as error:
            refused.append(error)
    if refused and not panels:
        raise refused[0]
    return panels


def _given(sheet: Sheet, points: Sequence[AxisPoint]) -> Placed:
    place = sheet.place(np.array([each.place for each in points]))
    value = np.array([each.value for each in points])
    slope, intercept = np.polyfit(place, value, 1)
    error = float(np.abs(intercept + slope * place - value).max())
    return Placed(
        float(slope),
        float(intercept),
        tuple(zip(place.tolist(), value.tolist())),
        error,
        "points given",
        None,
    )


def _asked_box(sheet: Sheet, hints: Hints) -> Inside:
    if hints.box is None:
        place_x = sheet.place(np.array([each.place for each in hints.x_axis]))
        place_y = sheet.place(np.array([each.place for each in hints.y_axis]))
        return Inside(int(place_x.min()), int(place_y.min()), int(place_x.max()) + 1, int(place_y.max()) + 1)
    low, high = (
        sheet.place(np.array([hints.box.x0, hints.box.y0])),
        sheet.place(np.array([hints.box.x1, hints.box.y1])),
    )
    return Inside(int(low[0]), int(low[1]), int(np.ceil(high[0])) + 1, int(np.ceil(high[1])) + 1)


def _outer(pairs: list[Pair]) -> list[Pair]:
    """Panels without those drawn inside another one (insets)."""

    def within(inner: Pair, outer: Pair) -> bool:
        a, b = inner.frame, outer.frame
        middle = ((a[0] + a[2]) / 2, (a[1] + a[3]) / 2)
        smaller = (a[2] - a[0]) * (a[3] - a[1]) < 0.5 * (b[2] - b[0]) * (b[3] - b[1])
        return smaller and b[0] < middle[0] < b[2] and b[1] < middle[1] < b[3]

    return [pair for pair in pairs if not any(within(pair, other) for other in pairs)]


def _foot(pair: Pair, pairs: list[Pair]) -> float:
    """Where the next panel below begins."""
    left, _, right, bottom = pair.frame
    tops = [
        other.frame[1]
        for other in pairs
        if other.frame[1] > bottom and other.frame[0] < right and other.frame[2] > left
    ]
    return min(tops, default=float("inf")) - 1


def _around(sheet: Sheet, pair: Pair, pairs: list[Pair]) -> tuple[float, float, float, float]:
    """Where keys and labels of a panel may stand: anywhere above its axis where it is the only one, else within it."""
    left, top, right, bottom = pair.frame
    if len(pairs) == 1:
        return (left, 0.0, float(sheet.ink.shape[1]), bottom)
    return (left, top, right + 0.05 * (right - left), bottom)


def _without_insets(sheet: Sheet, insets: list[Pair]) -> Sheet:
    """The sheet with small axes inside others painted over."""
    if not insets:
        return sheet
    rgb = sheet.rgb.copy()
    for inset in insets:
        left, top, right, bottom = inset.frame
        left = min(number.word.x0 for number in inset.y.numbers) - 0.1 * (right - left)
        top, right = top - 0.12 * (bottom - top), right + 0.12 * (right - left)
        bottom = max(number.word.y1 for number in inset.x.numbers) + 0.05 * (bottom - top)
        place = np.s_[max(int(top), 0) : int(bottom) + 1, max(int(left), 0) : int(right) + 1]
        rgb[place] = np.median(rgb[place].reshape(-1, 3), axis=0)
    return replace(sheet, rgb=rgb)


def _panel(
    sheet: Sheet,
    x: Placed,
    y: Placed,
    inside: Inside,
    hints: Hints,
    notes: list[str],
) -> Panel:
    traces, warnings = read_traces(sheet, x, y, inside, hints)
    low = sheet.page(np.array([inside.x0, inside.y0]) - 0.5)
    high = sheet.page(np.array([inside.x1, inside.y1]) - 0.5)
    box = Box(x0=float(low[0]), y0=float(low[1]), x1=float(high[0]), y1=float(high[1]))
    return Panel(
        box=box, x_axis=_axis(sheet, x), y_axis=_axis(sheet, y), traces=traces, warnings=(*notes, *warnings)
    )


def _axis(sheet: Sheet, placed: Placed) -> Axis:
    """The axis in pixels of the picture."""
    slope = placed.slope * sheet.scale
    intercept = placed.intercept + placed.slope * (0.5 * sheet.scale - 0.5)
    ticks = tuple((float(sheet.page(place)), value) for place, value in placed.ticks)
    return Axis(intercept=intercept, slope=slope, ticks=ticks, error=placed.error, one_pixel=abs(slope))
