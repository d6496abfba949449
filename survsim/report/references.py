"""The references of a report: exactly the studies, cohorts and cases its numbers rest on."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from survsim.core.errors import EvidenceWarning, warn
from survsim.core.ledger import Ledger
from survsim.report.resolve import studies_behind, unknown_rows

if TYPE_CHECKING:
    from survsim.evidence.ask.store import EvidenceStore


LINKS = re.compile(r"doi:(10\.\S+?)(?=\.?(?:\s|$))|PMID (\d+)|(https?://\S+?)(?=\.?(?:\s|$))")
"""What a reference says about where it can be read."""


class Citations:
    """A numbered list of references that a notebook shows; made by `cited`."""

    __slots__ = ("entries",)

    def __init__(self, entries: tuple[str, ...]) -> None:
        self.entries = entries

    def __len__(self) -> int:
        return len(self.entries)

    def __repr__(self) -> str:
        return "\n".join(f"{n}. {entry}" for n, entry in enumerate(self.entries, start=1))

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{linked(entry)}</li>" for entry in self.entries)
        return f'<ol class="references">{items}</ol>'


def linked(entry: str) -> str:
    """A reference as HTML, its DOI, PubMed number and address as links."""
    parts, last = [], 0
    for found in LINKS.finditer(entry):
        doi, pmid, url = found.groups()
        target = (
            f"https://doi.org/{doi}" if doi else f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid else url
        )
        parts.append(html.escape(entry[last : found.start()], quote=False))
        parts.append(f'<a href="{html.escape(target)}">{html.escape(found.group(0), quote=False)}</a>')
        last = found.end()
    return "".join([*parts, html.escape(entry[last:], quote=False)])


def cited(ledger: Ledger, evidence: EvidenceStore, prefix: str = "") -> Citations:
    """References of the numbers whose key begins with `prefix`.

    Studies are those with a row among the sources; whole cohorts and cases follow. Numbers that count the
    whole evidence cite no single study: the tables themselves are their source.

    Parameters
    ----------
    ledger : the numbers of an analysis.
    evidence : the store they were made from.
    prefix : of the keys.

    Returns
    -------
    Citations : a list that a notebook shows as references.

    Raises
    ------
    Nothing: a number with no study behind it cites none; a source that the store does not have warns.

    Example
    -------
    >>> import survsim
    >>> from survsim.report import cited
    >>> evidence = survsim.load_evidence()
    >>> ledger = survsim.Ledger(analysis="x")
    >>> ledger.record("n", 3, provenance=survsim.Provenance.of("count", "cases:index_case"))
    >>> len(cited(ledger, evidence).entries)
    1
    """
    references: dict[str, None] = {}
    done: set[str] = set()
    for key, entry in ledger.numbers.items():
        if key.startswith(prefix) and entry.node not in done:
            done.add(entry.node)
            references.update(dict.fromkeys(ledger.provenance(key).references()))
    unknown = unknown_rows(references, evidence)
    if unknown:
        warn(
            f"{', '.join(unknown[:5])}{' and more' if len(unknown) > 5 else ''}: named as sources, but the evidence has no "
            "such rows, so they are not cited. The results are older than the data: make them again with survsim run.",
            EvidenceWarning,
        )
    studies = evidence.table("studies").set_index("study_id")
    entries = [cite(dict(studies.loc[name])) for name in studies_behind(references, evidence)]
    sources = evidence.table("sources").set_index("source_id")
    cases = evidence.table("cases").set_index("case_id")
    for reference in references:
        table, _, name = reference.partition(":")
        if table == "patients" and name in sources.index:
            entries.append(f"{sources.loc[name, 'title']}. {_stop(str(sources.loc[name, 'citation']))}")
        elif table == "cases" and name in cases.index:
            entries.append(cite(dict(cases.loc[name])))
    return Citations(tuple(dict.fromkeys(entries)))


def cite(row: dict[Any, Any]) -> str:
    """One reference as text: author, title, place, identifier, and how it was read.

    A work whose author was not printed in what was read is cited by its title, as works without an author are.
    """
    author, title = _text(row, "first_author"), _text(row, "title")
    year = "" if row["year"] != row["year"] else f"{row['year']:.0f}"
    head = f"{author} et al." if author else "" if title else "Neither author nor title printed."
    where = _text(row, "journal") or year
    # Many journal cells already hold the year.
    place = where if year in where else f"{where} ({year})"
    link = next(
        (
            f"{word}{_text(row, name)}"
            for name, word in (("doi", "doi:"), ("pmid", "PMID "), ("url", ""))
            if _text(row, name)
        ),
        "",
    )
    read = f"Read: {_text(row, 'read_what').replace('_', ' ')}"
    grade = f", evidence grade {row['evidence_grade']}" if _text(row, "evidence_grade") else ""
    return " ".join(_stop(part) for part in (head, title, place, link, f"[{read}{grade}]") if part)


def _text(row: dict[Any, Any], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _stop(text: str) -> str:
    return text if text.endswith((".", "?", "!", "]")) else f"{text}."
