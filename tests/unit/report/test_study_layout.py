"""Finding a study, its analyses, and the results folder that a notebook reads."""

from __future__ import annotations

import pytest

from survsim.errors import InputError
from survsim.report import results_folder
from survsim.report.study import RESULTS_VARIABLE, Study


@pytest.fixture()
def study(tmp_path):
    for slug in ("01_first", "02_second"):
        (tmp_path / "analyses" / slug).mkdir(parents=True)
        (tmp_path / "analyses" / slug / "run.py").write_text("")
    (tmp_path / "analyses" / "notes").mkdir()
    (tmp_path / "data").mkdir()
    return Study(root=tmp_path)


def test_the_nearest_folder_upwards_is_the_study(study):
    inner = study.root / "analyses" / "01_first"
    assert Study.find(inner).root == study.root.resolve()


def test_no_study_says_what_one_is(tmp_path):
    with pytest.raises(InputError, match="a study is a folder with data/ and analyses/"):
        Study.find(tmp_path)


def test_a_folder_without_run_is_no_analysis(study):
    assert [a.slug for a in study.analyses()] == ["01_first", "02_second"]


@pytest.mark.parametrize("name", ["02_second", "02", "analyses/02_second", "02_second/"])
def test_an_analysis_is_found_by_slug_number_or_path(study, name):
    assert study.analysis(name).slug == "02_second"


def test_an_unknown_analysis_lists_those_there_are(study):
    with pytest.raises(InputError, match=r"no analysis '07' .* there are: 01_first, 02_second"):
        study.analysis("07")


def test_an_analysis_named_twice_counts_once(study):
    assert len(study.choose(["01", "01_first"])) == 1


def test_a_study_without_analyses_says_so(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "analyses").mkdir()
    with pytest.raises(InputError, match="has no analysis"):
        Study(root=tmp_path).choose([])


def test_quick_results_lie_below_build(study):
    analysis = study.analysis("01")
    assert analysis.results() == study.root / "analyses/01_first/results"
    assert analysis.results(quick=True) == study.root / "build/quick/01_first/results"


def test_the_environment_names_the_results(tmp_path, monkeypatch):
    monkeypatch.setenv(RESULTS_VARIABLE, str(tmp_path))
    assert results_folder("01_first") == tmp_path


def test_results_are_found_by_slug_from_the_notebooks_folder(study, monkeypatch):
    monkeypatch.delenv(RESULTS_VARIABLE, raising=False)
    (study.root / "notebooks").mkdir()
    (study.root / "analyses/01_first/results").mkdir()
    monkeypatch.chdir(study.root / "notebooks")
    assert results_folder("01_first") == study.root / "analyses/01_first/results"


def test_results_are_found_inside_the_analysis(study, monkeypatch):
    monkeypatch.delenv(RESULTS_VARIABLE, raising=False)
    (study.root / "analyses/01_first/results").mkdir()
    monkeypatch.chdir(study.root / "analyses/01_first")
    assert results_folder() == study.root / "analyses/01_first/results"


def test_missing_results_say_how_to_make_them(study, monkeypatch):
    monkeypatch.delenv(RESULTS_VARIABLE, raising=False)
    monkeypatch.chdir(study.root)
    with pytest.raises(InputError, match="survsim run 01_first"):
        results_folder("01_first")


def test_elsewhere_the_analysis_must_be_named(study, monkeypatch):
    monkeypatch.delenv(RESULTS_VARIABLE, raising=False)
    monkeypatch.chdir(study.root)
    with pytest.raises(InputError, match="which results"):
        results_folder()
