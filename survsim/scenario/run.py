"""From a scenario to its simulation: evidence, parameters, model, result, in that order."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from survsim.core.errors import ScenarioError, SurvsimError
from survsim.core.execution import Execution, bundled
from survsim.core.provenance import Provenance
from survsim.estimate.calibration.calibrated import EvidenceCalibration
from survsim.evidence.ask.store import EvidenceStore
from survsim.scenario.calibration_plan import read_calibration
from survsim.scenario.cohorts import cohort_of
from survsim.scenario.double_use import warn_of_double_use
from survsim.scenario.evidence_curves import curve_number
from survsim.scenario.own_evidence import evidence_of
from survsim.scenario.parameterise import Parameters, parameterise
from survsim.scenario.scale_checks import drawn_faults, row_faults
from survsim.scenario.spec import Scenario, uses_of
from survsim.simulation.running.run import grid_points, refuse_size
from survsim.simulation.running.several import Run

if TYPE_CHECKING:
    from survsim.simulation.declared.history import History
    from survsim.simulation.outcomes.result import SimulationResult

ARRAYS_PER_PARAMETER = 5
"""A parameter keeps its draws and up to four layers of uncertainty (sampling, between studies, transport, digitising)."""


def scenario_parameters(
    scenario: Scenario,
    *,
    draws: int | None = None,
    seed: int | None = None,
    evidence: EvidenceStore | None = None,
    calibration: EvidenceCalibration | None = None,
) -> Parameters:
    """Draw the parameters of a scenario from the evidence it names.

    Parameters
    ----------
    draws, seed : default those of the scenario (full effort).
    evidence : the store to read rows from; default that of the study the file lies in.
    calibration : result of `calibrate`, for parameters with ``source: calibration``; default the run of the file that
        the scenario names under `calibration`.

    Returns
    -------
    Parameters : `.draws()` by name, `.to_frame()` the table of a paper, `.layers()` where the uncertainty comes from.

    Raises
    ------
    EvidenceError : a row the scenario names does not exist.
    ScenarioError : a row that does not measure what its parameter needs, or more draws than memory holds.
    InputError : draws that are no whole number from 1.

    Example
    -------
    >>> import survsim
    >>> from survsim.scenario import scenario_parameters
    >>> scenario = survsim.Scenario.from_yaml("analyses/07_scenario_gallery/first_line.yml")
    >>> parameters = scenario_parameters(scenario, draws=50)
    >>> {values.shape for values in parameters.draws().values()}
    {(50,)}
    """
    return drawn_parameters(
        scenario, evidence or evidence_of(scenario.path), calibration, draws=draws, seed=seed
    )


def drawn_parameters(
    scenario: Scenario,
    store: EvidenceStore,
    calibration: EvidenceCalibration | None,
    *,
    draws: int | None = None,
    seed: int | None = None,
    kept: dict[Any, Any] | None = None,
) -> Parameters:
    """Parameters whose rows are what their places take, and whose draws are numbers of their roles."""
    check_size(scenario, 1, draws)
    if calibration is None and scenario.content.calibration is not None:
        calibration = read_calibration(scenario.calibration_path).run(store)
    specs, places = scenario.content.parameters, uses_of(scenario)
    if calibration is not None:
        warn_of_double_use(specs, calibration.targets, store, scenario=scenario.path.name)
    _refuse(scenario, row_faults(specs, places, store.estimate, scenario.time_unit))
    made = parameterise(
        specs,
        store.estimate,
        draws=scenario.content.full.draws if draws is None else draws,
        seed=scenario.content.seed if seed is None else seed,
        time_unit=scenario.time_unit,
        scenario=scenario.name,
        calibration=calibration,
        curves=functools.partial(curve_number, store),
        kept=kept,
        joint=scenario.content.joint,
    )
    _refuse(scenario, drawn_faults(specs, places, made.draws()))
    return made


def _refuse(scenario: Scenario, faults: Iterable[str]) -> None:
    if found := list(dict.fromkeys(faults)):
        raise ScenarioError(f"{scenario.path.name} does not fit together:\n  " + "\n  ".join(found))


def check_scenario(scenario: Scenario, *, evidence: EvidenceStore | None = None) -> None:
    """Refuse what could not be simulated, with a few draws of its parameters: its model, histories and alternatives.

    Raises
    ------
    ScenarioError : every fault of the model that would have stopped the simulation.
    """
    for effort in (scenario.content.full, scenario.content.quick):
        check_size(scenario, effort.patients, effort.draws)
    store = evidence or evidence_of(scenario.path)
    calibration = None
    if scenario.content.calibration is not None:
        calibration = read_calibration(scenario.calibration_path).run(store, size=200)
    kept: dict[Any, Any] = {}
    found = _faults_of(scenario, store, calibration, kept)
    for name in scenario.content.overrides:
        try:
            mended = _faults_of(scenario.overridden(name), store, calibration, kept)
        except SurvsimError as error:
            mended = _listed(error)
        told = (fault.removeprefix(f"override {name}: ") for fault in mended if fault not in found)
        found += [f"override {name}: {fault}" for fault in told]
    _refuse(scenario, found)


def _faults_of(
    scenario: Scenario,
    store: EvidenceStore,
    calibration: EvidenceCalibration | None,
    kept: dict[Any, Any],
) -> list[str]:
    """What keeps a scenario from being simulated, from time zero and from each of its histories."""
    try:
        draws = drawn_parameters(
            scenario, store, calibration, draws=scenario.content.quick.draws, kept=kept
        ).draws()
    except SurvsimError as error:
        return _listed(error)
    found: list[str] = []
    if scenario.content.cohort is not None:
        try:
            cohort_of(scenario, draws)
        except SurvsimError as error:
            found += _listed(error)
        return found
    for history in (None, *scenario.content.histories):
        try:
            scenario.model(draws, history=history)
        except SurvsimError as error:
            found += [
                fault.replace("history: ", f"histories.{history}: ", 1) if history else fault
                for fault in _listed(error)
            ]
    return list(dict.fromkeys(found))


def _listed(error: SurvsimError) -> list[str]:
    """The faults that a message lists, or the message where it is one."""
    first, *rest = str(error).splitlines()
    return [line.strip() for line in rest] or [first]


@bundled(executor="executor", workers="workers", address="address", out="folder", progress="progress")
def simulate(
    scenario: Scenario,
    *,
    patients: int | None = None,
    draws: int | None = None,
    seed: int | None = None,
    execution: Execution | None = None,
    evidence: EvidenceStore | None = None,
    parameters: Parameters | None = None,
    history: str | History | Mapping[str, Any] | None = None,
    patient_output: bool = False,
) -> SimulationResult:
    """Simulate every strategy of a scenario on the same patients.

    Parameters
    ----------
    patients, draws, seed : patients in each parameter draw, draws, and the seed that names all luck; default
        those of the scenario (full effort).
    execution : where and on how many workers it runs, and the run folder that it can go on from (`Execution`);
        default all cores and no folder. It changes no bit of the result.
    evidence, parameters : the store to draw from, or parameters drawn before.
    history : what is known of one patient, by its name in the scenario or as data; the simulation goes on from
        there: times and horizons count from its `now`, hidden frailties follow the law that it leaves. The parameters
        stay as they were drawn: one patient says little about them, and is no target.
    patient_output : also stream every patient to Parquet below the run folder.

    Returns
    -------
    SimulationResult : what each strategy comes to, by draw; `.compare(...)` sets strategies side by side.

    Raises
    ------
    InputError : patients or draws that are no whole number from 1.
    ScenarioError : a run that no machine at hand could do (said before anything is drawn), or a run folder that
        holds another run.

    Example
    -------
    >>> import survsim
    >>> scenario = survsim.Scenario.from_yaml("analyses/07_scenario_gallery/first_line.yml")
    >>> survsim.simulate(scenario, patients=100, draws=10).strategies
    ('ifosfamide', 'ifosfamide_doublet')
    """
    if parameters is None:
        check_size(scenario, patients, draws)
    used = scenario.content.seed if seed is None else seed
    drawn = parameters or scenario_parameters(scenario, draws=draws, seed=used, evidence=evidence)
    c = scenario.content
    if c.cohort is not None:
        if history is not None or patient_output:
            raise ScenarioError(
                f"{scenario.path.name} declares a cohort: it has no patients, and takes no history of one."
            )
        return cohort_of(
            scenario,
            drawn.draws(),
            draws=draws,
            patients=c.full.patients if patients is None else patients,
            seed=used,
            provenance=Provenance.of("scenario", drawn, name=scenario.name),
        )
    run = run_of(scenario, drawn, patients=patients, draws=draws, seed=seed, history=history)
    return run.simulated(execution, grid_step=c.outcomes.grid_step, patient_output=patient_output)


def run_of(
    scenario: Scenario,
    drawn: Parameters,
    *,
    patients: int | None = None,
    draws: int | None = None,
    seed: int | None = None,
    history: str | History | Mapping[str, Any] | None = None,
) -> Run:
    """A scenario's simulation as data: its model with the parameters drawn, and what is asked of it."""
    c = scenario.content
    rows = [f"strategies:{s.name}" for s in scenario.strategies]
    return Run(
        model=scenario.model(drawn.draws(), history=history),
        patients=c.full.patients if patients is None else patients,
        draws=draws,
        seed=c.seed if seed is None else seed,
        taus=c.outcomes.tau,
        times=c.outcomes.alive_at,
        provenance=Provenance.of("scenario", drawn, *rows, name=scenario.name),
    )


def check_size(scenario: Scenario, patients: int | None, draws: int | None) -> None:
    """Refuse sizes before parameters are drawn: a billion draws of them alone would fill the memory."""
    c = scenario.content
    strategies = len(c.cohort.strategies if c.cohort else scenario.strategies)
    points = grid_points(c.horizon, c.outcomes.grid_step)
    refuse_size(
        c.full.patients if patients is None else patients,
        c.full.draws if draws is None else draws,
        strategies,
        strategies * len(c.states) * points + len(c.parameters) * ARRAYS_PER_PARAMETER,
    )
