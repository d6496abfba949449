"""Calibration against posteriors known in closed form or on a grid, the oracle of the methods page, and its manners."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.special import logit
from scipy.stats import beta, norm

from survsim.calibration import (
    Bias,
    CaseTarget,
    Cohort,
    ContrastTarget,
    CourseModel,
    Endpoint,
    FixedLaw,
    HalfNormalLaw,
    LogNormalLaw,
    PredictionTarget,
    Prior,
    PublishedTarget,
    TransitionHazard,
    Transport,
    UniformLaw,
    calibrate,
)
from survsim.errors import EvidenceWarning, InputError
from tests.unit.estimate.calibration.test_course_oracles import AFTER, ALL, OS, PFS, SURVIVAL_AFTER, course

ALIVE = Endpoint(kind="event_free", states=("alive",))
LIVES = CourseModel(
    states=("alive", "dead"),
    start="alive",
    unit="months",
    transitions=(TransitionHazard(source="alive", target="dead", rate="rate"),),
)
CENTRE = float(np.log(0.1))
SIGMA = np.log(10.0) / 1.959963984540054


def prior(law):
    return Prior(law=law, reason="a wide guess, for a test")


RATE = {"rate": prior(LogNormalLaw(0.1, 0.01, 1.0))}


def median(label, value, error, *, study=None, use="fit", cohort="all", endpoint=ALIVE, **more):
    return PublishedTarget(
        label=label,
        study=study or label,
        cohort=cohort,
        endpoint=endpoint,
        statistic="median",
        estimate=float(np.log(value)),
        std_error=error,
        use=use,
        **more,
    )


def log_rate(found):
    """Posterior mean and sd of the log rate."""
    value = np.log(found.priors["rate"].law.at(found.w[:, found.names.index("rate")]))
    mean = found.weight @ value
    return mean, np.sqrt(found.weight @ (value - mean) ** 2)


def normal_posterior(y, covariance, *, prior_mean=CENTRE, prior_sd=SIGMA):
    """Posterior of mu with y ~ N(mu, covariance), by hand."""
    precision = np.linalg.inv(np.atleast_2d(covariance))
    one = np.ones(len(y))
    total = one @ precision @ one + prior_sd**-2
    return (one @ precision @ y + prior_mean / prior_sd**2) / total, total**-0.5


def assert_posterior(found, y, covariance):
    mean, sd = log_rate(found)
    truth, truth_sd = normal_posterior(np.asarray(y), covariance)
    worth = found.effective
    assert abs(mean - truth) < 4 * truth_sd / np.sqrt(worth)
    assert sd == pytest.approx(truth_sd, rel=4 / np.sqrt(2 * worth))


def rates(*medians):
    """Log rates that exponential medians stand for."""
    return np.log(np.log(2.0) / np.array(medians))


def test_one_median_is_the_conjugate_normal():
    found = calibrate(LIVES, [ALL], RATE, [median("a", 10.0, 0.2)], size=4000)
    assert found.method == "importance"
    assert_posterior(found, rates(10.0), [[0.04]])


def test_studies_differ_by_the_between_study_sd_and_share_their_own():
    """Two medians of study a, one of b: a's share its deviation; points of one curve share patients too."""
    after = Endpoint(kind="time_to", states=("alive",), event=("dead",))
    targets = [
        median("a1", 8.0, 0.2, study="a"),
        median("a2", 9.0, 0.3, study="a", endpoint=after),
        median("b1", 14.0, 0.25),
    ]
    found = calibrate(LIVES, [ALL], RATE, targets, study_sd=0.4, size=4000)
    covariance = np.diag([0.04, 0.09, 0.0625]) + 0.16 * np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]])
    assert_posterior(found, rates(8.0, 9.0, 14.0), covariance)


@pytest.mark.parametrize("group", ["surrogates", ""])
def test_transport_in_one_group_does_not_average_away(group):
    move = Transport(sd=0.5, group=group, reason="another tumour")
    targets = [median(str(i), 10.0 + i, 0.1, transport=move) for i in range(8)]
    found = calibrate(LIVES, [ALL], RATE, targets, size=4000)
    shared = 0.25 * (np.ones((8, 8)) if group else np.eye(8))
    assert_posterior(found, rates(*(10.0 + np.arange(8))), 0.01 * np.eye(8) + shared)
    assert (log_rate(found)[1] > 0.45) == bool(group)


