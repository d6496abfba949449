"""Markov models of states seen at visits against msm on its own data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim.competing import PanelMultistate, panel_multistate
from survsim.errors import InputError

PINNED = json.loads((Path(__file__).parent / "panel.json").read_text())
STATES = ["none", "mild", "severe", "dead"]
WAYS = {"none": ["mild", "dead"], "mild": ["none", "severe", "dead"], "severe": ["mild", "dead"]}


@pytest.fixture(scope="module", params=[0, 1], ids=["plain", "covariate"])
def pair(request: pytest.FixtureRequest) -> tuple[dict[str, Any], PanelMultistate]:
    cell = PINNED["fits"][request.param]
    rows = pd.DataFrame(PINNED["rows"])
    rows["state"] = np.array(STATES)[rows["state"] - 1]
    fit = panel_multistate(
        rows,
        transitions=WAYS,
        unit="years",
        patient="PTNUM",
        time="years",
        exact=["dead"],
        formula=cell["formula"],
    )
    return cell, fit


def test_the_maximum_is_at_least_as_high(pair: tuple[dict[str, Any], PanelMultistate]) -> None:
    cell, fit = pair
    assert fit.states == tuple(STATES)
    assert -2 * fit.log_likelihood == pytest.approx(cell["minus2loglik"], abs=1e-5)
    assert -2 * fit.log_likelihood <= cell["minus2loglik"] + 1e-8


def test_intensities_and_errors(pair: tuple[dict[str, Any], PanelMultistate]) -> None:
    cell, fit = pair
    table = fit.to_frame()
    for ours, theirs in (("intensity",) * 2, ("std_error",) * 2, ("conf_low",) * 2, ("conf_high",) * 2):
        np.testing.assert_allclose(table[ours], cell[theirs], rtol=2e-3)
    np.testing.assert_allclose(table["intensity"], cell["intensity"], rtol=5e-4)


def test_sojourns(pair: tuple[dict[str, Any], PanelMultistate]) -> None:
    cell, fit = pair
    table = fit.sojourn_times()
    for ours, theirs in (("mean", "estimates"), ("std_error", "SE"), ("conf_low", "L"), ("conf_high", "U")):
        np.testing.assert_allclose(table[ours], cell["sojourn"][theirs], rtol=2e-4)


def test_probabilities_and_errors(pair: tuple[dict[str, Any], PanelMultistate]) -> None:
    cell, fit = pair
    table = fit.transition_probabilities(cell["times"])
    np.testing.assert_allclose(table["probability"], np.ravel(cell["p"]), atol=2e-5)
    np.testing.assert_allclose(table["std_error"], np.ravel(cell["p_error"]), rtol=2e-3, atol=1e-7)
    inside = table["std_error"] > 0
    assert (table["conf_low"] < table["probability"])[inside].all()
    assert (table["conf_high"] > table["probability"])[inside].all()


def test_effects_of_the_covariate_and_prevalence(pair: tuple[dict[str, Any], PanelMultistate]) -> None:
    cell, fit = pair
    if cell["formula"]:
        table = fit.hazard_ratios()
        for ours, theirs in (("hazard_ratio",) * 2, ("conf_low", "hr_low"), ("conf_high", "hr_high")):
            np.testing.assert_allclose(table[ours], cell[theirs], rtol=1e-3)
        return
    table = fit.prevalence([0, 5, 10, 15, 20])
    seen, expected = np.array(cell["observed"]), np.array(cell["expected"])
    assert table["observed"].tolist() == seen[:, :4].ravel().tolist()
    assert table["at_risk"].tolist() == np.repeat(seen[:, 4], 4).tolist()
    np.testing.assert_allclose(table["expected"], expected[:, :4].ravel(), atol=2e-4)


def test_states_are_named_as_the_column_has_them() -> None:
    """msm numbers its states; a column of whole numbers, of numbers or of categories is taken as it is, and so is what names them."""
    ways, plain = {1: [2, 4], 2: [1, 3, 4], 3: [2, 4]}, {"unit": "years", "patient": "PTNUM", "time": "years"}
    rows = pd.DataFrame(PINNED["rows"])
    for kind in ("int64", "float64", "Int64", "category"):
        data = rows.assign(state=rows["state"].astype(kind))
        fit = panel_multistate(data, transitions=ways, exact=[4], **plain)
        assert -2 * fit.log_likelihood == pytest.approx(PINNED["fits"][0]["minus2loglik"], abs=1e-5)
    assert fit.sojourn_times()["state"].tolist() == [1, 2, 3]
    with pytest.raises(InputError, match="state has '1', '2', '3', '4', but transitions name 1, 2, 3, 4"):
        panel_multistate(rows.assign(state=rows["state"].astype(str)), transitions=ways, **plain)
    with pytest.raises(InputError, match=r"exact must be a list of states; got 'dead'. Write \['dead'\]"):
        panel_multistate(rows, transitions=ways, exact="dead", **plain)
