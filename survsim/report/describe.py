"""What a picture shows, in words, read back from its axes: for readers who do not see it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from survsim.core.names import readable

MOST_WORDS, MOST_GROUPS, MOST_PANELS = 900, 8, 6
"""Letters of a description, groups and panels it names."""


def describe(figure: Any) -> str:
    """One paragraph: panels, axes with what they span, groups with where they begin and end, named rows, marks.

    Parameters
    ----------
    figure : a matplotlib figure that has been drawn.

    Returns
    -------
    str : at most `MOST_WORDS` letters.

    Raises
    ------
    Nothing: a picture without axes is called a picture.

    Example
    -------
    >>> import survsim
    >>> km = survsim.kaplan_meier(survsim.Surv.right([2, 3, 5, 9], [1, 1, 1, 0], unit="months"))
    >>> words = describe(km.plot(endpoint="Overall survival").figure)
    >>> "Overall survival" in words and "months" in words.lower()
    True
    """
    panels = [text for ax in figure.axes if ax.get_visible() and (text := _panel(ax))]
    head = _words(getattr(figure.get_suptitle(), "strip", str)()) if hasattr(figure, "get_suptitle") else ""
    if len(panels) > 1:
        shown = [f"panel {k}: {text}" for k, text in enumerate(panels[:MOST_PANELS], start=1)]
        more = len(panels) - len(shown)
        panels = [f"{len(panels)} panels", *shown, *([f"and {more} more"] if more else [])]
    text = ". ".join(part[:1].upper() + part[1:] for part in (head, *panels) if part)
    return _short(text or "A picture without axes") + "."


def _panel(ax: Any) -> str:
    groups = _groups(ax)
    rows = _ticks(ax.get_yticklabels()) or _ticks(ax.get_xticklabels())
    words = [_words(t.get_text()) for t in ax.texts if _words(t.get_text())]
    if not (groups or rows or ax.patches or ax.collections or ax.lines):
        return f"text: {'; '.join(words[:MOST_GROUPS])}" if words and not ax.axison else ""
    title = _words(ax.get_title(loc="left") or ax.get_title())
    parts = [title, *_axes(ax)]
    if groups:
        parts.append(_some("shown", groups))
    if rows:
        parts.append(_some("rows", rows))
    elif words and not groups:
        parts.append(_some("text", words))
    return ", ".join(part for part in parts if part)


def _axes(ax: Any) -> list[str]:
    """Both axes by name with their span, where they carry numbers."""
    found = []
    for axis, limits in ((ax.yaxis, ax.get_ylim()), (ax.xaxis, ax.get_xlim())):
        name = _words(axis.get_label_text())
        span = "" if _ticks(axis.get_ticklabels()) else _span(axis, limits)
        if name and ax.axison:
            found.append(f"{name}{span}")
    return [" against ".join(found)] if found else []


def _span(axis: Any, limits: tuple[float, float]) -> str:
    """From the first to the last printed tick of an axis."""
    low, high = sorted(limits)
    seen = [t for t in _numbers(axis.get_ticklocs()) if low - 1e-9 <= t <= high + 1e-9]
    ends = (seen[0], seen[-1]) if len(seen) > 1 else (low, high)
    return f" from {_round(min(ends))} to {_round(max(ends))}"


def _groups(ax: Any) -> list[str]:
    """Every named line with where it begins and ends, every named set of points or area."""
    shown: dict[str, None] = {}
    rows = bool(_ticks(ax.get_yticklabels()))
    for line in ax.lines:
        x, y = (_numbers(v) for v in (line.get_xdata(orig=False), line.get_ydata(orig=False)))
        if not (name := _name(line)) or len(x) != len(y):
            continue
        low, high = sorted(ax.get_xlim())
        seen = [(a, b) for a, b in zip(x, y) if low - 1e-9 <= a <= high + 1e-9]
        if len(seen) < 2:
            continue
        (_, first), (end, last) = seen[0], seen[-1]
        # Against rows of words a line joins categories and has no course.
        course = "" if rows else f" (from {_round(first)} to {_round(last)} at {_round(end)})"
        shown[f"{name}{course}"] = None
    known = " ".join(shown)
    for artist in (*ax.collections, *ax.patches):
        if (name := _name(artist)) and name not in known:
            shown[name] = None
    legend = ax.get_legend()
    for text in legend.get_texts() if legend is not None else ():
        if (name := _words(text.get_text())) and name not in " ".join(shown):
            shown[name] = None
    return list(shown)


def _name(artist: Any) -> str:
    label, gid = str(artist.get_label() or ""), str(artist.get_gid() or "")
    if not label.startswith("_"):
        return _words(label)
    kind, _, name = gid.partition(":")
    return readable(_words(name)) if kind == "curve" else ""


def _ticks(labels: Iterable[Any]) -> list[str]:
    """The words of an axis that carries words; nothing for one that carries numbers."""
    texts = [_words(label.get_text()) for label in labels]
    texts = [t for t in texts if t]
    return texts if texts and not any(_is_number(t) for t in texts) else []


def _is_number(text: str) -> bool:
    return any(sign.isdigit() for sign in text[:2]) and not any(c.isalpha() for c in text[:4])


def _numbers(values: Any) -> list[float]:
    try:
        return [float(v) for v in values if math.isfinite(float(v))]
    except (TypeError, ValueError):
        return []


def _some(head: str, items: list[str]) -> str:
    more = len(items) - MOST_GROUPS
    return f"{head}: {'; '.join(items[:MOST_GROUPS])}{f' and {more} more' if more > 0 else ''}"


def _round(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def _words(text: str) -> str:
    """One line without the marks of mathematical setting."""
    return " ".join(str(text).replace("$", "").replace("\\", "").split())


def _short(text: str) -> str:
    if len(text) <= MOST_WORDS:
        return text.rstrip(".")
    return text[:MOST_WORDS].rsplit(" ", 1)[0].rstrip(".,;:") + " …"


def watch(shell: Any) -> None:
    """Let a kernel say beside every matplotlib picture what it shows: ``alt`` in the metadata of the output.

    Parameters
    ----------
    shell : the interactive shell, as ``get_ipython()`` gives it.
    """
    from matplotlib import pyplot
    from matplotlib.figure import Figure

    shell.run_line_magic("matplotlib", "inline")
    # figures are shown by the magic; pyplot's own hook would draw each once more, for nobody
    pyplot.uninstall_repl_displayhook()
    formatter = shell.display_formatter.formatters["image/png"]
    drawn = formatter.lookup_by_type(Figure)

    def told(figure: Any) -> Any:
        made = drawn(figure)
        picture, metadata = made if isinstance(made, tuple) else (made, {})
        return picture, {**(metadata or {}), "alt": describe(figure)}

    formatter.for_type(Figure, told)


STARTUP = "from survsim.report.describe import watch as _watch\n_watch(get_ipython())\ndel _watch\n"
"""What a kernel runs before the first cell of a report."""
