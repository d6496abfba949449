"""Borrowing priors: closed forms, collapses and messages."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from survsim import borrow, map_prior, power_prior, robust_map_prior
from survsim.borrowing import (
    commensurate_prior,
    effective_sample_size,
    gamma_prior,
    map_rate_prior,
    mixture_approximation,
    power_prior_rate,
    transport,
)
from survsim.errors import EvidenceWarning, InputError
from survsim.estimate.borrowing.mixture import GammaMixture, gamma_mixture, normal_mixture

Y, S = [0.3, -0.1, 0.6, 0.2], [0.2, 0.3, 0.25, 0.15]


def test_fixed_tau_is_the_conjugate_normal():
    prior = map_prior(Y, S, tau_scale=0.4, tau_prior="fixed", mean_prior=(0.1, 2.0))
    v = np.array(S) ** 2 + 0.16
    precision = (1 / v).sum() + 1 / 4
    mean = ((np.array(Y) / v).sum() + 0.1 / 4) / precision
    assert prior.mixture.centre == pytest.approx([mean], rel=1e-14)
    assert prior.mixture.spread == pytest.approx([np.sqrt(1 / precision + 0.16)], rel=1e-14)
    joint = stats.multivariate_normal(np.full(4, 0.1), np.diag(v) + 4.0)
    assert prior.log_marginal == pytest.approx(joint.logpdf(Y), rel=1e-12)
    assert prior.tau_quantile([0.1, 0.9]) == pytest.approx([0.4, 0.4])


def test_vanishing_tau_scale_is_the_fixed_effect():
    prior = map_prior(Y, S, tau_scale=1e-7)
    w = 1 / np.array(S) ** 2
    assert prior.mixture.mean_value() == pytest.approx((w @ Y) / w.sum(), rel=1e-9)
    assert np.sqrt(prior.mixture.variance()) == pytest.approx(w.sum() ** -0.5, rel=1e-9)


def test_few_studies_are_said_to_be_few():
    assert "mostly its prior" in map_prior(Y[:2], S[:2], tau_scale=0.5).headline()
    assert "mostly its prior" not in map_prior(Y, S, tau_scale=0.5).headline()


def test_half_cauchy_has_heavier_tail_than_half_normal():
    wide = map_prior(Y[:2], S[:2], tau_scale=0.5, tau_prior="half-cauchy")
    narrow = map_prior(Y[:2], S[:2], tau_scale=0.5)
    assert wide.tau_quantile(0.99) > narrow.tau_quantile(0.99)
    assert wide.tau_weights.sum() == pytest.approx(1.0)


def test_draws_follow_the_mixture_and_agree_with_single_quantiles():
    prior = map_prior(Y, S, tau_scale=0.5)
    u = (np.arange(5000) + 0.5) / 5000
    many = prior.draws(u)
    assert prior.cdf(many) == pytest.approx(u, abs=1e-7)
    assert (np.diff(many) > 0).all()
    assert many[::1000] == pytest.approx(prior.quantile(u[::1000]), abs=1e-8)


def test_conjugate_normal_update_and_marginal():
    prior = power_prior([1.0], [0.5], power=1.0)
    answer = borrow(prior, 2.0, 0.25, conf_level=0.9)
    precision = 4 + 16
    assert answer.estimate == pytest.approx((4 * 1 + 16 * 2) / precision)
    assert answer.std_error == pytest.approx(precision**-0.5)
    assert answer.log_marginal == pytest.approx(stats.norm(1, np.hypot(0.5, 0.25)).logpdf(2.0))
    assert answer.conflict_p == pytest.approx(2 * stats.norm.sf(1 / np.hypot(0.5, 0.25)))
    assert answer.prior_ess == pytest.approx(4.0, rel=1e-6)
    assert np.isnan(answer.vague_weight)


def test_robust_weight_grows_with_conflict_and_warns():
    prior = robust_map_prior(map_prior(Y, S, tau_scale=0.3), weight=0.2, vague_sd=2.0)
    agree = borrow(prior, 0.25, 0.2)
    with pytest.warns(EvidenceWarning, match="tail of the prior"):
        clash = borrow(prior, 5.0, 0.2)
    assert agree.vague_weight < 0.2 < clash.vague_weight
    assert clash.vague_weight > 0.99
    assert "in conflict" in clash.headline() and "compatible" in agree.headline()


def test_robust_weights_by_hand():
    prior = robust_map_prior(power_prior([0.0], [1.0], power=1), weight=0.5, vague_sd=3.0)
    answer = borrow(prior, 2.0, 1.0)
    near, far = stats.norm(0, np.sqrt(2)).pdf(2.0), stats.norm(0, np.sqrt(10)).pdf(2.0)
    assert answer.vague_weight == pytest.approx(far / (near + far))


def test_gamma_update_by_hand():
    prior = power_prior_rate([10], [200.0], power=0.5, initial=(1.0, 0.0))
    answer = borrow(prior, events=3, exposure=50.0)
    law = stats.gamma(6 + 3, scale=1 / (100 + 50))
    assert answer.estimate == pytest.approx(law.median())
    assert (answer.conf_low, answer.conf_high) == pytest.approx(law.interval(0.95))
    count = stats.nbinom(6, 100 / 150)
    assert answer.log_marginal == pytest.approx(count.logpmf(3))
    assert answer.conflict_p == pytest.approx(min(1, 2 * min(count.cdf(3), count.sf(2))))
    assert answer.ess_unit == "exposure"


def test_robust_gamma_has_one_event():
    prior = power_prior_rate([10], [200.0], power=1)
    robust = robust_map_prior(prior, weight=0.3)
    assert isinstance(robust.mixture, GammaMixture)
    assert robust.mixture.shape[-1] == 1.0
    assert robust.mixture.shape[-1] / robust.mixture.rate[-1] == pytest.approx(prior.mixture.mean_value())


def test_effective_sample_size_of_known_priors():
    assert effective_sample_size(normal_mixture([1], [3.0], [0.5]), unit_sd=2.0) == pytest.approx(
        16.0, rel=1e-7
    )
    assert effective_sample_size(gamma_mixture([1], [4.0], [30.0])) == pytest.approx(30.0, rel=1e-7)
    prior = map_prior(Y, S, tau_scale=0.3)
    robust = robust_map_prior(prior, weight=0.5, vague_sd=2.0)
    assert effective_sample_size(robust, unit_sd=1.0) < effective_sample_size(prior, unit_sd=1.0)


def test_effective_sample_size_predicts():
    """The expected posterior ESS minus the size of the data is the prior ESS (Neuenschwander 2020)."""
    prior = m = normal_mixture([0.6, 0.4], [0.0, 0.3], [0.3, 1.5])
    n, sd = 6.0, 1.0
    se = sd / np.sqrt(n)
    predictive = normal_mixture(m.weight, m.centre, np.hypot(m.spread, se))
    shares = (np.arange(120) + 0.5) / 120
    sizes = []
    for y in predictive.quantile(shares):
        total = m.spread**2 + se**2
        weight = m.weight * np.exp(-0.5 * (y - m.centre) ** 2 / total) / np.sqrt(total)
        shrink = m.spread**2 / total
        after = normal_mixture(weight, m.centre + shrink * (y - m.centre), np.sqrt(shrink) * se)
        sizes.append(effective_sample_size(after, unit_sd=sd))
    assert np.mean(sizes) - n == pytest.approx(effective_sample_size(prior, unit_sd=sd), rel=0.02)


def test_transport_adds_variance_and_zero_changes_nothing():
    prior = map_prior(Y, S, tau_scale=0.3)
    far = transport(prior, extra_sd=0.7, reason="other organ")
    assert far.mixture.variance() == pytest.approx(prior.mixture.variance() + 0.49)
    assert transport(prior, extra_sd=0.0).quantile(0.9) == pytest.approx(prior.quantile(0.9))
    assert far.provenance.note == "other organ"


def test_commensurate_slab_and_half_normal():
    slab = commensurate_prior(
        [0.2, 0.4], [0.1, 0.1], tau_scale=1.0, tau_prior="spike-and-slab", spike_weight=0.7
    )
    assert slab.mixture.weight == pytest.approx([0.7, 0.3])
    assert slab.mixture.centre == pytest.approx([0.3, 0.3])
    assert slab.mixture.spread**2 == pytest.approx([0.005, 1.005])
    half = commensurate_prior([0.2, 0.4], [0.1, 0.1], tau_scale=1.0)
    assert half.mixture.variance() == pytest.approx(1.005, rel=1e-4)


def test_power_zero_ignores_and_one_pools():
    pooled = power_prior([0.0, 1.0], [1.0, 1.0], power=[1.0, 1.0])
    assert pooled.mixture.centre == pytest.approx([0.5]) and pooled.mixture.spread == pytest.approx(
        [0.5**0.5]
    )
    alone = power_prior([0.0, 1.0], [1.0, 1.0], power=[1.0, 0.0])
    assert alone.mixture.centre == pytest.approx([0.0])


def test_mixture_approximation_recovers_a_mixture():
    truth = normal_mixture([0.7, 0.3], [0.0, 3.0], [1.0, 0.5])
    fit = mixture_approximation(truth, components=2)
    assert fit.distance < 2e-3
    assert fit.mixture.moments()[0] == pytest.approx([0.0, 3.0], abs=0.03)
    assert mixture_approximation(truth, components=1).distance > 0.05
    assert "2 normal components" in fit.headline() and len(fit.to_frame()) == 2


def test_rate_prior_agrees_with_normal_prior_when_counts_are_large():
    d, t = np.array([300.0, 420.0, 260.0]), np.array([4000.0, 5000.0, 4100.0])
    exact = map_rate_prior(d, t, tau_scale=0.3)
    normal = map_prior(np.log(d / t), d**-0.5, tau_scale=0.3)
    assert exact.quantile([0.05, 0.5, 0.95]) == pytest.approx(normal.quantile([0.05, 0.5, 0.95]), abs=0.006)


def test_rate_prior_by_brute_force():
    d, t = np.array([3.0, 0.0, 5.0]), np.array([60.0, 20.0, 80.0])
    prior = map_rate_prior(d, t, tau_scale=0.5)
    theta = np.linspace(-12, 5, 1201)
    mu = np.linspace(-9, 1, 201)
    taus = 2.5 * (np.arange(40) + 0.5) / 40
    value = np.zeros((taus.size, mu.size))
    for i, tau in enumerate(taus):
        kernel = np.exp(-0.5 * ((theta[:, None] - mu) / tau) ** 2)
        kernel /= kernel.sum(axis=0)
        each = [np.log(np.exp(c * theta - e * np.exp(theta)) @ kernel) for c, e in zip(d, t)]
        value[i] = np.sum(each, axis=0) - 0.5 * (tau / 0.5) ** 2
    mass = np.exp(value - value.max())
    mass /= mass.sum()
    mean = float((mass * mu).sum())
    variance = float((mass * (mu**2 + taus[:, None] ** 2)).sum()) - mean**2
    assert prior.mixture.mean_value() == pytest.approx(mean, abs=0.005)
    assert prior.mixture.variance() == pytest.approx(variance, rel=0.01)


def test_gamma_prior_carries_the_rate():
    prior = map_rate_prior([3, 0, 5], [60.0, 20.0, 80.0], tau_scale=0.5)
    rate = gamma_prior(mixture_approximation(prior, components=2, family="gamma"))
    assert rate.quantile(0.5) == pytest.approx(np.exp(prior.quantile(0.5)), rel=0.02)
    assert rate.scale == "rate"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: map_prior([1.0], [0.0], tau_scale=1), "std_error must be positive; found 0 in row 0"),
        (lambda: map_prior([1.0, 2.0], [0.1], tau_scale=1), "2 values and std_error 1"),
        (lambda: map_prior(Y, S, tau_scale=0), "tau_scale must be above .* tau_prior='fixed'"),
        (lambda: map_prior(Y, S, tau_scale=1, tau_prior="gamma"), "half-normal"),
        (lambda: map_prior(Y, S, tau_scale=1, labels=["a"]), "1 names for 4 studies"),
        (lambda: map_rate_prior([0, 0], [5.0, 5.0], tau_scale=1), "no event in any study"),
        (lambda: map_rate_prior([1, -1], [5.0, 5.0], tau_scale=1), "row 1"),
        (lambda: power_prior(Y, S, power=1.5), "power must lie in"),
        (lambda: power_prior(Y, S, power=0.0), "nothing is left"),
        (lambda: power_prior_rate([1], [0.0], power=1), "exposure"),
        (lambda: mixture_approximation(map_prior(Y, S, tau_scale=1), components=9), "1, 2, 3 or 4"),
        (lambda: robust_map_prior(map_prior(Y, S, tau_scale=1)), "vague_sd is needed"),
        (lambda: robust_map_prior(power_prior_rate([1], [9.0], power=1), vague_sd=1), "normal scale"),
        (lambda: borrow(map_prior(Y, S, tau_scale=1), events=3, exposure=1.0), "estimate and std_error"),
        (lambda: borrow(power_prior_rate([1], [9.0], power=1), 0.1, 0.1), "events and exposure"),
        (lambda: borrow(power_prior_rate([1], [9.0], power=1), events=1.5, exposure=1.0), "whole number"),
        (lambda: borrow(map_prior(Y, S, tau_scale=1), np.nan, 0.2), "estimate must lie in"),
        (lambda: borrow(map_prior(Y, S, tau_scale=1), np.inf, 0.2), "estimate must lie in"),
        (lambda: borrow(map_prior(Y, S, tau_scale=1), 0.2, np.nan), "std_error must lie in"),
        (
            lambda: borrow(power_prior_rate([1], [9.0], power=1), events=np.nan, exposure=1.0),
            "whole number( or None)?; got nan|whole number, 0",
        ),
        (lambda: borrow(power_prior_rate([1], [9.0], power=1), events=np.inf, exposure=1.0), "whole number"),
        (lambda: borrow(power_prior_rate([1], [9.0], power=1), events=-1, exposure=1.0), "whole number"),
        (
            lambda: robust_map_prior(map_prior(Y, S, tau_scale=1), vague_mean=np.nan, vague_sd=2),
            "vague_mean must lie in",
        ),
        (lambda: robust_map_prior(power_prior_rate([1], [9.0], power=1), vague_mean=0.0), "vague_mean must"),
        (
            lambda: transport(map_prior(Y, S, tau_scale=1), extra_sd=np.inf),
            r"extra_sd must lie in \[0, inf\)",
        ),
        (lambda: map_prior(Y, S, tau_scale=np.inf, tau_prior="fixed"), r"tau_scale must lie in \[0, inf\)"),
        (lambda: map_prior(Y, S, tau_scale=1, mean_prior=(np.nan, 1)), "mean_prior mean must lie in"),
        (lambda: map_prior(Y, S, tau_scale=1, mean_prior=0.0), "mean_prior is"),
        (lambda: effective_sample_size(map_prior(Y, S, tau_scale=1)), "unit_sd is needed"),
        (lambda: transport(power_prior_rate([1], [9.0], power=1), extra_sd=1), "log scale"),
        (lambda: gamma_prior(mixture_approximation(map_prior(Y, S, tau_scale=1))), "family='gamma'"),
        (lambda: normal_mixture([1], [0], [-1]), "must be positive"),
        (lambda: normal_mixture([1], [0], [1]).quantile(1.0), "strictly between"),
    ],
)
def test_messages(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_robust_twice_is_refused():
    once = robust_map_prior(map_prior(Y, S, tau_scale=1), vague_sd=2)
    with pytest.raises(InputError, match="once"):
        robust_map_prior(once, vague_sd=2)


def test_a_prior_without_study_names_says_what_it_is():
    prior = map_rate_prior([3, 0, 5], [60.0, 20.0, 80.0], tau_scale=0.5)
    rate = gamma_prior(mixture_approximation(prior, components=2, family="gamma"))
    assert rate.headline() == "gamma prior: mixture of 2 components on the rate scale"
    assert power_prior([0.2], [0.1], power=0.5).headline() == "power prior from 1 study"


@pytest.mark.parametrize(
    "make",
    [
        lambda: power_prior([0.1], [0.2], power=[1.0], mean_prior=(np.nan, 1.0)),
        lambda: map_rate_prior([3], [30.0], tau_scale=1.0, mean_prior=(np.nan, 1.0)),
        lambda: power_prior_rate([3], [30.0], power=[1.0], initial=(np.nan, 0.0)),
    ],
)
def test_an_initial_prior_without_a_number_is_refused(make):
    with pytest.raises(InputError):
        make()


@pytest.mark.parametrize(
    "y, scale", [([0.0, 50.0], 0.5), ([0.0, 10.0, 20.0], 0.5), ([0.0, 500.0], 0.3), ([0.1, 0.2, 0.3], 0.5)]
)
def test_tau_of_studies_far_apart_is_not_cut_off(y, scale):
    """The prior has its scale; the posterior goes to the root of distance times scale. Truth: a fine sum over tau."""
    y, s = np.array(y), np.full(len(y), 0.1)
    tau = np.linspace(0, 60, 600_001)[1:]
    w = 1 / (s[:, None] ** 2 + tau**2)
    mean = (w * y[:, None]).sum(0) / w.sum(0)
    log = 0.5 * np.log(w).sum(0) - 0.5 * np.log(w.sum(0)) - 0.5 * (w * (y[:, None] - mean) ** 2).sum(0)
    log -= 0.5 * (tau / scale) ** 2
    share = np.cumsum(np.exp(log - log.max()))
    for p in (0.025, 0.5, 0.975):
        right = tau[np.searchsorted(share, p * share[-1])]
        assert map_prior(y, s, tau_scale=scale).tau_quantile(p) == pytest.approx(right, rel=1e-3, abs=1e-4)


def test_studies_absurdly_far_apart_and_scales_near_zero():
    assert np.isfinite(map_prior([1e8, 0.2, 0.3], [0.1] * 3, tau_scale=0.5).quantile([0.1, 0.9])).all()
    with pytest.raises(InputError, match="tau_scale must be above"):
        map_prior([0.1, 0.2], [0.1, 0.1], tau_scale=1e-300)
    with pytest.raises(InputError, match="sd of a mixture"):
        normal_mixture([1, 1], [0, 0], [1e-200, 1])


@pytest.mark.parametrize("apart", [10.0, 1e6])
def test_size_of_narrow_components_far_apart(apart):
    """Each half is a normal law of sd 0.001, and nowhere do both count: 4 / 0.001^2."""
    prior = normal_mixture([0.5, 0.5], [0.0, apart], [1e-3, 1e-3])
    assert effective_sample_size(prior, unit_sd=2.0) == pytest.approx(4e6, rel=1e-6)


def test_rates_orders_of_magnitude_apart_give_a_prior_without_numpy_warnings():
    prior = map_rate_prior([0, 0, 100], [1e-3, 1e5, 1.0], tau_scale=0.5, mean_prior=(-3, 2))
    assert np.isfinite(prior.quantile([0.025, 0.5, 0.975])).all()
    assert prior.mixture.weight.sum() == pytest.approx(1.0)


def test_a_gamma_prior_has_no_density_below_nothing_and_no_draws_from_none():
    prior = power_prior_rate([3, 5], [40.0, 60.0], power=1.0)
    law = stats.gamma(prior.mixture.shape[0], scale=1 / prior.mixture.rate[0])
    np.testing.assert_allclose(
        prior.density([-0.3, 0.0, 0.05, 0.1]), law.pdf([-0.3, 0.0, 0.05, 0.1]), rtol=1e-10
    )
    assert prior.draws([]).shape == (0,)


@pytest.mark.parametrize("pair", [{5.0: 0.0, 2.0: 9.0}, {5.0, 2.0}])
def test_a_pair_without_an_order_is_no_pair(pair):
    with pytest.raises(InputError, match="mean_prior must be a list or None"):
        map_prior([0.1, 0.3], [0.1, 0.1], tau_scale=0.5, mean_prior=pair)
    with pytest.raises(InputError, match="initial must be a list"):
        power_prior_rate([3, 5], [100.0, 120.0], power=0.5, initial=pair)
