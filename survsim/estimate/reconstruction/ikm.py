"""The algorithm with the changes of Liu, Zhou and Lee: outlying readings go, the even spread ends at the last reading.

References
----------
Liu, Zhou, Lee 2021, IPDfromKM, BMC Med Res Methodol 21:111, doi 10.1186/s12874-021-01308-8.
"""

from __future__ import annotations

import numpy as np

from survsim.core.checks import BoolArray, FloatArray
from survsim.estimate.reconstruction.guyot import walked
from survsim.estimate.reconstruction.patients import Patients
from survsim.estimate.reconstruction.told import Told

FENCE = 3.0
"""Jumps further than this many interquartile ranges outside the quartiles are outlying (Tukey's outer fences)."""


def ikm(told: Told) -> Patients:
    """Patients by the changed iteration; with n alone one interval without censoring unless a total is printed."""
    t, s = told.curve.time, told.curve.survival
    keep = _inliers(told.curve.given) & _two_a_time(t)
    return walked(told, t[keep], np.minimum.accumulate(s[keep]), to_last_reading=True)


def _inliers(s: FloatArray) -> BoolArray:
    """Readings that do not stand out on both sides: a jump there and a jump back, both outside the fences."""
    keep = np.ones(s.size, dtype=np.bool_)
    if s.size < 8:
        return keep
    jump = np.diff(s)
    low, high = np.quantile(jump, [0.25, 0.75])
    reach = FENCE * max(high - low, 1e-9)
    out, sign = (jump < low - reach) | (jump > high + reach), np.sign(jump)
    keep[1:-1] = ~(out[:-1] & out[1:] & (sign[:-1] * sign[1:] < 0))
    return keep


def _two_a_time(t: FloatArray) -> BoolArray:
    """The first and the last reading of a time: the curve before and after its drop."""
    new = np.append(True, t[1:] != t[:-1])
    return np.asarray(new | np.append(t[1:] != t[:-1], True))
