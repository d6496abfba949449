"""A notebook set as a paper: front matter, order of sections, exhibits, links, checklists, Word and PDF."""

from __future__ import annotations

import base64
import importlib.resources
import io
import re
import zipfile

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import survsim
from survsim.core.errors import InputError, SurvsimError
from survsim.core.ledger import Ledger
from survsim.core.provenance import Provenance
from survsim.report import checklists, printing, render, word
from survsim.report.describe import describe
from survsim.report.front import Front, front_of, short_title
from survsim.report.methods_section import methods_text
from survsim.report.paper import only_addresses
from survsim.report.publish import _formats, publish
from survsim.report.references import Citations, cite, linked
from survsim.report.study import Analysis, Study

SOURCE = Provenance.of("kaplan_meier", "patients:x")
ALL = survsim.kaplan_meier(survsim.Surv.right([2, 3, 5, 9], [1, 1, 1, 0], unit="months"))


def picture():
    from matplotlib.figure import Figure

    file = io.BytesIO()
    Figure(figsize=(1, 1)).savefig(file, format="png")
    return base64.b64encode(file.getvalue()).decode()


def drawn(source, alt="Survival from 0 to 1 against time (months), shown: all patients."):
    output = new_output("display_data", {"image/png": picture()}, metadata={"image/png": {"alt": alt}})
    return new_code_cell(source, id=source.partition(".")[0], outputs=[output])


def tabled(title):
    frame = pd.DataFrame({"group": ["a"], "patients": [1]})
    made = survsim.report.table(frame, title=title, notes="A note.").html
    return new_code_cell("table", id="table", outputs=[new_output("display_data", {"text/html": made})])


def text(words, name):
    return new_markdown_cell(words, id=name)


@pytest.fixture
def ledger():
    book = Ledger(analysis="01_mini", seed=7)
    book.record("os.median", 26.58, conf_low=18.1, conf_high=52.3, unit="months", provenance=SOURCE)
    return book


@pytest.fixture
def book():
    return new_notebook(
        cells=[
            text("# A title\n\n**Question.** How long?\n", "one"),
            text("## Parameters\n\nThese.", "two"),
            tabled("Parameters used"),
            text("## Limits\n\nFew.\n\n## Methods", "three"),
            text("Kaplan-Meier.", "four"),
            text("## Overall survival\n\nBefore it. See report 02 and report 77.", "five"),
            drawn("km.plot()"),
            text("After it.", "six"),
            drawn("second.plot()", alt=""),
        ]
    )


FRONT = Front(
    title="Survival with a <em>rare</em> cancer",
    abstract={"background": "Rare.", "results": "Half lived long.", "conclusion": "Few."},
    conclusion="It is **long**.",
    estimand="The median.",
    figures={"km.plot": "Overall survival of all patients.", "second": "The other picture."},
    picture="second",
    appendix=("Parameters",),
    sentence="One sentence.",
)


@pytest.fixture
def page(book, ledger):
    near = render.Neighbours(numbered={"02": "02_next.html"}, after=("02_next.html", "Next one"))
    return BeautifulSoup(render.page(book, ledger, "f" * 8, FRONT, near), "html.parser")


def test_sections_stand_in_the_order_of_a_paper(page):
    headings = [h.get_text() for h in page.find_all("h2")]
    assert headings == [
        "Abstract", "Contents", "Question", "Overall survival", "Conclusion", "Limits", "Methods",
        "Appendix: Parameters",
    ]  # fmt: skip
    assert (
        page.h1.get_text() == "Survival with a rare cancer"
        and page.title.get_text() == "Survival with a rare cancer"
    )
    methods = " ".join(page.select_one("#methods").get_text().split())
    assert (
        methods.index("What is estimated. The median.")
        < methods.index("Kaplan-Meier.")
        < methods.index("numpy")
    )
    assert page.select_one("#question p").get_text().strip() == "How long?"


def test_numbers_follow_the_order_of_the_page_and_links_the_numbers(page):
    assert [f.figcaption.b.get_text() for f in page.find_all("figure")] == [
        "Figure 1.",
        "Figure 2.",
        "Table 1.",
    ]
    seen = page.select_one("#overall-survival").find_all("p", recursive=False)
    assert [p.get_text().strip() for p in seen] == [
        "Before it. See report 02 and report 77.", "After it. (Figure 1; Figure 2)",
    ]  # fmt: skip
    links = {a.get_text(): a["href"] for a in seen[0].find_all("a")}
    assert links == {"report 02": "02_next.html"}


