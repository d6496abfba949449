"""Nelson-Aalen, follow-up, restricted means, milestones, landmarks, bands, interval censoring."""

import numpy as np
import pytest

from survsim import (
    Surv,
    conditional_survival,
    interval_censored_survival,
    kaplan_meier,
    landmark,
    milestone_test,
    nelson_aalen,
    reverse_kaplan_meier,
    rmst,
    rmst_test,
)
from survsim.errors import ConvergenceWarning, InputError, SmallSampleWarning
from survsim.estimate.nonparametric import interval_censored
from survsim.nonparametric import simultaneous_band

MP = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
MP_EVENT = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
BOTH = Surv.right(MP + PLACEBO, MP_EVENT + [1] * 21, unit="weeks")
ARM = ["6-MP"] * 21 + ["placebo"] * 21
FOUR = Surv.right([5, 8, 8, 12], [1, 0, 1, 1], unit="months")


def test_nelson_aalen_hand_solved():
    h = nelson_aalen(FOUR)
    np.testing.assert_allclose(h.estimate, [1 / 4, 1 / 4 + 1 / 3, 1 / 4 + 1 / 3 + 1])
    np.testing.assert_allclose(h.std_error**2, [1 / 16, 1 / 16 + 1 / 9, 1 / 16 + 1 / 9 + 1])
    spread = np.exp(1.959963984540054 * h.std_error / h.estimate)
    np.testing.assert_allclose(h.conf_low, h.estimate / spread)
    plain = nelson_aalen(FOUR, conf_type="plain")
    assert plain.conf_low[0] == 0.0 and plain.conf_high[0] == pytest.approx(0.25 + 1.959963984540054 / 4)
    assert np.isnan(nelson_aalen(FOUR, conf_type="none").conf_low).all()
    assert h.to_frame().shape == (3, 9) and "Nelson-Aalen" in repr(h)


def test_nelson_aalen_refuses_broken_ties_with_weights():
    s = Surv.right([1, 2], [1, 1], unit="days", weight=[1.5, 1])
    with pytest.raises(InputError, match="ties must be one of 'nelson-aalen'"):
        nelson_aalen(s, ties="fleming-harrington")


def test_reverse_curve_exchanges_event_and_censoring():
    middle = reverse_kaplan_meier(FOUR)
    np.testing.assert_allclose(middle.estimate, [1, 2 / 3, 2 / 3])
    assert middle.provenance.method == "reverse_kaplan_meier"


def test_rmst_without_censoring_is_a_mean():
    time = np.array([1.0, 2, 4, 7, 9])
    got = rmst(Surv.right(time, np.ones(5), unit="years"), tau=6)
    cut = np.minimum(time, 6)
    assert got.estimate[0] == pytest.approx(cut.mean())
    assert got.std_error[0] == pytest.approx(cut.std() / 5**0.5)
    assert got.lost[0] == pytest.approx(6 - cut.mean())
    assert "covers too seldom" in repr(got)
    assert "too seldom" not in repr(rmst(Surv.right(np.repeat(time, 10), np.ones(50), unit="years"), tau=6))


def test_rmst_robust_equals_plain_without_censoring():
    time = np.array([1.0, 2, 4, 7, 9])
    plain = rmst(Surv.right(time, np.ones(5), unit="years"), tau=6)
    robust = rmst(Surv.right(time, np.ones(5), unit="years", cluster=np.arange(5)), tau=6)
    assert robust.std_error[0] == pytest.approx(plain.std_error[0])
    pairs = rmst(
        Surv.right(np.repeat(time, 2), np.ones(10), unit="years", cluster=np.repeat(np.arange(5), 2)), tau=6
    )
    assert pairs.std_error[0] == pytest.approx(plain.std_error[0])


def test_rmst_refuses_to_extrapolate():
    with pytest.raises(
        InputError, match=r"tau=40 lies beyond the follow-up of group '6-MP', which ends at 35"
    ):
        rmst(BOTH, ARM, 40)
    # Everybody in the placebo arm has relapsed by 23: its curve is 0 and known.
    assert rmst(BOTH, ARM, 30).estimate[1] == pytest.approx(np.mean(PLACEBO))
    with pytest.raises(InputError, match="tau must lie in"):
        rmst(BOTH, tau=0)


