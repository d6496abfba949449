"""Kinds of declared values: a number is no text and no truth value, a truth value is no word, a text is no bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pydantic_core import core_schema

_TEXTS = "string"
"""How pydantic calls the reading of texts as they stand in a table (`model_validate_strings`)."""


def _number(value: Any, info: Any) -> Any:
    if isinstance(value, str | bytes) and info.mode != _TEXTS:
        raise ValueError("text came where a number belongs; write it without quotes")
    if isinstance(value, bool | np.bool_):
        raise ValueError("yes/no found where a number belongs")
    return value.item() if isinstance(value, np.generic) else value


def _truth(value: Any, info: Any) -> Any:
    if info.mode == _TEXTS:
        return value
    if not isinstance(value, bool | np.bool_):
        raise ValueError("true or false belongs here")
    return bool(value)


def _text(value: Any, info: Any) -> Any:
    if isinstance(value, bytes):
        raise ValueError("bytes came where text belongs; decode them")
    return value


_KINDS: dict[str, Callable[[Any, Any], Any]] = {
    "float": _number,
    "int": _number,
    "bool": _truth,
    "str": _text,
}

_NO_PARTS = (
    "metadata",
    "function",
    "default",
    "default_factory",
    "serialization",
    "cls",
    "config",
    "expected",
    "keys_schema",
)
"""Parts of a description that hold no values of their own; keys are text wherever JSON was written."""


def of_one_kind(schema: Any) -> Any:
    """pydantic's description of a class, with a look at the kind before each number, truth value and text."""
    if isinstance(schema, list | tuple):
        return type(schema)(of_one_kind(part) for part in schema)
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "function-before" and schema["function"]["function"] in _KINDS.values():
        return schema  # a class within a class was looked at when it was made
    walked = {key: part if key in _NO_PARTS else of_one_kind(part) for key, part in schema.items()}
    kind = _KINDS.get(str(schema.get("type")))
    return walked if kind is None else core_schema.with_info_before_validator_function(kind, walked)
