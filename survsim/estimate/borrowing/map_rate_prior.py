"""MAP prior of a rate from events and person-time: Poisson counts, no normal approximation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from scipy.special import gammaln

from survsim.core.checks import SMALLEST, FloatArray, between, float_vector, positions
from survsim.core.errors import InputError
from survsim.core.pairing import names_in, paired
from survsim.core.provenance import Provenance
from survsim.core.renamed import renamed
from survsim.estimate.borrowing.map_prior import BorrowingPrior, checked_mean_prior
from survsim.estimate.borrowing.mixture import NormalMixture
from survsim.estimate.printed.study_rows import ONE_OF_EACH, row_names, warn_of_repeats

TAU_NODES, MEAN_NODES, EFFECT_NODES = 24, 81, 32


@renamed(sources="source")
def map_rate_prior(
    events: Sequence[float] | FloatArray,
    exposure: Sequence[float] | FloatArray,
    *,
    tau_scale: float,
    mean_prior: tuple[float, float] | None = None,
    labels: Sequence[Any] | None = None,
    source: str | Iterable[str] = (),
) -> BorrowingPrior:
    """MAP prior of the log rate of a new study from counts, zero counts included.

    ``d_j ~ Poisson(T_j exp(theta_j))``, ``theta_j ~ N(mu, tau^2)``, ``tau`` half-normal, mu flat or
    normal. The study effects are integrated by Gauss-Hermite sums around each study's own mode, mu
    and tau by Gauss-Legendre sums. The prior is a normal mixture on the log rate; use
    `mixture_approximation` with ``family="gamma"`` and `gamma_prior` to combine it with new counts.

    Parameters
    ----------
    events, exposure : (k,) events (0 allowed) and person-time.
    tau_scale : scale of the half-normal law of tau, on the log rate.
    mean_prior : (mean, sd) of mu on the log rate; None is flat and needs at least one event.

    Returns
    -------
    BorrowingPrior : the predictive law of the log rate of the next study, a mixture of normals.

    Raises
    ------
    InputError : events below 0, exposure not above 0, not one of each a study, or no event at all without `mean_prior`.

    References
    ----------
    Roychoudhury and Neuenschwander 2020, Statistics in Medicine 39:984, section 2.

    Example
    -------
    >>> from survsim.borrowing import map_rate_prior
    >>> prior = map_rate_prior([3, 0, 5], [60.0, 20.0, 80.0], tau_scale=0.5)
    >>> 0.01 < float(np.exp(prior.quantile(0.5))) < 0.1
    True
    """
    events, exposure, labels = paired(events=events, exposure=exposure, labels=labels)
    labels = names_in(events) or names_in(exposure) if labels is None else labels
    d, time = float_vector("events", events), float_vector("exposure", exposure)
    if d.size != time.size:
        raise InputError(f"events has {d.size} values and exposure {time.size}; give one of each per study.")
    bad = (d < 0) | (time < SMALLEST)
    if bad.any():
        raise InputError(f"events must be 0 or more and exposure positive; see {positions(bad)}.")
    if d.sum() == 0 and mean_prior is None:
        raise InputError("no event in any study: the log rate has no lower end. Give mean_prior.")
    names = row_names(labels, d.size)
    warn_of_repeats(names, source, named=labels is not None, advice=ONE_OF_EACH)
    scale = between("tau_scale", tau_scale, 0.0, np.inf)
    mean_prior = None if mean_prior is None else checked_mean_prior(mean_prior)
    x, w = np.polynomial.legendre.leggauss(TAU_NODES)
    tau = 2.5 * scale * (x + 1)
    low, high = _mean_range(d, time, tau, mean_prior)
    v, wv = np.polynomial.legendre.leggauss(MEAN_NODES)
    half = 0.5 * (high - low)[:, None]
    mu = low[:, None] + half * (v + 1)
    log_mass = np.log(w)[:, None] + np.log(half * wv) - 0.5 * (tau[:, None] / scale) ** 2
    if mean_prior is not None:
        log_mass = log_mass - 0.5 * ((mu - mean_prior[0]) / mean_prior[1]) ** 2
    log_mass = log_mass + _log_count_likelihood(d, time, mu, tau)
    mass = np.exp(log_mass - log_mass.max())
    mass /= mass.sum()
    # A node of mu stands for a cell of its width, else the mixture were a comb at small tau; the nodes
    # are drawn to their mean so that the variance stays what it was.
    cell = half * wv / np.sqrt(12)
    with np.errstate(divide="ignore", invalid="ignore"):  # a tau of no mass at all is left out below
        row = mass / mass.sum(axis=1, keepdims=True)
        middle = (row * mu).sum(axis=1, keepdims=True)
        variance = (row * (mu - middle) ** 2).sum(axis=1, keepdims=True)
        shrink = np.sqrt(np.maximum(1 - (row * cell**2).sum(axis=1, keepdims=True) / variance, 0.0))
    keep = mass.ravel() > 1e-9
    weight = mass.ravel()[keep] / mass.ravel()[keep].sum()
    centre = (middle + shrink * (mu - middle)).ravel()[keep]
    spread = np.hypot(np.broadcast_to(tau[:, None], mass.shape), cell).ravel()[keep]
    step = Provenance.of("map_rate_prior", source, tau_scale=scale, mean_prior=mean_prior, labels=names)
    return BorrowingPrior(
        method="map", mixture=NormalMixture(weight, centre, spread), labels=names, provenance=step
    )


def _mean_range(
    d: FloatArray, time: FloatArray, tau: FloatArray, mean_prior: tuple[float, float] | None
) -> tuple[FloatArray, FloatArray]:
    """Ends of mu beyond which its posterior given each tau is negligible."""
    centre = np.log((d.sum() + 0.5) / time.sum())
    # The centre is that of tau = 0; the spread of the studies leaves room for the others.
    room = np.ptp(np.log((d + 0.5) / time))
    reach = 9 * np.sqrt(1 / (d.sum() + 0.5) + tau**2 / d.size) + room * tau / (tau + 0.1)
    low, high = centre - reach, centre + reach
    if mean_prior is not None:
        m, sd = mean_prior
        low, high = np.minimum(low, m - 6 * sd), np.maximum(high, m + 6 * sd)
        low, high = np.maximum(low, m - 9 * sd), np.minimum(high, m + 9 * sd)
    return low, high


def _log_count_likelihood(d: FloatArray, time: FloatArray, mu: FloatArray, tau: FloatArray) -> FloatArray:
    """Sum over studies of log p(d_j | mu, tau), mu (t, m), tau (t,), by adaptive Gauss-Hermite sums."""
    node, weight = np.polynomial.hermite_e.hermegauss(EFFECT_NODES)
    total = np.zeros(mu.shape)
    t2 = tau[:, None] ** 2
    for count, exposure in zip(d, time):
        theta = np.where(count > 0, np.log(max(count, 0.5) / exposure), mu)
        for _ in range(60):  # concave in theta: damped Newton from the data or the mean
            rate = exposure * np.exp(theta)
            step = (count - rate - (theta - mu) / t2) / (rate + 1 / t2)
            theta = theta + np.clip(step, -1.0, 1.0)
        sd = 1 / np.sqrt(exposure * np.exp(theta) + 1 / t2)
        value = theta[..., None] + sd[..., None] * node
        log_f = (
            count * value
            - exposure * np.exp(value)
            - 0.5 * ((value - mu[..., None]) / tau[:, None, None]) ** 2
        )
        log_f = log_f + 0.5 * node**2 + np.log(weight)
        top = log_f.max(axis=-1, keepdims=True)
        total += (np.log(np.exp(log_f - top).sum(axis=-1)) + top[..., 0]) + np.log(sd) - np.log(tau[:, None])
        total += count * np.log(exposure) - gammaln(count + 1)
    return total
