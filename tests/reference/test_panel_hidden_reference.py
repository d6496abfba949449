"""Markov models of states that may be seen wrongly, against msm on its own data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from survsim.competing import PanelMultistate, panel_multistate

HERE = Path(__file__).parent
PINNED = json.loads((HERE / "panel_hidden.json").read_text())
ROWS = json.loads((HERE / "panel.json").read_text())["rows"]
STATES = np.array(["none", "mild", "severe", "dead"])
WAYS = {"none": ["mild", "dead"], "mild": ["severe", "dead"], "severe": ["dead"]}
WRONG = {"none": ["mild"], "mild": ["none", "severe"], "severe": ["mild"]}


@pytest.fixture(scope="module")
def fit() -> PanelMultistate:
    rows = pd.DataFrame(ROWS)
    rows["state"] = STATES[rows["state"] - 1]
    return panel_multistate(
        rows,
        transitions=WAYS,
        unit="years",
        patient="PTNUM",
        time="years",
        exact=["dead"],
        misclassified=WRONG,
    )


def test_the_maximum_is_at_least_as_high(fit: PanelMultistate) -> None:
    # msm's search stops a little below.
    assert PINNED["minus2loglik"] - 0.02 < -2 * fit.log_likelihood < PINNED["minus2loglik"] + 1e-5


def test_intensities_are_those_of_msm(fit: PanelMultistate) -> None:
    found = fit.to_frame()
    assert (np.abs(found["intensity"] - PINNED["intensity"]) < 0.07 * np.array(PINNED["std_error"])).all()
    assert found["std_error"].to_numpy() == pytest.approx(PINNED["std_error"], rel=0.06)


def test_chances_of_seeing_wrongly_are_those_of_msm(fit: PanelMultistate) -> None:
    seen = fit.misclassification()
    assert seen[["state", "seen_as"]].to_numpy().tolist() == [
        [a, b] for a, others in WRONG.items() for b in others
    ]
    assert (np.abs(seen["probability"] - PINNED["misclassified"]) < 0.07 * seen["std_error"]).all()
    assert fit.seen_covariance is not None
    assert np.sqrt(np.diag(fit.seen_covariance)) == pytest.approx(PINNED["log_odds_error"], rel=0.01)


def test_their_errors_are_those_of_draws(fit: PanelMultistate) -> None:
    assert fit.seen_log_odds is not None and fit.seen_covariance is not None
    drawn = np.exp(
        np.random.default_rng(1).multivariate_normal(fit.seen_log_odds, fit.seen_covariance, 100_000)
    )
    mild = drawn[:, 1:3] / (1 + drawn[:, 1:3].sum(axis=1, keepdims=True))
    assert fit.misclassification()["std_error"].to_numpy()[1:3] == pytest.approx(mild.std(axis=0), rel=0.05)
