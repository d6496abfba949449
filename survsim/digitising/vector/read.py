"""A drawing read as panels with their curves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from survsim.core.checks import FloatArray
from survsim.digitising.found import Axis, Hints, Panel, Refused, RiskTable, Trace
from survsim.digitising.vector.at_risk import risk_table
from survsim.digitising.vector.curves import Curve, Sorted, sort_lines
from survsim.digitising.vector.drawing import Colour, Drawing, Words, precision
from survsim.digitising.vector.frames import Frame, frames, inside, without_insets
from survsim.digitising.vector.legend import names
from survsim.digitising.vector.marks import marks
from survsim.digitising.vector.numerals import numeral
from survsim.digitising.vector.scales import Scale, by_hand, scales

_AXES = "axes={'x': ((place, value), (place, value)), 'y': ((place, value), (place, value))} with places on the page"


def read_drawing(drawing: Drawing, *, hints: Hints) -> list[Panel]:
    """Every panel of a drawing that has curves, in reading order.

    Raises
    ------
    Refused : there are no axes to be read, an axis is logarithmic, or no panel has a step curve; says what it has.
    """
    found = _frames(drawing, hints)
    panels: list[Panel] = []
    why: list[str] = []
    for frame in found:
        insets = [f.box for f in found if f is not frame and inside(f.box, frame.box)]
        lies_in = any(f is not frame and inside(frame.box, f.box) for f in found)
        panel, reason = _panel(without_insets(drawing, frame, found), frame, found, hints)
        if panel is None:
            why.append(reason)
        elif lies_in and panels:
            panels = [_told(p, "an inset was left out.") if inside(panel.box, p.box) else p for p in panels]
        else:
            panels.append(_told(panel, "an inset was left out.") if insets else panel)
    if not panels:
        raise Refused(why[0] if why else "no curve was found.", "another panel or page, or arms= and axes=")
    return [_titled(drawing, p) for p in panels]


def _told(panel: Panel, words: str) -> Panel:
    return panel if words in panel.warnings else replace(panel, warnings=(*panel.warnings, words))


def _frames(drawing: Drawing, hints: Hints) -> list[Frame]:
    rows, columns = scales(drawing, 0), scales(drawing, 1)
    if hints.x_axis:
        rows = [_given(hints, 0)]
    if hints.y_axis:
        columns = [_given(hints, 1)]
    found = frames(drawing, rows, columns)
    if hints.x_axis and hints.y_axis and not found:
        raise Refused("the axis points given do not make a rectangle with x below and y to the left.", _AXES)
    if not found:
        outlined = (
            " (its letters are outlines without names, as R's svg() writes them; its pdf() and svglite write text)"
            if drawing.unread
            else ""
        )
        raise Refused(f"no pair of axes with numbers that lie on a line was found{outlined}.", _AXES)
    return found


def _given(hints: Hints, side: int) -> Scale:
    """The scale of points that a person gave; it fits every corner."""
    points = hints.x_axis if side == 0 else hints.y_axis
    axis = by_hand(points)
    places = np.array([p.place for p in points])
    other = [p.place for p in (hints.y_axis if side == 0 else hints.x_axis)]
    edge = (max(other) if side == 0 else min(other)) if other else (np.inf if side == 0 else -np.inf)
    return Scale(axis=axis, places=places, start=edge, end=edge, size=10.0, exact=True)


def _panel(drawing: Drawing, frame: Frame, others: Sequence[Frame], hints: Hints) -> tuple[Panel | None, str]:
    """The panel of a frame, or why there is none."""
    if frame.x.logarithmic or frame.y.logarithmic:
        which = "time axis" if frame.x.logarithmic else "vertical axis"
        return None, f"the {which} is logarithmic; only linear axes are read."
    uneven = _uneven(drawing, frame, hints)
    if uneven:
        return None, f"the numbers of an axis do not lie on one line ({uneven}): it is broken or uneven."
    rising = hints.kind == "incidence"
    if re.search(r"(?i)cumulative hazard|log\W*minus\W*log|-log", _axis(drawing, frame, 1, 0.0).title):
        return None, "the vertical axis is a cumulative hazard, not survival or incidence."
    lines = sort_lines(drawing, frame, rising=rising)
    if not lines.curves:
        return None, _why_not(drawing, frame, lines, rising)
    if lines.smooth and all(c.chain.broken for c in lines.curves):
        return (
            None,
            "the curve is a line from point to point (its bars of error are no steps), not a Kaplan-Meier curve.",
        )
    labelled = names(drawing, frame, lines.curves)
    places = marks(drawing, frame.box, lines.curves)
    below = min(
        (f.box.y0 for f in others if f.box.y0 > frame.x.end and _under(f, frame) and f.x.exact),
        default=np.inf,
    )
    table, colours = risk_table(drawing.words, frame, below)
    small = precision(drawing)
    traces = tuple(
        _trace(c, at, name, small) for c, at, (name, _) in zip(lines.curves, places, labelled, strict=True)
    )
    panel = Panel(
        box=frame.box, x_axis=_axis(drawing, frame, 0, small), y_axis=_axis(drawing, frame, 1, small),
        traces=traces, texts=tuple(w.found() for w in drawing.words), at_risk=_named(table, colours, traces),
        warnings=tuple(_warnings(frame, lines, traces, drawing)),
    )  # fmt: skip
    return panel, ""


def _uneven(drawing: Drawing, frame: Frame, hints: Hints) -> str:
    """Numbers beside an axis that stand where its line says they should not; empty if there are none."""
    box, wrong = frame.box, []
    for side, scale in ((0, frame.x), (1, frame.y)):
        if (hints.x_axis if side == 0 else hints.y_axis) or not scale.labels:
            continue
        first = scale.labels[0]
        for word in drawing.words:
            found = numeral(word.text)
            if (
                found is None
                or abs(word.size - first.size) > 0.15 * first.size
                or any(w is word for w in scale.labels)
            ):
                continue
            level = (
                abs(word.y - first.y) < 0.3 * first.size
                if side == 0
                else abs(word.box.x1 - scale.end) < 0.3 * first.size
            )
            at = word.x if side == 0 else word.y
            within = (box.x0 - 2 < at < box.x1 + 2) if side == 0 else (box.y0 - 2 < at < box.y1 + 2)
            expected = (found.value - scale.axis.intercept) / scale.axis.slope
            if level and within and abs(expected - at) > word.size * max(1.0, 0.4 * len(word.text)):
                wrong.append(word.text)
    return ", ".join(wrong[:4])


def _under(f: Frame, frame: Frame) -> bool:
    return f.box.x0 < frame.box.x1 and frame.box.x0 < f.box.x1


def _trace(curve: Curve, places: FloatArray, name: str, small: float) -> Trace:
    dash = curve.chain.style[1]
    kind = "dashed" if curve.chain.broken else "solid"
    if dash:
        on = max(dash[0], 0.0)
        kind = (
            "dashdot"
            if len(set(np.round(dash[::2], 1))) > 1
            else "dotted"
            if on < 1.6 * max(curve.chain.style[2], 0.5)
            else "dashed"
        )
    return Trace(
        x=curve.x, y=curve.y, colour=curve.chain.colour, dash=kind, marks=places, label=name,
        unsure=np.full(curve.x.size, small),
    )  # fmt: skip


def _axis(drawing: Drawing, frame: Frame, side: int, small: float) -> Axis:
    scale = frame.x if side == 0 else frame.y
    b = frame.box
    if side == 0:
        options = [
            (w.box.y0, w.text) for w in drawing.words
            if abs(w.turned) < 5 and w.box.y0 > scale.end - 1 and b.x0 - 20 < w.x < b.x1 + 20 and w.box.y0 < scale.end + 4 * scale.size
            and re.search(r"[^\W\d_]{3}", w.text) and abs(w.x - (b.x0 + b.x1) / 2) < 0.2 * (b.x1 - b.x0)
        ]  # fmt: skip
    else:
        options = [
            (-w.box.x1, w.text) for w in drawing.words
            if abs(abs(w.turned) - 90) < 5 and w.box.x1 < b.x0 and b.y0 - 20 < w.y < b.y1 + 20 and re.search(r"[^\W\d_]{3}", w.text)
        ]  # fmt: skip
    title = min(options)[1] if options else ""
    return replace(scale.axis, title=title, one_pixel=abs(scale.axis.slope) * small)


def _named(table: RiskTable | None, colours: list[Colour], traces: Sequence[Trace]) -> RiskTable | None:
    """A table whose rows are only coloured takes the names of the curves of these colours."""
    if table is None:
        return None
    labels = list(table.labels)
    for i, colour in enumerate(colours):
        same = [
            t.label
            for t in traces
            if t.label and max(abs(a - b) for a, b in zip(t.colour, colour, strict=True)) < 0.05
        ]
        if not labels[i].strip(" -_") and len(same) == 1:
            labels[i] = same[0]
    return replace(table, labels=tuple(labels))


def _why_not(drawing: Drawing, frame: Frame, lines: Sorted, rising: bool) -> str:
    if sort_lines(drawing, frame, rising=not rising).curves:
        way, kind = ("fall", "survival") if rising else ("rise", "incidence")
        return f"the curves {way}: read it with kind={kind!r}."
    if lines.bars >= 2:
        return f"this is a bar chart ({lines.bars} bars stand on one level), not a curve of survival."
    if lines.smooth:
        return "the curve is a smooth line or straight from point to point, not the steps of a Kaplan-Meier curve."
    if lines.both_ways:
        return "the stepped lines go up and down; a curve of survival falls, one of incidence rises."
    return "no step curve was found between the axes."


def _warnings(frame: Frame, lines: Sorted, traces: Sequence[Trace], drawing: Drawing) -> list[str]:
    said = list(lines.said)
    if not (frame.x.exact and frame.y.exact):
        said.append("an axis has no ticks: its numbers were taken to stand centred at their values.")
    if min(frame.x.places.size, frame.y.places.size) == 2 and frame.x.labels and frame.y.labels:
        said.append("an axis has only two numbers; that it is linear was taken for granted.")
    if lines.smooth:
        said.append(f"{len(lines.smooth)} smooth line(s) beside the steps were left out.")
    styles = [c.chain.style for c in lines.curves]
    if len(set(styles)) < len(styles):
        said.append(
            "curves of one colour and dash cannot be told apart where they touch; check which arm is which."
        )
    if any(c.chain.broken for c in lines.curves):
        said.append("a curve was put together from single dashes.")
    for curve, trace in zip(lines.curves, traces, strict=True):
        if curve.left:
            time = float(frame.x.axis.value(curve.x[-1:])[0])
            said.append(
                f"{trace.label or 'a curve'} leaves the axes at time {time:.3g}: it was read up to there, and what follows is not known."
            )
    if drawing.unread:
        said.append("some letters are drawn as outlines and could not be read.")
    return said


def _titled(drawing: Drawing, panel: Panel) -> Panel:
    """The panel with its letter or heading: words just above its frame."""
    b = panel.box
    above: list[Words] = [
        w for w in drawing.words
        if abs(w.turned) < 5 and b.y0 - 4.5 * w.size < w.y < b.y0 + 0.5 * w.size and b.x0 - 0.25 * (b.x1 - b.x0) - 30 < w.x < b.x1
        and re.search(r"[^\W\d_]", w.text) and not any(w.text in t.label for t in panel.traces)
    ]  # fmt: skip
    letter = next(
        (w.text for w in sorted(above, key=lambda w: w.x) if re.fullmatch(r"\(?[A-Ha-h]\)?[.:]?", w.text)), ""
    )
    heading = next((w.text for w in sorted(above, key=lambda w: (-w.size, -w.y)) if w.text != letter), "")
    return replace(panel, title=f"{letter} {heading}".strip())
