"""The one look of all figures: restrained, readable in grey, safe for colour-blind readers.

Applied inside a block only; the user's own matplotlib settings are never changed. matplotlib is
imported when something is drawn, not when this module is.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

PALETTE = ("#1f5a85", "#c8641b", "#3c8d5a", "#9b4d8f", "#8a6d1f", "#5f6b76", "#d0417e", "#2a9da8")
"""Blue, orange, green, purple, ochre, grey, magenta, teal: told apart by all common kinds of vision,
and by lightness where neighbours meet. Lines differ in dash as well from the fifth on."""

DASHES: tuple[Any, ...] = ("-", "-", "-", "-", (0, (5, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)), (0, (1, 1.2)))
INK = "#1c2024"
SOFT = "#6b737b"
GRID = "#e4e7ea"
MARK = "#a3152a"

RC: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
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


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Draw the block in the house style; settings are as before afterwards."""
    import matplotlib

    settings = matplotlib.rcParams
    # Only our own settings are put back: a notebook's backend, which may load inside the block, sets others.
    before = {name: settings[name] for name in RC}
    settings.update(RC)
    try:
        yield
    finally:
        settings.update(before)


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Decorator: a drawing function that works in the house style."""

    @functools.wraps(draw)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with style():
            return draw(*args, **kwargs)

    return inside


def new_axes(width: float = 6.4, height: float = 4.0) -> Any:
    """Axes of a new figure, `width` by `height` inches.

    Where pictures are shown on their own (a notebook, or a session that loaded pyplot) the figure
    belongs to pyplot; elsewhere it does not, which saves loading pyplot and leaks no figure.
    """
    figure: Any
    if "matplotlib.pyplot" in sys.modules or _in_notebook():
        import matplotlib.pyplot as plt

        figure = plt.figure(figsize=(width, height))
    else:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(width, height))
    return figure.add_subplot()


def colour(index: int) -> str:
    """The colour of the index-th group."""
    return PALETTE[index % len(PALETTE)]


def dash(index: int) -> Any:
    """The dash pattern of the index-th group."""
    return DASHES[index % len(DASHES)]


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    return shell is not None and getattr(shell, "get_ipython", lambda: None)() is not None
