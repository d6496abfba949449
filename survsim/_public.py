"""The public names: the wing each is found in, the module it lives in, and which of them stand on top.

A wing `survsim.<wing>` shows the names of its table, and `survsim` itself those of `TOP`, what is typed weekly. A new
name goes into its wing's table here, beside its module, and needs nothing else; tests import every one of them.
Nothing is loaded before it is used.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from typing import Any

from survsim._names_elsewhere import answer
from survsim.core.door import at_the_door
from survsim.core.renamed import warn_renamed

_TABLES = {
    "nonparametric": """
        core.surv                                    Surv
        core.steps                                   Steps
        estimate.nonparametric.interval_censored     interval_censored_survival IntervalCensoredSurvival
        estimate.nonparametric.pairwise_logrank      pairwise_logrank PairwiseLogrank
        estimate.nonparametric.maxcombo              maxcombo_test MaxComboTest
        estimate.nonparametric.event_rates           event_rates EventRates
        estimate.nonparametric.permutation           permutation_logrank_test PermutationTest
        estimate.nonparametric.rmst_contrast         rmst_test
        estimate.nonparametric.milestone             milestone_test
        estimate.nonparametric.contrast              Contrast
        estimate.nonparametric.landmark              landmark Landmark
        estimate.nonparametric.conditional_survival  conditional_survival ConditionalSurvival
        estimate.nonparametric.nelson_aalen          nelson_aalen NelsonAalen
        estimate.nonparametric.net_survival          net_survival NetSurvival
        estimate.nonparametric.follow_up             reverse_kaplan_meier
        estimate.nonparametric.rmst                  rmst Rmst
        estimate.nonparametric.simultaneous_bands    simultaneous_band SimultaneousBand
        estimate.nonparametric.sufficient_follow_up  sufficient_follow_up SufficientFollowUp
        estimate.nonparametric.survival_at           SurvivalAt
        estimate.nonparametric.kaplan_meier          kaplan_meier KaplanMeier
        estimate.nonparametric.logrank               logrank_test LogrankTest
        estimate.nonparametric.quantiles             SurvivalQuantiles
    """,
    "cox": """
        estimate.cox.regression    cox_ph
        estimate.cox.result        CoxFit
        estimate.cox.batch         cox_resamples cox_trials CoxBatch
        estimate.cox.concordance   concordance Concordance
        estimate.cox.auc_over_time     time_dependent_auc TimeDependentAuc
        estimate.cox.prediction_error  brier_score BrierScore
        estimate.cox.imputation    pool_imputations PooledImputations
        estimate.cox.penalty_path  penalty_path PenaltyPath
        estimate.cox.baseline      BaselineHazard
        estimate.cox.prediction    PredictedSurvival
        estimate.cox.predicted_hazard     PredictedHazard
        estimate.cox.predicted_quantiles  PredictedQuantiles
        estimate.cox.diagnostics   ProportionalHazardsTest
        estimate.cox.over_time     TimeVaryingCoefficient
        estimate.cox.validation    Calibration Validation
        estimate.cox.frailty       Frailty
        estimate.cox.likelihood_ratio  likelihood_ratio_test LikelihoodRatioTest
    """,
    "parametric": """
        estimate.parametric.regression            parametric_survival
        estimate.parametric.interval_censored_fit  interval_censored_parametric
        estimate.parametric.royston_parmar        royston_parmar
        estimate.parametric.mixture_cure          mixture_cure
        estimate.parametric.model_averaging       compare_families model_average FamilyComparison ModelAverage
        estimate.parametric.background_mortality  life_table background_rates all_cause
        estimate.parametric.fit                   ParametricFit
        estimate.parametric.prediction            SurvivalPrediction
    """,
    "competing": """
        estimate.competing.aalen_johansen        aalen_johansen AalenJohansen
        estimate.competing.incidence_quantiles   IncidenceQuantiles
        estimate.competing.gray                  gray_test GrayTest
        estimate.competing.fine_gray             fine_gray FineGray
        estimate.competing.fine_gray_prediction  PredictedIncidence
        estimate.competing.cause_specific        cause_specific_cox CauseSpecificCox
        estimate.competing.multistate_data       prepare_multistate MultistateData
        estimate.competing.mean_time_in_state    mean_time_in_state MeanTimeInState
        estimate.competing.multistate_occupancy  multistate_occupancy MultistateOccupancy
        estimate.competing.multistate            multistate_fit MultistateFit TransitionLaw
        estimate.competing.panel_multistate      panel_multistate PanelMultistate
    """,
    "causal": """
        estimate.causal.treatment_weights       treatment_weights TreatmentWeights
        estimate.causal.balance                 balance Balance
        estimate.causal.contrast                CausalContrast
        estimate.causal.confounder_tipping      confounder_tipping ConfounderTipping
        estimate.causal.e_value                 e_value EValues
        estimate.causal.marginal_structural     marginal_structural_cox MarginalStructuralCox
        estimate.causal.ipw                     ipw_kaplan_meier IpwKaplanMeier ipw_cox
        estimate.causal.standardisation         standardised_survival StandardisedSurvival
        estimate.causal.clone_censor_weight     clone_censor_weight CloneCensorWeight
        estimate.causal.time_varying_treatment  time_varying_treatment
    """,
    "resampling": """
        estimate.resampling.bootstrap  bootstrap Bootstrap
    """,
    "printed": """
        estimate.printed.effect_sizes   effect_size effect_sizes EffectSize EffectSizes
        estimate.printed.number         PrintedNumber
        estimate.printed.refusal        Refusal
        estimate.printed.road           printed_number
        estimate.printed.summary_check  check_summary SummaryCheck
    """,
    "reconstruction": """
        estimate.reconstruction.reconstructed_ipd  reconstruct_ipd
        estimate.reconstruction.arms               reconstruct_arms ReconstructedArms
        estimate.reconstruction.perturbation       perturbed_reconstructions
        estimate.reconstruction.pair               compare_pair PairCheck
        estimate.reconstruction.result             ReconstructedIPD ReconstructionAudit
        estimate.reconstruction.open_range         ReconstructionUncertainty
        estimate.reconstruction.pseudo_sets        pseudo_sets
        estimate.reconstruction.pseudo_ipd         PseudoIPD
        estimate.reconstruction.from_summaries     pseudo_ipd_from_summaries
        estimate.reconstruction.pooled             pooled PooledPseudo
    """,
    "synthesis": """
        estimate.synthesis.meta_analysis       meta_analysis
        estimate.synthesis.pooling             MetaAnalysis
        estimate.synthesis.effect_from_curves  effect_size_from_curves
        estimate.synthesis.network             network_meta_analysis NetworkMetaAnalysis compare_single_arms
        estimate.synthesis.pooled_points       pool_survival_points pool_medians pool_rmst PooledPoints
        estimate.synthesis.pooled_proportions  pool_proportions PooledProportion
        estimate.synthesis.pooled_two_arms     pool_two_arms PooledTwoArms
        estimate.synthesis.pooled_curves       pooled_survival_curve PooledSurvivalCurve
        estimate.synthesis.meta_regression     meta_regression MetaRegression
        estimate.synthesis.many_meta           meta_analyses MetaAnalyses
        estimate.synthesis.meta_influence      leave_one_out MetaInfluence
        estimate.synthesis.meta_cumulative     cumulative_meta_analysis CumulativeMetaAnalysis
        estimate.synthesis.small_study         small_study_tests SmallStudyTests
        estimate.synthesis.meta_subgroups      subgroup_test MetaSubgroups
    """,
    "borrowing": """
        estimate.borrowing.map_prior              map_prior MapPrior BorrowingPrior
        estimate.borrowing.map_rate_prior         map_rate_prior
        estimate.borrowing.borrow                 robust_map_prior transport effective_sample_size borrow
        estimate.borrowing.borrow                 BorrowedEstimate gamma_prior
        estimate.borrowing.power_prior            power_prior power_prior_rate
        estimate.borrowing.commensurate           commensurate_prior
        estimate.borrowing.mixture_approximation  mixture_approximation MixtureApproximation
    """,
    "calibration": """
        estimate.calibration.course     CourseModel TransitionHazard TreatmentEffect Cohort Endpoint
        estimate.calibration.endpoints  endpoint_probability endpoint_median
        estimate.calibration.priors     Prior NormalLaw LogNormalLaw UniformLaw HalfNormalLaw FixedLaw DrawnLaw
        estimate.calibration.targets    PublishedTarget ContrastTarget CaseTarget PredictionTarget Transport Bias
        estimate.calibration.calibrate   calibrate
        estimate.calibration.calibrated  EvidenceCalibration
        estimate.calibration.predictive  CalibrationChecks
    """,
    "joint_model": """
        estimate.joint_model.evidence_term   EvidenceTerm
        estimate.joint_model.terms           patients_term CASE_STATUS case_term survival_term
        estimate.joint_model.terms           median_term hazard_ratio_term rate_term
        estimate.joint_model.model           evidence_model without_study EvidenceModel
        estimate.joint_model.prediction      EvidencePrediction
        estimate.joint_model.selection_bias  Selection corrected_survival tipping_point TippingPoint
    """,
    "evidence": """
        evidence.schema.faults  Fault
        evidence.ask.store            load_evidence EvidenceStore
        evidence.ask.selection        EvidenceSelection
        core.estimate_record          Estimate
        evidence.ask.evidence_map     EvidenceMap
        evidence.ask.flow             EvidenceFlow
        evidence.ask.protocol         read_protocol Protocol
        evidence.ask.bias             RiskOfBias
        evidence.ask.references       References
        evidence.raw.check            check_evidence CheckReport
        evidence.raw.curate           curate Curation
        interop.evidence_export       export_evidence EvidenceExport
        evidence.bring_in.diff        diff_evidence EvidenceDiff
        evidence.bring_in.extraction  compare_extractions ExtractionComparison
        evidence.ask.histories        patient_histories PatientHistories
    """,
    "digitising": """
        digitising.reading     digitise
        digitising.digitised   Digitised
        digitising.correcting  correct Corrector
    """,
    "simulation": """
        simulation.outcomes.curves  SimulatedSurvival StateOccupancy
        simulation.declared.model                 Model Numbers
        simulation.declared.states                State Transition
        simulation.declared.population            Population Covariate
        simulation.declared.strategy              Strategy read_strategy read_strategies read_treatments
        simulation.declared.strategy              Treatment Line StopRule Toxicity
        simulation.declared.effect                Effect
        simulation.declared.clause                Clause
        simulation.declared.sequences             Sequences
        simulation.declared.explain               explain
        simulation.declared.history               History PastTreatment
        simulation.running.patient_output         read_patients
        simulation.running.run                    simulate_model
        core.execution                            Execution
        simulation.outcomes.result                SimulationResult SimulatedMeans
        simulation.outcomes.value_of_information  value_of_information evsi ValueOfInformation
        simulation.outcomes.sensitivity           tornado threshold global_sensitivity variance_by_layer Threshold GlobalSensitivity
        simulation.outcomes.sensitivity           Tornado
        simulation.outcomes.decision              Decision
        simulation.outcomes.end_errors            interval_errors
        simulation.outcomes.cost_effectiveness    CostEffectiveness
        simulation.outcomes.threshold_curves      ThresholdCurves
        simulation.declared.values                Values Outcome Discount
        simulation.outcomes.deaths                deaths_by_cause DeathsByCause
        simulation.outcomes.compare               StrategyComparison
        simulation.cohort.result                  CohortResult
        simulation.cohort.partitioned             partitioned_survival
        simulation.cohort.cycles                  cycle_cohort
        simulation.cohort.cycle_patients          cycle_patients
        simulation.cohort.rates                   rates_from_cycles CycleRates
    """,
    "radiotherapy": """
        simulation.cord_biology.reirradiation  reirradiation_criteria sbrt_criterion Criterion
        simulation.cord_biology.dose_volume    dose_volume_histogram DoseVolumeHistogram geud
        simulation.cord_biology.myelopathy     CordSettings MyelopathySettings myelopathy_risk
        simulation.cord_biology.myelopathy     cumulative_myelopathy_risk
        simulation.cord_biology.radiobiology   eqd2 bed Course Recovery cumulative_eqd2
        simulation.outcomes.cord_doses         cord_doses CordDoses
        simulation.outcomes.cord_criteria      cord_criteria CordCriteria
    """,
    "trials": """
        estimate.resampling.trial_analysis    analyse_trials SimulatedTrials
        scenario.trials_of_0_1                simulated_trials
        simulation.trials.trial_data          TrialDesign trial_data TrialData
        scenario.trial_design                 simulate_trials assurance TrialOperatingCharacteristics
        estimate.resampling.group_sequential  group_sequential_boundaries
        scenario.sequential_trials             simulate_sequential_trials SequentialTrials
        estimate.resampling.sequential_design  group_sequential_design GroupSequentialDesign
    """,
    "scenario": """
        scenario.spec                Scenario
        scenario.run                 simulate scenario_parameters
        scenario.structural          structural_sensitivity StructuralSensitivity
        scenario.one_way             one_way_runs
        scenario.turning             turning_points TurningPoints
        scenario.parameterise        Parameters
        scenario.bias_of_judgements  judged_bias
        scenario.pooled_certainty    certainty Certainty
        scenario.evidence_terms      EvidenceTerms summary_terms case_terms
        scenario.evidence_curves     reconstructed reconstructed_sets reconstructed_effects reconstructed_terms
        scenario.patient_in_context  case_in_context CaseInContext
        scenario.targets             Target check_targets TargetCheck
        scenario.target_file         read_targets
        scenario.file_schemas        file_schema
        scenario.exploring           Explorer Redrawn
        scenario.calibration_plan    read_calibration CalibrationPlan dated_cases
    """,
    "distributions": """
        core.distributions.modifiers          Accelerated ProportionalHazards ResidualLife
        core.distributions.exponential        Exponential
        core.distributions.generalised_gamma  GeneralisedGamma
        core.distributions.gompertz           Gompertz
        core.distributions.protocol           InUnit HazardDistribution SurvivalDistribution
        core.distributions.log_logistic       LogLogistic
        core.distributions.log_normal         LogNormal
        core.distributions.mixture            Mixture
        core.distributions.mixture_cure       MixtureCure
        core.distributions.piecewise          PiecewiseExponential TimeVaryingEffect
        core.distributions.royston_parmar     RoystonParmar
        core.distributions.weibull            Weibull
        core.distributions.with_background    WithBackground
    """,
    "figures": """
        figures.swimlanes    swimmer
        figures.schoenfeld   schoenfeld_plot
        figures.power        power_curves
        figures.predictions  prediction_curves
        figures.state_graph  state_diagram
        figures.shares       share_dots
        figures.faceting     facets
        figures.saving       save_figure
        figures.exploring    explore ExplorerPanel
        figures.additions    add_risk_table add_p_value add_hazard_ratio add_medians add_landmarks
        figures.additions    add_censor_marks add_group_labels
    """,
    "report": """
        core.ledger             Ledger
        core.provenance         Provenance
        core.yaml_files         read_yaml
        report.sentences        prose Prose
        report.references       cited Citations
        report.methods_section  methods_text
        report.unpooled         not_pooled
        report.question_file    read_question
        report.protocol_counts  count_protocol
        report.tables           table Table
        report.patient_table    table_one
        report.regression_table  table_regression
        report.result_tables    table_survival table_parameters table_comparison table_studies
        report.panel_page       explorer_page
        report.study            results_folder
        report.runner           load_ledger
        report.results          load_results
        core.stored             write_result read_result
    """,
    "errors": """
        core.errors  SurvsimError InputError EvidenceError ScenarioError ConvergenceError ConvergenceWarning
        core.errors  ExtrapolationWarning EvidenceWarning SmallSampleWarning
    """,
}
"""A line for a module of `survsim`: its place, and what the wing shows of it."""

WINGS: dict[str, dict[str, str]] = {
    wing: {
        name: f"survsim.{place}"
        for place, *names in (line.split() for line in table.strip().splitlines())
        for name in names
    }
    for wing, table in _TABLES.items()
}
"""Wing, name, module."""

PUBLIC: dict[str, str] = {name: module for names in WINGS.values() for name, module in names.items()}

_TOP = """
    Surv kaplan_meier nelson_aalen logrank_test pairwise_logrank maxcombo_test rmst rmst_test
    milestone_test reverse_kaplan_meier landmark conditional_survival interval_censored_survival
    cox_ph concordance pool_imputations
    parametric_survival royston_parmar mixture_cure compare_families model_average
    aalen_johansen gray_test fine_gray cause_specific_cox
    treatment_weights balance ipw_kaplan_meier ipw_cox standardised_survival clone_censor_weight
    bootstrap
    effect_size effect_sizes check_summary
    digitise reconstruct_ipd
    meta_analysis meta_regression subgroup_test leave_one_out small_study_tests network_meta_analysis
    pooled_survival_curve pool_medians
    map_prior robust_map_prior power_prior borrow
    evidence_model
    load_evidence check_evidence
    value_of_information
    TrialDesign simulate_trials assurance
    case_in_context Scenario simulate Execution check_targets explore
    save_figure read_result write_result Ledger Provenance
