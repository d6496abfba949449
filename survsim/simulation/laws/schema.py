"""Reading declared input: YAML without tags, size limits, unknown keys named, all faults at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pydantic

from survsim.core import yaml_files
from survsim.core.declared import Declared
from survsim.core.errors import ScenarioError
from survsim.core.numerals import NUMERAL


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("yes/no found where a number or the name of a parameter belongs")
    if not isinstance(value, float | int | str | np.number):
        raise ValueError("a number or the name of a parameter belongs here")
    if isinstance(value, int):
        value = _held(value)
    if not isinstance(value, str) and not np.isfinite(value):
        raise ValueError(
            "a number is missing or infinite; a finite number or the name of a parameter belongs here"
        )
    if isinstance(value, str) and not value.strip():
        raise ValueError("nothing stands here; a number or the name of a parameter belongs here")
    if isinstance(value, str) and NUMERAL.fullmatch(value.strip()):
        raise ValueError("text came where a number belongs; write it without quotes")
    return value


def _held(value: int) -> int | float:
    """A whole number, as a float where it has more digits than numpy's integers hold."""
    if abs(value) <= EXACT:
        return value
    try:
        return float(value)
    except OverflowError:
        raise ValueError(
            f"a whole number of {len(str(abs(value)))} digits is more than a number can hold"
        ) from None


EXACT = 2**53
"""Whole numbers up to here are numbers of double precision as well."""
Number = Annotated[float | str, pydantic.BeforeValidator(_number)]
"""A number, or the name of a parameter whose draws hold the number; a number in quotes is neither."""


class Checked(Declared):
    """Base of everything that a simulation is declared by."""


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Mapping held by a YAML file; size, encoding, tags and double keys are checked (`core.yaml_files`)."""
    return _mapping(yaml_files.read_yaml(path, error=ScenarioError), Path(path).name)


def parse_yaml(text: str, name: str) -> dict[str, Any]:
    """Mapping held by YAML `text`; `name` opens each message."""
    return _mapping(yaml_files.parse_yaml(text, name=name, error=ScenarioError), name)


def _mapping(content: Any, name: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise ScenarioError(f"{name} must hold keys and values; it holds {type(content).__name__}.")
    return content
