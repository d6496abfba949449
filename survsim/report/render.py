"""From an executed notebook to one self-contained HTML page: images inside, nothing from the net."""

from __future__ import annotations

import html
import importlib.resources
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from survsim._version import __version__
from survsim.core.ledger import Ledger
from survsim.report.front import Front
from survsim.report.paper import paper

if TYPE_CHECKING:
    from nbformat import NotebookNode

NOTE = (
    "For research. Not treatment advice. Each underlined number carries its key; "
    "<code>survsim trace {slug} KEY</code> prints the rows behind it."
)
FINGERPRINT = re.compile(r'<meta name="survsim-fingerprint" content="([0-9a-f]*)">')


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The other reports of a study, for links.

    Attributes
    ----------
    numbered : two digits to the page of the report that begins with them.
    before, after : page and short title of the report before and after this one; None at the ends.
    """

    numbered: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, str] | None = None
    after: tuple[str, str] | None = None


def page(
    notebook: NotebookNode,
    ledger: Ledger,
    fingerprint: str = "",
    front: Front | None = None,
    near: Neighbours | None = None,
    panel: str = "",
    names: Mapping[str, str] | None = None,
) -> str:
    """The HTML page of a report, its footer naming version, data and seed.

    Parameters
    ----------
    notebook : with its outputs.
    ledger : the numbers of the report.
    fingerprint : what the page was made from.
    front : title, abstract and captions that the report declares.
    near : the other reports of the study; without, the page links to none.
    panel : name of the page with sliders beside this one, which is linked where there is one.
    names : name of a row, study, case or column of the data -> words for it.
    """
    near = near or Neighbours()
    made = paper(notebook, ledger, front or Front(), near.numbered, names)
    return Template(_asset("page.html")).substitute(
        title=html.escape(made.title),
        style=_asset("page.css"),
        body=made.body,
        version=__version__,
        fingerprint=fingerprint,
        picture=made.picture,
        description=html.escape(made.sentence),
        links=_links(near) + (f'<a href="{html.escape(panel)}">Move it by hand</a>' if panel else ""),
        mode=ledger.mode,
        data=html.escape(ledger.data_checksum[:12]),
        seed="none, no random numbers" if ledger.seed is None else str(ledger.seed),
        note=NOTE.format(slug=html.escape(ledger.analysis)),
    )


def _links(near: Neighbours) -> str:
    """The way to the other reports: those before and after, and the page of all."""
    if not near.numbered:
        return '<a href="#contents">Contents</a>'
    found = ['<a href="index.html">All reports</a>']
    for word, one in (("Before", near.before), ("Next", near.after)):
        if one is not None:
            found.append(f'<a href="{html.escape(one[0])}">{word}: {html.escape(one[1])}</a>')
    return "".join(found)


def fingerprint_of(path: Path) -> str:
    """What a page on disk was made from; empty if there is none or it does not say."""
    if not path.is_file():
        return ""
    with path.open(encoding="utf-8", errors="replace") as file:
        found = FINGERPRINT.search(file.read(8192))
    return found.group(1) if found else ""


def _asset(name: str) -> str:
    return importlib.resources.files("survsim.report").joinpath("page", name).read_text(encoding="utf-8")
