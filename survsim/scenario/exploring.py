"""A scenario asked again in a moment: other effects, horizon or patient, on the same few patients with the same luck."""

from __future__ import annotations

import dataclasses
import math
import time
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.display import displayed
from survsim.core.errors import InputError, ScenarioError, SurvsimWarning
from survsim.core.execution import Execution
from survsim.core.file_faults import meant
from survsim.evidence.ask.store import EvidenceStore
from survsim.scenario.exploring_doses import LEAST_GY, MOST_CYCLES, MOST_GY, Dose, dosed, doses_of, irradiates
from survsim.scenario.moving import middle_of, moved_to
from survsim.scenario.parameterise import Parameters
from survsim.scenario.run import scenario_parameters
from survsim.scenario.spec import Scenario
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.population import Covariate, Population
from survsim.simulation.declared.strategy import named_numbers
from survsim.simulation.outcomes.result import SimulationResult
from survsim.simulation.running.run import simulate_model

PATIENTS = 2000
"""Patients of a redraw, where that many are fast enough."""
FEWEST = 200
MOST = 1_000_000
SECONDS = 0.15
"""What one simulation may take, so that with its picture a redraw stays below 0.3 s."""
DRAWS = 200
"""Draws from which the middle and the range of each parameter are taken."""
HORIZON, STATUS = "horizon", "performance_status"