"""
TOP: tuple[str, ...] = tuple(_TOP.split())
"""Names of the package itself; each is in its wing too."""

_MOVED = """
    AalenJohansen Accelerated all_cause analyse_trials background_rates Balance BaselineHazard bed
    Bootstrap BorrowedEstimate BorrowingPrior Calibration CASE_STATUS case_term case_terms CaseInContext
    CausalContrast CauseSpecificCox CheckReport cited CloneCensorWeight commensurate_prior
    compare_extractions compare_single_arms Concordance ConditionalSurvival Contrast ConvergenceError
    ConvergenceWarning CordSettings corrected_survival Course Covariate cox_resamples cox_trials
    CoxBatch CoxFit cumulative_eqd2 curate Decision diff_evidence effect_size_from_curves
    effective_sample_size EffectSize EffectSizes eqd2 Estimate EvidenceDiff EvidenceError EvidenceFlow
    EvidenceMap EvidenceModel EvidencePrediction EvidenceSelection EvidenceStore EvidenceTerm
    EvidenceTerms EvidenceWarning evsi explain Exponential ExtractionComparison ExtrapolationWarning
    FamilyComparison FineGray Frailty gamma_prior GeneralisedGamma global_sensitivity Gompertz GrayTest
    group_sequential_boundaries hazard_ratio_term HazardDistribution InputError IntervalCensoredSurvival
    InUnit IpwKaplanMeier KaplanMeier Landmark life_table load_ledger load_results LogLogistic LogNormal
    LogrankTest map_rate_prior MapPrior MaxComboTest median_term MetaAnalysis MetaInfluence
    MetaRegression MetaSubgroups methods_text Mixture mixture_approximation MixtureApproximation
    MixtureCure Model ModelAverage multistate_fit multistate_occupancy MultistateData MultistateFit
    MultistateOccupancy myelopathy_risk MyelopathySettings NelsonAalen NetworkMetaAnalysis
    PairwiseLogrank Parameters ParametricFit patient_histories PatientHistories patients_term
    penalty_path PenaltyPath permutation_logrank_test PermutationTest perturbed_reconstructions
    PiecewiseExponential pool_rmst pool_survival_points PooledImputations PooledPoints
    PooledSurvivalCurve Population power_curves power_prior_rate PredictedIncidence PredictedSurvival
    prediction_curves prepare_multistate ProportionalHazards ProportionalHazardsTest prose
    rate_term read_patients read_strategies read_strategy read_targets read_treatments read_yaml
    ReconstructedIPD Recovery References reirradiation_criteria ResidualLife results_folder Rmst
    RoystonParmar sbrt_criterion scenario_parameters ScenarioError schoenfeld_plot Selection
    simulate_model simulated_trials SimulatedTrials SimulationResult simultaneous_band SimultaneousBand
    SmallSampleWarning SmallStudyTests StandardisedSurvival State Strategy StrategyComparison
    summary_terms SummaryCheck survival_term SurvivalAt SurvivalDistribution SurvivalPrediction
    SurvivalQuantiles SurvsimError swimmer table Target TargetCheck threshold time_varying_treatment
    TimeVaryingCoefficient TimeVaryingEffect tipping_point TippingPoint tornado Tornado Transition
    TransitionLaw transport Treatment TreatmentWeights TrialOperatingCharacteristics Validation
    ValueOfInformation variance_by_layer Weibull WithBackground without_study