def test_a_picture_tells_what_was_drawn_or_else_its_caption(page):
    assert [i["alt"] for i in page.find_all("img")] == [
        "Survival from 0 to 1 against time (months), shown: all patients.", "The other picture.",
    ]  # fmt: skip
    assert page.find("meta", attrs={"name": "survsim-picture"})["content"] == "figure-2"


def test_a_table_loses_the_looks_of_its_library_and_keeps_heads_notes_and_sides(page):
    table = page.find("table")
    assert table.find("style") is None and not table.find_all(style=True)
    assert [th.get_text() for th in table.select("th[scope=col]")] == ["group", "patients"]
    cell = table.select("tbody td")[1]
    assert (cell["data-label"], cell["class"]) == ("patients", ["number"])
    assert page.select_one("figure.table p.note").get_text() == "A note."


def test_a_notebook_that_declares_nothing_is_a_paper_too(book, ledger):
    page = BeautifulSoup(render.page(book, ledger), "html.parser")
    assert page.h1.get_text() == "A title" and page.select_one("#abstract") is None
    assert page.find("meta", attrs={"name": "description"})["content"] == "How long?"
    assert page.find_all("figure")[1].figcaption.get_text().startswith("Figure 1. Survival from 0 to 1")


def analysis_with(folder, paper, readme=""):
    root = folder / "rare_study"
    place = root / "analyses" / "01_mini"
    place.mkdir(parents=True)
    (place / "paper.yml").write_text(paper, encoding="utf-8")
    (place / "README.md").write_text(readme, encoding="utf-8")
    return Analysis(study=Study(root=root), slug="01_mini")


def test_front_matter_takes_its_numbers_from_the_ledger_and_its_estimand_from_the_readme(tmp_path, ledger):
    one = analysis_with(
        tmp_path,
        "title: Of a {study}\nabstract: {results: 'Median {os.median:.1f unit}.'}\nshort: Mini\n",
        "# 01\n\n**Estimand.** A {median}\nof all.\n\nMore.\n",
    )
    front = front_of(one, ledger)
    assert "26.6 months" in front.abstract["results"] and 'title="os.median"' in front.abstract["results"]
    assert (
        front.title == "Of a rare study"
        and front.estimand == "A {median} of all."
        and short_title(one) == "Mini"
    )


@pytest.mark.parametrize(
    ("paper", "said"),
    [
        ("tittle: x\n", "no part 'tittle'; there are: title"),
        ("title: [a]\n", "title is text; got"),
        ("abstract: short\n", "abstract is a list of `name: text`"),
        ("abstract: {intro: x}\n", "an abstract has background, methods, results, conclusion; got intro"),
        ("appendix: Data\n", "appendix is a list of headings"),
        ("- a\n", "is a list of parts"),
        ("conclusion: '{os.medain}'\n", "'os.medain', which is no number of 01_mini. Near it: os.median"),
        ("conclusion: '{os.median'\n", "paper.yml: "),
    ],
)
def test_front_matter_that_cannot_be_used_says_what_is_wrong(tmp_path, ledger, paper, said):
    with pytest.raises(InputError) as told:
        front_of(analysis_with(tmp_path, paper), ledger)
    assert said in str(told.value) and "analyses/01_mini/paper.yml" in str(told.value)


@pytest.mark.parametrize("name", list(checklists.FILES))
def test_a_checklist_has_its_items_once_with_words_and_a_source(name):
    asked = checklists.checklist(name)
    numbers = [item[0] for item in asked.items]
    assert len(set(numbers)) == len(numbers) >= 28 and "doi:10." in asked.cite
    assert all(part and len(asks) > 10 for _, part, asks, _ in asked.items)


def test_a_checklist_tells_what_is_answered_where_and_what_is_missing():
    rows = checklists.checklist_rows(
        "STROBE",
        {"4": "Data; Methods", "5": "Data; missing: dates", "22": "missing: nobody"},
        ["Limits", "title"],
    )
    found = {row[0]: row[3:] for row in rows}
    assert (
        found["4"] == ("Data; Methods", "")
        and found["5"] == ("Data", "dates")
        and found["22"] == ("", "nobody")
    )
    assert found["19"] == ("Limits", "") and found["3"] == ("", checklists.NOT_SAID)
    intro, markup = checklists.checklist_markup(
        "STROBE", {"4": "Data; elsewhere"}, {"Data": "data", "Limits": "limits"}
    )
    assert (
        '<a href="#data">Data</a>; elsewhere' in markup
        and "Of the 34 items of STROBE 2 are answered" in intro
    )
    with pytest.raises(InputError, match="no item 99"):
        checklists.checklist_rows("STROBE", {"99": "x"}, [])
    with pytest.raises(InputError, match="no checklist 'CONSORT'"):
        checklists.checklist("CONSORT")


