"""The door of functions that take many trials at once: one row a trial, checked as a `Surv` is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from survsim.core.checks import BoolArray, FloatArray, event_vector, float_vector, positions
from survsim.core.errors import InputError
from survsim.core.frames import as_frame, is_table
from survsim.core.kinds import as_array, with_masks
from survsim.core.pairing import in_columns_of, in_order_of, index_of, paired
from survsim.core.times import join_rows, refuse_overflow


def trial_rows(time: Any, event: Any) -> tuple[FloatArray, BoolArray]:
    """Times and events (B, n) of B trials of n patients, near-ties within a trial joined.

    Raises
    ------
    InputError : other than two dimensions, shapes that differ, missing, infinite or negative times, events
        other than True/False or 0/1.
    """
    time, event = paired(time=time, event=event)
    event = in_columns_of(getattr(time, "columns", None), "event", event, "time")
    time, event = as_table("time", time), as_table("event", event)
    shape, other = time.shape, event.shape
    if len(shape) != 2 or shape != other or 0 in shape:
        raise InputError(
            f"time and event must be (B, n), a row a trial and a column a patient; got {shape} and {other}."
        )
    times = float_vector("time", time.ravel()).reshape(shape)
    seen = event_vector(event.ravel(), times.size).reshape(shape)
    if times.min() < 0:
        bad = times.min(axis=1) < 0
        raise InputError(f"time must not be negative; found {times.min():g} in trials: {positions(bad)}.")
    refuse_overflow("time", times.ravel())
    return join_rows(times), seen


def arm_of_patients(arm: Any, time: Any, event: Any, name: str = "arm") -> Any:
    """The arm in the order of the patients: the columns of a frame, or the rows of one trial, of `time`, else of `event`.

    An arm of its own in each trial is a frame of the shape of the times; another frame has a row a patient.
    """
    of, told = next(
        ((n, v) for n, v in (("time", time), ("event", event)) if hasattr(v, "iloc")), ("time", None)
    )
    patients = getattr(told, "columns", None)
    if told is None or patients is None:
        return in_order_of(index_of(told), name, arm, of)
    if is_table(arm):
        arm = as_frame(arm, name)
    if np.shape(arm) == told.shape and hasattr(arm, "columns"):
        return in_columns_of(patients, name, in_order_of(index_of(told), name, arm, of), of)
    return in_order_of(patients, name, arm, of)


def as_table(name: str, values: Any) -> NDArray[Any]:
    """Values as one array of any shape: a frame as its table, masked rows with their masks, rows of one length."""
    values = with_masks(values)
    if isinstance(values, np.ndarray):
        return values
    if hasattr(values, "columns") and hasattr(values, "to_numpy"):
        return np.asarray(values.to_numpy())
    return as_array(name, values)


def numbers(name: str, values: Any) -> FloatArray:
    """Finite numbers of any shape, True and False as 1 and 0."""
    table = as_table(name, values)
    return float_vector(name, table.ravel(), truth=True).reshape(table.shape)
