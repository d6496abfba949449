"""The page of all reports: title, one sentence and a picture of each, read from the pages that are there."""

from __future__ import annotations

import base64
import html
import importlib.resources
import io
import re
from dataclasses import dataclass
from pathlib import Path
from string import Template

from survsim._version import __version__
from survsim.core import files
from survsim.report.front import short_title
from survsim.report.render import Neighbours
from survsim.report.study import Analysis, Study

NAME = "index.html"
WIDE = 640
"""Pixels of a picture on the page of all reports."""
_META = re.compile(r'<meta name="(survsim-picture|description)" content="([^"]*)">')
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A report on the page of all.

    Attributes
    ----------
    page : its file.
    title, sentence : HTML text.
    picture : data address of the picture, and what it shows; empty without one.
    """

    page: str
    title: str
    sentence: str
    picture: tuple[str, str] = ("", "")


def neighbours(analysis: Analysis) -> Neighbours:
    """The other reports of the study, by the numbers their names begin with."""
    every = [a for a in analysis.study.analyses() if a.report_file.is_file()]
    place = next((k for k, a in enumerate(every) if a.slug == analysis.slug), 0)
    before = every[place - 1] if place > 0 else None
    after = every[place + 1] if place + 1 < len(every) else None
    return Neighbours(
        numbered={a.slug[:2]: f"{a.slug}.html" for a in every if re.match(r"\d\d_", a.slug)},
        before=None if before is None else (f"{before.slug}.html", short_title(before)),
        after=None if after is None else (f"{after.slug}.html", short_title(after)),
    )


def write(folder: Path, study: Study) -> Path:
    """Write the page of all reports that `folder` holds; return its path.

    Parameters
    ----------
    folder : of the pages.
    study : whose analyses give the order.
    """
    entries = [entry_of(path) for a in study.analyses() if (path := folder / f"{a.slug}.html").is_file()]
    asset = importlib.resources.files("survsim.report").joinpath("page")
    body = Template(asset.joinpath("index.html").read_text(encoding="utf-8")).substitute(
        title=html.escape(f"Reports: {_name_of(study)}"),
        style=asset.joinpath("page.css").read_text(encoding="utf-8"),
        entries="\n".join(_card(entry) for entry in entries),
        version=__version__,
    )
    path = folder / NAME
    if not path.is_file() or path.read_text(encoding="utf-8") != body:
        files.write_text(path, body)
    return path


def _name_of(study: Study) -> str:
    """The first heading of the README, or the name of the folder."""
    path = study.root / "README.md"
    found = (
        re.search(r"^# +(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE) if path.is_file() else None
    )
    return (found.group(1) if found else study.root.name).strip().strip("`*")


def entry_of(path: Path) -> Entry:
    """What a page says about itself in its head, with its picture made small."""
    text = path.read_text(encoding="utf-8")
    said = dict(_META.findall(text[:20000]))
    title = _TITLE.search(text)
    return Entry(
        page=path.name,
        title=title.group(1).strip() if title else html.escape(path.stem),
        sentence=said.get("description", ""),
        picture=_picture(text, said.get("survsim-picture", "")),
    )


def _picture(text: str, anchor: str) -> tuple[str, str]:
    start = text.find(f'id="{anchor}"') if anchor else -1
    found = re.compile(r"<img [^>]*>").search(text, start) if start >= 0 else None
    if found is None:
        return "", ""
    image = found.group(0)
    data = re.search(r'src="data:image/png;base64,([^"]+)"', image)
    alt = re.search(r'alt="([^"]*)"', image)
    return (_small(data.group(1)) if data else "", alt.group(1) if alt else "")


def _small(encoded: str) -> str:
    """A picture of the page, `WIDE` pixels wide, few colours: enough to know it by."""
    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(encoded))) as picture:
        tall = max(1, round(picture.height * WIDE / picture.width))
        small = picture.convert("RGB").resize((WIDE, tall), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.quantize(64).save(out, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def _card(entry: Entry) -> str:
    picture, alt = entry.picture
    shown = f'<img src="{picture}" alt="{alt}">' if picture else ""
    return (
        f'<li id="{entry.page.removesuffix(".html")}"><h2><a href="{entry.page}">{entry.title}</a></h2>'
        f"<p>{entry.sentence}</p>{shown}</li>"
    )
