"""Sentences whose numbers come from the ledger, and from nowhere else."""

from __future__ import annotations

import html
import string
from collections.abc import Sequence
from typing import Any

from survsim.core.errors import InputError
from survsim.core.ledger import Ledger, LedgerEntry

EXTRAS = ("ci", "interval", "limits", "low", "high", "unit", "mc")


class Prose:
    """Markdown that a notebook shows; made by `prose`."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def _repr_markdown_(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text


def prose(ledger: Ledger, text: str, **words: str) -> Prose:
    """Fill a Markdown text with numbers of the ledger.

    ``{os.median}`` is the value with three significant digits, ``{os.median:.1f}`` with a format of
    Python's, ``{os.median:.1f ci}`` with its interval, ``{os.median:.1f unit}`` with its unit and
    ``{os.median:.1f ci unit}`` with both; ``interval`` in place of ``ci`` for one over parameter draws;
    ``limits``, ``low`` or ``high`` for the limits without the value, ``mc`` for the Monte Carlo standard error; the format ``p`` for p-values. Each number shows its key when pointed at.

    Parameters
    ----------
    ledger : the numbers of the analysis.
    text : Markdown with fields.
    words : other fields, as text: labels, names of studies.

    Returns
    -------
    Prose : Markdown that a notebook shows as text.

    Raises
    ------
    InputError : a field that is no key of the ledger, or an interval that was not recorded.

    Example
    -------
    >>> from survsim import Ledger, Provenance
    >>> from survsim.report import prose
    >>> ledger = Ledger(analysis="x")
    >>> ledger.record("os.median", 26.58, conf_low=18.1, conf_high=52.3, unit="months",
    ...               provenance=Provenance.of("kaplan_meier", "patients:x"))
    >>> print(prose(ledger, "Median {os.median:.1f ci unit}."))
    Median <span class="n" title="os.median">26.6 months (95% CI 18.1 to 52.3)</span>.
    """
    parts: list[str] = []
    for literal, name, spec, _ in string.Formatter().parse(text):
        parts.append(literal)
        if name is None:
            continue
        parts.append(words[name] if name in words else number(ledger, name, spec or ""))
    return Prose("".join(parts))


def number(ledger: Ledger, key: str, spec: str = "") -> str:
    """One number as HTML text that carries its key."""
    if key not in ledger.numbers:
        near = [k for k in ledger.numbers if k.split(".")[0] == key.split(".")[0]][:8]
        hint = f" Near it: {', '.join(near)}." if near else ""
        raise InputError(f"the text names {key!r}, which is no number of {ledger.analysis}.{hint}")
    shown = format_entry(ledger.numbers[key], key, spec)
    return f'<span class="n" title="{html.escape(key)}">{html.escape(shown, quote=False)}</span>'


def format_entry(entry: LedgerEntry, key: str, spec: str = "") -> str:
    """Value, and interval or unit when asked for, by a format such as ``.1f ci unit``."""
    words = spec.split()
    wanted = [w for w in words if w in EXTRAS]
    formats = [w for w in words if w not in EXTRAS]
    if len(formats) > 1:
        raise InputError(f"{key}: the format {spec!r} names more than one; write for example '.1f ci unit'.")
    form = formats[0] if formats else ""
    text = _chosen(entry, key, form, wanted)
    if "unit" in wanted and entry.unit and entry.value is not None:
        text = f"{text} {entry.unit}"
    if "ci" in wanted or "interval" in wanted:
        kind = "95% CI" if "ci" in wanted else "95% interval"
        text = f"{text} ({kind} {_interval(entry, key, form)})"
    return text


def _chosen(entry: LedgerEntry, key: str, form: str, wanted: list[str]) -> str:
    """The value, or in its place one limit, both, or the Monte Carlo standard error."""
    if "mc" in wanted:
        return format_value(entry.mc_std_error, form, "no Monte Carlo error recorded")
    if "limits" in wanted:
        return _interval(entry, key, form)
    for side in ("low", "high"):
        if side in wanted:
            ends = _interval(entry, key, form).split(" to ")
            return ends[side == "high"]
    return format_value(entry.value, form, entry.note)


def format_value(value: Any, form: str = "", note: str = "") -> str:
    """A ledger value as text: three significant digits unless `form` says otherwise."""
    if value is None:
        return note or "not reached"
    if isinstance(value, str | bool):
        return str(value)
    if form == "p":
        return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"
    if form:
        try:
            return format(value, form)
        except ValueError:
            raise InputError(
                f"{form!r} is no format for the number {value!r}; write .1f, .3g, d or .0%."
            ) from None
    if isinstance(value, int):
        return f"{value:d}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def _interval(entry: LedgerEntry, key: str, form: str) -> str:
    if entry.conf_low is None and entry.conf_high is None:
        raise InputError(
            f"{key} has no interval in the ledger; record conf_low and conf_high or leave `ci` out."
        )
    low = format_value(entry.conf_low, form, "not reached")
    high = format_value(entry.conf_high, form, "not reached")
    return f"{low} to {high}"


def join_words(items: Sequence[str], last: str = "and") -> str:
    """A list as English: "a", "a and b", "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"
