"""From curated rows to terms of an evidence model: which numbers of which arms enter, and which cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import between, one_of, require_columns
from survsim.core.errors import EvidenceError
from survsim.core.estimate_record import Estimate
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns, from_rows
from survsim.estimate.joint_model.terms import EvidenceTerm, case_term, median_term, survival_term

if TYPE_CHECKING:
    import pandas as pd

MEASURES = ("survival_probability", "median")
NESTED = ("largest", "all")
# Arms whose patients exceed the study's by more than this share patients.
TOLERANCE = 1.05

Covariates = Mapping[str, Any] | Callable[[Estimate], Mapping[str, Any]]


@result
class EvidenceTerms(Result):
    """Terms made from curated rows.

    Attributes
    ----------
    terms : the terms, ready for `evidence_model`.
    left_out : (reference, reason) of every row that gave none.
    """

    terms: tuple[EvidenceTerm, ...]
    left_out: tuple[tuple[str, str], ...]

    def columns(self) -> Columns:
        """Columns kind, study, arm, site, covariates, rows."""
        rows = (
            (
                t.kind,
                t.study,
                t.arm,
                t.site,
                ", ".join(f"{k}={_short(v)}" for k, v in dict(t.covariates).items()),
                ", ".join(t.source),
            )
            for t in self.terms
        )
        return from_rows(rows, ("kind", "study", "arm", "site", "covariates", "rows"))

    def headline(self) -> str:
        """Counts."""
        studies = len({t.study for t in self.terms})
        return f"{len(self.terms)} terms of {studies} studies; {len(self.left_out)} rows left out"


def summary_terms(
    selection: Any,
    covariates: Covariates | None = None,
    *,
    unit: str = "months",
    nested: str = "largest",
    n_total: Mapping[str, float] | None = None,
    extra_sd: Mapping[str, float] | None = None,
) -> EvidenceTerms:
    """Survival probabilities and medians of a selection as terms, one study a random effect.

    Several survival probabilities of one arm become one term of independent increments. A number
    without interval and without the patients of its arm has no error and is left out.

    Parameters
    ----------
    selection : from `EvidenceStore.select` (overlaps resolved there), or its records.
    covariates : mapping for all rows, or a function of the `Estimate` that gives one.
    nested : "largest": where the arms of a study hold more patients than the study (a whole cohort and
        its subgroups), only the largest arm enters; "all" takes every arm.
    n_total : study -> its patients, for `nested`; taken from the selection's frame if it has one.
    extra_sd : site -> stated extra standard deviation of its studies.

    Returns
    -------
    EvidenceTerms, with the rows left out and why.

    Example
    -------
    >>> import survsim
    >>> found = survsim.load_evidence().select(endpoint="overall_survival", measure="median", site="ovary_tube")
    >>> made = survsim.scenario.summary_terms(found)
    >>> {t.kind for t in made.terms}
    {'median'}
    """
    one_of("nested", nested, NESTED)
    records: tuple[Estimate, ...] = tuple(getattr(selection, "records", selection))
    if n_total is None and hasattr(selection, "frame"):
        frame = selection.frame
        n_total = dict(zip(frame["study_id"], frame["n_total"]))
    left: list[tuple[str, str]] = []
    arms: dict[tuple[str, str], list[Estimate]] = {}
    for record in records:
        reason = _unusable(record)
        if reason:
            left.append((record.reference, reason))
        else:
            arms.setdefault((record.study_id, record.arm_id), []).append(record)
    if nested == "largest":
        _drop_nested(arms, n_total or {}, left)
    terms: list[EvidenceTerm] = []
    for rows in arms.values():
        terms += _arm_terms(rows, covariates, unit, extra_sd or {})
    step = Provenance.of("summary_terms", [r.reference for r in records], nested=nested, unit=unit)
    return EvidenceTerms(terms=tuple(terms), left_out=tuple(left), provenance=step)


def case_terms(
    cases: pd.DataFrame,
    covariates: Mapping[str, Any] | None = None,
    *,
    without: str | Iterable[str] = (),
    site: str = "",
    unit: str = "months",
    approximate: float = 1.0,
) -> EvidenceTerms:
    """Published single patients as terms, each its own study.

    Parameters
    ----------
    cases : the curated table of cases, or a selection of its rows.
    without : case_ids that must not enter (the patient who is to be compared).
    site : site of the terms, where the model has site effects.
    approximate : a survival marked approximate is known to within this many months on either side.

    Returns
    -------
    EvidenceTerms; a case without any survival information is left out.

    Example
    -------
    >>> import survsim
    >>> cases = survsim.load_evidence().cases()
    >>> survsim.scenario.case_terms(cases[cases["strict_cns"] == "yes"], without="index_case").headline()
    '6 terms of 6 studies; 8 rows left out'
    """
    need = (
        "case_id",
        "survival_from_cns_months",
        "survival_qualifier",
        "last_known_alive_from_cns_months",
        "status",
    )
    require_columns(cases, need, "cases")
    slack = between("approximate", approximate, 0.0, np.inf)
    out = {without} if isinstance(without, str) else set(without)
    terms, left = [], []
    for row in cases.to_dict("records"):
        reference = f"cases:{row['case_id']}"
        if row["case_id"] in out:
            left.append((reference, "the case that is compared"))
            continue
        found = _case_time(row, slack)
        if found is None:
            left.append((reference, "no survival and no last news"))
            continue
        time, status = found
        terms.append(
            case_term(
                time,
                covariates or {},
                study=row["case_id"],
                site=site,
                unit=unit,
                status=status,
                source=reference,
            )
        )
    step = Provenance.of("case_terms", [t.source for t in terms], without=sorted(out), approximate=slack)
    return EvidenceTerms(terms=tuple(terms), left_out=tuple(left), provenance=step)


def _case_time(row: Mapping[Any, Any], slack: float) -> tuple[float | tuple[float, float], str] | None:
    time, alive = row["survival_from_cns_months"], row["last_known_alive_from_cns_months"]
    if time == time and time is not None and row["status"] == "dead":
        if row["survival_qualifier"] == "upper_bound":
            return float(time), "upper"
        if row["survival_qualifier"] == "approximate":
            return (max(float(time) - slack, 0.0), float(time) + slack), "interval"
        return float(time), "exact"
    last = alive if alive == alive and alive is not None else time
    return (float(last), "right") if last == last and last is not None else None


def _unusable(r: Estimate) -> str:
    if r.measure not in MEASURES:
        return f"measure {r.measure} is not a survival probability or a median"
    if r.value_qualifier or not np.isfinite(r.value):
        return f"value is {r.value_qualifier or 'not printed'}"
    if r.event_detail:
        return f"of a subset or a second version: {r.event_detail}"
    if r.has_interval and not r.conf_low <= r.value <= r.conf_high:
        return f"its interval, {r.conf_low:g} to {r.conf_high:g}, excludes it"
    if not _has_limits(r) and not np.isfinite(r.n_arm):
        return "neither interval nor patients of the arm: no error"
    return ""


def _has_limits(r: Estimate) -> bool:
    return r.has_interval and 0 < r.conf_level < 1


def _drop_nested(
    arms: dict[tuple[str, str], list[Estimate]], n_total: Mapping[str, float], left: list[tuple[str, str]]
) -> None:
    by_study: dict[str, list[tuple[str, str]]] = {}
    for key in arms:
        by_study.setdefault(key[0], []).append(key)
    for study, keys in by_study.items():
        sizes = [arms[k][0].n_arm for k in keys]
        known = [s for s in sizes if np.isfinite(s)]
        total = n_total.get(study, np.nan)
        whole = total if np.isfinite(total) else max(known, default=np.nan)
        # Arms of unknown size next to known ones may be any part of them.
        fits = len(known) == len(keys) and sum(known) <= TOLERANCE * whole
        if len(keys) == 1 or fits:
            continue
        best = max(range(len(keys)), key=lambda i: sizes[i] if np.isfinite(sizes[i]) else -1.0)
        for i, key in enumerate(keys):
            if i != best:
                left += [(r.reference, f"shares patients with arm {keys[best][1]}") for r in arms.pop(key)]


def _arm_terms(
    rows: list[Estimate], covariates: Covariates | None, unit: str, extra_sd: Mapping[str, float]
) -> list[EvidenceTerm]:
    made: list[EvidenceTerm] = []
    points = sorted((r for r in rows if r.measure == "survival_probability"), key=lambda r: r.time)
    first: dict[float, Estimate] = {}
    for r in points:
        first.setdefault(r.time, r)
    points = list(first.values())
    if points:
        limits = all(_has_limits(r) for r in points)
        interval: dict[str, Any] = {
            "conf_low": [r.conf_low for r in points],
            "conf_high": [r.conf_high for r in points],
            "conf_level": points[0].conf_level,
        }
        made.append(
            survival_term(
                [r.time for r in points], [r.value for r in points], _pattern(points[0], covariates),
                unit=points[0].time_unit or unit, n=_size(points[0]), **(interval if limits else {}),
                **_common(points, extra_sd),
            )
        )  # fmt: skip
    for r in (r for r in rows if r.measure == "median"):
        limits_of: dict[str, Any] = {
            "conf_low": r.conf_low,
            "conf_high": r.conf_high,
            "conf_level": r.conf_level,
        }
        made.append(
            median_term(
                r.value, _pattern(r, covariates), unit=r.value_unit or unit, n=_size(r),
                **(limits_of if _has_limits(r) else {}), **_common([r], extra_sd),
            )
        )  # fmt: skip
    return made


def _common(rows: list[Estimate], extra_sd: Mapping[str, float]) -> dict[str, Any]:
    r = rows[0]
    return {
        "study": r.study_id,
        "arm": r.arm_id,
        "site": r.site_group,
        "source": tuple(x.reference for x in rows),
        "extra_sd": extra_sd.get(r.site_group, 0.0),
    }


def _size(r: Estimate) -> float | None:
    return float(r.n_arm) if np.isfinite(r.n_arm) else None


def _pattern(r: Estimate, covariates: Covariates | None) -> Mapping[str, Any]:
    if covariates is None:
        return {}
    found = covariates(r) if callable(covariates) else covariates
    if not isinstance(found, Mapping):
        raise EvidenceError(f"{r.reference}: covariates must give a mapping; got {type(found).__name__}.")
    return found


def _short(value: Any) -> str:
    return f"{value:.2g}" if isinstance(value, float) else str(value)
