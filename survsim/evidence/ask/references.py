"""Citations of the studies, data sets and cases behind numbers: BibTeX, RIS and formatted text.

What a source did not print is said to be missing; nothing is filled in.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from survsim.core import files
from survsim.core.display import displayed
from survsim.core.door import with_doors
from survsim.core.errors import EvidenceError, InputError
from survsim.core.file_faults import seen

if TYPE_CHECKING:
    import pandas as pd

NO_AUTHOR = "[author not stated]"
NO_YEAR = "[year not stated]"
NO_TITLE = "[title not stated]"
_DATE = r"(?P<year>\d{4})(?:[ -](?:\d{2}(?:-\d{2})?|\(?[A-Z][a-z]{2,8}\)?(?: \d{1,2})?))?"
_ISSUE = r"(?P<volume>[\w ]+?)?(?:\((?P<number>[^)]+)\))?"
_REMARK = re.compile(r" \((?:as shown|number and pages as shown|ahead of print|journal not shown)\)$")
_JOURNALS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?P<name>.+?)[ ,]+{_DATE};\s*(?P<volume>\d{{1,3}})(?:\((?P<number>[^)]+)\))?",
        rf"(?P<name>.+?)[ ,]+{_DATE};?\s*{_ISSUE}[:;]\s*(?P<pages>[\w.-]+)",
        rf"(?P<name>.+?)[ ,]+{_DATE}",
        r"(?P<name>\D+?) (?P<volume>\d{1,3})(?:\((?P<number>[^)]+)\))?(?::(?P<pages>[\w.-]+))?",
        r"(?P<name>\D+?):(?P<pages>\d[\w.-]*)",
    )
)
"""How journal cells were typed, tried in turn: year and volume; year, volume and pages; a year alone; no year; pages
alone."""
_TEX = {c: f"\\{c}" for c in "&%$#_{}"} | {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_INITIALS = re.compile(r"[A-Z](\.?-?[A-Z])*\.?")
_WORD_OR_TEX = re.compile(r"[&%$#_{}~^\\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One citable source; empty where it was not printed."""

    name: str
    author: str = ""
    year: str = ""
    title: str = ""
    journal: str = ""
    doi: str = ""
    pmid: str = ""
    nct: str = ""
    url: str = ""
    whole: str = ""

    @property
    def parts(self) -> dict[str, str]:
        """Journal, volume, number and pages taken apart where the cell holds them; nothing where it names no journal."""
        cell = _REMARK.sub("", self.journal)
        if cell[:1].isdigit():
            return {}
        for pattern in _JOURNALS:
            if match := pattern.fullmatch(cell):
                found = match.groupdict("")
                pages = {"pages": found["pages"]} if found.get("pages") else {}
                names = {
                    "journal": found["name"],
                    "volume": found.get("volume", ""),
                    "number": found.get("number", ""),
                }
                return names | pages
        return {"journal": cell} if cell else {}

    @property
    def remark(self) -> str:
        """What stands in the cell of the journal without one, and the number of the trial."""
        digits = self.journal if self.journal and not self.parts else ""
        return "; ".join(w for w in (digits, self.nct) if w)

    def text(self) -> str:
        """One line, numbered lists and all left to the caller."""
        if self.whole:
            return self.whole
        head = f"{self.author or NO_AUTHOR}. {(self.title or NO_TITLE).rstrip('.')}."
        where = self.journal or ""
        year = "" if self.year and self.year in where else (self.year or NO_YEAR)
        middle = ". ".join(p for p in (where, year) if p)
        codes = [f"doi:{self.doi}" if self.doi else "", f"PMID {self.pmid}" if self.pmid else "", self.nct]
        tail = ". ".join(p for p in codes if p) or self.url
        return " ".join(p for p in (head, f"{middle}." if middle else "", f"{tail}." if tail else "") if p)

    def bibtex(self) -> str:
        """One BibTeX entry; a placeholder stands in double braces so that it is not taken for a name."""
        if self.whole:
            fields = {"title": _tex(self.whole)}
        else:
            fields = {
                "author": _tex(_inverted(self.author)) if self.author else f"{{{NO_AUTHOR}}}",
                "title": _tex(self.title or NO_TITLE),
                "year": _tex(self.year or NO_YEAR),
                **{k: _tex(v) for k, v in self.parts.items()},
                "doi": _verbatim(self.doi),
                "pmid": self.pmid,
                "note": _tex(self.remark),
                "url": _verbatim(self.url),
            }
        kind = "article" if self.parts else "misc"
        lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
        return f"@{kind}{{{self.name},\n" + ",\n".join(lines) + "\n}\n"

    def ris(self) -> str:
        """One RIS entry."""
        parts = self.parts
        first, _, last = parts.get("pages", "").partition("-")
        pairs = [
            ("TY", "JOUR" if parts else "GEN"),
            ("ID", self.name),
            ("AU", _inverted(self.author) or NO_AUTHOR),
            ("PY", self.year),
            ("TI", self.whole or self.title or NO_TITLE),
            ("JO", parts.get("journal", "")),
            ("VL", parts.get("volume", "")),
            ("IS", parts.get("number", "")),
            ("SP", first),
            ("EP", last),
            ("DO", self.doi),
            ("AN", self.pmid),
            ("DB", "PubMed" if self.pmid else ""),
            ("N1", self.remark),
            ("UR", self.url),
        ]
        return "".join(f"{tag}  - {_line(value)}\n" for tag, value in pairs if value) + "ER  - \n"


