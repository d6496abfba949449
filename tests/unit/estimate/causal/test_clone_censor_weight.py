"""Clones by hand, collapse to treatment at time 0, treatment that switches on, messages."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, clone_censor_weight, ipw_kaplan_meier
from survsim.causal import time_varying_treatment
from survsim.errors import ConvergenceError, InputError, SmallSampleWarning
from survsim.estimate.causal.time_varying_treatment import start_stop
from tests.helpers.causal_worlds import confounded, late_treatment

NEVER = np.inf
S = Surv.right([2, 4, 5, 6, 7, 8, 9, 10], [1] * 8, unit="months")
START = [NEVER, 1, NEVER, 2, NEVER, 1, NEVER, 2]


def test_curves_by_hand():
    made = clone_censor_weight(S, START, grace=3, n_intervals=1, times=[2, 5, 6], tau=6, n_resamples=0)
    # "Within grace": all 8 at risk at 2; then the four who started (4, 6, 8, 10) with equal weights.
    within = [made.row("survival", "within grace", t)["estimate"] for t in (2, 5, 6)]
    np.testing.assert_allclose(within, [7 / 8, 7 / 8 * 3 / 4, 7 / 8 * 3 / 4 * 2 / 3], rtol=1e-10)
    # "Not": at 2 the two who start at 1 are censored and the two who start at 2 are not yet; then 5, 7, 9.
    without = [made.row("survival", "not within grace", t)["estimate"] for t in (2, 5, 6)]
    np.testing.assert_allclose(without, [5 / 6, 5 / 6 * 2 / 3, 5 / 6 * 2 / 3], rtol=1e-10)
    assert (made.n_started, made.n_censored.tolist(), made.n_after.tolist()) == (4, [4, 3], [3, 4])
    # The chance to go on without a start: begun 4 of 4 + 3 + 2/3 person-periods; with one, 4 of 7.
    np.testing.assert_allclose(made.weight_max, [1 / (1 - 4 / (4 + 3 + 2 / 3)), 7 / 4], rtol=1e-9)


def test_treatment_at_time_0_is_inverse_probability_weighting():
    surv, frame = confounded(90, -0.4, np.random.default_rng(5))
    start = np.where(frame["z"] == 1, 0.0, NEVER)
    grace = float(surv.time.min()) / 2
    made = clone_censor_weight(
        surv, start, grace=grace, formula="x", data=frame, n_intervals=1, times=[5, 10], tau=12, n_resamples=0
    )
    other = ipw_kaplan_meier(surv, frame["z"], "x", frame, times=[5, 10], tau=12, interval="robust")
    np.testing.assert_allclose(made.estimate, other.estimate, rtol=1e-8)


def test_the_bootstrap_takes_both_clones_of_a_patient():
    surv, start, frame = late_treatment(80, np.random.default_rng(6))
    options = {"grace": 6, "formula": "x", "data": frame, "times": 12, "tau": 18, "seed": 3}
    made = clone_censor_weight(surv, start, n_resamples=25, **options)
    again = clone_censor_weight(surv, start, n_resamples=25, **options)
    np.testing.assert_array_equal(made.replicates, again.replicates)
    row = made.row("rmst", "difference")
    assert row["conf_low"] < row["estimate"] < row["conf_high"] and made.n_undefined == 0
    assert made.diagnostics()["strategy"].tolist() == ["not within grace", "within grace"]


def test_truncation_caps_the_weights():
    surv, start, frame = late_treatment(80, np.random.default_rng(6))
    options = {"grace": 6, "formula": "x", "data": frame, "tau": 18, "n_resamples": 0}
    free = clone_censor_weight(surv, start, **options)
    cut = clone_censor_weight(surv, start, truncate=0.3, **options)
    for g in (0, 1):
        assert cut.weight_max[g] == pytest.approx(np.quantile(free.weight_after[g], 0.7))


def test_few_who_go_on_are_named():
    x = np.concatenate([np.ones(30), np.zeros(30)])
    start = np.where(x == 1, 1.0, NEVER)
    start[[0, 1, 40, 41, 42, 43, 44, 45, 46, 47]] = [NEVER, NEVER, 1, 1, 1, 1, 1, 1, 1, 1]
    surv = Surv.right(np.linspace(4, 20, 60), np.ones(60), unit="months")
    with pytest.warns(SmallSampleWarning, match="few patients stand for many: 24 clones under 'not within"):
        clone_censor_weight(surv, start, grace=2, formula="x", data=pd.DataFrame({"x": x}), n_resamples=0)


def test_covariates_that_decide_who_starts():
    frame = pd.DataFrame({"x": [0, 1] * 4})
    with pytest.raises(ConvergenceError, match="decide the start of treatment"):
        clone_censor_weight(S, START, grace=3, formula="x", data=frame, n_resamples=0)
    made = clone_censor_weight(S, START, grace=3, formula="x", data=frame, separation="firth", n_resamples=0)
    assert np.isfinite(made.estimate[:6]).all()


def test_messages():
    with pytest.raises(InputError, match=r"start is missing in row 1\. Pass numpy\.inf"):
        clone_censor_weight(S, [NEVER, np.nan, *START[2:]], grace=3)
    with pytest.raises(InputError, match=r"starts after the end of follow-up in row 0 .start 3, time 2"):
        clone_censor_weight(S, [3, *START[1:]], grace=3)
    with pytest.raises(InputError, match="must not be negative; found -1 in row 1"):
        clone_censor_weight(S, [NEVER, -1, *START[2:]], grace=3)
    with pytest.raises(InputError, match="one value a patient"):
        clone_censor_weight(S, START[:3], grace=3)
    with pytest.raises(
        InputError, match=r"7 patients followed beyond the grace period .3 months., 0 had started"
    ):
        clone_censor_weight(S, [NEVER] * 8, grace=3)
    with pytest.raises(InputError, match="grace must lie in"):
        clone_censor_weight(S, START, grace=0)
    with pytest.raises(InputError, match="come together"):
        clone_censor_weight(S, START, grace=3, formula="x")
    with pytest.raises(InputError, match="data has 2 rows for 8"):
        clone_censor_weight(S, START, grace=3, formula="x", data=pd.DataFrame({"x": [1, 2]}))
    with pytest.raises(InputError, match="no entry, cluster or stratum"):
        entered = Surv.right([2, 3], [1, 1], unit="months", entry=[1, 0])
        clone_censor_weight(entered, [NEVER, 1], grace=1)


def test_rows_before_and_after_the_start_by_hand():
    surv = Surv.right([5, 8, 3, 6], [1, 0, 1, 1], unit="months")
    rows, patient, treated = start_stop(surv, [2, NEVER, 0, 6])
    found = sorted(zip(patient.tolist(), rows.entry, rows.time, rows.event.tolist(), treated))
    assert found == [
        (0, 0, 2, False, 0),
        (0, 2, 5, True, 1),
        (1, 0, 8, False, 0),
        (2, 0, 3, True, 1),
        (3, 0, 6, True, 0),
    ]


def test_treatment_over_time_messages():
    with pytest.raises(InputError, match="nothing to compare"):
        time_varying_treatment(S, [NEVER] * 8)
    with pytest.raises(InputError, match="come together"):
        time_varying_treatment(S, START, "x")
    with pytest.raises(InputError, match="no column 'treated'"):
        time_varying_treatment(S, START, "treated", pd.DataFrame({"treated": [0] * 8}))
    assert "start treatment" in time_varying_treatment(S, START).note
