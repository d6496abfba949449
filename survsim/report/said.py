"""Names of rows, studies, cases and columns in the text of a page, said in words; the name itself is one hover away."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from survsim.core.names import readable

if TYPE_CHECKING:
    from bs4 import BeautifulSoup
    from bs4.element import Tag
    from nbformat import NotebookNode

TOKEN = re.compile(
    r"(?<![\w/.:-])(?:[a-z_]+:)?([A-Za-z0-9]+(?:_[A-Za-z0-9]+)+(?:/[A-Za-z0-9_]+)?)(?![\w-]|\.(?:ya?ml|csv|py|json|md)\b|/)"
)
"""A name of the program: words joined by underscores, an arm behind its study, a table before its row; no file."""
ELSEWHERE = re.compile(r"\b(\d\d)(?:_[a-z]+)+ [a-z0-9_]+(?:\.[a-z0-9_]+)+(?![\w.]*\w)")
"""A number of another report by the key it has there: "04_pooled_evidence new_site.at_12"."""
AFTER = re.compile(r"(?<![A-Za-z0-9_])_([est])(\d+)\b")
"""A second row of the study that was just named: "_s01"."""
TO_TYPE = "did you mean "
KEPT = {"a", "code", "pre", "script", "style", "kbd"}
"""Where a name stands as it is typed."""
ADDRESS = re.compile(r"rows?( of the evidence.*)?|key|number's name|file", re.IGNORECASE)
"""Heads of columns that give addresses, so that a reader can look them up in the data."""


def say_names(page: BeautifulSoup, names: Mapping[str, str]) -> None:
    """Put words in the place of names that are known, everywhere but in code, links and columns of addresses.

    Parameters
    ----------
    page : changed in place. A name that `names` does not have stays: it may be a word of the author's.
    names : name in the tables -> what a reader calls it.
    """
    for text in page.find_all(string=re.compile("_")):
        if any(p.name in KEPT for p in text.parents) or _is_address(text):
            continue
        told = _in_words(str(text), names)
        if told is not None:
            from survsim.report.exhibits import as_markup

            text.replace_with(*as_markup(told))
    for tag in page.find_all(alt=re.compile("_")):
        # What a picture shows was told by the program, so that no word of it is an author's.
        tag["alt"] = TOKEN.sub(lambda m: names.get(m[1]) or readable(m[1]), str(tag["alt"]))
    for cell in page.find_all("td"):
        words = cell.get_text().strip()
        if "_" not in words and words in names and cell.string is not None and not _is_address(cell.string):
            cell.string = names[words]


def say_in_outputs(notebook: NotebookNode, names: Mapping[str, str]) -> None:
    """The same in the tables that the cells of a notebook show, changed in place."""
    from bs4 import BeautifulSoup

    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            markup = output.get("data", {}).get("text/html", "")
            if "<table" in markup and any(m[1] in names for m in TOKEN.finditer(markup)):
                shown = BeautifulSoup(markup, "html.parser")
                say_names(shown, names)
                output["data"]["text/html"] = str(shown)


def _in_words(given: str, names: Mapping[str, str]) -> str | None:
    """The text as markup, each known name in words that keep it as their title; None where there is none."""
    text = ELSEWHERE.sub(r"report \1", given)
    made, last, found, before = [], 0, text != given, ""
    for match in TOKEN.finditer(text):
        words = names.get(match[1])
        if words is None:
            continue
        found = True
        made.append(html.escape(text[last : match.start()], quote=False))
        raw = html.escape(match[0])
        # Behind a row, its arm need not say the study again: "Lee 2021, row 2 (everyone)".
        study = before.partition(", row ")[0]
        if text[last : match.start()] == " (" and study and words.startswith(f"{study}, "):
            words = words[len(study) + 2 :]
        before = names[match[1]]
        # What is to be typed stands as it is typed.
        typed = text[: match.start()].endswith(TO_TYPE)
        made.append(
            f"<code>{raw}</code>"
            if typed
            else f'<span title="{raw}">{html.escape(words, quote=False)}</span>'
        )
        last = match.end()
    if not found:
        return None
    made.append(html.escape(text[last:], quote=False))
    return AFTER.sub(lambda m: f"row {'' if m[1] == 'e' else m[1]}{int(m[2])}", "".join(made))


def _is_address(text: Any) -> bool:
    """Does the text stand in a column whose head says that it holds addresses?"""
    cell: Tag | None = text.find_parent("td")
    table = cell.find_parent("table") if cell is not None else None
    line = cell.find_parent("tr") if cell is not None else None
    if cell is None or table is None or line is None:
        return False
    heads = [h.get_text(" ", strip=True) for h in table.select("thead tr")[-1].find_all("th")] if table.select("thead tr") else []  # fmt: skip
    place = line.find_all(["td", "th"]).index(cell)
    return place < len(heads) and ADDRESS.fullmatch(heads[place]) is not None
