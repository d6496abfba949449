"""Commensurate prior: the new parameter differs from the pooled earlier one by a random amount."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, between, one_of
from survsim.core.provenance import Provenance
from survsim.core.renamed import renamed
from survsim.estimate.borrowing.map_prior import BorrowingPrior, checked_estimates
from survsim.estimate.borrowing.mixture import NormalMixture

PRIORS = ("half-normal", "spike-and-slab")


@renamed(sources="source")
def commensurate_prior(
    estimate: Sequence[float] | FloatArray,
    std_error: Sequence[float] | FloatArray,
    *,
    tau_scale: float,
    tau_prior: str = "half-normal",
    spike_weight: float = 0.5,
    labels: Sequence[Any] | None = None,
    source: str | Iterable[str] = (),
) -> BorrowingPrior:
    """Prior ``theta ~ N(theta_0, tau^2)`` around the fixed-effect mean theta_0 of earlier studies.

    Earlier studies share one theta_0 (unlike the MAP prior, they say nothing on tau), so tau keeps its
    prior until new data arrive; the result is the mixture over tau of ``N(y_0, s_0^2 + tau^2)``.

    Parameters
    ----------
    tau_scale : scale of the half-normal law of tau; with "spike-and-slab" the sd of the slab.
    tau_prior : "half-normal", or "spike-and-slab": tau is 0 with `spike_weight`, else `tau_scale`.
    spike_weight : prior probability of full agreement.

    Returns
    -------
    BorrowingPrior : a mixture of normals over tau.

    Raises
    ------
    InputError : a `tau_scale` not above 0, a `spike_weight` outside 0 to 1, an unknown `tau_prior`.

    References
    ----------
    Hobbs et al. 2011, Biometrics 67:1047, section 2; spike and slab: Hobbs et al. 2012, Bayesian
    Analysis 7:639.

    Example
    -------
    >>> from survsim.borrowing import commensurate_prior
    >>> prior = commensurate_prior([0.2], [0.1], tau_scale=1.0, tau_prior="spike-and-slab")
    >>> [round(float(s), 3) for s in prior.mixture.spread]
    [0.1, 1.005]
    """
    y, s, names = checked_estimates(estimate, std_error, labels, source)
    one_of("tau_prior", tau_prior, PRIORS)
    scale = between("tau_scale", tau_scale, 0.0, np.inf)
    spike = between("spike_weight", spike_weight, 0.0, 1.0)
    precision = float((s**-2).sum())
    centre, variance = float(y @ s**-2) / precision, 1 / precision
    tau: FloatArray
    if tau_prior == "spike-and-slab":
        tau, weight = np.array([0.0, scale]), np.array([spike, 1 - spike])
    else:
        x, w = np.polynomial.legendre.leggauss(96)
        tau = 4.5 * scale * (x + 1)
        weight = w * np.exp(-0.5 * (tau / scale) ** 2)
        weight = weight / weight.sum()
    mixture = NormalMixture(weight, np.full(tau.size, centre), np.sqrt(variance + tau**2))
    step = Provenance.of(
        "commensurate_prior", source, tau_scale=scale, tau_prior=tau_prior, labels=names,
        spike_weight=spike if tau_prior == "spike-and-slab" else None,
    )  # fmt: skip
    return BorrowingPrior(method="commensurate prior", mixture=mixture, labels=names, provenance=step)
