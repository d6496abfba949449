"""Clones with covariates over time: by hand, as known at time 0, the truth of a simulated world, and what is refused."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, clone_censor_weight
from survsim.errors import InputError, SmallSampleWarning
from survsim.estimate.causal.covariate_history import measured_at
from tests.helpers.marker_world import world


def test_the_last_values_known_at_the_beginning_of_each_interval() -> None:
    history = pd.DataFrame(
        {"id": ["b", "a", "a", "b", "a", "x"], "day": [-4, 0, 10, 21, 11, 0], "m": [5, 1, 2, 6, 3, 9]}
    )
    data = pd.DataFrame({"id": ["a", "b"], "age": [60, 70]})
    matrix, terms = measured_at(history, data, ("id", "day"), "m + age", np.array([0.0, 10.0, 20.0]), "days")
    assert terms == ("m", "age")
    assert matrix[:, :, 0].tolist() == [[1, 2, 3], [5, 5, 5]]
    assert matrix[:, :, 1].tolist() == [[60] * 3, [70] * 3]


def small() -> dict[str, Any]:
    """Two intervals; a marker that is 0 or 1 at time 0 and changes at 1 in some."""
    surv = Surv.right([2.5, 4, 5, 6, 7, 8, 9, 10, 1.5, 11], [1] * 10, unit="months")
    start = np.array([np.inf, 0.5, np.inf, 1.5, np.inf, 1.5, np.inf, 1.5, np.inf, np.inf])
    history = pd.DataFrame(
        {
            "patient_id": [*range(10), 4, 5],
            "time": [0] * 10 + [1, 1],
            "m": [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1],
        }
    )
    data = pd.DataFrame({"patient_id": range(10)})
    return {"surv": surv, "start": start, "grace": 2, "formula": "m", "data": data, "history": history, "n_intervals": 2,
            "times": 6, "tau": 8, "n_resamples": 0}  # fmt: skip


@pytest.mark.filterwarnings("ignore:few patients")
def test_weights_by_hand() -> None:
    made = clone_censor_weight(**small())
    # Followed beyond 2 and waiting at 1: of marker 0 patients 0, 2, 3 (one starts); of marker 1 patients 4 to 7 and 9 (two).
    # Patient 1 started before and weighs 1.
    assert sorted(made.weight_after[1]) == pytest.approx([1.0, 5 / 2, 5 / 2, 3.0], rel=1e-8)
    assert (made.n_started, made.n_censored.tolist()) == (4, [4, 5])


def test_values_that_never_change_weigh_the_untreated_as_those_of_time_0_do() -> None:
    given = small()
    given["history"] = given["history"].iloc[:10]
    made = clone_censor_weight(**given)
    at_once = {"data": given["history"][["m"]], "history": None}
    plain = clone_censor_weight(**(given | at_once))
    assert made.weight_after[0] == pytest.approx(plain.weight_after[0], rel=1e-9)


@pytest.mark.filterwarnings("ignore:few patients")
def test_the_truth_is_found_where_values_of_time_0_miss_it() -> None:
    rng = np.random.default_rng(1)
    truth = [(world(150_000, rng, rule)[0].time > 6).mean() for rule in ("never", "by the end of grace")]
    over_time, at_0 = np.empty((2, 30, 2))
    for b in range(30):
        surv, start, rows = world(1000, rng)
        first = rows[rows["time"] == 0].reset_index(drop=True)
        options: dict[str, Any] = {
            "grace": 3,
            "formula": "marker",
            "n_intervals": 3,
            "times": 6,
            "tau": 6,
            "n_resamples": 0,
        }
        made = clone_censor_weight(surv, start, data=first[["patient_id"]], history=rows, **options)
        plain = clone_censor_weight(surv, start, data=first, **options)
        for kept, one in ((over_time, made), (at_0, plain)):
            kept[b] = [one.row("survival", group, 6)["estimate"] for group in one.groups]
    error = over_time.std(axis=0) / np.sqrt(30) + 0.0015
    assert (np.abs(over_time.mean(axis=0) - truth) < 3 * error).all()
    missed = (at_0 - over_time)[:, 0]
    assert missed.mean() > 5 * missed.std() / np.sqrt(30)


def test_intervals_come_from_patients_with_their_histories() -> None:
    surv, start, rows = world(150, np.random.default_rng(4))
    data = pd.DataFrame({"patient_id": range(150)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)
        made = clone_censor_weight(
            surv,
            start,
            grace=3,
            formula="marker",
            data=data,
            history=rows,
            n_intervals=3,
            times=6,
            tau=8,
            n_resamples=20,
        )
    row = made.row("survival", "difference", 6)
    assert row["conf_low"] < row["estimate"] < row["conf_high"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"formula": None, "data": None}, "history needs formula, and data with a row a patient"),
        ({"history": pd.DataFrame({"time": [0], "m": [1]})}, "patient_id"),
        ({"data": pd.DataFrame({"who": range(10)})}, "patient_id"),
        ({"data": pd.DataFrame({"patient_id": [0, *range(9)]})}, "patient 0 stands twice in data"),
        ({"history": small()["history"].iloc[1:]}, r"no row of patient 0 by time 0 \(1 such patients\)"),
        ({"history": pd.concat([small()["history"]] * 2)}, "two rows of patient 0 at 0 months"),
        ({"formula": "marker"}, "marker"),
        ({"n_intervals": 8}, r"nobody starts in the last interval of the grace period \(1.75 to 2 months\)"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        clone_censor_weight(**(small() | change))


@pytest.mark.filterwarnings("ignore:few patients")
@pytest.mark.parametrize("over_time", [False, True])
def test_a_weight_of_two_is_a_patient_told_twice(over_time: bool) -> None:
    """The censoring models count the response's weights, as the curves do."""
    asked = small() if over_time else {k: v for k, v in small().items() if k != "history"}
    base, place = asked["surv"], np.repeat(np.arange(10), [1, 2, 1, 3, 1, 2, 1, 1, 2, 1])
    asked["data"] = asked["data"].assign(m=[0, 0, 0, 0, 1, 1, 1, 1, 0, 1]) if not over_time else asked["data"]
    heavy = Surv.right(base.time, base.event, unit="months", weight=np.bincount(place))
    one = clone_censor_weight(**asked | {"surv": heavy})
    told = asked["data"].iloc[place].reset_index(drop=True).assign(patient_id=range(place.size))
    other = asked | {
        "surv": Surv.right(base.time[place], base.event[place], unit="months"), "start": asked["start"][place], "data": told,
    }  # fmt: skip
    if over_time:
        by = asked["history"].set_index("patient_id")
        other["history"] = pd.concat([by.loc[[p]].assign(patient_id=i) for i, p in enumerate(place)])
    np.testing.assert_allclose(one.estimate, clone_censor_weight(**other).estimate, rtol=1e-7)
