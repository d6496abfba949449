"""A report as a PDF file: the page as a browser prints it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from survsim.core import files
from survsim.core.errors import InputError, SurvsimError

BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge",
    "brave-browser",
)  # fmt: skip
VARIABLE = "SURVSIM_BROWSER"
"""Environment variable that names the browser to print with."""
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
SECONDS = 180


def browser() -> str:
    """The browser that prints: the one that the environment names, or the first of its kind that is found.

    Raises
    ------
    InputError : none is there.
    """
    named = os.environ.get(VARIABLE)
    if named:
        found = shutil.which(named)
        if found is None:
            raise InputError(
                f"{VARIABLE} names {named!r}, which is no program here; name a Chromium, Chrome or Edge."
            )
        return found
    for one in (*BROWSERS, *PLACES):
        found = shutil.which(one)
        if found is not None:
            return found
    raise InputError(
        "a PDF is printed by Chromium, Chrome or Edge, and none was found. Install one, name it in "
        f"{VARIABLE}, or print the HTML page from any browser; `--format word` needs no browser."
    )


def write_pdf(path: Path, page: str) -> None:
    """Print a page to a PDF file, whole or not at all.

    Parameters
    ----------
    path : name.pdf.
    page : the HTML of the report.

    Raises
    ------
    InputError : no browser that could print.
    SurvsimError : a browser that did not.
    """
    program = browser()
    with tempfile.TemporaryDirectory() as scratch:
        source, target = Path(scratch, "page.html"), Path(scratch, "page.pdf")
        source.write_text(page, encoding="utf-8")
        words = [
            program, "--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer",
            f"--user-data-dir={scratch}/profile", f"--print-to-pdf={target}", source.as_uri(),
        ]  # fmt: skip
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            words.insert(1, "--no-sandbox")  # a browser refuses to start for the administrator otherwise
        try:
            done = subprocess.run(words, capture_output=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SurvsimError(f"{Path(program).name} did not print the report: {error}.") from None
        if not target.is_file():
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise SurvsimError(
                f"{Path(program).name} did not print the report: {said[-1] if said else 'it said nothing'}."
            )
        content = target.read_bytes()
    with files.atomic_open(path, "wb") as file:
        file.write(content)
