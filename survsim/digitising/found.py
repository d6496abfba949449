"""What a reader of figures found, before anyone asks what it means; vector and raster readers both answer with it.

Places on the page are in pixels or points, x to the right and y downwards, as pictures and pages count them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from survsim.core.checks import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle on the page; x0 < x1, y0 < y1, y downwards."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisPoint:
    """One point of an axis that a person gave: the place on the page and the value printed there."""

    place: float
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What the caller knows and a reader may use; every part may be empty.

    Attributes
    ----------
    kind : "survival" or "incidence".
    panel : letter or title of the panel that is wanted; a reader gives all panels and the door chooses.
    labels : names of the arms, in the order of the curves from the top at the end where no colour tells.
    colours : colour of each arm (red, green and blue from 0 to 1), None where it is not known; as long as `labels`.
    x_axis, y_axis : two or more points each, where an axis cannot be read.
    box : corners of the axes on the page, where a person drew them.
    """

    kind: str = "survival"
    panel: str | None = None
    labels: tuple[str, ...] = ()
    colours: tuple[tuple[float, float, float] | None, ...] = ()
    x_axis: tuple[AxisPoint, ...] = ()
    y_axis: tuple[AxisPoint, ...] = ()
    box: Box | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A piece of text with its place; `turned` in degrees, `sure` from 0 to 1 (1 when it is no reading of pixels)."""

    text: str
    box: Box
    turned: float = 0.0
    sure: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A linear axis: value = intercept + slope * place. `error` is the largest residual of its ticks, in values.

    `ticks` are (place, value) pairs in order of place; `one_pixel` is the value of one pixel (0 for vectors).
    """

    intercept: float
    slope: float
    ticks: tuple[tuple[float, float], ...]
    error: float
    one_pixel: float
    title: str = ""

    def value(self, place: FloatArray) -> FloatArray:
        """Values at places on the page."""
        return self.intercept + self.slope * place


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One curve as seen: corners of a step function on the page, left to right.

    Attributes
    ----------
    x, y : (m,) places; each is the *value after* a step, the first at the left edge of the curve.
    colour : red, green and blue from 0 to 1.
    dash : "solid", "dashed", "dotted", "dashdot".
    marks : (k,) x places of the censor marks that belong to it.
    label : of the legend or beside the curve, "" if none was read.
    unsure : (m,) half widths on the page of what each y may be (0 for vectors).
    """

    x: FloatArray
    y: FloatArray
    colour: tuple[float, float, float]
    dash: str
    marks: FloatArray
    label: str = ""
    unsure: FloatArray | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskTable:
    """Numbers at risk as printed: `numbers[i, j]` of row `labels[i]` at `times[j]` (in values of the x axis); -1 where unread.

    `colours` of the rows, as those of traces, where numbers or labels are printed in one; as long as `labels`, or empty.
    """

    labels: tuple[str, ...]
    times: FloatArray
    numbers: FloatArray
    colours: tuple[tuple[float, float, float] | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One pair of axes with what is drawn in it; `refused` says why it cannot be followed, where others of the figure can."""

    box: Box
    x_axis: Axis
    y_axis: Axis
    traces: tuple[Trace, ...]
    texts: tuple[Text, ...] = ()
    at_risk: RiskTable | None = None
    title: str = ""
    warnings: tuple[str, ...] = field(default=())
    refused: Refused | None = None


class Refused(Exception):
    """A reader cannot follow the figure; the message says what is wrong and `help` what a person can give."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.help = help
