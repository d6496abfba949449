"""States seen wrongly: the likelihood by enumeration, its slope, a truth that is known, and what is refused."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import expm

from survsim.competing import PanelMultistate, panel_multistate
from survsim.core.errors import InputError
from survsim.estimate.competing.panel_hidden import Hidden, value_and_slope
from survsim.estimate.competing.panel_likelihood import grouped
from tests.helpers import panel_visits

PAIRS = np.array([[0, 1], [1, 0], [0, 2], [1, 2]])
SEEN = np.array([[0, 1], [1, 0]])
WRONG = {"well": ["ill"], "ill": ["well"]}


def small() -> Hidden:
    """Two patients: three visits and an exact death; four visits."""
    source, target = np.array([0, 1, 0, 1, 1, 0]), np.array([1, 0, 2, 1, 0, 1])
    dead = np.array([False, False, True, False, False, False])
    z = np.array([[0.5]] * 3 + [[-0.5]] * 3)
    panel = grouped(PAIRS, 3, z, np.array([1.0, 0.7, 0.4, 1.0, 2.0, 0.7]), (source, target, dead))
    return Hidden.of(panel, SEEN, np.array([5, 5, 5, 9, 9, 9]))


THETA = np.array([-1.0, -0.8, -2.0, -1.2, 0.3, -0.2, 0.1, 0.4, -1.5, -0.7])


def enumerated(theta: np.ndarray) -> float:
    """The sum over all true courses of both patients."""
    total = 0.0
    up, down = np.exp(theta[8]), np.exp(theta[9])
    e = np.array([[1 / (1 + up), up / (1 + up)], [down / (1 + down), 1 / (1 + down)]])
    for z, first, lengths, seen, dies in (
        (0.5, 0, [1.0, 0.7, 0.4], [1, 0], True),
        (-0.5, 1, [1.0, 2.0, 0.7], [1, 0, 1], False),
    ):
        q = np.zeros((3, 3))
        q[PAIRS[:, 0], PAIRS[:, 1]] = np.exp(theta[:4] + z * theta[4:8])
        q -= np.diag(q.sum(axis=1))
        p = [expm(q * t) for t in lengths]
        likelihood = 0.0
        for course in itertools.product([0, 1], repeat=len(seen)):
            states = (first, *course)
            part = np.prod(
                [p[k][states[k], states[k + 1]] * e[states[k + 1], seen[k]] for k in range(len(seen))]
            )
            last = sum(p[-1][states[-1], s] * q[s, 2] for s in (0, 1)) if dies else 1.0
            likelihood += part * last
        total += np.log(likelihood)
    return float(total)


def test_the_likelihood_is_the_sum_over_all_true_courses() -> None:
    assert value_and_slope(THETA, small())[0] == pytest.approx(enumerated(THETA), rel=1e-12)


def test_the_slope_is_the_difference_quotient() -> None:
    slope = value_and_slope(THETA, small())[1]
    for k in range(THETA.size):
        move = np.zeros(THETA.size)
        move[k] = 1e-5
        expected = (enumerated(THETA + move) - enumerated(THETA - move)) / 2e-5
        assert slope[k] == pytest.approx(expected, abs=1e-7)


def fit(rows: pd.DataFrame, **more: Any) -> PanelMultistate:
    given: dict[str, Any] = {
        "transitions": panel_visits.WAYS,
        "unit": "years",
        "exact": ["dead"],
        "misclassified": WRONG,
    }
    return panel_multistate(rows, **(given | more))


@pytest.mark.long
def test_a_known_truth_is_found_and_seen_states_alone_miss_it() -> None:
    rows = panel_visits.blurred(3, 900)
    found, naive = fit(rows, formula="z"), fit(rows, formula="z", misclassified=None)
    one = pd.DataFrame({"z": [0]})
    truth = np.array([0.3, 0.05, 0.2, 0.3])
    hidden, seen = (f.intensities(one) for f in (found, naive))
    for estimate, error, true in zip(
        np.log(hidden["intensity"]), hidden["std_error"] / hidden["intensity"], np.log(truth)
    ):
        assert abs(estimate - true) < 3 * error
    back = (seen["source"] == "ill") & (seen["target"] == "well")
    assert float(seen["intensity"][back].iloc[0]) > 1.5 * 0.2
    table = found.misclassification()
    assert list(table) == ["state", "seen_as", "probability", "std_error", "conf_low", "conf_high"]
    assert (np.abs(table["probability"] - [0.08, 0.15]) < 3 * table["std_error"]).all()
    assert ((table["conf_low"] > 0) & (table["conf_high"] < 0.5)).all()


def test_a_seen_move_that_no_transition_allows_is_a_state_seen_wrongly() -> None:
    walk, rows = panel_visits.walk(4, 400), panel_visits.blurred(4, 400)
    recovered = (walk["state"] == "well") & (walk.groupby("patient_id")["state"].shift() == "ill")
    rows = rows[~rows["patient_id"].isin(walk["patient_id"][recovered])]
    ways = {"well": ["ill", "dead"], "ill": ["dead"]}
    with pytest.raises(InputError, match="a state that may have been seen wrongly is named in misclassified"):
        fit(rows, transitions=ways, misclassified=None)
    found = fit(rows, transitions=ways)
    assert found.seen_as == (("well", "ill"), ("ill", "well"))
    with pytest.raises(InputError, match="not to be set beside those that are expected"):
        found.prevalence([1.0])
    with pytest.raises(InputError, match="give misclassified= to panel_multistate"):
        panel_visits.fit(None).misclassification()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "misclassified names no state"),
        ({"well": ["sick"]}, "misclassified names 'sick', which is no state"),
        ({"well": ["well"]}, "'well' seen as 'well' twice, or as itself"),
        ({"well": ["ill", "ill"]}, "'well' seen as 'ill' twice"),
        ({"ill": ["dead"]}, "entry into one of them is exact"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, list[str]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        fit(panel_visits.blurred(3, 60), misclassified=wrong)


def test_visits_that_no_course_leads_to_are_refused() -> None:
    rows = pd.DataFrame(
        {
            "patient_id": list("aaabbb"),
            "time": [0, 1, 2] * 2,
            "state": ["well", "ill", "well", "ill", "well", "ill"],
        }
    )
    with pytest.raises(InputError, match="visits of patient 'b' cannot be"):
        panel_multistate(rows, transitions={"well": ["ill"]}, unit="years", misclassified={"well": ["ill"]})
