"""From nothing to a report with one study by spreadsheet and one by hand, as a new user would go."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

import survsim
from survsim.cli import main
from survsim.core.errors import InputError
from survsim.report.compare import moves
from survsim.report.earlier import earlier_state
from survsim.report.new_study import new_study
from survsim.report.study import Study
from tests.helpers.studies import tree_bytes

STUDY = {"first_author": "Lee A", "year": 2021, "title": "A trial", "site": "thymus", "design": "rct",
         "n_total": 90, "read_what": "abstract"}  # fmt: skip
NUMBER = {"arm_id": "chemo", "endpoint": "overall_survival", "measure": "hazard_ratio", "value": 0.68,
          "conf_low": 0.5, "conf_high": 0.92, "conf_level": 0.95, "comparator": "control", "place": "table 2"}  # fmt: skip
BY_HAND = {"value": "0.81", "conf_low": "0.66", "conf_high": "0.99", "comparator": "observation"}


DICTIONARIES = ("data/README.md", "data/datapackage.json")
"""Generated from the schema, the same for every study."""


class User:
    """Runs commands in a folder and counts them."""

    def __init__(self, monkeypatch, capsys) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys
        self.commands = 0

    def enter(self, folder: Path) -> None:
        self.monkeypatch.chdir(folder)
        self.commands += 1

    def __call__(self, *words: str, code: int = 0) -> str:
        self.commands += 1
        self.monkeypatch.setattr(sys, "argv", ["survsim", *words])
        with pytest.raises(SystemExit) as ended:
            main.run()
        shown = "".join(self.capsys.readouterr())
        assert ended.value.code == code, shown
        return shown


@pytest.fixture
def user(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    return User(monkeypatch, capsys)


@pytest.fixture
def study(user, tmp_path):
    user.enter(new_study("tumour", tmp_path))
    return tmp_path / "tumour"


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


@pytest.mark.slow
def test_a_new_user_reaches_a_report_in_under_ten_commands(user, tmp_path):
    assert "next: cd tumour" in user("new", "tumour")
    study = tmp_path / "tumour"
    user.enter(study)
    page = study / "build" / "reports" / "01_evidence_base.html"
    user("report")
    assert "EXAMPLE, NOT EVIDENCE: every study below is invented." in page.read_text(encoding="utf-8")

    assert "survsim data import lee_2021.xlsx" in user("data", "add-study", "lee_2021", "--xlsx")
    fill_book(study / "lee_2021.xlsx", studies=STUDY, estimates=NUMBER)
    assert "added in raw/literature/published: 1 studies, 1 estimates" in user(
        "data", "import", "lee_2021.xlsx"
    )

    assert "survsim data curate" in user("data", "add-study", "okafor_2022")
    own = study / "data" / "raw" / "literature" / "published"
    fill_csv(own / "studies.csv", {**STUDY, "first_author": "Okafor B", "year": 2022})
    fill_csv(own / "estimates.csv", {**NUMBER, **BY_HAND})
    user("data", "curate")
    user("report")
    assert user.commands < 10

    text = page.read_text(encoding="utf-8")
    assert "invented" not in text and "example_2001" not in text
    assert "lee_2021" in text and "Okafor B et al." in text
    ledger = survsim.Ledger.load(study / "analyses" / "01_evidence_base" / "results" / "summary.json")
    behind = ledger.provenance("pooled.hazard_ratio").references()
    assert set(behind) >= {"estimates:lee_2021_e01", "estimates:okafor_2022_e01"}
    assert not [r for r in behind if "example" in r]
    # Two log hazard ratios pooled lie between the two.
    assert 0.68 < ledger.numbers["pooled.hazard_ratio"].value < 0.81
    assert " 0 errors, " in user("data", "check")
    assert "okafor_2022_e01" in user("trace", "01_evidence_base", "pooled.hazard_ratio")


def test_a_new_study_names_no_tumour_and_has_the_shape_of_a_study(study):
    written = tree_bytes(study)
    assert {"README.md", "Makefile", "analyses/01_evidence_base/run.py", "notebooks/README.md",
            "data/curated/estimates.csv", "data/datapackage.json"} <= set(written)  # fmt: skip
    text = b"".join(v for k, v in written.items() if k not in DICTIONARIES).lower()
    assert b"carcinosarcoma" not in text and b"$name" not in text
    assert survsim.check_evidence(study).faults == ()
    with (study / "data" / "curated" / "estimates.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows and all(
        r["note"] == "EXAMPLE, NOT EVIDENCE" and r["study_id"].startswith("example_") for r in rows
    )


@pytest.mark.parametrize("name", ["", "../out", "a/b", "1st", "with space", "-x", "ä", "a" * 61])
def test_a_name_that_is_none(tmp_path, name):
    with pytest.raises(InputError, match="cannot name a study"):
        new_study(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_not_touched(user, tmp_path):
    (tmp_path / "tumour").mkdir()
    (tmp_path / "tumour" / "mine.txt").write_text("mine", encoding="utf-8")
    assert "is there already" in user("new", "tumour", code=2)
    assert tree_bytes(tmp_path) == {"tumour/mine.txt": b"mine"}


def test_bad_cells_of_a_spreadsheet_change_nothing_and_are_listed_one_a_line(user, study):
    user("data", "add-study", "lee_2021", "--xlsx")
    bad = {**NUMBER, "value": "0,68", "conf_low": "=1/2", "stage": "3-Apr", "note": "@x"}
    fill_book(study / "lee_2021.xlsx", studies=STUDY, estimates=bad)
    before = tree_bytes(study)
    lines = user("data", "import", "lee_2021.xlsx", code=2).strip().splitlines()
    assert len(lines) == 5 and "has 4 faults" in lines[0]
    assert tree_bytes(study) == before


def test_a_row_that_only_curation_can_refuse_changes_nothing(user, study):
    user("data", "add-study", "lee_2021", "--xlsx")
    fill_book(study / "lee_2021.xlsx", studies=STUDY, estimates={**NUMBER, "conf_high": 0.6})
    before = tree_bytes(study)
    assert "interval_contains" in user("data", "import", "lee_2021.xlsx", code=2)
    assert tree_bytes(study) == before


def test_numbers_narrower_than_their_counts_are_flagged_when_they_come_in(user, study):
    """0.68 (0.66 to 0.70) cannot come from 10 patients of an arm: taken as typed, flagged, refused where pooled."""
    user("data", "add-study", "lee_2021", "--xlsx")
    narrow = {**NUMBER, "conf_low": 0.66, "conf_high": 0.70, "n_arm": 10, "p_value": None}
    fill_book(study / "lee_2021.xlsx", studies=STUDY, estimates=narrow)
    shown = user("data", "import", "lee_2021.xlsx")
    assert "lee_2021_e01" in shown and "interval_beyond_counts" in shown
    row = survsim.load_evidence(study).estimate("lee_2021_e01")
    with pytest.raises(InputError, match="10 patients of one arm allow no less than"):
        survsim.effect_sizes([row])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("invented randomised", "invent\xe9 randomised", "encoding"),
        (",0.80,,", ',"0,80",,', "decimal_comma"),
        ("table 2,reported", "=cmd(),reported", "formula_cell"),
        ("example_2002_e01", "example_2001_e01", "duplicate_key"),
        (",drug,overall_survival,randomisation,hazard_ratio,,0.80", ",drug,overall_survival,randomisation,hazard_ratio,,4-Mar",
         "date_mangled"),
    ],
)  # fmt: skip
def test_rows_typed_by_hand_that_cannot_be_curated_leave_the_old_tables(user, study, old, new, says):
    for name in ("studies", "estimates"):
        file = study / "data" / "raw" / "literature" / "example" / f"{name}.csv"
        text = file.read_text(encoding="utf-8").replace(old, new)
        file.write_bytes(text.encode("latin-1"))
    before = tree_bytes(study / "data")
    message = user("data", "curate", code=2)
    assert says in message and message.startswith("survsim: ")
    assert tree_bytes(study / "data") == before


def test_the_comparison_of_reports_names_the_rows_that_moved_a_conclusion(user, study, tmp_path):
    user("run")
    shutil.copytree(study, tmp_path / "before")
    raw = study / "data" / "raw" / "literature" / "example" / "estimates.csv"
    raw.write_text(raw.read_text(encoding="utf-8").replace(",0.70,", ",0.72,"), encoding="utf-8")
    user("data", "curate")
    user("run")
    with earlier_state(Study.find(study), str(tmp_path / "before")) as earlier:
        analysis = Study.find(study).analysis("01")
        moved = {m.key: m for m in moves(analysis, survsim.report.load_ledger("01_evidence_base"), earlier)}
    assert {"pooled.hazard_ratio", "pooled.new_study"} <= set(moved) and "studies.all" not in moved
    assert moved["pooled.hazard_ratio"].because == "example_2002_e01 changed: value 0.70 to 0.72"


def test_commands_refuse_what_they_cannot_take(user, study):
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
    before = tree_bytes(study)
    for words, message in says.items():
        assert message in user("data", *words, code=2), words
    assert tree_bytes(study) == before
    user.enter(study.parent)
    assert "no study here or above" in user("data", "add-study", "x", code=2)


def test_differences_between_folders_and_revisions(user, study, tmp_path):
    old = new_study("old", tmp_path)
    assert user("data", "diff", str(old)) == "no row came, went or changed\n"
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "one"]):
        subprocess.run([*git, *words], cwd=study, check=True, capture_output=True)
    raw = study / "data" / "raw" / "literature" / "example" / "estimates.csv"
    raw.write_text(raw.read_text(encoding="utf-8").replace(",0.70,", ",0.72,"), encoding="utf-8")
    user("data", "curate")
    shown = user("data", "diff", "HEAD")
    assert shown == "estimates: 0 came, 0 went, 1 changed\n  example_2002_e01: value: 0.70 -> 0.72\n"
    assert '"new": "0.72"' in user("data", "diff", "HEAD", str(study), "--json")
    raw = raw.relative_to(study)
    agree = user("data", "compare", str(raw), str(raw))
    assert "100.0%" in agree
    differ = user("data", "compare", str(old / raw), str(raw), code=1)
    assert "value: 0.70 | 0.72" in differ
    found = json.loads(user("data", "compare", str(old / raw), str(raw), "--json", code=1))
    assert (found["agree"], found["rows_matched"], len(found["disagreements"])) == (False, 5, 1)


def test_a_study_without_poolable_numbers_says_so_and_pools_nothing(user, study):
    shutil.rmtree(study / "data" / "raw" / "literature" / "example")
    user("data", "curate")
    user("run")
    ledger = survsim.report.load_ledger("01_evidence_base")
    assert ledger.numbers["studies.all"].value == 0
    assert str(ledger.numbers["question.answer"].value).startswith("Not pooled: no number has")
    assert not [key for key in ledger.numbers if key.startswith("pooled")]
    assert "already" not in user("data", "add-study", "first_2020")
    assert "required_cell" in user("data", "curate", code=2)


def test_two_rows_of_one_study_are_not_pooled_as_two_studies(user, study):
    raw = study / "data" / "raw" / "literature" / "example" / "estimates.csv"
    row = next(r for r in raw.read_text(encoding="utf-8").splitlines() if r.startswith("example_2001_e01"))
    again = row.replace("_e01,", "_e09,", 1).replace("unadjusted", "multivariable")
    raw.write_text(raw.read_text(encoding="utf-8") + again + "\n", encoding="utf-8")
    user("data", "curate")
    user("run")
    ledger = survsim.report.load_ledger("01_evidence_base")
    assert "more than one row of example_2001" in str(ledger.numbers["question.answer"].value)
    assert "pooled.hazard_ratio" not in ledger.numbers


def test_a_question_about_one_study_does_not_pool_the_other(user, study):
    file = study / "analyses" / "01_evidence_base" / "scenario.yml"
    text = file.read_text(encoding="utf-8")
    for asked, told in (
        ("example_2001", "fewer than 2 studies"),
        ("example_2010", "no study of this report is called example_2010"),
    ):
        file.write_text(f"{text}  study: {asked}\n", encoding="utf-8")
        user("run")
        ledger = survsim.report.load_ledger("01_evidence_base")
        assert told in str(ledger.numbers["question.answer"].value)
        assert "pooled.hazard_ratio" not in ledger.numbers
    file.write_text(text.replace("endpoint:", "endpont:"), encoding="utf-8")
    assert "there is no criterion 'endpont'; did you mean endpoint?" in user("run", code=2)


def test_citations_reach_the_curated_tables_and_differences_end_with_one(user, study):
    bib = study / "refs.bib"
    bib.write_text("@article{example_2001, title={Another}, doi={10.1000/x}}\n", encoding="utf-8")
    shown = user("data", "import", "refs.bib", code=1)
    assert "filled: example_2001 doi: '10.1000/x'" in shown
    assert "kept: example_2001 title: 'Another' (there: 'EXAMPLE, NOT EVIDENCE" in shown
    assert survsim.load_evidence().studies["doi"].tolist() == ["10.1000/x", ""]
    assert "replaced: example_2001 title" in user("data", "import", "refs.bib", "--replace")


def test_the_trace_of_a_study_with_one_study_says_why_nothing_was_pooled(user, study):
    user("data", "add-study", "lee_2021", "--xlsx")
    fill_book(study / "lee_2021.xlsx", studies=STUDY, estimates=NUMBER)
    user("data", "import", "lee_2021.xlsx")
    user("run", "--quick")
    shown = user("trace", "01", "pooled.hazard_ratio", "--quick", code=2)
    assert (
        "has no number 'pooled.hazard_ratio'" in shown and "survsim trace 01_evidence_base lists all" in shown
    )
    assert "The analysis says: Not pooled: fewer than 2 studies answer the question." in shown
    assert "Near it: studies.all" in user("trace", "01", "study.all", "--quick", code=2)


def test_an_abbreviation_typed_by_hand_is_refused_with_the_endpoint_that_was_meant(user, study):
    raw = study / "data" / "raw" / "literature" / "example" / "estimates.csv"
    raw.write_text(raw.read_text(encoding="utf-8").replace(",overall_survival,", ",OS,", 1), encoding="utf-8")
    assert "example_2001_e01, endpoint OS: did you mean overall_survival?" in user("data", "curate", code=2)
