"""Results of a simulation: curves, medians, comparisons, decisions, files, pictures, command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from survsim import Execution
from survsim.core.errors import InputError, SmallSampleWarning
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.strategy import Strategy
from survsim.simulation.outcomes.curves import crossing
from survsim.simulation.outcomes.intervals import draw_interval
from survsim.simulation.outcomes.result import SimulationResult
from survsim.simulation.outcomes.value_of_information import value_of_information
from survsim.simulation.running.run import simulate_model
from tests.helpers.disease_models import exponential, full_strategy, tumour_model

DRAWS = 40


@pytest.fixture(scope="module")
def simulation() -> SimulationResult:
    hr = np.random.default_rng(3).lognormal(-0.5, 0.4, DRAWS)
    treatments = full_strategy().model_dump(by_alias=True)["treatments"]
    treatments["radiotherapy"]["effects"][0]["hazard_ratio"] = "hr"
    strategies = (Strategy(strategy="none", label="no treatment"), full_strategy(treatments=treatments))
    model = tumour_model(strategies, parameters={"hr": hr})
    return simulate_model(model, patients=4_000, seed=8, taus=(12.0, 24.0), times=(12.0,))


def test_frames_have_the_documented_columns(simulation: SimulationResult) -> None:
    interval = ["conf_low", "conf_high", "mc_std_error"]
    assert list(simulation.to_frame()) == ["strategy", "measure", "time", "estimate", *interval]
    assert list(simulation.rmst(24).to_frame()) == ["strategy", "measure", "estimate", *interval]
    assert list(simulation.survival().to_frame()) == ["strategy", "time", "estimate", *interval]
    assert list(simulation.medians()) == ["strategy", "estimate", *interval, "grid_error"]
    occupancy = simulation.state_occupancy([0.0, 12.0]).to_frame()
    assert list(occupancy) == ["strategy", "state", "time", "estimate", *interval, "grid_error"]
    assert len(occupancy) == 2 * 4 * 2


def test_survival_is_one_minus_the_deaths_and_agrees_with_the_measure(simulation: SimulationResult) -> None:
    curves, occupancy = simulation.survival(), simulation.state_occupancy()
    dead = [i for i, s in enumerate(simulation.states) if s in simulation.death_states]
    assert np.allclose(curves.estimate, 1 - occupancy.estimate[:, dead].sum(axis=1))
    assert np.allclose(occupancy.estimate.sum(axis=1), 1.0)
    at_12 = int(np.flatnonzero(curves.time == 12.0)[0])
    assert np.allclose(curves.by_draw[:, :, at_12].T, simulation.measure("alive", 12).by_draw)
    assert np.all(np.diff(curves.estimate, axis=1) <= 0)


def test_restricted_mean_is_the_area_under_the_curve(simulation: SimulationResult) -> None:
    curves = simulation.survival()
    until = curves.time <= 24.0
    area = np.trapezoid(curves.estimate[:, until], curves.time[until], axis=1)
    assert np.allclose(area, simulation.rmst(24).estimate, atol=2e-3)


def test_median_is_where_the_curve_crosses_one_half() -> None:
    assert crossing(
        np.array([0.0, 1.0, 2.0]), np.array([[1.0, 0.6, 0.4], [1.0, 0.9, 0.8]]), 0.5
    ).tolist() == [1.5, np.inf]
    assert crossing(np.array([0.0, 1.0]), np.array([[0.4, 0.2]]), 0.5).tolist() == [0.0]


def test_median_of_an_exponential(tmp_path: Path) -> None:
    from tests.helpers.simulation_truths import _two

    r = simulate_model(_two(exponential(0.2)), patients=200_000, seed=1, grid_step=0.05).medians()
    assert abs(r["estimate"][0] - np.log(2) / 0.2) < 4 * r["mc_std_error"][0] + 1e-3
    # delta method: sqrt(S (1 - S) / n) / (density at the median)
    assert r["mc_std_error"][0] == pytest.approx(0.5 / np.sqrt(200_000) / 0.1, rel=0.1)


def test_a_median_that_is_not_reached_is_infinite() -> None:
    from tests.helpers.simulation_truths import _two

    r = simulate_model(_two(exponential(0.001)), patients=1_000, seed=1).medians()
    assert np.isinf(r["estimate"][0])
    assert np.isinf(r["mc_std_error"][0])


def test_interval_over_draws() -> None:
    low, high = draw_interval(np.array([[1.0, 2.0, 3.0, np.inf]]), 0.5)
    assert (low[0], high[0]) == (1.0, 3.0)
    assert np.isnan(draw_interval(np.ones((2, 1)), 0.95)).all()


def test_interval_and_monte_carlo_error_are_apart(simulation: SimulationResult) -> None:
    table = simulation.rmst(24)
    assert table.by_draw.shape == table.mc_variance.shape == (2, DRAWS)
    assert table.conf_low[1] == pytest.approx(np.quantile(table.by_draw[1], 0.025))
    assert table.mc_std_error[1] == pytest.approx(np.sqrt(table.mc_variance[1].sum()) / DRAWS)
    assert table.mc_std_error[1] < 0.1 * (table.conf_high[1] - table.conf_low[1])


def test_a_tau_that_was_not_simulated_is_named(simulation: SimulationResult) -> None:
    with pytest.raises(InputError, match=r"simulated at 12, 24 months, not at 18\. Simulate again with 18"):
        simulation.rmst(18)
    with pytest.raises(InputError, match="measure must be one of"):
        simulation.measure("happiness")
    with pytest.raises(InputError, match="times must lie between 0 and the horizon 60"):
        simulation.state_occupancy([70.0])
    with pytest.raises(InputError, match="times must lie between 0 and the horizon 60"):
        simulation.state_occupancy([1.0, np.nan])
    with pytest.raises(InputError, match="reference must be one of"):
        simulation.compare("other")


def test_occupancy_between_grid_points_is_linear(simulation: SimulationResult) -> None:
    table = simulation.state_occupancy([6.0, 6.125, 6.25])
    assert np.allclose(table.estimate[..., 1], 0.5 * (table.estimate[..., 0] + table.estimate[..., 2]))


def test_decision(simulation: SimulationResult) -> None:
    d = simulation.decision(24)
    assert d.best == "full"
    assert d.probability_best.sum() == pytest.approx(1.0)
    assert np.all(d.expected_regret >= 0)
    assert d.expected_regret[1] < d.expected_regret[0]
    assert d.mean_rank.sum() == pytest.approx(3.0)
    assert d.by_draw.shape == (2, DRAWS)
    assert d.mc_covariance.shape == (DRAWS, 2, 2)
    assert simulation.decision(24, outcome="cost").best == "none"


def test_a_decision_on_cost_wants_little_everywhere(simulation: SimulationResult) -> None:
    d = simulation.decision(24, outcome="cost")
    assert d.headline() == "Lowest expected cost to 24 months: none"
    assert d.expected[1] > d.expected[0] >= 0
    assert np.array_equal(d.by_draw, -simulation.measure("cost", 24).by_draw)
    assert d.mean_rank.tolist() == [1.0, 2.0]
    worth = value_of_information(d.by_draw, d.mc_covariance, d.strategies, {}, unit="cost")
    assert worth.chosen == "none"


def test_noisy_comparisons_warn() -> None:
    hr = np.linspace(0.59, 0.61, 5)
    treatments = full_strategy().model_dump(by_alias=True)["treatments"]
    treatments["radiotherapy"]["effects"][0]["hazard_ratio"] = "hr"
    model = tumour_model(
        (Strategy(strategy="none"), full_strategy(treatments=treatments)), parameters={"hr": hr}
    )
    r = simulate_model(model, patients=200, seed=8, taus=(24.0,))
    with pytest.warns(SmallSampleWarning, match="exceeds a tenth of the interval over draws"):
        r.compare()


def test_saved_and_loaded_without_a_changed_bit(simulation: SimulationResult, tmp_path: Path) -> None:
    simulation.save(tmp_path / "r")
    loaded = SimulationResult.load(tmp_path / "r")
    for name in ("counts", "means", "mc_covariance", "grid"):
        assert np.array_equal(getattr(loaded, name), getattr(simulation, name))
    assert loaded.provenance == simulation.provenance
    assert loaded.to_frame().equals(simulation.to_frame())
    loaded.save(tmp_path / "again")
    for file in (tmp_path / "r").iterdir():
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes()


def test_results_that_cannot_be_read(simulation: SimulationResult, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no finished result \(no result.json\)"):
        SimulationResult.load(tmp_path)
    with pytest.raises(InputError, match="saved to a folder"):
        simulation.save(tmp_path / "r.csv")
    simulation.save(tmp_path)
    note = tmp_path / "result.json"
    content = json.loads(note.read_text(encoding="utf-8"))
    note.write_text(json.dumps({**content, "format": "survsim-simulation/0"}), encoding="utf-8")
    with pytest.raises(InputError, match="holds results of format 'survsim-simulation/0'"):
        SimulationResult.load(tmp_path)
    note.write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="is not JSON"):
        SimulationResult.load(tmp_path)
    note.write_text(json.dumps(content), encoding="utf-8")
    (tmp_path / "means.parquet").write_bytes(b"changed")
    with pytest.raises(InputError, match="missing or changed since it was written"):
        SimulationResult.load(tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: [1], "it holds list, not the keys of a result"),
        (lambda c: {k: v for k, v in c.items() if k not in ("seed", "shapes")}, "it lacks shapes, seed"),
        (lambda c: {**c, "strategies": None}, "it lacks strategies"),
        (lambda c: {**c, "checksums": {}}, "it lacks checksums of counts"),
        (lambda c: {k: v for k, v in c.items() if k != "checksum"}, "its checksum was taken out"),
        (
            lambda c: {k: v for k, v in c.items() if k != "checksum"} | {"strategies": c["strategies"][::-1]},
            "its checksum was taken out",
        ),
        (lambda c: {**c, "checksum": None}, "its checksum does not fit"),
        (lambda c: {**c, "version": 9.9}, "its version reads 9.9, not text"),
        (lambda c: {**c, "version": "9.9"}, r"was written by survsim 9\.9; this is .* Install that version"),
        (lambda c: {**c, "provenance": {"root": 1}}, "its provenance cannot be read"),
        (lambda c: {**c, "shapes": {**c["shapes"], "means": [7]}}, "means.parquet is not of shape"),
    ],
)
def test_results_that_were_changed(simulation: SimulationResult, tmp_path: Path, change, words) -> None:
    simulation.save(tmp_path)
    note = tmp_path / "result.json"
    note.write_text(json.dumps(change(json.loads(note.read_text(encoding="utf-8")))), encoding="utf-8")
    with pytest.raises(InputError, match=words):
        SimulationResult.load(tmp_path)


def test_a_byte_that_flipped_is_seen(simulation: SimulationResult, tmp_path: Path) -> None:
    """Any one bit of the description: the result is refused, or is the one that was saved."""
    simulation.save(tmp_path / "r")
    note = tmp_path / "r" / "result.json"
    whole = note.read_bytes()
    chance = np.random.default_rng(4)
    refused = 0
    for place in chance.integers(len(whole), size=60):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(chance.integers(8))
        note.write_bytes(bytes(flipped))
        try:
            read = SimulationResult.load(tmp_path / "r")
        except InputError:
            refused += 1
        else:
            read.save(tmp_path / "again")
            assert (tmp_path / "again" / "result.json").read_bytes() == whole
    assert refused > 50


def test_printouts_name_what_was_run(simulation: SimulationResult) -> None:
    assert "2 strategies, 40 parameter draws x 4000 patients" in repr(simulation)
    assert "Highest expected survival_time to 24 months: full" in repr(simulation.decision(24))
    assert "Differences from none on the same patients" in repr(simulation.compare())
    assert "one draw (no parameter interval)" in repr(
        simulate_model(tumour_model((full_strategy(),)), patients=100, seed=1)
    )


def test_pictures_show_the_numbers(simulation: SimulationResult) -> None:
    ax = simulation.survival().plot(marker=(11.0, "index patient"))
    drawn = {line.get_gid(): line for line in ax.lines}
    assert np.array_equal(drawn["curve:full"].get_ydata(), simulation.survival().estimate[1])
    ax = simulation.state_occupancy().plot(strategy="full")
    assert [c.get_gid() for c in ax.collections] == [f"state:{s}" for s in simulation.states]
    ax = simulation.compare().plot(measure="survival_time", time=24)
    point = next(line for line in ax.lines if line.get_gid() == "point:full")
    assert (
        point.get_xdata()[0]
        == simulation.compare().difference[0 + simulation.measures.index("survival_time@24"), 1]
    )
    ax = simulation.decision(24).plot()
    assert [line.get_gid() for line in ax.lines if line.get_gid().startswith("interval")] == [
        "interval:none",
        "interval:full",
    ]
    with pytest.raises(InputError, match="no strategy is called other"):
        simulation.survival().plot(strategies=["other"])
    with pytest.raises(InputError, match="was not simulated"):
        simulation.compare().plot(measure="survival_time", time=18)


def test_more_patients_cost_no_more_memory() -> None:
    import tracemalloc

    def peak(patients: int) -> int:
        tracemalloc.start()
        simulate_model(model, patients=patients, seed=1, execution=Execution(workers=1))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    model: Model = tumour_model((Strategy(strategy="none"),))
    peak(40_000)
    assert peak(600_000) < 1.25 * peak(150_000)