def test_points_of_one_curve_are_not_independent_evidence():
    s = np.exp(-0.07 * np.array([6.0, 12.0]))
    error = 1.0 / np.sqrt(50 * s * (1 - s))
    points = [
        PublishedTarget(
            label=f"at {t}", study="a", cohort="all", endpoint=ALIVE, statistic="probability", time=t,
            estimate=float(logit(p)), std_error=float(e),
        )
        for t, p, e in zip((6.0, 12.0), s, error)
    ]  # fmt: skip
    found = calibrate(LIVES, [ALL], RATE, points, size=4000)

    def on_a_grid(alike):
        """By the bivariate normal at each rate, the correlation that of the rate's own curve."""
        x = np.linspace(np.log(0.01), np.log(0.4), 4001)
        free = np.exp(-np.exp(x)[:, None] * np.array([6.0, 12.0]))
        gap = logit(s) - logit(free)
        rho = alike * 0.98 * np.sqrt((1 - free[:, 0]) / free[:, 0] / ((1 - free[:, 1]) / free[:, 1]))
        z = gap / error
        log_p = -0.5 * (z[:, 0] ** 2 + z[:, 1] ** 2 - 2 * rho * z[:, 0] * z[:, 1]) / (1 - rho**2)
        p = np.exp(log_p - 0.5 * np.log(1 - rho**2) - 0.5 * ((x - CENTRE) / SIGMA) ** 2)
        mean = p @ x / p.sum()
        return mean, np.sqrt(p @ (x - mean) ** 2 / p.sum())

    mean, sd = log_rate(found)
    truth, truth_sd = on_a_grid(1.0)
    assert mean == pytest.approx(truth, abs=4 * truth_sd / np.sqrt(found.effective))
    assert sd == pytest.approx(truth_sd, rel=4 / np.sqrt(2 * found.effective))
    assert sd > 1.1 * on_a_grid(0.0)[1]


def test_a_curve_that_happens_to_be_flat_does_not_forbid_events():
    """Of eleven patients none had the event between 12 and 24 months: 36.4% twice, as printed in a series."""
    error = 1.3 / np.sqrt(11 * 0.364 * 0.636)
    points = [
        PublishedTarget(
            label=f"at {t}", study="a", cohort="all", endpoint=ALIVE, statistic="probability", time=t,
            estimate=float(logit(0.364)), std_error=error,
        )
        for t in (12.0, 24.0)
    ]  # fmt: skip
    found = calibrate(LIVES, [ALL], RATE, points)
    frame = found.checks.to_frame()
    assert frame["inside"].all()
    low, high = -np.log(0.364) / 24.0, -np.log(0.364) / 12.0
    assert low < np.exp(log_rate(found)[0]) < high


@pytest.mark.parametrize(
    ("v", "truth"),
    [(0.0, (0.0403190, 0.2399734)), pytest.param(0.42, (0.0451014, 0.2440569), marks=pytest.mark.long)],
)
def test_the_table_of_calibrated_rates(v, truth):
    """Medians 13.0 to progression or death and 2.74 after progression, known almost exactly."""
    priors = {
        "lp": prior(LogNormalLaw(0.05, 0.005, 0.5)),
        "ld": prior(LogNormalLaw(0.2, 0.02, 2.0)),
        "lo": prior(FixedLaw(0.013)),
        "v": prior(FixedLaw(v)),
    }
    targets = [
        median("pfs", 13.0, 1e-3, endpoint=PFS),
        median("after", 2.74, 1e-3, cohort="after progression", endpoint=SURVIVAL_AFTER),
    ]
    found = calibrate(course(), [ALL, AFTER], priors, targets)
    frame = found.to_frame().set_index("parameter")
    for name, value in zip(("lp", "ld"), truth):
        assert frame.loc[name, "posterior"] == pytest.approx(value, rel=5e-4)
    held = median("os", 16.33, 0.1, endpoint=OS, use="hold_out")
    checks = calibrate(course(), [ALL, AFTER], priors, [*targets, held]).checks.to_frame().set_index("label")
    assert checks.loc["pfs", "predicted"] == pytest.approx(13.0, rel=1e-3)
    if v == 0.0:
        assert checks.loc["os", "predicted"] == pytest.approx(16.33, rel=0.02)


