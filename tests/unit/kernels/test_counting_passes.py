"""One pass over many rows finds what the separate checks and counts find."""

import numpy as np
import pytest

from survsim import Surv, kaplan_meier, logrank_test
from survsim.core.checks import label_codes
from survsim.core.errors import InputError
from survsim.kernels import counting, risk_set

KERNELS = {
    k: getattr(counting, k)
    for k in ("check_and_count", "count_groups", "two_codes", "small_codes", "replace_by_hash", "tabulate")
}


@pytest.fixture(params=["compiled", "plain"])
def kernel(request):
    """The kernels as they run, and as plain Python."""
    return lambda name: KERNELS[name] if request.param == "compiled" else KERNELS[name].py_func


def passed(kernel, time, event, size=64):
    own, seen = np.full(time.size, -1.0), np.zeros(time.size, bool)
    counts = np.zeros((size, 2), np.int64)
    with np.errstate(all="ignore"):
        return kernel("check_and_count")(time, event, own, seen, counts), own, seen, counts


@pytest.mark.parametrize("kind", [float, bool])
def test_whole_times_are_copied_and_counted(kernel, kind):
    rng = np.random.default_rng(3)
    time, event = rng.integers(0, 50, 400).astype(float), (rng.random(400) < 0.4).astype(kind)
    time[7] = -0.0
    top, own, seen, counts = passed(kernel, time, event)
    assert top == time.max()
    assert own.tolist() == time.tolist() and not np.signbit(own).any()
    assert seen.tolist() == event.astype(bool).tolist()
    expected = np.zeros((64, 2), np.int64)
    np.add.at(expected, (time.astype(int), event.astype(int)), 1)
    assert counts.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("bad_time", "bad_event", "answer"),
    [(2.5, 1, -1), (64.0, 1, -1), (1e99, 0, -1), (-1.0, 1, -2), (np.nan, 1, -2), (np.inf, 1, -2), (1e101, 0, -2),
     (3.0, 2, -2), (3.0, np.nan, -2), (3.0, -1, -2), (2.5, 0.5, -2)],
)  # fmt: skip
def test_what_is_odd_is_told_wherever_it_stands(kernel, bad_time, bad_event, answer):
    for place in (0, 5, 9):
        time, event = np.arange(10.0), np.ones(10)
        time[place], event[place] = bad_time, bad_event
        found, own, seen, _ = passed(kernel, time, event)
        assert found == answer
        if answer == -1:
            assert own.tolist() == time.tolist() and seen.all() == bool(event.all())


@pytest.mark.parametrize("kind", [np.int64, np.uint8])
def test_groups_are_counted(kernel, kind):
    rng = np.random.default_rng(4)
    time, code, event = rng.integers(0, 9, 300), rng.integers(0, 3, 300).astype(kind), rng.random(300) < 0.5
    counts, expected = np.zeros((9, 3, 2), np.int64), np.zeros((9, 3, 2), np.int64)
    kernel("count_groups")(time.astype(float), event, code, counts)
    np.add.at(expected, (time, code, event.astype(int)), 1)
    assert counts.tolist() == expected.tolist()


def test_labels_that_are_small_whole_numbers(kernel):
    codes, present = np.zeros(5, np.int64), np.zeros(8, bool)
    assert kernel("small_codes")(np.array([3.0, 0, 3, 7, -0.0]), codes, present) == 7
    assert codes.tolist() == [3, 0, 3, 7, 0] and np.flatnonzero(present).tolist() == [0, 3, 7]
    with np.errstate(all="ignore"):
        for odd in (0.5, -1.0, 8.0, np.nan, np.inf):
            assert kernel("small_codes")(np.array([1.0, odd]), codes, present) == -1


@pytest.mark.parametrize("kind", [np.int64, np.uint8])
def test_two_groups_are_told_apart_and_a_third_is_seen(kernel, kind):
    codes = np.zeros(4, kind)
    assert kernel("two_codes")(np.array([2.0, 1, 1, 2]), 1.0, 2.0, codes) and codes.tolist() == [1, 0, 0, 1]
    for odd in (0.0, 3.0, np.nan, np.inf):
        assert not kernel("two_codes")(np.array([2.0, 1, odd, 2]), 1.0, 2.0, codes)


@pytest.mark.parametrize("pair", [[0.0, 1.0], [1.0, 2.0]])
def test_a_third_group_between_two_has_its_code(pair):
    values = np.repeat(pair, 200)
    assert counting.codes_of_numbers(values)[1] == pair
    assert counting.codes_of_numbers(values)[0].tolist() == [0] * 200 + [1] * 200
    values[150] = 7.0
    codes, labels = counting.codes_of_numbers(values)
    assert labels == [*pair, 7.0] and codes[150] == 2 and codes[-1] == 1
    values[150] = np.nan
    assert counting.codes_of_numbers(values) is None


