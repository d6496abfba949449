"""MaxCombo: the largest of several weighted log-rank tests, for effects of unknown timing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray, between
from survsim.core.complete import complete_groups
from survsim.core.errors import InputError
from survsim.core.matrices import rank_root
from survsim.core.provenance import Provenance
from survsim.core.result import Result, format_number, result
from survsim.core.surv import Surv, as_surv
from survsim.core.tables import Columns
from survsim.estimate.nonparametric.contrast import two_labels
from survsim.estimate.nonparametric.logrank import comparison_groups, event_weights, pooled_counts
from survsim.kernels import logrank

if TYPE_CHECKING:
    pass

POINTS = 2**16
WEIGHTS = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))


@result
class MaxComboTest(Result):
    """The combined test and its parts.

    Attributes
    ----------
    groups : the two labels; z is positive when the second has more events than expected.
    weights : (rho, gamma) of each part; z : (k,); correlation : (k, k) of z under equal hazards.
    statistic : max |z|; p_value : its tail under the joint normal law.
    """

    groups: tuple[Any, ...]
    weights: tuple[tuple[float, float], ...]
    z: FloatArray
    correlation: FloatArray
    statistic: float
    p_value: float

    def headline(self) -> str:
        best = self.weights[int(np.argmax(np.abs(self.z)))]
        return (
            f"MaxCombo test: max |z| {format_number(self.statistic)} at rho, gamma {best[0]:g}, {best[1]:g}, "
            f"p {format_number(self.p_value)}"
        )

    def columns(self) -> Columns:
        """Columns rho, gamma, z."""
        rho, gamma = zip(*self.weights)
        return {"rho": rho, "gamma": gamma, "z": self.z}


def maxcombo_test(
    surv: Surv,
    by: Any,
    *,
    weights: Sequence[tuple[float, float]] = WEIGHTS,
    reference: Any = None,
    data: Any = None,
    missing: str = "refuse",
) -> MaxComboTest:
    """Largest |z| of Fleming-Harrington tests, judged by their joint normal law.

    The covariance of two scores is sum w_a w_b v over event times, v the hypergeometric variance.

    Parameters
    ----------
    surv : response of two groups; strata and delayed entry are used when present.
    by : (n,) labels; weights : pairs (rho, gamma); reference : label of the first group.
    data : frame of the n patients in which `by` is a column (or several, "arm + stage"); not needed where the
        response was made from it.
    missing : "refuse" a group that is missing, or "drop" those rows with a warning that counts them.

    Returns
    -------
    MaxComboTest : z of each weight, their correlation, the largest |z| and its p-value.

    Raises
    ------
    InputError : not two groups, no weights, no event to compare, or a response with weights or clusters.

    Reference: Lee 2007; Lin et al. 2020 (Stat Biopharm Res 12:187).

    Example
    -------
    >>> from survsim import Surv, maxcombo_test
    >>> s = Surv.right([1, 3, 4, 6, 8, 9], [1, 1, 1, 1, 1, 0], unit="months")
    >>> round(maxcombo_test(s, ["a", "a", "a", "b", "b", "b"]).statistic, 3)
    2.248
    """
    surv = as_surv(surv, data)
    surv, by = complete_groups(surv, by, missing)
    codes, groups = comparison_groups(surv, by)
    first, second = two_labels(groups, reference)
    if len(weights) == 0:
        raise InputError(f"weights must be pairs (rho, gamma) from 0, at least one; got {weights!r}.")
    parts = [(_exponent("rho", rho), _exponent("gamma", gamma)) for rho, gamma in weights]
    codes = (codes == second).astype(np.int64)
    score, covariance = np.zeros(len(parts)), np.zeros((len(parts), len(parts)))
    for stratum in [None] if surv.stratum is None else np.unique(surv.stratum):
        rows = np.ones(len(surv), bool) if stratum is None else surv.stratum == stratum
        n, d = pooled_counts(surv.take(rows), codes[rows], 2)
        table = np.stack([event_weights(n, d, *pair) for pair in parts])
        value, spread = logrank.combined_scores(n, d, table)
        score, covariance = score + value, covariance + spread
    error = np.sqrt(np.diag(covariance))
    if (error <= 0).any():
        raise InputError(
            "a weighted test has no variance: no event happened while both groups were at risk, or a late "
            "weight meets only one event time. Leave that weight out, or use logrank_test."
        )
    z, correlation = score / error, covariance / np.outer(error, error)
    statistic = float(np.abs(z).max())
    return MaxComboTest(
        groups=(groups[first], groups[second]),
        weights=tuple(parts),
        z=z,
        correlation=correlation,
        statistic=statistic,
        p_value=maximum_tail(statistic, correlation),
        provenance=Provenance.of("maxcombo_test", surv, weights=parts, reference=reference),
    )


def _exponent(name: str, value: float) -> float:
    return between(f"{name} in the pairs (rho, gamma) of weights", value, 0.0, 100.0, open_ends=False)


def maximum_tail(z: float, correlation: FloatArray) -> float:
    """P(max |Z_k| >= z) for jointly normal Z, singular correlation included.

    Z = A X with X standard normal of the rank's dimension; the chance to stay inside is an integral over
    the directions of X: for a direction u the slab |r A u| < z ends at radius r, and the radius has the
    chi law. Directions form a fixed, balanced set of points, so the answer is the same in every run.
    """
    from scipy.special import gammainc, ndtri  # not at import: a third of a second

    root = rank_root(correlation)
    rank = root.shape[1]
    if rank == 1:
        directions = np.ones((1, 1))
    else:
        directions = ndtri(_even_points(POINTS, rank))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    reach = z / np.abs(directions @ root.T).max(axis=1)
    return float(np.mean(1.0 - gammainc(rank / 2, reach**2 / 2)))


def _even_points(n: int, dimension: int) -> FloatArray:
    """Points (n, dimension) spread evenly over the unit cube: multiples of powers of 1/x, x^(d+1) = x + 1.

    Needs no generator and is the same everywhere (Roberts' generalisation of the golden ratio).
    """
    x = 2.0
    for _ in range(60):
        x = (1.0 + x) ** (1.0 / (dimension + 1.0))
    steps = x ** -np.arange(1.0, dimension + 1.0)
    return (0.5 + np.outer(np.arange(1, n + 1), steps)) % 1.0
