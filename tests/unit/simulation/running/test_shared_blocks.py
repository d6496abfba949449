"""Draws that share a block come to the bits that each comes to in a block of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from survsim import Execution, distributions
from survsim.core.streams import Streams
from survsim.simulation.cord_biology.myelopathy import CordSettings, MyelopathySettings
from survsim.simulation.declared.history import History
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.population import Covariate, Frailty, Population
from survsim.simulation.declared.states import State, Transition
from survsim.simulation.declared.strategy import Strategy, Treatment, strategy_from
from survsim.simulation.engine.follow import Follow
from survsim.simulation.laws import by_draw
from survsim.simulation.outcomes.pieces import Chunk, Job
from survsim.simulation.running.chunks import blocks_of, bunches, draws_in_block, run_chunk, runs_of, split
from survsim.simulation.running.executor import run_job
from survsim.simulation.running.run import has_values
from tests.helpers.disease_models import exponential, full_strategy, tumour_model, weibull
from tests.helpers.simulation_truths import TRUTHS

DRAWS, PATIENTS = 7, 300
NUMBERS = {
    "accept", "acceleration_factor", "adherence", "at_least", "at_most", "at", "cost", "cost_per_time", "cycle_length",
    "delay", "dose_per_fraction", "duration", "end", "ended", "factor", "for", "frailty_power", "from", "hazard_ratio",
    "mean", "meanlog", "mu", "now", "probability", "q", "rate", "response_probability", "scale", "sd", "sdlog", "shape",
    "sigma", "start", "to", "unless_stopped_before", "utility", "utility_change", "variance",
}  # fmt: skip
"""Keys whose numbers may be parameters."""


class Varied:
    """Makes every number of a declaration a parameter with a value a draw, within 5% of the number."""

    def __init__(self) -> None:
        self.parameters: dict[str, np.ndarray] = {}
        self._random = np.random.default_rng(3)

    def __call__(self, value: Any, key: str = "") -> Any:
        if hasattr(value, "model_dump"):
            content = value.model_dump(by_alias=True, exclude_defaults=True)
            return type(value).model_validate(self(content))
        if isinstance(value, dict):
            inside = key in ("covariates", "start")
            return {k: self(v, "rate" if inside else k) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self(v, "rate" if key == "rates" else "") for v in value]
        if key in NUMBERS and isinstance(value, float) and value not in (0.0, 1.0):
            name = f"p{len(self.parameters)}"
            self.parameters[name] = value * self._random.uniform(0.95, 1.05, DRAWS)
            return name
        return value

    def model(self, model: Model, **changes: Any) -> Model:
        """The model with parameters for numbers."""
        parts = ("states", "transitions", "strategies", "population", "treatments", "cord")
        found = {name: self(getattr(model, name)) for name in parts}
        return dataclasses.replace(model, **{**found, "parameters": self.parameters, **changes})


def job(model: Model, **options: Any) -> Job:
    follow = Follow(
        horizon=model.horizon,
        grid_step=0.5,
        points=int(model.horizon * 2) + 1,
        taus=(model.horizon / 3, model.horizon),
        values=has_values(model),
    )
    return Job(
        **{
            "model": model,
            "patients": PATIENTS,
            "draws": DRAWS,
            "seed": 5,
            "follow": follow,
            "times": (model.horizon / 2,),
            **options,
        }
    )


def runs(model: Model, **options: Any) -> int:
    """In how many blocks the draws run; that each has the bits of a block of its own is asserted."""
    whole = Chunk(0, 0, DRAWS, 0, options.get("patients", PATIENTS))
    shared = job(model, **options)
    alone = dataclasses.replace(shared, share_blocks=False)
    found, expected = run_chunk(shared, whole), run_chunk(alone, whole)
    for name in ("sums", "products", "counts"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)
    assert np.ptp(found.sums, axis=0).max() > 0
    return len(list(runs_of(shared, range(DRAWS), Streams(5))))


NONE = Strategy(strategy="none")
REAL_DRUG: dict[str, Any] = {
    "cycles": 3,
    "cycle_length": 0.7,
    "adherence": 0.9,
    "response_probability": 0.4,
    "utility_change": -0.08,
    "cost": 3.0,
    "cost_per_time": 0.4,
    "effects": [
        {"transition": "*>progressed", "hazard_ratio": 0.6, "lasts": {"for": 9.0, "unless_stopped_before": 0.6}},
        {"transition": "*>dead_of_tumour", "hazard_ratio": 0.7, "lasts": {"waning": {"from": 3.0, "to": 9.0}}},
        {"transition": "controlled>progressed", "acceleration_factor": 1.3, "lasts": "always", "among": "responders",
         "delay": 0.4, "ends_on": "progression"},
    ],
    "toxicities": [
        {"name": "early", "grade": 2, "probability": 0.3, "onset": weibull(1.3, 0.8), "performance_change": 1},
        {"name": "late", "grade": 5, "probability": 0.2, "onset": {"family": "loglogistic", "shape": 1.7, "scale": 4.0},
         "late": True, "leads_to": "dead_of_other_cause"},
    ],
}  # fmt: skip
DRUG_LINES = [
    {
        "line": "drug",
        "treatments": ["drug"],
        "accept": 0.9,
        "repeats": 2,
        "start": [{"quantity": "time_in_state", "at_least": 0.6}],
        "stop": [{"on": "patient_choice", "rate": 0.05}, {"on": "toxicity", "grade_at_least": 3}],
        "modify": [{"on": "toxicity", "grade_at_least": 2, "dose_factor": 0.8}],
    }
]
POPULATION = Population(
    covariates=(
        Covariate(name="marker", distribution="lognormal", mean=0.1, sd=0.5),
        Covariate(name="age", distribution="bernoulli", probability=0.4),
    ),
    frailties=(Frailty(name="z", variance=0.6), Frailty(name="y", distribution="lognormal", variance=0.3)),
    performance_status=(0.3, 0.3, 0.2, 0.1, 0.1),
)


def drug(**changes: Any) -> Strategy:
    return strategy_from(
        {"strategy": "drug", "treatments": {"drug": {**REAL_DRUG, **changes}}, "lines": DRUG_LINES}
    )


def rich(**options: Any) -> Model:
    """Radiation and drugs, frailties, covariates of the patient and of the past, a clock of the whole path."""
    ways = (
        Transition(source="controlled", target="progressed", distribution=weibull(1.2, 6.0), clock="reset",
                   covariates={"marker": 0.2, "performance_status": 0.1}, frailty="z"),
        Transition(source="controlled", target="dead_of_other_cause", clock="forward",
                   distribution={"family": "gompertz", "shape": 0.02, "rate": 0.01}),
        Transition(source="progressed", target="dead_of_tumour", distribution={"family": "lognormal", "meanlog": 1.6,
                   "sdlog": 0.8}, frailty="z", frailty_power=0.7, covariates={"time_in_previous_state": -0.02}),
        Transition(source="progressed", target="dead_of_other_cause", distribution=exponential(0.02), frailty="y",
                   clock="forward", covariates={"age": 0.3}),
    )  # fmt: skip
    onset = {"family": "lognormal", "meanlog": 1.0, "sdlog": 0.5}
    myelopathy = {"onset": onset, "assumption": "an onset for a test", "acts_by": "lyman_burman_1991"}
    settings = {
        "transitions": ways,
        "population": POPULATION,
        "cord": CordSettings(
            myelopathy=MyelopathySettings.model_validate({**myelopathy, "performance_change": 2}),
            recovery_after=(6.0, 12.0),
            recovery_share=(0.3, 0.5),
        ),
    }
    return tumour_model(**{"strategies": (NONE, full_strategy(), drug()), **settings, **options})


def test_lines_effects_toxicities_dose_and_values() -> None:
    assert runs(Varied().model(rich())) == 1


def test_two_equal_strategies_still_differ_by_exactly_zero() -> None:
    model = Varied().model(rich())
    twice = model.with_strategies(
        [*model.strategies, model.strategies[1].model_copy(update={"strategy": "again"})]
    )
    part = run_chunk(job(twice), Chunk(0, 0, DRAWS, 0, PATIENTS))
    np.testing.assert_array_equal(part.counts[:, 1], part.counts[:, 3])
    measures = [m for m, name in enumerate(job(twice).measures) if not name.startswith("line/")]
    np.testing.assert_array_equal(part.sums[..., measures, 1], part.sums[..., measures, 3])


@pytest.mark.parametrize("name", sorted(TRUTHS))
def test_every_model_with_a_known_truth(name: str) -> None:
    model = TRUTHS[name]().model
    varied = Varied().model(model)
    assert runs(varied) == 1
    assert runs(varied, patients=9000, block_cells=16) == 1


@pytest.mark.parametrize("effect", [{"hazard_ratio": 0.6}, {"acceleration_factor": 1.7}])
def test_constant_effects_on_the_short_way(effect: dict[str, float]) -> None:
    content = {
        "strategy": "constant",
        "treatments": {"drug": {"effects": [{"transition": "*>*", "lasts": "always", **effect}]}},
        "lines": [{"line": "one", "treatments": ["drug"]}],
    }
    model = TRUTHS["gompertz"]().model.with_strategies([NONE, strategy_from(content)])
    assert runs(Varied().model(model)) == 1
    # a log hazard ratio that is nothing in some draws
    varied = Varied()
    changed = varied.model(model)
    (name,) = (
        n for n in varied.parameters if np.all(np.abs(varied.parameters[n] / [*effect.values()] - 1) < 0.06)
    )
    values = {**varied.parameters, name: np.where(np.arange(DRAWS) < 3, 1.0, varied.parameters[name])}
    assert runs(dataclasses.replace(changed, parameters=values)) >= 1


def test_starts_in_several_states() -> None:
    share = np.linspace(0.3, 0.6, DRAWS)
    varied = Varied()
    model = varied.model(rich())
    model = dataclasses.replace(
        model,
        start={"controlled": "well", "progressed": "ill"},
        parameters={**varied.parameters, "well": share, "ill": 1.0 - share},
    )
    assert runs(model) == 1


def test_states_that_come_again_and_ways_that_need_an_effect() -> None:
    ways = (
        *rich().transitions,
        Transition(
            source="progressed", target="controlled", needs_effect=True, distribution=exponential(0.3)
        ),
        Transition(source="controlled", target="walking", within_stage=True, distribution=exponential(0.1)),
        Transition(source="walking", target="dead_of_tumour", distribution=exponential(0.3)),
    )
    states = (
        *(s.model_copy(update={"groups": ("group",)}) for s in rich().states[:1]),
        *rich().states[1:],
        State(name="walking", groups=("group",), treatable=False, cost_per_time=0.3),
    )
    effect = {"transition": "progressed>controlled", "hazard_ratio": 0.8, "lasts": {"for": 4.0}}
    again = drug(effects=[*REAL_DRUG["effects"], effect])
    assert runs(Varied().model(rich(states=states, transitions=ways, strategies=(NONE, again)))) == 1


RADIATION = {"kind": "radiotherapy", "duration": 3.4,
             "radiation": [{"region": "target", "fractions": 28, "dose_per_fraction": 2.0}],
             "effects": [{"transition": "*>*", "hazard_ratio": 0.8, "lasts": {"for": 12.0}}],
             "toxicities": [{"name": "late", "grade": 3, "probability": 0.4, "late": True, "onset": exponential(0.1)}]}  # fmt: skip


@pytest.mark.parametrize("running", [False, True])
def test_from_what_is_known_of_one_patient(running: bool) -> None:
    varied = Varied()
    past = {"treatment": "first", "start": 2.1, "status": "running" if running else "stopped"}
    content = {
        "now": 9.3,
        "path": [{"state": "progressed", "at": 6.4}],
        "given": [{**past, **({"start": 8.6} if running else {"end": 3.1})}],
        "doses": [{"region": "elsewhere", "fractions": 30, "dose_per_fraction": 1.9, "ended": 1.2}],
        "covariates": {"marker": 0.9, "age": 1.0},
        "performance_status": 2,
    }
    model = varied.model(rich(treatments={"first": Treatment.model_validate(RADIATION)}))
    history = History.model_validate(varied(content))
    known = dataclasses.replace(model, history=history, parameters=varied.parameters)
    assert runs(known) == 1


LAWS: dict[str, Callable[[float], Any]] = {
    "one family": lambda x: distributions.Weibull(shape=1.1 * x, scale=5.0, time_unit="months"),
    "a power that is a square in one draw": lambda x: distributions.Weibull(
        shape=2.0 if x > 1.04 else x, scale=5.0, time_unit="months"
    ),
    "another family in some draws": lambda x: (
        distributions.Exponential(rate=0.1 * x, time_unit="months")
        if x < 1.0
        else distributions.LogNormal(meanlog=x, sdlog=0.8, time_unit="months")
    ),
    "a search in each draw": lambda x: distributions.GeneralisedGamma(
        mu=1.5 * x, sigma=0.8, q=-0.4, time_unit="months"
    ),
    "pieces": lambda x: distributions.PiecewiseExponential(
        breaks=[2.0, 5.0], rates=[0.1 * x, 0.2, 0.05], time_unit="months"
    ),
    "a cured share": lambda x: distributions.MixtureCure(
        cure_fraction=0.2 * x, latency=distributions.Weibull(shape=1.3, scale=4.0, time_unit="months")
    ),
    "a hazard that rises, stays or falls": lambda x: distributions.Gompertz(
        shape=round(x - 1.0, 6), rate=0.1, time_unit="months"
    ),
    "what never comes in some draws": lambda x: distributions.Exponential(
        rate=max(x - 0.95, 0.0), time_unit="months"
    ),
    "odds": lambda x: distributions.LogLogistic(shape=1.4 * x, scale=6.0 / x, time_unit="months"),
    "patients of their own": lambda x: (
        distributions.Weibull(shape=1.1, scale=5.0 * x, time_unit="months").to_unit("weeks").to_unit("months")
    ),
    "one law": lambda x: distributions.Weibull(shape=1.3, scale=4.0, time_unit="months"),
}


@pytest.mark.parametrize("name", sorted(LAWS))
def test_a_law_a_draw(name: str) -> None:
    laws = tuple(LAWS[name](float(x)) for x in np.linspace(0.9, 1.1, DRAWS))
    first, *others = rich().transitions
    plain = Varied().model(rich(transitions=[*others, first]))
    ways = (first.model_copy(update={"distribution": laws}), *plain.transitions[:-1])
    assert runs(dataclasses.replace(plain, transitions=ways)) == 1


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("accept", [1.0, 0.8]),
        ("response_probability", [0.0, 0.5]),
        ("cost", [0.0, 2.0]),
        ("utility_change", [0.0, -0.1]),
        ("duration", [3.0, 60.0]),
    ],
)
def test_numbers_that_say_what_is_done_at_all(key: str, values: list[float]) -> None:
    """Where a thing is done at all in some draws only, those draws run by themselves; a number that is only added need not."""
    content: dict[str, Any] = {
        **REAL_DRUG,
        "cycles": None,
        "cycle_length": None,
        "duration": 3.0,
        key: "number",
    }
    line = {**DRUG_LINES[0], **({"accept": content.pop("accept")} if key == "accept" else {})}
    treatments = {"drug": {k: v for k, v in content.items() if v is not None}}
    plan = strategy_from({"strategy": "drug", "treatments": treatments, "lines": [line]})
    varied = Varied()
    model = varied.model(tumour_model((NONE,), population=POPULATION))
    numbers = np.array(values)[np.arange(DRAWS) % 2]
    found = runs(
        dataclasses.replace(
            model, strategies=(NONE, plan), parameters={**varied.parameters, "number": numbers}
        )
    )
    assert found == (1 if key in ("duration", "utility_change") else DRAWS)


@pytest.mark.parametrize("key", ["delay", "for"])
def test_effects_with_another_number_of_steps(key: str) -> None:
    """An effect without delay, or one that ends before its second step, has fewer steps in those draws."""
    effect: dict[str, Any] = {"transition": "*>*", "hazard_ratio": 0.6, "lasts": {"for": 12.0}}
    effect |= {"waning": [{"after": 5.0, "factor": 0.8}]}
    effect |= {"delay": "number"} if key == "delay" else {"lasts": {"for": "number"}}
    numbers = np.array(
        [0.0, 0.0, 0.5, 0.5, 0.7, 0.8, 0.9] if key == "delay" else [3.0, 4.0, 6.0, 7.0, 8.0, 9.0, 10.0]
    )
    varied = Varied()
    model = varied.model(rich())
    plan = drug(effects=[effect])
    found = runs(
        dataclasses.replace(model, strategies=(plan,), parameters={**varied.parameters, "number": numbers})
    )
    assert 1 < found < DRAWS


def test_numbers_of_one_value_stay_numbers_and_conditions_are_answered_alike() -> None:
    parameters = {"same": np.full(4, 0.5), "one": np.array(2.0), "other": np.array([1.0, 1.0, 3.0, 4.0])}
    number = by_draw.NumbersByDraw(parameters, (0, 1, 2))
    assert (number("same"), number("one"), number(7)) == (0.5, 2.0, 7.0)
    np.testing.assert_array_equal(number("other"), [1.0, 1.0, 3.0])
    assert by_draw.NumbersByDraw(parameters, (0, 1))("other") == 1.0
    assert [each("other") for each in number.each()] == [1.0, 1.0, 3.0]
    np.testing.assert_array_equal(by_draw.columns([1.0, np.array([2.0, 3.0])]), [[1.0, 1.0], [2.0, 3.0]])
    assert by_draw.columns([]).shape == (0, 1) and by_draw.columns([1.0]).tolist() == [[1.0]]
    assert by_draw.alike(np.array([True, True])) and not by_draw.alike(np.array([False, False]))
    for mixed in (np.array([0.0, 0.4]), np.array([0.3, 0.0])):
        with pytest.raises(by_draw.DifferentShapes):
            by_draw.alike(mixed > 0)
        with pytest.raises(by_draw.DifferentShapes):
            by_draw.all_or_none(mixed)


def test_chunks_in_bunches_are_whole_in_order_and_no_larger_than_a_block() -> None:
    whole = job(rich(), draws=40, patients=1000)
    chunks = split(1000, 40)
    assert [len(b) for b in bunches(whole, chunks)] == [6, 2], "32 draws of a thousand fit"
    for at_least in (1, 3, 4, 8, 20):
        found = bunches(whole, chunks, at_least)
        assert [c for bunch in found for c in bunch] == chunks
        assert len(found) >= min(at_least, len(chunks))
    assert all(
        len(bunch) == 1 for bunch in bunches(dataclasses.replace(whole, patients=40_000), split(40_000, 8))
    )
    gaps = [chunks[0], chunks[1], chunks[3]]
    assert [len(b) for b in bunches(whole, gaps)] == [2, 1]
    few = Chunk(0, 0, 10**6, 0, 1)
    assert draws_in_block(whole, few) == 256, "the sums of a draw take the room of 128 patients"


def test_the_draws_of_a_chunk_are_in_blocks_of_like_size() -> None:
    """A block has room for 3.3 draws of ten thousand: seven draws are two blocks and not three."""
    tens = job(rich(), draws=20, patients=10_000)
    for draws, sizes in ((1, [1]), (4, [4]), (5, [2, 3]), (7, [3, 4]), (13, [3, 3, 3, 4])):
        blocks = blocks_of(tens, Chunk(0, 2, 2 + draws, 0, 10_000))
        assert [len(b) for b in blocks] == sizes
        assert [d for b in blocks for d in b] == list(range(2, 2 + draws))
    wide = dataclasses.replace(tens, patients=100_000)
    assert [len(b) for b in blocks_of(wide, Chunk(0, 0, 3, 0, 100_000))] == [1, 1, 1]


def test_workers_and_run_folders_change_no_bit(tmp_path: Any) -> None:
    model = Varied().model(rich())
    one = run_job(job(model), Execution(workers=1))
    alone = run_job(job(model, share_blocks=False), Execution(workers=1, folder=tmp_path))
    # the folder that draws by themselves left is one that draws which share blocks go on from
    (tmp_path / "chunks" / "000003.npz").unlink()
    others = [
        alone,
        run_job(job(model), Execution(workers=1, folder=tmp_path)),
        run_job(job(model), Execution(executor="threads", workers=2)),
    ]
    for other in others:
        for name in ("sums", "products", "counts"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
