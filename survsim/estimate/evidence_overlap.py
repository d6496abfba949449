"""Which terms describe the same patients, and with what weight each may speak."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import EvidenceError, EvidenceWarning
from survsim.core.surv import Surv
from survsim.estimate.evidence_terms import EvidenceTerm

LEVELS = ("survival", "median", "rate")
PATIENT_LEVEL = ("patients", "curve")
# A summary of the same patients should differ by rounding only; two standard errors is no rounding.
CONTRADICTION = 2.0


def term_weights(terms: Sequence[EvidenceTerm], overlap: str) -> tuple[FloatArray, list[str]]:
    """Weight of each term in [0, 1] and the reason when it is not 1.

    Patient-level data of an arm replace its summaries (which are compared with them); several
    summaries of one arm share the weight of one; a hazard ratio whose two arms are in the model
    themselves is left out; studies of one overlap cluster share the weight of one, or are refused.
    """
    weight, reason = np.ones(len(terms)), [""] * len(terms)
    _patients_before_summaries(terms, weight, reason)
    _one_voice_an_arm(terms, weight, reason)
    _ratio_of_known_arms(terms, weight, reason)
    _overlap_clusters(terms, weight, reason, overlap)
    return weight, reason


def _key(term: EvidenceTerm) -> tuple[str, str, str]:
    # Without a name for the arm, equal covariates within a study make an arm.
    pattern = "" if term.arm or hasattr(term.covariates, "columns") else repr(sorted(term.covariates.items()))
    return term.study, term.arm, pattern


def _patients_before_summaries(terms: Sequence[EvidenceTerm], weight: FloatArray, reason: list[str]) -> None:
    own = {_key(t): t for t in terms if t.kind == "patients"}
    curves = {_key(t): t for t in terms if t.kind == "curve"}
    disagree: list[str] = []
    for i, term in enumerate(terms):
        key = _key(term)
        better = own.get(key) or (curves.get(key) if term.kind in LEVELS else None)
        if term.kind not in (*LEVELS, "curve") or better is None:
            continue
        weight[i], reason[i] = 0.0, f"the same patients enter as {better.name()}"
        if term.kind in LEVELS:
            gap = _disagreement(term, better.payload["surv"])
            if gap:
                disagree.append(f"{term.name()}: {gap}, against {better.name()}")
    if disagree:
        warnings.warn(
            "summaries that contradict the curve or patients of the same arm: " + "; ".join(disagree)
            + ". The curve is used; check both against the source.",
            EvidenceWarning,
            stacklevel=5,
        )  # fmt: skip


def _disagreement(term: EvidenceTerm, surv: Surv) -> str:
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
            else p["median"] < grid[-1]
        )
        return f"median {p['median']:g} where {seen:.3g} is seen" if far else ""
    found = []
    for j, (t, s) in enumerate(zip(p["time"], p["survival"])):
        place = int(np.searchsorted(grid, t, side="right"))
        seen = curve[place - 1] if place else 1.0
        h, mine = -np.log(np.clip(s, 1e-6, 1 - 1e-6)), -np.log(np.clip(seen, 1e-6, 1 - 1e-6))
        n = p["n"] or len(surv)
        se = p["se_cloglog"][j] if "se_cloglog" in p else np.sqrt(np.expm1(h) / n) / h
        if abs(np.log(h / mine)) > CONTRADICTION * se and t <= surv.time.max():
            found.append(f"survival {s:.3g} at {t:g} where {seen:.3g} is seen")
    return ", ".join(found)


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


def _one_voice_an_arm(terms: Sequence[EvidenceTerm], weight: FloatArray, reason: list[str]) -> None:
    arms: dict[Any, list[int]] = {}
    for i, term in enumerate(terms):
        if term.kind in LEVELS and weight[i] > 0:
            arms.setdefault(_key(term), []).append(i)
    for members in arms.values():
        for i in members if len(members) > 1 else []:
            weight[i] /= len(members)
            reason[i] = f"one of {len(members)} summaries of one arm"


def _ratio_of_known_arms(terms: Sequence[EvidenceTerm], weight: FloatArray, reason: list[str]) -> None:
    present = {
        (t.study, t.arm)
        for i, t in enumerate(terms)
        if t.arm and weight[i] > 0 and t.kind in (*LEVELS, *PATIENT_LEVEL)
    }
    for i, term in enumerate(terms):
        if term.kind == "hazard_ratio" and term.arm:
            both = {(term.study, term.arm), (term.study, term.payload["comparator_arm"])}
            if both <= present:
                weight[i], reason[i] = 0.0, "both arms enter themselves"


def _overlap_clusters(
    terms: Sequence[EvidenceTerm], weight: FloatArray, reason: list[str], overlap: str
) -> None:
    clusters: dict[str, set[str]] = {}
    for i, term in enumerate(terms):
        if term.cluster and weight[i] > 0:
            clusters.setdefault(term.cluster, set()).add(term.study)
    shared = {name: sorted(studies) for name, studies in clusters.items() if len(studies) > 1}
    if shared and overlap == "refuse":
        listed = "; ".join(f"{name}: {', '.join(studies)}" for name, studies in shared.items())
        raise EvidenceError(
            f"studies that share patients: {listed}. Keep one of each, or overlap='down-weight'."
        )
    for i, term in enumerate(terms):
        if term.cluster in shared and weight[i] > 0:
            m = len(shared[term.cluster])
            weight[i] /= m
            reason[i] = (reason[i] + "; " if reason[i] else "") + f"one of {m} studies that share patients"
