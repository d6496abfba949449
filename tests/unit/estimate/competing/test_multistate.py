"""Multi-state data, occupancy and transition models: hand cases and messages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, nelson_aalen, rmst
from survsim.competing import (
    MultistateData,
    mean_time_in_state,
    multistate_fit,
    multistate_occupancy,
    prepare_multistate,
)
from survsim.errors import ExtrapolationWarning, InputError, SmallSampleWarning

WAYS = {"well": ["ill", "dead"], "ill": ["dead"]}
PATIENTS = pd.DataFrame(
    {"patient_id": list("abcde"), "follow_up": [10.0, 8.0, 12.0, 6.0, 0.0], "age": [50.0, 60, 70, 55, 65]}
)
EVENTS = pd.DataFrame(
    {
        "patient_id": ["a", "a", "b", "c"],
        "state": ["dead", "ill", "dead", "ill"],
        "time": [10.0, 4.0, 8.0, 5.0],
    }
)
FACTS = pd.DataFrame({"patient_id": ["a", "b", "c"], "fact": "drug", "time": [2.0, 8.0, np.nan]})


def prepare(
    patients: Any = PATIENTS, events: Any = EVENTS, facts: Any = FACTS, **options: Any
) -> MultistateData:
    given = {"start": "well", "transitions": WAYS, "unit": "months", "covariates": ["age"]} | options
    return prepare_multistate(patients, events, facts=facts, **given)


def test_long_rows_by_hand() -> None:
    rows = prepare().rows
    found = [
        (r.patient_id, r.source, r.target, r.entry, r.exit, bool(r.event), r.since, r.drug)
        for r in rows.itertuples()
    ]
    assert found[:5] == [
        ("a", "well", "ill", 0.0, 2.0, False, 0.0, 0.0),
        ("a", "well", "dead", 0.0, 2.0, False, 0.0, 0.0),
        ("a", "well", "ill", 2.0, 4.0, True, 0.0, 1.0),
        ("a", "well", "dead", 2.0, 4.0, False, 0.0, 1.0),
        ("a", "ill", "dead", 4.0, 10.0, True, 4.0, 1.0),
    ]
    # A fact on the day of the event did not hold yet; a fact not known is NaN; never mentioned is 0.
    assert rows.loc[rows["patient_id"] == "b", "drug"].tolist() == [0.0, 0.0]
    assert rows.loc[rows["patient_id"] == "c", "drug"].isna().all()
    assert (rows.loc[rows["patient_id"] == "d", "drug"] == 0).all()
    assert rows.loc[rows["patient_id"] == "c", "age"].unique().tolist() == [70.0]


def test_counts_and_who_was_left_out() -> None:
    made = prepare()
    assert made.counts()[["n_entered", "n_event", "n_censor"]].to_numpy().tolist() == [
        [4, 2, 1],
        [4, 1, 1],
        [2, 1, 1],
    ]
    assert made.left_out == ("e",) and "1 without time under observation" in made.headline()
    assert made.states == ("well", "ill", "dead")


def test_two_facts_cut_a_stay_in_three() -> None:
    facts = pd.DataFrame({"patient_id": ["b", "b"], "fact": ["drug", "radiation"], "time": [3.0, 5.0]})
    rows = prepare(facts=facts).transition("well", "dead")
    mine = rows[rows["patient_id"] == "b"]
    assert mine[["entry", "exit", "event", "drug", "radiation"]].to_numpy(float).tolist() == [
        [0, 3, 0, 0, 0], [3, 5, 0, 1, 0], [5, 8, 1, 1, 1],
    ]  # fmt: skip


def test_clocks() -> None:
    made = prepare()
    reset, forward = (made.surv("ill", "dead", clock=c) for c in ("reset", "forward"))
    assert reset.time.tolist() == [6.0, 7.0] and reset.entry is None
    assert forward.entry is not None
    assert forward.time.tolist() == [10.0, 12.0] and forward.entry.tolist() == [4.0, 5.0]


def test_a_state_can_be_entered_again() -> None:
    events = pd.DataFrame({"patient_id": ["a"] * 3, "state": ["ill", "well", "ill"], "time": [2.0, 3.0, 7.0]})
    made = prepare(events=events, facts=None, transitions={"well": ["ill"], "ill": ["well"]})
    assert made.stays.loc[made.stays["patient_id"] == "a", "source"].tolist() == [
        "well",
        "ill",
        "well",
        "ill",
    ]
    assert multistate_occupancy(made).estimate.sum(axis=0) == pytest.approx(1.0)


def broken(**change: Any) -> pd.DataFrame:
    return EVENTS.assign(**change)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"events": broken(time=[11.0, 4, 8, 5])}, "after the end of follow-up: a"),
        ({"events": broken(time=[10.0, 0, 8, 5])}, "at or before time 0: a"),
        ({"events": broken(time=[4.0, 4, 8, 5])}, "two states at one time: a"),
        ({"events": broken(time=[3.0, 4, 8, 5])}, "not possible: dead > ill"),
        ({"events": broken(patient_id=["a", "a", "z", "c"])}, "who are not in patients: z"),
        ({"events": EVENTS.drop(columns="state")}, "no column 'state'"),
        (
            {"patients": pd.concat([PATIENTS, PATIENTS[:1]])},
            "one row a patient; a more than once|a more than one",
        ),
        ({"patients": PATIENTS.assign(follow_up=-1.0)}, "must be 0 or more"),
        ({"facts": pd.concat([FACTS, FACTS[:1]])}, "a fact more than once: a"),
        ({"facts": FACTS.assign(patient_id=["a", "b", "z"])}, "facts name patients"),
        ({"start": "dead"}, "nothing follows the starting state 'dead'"),
        ({"transitions": {"well": ["well"]}}, "cannot follow itself"),
        ({"unit": "fortnights"}, "unit"),
    ],
)
def test_faults_of_the_tables(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        prepare(**arguments)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(InputError, match=r"(?s)after the end.*time 0"):
        prepare(events=broken(time=[11.0, 4, 0, 5]))


def test_occupancy_by_hand() -> None:
    found = multistate_occupancy(prepare(), variance="aalen")
    # At 4 and 5 one of four, then of three, falls ill; at 8 the last well one dies; at 10 one of two ill dies.
    np.testing.assert_allclose(found.time, [4, 5, 6, 8, 10, 12])
    np.testing.assert_allclose(found.estimate[0], [0.75, 0.5, 0.5, 0, 0, 0], atol=1e-12)
    np.testing.assert_allclose(found.estimate[1], [0.25, 0.5, 0.5, 0.5, 0.25, 0.25])
    np.testing.assert_allclose(found.std_error[:2, 0] ** 2, 0.75 * 0.25 / 4)
    with pytest.warns(ExtrapolationWarning, match="followed to 12 months"):
        frame = found.occupancy_at([0.0, 5.0, 20.0])
    np.testing.assert_allclose(frame["estimate"][:3], [1, 0.5, np.nan])
    assert len(found.to_frame()) == 18 and "State occupancy" in repr(found)


def test_occupancy_by_group_and_weights_of_one() -> None:
    made = prepare(covariates=["age"], patients=PATIENTS.assign(age=[1, 1, 2, 2, 2]))
    apart = multistate_occupancy(made, by="age")
    assert apart.groups == (1, 2) and apart.n_patients.tolist() == [2, 2]
    ones = prepare(patients=PATIENTS.assign(age=2.0))
    np.testing.assert_allclose(
        multistate_occupancy(ones, weight="age").std_error, multistate_occupancy(ones).std_error, atol=1e-12
    )
    with pytest.raises(InputError, match="no weighted form"):
        multistate_occupancy(ones, weight="age", variance="aalen")
    with pytest.raises(InputError, match="no column 'arm'"):
        multistate_occupancy(ones, by="arm")


def test_jackknife_occupancy_is_the_derivative_by_weights() -> None:
    patients = PATIENTS[:4].assign(w=[1.0, 2.0, 0.5, 1.5])

    def curve(w: np.ndarray) -> np.ndarray:
        made = prepare(patients=patients.assign(w=w), facts=None, covariates=["w"])
        return np.asarray(multistate_occupancy(made, weight="w").estimate)

    w = patients["w"].to_numpy()
    effects = [w[i] * (curve(w + e) - curve(w - e)) / 2e-5 for i, e in enumerate(1e-5 * np.eye(4))]
    made = prepare(patients=patients, facts=None, covariates=["w"])
    expected = np.sqrt(np.sum(np.square(effects), axis=0))
    np.testing.assert_allclose(
        multistate_occupancy(made, weight="w").std_error, expected, rtol=1e-5, atol=1e-8
    )


def test_laws_without_covariates_meet_nelson_aalen() -> None:
    made = prepare(facts=None)
    fit = multistate_fit(made)
    laws = {f"{x.source} > {x.target}": x for x in fit.transition_laws(tail="none")}
    expected = nelson_aalen(made.surv("well", "ill"))
    np.testing.assert_allclose(
        laws["well > ill"].distribution.cumulative_hazard(expected.time), expected.estimate
    )
    assert laws["ill > dead"].clock == "reset" and laws["ill > dead"].distribution.time_unit == "months"
    # Nobody moves after the last event seen; with the mean hazard somebody does.
    assert laws["well > ill"].distribution.hazard(100.0) == 0.0
    mean = fit.transition_laws()[0].distribution
    assert mean.hazard(100.0) == pytest.approx(mean.cumulative_hazard(5.0) / 5.0)
    states = fit.states()
    assert states["absorbing"].tolist() == [False, False, True] and states["n_entered"].tolist() == [4, 2, 2]
    assert "Multi-state model of 3 transitions" in repr(fit)


def many(seed: int = 3, n: int = 60) -> MultistateData:
    rng = np.random.default_rng(seed)
    ids = np.arange(n)
    ill, dead, end = rng.exponential(8.0, n), rng.exponential(14.0, n), rng.uniform(6.0, 30.0, n)
    stop = np.minimum(dead, end)
    patients = pd.DataFrame({"patient_id": ids, "follow_up": stop, "x": rng.normal(size=n)})
    first = pd.DataFrame({"patient_id": ids, "state": "ill", "time": ill})[ill < stop]
    last = pd.DataFrame({"patient_id": ids, "state": "dead", "time": dead})[dead <= end]
    return prepare_multistate(
        patients, pd.concat([first, last]), start="well", transitions=WAYS, unit="months", covariates=["x"]
    )


def test_models_by_transition_and_their_laws() -> None:
    fit = multistate_fit(
        many(),
        {"well > ill": "x", "ill > dead": "x"},
        model={"ill > dead": "weibull"},
        clock={"ill > dead": "forward"},
    )
    laws = fit.transition_laws({"x": 1.0})
    assert [x.clock for x in laws] == ["reset", "reset", "forward"]
    base, moved = (fit.transition_laws({"x": v})[0].distribution.cumulative_hazard(9.0) for v in (0.0, 1.0))
    assert moved / base == pytest.approx(float(fit.fits["well > ill"].hazard_ratio[0]))
    assert set(fit.to_frame()["transition"]) == {"well > ill", "well > dead", "ill > dead"}
    with pytest.raises(InputError, match="name the patient"):
        fit.transition_laws()


def test_a_transition_nobody_made_is_told() -> None:
    made = prepare(events=EVENTS[1:2], facts=None)
    with pytest.warns(SmallSampleWarning, match="nobody made the transition well > dead, ill > dead"):
        fit = multistate_fit(made)
    assert fit.not_seen == ("well > dead", "ill > dead") and len(fit.transition_laws()) == 1
    with pytest.raises(InputError, match="nobody made any transition"):
        multistate_fit(prepare(events=EVENTS[:0], facts=None))


def test_rows_with_unknown_facts_are_counted_out() -> None:
    with pytest.warns(SmallSampleWarning, match="well > ill"):
        fit = multistate_fit(
            prepare(events=EVENTS.drop(index=[1])), {"well > ill": "drug"}, model="exponential"
        )
    assert fit.n_unknown == {"well > dead": 0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "spline"}, "model must be one of"),
        ({"clock": "wall"}, "clock must be one of"),
        ({"formula": {"well > gone": "age"}}, "formula names 'well > gone'"),
    ],
)
def test_bad_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        multistate_fit(prepare(), **options)


def test_unknown_transition() -> None:
    with pytest.raises(InputError, match="there is no transition dead > well"):
        prepare().transition("dead", "well")


def test_mean_times_of_two_states_are_the_restricted_mean_and_the_time_lost() -> None:
    rng = np.random.default_rng(8)
    time, dead = np.round(rng.exponential(10.0, 40) + 0.1, 1), rng.random(40) < 0.7
    names = [f"p{i}" for i in range(40)]
    patients = pd.DataFrame({"patient_id": names, "follow_up": time})
    events = pd.DataFrame({"patient_id": names, "state": "dead", "time": time})[dead]
    data = prepare_multistate(patients, events, start="alive", transitions={"alive": ["dead"]}, unit="months")
    found = mean_time_in_state(data, 9.0)
    mean = rmst(Surv.right(time, dead, unit="months"), tau=9.0)
    assert found.estimate[0, 0] == pytest.approx(mean.estimate[0])
    assert found.estimate[0].sum() == pytest.approx(9.0)
    assert found.std_error[0, 0] == pytest.approx(found.std_error[0, 1])
    # The infinitesimal jackknife and Greenwood's formula differ by terms of order 1 / n.
    assert found.std_error[0, 0] == pytest.approx(mean.std_error[0], rel=0.05)
    assert found.conf_high[0, 0] <= 9.0


def test_mean_time_in_state_by_hand_and_by_group() -> None:
    """Of a (ill from 4, dead at 10) and b (dead at 8), to time 8: 4 and 8 well, 4 and 0 ill."""
    two = PATIENTS.iloc[:2].assign(group=["x", "y"])
    data = prepare(two, EVENTS.iloc[:3], None, covariates=["group"])
    assert mean_time_in_state(data, 8.0).estimate.tolist() == [[6.0, 2.0, 0.0]]
    with pytest.warns(UserWarning, match="group 'x' and group 'y' have one patient only"):
        by = mean_time_in_state(data, 8.0, by="group")
    assert np.isnan(by.std_error).all()
    assert by.estimate.tolist() == [[4.0, 4.0, 0.0], [8.0, 0.0, 0.0]]
    # Everybody is dead at 10: the states of later times are known.
    assert mean_time_in_state(data, 12.0).estimate.tolist() == [[6.0, 3.0, 3.0]]


@pytest.mark.parametrize(
    ("given", "message"),
    [({"tau": 13.0}, "was followed to"), ({"tau": 0.0}, "tau"), ({"tau": 5.0, "by": "sex"}, "sex")],
)
def test_a_horizon_lies_within_follow_up(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        mean_time_in_state(prepare(), **given)


def test_states_may_be_a_categorical_without_the_start() -> None:
    plain = prepare()
    events = EVENTS.assign(state=EVENTS["state"].astype("category"))
    pd.testing.assert_frame_equal(prepare(events=events).rows, plain.rows)
