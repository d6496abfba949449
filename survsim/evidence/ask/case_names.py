"""What a reader calls a published case: who wrote of it and when, the patient, and where the lesion was."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

NOBODY = "author not printed"
TOLD = ("case_id", "first_author", "year", "age_years", "sex", "cns_site")
OWN = "index_case"
"""The case that a study is about: it is called by that."""


def names_of_cases(cases: pd.DataFrame) -> dict[str, str]:
    """Words for each case by its name; where two read alike, the name in the table stands behind them.

    Parameters
    ----------
    cases : the typed table ``cases``; nothing is told of a table without the columns that tell it.
    """
    if not set(TOLD) <= set(cases.columns):
        return {}
    told = {row["case_id"]: _name(row) for row in cases.to_dict("records")}
    often = Counter(told.values())
    return {case: words if often[words] == 1 else f"{words} ({case})" for case, words in told.items()}


def _name(case: dict[Any, Any]) -> str:
    if case["case_id"] == OWN:
        return "index case"
    year = f" {case['year']:.0f}" if case["year"] == case["year"] else ""
    age = f"{case['age_years']:.0f} " if case["age_years"] == case["age_years"] else ""
    parts = (
        f"{case['first_author'] or NOBODY}{year}",
        f"{age}{case['sex']}".strip(),
        _place(case["cns_site"]),
    )
    return ", ".join(p for p in parts if p)


def _place(site: str) -> str:
    return "brain and spine" if site == "both" else site.replace("_", " ")
