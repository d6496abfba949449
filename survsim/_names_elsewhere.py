"""Names that people bring from R and lifelines, and what they are called here: what a missing attribute answers."""

from __future__ import annotations

_FROM_R = """
    coxph cox_ph                    survfit kaplan_meier             survdiff logrank_test
    survreg parametric_survival     flexsurvreg parametric_survival  flexsurvspline royston_parmar
    rma meta_analysis               metagen meta_analysis            netmeta synthesis.network_meta_analysis
    crr competing.fine_gray         finegray competing.fine_gray     cuminc competing.aalen_johansen
    CSC cause_specific_cox          FGR fine_gray                    msm competing.panel_multistate
    pyears nonparametric.event_rates    survexp nonparametric.net_survival   rs_surv nonparametric.net_survival
    bpcp kaplan_meier               bpcp2samp milestone_test         timeROC cox.time_dependent_auc
    anova cox.likelihood_ratio_test     lrtest cox.likelihood_ratio_test     Score cox.brier_score
    ate standardised_survival       weightit treatment_weights       ipwtm causal.marginal_structural_cox
    leave1out leave_one_out         cumul synthesis.cumulative_meta_analysis regtest small_study_tests
    trimfill small_study_tests      rma_glmm synthesis.pool_proportions      rma_mh synthesis.pool_two_arms
    metaprop synthesis.pool_proportions metabin synthesis.pool_two_arms      metareg meta_regression
    tmerge causal.time_varying_treatment evalues_HR causal.e_value   surv_median kaplan_meier
    etm competing.multistate_occupancy  survRM2 rmst_test            rmst2 rmst_test
    survSplit causal.time_varying_treatment escalc synthesis.pool_two_arms   metainc meta_analysis
    cox_zph cox_ph(...).proportional_hazards_test                    basehaz cox_ph(...).baseline_hazard
    ggsurvplot kaplan_meier(...).plot   ggforest cox_ph(...).plot    forest meta_analysis(...).plot
    survConcordance cox.concordance     glmnet cox.penalty_path      coxphf cox_ph
"""
_FROM_LIFELINES = """
    KaplanMeierFitter kaplan_meier  NelsonAalenFitter nelson_aalen   CoxPHFitter cox_ph
    CoxTimeVaryingFitter cox_ph     AalenJohansenFitter aalen_johansen   WeibullFitter parametric_survival
    WeibullAFTFitter parametric_survival    LogNormalAFTFitter parametric_survival   SplineFitter royston_parmar
    ExponentialFitter parametric_survival   PiecewiseExponentialFitter parametric_survival
    concordance_index cox.concordance       restricted_mean_survival_time rmst   multivariate_logrank_test logrank_test
    pairwise_logrank_test nonparametric.pairwise_logrank   proportional_hazard_test cox_ph(...).proportional_hazards_test
    find_best_parametric_model parametric.compare_families     survival_table_from_events kaplan_meier
    datetimes_to_durations Surv     add_at_risk_counts figures.add_risk_table
"""


def _pairs(text: str) -> dict[str, str]:
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


FROM_R, FROM_LIFELINES = _pairs(_FROM_R), _pairs(_FROM_LIFELINES)
"""What people who come from R or lifelines type first, and what it is here."""


def answer(name: str) -> str:
    """What is said to who asks for a name of theirs, nothing where it is none."""
    if name in FROM_R:
        return f"; R's {name} is survsim.{FROM_R[name]}"
    return f"; for lifelines' {name} see survsim.{FROM_LIFELINES[name]}" if name in FROM_LIFELINES else ""
