"""The names in a formula's text: inside functions, where Python reads them, in a spelling that Python can read."""

from __future__ import annotations

import keyword
import re
import unicodedata

from survsim.core.formula_expression import CODING_FAMILY, NUMERIC, QUOTED

_NUMBER = r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])"
_PIECE = re.compile(
    rf"{QUOTED.pattern}|(?P<number>{_NUMBER})|(?P<called>[\w.]+)\s*(?=\()|(?P<word>[\w.]+)|\S", re.DOTALL
)
_FACTOR = ("factor", "as.factor")
_CONSTANTS = ("True", "False", "None")
_THE_CONSTANT = ("0", "1")
"""Names that stand for the intercept as soon as a formula is expanded."""
_BEFORE, _AFTER = "([{,+-*/%<>=!&|", ")]},+-*/%<>=!&|"


def as_read(formula: str) -> str:
    """The formula with C( for R's factor(, and every column inside a function as Python reads a name.

    R's ``resid.ds`` would be an attribute there, ``2nd`` no word and ``class`` a word of Python. Outside functions
    the formula library reads names itself, and log(`g`) with needless backticks it takes apart.
    """
    pieces = list(_PIECE.finditer(formula))
    odd = [name for found in pieces if (name := found[1] or found["word"]) and not _reads_itself(name)]
    inside: list[bool] = []
    text, end = [], 0
    for place, found in enumerate(pieces):
        piece = found[0]
        if piece in ("(", "{"):
            calling = place > 0 and pieces[place - 1]["called"] is not None
            inside.append(piece == "{" or calling or any(inside))
        elif piece in (")", "}") and inside:
            inside.pop()
        written = piece
        if found["called"] in _FACTOR:
            written = "C"
        elif found[1] is not None or (found["word"] and any(inside)):
            around = [pieces[k][0] if 0 <= k < len(pieces) else "" for k in (place - 1, place + 1)]
            written = _written(found, odd, around, within=any(inside))
        text += [formula[end : found.start()], written]
        end = found.end()
    return "".join(text) + formula[end:]


def _written(found: re.Match[str], odd: list[str], around: list[str], *, within: bool) -> str:
    """One name: as it stands, in backticks, or looked up by its text where backticks are not enough."""
    quoted, word = found[1], found["word"]
    name = word if quoted is None else quoted
    if quoted is None and (_is_no_column(name) or not _stands_alone(name, *around)):
        return name
    if _reads_itself(name):
        return name
    if (within and name and not _kept_by_backticks(name, odd)) or name in _THE_CONSTANT:
        return f"Q({name!r})"
    return f"`{name}`"


def _reads_itself(name: str) -> bool:
    """Whether Python reads these letters as the name of that column, and of no other."""
    return (
        name.isidentifier()
        and not keyword.iskeyword(name)
        and not name.startswith("_")
        and unicodedata.normalize("NFKC", name) == name
    )


def _kept_by_backticks(name: str, odd: list[str]) -> bool:
    """Whether the formula library finds a name in backticks again; it loses `a b` within one that begins alike."""
    alias = re.sub(r"\W", "_", name)
    return not name.isidentifier() and not any(
        other != name and re.sub(r"\W", "_", other).startswith(alias) for other in odd
    )


def _is_no_column(word: str) -> bool:
    """A constant, a number in another spelling (1_000, 0x10), or a function handed on by its name."""
    if word in _CONSTANTS:
        return True
    family, _, member = word.partition(".")
    if (family == "np" and member in NUMERIC) or (family == "contr" and member in CODING_FAMILY):
        return True
    try:
        int(word, 0)
    except ValueError:
        return False
    return True


def _stands_alone(word: str, before: str, after: str) -> bool:
    """Whether a word is a value: no argument's name (``df=``), and no word of Python between two others."""
    if keyword.iskeyword(word):
        return (before == "" or before in _BEFORE) and (after == "" or after in _AFTER)
    return True
