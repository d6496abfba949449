"""Kaplan-Meier: hand-solved curves, oracles of small-sample bands, every edge case of the peers."""

import warnings

import numpy as np
import pytest

from survsim import Surv, kaplan_meier
from survsim.errors import ExtrapolationWarning, InputError, SmallSampleWarning
from survsim.estimate.nonparametric.confidence_bands import BANDS

# The 6-mercaptopurine arm of Freireich et al. 1963, weeks in remission.
MP_TIME = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
MP_EVENT = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
MP = Surv.right(MP_TIME, MP_EVENT, unit="weeks")


def test_hand_solved_with_a_censoring_at_an_event_time():
    km = kaplan_meier(Surv.right([5, 8, 8, 12], [1, 0, 1, 1], unit="months"))
    assert km.time.tolist() == [5, 8, 12]
    assert km.n_risk.tolist() == [4, 3, 1]
    assert km.n_event.tolist() == [1, 1, 1]
    assert km.n_censor.tolist() == [0, 1, 0]
    np.testing.assert_allclose(km.estimate, [0.75, 0.5, 0.0])
    np.testing.assert_allclose(km.std_error[:2], [0.75 * (1 / 12) ** 0.5, 0.5 * 0.25**0.5])
    assert np.isnan(km.std_error[2]) and np.isnan(km.conf_high[2]) and km.conf_low[2] == 0.0


@pytest.mark.parametrize(
    ("time", "low", "high"),
    [
        (6, 0.6317741, 0.9695110),
        (10, 0.5008259, 0.9150308),
        (16, 0.3643629, 0.8384169),
        (20, 0.3307946, 0.8384169),
        (23, 0.1761968, 0.7260637),
        (34, 0.0233761, 0.7260637),
    ],
)
def test_beta_product_band_equals_bpcp(time, low, high):
    # R bpcp 1.4.2 on the data above.
    at = kaplan_meier(MP, conf_type="beta-product").survival_at(time)
    assert at.conf_low[0] == pytest.approx(low, abs=6e-8)
    assert at.conf_high[0] == pytest.approx(high, abs=6e-8)


@pytest.mark.parametrize(("time", "low", "high"), [(10, 0.5248969, 0.9033535), (23, 0.1991125, 0.7024990)])
def test_beta_product_mid_p_equals_bpcp(time, low, high):
    at = kaplan_meier(MP, conf_type="beta-product-midp").survival_at(time)
    # bpcp's own mid-p is a Monte Carlo quantile.
    assert at.conf_low[0] == pytest.approx(low, abs=2e-5)
    assert at.conf_high[0] == pytest.approx(high, abs=2e-5)


def test_beta_product_median():
    middle = kaplan_meier(MP, conf_type="beta-product").median()
    assert (middle.estimate[0], middle.conf_low[0], middle.conf_high[0]) == (23, 11, np.inf)


def test_beta_product_band_is_wide_before_anybody_left_and_after_the_last():
    at = kaplan_meier(MP, conf_type="beta-product").survival_at([1.0, 35.0])
    assert at.conf_low.tolist() == [pytest.approx(0.025 ** (1 / 21)), 0.0]
    assert at.conf_high[0] == 1.0


@pytest.mark.parametrize(
    ("time", "event", "median"),
    [
        ([10, 20, 21, 30], [1, 1, 1, 1], 20.5),  # S = 0.5 on [20, 21)
        ([10, 20, 21, 30], [1, 1, 0, 0], 25.0),  # S stays 0.5 to the end: midpoint to the last time
        ([10, 20, 30], [1, 1, 1], 20.0),
        ([10, 20, 30], [0, 0, 0], np.inf),
        ([7], [1], 7.0),
    ],
)
def test_median_takes_the_middle_of_a_level_stretch(time, event, median):
    assert kaplan_meier(Surv.right(time, event, unit="days")).median().estimate[0] == median


