"""Whether two terms about the same patients can both be right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from survsim.core import units
from survsim.core.checks import FloatArray
from survsim.core.surv import Surv
from survsim.core.times import meet
from survsim.estimate.joint_model.evidence_term import EvidenceTerm, pattern

# Two numbers about the same patients should differ by rounding only; two standard errors is no rounding.
CONTRADICTION = 2.0


def disagreement(term: EvidenceTerm, surv: Surv) -> str:
    """What differs by more than two standard errors of the summary, or an empty text."""
    p = term.payload
    surv = surv.to_unit(term.unit)
    if term.kind == "rate":
        mine = float(surv.event.sum() / surv.time.sum())
        z = (np.log(max(p["events"], 0.5) / p["person_time"]) - np.log(max(mine, 1e-12))) * np.sqrt(
            max(p["events"], 0.5)
        )
        return (
            f"rate {p['events'] / p['person_time']:.3g} where {mine:.3g} is seen"
            if abs(z) > CONTRADICTION
            else ""
        )
    grid, curve = _product_limit(surv)
    if term.kind == "median":
        below = np.flatnonzero(curve <= 0.5)
        seen = grid[below[0]] if below.size else np.inf
        se = p["se_log"] or 1 / (np.sqrt(p["n"]) * np.log(2))
        far = (
            abs(np.log(p["median"] / seen)) > CONTRADICTION * se
            if np.isfinite(seen)
            else p["median"] < (grid[-1] if grid.size else surv.time.max())
        )
        return f"median {p['median']:g} where {seen:.3g} is seen" if far else ""
    found = []
    for j, (t, s) in enumerate(zip(p["time"], p["survival"])):
        t = float(meet(t, np.append(grid, surv.time.max())))
        place = int(np.searchsorted(grid, t, side="right"))
        seen = curve[place - 1] if place else 1.0
        h, mine = -np.log(np.clip(s, 1e-6, 1 - 1e-6)), -np.log(np.clip(seen, 1e-6, 1 - 1e-6))
        se = _hazard_error(p, j, h, len(surv))
        if abs(np.log(h / mine)) > CONTRADICTION * se and t <= surv.time.max():
            found.append(f"survival {s:.3g} at {t:g} where {seen:.3g} is seen")
    return ", ".join(found)


def _hazard_error(payload: Mapping[str, Any], j: int, hazard: float, n: int) -> float:
    """Standard error of the log cumulative hazard that a survival term has at its point j."""
    if "se_cloglog" in payload:
        return float(payload["se_cloglog"][j])
    return float(np.sqrt(np.expm1(hazard) / (payload["n"] or n)) / hazard)


def _product_limit(surv: Surv) -> tuple[FloatArray, FloatArray]:
    """Event times and the Kaplan-Meier value at each; a plain loop over a handful of times."""
    times = np.unique(surv.time[surv.event])
    entry = np.full(len(surv), -1.0) if surv.entry is None else surv.entry
    w = np.ones(len(surv)) if surv.weight is None else surv.weight
    value, curve = 1.0, []
    for t in times:
        risk = w[(entry < t) & (surv.time >= t)].sum()
        value *= 1 - w[(surv.time == t) & surv.event].sum() / risk
        curve.append(value)
    return times, np.array(curve)


def summaries_disagree(terms: Sequence[EvidenceTerm]) -> list[str]:
    """Medians and survival probabilities of one arm, and hazard ratios of one contrast, that cannot both hold: a text a pair."""
    found = [text for pair in combinations(terms, 2) if (text := _ratios_disagree(*pair))]
    medians = [t for t in terms if t.kind == "median"]
    curves = [t for t in terms if t.kind == "survival"]
    for median, curve in ((m, c) for m in medians for c in curves):
        p = curve.payload
        at = p["time"] * units.conversion_factor(curve.unit, median.unit)
        n = p["n"] or median.payload["n"]
        for j, (t, s) in enumerate(zip(at, p["survival"])):
            error = 0.5 / np.sqrt(n) if n else 0.25
            if "se_cloglog" in p:
                error = float(p["se_cloglog"][j] * s * -np.log(s))
            half = CONTRADICTION * error
            if (t >= median.payload["median"] and s > 0.5 + half) or (
                t <= median.payload["median"] and s < 0.5 - half
            ):
                found.append(
                    f"{median.name()}: median {median.payload['median']:g}, but survival {s:g} at {t:g} by {curve.name()}"
                )
    return found


def _ratios_disagree(one: EvidenceTerm, other: EvidenceTerm) -> str:
    """What differs by more than two standard errors between two hazard ratios of one contrast, or an empty text."""
    if not one.kind == other.kind == "hazard_ratio":
        return ""
    turned = -1.0 if pattern(one.covariates) != pattern(other.covariates) else 1.0
    a, b = one.payload, other.payload
    if abs(a["log_hr"] - turned * b["log_hr"]) <= CONTRADICTION * max(a["se"], b["se"]):
        return ""
    return f"{one.name()}: hazard ratio {np.exp(a['log_hr']):.3g}, but {np.exp(turned * b['log_hr']):.3g} by {other.name()}"


def ratio_disagrees(term: EvidenceTerm, first: Surv, second: Surv) -> str:
    """What a hazard ratio says against the crude ratio of rates of its own two arms, or an empty text."""
    second = second.to_unit(first.unit)
    events = max(float(first.event.sum()), 0.5), max(float(second.event.sum()), 0.5)
    seen = float(np.log(events[0] / first.time.sum()) - np.log(events[1] / second.time.sum()))
    se = float(np.hypot(term.payload["se"], np.sqrt(1 / events[0] + 1 / events[1])))
    if abs(term.payload["log_hr"] - seen) <= CONTRADICTION * se:
        return ""
    return f"{term.name()}: hazard ratio {np.exp(term.payload['log_hr']):.3g}, but the rates of its arms are {np.exp(seen):.3g} to 1"


def alike(terms: Sequence[EvidenceTerm]) -> list[str]:
    """Terms that look like the same evidence given twice: one source row, the same patients, the same ratio."""
    found = []
    arms: dict[tuple[str, Any], dict[tuple[str, str], None]] = {}
    for term in terms:
        if term.source and term.kind not in ("patients", "curve"):
            arms.setdefault((term.kind, term.source), {})[term.study, term.arm] = None
    for (_, source), where in arms.items():
        if len(where) > 1:
            named = " and as ".join(f"{study}/{arm}" if arm else study for study, arm in where)
            found.append(f"{', '.join(source)} as {named}")
    cohorts = [t for t in terms if t.kind in ("patients", "curve") and len(t.payload["surv"]) > 2]
    for one, other in combinations(cohorts, 2):
        a, b = one.payload["surv"], other.payload["surv"]
        if len(a) == len(b) and np.array_equal(a.time, b.time) and np.array_equal(a.event, b.event):
            found.append(f"the {len(a)} patients of {one.name()} and of {other.name()}")
    return found + _equal_ratios(terms)


def _equal_ratios(terms: Sequence[EvidenceTerm]) -> list[str]:
    """Hazard ratios of several studies that agree in ratio and error, also turned round; a text each."""
    found = []
    studies: dict[Any, dict[str, EvidenceTerm]] = {}
    for term in terms:
        if term.kind == "hazard_ratio":
            numbers = round(abs(term.payload["log_hr"]), 9), round(term.payload["se"], 9)
            studies.setdefault(numbers, {}).setdefault(term.study, term)
    for where in studies.values():
        clusters = {t.cluster or t.study for t in where.values()}
        if len(clusters) > 1:
            found.append(f"the same ratio and error in {' and in '.join(t.name() for t in where.values())}")
    return found
