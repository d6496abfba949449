"""Which picture a result has. `Result.plot` arrives here, at call time.

The registry names, for each result class, the function that draws it: ``module:function`` below this
package. A drawing function takes ``(result, ax, *, ...)`` with its options spelt out, and returns the axes; what it
documents is what `help(result.plot)` shows.
"""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable
from typing import Any

from survsim.core.door import guarded
from survsim.core.errors import InputError
from survsim.core.upward import load

DRAWERS: dict[str, str] = {
    **dict.fromkeys(
        (
            "NelsonAalen",
            "NetSurvival",
            "BaselineHazard",
            "PredictedSurvival",
            "SimultaneousBand",
            "IntervalCensoredSurvival",
        ),
        "curves:draw_curves",
    ),
    "KaplanMeier": "survival_curves:draw_kaplan_meier",
    "MetaAnalysis": "forest:draw_meta_analysis",
    "EffectSizes": "forest:draw_effect_sizes",
    "SurvivalPrediction": "parametric_curves:draw_prediction",
    "FamilyComparison": "parametric_curves:draw_comparison",
    "CoxFit": "cox_forest:draw_cox_fit",
    "FineGray": "more_forests:draw_fine_gray",
    "MetaInfluence": "more_forests:draw_influence",
    "MetaSubgroups": "more_forests:draw_subgroups",
    "NetworkMetaAnalysis": "more_forests:draw_network",
    "SmallStudyTests": "funnel:draw_funnel",
    "PooledSurvivalCurve": "pooled_curves:draw_pooled_curve",
    "Tornado": "tornado:draw_tornado",
    "ValueOfInformation": "tornado:draw_value_of_information",
    "CaseInContext": "case_in_context:draw_case_in_context",
    "TippingPoint": "tipping_point:draw_tipping_point",
    "EvidencePrediction": "evidence_prediction:draw_evidence_prediction",
    "SimulationResult": "state_occupancy:draw_simulation",
    "SimulatedSurvival": "state_occupancy:draw_simulated_survival",
    "DeathsByCause": "deaths_by_cause:draw_deaths_by_cause",
    "StateOccupancy": "state_occupancy:draw_state_occupancy",
    "StructuralSensitivity": "structure:draw_structure",
    "TurningPoints": "turning_points:draw_turning_points",
    "StrategyComparison": "strategy_comparison:draw_comparison",
    "Decision": "strategy_comparison:draw_decision",
    "CostEffectiveness": "cost_effectiveness:draw_plane",
    "ThresholdCurves": "cost_effectiveness:draw_threshold_curves",
    "EvidenceMap": "evidence_map:draw_evidence_map",
    "RiskOfBias": "traffic_light:draw_risk_of_bias",
    "EvidenceFlow": "flow:draw_evidence_flow",
    "PredictedIncidence": "cumulative_incidence:draw_predicted_incidence",
    "AalenJohansen": "cumulative_incidence:draw_cumulative_incidence",
    "MultistateOccupancy": "cumulative_incidence:draw_multistate_occupancy",
    "CalibrationChecks": "calibration_targets:draw_calibration_targets",
    "EvidenceCalibration": "calibration_targets:draw_evidence_calibration",
    "TargetCheck": "target_check:draw_target_check",
    "Balance": "love_plot:draw_balance",
    "TreatmentWeights": "weight_distribution:draw_weights",
    "CausalContrast": "causal_curves:draw_causal_contrast",
    "Digitised": "overlay:draw_digitised",
    "ReconstructedIPD": "reconstruction:draw_reconstruction",
}