@pytest.mark.parametrize("conf_type", BANDS)
@pytest.mark.parametrize(
    ("time", "event"),
    [
        ([3], [1]),
        ([3], [0]),
        ([0], [1]),
        ([1, 2, 3], [0, 0, 0]),
        ([2, 2, 2], [1, 1, 1]),
        ([0, 1, 5], [1, 0, 1]),
    ],
)
def test_degenerate_data_give_a_defined_band(conf_type, time, event):
    km = kaplan_meier(Surv.right(time, event, unit="days"), conf_type=conf_type)
    alive = km.estimate > 0
    assert np.isfinite(km.estimate).all()
    if conf_type != "none":
        assert (km.conf_low <= km.estimate).all() and (km.conf_low >= 0).all()
        assert (km.conf_high[alive] >= km.estimate[alive]).all() and (km.conf_high[alive] <= 1).all()
    assert str(km.n_patients[0]) in repr(km)


def test_all_censored_is_one_throughout():
    km = kaplan_meier(Surv.right([1, 2, 3], [0, 0, 0], unit="days"))
    assert km.estimate.tolist() == [1, 1, 1]
    assert km.std_error.tolist() == [0, 0, 0]
    assert np.isinf(km.median().estimate[0])


def test_a_million_ties():
    n = 1_000_000
    km = kaplan_meier(Surv.right(np.full(n, 3.0), np.arange(n) % 2 == 0, unit="days"))
    assert (km.time.size, km.n_event[0], km.estimate[0]) == (1, n / 2, 0.5)


def test_whole_days_far_apart_are_sorted_not_counted():
    km = kaplan_meier(Surv.right([1, 9_000_000], [1, 1], unit="days"))
    assert km.estimate.tolist() == [0.5, 0.0]


def test_times_that_differ_in_the_last_bit_are_one_time():
    km = kaplan_meier(Surv.right([1.0, 1.0 + 1e-12, 2.0], [1, 1, 0], unit="years"))
    assert km.time.tolist() == [1.0, 2.0]
    assert km.n_event[0] == 2


def test_joining_takes_the_head_of_a_chain_and_keeps_entry_in_step():
    step = 1e-9
    s = Surv.right(
        [1.0, 1.0 + step, 1.0 + 2 * step, 5.0, 5.0],
        [1, 1, 1, 1, 0],
        unit="years",
        entry=[0.0, 0.5, 0.0, 1.0 + step, 0.0],
    )
    assert s.time.tolist() == [1, 1, 1, 5, 5]
    assert s.entry.tolist() == [0, 0.5, 0, 1, 0]


def test_delayed_entry_hand_solved():
    # At 2: patients 0, 1 (entered at 0 and 1); at 4: 1 and 2 are gone or not; risk sets 2, 2, 1.
    s = Surv.right([2, 4, 6], [1, 1, 0], unit="months", entry=[0, 1, 2])
    km = kaplan_meier(s)
    assert km.n_risk.tolist() == [2, 2, 1]
    np.testing.assert_allclose(km.estimate, [0.5, 0.25, 0.25])
    # Entry at 2 counts from just after 2; who enters at 0 is there from the start.
    assert km.at_risk([0, 0.5, 1, 1.5, 2, 2.5, 4, 6, 7]).tolist() == [[1, 1, 1, 2, 2, 2, 2, 1, 0]]


def test_emptied_risk_set_warns():
    s = Surv.right([1, 5, 6], [1, 1, 0], unit="months", entry=[0, 2, 2])
    with pytest.warns(SmallSampleWarning, match="0 from there on although 2 patients"):
        km = kaplan_meier(s)
    assert km.estimate.tolist() == [0, 0, 0]