def test_rmst_test_contrasts():
    means = rmst(BOTH, ARM, 20)
    test = rmst_test(BOTH, ARM, 20, reference="placebo")
    gap, spread = means.estimate[0] - means.estimate[1], np.hypot(*means.std_error)
    assert test.contrast_estimate[0] == pytest.approx(gap)
    assert test.conf_low[0] == pytest.approx(gap - 1.959963984540054 * spread)
    ratio = means.estimate[0] / means.estimate[1]
    spread = np.hypot(*(means.std_error / means.estimate))
    assert test.conf_high[1] == pytest.approx(ratio * np.exp(1.959963984540054 * spread))
    assert test.groups == ("placebo", "6-MP") and (test.p_value < 1e-3).all()
    with pytest.raises(InputError, match="takes two groups; by holds 3"):
        rmst_test(BOTH, np.arange(42) % 3, 5)


def test_melded_milestone_equals_bpcp():
    # R bpcp 1.4.2, two-sample melded test at week 10.
    test = milestone_test(BOTH, ARM, 10, method="beta-product")
    assert test.contrast_estimate[0] == pytest.approx(-0.3719888, abs=6e-8)
    # bpcp integrates to about five digits; scipy's adaptive quadrature gives -0.64777222 for the lower limit.
    assert test.conf_low[0] == pytest.approx(-0.6477765, abs=6e-6)
    assert test.conf_low[0] == pytest.approx(-0.64777222, abs=2e-8)
    assert test.conf_high[0] == pytest.approx(-0.0113505, abs=3e-7)
    assert test.p_value[0] == pytest.approx(0.04195, abs=6e-6)


def test_milestone_by_the_normal_law():
    test = milestone_test(BOTH, ARM, 10)
    at = kaplan_meier(BOTH, ARM).survival_at(10)
    assert test.contrast_estimate[0] == pytest.approx(at.estimate[1] - at.estimate[0])
    z = np.diff(np.log(-np.log(at.estimate)))[0] / np.hypot(
        *(at.std_error / (at.estimate * np.log(at.estimate)))
    )
    from math import erfc

    assert test.p_value[0] == pytest.approx(erfc(abs(z) / 2**0.5))
    plain = milestone_test(BOTH, ARM, 10, method="plain")
    assert plain.p_value[0] != test.p_value[0] and plain.conf_low[0] == test.conf_low[0]


def test_milestone_at_the_edges():
    with pytest.warns(
        SmallSampleWarning, match="is 1 in group '6-MP' and 1 in group 'placebo'.*beta-product"
    ):
        early = milestone_test(BOTH, ARM, 0.5)
    assert early.contrast_estimate.tolist() == [0, 1] and np.isnan(early.p_value).all()
    melded = milestone_test(BOTH, ARM, 0.5, method="beta-product")
    assert melded.p_value[0] == 1.0 and melded.conf_low[0] < 0 < melded.conf_high[0]
    with pytest.warns(SmallSampleWarning, match="is 0 in group 'placebo', where"):
        late = milestone_test(BOTH, ARM, 24)
    assert late.contrast_estimate[1] == 0.0 and np.isnan(late.std_error[1])
    with pytest.warns(SmallSampleWarning):
        assert milestone_test(BOTH, ARM, 24, reference="placebo").contrast_estimate[1] == np.inf
    assert milestone_test(BOTH, ARM, 24, method="beta-product").p_value[0] < 0.01
    with pytest.raises(InputError, match="time=36 lies beyond the follow-up of group '6-MP'"):
        milestone_test(BOTH, ARM, 36)
    weighted = Surv.right([1, 2, 3, 4], [1, 1, 1, 1], unit="days", weight=[1, 2, 1, 2])
    with pytest.raises(InputError, match="counts patients"):
        milestone_test(weighted, [0, 0, 1, 1], 2, method="beta-product")
    with pytest.warns(SmallSampleWarning, match="Choose a time at which some of each group"):
        milestone_test(weighted, [0, 0, 1, 1], 2)


