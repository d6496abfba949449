"""Meta-regression: study estimates on study characteristics, with residual heterogeneity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import chdtrc, fdtrc

from survsim.core.checks import FloatArray, between, float_matrix, numbers, one_of
from survsim.core.design import Design, design_matrix
from survsim.core.errors import InputError, SmallSampleWarning, warn
from survsim.core.formula import parse_formula, used_columns
from survsim.core.frames import as_frame, is_table
from survsim.core.provenance import Provenance
from survsim.core.renamed import renamed
from survsim.core.result import Result, result
from survsim.core.tables import Columns, frame
from survsim.estimate.printed.study_effects import study_effects
from survsim.estimate.printed.study_rows import study_rows
from survsim.estimate.synthesis import heterogeneity as het
from survsim.estimate.synthesis import pooling
from survsim.kernels.orthonormal import orthonormal

if TYPE_CHECKING:
    import pandas as pd


@result
class MetaRegression(Result):
    """Coefficients of study characteristics; the first term is the intercept.

    Attributes
    ----------
    terms : (p,) names.
    estimate, std_error, conf_low, conf_high, p_value : (p,).
    covariance : (p, p) of the coefficients; root : (p, p), its product with its transpose is the covariance, and keeps what
        rounding takes from that when a moderator is far from 0.
    tau2, tau2_std_error, tau2_conf_low, tau2_conf_high : variance between studies that the moderators leave.
    q, q_df, q_p_value, i2, h2 : test of residual heterogeneity and its share (per cent).
    r2 : per cent of the between-study variance that the moderators explain; NaN when there was none.
    moderator_statistic, moderator_df, moderator_p_value : joint test of all moderators (F, or chi-squared
        over its degrees of freedom with conf_method "wald").
    df : degrees of freedom of the t law; inf for the normal.
    k, labels, study_estimate, study_std_error, fitted : the studies.
    """

    terms: tuple[str, ...]
    estimate: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    p_value: FloatArray
    covariance: FloatArray
    tau2: float
    tau2_conf_low: float
    tau2_conf_high: float
    q: float
    q_df: int
    q_p_value: float
    i2: float
    h2: float
    r2: float
    moderator_statistic: float
    moderator_df: tuple[int, float]
    moderator_p_value: float
    df: float
    k: int
    labels: tuple[str, ...]
    study_estimate: FloatArray
    study_std_error: FloatArray
    fitted: FloatArray
    design: Design
    method: str
    conf_method: str
    conf_level: float
    tau2_std_error: float = float("nan")
    notes: tuple[str, ...] = ()
    root: FloatArray | None = None

    def columns(self) -> Columns:
        """One row a term: term, estimate, std_error, conf_low, conf_high, p_value."""
        names = ("estimate", "std_error", "conf_low", "conf_high", "p_value")
        return {"term": list(self.terms), **{n: getattr(self, n) for n in names}}

    def headline(self) -> str:
        """Studies, residual heterogeneity and the joint test."""
        lines = [
            f"Meta-regression of {self.k} studies on {', '.join(self.terms[1:])} (tau2: {self.method})",
            f"residual {het.tau2_told(self.tau2, self.tau2_conf_low, self.tau2_conf_high)},"
            f" I2 {self.i2:.1f}%, R2 {self.r2:.1f}%; moderators p = {self.moderator_p_value:.3g}",
        ]
        return "\n".join([*lines, *(f"Note: {note}" for note in self.notes)])

    def predict(self, moderators: Any) -> pd.DataFrame:
        """Mean effect and interval for a new study at each row of `moderators` (frame or (m, p-1) matrix)."""
        columns = _new_columns(self.design, moderators)
        x = np.column_stack([np.ones(columns.shape[0]), columns])
        mean = x @ self.estimate
        error = (
            np.sqrt(np.einsum("ij,jk,ik->i", x, self.covariance, x))
            if self.root is None
            else np.linalg.norm(x @ self.root, axis=1)
        )
        width = pooling.critical_value(self.conf_level, self.df)
        reach = width * np.sqrt(self.tau2 + error**2)
        return frame(
            {
                "estimate": mean,
                "std_error": error,
                "conf_low": mean - width * error,
                "conf_high": mean + width * error,
                "prediction_low": mean - reach,
                "prediction_high": mean + reach,
            }
        )


@renamed(sources="source")
def meta_regression(
    estimate: Any,
    std_error: Any = None,
    moderators: Any = None,
    *,
    data: pd.DataFrame | None = None,
    method: str = "REML",
    conf_method: str = "modified-knapp-hartung",
    labels: Sequence[Any] | None = None,
    source: str | Iterable[str] = (),
    clusters: Sequence[Any] | None = None,
    overlap: str = "join",
    conf_level: float = 0.95,
    missing: str = "refuse",
) -> MetaRegression:
    """Weighted regression ``y = X b + u + e`` with ``Var u = tau2`` and known ``Var e``.

    Parameters
    ----------
    estimate, std_error : (k,) on an additive scale; or effect sizes or a selection alone, as in `meta_analysis`.
    moderators : formula ("year + C(site)") read in `data`, a numeric frame or dictionary of columns, or a
        (k, m) matrix; an intercept is added. Rows find their studies by row label or name, as `survsim.core.pairing` has it.
    data : (k rows) frame or dictionary of columns for a formula.
    method, conf_method, labels, source, clusters, overlap, conf_level : as in `meta_analysis`; moderators
        of joined rows are averaged.
    missing : "refuse" studies that lack what the model uses, or "drop" them with a warning that counts them.

    Returns
    -------
    MetaRegression : coefficient of each term with its interval, residual heterogeneity and the test of all moderators.

    Raises
    ------
    InputError : more terms than studies can carry, or terms that repeat one another.

    References
    ----------
    Knapp and Hartung 2003, Stat Med 22:2693, equation 6; Röver, Knapp, Friede 2015 (modification).

    Example
    -------
    >>> from survsim import meta_regression
    >>> fit = meta_regression([-0.9, -0.6, -0.4, -0.1, 0.1], [0.2, 0.1, 0.2, 0.1, 0.2], [[1], [2], [3], [4], [5]])
    >>> fit.terms, fit.estimate.round(3)
    (('intercept', 'x1'), array([-1.114,  0.25 ]))
    """
    one_of("method", method, pooling.METHODS)
    one_of("conf_method", conf_method, pooling.CONF_METHODS)
    between("conf_level", conf_level, 0.0, 1.0)
    if moderators is None and isinstance(std_error, str):
        std_error, moderators = None, std_error  # meta_regression(effects, "year", data=frame)
    if moderators is None:
        raise InputError(
            "moderators is missing: a formula, moderators='year', data=frame, or a (k, m) matrix."
        )
    given = study_effects(estimate, std_error, labels=labels, source=source, clusters=clusters)
    source = given.source
    moderators, data = given.beside("moderators", moderators), given.beside("data", data)
    if isinstance(moderators, str):
        by_name = (
            used_columns(parse_formula(moderators, data.columns), data) if hasattr(data, "columns") else ()
        )
        given, _, data = given.complete(missing, data=data, names=by_name)
    else:
        given, _, moderators = given.complete(missing, data=moderators)
    rows = study_rows(
        given.estimate,
        given.std_error,
        labels=given.labels,
        clusters=given.clusters,
        overlap=overlap,
        source=source,
    )
    n_rows = sum(len(part) for part in rows.row_sets)
    design = _design(moderators, data, n_rows)
    x = np.column_stack([np.ones(rows.k), rows.average_rows(design.matrix)])
    made = _check_rank(x, design.columns, rows.k)
    y, v = rows.estimate, rows.std_error**2
    notes = list(rows.notes)
    conf_method = pooling.settled_method(conf_method, y, made, notes)
    tau2 = het.tau2_estimate(y, v, x, method)
    fit = het.weighted_fit(y, v, x, tau2)
    spread = het.heterogeneity(y, v, x, tau2, method, conf_level)
    root = fit.root * np.sqrt(pooling.variance_factor(fit.q, spread.q_df, conf_method))
    covariance = root @ root.T
    df = np.inf if conf_method == "wald" else float(spread.q_df)
    error = np.sqrt(np.diag(covariance))
    width = pooling.critical_value(conf_level, df)
    statistic, test_df, test_p = _joint_test(fit.coefficients, covariance, df)
    provenance = Provenance.of(
        "meta_regression",
        source,
        method=method,
        conf_method=conf_method,
        moderators=list(design.columns),
        conf_level=conf_level,
        note="; ".join(rows.notes),
    )
    return MetaRegression(
        provenance=provenance,
        terms=("intercept", *design.columns),
        estimate=fit.coefficients,
        std_error=error,
        conf_low=fit.coefficients - width * error,
        conf_high=fit.coefficients + width * error,
        p_value=np.array([pooling.two_sided_p(b / s, df) for b, s in zip(fit.coefficients, error)]),
        covariance=covariance,
        tau2=tau2,
        r2=_explained(y, v, tau2, method),
        moderator_statistic=statistic,
        moderator_df=test_df,
        moderator_p_value=test_p,
        df=df,
        k=rows.k,
        labels=rows.labels,
        study_estimate=y,
        study_std_error=rows.std_error,
        fitted=y - fit.residuals,
        design=design,
        method=method,
        conf_method=conf_method,
        conf_level=conf_level,
        notes=tuple(notes),
        root=root,
        **{name: getattr(spread, name) for name in het.Heterogeneity.__dataclass_fields__},
    )


def _design(moderators: Any, data: Any, k: int) -> Design:
    if isinstance(moderators, str):
        if data is None:
            raise InputError(f"moderators is the formula {moderators!r}; pass data= with one row a study.")
        design = design_matrix(moderators, data)
    else:
        matrix = _columns_of_numbers(moderators)
        names = getattr(moderators, "columns", None)
        columns = (
            tuple(map(str, names))
            if names is not None
            else tuple(f"x{i + 1}" for i in range(matrix.shape[1]))
        )
        design = Design(" + ".join(columns), columns, matrix)
    if design.matrix.shape[0] != k:
        raise InputError(
            f"moderators has {design.matrix.shape[0]} rows for {k} studies. Give one row a study."
        )
    bad = np.flatnonzero(~np.isfinite(numbers("moderators", design.matrix)).all(axis=1))
    if bad.size:
        raise InputError(
            f"moderators is missing or infinite in rows {bad[:6].tolist()}; fill or drop those studies (missing='drop' leaves out "
            "those without a number)."
        )
    return design


def _columns_of_numbers(moderators: Any) -> FloatArray:
    """Moderators without a formula as (m, p-1), NaN where one is missing."""
    try:
        matrix = float_matrix("moderators", moderators)
    except InputError as error:
        raise InputError(f"{error} For categories use a formula, moderators='C(site)', data=frame.") from None
    if matrix.ndim != 2:
        raise InputError(f"moderators must be columns of numbers, a row a study; got shape {matrix.shape}.")
    return np.array(matrix)


def _new_columns(design: Design, moderators: Any) -> FloatArray:
    if design.spec is not None:
        return design.apply(moderators)
    moderators = as_frame(moderators, "moderators") if is_table(moderators) else moderators
    frame = getattr(moderators, "columns", None)
    values = moderators[list(design.columns)] if frame is not None else moderators
    matrix = _columns_of_numbers(values)
    if matrix.shape[1] != len(design.columns):
        raise InputError(
            f"moderators needs the columns {', '.join(design.columns)}; got {matrix.shape[1]} columns."
        )
    return matrix


def _check_rank(x: FloatArray, columns: tuple[str, ...], k: int) -> FloatArray:
    """The columns made orthonormal; refused where they are too many, or repeat one another."""
    p = x.shape[1]
    if p < 2:
        raise InputError("a meta-regression needs at least one moderator; without one use meta_analysis.")
    if k <= p:
        raise InputError(
            f"{k} studies cannot carry {p} terms (intercept, {', '.join(columns)}); use fewer moderators."
        )
    made = orthonormal(x)[0]
    if made.shape[1] < p:
        raise InputError(
            f"the moderators {', '.join(columns)} are constant or repeat one another over these studies; drop one."
        )
    if k - p < 3:
        warn(
            f"{k} studies for {p} terms leave {k - p} degrees of freedom; the intervals are wide for a reason.",
            SmallSampleWarning,
        )
    return made


def _joint_test(
    beta: FloatArray, covariance: FloatArray, df: float
) -> tuple[float, tuple[int, float], float]:
    """Joint test of all coefficients but the intercept."""
    m = beta.size - 1
    # Each coefficient in its own standard error: units do not come into the solution.
    unit = np.sqrt(np.diag(covariance)[1:])
    share = beta[1:] / unit
    statistic = float(share @ np.linalg.solve(covariance[1:, 1:] / np.outer(unit, unit), share)) / m
    p = chdtrc(m, statistic * m) if np.isinf(df) else fdtrc(m, df, statistic)
    return statistic, (m, df), float(p)


def _explained(y: FloatArray, v: FloatArray, tau2: float, method: str) -> float:
    total = het.tau2_estimate(y, v, np.ones((y.size, 1)), method)
    return float("nan") if total == 0.0 else 100.0 * max(0.0, 1.0 - tau2 / total)
