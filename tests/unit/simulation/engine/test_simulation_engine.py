"""The engine step by step: doses, lines, toxicity, response, performance status, by hand-solved cases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from survsim import Execution
from survsim.kernels.patient_path import never_unless, within
from survsim.simulation.cord_biology.myelopathy import CordSettings, MyelopathySettings
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.population import Covariate, Population
from survsim.simulation.declared.states import State, Transition
from survsim.simulation.declared.strategy import Strategy, strategy_from
from survsim.simulation.engine import measures
from survsim.simulation.engine.measures import cell_moments
from survsim.simulation.running.patient_output import read_patients
from survsim.simulation.running.run import simulate_model
from tests.helpers.disease_models import exponential, full_strategy, tumour_model, weibull

ALIVE = (State(name="alive"), State(name="dead", death=True))


def one_death(strategy: Strategy, rate: float = 1e-6, **options: Any) -> Model:
    """Nearly nobody dies before the horizon: what happens is what the strategy does."""
    ways = (Transition(source="alive", target="dead", distribution=exponential(rate)),)
    settings = {"states": ALIVE, "transitions": ways, "time_unit": "months", "horizon": 24.0}
    return Model(**{**settings, "strategies": (strategy,), **options})


def strategy(treatments: dict[str, Any], *lines: dict[str, Any]) -> Strategy:
    return strategy_from({"strategy": "s", "treatments": treatments, "lines": list(lines)})


def mean(model: Model, name: str, time: float | None = None, patients: int = 4_000) -> float:
    r = simulate_model(model, patients=patients, seed=2, taus=(24.0,))
    return float(r.measure(name, time).estimate[0])


def course(n: int, dose: float = 2.0, region: str = "a", **more: Any) -> dict[str, Any]:
    radiation = [{"region": region, "fractions": n, "dose_per_fraction": dose}]
    return {"kind": "radiotherapy", "duration": 1.0, "radiation": radiation, **more}


def test_cell_moments_are_sums_and_products_within_cells() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 6000))
    sums, products = cell_moments([x, None, y], 6000)
    for cell, part in enumerate((slice(0, 4096), slice(4096, 6000))):
        v = np.stack([x[part], np.zeros(x[part].size), y[part]])
        np.testing.assert_allclose(sums[cell], v.sum(axis=1), rtol=1e-12)
        np.testing.assert_allclose(products[cell], v @ v.T, rtol=1e-12)


@pytest.mark.parametrize("size", [1, 127, 300, 1000, 4096])
def test_few_patients_of_several_draws_have_the_moments_of_whole_cells(size: int) -> None:
    """Cells are summed in halves: those of few patients are as if they were filled up with nothing."""
    x, y = np.random.default_rng(1).lognormal(size=(2, 3 * size))
    sums, products = cell_moments([x, None, y], size, 3)
    for d in range(3):
        here = slice(d * size, (d + 1) * size)
        filled = [np.concatenate([v[here], np.zeros(4096 - size)]) for v in (x, y)]
        one, both = cell_moments([filled[0], None, filled[1]], 4096)
        assert np.array_equal(sums[d], one[0]) and np.array_equal(products[d], both[0])
        assert products[d, 0, 2] == pytest.approx((x[here] * y[here]).sum(), rel=1e-12)


def test_cord_dose_adds_up_where_courses_overlap() -> None:
    half = {
        "kind": "radiotherapy",
        "duration": 1.0,
        "radiation": [
            {"region": "target", "fractions": 10, "dose_per_fraction": 2.0},
            {"region": "elsewhere", "fractions": 20, "dose_per_fraction": 2.0},
        ],
    }
    plan = strategy(
        {"first": course(22, region="target"), "second": half},
        {"line": "one", "treatments": ["first"]},
        {
            "line": "two",
            "treatments": ["second"],
            "start": [{"quantity": "time_since_radiation", "at_least": 3.0}],
        },
    )
    assert mean(one_death(plan), "cord_dose") == pytest.approx(64.0, abs=0.01)
    recovered = CordSettings(recovery_after=(2.0,), recovery_share=(0.25,))
    assert mean(one_death(plan, cord=recovered), "cord_dose") == pytest.approx(53.0, abs=0.01)
    low = CordSettings(alpha_beta=0.87)
    hypo = strategy({"first": course(5, 6.0)}, {"line": "one", "treatments": ["first"]})
    assert mean(one_death(hypo, cord=low), "cord_dose") == pytest.approx(30 * 6.87 / 2.87, abs=0.01)


def test_a_course_that_is_cut_short_gives_whole_fractions_only() -> None:
    toxic = course(20, toxicities=[{"name": "rash", "grade": 3, "onset": weibull(200.0, 0.52)}])
    plan = strategy({"rt": toxic}, {"line": "one", "treatments": ["rt"], "stop": [{"on": "toxicity"}]})
    # toxicity comes at 0.52 of the course, give or take 1 %: 10 of 20 fractions were given
    assert mean(one_death(plan), "cord_dose") == pytest.approx(20.0, abs=0.5)


def test_tolerance_stops_a_second_course() -> None:
    again = {
        "line": "two",
        "treatments": ["rt"],
        "start": [{"quantity": "planned_cord_dose", "at_most": 70.0}],
    }
    plan = strategy({"rt": course(22)}, {"line": "one", "treatments": ["rt"]}, again)
    assert mean(one_death(plan), "line/two") == 0.0
    allowed = strategy({"rt": course(16)}, {"line": "one", "treatments": ["rt"]}, again)
    assert mean(one_death(allowed), "line/two") == pytest.approx(1.0, abs=0.001)


def test_repeats_and_the_interval_between_them() -> None:
    plan = strategy(
        {"rt": course(5)},
        {
            "line": "one",
            "treatments": ["rt"],
            "repeats": 3,
            "start": [{"quantity": "time_since_radiation", "at_least": 6.0}],
            "or_start": [[{"not_given": "rt"}]],
        },
    )
    # starts at 0, 7 and 14 months, each a month long
    assert mean(one_death(plan), "cord_dose") == pytest.approx(30.0, abs=0.01)


def test_share_of_toxicity_response_and_acceptance() -> None:
    drug = {
        "duration": 6.0,
        "response_probability": 0.4,
        "toxicities": [{"name": "rash", "grade": 3, "probability": 0.3, "onset": exponential(50.0)}],
    }
    second = {"line": "two", "treatments": ["other"], "start": [{"quantity": "response", "is": "yes"}]}
    plan = strategy(
        {"drug": drug, "other": {"duration": 1.0}},
        {"line": "one", "treatments": ["drug"], "accept": 0.8},
        second,
    )
    model = one_death(plan)
    r = simulate_model(model, patients=40_000, seed=2)
    for name, expected in (("line/one", 0.8), ("toxicity/drug/rash", 0.24), ("line/two", 0.32)):
        found = r.measure(name)
        assert abs(found.estimate[0] - expected) < 4 * found.mc_std_error[0], name


def test_an_acute_toxicity_cannot_come_after_the_end_and_a_late_one_can() -> None:
    def share(late: bool) -> float:
        tox = {"name": "rash", "grade": 2, "onset": weibull(50.0, 3.0), "late": late}
        plan = strategy(
            {"drug": {"duration": 1.0, "toxicities": [tox]}}, {"line": "one", "treatments": ["drug"]}
        )
        return mean(one_death(plan), "toxicity/drug/rash")

    assert share(False) == 0.0
    assert share(True) == pytest.approx(1.0, abs=0.001)


def test_a_stop_rule_can_end_one_of_two_treatments() -> None:
    tox = {"name": "rash", "grade": 3, "onset": weibull(500.0, 1.0)}
    plan = strategy(
        {
            "a": {"duration": 6.0, "toxicities": [tox], "cost_per_time": 1.0},
            "b": {"duration": 6.0, "cost_per_time": 10.0},
        },
        {"line": "one", "treatments": ["a", "b"], "stop": [{"on": "toxicity", "treatments": ["a"]}]},
    )
    assert mean(one_death(plan), "cost", 24.0) == pytest.approx(1.0 + 60.0, rel=2e-3)


def test_one_off_costs_utilities_and_states() -> None:
    plan = strategy(
        {"a": {"duration": 6.0, "cost": 5.0, "utility_change": -0.25}},
        {"line": "one", "treatments": ["a"], "start": [{"quantity": "time", "at_least": 2.0}]},
    )
    states = (State(name="alive", utility=0.75, cost_per_time=1.0), ALIVE[1])
    model = one_death(plan, states=states)
    assert mean(model, "cost", 24.0) == pytest.approx(5.0 + 24.0, rel=1e-3)
    assert mean(model, "quality_adjusted_time", 24.0) == pytest.approx(0.75 * 24 - 0.25 * 6, rel=1e-3)


def test_dose_reduction_weakens_the_effect_by_its_power() -> None:
    """Toxicity at once halves the dose, so a hazard ratio of 0.25 acts as 0.5."""
    tox = {"name": "rash", "grade": 2, "onset": exponential(1e7)}
    drug = {
        "effects": [{"transition": "alive>dead", "hazard_ratio": 0.25, "lasts": "while_on"}],
        "toxicities": [tox],
    }
    plan = strategy({"drug": drug}, {"line": "one", "treatments": ["drug"], "modify": [{"dose_factor": 0.5}]})
    r = simulate_model(one_death(plan, rate=0.2), patients=100_000, seed=2, times=(10.0,)).measure(
        "alive", 10.0
    )
    assert abs(r.estimate[0] - np.exp(-1.0)) < 4 * r.mc_std_error[0]


def test_adherence_and_responders() -> None:
    drug = {
        "effects": [
            {"transition": "alive>dead", "hazard_ratio": 0.25, "lasts": "while_on", "among": "responders"}
        ],
        "adherence": 0.5,
    }
    plan = strategy({"drug": {**drug, "response_probability": 0.3}}, {"line": "one", "treatments": ["drug"]})
    r = simulate_model(one_death(plan, rate=0.2), patients=100_000, seed=2, times=(10.0,)).measure(
        "alive", 10.0
    )
    assert abs(r.estimate[0] - (0.3 * np.exp(-1.0) + 0.7 * np.exp(-2.0))) < 4 * r.mc_std_error[0]


def test_performance_status_decides_who_is_treated() -> None:
    plan = strategy(
        {"drug": {"duration": 1.0}},
        {"line": "one", "treatments": ["drug"], "start": [{"quantity": "performance_status", "at_most": 2}]},
    )
    population = Population(performance_status=(0.1, 0.2, 0.3, 0.4, 0.0))
    r = simulate_model(one_death(plan, population=population), patients=40_000, seed=2).measure("line/one")
    assert abs(r.estimate[0] - 0.6) < 4 * r.mc_std_error[0]


def test_a_patients_covariate_acts_on_hazard_and_rule() -> None:
    population = Population(covariates=(Covariate(name="frail", distribution="bernoulli", probability=0.5),))
    plan = strategy(
        {"drug": {"duration": 1.0}},
        {
            "line": "one",
            "treatments": ["drug"],
            "start": [{"quantity": "covariate", "name": "frail", "at_most": 0}],
        },
    )
    ways = (
        Transition(
            source="alive", target="dead", distribution=exponential(0.1), covariates={"frail": np.log(3.0)}
        ),
    )
    r = simulate_model(
        one_death(plan, population=population, transitions=ways), patients=100_000, seed=2, times=(10.0,)
    )
    alive, line = r.measure("alive", 10.0), r.measure("line/one")
    assert abs(alive.estimate[0] - 0.5 * (np.exp(-1.0) + np.exp(-3.0))) < 4 * alive.mc_std_error[0]
    assert abs(line.estimate[0] - 0.5) < 4 * line.mc_std_error[0]


def test_myelopathy_is_counted_by_every_model_and_can_act() -> None:
    settings = MyelopathySettings(
        onset=exponential(20.0),
        assumption="declared for this test",
        acts_by="lyman_burman_1991",
        performance_change=2,
    )
    plan = strategy(
        {"rt": course(30), "drug": {"duration": 1.0}},
        {"line": "one", "treatments": ["rt"]},
        {
            "line": "two",
            "treatments": ["drug"],
            "start": [
                {"quantity": "time", "at_least": 12.0},
                {"quantity": "performance_status", "at_least": 3},
            ],
        },
    )
    r = simulate_model(one_death(plan, cord=CordSettings(myelopathy=settings)), patients=60_000, seed=2)
    lyman, logistic = r.measure("myelopathy/lyman_burman_1991"), r.measure("myelopathy/schultheiss_2008")
    assert abs(lyman.estimate[0] - 0.2882) < 4 * lyman.mc_std_error[0]
    assert abs(logistic.estimate[0] - 1 / (1 + (69.4 / 60) ** 18.721)) < 4 * logistic.mc_std_error[0]
    assert r.measure("line/two").estimate[0] == pytest.approx(float(lyman.estimate[0]), abs=1e-4)


def test_stays_join_up_and_agree_with_the_patients(tmp_path: Path) -> None:
    simulate_model(
        tumour_model((full_strategy(),)),
        patients=3_000,
        seed=4,
        execution=Execution(folder=tmp_path),
        patient_output=True,
    )
    patients, stays = read_patients(tmp_path), read_patients(tmp_path, "stays")
    assert (stays["exit"] >= stays["entry"]).all()
    ordered = stays.sort_values(["patient", "exit"])
    same = ordered["patient"].to_numpy()[1:] == ordered["patient"].to_numpy()[:-1]
    assert np.array_equal(ordered["entry"].to_numpy()[1:][same], ordered["exit"].to_numpy()[:-1][same])
    last = ordered.groupby("patient").last()
    dead = np.isfinite(patients["death_time"].to_numpy())
    assert np.array_equal(last["exit"].to_numpy()[dead], patients["death_time"].to_numpy()[dead])
    assert np.array_equal(last["target"].to_numpy()[dead], patients["death_state"].to_numpy()[dead])
    assert (last["exit"].to_numpy()[~dead] == 60.0).all()
    assert (
        (patients["progression_time"] <= patients["death_time"]) | np.isinf(patients["progression_time"])
    ).all()


def test_patients_without_output_are_said_to_be_missing(tmp_path: Path) -> None:
    from survsim.core.errors import ScenarioError

    with pytest.raises(ScenarioError, match="holds no patients"):
        read_patients(tmp_path)


def test_times_of_another_slot_never_come() -> None:
    code, when = np.array([0, 1, 0], np.int8), np.array([2.0, 3.0, np.inf])
    first, second = never_unless(code, 0, when), never_unless(code, 1, when)
    assert first[0] == 2.0 and first[1] >= 1e200 and np.isinf(first[2])
    assert second[0] >= 1e200 and second[1] == 3.0 and np.isinf(second[2])
    # still a number that can be added to, scaled and put on a grid
    assert np.all(np.isfinite((first[:2] + 1e6) * 1e6))


def test_values_are_cut_to_limits() -> None:
    assert within(np.array([-1.0, 2.0, 9.0]), 0.0, 4.0).tolist() == [0.0, 2.0, 4.0]


def test_products_of_many_strategies_are_those_of_few(monkeypatch):
    rng = np.random.default_rng(3)
    values = [None if k == 7 else rng.random(2 * 5000) for k in range(measures.MANY + 6)]
    sums, products = measures.cell_moments(values, 5000, draws=2)
    with threadpool_limits(2, user_api="blas"):
        again = measures.cell_moments(values, 5000, draws=2)
    assert again[0].tobytes() == sums.tobytes() and again[1].tobytes() == products.tobytes()
    monkeypatch.setattr(measures, "MANY", 1000)
    pair_by_pair = measures.cell_moments(values, 5000, draws=2)
    assert sums.tobytes() == pair_by_pair[0].tobytes()
    np.testing.assert_allclose(products, pair_by_pair[1], rtol=1e-13)
    assert (products == products.transpose(0, 2, 1)).all()
