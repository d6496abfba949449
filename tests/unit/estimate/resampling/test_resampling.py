"""Bootstrap and simulated trials: reproducible, equal to one-at-a-time, honest about what is undefined."""

import numpy as np
import pytest

from survsim import Execution, Surv, bootstrap, kaplan_meier, rmst
from survsim.core.distributions import Exponential
from survsim.errors import ExtrapolationWarning, InputError
from survsim.estimate.resampling.bootstrap import resample_counts
from survsim.trials import analyse_trials, simulated_trials

RNG = np.random.default_rng(1)
TIME = np.round(RNG.exponential(10, 60), 1) + 0.1
EVENT = RNG.random(60) < 0.7
S = Surv.right(TIME, EVENT, unit="months")


def test_named_statistics_equal_the_function_on_each_resample():
    named = bootstrap(S, "survival", at=[5.0, 9.0], n_resamples=40, seed=7)

    def by_hand(s):
        return kaplan_meier(s, conf_type="none").survival_at([5.0, 9.0]).estimate

    slow = bootstrap(S, by_hand, n_resamples=40, seed=7)
    np.testing.assert_allclose(named.replicates, slow.replicates)
    np.testing.assert_allclose(named.estimate, slow.estimate)
    assert slow.names == ("by_hand[0]", "by_hand[1]") and named.names == ("survival(5)", "survival(9)")


def test_same_seed_same_luck_for_every_statistic():
    a = bootstrap(S, "rmst", at=8.0, n_resamples=50, seed=3)
    b = bootstrap(S, lambda s: rmst(s, tau=8.0).estimate[0], n_resamples=50, seed=3)
    np.testing.assert_allclose(a.replicates, b.replicates)
    assert not np.array_equal(a.replicates, bootstrap(S, "rmst", at=8.0, n_resamples=50, seed=4).replicates)


def test_groups_are_resampled_apart_and_compared():
    by = np.arange(60) % 2
    two = bootstrap(S, "rmst", at=8.0, by=by, n_resamples=200, seed=3)
    assert two.names == ("0: rmst(8)", "1: rmst(8)", "difference: rmst(8)")
    np.testing.assert_allclose(two.replicates[:, 2], two.replicates[:, 1] - two.replicates[:, 0])
    error = rmst(S, by, 8.0).std_error
    np.testing.assert_allclose(two.std_error[:2], error, rtol=0.2)


def test_clusters_are_drawn_whole():
    counts = resample_counts(6, 50, 1, cluster=np.array([0, 0, 1, 1, 2, 2]))
    np.testing.assert_array_equal(counts[:, 0], counts[:, 1])
    assert (counts.sum(axis=1) == 6).all()
    wide = Surv.right(
        np.repeat(TIME, 2), np.repeat(EVENT, 2), unit="months", cluster=np.repeat(np.arange(60), 2)
    )
    pairs = bootstrap(wide, "rmst", at=8.0, n_resamples=300)
    single = bootstrap(S, "rmst", at=8.0, n_resamples=300)
    np.testing.assert_allclose(pairs.replicates, single.replicates)


def test_a_median_that_is_not_reached_stays_infinite():
    s = Surv.right([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0], unit="days")
    with pytest.warns(ExtrapolationWarning, match="infinite in .* of 300 resamples"):
        got = bootstrap(s, "median", n_resamples=300)
    assert np.isinf(got.replicates).any() and np.isinf(got.conf_high[0])
    assert np.isnan(got.std_error[0]) and got.n_undefined[0] == np.isinf(got.replicates).sum()
    assert bootstrap(S, "quantile", at=0.1, n_resamples=50).names == ("quantile(0.1)",)