"""
MOVED_IN_0_2 = frozenset(_MOVED.split())
"""On top in 0.1, in its wing since: the old place warns through 0.2 and goes in 0.3."""

WING_OF: dict[str, str] = {name: wing for wing, names in WINGS.items() for name in names}


@functools.cache
def load(name: str) -> Any:
    """The object of a public name, behind its door (`survsim.core.door`)."""
    found = getattr(importlib.import_module(PUBLIC[name]), name)
    return at_the_door(found, f"survsim.{WING_OF[name]}")


_STORED = """
    core.design                                     Design
    estimate.competing.fine_gray_problem            Problem Stratum RiskSets
    estimate.competing.fine_gray_weights            Censoring
    estimate.parametric.families                    LocationScale ExponentialFamily GompertzFamily PiecewiseFamily
    estimate.competing.panel_data                   Visits
    estimate.parametric.gamma_terms                 GammaFamily
    estimate.parametric.generalised_gamma_terms     GeneralisedGammaFamily
    estimate.parametric.mixture_cure                CureFamily
    estimate.parametric.predictor_designs           PredictorDesign
    estimate.parametric.problem                     LinearModel
    estimate.parametric.royston_parmar              SplineModel
    estimate.parametric.spline_likelihood           SplineTerm
    estimate.joint_model.posterior                  GridPosterior
    estimate.joint_model.compile                    Compiled
    estimate.borrowing.mixture                      NormalMixture GammaMixture
    estimate.synthesis.curve_studies                CurveStudies
    scenario.parameterise                           Parameter
    simulation.outcomes.sensitivity                 Threshold GlobalSensitivity
    simulation.outcomes.result                      SimulatedMeans
    simulation.outcomes.curves                      SimulatedSurvival StateOccupancy
