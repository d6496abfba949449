"""Beta-product limits by Monte Carlo, and melded ratios at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta

from survsim import Surv, kaplan_meier, milestone_test
from survsim.errors import InputError

WHOLE = Surv.right(np.arange(1.0, 13.0), np.ones(12), unit="months")


def test_without_censoring_the_draws_are_clopper_pearson() -> None:
    at = kaplan_meier(WHOLE, conf_type="beta-product-mc").survival_at([3.0, 6.0, 11.0])
    left = np.array([9, 6, 1])
    np.testing.assert_allclose(at.conf_low, beta.ppf(0.025, left, 13 - left), atol=2.5e-3)
    np.testing.assert_allclose(at.conf_high, beta.ppf(0.975, left + 1, 12 - left), atol=2.5e-3)


def test_mid_p_lies_inside_and_seeds_repeat() -> None:
    wide, narrow = (kaplan_meier(WHOLE, conf_type=f"beta-product{m}-mc") for m in ("", "-midp"))
    assert (narrow.conf_low[:-1] > wide.conf_low[:-1]).all() and (narrow.conf_high < wide.conf_high).all()
    again = kaplan_meier(WHOLE, conf_type="beta-product-mc")
    other = kaplan_meier(WHOLE, conf_type="beta-product-mc", seed=2)
    assert (again.conf_low == wide.conf_low).all() and (other.conf_low != wide.conf_low).any()
    exact = kaplan_meier(WHOLE, conf_type="beta-product-midp")
    np.testing.assert_allclose(narrow.conf_low, exact.conf_low, atol=2.5e-3)
    assert "seed" in str(wide.provenance) and "seed" not in str(exact.provenance)


def test_what_needs_patients_and_seeds() -> None:
    with pytest.raises(InputError, match="delayed entry"):
        kaplan_meier(Surv.right([2, 3], [1, 1], entry=[0, 1], unit="days"), conf_type="beta-product-mc")
    weighted = Surv.right([2, 3], [1, 1], weight=[1.5, 1], unit="days")
    with pytest.raises(InputError, match="counts patients"):
        kaplan_meier(weighted, conf_type="beta-product-midp-mc")
    with pytest.raises(InputError, match="seed"):
        kaplan_meier(WHOLE, conf_type="beta-product-mc", seed=-1)


@pytest.mark.parametrize(
    "method", ["beta-product", "beta-product-midp", "beta-product-mc", "beta-product-midp-mc"]
)
def test_ratios_at_the_edges(method: str) -> None:
    """Nobody left in one arm: the ratio to it may be any size; the other way round its upper limit is finite."""
    surv, arm = (
        Surv.right([1, 2, 3, 4, 9, 9, 9, 9], [1, 1, 1, 1, 0, 0, 0, 0], unit="months"),
        [0] * 4 + [1] * 4,
    )
    up = milestone_test(surv, arm, 5.0, method=method).to_frame().set_index("contrast")
    down = milestone_test(surv, arm, 5.0, method=method, reference=1).to_frame().set_index("contrast")
    assert np.isinf(up.loc["ratio", "conf_high"]) and down.loc["ratio", "conf_low"] == 0.0
    for name in ("ratio", "odds ratio"):
        close = {"rel": 0.05} if "mc" in method else {"rel": 2e-5}
        assert down.loc[name, "conf_high"] == pytest.approx(1.0 / up.loc[name, "conf_low"], **close)
    assert down.loc["difference", "conf_high"] == pytest.approx(-up.loc["difference", "conf_low"], abs=0.01)
    assert up["p_value"].nunique() == 1 and up["p_value"].iloc[0] < 0.06


def test_every_measure_agrees_with_its_p_value() -> None:
    rng = np.random.default_rng(5)
    for _ in range(10):
        time = np.round(rng.exponential(np.repeat([5.0, 12.0], 12)), 1) + 0.1
        surv, arm = Surv.right(time, rng.random(24) < 0.8, unit="months"), np.repeat(["a", "b"], 12)
        try:
            table = milestone_test(surv, arm, 3.0, method="beta-product").to_frame()
        except InputError:
            continue
        outside = [
            not row.conf_low <= (0.0 if row.contrast == "difference" else 1.0) <= row.conf_high
            for row in table.itertuples()
        ]
        assert outside == [table["p_value"][0] < 0.05] * 3
