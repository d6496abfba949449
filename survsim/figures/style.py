"""The one look of all figures: restrained, readable in grey, safe for colour-blind readers.

`use("frontiers")` chooses the page of a journal for all pictures that follow, ``width="85mm"`` and ``height="60mm"`` of
every drawing function the size of one. Applied inside a drawing only; the user's own matplotlib settings are never
changed. matplotlib is imported when something is drawn, not when this module is.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from typing import Any

from survsim.core.errors import InputError
from survsim.figures import sheet
from survsim.figures.journals import JOURNALS, Journal, fonts, journal

PALETTE = ("#135b93", "#d68442", "#238573", "#571c54", "#51470f", "#1e2323", "#c71f53", "#13bbda")
"""Blue, orange, green, plum, olive, ink, crimson, sky: any two differ by 12 or more (CIEDE2000) in ordinary sight, with
protanopia, deuteranopia and tritanopia, the first four by 11 in grey too; what is left to tell is told by the dashes."""

DASHES: tuple[Any, ...] = (
    "-",
    (0, (6, 1.8)),
    (0, (2.2, 1.2)),
    (0, (7, 1.6, 1.6, 1.6)),
    (0, (1, 1)),
    (0, (4, 1.4, 1, 1.4, 1, 1.4)),
    (0, (10, 2.5)),
    (0, (4, 1.2, 4, 1.2, 1, 1.2)),
)
INK = "#1c2024"
SOFT = "#6b737b"
GRID = "#e4e7ea"
MARK = "#a3152a"

RC: Any = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.labelcolor": INK,
    "axes.edgecolor": SOFT,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": False,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.direction": "out",
    "ytick.direction": "out",
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "legend.title_fontsize": 8.5,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "butt",
    "hatch.linewidth": 0.6,
    "text.color": INK,
    "figure.dpi": 100.0,
    "figure.facecolor": "white",
    "savefig.dpi": 200.0,
    "savefig.facecolor": "white",
    # Names and titles are words as given: a dollar sign is money, not the start of a formula.
    "text.parse_math": False,
    "svg.hashsalt": "survsim",
}

SIZES = (
    'width, height : of a new figure ("85mm", "3.35in", "single" or "double" column of the style in use); left out, as '
    "wide as usual and as high as it needs."
)
_current = "default"
_drawing = 0
_scale = 1.0


class InUse(contextlib.AbstractContextManager[None]):
    """What `use` gives back: as ``with style.use(...):`` it puts back, at the end, the look that was there before."""

    def __init__(self, before: str) -> None:
        self._before = before

    def __exit__(self, *reason: object) -> None:
        global _current
        _current = self._before


def use(name: str) -> InUse:
    """Draw all pictures that follow for the pages of one journal; with ``with``, only those drawn inside.

    The journal sets the widths of "single" and "double", the largest width a picture takes unasked, the sizes of
    letters and lines, and the fonts: the journal's own if it is on this machine, else a free one of the same widths.

    Parameters
    ----------
    name : "default", "frontiers", "lancet", "nature", "jco" or "nejm". The widths of
        Nature were read on its publisher's page (89 and 183 mm). Those of Frontiers (85 and 180 mm) and of the Lancet (75
        and 154 mm) are told by third parties; the publisher's own page was not seen to print them. JCO and NEJM print
        none: theirs are working values. Check against the instructions of the day (`survsim.figures.journals.JOURNALS`).

    Raises
    ------
    InputError : an unknown name.

    Example
    -------
    >>> from survsim.figures import style
    >>> with style.use("nature"):
    ...     style.current().single
    89
    >>> style.current().single
    85
    """
    global _current
    journal(name)
    before, _current = _current, name
    return InUse(before)


def current() -> Journal:
    """The look in use."""
    return JOURNALS[_current]


def settings() -> dict[str, Any]:
    """matplotlib's settings for the look in use."""
    look = current()
    sizes = dict.fromkeys(("font.size", "axes.labelsize"), look.size) | dict.fromkeys(
        ("xtick.labelsize", "ytick.labelsize", "legend.fontsize", "legend.title_fontsize"), look.small
    )
    lines = {"lines.linewidth": look.line, "axes.linewidth": look.axis_line}
    # By name: a generic family would be looked up again when the figure is shown, in the user's settings.
    chosen = {"font.family": fonts(look), "axes.titlesize": look.size + 1.0}
    return RC | sizes | lines | chosen


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Draw the block in the house style; settings are as before afterwards."""
    import matplotlib

    now: Any = matplotlib.rcParams
    ours = settings()
    # Only our own settings are put back: a notebook's backend, which may load inside the block, sets others.
    before = {name: now[name] for name in ours}
    now.update(ours)
    try:
        yield
    finally:
        now.update(before)


def styled(draw: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: a drawing function that works in the house style, on a sheet of any size, with all in its place.

    It gains the options ``width`` and ``height`` of a new figure ("85mm", "single"); they are refused beside `ax`.
    """
    signature = inspect.signature(draw)
    sized = "width" not in signature.parameters

    @functools.wraps(draw)
    def inside(*args: Any, width: Any = None, height: Any = None, **kwargs: Any) -> Any:
        from survsim.figures import layout

        global _drawing
        if _drawing:  # part of a larger picture, which is laid out as a whole
            return draw(*args, **kwargs)
        ax = signature.bind_partial(*args, **kwargs).arguments.get("ax")
        if ax is not None and (width is not None or height is not None):
            raise InputError(
                "width and height are those of a new figure; leave out ax, or give your own figure its size."
            )
        _drawing += 1
        try:
            with style(), sheet.asking(width, height, current()), _letters_for(ax):
                drawn = draw(*args, **kwargs)
                if ax is None:
                    _keep_ticks(drawn)
                layout.fit(drawn)
        finally:
            _drawing -= 1
        return drawn

    if sized:
        options = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation="str | None")
            for name in ("width", "height")
        ]
        vars(inside)["__signature__"] = signature.replace(
            parameters=[*signature.parameters.values(), *options]
        )
        inside.__doc__ = _with_sizes(inspect.getdoc(draw) or "")
    return inside