def test_a_work_without_an_author_is_cited_by_its_title():
    row = {"first_author": float("nan"), "title": "A series", "journal": "Cancer", "year": 1995.0, "doi": "10.1/x.y",
           "pmid": "", "url": "", "read_what": "abstract", "evidence_grade": "C4"}  # fmt: skip
    assert cite(row) == "A series. Cancer (1995). doi:10.1/x.y. [Read: abstract, evidence grade C4]."[:-1]
    assert cite(row | {"first_author": "Lee A"}).startswith("Lee A et al. A series. ")
    assert cite(row | {"title": ""}).startswith("Neither author nor title printed. Cancer")
    assert linked("A & B. doi:10.1/x.y. PMID 12. https://a.org/b?c=1.") == (
        'A &amp; B. <a href="https://doi.org/10.1/x.y">doi:10.1/x.y</a>. '
        '<a href="https://pubmed.ncbi.nlm.nih.gov/12/">PMID 12</a>. <a href="https://a.org/b?c=1">https://a.org/b?c=1</a>.'
    )
    assert "<script>" not in Citations(("<script>x",))._repr_html_()


def test_methods_say_the_unit_of_a_time_and_no_number_without_one():
    ledger = Ledger(analysis="x")
    ledger.record(
        "a", 1.0, provenance=Provenance.of("clone_censor_weight", "patients:x", grace=5.91, unit="months")
    )
    ledger.record(
        "b", 1.0, provenance=Provenance.of("clone_censor_weight", "patients:x", grace=2.96, unit="months")
    )
    assert "a grace period of 2.96 and 5.91 months was" in str(methods_text(ledger))
    ledger.record("c", 1.0, provenance=Provenance.of("clone_censor_weight", "patients:x", grace=3.0))
    assert "a grace period was" in str(methods_text(ledger))


def test_a_description_names_axes_groups_and_ends():
    words = describe(ALL.plot(endpoint="Overall survival", origin="surgery").figure)
    assert "Overall survival (proportion) from 0 to 1 against Time since surgery (months)" in words
    assert "4 patients" in words and "(from 1 to 0.25 at 9)" in words


def test_a_description_ends_where_the_picture_ends():
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    axes.plot([0, 10, 20, 60], [1.0, 0.8, 0.5, 0.1], label="usual care")
    axes.set_xlim(0, 36)
    axes.set(xlabel="Time (months)", ylabel="Survival")
    assert "usual care (from 1 to 0.5 at 20)" in describe(axes.figure)
    axes.set_yticks([0, 1], labels=["one", "two"])
    assert "shown: usual care, rows: one; two" in describe(axes.figure)


def test_a_word_file_holds_headings_pictures_with_their_words_and_tables(page, tmp_path):
    import docx

    word.write_word_report(tmp_path / "a.docx", str(page))
    made = docx.Document(str(tmp_path / "a.docx"))
    heads = [p.text for p in made.paragraphs if p.style.name.startswith("Heading")]
    assert heads[0] == "Abstract" and heads[-1] == "Appendix: Parameters"
    assert len(made.inline_shapes) == 2 and [c.text for c in made.tables[0].rows[1].cells] == ["a", "1"]
    inside = zipfile.ZipFile(tmp_path / "a.docx").read("word/document.xml").decode()
    assert 'descr="The other picture."' in inside and "w:tblHeader" in inside
    assert any(p.text.startswith("Figure 2. The other picture.") for p in made.paragraphs)
    assert made.core_properties.title == "Survival with a rare cancer"


