"""Names out of files as a reader would write them, for pictures, tables and sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from survsim.core.errors import InputError

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


def refuse_unmeant(
    what: str, given: Mapping[Any, Any], have: Iterable[Any], of: str, *, some: bool = False
) -> None:
    """Refuse words for a name that is not there and was meant for one that is; others may serve the next table.

    Parameters
    ----------
    what : the argument; given : name -> words for it.
    have : names that are there; of : what these are, "the groups".
    some : whether one of those given must be there.

    Raises
    ------
    InputError : a name nearly that of one without words, by case, blanks or a letter; with `some`, nothing that is there.
    """
    named, there = list(given.keys()), list(dict.fromkeys(have))
    without = {str(name).casefold(): name for name in reversed(there) if name not in named}
    shown = ", ".join(map(str, there[:20])) + (f" and {len(there) - 20} more" if len(there) > 20 else "")
    for name in named:
        near = [] if name in there else get_close_matches(str(name).casefold(), without, n=1, cutoff=0.6)
        if near:
            meant = without[near[0]]
            # Text where a number is wanted looks the same without its quotes.
            told = repr(meant) if str(meant) == str(name) else str(meant)
            raise InputError(f"{what} names {name!r}; {of} are {shown}: did you mean {told}?")
    if some and named and not any(name in there for name in named):
        raise InputError(
            f"{what} names {', '.join(map(repr, named[:4]))}, and none of that is there; {of} are {shown}. "
            f"Name one of those, or leave {what} out."
        )


def group_words(groups: Sequence[Any], names: Mapping[Any, str] | None, everybody: str) -> dict[Any, str]:
    """Words for each group of curves.

    A curve that stands alone as "all" is `everybody`; beside others that is a name of the data, as that of a leukaemia.

    Raises
    ------
    InputError : names for groups that are not there.
    """
    refuse_unmeant("names", names or {}, groups, "the groups", some=True)
    alone = tuple(groups) == ("all",)
    return {g: str((names or {}).get(g, everybody if alone else g)) for g in groups}


def _number(row: str) -> str:
    """``e07`` is row 7; of rows that were read in a second place the letter stays, so that two are not called alike."""
    return f"{'' if row[0] == 'e' else row[0]}{int(row[1:])}"
