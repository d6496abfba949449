"""What it would be worth to know more, per patient in the unit of the outcome: months of life, quality-adjusted, money.

All quantities are computed from simulated expected outcomes m[s, d] of strategy s under parameter draw d, and the
Monte Carlo covariance of their errors. The decision taken now is ``s* = argmax_s mean_d m[s, d]`` and

* EVPI  = mean_d max_s m[s, d] - max_s mean_d m[s, d],
* EVPPI = mean_d max_s g_s(phi_d) - max_s mean_d g_s(phi_d), g the regression of m on the parameters phi
  (Strong, Oakley, Brennan 2014, Med Decis Making 34:311),
* EVSI  = the same with phi replaced by what a proposed study would observe
  (Strong, Oakley, Brennan, Breeze 2015, Med Decis Making 35:570).

The maximum of noisy means is too large on average: the inner Monte Carlo noise would pass for parameter
uncertainty. EVPI is therefore extrapolated to no noise (SIMEX, Cook, Stefanski 1994, JASA 89:1314): noise of the same
covariance is added once more, and the step is taken back twice. The regressions smooth the noise away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from survsim.core.checks import FloatArray, between, numbers, positions
from survsim.core.errors import InputError
from survsim.core.matrices import symmetric_root
from survsim.core.pairing import paired_draws
from survsim.core.provenance import Provenance
from survsim.core.renamed import renamed
from survsim.core.result import Result, result
from survsim.core.streams import Streams
from survsim.core.tables import Columns, from_rows

if TYPE_CHECKING:
    pass

REPEATS = 40
"""Times the noise is added anew; their mean is the second point of the extrapolation."""
DRAWS_PER_COLUMN = 10
"""A regression with fewer draws per column than this would fit noise: it is refused."""


@result
class ValueOfInformation(Result):
    """Expected value of information of one decision, in `unit` per patient.

    Attributes
    ----------
    chosen : the strategy that is best in expectation.
    evpi, evpi_uncorrected : of perfect information, with and without the correction for inner noise.
    evpi_std_error : error of `evpi` from the finite number of draws.
    names : (k,) parameters or groups; evppi : (k,) value of knowing each, largest first.
    unit : time unit of the outcome.
    """

    chosen: str
    evpi: float
    evpi_uncorrected: float
    evpi_std_error: float
    names: tuple[str, ...]
    evppi: FloatArray
    unit: str

    def columns(self) -> Columns:
        """Columns quantity, parameter, estimate (in `unit` per patient)."""
        rows = [("EVPI", "everything", self.evpi)]
        rows += [("EVPPI", name, float(v)) for name, v in zip(self.names, self.evppi)]
        return from_rows(rows, ("quantity", "parameter", "estimate"))

    def headline(self) -> str:
        return (
            f"Value of information: decision now {self.chosen!r}; perfect information is worth "
            f"{self.evpi:.3g} {self.unit} a patient (Monte Carlo error {self.evpi_std_error:.1g})"
        )


@renamed(sources="source")
def value_of_information(
    mean: FloatArray,
    mc_covariance: FloatArray,
    strategies: Sequence[str],
    parameters: Mapping[str, FloatArray],
    *,
    unit: str,
    groups: Mapping[str, Sequence[str]] | None = None,
    seed: int = 1,
    source: str | Iterable[str] = (),
) -> ValueOfInformation:
    """EVPI and, per parameter or group of parameters, EVPPI.

    Parameters
    ----------
    mean : (s, d) mean outcome per patient of strategy s under draw d; larger is better.
    mc_covariance : (d, s, s) Monte Carlo covariance of `mean` in each draw.
    strategies : s names.
    parameters : name -> (d,) draws; one that does not vary is worth nothing and left out.
    groups : name -> parameters to be known together; default each parameter alone.

    Returns
    -------
    ValueOfInformation : EVPI with its standard error, and EVPPI of each parameter or group, per patient in `unit`.

    Raises
    ------
    InputError : shapes that disagree, values that are missing or infinite, one strategy, or too few draws for
        the regression.

    Reference: Strong, Oakley & Brennan 2014 (Med Decis Making 34:311); Cook & Stefanski 1994 (J Am Stat Assoc 89:1314).

    Example
    -------
    >>> from survsim import value_of_information
    >>> effect = np.random.default_rng(1).normal(0.2, 1.0, 2000)
    >>> mean = np.stack([np.zeros(2000), effect])
    >>> found = value_of_information(mean, np.zeros((2000, 2, 2)), ["wait", "treat"], {"effect": effect}, unit="months")
    >>> bool(0.25 < found.evpi < 0.37)
    True
    """
    parameters = paired_draws(parameters)
    mean, mc_covariance = numbers("mean", mean), numbers("mc_covariance", mc_covariance)
    _check(mean, mc_covariance, strategies)
    parameters = {name: draws_of(name, values, mean.shape[1]) for name, values in parameters.items()}
    best = int(np.argmax(mean.mean(axis=1)))
    loss = mean.max(axis=0) - mean[best]
    corrected, raw = _evpi(mean, mc_covariance, seed)
    wanted = groups or {name: [name] for name, draws in parameters.items() if np.ptp(draws) > 0}
    found = {name: evppi(mean, _stack(parameters, members, name)) for name, members in wanted.items()}
    order = sorted(found, key=lambda name: -found[name])
    return ValueOfInformation(
        provenance=Provenance.of("value_of_information", source, draws=mean.shape[1], unit=unit),
        chosen=strategies[best],
        evpi=corrected,
        evpi_uncorrected=raw,
        evpi_std_error=float(loss.std(ddof=1) / np.sqrt(loss.size)),
        names=tuple(order),
        evppi=np.array([found[name] for name in order]),
        unit=unit,
    )


def evppi(mean: FloatArray, known: FloatArray) -> float:
    """Value of knowing the columns of `known` (d, k) exactly, for outcomes `mean` (s, d)."""
    return _gain(fitted_outcomes(mean, known))


def evsi(mean: FloatArray, parameter: FloatArray, std_error: float, noise: FloatArray) -> float:
    """Value of a study that will report `parameter` (d,) with standard error `std_error`.

    `noise` (d,) holds standard normal draws: the study's own sampling error, one per parameter draw.

    Parameters
    ----------
    mean : (s, d) mean outcome per patient of strategy s under draw d; larger is better.
    parameter : (d,) draws of what the study will report.
    std_error : of the study's report, above 0.
    noise : (d,) standard normal draws.

    Returns
    -------
    Expected gain per patient, in the unit of `mean`.

    Raises
    ------
    InputError : a standard error that is not positive and finite, or arrays of other lengths or with gaps.

    Reference: Strong, Oakley, Brennan & Breeze 2015 (Med Decis Making 35:570).

    Example
    -------
    >>> from survsim.simulation import evsi
    >>> rng = np.random.default_rng(1)
    >>> effect = rng.normal(0.2, 1.0, 2000)
    >>> mean = np.stack([np.zeros(2000), effect])
    >>> bool(0.1 < evsi(mean, effect, 1.0, rng.normal(size=2000)) < 0.3)
    True
    """
    if not between("std_error", std_error, -np.inf, np.inf) > 0:
        raise InputError(f"std_error of the proposed study must be positive; got {std_error!r}.")
    given = paired_draws({"parameter": parameter, "noise": noise})
    mean = check_outcomes(mean)
    parameter, noise = (draws_of(name, values, mean.shape[1]) for name, values in given.items())
    reported = parameter + std_error * noise
    return _gain(fitted_outcomes(mean, reported[:, None]))


def fitted_outcomes(mean: FloatArray, known: FloatArray) -> FloatArray:
    """E(outcome | known) per strategy, (s, d): regression on natural splines and their products.

    Differences to the first strategy are fitted, because common random numbers make them far less noisy than
    the outcomes themselves.
    """
    mean = check_outcomes(mean)
    d = mean.shape[1]
    known = numbers("known", known, truth=True)
    if known.ndim != 2:
        raise InputError(f"known must be (draws, parameters); got shape {known.shape}.")
    for column in known.T:
        draws_of("known", column, d)
    basis = _basis(known)
    if d < DRAWS_PER_COLUMN * basis.shape[1]:
        raise InputError(
            f"{d} draws are too few for a regression on {basis.shape[1]} columns "
            f"(at least {DRAWS_PER_COLUMN} a column); simulate more draws or group fewer parameters."
        )
    gains = mean - mean[:1]
    coefficients, *_ = np.linalg.lstsq(basis, gains.T, rcond=None)
    return (basis @ coefficients).T


def check_outcomes(mean: FloatArray) -> FloatArray:
    """`mean` if it is (strategies, draws) without missing or infinite values, else InputError."""
    mean = numbers("mean", mean)
    if mean.ndim != 2 or not mean.size:
        raise InputError(f"mean must be (strategies, draws); got shape {mean.shape}.")
    if not np.isfinite(mean).all():
        bad = np.flatnonzero(~np.isfinite(mean).all(axis=0))
        raise InputError(
            f"mean must be finite; it is not in {bad.size} of {mean.shape[1]} draws, the first of them {bad[0]}. "
            "Leave those draws out of everything, or find out why."
        )
    return mean


def draws_of(name: str, values: FloatArray, draws: int) -> FloatArray:
    """`values` as (d,) if there is one finite number a draw, else InputError."""
    array = numbers(name, values, truth=True)
    if array.shape != (draws,):
        raise InputError(f"{name} must hold one value for each of {draws} draws; got shape {array.shape}.")
    if not np.isfinite(array).all():
        raise InputError(f"{name} must be finite; it is not in {positions(~np.isfinite(array))}.")
    return array


def _gain(fitted: FloatArray) -> float:
    # Draw by draw against the strategy that is best on average: the difference of two large means would lose the digits
    # of a small gain, and leave rounding where one strategy is best in every draw.
    best = fitted[int(fitted.mean(axis=1).argmax())]
    gain = float((fitted.max(axis=0) - best).mean())
    return gain if gain > 1e-12 * float(np.abs(fitted).max(initial=1.0)) else 0.0


def perfect_information(mean: FloatArray, mc_covariance: FloatArray, seed: int) -> float:
    """EVPI of outcomes (s, d), corrected for their Monte Carlo covariance (d, s, s)."""
    return _evpi(mean, mc_covariance, seed)[0]


def _evpi(mean: FloatArray, covariance: FloatArray, seed: int) -> tuple[float, float]:
    """EVPI extrapolated to no Monte Carlo noise, and as it comes."""

    def plain(values: FloatArray) -> float:
        return float(values.max(axis=0).mean() - values.mean(axis=1).max())

    raw = plain(mean)
    root = symmetric_root(covariance)
    s, d = mean.shape
    luck = ndtri(Streams(seed).uniforms("evpi/noise", size=REPEATS * d * s).clip(1e-12, 1 - 1e-12))
    noise = np.einsum("dij,rdj->rid", root, luck.reshape(REPEATS, d, s))
    noisier = float(np.mean([plain(mean + extra) for extra in noise]))
    return max(0.0, 2 * raw - noisier), raw


def _basis(known: FloatArray) -> FloatArray:
    """Natural cubic spline with three degrees of freedom a column, and pairwise products of columns."""
    known = known[:, np.ptp(known, axis=0) > 0]
    scaled = (known - known.mean(axis=0)) / known.std(axis=0) if known.shape[1] else known
    columns = [np.ones(known.shape[0])]
    for x in scaled.T:
        columns.extend(_natural_spline(x))
    columns.extend(a * b for i, a in enumerate(scaled.T) for b in scaled.T[i + 1 :])
    return np.column_stack(columns)


def _natural_spline(x: FloatArray) -> list[FloatArray]:
    knots = np.unique(np.quantile(x, [0.05, 0.35, 0.65, 0.95]))
    terms = [x]
    if knots.size < 3:
        return terms
    last, before = knots[-1], knots[-2]

    def cube(k: float) -> FloatArray:
        return np.maximum(x - k, 0.0) ** 3

    for k in knots[:-2]:
        terms.append((cube(k) - cube(last)) / (last - k) - (cube(before) - cube(last)) / (last - before))
    return terms


def _stack(parameters: Mapping[str, FloatArray], members: Sequence[str], group: str) -> FloatArray:
    missing = [name for name in members if name not in parameters]
    if missing:
        raise InputError(f"group {group!r} names {', '.join(missing)}; known: {', '.join(parameters)}.")
    return np.column_stack([parameters[name] for name in members])


def _check(mean: FloatArray, covariance: FloatArray, strategies: Sequence[str]) -> None:
    n = len(strategies)
    shape, other = np.shape(mean), np.shape(covariance)
    if len(shape) != 2 or shape[0] != n or other != (shape[1], n, n):
        raise InputError(
            f"mean must be (strategies, draws) and mc_covariance (draws, strategies, strategies) for {n} strategies; "
            f"got {shape} and {other}."
        )
    if n < 2:
        raise InputError("a decision needs at least two strategies.")
    check_outcomes(mean)
    if mean.shape[1] < 2:
        raise InputError("value of information needs at least two parameter draws; got one.")
    if not np.isfinite(covariance).all():
        raise InputError("mc_covariance must be finite; it holds missing or infinite values.")
