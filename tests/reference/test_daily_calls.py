"""What people type daily in R, typed by docs/from_r.md: the same numbers, or those that the page says differ."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import expm

import survsim
from survsim import Surv

PINNED = json.loads((Path(__file__).parent / "daily_calls.json").read_text())
LUNG, BCG, VISITS, KIDNEY = (pd.DataFrame(PINNED[name]) for name in ("lung", "bcg", "visits", "kidney"))
NEW = pd.DataFrame({"age": [50, 70], "sex": [1, 2]})
YI, SEI = PINNED["yi"], PINNED["sei"]
AT = [100, 300]
pytestmark = pytest.mark.filterwarnings("ignore::survsim.core.errors.SurvsimWarning")


def lung(**more: Any) -> Surv:
    return Surv.right("time", "event", data=LUNG, unit="days", **more)


def causes() -> Surv:
    return Surv.competing("time", "cause", data=LUNG, unit="days", censored="none")


def cox(formula: str = "age + sex", surv: Surv | None = None, **options: Any) -> Any:
    return survsim.cox_ph(lung() if surv is None else surv, formula, LUNG, **options)


@functools.cache
def pooled(**options: Any) -> Any:
    return survsim.meta_analysis(YI, SEI, **options)


@functools.cache
def visits() -> Any:
    rows = VISITS.assign(state=VISITS["state"].map({1: "well", 2: "ill", 3: "dead"}))
    ways = {"well": ["ill", "dead"], "ill": ["well", "dead"]}
    return survsim.competing.panel_multistate(
        rows, transitions=ways, unit="years", patient="id", time="years"
    )


@functools.cache
def kidney() -> Any:
    surv = Surv.right("time", "status", data=KIDNEY, unit="days")
    return survsim.cox_ph(surv, "age", KIDNEY, frailty=KIDNEY["id"], frailty_distribution="gaussian")


def subdistribution(**options: Any) -> Any:
    return survsim.fine_gray(causes(), "age + sex", LUNG, cause="tumour", **options)


def both_limits(found: Any) -> list[float]:
    """The lower limits, then the upper ones."""
    return [*np.ravel(found.conf_low), *np.ravel(found.conf_high)]


def breslow_incidence() -> Any:
    found = survsim.cause_specific_cox(causes(), "age + sex", LUNG, ties="breslow")
    return found.predict_incidence(NEW, AT).to_frame()["estimate"]


def standardised(regression: Any) -> float:
    """The z statistic of the slope."""
    return float(regression.estimate[1] / regression.std_error[1])


def filled() -> list[float]:
    """Trim and fill without the twelfth study, which adds three; R's interval is normal, whatever the test of its fit."""
    others = survsim.meta_analysis(np.delete(YI, 11), np.delete(SEI, 11), conf_method="wald")
    found = survsim.small_study_tests(others)
    return [found.n_filled, *pair(found.filled, "estimate", "conf_low", "conf_high")]


def global_tests(fit: Any) -> list[float]:
    table = fit.tests().set_index("test")["statistic"]
    return [table["likelihood ratio"], table["Wald"], table["score"]]


def nested() -> list[float]:
    found = survsim.cox.likelihood_ratio_test(cox(), cox("age + sex + C(ecog)"))
    return [found.statistic, found.df, found.p_value]


def moving() -> Any:
    return visits().generator()[:2]


def passage(t: float) -> list[float]:
    """Chances to have been in each state by t, of who is in the first: the state is made final."""
    found = []
    for state in range(3):
        q = visits().generator().copy()
        q[state] = 0.0
        found.append(expm(q * t)[0, state])
    return found


def rates() -> list[float]:
    found = survsim.nonparametric.event_rates(lung(), by="sex", unit="years")
    return [*found.person_time, *found.n_event]


def turnbull() -> float:
    low, high = [1, 2, 3, 2, 5, 4], [2, 4, 3, np.inf, 6, 5]
    return float(survsim.interval_censored_survival(low, high, unit="months").steps().at(4.0))


def pair(one: Any, *names: str) -> list[float]:
    return [float(getattr(one, name)) for name in names]


def both_causes(name: str, **options: Any) -> list[float]:
    found = survsim.cause_specific_cox(causes(), "age + sex", LUNG, **options)
    fits = found.fits if isinstance(found.fits, dict) else dict(zip(found.causes, found.fits))
    return [*getattr(fits["other"], name), *getattr(fits["tumour"], name)]


def two_arms(**options: Any) -> float:
    b = BCG
    found = survsim.synthesis.pool_two_arms(
        b["tpos"], b["tpos"] + b["tneg"], b["cpos"], b["cpos"] + b["cneg"], **options
    )
    return float(found.estimate)


