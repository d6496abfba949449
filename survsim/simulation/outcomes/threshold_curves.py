"""Decisions along thresholds: net benefit, acceptability and its frontier, expected loss, value of information."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.simulation.outcomes.intervals import draw_interval
from survsim.simulation.outcomes.value_of_information import perfect_information


@result
class ThresholdCurves(Result):
    """What would be chosen at each threshold, and how sure that is.

    Attributes
    ----------
    thresholds : (t,) what a unit of effect (`per`) may cost.
    net_benefit, conf_low, conf_high, mc_std_error : (strategies, t) in `unit`: mean, interval over draws and error of so
        many patients.
    probability_best : (strategies, t) share of draws in which each strategy has the highest net benefit, ties split.
    best : (t,) position of the strategy with the highest mean net benefit; its `probability_best` is the frontier.
    expected_loss : (strategies, t) mean loss of choosing a strategy in place of the best of each draw; the least of them
        is the value of perfect information before correction.
    evpi : (t,) value of perfect information, corrected for Monte Carlo noise.

    References
    ----------
    Fenwick, Claxton, Sculpher 2001, Health Econ 10:779; Alarid-Escudero et al. 2019, Value Health 22:611.
    """

    thresholds: FloatArray
    per: str
    unit: str
    effect: str
    strategies: tuple[str, ...]
    labels: tuple[str, ...]
    net_benefit: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    mc_std_error: FloatArray
    probability_best: FloatArray
    best: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    expected_loss: FloatArray
    evpi: FloatArray
    conf_level: float

    def frontier(self) -> FloatArray:
        """Probability that the strategy with the highest mean net benefit is the best (t,)."""
        return self.probability_best[self.best, np.arange(self.best.size)]

    def columns(self) -> Columns:
        """Columns threshold, per, strategy, net_benefit, conf_low, conf_high, mc_std_error, probability_best,
        on_frontier, expected_loss, evpi; a row a threshold and strategy."""
        t, s = np.meshgrid(np.arange(self.thresholds.size), np.arange(len(self.strategies)), indexing="ij")
        names = ("net_benefit", "conf_low", "conf_high", "mc_std_error", "probability_best")
        return {
            "threshold": self.thresholds[t.ravel()],
            "per": self.per,
            "strategy": np.array(self.strategies)[s.ravel()],
            **{name: getattr(self, name).T.ravel() for name in names},
            "on_frontier": self.best[t.ravel()] == s.ravel(),
            "expected_loss": self.expected_loss.T.ravel(),
            "evpi": self.evpi[t.ravel()],
        }

    def headline(self) -> str:
        turns = [0, *(np.flatnonzero(np.diff(self.best)) + 1).tolist()]
        steps = ", ".join(f"{self.strategies[int(self.best[k])]} from {self.thresholds[k]:g}" for k in turns)
        return f"Best by net benefit at thresholds in {self.unit} per {self.per} of {self.effect}: {steps}"


class Weighed(Protocol):
    """What the curves need of effects and costs; see `CostEffectiveness`."""

    @property
    def provenance(self) -> Provenance: ...
    @property
    def strategies(self) -> tuple[str, ...]: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    @property
    def effect(self) -> str: ...
    @property
    def cost_unit(self) -> str: ...
    @property
    def conf_level(self) -> float: ...
    @property
    def effect_by_draw(self) -> FloatArray: ...
    @property
    def cost_by_draw(self) -> FloatArray: ...
    @property
    def effect_covariance(self) -> FloatArray: ...
    @property
    def cost_covariance(self) -> FloatArray: ...
    @property
    def cross_covariance(self) -> FloatArray: ...


def net_benefits(weighed: Weighed, price: float) -> FloatArray:
    """``price * effect - cost`` (strategies, draws)."""
    return price * weighed.effect_by_draw - weighed.cost_by_draw


def net_covariance(weighed: Weighed, price: float) -> FloatArray:
    """Monte Carlo covariance of the net benefits (draws, strategies, strategies)."""
    cross = price * weighed.cross_covariance
    return price**2 * weighed.effect_covariance + weighed.cost_covariance - cross


def best_in_draws(by_draw: FloatArray) -> FloatArray:
    """Share of draws (strategies,) in which each strategy has the highest value (strategies, draws), ties split."""
    is_best = by_draw == by_draw.max(axis=0)
    return np.asarray((is_best / is_best.sum(axis=0)).mean(axis=1))


def threshold_curves(
    weighed: Weighed, thresholds: FloatArray, prices: FloatArray, per: str, seed: int
) -> ThresholdCurves:
    """The curves at `prices` (t,) per unit of effect as the model counts it."""
    parts: dict[str, list[FloatArray]] = {
        k: [] for k in ("mean", "low", "high", "error", "probability", "loss")
    }
    evpi = []
    for price in prices:
        by_draw, covariance = net_benefits(weighed, float(price)), net_covariance(weighed, float(price))
        low, high = draw_interval(by_draw, weighed.conf_level)
        own = np.maximum(np.einsum("dss->ds", covariance), 0.0)
        parts["mean"].append(by_draw.mean(axis=1))
        parts["low"].append(low)
        parts["high"].append(high)
        parts["error"].append(np.sqrt(own.sum(axis=0)) / by_draw.shape[1])
        parts["probability"].append(best_in_draws(by_draw))
        parts["loss"].append((by_draw.max(axis=0) - by_draw).mean(axis=1))
        evpi.append(perfect_information(by_draw, covariance, seed))
    whole = {name: np.stack(rows, axis=1) for name, rows in parts.items()}
    return ThresholdCurves(
        provenance=Provenance.of("threshold_curves", weighed.provenance, per=per, thresholds=thresholds.size),
        thresholds=thresholds,
        per=per,
        unit=weighed.cost_unit,
        effect=weighed.effect,
        strategies=weighed.strategies,
        labels=weighed.labels,
        net_benefit=whole["mean"],
        conf_low=whole["low"],
        conf_high=whole["high"],
        mc_std_error=whole["error"],
        probability_best=whole["probability"],
        best=whole["mean"].argmax(axis=0),
        expected_loss=whole["loss"],
        evpi=np.array(evpi),
        conf_level=weighed.conf_level,
    )
