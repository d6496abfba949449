"""Printed rows pair by label, meet at their times, and have names."""

import numpy as np
import pandas as pd
import pytest

from survsim import (
    Surv,
    effect_size,
    meta_analysis,
    meta_regression,
    network_meta_analysis,
    pooled_survival_curve,
    reconstruct_ipd,
    subgroup_test,
)
from survsim.borrowing import map_rate_prior
from survsim.core.errors import EvidenceWarning, InputError
from survsim.synthesis import compare_single_arms, effect_size_from_curves, pool_survival_points

ROWS = pd.DataFrame(
    {
        "y": [-0.9, -0.5, -0.7, -0.1, 0.0, 0.2],
        "s": [0.2, 0.1, 0.3, 0.2, 0.15, 0.25],
        "g": list("aaabbb"),
        "x": [1.0, 2, 3, 4, 5, 7],
        "name": [f"study {k}" for k in range(6)],
    },
    index=list("uvwxyz"),
)
MIXED = ROWS.sample(frac=1, random_state=3)
ASKED = {
    "meta_analysis": lambda f: meta_analysis(ROWS.y, f.s).estimate,
    "labels": lambda f: meta_analysis(ROWS.y, ROWS.s, labels=f.name).to_frame()["label"].tolist()[:6],
    "meta_regression": lambda f: meta_regression(ROWS.y, f.s, "x", data=f).estimate.tolist(),
    "subgroups": lambda f: subgroup_test(ROWS.y, ROWS.s, f.g).p_value,
    "network": lambda f: network_meta_analysis(
        ROWS.name, f.g.str.upper(), f.g.map({"a": "C", "b": "C"}), f.y, ROWS.s, effects="fixed"
    ).estimate.tolist(),
    "rates": lambda f: map_rate_prior(ROWS.x, f.s * 100, tau_scale=0.5).quantile(0.5),
}


@pytest.mark.parametrize("asked", ASKED)
def test_series_in_another_order_are_put_in_order(asked):
    first, second = ASKED[asked](ROWS), ASKED[asked](MIXED)
    if isinstance(first, list) and isinstance(first[0], str):
        assert first == second
    else:
        np.testing.assert_allclose(first, second, rtol=1e-9)


def test_other_rows_are_refused():
    with pytest.raises(InputError, match="different row labels"):
        meta_analysis(ROWS.y, ROWS.s.rename(index={"u": "nobody"}))


MISSING = [None, float("nan"), "", pd.NA, " "]


@pytest.mark.parametrize("missing", MISSING)
@pytest.mark.parametrize("where", ["study", "treatment", "comparator"])
def test_a_network_has_no_nameless_part(where, missing):
    given = {"study": ["s1", "s2", "s3"], "treatment": ["B", "C", "B"], "comparator": ["A", "A", "A"]}
    given[where] = [*given[where][:1], missing, *given[where][2:]]
    with pytest.raises(InputError, match=f"{where} is missing in row 1"):
        network_meta_analysis(**given, estimate=[0.1, 0.2, 0.3], std_error=[0.1, 0.1, 0.1])


@pytest.mark.parametrize("missing", MISSING)
def test_no_study_group_cluster_or_arm_is_nameless(missing):
    y, s = [0.1, 0.2, 0.3], [0.1, 0.1, 0.1]
    with pytest.raises(InputError, match="labels is missing in row 2"):
        meta_analysis(y, s, labels=["a", "b", missing])
    with pytest.raises(InputError, match="groups is missing in row 2"):
        subgroup_test(y, s, ["a", "b", missing])
    with pytest.raises(InputError, match="clusters is missing for study 3"):
        meta_analysis(y, s, clusters=["a", "b", missing])
    with pytest.raises(InputError, match="treatment is missing in row 2"):
        compare_single_arms(["a", "b", missing], y, s)
    with pytest.raises(InputError, match="study is missing in row 2"):
        pooled_survival_curve(["a", "a", missing], [1, 2, 1], [0.9, 0.8, 0.7], [10, 9, 8], unit="years")


@pytest.mark.parametrize("text", [["0.1", "0.2", "0.3"], np.ma.array([0.1, 0.2, 0.3], mask=[0, 1, 0])])
def test_estimates_are_numbers(text):
    with pytest.raises(InputError, match="estimate"):
        meta_analysis(text, [0.1, 0.1, 0.1])


def test_readings_one_bit_apart_are_at_one_time():
    study = ["p", "p", "q", "q", "r", "r"]
    level = [0.9, 0.7, 0.85, 0.6, 0.95, 0.75]
    near = [0.3, 1.0, 0.1 + 0.2, 1.0, 0.3, 1.0]
    given = {"survival": level, "n_risk": [40, 30] * 3, "unit": "years"}
    found = pooled_survival_curve(study, near, **given)
    plain = pooled_survival_curve(study, [0.3, 1.0] * 3, **given)
    np.testing.assert_array_equal(found.survival, plain.survival)
    rows = [
        {"value": v, "conf_low": v - 0.1, "conf_high": v + 0.1, "time": t}
        for v, t in zip((0.42, 0.5, 0.55, 0.61), (0.3, 0.1 + 0.2, 0.3, 0.1 + 0.2))
    ]
    assert pool_survival_points(rows, unit="years").time.size == 1


