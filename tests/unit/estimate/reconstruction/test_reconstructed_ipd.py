"""Reconstruction of patient data: by hand, from known truths, with totals, with noise, and what it refuses."""

import dataclasses
import re
import warnings

import numpy as np
import pandas as pd
import pytest

from survsim import kaplan_meier, reconstruct_ipd
from survsim.errors import EvidenceWarning, InputError
from survsim.reconstruction import compare_pair, perturbed_reconstructions

TABLE = ([0, 6], [10, 7])
CURVE = ([2, 5, 9], [0.9, 0.7, 0.6])


def arm(seed, n, *, scale=20.0, low=10, high=40):
    """Times and events of one arm, its curve just after every drop, and numbers at risk every six months."""
    rng = np.random.default_rng(seed)
    life, follow_up = scale * rng.weibull(1.1, n), rng.uniform(low, high, n)
    time, event = np.minimum(life, follow_up), life <= follow_up
    drops = np.unique(time[event])
    curve = np.cumprod(1 - 1 / (n - np.searchsorted(np.sort(time), drops)))
    grid = np.arange(0, time.max(), 6.0)
    return time, event, (drops, curve), (grid, (time[None] >= grid[:, None]).sum(axis=1))


def distance(made, drops, curve, end):
    """Root mean square distance of two step curves on 1,000 points."""
    grid = np.linspace(0, end, 1000)
    own_drops, own = made.curve()
    own = np.append(1, own)[np.searchsorted(own_drops, grid, side="right")]
    true = np.append(1, curve)[np.searchsorted(drops, grid, side="right")]
    return float(np.sqrt(np.mean((own - true) ** 2)))


@pytest.mark.parametrize("method", ["optimised", "guyot", "ikm"])
def test_ten_patients_by_hand(method):
    r = reconstruct_ipd(CURVE, at_risk=TABLE, unit="months", method=method, source="figures:paper_f2")
    assert sorted(r.time[r.event].tolist()) == [2, 5, 5, 9]
    assert (r.time[~r.event] == 9).all()
    assert r.fitted_at_risk.tolist() == [10, 7]
    np.testing.assert_allclose(kaplan_meier(r.surv()).estimate, [0.9, 0.7, 0.6])
    assert r.surv().sources == ("figures:paper_f2",)
    assert "10 patients, 4 events" in r.summary()


def test_the_call_of_0_1_works_and_says_what_it_is_called_now():
    with pytest.warns(DeprecationWarning, match="reconstruct_ipd"):
        old = reconstruct_ipd(*CURVE, at_risk_times=TABLE[0], at_risk=TABLE[1], unit="months")
    new = reconstruct_ipd(CURVE, at_risk=TABLE, unit="months", method="guyot")
    assert np.array_equal(old.time, new.time)
    assert old.method == "guyot"


def test_curves_come_in_many_forms():
    made = [
        reconstruct_ipd(curve, at_risk=table, unit="months").time.tolist()
        for curve, table in (
            (CURVE, TABLE),
            (np.column_stack(CURVE), np.column_stack(TABLE)),
            (pd.DataFrame({"survival": CURVE[1], "time": CURVE[0]}), {"time": TABLE[0], "n_risk": TABLE[1]}),
            (pd.DataFrame({"x": CURVE[0], "y": CURVE[1]}), pd.DataFrame({"a": TABLE[0], "b": TABLE[1]})),
        )
    ]
    assert all(times == made[0] for times in made)


@pytest.mark.parametrize("method", ["optimised", "guyot"])
@pytest.mark.parametrize("seed", range(5))
def test_exact_drops_without_censoring_inside_intervals_come_back_exactly(method, seed):
    rng = np.random.default_rng(seed)
    time = np.sort(20 * rng.weibull(1.1, 80))
    time, event = np.minimum(time, 24.0), time < 24.0
    drops = time[event]
    curve = 1 - np.arange(1, drops.size + 1) / 80
    grid = np.arange(0, 24.1, 6.0)
    at_risk = (time[None] >= grid[:, None]).sum(axis=1)
    r = reconstruct_ipd((drops, curve), at_risk=(grid, at_risk), unit="months", method=method)
    own_drops, own = r.curve()
    np.testing.assert_allclose(own_drops, drops)
    np.testing.assert_allclose(own, curve, atol=1e-8)
    assert r.fitted_at_risk.tolist() == at_risk.tolist()


