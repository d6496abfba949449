"""Start-stop rows are patients where an id says so."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from survsim import (
    Surv,
    aalen_johansen,
    bootstrap,
    compare_families,
    cox_ph,
    kaplan_meier,
    landmark,
    logrank_test,
    parametric_survival,
    reverse_kaplan_meier,
)
from survsim.competing import mean_time_in_state, multistate_occupancy, prepare_multistate
from survsim.core.errors import InputError
from survsim.core.event_table import EventTable
from survsim.cox import penalty_path
from survsim.estimate.causal.time_varying_treatment import time_varying_treatment
from survsim.nonparametric import permutation_logrank_test

ROWS = {"time": [2, 4, 7, 3, 6, 5], "event": [0, 0, 1, 0, 1, 0], "entry": [0, 2, 4, 0, 3, 0]}
ID = [1, 1, 1, 2, 2, 3]
SPLIT = Surv.right(**ROWS, unit="months", id=ID)
WHOLE = Surv.right([7, 6, 5], [1, 1, 0], unit="months")


def test_counts_are_of_patients():
    assert repr(SPLIT).startswith("Surv: 3 patients in 6 rows, 2 events")
    assert SPLIT.n_patients == 3
    assert "3 patients, 2 events" in kaplan_meier(SPLIT).summary()
    assert logrank_test(SPLIT, [0, 0, 0, 1, 1, 1]).n_patients.tolist() == [1, 2]
    assert kaplan_meier(SPLIT, [0, 0, 0, 1, 1, 1]).n_patients.tolist() == [1, 2]


def test_nobody_is_censored_where_a_row_goes_on():
    km = kaplan_meier(SPLIT)
    assert dict(zip(km.time.tolist(), km.n_censor.tolist())) == {2: 0, 3: 0, 4: 0, 5: 1, 6: 0, 7: 0}
    assert km.n_risk.tolist() == [3, 3, 3, 3, 2, 1]
    weighted = EventTable.of(Surv.right(**ROWS, unit="months", id=ID, weight=[2, 2, 2, 1, 1, 3]))
    assert weighted.n_censor.tolist() == [0, 0, 0, 3, 0, 0]


def test_a_patient_who_comes_back_later_was_censored():
    gap = Surv.right([2, 7], [0, 1], unit="months", entry=[0, 4], id=["a", "a"])
    assert kaplan_meier(gap).n_censor.tolist() == [1, 0]


def test_survival_and_follow_up_are_those_of_whole_patients():
    split, whole = kaplan_meier(SPLIT), kaplan_meier(WHOLE)
    np.testing.assert_array_equal(
        split.survival_at([5, 6, 7]).estimate, whole.survival_at([5, 6, 7]).estimate
    )
    np.testing.assert_array_equal(
        reverse_kaplan_meier(SPLIT).median().estimate, reverse_kaplan_meier(WHOLE).median().estimate
    )


def test_without_an_id_rows_are_called_rows():
    unknown = Surv.right(**ROWS, unit="months")
    assert repr(unknown).startswith("Surv: 6 rows, 2 events")
    assert "6 rows, 2 events" in kaplan_meier(unknown).summary()
    one_each = Surv.right([3, 4], [1, 0], unit="months", entry=[1, 1], id=["a", "b"])
    assert repr(one_each).startswith("Surv: 2 patients, 1 events")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"entry": [0, 1, 4, 0, 3, 0]}, r"rows 0 and 1 of patient 1 overlap: 0 to 2 and 1 to 4"),
        ({"entry": None}, "Intervals that follow one another need entry="),
        ({"id": [1, 1]}, "id must have one value per time"),
    ],
)
def test_rows_of_one_patient_follow_one_another(changes, message):
    with pytest.raises(InputError, match=message):
        Surv.right(**({**ROWS, "id": ID} | changes), unit="months")


def test_rows_that_meet_in_the_last_bit_go_on():
    s = Surv.right([0.3, 1.0], [0, 1], unit="years", entry=[0, 0.1 + 0.2], id=["a", "a"])
    assert s.continues.tolist() == [True, False]


def test_selections_and_units_keep_patients():
    assert SPLIT.take([0, 1, 2]).n_patients == 1
    assert SPLIT.to_unit("years").n_patients == 3


def test_a_treatment_that_starts_later_makes_rows_of_patients():
    s = Surv.right([5, 8, 9, 12, 3, 7], [1, 1, 0, 1, 1, 1], unit="months")
    fit = time_varying_treatment(s, [2, np.inf, 4, np.inf, np.inf, 6])
    assert fit.surv.n_patients == 6


def test_the_regression_is_that_of_the_rows():
    x = [0.0, 1, 1, 0, 0, 1]
    with_id = cox_ph(Surv.right(**ROWS, unit="months", id=ID), None, x, penalty="firth")
    without = cox_ph(Surv.right(**ROWS, unit="months"), None, x, penalty="firth")
    np.testing.assert_array_equal(with_id.estimate, without.estimate)


def test_number_at_risk_at_the_start_is_who_entered_there():
    s = Surv.right([3, 4, 5], [1, 1, 0], unit="months", entry=[0, 0, 1])
    assert kaplan_meier(s).at_risk([0, 1, 2]).tolist() == [[2.0, 2.0, 3.0]]
    late = Surv.right([3, 4, 5], [1, 1, 0], unit="months", entry=[1, 2, 1])
    assert kaplan_meier(late).at_risk([0, 1, 2]).tolist() == [[0.0, 0.0, 2.0]]


def test_every_summary_counts_patients_not_rows():
    s = Surv.right(**ROWS, unit="months", id=ID)
    fit = parametric_survival(s, "exponential")
    assert "3 patients in 6 rows" in fit.headline()
    assert fit.bic == pytest.approx(-2 * fit.log_likelihood + np.log(3))
    assert "3 patients in 6 rows" in compare_families(s, families=("exponential", "weibull")).headline()
    rows = Surv.right(**ROWS, unit="months")
    assert "6 rows" in parametric_survival(rows, "exponential").headline()
    causes = Surv.competing(
        ROWS["time"],
        np.where(ROWS["event"], "a", "none"),
        unit="months",
        censored="none",
        entry=ROWS["entry"],
    )
    assert "6 rows" in aalen_johansen(causes).headline() and "patients" not in aalen_johansen(
        causes
    ).headline().replace("Fewer than 50 patients", "")
    ax = kaplan_meier(rows).plot()
    drawn = " ".join(t.get_text() for t in ax.figure.findobj(match=lambda a: hasattr(a, "get_text")))
    assert "6 rows" in drawn and "6 patients" not in drawn


MOVED = ["a", "b", "b", "a", "a", "b"]
"""Patient 1 changes the group on the way: two patients in each group, three in all."""


@pytest.mark.parametrize("curve", [kaplan_meier, aalen_johansen])
def test_a_patient_who_changes_the_group_is_one_patient_in_all(curve, tmp_path):
    surv = SPLIT if curve is kaplan_meier else Surv.competing(
        ROWS["time"], ROWS["event"], unit="months", entry=ROWS["entry"], id=ID
    )  # fmt: skip
    found = curve(surv, MOVED)
    assert found.n_patients.tolist() == [2, 2]
    assert (
        found.headline()
        .splitlines()[0]
        .startswith(
            (
                "Kaplan-Meier: 3 patients, 2 events",
                "Cumulative incidence (Aalen-Johansen): 3 patients, 2 events",
            )
        )
    )
    found.save(tmp_path / "found.json")
    assert type(found).load(tmp_path / "found.json").headline() == found.headline()


def test_a_result_stored_before_patients_were_told_apart_is_still_read():
    found = dataclasses.replace(kaplan_meier(SPLIT, MOVED), n_distinct=None)
    assert found.headline().startswith("Kaplan-Meier: 4 patients")


@pytest.mark.parametrize(
    "of", [lambda data: multistate_occupancy(data, "arm"), lambda data: mean_time_in_state(data, 4.0, "arm")]
)
def test_stays_of_one_patient_in_two_groups_are_of_one_patient(of):
    patients = pd.DataFrame({"patient_id": [1, 2, 3], "follow_up": [8.0, 7.0, 9.0]})
    events = pd.DataFrame({"patient_id": [1, 3], "time": [3.0, 4.0], "state": ["ill", "ill"]})
    ways = {"well": ["ill", "dead"], "ill": ["dead"]}
    data = prepare_multistate(patients, events, start="well", transitions=ways, unit="months")
    stays = data.stays.assign(arm=["a", "a", "a", "b", "a"])
    with pytest.warns(UserWarning, match="group 'b' has one patient only"):
        first = of(dataclasses.replace(data, stays=stays)).headline()
    assert "3 patients" in first


def test_an_event_ends_the_rows_of_a_patient():
    with pytest.raises(
        InputError, match=r"patient 'a' has the event at 2 \(row 0\) and is followed again from 2 to 5"
    ):
        Surv.right([2, 5], [1, 1], unit="months", entry=[0, 2], id=["a", "a"])
    with pytest.raises(InputError, match=r"Drop the rows that follow the first event.*cluster="):
        Surv.competing(
            [2, 5, 4],
            ["relapse", "none", "none"],
            censored="none",
            unit="months",
            entry=[0, 3, 0],
            id=[1, 1, 2],
        )
    recurring = Surv.right([2, 5], [1, 1], unit="months", entry=[0, 2], cluster=["a", "a"])
    assert int(recurring.event.sum()) == 2


def test_who_is_drawn_twice_is_two_patients():
    pair = Surv.right([2, 5], [0, 1], unit="months", entry=[0, 2], id=["a", "a"])
    twice = pair.take([0, 0, 1, 1])
    assert twice.n_patients == 2 and twice.id_labels == ("a", "a (2)")
    curve = kaplan_meier(twice)
    assert curve.n_censor.tolist() == [0, 0] and curve.n_risk.tolist() == [2, 2]
    assert pair.take([1, 0]).id_labels == ("a",) and pair.take([0, -1, 1]).n_patients == 2
    shuffled = SPLIT.take([5, 0, 1, 2, 2, 1, 0])
    assert shuffled.n_patients == 3 and int(kaplan_meier(shuffled).n_censor.sum()) == 1


RNG = np.random.default_rng(1)
X = RNG.normal(size=30)
LIFE, END = RNG.exponential(10 * np.exp(-0.7 * X)), RNG.uniform(2, 25, 30)
WHO = np.tile(np.arange(30), 2)
ONE_ROW = Surv.right(np.minimum(LIFE, END), LIFE < END, unit="months")
TWO_ROWS = Surv.right(
    np.r_[ONE_ROW.time / 2, ONE_ROW.time],
    np.r_[np.zeros(30, bool), ONE_ROW.event],
    unit="months",
    entry=np.r_[np.zeros(30), ONE_ROW.time / 2],
    id=WHO,
)
"""The same patients, each in two rows: whatever is drawn, dealt or counted must be the same."""


def test_a_resample_of_split_rows_is_one_of_patients():
    def followed(surv):
        return reverse_kaplan_meier(surv).survival_at([8.0]).estimate

    whole, split = (bootstrap(s, followed, n_resamples=40) for s in (ONE_ROW, TWO_ROWS))
    np.testing.assert_allclose(split.replicates, whole.replicates)


def test_validation_calibration_and_folds_do_not_see_how_a_patient_is_split():
    whole, split = cox_ph(ONE_ROW, None, X), cox_ph(TWO_ROWS, None, X[WHO])
    np.testing.assert_allclose(
        split.validate(n_bootstrap=20).corrected, whole.validate(n_bootstrap=20).corrected, rtol=1e-6
    )
    one, two = (f.calibration(5.0, groups=3).to_frame() for f in (whole, split))
    pd.testing.assert_frame_equal(one, two)
    assert two["n"].tolist() == [10, 10, 10]
    # Ridge counts in standard deviations of the rows, n / (n - 1) of which changes with their number.
    paths = [penalty_path(s, None, x, strengths=[0.1, 1.0]) for s, x in ((ONE_ROW, X), (TWO_ROWS, X[WHO]))]
    np.testing.assert_allclose(paths[0].score, paths[1].score, rtol=1e-4)


def test_labels_are_dealt_to_patients():
    time, event = np.arange(1, 13.0), [1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1]
    groups, who = np.array(list("aabababbabbb")), np.tile(np.arange(12), 2)
    split = Surv.right(
        np.r_[time / 2, time],
        np.r_[np.zeros(12, int), event],
        unit="months",
        entry=np.r_[np.zeros(12), time / 2],
        id=who,
    )
    whole = permutation_logrank_test(Surv.right(time, event, unit="months"), groups)
    found = permutation_logrank_test(split, groups[who])
    assert (found.p_value, found.n_arrangements) == (whole.p_value, 792)  # 12 choose 5
    np.testing.assert_allclose(found.score, whole.score)
    with pytest.raises(InputError, match="by differs between the rows of patient 0"):
        permutation_logrank_test(split, np.r_[groups, groups[::-1]])


def test_a_landmark_counts_patients():
    rows = Surv.right([2, 4, 7, 3], [0, 0, 1, 1], unit="months", entry=[0, 2, 4, 0], id=[1, 1, 1, 2])
    found = landmark(rows, 2.5)
    assert (found.n_event, found.n_censor, found.n_not_entered) == (0, 0, 0)
    assert found.surv.n_patients == 2
    later = landmark(rows, 3)
    assert (later.n_event, later.n_censor, later.n_not_entered) == (1, 0, 0)
    gap = Surv.right([2, 7, 2], [0, 1, 0], unit="months", entry=[0, 4, 0], id=["a", "a", "b"])
    back = landmark(gap, 3)  # "a" is away at 3 and comes back, "b" is lost
    assert (back.n_event, back.n_censor, back.n_not_entered) == (0, 1, 1)
