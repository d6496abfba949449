"""Declared conversion rules: cells of the typed tables that hold more than a number.

Each rule takes one cell as typed and returns the cells it becomes. Whatever a rule changes is written into
the table `corrections` under the rule's name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from survsim.core.errors import EvidenceError

_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
_P = re.compile(r"(?P<sign>[<>])?\s*(?P<number>\d*\.\d+)\s*(?P<rest>.*)")
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A p value cell taken apart."""

    number: str = ""
    qualifier: str = ""
    note: str = ""


def is_number(cell: str) -> bool:
    """Whether a cell is one decimal number with a point."""
    return _NUMBER.fullmatch(cell) is not None


def split_p_value(cell: str) -> Split:
    """``< .001`` to 0.001 with the sign apart; words such as one-tailed or NS go into the note."""
    if cell == "" or is_number(cell):
        return Split(number=cell)
    if cell.strip().upper() == "NS":
        return Split(note="not significant, no number printed")
    match = _P.fullmatch(cell.strip())
    if match is None:
        raise EvidenceError(f"p value {cell!r} is not understood; write a number, <number, or NS.")
    digits = match["number"]
    whole = "0" + digits if digits.startswith(".") else digits
    return Split(number=whole, qualifier=match["sign"] or "", note=match["rest"].strip(" ()"))


def thousands(cell: str) -> str:
    """``11,424`` to 11424; anything else unchanged."""
    return cell.replace(",", "") if _THOUSANDS.fullmatch(cell) else cell


def limit_note(cell: str) -> tuple[str, str]:
    """A limit and why there is none: ``NR`` is not reached."""
    return ("", "not_reached") if cell.strip().upper() in ("NR", "NA") else (cell, "")


def level(cell: str) -> tuple[str, str]:
    """A confidence level and the kind of interval, from the words beside it."""
    if cell == "" or is_number(cell):
        return cell, ""
    words = cell.lower()
    if "interquartile" in words:
        return "", "interquartile_range_not_used"
    if "one-sided" in words:
        match = re.match(r"0?\.\d+", words)
        return (match.group() if match else ""), "one_sided"
    if words == "not stated":
        return "", "level_not_stated"
    raise EvidenceError(f"confidence level {cell!r} is not understood; write for example 0.95.")
