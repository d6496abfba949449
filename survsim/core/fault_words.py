"""What pydantic finds wrong with a value, in words a reader of the file knows: no tags, no patterns, no "Input should"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

NO_MAPPING = "keys and values belong here"
A_WORD = ("must be one of ", "must be '")
"""How the fault of a word that is none of a list, or not the one, begins."""

_NUMBER, _WHOLE, _LIST = "must be a number", "must be a whole number", "must be a list"
_DATE, _YES_NO, _TEXT = "must be a date such as 2020-01-31", "must be true or false", "must be text"
_PLAIN = {
    "string_type": _TEXT, "string_unicode": _TEXT, "bytes_type": _TEXT, "invalid_key": "names must be text",
    "string_not_ascii": "must be of plain letters (ASCII)",
    "float_type": _NUMBER, "float_parsing": _NUMBER, "decimal_type": _NUMBER, "decimal_parsing": _NUMBER,
    "complex_type": _NUMBER, "complex_str_parsing": _NUMBER, "finite_number": "must be a finite number",
    "int_type": _WHOLE, "int_parsing": _WHOLE, "int_from_float": _WHOLE, "int_parsing_size": "is too large a number",
    "bool_type": _YES_NO, "bool_parsing": _YES_NO,
    "list_type": _LIST, "tuple_type": _LIST, "set_type": _LIST, "frozen_set_type": _LIST, "iterable_type": _LIST,
    "dict_type": NO_MAPPING, "mapping_type": NO_MAPPING, "model_type": NO_MAPPING, "model_attributes_type": NO_MAPPING,
    "dataclass_type": NO_MAPPING, "date_type": _DATE, "date_parsing": _DATE, "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE, "datetime_type": _DATE, "datetime_parsing": _DATE,
    "none_required": "must be left empty", "callable_type": "must be a function",
    "set_item_not_hashable": "must hold single words or numbers",
    "recursion_loop": "holds itself", "json_type": "must be JSON text",
}  # fmt: skip
"""Kinds that say all."""
_BOUNDS = {
    "greater_than": ("gt", "must be above {}"),
    "greater_than_equal": ("ge", "must be at least {}"),
    "less_than": ("lt", "must be below {}"),
    "less_than_equal": ("le", "must be at most {}"),
    "multiple_of": ("multiple_of", "must be a multiple of {}"),
    "is_instance_of": ("class", "must be a {}"),
    "is_subclass_of": ("class", "must be a kind of {}"),
    "json_invalid": ("error", "is no JSON text: {}"),
}
"""Kinds with one number or name: where it stands in what pydantic tells, and what is said."""
_SIGNS = {".": "dots", "_": "underscores", "\\-": "hyphens"}


def in_words(error: Mapping[str, Any]) -> str:
    """The fault of one of ``ValidationError.errors()``, without its place and what was found.

    Example
    -------
    >>> in_words({"type": "greater_than", "ctx": {"gt": 0.0}, "input": -1})
    'must be above 0'
    """
    kind, context = error["type"], error.get("ctx", {})
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in _BOUNDS:
        key, said = _BOUNDS[kind]
        return said.format(_plain_number(context.get(key)))
    if kind in ("literal_error", "enum"):
        words = quoted(context.get("expected", ""))
        return (
            f"must be one of {', '.join(map(repr, words))}"
            if len(words) > 1
            else f"must be {context.get('expected')}"
        )
    if kind == "string_pattern_mismatch":
        return _of_signs(str(context.get("pattern", "")), error.get("input"))
    if kind in ("too_short", "too_long"):
        end = ("at least", "min_length") if kind == "too_short" else ("at most", "max_length")
        return f"must hold {end[0]} {context.get(end[1])}; it holds {context.get('actual_length')}"
    if kind in ("string_too_short", "string_too_long"):
        if kind == "string_too_short" and context.get("min_length") == 1:
            return "must not be empty"
        end = ("at least", "min_length") if kind == "string_too_short" else ("at most", "max_length")
        return f"must have {end[0]} {context.get(end[1])} characters"
    return _own(str(error.get("msg", kind)))


def tag_fault(error: Mapping[str, Any]) -> tuple[str, str, list[str]] | None:
    """For a family or law that is missing or unknown: the key it stands under, what was typed (or ""), and what is known."""
    context = error.get("ctx", {})
    key = str(context.get("discriminator", "")).strip("'")
    if error["type"] == "union_tag_not_found":
        return key, "", []
    if error["type"] == "union_tag_invalid":
        return key, str(context.get("tag")), quoted(context.get("expected_tags", ""))
    return None


def quoted(text: Any) -> list[str]:
    """Words that pydantic lists as ``'a', 'b' or 'c'``."""
    return re.findall(r"'([^']*)'", str(text))


def _plain_number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _of_signs(pattern: str, value: Any) -> str:
    """A pattern of names as the signs it allows; any other as the words it is."""
    allowed = re.fullmatch(r"\^\[A-Za-z0-9(?P<more>[._\\-]*)\]\+\$", pattern)
    if allowed:
        if value == "":
            return "must not be empty"
        signs = ["letters", "digits", *(said for sign, said in _SIGNS.items() if sign in allowed["more"])]
        return f"must be of {', '.join(signs[:-1])} and {signs[-1]} only"
    word = re.fullmatch(r"\^(\w+)\$", pattern)
    return f"must be {word[1]!r}" if word else f"must look like {pattern}"


def _own(message: str) -> str:
    """Our own message as it was written; of pydantic's, what is left reads "must be"."""
    message = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return re.sub(r"^(Input|Value|String|Keys|Date|Data) should ", "must ", message)
