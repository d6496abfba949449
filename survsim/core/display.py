"""What a notebook shows of an object that ends a cell: a small card, every text escaped; the printout stays the fallback."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
LONGEST = 160
"""Letters of one text that are shown."""
MOST = 12
"""Rows of a card, and entries of a list, before the rest is counted."""
_CELL = 'style="text-align:left;vertical-align:top"'


def displayed(cls: type[T]) -> type[T]:
    """Class decorator: objects get a card of their fields, unless the class has a display of its own."""
    if not hasattr(cls, "_repr_html_"):
        type.__setattr__(cls, "_repr_html_", card_of)
    return cls


def card_of(item: Any) -> str:
    """The card of an object: its class, and each field in a few words; empty fields are left out."""
    facts = {name: value for name, value in _fields(item) if not _is_empty(value)}
    title = type(item).__name__
    named = next((facts[k] for k in ("name", "label") if isinstance(facts.get(k), str)), "")
    return card(f"{title}: {named}" if named else title, facts)


def card(
    title: str, facts: Mapping[str, Any], *, tables: Mapping[str, Iterable[Sequence[Any]]] | None = None
) -> str:
    """HTML of a card.

    Parameters
    ----------
    title : what the object is.
    facts : names and values; a value is shown by `short`.
    tables : by title, rows of which the first is the head; each is folded until it is opened.
    """
    rows = list(facts.items())
    shown = "".join(
        f"<tr><th {_CELL}>{_escaped(str(name).replace('_', ' '))}</th><td {_CELL}>{_escaped(short(value))}</td></tr>"
        for name, value in rows[:MOST]
    )
    rest = f"<p>and {len(rows) - MOST} more fields</p>" if len(rows) > MOST else ""
    folded = "".join(_table(name, list(lines)) for name, lines in (tables or {}).items())
    return f"<div><strong>{_escaped(title)}</strong><table>{shown}</table>{rest}{folded}</div>"


def short(value: Any) -> str:
    """A value in a few words: numbers to six digits, arrays by size and range, lists by their first entries."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST else f"{value[: LONGEST - 3]}..."
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if _is_array(value):
        return _array(value)
    if hasattr(value, "columns") and hasattr(value, "iloc"):
        return f"table of {len(value)} rows: {', '.join(map(str, list(value.columns)[:MOST]))}"
    if isinstance(value, Mapping):
        return _several([f"{key}: {_name(one)}" for key, one in list(value.items())[:MOST]], len(value))
    if isinstance(value, list | tuple | set | frozenset):
        return _several([_name(one) for one in list(value)[:MOST]], len(value))
    return _name(value)


def _several(words: list[str], number: int) -> str:
    text = ", ".join(words) + (f" and {number - len(words)} more" if number > len(words) else "")
    return text if len(text) <= 2 * LONGEST else f"{text[: 2 * LONGEST - 3]}..."


def _name(value: Any) -> str:
    """What an entry is called, or its own first line."""
    if isinstance(value, str | bool | float):
        return str(value)
    if _is_array(value):
        return _array(value)
    for key in ("title", "name", "label", "line", "estimate_id"):
        found = getattr(value, key, None)
        if isinstance(found, str) and found:
            return found
    if _fields(value):
        inner = ", ".join(f"{n}={v}" for n, v in _fields(value)[:6] if isinstance(v, str | int | float))
        return f"{type(value).__name__}({inner})"[:LONGEST]
    lines = str(value).splitlines() or [""]
    return lines[0][:LONGEST]


def _is_array(value: Any) -> bool:
    """A numpy array or one of its numbers, told without importing it."""
    return all(hasattr(value, name) for name in ("dtype", "ravel", "shape")) and not hasattr(value, "iloc")


def _array(value: Any) -> str:
    shape = " x ".join(map(str, value.shape)) or "one"
    if not value.size or value.dtype.kind not in "iuf":
        return f"array of {shape}"
    if value.size <= 6:
        return ", ".join(f"{v:g}" for v in value.ravel())
    known = value[abs(value) < float("inf")]
    return f"array of {shape}, {known.min():g} to {known.max():g}" if known.size else f"array of {shape}"


def _fields(item: Any) -> list[tuple[str, Any]]:
    """Public fields of a dataclass or a declared model, in order."""
    if dataclasses.is_dataclass(item):
        names = [f.name for f in dataclasses.fields(item)]
    else:
        names = list(getattr(type(item), "model_fields", ()))
    return [(n, getattr(item, n, None)) for n in names if not n.startswith("_")]


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | tuple | list | dict | Mapping) and not value)


def _table(title: str, lines: list[Sequence[Any]]) -> str:
    head, *rows = lines or [()]
    first = "".join(f"<th {_CELL}>{_escaped(str(c))}</th>" for c in head)
    body = "".join(
        "<tr>" + "".join(f"<td {_CELL}>{_escaped(short(c))}</td>" for c in row) + "</tr>" for row in rows[:60]
    )
    more = f"<p>and {len(rows) - 60} more</p>" if len(rows) > 60 else ""
    return (
        f"<details><summary>{_escaped(title)} ({len(rows)})</summary><table><tr>{first}</tr>{body}</table>{more}"
        "</details>"
    )


def _escaped(text: str) -> str:
    return html.escape(text, quote=True)
