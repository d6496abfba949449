"""Choosing a strategy, and what the choice hangs on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from survsim.core.checks import FloatArray, one_of
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.simulation.declared.counted import DISCOUNTED
from survsim.simulation.outcomes import sensitivity
from survsim.simulation.outcomes import value_of_information as information
from survsim.simulation.outcomes.compare import Simulated
from survsim.simulation.outcomes.intervals import draw_interval

LOWER_IS_BETTER = ("cost",)
"""Outcomes of which a decision wants little."""


@result
class Decision(Result):
    """Which strategy has the highest expected outcome; where the outcome is cost, the lowest.

    A decision on cost compares costs alone: what they buy in survival is left out.

    Attributes
    ----------
    best : name of the strategy with the highest expected outcome (of cost: the lowest).
    expected, conf_low, conf_high, mc_std_error : (strategies,), in the outcome's own direction: costs above 0.
    probability_best : share of draws in which each strategy is best, ties split evenly.
    expected_regret : expected loss of choosing a strategy in place of the best of each draw; it and
        `probability_best` carry the inner Monte Carlo noise of `by_draw` and so lean to variety.
    by_draw : expected outcome by draw (strategies, draws), larger is better: costs stand as what is saved,
        below 0; mc_covariance : its inner Monte Carlo covariance (draws, strategies, strategies). Value of
        information is computed from these.
    outcome_unit, low_is_good : unit of the outcome, and whether little of it is best.
    """

    outcome: str
    tau: float
    best: str
    strategies: tuple[str, ...]
    labels: tuple[str, ...]
    expected: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    mc_std_error: FloatArray
    probability_best: FloatArray
    expected_regret: FloatArray
    mean_rank: FloatArray
    by_draw: FloatArray
    mc_covariance: FloatArray
    time_unit: str
    conf_level: float
    outcome_unit: str = ""
    low_is_good: bool = False

    def columns(self) -> Columns:
        """Columns strategy, expected, conf_low, conf_high, mc_std_error, probability_best,
        expected_regret, mean_rank; rank 1 is the best, which is the cheapest where the outcome is cost."""
        columns = (
            "expected",
            "conf_low",
            "conf_high",
            "mc_std_error",
            "probability_best",
            "expected_regret",
            "mean_rank",
        )
        return {"strategy": self.strategies, **{c: getattr(self, c) for c in columns}}

    def headline(self) -> str:
        end = "Lowest" if self.low_is_good or self.outcome in LOWER_IS_BETTER else "Highest"
        return f"{end} expected {self.outcome} to {self.tau:g} {self.time_unit}: {self.best}"

    # -- what the decision hangs on --------------------------------------------------------------

    @property
    def unit(self) -> str:
        """Unit of the outcome: that of time, of a named outcome or of net benefit, or cost."""
        if self.outcome_unit:
            return self.outcome_unit
        return "cost" if self.outcome in LOWER_IS_BETTER else self.time_unit

    def value_of_information(
        self, parameters: Drawn, *, groups: Mapping[str, Sequence[str]] | None = None, seed: int = 1
    ) -> information.ValueOfInformation:
        """What it is worth to know everything, and each parameter (or group of them), before deciding.

        Parameters
        ----------
        parameters : `Parameters` of the scenario, or name -> (d,) draws, in the order of the simulation's draws.
        groups : name -> parameters to be known together; default each alone.
        seed : of the correction for Monte Carlo noise.
        """
        return information.value_of_information(
            self.by_draw, self.mc_covariance, self.strategies, independent_draws(parameters),
            unit=self.unit, groups=groups, seed=seed, source=self._source(parameters),
        )  # fmt: skip

    def tornado(self, parameters: Drawn, *, reference: str | None = None) -> sensitivity.Tornado:
        """Gain of the best strategy over `reference` with each parameter at its 2.5% and 97.5% draw.

        Parameters
        ----------
        parameters : as in `value_of_information`; reference : default the next best strategy.
        """
        return sensitivity.tornado(
            self.by_draw, self.strategies, independent_draws(parameters), strategy=self.best,
            reference=self._other(reference), unit=self.unit, source=self._source(parameters),
        )  # fmt: skip

    def threshold(self, parameters: Drawn, name: str) -> sensitivity.Threshold:
        """The best strategy along one parameter, the others averaged over: where does the decision turn?

        Parameters
        ----------
        parameters : as in `value_of_information`; name : of the parameter that moves.
        """
        drawn = independent_draws(parameters)
        draws = drawn[one_of("name", name, tuple(drawn))]
        return sensitivity.threshold(
            self.by_draw, self.strategies, name, draws, source=self._source(parameters)
        )

    def global_sensitivity(self, parameters: Drawn, *, seed: int = 1) -> sensitivity.GlobalSensitivity:
        """Share of the mean outcome's variation over draws that each parameter carries (Sobol and PAWN indices)."""
        return sensitivity.global_sensitivity(
            self.by_draw.mean(axis=0),
            independent_draws(parameters),
            seed=seed,
            source=self._source(parameters),
        )

    def variance_by_layer(self, parameters: Drawn, *, reference: str | None = None) -> dict[str, float]:
        """Shares of the variance of the gain by layer of uncertainty (sampling, between studies, ...); they add to one.

        Parameters
        ----------
        parameters : `Parameters` of the scenario, which keep their layers; or layer -> (d, k) components.
        reference : as in `tornado`.
        """
        layers = parameters if isinstance(parameters, Mapping) else parameters.layers()
        a, b = (self.strategies.index(name) for name in (self.best, self._other(reference)))
        noise = self.mc_covariance
        inner = noise[:, a, a] + noise[:, b, b] - 2 * noise[:, a, b]
        return sensitivity.variance_by_layer(self.by_draw[a] - self.by_draw[b], layers, float(inner.mean()))

    def _other(self, reference: str | None) -> str:
        """The strategy that the best one is held against."""
        if len(self.strategies) == 1:
            raise InputError(f"{self.best!r} is the only strategy; there is none to compare it with.")
        if reference is None:
            mean = self.by_draw.mean(axis=1)
            mean[self.strategies.index(self.best)] = -np.inf
            return self.strategies[int(np.argmax(mean))]
        if one_of("reference", reference, self.strategies) == self.best:
            raise InputError(
                f"{reference!r} is the best strategy itself; name another as reference, or none."
            )
        return reference

    def _source(self, parameters: Drawn) -> tuple[Any, ...]:
        return (self,) if isinstance(parameters, Mapping) else (self, parameters)


