"""Numbers that were estimated together: shares that add to one, and coefficients of a regression with their covariance."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np
from pydantic import BeforeValidator, Field, model_validator
from scipy.special import gammaincinv, ndtri

from survsim.core.checks import FloatArray
from survsim.core.matrices import symmetric_root
from survsim.core.spelling import spelled
from survsim.scenario.parameter_spec import Strict

Uniforms = Callable[[str], FloatArray]
"""The uniforms (d,) of a stream of that name."""


class Dirichlet(Strict):
    """Shares of one whole, from counts: how many went each way. They add to one in every draw."""

    law: Literal["dirichlet"]
    counts: dict[str, float] = Field(min_length=2)
    reason: str = Field(min_length=20)

    @model_validator(mode="after")
    def _positive(self) -> Dirichlet:
        bad = [f"{name} {n:g}" for name, n in self.counts.items() if not n > 0]
        if bad:
            raise ValueError(f"counts of a Dirichlet law are above 0; found {', '.join(bad)}")
        return self

    @property
    def components(self) -> tuple[str, ...]:
        return tuple(self.counts)

    def draws(self, uniforms: Uniforms) -> dict[str, FloatArray]:
        """Component -> (d,) draws: independent gamma variables over their sum."""
        made = np.stack(
            [gammaincinv(n, np.clip(uniforms(name), 1e-12, 1 - 1e-12)) for name, n in self.counts.items()]
        )
        return dict(zip(self.counts, made / made.sum(axis=0)))


class MultivariateNormal(Strict):
    """Coefficients as a regression of any program prints them: their values and their covariance, row by row."""

    law: Literal["multivariate_normal"]
    mean: dict[str, float] = Field(min_length=1)
    covariance: tuple[tuple[float, ...], ...]
    reason: str = Field(min_length=20)

    @model_validator(mode="after")
    def _is_covariance(self) -> MultivariateNormal:
        k = len(self.mean)
        if len(self.covariance) != k or any(len(row) != k for row in self.covariance):
            shape = f"{len(self.covariance)} rows of {', '.join(str(len(r)) for r in self.covariance)}"
            raise ValueError(f"the covariance of {k} coefficients has {k} rows of {k} numbers; found {shape}")
        matrix = np.array(self.covariance)
        scale = float(np.abs(matrix).max(initial=0.0)) or 1.0
        # printed matrices are rounded
        if not np.allclose(matrix, matrix.T, rtol=1e-6, atol=1e-9 * scale):
            i, j = np.unravel_index(np.argmax(np.abs(matrix - matrix.T)), matrix.shape)
            raise ValueError(
                f"a covariance is symmetric; row {i + 1}, column {j + 1} is {matrix[i, j]:g} and row {j + 1}, column {i + 1} "
                f"{matrix[j, i]:g}"
            )
        least = float(np.linalg.eigvalsh(0.5 * (matrix + matrix.T)).min())
        if least < -1e-6 * scale:
            raise ValueError(
                f"this is no covariance: its least eigenvalue is {least:.3g}. Check the order of its rows"
            )
        return self

    @property
    def components(self) -> tuple[str, ...]:
        return tuple(self.mean)

    def draws(self, uniforms: Uniforms) -> dict[str, FloatArray]:
        """Component -> (d,) draws: the mean and the root of the covariance times independent normals."""
        matrix = np.array(self.covariance)
        z = np.stack([ndtri(np.clip(uniforms(name), 1e-12, 1 - 1e-12)) for name in self.mean])
        # not a matrix product: its order of sums may change with the number of threads
        made = np.einsum("ij,jd->id", symmetric_root(0.5 * (matrix + matrix.T)[None])[0], z)
        return {name: centre + row for (name, centre), row in zip(self.mean.items(), made)}


JointLaw = Annotated[
    Dirichlet | MultivariateNormal,
    Field(discriminator="law"),
    BeforeValidator(functools.partial(spelled, "law")),
]