def sixty_readings(n):
    """Errors of twenty arms read at sixty drops: optimised, Guyot's method, and all deaths known but for their times.

    The last knows the level at every reading without error and how many of the drops lie between two readings, and spaces
    those evenly: what is unread is the only error it has.
    """
    errors = []
    for seed in range(20):
        time, _, (drops, curve), table = arm(seed, n)
        shown = np.unique(np.linspace(0, drops.size - 1, 60).astype(int))
        told = {"at_risk": table, "unit": "months"}
        made = [
            reconstruct_ipd((drops[shown], curve[shown].round(3)), method=m, **told)
            for m in ("optimised", "guyot")
        ]
        assert made[0].fitted_at_risk.tolist() == table[1].tolist()
        even = np.interp(np.arange(drops.size), np.append(-1, shown), np.append(0.0, drops[shown]))
        grid = np.linspace(0, time.max(), 1000)
        true, known = (np.append(1, curve)[np.searchsorted(x, grid, side="right")] for x in (drops, even))
        errors.append(
            [*(distance(r, drops, curve, time.max()) for r in made), np.sqrt(np.mean((true - known) ** 2))]
        )
    return np.array(errors).T


@pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")
def test_the_truth_is_found_and_no_worse_than_by_the_published_method():
    best, published, _ = sixty_readings(85)
    assert np.median(best) <= 0.005
    assert np.quantile(best, 0.95) <= 0.015
    assert best.mean() <= published.mean()


@pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")
def test_where_half_of_the_drops_are_unread_the_error_is_near_the_least_there_can_be():
    """200 patients drop some 136 times. The times of 76 drops are unread and cost 0.0046 in the median, everything else known."""
    best, published, least = sixty_readings(200)
    assert 0.004 < np.median(least) < 0.005
    assert np.median(best) <= 1.5 * np.median(least)
    assert np.quantile(best, 0.95) <= 0.015
    assert best.mean() <= 0.75 * published.mean()


@pytest.mark.parametrize("n_event_told", [False, True])
@pytest.mark.parametrize("table_told", [False, True])
@pytest.mark.parametrize("marks_told", [False, True])
@pytest.mark.parametrize("method", ["optimised", "guyot", "ikm", "marked"])
def test_all_that_can_be_known(n_event_told, table_told, marks_told, method):
    time, event, line, table = arm(3, 100)
    told = {"at_risk": table} if table_told else {"n": 100}
    told |= {"n_event": int(event.sum())} if n_event_told else {}
    told |= {"censor_marks": time[~event]} if marks_told else {}
    if marks_told != (method == "marked") and method != "optimised":
        with pytest.raises(InputError, match="optimised"):
            reconstruct_ipd(line, unit="months", method=method, **told)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvidenceWarning)
        r = reconstruct_ipd(line, unit="months", method=method, **told)
    assert r.time.size == 100
    if method == "optimised" and n_event_told:
        assert r.n_event == event.sum()
    if table_told and method == "optimised":
        assert r.fitted_at_risk.tolist() == table[1].tolist()
    if marks_told and method == "optimised":
        assert distance(r, *line, time.max()) < 0.002


def test_a_printed_total_that_the_curve_contradicts_is_said_and_not_forced():
    time, event, line, table = arm(4, 60)
    with pytest.warns(EvidenceWarning, match=f"events, printed {int(event.sum()) + 12}"):
        r = reconstruct_ipd(line, at_risk=table, n_event=int(event.sum()) + 12, unit="months")
    assert distance(r, *line, time.max()) < 0.03
    assert any("events, printed" in note for note in r.notes)


@pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")
def test_a_true_total_is_met_whatever_else_is_known():
    for seed in range(12):
        for n in (60, 100):
            _, event, line, table = arm(seed, n)
            for told in ({"n": n}, {"at_risk": table}):
                r = reconstruct_ipd(line, n_event=int(event.sum()), unit="months", **told)
                assert r.n_event == event.sum()


@pytest.mark.parametrize("method", ["optimised", "guyot", "ikm"])
def test_fifty_five_events_asked_of_a_curve_of_thirty_one_are_not_missed_in_silence(method):
    _, event, line, table = arm(5, 60, scale=45.0)
    assert event.sum() < 40
    with pytest.warns(EvidenceWarning, match="events, printed 55"):
        r = reconstruct_ipd(line, at_risk=table, n_event=55, unit="months", method=method)
    assert r.n_event < 55
    assert any("events, printed 55" in note for note in r.notes)


@pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")
def test_the_printed_total_does_not_take_the_curve_off_its_readings():
    """The total is spread where the curve allows it: with it the curve is met as well as without, in every arm."""
    for seed in range(10):
        time, event, line, table = arm(seed, 60)
        without = reconstruct_ipd(line, at_risk=table, unit="months")
        told = reconstruct_ipd(line, at_risk=table, n_event=int(event.sum()), unit="months")
        assert told.rmse <= without.rmse + 1e-12 < 1e-9
        last = reconstruct_ipd(line, n=60, n_event=int(event.sum()), unit="months")
        assert distance(last, *line, time.max()) < 0.0133


@pytest.mark.parametrize("method", ["optimised", "guyot"])
def test_without_a_risk_table_events_of_sixty_patients_are_overstated_and_that_is_said(method):
    _, event, (drops, curve), _ = arm(8, 60, scale=18.0, low=5, high=30)
    with pytest.warns(EvidenceWarning, match="overstates the events"):
        r = reconstruct_ipd((drops, curve.round(2)), n=60, unit="months", method=method)
    assert r.n_event >= event.sum() + (5 if method == "guyot" else 0)
    assert any("overstates the events" in note for note in r.notes)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("told", ["table", "total", "nothing"])
def test_exact_levels_give_the_patients_back(told, ties):
    """From the drops of a drawing deaths and numbers at risk follow, whatever else is printed, and nothing is assumed."""
    for seed in range(6):
        rng = np.random.default_rng(seed)
        time, event = np.minimum(20 * rng.weibull(1.1, 80), rng.uniform(8, 40, 80)), None
        time = np.ceil(time) if ties else time
        event = rng.random(80) < 0.7
        drops = np.unique(time[event])
        dead = np.array([(event & (time == t)).sum() for t in drops])
        left = np.array([(time >= t).sum() for t in drops])
        curve = np.cumprod(1 - dead / left)
        grid = np.arange(0.0, time.max(), 6.0)
        known = {
            "table": {"at_risk": (grid, (time[None] >= grid[:, None]).sum(axis=1))},
            "total": {"n": 80, "n_event": int(event.sum())},
            "nothing": {"n": 80},
        }[told]
        with warnings.catch_warnings():
            if not ties:
                warnings.simplefilter("error", EvidenceWarning)
            else:
                # Two of forty and one of twenty are one drop: the curve is met, but whose patients it shows stays open.
                warnings.simplefilter("ignore", EvidenceWarning)
            r = reconstruct_ipd((drops, curve), unit="months", readings="drops", **known)
        if told == "table" or not ties:
            np.testing.assert_allclose(r.fitted_survival[1:], curve, atol=1e-9)
        if not ties:
            assert (r.time[None] >= drops[:, None]).sum(axis=1).tolist() == left.tolist()
            assert [(r.time[r.event] == t).sum() for t in drops] == dead.tolist()


@pytest.mark.parametrize("last", [1, 2, 4])
def test_an_exact_curve_that_ends_at_nought_takes_no_deaths_along(last):
    """Any number may be left at the last drop: as many die as the printed total says, else one, the others were censored."""
    left, levels, curve = 30, [], 1.0
    for _ in range(8):
        curve, left = curve * (1.0 - 1.0 / left), left - 1
        levels.append(curve)
        left -= 2  # two censored before the next drop
    drops = np.arange(1.0, 10.0)
    levels.append(0.0)
    told = {"at_risk": ([0.0], [30])}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvidenceWarning)
        plain = reconstruct_ipd((drops, levels), unit="months", **told)
        total = reconstruct_ipd((drops, levels), unit="months", n_event=8 + last, **told)
    assert plain.n_event == 9
    assert total.n_event == 8 + last and (total.time[total.event] == 9.0).sum() == last
    np.testing.assert_allclose(plain.fitted_survival[1:], levels, atol=1e-12)


def test_rounded_levels_are_not_taken_for_exact_ones():
    _, _, (drops, curve), table = arm(2, 100)
    r = reconstruct_ipd((drops, curve.round(3)), at_risk=table, unit="months")
    assert not any("whole patients" in note for note in r.notes)


def test_without_anything_but_n_the_overstated_events_are_said():
    with pytest.warns(EvidenceWarning, match="overstates the events"):
        reconstruct_ipd(([2, 5, 9], [0.9, 0.7, 0.5]), n=60, unit="months")


