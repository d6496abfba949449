"""Double extraction: two people typed the same numbers; where do their tables differ?"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from survsim.core.display import displayed
from survsim.core.errors import EvidenceError
from survsim.evidence.bring_in.spreadsheet import read_book
from survsim.evidence.raw.conversions import is_number
from survsim.evidence.raw.csv_text import read_or_raise
from survsim.evidence.raw.declared import Row, need_columns, records

KEY = ("study_id", "arm_id", "endpoint", "measure", "time", "comparator")
"""What makes two rows the same published number."""
BOOKKEEPING = ("estimate_id", "extractor", "checked_by", "status", "note")
"""Columns that two people fill each in their own way; they are not compared."""
ALSO_CALLED = {
    "time_months": "time",
    "n_events": "n_event",
    "stage_group": "stage",
    "comparator_arm_id": "comparator",
    "ci_lower": "conf_low",
    "ci_upper": "conf_high",
    "ci_level": "conf_level",
    "adjusted": "adjustment",
}
"""Columns of the typed format and their names in the schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One cell that the two files fill differently; `key` names the number."""

    key: str
    column: str
    a: str
    b: str


@displayed
@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionComparison:
    """Agreement of two extraction files.

    Attributes
    ----------
    disagreements : cells that differ.
    only_a, only_b : keys of rows that the other file does not have.
    rows_matched, cells_compared : counts; a cell that is empty in both files is not counted.
    columns_only_a, columns_only_b : filled columns that the other file does not have; their cells are not compared,
        and the files do not agree.
    """

    disagreements: tuple[Disagreement, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    rows_matched: int
    cells_compared: int
    columns_only_a: tuple[str, ...]
    columns_only_b: tuple[str, ...]

    @property
    def agree(self) -> bool:
        """Whether both hold the same rows, at least one, with the same cells; a column that only one fills is a difference."""
        apart = self.disagreements or self.only_a or self.only_b or self.columns_only_a or self.columns_only_b
        return self.rows_matched > 0 and not apart

    @property
    def cell_agreement(self) -> float | None:
        """Per cent of the compared cells that are equal; None when no cell could be compared."""
        n = self.cells_compared
        return 100 * (n - len(self.disagreements)) / n if n else None

    @property
    def row_agreement(self) -> float | None:
        """Per cent of all rows, of either file, that are equal in every compared cell; None without rows."""
        differing = len({d.key for d in self.disagreements})
        total = self.rows_matched + len(self.only_a) + len(self.only_b)
        return 100 * (self.rows_matched - differing) / total if total else None

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, for JSON."""
        return {
            **asdict(self),
            "agree": self.agree,
            "cell_agreement": self.cell_agreement,
            "row_agreement": self.row_agreement,
        }


