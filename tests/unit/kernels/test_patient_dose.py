"""Doses along simulated paths: what was delivered, what it adds up to, who falls ill of it."""

from __future__ import annotations

import numpy as np
import pytest

from survsim.kernels.patient_lines import (
    begin_line,
    courses_that_met,
    deliver,
    falls_ill,
    few_values,
    worst_dose,
    worst_of_courses,
)
from tests.helpers.positions import bytes_, positions

INF = np.inf


def test_a_course_that_is_cut_short_gives_whole_fractions() -> None:
    dose, square, ended = np.zeros((2, 3)), np.zeros((2, 3)), np.full(3, -INF)
    time, course, interval = np.array([1.0, 3.0, 9.0]), np.zeros((2, 2, 3)), np.array([INF, 4.0, INF])
    deliver(
        positions(0, 1),
        positions(0, 1, 2),
        positions(0, 0, 0),
        time,
        np.zeros(3),
        ended,
        np.array([2.0]),
        np.array([5.0, 0.0]),
        np.array([[3.0], [0.0]]),
        dose,
        square,
        *course,
        interval,
    )
    assert dose.tolist() == [[6.0, 15.0, 0.0], [0.0] * 3] and square.tolist() == [
        [18.0, 45.0, 0.0],
        [0.0] * 3,
    ]
    assert ended.tolist() == [1.0, 3.0, -INF]
    deliver(
        positions(2), positions(0, 1, 2), positions(0, 0, 0), time, np.zeros(3), ended, np.zeros(1),
        np.array([1.0, 0.0]), np.array([[8.0], [0.0]]), dose, square, *course, interval,
    )  # fmt: skip
    assert dose[0, 2] == 8.0, "a course without length is given at once"
    assert np.array_equal(course[0], dose) and np.array_equal(course[1], square)
    assert interval.tolist() == [INF, 4.0, INF], "nobody had a course before"
    deliver(
        positions(0), positions(0, 1, 2), positions(0, 0, 0), time + 9.0, time + 5.5, ended, np.ones(1),
        np.array([2.0, 0.0]), np.array([[3.0], [0.0]]), dose, square, *course, interval,
    )  # fmt: skip
    assert interval[0] == 5.5 and course[0, 0, 0] == dose[0, 0] == 12.0


def test_what_is_added_up_goes_to_the_patient_at_a_position() -> None:
    """Of four patients the third is left, at position 0."""
    who, patient, draw, time = positions(0), positions(2), positions(0), np.array([4.0])
    sums, interval, started = np.zeros((4, 1, 4)), np.full(4, INF), np.zeros(4)
    deliver(
        who, patient, draw, time, np.array([3.0]), np.array([1.0]), np.array([1.0]), np.array([5.0]),
        np.array([[2.0]]), *sums, interval,
    )  # fmt: skip
    assert sums[:, 0].tolist() == [[0.0, 0.0, x, 0.0] for x in (10.0, 20.0, 10.0, 20.0)]
    assert interval.tolist() == [INF, INF, 2.0, INF]
    worst = worst_dose(
        who, patient, draw, np.ones(1), sums[0], sums[1], np.array([2.0]), *np.zeros((2, 1, 1))
    )
    assert worst.tolist() == [[10.0]]
    ill_at = np.array([INF, INF, INF, 3.0])
    luck = np.array([0.9, 0.9, 0.1, 0.1])
    assert falls_ill(who, patient, luck, np.full(1, 0.2), ill_at).tolist() == [0]
    assert falls_ill(who, positions(3), luck, np.full(1, 0.2), ill_at).size == 0
    begin_line(who, patient, time, 0, 1, *(bytes_(0) for _ in range(3)), started, np.zeros(1), np.zeros(1))
    assert started.tolist() == [0.0, 0.0, 1.0, 0.0]


def test_worst_dose_is_eqd2_of_the_worst_region() -> None:
    dose, square = np.array([[44.0, 10.0], [40.0, 0.0]]), np.array([[88.0, 20.0], [200.0, 0.0]])
    found = worst_dose(
        positions(1, 0),
        positions(0, 1),
        positions(0, 0),
        np.ones(2),
        dose,
        square,
        np.array([2.0, 10.0]),
        np.array([[0.0], [20.0]]),
        np.array([[0.0], [60.0]]),
    )
    # 60 Gy with 260 Gy^2: (260 + 2 * 60) / 4 and (260 + 10 * 60) / 12
    assert found == pytest.approx(np.array([[25.0, 95.0], [260 / 12, 860 / 12]]))
    half = worst_dose(
        positions(0), positions(0, 1), positions(0, 0), np.array([0.5]), dose, square, np.array([2.0]),
        *np.zeros((2, 2, 1)),
    )  # fmt: skip
    assert half[0, 0] == pytest.approx(0.5 * (200 + 2 * 40) / 4), "a share kept of both sums"


def test_courses_add_where_they_met() -> None:
    """700 patients, more than a piece: two courses over two regions against sums by numpy."""
    rng = np.random.default_rng(3)
    dose = rng.uniform(0.0, 50.0, (3, 2, 700)) * (rng.uniform(size=(3, 2, 700)) < 0.6)
    square = dose * rng.uniform(1.0, 3.0, dose.shape)
    eqd2 = (square + 0.87 * dose) / 2.87
    assert worst_of_courses(dose, square, 0.87).tolist() == eqd2.sum(axis=0).max(axis=0).tolist()
    assert courses_that_met(dose).tolist() == (dose > 0).sum(axis=0).max(axis=0).tolist()
    assert courses_that_met(dose[:0].copy()).tolist() == [0] * 700


def test_few_values_are_told_apart_and_many_are_not() -> None:
    values = np.random.default_rng(4).choice([0.0, 44.0, 44.0 * 3 / 22, 1e-300, INF], 5000)
    codes, table = few_values(values)
    assert table[codes].tolist() == values.tolist() and sorted(table) == sorted(set(values))
    assert few_values(np.arange(128.0))[1].tolist() == list(range(128))
    assert few_values(np.arange(129.0))[1].size == 0


def test_who_falls_ill() -> None:
    threshold, ill_at, patient = np.array([0.1, 0.3, 0.2]), np.array([4.0, INF, INF]), positions(2, 1, 0)
    assert falls_ill(positions(0, 1, 2), patient, threshold, np.full(3, 0.2), ill_at).tolist() == [0]
    assert falls_ill(positions(0, 1), patient, threshold, np.array([0.1, 0.3]), ill_at).tolist() == [1]