CALLS: dict[str, Callable[[], Any]] = {
    "summary(survfit, times)$surv": lambda: survsim.kaplan_meier(lung(), "sex").survival_at(AT).estimate,
    "summary(survfit, times)$n.risk": lambda: survsim.kaplan_meier(lung(), "sex").at_risk(AT).ravel(),
    "survfit conf.type plain lower": lambda: (
        survsim.kaplan_meier(lung(), conf_type="plain").survival_at(300).conf_low
    ),
    "survfit conf.type log-log lower": lambda: survsim.kaplan_meier(lung()).survival_at(300).conf_low,
    "quantile(survfit)": lambda: (
        survsim.kaplan_meier(lung(), "sex").quantile([0.25, 0.5, 0.75]).estimate.reshape(2, 3).T.ravel()
    ),
    "print(survfit, rmean)": lambda: [
        *survsim.rmst(lung(), "sex", tau=500).estimate,
        *survsim.rmst(lung(), "sex", tau=500).std_error,
    ],
    "survfit with start, stop": lambda: (
        survsim.kaplan_meier(lung(entry="start")).survival_at([200, 400]).estimate
    ),
    "survfit with weights, robust": lambda: (
        survsim.kaplan_meier(lung(weight="w"), robust=True).survival_at(300).std_error
    ),
    "survfit stype 2 cumhaz": lambda: survsim.nelson_aalen(lung()).steps().at(AT),
    "survdiff": lambda: survsim.logrank_test(lung(), "sex").chi2,
    "survdiff rho 1": lambda: survsim.logrank_test(lung(), "sex", rho=1).chi2,
    "survdiff strata": lambda: survsim.logrank_test(lung(stratum="ecog"), "sex").chi2,
    "coef(coxph)": lambda: cox().estimate,
    "sqrt(diag(vcov))": lambda: cox().std_error,
    "exp(confint(coxph))": lambda: np.exp(cox().limits()).ravel(),
    "logLik, AIC, BIC": lambda: pair(cox(), "log_likelihood", "aic", "bic"),
    "summary(coxph) tests": lambda: global_tests(cox()),
    "anova(coxph, coxph)": nested,
    "coxph breslow": lambda: cox(ties="breslow").estimate,
    "coxph exact": lambda: cox(ties="exact").estimate,
    "coxph strata": lambda: cox("age", lung(stratum="sex")).estimate,
    "coxph cluster": lambda: cox(surv=lung(cluster="inst"), robust=True).robust_std_error,
    "coxph weights": lambda: cox(surv=lung(weight="w")).estimate,
    "coxph offset": lambda: cox("sex", offset=0.02 * LUNG["age"]).estimate,
    "coxph start, stop": lambda: cox(surv=lung(entry="start")).estimate,
    "coxph age * sex": lambda: cox("age * sex").estimate,
    "coxph I(age^2)": lambda: cox("age + I(age**2)").estimate,
    "cox.zph": lambda: cox().proportional_hazards_test().chi2,
    "residuals martingale": lambda: cox().residuals("martingale")[:5],
    "residuals deviance": lambda: cox().residuals("deviance")[:5],
    "residuals dfbeta": lambda: np.asarray(cox().residuals("dfbeta"))[:3].T.ravel(),
    "residuals schoenfeld": lambda: cox().residuals("schoenfeld")[["age", "sex"]].to_numpy()[:3].sum(axis=0),
    "basehaz(centered = FALSE)": lambda: (
        cox().predict_cumulative_hazard({"age": [0], "sex": [0]}, AT).estimate.ravel()
    ),
    "predict(coxph, lp)": lambda: cox().linear_predictor(NEW),
    "survfit(coxph, newdata)": lambda: cox().predict_survival(NEW, AT).survival.T.ravel(),
    "quantile(survfit(coxph))": lambda: cox().predict_median(NEW).estimate.ravel(),
    "survfit(coxph, newdata) limits": lambda: both_limits(cox().predict_survival(NEW, AT, conf_type="log")),
    "quantile(survfit(coxph)) limits": lambda: both_limits(cox().predict_median(NEW, conf_type="log")),
    "concordance(coxph)": lambda: pair(cox().concordance(), "estimate", "std_error"),
    "coxph ns(age, 3)": lambda: cox("cr(age, knots=[59, 68])").log_likelihood,
    "coxph ridge": lambda: cox(penalty="ridge", penalty_strength=5).estimate,
    "coxph frailty sparse = FALSE": lambda: [*kidney().estimate, kidney().frailty.variance],
    "coxph frailty": lambda: cox("age", frailty=LUNG["inst"], frailty_distribution="gaussian").estimate,
    "survreg weibull": lambda: survsim.parametric_survival(
        lung(), "weibull", formula="age + sex", data=LUNG
    ).estimate[:3],
    "survreg exponential": lambda: (
        -survsim.parametric_survival(lung(), "exponential", formula="age + sex", data=LUNG).estimate
    ),
    "survreg lognormal scale": lambda: np.exp(
        survsim.parametric_survival(lung(), "lognormal", formula="age", data=LUNG).estimate[-1]
    ),
    "predict(survreg, quantile)": lambda: (
        survsim.parametric_survival(lung(), "weibull", formula="age + sex", data=LUNG)
        .predict_median(NEW)
        .estimate.ravel()
    ),
    "pyears": rates,
    "survfit Turnbull": turnbull,
    "survfit multistate pstate": lambda: survsim.aalen_johansen(causes()).incidence_at(AT).estimate,
    "cuminc timepoints": lambda: (
        survsim.aalen_johansen(causes()).incidence_at(AT).estimate.to_numpy().reshape(2, 2).T.ravel()
    ),
    "cuminc tests": lambda: [survsim.gray_test(causes(), "sex", cause=c).chi2 for c in ("other", "tumour")],
    "crr coef": lambda: subdistribution(censoring_ties="together").estimate,
    "crr var": lambda: subdistribution(censoring_ties="together").std_error,
    "finegray, coxph breslow": lambda: [
        *subdistribution(variance="robust").estimate,
        *subdistribution(variance="robust").std_error,
    ],
    "coxph multistate": lambda: both_causes("estimate"),
    "coxph multistate with ties =": lambda: both_causes("estimate", ties="breslow"),
    "survfit(coxph multistate)": breslow_incidence,
    "Score AUC": lambda: cox().time_dependent_auc([300]).estimate,
    "Score Brier": lambda: cox().brier_score([300]).estimate,
    "rma": lambda: pair(pooled(conf_method="wald"), "estimate", "std_error", "tau2", "q", "i2"),
    "rma knha": lambda: pair(pooled(conf_method="knapp-hartung"), "conf_low", "conf_high"),
    "rma DL": lambda: pair(pooled(method="DL"), "estimate", "tau2"),
    "rma EE": lambda: pair(
        pooled(method="fixed", conf_method="wald"), "estimate", "conf_low", "conf_high", "p_value"
    ),
    "rma adhoc of two": lambda: pair(
        survsim.meta_analysis([-0.1, 2.2], [0.3, 0.4], tau_prior_scale=None),
        "estimate",
        "conf_low",
        "conf_high",
    ),
    "predict(rma) pi": lambda: pair(pooled(conf_method="wald"), "prediction_low", "prediction_high"),
    "predict(rma knha) pi": lambda: pair(
        pooled(conf_method="knapp-hartung"), "prediction_low", "prediction_high"
    ),
    "confint(rma) tau2": lambda: pair(pooled(), "tau2_conf_low", "tau2_conf_high"),
    "leave1out": lambda: survsim.leave_one_out(pooled()).estimate,
    "cumul": lambda: survsim.synthesis.cumulative_meta_analysis(pooled(), BCG["year"]).estimate,
    "rma mods": lambda: survsim.meta_regression(YI, SEI, "ablat", data=BCG).estimate,
    "regtest": lambda: survsim.small_study_tests(pooled()).egger_statistic,
    "regtest of rma": lambda: standardised(survsim.meta_regression(YI, SEI, {"se": SEI}, conf_method="wald")),
    "trimfill": filled,
    "rma.mh OR": lambda: two_arms(method="mantel-haenszel", measure="OR"),
    "rma.peto": lambda: two_arms(method="peto"),
    "rma.glmm PLO": lambda: (
        survsim.synthesis.pool_proportions(BCG["tpos"], BCG["tpos"] + BCG["tneg"]).logit_estimate
    ),
    "msm -2 logLik": lambda: -2 * visits().log_likelihood,
    "qmatrix.msm": lambda: visits().intensities()["intensity"],
    "sojourn.msm": lambda: visits().sojourn_times()["mean"],
    "pmatrix.msm": lambda: visits().transition_probabilities(2.0)["probability"],
    "pnext.msm": lambda: (moving() / -np.diag(moving())[:, None])[[0, 0, 1, 1], [1, 2, 0, 2]],
    "totlos.msm": lambda: expm(np.block([[visits().generator(), np.eye(3)], [np.zeros((3, 6))]]) * 5)[0, 3:],
    "efpt.msm": lambda: np.linalg.solve(-visits().generator()[:2, :2], np.ones(2)),
    "ppass.msm": lambda: passage(2.0),
    "statetable.msm": lambda: visits().observed[:2].ravel(),
}


def near(call: str) -> float:
    """What R's own stopping rules leave open: msm's search, a frailty's (which ends after ten halvings of a variance that is 0),
    the steps of REML and of profile limits."""
    if "msm" in call:
        return 5e-3
    return {
        "coxph frailty": 3e-3,
        "confint(rma) tau2": 3e-4,
        "rma mods": 1e-4,
    }.get(call, 1e-5)


@pytest.mark.parametrize("call", sorted(PINNED["cells"]))
def test_a_daily_call_gives_the_same_numbers(call: str) -> None:
    found = np.ravel(np.asarray(CALLS[call](), float))
    assert found == pytest.approx(
        np.ravel(np.asarray(PINNED["cells"][call], float)), rel=near(call), abs=1e-8
    )


def test_every_call_is_typed() -> None:
    assert set(CALLS) == set(PINNED["cells"])
