"""Censor marks of pixels: on level stretches, beside steps, and none where a staircase stands out to both sides."""

from __future__ import annotations

import numpy as np

from survsim.digitising.raster.follow import Way
from survsim.digitising.raster.marks import find_marks


def drawn(marks, steps):
    """A line two pixels thick that falls by twenty rows at each step, with ticks of five rows to each side."""
    share = np.zeros((140, 220), dtype=np.float32)
    rows = 20 + 20 * np.searchsorted(np.array(steps), np.arange(220), side="right")
    for x, row in enumerate(rows):
        share[row : row + 2, x] = 1.0
    for x in steps:
        share[rows[x - 1] : rows[x] + 2, x - 1 : x + 1] = 1.0
    for x in marks:
        share[rows[x] - 5 : rows[x] + 7, x : x + 2] = 1.0
    own = np.ones(220, dtype=bool)
    return share, Way(0, rows, own, ~own, 1.0)


def test_marks_beside_a_step_are_found():
    marks = (30, 60, 85, 103, 150, 180)
    found = find_marks(*drawn(marks, (100,)), 2.0)
    assert len(found) == len(marks) and np.abs(found - np.array(marks) - 0.5).max() < 2.5


def test_steps_close_together_are_no_marks():
    assert find_marks(*drawn((), (60, 64, 68, 120, 124)), 2.0).size == 0
