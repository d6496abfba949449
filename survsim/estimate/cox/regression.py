"""Cox's proportional hazards regression: the door `cox_ph`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from survsim.core.checks import FloatArray
from survsim.core.complete import complete_design
from survsim.core.design import Design
from survsim.core.surv import Surv, as_surv
from survsim.estimate.cox.exact import fit_exact
from survsim.estimate.cox.firth import fit_firth
from survsim.estimate.cox.fitting import check_rank_of, climb
from survsim.estimate.cox.frailty import fit_frailty
from survsim.estimate.cox.penalised import fit_penalised
from survsim.estimate.cox.prepare import model_design
from survsim.estimate.cox.result import CoxFit
from survsim.estimate.cox.task import CoxTask
from survsim.kernels import cox_newton

if TYPE_CHECKING:
    import pandas as pd


def cox_ph(
    surv: Surv,
    formula: str | None = None,
    data: pd.DataFrame | FloatArray | None = None,
    *,
    ties: str | None = None,
    robust: bool = False,
    penalty: str | None = None,
    penalty_strength: float | None = None,
    l1_ratio: float = 0.5,
    frailty: Any = None,
    frailty_distribution: str = "gamma",
    offset: Any = None,
    conf_level: float = 0.95,
    missing: str = "refuse",
) -> CoxFit:
    """Proportional hazards regression, h(t|x) = h0(t) exp(x'b), by partial likelihood.

    Strata, case or sampling weights, delayed entry, start-stop rows and clusters are those of the response.
    What goes with what (exact ties take neither unequal weights nor a robust variance; a frailty and a penalty
    exclude each other)::

                        efron  breslow    exact   strata    entry  weights   robust   offset
        none              yes      yes      yes      yes      yes      yes      yes      yes
        ridge             yes      yes        -      yes      yes      yes      yes      yes
        elasticnet        yes      yes        -      yes      yes      yes        -      yes
        firth             yes      yes        -      yes      yes      yes        -      yes
        frailty           yes      yes        -      yes      yes      yes        -      yes

    Parameters
    ----------
    surv : response of n patients or start-stop rows; clusters in it ask for the robust variance.
    formula : right-hand side, for example ``"age + C(stage)"``; None takes the columns of `data` as they are, but
        those that the response was made of by name (its times and events, weights, strata ...).
    data : frame with n rows, or without a formula an (n, p) array.
    ties : "efron" (default), "breslow" or "exact" (conditional logistic); with ``penalty="firth"`` the
        default is "breslow".
    robust : sandwich variance; where the response names no cluster a patient (`id`) is one, or else each row.
    penalty : None, "ridge" (b'Vb strength/2, V the covariates' variances over patients, who are the rows where no `id` tells
        them), "elasticnet" or "firth".
    penalty_strength : non-negative, for ridge and elastic net.
    l1_ratio : share of the absolute-value penalty in the elastic net, 0 to 1.
    frailty : (n,) labels of groups that share an unseen factor on the hazard (studies, centres).
    frailty_distribution : "gamma" or "lognormal" (R's "gaussian", after the law of its logarithm).
    offset : (n,) known part of the linear predictor.
    conf_level : level of the intervals.
    missing : "refuse" a covariate that is missing, or "drop" those rows with a warning that counts them.

    Returns
    -------
    CoxFit : log hazard ratios with their covariance; `.summary()`, `.predict_survival(...)`, `.proportional_hazards_test()` and `.plot()` go
        on from there.

    Raises
    ------
    InputError : no events, constant or collinear covariates, options that do not go together.
    ConvergenceError : the likelihood has no maximum (separation); the message names the terms.

    References
    ----------
    Therneau & Grambsch (2000), Modeling Survival Data, ch. 3; Efron (1977), J Am Stat Assoc 72:557.

    Example
    -------
    >>> from survsim import Surv, cox_ph
    >>> surv = Surv.right([4, 3, 1, 1, 2, 2, 3], [1, 1, 1, 0, 1, 1, 0], unit="months")
    >>> cox_ph(surv, None, [[0.0], [2], [1], [1], [1], [0], [0]]).estimate.round(4)
    array([0.4608])
    """
    surv, formula, data, rows = complete_design(
        as_surv(surv), formula, data, {"frailty": frailty, "offset": offset}, missing
    )
    return fit_design(
        surv, model_design(surv, formula, data), ties=ties, robust=robust, penalty=penalty,
        penalty_strength=penalty_strength, l1_ratio=l1_ratio, frailty=rows.get("frailty"),
        frailty_distribution=frailty_distribution, offset=rows.get("offset"), conf_level=conf_level,
    )  # fmt: skip


def fit_design(
    surv: Surv,
    design: Design,
    *,
    ties: str | None = None,
    robust: bool = False,
    penalty: str | None = None,
    offset: Any = None,
    conf_level: float = 0.95,
    **options: Any,
) -> CoxFit:
    """What `cox_ph` fits, with its options, once the columns are made."""
    task = CoxTask.of(
        surv,
        design,
        ties=ties,
        robust=robust,
        penalty=penalty,
        offset=offset,
        conf_level=conf_level,
        **options,
    )
    return _FITTERS["exact" if task.method == "none" and task.ties == "exact" else task.method](task)


def fit_plain(task: CoxTask) -> CoxFit:
    """Efron or Breslow partial likelihood without penalty."""
    problem = task.prepared()
    objective = cox_newton.partial_likelihood(problem.at, problem.x, problem.offset)
    end = climb(objective, problem, task.design, check_rank_of(problem, task.design))
    return task.fitted(end, problem)


_FITTERS: dict[str, Callable[[CoxTask], CoxFit]] = {
    "none": fit_plain,
    "exact": fit_exact,
    "ridge": fit_penalised,
    "elasticnet": fit_penalised,
    "firth": fit_firth,
    "frailty": fit_frailty,
}
