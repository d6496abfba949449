"""One piece of evidence, and the checks that every kind of it shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from survsim.core import units
from survsim.core.checks import between
from survsim.core.encoding import stored
from survsim.core.errors import InputError
from survsim.core.kinds import dimensions, is_missing, no_label

COMMON = ("arm", "site", "cluster", "extra_sd", "source")
"""What each kind of term takes beside its own numbers."""
OF_PATIENTS = ("patients", "curve")
"""Kinds whose covariates may be a frame with a row a patient."""


@stored
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EvidenceTerm:
    """One piece of evidence.

    Attributes
    ----------
    kind : "patients", "curve", "case", "survival", "median", "hazard_ratio" or "rate".
    study : its study; terms of one study share a random effect.
    arm : its arm within the study; several terms of one arm describe the same patients.
    site : tumour site, or "" when the model has no site effects.
    covariates : name -> number, category, or {category: share} for a mixed arm; a frame for patients.
    cluster : studies that share patients carry the same name here.
    extra_sd : stated extra standard deviation on the log hazard (transport from elsewhere, doubtful
        definitions), added to the study's random effect; 0 trusts it as its own study.
    unit : time unit of the payload.
    payload : the numbers, by kind.
    source : references ``table:row``.
    """

    kind: str
    study: str
    arm: str = ""
    site: str = ""
    covariates: Any = field(default_factory=dict)
    cluster: str = ""
    extra_sd: float = 0.0
    unit: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    source: tuple[str, ...] = ()

    def name(self) -> str:
        """How a message calls it: the source if there is one."""
        where = f"{self.study}/{self.arm}" if self.arm else self.study
        return f"{self.source[0]} ({where})" if len(self.source) == 1 else f"{self.kind} of {where}"


def make_term(
    kind: str, study: str, covariates: Any, unit: str, payload: Mapping[str, Any], common: dict[str, Any]
) -> EvidenceTerm:
    """The term of one kind, its common words checked."""
    unknown = [k for k in common if k not in COMMON]
    if unknown:
        raise InputError(f"a {kind} term does not know {', '.join(unknown)}; it takes {', '.join(COMMON)}.")
    if no_label(study) or not str(study).strip():
        raise InputError("study is empty; terms of one study share a random effect, so each needs a name.")
    nameless = [k for k in ("arm", "site", "cluster") if k in common and is_missing(common[k])]
    if nameless:
        raise InputError(f"{', '.join(nameless)} of {study}: a missing value is no name; leave it out.")
    if unit:
        units.check_unit(unit)
    if not (kind in OF_PATIENTS and hasattr(covariates, "columns")):
        refuse_no_pattern("covariates", covariates, f"the {kind} term of {study}")
    source = common.pop("source", ())
    extra = between("extra_sd", common.pop("extra_sd", 0.0), 0.0, np.inf, open_ends=False)
    return EvidenceTerm(
        kind=kind,
        study=str(study),
        covariates=covariates,
        unit=unit,
        payload=payload,
        extra_sd=extra,
        source=(source,) if isinstance(source, str) else tuple(source),
        **{k: str(v) for k, v in common.items()},
    )


def refuse_no_pattern(name: str, covariates: Any, whose: str) -> None:
    """Raise unless each covariate has the one value of an arm: a number, a category, or shares of categories."""
    if not isinstance(covariates, Mapping):
        raise InputError(
            f"{name} must map each covariate to its value for {whose}; got {type(covariates).__name__}."
        )
    several = several_values(covariates)
    if several:
        raise InputError(
            f"{name} of {whose}: {', '.join(several)} has several values, and an arm has one: a number, a category, or "
            "shares such as {'I': 0.6, 'III': 0.4}. Columns with a row a patient belong to patients_term."
        )


def pattern(covariates: Mapping[str, Any]) -> frozenset[Any]:
    """A covariate pattern to compare with others: 1 is 1.0, and of shares only their proportions count."""
    return frozenset((str(name), _level(value)) for name, value in covariates.items())


def _level(value: Any) -> Any:
    if isinstance(value, Mapping):
        total = sum(value.values()) or 1.0
        return frozenset((level, round(share / total, 9)) for level, share in value.items() if share)
    return value.item() if hasattr(value, "item") else value


def several_values(covariates: Mapping[str, Any]) -> list[str]:
    """Names under which a column stands and not one value."""
    return [str(name) for name, value in covariates.items() if dimensions(value) > 0]


def single_terms(terms: Any) -> tuple[EvidenceTerm, ...]:
    """Terms one by one: of an object that holds `terms`, of a list of such, of single terms."""
    parts = [terms] if isinstance(terms, EvidenceTerm) or hasattr(terms, "terms") else terms
    if hasattr(parts, "records"):
        raise InputError(
            "a selection of rows came where terms are wanted: survsim.scenario.summary_terms(selection) makes them."
        )
    found: list[EvidenceTerm] = []
    wrong: list[str] = []
    for part in parts if isinstance(parts, Iterable) and not isinstance(parts, str) else [parts]:
        inside = getattr(part, "terms", (part,))
        wrong += [type(t).__name__ for t in inside if not isinstance(t, EvidenceTerm)]
        found += [t for t in inside if isinstance(t, EvidenceTerm)]
    if wrong or not found:
        raise InputError(
            "terms must be a non-empty list made by patients_term, case_term, survival_term, ..., or what "
            f"summary_terms and case_terms return; got {', '.join(dict.fromkeys(wrong)) or 'nothing'}."
        )
    return tuple(found)
