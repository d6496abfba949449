"""Effect sizes from printed numbers: the routes by hand, the flags and the refusals."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.special import ndtr

from survsim import effect_size, effect_sizes, meta_analysis
from survsim.core.estimate_record import Estimate
from survsim.errors import EvidenceError, EvidenceWarning, InputError
from survsim.synthesis import effect_size_from_curves


def test_interval_route_gives_the_published_uterine_numbers():
    e = effect_size(hazard_ratio=0.75, conf_low=0.60, conf_high=0.94)
    assert e.log_hazard_ratio == pytest.approx(-0.287682072, abs=1e-9)
    assert e.std_error == pytest.approx(0.114530222, abs=1e-9)
    assert e.variance_of_logrank == pytest.approx(76.235946, abs=1e-5)
    assert e.observed_minus_expected == pytest.approx(-21.931715, abs=1e-5)
    assert (e.route, e.flagged) == ("hr and interval", False)


def test_interval_of_another_level():
    at_95 = effect_size(hazard_ratio=0.5, conf_low=0.25, conf_high=1.0)
    at_90 = effect_size(hazard_ratio=0.5, conf_low=0.25, conf_high=1.0, conf_level=0.90)
    assert at_90.std_error / at_95.std_error == pytest.approx(1.959963985 / 1.644853627)


def test_p_and_events_route():
    e = effect_size(p_value=0.009, n_event=244, favours="research")
    assert e.hazard_ratio == pytest.approx(0.715739, abs=1e-6)
    assert e.std_error == pytest.approx(0.128037, abs=1e-6)
    assert effect_size(p_value=0.009, n_event=244, favours="control").log_hazard_ratio == -e.log_hazard_ratio


def test_events_per_arm_and_unequal_randomisation():
    assert effect_size(hazard_ratio=0.8, n_event=(60, 40)).variance_of_logrank == pytest.approx(24.0)
    two_to_one = effect_size(hazard_ratio=0.8, n_event=90, n_arm=(200, 100))
    assert two_to_one.variance_of_logrank == pytest.approx(20.0)


def test_hr_and_p_route_and_logrank_route():
    e = effect_size(hazard_ratio=np.exp(-0.392), p_value=0.05)
    assert e.std_error == pytest.approx(0.392 / 1.959963985)
    e = effect_size(observed_minus_expected=-10.0, variance=25.0)
    assert (e.log_hazard_ratio, e.std_error, e.route) == (-0.4, 0.2, "o-e and v")


def test_asymmetric_interval_is_flagged_not_refused():
    e = effect_size(hazard_ratio=0.68, conf_low=0.54, conf_high=0.80, label="zhang_2019_e04")
    assert e.flagged
    assert e.asymmetry == pytest.approx(np.log(0.68) - 0.5 * np.log(0.54 * 0.80))
    assert "misprint" in e.headline()


def test_a_p_value_that_contradicts_the_interval_is_noted():
    e = effect_size(hazard_ratio=0.75, conf_low=0.60, conf_high=0.94, p_value=0.5)
    assert e.flagged and "p = 0.5 is printed, estimate and error give p = 0.012" in e.notes[0]


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        (
            {"hazard_ratio": 0.68, "conf_low": 0.85, "conf_high": 0.99},
            "row 41: interval 0.85 to 0.99 excludes",
        ),
        ({"hazard_ratio": -0.3, "conf_low": -0.6, "conf_high": 0.1}, "Is it a log ratio"),
        ({"hazard_ratio": 0.7, "conf_low": 0.5}, "needs both ends"),
        ({"hazard_ratio": 0.7}, "allow no route"),
        ({}, "no numbers allow no route"),
        ({"p_value": 0.0, "n_event": 10}, "p-value of 0 is one below half a unit of its last digit, a bound"),
        ({"hazard_ratio": 0.5, "p_value": 0.0}, "p-value of 0 is one below"),
        ({"p_value": -0.1, "n_event": 10}, "p_value must lie"),
        ({"p_value": 0.1, "n_event": 10}, "has no side"),
        ({"p_value": 0.1, "n_event": 0, "favours": "research"}, "n_event is the positive total"),
        ({"hazard_ratio": 0.7, "n_event": 9, "n_arm": (1,)}, "n_arm is"),
        ({"hazard_ratio": "low"}, "must be a number"),
        ({"observed_minus_expected": 3.0}, "belong together"),
    ],
)
def test_messages_name_the_row(numbers, message):
    with pytest.raises(InputError, match=message):
        effect_size(**numbers, label="row 41")


def record(name, value, low=np.nan, high=np.nan, **options):
    return Estimate(
        estimate_id=name,
        study_id=name[:-4],
        arm_id="",
        endpoint="overall_survival",
        measure=options.pop("measure", "hazard_ratio"),
        value=value,
        conf_low=low,
        conf_high=high,
        conf_level=options.pop("conf_level", 0.95 if low == low else np.nan),
        **options,
    )


def test_records_are_read_and_what_is_left_out_is_said():
    found = effect_sizes(
        [
            record("a_2001_e01", 0.8, 0.6, 1.07),
            record("b_2002_e01", 0.7, p_value=0.04),
            record("c_2003_e01", 12.0, measure="median_time"),
            record("d_2004_e01", 0.7, p_value=0.001, p_qualifier="<"),
            record("e_2005_e01", 0.7, 0.5, 0.9, conf_level=np.nan, conf_note="level_not_stated"),
            record("f_2006_e01", 0.7, 0.5, 0.9, value_qualifier="upper_bound"),
        ]
    )
    assert found.labels == ("a_2001_e01", "b_2002_e01")
    assert found.sources == ("estimates:a_2001_e01", "estimates:b_2002_e01")
    assert [label for label, _ in found.left_out] == ["c_2003_e01", "d_2004_e01", "e_2005_e01", "f_2006_e01"]
    assert found.provenance.references() == found.sources
    assert "Left out: c_2003_e01 (its measure is median_time)" in found.summary()


def test_rows_of_one_study_can_enter_as_one_cluster():
    rows = [
        {"hazard_ratio": h, "conf_low": 0.7 * h, "conf_high": h / 0.7, "label": f"row {i}", "study": s}
        for i, (h, s) in enumerate(zip((0.6, 0.6, 0.8, 0.9), "aabc"))
    ]
    found = effect_sizes(rows)
    assert found.studies == ("a", "a", "b", "c")
    with pytest.warns(EvidenceWarning, match=r"row 0, row 1 \(cluster a\)"):
        joined = meta_analysis(
            found.log_hazard_ratio, found.std_error, labels=found.labels, clusters=found.studies
        )
    assert joined.k == 3
    assert joined.estimate == pytest.approx(
        meta_analysis(found.log_hazard_ratio[1:], found.std_error[1:]).estimate
    )


def test_one_record_gives_what_effect_sizes_gives():
    row = record("a_2001_e01", 0.8, 0.6, 1.07)
    assert effect_size(row).std_error == effect_sizes([row]).std_error[0]


def test_faults_of_all_rows_come_together():
    with pytest.raises(InputError, match=r"(?s)x_1: interval 0.9 to 1 excludes.*x_2: interval"):
        effect_sizes(
            [SimpleNamespace(value=0.5, conf_low=0.9, conf_high=1.0, study_id=f"x_{i}") for i in (1, 2)]
        )


def test_nothing_left_is_an_error():
    with pytest.raises(InputError, match="no row gives an effect size"):
        effect_sizes([record("c_2003_e01", 12.0, measure="median_time")])


def test_errors_share_one_root():
    assert issubclass(InputError, ValueError)
    assert not issubclass(EvidenceError, InputError)


def test_curves_with_numbers_at_risk_by_hand():
    # One interval: D = (100 + 60) * 0.2 / 1.8, R = 100 - C / 2 with C = 2 (80 - 60) / 1.8.
    e = effect_size_from_curves(
        [0, 12], [1, 0.8], [1, 0.6], at_risk_research=[100, 60], at_risk_control=[100, 60]
    )
    d_r, r_r = 160 * 0.2 / 1.8, 100 - 20 / 1.8
    d_c, r_c = 160 * 0.4 / 1.6, 100.0
    assert e.log_hazard_ratio == pytest.approx(np.log((d_r / r_r) / (d_c / r_c)))
    assert e.std_error**2 == pytest.approx(1 / d_r - 1 / r_r + 1 / d_c - 1 / r_c)
    assert "more than 20%" in e.notes[0]


def test_curves_without_numbers_at_risk_by_hand():
    # Follow-up 10 to 30: half of (20 - 10) / (30 - 10) = 1/4 of those at risk leave in the second interval.
    e = effect_size_from_curves(
        [0, 10, 20],
        [1, 0.9, 0.72],
        [1, 0.8, 0.6],
        n_research=100,
        n_control=100,
        follow_up_min=10,
        follow_up_max=30,
    )
    r = [(100.0, 10.0, 100.0, 20.0), (90 * 0.75, 90 * 0.75 * 0.2, 80 * 0.75, 80 * 0.75 * 0.25)]
    effect = np.array([np.log((d1 / r1) / (d0 / r0)) for r1, d1, r0, d0 in r])
    weight = np.array([1 / (1 / d1 - 1 / r1 + 1 / d0 - 1 / r0) for r1, d1, r0, d0 in r])
    assert e.log_hazard_ratio == pytest.approx(weight @ effect / weight.sum())
    assert e.std_error == pytest.approx(weight.sum() ** -0.5)


def test_intervals_without_deaths_of_an_arm_are_taken_together_by_hand():
    found = effect_size_from_curves(
        [0, 5, 10],
        [1, 1, 0.8],
        [1, 0.95, 0.7],
        at_risk_research=[100, 100, 80],
        at_risk_control=[100, 95, 70],
    )
    above, below = 20 * 95 / 195, 5 * 100 / 200 + 25 * 100 / 195
    spread = 5 * 100 * 100 / 200**2 + 45 * 100 * 95 / 195**2
    assert found.hazard_ratio == pytest.approx(above / below)
    assert found.std_error == pytest.approx(np.sqrt(spread / (above * below)))
    assert "1 of 2 intervals hold less than one death of an arm: ratio by Mantel and Haenszel" in found.notes


@pytest.mark.parametrize("readings", [10, 20, 40, 400])
def test_reading_curves_more_often_comes_nearer_to_cox(readings):
    """60 patients an arm, hazard ratio 0.25: R's coxph on the patients to 20 gives log HR -1.39803 (SE 0.32266)."""
    share = (np.arange(60) + 0.5) / 60
    time = np.linspace(0, 20, readings + 1)
    arms = [-mean * np.log(1 - share) for mean in (80, 20)]
    left = [np.array([(arm > t).sum() for t in time]) for arm in arms]
    found = effect_size_from_curves(
        time, left[0] / 60, left[1] / 60, at_risk_research=left[0], at_risk_control=left[1]
    )
    assert found.log_hazard_ratio == pytest.approx(-1.39803, abs=0.3 / readings + 0.005)
    assert found.std_error == pytest.approx(0.32266, rel=0.01)


