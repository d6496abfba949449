"""A change of raw files and tables together: stopped at each step, repeated, two at once, on a full disk."""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest

import survsim
from survsim.core.errors import EvidenceError, EvidenceWarning
from survsim.evidence.bring_in.template import add_study
from survsim.evidence.raw import transaction
from survsim.evidence.raw.curate import curate
from survsim.evidence.raw.locate import data_folder
from survsim.evidence.raw.sets import commit, merge
from tests.helpers.mini_study import write_raw
from tests.helpers.studies import tree_bytes
from tests.unit.evidence.raw.test_raw_sets import NUMBER, STUDY

ROWS = {"studies": [STUDY], "estimates": [NUMBER]}


@pytest.fixture
def folder(tmp_path):
    write_raw(tmp_path / "data")
    curate(tmp_path)
    return data_folder(tmp_path)


def bring_in(folder):
    with transaction.writing(folder):
        return commit(folder, {"lung": merge(folder.raw, "lung", ROWS).files})


class Stopped(BaseException):
    """What a kill is to a process: nothing behind it runs, the clean-up neither."""


def stop_at(monkeypatch, step):
    """Let the process end before its `step`-th change of the disk; the list of the changes it makes."""
    taken = []

    def counted(owner, name):
        real = getattr(owner, name)

        def one(*arguments, **options):
            taken.append(name)
            if len(taken) > step:
                raise Stopped
            return real(*arguments, **options)

        monkeypatch.setattr(owner, name, one)

    for name in ("rename", "replace", "mkdir", "unlink"):
        counted(transaction.Path, name)
    counted(transaction.shutil, "rmtree")
    counted(transaction, "_exchange")
    return taken


@pytest.mark.long
def test_stopped_at_each_step_an_import_is_all_there_or_not_at_all(folder, tmp_path):
    """Before the change has its name the old state stands; after it, the next command completes the new one."""
    old = tree_bytes(folder.root)
    seen = set()
    # Each of the first steps, where the change is prepared, and each fourth one of those that put files in place.
    for step in itertools.chain(range(8), itertools.count(8, 4)):
        with pytest.MonkeyPatch.context() as monkeypatch:
            taken = stop_at(monkeypatch, step)
            try:
                bring_in(folder)
                ended = True
            except Stopped:
                ended = False
        begun = (folder.root / ".pending").is_dir()
        whole = survsim.load_evidence(folder.root) if not begun else None
        report = survsim.check_evidence(folder.root)
        assert report.exit_code == 0 or begun, (step, taken)
        with transaction.writing(folder):
            pass
        assert survsim.check_evidence(folder.root).exit_code == 0, (step, taken)
        assert not [p.name for p in folder.root.iterdir() if p.name.startswith(".")], (step, taken)
        new = "lee_2021" in set(survsim.load_evidence(folder.root).table("studies")["study_id"])
        assert new == ("lee_2021" in (folder.raw / "literature/lung/studies.csv").read_text(encoding="utf-8"))
        assert new or tree_bytes(folder.root) == old
        assert whole is None or new == ("lee_2021" in set(whole.table("studies")["study_id"]))
        seen.add((begun, new))
        if ended:
            break
        for name, data in old.items():
            (folder.root / name).write_bytes(data)
    assert step > 15
    assert {(False, False), (True, True)} <= seen


def test_a_raw_file_edited_after_the_interruption_is_not_written_over(folder):
    edited = folder.raw / "literature/lung/studies.csv"
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(transaction, "_put_in_place", lambda *_: (_ for _ in ()).throw(Stopped))
        with pytest.raises(Stopped):
            bring_in(folder)
    assert "interrupted" in {f.rule for f in survsim.check_evidence(folder.root).errors}
    text = edited.read_text(encoding="utf-8").replace("A spinal set", "Another title")
    edited.write_text(text, encoding="utf-8")
    with pytest.warns(
        EvidenceWarning, match=r"given up, because raw/literature/lung/studies\.csv was edited"
    ):
        curate(folder.root)
    assert edited.read_text(encoding="utf-8") == text
    assert survsim.check_evidence(folder.root).exit_code == 0
    bring_in(folder)
    assert "Another title" in edited.read_text(encoding="utf-8")
    assert "lee_2021" in edited.read_text(encoding="utf-8")


ADD = """
import sys
from survsim.evidence.bring_in.template import add_study
from survsim.evidence.raw.locate import data_folder
folder = data_folder(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
add_study(folder, sys.argv[2])
"""


def test_of_three_studies_added_at_once_three_are_there(folder):
    names = ("lee_2021", "ng_2022", "kim_2023")
    at_work = [
        subprocess.Popen(
            [sys.executable, "-c", ADD, str(folder.root), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    assert [p.stdout.readline().strip() for p in at_work] == ["ready"] * 3
    for process in at_work:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in at_work:
        process.communicate(timeout=60)
    assert [p.returncode for p in at_work] == [0, 0, 0]
    for table in ("studies", "estimates"):
        text = (folder.raw / f"literature/lung/{table}.csv").read_text(encoding="utf-8")
        assert [name in text for name in names] == [True] * 3


HOLD = """
import sys, time
from survsim.evidence.raw.locate import data_folder
from survsim.evidence.raw.transaction import writing
with writing(data_folder(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_is_waited_for_named_and_gone_with_its_process(folder, monkeypatch):
    monkeypatch.setattr(transaction, "WAIT", 0.2)
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder.root)], stdout=subprocess.PIPE, text=True
    )
    assert other.stdout.readline().strip() == "held"
    with pytest.raises(EvidenceError, match="another survsim command has been writing to"):
        add_study(folder, "lee_2021")
    other.kill()
    other.communicate()
    assert add_study(folder, "lee_2021").set_name == "lung"


FULL = """
import resource, sys
from survsim.core.errors import EvidenceError
from survsim.evidence.raw.curate import curate
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    curate(sys.argv[1])
except EvidenceError as error:
    print(error)
"""


def test_after_a_full_disk_the_same_command_finishes(folder):
    """A limit on the size of files stands for the full disk: the same call fails with an OSError of the system."""
    raw = folder.raw / "literature/lung/estimates.csv"
    raw.write_text(raw.read_text(encoding="utf-8").replace(",0.70,", ",0.71,"), encoding="utf-8")
    before = tree_bytes(folder.root)
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(folder.root)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "cannot be changed" in done.stdout
    assert "nothing was changed. Make room" in done.stdout
    assert tree_bytes(folder.root) == before
    assert curate(folder.root).changed
    assert survsim.check_evidence(folder.root).exit_code == 0
