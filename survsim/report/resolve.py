"""From a reference (``table:row``) to the curated row it names and its place in the source."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from survsim.core.errors import EvidenceError
from survsim.core.result import format_number
from survsim.report.study import Study

if TYPE_CHECKING:
    import pandas as pd

    from survsim.evidence.ask.store import EvidenceStore

KEYS = {
    "estimates": "estimate_id",
    "studies": "study_id",
    "cases": "case_id",
    "patients": "dataset",
    "bias": "row_id",
}
DATASETS = ("patients", "outcomes", "drugs", "radiotherapy", "recurrences", "follow_up_forms")
ASSUMPTION = "assumption"
STRATEGY = "strategies"


def resolve(reference: str, evidence: EvidenceStore, study: Study) -> str:
    """One line: what the row says and where it stands.

    Parameters
    ----------
    reference : ``table:row``; ``table:*`` for all rows, ``strategies:name`` for a strategy file,
        ``assumption:scenario/name`` for what has no source.
    evidence, study : where rows and strategy files are looked up.

    Raises
    ------
    EvidenceError : when no curated row has that name.
    """
    table, _, name = reference.partition(":")
    if table == ASSUMPTION:
        return f"assumption, no source: {name}"
    if table == STRATEGY:
        return _strategy(name, study)
    if name == "*":
        return f"all {len(evidence.table(table))} rows of curated/{table}.csv"
    if table in DATASETS:
        return _dataset(table, name, evidence)
    if table == "estimates":
        return _estimate(name, evidence)
    row = _row(table, name, evidence)
    if table == "cases":
        return f"case {name}: {_words(row, ('title', 'journal', 'doi', 'url', 'source'))} (read: {row['read_what']})"
    if table == "studies":
        return _study(row)
    return f"row {name} of curated/{table}.csv"


def studies_behind(references: Iterable[str], evidence: EvidenceStore) -> tuple[str, ...]:
    """Ids of the studies whose rows are among the references, in order of first use."""
    found: dict[str, None] = {}
    studies = set(evidence.table("studies")["study_id"])
    known = evidence.table("estimates").set_index("estimate_id")["study_id"]
    for reference in references:
        table, _, name = reference.partition(":")
        if table == "estimates" and name in known.index:
            found[str(known[name])] = None
        elif table == "studies" and name in studies:
            found[name] = None
    return tuple(found)


def unknown_rows(references: Iterable[str], evidence: EvidenceStore) -> list[str]:
    """References to rows of tables that the store has, without the row: results older than the data."""
    found = []
    for reference in references:
        table, _, name = reference.partition(":")
        if name != "*" and table in KEYS:
            known = set(evidence.table(table)[KEYS[table]])
            if table == "patients":
                known |= set(evidence.table("sources")["source_id"])
            if name not in known:
                found.append(reference)
    return found


def _strategy(name: str, study: Study) -> str:
    """The file that holds a strategy of this name, whatever the file is called, or the scenario that does."""
    holds = re.compile(rf"""^(?:strategy|name):\s*(["']?){re.escape(name)}\1\s*(#.*)?$""", re.MULTILINE)
    named = re.compile(rf"""^\s*(?:-\s+)?name:\s*(["']?){re.escape(name)}\1\s*(#.*)?$""", re.MULTILINE)
    places = [(path, holds) for path in sorted((study.data / "strategies").rglob("*.y*ml"))]
    places += [(path, holds) for path in sorted((study.root / "analyses").rglob("*.y*ml"))]
    places += [(path, named) for path in sorted((study.root / "analyses").glob("*/scenario.yml"))]
    for path, pattern in places:
        if pattern.search(path.read_text(encoding="utf-8")):
            return f"strategy {name}, {path.relative_to(study.root).as_posix()}"
    raise EvidenceError(
        f"strategies:{name} is named as a source, but neither data/strategies nor a scenario.yml holds it, under "
        "whatever file name. The results are older than the strategies: make them again with survsim run."
    )


def _row(table: str, name: str, evidence: EvidenceStore) -> dict[Any, Any]:
    frame: pd.DataFrame = evidence.table(table)
    key = KEYS.get(table, str(frame.columns[0]))
    hit = frame[frame[key] == name]
    if hit.empty:
        raise EvidenceError(
            f"{table}:{name} is named as a source, but curated/{table}.csv has no such row. "
            "The results are older than the data: make them again with survsim run."
        )
    return dict(hit.iloc[0])


def _estimate(name: str, evidence: EvidenceStore) -> str:
    row = _row("estimates", name, evidence)
    study = _row("studies", row["study_id"], evidence)
    value = "no value" if row["value"] != row["value"] else format_number(row["value"])
    text = f"{name}: {row['endpoint']} {row['measure']} {value}"
    if isinstance(row["value_unit"], str) and row["value_unit"]:
        text += f" {row['value_unit']}"
    limits = [row["conf_low"], row["conf_high"]]
    if any(v == v for v in limits):
        low, high = ("-" if v != v else format_number(v) for v in limits)
        text += f" ({low} to {high})"
    return f"{text}; {row['place']} of {_study(study)}"


def _study(row: dict[Any, Any]) -> str:
    year = "" if row["year"] != row["year"] else f" {row['year']:.0f}"
    author = row["first_author"] or row["study_id"]
    where = _words(row, ("journal", "doi", "url"))
    return f"{author}{year}, {where} [{row['evidence_grade']}]"


def _dataset(table: str, name: str, evidence: EvidenceStore) -> str:
    frame = evidence.table(table)
    rows = int((frame["dataset"] == name).sum())
    if rows == 0:
        raise EvidenceError(
            f"{table}:{name} is named as a source, but curated/{table}.csv has no such data set."
        )
    sources = evidence.table("sources").set_index("source_id")
    citation = f"; {sources.loc[name, 'citation']}" if name in sources.index else ""
    return f"{rows} rows of curated/{table}.csv, data set {name}{citation}"


def _words(row: dict[Any, Any], names: tuple[str, ...]) -> str:
    """The first two of some cells that hold text."""
    held = [str(row[n]) for n in names if isinstance(row.get(n), str) and row[n]]
    return ", ".join(held[:2]) or "no printed reference"
