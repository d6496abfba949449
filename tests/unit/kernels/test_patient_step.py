"""Compiled steps of paths against cases solved by hand and against whole-array numpy."""

from __future__ import annotations

import numpy as np
import pytest

from survsim.kernels.patient_lines import (
    AFTER,
    EXTRA,
    GROWS,
    LINE,
    RESPONSE,
    STANDS,
    STATE,
    begin_line,
    between_lines,
    close_line,
    deliver,
    give,
    next_line,
    take_off,
    worst_dose,
)
from survsim.kernels.patient_step import (
    add_values,
    budget_left,
    by_kind,
    count_moves,
    effect_logs,
    move,
    next_change,
    next_event,
    note_entry,
    revisit,
    run_clock,
    sort_out,
    stay_for,
)
from tests.helpers.positions import bytes_, positions

INF = np.inf


def test_next_event_takes_the_earliest_and_the_first_of_equals() -> None:
    at = np.array([[3.0, 1.0, 9.0, 5.0, 0.5], [2.0, 1.0, INF, 6.0, 0.5]])
    when, code = next_event(at, np.array([False, False, False, False, True]), 5.0)
    assert when.tolist() == [2.0, 1.0, 5.0, 5.0, 0.5]
    assert code.tolist() == [1, 0, -1, -1, -1], (
        "what comes at the limit does not come; the finished have nothing"
    )


def test_next_event_is_that_of_numpy_across_the_pieces_it_works_in() -> None:
    at = np.random.default_rng(1).integers(0, 9, (7, 1300)).astype(float)
    when, code = next_event(at, np.zeros(1300, dtype=bool), 6.0)
    assert np.array_equal(when, np.minimum(at.min(axis=0), 6.0))
    assert np.array_equal(code, np.where(at.min(axis=0) < 6.0, at.argmin(axis=0), -1))


def test_sort_out() -> None:
    finished = np.array([False, True, False, False, False])
    done, changed, moved = sort_out(bytes_(-1, -1, 0, 3, 2), finished, 2)
    assert (done.tolist(), changed.tolist(), moved.tolist()) == ([0], [2], [3, 4])


def test_moves_are_booked_at_the_next_grid_point_and_a_running_sum_counts() -> None:
    counts = np.zeros((3, 5), dtype=np.int64)
    counts[0, 0] = 3
    state, patient = bytes_(0, 0, 0), positions(2, 1, 0)
    death_at, death_state, progression_at = np.full(3, INF), np.full(3, -1), np.array([INF, 0.1, INF])
    entered, died = move(
        positions(0, 1), bytes_(4, 5, -1), 4, np.array([0.5, 2.0, 9.0]), patient, positions(0, 0, 0), state,
        np.array([[1, 2]] * 3, np.int8), np.array([False, False, True]), np.array([False, True, True]), counts, 1.0, death_at, death_state,
        progression_at,
    )  # fmt: skip
    assert np.cumsum(counts, axis=1).tolist() == [[3, 2, 1, 1, 1], [0, 1, 1, 1, 1], [0, 0, 1, 1, 1]]
    assert (entered.tolist(), died.tolist(), state.tolist()) == ([0], [1], [1, 2, 0])
    assert death_at.tolist() == [INF, 2.0, INF] and death_state.tolist() == [-1, 2, -1]
    assert progression_at.tolist() == [INF, 0.1, 0.5], "the first progression counts"


def test_history_of_those_who_enter() -> None:
    entry, previous, performance, n, at = (
        np.ones(2),
        np.zeros(2),
        np.array([3.5, 1.0]),
        np.zeros(2),
        np.zeros(2),
    )
    worse = note_entry(
        positions(0, 1), bytes_(1, 0), np.array([4.0, 6.0]), np.array([False, True]), np.array([0.0, 1.0]), entry,
        previous, performance, n, at,
    )  # fmt: skip
    assert worse.tolist() == [0] and entry.tolist() == [4.0, 6.0] and previous.tolist() == [3.0, 5.0]
    assert performance.tolist() == [4.0, 1.0] and n.tolist() == [1.0, 0.0] and at.tolist() == [4.0, 0.0]


TIME = np.array([10.0, 10.0])
HISTORY = np.array([[0.0, 0.0], [6.0, -INF], [2.0, 3.0]])  # origin, end of radiation, performance status


