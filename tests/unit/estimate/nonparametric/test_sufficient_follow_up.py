"""Maller and Zhou's test of sufficient follow-up, by hand and by simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from survsim import Surv
from survsim.errors import ConvergenceError, InputError
from survsim.nonparametric import sufficient_follow_up


def test_by_hand() -> None:
    """Last event at 9, end at 12: events in (6, 9] are those at 7 and 9, of eight patients; an event at 6 is outside."""
    surv = Surv.right([2, 4, 6, 7, 8, 9, 10, 12], [1, 1, 1, 1, 0, 1, 0, 0], unit="months")
    found = sufficient_follow_up(surv)
    assert (found.last_event.item(), found.last_time.item(), found.n_window.item()) == (9.0, 12.0, 2)
    assert found.p_value.item() == pytest.approx(0.75**8)
    assert found.plateau.item() == pytest.approx(7 / 8 * 6 / 7 * 5 / 6 * 4 / 5 * 2 / 3)


@pytest.mark.parametrize("unit", ["years", "weeks", "days"])
@pytest.mark.parametrize(
    ("time", "event", "n_window"),
    [
        ([5, 6, 7, 9], [1, 1, 1, 0], 2),
        ([1, 4, 7, 10, 16], [1, 1, 1, 1, 0], 2),
        ([3, 5, 7, 9], [1, 1, 1, 0], 1),
    ],
)
def test_an_event_at_the_open_edge_is_outside_in_every_unit(
    time: list[int], event: list[int], n_window: int, unit: str
) -> None:
    """The window (2 last - end, last] opens at an event: of 5, 6, 7 and an end at 9, at the one at 5."""
    found = sufficient_follow_up(Surv.right(time, event, unit="months").to_unit(unit))
    assert found.n_window.item() == n_window
    assert found.p_value.item() == (1 - n_window / len(time)) ** len(time)


def test_times_that_were_multiplied_have_the_window_of_whole_ones() -> None:
    found = sufficient_follow_up(Surv.right(np.array([1, 3, 5, 7]) * 0.1, [1, 1, 1, 0], unit="years"))
    assert found.n_window.item() == 1


def test_a_curve_that_ends_in_an_event_was_not_followed_long_enough() -> None:
    found = sufficient_follow_up(Surv.right([1, 2, 3, 4], [1, 1, 0, 1], unit="months"))
    assert (found.p_value.item(), found.n_window.item(), found.plateau.item()) == (1.0, 0, 0.0)


def test_groups_and_order_and_units() -> None:
    time, event, arm = (
        np.array([2, 4, 6, 9, 1, 5, 7, 8]),
        np.array([1, 1, 0, 0, 1, 1, 1, 1]),
        np.repeat(["a", "b"], 4),
    )
    both = sufficient_follow_up(Surv.right(time, event, unit="months"), arm)
    alone = sufficient_follow_up(Surv.right(time[:4], event[:4], unit="months"))
    assert both.p_value[0] == alone.p_value[0] and both.groups == ("a", "b")
    turned = sufficient_follow_up(Surv.right(30 * time[::-1], event[::-1], unit="days"), arm[::-1])
    assert turned.p_value.tolist() == both.p_value.tolist()


def test_long_follow_up_is_told_from_short_but_not_at_the_level() -> None:
    """Uniform times to 4 for six in ten, never for the rest; censored uniformly to 12, to 3 or to 2.

    The docstring says that the published p-value does not keep its level; here it is measured.
    """
    rng = np.random.default_rng(2)
    found = {}
    for end in (12.0, 3.0, 2.0):
        p = []
        for _ in range(60):
            t = np.where(rng.random(150) < 0.6, rng.uniform(0, 4, 150), np.inf)
            c = rng.uniform(0, end, 150)
            p.append(sufficient_follow_up(Surv.right(np.minimum(t, c), t <= c, unit="years")).p_value.item())
        found[end] = np.mean(np.array(p) < 0.05)
    assert found[12.0] > 0.95
    assert 0.3 < found[3.0] < 0.65
    assert 0.2 < found[2.0] < 0.65


@pytest.mark.parametrize(
    ("given", "message"),
    [({"weight": [1, 2]}, "counts patients"), ({"entry": [0, 1]}, "counts patients")],
)
def test_refusals(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        sufficient_follow_up(Surv.right([2, 3], [1, 0], unit="months", **given))


def test_no_event_and_several_causes() -> None:
    with pytest.raises(ConvergenceError, match="group 'all' has no event"):
        sufficient_follow_up(Surv.right([2, 3], [0, 0], unit="months"))
    with pytest.raises(InputError, match="for_cause"):
        sufficient_follow_up(Surv.competing([2, 3], ["a", "b"], unit="months", censored="none"))
