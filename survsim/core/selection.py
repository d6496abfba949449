"""Which rows are meant: positions or a mask, checked before anything is taken by them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from survsim.core.checks import BoolArray, IntArray, positions
from survsim.core.errors import InputError
from survsim.core.kinds import as_array, as_numbers, dimensions, is_missing

WANTED = "be the positions of rows, or a mask with True or False for each row"


def selected_rows(rows: Any, n: int, paired: Callable[[str, Any], Any]) -> BoolArray | IntArray:
    """Positions (m,) or a mask (n,) of rows among `n`, at least one.

    Parameters
    ----------
    rows : whole numbers from 0 (from the end where negative), repeats allowed; or truth values, one a row.
    n : how many rows there are.
    paired : puts a labelled mask in the order of the rows, given its name and the mask.

    Raises
    ------
    InputError : other than one dimension, other kinds, gaps, positions beyond the rows, a mask of another length,
        nobody selected.
    """
    if rows is None or dimensions(rows) == 0:
        raise InputError(f"rows must {WANTED}; got {_short(rows)}.")
    hidden = np.ma.getmaskarray(rows) if isinstance(rows, np.ma.MaskedArray) else np.zeros(1, bool)
    if hidden.any():
        raise InputError(f"rows are masked in {positions(hidden)}; say which rows are meant, all of them.")
    array = as_array("rows", rows)
    if array.ndim != 1:
        raise InputError(f"rows must {WANTED}, in one dimension; got shape {array.shape}.")
    if array.size == 0:
        raise InputError("no patient is left by this selection; widen it.")
    if array.dtype.kind == "b" or array.dtype.kind == "O":
        truth = _truth(array, rows)
        if truth is not None:
            return _mask(truth, rows, n, paired)
    return _places(array, rows, n)


def _short(rows: Any) -> str:
    return " ".join(repr(rows).split())[:60]


def _truth(array: NDArray[Any], rows: Any) -> BoolArray | None:
    """Truth values as such; None where the values are no truth values, so that they may be positions."""
    if array.dtype.kind == "b":
        return array
    gaps = np.array([is_missing(v) for v in array.tolist()], bool)
    if not all(isinstance(v, (bool, np.bool_)) for v in array[~gaps].tolist()):
        return None
    if gaps.any():
        raise InputError(
            f"the mask is missing in {positions(gaps, of=rows)}; say of those rows too whether they are meant, for example "
            "by mask.fillna(False)."
        )
    return array.astype(bool)


def _mask(truth: BoolArray, rows: Any, n: int, paired: Callable[[str, Any], Any]) -> BoolArray:
    truth = np.asarray(paired("rows", rows if hasattr(rows, "iloc") else truth)).astype(bool)
    if truth.size != n:
        raise InputError(f"the mask has {truth.size} values for {n} patients.")
    if not truth.any():
        raise InputError("no patient is left by this selection; widen it.")
    return truth


def _places(array: NDArray[Any], rows: Any, n: int) -> IntArray:
    if array.dtype.kind in "iu":
        index = array
    else:
        index, missing = as_numbers("rows", rows, wanted=f"{WANTED}; got")
        # 0.0 and 1.0 may be meant as a mask: numbers with a point are not taken for positions.
        if array.dtype.kind == "f" or (missing is not None and missing.any()) or (index % 1).any():
            raise InputError(f"rows must {WANTED}; got {_short(rows)}.")
    if index.min() < -n or index.max() >= n:
        worst = index[(index < -n) | (index >= n)][0]
        raise InputError(f"rows are counted from 0 to {n - 1}; got {worst:g}.")
    return index.astype(np.int64, copy=False)
