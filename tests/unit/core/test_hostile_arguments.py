"""What no argument may be, at doors where it was once let through or stumbled over."""

import datetime

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, conditional_survival, cox_ph, fine_gray, meta_regression, rmst, rmst_test
from survsim.calibration import Cohort
from survsim.cox import time_dependent_auc
from survsim.distributions import Exponential, GeneralisedGamma, Gompertz, LogLogistic, LogNormal, Weibull
from survsim.errors import InputError
from survsim.radiotherapy import bed, eqd2
from survsim.report import table

UNIT = {"time_unit": "months"}
LAWS = [
    Exponential(rate=0.1, **UNIT),
    Weibull(shape=1.2, scale=10.0, **UNIT),
    Gompertz(shape=0.1, rate=0.05, **UNIT),
    LogLogistic(shape=0.7, scale=10.0, **UNIT),
    LogNormal(meanlog=2.0, sdlog=1.0, **UNIT),
    GeneralisedGamma(mu=2.0, sigma=0.8, q=0.5, **UNIT),
]
NO_NUMBERS = [
    "5", "6_0", "\uff15", b"5", ["5", "6"], 1j, None, pd.NA, float("nan"), [1.0, None], True,
    np.datetime64("2020-01-01"), datetime.timedelta(days=3), np.timedelta64(5, "D"),
    np.ma.array([1.0, 2.0], mask=[True, False]),
]  # fmt: skip
TIME = np.array([3.0, 5, 7, 9, 11, 14, 2, 8])
SURV = Surv.right(TIME, [1, 0, 1, 1, 1, 0, 1, 1], unit="months")
RAGGED = [[1], "b", "a", "b", "a", "b", "a", "b"]


@pytest.mark.parametrize("wrong", NO_NUMBERS, ids=repr)
@pytest.mark.parametrize("ask", ["inverse_cumulative_hazard", "quantile", "survival", "hazard", "density"])
def test_a_law_is_asked_with_numbers(ask, wrong):
    for law in LAWS:
        with pytest.raises(InputError):
            getattr(law, ask)(wrong)


def test_a_cumulative_hazard_below_0_is_refused():
    for law in LAWS:
        with pytest.raises(InputError, match="0 or above; got -2"):
            law.inverse_cumulative_hazard([1.0, -2.0])


@pytest.mark.parametrize(
    "ask",
    [
        lambda: rmst(SURV, RAGGED, 6.0),
        lambda: rmst_test(SURV, RAGGED, 6.0),
        lambda: conditional_survival(SURV, RAGGED, [1.0], [5.0]),
        lambda: time_dependent_auc(SURV, [[1], *range(7)], [4.0]),
        lambda: cox_ph(SURV, None, [[1.0], [1.0, 2.0], *[[0.0]] * 6]),
    ],
)
def test_rows_of_different_lengths_are_no_column(ask):
    with pytest.raises(InputError):
        ask()


@pytest.mark.parametrize("value", [0.0, -0.0, 1.0, 1e-300, 5e-324])
def test_a_constant_covariate_is_named_by_fine_gray(value):
    comp = Surv.competing(TIME, [1, 0, 2, 1, 1, 0, 2, 1], unit="months")
    with pytest.raises(InputError, match="constant among the patients at risk"):
        fine_gray(comp, None, np.full((8, 1), value), cause=1)


@pytest.mark.filterwarnings("ignore:4 studies for 2 terms")
def test_effects_beyond_all_rounding_are_pooled_or_refused():
    try:
        found = meta_regression(
            [1.8e19, 1.8e19, 1.8e19 + 4096, 1.8e19], [0.1, 0.2, 0.1, 0.3], [[1.0], [2], [3], [5]]
        )
    except InputError:
        return
    assert np.isfinite(found.estimate).all()


@pytest.mark.parametrize("dose", [bed, eqd2])
def test_an_effective_dose_is_a_number(dose):
    with pytest.raises(InputError, match="beyond the range of numbers"):
        dose(30.0, 10, alpha_beta=5e-324)


def test_a_table_is_headed_by_a_column_that_is_there():
    with pytest.raises(InputError, match=r"lacks|no column|missing"):
        table(pd.DataFrame({"arm": ["a"], "months": [3.2]}), group="")


@pytest.mark.parametrize(
    "given", [{"drug": [1e-300, 1e-300]}, {"drug": (0.5,)}, {"drug": (0.5, ("x",))}, {"drug": 0.5}]
)
def test_what_a_cohort_was_given_is_a_share_and_effects(given):
    with pytest.raises(InputError, match=r"given|groups"):
        Cohort.treated(name="all", given=given)


def test_an_event_of_another_kind_among_numbers_is_refused():
    """Found by the fuzz: an empty tuple among the events ended in numpy's words about shapes."""
    for odd in ((), [], {}, (1, 2), np.array([1, 0])):
        with pytest.raises(InputError, match="event must"):
            Surv.right([1.0, 2, 3], [odd, 1, 1], unit="months")
