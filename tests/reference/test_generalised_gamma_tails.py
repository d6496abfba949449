"""The generalised gamma distribution against R's pgamma, from q = -2 to 2.5 and far into both tails."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from survsim.distributions import GeneralisedGamma

DATA = json.loads((Path(__file__).parent / "generalised_gamma.json").read_text())["data"]


def test_both_tails() -> None:
    q, w = np.array(DATA["q"]), np.array(DATA["w"])
    law = GeneralisedGamma(mu=0.0, sigma=1.0, q=q, time_unit="months")
    height = law.cumulative_hazard(np.exp(w))
    log_survival, log_event = np.array(DATA["log_survival"], float), np.array(DATA["log_event"], float)
    late = w > 0
    np.testing.assert_allclose(-height[late], log_survival[late], rtol=1e-12)
    # early on the small number is the event probability, as far as floats reach
    early = ~late & (log_event > -700)
    np.testing.assert_allclose(np.log(-np.expm1(-height[early])), log_event[early], rtol=1e-12, atol=1e-12)


def test_inverse() -> None:
    q, w = np.array(DATA["q"]), np.array(DATA["w"])
    height = -np.array(DATA["log_survival"], float)
    usable = (height > 1e-250) & (height < 1e5)
    law = GeneralisedGamma(mu=0.0, sigma=1.0, q=q[usable], time_unit="months")
    np.testing.assert_allclose(
        np.log(law.inverse_cumulative_hazard(height[usable])), w[usable], atol=1e-11, rtol=1e-11
    )
