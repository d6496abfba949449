"""Estimates that agree to rounding: the Knapp-Hartung variance is no rounding noise but the modified one, and says so.

The right values are those of metafor 3.8.1 with test = "adhoc", and of the modified method.
"""

from __future__ import annotations

import numpy as np
import pytest

from survsim import (
    leave_one_out,
    meta_analysis,
    meta_regression,
    network_meta_analysis,
    small_study_tests,
    subgroup_test,
)
from survsim.errors import SmallSampleWarning
from survsim.synthesis import cumulative_meta_analysis, meta_analyses

ERRORS = [0.1, 0.2, 0.3]
YEARS = np.array([1951.0, 1960.0, 1972.0, 1985.0, 2003.0])
GROUPS = list("aaabbb")


def said():
    return pytest.warns(SmallSampleWarning, match="agree to rounding")


@pytest.mark.parametrize("method", ["REML", "DL", "PM", "SJ", "HE", "fixed"])
@pytest.mark.parametrize("effect", [0.3, 0.0, -1.7e3])
def test_equal_estimates_are_not_known_exactly(method, effect):
    with said():
        found = meta_analysis([effect] * 3, ERRORS, method=method, conf_method="knapp-hartung")
    right = meta_analysis([effect] * 3, ERRORS, method=method)
    assert found.std_error == pytest.approx(0.0857142857143, rel=1e-9)  # 1 / sqrt(sum of 1 / s^2)
    assert (found.conf_low, found.p_value) == (right.conf_low, right.p_value)
    assert found.conf_method == "modified-knapp-hartung" and "agree to rounding" in " ".join(found.notes)


def test_estimates_that_differ_by_more_than_rounding_are_left_alone():
    y = [0.3, 0.3 + 1e-9, 0.3]
    found = meta_analysis(y, ERRORS, conf_method="knapp-hartung")
    q = np.sum((np.array(y) - found.estimate) ** 2 / np.square(ERRORS)) / 2
    assert found.std_error == pytest.approx(0.0857142857143 * np.sqrt(q), rel=1e-5)
    assert meta_analyses([y], [ERRORS], conf_method="knapp-hartung").std_error[0] == pytest.approx(
        found.std_error, rel=1e-5
    )


def test_estimates_on_a_line():
    y = (YEARS - 1990) * 0.013 + 0.2
    with said():
        found = meta_regression(
            y, [0.1, 0.2, 0.3, 0.15, 0.2], "x", data={"x": YEARS}, conf_method="knapp-hartung"
        )
    assert found.std_error == pytest.approx([7.23566873414637, 0.00367853610754], rel=1e-7)
    assert found.p_value == pytest.approx([0.03815320130210, 0.03852831447791], rel=1e-6)
    with said():
        level = meta_regression(
            [0.3] * 5, [0.1, 0.2, 0.3, 0.15, 0.2], YEARS[:, None], conf_method="knapp-hartung"
        )
    assert level.p_value[1] == pytest.approx(1.0, abs=1e-6)


def test_groups_that_agree_within():
    y = [0.3] * 3 + [0.5] * 3
    with said():
        found = subgroup_test(y, ERRORS * 2, GROUPS, conf_method="knapp-hartung")
    assert (found.statistic, found.p_value) == pytest.approx((2.7222222222222, 0.1743050338092))
    with said():
        apart = subgroup_test(y, ERRORS * 2, GROUPS, conf_method="knapp-hartung", tau2="separate")
    right = subgroup_test(y, ERRORS * 2, GROUPS, tau2="separate")
    assert apart.p_value == pytest.approx(right.p_value) and apart.std_error == pytest.approx(
        [0.0857142857143] * 2
    )


@pytest.mark.parametrize("effects", ["random", "fixed"])
def test_a_network_that_agrees(effects):
    given = (list("1234"), list("BBCC"), list("AABA"), [0.5, 0.5, 0.2, 0.7], [0.5, 0.4, 0.3, 0.2])
    with said():
        found = network_meta_analysis(*given, conf_method="knapp-hartung", effects=effects)
    right = network_meta_analysis(*given, effects=effects)
    np.testing.assert_allclose(found.std_error, right.std_error)
    np.testing.assert_allclose(found.p_score, right.p_score)
    assert found.std_error[1, 0] > 0.1 and "agree to rounding" in found.notes[0]


def test_many_at_once_are_those_one_by_one():
    y = [[0.3] * 3, [0.1, 0.2, 0.4], [0.0] * 3]
    with pytest.warns(SmallSampleWarning, match="rows 0, 2: the estimates agree"):
        many = meta_analyses(y, [ERRORS] * 3, conf_method="knapp-hartung")
    np.testing.assert_allclose(many.std_error[[0, 2]], 0.0857142857143)
    assert many.p_value[0] == pytest.approx(0.0728273500545) and many.p_value[2] == 1.0
    assert many.std_error[1] == meta_analyses(y[1:2], [ERRORS], conf_method="knapp-hartung").std_error[0]


def test_steps_that_agree_are_named():
    pooled = meta_analysis([0.3, 0.3, 0.3, 0.1], [*ERRORS, 0.2], conf_method="knapp-hartung")
    with pytest.warns(
        SmallSampleWarning, match="the first 2 studies, the first 3 studies: the estimates agree"
    ):
        steps = cumulative_meta_analysis(pooled)
    assert steps.std_error[2] == pytest.approx(0.0857142857143)
    with pytest.warns(SmallSampleWarning, match="without study 4: the estimates agree"):
        assert leave_one_out(pooled).std_error[3] == pytest.approx(0.0857142857143)


@pytest.mark.filterwarnings("ignore:4 studies")
def test_effects_on_a_line_of_their_errors_are_said_to_be():
    with pytest.warns(SmallSampleWarning, match="on a line of their standard errors"):
        found = small_study_tests(meta_analysis([0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4]))
    assert found.egger_std_error > 0.5 and 0.1 < found.egger_p_value < 1.0
