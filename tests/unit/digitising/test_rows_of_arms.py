"""Rows of numbers at risk without a name find their arm by colour, by its n, or as the last one; what is said of it."""

from __future__ import annotations

import numpy as np
import pytest

from survsim.digitising.found import RiskTable, Trace
from survsim.digitising.rows_of_arms import numbers_of_arms

RED, TEAL = (0.97, 0.46, 0.43), (0.0, 0.75, 0.77)


def _trace(colour):
    return Trace(x=np.zeros(2), y=np.zeros(2), colour=colour, dash="solid", marks=np.zeros(0))


def _read(labels, numbers, arms, colours=(), traces=(RED, TEAL)):
    table = RiskTable(
        labels=labels,
        times=np.arange(len(numbers[0])) * 6.0,
        numbers=np.array(numbers, float),
        colours=colours,
    )
    said: list[str] = []
    rows = numbers_of_arms(table, arms, [_trace(c) for c in traces[: len(arms)]], said)
    first = [(arm, n) for arm, t, n in rows if t == 0.0]
    return first, rows, said


NUMBERS = ((80, 60, 31), (75, 67, 37))


def test_by_colour_whatever_the_order():
    first, _, said = _read(("", "x]"), NUMBERS, ("Standard", "New"), ((0.02, 0.74, 0.78), (0.95, 0.45, 0.4)))
    assert first == [("New", 80), ("Standard", 75)]
    assert "by their colour" in said[0] and len(said) == 1


def test_by_the_number_of_patients_in_the_name():
    first, _, said = _read(("", ""), NUMBERS, ("New (n = 75)", "Standard (N=80)"))
    assert first == [("Standard (N=80)", 80), ("New (n = 75)", 75)]
    assert "first numbers" in said[0]


def test_the_last_row_is_of_the_last_arm():
    first, _, said = _read(("Standard", "n="), NUMBERS, ("New", "Standard"))
    assert first == [("Standard", 80), ("New", 75)]
    assert "left" in said[0]


@pytest.mark.parametrize(
    ("colours", "traces"), [((), (RED, TEAL)), ((RED, RED), (RED, TEAL)), ((RED, TEAL), (RED, RED))]
)
def test_what_nothing_tells_stays_open(colours, traces):
    first, _, said = _read(("", ""), NUMBERS, ("Standard", "New"), colours, traces)
    assert first == [("row 1", 80), ("row 2", 75)]
    assert "none of the curves' names" in said[-1]


def test_a_name_goes_before_a_colour():
    first, _, said = _read(("New", "Standard"), NUMBERS, ("Standard", "New"), (RED, TEAL))
    assert first == [("New", 80), ("Standard", 75)] and said == []


def test_a_number_that_lost_a_digit_is_left_out_and_late_entry_stays():
    _, rows, said = _read(("A",), ((80, 20, 1, 7),), ("A",))
    assert [n for _, _, n in rows] == [80, 20, 7] and "cannot stand between 20 and 7" in said[0]
    _, rows, said = _read(("A",), ((60, 55, 58, 40),), ("A",))
    assert [n for _, _, n in rows] == [60, 55, 58, 40] and "rise" in said[0]
