"""A regression read as a table of variables: each with its levels, the reference among them, and who stands behind them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from survsim.core.errors import InputError
from survsim.core.formula_expression import Expression

if TYPE_CHECKING:
    import pandas as pd

    from survsim.core.design import Design
    from survsim.core.surv import Surv


TIES = {"efron": "Efron's", "breslow": "Breslow's"}
"""How papers write the handling of ties."""


class Effect(NamedTuple):
    """One term: its effect with interval on the scale that is printed, and its p-value."""

    estimate: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: a variable (level None) in words, or one of its levels, and the term that is printed there."""

    variable: str
    words: str = ""
    level: Any = None
    term: str | None = None
    reference: bool = False
    n: int | None = None
    n_event: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a table needs of a fit.

    Attributes
    ----------
    measure : what the effects are ("Hazard ratio"); ratio : whether 1 is no effect.
    effects : term -> `Effect`; lines : in the order of the formula.
    conf_level : of the intervals; remarks : sentences for the notes.
    """

    measure: str
    ratio: bool
    effects: Mapping[str, Effect]
    lines: Sequence[Line]
    conf_level: float
    remarks: Sequence[str] = field(default_factory=tuple)


def read(fit: Any) -> Reading:
    """The lines of a fit; InputError for what is no regression."""
    for parent in type(fit).__mro__:
        if parent.__name__ in _READERS:
            return _READERS[parent.__name__](fit)
    kinds = "cox_ph, fine_gray, parametric_survival, royston_parmar, pool_imputations or meta_regression"
    raise InputError(f"a table of a regression is made of the result of {kinds}; got {type(fit).__name__}.")


def _cox(fit: Any) -> Reading:
    frame = fit.to_frame()
    test = "penalised likelihood ratio" if fit.profile_p is not None else "Wald"
    how = {
        "firth": "Cox regression with Firth's penalty",
        "ridge": "ridge Cox regression",
        "elasticnet": "elastic-net Cox regression",
    }
    name = how.get(fit.penalty or "", "Cox regression") + (
        " with a frailty" if fit.frailty is not None else ""
    )
    robust = ", robust variance" if fit.robust_covariance is not None else ""
    strata = f", {len(fit.surv.stratum_labels)} strata" if fit.surv.stratum is not None else ""
    remarks = (
        f"{name[0].upper()}{name[1:]} ({TIES.get(fit.ties, fit.ties)} ties{strata}{robust}): {_people(fit.surv)}, {fit.n_event} events; "
        f"p: {test} test.",
    )
    effects = _effects(frame, "hazard_ratio", "conf_low", "conf_high")
    lines = _lines(fit.terms, fit.design, fit.surv)
    return Reading(
        measure="Hazard ratio", ratio=True, effects=effects, lines=lines, conf_level=fit.conf_level, remarks=remarks
    )  # fmt: skip


def _fine_gray(fit: Any) -> Reading:
    remark = (
        f"Fine-Gray regression of {fit.cause}: {fit.n_patients} patients, {fit.n_event} events, {fit.n_competing} "
        "competing events; p: Wald test."
    )
    return Reading(
        measure="Subdistribution hazard ratio", ratio=True,
        effects=_effects(fit.to_frame(), "hazard_ratio", "conf_low", "conf_high"),
        lines=_lines(fit.terms, fit.design, None), conf_level=fit.conf_level, remarks=(remark,),
    )  # fmt: skip


def _parametric(fit: Any) -> Reading:
    frame = fit.to_frame()
    frame = frame[frame["effect"].astype(bool)].drop_duplicates("term")
    if not len(frame):
        raise InputError(f"the fit ({fit.family}) has no covariates; there is nothing to print in a table.")
    kinds = list(dict.fromkeys(frame["effect"]))
    several = (
        f" Effects are of several kinds ({', '.join(kinds)}): see the fit's own table."
        if len(kinds) > 1
        else ""
    )
    designs = getattr(fit.model, "designs", None) or (fit.model.design,)
    design = next((d.design for d in designs if getattr(d, "design", None) is not None), None)
    events = int(fit.surv.event.sum())
    remark = f"{_family(fit.family)} model: {_people(fit.surv)}, {events} events; p: Wald test.{several}"
    return Reading(
        measure=kinds[0].capitalize(), ratio=True, effects=_effects(frame, "exp_estimate", "exp_low", "exp_high"),
        lines=_lines(tuple(frame["term"]), design, fit.surv), conf_level=fit.conf_level, remarks=(remark,),
    )  # fmt: skip


def _family(name: str) -> str:
    words = name.replace("_", " ").replace("royston-parmar", "Royston-Parmar")
    return words[0].upper() + words[1:]


def _pooled(fit: Any) -> Reading:
    frame = fit.to_frame().copy()
    for name in ("estimate", "conf_low", "conf_high"):
        frame[name] = np.exp(frame[name])
    return Reading(
        measure="Hazard ratio", ratio=True, effects=_effects(frame, "estimate", "conf_low", "conf_high"),
        lines=_lines(fit.terms, None, None), conf_level=fit.conf_level,
        remarks=(f"Pooled over {fit.n_imputation} imputations by Rubin's rules.",),
    )  # fmt: skip


def _meta(fit: Any) -> Reading:
    frame = fit.to_frame()
    return Reading(
        measure="Coefficient", ratio=False, effects=_effects(frame, "estimate", "conf_low", "conf_high"),
        lines=[Line(variable=t, words=_said(_guessed(t)), term=t) for t in frame["term"]], conf_level=fit.conf_level,
    )  # fmt: skip


_READERS: dict[str, Callable[[Any], Reading]] = {
    "FittedCox": _cox,
    "FineGray": _fine_gray,
    "ParametricFit": _parametric,
    "PooledImputations": _pooled,
    "MetaRegression": _meta,
}


def _effects(frame: pd.DataFrame, estimate: str, low: str, high: str) -> dict[str, Effect]:
    columns = (frame[name].to_numpy(float) for name in (estimate, low, high, "p_value"))
    return {str(t): Effect(*map(float, row)) for t, *row in zip(frame["term"], *columns)}


def _people(surv: Surv) -> str:
    return f"{len(surv) if surv.id is None else len(surv.id_labels)} patients"


class Variable(NamedTuple):
    """What a formula holds: a column of the data, an expression, or one column of an interaction.

    Attributes
    ----------
    name : the column's, without ``C(...)`` or ``Q(...)`` around it; words : the same as a table says it.
    columns : those it has in the matrix, and the level each stands for, "" for a number.
    levels : all of them in order, where it is coded by levels.
    interaction : whether it is a product of several.
    """

    name: str
    words: str
    columns: dict[str, str]
    levels: list[Any] | None = None
    interaction: bool = False


def variables_of(terms: Sequence[str], design: Design | None) -> list[Variable]:
    """The variables in the order of the formula, each with its columns."""
    spec = None if design is None else design.spec
    states = {} if spec is None else {str(k): v[1] for k, v in spec.encoder_state.items()}
    made_of = [] if spec is None else [tuple(str(f.expr) for f in term.factors) for term in spec.formula]
    known = [*made_of, *((factor,) for factor in states)]
    found: dict[str, Variable] = {}
    for term in map(str, terms):
        parts = _parts(term, known) if known else _guessed(term)
        if len(parts) > 1:
            found[term] = Variable(term, _said(parts), {term: ""}, interaction=True)
            continue
        factor, level = parts[0]
        state = states.get(factor)
        levels = state.get("categories") if isinstance(state, dict) else None
        words = _said([(factor, "")])
        found.setdefault(factor, Variable(_column(factor), words, {}, levels)).columns[term] = level
    return list(found.values())


def _parts(term: str, known: Sequence[tuple[str, ...]]) -> list[tuple[str, str]]:
    """The factors that a column of the matrix is made of, each with its level: the names of columns may hold brackets too."""
    best: tuple[tuple[int, int], list[tuple[str, str]]] = ((0, 0), [(term, "")])
    for factors in known:
        match = re.fullmatch(":".join(rf"{re.escape(f)}(\[.*\])?" for f in factors), term, re.DOTALL)
        size = (len(factors), sum(map(len, factors)))
        if match is not None and size > best[0]:
            best = (size, [(f, _level(level or "")) for f, level in zip(factors, match.groups())])
    return best[1]


def _guessed(term: str) -> list[tuple[str, str]]:
    """The same from a name alone, where no formula is kept."""
    parts = re.findall(r"([^\[:]+)(\[[^\]]*\])?(?::|$)", term)
    whole = ":".join(name + level for name, level in parts) == term
    return [(name, _level(level)) for name, level in parts] if whole else [(term, "")]


def _level(bracket: str) -> str:
    """The level in the brackets of a column: "III" of "[T.III]"."""
    return bracket[1:-1].removeprefix("T.")


def _column(factor: str) -> str:
    """The column of the data that a factor is; an expression of several as it was written."""
    try:
        found = Expression(factor, factor)
    except InputError:  # a column whose name is no expression: tumour size
        return factor
    coded = found.coded()
    name = found.column(found.tree if coded is None else coded)
    written = factor if coded is None else factor[2:-1].partition(",")[0].strip()
    return written if name is None else str(name)


def _said(parts: Sequence[tuple[str, str]]) -> str:
    """Columns as words, an interaction with its sign and levels; an expression as it was written."""
    named = ((_column(factor), level) for factor, level in parts)
    return " × ".join(f"{n if '(' in n else n.replace('_', ' ')} {level}".strip() for n, level in named)


def _lines(terms: Sequence[str], design: Design | None, surv: Surv | None) -> list[Line]:
    lines: list[Line] = []
    for one in variables_of(terms, design):
        at = {level: column for column, level in one.columns.items()}
        if one.levels is None or len(at) != len(one.columns) or not set(at) <= {str(v) for v in one.levels}:
            lines += _plain(one, surv)  # numbers, or another coding than against a reference
            continue
        lines.append(Line(variable=one.name, words=one.words))
        for value in one.levels:
            column = at.get(str(value))
            rows = _rows(design, list(one.columns), column)
            n, events = _counts(rows, surv)
            lines.append(
                Line(
                    variable=one.name, level=value, term=column, reference=column is None, n=n, n_event=events
                )
            )
    return lines


def _plain(one: Variable, surv: Surv | None) -> list[Line]:
    """A variable of numbers: one line, or one for each of its columns."""
    n, events = _counts(None if surv is None else np.ones(len(surv), bool), surv)
    head = Line(variable=one.name, words=one.words, n=n, n_event=events)
    terms = list(one.columns)
    if len(terms) == 1 and not one.columns[terms[0]]:
        return [replace(head, term=terms[0])]
    return [head, *(Line(variable=one.name, level=level or c, term=c) for c, level in one.columns.items())]


def _rows(design: Design | None, mine: Sequence[str], column: str | None) -> Any:
    """Rows (n,) of one level: those of its column, or for the reference those of none."""
    if design is None:
        return None
    at = [design.columns.index(c) for c in mine]
    matrix = design.matrix[:, at]
    if not np.isin(matrix, (0.0, 1.0)).all():
        return None
    return (matrix == 0).all(axis=1) if column is None else matrix[:, list(mine).index(column)] == 1


def _counts(rows: Any, surv: Surv | None) -> tuple[int | None, int | None]:
    """Patients and events of the rows; None where weights make them another thing."""
    if rows is None or surv is None or surv.weight is not None or len(rows) != len(surv):
        return None, None
    patients = int(rows.sum()) if surv.id is None else int(np.unique(surv.id[rows]).size)
    return patients, int(surv.event[rows].sum())
