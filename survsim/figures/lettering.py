"""Letters on a picture: lines broken to a width, names made readable, scripts from the right, fonts that have the letter."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Sequence

from survsim.core.errors import InputError

LONGEST = 600
"""Letters of a label; nobody reads more in a picture."""
MOST_LINES = 4
"""Lines a label may take; a name that does not fit ends in an ellipsis, a number never does."""


def p_words(p: float) -> str:
    """A p-value as papers print it."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def told_apart(names: Sequence[str], details: Sequence[str]) -> list[str]:
    """The names, with the detail added to those that stand there twice, and a number where that is not enough."""
    with_detail = [f"{n}, {d}" if d and list(names).count(n) > 1 else n for n, d in zip(names, details)]
    seen: dict[str, int] = {}
    out = []
    for name in with_detail:
        seen[name] = seen.get(name, 0) + 1
        out.append(f"{name} ({seen[name]})" if with_detail.count(name) > 1 else name)
    return out


COUNTED = re.compile(r"(?<!\d) | (?![a-z])")
"""Blanks at which a line may end: not the one between a number and the word behind it."""


def wrapped(
    text: str, width: float, measure: Callable[[str], float], most: int = MOST_LINES, *, name: str = ""
) -> str:
    """The text in lines no wider than `width`, broken at words, inside a word only where it alone is too wide.

    What needs more than `most` lines ends in an ellipsis. Of a text that says something of a `name` only the name is
    shortened: the numbers behind it all stand, in more lines where they need them.
    """
    lines = _all_lines(text, width, measure)
    if len(lines) <= most:
        return "\n".join(lines)
    if name and name in text:
        before, _, after = text.partition(name)
        return _with_less(before, name, after, width, measure, most)
    last = lines[most - 1]
    while last and measure(last + "…") > width:
        last = last[:-1]
    return "\n".join([*lines[: most - 1], last.rstrip() + "…"])


def _with_less(
    before: str, name: str, after: str, width: float, measure: Callable[[str], float], most: int
) -> str:
    """As much of the name between two texts as leaves them all their words."""

    def lines(letters: int) -> list[str]:
        return _all_lines(f"{before}{name[:letters].rstrip()}…{after}", width, measure)

    most = max(most, len(lines(0)))
    whole = _all_lines(f"{before}{name}{after}", width, measure)
    if len(whole) <= most:
        return "\n".join(whole)
    low, high = 0, len(name)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if len(lines(middle)) <= most else (low, middle)
    return "\n".join(lines(low))


