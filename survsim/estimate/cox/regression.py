"""Cox's proportional hazards regression: the door `cox_ph`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from survsim.core.checks import FloatArray, between, one_of
from survsim.core.design import Design
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.surv import Surv
from survsim.estimate.cox.exact import fit_exact
from survsim.estimate.cox.firth import fit_firth
from survsim.estimate.cox.fitting import check_rank_of, climb, scaled_fit
from survsim.estimate.cox.frailty import fit_frailty
from survsim.estimate.cox.penalised import fit_penalised
from survsim.estimate.cox.prepare import model_design, prepare
from survsim.estimate.cox.result import CoxFit
from survsim.kernels import cox_newton

if TYPE_CHECKING:
    import pandas as pd

TIES = ("efron", "breslow", "exact")
PENALTIES = (None, "ridge", "elasticnet", "firth")


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
) -> CoxFit:
    """Proportional hazards regression, h(t|x) = h0(t) exp(x'b), by partial likelihood.

    Strata, case or sampling weights, delayed entry, start-stop rows and clusters are those of the response.

    Parameters
    ----------
    surv : response of n patients or start-stop rows; clusters in it ask for the robust variance.
    formula : right-hand side, for example ``"age + C(stage)"``; None takes the columns of `data` as they are.
    data : frame with n rows, or without a formula an (n, p) array.
    ties : "efron" (default), "breslow" or "exact" (conditional logistic); with ``penalty="firth"`` the
        default is "breslow".
    robust : sandwich variance; one cluster a row when the response names none.
    penalty : None, "ridge" (b'Vb strength/2, V the covariates' variances), "elasticnet" or "firth".
    penalty_strength : non-negative, for ridge and elastic net.
    l1_ratio : share of the absolute-value penalty in the elastic net, 0 to 1.
    frailty : (n,) labels of groups that share an unseen factor on the hazard (studies, centres).
    frailty_distribution : "gamma" or "lognormal".
    offset : (n,) known part of the linear predictor.
    conf_level : level of the intervals.

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
    one_of("penalty", penalty, PENALTIES)
    ties = one_of("ties", ties or ("breslow" if penalty == "firth" else "efron"), TIES)
    between("conf_level", conf_level, 0, 1)
    if penalty is not None and frailty is not None:
        raise InputError("penalty and frailty cannot be combined; fit them apart and compare.")
    design = model_design(surv, formula, data)
    robust = bool(robust or surv.cluster is not None)
    provenance = Provenance.of(
        "cox_ph", surv, formula=design.formula, ties=ties, robust=robust, penalty=penalty,
        penalty_strength=penalty_strength, l1_ratio=l1_ratio if penalty == "elasticnet" else None,
        frailty=frailty_distribution if frailty is not None else None, conf_level=conf_level,
    )  # fmt: skip
    common = {
        "surv": surv,
        "design": design,
        "offset": offset,
        "conf_level": conf_level,
        "provenance": provenance,
    }
    if frailty is not None:
        return fit_frailty(ties=ties, frailty=frailty, distribution=frailty_distribution, **common)
    if penalty == "firth":
        return fit_firth(ties=ties, robust=robust, **common)
    if penalty is not None:
        return fit_penalised(
            ties=ties, penalty=penalty, strength=penalty_strength, l1_ratio=l1_ratio, robust=robust, **common
        )
    if ties == "exact":
        return fit_exact(ties=ties, robust=robust, **common)
    return fit_plain(ties=ties, robust=robust, **common)


def fit_plain(
    *,
    surv: Surv,
    design: Design,
    ties: str,
    robust: bool,
    offset: Any,
    conf_level: float,
    provenance: Provenance,
) -> CoxFit:
    """Efron or Breslow partial likelihood without penalty."""
    problem = prepare(surv, design.matrix, offset, ties)
    objective = cox_newton.partial_likelihood(problem.at, problem.x, problem.offset)
    end = climb(objective, problem, design, check_rank_of(problem, design))
    return scaled_fit(
        end, problem, surv=surv, robust=robust, design=design, offset=offset, ties=ties,
        conf_level=conf_level, provenance=provenance,
    )  # fmt: skip
