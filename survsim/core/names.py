"""Names out of files as a reader would write them, for pictures, tables and sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

ABBREVIATIONS = {
    "hr": "hazard ratio",
    "rt": "radiotherapy",
    "chemo": "chemotherapy",
    "os": "overall survival",
    "pfs": "progression-free survival",
    "cns": "central nervous system",
    "rr": "relative risk",
    "rct": "randomised trial",
    "or": "odds ratio",
    "sd": "standard deviation",
}
HEADS = {
    "conf_low": "lower limit",
    "conf_high": "upper limit",
    "prediction_low": "new study, lower limit",
    "prediction_high": "new study, upper limit",
    "std_error": "standard error",
    "mc_std_error": "Monte Carlo standard error",
    "n_study": "studies",
    "n_risk": "at risk",
    "n_event": "events",
    "n_censor": "censored",
    "p_value": "p",
}
"""Columns of results as a table of a paper heads them."""
STUDY = re.compile(
    r"^([a-z][a-z0-9]*(?:_[a-z]+)*)_((?:19|20)\d\d)([a-z]?)(?:_(?![est]\d+$)(.+?))?(?:_([est]\d+))?$"
)
ROW = re.compile(r"^([a-z][a-z0-9]*(?:_[a-z0-9]+)+)_([est]\d+)$")
"""A row of the evidence whose study has no year in its name."""


def readable(name: Any) -> str:
    """A name out of a file as a reader would write it: "hr_antiangiogenic" is "hazard ratio, antiangiogenic".

    A row of the evidence ("homesley_2007_gog0161_e07") is told by its study, year and number; what stands between
    commas is read piece by piece.
    """
    text = str(name)
    if ", " in text:
        return ", ".join(readable(part) for part in text.split(", "))
    study = STUDY.match(text)
    if study is not None:
        author, year, letter, tail, row = study.groups()
        head = " ".join(part.capitalize() for part in author.split("_")) + f" {year}{letter}"
        more = [tail.replace("_", " ").upper() if tail else "", f"row {_number(row)}" if row else ""]
        return ", ".join([head, *filter(None, more)])
    if row := ROW.match(text):
        first, *rest = row[1].split("_")
        said = " ".join(
            [first.capitalize(), *(w.upper() if w[-1:].isdigit() or len(w) < 4 else w for w in rest)]
        )
        return f"{said}, row {_number(row[2])}"
    if "_" not in text:
        return ABBREVIATIONS.get(text, text)
    first, *rest = text.split("_")
    others = " ".join(ABBREVIATIONS.get(part, part) for part in rest)
    if first in ABBREVIATIONS and first not in ("rt", "chemo", "cns"):
        return f"{ABBREVIATIONS[first]}, {others}"
    return f"{ABBREVIATIONS.get(first, first)} {others}"


def in_sentence(name: Any) -> str:
    """A name as it stands within a sentence: one that has commas of its own stands in quotes.

    Example
    -------
    >>> in_sentence("surgery alone"), in_sentence("surgery, radiotherapy 44 Gy")
    ('surgery alone', '"surgery, radiotherapy 44 Gy"')
    """
    text = str(name)
    return f'"{text}"' if "," in text and not text.startswith('"') else text


def listed(names: Iterable[Any]) -> str:
    """Names in a row: with commas between, or with semicolons where one of them has a comma of its own.

    Example
    -------
    >>> listed(["surgery alone", "as treated"])
    'surgery alone, as treated'
    >>> listed(["surgery, radiotherapy", "as treated"])
    'surgery, radiotherapy; as treated'
    """
    words = [str(name) for name in names]
    return ("; " if any("," in word for word in words) else ", ").join(words)


def _number(row: str) -> str:
    """``e07`` is row 7; of rows that were read in a second place the letter stays, so that two are not called alike."""
    return f"{'' if row[0] == 'e' else row[0]}{int(row[1:])}"
