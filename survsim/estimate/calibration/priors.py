"""Prior laws of parameters, each written as a function of one standard normal.

Every parameter is ``F^-1(Phi(w))`` with w standard normal before the data. So the prior of all parameters together is
the unit normal, whatever the laws; limits need no care; and how far the data moved a parameter, in prior standard
deviations, is the posterior mean of its w.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.special import ndtr, ndtri

from survsim.core.checks import FloatArray, numbers
from survsim.core.encoding import stored
from survsim.core.errors import InputError

EDGE = 1e-14


class Law(Protocol):
    """What a prior must give."""

    def at(self, w: FloatArray) -> FloatArray:
        """Values of the parameter where the standard normal is w."""


@stored
@dataclass(frozen=True, slots=True)
class NormalLaw:
    """Normal with `mean` and `sd`."""

    mean: float
    sd: float

    def __post_init__(self) -> None:
        if not (self.sd >= 0 and np.isfinite(self.mean)):
            raise InputError(f"a normal prior needs a finite mean and sd >= 0; got {self.mean}, {self.sd}.")

    def at(self, w: FloatArray) -> FloatArray:
        """``mean + sd w``."""
        return self.mean + self.sd * w


@stored
@dataclass(frozen=True, slots=True)
class LogNormalLaw:
    """Log-normal by its median and 95% range; each side of the median keeps its own spread."""

    median: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.median <= self.high:
            raise InputError(
                f"a log-normal prior needs 0 < low {self.low} <= median {self.median} <= high {self.high}."
            )

    def at(self, w: FloatArray) -> FloatArray:
        """Median times the exponential of w in units of its side."""
        below = np.log(self.median / self.low) / 1.959963984540054
        above = np.log(self.high / self.median) / 1.959963984540054
        return self.median * np.exp(np.where(w < 0, below, above) * w)


@stored
@dataclass(frozen=True, slots=True)
class UniformLaw:
    """Uniform between `low` and `high`."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise InputError(f"a uniform prior needs low below high; got {self.low}, {self.high}.")

    def at(self, w: FloatArray) -> FloatArray:
        """``low + (high - low) Phi(w)``."""
        return self.low + (self.high - self.low) * ndtr(w)


@stored
@dataclass(frozen=True, slots=True)
class HalfNormalLaw:
    """Half-normal with `scale`: for standard deviations."""

    scale: float

    def __post_init__(self) -> None:
        if not self.scale > 0:
            raise InputError(f"a half-normal prior needs a scale above 0; got {self.scale}.")

    def at(self, w: FloatArray) -> FloatArray:
        """``scale Phi^-1((1 + Phi(w)) / 2)``, from the upper tail, where it keeps its digits."""
        return -self.scale * ndtri(np.maximum(0.5 * ndtr(-w), 1e-300))


@stored
@dataclass(frozen=True, slots=True)
class FixedLaw:
    """A value that is not varied."""

    value: float

    def at(self, w: FloatArray) -> FloatArray:
        """The value, whatever w is."""
        return np.full(np.shape(w), self.value)


@stored
@dataclass(frozen=True, slots=True, eq=False)
class DrawnLaw:
    """The law behind given draws of a positive number, such as the predictive draws of a borrowing prior.

    The logarithm is interpolated between its own quantiles on the normal scale, and goes on along straight lines
    beyond them.
    """

    draws: FloatArray

    def __post_init__(self) -> None:
        draws = numbers("draws", self.draws)
        if draws.ndim != 1 or draws.size < 100 or not np.all((draws > 0) & np.isfinite(draws)):
            raise InputError("a prior from draws needs at least 100 positive finite draws in one row.")
        object.__setattr__(self, "draws", np.sort(draws))

    def at(self, w: FloatArray) -> FloatArray:
        """Quantiles of the draws at Phi(w)."""
        score = ndtri(
            np.array([0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99])
        )
        log_value = np.log(np.quantile(self.draws, ndtr(score)))
        inside = np.interp(w, score, log_value)
        low = (log_value[1] - log_value[0]) / (score[1] - score[0])
        high = (log_value[-1] - log_value[-2]) / (score[-1] - score[-2])
        beyond = low * np.minimum(w - score[0], 0.0) + high * np.maximum(w - score[-1], 0.0)
        return np.exp(inside + beyond)


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """Prior of one parameter.

    Attributes
    ----------
    law : its distribution before the targets.
    reason : on what ground; it stands in the parameter table.
    meaning, unit : for the table.
    source : references the law itself came from, so that they are not used again as targets unnoticed.
    """

    law: Law
    reason: str
    meaning: str = ""
    unit: str = ""
    source: tuple[str, ...] | str = ()

    def __post_init__(self) -> None:
        if isinstance(self.source, str):
            object.__setattr__(self, "source", (self.source,))
        if len(self.reason.strip()) < 10:
            raise InputError(f"a prior says on what ground it stands; got reason {self.reason!r}.")


def free_names(priors: Mapping[str, Prior]) -> tuple[str, ...]:
    """Parameters that are varied."""
    return tuple(name for name, p in priors.items() if not isinstance(p.law, FixedLaw))


def natural(priors: Mapping[str, Prior], names: Sequence[str], w: FloatArray) -> dict[str, FloatArray]:
    """Parameter values where the standard normals are w (b, p); fixed ones are added."""
    columns = {name: w[:, i] for i, name in enumerate(names)}
    nothing = np.zeros(w.shape[0])
    return {name: p.law.at(columns.get(name, nothing)) for name, p in priors.items()}


def law_of(declared: Any) -> Law:
    """The law of a scenario file's declaration (anything with ``law`` and its numbers)."""
    kind = declared.law
    if kind == "normal":
        return NormalLaw(declared.mean, declared.sd)
    if kind == "lognormal":
        return LogNormalLaw(declared.median, declared.low, declared.high)
    if kind == "uniform":
        return UniformLaw(declared.low, declared.high)
    if kind == "fixed":
        return FixedLaw(declared.value)
    raise InputError(
        f"a calibrated parameter cannot have the prior law {kind!r}; use lognormal, normal, uniform, fixed."
    )
