"""From curated rows to terms of an evidence model: which numbers of which arms enter, and which cannot."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import between, one_of, require_columns
from survsim.core.errors import EvidenceError, InputError
from survsim.core.estimate_record import Estimate
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns, from_rows
from survsim.estimate.joint_model.evidence_term import EvidenceTerm
from survsim.estimate.joint_model.terms import case_term, points_term, printed_median_term
from survsim.estimate.printed.number import EVENT_SHARE, PrintedNumber, Terms
from survsim.estimate.printed.refusal import Refusal
from survsim.estimate.printed.road import take

if TYPE_CHECKING:
    import pandas as pd

SCALES = {"survival_probability": "cumulative_hazard", "median": "median"}
"""What a summary can measure here, and the scale on which the model compares it."""
NESTED = ("largest", "all")
# Arms whose patients exceed the study's by more than this share patients.
TOLERANCE = 1.05

Taken = tuple[Estimate, PrintedNumber]
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
    by: str | None = None,
    unit: str = "months",
    nested: str = "largest",
    n_total: Mapping[str, float] | None = None,
    extra_sd: Mapping[str, float] | None = None,
    assume_events: float | None = EVENT_SHARE,
    assume_level: float | None = None,
    beyond_counts: str = "refuse",
) -> EvidenceTerms:
    """Survival probabilities and medians of a selection as terms, one study a random effect.

    Several survival probabilities of one arm become one term of independent increments. Which rows are numbers, and
    with what error, `survsim.printed.printed_number` decides; what it refuses is left out with its reason. A row whose
    event is a subset or a second version of the endpoint describes other patients and is left out here.

    Parameters
    ----------
    selection : from `EvidenceStore.select` (overlaps resolved there), or its records.
    covariates : mapping for all rows, a function of the `Estimate` that gives one, or with `by` a mapping for each word.
    by : column whose words `covariates` explains, such as "stage"; a row with a word that it does not explain is refused,
        for a default would pass for what was read.
    nested : "largest": where the arms of a study hold more patients than the study (a whole cohort and
        its subgroups), only the largest arm enters; "all" takes every arm.
    n_total : study -> its patients, for `nested`; taken from the selection's frame if it has one.
    extra_sd : site -> stated extra standard deviation of its studies.
    assume_events, assume_level, beyond_counts : as in `printed_number`.

    Returns
    -------
    EvidenceTerms, with the rows left out and why.

    Raises
    ------
    InputError : an unknown `nested` or column; a study without its number of patients where `nested="largest"` needs it.
    EvidenceError : a row whose word in the column `by` has no covariates.

    Example
    -------
    >>> import survsim
    >>> found = survsim.load_evidence().select(endpoint="overall_survival", measure="median", site="ovary_tube",
    ...                                        allow_mixed=("setting", "line", "analysis_set", "exposure_timing"))
    >>> made = survsim.scenario.summary_terms(found)
    >>> {t.kind for t in made.terms}
    {'median'}
    """
    one_of("nested", nested, NESTED)
    chosen = getattr(selection, "records", selection)
    if isinstance(chosen, str | bytes) or not isinstance(chosen, Iterable):
        raise InputError(
            f"selection must be what load_evidence().select(...) returns, or its records; got {type(chosen).__name__}."
        )
    records: tuple[Estimate, ...] = tuple(chosen)
    if strangers := [type(r).__name__ for r in records if not hasattr(r, "estimate_id")]:
        raise InputError(f"selection must hold rows of the evidence (Estimate); got {strangers[0]}.")
    if by is not None:
        covariates = _by_word(by, covariates)
    if n_total is None and hasattr(selection, "frame"):
        frame = selection.frame
        n_total = dict(zip(frame["study_id"], frame["n_total"]))
    left: list[tuple[str, str]] = []
    arms: dict[tuple[str, str], list[Taken]] = {}
    allowed = Terms(assume_events=assume_events, assume_level=assume_level, beyond_counts=beyond_counts)
    for record in records:
        found = _take(record, allowed)
        if isinstance(found, str):
            left.append((record.reference, found))
        else:
            arms.setdefault((record.study_id, record.arm_id), []).append((record, found))
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

    Raises
    ------
    InputError : a negative `approximate`, or a frame without the columns of the curated table.

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


def _take(r: Estimate, allowed: Terms) -> PrintedNumber | str:
    """The number of a row, or why it is none."""
    if r.measure not in SCALES:
        return f"measure {r.measure} is not a survival probability or a median"
    found = take(r, SCALES[r.measure], allowed)
    if isinstance(found, Refusal):
        return found.reason
    return f"of a subset or a second version: {r.event_detail}" if r.event_detail else found


def _drop_nested(
    arms: dict[tuple[str, str], list[Taken]], n_total: Mapping[str, float], left: list[tuple[str, str]]
) -> None:
    by_study: dict[str, list[tuple[str, str]]] = {}
    for key in arms:
        by_study.setdefault(key[0], []).append(key)
    for study, keys in by_study.items():
        sizes = [arms[k][0][0].n_arm for k in keys]
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
                left += [(r.reference, f"shares patients with arm {keys[best][1]}") for r, _ in arms.pop(key)]


def _arm_terms(
    rows: list[Taken], covariates: Covariates | None, unit: str, extra_sd: Mapping[str, float]
) -> list[EvidenceTerm]:
    made: list[EvidenceTerm] = []
    first: dict[float | None, Taken] = {}
    for r, found in sorted(
        (x for x in rows if x[0].measure == "survival_probability"), key=lambda x: x[0].time
    ):
        first.setdefault(found.time, (r, found))
    if first:
        points = list(first.values())
        r = points[0][0]
        made.append(
            points_term(
                [found for _, found in points], _pattern(r, covariates), unit=r.time_unit or unit,
                **_common([r for r, _ in points], extra_sd),
            )
        )  # fmt: skip
    for r, found in (x for x in rows if x[0].measure == "median"):
        made.append(
            printed_median_term(
                found,
                _pattern(r, covariates),
                unit=r.value_unit or unit,
                n=_size(r),
                **_common([r], extra_sd),
            )
        )
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


def _by_word(column: str, words: Covariates | None) -> Callable[[Estimate], Mapping[str, Any]]:
    """Covariates of a row by what stands in one of its columns."""
    one_of("by", column, tuple(field.name for field in dataclasses.fields(Estimate)))
    if not isinstance(words, Mapping) or not all(isinstance(found, Mapping) for found in words.values()):
        raise InputError(
            f"covariates by {column} must be a mapping for each word, such as {{'III': {{'advanced': 1}}}}."
        )

    def explained(record: Estimate) -> Mapping[str, Any]:
        word = getattr(record, column)
        if word not in words:
            raise EvidenceError(
                f"{record.reference}: no covariates are given for the {column} {word!r}; say what it stands for. "
                f"Given are: {', '.join(repr(known) for known in words)}."
            )
        return dict(words[word])

    return explained


def _short(value: Any) -> str:
    return f"{value:.2g}" if isinstance(value, float) else str(value)
