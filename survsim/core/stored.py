"""Results of plain parts written whole and read back: arrays, words, numbers, frames, ancestry."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from survsim.core import files
from survsim.core.errors import InputError
from survsim.core.provenance import Nodes, from_nodes
from survsim.core.result import Result

R = TypeVar("R", bound=Result)
FORMAT = 1


def write_result(result: Result, path: str | os.PathLike[str]) -> None:
    """Write a result whose fields are numbers, words, arrays, tuples of them or frames, as JSON.

    Example
    -------
    >>> import tempfile, pathlib
    >>> from survsim import read_result, write_result
    >>> from survsim.distributions import Exponential
    >>> from survsim.joint_model import TippingPoint, tipping_point
    >>> found = tipping_point(Exponential(rate=0.1, time_unit="months"), 11.0, threshold=6.0)
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "tipping.json"
    >>> write_result(found, path); read_result(TippingPoint, path).case_time
    11.0
    """
    nodes = Nodes()
    fields = {
        f.name: _plain(f.name, getattr(result, f.name))
        for f in dataclasses.fields(result)
        if f.name != "provenance"
    }
    content = {
        "format": FORMAT,
        "class": type(result).__name__,
        "provenance": result.provenance.to_nodes(nodes),
        "nodes": nodes,
        "fields": fields,
    }
    files.write_json(path, content)


def read_result(kind: type[R], path: str | os.PathLike[str]) -> R:
    """Read what `write_result` wrote, as a result of class `kind`."""
    if not Path(path).is_file():
        raise InputError(f"no stored result at {path}; run the analysis first: survsim run SLUG.")
    content = json.loads(Path(path).read_text(encoding="utf-8"))
    if content.get("format") != FORMAT or content.get("class") != kind.__name__:
        raise InputError(
            f"{path} holds a {content.get('class')!r}, not a {kind.__name__}; run the analysis again."
        )
    fields = {name: _back(value) for name, value in content["fields"].items()}
    return kind(provenance=from_nodes(content["provenance"], content["nodes"]), **fields)


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return {"array": [_number(v) for v in value.ravel().tolist()], "shape": list(value.shape)}
    if isinstance(value, tuple):
        return {"tuple": [_plain(name, v) for v in value]}
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        rows = value.astype(object).where(value.notna(), None).to_dict("list")
        return {"frame": rows}
    if isinstance(value, float | np.floating):
        return {"float": _number(float(value))}
    if value is None or isinstance(value, bool | int | str):
        return value
    raise InputError(f"field {name!r} of kind {type(value).__name__} cannot be stored; save its to_frame().")


def _number(value: Any) -> Any:
    # JSON has no infinity; a result has one where something was not reached.
    return value if not isinstance(value, float) or np.isfinite(value) else str(value)


def _back(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "array" in value:
        items = [float(v) if isinstance(v, str) else v for v in value["array"]]
        return np.array(items).reshape(value["shape"])
    if "tuple" in value:
        return tuple(_back(v) for v in value["tuple"])
    if "float" in value:
        return float(value["float"])
    import pandas as pd

    return pd.DataFrame(value["frame"])
