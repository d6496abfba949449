"""Joining chunks in one order: draws, then cells, so that who ran what when changes no bit."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.simulation.outcomes.pieces import Chunk, ChunkSums, Job


@dataclasses.dataclass(slots=True)
class Totals:
    """Running totals by draw: sums (draws, measures, strategies), products of them (see `ChunkSums`), and counts."""

    sums: FloatArray
    products: FloatArray
    counts: np.ndarray[Any, np.dtype[np.int64]]

    @classmethod
    def of(cls, job: Job) -> Totals:
        strategies, measures = len(job.model.strategies), len(job.measures)
        return cls(
            np.zeros((job.draws, measures, strategies)),
            np.zeros((job.draws, measures, *job.product_shape)),
            np.zeros((job.draws, strategies, len(job.model.states), job.follow.points), dtype=np.int64),
        )

    def add(self, chunk: Chunk, part: ChunkSums) -> None:
        """Add a chunk; chunks must come in the order of their numbers."""
        here = slice(chunk.first_draw, chunk.last_draw)
        for c in range(part.sums.shape[1]):
            self.sums[here] += part.sums[:, c]
            self.products[here] += part.products[:, c]
        self.counts[here] += part.counts