def _keep_ticks(drawn: Any) -> None:
    """Ticks that are made later, when the figure is shown, look like those made now."""
    first = drawn[0] if isinstance(drawn, list) else drawn.flat[0] if hasattr(drawn, "flat") else drawn
    look = current()
    for ax in first.figure.figure.axes:
        ax.tick_params(
            labelsize=look.small,
            labelfontfamily=fonts(look),
            color=SOFT,
            labelcolor=INK,
            width=look.axis_line,
        )


def addition(add: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: a function that adds to axes in the house style, and leaves all in its place."""

    @functools.wraps(add)
    def inside(ax: Any, *args: Any, **kwargs: Any) -> Any:
        from survsim.figures import layout

        global _drawing
        if not hasattr(ax, "get_xlim"):
            raise InputError(
                f"ax must be axes with curves, such as result.plot() returns; got {type(ax).__name__}."
            )
        _drawing += 1
        try:
            with style(), _letters_for(ax):
                add(ax, *args, **kwargs)
                if _drawing == 1:
                    layout.fit(ax)
        finally:
            _drawing -= 1
        return ax

    return inside


def _with_sizes(text: str) -> str:
    """The help of a drawing function with its two options of size among the parameters."""
    if "\n\nReturns\n---" in text:
        return text.replace("\n\nReturns\n---", f"\n{SIZES}\n\nReturns\n---", 1)
    return f"{text}\n{SIZES}" if "Parameters\n---" in text else text


def new_axes(
    width: float = 6.4, height: float = 4.0, *, rows: float = 0.0, row: float = 0.0, fixed: bool = False
) -> Any:
    """Axes of a new figure, usually `width` by `height` inches; `rows` of `row` inches each, where it has rows.

    Where pictures are shown on their own (a notebook, or a session that loaded pyplot) the figure
    belongs to pyplot; elsewhere it does not, which saves loading pyplot and leaks no figure.
    """
    figure: Any
    asked = sheet.asked()
    across = sheet.width_for(width, current())
    tall = (asked.height if asked is not None else None) or height
    if "matplotlib.pyplot" in sys.modules or _in_notebook():
        import matplotlib.pyplot as plt

        figure = plt.figure(figsize=(across, tall))
    else:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(across, tall))
    wanted = asked.height if asked is not None else None
    kept = sheet.Sheet(width=across, height=wanted, usual=(width, height), rows=rows, row=row)
    setattr(figure, sheet.KEPT, kept)
    return figure.add_subplot()


def colour(index: int) -> str:
    """The colour of the index-th group."""
    return PALETTE[index % len(PALETTE)]


def dash(index: int) -> Any:
    """The dash pattern of the index-th group; beyond eight the pairs of colour and dash still differ."""
    return DASHES[(index + index // len(PALETTE)) % len(DASHES)]


def small() -> float:
    """Size of small letters (points): numbers at rows, marks, tables below axes; less on small axes of the user's."""
    return current().small * _scale


@contextlib.contextmanager
def _letters_for(ax: Any) -> Iterator[None]:
    """Smaller letters on a user's axes whose cell is smaller than a column of a page."""
    from survsim.figures import layout

    global _scale
    if hasattr(ax, "get_subplotspec"):
        _scale = layout.letter_scale(ax)
    if _scale == 1.0:
        yield
        return
    import matplotlib

    now: Any = matplotlib.rcParams
    try:
        now["legend.fontsize"] = small()
        ax.tick_params(labelsize=small())
        for name in (ax.xaxis.label, ax.yaxis.label):
            name.set_fontsize(_scale * current().size)
        yield
    finally:
        _scale = 1.0


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    return shell is not None and getattr(shell, "get_ipython", lambda: None)() is not None
