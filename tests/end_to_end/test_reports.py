"""From one command to pages a reader opens: a miniature study, then this repository's analyses."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from survsim.core.errors import InputError
from survsim.report.publish import publish
from survsim.report.study import Study
from survsim.report.trace import trace_all
from tests.helpers.report_texts import names_of_rows, raw_names, shown_raw, texts_of
from tests.helpers.studies import ROOT, copied_study, mini_study, seal_again, tree_bytes

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SLUGS = [p.name for p in sorted((ROOT / "analyses").iterdir()) if (p / "run.py").is_file()]
QUICK = {"01_evidence_base", "90_method_reconstruction"}
"""What the others compute has tests of its own; their pages are made by `make report` and `make validate`."""


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    study = Study(root=mini_study(tmp_path_factory.mktemp("mini")))
    made = list(publish(study))
    return study, made


def test_a_report_is_one_page_that_needs_nothing_from_the_net(mini):
    study, made = mini
    assert [(m.slug, m.made) for m in made] == [("01_mini", True)]
    page = made[0].path.read_text(encoding="utf-8")
    assert made[0].path == study.root / "build/reports/01_mini.html"
    assert re.findall(r'src="(?!data:)[^"]*"', page) == [] and "<link" not in page and "@import" not in page
    # What a reader may follow: places of the page, other reports beside it, and the sources themselves.
    assert re.findall(r'href="(?!#|[\w-]+\.html"|https://doi\.org/|https?://)[^"]*"', page) == []
    assert "data:image/png;base64," in page and "<script" not in page


def test_the_page_of_all_reports_shows_each_with_a_picture_and_a_sentence(mini):
    study, _ = mini
    index = (study.root / "build/reports/index.html").read_text(encoding="utf-8")
    assert '<a href="01_mini.html">A miniature</a>' in index and "<p>One curve.</p>" in index
    assert re.search(r'<img src="data:image/png;base64,[^"]+" alt="Overall survival[^"]+months', index)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("numbers.numbers['nothing']", "KeyError: 'nothing'"),
        ("import os; os._exit(3)", "it did not end: Kernel died"),
    ],
)
def test_a_failing_cell_is_named_and_the_earlier_report_stays(mini, tmp_path, code, fault):
    root = tmp_path / "study"
    shutil.copytree(mini[0].root, root)
    source = root / "analyses/01_mini/report.py"
    source.write_text(f"{source.read_text()}\n# %%\n{code}\n")
    line = source.read_text().splitlines().index(code)
    kept = {
        p: p.read_bytes() for p in (root / "build/reports/01_mini.html", root / "notebooks/01_mini.ipynb")
    }
    with pytest.raises(InputError) as told:
        list(publish(Study(root=root)))
    assert f"report.py, line {line}: cell 4 (`{code}`) failed: {fault}" in str(told.value)
    assert "stay as they were" in str(told.value)
    assert {p: p.read_bytes() for p in kept} == kept


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_pages_come_in_their_order_and_those_before_a_failure_are_written(mini, tmp_path, workers):
    """With two workers a page is written while the next analysis runs: what is written is the same."""
    root = tmp_path / "study"
    shutil.copytree(mini[0].root, root)
    for slug in ("02_again", "03_broken"):
        shutil.copytree(
            root / "analyses/01_mini", root / f"analyses/{slug}", ignore=shutil.ignore_patterns("results")
        )
        for name in ("run.py", "report.py"):
            source = root / f"analyses/{slug}/{name}"
            source.write_text(source.read_text().replace("01_mini", slug))
    broken = root / "analyses/03_broken/run.py"
    broken.write_text(broken.read_text() + "\n\ndef main(**given):\n    raise ValueError('no such luck')\n")
    made, steps = [], []
    with pytest.raises(InputError, match="no such luck"):
        for report in publish(
            Study(root=root), workers=workers, say=lambda slug, step: steps.append((slug, step))
        ):
            made.append((report.slug, report.made))
    assert made == [("01_mini", True), ("02_again", True)]  # the first has a neighbour now
    assert [slug for slug, step in steps if step == "done"] == ["01_mini", "02_again"]
    book = json.loads((root / "notebooks/02_again.ipynb").read_text())
    known = json.loads((root / "notebooks/01_mini.ipynb").read_text())
    assert [c.get("outputs") for c in book["cells"][1:]] == [c.get("outputs") for c in known["cells"][1:]]


def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(mini, tmp_path, monkeypatch):
    study, _ = mini
    before = tree_bytes(study.root)

    def refuse(*words, **named):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("survsim.report.publish.tempfile.TemporaryFile", refuse)
    with pytest.raises(InputError, match=r"pages cannot be written .Permission denied.; nothing was made"):
        list(publish(study, ["01"], out=tmp_path / "pages"))
    assert tree_bytes(study.root) == before and not (tmp_path / "pages").exists()


def test_the_footer_names_version_data_and_seed(mini):
    study, made = mini
    footer = made[0].path.read_text(encoding="utf-8").split("<footer>")[1]
    summary = json.loads((study.root / "analyses/01_mini/results/summary.json").read_text())
    assert summary["version"] in footer and summary["data_checksum"][:12] in footer and "seed 7" in footer


def test_prose_shows_the_number_of_the_summary(mini):
    page = mini[1][0].path.read_text(encoding="utf-8")
    assert "26.6 months (95% CI 18.1 to 52.3)" in page


def test_a_second_call_makes_nothing_and_a_named_one_gives_the_same_bytes(mini):
    study, _ = mini
    before = tree_bytes(study.root)
    assert [m.made for m in publish(study)] == [False]
    assert [m.made for m in publish(study, ["01"])] == [True]
    assert tree_bytes(study.root) == before


def test_a_changed_source_makes_the_report_anew(mini, tmp_path):
    root = tmp_path / "study"
    shutil.copytree(mini[0].root, root)
    source = root / "analyses/01_mini/report.py"
    source.write_text(source.read_text().replace("One curve.", "One single curve."))
    made = list(publish(Study(root=root)))
    assert made[0].made and "One single curve." in made[0].path.read_text(encoding="utf-8")


def test_an_edited_notebook_is_made_again(mini, tmp_path):
    root = tmp_path / "study"
    shutil.copytree(mini[0].root, root)
    notebook = root / "notebooks/01_mini.ipynb"
    before = notebook.read_bytes()
    notebook.write_text("{}")
    assert next(publish(Study(root=root))).made
    assert notebook.read_bytes() == before


def test_quick_reports_touch_nothing_outside_their_folders(mini, tmp_path):
    root = tmp_path / "study"
    shutil.copytree(mini[0].root, root)
    before = tree_bytes(root)
    made = list(publish(Study(root=root), quick=True, out=tmp_path / "pages"))
    after = {k: v for k, v in tree_bytes(root).items() if not k.startswith("build/quick/")}
    assert after == before
    assert made[0].path == tmp_path / "pages/01_mini.html"
    assert "quick results" in made[0].path.read_text(encoding="utf-8")


def test_a_comparison_adds_its_section_to_the_page_only(mini, tmp_path):
    study, _ = mini
    old = tmp_path / "old"
    shutil.copytree(study.root, old)
    path = old / "analyses/01_mini/results/summary.json"
    seal_again(path, lambda content: content["numbers"]["ratio"].update(value=0.66))
    notebook = (study.root / "notebooks/01_mini.ipynb").read_bytes()
    made = list(publish(study, compare=str(old), out=tmp_path / "pages"))
    page = made[0].path.read_text(encoding="utf-8")
    assert "What changed since old" in page and "1 of 3 numbers differ" in page and "+4.5%" in page
    assert (study.root / "notebooks/01_mini.ipynb").read_bytes() == notebook


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize(
    "slug", [s if s in QUICK else pytest.param(s, marks=pytest.mark.long) for s in SLUGS]
)
def test_an_analysis_from_one_command_to_the_browser(slug, tmp_path):
    """In quick mode, in a copy of the study: the page, its numbers, their rows, its pictures."""
    study = Study(root=copied_study(tmp_path))
    page = next(publish(study, [slug], quick=True)).path
    text = page.read_text(encoding="utf-8")
    assert "output_stream output_stderr" not in text
    assert len(re.findall("<h2", text)) >= 3
    rows = trace_all(study.analysis(slug), quick=True)
    assert len(rows) > 5 and all(rows.values())
    shown = set(re.findall(r'<span class="n" title="([^"]+)"', text))
    assert shown and shown <= set(rows)
    texts = texts_of(study.analysis(slug).report_file, study.analysis(slug).results(quick=True))
    assert texts and raw_names(texts, names_of_rows()) == []
    assert shown_raw(BeautifulSoup(text, "html.parser")) == []
    if CHROMIUM is not None:
        seen = browse(page, tmp_path)
        assert (seen["broken"], seen["wide"]) == (0, 0)
        assert seen["pictures"] >= 1


@pytest.mark.slow
@pytest.mark.parametrize("slug", SLUGS)
def test_committed_numbers_are_traced_in_the_committed_data(slug):
    assert trace_all(Study(root=ROOT).analysis(slug))


def browse(page: Path, folder: Path, width: int = 1000) -> dict[str, int]:
    """Open a page in headless Chromium and count pictures, broken pictures and overflow of the page.

    And, where its tables are told row by row, the cells with words of their own under the head that stands before them.
    """
    probe = """
    <script>
    addEventListener('load', () => {
      const images = [...document.images];
      const wide = document.documentElement.scrollWidth > innerWidth ? 1 : 0;
      const under = [...document.querySelectorAll('table.cards [data-label]')].filter(cell => {
        const words = document.createRange();
        words.selectNodeContents(cell);
        const from = cell.getBoundingClientRect().left + 90;
        return [...words.getClientRects()].some(box => box.width && box.left < from);
      }).length;
      const seen = {pictures: images.length, broken: images.filter(i => !i.naturalWidth).length, wide, under};
      document.body.setAttribute('data-seen', JSON.stringify(seen));
    });
    </script></body>"""
    probed = folder / "probed.html"
    probed.write_text(page.read_text(encoding="utf-8").replace("</body>", probe), encoding="utf-8")
    words = (
        "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
        f"--disable-component-update --disable-sync --window-size={width},3000 --virtual-time-budget=5000 --dump-dom"
    )
    done = subprocess.run(
        [CHROMIUM, *words.split(), f"--user-data-dir={folder / 'profile'}", f"file://{probed}"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found = re.search(r'data-seen="([^"]+)"', done.stdout)
    assert found, done.stderr[-500:]
    return json.loads(found.group(1).replace("&quot;", '"'))


def test_the_first_figure_of_a_cold_process_is_there_soon(tmp_path):
    """Bounded by what it loads, not by a clock: pyplot, scipy.stats, numba and lifelines stay out."""
    code = (
        "import sys, survsim\n"
        "s = survsim.Surv.right([5, 8, 8, 12], [1, 0, 1, 1], unit='months')\n"
        f"survsim.kaplan_meier(s).plot().figure.savefig({str(tmp_path / 'km.png')!r})\n"
        "print([m for m in ('matplotlib.pyplot', 'scipy.stats', 'numba', 'lifelines', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert (tmp_path / "km.png").stat().st_size > 10_000
