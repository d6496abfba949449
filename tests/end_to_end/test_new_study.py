"""From nothing to a report with one study by spreadsheet and one by hand, as a new user would go."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

import survsim
from survsim.core.errors import InputError
from survsim.report.new_study import new_study
from tests.helpers.studies import tree_bytes

STUDY = {"first_author": "Lee A", "year": 2021, "title": "A trial", "site": "thymus", "design": "rct",
         "n_total": 90, "read_what": "abstract"}  # fmt: skip
NUMBER = {"arm_id": "chemo", "endpoint": "overall_survival", "measure": "hazard_ratio", "value": 0.68,
          "conf_low": 0.5, "conf_high": 0.92, "conf_level": 0.95, "comparator": "control", "place": "table 2"}  # fmt: skip
BY_HAND = {"value": "0.81", "conf_low": "0.66", "conf_high": "0.99", "comparator": "observation"}


class User:
    """Runs commands in a folder and counts them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commands = 0

    def __call__(self, *words: str, code: int = 0) -> str:
        self.commands += 1
        command = [sys.executable, "-c", "from survsim.cli.main import run; run()", *words]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr


def fill_book(path: Path, **sheets: dict[str, object]) -> None:
    book = openpyxl.load_workbook(path)
    for name, cells in sheets.items():
        head = {cell.value: cell.column for cell in book[name][1]}
        for column, value in cells.items():
            book[name].cell(2, head[column]).value = value
    book.save(path)


def fill_csv(path: Path, cells: dict[str, object]) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[-1].update({k: str(v) for k, v in cells.items()})
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def study(tmp_path):
    return User(new_study("tumour", tmp_path))


@pytest.mark.slow
def test_a_new_user_reaches_a_report_in_under_ten_commands(tmp_path):
    user = User(tmp_path)
    assert "next: cd tumour" in user("new", "tumour")
    user.folder = tmp_path / "tumour"
    user.commands += 1  # cd
    page = user.folder / "build" / "reports" / "01_evidence_base.html"
    user("report")
    assert "EXAMPLE, NOT EVIDENCE: every study below is invented." in page.read_text(encoding="utf-8")

    assert "survsim data import lee_2021.xlsx" in user("data", "add-study", "lee_2021", "--xlsx")
    fill_book(user.folder / "lee_2021.xlsx", studies=STUDY, estimates=NUMBER)
    assert "added in raw/literature/published: 1 studies, 1 estimates" in user(
        "data", "import", "lee_2021.xlsx"
    )

    assert "survsim data curate" in user("data", "add-study", "okafor_2022")
    own = user.folder / "data" / "raw" / "literature" / "published"
    fill_csv(own / "studies.csv", {**STUDY, "first_author": "Okafor B", "year": 2022})
    fill_csv(own / "estimates.csv", {**NUMBER, **BY_HAND})
    user("data", "curate")
    user("report")
    assert user.commands < 10

    text = page.read_text(encoding="utf-8")
    assert "invented" not in text and "example_2001" not in text
    assert "lee_2021" in text and "Okafor B et al." in text
    ledger = survsim.Ledger.load(user.folder / "analyses" / "01_evidence_base" / "results" / "summary.json")
    behind = ledger.provenance("pooled.hazard_ratio").references()
    assert set(behind) >= {"estimates:lee_2021_e01", "estimates:okafor_2022_e01"}
    assert not [r for r in behind if "example" in r]
    # Two log hazard ratios pooled lie between the two.
    assert 0.68 < ledger.numbers["pooled.hazard_ratio"].value < 0.81
    assert " 0 errors, " in user("data", "check")
    assert "okafor_2022_e01" in user("trace", "01_evidence_base", "pooled.hazard_ratio")


