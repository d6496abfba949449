"""Figures and tables of a page: numbered, each with its caption, an enlargement, notes and a layout for phones."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import BeautifulSoup
    from bs4.element import PageElement, Tag

CARDS_FROM = 4
"""Columns from which a table breaks into cards on a phone."""
KEPT = ("colspan", "rowspan")


@dataclass(slots=True, kw_only=True)
class Exhibit:
    """A figure or a table before it has its number."""

    kind: str
    node: Tag
    caption: str
    notes: list[str] = field(default_factory=list)
    code: Tag | None = None
    number: int = 0

    @property
    def name(self) -> str:
        """As the text calls it: "Figure 3"."""
        return f"{self.kind} {self.number}"

    @property
    def anchor(self) -> str:
        """Where a link to it goes."""
        return f"{self.kind.lower()}-{self.number}"


def figure_in(output: Tag, source: str, captions: Mapping[str, str], drawn: str) -> Exhibit:
    """The figure of an output; its caption is the declared one of the cell, or tells what was drawn."""
    from bs4 import BeautifulSoup

    image = output.find_all("img")[0]
    said = next((text for piece, text in captions.items() if piece in source), "")
    caption = said or html.escape(drawn, quote=False) or "Drawn by the code below."
    image["alt"] = drawn or " ".join(BeautifulSoup(caption, "html.parser").stripped_strings)
    return Exhibit(kind="Figure", node=image.extract(), caption=caption)


def tables_in(output: Tag) -> Iterator[Exhibit]:
    """The tables of an output, without the looks that their library gave them."""
    for table in output.find_all("table"):
        title = _take(table, ".gt_heading", ".gt_title")
        notes = [" ".join(n.stripped_strings) for n in table.select(".gt_sourcenote, .gt_footnote")]
        for foot in table.select("tfoot, .gt_sourcenotes, .gt_footnotes"):
            foot.decompose()
        _plain(table)
        yield Exhibit(kind="Table", node=table.extract(), caption=title, notes=notes)


def _take(table: Tag, row: str, cell: str) -> str:
    """The title that stands in the head of a table, which is taken out of it."""
    found = table.select_one(cell)
    words = " ".join(found.stripped_strings) if found else ""
    for head in table.select(row):
        (head if head.name == "tr" else head.find_parent("tr") or head).decompose()
    return words


def _plain(table: Tag) -> None:
    """Leave the cells, their sides and their heads; say to each cell which head it stands under."""
    heads = [" ".join(th.stripped_strings) for th in _last_row(table)]
    table.attrs = {"role": "table"}
    if len(heads) >= CARDS_FROM:
        table["class"] = "cards"
    for part in table.find_all(["thead", "tbody"]):
        part.attrs = {"role": "rowgroup"}
    for row in table.find_all("tr"):
        row.attrs = {"role": "row"}
        in_head = row.find_parent("thead") is not None
        place = 0
        for cell in row.find_all(["td", "th"], recursive=False):
            _plain_cell(cell, heads[place] if place < len(heads) else "", in_head=in_head, first=place == 0)
            place += int(str(cell.get("colspan") or 1))


def _last_row(table: Tag) -> list[Tag]:
    head = table.find("thead")
    rows = head.find_all("tr") if head else []
    return rows[-1].find_all(["th", "td"]) if rows else []


def _plain_cell(cell: Tag, head: str, *, in_head: bool, first: bool) -> None:
    classes = list(cell.get("class") or ())
    number = "gt_right" in classes or "number" in classes
    group = "gt_group_heading" in classes
    kept = {k: cell[k] for k in KEPT if cell.get(k) and cell[k] != "1"}
    cell.attrs = {**kept, **({"class": "number"} if number else {})}
    if in_head or group:
        # A head without words is a cell: a head has to say what it is the head of.
        cell.name = "th" if " ".join(cell.stripped_strings) else "td"
        if cell.name == "th":
            cell["scope"], cell["role"] = ("rowgroup", "rowheader") if group else ("col", "columnheader")
        else:
            cell["role"] = "cell"
        return
    if first and cell.name == "th":
        cell["scope"], cell["role"] = "row", "rowheader"
    else:
        cell.name, cell["role"] = "td", "cell"
    if head:
        cell["data-label"] = head


def dressed(soup: BeautifulSoup, exhibit: Exhibit) -> Tag:
    """The exhibit as it stands on the page: number, caption, picture or table, notes, code."""
    box = soup.new_tag("figure", id=exhibit.anchor)
    box["class"] = exhibit.kind.lower()
    title = soup.new_tag("figcaption", id=f"{exhibit.anchor}-title")
    for part in as_markup(f"<b>{exhibit.name}.</b> {exhibit.caption}"):
        title.append(part)
    if exhibit.kind == "Figure":
        wide, tall = (float(str(exhibit.node.get(side) or 0)) for side in ("width", "height"))
        # A picture with many rows keeps its page in print; a landscape one leaves room for words.
        box["class"] = "figure tall" if tall > wide else "figure"
        _enlarged(soup, box, exhibit)
        box.append(title)
    else:
        box.append(title)
        frame = soup.new_tag("div", tabindex="0", role="region")
        frame["class"], frame["aria-labelledby"] = "scroll", f"{exhibit.anchor}-title"
        frame.append(exhibit.node)
        box.append(frame)
    for note in exhibit.notes:
        line = soup.new_tag("p")
        line["class"] = "note"
        line.string = note
        box.append(line)
    if exhibit.code is not None:
        box.append(exhibit.code)
    return box


def _enlarged(soup: BeautifulSoup, box: Tag, exhibit: Exhibit) -> None:
    """A switch that shows the picture over the whole window, without a script."""
    switch = f"{exhibit.anchor}-large"
    box.append(soup.new_tag("input", id=switch, type="checkbox", attrs={"class": "enlarge"}))
    label = soup.new_tag("label", attrs={"for": switch})
    for name, word in (("open", "Enlarge"), ("shut", "Close")):
        words = soup.new_tag("span", attrs={"class": name})
        words.string = f"{word} figure {exhibit.number}"
        label.append(words)
    box.append(label)
    # On a phone the picture is pushed aside in its frame, which the keyboard must reach for that.
    frame = soup.new_tag("div", tabindex="0", role="group", attrs={"class": "frame"})
    frame["aria-labelledby"] = f"{exhibit.anchor}-title"
    frame.append(exhibit.node)
    box.append(frame)


def as_markup(text: str) -> list[PageElement]:
    """The nodes of a piece of HTML or of Markdown without blocks."""
    from bs4 import BeautifulSoup

    return list(BeautifulSoup(text, "html.parser").contents)


def numbered(exhibits: Iterable[Exhibit]) -> None:
    """Give figures and tables their numbers, each kind from 1 without a gap."""
    last = {"Figure": 0, "Table": 0}
    for one in exhibits:
        last[one.kind] += 1
        one.number = last[one.kind]
