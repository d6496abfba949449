"""What a drawing consists of, whichever file it came from: lines, words and pictures with their places on the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from survsim.core.checks import FloatArray
from survsim.digitising.found import Box, Text

Colour = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """One unbroken line or outline; its points are in page units, y downwards.

    Attributes
    ----------
    points : (m, 2) corners; of a bent line its ends and control points.
    colour, fill : of the line and of the area, None where there is none.
    alpha : 0 for invisible, 1 for opaque.
    width, dash : of the line, in page units.
    closed, straight : whether it returns to its start, whether all its parts are straight.
    path : number of the path it belongs to: the two lines of a plus sign are often one.
    clip : the rectangle outside which it is not seen, None for the whole page.
    """

    points: FloatArray
    colour: Colour | None
    fill: Colour | None = None
    alpha: float = 1.0
    width: float = 1.0
    dash: tuple[float, ...] = ()
    closed: bool = False
    straight: bool = True
    path: int = 0
    clip: Box | None = None

    @cached_property
    def box(self) -> Box:
        """The smallest rectangle around the points."""
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        return Box(x0=float(low[0]), y0=float(low[1]), x1=float(high[0]), y1=float(high[1]))

    @property
    def style(self) -> tuple[Colour | None, tuple[float, ...], float, float]:
        """What tells one line from another: colour, dash, width, opacity."""
        dash = tuple(round(d, 2) for d in self.dash)
        return self.colour, dash, round(self.width, 2), round(self.alpha, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A run of text: where it stands, how large, in which colour; `turned` in degrees against the clock."""

    text: str
    box: Box
    size: float
    colour: Colour = (0.0, 0.0, 0.0)
    turned: float = 0.0
    raised: bool = False

    @property
    def x(self) -> float:
        """Middle of the text from the left."""
        return (self.box.x0 + self.box.x1) / 2

    @property
    def y(self) -> float:
        """Middle of the text from the top."""
        return (self.box.y0 + self.box.y1) / 2

    def found(self) -> Text:
        """The text as readers of figures give it."""
        return Text(text=self.text, box=self.box, turned=self.turned)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A page: its size, its lines in the order they were drawn, its words, and the places of pictures in it."""

    width: float
    height: float
    strokes: tuple[Stroke, ...]
    words: tuple[Words, ...]
    pictures: tuple[Box, ...] = ()
    unread: int = field(default=0)
    """Letters that are drawn as outlines and could not be told."""


def precision(drawing: Drawing) -> float:
    """Half the last decimal to which the places of a drawing were written, in page units."""
    some = [s.points for s in drawing.strokes if s.points.shape[0] > 2][:200]
    if not some:
        return 0.005
    values = np.concatenate(some).ravel()[:5000]
    for decimals in range(1, 5):
        if np.abs(values - np.round(values, decimals)).max() < 2e-5:
            return float(0.5 * 10.0**-decimals)
    return 0.002


def is_step(points: FloatArray, slack: float = 0.004) -> bool:
    """Whether every part of a line runs along the page or across it; `slack` is what its ends may differ by."""
    return bool((_aslant(points) <= slack).all())


def is_thinned_step(points: FloatArray) -> bool:
    """Whether a line is one of steps from which a program took points that would not be seen, as Matplotlib does."""
    aslant = _aslant(points)
    slanted = aslant > 0.004
    return bool((aslant <= THINNED).all() and slanted.sum() <= max(2, 0.2 * aslant.size))


THINNED = 0.15
"""Page units that a part of a thinned line may be off its direction."""


def _aslant(points: FloatArray) -> FloatArray:
    return np.asarray(np.abs(np.diff(points, axis=0)).min(axis=1))
