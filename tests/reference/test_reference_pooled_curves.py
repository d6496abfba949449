"""Summary survival curve against metaSurvival 0.1.0 with the correction that agrees with the paper."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from survsim import pooled_survival_curve
from survsim.errors import SmallSampleWarning

PINNED = json.loads((Path(__file__).parent / "pooled_curves.json").read_text())
ROWS = [np.array(PINNED[name]) for name in ("study", "time", "survival", "n_risk")]
LEVEL_OF_196 = 0.950004209703559
"""The level whose normal quantile is the rounded 1.96 of the program."""


def pooled(effects):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)
        return pooled_survival_curve(
            *ROWS, unit="months", effects=effects, conf_transform="log", conf_level=LEVEL_OF_196
        )


def test_fixed_effects_curve_equals_the_program():
    ours, theirs = pooled("fixed"), PINNED["fixed"]
    np.testing.assert_allclose(ours.time, theirs["IndiceTimes"])
    np.testing.assert_allclose(ours.survival, theirs["PooledSurvivalFE"], rtol=1e-9)
    np.testing.assert_allclose(ours.conf_low, theirs["PooledSurvivalICinfFE"], rtol=1e-7)
    np.testing.assert_allclose(ours.conf_high, theirs["PooledSurvivalICsupFE"], rtol=1e-7)
    assert ours.median == pytest.approx(PINNED["median_fixed"][0], rel=1e-9)
    assert ours.rmst == pytest.approx(PINNED["mean_fixed"][0], rel=1e-9)
    # Both are quantiles of 10,000 draws: three Monte Carlo errors apart at most.
    np.testing.assert_allclose(
        [ours.median_conf_low, ours.median_conf_high], PINNED["median_fixed"][1:], atol=0.04
    )
    np.testing.assert_allclose([ours.rmst_conf_low, ours.rmst_conf_high], PINNED["mean_fixed"][1:], atol=0.06)


def test_random_effects_curve_equals_the_program():
    # The program gives missing readings a variance of 1e12, which moves the moments in the sixth digit.
    ours, theirs = pooled("random"), PINNED["random"]
    np.testing.assert_allclose(ours.survival, theirs["PooledSurvivalRE"], rtol=1e-5)
    error = np.log(np.array(theirs["PooledSurvivalICsupRE"]) / theirs["PooledSurvivalRE"]) / 1.96
    np.testing.assert_allclose(ours.log_std_error, error, rtol=1e-4)
    assert ours.median == pytest.approx(PINNED["median_random"][0], rel=1e-5)
    assert ours.rmst == pytest.approx(PINNED["mean_random"][0], rel=1e-5)


def test_q_agrees_and_its_degrees_of_freedom_are_readings_minus_times():
    ours = pooled("random")
    assert ours.q == pytest.approx(PINNED["heterogeneity"][0], rel=1e-9)
    assert ours.q_df == 317 - 20
    assert ours.h2 * ours.q_df == pytest.approx(PINNED["heterogeneity"][1] * (317 - 27), rel=1e-9)
