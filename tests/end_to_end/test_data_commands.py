"""`survsim data check` and `survsim data curate` as a user runs them, and curation killed at any moment."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import survsim
from survsim.evidence.raw.curate import curate
from tests.helpers.mini_study import ESTIMATES, write_raw

STUDY = Path(__file__).resolve().parents[2]


def run(*arguments, cwd):
    command = [sys.executable, "-c", "from survsim.cli.main import run; run()", "data", *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False
    )


@pytest.fixture
def study(tmp_path):
    write_raw(tmp_path / "data")
    curate(tmp_path)
    return tmp_path


def test_the_shipped_data_pass(tmp_path):
    done = run("check", STUDY, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 errors, " in done.stdout
    assert "not explained" not in done.stdout


def test_a_fault_ends_with_two_and_stands_in_the_table_and_in_the_json(study):
    file = study / "data" / "curated" / "estimates.csv"
    file.write_text(file.read_text(encoding="utf-8").replace(",0.68,", ",0.99,"), encoding="utf-8")
    shown = run("check", cwd=study)
    assert shown.returncode == 2
    assert "interval_contains" in shown.stdout
    assert "alpha_e01" in shown.stdout
    assert "Traceback" not in shown.stderr
    found = run("check", "--json", cwd=study / "data")
    assert found.returncode == 2
    report = json.loads(found.stdout)
    assert report["errors"] == 1  # the other checksum of the edited table is told with the fault
    fault = next(f for f in report["faults"] if f["rule"] == "interval_contains")
    assert "estimates.csv: The table was changed by hand" in fault["remedy"]
    assert (fault["severity"], fault["table"], fault["row"], fault["column"]) == (
        "error",
        "estimates",
        "alpha_e01",
        "conf_high",
    )


def test_curate_says_what_it_wrote_and_refuses_a_wrong_set(study):
    assert "up to date" in run("curate", cwd=study).stdout
    raw = study / "data" / "raw" / "literature" / "lung" / "estimates.csv"
    raw.write_text(ESTIMATES.replace(",0.68,", ",0.70,"), encoding="utf-8")
    assert "10 estimates" in run("curate", cwd=study).stdout
    raw.write_text(ESTIMATES.replace(",0.68,", ",0.99,"), encoding="utf-8")
    refused = run("curate", cwd=study)
    assert refused.returncode == 2
    assert "the old ones stay" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert survsim.load_evidence(study).estimate("alpha_e01").value == 0.70


@pytest.mark.long
def test_outside_a_study_the_shipped_tables_are_checked_when_named(tmp_path):
    assert run("check", cwd=tmp_path).returncode == 2
    done = run("check", str(Path(survsim.__file__).parents[1]), cwd=tmp_path)
    assert done.returncode == 0


def test_the_shipped_tables_are_found_where_pip_install_target_puts_them(tmp_path):
    """Its record of the installation names a folder that never was: the files were moved after it was written."""
    target, root = tmp_path / "packages", Path(survsim.__file__).parents[1]
    shutil.copytree(root / "survsim", target / "survsim", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(root / "data" / "curated", target / "share" / "survsim" / "curated")
    shutil.copy(root / "data" / "datapackage.json", target / "share" / "survsim")
    record = target / "survsim-0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: survsim\nVersion: 0\n", encoding="utf-8")
    (record / "RECORD").write_text("../../share/survsim/datapackage.json,,\n", encoding="utf-8")
    code = "import survsim; from survsim.evidence.raw.locate import data_folder; print(data_folder().root); survsim.load_evidence()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(target)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.strip() == str((target / "share" / "survsim").resolve())


def test_a_folder_that_is_no_study_is_one_line(tmp_path):
    done = run("check", tmp_path, cwd=tmp_path)
    assert done.returncode == 2
    assert "no curated/ or raw/ folder" in done.stderr
    assert "Traceback" not in done.stderr


KILLED = """
import sys
from pathlib import Path
from survsim.evidence.raw.curate import curate, curated_tables
import survsim.evidence.raw.check, pandas
data = Path(sys.argv[1])
raw = data / "raw" / "literature" / "lung" / "estimates.csv"
text = raw.read_text(encoding="utf-8")
print("ready", flush=True)
for n in range(10_000):
    raw.write_text(text.replace(",0.70,", f",0.7{n % 2},"), encoding="utf-8")
    curate(data)
"""


def test_killed_at_any_moment_a_whole_set_is_there(study):
    """The process rewrites two sets in turn; killed at random moments, one of the two is always whole."""
    data = study / "data"
    moments = random.Random(3)
    whole = {survsim.load_evidence(data).checksum}
    raw = data / "raw" / "literature" / "lung" / "estimates.csv"
    raw.write_text(ESTIMATES.replace(",0.70,", ",0.71,"), encoding="utf-8")
    curate(data)
    whole.add(survsim.load_evidence(data).checksum)
    raw.write_text(ESTIMATES, encoding="utf-8")
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(data)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout.readline().strip() == "ready"
        time.sleep(moments.uniform(0.05, 1.2))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        raw.write_text(ESTIMATES, encoding="utf-8")
        assert survsim.load_evidence(data).checksum in whole
    curate(data)
    assert survsim.check_evidence(data).exit_code == 0
    assert [p.name for p in data.iterdir() if p.name.startswith(".")] == []


@pytest.mark.long
def test_export_writes_for_others_and_names_what_is_open(study):
    done = run("export", "for_others", cwd=study)
    assert done.returncode == 0, done.stderr
    assert "evidence.xlsx, references.bib, references.ris, metafor.csv" in done.stdout
    assert "before it is passed on: there is no LICENSE" in done.stdout
    again = run("export", "for_others", cwd=study)
    assert again.returncode == 2
    assert "--replace" in again.stderr
    assert "Traceback" not in again.stderr
    assert run("export", "for_others", "--replace", cwd=study).returncode == 0