def test_patients_enter_by_their_own_likelihood():
    """Two dated deaths, one alive, one dead by a bound: the posterior on a grid of rates."""
    cases = [
        CaseTarget(label="a", cohort="all", endpoint=ALIVE, time=3.0, status="event"),
        CaseTarget(label="b", cohort="all", endpoint=ALIVE, time=7.0, status="event"),
        CaseTarget(label="c", cohort="all", endpoint=ALIVE, time=18.0, status="free"),
        CaseTarget(label="d", cohort="all", endpoint=ALIVE, time=4.0, status="event_by"),
    ]
    found = calibrate(LIVES, [ALL], RATE, cases, size=4000)
    x = np.linspace(np.log(1e-3), np.log(3.0), 20001)
    r = np.exp(x)
    log_p = 2 * x - r * 28.0 + np.log1p(-np.exp(-4 * r)) - 0.5 * ((x - np.log(0.1)) / SIGMA) ** 2
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    mean, sd = p @ x, np.sqrt(p @ (x - p @ x) ** 2)
    got, got_sd = log_rate(found)
    assert abs(got - mean) < 4 * sd / np.sqrt(found.effective)
    assert got_sd == pytest.approx(sd, rel=0.08)


def test_the_prediction_of_another_model_enters_with_its_covariance():
    rng = np.random.default_rng(1)
    draws = np.exp(-np.exp(np.log(0.05) + 0.2 * rng.normal(size=5000))[:, None] * np.array([8.0]))
    target = PredictionTarget.from_draws(draws, [8.0], label="joint", cohort="all", endpoint=ALIVE)
    found = calibrate(LIVES, [ALL], RATE, [target], study_sd=0.9, size=4000)
    mean, sd = log_rate(found)
    truth, truth_sd = normal_posterior(np.log([0.05]), [[0.04]])
    assert mean == pytest.approx(truth, abs=0.03)
    assert sd == pytest.approx(truth_sd, rel=0.08)


HR = LIVES.transitions[0]
TREATED = CourseModel(
    states=("alive", "dead"),
    start="alive",
    unit="months",
    transitions=(dataclasses.replace(HR, factors=("hr",)),),
)
HRS = RATE | {"hr": prior(LogNormalLaw(1.0, 0.01, 100.0))}


def contrast(label, value, error, **more):
    return ContrastTarget(label=label, parameter="hr", estimate=float(np.log(value)), std_error=error, **more)


def log_hr(found):
    value = np.log(found.draws(4000)["hr"])
    return value.mean(), value.std()


def test_a_declared_bias_is_taken_off_and_widens():
    ground = Bias(mean=-0.2, sd=0.3, ground="the fitter were treated", shared="fitness")
    rows = [contrast("a", 0.5, 0.1, bias=ground), contrast("b", 0.5, 0.1, bias=ground)]
    keep = median("m", 10.0, 0.2)
    tau = np.log(100.0) / 1.959963984540054

    def truth(covariance, shift):
        return normal_posterior(np.log([0.5, 0.5]) + shift, covariance, prior_mean=0.0, prior_sd=tau)

    for bias, shift, extra in ((True, 0.2, 0.09), (False, 0.0, 0.0)):
        mean, sd = log_hr(calibrate(TREATED, [ALL], HRS, [*rows, keep], bias=bias, size=4000))
        expected, expected_sd = truth(0.01 * np.eye(2) + extra, shift)
        assert mean == pytest.approx(expected, abs=0.03)
        assert sd == pytest.approx(expected_sd, rel=0.08)
    alone = [dataclasses.replace(r, bias=dataclasses.replace(ground, shared="")) for r in rows]
    _, sd = log_hr(calibrate(TREATED, [ALL], HRS, [*alone, keep], size=4000))
    assert sd == pytest.approx(truth(0.10 * np.eye(2), 0.2)[1], rel=0.08)