ELSEWHERE: dict[str, str] = {
    **dict.fromkeys(
        ("SurvivalQuantiles", "SurvivalAt", "Rmst", "ConditionalSurvival"),
        "kaplan_meier(surv, by=...).plot() draws the curves it is read from",
    ),
    **dict.fromkeys(
        ("Contrast", "LogrankTest", "PairwiseLogrank", "MaxComboTest", "PermutationTest"),
        "kaplan_meier(surv, by=...).plot() draws the groups it compares",
    ),
    "CycleRates": ".to_frame() has the rates beside the probabilities; fixed cycles draw through cycle_cohort(...).plot()",
    "Bootstrap": "kaplan_meier(surv).plot() draws the curve, meta_analysis(...).plot() a forest",
    "SimulatedTrials": "survsim.figures.power_curves(frame) draws power against size",
    "GroupSequentialDesign": ".to_frame() has its boundaries by information; survsim.figures.power_curves draws power",
    "SequentialTrials": "survsim.figures.power_curves(frame) draws power against size",
    "TrialOperatingCharacteristics": "survsim.figures.power_curves(frame) draws power against size",
    "ProportionalHazardsTest": "survsim.figures.schoenfeld_plot(fit) draws the residuals behind it",
    "TimeVaryingCoefficient": "survsim.figures.schoenfeld_plot(fit) draws the coefficient over time",
    **dict.fromkeys(
        (
            "Concordance",
            "TimeDependentAuc",
            "BrierScore",
            "Calibration",
            "Validation",
            "PenaltyPath",
            "PooledImputations",
            "FittedCox",
        ),
        "fit.plot() draws the hazard ratios, fit.predict_survival(data).plot() the curves",
    ),
    **dict.fromkeys(
        ("PredictedHazard", "PredictedQuantiles"),
        "fit.predict_survival(data, times).plot() draws the curves it is read from",
    ),
    "MarginalStructuralCox": ".cox.plot() draws its hazard ratios",
    **dict.fromkeys(("EValues", "ConfounderTipping"), "fit.plot() draws the hazard ratios they are asked of"),
    "EventRates": "nelson_aalen(surv, by=...).plot() draws the hazards whose means they are",
    "LikelihoodRatioTest": "fit.plot() draws the hazard ratios of either fit",
    "SufficientFollowUp": "kaplan_meier(surv, by=...).plot() draws the curves and their plateaus",
    "IncidenceQuantiles": "aalen_johansen(surv, by=...).plot() draws the curves it is read from",
    "ParametricFit": ".predict_survival(data, times).plot() draws its curves, compare_families(...).plot() several",
    "ModelAverage": ".predict_survival(data, times).plot() draws its curves",
    "GrayTest": "aalen_johansen(surv, by=...).plot() draws the groups it compares",
    "CauseSpecificCox": ".predict_incidence(data).plot() draws its curves",
    "MultistateData": "multistate_occupancy(data).plot() draws the states over time",
    "MeanTimeInState": "multistate_occupancy(data).plot() draws the states over time",
    "PanelMultistate": "survsim.figures.state_diagram(ways) draws its states, .prevalence(times) has what was seen beside what is expected",
    "MultistateFit": "multistate_occupancy(data).plot() draws the states over time",
    "EffectSize": "effect_sizes(records).plot() draws a forest",
    "SummaryCheck": "kaplan_meier(surv).plot() draws the curve that was checked",
    "PairCheck": "kaplan_meier(result.surv()).plot() draws a reconstructed arm",
    "ReconstructedArms": "result['arm'].plot() draws one arm; kaplan_meier(result.surv(), by=...).plot() all of them",
    "ReconstructionUncertainty": "reconstructed.plot() draws curve, residuals and numbers at risk",
    "ReconstructionAudit": "reconstructed.plot() draws curve, residuals and numbers at risk",
    "PseudoIPD": "kaplan_meier(sets.survs()[0]).plot() draws one of its sets",
    "PooledPseudo": "reconstructed.plot() draws the curve that its sets were drawn around",
    **dict.fromkeys(
        ("PooledProportion", "PooledTwoArms"),
        "meta_analysis(log_odds, std_error).plot() draws a forest of study estimates",
    ),
    "MetaAnalyses": "meta_analysis(...).plot() draws the forest of one of them",
    "CumulativeMetaAnalysis": "pooled.plot() draws the forest",
    "MetaRegression": "meta_analysis(...).plot() draws the forest of its studies",
    "PooledPoints": "result.analyses[k].plot() draws the forest of one time",
    **dict.fromkeys(
        ("BorrowingPrior", "MapPrior", "BorrowedEstimate", "MixtureApproximation"),
        "meta_analysis(...).plot() draws the studies that are borrowed from",
    ),
    "EvidenceModel": ".predict(covariates).plot() draws the survival of a group",
    "Certainty": "pooled.plot() draws the forest, store.risk_of_bias(rows).plot() the judgements",
    "EvidenceTerms": "selection.map().plot() and selection.flow().plot() draw the rows behind them",
    "Parameters": "simulate(...).survival().plot() draws what follows from them",
    "DoseVolumeHistogram": "survsim.figures.swimmer(course) draws the courses behind it; .to_frame() has the histogram",
    "CordDoses": "simulation.state_occupancy().plot() and .compare(reference).plot() draw what the strategies come to",
    "CordCriteria": "survsim.figures.swimmer(course) draws the courses one after the other",
    "SimulatedMeans": "result.compare(reference).plot() of the simulation draws the differences",
    "GlobalSensitivity": "tornado(...).plot() draws one parameter at a time",
    "Threshold": "tornado(...).plot() draws one parameter at a time",
}
"""Results without a picture of their own, and where one of the same numbers is."""


