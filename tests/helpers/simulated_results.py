"""Small results of simulations with doses to the cord, and with quality and costs, for `every_result`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import survsim.radiotherapy as r
import survsim.simulation as s


def cord_doses() -> Any:
    from tests.unit.simulation.outcomes.test_cord_reports import model

    return r.cord_doses(s.simulate_model(model(), patients=200, seed=5))


def cord_criteria() -> Any:
    from tests.unit.simulation.outcomes.test_cord_reports import model

    return r.cord_criteria(model(), "s", interval=3.6)


def weighed() -> Any:
    from tests.unit.simulation.engine.test_counting import END, rich

    return s.simulate_model(rich(), patients=200, taus=[END]).cost_effectiveness("quality", "spent", END)


MADE: dict[str, Callable[[], Any]] = {
    "CordDoses": cord_doses,
    "CordCriteria": cord_criteria,
    "CostEffectiveness": weighed,
    "ThresholdCurves": lambda: weighed().curves([1000.0, 20_000.0, 60_000.0], per="years"),
}
