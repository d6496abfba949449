"""The classical prediction interval of the ifosfamide question, by hand and by metafor.

R 4, metafor 3.8.1: f <- rma(yi=log(c(0.69, 0.712, 0.80)), sei=s, method="REML"), where s is (log(0.97) - log(0.49)) / 3.92,
(log(1.048) - log(0.484)) / 3.92 and, for the one-sided limit, (log(1.03) - log(0.80)) / 1.645; then f$b -+ qt(0.975, 1) *
sqrt(f$se^2 + f$tau2) is 0.2091 to 2.6192 (DL gives the same, tau2 being 0). With GOG-150 rounded to two digits, 0.71
(0.48 to 1.05), the same call gives 0.2081 to 2.6290: what others who rounded first print as 0.21 to 2.63.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

import survsim

Z, Z_ONE_SIDED = ndtri(0.975), ndtri(0.95)


def errors(low_and_high):
    (a, b), (c, d) = low_and_high
    return np.array(
        [
            (np.log(b) - np.log(a)) / (2 * Z),
            (np.log(d) - np.log(c)) / (2 * Z),
            (np.log(1.03) - np.log(0.80)) / Z_ONE_SIDED,
        ]
    )


@pytest.mark.parametrize("method", ["REML", "DL"])
@pytest.mark.parametrize(
    ("ratios", "limits", "interval"),
    [
        ((0.69, 0.712, 0.80), ((0.49, 0.97), (0.484, 1.048)), (0.2091, 2.6192)),
        ((0.69, 0.71, 0.80), ((0.49, 0.97), (0.48, 1.05)), (0.2081, 2.6290)),
    ],
)
def test_the_interval_is_that_of_metafor(ratios, limits, interval, method):
    made = survsim.meta_analysis(np.log(ratios), errors(limits), method=method, prediction_method="k_minus_2")
    assert np.exp([made.prediction_low, made.prediction_high]) == pytest.approx(interval, abs=6e-5)


def test_the_interval_is_that_of_a_hand():
    """One degree of freedom: t is 12.7062; tau2 is 0, so that the error is that of the common effect."""
    y, s = np.log([0.69, 0.712, 0.80]), errors(((0.49, 0.97), (0.484, 1.048)))
    weight = 1 / s**2
    mean, error = (weight * y).sum() / weight.sum(), weight.sum() ** -0.5
    assert (weight * (y - mean) ** 2).sum() < 2  # Q below k - 1: no heterogeneity by DerSimonian and Laird
    made = survsim.meta_analysis(y, s, prediction_method="k_minus_2")
    assert [made.prediction_low, made.prediction_high] == pytest.approx(
        [mean - 12.7062 * error, mean + 12.7062 * error], abs=1e-5
    )


def test_the_numbers_are_those_of_the_tables():
    rows = survsim.load_evidence().estimates.set_index("estimate_id")
    trials = rows.loc[["homesley_2007_gog0161_e07", "wolfson_2007_gog0150_e04", "sutton_2000_gog0108_e09"]]
    assert trials["value"].tolist() == [0.69, 0.712, 0.80]
    assert trials["conf_high"].tolist() == [0.97, 1.048, 1.03]
    assert trials["conf_low"].tolist()[:2] == [0.49, 0.484]
    assert trials["conf_note"].tolist()[2] == "one_sided"
