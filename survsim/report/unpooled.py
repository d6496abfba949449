"""Which published numbers a question leaves out, row by row, each with what it would have to say to come in."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from survsim.core.checks import require_columns
from survsim.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from survsim.evidence.ask.store import EvidenceStore

NEAR = 0.7
"""Likeness of two words (difflib) from which one may have been meant by the other."""
COLUMNS = ("study", "number", "endpoint", "measure", "value", "why")


def not_pooled(
    evidence: EvidenceStore, question: Mapping[str, Any], kept: Iterable[str] = (), why: str = ""
) -> pd.DataFrame:
    """Say of each number that is not among those kept why it is not.

    Parameters
    ----------
    evidence : the store.
    question : criteria as for `EvidenceStore.select`: column to a word or several.
    kept : ids of the numbers that were pooled.
    why : said of rows that meet every criterion and are not kept all the same.

    Returns
    -------
    pandas.DataFrame : study, number (its id), endpoint, measure, value and why; one row a number, as in the table. A word
        that is near the one asked for, or its abbreviation, is followed by "did you mean ...?".

    Raises
    ------
    InputError : a question that is empty or names a column that the table does not have.

    Example
    -------
    >>> import survsim
    >>> from survsim.report import not_pooled
    >>> evidence = survsim.load_evidence()
    >>> frame = not_pooled(evidence, {"endpoint": "overall_survival", "measure": "hazard_ratio"})
    >>> frame["why"].iloc[0]
    'endpoint progression_free_survival: asked for overall_survival; measure median: asked for hazard_ratio'
    """
    import pandas as pd

    if not question:
        raise InputError("a question names at least one criterion, such as {'endpoint': 'overall_survival'}.")
    # The table calls a study by its id.
    wanted = {"population": ("index",)} | {
        "study_id" if k == "study" else k: _words(k, v) for k, v in question.items()
    }
    rows = evidence.select(population="any").estimates
    require_columns(rows, list(wanted))
    pooled = set(kept)
    short = _abbreviations(evidence)
    told = [
        (
            *(row[c] for c in ("study_id", "estimate_id", "endpoint", "measure", "value")),
            _why(row, wanted, short, why),
        )
        for row in rows.to_dict("records")
        if row["estimate_id"] not in pooled
    ]
    return pd.DataFrame(told, columns=list(COLUMNS))


def _words(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    many = isinstance(value, Iterable) and getattr(value, "ndim", 1) > 0
    if many and (words := tuple(value)) and all(isinstance(w, str) for w in words):
        return words
    raise InputError(f"{name} of a question is a word or a list of words; got {value!r}.")


def _abbreviations(evidence: EvidenceStore) -> dict[str, str]:
    table = evidence.table("endpoints")
    return {
        str(a).lower(): str(e)
        for a, e in zip(table["abbreviation"], table["endpoint"])
        if isinstance(a, str) and a
    }


def _why(
    row: Mapping[Any, Any], wanted: Mapping[str, tuple[str, ...]], short: Mapping[str, str], otherwise: str
) -> str:
    """Every criterion that the row does not meet, with the word that was perhaps meant."""
    found = []
    for column, words in wanted.items():
        name = column.removesuffix("_id")
        has = row[column] if isinstance(row[column], str) else ""
        if has in words or (name == "population" and words == ("any",)):
            continue
        asked = " or ".join(words)
        if not has:
            found.append(f"{name} not given: asked for {asked}")
            continue
        meant = _meant(has, words, short if name == "endpoint" else {})
        found.append(f"{name} {has}: did you mean {meant}?" if meant else f"{name} {has}: asked for {asked}")
    return "; ".join(found) or otherwise or "meets the question, but was not kept"


def _meant(has: str, words: tuple[str, ...], short: Mapping[str, str]) -> str:
    """The word asked for that this one stands for or is near to; empty if none."""
    plain = has.strip().lower().replace(" ", "_").replace("-", "_")
    spelled = short.get(plain, plain)
    initials = {"".join(part[0] for part in w.split("_") if part): w for w in words}
    if spelled in words:
        return spelled
    if plain in initials:
        return initials[plain]
    near = difflib.get_close_matches(plain, words, 1, NEAR)
    # A word that the table knows is meant as it stands: progression-free survival is no slip for overall survival.
    return near[0] if near and plain not in short.values() else ""