def test_a_contrast_beside_the_bias_is_predicted_as_printed():
    row = contrast("a", 0.5, 0.1, bias=Bias(mean=-0.2, sd=0.3, ground="the fitter were treated"))
    checks = (
        calibrate(TREATED, [ALL], HRS, [row, median("m", 10.0, 0.2)]).checks.to_frame().set_index("label")
    )
    assert checks.loc["a", "observed"] == pytest.approx(0.5)
    assert checks.loc["a", "predicted"] == pytest.approx(0.5, rel=0.05)


def test_held_out_targets_move_nothing_and_are_predicted_given_their_study():
    used = [median("a", 10.0, 0.2), median("b", 12.0, 0.2)]
    beside = Endpoint(kind="time_to", states=("alive",), event=("dead",))
    kept = [
        median("a again", 10.0, 0.05, study="a", endpoint=beside, use="hold_out"),
        median("elsewhere", 11.0, 0.05, use="hold_out"),
    ]
    alone = calibrate(LIVES, [ALL], RATE, used, study_sd=0.5)
    beside_them = calibrate(LIVES, [ALL], RATE, [*used, *kept], study_sd=0.5)
    np.testing.assert_array_equal(alone.w, beside_them.w)
    np.testing.assert_array_equal(alone.weight, beside_them.weight)
    checks = beside_them.checks.to_frame().set_index("label")
    width = np.log(checks["predicted_high"] / checks["predicted_low"])
    assert width["a again"] < 0.6 * width["elsewhere"]
    # y | y_a = y_a + N(0, ...): by hand at the posterior mean, sd of the study given its one number, plus own error.
    given = np.sqrt(1 / (1 / 0.25 + 1 / 0.04) + 0.05**2)
    assert width["a again"] == pytest.approx(2 * norm.ppf(0.9) * given, rel=0.15)


def test_the_share_inside_has_its_binomial_interval():
    kept = [median(f"k{i}", m, 0.05, use="hold_out") for i, m in enumerate((10.0, 11.0, 9.5, 40.0))]
    checks = calibrate(LIVES, [ALL], RATE, [median("a", 10.0, 0.2), *kept]).checks
    hit, n, low, high = checks.inside_share()
    assert (hit, n) == (3, 4)
    assert (low, high) == (pytest.approx(0.19412, abs=1e-5), pytest.approx(0.99369, abs=1e-5))
    assert "3 of 4 held-out targets" in checks.headline()
    frame = checks.to_frame().set_index("label")
    assert not frame.loc["k3", "inside"]
    assert frame.loc["k3", "pit"] > 0.99


def test_numbers_of_one_series_count_once():
    """Four numbers, of which one series has two inside and one outside: 2/3 and 1 make 5/6 of two series."""
    kept = [median(f"k{i}", m, 0.05, use="hold_out") for i, m in enumerate((10.0, 11.0, 40.0, 9.5))]
    checks = calibrate(LIVES, [ALL], RATE, [median("a", 10.0, 0.2), *kept]).checks
    series = dict.fromkeys(("k0", "k1", "k2"), "one series")
    share, n, low, high = checks.inside_share_by_series(series)
    assert (share, n) == (pytest.approx(5 / 6), 2)
    # the interval is that of two independent numbers, of which 5/3 are inside
    assert low == pytest.approx(beta.ppf(0.025, 5 / 3, 2 - 5 / 3 + 1))
    assert high == pytest.approx(beta.ppf(0.975, 5 / 3 + 1, 2 - 5 / 3))
    assert high - low > np.ptp(checks.inside_share()[2:])
    # where nothing is named, every number is a series and the two are one
    assert checks.inside_share_by_series({})[1:] == checks.inside_share()[1:]
    assert np.isnan(checks.inside_share_by_series({}, use="nobody")[0])


