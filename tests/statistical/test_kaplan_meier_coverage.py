"""Coverage of survival intervals and size of two-sample tests: a small grid here, the long one recorded."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from survsim import Surv, kaplan_meier
from tests.statistical import validate_kaplan_meier as study

RECORD = json.loads((Path(__file__).parent / "records" / "kaplan_meier_coverage.json").read_text())
SMALL_SAMPLE = ("beta-product", "beta-product-midp")


@pytest.mark.parametrize("conf_type", [*study.TRANSFORMED, *SMALL_SAMPLE, "likelihood"])
def test_vectorised_bands_are_the_public_ones(conf_type: str) -> None:
    time, event = study.draw(np.random.default_rng(1), 30, 15, 0.4)
    t = 0.6
    bands = study.bands_at(time, event, t, 0.95)
    bands["likelihood"] = study.likelihood_at(time, event, t, 0.95)
    for b in range(30):
        if time[b, -1] < t:
            continue
        at = kaplan_meier(Surv.right(time[b], event[b], unit="years"), conf_type=conf_type).survival_at(t)
        assert bands[conf_type][0][b] == pytest.approx(at.conf_low[0], abs=1e-9)
        assert bands[conf_type][1][b] == pytest.approx(at.conf_high[0], abs=1e-9)


@pytest.mark.parametrize(("n", "share"), [(10, 0.3), (20, 0.7), (50, 0.3)])
def test_beta_product_band_keeps_its_level_where_others_fall_short(n: int, share: float) -> None:
    rows = {r["interval"]: r for r in study.coverage_cell(n, share, 0.5, 3000, 11, likelihood_sets=0)}
    error = (0.95 * 0.05 / 3000) ** 0.5
    assert rows["beta-product"]["coverage"] >= 0.95 - 3 * error
    assert rows["beta-product"]["undefined"] == 0.0
    assert (
        rows["plain"]["coverage"] < rows["beta-product-midp"]["coverage"] < rows["beta-product"]["coverage"]
    )
    assert rows["beta-product-midp"]["width"] < rows["beta-product"]["width"]


def test_log_log_band_is_close_to_nominal_from_fifty() -> None:
    rows = {r["interval"]: r for r in study.coverage_cell(50, 0.3, 0.5, 4000, 12, likelihood_sets=0)}
    error = (0.95 * 0.05 / 4000) ** 0.5
    for name in ("log-log", "arcsine", "logit"):
        # A discrete curve moves coverage by about a point.
        assert abs(rows[name]["coverage"] - 0.95) < 3 * error + 0.01


def test_equal_precision_band_holds_the_curve() -> None:
    got = study.simultaneous_cell(100, 0.3, "equal-precision", 150, 13)
    assert abs(got["coverage"] - 0.95) < 3 * (0.95 * 0.05 / 150) ** 0.5 + 0.01


def test_sizes_on_a_small_grid() -> None:
    rows = {r["test"]: r for r in study.size_cell(10, 0.3, 4000, 60, 14)}
    for name in ("logrank", "cox_wald"):
        assert abs(rows[name]["size"] - 0.05) < 4 * rows[name]["mc_std_error"] + 0.01
    for name in ("maxcombo", "permutation", "milestone_bpcp"):
        assert rows[name]["size"] < 0.05 + 4 * rows[name]["mc_std_error"]


def test_recorded_beta_product_coverage_is_never_below_nominal() -> None:
    cells = {(r["n"], r["censored"], r["survival"]) for r in RECORD["pointwise"]}
    assert cells == {(n, c, s) for n in study.SIZES for c in study.SHARES for s in study.LEVELS}
    for row in RECORD["pointwise"]:
        if row["interval"] == "beta-product":
            assert row["coverage"] >= 0.95 - 3 * (0.95 * 0.05 / row["data_sets"]) ** 0.5


def test_recorded_sizes_of_the_exact_tests() -> None:
    tests = {r["test"] for r in RECORD["tests"]}
    assert tests == {"logrank", "cox_wald", "rmst", "maxcombo", "permutation", "milestone", "milestone_bpcp"}
    for row in RECORD["tests"]:
        if row["test"] in ("permutation", "milestone_bpcp"):
            assert row["size"] <= 0.05 + 3 * row["mc_std_error"]
        if row["test"] == "logrank" and row["n_per_arm"] >= 50:
            assert abs(row["size"] - 0.05) < 3 * row["mc_std_error"] + 0.005


def test_recorded_intervals_of_the_mean_show_their_limit() -> None:
    # The honest limit printed by `rmst`: too short below fifty patients, close to nominal at a hundred.
    for row in RECORD["rmst"]:
        if row["n"] <= 20:
            assert row["coverage"] < 0.93
        if row["n"] == 100:
            assert abs(row["coverage"] - 0.95) < 0.015


def test_recorded_simultaneous_bands_hold_the_curve() -> None:
    for row in RECORD["simultaneous"]:
        assert abs(row["coverage"] - 0.95) < 3 * (0.95 * 0.05 / row["data_sets"]) ** 0.5