@displayed
@with_doors
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class References:
    """Sources in order, each once."""

    entries: tuple[Reference, ...]

    def __len__(self) -> int:
        return len(self.entries)

    def text(self) -> str:
        """Numbered list."""
        return "\n".join(f"{i}. {entry.text()}" for i, entry in enumerate(self.entries, 1))

    def to_bibtex(self) -> str:
        """All entries as BibTeX."""
        return "\n".join(entry.bibtex() for entry in self.entries)

    def to_ris(self) -> str:
        """All entries as RIS."""
        return "\n".join(entry.ris() for entry in self.entries)

    def to_frame(self) -> pd.DataFrame:
        """Columns name, text, doi, pmid, url."""
        import pandas as pd

        rows = [(e.name, e.text(), e.doi, e.pmid, e.url) for e in self.entries]
        return pd.DataFrame(rows, columns=["name", "text", "doi", "pmid", "url"])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write .bib, .ris or .txt, by the suffix."""
        makers = {".bib": self.to_bibtex, ".ris": self.to_ris, ".txt": self.text}
        suffix = Path(path).suffix
        if suffix not in makers:
            raise InputError(f"references are saved as .bib, .ris or .txt; got {str(path)!r}.")
        files.write_text(path, makers[suffix]())

    def __repr__(self) -> str:
        return self.text() or "References: none"


def references_of(studies: pd.DataFrame, study_ids: Iterable[str]) -> References:
    """Citations of studies by name, in the order given."""
    rows = studies.set_index("study_id")
    wanted = tuple(dict.fromkeys(study_ids))
    missing = [s for s in wanted if s not in rows.index]
    if missing:
        raise EvidenceError(
            f"no study is called {', '.join(map(seen, missing[:5]))}. See store.studies for names."
        )
    found = rows.loc[list(wanted)].reset_index()
    return References(entries=tuple(_from_row(row, "study_id") for row in found.to_dict("records")))


def references_for(leaves: Iterable[str], tables: Mapping[str, pd.DataFrame]) -> References:
    """Citations behind provenance references (``estimates:...``, ``patients:...``, ``cases:...``), each once."""
    study_of = dict(zip(tables["estimates"]["estimate_id"], tables["estimates"]["study_id"]))
    by_study = {row["study_id"]: row for row in tables["studies"].to_dict("records")}
    by_case = {row["case_id"]: row for row in tables["cases"].to_dict("records")}
    by_source = {row["source_id"]: row for row in tables["sources"].to_dict("records")}
    found: dict[str, Reference] = {}
    for leaf in leaves:
        table, _, row = leaf.partition(":")
        study = study_of.get(row, row)
        if table in ("estimates", "studies") and study in by_study:
            found.setdefault(study, _from_row(by_study[study], "study_id"))
        elif table == "cases" and row in by_case:
            found.setdefault(row, _from_row(by_case[row], "case_id"))
        elif table == "patients" and row.split("/")[0] in by_source:
            source = by_source[row.split("/")[0]]
            found.setdefault(
                source["source_id"], Reference(name=source["source_id"], whole=source["citation"])
            )
    return References(entries=tuple(found.values()))


def _from_row(row: Mapping[Any, Any], key: str) -> Reference:
    year = row["year"]
    text = {n: str(row.get(n, "") or "") for n in ("title", "journal", "doi", "pmid", "nct", "url")}
    number = "" if year != year or year == "" else f"{float(str(year)):.0f}"
    return Reference(name=str(row[key]), author=str(row["first_author"] or ""), year=number, **text)


def _tex(value: str) -> str:
    return _WORD_OR_TEX.sub(lambda m: _TEX.get(m.group(), r"\textbackslash{}"), value)


def _verbatim(value: str) -> str:
    """Addresses are read as they stand; only braces would end the field."""
    return value.replace("{", "%7B").replace("}", "%7D")


def _inverted(author: str) -> str:
    """`Tate Thigpen J` as `Tate Thigpen, J`: programs take the last word of a name without comma for the family."""
    family, _, initials = author.rpartition(" ")
    return (
        f"{family}, {initials}" if family and "," not in author and _INITIALS.fullmatch(initials) else author
    )


def _line(value: str) -> str:
    return " ".join(value.split())