"""
STORED = {
    name: f"survsim.{place}"
    for place, *names in (line.split() for line in _STORED.strip().splitlines())
    for name in names
}
"""Classes that stand inside stored results and that nobody names; their modules are loaded to read a file."""


def kind_named(name: str) -> Any:
    """What a signature means by a name that its module does not import: the public class, or anything."""
    return load(name) if name in PUBLIC else Any


def load_kind(name: str) -> None:
    """Load the module of a class that a stored result holds, so that the class is known; unknown names do nothing."""
    module = PUBLIC.get(name) or STORED.get(name)
    if module is not None:
        importlib.import_module(module)


def door(module: str) -> tuple[list[str], Callable[[str], Any], Callable[[], list[str]]]:
    """`__all__`, `__getattr__` and `__dir__` of the wing called `module`: its names, loaded when first asked for."""
    wing = module.removeprefix("survsim.")
    names = sorted(WINGS[wing])

    def __getattr__(name: str) -> Any:
        if name not in WINGS[wing]:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return load(name)

    return names, __getattr__, lambda: names


def on_top(name: str) -> Any:
    """What `survsim.<name>` is: a name on top, a wing, or (with a warning) a name that was on top in 0.1."""
    if name in TOP:
        return load(name)
    if name == "__all__":
        return _starred()
    if name in WINGS:
        return importlib.import_module(f"survsim.{name}")
    if name in MOVED_IN_0_2:
        warn_renamed(f"survsim.{name}", f"survsim.{WING_OF[name]}.{name}")
        return load(name)
    where = f"; it is survsim.{WING_OF[name]}.{name}" if name in WING_OF else ""
    where = answer(name) or where
    raise AttributeError(f"module 'survsim' has no attribute {name!r}{where}")


def _starred() -> list[str]:
    """What ``from survsim import *`` gives: the names on top and the wings. To `help`, which would print the page of each
    name, the wings alone, so that help(survsim) stays on two screens."""
    reader = sys._getframe(2).f_globals.get("__name__")
    names = [] if reader == "pydoc" else TOP
    return ["__version__", *names, *WINGS]


def names_on_top() -> list[str]:
    """What `dir(survsim)` shows: the names on top and the wings."""
    return sorted([*TOP, *WINGS, "__version__"])
