"""Which picture a result has. `Result.plot` arrives here, at call time.

The registry names, for each result class, the function that draws it: ``module:function`` below this
package. A drawing function takes ``(result, ax, **options)`` and returns the axes.
"""

from __future__ import annotations

from typing import Any

from survsim.core.errors import InputError
from survsim.core.upward import load

DRAWERS: dict[str, str] = {
    "KaplanMeier": "survival_curves:draw_kaplan_meier",
    "MetaAnalysis": "forest:draw_meta_analysis",
    "EffectSizes": "forest:draw_effect_sizes",
    "SurvivalPrediction": "parametric_curves:draw_prediction",
    "FamilyComparison": "parametric_curves:draw_comparison",
    "CoxFit": "cox_forest:draw_cox_fit",
    "SmallStudyTests": "funnel:draw_funnel",
    "PooledSurvivalCurve": "pooled_curves:draw_pooled_curve",
    "Tornado": "tornado:draw_tornado",
    "ValueOfInformation": "tornado:draw_value_of_information",
    "CaseInContext": "case_in_context:draw_case_in_context",
    "TippingPoint": "tipping_point:draw_tipping_point",
    "EvidencePrediction": "evidence_prediction:draw_evidence_prediction",
    "SimulatedSurvival": "state_occupancy:draw_simulated_survival",
    "StateOccupancy": "state_occupancy:draw_state_occupancy",
    "StrategyComparison": "strategy_comparison:draw_comparison",
    "Decision": "strategy_comparison:draw_decision",
    "EvidenceMap": "evidence_map:draw_evidence_map",
    "EvidenceFlow": "flow:draw_evidence_flow",
    "PredictedIncidence": "cumulative_incidence:draw_predicted_incidence",
    "AalenJohansen": "cumulative_incidence:draw_cumulative_incidence",
    "MultistateOccupancy": "cumulative_incidence:draw_multistate_occupancy",
    "TargetCheck": "target_check:draw_target_check",
    "Balance": "love_plot:draw_balance",
    "TreatmentWeights": "weight_distribution:draw_weights",
    "CausalContrast": "causal_curves:draw_causal_contrast",
}


def draw(result: Any, ax: Any = None, **options: Any) -> Any:
    """Draw `result` by the function registered for its class or the nearest parent that has one."""
    for cls in type(result).__mro__:
        if cls.__name__ in DRAWERS:
            return load(f"survsim.figures.{DRAWERS[cls.__name__]}")(result, ax, **options)
    raise InputError(f"{type(result).__name__} has no picture; .to_frame() has its numbers.")
