"""Simulated stays, given to the project's own estimators as multi-state data, return the truth that made them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import survsim
from survsim import Execution
from survsim.simulation.running.patient_output import read_patients
from survsim.simulation.running.run import simulate_model
from tests.helpers.disease_models import illness_death

N = 20_000


@pytest.fixture(scope="module")
def stays(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder = tmp_path_factory.mktemp("stays")
    simulate_model(
        illness_death(), patients=N, seed=17, execution=Execution(folder=folder), patient_output=True
    )
    return read_patients(folder, "stays")


@pytest.mark.parametrize(
    ("source", "target", "shape", "scale"),
    [("well", "ill", 1.2, 3.0), ("ill", "dead", 0.8, 2.0), ("well", "dead", 1.0, 20.0)],
)
def test_weibull_of_each_transition_is_recovered(
    stays: pd.DataFrame, source: str, target: str, shape: float, scale: float
) -> None:
    """Other transitions censor: the cause-specific fit sees the hazard that was put in."""
    rows = stays[stays["source"] == source]
    surv = survsim.Surv.right(rows["exit"] - rows["entry"], rows["target"] == target, unit="years")
    fit = survsim.parametric_survival(surv, "weibull")
    # predictors: mu = log scale, log(sigma) = -log shape
    assert fit.predictor == ("mu", "log(sigma)")
    z = (fit.estimate - np.array([np.log(scale), -np.log(shape)])) / np.sqrt(np.diag(fit.covariance))
    assert np.all(np.abs(z) < 4), fit.to_frame()


def test_kaplan_meier_of_the_patients_is_the_simulated_curve(tmp_path: Path) -> None:
    r = simulate_model(
        illness_death(),
        patients=N,
        seed=18,
        execution=Execution(folder=tmp_path),
        patient_output=True,
        grid_step=1.0,
    )
    patients = read_patients(tmp_path)
    time = np.minimum(patients["death_time"], 10.0)
    km = survsim.kaplan_meier(survsim.Surv.right(time, np.isfinite(patients["death_time"]), unit="years"))
    frame = km.to_frame()
    for t, s in zip(r.grid[1:-1], r.survival().estimate[0][1:-1]):
        assert frame.loc[frame["time"] <= t, "estimate"].iloc[-1] == pytest.approx(s, abs=1e-9)