def test_codes_of_one_byte_are_the_same_codes():
    rng = np.random.default_rng(6)
    for labels in ([0.0, 1.0], [2.0, 7.0, 255.0], [0.0, 254.0, 255.0]):
        values = rng.choice(labels, 500)
        wide, narrow = counting.codes_of_numbers(values), counting.codes_of_numbers(values, np.uint8)
        assert narrow[0].dtype == np.uint8 and narrow[0].tolist() == wide[0].tolist()
        assert narrow[1] == wide[1]
    assert counting.codes_of_numbers(np.array([0.0, 256.0]), np.uint8) is None, (
        "a byte does not tell them apart"
    )


@pytest.mark.parametrize("n", [1, 2, 300])
def test_sorted_times_are_tabulated_in_one_pass(kernel, n):
    rng = np.random.default_rng(7)
    time, event = np.sort(rng.integers(0, 40, n) / 7.0), rng.random(n) < 0.5
    columns = [np.empty(np.unique(time).size) for _ in range(4)]
    kernel("tabulate")(time, event, *columns)
    assert np.array_equal(columns, risk_set.tabulate(time, event))


@pytest.mark.parametrize("shown", [3, 9, 14])
def test_near_ties_give_way(kernel, shown):
    rng = np.random.default_rng(5)
    old = np.sort(rng.random(500))
    new, values = old - 1.0, np.concatenate([old, rng.random(700), old[::-1]])
    expected = np.where(np.isin(values, old), values - 1.0, values)
    with np.errstate(over="ignore"):
        marks = np.zeros(2**shown // 8, np.uint8)
        kernel("replace_by_hash")(values, old, new, np.full(1024, -1, np.int32), 54, marks, 64 - shown)
    assert values.tolist() == expected.tolist()


def test_both_roads_meet(monkeypatch):
    """Large data give the same bits whether a compiled pass reads them or the separate checks."""
    rng = np.random.default_rng(6)
    n = 120_000
    days, event, arm = (
        np.ceil(rng.exponential(300, n)),
        (rng.random(n) < 0.6).astype(float),
        rng.integers(0, 2, n) * 1.0,
    )
    near = np.concatenate([days, rng.exponential(300, n), rng.exponential(300, n)])
    near[n : 2 * n] = near[2 * n :] * (1 + 1e-9)
    many = np.resize(event, near.size)

    def answers():
        whole = Surv.right(days, event, unit="days")
        test = logrank_test(whole, arm)
        joined = Surv.right(near, many, unit="days")
        curve = kaplan_meier(whole)
        return [
            whole.time, whole.event, curve.estimate, curve.conf_low, curve.n_risk, test.observed, test.covariance,
            test.n_patients, np.array(test.groups), joined.time, joined.event, kaplan_meier(joined).std_error,
        ]  # fmt: skip

    monkeypatch.setattr(counting, "pays", lambda n: True)
    with np.errstate(over="ignore"):
        fast = answers()
    monkeypatch.setattr(counting, "pays", lambda n: False)
    for one, other in zip(fast, answers(), strict=True):
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize(
    ("time", "event", "words"),
    [(-1.0, 1.0, "time must not be negative"), (np.nan, 1.0, "time must be finite"), (np.inf, 0.0, "time must be finite"),
     (1e120, 1.0, "beyond what can be computed"), (3.0, 2.0, "True/False or 0/1"), (3.0, np.nan, "event is missing")],
)  # fmt: skip
def test_large_data_are_refused_in_the_same_words(time, event, words):
    times, events = np.full(150_000, 5.0), np.ones(150_000)
    times[77], events[77] = time, event
    with pytest.raises(InputError, match=words):
        Surv.right(times, events, unit="days")


def test_labels_of_many_rows():
    labels = np.resize([0.0, 1.0, 5.0], 150_000)
    codes, names = label_codes("by", labels, labels.size)
    assert names == (0.0, 1.0, 5.0) and codes[:4].tolist() == [0, 1, 2, 0]
    with pytest.raises(InputError):
        label_codes("by", np.where(labels == 5.0, np.nan, labels), labels.size)


def test_many_rows_of_whole_times_beyond_the_table():
    time = np.resize([10.0, 70_000.0, 80_000.0], 150_000)
    surv = Surv.right(time, np.ones(time.size), unit="days")
    assert surv.whole and kaplan_meier(surv).time.tolist() == [10.0, 70_000.0, 80_000.0]
    table = risk_set.tabulate_counts(risk_set.whole_counts(surv.time, surv.event))
    assert table[1].tolist() == [150_000.0, 100_000.0, 50_000.0]
