"""Pareto-smoothed importance weights equal to those of R loo."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtri

from survsim.estimate.calibration import pareto

REFERENCE = json.loads(Path(__file__).with_name("importance_weights.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", REFERENCE["cases"], ids=lambda case: f"a={case['a']}")
def test_weights_and_tail_shape_are_those_of_loo(case):
    x = ndtri((np.arange(800) + 0.5) / 800)
    weight, shape = pareto.smoothed(case["a"] * x**2 + 0.3 * np.sin(5 * x))
    assert shape == pytest.approx(case["pareto_k"], abs=1e-7)
    np.testing.assert_allclose(np.sort(weight)[-40:], case["weight"], rtol=1e-6)
    assert pareto.effective(weight) == pytest.approx(case["effective"], rel=1e-6)
