"""The console script: answers, one-line errors, exit code 2."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from survsim._version import __version__
from survsim.cli import main, start
from tests.helpers.studies import mini_study


@pytest.fixture()
def study(tmp_path, monkeypatch):
    root = mini_study(tmp_path)
    monkeypatch.chdir(root)
    return root


@pytest.fixture()
def call(monkeypatch, capsys):
    """Run the console script; give back exit code, output and errors."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["survsim", *words])
        with pytest.raises(SystemExit) as ended:
            main.run()
        captured = capsys.readouterr()
        return ended.value.code, captured.out, captured.err

    return run


def test_the_version(call):
    assert call("--version") == (0, f"survsim {__version__}\n", "")


@pytest.mark.parametrize("word", ["run", "report", "trace", "data"])
def test_every_command_has_help(call, word):
    code, out, _ = call(word, "--help")
    assert code == 0 and "Usage" in out


@pytest.mark.parametrize("words", [("-h",), ("data", "-h"), ("simulate", "-h")])
def test_help_by_one_letter(call, words):
    code, out, _ = call(*words)
    assert code == 0 and "Usage: survsim" in out


def test_the_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "survsim", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"survsim {__version__}\n"


def test_a_command_stopped_while_it_loads_ends_with_a_sentence(monkeypatch, capsys):
    class Stops:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == "survsim.cli.main":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "survsim.cli.main")
    monkeypatch.setattr(sys, "meta_path", [Stops, *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        start.run()
    assert ended.value.code == 130
    assert capsys.readouterr().err == (
        "survsim: stopped before anything was begun; give the same command again.\n"
    )


def test_a_simulation_stopped_by_hand_says_how_to_go_on(call, monkeypatch, tmp_path):
    def stopped(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("survsim.scenario.run.simulate", stopped)
    words = ("simulate", "analyses/07_scenario_gallery/first_line.yml", "--out", str(tmp_path / "run"))
    code, _, err = call(*words)
    assert code == 130 and "Nothing was left half-written; give the same command again." in err
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text('{"format": "survsim-simulation/1"}', encoding="utf-8")
    code, _, err = call(*words)
    assert code == 130 and f"--resume {tmp_path / 'run'}" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("runn",), "No such command 'runn'"),
        (("run", "--bogus"), "No such option: --bogus"),
        (("run", "--workers", "two"), "Invalid value for '--workers'"),
        (("run", "--workers", "0"), "Invalid value for '--workers'"),
        (("run", "99"), "no analysis '99'"),
        (("report", "99"), "no analysis '99'"),
        (("trace", "01", "median"), "run the analysis first"),
        (("trace",), "Missing argument 'SLUG'"),
        (("report", "--compare", "nowhere"), "neither a folder nor a git revision"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(call, study, words, message):
    code, out, err = call(*words)
    assert code == 2 and out == ""
    assert message in err and err.startswith("survsim: ") and err.count("\n") == 1


def test_outside_a_study_the_message_says_what_one_is(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = call("run")
    assert code == 2 and "a study is a folder with data/ and analyses/" in err


def test_run_says_where_the_results_are(call, study):
    code, out, err = call("run", "01")
    assert code == 0
    assert out == "01_mini: results in analyses/01_mini/results\n"
    assert "01_mini: running the analysis" in err


def test_trace_prints_the_chain_and_the_list(call, study):
    call("run")
    code, out, _ = call("trace", "01", "ratio")
    assert code == 0 and "homesley_2007_gog0161_e07" in out
    code, out, _ = call("trace", "01")
    assert code == 0 and "median" in out and "onset" in out


def test_an_out_that_is_a_file_is_refused(call, study):
    (study / "page").write_text("")
    code, _, err = call("report", "--out", "page")
    assert code == 2 and "--out names the folder" in err


def test_a_report_without_source_is_refused_before_anything_runs(call, study):
    (study / "analyses/01_mini/report.py").unlink()
    code, _, err = call("report")
    assert code == 2 and "has no report.py" in err
    assert not (study / "analyses/01_mini/results").exists()


def test_a_report_that_stops_names_the_fault_in_one_line(call, study):
    source = study / "analyses/01_mini/report.py"
    source.write_text("# %%\nimport survsim\nsurvsim.load_results('nowhere')\n")
    code, _, err = call("report", "--quick")
    last = err.strip().splitlines()[-1]
    assert code == 2
    assert last.startswith(
        "survsim: analyses/01_mini/report.py, line 1: cell 1 (`import survsim`) failed: InputError"
    )
    assert "it has: curve" in last
    assert not (study / "build/quick/01_mini.html").exists()


def test_a_warning_is_told_once(capsys, monkeypatch):
    import warnings

    from survsim.cli.console import progress

    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    with progress():
        for text in ("few draws", "few  draws", "few patients"):
            warnings.showwarning(UserWarning(text), UserWarning, "file.py", 3)
    assert capsys.readouterr().err.splitlines() == [
        "survsim: UserWarning: few draws",
        "survsim: UserWarning: few patients",
    ]


@pytest.mark.parametrize("command", ["check", "curate", "completeness", "migrate"])
def test_no_other_study_is_taken_where_one_stands_in_none(call, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, error = call("data", command)
    assert code == 2 and "no study at" in error


def test_progress_tells_steps_and_puts_warnings_into_the_words_of_the_command(capsys, monkeypatch):
    """The words were left behind once, and every report ended in a NameError."""
    import warnings

    from survsim.cli.console import progress

    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    with progress(str.upper) as say:
        say("01_evidence", "reading")
        warnings.showwarning("two rows", UserWarning, "file.py", 3)
    said = capsys.readouterr().err
    assert "01_evidence: reading" in said and "TWO ROWS" in said


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG, errno.EDQUOT])
def test_a_full_disk_says_what_to_do(call, study, monkeypatch, number):
    def full(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("survsim.evidence.raw.check.check_evidence", full)
    code, _, err = call("data", "check")
    assert code == 2 and os.strerror(number) in err
    assert "no room to write; what was being written is not there. Make room and repeat the command." in err
