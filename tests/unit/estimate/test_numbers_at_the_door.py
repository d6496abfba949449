"""One number of any kind goes through one check: foreign errors, truth values, texts and NaN end in our words."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, check_summary, cox_ph, maxcombo_test, pool_imputations, reconstruct_ipd
from survsim.core.errors import EvidenceWarning, InputError
from survsim.reconstruction import compare_pair
from survsim.synthesis import pool_survival_points, pooled_survival_curve

RNG = np.random.default_rng(0)
N = 60
FRAME = pd.DataFrame({"x": RNG.normal(size=N), "o": RNG.normal(size=N), "g": RNG.choice(list("uv"), N)})
SURV = Surv.right(RNG.exponential(10, N).round(1) + 0.5, RNG.integers(0, 2, N), unit="months")
ARM = reconstruct_ipd(([2, 5, 9], [0.9, 0.7, 0.6]), at_risk=([0, 6], [10, 7]), unit="months")
NO_NUMBERS = ["0.68", True, np.ma.masked, float("nan"), 10**400, -1.0]
KINDS = [type(v).__name__ for v in NO_NUMBERS]


@pytest.mark.parametrize("value", NO_NUMBERS, ids=KINDS)
def test_no_number_is_taken_for_one(value):
    for asked in (
        lambda: check_summary(SURV, median=value),
        lambda: check_summary(SURV, survival=[(2, value)]),
        lambda: check_summary(SURV, survival=[(value, 0.9)]),
        lambda: maxcombo_test(SURV, FRAME.g, weights=[(0, 0), (value, 0)]),
        lambda: compare_pair(ARM, ARM, conf_int=(value, 2.0), m=0),
        lambda: pooled_survival_curve(
            ["a", "b"], [2, 2], [0.8, 0.9], unit="months", n_start={"a": value, "b": 9}, censoring_rate=0.0
        ),
    ):
        with pytest.raises(InputError, match="must"):
            asked()


def test_infinity_is_a_median_not_reached_and_nothing_else():
    with pytest.warns(EvidenceWarning, match="median printed inf"):
        assert check_summary(SURV, median=np.inf).reported[0] == np.inf
    for asked in (
        lambda: maxcombo_test(SURV, FRAME.g, weights=[(np.inf, 0)]),
        lambda: compare_pair(ARM, ARM, conf_int=(0.5, np.inf), m=0),
        lambda: pooled_survival_curve(
            ["a", "b"], [2, 2], [0.8, 0.9], unit="months", n_start={"a": np.inf, "b": 9}, censoring_rate=0.0
        ),
        lambda: pool_survival_points(
            [{"value": v, "std_error": 0.1, "time": np.inf} for v in (0.4, 0.5, 0.6)], unit="months"
        ),
    ):
        with pytest.raises(InputError):
            asked()


@pytest.mark.parametrize("groups", [-3, 0, 2.5])
def test_groups_of_a_calibration_are_counted_from_one(groups):
    with pytest.raises(InputError, match="groups must"):
        cox_ph(SURV, "x", FRAME).calibration(5.0, groups=groups)


@pytest.mark.parametrize("penalty", ["ridge", "elasticnet"])
def test_the_strength_of_a_penalty_may_be_any_kind_of_number(penalty, tmp_path):
    half = cox_ph(SURV, "x", FRAME, penalty=penalty, penalty_strength=0.5, l1_ratio=0.25)
    fraction = cox_ph(
        SURV, "x", FRAME, penalty=penalty, penalty_strength=Fraction(1, 2), l1_ratio=Fraction(1, 4)
    )
    assert fraction.estimate[0] == half.estimate[0]
    fraction.save(tmp_path / "fit.json")


def test_fits_without_standard_errors_are_not_pooled():
    fit = cox_ph(SURV, "x+o", FRAME, penalty="elasticnet", penalty_strength=0.1)
    with pytest.raises(InputError, match="Rubin's rules pool estimates by their standard errors"):
        pool_imputations([fit] * 2)
