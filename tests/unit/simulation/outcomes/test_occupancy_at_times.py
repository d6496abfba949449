"""State occupancy at a time that was simulated is that of the patients, not a line between neighbours."""

import numpy as np
import pytest

from survsim.core.times import same
from survsim.simulation import Model, State, Transition, simulate_model
from survsim.simulation.running.run import even_step

BEND = {"family": "piecewise_exponential", "breaks": (0.5,), "rates": (0.1, 5.0)}


def _model(*more):
    return Model(
        states=(State(name="a"), *more, State(name="b", death=True)),
        time_unit="years",
        horizon=7.0,
        transitions=(
            Transition(source="a", target="b", distribution=BEND),
            *(
                Transition(source="a", target=s.name, distribution={"family": "exponential", "rate": 0.3})
                for s in more
            ),
            *(Transition(source=s.name, target="b", distribution=BEND) for s in more),
        ),
    )


def test_a_simulated_time_lies_on_the_grid():
    found = simulate_model(_model(), patients=40_000, seed=1, times=[0.5])
    occupied = found.state_occupancy([0.5])
    assert occupied.estimate[0, 0, 0] == pytest.approx(found.measure("alive", 0.5).estimate[0], abs=1e-12)
    assert abs(occupied.estimate[0, 0, 0] - np.exp(-0.05)) < 4 * occupied.mc_std_error[0, 0, 0]


@pytest.mark.parametrize("time", [0.5, 0.5 * (1 + 1e-15), 0.5123456789])
def test_the_living_and_the_dead_are_counted_where_states_are_not(time):
    found = simulate_model(_model(State(name="c")), patients=20_000, seed=1, times=[time], grid_step=0.3)
    share = found.state_occupancy([time]).estimate[0, :, 0]
    assert share.sum() == pytest.approx(1.0, abs=1e-12)
    assert share[2] == pytest.approx(1.0 - found.measure("alive", time).estimate[0], abs=1e-12)


def test_times_beside_those_simulated_are_read_on_a_line():
    found = simulate_model(_model(), patients=2_000, seed=1, times=[0.5], grid_step=0.3)
    here, there, middle = found.state_occupancy([0.3, 0.6, 0.45]).estimate[0, 0]
    assert middle == pytest.approx((here + there) / 2)


def test_the_even_step_comes_by_every_time():
    assert even_step(120.0, (12.0, 24.0)) == 0.5
    step = even_step(7.0, (0.5, 1.1))
    assert same(np.round(np.array([0.5, 1.1]) / step) * step, [0.5, 1.1]).all()
    assert 7.0 / 1200 <= step <= 7.0 / 240
    assert even_step(7.0, (np.pi,)) == 7.0 / 240
