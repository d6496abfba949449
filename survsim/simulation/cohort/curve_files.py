"""Points of a survival curve from a CSV, such as a digitised or reconstructed one."""

from __future__ import annotations

from survsim.core.csv_rows import csv_rows
from survsim.core.errors import InputError, ScenarioError
from survsim.simulation.declared.partitioned import FileCurve, PointsCurve


def read_points_csv(text: str, curve: FileCurve) -> PointsCurve:
    """The points of a curve: its columns of times and survival, sorted by time; of equal times the lowest survival."""
    rows = csv_rows(text, curve.file, error=ScenarioError)
    head = [cell.strip() for cell in rows[0]] if rows else []
    for column in (curve.time, curve.survival):
        if column not in head:
            raise ScenarioError(
                f"{curve.file} needs a column {column!r}; it has: {', '.join(head) or 'none'}."
            )
    places = [head.index(curve.time), head.index(curve.survival)]
    found: dict[float, float] = {}
    for line, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            t, s = (float(row[k]) for k in places)
        except (ValueError, IndexError):
            raise ScenarioError(
                f"{curve.file}, line {line}: a number stands under {curve.time} and {curve.survival}; found {', '.join(row)}."
            ) from None
        found[t] = min(s, found.get(t, s))
    times = sorted(found)
    if not times:
        raise ScenarioError(f"{curve.file} has no row below its line of names.")
    try:
        return PointsCurve(times=tuple(times), survival=tuple(found[t] for t in times), joined=curve.joined)
    except InputError as error:
        raise ScenarioError(f"{curve.file}: {error}") from None
