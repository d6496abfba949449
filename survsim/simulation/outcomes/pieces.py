"""A simulation as data: what is run, the pieces it is cut into, and what a piece comes to."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.simulation.declared.model import Model
from survsim.simulation.engine.follow import Follow
from survsim.simulation.engine.measures import measure_names


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A whole simulation as data: the model, how many, and what is looked at.

    `block_cells` cells of patients are simulated at a time, and where one draw has fewer patients, draws share a block
    unless `share_blocks` is off; neither changes a bit. Products are summed of all pairs of strategies, or with a `reference`
    (its place among them) of each strategy with itself and with that one. With `one_luck` every draw follows the same patients
    with the same luck: its draws are settings, and nothing may be averaged over them.
    """

    model: Model
    patients: int
    draws: int
    seed: int
    follow: Follow
    times: tuple[float, ...]
    block_cells: int = 8
    share_blocks: bool = True
    patient_folder: str | None = None
    reference: int | None = None
    one_luck: bool = False

    @property
    def product_shape(self) -> tuple[int, ...]:
        """Shape of the products of one measure in one draw."""
        strategies = len(self.model.strategies)
        return (strategies if self.reference is None else 2, strategies)

    @property
    def grid(self) -> FloatArray:
        """Times (points,) at which states are counted."""
        return self.follow.grid_step * np.arange(self.follow.points, dtype=np.float64)

    @property
    def measures(self) -> tuple[str, ...]:
        return measure_names(self.model, self.follow.taus, self.times, self.follow.values)


@dataclasses.dataclass(frozen=True, slots=True)
class Chunk:
    """Draws `first_draw` to `last_draw` - 1 of patients `first` to `last` - 1."""

    number: int
    first_draw: int
    last_draw: int
    first: int
    last: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ChunkSums:
    """What a chunk comes to, by draw and cell: never joined here, so that joining has one order.

    Attributes
    ----------
    sums : (draws, cells, measures, strategies); products : (draws, cells, measures, strategies, strategies), or with a
        reference (draws, cells, measures, 2, strategies): with itself, and with the reference.
    counts : (draws, strategies, states, points) patients in each state.
    """

    sums: FloatArray
    products: FloatArray
    counts: np.ndarray[Any, np.dtype[np.int64]]
