"""What a protocol may say: kinds of criteria and exclusions, and rules that contradict themselves, each refused in one message."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from typing import Any

from survsim.core.errors import EvidenceError
from survsim.evidence.ask.store import EvidenceStore

OWN = ("exclude", "self")
"""Arguments of `select` that a protocol gives elsewhere, or not at all."""
NAMED = ("study", "estimate", "patient", "case")
"""What an exclusion may name, one of them, with its reason."""
LISTS = ("endpoint", "known")
"""Keys of a rule about patients or cases that are no columns of the table."""


def check_criteria(include: Any, where: str) -> None:
    """Criteria by name, each of the kind that `EvidenceStore.select` takes.

    Raises
    ------
    EvidenceError : no criteria by name, an unknown criterion, or one of another kind.
    """
    if not isinstance(include, dict):
        raise EvidenceError(f"{where}: include must hold criteria by name; got {include!r}.")
    allowed = [p for p in inspect.signature(EvidenceStore.select).parameters if p not in OWN]
    for criterion, value in include.items():
        if criterion not in allowed:
            near = difflib.get_close_matches(str(criterion), allowed, 1)
            hint = f"; did you mean {near[0]}?" if near else "."
            raise EvidenceError(
                f"{where}: there is no criterion {criterion!r}{hint} There are: {', '.join(allowed)}."
            )
        wrong = _wrong_kind(str(criterion), value)
        if wrong:
            raise EvidenceError(f"{where}: {criterion} must be {wrong}; got {value!r}.")


def _wrong_kind(criterion: str, value: Any) -> str:
    """What a criterion should have been; empty where it is of its kind."""
    if criterion == "interval":
        return "" if isinstance(value, bool) else "true or false"
    if criterion == "time":
        return "" if _all(value, _is_number) else "a number of months, or a list of such"
    if criterion == "overlap" and isinstance(value, dict):
        return "" if _all(list(value.values()), _is_word) else "a word, or the study to keep by cluster"
    if criterion == "overlap":
        return "" if _is_word(value) else "a word, or the study to keep by cluster"
    if criterion == "allow_mixed" and value == []:
        return ""
    return "" if _all(value, _is_word) else "a word, or a list of words that is not empty"


def check_columns(asked: Any, table: str, where: str) -> None:
    """A rule about patients or cases: columns with their words, one data set, and lists of what must be there.

    Raises
    ------
    EvidenceError : what is asked is not by name, lacks the data set, or is of another kind.
    """
    if not isinstance(asked, dict) or (table == "patients" and "dataset" not in asked):
        needed = ", the dataset among them" if table == "patients" else ""
        raise EvidenceError(f"{where}: {table} must hold what is asked by name{needed}; got {asked!r}.")
    for column, value in asked.items():
        if column == "dataset":
            right, kind = _is_word(value), "one word"
        elif column in LISTS:
            right, kind = _all(value, _is_word), "a word, or a list of words that is not empty"
        else:
            right = _all(value, lambda v: _is_word(v) or _is_number(v))
            kind = "a word or number, or a list of such that is not empty"
        if not right:
            raise EvidenceError(f"{where}: {column} of {table} must be {kind}; got {value!r}.")


def _all(value: Any, right: Any) -> bool:
    several = value if isinstance(value, list) else [value]
    return bool(several) and all(right(v) for v in several)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def exclusions(given: Any, where: str, field_name: str) -> dict[str, str]:
    """Names that a rule leaves out or holds out, each with its reason.

    Raises
    ------
    EvidenceError : no list, an item without name or reason in words, or a name that stands twice.
    """
    if not isinstance(given, list):
        raise EvidenceError(
            f"{where}: {field_name} must be a list, empty where nothing is excluded; got {given!r}."
        )
    found: dict[str, str] = {}
    for item in given:
        named = [k for k in NAMED if isinstance(item, dict) and k in item]
        right = len(named) == 1 and not set(item) - {*NAMED, "reason"} and _is_word(item.get("reason"))
        if not right or not _all(item[named[0]], _is_word):
            raise EvidenceError(
                f"{where}: each item of {field_name} names one of {', '.join(NAMED)}, and its reason in words; got {item!r}."
            )
        several = item[named[0]] if isinstance(item[named[0]], list) else [item[named[0]]]
        for name in several:
            if name in found:
                raise EvidenceError(f"{where}: {field_name} names {name} twice; keep one reason.")
            found[name] = " ".join(item["reason"].split())
    return found


def check_together(
    where: str, exclude: Mapping[str, str], hold_out: Mapping[str, str], *, may_hold: bool
) -> None:
    """Rules that contradict each other: what is excluded cannot be held out, and only named or listed numbers can be.

    Raises
    ------
    EvidenceError : a name under both, or hold_out where nothing counts it.
    """
    both = [name for name in exclude if name in hold_out]
    if both:
        raise EvidenceError(f"{where}: {both[0]} is excluded and held out; it can be one of them.")
    if hold_out and not may_hold:
        raise EvidenceError(
            f"{where}: hold_out belongs to a rule that names numbers or lists several sets of criteria; "
            "put it under exclude, or write include as a list."
        )
