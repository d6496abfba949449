"""`missing="drop"` where rows are not single patients beside a response: visits, histories, limits of a time, causal doors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import survsim as s
from survsim.causal import marginal_structural_cox, time_varying_treatment
from survsim.competing import panel_multistate, prepare_multistate
from survsim.core.errors import EvidenceWarning, InputError
from survsim.parametric import interval_censored_parametric

N = 80
RNG = np.random.default_rng(11)
TIME = np.ceil(RNG.exponential(12, N)) + RNG.uniform(0, 0.5, N)
FRAME = pd.DataFrame(
    {
        "time": TIME,
        "dead": RNG.uniform(size=N) < 0.7,
        "start": np.where(RNG.uniform(size=N) < 0.5, TIME * RNG.uniform(0.05, 0.6, N), np.inf),
        "arm": RNG.choice(["a", "b"], N).astype(object),
        "age": RNG.normal(60, 9, N),
        "patient_id": np.arange(N),
    }
)
FRAME.loc[[3, 17], "start"] = np.nan
FRAME.loc[[3, 40], "arm"] = None
FRAME.loc[[8, 30, 31], "age"] = np.nan


def response(frame):
    return s.Surv.right(frame["time"], frame["dead"], unit="months")


def complete(*columns):
    return FRAME[FRAME[list(columns)].notna().all(axis=1)]


def switched(frame, **more):
    return time_varying_treatment(response(frame), frame["start"], "age", frame, **more)


def cloned(frame, **more):
    return s.clone_censor_weight(
        response(frame),
        frame["start"],
        grace=4.0,
        formula="age",
        data=frame,
        n_resamples=0,
        times=8,
        tau=8,
        **more,
    )


def over_time(frame, **more):
    rows = FRAME[["patient_id"]].assign(time=0.0, marker=RNG_MARKER)
    return s.clone_censor_weight(
        response(frame), frame["start"], grace=4.0, formula="age + marker", data=frame, history=rows,
        n_resamples=0, times=8, tau=8, **more
    )  # fmt: skip


def weighted(frame, **more):
    return s.ipw_kaplan_meier(
        response(frame), frame["arm"], "age", frame, interval="robust", times=8, tau=8, **more
    )


def weighted_cox(frame, **more):
    return s.ipw_cox(response(frame), frame["arm"], "age", frame, **more)


def limits(frame, **more):
    low, high = frame["time"], (frame["time"] + 3).where(frame["dead"], np.inf)
    return interval_censored_parametric(low, high, "weibull", "age", frame, unit="months", **more)


RNG_MARKER = np.random.default_rng(3).normal(size=N)
DOORS = {
    "time_varying_treatment": (switched, ("start", "age"), 5),
    "clone_censor_weight": (cloned, ("start", "age"), 5),
    "clone_censor_weight, history": (over_time, ("start", "age"), 5),
    "ipw_kaplan_meier": (weighted, ("arm", "age"), 5),
    "ipw_cox": (weighted_cox, ("arm", "age"), 5),
    "interval_censored_parametric": (limits, ("age",), 3),
}


@pytest.mark.parametrize("name", DOORS)
def test_the_answer_is_that_of_the_complete_patients(name):
    function, columns, gone = DOORS[name]
    expected = function(complete(*columns))
    with pytest.raises(InputError, match="missing"):
        function(FRAME)
    with pytest.warns(EvidenceWarning, match=f"{gone} of {N} rows left out"):
        found = function(FRAME, missing="drop")
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame())


def test_weights_that_are_made_already_are_not_cut():
    whole = complete("arm", "age")
    made = s.treatment_weights(whole["arm"], "age", whole)
    with pytest.raises(InputError, match="leave the rows that lack a value out before treatment_weights"):
        s.ipw_kaplan_meier(response(whole), whole["arm"], weights=made, missing="drop")


def test_limits_of_a_time_are_those_of_the_complete_rows():
    low, high = [0, 2, np.nan, 4, 1], [3, 5, 7, np.inf, np.nan]
    expected = s.interval_censored_survival([0, 2, 4], [3, 5, np.inf], unit="months")
    with pytest.raises(InputError, match="low is not known in row 2: low is 0 where the event came before"):
        s.interval_censored_survival(low, high, unit="months")
    told = r"2 of 5 rows left out \(1 without low \(0 where .* 1 without high \(inf where the event was not seen yet\)\)"
    with pytest.warns(EvidenceWarning, match=told):
        found = s.interval_censored_survival(low, high, unit="months", missing="drop")
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame())


def start_stop_rows():
    rng = np.random.default_rng(2)
    rows = pd.DataFrame({"id": np.repeat(np.arange(60), 3), "start": np.tile([0.0, 1.0, 2.0], 60)})
    rows["stop"] = rows["start"] + 1.0 + rng.uniform(0, 0.001, 180).round(6) * (rows["start"] == 2.0)
    rows["dead"] = (rows["start"] == 2.0) & (rng.uniform(size=180) < 0.6)
    rows["marker"] = rng.normal(size=180)
    rows["drug"] = (rng.uniform(size=180) < 1 / (1 + np.exp(-rows["marker"]))).astype(int)
    return rows


def structural(rows, **more):
    surv = s.Surv.right(rows["stop"], rows["dead"], entry=rows["start"], id=rows["id"], unit="years")
    return marginal_structural_cox(surv, rows["drug"], rows, denominator="marker", **more)


@pytest.mark.filterwarnings("ignore::survsim.core.errors.SmallSampleWarning")
def test_of_a_history_the_whole_patient_is_left_out():
    rows = start_stop_rows()
    torn = rows.copy()
    torn.loc[[4, 90], "marker"] = np.nan
    expected = structural(rows[~rows["id"].isin([1, 30])])
    with pytest.raises(InputError, match="missing"):
        structural(torn)
    with pytest.warns(
        EvidenceWarning, match=r"6 of 180 rows left out \(2 without marker, 4 more of the same patients\)"
    ):
        found = structural(torn, missing="drop")
    np.testing.assert_allclose(found.weight, expected.weight)
    pd.testing.assert_frame_equal(found.cox.to_frame(), expected.cox.to_frame())


def visits():
    rng = np.random.default_rng(4)
    rows = pd.DataFrame({"patient_id": np.repeat(np.arange(50), 3), "time": np.tile([0.0, 1.0, 2.0], 50)})
    rows["state"] = rng.choice(["well", "ill"], 150).astype(object)
    return rows.assign(age=np.repeat(rng.normal(60, 9, 50), 3))


def test_visits_that_say_nothing_are_left_out():
    rows = visits()
    rows.loc[[5, 7], "state"] = None
    rows.loc[20, "age"] = np.nan
    options = {"transitions": {"well": ["ill"], "ill": ["well"]}, "unit": "years", "formula": "age"}
    expected = panel_multistate(rows.dropna(), **options)
    with pytest.raises(InputError, match="missing"):
        panel_multistate(rows, **options)
    with pytest.warns(EvidenceWarning, match=r"3 of 150 rows left out \(2 without state, 1 without age\)"):
        found = panel_multistate(rows, missing="drop", **options)
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame())


def test_patients_with_a_torn_history_are_left_out_whole():
    patients = pd.DataFrame({"patient_id": list("abcd"), "follow_up": [10.0, 8.0, np.nan, 9.0]})
    events = pd.DataFrame(
        {
            "patient_id": ["a", "a", "b", "c"],
            "state": ["relapse", "death", "relapse", "death"],
            "time": [4.0, 10.0, np.nan, 3.0],
        }
    )
    options = {
        "start": "remission",
        "transitions": {"remission": ["relapse", "death"], "relapse": ["death"]},
        "unit": "months",
    }
    expected = prepare_multistate(patients.iloc[[0, 3]], events.iloc[:2], **options)
    with pytest.raises(InputError, match="follow_up must be finite"):
        prepare_multistate(patients, events, **options)
    words = r"2 of 4 rows left out \(1 without follow_up, 1 without state or time of an event\)"
    with pytest.warns(EvidenceWarning, match=words):
        found = prepare_multistate(patients, events, missing="drop", **options)
    pd.testing.assert_frame_equal(found.counts(), expected.counts())
    nameless = events.assign(patient_id=["a", None, "b", "c"])
    with pytest.raises(InputError, match="1 events name no patient"):
        prepare_multistate(patients, nameless, missing="drop", **options)
