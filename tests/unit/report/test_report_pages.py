"""Every page of this repository as its reader gets it: made from the committed notebook and the declared front matter."""

from __future__ import annotations

import functools
import itertools
import re

import nbformat
import pytest
from bs4 import BeautifulSoup

import survsim
from survsim.core.ledger import Ledger
from survsim.core.yaml_files import read_yaml
from survsim.report import index, render
from survsim.report.front import PARTS, front_of
from survsim.report.methods_section import methods_text
from survsim.report.study import Study
from tests.architecture.test_thin_notebooks import NUMBERS_IN_WORDS
from tests.end_to_end.test_reports import CHROMIUM, browse
from tests.helpers.report_texts import shown_raw
from tests.helpers.studies import ROOT

STUDY = Study(root=ROOT)
ANALYSES = {a.slug: a for a in STUDY.analyses()}
LARGEST = 3_000_000
NAMES = survsim.load_evidence(ROOT).names()
RAW = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b(?!\.yml)")
"""A name of the program, not of a file: words joined by underscores."""

each = pytest.mark.parametrize("slug", list(ANALYSES))


@functools.cache
def made(slug):
    analysis = ANALYSES[slug]
    ledger = Ledger.load(analysis.results() / "summary.json")
    notebook = nbformat.read(analysis.notebook, as_version=4)
    front = front_of(analysis, ledger)
    made = render.page(notebook, ledger, "", front, index.neighbours(analysis), names=NAMES)
    return made, front, notebook


@functools.cache
def soup(slug):
    return BeautifulSoup(made(slug)[0], "html.parser")


@each
def test_a_page_has_title_abstract_contents_and_the_last_sections_in_order(slug):
    page = soup(slug)
    assert len(page.find_all("h1")) == 1
    assert "carcinosarcoma" in page.h1.get_text() or slug.startswith("90"), "the title names the disease"
    abstract = [p.strong.get_text().rstrip(".").lower() for p in page.select("#abstract p")]
    assert abstract == list(PARTS)
    assert page.select("#abstract .n"), "an abstract has numbers of the results"
    headings = [h.get_text() for h in page.find_all("h2")]
    assert headings[:2] == ["Abstract", "Contents"] and "Conclusion" in headings
    last = [h for h in headings if h in ("Conclusion", "Limits", "Methods", "References")]
    assert last == [h for h in ("Conclusion", "Limits", "Methods", "References") if h in last]
    tail = headings[headings.index(last[-1]) + 1 :]
    assert all(h.startswith("Appendix: ") for h in tail)


@each
def test_every_link_of_a_page_goes_somewhere(slug):
    page = soup(slug)
    places = [tag["id"] for tag in page.find_all(id=True)]
    assert len(places) == len(set(places))
    targets = [a["href"] for a in page.find_all("a")]
    assert [t for t in targets if t.startswith("#") and t[1:] not in places] == []
    pages = {f"{name}.html" for name in ANALYSES} | {"index.html"}
    beside = [t for t in targets if not t.startswith(("#", "http"))]
    assert beside and set(beside) <= pages
    listed = [a["href"][1:] for a in page.select("#contents > ol a")]
    assert listed == [s["id"] for s in page.select("main > section") if s["id"] != "abstract"]


@each
def test_figures_and_tables_are_numbered_without_gaps_captioned_and_spoken_of(slug):
    page = soup(slug)
    for kind in ("figure", "table"):
        boxes = page.select(f"figure.{kind}")
        assert [b["id"] for b in boxes] == [f"{kind}-{k}" for k in range(1, len(boxes) + 1)]
        for k, box in enumerate(boxes, start=1):
            caption = " ".join(box.figcaption.get_text().split())
            assert (
                caption.startswith(f"{kind.capitalize()} {k}. ") and len(caption) > len(f"{kind} {k}. ") + 3
            )
        spoken = {a["href"] for a in page.select(".see a")}
        in_text = [b for b in boxes if b.find_parent("section").find("p", recursive=False)]
        assert {f"#{b['id']}" for b in in_text} <= spoken


