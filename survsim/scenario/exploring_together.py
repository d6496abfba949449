"""Many settings of an `Explorer` at once: those that differ in numbers alone are simulated in one run."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.execution import Execution
from survsim.simulation.declared.model import Model
from survsim.simulation.running.settings import BySetting, simulate_settings
from survsim.simulation.running.several import whole_in_processes

if TYPE_CHECKING:
    from survsim.scenario.exploring import Explorer

MOST = 64
"""Settings that go into a run together: few enough that there is something to share among processes."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one setting comes to, as in `Redrawn`: shares alive, mean doses to the cord and shares with myelopathy."""

    times: FloatArray
    survival: FloatArray
    cord_dose: FloatArray
    myelopathy: FloatArray


def answers(
    explorer: Explorer,
    settings: Sequence[Mapping[str, float]],
    horizon: float,
    progress: Callable[[int, int], None] = lambda done, total: None,
    execution: Execution | None = None,
) -> list[Answer]:
    """The answer at each setting, to the last bit as `Explorer.redraw` would give it."""
    places = list(_alike(explorer, settings))
    models = [_model_of(explorer, [settings[k] for k in some]) for some in places]
    seed = explorer.scenario.content.seed
    simulated = functools.partial(_simulated, explorer.patients, seed, horizon)
    found: dict[int, Answer] = {}
    for some, run in zip(places, whole_in_processes(models, simulated, execution), strict=True):
        found |= zip(some, _each(run, irradiated=explorer.irradiates))
        progress(len(found), len(settings))
    return [found[k] for k in range(len(settings))]


def _simulated(patients: int, seed: int, horizon: float, model: Model, execution: Execution) -> BySetting:
    return simulate_settings(model, patients=patients, seed=seed, horizon=horizon, execution=execution)


def _alike(explorer: Explorer, settings: Sequence[Mapping[str, float]]) -> Iterator[list[int]]:
    """Places of settings in which the same patients get the same cycles, so that only numbers differ."""
    fixed = {c.name for c in explorer.controls if c.kind == "patient" or (c.kind == "dose" and c.whole)}
    gy = {dose.name for dose in explorer.doses if dose.number == "gy"}
    groups: dict[tuple[Any, ...], list[int]] = {}
    for k, moved in enumerate(settings):
        # of a dose that is not moved a strategy may have a figure of its own
        key = sorted(
            (name, None if name in gy else value) for name, value in moved.items() if name in fixed | gy
        )
        groups.setdefault(tuple(key), []).append(k)
    for places in groups.values():
        yield from (places[k : k + MOST] for k in range(0, len(places), MOST))


def _model_of(explorer: Explorer, moved: Sequence[Mapping[str, float]]) -> Model:
    """One model whose draws are settings that are alike: a dose that is moved becomes a parameter of its own name."""
    numbers = [explorer.numbers(one) for one in moved]
    doses = [d.name for d in explorer.doses if d.number == "gy" and d.name in moved[0]]
    model = explorer.scenario.model({name: np.array([n[name] for n in numbers]) for name in numbers[0]})
    added = {name: np.array([float(one[name]) for one in moved]) for name in doses}
    return explorer.moved(
        dataclasses.replace(model, parameters={**model.parameters, **added}),
        {**moved[0], **dict(zip(doses, doses))},
    )


def _each(run: BySetting, *, irradiated: bool) -> Iterator[Answer]:
    names = [name for name in run.means if name.startswith("myelopathy/")]
    for k, survival in enumerate(run.survival):
        yield Answer(
            times=run.times,
            survival=survival,
            cord_dose=run.means["cord_dose"][k] if irradiated else np.empty(0),
            myelopathy=np.array([run.means[name][k] for name in names]).reshape(len(names), len(survival))
            if irradiated
            else np.empty((0, 0)),
        )
