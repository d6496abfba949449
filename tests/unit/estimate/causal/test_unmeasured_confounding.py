"""E-values and tipping points: published examples, the bounds they come from, and tables with the confounder in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from survsim import treatment_weights
from survsim.causal import confounder_tipping, e_value
from survsim.errors import InputError


@pytest.mark.parametrize(
    ("ratio", "low", "high", "value", "limit"),
    [(10.73, 8.02, 14.36, 20.9, 15.5), (3.9, 1.8, 8.7, 7.2, 3.0), (0.80, 0.71, 0.91, 1.8, 1.4)],
)
def test_examples_of_vanderweele_and_ding(
    ratio: float, low: float, high: float, value: float, limit: float
) -> None:
    """Smoking and lung cancer, breastfeeding and respiratory death, breastfeeding and leukaemia, as printed in 2017."""
    found = e_value(ratio, low, high, measure="risk ratio")
    # Printed to one place, cut or rounded.
    assert found.e_value[0] == pytest.approx(value, abs=0.1)
    assert found.e_value_limit[0] == pytest.approx(limit, abs=0.1)


def test_at_the_e_value_the_bounding_factor_is_the_ratio() -> None:
    """Ding and VanderWeele 2016: a confounder with ratios a and b biases by at most a b / (a + b - 1)."""
    ratio = np.array([1.05, 1.5, 4.0, 30.0, 1.0])
    e = e_value(ratio).e_value
    np.testing.assert_allclose(e * e / (2 * e - 1), ratio)
    np.testing.assert_allclose(e_value(1 / ratio).e_value, e)


def test_common_outcomes() -> None:
    """Whatever the baseline, with proportional hazards h the risk ratio at a symmetric pair of risks is the one taken."""
    found = e_value(0.56, 0.46, 0.69, common=True)
    root = np.sqrt(0.56)
    assert found.risk_ratio[0] == pytest.approx((1 - 0.5**root) / (1 - 0.5 ** (1 / root)))
    # Risks of hazards 0.5^(root) and 0.5^(1/root) have the hazard ratio 0.56.
    assert np.log(0.5**root) / np.log(0.5 ** (1 / root)) == pytest.approx(0.56)
    assert found.e_value[0] < e_value(0.56).e_value[0]
    assert e_value(4.0, measure="odds ratio", common=True).risk_ratio[0] == 2.0
    assert e_value(1.0, common=True).e_value[0] == 1.0


def test_an_interval_that_holds_one_needs_no_confounder() -> None:
    found = e_value([1.2, 0.5], [0.9, 0.3], [1.6, 0.8])
    assert found.e_value_limit[0] == 1.0
    assert found.e_value_limit[1] == pytest.approx(1.25 + np.sqrt(1.25 * 0.25))
    assert np.isnan(e_value(1.2).e_value_limit[0])


def test_tipping_against_a_table_with_the_confounder_in_it() -> None:
    """No effect of treatment; 40 % of the treated and 15 % of the others have what multiplies risk by 3."""
    base, p1, p0, g = 0.01, 0.40, 0.15, 3.0
    seen = (base * (g * p1 + 1 - p1)) / (base * (g * p0 + 1 - p0))
    found = confounder_tipping(seen, treated=p1, untreated=p0, measure="risk ratio")
    assert found.tips_estimate[0] == pytest.approx(g)
    assert found.adjusted(g)[0] == pytest.approx(1.0)
    assert found.adjusted(1.0)[0] == pytest.approx(seen)
    protective = confounder_tipping(1 / seen, treated=p0, untreated=p1, measure="risk ratio")
    assert protective.tips_estimate[0] == pytest.approx(g)


def test_grids_limits_and_what_no_strength_reaches() -> None:
    found = confounder_tipping(2.0, 1.4, 2.9, treated=[0.9, 0.5, 0.3], untreated=0.2)
    assert found.tips_limit[0] < found.tips_estimate[0]
    left = [found.adjusted(g)[k] for k, g in enumerate(found.tips_estimate[:2])]
    assert left == pytest.approx([1.0, 1.0])
    # With prevalences 0.3 and 0.2 the bias never exceeds 1.5.
    assert np.isinf(found.tips_estimate[2]) and found.adjusted(1e9)[2] == pytest.approx(2 / 1.5)
    even = confounder_tipping(1.2, 0.9, 1.6, treated=0.5, untreated=0.1)
    assert even.tips_limit[0] == 1.0
    # The E-value is the least that both associations must have: no pair of prevalences tips with a weaker one.
    grid = np.linspace(0.01, 0.99, 30)
    p1, p0 = (a.ravel() for a in np.meshgrid(grid, grid))
    keep = p1 != p0
    tips = confounder_tipping(2.0, treated=p1[keep], untreated=p0[keep]).tips_estimate
    g = np.maximum(tips, 1 / tips)
    with_treatment = np.where(tips > 1, p1[keep] / p0[keep], (1 - p1[keep]) / (1 - p0[keep]))
    assert (np.maximum(g, with_treatment)[np.isfinite(tips)] >= e_value(2.0).e_value[0] - 1e-9).all()


@pytest.mark.parametrize(
    ("call", "given", "message"),
    [
        (e_value, {"estimate": -0.4}, "ratio above 0"),
        (e_value, {"estimate": 1.2, "conf_low": 1.1}, "both limits"),
        (e_value, {"estimate": 1.2, "conf_low": 1.3, "conf_high": 1.5}, "does not hold the estimate"),
        (e_value, {"estimate": [1.2, 2.0], "conf_low": [1.1], "conf_high": [1.5]}, "one value an effect"),
        (e_value, {"estimate": 1.2, "measure": "mean"}, "measure must be one of"),
        (confounder_tipping, {"estimate": 1.2, "treated": 0.5, "untreated": 0.5}, "same prevalence"),
        (confounder_tipping, {"estimate": 1.2, "treated": 1.5, "untreated": 0.5}, "between 0 and 1"),
        (
            confounder_tipping,
            {"estimate": 1.2, "treated": [0.1, 0.2], "untreated": [0.3, 0.4, 0.5]},
            "give pairs",
        ),
    ],
)
def test_refusals(call: Any, given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        call(**given)


def test_strength_is_a_ratio() -> None:
    with pytest.raises(InputError, match="strength must be a risk ratio"):
        confounder_tipping(1.2, treated=0.5, untreated=0.1).adjusted(0.0)


def test_ato_is_another_word_for_overlap() -> None:
    import pandas as pd

    frame = pd.DataFrame({"old": [0, 0, 0, 0, 1, 1, 1, 1]})
    drug = [0, 0, 0, 1, 0, 1, 1, 1]
    one, two = (treatment_weights(drug, "old", frame, estimand=e) for e in ("ato", "overlap"))
    assert one.estimand == "overlap" and one.weight.tolist() == two.weight.tolist()


def test_a_lower_limit_that_rounds_to_0_is_not_the_one_that_counts():
    """The limit nearest to 1 is: HR 0.04 (0.00 to 0.29) is as far from it as (0.01 to 0.29)."""
    zero, small = (e_value(0.04, low, 0.29, measure="risk ratio") for low in (0.0, 0.01))
    assert zero.e_value_limit == small.e_value_limit
    with pytest.raises(InputError, match="conf_low must be a ratio above 0"):
        e_value(0.04, -0.1, 0.29)