def _all_lines(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    return [line for part in text.split("\n") for line in _lines(part, width, measure)]


def _lines(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    if measure(text) <= width:
        return [text]
    lines, line = [], ""
    for word in _units(text, width, measure):
        joined = f"{line} {word}" if line else word
        if measure(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        pieces = _pieces(word, width, measure)
        lines += pieces[:-1]
        line = pieces[-1]
    return [*lines, line] if line else lines or [""]


def _units(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Words, a count together with what it counts ("12 events") where both fit into a line."""
    found: list[str] = []
    for unit in COUNTED.split(text):
        found += [unit] if measure(unit) <= width else unit.split(" ")
    return found


def _pieces(word: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """A word in pieces that fit, one letter at the least."""
    pieces = []
    while measure(word) > width and len(word) > 1:
        low, high = 1, len(word)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if measure(word[:middle]) <= width else (low, middle)
        at = max((k + 1 for k, sign in enumerate(word[:low]) if sign in "-/,;:"), default=low)
        at = at if at > low // 2 else low
        pieces.append(word[:at])
        word = word[at:]
    return [*pieces, word]


def cleaned(text: str) -> str:
    """The text without tabs and other signs that no font has; line ends stay, and of a text without end the beginning."""
    if len(text) > LONGEST:
        text = text[:LONGEST] + "…"
    return re.sub(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]+", " ", text)


# -- scripts that run from the right ----------------------------------------------------------------

_RIGHT = ("R", "AL")
_COUNTS = re.compile(r"(?P<name>[^\n]+?): (?P<rest>\d[^\n]*)\Z")


def runs_from_right(text: str) -> bool:
    """Whether the text has letters of Hebrew, Arabic or another script that runs from the right."""
    return not text.isascii() and any(unicodedata.bidirectional(sign) in _RIGHT for sign in text)


def as_seen(text: str) -> str:
    """The text as matplotlib must be given it to be read from its own side: before 3.11 it set all letters from the left."""
    return text if _knows_scripts() else turned(text)


def name_apart(text: str) -> str:
    """A sentence of ours that counts a group named from the right, with the name on a line of its own; any other as it came.

    On one line the sentence would be read from the right as a whole, and its numbers stand behind their words.
    """
    found = _COUNTS.match(text)
    if not (found and runs_from_right(found["name"]) and re.search("[A-Za-z]", found["rest"])):
        return text
    return f"{found['name']}\n{found['rest']}"


@functools.cache
def _knows_scripts() -> bool:
    """Whether matplotlib turns and joins letters itself; what was turned before would be turned back."""
    from matplotlib import ft2font

    return hasattr(ft2font, "__libraqm_version__")


def turned(text: str) -> str:
    """The letters of a text in the order in which they are seen from the left.

    Words from the right are turned and, in Arabic, joined; numbers and Latin words inside keep their order. This is
    the part of the Unicode algorithm that a label needs, line by line; marks for embedding are not obeyed.
    """
    return "\n".join(_seen(line) if runs_from_right(line) else line for line in text.split("\n"))


def _seen(line: str) -> str:
    line = _joined(line)
    kinds = [unicodedata.bidirectional(sign) for sign in line]
    strong = [k for k in kinds if k in ("L", *_RIGHT)]
    base = "R" if strong and strong[0] in _RIGHT else "L"
    runs: list[tuple[str, str]] = []
    for sign, side in zip(line, _sides(kinds, base)):
        if runs and runs[-1][0] == side:
            runs[-1] = (side, runs[-1][1] + sign)
        else:
            runs.append((side, sign))
    ordered = runs[::-1] if base == "R" else runs
    return "".join(_mirrored(part[::-1]) if side == "R" else part for side, part in ordered)


def _sides(kinds: Sequence[str], base: str) -> list[str]:
    """Side of each sign: letters their own, numbers from the left, the rest as both neighbours or the line."""
    sides = ["R" if k in _RIGHT else "L" if k in ("L", "EN", "AN") else "" for k in kinds]
    out = []
    for k, side in enumerate(sides):
        if not side:
            before = next((s for s in sides[:k][::-1] if s), base)
            after = next((s for s in sides[k + 1 :] if s), base)
            side = before if before == after else base
        out.append(side)
    return out


def _mirrored(text: str) -> str:
    return text.translate(str.maketrans("()[]{}<>", ")(][}{><"))


@functools.cache
def _forms() -> dict[str, dict[str, str]]:
    """Letter -> its joined forms, out of the Unicode tables."""
    forms: dict[str, dict[str, str]] = {}
    for code in range(0xFE70, 0xFEFD):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and parts[0] in ("<isolated>", "<initial>", "<medial>", "<final>"):
            forms.setdefault(chr(int(parts[1], 16)), {})[parts[0][1:-1]] = chr(code)
    return forms


def _joined(line: str) -> str:
    forms, out = _forms(), []
    for k, sign in enumerate(line):
        own = forms.get(sign)
        if own is None:
            out.append(sign)
            continue
        before = k > 0 and "initial" in forms.get(line[k - 1], {})
        after = k + 1 < len(line) and line[k + 1] in forms and "initial" in own
        form = "medial" if before and after else "final" if before else "initial" if after else "isolated"
        out.append(own.get(form, sign))
    return "".join(out)


# -- letters that a font has or has not ---------------------------------------------------------------


def font_for(text: str, families: Sequence[str]) -> str | None:
    """None if the families have every letter; else the name of an installed font that has those they lack."""
    strange = frozenset(sign for sign in text if ord(sign) > 126 and sign not in "\u200b\u200e\u200f\ufe0f")
    if not strange:
        return None
    missing = strange - _letters(tuple(families))
    if not missing:
        return None
    found = _elsewhere(missing)
    if found is None:
        shown = "".join(sorted(missing)[:8])
        raise InputError(
            f"no installed font has the letters {shown!r} of the label {text[:40]!r}; install one that has them (such as "
            "Noto Sans CJK for Chinese, Japanese and Korean) or give another label."
        )
    return found


@functools.cache
def _letters(families: tuple[str, ...]) -> frozenset[str]:
    """Letters of all the families together."""
    from matplotlib import font_manager
    from matplotlib.ft2font import FT2Font

    have: set[str] = set()
    for family in families:
        path = font_manager.findfont(font_manager.FontProperties(family=[family]), fallback_to_default=True)
        have |= {chr(code) for code in FT2Font(path).get_charmap()}
    return frozenset(have)


@functools.cache
def _elsewhere(missing: frozenset[str]) -> str | None:
    """An installed font with all of the letters."""
    from matplotlib.font_manager import fontManager
    from matplotlib.ft2font import FT2Font

    for entry in fontManager.ttflist:
        if "Last Resort" in entry.name:  # has a box for every letter there is
            continue
        try:
            have = FT2Font(entry.fname).get_charmap()
        except (OSError, RuntimeError):  # a font that was removed or is damaged is no candidate
            continue
        if all(ord(sign) in have for sign in missing):
            return str(entry.name)
    return None
