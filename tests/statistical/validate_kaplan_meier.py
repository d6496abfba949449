"""Coverage of every survival interval and size of every two-sample test, by simulation.

``python -m tests.statistical.validate_kaplan_meier`` writes records/kaplan_meier_coverage.json. Times are
exponential with median 1; censoring is exponential, its rate set by the share censored.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import numpy as np

from survsim import Surv, kaplan_meier, maxcombo_test, milestone_test
from survsim.core.errors import SmallSampleWarning, SurvsimError
from survsim.estimate.nonparametric import beta_product
from survsim.estimate.nonparametric.band_scales import TRANSFORMED, normal_quantile
from survsim.estimate.nonparametric.likelihood_band import likelihood_band
from survsim.estimate.resampling.trial_analysis import in_one_pass
from survsim.kernels.batch_product_limit import row_means
from survsim.nonparametric import permutation_logrank_test, simultaneous_band

RATE = np.log(2.0)
SIZES, SHARES, LEVELS = (10, 20, 50, 100), (0.3, 0.7), (0.75, 0.5)


def draw(rng: np.random.Generator, sets: int, n: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Sorted times (sets, n) and events; censoring rate c with c / (c + RATE) = share."""
    life = rng.exponential(1 / RATE, (sets, n))
    censor = rng.exponential((1 - share) / share / RATE, (sets, n))
    time, event = np.minimum(life, censor), life <= censor
    order = np.argsort(time, axis=1)
    return np.take_along_axis(time, order, 1), np.take_along_axis(event, order, 1)


def bands_at(time: np.ndarray, event: np.ndarray, t: float, conf_level: float) -> dict[str, tuple]:
    """Limits (sets,) of each type at t for sorted untied data; NaN where there is none."""
    sets, n = time.shape
    risk = np.broadcast_to(np.arange(n, 0.0, -1.0), (sets, n))
    hit = event & (time <= t)
    s = np.prod(np.where(hit, 1 - 1 / risk, 1.0), axis=1)
    with np.errstate(divide="ignore"):
        v = np.where(hit, 1 / (risk * (risk - 1)), 0.0).sum(axis=1)
    after = (time > t).sum(axis=1).astype(float)
    known = (after > 0) | (s == 0)
    found: dict[str, tuple] = {}
    inside = (s > 0) & (s < 1)
    z = normal_quantile(conf_level)
    for name, scale in TRANSFORMED.items():
        low, high = np.where(s == 1, 1.0, np.nan), np.where(s == 1, 1.0, np.nan)
        low[inside], high[inside] = scale(s[inside], np.sqrt(v[inside]), z)
        found[name] = (np.where(known, low, np.nan), np.where(known, high, np.nan))
    mean, ratio = beta_product.factor_moments(risk, np.ones((sets, n)))
    mean, ratio = (np.where(hit, x, 0.0).sum(axis=1) for x in (mean, ratio))
    with np.errstate(invalid="ignore", divide="ignore"):
        upper = beta_product.beta_parameters(np.where(ratio > 0, mean, np.nan), ratio)
        more = beta_product.factor_moments(np.where(after > 0, after, np.nan), np.ones(sets))
        lower = beta_product.beta_parameters(mean + more[0], ratio + more[1])
        from scipy.special import betaincinv

        tail = (1 - conf_level) / 2
        low, high = betaincinv(*lower, tail), betaincinv(*upper, 1 - tail)
    found["beta-product"] = (np.nan_to_num(low, nan=0.0), np.nan_to_num(high, nan=1.0))
    found["beta-product-midp"] = tuple(
        beta_product.mixture_quantile(upper, lower, p) for p in (tail, 1 - tail)
    )
    return found


def likelihood_at(time: np.ndarray, event: np.ndarray, t: float, conf_level: float) -> tuple:
    low, high = np.full(len(time), np.nan), np.full(len(time), np.nan)
    risk = np.arange(time.shape[1], 0.0, -1.0)
    for b in range(len(time)):
        k = int(np.searchsorted(time[b], t, side="right"))
        if k < time.shape[1] or event[b, -1]:
            limits = likelihood_band(risk, event[b].astype(float), conf_level)
            low[b], high[b] = (1.0, 1.0) if k == 0 else (limits[0][k - 1], limits[1][k - 1])
    return low, high


def coverage_cell(
    n: int, share: float, level: float, sets: int, seed: int, likelihood_sets: int = 1000
) -> list[dict]:
    """Coverage of S(t) = `level` by each type; `undefined` is the share of data sets without an interval."""
    rng = np.random.default_rng([seed, n, int(100 * share), int(100 * level)])
    time, event = draw(rng, sets, n, share)
    t = -np.log(level) / RATE
    found = bands_at(time, event, t, 0.95)
    if likelihood_sets:
        found["likelihood"] = likelihood_at(time[:likelihood_sets], event[:likelihood_sets], t, 0.95)
    rows = []
    for name, (low, high) in found.items():
        defined = ~np.isnan(low) & ~np.isnan(high)
        share_in = float(((low <= level) & (level <= high))[defined].mean())
        rows.append(
            {
                "interval": name,
                "n": n,
                "censored": share,
                "survival": level,
                "coverage": share_in,
                "mc_std_error": float((share_in * (1 - share_in) / defined.sum()) ** 0.5),
                "undefined": float(1 - defined.mean()),
                "width": float((high - low)[defined].mean()),
                "data_sets": int(defined.sum()),
            }
        )
    return rows


