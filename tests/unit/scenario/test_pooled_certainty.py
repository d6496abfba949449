"""Steps of certainty, each by hand."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import survsim
from survsim.scenario.pooled_certainty import _imprecision, _indirectness, certainty


@pytest.fixture(scope="module")
def store():
    return survsim.load_evidence()


def pool(y, se, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return survsim.meta_analysis(np.asarray(y, float), np.asarray(se, float), **options)


@pytest.mark.parametrize(
    ("low", "high", "step"),
    [(0.5, 0.9, 0), (0.6, 1.1, -1), (0.7, 1.3, -2), (0.7, 1.2, -1), (1.1, 3.0, 0), (0.8, 1.3, -1)],
)
def test_imprecision_by_the_interval(low, high, step):
    y = (np.log(low) + np.log(high)) / 2
    se = (np.log(high) - np.log(low)) / 2 / 1.959963984540054
    one = pool([y], [se], method="fixed", conf_method="wald")
    assert _imprecision(one)[0] == step


def test_the_farthest_study_counts():
    assert _indirectness(["spinal_canal", "same_disease"])[0] == -1
    assert _indirectness(["spinal_canal"])[0] == 0
    assert _indirectness(["same_disease", "indirect"])[0] == -2


def test_levels_add_up_and_reasons_are_told(store):
    found = store.select(
        endpoint="overall_survival", measure="hazard_ratio", design="rct", site="uterus", comparator="ifos"
    )
    effects = survsim.effect_sizes(found.records)
    pooled = pool(effects.log_hazard_ratio, effects.std_error, method="fixed", conf_method="wald")
    made = certainty(found, pooled, store.risk_of_bias(found.frame["estimate_id"]))
    steps = dict(zip(made.domain, made.step))
    assert steps == {
        "start": 0, "risk of bias": -1, "inconsistency": 0, "indirectness": -1, "imprecision": 0, "publication bias": 0,
    }  # fmt: skip
    assert made.level == "low"
    assert "2 some concerns" in made.reason[1]


def test_cohorts_start_low_and_never_fall_below_very_low(store):
    found = store.select(study="meta_2021_early_adjuvant", measure="hazard_ratio", population="any")
    found_rows = list(found.frame["estimate_id"])
    pooled = pool(np.log(found.frame["value"]), [0.2] * len(found_rows))
    bias = store.risk_of_bias(found_rows)
    if bias.unjudged:
        with pytest.raises(survsim.errors.InputError, match="nobody judged"):
            certainty(found, pooled, bias)
    else:
        made = certainty(found, pooled, bias)
        assert (made.step[0], made.level) == (-2, "very low")


def test_another_pool_is_refused(store):
    found = store.select(
        endpoint="overall_survival", measure="hazard_ratio", design="rct", site="uterus", comparator="ifos"
    )
    with pytest.raises(survsim.errors.InputError, match="2 rows were selected, 3 were pooled"):
        certainty(found, pool([0, 0, 0], [1, 1, 1]), store.risk_of_bias())
