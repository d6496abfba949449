"""Standard errors next to zero, effects that all agree: refused by name, or the right limit."""

from __future__ import annotations

import numpy as np
import pytest

from survsim import meta_analysis
from survsim.errors import InputError
from survsim.synthesis import (
    leave_one_out,
    meta_regression,
    network_meta_analysis,
    small_study_tests,
    subgroup_test,
)

Y = [0.1, 0.5, 0.9, 0.4]
pytestmark = pytest.mark.filterwarnings("ignore::survsim.errors.SmallSampleWarning")


def errors(least):
    return [0.1, least, 0.1, 0.2]


@pytest.mark.parametrize("least", [1e-10, 1e-8, 1e-160, 1e-320])
@pytest.mark.parametrize(
    "pool",
    [
        lambda y, s: meta_analysis(y, s),
        lambda y, s: meta_analysis(y, s, method="fixed"),
        lambda y, s: meta_analysis(y, s, clusters=["a", "a", "b", "c"]),
        lambda y, s: meta_regression(y, s, np.array([[1.0], [2], [3], [5]])),
        lambda y, s: network_meta_analysis(list("abcd"), list("AABA"), list("BCCB"), y, s),
        lambda y, s: subgroup_test(y, s, ["x", "x", "y", "y"]),
    ],
)
def test_an_error_next_to_zero_is_named(pool, least):
    with pytest.raises(InputError, match=r"\(row 1\)"):
        pool(Y, errors(least))


def test_small_errors_of_all_studies_are_only_another_scale():
    small, usual = meta_analysis([1e-9 * y for y in Y], [1e-10] * 4), meta_analysis(Y, [0.1] * 4)
    assert small.estimate == pytest.approx(1e-9 * usual.estimate, rel=1e-6)
    assert small.std_error == pytest.approx(1e-9 * usual.std_error, rel=1e-6)


@pytest.mark.parametrize("method", ["DL", "PM", "REML", "SJ"])
def test_the_smallest_error_that_passes_keeps_its_digits(method):
    """With tau2 above 0 a vanishing variance only adds itself to tau2: the limit is that of an error of 0."""
    near, nearer = (meta_analysis(Y, errors(s), method=method) for s in (1e-5, 2.1e-7))
    assert near.estimate == pytest.approx(nearer.estimate, rel=1e-6)
    assert near.std_error == pytest.approx(nearer.std_error, rel=1e-6)


@pytest.mark.parametrize("effect", [0.0, 0.3, -1.7])
def test_effects_that_all_agree_show_no_small_study_effect(effect):
    found = small_study_tests(meta_analysis([effect] * 5, [0.1, 0.2, 0.3, 0.4, 0.5]))
    assert (found.egger_slope, found.egger_statistic, found.egger_p_value) == (0.0, 0.0, 1.0)
    assert (found.begg_tau, found.begg_p_value, found.n_filled) == (0.0, 1.0, 0)
    assert found.limit_estimate == pytest.approx(effect, abs=1e-12)


def test_effects_on_an_exact_line_of_their_errors():
    s = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    found = small_study_tests(meta_analysis(2 * s, s))
    assert found.egger_slope == pytest.approx(2.0)
    # By metafor: rma(yi, sei = s, mods = ~ s, method = "FE"), whose z is compared with t on 3 degrees of freedom.
    assert (found.egger_std_error, found.egger_p_value) == pytest.approx((0.833957879306, 0.0960295934666))
    assert found.begg_p_value == pytest.approx(2 / 120)


def test_zero_effects_elsewhere():
    zero, s = np.zeros(5), [0.1, 0.2, 0.3, 0.4, 0.5]
    assert meta_regression(zero, s, np.arange(5.0)[:, None]).estimate == pytest.approx([0, 0], abs=1e-14)
    pooled = meta_analysis(zero, s)
    assert (pooled.estimate, pooled.p_value, pooled.tau2) == (0.0, 1.0, 0.0)
    assert np.all(leave_one_out(pooled).estimate == 0.0)
    net = network_meta_analysis(list("abcd"), list("AABA"), list("BCCB"), [0.0] * 4, [0.1] * 4)
    assert np.all(net.estimate == 0.0)