def wait(*clauses: tuple[int, int, float, float], words: object = None, **more: object) -> list[float]:
    """Wait of two patients for one line with clauses (kind, subject, low, high)."""
    kind, subject, low, high = (np.array(c) for c in zip(*clauses))
    table = np.zeros((len(clauses), 2)) if words is None else np.array(words, dtype=float)
    start_at, line = np.zeros(2), bytes_(9, 9)
    now = next_line(
        positions(0, 1), positions(0, 0), TIME, HISTORY, bytes_(0, 1), np.array([[1, 0]], np.int8), bytes_(1, 0),
        np.array([more.get("count", [0, 0])], np.int8), positions(1), positions(0), positions(len(clauses)),
        kind.astype(np.int64), subject.astype(np.int64), low.astype(float)[:, None], high.astype(float)[:, None], table,
        np.array(more.get("extra", np.zeros((0, 2))), dtype=float), start_at, line,
    )  # fmt: skip
    assert line.tolist() == [0, 0]
    assert now.tolist() == np.flatnonzero(start_at == TIME).tolist()
    return (start_at - TIME).tolist()


@pytest.mark.parametrize(
    ("clauses", "expected"),
    [
        ([(GROWS, 1, 6.0, INF)], [2.0, 0.0]),  # 4 since radiation; who never had any need not wait
        ([(AFTER, 1, 6.0, INF)], [2.0, INF]),  # who must have had some and had none waits for ever
        ([(AFTER, 1, -INF, 9.0)], [0.0, INF]),
        ([(GROWS, 1, 6.0, 5.0)], [INF, INF]),
        ([(GROWS, 1, -INF, 5.0)], [0.0, INF]),
        ([(GROWS, 0, 12.0, INF), (GROWS, 1, 7.0, INF)], [3.0, 2.0]),
        ([(GROWS, 0, 12.0, INF), (GROWS, 1, -INF, 5.0)], [INF, INF]),  # 6 by then
        ([(STANDS, 2, -INF, 2.0)], [0.0, INF]),
        ([(GROWS, 0, 12.0, INF), (STANDS, 2, 3.0, INF)], [INF, 2.0]),
    ],
)
def test_wait_for_what_grows_and_not_for_what_stands(clauses: list[tuple], expected: list[float]) -> None:
    assert wait(*clauses) == expected


@pytest.mark.parametrize(
    ("kind", "expected"), [(STATE, [INF, 0.0]), (LINE, [0.0, INF]), (RESPONSE, [0.0, INF])]
)
def test_words_are_looked_up(kind: int, expected: list[float]) -> None:
    assert wait((kind, 0, 1.0, INF), words=[[0.0, 1.0]]) == expected


def test_values_made_elsewhere_and_lines_that_are_spent() -> None:
    assert wait((EXTRA, 0, 2.0, 3.0), extra=[[2.5, 4.0]]) == [0.0, INF]
    assert wait((STANDS, 0, -INF, INF), count=[1, 0]) == [INF, 0.0]


def test_the_soonest_line_is_next_and_the_first_of_equals() -> None:
    """Line 0 at 12 or at once if fit, line 1 at 11, line 2 at 11: fit takes 0, the other 1."""
    none = np.zeros((4, 2))
    start_at, line = np.zeros(2), bytes_(9, 9)
    now = next_line(
        positions(0, 1), positions(0, 0), TIME, HISTORY, bytes_(0, 0), np.zeros((3, 2), np.int8), bytes_(0, 0),
        np.zeros((3, 2), np.int8), positions(1, 1, 1), positions(0, 0, 1, 2), positions(1, 2, 3, 4),
        positions(GROWS, STANDS, GROWS, GROWS), positions(0, 2, 0, 0),
        np.array([[12.0], [-INF], [11.0], [11.0]]), np.array([[INF], [2.0], [INF], [INF]]), none, np.zeros((0, 2)), start_at, line,
    )  # fmt: skip
    assert now.tolist() == [0] and start_at.tolist() == [10.0, 11.0] and line.tolist() == [0, 1]


