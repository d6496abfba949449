"""A file opened by what is in it, never by its name."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from survsim.core.files import read_regular
from survsim.digitising.found import Hints, Panel, Refused
from survsim.digitising.opening import pages, sketch
from survsim.digitising.opening.needs import need
from survsim.digitising.opening.pictures import Pixels, read_picture_file
from survsim.digitising.vector.drawing import Drawing
from survsim.digitising.vector.pdf_page import read_pdf_page
from survsim.digitising.vector.read import read_drawing
from survsim.digitising.vector.svg_page import read_svg

LARGEST_FILE = 300_000_000
LARGEST_SVG = 60_000_000
DOTS = 250.0
"""Dots an inch at which a page is rendered whose figure is a picture."""
Reader = Callable[[Pixels, Hints], tuple[list[Panel], Pixels]]
"""Gives panels, and the pixels that their places are in: a turned scan is set upright."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What a file gave: its panels, and pixels to lay them over (`scale` pixels a unit of their places).

    `vector` where paths were read; `page` from 1 in a document.
    """

    panels: tuple[Panel, ...]
    pixels: Pixels
    scale: float
    vector: bool
    checksum: str
    page: int | None = None
    said: tuple[str, ...] = ()


def opened(path: Path, *, page: int | None, hints: Hints, read_pixels: Reader) -> Opened:
    """Panels of a figure; raises `Refused` where it cannot be opened or followed."""
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise Refused(f"the file has {size / 1e6:.0f} MB.", "the page or picture of the figure alone")
    content = read_regular(path)
    made = _by_content(content, page, hints, read_pixels)
    return replace(made, checksum=sha256(content).hexdigest())


def _by_content(content: bytes, page: int | None, hints: Hints, read_pixels: Reader) -> Opened:
    if not content:
        raise Refused("the file is empty.", "the figure")
    if b"%PDF-" in content[:1024]:
        return _pdf(content, page, hints, read_pixels)
    if page is not None:
        raise Refused("page= is for PDF files; this is one picture.", "leave page= out")
    if content[:2] == b"\x1f\x8b":
        content = _unzipped(content)
    if _is_svg(content):
        if len(content) > LARGEST_SVG:
            raise Refused(f"the SVG file has {len(content) / 1e6:.0f} MB.", "a picture (PNG) of it")
        need("svgelements")
        drawing = read_svg(content)
        pixels, scale = sketch.sketched(drawing)
        return Opened(
            panels=tuple(read_drawing(drawing, hints=hints)),
            pixels=pixels,
            scale=scale,
            vector=True,
            checksum="",
        )
    pixels, said = read_picture_file(content)
    found, pixels = read_pixels(pixels, hints)
    return Opened(panels=tuple(found), pixels=pixels, scale=1.0, vector=False, checksum="", said=tuple(said))


def _unzipped(content: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(content)) as file:
            plain = file.read(LARGEST_SVG + 1)
    except (OSError, EOFError) as error:
        raise Refused(f"the compressed file is damaged ({error}).", "the figure again") from None
    return plain


def _is_svg(content: bytes) -> bool:
    head = content[:8192].lstrip(b"\xef\xbb\xbf \t\r\n")
    return (head.startswith(b"<") and b"<svg" in content[:65536]) or head.startswith(
        (b"\xff\xfe<", b"\xfe\xff\x00<")
    )


def _pdf(content: bytes, page: int | None, hints: Hints, read_pixels: Reader) -> Opened:
    with pages.document(content) as found:
        number, said = pages.page_number(found, content, page)
        leaf = pages.leaf(found, content, number)
        drawing = read_pdf_page(leaf)
        try:
            panels = read_drawing(drawing, hints=hints)
        except Refused as refusal:
            if pages.main_picture(drawing) is None:
                raise
            return _pdf_picture(leaf, drawing, number, hints, read_pixels, said, refusal)
        pixels, scale = pages.rendered(leaf, 150.0)
        return Opened(
            panels=tuple(panels),
            pixels=pixels,
            scale=scale,
            vector=True,
            checksum="",
            page=number,
            said=tuple(said),
        )


def _pdf_picture(
    leaf: object,
    drawing: Drawing,
    number: int,
    hints: Hints,
    read_pixels: Reader,
    said: list[str],
    refusal: Refused,
) -> Opened:
    """A page whose figure is a picture: rendered, cut out and read as one."""
    box = pages.main_picture(drawing)
    if box is None:
        raise refusal
    pixels, scale = pages.rendered(leaf, DOTS)
    rows = slice(max(round(box.y0 * scale) - 2, 0), round(box.y1 * scale) + 2)
    columns = slice(max(round(box.x0 * scale) - 2, 0), round(box.x1 * scale) + 2)
    whole = not any(_beside(w.x, w.y, drawing) for w in drawing.words)
    cut = pixels[rows, columns] if whole else pixels
    found, cut = read_pixels(cut, hints)
    note = "the figure of the page is a picture; it was read from its pixels."
    return Opened(
        panels=tuple(found), pixels=cut, scale=1.0, vector=False, checksum="", page=number, said=(*said, note)
    )


def _beside(x: float, y: float, drawing: Drawing) -> bool:
    """Whether a number of an axis stands beside the picture and not in it."""
    box = pages.main_picture(drawing)
    if box is None:
        return False
    near = 0.12 * (box.x1 - box.x0)
    around = box.x0 - near < x < box.x1 + near and box.y0 - near < y < box.y1 + near
    return around and not (box.x0 < x < box.x1 and box.y0 < y < box.y1)
