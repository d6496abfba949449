"""Log-rank test and its Fleming-Harrington weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray, IntArray, between, float_vector, label_codes
from survsim.core.complete import complete_groups
from survsim.core.errors import InputError, SmallSampleWarning, warn
from survsim.core.event_table import counting_pays, refuse_clusters
from survsim.core.provenance import Provenance
from survsim.core.result import Result, format_number, result
from survsim.core.surv import Surv, as_surv
from survsim.core.tables import Columns
from survsim.core.times import at_least_one
from survsim.estimate.nonparametric.weighted_logrank import ROUNDING, robust_scores
from survsim.kernels import logrank, risk_set

if TYPE_CHECKING:
    pass


@result
class LogrankTest(Result):
    """Comparison of survival between groups.

    Attributes
    ----------
    groups : labels; n_patients : (g,).
    observed, expected : (g,) weighted sums of events, seen and expected under equal hazards.
    covariance : (g, g) of observed - expected.
    weighted, clustered : patients had weights, or clusters; the covariance is then the robust one.
    chi2, df, p_value : of the test against any difference (one degree of freedom for a trend).
    """

    groups: tuple[Any, ...]
    n_patients: IntArray
    observed: FloatArray
    expected: FloatArray
    covariance: FloatArray
    chi2: float
    df: int
    p_value: float
    rho: float
    gamma: float
    stratified: bool
    trend: bool
    weighted: bool = False
    clustered: bool = False

    def columns(self) -> Columns:
        """Columns group, n_patients, observed, expected."""
        names = ("n_patients", "observed", "expected")
        return {"group": list(self.groups), **{n: getattr(self, n) for n in names}}

    def headline(self) -> str:
        plain = self.rho == self.gamma == 0
        kind = "Log-rank test" if plain else f"Fleming-Harrington({self.rho:g}, {self.gamma:g}) test"
        kind = ("Stratified " + kind[0].lower() + kind[1:]) if self.stratified and plain else kind
        tail = " for trend" if self.trend else ""
        if self.weighted or self.clustered:
            tail += f" ({'weighted, ' if self.weighted else ''}robust variance)"
        return (
            f"{kind}{tail}: chi2 {format_number(self.chi2)} on {self.df} df, p {format_number(self.p_value)}"
        )


def logrank_test(
    surv: Surv,
    by: Any,
    *,
    rho: float = 0.0,
    gamma: float = 0.0,
    trend: Any = None,
    data: Any = None,
    missing: str = "refuse",
) -> LogrankTest:
    """Test of equal survival: sum over event times of w (observed - expected), w = S(t-)^rho (1-S(t-))^gamma.

    Parameters
    ----------
    surv : response; strata and delayed entry are used when present. Weights and clusters ask for the robust variance
        (clusters kept together), which makes the test the robust score test of a Cox model with Breslow ties; copies of
        patients are given as rows, not as weights.
    by : (n,) labels of at least two groups.
    data : frame of the n patients in which `by` is a column (or several, "arm + stage"); not needed where the
        response was made from it.
    missing : "refuse" a group that is missing, or "drop" those rows with a warning that counts them.
    rho, gamma : Fleming-Harrington exponents from 0; 0, 0 is the log-rank test, 1, 0 weighs early and
        0, 1 late differences; S is the pooled curve of the stratum.
    trend : True for a trend over the groups in their order, or one score a group; one degree of freedom.

    Returns
    -------
    LogrankTest : chi-squared, degrees of freedom and p-value, with observed and expected events of each group.

    Raises
    ------
    InputError : fewer than two groups, or a bad option.

    Reference: Mantel 1966; Fleming & Harrington 1991, chapter 7; Tarone 1975 for the trend; Lin & Wei 1989, J Am Stat
    Assoc 84:1074, for the variance with weights.

    Example
    -------
    >>> from survsim import Surv, logrank_test
    >>> s = Surv.right([1, 3, 4, 6, 8, 9], [1, 1, 1, 1, 1, 0], unit="months")
    >>> round(logrank_test(s, ["a", "a", "a", "b", "b", "b"]).chi2, 3)
    5.052
    """
    surv = as_surv(surv, data)
    surv, by = complete_groups(surv, by, missing)
    robust = surv.weight is not None or surv.cluster is not None
    # a byte a patient is enough to count with; the other roads calculate with codes
    codes, groups = labelled_groups(surv, by, narrow=not robust and counting_pays(surv))
    between("rho", rho, 0.0, 100.0, open_ends=False)
    between("gamma", gamma, 0.0, 100.0, open_ends=False)
    floor, units = 0.0, len(surv)
    if not robust:
        weights = ((float(rho), float(gamma)),)
        observed, expected, covariance = (x[0] for x in stratified_scores(surv, codes, len(groups), weights))
    else:
        observed, expected, covariance, floor, units = robust_scores(surv, codes, len(groups), rho, gamma)
    if trend is None:
        chi2, df = quadratic_form(observed - expected, covariance, floor)
    else:
        # the groups' differences sum to 0: a shift of all scores changes nothing
        score = _trend_scores(trend, groups)
        score = score - score.mean()
        spread = float(score @ covariance @ score)
        told = spread > max(floor, ROUNDING * float(np.diag(covariance).max())) * float(score @ score)
        chi2, df = (float(score @ (observed - expected)) ** 2 / spread, 1) if told else (0.0, 0)
    if robust and 0 < units <= df:
        chi2 = _too_few(surv, units, df)
    return LogrankTest(
        groups=groups,
        n_patients=patients_of(surv, codes, len(groups)),
        observed=observed,
        expected=expected,
        covariance=covariance,
        chi2=chi2,
        df=df,
        p_value=chi2_tail(chi2, df),
        rho=float(rho),
        gamma=float(gamma),
        stratified=surv.stratum is not None,
        trend=trend is not None,
        weighted=surv.weight is not None,
        clustered=surv.cluster is not None,
        provenance=Provenance.of(
            "logrank_test", surv, rho=rho, gamma=gamma, trend=None if trend is None else list(np.ravel(trend))
        ),
    )


def _too_few(surv: Surv, units: int, df: int) -> float:
    """No chi-square, with a warning: of so few units it would be their number, whatever the data."""
    what = "clusters" if surv.cluster is not None else "patients"
    warn(
        f"a robust variance for a test on {df} df takes at least {df + 1} independent {what} that are compared, and there "
        f"{'is 1' if units == 1 else f'are {units}'}: the test has no chi-square and no p-value (NaN)."
        + (
            " Build the response without cluster for a test of independent patients."
            if surv.cluster is not None
            else ""
        ),
        SmallSampleWarning,
    )
    return float("nan")


def comparison_groups(
    surv: Surv, by: Any, *, instead: str = "logrank_test or cox_ph, which have a robust variance"
) -> tuple[IntArray, tuple[Any, ...]]:
    """Codes (n,) and labels of at least two groups of independent, unweighted patients."""
    codes, groups = labelled_groups(surv, by)
    if surv.weight is not None:
        raise InputError(
            "this rank test counts patients and this response has weights; use logrank_test or cox_ph(..., robust=True) for "
            "a weighted comparison, or build the response without weight."
        )
    refuse_clusters(surv, "this rank test", instead)
    return codes, groups


def labelled_groups(surv: Surv, by: Any, *, narrow: bool = False) -> tuple[IntArray, tuple[Any, ...]]:
    """Codes (n,) and labels of at least two groups; codes of one byte where `narrow` allows them."""
    codes, groups = label_codes("by", surv.paired("by", by), len(surv), narrow=narrow)
    if len(groups) < 2:
        raise InputError(f"by must hold at least two groups; it holds only {groups[0]!r}.")
    return codes, groups


def patients_of(surv: Surv, codes: IntArray, n_groups: int) -> IntArray:
    """Patients (g,) of each group, told apart by `id` where the response has it."""
    if surv.id is not None:
        codes = np.unique(np.stack([codes, surv.id]), axis=1)[0]
    if n_groups == 2:
        second = np.count_nonzero(codes)
        return np.array([codes.size - second, second], np.int64)
    return np.bincount(codes, minlength=n_groups)


def _trend_scores(trend: Any, groups: tuple[Any, ...]) -> FloatArray:
    if trend is True:
        return np.arange(len(groups), dtype=np.float64)
    scores = float_vector("trend", at_least_one(trend))
    if scores.size != len(groups):
        raise InputError(
            f"trend needs one score a group ({len(groups)}: {', '.join(map(repr, groups))}); got {scores.size}."
        )
    if np.ptp(scores) == 0:
        raise InputError(f"trend scores are all {scores[0]:g}; a trend needs scores that differ.")
    return scores


def stratified_scores(
    surv: Surv, codes: IntArray, n_groups: int, weights: Sequence[tuple[float, float]]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Observed (k, g), expected (k, g) and covariance (k, g, g) for k pairs (rho, gamma), over strata."""
    strata = [0] if surv.stratum is None else np.unique(surv.stratum)
    k = len(weights)
    total = [np.zeros((k, n_groups)), np.zeros((k, n_groups)), np.zeros((k, n_groups, n_groups))]
    for stratum in strata:
        part = surv if surv.stratum is None else surv.take(surv.stratum == stratum)
        group = codes if surv.stratum is None else codes[surv.stratum == stratum]
        n, d = pooled_counts(part, group, n_groups)
        for i, pair in enumerate(weights):
            weight = None if pair == (0.0, 0.0) else event_weights(n, d, *pair)
            for total_part, value in zip(total, logrank.scores(n, d, weight)):
                total_part[i] += value
    return total[0], total[1], total[2]


