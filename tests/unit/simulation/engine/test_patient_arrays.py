"""The groups of arrays of a block: dropping patients drops them everywhere, and rows keep their names."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from survsim.simulation.declared.rules import HISTORY_ROWS
from survsim.simulation.engine.arrays import Clock, Past, Values, keep


def _clock() -> Clock:
    n = 5
    rows = np.arange(8.0)[:, None] * 10 + np.arange(n)
    pieces = {name: np.full((2, n), float(k)) for k, name in enumerate(("budget", "age", "used", "factor"))}
    return Clock(
        time=np.arange(n) * 1.0, at=rows, slowness=np.ones((2, n)), since=np.zeros((2, n)),
        law=np.zeros((2, n), dtype=np.int8), scheduled=6,
        treatments=1, **pieces,
    )  # fmt: skip


def test_dropping_patients_drops_them_from_every_array() -> None:
    who = np.array([0, 3])
    values = Values.start((12.0, 24.0), 5)
    values.quality += np.arange(5)
    for group in (_clock(), Past.start(np.arange(5.0), 3, 5), values):
        fewer = keep(group, who)
        for field in dataclasses.fields(group):
            before, after = getattr(group, field.name), getattr(fewer, field.name)
            if isinstance(before, np.ndarray):
                np.testing.assert_array_equal(after, before[..., who])
            else:
                assert after == before


def test_names_of_rows_are_views_of_the_schedule_before_and_after() -> None:
    for clock in (_clock(), keep(_clock(), np.array([1, 2, 4]))):
        assert clock.slots == 2 and clock.event_at.shape[0] == 2
        order = [
            clock.start_at,
            clock.end_at,
            clock.toxicity_at,
            clock.choice_at,
            clock.change_at,
            clock.harm_at,
        ]
        np.testing.assert_array_equal(np.vstack([*order, clock.event_at]), clock.at)
        clock.harm_at[0] = -1.0
        assert clock.at[5, 0] == -1.0


@pytest.mark.parametrize("name", HISTORY_ROWS[1:])
def test_every_row_of_the_past_has_its_name(name: str) -> None:
    past = Past.start(np.zeros(4), 0, 4)
    getattr(past, name)[2] = 7.0
    assert past.rows[HISTORY_ROWS.index(name), 2] == 7.0


def test_no_history_is_no_rows() -> None:
    assert not Past.start(None, 0, 4).is_kept and Past.start(np.zeros(4), 0, 4).is_kept
