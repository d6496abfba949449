"""Parametric fits: hand-solved cases, collapses, derivatives, units, edges and messages."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from survsim import Surv, parametric_survival
from survsim.errors import ConvergenceError, ExtrapolationWarning, InputError
from survsim.estimate.parametric.families import (
    ExponentialFamily,
    Family,
    GompertzFamily,
    LocationScale,
    PiecewiseFamily,
)
from survsim.estimate.parametric.generalised_gamma_terms import GeneralisedGammaFamily
from survsim.estimate.parametric.likelihood_terms import Terms, triangle
from survsim.estimate.parametric.mixture_cure import CureFamily

SIMPLE = ("exponential", "weibull", "gompertz", "lognormal", "loglogistic", "generalised_gamma")
FAMILIES: list[tuple[Family, list[float]]] = [
    (ExponentialFamily(), [0.3]),
    (LocationScale("weibull"), [0.3, -0.4]),
    (LocationScale("lognormal"), [0.3, -0.4]),
    (LocationScale("loglogistic"), [0.3, -0.4]),
    (GompertzFamily(), [0.3, 0.4]),
    (GompertzFamily(), [0.3, -0.9]),
    (PiecewiseFamily((0.5, 1.2)), [0.3, -0.4, 0.1, 0.2]),
    *((GeneralisedGammaFamily(), [0.1, -0.2, q]) for q in (-1.5, -0.3, -1e-4, 0.0, 0.249, 0.26, 1.0, 2.5)),
    (CureFamily(LocationScale("weibull")), [-0.5, 0.3, -0.4]),
    (CureFamily(PiecewiseFamily((0.5,))), [0.5, 0.3, -0.4, 0.2]),
]


def sample(n: int = 120, seed: int = 3, entered: bool = False) -> tuple[Surv, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"x": rng.normal(size=n), "arm": rng.choice(["a", "b"], n)})
    location = 2.0 + 0.4 * data["x"] - 0.3 * (data["arm"] == "b")
    time = np.exp(location + 0.7 * np.log(rng.exponential(size=n)))
    end = rng.uniform(3, 25, n)
    stop = np.minimum(time, end)
    start = 0.6 * stop * rng.random(n) if entered else None
    weight = rng.uniform(0.5, 2, n) if entered else None
    return Surv.right(stop, time <= end, unit="months", entry=start, weight=weight), data


@pytest.mark.parametrize(("family", "z"), FAMILIES, ids=lambda v: getattr(v, "name", str(v)))
def test_derivatives_by_finite_differences(family: Family, z: list[float]) -> None:
    t = np.random.default_rng(0).exponential(1.0, 40) + 0.01
    ones = np.ones_like(t)
    step = 1e-5

    def at(function, k: int, by: float) -> Terms:
        return function(t, [(v + by * (i == k)) * ones for i, v in enumerate(z)])

    def known(part) -> np.ndarray:
        return np.zeros_like(t) if part is None else part

    for function in (family.log_density, family.log_survival):
        here = at(function, 0, 0.0)
        for k in range(len(z)):
            ahead, behind = at(function, k, step), at(function, k, -step)
            slope = (ahead.value - behind.value) / (2 * step)
            np.testing.assert_allclose(
                known(here.first[k]), slope, atol=2e-7 * (1 + np.abs(here.value).max())
            )
            for place, (a, b) in enumerate(triangle(len(z))):
                if k in (a, b):
                    other = b if a == k else a
                    bend = (known(ahead.first[other]) - known(behind.first[other])) / (2 * step)
                    np.testing.assert_allclose(known(here.second[place]), bend, rtol=1e-5, atol=1e-5)


def test_exponential_rate_is_events_over_follow_up() -> None:
    surv = Surv.right(
        [2, 3, 5, 8, 1], [1, 0, 1, 1, 0], unit="months", entry=[0, 1, 0, 4, 0], weight=[1, 2, 1, 3, 1]
    )
    fit = parametric_survival(surv, "exponential")
    follow_up = 2 + 2 * 2 + 5 + 3 * 4 + 1
    assert float(fit.distribution().rate) == pytest.approx(5 / follow_up, rel=1e-12)
    assert float(fit.std_error[0]) == pytest.approx(1 / np.sqrt(5), rel=1e-10)
    assert fit.log_likelihood == pytest.approx(5 * np.log(5 / follow_up) - 5, rel=1e-12)


def test_log_normal_without_censoring_is_the_mean_and_deviation_of_log_time() -> None:
    time = np.array([1.0, 2.0, 5.0, 9.0, 30.0])
    fit = parametric_survival(Surv.right(time, np.ones(5), unit="weeks"), "lognormal")
    assert fit.estimate[0] == pytest.approx(np.log(time).mean(), rel=1e-10)
    assert np.exp(fit.estimate[1]) == pytest.approx(np.log(time).std(), rel=1e-10)


def test_piecewise_rates_by_hand() -> None:
    surv = Surv.right([1, 3, 4, 6], [1, 1, 0, 1], unit="months")
    fit = parametric_survival(surv, "piecewise_exponential", cuts=[2.0])
    np.testing.assert_allclose(fit.distribution().rates, [1 / (1 + 2 + 2 + 2), 2 / (1 + 2 + 4)], rtol=1e-10)


@pytest.mark.parametrize("family", SIMPLE)
def test_log_likelihood_is_that_of_the_distribution_and_its_slope_is_zero(family: str) -> None:
    surv, data = sample(entered=True)
    fit = parametric_survival(surv, family, "x + arm", data)

    def log_likelihood(theta: np.ndarray) -> float:
        law = fit.distribution(data, theta)
        value = surv.event * np.log(law.hazard(surv.time))
        value += law.cumulative_hazard(surv.entry) - law.cumulative_hazard(surv.time)
        return float(surv.weight @ value)

    assert log_likelihood(fit.estimate) == pytest.approx(fit.log_likelihood, rel=1e-10)
    step = 1e-4 * fit.std_error
    for k, width in enumerate(step):
        move = np.zeros(fit.estimate.size)
        move[k] = width
        # two steps: (l(+) - l(-)) / 2 is the slope times the step; a tenth of a millionth of an error is 1e-7
        slope = (log_likelihood(fit.estimate + move) - log_likelihood(fit.estimate - move)) / 2e-4
        assert abs(slope) < 2e-6


@pytest.mark.parametrize("family", SIMPLE)
def test_splitting_follow_up_changes_nothing(family: str) -> None:
    surv, data = sample(60)
    cut = 4.0
    late = surv.time > cut
    time = np.concatenate([np.minimum(surv.time, cut), surv.time[late]])
    event = np.concatenate([surv.event & ~late, surv.event[late]])
    entry = np.concatenate([np.zeros(60), np.full(late.sum(), cut)])
    both = pd.concat([data, data[late]], ignore_index=True)
    whole = parametric_survival(surv, family, "x", data)
    split = parametric_survival(Surv.right(time, event, unit="months", entry=entry), family, "x", both)
    np.testing.assert_allclose(split.estimate, whole.estimate, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(split.std_error, whole.std_error, rtol=1e-6)
    assert split.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-10)


@pytest.mark.parametrize("family", SIMPLE)
def test_days_and_years_give_the_same_fit(family: str) -> None:
    surv, data = sample(entered=True)
    years, days = (parametric_survival(surv.to_unit(u), family, "x", data) for u in ("years", "days"))
    shift = float(surv.weight @ surv.event) * np.log(365.25)
    assert years.log_likelihood == pytest.approx(days.log_likelihood + shift, rel=1e-10)
    t = np.array([0.2, 1.0, 1.7])
    one = years.distribution({"x": 0.3}).survival(t)
    np.testing.assert_allclose(days.distribution({"x": 0.3}).survival(t * 365.25), one, rtol=1e-9)
    place = years.terms.index("x")
    assert years.std_error[place] == pytest.approx(days.std_error[place], rel=1e-9)


@pytest.mark.parametrize("family", SIMPLE)
def test_whole_weights_are_copies(family: str) -> None:
    surv, data = sample(40)
    weight = np.random.default_rng(1).integers(1, 4, 40)
    rows = np.repeat(np.arange(40), weight)
    weighted = Surv.right(surv.time, surv.event, unit="months", weight=weight)
    one = parametric_survival(weighted, family, "x", data)
    two = parametric_survival(surv.take(rows), family, "x", data.iloc[rows])
    np.testing.assert_allclose(one.estimate, two.estimate, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(one.std_error, two.std_error, rtol=1e-7)


def test_generalised_gamma_is_not_below_its_members_and_meets_scipy() -> None:
    surv, data = sample(200)
    fits = {f: parametric_survival(surv, f, "x", data) for f in ("weibull", "lognormal", "generalised_gamma")}
    best = fits["generalised_gamma"].log_likelihood
    assert best >= max(fits["weibull"].log_likelihood, fits["lognormal"].log_likelihood) - 1e-9
    mu, beta, log_sigma, q = fits["generalised_gamma"].estimate
    a, sigma = q**-2.0, np.exp(log_sigma)
    scale = np.exp(mu + beta * data["x"].to_numpy()) * (q * q) ** (sigma / q)
    law = stats.gengamma(a, q / sigma, scale=scale)
    direct = np.where(surv.event, law.logpdf(surv.time), law.logsf(surv.time)).sum()
    assert best == pytest.approx(direct, rel=1e-10)


def test_ancillary_formula_is_two_fits_in_one() -> None:
    surv, data = sample(150)
    both = parametric_survival(surv, "weibull", "arm", data, ancillary="arm")
    parts = [parametric_survival(surv.take(data["arm"].to_numpy() == a), "weibull") for a in "ab"]
    assert both.log_likelihood == pytest.approx(sum(p.log_likelihood for p in parts), rel=1e-10)
    np.testing.assert_allclose(both.estimate[[0, 2]], parts[0].estimate, rtol=1e-7)


def test_background_hazard_zero_changes_nothing_and_a_known_one_is_taken_out() -> None:
    surv, data = sample()
    plain = parametric_survival(surv, "weibull", "x", data)
    none = parametric_survival(surv, "weibull", "x", data, background=np.zeros(len(surv)))
    np.testing.assert_allclose(none.estimate, plain.estimate, rtol=1e-8)
    known = parametric_survival(surv, "exponential", background=np.full(len(surv), 0.02))
    total = parametric_survival(surv, "exponential")
    # exponential plus a constant: the rates add up exactly
    assert float(known.distribution().rate) + 0.02 == pytest.approx(
        float(total.distribution().rate), rel=1e-9
    )
    assert known.relative
    assert "excess hazard" in known.headline()


def test_draws_follow_the_covariance_and_take_uniforms() -> None:
    surv, data = sample()
    fit = parametric_survival(surv, "weibull", "x", data)
    drawn = fit.draws(20_000, seed=4)
    np.testing.assert_allclose(
        drawn.mean(axis=0), fit.estimate, atol=4 * fit.std_error.max() / np.sqrt(20_000)
    )
    np.testing.assert_allclose(np.cov(drawn.T), fit.covariance, atol=0.05 * fit.covariance.max())
    np.testing.assert_allclose(fit.draws(1, uniforms=np.full((1, 3), 0.5))[0], fit.estimate)
    law = fit.distribution(data.iloc[:7], drawn[:5])
    assert law.survival(3.0).shape == (5, 7)
    one = fit.distribution(data.iloc[[2]], drawn[3])
    assert law.survival(3.0)[3, 2] == pytest.approx(float(one.survival(3.0)[0]), rel=1e-14)


def test_delta_method_interval_by_hand_for_the_exponential() -> None:
    surv, _ = sample()
    fit = parametric_survival(surv, "exponential")
    prediction = fit.predict_survival(times=[5.0])
    # log(-log S) = log rate + log t: its error is that of the log rate
    centre = np.log(fit.distribution().rate * 5.0)
    half = 1.959963984540054 * fit.std_error[0]
    assert prediction.conf_low[0, 0] == pytest.approx(np.exp(-np.exp(centre + half)), rel=1e-9)
    assert prediction.conf_high[0, 0] == pytest.approx(np.exp(-np.exp(centre - half)), rel=1e-9)
    assert list(prediction.to_frame().columns)[:3] == ["patient", "time", "survival"]
    assert "95% intervals" in repr(prediction)


def test_prediction_at_time_zero_is_one_without_a_nan() -> None:
    surv, data = sample()
    prediction = parametric_survival(surv, "weibull", "x", data).predict_survival({"x": 0.0}, [0.0, 2.0])
    assert prediction.survival[0, 0] == prediction.conf_low[0, 0] == prediction.conf_high[0, 0] == 1.0
    assert prediction.std_error[0, 0] == 0.0
    assert not prediction.to_frame().isna().any().any()


def test_prediction_beyond_follow_up_warns() -> None:
    surv, _ = sample()
    fit = parametric_survival(surv, "weibull")
    with pytest.warns(ExtrapolationWarning, match="follow-up ends at"):
        fit.predict_survival(times=[500.0])
    with pytest.warns(ExtrapolationWarning, match="follow-up ends at"):
        fit.predict_rmst(500.0)


def test_rmst_has_the_delta_error_of_the_exponential() -> None:
    surv, _ = sample()
    fit = parametric_survival(surv, "exponential")
    rate, tau = float(fit.distribution().rate), 10.0
    frame = fit.predict_rmst(tau)
    slope = tau * np.exp(-rate * tau) - (1 - np.exp(-rate * tau)) / rate
    assert frame.rmst[0] == pytest.approx((1 - np.exp(-rate * tau)) / rate, rel=1e-12)
    assert frame.std_error[0] == pytest.approx(abs(slope) * fit.std_error[0], rel=1e-6)


def test_criteria_and_printout() -> None:
    surv, data = sample()
    fit = parametric_survival(surv, "weibull", "x", data)
    assert fit.aic == pytest.approx(-2 * fit.log_likelihood + 6)
    assert fit.bic == pytest.approx(-2 * fit.log_likelihood + 3 * np.log(120))
    assert "exp(estimate) of a covariate is a time ratio" in repr(fit)
    assert "hazard ratio" in repr(parametric_survival(surv, "gompertz", "x", data))
    assert fit.names == ("mu: Intercept", "mu: x", "log(sigma)")
    assert fit.provenance.method == "parametric_survival"


def test_patients_censored_at_zero_say_nothing_to_log_time_families() -> None:
    surv, _ = sample(30)
    more = Surv.right([*surv.time, 0.0, 0.0], [*surv.event, False, False], unit="months")
    one, two = parametric_survival(surv, "weibull"), parametric_survival(more, "weibull")
    np.testing.assert_allclose(one.estimate, two.estimate, rtol=1e-9)


def test_event_at_zero() -> None:
    surv = Surv.right([0.0, 2, 3, 5, 6], [1, 1, 1, 0, 1], unit="days")
    for family in ("weibull", "lognormal", "loglogistic", "generalised_gamma"):
        with pytest.raises(InputError, match=r"event at time 0 in row 0.*half of the smallest unit"):
            parametric_survival(surv, family)
    assert float(parametric_survival(surv, "exponential").distribution().rate) == pytest.approx(4 / 16)
    assert np.isfinite(parametric_survival(surv, "gompertz").log_likelihood)


def test_all_censored_says_what_can_be_said() -> None:
    with pytest.raises(ConvergenceError, match=r"all 3 patients are censored.*3 / total follow-up"):
        parametric_survival(Surv.right([1, 2, 3], [0, 0, 0], unit="months"), "weibull")


def test_one_patient() -> None:
    surv = Surv.right([4.0], [1], unit="months")
    assert float(parametric_survival(surv, "exponential").distribution().rate) == pytest.approx(0.25)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for family in ("weibull", "lognormal", "gompertz", "generalised_gamma"):
            with pytest.raises(ConvergenceError):
                parametric_survival(surv, family)


@pytest.mark.parametrize("family", ["exponential", "weibull", "gompertz", "lognormal", "loglogistic"])
def test_a_group_without_events_is_named(family: str) -> None:
    surv, data = sample(80)
    silent = Surv.right(surv.time, surv.event & (data["arm"] == "a").to_numpy(), unit="months")
    with pytest.raises(ConvergenceError, match=r"arm\[T.b\].*runs to infinity"):
        parametric_survival(silent, family, "arm", data)


def test_dependent_and_constant_columns_are_named() -> None:
    surv, data = sample()
    data = data.assign(double=2 * data["x"] + 1, flat=7.0)
    with pytest.raises(InputError, match="'double' is a combination of the columns before it"):
        parametric_survival(surv, "weibull", "x + double", data)
    with pytest.raises(InputError, match="'flat' is constant"):
        parametric_survival(surv, "weibull", "x + flat", data)


MESSAGES = [
    ({"family": "gaussian"}, "family must be one of"),
    ({"family": "piecewise_exponential"}, "cuts"),
    ({"family": "weibull", "cuts": [1.0]}, "cuts"),
    ({"family": "piecewise_exponential", "cuts": [3.0, 2.0]}, "cuts must be increasing"),
    ({"family": "exponential", "ancillary": "x"}, "no ancillary predictor"),
    (
        {"family": "weibull", "background": [-0.1] * 120},
        "background must be a hazard of at least 0 per month",
    ),
    ({"family": "weibull", "conf_level": 95}, "conf_level must lie in"),
    ({"family": "weibull", "formula": "x", "data": None}, "needs data"),
]


@pytest.mark.parametrize(("options", "message"), MESSAGES)
def test_messages(options: dict, message: str) -> None:
    surv, data = sample()
    with pytest.raises(InputError, match=message):
        parametric_survival(surv, **{"formula": "x", "data": data, **options})


def test_causes_and_strata_are_refused_with_the_way_out() -> None:
    competing = Surv.competing([1, 2, 3], ["a", "b", "none"], unit="years", censored="none")
    with pytest.raises(InputError, match=r"surv.for_cause\('a'\)"):
        parametric_survival(competing, "weibull")
    with pytest.raises(InputError, match="strata have no meaning here"):
        parametric_survival(Surv.right([1, 2, 3], [1, 1, 0], unit="years", stratum=[1, 1, 2]), "weibull")


def test_use_messages() -> None:
    surv, data = sample()
    fit = parametric_survival(surv, "weibull", "x", data)
    with pytest.raises(InputError, match="either seed= or uniforms="):
        fit.draws(3)
    with pytest.raises(InputError, match="has covariates: pass data="):
        fit.distribution()
    with pytest.raises(InputError, match="times is missing"):
        fit.predict_survival({"x": 1.0})
    with pytest.raises(InputError, match="parameters must have 3 columns"):
        fit.distribution({"x": 1.0}, np.zeros(2))


def test_lifelines_carries_our_numbers() -> None:
    surv, data = sample()
    for family in ("weibull", "lognormal", "loglogistic"):
        fit = parametric_survival(surv, family, "x", data)
        theirs = fit.to_lifelines()
        predicted = theirs.predict_survival_function(pd.DataFrame({"x": [0.5]}), times=[3.0, 8.0])
        ours = fit.distribution({"x": 0.5}).survival([3.0, 8.0])
        np.testing.assert_allclose(predicted.iloc[:, 0], ours, rtol=1e-9)
        assert theirs.standard_errors_.iloc[0] > 0
    with pytest.raises(InputError, match="no counterpart"):
        parametric_survival(surv, "gompertz").to_lifelines()


def test_few_events_are_said_in_the_printout() -> None:
    few = Surv.right([2, 3, 5, 8, 9], [1, 1, 0, 1, 1], unit="months")
    assert "Only 2.0 events a coefficient" in repr(parametric_survival(few, "weibull"))
    assert "events a coefficient" not in repr(parametric_survival(sample()[0], "weibull"))


def test_blocks_and_start_from_a_few_rows_change_nothing() -> None:
    rng = np.random.default_rng(12)
    n = 40_000
    x = rng.normal(size=(n, 2))
    time = np.exp(1.0 + x @ [0.3, -0.2] + 0.6 * np.log(rng.exponential(size=n)))
    end = rng.exponential(6.0, n)
    surv = Surv.right(np.minimum(time, end), time <= end, unit="months", entry=np.where(end > 3, 1e-9, 0.0))
    fit = parametric_survival(surv, "weibull", None, x)
    w = (np.log(surv.time) - fit.estimate[0] - x @ fit.estimate[1:3]) / np.exp(fit.estimate[3])
    # the scores of a Weibull by hand: sums of d - exp(w), of x times it, of w times it
    residual = surv.event - np.exp(w)
    scale = np.sqrt(n)
    assert abs(residual.sum()) < 1e-6 * scale
    np.testing.assert_allclose(x.T @ residual, 0.0, atol=1e-6 * scale)
    assert abs((w * residual + surv.event).sum()) < 1e-6 * scale