def picture_of(cls: type) -> Callable[..., Any]:
    """The method `plot` of a result class: that of the class or of the nearest parent that has one.

    Its signature and its help are the drawing function's; a wrong option is answered with the right ones.
    """
    for parent in cls.__mro__:
        if parent.__name__ in DRAWERS:
            return _method(cls, load(f"survsim.figures.{DRAWERS[parent.__name__]}"))
        if parent.__name__ in ELSEWHERE:
            return _none(cls, f"; {ELSEWHERE[parent.__name__]}.")
    return _none(cls, "; .to_frame() has its numbers.")


def _method(cls: type, drawer: Callable[..., Any]) -> Callable[..., Any]:
    own, *others = inspect.signature(drawer).parameters.values()
    allowed = [p.name for p in others]
    behind_door = guarded(drawer, f"{cls.__name__}.plot")

    def plot(self: Any, ax: Any = None, **options: Any) -> Any:
        wrong = next((name for name in options if name not in allowed), None)
        if wrong is not None:
            near = difflib.get_close_matches(wrong, allowed, 1)
            meant = f"; did you mean {near[0]!r}" if near else ""
            end = f"{meant}? It has" if near else "; it has"
            raise InputError(f"{cls.__name__}.plot has no option {wrong!r}{end} {', '.join(allowed)}.")
        if ax is not None and not hasattr(ax, "get_xlim"):
            raise InputError(
                f"ax must be matplotlib axes (or left out); got {type(ax).__name__}. Options are given by name: "
                f"{', '.join(allowed[1:])}."
            )
        return behind_door(self, ax, **options)

    first = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    shown = [p.replace(annotation=_Words(_AXES if p.name == "ax" else p.annotation)) for p in others]
    vars(plot)["__signature__"] = inspect.Signature([first, *shown], return_annotation=_Words("Axes"))
    plot.__doc__ = _help(inspect.getdoc(drawer) or "", own.name, allowed)
    return _named(plot, cls)


SHARED = {
    "ax": "axes to draw on; made if None.",
    "endpoint": "what the curves are of, for the axis.",
    "origin": "what time counts from, for the axis.",
    "names": "label to show for each group.",
    "band": "whether the interval is shaded.",
    "until": "last time shown, in the unit of the curves.",
    "title": "words above the picture.",
    "width": 'of a new figure: "85mm", "3.35in", or "single" or "double" for the columns of the style in use.',
    "height": 'of a new figure, such as "60mm"; left out, the picture is as high as it needs.',
}
"""Options that many pictures have, told once; a drawing function tells the others, and these where it differs."""


def _help(text: str, own: str, options: list[str]) -> str:
    """The drawing function's own words, without the result itself, and with the shared options it does not tell."""
    text = re.sub(rf"(?m)^{own} : .*\n", "", text)
    told = re.findall(r"(?m)^([\w, ]+) : ", text)
    known = {name.strip() for names in told for name in names.split(",")} | set(
        re.findall(r"; (\w+) : ", text)
    )
    lines = "".join(f"{name} : {SHARED[name]}\n" for name in options if name not in known and name in SHARED)
    if "Parameters\n-" not in text:
        return text.replace("Returns\n-", f"Parameters\n----------\n{lines}\nReturns\n-", 1)
    return text.replace("\nReturns\n-", f"{lines}\nReturns\n-", 1)


def _none(cls: type, hint: str) -> Callable[..., Any]:
    def plot(self: Any, ax: Any = None, **options: Any) -> Any:
        raise InputError(f"{cls.__name__} has no picture of its own{hint}")

    plot.__doc__ = f"There is no picture of this result{hint}"
    return _named(plot, cls)


def _named(plot: Callable[..., Any], cls: type) -> Callable[..., Any]:
    plot.__qualname__, plot.__module__ = f"{cls.__name__}.plot", cls.__module__
    return plot


_AXES = "matplotlib.axes.Axes | None"


class _Words(str):
    """A type as it is written, without quotation marks in the help."""

    __slots__ = ()
    __repr__ = str.__str__
