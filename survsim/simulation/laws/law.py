"""Distributions as data: a family and its parameters, each a number or the name of a parameter."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
import pydantic

from survsim.core import distributions
from survsim.core.numerals import NUMERAL
from survsim.core.spelling import spelled
from survsim.simulation.laws.mortality import MortalityTable
from survsim.simulation.laws.schema import Checked, Number

Lookup = Callable[[Any], float]
"""Turns a number or the name of a parameter into the number of the draw at hand."""


def _year_or_name(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str | None):
        raise ValueError(
            "the calendar year at time 0, or the name of the covariate that holds it, belongs here"
        )
    if isinstance(value, str) and NUMERAL.fullmatch(value.strip()):
        raise ValueError("text came where a calendar year belongs; write it without quotes")
    if isinstance(value, int | float) and not math.isfinite(value):
        raise ValueError("the calendar year is missing or infinite; write it as a number such as 2020")
    return float(value) if isinstance(value, int | float) else value


class LawBase(Checked):
    """What every family does: become the distribution of a draw."""

    family: str

    @pydantic.model_validator(mode="before")
    @classmethod
    def _one_spelling(cls, value: Any) -> Any:
        return spelled("family", value)

    def build(self, number: Lookup, time_unit: str) -> distributions.SurvivalDistribution:
        """The distribution of one draw."""
        values = {
            name: [number(v) for v in value] if isinstance(value, tuple) else number(value)
            for name, value in self
            if name != "family"
        }
        return getattr(distributions, _CLASS[self.family])(**values, time_unit=time_unit)


class ExponentialLaw(LawBase):
    """Constant hazard: events per time unit."""

    family: Literal["exponential"]
    rate: Number


class WeibullLaw(LawBase):
    """H(t) = (t / scale) ** shape."""

    family: Literal["weibull"]
    shape: Number
    scale: Number


class GompertzLaw(LawBase):
    """h(t) = rate * exp(shape * t)."""

    family: Literal["gompertz"]
    shape: Number
    rate: Number


class LogNormalLaw(LawBase):
    """Log time is normal."""

    family: Literal["lognormal"]
    meanlog: Number
    sdlog: Number


class LogLogisticLaw(LawBase):
    """Odds of the event are (t / scale) ** shape."""

    family: Literal["loglogistic"]
    shape: Number
    scale: Number


class GeneralisedGammaLaw(LawBase):
    """Prentice's parameters mu, sigma, q."""

    family: Literal["generalised_gamma"]
    mu: Number
    sigma: Number
    q: Number


class PiecewiseLaw(LawBase):
    """Constant hazard between breaks; one rate more than breaks."""

    family: Literal["piecewise_exponential"]
    breaks: tuple[float, ...]
    rates: tuple[Number, ...]


class MortalitySheet(Checked):
    """Rates (periods + 1 rows of ages + 1) of the patients with these values of covariates."""

    where: tuple[tuple[str, float], ...] = ()
    rates: tuple[tuple[float, ...], ...]


class MortalityLaw(LawBase):
    """Rates by age and by the calendar, changing at `ages` and `periods`, for each kind of patients; see `MortalityTable`."""

    family: Literal["mortality"]
    ages: tuple[float, ...]
    periods: tuple[float, ...] = ()
    sheets: tuple[MortalitySheet, ...] = pydantic.Field(min_length=1)
    age: str = "age"
    now: Annotated[Any, pydantic.BeforeValidator(_year_or_name)] = None
    per_year: float = pydantic.Field(gt=0)

    def build(self, number: Lookup, time_unit: str) -> Any:
        """The table, the same object in every draw."""
        return _mortality_table(self)


@functools.lru_cache(maxsize=64)
def _mortality_table(law: MortalityLaw) -> MortalityTable:
    return MortalityTable(
        ages=np.array(law.ages),
        periods=np.array(law.periods),
        rates=np.array([sheet.rates for sheet in law.sheets]),
        wheres=tuple(sheet.where for sheet in law.sheets),
        age=law.age,
        now=law.now,
        per_year=law.per_year,
    )


_CLASS = {
    "exponential": "Exponential",
    "weibull": "Weibull",
    "gompertz": "Gompertz",
    "lognormal": "LogNormal",
    "loglogistic": "LogLogistic",
    "generalised_gamma": "GeneralisedGamma",
    "piecewise_exponential": "PiecewiseExponential",
}

Law = Annotated[
    ExponentialLaw
    | WeibullLaw
    | GompertzLaw
    | LogNormalLaw
    | LogLogisticLaw
    | GeneralisedGammaLaw
    | PiecewiseLaw,
    pydantic.Field(discriminator="family"),
    pydantic.BeforeValidator(functools.partial(spelled, "family")),
]
"""Any of the families above, told apart by `family`."""

WayLaw = Annotated[
    ExponentialLaw
    | WeibullLaw
    | GompertzLaw
    | LogNormalLaw
    | LogLogisticLaw
    | GeneralisedGammaLaw
    | PiecewiseLaw
    | MortalityLaw,
    pydantic.Field(discriminator="family"),
    pydantic.BeforeValidator(functools.partial(spelled, "family")),
]
"""The law of a transition: any of the families, or the mortality of the population, which asks who the patient is."""
