"""What a drawing function said about its axes, kept until the layout is made."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from survsim.figures import lettering

SAFETY = 1.03
"""Hinting makes the same words wider at one resolution than at another."""


@dataclass(slots=True, kw_only=True)
class Legend:
    """A legend to be placed: its entries, or a function of the axes that makes them, and where it stands."""

    entries: Callable[[Any], tuple[Sequence[Any], Sequence[str]]]
    where: str = "above"
    columns: int = 3
    title: str = ""


@dataclass(slots=True, kw_only=True)
class Row:
    """Texts of one line below the axes; those that stand below ticks are made anew when the ticks are."""

    texts: list[Any]
    make: Callable[[Any], list[Any]] | None = None
    gap: float = 0.0

    def renew(self, ax: Any) -> None:
        """Make the texts for the ticks that there are now."""
        if self.make is not None:
            for text in self.texts:
                text.remove()
            self.texts = self.make(ax)


@dataclass(slots=True, kw_only=True)
class Notes:
    """Everything around one pair of axes.

    Attributes
    ----------
    thin : makes the ticks of the time axis (or of a ratio) anew, at most so many.
    legends, remarks, below, left : what `stack` places; title : above them all; ends : names at ends of curves.
    row_texts : labels of rows at the left as they came; row_lines : most lines one of them takes;
        share : of the width that they may take, where it is not the usual one.
    ratio : height over width of the axes, for pictures that need it.
    after : called with the axes when all stand.
    names : words -> the name among them, which alone is shortened where they are too long.
    """

    thin: Callable[[Any, int], Any] | None = None
    legends: list[Legend] = field(default_factory=list)
    drawn_legends: list[Any] = field(default_factory=list)
    remarks: list[Any] = field(default_factory=list)
    below: list[Row] = field(default_factory=list)
    left: list[Any] = field(default_factory=list)
    ends: list[Any] = field(default_factory=list)
    share: float | None = None
    row_texts: list[str] = field(default_factory=list)
    row_lines: int = 1
    title: str = ""
    ratio: float | None = None
    home: Any = None
    cramped: bool = False
    after: list[Callable[[Any], None]] = field(default_factory=list)
    row_shown: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    sources: Any = field(default_factory=weakref.WeakKeyDictionary)
    last: Any = field(default_factory=weakref.WeakKeyDictionary)

    def write(self, text: Any, width: float, renderer: Any, *, most: int = lettering.MOST_LINES) -> None:
        """Break the words of a text, as they first came, to the width (pixels)."""
        if not text.get_text():
            return
        if self.last.get(text) != text.get_text():  # somebody has written it since
            self.sources[text] = text.get_text()
        shown = self.broken(self.sources[text], text, width, renderer, most)
        text.set_text(shown)
        self.last[text] = shown

    def broken(self, words: str, like: Any, width: float, renderer: Any, most: int) -> str:
        """The words in lines, in letters like those of the text `like`."""
        told = self.names.get(words, "")
        before, _, after = words.partition(told) if told else ("", "", words)
        name = lettering.cleaned(told)
        words = f"{lettering.cleaned(before)}{name}{lettering.cleaned(after)}"
        self.plain(like, words)
        like.set_parse_math(False)
        words = lettering.name_apart(words)
        return lettering.as_seen(lettering.wrapped(words, width, measure(like, renderer), most, name=name))

    def plain(self, text: Any, words: str | None = None) -> None:
        """Take the letters as they are: no mathematics between dollar signs, a font that has each of them."""
        said = text.get_text() if words is None else words
        if words is None:
            text.set_parse_math(False)
            shown = lettering.as_seen(lettering.name_apart(lettering.cleaned(said)))
            if shown != said and self.last.get(text) != said:
                self.sources[text] = said
                text.set_text(shown)
                self.last[text] = said = shown
        families = text.get_fontproperties().get_family()
        font = lettering.font_for(said, _named(families))
        if font is not None:
            text.set_fontfamily([*_named(families), font])


def measure(like: Any, renderer: Any) -> Callable[[str], float]:
    """Width (pixels) of words in letters like those of a text."""
    properties = like.get_fontproperties().copy()
    families = _named(properties.get_family())
    properties.set_family(families)
    dpi = float(renderer.dpi)

    def width(words: str) -> float:
        font = lettering.font_for(words, families)
        if font is not None:
            families.append(font)
            properties.set_family(families)
        lines = lettering.as_seen(lettering.name_apart(lettering.cleaned(words))).split("\n")
        return SAFETY * max(
            _width(
                line,
                tuple(properties.get_family()),
                properties.get_size_in_points(),
                str(properties.get_weight()),
                dpi,
            )
            for line in lines
        )

    return width


@functools.lru_cache(maxsize=16384)
def _width(line: str, families: tuple[str, ...], size: float, weight: str, dpi: float) -> float:
    """Width (pixels) of one line; the layout asks for the same ones at each of its turns."""
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.font_manager import FontProperties

    properties = FontProperties(family=list(families), size=size, weight=weight)
    return float(RendererAgg(1, 1, dpi).get_text_width_height_descent(line, properties, False)[0])


def _named(families: Sequence[str]) -> list[str]:
    """Font names for the generic ones among the families."""
    import matplotlib

    out: list[str] = []
    now: Any = matplotlib.rcParams
    for family in families:
        out += now.get(f"font.{family}", [family])
    return out


_NOTES: weakref.WeakKeyDictionary[Any, Notes] = weakref.WeakKeyDictionary()


def notes_of(ax: Any) -> Notes:
    """The notes on these axes."""
    return _NOTES.setdefault(ax, Notes())


def forget(ax: Any) -> None:
    """Drop what was said about axes that were cleared."""
    _NOTES.pop(ax, None)
