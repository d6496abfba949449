"""Rows with labels pair by their labels."""

import numpy as np
import pandas as pd
import pytest

from survsim import (
    Surv,
    aalen_johansen,
    concordance,
    cox_ph,
    fine_gray,
    ipw_kaplan_meier,
    kaplan_meier,
    logrank_test,
    parametric_survival,
    royston_parmar,
    standardised_survival,
    treatment_weights,
)
from survsim.core.errors import InputError
from survsim.core.pairing import paired
from survsim.cox import cox_resamples, cox_trials
from survsim.joint_model import evidence_model, patients_term

RNG = np.random.default_rng(4)
N = 60
FRAME = pd.DataFrame(
    {
        "t": RNG.exponential(10, N).round(1) + 0.1,
        "e": RNG.random(N) < 0.7,
        "x": RNG.normal(size=N),
        "g": RNG.choice(list("ab"), N),
        "cause": RNG.choice(["none", "tumour", "other"], N),
    },
    index=[f"p{i}" for i in range(N)],
)
MIXED = FRAME.sample(frac=1, random_state=1)
SURV = Surv.from_frame(FRAME, time="t", event="e", unit="months")
CAUSES = Surv.competing(FRAME.t, FRAME.cause, unit="months", censored="none")


def test_columns_in_another_order_are_put_in_order():
    other = Surv.right(FRAME.t, MIXED.e, unit="months", weight=MIXED.x.abs() + 1, stratum=MIXED.g)
    assert (other.event == FRAME.e.to_numpy()).all()
    assert (other.weight == FRAME.x.abs().to_numpy() + 1).all()
    assert [other.stratum_labels[k] for k in other.stratum] == FRAME.g.tolist()
    causes = Surv.competing(FRAME.t, MIXED.cause, unit="months", censored="none")
    assert (causes.cause == CAUSES.cause).all()


QUESTIONS = {
    "logrank": lambda f: logrank_test(SURV, f.g).chi2,
    "kaplan_meier": lambda f: kaplan_meier(SURV, f.g).estimate,
    "aalen_johansen": lambda f: aalen_johansen(CAUSES, f.g).estimate,
    "cox formula": lambda f: cox_ph(SURV, "x + g", f).estimate,
    "cox frame": lambda f: cox_ph(SURV, None, f[["x"]]).estimate,
    "cox series": lambda f: cox_ph(SURV, None, f.x).estimate,
    "cox offset": lambda f: cox_ph(SURV, "x", f, offset=f.x / 2).estimate,
    "fine_gray": lambda f: fine_gray(CAUSES, "x", f, cause="tumour").estimate,
    "concordance": lambda f: concordance(SURV, f.x).estimate,
    "parametric": lambda f: parametric_survival(SURV, "weibull", "x", f).estimate,
    "royston_parmar": lambda f: royston_parmar(SURV, "x", f, df=1).estimate,
    "weights": lambda f: treatment_weights(FRAME.g, "x", f).weight[np.argsort(f.index)],
    "ipw": lambda f: ipw_kaplan_meier(SURV, f.g, "x", f, n_resamples=2).estimate,
    "ipw weights": lambda f: (
        ipw_kaplan_meier(SURV, f.g, weights=treatment_weights(f.g, "x", f), n_resamples=2).estimate
    ),
    "standardised": lambda f: (
        standardised_survival(cox_ph(SURV, "x + g", f), f, "g", 6, tau=6, n_resamples=10).conf_low
    ),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_do_not_depend_on_the_order_of_a_frame(question):
    ask = QUESTIONS[question]
    np.testing.assert_allclose(ask(MIXED), ask(FRAME), rtol=1e-9)
    assert np.isfinite(ask(FRAME)).all()


def test_other_rows_are_refused():
    with pytest.raises(InputError, match="carry different row labels"):
        logrank_test(SURV, FRAME.g.rename(index={"p3": "someone else"}))
    with pytest.raises(InputError, match=r"take both from frames after .reset_index\(drop=True\)"):
        cox_ph(SURV, "x", FRAME.reset_index(drop=True))
    plain = FRAME.reset_index(drop=True)
    fit = cox_ph(Surv.right(plain.t, plain.e, unit="months"), "x", plain)
    np.testing.assert_allclose(fit.estimate, cox_ph(SURV, "x", FRAME).estimate)
    twice = FRAME.iloc[[0, 0, 1]]
    with pytest.raises(InputError, match="labels occur more than once"):
        Surv.right(twice.t, twice.e.iloc[::-1], unit="months")


def test_without_labels_rows_pair_by_position():
    assert logrank_test(SURV, FRAME.g.to_numpy()).chi2 == logrank_test(SURV, FRAME.g).chi2
    plain = Surv.right(FRAME.t.to_numpy(), FRAME.e.to_numpy(), unit="months")
    assert plain.index is None
    assert cox_ph(plain, "x", MIXED).estimate.shape == (1,)


def test_a_selection_keeps_its_labels():
    some = SURV.take(FRAME.g == "a")
    assert some.index.tolist() == FRAME.index[FRAME.g == "a"].tolist()
    assert len(SURV.take(MIXED.g == "a")) == len(some)
    assert (SURV.take(MIXED.g == "a").time == some.time).all()
    half = MIXED[MIXED.g == "a"]
    np.testing.assert_allclose(
        cox_ph(some, "x", half).estimate, cox_ph(some, "x", FRAME[FRAME.g == "a"]).estimate
    )


def test_paired_leaves_lists_alone():
    a, b, c = paired(a=[1, 2], b=pd.Series([1, 2], index=["x", "y"]), c=pd.Series([3, 4], index=["y", "x"]))
    assert a == [1, 2]
    assert b.tolist() == [1, 2]
    assert c.tolist() == [4, 3]


def test_covariates_of_resamples_and_of_a_term_follow_the_labels_of_the_response():
    counts = np.ones((1, len(FRAME)))
    np.testing.assert_array_equal(
        cox_resamples(SURV, FRAME[["x"]], counts).estimate, cox_resamples(SURV, MIXED[["x"]], counts).estimate
    )
    own, other = (
        evidence_model([patients_term(SURV, rows[["x"]], study="own")], "x", study_sd=0.2).to_frame()[
            "estimate"
        ]
        for rows in (FRAME, MIXED)
    )
    np.testing.assert_array_equal(own, other)
    strangers = FRAME[["x"]].set_axis([f"other {k}" for k in range(len(FRAME))])
    for call in (
        lambda: cox_resamples(SURV, strangers, counts),
        lambda: patients_term(SURV, strangers, study="own"),
    ):
        with pytest.raises(InputError, match="carry different row labels"):
            call()


def test_trials_and_patients_of_two_frames_follow_their_labels():
    time = pd.DataFrame([[1.0, 2, 3, 4], [4.0, 3, 2, 1]], index=["a", "b"], columns=list("pqrs"))
    event = pd.DataFrame([[1, 1, 1, 0], [1, 0, 1, 1]], index=["a", "b"], columns=list("pqrs"))
    mixed = event.iloc[::-1, [2, 0, 3, 1]]
    np.testing.assert_array_equal(
        cox_trials(time, event, [0, 1, 0, 1]).estimate, cox_trials(time, mixed, [0, 1, 0, 1]).estimate
    )
    with pytest.raises(InputError, match="carry different column labels"):
        cox_trials(time, event.set_axis(list("wxyz"), axis=1), [0, 1, 0, 1])
