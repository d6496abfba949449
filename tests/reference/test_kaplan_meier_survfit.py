"""Kaplan-Meier and Nelson-Aalen against R survival, options crossed on seven data sets."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from survsim import Surv, kaplan_meier, nelson_aalen, rmst
from survsim.core.errors import SmallSampleWarning
from survsim.kernels.boundary import bridge_quantile
from survsim.nonparametric import simultaneous_band

HERE = Path(__file__).parent
PINNED = json.loads((HERE / "kaplan_meier.json").read_text())
BANDS = json.loads((HERE / "simultaneous_bands.json").read_text())
DATA = {name: {k: np.array(v) for k, v in columns.items()} for name, columns in PINNED["data"].items()}


def response(name, *, delayed=False, weights="none", cluster=False):
    d = DATA[name]
    return Surv.right(
        d["time"],
        d["event"],
        unit="days",
        entry=d["entry"] if delayed else None,
        weight=None if weights == "none" else d[weights],
        cluster=d["cluster"] if cluster else None,
    )


def numbers(values):
    return np.array([np.nan if v is None else v for v in values], float)


def label(case):
    flags = [k for k in ("delayed", "cluster", "group") if case[k]]
    return "-".join([case["data"], case["weights"], *flags])


@pytest.mark.parametrize("case", PINNED["cases"], ids=label)
def test_curve_equals_survfit(case):
    surv = response(case["data"], delayed=case["delayed"], weights=case["weights"], cluster=case["cluster"])
    by = DATA[case["data"]]["group"] if case["group"] else None
    robust = case["cluster"] or case["weights"] == "fractional"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)  # early risk sets of two patients: wanted here
        km = kaplan_meier(surv, by)
        hazard = nelson_aalen(surv, by, robust=robust)
        bands = {c: kaplan_meier(surv, by, conf_type=c) for c in case["bands"]}
    assert km.robust == robust
    rows = case["rows"]
    groups = np.repeat([str(g) for g in km.groups], np.diff(km.bounds))
    # R lists entry times of delayed data too: keep the rows both have.
    at = [
        np.flatnonzero((groups == g) & (np.abs(km.time - t) < 1e-9))
        for g, t in zip(rows["group"], rows["time"])
    ]
    both = np.array([found.size == 1 for found in at])
    assert both.sum() >= 0.5 * both.size
    here = np.concatenate([found for found in at if found.size])
    expect = {k: numbers(v)[both] for k, v in rows.items() if k != "group"}
    np.testing.assert_allclose(km.n_risk[here], expect["n_risk"], rtol=1e-9)
    np.testing.assert_allclose(km.n_event[here], expect["n_event"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(km.estimate[here], expect["estimate"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(hazard.estimate[here], expect["cumhaz"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(hazard.std_error[here], expect["std_chaz"], rtol=1e-7, atol=1e-9)
    alive = expect["estimate"] > 1e-12
    np.testing.assert_allclose(km.std_error[here][alive], expect["std_error"][alive], rtol=1e-7, atol=1e-9)
    inside = alive & (expect["estimate"] < 1 - 1e-12)
    for name, limits in case["bands"].items():
        low, high = numbers(limits["low"])[both], numbers(limits["high"])[both]
        np.testing.assert_allclose(bands[name].conf_low[here][inside], low[inside], rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(bands[name].conf_high[here][inside], high[inside], rtol=1e-7, atol=1e-9)


def falls(km, side, group):
    limit = getattr(km, f"conf_{side}")[km.bounds[group] : km.bounds[group + 1]]
    return not (np.diff(limit[~np.isnan(limit)]) > 1e-12).any()


@pytest.mark.parametrize("case", [c for c in PINNED["cases"] if not c["delayed"]], ids=label)
def test_quantiles_equal_survfit(case):
    surv = response(case["data"], weights=case["weights"], cluster=case["cluster"])
    by = DATA[case["data"]]["group"] if case["group"] else None
    km = kaplan_meier(surv, by)
    got = km.quantile([0.25, 0.5, 0.75])
    expect = {k: np.concatenate([numbers(row) for row in v]) for k, v in case["quantiles"].items()}
    for name, mine in (("estimate", got.estimate), ("low", got.conf_low), ("high", got.conf_high)):
        # R prints NA where we say inf (not reached).
        reached = ~np.isnan(expect[name])
        if name != "estimate":
            # Under clusters a limit can rise again; R then reads it out of order, we take its first crossing.
            reached &= np.repeat([falls(km, name, g) for g in range(len(km.groups))], 3)
        np.testing.assert_allclose(mine[reached], expect[name][reached], rtol=1e-9)
        assert np.isinf(mine[np.isnan(expect[name])]).all() or name == "low"


@pytest.mark.parametrize("case", PINNED["fleming_harrington"], ids=lambda c: c["data"])
def test_broken_ties_equal_survfit(case):
    hazard = nelson_aalen(response(case["data"]), ties="fleming-harrington")
    here = np.searchsorted(hazard.time, np.array(case["time"]) - 1e-9)
    np.testing.assert_allclose(hazard.estimate[here], case["cumhaz"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(hazard.std_error[here], case["std_chaz"], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("case", PINNED["restricted_means"], ids=lambda c: c["data"])
def test_restricted_mean_equals_survfit(case):
    got = rmst(response(case["data"]), DATA[case["data"]]["group"], case["tau"])
    np.testing.assert_allclose(got.estimate, np.atleast_1d(case["estimate"]), rtol=1e-9)
    np.testing.assert_allclose(got.std_error, np.atleast_1d(case["std_error"]), rtol=1e-7)


@pytest.mark.parametrize("case", BANDS["cases"], ids=lambda c: f"{c['data']}-{c['method']}")
def test_bands_equal_km_ci(case):
    km = kaplan_meier(response(case["data"]), conf_type="likelihood")
    if case["method"] == "grunkemeier":
        time, low, high, rtol = km.time, km.conf_low, km.conf_high, 1e-6
    else:
        kind = "hall-wellner" if "hall" in case["method"] else "equal-precision"
        scale = "log-log" if case["method"].startswith("log") else "plain"
        band = simultaneous_band(km, kind, scale=scale, start=case["start"], end=case["end"])
        # km.ci reads its critical value from a table by interpolation: four digits.
        time, low, high, rtol = band.time, band.conf_low, band.conf_high, 2e-3
    wanted = np.array(case["time"])
    k = np.minimum(np.searchsorted(time, wanted - 1e-9), time.size - 1)
    both = np.abs(time[k] - wanted) < 1e-9
    assert both.sum() >= 8
    np.testing.assert_allclose(low[k][both], np.maximum(np.array(case["low"])[both], 0), rtol=rtol, atol=1e-6)
    np.testing.assert_allclose(
        high[k][both], np.minimum(np.array(case["high"])[both], 1), rtol=rtol, atol=1e-6
    )


@pytest.mark.parametrize(("a", "b", "value"), BANDS["tables"]["hall"])
def test_hall_wellner_critical_values(a, b, value):
    assert bridge_quantile(0.95, a, b) == pytest.approx(value, abs=6e-5)
