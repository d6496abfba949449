"""A digitised figure brought into the evidence: its curves, marks and numbers at risk as rows of a study.

What comes in is a folder as `survsim digitise` writes it: ``curves.csv`` (``arm,time,survival`` or ``incidence``), perhaps
``marks.csv`` (``arm,time``) and ``at_risk.csv`` (``arm,time,n_risk``), ``report.json`` (``tolerance``, ``unit``,
``warnings``) and ``overlay.png``, of which only the checksum is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from survsim.core.errors import EvidenceError
from survsim.core.files import file_sha256, read_json
from survsim.core.numerals import number_in
from survsim.evidence.raw import transaction
from survsim.evidence.raw.csv_text import read_or_raise
from survsim.evidence.raw.declared import Row, declared_at, records
from survsim.evidence.raw.literature import read_literature
from survsim.evidence.raw.locate import DataFolder
from survsim.evidence.raw.sets import EXAMPLE_SET, commit, merge, set_of_study
from survsim.evidence.schema.table import TIME_UNITS

MOST_ROWS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What a folder of a digitised figure says, as text, by the label of the arm in the figure."""

    curves: dict[str, list[Row]]
    marks: dict[str, list[Row]]
    at_risk: dict[str, list[Row]]
    shown_as: str
    tolerance: str
    unit: str
    overlay: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedCurves:
    """What was stored: name of the curve by arm, how many readings, marks and numbers at risk, and what the reading warned of."""

    curves: dict[str, str]
    rows: dict[str, int]
    set_name: str
    changed: bool
    warnings: tuple[str, ...]


def add_curves(
    folder: DataFolder,
    study_id: str,
    figure: Path,
    *,
    endpoint: str,
    place: str,
    read_by: str,
    arms: Mapping[str, str] | None = None,
    unit: str | None = None,
    page: str = "",
    checked_by: str = "",
    replace: bool = False,
) -> AddedCurves:
    """Store the curves of a digitised figure with a study: the whole set is curated and checked, or nothing changes.

    Parameters
    ----------
    folder : of the study's data.
    study_id : a study that is there.
    figure : the folder that `survsim digitise` wrote.
    endpoint, place, page : what the figure shows, its number ("figure 2A"), its page.
    read_by, checked_by : readings of the table readings; empty where nobody compared the overlay yet.
    arms : arm of the study -> label in the figure; not needed where both have one arm, or names are the same.
    unit : of time, where the figure does not say it; refused where it says another.
    replace : let these curves take the place of those of the same name.

    Raises
    ------
    EvidenceError : an unknown study or arm, labels that nobody named, a damaged folder, or a set with faults.
    """
    found = read_figure(figure)
    unit = _unit(found.unit, unit)
    with transaction.writing(folder):
        known = set_of_study(folder.raw)
        if study_id not in known:
            raise EvidenceError(
                f"there is no study {study_id}; add it first: survsim data add-study {study_id}, with its arms and numbers."
            )
        set_name = known[study_id]
        if set_name == EXAMPLE_SET:
            raise EvidenceError(f"{study_id} is invented (set {EXAMPLE_SET}); nothing is added to it.")
        matched = _matched(found, arms or {}, _arms(folder, study_id), study_id)
        common = {"study_id": study_id, "time_unit": unit}
        about = {"place": place, "page": page, "read_by": read_by, "checked_by": checked_by}
        rows: dict[str, list[Row]] = {"curves": [], "at_risk": [], "censor_marks": []}
        names = {}
        for arm, label in matched.items():
            names[arm] = f"{study_id}_{arm}_{endpoint}"
            own = {**common, "curve_id": names[arm], "arm_id": arm}
            whole = {
                **about,
                "endpoint": endpoint,
                "shown_as": found.shown_as,
                "route": "digitised",
                "tolerance": found.tolerance,
                "overlay_sha256": found.overlay,
            }
            rows["curves"] += [{**own, **whole, **r} for r in found.curves[label]]
            rows["at_risk"] += [{**own, **about, **r} for r in found.at_risk.get(label, [])]
            rows["censor_marks"] += [{**own, **r} for r in found.marks.get(label, [])]
        files = _merged(folder, set_name, rows, set(names.values()), replace)
        changed = commit(folder, {set_name: files}).changed
    return AddedCurves(
        curves=names,
        rows={name: len(found_rows) for name, found_rows in rows.items()},
        set_name=set_name,
        changed=changed,
        warnings=found.warnings,
    )


