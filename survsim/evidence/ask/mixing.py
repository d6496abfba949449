"""What must not be pooled: rows of one question whose declared fields contradict each other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from survsim.core.errors import EvidenceError
from survsim.evidence.schema.pooling import UNKNOWN

if TYPE_CHECKING:
    import pandas as pd

SELECTED_ON_OUTCOME = ("responders", "survivors", "deaths")
FIELDS = (
    "origin",
    "setting",
    "line",
    "estimator",
    "analysis_set",
    "unit_of_analysis",
    "instrument",
    "exposure_timing",
)
"""Fields in which the rows of one question must agree wherever they say something."""
NEVER = "crude shares with survival probabilities"
SHOWN = 3


def refuse_mixed(rows: pd.DataFrame, allowed: Iterable[str]) -> None:
    """Raise `EvidenceError` if rows that would be pooled contradict each other; silence contradicts nothing.

    Parameters
    ----------
    rows : selected rows with the columns of study and arm joined.
    allowed : fields in which they may differ, or ``"any"``. Crude shares never join survival probabilities of the same
        endpoint, whatever is allowed: they know nothing of censoring.
    """
    may = (allowed,) if isinstance(allowed, str) else tuple(allowed)
    unknown = [name for name in may if name not in (*FIELDS, "any")]
    if unknown:
        raise EvidenceError(f"allow_mixed names {unknown[0]!r}; it may name {', '.join(FIELDS)}, or 'any'.")
    if len(rows) < 2:
        return
    _refuse_crude(rows)
    found = (
        [] if "any" in may else [name for name in FIELDS if name not in may and len(_words(rows, name)) > 1]
    )
    if found:
        told = "; ".join(f"{name} is {_told(_words(rows, name))}" for name in found)
        raise EvidenceError(
            f"these rows must not be pooled as they stand: {told}. Narrow the question (for example "
            f"{found[0]}={next(iter(_words(rows, found[0])))!r}), or say that the mixing is meant: allow_mixed={found}."
        )


def _words(rows: pd.DataFrame, name: str) -> dict[str, list[str]]:
    """Rows by the kind of what they say in a field; rows that say nothing are left out."""
    found: dict[str, list[str]] = {}
    for row, word, measure in zip(rows["estimate_id"], rows[name].map(str), rows["measure"]):
        kind = _kind(name, word, measure)
        if kind not in UNKNOWN:
            found.setdefault(kind, []).append(row)
    return found


def _kind(name: str, word: str, measure: str) -> str:
    """What must agree: every word of most fields; of an analysis set only whether it was chosen by the outcome."""
    if name == "analysis_set" and word not in UNKNOWN:
        return word if word in SELECTED_ON_OUTCOME else "all patients"
    if name == "estimator" and word in ("model", "meta_analysis"):
        return ""  # how a ratio was adjusted stands in adjustment; a review beside its trials is an overlap
    if name == "exposure_timing" and word == "landmark":
        return "at_time_zero"  # a landmark is a time zero
    if name in ("setting", "line") and word == "several":
        return ""
    return word


def _refuse_crude(rows: pd.DataFrame) -> None:
    timed = rows[rows["measure"].isin(["survival_probability", "proportion", "event_count"])]
    for endpoint, group in timed.groupby("endpoint", sort=False):
        survival = group["measure"] == "survival_probability"
        if survival.any() and not survival.all():
            told = _told(
                {
                    "survival_probability": group.loc[survival, "estimate_id"].tolist(),
                    "a crude share": group.loc[~survival, "estimate_id"].tolist(),
                }
            )
            raise EvidenceError(
                f"{endpoint}: {NEVER} are never pooled; measure is {told}. Ask for one measure at a time."
            )


def _told(words: dict[str, list[str]]) -> str:
    parts = []
    for word, rows in words.items():
        more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
        parts.append(f"{word} ({', '.join(rows[:SHOWN])}{more})")
    return " and ".join(parts)
