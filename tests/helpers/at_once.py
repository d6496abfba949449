"""Commands that write to one study, several at once: each of them finishes and nothing that one wrote is lost.

``python -m tests.helpers.at_once TRIES`` starts all of them together and ends with 1 if anything is missing.
"""

from __future__ import annotations

import itertools
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.helpers.kills import done, study_at, survsim

RAW = "data/raw/literature/lung/"


@dataclass(frozen=True, slots=True)
class Together:
    """Commands that are started together, and what must stand in each raw table when all have ended."""

    commands: tuple[tuple[str, ...], ...]
    written: Mapping[str, tuple[str, ...]]
    whole: bool
    """Whether the tables can be curated afterwards; those of new studies have cells to fill in."""


GROUPS = {
    "studies": Together(
        (
            ("data", "add-study", "ng_2022"),
            ("data", "add-study", "kim_2023"),
            ("data", "add-study", "park_2024"),
            ("data", "add-study", "roe_2020", "--xlsx"),
        ),
        {
            "studies.csv": ("ng_2022", "kim_2023", "park_2024"),
            "estimates.csv": ("ng_2022", "kim_2023", "park_2024"),
        },
        whole=False,
    ),
    "numbers": Together(
        (
            ("data", "import", "in.xlsx"),
            ("data", "import", "in.bib"),
            (
                "data",
                "add-curve",
                "alpha_2019",
                "figure_9",
                "--arm",
                "observation=A",
                "--read-by",
                "reading_1",
            ),
            ("data", "add-study", "roe_2020", "--xlsx"),
            ("data", "curate"),
            ("data", "migrate"),
        ),
        {
            "studies.csv": ("lee_2021", "alpha_2019"),
            "estimates.csv": ("lee_2021_e01",),
            "curves.csv": ("alpha_os", "0.48"),
        },
        whole=True,
    ),
}


def at_once(study: Path, together: Together) -> list[str]:
    """What is wrong after all commands ran together."""
    started = [(words, survsim(study, *words)) for words in together.commands]
    wrong = []
    for words, process in started:
        out, error = process.communicate(timeout=300)
        if process.returncode:
            wrong.append(f"{' '.join(words)} ends with {process.returncode}: {(out + error)[-300:]}")
    for name, wanted in together.written.items():
        text = (study / RAW / name).read_text(encoding="utf-8")
        wrong += [f"{word} is not in {name}" for word in wanted if word not in text]
    if not list(study.rglob("roe_2020*.xlsx")):
        wrong.append("the spreadsheet of roe_2020 is not there")
    for words in (("data", "curate"), ("data", "check")) if together.whole else ():
        code, said = done(study, *words)
        if code:
            wrong.append(f"then {' '.join(words)} ends with {code}: {said[-300:]}")
    return wrong


def tries(n: int, groups: Iterable[str] = tuple(GROUPS)) -> list[str]:
    """What `n` tries lost."""
    wrong = []
    with tempfile.TemporaryDirectory() as scratch:
        template = study_at(Path(scratch))
        for k, name in itertools.product(range(n), groups):
            study = Path(scratch) / f"{name}_{k}" / "study"
            shutil.copytree(template, study)
            wrong += [f"{name}, try {k}: {one}" for one in at_once(study, GROUPS[name])]
    return wrong


if __name__ == "__main__":
    asked = int(sys.argv[1])
    found = tries(asked)
    print(
        "\n".join([*found, f"{asked} tries of {len(GROUPS)} groups of commands at once, {len(found)} faults"])
    )
    sys.exit(bool(found))
