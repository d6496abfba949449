"""Targets with a normal error as one vector: what was observed, and how its parts vary together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import block_diag
from scipy.special import expit

from survsim.core.checks import FloatArray
from survsim.estimate.calibration.targets import (
    ContrastTarget,
    PredictionTarget,
    PublishedTarget,
    Target,
)

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
    """

    of: IntArray
    value: FloatArray
    error: FloatArray
    same_study: FloatArray
    transport: FloatArray

    def covariance(self, slope: FloatArray, study_sd: FloatArray, between: FloatArray) -> FloatArray:
        """(b, k, k) for slopes (b, k), study sd (b,) and between-study sd of contrasts (b, k)."""
        shared = study_sd[:, None, None] ** 2 * self.same_study + self.transport
        found = self.error + slope[:, :, None] * slope[:, None, :] * shared
        at = np.arange(self.value.size)
        found[:, at, at] += between**2
        return found

    def only(self, kept: np.ndarray[Any, np.dtype[np.bool_]]) -> Observed:
        """The components where `kept` is true."""
        square = np.ix_(kept, kept)
        return Observed(
            of=self.of[kept],
            value=self.value[kept],
            error=self.error[square],
            same_study=self.same_study[square],
            transport=self.transport[square],
        )


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
    error += _on_one_curve(at)
    return Observed(
        of=np.array(of, dtype=np.int64),
        value=np.array(values, dtype=np.float64),
        error=error,
        same_study=same_study,
        transport=transport,
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


def _on_one_curve(at: Sequence[Target]) -> FloatArray:
    """Covariances (k, k) between points of one published curve, which speak of the same patients.

    log S has independent increments under Kaplan-Meier, so the correlation of two points is the root of the ratio of
    their variances, and those are as (1 - S) / S when all are followed (Greenwood 1926); a median is the point S = 1/2.
    Printed errors are not used for it: rounded or assumed, they may fall where they must rise.
    """
    k = len(at)
    found = np.zeros((k, k))
    curves: dict[tuple[Any, ...], list[tuple[float, int, float]]] = {}
    for i, t in enumerate(at):
        if isinstance(t, PublishedTarget) and t.endpoint.kind in ("event_free", "time_to"):
            free = 0.5 if t.statistic == "median" else float(expit(t.estimate))
            curves.setdefault((t.study, t.cohort, t.endpoint), []).append(((1 - free) / free, i, t.std_error))
    for points in curves.values():
        points.sort()
        variance = points[0][0]
        risen = [variance]
        for v, _, _ in points[1:]:
            variance = max(v, 1.05 * variance)
            risen.append(variance)
        for a, (_, i, one) in enumerate(points):
            for b, (_, j, other) in enumerate(points[:a]):
                found[i, j] = found[j, i] = np.sqrt(risen[b] / risen[a]) * one * other
    return found
