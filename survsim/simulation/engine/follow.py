"""What is looked at while patients are followed."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """What is looked at: the end of following, an even grid, horizons of quality and cost, stays."""

    horizon: float
    grid_step: float
    points: int
    taus: tuple[float, ...]
    values: bool = False
    sojourns: bool = False
