"""Rows taken from a response: positions or a mask, and nothing else."""

import numpy as np
import pandas as pd
import pytest

from survsim import Surv
from survsim.core.errors import InputError

SURV = Surv.right(pd.Series([1.0, 2, 3], index=list("abc")), [1, 0, 1], unit="months")
MASK = pd.Series([True, False, False], index=list("abc"))
GAP = pd.Series([True, None, False], index=list("abc"), dtype="boolean")


@pytest.mark.parametrize("kind", [bool, "boolean", "bool[pyarrow]", object])
def test_a_mask_of_any_kind_is_paired_by_its_labels(kind):
    assert SURV.take(MASK[::-1].astype(kind)).time.tolist() == [1.0]
    assert SURV.take(MASK.astype(kind)).index.tolist() == ["a"]


@pytest.mark.parametrize("rows", [[True, False, False], MASK.to_numpy(), [0], np.array([0], np.uint8), [-3]])
def test_positions_and_masks_without_labels(rows):
    assert SURV.take(rows).time.tolist() == [1.0]


def test_positions_repeat_and_keep_their_order():
    assert SURV.take(pd.Series([2, 0, 2])).time.tolist() == [3.0, 1.0, 3.0]


@pytest.mark.parametrize(
    "rows, told",
    [
        ([999], "counted from 0 to 2; got 999"),
        ([-4], "counted from 0 to 2; got -4"),
        ([0.0, 1.0], "positions of rows, or a mask"),
        ([0, None], "positions of rows, or a mask"),
        (None, "positions of rows, or a mask"),
        (1, "positions of rows, or a mask"),
        (slice(0, 2), "positions of rows, or a mask"),
        ("a", "positions of rows, or a mask"),
        (["a"], "positions of rows, or a mask"),
        ([0, True], "positions of rows, or a mask"),
        ([[0, 1], [1, 2]], "one dimension"),
        (GAP, r"the mask is missing in row 1 \(labelled 'b'\)"),
        (np.ma.array([0, 1, 2], mask=[0, 1, 0]), "masked in row 1"),
        ([True, False], "the mask has 2 values for 3"),
        ([False] * 3, "no patient is left"),
        ([], "no patient is left"),
    ],
)
def test_what_is_neither_is_refused(rows, told):
    with pytest.raises(InputError, match=told):
        SURV.take(rows)
