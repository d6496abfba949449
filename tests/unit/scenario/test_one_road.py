"""Every shipped row through every door: the same number, or the same refusal."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.special import logit

from survsim import load_evidence
from survsim.errors import InputError, ScenarioError
from survsim.joint_model import hazard_ratio_term
from survsim.printed import effect_size, effect_sizes, printed_number
from survsim.scenario import summary_terms
from survsim.scenario.row_effects import row_effect
from survsim.synthesis import pool_medians, pool_rmst, pool_survival_points

UNIT = "months"
MEASURES = ("hazard_ratio", "median", "survival_probability", "proportion", "parameter", "mean", "odds_ratio")


@pytest.fixture(scope="module")
def shipped():
    evidence = load_evidence()
    return evidence.records(*evidence.estimates["estimate_id"])


def outcome(call):
    """(estimate, standard error) or the text of the refusal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call()
        except (InputError, ScenarioError) as error:
            return str(error)


def from_road(record, scale):
    found = printed_number(record, scale, unit=UNIT)
    return found.text if hasattr(found, "reason") else (found.estimate, found.std_error)


def pooled(pool, record):
    def call():
        one = pool([record], unit=UNIT).analyses[0]
        return float(one.study_estimate[0]), float(one.study_std_error[0])

    return outcome(call)


def in_scenario(record, scale):
    found = outcome(lambda: row_effect(record, scale, UNIT))
    return (
        found.split(" (wanted on scale")[0] if isinstance(found, str) else (found.estimate, found.std_error)
    )


def of_one(record):
    found = outcome(lambda: effect_size(record, beyond_counts="refuse"))
    return found if isinstance(found, str) else (found.log_hazard_ratio, found.std_error)


def of_many(record):
    found = outcome(lambda: effect_sizes([record]))
    if isinstance(found, str):
        # A row that merely prints too little is left out, and with no other row that is told in brackets.
        return found.removeprefix("no row gives an effect size (").removesuffix("). Widen the selection.")
    return float(found.log_hazard_ratio[0]), float(found.std_error[0])


def in_model(record):
    """Estimate and error of an evidence term, on the scale of log H."""
    made = summary_terms([record], nested="all")
    if not made.terms:
        return f"{record.estimate_id}: {made.left_out[0][1]}"
    p = made.terms[0].payload
    if record.measure == "median":
        error = p["se_log"] if p["se_log"] is not None else 1 / (np.sqrt(p["n"]) * np.log(2))
        return float(p["median"]), float(error)
    s = float(p["survival"][0])
    if "se_cloglog" in p:
        return s, float(p["se_cloglog"][0])
    return s, float(np.sqrt((1 - s) / (s * p["n"])) / -np.log(s)) if 0 < s < 1 else None


def same(one, other):
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return one == pytest.approx(other, rel=1e-9)


def test_every_ratio_is_one_number(shipped):
    used = 0
    for record in shipped:
        road = from_road(record, "hazard_ratio")
        used += not isinstance(road, str)
        for door in (of_one, of_many, lambda r: in_scenario(r, "hazard_ratio")):
            assert same(door(record), road), (record.estimate_id, door(record), road)
        found = printed_number(record, "hazard_ratio")
        if getattr(found, "route", "") == "hr and interval":
            p = hazard_ratio_term(
                record.value, {"a": 1.0}, {"a": 0.0}, study="s", conf_low=record.conf_low, conf_high=record.conf_high,
                conf_level=record.conf_level,
            ).payload  # fmt: skip
            assert same((p["log_hr"], p["se"]), road)
    assert used > 90


def test_every_median_is_one_number(shipped):
    used = 0
    for record in shipped:
        road = from_road(record, "median")
        used += not isinstance(road, str)
        assert same(pooled(pool_medians, record), road), record.estimate_id
        assert same(in_scenario(record, "median"), road), record.estimate_id
        if record.measure == "median" and not record.event_detail:
            model = in_model(record)
            natural = road if isinstance(road, str) else (record.value, road[1])
            assert same(model, natural), (record.estimate_id, model, natural)
    assert used > 200


def test_every_survival_point_is_one_number(shipped):
    used = 0
    for record in shipped:
        road = from_road(record, "survival")
        used += not isinstance(road, str)
        assert same(pooled(pool_survival_points, record), road), record.estimate_id
        if record.measure != "survival_probability":
            continue
        assert same(in_scenario(record, "proportion"), road), record.estimate_id
        if not record.event_detail and not 0 < record.value < 1:
            continue
        if not record.event_detail:
            hazard = from_road(record, "cumulative_hazard")
            natural = hazard if isinstance(hazard, str) else (record.value, hazard[1])
            assert same(in_model(record), natural), (record.estimate_id, in_model(record), natural)
    assert used > 150


@pytest.mark.parametrize("scale", ["proportion", "value"])
def test_what_only_scenarios_use_goes_the_same_road(shipped, scale):
    for record in shipped:
        if record.measure != "survival_probability":
            assert same(in_scenario(record, scale), from_road(record, scale)), record.estimate_id


def test_no_shipped_mean_is_a_restricted_mean(shipped):
    means = [r for r in shipped if r.measure == "mean"]
    assert means
    for record in means:
        assert same(pooled(pool_rmst, record), from_road(record, "rmst"))


def test_the_row_that_five_doors_read_five_ways(shipped):
    """A bound was a median with an error in a scenario, a refusal when pooled, left out of the model."""
    row = next(r for r in shipped if r.estimate_id == "hensley_2008_ulms_first_e05")
    assert "lower_bound" in from_road(row, "median")
    assert (
        in_model(row) == from_road(row, "median") == pooled(pool_medians, row) == in_scenario(row, "median")
    )


def test_the_defaults_are_what_the_shipped_rows_need(shipped):
    """Squared errors of rows that print both an interval and n, times n, against the rule for n alone."""
    ratio = {"median": [], "survival_probability": []}
    for record in shipped:
        if record.measure not in ratio or not record.n_arm > 0 or not record.has_interval or record.conf_note:
            continue
        z = {0.95: 1.959963984540054, 0.9: 1.6448536269514722}[record.conf_level]
        scale = np.log if record.measure == "median" else logit
        if not 0 < record.conf_low < record.conf_high < (np.inf if scale is np.log else 1):
            continue
        error = (scale(record.conf_high) - scale(record.conf_low)) / (2 * z)
        unit = 1 / np.log(2) ** 2 if scale is np.log else 1 / (record.value * (1 - record.value))
        ratio[record.measure].append(error**2 * record.n_arm / unit)
    assert len(ratio["median"]) >= 48 and len(ratio["survival_probability"]) >= 9
    assert np.median(ratio["median"]) == pytest.approx(1.0, abs=0.15)
    assert np.median(ratio["survival_probability"]) == pytest.approx(1.2, abs=0.15)
