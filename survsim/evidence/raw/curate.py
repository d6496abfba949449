"""Raw files into curated tables: names, keys, vocabulary, declared corrections; no arithmetic.

The same raw files give the same bytes. The new set is written and checked beside the old one and takes its
place in one step; stopped at any moment, a whole set is there (`transaction`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from survsim.core.csv_rows import csv_rows
from survsim.core.display import displayed
from survsim.core.errors import EvidenceError
from survsim.evidence.raw import package, transaction
from survsim.evidence.raw.cases import read_cases
from survsim.evidence.raw.csv_text import table_bytes
from survsim.evidence.raw.declared import Declared, Row, declared_at
from survsim.evidence.raw.endpoints import with_undeclared
from survsim.evidence.raw.known_columns import refuse_unknown_columns
from survsim.evidence.raw.literature import extra_rows, read_literature
from survsim.evidence.raw.locate import DataFolder, data_folder
from survsim.evidence.raw.merge import merge_aliases, merge_arms
from survsim.evidence.raw.partners import fill_partners
from survsim.evidence.raw.patients import read_patients
from survsim.evidence.raw.table_faults import check_tables
from survsim.evidence.raw.unread import refuse_misnamed
from survsim.evidence.schema.catalogue import tables

if TYPE_CHECKING:
    import pandas as pd

DECLARED_AS_IS = (
    "sources",
    "readings",
    "searches",
    "endpoints",
    "overlaps",
    "aliases",
    "flags",
    "known_warnings",
    "bias",
    "bias_priors",
)


@displayed
@dataclass(frozen=True, slots=True, kw_only=True)
class Curation:
    """What one curation wrote: rows by table, and whether any byte changed."""

    rows: dict[str, int]
    changed: bool


def curated_tables(raw: Path) -> dict[str, list[Row]]:
    """All curated tables made from the files below `raw`, in the order of the schema."""
    declared = declared_at(raw)
    refuse_misnamed(raw, declared)
    refuse_unknown_columns(raw)
    found = read_literature(raw, declared)
    merge_aliases(found, declared)
    fill_partners(found.estimates)
    out: dict[str, list[Row]] = {name: declared.rows(name) for name in DECLARED_AS_IS}
    out["sources"] = _sources(out["sources"], found.studies)
    out["arms"] = merge_arms(found, declared)
    out |= {"studies": found.studies, "estimates": found.estimates, "corrections": found.corrections}
    out["excluded"] = declared.rows("excluded") + found.excluded
    out |= {name: extra_rows(raw, name) for name in ("curves", "at_risk", "censor_marks")}
    named = [(e["estimate_id"], e) for e in found.estimates]
    named += [(f"curve {c.get('curve_id', '')}", c) for c in out["curves"]]
    out["endpoints"] = with_undeclared(out["endpoints"], named)
    cases = read_cases(raw, declared)
    out["corrections"] = out["corrections"] + cases.pop("corrections")
    out |= read_patients(raw, declared) | cases
    _refuse_stray_annotations(declared, out)
    return {
        name: [{c: row.get(c, "") for c in table.names} for row in out[name]]
        for name, table in tables().items()
    }


def curate(path: str | os.PathLike[str] | None = None) -> Curation:
    """Write `data/curated` and `data/datapackage.json` from `data/raw`; refuse a set with errors.

    Parameters
    ----------
    path : a study folder or its data folder; default the nearest study upwards from the working directory.

    Returns
    -------
    Curation : rows of each table that was written, and whether any byte changed.

    Raises
    ------
    EvidenceError : with every error of the new set; the old set is then untouched.

    Example
    -------
    >>> import shutil, tempfile, pathlib
    >>> import survsim
    >>> from survsim.evidence.raw.locate import data_folder
    >>> study = pathlib.Path(tempfile.mkdtemp())
    >>> _ = shutil.copytree(data_folder().root, study / "data")
    >>> survsim.evidence.curate(study).rows["studies"] > 100
    True
    """
    folder = data_folder(path)
    if not folder.raw.is_dir():
        raise EvidenceError(f"{folder.root} has no raw/ folder; there is nothing to curate.")
    with transaction.writing(folder):
        return put_in_place(folder, {}, folder.raw)


def put_in_place(
    folder: DataFolder,
    changes: transaction.RawFiles,
    raw: Path,
    *,
    whole: Path | None = None,
    waiting: Mapping[str, str] | None = None,
) -> Curation:
    """Inside `writing`: curate the files below `raw`, then put them (`changes`) and the tables in place together.

    Where rows were set aside (`waiting`, each with what it lacks), `whole` holds the files with them.
    """
    content = checked_content(raw)
    descriptor = package.to_bytes(package.descriptor(content, whole or raw, waiting))
    curated = {f"{name}.csv": data for name, data in content.items()}
    changed = transaction.replace(folder, changes, curated, descriptor)
    return Curation(rows={n: _n_rows(d, n) for n, d in content.items()}, changed=changed)


def _n_rows(data: bytes, name: str) -> int:
    """Rows of a table below its names; a quoted cell may hold line ends."""
    if b'"' not in data:
        return data.count(b"\n") - 1
    return len(csv_rows(data.decode("utf-8"), name, error=EvidenceError)) - 1


def checked_content(raw: Path) -> dict[str, bytes]:
    """Bytes of every curated table made from `raw`; raise `EvidenceError` with the errors of the whole set."""
    content = table_bytes_of(curated_tables(raw))
    faults = [f for f in check_tables(content) if f.severity == "error"]
    if faults:
        shown = "\n".join(str(f) for f in faults[:20])
        more = f"\n... and {len(faults) - 20} more" if len(faults) > 20 else ""
        raise EvidenceError(f"the new tables have {len(faults)} errors; the old ones stay.\n{shown}{more}")
    return content


def table_bytes_of(rows: Mapping[str, list[Row]]) -> dict[str, bytes]:
    """Each table as its file holds it."""
    return {name: table_bytes(frame_of(name, found)) for name, found in rows.items()}


def frame_of(name: str, rows: list[Row]) -> pd.DataFrame:
    """Rows of one table as a frame of text with the columns of the schema."""
    import pandas as pd

    return pd.DataFrame(rows, columns=list(tables()[name].names), dtype=str)


def _sources(rows: list[Row], studies: list[Row]) -> list[Row]:
    known = {r["source_id"] for r in rows}
    new = dict.fromkeys(s["source_id"] for s in studies if s["source_id"] not in known)
    return rows + [
        {
            "source_id": s,
            "title": s.replace("_", " "),
            "kind": "literature",
            "citation": "not_stated",
            "licence": "not_stated",
        }
        for s in new
    ]


def _refuse_stray_annotations(declared: Declared, out: dict[str, list[Row]]) -> None:
    ids = {
        "studies": {r["study_id"] for r in out["studies"]} | {r["alias_id"] for r in out["aliases"]},
        "estimates": {r["estimate_id"] for r in out["estimates"]} | {r["item_id"] for r in out["excluded"]},
        "arms": {f"{r['study_id']}/{r['arm_id']}" for r in out["arms"]}
        | {f"{r['alias_id']}/{r['alias_arm_id']}" for r in out["aliases"]},
        "cases": {r["case_id"] for r in out["cases"]},
    }
    for name in ("annotations", "corrections"):
        stray = [
            f"{r['table']} {r['row_id']}"
            for r in declared.rows(name)
            if r["row_id"] not in ids.get(r["table"], set())
        ]
        if stray:
            raise EvidenceError(
                f"declared/{name}.csv names rows that do not exist: {', '.join(stray[:5])}; correct the names."
            )