def test_a_pdf_needs_a_browser_and_says_so(monkeypatch, tmp_path, page):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(printing.VARIABLE, raising=False)
    monkeypatch.setattr(printing, "PLACES", ())
    with pytest.raises(InputError, match="none was found"):
        printing.browser()
    monkeypatch.setenv(printing.VARIABLE, "nosuchbrowser")
    with pytest.raises(InputError, match="names 'nosuchbrowser', which is no program"):
        printing.browser()
    program = tmp_path / "mute"
    program.write_text("#!/bin/sh\necho no display >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv(printing.VARIABLE, str(program))
    with pytest.raises(SurvsimError, match="mute did not print the report"):
        printing.write_pdf(tmp_path / "a.pdf", str(page))
    assert not (tmp_path / "a.pdf").exists()


def luminance(colour):
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_words_of_a_page_stand_out_from_what_they_stand_on(scheme):
    """4.5 to 1 at least (WCAG 2.2, criterion 1.4.3), for every pair of colours that the page puts together."""
    css = importlib.resources.files("survsim.report").joinpath("page", "page.css").read_text(encoding="utf-8")
    part = css if scheme == "light" else css.split("prefers-color-scheme: dark")[1]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", part.split("}")[0]))
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    for words in ("ink", "soft", "accent"):
        for ground in ("paper", "wash"):
            assert contrast(colours[words], colours[ground]) >= 4.5, (words, ground)
    assert contrast(colours["ink"], colours["warn"]) >= 4.5
    assert "opacity: ." not in css, "half a colour is another colour"


def test_a_report_that_tells_no_methods_gets_those_of_its_numbers(ledger):
    book = new_notebook(cells=[text("# A title\n\nWords.", "one")])
    page = BeautifulSoup(render.page(book, ledger, "", Front(estimand="The median.")), "html.parser")
    said = " ".join(page.select_one("#methods").get_text(" ").split())
    assert said.startswith(
        "Methods What is estimated. The median. Survival. Survival was estimated by the Kaplan-Meier"
    )


def test_front_matter_that_cannot_be_read_is_refused_before_anything_runs(tmp_path):
    one = analysis_with(tmp_path, "tittle: x\n")
    (one.folder / "run.py").write_text("raise SystemExit('it ran')\n")
    (one.folder / "report.py").write_text("# %%\n")
    with pytest.raises(InputError, match="no part 'tittle'"):
        list(publish(one.study))


def test_a_format_that_is_none_is_refused_and_each_is_written_once(tmp_path):
    with pytest.raises(InputError, match="as html, word or pdf; got 'odt'"):
        list(publish(Study(root=tmp_path), formats=["odt"]))
    assert _formats(["Word", "html", "word"]) == ["word"]


def test_the_foot_of_a_word_file_has_its_facts_apart_and_paragraphs_begin_with_a_word(tmp_path):
    import docx

    page = (
        "<html><head><title>t</title></head><body><main><p><strong></strong> Begins here.</p></main>"
        "<footer><span>survsim 9</span><span>data <code>ab</code></span><span>seed 1</span><p>For research.</p></footer>"
        "</body></html>"
    )
    word.write_word_report(tmp_path / "a.docx", page)
    texts = [p.text for p in docx.Document(str(tmp_path / "a.docx")).paragraphs]
    assert texts == ["Begins here.", "survsim 9 · data ab · seed 1", "For research."]


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("javascript:alert(1)", False), ("JaVaScRiPt:alert(1)", False), ("java\tscript:alert(1)", False), ("data:text/html,x", False),
        ("vbscript:x", False), ("https://example.org/a:b", True), ("mailto:a@example.org", True), ("03_x.html", True),
        ("#a:b", True), ("03.html?to=a:b", True),
    ],
)  # fmt: skip
def test_a_link_leads_somewhere_or_is_words(target, kept):
    page = BeautifulSoup(f'<p><a href="{target}">here</a></p>', "html.parser")
    only_addresses(page)
    assert page.get_text() == "here" and (page.find("a").get("href") == target) is kept


def test_a_tag_in_the_front_matter_is_text_on_the_page(tmp_path, ledger):
    tag = "<script>alert(1)</script><b onclick=alert(2)>x</b>"
    one = analysis_with(
        tmp_path,
        f"title: 'T {tag}'\nabstract: {{results: 'R {tag} p < 0.05, {{os.median:.1f}}, <https://example.org>'}}\n"
        f"conclusion: 'C {tag}'\nestimand: 'E {tag}'\nfigures: {{fig: 'F {tag}'}}\n",
        "# 01\n",
    )
    front = front_of(one, ledger)
    texts = [front.title, front.abstract["results"], front.conclusion, front.estimand, front.figures["fig"]]
    from nbconvert.filters.markdown import markdown2html

    for said in texts:
        for page in (BeautifulSoup(said, "html.parser"), BeautifulSoup(markdown2html(said), "html.parser")):
            assert page.find("script") is None and page.find(onclick=True) is None
            assert "<script>alert(1)</script>" in page.get_text()
    made = BeautifulSoup(markdown2html(front.abstract["results"]), "html.parser")
    assert "p < 0.05" in made.get_text() and made.find("a")["href"] == "https://example.org"
    assert made.find("span") is not None  # the number, which says its key when pointed at
