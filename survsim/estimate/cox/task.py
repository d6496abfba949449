"""What a Cox regression is asked to do: one object, made at the door and read by every fitter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, between, float_vector, one_of
from survsim.core.design import Design
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.surv import Surv
from survsim.estimate.cox.fitting import invert, notes, robust_score, sandwich
from survsim.estimate.cox.prepare import Prepared, prepare
from survsim.estimate.cox.result import CoxFit
from survsim.estimate.cox.support import require_support
from survsim.kernels import cox_newton

TIES = ("efron", "breslow", "exact")
PENALTIES = (None, "ridge", "elasticnet", "firth")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoxTask:
    """A response, a design, and how to fit one to the other.

    Attributes
    ----------
    surv, design : n rows each.
    ties, penalty, penalty_strength, l1_ratio, frailty, frailty_distribution, conf_level : as given to `cox_ph`.
    robust : whether the sandwich variance is wanted.
    offset : (n,) known part of the linear predictor in the rows' order, or None.
    """

    surv: Surv
    design: Design
    ties: str
    robust: bool = False
    penalty: str | None = None
    penalty_strength: float | None = None
    l1_ratio: float = 0.5
    frailty: Any = None
    frailty_distribution: str = "gamma"
    offset: FloatArray | None = None
    conf_level: float = 0.95

    @classmethod
    def of(
        cls, surv: Surv, design: Design, *, ties: str | None, penalty: str | None, offset: Any, robust: bool,
        conf_level: float, **options: Any,
    ) -> CoxTask:  # fmt: skip
        """Check what was asked against itself and against the table of what goes with what."""
        one_of("penalty", penalty, PENALTIES)
        known = None if offset is None else float_vector("offset", surv.paired("offset", offset), len(surv))
        if penalty in ("ridge", "elasticnet"):
            options |= _plain_strength(options)
        task = cls(
            surv=surv, design=design, penalty=penalty, offset=known, conf_level=between("conf_level", conf_level, 0, 1),
            ties=one_of("ties", ties or ("breslow" if penalty == "firth" else "efron"), TIES),
            robust=bool(robust or surv.cluster is not None), **options,
        )  # fmt: skip
        if penalty is not None and task.frailty is not None:
            raise InputError("penalty and frailty cannot be combined; fit them apart and compare.")
        require_support(task.method, task.asks)
        return task

    @property
    def method(self) -> str:
        """The row of `SUPPORT` this is."""
        return "frailty" if self.frailty is not None else self.penalty or "none"

    @property
    def asks(self) -> tuple[str, ...]:
        """The columns of `SUPPORT` this needs."""
        surv = self.surv
        needs = {
            "strata": surv.stratum is not None,
            "delayed entry": surv.entry is not None,
            "unequal weights": surv.weight is not None and np.ptp(surv.weight) > 0,
            "robust variance": self.robust,
            "offset": self.offset is not None,
        }
        return (f"{self.ties} ties", *(name for name, needed in needs.items() if needed))

    @property
    def provenance(self) -> Provenance:
        """The step that makes the fit."""
        return Provenance.of(
            "cox_ph", self.surv, formula=self.design.formula, ties=self.ties, robust=self.robust, penalty=self.penalty,
            penalty_strength=self.penalty_strength, l1_ratio=self.l1_ratio if self.penalty == "elasticnet" else None,
            frailty=self.frailty_distribution if self.frailty is not None else None, conf_level=self.conf_level,
        )  # fmt: skip

    def prepared(self) -> Prepared:
        """The rows sorted and the columns scaled for the kernels."""
        return prepare(self.surv, self.design.matrix, self.offset, self.ties)

    def fitted(
        self,
        end: cox_newton.Maximum,
        problem: Prepared,
        *,
        covariance: FloatArray | None = None,
        score_statistic: float | None = None,
        log_likelihood: float | None = None,
        log_likelihood_null: float | None = None,
        degrees_of_freedom: float | None = None,
        profile: FloatArray | None = None,
        profile_p: FloatArray | None = None,
        frailty: Any = None,
        note: str | None = None,
    ) -> CoxFit:
        """The result in the units of the covariates.

        Parameters
        ----------
        end : the maximum on the standardised scale; its first p coefficients are the covariates'.
        covariance : (p, p) on that scale; None for the inverse of the curvature.
        score_statistic : None for the score test at 0 of the likelihood climbed.
        log_likelihood, log_likelihood_null : None for the likelihood's own at the end and at 0.
        """
        beta = end.beta[: problem.x.shape[0]]
        inverse = invert(end.end.curvature) if covariance is None else covariance
        rescale = 1.0 / np.outer(problem.scale, problem.scale)
        if score_statistic is None:
            score_statistic = end.score
        return CoxFit(
            terms=self.design.columns,
            estimate=beta / problem.scale,
            model_covariance=inverse * rescale,
            robust_covariance=sandwich(problem, end.end.moments, inverse, self.surv) * rescale
            if self.robust
            else None,
            log_likelihood=end.end.log_likelihood if log_likelihood is None else log_likelihood,
            log_likelihood_null=end.start.log_likelihood
            if log_likelihood_null is None
            else log_likelihood_null,
            score_statistic=score_statistic,
            robust_score_statistic=robust_score(problem, end.start.moments, self.surv)
            if self.robust and self.method == "none"
            else None,
            surv=self.surv,
            design=self.design,
            offset=self.offset,
            ties=self.ties,
            n_iter=end.n_iter,
            conf_level=self.conf_level,
            penalty=self.penalty,
            penalty_strength=self.penalty_strength if self.penalty in ("ridge", "elasticnet") else None,
            degrees_of_freedom=degrees_of_freedom,
            profile=profile,
            profile_p=profile_p,
            frailty=frailty,
            note=notes(self.surv, beta.size, self.robust) if note is None else note,
            provenance=self.provenance,
        )


def _plain_strength(options: dict[str, Any]) -> dict[str, Any]:
    """Strength and mixture of a penalty as plain numbers, whatever kind of number they came as."""
    strength, share = options.get("penalty_strength"), options.get("l1_ratio", 0.5)
    return {
        "penalty_strength": strength
        if strength is None
        else between("penalty_strength", strength, 0.0, np.inf, open_ends=False),
        "l1_ratio": between("l1_ratio", share, 0.0, 1.0, open_ends=False),
    }
