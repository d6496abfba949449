"""Real one-way runs: one parameter held at its low and its high end, simulated again on the same patients."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray, one_of
from survsim.core.errors import InputError
from survsim.core.execution import Execution
from survsim.core.provenance import Provenance
from survsim.estimate.calibration.calibrated import EvidenceCalibration
from survsim.evidence.ask.store import EvidenceStore
from survsim.scenario.cohort_files import refuse_cohort
from survsim.scenario.moving import moved_to
from survsim.scenario.parameter_spec import Derived, ParameterSpec
from survsim.scenario.run import scenario_parameters
from survsim.scenario.spec import Scenario, ScenarioFile
from survsim.simulation.outcomes.sensitivity import Tornado
from survsim.simulation.running.several import Run, simulated_each

if TYPE_CHECKING:
    from survsim.simulation.declared.history import History
    from survsim.simulation.outcomes.result import SimulationResult

ENDS = (0.025, 0.975)
"""Quantiles of a parameter's draws at which it is held."""


def one_way_runs(
    scenario: Scenario,
    *,
    strategy: str,
    reference: str | None = None,
    tau: float | None = None,
    names: Sequence[str] | None = None,
    patients: int | None = None,
    draws: int | None = None,
    seed: int | None = None,
    execution: Execution | None = None,
    evidence: EvidenceStore | None = None,
    calibration: EvidenceCalibration | None = None,
    history: str | History | Mapping[str, Any] | None = None,
) -> Tornado:
    """Gain of a strategy with each parameter alone at its 2.5% and 97.5% quantile, the others as they were drawn.

    Every run has the same patients, the same luck and the same draws of all other parameters; what is derived from
    the parameter follows it, and the other shares of one whole (``law: dirichlet``) keep their ratios to each other. One that acts in neither strategy has a bar of exactly no length. `tornado` reads the
    bars off the draws of one simulation instead: quick, and smoothed by a regression.

    Parameters
    ----------
    strategy, reference, tau : the gain asked for; default reference and decision horizon of the scenario.
    names : parameters to hold, default all that vary and are not derived.
    patients, draws, seed, execution, evidence, history : as for `survsim.simulate`; default the quick effort.
    calibration : what parameters with ``source: calibration`` are drawn from.

    Raises
    ------
    InputError : a strategy or parameter by another name, or a parameter that does not vary.
    ScenarioError : a scenario of a cohort, which has no patients to follow; `decision(tau).tornado(...)` of its result does it.

    Returns
    -------
    Tornado : widest bar first.

    Example
    -------
    >>> import survsim
    >>> from survsim.scenario import one_way_runs
    >>> scenario = survsim.Scenario.from_yaml("analyses/07_scenario_gallery/first_line.yml")
    >>> bars = one_way_runs(scenario, strategy="ifosfamide_doublet", names=["progression_median"], patients=100, draws=20)
    >>> bars.names
    ('progression_median',)
    """
    c, quick = scenario.content, scenario.content.quick
    refuse_cohort(c, scenario.path.name)
    against = c.outcomes.reference if reference is None else reference
    known = [s.name for s in scenario.strategies]
    for name in (strategy, against):
        one_of("strategy", name, known)
    at = float(c.outcomes.decision_tau if tau is None else tau)
    used_seed = c.seed if seed is None else seed
    parameters = scenario_parameters(
        scenario,
        draws=quick.draws if draws is None else draws,
        seed=used_seed,
        evidence=evidence,
        calibration=calibration,
    )
    drawn = parameters.draws()
    chosen = varying(c.parameters, drawn, names)
    pair = tuple(s for s in scenario.strategies if s.name in (strategy, against))

    def run(values: Mapping[str, FloatArray]) -> Run:
        return Run(
            model=scenario.model(values, history=history).with_strategies(pair),
            patients=quick.patients if patients is None else patients,
            draws=next(iter(values.values())).size,
            seed=used_seed,
            taus=(at,),
        )

    ends = {name: np.quantile(drawn[name], ENDS) for name in chosen}
    runs = [run(held(c, drawn, name, float(value))) for name in chosen for value in ends[name]]
    found = simulated_each(
        "one parameter after the other",
        [run(drawn), *runs],
        functools.partial(_gain, strategy, against, at),
        execution,
    )
    gains = {name: found[1 + 2 * k : 3 + 2 * k] for k, name in enumerate(chosen)}
    order = sorted(chosen, key=lambda name: -abs(gains[name][1] - gains[name][0]))
    return Tornado(
        provenance=Provenance.of("one_way_runs", parameters, strategy=strategy, reference=against, tau=at),
        strategy=strategy,
        reference=against,
        gain=found[0],
        names=tuple(order),
        low_value=np.array([ends[name][0] for name in order]),
        high_value=np.array([ends[name][1] for name in order]),
        gain_low=np.array([gains[name][0] for name in order]),
        gain_high=np.array([gains[name][1] for name in order]),
        unit=scenario.time_unit,
    )


def _gain(strategy: str, against: str, tau: float, simulated: SimulationResult) -> float:
    """Mean survival to `tau` under a strategy, beyond that under the other."""
    found = simulated.rmst(tau)
    means = dict(zip(found.strategies, found.estimate))
    return float(means[strategy] - means[against])


def held(
    content: ScenarioFile, drawn: Mapping[str, FloatArray], name: str, value: float
) -> dict[str, FloatArray]:
    """The draws with one parameter held at a value, and everything that follows from it made again."""
    return moved_to(content, drawn, {name: np.full_like(drawn[name], value)})


def varying(
    specs: Mapping[str, ParameterSpec], drawn: Mapping[str, FloatArray], names: Sequence[str] | None
) -> list[str]:
    """The parameters that vary by themselves, or those of them that were asked for by `names`."""
    known = [n for n, one in specs.items() if not isinstance(one, Derived) and np.ptp(drawn[n]) > 0]
    if names is None:
        return known
    for name in names:
        if name not in known:
            raise InputError(
                f"{name!r} is not a parameter that varies by itself; those are {', '.join(known)}."
            )
    return list(names)
