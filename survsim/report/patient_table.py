"""Table 1: who the patients are, in all and by group, with what is missing counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from survsim.core.checks import label_codes, one_of
from survsim.core.errors import InputError
from survsim.core.frames import as_frame
from survsim.core.named_columns import column
from survsim.core.names import refuse_unmeant
from survsim.report.tables import Table, decimal_places, printed_as_it_is

if TYPE_CHECKING:
    import pandas as pd

FEW = 10
"""In a group of fewer, a percentage says more than is known, and so does a quartile."""
MANY = 20
"""Words of more kinds than this in half of the rows or more are names of patients, not categories."""
EVERYBODY = "All"


def table_one(
    data: Any,
    by: str | None = None,
    *,
    columns: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
    categories: Sequence[str] = (),
    spread: str = "quartiles",
    p_value: bool = False,
    decimals: int = 1,
    title: str = "",
) -> Table:
    """Describe the patients of a frame, one column a group and one for all.

    Numbers stand as median (quartiles) or mean (standard deviation), categories as n (%), and what is missing
    has a row of its own. Percentages are of those known. In a group of fewer than ten, categories stand as n/N
    and numbers as median (range). There are no p-values unless asked for: in a table of who the patients are
    they test nothing anybody wants to know.

    Parameters
    ----------
    data : frame (pandas, polars, Arrow, dictionary of columns), a row a patient.
    by : column of the groups; without it there is the one column of all patients.
    columns : those described, in this order; all but `by` if None.
    labels : column -> words for it, with its unit.
    categories : columns of numbers that are codes, described by their values; those of 0 and 1 by the ones.
    spread : "quartiles", "range" or "sd" (mean and standard deviation) of numbers.
    p_value : adds a column: Kruskal-Wallis for numbers, Fisher's exact test for two by two, else chi-squared.
    decimals : of numbers.
    title : above the table.

    Returns
    -------
    Table : shown by a notebook; ``.save("table1.docx")``, ``.html``, ``.tex`` or ``.csv`` writes it.

    Raises
    ------
    InputError : columns that the frame lacks, also in `labels`, a group that is missing or called "All", a column with
        nothing in it or with a word of its own for nearly every patient, p-values without two groups.

    References
    ----------
    Vandenbroucke et al. 2007 (STROBE explanation and elaboration), Ann Intern Med 147:W163, items 13 to 15.

    Example
    -------
    >>> from survsim.report import table_one
    >>> table_one({"arm": ["a", "a", "b"], "age": [50, 60, 55]}, by="arm").frame["a (n = 2)"].tolist()
    ['55.0 (50.0 to 60.0)']
    """
    one_of("spread", spread, ("quartiles", "range", "sd"))
    decimals = decimal_places(decimals)
    frame = as_frame(data).reset_index(drop=True)
    if not len(frame):
        raise InputError("data has no rows; there is nobody to describe.")
    wanted = [c for c in frame.columns if c != by] if columns is None else list(columns)
    for name in categories:
        column(frame, name, "categories")
    if not wanted:
        raise InputError("there is no column to describe; name some in columns=[...].")
    refuse_unmeant("labels", labels or {}, frame.columns, "the columns", some=True)
    groups = _groups(frame, by)
    if p_value and len(groups) <= 2:
        raise InputError(
            f"p_value=True compares groups, and there is {'no column of them' if by is None else f'one in {by}'}; give by= a "
            "column with several, or leave p_value out."
        )
    lines: list[_Line] = []
    for name in wanted:
        values = column(frame, name, "columns")
        label = (labels or {}).get(name, str(name).replace("_", " "))
        described = _numbers if _is_number(values) and name not in categories else _categories
        block = described(values, label, groups, spread, decimals)
        if p_value:
            block[0] = block[0]._replace(p=_p_value(values, described is _numbers, list(groups.values())[1:]))
        lines += block
    shown = _as_frame(lines, groups, p_value)
    few = any(line.few for line in lines)
    return printed_as_it_is(shown, title=title, notes=_notes(few, spread, p_value))


class _Line(NamedTuple):
    """A line of the table: its label, a cell for each group, the p-value, whether a cell speaks of few."""

    label: str
    cells: tuple[str, ...] = ()
    p: str = ""
    few: bool = False


def _groups(frame: pd.DataFrame, by: str | None) -> dict[str, Any]:
    everybody = {EVERYBODY: np.ones(len(frame), bool)}
    if by is None:
        return everybody
    codes, names = label_codes(str(by), column(frame, by, "by"), len(frame))
    heads = [EVERYBODY, *map(str, names)]
    twice = next((h for h in heads if heads.count(h) > 1), None)
    if twice is not None:
        raise InputError(
            f"two columns of the table would be called {twice!r}; give the groups of {by} other names ({EVERYBODY!r} is "
            "the column of all patients)."
        )
    return everybody | {str(name): codes == k for k, name in enumerate(names)}


def _is_number(values: pd.Series) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values))


def _numbers(
    values: pd.Series, label: str, groups: Mapping[str, Any], spread: str, decimals: int
) -> list[_Line]:
    known = _known(values, label)
    numbers = values.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    if not np.isfinite(numbers[known]).all():
        raise InputError(f"{label} holds an infinite number; correct it or leave the column out.")
    parts = [numbers[rows & known] for rows in groups.values()]
    few = spread == "quartiles" and any(0 < x.size < FEW for x in parts)
    return [
        _Line(label, tuple(_centre(x, spread, decimals) for x in parts), few=few),
        *_missing_line(known, groups),
    ]


def _known(values: pd.Series, label: str) -> Any:
    known = ~np.asarray(values.isna(), bool)
    if not known.any():
        raise InputError(f"{label} is missing in every row; leave the column out.")
    return known


def _centre(x: Any, spread: str, decimals: int) -> str:
    if not x.size:
        return "–"
    if spread == "sd":
        middle, deviation = x.mean(), x.std(ddof=1) if x.size > 1 else np.nan
        return f"{middle:.{decimals}f} ({'–' if np.isnan(deviation) else f'{deviation:.{decimals}f}'})"
    low, high = (x.min(), x.max()) if spread == "range" or x.size < FEW else np.quantile(x, [0.25, 0.75])
    return f"{np.median(x):.{decimals}f} ({low:.{decimals}f} to {high:.{decimals}f})"


def _categories(
    values: pd.Series, label: str, groups: Mapping[str, Any], spread: str, decimals: int
) -> list[_Line]:
    known = _known(values, label)
    names = _in_order(values, known)
    if len(names) > MANY and len(names) > known.sum() / 2:
        raise InputError(
            f"{label} holds {len(names)} different values for {int(known.sum())} patients, too many to be categories; leave "
            "it out: columns=[...] names those to describe."
        )
    rows_of = {n: np.array([k and v == n for v, k in zip(values.tolist(), known)], bool) for n in names}
    if set(names) <= {True, False} or set(names) <= {"yes", "no"}:
        yes = next((n for n in names if n in (True, "yes")), None)
        hit = rows_of[yes] if yes is not None else np.zeros(len(known), bool)
        return [_shares(label, hit, known, groups), *_missing_line(known, groups)]
    lines = [_Line(label), *(_shares(f"  {n}", rows_of[n], known, groups) for n in names)]
    return [*lines, *_missing_line(known, groups)]


def _in_order(values: pd.Series, known: Any) -> list[Any]:
    order = getattr(getattr(values, "cat", None), "categories", None)
    seen = dict.fromkeys(values[known].tolist())
    if order is not None:
        return [c for c in order if c in seen]
    return sorted(seen, key=lambda v: (str(type(v)), v))


def _shares(label: str, hit: Any, known: Any, groups: Mapping[str, Any]) -> _Line:
    counts = [(int((hit & rows).sum()), int((known & rows).sum())) for rows in groups.values()]
    shown = tuple(f"{n}/{of}" if of < FEW else f"{n} ({100 * n / of:.0f}%)" for n, of in counts)
    return _Line(label, shown, few=any(of < FEW for _, of in counts))


def _missing_line(known: Any, groups: Mapping[str, Any]) -> list[_Line]:
    if known.all():
        return []
    return [_Line("  not known", tuple(str(int((~known & rows).sum())) for rows in groups.values()))]


def _p_value(values: pd.Series, numeric: bool, groups: Sequence[Any]) -> str:
    import scipy.stats

    known = ~np.asarray(values.isna(), bool)
    if numeric:
        x = values.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        parts = [x[g & known] for g in groups]
        if any(not p.size for p in parts) or np.unique(x[known]).size < 2:
            return "–"
        p = scipy.stats.kruskal(*parts).pvalue
    else:
        names = list(dict.fromkeys(values[known].tolist()))
        counts = np.array([[sum(v == n for v in values[g & known].tolist()) for n in names] for g in groups])
        if len(names) < 2 or (counts.sum(axis=1) == 0).any():
            return "–"
        two = counts.shape == (2, 2)
        p = scipy.stats.fisher_exact(counts).pvalue if two else scipy.stats.chi2_contingency(counts).pvalue
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _as_frame(lines: Sequence[_Line], groups: Mapping[str, Any], with_p: bool) -> pd.DataFrame:
    import pandas as pd

    made = {"Characteristic": [line.label for line in lines]}
    for k, (name, rows) in enumerate(groups.items()):
        made[f"{name} (n = {int(rows.sum())})"] = [line.cells[k] if line.cells else "" for line in lines]
    return pd.DataFrame(made | ({"p": [line.p for line in lines]} if with_p else {}))


def _notes(few: bool, spread: str, with_p: bool) -> list[str]:
    middle = {
        "quartiles": "median (quartiles)",
        "range": "median (range)",
        "sd": "mean (standard deviation)",
    }[spread]
    notes = [f"Numbers: {middle}; categories: n (% of those known)."]
    if few:
        small = "n/N, and numbers as median (range)" if spread == "quartiles" else "n/N"
        notes.append(f"Where fewer than {FEW} are known: {small}.")
    if with_p:
        notes.append("p: Kruskal-Wallis for numbers; Fisher's exact test for two by two, else chi-squared.")
    return notes