def test_effects_in_force() -> None:
    """Effect 0 waits one month, wanes after three; effect 1 slows the clock of responders while it lasts."""
    flags, least = np.array([[0, 0, 0, 0, 0, 2], [1, 1, 0, 1, 2, 2]]), np.array([[0.0], [INF]])
    logs = np.array([[0.0, -1.0, -0.5], [0.4, 0.0, 0.0]])
    time, n = np.array([0.5, 1.0, 4.0, 4.0, 4.0]), 5
    given_at = np.array([[0.0, 0.0, 0.0, 5.0, INF], [0.0] * 5])
    given = np.array([[False] * 5, [True, True, False, True, True]])
    responds = np.array([[False] * 5, [True, False, True, True, True]])
    dose = np.array([[1.0] * 5, [1.0, 1.0, 1.0, 1.0, 0.5]])
    factor, slowness = effect_logs(
        np.arange(n), np.zeros(n, np.int64), time, np.full(n, -INF), given_at, np.full((2, n), 0.5), given, responds, dose, flags,
        least, np.array([[1.0], [3.0]]), logs[:, :, None],
    )  # fmt: skip
    assert factor.tolist() == [0.0, -1.0, -0.5, 0.0, 0.0]
    assert slowness.tolist() == [0.4, 0.0, 0.0, 0.4, 0.2]


def test_clocks_go_on_under_new_factors() -> None:
    """A budget of 2 under hazard 1: one spent by time 1; at twice the hazard and half the speed, the rest lasts 1."""
    time, factor, slowness, age, since = (
        np.array([1.0, 1.0]),
        np.ones(2),
        np.ones(2),
        np.zeros(2),
        np.zeros(2),
    )
    changed, old = revisit(
        positions(0, 1), time, factor, slowness, age, since, np.array([2.0, 1.0]), np.array([2.0, 1.0])
    )
    assert (changed.tolist(), old.tolist()) == ([0], [1.0]), "whoever has no new factor is left alone"
    budget, used, event_at = np.array([2.0, 0.5]), np.zeros(2), np.array([2.0, 0.5])
    left = budget_left(positions(0, 1), budget, factor, used, np.array([1.0, 1.0]))
    assert left.tolist() == [1.0, 0.0], "never below nothing"
    reached = np.array([1.0 + 1.0 / 2.0])
    run_clock(
        positions(0), time, left[:1], old, np.array([1.0]), np.array([2.0]), np.array([2.0]), reached, budget, age, used,
        factor, slowness, since, event_at,
    )  # fmt: skip
    assert event_at.tolist() == [2.0, 0.5]
    assert [x[0] for x in (budget, age, used, factor, slowness, since)] == [1.0, 1.0, 1.0, 2.0, 2.0, 1.0]


def test_positions_are_put_together_by_kind_in_their_order() -> None:
    ordered, ends = by_kind(positions(4, 0, 3, 1), bytes_(2, 0, 1, 2, 0), 4)
    assert ordered.tolist() == [4, 1, 0, 3] and ends.tolist() == [2, 2, 4, 4]
    nobody = by_kind(positions(), bytes_(2, 0), 3)
    assert nobody[0].size == 0 and nobody[1].tolist() == [0, 0, 0]


def test_who_stays_leaves_after_the_own_time() -> None:
    event_at = np.zeros(3)
    stay_for(positions(2, 0), positions(1, 3, 4), np.array([1.0, 2.0, 3.0]), np.arange(5) / 4.0, event_at)
    assert event_at.tolist() == [1.25, 0.0, 4.0]


def test_between_lines_are_those_without_one_who_may_have_another() -> None:
    count = np.array([[1, 1, 0], [0, 2, 0]], np.int8)
    assert between_lines(positions(0, 1, 2), bytes_(-1, -1, 0), count, positions(1, 2)).tolist() == [0]


