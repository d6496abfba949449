"""What a user would give: designs, decisions, doses, causal methods, laws, models and files."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.helpers.fuzz_estimates import (
    Made,
    _reconstruct,
    frame,
    level,
    plausible,
    s,
    surv,
    times,
)


@plausible("group_sequential_boundaries")
def _looks(rng: np.random.Generator) -> Made:
    return {"information": [0.5, 0.75, 1.0], "alpha": 0.05}


@plausible("bed", "eqd2")
def _dose(rng: np.random.Generator) -> Made:
    return {"dose": 50.0, "fractions": 25, "alpha_beta": 2.0}


@plausible("dose_volume_histogram")
def _histogram(rng: np.random.Generator) -> Made:
    return {"dose": rng.uniform(0, 60, 8), "volume": rng.random(8)}


@plausible("geud")
def _uniform_dose(rng: np.random.Generator) -> Made:
    return {"dose": rng.uniform(0, 60, 8), "a": float(rng.normal(0, 8)), "volume": rng.random(8)}


@plausible("myelopathy_risk")
def _cord(rng: np.random.Generator) -> Made:
    return {"dose": 50.0, "fractions": 25}


@plausible("life_table")
def _life(rng: np.random.Generator) -> Made:
    return {"age": [60, 61, 62], "probability": [0.01, 0.012, 0.014]}


@plausible("evsi")
def _evsi(rng: np.random.Generator) -> Made:
    return {
        "mean": rng.normal(size=(2, 50)),
        "parameter": rng.normal(size=50),
        "std_error": 0.3,
        "noise": rng.normal(size=50),
    }


@plausible("threshold")
def _threshold(rng: np.random.Generator) -> Made:
    return {
        "mean": rng.normal(size=(2, 50)),
        "strategies": ("a", "b"),
        "name": "x",
        "draws": rng.normal(size=50),
    }


@plausible("tornado")
def _tornado(rng: np.random.Generator) -> Made:
    return {
        "mean": rng.normal(size=(2, 50)),
        "strategies": ("a", "b"),
        "parameters": {"x": rng.normal(size=50)},
        "strategy": "a",
        "reference": "b",
        "unit": "months",
    }


@plausible("variance_by_layer")
def _layers(rng: np.random.Generator) -> Made:
    return {"outcome": rng.normal(size=50), "layers": {"x": rng.normal(size=(50, 1))}, "mc_variance": 0.01}


@plausible("treatment_weights")
def _weights(rng: np.random.Generator) -> Made:
    return {"treatment": rng.integers(0, 2, 24), "formula": "age", "data": frame(rng)}


@plausible("ipw_kaplan_meier")
def _ipw(rng: np.random.Generator) -> Made:
    return {
        "surv": surv(rng),
        "treatment": rng.integers(0, 2, 24),
        "formula": "age",
        "data": frame(rng),
        "n_resamples": 20,
    }


@plausible("ipw_cox")
def _ipw_cox(rng: np.random.Generator) -> Made:
    return {"surv": surv(rng), "treatment": rng.integers(0, 2, 24), "formula": "age", "data": frame(rng)}


@plausible("table")
def _table(rng: np.random.Generator) -> Made:
    return {"frame": frame(rng, 4), "title": "ages"}


@plausible("Surv.right")
def _right(rng: np.random.Generator) -> Made:
    time_ = times(rng, 8)
    return {"time": time_, "event": [1] * 8, "unit": "months", "entry": time_ / 2, "weight": np.ones(8)}


@plausible("Surv.competing")
def _competing(rng: np.random.Generator) -> Made:
    return {"time": times(rng, 4), "cause": ["a", "none", "b", "a"], "unit": "months", "censored": "none"}


@plausible("Exponential")
def _exponential(rng: np.random.Generator) -> Made:
    return {"rate": 0.1, "time_unit": "months"}


@plausible("Weibull")
def _weibull(rng: np.random.Generator) -> Made:
    return {"shape": 1.2, "scale": 10.0, "time_unit": "months"}


@plausible("Gompertz")
def _gompertz(rng: np.random.Generator) -> Made:
    return {"shape": 0.1, "rate": 0.05, "time_unit": "months"}


@plausible("LogNormal")
def _lognormal(rng: np.random.Generator) -> Made:
    return {"meanlog": 2.0, "sdlog": 0.7, "time_unit": "months"}


@plausible("PiecewiseExponential")
def _pieces(rng: np.random.Generator) -> Made:
    return {"breaks": (3.0, 6.0), "rates": (0.1, 0.2, 0.1), "time_unit": "months"}


@plausible("Course")
def _course(rng: np.random.Generator) -> Made:
    return {"fractions": {"c5": 10}, "dose_per_fraction": 3.0, "months_since_previous": 3.0}


@plausible("State")
def _state(rng: np.random.Generator) -> Made:
    return {"name": "alive", "utility": 0.8, "cost_per_time": 10.0}


@plausible("Transition")
def _transition(rng: np.random.Generator) -> Made:
    return {"source": "a", "target": "b", "distribution": {"family": "exponential", "rate": 0.1}}


@plausible("Discount")
def _discount(rng: np.random.Generator) -> Made:
    return {"rate": 0.035, "form": "steps", "cycle": 12.0, "half_cycle": True}


@plausible("Outcome")
def _outcome(rng: np.random.Generator) -> Made:
    return {"kind": "quality", "by_state": {"a": 0.8}, "at_entry": {"b": -0.1}}


@plausible("Values")
def _values(rng: np.random.Generator) -> Made:
    return {"discount": s.Discount(**_discount(rng)), "outcomes": {"quality": s.Outcome(**_outcome(rng))}}


@plausible("Model")
def _model(rng: np.random.Generator) -> Made:
    return {
        "states": (s.State(name="a"), s.State(name="b", death=True)),
        "transitions": (s.Transition(**_transition(rng)),),
        "time_unit": "months",
        "horizon": 24.0,
    }


@plausible("simulate_model")
def _simulated(rng: np.random.Generator) -> Made:
    return {"model": s.Model(**_model(rng)), "patients": 50, "seed": 4, "taus": [12.0], "times": [6.0]}


@plausible("Strategy")
def _strategy(rng: np.random.Generator) -> Made:
    return {"strategy": "watch"}


@plausible("Treatment")
def _treatment(rng: np.random.Generator) -> Made:
    return {"cost": 10.0}


@plausible("Sequences")
def _sequences(rng: np.random.Generator) -> Made:
    return {
        "sequences": "order",
        "of": ("A", "B", "C"),
        "at_least": 1,
        "at_most": 2,
        "only_after": {"B": "A"},
    }


@plausible("Line")
def _line(rng: np.random.Generator) -> Made:
    return {"line": "first", "treatments": ("drug",), "accept": 0.9, "repeats": 2}


@plausible("StopRule")
def _stop_rule(rng: np.random.Generator) -> Made:
    return {"on": "draw", "law": {"family": "weibull", "shape": 1.2, "scale": 6.0}}


@plausible("Toxicity")
def _toxicity(rng: np.random.Generator) -> Made:
    onset = {"family": "exponential", "rate": 0.5}
    return {"name": "neutropenia", "grade": 3, "probability": 0.2, "onset": onset}


@plausible("Effect")
def _effect(rng: np.random.Generator) -> Made:
    return {"transition": "a>b", "hazard_ratio": 0.7, "lasts": {"for": 24.0}}


@plausible("Clause")
def _clause(rng: np.random.Generator) -> Made:
    return {"quantity": "performance_status", "at_most": 2.0}


@plausible("Estimate")
def _estimate(rng: np.random.Generator) -> Made:
    return {
        "estimate_id": "a_e01",
        "study_id": "a",
        "arm_id": "x",
        "endpoint": "overall_survival",
        "measure": "hazard_ratio",
        "value": 0.7,
        "conf_low": 0.5,
        "conf_high": 0.9,
    }


@plausible("Execution")
def _execution(rng: np.random.Generator) -> Made:
    return {"executor": "local", "workers": 1}


@plausible("pool_rmst")
def _pooled_rmst(rng: np.random.Generator) -> Made:
    rows = [
        {"value": 10.0, "conf_low": 8.0, "conf_high": 12.0, "time": 24.0},
        {"value": 12.0, "conf_low": 9.0, "conf_high": 15.0, "time": 24.0},
    ]
    return {"rows": rows, "unit": "months"} | level(rng)


@plausible("effect_sizes")
def _effects(rng: np.random.Generator) -> Made:
    return {
        "records": [
            {"hazard_ratio": 0.7, "conf_low": 0.5, "conf_high": 0.98},
            {"hazard_ratio": 0.8, "p_value": 0.3, "n_event": 90.0},
        ]
    }


@plausible("model_average")
def _averaged(rng: np.random.Generator) -> Made:
    return {"fits": s.compare_families(surv(rng), families=("exponential", "weibull"))} | level(rng)


@plausible("standardised_survival")
def _standardised(rng: np.random.Generator) -> Made:
    data = frame(rng)
    response = s.Surv.right(times(rng), np.ones(24), unit="months")
    fit = s.cox_ph(response, "t + age", data)
    return {"fit": fit, "data": data, "treatment": "t", "times": [6.0], "n_resamples": 10}


@plausible("time_varying_treatment")
def _switch(rng: np.random.Generator) -> Made:
    return {"surv": surv(rng), "start": np.where(rng.random(24) < 0.5, 2.0, np.inf)}


@plausible("clone_censor_weight")
def _clones(rng: np.random.Generator) -> Made:
    made = {
        "surv": surv(rng),
        "start": np.where(rng.random(24) < 0.5, 2.0, np.inf),
        "grace": 4.0,
        "n_resamples": 10,
    }
    if rng.random() < 0.5:
        history = pd.DataFrame(
            {"patient_id": np.tile(np.arange(24), 2), "time": np.repeat([0, 2], 24), "m": rng.normal(size=48)}
        )
        made |= {
            "formula": "m",
            "data": pd.DataFrame({"patient_id": range(24)}),
            "history": history,
            "n_intervals": 2,
        }
    return made


def course(rng: np.random.Generator) -> Any:
    return s.Course(fractions={"c5": int(rng.integers(5, 25))}, dose_per_fraction=2.0)


@plausible("cumulative_eqd2")
def _cumulative(rng: np.random.Generator) -> Made:
    return {"courses": [course(rng)], "alpha_beta": 2.0}


@plausible("cumulative_myelopathy_risk")
def _risks(rng: np.random.Generator) -> Made:
    return {"courses": [course(rng)]}


@plausible("reirradiation_criteria")
def _again(rng: np.random.Generator) -> Made:
    return {"courses": [course(rng), course(rng)], "region": "c5"}


@plausible("sbrt_criterion")
def _sbrt(rng: np.random.Generator) -> Made:
    return {"course": course(rng), "region": "c5"}


@plausible("global_sensitivity")
def _sobol(rng: np.random.Generator) -> Made:
    return {
        "outcome": rng.normal(size=200),
        "parameters": {"x": rng.normal(size=200), "y": rng.normal(size=200)},
    }


@plausible("value_of_information")
def _value(rng: np.random.Generator) -> Made:
    return {
        "mean": rng.normal(size=(2, 200)),
        "mc_covariance": np.zeros((200, 2, 2)),
        "strategies": ("a", "b"),
        "parameters": {"x": rng.normal(size=200)},
        "unit": "months",
    }


def design(rng: np.random.Generator) -> Any:
    law = s.Exponential(rate=0.1, time_unit="months")
    return s.TrialDesign(control=law, treated=law, n=40, accrual_rate=5.0, follow_up=12.0)


@plausible("TrialDesign")
def _design(rng: np.random.Generator) -> Made:
    law = s.Exponential(rate=0.1, time_unit="months")
    return {"control": law, "treated": law, "n": 40, "accrual_rate": 5.0, "follow_up": 12.0}


@plausible("trial_data", "simulate_trials")
def _trial(rng: np.random.Generator) -> Made:
    return {"design": design(rng), "replicates": 20, "seed": 3}


@plausible("assurance")
def _assurance(rng: np.random.Generator) -> Made:
    return {"design": design(rng), "log_hazard_ratios": rng.normal(-0.3, 0.2, 5), "replicates": 20}


@plausible("background_rates")
def _background(rng: np.random.Generator) -> Made:
    law = s.life_table([50, 60, 70], [0.01, 0.02, 0.03])
    return {"surv": surv(rng), "law": law, "age": rng.uniform(50, 70, 24)}


@plausible("perturbed_reconstructions")
def _perturbed(rng: np.random.Generator) -> Made:
    return {"reconstructed": s.reconstruct_ipd(**_reconstruct(rng)), "n": 3, "time_error": 0.2}


@plausible("pseudo_sets")
def _sets(rng: np.random.Generator) -> Made:
    return {"reconstructed": s.reconstruct_ipd(**_reconstruct(rng)), "m": 3, "tolerance": 0.01}


@plausible("pooled")
def _pooled_sets(rng: np.random.Generator) -> Made:
    return {
        "sets": s.pseudo_sets(**_sets(rng)),
        "estimator": "survival",
        "times": [6.0],
    } | level(rng)


@plausible("pseudo_ipd_from_summaries")
def _summaries(rng: np.random.Generator) -> Made:
    return {"median": 12.0, "n": 40, "n_event": 30, "survival_at": [(24.0, 0.3)], "unit": "months", "m": 3}


@plausible("pool_imputations")
def _imputed(rng: np.random.Generator) -> Made:
    response = s.Surv.right(times(rng), np.ones(24), unit="months")
    return {"fits": [s.cox_ph(response, "age", frame(rng)) for _ in range(3)]} | level(rng)


@plausible("corrected_survival")
def _corrected(rng: np.random.Generator) -> Made:
    return {
        "reference": s.Weibull(shape=1.1, scale=9.0, time_unit="months"),
        "t": [3.0, 6.0],
        "selection": s.Selection(),
    }


@plausible("Selection")
def _selection(rng: np.random.Generator) -> Made:
    return {"strength": 1.0, "threshold": 12.0}


@plausible("Recovery")
def _recovery(rng: np.random.Generator) -> Made:
    return {"after": (6.0, 12.0), "share": (0.1, 0.2)}


@plausible("GeneralisedGamma")
def _generalised(rng: np.random.Generator) -> Made:
    return {"mu": 2.0, "sigma": 0.7, "q": 0.5, "time_unit": "months"}


@plausible("LogLogistic")
def _loglogistic(rng: np.random.Generator) -> Made:
    return {"shape": 1.4, "scale": 9.0, "time_unit": "months"}


@plausible("evidence_model")
def _joint(rng: np.random.Generator) -> Made:
    return {
        "terms": [
            s.rate_term(4.0, 90.0, study="one", unit="months"),
            s.median_term(9.0, study="two", unit="months", n=40.0),
        ],
        "study_sd": 0.2,
    }


@plausible("explain")
def _explained(rng: np.random.Generator) -> Made:
    return {"strategy": s.Strategy(strategy="watch"), "time_unit": "months"}


@plausible("Surv.from_frame")
def _from_frame(rng: np.random.Generator) -> Made:
    data = frame(rng).assign(time=times(rng), event=1)
    return {"frame": data, "time": "time", "event": "event", "unit": "months"}


@plausible(
    "read_yaml",
    "read_strategy",
    "read_strategies",
    "read_treatments",
    "read_targets",
    "read_result",
    "load_evidence",
    "check_evidence",
    "results_folder",
    "load_ledger",
)
def _path_of(rng: np.random.Generator) -> Made:
    return {}


@plausible("diff_evidence")
def _diff(rng: np.random.Generator) -> Made:
    return {"old": ".", "new": "."}