@displayed
@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One thing that may be changed: its name, in words, where it stands and between which limits.

    `kind` is ``effect``, ``dose``, ``course``, ``patient`` or ``horizon``; `logarithmic` says that steps are ratios.
    """

    name: str
    label: str
    kind: str
    value: float
    low: float
    high: float
    whole: bool = False
    logarithmic: bool = False


@displayed
@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Redrawn:
    """One answer of an `Explorer`.

    Attributes
    ----------
    times : (t,) up to the horizon; survival : (strategies, t), the share alive.
    labels : of the strategies; horizon : to which the mean time alive counts, in `time_unit`.
    months : (strategies,) mean time alive to the horizon; difference : (strategies,) from the reference, with its Monte
        Carlo standard error `mc_std_error`. Neither holds what is unknown of the parameters.
    patients : simulated in each strategy; seconds : that the simulation took.
    cord_dose : (strategies,) mean dose to the cord of all patients in Gy EQD2; empty where nobody may be irradiated.
    myelopathy : (models, strategies) share with myelopathy by each of `myelopathy_models`.
    """

    labels: tuple[str, ...]
    reference: int
    time_unit: str
    horizon: float
    times: FloatArray
    survival: FloatArray
    months: FloatArray
    difference: FloatArray
    mc_std_error: FloatArray
    patients: int
    seconds: float
    cord_dose: FloatArray
    myelopathy_models: tuple[str, ...]
    myelopathy: FloatArray

    def told(self) -> str:
        """What the numbers are and are not."""
        dose = (
            " Gy act on the cord alone: no effect on the tumour follows them." if self.cord_dose.size else ""
        )
        return (
            f"{self.patients} simulated patients a strategy, the same patients and luck at every setting; every parameter "
            f"that is not moved stands at its median, so nothing here says how uncertain the parameters are.{dose}"
        )


class Explorer:
    """A scenario that answers at once what other effects, another horizon or another patient would change.

    What is not moved stands at its median; shares of one whole (``law: dirichlet``) stand at their means, which add up to 1,
    and where one of them is moved the others keep their ratios to each other.

    Parameters
    ----------
    scenario : what is simulated.
    evidence, parameters : the store that its rows are read from, or parameters drawn before.
    patients : simulated in each strategy; by default as many, up to 2000, as one redraw has time for.

    Raises
    ------
    EvidenceError, ScenarioError : as `scenario_parameters`.
    InputError : patients that are no whole number from 2.

    Example
    -------
    >>> import survsim
    >>> scenario = survsim.Scenario.from_yaml("analyses/07_scenario_gallery/first_line.yml")
    >>> explorer = survsim.scenario.Explorer(scenario, patients=300)
    >>> at_half = explorer.redraw(hr_second_drug=0.5, horizon=24)
    >>> bool(at_half.difference[1] > explorer.redraw(hr_second_drug=1.0, horizon=24).difference[1])
    True
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        evidence: EvidenceStore | None = None,
        parameters: Parameters | None = None,
        patients: int | None = None,
    ) -> None:
        whole = isinstance(patients, int | np.integer) and not isinstance(patients, bool)
        if patients is not None and not (whole and 2 <= patients <= MOST):
            raise InputError(f"patients must be a whole number from 2 to {MOST}; got {patients!r}.")
        drawn = parameters or scenario_parameters(scenario, draws=DRAWS, evidence=evidence)
        self.scenario = scenario
        self.doses = doses_of(scenario)
        self.irradiates = irradiates(scenario)
        self.middle = middle_of(scenario.content, drawn.draws())
        model = scenario.model({name: np.array([value]) for name, value in self.middle.items()})
        self.controls = tuple(
            dataclasses.replace(c, low=_least(model, self.doses, c)) if c.kind == "dose" and c.whole else c
            for c in _controls(scenario, drawn.draws(), self.middle)
        )
        self._horizon = next(c.value for c in self.controls if c.name == HORIZON)
        self.patients = int(patients) if patients is not None else self._affordable()

    def __repr__(self) -> str:
        kinds = [c.kind for c in self.controls]
        return (
            f"Explorer of {self.scenario.name}: {kinds.count('effect')} effects, {kinds.count('dose')} doses, {kinds.count('course')} other numbers, "
            f"{kinds.count('patient')} of the patient, horizon; {self.patients} patients a strategy"
        )

    def redraw(self, **values: float) -> Redrawn:
        """The answer at other values of some controls; the others stand where they began.

        Parameters
        ----------
        values : by the name of a control.

        Raises
        ------
        InputError : a name that is no control, or a value outside its limits.
        ScenarioError : values under which the model cannot be simulated.
        """
        began = time.perf_counter()
        self._check(values)
        tau = float(values.get(HORIZON, self._horizon))
        simulated = self._simulated(values, self.patients, tau)
        reference = simulated.strategies.index(self.scenario.content.outcomes.reference)
        with warnings.catch_warnings():
            # How wide the Monte Carlo error is stands beside each number.
            warnings.simplefilter("ignore", SurvsimWarning)
            paired = simulated.compare(self.scenario.content.outcomes.reference).to_frame()
        paired = paired[paired["measure"] == f"survival_time@{tau:g}"].set_index("strategy")
        paired = paired.reindex(list(simulated.strategies))
        curve = simulated.survival()
        kept = curve.time <= tau + 1e-9
        return Redrawn(
            labels=simulated.labels,
            reference=reference,
            time_unit=self.scenario.time_unit,
            horizon=tau,
            times=curve.time[kept],
            survival=curve.estimate[:, kept],
            months=simulated.rmst(tau).estimate,
            difference=paired["difference"].fillna(0.0).to_numpy(dtype=np.float64),
            mc_std_error=paired["mc_std_error"].fillna(0.0).to_numpy(dtype=np.float64),
            patients=self.patients,
            seconds=time.perf_counter() - began,
            **_harm(simulated if self.irradiates else None),
        )

    def _check(self, values: Mapping[str, float]) -> None:
        known = {c.name: c for c in self.controls}
        for name, value in values.items():
            if name not in known:
                raise InputError(
                    f"there is no control {name!r}{meant(name, known)} There are: {', '.join(known)}."
                )
            one = known[name]
            if isinstance(value, bool) or not isinstance(value, int | float | np.number):
                raise InputError(f"{name} must be a number; got {value!r}.")
            if not (math.isfinite(value) and one.low <= value <= one.high):
                raise InputError(f"{name} lies between {one.low:g} and {one.high:g}; got {value:g}.")
            if one.whole and float(value) != int(value):
                raise InputError(f"{name} is a whole number; got {value:g}.")

    def _simulated(self, moved: Mapping[str, float], patients: int, tau: float) -> SimulationResult:
        numbers = self.numbers(moved)
        model = self.scenario.model({name: np.array([value]) for name, value in numbers.items()})
        return simulate_model(
            self.moved(model, moved),
            patients=patients,
            seed=self.scenario.content.seed,
            taus=[tau],
            execution=Execution(executor="local", workers=1),
        )

    def moved(self, model: Model, moved: Mapping[str, Any]) -> Model:
        """The model for another patient and other doses; the same model where neither was moved."""
        if any(c.name in moved for c in self.controls if c.kind == "patient"):
            model = dataclasses.replace(model, population=_patient(model.population, moved))
        return dosed(model, self.doses, moved)

    def numbers(self, moved: Mapping[str, float]) -> dict[str, float]:
        """Every parameter: moved, in its middle, or following from others by its rule."""
        middle = {name: np.array([value]) for name, value in self.middle.items()}
        to = {name: np.array([float(value)]) for name, value in moved.items() if name in middle}
        return {name: float(value[0]) for name, value in moved_to(self.scenario.content, middle, to).items()}

    def _affordable(self) -> int:
        """Patients that can be simulated within the time of a redraw, measured after a first run has warmed up."""
        self._simulated({}, FEWEST, self._horizon)
        began = time.perf_counter()
        self._simulated({}, PATIENTS, self._horizon)
        took = time.perf_counter() - began
        return PATIENTS if took <= SECONDS else max(FEWEST, int(PATIENTS * SECONDS / took) // 100 * 100)


def _controls(
    scenario: Scenario, draws: Mapping[str, FloatArray], middle: Mapping[str, float]
) -> tuple[Control, ...]:
    """Effects first, then the horizon, the patient and what else varies."""
    c = scenario.content
    treatments = [*c.treatments.values(), *(t for s in scenario.strategies for t in s.treatments.values())]
    effects = set(named_numbers([t.effects for t in treatments]))
    found: dict[str, list[Control]] = {"effect": [], "course": []}
    for name, one in c.parameters.items():
        low, high = np.quantile(draws[name], [0.005, 0.995])
        kind = "effect" if name in effects else "course"
        if (kind == "course" and one.source == "derived") or not low < high:
            continue
        positive = bool(draws[name].min() > 0)
        if kind == "effect" and positive:
            low, high = min(low, 0.25, middle[name]), max(high, 2.0, middle[name])
        found[kind].append(
            Control(
                name=name,
                label=one.meaning,
                kind=kind,
                value=middle[name],
                low=float(min(low, middle[name])),
                high=float(max(high, middle[name])),
                logarithmic=bool(positive and high > 4 * low),
            )
        )
    tau = c.outcomes.decision_tau
    horizon = Control(
        name=HORIZON,
        label=f"horizon in {c.time_unit}",
        kind=HORIZON,
        value=tau,
        low=min(1.0, tau),
        high=c.horizon,
    )
    return (
        *found["effect"],
        *_of_the_doses(scenario),
        horizon,
        *_of_the_patient(scenario),
        *found["course"],
    )


def _of_the_doses(scenario: Scenario) -> list[Control]:
    made = []
    for dose in doses_of(scenario):
        cycles = dose.number == "cycles"
        made.append(
            Control(
                name=dose.name,
                label=dose.label,
                kind="dose",
                value=dose.planned,
                low=1.0 if cycles else LEAST_GY * dose.planned,
                high=(MOST_CYCLES if cycles else MOST_GY) * dose.planned,
                whole=cycles,
            )
        )
    return made


def _least(model: Model, doses: tuple[Dose, ...], control: Control) -> float:
    """The fewest cycles under which the model can be simulated: an effect may ask for a least exposure."""
    for cycles in range(1, int(control.value)):
        try:
            dosed(model, doses, {control.name: float(cycles)})
        except ScenarioError:
            continue
        return float(cycles)
    return control.value


def _harm(simulated: SimulationResult | None) -> dict[str, Any]:
    """What the cord got, and the harm of it; nothing where nobody may be irradiated."""
    if simulated is None:
        return {"cord_dose": np.empty(0), "myelopathy_models": (), "myelopathy": np.empty((0, 0))}
    names = [m for m in simulated.measures if m.startswith("myelopathy/")]
    shares = [simulated.measure(name).estimate for name in names]
    return {
        "cord_dose": simulated.measure("cord_dose").estimate,
        "myelopathy_models": tuple(name.removeprefix("myelopathy/") for name in names),
        "myelopathy": np.array(shares).reshape(len(names), len(simulated.strategies)),
    }


def _of_the_patient(scenario: Scenario) -> list[Control]:
    """Performance status and covariates, each where a hazard or a rule of a strategy asks for it."""
    c = scenario.content
    population = c.population
    acting: set[str | None] = {name for t in c.transitions for name in t.covariates}
    clauses = [
        clause
        for s in scenario.strategies
        for line in s.lines
        for group in line.alternatives()
        for clause in group
    ]
    acting |= {clause.name if clause.quantity == "covariate" else clause.quantity for clause in clauses}
    made = []
    if STATUS in acting:
        status = population.performance_status
        at = float(round(float(status if isinstance(status, int) else np.dot(status, range(5)))))
        made.append(
            Control(
                name=STATUS,
                label="performance status (ECOG)",
                kind="patient",
                value=at,
                low=0,
                high=4,
                whole=True,
            )
        )
    for one in population.covariates:
        low, middle, high = (float(v) for v in _range(one))
        if low < high and one.name in acting:
            made.append(
                Control(
                    name=one.name,
                    label=one.name.replace("_", " "),
                    kind="patient",
                    value=middle,
                    low=low,
                    high=high,
                    whole=one.distribution == "bernoulli",
                )
            )
    return made


def _range(one: Covariate) -> FloatArray:
    """Low, middle and high of a covariate whose numbers are all given as figures; three equal ones where they are not."""
    if any(isinstance(v, str) for v in (one.value, one.mean, one.sd, one.low, one.high, one.probability)):
        return np.zeros(3)
    if one.distribution == "bernoulli":
        return np.array([0.0, round(float(one.probability or 0.0)), 1.0])
    return one.values(np.array([0.01, 0.5, 0.99]), float)


def _patient(population: Population, moved: Mapping[str, float]) -> Population:
    """The population in which everybody has what was moved; the rest varies as it did."""
    covariates = tuple(
        Covariate(name=one.name, distribution="fixed", value=float(moved[one.name]))
        if one.name in moved
        else one
        for one in population.covariates
    )
    update: dict[str, Any] = {"covariates": covariates}
    if STATUS in moved:
        update["performance_status"] = int(moved[STATUS])
    return population.model_copy(update=update)
