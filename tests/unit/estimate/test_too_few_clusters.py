"""One cluster has nothing to differ from: no robust standard error, no limits, no p-value, and a sentence that says so.

A sum of influence is 0 at an estimate, so that of the only cluster is rounding whatever the data: an interval of no width
and a p-value of 0 would be made of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, bootstrap, cox_ph, kaplan_meier, milestone_test, rmst, rmst_test, royston_parmar
from survsim.causal import standardised_survival
from survsim.competing import mean_time_in_state, multistate_occupancy, prepare_multistate
from survsim.core.clusters import unit_sums
from survsim.errors import InputError, SmallSampleWarning
from survsim.nonparametric import conditional_survival, nelson_aalen, simultaneous_band
from survsim.parametric import parametric_survival
from tests.architecture.test_response_parts import CALLS, COMPETING, START_STOP, TABLE, N, load, response

ERRORS = (
    "std_error",
    "robust_std_error",
    "conf_low",
    "conf_high",
    "p_value",
    "p_adjusted",
    "exp_low",
    "exp_high",
)
CERTAIN = {"reverse_kaplan_meier": "estimate", "aalen_johansen": "estimate"}
"""Curves with a stretch before their first step, where limits are those of certainty: 1 and 1, or 0 and 0."""
REFUSED = {"penalty_path"}
WITH_CLUSTERS = sorted(name for name, row in TABLE.items() if row["cluster"] == "used")


def frames(found: Any) -> Iterator[pd.DataFrame]:
    for one in found.values() if isinstance(found, dict) else [found]:
        if hasattr(one, "to_frame"):
            yield one.to_frame()


@pytest.mark.parametrize("name", WITH_CLUSTERS)
def test_no_function_has_an_error_from_one_cluster(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(response.__globals__["GIVEN"], "cluster", np.zeros(N, int))
    surv, frame = response("cluster", name in COMPETING, name in START_STOP)
    if name in REFUSED:
        with pytest.raises(InputError, match="1 clusters"):
            CALLS[name](load(name), surv, frame)
        return
    with pytest.warns(SmallSampleWarning, match=r"\(NaN\)"):
        found = CALLS[name](load(name), surv, frame)
    for table in frames(found):
        if "robust_std_error" in table:
            table = table.drop(columns="std_error")  # the model's, which stands
        rows = np.ones(len(table), bool)
        if name in CERTAIN:
            rows = ~table[CERTAIN[name]].isin([0.0, 1.0]).to_numpy()
        for column in set(ERRORS) & set(table):
            assert table[column][rows].isna().all(), column
        estimates = table.get("estimate")
        assert estimates is None or np.isfinite(estimates).any()


TIME = np.arange(1.0, 13.0)
EVENT = [1, 0, 1, 1] * 3
ARM = np.repeat(["a", "b"], 6)
# arm a in one centre, arm b in three
ONE_SIDED = Surv.right(TIME, EVENT, unit="months", cluster=[1] * 6 + [2, 3, 4] * 2)
LATE = Surv.right(
    np.tile(TIME[:6], 2) + np.repeat([0, 3], 6), EVENT, unit="months", cluster=[1] * 6 + [2, 3, 4] * 2
)
SECOND = Surv.right(TIME[6:], EVENT[6:], unit="months", cluster=[2, 3, 4] * 2)


@pytest.mark.parametrize("curve", [kaplan_meier, nelson_aalen])
def test_a_group_of_one_cluster_leaves_the_limits_of_the_others(curve: Any) -> None:
    with pytest.warns(SmallSampleWarning, match="group 'a' has one cluster only") as told:
        both = curve(ONE_SIDED, ARM)
    assert len(told) == 1
    first, second = (both.to_frame().query(f"group == '{g}'") for g in "ab")
    assert first[["std_error", "conf_low", "conf_high"]].isna().all(axis=None)
    pd.testing.assert_frame_equal(
        second.drop(columns="group").reset_index(drop=True), curve(SECOND).to_frame().drop(columns="group")
    )


def test_a_median_has_no_limits_where_its_curve_has_none() -> None:
    with pytest.warns(SmallSampleWarning):
        median = kaplan_meier(ONE_SIDED, ARM).median()
    assert median.estimate.tolist() == [4.0, 10.0]
    assert np.isnan([median.conf_low[0], median.conf_high[0]]).all()
    assert np.isfinite([median.conf_low[1], median.conf_high[1]]).all()


@pytest.mark.filterwarnings("ignore::survsim.errors.SmallSampleWarning")
def test_a_contrast_with_a_group_of_one_cluster_has_no_p_value() -> None:
    for contrast in (milestone_test(LATE, ARM, 5.0), rmst_test(LATE, ARM, 6.0)):
        assert np.isnan([*contrast.conf_low, *contrast.conf_high, *contrast.p_value]).all()
        assert np.isfinite(contrast.contrast_estimate).all()


def test_patients_of_several_rows_are_units_too() -> None:
    rows = Surv.right([2, 4, 6], [0, 0, 1], unit="months", entry=[0, 2, 4], id=[7, 7, 7])
    with pytest.warns(SmallSampleWarning, match="one patient only"):
        assert np.isnan(kaplan_meier(rows, robust=True).std_error).all()


FRAME = pd.DataFrame({"x": np.resize([0.0, 1.0, 1.0, 0.0, 1.0], 12), "arm": np.resize(["a", "a", "b"], 12)})
LONE = Surv.right(TIME, EVENT, unit="months", cluster=np.ones(12))


def test_predictions_of_a_fit_without_variance_have_no_limits() -> None:
    for fit in (parametric_survival, royston_parmar):
        options = {"family": "weibull"} if fit is parametric_survival else {"df": 1}
        with pytest.warns(SmallSampleWarning, match="one cluster only"):
            alone = fit(LONE, formula="x", data=FRAME, **options)
        plain = fit(LONE, formula="x", data=FRAME, robust=False, **options)
        at, right = (f.predict_survival(FRAME[:2], [4.0]) for f in (alone, plain))
        np.testing.assert_allclose(at.survival, right.survival, rtol=1e-12)
        assert np.isnan([at.std_error, at.conf_low, at.conf_high]).all()
        with pytest.raises(InputError, match="have no covariance"):
            alone.draws(3, seed=1)


def test_predictions_of_regressions_without_variance_have_no_limits() -> None:
    with pytest.warns(SmallSampleWarning, match="one cluster only"):
        cox = cox_ph(LONE, "x", FRAME)
    at = cox.predict_survival(FRAME[:2], [4.0])
    assert np.isnan([at.std_error, at.conf_low, at.conf_high]).all() and np.isfinite(at.survival).all()
    with pytest.raises(InputError, match="resamples clusters, and this response has one"):
        cox.validate(n_bootstrap=10)


def test_resampling_one_cluster_of_a_causal_contrast_gives_no_limits() -> None:
    with pytest.warns(SmallSampleWarning, match="one cluster only"):
        fit = cox_ph(LONE, "x + arm", FRAME)
    with pytest.warns(SmallSampleWarning, match="all resamples give the same numbers") as told:
        found = standardised_survival(fit, FRAME, "arm", [4.0], tau=6.0, n_resamples=5)
    assert len(told) == 1, "the fits of the resamples say nothing"
    assert np.isnan([found.std_error, found.conf_low, found.conf_high]).all()


def test_a_band_of_one_cluster_is_none() -> None:
    # a critical value divided by a variance of 0 here
    with pytest.warns(SmallSampleWarning, match="one cluster") as told:
        band = simultaneous_band(
            kaplan_meier(Surv.right([3, 4, 5], [1, 0, 1], unit="months", cluster=[1] * 3))
        )
    assert np.isnan([*band.conf_low, *band.conf_high, *band.critical_value]).all()
    assert len(told) == 2  # the curve's, and the band's


@pytest.mark.parametrize("kind", ["equal-precision", "hall-wellner"])
@pytest.mark.filterwarnings("ignore::survsim.errors.SmallSampleWarning")
def test_a_band_of_one_group_of_one_cluster_leaves_the_others(kind: str) -> None:
    both = simultaneous_band(kaplan_meier(ONE_SIDED, ARM), kind, start=1, end=8).to_frame()
    alone = simultaneous_band(kaplan_meier(SECOND), kind, start=1, end=8).to_frame()
    assert both.query("group == 'a'")[["conf_low", "conf_high"]].isna().all(axis=None)
    pd.testing.assert_frame_equal(
        both.query("group == 'b'").drop(columns="group").reset_index(drop=True), alone.drop(columns="group")
    )


@pytest.mark.parametrize(
    ("time", "event", "x", "cluster"),
    [
        ([3, 3, 3], [1, 1, 1], [1.0, 2.0, 4.0], None),
        ([2, 1, 3, 4, 2, 1], [1, 0, 0, 1, 0, 0], [1.0, 1.0, 1.0, 0.0, 2.0, 1.0], [0, 0, 1, 1, 1, 0]),
    ],
    ids=["all-events-at-once", "clusters-that-cancel"],
)
def test_a_robust_variance_of_zero_is_none(
    time: list[int], event: list[int], x: list[float], cluster: Any
) -> None:
    surv = Surv.right(time, event, unit="months", cluster=cluster)
    with pytest.warns(
        SmallSampleWarning, match="the robust standard error of 1 of 1 coefficients is 0"
    ) as told:
        fit = cox_ph(surv, None, np.array(x)[:, None], robust=True)
    assert len(told) == 1
    assert np.isfinite(fit.std_error).all()  # the model's
    assert np.isnan([fit.robust_std_error, *fit.limits(), fit.p_value]).all()
    assert np.isnan(fit.residuals("dfbetas")).all()


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_what_is_no_variance_does_not_depend_on_the_scale_of_weights(scale: float) -> None:
    weight = np.linspace(0.5, 2.0, 12)
    fits = [
        cox_ph(Surv.right(TIME, EVENT, unit="months", weight=weight * s), "x", FRAME, robust=True)
        for s in (1.0, scale)
    ]
    np.testing.assert_allclose(fits[1].robust_std_error, fits[0].robust_std_error, rtol=1e-6)


def test_a_mean_of_a_curve_that_fell_to_zero_at_once_has_no_limits() -> None:
    # everybody at risk at 3 has the event: the area beyond is 0, and so is what chance moves of it
    surv = Surv.right([3, 5, 6, 8], [1, 1, 0, 1], unit="months", entry=[0, 3, 3, 4])
    with pytest.warns(SmallSampleWarning) as told:
        mean = rmst(surv, tau=6.0)
    assert [w.category for w in told] == [SmallSampleWarning] * 2
    assert mean.estimate == 3.0 and np.isnan([mean.conf_low, mean.conf_high]).all()


def test_a_mean_before_the_first_event_is_tau() -> None:
    mean = rmst(Surv.right([5, 6, 8], [1, 1, 0], unit="months"), tau=4.0)
    assert (mean.conf_low, mean.conf_high) == (4.0, 4.0)


def test_groups_whose_median_is_never_reached_differ_by_nothing() -> None:
    surv = Surv.right([3, 2, 1, 2], [0, 0, 0, 0], unit="months")
    with pytest.warns(UserWarning) as told:
        found = bootstrap(surv, "median", by=[1, 0, 1, 1], n_resamples=20)
    said = [str(w.message) for w in told]
    assert any("in 20 of 20 resamples: it has no standard error and no interval (NaN)" in s for s in said)
    assert not any("those of the others" in s or "invalid value" in s for s in said)
    assert np.isnan(found.estimate[2]) and np.isnan(found.conf_low[2])


def test_sums_over_units() -> None:
    values = np.arange(6.0).reshape(3, 2)
    surv = Surv.right([1, 2, 3], [1, 1, 1], unit="days", cluster=["a", "b", "a"])
    assert unit_sums(values, surv).tolist() == [[4.0, 6.0], [2.0, 3.0]]
    assert unit_sums(values[:, 0], surv).tolist() == [4.0, 2.0]
    assert np.isnan(unit_sums(values[[0, 2]], surv, np.array([0, 2]))).all()
    assert unit_sums(values, Surv.right([1, 2, 3], [1, 1, 1], unit="days")) is values


@pytest.mark.parametrize("measure", [multistate_occupancy, lambda data: mean_time_in_state(data, 8.0)])
def test_one_patient_of_a_multistate_model_has_no_limits(measure: Any) -> None:
    patients = pd.DataFrame({"patient_id": ["a"], "follow_up": [10.0]})
    events = pd.DataFrame({"patient_id": ["a", "a"], "state": ["ill", "dead"], "time": [4.0, 10.0]})
    ways = {"well": ["ill", "dead"], "ill": ["dead"]}
    with pytest.warns(SmallSampleWarning, match="the only group has one patient only"):
        found = measure(prepare_multistate(patients, events, start="well", transitions=ways, unit="months"))
    assert np.isnan(found.std_error).all() and np.isfinite(found.estimate).all()


def test_groups_are_named() -> None:
    groups = np.repeat([1, 2], 6)
    surv = Surv.right(TIME, EVENT, unit="months", cluster=groups)
    with pytest.warns(SmallSampleWarning, match="group [12] has one cluster only") as told:
        conditional_survival(surv, given=1.0, times=[3.0], by=groups)
    assert [str(w.message)[:7] for w in told] == ["group 1", "group 2"]
    with pytest.warns(SmallSampleWarning):
        fit = cox_ph(LONE, "x", FRAME)
    with pytest.warns(SmallSampleWarning, match="group 1 has one cluster only") as told:
        shown = fit.calibration(8.0, groups=2)
    assert len(told) == 1 and np.isnan(shown.conf_low[0])