def read_figure(figure: Path) -> Figure:
    """The folder of a digitised figure, checked for what its rows need; its numbers are checked with the evidence."""
    if not (figure / "curves.csv").is_file():
        raise EvidenceError(
            f"{figure} holds no curves.csv; digitise the figure first: survsim digitise FIGURE --out {figure}."
        )
    curves = _table(figure, "curves", ("arm", "time"))
    shown_as = "incidence" if "incidence" in curves[0] else "survival"
    if shown_as not in curves[0]:
        raise EvidenceError(
            f"{figure.name}/curves.csv needs a column survival or incidence; it has {', '.join(curves[0])}."
        )
    told = _report(figure)
    overlay = figure / "overlay.png"
    return Figure(
        curves=_by_arm([_level(row, shown_as) for row in curves]),
        marks=_by_arm(_table(figure, "marks", ("arm", "time"))),
        at_risk=_by_arm(_table(figure, "at_risk", ("arm", "time", "n_risk"))),
        shown_as=shown_as,
        tolerance=_tolerance(told),
        unit=str(told.get("unit") or ""),
        overlay=file_sha256(overlay) if overlay.is_file() else "",
        warnings=tuple(str(w) for w in told.get("warnings") or ()),
    )


def _table(figure: Path, name: str, needed: tuple[str, ...]) -> list[Row]:
    path = figure / f"{name}.csv"
    if not path.is_file():
        return []
    frame = read_or_raise(path, root=figure)
    missing = [c for c in needed if c not in frame.columns]
    if missing:
        raise EvidenceError(f"{figure.name}/{name}.csv has no column {', '.join(missing)}.")
    if len(frame) > MOST_ROWS:
        raise EvidenceError(
            f"{figure.name}/{name}.csv has {len(frame)} rows; a figure has at most {MOST_ROWS}."
        )
    rows = records(frame)
    if name == "curves" and not rows:
        raise EvidenceError(f"{figure.name}/curves.csv has no rows.")
    return rows


def _level(row: Row, shown_as: str) -> Row:
    """A reading as survival; of an incidence the complement, to the digits that were read."""
    text = row[shown_as]
    _number(text, f"{shown_as} at {row['time']}")
    if shown_as == "incidence":
        digits = len(text.partition(".")[2])
        text = f"{1.0 - float(text):.{max(digits, 1)}f}"
    return {"arm": row["arm"], "time": row["time"], "survival": text}


def _number(text: str, what: str) -> float:
    try:
        return number_in(text)
    except ValueError:
        raise EvidenceError(f"{what} is {text!r}, no number; digitise the figure again.") from None


def _by_arm(rows: list[Row]) -> dict[str, list[Row]]:
    """Rows by label, in order of time; of several readings at one time the last, which is the level after the drop."""
    out: dict[str, dict[float, Row]] = {}
    for row in rows:
        cells = {name: cell for name, cell in row.items() if name in ("time", "survival", "n_risk")}
        out.setdefault(row["arm"], {})[_number(row["time"], "a time")] = cells
    return {arm: [found[t] for t in sorted(found)] for arm, found in out.items()}


def _report(figure: Path) -> dict[str, Any]:
    path = figure / "report.json"
    if not path.is_file():
        return {}
    try:
        content = read_json(path)
    except ValueError:
        raise EvidenceError(f"{figure.name}/report.json is damaged; digitise the figure again.") from None
    if not isinstance(content, dict):
        raise EvidenceError(f"{figure.name}/report.json is no object; digitise the figure again.")
    return content


