"""From an executed notebook to the parts of a paper: abstract, contents, numbered exhibits, sections in their order."""

from __future__ import annotations

import html
import importlib.resources
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from survsim.core.ledger import Ledger
from survsim.report import exhibits, software
from survsim.report.checklists import checklist_markup
from survsim.report.exhibits import Exhibit
from survsim.report.front import PARTS, Front
from survsim.report.methods_section import methods_text
from survsim.report.said import say_names

if TYPE_CHECKING:
    from bs4 import BeautifulSoup
    from bs4.element import Tag
    from nbformat import NotebookNode

LAST = ("Conclusion", "Limits", "Methods", "References")
"""Sections that end a paper, in their order, wherever the notebook has them."""
ELSEWHERE = re.compile(r"\b([Rr]eport|[Aa]nalysis) (\d\d)\b")
UNTOLD = "No description has been provided for this image"
"""What the library writes for a picture of a notebook without a description."""
ADDRESSES = {"http", "https", "mailto"}
"""What a link may begin with; one without any stays within the pages."""
UNLINKED = {"a", "code", "pre", "h1", "h2", "h3", "summary", "style"}


@dataclass(slots=True)
class Section:
    """A heading and what stands under it."""

    heading: str
    blocks: list[Tag | Exhibit] = field(default_factory=list)
    anchor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """The body of a page.

    Attributes
    ----------
    title : of the report.
    body : HTML of what stands in the main part.
    picture : anchor of the figure that stands for the report on the index page; empty if it has none.
    sentence : one sentence for the index page, without markup.
    """

    title: str
    body: str
    picture: str
    sentence: str


def paper(
    notebook: NotebookNode,
    ledger: Ledger,
    front: Front,
    others: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
) -> Paper:
    """Set an executed notebook as a paper.

    Parameters
    ----------
    notebook : with its outputs.
    ledger : the numbers of the report.
    front : what the report says about itself.
    others : two digits to the page of the report that begins with them, for links from the text.
    names : name of a row, study, case or column -> words for it.

    Returns
    -------
    Paper : title, body and what the index page shows.
    """
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(_cells_as_html(notebook), "html.parser")
    sources = {cell.id: cell.source for cell in notebook.cells}
    title, sections = _sections(soup, sources, front)
    sections = _in_order(_completed(sections, ledger, front), front)
    _anchored(sections)
    sections += _checked(sections, front)
    shown = [block for part in sections for block in part.blocks if isinstance(block, Exhibit)]
    exhibits.numbered(shown)
    for part in sections:
        _mention(soup, part.blocks)
    chosen = _picture(shown, front, sources)
    page = BeautifulSoup(_set(soup, front.title or title, sections, shown, front, ledger), "html.parser")
    _link(page, others or {})
    only_addresses(page)
    say_names(page, names or {})
    return Paper(
        title=_text(front.title or title or ledger.analysis),
        body=str(page),
        picture=chosen.anchor if chosen else "",
        sentence=_text(_markdown(front.sentence or _first_sentence(sections))),
    )


def _cells_as_html(notebook: NotebookNode) -> str:
    from jinja2 import DictLoader
    from nbconvert import HTMLExporter

    template = importlib.resources.files("survsim.report").joinpath("page", "page.html.j2")
    exporter = HTMLExporter(
        template_name="basic",
        template_file="page.html.j2",
        extra_loaders=[DictLoader({"page.html.j2": template.read_text(encoding="utf-8")})],
    )
    body, _ = exporter.from_notebook_node(notebook)
    return str(body)


def _sections(soup: BeautifulSoup, sources: Mapping[str, str], front: Front) -> tuple[str, list[Section]]:
    """The title, and the blocks of the notebook under the heading of second order they follow."""
    title, parts = "", [Section("Question")]
    for block in _blocks(soup, sources, front.figures):
        if isinstance(block, Exhibit):
            block.caption = block.caption or html.escape(parts[-1].heading)
            parts[-1].blocks.append(block)
        elif block.name == "h1":
            title = title or block.get_text(" ", strip=True)
        elif block.name == "h2":
            parts.append(Section(block.get_text(" ", strip=True)))
        else:
            _without_label(block, parts[-1].heading)
            parts[-1].blocks.append(block)
    return title, [part for part in parts if part.blocks]


def _without_label(block: Tag, heading: str) -> None:
    """Take "Question." in bold away where the heading above says it."""
    first = block.find("strong")
    if first is not None and first.get_text(strip=True) == f"{heading}." and first.previous_sibling is None:
        first.decompose()