def test_nobody_dies_on_a_flat_tail():
    line = ([2, 5, 9, 20, 30, 40], [0.9, 0.8, 0.7, 0.7, 0.7, 0.7])
    for method in ("optimised", "guyot"):
        r = reconstruct_ipd(line, at_risk=([0, 12, 24, 36], [20, 14, 9, 3]), unit="months", method=method)
        assert r.time[r.event].max() == 9
        assert r.n_event == 6


def test_late_entry_is_detected_said_and_reconstructed():
    rng = np.random.default_rng(1)
    late, life = rng.uniform(0, 20, 600), 25 * rng.weibull(1.2, 600)
    end = np.minimum(life, 50.0)
    seen = late < end
    late, end, died = late[seen], end[seen], (life <= 50.0)[seen]
    late[:40] = 0.0
    drops = np.unique(end[died])
    left = np.array([((late < t) & (end >= t)).sum() for t in drops])
    curve = np.cumprod(1 - 1 / left)
    grid = np.arange(0, 48, 6.0)
    table = np.array([((late < t) & (end >= t)).sum() if t else (late == 0).sum() for t in grid])
    with pytest.warns(EvidenceWarning, match="enter late"):
        r = reconstruct_ipd((drops, curve), at_risk=(grid, table), unit="months")
    assert r.fitted_at_risk.tolist() == table.tolist()
    assert (r.surv().entry < r.surv().time).all()
    assert abs(r.n_event - died.sum()) <= 0.1 * died.sum()
    assert distance(r, drops, curve, 48.0) < 0.01
    with pytest.raises(InputError, match="without late entry it cannot"):
        reconstruct_ipd((drops, curve), at_risk=(grid, table), unit="months", entry=False)
    with pytest.raises(InputError, match="use method='optimised'"):
        reconstruct_ipd((drops, curve), at_risk=(grid, table), unit="months", entry=True, method="guyot")


def test_incidence_and_per_cent_are_the_same_patients():
    plain = reconstruct_ipd(CURVE, at_risk=TABLE, unit="months")
    risen = reconstruct_ipd((CURVE[0], [0.1, 0.3, 0.4]), at_risk=TABLE, unit="months", kind="incidence")
    with pytest.warns(EvidenceWarning, match="per cent"):
        hundred = reconstruct_ipd((CURVE[0], [90, 70, 60]), at_risk=TABLE, unit="months")
    assert plain.time.tolist() == risen.time.tolist() == hundred.time.tolist()


def test_rises_by_rounding_are_levelled_with_a_warning():
    with pytest.warns(EvidenceWarning, match="rises by 0.02 at time 4.*noise of reading"):
        r = reconstruct_ipd(([2, 4, 5, 9], [0.78, 0.80, 0.7, 0.6]), at_risk=TABLE, unit="months")
    np.testing.assert_allclose(r.click_survival, [1.0, 0.79, 0.79, 0.7, 0.6])


def test_audit_holds_what_was_printed_beside_what_was_made():
    audit = reconstruct_ipd(CURVE, at_risk=TABLE, unit="months").audit()
    found = dict(zip(audit.quantity, zip(audit.reconstructed, audit.printed)))
    assert found["at risk at 6"] == (7, 7)
    assert found["survival at 6"] == pytest.approx((0.7, 0.7))
    assert found["largest error"][0] < 1e-12


@pytest.mark.parametrize("method", ["optimised", "marked"])
@pytest.mark.parametrize(
    ("marks", "kept"), [([1, 1.5, 3, 3.5, 5, 6.5], 0), ([1, 3], 2), ([1, 1, 3, 3, 5, 5], 0)]
)
def test_marks_that_were_left_out_are_told(method, marks, kept):
    # Ten at risk, six at 9, and four deaths until then: nobody is left to be censored before 9; of twelve two are.
    table = ([0, 9], [12 if kept else 10, 6])
    found = reconstruct_ipd(
        ([2, 4, 6, 8, 12], [0.9, 0.8, 0.7, 0.6, 0.6]), censor_marks=marks, method=method, unit="months",
        at_risk=table,
    )  # fmt: skip
    audit = found.audit().to_frame().set_index("quantity")
    assert audit.loc["censor marks"].tolist() == [kept, len(marks)]
    told = [note for note in found.notes if "censor marks stand where no patient is censored" in note]
    assert len(told) == (kept < len(marks))


def test_readings_that_were_told_stay_what_they_are():
    curve = ([0, 4, 8, 12, 16], [1.0, 0.75, 0.62, 0.532, 0.433])
    table = ([0, 5, 10, 15], [40, 28, 17, 12])
    # Whole patients between the readings meet this better than deaths at even distances.
    found = reconstruct_ipd(curve, at_risk=table, unit="months", readings="line")
    assert found.readings == "line"