@pytest.mark.parametrize("asked", [13.2, 1.1 * 12])
def test_curves_of_patients_are_read_at_the_same_time(asked):
    rng = np.random.default_rng(2)
    groups = {}
    for name in "abc":
        time = np.append(rng.exponential(10, 30).round(1) + 0.1, [1.1 * 12] * 4)
        groups[name] = Surv.right(time, np.append(rng.random(30) < 0.8, [1] * 4), unit="months")
    found = pooled_survival_curve(patients=groups, time=[asked, 5.0])
    exact = pooled_survival_curve(patients=groups, time=[1.1 * 12, 5.0])
    np.testing.assert_allclose(found.survival, exact.survival, rtol=1e-12)


def test_a_reading_and_a_number_at_risk_one_bit_apart():
    table = {"at_risk": ([0, 0.3], [20, 20]), "unit": "years"}
    near = reconstruct_ipd(([0, 0.1 + 0.2, 0.5], [1, 0.8, 0.6]), **table)
    plain = reconstruct_ipd(([0, 0.3, 0.5], [1, 0.8, 0.6]), **table)
    np.testing.assert_allclose(near.time, plain.time, rtol=1e-12)
    assert (near.event == plain.event).all()
    with pytest.raises(InputError, match="time must start at 0 and increase"):
        effect_size_from_curves(
            [0, 0.3, 0.1 + 0.2],
            [1, 0.8, 0.6],
            [1, 0.7, 0.5],
            at_risk_research=[9, 8, 7],
            at_risk_control=[9, 8, 7],
        )


def test_limits_of_a_pooled_curve_never_rise():
    rng = np.random.default_rng(0)
    for transform in ("arcsine", "log", "log-log"):
        groups = {
            k: Surv.right(rng.exponential(10, 25) + 0.1, rng.random(25) < 0.8, unit="months") for k in "abcd"
        }
        found = pooled_survival_curve(
            patients=groups, time=[2, 4, 6, 8, 10, 12, 15], conf_transform=transform
        )
        for name in ("conf_low", "conf_high", "prediction_low", "prediction_high"):
            assert (np.diff(getattr(found, name)) <= 0).all(), (transform, name)


@pytest.mark.parametrize("n_event", [2.5, "3", True, -1, 1e9])
def test_events_of_a_figure_are_counted(n_event):
    with pytest.raises(InputError, match="n_event must"):
        reconstruct_ipd(
            ([0, 5, 10], [1, 0.6, 0.4]), at_risk=([0, 5], [20, 10]), unit="months", n_event=n_event
        )


def test_moderators_may_be_a_dictionary_of_columns():
    y, se, year = [-0.9, -0.6, -0.4, -0.1, 0.1], [0.2, 0.1, 0.2, 0.1, 0.2], [1, 2, 3, 4, 5]
    known = meta_regression(y, se, "year", data={"year": year})
    for fit in (meta_regression(y, se, {"year": year}), meta_analysis(y, se, moderators={"year": year})):
        assert fit.terms == ("intercept", "year")
        assert fit.estimate == pytest.approx(known.estimate, abs=1e-14)
    assert fit.predict({"year": [2, 6]})["estimate"].tolist() == pytest.approx(
        fit.estimate[0] + fit.estimate[1] * np.array([2.0, 6.0])
    )
    turned = pd.Series(year[::-1], index=list("edcba"))
    assert meta_regression(y, se, {"year": turned}, labels=list("abcde")).estimate == pytest.approx(
        known.estimate
    )
    with pytest.raises(InputError, match="moderators has 2 rows for 5 studies"):
        meta_regression(y, se, {"year": [1, 2]})
    with pytest.raises(InputError, match=r"For categories use a formula"):
        meta_regression(y, se, {"site": list("aabba")})


def test_effects_without_a_label_are_counted_and_no_repetition():
    """What `effect_size` calls a study by default is no name that two studies share; a name given twice is."""
    ratios = [(0.70, 0.50, 0.98), (0.80, 0.60, 1.07), (0.90, 0.66, 1.23)]
    unnamed, named = (
        [effect_size(hazard_ratio=hr, conf_low=low, conf_high=high, **label) for hr, low, high in ratios]
        for label in ({}, {"label": "Lee 2020"})
    )
    assert meta_analysis(unnamed).labels == ("study 1", "study 2", "study 3")
    with pytest.warns(EvidenceWarning, match="Lee 2020 occur more than once"):
        meta_analysis(named)
