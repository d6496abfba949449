"""Monte Carlo covariances of the means: of every pair where strategies are few, of many when a pair is asked for.

Products of all pairs grow with the square of the strategies; of a thousand they would take longer than the patients. So a run
of many keeps each strategy's own variance and its covariance with one reference. The luck of the patients is addressed and not
spent, so that the same run, made again, gives any other pair.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.read_only import read_only
from survsim.simulation.outcomes.joining import Totals
from survsim.simulation.outcomes.pieces import Job

Again = Callable[[int | None], Totals]
"""The same run with products against another reference, or with those of all pairs (None)."""


class Covariances:
    """Monte Carlo covariances of means (draws, measures, strategies) under strategies on the same patients.

    Attributes
    ----------
    own : variance of each mean, (draws, measures, strategies).
    """

    __slots__ = ("_again", "_against", "_patients", "_whole", "own")

    def __init__(self, whole: FloatArray) -> None:
        """Of all pairs at once: (draws, measures, strategies, strategies)."""
        self._whole: FloatArray | None = read_only(whole)
        self._against: dict[int, FloatArray] = {}
        self._again: Again | None = None
        self._patients = 0
        self.own: FloatArray = read_only(np.einsum("dmss->dms", whole))

    @classmethod
    def from_totals(cls, job: Job, totals: Totals, again: Again) -> Covariances:
        """Those of a run's totals; `again` makes the run again where a pair is asked for that was not kept."""
        if job.reference is None:
            return cls(_of_pairs(totals, job.patients))
        made = object.__new__(cls)
        own, beside = _of_reference(totals, job.patients, job.reference)
        made.own, made._whole = read_only(own), None
        made._against, made._again = {job.reference: read_only(beside)}, again
        made._patients = job.patients
        return made

    def __eq__(self, other: object) -> bool:
        """Equal where every covariance is, to the last bit."""
        return isinstance(other, Covariances) and bool(np.array_equal(self.whole(), other.whole()))

    def against(self, reference: int) -> FloatArray:
        """Covariance of each mean with that of the strategy at place `reference`, (draws, measures, strategies)."""
        if self._whole is not None:
            return self._whole[..., reference]
        if reference not in self._against:
            assert self._again is not None
            beside = _of_reference(self._again(reference), self._patients, reference)[1]
            self._against[reference] = read_only(beside)
        return self._against[reference]

    def whole(self) -> FloatArray:
        """Covariances of all pairs, (draws, measures, strategies, strategies)."""
        if self._whole is None:
            assert self._again is not None
            self._whole = read_only(_of_pairs(self._again(None), self._patients))
        return self._whole


def _of_pairs(totals: Totals, patients: int) -> FloatArray:
    means = totals.sums / patients
    centred = totals.products / patients - means[..., :, None] * means[..., None, :]
    return np.asarray(centred / max(patients - 1, 1))


def _of_reference(totals: Totals, patients: int, reference: int) -> tuple[FloatArray, FloatArray]:
    """Own variances and covariances with the reference."""
    means = totals.sums / patients
    beside = np.stack([means, np.broadcast_to(means[..., reference, None], means.shape)], axis=2)
    centred = totals.products / patients - means[:, :, None] * beside
    own, shared = np.moveaxis(centred / max(patients - 1, 1), 2, 0)
    return own, shared
