"""Points of a survival curve from a CSV, such as a digitised or reconstructed one."""

from __future__ import annotations

from collections.abc import Sequence

from survsim.core.errors import InputError, ScenarioError
from survsim.core.file_faults import meant
from survsim.core.numerals import NUMERAL, number_in
from survsim.core.plain_csv import named_rows
from survsim.simulation.declared.partitioned import FileCurve, PointsCurve

OF_CURVES = ("arm", "group", "curve", "strategy", "treatment", "stratum", "panel", "set", "draw")
"""Columns that tell one curve from another, whatever stands in them."""
SHOWN = 8
"""Values of a column that are shown."""

Row = dict[str, str]


def read_points_csv(text: str, curve: FileCurve) -> PointsCurve:
    """The points of a curve: its columns of times and survival, sorted by time; of equal times the lowest survival.

    Raises
    ------
    ScenarioError : a column that is not there, a row that is not as wide as the line of names, a cell that is no number,
        points that are no survival curve, or several curves of which none is selected.
    """
    rows = named_rows(text, curve.file)
    for column in (curve.time, curve.survival, *curve.select):
        if column not in rows.columns:
            raise ScenarioError(
                f"{curve.file} needs a column {column!r}; it has: {', '.join(rows.columns)}{meant(column, rows.columns)}."
            )
    if not rows.cells:
        raise ScenarioError(f"{curve.file} has no row below its line of names.")
    found: dict[float, float] = {}
    for line, row in _selected(list(zip(rows.lines, rows.cells)), curve):
        try:
            t, s = number_in(row[curve.time]), number_in(row[curve.survival])
        except ValueError:
            raise ScenarioError(
                f"{curve.file}, line {line}: a number stands under {curve.time} and {curve.survival}; found "
                f"{', '.join(row.values())}."
            ) from None
        found[t] = min(s, found.get(t, s))
    times = sorted(found)
    try:
        return PointsCurve(times=tuple(times), survival=tuple(found[t] for t in times), joined=curve.joined)
    except InputError as error:
        raise ScenarioError(f"{curve.file}: {error}") from None


def _selected(rows: list[tuple[int, Row]], curve: FileCurve) -> list[tuple[int, Row]]:
    """The rows that are meant; refused where they are of several curves, which would be merged into the lowest."""
    for column, value in curve.select.items():
        known = _values(rows, column)
        rows = [(line, row) for line, row in rows if row[column] == str(value)]
        if not rows:
            raise ScenarioError(
                f"{curve.file} has no row with {column} {value}; there are {_told(known)}{meant(value, known)}."
            )
    for column in rows[0][1]:
        if column in (curve.time, curve.survival):
            continue
        known = _values(rows, column)
        if len(known) > 1 and (column.lower() in OF_CURVES or _are_labels(known, len(rows))):
            raise ScenarioError(
                f"{curve.file} holds several curves: under {column} stand {_told(known)}. Say which is meant: "
                f"select: {{{column}: {known[0]}}}."
            )
    return rows


def _values(rows: list[tuple[int, Row]], column: str) -> list[str]:
    return list(dict.fromkeys(row[column] for _, row in rows))


def _told(values: Sequence[str]) -> str:
    return ", ".join(values[:SHOWN]) + (", ..." if len(values) > SHOWN else "")


def _are_labels(values: Sequence[str], rows: int) -> bool:
    """Whether words stand in every row and come back, as names of curves do and notes do not."""
    return "" not in values and 2 * len(values) <= rows and not any(_is_number(v) for v in values)


def _is_number(text: str) -> bool:
    return NUMERAL.fullmatch(text) is not None
