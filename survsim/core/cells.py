"""Text that other programs would run or hide: formulas of spreadsheets, invisible signs, commands of LaTeX."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from survsim.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
"""Control characters, signs that turn the direction of reading, and marks without width: text is not what it shows."""
_NOT_SEEN = " \t\r\n\x0b\x0c\x00\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff'\""
_BEFORE = re.compile(f"^[{_NOT_SEEN}]+")
_SIGNS = "=+@"
_SEPARATED = re.compile(r"([;\t\r\n]+)")
"""Where a spreadsheet may part a line of CSV although a comma separates its cells."""
_HARMLESS = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?(?=[\s,%)]|$)[^|!=@(+*/^&]*")
"""A number, perhaps with words behind it, and nothing that computes or calls."""
_HALF = re.compile("[\ud800-\udfff]")
_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "\u2013": "--",
}


def would_run(text: str, signs: str = _SIGNS) -> bool:
    """Whether a spreadsheet that opens the cell may take it for a formula.

    What it does not show is looked through: blanks, line ends and quotes before the sign, and its fullwidth form.
    """
    if text[:1] in ("\t", "\r"):
        return True
    shown = unicodedata.normalize("NFKC", _BEFORE.sub("", text)[:1])
    return shown[:1] != "" and shown[:1] in signs


def not_run(text: str, signs: str = _SIGNS + "-") -> str:
    """The text with an apostrophe wherever a spreadsheet would begin to run it.

    That is before its first sign, and after a separator inside it: a program whose list separator is the semicolon parts a
    line of CSV there, quotes or not, as one may at a tab or a line end, so that ``a;=1+1`` would begin a cell with ``=1+1``.
    Numbers stay as they are.

    Example
    -------
    >>> not_run("=1+1"), not_run("a;=1+1"), not_run("60 Gy; -3 months"), not_run("-0.5")
    ("'=1+1", "a;'=1+1", '60 Gy; -3 months', '-0.5')
    """
    first, *later = _SEPARATED.split(text)
    begun = "'" if would_run(text, signs) and not _is_number(text) else ""
    made = [begun, first]
    for part in later:
        runs = part and not _SEPARATED.fullmatch(part) and would_run(part, signs)
        made.append(f"'{part}" if runs and not _HARMLESS.fullmatch(part) else part)
    return "".join(made)


def in_utf8(text: str) -> str:
    """Text that a file can hold: half signs, which stand for bytes of no letter in names of files, become the sign for that."""
    return _HALF.sub("\ufffd", text)


def visible(text: str) -> str:
    r"""Text for a terminal: what it would obey or hide is written out, an escape as ``\x1b``; line ends stay."""
    return HIDDEN.sub(lambda sign: sign[0].encode("unicode_escape").decode("ascii"), text)


def for_spreadsheets(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with an apostrophe before each text, names of columns too, that a spreadsheet would run."""
    out = frame.rename(columns=_quoted)
    for k, kind in enumerate(out.dtypes):
        if kind.kind not in "biufcmM":
            out.isetitem(k, [_quoted(cell) for cell in out.iloc[:, k]])
    return out


def latex(text: str) -> str:
    """Text as LaTeX prints it, whatever signs it holds; control characters are left out."""
    return "".join(_LATEX.get(sign, sign) for sign in HIDDEN.sub("", " ".join(text.split())))


def latex_table(frame: pd.DataFrame, number: Any) -> str:
    """The frame as a `tabular` with the rules of booktabs; `number` writes a number."""
    if not len(frame.columns):
        raise InputError("a table without columns has nothing to print.")
    numeric = [kind.kind in "iuf" for kind in frame.dtypes]
    lines = [_row([latex(str(c)) for c in frame.columns])]
    for row in frame.itertuples(index=False, name=None):
        written = [as_text(v, number if n else str) for v, n in zip(row, numeric)]
        lines.append(_row([latex(text) if n else _indented(text) for text, n in zip(written, numeric)]))
    head, *body = (f"{line} \\\\" for line in lines)
    columns = "".join("r" if n else "l" for n in numeric)
    return "\n".join(
        [
            f"\\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            head,
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def as_text(value: Any, written: Callable[[Any], str]) -> str:
    """A cell of a printed table; "NA" for what is missing, text and dates as well as numbers."""
    import pandas as pd

    return "NA" if pd.api.types.is_scalar(value) and pd.isna(value) else written(value)


def _row(cells: list[str]) -> str:
    r"""Cells of a row; what ends the row before, ``\\`` or a rule, would take a bracket or a star at its beginning for its own."""
    line = " & ".join(cells)
    return f"{{}}{line}" if line[:1] in ("[", "*") else line


def _indented(text: str) -> str:
    """A label that stands under another keeps its indent."""
    return (r"\quad " if text.startswith("  ") and text.strip() else "") + latex(text)


def _quoted(cell: Any) -> Any:
    return not_run(cell) if isinstance(cell, str) else cell


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?(inf|nan)", cell) is not None
