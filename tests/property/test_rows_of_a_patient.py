"""A patient's follow-up cut into rows with one id says what it said in one row: estimates, errors, intervals."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import (
    Surv,
    concordance,
    cox_ph,
    ipw_cox,
    ipw_kaplan_meier,
    kaplan_meier,
    nelson_aalen,
    parametric_survival,
    rmst,
    royston_parmar,
    standardised_survival,
)  # fmt: skip
from survsim.competing import aalen_johansen, gray_test
from survsim.cox import brier_score, penalty_path, time_dependent_auc
from survsim.errors import InputError
from survsim.nonparametric import (
    conditional_survival,
    logrank_test,
    milestone_test,
    rmst_test,
    sufficient_follow_up,
)

RNG = np.random.default_rng(1)
N = 40
X = RNG.integers(0, 2, N).astype(float)
TIME = RNG.permutation(np.arange(2, N + 2)).astype(float)
EVENT = (RNG.random(N) < 0.7) * 1
WEIGHT = RNG.uniform(0.5, 3, N).round(2)
CAUSE = EVENT * np.where(np.arange(N) % 3 == 0, 2, 1)
FRAME = pd.DataFrame({"x": X, "z": np.sin(np.arange(N))})


def rows() -> tuple[Any, ...]:
    """Patient, begin, end and last row (m,) of follow-up cut at 5, 10, 15 and 20, in any order."""
    found = []
    for i, t in enumerate(TIME):
        cuts = [0.0, *(c for c in (5.0, 10.0, 15.0, 20.0) if c < t), t]
        found += [(i, a, b, b == t) for a, b in itertools.pairwise(cuts)]
    order = np.random.default_rng(3).permutation(len(found))
    return tuple(np.array(column)[order] for column in zip(*found))


WHO, BEGIN, END, LAST = rows()


def responses(weighted: bool, cause: bool = False) -> tuple[Surv, Surv]:
    """In one row a patient, and in several."""
    make: Any = Surv.competing if cause else Surv.right
    what = CAUSE if cause else EVENT
    one: dict[str, Any] = {"weight": WEIGHT} if weighted else {}
    many: dict[str, Any] = {"weight": WEIGHT[WHO]} if weighted else {}
    return (
        make(TIME, what, unit="months", id=np.arange(N), **one),
        make(END, np.where(LAST, what[WHO], 0), unit="months", entry=BEGIN, id=WHO, **many),
    )


def both(weighted: bool, ask: Callable[[Surv, pd.DataFrame], Any], cause: bool = False) -> list[Any]:
    return [
        np.asarray(ask(s, d), dtype=float)
        for s, d in zip(responses(weighted, cause), (FRAME, FRAME.iloc[WHO].reset_index(drop=True)))
    ]


def numbers(made: Any) -> Any:
    return made.to_frame().select_dtypes("number").to_numpy()


ASKED: dict[str, Callable[[Surv, pd.DataFrame], Any]] = {
    "cox": lambda s, d: cox_ph(s, "x", d, robust=True).robust_std_error,
    "ridge": lambda s, d: cox_ph(s, "x + z", d, penalty="ridge", penalty_strength=3).estimate,
    "elastic net": lambda s, d: cox_ph(s, "x + z", d, penalty="elasticnet", penalty_strength=3, l1_ratio=0.5).estimate,
    "penalty path": lambda s, d: penalty_path(s, "x + z", d, strengths=[0.5, 5], folds=3).score,
    "cox, model variance": lambda s, d: cox_ph(s, "x", d).std_error,
    "kaplan-meier": lambda s, d: numbers(kaplan_meier(s, d.x).survival_at([7, 20])),
    "kaplan-meier, robust": lambda s, d: kaplan_meier(s, robust=True).survival_at([7, 20]).std_error,
    "nelson-aalen": lambda s, d: nelson_aalen(s, robust=True).std_error[-1],
    "concordance": lambda s, d: numbers(concordance(s, d.x)),
    "uno's concordance": lambda s, d: numbers(concordance(s, d.x, weighting="uno", tau=15)),
    "brier score": lambda s, d: numbers(brier_score(s, np.outer(0.4 + 0.3 * d.x, [1.0, 0.8]), [7, 15])),
    "brier score of a fit": lambda s, d: numbers(cox_ph(s, "x", d).brier_score([7, 15])),
    "auc": lambda s, d: numbers(time_dependent_auc(s, d.z, [7, 15])),
    "rmst": lambda s, d: numbers(rmst(s, d.x, tau=15)),
    "rmst test": lambda s, d: numbers(rmst_test(s, d.x, tau=15)),
    "milestone": lambda s, d: numbers(milestone_test(s, d.x, 15)),
    "conditional": lambda s, d: conditional_survival(s, given=8, times=[6.0]).std_error,
    "log-rank": lambda s, d: logrank_test(s, d.x).chi2,
    "weibull": lambda s, d: parametric_survival(s, "weibull", "x", d, robust=True).std_error,
    "splines": lambda s, d: royston_parmar(s, "x", d, df=2, robust=True).std_error,
    "ipw cox": lambda s, d: ipw_cox(s, d.x, "z", d).robust_std_error,
    "ipw, robust": lambda s, d: numbers(
        ipw_kaplan_meier(s, d.x, "z", d, times=10, tau=12, interval="robust", estimand="att", truncate=0.05)
    ),
    "ipw, bootstrap": lambda s, d: numbers(ipw_kaplan_meier(s, d.x, "z", d, times=10, tau=12, n_resamples=30)),
    "standardised": lambda s, d: numbers(
        standardised_survival(cox_ph(s, "x + z", d), d, "x", 10, tau=12, n_resamples=10, population="treated")
    ),
    "validated": lambda s, d: cox_ph(s, "x + z", d).validate(n_bootstrap=10).corrected,
}  # fmt: skip


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ASKED)
def test_rows_of_a_patient_say_what_one_row_says(name: str, weighted: bool) -> None:
    one, many = both(weighted, ASKED[name])
    np.testing.assert_allclose(many, one, rtol=1e-7, atol=1e-12)


def test_the_unit_of_a_penalty_does_not_count_rows_of_a_covariate_that_changes() -> None:
    """One stretch of a patient split in two, at a covariate that changes at 5: the penalty keeps its unit."""
    changed = np.where(BEGIN >= 5.0, X[WHO] + 1.0, X[WHO])
    early = END <= 5.0
    begin, end = np.r_[BEGIN, np.full(early.sum(), 1.0)], np.r_[np.where(early, 1.0, END), END[early]]
    seen = np.where(LAST, EVENT[WHO], 0)
    seen = np.r_[np.where(early, 0, seen), seen[early]]
    cut = Surv.right(end, seen, unit="months", entry=begin, id=np.r_[WHO, WHO[early]])
    ridge: dict[str, Any] = {"penalty": "ridge", "penalty_strength": 3.0}
    one = cox_ph(responses(False)[1], None, changed[:, None], **ridge)
    many = cox_ph(cut, None, np.r_[changed, changed[early]][:, None], **ridge)
    np.testing.assert_allclose(many.estimate, one.estimate, rtol=1e-9)


def test_methods_that_count_patients_take_the_rows_of_one_together() -> None:
    one, many = responses(False)
    both_arms = [numbers(sufficient_follow_up(s, x)) for s, x in ((one, X), (many, X[WHO]))]
    np.testing.assert_array_equal(*both_arms)
    tests = [gray_test(s, x, cause=1) for s, x in zip(responses(False, cause=True), (X, X[WHO]))]
    assert (
        tests[1].chi2 == pytest.approx(tests[0].chi2)
        and tests[1].n_patients.tolist() == tests[0].n_patients.tolist()
    )


@pytest.mark.parametrize("late", [False, True])
def test_a_value_that_changes_or_an_entry_that_is_late_is_refused_still(late: bool) -> None:
    surv, score = responses(False)[1], np.where(BEGIN >= 5.0, X[WHO] + 1.0, X[WHO])
    if late:
        kept = BEGIN > 0
        surv, score = surv.take(kept), X[WHO][kept]
    message = "delayed entry" if late else "score differs between the rows of patient"
    with pytest.raises(InputError, match=message):
        time_dependent_auc(surv, score, [15])
    with pytest.raises(InputError, match=message):
        concordance(surv, score, weighting="uno")
    with pytest.raises(InputError, match="delayed entry"):
        sufficient_follow_up(surv, None if late else score)


def test_aalen_johansen_at_the_times_of_the_patients() -> None:
    for weighted in (False, True):
        one, many = (aalen_johansen(s) for s in responses(weighted, cause=True))
        at = np.searchsorted(many.time, one.time)
        np.testing.assert_allclose(many.std_error[:, at], one.std_error, rtol=1e-9)


def test_robust_errors_of_split_rows_are_those_of_r() -> None:
    """R 4.2, survival: coxph(Surv(a, t, e) ~ x, weights = w, id = id, robust = TRUE), survfit(id = id), concordance(cluster = id),
    each patient cut in the middle; without weights survfit gives Greenwood's."""
    i = np.arange(N)
    end, seen, begin = np.r_[TIME / 2, TIME], np.r_[0 * EVENT, EVENT], np.r_[0 * TIME, TIME / 2]
    split = Surv.right(end, seen, unit="months", entry=begin, weight=np.r_[WEIGHT, WEIGHT], id=np.r_[i, i])
    x = np.r_[X, X]
    assert cox_ph(split, None, x[:, None], robust=True).robust_std_error[0] == pytest.approx(
        0.510029976763, rel=1e-9
    )
    assert kaplan_meier(split).survival_at(20).std_error[0] == pytest.approx(0.0828432610278, rel=1e-9)
    assert concordance(split, -x).std_error == pytest.approx(0.0658230706474, rel=1e-9)
    light = Surv.right(end, seen, unit="months", entry=begin, id=np.r_[i, i])
    assert not kaplan_meier(light).robust
    assert kaplan_meier(light).survival_at(20).std_error[0] == pytest.approx(0.0770212756201, rel=1e-9)
    assert cox_ph(light, None, x[:, None]).robust_std_error is None
    assert cox_ph(light, None, x[:, None], robust=True).robust_std_error[0] == pytest.approx(
        0.454309918381, rel=1e-8
    )


def test_ids_of_one_row_each_change_no_bit() -> None:
    named = Surv.right(TIME, EVENT, unit="months", weight=WEIGHT, id=[f"p{k}" for k in RNG.permutation(N)])
    plain = Surv.right(TIME, EVENT, unit="months", weight=WEIGHT)
    assert named.together is None
    for ask in (ASKED["cox"], ASKED["rmst"], ASKED["ipw, bootstrap"], ASKED["standardised"]):
        assert np.array_equal(ask(named, FRAME), ask(plain, FRAME), equal_nan=True)


def test_a_treatment_that_changes_between_rows_is_sent_elsewhere() -> None:
    split, frame = responses(False)[1], FRAME.iloc[WHO].reset_index(drop=True)
    switched = np.where(BEGIN > 0, 1.0, frame.x)
    with pytest.raises(InputError, match=r"changes between the rows of a patient.*marginal_structural_cox"):
        ipw_cox(split, switched, "z", frame)
