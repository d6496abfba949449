"""The door of the raster reader: a picture in, its panels out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from survsim.core import progress
from survsim.digitising.found import Axis, Box, Hints, Panel, Refused
from survsim.digitising.raster.asked import (
    asked_inside,
    given,
    nearest_pair,
    refuse_labels,
    refuse_unequal,
    spine_below,
    turned,
)
from survsim.digitising.raster.boxes import Inside, find_inside
from survsim.digitising.raster.insets import without_frames
from survsim.digitising.raster.kinds import Pixels
from survsim.digitising.raster.logarithms import refuse_logarithms
from survsim.digitising.raster.names import Names, find_names
from survsim.digitising.raster.numbers import Number
from survsim.digitising.raster.panels import Pair, pair_labels, read_numbers
from survsim.digitising.raster.refusals import refuse_axes
from survsim.digitising.raster.risk import UNREAD_TABLE, find_risk_table, unread_rows
from survsim.digitising.raster.sequences import find_labels
from survsim.digitising.raster.sheet import Sheet, prepare, straighten
from survsim.digitising.raster.ticks import Placed, place_axis
from survsim.digitising.raster.titles import find_titles
from survsim.digitising.raster.traces import read_traces
from survsim.digitising.raster.words import Word

Asked = tuple[Placed | None, Placed | None]
"""The horizontal and the vertical axis of which points were given."""

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
    with progress.shown("reading the figure") as bar:
        return _read(rgb, hints, bar)


def _read(rgb: Pixels, hints: Hints, bar: progress.Progress) -> list[Panel]:
    """The panels one after the other; what comes before them takes about as long as one."""
    upright, angle = straighten(rgb)
    sheet = prepare(upright)
    notes = [f"The picture was turned by {angle:.2f} degrees to stand upright."] if angle else []
    words, numbers = read_numbers(sheet.ink)
    sheet, numbers, said = without_frames(sheet, words, numbers)
    notes += said
    everything = pair_labels(sheet.ink, numbers)
    pairs = _outer(everything)
    sheet = _without_insets(sheet, [pair for pair in everything if pair not in pairs])
    asked = _asked(sheet, hints)
    if any(asked):
        pairs = nearest_pair(pairs, *asked)
        if not pairs and all(_completed(sheet, asked, numbers)):
            return [_by_points(sheet, asked, hints, notes, words, numbers)]
    if not pairs:
        refuse_logarithms(sheet.ink)
        raise refuse_axes(sheet, numbers, words)
    panels = []
    for done, pair in enumerate(pairs, start=1):
        bar(done, len(pairs) + 1)
        try:
            panels.append(_by_labels(sheet, pair, pairs, asked, hints, notes, words, numbers))
        except Refused as error:
            panels.append(_unread(sheet, pair, error, words))
    why = [panel.refused for panel in panels if panel.refused is not None]
    if len(why) == len(panels):
        raise why[0]
    return panels


def _unread(sheet: Sheet, pair: Pair, why: Refused, words: list[Word]) -> Panel:
    """A panel that cannot be followed keeps its place among the others, so that no other one is taken for it."""
    x, y = place_axis(sheet.ink, pair.x), place_axis(sheet.ink, pair.y)
    titles = find_titles(sheet, pair, find_inside(sheet.ink, pair, x, y), words)
    low, high = sheet.page(np.array(pair.frame[:2])), sheet.page(np.array(pair.frame[2:]))
    box = Box(x0=float(low[0]), y0=float(low[1]), x1=float(high[0]), y1=float(high[1]))
    return Panel(
        box=box, x_axis=_axis(sheet, x), y_axis=_axis(sheet, y), traces=(), title=titles.panel, refused=why
    )


def _by_labels(
    sheet: Sheet, pair: Pair, pairs: list[Pair], asked: Asked, hints: Hints, notes: list[str],
    words: list[Word], numbers: list[Number],
) -> Panel:  # fmt: skip
    """The panel of a pair of labels, with what stands around it."""
    x, y = place_axis(sheet.ink, pair.x), place_axis(sheet.ink, pair.y)
    inside = find_inside(sheet.ink, pair, x, y)
    said = _checked(sheet, asked, x, y, inside, numbers)
    panel = _panel(sheet, asked[0] or x, asked[1] or y, inside, hints, [*notes, *said])
    table = find_risk_table(sheet, pair, numbers, words, _foot(pair, pairs))
    if table is None and unread_rows(pair, numbers, _foot(pair, pairs)):
        panel = replace(panel, warnings=(*panel.warnings, UNREAD_TABLE))
    panel = _with_names(panel, find_names(sheet, _around(sheet, pair, pairs), panel.traces, words), hints)
    titles = find_titles(sheet, pair, inside, words)
    return replace(
        panel, at_risk=table, title=titles.panel if len(pairs) > 1 else "",
        x_axis=replace(panel.x_axis, title=titles.x), y_axis=replace(panel.y_axis, title=titles.y),
    )  # fmt: skip


def _by_points(
    sheet: Sheet, asked: Asked, hints: Hints, notes: list[str], words: list[Word], numbers: list[Number]
) -> Panel:
    """The panel around points that a person gave, where no labels were read that face each other."""
    x, y = _completed(sheet, asked, numbers)
    assert x is not None and y is not None
    below, beside = spine_below(sheet.ink, x, y), spine_below(*turned(sheet.ink, y, x))
    if hints.box is None:
        inside = asked_inside(sheet.ink, x, y, below, beside)
    else:
        inside = _asked_box(sheet, hints.box)
    said = _checked(sheet, asked, replace(x, spine=below), replace(y, spine=beside), inside, numbers)
    panel = _panel(sheet, x, y, inside, hints, [*notes, *said])
    around = (float(inside.x0), 0.0, float(sheet.ink.shape[1]), float(inside.y1))
    return _with_names(panel, find_names(sheet, around, panel.traces, words), hints)


def _with_names(panel: Panel, read: Names, hints: Hints) -> Panel:
    """The panel with the names of its traces, and what must be said of doubtful ones."""
    traces = tuple(replace(trace, label=name) for trace, name in zip(panel.traces, read.names, strict=True))
    said = [] if hints.labels else [
        f"the name {read.names[k]!r} was read with doubt from the legend; if it is another, give the names of all arms from the "
        "upper curve down, as in arms=['A', 'B']."
        for k in read.doubtful
    ]  # fmt: skip
    return replace(panel, traces=traces, warnings=(*panel.warnings, *said))


def _asked(sheet: Sheet, hints: Hints) -> Asked:
    return (
        given(sheet, hints.x_axis) if hints.x_axis else None,
        given(sheet, hints.y_axis) if hints.y_axis else None,
    )


def _completed(sheet: Sheet, asked: Asked, numbers: list[Number]) -> Asked:
    """Both axes: the one of which no points were given from its labels, where these are the only ones."""
    both = list(asked)
    for side in (0, 1):
        if both[side] is None:
            found = find_labels(numbers, side == 0)
            both[side] = place_axis(sheet.ink, found[0]) if len(found) == 1 else None
    return both[0], both[1]


def _checked(
    sheet: Sheet, asked: Asked, x: Placed, y: Placed, inside: Inside, numbers: list[Number]
) -> list[str]:
    """What must be said of axes that were taken as linear through points given; raises `Refused` for logarithmic ones."""
    said = []
    if asked[0] is not None:
        said += refuse_unequal(sheet.ink, x.spine, "horizontal")
        said += refuse_labels(numbers, asked[0], True, inside.y1, "horizontal")
    if asked[1] is not None:
        said += refuse_unequal(np.ascontiguousarray(sheet.ink.T[::-1]), y.spine, "vertical")
        said += refuse_labels(numbers, asked[1], False, inside.x0, "vertical")
    return said


def _asked_box(sheet: Sheet, box: Box) -> Inside:
    low, high = (sheet.place(np.array([box.x0, box.y0])), sheet.place(np.array([box.x1, box.y1])))
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
