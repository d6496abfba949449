"""From evidence terms to arrays: rows of arms, interval lengths, random-effect columns."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from survsim.core import units
from survsim.core.checks import FloatArray, IntArray
from survsim.core.design import Design, design_matrix, formula_variables
from survsim.core.encoding import stored
from survsim.core.errors import EvidenceError, InputError
from survsim.core.surv import Surv
from survsim.core.times import meet
from survsim.estimate.joint_model.evidence_term import EvidenceTerm

NORMAL, COUNT, DIED = 0, 1, 2
PATTERN_LIMIT = 64


@stored
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compiled:
    """The likelihood as arrays; K intervals, A rows of arms, P effects after the baseline.

    Attributes
    ----------
    breaks : (K - 1,) ends of the intervals.
    active : (K,) intervals with a hazard to estimate (others: no event, no summary; hazard 0).
    effects : (A, P) covariates, then study, treatment and site effects.
    blocks : name -> slice of the P columns; names -> labels of the columns.
    group_sd : (studies,) stated extra sd of each study effect.
    events, exposure : (A, K) Poisson cells, weighted.
    row_term : (A,) term of each arm row.
    sum_* : rows whose likelihood depends on C = sum_k length_k exp(eta_k): arm, lengths, kind,
        first and second constant (log C ~ N(first, second^2); first log C - second C; first log(1 - e^-C)).
    ratio_* : rows contrast' gamma ~ N(value, sd^2).
    """

    breaks: FloatArray
    active: Any
    design: Design | None
    effects: FloatArray
    blocks: Mapping[str, slice]
    names: Mapping[str, tuple[str, ...]]
    group_sd: FloatArray
    events: FloatArray
    exposure: FloatArray
    row_term: IntArray
    sum_arm: IntArray
    sum_length: FloatArray
    sum_kind: IntArray
    sum_first: FloatArray
    sum_second: FloatArray
    ratio_term: IntArray
    ratio_contrast: FloatArray
    ratio_value: FloatArray
    ratio_sd: FloatArray


class _Rows:
    """Collects the rows of all terms; one object, filled term by term, then frozen into arrays."""

    def __init__(self, breaks: FloatArray, unit: str) -> None:
        self.edges = np.concatenate([[0.0], breaks, [np.inf]])
        self.unit = unit
        self.mixtures: list[list[tuple[float, dict[str, Any]]]] = []
        self.row_term: list[int] = []
        self.events: list[FloatArray] = []
        self.exposure: list[FloatArray] = []
        self.sums: list[tuple[int, FloatArray, int, float, float]] = []
        self.ratios: list[tuple[int, Any, Any, float, float]] = []

    def arm(self, term: int, covariates: Mapping[str, Any]) -> int:
        self.mixtures.append(_mixture(covariates))
        self.row_term.append(term)
        self.events.append(np.zeros(self.edges.size - 1))
        self.exposure.append(np.zeros(self.edges.size - 1))
        return len(self.row_term) - 1

    def lengths(self, low: float, high: float) -> FloatArray:
        return np.clip(np.minimum(high, self.edges[1:]) - np.maximum(low, self.edges[:-1]), 0.0, None)

    def piece(self, time: Any) -> IntArray:
        """Interval that holds each time, closed on the right."""
        return np.maximum(np.searchsorted(self.edges[1:-1], meet(time, self.edges[1:-1]), side="left"), 0)


def compile_terms(
    terms: Sequence[EvidenceTerm],
    weight: FloatArray,
    *,
    breaks: FloatArray,
    unit: str,
    formula: str | None,
    treatment: str | None,
    random: Sequence[str],
    free_baseline: bool,
) -> Compiled:
    """Arrays of the whole likelihood; terms of weight 0 are left out."""
    rows = _Rows(breaks, unit)
    for i, term in enumerate(terms):
        if weight[i] > 0:
            _ADD[term.kind](rows, i, term, float(weight[i]))
    if not rows.row_term and not rows.ratios:
        raise EvidenceError("no term is left: give at least one piece of evidence.")
    if not rows.row_term:
        raise EvidenceError(
            "no term informs the level of the hazard: only ratios. Add survival, a rate or patients."
        )
    design, fixed, ratio_fixed = _design_rows(rows, formula, terms)
    _refuse_silent_ratios(rows, ratio_fixed, formula, terms)
    effects, ratio, blocks, names, group_sd = _effect_columns(
        rows, terms, design, fixed, ratio_fixed, treatment, random
    )
    events, exposure = np.array(rows.events), np.array(rows.exposure)
    sums = rows.sums
    length = np.array([s[1] for s in sums]).reshape(-1, breaks.size + 1)
    active = np.ones(breaks.size + 1, bool)
    if free_baseline:
        touched = length.sum(axis=0) > 0
        active = (events.sum(axis=0) > 0) | touched
        if not active.any():
            raise EvidenceError(
                "no term holds an event, so that every interval would have a hazard of 0 for certain. Add evidence with "
                "events; survivors alone only bound the hazard from above."
            )
    return Compiled(
        breaks=breaks,
        active=active,
        design=design,
        effects=effects,
        blocks=blocks,
        names=names,
        group_sd=group_sd,
        events=events[:, active],
        exposure=exposure[:, active],
        row_term=np.array(rows.row_term, np.int64),
        sum_arm=np.array([s[0] for s in sums], np.int64),
        sum_length=length[:, active],
        sum_kind=np.array([s[2] for s in sums], np.int64),
        sum_first=np.array([s[3] for s in sums], float),
        sum_second=np.array([s[4] for s in sums], float),
        ratio_term=np.array([r[0] for r in rows.ratios], np.int64),
        ratio_contrast=ratio,
        ratio_value=np.array([r[3] for r in rows.ratios], float),
        ratio_sd=np.array([r[4] for r in rows.ratios], float),
    )


def _add_patients(rows: _Rows, i: int, term: EvidenceTerm, weight: float) -> None:
    surv: Surv = term.payload["surv"].to_unit(rows.unit)
    weight = weight * min(term.payload["information"], 1.0)
    w = np.full(len(surv), weight) if surv.weight is None else weight * surv.weight
    entry = np.zeros(len(surv)) if surv.entry is None else surv.entry
    patterns, code = _patterns(term.covariates, len(surv))
    low, high = rows.edges[:-1], rows.edges[1:]
    piece = rows.piece(surv.time)
    for p, pattern in enumerate(patterns):
        mine = code == p
        a = rows.arm(i, pattern)
        at_risk = np.minimum(surv.time[mine, None], high) - np.maximum(entry[mine, None], low)
        rows.exposure[a] += w[mine] @ np.clip(at_risk, 0.0, None)
        seen = mine & surv.event
        rows.events[a] += np.bincount(piece[seen], weights=w[seen], minlength=low.size)


def _patterns(covariates: Any, n: int) -> tuple[list[dict[str, Any]], IntArray]:
    """Distinct rows of covariates and the code of each patient."""
    if isinstance(covariates, Mapping):
        return [dict(covariates)], np.zeros(n, np.int64)
    records = list(covariates.itertuples(index=False, name=None))
    known: dict[Any, int] = {}
    code = np.array([known.setdefault(r, len(known)) for r in records], np.int64)
    return [dict(zip(covariates.columns, r)) for r in known], code


def _add_case(rows: _Rows, i: int, term: EvidenceTerm, weight: float) -> None:
    factor = units.conversion_factor(term.unit, rows.unit)
    low, high = term.payload["low"] * factor, term.payload["high"] * factor
    a = rows.arm(i, term.covariates)
    rows.exposure[a] += weight * rows.lengths(0.0, low)
    if term.payload["status"] == "exact":
        rows.events[a][rows.piece(high)] += weight
    elif high > low:
        rows.sums.append((a, rows.lengths(low, high), DIED, weight, 0.0))


def _add_survival(rows: _Rows, i: int, term: EvidenceTerm, weight: float) -> None:
    p = term.payload
    a = rows.arm(i, term.covariates)
    time = np.concatenate([[0.0], p["time"] * units.conversion_factor(term.unit, rows.unit)])
    s = np.concatenate([[1.0], p["survival"]])
    se_hazard = None
    if "se_cloglog" in p:
        se_hazard = np.concatenate([[0.0], -p["se_cloglog"] * np.log(p["survival"])])
    for j in range(1, time.size):
        if s[j - 1] == 0:
            break
        length = rows.lengths(time[j - 1], time[j])
        if se_hazard is not None and se_hazard[j] > se_hazard[j - 1] and s[j] < s[j - 1]:
            step = float(np.log(s[j - 1] / s[j]))
            error = float(np.sqrt((se_hazard[j] ** 2 - se_hazard[j - 1] ** 2) / weight))
            rows.sums.append((a, length, NORMAL, np.log(step), error / step))
        else:
            _add_binomial(
                rows, a, length, _size_before(term, p["n"], s, se_hazard, j), s[j] / s[j - 1], weight
            )


def _add_binomial(rows: _Rows, a: int, length: FloatArray, n: float, survival: float, weight: float) -> None:
    """n at risk of whom a share lived through: deaths ``log(1 - e^-C)``, survivors ``-C``."""
    rows.exposure[a] += weight * n * survival * length
    if survival < 1:
        rows.sums.append((a, length, DIED, weight * n * (1 - survival), 0.0))


def _size_before(term: EvidenceTerm, n: float | None, s: FloatArray, se: FloatArray | None, j: int) -> float:
    """Patients at risk at the start of step j: printed n, or the number that explains the interval."""
    if n is not None:
        return float(n * s[j - 1])
    if se is not None and 0 < s[j] < 1:
        return float((1 - s[j]) / (s[j] * se[j] ** 2) * s[j - 1])
    raise EvidenceError(f"{term.name()}: survival {s[j]:g} has no error of its own; give n.")


def _add_median(rows: _Rows, i: int, term: EvidenceTerm, weight: float) -> None:
    p = term.payload
    a = rows.arm(i, term.covariates)
    length = rows.lengths(0.0, p["median"] * units.conversion_factor(term.unit, rows.unit))
    if p["se_log"] is None:
        _add_binomial(rows, a, length, p["n"], 0.5, weight)
    else:
        error = float(p["se_log"] / np.sqrt(weight))
        rows.sums.append((a, length, NORMAL, float(np.log(np.log(2))), error))


def _add_rate(rows: _Rows, i: int, term: EvidenceTerm, weight: float) -> None:
    p = term.payload
    a = rows.arm(i, term.covariates)
    factor = units.conversion_factor(term.unit, rows.unit)
    total, start, end = p["person_time"] * factor, p["start"] * factor, p["follow_up"] * factor
    rate = max(p["events"], 0.5) / total
    low = np.clip(rows.edges[:-1], start, end) - start
    high = np.clip(rows.edges[1:], start, end) - start
    share = np.exp(-rate * low) - np.exp(-rate * high)
    share = share / share.sum()
    rows.sums.append((a, share, COUNT, weight * p["events"], weight * total))


def _add_ratio(rows: _Rows, i: int, term: EvidenceTerm, weight: float) -> None:
    p = term.payload
    mixtures = _mixture(term.covariates), _mixture(p["comparator"])
    sd = float(np.hypot(p["se"], term.extra_sd) / np.sqrt(weight))
    rows.ratios.append((i, *mixtures, p["log_hr"], sd))


_ADD = {
    "patients": _add_patients,
    "curve": _add_patients,
    "case": _add_case,
    "survival": _add_survival,
    "median": _add_median,
    "rate": _add_rate,
    "hazard_ratio": _add_ratio,
}


def _mixture(covariates: Mapping[str, Any]) -> list[tuple[float, dict[str, Any]]]:
    """A mixed arm as shares of pure patterns; a plain pattern is one of share 1."""
    parts: list[list[tuple[float, str, Any]]] = []
    for name, value in covariates.items():
        if isinstance(value, Mapping):
            total = float(sum(value.values()))
            if total <= 0 or min(value.values()) < 0:
                raise InputError(
                    f"shares of covariate {name!r} must be non-negative and not all 0; got {value}."
                )
            parts.append([(share / total, name, level) for level, share in value.items() if share > 0])
        else:
            parts.append([(1.0, name, value)])
    mixed = []
    for combination in itertools.product(*parts):
        share = float(np.prod([c[0] for c in combination])) if combination else 1.0
        mixed.append((share, {name: value for _, name, value in combination}))
    if len(mixed) > PATTERN_LIMIT:
        raise InputError(f"an arm mixes {len(mixed)} patterns; at most {PATTERN_LIMIT}. Use means instead.")
    return mixed


def _refuse_gaps(frame: Any, formula: str, owners: Sequence[EvidenceTerm]) -> None:
    """Every term must say its covariates: which are missing, and of which terms."""
    used = [c for c in frame.columns if c in formula_variables(formula)]
    for name in used:
        without = dict.fromkeys(owners[i].name() for i in np.flatnonzero(frame[name].isna()).tolist())
        if without:
            raise EvidenceError(
                f"{name!r} is in the formula, but is missing for {', '.join(list(without)[:6])}"
                f"{' and others' if len(without) > 6 else ''}. Give it a value, or shares of each category, for "
                "example {'I': 0.6, 'III': 0.4}, or leave it out of the formula."
            )


def _design_rows(
    rows: _Rows, formula: str | None, terms: Sequence[EvidenceTerm]
) -> tuple[Design | None, FloatArray, FloatArray]:
    """Fixed-effect columns of the arm rows and of the ratio contrasts."""
    if not formula:
        return None, np.zeros((len(rows.mixtures), 0)), np.zeros((len(rows.ratios), 0))
    import pandas as pd

    groups = rows.mixtures + [m for r in rows.ratios for m in (r[1], r[2])]
    owners = [*rows.row_term, *(r[0] for r in rows.ratios for _ in (1, 2))]
    flat = [pattern for group in groups for _, pattern in group]
    frame = pd.DataFrame(flat)
    _refuse_gaps(frame, formula, [terms[i] for i, group in zip(owners, groups) for _ in group])
    design = design_matrix(formula, frame)
    values, at = [], 0
    for group in groups:
        share = np.array([s for s, _ in group])
        values.append(share @ design.matrix[at : at + share.size])
        at += share.size
    matrix = np.array(values).reshape(len(groups), len(design.columns))
    n = len(rows.mixtures)
    return design, matrix[:n], matrix[n::2] - matrix[n + 1 :: 2]


def _refuse_silent_ratios(
    rows: _Rows, contrast: FloatArray, formula: str | None, terms: Sequence[EvidenceTerm]
) -> None:
    """A ratio between patterns that the formula cannot tell apart would pass as used and say nothing."""
    silent = [terms[rows.ratios[i][0]] for i in np.flatnonzero((np.abs(contrast) <= 1e-12).all(axis=1))]
    if silent:
        known = f"the formula {formula!r}" if formula else "a model without a formula"
        named = sorted(
            {str(name) for term in silent for name in (*term.covariates, *term.payload["comparator"])}
        )
        raise EvidenceError(
            f"{', '.join(term.name() for term in silent[:6])}: {known} cannot tell the two sides of the ratio apart, so that "
            f"the ratio says nothing. Put the covariate that it contrasts into the formula (its covariates are "
            f"{', '.join(named)}), or leave the term out."
        )


def group_of(term: EvidenceTerm) -> str:
    """Name of the random effect of a term: its overlap cluster, else its study."""
    return f"cluster {term.cluster}" if term.cluster else term.study


def _effect_columns(
    rows: _Rows,
    terms: Sequence[EvidenceTerm],
    design: Design | None,
    fixed: FloatArray,
    ratio_fixed: FloatArray,
    treatment: str | None,
    random: Sequence[str],
) -> tuple[FloatArray, FloatArray, dict[str, slice], dict[str, tuple[str, ...]], FloatArray]:
    term_of = [terms[i] for i in rows.row_term]
    ratio_terms = [terms[r[0]] for r in rows.ratios]
    columns, ratios = [fixed], [ratio_fixed]
    names: dict[str, tuple[str, ...]] = {"covariates": design.columns if design else ()}
    studies = tuple(dict.fromkeys(group_of(t) for t in term_of))
    extra = np.array([max([t.extra_sd for t in term_of if group_of(t) == g]) for g in studies])
    if "study" in random or extra.any():
        columns.append(np.array([[group_of(t) == g for g in studies] for t in term_of], float))
        ratios.append(np.zeros((len(ratio_terms), len(studies))))
        names["study"] = studies
    if "treatment" in random:
        x, rx = _treatment_column(design, fixed, ratio_fixed, treatment)
        groups = tuple(dict.fromkeys(group_of(t) for t in [*term_of, *ratio_terms]))
        columns.append(
            np.array([[group_of(t) == g for g in groups] for t in term_of], float).reshape(-1, len(groups))
            * x[:, None]
        )
        ratios.append(
            np.array([[group_of(t) == g for g in groups] for t in ratio_terms], float).reshape(
                -1, len(groups)
            )
            * rx[:, None]
        )
        names["treatment"] = groups
    if "site" in random:
        sites = tuple(dict.fromkeys(t.site for t in term_of))
        if "" in sites:
            raise InputError("a site effect needs `site` on every term but hazard ratios.")
        columns.append(np.array([[t.site == s for s in sites] for t in term_of], float))
        ratios.append(np.zeros((len(ratio_terms), len(sites))))
        names["site"] = sites
    blocks, at = {}, 0
    for name, labels in names.items():
        blocks[name] = slice(at, at + len(labels))
        at += len(labels)
    effects = np.concatenate([c.reshape(len(term_of), -1) for c in columns], axis=1)
    return effects, np.concatenate(ratios, axis=1), blocks, names, extra


def _treatment_column(
    design: Design | None, fixed: FloatArray, ratio: FloatArray, treatment: str | None
) -> tuple[FloatArray, FloatArray]:
    known = design.columns if design else ()
    if treatment not in known:
        raise InputError(
            f"treatment must name a column of the model ({', '.join(known)}); got {treatment!r}."
        )
    j = known.index(str(treatment))
    return fixed[:, j], ratio[:, j]


def design_row(design: Design | None, covariates: Mapping[str, Any]) -> FloatArray:
    """Columns of one covariate pattern (mixed ones as their mean), for prediction."""
    if design is None:
        return np.zeros(0)
    import pandas as pd

    mixed = _mixture(covariates)
    frame = pd.DataFrame([pattern for _, pattern in mixed])
    return np.array([share for share, _ in mixed]) @ design.apply(frame)
