"""Which parameters move the answer: one-way tornado, global indices, variance by layer, thresholds.

Everything works on the draws that were simulated anyway: no run is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from survsim.core.checks import FloatArray, between, label_list, numbers
from survsim.core.errors import InputError
from survsim.core.pairing import paired_draws
from survsim.core.provenance import Provenance
from survsim.core.renamed import renamed
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.simulation.outcomes.value_of_information import (
    check_outcomes,
    draws_of,
    fitted_outcomes,
)

if TYPE_CHECKING:
    pass


@result
class Tornado(Result):
    """Expected gain of one strategy over another with one parameter at its low and its high end.

    Attributes
    ----------
    strategy, reference : the two that are compared; gain : expected difference over all draws.
    names : (k,) parameters, widest bar first; low_value, high_value : (k,) their 2.5% and 97.5% draws.
    gain_low, gain_high : (k,) expected gain there, in `unit`.
    """

    strategy: str
    reference: str
    gain: float
    names: tuple[str, ...]
    low_value: FloatArray
    high_value: FloatArray
    gain_low: FloatArray
    gain_high: FloatArray
    unit: str

    def columns(self) -> Columns:
        """Columns parameter, low_value, high_value, gain_low, gain_high, swing."""
        return {
            "parameter": list(self.names),
            "low_value": self.low_value,
            "high_value": self.high_value,
            "gain_low": self.gain_low,
            "gain_high": self.gain_high,
            "swing": np.abs(self.gain_high - self.gain_low),
        }

    def headline(self) -> str:
        return (
            f"One-way sensitivity: gain of {self.strategy!r} over {self.reference!r}, "
            f"{self.gain:.3g} {self.unit} on average"
        )


@renamed(sources="source")
def tornado(
    mean: FloatArray,
    strategies: Sequence[str],
    parameters: Mapping[str, FloatArray],
    *,
    strategy: str,
    reference: str,
    unit: str,
    source: object = (),
) -> Tornado:
    """Expected gain given each parameter alone at its 2.5% and 97.5% draw, others averaged over.

    Parameters
    ----------
    mean : (s, d) expected outcome per strategy and draw.
    parameters : name -> (d,) draws; those that do not vary are left out.

    Returns
    -------
    Tornado : for each parameter its two values and the gain at each, widest first.

    Raises
    ------
    InputError : an unknown strategy, values that are missing or infinite, draws of another length.

    Reference: Briggs, Claxton & Sculpher 2006, Decision Modelling for Health Economic Evaluation, chapter 4.

    Example
    -------
    >>> from survsim.simulation import tornado
    >>> effect, nothing = np.linspace(-1, 1, 201), np.cos(np.arange(201.0))
    >>> mean = np.stack([np.zeros(201), effect])
    >>> found = tornado(mean, ["wait", "treat"], {"nothing": nothing, "effect": effect}, strategy="treat",
    ...     reference="wait", unit="months")
    >>> found.names
    ('effect', 'nothing')
    """
    parameters = paired_draws(parameters)
    mean = check_outcomes(mean)
    a, b = _index(strategies, strategy), _index(strategies, reference)
    gains = np.vstack([np.zeros(mean.shape[1]), mean[a] - mean[b]])
    bars = []
    for name, values in parameters.items():
        draws = draws_of(name, values, mean.shape[1])
        if np.ptp(draws) == 0:
            continue
        fitted = fitted_outcomes(gains, draws[:, None])[1]
        ends = [int(np.argmin(np.abs(draws - q))) for q in np.quantile(draws, [0.025, 0.975])]
        bars.append((name, draws[ends[0]], draws[ends[1]], fitted[ends[0]], fitted[ends[1]]))
    bars.sort(key=lambda bar: -abs(bar[4] - bar[3]))
    columns = list(zip(*bars)) if bars else [()] * 5
    return Tornado(
        provenance=Provenance.of("tornado", source, strategy=strategy, reference=reference),
        strategy=strategy,
        reference=reference,
        gain=float(gains[1].mean()),
        names=tuple(columns[0]),
        low_value=np.array(columns[1], float),
        high_value=np.array(columns[2], float),
        gain_low=np.array(columns[3], float),
        gain_high=np.array(columns[4], float),
        unit=unit,
    )


@result
class GlobalSensitivity(Result):
    """Share of the outcome's variation that each parameter carries, by two methods of SALib.

    Attributes
    ----------
    names : (k,) parameters; first_order : (k,) first-order Sobol index (given-data estimate of Plischke,
    Borgonovo, Smith 2013); pawn : (k,) median PAWN index (Pianosi, Wagener 2018); largest first.
    """

    names: tuple[str, ...]
    first_order: FloatArray
    pawn: FloatArray

    def columns(self) -> Columns:
        """Columns parameter, first_order, pawn."""
        return {"parameter": list(self.names), "first_order": self.first_order, "pawn": self.pawn}

    def headline(self) -> str:
        return f"Global sensitivity over {len(self.names)} parameters"


@renamed(sources="source")
def global_sensitivity(
    outcome: FloatArray, parameters: Mapping[str, FloatArray], *, seed: int = 1, source: object = ()
) -> GlobalSensitivity:
    """First-order Sobol and PAWN indices of `outcome` (d,) from the draws of the parameters.

    Parameters
    ----------
    outcome : (d,) one number a draw.
    parameters : name -> (d,) draws; those that do not vary are left out.
    seed : of PAWN's subsamples.
    source : results behind the numbers, for provenance.

    Returns
    -------
    GlobalSensitivity : the two indices of each parameter, largest first.

    Raises
    ------
    InputError : fewer than 50 draws, an outcome or parameters that do not vary, or arrays of other lengths.

    Reference: Plischke, Borgonovo & Smith 2013 (Eur J Oper Res 226:536); Pianosi & Wagener 2018 (Environ Model Softw 108:197).

    Example
    -------
    >>> from survsim.simulation import global_sensitivity
    >>> rng = np.random.default_rng(1)
    >>> a, b = rng.normal(size=(2, 500))
    >>> global_sensitivity(2 * a + 0.1 * b, {"a": a, "b": b}).names
    ('a', 'b')
    """
    from SALib.analyze import delta, pawn

    parameters = paired_draws(parameters, outcome, "outcome")
    outcome = draws_of("outcome", outcome, np.size(outcome))
    if outcome.size < 50:
        raise InputError(f"{outcome.size} draws are too few for global indices; simulate at least 50.")
    drawn = {name: draws_of(name, values, outcome.size) for name, values in parameters.items()}
    names = [name for name, draws in drawn.items() if np.ptp(draws) > 0]
    _varies(outcome, names, "parameters")
    inputs = np.column_stack([drawn[name] for name in names])
    problem = {
        "num_vars": len(names),
        "names": names,
        "bounds": [[float(c.min()), float(c.max())] for c in inputs.T],
    }
    first = delta.analyze(problem, inputs, outcome, seed=seed, num_resamples=20, method="sobol")["S1"]
    spread = pawn.analyze(problem, inputs, outcome, S=10, seed=seed)["median"]
    order = np.argsort(-np.asarray(first))
    return GlobalSensitivity(
        provenance=Provenance.of("global_sensitivity", source, seed=seed),
        names=tuple(names[i] for i in order),
        first_order=np.asarray(first)[order],
        pawn=np.asarray(spread)[order],
    )


def variance_by_layer(
    outcome: FloatArray, layers: Mapping[str, FloatArray], mc_variance: float
) -> dict[str, float]:
    """Shares of the variance of `outcome` (d,) by layer of uncertainty; they add to one.

    Parameters
    ----------
    layers : layer -> (d, k) components of that layer on their own scales (sampling, between studies,
        transport, assumptions), independent between layers.
    mc_variance : mean inner Monte Carlo variance of one outcome.

    A linear regression on all components splits the explained variance; what is left over and above the Monte
    Carlo part is called ``curvature`` (interactions and non-linearity), not hidden in a layer.

    Returns
    -------
    dict : layer -> share, with "monte carlo" and "curvature".

    Raises
    ------
    InputError : an outcome or layers that do not vary, arrays of other shapes, or a negative `mc_variance`.

    Reference: Saltelli et al. 2008, Global Sensitivity Analysis: The Primer, chapter 1.

    Example
    -------
    >>> from survsim.simulation import variance_by_layer
    >>> a, b = np.random.default_rng(1).normal(size=(2, 4000))
    >>> shares = variance_by_layer(2 * a + b, {"sampling": a[:, None], "transport": b[:, None]}, 0.0)
    >>> round(shares["sampling"], 1), round(shares["transport"], 1)
    (0.8, 0.2)
    """
    outcome = draws_of("outcome", outcome, np.size(outcome))
    between("mc_variance", mc_variance, 0.0, np.finfo(float).max, open_ends=False)
    layers = {name: numbers(f"layer {name!r}", part, truth=True) for name, part in layers.items()}
    for name, part in layers.items():
        if np.ndim(part) != 2:
            raise InputError(f"layer {name!r} must be (draws, components); got shape {np.shape(part)}.")
        for column in part.T:
            draws_of(f"layer {name!r}", column, outcome.size)
    names = [name for name, part in layers.items() if part.size and np.ptp(part, axis=0).max() > 0]
    _varies(outcome, names, "layers")
    total = float(outcome.var())
    columns = np.column_stack([layers[name] for name in names])
    centred = columns - columns.mean(axis=0)
    slopes, *_ = np.linalg.lstsq(centred, outcome - outcome.mean(), rcond=None)
    shares: dict[str, float] = {}
    start = 0
    for name in names:
        width = layers[name].shape[1]
        part = centred[:, start : start + width] @ slopes[start : start + width]
        shares[name] = float(np.mean(part * (outcome - outcome.mean()))) / total
        start += width
    shares["Monte Carlo"] = min(mc_variance / total, max(0.0, 1.0 - sum(shares.values())))
    shares["curvature"] = max(0.0, 1.0 - sum(shares.values()))
    return shares


def _varies(outcome: FloatArray, names: Sequence[str], what: str) -> None:
    """Refuse to explain what does not move, or by what does not move."""
    if not outcome.size or np.ptp(outcome) == 0:
        raise InputError("the outcome does not vary between draws; there is nothing to split.")
    if not names:
        raise InputError(
            f"none of the {what} varies between draws; there is nothing to explain the outcome by."
        )


@result
class Threshold(Result):
    """Where the decision turns as one parameter moves.

    Attributes
    ----------
    parameter : its name; values : (g,) grid over its draws; best : (g,) the best strategy there.
    turns_at : values between which the best strategy changes (midpoints), possibly none.
    """

    parameter: str
    values: FloatArray
    best: tuple[str, ...]
    turns_at: FloatArray

    def columns(self) -> Columns:
        """Columns value, best."""
        return {"value": self.values, "best": list(self.best)}

    def headline(self) -> str:
        if not self.turns_at.size:
            return f"Threshold: the decision does not turn over the drawn range of {self.parameter}"
        places = ", ".join(f"{v:.3g}" for v in self.turns_at)
        return f"Threshold: the decision turns at {self.parameter} = {places}"


@renamed(sources="source")
def threshold(
    mean: FloatArray, strategies: Sequence[str], name: str, draws: FloatArray, *, source: object = ()
) -> Threshold:
    """Best strategy in expectation along one parameter, the others averaged over.

    Parameters
    ----------
    mean : (s, d) expected outcome per strategy and draw; larger is better.
    strategies : s names.
    name : of the parameter.
    draws : (d,) its draws.
    source : results behind the numbers, for provenance.

    Returns
    -------
    Threshold : the best strategy along the parameter, and the values at which it changes.

    Raises
    ------
    InputError : values that are missing or infinite, or not one a draw.

    Reference: Pauker & Kassirer 1980 (N Engl J Med 302:1109).

    Example
    -------
    >>> from survsim.simulation import threshold
    >>> effect = np.linspace(-1, 1, 401)
    >>> found = threshold(np.stack([np.zeros(401), effect]), ["wait", "treat"], "effect", effect)
    >>> bool(abs(found.turns_at[0]) < 0.05)
    True
    """
    mean = check_outcomes(mean)
    draws = draws_of(name, draws, mean.shape[1])
    order = np.argsort(draws)
    inside = order[int(0.01 * order.size) : max(1, int(0.99 * order.size))]
    fitted = fitted_outcomes(mean, draws[:, None])[:, inside]
    best = fitted.argmax(axis=0)
    strategies = label_list("strategies", strategies)
    if len(strategies) != mean.shape[0]:
        raise InputError(f"strategies has {len(strategies)} names for {mean.shape[0]} rows of mean.")
    values = draws[inside]
    change = np.flatnonzero(np.diff(best) != 0)
    return Threshold(
        provenance=Provenance.of("threshold", source, parameter=name),
        parameter=name,
        values=values,
        best=tuple(strategies[i] for i in best),
        turns_at=(values[change] + values[change + 1]) / 2,
    )


def _index(strategies: Sequence[str], name: str) -> int:
    if name not in strategies:
        raise InputError(f"strategy must be one of {', '.join(map(repr, strategies))}; got {name!r}.")
    return list(strategies).index(name)
