"""The error of reading a figure carried on: reconstructions from readings moved at random."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from survsim.core.checks import between
from survsim.core.surv import Surv
from survsim.estimate.reconstruction.curve import Curve
from survsim.estimate.reconstruction.reconstructed_ipd import METHODS
from survsim.estimate.reconstruction.result import ReconstructedIPD
from survsim.estimate.reconstruction.told import MOST_PATIENTS, Told


def perturbed_reconstructions(
    reconstructed: ReconstructedIPD,
    n: int,
    *,
    seed: int = 1,
    time_error: float,
    survival_error: float = 0.005,
) -> tuple[Surv, ...]:
    """n responses from readings moved at random, to carry the error of digitising on.

    Each reading is moved by normal errors and the curve made monotone again; printed numbers stay, and so does the method.

    Parameters
    ----------
    reconstructed : result of `reconstruct_ipd`.
    n : how many.
    seed : of the generator.
    time_error, survival_error : standard deviations of a reading, in the unit of time and as a share.

    Returns
    -------
    tuple of n `Surv`, one a perturbed reading of the whole curve.

    Raises
    ------
    InputError : negative errors.

    Reference: Guyot et al. 2012 (BMC Med Res Methodol 12:9), on the error of readings.

    Example
    -------
    >>> from survsim import reconstruct_ipd
    >>> from survsim.reconstruction import perturbed_reconstructions
    >>> r = reconstruct_ipd(([2, 5, 9], [0.9, 0.7, 0.6]), at_risk=([0, 6], [10, 7]), unit="months")
    >>> len(perturbed_reconstructions(r, 3, seed=1, time_error=0.1))
    3
    """
    between("time_error", time_error, 0.0, np.inf, open_ends=False)
    between("survival_error", survival_error, 0.0, 1.0, open_ends=False)
    between("n", n, 1, MOST_PATIENTS, open_ends=False)
    rng = np.random.default_rng(seed)
    t, s = reconstructed.click_time, reconstructed.click_survival
    stop = float(reconstructed.time.max())
    moved_t = np.clip(t + time_error * rng.standard_normal((n, t.size)), 0.0, stop)
    moved_s = np.clip(s + survival_error * rng.standard_normal((n, t.size)), 0.0, 1.0)
    moved_t[:, 0], moved_s[:, 0] = 0.0, 1.0
    moved_t = np.maximum.accumulate(moved_t, axis=1)
    moved_s = np.minimum.accumulate(moved_s, axis=1)
    base = Told(
        curve=Curve(
            time=t,
            survival=s,
            given=s,
            kind="survival",
            readings=reconstructed.readings,
            noise=float(survival_error),
        ),
        risk_time=reconstructed.at_risk_times,
        risk=reconstructed.at_risk,
        stop=stop,
        n_event=reconstructed.n_event_reported,
        marks=reconstructed.censor_marks,
        n=reconstructed.n_reported,
        entry=reconstructed.entry is not None,
    )
    draws = []
    for row_t, row_s in zip(moved_t, moved_s):
        line = replace(base.curve, time=row_t, survival=row_s, given=row_s)
        made = METHODS[reconstructed.method](replace(base, curve=line))
        draws.append(
            Surv.right(
                made.time,
                made.event,
                unit=reconstructed.unit,
                entry=made.entry,
                source=reconstructed.references,
            )
        )
    return tuple(draws)
