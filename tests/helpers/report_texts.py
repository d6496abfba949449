"""Every text in the pictures of a report, read from the pictures and not from their pixels.

    python -m tests.helpers.report_texts REPORT.py

runs the cells of the report as its kernel would and prints the texts as JSON; `texts_of` asks for them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

RAW = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+|\bhr [a-z]")
"""A name out of a file: words joined by underscores, or such a name with blanks for them."""


SHOWN = re.compile(r"(?<![\w/.])[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+(?![\w/]|\.(?:ya?ml|csv|py)\b)")
"""A name of the program in the text of a page: words joined by underscores; no path and no file."""


def raw_names(texts: list[str], known: Iterable[str] = ()) -> list[str]:
    """Those among the texts of a picture that are names out of files, or known names with blanks in their place."""
    plain = {name.replace("_", " ").lower() for name in known if name.count("_") >= 2}
    return [t for t in texts if RAW.search(t) or any(name in t.lower() for name in plain)]


def shown_raw(page: BeautifulSoup) -> list[str]:
    """Names of the program that a reader of a page sees, outside code, addresses on the net and columns of addresses."""
    for tag in page.select("a[href^=http], code, pre, script, style"):
        tag.decompose()
    for table in page.find_all("table"):
        rows = table.find_all("tr")
        heads = [h.get_text(" ", strip=True).lower() for h in rows[0].find_all("th")] if rows else []
        for row in rows[1:]:
            for head, cell in zip(heads, row.find_all(["td", "th"]), strict=False):
                if head in ("row", "row of the evidence") or head.startswith("rows of the evidence"):
                    cell.decompose()
    texts = [str(t) for t in page.find_all(string=True)]
    texts += [str(tag.get(name, "")) for tag in page.find_all(True) for name in ("alt", "aria-label")]
    return [found for text in texts for found in SHOWN.findall(text)]


def names_of_rows() -> list[str]:
    """Names of this repository's studies and cases."""
    import survsim

    evidence = survsim.load_evidence()
    return [*evidence.table("studies")["study_id"], *evidence.table("cases")["case_id"]]


def texts_of(report: Path, results: Path) -> list[str]:
    """The texts of all pictures that a report draws from a folder of results."""
    from survsim.report.notebook import _environment

    done = subprocess.run(
        [sys.executable, "-m", "tests.helpers.report_texts", str(report)],
        capture_output=True, text=True, cwd=Path(__file__).resolve().parents[2], env=_environment(results, str(results)),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(report: Path) -> None:
    """Run the cells, and print what the pictures say."""
    import os
    import warnings

    import matplotlib

    matplotlib.use("Agg")
    warnings.simplefilter("ignore")
    import matplotlib.figure
    from matplotlib.text import Text

    drawn: list[Any] = []
    begin = matplotlib.figure.Figure.__init__

    def kept(self: Any, *args: Any, **options: Any) -> None:
        begin(self, *args, **options)
        drawn.append(self)

    setattr(matplotlib.figure.Figure, "__init__", kept)  # noqa: B010
    os.chdir(report.parent)
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in re.split(r"^# %%.*$", report.read_text(encoding="utf-8"), flags=re.M):
        exec(compile(cell, str(report), "exec"), names)
    texts = [t.get_text().strip() for figure in drawn for t in figure.findobj(Text)]
    print(json.dumps(sorted({t for t in texts if t})))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
