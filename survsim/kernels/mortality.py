"""Compiled mortality of the population: hazards constant within a year of age and of the calendar, patient by patient."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from survsim.kernels._jit import compiled

Array = NDArray[Any]


@compiled("f8[::1](i8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[:, :, ::1], b1)")
def along_life(
    sheet: Array,
    born: Array,
    begin: Array,
    asked: Array,
    ages: Array,
    periods: Array,
    rates: Array,
    inverse: bool,
) -> Array:
    """Cumulative hazard (m,) from age `begin` to the ages `asked`, or with `inverse` the ages at which it reaches `asked`.

    `sheet` (m,) is whose rates a patient has among `rates` (sheets, periods + 1, ages + 1); `ages` and `periods` are where
    they change, by age and by the calendar, and `born` (m,) when on the calendar. An age that is never reached is infinite.
    """
    out = np.empty(asked.size)
    for m in range(asked.size):
        now, total, birth = begin[m], 0.0, born[m]
        i = np.searchsorted(ages, now, side="right")
        j = np.searchsorted(periods, birth + now, side="right")
        while True:
            to_age = ages[i] if i < ages.size else np.inf
            to_period = periods[j] - birth if j < periods.size else np.inf
            next_at = min(to_age, to_period)
            rate = rates[sheet[m], j, i]
            if inverse:
                if rate > 0.0 and total + rate * (next_at - now) >= asked[m]:
                    out[m] = now + (asked[m] - total) / rate
                    break
                if next_at == np.inf:
                    out[m] = np.inf
                    break
            elif asked[m] <= next_at:
                out[m] = total + rate * (asked[m] - now)
                break
            total += rate * (next_at - now)
            now = next_at
            if to_age <= next_at:
                i += 1
            if to_period <= next_at:
                j += 1
    return out