class HasDraws(Protocol):
    """Drawn parameters of a scenario."""

    def independent(self) -> dict[str, FloatArray]: ...
    def layers(self) -> dict[str, FloatArray]: ...


Drawn = HasDraws | Mapping[str, FloatArray]


def independent_draws(parameters: Drawn) -> dict[str, FloatArray]:
    """Name -> (d,) draws of the parameters that are not made from others."""
    if isinstance(parameters, Mapping):
        return dict(parameters)
    if not hasattr(parameters, "independent"):
        raise InputError(
            f"parameters must be the Parameters of a scenario, or name -> draws; got {type(parameters).__name__}."
        )
    return parameters.independent()


def decide(simulation: Simulated, tau: float, outcome: str = "survival_time") -> Decision:
    """The strategy that maximises the expected outcome to `tau`, with how sure that is.

    Of a cost, and of any outcome of which little is wanted, the least is best: costs alone are compared, whatever they buy.
    """
    table = simulation.measure(outcome, tau)
    low = (*LOWER_IS_BETTER, *getattr(simulation, "lower_is_better", ()))
    sign = -1.0 if outcome.removeprefix(DISCOUNTED) in low else 1.0
    return decision_of(
        by_draw=sign * table.by_draw,
        mc_covariance=simulation.mc_covariance[:, simulation.measure_index(outcome, tau)].copy(),
        outcome=outcome,
        unit=table.unit,
        tau=float(tau),
        strategies=simulation.strategies,
        labels=simulation.labels,
        time_unit=simulation.time_unit,
        conf_level=simulation.conf_level,
        provenance=Provenance.of("decision", simulation.provenance, outcome=outcome, tau=float(tau)),
        low_is_good=sign < 0,
    )


def decision_of(
    *,
    by_draw: FloatArray,
    mc_covariance: FloatArray,
    outcome: str,
    unit: str,
    tau: float,
    strategies: tuple[str, ...],
    labels: tuple[str, ...],
    time_unit: str,
    conf_level: float,
    provenance: Provenance,
    low_is_good: bool = False,
) -> Decision:
    """The decision on an outcome by draw (strategies, draws), larger is better; reported with its own sign."""
    best_in_draw = by_draw.max(axis=0)
    is_best = by_draw == best_in_draw
    above = (by_draw[:, None] < by_draw[None]).sum(axis=1)
    equal = (by_draw[:, None] == by_draw[None]).sum(axis=1)
    shown = -by_draw if low_is_good else by_draw
    low, high = draw_interval(shown, conf_level)
    # rounding can leave a tiny negative variance where all patients agree
    variance = np.maximum(np.einsum("dss->sd", mc_covariance), 0.0)
    return Decision(
        provenance=provenance,
        outcome=outcome,
        tau=tau,
        best=strategies[int(np.argmax(by_draw.mean(axis=1)))],
        strategies=strategies,
        labels=labels,
        expected=shown.mean(axis=1),
        conf_low=low,
        conf_high=high,
        mc_std_error=np.sqrt(variance.sum(axis=1)) / by_draw.shape[1],
        probability_best=(is_best / is_best.sum(axis=0)).mean(axis=1),
        expected_regret=(best_in_draw - by_draw).mean(axis=1),
        mean_rank=(1.0 + above + 0.5 * (equal - 1)).mean(axis=1),
        by_draw=by_draw,
        mc_covariance=mc_covariance,
        time_unit=time_unit,
        conf_level=conf_level,
        outcome_unit=unit,
        low_is_good=low_is_good,
    )
