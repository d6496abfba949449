"""Targets with a normal error as one vector: what was observed, and how its parts vary together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import block_diag

from survsim.core.checks import FloatArray
from survsim.estimate.calibration.targets import (
    ContrastTarget,
    PredictionTarget,
    PublishedTarget,
    Target,
)

MOST_ALIKE = 0.98
"""Largest correlation of two points of a curve: their numbers are printed rounded."""

IntArray = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Components of the vector, k in all.

    Attributes
    ----------
    of : (k,) which target each component belongs to.
    value : (k,) on the analysis scale, declared bias taken off.
    error : (k, k) sampling covariance, with declared bias.
    same_study : (k, k) 1 where a study's deviation is shared; transport : (k, k) covariance of transport.
        Both multiply the slopes of the components in the log of speed, 1 for contrasts.
    one_curve : (k, k) product of the standard errors of two points of one published curve, 0 elsewhere.
    """

    of: IntArray
    value: FloatArray
    error: FloatArray
    same_study: FloatArray
    transport: FloatArray
    one_curve: FloatArray

    def covariance(
        self, slope: FloatArray, study_sd: FloatArray, between: FloatArray, free: FloatArray
    ) -> FloatArray:
        """(b, k, k) for slopes (b, k), study sd (b,), between-study sd of contrasts (b, k), and the predicted shares free
        of the event (b, k) where the points stand.

        Points of one curve speak of the same patients. log S has independent increments under Kaplan-Meier, so the
        correlation of two points is the root of the ratio of their variances, as (1 - S) / S when all are followed
        (Greenwood 1926). S is what the course predicts, not what was printed: a curve that happens to be flat between two
        points does not say that nothing could have happened there.
        """
        shared = study_sd[:, None, None] ** 2 * self.same_study + self.transport
        found = self.error + slope[:, :, None] * slope[:, None, :] * shared
        if self.one_curve.any():
            safe = np.clip(free, 1e-9, 1.0 - 1e-9)
            spread = np.sqrt((1.0 - safe) / safe)
            low = np.minimum(spread[:, :, None], spread[:, None, :])
            high = np.maximum(spread[:, :, None], spread[:, None, :])
            found += MOST_ALIKE * self.one_curve * low / high
        at = np.arange(self.value.size)
        found[:, at, at] += between**2
        return found


def observe(targets: Sequence[Target], *, bias: bool) -> Observed:
    """Put the targets that have a normal error into one vector; with `bias` False contrasts are taken as unbiased."""
    of = [i for i, t in enumerate(targets) for _ in range(_length(t))]
    blocks, values = [np.zeros((0, 0))], []
    for t in targets:
        if isinstance(t, PredictionTarget):
            values += list(t.estimate)
            blocks.append(t.covariance)
        elif isinstance(t, PublishedTarget | ContrastTarget):
            values.append(t.estimate - (_bias_mean(t) if bias else 0.0))
            blocks.append(np.array([[t.std_error**2]]))
    error = block_diag(*blocks)[:, :]
    at = [targets[i] for i in of]
    k = len(at)
    same_study, transport = np.zeros((k, k)), np.zeros((k, k))
    for a in range(k):
        for b in range(a + 1):
            same_study[a, b] = same_study[b, a] = _share_a_study(at[a], at[b])
            transport[a, b] = transport[b, a] = _transport(at[a], at[b], a == b)
            if bias:
                extra = _bias_covariance(at[a], at[b], a == b)
                error[a, b] += extra
                if a != b:
                    error[b, a] += extra
    return Observed(
        of=np.array(of, dtype=np.int64),
        value=np.array(values, dtype=np.float64),
        error=error,
        same_study=same_study,
        transport=transport,
        one_curve=_one_curve(at),
    )


def _length(t: Target) -> int:
    if isinstance(t, PredictionTarget):
        return int(np.size(t.times))
    return int(isinstance(t, PublishedTarget | ContrastTarget))


def _share_a_study(a: Target, b: Target) -> float:
    if not (isinstance(a, PublishedTarget) and isinstance(b, PublishedTarget)):
        return 0.0
    return float(a.study == b.study)


def _transport(a: Target, b: Target, same: bool) -> float:
    if isinstance(a, PredictionTarget) or isinstance(b, PredictionTarget):
        return 0.0
    one, other = a.transport, b.transport
    shared = same or (one.group != "" and one.group == other.group and type(a) is type(b))
    return one.sd * other.sd if shared else 0.0


def _bias_mean(t: Target) -> float:
    return t.bias.mean if isinstance(t, ContrastTarget) and t.bias is not None else 0.0


def _bias_covariance(a: Target, b: Target, same: bool) -> float:
    if (
        not (isinstance(a, ContrastTarget) and isinstance(b, ContrastTarget))
        or a.bias is None
        or b.bias is None
    ):
        return 0.0
    together = a.parameter == b.parameter and a.bias.shared != "" and a.bias.shared == b.bias.shared
    return a.bias.sd * b.bias.sd if same or together else 0.0


def _one_curve(at: Sequence[Target]) -> FloatArray:
    """Products of standard errors (k, k) of different points of one published curve."""
    k = len(at)
    found = np.zeros((k, k))
    for a in range(k):
        for b in range(a):
            one, other = at[a], at[b]
            if not (isinstance(one, PublishedTarget) and isinstance(other, PublishedTarget)):
                continue
            same = (one.study, one.cohort, one.endpoint) == (other.study, other.cohort, other.endpoint)
            if same and one.endpoint.kind in ("event_free", "time_to"):
                found[a, b] = found[b, a] = one.std_error * other.std_error
    return found