def test_predicted_times_of_patients():
    """With the rate known, the predictive law of a patient's time is exponential."""
    known = {"rate": prior(LogNormalLaw(0.1, 0.0999, 0.1001))}
    cases = [
        CaseTarget(label="early", cohort="all", endpoint=ALIVE, time=0.5, status="event"),
        CaseTarget(label="usual", cohort="all", endpoint=ALIVE, time=6.0, status="event"),
        CaseTarget(label="long", cohort="all", endpoint=ALIVE, time=18.0, status="free"),
        CaseTarget(label="too long", cohort="all", endpoint=ALIVE, time=25.0, status="free"),
        CaseTarget(label="soon", cohort="all", endpoint=ALIVE, time=0.9, status="event_by"),
    ]
    frame = calibrate(LIVES, [ALL], known, cases).checks.to_frame().set_index("label")
    np.testing.assert_allclose(frame["predicted"], np.log(2) / 0.1, rtol=2e-3)
    np.testing.assert_allclose(frame["predicted_low"], -np.log(0.9) / 0.1, rtol=5e-3)
    np.testing.assert_allclose(frame["predicted_high"], -np.log(0.1) / 0.1, rtol=2e-3)
    assert list(frame["inside"]) == [False, True, True, False, False]
    np.testing.assert_allclose(frame["pit"], 1 - np.exp(-0.1 * frame["observed"]), atol=2e-3)


def test_the_same_call_gives_the_same_bits_on_any_number_of_threads():
    targets = [median("a", 10.0, 0.2), median("b", 14.0, 0.2)]
    priors = RATE | {"tau": prior(HalfNormalLaw(0.3))}
    one, two = (calibrate(LIVES, [ALL], priors, targets, study_sd="tau", workers=n, seed=3) for n in (1, 2))
    np.testing.assert_array_equal(one.w, two.w)
    np.testing.assert_array_equal(one.weight, two.weight)
    other = calibrate(LIVES, [ALL], priors, targets, study_sd="tau", seed=4)
    assert not np.array_equal(one.w, other.w)


def test_draws_for_a_scenario():
    priors = RATE | {"tau": prior(FixedLaw(0.5))}
    found = calibrate(LIVES, [ALL], priors, [median(str(i), 10.0, 0.05) for i in range(40)], study_sd="tau")
    mean, new = found.draws(3000), found.draws(3000, new_setting=True)
    assert set(mean) == {"rate", "tau"}
    assert np.log(mean["rate"]).std() < 0.12
    assert np.log(new["rate"]).std() == pytest.approx(np.hypot(0.5, np.log(mean["rate"]).std()), rel=0.06)
    assert np.all(new["tau"] == 0.5)


def test_the_table_says_prior_posterior_rows_and_how_far_the_data_moved_it():
    priors = {
        "lp": prior(LogNormalLaw(0.05, 0.005, 0.5)),
        "ld": prior(LogNormalLaw(0.2, 0.02, 2.0)),
        "lo": prior(FixedLaw(0.013)),
        "v": prior(UniformLaw(0.05, 0.8)),
    }
    found = calibrate(course(), [ALL], priors, [median("pfs", 13.0, 0.1, endpoint=PFS)])
    frame = found.to_frame().set_index("parameter")
    assert frame.loc["lp", "informed_by"] == "pfs"
    assert frame.loc["ld", "informed_by"] == ""
    assert frame.loc["ld", "overlap"] > 0.95
    assert frame.loc["lp", "overlap"] < 0.6
    assert frame.loc["lp", "spread"] < 0.3 < 0.9 < frame.loc["ld", "spread"]
    assert abs(frame.loc["ld", "moved"]) < 0.1
    assert frame.loc["lo", "posterior"] == 0.013
    assert set(found.provenance.references()) == set()


def test_where_the_numbers_came_from_is_kept():
    found = calibrate(LIVES, [ALL], RATE, [median("a", 10.0, 0.2, source="estimates:a")])
    assert found.provenance.references() == ("estimates:a",)


def test_a_number_used_twice_warns():
    twice = [median("a", 10.0, 0.2, source="estimates:a"), median("b", 11.0, 0.2, source=("estimates:a",))]
    with pytest.warns(EvidenceWarning, match="estimates:a is used twice, by a and by b"):
        calibrate(LIVES, [ALL], RATE, twice)
    from_prior = {"rate": dataclasses.replace(RATE["rate"], source="estimates:a")}
    with pytest.warns(EvidenceWarning, match="by the prior of rate and by a"):
        calibrate(LIVES, [ALL], from_prior, twice[:1])


