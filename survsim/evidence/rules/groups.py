"""What rules about groups of rows share: names made of several cells, and numbers that may not rise in time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from survsim.evidence.rules.tables import Tables
from survsim.evidence.schema.faults import Fault

if TYPE_CHECKING:
    import pandas as pd


def joined(frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.Series:
    """The cells of some columns as one name a row."""
    out = frame[columns[0]]
    for column in columns[1:]:
        out = out + "\x1f" + frame[column]
    return out


def rises(
    t: Tables, frame: pd.DataFrame, group: list[str], rule_name: str, table: str, column: str
) -> Iterator[Fault]:
    """Rows whose number is above that of an earlier time in their group."""
    frame = frame[frame["s"].between(0, 1)]  # another rule says that the others are no survival
    frame = frame.dropna(subset=["at", "s"]).sort_values([*group, "at"], kind="stable")
    if frame.empty:
        return
    before = frame.groupby(group, sort=False)["s"].cummin().shift(1)
    first = ~frame.duplicated(group, keep="first")
    wrong = np.zeros(len(t.frames[table]), bool)
    wrong[frame["row"][(~first & (frame["s"] > before)).to_numpy()]] = True
    yield from t.where(
        rule_name,
        table,
        wrong,
        "A later value is above an earlier one; check both in the source.",
        column=column,
        cause=lambda: joined(t.frames[table], tuple(group)),
    )
