"""Permutation log-rank test: exact for small samples, by random rearrangement for larger ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core import progress
from survsim.core.checks import FloatArray, IntArray, between
from survsim.core.complete import complete_groups
from survsim.core.provenance import Provenance
from survsim.core.result import Result, format_number, result
from survsim.core.start_stop import of_one_patient
from survsim.core.streams import stream_key
from survsim.core.surv import Surv, as_surv
from survsim.core.tables import Columns
from survsim.estimate.nonparametric.logrank import (
    comparison_groups,
    event_weights,
    patients_of,
    pooled_counts,
)
from survsim.kernels import logrank
from survsim.kernels.permutation import subset_tail

if TYPE_CHECKING:
    pass

EXACT_UP_TO = 40
BLOCK = 2_000_000


@result
class PermutationTest(Result):
    """Permutation law of a log-rank score.

    Attributes
    ----------
    groups : labels; n_patients, score : (g,) observed - expected events of each group.
    statistic : |score| of the second of two groups, or sum over groups of score^2/n for more.
    p_value, mc_std_error : two-sided; the error is 0 for an exact test.
    n_arrangements : arrangements the p-value rests on.
    exact : True when all arrangements were counted.
    """

    groups: tuple[Any, ...]
    n_patients: IntArray
    score: FloatArray
    statistic: float
    p_value: float
    mc_std_error: float
    n_arrangements: int
    exact: bool

    def headline(self) -> str:
        how = "exact" if self.exact else f"Monte Carlo error {format_number(self.mc_std_error)}"
        return (
            f"Permutation log-rank test: p {format_number(self.p_value)} ({how}, "
            f"{self.n_arrangements} arrangements)"
        )

    def columns(self) -> Columns:
        """Columns group, n_patients, score."""
        return {"group": list(self.groups), "n_patients": self.n_patients, "score": self.score}


def permutation_logrank_test(
    surv: Surv,
    by: Any,
    *,
    rho: float = 0.0,
    gamma: float = 0.0,
    n_resamples: int = 9999,
    seed: int = 1,
    data: Any = None,
    missing: str = "refuse",
) -> PermutationTest:
    """Share of rearrangements of the group labels whose log-rank score is at least as far from 0.

    A group's score is a sum of its patients' own parts, so two groups of up to 40 patients are counted
    exactly (subset sums); strata, more groups and more patients use random rearrangements within strata
    and p = (1 + extreme)/(1 + n_resamples). The rows of a patient (`id`) stay together. Valid when censoring does not depend on the group.

    Parameters
    ----------
    surv, by, rho, gamma : as in `logrank_test`.
    n_resamples, seed : of the random rearrangements.
    missing : "refuse" a group that is missing, or "drop" those rows with a warning that counts them.

    Returns
    -------
    PermutationTest : the p-value, exact or with its Monte Carlo standard error, and how many arrangements it rests on.

    Raises
    ------
    InputError : fewer than two groups, weights, clusters, a negative `n_resamples`, an exponent below 0, a patient in two groups.

    Reference: Neuhaus 1993; Phipson & Smyth 2010 for the added one.

    Example
    -------
    >>> from survsim import Surv
    >>> from survsim.nonparametric import permutation_logrank_test
    >>> s = Surv.right([1, 3, 4, 6, 8, 9], [1, 1, 1, 1, 1, 0], unit="months")
    >>> permutation_logrank_test(s, ["a", "a", "a", "b", "b", "b"]).p_value
    0.1
    """
    surv = as_surv(surv, data)
    surv, by = complete_groups(surv, by, missing)
    codes, groups = comparison_groups(surv, by)
    between("rho", rho, 0.0, 100.0, open_ends=False)
    between("gamma", gamma, 0.0, 100.0, open_ends=False)
    between("n_resamples", n_resamples, 0, np.inf)
    n_groups = len(groups)
    n_patients = patients_of(surv, codes, n_groups)
    part, codes, stratum = _of_patients(surv, row_scores(surv, rho, gamma), codes)
    sizes = np.bincount(codes, minlength=n_groups)
    score: FloatArray = np.bincount(codes, part, n_groups).astype(np.float64)
    statistic = float(_statistic(score[None, :], sizes)[0])
    if n_groups == 2 and stratum is None and part.size <= EXACT_UP_TO:
        edge = statistic - 1e-10 * np.abs(part).sum()
        # Counting the smaller group's subsets is the same event: the two scores add up to 0.
        extreme, total = (1, 1) if edge <= 0 else subset_tail(part, int(sizes.min()), edge)
        p, error, exact = extreme / total, 0.0, True
    else:
        total, exact = int(n_resamples), False
        extreme = _random_extremes(stratum, codes, part, sizes, statistic, total, seed)
        p = (1 + extreme) / (1 + total)
        error = float(np.sqrt(p * (1 - p) / total))
    return PermutationTest(
        groups=groups,
        n_patients=n_patients,
        score=score,
        statistic=statistic,
        p_value=float(p),
        mc_std_error=error,
        n_arrangements=total,
        exact=exact,
        provenance=Provenance.of(
            "permutation_logrank_test", surv, rho=rho, gamma=gamma, n_resamples=n_resamples, seed=seed
        ),
    )


def row_scores(surv: Surv, rho: float = 0.0, gamma: float = 0.0) -> FloatArray:
    """Each patient's part (n,) of the log-rank score, within strata."""
    scores = np.empty(len(surv))
    for stratum in [None] if surv.stratum is None else np.unique(surv.stratum):
        rows = np.ones(len(surv), bool) if stratum is None else surv.stratum == stratum
        part = surv.take(rows)
        n, d = pooled_counts(part, np.zeros(len(part), np.int64), 1)
        at = np.unique(part.time[part.event])
        scores[rows] = logrank.row_scores(
            part.time, part.event, part.entry, at, d[0] / n[0], event_weights(n, d, rho, gamma)
        )
    return scores