GOOD = median("a", 10.0, 0.2, source="estimates:a")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"targets": [median("index_case", 10.0, 0.2)]}, "can never be a target"),
        ({"targets": [median("her", 10.0, 0.2, source="cases:index_case")]}, "whom the answer is for"),
        ({"priors": {"rate": dataclasses.replace(RATE["rate"], source="cases:index_case")}}, "prior of rate"),
        (
            {"targets": [GOOD, median("b", 9.0, 0.2, use="hold_out", source="estimates:a")]},
            "used by another target, so it cannot be held out",
        ),
        ({"targets": [median("a", 10.0, 0.2, use="hold_out")]}, "no target is used"),
        ({"targets": [GOOD, GOOD]}, "2 targets are labelled 'a'"),
        ({"targets": [median("a", 10.0, 0.2, cohort="others")]}, "cohort 'others' is none of all"),
        ({"priors": {}}, "parameter 'rate' has no prior"),
        ({"priors": RATE | {"x": RATE["rate"]}}, "the prior of 'x' is of no use"),
        ({"study_sd": "tau"}, "parameter 'tau' has no prior"),
        ({"priors": {"rate": prior(FixedLaw(0.1))}}, "every parameter is fixed"),
        ({"size": 10}, "at least 200"),
        (
            {"targets": [median("a", 10.0, 0.2, endpoint=Endpoint(kind="event_free", states=("well",)))]},
            "state 'well' is none of alive, dead",
        ),
        (
            {
                "cohorts": [Cohort(name="all", groups=((0.5, ()), (0.5, ())))],
                "targets": [CaseTarget(label="p", cohort="all", endpoint=ALIVE, time=3.0, status="free")],
            },
            "one patient had one set of treatments",
        ),
    ],
)
def test_what_does_not_fit_is_refused(change, words):
    given = {"model": LIVES, "cohorts": [ALL], "priors": RATE, "targets": [GOOD]} | change
    with pytest.raises(InputError, match=words):
        calibrate(**given)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: median("a", 10.0, 0.0), "standard error must be above 0"),
        (lambda: median("a", 10.0, 0.1, use="maybe"), "'fit'"),
        (lambda: dataclasses.replace(GOOD, statistic="mean"), "median or probability"),
        (lambda: dataclasses.replace(GOOD, statistic="probability"), "needs the time"),
        (lambda: Bias(mean=-0.2), "needs its ground"),
        (lambda: Bias(sd=0.1), "needs its ground"),
        (lambda: Transport(sd=0.2), "needs its reason"),
        (lambda: Transport(sd=9.0, reason="x"), "within 0 and 3"),
        (lambda: Prior(law=FixedLaw(1.0), reason=" "), "on what ground"),
        (lambda: LogNormalLaw(1.0, 2.0, 3.0), "low 2.0 <= median"),
        (lambda: UniformLaw(1.0, 1.0), "low below high"),
        (lambda: HalfNormalLaw(0.0), "above 0"),
        (lambda: CaseTarget(label="c", cohort="all", endpoint=ALIVE, time=-1.0, status="event"), "above 0"),
        (lambda: CaseTarget(label="c", cohort="all", endpoint=ALIVE, time=1.0, status="dead"), "event, free"),
        (
            lambda: PredictionTarget(
                label="p", cohort="all", endpoint=ALIVE, times=np.array([1.0, 2.0]), estimate=np.zeros(2),
                covariance=np.ones((2, 2)),
            ),
            "positive definite",
        ),
    ],
)  # fmt: skip
def test_declarations_that_are_refused(make, words):
    with pytest.raises(InputError, match=words):
        make()


def test_a_default_bias_is_wide_and_needs_no_ground():
    assert (Bias().mean, Bias().sd) == (0.0, 0.3)


def test_a_printed_number_becomes_a_target():
    class Number:
        label, study, scale, estimate, std_error, time, source = (
            "row",
            "trial",
            "log odds",
            0.3,
            0.2,
            12.0,
            "estimates:row",
        )

    found = PublishedTarget.of(Number(), cohort="all", endpoint=ALIVE)
    assert (found.statistic, found.time, found.study, found.source) == (
        "probability",
        12.0,
        "trial",
        ("estimates:row",),
    )
    with pytest.raises(InputError, match="log median or log odds"):
        Number.scale = "log rate"
        PublishedTarget.of(Number(), cohort="all", endpoint=ALIVE)
