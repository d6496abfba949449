"""A network without a contrast to spare: its heterogeneity is that of a prior, as of one study in `meta_analysis`.

With as many contrasts as effects the design X is square. The estimates ``X^-1 y`` are then the same for every tau, the
restricted likelihood of tau is flat, and its posterior is the prior. Covariances are ``X^-1 (S + tau^2 M) X^-T``, and each
effect is a mixture of normals over the half-normal tau.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import ndtr

from survsim.core.checks import FloatArray
from survsim.estimate.synthesis.tau_prior import mixture_quantile, tau_posterior

if TYPE_CHECKING:
    from survsim.estimate.synthesis.network_design import NetworkRows


class PriorLeague(NamedTuple):
    """The tables (T, T) of a `NetworkMetaAnalysis`, its p-scores (T,), and the square of the median tau."""

    tables: dict[str, FloatArray]
    p_score: FloatArray
    tau2: float


def league_under_prior(rows: NetworkRows, scale: float, conf_level: float) -> PriorLeague:
    """Every treatment against every other, with tau half-normal of `scale`, where contrasts and effects are as many."""
    # A study of its own says nothing of tau: this posterior is the prior, on the nodes that all pooling uses.
    prior = tau_posterior(np.zeros(1), np.ones(1), scale)
    inverse = np.linalg.inv(rows.design)
    effect = np.concatenate([[0.0], inverse @ rows.y])
    estimate = effect[:, None] - effect[None, :]
    sampling = _pair_variances(inverse @ rows.sampling @ inverse.T)
    between = _pair_variances(inverse @ rows.shared @ inverse.T)
    size = effect.size
    reach, far, certain = np.zeros((size, size)), np.zeros((size, size)), np.zeros((size, size))
    upper, centre = 0.5 + conf_level / 2.0, np.zeros_like(prior.tau)
    for i, j in zip(*np.triu_indices(size, 1)):
        variance = sampling[i, j] + between[i, j] * prior.tau**2
        sd = np.sqrt(variance)
        reach[i, j] = reach[j, i] = mixture_quantile(upper, prior.weights, centre, sd)
        far[i, j] = far[j, i] = mixture_quantile(
            upper, prior.weights, centre, np.sqrt(variance + prior.tau**2)
        )
        certain[i, j] = float(prior.weights @ ndtr(-estimate[i, j] / sd))
        certain[j, i] = float(prior.weights @ ndtr(estimate[i, j] / sd))
    tables = {
        "estimate": estimate,
        "std_error": np.sqrt(sampling + between * float(prior.weights @ prior.tau**2)),
        "conf_low": estimate - reach,
        "conf_high": estimate + reach,
        "prediction_low": estimate - far,
        "prediction_high": estimate + far,
    }
    return PriorLeague(tables, certain.sum(axis=1) / (size - 1), prior.tau_quantile(0.5) ** 2)


def _pair_variances(covariance: FloatArray) -> FloatArray:
    """Variances (T, T) of all differences, from the covariance of the effects against the reference."""
    full = np.zeros((covariance.shape[0] + 1,) * 2)
    full[1:, 1:] = covariance
    spread = np.diag(full)
    return np.asarray(np.maximum(spread[:, None] + spread[None, :] - 2.0 * full, 0.0))
