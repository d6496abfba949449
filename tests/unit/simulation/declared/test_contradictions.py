"""Start conditions that nobody can meet together are refused; those that some draw can are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from survsim.errors import ScenarioError
from survsim.simulation import Model, State, Transition
from survsim.simulation.declared.strategy import strategy_from

WAY = Transition(source="well", target="dead", distribution={"family": "exponential", "rate": 0.1})


def model(*clauses: dict[str, Any], **parameters: list[float]) -> Model:
    """A line that starts once all `clauses` hold, its drug given for one month."""
    line = {"line": "one", "treatments": ["drug"], "start": list(clauses)}
    return Model(
        states=(State(name="well"), State(name="dead", death=True)),
        transitions=(WAY,),
        strategies=(
            strategy_from({"strategy": "s", "treatments": {"drug": {"duration": 1}}, "lines": [line]}),
        ),
        parameters={name: np.array(values) for name, values in parameters.items()},
        time_unit="months",
        horizon=12.0,
    )


def about(quantity: str, **asked: Any) -> dict[str, Any]:
    return {"quantity": quantity, **asked}


@pytest.mark.parametrize(
    ("clauses", "message"),
    [
        ((about("time", at_least=10), about("time", at_most=5)), "conditions on time exclude each other"),
        (
            (about("response", **{"is": "yes"}), about("response", **{"is": "no"})),
            "conditions on response exclude",
        ),
        (({"given": "drug"}, {"not_given": "drug"}), "it asks that drug was given and that it was not"),
    ],
)
def test_conditions_that_exclude_each_other(clauses: Any, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        model(*clauses)


def test_each_draw_is_asked_for_itself() -> None:
    clauses = (about("time", at_least="late"), about("time", at_most="early"))
    # as the draws stand together: each late is above its early, though not above every early
    with pytest.raises(ScenarioError, match="conditions on time exclude each other"):
        model(*clauses, late=[5.0, 9.0], early=[4.0, 8.0])
    assert model(*clauses, late=[5.0, 9.0], early=[4.0, 9.0])


def test_conditions_on_different_things_stand_beside_each_other() -> None:
    assert model(about("time", at_least=5), about("time_in_state", at_most=7))
    assert model(about("time", at_least=5), about("time", at_most=5))
