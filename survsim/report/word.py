"""A report as a Word file: the page's own text, figures and tables, with headings that Word can list."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from survsim.core import files
from survsim.core.errors import InputError

if TYPE_CHECKING:
    from bs4.element import Tag

WIDE, TALL, PAGE = 6.3, 4.8, 8.6
"""Inches that a picture may take on a page of A4: across, down, and down if it is taller than wide."""
LETTERS, MOST = 105, 44
"""Letters of eight points in a line of the page, and of a cell that its column makes room for."""
EDGES = 4
"""Letters that the edges of a cell take, and the bold ones of a head more than others."""
_SPACE = re.compile(r"\s+")


def write_word_report(path: Path, page: str) -> None:
    """Write the Word file of a page, whole or not at all.

    Parameters
    ----------
    path : name.docx.
    page : the HTML of the report, as `survsim.report.render.page` makes it.

    Raises
    ------
    InputError : a file that another program keeps from being written.
    """
    import docx
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(page, "html.parser")
    document = docx.Document()
    _set_page(document)
    title = soup.find("title")
    document.core_properties.title = title.get_text() if title else path.stem
    document.core_properties.author, document.core_properties.comments = "", ""
    for part in soup.select("main > *"):
        _add(document, part)
    foot = soup.find("footer")
    if foot is not None:
        _foot(document, foot)
    try:
        with files.atomic_open(path, "wb") as file:
            document.save(file)
    except PermissionError:
        raise InputError(
            f"{path} cannot be written; if it is open in another program, close it there; else choose a folder you may write to."
        ) from None


def _set_page(document: Any) -> None:
    from docx.shared import Cm, Pt, RGBColor

    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.4)
    section.top_margin = section.bottom_margin = Cm(2.2)
    for name in ("Normal", "Heading 1", "Heading 2", "Heading 3", "Title", "Caption"):
        style = document.styles[name]
        style.font.name, style.font.color.rgb = "Arial", RGBColor(0x1C, 0x20, 0x24)
    document.styles["Normal"].font.size = Pt(10)
    document.styles["Normal"].paragraph_format.space_after = Pt(6)
    document.styles["Title"].font.size, document.styles["Caption"].font.size = Pt(20), Pt(9)
    document.styles["Caption"].font.bold = False


def _add(document: Any, part: Tag) -> None:
    """One block of the page, with what is in it."""
    classes: Sequence[str] = part.get("class") or ()
    if part.name == "h1":
        document.add_paragraph(_text(part), style="Title")
    elif part.name in ("h2", "h3", "h4"):
        document.add_heading(_text(part), level=int(part.name[1]) - 1)
    elif part.name == "p":
        _words(document.add_paragraph(), part)
    elif part.name in ("ul", "ol"):
        _list(document, part)
    elif part.name == "blockquote":
        for child in part.find_all(["p", "li"]):
            paragraph = document.add_paragraph()
            paragraph.paragraph_format.left_indent = document.sections[0].left_margin // 3
            _words(paragraph, child)
    elif part.name == "nav":
        _contents(document)
    elif part.name == "figure":
        (_table if "table" in classes else _figure)(document, part)
    elif part.name == "pre":
        _printed(document, part)
    elif part.name not in ("details", "style"):
        for child in part.find_all(recursive=False):
            _add(document, child)


def _foot(document: Any, foot: Tag) -> None:
    """What the page was made from in a line, with dots between; then what it is for."""
    facts = [_text(fact) for fact in foot.find_all("span", recursive=False)]
    document.add_paragraph(" · ".join(fact for fact in facts if fact), style="Caption")
    for note in foot.find_all("p", recursive=False):
        _words(document.add_paragraph(style="Caption"), note)


def _text(part: Tag) -> str:
    return _SPACE.sub(" ", part.get_text()).strip()


def _words(paragraph: Any, part: Tag) -> None:
    """The words of a block, bold, slanted or in fixed width where they are so on the page."""
    for string in part.find_all(string=True):
        text = _SPACE.sub(" ", str(string))
        text = text if paragraph.runs else text.lstrip()
        if not text:
            continue
        run = paragraph.add_run(text)
        around = {parent.name for parent in string.parents}
        run.bold, run.italic = bool(around & {"b", "strong"}) or None, bool(around & {"em", "i"}) or None
        if "code" in around:
            run.font.name = "Courier New"


def _list(document: Any, part: Tag) -> None:
    """Items with their number or a dot before them: numbers of Word would run on from list to list."""
    from docx.shared import Cm

    for number, item in enumerate(part.find_all("li", recursive=False), start=1):
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.left_indent = Cm(0.9)
        paragraph.paragraph_format.first_line_indent = Cm(-0.9)
        paragraph.paragraph_format.tab_stops.add_tab_stop(Cm(0.9))
        paragraph.add_run(f"{number}.\t" if part.name == "ol" else "\u2022\t")
        _words(paragraph, item)


def _contents(document: Any) -> None:
    """A field that Word fills with the headings and their pages when the file is opened or printed."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    paragraph = document.add_paragraph()
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), 'TOC \\o "1-2" \\h \\z')
    run, text = OxmlElement("w:r"), OxmlElement("w:t")
    text.text = "Contents: update this field (F9) to list the headings with their pages."
    run.append(text)
    field.append(run)
    paragraph._p.append(field)


