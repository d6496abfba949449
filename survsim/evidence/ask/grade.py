"""The three parts of an evidence grade, each a column: what design, how near to the index case, how it was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from survsim.evidence.schema.table import DIRECTNESS

if TYPE_CHECKING:
    import pandas as pd

DESIGN = {"A": "randomised", "B": "prospective_one_arm", "C": "cohort_or_registry", "D": "case_series"}


def grade_parts(grades: pd.Series) -> dict[str, np.ndarray]:
    """`grade_design`, `grade_distance` (a word of directness) and `grade_reading` (full, abstract, secondary) of each grade."""
    import pandas as pd

    codes, unique = pd.factorize(grades.to_numpy())
    parts = [_parts(str(g)) for g in unique]
    names = ("grade_design", "grade_distance", "grade_reading")
    return {n: np.array([p[i] for p in parts], dtype=object)[codes] for i, n in enumerate(names)}


def _parts(grade: str) -> tuple[str, str, str]:
    head, _, reading = grade.partition("-")
    place = head[1:]
    near = DIRECTNESS[int(place) - 1] if place.isdigit() and 0 < int(place) <= len(DIRECTNESS) else ""
    return DESIGN.get(head[:1], ""), near, reading
