"""A page of a PDF as a drawing, through PDFium."""

from __future__ import annotations

import ctypes
import itertools
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.digitising.found import Box, Refused
from survsim.digitising.vector.clips import of_pdf, together
from survsim.digitising.vector.drawing import Colour, Drawing, Stroke, Words

MOST = 400_000
"""Points of all lines; letters."""
PARTS = 100_000
"""Things drawn, those inside forms counted; a figure of a thousand patients has some thousands."""
_TEXT, _PATH, _IMAGE, _FORM = 1, 2, 3, 5
SYMBOLS = ("+", "|")
"""Letters that R's devices draw as censor marks, each as a text of its own."""
_LINE, _BEZIER, _MOVE = 0, 1, 2
Char = tuple[str, FloatArray, float, float, Colour, Box, Box, int]
"""Letter, origin, size, angle, colour, box of the ink, box with the space it takes, which text it was written in."""


def read_pdf_page(page: Any) -> Drawing:
    """The drawing on a page that pypdfium2 opened."""
    width, height = page.get_size()
    text = page.get_textpage()
    try:
        reader = _Page(height, text)
        reader.walk(_objects(page), np.eye(3), 0)
        words = _words([c for c in _characters(text, height) if c[0] not in SYMBOLS or not reader.symbols])
    finally:
        text.close()
    words += _symbols(reader.symbols)
    return Drawing(
        width=width, height=height, strokes=tuple(reader.strokes), words=tuple(words),
        pictures=tuple(reader.pictures),
    )  # fmt: skip


def _objects(page: Any) -> list[Any]:
    import pypdfium2.raw as raw

    # one more than may be walked is enough to refuse them
    return [raw.FPDFPage_GetObject(page, k) for k in range(min(raw.FPDFPage_CountObjects(page), PARTS + 1))]


class _Page:
    """Collects lines and pictures, those inside forms too."""

    def __init__(self, height: float, text: Any) -> None:
        self.height, self.text = height, text
        self.symbols: list[tuple[str, Box, Colour]] = []
        self.strokes: list[Stroke] = []
        self.pictures: list[Box] = []
        self.paths = self.points = self.parts = 0

    def walk(self, objects: list[Any], matrix: FloatArray, depth: int) -> None:
        import pypdfium2.raw as raw

        self.parts += len(objects)
        if depth > 20 or self.parts > PARTS:
            raise Refused("the page is nested too deeply or has too many parts.", "a picture (PNG) of it")
        for thing in objects:
            kind = raw.FPDFPageObj_GetType(thing)
            own = matrix @ _matrix(thing)
            if kind == _PATH:
                self._path(thing, own, matrix)
            elif kind == _IMAGE:
                corners = self._placed(np.array([[0.0, 0.0], [1.0, 1.0]]), own)
                low, high = corners.min(axis=0), corners.max(axis=0)
                self.pictures.append(Box(x0=low[0], y0=low[1], x1=high[0], y1=high[1]))
            elif kind == _TEXT:
                self._symbol(thing, matrix)
            elif kind == _FORM:
                inner = [
                    raw.FPDFFormObj_GetObject(thing, k)
                    for k in range(min(raw.FPDFFormObj_CountObjects(thing), PARTS + 1))
                ]
                self.walk(inner, own, depth + 1)

    def _symbol(self, thing: Any, matrix: FloatArray) -> None:
        """Keep a text object that is one sign, or says nothing because PDFium takes it for a copy of its neighbour."""
        import pypdfium2.raw as raw

        size = raw.FPDFTextObj_GetText(thing, self.text, None, 0)
        letters = (ctypes.c_ushort * max(size, 2))()
        raw.FPDFTextObj_GetText(thing, self.text, letters, max(size, 2) * 2)
        said = "".join(chr(c) for c in letters if c).strip()
        if said and said not in SYMBOLS:
            return
        edges = [ctypes.c_float() for _ in range(4)]
        raw.FPDFPageObj_GetBounds(thing, *edges)
        left, bottom, right, top = (e.value for e in edges)
        corners = self._placed(np.array([[left, bottom], [right, top]]), matrix)
        low, high = corners.min(axis=0), corners.max(axis=0)
        box = Box(x0=float(low[0]), y0=float(low[1]), x1=float(high[0]), y1=float(high[1]))
        self.symbols.append((said, box, _colour(raw.FPDFPageObj_GetFillColor, thing)[0]))

    def _placed(self, points: FloatArray, matrix: FloatArray) -> FloatArray:
        moved = points @ matrix[:2, :2].T + matrix[:2, 2]
        return np.column_stack([moved[:, 0], self.height - moved[:, 1]])

    def _path(self, thing: Any, matrix: FloatArray, outer: FloatArray) -> None:
        import pypdfium2.raw as raw

        fill_mode, stroked = ctypes.c_int(), ctypes.c_int()
        raw.FPDFPath_GetDrawMode(thing, fill_mode, stroked)
        line, line_alpha = _colour(raw.FPDFPageObj_GetStrokeColor, thing)
        area, area_alpha = _colour(raw.FPDFPageObj_GetFillColor, thing)
        alpha = line_alpha if stroked.value else area_alpha
        if not (stroked.value or fill_mode.value) or alpha <= 0.01:
            return
        width = ctypes.c_float()
        raw.FPDFPageObj_GetStrokeWidth(thing, width)
        scale = abs(float(np.linalg.det(matrix[:2, :2]))) ** 0.5
        dash = tuple(v * scale for v in _dash(thing))
        # An outline to cut off with lies on the page, or in the form, whatever the own matrix of the line is.
        clip = together([self._placed(corners, outer) for corners in of_pdf(thing)])
        self.paths += 1
        self.points += raw.FPDFPath_CountSegments(thing)
        if self.points > MOST:
            raise Refused("the page has too many lines to be one figure.", "a picture (PNG) of it")
        for points, closed, straight in _pieces(thing):
            self.strokes.append(
                Stroke(
                    points=self._placed(points, matrix), colour=line if stroked.value else None, fill=area if fill_mode.value else None, alpha=alpha,
                    width=width.value * scale, dash=dash, closed=closed, straight=straight, path=self.paths,
                    clip=clip,
                )
            )  # fmt: skip