def test_a_zero_at_risk_is_not_called_unprinted():
    with pytest.warns(EvidenceWarning):
        found = reconstruct_ipd(
            ([2, 4, 6, 8, 12], [0.9, 0.8, 0.7, 0.6, 0.5]), unit="months", at_risk=([0, 9], [10, 0])
        )
    told = found.uncertainty().headline()
    assert "neither patients still at risk after the start nor events are printed" in told
    assert "neither numbers at risk" not in told


def test_a_pair_against_the_printed_ratio():
    a, b = (arm(s, 300, scale=scale) for s, scale in ((1, 30.0), (2, 15.0)))
    first, second = (reconstruct_ipd(x[2], at_risk=x[3], unit="months") for x in (a, b))
    check = compare_pair(first, second, hazard_ratio=0.45, p_value=0.001)
    assert check.reconstructed[0] == pytest.approx((15 / 30) ** 1.1, rel=0.2)
    with pytest.warns(EvidenceWarning, match="printed 2"):
        assert compare_pair(first, second, hazard_ratio=2.0).agrees is False


def test_a_range_of_no_width_is_not_given_as_certainty():
    a, b = (
        reconstruct_ipd((t, [0.9, 0.7, 0.6]), at_risk=TABLE, unit="months") for t in ([2, 5, 9], [1, 3, 9])
    )
    check = dataclasses.replace(compare_pair(a, b, m=4), reading_error=0.0, total_range=(0.2, 4.0))
    (said,) = check.may_be_wrong()
    assert "that is no certainty" in said and "0.200 to 4.000" in said
    assert "no certainty" not in str(dataclasses.replace(check, reading_error=0.1))


def test_trailing_zeros_of_the_risk_table_are_cut():
    r = reconstruct_ipd(CURVE, at_risk=([0, 6, 12, 18], [10, 7, 0, 0]), unit="months")
    assert r.at_risk.tolist() == [10, 7]


@pytest.mark.parametrize(
    ("table", "told"), [(([0, 6], [100, 0]), "70 at risk at 6"), (([0, 6, 8], [100, 50, 0]), "at risk at 8")]
)
def test_a_curve_that_falls_where_nobody_is_at_risk_contradicts_its_table(table, told):
    curve = [2, 5, 9], [0.9, 0.7, 0.6]
    with pytest.warns(EvidenceWarning) as said:
        notes = reconstruct_ipd(curve, at_risk=table, unit="months").notes
    assert any(
        re.search(f"{told}, printed 0: readings and printed numbers disagree", str(w.message)) for w in said
    )
    assert not any(note.startswith("neither numbers at risk nor") for note in notes)


@pytest.mark.parametrize("many", [{"n": 10**7}, {"at_risk": ([0, 6], [1e9, 1e8])}])
def test_more_patients_than_can_be_printed_in_a_minute_are_refused(many):
    with pytest.raises(InputError, match="1 million"):
        reconstruct_ipd(CURVE, unit="months", **many)


@pytest.mark.parametrize("end", [9, 12])
def test_a_printed_0_at_or_after_the_end_of_the_curve_is_ordinary(end, recwarn):
    made = reconstruct_ipd(([2, 5, 9], [0.9, 0.7, 0.6]), at_risk=([0, 6, end], [100, 65, 0]), unit="months")
    assert not recwarn.list and not any("printed 0" in note for note in made.notes)


def test_a_curve_that_contradicts_its_risk_table_warns():
    with pytest.warns(EvidenceWarning, match="misses the curve by"):
        r = reconstruct_ipd(([2, 5, 9], [0.9, 0.3, 0.2]), at_risk=TABLE, unit="months")
    assert r.fitted_at_risk.tolist() == [10, 7]