def _blocks(
    soup: BeautifulSoup, sources: Mapping[str, str], captions: Mapping[str, str]
) -> Iterator[Tag | Exhibit]:
    """Paragraphs, headings, lists, figures and tables, one after the other, out of the boxes of their cells."""
    for anchor in soup.select("a.anchor-link"):
        anchor.decompose()
    for box in soup.find_all("div", attrs={"data-cell": True}):
        if "prose" in box["class"]:
            yield from _children(box)
            continue
        code = box.select_one("details.code")
        found = [
            block
            for output in box.select(".output_subarea")
            for block in _of_output(output, sources.get(str(box["data-cell"]), ""), captions)
        ]
        first = next((b for b in found if isinstance(b, Exhibit)), None)
        if first is not None and code is not None:
            first.code = code.extract()
        yield from found


def _of_output(output: Tag, source: str, captions: Mapping[str, str]) -> Iterator[Tag | Exhibit]:
    classes = output["class"]
    if "output_png" in classes:
        drawn = str(output.find_all("img")[0].get("alt") or "")
        yield exhibits.figure_in(output, source, captions, "" if drawn == UNTOLD else drawn)
    elif "output_markdown" in classes or output.select_one("ol.references") is not None:
        yield from _children(output)
    elif output.find("table") is not None:
        yield from exhibits.tables_in(output)
    else:
        yield output.extract()


def _children(box: Tag) -> Iterator[Tag]:
    from bs4.element import Tag as Element

    for child in list(box.children):
        if isinstance(child, Element):
            yield child.extract()


def _completed(sections: list[Section], ledger: Ledger, front: Front) -> list[Section]:
    """The sections of the notebook with what was declared, or follows: conclusion, estimand, methods, software."""
    named = {part.heading: part for part in sections}
    if front.conclusion:
        made = named.setdefault("Conclusion", Section("Conclusion"))
        made.blocks = [*_from_markdown(front.conclusion), *made.blocks]
    methods = named.setdefault("Methods", Section("Methods"))
    methods.blocks = [
        *_from_markdown(f"**What is estimated.** {front.estimand}" if front.estimand else ""),
        *(methods.blocks or _from_markdown(str(methods_text(ledger)))),
        *_from_markdown(software.sentence()),
    ]
    return list(named.values())


def _in_order(sections: list[Section], front: Front) -> list[Section]:
    """What was found first, then conclusion, limits, methods and references, then what is an appendix."""

    def rank(part: Section) -> tuple[int, int]:
        if part.heading in front.appendix:
            return 2, 0
        return (1, LAST.index(part.heading)) if part.heading in LAST else (0, 0)

    ordered = sorted(sections, key=rank)
    for part in ordered:
        if part.heading in front.appendix:
            part.heading = f"Appendix: {part.heading}"
    return ordered


def _anchored(sections: Iterable[Section]) -> None:
    """A place to link to for each heading, no two the same."""
    taken: set[str] = {"main", "abstract", "contents"}
    for part in sections:
        slug = re.sub(r"[^a-z0-9]+", "-", part.heading.lower()).strip("-") or "section"
        name, k = slug, 2
        while name in taken:
            name, k = f"{slug}-{k}", k + 1
        taken.add(name)
        part.anchor = name


def _checked(sections: list[Section], front: Front) -> list[Section]:
    """An appendix for each checklist, its answers linked to the sections."""
    anchors = {part.heading.removeprefix("Appendix: "): part.anchor for part in sections}
    anchors |= {"title": "main", **({"abstract": "abstract"} if front.abstract else {})}
    made = []
    for name, answers in front.checklists.items():
        intro, markup = checklist_markup(name, answers, anchors)
        table = next(exhibits.tables_in(_box(markup)))
        heading = f"Appendix: {name} checklist"
        anchor = f"checklist-{name.lower()}"
        made.append(Section(heading, [*_from_markdown(intro), table], anchor))
    return made


def _mention(soup: BeautifulSoup, blocks: list[Tag | Exhibit]) -> None:
    """End the paragraph after each exhibit, or the one before it, with a link to it."""
    spoken: dict[int, list[Exhibit]] = {}
    for place, block in enumerate(blocks):
        if isinstance(block, Exhibit):
            near = [*_until_heading(blocks, range(place + 1, len(blocks)))]
            near += [*_until_heading(blocks, range(place - 1, -1, -1))]
            if near:
                spoken.setdefault(near[0], []).append(block)
    for place, shown in spoken.items():
        paragraph = blocks[place]
        if isinstance(paragraph, Exhibit):
            continue
        links = "; ".join(f'<a href="#{e.anchor}">{e.name}</a>' for e in shown)
        for part in exhibits.as_markup(f' <span class="see">({links})</span>'):
            paragraph.append(part)


