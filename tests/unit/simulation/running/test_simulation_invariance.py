"""Same patients, same luck: what must not change a bit, and what must be exactly zero."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from survsim import Execution
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.strategy import Strategy, strategy_from
from survsim.simulation.outcomes.joining import Totals
from survsim.simulation.outcomes.pieces import Job
from survsim.simulation.running import run as run_module
from survsim.simulation.running.chunks import run_chunk, split
from survsim.simulation.running.executor import run_job
from survsim.simulation.running.run import simulate_model
from tests.helpers.disease_models import full_strategy, tumour_model

NONE = Strategy(strategy="none")


def job(model: Model, patients: int = 20_000, draws: int = 1, **options: object) -> Job:
    follow = run_module.Follow(
        horizon=model.horizon,
        grid_step=0.5,
        points=int(model.horizon * 2) + 1,
        taus=options.pop("taus", (12.0, 24.0)),
        values=run_module.has_values(model),
    )
    settings = {
        "patients": patients,
        "draws": draws,
        "seed": 7,
        "follow": follow,
        "times": (12.0,),
        **options,
    }
    return Job(model=model, **settings)


def equal(a: Totals, b: Totals) -> bool:
    return all(np.array_equal(getattr(a, f), getattr(b, f)) for f in ("sums", "products", "counts"))


@pytest.fixture(scope="module")
def two() -> Model:
    return tumour_model((NONE, full_strategy()))


def test_identical_strategies_differ_by_exactly_zero() -> None:
    model = tumour_model((full_strategy("a"), full_strategy("b"), NONE))
    r = simulate_model(model, patients=10_000, seed=5, taus=(24.0,), times=(12.0,))
    table = r.compare("a")
    assert np.all(table.difference[:, 1] == 0.0)
    assert np.all(table.mc_std_error[:, 1] == 0.0)
    assert np.any(table.difference[:, 2] != 0.0)
    assert r.decision(24.0).probability_best.tolist() == [0.5, 0.5, 0.0]


def test_adding_a_strategy_changes_no_other(two: Model) -> None:
    alone = simulate_model(two.with_strategies([two.strategies[1]]), patients=9_000, seed=5, taus=(24.0,))
    beside = simulate_model(two, patients=9_000, seed=5, taus=(24.0,))
    assert np.array_equal(alone.counts[:, 0], beside.counts[:, 1])
    for name in ("survival_time@24", "quality_adjusted_time@24", "cost@24"):
        a, b = (r.means[:, r.measures.index(name)] for r in (alone, beside))
        assert a[0, 0] == b[0, 1]


def test_order_of_strategies_changes_nothing(two: Model) -> None:
    turned = simulate_model(two.with_strategies(two.strategies[::-1]), patients=5_000, seed=5)
    straight = simulate_model(two, patients=5_000, seed=5)
    assert np.array_equal(turned.counts[:, ::-1], straight.counts)


@pytest.mark.parametrize("cells", [1, 2, 3, 16])
def test_block_size_changes_no_bit(two: Model, cells: int) -> None:
    assert equal(
        run_job(job(two), Execution(workers=1)), run_job(job(two, block_cells=cells), Execution(workers=1))
    )


def test_a_frailty_and_a_cycle_do_not_depend_on_the_block() -> None:
    from tests.helpers.simulation_truths import TRUTHS

    for name in ("shared_gamma_frailty", "markov_with_a_cycle", "mixed_clock"):
        model = TRUTHS[name]().model
        assert equal(
            run_job(job(model), Execution(workers=1)),
            run_job(job(model, block_cells=1), Execution(workers=1)),
        )


def constant_effect(**effect: float) -> Strategy:
    """A line that begins at once and never ends: the short way takes its effect as a constant."""
    content = {
        "strategy": "constant",
        "treatments": {"drug": {"effects": [{"transition": "*>*", "lasts": "always", **effect}]}},
        "lines": [{"line": "one", "treatments": ["drug"]}],
    }
    return strategy_from(content)


CONSTANT = ({}, {"hazard_ratio": 0.6}, {"acceleration_factor": 1.7})
SLOWED = ("illness_death", "shared_gamma_frailty", "gompertz", "piecewise")


@pytest.mark.parametrize(
    ("name", "effect"),
    # a clock of the whole path, as one of mixed_clock is, cannot be slowed
    [(name, effect) for name in SLOWED for effect in CONSTANT] + [("mixed_clock", e) for e in CONSTANT[:2]],
)
def test_the_short_way_gives_the_bits_of_the_long_way(name: str, effect: dict[str, float]) -> None:
    from tests.helpers.simulation_truths import TRUTHS

    model = TRUTHS[name]().model
    if effect:
        model = model.with_strategies([NONE, constant_effect(**effect)])
    short = job(model, times=(6.0,), taus=(5.0, 9.0))
    long = dataclasses.replace(short, follow=dataclasses.replace(short.follow, sojourns=True))
    assert equal(run_job(short, Execution(workers=1)), run_job(long, Execution(workers=1)))


def test_threads_and_processes_change_no_bit() -> None:
    model = tumour_model((NONE, full_strategy()), parameters={"unused": np.linspace(0, 1, 16)})
    one = run_job(job(model, 3_000, 16), Execution(workers=1))
    assert equal(one, run_job(job(model, 3_000, 16), Execution(executor="threads", workers=2)))
    assert equal(one, run_job(job(model, 3_000, 16), Execution(executor="processes", workers=2)))


def test_chunks_joined_one_by_one_equal_the_run(two: Model) -> None:
    whole = job(two, 150_000)
    totals = Totals.of(whole)
    for chunk in split(whole.patients, whole.draws):
        totals.add(chunk, run_chunk(whole, chunk))
    assert len(split(whole.patients, whole.draws)) > 1
    assert equal(totals, run_job(whole, Execution(workers=1)))


def test_first_patients_are_the_same_in_a_larger_run(two: Model, tmp_path: Path) -> None:
    from survsim.simulation.running.patient_output import read_patients

    tables = []
    for n in (1_000, 5_000):
        simulate_model(
            two, patients=n, seed=9, execution=Execution(folder=tmp_path / str(n)), patient_output=True
        )
        tables.append(read_patients(tmp_path / str(n)).query("patient < 1000").reset_index(drop=True))
    assert tables[0].equals(tables[1])


def test_draws_have_luck_of_their_own(two: Model) -> None:
    model = dataclasses.replace(two, parameters={"unused": np.zeros(2)})
    r = simulate_model(model, patients=5_000, seed=5)
    assert not np.array_equal(r.counts[0], r.counts[1])


def test_pairing_reduces_the_variance(two: Model) -> None:
    table = simulate_model(two, patients=20_000, seed=5, taus=(24.0,)).compare("none")
    assert table.variance_reduction[table.measures.index("survival_time@24"), 1] > 3.0


def test_paired_error_agrees_with_the_spread_over_seeds(two: Model) -> None:
    tables = [simulate_model(two, patients=1_500, seed=s, taus=(24.0,)).compare("none") for s in range(60)]
    spread = np.std([t.difference[0, 1] for t in tables], ddof=1)
    stated = np.mean([t.mc_std_error[0, 1] for t in tables])
    # relative error of a standard deviation from 60 runs: 1 / sqrt(2 * 59) = 0.092
    assert abs(spread / stated - 1.0) < 4 * 0.092
