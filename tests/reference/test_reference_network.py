"""Network meta-analysis against metafor's multivariate model, multi-arm studies included."""

import json
from pathlib import Path

import numpy as np
import pytest

from survsim import network_meta_analysis

PINNED = json.loads((Path(__file__).parent / "network.json").read_text())


@pytest.mark.parametrize("effects", ["random", "fixed"])
@pytest.mark.parametrize("name", PINNED["cases"])
def test_effects_against_the_reference_equal_metafor(name, effects):
    case = PINNED["cases"][name]
    columns = [case[c] for c in ("study", "treatment", "comparator", "estimate", "std_error")]
    network = network_meta_analysis(
        *columns, effects=effects, conf_method="wald", reference=case["treatments"][0]
    )
    pinned = case[effects]
    assert list(network.treatments) == case["treatments"]
    assert network.tau2 == pytest.approx(pinned["tau2"], rel=1e-5)
    np.testing.assert_allclose(network.estimate[1:, 0], pinned["estimate"], rtol=1e-5)
    np.testing.assert_allclose(network.std_error[1:, 0], pinned["std_error"], rtol=1e-6)
    assert network.q == pytest.approx(pinned["q"], rel=1e-8)
