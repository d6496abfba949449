"""Every text in the pictures of a report, read from the pictures and not from their pixels.

    python -m tests.helpers.report_texts REPORT.py

runs the cells of the report as its kernel would and prints the texts as JSON; `texts_of` asks for them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

RAW = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+|\bhr [a-z]")
"""A name out of a file: words joined by underscores, or such a name with blanks for them."""


def raw_names(texts: list[str]) -> list[str]:
    """Those among the texts of a picture that are names out of files."""
    return [text for text in texts if RAW.search(text)]


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
