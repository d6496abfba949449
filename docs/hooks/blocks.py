"""The blocks of a page of the manual, run as its reader would type them: one session a page, in a folder of its own.

A Python block shows what it prints and what its last line is, as a notebook does: a picture, a table or text. A shell
block is run line by line and shows what it prints. A block of any other language is shown and not run. The tests run
every page, and the manual is built from the same run, so no output in it was typed.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from survsim.core.errors import SurvsimWarning

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(?P<language>python|sh)\n(?P<code>.*?)^```\n", re.M | re.S)
LINKED = ("data", "analyses", "notebooks")
"""What the folder of a page finds of the project, as one who has cloned it does."""
SECONDS = 120


class BlockFailed(Exception):
    """A block of the manual that does not run: the page, the block and what came."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a block leaves to be seen below it."""

    text: str = ""
    html: str = ""
    pictures: tuple[bytes, ...] = ()


@dataclass(slots=True)
class Page:
    """A page whose blocks are run in order; the names that one makes are there for the next."""

    name: str
    text: str
    folder: Path
    names: dict[str, Any] = field(default_factory=dict)

    def shown(self) -> Iterator[tuple[re.Match[str], Shown]]:
        """Each block of the page and what it shows."""
        for link in LINKED:
            if not (self.folder / link).exists():
                (self.folder / link).symlink_to(ROOT / link)
        with contextlib.chdir(self.folder):
            for number, block in enumerate(FENCE.finditer(self.text), start=1):
                run = self._python if block["language"] == "python" else self._shell
                try:
                    yield block, run(block["code"])
                except Exception as reason:
                    raise BlockFailed(
                        f"{self.name}, block {number}:\n{block['code']}\n{type(reason).__name__}: {reason}"
                    ) from reason

    def _python(self, code: str) -> Shown:
        tree = ast.parse(code)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("error")
            warnings.simplefilter("always", SurvsimWarning)
            exec(compile(tree, self.name, "exec"), self.names)
            value = eval(compile(ast.Expression(last.value), self.name, "eval"), self.names) if last else None
        spoken = "".join(f"{each.category.__name__}: {each.message}\n" for each in said)
        return _displayed(value, spoken + printed.getvalue())

    def _shell(self, code: str) -> Shown:
        found = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        quiet = os.environ | {"PATH": found, "NO_COLOR": "1", "COLUMNS": "100", "MPLBACKEND": "Agg"}
        done = subprocess.run(
            ["bash", "-e", "-c", code],
            env=quiet,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"exit {done.returncode}: {done.stdout}{done.stderr}")
        return Shown(text=done.stdout)


def _displayed(value: Any, printed: str) -> Shown:
    """A value as a notebook would show it below its cell, after what was printed."""
    figure = getattr(value, "figure", value if hasattr(value, "savefig") else None)
    if hasattr(figure, "savefig"):
        picture = io.BytesIO()
        figure.savefig(picture, format="svg", metadata={"Date": None})
        return Shown(text=printed, pictures=(picture.getvalue(),))
    if hasattr(value, "as_raw_html"):
        return Shown(text=printed, html=value.as_raw_html())
    if hasattr(value, "_repr_html_") and type(value).__module__.startswith("survsim.report"):
        return Shown(text=printed, html=value._repr_html_())
    return Shown(text=printed + ("" if value is None else f"{value}\n"))
