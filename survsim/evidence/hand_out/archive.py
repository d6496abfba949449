"""A folder as an archive of data takes it: tables, descriptor, terms, a card, and the checksum of each file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from survsim.core.files import read_regular
from survsim.core.yaml_files import read_yaml
from survsim.evidence.hand_out.cells import csv_bytes
from survsim.evidence.schema.catalogue import tables

if TYPE_CHECKING:
    from survsim.evidence.ask.store import EvidenceStore
    from survsim.evidence.raw.locate import DataFolder

TERMS = ("source_id", "title", "licence", "licence_note", "citation", "retrieved")
LICENCE, CITATION = "LICENSE", "CITATION.cff"
SUMS, REFERENCES = "SHA256SUMS", "references.bib"


def archive_files(
    store: EvidenceStore, folder: DataFolder, version: str
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Files of the archive by name, and what somebody has to settle before it is passed on."""
    found = {f"curated/{name}.csv": read_regular(folder.curated / f"{name}.csv") for name in tables()}
    found["datapackage.json"] = read_regular(folder.package)
    study = folder.root.parent
    if (study / LICENCE).is_file():
        found[LICENCE] = read_regular(study / LICENCE)
    if (study / CITATION).is_file():
        found[CITATION] = _citation(study / CITATION, store, version)
    sources = store.table("sources")
    found["terms.csv"] = csv_bytes(TERMS, sources[list(TERMS)].itertuples(index=False, name=None))
    found[REFERENCES] = store.references().to_bibtex().encode("utf-8")
    found["README.md"] = card(store, version).encode("utf-8")
    found["metadata.json"] = _metadata(store, version)
    sums = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(found.items())]
    found[SUMS] = "".join(sums).encode("utf-8")
    return found, _open_questions(store, found)


def card(store: EvidenceStore, version: str) -> str:
    """The dataset card: what it is, what it is not, under which terms, how to cite and how to check it."""
    studies, estimates, cases = store.table("studies"), store.table("estimates"), store.table("cases")
    index = int((studies["population"] == "index").sum())
    full = int((studies["read_what"] == "full_text").sum())
    bias = store.table("bias")["row_id"].nunique()
    sources = store.table("sources")
    lines = "\n".join(f"| {s} | {t} | {lic} |" for s, t, lic in zip(*(sources[c] for c in TERMS[:3])))
    rows = "\n".join(
        f"| `curated/{n}.csv` | {len(store.table(n))} | {t.title} |" for n, t in tables().items()
    )
    return f"""# Curated evidence

Numbers typed from publications, with their place, beside public patient-level records and single cases; written by
survsim {version}. Checksum of the tables: `{store.checksum}`.

- **What is in it**: {len(studies)} studies ({index} of the disease itself), {len(estimates)} numbers, {len(cases)} single
  cases, {len(store.table("patients"))} patients.
- **What was read**: {full} studies in full, the others as abstracts or less (`studies.read_what`); {bias} numbers and cases
  have a judged risk of bias.
- **What it is not**: a systematic review. What was searched, and what no record was kept of, stands in `searches`.
- **Not to be done**: pooling numbers of studies that share patients (`overlaps`), of other populations than `index`, or
  of different origin, setting or unit.

| file | rows | holds |
|---|---|---|
{rows}

`datapackage.json` describes every column (Data Package standard); `{REFERENCES}` cites the studies; `{SUMS}` has the
checksum of each file (`sha256sum -c {SUMS}`).

## Terms

The terms differ by source; `terms.csv` has them with notes and citations. A `{LICENCE}` beside this card is that of the
study: of the work of putting the tables together, not of what the sources hold.

| source | holds | terms |
|---|---|---|
{lines}
"""


def _citation(path: Path, store: EvidenceStore, version: str) -> bytes:
    """How to cite the tables, by the authors of the study; an archive reads the kind and the title from here."""
    import yaml

    authors = (read_yaml(path) or {}).get("authors", [])
    content = {
        "cff-version": "1.2.0",
        "message": f"If you use these tables, cite them and the studies whose numbers you use ({REFERENCES}).",
        "type": "dataset",
        "title": "Curated evidence",
        "version": f"survsim {version}, tables {store.checksum[:12]}",
        "authors": authors,
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000).encode("utf-8")


def _metadata(store: EvidenceStore, version: str) -> bytes:
    content = {
        "upload_type": "dataset",
        "title": "Curated evidence",
        "description": "Published numbers with their place in the source, single cases and patient-level records.",
        "version": f"survsim {version}, tables {store.checksum[:12]}",
        "notes": "Terms differ by source: see terms.csv. Creators and licence are for the depositor to fill in.",
        "keywords": ["survival analysis", "evidence synthesis"],
    }
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def _open_questions(store: EvidenceStore, found: dict[str, bytes]) -> tuple[str, ...]:
    sources = store.table("sources")
    unstated = sources[(sources["licence"] == "not_stated") | (sources["citation"] == "not_stated")]
    questions = [
        f"{s}: terms or citation are not stated; find them before this is passed on"
        for s in unstated["source_id"]
    ]
    if "LICENSE" not in found:
        questions.append("there is no LICENSE beside the data folder; choose one")
    return tuple(questions)
