"""Do groups of studies differ? Pooled means by group and the test between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import chdtrc, fdtrc

from survsim.core.checks import FloatArray, between, label_codes, one_of
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.renamed import renamed
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.estimate.printed.study_effects import study_effects
from survsim.estimate.printed.study_rows import study_rows
from survsim.estimate.synthesis import heterogeneity as het
from survsim.estimate.synthesis import pooling

if TYPE_CHECKING:
    pass


@result
class MetaSubgroups(Result):
    """Pooled means of groups of studies and the test that they are one.

    Attributes
    ----------
    groups : (g,) labels; n_study : (g,) studies in each.
    estimate, std_error, conf_low, conf_high, tau2, prediction_low, prediction_high : (g,).
    statistic, df_between, df_within, p_value : F test (or chi-squared over df, df_within inf).
    tau2_sharing : "common" or "separate".
    """

    groups: tuple[Any, ...]
    n_study: tuple[int, ...]
    estimate: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    prediction_low: FloatArray
    prediction_high: FloatArray
    tau2: FloatArray
    statistic: float
    df_between: int
    df_within: float
    p_value: float
    tau2_sharing: str

    def columns(self) -> Columns:
        """One row a group: group, n_study, estimate, std_error, intervals, tau2."""
        names = (
            "estimate",
            "std_error",
            "conf_low",
            "conf_high",
            "prediction_low",
            "prediction_high",
            "tau2",
        )
        columns = {name: getattr(self, name) for name in names}
        return {"group": list(self.groups), "n_study": list(self.n_study), **columns}

    def headline(self) -> str:
        """The test between groups."""
        return (
            f"{len(self.groups)} groups of studies, {self.tau2_sharing} tau2: difference between groups "
            f"F {self.statistic:.4g} on {self.df_between} and {self.df_within:g} df, p = {self.p_value:.3g}"
        )


@renamed(sources="source")
def subgroup_test(
    estimate: Any,
    std_error: Any = None,
    groups: Any = None,
    *,
    tau2: str = "common",
    method: str = "REML",
    conf_method: str = "modified-knapp-hartung",
    labels: Sequence[Any] | None = None,
    source: str | Iterable[str] = (),
    clusters: Sequence[Any] | None = None,
    conf_level: float = 0.95,
    missing: str = "refuse",
) -> MetaSubgroups:
    """Pooled mean in each group of studies, and the test that all means are equal.

    With ``tau2="common"`` this is meta-regression on group membership; with "separate" each group is pooled
    by itself and ``Q = sum (mu_g - mu)^2 / SE_g^2`` is compared with chi-squared.

    Parameters
    ----------
    estimate, std_error : (k,); or effect sizes or a selection alone, as in `meta_analysis`.
    groups : (k,) labels; a Series finds its studies by row label or name, as `survsim.core.pairing` has it.
    tau2 : "common" (works with small groups) or "separate".
    method, conf_method, labels, source, clusters, conf_level : as in `meta_analysis`.
    missing : "refuse" studies without a group or a number, or "drop" them with a warning that counts them.

    Returns
    -------
    MetaSubgroups : pooled mean of each group with its interval, and the test that they are equal.

    Raises
    ------
    InputError : one group only, studies of one cluster in two groups, or too few studies.

    References
    ----------
    Borenstein et al. 2009, Introduction to Meta-Analysis, chapter 19.

    Example
    -------
    >>> from survsim import subgroup_test
    >>> g = subgroup_test([-0.9, -0.8, -0.7, -0.1, 0.0, 0.1], [0.2] * 6, ["A"] * 3 + ["B"] * 3)
    >>> g.estimate.round(3), round(g.p_value, 4)
    (array([-0.8, -0. ]), 0.0081)
    """
    one_of("tau2", tau2, ("common", "separate"))
    one_of("method", method, pooling.METHODS)
    one_of("conf_method", conf_method, pooling.CONF_METHODS)
    between("conf_level", conf_level, 0.0, 1.0)
    if groups is None and std_error is not None and np.asarray(std_error).dtype.kind in "OUS":
        std_error, groups = None, std_error  # subgroup_test(effects, groups)
    if groups is None:
        raise InputError("groups is missing: one label a study.")
    given = study_effects(estimate, std_error, labels=labels, source=source, clusters=clusters)
    source = given.source
    given, (groups,), _ = given.complete(missing, {"groups": given.beside("groups", groups)})
    rows = study_rows(
        given.estimate, given.std_error, labels=given.labels, clusters=given.clusters, source=source
    )
    n_rows = sum(len(part) for part in rows.row_sets)
    codes, names = label_codes("groups", groups, n_rows)
    if len(names) < 2:
        raise InputError(f"groups holds one label ({names[0]!r}); a test between groups needs two.")
    indicator = rows.average_rows((codes[:, None] == np.arange(len(names))).astype(np.float64))
    mixed = [rows.labels[i] for i in np.flatnonzero((indicator.max(axis=1)) < 1.0)]
    if mixed:
        raise InputError(f"studies of one cluster lie in different groups: {'; '.join(mixed)}. Regroup them.")
    provenance = Provenance.of(
        "subgroup_test", source, tau2=tau2, method=method, conf_method=conf_method, conf_level=conf_level
    )
    if tau2 == "common":
        fields = _common(rows.estimate, rows.std_error**2, indicator, method, conf_method, conf_level)
    else:
        parts = [
            pooling.pool_rows(
                rows.keep(indicator[:, g] == 1.0), method, conf_method, conf_level, 0.5, provenance
            )
            for g in range(len(names))
        ]
        fields = _separate(parts)
    return MetaSubgroups(
        provenance=provenance,
        groups=names,
        n_study=tuple(int(n) for n in indicator.sum(axis=0)),
        tau2_sharing=tau2,
        **fields,
    )


def _common(
    y: FloatArray, v: FloatArray, x: FloatArray, method: str, conf_method: str, level: float
) -> dict[str, Any]:
    k, g = x.shape
    if k <= g:
        raise InputError(f"{k} studies in {g} groups leave nothing to judge the spread by; join groups.")
    conf_method = pooling.settled_method(conf_method, y, x, [])
    tau2 = het.tau2_estimate(y, v, x, method)
    fit = het.weighted_fit(y, v, x, tau2)
    df = np.inf if conf_method == "wald" else float(k - g)
    covariance = fit.covariance * pooling.variance_factor(fit.q, k - g, conf_method)
    contrast = np.eye(g)[1:] - np.eye(g)[:1]
    shift = contrast @ fit.coefficients
    statistic = float(shift @ np.linalg.solve(contrast @ covariance @ contrast.T, shift)) / (g - 1)
    error = np.sqrt(np.diag(covariance))
    width = pooling.critical_value(level, df)
    reach = width * np.sqrt(tau2 + error**2)
    mean = fit.coefficients
    return {
        "estimate": mean,
        "std_error": error,
        "conf_low": mean - width * error,
        "conf_high": mean + width * error,
        "prediction_low": mean - reach,
        "prediction_high": mean + reach,
        "tau2": np.full(g, tau2),
        **_test(statistic, g - 1, df),
    }


def _separate(parts: list[pooling.MetaAnalysis]) -> dict[str, Any]:
    names = ("estimate", "std_error", "conf_low", "conf_high", "prediction_low", "prediction_high", "tau2")
    fields: dict[str, Any] = {name: np.array([getattr(p, name) for p in parts]) for name in names}
    w = fields["std_error"] ** -2.0
    centre = w @ fields["estimate"] / w.sum()
    df = len(parts) - 1
    fields.update(_test(float(w @ (fields["estimate"] - centre) ** 2) / df, df, np.inf))
    return fields


def _test(statistic: float, df_between: int, df_within: float) -> dict[str, Any]:
    if np.isinf(df_within):
        p = chdtrc(df_between, statistic * df_between)
    else:
        p = fdtrc(df_between, df_within, statistic)
    return {"statistic": statistic, "df_between": df_between, "df_within": df_within, "p_value": float(p)}
