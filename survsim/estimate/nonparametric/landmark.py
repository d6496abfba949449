"""Landmark analysis: those still event-free and followed at a fixed time, from there on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survsim.core.checks import BoolArray
from survsim.core.display import displayed
from survsim.core.errors import InputError
from survsim.core.surv import Surv
from survsim.core.times import apart, asked_time


@displayed
@dataclass(frozen=True, slots=True, kw_only=True)
class Landmark:
    """Patients at risk at the landmark, and the response from there.

    Attributes
    ----------
    surv : response of those kept, time counted from the landmark.
    kept : (n,) bool, rows of the original data; use it to select covariates and groups, which must be
        known at the landmark.
    at : the landmark in `surv.unit`.
    n_event, n_censor : patients left out because the event, or the end of follow-up, came by the landmark.
    n_not_entered : patients kept that come under observation (again) only after the landmark.

    Patients are told apart by `id`, where the response has it; else each row is one.
    """

    surv: Surv
    kept: BoolArray
    at: float
    n_event: int
    n_censor: int
    n_not_entered: int


def landmark(surv: Surv, at: float) -> Landmark:
    """Patients whose time exceeds the landmark `at`, with time counted from it.

    Patients who come under observation later keep their delayed entry. Comparing groups defined by what
    happened before the landmark avoids immortal time (Anderson, Cain & Gelber 1983).

    Parameters
    ----------
    surv : response of n patients.
    at : the landmark, in the unit of `surv`, from 0.

    Returns
    -------
    Landmark : `surv` of those who are left, `kept` (n,) that says who they are, and how many had the event, were censored or had
        not entered by then.

    Raises
    ------
    InputError : nobody is left.

    Reference: Anderson, Cain & Gelber 1983 (J Clin Oncol 1:710).

    Example
    -------
    >>> from survsim import Surv, landmark
    >>> landmark(Surv.right([2, 5, 9], [1, 0, 1], unit="months"), 3).surv.time.tolist()
    [2.0, 6.0]
    """
    known = surv.time if surv.entry is None else np.concatenate([surv.time, surv.entry])
    at = asked_time("at", at, known, unit=surv.unit, open_ends=False)
    kept = surv.time > at
    if not kept.any():
        asked, last = apart(at, float(surv.time.max()))
        raise InputError(
            f"nobody is followed beyond the landmark {asked} {surv.unit}; the last time is "
            f"{last}. Choose an earlier landmark."
        )
    part = surv.take(kept)
    entry = None if part.entry is None else np.maximum(part.entry - at, 0.0)
    n_event, n_censor, n_not_entered = _counts(surv, kept, at)
    return Landmark(
        surv=part.with_parts(time=part.time - at, entry=entry),
        kept=kept,
        at=float(at),
        n_event=n_event,
        n_censor=n_censor,
        n_not_entered=n_not_entered,
    )


def _counts(surv: Surv, kept: BoolArray, at: float) -> tuple[int, int, int]:
    """Patients with the event by the landmark, whose follow-up ended by it, and who are observed only after it."""
    who = surv.patients[1]
    size = int(who.max()) + 1
    left = np.bincount(who[kept], minlength=size) == 0
    event = np.bincount(who[~kept & surv.event], minlength=size) > 0
    first = np.full(size, np.inf)
    np.minimum.at(first, who[kept], surv.begin[kept])
    return int(event.sum()), int((left & ~event).sum()), int((~left & (first > at)).sum())