def _symbols(found: list[tuple[str, Box, Colour]]) -> list[Words]:
    """Signs as words; a silent one is the sign whose size it has."""

    def shape(box: Box) -> tuple[float, float]:
        return round(box.x1 - box.x0, 1), round(box.y1 - box.y0, 1)

    known = {shape(box): said for said, box, _ in found if said}
    named = [(said or known.get(shape(box), ""), box, colour) for said, box, colour in found]
    return [
        Words(text=said, box=box, size=box.y1 - box.y0, colour=colour) for said, box, colour in named if said
    ]


def _matrix(thing: Any) -> FloatArray:
    import pypdfium2.raw as raw

    m = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(thing, m)
    return np.array([[m.a, m.c, m.e], [m.b, m.d, m.f], [0.0, 0.0, 1.0]])


def _colour(ask: Any, thing: Any) -> tuple[Colour, float]:
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    ask(thing, red, green, blue, alpha)
    return (red.value / 255, green.value / 255, blue.value / 255), alpha.value / 255


def _dash(thing: Any) -> tuple[float, ...]:
    import pypdfium2.raw as raw

    size = raw.FPDFPageObj_GetDashCount(thing)
    if size <= 0:
        return ()
    found = (ctypes.c_float * size)()
    raw.FPDFPageObj_GetDashArray(thing, found, size)
    return tuple(found) if any(v > 0 for v in found) else ()


def _pieces(thing: Any) -> list[tuple[FloatArray, bool, bool]]:
    """The unbroken lines of a path."""
    import pypdfium2.raw as raw

    found: list[tuple[FloatArray, bool, bool]] = []
    points: list[tuple[float, float]] = []
    straight, closed = True, False
    x, y = ctypes.c_float(), ctypes.c_float()
    for k in range(raw.FPDFPath_CountSegments(thing)):
        part = raw.FPDFPath_GetPathSegment(thing, k)
        kind = raw.FPDFPathSegment_GetType(part)
        raw.FPDFPathSegment_GetPoint(part, x, y)
        if kind == _MOVE:
            if len(points) > 1:
                found.append((np.array(points), closed, straight))
            points, straight, closed = [], True, False
        straight = straight and kind != _BEZIER
        points.append((x.value, y.value))
        if raw.FPDFPathSegment_GetClose(part):
            closed = True
            points.append(points[0])
    if len(points) > 1:
        found.append((np.array(points), closed, straight))
    return found


