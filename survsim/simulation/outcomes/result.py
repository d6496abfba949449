"""The result of a simulation: curves, occupancy, means and decisions, with two kinds of uncertainty apart.

The interval (`conf_low`, `conf_high`) runs over parameter draws: what is not known. `mc_std_error` is the
error of using so many simulated patients: what more computing would remove.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, one_of
from survsim.core.errors import InputError, SurvsimWarning, warn
from survsim.core.kinds import as_numbers
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.stored import read_result, write_result
from survsim.core.tables import Columns, stacked
from survsim.core.times import at_least_one, meet, same
from survsim.simulation.declared.counted import DISCOUNTED, JOINT, low_is_good, outcome_units
from survsim.simulation.declared.model import Model
from survsim.simulation.outcomes.compare import StrategyComparison, compare_strategies
from survsim.simulation.outcomes.cost_effectiveness import CostEffectiveness, cost_effectiveness
from survsim.simulation.outcomes.covariances import Again, Covariances
from survsim.simulation.outcomes.curves import SimulatedSurvival, StateOccupancy
from survsim.simulation.outcomes.decision import Decision, decide
from survsim.simulation.outcomes.intervals import draw_interval
from survsim.simulation.outcomes.joining import Totals
from survsim.simulation.outcomes.pieces import Job
from survsim.simulation.outcomes.storage import load_simulation, save_simulation

if TYPE_CHECKING:
    import pandas as pd
VISIBLE = 0.01
"""A share that may be off by more for lying between grid points is warned of."""


@result
class SimulatedMeans(Result):
    """Mean of one measure by strategy.

    Attributes
    ----------
    estimate : mean over draws (strategies,); conf_low, conf_high : interval over draws.
    mc_std_error : Monte Carlo standard error of the estimate (strategies,).
    by_draw : expected outcome (strategies, draws); mc_variance : its inner Monte Carlo variance.
    """

    measure: str
    unit: str
    strategies: tuple[str, ...]
    estimate: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    mc_std_error: FloatArray
    by_draw: FloatArray
    mc_variance: FloatArray
    conf_level: float

    def columns(self) -> Columns:
        """Columns strategy, measure, estimate, conf_low, conf_high, mc_std_error."""
        return {
            "strategy": self.strategies,
            "measure": self.measure,
            "estimate": self.estimate,
            "conf_low": self.conf_low,
            "conf_high": self.conf_high,
            "mc_std_error": self.mc_std_error,
        }

    def headline(self) -> str:
        return f"{self.measure} ({self.unit}), {self.by_draw.shape[1]} draws, {self.conf_level:.0%} interval over draws"


@result
class SimulationResult(Result):
    """Outcomes of all strategies on the same patients.

    Attributes
    ----------
    strategies, labels, states, measures : names along the axes of the arrays.
    grid : times (points,) of `counts`; the curves are exact there.
    counts : patients in each state, (draws, strategies, states, points).
    means : mean of each measure, (draws, measures, strategies).
    covariances : Monte Carlo covariances of `means`; `mc_covariance` has them as one array.
    n_patients, n_draws, seed, horizon, time_unit, taus, fingerprint : what was run.
    units : unit of each measure; lower_is_better : outcomes of which little is wanted.
    in_cycles : states change at the times of the grid alone, so that shares hold from one to the next.
    """

    strategies: tuple[str, ...]
    labels: tuple[str, ...]
    states: tuple[str, ...]
    death_states: tuple[str, ...]
    measures: tuple[str, ...]
    grid: FloatArray
    counts: np.ndarray[Any, np.dtype[np.int64]]
    means: FloatArray
    covariances: Covariances
    n_patients: int
    n_draws: int
    seed: int
    horizon: float
    time_unit: str
    taus: tuple[float, ...]
    conf_level: float
    fingerprint: str
    units: tuple[str, ...] = ()
    lower_is_better: tuple[str, ...] = ()
    in_cycles: bool = False

    @classmethod
    def from_totals(
        cls, job: Job, totals: Totals, again: Again, *, provenance: Provenance, fingerprint: str
    ) -> SimulationResult:
        """The result that the joined totals of a job amount to; `again` makes the run again for other pairs."""
        model, n = job.model, job.patients
        return cls(
            provenance=provenance,
            strategies=model.strategy_names,
            labels=tuple(s.title for s in model.strategies),
            states=model.state_names,
            death_states=tuple(s.name for s in model.states if s.death),
            measures=job.measures,
            grid=job.grid,
            counts=totals.counts,
            means=totals.sums / n,
            covariances=Covariances.from_totals(job, totals, again),
            n_patients=n,
            n_draws=job.draws,
            seed=job.seed,
            horizon=job.follow.horizon,
            time_unit=model.time_unit,
            taus=job.follow.taus,
            conf_level=0.95,
            fingerprint=fingerprint,
            units=tuple(_units(model, job.measures)),
            lower_is_better=low_is_good(model),
        )

    @property
    def mc_covariance(self) -> FloatArray:
        """Monte Carlo covariance of `means`, (draws, measures, strategies, strategies).

        A run of more than 64 strategies has kept variances and covariances with the first; it is made again for this.
        """
        return self.covariances.whole()

    def to_stored(self) -> dict[str, Any]:
        """The fields as a file has them: with the covariances of all pairs."""
        return {
            name if name != "covariances" else "mc_covariance": value
            if name != "covariances"
            else value.whole()
            for name, value in ((f.name, getattr(self, f.name)) for f in dataclasses.fields(self))
        }

    @classmethod
    def from_stored(cls, parts: dict[str, Any]) -> Self:
        """The result that `to_stored` took apart."""
        return cls(covariances=Covariances(parts.pop("mc_covariance")), **parts)

    def survival(self) -> SimulatedSurvival:
        """Overall survival on the grid by strategy, with the interval over draws."""
        dead = [self.states.index(s) for s in self.death_states]
        alive = 1.0 - self.counts[:, :, dead].sum(axis=2) / self.n_patients
        return SimulatedSurvival.from_draws(
            self.strategies,
            self.labels,
            self.grid,
            alive,
            self.n_patients,
            self.time_unit,
            self.conf_level,
            self.provenance,
        )

    def state_occupancy(self, times: Sequence[float] | None = None) -> StateOccupancy:
        """Share of patients in each state at `times` (default: the grid).

        Exact on the grid; linear between its points, where the shares of the living and of the dead are exact
        still at the times of P(alive) that were simulated. `grid_error` says how far a share on a line may be off, and a
        warning where that is more than one patient in a hundred: simulate with those times. Where states change at cycle ends
        alone, a share is what it was at the last of them.
        """
        at = self.grid if times is None else as_numbers("times", at_least_one(times), self.time_unit)[0]
        at = meet(at, self.grid)
        # as a question that NaN fails, so that a missing time is refused too
        if at.ndim != 1 or not at.size or not np.all((at >= 0) & (at <= self.grid[-1])):
            raise InputError(
                f"times must lie between 0 and the horizon {self.grid[-1]:g} {self.time_unit}; got {times!r}."
            )
        share = self.counts / self.n_patients
        last = np.searchsorted(self.grid, at, side="right") - 1
        place = np.clip(last, 0, self.grid.size - 2)
        step = self.grid[1] - self.grid[0]
        right = 1.0 * (last > place) if self.in_cycles else (at - self.grid[place]) / step
        values = share[..., place] * (1 - right) + share[..., place + 1] * right
        counted = np.ones((1, at.size), dtype=bool) if self.in_cycles else self._match_alive(values, at)
        mean, here = share.mean(axis=0), values.mean(axis=0)
        off = np.maximum(np.abs(here - mean[..., place]), np.abs(here - mean[..., place + 1]))
        off = np.where(counted | np.isin(at, self.grid), 0.0, off)
        self._warn_of_lines(at, off.max(axis=(0, 1)))
        return StateOccupancy.from_draws(
            self.strategies,
            self.labels,
            self.states,
            at,
            values,
            self.n_patients,
            self.time_unit,
            self.conf_level,
            self.provenance,
            off,
        )

    def _warn_of_lines(self, at: FloatArray, off: FloatArray) -> None:
        """Say which times (k,) lie between grid points across which some share moves visibly."""
        bad = np.flatnonzero(off > VISIBLE)
        if not bad.size:
            return
        said = ", ".join(f"{t:.12g}" for t in at[bad][:5]) + (", ..." if bad.size > 5 else "")
        warn(
            f"shares at {said} {self.time_unit} lie between the grid points that were counted, {self.grid[1]:.6g} apart, and are "
            f"read on a straight line: they may be off by up to {off.max():.2g} (grid_error). Simulate with times=[{said}], or a "
            "smaller grid_step.",
            SurvsimWarning,
        )

    def _match_alive(self, values: FloatArray, at: FloatArray) -> BoolArray:
        """Put shares (draws, strategies, states, times) between grid points to P(alive) where that was simulated.

        True (states, times) where that makes a share exact: the only state of the living, or of the dead.
        """
        exact = np.zeros((len(self.states), at.size), dtype=bool)
        dead = np.array([name in self.death_states for name in self.states])
        between_points = ~np.isin(at, self.grid)
        for name in (m for m in self.measures if m.startswith("alive@")):
            for k in np.flatnonzero(between_points & same(float(name.partition("@")[2]), at)):
                alive = self.means[:, self.measures.index(name)]
                for mine, total in ((~dead, alive), (dead, 1.0 - alive)):
                    now = values[:, :, mine, k].sum(axis=2)
                    factor = np.divide(total, now, out=np.ones_like(now), where=now > 0)
                    values[:, :, mine, k] *= factor[:, :, None]
                    exact[mine, k] = mine.sum() == 1
        return exact

    def rmst(self, tau: float) -> SimulatedMeans:
        """Restricted mean survival time to `tau`, exact for each patient; `tau` must have been simulated."""
        return self.measure("survival_time", tau)

    def measure(self, name: str, time: float | None = None) -> SimulatedMeans:
        """Mean of a measure (`measures` lists them) by strategy; `time` is its tau or time point."""
        m = self.measure_index(name, time)
        by_draw = self.means[:, m].T.copy()
        # rounding can leave a tiny negative variance where all patients agree
        variance = np.maximum(self.covariances.own[:, m].T, 0.0)
        low, high = draw_interval(by_draw, self.conf_level)
        return SimulatedMeans(
            provenance=Provenance.of("simulate", self.provenance, measure=self.measures[m]),
            measure=self.measures[m],
            unit=self.unit_of(name, m),
            strategies=self.strategies,
            estimate=by_draw.mean(axis=1),
            conf_low=low,
            conf_high=high,
            mc_std_error=np.sqrt(variance.sum(axis=1)) / self.n_draws,
            by_draw=by_draw,
            mc_variance=variance,
            conf_level=self.conf_level,
        )

    def unit_of(self, name: str, position: int) -> str:
        """Unit of a measure by its name and position; a result of an earlier version keeps none."""
        return self.units[position] if self.units else measure_unit(name, self.time_unit)

    def measure_index(self, name: str, time: float | None) -> int:
        """Position of a measure; the error lists what was simulated."""
        full = name if time is None else f"{name}@{float(time):.12g}"
        if full in self.measures:
            return self.measures.index(full)
        at = [m.partition("@")[2] for m in self.measures if m.startswith(f"{name}@")]
        if time is not None and at:
            for told in at:
                if same(float(time), float(told)).all():
                    return self.measures.index(f"{name}@{told}")
            raise InputError(
                f"{name} was simulated at {', '.join(sorted(at))} {self.time_unit}, not at {time:.12g}. "
                f"Simulate again with {time:.12g} among taus (or times)."
            )
        return int(one_of("measure", full, self.measures))

    def medians(self) -> pd.DataFrame:
        """Median survival by strategy: see `SimulatedSurvival.medians`."""
        return self.survival().medians()

    def compare(self, reference: str | None = None) -> StrategyComparison:
        """Paired differences of every measure from `reference` (default: the first strategy)."""
        return compare_strategies(self, reference)

    def decision(self, tau: float, *, outcome: str = "survival_time") -> Decision:
        """Which strategy has the highest expected `outcome` to `tau` (of cost: the lowest), and how sure that is."""
        return decide(self, tau, outcome)

    def cost_effectiveness(
        self,
        effect: str,
        cost: str,
        tau: float,
        *,
        reference: str | None = None,
        discounted: bool | None = None,
    ) -> CostEffectiveness:
        """What each gain costs: effects and costs to `tau` on the same patients and draws.

        Parameters
        ----------
        effect, cost : outcomes that the model declares under `values`; effect may be "survival_time".
        tau : horizon of both, among the simulated ones.
        reference : default the first strategy.
        discounted : whether both are discounted; by default each is that has a discount.

        Returns
        -------
        CostEffectiveness : `.plot()` draws the plane; `.net_benefit(50000, per="years")` decides, `.curves(...)` over thresholds.

        Raises
        ------
        InputError : a pair that was not simulated as an effect and its cost.
        """
        return cost_effectiveness(self, effect, cost, tau, reference=reference, discounted=discounted)

    def columns(self) -> Columns:
        """Columns strategy, measure, time, estimate, conf_low, conf_high, mc_std_error."""
        parts = []
        for full in self.measures:
            if full.startswith(JOINT):
                continue
            name, _, at = full.partition("@")
            time = float(at) if at else None
            parts.append(
                {
                    **self.measure(name, time).columns(),
                    "measure": name,
                    "time": np.nan if time is None else time,
                }
            )
        names = ("strategy", "measure", "time", "estimate", "conf_low", "conf_high", "mc_std_error")
        return stacked(parts, names)

    def headline(self) -> str:
        draws = f"{self.n_draws} parameter draws" if self.n_draws > 1 else "one draw (no parameter interval)"
        return (
            f"{len(self.strategies)} strategies, {draws} x {self.n_patients} patients, "
            f"followed {self.horizon:g} {self.time_unit}, seed {self.seed}"
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to a folder as JSON, Parquet and CSV, or to one file ``name.json``; `load` reads either back."""
        if Path(path).suffix == ".json":
            write_result(self, path)
        else:
            save_simulation(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> SimulationResult:
        """The result that `save` wrote, to a folder or a file."""
        return read_result(cls, path) if Path(path).is_file() else load_simulation(cls, path)


def _units(model: Model, measures: Sequence[str]) -> list[str]:
    """Unit of each measure of a model."""
    own = outcome_units(model)
    names = [full.partition("@")[0] for full in measures]
    return [own.get(n) or measure_unit(n.removeprefix(DISCOUNTED), model.time_unit) for n in names]


def measure_unit(name: str, time_unit: str) -> str:
    """Unit of a measure, for tables and axes."""
    if name.endswith("_time"):
        return time_unit
    if name.startswith(("radiation_interval", "time_in/")):
        return time_unit
    return {"cost": "cost", "cord_dose": "Gy EQD2"}.get(name.partition("/")[0], "share")
