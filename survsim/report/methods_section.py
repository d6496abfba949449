"""The methods paragraph of a report, written from the steps its numbers went through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from survsim._version import __version__
from survsim.core.ledger import Ledger
from survsim.core.provenance import Provenance
from survsim.report.sentences import Prose, join_words

Options = Mapping[str, Any]

TAU2 = {
    "REML": "restricted maximum likelihood",
    "DL": "the DerSimonian-Laird estimator",
    "PM": "the Paule-Mandel estimator",
    "SJ": "the Sidik-Jonkman estimator",
    "ML": "maximum likelihood",
    "EB": "the empirical Bayes estimator",
    "HE": "the Hedges estimator",
    "HS": "the Hunter-Schmidt estimator",
}
INTERVALS = {
    "modified-knapp-hartung": "intervals used the modified Knapp-Hartung variance and Student's t",
    "knapp-hartung": "intervals used the Knapp-Hartung variance and Student's t",
    "wald": "intervals were normal",
}


def _level(options: Options) -> str:
    return f"{options.get('conf_level', 0.95):.0%}"


def _kaplan_meier(options: Options) -> str:
    kind = options.get("conf_type", "log-log")
    band = "without intervals" if kind == "none" else f"with pointwise {_level(options)} intervals ({kind})"
    return f"Survival was estimated by the Kaplan-Meier method {band}"


def _logrank(options: Options) -> str:
    rho, gamma = options.get("rho", 0), options.get("gamma", 0)
    test = (
        "log-rank test"
        if not rho and not gamma
        else f"Fleming-Harrington test (rho {rho:g}, gamma {gamma:g})"
    )
    return f"Groups were compared by the {test}"


def _cox(options: Options) -> str:
    ties = {"efron": "Efron's", "breslow": "Breslow's", "exact": "the exact"}.get(
        str(options.get("ties")), ""
    )
    text = f"Hazard ratios came from Cox regression ({options.get('formula', 'all covariates')}; {ties} method for ties)"
    if options.get("penalty"):
        text += f" with {str(options['penalty']).capitalize()} penalty"
    return text + (", with robust standard errors" if options.get("robust") else "")


def _meta_analysis(options: Options) -> str:
    method = str(options.get("method", "REML"))
    law = INTERVALS.get(str(options.get("conf_method")), "")
    if method == "fixed":
        return f"For comparison, studies were pooled with a common effect; {law}"
    text = f"Studies were pooled with random effects, the between-study variance by {TAU2.get(method, method)}; {law}"
    if options.get("tau_prior_scale") is not None:
        text += f"; with fewer than three studies its square root had a half-normal prior of scale {options['tau_prior_scale']:g}"
    return text


def _incidence(options: Options) -> str:
    kind = options.get("conf_type", "log-log")
    band = "without intervals" if kind == "none" else f"with pointwise {_level(options)} intervals ({kind})"
    return f"Cumulative incidence under competing risks was estimated by the Aalen-Johansen method {band}"


def _fine_gray(options: Options) -> str:
    return (
        f"Subdistribution hazard ratios of {options.get('cause')} came from Fine-Gray regression "
        f"({options.get('formula', 'all covariates')})"
    )


ROUTES = {
    "hr and interval": "printed intervals",
    "hr and one-sided limit": "a printed one-sided limit",
    "hr and p": "printed p-values",
    "hr and events": "numbers of events",
    "p and events": "p-values and numbers of events",
    "o-e and v": "observed minus expected events and their variance",
}


def _resamples(options: Options) -> str:
    n = options.get("n_resamples", 0)
    return f"percentile intervals from {n} resamples of patients" if n else "no interval"


SENTENCES: dict[str, Callable[[Options], str]] = {
    "kaplan_meier": _kaplan_meier,
    "logrank_test": _logrank,
    "cox_ph": _cox,
    "aalen_johansen": _incidence,
    "gray_test": lambda o: f"Cumulative incidence of {o.get('cause')} was compared by Gray's test",
    "fine_gray": _fine_gray,
    "cause_specific_cox": lambda o: "Each cause had a Cox regression with the other causes censored",
    "multistate_occupancy": lambda o: "State occupancy was estimated by the Aalen-Johansen method",
    "multistate_fit": lambda o: "Each transition had a model of its own, the other ways out censored",
    "meta_analysis": _meta_analysis,
    "proportional_hazards_test": lambda o: (
        "Proportional hazards were tested by the score test of scaled Schoenfeld residuals"
    ),
    "reverse_kaplan_meier": lambda o: "Median follow-up was estimated by the reverse Kaplan-Meier method",
    "rmst": lambda o: f"Restricted mean survival was taken to {o.get('tau', 0):g}",
    "rmst_test": lambda o: "Restricted means were compared by their difference, with normal intervals",
    "treatment_weights": lambda o: (
        f"Patients were weighted by the inverse probability of their treatment given {o.get('formula', '')}"
    ),
    "balance": lambda o: "Balance was judged by standardised mean differences",
    "ipw_kaplan_meier": lambda o: (
        f"Weighted survival curves were compared, with {_resamples(o)} in which the weights were estimated again"
        if o.get("interval") == "bootstrap"
        else "Weighted survival curves were compared, with robust intervals"
    ),
    "ipw_cox": lambda o: (
        "Marginal hazard ratios were estimated by weighted Cox regression with robust variance"
    ),
    "standardised_survival": lambda o: (
        f"Survival was standardised over the patients' covariates by the fitted model, with {_resamples(o)}"
    ),
    "time_varying_treatment": lambda o: (
        "Treatment entered Cox regression as a covariate that switches on at its start"
        + (f", together with {o['formula']}" if o.get("formula") else "")
    ),
    "clone_censor_weight": lambda o: (
        f"A target trial with a grace period of {float(o.get('grace', 0)):.1f} was emulated by cloning, artificial "
        f"censoring and inverse probability of censoring weights given {o.get('formula') or 'no covariate'}, with "
        f"{_resamples(o)}"
    ),
    "reconstruct_ipd": lambda o: "Patient data were reconstructed from published curves",
}
"""Sentence of each method, without its full stop."""

SILENT = {
    "effect_size",
    "count",
    "as_printed",
    "range",
    "select",
    "effect_sizes",
    "prepare_multistate",
    "KaplanMeier.quantile",
    "KaplanMeier.survival_at",
    "survival_at",
}
"""Steps that need no sentence: they read, count or gather."""


def methods_text(ledger: Ledger, prefix: str = "") -> Prose:
    """A methods paragraph in Markdown, from the provenance of numbers whose key begins with `prefix`.

    Each method is named once for each set of options it was used with; steps that have no sentence of
    their own are listed by name, so that nothing is passed over.

    Parameters
    ----------
    ledger : the numbers of an analysis.
    prefix : of the keys; all numbers if empty.

    Returns
    -------
    Prose : one paragraph of Markdown.

    Raises
    ------
    Nothing: a step without a sentence is named as it is called.

    Example
    -------
    >>> from survsim import Ledger, Provenance
    >>> from survsim.report import methods_text
    >>> ledger = Ledger(analysis="x")
    >>> ledger.record("s", 0.5, provenance=Provenance.of("kaplan_meier", "patients:x", conf_type="log-log"))
    >>> print(str(methods_text(ledger)).split(". Computed")[0])
    Survival was estimated by the Kaplan-Meier method with pointwise 95% intervals (log-log)
    """
    said: dict[str, None] = {}
    unsaid: dict[str, None] = {}
    steps = _steps(ledger, prefix)
    routes = dict.fromkeys(str(dict(s.options).get("route")) for s in steps if s.method == "effect_size")
    if routes:
        ways = join_words([ROUTES.get(route, route) for route in routes])
        said[f"Standard errors of published log hazard ratios were computed from {ways}"] = None
    for step in steps:
        if step.method in SENTENCES:
            said[SENTENCES[step.method](dict(step.options))] = None
        elif step.method not in SILENT:
            unsaid[f"`{step.method}`"] = None
    rest = [f"Further steps: {join_words(list(unsaid))}"] if unsaid else []
    seed = [] if ledger.seed is None else [f"The random seed was {ledger.seed}"]
    parts = [*said, *rest, *seed, f"Computed with survsim {__version__}"]
    return Prose(". ".join(parts) + ".")


def _steps(ledger: Ledger, prefix: str) -> list[Provenance]:
    """Every step behind the numbers, inputs before what was made from them, each once."""
    found: dict[str, Provenance] = {}

    def visit(step: Provenance) -> None:
        for item in step.inputs:
            if isinstance(item, Provenance):
                visit(item)
        found.setdefault(f"{step.method}{step.options}", step)

    done: set[str] = set()
    for key, entry in ledger.numbers.items():
        if key.startswith(prefix) and entry.node not in done:
            done.add(entry.node)
            visit(ledger.provenance(key))
    return list(found.values())
