"""Fine and Gray's regression of the subdistribution hazard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import chdtrc, ndtri

from survsim.core.checks import FloatArray, IntArray, between, one_of
from survsim.core.complete import complete_design
from survsim.core.design import Design
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.result import Result, format_number, result
from survsim.core.surv import Surv
from survsim.core.tables import Columns
from survsim.estimate.competing.aalen_johansen import cause_code, causes_of
from survsim.estimate.competing.fine_gray_prediction import PredictedIncidence, predict_incidence
from survsim.estimate.competing.fine_gray_problem import Problem, by_cluster
from survsim.estimate.cox.fitting import FEW_EVENTS
from survsim.estimate.cox.prepare import model_design

if TYPE_CHECKING:
    pass

VARIANCES = ("fine-gray", "robust", "model")
CENSORING_TIES = ("events-first", "together")


@result
class FineGray(Result):
    """A fitted model of the subdistribution hazard of one cause.

    Attributes
    ----------
    cause : the cause; terms : names of the p covariates; estimate : (p,) log subdistribution hazard ratios.
    covariance : (p, p) by `variance`; model_covariance : inverse information.
    log_likelihood, log_likelihood_null : partial, fitted and at coefficients 0.
    time, hazard : (K,) event times in `unit` and baseline increments (covariates 0; infinite or 0 where these lie
        too far from the data for a number), stratum by stratum; stratum : (K,) codes and stratum_labels what they stand for.
    influence : (n, p) change of the coefficients by each row; design, problem : what was fitted.
    """

    cause: Any
    terms: tuple[str, ...]
    estimate: FloatArray
    covariance: FloatArray
    model_covariance: FloatArray
    log_likelihood: float
    log_likelihood_null: float
    time: FloatArray
    hazard: FloatArray
    stratum: IntArray
    stratum_labels: tuple[Any, ...]
    influence: FloatArray
    design: Design
    problem: Problem
    variance: str
    conf_level: float
    n_patients: int
    n_event: int
    n_competing: int
    unit: str

    @property
    def std_error(self) -> FloatArray:
        """Standard errors (p,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def hazard_ratio(self) -> FloatArray:
        """Subdistribution hazard ratios, exp(estimate), (p,)."""
        with np.errstate(over="ignore"):
            return np.exp(self.estimate)

    def columns(self) -> Columns:
        """Columns term, estimate, std_error, hazard_ratio with conf_low and conf_high, p_value."""
        half = ndtri(0.5 + self.conf_level / 2) * self.std_error
        with np.errstate(over="ignore"):  # as for the ratio
            low, high = np.exp(self.estimate - half), np.exp(self.estimate + half)
        return {
            "term": list(self.terms),
            "estimate": self.estimate,
            "std_error": self.std_error,
            "hazard_ratio": self.hazard_ratio,
            "conf_low": low,
            "conf_high": high,
            "p_value": chdtrc(1.0, (self.estimate / self.std_error) ** 2),
        }

    def headline(self) -> str:
        few = (
            f"\n{self.n_event} events for {len(self.terms)} coefficient{'s' if len(self.terms) > 1 else ''}, fewer "
            f"than {FEW_EVENTS} each: intervals are too hopeful."
            if self.n_event < FEW_EVENTS * len(self.terms)
            else ""
        )
        return (
            f"Fine-Gray regression of {self.cause!r}: {self.n_patients} patients, {self.n_event} events, "
            f"{self.n_competing} competing; {self.conf_level:.0%} intervals of the subdistribution hazard ratio "
            f"({self.variance} variance)\nLog likelihood {format_number(self.log_likelihood)} "
            f"(null {format_number(self.log_likelihood_null)}){few}"
        )

    def predict_incidence(
        self, data: Any, times: Any = None, *, stratum: Any = None, conf_type: str = "log-log"
    ) -> PredictedIncidence:
        """Cumulative incidence of new patients with intervals (`PredictedIncidence`).

        F(t|x) = 1 - exp(-H0(t) exp(x'b)); `data` m rows of covariates, `times` default the event times,
        `stratum` the stratum to predict in when there are several.
        """
        return predict_incidence(self, data, times, stratum=stratum, conf_type=conf_type)


def fine_gray(
    surv: Surv,
    formula: str | None = None,
    data: Any = None,
    *,
    cause: Any = None,
    variance: str | None = None,
    censoring_by: Any = None,
    censoring_ties: str = "events-first",
    conf_level: float = 0.95,
    missing: str = "refuse",
) -> FineGray:
    """Regression of the subdistribution hazard of one cause, -d log(1 - F(t|x)) = h0(t) exp(x'b).

    Patients with a competing event stay in the risk set with weight G(t-)/G(T-), G the Kaplan-Meier
    estimate of censoring; ties by Breslow. Case weights count in G too, so that a patient of weight 2 is two patients; R's
    finegray leaves G unweighted and gives other estimates than the repeated rows.

    Parameters
    ----------
    surv : response with causes; strata (own baseline and own G), case weights, clusters and delayed entry
        (then the weight carries the law of entry too) are used.
    formula, data : as for `cox_ph`.
    cause : label of the cause.
    variance : "fine-gray" counts that G was estimated, as cmprsk's crr; "robust" takes it as known, as a
        weighted coxph; "model" is the inverse information. Default "fine-gray", or "robust" where the former
        has no form (weights, delayed entry, clusters).
    censoring_by : (n,) labels of groups with their own G.
    censoring_ties : at equal times "events-first" takes patients with an event out before censorings, the
        house rule and that of R's finegray; "together" leaves them at risk of censoring, as crr does.
    conf_level : of the intervals.
    missing : "refuse" rows that lack what the model uses, or "drop" them with a warning that counts them.

    Returns
    -------
    FineGray : log subdistribution hazard ratios with their covariance; `.predict_incidence(...)` gives incidences.

    Raises
    ------
    InputError : no event of the cause, bad options, constant or collinear covariates.
    ConvergenceError : the likelihood has no maximum.

    References
    ----------
    Fine & Gray (1999), J Am Stat Assoc 94:496; Geskus (2011), Biometrics 67:39 (delayed entry).

    Example
    -------
    >>> from survsim import Surv, fine_gray
    >>> surv = Surv.competing([1, 2, 3, 4, 5, 6], [1, 2, 1, 0, 1, 2], unit="months")
    >>> fine_gray(surv, None, [[0.0], [1], [1], [0], [0], [1]], cause=1).estimate.round(3)
    array([-1.007])
    """
    between("conf_level", conf_level, 0.0, 1.0)
    one_of("censoring_ties", censoring_ties, CENSORING_TIES)
    causes_of(surv)
    surv, formula, data, rows = complete_design(surv, formula, data, {"censoring_by": censoring_by}, missing)
    censoring_by = rows.get("censoring_by")
    code = cause_code(surv, cause)
    variance = _variance(surv, variance)
    design = model_design(surv, formula, data)
    problem = Problem.of(surv, code, design, censoring_by, censoring_ties == "events-first")
    end = problem.climb()
    beta = end.beta
    inverse = np.asarray(np.linalg.inv(end.end.curvature), dtype=np.float64)
    influence = problem.influence(beta, psi=variance == "fine-gray") @ inverse
    covariance = inverse if variance == "model" else by_cluster(influence, inverse, surv)
    states = problem.states(beta)
    # Covariates were centred: increments for covariates 0 take the centre off again.
    with np.errstate(over="ignore"):
        shift = np.exp(-float(problem.centre @ beta))
    return FineGray(
        cause=surv.cause_labels[code - 1],
        terms=design.columns,
        estimate=beta,
        covariance=covariance,
        model_covariance=inverse,
        log_likelihood=end.end.log_likelihood,
        log_likelihood_null=end.start.log_likelihood,
        time=np.concatenate([s.at.times for s in problem.strata]),
        hazard=np.concatenate([now.jump for now in states]) * shift,
        stratum=np.concatenate([np.full(s.at.times.size, s.code) for s in problem.strata]),
        stratum_labels=surv.stratum_labels,
        influence=influence,
        design=design,
        problem=problem,
        variance=variance,
        conf_level=float(conf_level),
        n_patients=len(surv),
        n_event=int((causes_of(surv) == code).sum()),
        n_competing=int(((causes_of(surv) > 0) & (causes_of(surv) != code)).sum()),
        unit=surv.unit,
        provenance=Provenance.of(
            "fine_gray", surv, formula=design.formula, cause=surv.cause_labels[code - 1], variance=variance,
            censoring_ties=censoring_ties, conf_level=conf_level,
        ),
    )  # fmt: skip


def _variance(surv: Surv, variance: str | None) -> str:
    reasons = [n for n in ("weight", "entry", "cluster") if getattr(surv, n) is not None]
    if variance is None:
        return "robust" if reasons else "fine-gray"
    one_of("variance", variance, VARIANCES)
    if variance == "fine-gray" and reasons:
        raise InputError(
            f"variance='fine-gray' has no form for a response with {' and '.join(reasons)}; use variance='robust'."
        )
    return variance
