"""A new study: a folder of this repository's shape, with an invented example that reaches a report at once."""

from __future__ import annotations

import importlib.resources
import re
import shutil
import tempfile
from pathlib import Path
from string import Template

from survsim.core import files
from survsim.core.errors import InputError
from survsim.evidence.raw import package
from survsim.evidence.raw.curate import curate

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}")
FILES = {
    "README.md": "README.md.txt",
    "Makefile": "Makefile.txt",
    ".gitignore": "gitignore.txt",
    "notebooks/README.md": "notebooks.txt",
    "data/raw/declared/sources.csv": "sources.csv",
    "data/raw/declared/endpoints.csv": "endpoints.csv",
    "data/raw/literature/example/studies.csv": "studies.csv",
    "data/raw/literature/example/estimates.csv": "estimates.csv",
    "analyses/01_evidence_base/README.md": "analysis_readme.txt",
    "analyses/01_evidence_base/scenario.yml": "scenario.yml",
    "analyses/01_evidence_base/run.py": "run.py.txt",
    "analyses/01_evidence_base/report.py": "report.py.txt",
}
"""Each file of a new study and the file of the package it is copied from."""
DATA_README = """\
# The evidence

Type numbers below `raw/literature/`, as printed, with their place; decisions below `raw/declared/`. Never edit
`curated/`: change a raw file and run `survsim data curate`. The tables and their columns:

"""


def new_study(name: str, parent: Path | None = None) -> Path:
    """Make the folder `name` in `parent` (default: here), whole or not at all; return it.

    Raises
    ------
    InputError : a name that is none, or a folder that is there already.
    """
    if NAME.fullmatch(name) is None:
        raise InputError(
            f"{name!r} cannot name a study: begin with a letter, go on with letters, digits, - and _ (at most 60), "
            "for example thymic_carcinoma; the folder is made where you stand."
        )
    target = (parent or Path.cwd()) / name
    if target.exists() or target.is_symlink():
        raise InputError(f"{name} is there already; nothing was written. Choose another name.")
    files.sweep(target.parent, f".{name}.*.part")
    with (
        tempfile.TemporaryDirectory(prefix=f".{name}.", suffix=".part", dir=target.parent) as scratch,
        files.locked(Path(scratch), 0.0),
    ):
        made = Path(scratch) / name
        for path, source in FILES.items():
            text = _asset(source)
            files.write_text(
                made / path, Template(text).substitute(name=name) if path == "README.md" else text
            )
        files.write_text(made / "data" / "README.md", DATA_README + package.dictionary())
        curate(made)
        _add_front_matter(made)
        shutil.move(made, target)
    return target


def _asset(name: str) -> str:
    return importlib.resources.files("survsim.report").joinpath("new", name).read_text(encoding="utf-8")


def _add_front_matter(made: Path) -> None:
    """Give each analysis of a new study the title and abstract that its page begins with."""
    for folder in sorted((made / "analyses").iterdir()):
        files.write_text(folder / "paper.yml", _asset(f"paper_{folder.name}.yml"))