def test_cox_resamples():
    x = RNG.standard_normal((60, 2))
    got = bootstrap(S, "cox", covariates=x, n_resamples=100)
    assert got.replicates.shape == (100, 2) and got.names == ("x0", "x1")
    np.testing.assert_allclose(got.replicates.mean(axis=0), got.estimate, atol=0.15)
    again = bootstrap(S, "cox", covariates=x, n_resamples=100, workers=1)
    np.testing.assert_array_equal(got.replicates, again.replicates)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"statistic": "mode"}, "statistic must be one of 'median'"),
        ({"statistic": "rmst"}, "needs at="),
        ({"statistic": "quantile", "at": 2}, "at must lie in"),
        ({"statistic": "cox"}, "needs covariates="),
        ({"statistic": "cox", "covariates": np.ones((60, 1))}, "column 0 is constant"),
        ({"statistic": "cox", "covariates": np.ones((5, 1))}, "one row a patient"),
        ({"statistic": "cox", "by": np.arange(60) % 2, "covariates": TIME}, "takes the groups as covariates"),
        ({"statistic": "median", "n_resamples": 1}, "n_resamples must lie in"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        bootstrap(S, **options)


def test_trials_in_one_pass_equal_trials_one_by_one():
    rng = np.random.default_rng(5)
    time, event = rng.exponential(5, (20, 40)) + 0.5, rng.random((20, 40)) < 0.8
    time[:, -1] = time[:, 0] = 30.0
    arm = np.repeat([0, 1], 20)
    got = analyse_trials(time, event, arm, unit="months", tau=4.0, execution=Execution(workers=1))
    for b in range(20):
        means = rmst(Surv.right(time[b], event[b], unit="months"), arm, 4.0)
        assert got.rmst_difference[b] == pytest.approx(np.diff(means.estimate)[0])
        assert got.rmst_std_error[b] == pytest.approx(np.hypot(*means.std_error))
    frame = got.to_frame()
    assert frame.test.tolist() == ["logrank", "cox_wald", "rmst"] and "20 simulated trials" in repr(got)


def test_trials_do_not_depend_on_threads():
    a, b = (Exponential(rate=r, time_unit="months") for r in (0.1, 0.06))
    options = dict(n_control=30, n_treated=20, accrual=6, follow_up=12, tau=10.0, n_trials=300, dropout=b)
    with pytest.warns(DeprecationWarning, match=r"simulated_trials is now simulate_trials\(TrialDesign"):
        one, two = (simulated_trials(a, b, workers=w, **options) for w in (1, 4))
    np.testing.assert_array_equal(one.z, two.z)
    np.testing.assert_array_equal(one.rmst_difference, two.rmst_difference)
    assert one.n_patients == 50 and one.unit == "months"
    assert one.log_hazard_ratio.mean() == pytest.approx(np.log(0.6), abs=0.1)


@pytest.mark.parametrize(
    ("time", "event", "arm", "message"),
    [
        ([[1.0, 2]], [[1, 0, 1]], [0, 1], r"must be \(B, n\), a row a trial"),
        ([[1.0, -2]], [[1, 0]], [0, 1], "must not be negative; found -2 in trials: row 0"),
        ([[1.0, 2]], [[1, 0]], [1, 2], "arm must be 0 or 1"),
    ],
)
def test_trials_that_cannot_be(time, event, arm, message):
    with pytest.raises(InputError, match=message):
        analyse_trials(time, event, arm, unit="days")


def test_designs_that_cannot_be():
    a, b = Exponential(rate=0.1, time_unit="months"), Exponential(rate=0.1, time_unit="years")
    with pytest.warns(DeprecationWarning), pytest.raises(InputError, match="share a time unit"):
        simulated_trials(a, b, n_control=5, n_treated=5, accrual=1, follow_up=2)
    with pytest.warns(DeprecationWarning), pytest.raises(InputError, match="every trial reaches it"):
        simulated_trials(a, a, n_control=5, n_treated=5, accrual=1, follow_up=2, tau=3)


@pytest.mark.parametrize(
    "function",
    [
        lambda s: "abc",
        lambda s: ["a"],
        lambda s: None,
        lambda s: {"a": 1},
        lambda s: 1j,
        lambda s: [],
        lambda s: [[1], [1, 2]],
        lambda s: [[1, 2], [3, 4]],
        lambda s: np.datetime64("2020-01-01"),
        lambda s: np.unique(s.time),
        lambda s: 1.0 if np.unique(s.time).size == 8 else "gone",
    ],
)
def test_answers_that_are_no_numbers_are_refused(function):
    surv = Surv.right([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 0, 1, 1, 0, 1, 1], unit="months")
    with pytest.raises(InputError, match=r"answer of|returned"):
        bootstrap(surv, function, n_resamples=5)


def test_times_of_different_lengths_are_refused():
    surv = Surv.right([1, 2, 3], [1, 1, 0], unit="months")
    with pytest.raises(InputError):
        kaplan_meier(surv).survival_at([[1], [1, 2]])


def test_several_statistics_share_the_resamples():
    rng = np.random.default_rng(8)
    x = rng.normal(size=(60, 2))
    s = Surv.right(np.ceil(rng.exponential(20, 60)), rng.random(60) < 0.7, unit="months")
    each = [
        bootstrap(s, "median", n_resamples=80),
        bootstrap(s, "rmst", at=[12, 24], n_resamples=80),
        bootstrap(s, "quantile", at=0.25, n_resamples=80),
        bootstrap(s, "cox", covariates=x, n_resamples=80),
        bootstrap(s, lambda part: part.time.mean(), n_resamples=80),
    ]
    asked = ["median", "rmst", "quantile", "cox", lambda part: part.time.mean()]
    both = bootstrap(s, asked, at={"rmst": [12, 24], "quantile": 0.25}, covariates=x, n_resamples=80)
    assert both.names == ("median", "rmst(12)", "rmst(24)", "quantile(0.25)", "x0", "x1", "<lambda>")
    for name in ("replicates", "estimate", "conf_low", "conf_high"):
        together = np.concatenate([getattr(b, name) for b in each], axis=-1)
        np.testing.assert_array_equal(getattr(both, name), together)
    same = bootstrap(s, ("rmst", "survival"), at=12, by=np.resize(["a", "b"], 60), n_resamples=20)
    assert same.names[-2:] == ("difference: rmst(12)", "difference: survival(12)")


@pytest.mark.parametrize(
    ("statistic", "at", "words"),
    [([], None, "or a list of these"), (7, None, "or a list of these"), (["median", "mean"], None, "must be one of"),
     (["median", "rmst"], None, "needs at="), (["median"], {"rmst": 3}, "not among the statistics"),
     (["rmst"], {}, "needs at=")],
)  # fmt: skip
def test_lists_that_make_no_sense_are_refused(statistic, at, words):
    s = Surv.right([1, 2, 3, 4], [1, 1, 0, 1], unit="months")
    with pytest.raises(InputError, match=words):
        bootstrap(s, statistic, at=at, n_resamples=5)


def test_many_resamples_at_once_give_the_curves_of_few():
    from survsim.kernels.batch_product_limit import MANY, Resampled

    rng = np.random.default_rng(9)
    time, event = rng.integers(0, 12, 40).astype(float), rng.random(40) < 0.5
    counts = rng.integers(0, 3, (MANY, 40)).astype(float)
    counts[0, time > 5] = 0
    data = Resampled(time, event)
    few = np.concatenate([data.curves(counts[: MANY // 2]), data.curves(counts[MANY // 2 :])])
    np.testing.assert_array_equal(data.curves(counts), few)


def test_trials_not_followed_to_the_horizon_are_counted_or_refused():
    # the first trial ends at 6 with a survivor in each arm, the second with events
    time, arm = [[1, 2, 3, 4, 5, 6.0], [1, 2, 3, 4, 5, 6.0]], [0, 1, 0, 1, 0, 1]
    event = [[1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1]]
    with pytest.raises(InputError, match=r"no trial follows both arms to tau=40 months; choose an earlier"):
        analyse_trials(time[:1], event[:1], arm, unit="months", tau=40)
    with pytest.warns(ExtrapolationWarning, match="1 of 2 trials do not follow both arms to tau=40 months"):
        made = analyse_trials(time, event, arm, unit="months", tau=40)
    assert made.undefined == {"logrank": 0, "cox_wald": 0, "rmst": 1}
    assert made.to_frame().n_undefined.tolist() == [0, 0, 1]
    # (2 + 4 + 6) / 3 - (1 + 3 + 5) / 3
    assert np.isnan(made.rmst_difference[0]) and made.rmst_difference[1] == pytest.approx(1.0)
