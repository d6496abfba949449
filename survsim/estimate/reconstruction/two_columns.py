"""Two columns that belong together, from whatever holds them: a frame, a dictionary, two arrays or rows of two."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, float_vector
from survsim.core.errors import InputError
from survsim.core.frames import as_frame, is_table
from survsim.core.kinds import dimensions
from survsim.core.pairing import paired

TIME = ("time", "times", "t")
NOISE = 0.02
"""A click on the origin may come out this much of the axis before it: as far as a survival may lie above 1."""


def two_columns(
    name: str, given: Any, value: str, also: tuple[str, ...] = (), *, unit: str
) -> tuple[FloatArray, FloatArray]:
    """Times and values (m,) each of a curve or a risk table.

    Parameters
    ----------
    name : of the argument, for messages.
    given : frame (pandas, polars, Arrow) or dictionary with a column of times and one of values, told by name or, where there
        are two, by position; a pair of arrays; or an (m, 2) array.
    value, also : what the column of values may be called.
    unit : of the times; durations are converted into it.
    """
    times, values = _pair(name, given, (value, *also))
    times, values = paired(**{f"times of {name}": times, f"{value} of {name}": values})
    t, v = float_vector(f"times of {name}", times, unit=unit), float_vector(f"{value} of {name}", values)
    if t.size != v.size or t.size == 0:
        raise InputError(f"{name} has {t.size} times and {v.size} values of {value}. Give one value a time.")
    if t.min() < -NOISE * max(float(t.max()), 0.0):
        raise InputError(f"times of {name} must not be negative; found {t.min():g}.")
    return np.maximum(t, 0.0), v


def _pair(name: str, given: Any, values: tuple[str, ...]) -> tuple[Any, Any]:
    if is_table(given) or (hasattr(given, "columns") and hasattr(given, "iloc")):
        return _of_frame(name, as_frame(given, name), values)
    if isinstance(given, tuple) and len(given) == 2:
        return given[0], given[1]
    # A list of two lists of two is read as rows, as an array of that shape is.
    if isinstance(given, list) and len(given) == 2 and dimensions(given[0]) == 1 and len(given[0]) != 2:
        return given[0], given[1]
    try:
        array = np.asarray(given)
    except ValueError:
        array = np.empty(0)
    if array.ndim == 2 and array.shape[1] == 2:
        return array[:, 0], array[:, 1]
    if array.ndim == 2 and array.shape[0] == 2:
        return array[0], array[1]
    raise InputError(
        f"{name} is a frame or dictionary with columns time and {values[0]}, a pair (times, {values[0]}), or an (m, 2) "
        f"array; got {type(given).__name__}{f' of shape {array.shape}' if array.ndim and array.size else ''}."
    )


def _of_frame(name: str, frame: Any, values: tuple[str, ...]) -> tuple[Any, Any]:
    names = [str(column).strip().lower() for column in frame.columns]
    here = {column: place for place, column in enumerate(names)}
    twice = next((c for c in (*TIME, *values) if names.count(c) > 1), None)
    if twice is not None:
        raise InputError(
            f"{name} has the column {twice} {names.count(twice)} times (case aside); keep one of each, and reconstruct one arm at a time."
        )
    time = next((here[c] for c in TIME if c in here), None)
    value = next((here[c] for c in values if c in here), None)
    known = {"survival", "incidence", "n_risk"} & here.keys()
    if value is None and known:
        raise InputError(f"{name} needs the column {values[0]}; it has {', '.join(sorted(known))}.")
    if (time is None or value is None) and len(frame.columns) == 2:
        time, value = (0, 1) if time is None else (time, 1 - time)
    if time is None or value is None:
        have = ", ".join(map(str, frame.columns))
        raise InputError(
            f"{name} needs the columns time and {values[0]}, or two columns only; it has: {have}."
        )
    arms = here.get("arm")
    if arms is not None and frame.iloc[:, arms].nunique() > 1:
        raise InputError(
            f"{name} holds {frame.iloc[:, arms].nunique()} arms; reconstruct one at a time: frame[frame.arm == ...]."
        )
    return frame.iloc[:, time], frame.iloc[:, value]