def test_a_line_begins_ends_and_is_closed() -> None:
    time, n = np.array([1.0, 2.0]), 2
    running, status, count, begun = bytes_(-1, -1), bytes_(0, 0), bytes_(0, 1), np.array([0.0, 1.0])
    start_at, started = np.zeros(n), np.zeros(n)
    who = positions(0, 1)
    before = begin_line(who, who, time, 3, 1, running, status, count, begun, start_at, started)
    assert before.tolist() == [0, 1] and count.tolist() == [1, 2] and begun.tolist() == [1, 2]
    assert running.tolist() == [3, 3] and status.tolist() == [1, 1] and np.isinf(start_at).all()
    given, given_at, end_at = np.zeros((2, n), bool), np.full((2, n), INF), np.full((2, n), INF)
    dose, revised, toxicity_at = np.full((2, n), 0.5), np.zeros(n, bool), np.full((2, n), 9.0)
    times_given = np.array([[0, 2], [0, 0]], np.int8)
    starts = [
        give(
            positions(0, 1),
            positions(0, 0),
            time,
            np.array([4.0]),
            acts,
            given[k],
            given_at[k],
            end_at[k],
            dose[k],
            revised,
            times_given[k],
        )
        for k, acts in ((0, True), (1, False))
    ]
    assert [x.tolist() for x in starts] == [[0, 2], [0, 0]] and times_given.tolist() == [[1, 3], [1, 1]]
    assert end_at.tolist() == [[5.0, 6.0]] * 2 and dose.min() == 1.0 and given.all() and revised.all()
    revised[:] = False
    ended_at = np.full(n, -INF)
    times_ended = bytes_(1, 1)
    taken = (
        positions(0),
        time,
        True,
        positions(1),
        given[0],
        end_at[0],
        ended_at,
        times_ended,
        revised,
        toxicity_at,
    )
    had, again = take_off(*taken), take_off(*taken)
    assert times_ended.tolist() == [2, 1]
    assert ended_at.tolist() == [time[0], -INF]
    assert had.tolist() == [0] and again.size == 0 and revised.tolist() == [True, False]
    assert end_at[0].tolist() == [INF, 6.0] and toxicity_at.tolist() == [[9.0, 9.0], [INF, 9.0]]
    ended, choice = np.full(n, -INF), np.zeros(n)
    rest = (given, running, status, ended, choice)
    close_line(positions(0, 1), time, 3, 2, positions(0, 1), *rest)
    assert running.tolist() == [3, 3], "one of its treatments goes on"
    given[1, 0] = False
    close_line(positions(0, 1), time, 2, 2, positions(0, 1), *rest)
    assert running.tolist() == [3, 3], "another line"
    close_line(positions(0, 1), time, 3, 2, positions(0, 1), *rest)
    assert running.tolist() == [-1, 3] and status.tolist() == [2, 1] and ended.tolist() == [1.0, -INF]
    assert choice.tolist() == [INF, 0.0]


def test_count_moves_books_as_move_does() -> None:
    counts = np.zeros((3, 4), dtype=np.int64)
    counts[0, 0] = 4
    when = np.array([0.5, 1.0, 2.5, 1e200])
    count_moves(counts, 3, 0, positions(0, 0, 0, 0), positions(1, 2), when, bytes_(0, 1, 0, 0), 1.0)
    assert np.cumsum(counts, axis=1)[:, :3].tolist() == [[4, 2, 2], [0, 1, 1], [0, 1, 1]]
    assert counts[:, 3].tolist() == [-2, 2, 0], "what comes after the end falls into the last column"
    one_way = np.zeros((2, 3), dtype=np.int64)
    count_moves(one_way, 2, 0, positions(0, 0), positions(1), np.array([0.0, 1.5]), bytes_(), 1.0)
    assert one_way.tolist() == [[-1, 0, -1], [1, 0, 1]]


def test_values_of_a_stretch_before_each_horizon() -> None:
    """State 1 of draw 1 is worth 0.5 and costs 2; the treatment takes 0.1 off and costs 3."""
    quality, paid, in_group = np.zeros((2, 3)), np.ones((2, 3)), np.zeros((2, 3))
    add_values(
        positions(0, 2, 1), bytes_(0, 1, 1), positions(0, 1, 1), np.array([1.0, 4.0, 6.0]), np.array([3.0, 9.0, 7.0]),
        np.array([5.0, 8.0]), np.array([[0.0, 1.0]]), np.array([[1.0, 1.0], [0.7, 0.5]]), np.array([[0.0], [2.0]]),
        np.array([[-0.1]]), np.array([[1.0, 3.0]]), np.array([[False, True, False]]), quality, paid, in_group,
    )  # fmt: skip
    # the patients at positions 1 and 2 are the third and the second of the block
    assert quality == pytest.approx(np.array([[2.0, 0.0, 0.4], [2.0, 0.5, 1.6]]))
    assert paid == pytest.approx(np.array([[1.0, 1.0, 6.0], [1.0, 3.0, 21.0]]))
    assert in_group.tolist() == [[0.0, 0.0, 1.0], [0.0, 1.0, 4.0]]


