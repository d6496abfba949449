"""A few components instead of many: mixture approximation of a prior by expectation-maximisation.

The target is a law, not a sample: EM runs on its quantiles at (i - 1/2)/N, so the answer is
deterministic. Schmidli et al. 2014 (Biometrics 70:1023) section 2.3 describes the use.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import digamma, polygamma

from survsim.core.checks import FloatArray, between, one_of
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.estimate.borrowing.mixture import GammaMixture, Mixture, NormalMixture, mixture_of

POINTS = 500
FAMILIES = ("normal", "gamma")


@result
class MixtureApproximation(Result):
    """A mixture of few components standing for a prior.

    Attributes
    ----------
    mixture : `NormalMixture` or `GammaMixture`.
    scale : "normal" (values as given) or "rate" (positive values).
    distance : largest absolute difference of the two distribution functions.
    """

    mixture: Mixture
    scale: str
    distance: float

    def columns(self) -> Columns:
        """Columns component, weight, mean, sd (and shape, rate for gamma)."""
        m = self.mixture
        centre, spread = m.moments()
        columns: dict[str, Any] = {
            "component": np.arange(1, m.weight.size + 1),
            "weight": m.weight,
            "mean": centre,
            "sd": spread,
        }
        if isinstance(m, GammaMixture):
            columns |= {"shape": m.shape, "rate": m.rate}
        return columns

    def headline(self) -> str:
        """Components and the distance from the law they stand for."""
        kind = "gamma" if isinstance(self.mixture, GammaMixture) else "normal"
        return (
            f"Mixture of {self.mixture.weight.size} {kind} components; "
            f"largest difference of the distribution functions {self.distance:.2g}"
        )


def mixture_approximation(
    prior: Any, *, components: int = 2, family: str = "normal", points: int = POINTS
) -> MixtureApproximation:
    """Approximate a prior by a mixture of 1 to 4 components by EM.

    Parameters
    ----------
    prior : a result with a ``mixture`` (for example a `MapPrior`) or a mixture itself.
    components : number of components.
    family : "normal", or "gamma" for a prior on a log rate: the approximation is then one of the rate.
    points : number of quantiles of the target used.

    Returns
    -------
    MixtureApproximation, with the distance that remains.

    Raises
    ------
    InputError : components outside 1 to 4, unknown family.

    References
    ----------
    Schmidli et al. 2014, Biometrics 70:1023, section 2.3.

    Example
    -------
    >>> from survsim import map_prior
    >>> from survsim.borrowing import mixture_approximation
    >>> prior = map_prior([0.1, 0.3, -0.2], [0.2, 0.3, 0.2], tau_scale=0.5)
    >>> mixture_approximation(prior, components=2).distance < 0.01
    True
    """
    one_of("family", family, FAMILIES)
    if components not in (1, 2, 3, 4):
        raise InputError(f"components must be 1, 2, 3 or 4; got {components!r}.")
    between("points", points, 10, 1e7, open_ends=False)
    target = mixture_of(prior)
    share = (np.arange(points) + 0.5) / points
    x = target.quantile(share)
    fit: Mixture
    if family == "normal":
        fit = _normal_em(x, components)
        distance = np.abs(fit.cdf(x) - share).max()
        scale = getattr(prior, "scale", "normal")
    else:
        log_rate = isinstance(target, NormalMixture)
        rate = np.exp(x) if log_rate else x
        fit = _gamma_em(rate, components)
        distance = np.abs(fit.cdf(rate) - share).max()
        scale = "rate"
    step = Provenance.of(
        "mixture_approximation", getattr(prior, "provenance", None), components=components, family=family
    )
    return MixtureApproximation(mixture=fit, scale=scale, distance=float(distance), provenance=step)


def _start(x: FloatArray, k: int) -> FloatArray:
    """Responsibilities (n, k) to begin with: a narrow core and wider shells around the median."""
    distance = np.abs(x - np.median(x))
    rank = np.argsort(np.argsort(distance)) / x.size
    edges = 1 - 0.5 ** np.arange(1, k)
    code = np.searchsorted(edges, rank, side="right")
    soft = np.full((x.size, k), 0.1 / k)
    soft[np.arange(x.size), code] += 0.9
    return soft / soft.sum(axis=1, keepdims=True)


def _normal_em(x: FloatArray, k: int) -> NormalMixture:
    share = _start(x, k)
    last = -np.inf
    weight, mean, sd = np.ones(k), np.zeros(k), np.ones(k)
    for _ in range(4000):
        total = share.sum(axis=0)
        weight, mean = total / x.size, share.T @ x / total
        sd = np.sqrt((share * (x[:, None] - mean) ** 2).sum(axis=0) / total)
        log_part = np.log(weight) - np.log(sd) - 0.5 * ((x[:, None] - mean) / sd) ** 2
        share, value = _responsibilities(log_part)
        if value - last < 1e-9 * abs(value):
            break
        last = value
    order = np.argsort(-weight)
    return NormalMixture(weight[order], mean[order], sd[order])


def _gamma_em(x: FloatArray, k: int) -> GammaMixture:
    share = _start(np.log(x), k)
    log_x = np.log(x)
    last = -np.inf
    weight, shape, rate = np.ones(k), np.ones(k), np.ones(k)
    for _ in range(4000):
        total = share.sum(axis=0)
        weight, mean = total / x.size, share.T @ x / total
        shape = _gamma_shape(np.log(mean) - share.T @ log_x / total)
        rate = shape / mean
        fit = GammaMixture(weight, shape, rate)
        share, value = _responsibilities(np.log(weight) + fit._log_parts(x[:, None]))
        if value - last < 1e-9 * abs(value):
            break
        last = value
    order = np.argsort(-weight)
    return GammaMixture(weight[order], shape[order], rate[order])


def _gamma_shape(gap: FloatArray) -> FloatArray:
    """Maximum-likelihood shape from log(mean) - mean(log), by Newton from Minka's start."""
    gap = np.maximum(gap, 1e-12)
    shape = (3 - gap + np.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap)
    for _ in range(6):  # the start is good to three digits
        slope = 1 / shape - polygamma(1, shape)
        shape = np.maximum(shape - (np.log(shape) - digamma(shape) - gap) / slope, 1e-8)
    return shape


def _responsibilities(log_part: FloatArray) -> tuple[FloatArray, float]:
    top = log_part.max(axis=1, keepdims=True)
    part = np.exp(log_part - top)
    total = part.sum(axis=1, keepdims=True)
    return part / total, float((np.log(total) + top).sum())
