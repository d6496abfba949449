"""Using a prior made from earlier evidence: robustify, transport, weigh and combine with new data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import betainc, gammaincinv, gammaln, ndtr

from survsim.core.checks import FloatArray, between
from survsim.core.errors import EvidenceWarning, InputError, warn
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.core.tails import two_tails
from survsim.estimate.borrowing.map_prior import BorrowingPrior
from survsim.estimate.borrowing.mixture import GammaMixture, Mixture, NormalMixture, mixture_of

CONFLICT_LEVEL = 0.05
FEW = 24
"""Components of a mixture up to which each gets panels of its own."""


@result
class BorrowedEstimate(Result):
    """Posterior of a parameter after new data met a borrowed prior.

    Attributes
    ----------
    mixture : posterior mixture, weights updated by marginal likelihood.
    estimate, std_error, conf_low, conf_high : posterior median, sd and equal-tailed interval.
    vague_weight : posterior weight of the vague component (NaN without one): the share of the answer
        that does not borrow.
    prior_vague_weight : the same before the data.
    log_marginal : log marginal likelihood of the data under the prior.
    conflict_p : two-sided prior predictive tail probability of the data; small means conflict.
    prior_ess : effective sample size of the prior in `ess_unit`.
    """

    mixture: Mixture
    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    conf_level: float
    vague_weight: float
    prior_vague_weight: float
    log_marginal: float
    conflict_p: float
    prior_ess: float
    ess_unit: str

    def columns(self) -> Columns:
        """One row: estimate, interval, weight of the vague component, conflict, ess."""
        names = ("estimate", "std_error", "conf_low", "conf_high", "conf_level")
        extra = ("vague_weight", "conflict_p", "log_marginal", "prior_ess", "ess_unit")
        return {name: getattr(self, name) for name in names + extra}

    def headline(self) -> str:
        """Whether prior and data agree."""
        agree = "in conflict with" if self.conflict_p < CONFLICT_LEVEL else "compatible with"
        return f"Posterior with borrowed prior; data {agree} the prior (predictive p {self.conflict_p:.3g})"


def robust_map_prior(
    prior: BorrowingPrior,
    *,
    weight: float = 0.2,
    vague_mean: float | None = None,
    vague_sd: float | None = None,
) -> BorrowingPrior:
    """Mix a prior with a vague component that takes over when prior and data disagree.

    ``(1 - weight) prior + weight N(vague_mean, vague_sd^2)``; for a rate the vague component is a gamma
    law with the same mean and the information of one event.

    Parameters
    ----------
    prior : a `MapPrior` or another borrowing prior.
    weight : prior weight of the vague component, in (0, 1).
    vague_mean : its mean, finite and for a rate positive; the prior mean by default.
    vague_sd : its standard deviation, needed on the normal scale: the unit-information value is the
        standard deviation of one observation (2 for a log hazard ratio in equal arms, 1 for a log rate).

    Returns
    -------
    BorrowingPrior, with `vague` naming the new component.

    Raises
    ------
    InputError : a weight, mean or standard deviation out of its range, or a prior that is robust already.

    References
    ----------
    Schmidli et al. 2014, Biometrics 70:1023, section 3.

    Example
    -------
    >>> from survsim import map_prior, robust_map_prior
    >>> robust = robust_map_prior(map_prior([0.1, 0.2], [0.1, 0.1], tau_scale=0.5), weight=0.3, vague_sd=2)
    >>> float(robust.mixture.weight[robust.vague])
    0.3
    """
    share = between("weight", weight, 0.0, 1.0)
    if prior.vague >= 0:
        raise InputError("this prior already has a vague component; robustify once.")
    m = prior.mixture
    lowest = 0.0 if isinstance(m, GammaMixture) else -np.inf
    centre = m.mean_value() if vague_mean is None else between("vague_mean", vague_mean, lowest, np.inf)
    mixed: Mixture
    if isinstance(m, NormalMixture):
        if vague_sd is None:
            raise InputError(
                "vague_sd is needed: the standard deviation of one observation's worth of information "
                "(2 for a log hazard ratio in equal arms, 1 for a log rate)."
            )
        wide = between("vague_sd", vague_sd, 0.0, np.inf)
        mixed = NormalMixture(
            np.append(m.weight * (1 - share), share), np.append(m.centre, centre), np.append(m.spread, wide)
        )
    elif isinstance(m, GammaMixture):
        if vague_sd is not None:
            raise InputError("vague_sd is for the normal scale; a rate gets a gamma law of one event.")
        mixed = GammaMixture(
            np.append(m.weight * (1 - share), share),
            np.append(m.shape, 1.0),
            np.append(m.rate, 1.0 / centre),
        )
    step = Provenance.of("robust_map_prior", prior, weight=share, vague_mean=vague_mean, vague_sd=vague_sd)
    return BorrowingPrior(
        method=f"robust {prior.method}",
        mixture=mixed,
        scale=prior.scale,
        vague=mixed.weight.size - 1,
        labels=prior.labels,
        provenance=step,
    )


def transport(prior: BorrowingPrior, *, extra_sd: float, reason: str = "") -> BorrowingPrior:
    """Carry a prior to another site or setting with a stated extra variance.

    ``theta_here = theta_there + N(0, extra_sd^2)``: 0 carries it over whole, a large value discards it.

    Parameters
    ----------
    prior : prior on the normal scale.
    extra_sd : standard deviation of the difference between the settings, an assumption of the user.
    reason : why this value; kept in the provenance.

    Returns
    -------
    BorrowingPrior : the same centre, every component wider by `extra_sd`.

    Raises
    ------
    InputError : a negative or infinite `extra_sd`, or a prior of a rate (transport its logarithm).

    Reference: Spiegelhalter, Abrams & Myles 2004, Bayesian Approaches to Clinical Trials and Health-Care Evaluation, chapter 5.

    Example
    -------
    >>> from survsim import map_prior
    >>> from survsim.borrowing import transport
    >>> far = transport(map_prior([0.1, 0.2], [0.1, 0.1], tau_scale=0.5), extra_sd=0.7, reason="other organ")
    >>> bool(far.mixture.variance() > 0.49)
    True
    """
    if not isinstance(prior.mixture, NormalMixture):
        raise InputError(
            "transport works on the log scale; transport the prior of the log rate, then "
            "approximate it by gamma components."
        )
    sd = between("extra_sd", extra_sd, 0.0, np.inf, open_ends=False)
    step = Provenance.of("transport", prior, extra_sd=sd, note=reason)
    return BorrowingPrior(
        method=prior.method,
        mixture=prior.mixture.widened(sd),
        scale=prior.scale,
        vague=prior.vague,
        labels=prior.labels,
        provenance=step,
    )


def effective_sample_size(prior: Any, *, unit_sd: float | None = None) -> float:
    """Effective sample size of a prior by the expected local information ratio.

    ``ESS = E_prior[ i_prior(theta) / i_unit(theta) ]`` with i_prior minus the second derivative of the
    log prior density. On the normal scale a unit carries ``1 / unit_sd^2`` (with 1, events for a log
    rate); for a rate it is one unit of exposure, information ``1 / rate``. Where the density of a rate is unbounded
    at 0 (a shape of at most 1: hardly an event behind it) that expectation does not exist; the information of the
    log rate is then taken, ``E[ score^2 ] / E[ rate ]``. A single gamma has its exposure as size in both.

    Parameters
    ----------
    prior : a `BorrowingPrior`, or a mixture of normals or gammas.
    unit_sd : standard deviation of one observation on the normal scale (1 where a unit is an event and theta a log rate);
        None for a rate.

    Returns
    -------
    The size, in observations (normal scale) or in units of exposure (rate).

    Raises
    ------
    InputError : `unit_sd` left out on the normal scale, or given for a rate.

    References
    ----------
    Neuenschwander et al. 2020, Biometrics 76:578, equation 4.

    Example
    -------
    >>> from survsim.estimate.borrowing.mixture import gamma_mixture
    >>> from survsim.borrowing import effective_sample_size
    >>> round(effective_sample_size(gamma_mixture([1], [3.0], [20.0])), 6)
    20.0
    """
    m = mixture_of(prior)
    if isinstance(m, GammaMixture):
        if unit_sd is not None:
            raise InputError("unit_sd is for the normal scale; the unit of a rate is one unit of exposure.")
        return _exposure_size(m)
    if unit_sd is None:
        raise InputError(
            "unit_sd is needed on the normal scale: the sd of one observation (1 for log rates)."
        )
    x, w = np.polynomial.legendre.leggauss(32)
    # Panels between tail quantiles; the integrand is density x information, smooth in between.
    edges = m.quantile(
        np.concatenate([[1e-12, 1e-8, 1e-5], np.linspace(1e-3, 0.999, 40), [1 - 1e-5, 1 - 1e-8, 1 - 1e-12]])
    )
    if m.weight.size <= FEW:
        # Narrow components far apart lie inside panels that the shares alone would make wide.
        own = m.centre[:, None] + np.outer(m.spread, [-8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8])
        edges = np.unique(np.concatenate([edges, own[m.weight > 0].ravel()]))
    half = 0.5 * np.diff(edges)
    theta = (edges[:-1, None] + half[:, None] * (x + 1)).ravel()
    mass = (half[:, None] * w).ravel() * m.density(theta)
    return float(mass @ m.information(theta) * between("unit_sd", unit_sd, 0.0, np.inf) ** 2)


def _exposure_size(m: GammaMixture) -> float:
    """Size of the prior of a rate in units of exposure, from squares that cannot be negative.

    By parts, ``E[i(theta) theta] = E[theta score^2]``, which is finite for shapes above 1. Both integrals run over
    log theta, where the density falls off smoothly however steep it is at 0; what lies below is added in closed form.
    """
    there = m.weight > 0
    m = GammaMixture(m.weight[there], m.shape[there], m.rate[there])
    first = float(m.shape.min())
    least = gammaincinv(m.shape, 1e-14) / m.rate
    low = np.log(max(float(least.min()), 1e-300))
    high = np.log(float((gammaincinv(m.shape, 1.0 - 1e-14) / m.rate).max()))
    x, w = np.polynomial.legendre.leggauss(16)
    edges = np.linspace(low, high, int(np.ceil((high - low) / 0.25)) + 2)
    half = 0.5 * np.diff(edges)
    theta = np.exp((edges[:-1, None] + half[:, None] * (x + 1)).ravel())
    mass = (half[:, None] * w).ravel() * theta * m.density(theta)
    events = m.log_score(theta)  # theta d log p / d theta + 1, the score of log theta
    begin = np.exp(low)
    if first > 1.0:
        return float(mass @ ((events - 1.0) ** 2 / theta)) + (first - 1.0) * float(m.density(begin))
    below = float(m.cdf(begin)) * first**2
    return (float(mass @ events**2) + below) / m.mean_value()


def borrow(
    prior: BorrowingPrior,
    estimate: float | None = None,
    std_error: float | None = None,
    *,
    events: int | None = None,
    exposure: float | None = None,
    conf_level: float = 0.95,
    unit_sd: float = 1.0,
) -> BorrowedEstimate:
    """Combine a borrowed prior with new data; component weights follow the marginal likelihood.

    Normal scale: ``w_k' ~ w_k N(y; m_k, s_k^2 + se^2)``. Rate: ``w_k' ~ w_k NegBin(d; a_k, b_k, T)``.

    Parameters
    ----------
    prior : prior on the normal scale (give `estimate` and `std_error`) or of a rate (give `events` and
        `exposure`).
    conf_level : level of the equal-tailed interval.
    unit_sd : sd of one observation, for the effective sample size on the normal scale.

    Returns
    -------
    BorrowedEstimate, with an `EvidenceWarning` when the prior predictive p is below 0.05.

    Raises
    ------
    InputError : numbers that do not suit the scale of the prior or are not finite.

    References
    ----------
    Schmidli et al. 2014, Biometrics 70:1023, section 3; Box 1980, JRSS A 143:383 for the conflict p.

    Example
    -------
    >>> from survsim import borrow, map_prior
    >>> answer = borrow(map_prior([0.1, 0.2], [0.1, 0.1], tau_scale=0.5), 0.3, 0.2)
    >>> 0.1 < answer.estimate < 0.3
    True
    """
    level = between("conf_level", conf_level, 0.0, 1.0)
    m = prior.mixture
    posterior: Mixture
    if isinstance(m, NormalMixture):
        if estimate is None or std_error is None or events is not None or exposure is not None:
            raise InputError("a prior on the normal scale is combined with estimate and std_error.")
        se = between("std_error", std_error, 0.0, np.inf)
        posterior, log_marginal, conflict = _normal_update(
            m, between("estimate", estimate, -np.inf, np.inf), se
        )
        ess, unit = effective_sample_size(prior, unit_sd=unit_sd), "observations"
    elif isinstance(m, GammaMixture):
        if events is None or exposure is None or estimate is not None or std_error is not None:
            raise InputError("a prior of a rate is combined with events and exposure.")
        time = between("exposure", exposure, 0.0, np.inf)
        posterior, log_marginal, conflict = _gamma_update(m, _count(events), time)
        ess, unit = effective_sample_size(prior), "exposure"
    else:
        raise InputError(f"a prior is a normal or gamma mixture; got {type(m).__name__}.")
    if conflict < CONFLICT_LEVEL:
        warn(
            f"the data lie in the tail of the prior (predictive p {conflict:.2g}); "
            "use robust_map_prior, or say why the prior applies.",
            EvidenceWarning,
        )
    low, middle, high = posterior.quantile([(1 - level) / 2, 0.5, (1 + level) / 2])
    vague = prior.vague
    return BorrowedEstimate(
        mixture=posterior,
        estimate=float(middle),
        std_error=float(np.sqrt(posterior.variance())),
        conf_low=float(low),
        conf_high=float(high),
        conf_level=level,
        vague_weight=float(posterior.weight[vague]) if vague >= 0 else np.nan,
        prior_vague_weight=float(m.weight[vague]) if vague >= 0 else np.nan,
        log_marginal=log_marginal,
        conflict_p=conflict,
        prior_ess=ess,
        ess_unit=unit,
        provenance=Provenance.of(
            "borrow", prior, estimate=estimate, std_error=std_error, events=events, exposure=exposure,
            conf_level=level,
        ),
    )  # fmt: skip


def gamma_prior(approximation: Any) -> BorrowingPrior:
    """A gamma `MixtureApproximation` as a prior of a rate, to be combined with events and exposure.

    Parameters
    ----------
    approximation : of `mixture_approximation(..., family="gamma")`.

    Returns
    -------
    BorrowingPrior : on the scale of the rate.

    Raises
    ------
    InputError : an approximation by normals.

    Reference: Dalal & Hall 1983 (J R Stat Soc B 45:278), mixtures of conjugate priors.

    Example
    -------
    >>> from survsim import borrow, map_prior
    >>> from survsim.borrowing import gamma_prior, mixture_approximation
    >>> prior = map_prior([-3.0, -2.5], [0.3, 0.3], tau_scale=0.5)
    >>> rate = gamma_prior(mixture_approximation(prior, components=2, family="gamma"))
    >>> 0.01 < borrow(rate, events=4, exposure=60).estimate < 0.2
    True
    """
    mixture = getattr(approximation, "mixture", None)
    if not isinstance(mixture, GammaMixture):
        raise InputError(
            "gamma_prior needs what mixture_approximation(prior, family='gamma') returns; got "
            f"{type(approximation).__name__}."
        )
    step = Provenance.of("gamma_prior", approximation)
    return BorrowingPrior(method="gamma", mixture=mixture, scale="rate", provenance=step)


def _normal_update(m: NormalMixture, y: float, se: float) -> tuple[NormalMixture, float, float]:
    total = m.spread**2 + se**2
    log_part = np.log(m.weight) - 0.5 * np.log(2 * np.pi * total) - 0.5 * (y - m.centre) ** 2 / total
    weight, log_marginal = _softmax(log_part)
    shrink = m.spread**2 / total
    # Each tail by itself: one less the other would round below 0 far out.
    distance = (y - m.centre) / np.sqrt(total)
    conflict = two_tails(float(ndtr(distance) @ m.weight), float(ndtr(-distance) @ m.weight))
    after = NormalMixture(weight, m.centre + shrink * (y - m.centre), np.sqrt(shrink) * se)
    return after, log_marginal, conflict


def _gamma_update(m: GammaMixture, d: int, exposure: float) -> tuple[GammaMixture, float, float]:
    log_part = np.log(m.weight) + _log_negative_binomial(np.array([d]), m, exposure)[0]
    weight, log_marginal = _softmax(log_part)
    # P(D <= d) and P(D >= d) of the negative binomial law, as incomplete beta integrals: no difference of sums.
    alone = m.rate / (m.rate + exposure)
    upto = float(betainc(m.shape, d + 1.0, alone) @ m.weight)
    from_there = float(betainc(d, m.shape, 1.0 - alone) @ m.weight) if d else 1.0
    after = replace(m, weight=weight, shape=m.shape + d, rate=m.rate + exposure)
    return after, log_marginal, two_tails(upto, from_there)


def _log_negative_binomial(d: Any, m: GammaMixture, exposure: float) -> FloatArray:
    count = d[:, None]
    share = exposure / (m.rate + exposure)
    return (
        gammaln(m.shape + count) - gammaln(m.shape) - gammaln(count + 1)
        + m.shape * np.log1p(-share) + count * np.log(share)
    )  # fmt: skip


def _softmax(log_part: FloatArray) -> tuple[FloatArray, float]:
    top = log_part.max()
    part = np.exp(log_part - top)
    return part / part.sum(), float(np.log(part.sum()) + top)


def _count(events: int) -> int:
    try:
        number = float(events)
    except (TypeError, ValueError):
        number = float("nan")
    if not (number.is_integer() and number >= 0):
        raise InputError(f"events must be a whole number, 0 or more; got {events!r}.")
    return int(number)
