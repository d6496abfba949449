"""Pseudo data sets and their pooling: Rubin's rules by hand, what the sets keep and what they vary, and what is refused."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.stats import t as student

from survsim import Surv, cox_ph, kaplan_meier, pool_imputations, reconstruct_ipd, rmst
from survsim.errors import EvidenceWarning, InputError
from survsim.estimate.reconstruction.rubin import rubin
from survsim.reconstruction import PseudoIPD, pooled, pseudo_sets
from tests.helpers.reconstruction_truth import Cell, pair

CELL = Cell(shape="light censoring", n=100, table=6.0, clicks=60, rounding=0.005)


@pytest.fixture(scope="module")
def arms():
    return pair(CELL, np.random.default_rng(5))


@pytest.fixture(scope="module")
def made(arms):
    with warnings.catch_warnings():
        # One patient more or less at a printed time is what rounding leaves open.
        warnings.simplefilter("ignore", EvidenceWarning)
        return [
            reconstruct_ipd(
                (a.click, a.level), at_risk=(a.risk_time, a.at_risk), n_event=a.n_event, unit="months"
            )
            for a in arms
        ]


def sets_of(*rows: tuple[list[float], list[int]]) -> PseudoIPD:
    from survsim.core.provenance import Provenance

    return PseudoIPD(
        provenance=Provenance.of("by hand", ()),
        draw=np.repeat(np.arange(len(rows)), [len(t) for t, _ in rows]),
        time=np.concatenate([t for t, _ in rows]),
        event=np.concatenate([e for _, e in rows]).astype(bool),
        unit="months",
        n_draws=len(rows),
        grade="curve",
        tolerance=0.01,
    )


def test_rubins_rules_on_paper():
    # Estimates 1, 2, 3 with errors 1, 1, 2: W = (1 + 1 + 4) / 3 = 2, B = 1, T = 2 + 4/3 = 10/3,
    # df = 2 (1 + 2 / (4/3))^2 = 2 x 2.5^2 = 12.5.
    found = rubin(np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [1.0], [2.0]]))
    assert (found.estimate[0], found.within[0], found.between[0]) == (2.0, 2.0, 1.0)
    assert found.total[0] == pytest.approx(10 / 3, rel=1e-15)
    assert found.df[0] == pytest.approx(12.5, rel=1e-15)
    low, high = found.limits(0.9)
    assert (high[0] - low[0]) / 2 == pytest.approx(student.ppf(0.95, 12.5) * np.sqrt(10 / 3), rel=1e-12)


def test_sets_that_agree_give_the_normal_interval():
    found = rubin(np.array([[1.0], [1.0]]), np.array([[0.5], [0.5]]))
    low, high = found.limits(0.95)
    assert np.isinf(found.df[0])
    assert (low[0], high[0]) == pytest.approx((1 - 1.959963984540054 * 0.5, 1 + 1.959963984540054 * 0.5))


def test_three_patients_pooled_on_paper():
    # Set 1: deaths at 1, 2, 3 of 3: S(1) = 2/3. Set 2: deaths at 2, 2, 3: S(2) = 1/3. The function answers a plain mean.
    sets = sets_of(([1, 2, 3], [1, 1, 1]), ([2, 2, 3], [1, 1, 1]))
    found = pooled(sets, lambda s: (s.time.mean(), 0.1))
    assert found.estimate[0] == pytest.approx((2 + 7 / 3) / 2)
    assert found.between[0] == pytest.approx((1 / 3) ** 2 / 2)
    assert found.within[0] == pytest.approx(0.01)
    assert found.std_error[0] == pytest.approx(np.sqrt(0.01 + 1.5 / 18))
    assert found.added_share[0] == pytest.approx((1.5 / 18) / (0.01 + 1.5 / 18))


@pytest.mark.parametrize(
    ("estimator", "asked"), [("survival", {"times": 12.0}), ("rmst", {"tau": 24.0}), ("median", {})]
)
def test_equal_sets_give_the_estimator_itself(made, estimator, asked):
    one = made[0].surv()
    sets = sets_of(*[(one.time, one.event)] * 3)
    found = pooled(sets, estimator, **asked)
    km = kaplan_meier(one)
    own = {
        "survival": lambda: km.survival_at(12.0).estimate[0],
        "rmst": lambda: rmst(one, tau=24.0).estimate[0],
        "median": lambda: km.median().estimate[0],
    }[estimator]()
    assert found.value[0] == pytest.approx(own, rel=1e-12)
    assert found.between[0] == pytest.approx(0.0, abs=1e-25)
    assert found.added_share[0] == pytest.approx(0.0, abs=1e-12)


def test_survival_is_pooled_on_the_log_log_scale(made):
    sets = pseudo_sets(made[0], 5, tolerance=0.02, seed=3)
    at = [kaplan_meier(s).survival_at(12.0) for s in sets.survs()]
    s, error = np.array([x.estimate[0] for x in at]), np.array([x.std_error[0] for x in at])
    y, se = np.log(-np.log(s)), error / (s * -np.log(s))
    found = pooled(sets, "survival", times=12.0)
    assert found.value[0] == pytest.approx(np.exp(-np.exp(y.mean())), rel=1e-12)
    assert found.std_error[0] ** 2 == pytest.approx((se**2).mean() + 1.2 * y.var(ddof=1), rel=1e-12)
    assert found.conf_low[0] < found.value[0] < found.conf_high[0]


def test_a_hazard_ratio_is_that_of_pooled_imputations(made):
    treated, control = (pseudo_sets(r, 6, tolerance=0.01, seed=i) for i, r in enumerate(made))
    fits = []
    for a, b in zip(treated.survs(), control.survs()):
        both = Surv.right(np.concatenate([a.time, b.time]), np.concatenate([a.event, b.event]), unit="months")
        fits.append(cox_ph(both, None, np.repeat([1.0, 0.0], [a.time.size, b.time.size])))
    other = pool_imputations(fits, complete_df=1e12)
    found = pooled(treated, "hazard_ratio", control=control)
    assert found.estimate[0] == pytest.approx(other.estimate[0], rel=1e-12)
    assert found.std_error[0] == pytest.approx(np.sqrt(other.covariance[0, 0]), rel=1e-12)


def test_the_sets_keep_what_was_printed_and_stay_near_the_curve(arms, made):
    arm, r = arms[0], made[0]
    sets = pseudo_sets(r, 20, tolerance=0.01, seed=2)
    base = kaplan_meier(r.surv())
    grid = np.linspace(1.0, 30.0, 30)
    own = base.survival_at(grid).estimate
    far = []
    for s in sets.survs():
        n = [(s.time >= t).sum() for t in arm.risk_time]
        assert np.abs(np.array(n) - arm.at_risk).max() <= 2
        assert abs(int(s.event.sum()) - arm.n_event) <= 1
        far.append(np.abs(kaplan_meier(s).survival_at(grid).estimate - own).max())
    # 95% of readings within 0.01, two errors a reading, and a patient is 0.01 of the height.
    assert np.median(far) < 0.03
    assert len({tuple(s.time) for s in sets.survs()}) == 20


def test_a_larger_tolerance_adds_more_variance(made):
    small, large = (
        pooled(pseudo_sets(made[0], 40, tolerance=x, seed=4), "survival", times=12.0) for x in (0.002, 0.05)
    )
    assert large.between[0] > 10 * small.between[0]
    assert large.std_error[0] > small.std_error[0]


def test_no_deaths_on_a_flat_tail():
    r = reconstruct_ipd(
        ([2, 4, 6, 30], [0.9, 0.8, 0.7, 0.7]), at_risk=([0, 10, 20], [40, 28, 20]), n_event=12, unit="months"
    )
    for s in pseudo_sets(r, 30, tolerance=0.02).survs():
        assert s.time[s.event].max() <= 6.0


def test_unknown_totals_vary_and_are_said(arms):
    arm = arms[0]
    r = reconstruct_ipd((arm.click, arm.level), at_risk=(arm.risk_time[:2], arm.at_risk[:2]), unit="months")
    sets = pseudo_sets(r, 20, tolerance=0.005)
    assert len({int(s.event.sum()) for s in sets.survs()}) > 1
    assert "rate of before" in sets.headline()


def test_late_entry_stays_late():
    arm = pair(
        Cell(shape="late entry", n=100, table=6.0, clicks=60, rounding=0.005), np.random.default_rng(6)
    )[0]
    r = reconstruct_ipd(
        (arm.click, arm.level), at_risk=(arm.risk_time, arm.at_risk), n=100, entry=True, unit="months"
    )
    sets = pseudo_sets(r, 5, tolerance=0.005)
    assert sets.entry is not None
    assert np.all(sets.entry < sets.time)
    assert sets.to_frame().columns.tolist() == ["draw", "time", "event", "entry"]


def test_the_same_seed_gives_the_same_sets(made):
    a, b = (pseudo_sets(made[0], 3, tolerance=0.01, seed=8) for _ in range(2))
    np.testing.assert_array_equal(a.time, b.time)
    assert not np.array_equal(a.time, pseudo_sets(made[0], 3, tolerance=0.01, seed=9).time)


def test_what_cannot_be_pooled_is_refused(made):
    sets = pseudo_sets(made[0], 3, tolerance=0.01)
    for options, told in (
        ({"estimator": "survival"}, "needs times"),
        ({"estimator": "rmst"}, "needs tau"),
        ({"estimator": "hazard_ratio"}, "needs control"),
        ({"estimator": "median", "times": 3}, "goes with estimator"),
        ({"estimator": "mean"}, "estimator"),
        ({"estimator": "survival", "times": 1e-9}, "log"),
        ({"estimator": lambda s: 3.0}, "must answer"),
        ({"estimator": lambda s: (1.0, -1.0)}, "none negative"),
    ):
        with pytest.raises(InputError, match=told):
            pooled(sets, **options)
    with pytest.raises(InputError, match="draw both alike"):
        pooled(sets, "hazard_ratio", control=pseudo_sets(made[1], 4, tolerance=0.01))
    for options in ({"m": 1}, {"m": 2.5}, {"tolerance": -0.1}, {"tolerance": 0.9}, {"time_tolerance": -1}):
        with pytest.raises(InputError):
            pseudo_sets(made[0], **({"tolerance": 0.01} | options))


def test_a_median_that_is_not_reached_is_refused():
    sets = sets_of(([1, 2, 3, 4], [1, 0, 0, 0]), ([1, 2, 3, 4], [1, 0, 0, 0]))
    with pytest.raises(InputError, match="not reached"):
        pooled(sets, "median")
