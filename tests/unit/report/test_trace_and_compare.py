"""From a number down to rows, and from an earlier state to what moved."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from rich.console import Console

import survsim
from survsim import Ledger, Provenance, load_evidence
from survsim.errors import EvidenceError, EvidenceWarning, InputError
from survsim.report import cited
from survsim.report.compare import moves
from survsim.report.earlier import Earlier, earlier_state
from survsim.report.resolve import resolve
from survsim.report.runner import run_analysis
from survsim.report.study import Study
from survsim.report.trace import list_keys, trace_all, trace_tree
from tests.helpers.studies import mini_study, seal_again


@pytest.fixture(scope="module")
def analysis(tmp_path_factory):
    found = Study(root=mini_study(tmp_path_factory.mktemp("trace"))).analysis("01")
    run_analysis(found)
    return found


def printed(thing):
    console = Console(width=10_000, highlight=False)
    with console.capture() as capture:
        console.print(thing)
    return capture.get()


def test_the_chain_ends_at_the_row_and_its_place(analysis):
    text = printed(trace_tree(analysis, "ratio"))
    assert "ratio = 0.69" in text and "as_printed" in text
    assert "homesley_2007_gog0161_e07" in text and "abstract of Homesley" in text


def test_the_chain_of_a_median_shows_each_step_with_its_options(analysis):
    lines = printed(trace_tree(analysis, "median")).splitlines()
    steps = [line.split("── ")[-1] for line in lines[1:]]
    assert steps[0].startswith("KaplanMeier.quantile(p=[0.5])")
    assert steps[1].startswith("kaplan_meier(conf_level=0.95, conf_type='log-log')")
    assert steps[2].startswith("57 rows of curated/patients.csv, data set tcga_ucs")


def test_an_assumption_is_called_one(analysis):
    assert "assumption, no source: 01_mini/onset" in printed(trace_tree(analysis, "onset"))


def test_all_keys_are_listed_without_one(analysis):
    text = printed(list_keys(analysis))
    assert "median" in text and "18.1 to 52.3" in text


def test_an_unknown_key_names_near_ones(analysis):
    with pytest.raises(InputError, match=r"no number 'media'\. Near it: median"):
        trace_tree(analysis, "media")


def test_every_number_is_walked(analysis):
    rows = trace_all(analysis)
    assert rows["ratio"] == ("estimates:homesley_2007_gog0161_e07",)
    assert set(rows) == {"median", "ratio", "onset"}


def test_a_number_that_rests_on_nothing_is_found(analysis, tmp_path):
    copy = tmp_path / "study"
    shutil.copytree(analysis.study.root, copy)
    other = Study(root=copy).analysis("01")
    path = other.results() / "summary.json"
    ledger = Ledger.load(path)
    ledger.record("loose", 1.0, provenance=Provenance.of("guess"))
    ledger.save(path)
    # As a study is handed on: without the record of what the last run wrote.
    path.with_name("manifest.json").unlink()
    with pytest.raises(EvidenceError, match="loose of 01_mini rests on no row"):
        trace_all(other)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("estimates:nobody_e01", "estimates:nobody_e01 is named as a source, but"),
        ("patients:nobody", "has no such data set"),
        ("strategies:nobody", "neither data/strategies nor a scenario.yml holds it"),
    ],
)
def test_a_row_that_is_not_there_is_an_error(analysis, reference, message):
    with pytest.raises(EvidenceError, match=message):
        resolve(reference, survsim.load_evidence(), analysis.study)


def test_a_strategy_is_found_in_its_file_or_in_a_scenario(tmp_path):
    (tmp_path / "data/strategies").mkdir(parents=True)
    (tmp_path / "data/strategies/one.yml").write_text("name: one\n")
    (tmp_path / "analyses/03_x").mkdir(parents=True)
    (tmp_path / "analyses/03_x/scenario.yml").write_text("strategies:\n  - name: two\n")
    study, evidence = Study(root=tmp_path), survsim.load_evidence()
    assert resolve("strategies:one", evidence, study) == "strategy one, data/strategies/one.yml"
    (tmp_path / "data/strategies/two.yml").write_text(
        "format: survsim-strategy/1\nstrategy: 'three'  # renamed\n"
    )
    assert resolve("strategies:three", evidence, study) == "strategy three, data/strategies/two.yml"
    assert resolve("strategies:two", evidence, study) == "strategy two, analyses/03_x/scenario.yml"


def test_a_whole_table_is_counted(analysis):
    assert re.fullmatch(
        r"all \d+ rows of curated/studies.csv", resolve("studies:*", survsim.load_evidence(), analysis.study)
    )


def test_nothing_moved_against_itself(analysis):
    ledger = Ledger.load(analysis.results() / "summary.json")
    assert moves(analysis, ledger, Earlier(name="same", root=analysis.study.root)) == []


@pytest.fixture()
def old(analysis, tmp_path):
    """An earlier state in which one hazard ratio read 0.66, another number had no row, a third was absent."""
    root = tmp_path / "old"
    shutil.copytree(analysis.study.root, root)
    table = root / "data/curated/estimates.csv"
    text = table.read_text()
    head = "homesley_2007_gog0161_e07,"
    line = next(row for row in text.splitlines() if row.startswith(head))
    table.write_text(text.replace(line, line.replace(",0.69,", ",0.66,")))
    path = root / "analyses/01_mini/results/summary.json"
    seal_again(path, lambda content: content["numbers"]["ratio"].update(value=0.66))
    ledger = Ledger.load(path)
    del ledger.numbers["onset"]
    ledger.save(path)
    return Earlier(name="old", root=root)


def test_a_move_names_size_and_row(analysis, old):
    found = {m.key: m for m in moves(analysis, Ledger.load(analysis.results() / "summary.json"), old)}
    assert set(found) == {"ratio", "onset"}
    ratio = found["ratio"]
    assert (ratio.before, ratio.now, ratio.change) == ("0.66", "0.69", "+4.5%")
    assert ratio.because == "homesley_2007_gog0161_e07 changed: value 0.66 to 0.69"
    assert found["onset"].change == "new"


def test_an_earlier_analysis_that_is_absent_gives_no_moves(analysis, tmp_path):
    (tmp_path / "analyses").mkdir()
    ledger = Ledger.load(analysis.results() / "summary.json")
    assert moves(analysis, ledger, Earlier(name="empty", root=tmp_path)) == []


@pytest.mark.parametrize("name", ["nowhere", "--help"])
def test_an_earlier_state_that_is_neither_folder_nor_revision(analysis, name):
    with (
        pytest.raises(InputError, match="neither a folder nor a git revision"),
        earlier_state(analysis.study, name),
    ):
        pass


def test_a_folder_without_analyses_is_no_earlier_state(analysis, tmp_path):
    with pytest.raises(InputError, match="no folder analyses/"), earlier_state(analysis.study, str(tmp_path)):
        pass


def test_a_git_revision_is_read_without_touching_the_folder(old):
    git = ["git", "-C", str(old.root), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-q"], ["add", "-f", "."], ["commit", "-q", "-m", "state"], ["tag", "v1"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    study = Study(root=old.root)
    with earlier_state(study, "v1") as earlier:
        assert earlier.ledger("01_mini").numbers["ratio"].value == 0.66
        unpacked = earlier.root
    assert not unpacked.exists()


@pytest.mark.parametrize(
    "reference", ["studies:zzz", "estimates:zzz", "cases:zzz", "patients:zzz", "studies:"]
)
def test_sources_that_the_evidence_does_not_have_are_named(reference):
    evidence = load_evidence()
    ledger = Ledger(analysis="x")
    ledger.record("n", 3, provenance=Provenance.of("count", reference, "cases:index_case"))
    with pytest.warns(EvidenceWarning, match=reference):
        references = cited(ledger, evidence)
    assert len(references) == 1
