"""Whether any patients at all can meet both the readings and the printed numbers at risk."""

from __future__ import annotations

import numpy as np

from survsim.estimate.reconstruction.knots import resolution
from survsim.estimate.reconstruction.told import Told

EXACT_TO = 0.005
"""Within which levels are taken for read, unless they scatter or were rounded more coarsely."""


def contradiction(told: Told) -> str | None:
    """The first printed number that goes with no curve within reading error of this one; None where each does.

    n(t) / S(t-) is the number of patients times the share of them not censored yet, so it never rises. A printed number counts
    deaths at its own time, so S(t-) lies anywhere between the readings before and at or after t. Where deaths are at the readings
    alone it is the one before. Late entries make it rise: then nothing is said.
    """
    if told.entry:
        return None
    t, s = told.curve.time, told.curve.survival
    error = max(EXACT_TO, 2.0 * told.curve.noise, 0.5 * resolution(told.curve.given))
    drops = told.curve.readings == "drops"
    most, since = float(told.risk[0]), 0.0
    for at, n in zip(told.risk_time[1:], told.risk[1:]):
        before = int(np.searchsorted(t, at, side="left")) - 1
        after = int(np.searchsorted(t, at, side="right")) - 1
        after = after if t[after] == at else after + 1
        high = min(float(s[before]) + error, 1.0)
        low = float(s[before] if drops else s[after] if after < t.size else 0.0) - error
        if n > most * high * (1.0 + 1e-9):
            return f"at most {int(most * high)} of those at risk at {since:g} can be at {at:g}, printed {n}"
        if low > 0.0 and n / low < most:
            most, since = n / low, float(at)
    return None
