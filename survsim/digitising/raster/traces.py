"""The curves of one panel, from its pixels to corners on the page."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from survsim.digitising.found import Hints, Refused, Trace
from survsim.digitising.raster.arm import Arm
from survsim.digitising.raster.arms import Start
from survsim.digitising.raster.boxes import Inside
from survsim.digitising.raster.dashes import dash_of
from survsim.digitising.raster.fall import ended
from survsim.digitising.raster.few_marks import without_few_marks
from survsim.digitising.raster.inks import find_colours, thin_ink
from survsim.digitising.raster.kinds import Pixels
from survsim.digitising.raster.levels import Steps
from survsim.digitising.raster.limits import limits_said
from survsim.digitising.raster.looks import look
from survsim.digitising.raster.marks import end_at_mark, find_marks
from survsim.digitising.raster.refusals import AXES_HELP, COLOURS_HELP
from survsim.digitising.raster.sheet import Sheet
from survsim.digitising.raster.ticks import Placed
from survsim.digitising.raster.veils import area_colours, arms_behind
from survsim.digitising.rows_of_arms import LIKE, colours_apart, in_hex

UNSURE = 0.75
"""Pixels of the picture by which a level may be off that is seen well: lines are drawn at whole pixels, those of an odd width half a
pixel beside those of an even width, and no larger sheet brings back what was rounded."""


@dataclass(frozen=True, slots=True)
class View:
    """The panel as the follower sees it: its curves fall. `flipped` where they rise in the picture.

    `top` is the row where curves begin, outside the panel where its frame lies there; `start` stays inside.
    """

    rgb: Pixels
    inside: Inside
    flipped: bool
    start: Start
    top: float


def read_traces(
    sheet: Sheet, x: Placed, y: Placed, inside: Inside, hints: Hints
) -> tuple[tuple[Trace, ...], list[str]]:
    """The traces of a panel and what a person should know about them.

    Raises
    ------
    Refused : where no curve is found.
    """
    asked = tuple(np.asarray(each, dtype=np.float32) * 255 for each in hints.colours if each is not None)
    if sheet.inverted:
        asked = tuple(255 - each for each in asked)
    rising = hints.kind == "incidence"
    if _view(sheet, x, y, inside, rising) is None:
        what = "0" if rising else f"{one_of(y):g}"
        raise Refused(
            f"The vertical axis as read does not reach {what}, where curves of {hints.kind} begin.",
            help=AXES_HELP,
        )
    for flipped in (rising, not rising):
        view = _view(sheet, x, y, inside, flipped)
        if view is None:
            continue
        foot = _foot(y, view)
        try:
            seen = look(sheet, view.rgb, view.start, view.rgb.shape[0] - 1 if flipped else foot, asked)
        except Refused:
            _refuse_colours(sheet, view, hints)
            raise
        if not seen.arms:
            _refuse_colours(sheet, view, hints)
            continue
        if flipped != rising:
            way, kind = ("rise", "incidence") if flipped else ("fall", "survival")
            raise Refused(f"the curves {way}: read it with kind={kind!r}.")
        read = [_trace(sheet, view, arm, part, foot) for arm, part in zip(seen.arms, seen.steps, strict=True)]
        traces = tuple(trace for trace, _ in read)
        traces, few = without_few_marks(traces)
        ends = [f"Curve {k}{words}" for k, (_, words) in enumerate(read, 1) if words]
        doubts = seen.lost + _doubts(traces, seen.arms) + _fewer_than_bands(view.rgb, seen.arms, bool(asked))
        return traces, seen.said + few + ends + doubts
    raise Refused(
        "No curve was found in the panel.", help=f"{COLOURS_HELP}, or axes= where they were misread"
    )


def _refuse_colours(sheet: Sheet, view: View, hints: Hints) -> None:
    """Nothing could be followed: say so if a person named a colour that no thin line of the panel has."""
    if not any(hints.colours):
        return
    found = find_colours(view.rgb, thin_ink(view.rgb)[1])
    drawn = [((255 - each if sheet.inverted else each) / 255).tolist() for each in found]
    for name, colour in zip(hints.labels, hints.colours, strict=True):
        if colour is not None and drawn and min(colours_apart(colour, each) for each in drawn) > LIKE:
            seen = ", ".join(in_hex(each) for each in drawn)
            raise Refused(
                f"no line has the colour given for {name!r}; lines have {seen}.",
                help="arms= with one of these",
            )


def _view(sheet: Sheet, x: Placed, y: Placed, inside: Inside, flipped: bool) -> View | None:
    rgb = sheet.rgb[inside.y0 : inside.y1, inside.x0 : inside.x1]
    top = 0.0 if flipped else one_of(y)
    row = (top - y.intercept) / y.slope - inside.y0
    column = (0 - x.intercept) / x.slope - inside.x0
    height, width = rgb.shape[:2]
    if not -0.03 * height - 4 <= row <= 1.03 * height + 4:
        return None
    if flipped:
        rgb = np.ascontiguousarray(rgb[::-1])
        row = height - 1 - row
    # On the lower line of a frame stand bars as well, so that nothing is known of what it hides.
    start = Start(
        int(np.clip(round(column), 0, width - 2)),
        float(np.clip(row, float(flipped), height - 1)),
        0.012 * height + 2,
    )
    return View(rgb, inside, flipped, start, float(row))


def one_of(y: Placed) -> float:
    """What stands for certain survival on the axis: 1, or 100 in percent."""
    return 100.0 if max(value for _, value in y.ticks) > 1.5 else 1.0


def _foot(y: Placed, view: View) -> float:
    """The row of the view below which no curve falls: survival 0, or incidence 1 where the view is flipped."""
    row = ((one_of(y) if view.flipped else 0.0) - y.intercept) / y.slope - view.inside.y0
    return view.rgb.shape[0] - 1 - row if view.flipped else row


def _trace(sheet: Sheet, view: View, arm: Arm, steps: Steps, foot: float) -> tuple[Trace, str]:
    """A curve on the page, and what must be said of its end."""
    steps, fallen, said = ended(arm, steps, foot)
    height = view.rgb.shape[0]
    y = np.append(steps.y, steps.y[-1] if fallen is None else fallen)
    if abs(y[0] - view.start.row) < 0.6 * arm.ink.width + 1.5:
        y[0] = view.top
        y = np.maximum(y, y[0])
    marks = find_marks(arm.ink.share, arm.way, arm.ink.width)
    end = steps.end if fallen is not None else end_at_mark(arm.ink.share, arm.way, arm.ink.width, marks)
    place_x = np.append(steps.x, max(end, steps.x[-1])) + view.inside.x0
    place_y = (height - 1 - y if view.flipped else y) + view.inside.y0
    colour = (255 - arm.ink.colour if sheet.inverted else arm.ink.colour) / 255
    red, green, blue = (float(each) for each in np.clip(colour, 0, 1))
    trace = Trace(
        x=sheet.page(place_x),
        y=sheet.page(place_y),
        colour=(red, green, blue),
        dash=dash_of(arm),
        marks=sheet.page(marks + view.inside.x0),
        unsure=np.maximum(np.append(steps.unsure, steps.unsure[-1]) / sheet.scale, UNSURE),
    )
    return trace, said


def _doubts(traces: tuple[Trace, ...], arms: list[Arm]) -> list[str]:
    notes = [*_of_one_colour(arms), *limits_said(arms)]
    for k, (trace, arm) in enumerate(zip(traces, arms), 1):
        share = float(arm.way.hidden.mean())
        if share > 0.25:
            notes.append(f"Curve {k} lies hidden under another over {100 * share:.0f}% of its length.")
        if arm.shared and trace.dash == "solid":
            notes.append(
                f"Curve {k} has the colour and the line of another: where they touch they may have been exchanged."
            )
    return notes


def _of_one_colour(arms: list[Arm]) -> list[str]:
    """What must be said where one colour has several lines and another has not as many: limits, more often than arms."""
    counts = Counter(arm.ink.colour.tobytes() for arm in arms)
    if len(counts) < 2 or len(set(counts.values())) == 1:
        return []
    return [
        f"{max(counts.values())} lines have one colour, others have {min(counts.values())}: some may be confidence limits and no arms; "
        "look at the overlay and name the colour of each arm, as in arms={'A': 'red', 'B': 'blue'}."
    ]


def _fewer_than_bands(rgb: Pixels, arms: list[Arm], asked: bool) -> list[str]:
    """What must be said where the areas behind the curves are those of more bands than curves were found."""
    bands = arms_behind(area_colours(rgb))
    if asked or bands <= len(arms):
        return []
    return [
        f"the areas behind the curves look like {bands} bands or more, but {len(arms)} curve(s) were found: one may be missing; look "
        "at the overlay and name the colour of each arm, as in arms={'A': 'red', 'B': 'blue'}."
    ]
