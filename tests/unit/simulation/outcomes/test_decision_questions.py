"""A decision answers what it hangs on: the same numbers as the functions, without arrays passed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from survsim import Provenance
from survsim.errors import InputError
from survsim.simulation import (
    Model,
    simulate_model,
    threshold,
    tornado,
    value_of_information,
    variance_by_layer,
)
from tests.helpers.disease_models import full_strategy, tumour_model


class Drawn:
    """Parameters as a scenario keeps them."""

    provenance = Provenance.of("drawn")

    def __init__(self, draws: dict[str, np.ndarray]) -> None:
        self._draws = draws

    def independent(self) -> dict[str, np.ndarray]:
        return self._draws

    def layers(self) -> dict[str, np.ndarray]:
        return {"sampling": np.column_stack(list(self._draws.values()))}


@pytest.fixture(scope="module")
def made() -> tuple[Any, dict[str, np.ndarray]]:
    rng = np.random.default_rng(4)
    draws = {"effect": rng.normal(size=60), "other": rng.normal(size=60)}
    rate = 0.05 * np.exp(0.2 * draws["other"])
    model: Model = tumour_model((full_strategy(),), parameters={"rate": rate})
    decision = simulate_model(model, patients=300, seed=2).decision(model.horizon)
    if len(decision.strategies) == 1:
        from dataclasses import replace

        twice = np.vstack([decision.by_draw, decision.by_draw + 0.1 * draws["effect"]])
        noise = np.repeat(np.repeat(decision.mc_covariance, 2, 1), 2, 2)
        mean = twice.mean(axis=1)
        names = ("first", "second")
        decision = replace(
            decision, strategies=names, labels=names, by_draw=twice, mc_covariance=noise, expected=mean,
            best=names[int(np.argmax(mean))],
        )  # fmt: skip
    return decision, draws


def test_the_answers_are_those_of_the_functions(made: tuple[Any, dict[str, np.ndarray]]) -> None:
    decision, draws = made
    other = next(s for s in decision.strategies if s != decision.best)
    for parameters in (draws, Drawn(draws)):
        worth = decision.value_of_information(parameters, seed=3)
        by_hand = value_of_information(
            decision.by_draw,
            decision.mc_covariance,
            decision.strategies,
            draws,
            unit=decision.time_unit,
            seed=3,
        )
        assert worth.evpi == by_hand.evpi and worth.unit == decision.time_unit
        np.testing.assert_array_equal(worth.evppi, by_hand.evppi)
        bars = decision.tornado(parameters)
        hand = tornado(
            decision.by_draw,
            decision.strategies,
            draws,
            strategy=decision.best,
            reference=other,
            unit="months",
        )
        np.testing.assert_array_equal(bars.gain_low, hand.gain_low)
        turn = decision.threshold(parameters, "effect")
        assert turn.best == threshold(decision.by_draw, decision.strategies, "effect", draws["effect"]).best
        assert set(decision.global_sensitivity(parameters).names) == {"effect", "other"}
    a, b = decision.strategies.index(decision.best), decision.strategies.index(other)
    noise = decision.mc_covariance
    inner = (noise[:, a, a] + noise[:, b, b] - 2 * noise[:, a, b]).mean()
    gain = decision.by_draw[a] - decision.by_draw[b]
    layers = Drawn(draws).layers()
    assert decision.variance_by_layer(Drawn(draws)) == variance_by_layer(gain, layers, float(inner))
    assert decision.variance_by_layer(layers) == decision.variance_by_layer(Drawn(draws))


def test_what_cannot_be_asked_is_said(made: tuple[Any, dict[str, np.ndarray]]) -> None:
    decision, draws = made
    with pytest.raises(InputError, match="name must be one of 'effect', 'other'"):
        decision.threshold(draws, "nothing")
    with pytest.raises(InputError, match="is the best strategy itself"):
        decision.tornado(draws, reference=decision.best)
    with pytest.raises(InputError, match="reference must be one of"):
        decision.tornado(draws, reference="nobody")
    with pytest.raises(InputError, match="Parameters of a scenario, or name -> draws; got list"):
        decision.value_of_information([draws])
