"""Where an answer turns: one parameter held at each of a row of values, simulated again on the same patients."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray, numbers
from survsim.core.errors import InputError
from survsim.core.execution import Execution
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.estimate.calibration.calibrated import EvidenceCalibration
from survsim.evidence.ask.store import EvidenceStore
from survsim.scenario.one_way import held, varying
from survsim.scenario.run import scenario_parameters
from survsim.scenario.spec import Scenario
from survsim.simulation.running.several import Run, simulated_each

if TYPE_CHECKING:
    import pandas as pd

    from survsim.simulation.declared.history import History
    from survsim.simulation.outcomes.decision import Decision
    from survsim.simulation.outcomes.result import SimulationResult

HALF = 0.5
"""Share of draws that a favoured strategy has to be best in before it is more likely than not."""


@result
class TurningPoints(Result):
    """Expected survival of every strategy with one parameter held at each of a row of values.

    Attributes
    ----------
    strategies, reference : (s,) compared, and whom against; tau : horizon.
    favoured : the strategy with the highest expected survival over the draws as they are.
    names : (k,) parameters; values : (k, v) at which each is held, ascending.
    mean : (k, v, s) restricted mean survival; mc_covariance : (k, v, s, s) of the means by the luck of the patients;
        the draws are the same at every value and no part of it.
    probability_best : (k, v, s) share of draws, ties split evenly.
    drawn : (k, d) what is believed of each parameter.
    """

    strategies: tuple[str, ...]
    reference: str
    tau: float
    favoured: str
    names: tuple[str, ...]
    values: FloatArray
    mean: FloatArray
    mc_covariance: FloatArray
    probability_best: FloatArray
    drawn: FloatArray
    unit: str

    def columns(self) -> Columns:
        """Columns parameter, value, strategy, mean, gain, gain_error, probability_best."""
        k, v, s = self.mean.shape
        against = self.strategies.index(self.reference)
        apart = [self.apart(i, against) for i in range(s)]
        return {
            "parameter": np.repeat(self.names, v * s),
            "value": np.repeat(self.values.ravel(), s),
            "strategy": np.tile(self.strategies, k * v),
            "mean": self.mean.ravel(),
            "gain": np.stack([gain for gain, _ in apart], axis=-1).ravel(),
            "gain_error": np.stack([error for _, error in apart], axis=-1).ravel(),
            "probability_best": self.probability_best.ravel(),
        }

    def apart(self, one: int, other: int) -> tuple[FloatArray, FloatArray]:
        """How much longer one strategy lives than another (k, v), by their places, and the Monte Carlo standard error."""
        c = self.mc_covariance
        variance = c[:, :, one, one] + c[:, :, other, other] - 2.0 * c[:, :, one, other]
        return self.mean[:, :, one] - self.mean[:, :, other], np.sqrt(np.maximum(variance, 0.0))

    def headline(self) -> str:
        told = []
        for name, row in zip(self.names, self.mean):
            if len(set(row.argmax(axis=1))) > 1:
                told.append(name)
        return (
            f"Turning points along {', '.join(self.names)} to {self.tau:g} {self.unit}, {self.favoured!r} favoured: "
            f"another strategy comes first within the values of {', '.join(told) or 'none'}"
        )

    def turns(self) -> pd.DataFrame:
        """Each value at which something turns, read off the straight line between two values that were simulated.

        Returns
        -------
        Frame with columns parameter, what ("another is favoured", "gain changes sign", "favoured in half of the
        draws"), strategy (whose), below, above (who is favoured on either side; "gains" or "loses"; "more" or "less"
        than half), at (nan: nowhere between the values simulated), at_error (Monte Carlo standard error of `at`; nan for
        shares of draws), beyond (share of the draws of the parameter on the other side of `at` than their median).
        """
        import pandas as pd

        rows: list[dict[str, Any]] = []
        best, against = (self.strategies.index(name) for name in (self.favoured, self.reference))
        for k, x in enumerate(self.values):
            rows += self._change_of_favoured(k)
            for s, strategy in enumerate(self.strategies):
                gain, error = (part[k] for part in self.apart(s, against))
                rows += [
                    self._row(k, "gain changes sign", strategy, _sides(slope, "gains", "loses"), *place)
                    for *place, slope in _crossings(x, gain, error)
                ]
            share = self.probability_best[k, :, best] - HALF
            for at, _, slope in _crossings(x, share, np.zeros(x.size)):
                words = _sides(slope, "more", "less")
                rows.append(self._row(k, "favoured in half of the draws", self.favoured, words, at))
        columns = ["parameter", "what", "strategy", "below", "above", "at", "at_error", "beyond"]
        return pd.DataFrame(rows, columns=columns)

    def _change_of_favoured(self, k: int) -> list[dict[str, Any]]:
        """Where the highest mean passes from one strategy to another."""
        x, first = self.values[k], self.mean[k].argmax(axis=1)
        rows, words = [], "another is favoured"
        for i in np.flatnonzero(np.diff(first)):
            difference, error = (part[k, i : i + 2] for part in self.apart(first[i + 1], first[i]))
            # where the two tie at the lower value, the turn is there
            place = _crossings(x[i : i + 2], difference, error) or [(float(x[i]), float("nan"), 0.0)]
            sides = (self.strategies[first[i]], self.strategies[first[i + 1]])
            rows.append(self._row(k, words, self.favoured, sides, *place[0][:2]))
        same = (self.strategies[first[0]],) * 2
        return rows or [self._row(k, words, self.favoured, same)]

    def _row(
        self,
        k: int,
        what: str,
        strategy: str,
        sides: tuple[str, str],
        at: float = np.nan,
        error: float = np.nan,
    ) -> dict[str, Any]:
        believed = self.drawn[k]
        above = at > np.median(believed)
        beyond = np.mean(believed > at) if above else np.mean(believed < at)
        return {
            "parameter": self.names[k],
            "what": what,
            "strategy": strategy,
            "below": sides[0],
            "above": sides[1],
            "at": at,
            "at_error": error,
            "beyond": float(beyond) if np.isfinite(at) else np.nan,
        }


def turning_points(
    scenario: Scenario,
    values: Mapping[str, Sequence[float]],
    *,
    tau: float | None = None,
    patients: int | None = None,
    draws: int | None = None,
    seed: int | None = None,
    execution: Execution | None = None,
    evidence: EvidenceStore | None = None,
    calibration: EvidenceCalibration | None = None,
    history: str | History | Mapping[str, Any] | None = None,
) -> TurningPoints:
    """Simulate every strategy with one parameter held at each value in turn, and say where the answer turns.

    Every run has the same patients, the same luck and the same draws of all other parameters; what is derived from
    the parameter follows it, as do the other shares of a whole that it is one of. `threshold` reads one turn off the draws of a single simulation instead: quick, smoothed
    by a regression, and silent beyond what was drawn.

    Parameters
    ----------
    values : parameter -> the values at which it is held, at least two; equally many for each parameter.
    tau : horizon, default the decision horizon of the scenario.
    patients, draws, seed, execution, evidence, history : as for `survsim.simulate`; default the quick effort.
    calibration : what parameters with ``source: calibration`` are drawn from.

    Returns
    -------
    TurningPoints : expected survival, gain and P(best) of each strategy at each value; `.turns()` the values themselves.

    Raises
    ------
    InputError : a parameter by another name or one that does not vary, or values that are too few, equal or not finite.

    Reference: Pauker & Kassirer 1980 (N Engl J Med 302:1109).

    Example
    -------
    >>> import survsim
    >>> from survsim.scenario import turning_points
    >>> scenario = survsim.Scenario.from_yaml("analyses/07_scenario_gallery/first_line.yml")
    >>> found = turning_points(scenario, {"progression_median": [2.0, 8.0]}, patients=100, draws=20)
    >>> found.mean.shape
    (1, 2, 2)
    """
    c = scenario.content
    used_seed = c.seed if seed is None else seed
    number = c.quick.patients if patients is None else patients
    at = float(c.outcomes.decision_tau if tau is None else tau)
    parameters = scenario_parameters(
        scenario,
        draws=c.quick.draws if draws is None else draws,
        seed=used_seed,
        evidence=evidence,
        calibration=calibration,
    )
    drawn = parameters.draws()
    grid = _grid(values, varying(c.parameters, drawn, list(values)))

    def run(these: Mapping[str, FloatArray]) -> Run:
        model = scenario.model(these, history=history)
        return Run(model=model, patients=number, seed=used_seed, taus=(at,))

    moved = [run(held(c, drawn, name, float(v))) for name, row in grid.items() for v in row]
    as_drawn, *found = simulated_each(
        "turning points", [run(drawn), *moved], functools.partial(_decision, at), execution
    )
    each = len(next(iter(grid.values())))
    runs = [found[k : k + each] for k in range(0, len(found), each)]
    reference = c.outcomes.reference
    return TurningPoints(
        provenance=Provenance.of("turning_points", parameters, tau=at, reference=reference),
        strategies=as_drawn.strategies,
        reference=reference,
        tau=at,
        favoured=as_drawn.best,
        names=tuple(grid),
        values=np.array(list(grid.values())),
        mean=np.array([[one.expected for one in row] for row in runs]),
        mc_covariance=np.array([[_noise(one) for one in row] for row in runs]),
        probability_best=np.array([[one.probability_best for one in row] for row in runs]),
        drawn=np.stack([drawn[name] for name in grid]),
        unit=scenario.time_unit,
    )


def _decision(tau: float, simulated: SimulationResult) -> Decision:
    """Who comes first to `tau`."""
    return simulated.decision(tau)


def _noise(one: Decision) -> FloatArray:
    """Covariance (s, s) of the expected outcomes by the luck of the patients."""
    noise: FloatArray = one.mc_covariance.mean(axis=0) / len(one.mc_covariance)
    return noise


def _grid(values: Mapping[str, Sequence[float]], names: Sequence[str]) -> dict[str, FloatArray]:
    grid = {name: np.sort(numbers(f"values of {name!r}", values[name])) for name in names}
    for name, row in grid.items():
        if not np.isfinite(row).all():
            raise InputError(f"values of {name!r} must be finite numbers; got {list(values[name])}.")
    sizes = {row.size for row in grid.values()}
    if not grid or min(sizes) < 2 or any(np.any(np.diff(row) == 0.0) for row in grid.values()):
        raise InputError("values must map at least one parameter to at least two values that differ.")
    if len(sizes) > 1:
        told = ", ".join(f"{name}: {row.size}" for name, row in grid.items())
        raise InputError(f"each parameter needs equally many values; got {told}.")
    return grid


def _crossings(x: FloatArray, y: FloatArray, error: FloatArray) -> list[tuple[float, float, float]]:
    """Where y passes zero, on the straight lines between points: the place, its error from that of y, and the slope."""
    found = []
    for i in range(x.size - 1):
        a, b = y[i], y[i + 1]
        if a * b < 0.0 or (a != b and b == 0.0):
            part = a / (a - b)
            slope = (b - a) / (x[i + 1] - x[i])
            spread = ((1.0 - part) * error[i] + part * error[i + 1]) / abs(slope)
            found.append((float(x[i] + part * (x[i + 1] - x[i])), float(spread), float(slope)))
    return found


def _sides(slope: float, high: str, low: str) -> tuple[str, str]:
    """Words below and above a crossing."""
    return (high, low) if slope < 0 else (low, high)
