"""What a user would give to each public function: one maker of plausible arguments a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from survsim import _public
from tests.helpers import start_stop

Made = dict[str, Any]
PLAUSIBLE: dict[str, Callable[[np.random.Generator], Made]] = {}


class _Names:
    def __getattr__(self, name: str) -> Any:
        if name not in _public.PUBLIC:
            raise AttributeError(name)
        return _public.load(name)


s: Any = _Names()


def plausible(*names: str) -> Callable[[Callable[[np.random.Generator], Made]], Any]:
    """Decorator of the maker of arguments of the functions, classes or constructors `names`."""

    def keep(make: Callable[[np.random.Generator], Made]) -> Any:
        for name in names:
            PLAUSIBLE[name] = make
        return make

    return keep


def times(rng: np.random.Generator, n: int = 24) -> Any:
    return np.round(rng.exponential(12.0, n) + 0.1, 1)


def surv(rng: np.random.Generator, n: int = 24) -> Any:
    kind = rng.integers(6)
    if kind == 0:
        return s.Surv.right([5.0], [1], unit="months")
    if kind == 1:
        return s.Surv.right(times(rng, n), np.zeros(n), unit="months")
    if kind == 2:
        return s.Surv.right(np.full(n, 3.0), np.ones(n), unit="months")
    entry = np.zeros(n)
    time_ = times(rng, n)
    if kind == 3:
        entry = np.round(time_ * rng.uniform(0, 0.8, n), 2)
    return s.Surv.right(time_, rng.random(n) < 0.7, unit="months", entry=entry)


def causes(rng: np.random.Generator, n: int = 24) -> Any:
    return s.Surv.competing(times(rng, n), rng.choice(["none", "a", "b"], n), unit="months", censored="none")


def groups(rng: np.random.Generator, n: int = 24) -> Any:
    return rng.permutation(np.tile(["x", "y"], n // 2))


def frame(rng: np.random.Generator, n: int = 24) -> Any:
    return pd.DataFrame({"age": rng.normal(60, 8, n), "z": groups(rng, n), "t": rng.integers(0, 2, n)})


def several(rng: np.random.Generator, n: int = 5) -> Made:
    return {"estimate": rng.normal(-0.2, 0.3, n), "std_error": rng.uniform(0.1, 0.4, n)}


def level(rng: np.random.Generator) -> Made:
    return {"conf_level": float(rng.choice([0.8, 0.95, 0.99]))}


@plausible("kaplan_meier", "nelson_aalen", "reverse_kaplan_meier")
def _curve(rng: np.random.Generator) -> Made:
    return {"surv": surv(rng), "by": groups(rng)} | level(rng)


@plausible("logrank_test", "pairwise_logrank", "maxcombo_test", "sufficient_follow_up")
def _test(rng: np.random.Generator) -> Made:
    return {"surv": surv(rng), "by": groups(rng)}


@plausible("permutation_logrank_test")
def _permutation(rng: np.random.Generator) -> Made:
    return {"surv": surv(rng), "by": groups(rng), "n_resamples": 50, "seed": 3}


@plausible("rmst", "rmst_test")
def _rmst(rng: np.random.Generator) -> Made:
    return {"surv": surv(rng), "by": groups(rng), "tau": 6.0} | level(rng)


@plausible("milestone_test")
def _milestone(rng: np.random.Generator) -> Made:
    method = str(rng.choice(["log-log", "beta-product", "beta-product-midp", "beta-product-mc"]))
    return {"surv": surv(rng), "by": groups(rng), "time": 6.0, "method": method} | level(rng)


@plausible("landmark")
def _landmark(rng: np.random.Generator) -> Made:
    return {"surv": surv(rng), "at": 2.0}


@plausible("conditional_survival")
def _conditional(rng: np.random.Generator) -> Made:
    return {"surv": surv(rng), "given": [1.0], "times": [6.0]}


@plausible("interval_censored_survival")
def _interval(rng: np.random.Generator) -> Made:
    low = times(rng, 8)
    return {"low": low, "high": low + rng.choice([0.0, 1.5, np.inf], 8), "unit": "months"}


@plausible("interval_censored_parametric")
def _interval_fit(rng: np.random.Generator) -> Made:
    family = str(rng.choice(["exponential", "weibull", "gompertz", "lognormal", "loglogistic", "gamma"]))
    return _interval(rng) | {"family": family} | level(rng)


@plausible("simultaneous_band")
def _band(rng: np.random.Generator) -> Made:
    return {"km": s.kaplan_meier(surv(rng)), "kind": "hall-wellner"} | level(rng)


@plausible("cox_ph", "cause_specific_cox", "fine_gray")
def _cox(rng: np.random.Generator) -> Made:
    return {
        "surv": surv(rng) if rng.random() < 0.5 else causes(rng),
        "formula": "age + z",
        "data": frame(rng),
    } | level(rng)


@plausible("penalty_path")
def _path(rng: np.random.Generator) -> Made:
    return {"surv": surv(rng), "formula": "age + z", "data": frame(rng), "strengths": [0.1, 1.0], "folds": 3}


@plausible("cox_trials")
def _trials(rng: np.random.Generator) -> Made:
    return {"time": [times(rng, 8)], "event": [[1] * 8], "x": [0, 1] * 4}


@plausible("cox_resamples")
def _resamples(rng: np.random.Generator) -> Made:
    return {"surv": surv(rng), "matrix": rng.normal(size=(24, 1)), "counts": np.ones((2, 24))}


@plausible("analyse_trials")
def _analysed(rng: np.random.Generator) -> Made:
    return {"time": [times(rng, 8)], "event": [[1] * 8], "arm": [[0, 1] * 4], "unit": "months"}


@plausible("concordance")
def _concordance(rng: np.random.Generator) -> Made:
    return {"surv": surv(rng), "score": rng.normal(size=24)}


@plausible("time_dependent_auc")
def _auc(rng: np.random.Generator) -> Made:
    return {"surv": surv(rng), "score": rng.normal(size=24), "times": [4.0, 8.0]} | level(rng)


@plausible("brier_score")
def _brier(rng: np.random.Generator) -> Made:
    return {"surv": surv(rng), "predicted": rng.random((24, 2)), "times": [4.0, 8.0]} | level(rng)


@plausible("parametric_survival")
def _parametric(rng: np.random.Generator) -> Made:
    families = ["exponential", "weibull", "gompertz", "lognormal", "loglogistic", "gamma"]
    return {"surv": surv(rng), "family": str(rng.choice(families)), "formula": "age", "data": frame(rng)}


@plausible("royston_parmar")
def _splines(rng: np.random.Generator) -> Made:
    return {"surv": surv(rng), "formula": "age", "data": frame(rng), "df": 2}


@plausible("mixture_cure")
def _cure(rng: np.random.Generator) -> Made:
    return {"surv": surv(rng), "latency": "weibull"}


@plausible("compare_families")
def _families(rng: np.random.Generator) -> Made:
    return {"surv": surv(rng), "families": ("exponential", "weibull")}


@plausible("aalen_johansen")
def _incidence(rng: np.random.Generator) -> Made:
    return {"surv": causes(rng), "by": groups(rng)} | level(rng)


@plausible("mean_time_in_state", "multistate_occupancy")
def _states(rng: np.random.Generator) -> Made:
    names, end = [f"p{i}" for i in range(24)], times(rng)
    patients = pd.DataFrame({"patient_id": names, "follow_up": end, "z": groups(rng)})
    dead = pd.DataFrame({"patient_id": names, "state": "dead", "time": end})[rng.random(24) < 0.6]
    ill = pd.DataFrame({"patient_id": names, "state": "ill", "time": np.round(end / 2, 3)})[::2]
    data = s.prepare_multistate(
        patients, pd.concat([dead, ill]), start="well", transitions={"well": ["ill", "dead"], "ill": ["dead"]},
        unit="months", covariates=["z"],
    )  # fmt: skip
    return {"data": data} | level(rng)


@plausible("marginal_structural_cox")
def _marginal(rng: np.random.Generator) -> Made:
    rows = start_stop.rows(rng)
    surv = start_stop.response(rows)
    return {"surv": surv, "treatment": rows["drug"], "data": rows, "denominator": "marker"} | level(rng)


@plausible("e_value")
def _e_value(rng: np.random.Generator) -> Made:
    ratio = rng.lognormal(0.0, 0.5, 3)
    return {
        "estimate": ratio,
        "conf_low": ratio / 1.4,
        "conf_high": ratio * 1.4,
        "common": bool(rng.integers(2)),
    }


@plausible("confounder_tipping")
def _confounder(rng: np.random.Generator) -> Made:
    ratio = float(rng.lognormal(0.0, 0.5))
    limits = {"conf_low": ratio / 1.4, "conf_high": ratio * 1.4}
    return {"estimate": ratio, "treated": rng.random(3), "untreated": float(rng.random())} | limits


@plausible("gray_test")
def _gray(rng: np.random.Generator) -> Made:
    return {"surv": causes(rng), "by": groups(rng), "cause": "a"}


@plausible("bootstrap")
def _bootstrap(rng: np.random.Generator) -> Made:
    return {"surv": surv(rng), "statistic": "median", "n_resamples": 20, "seed": 2} | level(rng)


@plausible("meta_analysis")
def _meta(rng: np.random.Generator) -> Made:
    return (
        several(rng)
        | level(rng)
        | {"method": str(rng.choice(["REML", "DL", "PM", "ML", "EB", "HE", "HS", "SJ"]))}
    )


@plausible("meta_regression")
def _metareg(rng: np.random.Generator) -> Made:
    return several(rng, 8) | {"moderators": "x", "data": pd.DataFrame({"x": rng.normal(size=8)})} | level(rng)


@plausible("subgroup_test")
def _subgroups(rng: np.random.Generator) -> Made:
    return several(rng, 8) | {"groups": ["a", "b"] * 4}


@plausible("small_study_tests", "leave_one_out")
def _influence(rng: np.random.Generator) -> Made:
    return {"pooled": s.meta_analysis(**several(rng))}


@plausible("cumulative_meta_analysis")
def _cumulative(rng: np.random.Generator) -> Made:
    return {"pooled": s.meta_analysis(**several(rng)), "order": rng.permutation(5)}


@plausible("network_meta_analysis")
def _network(rng: np.random.Generator) -> Made:
    return {"study": list("abcd"), "treatment": list("xyxz"), "comparator": list("yzzy")} | several(rng, 4)


@plausible("compare_single_arms")
def _single(rng: np.random.Generator) -> Made:
    return {"treatment": list("xxyyy")} | several(rng)


@plausible("map_prior", "commensurate_prior")
def _map(rng: np.random.Generator) -> Made:
    return several(rng) | {"tau_scale": 0.5}


@plausible("power_prior")
def _power(rng: np.random.Generator) -> Made:
    return several(rng) | {"power": 0.5}


@plausible("map_rate_prior")
def _rates(rng: np.random.Generator) -> Made:
    return {"events": [3, 5, 2], "exposure": [40.0, 60.0, 20.0], "tau_scale": 0.5}


@plausible("power_prior_rate")
def _rate(rng: np.random.Generator) -> Made:
    return {"events": [3, 5, 2], "exposure": [40.0, 60.0, 20.0], "power": 0.4}


@plausible("robust_map_prior", "effective_sample_size", "mixture_approximation")
def _prior(rng: np.random.Generator) -> Made:
    return {"prior": s.power_prior(**several(rng), power=0.5)}


@plausible("borrow")
def _borrow(rng: np.random.Generator) -> Made:
    return {"prior": s.power_prior(**several(rng), power=0.5), "estimate": 0.1, "std_error": 0.2} | level(rng)


@plausible("transport")
def _transport(rng: np.random.Generator) -> Made:
    return {"prior": s.power_prior(**several(rng), power=0.5), "extra_sd": 0.2}


@plausible("effect_size")
def _effect(rng: np.random.Generator) -> Made:
    if rng.random() < 0.3:
        return {"observed": (70.0, 80.0), "expected": (82.0, 68.0)} | level(rng)
    return {
        "hazard_ratio": 0.7,
        "conf_low": 0.5,
        "conf_high": 0.98,
        "p_value": 0.04,
        "n_event": 150.0,
    } | level(rng)


@plausible("effect_size_from_curves")
def _curves(rng: np.random.Generator) -> Made:
    return {
        "time": [0.0, 6.0, 12.0],
        "survival_research": [1.0, 0.8, 0.6],
        "survival_control": [1.0, 0.7, 0.5],
        "n_research": 50.0,
        "n_control": 50.0,
        "follow_up_max": 24.0,
    }


@plausible("pool_medians")
def _medians(rng: np.random.Generator) -> Made:
    rows = [
        {"value": 10.0, "conf_low": 8.0, "conf_high": 13.0},
        {"value": 14.0, "conf_low": 9.0, "conf_high": 20.0},
    ]
    return {"rows": rows, "unit": "months"} | level(rng)


@plausible("pool_proportions")
def _proportions(rng: np.random.Generator) -> Made:
    n = rng.integers(5, 40, 5)
    return {"events": rng.binomial(n, 0.2), "n": n} | level(rng)


@plausible("pool_two_arms")
def _arms(rng: np.random.Generator) -> Made:
    n = rng.integers(5, 40, (2, 5))
    x = rng.binomial(n, 0.2)
    method = str(rng.choice(["binomial-normal", "mantel-haenszel", "peto"]))
    return {
        "events_research": x[0], "n_research": n[0], "events_control": x[1], "n_control": n[1], "method": method,
    } | level(rng)  # fmt: skip


@plausible("pool_survival_points")
def _points(rng: np.random.Generator) -> Made:
    return {
        "rows": [{"value": 0.5, "n": 30, "time": 12.0}, {"value": 0.4, "n": 60, "time": 12.0}],
        "unit": "months",
    }


@plausible("printed_number")
def _printed(rng: np.random.Generator) -> Made:
    return {
        "row": {"value": 10.0, "conf_low": 8.0, "conf_high": 13.0, "n_event": 40},
        "scale": "median",
        "unit": "months",
    }


@plausible("pooled_survival_curve")
def _pooled(rng: np.random.Generator) -> Made:
    return {
        "study": ["a", "a", "b", "b"],
        "time": [6.0, 12.0, 6.0, 12.0],
        "survival": [0.8, 0.6, 0.7, 0.5],
        "n_risk": [40, 30, 50, 30],
        "unit": "months",
        "n_draws": 200,
    }


@plausible("reconstruct_ipd")
def _reconstruct(rng: np.random.Generator) -> Made:
    return {
        "curve": ([0.0, 3.0, 6.0, 12.0], [1.0, 0.8, 0.6, 0.4]),
        "at_risk": ([0.0, 6.0], [40, 32]),
        "unit": "months",
    }


@plausible("reconstruct_arms")
def _reconstruct_arms(rng: np.random.Generator) -> Made:
    return {
        "curves": {
            "new": ([0.0, 3.0, 6.0, 12.0], [1.0, 0.8, 0.6, 0.4]),
            "old": ([0.0, 3.0, 6.0], [1.0, 0.7, 0.4]),
        },
        "n": {"new": 40, "old": 38},
        "unit": "months",
    }


@plausible("compare_pair")
def _pair(rng: np.random.Generator) -> Made:
    return {"a": surv(rng), "b": surv(rng), "hazard_ratio": 1.0, "p_value": 0.5} | level(rng)


@plausible("check_summary")
def _summary(rng: np.random.Generator) -> Made:
    return {"surv": surv(rng), "median": 8.0, "survival": [(6.0, 0.6)]}


@plausible("case_in_context")
def _case(rng: np.random.Generator) -> Made:
    return {
        "case_time": 14.0,
        "reference": s.Weibull(shape=1.1, scale=9.0, time_unit="months"),
        "unit": "months",
    } | level(rng)


@plausible("tipping_point")
def _tipping(rng: np.random.Generator) -> Made:
    return {
        "reference": s.Weibull(shape=1.1, scale=9.0, time_unit="months"),
        "case_time": 14.0,
        "threshold": 0.1,
    }


@plausible("case_term")
def _case_term(rng: np.random.Generator) -> Made:
    return {"time": 9.0, "study": "one", "unit": "months"}


@plausible("rate_term")
def _rate_term(rng: np.random.Generator) -> Made:
    return {"events": 4.0, "person_time": 90.0, "study": "one", "unit": "months"}


@plausible("median_term")
def _median_term(rng: np.random.Generator) -> Made:
    return {
        "median": 9.0,
        "study": "one",
        "unit": "months",
        "conf_low": 7.0,
        "conf_high": 12.0,
        "n_event": 40.0,
    } | level(rng)


@plausible("survival_term")
def _survival_term(rng: np.random.Generator) -> Made:
    return {"time": [6.0, 12.0], "survival": [0.7, 0.5], "study": "one", "unit": "months", "n": 40.0}


@plausible("hazard_ratio_term")
def _ratio_term(rng: np.random.Generator) -> Made:
    return {
        "hazard_ratio": 0.7,
        "covariates": {"z": 1},
        "comparator": {"z": 0},
        "study": "one",
        "conf_low": 0.5,
        "conf_high": 0.98,
    }


@plausible("patients_term")
def _patients_term(rng: np.random.Generator) -> Made:
    return {"surv": surv(rng), "study": "one"}