def event_weights(n_risk: FloatArray, n_event: FloatArray, rho: float, gamma: float) -> FloatArray:
    """Fleming-Harrington weights (k,) at the pooled event times from counts (g, k)."""
    if rho == 0 and gamma == 0:
        return np.ones(n_event.shape[1])
    before = logrank.survival_before(n_risk.sum(axis=0), n_event.sum(axis=0))
    return before**rho * (1.0 - before) ** gamma


def pooled_counts(surv: Surv, codes: IntArray, n_groups: int) -> tuple[FloatArray, FloatArray]:
    """At risk and events (g, k) of each group at the pooled event times."""
    if surv.entry is None and counting_pays(surv):
        top = None if surv._counts is None else len(surv._counts) - 1
        return risk_set.group_counts_whole(surv.time, surv.event, codes, n_groups, top)
    if surv.entry is None and n_groups <= 8:
        return risk_set.group_counts_sorted(surv.time, surv.event, codes, n_groups)
    return risk_set.group_counts(surv.time, surv.event, surv.entry, codes, n_groups)


def quadratic_form(score: FloatArray, covariance: FloatArray, floor: float = 0.0) -> tuple[float, int]:
    """Chi-square u' V^- u and its degrees of freedom, the rank of V; variances up to `floor` are rounding."""
    if score.size == 2:
        spread = float(covariance[0, 0])
        return (float(score[0]) ** 2 / spread, 1) if spread > floor else (0.0, 0)
    size = float(np.diag(covariance).max())
    if not size > floor:
        return 0.0, 0
    # Rows sum to 0 but for rounding, which must not pass for one more degree of freedom.
    rank = int(np.linalg.matrix_rank(covariance, tol=ROUNDING * size, hermitian=True))
    return float(score @ np.linalg.pinv(covariance, rcond=ROUNDING, hermitian=True) @ score), rank


def chi2_tail(chi2: float, df: int) -> float:
    """Upper tail of the chi-square law; 1 when there is nothing to compare (no degree of freedom)."""
    if df == 0:
        return 1.0
    from scipy.special import chdtrc

    return float(chdtrc(df, chi2))
