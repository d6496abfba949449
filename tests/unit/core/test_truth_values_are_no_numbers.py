"""True is no dose, no hazard and no time: each door that takes numbers refuses it, alone and in a column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from survsim.calibration import TransitionHazard
from survsim.core.errors import InputError
from survsim.distributions import Mixture, PiecewiseExponential, RoystonParmar, TimeVaryingEffect, Weibull
from survsim.joint_model import survival_term
from survsim.radiotherapy import bed, eqd2
from survsim.simulation import Model, State, Strategy, Transition, simulate_model
from survsim.synthesis import meta_analyses

UNIT: dict[str, Any] = {"time_unit": "months"}
LAW = Weibull(shape=1.0, scale=9.0, **UNIT)
MODEL = Model(
    time_unit="months", horizon=12.0, states=(State(name="alive"), State(name="dead", death=True)),
    transitions=(Transition(source="alive", target="dead", distribution={"family": "exponential", "rate": 0.1}),),
    strategies=(Strategy(strategy="wait", label="Wait"),),
)  # fmt: skip
DOORS: dict[str, Callable[[Any], Any]] = {
    "shape": lambda v: Weibull(shape=v, scale=2.0, **UNIT),
    "rates": lambda v: PiecewiseExponential(breaks=[5], rates=v, **UNIT),
    "breaks": lambda v: PiecewiseExponential(breaks=v[:1], rates=[1, 2], **UNIT),
    "hazard_ratios": lambda v: TimeVaryingEffect(base=LAW, breaks=[1], hazard_ratios=v),
    "coefficients": lambda v: RoystonParmar(knots=[1, 2], coefficients=v, **UNIT),
    "weights": lambda v: Mixture(weights=v, components=(LAW, LAW)),
    "dose": lambda v: bed(v, [20, 30], 2.0),
    "fractions": lambda v: eqd2([20, 30], v, 2.0),
    "days": lambda v: bed([20, 30], 10, 2.0, days=v, kick_off=1, loss_per_day=1),
    "one dose": lambda v: bed(v[0], 10, 2.0),
    "n": lambda v: survival_term([1, 2], [0.5, 0.4], study="a", unit="months", n=v),
    "estimate": lambda _: meta_analyses([[True, False, True]], [[0.1, 0.2, 0.3]]),
    "taus": lambda v: simulate_model(MODEL, patients=10, taus=v[:1]),
    "hazard": lambda v: TransitionHazard(source="a", target="b", breaks=(1.0,), rates=tuple(v)).faults(),
}


@pytest.mark.parametrize(
    "values", [[True, False], np.array([True, False]), [True, 1.0]], ids=["list", "array", "mixed"]
)
@pytest.mark.parametrize("name", DOORS)
def test_truth_values_are_refused(name: str, values: Any) -> None:
    if name == "hazard":
        assert any("truth values are no numbers" in fault for fault in DOORS[name](values))
        return
    with pytest.raises(InputError, match="number"):
        DOORS[name](values)
