"""The likelihood ratio test of nested fits: its numbers, its level, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from survsim import Surv, cox_ph, kaplan_meier, parametric_survival, royston_parmar
from survsim.core.errors import InputError
from survsim.cox import likelihood_ratio_test
from survsim.parametric import interval_censored_parametric
from tests.helpers import panel_visits

RNG = np.random.default_rng(12)
N = 120
DATA = pd.DataFrame(
    {"age": RNG.normal(60, 9, N), "stage": RNG.choice(["I", "II", "III"], N), "site": RNG.integers(0, 4, N)}
)
LIFE, END = RNG.exponential(20 * np.exp(-0.03 * (DATA["age"] - 60))), RNG.uniform(5, 40, N)
TIME, EVENT = np.minimum(LIFE, END), LIFE < END


def surv(**more: Any) -> Surv:
    return Surv.right(TIME, EVENT, unit="months", **more)


def test_it_is_twice_the_difference_against_chi_squared() -> None:
    small, large = cox_ph(surv(), "age", DATA), cox_ph(surv(), "age * stage", DATA)
    found = likelihood_ratio_test(small, large)
    assert found.statistic == pytest.approx(2 * (large.log_likelihood - small.log_likelihood), rel=1e-12)
    assert (found.df, found.n_parameters.tolist()) == (4, [1.0, 5.0])
    assert found.p_value == pytest.approx(chi2.sf(found.statistic, 4), rel=1e-12)
    assert found.to_frame()["fit"].tolist() == ["smaller", "larger"]


def test_the_same_space_by_other_columns_is_nested() -> None:
    data = DATA.assign(old=(DATA["age"] - 60) / 10)
    assert likelihood_ratio_test(cox_ph(surv(), "old", data), cox_ph(surv(), "age + stage", data)).df == 2


@pytest.mark.parametrize(
    ("small", "large"),
    [("exponential", "weibull"), ("weibull", "generalised_gamma"), ("gamma", "generalised_gamma")],
)
def test_a_family_within_another(small: str, large: str) -> None:
    fits = [parametric_survival(surv(), family, formula="age", data=DATA) for family in (small, large)]
    found = likelihood_ratio_test(*fits)
    assert found.df == 1 and found.statistic == pytest.approx(
        2 * (fits[1].log_likelihood - fits[0].log_likelihood)
    )


def test_intensities_of_visits() -> None:
    found = likelihood_ratio_test(panel_visits.fit(None), panel_visits.fit("z"))
    assert found.df == len(panel_visits.fit("z").transitions)


def test_chances_of_seeing_wrongly_are_parameters_too() -> None:
    plain = panel_visits.panel_multistate(
        panel_visits.blurred(3, 200), transitions=panel_visits.WAYS, unit="years", exact=["dead"]
    )
    found = likelihood_ratio_test(plain, panel_visits.hidden_fit())
    assert (found.df, found.added) == (2, ("well seen as ill", "ill seen as well"))
    assert found.p_value < 1e-3


def test_under_the_null_p_values_are_even() -> None:
    rng = np.random.default_rng(3)
    p = []
    for _ in range(200):
        frame = pd.DataFrame(rng.normal(size=(80, 3)), columns=list("abc"))
        one = Surv.right(rng.exponential(5, 80), rng.random(80) < 0.8, unit="months")
        p.append(likelihood_ratio_test(cox_ph(one, "a", frame), cox_ph(one, "a + b + c", frame)).p_value)
    assert abs(np.mean(np.array(p) < 0.1) - 0.1) < 3 * np.sqrt(0.09 / 200) + 0.01


@pytest.mark.parametrize(
    ("small", "large", "message"),
    [
        (lambda: cox_ph(surv(), "age", DATA), lambda: cox_ph(surv(), "stage", DATA), r"the smaller fit \(age\) is not within"),
        (lambda: cox_ph(surv(), "age + stage", DATA), lambda: cox_ph(surv(), "age", DATA), "is not within"),
        (lambda: cox_ph(surv(), "age", DATA), lambda: cox_ph(surv(), "age", DATA), "give the smaller one first"),
        (lambda: cox_ph(surv().take(np.arange(100)), "age", DATA[:100]), lambda: cox_ph(surv(), "age + stage", DATA), r"numbers of rows \(100 and 120\)"),
        (lambda: cox_ph(surv(), "age", DATA), lambda: cox_ph(surv(stratum=DATA["site"]), "age + stage", DATA), "of the same rows"),
        (lambda: cox_ph(surv(), "age", DATA), lambda: parametric_survival(surv(), "weibull", formula="age", data=DATA), "of one kind"),
        (lambda: cox_ph(surv(), "age", DATA, ties="breslow"), lambda: cox_ph(surv(), "age + stage", DATA), "breslow ties"),
        (lambda: cox_ph(surv(cluster=DATA["site"]), "age", DATA, robust=True), lambda: cox_ph(surv(), "age + stage", DATA), "smaller fit has a robust"),
        (lambda: cox_ph(surv(), "age", DATA), lambda: cox_ph(surv(), "age + stage", DATA, penalty="firth"), "penalty 'firth'"),
        (lambda: cox_ph(surv(), "age", DATA), lambda: cox_ph(surv(), "age", DATA, frailty=DATA["site"]), "a frailty"),
        (lambda: parametric_survival(surv(), "lognormal"), lambda: royston_parmar(surv(), df=3), "compare their AIC"),
        (lambda: kaplan_meier(surv()), lambda: cox_ph(surv(), "age", DATA), "smaller must be a fit with a likelihood.*KaplanMeier"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(small: Any, large: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        likelihood_ratio_test(small(), large())


RATES = np.full(N, 0.01)


@pytest.mark.parametrize(
    ("small", "large", "message"),
    [
        (lambda: parametric_survival(surv(), "weibull", "age", DATA), lambda: parametric_survival(surv(), "weibull", "age + stage", DATA, background=RATES), "different background mortality"),
        (lambda: royston_parmar(surv(), "age", DATA, background=RATES), lambda: royston_parmar(surv(), "age + stage", DATA, background=2 * RATES), "different background mortality"),
        (lambda: cox_ph(surv(), "age", DATA), lambda: cox_ph(surv(), "age + stage", DATA, offset=np.asarray(-0.1 * TIME)), "different offsets"),
        (lambda: cox_ph(surv(), "age", DATA), lambda: cox_ph(surv(weight=np.full(N, 2.0)), "age + stage", DATA), "different weights"),
        (lambda: parametric_survival(surv(), "weibull", "age", DATA), lambda: parametric_survival(surv(entry=np.full(N, TIME.min() / 2)), "weibull", "age + stage", DATA), "different entries"),
        (lambda: parametric_survival(surv(), "exponential"), lambda: interval_censored_parametric(np.where(EVENT, TIME / 2, TIME), np.where(EVENT, TIME, np.inf), "weibull", unit="months"), "different intervals"),
    ],
)  # fmt: skip
def test_all_that_the_likelihood_depends_on_must_be_the_same(small: Any, large: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        likelihood_ratio_test(small(), large())


def test_what_the_likelihood_does_not_see_may_differ() -> None:
    large = cox_ph(
        surv(weight=np.ones(N), entry=np.zeros(N), id=np.arange(N)), "age + stage", DATA, offset=np.zeros(N)
    )
    plain = cox_ph(surv(), "age + stage", DATA)
    assert large.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)
    assert likelihood_ratio_test(cox_ph(surv(), "age", DATA), large).df == 2


def test_nesting_is_told_by_values_and_not_by_names() -> None:
    numbers = RNG.normal(size=(N, 3))
    fit = lambda x: parametric_survival(surv(), "weibull", None, x)  # noqa: E731
    with pytest.raises(InputError, match="is not within"):  # both call their first column x1
        likelihood_ratio_test(fit(numbers[:, 0]), fit(numbers[:, 1:]))
    found = likelihood_ratio_test(fit(numbers[:, 2] * 3 + 7), fit(numbers[:, 1:]))
    small, large = fit(numbers[:, 2]), fit(numbers[:, 1:])
    assert found.statistic == pytest.approx(2 * (large.log_likelihood - small.log_likelihood), abs=1e-6)


def test_splines_and_pieces_are_nested_where_their_knots_are() -> None:
    line, curve = royston_parmar(surv(), "age", DATA, df=1), royston_parmar(surv(), "age", DATA, df=3)
    assert likelihood_ratio_test(line, curve).df == 2
    with pytest.raises(InputError, match="is not within"):  # the knot of 2 df is none of the two of 3
        likelihood_ratio_test(royston_parmar(surv(), df=2), royston_parmar(surv(), "age", DATA, df=3))
    changing = royston_parmar(surv(), "age", DATA, df=1, time_varying={"age": 1})
    assert likelihood_ratio_test(line, changing).df == 1
    pieces = lambda *cuts: parametric_survival(surv(), "piecewise_exponential", cuts=cuts)  # noqa: E731
    assert likelihood_ratio_test(pieces(10.0), pieces(5.0, 10.0)).df == 1
    with pytest.raises(InputError, match="is not within"):
        likelihood_ratio_test(pieces(9.0), pieces(5.0, 10.0))
