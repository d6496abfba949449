"""Power prior: earlier data enter with their likelihood raised to a power between 0 and 1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from survsim.core.checks import SMALLEST, FloatArray, between, float_vector
from survsim.core.errors import InputError
from survsim.core.kinds import dimensions
from survsim.core.pairing import names_in, paired
from survsim.core.provenance import Provenance
from survsim.core.renamed import renamed
from survsim.estimate.borrowing.map_prior import (
    BorrowingPrior,
    checked_estimates,
    checked_mean_prior,
    independent_effects,
)
from survsim.estimate.borrowing.mixture import GammaMixture, NormalMixture
from survsim.estimate.printed.study_rows import ONE_OF_EACH, row_names, warn_of_repeats

LEAST_POWER = 1e-12
"""Smaller shares of a study leave a prior so wide that its quantiles have no digits."""


@renamed(sources="source")
def power_prior(
    estimate: Any,
    std_error: Sequence[float] | FloatArray | None = None,
    *,
    power: float | Sequence[float],
    mean_prior: tuple[float, float] | None = None,
    labels: Sequence[Any] | None = None,
    source: str | Iterable[str] = (),
) -> BorrowingPrior:
    """Normal power prior ``p(theta) ~ p0(theta) prod_j N(y_j; theta, s_j^2)^a_j``.

    Parameters
    ----------
    estimate, std_error : (k,) earlier results; or effect sizes or a meta-analysis alone, as in `map_prior`.
    power : a in [0, 1] for all, or one a study; 1 pools, 0 ignores.
    mean_prior : (mean, sd) of the initial prior p0, or None for a flat one.

    Returns
    -------
    BorrowingPrior : one normal law.

    Raises
    ------
    InputError : a power outside [0, 1], or all powers 0 with a flat initial prior.

    References
    ----------
    Ibrahim and Chen 2000, Statistical Science 15:46, equation 1.

    Example
    -------
    >>> from survsim import power_prior
    >>> prior = power_prior([0.2], [0.1], power=0.25)
    >>> float(prior.mixture.spread[0])
    0.2
    """
    given = independent_effects(estimate, std_error, labels=labels, source=source)
    source = given.source
    power = given.beside("power", power)
    y, s, names = checked_estimates(given.estimate, given.std_error, given.labels, source)
    a = _powers(power, y.size)
    weight = a / s**2
    precision, pull = float(weight.sum()), float(weight @ y)
    if mean_prior is not None:
        mean, sd = checked_mean_prior(mean_prior)
        precision, pull = precision + sd**-2, pull + mean * sd**-2
    if precision == 0:
        raise InputError("all powers are 0 and the initial prior is flat: nothing is left. Give mean_prior.")
    one = np.ones(1)
    return BorrowingPrior(
        method="power prior",
        mixture=NormalMixture(one, one * pull / precision, one / np.sqrt(precision)),
        labels=names,
        provenance=Provenance.of("power_prior", source, power=a, mean_prior=mean_prior, labels=names),
    )


@renamed(sources="source")
def power_prior_rate(
    events: Sequence[float] | FloatArray,
    exposure: Sequence[float] | FloatArray,
    *,
    power: float | Sequence[float],
    initial: tuple[float, float] = (0.5, 0.0),
    source: str | Iterable[str] = (),
) -> BorrowingPrior:
    """Gamma power prior of a rate: ``Gamma(a0 + sum a_j d_j, b0 + sum a_j T_j)``.

    Parameters
    ----------
    events, exposure : (k,) events and person-time of the earlier studies.
    power : in [0, 1], one for all or one a study.
    initial : (shape, rate) of the initial prior; (0.5, 0) is Jeffreys'.

    Returns
    -------
    BorrowingPrior : one gamma law of the rate.

    Raises
    ------
    InputError : negative events, exposure not above 0, a power outside [0, 1], or all powers 0 with an improper initial prior.

    Reference: Ibrahim & Chen 2000 (Stat Sci 15:46).

    Example
    -------
    >>> from survsim.borrowing import power_prior_rate
    >>> prior = power_prior_rate([10], [200.0], power=0.5)
    >>> float(prior.mixture.shape[0]), float(prior.mixture.rate[0])
    (5.5, 100.0)
    """
    events, exposure, power = paired(events=events, exposure=exposure, power=power)
    named = names_in(events) or names_in(exposure)
    d, time = float_vector("events", events), float_vector("exposure", exposure)
    if d.size != time.size or d.min() < 0 or time.min() < SMALLEST:
        raise InputError("events (0 or more) and exposure (positive) need one value a study each.")
    a = _powers(power, d.size)
    first, second = (between("initial", v, 0.0, np.inf, open_ends=False) for v in initial)
    shape, rate = first + float(a @ d), second + float(a @ time)
    if shape <= 0 or rate <= 0:
        raise InputError("all powers are 0 and the initial prior is improper: nothing is left.")
    names = row_names(named, d.size)
    warn_of_repeats(names, source, named=named is not None, advice=ONE_OF_EACH)
    one = np.ones(1)
    return BorrowingPrior(
        method="power prior",
        mixture=GammaMixture(one, one * shape, one * rate),
        scale="rate",
        labels=names,
        provenance=Provenance.of("power_prior_rate", source, power=a, initial=initial),
    )


def _powers(power: Any, size: int) -> FloatArray:
    single = dimensions(power) == 0
    a = (
        np.full(size, between("power", power, 0.0, 1.0, open_ends=False))
        if single
        else float_vector("power", power)
    )
    if a.size != size or not ((a >= 0) & (a <= 1)).all():
        raise InputError(
            f"power must lie in [0, 1], one for all or one for each of {size} studies; got {power!r}."
        )
    if ((a > 0) & (a < LEAST_POWER)).any():
        raise InputError(
            f"power must be 0, which leaves a study out, or at least {LEAST_POWER:g}; got {a[a > 0].min():g}."
        )
    return np.array(a)
