"""Cox regression with the exact treatment of ties (conditional logistic likelihood)."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.design import Design
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.surv import Surv
from survsim.estimate.cox.fitting import check_rank_of, climb, scaled_fit
from survsim.estimate.cox.prepare import prepare
from survsim.estimate.cox.result import CoxFit
from survsim.kernels.cox_exact import exact_likelihood

MOST_TIES = 400


def fit_exact(
    *,
    surv: Surv,
    design: Design,
    ties: str,
    robust: bool,
    offset: Any,
    conf_level: float,
    provenance: Provenance,
) -> CoxFit:
    """Maximise the exact partial likelihood; weights and the sandwich variance are not defined for it."""
    if surv.weight is not None and np.ptp(surv.weight) > 0:
        raise InputError("ties='exact' has no weighted form; use ties='efron' with these weights.")
    if robust:
        raise InputError(
            "ties='exact' has no robust variance; use ties='efron', or leave robust and clusters out."
        )
    problem = prepare(surv, design.matrix, offset, ties)
    if problem.at.d.max() > MOST_TIES:
        raise InputError(
            f"{int(problem.at.d.max())} events are tied at one time; ties='exact' is meant for up to {MOST_TIES}. "
            "Use ties='efron'."
        )
    end = climb(
        exact_likelihood(problem.at, problem.x, problem.offset),
        problem,
        design,
        check_rank_of(problem, design),
    )
    return scaled_fit(
        end,
        problem,
        surv=surv,
        design=design,
        offset=offset,
        ties=ties,
        conf_level=conf_level,
        provenance=provenance,
    )
