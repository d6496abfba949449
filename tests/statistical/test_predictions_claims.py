"""Intervals of predicted medians, of accuracy and of pooled proportions hold the truth; weighted log-rank tests keep their level."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from survsim import Surv, aalen_johansen, concordance, cox_ph, logrank_test, parametric_survival
from survsim.cox import brier_score, time_dependent_auc
from survsim.synthesis import pool_proportions, pool_two_arms


def error(share: float, n: int) -> float:
    return float(np.sqrt(share * (1 - share) / n))


def holds(low: float, high: float, truth: float) -> bool:
    return low <= truth <= high


def cohort(rng: np.random.Generator, n: int = 120) -> tuple[Surv, np.ndarray]:
    """Exponential, hazard ratio 2 for x = 1, median of x = 0 log 2 / 0.1; censored uniformly to 20."""
    x = rng.integers(0, 2, (n, 1)).astype(float)
    time, end = rng.exponential(1.0 / (0.1 * 2.0 ** x[:, 0])), rng.uniform(0.0, 20.0, n)
    return Surv.right(np.minimum(time, end), time <= end, unit="months"), x


def test_intervals_of_predicted_medians_and_hazards_hold_the_truth() -> None:
    rng, runs = np.random.default_rng(11), 400
    truth = np.log(2.0) / 0.2
    seen = np.zeros((runs, 4), bool)
    for i in range(runs):
        surv, x = cohort(rng)
        cox, law = cox_ph(surv, None, x), parametric_survival(surv, "weibull", formula=None, data=x)
        for k, median in enumerate((cox.predict_median([[1.0]]), law.predict_median([[1.0]]))):
            seen[i, k] = holds(median.conf_low[0, 0], median.conf_high[0, 0], truth)
        total = cox.predict_cumulative_hazard([[1.0]], [5.0])
        seen[i, 2] = holds(total.conf_low[0, 0], total.conf_high[0, 0], 1.0)
        rate = law.predict_hazard([[1.0]], [5.0])
        seen[i, 3] = holds(rate.conf_low[0, 0], rate.conf_high[0, 0], 0.2)
    assert (np.abs(seen.mean(axis=0) - 0.95) < 4 * error(0.95, runs)).all(), seen.mean(axis=0)


def test_intervals_of_incidence_quantiles_hold_the_truth() -> None:
    """Two causes of rate 0.1 each: a fifth of all have had the first at -log(1 - 0.4) / 0.2."""
    rng, runs = np.random.default_rng(12), 300
    seen = []
    for _ in range(runs):
        time, end = rng.exponential(5.0, 150), rng.uniform(2.0, 25.0, 150)
        cause = np.where(time > end, "none", rng.choice(["a", "b"], 150))
        surv = Surv.competing(np.minimum(time, end), cause, unit="months", censored="none")
        found = aalen_johansen(surv).quantile(0.2)
        seen.append(holds(found.conf_low[0], found.conf_high[0], -np.log(0.6) / 0.2))
    assert abs(np.mean(seen) - 0.95) < 4 * error(0.95, runs)


def test_the_weighted_logrank_test_keeps_its_level() -> None:
    rng, runs = np.random.default_rng(13), 1000
    found = []
    for _ in range(runs):
        time, end = rng.exponential(10.0, 100), rng.uniform(0.0, 20.0, 100)
        surv = Surv.right(
            np.minimum(time, end), time <= end, unit="months", weight=rng.uniform(0.5, 3.0, 100)
        )
        found.append(logrank_test(surv, np.tile(["a", "b"], 50)).p_value < 0.05)
    assert abs(np.mean(found) - 0.05) < 4 * error(0.05, runs)


def test_unos_concordance_does_not_depend_on_censoring_and_auc_and_brier_hold_the_truth() -> None:
    rng, runs = np.random.default_rng(14), 300
    z = np.random.default_rng(1).normal(size=400_000)
    t = np.random.default_rng(2).exponential(np.exp(-z))
    # Truth to time 1.5 from half a million patients without censoring.
    first, second = slice(0, 200_000), slice(200_000, None)
    earlier = np.minimum(t[first], t[second]) < 1.5
    right = ((t[first] < t[second]) == (z[first] > z[second]))[earlier].mean()
    case, control = z[t <= 1.5][:100_000], z[t > 1.5]
    area = (np.searchsorted(np.sort(control), case) / control.size).mean()
    score_ = (((t > 1.5) - np.exp(-1.5 * np.exp(z))) ** 2).mean()
    mean, seen = [], np.zeros((runs, 3), bool)
    for i in range(runs):
        x = rng.normal(size=250)
        time, end = rng.exponential(np.exp(-x)), rng.exponential(1.2, 250) + 0.1
        end[:10] = 5.0  # some are always followed
        surv = Surv.right(np.minimum(time, end), time <= end, unit="years")
        uno = concordance(surv, -x, weighting="uno", tau=1.5)
        auc = time_dependent_auc(surv, -x, [1.5])
        brier = brier_score(surv, np.exp(-1.5 * np.exp(x))[:, None], [1.5])
        mean.append((uno.estimate, concordance(surv, -x).estimate))
        seen[i] = (
            holds(uno.conf_low, uno.conf_high, right),
            holds(auc.conf_low[0], auc.conf_high[0], area),
            holds(brier.conf_low[0], brier.conf_high[0], score_),
        )
    uno_mean, spread = np.mean(mean, axis=0)[0], np.std(mean, axis=0)[0] / np.sqrt(runs)
    assert abs(uno_mean - right) < 4 * spread + 0.002
    assert (np.abs(seen.mean(axis=0) - 0.95) < 4 * error(0.95, runs)).all(), seen.mean(axis=0)


@pytest.mark.long
def test_pooled_counts_hold_the_truth_with_and_without_double_zeros() -> None:
    rng, runs = np.random.default_rng(15), 60
    seen = np.zeros((runs, 2), bool)
    effects = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i in range(runs):
            n = rng.integers(30, 120, (2, 20))
            level = -2.0 + 0.5 * rng.normal(size=20)
            one = pool_proportions(rng.binomial(n[0], 1 / (1 + np.exp(-level))), n[0])
            seen[i, 0] = holds(
                one.logit_estimate - 1.96 * one.logit_std_error,
                one.logit_estimate + 1.96 * one.logit_std_error,
                -2.0,
            )
            rare = -3.5 + 0.5 * rng.normal(size=20)
            x = [rng.binomial(n[k], 1 / (1 + np.exp(-rare - side))) for k, side in ((0, -0.4), (1, 0.4))]
            two = pool_two_arms(x[0], n[0], x[1], n[1])
            seen[i, 1] = holds(two.conf_low, two.conf_high, -0.8)
            effects.append(two.estimate)
    assert (np.abs(seen.mean(axis=0) - 0.95) < 4 * error(0.95, runs)).all(), seen.mean(axis=0)
    assert abs(np.mean(effects) + 0.8) < 4 * np.std(effects) / np.sqrt(runs) + 0.02
