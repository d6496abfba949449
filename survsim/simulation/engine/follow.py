"""What is looked at while patients are followed."""

from __future__ import annotations

import dataclasses

from survsim.simulation.engine.discounting import DiscountPlan


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """What is looked at: the end of following, an even grid, horizons of quality and cost, stays, the discount of life, outcomes."""

    horizon: float
    grid_step: float
    points: int
    taus: tuple[float, ...]
    values: bool = False
    sojourns: bool = False
    discount: DiscountPlan | None = None
    declared: tuple[str, ...] = ()
