"""A new study: a folder of this repository's shape, with an invented example that reaches a report at once."""

from __future__ import annotations

import difflib
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
from survsim.scenario.file_schemas import file_schema

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}")
TEMPLATES = ("evidence", "strategies", "both")
"""What a new study begins with: a report of what is published, a simulation of two strategies, or both."""
FILES = {
    "Makefile": "Makefile.txt",
    ".gitignore": "gitignore.txt",
    "notebooks/README.md": "notebooks.txt",
    "data/raw/declared/sources.csv": "sources.csv",
    "data/raw/declared/endpoints.csv": "endpoints.csv",
    "data/raw/literature/example/studies.csv": "studies.csv",
}
"""Each file of any new study and the file of the package it is copied from."""
EVIDENCE = {
    "analyses/01_evidence_base/README.md": "analysis_readme.txt",
    "analyses/01_evidence_base/scenario.yml": "scenario.yml",
    "analyses/01_evidence_base/run.py": "run.py.txt",
    "analyses/01_evidence_base/report.py": "report.py.txt",
}
STRATEGIES = {
    "analyses/02_strategies/README.md": "strategies_readme.txt",
    "analyses/02_strategies/scenario.yml": "strategies_scenario.yml",
    "analyses/02_strategies/protocol.yml": "strategies_protocol.yml",
    "analyses/02_strategies/run.py": "strategies_run.py.txt",
    "analyses/02_strategies/report.py": "strategies_report.py.txt",
    "data/strategies/usual_care.yml": "strategies_usual.yml",
    "data/strategies/drug_first.yml": "strategies_drug.yml",
}
"""What a template adds to it."""
ESTIMATES = "data/raw/literature/example/estimates.csv"
DATA_README = """\
# The evidence

Type numbers below `raw/literature/`, as printed, with their place; decisions below `raw/declared/`. Never edit
`curated/`: change a raw file and run `survsim data curate`. The tables and their columns:

"""


def new_study(name: str, parent: Path | None = None, *, template: str = "evidence") -> Path:
    """Make the folder `name` in `parent` (default: here), whole or not at all; return it.

    Raises
    ------
    InputError : a name that is none, a template that does not exist, or a folder that is there already.
    """
    if NAME.fullmatch(name) is None:
        raise InputError(
            f"{name!r} cannot name a study: begin with a letter, go on with letters, digits, - and _ (at most 60), "
            "for example thymic_carcinoma; the folder is made where you stand."
        )
    texts = _texts(name, template)
    target = (parent or Path.cwd()) / name
    if target.exists() or target.is_symlink():
        raise InputError(f"{name} is there already; nothing was written. Choose another name.")
    files.sweep(target.parent, f".{name}.*.part")
    with (
        tempfile.TemporaryDirectory(prefix=f".{name}.", suffix=".part", dir=target.parent) as scratch,
        files.locked(Path(scratch), 0.0),
    ):
        made = Path(scratch) / name
        for path, text in texts.items():
            files.write_text(made / path, text)
        curate(made)
        _add_front_matter(made)
        shutil.move(made, target)
    return target


def pages(template: str) -> tuple[str, ...]:
    """The reports that a template makes, by name."""
    if template not in TEMPLATES:
        near = difflib.get_close_matches(template, TEMPLATES, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise InputError(f"there is no template {template!r}{hint} There are: {', '.join(TEMPLATES)}.")
    every = {"01_evidence_base": ("evidence", "both"), "02_strategies": ("strategies", "both")}
    return tuple(slug for slug, wanted in every.items() if template in wanted)


def _texts(name: str, template: str) -> dict[str, str]:
    """Every file of a new study and what it holds."""
    slugs = pages(template)
    simulates = "02_strategies" in slugs
    sources = FILES | (EVIDENCE if "01_evidence_base" in slugs else {}) | (STRATEGIES if simulates else {})
    texts = {path: _asset(source) for path, source in sources.items()}
    texts["README.md"] = Template(_asset("README.md.txt")).substitute(
        name=name,
        first=slugs[0],
        number="gain.drug_first" if slugs[0] == "02_strategies" else "pooled.hazard_ratio",
        strategies=_asset("readme_strategies.txt") if simulates else "",
        more_folders=_asset("readme_folders.txt") if simulates else "",
    )
    texts[ESTIMATES] = _asset("estimates.csv")
    if simulates:
        # The same columns, so the rows alone are added.
        texts[ESTIMATES] += _asset("strategies_estimates.csv").partition("\n")[2]
        for kind in ("scenario", "strategy", "calibration", "protocol"):
            texts[f"schemas/{kind}.schema.json"] = file_schema(kind)
    texts["data/README.md"] = DATA_README + package.dictionary()
    return texts


def _asset(name: str) -> str:
    return importlib.resources.files("survsim.report").joinpath("new", name).read_text(encoding="utf-8")


def _add_front_matter(made: Path) -> None:
    """Give each analysis of a new study the title and abstract that its page begins with."""
    for folder in sorted((made / "analyses").iterdir()):
        files.write_text(folder / "paper.yml", _asset(f"paper_{folder.name}.yml"))
