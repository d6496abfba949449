"""From an executed notebook to one self-contained HTML page: images inside, nothing from the net."""

from __future__ import annotations

import html
import importlib.resources
import re
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from survsim._version import __version__
from survsim.core.ledger import Ledger

if TYPE_CHECKING:
    from nbformat import NotebookNode

NOTE = (
    "For research. Not treatment advice. Each underlined number carries its key; "
    "<code>survsim trace {slug} KEY</code> prints the rows behind it."
)
FINGERPRINT = re.compile(r'<meta name="survsim-fingerprint" content="([0-9a-f]*)">')


def page(notebook: NotebookNode, ledger: Ledger, fingerprint: str = "") -> str:
    """The HTML page of a report, its footer naming version, data and seed."""
    from jinja2 import DictLoader
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(
        template_name="basic",
        template_file="page.html.j2",
        extra_loaders=[DictLoader({"page.html.j2": _asset("page.html.j2")})],
    )
    body, _ = exporter.from_notebook_node(notebook)
    return Template(_asset("page.html")).substitute(
        title=html.escape(title_of(notebook) or ledger.analysis),
        style=_asset("page.css"),
        body=body,
        version=__version__,
        fingerprint=fingerprint,
        mode=ledger.mode,
        data=html.escape(ledger.data_checksum[:12]),
        seed="none, no random numbers" if ledger.seed is None else str(ledger.seed),
        note=NOTE.format(slug=html.escape(ledger.analysis)),
    )


def title_of(notebook: NotebookNode) -> str:
    """The first heading of the notebook."""
    for cell in notebook.cells:
        found = re.search(r"^# +(.+)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else None
        if found:
            return found.group(1).strip()
    return ""


def fingerprint_of(path: Path) -> str:
    """What a page on disk was made from; empty if there is none or it does not say."""
    if not path.is_file():
        return ""
    with path.open(encoding="utf-8", errors="replace") as file:
        found = FINGERPRINT.search(file.read(4096))
    return found.group(1) if found else ""


def _asset(name: str) -> str:
    return importlib.resources.files("survsim.report").joinpath("page", name).read_text(encoding="utf-8")
