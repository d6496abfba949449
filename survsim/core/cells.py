"""Text that other programs would run or hide: formulas of spreadsheets, invisible signs, commands of LaTeX."""

from __future__ import annotations

import re
import unicodedata
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
        lines.append(_row([latex(number(v)) if n else _indented(str(v)) for v, n in zip(row, numeric)]))
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


def _row(cells: list[str]) -> str:
    r"""Cells of a row; what ends the row before, ``\\`` or a rule, would take a bracket or a star at its beginning for its own."""
    line = " & ".join(cells)
    return f"{{}}{line}" if line[:1] in ("[", "*") else line


def _indented(text: str) -> str:
    """A label that stands under another keeps its indent."""
    return (r"\quad " if text.startswith("  ") and text.strip() else "") + latex(text)


def _quoted(cell: Any) -> Any:
    return (
        f"'{cell}"
        if isinstance(cell, str) and would_run(cell, _SIGNS + "-") and not _is_number(cell)
        else cell
    )


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?(inf|nan)", cell) is not None
