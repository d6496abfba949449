"""What must not be pooled: rows of one question whose declared fields contradict each other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from survsim.core.errors import EvidenceError
from survsim.evidence.schema.pooling import UNKNOWN
from survsim.evidence.schema.table import RATIOS

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
    "contrast",
)
"""Fields in which the rows of one question must agree wherever they say something."""
READ = ("estimate_id", "endpoint", "measure", *FIELDS)
"""The columns that tell whether rows contradict each other."""
NEVER = {
    "crude shares with survival probabilities": ({"survival_probability"}, {"proportion", "event_count"}),
    "medians with means": ({"median"}, {"mean"}, {"rmst"}),
    "ratios of different kinds": tuple({ratio} for ratio in RATIOS),
}
"""Measures of one endpoint that are different things, whatever is allowed."""
SHOWN = 3


def refuse_mixed(rows: pd.DataFrame, allowed: Iterable[str]) -> None:
    """Raise `EvidenceError` if rows that would be pooled contradict each other; silence contradicts nothing.

    Parameters
    ----------
    rows : the columns `READ` of the selected rows.
    allowed : fields in which they may differ, or ``"any"``. Crude shares never join survival probabilities of the same
        endpoint, whatever is allowed: they know nothing of censoring.
    """
    may = known_fields(allowed)
    if len(rows) < 2:
        return
    _refuse_measures(rows)
    found = (
        [] if "any" in may else [name for name in FIELDS if name not in may and len(_words(rows, name)) > 1]
    )
    if found:
        told = "; ".join(f"{name} is {_told(_words(rows, name))}" for name in found)
        raise EvidenceError(
            f"these rows must not be pooled as they stand: {told}. Narrow the question (for example "
            f"{found[0]}={next(iter(_words(rows, found[0])))!r}), or say that the mixing is meant: allow_mixed={found}."
        )


def known_fields(allowed: Iterable[str]) -> tuple[str, ...]:
    """The fields that `allow_mixed` names; raise `EvidenceError` if there is no such field."""
    may = (allowed,) if isinstance(allowed, str) else tuple(allowed)
    unknown = [name for name in may if name not in (*FIELDS, "any")]
    if unknown:
        raise EvidenceError(f"allow_mixed names {unknown[0]!r}; it may name {', '.join(FIELDS)}, or 'any'.")
    return may


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
    if name == "contrast" and measure not in RATIOS:
        return ""  # what a group is compared with matters to a ratio; a median speaks of its own group
    if name in ("setting", "line") and word == "several":
        return ""
    return word


def _refuse_measures(rows: pd.DataFrame) -> None:
    measures = rows["measure"]
    if (measures == measures.iloc[0]).all():
        return
    for endpoint, group in rows[["endpoint", "measure", "estimate_id"]].groupby("endpoint", sort=False):
        for never, kinds in NEVER.items():
            found = {}
            for kind in kinds:
                names = group.loc[group["measure"].isin(kind), "estimate_id"].tolist()
                if names:
                    found["a crude share" if "proportion" in kind else "".join(kind)] = names
            if len(found) > 1:
                raise EvidenceError(
                    f"{endpoint}: {never} are never pooled; measure is {_told(found)}. Ask for one measure at a time."
                )


def _told(words: dict[str, list[str]]) -> str:
    parts = []
    for word, rows in words.items():
        more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
        parts.append(f"{word} ({', '.join(rows[:SHOWN])}{more})")
    return " and ".join(parts)
