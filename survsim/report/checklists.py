"""Reporting guidelines, item by item: where a report answers each, and what is missing."""

from __future__ import annotations

import functools
import html
import importlib.resources
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from survsim.core.errors import InputError
from survsim.core.yaml_files import read_yaml

FILES = {
    "CARE": "care.yml",
    "STROBE": "strobe.yml",
    "PRISMA-IPD": "prisma_ipd.yml",
    "ISPOR": "cheers.yml",
}
"""The name by which paper.yml calls a guideline, and the file of its items."""
OUTSIDE = "does not apply"
"""How a declared answer begins that says why an item is none of this report's."""
NOT_SAID = "not said in this report"
ALWAYS = {"title": "Title", "abstract": "Abstract"}
"""What a report may have that is no section of its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """A guideline.

    Attributes
    ----------
    name : as it is known.
    cite : where it was published.
    items : number, part of the report, what is asked, and the heading that answers it unless declared otherwise.
    """

    name: str
    cite: str
    items: tuple[tuple[str, str, str, str], ...]


@functools.cache
def checklist(name: str) -> Checklist:
    """The guideline of that name.

    Raises
    ------
    InputError : a name that none has.
    """
    if name not in FILES:
        raise InputError(f"there is no checklist {name!r}; there are: {', '.join(FILES)}.")
    place = importlib.resources.files("survsim.report").joinpath("page", FILES[name])
    with importlib.resources.as_file(place) as path:
        content = read_yaml(path)
    items = tuple((str(i), str(part), str(asks), str(where)) for i, part, asks, where in content["items"])
    return Checklist(name=content["name"], cite=content["cite"], items=items)


def checklist_rows(
    name: str, answers: Mapping[str, str], headings: Sequence[str]
) -> list[tuple[str, str, str, str, str]]:
    """Each item with where it is answered and what is missing; both for one that is answered in part.

    Parameters
    ----------
    name : of the guideline.
    answers : item to headings or words, as declared, parted by semicolons; "missing: ..." at the end tells what is not there.
    headings : of the report's sections; "title" and "abstract" where it has them.

    Raises
    ------
    InputError : an answer to an item that the guideline does not have.
    """
    asked = checklist(name)
    unknown = [k for k in answers if k not in {item[0] for item in asked.items}]
    if unknown:
        raise InputError(
            f"{asked.name} has no item {', '.join(unknown)}; its items are numbered 1 to {asked.items[-1][0]}."
        )
    rows = []
    for number, part, asks, where in asked.items:
        said = answers.get(number, "")
        there, word, lacking = said.partition("missing:")
        if word:
            rows.append((number, part, asks, there.strip(" ;"), lacking.strip()))
        elif said or where in headings:
            rows.append((number, part, asks, said or where, ""))
        else:
            rows.append((number, part, asks, "", NOT_SAID))
    return rows


def checklist_markup(name: str, answers: Mapping[str, str], anchors: Mapping[str, str]) -> tuple[str, str]:
    """A sentence that counts and cites, and the table as HTML, its places linked.

    Parameters
    ----------
    name, answers : as for `checklist_rows`.
    anchors : heading to its place on the page; "title" and "abstract" where the report has them.
    """
    rows = checklist_rows(name, answers, list(anchors))
    beside = sum(row[3].startswith(OUTSIDE) for row in rows)
    whole = sum(bool(row[3]) and not row[4] for row in rows) - beside
    in_part = sum(bool(row[3]) and bool(row[4]) for row in rows)
    asked = checklist(name)
    intro = (
        f"Of the {len(rows)} items of {asked.name} {whole} are answered in this report and {in_part} in part"
        f"{f', {beside} do not apply' if beside else ''}; for the others the table says what is missing. The items are told in this project's words; the guideline itself: {asked.cite}."
    )
    lines = "".join(
        f"<tr><th>{number}</th><td>{part}</td><td>{asks}</td><td>{_places(where, anchors)}</td><td>{missing}</td></tr>"
        for number, part, asks, where, missing in (
            (*(html.escape(cell, quote=False) for cell in row[:3]), row[3], row[4]) for row in rows
        )
    )
    heads = "".join(f"<th>{h}</th>" for h in ("Item", "Part", "What is asked", "Where", "Missing"))
    title = f'<td class="gt_title">{asked.name}: where each item is answered</td>'
    table = f'<table><thead><tr class="gt_heading">{title}</tr><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>'
    return intro, table


def _places(where: str, anchors: Mapping[str, str]) -> str:
    """Headings of the page as links; other words as they are, for they may carry numbers of the ledger."""
    found = []
    for one in (part.strip() for part in where.split(";")):
        anchor = anchors.get(one)
        name = html.escape(ALWAYS.get(one, one), quote=False)
        found.append(f'<a href="#{anchor}">{name}</a>' if anchor else one)
    return "; ".join(found)