def rmst_cell(n: int, share: float, sets: int, seed: int) -> dict:
    """Coverage of the restricted mean to 0.7 (median 1)."""
    rng = np.random.default_rng([seed, n, int(100 * share), 1])
    time, event = draw(rng, sets, n, share)
    tau = 0.7
    mean, variance = row_means(time, event, np.ones(time.shape, bool), tau)
    truth = (1 - np.exp(-RATE * tau)) / RATE
    defined = ~np.isnan(mean)
    inside = np.abs(mean - truth)[defined] <= normal_quantile(0.95) * np.sqrt(variance[defined])
    share_in = float(inside.mean())
    return {
        "interval": "rmst",
        "n": n,
        "censored": share,
        "coverage": share_in,
        "mc_std_error": float((share_in * (1 - share_in) / defined.sum()) ** 0.5),
        "undefined": float(1 - defined.mean()),
        "data_sets": int(defined.sum()),
    }


def simultaneous_cell(n: int, share: float, kind: str, sets: int, seed: int) -> dict:
    """Share of bands that hold the whole true curve between its 80% and 40% times."""
    rng = np.random.default_rng([seed, n, int(100 * share), 2])
    time, event = draw(rng, sets, n, share)
    start, end = -np.log(0.8) / RATE, -np.log(0.4) / RATE
    hits = tried = 0
    for b in range(sets):
        km = kaplan_meier(Surv.right(time[b], event[b], unit="years"))
        try:
            band = simultaneous_band(km, kind, start=start, end=end)
        except SurvsimError:
            continue
        if band.time.size < 2:
            continue
        edges = np.append(band.time, min(end, km.time[-1]))
        early, late = np.exp(-RATE * edges[:-1]), np.exp(-RATE * edges[1:])
        hits += bool(((band.conf_low <= late) & (early <= band.conf_high)).all())
        tried += 1
    cover = hits / tried
    return {
        "interval": kind,
        "n": n,
        "censored": share,
        "coverage": cover,
        "mc_std_error": (cover * (1 - cover) / tried) ** 0.5,
        "undefined": 1 - tried / sets,
        "data_sets": tried,
    }


def size_cell(n: int, share: float, sets: int, slow_sets: int, seed: int) -> list[dict]:
    """Type I error at 5% of each two-sample test, n patients an arm under equal hazards."""
    rng = np.random.default_rng([seed, n, int(100 * share), 3])
    time, event = draw(rng, sets, 2 * n, share)
    mix = rng.permuted(np.tile(np.repeat([0, 1], n), (sets, 1)), axis=1)
    trials = in_one_pass(time, event, mix, unit="years", tau=0.5)
    limit = normal_quantile(0.95)
    defined = np.isfinite(trials.rmst_difference)
    with np.errstate(invalid="ignore", divide="ignore"):
        rejected = {
            "logrank": np.abs(trials.z) >= limit,
            "cox_wald": np.abs(trials.log_hazard_ratio / trials.std_error) >= limit,
            "rmst": (np.abs(trials.rmst_difference / trials.rmst_std_error) >= limit)[defined],
        }
    slow: dict[str, list[bool]] = {k: [] for k in ("maxcombo", "permutation", "milestone", "milestone_bpcp")}
    for b in range(slow_sets):
        s = Surv.right(time[b], event[b], unit="years")
        attempts = {
            "maxcombo": lambda s=s, b=b: maxcombo_test(s, mix[b]).p_value,
            "permutation": lambda s=s, b=b: (
                permutation_logrank_test(s, mix[b], n_resamples=399, seed=b).p_value
            ),
            "milestone": lambda s=s, b=b: milestone_test(s, mix[b], 0.5).p_value[0],
            "milestone_bpcp": lambda s=s, b=b: milestone_test(s, mix[b], 0.5, method="beta-product").p_value[
                0
            ],
        }
        for name, attempt in attempts.items():
            try:
                with warnings.catch_warnings():
                    # survival of 0 or 1 in an arm: no p-value by the normal law
                    warnings.simplefilter("ignore", SmallSampleWarning)
                    p = attempt()
            except SurvsimError:
                continue  # no event to compare, or follow-up too short: no test
            if np.isfinite(p):
                slow[name].append(p <= 0.05)
    rows = []
    for name, hit in {**rejected, **{k: np.array(v) for k, v in slow.items()}}.items():
        rate = float(np.mean(hit))
        error = float((0.05 * 0.95 / len(hit)) ** 0.5)
        rows.append(
            {
                "test": name,
                "n_per_arm": n,
                "censored": share,
                "size": rate,
                "mc_std_error": error,
                "data_sets": len(hit),
            }
        )
    return rows


def main() -> None:
    """Write the record; a few minutes on one core."""
    warnings.simplefilter("ignore")
    cells = [(n, share) for n in SIZES for share in SHARES]
    record = {
        "what": "coverage of 95% intervals and size of 5% tests; exponential times, exponential censoring",
        "seed": 20260101,
        "pointwise": [
            r for n, c in cells for level in LEVELS for r in coverage_cell(n, c, level, 20_000, 20260101)
        ],
        "rmst": [rmst_cell(n, c, 20_000, 20260101) for n, c in cells],
        "simultaneous": [
            simultaneous_cell(n, c, kind, 200, 20260101)
            for n, c in cells
            if n >= 50
            for kind in ("equal-precision", "hall-wellner")
        ],
        "tests": [r for n, c in cells for r in size_cell(n, c, 20_000, 200, 20260101)],
    }
    path = Path(__file__).parent / "records" / "kaplan_meier_coverage.json"
    path.write_text(json.dumps(record, indent=1) + "\n")
    print(f"{path.name}: {len(record['pointwise'])} intervals, {len(record['tests'])} tests", file=sys.stderr)


if __name__ == "__main__":
    main()