@pytest.mark.parametrize(("arm", "ratio"), [("research", "0"), ("control", "infinite")])
def test_an_arm_without_deaths_has_no_ratio(arm, ratio):
    curves = {"survival_research": [1, 0.6, 0.4], "survival_control": [1, 0.6, 0.4]} | {
        f"survival_{arm}": [1, 1, 1]
    }
    with pytest.raises(InputError, match=f"the {arm} curve holds no deaths .* is {ratio} or open"):
        effect_size_from_curves(
            [0, 6, 12], **curves, n_research=60, n_control=60, follow_up_min=12, follow_up_max=24
        )


FOLLOWED = {
    "at_risk_research": None,
    "at_risk_control": None,
    "n_research": 100,
    "n_control": 100,
    "follow_up_max": 30,
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time": [1, 12]}, "must start at 0"),
        ({"survival_research": [1, 1.1]}, "never rise"),
        ({"survival_research": [1, 0.9, 0.8]}, "3 readings for 2 times"),
        ({"at_risk_research": [100, 110]}, "never grow"),
        ({"at_risk_research": None}, "both arms or for none"),
        ({"at_risk_research": None, "at_risk_control": None}, "follow_up_max are needed"),
        (
            {
                "at_risk_research": None,
                "at_risk_control": None,
                "n_research": 9,
                "n_control": 9,
                "follow_up_max": 5,
            },
            "reach the last time",
        ),
        ({"survival_research": [1, 1], "survival_control": [1, 1]}, "holds no deaths"),
        ({"n_control": 500}, "n_control is 500, but 100 are at risk at 0"),
        (FOLLOWED | {"follow_up_min": np.nan}, "follow_up_min must lie in"),
        (FOLLOWED | {"follow_up_max": np.inf}, "follow_up_max must lie in"),
    ],
)
def test_curve_messages(change, message):
    arguments = {
        "time": [0, 12],
        "survival_research": [1, 0.8],
        "survival_control": [1, 0.6],
        "at_risk_research": [100, 80],
        "at_risk_control": [100, 60],
        **change,
    }
    with pytest.raises(InputError, match=message):
        effect_size_from_curves(**arguments)