def compare_extractions(a: Path, b: Path) -> ExtractionComparison:
    """Match the estimates of two files (CSV or .xlsx) by key and compare their cells.

    Numbers are compared as numbers (0.70 is 0.7), words as they stand. Rows whose key repeats within a file
    (two kinds of toxicity, say) are matched to the row of the other file with which they share most cells.

    Parameters
    ----------
    a, b : files of the same numbers, typed by two people.

    Returns
    -------
    ExtractionComparison : cells that disagree, rows that only one has, and the shares that agree.

    Raises
    ------
    EvidenceError : a file that cannot be read, lacks a column of the key, or names one estimate twice.

    Example
    -------
    >>> import pathlib, tempfile
    >>> from survsim.evidence import compare_extractions
    >>> head = "study_id,arm_id,endpoint,measure,time,value,comparator,event_detail"
    >>> a, b = (pathlib.Path(tempfile.mkdtemp()) / f"{name}.csv" for name in "ab")
    >>> _ = a.write_text(head + chr(10) + "s,chemo,os,hazard_ratio,,0.68,control,")
    >>> _ = b.write_text(head + chr(10) + "s,chemo,os,hazard_ratio,,0.86,control,")
    >>> len(compare_extractions(a, b).disagreements)
    1
    """
    rows_a, columns_a = _read(a)
    rows_b, columns_b = _read(b)
    shared = [c for c in columns_a if c in columns_b and c not in BOOKKEEPING and c not in KEY]
    found: list[Disagreement] = []
    only_a: list[str] = []
    only_b: list[str] = []
    matched = compared = 0
    groups_a, groups_b = _grouped(rows_a), _grouped(rows_b)
    for key in dict.fromkeys([*groups_a, *groups_b]):
        pairs, rest_a, rest_b = _paired(groups_a.get(key, []), groups_b.get(key, []), shared)
        several = len(pairs) + max(len(rest_a), len(rest_b)) > 1
        for number, (one, two) in enumerate(pairs, start=1):
            name = _words(key, number if several else 0)
            matched += 1
            compared += sum(bool(one[c] or two[c]) for c in shared)
            found += [
                Disagreement(key=name, column=c, a=one[c], b=two[c])
                for c in shared
                if not _same(one[c], two[c])
            ]
        only_a += [_words(key, 0)] * len(rest_a)
        only_b += [_words(key, 0)] * len(rest_b)
    return ExtractionComparison(
        disagreements=tuple(found),
        only_a=tuple(only_a),
        only_b=tuple(only_b),
        rows_matched=matched,
        cells_compared=compared,
        columns_only_a=_only(rows_a, columns_a, columns_b),
        columns_only_b=_only(rows_b, columns_b, columns_a),
    )


def _read(path: Path) -> tuple[list[Row], tuple[str, ...]]:
    if path.suffix.lower() == ".xlsx":
        rows = read_book(path, ("estimates",)).rows["estimates"]
        columns = tuple(dict.fromkeys(c for row in rows for c in row))
    else:
        if not path.is_file():
            raise EvidenceError(f"there is no file {path}; pass two tables of estimates (CSV or .xlsx).")
        frame = read_or_raise(path).rename(columns=ALSO_CALLED)
        need_columns(frame, ("study_id", "arm_id", "endpoint", "measure", "value"), path.name)
        rows, columns = records(frame), tuple(frame.columns)
    rows = [{**dict.fromkeys((*KEY, *columns), ""), **{c: v.strip() for c, v in row.items()}} for row in rows]
    names = [row["estimate_id"] for row in rows if row.get("estimate_id")]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise EvidenceError(f"{path.name} names {', '.join(twice[:5])} twice; one row, one name.")
    return rows, columns


def _only(rows: list[Row], own: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Columns that only one file has and that hold anything."""
    return tuple(c for c in own if c not in (*other, *BOOKKEEPING, *KEY) and any(row[c] for row in rows))


def _grouped(rows: list[Row]) -> dict[tuple[str, ...], list[Row]]:
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(_plain(row[c]) for c in KEY)].append(row)
    return groups


def _paired(
    one: list[Row], two: list[Row], columns: list[str]
) -> tuple[list[tuple[Row, Row]], list[Row], list[Row]]:
    """Pairs that share most cells first, and what is left over on either side."""
    scores = sorted(
        (
            (-sum(_same(a[c], b[c]) for c in columns), i, j)
            for i, a in enumerate(one)
            for j, b in enumerate(two)
        )
    )
    used_a: set[int] = set()
    used_b: set[int] = set()
    pairs = []
    for _, i, j in scores:
        if i not in used_a and j not in used_b:
            used_a.add(i)
            used_b.add(j)
            pairs.append((one[i], two[j]))
    rest_a = [r for i, r in enumerate(one) if i not in used_a]
    return pairs, rest_a, [r for j, r in enumerate(two) if j not in used_b]


def _same(a: str, b: str) -> bool:
    return a == b or _plain(a) == _plain(b)


def _plain(cell: str) -> str:
    return repr(float(cell)) if is_number(cell) else cell


def _words(key: tuple[str, ...], number: int) -> str:
    time = key[4].removesuffix(".0")
    parts = [*key[:4], f"at {time}" if time else "", f"against {key[5]}" if key[5] else ""]
    return " ".join(p for p in parts if p) + (f" #{number}" if number else "")
