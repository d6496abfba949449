"""An SVG file as a drawing: groups, uses, symbols, transforms and style sheets undone."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import numpy as np

from survsim.core.checks import FloatArray
from survsim.digitising.found import Box, Refused
from survsim.digitising.vector import glyphs
from survsim.digitising.vector.clips import named, shared, together
from survsim.digitising.vector.drawing import Drawing, Stroke, Words
from survsim.digitising.vector.styles import colour, number, numbers, resolved, rules

DEEPEST = 60
MOST = 400_000
LONGEST = 4_000_000
"""Letters of one path or list of points."""
BEYOND = 1e9
"""Units; no page is as large, and nothing that lies there is drawn."""
_HREF = "{http://www.w3.org/1999/xlink}href"
_STRAIGHT = re.compile(r"[^MLHVZmlhvz\d\s.,eE+-]")
_TOKEN = re.compile(r"[MLHVZmlhvz]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_HIDDEN = ("defs", "symbol", "clipPath", "mask", "pattern", "marker", "metadata", "style", "title", "desc")
_TOO_MUCH = "the SVG file is nested too deeply or has too many parts."
Pieces = list[tuple[FloatArray, bool, bool]]
"""Points, closed, straight."""


def read_svg(content: bytes) -> Drawing:
    """The drawing in an SVG file; raises `Refused` where it is none."""
    try:
        builder = ElementTree.TreeBuilder(insert_comments=True)
        root = ElementTree.fromstring(content, ElementTree.XMLParser(target=builder))
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise Refused(f"the SVG file is damaged ({error}).", "save the figure again") from None
    page = _Page(root)
    if not (0.0 < page.width < BEYOND and 0.0 < page.height < BEYOND):
        raise Refused(
            f"the SVG file has a page of {page.width:g} by {page.height:g} units.", "a picture (PNG) of it"
        )
    page.count(root)
    page.walk(root, np.eye(3), {}, 0)
    return page.drawing()


class _Page:
    """Collects what a walk through the elements finds."""

    def __init__(self, root: Any) -> None:
        every = [e for e in root.iter() if isinstance(e.tag, str)]
        self.by_id = {e.get("id"): e for e in every if e.get("id")}
        self.rules = rules(e.text or "" for e in every if _name(e) == "style")
        view = numbers(root.get("viewBox", ""))
        self.width = view[2] if len(view) == 4 else number(root.get("width"), 500.0)
        self.height = view[3] if len(view) == 4 else number(root.get("height"), 500.0)
        self.strokes: list[Stroke] = []
        self.words: list[Words] = []
        self.pictures: list[Box] = []
        self.letters: list[glyphs.Letter] = []
        self.seen = self.paths = self.points = 0
        self.said = ""

    def drawing(self) -> Drawing:
        read, unread = glyphs.words(self.letters)
        return Drawing(
            width=self.width, height=self.height, strokes=tuple(self.strokes), words=(*self.words, *read),
            pictures=tuple(self.pictures), unread=unread,
        )  # fmt: skip

    def count(self, root: Any) -> None:
        """Refuse what is too large before it is drawn: a use of uses of uses is short to write and long to draw."""
        known: dict[int, int] = {}
        too_much = Refused(_TOO_MUCH, "a picture (PNG) of it")

        def parts(element: Any, depth: int) -> int:
            if depth > DEEPEST:
                raise too_much
            if id(element) not in known:
                known[id(element)] = 1 + sum(parts(e, depth + 1) for e in self._below(element))
            return known[id(element)]

        if parts(root, 0) > MOST:
            raise too_much

    def _below(self, element: Any) -> list[Any]:
        """What a walk goes on with."""
        tag = _name(element) if isinstance(element.tag, str) else ""
        if not tag or tag in (*_HIDDEN, "text", "image"):
            return []
        if tag != "use":
            return list(element)
        target = self.by_id.get(_target(element))
        if target is None or glyphs.is_glyph(_target(element)):
            return []
        return list(target) if _name(target) in ("symbol", "g") else [target]

    def walk(self, element: Any, matrix: FloatArray, inherited: dict[str, str], depth: int) -> None:
        """Draw an element and what is in it."""
        self.seen += 1
        if depth > DEEPEST or self.seen > MOST:
            raise Refused(_TOO_MUCH, "a picture (PNG) of it")
        if not isinstance(element.tag, str):
            self.said = (element.text or "").removeprefix(" ").removesuffix(" ")
            return
        tag = _name(element)
        if tag in _HIDDEN:
            return
        style = resolved(tag, element.attrib, inherited, self.rules)
        if style.get("display") == "none" or style.get("visibility") == "hidden":
            return
        opacity = number(style.pop("opacity", "1"), 1.0) * float(inherited.get("_opacity", 1.0))
        style["_opacity"] = str(opacity)
        with np.errstate(over="ignore", invalid="ignore"):
            own = matrix @ _transform(element.get("transform", ""))
        if not _near(own):
            raise Refused("a transform in the SVG file leads out of every page.", "a picture (PNG) of it")
        clip = shared(_clip(inherited), self._cut(style.pop("clip-path", ""), own))
        if clip is not None:
            style["_clip"] = f"{clip.x0} {clip.y0} {clip.x1} {clip.y1}"
        if tag == "use":
            self._use(element, own, style, depth)
        elif tag == "text":
            self._text(element, own, style)
        elif tag == "image":
            self._image(element, own)
        else:
            self._shape(tag, element, own, style)
            for child in element:
                self.walk(child, own, style, depth + 1)

    def _cut(self, said: str, matrix: FloatArray) -> Box | None:
        """The rectangle around what an element is cut off with; none where that is given in shares of the element."""
        target = self.by_id.get(named(said))
        if target is None or target.get("clipPathUnits") == "objectBoundingBox":
            return None
        shapes = [part for part in target if isinstance(part.tag, str)]
        if len(shapes) != 1:
            return None
        inner = matrix @ _transform(target.get("transform", "")) @ _transform(shapes[0].get("transform", ""))
        found = _pieces_of(_name(shapes[0]), shapes[0], self.width, self.height)
        return together([_moved(points, inner) for points, _, _ in found]) if len(found) == 1 else None

    def _use(self, element: Any, matrix: FloatArray, style: dict[str, str], depth: int) -> None:
        name = _target(element)
        target = self.by_id.get(name)
        if target is None:
            return
        moved = matrix @ _shift(number(element.get("x")), number(element.get("y")))
        if glyphs.is_glyph(name):
            self._letter(name, target, moved, style)
        elif _name(target) in ("symbol", "g"):
            inner = moved @ _transform(target.get("transform", "")) if _name(target) == "g" else moved
            for child in target:
                self.walk(child, inner, style, depth + 1)
        else:
            self.walk(target, moved, style, depth + 1)

    def _letter(self, name: str, target: Any, matrix: FloatArray, style: dict[str, str]) -> None:
        shape = (
            target
            if _name(target) == "path"
            else next((e for e in target.iter() if _name(e) == "path"), None)
        )
        if shape is not None and shape is not target:
            matrix = matrix @ _transform(shape.get("transform", ""))
        if shape is target:
            matrix = matrix @ _transform(shape.get("transform", ""))
        data = shape.get("d", "") if shape is not None else ""
        outline = [points for points, _, _ in pieces(data)] if data.strip() else []
        ink = colour(style.get("fill", "black")) or (0.0, 0.0, 0.0)
        self.letters.append(
            glyphs.Letter(name=name, outline=outline, matrix=matrix, colour=ink, said=self.said, data=data)
        )
        self.said = ""

    def _shape(self, tag: str, element: Any, matrix: FloatArray, style: dict[str, str]) -> None:
        found = _pieces_of(tag, element, self.width, self.height)
        found = [piece for piece in found if _near(piece[0])]
        self.points += sum(len(points) for points, _, _ in found)
        if self.points > MOST:
            raise Refused("the SVG file has too many lines to be one figure.", "a picture (PNG) of it")
        if not found:
            return
        line, area = colour(style.get("stroke", "none")), colour(style.get("fill", "black"))
        if tag in ("line", "polyline") and "fill" not in style:
            area = None
        opacity = float(style["_opacity"])
        alpha = opacity * number(style.get("stroke-opacity" if line else "fill-opacity"), 1.0)
        if (line is None and area is None) or alpha <= 0.01:
            return
        scale = abs(float(np.linalg.det(matrix[:2, :2]))) ** 0.5
        dash = tuple(v * scale for v in numbers(style.get("stroke-dasharray", "")))
        self.paths += 1
        for points, closed, straight in found:
            self.strokes.append(
                Stroke(
                    points=_moved(points, matrix), colour=line, fill=area, alpha=alpha, closed=closed,
                    straight=straight, dash=dash if any(d > 0 for d in dash) else (), path=self.paths, clip=_clip(style),
                    width=number(style.get("stroke-width"), 1.0) * scale,
                )
            )  # fmt: skip

    def _image(self, element: Any, matrix: FloatArray) -> None:
        x, y = number(element.get("x")), number(element.get("y"))
        w, h = number(element.get("width")), number(element.get("height"))
        corners = _moved(np.array([[x, y], [x + w, y + h]]), matrix)
        if not _near(corners):
            return
        low, high = corners.min(axis=0), corners.max(axis=0)
        self.pictures.append(Box(x0=low[0], y0=low[1], x1=high[0], y1=high[1]))

    def _text(self, element: Any, matrix: FloatArray, style: dict[str, str]) -> None:
        x, y = _first(element.get("x"), 0.0), _first(element.get("y"), 0.0)
        runs = [(element.text or "", x, y, style, element)]
        for child in element:
            if isinstance(child.tag, str) and _name(child) == "tspan":
                own = resolved("tspan", child.attrib, style, self.rules)
                placed = child.get("x") is not None or child.get("y") is not None
                if placed or not runs[-1][0].strip() or own.get("font-size") != style.get("font-size"):
                    start = _first(child.get("x"), _end(runs[-1]) if runs[-1][0].strip() else runs[-1][1])
                    line = _first(child.get("y"), runs[-1][2]) + number(child.get("dy"))
                    runs.append((_inside(child), start, line, own, child))
                else:
                    text, x, y, known, first = runs[-1]
                    runs[-1] = (text + _inside(child), x, y, known, first)
            text, x, y, known, first = runs[-1]
            runs[-1] = (text + (child.tail or ""), x, y, known, first)
        for text, x, y, own, owner in runs:
            self._run(text, x, y, own, owner, matrix)

    def _run(
        self, text: str, x: float, y: float, style: dict[str, str], owner: Any, matrix: FloatArray
    ) -> None:
        places = numbers(owner.get("x") or "")
        plain = " ".join(text.split())
        if not plain:
            return
        size = number(style.get("font-size"), 12.0)
        width = _width(plain, size)
        if style.get("textLength") or owner.get("textLength"):
            width = number(style.get("textLength") or owner.get("textLength"), width)
        if len(places) > 1:
            width = max(places) - min(places) + 0.6 * size
        x -= {"middle": width / 2, "end": width}.get(style.get("text-anchor", ""), 0.0)
        corners = _moved(np.array([[x, y - 0.72 * size], [x + width, y]]), matrix)
        if not _near(corners):
            return
        scale = abs(float(np.linalg.det(matrix[:2, :2]))) ** 0.5
        self.words.append(
            Words(
                text=plain, box=_box(corners), size=size * scale,
                colour=colour(style.get("fill", "black")) or (0.0, 0.0, 0.0), turned=_turned(matrix),
            )
        )  # fmt: skip


def _clip(style: dict[str, str]) -> Box | None:
    """The rectangle that an element is cut off with, as its parents hand it down."""
    if "_clip" not in style:
        return None
    x0, y0, x1, y1 = (float(v) for v in style["_clip"].split())
    return Box(x0=x0, y0=y0, x1=x1, y1=y1)


def _width(text: str, size: float) -> float:
    """About what a text is wide in a common typeface."""
    return size * sum(0.28 if c in " .,:;|!'il" else 0.56 for c in text)


def _end(run: Any) -> float:
    text, x, _, style, _ = run
    return float(x + _width(" ".join(text.split()), number(style.get("font-size"), 12.0)))


def _target(element: Any) -> str:
    """The name of what a use draws."""
    return (element.get("href") or element.get(_HREF) or "").removeprefix("#")


def _near(places: FloatArray) -> bool:
    """Whether all places are numbers on some page."""
    return bool((np.abs(places) < BEYOND).all())


def _inside(element: Any) -> str:
    return "".join(element.itertext())


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _first(text: str | None, default: float) -> float:
    found = numbers(text or "")
    return found[0] if found else default


def _turned(matrix: FloatArray) -> float:
    return float(-np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0])))


def _moved(points: FloatArray, matrix: FloatArray) -> FloatArray:
    # What leads out of every page is left out by who asks (`_near`).
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(points @ matrix[:2, :2].T + matrix[:2, 2], dtype=float)


def _box(points: FloatArray) -> Box:
    low, high = points.min(axis=0), points.max(axis=0)
    return Box(x0=float(low[0]), y0=float(low[1]), x1=float(high[0]), y1=float(high[1]))


def _shift(x: float, y: float) -> FloatArray:
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


def _transform(text: str) -> FloatArray:
    if not text:
        return np.eye(3)
    from svgelements import Matrix

    try:
        m = Matrix(text)
    except (ValueError, IndexError, TypeError, AttributeError, ArithmeticError):
        raise Refused(
            f"the SVG file has a transform that is none: {text[:60]!r}.", "save the figure again"
        ) from None
    return np.array([[m.a, m.c, m.e], [m.b, m.d, m.f], [0.0, 0.0, 1.0]], dtype=float)


def _pieces_of(tag: str, element: Any, width: float, height: float) -> Pieces:
    """The lines of a basic shape in its own coordinates."""
    get = element.get
    if tag == "path":
        return pieces(get("d", ""))
    if tag == "line":
        ends = [[number(get("x1")), number(get("y1"))], [number(get("x2")), number(get("y2"))]]
        return [(np.array(ends), False, True)]
    if tag in ("polyline", "polygon"):
        if len(get("points", "")) > LONGEST:
            raise Refused("the SVG file has too long a line to be a figure.", "a picture (PNG) of it")
        flat = numbers(get("points", ""))
        points = np.array(flat[: len(flat) // 2 * 2]).reshape(-1, 2)
        return [(points, tag == "polygon", True)] if len(points) else []
    if tag == "rect":
        x, y = number(get("x")), number(get("y"))
        w, h = number(get("width"), width), number(get("height"), height)
        return [(np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h], [x, y]]), True, True)]
    if tag in ("circle", "ellipse"):
        x, y = number(get("cx")), number(get("cy"))
        a, b = (number(get("r")),) * 2 if tag == "circle" else (number(get("rx")), number(get("ry")))
        turn = np.linspace(0.0, 2 * np.pi, 13)
        return [(np.column_stack([x + a * np.cos(turn), y + b * np.sin(turn)]), True, False)]
    return []


def pieces(data: str) -> Pieces:
    """The unbroken lines of path data; none where it is no path data."""
    if len(data) > LONGEST:
        raise Refused("the SVG file has too long a path to be a figure.", "a picture (PNG) of it")
    try:
        return _read(data)
    except (ValueError, IndexError, TypeError, ArithmeticError):
        return []


def _read(data: str) -> Pieces:
    if _STRAIGHT.search(data.replace("e", "").replace("E", "")):
        return _bent(data)
    found: Pieces = []
    points: list[tuple[float, float]] = []
    tokens = _TOKEN.findall(data)
    at, command, here, start = 0, "M", (0.0, 0.0), (0.0, 0.0)
    while at < len(tokens):
        if tokens[at].isalpha():
            command = tokens[at]
            at += 1
            if command in "Zz":
                if points:
                    found.append((np.array([*points, start]), True, True))
                points, here = [], start
                continue
        if at >= len(tokens):
            break
        taken = 1 if command in "HhVv" else 2
        here = _next(command, tokens[at : at + taken], here)
        at += taken
        if command in "Mm":
            if len(points) > 1:
                found.append((np.array(points), False, True))
            points, start = [], here
            command = "L" if command == "M" else "l"
        elif not points:
            points = [start]
        points.append(here)
    if len(points) > 1:
        found.append((np.array(points), False, True))
    return found


def _next(command: str, given: list[str], here: tuple[float, float]) -> tuple[float, float]:
    x, y = here
    values = [float(v) for v in given]
    if command in "Hh":
        return (values[0] + (x if command == "h" else 0.0), y)
    if command in "Vv":
        return (x, values[0] + (y if command == "v" else 0.0))
    if len(values) < 2:
        return here
    return (values[0] + x, values[1] + y) if command in "lm" else (values[0], values[1])


def _bent(data: str) -> Pieces:
    """Paths with bends: their ends and control points."""
    from svgelements import Close, CubicBezier, Line, Move, Path, QuadraticBezier

    found: Pieces = []
    points: list[tuple[float, float]] = []
    straight, closed = True, False
    for part in Path(data):
        if isinstance(part, Move):
            if len(points) > 1:
                found.append((np.array(points), closed, straight))
            points, straight, closed = [], True, False
        elif isinstance(part, Close):
            closed = True
        elif not isinstance(part, Line):
            straight = False
        inner = (
            [part.control1, part.control2] if isinstance(part, CubicBezier)
            else [part.control] if isinstance(part, QuadraticBezier)
            else []
        )  # fmt: skip
        points += [(float(p.x), float(p.y)) for p in (*inner, part.end) if p is not None]
    if len(points) > 1:
        found.append((np.array(points), closed, straight))
    return found
