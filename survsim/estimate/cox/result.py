"""What a Cox regression returns: the fitted numbers and all that can be asked of them."""

from __future__ import annotations

from typing import Any

from survsim.core.checks import FloatArray
from survsim.core.result import result
from survsim.core.upward import upward
from survsim.estimate.cox import (
    auc_over_time,
    baseline,
    concordance,
    diagnostics,
    over_time,
    predicted_hazard,
    predicted_quantiles,
    prediction,
    prediction_error,
    residuals,
    validation,
)
from survsim.estimate.cox.fitted import FittedCox


@result
class CoxFit(FittedCox):
    """A fitted proportional hazards model; its numbers are documented by `FittedCox`.

    Attributes
    ----------
    terms, estimate, model_covariance, robust_covariance, log_likelihood, log_likelihood_null, ... : see `FittedCox`.
    """

    def baseline_hazard(self) -> baseline.BaselineHazard:
        """Cumulative baseline hazard for covariates 0, delayed entry respected (`BaselineHazard`)."""
        return baseline.baseline_hazard(self)

    def predict_survival(
        self,
        data: Any = None,
        times: Any = None,
        *,
        stratum: Any = None,
        offset: Any = None,
        conf_level: float | None = None,
        conf_type: str = "log-log",
    ) -> prediction.PredictedSurvival:
        """Survival curves with intervals for new patients (`PredictedSurvival`).

        Parameters
        ----------
        data : None (the patients fitted), a frame or an array of m patients; times : (T,) in the fit's unit.
        stratum : whose baseline; offset : (m,) known part, where the fit had one; conf_level, conf_type : of the pointwise limits.
        """
        return prediction.predict_survival(
            self, data, times, stratum=stratum, offset=offset, conf_level=conf_level, conf_type=conf_type
        )

    def predict_cumulative_hazard(
        self,
        data: Any = None,
        times: Any = None,
        *,
        stratum: Any = None,
        offset: Any = None,
        conf_level: float | None = None,
        conf_type: str = "log",
    ) -> predicted_hazard.PredictedHazard:
        """Cumulative hazard with intervals for new patients; arguments as in `predict_survival`, conf_type "log" or "plain"."""
        return predicted_hazard.predict_hazard(
            self, data, times, stratum=stratum, offset=offset, conf_level=conf_level, conf_type=conf_type
        )

    def predict_hazard(
        self,
        data: Any = None,
        times: Any = None,
        *,
        stratum: Any = None,
        offset: Any = None,
        conf_level: float | None = None,
        conf_type: str = "log",
    ) -> predicted_hazard.PredictedHazard:
        """Steps of the cumulative hazard at event times, 0 between them: a Cox model knows no hazard but these.

        Arguments as in `predict_cumulative_hazard`; for a hazard as a rate fit `parametric_survival` or
        `royston_parmar`.
        """
        return predicted_hazard.predict_hazard(
            self, data, times, stratum=stratum, offset=offset, conf_level=conf_level, conf_type=conf_type, jumps=True
        )  # fmt: skip

    def predict_quantile(
        self,
        p: Any,
        data: Any = None,
        *,
        stratum: Any = None,
        offset: Any = None,
        conf_level: float | None = None,
        conf_type: str = "log-log",
    ) -> predicted_quantiles.PredictedQuantiles:
        """Times by which shares `p` of patients like each row of `data` had the event (`PredictedQuantiles`)."""
        return predicted_quantiles.predict_quantile(
            self, p, data, stratum=stratum, offset=offset, conf_level=conf_level, conf_type=conf_type
        )

    def predict_median(
        self,
        data: Any = None,
        *,
        stratum: Any = None,
        offset: Any = None,
        conf_level: float | None = None,
        conf_type: str = "log-log",
    ) -> predicted_quantiles.PredictedQuantiles:
        """Median event time of patients like each row of `data`, with intervals (`PredictedQuantiles`)."""
        return self.predict_quantile(
            0.5, data, stratum=stratum, offset=offset, conf_level=conf_level, conf_type=conf_type
        )

    def residuals(self, kind: str = "martingale") -> Any:
        """Residuals: martingale, deviance, score, schoenfeld, scaled_schoenfeld, dfbeta, dfbetas."""
        return residuals.residuals(self, kind)

    def dfbeta(self) -> FloatArray:
        """Approximate change (n, p) in the coefficients when a row is left out."""
        changes: FloatArray = residuals.residuals(self, "dfbeta")
        return changes

    def proportional_hazards_test(self, transform: str = "km") -> diagnostics.ProportionalHazardsTest:
        """Score test of constant coefficients over time, by term and overall (`ProportionalHazardsTest`)."""
        return diagnostics.proportional_hazards_test(self, transform)

    def hazard_ratio_over_time(
        self, term: str, *, transform: str = "km", df: int = 3, n_times: int = 60, conf_level: float = 0.95
    ) -> over_time.TimeVaryingCoefficient:
        """Smooth log hazard ratio of one term against time (`TimeVaryingCoefficient`)."""
        return over_time.hazard_ratio_over_time(
            self, term, transform=transform, df=df, n_times=n_times, conf_level=conf_level
        )

    def concordance(
        self, *, weighting: str = "harrell", tau: float | None = None, conf_level: float = 0.95
    ) -> concordance.Concordance:
        """Harrell's or Uno's concordance of the linear predictor, with standard error (`Concordance`)."""
        score = concordance.predictor_score(self.design.matrix, self.estimate, self.offset)
        return concordance.concordance(self.surv, score, weighting=weighting, tau=tau, conf_level=conf_level)

    def time_dependent_auc(
        self, times: Any, *, conf_level: float = 0.95, conf_type: str = "logit"
    ) -> auc_over_time.TimeDependentAuc:
        """AUC of the linear predictor at `times`, on the data of the fit (`TimeDependentAuc`)."""
        score = concordance.predictor_score(self.design.matrix, self.estimate, self.offset)
        return auc_over_time.time_dependent_auc(
            self.surv, score, times, conf_level=conf_level, conf_type=conf_type
        )

    def brier_score(
        self, times: Any, *, conf_level: float = 0.95, conf_type: str = "logit"
    ) -> prediction_error.BrierScore:
        """Brier score of the predicted survival at `times`, on the data of the fit (`BrierScore`)."""
        return prediction_error.brier_score(
            self.surv, self.predict_survival(None, times), conf_level=conf_level, conf_type=conf_type
        )

    def calibration(
        self, time: float, *, groups: int = 5, conf_level: float = 0.95
    ) -> validation.Calibration:
        """Predicted against observed survival at a time, by groups of risk (`Calibration`)."""
        return validation.calibration(self, time, groups=groups, conf_level=conf_level)

    def validate(self, *, n_bootstrap: int = 200, seed: int = 1) -> validation.Validation:
        """Optimism-corrected concordance and calibration slope by bootstrap (`Validation`)."""
        return validation.validate(self, seed=seed, n_bootstrap=n_bootstrap)

    def to_lifelines(self) -> Any:
        """The same model fitted by lifelines, as its CoxPHFitter."""
        return upward("to_lifelines")(self)
