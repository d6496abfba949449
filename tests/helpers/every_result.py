"""One small example, or a few, of every result of the package, made by the function that returns it."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import survsim
from survsim import _public
from survsim.core.result import Result
from tests.helpers import more_results
from tests.helpers.disease_models import full_strategy, tumour_model
from tests.helpers.every_cohort import COHORTS
from tests.helpers.simulated_results import MADE
from tests.helpers.small_figures import draw

RNG = np.random.default_rng(20)
N = 40
FRAME = pd.DataFrame(
    {
        "age": RNG.normal(65.0, 8.0, N),
        "stage": pd.Categorical(RNG.choice(["I", "III"], N)),
        "z": np.tile(["no", "yes"], N // 2),
    }
)
TIME = np.round(RNG.exponential(14.0, N) + 0.3, 1)
EVENT = RNG.random(N) < 0.75
CAUSE = np.where(EVENT, np.where(RNG.random(N) < 0.7, "tumour", "other"), "none")
Y, SE = np.array([-0.5, -0.1, -0.3, 0.2, -0.4]), np.array([0.1, 0.2, 0.15, 0.12, 0.3])
MAKERS: dict[str, Callable[[], Any]] = dict(more_results.MAKERS)


class _Names:
    def __getattr__(self, name: str) -> Any:
        if name not in _public.PUBLIC:
            raise AttributeError(name)
        return _public.load(name)


s: Any = _Names()


def every_class() -> list[type[Result]]:
    """Every result class that the package defines, found by walking its modules."""
    for module in pkgutil.walk_packages(survsim.__path__, "survsim."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found: list[type[Result]] = []
    waiting = [Result]
    while waiting:
        for cls in waiting.pop().__subclasses__():
            # dataclasses with slots make a class twice; the first is a ghost.
            module = importlib.import_module(cls.__module__)
            if cls.__module__.startswith("survsim.") and getattr(module, cls.__name__, None) is cls:
                found.append(cls)
                waiting.append(cls)
    return sorted(set(found), key=lambda c: c.__name__)


@functools.cache
def examples(name: str) -> tuple[Result, ...]:
    """Examples of the result class called `name`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = MAKERS[name]()
    return tuple(made) if isinstance(made, tuple | list) else (made,)


def example(name: str, k: int = 0) -> Any:
    return examples(name)[k]


def maker(function: Callable[[], Any]) -> Callable[[], Any]:
    """The function makes the class it is named after."""
    MAKERS[function.__name__] = function
    return function


def surv() -> Any:
    return s.Surv.right(TIME, EVENT, unit="months", source="patients:test")


def six() -> Any:
    return s.Surv.right([2.0, 3.0, 5.0, 7.0, 8.0, 9.0], [1, 1, 1, 1, 0, 1], unit="months")


def competing() -> Any:
    return s.Surv.competing(TIME, CAUSE, unit="months", censored="none")


# -- non-parametric ---------------------------------------------------------------------------------


@maker
def KaplanMeier() -> Any:
    entered = s.Surv.right(TIME, EVENT, unit="months", entry=TIME * 0.1, weight=np.linspace(0.5, 2, N))
    plain, beta = s.kaplan_meier(surv(), by=FRAME["z"]), s.kaplan_meier(six(), conf_type="beta-product")
    return [plain, beta, s.kaplan_meier(entered), s.kaplan_meier(surv(), conf_type="none")]


