"""What every parametric fit returns, whatever the family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from scipy.special import chdtrc, ndtri

from survsim.core.checks import FloatArray, between, known, whole_number
from survsim.core.distributions import HazardDistribution
from survsim.core.errors import ExtrapolationWarning, InputError, warn
from survsim.core.result import Result, format_number, result
from survsim.core.surv import Surv
from survsim.core.tables import Columns
from survsim.core.times import asked_time
from survsim.core.upward import upward
from survsim.estimate.cox.predicted_hazard import PredictedHazard
from survsim.estimate.cox.predicted_quantiles import PredictedQuantiles
from survsim.estimate.parametric import law_predictions
from survsim.estimate.parametric.prediction import (
    SurvivalPrediction,
    covariance_root,
    predict_rmst,
    predict_survival,
)

if TYPE_CHECKING:
    import pandas as pd


FEW_EVENTS = 5
"""Events a coefficient below which the printout warns of its intervals (see the coverage record)."""


class FittedModel(Protocol):
    """How coefficients become a distribution; one implementation a kind of model."""

    def distribution(self, theta: FloatArray, data: Any, unit: str) -> HazardDistribution: ...

    def repair(self, theta: FloatArray, centre: FloatArray) -> tuple[FloatArray, int]: ...


@result
class ParametricFit(Result):
    """A parametric survival model fitted by maximum likelihood.

    Attributes
    ----------
    family : "weibull", "royston-parmar on hazard scale, 3 df", ...
    predictor, terms : for each of the P coefficients, what it is part of and its term.
    effects : for each coefficient what exp(estimate) is ("time ratio", "hazard ratio"), or "".
    estimate : (P,) coefficients; times in the unit of the response.
    covariance : (P, P), robust when the response has clusters or robust=True.
    log_likelihood : of the event times in their unit, weights included.
    model : makes distributions of the coefficients.
    surv : the response.
    robust, relative, conf_level, n_iter : how it was fitted.
    note : a sentence a reader should see.
    background : (n,) the hazards of other causes that it was fitted over, or None.
    last_without : (n,) last times without event, where events are known to lie in intervals, else None.
    root : (P, P), its product with its transpose is the covariance, and keeps what rounding takes from that when a
        covariate lies far from 0; None in a file of an earlier version.
    """

    family: str
    predictor: tuple[str, ...]
    terms: tuple[str, ...]
    effects: tuple[str, ...]
    estimate: FloatArray
    covariance: FloatArray
    log_likelihood: float
    model: FittedModel
    surv: Surv
    robust: bool
    relative: bool
    conf_level: float
    n_iter: int
    note: str = ""
    background: FloatArray | None = None
    last_without: FloatArray | None = None
    root: FloatArray | None = None

    # -- numbers ---------------------------------------------------------------------------------

    @property
    def std_error(self) -> FloatArray:
        """Standard errors (P,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def names(self) -> tuple[str, ...]:
        """One name a coefficient: ``predictor: term``, or the predictor alone for a constant."""
        alone = [self.predictor.count(p) == 1 for p in self.predictor]
        return tuple(
            p if single and t == "Intercept" else f"{p}: {t}"
            for p, t, single in zip(self.predictor, self.terms, alone)
        )

    @property
    def n_event(self) -> int:
        """Number of events."""
        return int(self.surv.event.sum())

    @property
    def aic(self) -> float:
        """Akaike's criterion, -2 l + 2 P."""
        return -2.0 * self.log_likelihood + 2.0 * self.estimate.size

    @property
    def bic(self) -> float:
        """Schwarz's criterion, -2 l + P log n with n the number of patients (rows, where nothing tells patients apart)."""
        return -2.0 * self.log_likelihood + self.estimate.size * float(np.log(self.surv.n_patients))

    @property
    def end_of_follow_up(self) -> float:
        """Largest time in the data; beyond it the family alone speaks."""
        return float(self.surv.time.max())

    # -- distributions and draws -----------------------------------------------------------------

    def distribution(self, data: Any = None, parameters: FloatArray | None = None) -> HazardDistribution:
        """The fitted law of time to event, to evaluate or to draw patients from.

        Parameters
        ----------
        data : None (no covariates), one patient (mapping or row) or a frame of m patients.
        parameters : (P,) or (D, P) coefficients in place of the estimates, for example `draws`; with m
            patients the parameters of the law then have shape (D, m).

        With background mortality this is the excess (net) law; `WithBackground` adds the rest.
        """
        theta = self.estimate if parameters is None else known("parameters", parameters)
        if theta.ndim not in (1, 2) or theta.shape[-1] != self.estimate.size:
            raise InputError(
                f"parameters must have {self.estimate.size} columns ({', '.join(self.names)}); got {theta.shape}."
            )
        return self.model.distribution(theta, data, self.surv.unit)

    def draws(self, n: int, *, seed: int | None = None, uniforms: FloatArray | None = None) -> FloatArray:
        """Coefficients (n, P) from their asymptotic normal distribution.

        Give either `seed` or `uniforms` (n, P) in (0, 1), never both.
        """
        size, n = self.estimate.size, whole_number("n", n)
        if (seed is None) == (uniforms is None):
            raise InputError("draws needs either seed= or uniforms=, and not both.")
        if uniforms is None:
            uniforms = np.random.Generator(np.random.Philox(int(seed or 0))).random((n, size))
            uniforms = np.maximum(uniforms, 2.0**-54)
        share = known("uniforms", uniforms)
        if share.shape != (n, size) or not ((share > 0) & (share < 1)).all():
            raise InputError(f"uniforms must be ({n}, {size}) numbers between 0 and 1; got {share.shape}.")
        root = covariance_root(self)
        if not np.isfinite(root).all():
            raise InputError(
                "the coefficients of this fit have no covariance (NaN: one cluster only, or clusters that say the same), so none "
                "can be drawn; refit with a response without cluster."
            )
        # The root of Cholesky, by the orthogonal factors of ours.
        upper = np.linalg.qr(root.T).R
        upper = upper * np.where(np.diag(upper) < 0.0, -1.0, 1.0)[:, None]
        drawn, moved = self.model.repair(self.estimate + ndtri(share) @ upper, np.asarray(self.estimate))
        if moved:
            warn(
                f"{moved} of {n} draws gave a survival curve that rises; they were pulled half way to the "
                "estimate until it fell. Fewer degrees of freedom would avoid this.",
                ExtrapolationWarning,
            )
        return drawn

    def predict_survival(
        self, data: Any = None, times: Any = None, *, conf_level: float | None = None
    ) -> SurvivalPrediction:
        """Survival at `times` for each row of `data`, delta-method intervals on the log-log scale.

        Returns `SurvivalPrediction`; with background mortality this is relative survival. Times beyond
        follow-up give an `ExtrapolationWarning`.
        """
        return predict_survival(self, data, times, self._level(conf_level))

    def predict_hazard(
        self, data: Any = None, times: Any = None, *, conf_level: float | None = None
    ) -> PredictedHazard:
        """Hazard per unit of time at `times` above 0 for each row of `data`, delta-method intervals on the log scale.

        With background mortality this is the excess hazard (`PredictedHazard`).
        """
        return law_predictions.predict_hazard(self, data, times, self._level(conf_level))

    def predict_cumulative_hazard(
        self, data: Any = None, times: Any = None, *, conf_level: float | None = None
    ) -> PredictedHazard:
        """Cumulative hazard at `times` above 0 for each row of `data`, as `predict_hazard`."""
        return law_predictions.predict_hazard(self, data, times, self._level(conf_level), cumulative=True)

    def predict_quantile(
        self, p: Any, data: Any = None, *, conf_level: float | None = None
    ) -> PredictedQuantiles:
        """Times by which shares `p` of patients like each row of `data` had the event, delta-method intervals on the log scale.

        Times beyond follow-up give an `ExtrapolationWarning`; with background mortality they are those of the excess law; inf stands for a share that is never reached.
        """
        return law_predictions.predict_quantile(self, p, data, self._level(conf_level))

    def predict_median(self, data: Any = None, *, conf_level: float | None = None) -> PredictedQuantiles:
        """Median event time of patients like each row of `data` (`PredictedQuantiles`)."""
        return self.predict_quantile(0.5, data, conf_level=conf_level)

    def predict_rmst(self, tau: float, data: Any = None, *, conf_level: float | None = None) -> pd.DataFrame:
        """Restricted mean survival time to `tau` for each row of `data`, with delta-method intervals.

        Columns patient, tau, rmst, std_error, conf_low, conf_high.
        """
        end = asked_time("tau", tau, self.surv.time, unit=self.surv.unit)
        return predict_rmst(self, data, end, self._level(conf_level))

    def _level(self, conf_level: float | None) -> float:
        return self.conf_level if conf_level is None else between("conf_level", conf_level, 0.0, 1.0)

    def to_lifelines(self) -> Any:
        """A lifelines accelerated failure time fitter with these coefficients and this covariance."""
        return upward("to_lifelines")(self)

    # -- printing --------------------------------------------------------------------------------

    def columns(self) -> Columns:
        """Columns predictor, term, estimate, std_error, conf_low, conf_high, p_value, effect, exp_estimate,
        exp_low, exp_high; NaN where it has no meaning: the p-value of anything but an effect of a covariate,
        exp of anything that is not a logarithm."""
        half = ndtri(0.5 + self.conf_level / 2.0) * self.std_error
        low, high = self.estimate - half, self.estimate + half
        wald = chdtrc(1.0, (self.estimate / self.std_error) ** 2)
        is_effect = np.array([e != "" for e in self.effects])
        logged = np.array([p.startswith("log(") for p in self.predictor])
        shown = logged | np.array(["ratio" in e for e in self.effects])

        def exponential(values: FloatArray) -> FloatArray:
            return np.where(shown, np.exp(np.where(shown, values, 0.0)), np.nan)

        return {
            "predictor": self.predictor,
            "term": self.terms,
            "estimate": self.estimate,
            "std_error": self.std_error,
            "conf_low": low,
            "conf_high": high,
            "p_value": np.where(is_effect, wald, np.nan),
            "effect": self.effects,
            "exp_estimate": exponential(self.estimate),
            "exp_low": exponential(low),
            "exp_high": exponential(high),
        }

    def headline(self) -> str:
        effect = next((e for e in self.effects if e), "")
        article = "an" if effect[:1] in "aeiou" else "a"
        told = f"; exp(estimate) of a covariate is {article} {effect}" if "ratio" in effect else ""
        kind = "excess hazard over background mortality, " if self.relative else ""
        robust = ", robust standard errors" if self.robust else ""
        lines = [
            f"{self.family} model ({kind}time in {self.surv.unit}){told}",
            f"{self.surv.counted}, {self.n_event} events; log likelihood {self.log_likelihood:.6f}, "
            f"AIC {format_number(self.aic)}, BIC {format_number(self.bic)}; "
            f"{self.conf_level:.0%} intervals{robust}",
        ]
        return "\n".join([*lines, *filter(None, [self.note, self._few_events()])])

    def _few_events(self) -> str:
        per_coefficient = self.n_event / self.estimate.size
        if per_coefficient >= FEW_EVENTS:
            return ""
        return (
            f"Only {per_coefficient:.1f} events a coefficient: in simulations with fewer than {FEW_EVENTS} the 95% "
            "intervals held the truth in 80% to 97% of the data sets."
        )