@pytest.mark.parametrize("arm", ["research", "control"])
@pytest.mark.parametrize("n", [99, 95, 83])
def test_numbers_at_risk_above_what_survival_leaves(arm, n):
    curves = {"survival_research": [1, 0.8], "survival_control": [1, 0.8]}
    counts = {"at_risk_research": [100, 80], "at_risk_control": [100, 80]}
    with pytest.raises(EvidenceError, match=f"trial: at_risk_{arm} has {n} at time 12, .* leaves 82 at most"):
        effect_size_from_curves([0, 12], **curves, **counts | {f"at_risk_{arm}": [100, n]}, label="trial")
    effect_size_from_curves([0, 12], **curves, **counts | {f"at_risk_{arm}": [100, 82]})


def test_an_unknown_name_in_a_row_is_told_with_the_known_ones():
    with pytest.raises(
        InputError, match=r"(?s)row 0: 'hr' is no name .*hazard_ratio\), conf_low.*row 1: 'low'"
    ):
        effect_sizes([{"hr": 0.5}, {"hazard_ratio": 0.5, "low": 0.3}])


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"conf_high": 0.94, "conf_level": 0.4}, "row 41: a one-sided limit at conf_level 0.4"),
        ({"conf_high": 0.94, "conf_level": 0.5}, "conf_level 0.5 does not lie beyond"),
        ({"conf_high": 0.5}, "row 41: conf_high 0.5 does not lie above its estimate 0.75"),
        ({"conf_high": 0.75}, "conf_high 0.75 does not lie above"),
        ({"conf_low": 0.9}, "conf_low 0.9 does not lie below its estimate 0.75"),
    ],
)
def test_one_sided_limits_lie_beyond_the_estimate(numbers, message):
    with pytest.raises(InputError, match=message):
        effect_size(hazard_ratio=0.75, one_sided=True, label="row 41", **numbers)


