"""One or two marks in a figure are left out with a word; three are believed, on one curve or on several."""

from __future__ import annotations

import numpy as np
import pytest

from survsim.digitising.found import Trace
from survsim.digitising.raster.few_marks import without_few_marks


def traces(*marks):
    return tuple(
        Trace(x=np.zeros(2), y=np.zeros(2), colour=(0.0, 0.0, 0.0), dash="solid", marks=np.arange(float(m))) for m in marks
    )  # fmt: skip


@pytest.mark.parametrize(("given", "kept"), [((1, 0), 0), ((1, 1), 0), ((2, 1), 3), ((0, 5), 5)])
def test_only_enough_marks_are_believed(given, kept):
    found, said = without_few_marks(traces(*given))
    assert sum(t.marks.size for t in found) == kept
    assert bool(said) == (0 < sum(given) < 3)
    assert not said or str(sum(given)) in said[0]
