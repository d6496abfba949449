"""Running an analysis: whole results or the old ones, and when they are stale."""

from __future__ import annotations

import pytest

from survsim import Ledger
from survsim.core.errors import SurvsimError
from survsim.errors import EvidenceError, InputError
from survsim.report.runner import run_analysis, stale_because
from survsim.report.study import Study
from tests.helpers.studies import mini_study, seal_again, tree_bytes


@pytest.fixture()
def analysis(tmp_path):
    return Study(root=mini_study(tmp_path)).analysis("01")


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_results_are_written_with_a_record_of_their_inputs(analysis):
    folder = run_analysis(analysis)
    assert {p.name for p in folder.iterdir()} == {"summary.json", "curve.csv", "manifest.json"}
    assert stale_because(analysis) == ""


def test_two_runs_give_the_same_bytes(analysis):
    first = tree_bytes(run_analysis(analysis))
    assert tree_bytes(run_analysis(analysis)) == first


def test_a_run_that_fails_leaves_the_old_results_and_nothing_else(analysis):
    before = tree_bytes(run_analysis(analysis))
    edit(
        analysis.run_file,
        "    ledger.save",
        "    raise survsim.errors.InputError('no luck')\n    ledger.save",
    )
    with pytest.raises(InputError, match="no luck"):
        run_analysis(analysis)
    assert tree_bytes(analysis.results()) == before
    assert [p.name for p in analysis.folder.iterdir() if p.name.startswith(".")] == []


def test_the_first_run_that_fails_leaves_no_folder(analysis):
    edit(
        analysis.run_file,
        "    ledger.save",
        "    raise survsim.errors.InputError('no luck')\n    ledger.save",
    )
    with pytest.raises(InputError, match="no luck"):
        run_analysis(analysis)
    assert not analysis.results().exists()


def test_an_operating_system_fault_becomes_one_message(analysis):
    fault = "    (results / 'curve').write_text('')\n    (results / 'curve' / 'inner.csv').write_text('')\n"
    edit(analysis.run_file, "    km.save", f"{fault}    km.save")
    with pytest.raises(SurvsimError, match="the results in 01_mini could not be made"):
        run_analysis(analysis)


def test_quick_results_leave_the_full_ones_alone(analysis):
    before = tree_bytes(run_analysis(analysis))
    run_analysis(analysis, quick=True)
    assert tree_bytes(analysis.results()) == before
    assert Ledger.load(analysis.results(quick=True) / "summary.json").mode == "quick"


def test_results_are_stale_when_the_analysis_changed(analysis):
    run_analysis(analysis)
    edit(analysis.run_file, "Three numbers", "Four numbers")
    assert stale_because(analysis) == "analysis changed"


def test_results_are_stale_when_there_are_none_or_no_record(analysis):
    assert stale_because(analysis) == "no results yet"
    folder = run_analysis(analysis)
    (folder / "manifest.json").unlink()
    assert "without a record" in stale_because(analysis)


def test_a_damaged_record_counts_as_none(analysis):
    (run_analysis(analysis) / "manifest.json").write_text("{")
    assert "without a record" in stale_because(analysis)


def test_a_result_file_that_changed_makes_them_stale(analysis):
    (run_analysis(analysis) / "curve.csv").write_text("group\n")
    assert stale_because(analysis) == "curve.csv is not what the last run wrote"


def test_results_of_other_data_are_refused(analysis):
    path = run_analysis(analysis) / "summary.json"
    seal_again(path, lambda content: content.update(data_checksum="f" * 64))
    with pytest.raises(EvidenceError, match=r"made from other data .*survsim run 01_mini"):
        stale_because(analysis)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('analysis="01_mini"', 'analysis="01_other"', "calls itself '01_other'"),
        ("data_checksum=evidence.checksum", "data_checksum=''", "does not carry the checksum"),
        ("    ledger.save", "    str", "wrote no summary.json"),
        ("def main", "def start", "needs a function main"),
        ("import survsim\n", "import survsim_nowhere\n", "does not load: No module named"),
        ("def main", "def main(:", "does not load: invalid syntax"),
    ],
)
def test_a_program_that_breaks_the_agreement_is_told(analysis, old, new, message):
    edit(analysis.run_file, old, new)
    with pytest.raises(InputError, match=message):
        run_analysis(analysis)


def test_an_analysis_may_be_several_files(analysis, tmp_path):
    """Each study its own: a second one of the same name does not find the file of the first."""
    edit(analysis.run_file, "import survsim\n", "import survsim\n\nfrom .words import WORD\n")
    edit(analysis.run_file, "    ledger.save", "    (results / 'word.txt').write_text(WORD)\n    ledger.save")
    (analysis.folder / "words.py").write_text("WORD = 'one'\n")
    assert (run_analysis(analysis) / "word.txt").read_text() == "one"
    other = Study(root=mini_study(tmp_path / "second")).analysis("01")
    other.run_file.write_text(analysis.run_file.read_text())
    (other.folder / "words.py").write_text("WORD = 'two'\n")
    assert (run_analysis(other) / "word.txt").read_text() == "two"
    (other.folder / "words.py").write_text("WORD = {}['three']\n")
    with pytest.raises(InputError, match=r"01_mini/words.py, line 1: KeyError: 'three'"):
        run_analysis(other)


def test_workers_must_be_positive(analysis):
    with pytest.raises(InputError, match="workers must be at least 1; got 0"):
        run_analysis(analysis, workers=0)


def test_results_put_aside_by_a_killed_run_come_back(analysis):
    folder = run_analysis(analysis)
    before = tree_bytes(folder)
    folder.rename(folder.with_name(".results.x.old"))
    edit(
        analysis.run_file,
        "    ledger.save",
        "    raise survsim.errors.InputError('no luck')\n    ledger.save",
    )
    with pytest.raises(InputError, match="no luck"):
        run_analysis(analysis)
    assert tree_bytes(folder) == before
    assert [p.name for p in analysis.folder.iterdir() if p.name.startswith(".")] == []