def test_a_new_study_names_no_tumour_and_has_the_shape_of_a_study(study):
    written = tree_bytes(study.folder)
    assert {"README.md", "Makefile", "analyses/01_evidence_base/run.py", "notebooks/README.md",
            "data/curated/estimates.csv", "data/datapackage.json"} <= set(written)  # fmt: skip
    text = b"".join(v for k, v in written.items() if not k.startswith("data/README")).lower()
    assert b"carcinosarcoma" not in text and b"$name" not in text
    assert survsim.check_evidence(study.folder).faults == ()
    with (study.folder / "data" / "curated" / "estimates.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows and all(
        r["note"] == "EXAMPLE, NOT EVIDENCE" and r["study_id"].startswith("example_") for r in rows
    )


@pytest.mark.parametrize("name", ["", "../out", "a/b", "1st", "with space", "-x", "ä", "a" * 61])
def test_a_name_that_is_none(tmp_path, name):
    with pytest.raises(InputError, match="cannot name a study"):
        new_study(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_not_touched(tmp_path):
    (tmp_path / "tumour").mkdir()
    (tmp_path / "tumour" / "mine.txt").write_text("mine", encoding="utf-8")
    user = User(tmp_path)
    assert "is there already" in user("new", "tumour", code=2)
    assert tree_bytes(tmp_path) == {"tumour/mine.txt": b"mine"}


def test_bad_cells_of_a_spreadsheet_change_nothing_and_are_listed_one_a_line(study):
    study("data", "add-study", "lee_2021", "--xlsx")
    bad = {**NUMBER, "value": "0,68", "conf_low": "=1/2", "stage": "3-Apr", "note": "@x"}
    fill_book(study.folder / "lee_2021.xlsx", studies=STUDY, estimates=bad)
    before = tree_bytes(study.folder)
    lines = study("data", "import", "lee_2021.xlsx", code=2).strip().splitlines()
    assert len(lines) == 5 and "has 4 faults" in lines[0]
    assert tree_bytes(study.folder) == before


def test_a_row_that_only_curation_can_refuse_changes_nothing(study):
    study("data", "add-study", "lee_2021", "--xlsx")
    fill_book(study.folder / "lee_2021.xlsx", studies=STUDY, estimates={**NUMBER, "conf_high": 0.6})
    before = tree_bytes(study.folder)
    assert "interval_contains" in study("data", "import", "lee_2021.xlsx", code=2)
    assert tree_bytes(study.folder) == before


def test_commands_refuse_what_they_cannot_take(study):
    says = {
        ("add-study", "example_2001"): "is there already",
        ("add-study", "../x"): "is not a name",
        ("add-study", "x", "--set", "../../x"): "is not a name",
        ("import", "x.pdf"): "neither .xlsx",
        ("import", "x.xlsx"): "there is no file",
        ("import", "x.bib", "--set", "a"): "--set goes with a spreadsheet",
        ("diff", "nothing"): "neither a folder nor a git revision",
        ("diff", "analyses"): "has no curated/ or raw/ folder",
        ("compare", "a.csv", "b.csv"): "there is no file",
    }
    before = tree_bytes(study.folder)
    for words, message in says.items():
        assert message in study("data", *words, code=2), words
    assert tree_bytes(study.folder) == before
    study.folder = study.folder.parent
    assert "no study here or above" in study("data", "add-study", "x", code=2)


def test_differences_between_folders_and_revisions(study, tmp_path):
    old = new_study("old", tmp_path)
    assert study("data", "diff", str(old)) == "no row came, went or changed\n"
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "one"]):
        subprocess.run([*git, *words], cwd=study.folder, check=True, capture_output=True)
    raw = study.folder / "data" / "raw" / "literature" / "example" / "estimates.csv"
    raw.write_text(raw.read_text(encoding="utf-8").replace(",0.70,", ",0.72,"), encoding="utf-8")
    study("data", "curate")
    shown = study("data", "diff", "HEAD")
    assert shown == "estimates: 0 came, 0 went, 1 changed\n  example_2002_e01: value: 0.70 -> 0.72\n"
    assert '"new": "0.72"' in study("data", "diff", "HEAD", str(study.folder), "--json")
    raw = raw.relative_to(study.folder)
    agree = study("data", "compare", str(raw), str(raw))
    assert "100.0%" in agree
    differ = study("data", "compare", str(old / raw), str(raw), code=1)
    assert "value: 0.70 | 0.72" in differ