def test_one_sided_limits_give_positive_errors():
    for limit in ({"conf_high": 0.94}, {"conf_low": 0.75**2 / 0.94}):
        e = effect_size(hazard_ratio=0.75, one_sided=True, conf_level=0.975, **limit)
        assert e.std_error == pytest.approx(np.log(0.94 / 0.75) / 1.959963985)


def test_a_hazard_ratio_that_contradicts_its_logrank_numbers_is_flagged():
    e = effect_size(hazard_ratio=0.75, observed_minus_expected=20, variance=76, label="trial A")
    assert e.flagged
    assert "gives a hazard ratio of 1.3, 0.75 is printed" in e.headline()
    agrees = effect_size(hazard_ratio=0.75, observed_minus_expected=-20, variance=76)
    assert not agrees.flagged and agrees.notes == ()
    both = effect_sizes(
        [{"hazard_ratio": 0.75, "observed_minus_expected": 20, "variance": 76, "label": "trial A"}],
        beyond_counts="widen",
    )
    assert "do not fit one another (see notes): trial A" in both.headline()


def test_observed_and_expected_of_both_arms():
    """lung by sex, as survdiff prints it: 53 seen, 73.4 expected in women, 112 and 91.6 in men."""
    e = effect_size(observed=(53, 112), expected=(73.4, 91.6))
    assert e.hazard_ratio == pytest.approx((53 / 73.4) / (112 / 91.6))
    assert e.std_error == pytest.approx(np.sqrt(1 / 73.4 + 1 / 91.6))
    assert e.route == "observed and expected"
    # The Cox model says 0.588 (0.424 to 0.816).
    assert e.hazard_ratio == pytest.approx(0.588, abs=0.01)
    assert (e.conf_low, e.conf_high) == pytest.approx((0.424, 0.816), abs=0.02)


