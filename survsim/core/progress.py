"""How far a long computation is: shown after two seconds where somebody watches, a terminal or a notebook, and nowhere else."""

from __future__ import annotations

import contextlib
import contextvars
import html
import sys
import time
from collections.abc import Callable, Collection, Iterator
from typing import Any, TypeVar

AFTER = 2.0
"""Seconds of work before anything is shown."""
EVERY = 0.2
"""Seconds between two updates."""
WIDTH = 24
Progress = Callable[[int, int], None]
T = TypeVar("T")

_open: list[_Bar] = []
"""The bar that is on show; work inside work shows no second one."""
_SILENT = contextvars.ContextVar("survsim_silent", default=False)


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Nothing is shown inside: whoever called tells how far it is, or wants no word."""
    token = _SILENT.set(True)
    try:
        yield
    finally:
        _SILENT.reset(token)


@contextlib.contextmanager
def shown(what: str, given: Progress | None = None) -> Iterator[Progress]:
    """A function (done, in all) to be called as work goes on; what it showed is gone when the work is done.

    Parameters
    ----------
    what : the work, in a word or two; given : the caller's own function, which is called instead.
    """
    if given is not None:
        yield given
        return
    place = None if _SILENT.get() or _open else _place()
    if place is None:
        yield _nothing
        return
    bar = _Bar(what, place)
    _open.append(bar)
    try:
        yield bar
    finally:
        _open.remove(bar)
        bar.end()


def each(what: str, items: Collection[T]) -> Iterator[T]:
    """The items one after the other, shown as `shown` does; for work whose pieces are about alike.

    Parameters
    ----------
    what : the work, in a word or two; items : what there is to do.
    """
    if len(items) < 2:  # one piece has no share; work inside it may show its own
        yield from items
        return
    with shown(what) as bar:
        for done, item in enumerate(items):
            bar(done, len(items))
            yield item


def _nothing(done: int, total: int) -> None:
    """Nobody watches."""


class _Bar:
    """Counts the time, and writes to its place."""

    def __init__(self, what: str, place: Any) -> None:
        self._what, self._place = what, place
        self._began = self._last = time.monotonic()
        self._any = False

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._began < AFTER or now - self._last < EVERY or total <= 0 or done >= total:
            return
        self._last, self._any = now, True
        share = done / total
        left = (now - self._began) * (1 - share) / share if share > 0 else float("nan")
        self._place.write(
            self._what, share, f"{share:.0%}" + (f", about {left:.0f} s left" if left == left else "")
        )

    def end(self) -> None:
        if self._any:
            self._place.clear()


class _Terminal:
    """One line of the error stream, written over."""

    def write(self, what: str, share: float, words: str) -> None:
        full = int(share * WIDTH)
        sys.stderr.write(f"\r\x1b[K{what} [{'#' * full}{'.' * (WIDTH - full)}] {words}")
        sys.stderr.flush()

    def clear(self) -> None:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


class _Notebook:
    """One display below the cell, updated in place."""

    def __init__(self) -> None:
        self._handle: Any = None

    def write(self, what: str, share: float, words: str) -> None:
        shown = _Html(
            f'<label>{html.escape(what)} <progress max="1" value="{share:.3f}"></progress> {html.escape(words)}</label>',
            f"{what}: {words}",
        )
        if self._handle is None:
            from IPython.display import display

            self._handle = display(shown, display_id=True)
        else:
            self._handle.update(shown)

    def clear(self) -> None:
        if self._handle is not None:
            self._handle.update(_Html("", ""))


class _Html:
    """HTML with the text that stands in where no HTML is shown."""

    def __init__(self, markup: str, text: str) -> None:
        self._markup, self._text = markup, text

    def _repr_html_(self) -> str:
        return self._markup

    def __repr__(self) -> str:
        return self._text


def _place() -> Any:
    """Where somebody watches; None where nobody does."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if type(shell).__name__ == "ZMQInteractiveShell":
        return _Notebook()
    try:
        return _Terminal() if sys.stderr is not None and sys.stderr.isatty() else None
    except (AttributeError, ValueError):
        return None
