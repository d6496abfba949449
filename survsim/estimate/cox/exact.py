"""Cox regression with the exact treatment of ties (conditional logistic likelihood)."""

from __future__ import annotations

from survsim.core.errors import InputError
from survsim.estimate.cox.fitting import check_rank_of, climb
from survsim.estimate.cox.result import CoxFit
from survsim.estimate.cox.task import CoxTask
from survsim.kernels.cox_exact import exact_likelihood

MOST_TIES = 400


def fit_exact(task: CoxTask) -> CoxFit:
    """Maximise the exact partial likelihood."""
    problem = task.prepared()
    if problem.at.d.max() > MOST_TIES:
        raise InputError(
            f"{int(problem.at.d.max())} events are tied at one time; ties='exact' is meant for up to {MOST_TIES}. "
            "Use ties='efron'."
        )
    objective = exact_likelihood(problem.at, problem.x, problem.offset)
    end = climb(objective, problem, task.design, check_rank_of(problem, task.design), tied_apart=True)
    return task.fitted(end, problem)
