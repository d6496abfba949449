"""The answer under each structural alternative, on the same patients and the same luck."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import InputError, SmallSampleWarning
from survsim.core.execution import Execution
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.estimate.calibration.calibrated import EvidenceCalibration
from survsim.evidence.ask.store import EvidenceStore
from survsim.scenario.own_evidence import evidence_of
from survsim.scenario.run import drawn_parameters, run_of, simulate
from survsim.scenario.spec import Scenario
from survsim.simulation.declared.counted import QUALITY
from survsim.simulation.running.several import simulated_each

if TYPE_CHECKING:
    from survsim.simulation.declared.history import History

AS_DECLARED = "as_declared"
"""Name of the scenario itself among its alternatives."""


@result
class StructuralSensitivity(Result):
    """Expected survival of each strategy under each alternative.

    Attributes
    ----------
    alternatives, labels : (a,) names and words, the scenario as declared first.
    strategies, reference : (s,) compared, and whom against; taus : (t,) horizons.
    mean : (a, t, s) restricted mean survival; gain : over the reference, with gain_low, gain_high over draws and
        gain_error, the Monte Carlo standard error.
    probability_best : (a, t, s) share of draws; rank : (a, t, s) by expected survival, 1 is the best.
    quality, quality_gain, quality_best : (a, t, s) the same of quality-adjusted time: by the utilities of the states, else the
        first outcome of kind quality under `values`, else survival, where the scenario gives no utilities.
    groups : (g,) groups of states; in_group : (a, t, g, s) mean time in each, such as walking.
    """

    alternatives: tuple[str, ...]
    labels: tuple[str, ...]
    strategies: tuple[str, ...]
    reference: str
    taus: tuple[float, ...]
    mean: FloatArray
    gain: FloatArray
    gain_low: FloatArray
    gain_high: FloatArray
    gain_error: FloatArray
    probability_best: FloatArray
    rank: FloatArray
    quality: FloatArray
    quality_gain: FloatArray
    quality_best: FloatArray
    groups: tuple[str, ...]
    in_group: FloatArray
    unit: str

    def columns(self) -> Columns:
        """Columns alternative, label, tau, strategy, mean, gain, gain_low, gain_high, gain_error, probability_best, rank,
        quality, quality_gain, quality_best, and time_in_<group> of each group."""
        a, t, s = self.mean.shape
        names = _MEASURES
        return {
            "alternative": np.repeat(self.alternatives, t * s),
            "label": np.repeat(self.labels, t * s),
            "tau": np.tile(np.repeat(self.taus, s), a),
            "strategy": np.tile(self.strategies, a * t),
            **{name: getattr(self, name).ravel() for name in names},
            **{f"time_in_{g}": self.in_group[:, :, i].ravel() for i, g in enumerate(self.groups)},
        }

    @property
    def votes(self) -> tuple[int, ...]:
        """Indices of the alternatives that change how long somebody lives, the declared scenario among them.

        An alternative about quality or cost has the survival of the scenario itself and is no further vote on it.
        """
        declared = self.mean[0]
        changed = [not np.allclose(m, declared, rtol=0.0, atol=1e-9) for m in self.mean[1:]]
        return (0, *(i for i, differs in enumerate(changed, start=1) if differs))

    def first(self, tau: float) -> dict[str, int]:
        """Strategy -> under how many of the `votes` it comes first to `tau`; those that tie are all counted.

        Raises
        ------
        InputError : a horizon that is not among `taus`.
        """
        if float(tau) not in self.taus:
            known = ", ".join(f"{t:g}" for t in self.taus)
            raise InputError(f"tau must be one of {known}; got {tau!r}.")
        ranks = self.rank[list(self.votes), self.taus.index(float(tau))]
        return {name: int(np.sum(ranks[:, s] == 1)) for s, name in enumerate(self.strategies)}

    def headline(self) -> str:
        first = self.rank[0].argmin(axis=1)
        turned = sum(bool(np.any(r.argmin(axis=1) != first)) for r in self.rank[1:])
        return (
            f"Structural sensitivity: {len(self.alternatives) - 1} alternatives, gain over {self.reference!r} in "
            f"{self.unit}; another strategy comes first under {turned} of them"
        )


def structural_sensitivity(
    scenario: Scenario,
    *,
    alternatives: Sequence[str] | None = None,
    taus: Sequence[float] | None = None,
    patients: int | None = None,
    draws: int | None = None,
    seed: int | None = None,
    execution: Execution | None = None,
    evidence: EvidenceStore | None = None,
    calibration: EvidenceCalibration | None = None,
    recalibrated: Mapping[str, tuple[str, EvidenceCalibration]] | None = None,
    history: str | History | Mapping[str, Any] | None = None,
) -> StructuralSensitivity:
    """Simulate a scenario and each of its `overrides`, with common random numbers.

    Each alternative draws its parameters from the same streams, and its patients have the same luck: what differs
    between two rows of the table is the structure alone.

    Parameters
    ----------
    alternatives : names of overrides, default all; taus : horizons, default those of the scenario.
    patients, draws, seed, execution, evidence, history : as for `survsim.simulate`.
    calibration : what parameters with ``source: calibration`` are drawn from.
    recalibrated : further alternatives, name -> label and a calibration to other targets or without declared bias;
        the scenario itself is as declared in them. Under the name of one of `alternatives` it is what that one is drawn
        from, with the label of the scenario.

    Returns
    -------
    StructuralSensitivity : mean and gain of each strategy under each alternative and horizon.

    Raises
    ------
    ScenarioError : an alternative that cannot be simulated, with its name.
    InputError : a tau that was not simulated.

    Example
    -------
    >>> import survsim
    >>> from survsim.scenario import structural_sensitivity
    >>> scenario = survsim.Scenario.from_yaml("analyses/07_scenario_gallery/first_line.yml")
    >>> sorted(set(structural_sensitivity(scenario, patients=2000, draws=20).to_frame()["alternative"]))
    ['as_declared']
    """
    names = tuple(scenario.content.overrides if alternatives is None else alternatives)
    store = evidence or evidence_of(scenario.path)
    given = dict(recalibrated or {})
    if AS_DECLARED in given:
        raise InputError(f"recalibrated names {AS_DECLARED}, which is the scenario itself.")
    others = {name: pair for name, pair in given.items() if name not in names}
    found = [(scenario, calibration)]
    found += [(scenario.overridden(name), given[name][1] if name in given else calibration) for name in names]
    found += [(scenario, other) for _, other in others.values()]
    horizons = tuple(scenario.content.outcomes.tau if taus is None else taus)
    if not horizons:
        raise InputError("taus is empty; give one horizon or more, or None for those of the scenario.")
    reference = scenario.content.outcomes.reference
    rows: dict[str, list[FloatArray]] = {name: [] for name in (*_MEASURES, "in_group")}
    groups = tuple(dict.fromkeys(g for one, _ in found for state in one.content.states for g in state.groups))
    kept: dict[Any, Any] = {}  # what an alternative takes from rows as the scenario does keeps its draws
    drawn = [drawn_parameters(one, store, of, draws=draws, seed=seed, kept=kept) for one, of in found]
    declared = [one.content.values.outcomes for one, _ in found if one.content.values is not None]
    weighed = (QUALITY, *(n for outcomes in declared for n, o in outcomes.items() if o.kind == "quality"))
    read = functools.partial(_answers, horizons, reference, groups, weighed)
    if any(one.content.cohort is not None for one, _ in found):
        told = [
            read(simulate(one, seed=seed, parameters=p, history=history, patients=patients))
            for (one, _), p in zip(found, drawn)
        ]
    else:
        runs = [
            run_of(one, p, patients=patients, seed=seed, history=history) for (one, _), p in zip(found, drawn)
        ]
        told = simulated_each("structural alternatives", runs, read, execution)
    sources = [answer.source for answer in told]
    for answer in told:
        for name, values in answer.values.items():
            rows[name].append(values)
    words = [scenario.content.overrides[name].label for name in names]
    return StructuralSensitivity(
        provenance=Provenance.of("structural_sensitivity", *sources, reference=reference),
        alternatives=(AS_DECLARED, *names, *others),
        labels=("as declared", *words, *(label for label, _ in others.values())),
        strategies=told[0].strategies,
        reference=reference,
        taus=horizons,
        groups=groups,
        **{name: np.stack(values) for name, values in rows.items()},
        unit=scenario.time_unit,
    )


_MEASURES = (
    "mean",
    "gain",
    "gain_low",
    "gain_high",
    "gain_error",
    "probability_best",
    "rank",
    "quality",
    "quality_gain",
    "quality_best",
)


@dataclass(frozen=True, slots=True)
class _Answer:
    """The measures (t, s) of one simulation, and the time in groups (t, g, s); of which strategies, and where from."""

    strategies: tuple[str, ...]
    source: Provenance
    values: dict[str, FloatArray]


def _answers(
    taus: tuple[float, ...],
    reference: str,
    groups: tuple[str, ...],
    weighed: tuple[str, ...],
    simulated: Any,
) -> _Answer:
    with warnings.catch_warnings():
        # an alternative may leave so little to differ over draws that any error is large beside it; gain_error tells it
        warnings.simplefilter("ignore", SmallSampleWarning)
        # a model that stands beside those of a cohort is no alternative to them
        compared = simulated.decision(taus[0]).strategies
        values = _measured(taus, reference, groups, weighed, simulated, compared)
    return _Answer(compared, simulated.provenance, values)


def _measured(
    taus: tuple[float, ...],
    reference: str,
    groups: tuple[str, ...],
    weighed: tuple[str, ...],
    simulated: Any,
    compared: tuple[str, ...],
) -> dict[str, FloatArray]:
    paired = simulated.compare(reference).to_frame().set_index(["measure", "strategy"])
    found: dict[str, list[FloatArray]] = {name: [] for name in (*_MEASURES, "in_group")}
    against = compared.index(reference)
    counted = {name.partition("@")[0] for name in simulated.measures}
    outcome = next((name for name in weighed if name in counted), None)
    for tau in taus:
        decision = simulated.decision(tau)
        gains = paired.loc[f"survival_time@{float(tau):.12g}"].loc[list(compared)]
        found["mean"].append(decision.expected)
        for name, column in (
            ("gain", "difference"),
            ("gain_low", "conf_low"),
            ("gain_high", "conf_high"),
            ("gain_error", "mc_std_error"),
        ):
            found[name].append(gains[column].to_numpy(float))
        found["probability_best"].append(decision.probability_best)
        # equal strategies share a rank: the least of theirs
        found["rank"].append(np.array([1.0 + np.sum(decision.expected > e) for e in decision.expected]))
        quality = decision if outcome is None else simulated.decision(tau, outcome=outcome)
        found["quality"].append(quality.expected)
        found["quality_gain"].append(quality.expected - quality.expected[against])
        found["quality_best"].append(quality.probability_best)
        inside = np.zeros((len(groups), len(compared)))
        for row, group in zip(inside, groups):
            # a structure without the group has nobody in it
            if f"time_in/{group}@{tau:.12g}" in simulated.measures:
                row[:] = simulated.measure(f"time_in/{group}", tau).estimate
        found["in_group"].append(inside)
    return {name: np.stack(values) for name, values in found.items()}
