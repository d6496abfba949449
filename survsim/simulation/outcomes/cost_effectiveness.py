"""What a gain costs: effects and costs of strategies on the same patients and draws, set against a threshold.

A strategy's net benefit at a threshold of lambda per unit of effect is ``lambda * effect - cost`` (Stinnett, Mullahy 1998,
Med Decis Making 18:S68). Both uncertainties are kept: over parameter draws, and of so many simulated patients, for
which the covariance of an effect and a cost within patients is known from the variance of their sum.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np

from survsim.core.checks import FloatArray, one_of
from survsim.core.errors import InputError
from survsim.core.kinds import as_numbers
from survsim.core.provenance import Provenance
from survsim.core.result import Result, format_number, result
from survsim.core.tables import Columns
from survsim.core.units import DAYS_PER, conversion_factor
from survsim.simulation.declared.counted import DISCOUNTED, JOINT
from survsim.simulation.outcomes.compare import Simulated
from survsim.simulation.outcomes.decision import Decision, decision_of
from survsim.simulation.outcomes.intervals import draw_interval
from survsim.simulation.outcomes.threshold_curves import (
    ThresholdCurves,
    net_benefits,
    net_covariance,
    threshold_curves,
)

CountIn = Literal["cost", "effect"]
MOST = 1e15
"""Beyond this a threshold is a slip, and squares of it would be lost."""


@result
class CostEffectiveness(Result):
    """Effects and costs of strategies, and what each gain over a reference costs.

    Attributes
    ----------
    effect, cost : the measures; effect_unit, cost_unit : their units; tau : horizon of both.
    effect_by_draw, cost_by_draw : expected effect and cost (strategies, draws).
    effect_covariance, cost_covariance : their Monte Carlo covariance (draws, strategies, strategies); cross_covariance :
        of the effect of one strategy with the cost of another, and the other way round, added.
    """

    effect: str
    cost: str
    effect_unit: str
    cost_unit: str
    tau: float
    reference: str
    strategies: tuple[str, ...]
    labels: tuple[str, ...]
    effect_by_draw: FloatArray
    cost_by_draw: FloatArray
    effect_covariance: FloatArray
    cost_covariance: FloatArray
    cross_covariance: FloatArray
    time_unit: str
    conf_level: float

    # -- differences from the reference -----------------------------------------------------------

    def difference(self, of: CountIn) -> FloatArray:
        """Difference of the effect or the cost from the reference in each draw (strategies, draws)."""
        by_draw = (
            self.effect_by_draw if one_of("of", of, ("cost", "effect")) == "effect" else self.cost_by_draw
        )
        return by_draw - by_draw[self._reference]

    def icer(self) -> FloatArray:
        """Mean difference of cost over mean difference of effect (strategies,): infinite where the effects agree.

        NaN for the reference itself, and where neither effect nor cost differs.
        """
        effect, cost = self.difference("effect").mean(axis=1), self.difference("cost").mean(axis=1)
        for found, same in zip((effect, cost), self._means()):
            found[same == same[self._reference]] = 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(cost / effect)

    def quadrants(self) -> FloatArray:
        """Shares of draws (strategies, 4) north-east (more, dearer), south-east (more, cheaper), south-west and north-west.

        No difference in effect counts as east, none in cost as south.
        """
        effect, cost = self.difference("effect"), self.difference("cost")
        east, north = effect >= 0, cost > 0
        return np.stack(
            [
                (a & b).mean(axis=1)
                for a, b in ((east, north), (east, ~north), (~east, ~north), (~east, north))
            ],
            axis=1,
        )

    def frontier(self) -> tuple[int, ...]:
        """Strategies from the cheapest on, each with the least cost per further effect; the others are dominated."""
        effect, cost = self._means()
        # of equally cheap ones the one with more effect comes first
        at = min(range(effect.size), key=lambda s: (cost[s], -effect[s]))
        found = [at]
        while True:
            better = [s for s in range(effect.size) if effect[s] > effect[at]]
            if not better:
                return tuple(found)
            least = min(better, key=lambda s: (cost[s] - cost[at]) / (effect[s] - effect[at]))
            alike = [s for s in better if _on_a_line(effect, cost, at, s, least)]
            at = min(alike, key=lambda s: (effect[s], cost[s]))
            found.append(at)

    def _means(self) -> tuple[FloatArray, FloatArray]:
        """Mean effects and costs (strategies,); those that differ by rounding alone are equal."""
        return _alike(self.effect_by_draw.mean(axis=1)), _alike(self.cost_by_draw.mean(axis=1))

    def status(self) -> tuple[str, ...]:
        """Of each strategy: on the frontier, dominated (another has no less effect at no more cost), or extendedly so."""
        effect, cost = self._means()
        best = self.frontier()
        words = []
        for s in range(effect.size):
            no_worse = (effect >= effect[s]) & (cost <= cost[s]) & ((effect > effect[s]) | (cost < cost[s]))
            on = any(effect[s] == effect[b] and cost[s] == cost[b] for b in best)
            words.append("frontier" if on else "dominated" if no_worse.any() else "extendedly dominated")
        return tuple(words)

    def columns(self) -> Columns:
        """Columns strategy, reference, effect_difference, effect_low, effect_high, effect_mc_std_error, the same four of
        cost, icer (against the reference), status, and frontier_icer (against the one before on the frontier)."""
        columns: dict[str, object] = {"strategy": self.strategies, "reference": self.reference}
        for of, covariance in (("effect", self.effect_covariance), ("cost", self.cost_covariance)):
            by_draw = self.difference("effect" if of == "effect" else "cost")
            low, high = draw_interval(by_draw, self.conf_level)
            columns |= {
                f"{of}_difference": by_draw.mean(axis=1),
                f"{of}_low": low,
                f"{of}_high": high,
                f"{of}_mc_std_error": _paired_error(covariance, self._reference),
            }
        return {
            **columns,
            "icer": self.icer(),
            "status": self.status(),
            "frontier_icer": self._frontier_icer(),
        }

    def headline(self) -> str:
        draws = self.effect_by_draw.shape[1]
        return (
            f"{self.cost} ({self.cost_unit}) and {self.effect} ({self.effect_unit}) to {self.tau:g} {self.time_unit}, "
            f"against {self.reference}; {draws} draw{'s' if draws > 1 else ''}"
        )

    # -- at a threshold ---------------------------------------------------------------------------

    def net_benefit(
        self, threshold: float, *, per: str | None = None, count_in: CountIn = "cost"
    ) -> Decision:
        """The decision on net benefit: ``threshold * effect - cost`` in units of cost, or over the threshold in those of effect.

        Parameters
        ----------
        threshold : what a unit of effect may cost, above 0.
        per : unit of effect that it is for: "years" for 50000 a quality-adjusted year, whatever the model counts in.
        count_in : "cost", or "effect" for the net health benefit ``effect - cost / threshold``.

        Returns
        -------
        Decision : `.value_of_information(...)` and the rest are then in that unit.

        Raises
        ------
        InputError : a threshold that is not above 0, or without its unit.
        """
        price = self.price(threshold, per)
        scale = 1.0 if one_of("count_in", count_in, ("cost", "effect")) == "cost" else 1.0 / price
        return decision_of(
            by_draw=scale * net_benefits(self, price),
            mc_covariance=scale**2 * net_covariance(self, price),
            outcome="net_benefit" if count_in == "cost" else "net_health_benefit",
            unit=self.cost_unit if count_in == "cost" else self.effect_unit,
            tau=self.tau,
            strategies=self.strategies,
            labels=self.labels,
            time_unit=self.time_unit,
            conf_level=self.conf_level,
            provenance=Provenance.of(
                "net_benefit", self.provenance, threshold=float(threshold), per=per or self.effect_unit
            ),
        )

    def curves(
        self, thresholds: Sequence[float], *, per: str | None = None, seed: int = 1
    ) -> ThresholdCurves:
        """Net benefit, acceptability and its frontier, expected loss and value of information along thresholds.

        Parameters
        ----------
        thresholds : (t,) increasing, above 0; per : as in `net_benefit`.
        seed : of the correction of the value of information for Monte Carlo noise.

        Raises
        ------
        InputError : thresholds that do not increase or are not above 0, or without their unit.
        """
        at = np.atleast_1d(as_numbers("thresholds", thresholds, None)[0])
        if at.ndim != 1 or not at.size or not np.all(np.diff(at) > 0):
            raise InputError(f"thresholds must be one or more increasing numbers; got {thresholds!r}.")
        prices = np.array([self.price(float(t), per) for t in at])
        return threshold_curves(self, at, prices, per or self.effect_unit, seed)

    def price(self, threshold: float, per: str | None) -> float:
        """A threshold per unit of effect as the model counts it."""
        if isinstance(threshold, bool) or not isinstance(threshold, int | float | np.number):
            raise InputError(f"a threshold is a number, such as 50000 with per='years'; got {threshold!r}.")
        if not 0 < threshold < MOST:
            raise InputError(f"a threshold must be above 0 and below {MOST:g}; got {threshold!r:.40}.")
        if self.effect_unit in DAYS_PER:
            if per is None or per not in DAYS_PER:
                raise InputError(
                    f"a threshold needs its unit: per='years' for {format_number(float(threshold))} {self.cost_unit} a year of "
                    f"{self.effect}, or per={', '.join(repr(u) for u in DAYS_PER)}; got per={per!r}."
                )
            return float(threshold) / conversion_factor(per, self.effect_unit)
        if per != self.effect_unit:
            raise InputError(
                f"a threshold needs its unit: {self.effect} counts in {self.effect_unit}; give per={self.effect_unit!r}, not {per!r}."
            )
        return float(threshold)

    @property
    def _reference(self) -> int:
        return self.strategies.index(self.reference)

    def _frontier_icer(self) -> FloatArray:
        effect, cost = self.effect_by_draw.mean(axis=1), self.cost_by_draw.mean(axis=1)
        found = np.full(effect.size, np.nan)
        best = self.frontier()
        for before, now in itertools.pairwise(best):
            found[now] = (cost[now] - cost[before]) / (effect[now] - effect[before])
        return found


def _rounding(values: FloatArray) -> float:
    """What means of this size may be off by rounding."""
    return 1e-12 * float(np.abs(values).max(initial=0.0))


def _alike(values: FloatArray) -> FloatArray:
    """The values, each of those that lie within rounding of the next one put to the least of them."""
    found, order = values.copy(), np.argsort(values, kind="stable")
    for before, now in itertools.pairwise(order):
        if values[now] - values[before] <= _rounding(values):
            found[now] = found[before]
    return found


def _on_a_line(effect: FloatArray, cost: FloatArray, at: int, one: int, other: int) -> bool:
    """Whether two strategies cost the same per further effect, seen from a third, but for rounding."""
    (x, a), (y, b) = ((effect[s] - effect[at], cost[s] - cost[at]) for s in (one, other))
    off = _rounding(cost) * (abs(x) + abs(y)) + _rounding(effect) * (abs(a) + abs(b))
    return bool(abs(a * y - b * x) <= off)


def _paired_error(covariance: FloatArray, reference: int) -> FloatArray:
    """Monte Carlo standard error of each difference from the reference, over all draws."""
    own = np.einsum("dss->ds", covariance)
    paired = own + own[:, reference : reference + 1] - 2.0 * covariance[:, :, reference]
    return np.asarray(np.sqrt(np.maximum(paired, 0.0).sum(axis=0)) / covariance.shape[0])


class WithUnits(Simulated, Protocol):
    """What is asked of a simulation here."""

    def unit_of(self, name: str, position: int) -> str: ...


def cost_effectiveness(
    simulation: WithUnits,
    effect: str,
    cost: str,
    tau: float,
    *,
    reference: str | None = None,
    discounted: bool | None = None,
) -> CostEffectiveness:
    """Set the effect and cost of each strategy side by side; see `SimulationResult.cost_effectiveness`."""
    names = simulation.strategies
    full = [_version(simulation, name, discounted) for name in (effect, cost)]
    e, c = (simulation.measure_index(name, tau) for name in full)
    both = f"{JOINT}{full[0]}/{full[1]}@{float(tau):.12g}"
    if both not in simulation.measures:
        pairs = sorted(
            m.partition("@")[0].removeprefix(JOINT) for m in simulation.measures if m.startswith(JOINT)
        )
        known = ", ".join(p.replace("/", " with ") for p in dict.fromkeys(pairs)) or "none"
        raise InputError(
            f"{full[0]} and {full[1]} were not simulated as an effect and its cost; there are: {known}. Declare outcomes of "
            "kind: quality (or time) and of kind: cost under values, and simulate again."
        )
    covariance, j = simulation.mc_covariance, simulation.measures.index(both)
    return CostEffectiveness(
        provenance=Provenance.of(
            "cost_effectiveness", simulation.provenance, effect=full[0], cost=full[1], tau=float(tau)
        ),
        effect=full[0],
        cost=full[1],
        effect_unit=simulation.unit_of(full[0], e),
        cost_unit=simulation.unit_of(full[1], c),
        tau=float(tau),
        reference=one_of("reference", reference or names[0], names),
        strategies=names,
        labels=simulation.labels,
        effect_by_draw=simulation.means[:, e].T.copy(),
        cost_by_draw=simulation.means[:, c].T.copy(),
        effect_covariance=covariance[:, e].copy(),
        cost_covariance=covariance[:, c].copy(),
        cross_covariance=covariance[:, j] - covariance[:, e] - covariance[:, c],
        time_unit=simulation.time_unit,
        conf_level=simulation.conf_level,
    )


def _version(simulation: WithUnits, name: str, discounted: bool | None) -> str:
    """A measure with the discount that is wanted; with None the discounted one where there is one."""
    late = f"{DISCOUNTED}{name}"
    there = any(m.startswith(f"{late}@") for m in simulation.measures)
    if discounted and not there:
        raise InputError(
            f"{name} was not discounted; declare a discount under values, or ask for discounted=False."
        )
    return late if there and discounted is not False else name
