"""Commands that write, killed at random moments: what the next command finds must be whole, repaired or named.

``python -m tests.helpers.kills KILLS SEED`` kills every writing command in turn and ends with 1 if anything is left.
"""

from __future__ import annotations

import csv
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import openpyxl

from survsim.evidence.raw.curate import curate
from survsim.interop.evidence_export import export_evidence
from survsim.report.new_study import new_study
from tests.helpers.mini_study import ESTIMATES, write_raw
from tests.helpers.small_figures import draw

SCENARIO = Path(__file__).parents[2] / "analyses" / "03_case_strategies" / "scenario.yml"
STUDY = {"study_id": "lee_2021", "site": "lung", "design": "rct", "n_total": 90, "read_what": "abstract"}
NUMBER = {
    "estimate_id": "lee_2021_e01",
    "study_id": "lee_2021",
    "arm_id": "chemo",
    "endpoint": "overall_survival",
    "measure": "median",
    "value": "20",
    "value_unit": "months",
    "place": "table 2",
}
BIB = "@article{beta_2020, author={Beta, Bo}, title={A registry}, year={2020}, url={https://x.org}}\n"


HIDDEN = {".ipynb_checkpoints"}
"""Names that programs of others leave."""


@dataclass(frozen=True, slots=True)
class Writing:
    """A command that writes: its words, what it changes beforehand, and what may be said when it is repeated."""

    name: str
    words: tuple[str, ...]
    before: Callable[[Path], None] = lambda study: None
    again: str = ""
    checked: bool = True
    home: bool = False
    """Whether it is run from this repository, whose evidence it needs."""


def _edited(study: Path) -> None:
    raw = study / "data/raw/literature/lung/estimates.csv"
    raw.write_text(ESTIMATES.replace(",0.70,", ",0.71,"), encoding="utf-8")


GONE = {
    "estimates": ("estimator", "unit_of_analysis", "origin_basis", "p_scope", "extracted_on"),
    "arms": ("setting", "line", "stage_mix"),
    "studies": ("followup_method", "cohort"),
}
"""Columns that an earlier version did not have."""


def _aged(study: Path) -> None:
    """The curated tables as an earlier version wrote them."""
    for name, columns in GONE.items():
        path = study / "data" / "curated" / f"{name}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(
                file, [c for c in rows[0] if c not in columns], extrasaction="ignore", lineterminator="\n"
            )
            writer.writeheader()
            writer.writerows(rows)


def _exported(study: Path) -> None:
    export_evidence(study / "out", study / "data")
    (study / "out" / "evidence.xlsx").write_bytes(b"an earlier one")


COMMANDS = (
    Writing("curate", ("data", "curate"), _edited),
    Writing("import", ("data", "import", "in.xlsx")),
    Writing("citations", ("data", "import", "in.bib")),
    Writing("add-study", ("data", "add-study", "lee_2021"), again="is there already", checked=False),
    Writing("book", ("data", "add-study", "lee_2021", "--xlsx"), again="is there already"),
    Writing("add-curve", ("data", "add-curve", "alpha_2019", "figure_9", "--arm", "observation=A", "--read-by", "reading_1")),
    Writing("reconstruct", ("reconstruct", "figure_9/curves.csv", "--n", "40", "--out", "ipd.csv")),
    Writing("digitise", ("digitise", "figure.svg", "--unit", "months", "--out", "read")),
    Writing("new", ("new", "other"), again="is there already"),
    Writing("migrate", ("data", "migrate"), _aged),
    Writing("export", ("data", "export", "out"), again="holds an earlier export"),
    Writing("export again", ("data", "export", "out", "--replace"), _exported),
    Writing("report", ("report", "01_evidence_base", "--quick")),
    Writing("run", ("run", "01_evidence_base")),
    Writing("simulate", ("simulate", str(SCENARIO), "--out", "{study}/sim", "--patients", "100", "--draws", "8",
                         "--workers", "1"), home=True),
)  # fmt: skip