def test_a_hazard_ratio_of_another_story_beside_observed_and_expected_is_flagged():
    e = effect_size(hazard_ratio=1.7, observed=(53, 112), expected=(73.4, 91.6))
    assert e.flagged and "of both arms" in " ".join(e.notes)
    assert not effect_size(hazard_ratio=0.59, observed=(53, 112), expected=(73.4, 91.6)).flagged


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"observed": (53, 112)}, "expected is"),
        ({"expected": (53, 112)}, "observed is"),
        ({"observed": (53, 112), "expected": (73.4,)}, "expected is"),
        ({"observed": (0, 112), "expected": (20.0, 92.0)}, "observed is"),
        ({"observed": (53, 112), "expected": (91.6, 92.0)}, "add up to"),
        ({"observed": "many", "expected": (73.4, 91.6)}, "observed is"),
    ],
)
def test_observed_and_expected_belong_together(given, message):
    with pytest.raises(InputError, match=message):
        effect_size(**given)


@pytest.mark.parametrize("ratio", ["0.7", "0_7", True, b"0.7", 0.7 + 0j, np.timedelta64(1, "D")])
def test_a_printed_number_is_a_number(ratio):
    with pytest.raises(InputError, match=r"must be a number|hold numbers"):
        effect_size(hazard_ratio=ratio, conf_low=0.5, conf_high=0.98)


def test_a_masked_number_is_not_printed():
    with pytest.raises(InputError, match="allow no route"):
        effect_size(hazard_ratio=np.ma.masked, conf_low=0.5, conf_high=0.98)


INTERVAL = {"hazard_ratio": 0.7, "conf_low": 0.5, "conf_high": 0.98}
CONTRADICTIONS = [
    # z of the interval 2.08, of p = 0.5 0.67; of 1.00 0, of p = 0.001 3.29.
    (INTERVAL | {"p_value": 0.5}, "p = 0.5 is printed, estimate and error give p = 0.038"),
    (
        {"hazard_ratio": 1.0, "conf_low": 0.8, "conf_high": 1.25, "p_value": 0.001},
        "p = 0.001 is printed, estimate and error give p = 1",
    ),
    (INTERVAL | {"favours": "control"}, "favours='control' is stated"),
    ({"hazard_ratio": 1.4, "p_value": 0.02, "favours": "research"}, "favours='research' is stated"),
    # 2 / sqrt(4000) = 0.0316, the interval gives log(49) / 3.92 = 0.993.
    (
        {"hazard_ratio": 0.7, "conf_low": 0.1, "conf_high": 4.9, "n_event": 4000},
        "0.993 follows from the interval, 4000 events give about 0.0316",
    ),
    (
        {"hazard_ratio": 0.7, "conf_low": 0.1, "conf_high": 4.9, "n_event": (40, 60)},
        "40 and 60 events give about 0.204",
    ),
    ({"hazard_ratio": 0.7, "p_value": 0.8, "n_event": 400, "n_arm": (50, 50)}, "400 events give about 0.1"),
]


@pytest.mark.parametrize(("numbers", "told"), CONTRADICTIONS)
def test_numbers_that_cannot_all_be_true_are_flagged_and_not_pooled(numbers, told):
    found = effect_size(**numbers, label="trial T")
    assert found.flagged and told in " ".join(found.notes)
    assert told in found.headline()
    rows = [numbers | {"label": "trial T"}]
    with pytest.raises(InputError, match=r"trial T: .*beyond_counts='widen'"):
        effect_sizes(rows)
    kept = effect_sizes(rows, beyond_counts="widen")
    assert "do not fit one another (see notes): trial T" in kept.headline()
    assert kept.std_error[0] == found.std_error


