"""What a user would give: courses and targets of a calibration, several states, laws made of laws, populations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.helpers.every_result import example
from tests.helpers.fuzz_estimates import Made, frame, level, plausible, s, times
from tests.helpers.fuzz_models import design

WIDE = "a wide guess for a test"


def law(rate: float = 0.1) -> Any:
    return s.Exponential(rate=rate, time_unit="months")


# -- calibration ------------------------------------------------------------------------------------


def alive() -> Any:
    return s.Endpoint(kind="event_free", states=("alive",))


def course() -> Any:
    way = s.TransitionHazard(source="alive", target="dead", rate="rate")
    return s.CourseModel(states=("alive", "dead"), start="alive", unit="months", transitions=(way,))


def published(**changes: Any) -> Any:
    given = {
        "label": "series", "study": "series", "cohort": "all", "endpoint": alive(), "statistic": "median",
        "estimate": 2.3, "std_error": 0.1,
    }  # fmt: skip
    return s.PublishedTarget(**given | changes)


@plausible("calibrate")
def _calibrate(rng: np.random.Generator) -> Made:
    return {
        "model": course(),
        "cohorts": [s.Cohort(name="all")],
        "priors": {"rate": s.Prior(law=s.LogNormalLaw(0.1, 0.01, 1.0), reason=WIDE)},
        "targets": [published(estimate=float(rng.uniform(2, 3)))],
        "size": 200,
    }


@plausible("endpoint_median")
def _endpoint_median(rng: np.random.Generator) -> Made:
    return {
        "model": course(),
        "cohort": s.Cohort(name="all"),
        "endpoint": alive(),
        "values": {"rate": 0.1},
        "horizon": 60.0,
    }


@plausible("endpoint_probability")
def _endpoint_probability(rng: np.random.Generator) -> Made:
    return {
        "model": course(),
        "cohort": s.Cohort(name="all"),
        "endpoint": alive(),
        "times": [3.0, 6.0],
        "values": {"rate": 0.1},
    }


@plausible("CourseModel")
def _course_model(rng: np.random.Generator) -> Made:
    way = s.TransitionHazard(source="alive", target="dead", rate=0.1)
    return {
        "states": ("alive", "dead"),
        "start": "alive",
        "unit": "months",
        "transitions": (way,),
        "frailty_variance": 0.2,
    }


@plausible("TransitionHazard")
def _hazard(rng: np.random.Generator) -> Made:
    return {"source": "alive", "target": "dead", "breaks": (3.0, 6.0), "rates": (0.1, 0.2, 0.1)}


@plausible("TreatmentEffect")
def _treated(rng: np.random.Generator) -> Made:
    return {"transition": "alive>dead", "hazard_ratio": 0.7, "start": 1.0, "stop": 12.0}


@plausible("Cohort")
def _cohort(rng: np.random.Generator) -> Made:
    effect = s.TreatmentEffect(transition="alive>dead", hazard_ratio=0.7)
    return {"name": "all", "groups": ((0.4, (effect,)), (0.6, ())), "start": "alive"}


@plausible("Cohort.treated")
def _cohort_treated(rng: np.random.Generator) -> Made:
    effect = s.TreatmentEffect(transition="alive>dead", hazard_ratio=0.7)
    return {"name": "all", "given": {"drug": (0.4, (effect,))}}


@plausible("Endpoint")
def _endpoint(rng: np.random.Generator) -> Made:
    return {"kind": "share", "states": ("alive",), "event": ("dead",)}


@plausible("Prior")
def _prior_of(rng: np.random.Generator) -> Made:
    return {"law": s.UniformLaw(0.0, 1.0), "reason": WIDE, "meaning": "a rate", "unit": "per month"}


@plausible("NormalLaw")
def _normal(rng: np.random.Generator) -> Made:
    return {"mean": 0.0, "sd": 1.0}


@plausible("LogNormalLaw")
def _log_normal(rng: np.random.Generator) -> Made:
    return {"median": 6.0, "low": 2.0, "high": 18.0}


@plausible("UniformLaw")
def _uniform(rng: np.random.Generator) -> Made:
    return {"low": 0.0, "high": 1.0}


@plausible("HalfNormalLaw")
def _half(rng: np.random.Generator) -> Made:
    return {"scale": 0.5}


@plausible("FixedLaw")
def _fixed(rng: np.random.Generator) -> Made:
    return {"value": 0.5}


@plausible("DrawnLaw")
def _drawn(rng: np.random.Generator) -> Made:
    return {"draws": rng.lognormal(size=120)}


@plausible("Transport")
def _moved(rng: np.random.Generator) -> Made:
    return {"sd": 0.2, "group": "surrogates", "reason": "another site"}


@plausible("Bias")
def _bias(rng: np.random.Generator) -> Made:
    return {"mean": -0.1, "sd": 0.2, "ground": "no randomisation", "shared": "confounded"}


@plausible("PublishedTarget")
def _published(rng: np.random.Generator) -> Made:
    return {
        "label": "a", "study": "a", "cohort": "all", "endpoint": alive(), "statistic": "probability", "estimate": 0.6,
        "std_error": 0.1, "time": 12.0,
    }  # fmt: skip


@plausible("ContrastTarget")
def _contrast(rng: np.random.Generator) -> Made:
    return {"label": "a", "parameter": "hr", "estimate": -0.3, "std_error": 0.1, "between_sd": 0.1}


@plausible("CaseTarget")
def _case_target(rng: np.random.Generator) -> Made:
    return {"label": "a", "cohort": "all", "endpoint": alive(), "time": 6.0, "status": "event"}


@plausible("PredictionTarget")
def _prediction(rng: np.random.Generator) -> Made:
    return {
        "label": "a", "cohort": "all", "endpoint": alive(), "times": np.array([6.0, 12.0]),
        "estimate": np.array([-0.5, 0.2]), "covariance": np.eye(2) * 0.02,
    }  # fmt: skip


# -- several states -----------------------------------------------------------------------------------


@plausible("prepare_multistate")
def _stays(rng: np.random.Generator) -> Made:
    n = 12
    names = [f"p{k}" for k in range(n)]
    end = times(rng, n)
    ill = pd.DataFrame({"patient_id": names, "state": "ill", "time": np.round(end / 2, 3)})[::2]
    dead = pd.DataFrame({"patient_id": names, "state": "dead", "time": end})[rng.random(n) < 0.7]
    return {
        "patients": pd.DataFrame({"follow_up": end, "patient_id": names, "age": rng.normal(size=n)}),
        "events": pd.concat([ill, dead]),
        "start": "well",
        "transitions": {"well": ["ill", "dead"], "ill": ["dead"]},
        "unit": "months",
    }


@plausible("multistate_fit")
def _several(rng: np.random.Generator) -> Made:
    kind = str(rng.choice(["cox", "weibull", "exponential"]))
    return {"data": s.prepare_multistate(**_stays(rng)), "formula": None, "model": kind, "clock": "reset"}


@plausible("multistate_occupancy")
def _occupied(rng: np.random.Generator) -> Made:
    return {"data": s.prepare_multistate(**_stays(rng)), "variance": "jackknife"} | level(rng)


@plausible("balance")
def _balanced(rng: np.random.Generator) -> Made:
    return {"weights": s.treatment_weights(rng.integers(0, 2, 24), "age", frame(rng))}


# -- laws made of laws, and what follows from data ------------------------------------------------------


@plausible("Accelerated")
def _slowed(rng: np.random.Generator) -> Made:
    return {"base": law(), "acceleration_factor": 1.5}


@plausible("ProportionalHazards")
def _scaled(rng: np.random.Generator) -> Made:
    return {"base": law(), "hazard_ratio": 0.7}


@plausible("ResidualLife")
def _rest(rng: np.random.Generator) -> Made:
    return {"base": s.Weibull(shape=1.2, scale=9.0, time_unit="months"), "elapsed": 3.0}


@plausible("InUnit")
def _in_unit(rng: np.random.Generator) -> Made:
    return {"base": law(), "time_unit": "years"}


@plausible("Mixture")
def _mixed(rng: np.random.Generator) -> Made:
    return {"weights": [0.3, 0.7], "components": (law(), law(0.2))}


@plausible("MixtureCure")
def _cured(rng: np.random.Generator) -> Made:
    return {"cure_fraction": 0.2, "latency": law()}


@plausible("TimeVaryingEffect")
def _varying(rng: np.random.Generator) -> Made:
    return {"base": law(), "breaks": (3.0, 6.0), "hazard_ratios": (1.0, 0.6, 0.8)}


@plausible("WithBackground")
def _with_background(rng: np.random.Generator) -> Made:
    return {"base": law(), "background": law(0.01)}


@plausible("RoystonParmar")
def _spline_law(rng: np.random.Generator) -> Made:
    return {"knots": [0.0, 1.0, 3.0], "coefficients": [-3.0, 1.0, 0.05], "time_unit": "months"}


@plausible("all_cause")
def _all_cause(rng: np.random.Generator) -> Made:
    return {"distribution": law(), "law": s.life_table([50, 60, 70], [0.01, 0.02, 0.03]), "age": 62.0}


@plausible("gamma_prior")
def _gamma(rng: np.random.Generator) -> Made:
    prior = s.map_prior([-3.0, -2.5], [0.3, 0.3], tau_scale=0.5)
    return {"approximation": s.mixture_approximation(prior, family="gamma")}


@plausible("without_study")
def _without(rng: np.random.Generator) -> Made:
    return {"model": example("EvidenceModel"), "study": str(rng.choice(["c1", "g"]))}


@plausible("simulated_trials")
def _trials_of_old(rng: np.random.Generator) -> Made:
    return {
        "control": law(), "treated": law(0.05), "n_control": 8, "n_treated": 8, "accrual": 6.0, "follow_up": 12.0,
        "n_trials": 10,
    }  # fmt: skip


@plausible("TrialData")
def _rows_of_trials(rng: np.random.Generator) -> Made:
    made = s.trial_data(design(rng), replicates=2, seed=3)
    return {name: getattr(made, name) for name in ("arrival", "arm", "time", "dropout")}


# -- declared populations and patients ------------------------------------------------------------------


@plausible("Covariate")
def _covariate(rng: np.random.Generator) -> Made:
    return {"name": "age", "distribution": "normal", "mean": 60.0, "sd": 8.0}


@plausible("Population")
def _population(rng: np.random.Generator) -> Made:
    return {"covariates": (s.Covariate(**_covariate(rng)),), "performance_status": (0.3, 0.4, 0.3, 0.0, 0.0)}


@plausible("PastTreatment")
def _given(rng: np.random.Generator) -> Made:
    return {"treatment": "drug", "start": 1.0, "end": 4.0, "status": "completed"}


@plausible("History")
def _history(rng: np.random.Generator) -> Made:
    return {"now": 6.0, "given": (s.PastTreatment(**_given(rng)),)}


@plausible("CordSettings")
def _cord_settings(rng: np.random.Generator) -> Made:
    return {"alpha_beta": 2.0, "recovery_after": (6.0, 12.0), "recovery_share": (0.1, 0.3)}


@plausible("MyelopathySettings")
def _myelopathy(rng: np.random.Generator) -> Made:
    onset = {"family": "lognormal", "meanlog": 2.5, "sdlog": 0.4}
    return {"onset": onset, "assumption": WIDE}


@plausible("Numbers")
def _numbers(rng: np.random.Generator) -> Made:
    return {"values": {"rate": 0.1}}


@plausible("Target")
def _target(rng: np.random.Generator) -> Made:
    return {"row": "a_e01", "strategy": "watch", "outcome": "median", "states": ("a",), "use": "calibrate"}


@plausible("cord_criteria")
def _cord(rng: np.random.Generator) -> Made:
    from tests.unit.simulation.outcomes.test_cord_reports import model

    return {"model": model(), "strategy": "s", "interval": 3.6}


@plausible("cord_doses")
def _cord_doses(rng: np.random.Generator) -> Made:
    from tests.unit.simulation.outcomes.test_cord_reports import model

    return {"simulated": s.simulate_model(model(), patients=20, seed=5)}


@plausible("deaths_by_cause")
def _deaths(rng: np.random.Generator) -> Made:
    return {"simulated": example("SimulationResult"), "times": [6.0, 12.0]}


@plausible("meta_analyses")
def _many_metas(rng: np.random.Generator) -> Made:
    return {"estimate": rng.normal(size=(4, 5)), "std_error": rng.uniform(0.1, 0.5, (4, 5))} | level(rng)