def test_perturbed_reconstructions_spread_around_the_curve():
    t = np.linspace(1, 58, 60)
    grid = np.arange(0, 60, 6)
    at_risk = np.round(200 * np.exp(-grid / 25) * (1 - grid / 80))
    r = reconstruct_ipd((t, np.exp(-t / 25)), at_risk=(grid, at_risk), unit="months")
    draws = perturbed_reconstructions(r, 30, seed=1, time_error=0.3)
    assert all(len(d) == 200 for d in draws)
    medians = [float(kaplan_meier(d).median().estimate[0]) for d in draws]
    assert np.mean(medians) == pytest.approx(25 * np.log(2), abs=0.7)
    assert np.std(medians) > 0.05
    with pytest.raises(InputError, match="time_error must lie in"):
        perturbed_reconstructions(r, 2, seed=1, time_error=-1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"curve": ([2, 5, 9], [0.9, 0.95, 0.6])}, "rises by 0.05 at time 5"),
        ({"curve": ([2, 5, 9], [0.1, 0.3, 0.6])}, "kind='incidence'"),
        ({"kind": "incidence"}, "Is it survival"),
        ({"curve": ([2, 5, 9], [900, 700, 600])}, "0 and 100 per cent"),
        ({"curve": ([2, 5, 9], [0.9, 0.7])}, "3 times and 2 values"),
        ({"at_risk": ([0, 6], [10, 12]), "entry": False}, "grows from 10 to 12 at time 6"),
        ({"at_risk": ([0, 6], [10.5, 7])}, "whole numbers"),
        ({"at_risk": ([0, 6], [10])}, "2 times and 1 values"),
        ({"at_risk": ([1, 6], [10, 7])}, "must start at 0"),
        ({"at_risk": ([0, 6], [12, 7]), "n": 10}, "more than n = 10"),
        ({"at_risk": ([0, 60, 108], [10, 7, 6])}, "different units"),
        ({"at_risk": None}, "give the numbers at risk"),
        ({"n_event": 11}, "n_event must lie within 0 and 10"),
        ({"end": 5}, "lies before the last reading"),
        ({"unit": "moons"}, "unit must be one of"),
    ],
)
def test_messages(change, message):
    arguments = {"curve": CURVE, "at_risk": TABLE, "unit": "months", **change}
    with pytest.raises(InputError, match=message):
        reconstruct_ipd(**arguments)


def test_a_single_reading_is_enough_and_the_page_is_drawn():
    r = reconstruct_ipd(([5], [0.5]), at_risk=([0], [10]), n_event=5, unit="months")
    assert r.n_event == 5
    ax = r.plot()
    assert {line.get_gid() for line in ax.lines} >= {"readings", "reconstructed"}


def test_clicks_around_the_ends_of_the_axes_are_noise():
    told = {"at_risk": ([0, 2], [20, 18]), "unit": "months"}
    clean = reconstruct_ipd(([0, 1, 2, 4], [1.0, 0.9, 0.8, 0.6]), **told)
    for time, survival in (
        ([-0.01, 1, 2, 4], [1.003, 0.9, 0.8, 0.6]),
        ([0, 1, 2, 4], [1.003, 0.9, 0.8, 0.6]),
    ):
        noisy = reconstruct_ipd((time, survival), **told)
        np.testing.assert_array_equal(noisy.surv().time, clean.surv().time)
        np.testing.assert_array_equal(noisy.surv().event, clean.surv().event)
    ended = reconstruct_ipd(([0, 1, 2, 4], [1.0, 0.9, 0.8, -0.002]), **told)
    assert ended.n_event == 20
    with pytest.raises(InputError, match=r"times of curve must not be negative; found -0\.2"):
        reconstruct_ipd(([-0.2, 1, 2, 4], [1.0, 0.9, 0.8, 0.6]), **told)


def test_readings_along_the_line_of_a_drop_are_no_misses():
    time = [0, 2, 2, 2, 5, 5, 8, 8, 12]
    survival = [1, 1, 0.9, 0.85, 0.85, 0.7, 0.7, 0.5, 0.5]
    made = reconstruct_ipd((time, survival), unit="months", n=20, at_risk=([0, 6, 12], [20, 14, 10]))
    assert made.rmse < 1e-9
    assert made.n_event == 10


@pytest.mark.parametrize("method", ["optimised", "marked"])
def test_a_mark_at_the_end_of_the_curve_is_the_patient_who_is_left(method):
    """Ten patients who die at 1, 2 and 4, or are lost at the seven marks, the last of which ends the curve."""
    marks = [2.5, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0]
    curve = ([1, 2, 4, 9], [0.9, 0.8, 0.8 * 6 / 7, 0.8 * 6 / 7])
    found = reconstruct_ipd(
        curve, at_risk=([0, 3], [10, 7]), censor_marks=marks, method=method, unit="months"
    )
    assert np.sort(found.time[~found.event]).tolist() == marks
    assert np.sort(found.time[found.event]).tolist() == [1.0, 2.0, 4.0]
    assert not any("censor marks" in note for note in found.notes)
