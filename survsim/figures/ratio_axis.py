"""Logarithmic axes: ticks at numbers people know, fewer of them where they would touch, the 1 among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from survsim.figures.placing import thinned_by


def ratio_ticks(ax: Any, ticks: Sequence[float], words: Callable[[float], str] = "{:g}".format) -> None:
    """Put ticks on a logarithmic axis; the layout takes every second or third, counted from 1."""
    thinned_by(ax, lambda axes, most: _set(axes, ticks, words, most))
    _set(ax, ticks, words, len(ticks))


def _set(ax: Any, ticks: Sequence[float], words: Callable[[float], str], most: int) -> None:
    from matplotlib.ticker import NullLocator

    at = next((k for k, t in enumerate(ticks) if t == 1.0), 0)
    step = max(1, -(-len(ticks) // max(most, 1)))
    shown = [t for k, t in enumerate(ticks) if (k - at) % step == 0]
    ax.set_xticks(shown, [words(t) for t in shown])
    ax.xaxis.set_minor_locator(NullLocator())