def test_next_change_lies_ahead_and_is_that_of_the_own_draw() -> None:
    given_at = np.array([[1.0, 1.0, INF], [2.0, 4.0, INF]])
    time, treatment = np.array([3.0, 5.0, 3.0]), positions(0, 1)
    after = np.array([[2.0, 9.0], [3.0, 1.0]])
    found = next_change(positions(0, 1, 2), positions(0, 1, 0), time, given_at, treatment, after)
    assert found.tolist() == [5.0, 10.0, INF]


def test_each_patient_has_the_numbers_of_the_own_draw() -> None:
    """Two draws in one call give what each gives alone."""
    who, draw, time = positions(0, 1, 2), positions(0, 1, 1), np.array([4.0, 5.0, 6.0])
    begun, durations, each = (
        np.array([3.0, 4.0, 4.0]),
        np.array([2.0, 1.5]),
        np.array([[2.0, 1.8], [0.0, 0.0]]),
    )
    limits = np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([[9.0, 8.0], [INF, INF]])
    rows = np.array([[0.0] * 3, [1.0, 2.0, 3.0], [4.5, 4.5, 5.9]])
    logs, steps = np.array([[[-1.0, -2.0], [0.5, 0.25]]]), np.array([[1.5, 1.2]])

    def run(here: np.ndarray, column: slice, own: np.ndarray) -> list[np.ndarray]:
        dose, square, course, interval = (
            np.zeros((2, 3)),
            np.zeros((2, 3)),
            np.zeros((2, 2, 3)),
            np.full(3, INF),
        )
        deliver(
            here, np.arange(3), own, time, begun, np.full(3, -INF), durations[column].copy(), np.array([4.0, 0.0]),
            each[:, column].copy(), dose, square, *course, interval,
        )  # fmt: skip
        start_at, line, end_at = np.zeros(3), bytes_(0, 0, 0), np.zeros(3)
        low, high = (x[:, column].copy() for x in limits)
        next_line(
            here, own, time, rows, bytes_(0, 0, 0), np.zeros((1, 3), np.int8), bytes_(0, 0, 0),
            np.zeros((1, 3), np.int8), positions(1), positions(0), positions(2), positions(GROWS, STANDS),
            positions(2, 1), low, high, np.zeros((2, 2)), np.zeros((0, 3)), start_at, line,
        )  # fmt: skip
        give(
            here, own, time, durations[column].copy(), True, np.zeros(3, bool), np.zeros(3), end_at, np.zeros(3),
            np.zeros(3, bool), bytes_(0, 0, 0),
        )  # fmt: skip
        factor, _ = effect_logs(
            np.arange(3), own, time, np.full(3, -INF), begun[None], np.full((1, 3), -INF), np.ones((1, 3), bool),
            np.zeros((1, 3), bool), np.ones((1, 3)), np.array([[0, 0, 0, 0, 0, 1]]), np.zeros((1, 1)),
            steps[:, column].copy(), logs[..., column].copy(),
        )  # fmt: skip
        worst = worst_dose(
            np.arange(3),
            np.arange(3),
            own,
            np.ones(3),
            dose,
            square,
            np.array([2.0]),
            each[:, column].copy(),
            each[:, column].copy(),
        )
        counts = np.zeros((2 * (1 if column.stop else 2), 9), dtype=np.int64)
        state = bytes_(0, 0, 0)
        move(
            here, bytes_(0, 0, 0), 0, time, np.arange(3), own, state, bytes_(1, -1)[:, None].copy(),
            np.array([False, True]), np.zeros(2, bool), counts, 1.0, np.zeros(3), np.zeros(3, np.int64), np.zeros(3),
        )  # fmt: skip
        return [dose, square, *course, start_at, end_at, factor, worst[0], counts]

    both = run(who, slice(0, None), draw)
    first, second = run(positions(0), slice(0, 1), 0 * draw), run(positions(1, 2), slice(1, 2), 0 * draw)
    for together, one, other in zip(both[:-1], first[:-1], second[:-1], strict=True):
        assert together[..., 0].tolist() == one[..., 0].tolist()
        assert together[..., 1:].tolist() == other[..., 1:].tolist()
    assert both[-1].tolist() == [*first[-1].tolist(), *second[-1].tolist()], (
        "counts of one draw after the other"
    )
    moved = np.zeros((4, 9), dtype=np.int64)
    count_moves(moved, 2, 0, draw, positions(1), time, bytes_(), 1.0)
    assert np.array_equal(moved, both[-1])
