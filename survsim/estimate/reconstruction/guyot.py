"""The published algorithm of Guyot and others: events at the readings, censoring even within each interval.

References
----------
Guyot, Ades, Ouwens, Welton 2012, BMC Med Res Methodol 12:9, section "Algorithm".
"""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray
from survsim.estimate.reconstruction.patients import Patients, from_events
from survsim.estimate.reconstruction.told import Told
from survsim.kernels import reconstruct as kernel


def guyot(told: Told) -> Patients:
    """Patients by the iteration of the paper; a total of events settles the last interval only."""
    return walked(told, told.curve.time, told.curve.survival)


def walked(
    told: Told,
    t: FloatArray,
    s: FloatArray,
    *,
    marks: list[float] | None = None,
    to_last_reading: bool = False,
) -> Patients:
    """The iteration on readings t, s."""
    total = told.n_event
    deaths, censored = kernel.reconstruct(
        t.tolist(), s.tolist(), told.risk_time.tolist(), told.risk.tolist(), told.stop, total,
        marks=marks, to_last_reading=to_last_reading,
    )  # fmt: skip
    died = np.repeat(t, np.array(deaths, dtype=np.int64))
    lost = np.array([c for part in censored for c in part], dtype=np.float64)
    return from_events(died, lost, int(told.risk[0]), told.stop)
