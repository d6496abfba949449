"""What a reader calls the studies, numbers, cases and words of the evidence: the one place where their names are made."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from survsim.core.names import HEADS, STUDY, readable
from survsim.evidence.ask.case_names import names_of_cases

if TYPE_CHECKING:
    import pandas as pd

WORD = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")
"""A cell that is one name of the program: words joined by underscores."""
ROW = re.compile(r"(.+)_([est])(\d+)")
INITIALS = re.compile(r"(?: [A-Z]{1,4})+$")
WHOLE = HEADS | {
    "rct": "randomised trial",
    "phase2_single_arm": "single-arm phase II",
    "meta_analysis": "meta-analysis",
    "chemo_rt": "chemo-radiotherapy",
    "not_stated": "not stated",
    "progression_free_survival": "progression-free survival",
    "disease_free_survival": "disease-free survival",
    "ovary_tube": "ovary, tube",
    "head_neck": "head and neck",
    "liver_pancreas_biliary": "liver, pancreas, biliary",
    "gynaecological_mixed": "uterus and ovary together",
    "n_total": "patients",
}
"""Words that are said in another way than with blanks for their underscores."""
TITLE_WORDS = 7
"""Words of a title that stand for a study whose author was not printed."""
LOOSE = {"a", "an", "and", "after", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "versus", "with"}  # fmt: skip
"""Words that a title is not broken off at."""


def said_names(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Words for every name that a row, a study, a case, a source or a cell of the tables bears.

    A study is called by author and year, or by the first words of its title where no author was printed; a number by its
    study and its place among its rows; a case as `names_of_cases` calls it; a word of a column as `readable` writes it.
    """
    studies = _studies(tables["studies"]) if "studies" in tables else {}
    names = _words_of_cells(tables.values())
    names |= _sources(tables["sources"]) if "sources" in tables else {}
    names |= studies
    if "cases" in tables:
        names |= names_of_cases(tables["cases"])
    told = {row: _row(row, study, names) for row, study in _rows(tables).items() if row not in names}
    often = Counter(told.values())
    names |= {row: words if often[words] == 1 else readable(row) for row, words in told.items()}
    return names | (_arms(tables["arms"], studies) if "arms" in tables else {})


def _studies(frame: pd.DataFrame) -> dict[str, str]:
    """Author and year; of two that read alike each has the rest of its name, or more of its title."""
    rows = {str(row["study_id"]): row for row in frame.to_dict("records")}
    said = {name: _study(row, TITLE_WORDS) for name, row in rows.items()}
    often = Counter(said.values())
    for name, words in said.items():
        if often[words] > 1:
            said[name] = _told_more(name, rows[name], words)
    again = Counter(said.values())
    named = {name: words if again[words] == 1 else readable(name) for name, words in said.items()}
    return {start: named[name] for start, name in _starts(named).items()} | named


def _starts(studies: Iterable[str]) -> dict[str, str]:
    """Author and year of a name that has more behind them, where they are those of one study only."""
    found: dict[str, list[str]] = {}
    for name in studies:
        match = STUDY.match(name)
        if match and match[4]:
            found.setdefault(name[: match.start(4) - 1], []).append(name)
    return {start: names[0] for start, names in found.items() if len(names) == 1}


def _study(row: Mapping[Any, Any], most: int) -> str:
    year = f" {row['year']:.0f}" if row["year"] == row["year"] else ""
    author = INITIALS.sub("", _text(row["first_author"]))
    if author:
        return f"{author}{year}"
    title = _title(_text(row["title"]), most)
    return f"“{title}”{year}" if title else readable(row["study_id"])


def _told_more(name: str, row: Mapping[Any, Any], words: str) -> str:
    if not _text(row["first_author"]):
        return _study(row, 2 * TITLE_WORDS)
    found = STUDY.match(name)
    tail = found[4] if found else None
    return f"{words}, {tail.replace('_', ' ').upper()}" if tail else words


def _title(title: str, most: int) -> str:
    """The first words of a title, whole where it is short; what stands in brackets behind it was added by the reader."""
    words = re.sub(r"^(?:An?|The) |\s*\([^()]*not shown[^()]*\)\s*$", "", title).split()
    if len(words) <= most + 2:
        return " ".join(words).rstrip(".")
    kept = words[:most]
    while len(kept) > 2 and kept[-1].lower() in LOOSE:
        kept.pop()
    return " ".join(kept).rstrip(".,:;") + " …"


def _arms(frame: pd.DataFrame, studies: Mapping[str, str]) -> dict[str, str]:
    """An arm as results name it, its study before a stroke: the study, and what was done in the arm."""
    told = zip(frame["study_id"], frame["arm_id"], frame["label"])
    return {
        f"{study}/{arm}": f"{studies.get(study, readable(study))}, {_text(label) or readable(arm)}"
        for study, arm, label in told
    }


def _sources(frame: pd.DataFrame) -> dict[str, str]:
    """The title up to its colon."""
    titles = zip(frame["source_id"], frame["title"])
    return {str(name): _text(title).partition(":")[0] for name, title in titles if "_" in str(name) and title}


def _words_of_cells(tables: Iterable[pd.DataFrame]) -> dict[str, str]:
    """Cells that hold a word of the schema and nothing else, as a reader would write it."""
    found: set[str] = set()
    for frame in tables:
        for column in frame.columns:
            if str(column).endswith(("_id", "sha256")) or frame[column].dtype.kind in "biuf":
                continue
            found.update(
                v
                for v in frame[column].dropna().unique()
                if isinstance(v, str) and (v in WHOLE or WORD.fullmatch(v))
            )
        found.update(str(c) for c in frame.columns if "_" in str(c))
    return {word: WHOLE.get(word) or readable(word).replace(" free ", "-free ") for word in sorted(found)}


def _rows(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Numbers and curves, and rows of other tables that are called like them, each with its study."""
    found: dict[str, str] = {}
    for frame in tables.values():
        for column in ("estimate_id", "curve_id", "row_id", "item_id"):
            if column in frame.columns:
                studies = frame["study_id"] if "study_id" in frame.columns else [""] * len(frame)
                found |= {
                    str(r): str(s)
                    for r, s in zip(frame[column], studies)
                    if "_" in str(r) and str(r) not in found
                }
    return found


def _row(row: str, study: str, names: Mapping[str, str]) -> str:
    """The study and the number of the row; a row whose study is not in the tables as its name tells it."""
    found = ROW.fullmatch(row)
    study = study or (found[1] if found else "")
    if found is None or study not in names:
        return (
            f"{names[study]}, {readable(row.removeprefix(study).strip('_'))}"
            if study in names
            else readable(row)
        )
    return f"{names[study]}, row {'' if found[2] == 'e' else found[2]}{int(found[3])}"


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
