"""What decides the numbers of a simulation, and nothing else, as a hash and as the numbers themselves.

A run that was begun on one machine must be known again on another, whose fitted and drawn numbers differ in their
last bits. So the hash takes each number to six digits, and beside it stand the numbers, to be compared at a tolerance.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from survsim._version import __version__
from survsim.core.checks import FloatArray
from survsim.simulation.laws.schema import Checked

RESULT_FORMAT = "survsim-simulation/1"
TOLERANCE = 1e-9
"""Relative difference up to which two machines' numbers are the same run."""

_NOT_NUMBERS = ("block_cells", "share_blocks", "patient_folder", "reference")
_MARKS = ("one_luck",)


def fingerprint(job: Any) -> str:
    """SHA-256 of a job: model, sizes, seed, what is looked at, and the version; how blocks are cut is left out."""
    return _hash(job, _coarse)


def exact_name(job: Any) -> str:
    """SHA-256 of a job to the last bit, for files that only the run that made them may use."""
    return _hash(job, _exact)


def numbers(job: Any) -> FloatArray:
    """Every number of a job, (k,), in the order in which the hash meets them."""
    found: list[FloatArray] = []

    def keep(value: Any) -> str:
        found.append(np.ravel(np.asarray(value, dtype=np.float64)))
        return ""

    plain(_content(job), keep)
    return np.concatenate([np.empty(0), *found])


def same_numbers(known: FloatArray, now: FloatArray) -> bool:
    """Whether two machines speak of the same run."""
    return known.shape == now.shape and bool(
        np.allclose(known, now, rtol=TOLERANCE, atol=1e-12, equal_nan=True)
    )


def _content(job: Any) -> dict[str, Any]:
    """What decides the numbers; a mark that is not set is left out, as in runs from before there was one."""
    names = [f.name for f in dataclasses.fields(job) if f.name not in _NOT_NUMBERS]
    return {name: getattr(job, name) for name in names if name not in _MARKS or getattr(job, name)}


def _hash(job: Any, shown: Callable[[Any], Any]) -> str:
    text = json.dumps([RESULT_FORMAT, __version__, plain(_content(job), shown)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _exact(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        array = np.ascontiguousarray(value)
        return ["array", list(array.shape), str(array.dtype), hashlib.sha256(array.tobytes()).hexdigest()]
    return value


def _coarse(value: Any) -> Any:
    """A number to six digits; of an array its shape, mean size and mean size weighted by place."""
    if isinstance(value, np.ndarray):
        size = np.abs(value.astype(np.float64)).ravel()
        place = np.arange(1.0, size.size + 1.0)
        means = (size.sum() / max(size.size, 1), size @ place / max(place.sum(), 1.0))
        return ["array", list(value.shape), str(value.dtype), *(f"{m:.6g}" for m in means)]
    return f"{value:.6g}"


def plain(item: Any, shown: Callable[[Any], Any]) -> Any:
    """`item` as nested lists, dictionaries and text; floats and arrays of numbers as `shown` says."""
    if item is None or isinstance(item, bool | int | str):
        return item
    if isinstance(item, float):
        return shown(item)
    if isinstance(item, Checked):
        return [type(item).__name__, {name: plain(value, shown) for name, value in item}]
    if isinstance(item, np.ndarray):
        return shown(item) if item.dtype.kind in "fiub" else [plain(v, shown) for v in item.tolist()]
    if isinstance(item, np.generic):
        return plain(item.item(), shown)
    if isinstance(item, Mapping):
        return {str(k): plain(v, shown) for k, v in item.items()}
    if isinstance(item, tuple | list):
        return [plain(v, shown) for v in item]
    if dataclasses.is_dataclass(item):
        fields = {f.name: plain(getattr(item, f.name), shown) for f in dataclasses.fields(item)}
        return [type(item).__name__, fields]
    return [type(item).__name__, str(item)]
