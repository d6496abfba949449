"""Clones weighted by covariates that change over time, against glm and survfit on weighted start-stop rows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, clone_censor_weight

PINNED = json.loads((Path(__file__).parent / "clone_history.json").read_text())


def test_weights_and_curves_are_those_of_person_intervals() -> None:
    data = pd.DataFrame(PINNED["patients"])
    history = pd.DataFrame(PINNED["history"])
    start = np.where(data["start"] < 0, np.inf, data["start"])
    made = clone_censor_weight(
        Surv.right(data["time"], data["event"], unit="months"),
        start,
        grace=3,
        formula="marker + age",
        data=data[["id", "age"]],
        history=history.sample(frac=1.0, random_state=2),
        patient="id",
        measured="month",
        n_intervals=3,
        times=PINNED["times"],
        tau=9,
        n_resamples=0,
    )
    for group, expected in zip(made.groups, PINNED["curves"]):
        found = [made.row("survival", group, t)["estimate"] for t in PINNED["times"]]
        assert found == pytest.approx(expected, rel=1e-6)
    assert made.weight_max == pytest.approx(PINNED["largest"], rel=1e-6)
