"""Royston-Parmar models: the oracle, derivatives, delayed entry, time-varying effects, edges."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, parametric_survival, royston_parmar
from survsim.distributions import RoystonParmar
from survsim.errors import ConvergenceError, ExtrapolationWarning, InputError
from survsim.estimate.parametric.spline_likelihood import SplineTerm

PINNED = Path(__file__).parents[3] / "reference" / "parametric.json"


def lung() -> tuple[Surv, pd.DataFrame]:
    columns = json.loads(PINNED.read_text())["data"]["lung"]["columns"]
    frame = pd.DataFrame({"age": columns["age"], "sex": 1 + np.array(columns["female"])})
    return Surv.right(columns["time"], columns["event"], unit="days"), frame


def sample(n: int = 300, seed: int = 2) -> tuple[Surv, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    x, arm = rng.normal(size=n), rng.integers(0, 2, n)
    time = 12.0 * (rng.exponential(size=n) * np.exp(-0.5 * x - 0.4 * arm)) ** (1 / 1.4)
    end = rng.uniform(5, 40, n)
    stop = np.minimum(time, end)
    entry = 0.5 * stop * rng.random(n)
    surv = Surv.right(stop, time <= end, unit="months", entry=entry, weight=rng.uniform(0.5, 2, n))
    return surv, pd.DataFrame({"x": x, "arm": arm})


@pytest.mark.parametrize("scale", ["hazard", "odds", "normal"])
@pytest.mark.parametrize("varying", [None, {"x": 2}])
def test_log_likelihood_is_that_of_the_distribution_and_its_slope_is_zero(scale: str, varying) -> None:
    surv, data = sample()
    fit = royston_parmar(surv, "x + arm", data, df=3, scale=scale, time_varying=varying)

    def log_likelihood(theta: np.ndarray) -> float:
        law = fit.distribution(data, theta)
        value = surv.event * np.log(law.hazard(surv.time))
        value += law.cumulative_hazard(surv.entry) - law.cumulative_hazard(surv.time)
        return float(surv.weight @ value)

    assert log_likelihood(fit.estimate) == pytest.approx(fit.log_likelihood, rel=1e-10)
    # curvature along each coefficient is the inverse of the covariance's inverse: one error squared is 1
    precision = np.linalg.inv(fit.covariance)
    for k in range(fit.estimate.size):
        move = np.zeros(fit.estimate.size)
        move[k] = 1e-3 / np.sqrt(precision[k, k])
        ahead, behind = log_likelihood(fit.estimate + move), log_likelihood(fit.estimate - move)
        assert abs(ahead - behind) / 2e-3 < 1e-5
        assert 2 * fit.log_likelihood - ahead - behind == pytest.approx(1e-6, rel=2e-3)


def test_splitting_follow_up_changes_nothing() -> None:
    surv, data = sample()
    late = surv.time > 6.0
    early = surv.entry < 6.0
    head, tail = np.flatnonzero(early), np.flatnonzero(late)
    assert surv.entry is not None
    assert surv.weight is not None
    rows = np.concatenate([head, tail])
    split = Surv.right(
        np.concatenate([np.minimum(surv.time[head], 6.0), surv.time[tail]]),
        np.concatenate([surv.event[head] & ~late[head], surv.event[tail]]),
        unit="months",
        entry=np.concatenate([surv.entry[head], np.maximum(surv.entry[tail], 6.0)]),
        weight=surv.weight[rows],
    )
    # a patient entering after the cut has one row, one leaving before it too
    one = royston_parmar(surv, "x", data, df=2)
    two = royston_parmar(split, "x", data.iloc[rows], df=2)
    np.testing.assert_allclose(two.estimate, one.estimate, rtol=1e-6)
    assert two.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-10)


def test_days_and_years_give_the_same_curve() -> None:
    surv, data = sample()
    fits = {
        u: royston_parmar(surv.to_unit(u), "x", data, df=3, time_varying={"x": 1}) for u in ("days", "years")
    }
    np.testing.assert_allclose(
        fits["days"].distribution({"x": 0.5}).survival(np.array([100.0, 400.0])),
        fits["years"].distribution({"x": 0.5}).survival(np.array([100.0, 400.0]) / 365.25),
        rtol=1e-8,
    )


def test_time_varying_effect_in_every_coefficient_is_one_fit_a_group() -> None:
    surv, data = sample()
    knots = [4.0, 10.0]
    both = royston_parmar(surv, "arm", data, knots=knots)
    event = surv.time[surv.event]
    groups = [royston_parmar(surv.take(data["arm"].to_numpy() == a), knots=knots) for a in (0, 1)]
    assert sum(g.log_likelihood for g in groups) > both.log_likelihood
    assert np.exp(both.model.spline.knots[[0, -1]]) == pytest.approx([event.min(), event.max()])


def test_distribution_and_draws() -> None:
    surv, data = lung()
    fit = royston_parmar(surv, "age + sex", data, df=2)
    law = fit.distribution(data.iloc[:4], fit.draws(6, seed=2))
    assert isinstance(law, RoystonParmar)
    assert law.survival(300.0).shape == (6, 4)
    one = fit.distribution(data.iloc[0])
    assert float(one.survival(300.0)) == pytest.approx(
        float(fit.distribution(data.iloc[:1]).survival(300.0)[0])
    )
    assert one.sample(np.array([0.9, 0.2])).shape == (2,)
    prediction = fit.predict_survival(data.iloc[:2], [100.0, 300.0])
    assert (prediction.conf_low < prediction.survival).all()


def test_draws_whose_spline_falls_are_pulled_back_and_said() -> None:
    surv, data = lung()
    fit = royston_parmar(surv, "sex", data, df=5, time_varying={"sex": 3})
    with pytest.warns(ExtrapolationWarning, match="gave a survival curve that rises"):
        drawn = fit.draws(300, seed=1)
    curves = fit.distribution(data.iloc[:2], drawn).survival(np.float64(200.0))
    assert np.isfinite(curves).all()


def test_robust_without_clusters_is_near_the_model_based_one_when_the_model_holds() -> None:
    surv, data = sample(2000, 8)
    plain = Surv.right(surv.time, surv.event, unit="months")
    model, robust = (royston_parmar(plain, "x + arm", data, df=2, robust=r) for r in (False, True))
    assert robust.robust
    np.testing.assert_allclose(robust.std_error[-2:], model.std_error[-2:], rtol=0.05)


def test_excess_hazard_model_recovers_the_excess() -> None:
    rng = np.random.default_rng(6)
    n = 4000
    other = rng.exponential(1 / 0.03, n)
    disease = 20.0 * rng.exponential(size=n) ** (1 / 1.3)
    time = np.minimum(np.minimum(other, disease), 30.0)
    surv = Surv.right(time, time < 30.0, unit="months")
    fit = royston_parmar(surv, df=1, background=np.full(n, 0.03))
    assert fit.estimate[1] == pytest.approx(1.3, abs=4 * fit.std_error[1])
    assert float(fit.distribution().survival(10.0)) == pytest.approx(np.exp(-(0.5**1.3)), abs=0.03)


def test_printout_says_the_scale_and_the_time_varying_effect() -> None:
    surv, data = lung()
    shown = repr(royston_parmar(surv, "sex", data, df=2, scale="odds"))
    assert "is an odds ratio" in shown
    assert "changes with time" in repr(royston_parmar(surv, "sex", data, df=2, time_varying={"sex": 1}))


MESSAGES = [
    ({"df": 0}, "df must be a whole number from 1"),
    ({"scale": "probit"}, "scale must be one of"),
    ({"time_varying": {"stage": 1}}, "time_varying names 'stage'"),
    ({"knots": [-1.0]}, "knots must be times above 0"),
    ({"knots": [5000.0]}, "the knots must increase"),
]


@pytest.mark.parametrize(("options", "message"), MESSAGES)
def test_messages(options: dict, message: str) -> None:
    surv, data = lung()
    with pytest.raises(InputError, match=message):
        royston_parmar(surv, "sex", data, **options)


def test_too_many_knots_for_few_event_times_and_no_events() -> None:
    with pytest.raises(InputError, match="Use fewer df"):
        royston_parmar(Surv.right([2, 2, 2, 3, 3, 5], [1, 1, 1, 1, 1, 0], unit="months"), df=4)
    with pytest.raises(InputError, match="two different times"):
        royston_parmar(Surv.right([2, 2, 5], [1, 1, 0], unit="months"), df=1)
    with pytest.raises(InputError, match="event at time 0"):
        royston_parmar(Surv.right([0, 2, 3], [1, 1, 1], unit="months"), df=1)
    with pytest.raises(ConvergenceError, match="all 3 patients are censored"):
        royston_parmar(Surv.right([1, 2, 3], [0, 0, 0], unit="months"))


def test_one_degree_of_freedom_with_delayed_entry_is_weibull() -> None:
    surv, data = sample()
    spline = royston_parmar(surv, "x", data, df=1)
    weibull = parametric_survival(surv, "weibull", "x", data)
    assert spline.log_likelihood == pytest.approx(weibull.log_likelihood, rel=1e-12)
    shape = np.exp(-weibull.estimate[2])
    np.testing.assert_allclose(
        spline.estimate, [-shape * weibull.estimate[0], shape, -shape * weibull.estimate[1]]
    )


def test_knots_of_weights_are_those_of_as_many_patients() -> None:
    rng = np.random.default_rng(8)
    time, weight = rng.exponential(10.0, 25).round(2) + 0.01, rng.integers(1, 5, 25)
    heavy = SplineTerm.baseline(Surv.right(time, np.ones(25), unit="months", weight=weight), 4, None)
    right = np.quantile(np.log(np.repeat(time, weight)), [0.25, 0.5, 0.75])
    np.testing.assert_allclose(heavy.knots[1:-1], right, rtol=1e-14)
    # Equal weights below 1 are no weights.
    light = SplineTerm.baseline(
        Surv.right(time, np.ones(25), unit="months", weight=np.full(25, 0.3)), 4, None
    )
    np.testing.assert_allclose(light.knots[1:-1], np.quantile(np.log(time), [0.25, 0.5, 0.75]), rtol=1e-12)
