"""Patients: covariates, performance status and frailties, each by inversion of a named stream."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
import pydantic

from survsim.core.checks import FloatArray
from survsim.core.declared import each_once
from survsim.core.errors import ScenarioError
from survsim.core.spelling import family_name
from survsim.simulation.laws.law import Lookup
from survsim.simulation.laws.schema import Checked, Number


class Covariate(Checked):
    """A patient's own number: fixed, normal, lognormal, uniform or bernoulli."""

    name: str
    distribution: Annotated[
        Literal["fixed", "normal", "lognormal", "uniform", "bernoulli"], pydantic.BeforeValidator(family_name)
    ]
    value: Number | None = None
    mean: Number | None = None
    sd: Number | None = None
    low: Number | None = None
    high: Number | None = None
    probability: Number | None = None

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        given = {
            k for k in ("value", "mean", "sd", "low", "high", "probability") if getattr(self, k) is not None
        }
        if given != set(_NEEDS[self.distribution]):
            raise ValueError(f"{self.distribution} takes {' and '.join(_NEEDS[self.distribution])}")
        if isinstance(self.sd, float) and self.sd < 0:
            raise ValueError("sd must be at least 0")
        if isinstance(self.low, float) and isinstance(self.high, float) and self.low > self.high:
            raise ValueError(f"low {self.low:g} is above high {self.high:g}; swap them")
        if isinstance(self.probability, float) and not 0 <= self.probability <= 1:
            raise ValueError(f"a probability lies between 0 and 1; found {self.probability:g}")
        return self

    def values(self, u: FloatArray, number: Lookup) -> FloatArray:
        """Values (n,) from uniforms (n,)."""
        from scipy.special import ndtri

        if self.distribution == "fixed":
            return np.full(u.shape, number(self.value))
        if self.distribution == "bernoulli":
            return (u <= number(self.probability)).astype(np.float64)
        if self.distribution == "uniform":
            return number(self.low) + (number(self.high) - number(self.low)) * u
        normal = number(self.mean) + number(self.sd) * ndtri(u)
        return normal if self.distribution == "normal" else np.exp(normal)


_NEEDS = {
    "fixed": ("value",),
    "normal": ("mean", "sd"),
    "lognormal": ("mean", "sd"),
    "uniform": ("low", "high"),
    "bernoulli": ("probability",),
}


class Frailty(Checked):
    """A hidden factor of the patient's hazards with mean 1 and the given variance."""

    name: str
    distribution: Annotated[Literal["gamma", "lognormal"], pydantic.BeforeValidator(family_name)] = "gamma"
    variance: Number

    def values(self, u: FloatArray, number: Lookup) -> FloatArray:
        """Frailties (n,) from uniforms (n,) by inversion."""
        variance = number(self.variance)
        if variance < 0:
            raise ScenarioError(f"frailty {self.name} has variance {variance:g}; it must be at least 0.")
        if variance == 0:
            return np.ones(u.shape)
        if self.distribution == "gamma":
            from survsim.simulation.laws.gamma_quantile import gamma_quantile

            return gamma_quantile(u, variance)
        from scipy.special import ndtri

        sigma2 = np.log1p(variance)
        return np.exp(np.sqrt(sigma2) * ndtri(u) - 0.5 * sigma2)


class Population(Checked):
    """Who is simulated.

    `performance_status` is one status (0 to 4, ECOG) or the shares of 0 to 4 as a tuple of five.
    """

    covariates: Annotated[tuple[Covariate, ...], each_once("name")] = ()
    frailties: Annotated[tuple[Frailty, ...], each_once("name")] = ()
    performance_status: int | tuple[float, ...] = 1
    description: str = ""

    @pydantic.field_validator("performance_status", mode="before")
    @classmethod
    def _no_truth(cls, value: object) -> object:
        if isinstance(value, bool):
            raise ValueError("yes/no found where a status of 0 to 4 or its five shares belong")
        return value

    @pydantic.field_validator("performance_status")
    @classmethod
    def _shares(cls, value: int | tuple[float, ...]) -> int | tuple[float, ...]:
        if isinstance(value, int):
            if not 0 <= value <= 4:
                raise ValueError(f"performance status is 0 to 4; found {value}")
        elif len(value) != 5 or min(value) < 0 or abs(sum(value) - 1) > 1e-9:
            raise ValueError("give five shares of status 0 to 4 that sum to 1")
        return value

    def performance(self, u: FloatArray) -> FloatArray:
        """Performance status (n,) on entry from uniforms (n,)."""
        if isinstance(self.performance_status, int):
            return np.full(u.shape, float(self.performance_status))
        edges = np.cumsum(self.performance_status)[:-1]
        return np.searchsorted(edges, u, side="left").astype(np.float64)
