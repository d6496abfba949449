"""The numbers of a fitted Cox regression: what every question to the fit starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import chdtrc, ndtri

from survsim.core.checks import FloatArray, float_vector
from survsim.core.clusters import n_units
from survsim.core.design import Design
from survsim.core.errors import InputError
from survsim.core.frames import as_frame, is_table
from survsim.core.kinds import dimensions
from survsim.core.named_columns import column
from survsim.core.pairing import in_order_of, index_of
from survsim.core.result import Result, format_number, result
from survsim.core.surv import Surv
from survsim.core.tables import Columns, frame, from_rows

if TYPE_CHECKING:
    import pandas as pd


@result
class FittedCox(Result):
    """A fitted proportional hazards model.

    Attributes
    ----------
    terms : names of the p covariates; estimate : (p,) log hazard ratios.
    model_covariance : (p, p) inverse information; robust_covariance : (p, p) sandwich, or None.
    log_likelihood, log_likelihood_null : partial (for Firth: penalised by half of log det I, the information of the
        covariates as they are), fitted and at coefficients 0.
    score_statistic : score test at 0 (the log-rank test for one binary covariate without ties).
    robust_score_statistic : the same with the robust variance, where that was asked for, else None.
    surv, design, offset : what was fitted; ties, penalty : how.
    profile : (p, 2) limits of the log hazard ratios by profile likelihood, where the method gives them.
    profile_p : (p,) their p-values, by penalised likelihood ratio.
    effects : frailty by group (label -> log frailty), empty without; frailty_variance its variance.
    degrees_of_freedom : effective number of parameters.
    note : a sentence a reader should see.
    """

    terms: tuple[str, ...]
    estimate: FloatArray
    model_covariance: FloatArray
    robust_covariance: FloatArray | None
    log_likelihood: float
    log_likelihood_null: float
    score_statistic: float
    surv: Surv
    design: Design
    offset: Any
    ties: str
    n_iter: int
    conf_level: float
    penalty: str | None = None
    penalty_strength: float | None = None
    degrees_of_freedom: float | None = None
    profile: FloatArray | None = None
    profile_p: FloatArray | None = None
    frailty: Any = None
    note: str = ""
    robust_score_statistic: float | None = None

    # -- numbers ---------------------------------------------------------------------------------

    @property
    def covariance(self) -> FloatArray:
        """Covariance used for tests and intervals: robust when asked for, else the model's."""
        return self.model_covariance if self.robust_covariance is None else self.robust_covariance

    @property
    def std_error(self) -> FloatArray:
        """Model-based standard errors (p,)."""
        return np.sqrt(np.diag(self.model_covariance))

    @property
    def robust_std_error(self) -> FloatArray | None:
        """Robust standard errors (p,), or None."""
        return None if self.robust_covariance is None else np.sqrt(np.diag(self.robust_covariance))

    @property
    def hazard_ratio(self) -> FloatArray:
        """exp(estimate), (p,)."""
        with np.errstate(over="ignore"):  # a covariate in tiny units: the ratio of one unit is infinite
            return np.exp(self.estimate)

    @property
    def p_value(self) -> FloatArray:
        """Two-sided p-values (p,): Wald, or penalised likelihood ratio for Firth."""
        if self.profile_p is not None:
            return self.profile_p
        return chdtrc(1.0, self.estimate**2 / np.diag(self.covariance))

    def limits(self, conf_level: float | None = None) -> tuple[FloatArray, FloatArray]:
        """Limits of the log hazard ratios, (p,) each."""
        if self.profile is not None and conf_level in (None, self.conf_level):
            return self.profile[:, 0], self.profile[:, 1]
        half = ndtri(0.5 + (conf_level or self.conf_level) / 2) * np.sqrt(np.diag(self.covariance))
        return self.estimate - half, self.estimate + half

    @property
    def n_event(self) -> int:
        """Number of events."""
        return int(self.surv.event.sum())

    @property
    def aic(self) -> float:
        """Akaike's criterion, -2 l + 2 df."""
        return -2.0 * self.log_likelihood + 2.0 * (self.degrees_of_freedom or len(self.terms))

    @property
    def bic(self) -> float:
        """Schwarz's criterion, -2 l + df log d with d the number of events, as R has it."""
        df = float(self.degrees_of_freedom or len(self.terms))
        return -2.0 * self.log_likelihood + df * float(np.log(self.n_event))

    def tests(self) -> pd.DataFrame:
        """Tests that all coefficients are 0: columns test, statistic, df, p_value."""
        df = float(self.degrees_of_freedom or len(self.terms))
        ratio = 2.0 * (self.log_likelihood - self.log_likelihood_null)
        # The influence of the clusters sums to 0 at the maximum: as many clusters as coefficients leave no full rank.
        full = self.robust_covariance is None or n_units(self.surv) > len(self.terms)
        wald = np.nan
        if full and np.isfinite(self.covariance).all():
            wald = float(self.estimate @ np.linalg.lstsq(self.covariance, self.estimate, rcond=None)[0])
        rows = [("likelihood ratio", ratio), ("Wald", wald)]
        if self.score_statistic == self.score_statistic:
            rows.append(("score", self.score_statistic))
        robust = self.robust_score_statistic
        if robust is not None and robust == robust:
            rows.append(("robust score", robust))
        return frame(from_rows([(n, s, df, float(chdtrc(df, s))) for n, s in rows], ("test", "statistic", "df", "p_value")))  # fmt: skip

    # -- printing --------------------------------------------------------------------------------

    def columns(self) -> Columns:
        """Columns term, estimate (log hazard ratio), std_error, robust_std_error (NaN where the variance is that of
        the model), hazard_ratio with conf_low and conf_high, p_value."""
        with np.errstate(over="ignore"):
            low, high = map(np.exp, self.limits())
        columns: dict[str, Any] = {
            "term": list(self.terms),
            "estimate": self.estimate,
            "std_error": self.std_error,
            "robust_std_error": np.nan if self.robust_std_error is None else self.robust_std_error,
            "hazard_ratio": self.hazard_ratio,
            "conf_low": low,
            "conf_high": high,
            "p_value": self.p_value,
        }
        return columns

    def headline(self) -> str:
        kind = {"firth": "Firth's penalised ", "ridge": "Ridge ", "elasticnet": "Elastic-net "}.get(
            self.penalty or "", ""
        )
        lines = [
            f"{kind}Cox regression ({self.ties} ties): {len(self.surv)} rows, {self.n_event} events; "
            f"{self.conf_level:.0%} intervals of the hazard ratio",
            f"Log likelihood {self.log_likelihood:.6g} (null {self.log_likelihood_null:.6g})",
        ]
        if self.frailty is not None:
            lines.append(self.frailty.headline())
        if self.penalty is None:
            lines.append(
                "; ".join(f"{name} {format_number(statistic)} on {df:g} df, p {format_number(p)}"
                          for name, statistic, df, p in self.tests().to_numpy())
            )  # fmt: skip
        if self.note:
            lines.append(self.note)
        return "\n".join(lines)

    def linear_predictor(self, data: Any = None, *, offset: Any = None) -> FloatArray:
        """x'b and the offset, for new data (m,) with theirs, or for the data fitted."""
        x = self.design.matrix if data is None else self.design.apply(data)
        return x @ self.estimate + known_part(self, data, offset, x.shape[0])


def beside(fit: FittedCox, data: Any, name: str, values: Any) -> Any:
    """A column beside new patients in their order, or in that of the patients fitted where `data` is None."""
    if data is None:
        return fit.surv.paired(name, values)
    return in_order_of(index_of(as_frame(data) if is_table(data) else data), name, values, "data")


def known_part(fit: FittedCox, data: Any, offset: Any, m: int) -> FloatArray | float:
    """Offsets (m,) of new patients, one number for all or one each; of those fitted (`data` is None) unless given.

    Raises
    ------
    InputError : new patients of a fit with offset who come without: 0 would be a guess.
    """
    if offset is None:
        if data is None or fit.offset is None:
            return 0.0 if fit.offset is None else np.asarray(fit.offset, dtype=np.float64)
        raise InputError(
            "the model was fitted with an offset; pass offset= for the new patients too, one number for all or one for each, 0 "
            "for a patient without it."
        )
    if isinstance(offset, str) and (is_table(data) or hasattr(data, "columns")):
        offset = column(as_frame(data), offset, "offset")
    alone = dimensions(offset) == 0 and not isinstance(offset, str)
    return float_vector("offset", np.full(m, offset) if alone else beside(fit, data, "offset", offset), m)
