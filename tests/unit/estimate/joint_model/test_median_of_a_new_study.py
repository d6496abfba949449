"""The median that reports print for a new study: the middle of the draws."""

from __future__ import annotations

import numpy as np

from survsim import Provenance
from survsim.joint_model import EvidencePrediction


def test_the_median_of_a_new_study_is_the_middle_of_the_draws_medians():
    rates = np.array([[0.02], [0.1], [0.4]])
    found = EvidencePrediction.from_rates(
        np.empty(0), rates, "months", label="three", conf_level=0.9, provenance=Provenance.of("by hand")
    )
    each = np.log(2) / rates[::-1, 0]
    np.testing.assert_allclose(found.median(), np.quantile(each, [0.5, 0.05, 0.95]))
    assert found.headline() == "three: median survival 6.93 months (2.25 to 31.9)"
