"""A printed summary against the curve of the same arm."""

import numpy as np
import pytest

from survsim import Surv, check_summary
from survsim.errors import EvidenceWarning, InputError

ARM = Surv.right(np.arange(1, 11), [1] * 6 + [0] * 4, unit="months", source="patients:arm")


def test_numbers_that_agree():
    check = check_summary(ARM, median=5.0, survival=[(3, 0.7), (6, 0.42)])
    assert check.agrees.all()
    assert check.curve.tolist() == pytest.approx([5.5, 0.7, 0.4])
    assert check.provenance.references() == ("patients:arm",)
    assert "3 of 3" in check.summary()


def test_a_contradiction_names_arm_and_number():
    with pytest.warns(EvidenceWarning, match="arm A: .*median printed 9, curve 5"):
        check = check_summary(ARM, median=9.0, label="arm A")
    assert check.distance[0] == pytest.approx(0.1)


def test_not_reached_is_checked_too():
    with pytest.warns(EvidenceWarning, match="median printed inf"):
        check_summary(ARM, median=np.inf)
    flat = Surv.right([1, 5, 5], [1, 0, 0], unit="months")
    assert check_summary(flat, median=np.inf).agrees.all()


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({}, "give a printed median"),
        ({"survival": [(3, 70)]}, r"printed survival at 3 of the arm must lie in \[0, 1\]"),
        ({"survival": [(30, 0.2)]}, "follow-up to 10"),
    ],
)
def test_messages(numbers, message):
    with pytest.raises(InputError, match=message):
        check_summary(ARM, **numbers)
