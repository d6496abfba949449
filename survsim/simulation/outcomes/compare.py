"""Comparing strategies on the same patients."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from survsim.core.checks import FloatArray, one_of
from survsim.core.errors import SmallSampleWarning, warn
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.simulation.declared.counted import JOINT
from survsim.simulation.outcomes.covariances import Covariances
from survsim.simulation.outcomes.intervals import draw_interval


class Simulated(Protocol):
    """What a comparison needs of a simulation; see `SimulationResult` for the shapes."""

    @property
    def provenance(self) -> Provenance: ...
    @property
    def strategies(self) -> tuple[str, ...]: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    @property
    def measures(self) -> tuple[str, ...]: ...
    @property
    def means(self) -> FloatArray: ...
    @property
    def covariances(self) -> Covariances: ...
    @property
    def mc_covariance(self) -> FloatArray: ...
    @property
    def n_draws(self) -> int: ...
    @property
    def conf_level(self) -> float: ...
    @property
    def time_unit(self) -> str: ...
    def measure(self, name: str, time: float | None = None) -> Any: ...
    def measure_index(self, name: str, time: float | None) -> int: ...


@result
class StrategyComparison(Result):
    """Paired differences from a reference strategy, by measure.

    Attributes
    ----------
    difference, conf_low, conf_high, mc_std_error : (measures, strategies); exactly 0 for equal strategies.
    probability_higher : share of draws in which the measure is above the reference's, ties split.
    variance_reduction : variance of the difference with independent patients over that with the same
        patients, (measures, strategies); 1 means pairing did not help, infinity where the two never differ.
    units : unit of each measure; empty where they were not kept.
    """

    reference: str
    strategies: tuple[str, ...]
    labels: tuple[str, ...]
    measures: tuple[str, ...]
    difference: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    mc_std_error: FloatArray
    probability_higher: FloatArray
    variance_reduction: FloatArray
    time_unit: str
    conf_level: float
    units: tuple[str, ...] = ()

    def columns(self) -> Columns:
        """Columns strategy, reference, measure, difference, conf_low, conf_high, mc_std_error,
        probability_higher, variance_reduction."""
        m, s = np.meshgrid(np.arange(len(self.measures)), np.arange(len(self.strategies)), indexing="ij")
        columns = (
            "difference",
            "conf_low",
            "conf_high",
            "mc_std_error",
            "probability_higher",
            "variance_reduction",
        )
        return {
            "strategy": np.array(self.strategies)[s.ravel()],
            "reference": self.reference,
            "measure": np.array(self.measures)[m.ravel()],
            **{c: getattr(self, c).ravel() for c in columns},
        }

    def headline(self) -> str:
        return f"Differences from {self.reference} on the same patients, time in {self.time_unit}"


def compare_strategies(simulation: Simulated, reference: str | None = None) -> StrategyComparison:
    """Paired differences of every measure from a reference strategy (default: the first).

    Warns where the Monte Carlo error of a difference exceeds a tenth of the width of its interval.
    """
    names = simulation.strategies
    # sums of an effect and a cost serve their joint error alone
    kept = [m for m, name in enumerate(simulation.measures) if not name.startswith(JOINT)]
    ref = names.index(one_of("reference", reference or names[0], names))
    own = simulation.covariances.own[:, kept]
    paired = own + own[..., ref : ref + 1] - 2.0 * simulation.covariances.against(ref)[:, kept]
    # rounding can leave a tiny negative variance where two strategies nearly agree
    paired = np.maximum(paired, 0.0)
    unpaired = own + own[..., ref : ref + 1]
    by_draw = (simulation.means - simulation.means[..., ref : ref + 1])[:, kept]
    low, high = draw_interval(np.moveaxis(by_draw, 0, -1), simulation.conf_level)
    with np.errstate(divide="ignore", invalid="ignore"):
        reduction = np.where(paired.sum(axis=0) > 0, unpaired.sum(axis=0) / paired.sum(axis=0), np.inf)
    error = np.sqrt(paired.sum(axis=0)) / simulation.n_draws
    _warn_if_noisy(error, high - low)
    return StrategyComparison(
        provenance=Provenance.of("compare", simulation.provenance, reference=names[ref]),
        reference=names[ref],
        strategies=names,
        labels=simulation.labels,
        measures=tuple(simulation.measures[m] for m in kept),
        difference=by_draw.mean(axis=0),
        conf_low=low,
        conf_high=high,
        mc_std_error=error,
        probability_higher=((by_draw > 0) + 0.5 * (by_draw == 0)).mean(axis=0),
        variance_reduction=reduction,
        time_unit=simulation.time_unit,
        conf_level=simulation.conf_level,
        units=_kept_units(simulation, kept),
    )


def _kept_units(simulation: Simulated, kept: list[int]) -> tuple[str, ...]:
    """Units of the measures that are compared, where the simulation knows them."""
    units = getattr(simulation, "units", ())
    return tuple(units[m] for m in kept) if units else ()


def _warn_if_noisy(error: FloatArray, width: FloatArray) -> None:
    noisy = np.isfinite(width) & (width > 0) & (error > 0.1 * width)
    if noisy.any():
        warn(
            f"the Monte Carlo error exceeds a tenth of the interval over draws in {int(noisy.sum())} of "
            f"{noisy.size} comparisons; simulate more patients or draws.",
            SmallSampleWarning,
        )
