"""Events and patients of study arms at the door: checked, faults of all studies in one message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import InputError
from survsim.core.kinds import as_numbers
from survsim.core.pairing import names_in, paired
from survsim.estimate.printed.study_rows import row_names, warn_of_repeats

MOST = 1e9
"""Patients of an arm beyond which a count is a mistake."""


def checked_counts(
    labels: Sequence[Any] | None, source: Any = (), **columns: Any
) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    """Columns of counts (k,), given in pairs events, n, and the names of the studies.

    Raises
    ------
    InputError : columns of unlike length, counts that are negative, missing or no whole numbers, more events than patients.
    """
    together = paired(**columns, labels=labels)
    given, labels = together[:-1], together[-1]
    named = next((own for one in given if (own := names_in(one))), None) if labels is None else labels
    found = {name: _whole(name, values) for name, values in zip(columns, given)}
    sizes = {name: values.size for name, values in found.items()}
    if len(set(sizes.values())) != 1:
        told = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise InputError(f"each study needs one number in each column; the columns have {told}.")
    k = next(iter(sizes.values()))
    if k == 0:
        raise InputError("there is nothing to pool: no study was given.")
    names = row_names(named, k)
    pairs = list(found.items())
    for (first, events), (second, n) in zip(pairs[::2], pairs[1::2]):
        bad = np.flatnonzero((n <= 0) | (events > n))
        if bad.size:
            told = "; ".join(f"{names[i]} (row {i}): {events[i]:g} of {n[i]:g}" for i in bad[:6])
            raise InputError(f"{first} must not exceed {second}, and {second} must be above 0; found {told}.")
    warn_of_repeats(names, source, named=named is not None, advice="add up their counts, or keep one of each")
    return found, names


def _whole(name: str, values: Any) -> FloatArray:
    array, missing = as_numbers(name, values)
    array = np.atleast_1d(array)
    if array.ndim != 1:
        raise InputError(f"{name} must be one column of counts; got shape {array.shape}.")
    if missing is not None and np.any(missing):
        raise InputError(f"{name} is missing in some rows; drop those studies, and say which.")
    good = np.isfinite(array) & (array >= 0) & (array <= MOST)
    good &= np.where(good, array, 0.0) == np.floor(np.where(good, array, 0.5))
    if not good.all():
        raise InputError(f"{name} must hold whole numbers from 0; got {array[~good][0]:g}.")
    return array.astype(np.float64)
