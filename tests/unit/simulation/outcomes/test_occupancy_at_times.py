"""State occupancy at a time that was simulated is that of the patients, not a line between neighbours."""

import numpy as np
import pytest

from survsim.core.errors import SurvsimWarning
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
    with pytest.warns(SurvsimWarning, match="lie between the grid points"):
        read = found.state_occupancy([time])
    share = read.estimate[0, :, 0]
    # the dead are counted; how the living divide is read on a line
    assert read.grid_error[0, 2, 0] == 0.0 < read.grid_error[0, :2, 0].min()
    assert share.sum() == pytest.approx(1.0, abs=1e-12)
    assert share[2] == pytest.approx(1.0 - found.measure("alive", time).estimate[0], abs=1e-12)


def test_times_beside_those_simulated_are_read_on_a_line():
    found = simulate_model(_model(), patients=2_000, seed=1, times=[0.5], grid_step=0.3)
    with pytest.warns(
        SurvsimWarning, match=r"shares at 0\.45 years lie between the grid points .* 0\.3 apart"
    ):
        read = found.state_occupancy([0.3, 0.6, 0.45])
    here, there, middle = read.estimate[0, 0]
    assert middle == pytest.approx((here + there) / 2)
    assert read.grid_error[0, :, :2].tolist() == [[0, 0], [0, 0]]
    assert read.grid_error[0, :, 2] == pytest.approx(2 * [(here - there) / 2])


def test_the_even_step_comes_by_every_time():
    assert even_step(120.0, (12.0, 24.0)) == 0.5
    step = even_step(7.0, (0.5, 1.1))
    assert same(np.round(np.array([0.5, 1.1]) / step) * step, [0.5, 1.1]).all()
    assert 7.0 / 1200 <= step <= 7.0 / 240
    assert even_step(7.0, (np.pi,)) == 7.0 / 240


SPIKE = {"family": "piecewise_exponential", "breaks": (3.3, 3.4), "rates": (0.01, 10.0, 0.01)}
WAY = Transition(source="a", target="b", distribution=SPIKE)
SPIKED = Model(
    states=(State(name="a"), State(name="b", death=True)),
    time_unit="months",
    horizon=60.0,
    transitions=(WAY,),
)
ALIVE, MEDIAN = np.exp(-0.033), 3.3 + (np.log(2) - 0.033) / 10


def test_what_lies_between_grid_points_is_told_as_far_as_it_may_be_off():
    # hazard 10 from 3.3 to 3.4 inside the grid interval from 3.25 to 3.5: closed forms above
    found = simulate_model(SPIKED, patients=20_000, seed=1)
    with pytest.warns(SurvsimWarning, match=r"may be off by up to 0\.4.* Simulate with times=\[3\.3\]"):
        read = found.state_occupancy([3.3])
    assert 0.1 < abs(read.estimate[0, 0, 0] - ALIVE) < read.grid_error[0, 0, 0]
    median = found.medians().iloc[0]
    # within 3.25 to 3.5: far more than the Monte Carlo error, and no more than the interval
    assert 10 * median.mc_std_error < abs(median.estimate - MEDIAN) < median.grid_error < 0.25
    for options in ({}, {"grid_step": 0.25}):
        exact = simulate_model(SPIKED, patients=20_000, seed=1, times=[3.3], **options).state_occupancy([3.3])
        assert abs(exact.estimate[0, 0, 0] - ALIVE) < 4 * exact.mc_std_error[0, 0, 0]
        assert exact.grid_error[0, :, 0].tolist() == [0.0, 0.0]


def test_a_median_that_is_not_reached_has_no_width():
    slow = Transition(source="a", target="b", distribution={"family": "exponential", "rate": 1e-4})
    model = Model(states=SPIKED.states, time_unit="months", horizon=60.0, transitions=(slow,))
    assert simulate_model(model, patients=500, seed=1).medians().grid_error.tolist() == [np.inf]