def test_survival_beyond_follow_up_is_unknown_and_said():
    km = kaplan_meier(Surv.right([1, 2], [1, 0], unit="months"))
    with pytest.warns(ExtrapolationWarning, match=r"followed to 2 months only.*3"):
        at = km.survival_at([0.5, 3])
    assert at.estimate[0] == 1.0 and np.isnan(at.estimate[1])
    dead = kaplan_meier(Surv.right([1, 2], [1, 1], unit="months"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert dead.survival_at(3).estimate[0] == 0.0


def test_integer_weights_repeat_patients():
    weight = np.array([2, 1, 3, 1])
    weighted = kaplan_meier(Surv.right([5, 8, 8, 12], [1, 0, 1, 1], unit="days", weight=weight))
    repeated = kaplan_meier(
        Surv.right(*(np.repeat(v, weight) for v in ([5, 8, 8, 12], [1, 0, 1, 1])), unit="days")
    )
    for name in ("time", "n_risk", "n_event", "n_censor", "estimate", "std_error", "conf_low", "conf_high"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(repeated, name))
    assert weighted.n_patients[0] == 4 and not weighted.robust


def test_groups_keep_their_order_and_rows():
    import pandas as pd

    by = pd.Categorical(["late", "early", "late", "early"], categories=["early", "late"])
    km = kaplan_meier(Surv.right([1, 2, 3, 4], [1, 1, 0, 1], unit="days"), by)
    assert km.groups == ("early", "late")
    frame = km.to_frame()
    assert frame.columns.tolist()[:4] == ["group", "time", "n_risk", "n_event"]
    assert frame.group.tolist() == ["early", "early", "late", "late"]
    assert km.time[km.rows("late")].tolist() == [1, 3]
    with pytest.raises(InputError, match="group must be one of 'early', 'late'"):
        km.rows("middle")


def test_headline_names_the_safer_band_below_fifty():
    text = repr(kaplan_meier(MP))
    assert "median 23" in text and 'conf_type="beta-product"' in text
    assert (
        "beta-product"
        not in kaplan_meier(MP, conf_type="likelihood", conf_level=0.9).headline().split("\n")[0]
    )
    assert "Fewer than" not in repr(kaplan_meier(MP, conf_type="beta-product"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"conf_type": "exact"}, "conf_type must be one of 'log-log'"),
        ({"conf_level": 95}, r"conf_level must lie in \(0, 1\)"),
        ({"by": ["a"]}, "by must have one value per time"),
        ({"by": ["a", "b", None]}, "by is missing in row 2"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        kaplan_meier(Surv.right([1, 2, 3], [1, 0, 1], unit="days"), **options)


@pytest.mark.parametrize("conf_type", ["likelihood", "beta-product", "beta-product-midp"])
def test_counting_bands_refuse_weights(conf_type):
    s = Surv.right([1, 2, 3], [1, 0, 1], unit="days", weight=[1, 2, 1])
    with pytest.raises(InputError, match="has no weighted form"):
        kaplan_meier(s, conf_type=conf_type)


def test_beta_product_refuses_delayed_entry():
    s = Surv.right([1, 2, 3], [1, 0, 1], unit="days", entry=[0, 0, 1])
    with pytest.raises(InputError, match="no proof under delayed entry"):
        kaplan_meier(s, conf_type="beta-product")
    assert np.isfinite(kaplan_meier(s, conf_type="likelihood").conf_low).all()


def test_quantile_needs_shares():
    with pytest.raises(InputError, match=r"p must lie in \[0, 1\]"):
        kaplan_meier(MP).quantile(50)
    none = kaplan_meier(MP, conf_type="none").median()
    assert np.isnan(none.conf_low[0]) and none.estimate[0] == 23


@pytest.mark.parametrize(
    ("time", "event", "message"),
    [
        ([1, 2], [1, 2], r"event must be True/False or 0/1; found \{1, 2\}. If 2 marks the event"),
        ([1, np.nan], [1, 0], "time must be finite; found nan in row 1"),
        ([1, np.inf], [1, 0], "time must be finite; found inf in row 1"),
        ([1, -2], [1, 0], "time must not be negative; found -2 in row 1"),
        ([], [], "time is empty"),
    ],
)
def test_the_peers_silent_faults_are_errors_at_the_door(time, event, message):
    with pytest.raises(InputError, match=message):
        Surv.right(time, event, unit="days")


def test_entry_at_or_after_exit_is_an_error():
    with pytest.raises(InputError, match="entry must be before time; found entry 2 and time 2 in row 1"):
        Surv.right([1, 2], [1, 0], unit="days", entry=[0, 2])


def test_to_lifelines_gives_the_same_curve():
    fitter = kaplan_meier(MP).to_lifelines()
    km = kaplan_meier(MP)
    np.testing.assert_allclose(fitter.survival_function_.iloc[1:, 0], km.estimate)
    assert fitter.median_survival_time_ == 23
    with pytest.raises(InputError, match="name the group"):
        kaplan_meier(MP, by=np.arange(21) % 2).to_lifelines()
    late = Surv.right([2, 3], [1, 0], unit="days", entry=[0, 1])
    with pytest.raises(InputError, match="delayed entry"):
        kaplan_meier(late).to_lifelines()
