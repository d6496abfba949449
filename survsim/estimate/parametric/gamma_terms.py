"""The gamma family: the generalised gamma whose shape q is its sigma."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.distributions import GeneralisedGamma, HazardDistribution
from survsim.core.encoding import stored
from survsim.estimate.parametric.generalised_gamma_terms import GeneralisedGammaFamily
from survsim.estimate.parametric.likelihood_terms import Entry, Terms

WHOLE = GeneralisedGammaFamily()


@stored
@dataclass(frozen=True, slots=True)
class GammaFamily:
    """T is gamma with mean exp(mu) and shape 1 / sigma^2; covariates stretch time."""

    name: str = "gamma"
    effect: str = "time ratio"
    location: str = "mu"
    predictors: tuple[str, ...] = ("mu", "log(sigma)")
    needs_positive_times: bool = True
    limit: float = 6.0

    def log_density(self, t: FloatArray, z: list[FloatArray]) -> Terms:
        return _along(WHOLE.log_density(t, [z[0], z[1], np.exp(z[1])]), np.exp(z[1]))

    def log_survival(self, t: FloatArray, z: list[FloatArray]) -> Terms:
        return _along(WHOLE.log_survival(t, [z[0], z[1], np.exp(z[1])]), np.exp(z[1]))

    def on_clock(self, clock: float) -> GammaFamily:
        return self

    def unscale(self, clock: float) -> list[tuple[float, float]]:
        return [(1.0, float(np.log(clock))), (1.0, 0.0)]

    def start(self) -> list[float]:
        return [0.0, 0.0]

    def distribution(self, z: list[FloatArray], unit: str) -> HazardDistribution:
        sigma = np.exp(z[1])
        return GeneralisedGamma(mu=z[0], sigma=sigma, q=sigma, time_unit=unit)


def _along(terms: Terms, q: FloatArray) -> Terms:
    """Derivatives in (mu, log sigma) where q moves with sigma, from those in (mu, log sigma, q)."""
    m, s, d = (_there(a) for a in terms.first)
    mm, ms, mq, ss, sq, qq = (_there(a) for a in terms.second)
    first: list[Entry] = [m, s + q * d]
    return Terms(terms.value, first, [mm, ms + q * mq, ss + 2.0 * q * sq + q * q * qq + q * d])


def _there(entry: Entry) -> FloatArray:
    """A derivative with zero spelt out."""
    return np.zeros(1) if entry is None else entry