def _until_heading(blocks: list[Tag | Exhibit], places: range) -> Iterator[int]:
    """Places of paragraphs, up to the next heading."""
    for place in places:
        block = blocks[place]
        if not isinstance(block, Exhibit):
            if block.name in ("h3", "h4"):
                return
            if block.name == "p":
                yield place


def _set(
    soup: BeautifulSoup,
    title: str,
    sections: list[Section],
    shown: list[Exhibit],
    front: Front,
    ledger: Ledger,
) -> str:
    """The whole as HTML."""
    parts = [f"<h1>{title if front.title else html.escape(title or ledger.analysis)}</h1>"]
    if front.abstract:
        lines = "".join(
            _markdown(f"**{part.capitalize()}.** {front.abstract[part]}")
            for part in PARTS
            if part in front.abstract
        )
        parts.append(f'<section id="abstract" class="abstract"><h2>Abstract</h2>{lines}</section>')
    parts.append(_contents(sections, shown))
    for part in sections:
        inner = "".join(
            str(exhibits.dressed(soup, b)) if isinstance(b, Exhibit) else str(b) for b in part.blocks
        )
        heading = html.escape(part.heading, quote=False)
        parts.append(f'<section id="{part.anchor}"><h2>{heading}</h2>\n{inner}</section>')
    return "\n".join(parts)


def _contents(sections: list[Section], shown: list[Exhibit]) -> str:
    lines = "".join(
        f'<li><a href="#{part.anchor}">{html.escape(part.heading, quote=False)}</a></li>' for part in sections
    )
    listed = "".join(
        f'<li><a href="#{one.anchor}">{one.name}</a>. {_first_words(one.caption)}</li>' for one in shown
    )
    more = f"<details><summary>Figures and tables</summary><ul>{listed}</ul></details>" if listed else ""
    return f'<nav id="contents" class="contents" aria-label="Contents"><h2>Contents</h2><ol>{lines}</ol>{more}</nav>'


def _first_words(caption: str) -> str:
    """The first sentence of a caption, without its markup."""
    text = _text(caption)
    return html.escape(re.split(r"(?<=[a-z0-9)])\. ", text)[0].rstrip("."), quote=False)


def _picture(shown: list[Exhibit], front: Front, sources: Mapping[str, str]) -> Exhibit | None:
    figures = [one for one in shown if one.kind == "Figure"]
    wanted = front.figures.get(front.picture)
    return next((one for one in figures if wanted and one.caption == wanted), figures[0] if figures else None)


def _first_sentence(sections: list[Section]) -> str:
    """The first paragraph of the text, for a report that declares no sentence."""
    for part in sections:
        for block in part.blocks:
            if not isinstance(block, Exhibit) and block.name == "p":
                text = re.sub(r"^Question\.\s*", "", block.get_text(" ", strip=True))
                return re.split(r"(?<=[.?!]) (?=[A-Z])", text)[0]
    return ""


def _link(page: BeautifulSoup, others: Mapping[str, str]) -> None:
    """Make "report 03" a link to that report, where there is one."""
    for text in page.find_all(string=ELSEWHERE):
        if any(parent.name in UNLINKED for parent in text.parents):
            continue
        linked = ELSEWHERE.sub(lambda m: _linked(m, others), html.escape(str(text), quote=False))
        text.replace_with(*exhibits.as_markup(linked))


def only_addresses(page: BeautifulSoup) -> None:
    """Take from a link whatever would run and not lead somewhere: ``javascript:`` and its like."""
    for anchor in page.select("a[href]"):
        scheme, colon, _ = re.sub(r"[\x00-\x20]", "", str(anchor["href"])).partition(":")
        if colon and not re.search("[/?#]", scheme) and scheme.lower() not in ADDRESSES:
            del anchor["href"]


def _linked(found: re.Match[str], others: Mapping[str, str]) -> str:
    page = others.get(found.group(2))
    return f'<a href="{html.escape(page)}">{found.group(0)}</a>' if page else found.group(0)


def _markdown(text: str) -> str:
    from nbconvert.filters.markdown import markdown2html

    return str(markdown2html(text)) if text else ""


def _from_markdown(text: str) -> list[Tag]:
    return list(_children(_box(_markdown(text))))


def _box(markup: str) -> Tag:
    from bs4 import BeautifulSoup

    return BeautifulSoup(markup, "html.parser")


def _text(markup: str) -> str:
    return " ".join(_box(markup).get_text().split())
