"""Evidence terms from the plain records of the pinned NUTS runs."""

from __future__ import annotations

from typing import Any

import pandas as pd

from survsim import Surv, evidence_model
from survsim.joint_model import (
    EvidenceModel,
    EvidenceTerm,
    case_term,
    hazard_ratio_term,
    median_term,
    patients_term,
    rate_term,
    survival_term,
)

MAKERS: dict[str, Any] = {
    "survival": survival_term,
    "median": median_term,
    "rate": rate_term,
    "case": case_term,
}


def term_from_record(record: dict[str, Any]) -> EvidenceTerm:
    """One term; columns late and chemo are its covariates."""
    r = dict(record)
    kind = r.pop("kind")
    covariates = {name: r.pop(name) for name in ("late", "chemo") if name in r}
    if kind == "patients":
        surv = Surv.right(r.pop("time"), r.pop("event"), unit="months")
        return patients_term(surv, pd.DataFrame(covariates), **r)
    if kind == "hazard_ratio":
        treated, control = {"late": 0.0, "chemo": 1.0}, {"late": 0.0, "chemo": 0.0}
        return hazard_ratio_term(r.pop("hazard_ratio"), treated, control, **r)
    if kind == "case":
        time = r.pop("time")
        return case_term(tuple(time) if isinstance(time, list) else time, covariates, unit="months", **r)
    if kind == "survival":
        # the pinned runs take everybody of n as followed
        r.setdefault("design_factor", 1.0)
    return MAKERS[kind](
        *[r.pop(k) for k in ("events", "person_time", "time", "survival", "median") if k in r],
        covariates,
        unit="months",
        **r,
    )


def model_from_set(spec: dict[str, Any], **options: Any) -> EvidenceModel:
    """The evidence model of one pinned data set."""
    terms = [term_from_record(r) for r in spec["terms"]]
    # the pinned posteriors were drawn under half-normal priors of the standard deviations
    settings = spec["priors"] | {"breaks": spec["breaks"], "sd_prior": "half-normal"} | options
    if "treatment_scale" in spec["priors"]:
        settings["treatment"] = "chemo"
    return evidence_model(terms, "+".join(spec["columns"]) or None, **settings)
