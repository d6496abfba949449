"""Legends and rows of the risk table whose text runs over several lines, as the package's own narrow figure has them."""

from __future__ import annotations

import numpy as np
import pytest

import survsim

ARMS = ("Chemotherapy with radiotherapy of the pelvis", "Observation after complete resection")


@pytest.fixture(scope="module")
def figure():
    rng = np.random.default_rng(1)
    time, lost = rng.exponential(20, 120), rng.uniform(5, 50, 120)
    surv = survsim.Surv.right(np.round(np.minimum(time, lost), 2) + 0.01, time <= lost, unit="months")
    return survsim.kaplan_meier(surv, by=np.repeat(ARMS, 60)).plot(width="85mm").figure


@pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")
@pytest.mark.parametrize("form", ["svg", "pdf"])
def test_no_line_of_a_label_is_lost(figure, tmp_path, form):
    figure.savefig(tmp_path / f"narrow.{form}")
    read = survsim.digitise(tmp_path / f"narrow.{form}", unit="months")
    assert {arm.partition(":")[0] for arm in read.arms} == set(ARMS)
    assert set(read.at_risk.arm) == set(read.arms)
    assert read.panel == ""
