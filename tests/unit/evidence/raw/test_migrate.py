"""An older study is brought to the columns of this version, with a backup, or left as it was."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import openpyxl
import pytest

from survsim.core.errors import EvidenceError
from survsim.evidence.ask.store import load_evidence
from survsim.evidence.bring_in.spreadsheet import read_book
from survsim.evidence.bring_in.template import add_study_book
from survsim.evidence.raw import sets, transaction
from survsim.evidence.raw.check import check_evidence
from survsim.evidence.raw.curate import curate
from survsim.evidence.raw.described import STUDY_DEFAULTS
from survsim.evidence.raw.locate import data_folder
from survsim.evidence.raw.migrate import migrate
from tests.helpers.mini_study import write_raw

GONE = {
    "estimates": ("estimator", "unit_of_analysis", "origin_basis", "p_scope", "extracted_on"),
    "arms": ("setting", "line", "stage_mix"),
    "studies": ("followup_method", "cohort"),
    "curves": ("shown_as", "page", "tolerance", "read_by", "checked_by", "overlay_sha256"),
    "at_risk": ("page", "read_by", "checked_by"),
    "known_warnings": ("expected",),
}


def _without(path: Path, columns: tuple[str, ...]) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        names = [c for c in (rows[0] if rows else {}) if c not in columns]
        writer = csv.DictWriter(file, names, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _content(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


@pytest.fixture
def old(tmp_path):
    """A study as an earlier version wrote it: fewer columns, five tables less, explanations without a count."""
    data = tmp_path / "study" / "data"
    write_raw(data)
    curate(data)
    for name, columns in GONE.items():
        _without(data / "curated" / f"{name}.csv", columns)
    for name in ("readings", "searches", "bias", "bias_priors", "censor_marks"):
        (data / "curated" / f"{name}.csv").unlink()
    _without(data / "raw" / "declared" / "known_warnings.csv", ("expected",))
    return data


def test_an_older_study_is_refused_with_a_way(old):
    with pytest.raises(EvidenceError, match="survsim data migrate"):
        load_evidence(old)


def test_a_study_with_raw_files_is_migrated_and_kept_as_it_was(old):
    before = _content(old)
    done = migrate(old)
    assert done.backup == old / "backup_1"
    assert _content(done.backup) == before
    report = check_evidence(old)
    assert report.errors == ()
    assert [f.rule for f in report.warnings if not f.explained] == []
    known = (old / "raw" / "declared" / "known_warnings.csv").read_text(encoding="utf-8")
    assert "flagged,radiotherapy,*,1,seen" in known
    assert load_evidence(old).estimate("alpha_e01").value == 0.68


def test_a_second_migration_changes_nothing(old):
    migrate(old)
    before = _content(old)
    assert migrate(old).changed == ()
    assert _content(old) == before


def test_tables_without_raw_files_get_the_words_for_not_reported(old):
    shutil.rmtree(old / "raw")
    done = migrate(old)
    assert any("estimates" in c for c in done.changed)
    store = load_evidence(old)
    row = store.estimates.set_index("estimate_id").loc["alpha_e03"]
    assert (row["estimator"], row["unit_of_analysis"]) == ("not_reported", "patient")
    assert row["origin_basis"] == "as typed"
    assert set(store.arms["setting"]) == {"not_reported"}
    assert len(store.readings) == 0
    assert [f for f in check_evidence(old).faults if f.severity == "error"] == []


def test_without_raw_files_columns_of_no_version_are_refused_and_nothing_changes(old):
    shutil.rmtree(old / "raw")
    path = old / "curated" / "arms.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text(
        "\n".join(f"{line},{'colour' if i == 0 else 'red'}" for i, line in enumerate(lines)) + "\n"
    )
    before = _content(old)
    with pytest.raises(EvidenceError, match=r"arms\.colour"):
        migrate(old)
    assert _content(old) == before


def test_an_error_in_the_old_tables_stops_before_anything_is_written(old):
    path = old / "raw" / "literature" / "lung" / "estimates.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",0.54,0.85,", ",0.85,0.54,"), encoding="utf-8")
    before = _content(old)
    with pytest.raises(EvidenceError, match="nothing was migrated"):
        migrate(old)
    assert _content(old) == before


def test_lines_that_end_in_two_ways_are_read(old):
    for path in (old / "curated" / "estimates.csv", old / "raw" / "literature" / "lung" / "estimates.csv"):
        lines = path.read_bytes().split(b"\n")
        path.write_bytes(b"\n".join(c + b"\r" if i % 2 and c else c for i, c in enumerate(lines)))
    before = _content(old)
    done = migrate(old)
    assert _content(done.backup) == before
    assert check_evidence(old).errors == ()
    assert b"\r" not in (old / "curated" / "estimates.csv").read_bytes()


def test_what_is_made_again_from_raw_files_may_be_odd_before(old):
    """Further columns, another order, another encoding: the backup keeps them, and each is told."""
    arms, studies = (old / "curated" / f"{n}.csv" for n in ("arms", "studies"))
    lines = arms.read_text(encoding="utf-8").splitlines()
    arms.write_text(
        "\n".join(f"{line},{'colour' if i == 0 else 'red'}" for i, line in enumerate(lines)) + "\n"
    )
    studies.write_bytes(studies.read_text(encoding="utf-8").replace("Alpha A", "Älpha A").encode("latin-1"))
    before = _content(old)
    done = migrate(old)
    assert "arms: left out colour, which stands in the backup" in done.changed
    assert "studies: could not be read, made again from the raw files" in done.changed
    assert _content(done.backup) == before
    assert check_evidence(old).errors == ()


def test_a_half_migrated_study_is_finished(old, tmp_path):
    new = tmp_path / "new" / "data"
    write_raw(new)
    curate(new)
    shutil.rmtree(old / "raw")
    for name in ("estimates", "bias"):
        shutil.copy(new / "curated" / f"{name}.csv", old / "curated" / f"{name}.csv")
    (old / "backup_1").mkdir()
    before = {k: v for k, v in _content(old).items() if not k.startswith("backup")}
    done = migrate(old)
    assert done.backup == old / "backup_2"
    assert _content(done.backup) == before
    assert check_evidence(old).errors == ()
    (reading,) = load_evidence(old).readings.to_dict("records")
    assert (reading["reading_id"], reading["kind"], reading["date"]) == ("reading_1", "judgement", "")
    assert "nothing else is recorded" in reading["what"]


def test_a_template_of_an_earlier_version_is_taken(old, tmp_path):
    """The spreadsheet of the first version had none of the columns that decide pooling."""
    migrate(old)
    book = tmp_path / "first_version.xlsx"
    add_study_book(data_folder(old), "lee_2021", book)
    sheets = openpyxl.load_workbook(book)
    later = {
        "studies": STUDY_DEFAULTS.keys() | {"cohort", "followup_note"},
        "estimates": {"estimator", "analysis_set", "unit_of_analysis", "origin_basis", "origin_source", "estimator_source", "p_scope",
                      "adjusted_codes", "candidate_codes", "exposure_timing", "landmark_months", "instrument", "state"},
    }  # fmt: skip
    cells = {
        "studies": {"site": "lung", "design": "rct", "read_what": "abstract", "n_total": 90},
        "estimates": {"estimate_id": "lee_2021_e01", "arm_id": "chemo", "endpoint": "overall_survival",
                      "measure": "median", "value": 11.5, "value_unit": "months", "place": "table 2"},
    }  # fmt: skip
    for name, gone in later.items():
        sheet = sheets[name]
        for at in range(sheet.max_column, 0, -1):
            if sheet.cell(1, at).value in gone:
                sheet.delete_cols(at)
        for at in range(1, sheet.max_column + 1):
            sheet.cell(2, at).value = cells[name].get(sheet.cell(1, at).value, sheet.cell(2, at).value)
    sheets.save(book)
    folder = data_folder(old)
    with transaction.writing(folder):
        merged = sets.merge(folder.raw, "lung", read_book(book).rows)
        sets.commit(folder, {"lung": merged.files})
    row = load_evidence(old).estimates.set_index("estimate_id").loc["lee_2021_e01"]
    assert (row["value"], row["estimator"], row["unit_of_analysis"]) == (11.5, "not_reported", "patient")
    assert check_evidence(old).errors == ()