def study_at(folder: Path) -> Path:
    """A study with raw tables, an analysis, a spreadsheet and citations to bring in."""
    study = new_study("study", folder)
    shutil.rmtree(study / "data/raw")
    write_raw(study / "data")
    curate(study)
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, row in (("studies", STUDY), ("estimates", NUMBER)):
        sheet = book.create_sheet(name)
        sheet.append(list(row))
        sheet.append(list(row.values()))
    book.save(study / "in.xlsx")
    (study / "in.bib").write_text(BIB, encoding="utf-8")
    figure = study / "figure_9"
    figure.mkdir()
    (figure / "curves.csv").write_text("arm,time,survival\nA,0,1\nA,12,0.48\n", encoding="utf-8")
    draw(study / "figure.svg")
    (figure / "report.json").write_text(
        '{"tolerance": {"survival": 0.01, "time": 0.1}, "unit": "months"}', encoding="utf-8"
    )
    return study


def survsim(study: Path, *words: str, home: bool = False) -> subprocess.Popen[str]:
    """The command line, standing in the study or at home."""
    words = tuple(word.replace("{study}", str(study)) for word in words)
    return subprocess.Popen(
        [sys.executable, "-c", "from survsim.cli.main import run; run()", *words],
        cwd=SCENARIO.parents[2] if home else study,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def done(study: Path, *words: str, home: bool = False) -> tuple[int, str]:
    """Exit code and everything that was said."""
    process = survsim(study, *words, home=home)
    said = process.communicate(timeout=300)
    return process.returncode, "".join(said)


def kill(command: Writing, template: Path, moment: float, folder: Path) -> str:
    """Kill a command `moment` seconds after its start; what is wrong after the next commands, empty if nothing is."""
    study = folder / "study"
    shutil.copytree(template, study)
    command.before(study)
    process = survsim(study, *command.words, home=command.home)
    time.sleep(moment)
    process.kill()
    process.communicate()
    code, said = done(study, *command.words, home=command.home)
    if "Traceback" in said or (code != 0 and not (command.again and command.again in said)):
        return f"{command.name} at {moment:.2f} s: repeated, it ends with {code}: {said[-300:]}"
    code, said = done(study, "data", "check") if command.checked else (0, "")
    if code != 0:
        return f"{command.name} at {moment:.2f} s: then data check ends with {code}: {said[-300:]}"
    known = {p.name for p in template.rglob(".*")}
    left = [str(p.relative_to(study)) for p in study.rglob(".*") if p.name not in known | HIDDEN]
    left += [f"{p.name} of another run" for p in folder.glob(".*")]
    return f"{command.name} at {moment:.2f} s: left behind {', '.join(left)}" if left else ""


def kills(n: int, seed: int, commands: tuple[Writing, ...] = COMMANDS) -> list[str]:
    """What `n` kills, at random moments of every command in turn, left that nothing repaired or named."""
    chance = random.Random(seed)
    wrong = []
    with tempfile.TemporaryDirectory() as scratch:
        template = study_at(Path(scratch))
        lasts: dict[str, float] = {}
        for k in range(n):
            command = commands[k % len(commands)]
            folder = Path(scratch) / f"kill_{k}"
            if command.name not in lasts:
                shutil.copytree(template, folder / "whole")
                command.before(folder / "whole")
                begun = time.monotonic()
                code, said = done(folder / "whole", *command.words, home=command.home)
                if code:
                    return [f"{command.name} does not run at all: {said}"]
                lasts[command.name] = time.monotonic() - begun
            # The first half of a command is Python being loaded.
            moment = lasts[command.name] * chance.uniform(0.4, 1.05)
            wrong.append(kill(command, template, moment, folder))
            shutil.rmtree(folder)
    return [w for w in wrong if w]


if __name__ == "__main__":
    wanted, begin = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    found = kills(wanted, begin)
    print("\n".join([*found, f"{wanted} kills, {len(found)} left something"]))
    sys.exit(bool(found))