def _tolerance(told: dict[str, Any]) -> str:
    stated = told.get("tolerance")
    if isinstance(stated, Mapping):
        stated = stated.get("survival", stated.get("incidence"))
    if stated is None:
        raise EvidenceError(
            "report.json states no tolerance; a curve without one cannot be stored. Digitise the figure with survsim "
            "digitise, or write the largest error of a level as tolerance (0.01 is one in a hundred)."
        )
    return f"{_number(str(stated), 'tolerance'):.6g}"


def _unit(in_figure: str, asked: str | None) -> str:
    if asked and in_figure and asked != in_figure:
        raise EvidenceError(
            f"the figure was digitised in {in_figure}, --unit says {asked}; leave --unit out."
        )
    unit = asked or in_figure
    if unit not in TIME_UNITS:
        raise EvidenceError(
            f"the unit of time is {unit or 'not told'}; give --unit with one of {', '.join(TIME_UNITS)}."
        )
    return unit


def _arms(folder: DataFolder, study_id: str) -> list[str]:
    """Arms of the study with numbers of their own."""
    found = read_literature(folder.raw, declared_at(folder.raw))
    return list(dict.fromkeys(a["arm_id"] for a in found.arms if a["study_id"] == study_id))


def _matched(found: Figure, asked: Mapping[str, str], known: list[str], study_id: str) -> dict[str, str]:
    """Arm of the study -> label in the figure; every label is asked for or has its arm's name, or is the only one."""
    labels = list(found.curves)
    strangers = [arm for arm in asked if arm not in known]
    missing = [label for label in asked.values() if label not in labels]
    if strangers or missing:
        raise EvidenceError(
            (
                f"{study_id} has no arm {', '.join(strangers)}; its arms: {', '.join(known) or 'none'}. "
                if strangers
                else ""
            )
            + (
                f"the figure has no curve {', '.join(missing)}; its curves: {', '.join(labels)}."
                if missing
                else ""
            )
        )
    if asked:
        twice = [label for label in set(asked.values()) if list(asked.values()).count(label) > 1]
        if twice:
            raise EvidenceError(f"the curve {twice[0]} is named for two arms; one curve is one arm.")
        return dict(asked)
    same = {label: label for label in labels if label in known}
    if len(same) == len(labels):
        return same
    if len(labels) == 1 and len(known) == 1:
        return {known[0]: labels[0]}
    raise EvidenceError(
        f"which curve is which arm? Curves: {', '.join(labels)}; arms of {study_id}: {', '.join(known) or 'none'}. Name each: "
        f"--arm {known[0] if known else 'ARM'}={labels[0]!r}."
    )


def _merged(
    folder: DataFolder, set_name: str, rows: dict[str, list[Row]], names: set[str], replace: bool
) -> dict[str, bytes]:
    """New content of the tables; a curve that is there is refused, or replaced whole, its old readings gone."""
    from survsim.evidence.raw.sets import RawTable, read_raw

    place = folder.raw / "literature" / set_name
    files = {}
    for name, new in rows.items():
        old = read_raw(place, name, folder.raw)
        there = [r for r in old.rows if r.get("curve_id") in names] if old else []
        if there and not replace and not _same(there, new):
            raise EvidenceError(
                f"curve {there[0]['curve_id']} is there already with other {name}; nothing was written. Repeat with --replace."
            )
        if old and there:
            kept = RawTable(
                columns=old.columns, rows=tuple(r for r in old.rows if r.get("curve_id") not in names)
            )
            columns = tuple(dict.fromkeys((*old.columns, *(c for r in new for c in r))))
            files[f"{name}.csv"] = RawTable(columns=columns, rows=(*kept.rows, *new)).to_bytes()
        elif new:
            files |= merge(folder.raw, set_name, {name: new}, all_columns=True).files
    return files


def _same(there: list[Row], new: list[Row]) -> bool:
    names = {c for r in (*there, *new) for c in r}
    return [[r.get(c, "") for c in names] for r in there] == [[r.get(c, "") for c in names] for r in new]
