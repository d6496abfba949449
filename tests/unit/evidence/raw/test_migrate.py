"""An older study is brought to the columns of this version, with a backup, or left as it was."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from survsim.core.errors import EvidenceError
from survsim.evidence.ask.store import load_evidence
from survsim.evidence.raw.check import check_evidence
from survsim.evidence.raw.curate import curate
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


def test_columns_of_no_version_are_refused_and_nothing_changes(old):
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
