"""What each step of a computation is called in the methods of a paper: a sentence of all its settings, by theme."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from survsim.report.sentences import join_words

Options = Mapping[str, Any]
Say = Callable[[Sequence[Options]], str]
"""From the settings a step was used with, each once, to a sentence without its full stop."""

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
ROUTES = {
    "hr and interval": "printed intervals",
    "hr and one-sided limit": "a printed one-sided limit",
    "hr and upper limit": "printed upper limits",
    "hr and p": "printed p-values",
    "hr and events": "numbers of events",
    "p and events": "p-values and numbers of events",
    "o-e and v": "observed minus expected events and their variance",
}


def in_words(name: object) -> str:
    """A name of the program as a reader would say it: `age_decades + C(stage)` as "age decades and stage"."""
    terms = [re.sub(r"^\w+\((.*)\)$", r"\1", part.strip()) for part in str(name).split("+")]
    return join_words([term.replace("_", " ") for term in terms if term])


def all_of(options: Sequence[Options], key: str) -> list[Any]:
    """The values of a setting, each once, in their order."""
    found: dict[str, Any] = {}
    for one in options:
        if one.get(key) not in (None, "", (), []):
            found.setdefault(str(one[key]), one[key])
    return list(found.values())


def times(options: Sequence[Options], key: str) -> str:
    """Times with their unit ("36 and 33 months"); empty where a step did not say its unit."""
    if not options or not all(one.get("unit") for one in options):
        return ""
    shown = dict.fromkeys(f"{v:.3g}" for v in sorted(float(v) for v in all_of(options, key)))
    units = [str(u) for u in all_of(options, "unit")]
    return f"{join_words(list(shown))} {units[0]}" if shown and len(units) == 1 else ""


def plural(number: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def _level(one: Options) -> str:
    return f"{one.get('conf_level', 0.95):.0%}"


def _banded(options: Sequence[Options]) -> str:
    kinds: dict[str, None] = {}
    for one in options:
        kind = one.get("conf_type", "log-log")
        kinds[
            "without intervals" if kind == "none" else f"with pointwise {_level(one)} intervals ({kind})"
        ] = None
    return join_words(list(kinds))


def _logrank(options: Sequence[Options]) -> str:
    tests: dict[str, None] = {}
    for one in options:
        rho, gamma = one.get("rho", 0), one.get("gamma", 0)
        plain = not rho and not gamma
        tests["log-rank test" if plain else f"Fleming-Harrington test (rho {rho:g}, gamma {gamma:g})"] = None
    return f"Groups were compared by the {join_words(list(tests))}"


def _cox(options: Sequence[Options]) -> str:
    ties = {"efron": "Efron's method", "breslow": "Breslow's method", "exact": "the exact method"}
    models = [in_words(f) for f in all_of(options, "formula")] or ["all covariates"]
    handled = join_words([ties.get(str(t), str(t)) for t in all_of(options, "ties")])
    text = f"Hazard ratios came from Cox regression ({'; '.join(models)}{f'; {handled} for ties' if handled else ''})"
    penalties = [str(p).capitalize() for p in all_of(options, "penalty")]
    text += f" with {join_words(penalties)} penalty" if penalties else ""
    return text + (", with robust standard errors" if any(o.get("robust") for o in options) else "")


def _meta_analysis(options: Sequence[Options]) -> str:
    random = [o for o in options if str(o.get("method", "REML")) != "fixed"]
    between = join_words([TAU2.get(str(m), str(m)) for m in all_of(random, "method")]) or TAU2["REML"]
    text = (
        f"Studies were pooled with random effects, the between-study variance by {between}"
        if random
        else "Studies were pooled with a common effect"
    )
    laws = [INTERVALS[str(law)] for law in all_of(random or options, "conf_method") if str(law) in INTERVALS]
    text += f"; {', for comparison '.join(laws)}" if laws else ""
    scales = join_words([f"{float(s):g}" for s in all_of(random, "tau_prior_scale")])
    if scales:
        text += f"; with fewer than three studies its square root had a half-normal prior of scale {scales}"
    return text + (
        "; for comparison they were pooled with a common effect" if 0 < len(random) < len(options) else ""
    )


def _network(options: Sequence[Options]) -> str:
    kinds = join_words(
        ["a common effect" if e == "fixed" else "random effects" for e in all_of(options, "effects")]
    )
    text = f"Treatments were compared over the network of trials with {kinds or 'random effects'}"
    scales = join_words([f"{float(s):g}" for s in all_of(options, "tau_prior_scale") if s])
    return text + (
        f"; where no contrast was left to estimate the between-study variance, its square root had a half-normal prior of scale {scales}"
        if scales
        else ""
    )


def _resamples(options: Sequence[Options]) -> str:
    counts = [int(n) for n in all_of(options, "n_resamples") if n]
    return (
        f"percentile intervals from {join_words([str(n) for n in counts])} resamples of patients"
        if counts
        else "no interval"
    )


def _weighted_curves(options: Sequence[Options]) -> str:
    booted = [o for o in options if o.get("interval") == "bootstrap"]
    if booted:
        return f"Weighted survival curves were compared, with {_resamples(booted)} in which the weights were estimated again"
    return "Weighted survival curves were compared, with robust intervals"


def _emulated(options: Sequence[Options]) -> str:
    grace = times(options, "grace")
    given = join_words([in_words(f) for f in all_of(options, "formula")]) or "no covariate"
    return (
        f"A target trial with a grace period{f' of {grace}' if grace else ''} was emulated by cloning, artificial "
        f"censoring and inverse probability of censoring weights given {given}, with {_resamples(options)}"
    )


def _rmst(options: Sequence[Options]) -> str:
    horizon = times(options, "tau")
    return f"Restricted mean survival was taken{f' to {horizon}' if horizon else ' to a horizon'}"


def _switching(options: Sequence[Options]) -> str:
    given = [in_words(f) for f in all_of(options, "formula")]
    more = f", alone and together with {join_words(given)}" if given else ""
    return f"Treatment entered Cox regression as a covariate that switches on at its start{more}"


def _map_prior(options: Sequence[Options]) -> str:
    numbers = sorted(len(o.get("labels") or ()) for o in options)
    scales = join_words([f"{float(s):g}" for s in sorted(all_of(options, "tau_scale"))])
    span = (
        f"{numbers[0]} to {numbers[-1]} studies"
        if numbers[0] < numbers[-1]
        else plural(numbers[0], "study", "studies")
    )
    laws = join_words([str(law) for law in all_of(options, "tau_prior")]) or "half-normal"
    return (
        f"{plural(len(options), 'parameter')} had a meta-analytic-predictive prior{', each' if len(options) > 1 else ''} from {span} "
        f"({laws} prior of scale {scales} on the standard deviation between studies)"
    )


def _assumption(options: Sequence[Options]) -> str:
    laws = join_words([str(law) for law in sorted(all_of(options, "law"))])
    return f"{plural(len(options), 'parameter')} without a published source had assumed priors ({laws})"


def _parameter(options: Sequence[Options]) -> str:
    moved = sorted(float(s) for s in all_of(options, "transport_sd") if float(s) > 0)
    if not moved:
        return ""
    span = f"{moved[0]:g}" if len(moved) == 1 else f"{moved[0]:g} to {moved[-1]:g}"
    return (
        "Priors from other populations were widened for transport to these patients by a standard deviation of "
        f"{span} on the scale of the parameter"
    )


def _calibrate(options: Sequence[Options]) -> str:
    biased = any(o.get("bias") for o in options)
    more = ", with declared bias of observational contrasts in the likelihood" if biased else ""
    return (
        "Parameters were calibrated to published numbers by importance sampling around the mode of their posterior, or by "
        f"sequential Monte Carlo where that failed{more}"
    )


def _simulate(options: Sequence[Options]) -> str:
    largest = max(options, key=lambda o: (o.get("draws") or 0) * (o.get("patients") or 0))
    return (
        f"Patients were simulated one by one, {largest.get('patients')} for each of {largest.get('draws')} draws of the "
        "parameters, the same patients under every strategy (common random numbers)"
    )


def _compare(options: Sequence[Options]) -> str:
    against = join_words([in_words(r) for r in all_of(options, "reference")])
    return f"Strategies were compared in pairs with {against or 'one of them'}, patient by patient"


def _evidence_model(options: Sequence[Options]) -> str:
    whole = max(options, key=lambda o: o.get("n_terms") or 0)
    breaks = (
        f"{join_words([f'{float(b):g}' for b in whole.get('breaks') or ()])} {whole.get('unit', '')}".strip()
    )
    levels = {"study": "studies", "site": "sites"}
    priors = (whole.get("priors") or {}).items()
    scales = join_words([f"{float(v):g} between {levels.get(k, in_words(k))}" for k, v in priors])
    formula = join_words([in_words(f) for f in all_of(options, "formula")])
    return (
        f"All published survival entered one piecewise exponential model (breaks at {breaks}; covariates {formula}) with random levels of studies and "
        f"sites{f', the scales of their priors {scales}' if scales else ''}; where studies share patients each was weighed down"
    )


def _trials(options: Sequence[Options]) -> str:
    runs = join_words([str(n) for n in all_of(options, "replicates")])
    alphas = join_words([f"{float(a):g}" for a in all_of(options, "alpha")])
    return f"Trials were simulated patient by patient, {runs} times each design, and tested at a two-sided level of {alphas}"


def fixed(text: str) -> Say:
    """A sentence that no setting changes."""
    return lambda options: text


def _weights(options: Sequence[Options]) -> str:
    return (
        "Patients were weighted by the inverse probability of their treatment given "
        f"{join_words([in_words(f) for f in all_of(options, 'formula')])}"
    )


def _of_cause(text: str) -> Say:
    return lambda options: text.format(join_words([in_words(c) for c in all_of(options, "cause")]))


def _fine_gray(options: Sequence[Options]) -> str:
    formula = "; ".join(in_words(f) for f in all_of(options, "formula")) or "all covariates"
    return f"Subdistribution hazard ratios of {join_words([in_words(c) for c in all_of(options, 'cause')])} came from Fine-Gray regression ({formula})"


def routes(options: Iterable[Options]) -> str:
    """How standard errors of printed ratios were found."""
    ways = dict.fromkeys(str(o.get("route")) for o in options if o.get("route"))
    if not ways:
        return ""
    return f"Standard errors of published log hazard ratios were computed from {join_words([ROUTES.get(w, w) for w in ways])}"


NET = {
    "pohar-perme": "by the estimator of Pohar Perme, Stare and Esteve",
    "ederer-2": "by Ederer's second method",
    "ederer-1": "by Ederer's first method",
}


SURVIVAL: dict[str, Say] = {
    "kaplan_meier": lambda o: f"Survival was estimated by the Kaplan-Meier method {_banded(o)}",
    "reverse_kaplan_meier": fixed("Median follow-up was estimated by the reverse Kaplan-Meier method"),
    "logrank_test": _logrank,
    "nelson_aalen": fixed("Cumulative hazards were estimated by the Nelson-Aalen method"),
    "event_rates": fixed("Incidence rates were events over person-time, with exact Poisson intervals"),
    "likelihood_ratio_test": fixed("Nested models were compared by the likelihood ratio test"),
    "net_survival": lambda o: (
        f"Net survival was estimated {join_words([NET[m] for m in all_of(o, 'method')])} from the mortality of the population by age"
    ),
    "interval_censored_survival": fixed(
        "Survival from times known within limits was estimated by non-parametric maximum likelihood"
    ),
    "pairwise_logrank": fixed("Groups were compared two by two by the log-rank test"),
    "permutation_logrank_test": fixed("The log-rank test took its p-value from permutations of the groups"),
    "maxcombo_test": fixed("Groups were compared by the MaxCombo test"),
    "milestone_test": fixed("Survival was compared at a milestone"),
    "conditional_survival": fixed("Survival was estimated given survival to a landmark"),
    "bootstrap": fixed("Intervals came from resamples of patients"),
    "royston_parmar": fixed(
        "Survival was modelled by Royston and Parmar's splines of the log cumulative hazard"
    ),
    "mixture_cure": fixed("Survival was modelled by a mixture of cured and uncured patients"),
    "mean_time_in_state": fixed("The mean time in each state was taken from the occupancies"),
    "hazard_ratio_over_time": fixed(
        "The hazard ratio was followed over time by a natural cubic spline through the scaled Schoenfeld residuals"
    ),
    "concordance": fixed("Discrimination was measured by the concordance of predicted and observed order"),
    "time_dependent_auc": fixed("Discrimination at a time was measured by the area under the ROC curve"),
    "brier_score": fixed("Prediction error was measured by the Brier score, weighted for censoring"),
    "calibration": fixed("Predicted and observed survival were compared within groups of predicted risk"),
    "pool_imputations": fixed("Estimates over imputed data sets were pooled by Rubin's rules"),
    "logrank_trend": fixed("Groups in an order were compared by the log-rank test for trend"),
    "cox_ph": _cox,
    "proportional_hazards_test": fixed(
        "Proportional hazards were tested by the score test of scaled Schoenfeld residuals"
    ),
    "aalen_johansen": lambda o: (
        f"Cumulative incidence under competing risks was estimated by the Aalen-Johansen method {_banded(o)}"
    ),
    "gray_test": _of_cause("Cumulative incidence of {} was compared by Gray's test"),
    "fine_gray": _fine_gray,
    "cause_specific_cox": fixed("Each cause had a Cox regression with the other causes censored"),
    "multistate_occupancy": fixed("State occupancy was estimated by the Aalen-Johansen method"),
    "multistate_fit": fixed("Each transition had a model of its own, the other ways out censored"),
    "parametric_survival": lambda o: (
        f"Parametric laws were fitted by maximum likelihood ({join_words([in_words(f) for f in all_of(o, 'family')])})"
    ),
    "compare_families": fixed("Laws were compared by Akaike's criterion"),
    "model_average": fixed("Laws were averaged with Akaike weights"),
    "rmst": _rmst,
    "rmst_test": fixed("Restricted means were compared by their difference, with normal intervals"),
}
TREATMENTS: dict[str, Say] = {
    "treatment_weights": _weights,
    "balance": fixed("Balance was judged by standardised mean differences"),
    "ipw_kaplan_meier": _weighted_curves,
    "ipw_cox": fixed("Marginal hazard ratios were estimated by weighted Cox regression with robust variance"),
    "standardised_survival": lambda o: (
        f"Survival was standardised over the patients' covariates by the fitted model, with {_resamples(o)}"
    ),
    "time_varying_treatment": _switching,
    "clone_censor_weight": _emulated,
}
POOLING: dict[str, Say] = {
    "meta_analysis": _meta_analysis,
    "meta_regression": fixed("Effects were regressed on features of the studies with random effects"),
    "network_meta_analysis": _network,
    "pool_proportions": fixed(
        "Proportions were pooled by the binomial likelihood with normal logits of the studies"
    ),
    "meta_analyses": fixed("Many sets of studies were pooled with random effects, each by itself"),
    "leave_one_out": fixed("The pooling was repeated without each study in turn"),
    "cumulative_meta_analysis": fixed("The pooling was repeated as each study came out"),
    "small_study_tests": fixed(
        "Small studies were looked at by Egger's regression, Begg's rank correlation and trim-and-fill"
    ),
    "subgroup_test": fixed("Pooled effects of subgroups were compared by the test that all are equal"),
    "pool_survival_points": fixed(
        "Printed survival probabilities were pooled time by time with random effects"
    ),
    "pooled_survival_curve": fixed(
        "Curves were pooled by products of conditional survival with random effects"
    ),
    "summary_terms": fixed(
        "Printed medians and survival probabilities entered by their printed intervals, or by numbers of patients as counts; "
        "of summaries of the same patients the largest counted"
    ),
    "case_terms": fixed(
        "Single published cases entered by their own times, exact, within limits or censored"
    ),
    "evidence_model": _evidence_model,
    "evidence_model.predict": fixed(
        "Survival of a new study was predicted from draws of the posterior, for a new site with a stated extra variance"
    ),
    "borrow": fixed(
        "New results were weighed against the prior by the posterior weight of its vague component"
    ),
    "case_in_context": fixed(
        "The survival of the case was placed as the percentile of the next patient of each reference"
    ),
    "tipping_point": fixed(
        "How strongly publication would have to select for long survival to overturn the conclusion was computed"
    ),
    "certainty": fixed("Certainty was rated in the manner of GRADE, each step with its reason"),
    "risk_of_bias": fixed("Risk of bias was judged domain by domain"),
}
PRIORS: dict[str, Say] = {
    "map_prior": _map_prior,
    "robust_map_prior": lambda o: (
        "The prior of a new trial had a vague component of weight "
        f"{join_words([f'{float(w):g}' for w in all_of(o, 'weight')])}"
    ),
    "map_rate_prior": fixed("Rates had meta-analytic-predictive priors"),
    "power_prior": fixed("Earlier data entered with a weight below one (power prior)"),
    "commensurate_prior": fixed("Earlier data entered by a commensurate prior"),
    "assumption": _assumption,
    "parameter": _parameter,
    "derive": lambda o: f"{plural(len(o), 'parameter')} followed from others by a stated rule",
    "calibrate": _calibrate,
    "parameterise": lambda o: (
        f"Uncertainty was carried through by {max(int(x.get('draws') or 0) for x in o)} joint draws of all parameters"
    ),
}
SIMULATION: dict[str, Say] = {
    "simulate": _simulate,
    "compare": _compare,
    "published_models": fixed(
        "Published decision models were rebuilt from their inputs, and each printed mean was held against the simulated one"
    ),
    "decision": fixed(
        "Strategies were ranked by their expected outcome, with the chance of being best and the expected loss"
    ),
    "value_of_information": fixed(
        "The value of knowing a parameter was estimated by regression on the draws"
    ),
    "one_way_runs": fixed("Each parameter was held at the ends of its interval in runs of its own"),
    "turning_points": fixed(
        "The effects at which the favoured strategy changes were found by moving one effect at a time"
    ),
    "threshold_curves": fixed("The gain was followed over the values of a parameter"),
    "tornado": fixed("Each parameter was set to the ends of its draws, the others averaged over"),
    "global_sensitivity": fixed(
        "The share of the variance that each parameter carries was estimated by Sobol and PAWN indices"
    ),
    "threshold": fixed(
        "The value of a parameter at which the favoured strategy changes was read from the draws, the others averaged over"
    ),
    "structural_sensitivity": fixed("Alternatives to the structure of the model were run beside it"),
    "variance_by_layer": fixed("The variance of the gain was split by layer of uncertainty"),
    "eqd2": fixed("Doses were compared as equivalent doses in fractions of 2 Gy"),
    "check_targets": fixed("Published numbers were held against predictive intervals"),
    "endpoint_probability": fixed("Closed forms of the endpoints were computed by quadrature"),
    "simulation_based_calibration": fixed("The sampler was tried by simulation-based calibration"),
    "simulate_trials": _trials,
    "assurance": fixed("Assurance is power averaged over the draws of the effect"),
    "evsi": fixed("The expected value of sample information was estimated from the same draws"),
    "interpolate_power": fixed("The size for a given power was interpolated between the sizes tried"),
    "schoenfeld_deaths": fixed("Numbers of deaths came from Schoenfeld's formula"),
}
READING: dict[str, Say] = {
    "digitise": fixed("Figures were read by program"),
    "reconstruct_ipd": lambda o: (
        f"Patient data were reconstructed from published curves ({join_words([in_words(m) for m in all_of(o, 'method')])})"
        if all_of(o, "method")
        else "Patient data were reconstructed from published curves"
    ),
    "pseudo_sets": lambda o: (
        f"{join_words([str(m) for m in all_of(o, 'm')])} data sets that a figure cannot tell apart were drawn"
    ),
    "reconstruction_audit": fixed("Each reconstruction was held against the numbers that the paper prints"),
    "pooled": fixed("Estimates of those sets were pooled by Rubin's rules"),
    "pseudo_ipd_from_summaries": fixed("Patients were also drawn from what an abstract prints"),
}
THEMES: dict[str, dict[str, Say]] = {
    "Survival": SURVIVAL,
    "Comparison of treatments": TREATMENTS,
    "Published numbers": POOLING,
    "Reading of figures": READING,
    "Priors and parameters": PRIORS,
    "Simulation": SIMULATION,
}
"""Every step that has a sentence, in the order in which a paper tells them."""
SILENT = {
    "effect_size", "count", "as_printed", "range", "select", "effect_sizes", "prepare_multistate", "flow",
    "flow_from_search", "KaplanMeier.quantile", "KaplanMeier.survival_at", "survival_at", "assumed", "scenario",
    "calibrated_parameter", "counted_back", "prior_mean", "deaths_by_cause", "explain", "trial_power", "printed",
}  # fmt: skip
"""Steps that need no sentence: they read, count or gather, or another sentence tells them."""
