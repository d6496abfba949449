"""Many meta-analyses at once are the same ones one by one."""

import numpy as np
import pytest

from survsim import meta_analysis
from survsim.errors import InputError
from survsim.synthesis import meta_analyses

FIELDS = (
    "estimate", "std_error", "conf_low", "conf_high", "p_value", "tau2", "tau2_conf_low", "tau2_conf_high", "q", "q_p_value",
    "i2", "prediction_low", "prediction_high",
)  # fmt: skip


def sets(k, spread, n=25, seed=1):
    rng = np.random.default_rng(seed)
    s = rng.uniform(0.05, 0.6, (n, k))
    return rng.normal(-0.2, spread, (n, 1)) + rng.normal(0, spread, (n, k)) + s * rng.normal(size=(n, k)), s


@pytest.mark.parametrize("method", ["REML", "ML", "DL", "PM", "fixed"])
@pytest.mark.parametrize("conf_method", ["modified-knapp-hartung", "knapp-hartung", "wald"])
@pytest.mark.parametrize(("k", "spread"), [(3, 0.3), (12, 0.0), (12, 2.0)])
def test_each_is_the_analysis_alone(method, conf_method, k, spread):
    y, s = sets(k, spread)
    many = meta_analyses(y, s, method=method, conf_method=conf_method, conf_level=0.9)
    alone = [
        meta_analysis(a, b, method=method, conf_method=conf_method, conf_level=0.9) for a, b in zip(y, s)
    ]
    for name in FIELDS:
        one_by_one = [getattr(m, name) for m in alone]
        np.testing.assert_allclose(getattr(many, name), one_by_one, rtol=1e-9, atol=1e-12, err_msg=name)
    assert many.to_frame().shape == (25, 13)


def test_studies_that_agree_and_studies_on_another_scale():
    y = np.array([[0.0, 0.0, 0.0], [1e4, 2e4, 4e4], [1e-7, 2e-7, 4e-7]])
    s = np.array([[0.1, 0.2, 0.1], [1e3, 2e3, 1e3], [1e-8, 2e-8, 1e-8]])
    many = meta_analyses(y, s)
    for i in range(3):
        alone = meta_analysis(y[i], s[i])
        for name in FIELDS:
            assert getattr(many, name)[i] == pytest.approx(getattr(alone, name), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize(
    ("y", "s", "words"),
    [
        ([[1.0, 2.0]], [[1.0, 1.0]], "at least three"),
        ([[1.0, 2.0, 3.0]], [[1.0, 1.0]], "of one shape"),
        ([[1.0, 2.0, np.nan]], [[1.0, 1.0, 1.0]], "finite estimate"),
        ([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]], [[1.0, 1.0, 1.0], [1.0, 0.0, 1.0]], "row 1 have none"),
        ([[1.0, 2.0, 3.0]], [[1.0, 1e-9, 1.0]], "millionth"),
        ([["a", "b", "c"]], [[1.0, 1.0, 1.0]], "numbers"),
    ],
)
def test_what_cannot_be_pooled_is_refused(y, s, words):
    with pytest.raises(InputError, match=words):
        meta_analyses(y, s)
