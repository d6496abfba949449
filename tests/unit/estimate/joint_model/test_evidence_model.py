"""Evidence model: derivatives, limits, overlap rules, messages."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import halfnorm

from survsim import Surv, evidence_model
from survsim.errors import EvidenceError, EvidenceWarning, InputError
from survsim.estimate.joint_model.compile import compile_terms
from survsim.estimate.joint_model.likelihood import log_likelihood, mean_shift
from survsim.estimate.joint_model.overlap import term_weights
from survsim.estimate.joint_model.posterior import Deviation
from survsim.joint_model import (
    case_term,
    hazard_ratio_term,
    median_term,
    patients_term,
    rate_term,
    survival_term,
    without_study,
)

OWN = Surv.right([3, 5, 8, 13, 21, 30, 34, 40], [1, 1, 0, 1, 1, 0, 1, 0], unit="months")
ROWS = pd.DataFrame({"stage": list("IIIVIVIV"), "chemo": [0.0, 1, 0, 1, 1, 0, 0, 1]}).replace({"V": "III"})


def every_kind():
    base = {"stage": "I", "chemo": 0.5}
    late = {"stage": "III", "chemo": 1.0}
    return [
        patients_term(OWN, ROWS, study="own", site="uterus"),
        case_term(4.0, base, study="c1", site="cns", unit="months", status="upper"),
        case_term((4.0, 20.0), base, study="c2", site="cns", unit="months", status="interval"),
        case_term(30.0, late, study="c2", site="cns", unit="months", status="right"),
        case_term(7.0, late, study="c3", site="cns", unit="months"),
        survival_term([12, 60], [0.6, 0.3], {"stage": {"I": 0.4, "III": 0.6}, "chemo": 0}, study="d", site="ovary",
                      unit="months", n=50),
        survival_term([1, 5], [0.7, 0.3], base, study="e", site="ovary", unit="years", conf_low=[0.6, 0.2],
                      conf_high=[0.8, 0.4]),
        survival_term([1, 2], [1, 0], base, study="f", site="ovary", unit="years", n=4),
        median_term(14, late, study="g", site="ovary", unit="months", conf_low=9, conf_high=20),
        median_term(14, late, study="h", site="ovary", unit="months", n=30),
        rate_term(6, 120, late, study="i", site="ovary", unit="months", follow_up=40),
        hazard_ratio_term(0.75, late, late | {"chemo": 0}, study="j", conf_low=0.6, conf_high=0.94),
    ]  # fmt: skip


def compiled_all():
    terms = every_kind()
    return compile_terms(
        terms, np.linspace(0.5, 1.0, len(terms)), breaks=np.array([6.0, 12, 24, 36]), unit="months",
        formula="stage+chemo", treatment="chemo", random=("study", "treatment", "site"), free_baseline=False,
    )  # fmt: skip


def test_gradient_and_hessian_by_finite_differences():
    m = compiled_all()
    n = 5 + m.effects.shape[1]
    theta = np.random.default_rng(3).normal(0, 0.2, n)
    theta[:5] -= 3.0
    at = log_likelihood(m, theta)
    h = 1e-5 * np.eye(n)
    gradient = [(log_likelihood(m, theta + e).value - log_likelihood(m, theta - e).value) / 2e-5 for e in h]
    hessian = [
        (log_likelihood(m, theta + e).gradient - log_likelihood(m, theta - e).gradient) / 2e-5 for e in h
    ]
    assert at.gradient == pytest.approx(np.array(gradient), abs=1e-6)
    assert -at.curvature == pytest.approx(np.array(hessian), abs=1e-6)


def test_median_enters_as_log_cumulative_hazard_or_half_dead():
    terms = [median_term(14, study="g", unit="months", conf_low=9, conf_high=20), median_term(2, study="h",
             unit="years", n=30)]  # fmt: skip
    m = compile_terms(
        terms, np.array([1.0, 0.5]), breaks=np.array([6.0, 12.0]), unit="months", formula=None, treatment=None,
        random=(), free_baseline=False,
    )  # fmt: skip
    assert m.sum_length == pytest.approx(np.array([[6, 6, 2], [6, 6, 12]]))
    z = 1.959963984540054
    assert (m.sum_first[0], m.sum_second[0]) == pytest.approx((np.log(np.log(2)), np.log(20 / 9) / (2 * z)))
    # Half of 30 dead by 24 months, 15 alive through all of it; weight one half.
    assert m.sum_first[1] == pytest.approx(7.5)
    assert m.exposure[1] == pytest.approx([7.5 * 6, 7.5 * 6, 7.5 * 12])


def test_bare_survival_with_n_is_the_count_it_stands_for():
    bare = survival_term([12, 24], [0.6, 0.3], study="s", unit="months", n=50, design_factor=1.0)
    model = evidence_model([bare], breaks=[12], study_scale=None, walk_sd=None, coefficient_sd=None)
    law = model.predict(draws=2, new_study=False).distribution
    mode = np.exp(model.posterior.mean[0])
    assert np.exp(-12 * mode[0]) == pytest.approx(0.6) and np.exp(-12 * mode[1]) == pytest.approx(0.5)
    # Binomial information of the first step: var of log H is (1 - p) / (n p log(p)^2).
    assert model.posterior.covariance[0][0, 0] == pytest.approx(0.4 / (50 * 0.6 * np.log(0.6) ** 2))
    assert law.rates.shape == (2, 2)


def test_mean_shift_of_one_poisson_cell_by_hand():
    """d events, flat prior, log rate: posterior gamma, mean of log is digamma(d) - log T, mode log(d/T)."""
    model = evidence_model(
        [rate_term(40, 1000, study="a", unit="months")], breaks=[], study_scale=None, walk_sd=0.5
    )
    m, post = model.compiled, model.posterior
    mode = np.array([np.log(40 / 1000)])
    shift = mean_shift(m, mode, post.covariance[0])
    # Second order: digamma(d) - log(d) = -1/(2d) - 1/(12 d^2).
    assert shift == pytest.approx([-1 / 80], abs=1e-4)
    assert post.mean[0] == pytest.approx(mode + shift, abs=1e-8)


def test_cells_count_events_and_exposure():
    m = compile_terms(
        [patients_term(OWN, {}, study="own")], np.ones(1), breaks=np.array([5.0, 20.0]), unit="months", formula=None,
        treatment=None, random=(), free_baseline=False,
    )  # fmt: skip
    assert m.events == pytest.approx(np.array([[2, 1, 2]]))
    assert m.exposure == pytest.approx(np.array([[38.0, 3 + 8 + 15 * 4, 1 + 10 + 14 + 20]]))


def test_delayed_entry_weights_and_units():
    surv = Surv.right([1.0, 2.0], [1, 1], unit="years", entry=[0.5, 0.0], weight=[2.0, 1.0])
    m = compile_terms(
        [patients_term(surv, {}, study="own", information=0.5)], np.ones(1), breaks=np.array([12.0]), unit="months",
        formula=None, treatment=None, random=(), free_baseline=False,
    )  # fmt: skip
    assert m.events == pytest.approx(np.array([[1.0, 0.5]]))
    assert m.exposure == pytest.approx(np.array([[6.0 + 6.0, 6.0]]))


def test_exact_duplicate_through_a_cluster_changes_nothing():
    terms = [
        survival_term([12], [p], study=s, unit="months", n=60)
        for s, p in (("a", 0.6), ("b", 0.5), ("c", 0.7))
    ]
    first = survival_term([12], [0.6], study="a", unit="months", n=60, cluster="x")
    again = survival_term([12], [0.6], study="a2", unit="months", n=60, cluster="x")
    alone = evidence_model(terms, breaks=[12])
    with pytest.warns(EvidenceWarning, match=r"have the weight of one: x \(a, a2\)"):
        doubled = evidence_model([first, again, *terms[1:]], breaks=[12])
    one, two = alone.to_frame(), doubled.to_frame()
    assert two[["estimate", "conf_low", "conf_high"]].to_numpy() == pytest.approx(
        one[["estimate", "conf_low", "conf_high"]].to_numpy(), abs=1e-6
    )
    a, b = alone.predict(draws=2000), doubled.predict(draws=2000)
    assert b.to_frame()["conf_low"].to_numpy() == pytest.approx(a.to_frame()["conf_low"].to_numpy(), abs=1e-6)
    assert doubled.contributions()["weight"].tolist() == [0.5, 0.5, 1.0, 1.0]


@pytest.mark.filterwarnings("ignore:studies that share patients")
@pytest.mark.parametrize("n", [20, 60])
def test_a_smaller_or_equal_overlapping_study_narrows_nothing(n):
    big = {"study": "a", "unit": "months", "n": 60, "cluster": "x"}
    terms = [survival_term([12], [0.6], **big), survival_term([12], [0.5], study="b", unit="months", n=40)]
    more = [*terms, survival_term([12], [0.62], **(big | {"study": "a2", "n": n}))]
    width = [
        np.ptp(evidence_model(t, breaks=[12]).to_frame().loc[0, ["conf_low", "conf_high"]])
        for t in (terms, more)
    ]
    assert width[1] >= width[0] - 1e-3


def test_overlap_can_be_refused():
    terms = [median_term(14, study=s, unit="months", n=30, cluster="seer") for s in ("a", "b")]
    with pytest.raises(EvidenceError, match="share patients: seer: a, b"):
        evidence_model(terms, overlap="refuse")


def test_summary_that_contradicts_its_curve_warns_with_its_row():
    curve = patients_term(OWN, {}, study="s", arm="x", curve=True)
    wrong = median_term(60, study="s", arm="x", unit="months", n=40, source="estimates:s_e02")
    right = survival_term([13], [0.60], study="s", arm="x", unit="months", n=8)
    with pytest.warns(EvidenceWarning, match=r"estimates:s_e02 \(s/x\): median 60 where 21 is seen"):
        weight, reason = term_weights([curve, wrong, right], "down-weight")
    assert weight.tolist() == [1.0, 0.0, 0.0]
    assert "same patients" in reason[2]


@pytest.mark.parametrize(
    "term",
    [
        survival_term([13], [0.05], study="s", arm="x", unit="months", conf_low=[0.02], conf_high=[0.1]),
        rate_term(90, 100, study="s", arm="x", unit="months"),
    ],
)
def test_contradicting_survival_or_rate_warns(term):
    with pytest.warns(EvidenceWarning, match="is seen"):
        term_weights([patients_term(OWN, {}, study="s", arm="x"), term], "down-weight")


def test_patients_of_a_whole_study_replace_every_summary_of_it():
    """Also where the patients come as a frame without an arm and the summaries with arms or covariates."""
    own = patients_term(OWN, ROWS, study="own")
    stage = ROWS["stage"].iloc[0]
    terms = [
        own,
        median_term(21, study="own", arm="A", unit="months", n=8),
        median_term(3, {"stage": stage}, study="own", unit="months", n=30, source="estimates:own_e01"),
        median_term(9, study="other", unit="months", n=30),
    ]
    with pytest.warns(EvidenceWarning, match="estimates:own_e01.*median 3 where"):
        weight, reason = term_weights(terms, "down-weight")
    assert weight.tolist() == [1.0, 0.0, 0.0, 1.0] and "same patients" in reason[1]


def test_a_summary_of_one_arm_is_not_held_against_the_whole_cohort():
    """Who of the patients was in the arm is not known, so nothing can contradict."""
    own = patients_term(OWN, ROWS, study="own")
    part = median_term(3, study="own", arm="A", unit="months", n=30)
    weight, _ = term_weights([own, part], "down-weight")
    assert weight.tolist() == [1.0, 0.0]


def test_two_arms_told_by_covariates_are_not_the_same_patients():
    arm = patients_term(OWN, {"chemo": 1}, study="s")
    other = median_term(9, {"chemo": 0}, study="s", unit="months", n=30)
    assert term_weights([arm, other], "down-weight")[0].tolist() == [1.0, 1.0]


def test_nobody_died_and_a_median_is_printed():
    alive = patients_term(Surv.right([20, 30, 40], [0, 0, 0], unit="months"), study="s", arm="x")
    for median, says in ((10, True), (60, False)):
        term = median_term(median, study="s", arm="x", unit="months", n=30)
        if says:
            with pytest.warns(EvidenceWarning, match="median 10 where inf is seen"):
                term_weights([alive, term], "down-weight")
        else:
            assert term_weights([alive, term], "down-weight")[0].tolist() == [1.0, 0.0]


def test_summaries_of_one_arm_that_contradict_each_other_warn():
    terms = [
        median_term(3, study="s", arm="x", unit="months", n=50),
        survival_term([0.25], [0.95], study="s", arm="x", unit="years", n=50),
    ]
    with pytest.warns(EvidenceWarning, match=r"median 3, but survival 0\.95 at 3 by survival of s/x"):
        term_weights(terms, "down-weight")


def test_evidence_given_twice_warns():
    row = {"unit": "months", "n": 20, "source": "estimates:a_e01"}
    with pytest.warns(EvidenceWarning, match="twice: estimates:a_e01 as a and as b"):
        term_weights([median_term(9, study="a", **row), median_term(9, study="b", **row)], "down-weight")
    with pytest.warns(EvidenceWarning, match="the 8 patients of"):
        term_weights([patients_term(OWN, {}, study=s) for s in "ab"], "down-weight")


def test_a_hazard_ratio_that_contradicts_its_own_arms_warns():
    arms = [
        patients_term(Surv.right(np.arange(1, 41), np.ones(40), unit="months"), study="s", arm=a)
        for a in "xy"
    ]
    ratio = hazard_ratio_term(
        0.2, {"chemo": 1}, {"chemo": 0}, study="s", arm="x", comparator_arm="y", std_error=0.1
    )
    with pytest.warns(EvidenceWarning) as said:
        weight, _ = term_weights([*arms, ratio], "down-weight")
    assert weight.tolist() == [1.0, 1.0, 0.0]
    assert any("hazard ratio 0.2, but the rates of its arms are 1 to 1" in str(w.message) for w in said)


@pytest.mark.parametrize("gap", [{}, {"stage": None}])
def test_a_term_without_a_covariate_of_the_formula_is_refused_by_name(gap):
    terms = [median_term(9, {"stage": s}, study=s, unit="months", n=20) for s in ("I", "III")]
    with pytest.raises(EvidenceError, match="'stage' is in the formula, but is missing for median of c"):
        evidence_model([*terms, median_term(7, gap, study="c", unit="months", n=20)], "stage", breaks=[12])
    model = evidence_model(terms, "stage", breaks=[12])
    with pytest.raises(InputError, match="stage"):
        model.predict(gap)


def test_several_summaries_of_one_arm_speak_with_one_voice():
    terms = [
        median_term(14, study="s", arm="x", unit="months", n=30),
        survival_term([24], [0.3], study="s", arm="x", unit="months", n=30),
        survival_term([24], [0.3], study="s", arm="y", unit="months", n=30),
        hazard_ratio_term(
            0.8, {"chemo": 1}, {"chemo": 0}, study="s", arm="x", comparator_arm="y", std_error=0.3
        ),
        hazard_ratio_term(
            0.9, {"chemo": 1}, {"chemo": 0}, study="t", arm="x", comparator_arm="y", std_error=0.3
        ),
    ]
    weight, reason = term_weights(terms, "down-weight")
    assert weight.tolist() == [0.5, 0.5, 1.0, 0.0, 1.0]
    assert reason[3] == "both arms enter themselves"


def test_case_terms_equal_the_numbers_they_stand_for():
    exact = evidence_model([case_term(t, study="s", unit="months") for t in (2.0, 9.0)], breaks=[6],
                           study_scale=None)  # fmt: skip
    patients = evidence_model([patients_term(Surv.right([2, 9], [1, 1], unit="months"), study="s")], breaks=[6],
                              study_scale=None)  # fmt: skip
    assert exact.posterior.mean == pytest.approx(patients.posterior.mean, abs=1e-9)


def test_prediction_shapes_new_study_and_transport():
    model = evidence_model(every_kind(), "stage+chemo", site_scale=0.5, breaks=[6, 24])
    z = {"stage": "III", "chemo": 1.0}
    known = model.predict(z, site="cns", draws=3000)
    mean = model.predict(z, site="cns", new_study=False, draws=3000)
    new = model.predict(z, new_site=True, draws=3000)
    far = model.predict(z, new_site=True, transport_sd=1.0, draws=3000)
    spread = [np.log(p.distribution.rates[:, 0]).std() for p in (mean, known, new, far)]
    assert spread[0] < spread[1] < spread[3] and spread[2] < spread[3]
    assert known.distribution.rates.shape == (3000, 3)
    assert known.survival([6.0, 12.0]).shape == (2, 3000)
    assert known.at([12]).to_frame().shape == (1, 5)
    own = model.predict(z, site="uterus", study="own", draws=500)
    assert np.isfinite(own.distribution.rates).all()
    assert "cns" in set(model.effects()["parameter"])
    again = model.predict(z, site="cns", draws=3000)
    assert (again.distribution.rates == known.distribution.rates).all()


def test_contributions_add_up_and_count_events():
    model = evidence_model(
        [patients_term(OWN, {}, study="own"), *every_kind()[5:6]], breaks=[6, 24], study_sd=0.2
    )
    table = model.contributions()
    assert table["share"].sum() == pytest.approx(1.0)
    assert table.loc[0, "information"] == pytest.approx(5.0, rel=0.2)


def test_interval_without_event_has_hazard_zero_without_walk():
    model = evidence_model([patients_term(OWN, {}, study="own")], breaks=[35.0, 50.0], walk_sd=None, coefficient_sd=None,
                           study_scale=None)  # fmt: skip
    law = model.predict(draws=10, new_study=False).distribution
    assert (law.rates[:, 1:] == 0).all() and (law.rates[:, 0] > 0).all()


def test_extra_sd_lets_a_doubtful_study_speak_less():
    def fit(extra):
        terms = [survival_term([12], [0.5], study="a", unit="months", n=100),
                 survival_term([12], [0.9], study="b", unit="months", n=100, extra_sd=extra)]  # fmt: skip
        return evidence_model(terms, breaks=[], study_sd=0.1).to_frame().loc[0, "estimate"]

    assert fit(0.0) < fit(2.0) < np.log(-np.log(0.5) / 12) + 0.05


def test_without_a_study_is_the_model_of_the_others():
    terms = [median_term(m, study=s, unit="months", n=40) for s, m in (("a", 10), ("b", 14), ("c", 30))]
    left = without_study(evidence_model(terms, breaks=[12]), "c")
    assert left.to_frame()["estimate"].to_numpy() == pytest.approx(
        evidence_model(terms[:2], breaks=[12]).to_frame()["estimate"].to_numpy(), abs=1e-9
    )
    with pytest.raises(InputError, match="no term of study 'z'"):
        without_study(left, "z")


def test_few_studies_are_said_to_be_few():
    terms = [median_term(m, study=s, unit="months", n=40) for s, m in (("a", 10), ("b", 14), ("c", 30))]
    assert "Fewer than three studies" in evidence_model(terms[:2], breaks=[12]).headline()
    assert "Fewer than three" not in evidence_model(terms, breaks=[12]).headline()


def test_provenance_names_only_what_was_used():
    used = median_term(14, study="a", unit="months", n=30, source="estimates:a1")
    shadow = median_term(20, study="b", arm="x", unit="months", n=30, source="estimates:b1")
    curve = patients_term(OWN, {}, study="b", arm="x", source="patients:b")
    model = evidence_model([used, shadow, curve], breaks=[12])
    assert model.provenance.references() == ("estimates:a1", "patients:b")


def test_single_arm_studies_warn_about_treatment():
    terms = [survival_term([12], [p], {"chemo": c}, study=s, unit="months", n=40)
             for s, p, c in (("a", 0.5, 1), ("b", 0.6, 0), ("c", 0.4, 0))]  # fmt: skip
    with pytest.warns(EvidenceWarning, match="varies between studies only"):
        evidence_model(terms, "chemo", treatment="chemo", treatment_sd=0.2, breaks=[12])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: survival_term([12], [0.6], study="a", unit="months"), EvidenceError, "neither a usable interval"),
        (lambda: survival_term([12, 24], [0.5, 0.6], study="a", unit="months", n=9), EvidenceError, "never rise"),
        (lambda: survival_term([12], [60], study="a", unit="months", n=9), EvidenceError, "in per cent"),
        (lambda: survival_term([24, 12], [0.6, 0.5], study="a", unit="months", n=9), InputError, "increase"),
        (lambda: survival_term([12], [0.6], study="a", unit="months", conf_low=[0.7], conf_high=[0.8]), EvidenceError,
         "excludes its estimate 0.6"),
        (lambda: survival_term([12], [0.6], study="a", unit="months", conf_low=[0.6], conf_high=[0.6]), EvidenceError,
         "is empty"),
        (lambda: median_term(14, study="a", unit="months"), EvidenceError, "neither an interval"),
        (lambda: median_term(14, study="a", unit="months", conf_low=15, conf_high=20), EvidenceError, "excludes its estimate"),
        (lambda: hazard_ratio_term(0.7, {}, {}, study="a", conf_low=0.8, conf_high=0.9), EvidenceError, "excludes its estimate"),
        (lambda: hazard_ratio_term(0.7, {}, {}, study="a"), EvidenceError, "allow no route"),
        (lambda: case_term(5, study="a", unit="months", status="interval"), InputError, "a pair"),
        (lambda: case_term((0.1 + 0.2, 0.3), study="a", unit="months", status="interval"), InputError, "status='exact'"),
        (lambda: case_term((0.3, 0.1 + 0.2), study="a", unit="months", status="interval"), InputError, "status='exact'"),
        (lambda: case_term(5, study="a", unit="months", status="dead"), InputError, "status must be one of"),
        (lambda: case_term(5, study="", unit="months"), InputError, "study is empty"),
        (lambda: case_term(5, study="a", unit="months", colour="x"), InputError, "does not know colour"),
        (lambda: patients_term([1, 2], study="a"), InputError, "must be a Surv"),
        (lambda: patients_term(OWN, ROWS[:3], study="a"), InputError, "3 rows for 8 patients"),
        (lambda: evidence_model([]), InputError, "non-empty list"),
        (lambda: evidence_model([case_term(5, study="a", unit="months")], breaks=[5, 3]), InputError, "increase"),
        (lambda: evidence_model([case_term(5, study="a", unit="months")], site_scale=1), InputError, "site effect"),
        (lambda: evidence_model([case_term(5, study="a", unit="months")], treatment="chemo"), InputError, "not a column"),
        (lambda: evidence_model([case_term(5, study="a", unit="months", site="x")], site_scale=1, treatment_scale=1),
         InputError, "at most two"),
        (lambda: evidence_model([hazard_ratio_term(0.7, {"chemo": 1}, {"chemo": 0}, study="a", std_error=0.2)], "chemo"),
         EvidenceError, "only ratios"),
        (lambda: evidence_model([case_term(5, {"x": 1.0}, study="a", unit="months")], "x", coefficient_sd=None,
                                study_scale=None, breaks=[]), EvidenceError, "does not identify"),
        (lambda: evidence_model([median_term(14, study="a", unit="months", n=9)]).predict(site="x"), InputError,
         "no site effects"),
        (lambda: evidence_model([median_term(14, study="a", unit="months", n=9)]).predict(study="x"), InputError,
         "knows no study 'x'"),
        (lambda: evidence_model([median_term(14, study="a", site="x", unit="months", n=9)], site_scale=1).predict(),
         InputError, "new_site=True"),
    ],
)  # fmt: skip
def test_messages(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_prior_of_a_standard_deviation_is_a_density(power):
    prior = Deviation(name="study", scale=0.7, power=power)
    assert quad(lambda s: np.exp(prior.log_prior(s)), 0, np.inf)[0] == pytest.approx(1.0, abs=1e-9)
    if power == 0:
        assert np.exp(prior.log_prior(0.4)) == pytest.approx(halfnorm.pdf(0.4, scale=0.7), rel=1e-12)


def test_boundary_avoiding_posterior_is_the_half_normal_one_times_the_root():
    """The two priors differ by a factor sqrt(sd), and so do the posteriors of the sd between studies."""
    terms = [median_term(m, study=s, unit="months", n=30) for s, m in zip("abcde", (9, 14, 11, 22, 13))]
    half = evidence_model(terms, breaks=[12], sd_prior="half-normal", points=25).posterior
    avoid = evidence_model(terms, breaks=[12], points=25).posterior
    sd = half.deviation[:, 0]
    mass = half.weight * np.sqrt(sd)
    weighted = mass @ sd / mass.sum()
    assert avoid.weight @ avoid.deviation[:, 0] == pytest.approx(weighted, rel=2e-3)
    assert weighted > 1.05 * (half.weight @ sd)
    # the distribution function in the table agrees with the nodes
    support, below = avoid.tables["study"]
    mean = np.trapezoid(1 - below, support) + support[0]
    assert mean == pytest.approx(avoid.weight @ avoid.deviation[:, 0], rel=2e-3)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: median_term(14, study="a", unit="months", conf_low=np.nan, conf_high=19), "conf_low is NaN"),
        (lambda: rate_term(6, 120, study="a", unit="months", start=np.nan), "start"),
        (lambda: evidence_model([median_term(9, study="a", unit="months", n=9)], points=1), "points"),
    ],
)
def test_missing_numbers_and_too_few_nodes_are_refused(make, said):
    with pytest.raises(InputError, match=said):
        make()


def test_a_refit_keeps_the_nodes():
    terms = [median_term(9, study=s, unit="months", n=9) for s in "abc"]
    left = without_study(evidence_model(terms, breaks=[12], points=5), "a")
    assert left.options["points"] == 5 and left.posterior.weight.size <= 5


def test_single_cases_against_quadrature():
    """Six cases, one hazard: the posterior sd by quadrature over every case's own effect; Laplace is 7% short."""
    cases = [
        ("exact", 3.0),
        ("exact", 6.0),
        ("exact", 11.0),
        ("exact", 20.0),
        ("upper", 4.0),
        ("right", 15.0),
    ]
    terms = [case_term(t, study=f"s{i}", unit="months", status=k) for i, (k, t) in enumerate(cases)]
    row = evidence_model(terms, breaks=[]).to_frame().iloc[0]
    node, weight = np.polynomial.hermite_e.hermegauss(60)
    weight = weight / weight.sum()
    alpha = np.linspace(-9, 4, 521)
    prior = Deviation(name="study", scale=1.0, power=0.5)
    x, w = np.polynomial.legendre.leggauss(60)
    sds, w = 2.5 * (x + 1), 2.5 * w
    total = np.zeros(alpha.size)
    for sd, share in zip(sds, w):
        h = np.exp(alpha[:, None] + sd * node)
        like = {"exact": lambda t, h=h: h * np.exp(-h * t), "right": lambda t, h=h: np.exp(-h * t),
                "upper": lambda t, h=h: -np.expm1(-h * t)}  # fmt: skip
        each = np.prod([like[k](t) @ weight for k, t in cases], axis=0)
        total += share * np.exp(prior.log_prior(sd)) * each
    total /= total.sum()
    mean = total @ alpha
    sd = np.sqrt(total @ (alpha - mean) ** 2)
    assert row["estimate"] == pytest.approx(mean, abs=0.1 * sd)
    assert 0.90 < row["std_error"] / sd < 1.02