@pytest.mark.parametrize(
    "numbers",
    [
        INTERVAL | {"p_value": 0.04, "favours": "research"},
        # What prints as 0.99 (0.70 to 1.40) has p from 0.93 to 0.98.
        {"hazard_ratio": 0.99, "conf_low": 0.70, "conf_high": 1.40, "p_value": 0.93},
        # 0.945 to 0.955 and limits as loose: z from 2.9 to 5.3, and p = 0.003 is 2.97.
        {"hazard_ratio": 0.95, "conf_low": 0.93, "conf_high": 0.98, "p_value": 0.003},
        {"hazard_ratio": 1.0, "conf_low": 0.8, "conf_high": 1.25, "p_value": 0.98},
        {"hazard_ratio": 1.0, "conf_low": 0.8, "conf_high": 1.25, "favours": "control"},
        {"hazard_ratio": 1.01, "p_value": 0.9, "n_event": 60, "favours": "research"},
        # One arm of a tenth: 1 / sqrt(100 * 0.1 * 0.9) = 0.33.
        {"hazard_ratio": 0.7, "conf_low": 0.36, "conf_high": 1.36, "n_event": 100, "n_arm": (10, 90)},
    ],
)
def test_rounding_and_unequal_arms_contradict_nothing(numbers):
    found = effect_size(**numbers)
    widened = "allow no less than" in " ".join(found.notes)
    assert (found.notes == () and not found.flagged) or widened


def test_a_p_value_a_little_off_is_noted_and_a_one_sided_one_is_recognised():
    """GOG 261: 90% limits 0.70 to 1.075 and p = 0.14, which is one-sided; two-sided it is 0.29."""
    found = effect_size(hazard_ratio=0.87, conf_low=0.70, conf_high=1.075, conf_level=0.9, p_value=0.14)
    assert not found.flagged
    assert found.notes == (
        "p = 0.14 is printed, estimate and error give p = 0.29 (as a one-sided p-value it would fit)",
    )


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"p_value": 0.02, "n_event": 100, "favours": "research"}, "give twice a one-sided one"),
        ({"hazard_ratio": 0.7, "p_value": 0.02}, "speaks of a limit, and none is given"),
        (INTERVAL, "are two limits, one_sided says that there is one"),
    ],
)
def test_one_sided_is_said_of_one_limit(numbers, message):
    with pytest.raises(InputError, match=message):
        effect_size(**numbers, one_sided=True)


@given(ratio=st.floats(0.2, 5.0), error=st.floats(0.05, 1.0), digits=st.sampled_from([2, 3]))
def test_numbers_of_one_normal_law_never_contradict_themselves_however_they_are_rounded(ratio, error, digits):
    low, high = ratio * np.exp(-1.959964 * error), ratio * np.exp(1.959964 * error)
    p = 2 * ndtr(-abs(np.log(ratio)) / error)
    low, hr, high, p = round(low, digits), round(ratio, digits), round(high, digits), round(p, 3)
    assume(0 < low <= hr <= high and low < high and 0 < p < 1)
    found = effect_size(hazard_ratio=hr, conf_low=low, conf_high=high, p_value=p)
    assert not any("p = " in note for note in found.notes)


def test_curves_promise_no_more_than_their_deaths_can_hold():
    """Research: all 100 die; control: 90 do. No test has less than sqrt(1/100 + 1/90), however coarse the intervals."""
    time, research, control = [0, 6, 12, 18], [1, 0.5, 0, 0], [1, 0.4, 0.2, 0.1]
    follow_up = {"n_research": 100, "n_control": 100, "follow_up_min": 18, "follow_up_max": 30}
    found = effect_size_from_curves(time, research, control, **follow_up)
    assert found.std_error == pytest.approx(np.sqrt(1 / 100 + 1 / 90))
    assert found.flagged and "100 and 90 deaths allow no less than 0.145" in found.headline()


def test_fine_curves_keep_the_error_of_their_intervals():
    time = np.linspace(0, 36, 37)
    follow_up = {"n_research": 100, "n_control": 100, "follow_up_min": 12, "follow_up_max": 40}
    found = effect_size_from_curves(time, np.exp(-0.05 * time), np.exp(-0.07 * time), **follow_up)
    assert not found.flagged and "20%" not in found.headline()
    assert found.std_error > 0.95 * np.sqrt(1 / 73.4 + 1 / 83.4)
