"""What a block of simulated patients leaves behind under one strategy."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, IntArray


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sojourns:
    """Completed stays in a state, one a row, in the order they ended; what multi-state data hold."""

    patient: IntArray
    source: IntArray
    target: IntArray
    entry: FloatArray
    exit: FloatArray


@dataclasses.dataclass(slots=True, kw_only=True)
class Paths:
    """Per-patient outcomes (n,) of a block; what did not happen before the horizon has a later time or infinity.

    Attributes
    ----------
    death_at, progression_at : times of death and of the first progression.
    death_state : index of the death state, -1 for those alive at the horizon; empty if not asked for.
    quality, cost : quality-adjusted time and cost up to each tau, (taus, n); None if not asked for.
    in_group : time in each group of states up to each tau, (groups, taus, n); without rows if not asked for.
    plain, discounted : of each declared outcome up to each tau, (outcomes times taus, n); without rows if not asked for.
    cord_dose : highest cumulative EQD2 in Gy over the cord regions; empty, like worst_grade, without rules.
    course_dose, course_square : Gy by course and region, and Gy times the dose per fraction, (courses, regions, n).
    interval : shortest time between two courses of radiation, infinity without a second; empty without rules.
    toxicity : whether each toxicity came (toxicities, n); started : how often each line began (lines, n).
    myelopathy_at : onset by model (models, n).
    counts : patients in each state at each grid point, (states, points).
    late : what more than one measure asks for, by name and number: discounted times up to a horizon, doses, risks, (n,) each.
    """

    death_at: FloatArray
    death_state: IntArray
    progression_at: FloatArray
    quality: FloatArray | None
    cost: FloatArray | None
    in_group: FloatArray
    plain: FloatArray
    discounted: FloatArray
    cord_dose: FloatArray
    course_dose: FloatArray
    course_square: FloatArray
    interval: FloatArray
    worst_grade: FloatArray
    toxicity: FloatArray
    started: FloatArray
    myelopathy_at: FloatArray
    counts: IntArray
    sojourns: Sojourns | None = None
    late: dict[tuple[str, float], FloatArray] = dataclasses.field(default_factory=dict)


def empty_paths(
    n: int, *, toxicities: int, lines: int, treated: bool, taus: int, grid: tuple[int, int]
) -> Paths:
    """Paths of n patients to whom nothing has happened yet, and of whom nothing was added up."""
    nothing = np.zeros((0, n))
    return Paths(
        death_at=np.full(n, np.inf),
        death_state=np.full(n, -1, dtype=np.int64),
        progression_at=np.full(n, np.inf),
        quality=None,
        cost=None,
        in_group=np.zeros((0, taus, n)),
        plain=nothing,
        discounted=nothing,
        cord_dose=nothing[:, 0],
        course_dose=nothing[:, None],
        course_square=nothing[:, None],
        interval=nothing[:, 0],
        worst_grade=np.zeros(n if treated else 0),
        toxicity=np.zeros((toxicities, n)),
        started=np.zeros((lines, n)),
        myelopathy_at=nothing,
        counts=np.zeros(grid, dtype=np.int64),
    )


class SojournLog:
    """Collects stays while paths are made."""

    def __init__(self) -> None:
        self._parts: list[tuple[Any, ...]] = []

    def add(self, *columns: Any) -> None:
        """Note stays: patient, source, target, entry, exit."""
        self._parts.append(columns)

    def done(self) -> Sojourns:
        """All stays noted, ordered by patient and time of exit."""
        whole = [np.concatenate(c) for c in zip(*self._parts)]
        order = np.lexsort((whole[4], whole[0]))
        names = ("patient", "source", "target", "entry", "exit")
        return Sojourns(**{name: column[order] for name, column in zip(names, whole)})