@each
def test_every_picture_says_what_it_shows(slug):
    for image in soup(slug).find_all("img"):
        assert len(image["alt"]) > 40 and "No description" not in image["alt"] and "<" not in image["alt"]


@each
def test_every_declared_caption_and_appendix_belongs_to_something(slug):
    _, front, notebook = made(slug)
    drawing = [
        c.source
        for c in notebook.cells
        if any("image/png" in o.get("data", {}) for o in c.get("outputs", ()))
    ]
    assert [key for key in front.figures if sum(key in source for source in drawing) > 1] == []
    assert sum(front.picture in source for source in drawing) == 1 and front.picture in front.figures
    headings = {h.get_text() for h in soup(slug).find_all("h2")}
    assert [one for one in front.appendix if f"Appendix: {one}" not in headings] == []


@each
def test_front_matter_types_no_result(slug):
    """Digits stand in fields, in names of items and in keys of captions, nowhere else."""
    declared = read_yaml(ANALYSES[slug].folder / "paper.yml")
    texts = [declared[k] for k in ("title", "sentence", "conclusion")]
    texts += [*declared["abstract"].values(), *declared["figures"].values()]
    loose = []
    for text in texts:
        text = NUMBERS_IN_WORDS.sub("", re.sub(r"\{[^{}]*\}", "", text))
        loose += re.findall(r"\S*\d\S*", text)
    assert loose == []


@each
def test_landmarks_and_heads_are_there_for_those_who_do_not_see_the_page(slug):
    page = soup(slug)
    assert page.html["lang"] == "en" and page.select_one("a.skip")["href"] == "#main"
    for landmark in ("body > header nav[aria-label]", "main#main", "body > footer"):
        assert len(page.select(landmark)) == 1
    levels = [int(h.name[1]) for h in page.find_all(["h1", "h2", "h3", "h4"])]
    assert levels[0] == 1 and all(b - a <= 1 for a, b in itertools.pairwise(levels))
    for table in page.find_all("table"):
        assert table.select("thead th[scope=col]") and not table.find("style")
        assert table.find_parent(attrs={"role": "region", "tabindex": "0"})["aria-labelledby"]
    for frame in page.select("figure .frame"):
        assert frame["tabindex"] == "0" and page.find(id=frame["aria-labelledby"]).get_text()
    assert [i for i in page.find_all("input") if not page.select(f'label[for="{i["id"]}"]')] == []


@each
def test_a_page_is_small_and_needs_nothing_from_elsewhere(slug):
    text = made(slug)[0]
    assert len(text.encode()) < LARGEST
    assert re.findall(r'src="(?!data:)[^"]*"', text) == []
    assert "<script" not in text and "<link" not in text and "@import" not in text and "url(" not in text


@each
def test_methods_tell_every_step_in_words(slug):
    ledger = Ledger.load(ANALYSES[slug].results() / "summary.json")
    said = str(methods_text(ledger))
    assert "Further steps" not in said and "None" not in said.replace("None were used", "")
    assert RAW.findall(said) == [] and "()" not in said and ".." not in said


@each
def test_no_raw_name_stands_in_what_the_page_adds(slug):
    """Abstract, captions, contents, conclusion and checklists; the text itself is the author's."""
    page = soup(slug)
    parts = page.select("#abstract, #contents, #conclusion, figcaption, [id^=checklist]")
    said = " ".join(p.get_text(" ") for p in parts)
    assert [n for n in RAW.findall(said) if n not in ("as_treated",)] == []


@each
def test_no_raw_name_is_shown_outside_code_and_columns_of_addresses(slug):
    assert shown_raw(BeautifulSoup(made(slug)[0], "html.parser")) == []


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@each
def test_a_narrow_window_shows_the_whole_of_a_page(slug, tmp_path):
    """Tables become cards or scroll in their frame; nothing makes the page itself wider than its window."""
    path = tmp_path / "page.html"
    path.write_text(made(slug)[0], encoding="utf-8")
    seen = browse(path, tmp_path, width=500)
    assert (seen["broken"], seen["wide"], seen["under"]) == (0, 0, 0) and seen["pictures"] >= 1
