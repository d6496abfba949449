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


def reading(study, slug, *others):
    (study.root / "analyses" / slug / "run.py").write_text(f"READS = {others!r}\n")


def test_an_analysis_comes_after_those_it_reads(study):
    reading(study, "01_first", "02_second")
    assert [a.slug for a in study.choose([])] == ["02_second", "01_first"]
    assert [a.slug for a in study.choose(["01", "02"])] == ["02_second", "01_first"]
    assert [a.slug for a in study.choose(["01"])] == ["01_first"]


def test_analyses_that_read_one_another_are_refused(study):
    reading(study, "01_first", "02_second")
    reading(study, "02_second", "01_first")
    with pytest.raises(InputError, match="in a circle: 01_first reads 02_second reads 01_first"):
        study.choose([])


@pytest.mark.parametrize("text", ["READS = '02_second'", "READS = 3", "READS = (1,)", "READS = other()"])
def test_what_is_read_is_a_list_of_names(study, text):
    (study.root / "analyses" / "01_first" / "run.py").write_text(text)
    with pytest.raises(InputError, match="must be names of analyses"):
        study.choose([])


def test_an_analysis_is_stale_once_the_numbers_it_reads_have_moved(study):
    reading(study, "01_first", "02_second")
    key = "what 02_second holds"
    before = _inputs(study)
    (study.root / "analyses/02_second/results").mkdir()
    (study.root / "analyses/02_second/results/summary.json").write_text("{}")
    after = _inputs(study)
    (study.root / "analyses/02_second/run.py").write_text("# another program")
    last = _inputs(study)
    assert len({before[key], after[key], last[key]}) == 3


def _inputs(study):
    from survsim.report import fingerprint

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint, "data_checksum", lambda study: "none")
        return fingerprint.inputs_of(study.analysis("01"), quick=False)


def test_the_shipped_analyses_say_what_they_read():
    """Whoever names another analysis in its program or its files reads it."""
    study = Study.find()
    slugs = {a.slug for a in study.analyses()}
    for analysis in study.analyses():
        written = [analysis.run_file, *analysis.folder.glob("*.yml")]
        lines = "\n".join(p.read_text() for p in written).splitlines()
        named = {s for line in lines if not line.lstrip().startswith("#") for s in slugs if s in line}
        assert named - {analysis.slug} <= {a.slug for a in analysis.reads}, analysis.slug
