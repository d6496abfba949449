"""Citations from BibTeX or RIS into the raw tables of studies: empty cells are filled, others only on request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from dataclasses import replace as replace_in
from pathlib import Path
from typing import Any

from survsim.core.errors import EvidenceError
from survsim.core.files import read_regular
from survsim.evidence.raw import transaction
from survsim.evidence.raw.declared import Row
from survsim.evidence.raw.literature import literature_sets
from survsim.evidence.raw.locate import DataFolder
from survsim.evidence.raw.sets import Files, RawTable, commit, read_raw
from survsim.evidence.schema.catalogue import tables

FIELDS = ("first_author", "year", "title", "journal", "doi", "pmid", "url")
MAX_BYTES = 5 * 2**20
MAX_ENTRIES = 2000
"""Five milliseconds each; the studies of one question are tens."""
MAX_WRITTEN_OUT = 20_000_000
_BROKEN = (
    ValueError,
    OSError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    SyntaxError,
    RuntimeError,
)
_ANY_ENTRY = re.compile(r"(?=(?:^|[)}])\s*@)", re.MULTILINE)
_JOINED = re.compile(r"[\"}\w]\s*#\s*[\"{\w]")
_BIB_ENTRY = re.compile(r"(?:^|[)}])\s*@(?!comment|string|preamble)\w+\s*[{(]", re.IGNORECASE | re.MULTILINE)
_BEGIN = re.compile(r"(?:^|[)}])\s*(@(\w+)\s*([{(]))", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n\s*\n")
_RIS_ENTRY = re.compile(r"^TY  - ", re.MULTILINE)
_SUFFIX = re.compile(r"(jr|sr|ii|iii|iv|2nd|3rd|4th)\.?", re.IGNORECASE)
"""What follows a family name and is no given name; ``V`` may be one."""
_PMID = re.compile(r"(medline:|pmid:?\s*)?([1-9]\d{0,7})", re.IGNORECASE)
_PUBMED = re.compile(r"pubmed|medline|^nlm$", re.IGNORECASE)
_NOT_PUBMED = re.compile(r"embase|scopus|cinahl|pubmed central", re.IGNORECASE)
_DOI = re.compile(r"^(https?://(dx\.)?doi\.org/|doi:\s*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One citation: `key` as the file names it, `cells` by column of studies, and what was `assumed` in reading it."""

    key: str
    cells: Row
    assumed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of a study: what it holds and what the file says."""

    study: str
    column: str
    has: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Citations:
    """What an import did: cells filled, cells replaced, cells kept although the file differs, entries without study.

    `assumed` says, for studies that were given such a cell, what was assumed in reading the file.
    """

    filled: tuple[Cell, ...]
    replaced: tuple[Cell, ...]
    kept: tuple[Cell, ...]
    unmatched: tuple[str, ...]
    assumed: tuple[str, ...] = ()


def import_citations(
    folder: DataFolder, path: Path, *, study: str | None = None, replace: bool = False
) -> Citations:
    """Fill author, year, title, journal, doi, pmid and url of studies from a .bib or .ris file.

    An entry belongs to the study named `study` (the file then has one entry), else to the study whose id is its key,
    else to the study with its DOI.

    Raises
    ------
    EvidenceError : a file that cannot be read, entries that belong to no study, two entries for one study.
    """
    entries = read_citations(path)
    with transaction.writing(folder):
        return _fill_sets(folder, entries, path.name, study, replace)


def _fill_sets(
    folder: DataFolder, entries: list[Entry], file: str, study: str | None, replace: bool
) -> Citations:
    sets = {p.name: t for p in literature_sets(folder.raw) if (t := read_raw(p, "studies", folder.raw))}
    matched, unmatched = _match(entries, sets, study, file)
    done: dict[str, list[Cell]] = {"filled": [], "replaced": [], "kept": []}
    changes: Files = {}
    for name, table in sets.items():
        before = sum(len(done[k]) for k in ("filled", "replaced"))
        rows = [_fill(row, matched.get(row["study_id"]), replace, done) for row in table.rows]
        if sum(len(done[k]) for k in ("filled", "replaced")) > before:
            used = {*table.columns, *(c for row in rows for c in row)}
            order = [c for c in tables()["studies"].names if c in used]
            columns = table.columns if used == set(table.columns) else (*order, *(used - set(order)))
            changes[name] = {"studies.csv": RawTable(columns=tuple(columns), rows=tuple(rows)).to_bytes()}
    commit(folder, changes)
    given = {(c.study, c.says) for k in ("filled", "replaced") for c in done[k] if c.column == "pmid"}
    assumed = {m: e.assumed for m, c in matched.items() for e in entries if e.cells is c and e.assumed}
    return Citations(
        unmatched=unmatched,
        assumed=tuple(f"{m}: {said}" for m, said in assumed.items() if (m, matched[m]["pmid"]) in given),
        **{k: tuple(v) for k, v in done.items()},
    )


def read_citations(path: Path) -> list[Entry]:
    """Entries of a .bib or .ris file in columns of studies."""
    if not path.is_file():
        raise EvidenceError(f"there is no file {path}; check the name.")
    if path.stat().st_size > MAX_BYTES:
        raise EvidenceError(f"{path.name} is larger than {MAX_BYTES // 2**20} MB; export fewer citations.")
    try:
        text = read_regular(path).decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise EvidenceError(
            f"{path.name} is not UTF-8 (byte {problem.start}); save it again as UTF-8."
        ) from None
    if "\x00" in text:
        raise EvidenceError(f"{path.name} holds a byte 0, which no text has; export it again.")
    bib = path.suffix.lower() == ".bib"
    # each line of a run of blank ones may begin a citation, and would be looked through to the end of the run
    text = _BLANK_LINES.sub("\n", text) if bib else text
    # Both parsers pass over an entry that is not closed; nothing may be lost in silence.
    begun = len((_BIB_ENTRY if bib else _RIS_ENTRY).findall(text))
    if begun > MAX_ENTRIES:
        raise EvidenceError(
            f"{path.name} has {begun} citations; at most {MAX_ENTRIES} are read at a time. Export those of the studies."
        )
    try:
        entries = _bibtex(text, path.name) if bib else _ris(text)
    except RecursionError:
        raise EvidenceError(
            f"{path.name} is nested too deeply to be read: its braces do not close, or are hundreds within one another."
        ) from None
    except _BROKEN as problem:
        raise EvidenceError(
            f"{path.name} is not {'a BibTeX' if bib else 'an RIS'} file: {str(problem)[:200] or 'it cannot be parsed'}."
        ) from None
    if not entries or begun != len(entries):
        raise EvidenceError(
            f"{path.name} begins {begun} citations, of which {len(entries)} can be read; "
            f"check {'braces and commas' if bib else 'that each ends with ER'}."
        )
    return entries


def _bibtex(text: str, name: str) -> list[Entry]:
    import bibtexparser
    from bibtexparser.bparser import BibTexParser

    _refuse_bombs(text, name)
    _refuse_double_fields(text, name)
    parser = BibTexParser(common_strings=True, ignore_nonstandard_types=False, customization=_in_unicode)
    return [
        _entry(str(e["ID"]), _from_bibtex(e))
        for e in bibtexparser.loads(_citations_alone(text), parser).entries
    ]


def _citations_alone(text: str) -> str:
    """The citations and the words that they use, without comments: the parser takes seconds for a page of those."""
    begins = list(_BEGIN.finditer(text))
    kept = []
    for begin, following in zip(begins, [*begins[1:], None]):
        body = text[begin.end(1) : following.start(1) if following else len(text)]
        if begin[2].lower() != "comment":
            kept.append(begin[1] + (body[: _end(body)] if begin[3] == "{" else body))
    return "\n".join(kept)


def _end(body: str) -> int:
    """Where the brace is closed within which `body` begins; all of it where it is not."""
    depth = 1
    for brace in re.finditer("[{}]", body):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return brace.end()
    return len(body)


def _refuse_bombs(text: str, name: str) -> None:
    """A word defined by @string stands in for its text wherever it is used; a few lines can mean gigabytes."""
    defined = [p for p in _ANY_ENTRY.split(text) if p.lstrip().lower().startswith("@string")]
    if any(_JOINED.search(p) for p in defined):
        raise EvidenceError(f"{name}: an @string is joined from others (#); write its text out.")
    uses = text.count("=") + text.count("#")
    if uses * max(map(len, defined), default=0) > MAX_WRITTEN_OUT:
        raise EvidenceError(
            f"{name}: its @string texts, written out, would be too long; export without them."
        )


_READ = ("author", "year", "title", "journal", "volume", "number", "pages", "doi", "pmid", "url")
"""Fields of BibTeX that are read."""


def _refuse_double_fields(text: str, name: str) -> None:
    """A field that stands twice in an entry: the parser takes the first and says nothing."""
    begins = list(_BIB_ENTRY.finditer(text))
    for begin, following in zip(begins, [*begins[1:], None]):
        key, *fields = _outermost(text[begin.end() : following.start() if following else len(text)]).split(
            ","
        )
        given = [field.partition("=")[0].strip().lower() for field in fields if "=" in field]
        twice = [field for field in _READ if given.count(field) > 1]
        if twice:
            raise EvidenceError(
                f"{name}: the citation {key.strip()[:60]} has the field {', '.join(twice)} more than once; keep one."
            )


def _outermost(body: str) -> str:
    """What stands in an entry outside the braces and the quotation marks of its values."""
    depth, quoted, kept = 0, False, []
    for sign in body:
        if sign in "{}":
            depth += 1 if sign == "{" else -1
        elif sign == '"' and depth == 0:
            quoted = not quoted
        elif depth == 0 and not quoted:
            kept.append(sign)
        if depth < 0:
            break
    return "".join(kept)


def _from_bibtex(e: dict[str, str]) -> dict[str, str]:
    return {
        "first_author": e.get("author", ""),
        "year": e.get("year", ""),
        "title": e.get("title", ""),
        "journal": _journal(e.get("journal", ""), e.get("year", ""), e.get("volume", ""), e.get("number", ""),
                            e.get("pages", "")),
        "doi": e.get("doi", ""),
        "pmid": e.get("pmid", ""),
        "url": e.get("url", ""),
    }  # fmt: skip


def _ris(text: str) -> list[Entry]:
    import rispy

    found = []
    for e in rispy.loads(text):
        database = str(e.get("name_of_database") or e.get("database_provider") or "").strip()
        pmid, assumed = _pmid(str(e.get("accession_number", "")), database)
        entry = _entry(str(e.get("id", "")), _from_ris(e) | {"pmid": pmid})
        found.append(replace_in(entry, assumed=assumed))
    return found


def _from_ris(e: dict[str, Any]) -> dict[str, str]:
    authors = e.get("authors") or e.get("first_authors") or [""]
    pages = "-".join(p for p in (e.get("start_page", ""), e.get("end_page", "")) if p)
    journal = next(
        (
            e[k]
            for k in ("journal_name", "alternate_title3", "secondary_title", "alternate_title1")
            if e.get(k)
        ),
        "",
    )
    year = re.split("[/-]", str(e.get("year") or e.get("publication_year") or "").strip())[0]
    return {
        "first_author": _author(str(authors[0])),
        "year": year,
        "title": e.get("title") or e.get("primary_title") or "",
        "journal": _journal(journal, year, str(e.get("volume", "")), str(e.get("number", "")), pages),
        "doi": e.get("doi", ""),
        "url": (e.get("urls") or [""])[0],
    }


def _entry(key: str, cells: dict[str, str]) -> Entry:
    plain = {c: " ".join(re.sub(r"[{}]", "", str(v)).split()) for c, v in cells.items()}
    plain["doi"] = _DOI.sub("", plain["doi"])
    return Entry(key=key.strip(), cells={c: v for c, v in plain.items() if v})


def _author(name: str) -> str:
    """``Lee, Anna B.`` to ``Lee AB`` and ``Lee, Jr., Anna B.`` to ``Lee AB Jr``; without a comma it stays as it is.

    A suffix stands second in BibTeX and last in RIS, and last in a reference.
    """
    family, *rest = (part.strip() for part in name.split(","))
    if not rest:
        return name
    suffix = [part for part in rest if _SUFFIX.fullmatch(part)]
    given = [part for part in rest if part not in suffix]
    initials = "".join(word[0] for word in re.split(r"[\s.\-]+", " ".join(given)) if word)
    return " ".join(part for part in (family, initials, *(s.rstrip(".") for s in suffix)) if part)


def _first_named(authors: str) -> str:
    """The first of the authors of a BibTeX entry as it is typed; empty where none is named.

    An ``and`` in braces belongs to a name, as in ``{Surgeons and Sons, London}``.
    """
    depth, names = 0, [""]
    for word in re.split(r"(\s+)", authors):
        if depth == 0 and word.lower() == "and":
            names.append("")
            continue
        names[-1] += word
        depth += word.count("{") - word.count("}")
    return next((n.strip() for n in names if n.strip() and n.strip().lower() != "others"), "")


def _in_unicode(record: dict[str, str]) -> dict[str, str]:
    """The entry without commands of LaTeX, and its first author before braces, which keep a name whole, are gone."""
    from bibtexparser.customization import convert_to_unicode

    first = _first_named(record.get("author", ""))
    whole = re.fullmatch(r"\{((?:[^{}]|\{[^{}]*\})*)\}", first) is not None
    found: dict[str, str] = convert_to_unicode(record | {"author": first})
    return found | {"author": found["author"] if whole else _author(re.sub(r"[{}]", "", found["author"]))}


def _pmid(number: str, database: str) -> tuple[str, str]:
    """The accession number of an RIS entry where it is that of PubMed, and what was assumed of it.

    Each database has accession numbers of its own (``DB``); where none is named, a number that can be one of PubMed's,
    of at most eight digits, is taken for one and that is said.
    """
    found = _PMID.fullmatch(number.strip())
    if found is None or (database and (not _PUBMED.search(database) or _NOT_PUBMED.search(database))):
        return "", ""
    said = (
        ""
        if database or found[1]
        else f"AN {number.strip()} is taken for a PMID, as no database is named (DB)"
    )
    return found[2], said


def _journal(name: str, year: str, volume: str, number: str, pages: str) -> str:
    """Journal with volume and pages, as references print it."""
    if not (name and year and volume and pages):
        return name
    return f"{name} {year};{volume}{f'({number})' if number else ''}:{re.sub('-+', '-', pages)}"


def _match(
    entries: list[Entry], sets: dict[str, RawTable], study: str | None, file: str
) -> tuple[dict[str, Row], tuple[str, ...]]:
    """Cells by study, and the keys of entries that belong to none."""
    rows = [row for table in sets.values() for row in table.rows]
    known = {row["study_id"] for row in rows}
    by_doi = {_DOI.sub("", row["doi"]).lower(): row["study_id"] for row in rows if row.get("doi")}
    if study is not None and (study not in known or len(entries) != 1):
        why = f"it holds {len(entries)} citations" if study in known else f"there is no study {study}"
        raise EvidenceError(f"{file} cannot fill study {study}: {why}.")
    matched: dict[str, Row] = {}
    unmatched = []
    for entry in entries:
        own = study or (
            entry.key if entry.key in known else by_doi.get(entry.cells.get("doi", "").lower(), "")
        )
        if not own:
            unmatched.append(entry.key or entry.cells.get("doi", "") or entry.cells.get("title", "")[:40])
        elif own in matched:
            raise EvidenceError(f"{file} has two citations for study {own}; keep one.")
        else:
            matched[own] = entry.cells
    if not matched:
        raise EvidenceError(
            f"no citation of {file} belongs to a study ({', '.join(unmatched[:5])}): its key is a study id, or its "
            "DOI stands in studies.csv, or name the study with --study."
        )
    return matched, tuple(unmatched)


def _fill(row: Row, cells: Row | None, replace: bool, done: dict[str, list[Cell]]) -> Row:
    if cells is None:
        return row
    out = dict(row)
    for column in FIELDS:
        has, says = row.get(column, ""), cells.get(column, "")
        if not says or _alike(has, says):
            continue
        kind = "filled" if not has else "replaced" if replace else "kept"
        done[kind].append(Cell(study=row["study_id"], column=column, has=has, says=says))
        if kind != "kept":
            out[column] = says
    return out


def _alike(a: str, b: str) -> bool:
    """Equal but for case, spaces and a full stop at the end."""
    return " ".join(a.casefold().split()).rstrip(".") == " ".join(b.casefold().split()).rstrip(".")
