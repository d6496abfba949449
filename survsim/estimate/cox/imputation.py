"""Pooling of fits to multiply imputed data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import stdtr, stdtrit

from survsim.core.checks import FloatArray, between
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns

if TYPE_CHECKING:
    pass


@result
class PooledImputations(Result):
    """Estimates pooled over m imputations.

    Attributes
    ----------
    terms : names; estimate, std_error, df : (p,); covariance : (p, p) total.
    within, between : (p, p) average covariance and covariance of the estimates.
    missing_information : (p,) fraction of information lost, with the df's correction.
    n_imputation : m.
    """

    terms: tuple[str, ...]
    estimate: FloatArray
    covariance: FloatArray
    within: FloatArray
    between: FloatArray
    df: FloatArray
    missing_information: FloatArray
    n_imputation: int
    conf_level: float

    @property
    def std_error(self) -> FloatArray:
        """(p,)."""
        return np.sqrt(np.diag(self.covariance))

    def columns(self) -> Columns:
        """Columns term, estimate, std_error, df, conf_low, conf_high (of the estimate), p_value, missing_information."""
        half = stdtrit(self.df, 0.5 + self.conf_level / 2) * self.std_error
        return {
            "term": list(self.terms),
            "estimate": self.estimate,
            "std_error": self.std_error,
            "df": self.df,
            "conf_low": self.estimate - half,
            "conf_high": self.estimate + half,
            "p_value": 2.0 * stdtr(self.df, -np.abs(self.estimate / self.std_error)),
            "missing_information": self.missing_information,
        }

    def headline(self) -> str:
        return (
            f"Pooled over {self.n_imputation} imputations (Rubin's rules, Barnard-Rubin degrees of freedom)"
        )


def pool_imputations(
    fits: Sequence[Any], *, complete_df: float | None = None, conf_level: float = 0.95
) -> PooledImputations:
    """Rubin's rules: T = W + (1 + 1/m) B, with Barnard and Rubin's degrees of freedom.

    Parameters
    ----------
    fits : at least two fits of one model to m imputed data sets, each with `terms`, `estimate`, `covariance`.
    complete_df : degrees of freedom had nothing been missing; for Cox fits events less coefficients if not
        given, else infinite.

    Returns
    -------
    PooledImputations : pooled estimate and covariance, variance within and between imputations, degrees of freedom and the share
        of information that was missing, by term.

    Raises
    ------
    InputError : fewer than two fits, fits of different terms, or fits without standard errors.

    Reference: Barnard & Rubin (1999), Biometrika 86:948, eqs. 3-5.

    Example
    -------
    >>> from survsim import Surv, cox_ph, pool_imputations
    >>> surv = Surv.right([4, 3, 1, 2, 5, 6], [1, 1, 1, 0, 1, 1], unit="months")
    >>> fits = [cox_ph(surv, None, x) for x in ([0.0, 1, 1, 0, 1, 0], [0.0, 1, 0, 0, 1, 0])]
    >>> pool_imputations(fits).estimate.round(2)
    array([0.82])
    """
    between("conf_level", conf_level, 0, 1)
    if len(fits) < 2:
        raise InputError(f"pooling needs at least two imputed fits; got {len(fits)}.")
    if complete_df is not None:
        complete_df = between("complete_df", complete_df, 0.0, np.inf)
    strange = [f for f in fits if not hasattr(f, "terms")]
    if strange:
        raise InputError(f"fits must be fits of a regression, one a data set; got {strange[0]!r:.60}.")
    terms = tuple(fits[0].terms)
    if any(tuple(f.terms) != terms for f in fits):
        raise InputError(
            "the fits have different terms; pool the same model fitted to each imputed data set."
        )
    if not all(np.isfinite(f.estimate).all() and np.isfinite(f.covariance).all() for f in fits):
        raise InputError(
            "Rubin's rules pool estimates by their standard errors, and a fit has none for some term (an elastic net has none at all). "
            "Pool fits without that penalty, or bootstrap the imputation and the selection together."
        )
    m = len(fits)
    estimates = np.stack([f.estimate for f in fits])
    within = np.mean([f.covariance for f in fits], axis=0)
    spread = np.atleast_2d(np.cov(estimates, rowvar=False))
    total = within + (1.0 + 1.0 / m) * spread
    if complete_df is None:
        events = getattr(fits[0], "n_event", None)
        complete_df = np.inf if events is None else max(float(events) - len(terms), 1.0)
    df, lost = _barnard_rubin(np.diag(within), np.diag(spread), np.diag(total), m, float(complete_df))
    return PooledImputations(
        terms=terms, estimate=estimates.mean(axis=0), covariance=total, within=within, between=spread, df=df,
        missing_information=lost, n_imputation=m, conf_level=conf_level,
        provenance=Provenance.of("pool_imputations", [f for f in fits if hasattr(f, "provenance")], complete_df=float(complete_df)),
    )  # fmt: skip


def _barnard_rubin(
    within: FloatArray, spread: FloatArray, total: FloatArray, m: int, complete: float
) -> tuple[FloatArray, FloatArray]:
    share = (1.0 + 1.0 / m) * spread / total
    with np.errstate(divide="ignore"):
        old = (m - 1.0) / share**2
    if np.isinf(complete):
        df = np.minimum(old, 1e300)
    else:
        seen = (complete + 1.0) / (complete + 3.0) * complete * (1.0 - share)
        df = np.where(np.isinf(old), seen, 1.0 / (1.0 / np.minimum(old, 1e300) + 1.0 / seen))
    increase = share / np.maximum(1.0 - share, 1e-300)
    return df, (increase + 2.0 / (df + 3.0)) / (increase + 1.0)
