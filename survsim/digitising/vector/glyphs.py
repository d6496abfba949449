"""Letters that an SVG file draws as outlines, put together to words again.

Matplotlib writes each text as a comment before its outlines, and in its older versions the code of a letter into the
outline's name. Cairo (R's `svg()`) says nothing of either: such letters are read from their shapes (`drawn_letters`), and those
that cannot be told are counted as unread.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from survsim.core.checks import FloatArray
from survsim.digitising.found import Box
from survsim.digitising.vector.drawing import Colour, Words
from survsim.digitising.vector.drawn_letters import flattened, read_text

_CAIRO = re.compile(r"^glyph-?\d+-\d+$")
_NAMED = re.compile(r"^[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z]+)*-([0-9a-f]+)$")


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One outline: its name, its points before `matrix` moves them, what the file says the text is that begins here, and
    its path data; `rolled` where the outline itself stood on its side and was laid flat, its matrix turning it back."""

    name: str
    outline: list[FloatArray]
    matrix: FloatArray
    colour: Colour
    said: str
    data: str = ""
    rolled: bool = False

    @cached_property
    def points(self) -> FloatArray:
        """The outline on the page; its origin where it has none."""
        flat = np.concatenate(self.outline) if self.outline else np.zeros((1, 2))
        return np.asarray(flat @ self.matrix[:2, :2].T + self.matrix[:2, 2])

    @property
    def origin(self) -> FloatArray:
        """Where the letter stands on its line."""
        return self.matrix[:2, 2]

    @property
    def turned(self) -> float:
        """Degrees against the clock."""
        return float(-np.degrees(np.arctan2(self.matrix[1, 0], self.matrix[0, 0])))

    @property
    def height(self) -> float:
        """How much an outline is enlarged: letters of one text have one number."""
        return float(abs(np.linalg.det(self.matrix[:2, :2])) ** 0.5)


def is_glyph(name: str) -> bool:
    """Whether the name of an element is one that drawing programs give to letters."""
    return bool(_CAIRO.match(name) or _NAMED.match(name))


def words(letters: list[Letter]) -> tuple[list[Words], int]:
    """Words from letters in the order they were drawn, and how many letters were not told."""
    runs: list[list[Letter]] = []
    for letter in _laid_flat(letters):
        if runs and not letter.said and _goes_on(runs[-1], letter):
            runs[-1].append(letter)
        else:
            runs.append([letter])
    made = [_word(part) for run in runs for part in _apart(run)]
    found = [word for word in made if word is not None]
    return found, sum(word.text.count("\N{REPLACEMENT CHARACTER}") for word in found)


def _laid_flat(letters: list[Letter]) -> list[Letter]:
    """Cairo turns the outlines of text that runs upwards instead of its matrix: such typefaces are told by where letters follow."""
    follow: dict[str, list[bool]] = {}
    for before, after in pairwise(letters):
        font = _CAIRO.match(after.name)
        if font is None or not before.name.startswith(after.name.rpartition("-")[0] + "-"):
            continue
        gap = after.origin - before.origin
        if 0.0 < float(np.hypot(*gap)) < 4.0 * max(float(np.ptp(after.points, axis=0).max()), 1.0):
            follow.setdefault(after.name.rpartition("-")[0], []).append(
                bool(gap[1] < 0.0 and abs(gap[0]) < 0.1 * abs(gap[1]))
            )
    upwards = {font for font, seen in follow.items() if np.mean(seen) > 0.6}
    return [_flat(letter) if letter.name.rpartition("-")[0] in upwards else letter for letter in letters]


def _flat(letter: Letter) -> Letter:
    turn = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    outline = [np.column_stack([-line[:, 1], line[:, 0]]) for line in letter.outline]
    return replace(letter, outline=outline, matrix=letter.matrix @ turn, rolled=True)


