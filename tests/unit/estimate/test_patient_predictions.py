"""Hazards, quantiles and medians of single patients: closed forms, cases on paper, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from survsim import (
    Surv,
    aalen_johansen,
    cause_specific_cox,
    cox_ph,
    mixture_cure,
    parametric_survival,
    royston_parmar,
)
from survsim.errors import ExtrapolationWarning, InputError

FOUR = Surv.right([1.0, 2.0, 3.0, 4.0], [1, 1, 1, 1], unit="months")
X = np.array([[0.0], [1.0], [0.0], [1.0]])


def sixty(seed: int = 4) -> tuple[Surv, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, (60, 1)).astype(float)
    time = np.round(rng.exponential(8.0 * np.exp(-0.5 * x[:, 0])) + 0.05, 2)
    return Surv.right(np.minimum(time, 20.0), time < 20.0, unit="months"), x


def test_exponential_median_is_log_2_over_the_rate_with_error_one_over_root_events():
    fit = parametric_survival(FOUR, "exponential")
    median = fit.predict_median()
    assert median.estimate[0, 0] == pytest.approx(np.log(2) * 10 / 4)
    reach = np.exp(1.959963984540054 / 2)
    assert median.conf_low[0, 0] == pytest.approx(np.log(2) * 2.5 / reach)
    assert median.conf_high[0, 0] == pytest.approx(np.log(2) * 2.5 * reach)


def test_exponential_hazard_is_the_rate_at_any_time():
    hazard = parametric_survival(FOUR, "exponential").predict_hazard(times=[0.5, 3.0])
    assert hazard.estimate[0] == pytest.approx([0.4, 0.4])
    assert hazard.std_error[0] == pytest.approx([0.2, 0.2])
    assert hazard.to_frame()["time"].tolist() == [0.5, 3.0]


def test_jumps_of_the_cox_hazard_add_up_to_the_cumulative_hazard():
    surv, x = sixty()
    fit = cox_ph(surv, None, x)
    jumps, total = fit.predict_hazard([[0.0], [1.0]]), fit.predict_cumulative_hazard([[0.0], [1.0]])
    assert np.cumsum(jumps.estimate, axis=1) == pytest.approx(total.estimate)
    assert (jumps.estimate[1] / jumps.estimate[0]) == pytest.approx(np.exp(fit.estimate[0]))
    between_events = float(np.unique(surv.time)[:2].mean())
    assert fit.predict_hazard([[0.0]], [between_events]).estimate.tolist() == [[0.0]]
    assert np.exp(-total.estimate) == pytest.approx(fit.predict_survival([[0.0], [1.0]]).survival)


def test_nelson_aalen_by_hand_in_a_cox_model_with_coefficient_0():
    surv = Surv.right([1, 1, 2, 2], [1, 1, 1, 1], unit="months")
    fit = cox_ph(surv, None, np.array([[0.0], [1.0], [0.0], [1.0]]), ties="breslow")
    assert fit.estimate == pytest.approx([0.0], abs=1e-12)
    found = fit.predict_cumulative_hazard([[0.0]], [1.0, 2.0])
    assert found.estimate[0] == pytest.approx([2 / 4, 2 / 4 + 2 / 2])


def test_quantile_and_survival_of_a_spline_are_each_others_inverse():
    surv, x = sixty()
    fit = royston_parmar(surv, None, x, df=3)
    found = fit.predict_quantile([0.2, 0.6], [[0.0], [1.0]])
    for i, row in enumerate(([[0.0]], [[1.0]])):
        survival = fit.predict_survival(row, found.estimate[i]).survival[0]
        assert survival == pytest.approx([0.8, 0.4])
    assert (found.conf_low < found.estimate).all() and (found.estimate < found.conf_high).all()


def test_a_share_that_the_cured_never_reach_has_no_time():
    rng = np.random.default_rng(2)
    time = np.concatenate([rng.exponential(4.0, 60), np.full(60, 50.0)])
    fit = mixture_cure(Surv.right(time, time < 50.0, unit="months"))
    found = fit.predict_quantile([0.2, 0.9])
    assert np.isfinite(found.estimate[0, 0]) and found.conf_low[0, 0] < found.estimate[0, 0]
    assert [v[0, 1] for v in (found.estimate, found.conf_low, found.conf_high)] == [np.inf] * 3


def test_a_median_that_a_cox_curve_does_not_reach_is_infinite():
    surv = Surv.right([1, 2, 5, 5, 5, 5], [1, 1, 0, 0, 0, 0], unit="months")
    median = cox_ph(surv, None, np.array([[0.0], [1], [0], [1], [0], [1]])).predict_median([[0.0]])
    assert median.estimate[0, 0] == np.inf and median.conf_high[0, 0] == np.inf


def test_a_time_beyond_follow_up_warns():
    surv = Surv.right([1, 2, 3, 3, 3, 3], [1, 1, 0, 0, 0, 0], unit="months")
    fit = parametric_survival(surv, "exponential")
    with pytest.warns(ExtrapolationWarning):
        fit.predict_median()


@pytest.mark.parametrize("p", [0.0, 1.0, 1.5, -0.1, [], "half", [0.5, np.nan]])
def test_shares_outside_0_and_1_are_refused(p):
    surv, x = sixty()
    for fit in (cox_ph(surv, None, x), parametric_survival(surv, "weibull")):
        with pytest.raises(InputError):
            fit.predict_quantile(p)
    causes = Surv.competing([1, 2, 3], ["a", "b", "none"], unit="months", censored="none")
    if p != []:
        with pytest.raises(InputError):
            aalen_johansen(causes).quantile(p)


def test_hazards_are_refused_where_there_is_none():
    surv, x = sixty()
    law = parametric_survival(surv, "weibull")
    with pytest.raises(InputError, match="times is missing"):
        law.predict_hazard()
    for times in ([0.0, 1.0], [-1.0], []):
        with pytest.raises(InputError, match="above 0"):
            law.predict_cumulative_hazard(times=times)
    with pytest.raises(InputError, match="conf_type"):
        cox_ph(surv, None, x).predict_hazard(conf_type="log-log")
    net = cox_ph(surv, None, x, penalty="elasticnet", penalty_strength=0.1)
    with pytest.raises(InputError, match="elastic-net"):
        net.predict_median()


def test_incidence_by_hand():
    """Four patients: 1/4 of the first cause at 1, 1/4 of the second at 2, and the last two of the first at 4."""
    surv = Surv.competing([1, 2, 3, 4], ["a", "b", "none", "a"], unit="years", censored="none")
    curves = aalen_johansen(surv)
    table = curves.quantile([0.2, 0.25, 0.7, 0.8]).to_frame()
    # Level at 0.25 from 1 to 4: the middle, as for a survival curve.
    assert table["estimate"].tolist() == [1.0, 2.5, 4.0, np.inf, 2.0, 3.0, np.inf, np.inf]
    free = curves.event_free_at([0.5, 1.0, 2.5, 4.0])
    assert free.estimate.tolist() == pytest.approx([1.0, 0.75, 0.5, 0.0])
    assert free.n_risk.tolist() == [4.0, 4.0, 2.0, 1.0]
    assert free.conf_low[0] == free.conf_high[0] == 1.0
    assert curves.at_risk([0.0, 3.0, 5.0]).tolist() == [[4.0, 2.0, 0.0]]


def test_event_free_survival_is_unknown_after_follow_up():
    surv = Surv.competing([1, 2, 3], ["a", "b", "none"], unit="years", censored="none")
    with pytest.warns(ExtrapolationWarning, match="free of events"):
        assert np.isnan(aalen_johansen(surv).event_free_at([4.0]).estimate).all()


def test_without_bands_there_are_no_limits():
    surv = Surv.competing([1, 2, 3], ["a", "b", "none"], unit="years", censored="none")
    curves = aalen_johansen(surv, conf_type="none")
    assert np.isnan(curves.quantile(0.3).conf_low).all()
    assert np.isnan(curves.event_free_at(1.0).conf_high).all()


def test_incidence_with_strata_asks_whose_baseline():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(60, 1))
    surv = Surv.competing(
        rng.exponential(5.0, 60), rng.choice(["a", "b", "none"], 60), unit="months", censored="none",
        stratum=np.tile(["early", "late"], 30),
    )  # fmt: skip
    fit = cause_specific_cox(surv, None, x)
    with pytest.raises(InputError, match="stratified"):
        fit.predict_incidence([[0.0]], [3.0])
    with pytest.raises(InputError, match="stratum must give"):
        fit.predict_incidence([[0.0]], [3.0], stratum="middle")
    both = fit.predict_incidence([[0.0], [0.0]], [3.0], stratum=["early", "late"])
    assert both.estimate[0, 0, 0] != both.estimate[0, 1, 0]
    assert both.estimate.sum(axis=0)[:, 0] + both.survival[:, 0] == pytest.approx(1.0)


def test_patients_of_a_table_without_row_labels_are_numbered():
    surv, x = sixty()
    fit = cox_ph(surv, "x", pd.DataFrame({"x": x[:, 0]}))
    patients = {"x": [0.0, 1.0]}
    found, plain = fit.predict_hazard(pa.table(patients)), fit.predict_hazard(pd.DataFrame(patients))
    np.testing.assert_array_equal(found.estimate, plain.estimate)
    assert (
        fit.predict_median(pa.table(patients))
        .to_frame()
        .equals(fit.predict_median(pd.DataFrame(patients)).to_frame())
    )
