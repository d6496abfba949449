"""Transitions fitted to TCGA-UCS drive the simulation engine, and it gives the observed occupancy back."""

from __future__ import annotations

import numpy as np
import pytest

from survsim import load_evidence
from survsim.competing import TransitionLaw, multistate_fit, multistate_occupancy, prepare_multistate
from survsim.evidence import patient_histories
from survsim.simulation import Model, State, Transition, simulate_model

TIMES = (6.0, 12.0, 24.0, 36.0)


@pytest.mark.parametrize("clock", ["reset", "forward"])
def test_fitted_transitions_simulate_the_observed_states(clock: str) -> None:
    found = patient_histories(load_evidence(), "tcga_ucs", unit="months")
    data = prepare_multistate(
        found.patients,
        found.events,
        start="surgery",
        transitions={"surgery": ["recurrence", "death"], "recurrence": ["death"]},
        unit="months",
        source=found.source,
    )
    fit = multistate_fit(data, clock=clock)
    model = Model(
        states=tuple(
            State(name=row.state, death=row.absorbing, progression=row.state == "recurrence")
            for row in fit.states().itertuples()
        ),
        transitions=tuple(
            Transition(source=law.source, target=law.target, distribution=law.distribution, clock=law.clock)
            for law in fit.transition_laws()
        ),
        time_unit="months",
        horizon=48.0,
    )
    simulated = simulate_model(model, patients=20_000, seed=7).state_occupancy(TIMES)
    observed = multistate_occupancy(data).occupancy_at(TIMES)
    # A clock that starts again at recurrence forgets that early recurrences kill sooner: it may leave the
    # observed shares by more, but not the integral below.
    most = 0.6 if clock == "forward" else 2.0
    for state in data.states:
        rows = observed[observed["state"] == state]
        share = simulated.estimate[0, simulated.states.index(state)]
        assert np.all(np.abs(share - rows["estimate"]) < most * rows["std_error"]), state
    share = simulated.estimate[0, simulated.states.index("recurrence")]
    expected = np.array([share_in_recurrence(fit.transition_laws(), t, clock) for t in TIMES])
    assert np.all(np.abs(share - expected) < 4 * np.sqrt(expected * (1 - expected) / 20_000) + 1e-3)


def share_in_recurrence(laws: tuple[TransitionLaw, ...], t: float, clock: str) -> float:
    """Integral over entry times u of S(u) h(u) times survival in the state from u to t."""
    again, dies, after = (law.distribution for law in laws)
    edges = np.linspace(0.0, t, 4001)
    middle = 0.5 * (edges[1:] + edges[:-1])
    entered = again.survival(middle) * dies.survival(middle) * np.diff(again.cumulative_hazard(edges))
    if clock == "reset":
        stays = after.survival(t - middle)
    else:
        stays = np.exp(after.cumulative_hazard(middle) - after.cumulative_hazard(t))
    return float((entered * stays).sum())
