"""Pages of a PDF: opened, counted, searched for figures, rendered."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from survsim.digitising.found import Box, Refused
from survsim.digitising.opening import alone
from survsim.digitising.opening.needs import need
from survsim.digitising.opening.pictures import LARGEST, Pixels
from survsim.digitising.vector.drawing import Drawing
from survsim.digitising.vector.frames import frames
from survsim.digitising.vector.pdf_page import read_pdf_page
from survsim.digitising.vector.scales import scales

SEARCHED = 20
"""Pages of a document that are searched without a page being named."""
PATIENCE = 20.0
"""Seconds for which a long document is looked through, to say which pages have figures."""


@contextmanager
def document(content: bytes) -> Iterator[Any]:
    """An open PDF; what PDFium finds wrong with it, or with a page of it, while it is open is refused in words."""
    pdfium = need("pypdfium2")
    try:
        found = pdfium.PdfDocument(content)
        try:
            yield found
        finally:
            found.close()
    except pdfium.PdfiumError as error:
        locked = "password" in str(error).lower() or "security" in str(error).lower()
        locked = locked or b"/Encrypt" in content
        what = "the PDF is encrypted." if locked else f"the PDF is damaged ({' '.join(str(error).split())})."
        raise Refused(
            what, "a copy without a password" if locked else "save it again, or a picture of the page"
        ) from None


def leaf(found: Any, content: bytes, number: int) -> Any:
    """A page (from 1) of an open PDF, once it is known that it can be opened."""
    if not alone.harmless(content, [number - 1]):
        raise Refused(
            f"page {number} draws so much that it was not opened within {alone.SECONDS} s of work and "
            f"{alone.MEMORY / 1e6:.0f} MB.",
            "a picture (PNG) of the figure",
        )
    return found[number - 1]


def page_number(found: Any, content: bytes, page: int | None) -> tuple[int, list[str]]:
    """Which page (from 1) is read, and what to say about the choice."""
    size = len(found)
    if page is not None:
        if not 1 <= page <= size:
            raise Refused(f"the PDF has {size} page(s); page {page} was asked.", f"page= from 1 to {size}")
        return page, []
    if size == 1:
        return 1, []
    begun, promising, seen = time.monotonic(), [], 0
    for k in alone.harmless(content, range(size), int(PATIENCE / 2)):
        if time.monotonic() - begun > PATIENCE:
            break
        seen = k + 1
        if _has_figure(found[k]):
            promising.append(k + 1)
    if len(promising) == 1 and size <= SEARCHED:
        return promising[0], [f"page {promising[0]} of {size} was read, the only one with axes."]
    where = ", ".join(map(str, promising[:30])) or "none"
    looked = "" if seen == size else f" among the first {seen}"
    raise Refused(f"the PDF has {size} pages; with axes or large pictures{looked}: {where}.", "page=")


def _has_figure(page: Any) -> bool:
    drawing = read_pdf_page(page)
    if any(_share(b, drawing) > 0.15 for b in drawing.pictures):
        return True
    return len(drawing.strokes) > 5 and bool(frames(drawing, scales(drawing, 0), scales(drawing, 1)))


def _share(box: Box, drawing: Drawing) -> float:
    return (box.x1 - box.x0) * (box.y1 - box.y0) / max(drawing.width * drawing.height, 1e-9)


def main_picture(drawing: Drawing) -> Box | None:
    """The largest picture on a page, if it is large enough to be the figure."""
    best = max(drawing.pictures, key=lambda b: _share(b, drawing), default=None)
    return best if best is not None and _share(best, drawing) > 0.05 else None


def rendered(page: Any, dots: float) -> tuple[Pixels, float]:
    """Pixels of a page, and how many of them a page unit (a 72nd of an inch) has."""
    width, height = page.get_size()
    scale = min(dots / 72, (LARGEST / max(width * height, 1.0)) ** 0.5)
    bitmap = page.render(scale=scale, rev_byteorder=True)
    pixels = np.asarray(bitmap.to_numpy())[..., :3].copy()
    bitmap.close()
    return pixels, pixels.shape[1] / width
