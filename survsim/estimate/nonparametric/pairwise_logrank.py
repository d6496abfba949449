"""Log-rank tests of every pair of groups with a correction for their number."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray, one_of
from survsim.core.complete import complete_groups
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.surv import Surv, as_surv
from survsim.core.tables import Columns
from survsim.estimate.nonparametric.logrank import labelled_groups, logrank_test

if TYPE_CHECKING:
    pass

CORRECTIONS = ("holm", "bonferroni", "sidak", "holm-sidak", "hommel", "fdr_bh", "fdr_by", "none")


@result
class PairwiseLogrank(Result):
    """All pairs of groups.

    Attributes
    ----------
    pairs : (first, second) labels; chi2, p_value, p_adjusted : (k,).
    """

    pairs: tuple[tuple[Any, Any], ...]
    chi2: FloatArray
    p_value: FloatArray
    p_adjusted: FloatArray
    correction: str

    def headline(self) -> str:
        return f"Pairwise log-rank tests, {len(self.pairs)} pairs, correction {self.correction}"

    def columns(self) -> Columns:
        """Columns group, other, chi2, p_value, p_adjusted."""
        columns = {name: getattr(self, name) for name in ("chi2", "p_value", "p_adjusted")}
        first, second = zip(*self.pairs)
        return {"group": list(first), "other": list(second), **columns}


def pairwise_logrank(
    surv: Surv,
    by: Any,
    *,
    rho: float = 0.0,
    gamma: float = 0.0,
    correction: str = "holm",
    data: Any = None,
    missing: str = "refuse",
) -> PairwiseLogrank:
    """Test each pair on its own patients, and correct the p-values for the number of pairs.

    Parameters
    ----------
    surv, by, rho, gamma : as in `logrank_test`.
    correction : a method of ``statsmodels.stats.multitest.multipletests``, or "none".
    missing : "refuse" a group that is missing, or "drop" those rows with a warning that counts them.

    Returns
    -------
    PairwiseLogrank : for each pair its chi-squared, p-value and corrected p-value.

    Raises
    ------
    InputError : an unknown correction, and what `logrank_test` refuses of any pair.

    Reference: Holm 1979.

    Example
    -------
    >>> from survsim import Surv, pairwise_logrank
    >>> s = Surv.right([1, 3, 4, 6, 8, 9], [1, 1, 1, 1, 1, 1], unit="months")
    >>> pairwise_logrank(s, ["a", "a", "b", "b", "c", "c"]).pairs
    (('a', 'b'), ('a', 'c'), ('b', 'c'))
    """
    surv = as_surv(surv, data)
    surv, by = complete_groups(surv, by, missing)
    one_of("correction", correction, CORRECTIONS)
    codes, groups = labelled_groups(surv, by)
    pairs, tests = [], []
    for i, j in combinations(range(len(groups)), 2):
        rows = np.flatnonzero((codes == i) | (codes == j))
        tests.append(logrank_test(surv.take(rows), codes[rows], rho=rho, gamma=gamma))
        pairs.append((groups[i], groups[j]))
    p = np.array([test.p_value for test in tests])
    adjusted = p.copy()
    if correction != "none":
        from statsmodels.stats.multitest import multipletests

        adjusted = np.asarray(multipletests(p, method=correction)[1])
    return PairwiseLogrank(
        pairs=tuple(pairs),
        chi2=np.array([test.chi2 for test in tests]),
        p_value=p,
        p_adjusted=adjusted,
        correction=correction,
        provenance=Provenance.of("pairwise_logrank", surv, rho=rho, gamma=gamma, correction=correction),
    )
