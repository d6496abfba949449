"""How patients arrive: a Poisson process whose rate may change at calendar times."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import InputError


def accrual_pairs(changes: Any) -> tuple[tuple[float, float], ...]:
    """Pairs (calendar time, rate from then on), checked.

    Raises
    ------
    InputError : no pairs of numbers, times that do not rise from above 0, rates below 0, a last rate of 0.
    """
    try:
        found = np.array([tuple(pair) for pair in changes], dtype=np.float64).reshape(-1, 2)
        whole = len(found) == len(changes)
    except (TypeError, ValueError, OverflowError):
        whole, found = False, np.empty((0, 2))
    if not whole or not np.isfinite(found).all():
        raise InputError(
            f"accrual_changes are pairs of a time and the rate from then on, such as ((6, 12.0),); got {changes!r:.80}."
        )
    if len(found) and (found[0, 0] <= 0 or (np.diff(found[:, 0]) <= 0).any()):
        raise InputError(f"times of accrual_changes rise from above 0; got {found[:, 0].tolist()}.")
    if (found[:, 1] < 0).any() or (len(found) and found[-1, 1] == 0) or (np.abs(found) > 1e9).any():
        raise InputError(
            f"rates of accrual_changes are at least 0, and the last is above 0, or trials would never fill; got {found[:, 1].tolist()}."
        )
    return tuple((float(t), float(r)) for t, r in found)


def arrival_times(
    waited: FloatArray, rate: float, changes: tuple[tuple[float, float], ...] = ()
) -> FloatArray:
    """Calendar times at which the expected number of arrivals reaches `waited`, of any shape."""
    if not changes:
        return np.asarray(waited / rate)
    starts = np.array([0.0, *(t for t, _ in changes)])
    rates = np.array([rate, *(r for _, r in changes)])
    reached = np.concatenate([[0.0], np.cumsum(rates[:-1] * np.diff(starts))])
    # from the left, so that a pause is waited out: the last piece that begins below what is waited for
    place = np.maximum(np.searchsorted(reached, waited, side="left") - 1, 0)
    return np.asarray(starts[place] + (waited - reached[place]) / rates[place])
