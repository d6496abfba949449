"""Does the simulation give back what was published? Calibration to some targets, judgement by others.

A target is a published median or survival point of an arm, and the strategy that stands for that arm. Used and
held-out targets are disjoint; each says which it is. Both sides are compared on the pooling scale (log for medians,
logit for points): the published value with its standard error, the simulated value per parameter draw.

Calibration is approximate Bayes by importance: draw d gets the weight
``w_d = exp(-1/2 sum_j (theta_dj - y_j)^2 / s_j^2)`` over the used targets j, the likelihood of the published values
if draw d were the truth. The effective number of draws says whether the parameters could reach the targets at all
(Kish 1965; as a calibration method: Menzies et al. 2017, PharmacoEconomics 35:613).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field
from scipy.special import logit

from survsim.core.checks import FloatArray
from survsim.core.declared import Names
from survsim.core.errors import EvidenceWarning, InputError, ScenarioError, warn
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.scenario.parameter_spec import Reading
from survsim.scenario.parameterise import Records
from survsim.scenario.row_effects import back_transform, row_effect

if TYPE_CHECKING:
    from survsim.simulation.outcomes.result import SimulationResult

LEAST_EFFECTIVE = 30
"""Fewer effective draws than this, and the calibrated interval is itself a guess."""


class Target(Reading):
    """One published number a simulation should give back.

    `outcome` is "median" or "survival" (at the row's own time); `states` are those that count as event-free:
    all living states for overall survival, the states before progression for progression-free survival.
    """

    row: str
    strategy: str
    outcome: Literal["median", "survival"]
    states: Names = Field(min_length=1)
    use: Literal["calibrate", "hold_out"]
    spread: float = Field(
        default=0.0, ge=0, description="extra SD of one arm around the strategy, pooling scale"
    )


@result
class TargetCheck(Result):
    """Published against simulated, target by target.

    Attributes
    ----------
    rows, strategies, uses : (k,) which target, which strategy, "calibrate" or "hold_out".
    published, published_low, published_high : (k,) with 95% interval, natural scale.
    simulated, simulated_low, simulated_high : (k,) weighted mean over draws and 95% predictive interval, which
        holds the draws' spread, the arm's own spread and its sampling error.
    inside : (k,) whether the published value lies in the predictive interval.
    weight : (d,) weights of the draws, equal before calibration; effective_draws : their Kish size.
    """

    rows: tuple[str, ...]
    strategies: tuple[str, ...]
    uses: tuple[str, ...]
    published: FloatArray
    published_low: FloatArray
    published_high: FloatArray
    simulated: FloatArray
    simulated_low: FloatArray
    simulated_high: FloatArray
    inside: np.ndarray[Any, np.dtype[np.bool_]]
    weight: FloatArray
    effective_draws: float

    def columns(self) -> Columns:
        """Columns row, strategy, use, published, published_low, published_high, simulated, simulated_low,
        simulated_high, inside."""
        names = (
            "published",
            "published_low",
            "published_high",
            "simulated",
            "simulated_low",
            "simulated_high",
        )
        frame = {"row": self.rows, "strategy": self.strategies, "use": self.uses}
        return frame | {n: getattr(self, n) for n in names} | {"inside": self.inside}

    def headline(self) -> str:
        held = [i for i, use in enumerate(self.uses) if use == "hold_out"]
        hit = int(self.inside[held].sum())
        return (
            f"{len(self.rows)} targets, {len(held)} held out: {hit} of {len(held)} inside the 95% predictive "
            f"interval; {self.effective_draws:.0f} effective draws"
        )


def check_targets(
    simulation: SimulationResult, targets: Sequence[Target], records: Records, *, calibrate: bool = True
) -> TargetCheck:
    """Compare a simulation with published numbers, after weighting its draws by the used targets.

    Parameters
    ----------
    simulation : result with the strategies the targets name.
    targets : published numbers; each is used or held out.
    records : finds the `Estimate` of an id.
    calibrate : weight the draws by the used targets; False compares as simulated.

    Returns
    -------
    TargetCheck : published and simulated value of each target, whether the one lies in the other's interval, and the weights of the draws.

    Raises
    ------
    ScenarioError : a row twice, an unknown strategy or state, or a row of another measure.

    Example
    -------
    >>> import survsim
    >>> from survsim.scenario import check_targets, read_targets
    >>> scenario = survsim.Scenario.from_yaml("analyses/07_scenario_gallery/first_line.yml")
    >>> simulated = survsim.simulate(scenario, patients=200, draws=20)
    >>> targets = read_targets("analyses/07_scenario_gallery/scenario.yml")["first_line"]
    >>> found = check_targets(simulated, targets, survsim.load_evidence().estimate, calibrate=False)
    >>> len(found.inside) == len(targets)
    True
    """
    _check(simulation, targets)
    _warn_of_double_use(simulation, targets, records)
    effects = [
        row_effect(records(t.row), _SCALE[t.outcome], simulation.time_unit, **t.allowed()) for t in targets
    ]
    simulated = np.array([_simulated(simulation, t, records(t.row)) for t in targets])
    observed = np.array([e.estimate for e in effects])
    error = np.array([np.hypot(e.std_error, t.spread) for e, t in zip(effects, targets)])
    used = np.array([t.use == "calibrate" for t in targets])
    weight = (
        _weights(simulated[used], observed[used], error[used]) if calibrate else _equal(simulation.n_draws)
    )
    effective = 1.0 / float(np.sum(weight**2))
    if calibrate and used.any() and effective < LEAST_EFFECTIVE:
        warn(
            f"only {effective:.1f} of {simulation.n_draws} draws fit the used targets; simulate more draws, or see "
            "whether the prior of a parameter excludes what was published.",
            EvidenceWarning,
        )
    mean = simulated @ weight
    spread = np.sqrt(((simulated - mean[:, None]) ** 2) @ weight + error**2)
    own = np.array([e.std_error for e in effects])
    ends = {
        "published": (observed, own),
        "simulated": (mean, spread),
    }
    natural = {}
    for name, (centre, sd) in ends.items():
        for side, shift in (("", 0.0), ("_low", -1.959964), ("_high", 1.959964)):
            natural[name + side] = np.array(
                [
                    float(back_transform(np.asarray(c + shift * s), _SCALE[t.outcome]))
                    for c, s, t in zip(centre, sd, targets)
                ]
            )
    return TargetCheck(
        provenance=Provenance.of(
            "check_targets", simulation, [e.source or e.label for e in effects], calibrated=calibrate
        ),
        rows=tuple(t.row for t in targets),
        strategies=tuple(t.strategy for t in targets),
        uses=tuple(t.use for t in targets),
        inside=np.abs(observed - mean) <= 1.959964 * spread,
        weight=weight,
        effective_draws=effective,
        **natural,
    )


def _warn_of_double_use(simulation: SimulationResult, targets: Sequence[Target], records: Records) -> None:
    """A row behind a parameter of the simulation that is a target as well."""
    behind = set(simulation.provenance.references())
    for target in targets:
        if records(target.row).reference in behind:
            harm = "its patients count twice" if target.use == "calibrate" else "it is no longer held out"
            warn(
                f"{target.row} is a target of strategy {target.strategy} ({target.use}) and stands behind a parameter of the "
                f"simulation as well: {harm}. Drop one of the two.",
                EvidenceWarning,
            )


def calibrated_mean(values: FloatArray, weight: FloatArray) -> tuple[float, float, float]:
    """Weighted mean and central 95% interval of one quantity over draws (d,)."""
    kept = weight > 0
    values, weight = values[kept], weight[kept]
    order = np.argsort(values)
    cumulative = np.cumsum(weight[order]) - 0.5 * weight[order]
    low, high = np.interp([0.025, 0.975], cumulative, values[order])
    return float(values @ weight), float(low), float(high)


_SCALE: Mapping[str, str] = {"median": "median", "survival": "proportion"}


def _simulated(simulation: SimulationResult, target: Target, record: Any) -> FloatArray:
    """The target's quantity in each draw (d,), on the pooling scale."""
    s = simulation.strategies.index(target.strategy)
    free = [simulation.states.index(state) for state in target.states]
    curve = simulation.counts[:, s, free].sum(axis=1) / simulation.n_patients
    if target.outcome == "survival":
        n = simulation.n_patients
        at = np.array([np.interp(record.time, simulation.grid, c) for c in curve])
        return logit(np.clip(at, 0.5 / n, 1 - 0.5 / n))
    return np.log(np.array([_median(simulation.grid, c) for c in curve]))


def _median(grid: FloatArray, curve: FloatArray) -> float:
    below = np.flatnonzero(curve <= 0.5)
    if not below.size:
        raise ScenarioError(
            f"a simulated median is not reached within {grid[-1]:g}; lengthen the horizon or target a survival point."
        )
    k = int(below[0])
    if k == 0:
        return float(grid[1]) * 0.5
    rise = (curve[k - 1] - 0.5) / (curve[k - 1] - curve[k])
    return float(grid[k - 1] + rise * (grid[k] - grid[k - 1]))


def _weights(simulated: FloatArray, observed: FloatArray, error: FloatArray) -> FloatArray:
    if not simulated.size:
        return _equal(simulated.shape[1])
    log_weight = -0.5 * np.sum(((simulated - observed[:, None]) / error[:, None]) ** 2, axis=0)
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum()


def _equal(n: int) -> FloatArray:
    return np.full(n, 1.0 / n)


def _check(simulation: SimulationResult, targets: Sequence[Target]) -> None:
    if not targets:
        raise InputError("no target was given; name at least one published number.")
    rows = [t.row for t in targets]
    faults = [
        f"row {r} stands twice: a target is used or held out, not both"
        for r in {r for r in rows if rows.count(r) > 1}
    ]
    for t in targets:
        if t.strategy not in simulation.strategies:
            faults.append(f"{t.row}: strategy {t.strategy!r} is none of {', '.join(simulation.strategies)}")
        unknown = [s for s in t.states if s not in simulation.states]
        faults += [f"{t.row}: state {s!r} is none of {', '.join(simulation.states)}" for s in unknown]
    if faults:
        raise ScenarioError("the targets do not fit the simulation:\n  " + "\n  ".join(faults))
