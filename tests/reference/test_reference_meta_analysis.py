"""Meta-analysis against metafor: six data sets, nine estimators, three intervals, and what follows."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from survsim import leave_one_out, meta_analysis, meta_regression, small_study_tests
from survsim.errors import SmallSampleWarning
from survsim.synthesis import cumulative_meta_analysis

PINNED = json.loads((Path(__file__).parent / "meta_analysis.json").read_text())
CASES = {case["name"]: case for case in PINNED["cases"]}
METHODS = ("fixed", "DL", "PM", "REML", "SJ", "ML", "EB", "HE", "HS")
TESTS = ("wald", "knapp-hartung", "modified-knapp-hartung")


def rows(name):
    case = CASES[name]
    return np.array(case["estimate"]), np.sqrt(np.array(case["variance"]))


def agree(ours, theirs, **options):
    np.testing.assert_allclose(
        np.asarray(ours, float), np.asarray(theirs, float), **{"rtol": 1e-6, "atol": 1e-9, **options}
    )


@pytest.mark.parametrize("conf_method", TESTS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", CASES)
def test_pooling_equals_metafor(name, method, conf_method):
    pinned = CASES[name]["pooled"][method][conf_method]
    pooled = meta_analysis(*rows(name), method=method, conf_method=conf_method)
    for field, value in pinned.items():
        agree(getattr(pooled, field), value, err_msg=field)


@pytest.mark.parametrize("conf_method", TESTS)
@pytest.mark.parametrize("method", METHODS[1:])
@pytest.mark.parametrize("name", [n for n, c in CASES.items() if "moderator" in c])
def test_meta_regression_equals_metafor(name, method, conf_method):
    pinned = CASES[name]["regression"][method][conf_method]
    x = np.array(CASES[name]["moderator"], float)
    fit = meta_regression(*rows(name), x, method=method, conf_method=conf_method)
    ahead = fit.predict(x[:2])
    for field, value in pinned.items():
        ours = ahead[field] if field.startswith("prediction") else getattr(fit, field)
        agree(ours, value, err_msg=field)


@pytest.mark.parametrize("name", CASES)
def test_leave_one_out_and_influence_equal_metafor(name):
    influence = leave_one_out(meta_analysis(*rows(name), conf_method="wald"))
    for field, value in CASES[name]["leave_one_out"].items():
        agree(getattr(influence, field), value, atol=1e-7, err_msg=field)


@pytest.mark.parametrize("method", ["DL", "REML"])
@pytest.mark.parametrize("name", CASES)
def test_cumulative_meta_analysis_equals_metafor(name, method):
    pinned = CASES[name]["cumulative"][method]
    pooled = meta_analysis(*rows(name), method=method, conf_method="wald")
    found = cumulative_meta_analysis(pooled, pinned["order"])
    for field in ("estimate", "std_error", "tau2", "q", "i2", "p_value"):
        agree(getattr(found, field)[1:], pinned[field], atol=1e-7, err_msg=field)
    # What cumul prints itself, to its looser tolerance; its first row is the first study.
    agree(found.estimate, pinned["cumul"], rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("name", CASES)
def test_small_study_tests_equal_metafor(name):
    pinned = CASES[name]["small_study"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)
        tests = small_study_tests(meta_analysis(*rows(name), method="DL", conf_method="wald"))
    for field in ("egger_statistic", "egger_p_value", "egger_slope", "egger_std_error", "limit_estimate"):
        agree(getattr(tests, field), pinned[field], err_msg=field)
    agree(tests.begg_tau, pinned["begg_tau"])
    agree(tests.begg_p_value, pinned["begg_p_value"])
    assert tests.n_filled == pinned["n_filled"]
    agree(tests.filled.estimate, pinned["filled_estimate"])
    agree(tests.filled.std_error, pinned["filled_std_error"])


def test_paule_mandel_is_the_root_that_a_loose_tolerance_misses():
    # metafor's default tolerance (1.2e-4) stops at 0.318094; Q(tau2) = k - 1 holds at 0.318068.
    y, s = rows("bcg")
    pooled = meta_analysis(y, s, method="PM")
    w = 1 / (s**2 + pooled.tau2)
    mean = w @ y / w.sum()
    assert w @ (y - mean) ** 2 == pytest.approx(12, abs=1e-10)
    assert pooled.tau2 == pytest.approx(0.318068, abs=1e-6)