def _characters(text: Any, height: float) -> list[Char]:
    """Every letter with its place; spaces that PDFium made up are left out."""
    import pypdfium2.raw as raw

    found: list[Char] = []
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    x, y, loose = ctypes.c_double(), ctypes.c_double(), raw.FS_RECTF()
    for k in range(min(raw.FPDFText_CountChars(text), MOST)):
        code = raw.FPDFText_GetUnicode(text, k)
        if code <= 32 or raw.FPDFText_IsGenerated(text, k) == 1 or not chr(code).isprintable():
            continue
        raw.FPDFText_GetCharBox(text, k, left, right, bottom, top)
        raw.FPDFText_GetCharOrigin(text, k, x, y)
        raw.FPDFText_GetLooseCharBox(text, k, loose)
        m = raw.FS_MATRIX()
        raw.FPDFText_GetMatrix(text, k, m)
        scale = float(np.hypot(m.a, m.b)) or 1.0
        size = raw.FPDFText_GetFontSize(text, k) * scale
        angle = float(np.degrees(np.arctan2(m.b, m.a)))
        ink = [ctypes.c_uint() for _ in range(4)]
        raw.FPDFText_GetFillColor(text, k, *ink)
        box = Box(x0=left.value, y0=height - top.value, x1=right.value, y1=height - bottom.value)
        colour = (ink[0].value / 255, ink[1].value / 255, ink[2].value / 255)
        wide = Box(x0=loose.left, y0=height - loose.top, x1=loose.right, y1=height - loose.bottom)
        text_object = ctypes.cast(raw.FPDFText_GetTextObject(text, k), ctypes.c_void_p).value or 0
        origin = np.array([x.value, height - y.value])
        found.append((chr(code), origin, size, angle, colour, box, wide, text_object))
    return found


def _words(characters: list[Char]) -> list[Words]:
    """Letters of one line, size and angle that stand close together, as words."""
    lines: dict[tuple[int, int, int], list[tuple[float, Char]]] = {}
    for char in characters:
        _, origin, size, angle, *_ = char
        turn = np.radians(angle)
        along = float(origin[0] * np.cos(turn) - origin[1] * np.sin(turn))
        across = float(origin[0] * np.sin(turn) + origin[1] * np.cos(turn))
        key = (round(angle), round(across / max(0.12 * size, 0.1)), round(size * 4))
        # A letter whose line falls on the edge of two keys belongs to the line that is there.
        near = next((k for k in ((key[0], key[1] + d, key[2]) for d in (0, -1, 1)) if k in lines), key)
        lines.setdefault(near, []).append((along, char))
    found = []
    for line in lines.values():
        line.sort(key=lambda pair: pair[0])
        run: list[Char] = []
        for _, char in line:
            if run and _apart(run[-1], char):
                found.append(_word(run))
                run = []
            run.append(char)
        found.append(_word(run))
    return found


def _apart(last: Char, char: Char) -> bool:
    """Whether a letter begins a new word; numbers that nearly touch, as in a table of numbers at risk, stay two."""
    gap, size = _gap(last, char), char[2]
    if gap > 0.6 * size or char[4] != last[4]:
        return True
    figures = last[0].isdigit() and char[0].isdigit()
    return figures and (gap > 0.22 * size or (abs(gap) > 0.04 * size and last[7] != char[7]))


def _gap(last: Char, char: Char) -> float:
    """Empty space between two letters along their line."""
    if abs(char[3]) < 45 or abs(char[3]) > 135:
        return char[6].x0 - last[6].x1
    return last[6].y0 - char[6].y1 if char[3] > 0 else char[6].y0 - last[6].y1


def _word(run: list[Char]) -> Words:
    text = run[0][0]
    for last, char in itertools.pairwise(run):
        text += (" " if _gap(last, char) > 0.12 * char[2] else "") + char[0]
    boxes = [char[5] for char in run]
    box = Box(
        x0=min(b.x0 for b in boxes), y0=min(b.y0 for b in boxes), x1=max(b.x1 for b in boxes),
        y1=max(b.y1 for b in boxes),
    )  # fmt: skip
    return Words(text=text, box=box, size=run[0][2], colour=run[0][4], turned=run[0][3])
