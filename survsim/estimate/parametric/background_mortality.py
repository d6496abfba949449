"""Background mortality: what patients of that age die of anyway.

With rates of the population at each end of follow-up, the parametric models fit the *excess* hazard
(relative survival); with the same life table in front, a prediction becomes all-cause again.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core import units
from survsim.core.checks import FloatArray, float_vector, positions
from survsim.core.distributions import HazardDistribution, PiecewiseExponential, ResidualLife, WithBackground
from survsim.core.distributions.protocol import check_base
from survsim.core.errors import InputError
from survsim.core.frames import as_frame
from survsim.core.kinds import as_numbers
from survsim.core.pairing import paired
from survsim.core.surv import Surv
from survsim.core.times import increasing
from survsim.estimate.nonparametric.population_hazard import read_lives, read_population

OLDEST = 130.0


def life_table(age: Any, probability: Any) -> PiecewiseExponential:
    """Law of age at death (in years) from yearly death probabilities, hazard constant between ages.

    On [age_x, age_x+1) the hazard is -log(1 - q_x); the last one goes on for ever. At a birthday it is that of the age that
    begins, as R's ``survexp`` and ``relsurv`` have it.

    Parameters
    ----------
    age : (k,) increasing ages in years, the first one 0 or above; before it the first rate applies.
    probability : (k,) probabilities q_x of dying within a year, from 0 to below 1.

    Returns
    -------
    PiecewiseExponential : law of age at death, in years.

    Raises
    ------
    InputError : ages that do not increase, probabilities outside [0, 1), or not one a year of age.

    Reference: Chiang 1984, The Life Table and Its Applications, chapter 5.

    Example
    -------
    >>> from survsim.parametric import life_table
    >>> law = life_table([60, 61, 62], [0.010, 0.011, 0.012])
    >>> round(float(law.hazard(61.5)), 5)
    0.01106
    """
    age, probability = paired(age=age, probability=probability)
    ages = float_vector("age", age)
    chance = float_vector("probability", probability)
    if chance.size != ages.size:
        raise InputError(f"age has {ages.size} values and probability {chance.size}; give one a year of age.")
    if ages.size == 0 or ages[0] < 0 or not increasing(ages):
        raise InputError(f"age must increase from 0 or above; got {ages[:6].tolist()}.")
    bad = (chance < 0) | (chance >= 1)
    if bad.any():
        raise InputError(
            f"probability must be from 0 to below 1; found {chance[bad][0]:g} in {positions(bad)}. "
            "Rates per 1,000 or per 100,000 must be divided first."
        )
    return PiecewiseExponential(breaks=ages[1:], rates=-np.log1p(-chance), time_unit="years", closed="left")


def background_rates(surv: Surv, law: Any, age: Any) -> FloatArray:
    """Population hazard of each patient at the end of follow-up, per unit of `surv`.

    Who dies on a birthday, or on the first day of a year of the table, is of the age and the year that begin.

    Parameters
    ----------
    surv : the response.
    law : law of age at death, from `life_table` or a `Gompertz` of age; or a frame of the population by age, calendar year, sex,
        as `net_survival` takes it.
    age : (n,) age at time 0 of each patient, in years; with a frame the frame of the n patients, whose columns age, year and
        so on are those of the population.

    Returns
    -------
    (n,) hazards for ``background=`` of `parametric_survival`, `royston_parmar` and `mixture_cure`.

    Raises
    ------
    InputError : ages that are negative, missing or not one a patient; patients that the population does not hold.

    References
    ----------
    Dickman et al. (2004), Stat Med 23:51.

    Example
    -------
    >>> from survsim import Surv
    >>> from survsim.distributions import Gompertz
    >>> from survsim.parametric import background_rates
    >>> surv = Surv.right([12.0, 24.0], [1, 0], unit="months")
    >>> law = Gompertz(shape=0.1, rate=5e-5, time_unit="years")
    >>> background_rates(surv, law, [60, 70]).round(5)
    array([0.00186, 0.00558])
    """
    if not hasattr(law, "hazard"):
        return _of_population(surv, law, age)
    years = _ages(surv.paired("age", age), len(surv))
    factor = units.conversion_factor("years", surv.unit)
    return law.to_unit(surv.unit).hazard(years * factor + surv.time)


def _of_population(surv: Surv, table: Any, data: Any) -> FloatArray:
    frame = as_frame(surv.paired("data", as_frame(data)))
    if len(frame) != len(surv):
        raise InputError(f"age has {len(frame)} rows for {len(surv)} patients; they must be in one order.")
    per_year = units.conversion_factor(surv.unit, "years")
    population = read_population(table)
    lives = read_lives(population, frame, surv.time * per_year, ("age", "year"))
    return lives.hazard(population, surv.time * per_year) * per_year


def all_cause(distribution: HazardDistribution, law: HazardDistribution, age: Any) -> WithBackground:
    """Excess survival and background mortality together, for patients of given age at time 0.

    Parameters
    ----------
    distribution : net (excess) law, for example of a fit with ``background=``.
    law : law of age at death.
    age : number or array of ages in years that broadcasts with the parameters of `distribution`.

    Returns
    -------
    WithBackground : the law of death from either, in the unit of `distribution`.

    Raises
    ------
    InputError : ages below 0.

    Reference: Dickman et al. 2004 (Stat Med 23:51); Nelson et al. 2007 (Stat Med 26:5486).

    Example
    -------
    >>> from survsim.distributions import Exponential, Gompertz
    >>> from survsim.parametric import all_cause
    >>> net = Exponential(rate=0.02, time_unit="months")
    >>> law = Gompertz(shape=0.1, rate=5e-5, time_unit="years")
    >>> bool(all_cause(net, law, 67).survival(12.0) < net.survival(12.0))
    True
    """
    check_base(distribution, "distribution", "all_cause")
    check_base(law, "law", "all_cause")
    unit = distribution.time_unit
    years, missing = as_numbers("age", age)
    wrong = (
        ~((years >= 0) & (years <= OLDEST))
        if missing is None
        else missing | ~((years >= 0) & (years <= OLDEST))
    )
    if years.size == 0 or wrong.any():
        found = f"got {years[wrong].ravel()[0]:g}" if years.size else "got none"
        raise InputError(f"age must be years from 0 to {OLDEST:g}; {found}.")
    shape = np.shape(distribution.hazard(1.0))
    try:
        np.broadcast_shapes(shape, years.shape)
    except ValueError:
        raise InputError(
            f"age has shape {years.shape}, the parameters of the distribution {shape}: give one age, or one for each."
        ) from None
    elapsed = years * units.conversion_factor("years", unit)
    residual = ResidualLife(base=law.to_unit(unit), elapsed=elapsed if elapsed.ndim else float(elapsed))
    return WithBackground(base=distribution, background=residual)


def _ages(age: Any, n: int) -> FloatArray:
    years = float_vector("age", age, n)
    bad = (years < 0) | (years > OLDEST)
    if bad.any():
        raise InputError(
            f"age must be in years, from 0 to 130; found {years[bad][0]:g} in {positions(bad)}. "
            "Divide ages in days by 365.25."
        )
    return years