def test_three_against_three_at_a_milestone():
    # nobody against two of three before 3 months; nobody is censored before, so the melded test is Fisher's, doubled:
    # 2 C(3, 0) C(3, 2) / C(6, 2) = 2 * 3 / 15
    surv, arm = Surv.right([5, 5, 5, 1, 2, 5], [0, 0, 0, 1, 1, 0], unit="months"), list("aaabbb")
    for method in ("log-log", "plain"):
        with pytest.warns(SmallSampleWarning, match="survival at 3 months is 1 in group 'a', where"):
            test = milestone_test(surv, arm, 3, method=method)
        assert test.contrast_estimate[0] == pytest.approx(-2 / 3)
        assert np.isnan([*test.p_value, *test.conf_low, *test.conf_high]).all()
    melded = milestone_test(surv, arm, 3, method="beta-product")
    assert melded.p_value[0] == pytest.approx(0.4, abs=1e-6) and melded.conf_low[0] >= -1.0


def test_a_difference_stays_where_differences_are():
    # one of four against three of four: -0.5 - 1.96 sqrt(2 * 3/64) is beyond -1 at 99.9%
    surv = Surv.right([1, 5, 5, 5, 1, 1, 1, 5], [1, 0, 0, 0, 1, 1, 1, 0], unit="months")
    test = milestone_test(surv, list("aaaabbbb"), 3, conf_level=0.999)
    assert test.contrast_estimate[0] == -0.5 and test.conf_low[0] == -1.0
    half = 3.2905267314919255 * np.sqrt(2 * 3 / 64)
    assert test.conf_high[0] == pytest.approx(-0.5 + half)
    means = rmst_test(surv, list("aaaabbbb"), 3, conf_level=1 - 1e-9)
    assert means.conf_low[0] == -3.0


def test_means_without_an_event_are_not_compared():
    surv = Surv.right([5, 6, 7, 5, 6, 7], [0, 0, 1, 0, 1, 0], unit="months")
    with pytest.warns(SmallSampleWarning, match="group 'a' and group 'b': no event before tau=4"):
        test = rmst_test(surv, list("aaabbb"), 4)
    assert test.contrast_estimate.tolist() == [0, 1] and np.isnan(test.p_value).all()
    with pytest.warns(SmallSampleWarning, match="group 'a': no event before tau=6.5"):
        assert np.isnan(rmst_test(surv, list("aaabbb"), 6.5).conf_low).all()


def test_landmark_keeps_who_is_still_there():
    s = Surv.right([2, 3, 5, 9, 10], [1, 0, 1, 0, 1], unit="months", entry=[0, 0, 0, 4, 1])
    mark = landmark(s, 3)
    assert mark.kept.tolist() == [False, False, True, True, True]
    assert mark.surv.time.tolist() == [2, 6, 7]
    assert mark.surv.entry.tolist() == [0, 1, 0]
    assert (mark.n_event, mark.n_censor, mark.n_not_entered) == (1, 1, 1)
    assert landmark(FOUR, 5).surv.entry is None
    with pytest.raises(InputError, match="nobody is followed beyond the landmark 12"):
        landmark(FOUR, 12)


def test_conditional_survival_is_a_ratio_of_curves():
    km = kaplan_meier(BOTH, ARM)
    at = km.survival_at([6, 10]).estimate
    got = conditional_survival(BOTH, given=[0, 6], times=4, by=ARM)
    np.testing.assert_allclose(got.estimate[[1, 3]], at[[1, 3]] / at[[0, 2]])
    assert got.n_risk.tolist() == [21, 17, 21, 12]
    assert got.to_frame().shape == (4, 8) and "Conditional" in repr(got)


@pytest.mark.parametrize("kind", ["hall-wellner", "equal-precision"])
@pytest.mark.parametrize("scale", ["log-log", "plain", "arcsine"])
def test_simultaneous_band_contains_the_pointwise_one(kind, scale):
    km = kaplan_meier(BOTH, ARM, conf_type=scale)
    band = simultaneous_band(km, kind, scale=scale, start=6, end=22)
    points, bands = km.to_frame(), band.to_frame()
    for label in km.groups:
        point = points[points.group == label].set_index("time")
        mine = bands[bands.group == label].set_index("time")
        assert (mine.conf_low <= point.loc[mine.index, "conf_low"] + 1e-12).all()
        assert (mine.conf_high >= point.loc[mine.index, "conf_high"] - 1e-12).all()
    assert band.critical_value.shape == (2,) and "critical value" in repr(band)