def _goes_on(run: list[Letter], letter: Letter) -> bool:
    last = run[-1]
    if run[0].said:
        return len(run) < len(_plain(run[0].said).replace("^", "")) and abs(last.turned - letter.turned) < 1
    size = _size(run)
    along = np.array([np.cos(np.radians(last.turned)), -np.sin(np.radians(last.turned))])
    gap = letter.origin - last.origin
    ahead, aside = float(gap @ along), float(abs(gap[0] * along[1] - gap[1] * along[0]))
    return aside < 0.1 * size and 0 < ahead < 1.45 * size and last.colour == letter.colour


def _apart(run: list[Letter]) -> list[list[Letter]]:
    """A text that its writer spaced out to columns, taken apart there."""
    text = _plain(run[0].said)
    if "  " not in text or len(text) != len(run):
        return [run]
    return [
        [
            replace(letter, said=part[0] if k == 0 else "")
            for k, letter in enumerate(run[at : at + len(part[0])])
        ]
        for part in re.finditer(r"\S+(?: \S+)*", text)
        for at in (part.start(),)
    ]


def _size(run: list[Letter]) -> float:
    """Height of the line: one and a third of its tallest letter."""
    across = np.array([np.sin(np.radians(run[0].turned)), np.cos(np.radians(run[0].turned))])
    heights = [float(np.ptp(letter.points @ across)) for letter in run]
    return max(1.36 * max(heights), 1.0)


def _word(run: list[Letter]) -> Words | None:
    inked = [letter.points for letter in run if letter.outline]
    if not inked:
        return None
    flat = np.concatenate(inked)
    low, high = flat.min(axis=0), flat.max(axis=0)
    text = _plain(run[0].said) if run[0].said else _drawn(run) or _spelt(run)
    return Words(
        text=" ".join(text.split()), box=Box(x0=low[0], y0=low[1], x1=high[0], y1=high[1]), size=_size(run),
        colour=run[0].colour, turned=run[0].turned,
    )  # fmt: skip


def _plain(said: str) -> str:
    """A text as matplotlib wrote it, without the marks of its formulas; powers keep their sign."""
    if "$" not in said:
        return said
    text = re.sub(r"\\(?:mathdefault|mathrm|mathbf|mathit|mathregular)", "", said)
    text = text.replace(r"\%", "%").replace(r"\ ", " ").replace("{", "").replace("}", "").replace("$", "")
    return text.replace(r"\times", "x")


def _drawn(run: list[Letter]) -> str:
    """Nameless letters read from their shapes; "" where others have names or the shapes tell nothing."""
    if not all(_CAIRO.match(letter.name) for letter in run):
        return ""
    first, turn = run[0].origin, np.radians(run[0].turned)
    upright = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    letters = []
    for letter in run:
        lines = flattened(letter.data)
        if letter.rolled:
            lines = tuple(np.column_stack([-line[:, 1], line[:, 0]]) for line in lines)
        outline = [line @ letter.matrix[:2, :2].T @ upright for line in lines]
        letters.append((outline, float(np.hypot(*(letter.origin - first)))))
    return read_text(letters)


def _spelt(run: list[Letter]) -> str:
    """Letters by their names or by their shapes, with spaces where they stand apart."""
    size, text = _size(run), ""
    for k, letter in enumerate(run):
        named = _NAMED.match(letter.name)
        if k and not named:
            gap = float(np.hypot(*(letter.origin - run[k - 1].origin)))
            text += " " if gap > run_width(run[k - 1], size) else ""
        if named and not _CAIRO.match(letter.name):
            code = int(named[1], 16)
            text += chr(code) if 32 <= code < 0x11000 else ""
        elif letter.outline:
            text += "\N{REPLACEMENT CHARACTER}"
        else:
            text += " "
    return text


def run_width(letter: Letter, size: float) -> float:
    """How far the next letter may be if no space lies between."""
    along = np.array([np.cos(np.radians(letter.turned)), -np.sin(np.radians(letter.turned))])
    return float(((letter.points - letter.origin) @ along).max()) + 0.22 * size