def _of_patients(
    surv: Surv, part: FloatArray, codes: IntArray
) -> tuple[FloatArray, IntArray, IntArray | None]:
    """Each patient's part of the score, group and stratum: labels are dealt to patients, whose rows stay together."""
    if surv.id is None:
        return part, codes, surv.stratum
    first, who = surv.patients
    labels = tuple(surv.id_labels[k] for k in surv.id[first])
    what = "labels are dealt anew to whole patients. Give each one group, that of the start, or use logrank_test."
    of_one_patient("by", codes, labels, who, what)
    if surv.stratum is not None:
        of_one_patient("stratum", surv.stratum, labels, who, what.replace("one group", "one stratum"))
    stratum = None if surv.stratum is None else surv.stratum[first]
    return np.bincount(who, part).astype(np.float64), codes[first], stratum


def _statistic(score: FloatArray, sizes: IntArray) -> FloatArray:
    return np.abs(score[:, 1]) if sizes.size == 2 else (score**2 / sizes).sum(axis=1)


def _random_extremes(
    strata: IntArray | None,
    codes: IntArray,
    part: FloatArray,
    sizes: IntArray,
    statistic: float,
    total: int,
    seed: int,
) -> int:
    rng = np.random.Generator(np.random.Philox(key=np.array(stream_key(seed, "permutation"), np.uint64)))
    stratum = np.zeros(part.size, np.int64) if strata is None else strata
    places = [np.flatnonzero(stratum == k) for k in np.unique(stratum)]
    edge = statistic * (1 - 1e-10) - 1e-12
    extreme = 0
    size = max(1, BLOCK // part.size)
    for start in progress.each("permuting", range(0, total, size)):
        block = min(total - start, size)
        score = np.zeros((block, sizes.size))
        for rows in places:
            shuffled = rng.permuted(np.broadcast_to(part[rows], (block, rows.size)), axis=1)
            for g in range(sizes.size):
                score[:, g] += shuffled[:, codes[rows] == g].sum(axis=1)
        extreme += int((_statistic(score, sizes) >= edge).sum())
    return extreme
