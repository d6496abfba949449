"""Gray's test: equal cumulative incidence of one cause in several groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray, IntArray, between
from survsim.core.complete import complete_groups
from survsim.core.errors import InputError
from survsim.core.one_row import in_one_row
from survsim.core.provenance import Provenance
from survsim.core.result import Result, format_number, result
from survsim.core.surv import Surv, as_surv
from survsim.core.tables import Columns
from survsim.estimate.competing.aalen_johansen import cause_code, causes_of
from survsim.estimate.nonparametric.logrank import chi2_tail, comparison_groups, patients_of, quadratic_form
from survsim.kernels.gray import gray_scores

if TYPE_CHECKING:
    pass


@result
class GrayTest(Result):
    """Gray's test of g groups.

    Attributes
    ----------
    cause : the cause compared; groups : labels in order.
    n_patients, n_event : (g,) rows and events of the cause.
    score : (g,) weighted observed less expected events; covariance : (g, g).
    chi2, df, p_value : the test; rho : exponent of the weight (1 - F(t-))^rho.
    """

    cause: Any
    groups: tuple[Any, ...]
    n_patients: IntArray
    n_event: IntArray
    score: FloatArray
    covariance: FloatArray
    chi2: float
    df: int
    p_value: float
    rho: float
    stratified: bool

    def columns(self) -> Columns:
        """Columns group, n_patients, n_event, score, std_error, chi2, df, p_value; one row a group."""
        return {
            "group": list(self.groups),
            "n_patients": self.n_patients,
            "n_event": self.n_event,
            "score": self.score,
            "std_error": np.sqrt(np.diag(self.covariance)),
            "chi2": self.chi2,
            "df": self.df,
            "p_value": self.p_value,
        }

    def headline(self) -> str:
        kind = "Stratified Gray's" if self.stratified else "Gray's"
        return (
            f"{kind} test of the cumulative incidence of {self.cause!r}: chi2 {format_number(self.chi2)} "
            f"on {self.df} df, p {format_number(self.p_value)}"
        )


def gray_test(
    surv: Surv, by: Any, *, cause: Any = None, rho: float = 0.0, data: Any = None, missing: str = "refuse"
) -> GrayTest:
    """Test of equal cumulative incidence: sum of (1 - F(t-))^rho (d_i - d R_i / R) over event times.

    R_i = Y_i (1 - F_i(t-)) / S_i(t-) is the risk set of the subdistribution hazard in group i.

    Parameters
    ----------
    surv : response with causes; its strata are used.
    by : (n,) labels of at least two groups.
    data : frame of the n patients in which `by` is a column (or several, "arm + stage"); not needed where the
        response was made from it.
    cause : label of the cause; may be left out when there is one.
    rho : weight exponent, 0 or more; 0 weighs all times alike, 1 early ones more.
    missing : "refuse" a group that is missing, or "drop" those rows with a warning that counts them.

    Returns
    -------
    GrayTest : chi-squared, degrees of freedom and p-value, with the score of each group and its covariance.

    Raises
    ------
    InputError : fewer than two groups, no event of the cause, weights, clusters or delayed entry (for which
        this test has no form), no such cause.

    Reference: Gray (1988), Ann Stat 16:1141.

    Example
    -------
    >>> from survsim import Surv, gray_test
    >>> surv = Surv.competing([1, 2, 3, 4, 5, 6], [1, 1, 2, 1, 0, 2], unit="months")
    >>> round(gray_test(surv, list("aabbab"), cause=1).p_value, 3)
    0.318
    """
    surv = as_surv(surv, data)
    surv, by = complete_groups(surv, by, missing)
    code = cause_code(surv, cause)
    codes, groups = comparison_groups(surv, by, instead="fine_gray, which has a robust variance")
    surv, codes = in_one_row(surv, by=codes)
    between("rho", rho, 0.0, 100.0, open_ends=False)
    if surv.entry is not None:
        raise InputError(
            "Gray's test has no form for delayed entry; compare subdistribution hazards with fine_gray, "
            "or cause-specific hazards with logrank_test(surv.for_cause(...), by). Rows of a patient that follow one another "
            "from 0 are none once they have their id=."
        )
    causes = causes_of(surv)
    if not (causes == code).any():
        raise InputError(
            f"nobody has an event of cause {surv.cause_labels[code - 1]!r}; there is nothing to compare."
        )
    score, covariance = np.zeros(len(groups)), np.zeros((len(groups), len(groups)))
    strata = np.zeros(len(surv), np.int64) if surv.stratum is None else surv.stratum
    for stratum in np.unique(strata):
        rows = strata == stratum
        counts = _counts(surv.time[rows], causes[rows], code, codes[rows], len(groups))
        if counts[0].shape[1]:
            part = gray_scores(*counts, float(rho))
            score, covariance = score + part[0], covariance + part[1]
    chi2, df = quadratic_form(score, covariance)
    return GrayTest(
        cause=surv.cause_labels[code - 1],
        groups=groups,
        n_patients=patients_of(surv, codes, len(groups)),
        n_event=np.bincount(codes[causes == code], minlength=len(groups)),
        score=score,
        covariance=covariance,
        chi2=chi2,
        df=df,
        p_value=chi2_tail(chi2, df),
        rho=float(rho),
        stratified=surv.stratum is not None,
        provenance=Provenance.of("gray_test", surv, cause=surv.cause_labels[code - 1], rho=rho),
    )


def _counts(
    time: FloatArray, cause: IntArray, code: int, group: IntArray, n_groups: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """At risk, events of the cause and of the others, (g, m) at the times of any event."""
    at = np.unique(time[cause > 0])
    n_risk, own, other = (np.zeros((n_groups, at.size)) for _ in range(3))
    slot = np.searchsorted(at, time)
    for g in range(n_groups):
        mine = group == g
        ordered = np.sort(time[mine])
        n_risk[g] = ordered.size - np.searchsorted(ordered, at, side="left")
        own[g] = np.bincount(slot[mine & (cause == code)], minlength=at.size)
        other[g] = np.bincount(slot[mine & (cause > 0) & (cause != code)], minlength=at.size)
    return n_risk, own, other
