"""Which terms describe the same patients, and with what weight each may speak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import EvidenceError, EvidenceWarning, warn
from survsim.core.surv import Surv
from survsim.estimate.joint_model.contradictions import (
    alike,
    disagreement,
    ratio_disagrees,
    summaries_disagree,
)
from survsim.estimate.joint_model.evidence_term import EvidenceTerm, pattern

LEVELS = ("survival", "median", "rate")
PATIENT_LEVEL = ("patients", "curve")


def term_weights(terms: Sequence[EvidenceTerm], overlap: str) -> tuple[FloatArray, list[str]]:
    """Weight of each term in [0, 1] and the reason when it is not 1.

    Patient-level data of an arm replace its summaries (which are compared with them); several
    summaries of one arm share the weight of one, and so do several hazard ratios of one contrast; a
    hazard ratio whose two arms are in the model themselves is left out; studies of one overlap cluster share the weight of one, or are refused.
    Contradictions, evidence given twice and studies that share patients are said in warnings.
    """
    weight, reason = np.ones(len(terms)), [""] * len(terms)
    twice = alike(terms)
    if twice:
        _warn(
            "the same evidence seems to enter twice: ", twice, ". Give the terms one study, or one cluster."
        )
    _patients_before_summaries(terms, weight, reason)
    _ratio_of_known_arms(terms, weight, reason)
    _one_voice(terms, weight, reason)
    _overlap_clusters(terms, weight, reason, overlap)
    return weight, reason


def _key(term: EvidenceTerm) -> tuple[str, Any]:
    """What a summary is about: an arm of a study, or a contrast of two, whichever of them is the comparator."""
    if term.kind == "hazard_ratio":
        return term.study, frozenset(_arm_of(side) for side in _sides(term))
    return term.study, _arm_of(term)


def _arm_of(term: EvidenceTerm) -> tuple[str, Any]:
    # Without a name for the arm, equal covariates within a study make an arm.
    return term.arm, None if term.arm or hasattr(term.covariates, "columns") else pattern(term.covariates)


def _sides(ratio: EvidenceTerm) -> tuple[EvidenceTerm, EvidenceTerm]:
    """The two arms that a hazard ratio compares."""
    other = ratio.payload
    return ratio, replace(ratio, arm=other["comparator_arm"], covariates=other["comparator"])


def _patients_before_summaries(terms: Sequence[EvidenceTerm], weight: FloatArray, reason: list[str]) -> None:
    disagree: list[str] = []
    for i, term in enumerate(terms):
        if term.kind not in (*LEVELS, "curve"):
            continue
        kinds = ("patients", "curve") if term.kind in LEVELS else ("patients",)
        better = next((t for kind in kinds for t in terms if t.kind == kind and _covers(t, term)), None)
        if better is None:
            continue
        weight[i], reason[i] = 0.0, f"the same patients enter as {better.name()}"
        own = _those_meant(better, term)
        gap = disagreement(term, own) if term.kind in LEVELS and own is not None else ""
        if gap:
            disagree.append(f"{term.name()}: {gap}, against {better.name()}")
    if disagree:
        _warn("summaries that contradict the curve or patients of the same arm: ", disagree,
              ". The curve is used; check both against the source.")  # fmt: skip


def _covers(patients: EvidenceTerm, term: EvidenceTerm) -> bool:
    """Whether patient-level data hold the patients of another term: those of its arm, or of its whole study."""
    if patients.study != term.study or patients.arm not in ("", term.arm):
        return False
    whole = patients.arm == "" and hasattr(patients.covariates, "columns")
    return whole or _key(patients) == _key(term) or (patients.arm == "" and not patients.covariates)


def _those_meant(patients: EvidenceTerm, term: EvidenceTerm) -> Surv | None:
    """The patients whom a summary is about; None where the data do not tell them."""
    surv: Surv = patients.payload["surv"]
    if not hasattr(patients.covariates, "columns") or not isinstance(term.covariates, Mapping):
        return surv if patients.arm == term.arm else None
    if term.arm != patients.arm:
        return None
    frame = patients.covariates
    mine = np.ones(len(surv), dtype=bool)
    for name, value in term.covariates.items():
        if name not in frame.columns or isinstance(value, Mapping):
            return None
        mine &= (frame[name] == value).to_numpy()
    return surv.take(np.flatnonzero(mine)) if mine.any() else None


def _one_voice(terms: Sequence[EvidenceTerm], weight: FloatArray, reason: list[str]) -> None:
    groups: dict[Any, list[int]] = {}
    for i, term in enumerate(terms):
        if term.kind in (*LEVELS, "hazard_ratio") and weight[i] > 0:
            groups.setdefault((term.kind == "hazard_ratio", _key(term)), []).append(i)
    disagree = [
        text for members in groups.values() for text in summaries_disagree([terms[i] for i in members])
    ]
    if disagree:
        _warn(
            "summaries of the same patients that contradict each other: ",
            disagree,
            ". Both are used, as one; check the source.",
        )
    for (ratio, _), members in groups.items():
        for i in members if len(members) > 1 else []:
            weight[i] /= len(members)
            what = "hazard ratios of one contrast" if ratio else "summaries of one arm"
            reason[i] = f"one of {len(members)} {what}"


def _ratio_of_known_arms(terms: Sequence[EvidenceTerm], weight: FloatArray, reason: list[str]) -> None:
    present = [t for t, w in zip(terms, weight) if w > 0 and t.kind in (*LEVELS, *PATIENT_LEVEL)]
    disagree = []
    for i, term in enumerate(terms):
        if term.kind != "hazard_ratio":
            continue
        sides = _sides(term)
        holders = [[t for t in present if _holds(t, side, sides)] for side in sides]
        if all(holders):
            weight[i], reason[i] = 0.0, "both arms enter themselves"
            first, second = (_patients_among(found, side) for found, side in zip(holders, sides))
            if first is not None and second is not None:
                disagree.append(ratio_disagrees(term, first, second))
    if any(disagree):
        _warn("hazard ratios that contradict the patients of their arms: ", [d for d in disagree if d],
              ". The patients are used; check which arm is the comparator.")  # fmt: skip


def _holds(term: EvidenceTerm, side: EvidenceTerm, sides: tuple[EvidenceTerm, EvidenceTerm]) -> bool:
    """Whether a term has the patients of one side of a hazard ratio: by the arm's name where both have one, else by covariates.

    Of patients in a frame the side is some, where each covariate of the ratio that the frame has takes the side's value,
    or values on both sides of it (a ratio at the mean age is about all ages), and where the frame tells the two sides apart.
    """
    if term.study != side.study or (term.arm and side.arm):
        return term.study == side.study and term.arm == side.arm
    if not hasattr(term.covariates, "columns"):
        return pattern(term.covariates) == pattern(side.covariates)
    one, other = (dict(pattern(s.covariates)) for s in sides)
    differ = {name for name in {*one, *other} if one.get(name) != other.get(name)}
    known = {str(name): column for name, column in term.covariates.items()}
    return differ <= {*known} and all(
        _reaches(known[str(name)], value) for name, value in side.covariates.items() if str(name) in known
    )


def _reaches(column: Any, value: Any) -> bool:
    if isinstance(value, Mapping):
        return all((column == level).any() for level, share in value.items() if share)
    if column.dtype.kind in "iuf" and not isinstance(value, str):
        return bool(column.min() <= value <= column.max())
    return bool((column == value).any())


def _patients_among(terms: Sequence[EvidenceTerm], side: EvidenceTerm) -> Surv | None:
    """The patients of one side of a hazard ratio, from the first term that has them one by one."""
    cohorts = (t for t in terms if t.kind in PATIENT_LEVEL)
    return next((_those_meant(t, replace(side, arm=t.arm)) for t in cohorts), None)


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
    if shared:
        _warn("studies that share patients have the weight of one: ",
              [f"{name} ({', '.join(studies)})" for name, studies in shared.items()],
              ". overlap='refuse' stops here instead.")  # fmt: skip
    for i, term in enumerate(terms):
        if term.cluster in shared and weight[i] > 0:
            m = len(shared[term.cluster])
            weight[i] /= m
            reason[i] = (reason[i] + "; " if reason[i] else "") + f"one of {m} studies that share patients"


def _warn(what: str, rows: Sequence[str], advice: str) -> None:
    warn(what + "; ".join(rows) + advice, EvidenceWarning)
