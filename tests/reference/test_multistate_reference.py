"""Occupancy and transition models against survival and etm: TCGA-UCS and a cyclic process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import load_evidence
from survsim.competing import (
    MultistateData,
    mean_time_in_state,
    multistate_fit,
    multistate_occupancy,
    prepare_multistate,
)
from survsim.evidence import patient_histories

PINNED = json.loads((Path(__file__).parent / "multistate.json").read_text())
MEAN_TIME = json.loads((Path(__file__).parent / "mean_time.json").read_text())["cells"]
CLOSE = {"rtol": 1e-6, "atol": 1e-10}


def number(values: Any) -> np.ndarray:
    return np.array(values, dtype=float)


@pytest.fixture(scope="module")
def tcga() -> MultistateData:
    found = patient_histories(load_evidence(), "tcga_ucs")
    return prepare_multistate(
        found.patients,
        found.events,
        start="surgery",
        transitions={"surgery": ["recurrence", "death"], "recurrence": ["death"]},
        unit=found.unit,
        facts=found.facts,
        source=found.source,
    )


def cycle() -> MultistateData:
    rows = pd.DataFrame(PINNED["cycle"]["rows"])
    patients = rows.groupby("id")["exit"].max().rename("follow_up").rename_axis("patient_id").reset_index()
    patients["weight"] = np.array([1, 2, 0.5, 1.25])[patients["patient_id"] % 4]
    moved = rows[rows["to"] != "none"]
    events = pd.DataFrame({"patient_id": moved["id"], "state": moved["to"], "time": moved["exit"]})
    ways = {"well": ["ill", "dead"], "ill": ["well", "dead"]}
    return prepare_multistate(
        patients, events, start="well", transitions=ways, unit="days", covariates=["weight"]
    )


def check_occupancy(found: Any, expected: dict[str, Any]) -> None:
    at = np.searchsorted(found.time, expected["time"])
    np.testing.assert_array_equal(found.time[at], expected["time"])
    estimate = number(expected["estimate"])
    np.testing.assert_allclose(found.estimate[:, at], estimate, **CLOSE)
    np.testing.assert_allclose(found.std_error[:, at], number(expected["std_error"]), rtol=1e-6, atol=1e-9)
    inside = (estimate > 1e-9) & (estimate < 1 - 1e-9)
    for mine, theirs in ((found.conf_low, "low"), (found.conf_high, "high")):
        np.testing.assert_allclose(mine[:, at][inside], number(expected[theirs])[inside], **CLOSE)


def check_aalen(found: Any, expected: dict[str, Any]) -> None:
    at = np.searchsorted(found.time, expected["time"])
    np.testing.assert_allclose(found.estimate[:, at], number(expected["estimate"]).T, **CLOSE)
    variance = number(expected["variance"]).T
    np.testing.assert_allclose(found.std_error[:, at] ** 2, variance, rtol=1e-6, atol=1e-12)


def test_tcga_counts_of_transitions(tcga: MultistateData) -> None:
    assert tcga.counts()[["n_entered", "n_event", "n_censor"]].to_numpy().tolist() == [
        [56, 31, 15],
        [56, 10, 15],
        [31, 25, 6],
    ]
    assert tcga.left_out == ("TCGA-QN-A5NN",)


def test_tcga_facts_follow_the_flags(tcga: MultistateData) -> None:
    found = patient_histories(load_evidence(), "tcga_ucs")
    unknown = found.facts[found.facts["time"].isna()]
    # Flag missing and no record, or a record without a day: not known, which is not never.
    assert set(unknown.loc[unknown["fact"] == "radiotherapy", "patient_id"]) == {
        "TCGA-N5-A4RD",
        "TCGA-N9-A4Q4",
    }
    assert set(unknown.loc[unknown["fact"] == "drug", "patient_id"]) == {
        "TCGA-N5-A4RD", "TCGA-N9-A4Q4", "TCGA-N5-A4RS", "TCGA-N5-A4RV",
    }  # fmt: skip
    late = found.flags.loc[found.flags["flag"] == "first_drug_late", "row_id"].str.removeprefix("tcga_ucs/")
    assert len(late) == 3
    # Drugs that came late came after recurrence, so no fact of the first state says otherwise.
    first = tcga.rows[tcga.rows["patient_id"].isin(late) & (tcga.rows["source"] == "surgery")]
    assert (first["drug"] == 0).all()
    missing = found.flags.loc[found.flags["flag"] == "flag_missing", "row_id"].str.removeprefix("tcga_ucs/")
    assert set(missing) - set(unknown["patient_id"]) == {"TCGA-N7-A59B"}  # records speak for this one


def test_tcga_occupancy_equals_survfit_and_etm(tcga: MultistateData) -> None:
    check_occupancy(multistate_occupancy(tcga), PINNED["tcga"]["occupancy"])
    check_aalen(multistate_occupancy(tcga, variance="aalen"), PINNED["tcga"]["aalen"])


def test_cyclic_occupancy_equals_survfit_and_etm() -> None:
    data = cycle()
    check_occupancy(multistate_occupancy(data), PINNED["cycle"]["occupancy"])
    check_occupancy(multistate_occupancy(data, weight="weight"), PINNED["cycle"]["weighted"])
    check_aalen(multistate_occupancy(data, variance="aalen"), PINNED["cycle"]["aalen"])


@pytest.mark.parametrize("cell", MEAN_TIME, ids=lambda c: f"{c['tau']}-{c['weighted']}")
def test_mean_time_in_state_equals_survfit(cell: dict[str, Any]) -> None:
    found = mean_time_in_state(cycle(), cell["tau"], weight="weight" if cell["weighted"] else None)
    np.testing.assert_allclose(found.estimate[0], cell["estimate"], **CLOSE)
    np.testing.assert_allclose(found.std_error[0], cell["std_error"], **CLOSE)


@pytest.mark.parametrize("cell", range(6))
def test_tcga_cox_models_equal_coxph(tcga: MultistateData, cell: int) -> None:
    expected = PINNED["tcga"]["cox"][cell]
    fit = multistate_fit(tcga, "radiotherapy + drug", clock=expected["clock"])
    model = fit.fits[f"{expected['source']} > {expected['target']}"]
    assert (model.n_event, len(model.surv)) == (expected["n_event"], expected["n_rows"])
    assert len(tcga.transition(expected["source"], expected["target"])) == expected["rows"]
    np.testing.assert_allclose(model.estimate, expected["estimate"], **CLOSE)
    np.testing.assert_allclose(model.std_error, expected["std_error"], **CLOSE)
    np.testing.assert_allclose(model.log_likelihood, expected["log_likelihood"], **CLOSE)


@pytest.mark.parametrize("cell", range(3))
def test_tcga_weibull_models_equal_survreg(tcga: MultistateData, cell: int) -> None:
    expected = PINNED["tcga"]["weibull"][cell]
    laws = multistate_fit(tcga, model="weibull").transition_laws()
    law = next(x for x in laws if (x.source, x.target) == (expected["source"], expected["target"]))
    np.testing.assert_allclose(law.distribution.shape, expected["shape"], rtol=1e-6)
    np.testing.assert_allclose(law.distribution.scale, expected["scale"], rtol=1e-6)
