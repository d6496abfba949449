"""Identities that hold for every simulated path, whatever the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from survsim.core.streams import Streams
from survsim.simulation.cord_biology.radiobiology import Course, cumulative_eqd2, eqd2
from survsim.simulation.declared.strategy import Strategy, strategy_from
from survsim.simulation.outcomes.pieces import Job
from survsim.simulation.running.chunks import DrawRun
from survsim.simulation.running.run import Follow
from tests.helpers.disease_models import full_strategy, illness_death, tumour_model

few = settings(deadline=None, max_examples=25)
ratios = st.floats(0.1, 1.0)


def blocks(model: Any, seed: int, patients: int = 400) -> tuple[DrawRun, list[Any]]:
    follow = Follow(horizon=model.horizon, grid_step=0.5, points=int(2 * model.horizon) + 1, taus=(6.0,))
    run = DrawRun(
        Job(model=model, patients=patients, draws=1, seed=seed, follow=follow, times=()), (0,), Streams(seed)
    )
    return run, run.block(0, patients)


def drug(transition: str, **effect: float) -> Strategy:
    treatment = {"effects": [{"transition": transition, "lasts": "always", **effect}], "duration": 3.0}
    return strategy_from(
        {
            "strategy": "drug",
            "treatments": {"drug": treatment},
            "lines": [{"line": "one", "treatments": ["drug"]}],
        }
    )


@few
@given(hazard_ratio=ratios, seed=st.integers(0, 10_000))
def test_a_lower_hazard_of_death_shortens_nobodys_life(hazard_ratio: float, seed: int) -> None:
    """With the same luck a benefit on every way to death is a benefit for each patient."""
    model = illness_death(strategies=(Strategy(strategy="none"), drug("*>dead", hazard_ratio=hazard_ratio)))
    _, (without, treated) = blocks(model, seed)
    same_way = without.progression_at == treated.progression_at
    assert np.all(treated.death_at[same_way] >= without.death_at[same_way] * (1 - 1e-12))


@few
@given(factor=st.floats(1.0, 4.0), seed=st.integers(0, 10_000))
def test_a_slower_clock_of_death_shortens_nobodys_life(factor: float, seed: int) -> None:
    model = illness_death(strategies=(Strategy(strategy="none"), drug("*>dead", acceleration_factor=factor)))
    _, (without, treated) = blocks(model, seed)
    same_way = without.progression_at == treated.progression_at
    assert np.all(treated.death_at[same_way] >= without.death_at[same_way] * (1 - 1e-12))


@few
@given(
    hr=ratios,
    start=st.floats(0.0, 5.0),
    probability=st.floats(0.0, 1.0),
    seed=st.integers(0, 10_000),
)
def test_progression_comes_before_death_and_everybody_is_somewhere(
    hr: float, start: float, probability: float, seed: int
) -> None:
    content = full_strategy().model_dump(by_alias=True)
    content["treatments"]["radiotherapy"]["effects"][0]["hazard_ratio"] = hr
    content["treatments"]["chemotherapy"]["toxicities"][0]["probability"] = probability
    content["lines"][0]["start"][0]["at_least"] = start
    _, (paths,) = blocks(tumour_model((strategy_from(content),)), seed)
    assert np.all((paths.progression_at <= paths.death_at) | np.isinf(paths.progression_at))
    assert np.all(paths.counts.sum(axis=0) == 400)
    assert paths.counts.min() >= 0
    deaths = np.isfinite(paths.death_at)
    assert paths.counts[2:, -1].sum() == deaths.sum()
    assert np.all(paths.cord_dose <= 64.0 + 1e-9)
    assert np.all(paths.toxicity <= 1.0)


@few
@given(
    d1=st.floats(0.5, 7.9),
    n1=st.integers(1, 40),
    d2=st.floats(0.5, 7.9),
    n2=st.integers(1, 40),
    ab=st.floats(0.5, 10.0),
)
def test_courses_add_in_eqd2(d1: float, n1: int, d2: float, n2: int, ab: float) -> None:
    courses = [Course(dose_per_fraction=d, fractions={"a": n}) for d, n in ((d1, n1), (d2, n2))]
    both = float(eqd2(d1 * n1, n1, ab) + eqd2(d2 * n2, n2, ab))
    assert np.isclose(cumulative_eqd2(courses, ab)["a"], both, rtol=1e-12)