def _figure(document: Any, part: Tag) -> None:
    """The picture, no larger than the page, with its description, and its caption below."""
    from docx.shared import Inches

    image = part.find_all("img")[0]
    data = io.BytesIO(base64.b64decode(str(image["src"]).partition("base64,")[2]))
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.keep_with_next = True
    shape = paragraph.add_run().add_picture(data)
    high = PAGE if shape.height > shape.width else TALL
    shrink = min(1.0, Inches(WIDE) / shape.width, Inches(high) / shape.height)
    shape.width, shape.height = round(shape.width * shrink), round(shape.height * shrink)
    shape._inline.docPr.set("descr", str(image.get("alt") or ""))
    _words(document.add_paragraph(style="Caption"), part.find_all("figcaption")[0])


def _table(document: Any, part: Tag) -> None:
    from survsim.core.word_file import dress_table

    caption = document.add_paragraph(style="Caption")
    caption.paragraph_format.keep_with_next = True
    _words(caption, part.find_all("figcaption")[0])
    rows = part.find_all("tr")
    width = max(sum(int(str(c.get("colspan") or 1)) for c in row.find_all(["td", "th"])) for row in rows)
    table = document.add_table(rows=0, cols=width)
    for row in rows:
        _row(table.add_row().cells, row)
    heads = len(part.select("thead tr"))
    dress_table(table, heads, _shares(table))
    for note in part.select("p.note"):
        _words(document.add_paragraph(style="Caption"), note)


def _row(cells: Any, row: Tag) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    place = 0
    for cell in row.find_all(["td", "th"], recursive=False):
        span = int(str(cell.get("colspan") or 1))
        shown = cells[place] if span == 1 else cells[place].merge(cells[place + span - 1])
        paragraph = shown.paragraphs[0]
        paragraph.paragraph_format.space_after = Pt(1)
        _words(paragraph, cell)
        for run in paragraph.runs:
            run.font.size = Pt(8)
            run.bold = True if cell.name == "th" else run.bold
        if "number" in (cell.get("class") or []):
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        place += span


def _shares(table: Any) -> list[float]:
    """The part of the width that each column takes: its longest word, and of what is left by the length of its cells."""
    texts = [[cell.text for cell in column.cells] for column in table.columns]
    least = [EDGES + max((len(w) for text in column for w in text.split()), default=1) for column in texts]
    whole = [EDGES + min(MOST, max(map(len, column), default=1)) for column in texts]
    spare = max(0, LETTERS - sum(least))
    wanted = [max(0, w - n) for w, n in zip(whole, least)]
    wide = [n + spare * w / max(1, sum(wanted)) for n, w in zip(least, wanted)]
    return [w / sum(wide) for w in wide]


def _printed(document: Any, part: Tag) -> None:
    from docx.shared import Pt

    for line in part.get_text().strip("\n").splitlines():
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.space_after = Pt(0)
        run = paragraph.add_run(line)
        run.font.name, run.font.size = "Courier New", Pt(7.5)
