"""Choice of a Cox penalty by cross-validated partial likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core import progress
from survsim.core.checks import FloatArray, IntArray, float_vector, one_of
from survsim.core.complete import complete_design
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.surv import Surv, as_surv
from survsim.core.tables import Columns
from survsim.estimate.cox.concordance import joined_scores
from survsim.estimate.cox.prepare import model_design, prepare
from survsim.estimate.cox.regression import cox_ph
from survsim.kernels import cox


@result
class PenaltyPath(Result):
    """Cross-validated partial log likelihood along a grid of penalty strengths.

    Attributes
    ----------
    strength, score : (g,) grid and cross-validated log likelihood; best : the strength with the largest.
    """

    strength: FloatArray
    score: FloatArray
    best: float
    penalty: str
    folds: int

    def columns(self) -> Columns:
        """Columns penalty_strength, score."""
        return {"penalty_strength": self.strength, "score": self.score}

    def headline(self) -> str:
        return f"Cross-validated {self.penalty} Cox regression ({self.folds} folds): best penalty_strength {self.best:g}"


def penalty_path(
    surv: Surv,
    formula: str | None,
    data: Any,
    *,
    penalty: str = "ridge",
    strengths: Any = None,
    l1_ratio: float = 0.5,
    folds: int = 10,
    ties: str = "efron",
    missing: str = "refuse",
) -> PenaltyPath:
    """Sum over folds of l(b_without) - l_without(b_without), for each strength.

    Folds are dealt out along the sorted times, events and censored apart, patients of one time by their covariates, so the choice
    needs no seed and rows no order. The rows of a patient (`id`) are in one fold, and so are the patients of a cluster.

    Parameters
    ----------
    strengths : grid; None for 25 values from 0.01 to 1000.
    missing : "refuse" rows that lack what the model uses, or "drop" them with a warning that counts them.

    Returns
    -------
    PenaltyPath : the cross-validated partial log likelihood of each strength, and the best one.

    Raises
    ------
    InputError : an unknown penalty, folds below 2 or above the number of events, strengths that are not positive.

    Reference: Verweij & van Houwelingen (1993), Stat Med 12:2305.

    Example
    -------
    >>> from survsim import Surv
    >>> from survsim.cox import penalty_path
    >>> surv = Surv.right([4, 3, 1, 2, 5, 6, 7, 8], [1, 1, 1, 0, 1, 1, 1, 1], unit="months")
    >>> x = np.array([0.3, 1.2, 0.8, 0.1, -0.4, 0.2, -1.0, -0.6])[:, None]
    >>> path = penalty_path(surv, None, x, strengths=[0.1, 1.0, 10.0], folds=3)
    >>> path.strength.tolist(), path.best in path.strength
    ([0.1, 1.0, 10.0], True)
    """
    one_of("penalty", penalty, ("ridge", "elasticnet"))
    surv, formula, data, _ = complete_design(as_surv(surv), formula, data, {}, missing)
    design = model_design(surv, formula, data)
    if not 2 <= folds <= int(surv.event.sum()):
        raise InputError(
            f"folds must lie between 2 and the number of events, {int(surv.event.sum())}; got {folds}."
        )
    grid = (
        np.geomspace(0.01, 1000.0, 25) if strengths is None else np.sort(float_vector("strengths", strengths))
    )
    if not grid.size:
        raise InputError("strengths is empty; give the penalties to try, or None for a grid of 25.")
    fold = _dealt(surv, design.matrix, folds)
    # Only estimates are compared: a robust variance says nothing here.
    surv = surv.with_parts(cluster=None, cluster_labels=())
    score = np.zeros(grid.size)
    for f in progress.each("cross-validating", range(folds)):
        keep = fold != f
        part, rows = surv.take(keep), design.matrix[keep]
        for g, strength in enumerate(grid):
            fit = cox_ph(
                part,
                None,
                rows,
                ties=ties,
                penalty=penalty,
                penalty_strength=float(strength),
                l1_ratio=l1_ratio,
            )
            score[g] += _log_likelihood(surv, design.matrix, fit.estimate, ties) - fit.log_likelihood
    return PenaltyPath(
        strength=grid, score=score, best=float(grid[score.argmax()]), penalty=penalty, folds=folds,
        provenance=Provenance.of("penalty_path", surv, formula=design.formula, penalty=penalty, folds=folds, ties=ties),
    )  # fmt: skip


def _dealt(surv: Surv, matrix: FloatArray, folds: int) -> IntArray:
    """The fold (n,) of each row; a patient is dealt by whether the event came, the end of follow-up, and what tells patients apart.

    Covariates that differ by rounding alone are one: another order of the rows sums them in another order. Clusters are dealt
    whole, by their events and the patients in them.
    """
    first, who = surv.patients
    ordered = np.lexsort((surv.time, who))
    last = ordered[np.append(np.diff(who[ordered]) != 0, True)]
    columns: list[Any] = [joined_scores(column) for column in matrix.T]
    columns += [c for c in (surv.begin, surv.weight, surv.stratum) if c is not None]
    keys = [surv.event[last], surv.time[last], *(c[rows] for c in columns for rows in (last, first))]
    order = np.lexsort(keys[::-1])
    if surv.cluster is None:
        return (np.argsort(order) % folds)[who]
    new = np.any([np.diff(key[order], prepend=key[order[:1]]) != 0 for key in keys], axis=0)
    rank = np.cumsum(new)[np.argsort(order)]
    cluster = np.unique(surv.cluster[first], return_inverse=True)[1]
    events = np.bincount(cluster, surv.event[last]).tolist()
    having = sum(n > 0 for n in events)
    if having < folds:
        raise InputError(
            f"a cluster is in one fold, and {having} clusters have events; ask for no more folds than that (got {folds}), "
            "or build the response without cluster."
        )
    ends = np.cumsum(np.bincount(cluster))[:-1]
    held = [h.tolist() for h in np.split(rank[np.lexsort((rank, cluster))], ends)]
    place = sorted(range(len(held)), key=lambda g: (events[g], held[g]))
    return (np.argsort(place) % folds)[cluster][who]


def _log_likelihood(surv: Surv, matrix: FloatArray, estimate: FloatArray, ties: str) -> float:
    problem = prepare(surv, matrix, None, ties)
    eta = cox.linear_predictor(problem.at, problem.x, estimate * problem.scale, None)
    return cox.moments(problem.at, cox.covariates(problem.at, problem.x), eta).log_likelihood