MAKERS |= MADE | {
    "NelsonAalen": lambda: s.nelson_aalen(surv(), by=FRAME["z"]),
    "SurvivalQuantiles": lambda: example("KaplanMeier").quantile([0.25, 0.5]),
    "SurvivalAt": lambda: example("KaplanMeier").survival_at([6.0, 12.0]),
    "Rmst": lambda: s.rmst(surv(), tau=12.0),
    "Contrast": lambda: [
        s.rmst_test(surv(), by=FRAME["z"], tau=12.0),
        s.milestone_test(surv(), by=FRAME["z"], time=12.0),
    ],
    "LogrankTest": lambda: s.logrank_test(surv(), FRAME["z"]),
    "PairwiseLogrank": lambda: s.pairwise_logrank(surv(), np.tile(["a", "b", "c", "d"], N // 4)),
    "MaxComboTest": lambda: s.maxcombo_test(surv(), FRAME["z"]),
    "PermutationTest": lambda: s.permutation_logrank_test(surv(), FRAME["z"], n_resamples=99),
    "IntervalCensoredSurvival": lambda: s.interval_censored_survival(
        [1.0, 3.0, 2.0, 6.0], [4.0, 5.0, 6.0, np.inf], unit="months"
    ),
    "ConditionalSurvival": lambda: s.conditional_survival(surv(), given=[3.0], times=[6.0, 9.0]),
    "SimultaneousBand": lambda: s.simultaneous_band(example("KaplanMeier")),
    "Bootstrap": lambda: s.bootstrap(surv(), "median", n_resamples=30),
    "SimulatedTrials": lambda: s.simulated_trials(
        law(), law(0.05), n_control=20, n_treated=20, accrual=6.0, follow_up=12.0, n_trials=20, tau=12.0
    ),
}


def drawn() -> Any:
    """A small figure in a folder of its own, which is there as long as the tests run."""
    return draw(Path(tempfile.mkdtemp(prefix="survsim-figure-")) / "figure.svg")


def law(rate: Any = 0.1) -> Any:
    return s.Exponential(rate=rate, time_unit="months")


# -- Cox --------------------------------------------------------------------------------------------


@maker
def CoxFit() -> Any:
    plain = s.cox_ph(surv(), "bs(age, df=3) + stage", FRAME)
    return [
        plain,
        s.cox_ph(surv(), "age + stage", FRAME, frailty=np.repeat(list("abcdefgh"), N // 8)),
        s.cox_ph(surv(), "age + stage", FRAME, penalty="firth"),
        s.cox_ph(surv(), "age + z", FRAME, penalty="ridge", penalty_strength=2.0),
        s.cox_ph(surv(), None, FRAME[["age"]]),
    ]


MAKERS |= {
    "FittedCox": lambda: example("CoxFit"),
    "BaselineHazard": lambda: example("CoxFit").baseline_hazard(),
    "PredictedSurvival": lambda: example("CoxFit").predict_survival(FRAME.head(2), [6.0, 12.0]),
    "PredictedHazard": lambda: [
        example("CoxFit").predict_cumulative_hazard(FRAME.head(2), [6.0, 12.0]),
        example("CoxFit").predict_hazard(FRAME.head(2)),
        example("ParametricFit").predict_hazard(FRAME.head(2), [6.0, 12.0]),
    ],
    "PredictedQuantiles": lambda: [
        example("CoxFit").predict_quantile([0.25, 0.5], FRAME.head(2)),
        example("ParametricFit").predict_median(FRAME.head(2)),
    ],
    "ProportionalHazardsTest": lambda: example("CoxFit").proportional_hazards_test(),
    "TimeVaryingCoefficient": lambda: example("CoxFit", 4).hazard_ratio_over_time("age"),
    "Concordance": lambda: [
        example("CoxFit").concordance(),
        example("CoxFit").concordance(weighting="uno", tau=20.0),
    ],
    "TimeDependentAuc": lambda: example("CoxFit").time_dependent_auc([6.0, 12.0]),
    "BrierScore": lambda: example("CoxFit").brier_score([6.0, 12.0]),
    "Calibration": lambda: example("CoxFit").calibration(12.0, groups=3),
    "Validation": lambda: example("CoxFit", 4).validate(n_bootstrap=5, seed=1),
    "PenaltyPath": lambda: s.penalty_path(surv(), "age + z", FRAME, folds=3, strengths=[0.5, 2.0]),
    "PooledImputations": lambda: s.pool_imputations([example("CoxFit"), example("CoxFit")]),
}

# -- parametric -------------------------------------------------------------------------------------


@maker
def ParametricFit() -> Any:
    families = ("weibull", "generalised_gamma", "gompertz", "exponential")
    spline = s.royston_parmar(surv(), "stage", FRAME, df=2, time_varying={"stage": 1})
    plain = [s.parametric_survival(surv(), f, formula="age + stage", data=FRAME) for f in families]
    pieces = s.parametric_survival(surv(), "piecewise_exponential", cuts=[6.0, 12.0])
    uncured = s.Surv.right(np.r_[TIME / 5, np.full(30, 60.0)], np.r_[EVENT, np.zeros(30)], unit="months")
    cure = s.mixture_cure(uncured)
    return [*plain, pieces, spline, s.royston_parmar(surv(), df=3), cure]


MAKERS |= {
    "SurvivalPrediction": lambda: example("ParametricFit").predict_survival(FRAME.head(2), [6.0, 12.0]),
    "FamilyComparison": lambda: s.compare_families(surv(), families=("weibull", "exponential")),
    "ModelAverage": lambda: s.model_average(example("FamilyComparison")),
}

# -- competing risks and several states ---------------------------------------------------------------

WAYS = {"well": ["ill", "dead"], "ill": ["dead"]}


@maker
def MultistateData() -> Any:
    names = [f"p{i}" for i in range(N)]
    patients = pd.DataFrame({"patient_id": names, "follow_up": TIME, "age": FRAME["age"]})
    dead = pd.DataFrame({"patient_id": names, "state": "dead", "time": TIME})[EVENT]
    ill = pd.DataFrame({"patient_id": names, "state": "ill", "time": np.round(TIME / 2, 2)})[::2]
    return s.prepare_multistate(
        patients, pd.concat([dead, ill]), start="well", transitions=WAYS, unit="months", covariates=["age"]
    )


MAKERS |= {
    "AalenJohansen": lambda: s.aalen_johansen(competing(), by=FRAME["z"]),
    "IncidenceQuantiles": lambda: example("AalenJohansen").quantile([0.1, 0.25]),
    "GrayTest": lambda: s.gray_test(competing(), FRAME["z"], cause="tumour"),
    "FineGray": lambda: s.fine_gray(competing(), "age + stage", FRAME, cause="tumour"),
    "CauseSpecificCox": lambda: s.cause_specific_cox(competing(), "age", FRAME),
    "PredictedIncidence": lambda: [
        example("FineGray").predict_incidence(FRAME.head(2)),
        example("CauseSpecificCox").predict_incidence(FRAME.head(2)),
    ],
    "MultistateFit": lambda: [
        s.multistate_fit(example("MultistateData"), "age"),
        s.multistate_fit(example("MultistateData"), None, model="weibull"),
    ],
    "MeanTimeInState": lambda: s.mean_time_in_state(example("MultistateData"), 6.0),
    "MultistateOccupancy": lambda: s.multistate_occupancy(example("MultistateData")),
}


# -- causal -----------------------------------------------------------------------------------------

MAKERS |= {
    "TreatmentWeights": lambda: s.treatment_weights(FRAME["z"], "age", FRAME),
    "Balance": lambda: s.balance(example("TreatmentWeights")),
    "IpwKaplanMeier": lambda: s.ipw_kaplan_meier(
        surv(), FRAME["z"], "age", FRAME, times=[6.0], tau=12.0, n_resamples=10
    ),
    "StandardisedSurvival": lambda: s.standardised_survival(
        s.cox_ph(surv(), "age + z", FRAME), FRAME, "z", [6.0], tau=12.0, n_resamples=10
    ),
    "CloneCensorWeight": lambda: s.clone_censor_weight(
        surv(), np.where((FRAME["z"] == "yes") & (TIME > 3), 1.0, np.inf), grace=3.0, n_intervals=2, times=[6.0], tau=12.0,
        n_resamples=5,
    ),
    "CausalContrast": lambda: example("IpwKaplanMeier"),
}  # fmt: skip

# -- printed numbers and their synthesis --------------------------------------------------------------

POINTS = [{"value": v, "conf_low": 0.8 * v, "conf_high": 1.25 * v} for v in (10.0, 12.0, 15.0)]

MAKERS |= {
    "EffectSize": lambda: s.effect_size(hazard_ratio=0.7, conf_low=0.5, conf_high=0.98, label="trial"),
    "EffectSizes": lambda: s.effect_sizes(
        s.load_evidence().select(measure="hazard_ratio").records[:40]
    ),
    "SummaryCheck": lambda: s.check_summary(six(), median=5.0, survival=[(3, 0.7)]),
    "Digitised": lambda: s.digitise(drawn(), unit="months"),
    "ReconstructedIPD": lambda: s.reconstruct_ipd(
        ([0.0, 2.0, 4.0, 6.0, 8.0], [1.0, 0.9, 0.7, 0.55, 0.4]), at_risk=([0.0, 4.0, 8.0], [20, 14, 7]), unit="months",
    ),
    "PseudoIPD": lambda: s.pseudo_sets(example("ReconstructedIPD"), 3, tolerance=0.005),
    "PooledPseudo": lambda: s.pooled(example("PseudoIPD"), "survival", times=4.0),
    "ReconstructedArms": lambda: s.reconstruct_arms({
        "control": ([0.0, 1.0, 3.0, 6.0, 8.0], [1.0, 0.8, 0.6, 0.4, 0.3]),
        "treated": ([0.0, 2.0, 4.0, 6.0, 8.0], [1.0, 0.9, 0.7, 0.55, 0.4]),
    }, n=[20, 20], unit="months"),
    "ReconstructionUncertainty": lambda: example("ReconstructedIPD").uncertainty(4),
    "ReconstructionAudit": lambda: example("ReconstructedIPD").audit(),
    "PairCheck": lambda: s.compare_pair(example("ReconstructedIPD"), s.reconstruct_ipd(
        ([0.0, 1.0, 3.0, 6.0, 8.0], [1.0, 0.8, 0.6, 0.4, 0.3]), at_risk=([0.0, 4.0], [20, 12]), unit="months",
    )),
    "MetaAnalysis": lambda: s.meta_analysis(Y, SE, labels=list("abcde")),
    "MetaAnalyses": lambda: s.meta_analyses([Y, Y], [SE, SE]),
    "CumulativeMetaAnalysis": lambda: s.cumulative_meta_analysis(example("MetaAnalysis"), [3, 1, 2, 5, 4]),
    "MetaInfluence": lambda: s.leave_one_out(example("MetaAnalysis")),
    "SmallStudyTests": lambda: s.small_study_tests(example("MetaAnalysis")),
    "MetaSubgroups": lambda: s.subgroup_test(Y, SE, list("xxyyy")),
    "MetaRegression": lambda: s.meta_regression(Y, SE, "year", data=pd.DataFrame({"year": [1.0, 2, 3, 4, 6]})),
    "NetworkMetaAnalysis": lambda: s.network_meta_analysis(
        ["s1", "s2", "s3", "s4", "s5"], list("BBCCC"), list("AAAAB"), Y, SE
    ),
    "PooledPoints": lambda: s.pool_medians(POINTS, unit="months"),
    "PooledProportion": lambda: s.pool_proportions([0, 3, 5, 1], [12, 30, 25, 18]),
    "PooledTwoArms": lambda: [
        s.pool_two_arms([1, 0, 3, 2], [40, 25, 60, 35], [4, 0, 7, 5], [41, 24, 58, 36], method=method)
        for method in ("binomial-normal", "peto")
    ],
    "PooledSurvivalCurve": lambda: s.pooled_survival_curve(
        ["A", "A", "B", "B"], [12, 24, 12, 24], [0.8, 0.6, 0.7, 0.5], [100, 78, 50, 33], unit="months"
    ),
}  # fmt: skip

# -- borrowing and the joint model --------------------------------------------------------------------


@maker
def EvidenceModel() -> Any:
    terms = [
        s.patients_term(surv(), FRAME[["stage"]], study="own"),
        s.case_term(4.0, {"stage": "I"}, study="c1", unit="months"),
        s.median_term(14, {"stage": "III"}, study="g", unit="months", conf_low=9, conf_high=20),
    ]
    return s.evidence_model(terms, "stage", breaks=[6.0, 12.0], points=5)


MAKERS |= {
    "MapPrior": lambda: s.map_prior(Y, SE, tau_scale=0.5, labels=list("abcde")),
    "BorrowingPrior": lambda: [
        s.power_prior(Y, SE, power=0.5),
        s.robust_map_prior(example("MapPrior"), vague_sd=2.0),
        s.gamma_prior(
            s.mixture_approximation(s.map_prior([-3.0, -2.5], [0.3, 0.3], tau_scale=0.5), family="gamma")
        ),
    ],
    "BorrowedEstimate": lambda: s.borrow(example("MapPrior"), -0.2, 0.3),
    "MixtureApproximation": lambda: [
        s.mixture_approximation(example("MapPrior")),
        s.mixture_approximation(s.map_prior([-3.0, -2.5], [0.3, 0.3], tau_scale=0.5), family="gamma"),
    ],
    "EvidencePrediction": lambda: example("EvidenceModel").predict({"stage": "I"}, draws=50),
    "TippingPoint": lambda: s.tipping_point(law(), 11.0, threshold=6.0),
}

# -- evidence and scenarios -----------------------------------------------------------------------------


@maker
def EvidenceFlow() -> Any:
    return (
        s.load_evidence()
        .select(endpoint="overall_survival", measure="median", site="ovary_tube", allow_mixed="any")
        .flow()
    )


@maker
def RiskOfBias() -> Any:
    return s.load_evidence().risk_of_bias(["homesley_2007_gog0161_e07", "wolfson_2007_gog0150_e04"])


@maker
def Certainty() -> Any:
    found = s.load_evidence().select(
        study="homesley_2007_gog0161", measure="hazard_ratio", endpoint="overall_survival"
    )
    effects = s.effect_sizes(found.records)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pooled = s.meta_analysis(
            effects.log_hazard_ratio, effects.std_error, method="fixed", conf_method="wald"
        )
    return s.certainty(found, pooled, s.load_evidence().risk_of_bias(found.frame["estimate_id"]))


@maker
def EvidenceTerms() -> Any:
    found = s.load_evidence().select(
        endpoint="overall_survival", measure="median", site="ovary_tube", allow_mixed="any"
    )
    return s.summary_terms(found)


@maker
def CaseInContext() -> Any:
    course = pd.DataFrame({"lane": ["drug"], "start": [0.0], "stop": [4.0], "label": ["x"]})
    assert len(course)
    return s.case_in_context(10, {"law": law(np.array([0.05, 0.1]))}, unit="months")


@maker
def EvidenceCalibration() -> Any:
    return s.calibrate(
        s.CourseModel(
            states=("alive", "dead"),
            start="alive",
            unit="months",
            transitions=(s.TransitionHazard(source="alive", target="dead", rate="rate"),),
        ),
        [s.Cohort(name="all")],
        {"rate": s.Prior(law=s.LogNormalLaw(0.1, 0.01, 1.0), reason="a wide guess for a test")},
        [
            s.PublishedTarget(
                label=label, study=label, cohort="all", statistic="median", estimate=estimate, std_error=0.1,
                endpoint=s.Endpoint(kind="event_free", states=("alive",)), use=use,
            )
            for label, estimate, use in (("one", 2.3, "fit"), ("two", 2.4, "hold_out"))
        ],
        size=300,
        seed=1,
    )  # fmt: skip


@maker
def Parameters() -> Any:
    from survsim.scenario.spec import Scenario

    scenario = Scenario.from_yaml(survsim_root() / "analyses" / "07_scenario_gallery" / "first_line.yml")
    return s.scenario_parameters(scenario, draws=50, seed=1)


def survsim_root() -> Any:
    from pathlib import Path

    return Path(__file__).resolve().parents[2]


@maker
def StructuralSensitivity() -> Any:
    from survsim.scenario.spec import Scenario

    scenario = Scenario.from_yaml(
        survsim_root()
        / "tests"
        / "helpers"
        / "case_study"
        / "analyses"
        / "03_case_strategies"
        / "scenario.yml"
    )
    return s.structural_sensitivity(scenario, alternatives=[], patients=50, draws=5, seed=1)


@maker
def TurningPoints() -> Any:
    from survsim.scenario.spec import Scenario

    scenario = Scenario.from_yaml(survsim_root() / "analyses" / "07_scenario_gallery" / "first_line.yml")
    return s.turning_points(scenario, {"progression_median": [2.0, 4.0, 8.0]}, patients=50, draws=5, seed=1)


@maker
def SimulationResult() -> Any:
    hr = np.random.default_rng(3).lognormal(-0.5, 0.4, 60)
    treatments = full_strategy().model_dump(by_alias=True)["treatments"]
    treatments["radiotherapy"]["effects"][0]["hazard_ratio"] = "hr"
    strategies = (s.Strategy(strategy="none", label="no treatment"), full_strategy(treatments=treatments))
    model = tumour_model(strategies, parameters={"hr": hr})
    return s.simulate_model(model, patients=100, seed=8, taus=(12.0,), times=(12.0,), grid_step=1.0)


@maker
def TargetCheck() -> Any:
    from tests.unit.scenario.test_targets import RECORDS, simulation, target

    return s.check_targets(
        simulation(np.array([4.0, 6.0, 9.0])), [target("a", "calibrate"), target("b", "hold_out")],
        RECORDS.__getitem__,
    )  # fmt: skip


@maker
def TrialOperatingCharacteristics() -> Any:
    design = s.TrialDesign(control=law(), treated=law(0.06), n=60, accrual_rate=8.0, follow_up=12.0)
    return s.simulate_trials(design, replicates=50, seed=3)


def _means() -> Any:
    return example("SimulationResult").decision(12.0)


HR = np.random.default_rng(3).lognormal(-0.5, 0.4, 60)

MAKERS |= COHORTS | {
    "EvidenceMap": lambda: s.load_evidence().select(site="ovary_tube").map(),
    "SimulatedMeans": lambda: example("SimulationResult").rmst(12.0),
    "SimulatedSurvival": lambda: example("SimulationResult").survival(),
    "StateOccupancy": lambda: example("SimulationResult").state_occupancy(),
    "DeathsByCause": lambda: s.deaths_by_cause(example("SimulationResult"), [6.0, 12.0]),
    "StrategyComparison": lambda: example("SimulationResult").compare("none"),
    "Decision": _means,
    "CalibrationChecks": lambda: example("EvidenceCalibration").checks,
    "ValueOfInformation": lambda: s.value_of_information(
        _means().by_draw, _means().mc_covariance, _means().strategies, {"hr": HR}, unit="months"
    ),
    "Tornado": lambda: s.tornado(
        _means().by_draw, _means().strategies, {"hr": HR}, strategy="full", reference="none", unit="months"
    ),
    "GlobalSensitivity": lambda: s.global_sensitivity(_means().by_draw[1], {"hr": HR}),
    "Threshold": lambda: s.threshold(_means().by_draw, _means().strategies, "hr", HR),
}