def test_simultaneous_band_needs_an_event():
    with pytest.raises(InputError, match="has no event with survival between 0 and 1"):
        simultaneous_band(kaplan_meier(FOUR), start=6, end=7)
    with pytest.raises(InputError, match="has no event"):
        simultaneous_band(kaplan_meier(Surv.right([1, 2], [0, 0], unit="days")))


def test_interval_censoring_with_exact_times_is_kaplan_meier():
    time, event = np.array([2.0, 3, 3, 5, 8]), np.array([True, True, False, True, False])
    got = interval_censored_survival(time, np.where(event, time, np.inf), unit="days")
    km = kaplan_meier(Surv.right(time, event, unit="days"))
    for t, s in zip(km.time[km.n_event > 0], km.estimate[km.n_event > 0]):
        assert got.survival[np.flatnonzero(got.high == t)[0]] == pytest.approx(s, abs=1e-4)


def test_half_open_intervals_do_not_touch():
    # (0, 2] and (2, 4] share no time: two masses of a half.
    got = interval_censored_survival([0, 2], [2, 4], unit="days")
    assert got.low.tolist() == [0, 2] and got.high.tolist() == [2, 4]
    np.testing.assert_allclose(got.probability, [0.5, 0.5], atol=1e-4)


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        ([1, 3], [2, 2], "low is above high in row 1"),
        ([1], [2, 3], "low has 1 values and high 2"),
        ([-1], [2], "low is below 0 in row 0"),
    ],
)
def test_intervals_that_cannot_be(low, high, message):
    with pytest.raises(InputError, match=message):
        interval_censored_survival(low, high, unit="days")


def test_a_stop_before_the_maximum_is_said(monkeypatch):
    monkeypatch.setattr(interval_censored, "turnbull_masses", lambda low, high: (np.array([0.1, 0.9]), 1.8))
    with pytest.warns(ConvergenceWarning, match="before its maximum"):
        interval_censored_survival([0, 2], [2, 4], unit="days")


def test_the_order_of_0_1_is_recognised_and_says_the_new_one():
    new = rmst(BOTH, ARM, 20)
    for old in (lambda: rmst(BOTH, 20, ARM), lambda: rmst(BOTH, np.int64(20), by=ARM)):
        with pytest.warns(DeprecationWarning, match=r"rmst\(surv, tau, by\) is now rmst\(surv, by, tau\)"):
            np.testing.assert_array_equal(old().estimate, new.estimate)
    with pytest.warns(DeprecationWarning):
        one = rmst(BOTH, 20)
    np.testing.assert_array_equal(one.estimate, rmst(BOTH, tau=20).estimate)
    with pytest.raises(InputError, match=r"rmst needs tau, the horizon in \w+: rmst\(surv, by, tau\)"):
        rmst(BOTH, ARM)


def test_conditional_survival_takes_the_groups_second_and_knows_the_old_order():
    new = conditional_survival(BOTH, ARM, [0, 6], 4)
    calls = (
        lambda: conditional_survival(BOTH, [0, 6], 4, ARM),
        lambda: conditional_survival(BOTH, [0, 6], 4, by=ARM),
        lambda: conditional_survival(BOTH, [0, 6], times=4, by=ARM),
    )
    for old in calls:
        with pytest.warns(DeprecationWarning, match=r"is now conditional_survival\(surv, by, given, times\)"):
            np.testing.assert_array_equal(old().estimate, new.estimate)
    # as many times survived as patients: two positional arguments are `given` and `times` all the same
    with pytest.warns(DeprecationWarning):
        many = conditional_survival(BOTH, np.linspace(0, 5, len(BOTH)), 1)
    assert many.estimate.size == len(BOTH)
    with pytest.raises(InputError, match=r"needs given .* and times"):
        conditional_survival(BOTH, ARM, given=3)
