"""The course of a disease patient by patient in plain numpy: a second road to every number of the calibration wing.

Shares no code with the package: hazards are written out here, event times drawn by inversion of small steps' survival.
"""

from __future__ import annotations

import numpy as np


def exponential_times(rng, rate, start_ratio=1.0, change_at=np.inf, later_ratio=1.0):
    """Times under rate * start_ratio until `change_at` and rate * later_ratio after."""
    target = rng.exponential(size=np.shape(rate))
    first = rate * start_ratio * change_at if np.isfinite(change_at) else np.full(np.shape(rate), np.inf)
    early = target / np.maximum(rate * start_ratio, 1e-300)
    late = change_at + (target - first) / np.maximum(rate * later_ratio, 1e-300)
    return np.where(target <= first, early, late)


def weibull_times(rng, shape, scale, z):
    """Weibull times whose cumulative hazard is multiplied by z."""
    return scale * (rng.exponential(size=np.shape(z)) / z) ** (1.0 / shape)


def illness_death(rng, n, *, lp, ld, lo, v=0.0, ratio=1.0, until=np.inf):
    """Times of progression, end and cause (2 tumour, 3 other); `ratio` acts on progression until `until`."""
    z = rng.gamma(1.0 / v, v, size=n) if v > 0 else np.ones(n)
    progression = exponential_times(rng, lp * z, ratio, until)
    other = rng.exponential(size=n) / lo
    tumour = progression + rng.exponential(size=n) / (ld * z)
    progressed = progression < other
    end = np.where(progressed, np.minimum(tumour, other), other)
    cause = np.where(progressed & (tumour < other), 2, 3)
    return np.where(progressed, progression, np.inf), end, cause, z


def with_control_regained(rng, n, *, shape, scale, regain, ld, lo, v):
    """Controlled (Weibull) -> progressed -> controlled again (rate `regain`) -> progressed ...; time of death and states.

    Returns end times, a function giving the share in (controlled, progressed) at t, and times of the first progression.
    """
    z = rng.gamma(1.0 / v, v, size=n)
    other = rng.exponential(size=n) / lo
    t, state, end, first = np.zeros(n), np.zeros(n, int), np.full(n, np.inf), np.full(n, np.inf)
    stays = []
    live = np.ones(n, bool)
    while live.any():
        i = np.flatnonzero(live)
        leaves = np.where(
            state[i] == 0,
            weibull_times(rng, shape, scale, z[i]),
            0.0,
        )
        back, dies = rng.exponential(size=i.size) / regain, rng.exponential(size=i.size) / (ld * z[i])
        leaves = np.where(state[i] == 1, np.minimum(back, dies), leaves)
        out = t[i] + leaves
        stop = np.minimum(out, other[i])
        stays.append((t[i].copy(), stop, state[i].copy()))
        ended = (other[i] <= out) | ((state[i] == 1) & (dies < back)) | (stop > 200.0)
        end[i[ended]] = stop[ended]
        new = i[~ended & (state[i] == 0)]
        first[new] = np.minimum(first[new], stop[~ended & (state[i] == 0)])
        t[i], state[i] = stop, 1 - state[i]
        live[i[ended]] = False
    entry, exit_, where = (np.concatenate(x) for x in zip(*stays))

    def share(at, which):
        return np.mean([(where == which) & (entry <= at) & (at < exit_)]) * entry.size / n

    return end, share, first
