"""Design matrices of the predictors of a parametric model: scaled for the optimiser, checked for rank."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.design import Design, covariate_design
from survsim.core.encoding import stored
from survsim.core.errors import InputError
from survsim.core.frames import as_frame, is_table
from survsim.core.kinds import dimensions
from survsim.core.surv import Surv
from survsim.kernels.orthonormal import orthonormal


@stored
@dataclass(frozen=True, slots=True)
class PredictorDesign:
    """The columns of one predictor.

    Attributes
    ----------
    name : of the predictor, "mu" or "log(rate)".
    design : columns of its formula, or None.
    intercept : whether a constant comes first.
    """

    name: str
    design: Design | None
    intercept: bool = True

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        columns = () if self.design is None else self.design.columns
        return ("Intercept", *columns) if self.intercept else columns

    @property
    def formula(self) -> str | None:
        """The formula of its columns, as provenance keeps it; None for a constant."""
        return None if self.design is None else self.design.formula

    @property
    def size(self) -> int:
        return len(self.terms)

    def rows_of_fit(self, count: int) -> FloatArray:
        """The columns of the formula in the data of the fit, (count, size)."""
        return np.empty((count, 0)) if self.design is None else self.design.matrix

    def rows(self, data: Any, count: int) -> FloatArray:
        """The columns on new data, (count, size)."""
        parts = [np.ones((count, 1))] if self.intercept else []
        if self.design is not None:
            parts.append(self.design.apply(data))
        return np.hstack(parts) if parts else np.empty((count, 0))


@dataclass(frozen=True, slots=True)
class ScaledColumns:
    """Columns for the optimiser, and the way back to coefficients of the columns as given.

    Attributes
    ----------
    matrix : (n, size), behind the intercept of mean 0, standard deviation 1 and without correlation.
    back : (size, size) linear map of the coefficients.
    aside : (size,) what each adds to the constants beside a predictor that has no intercept of its own.
    """

    matrix: FloatArray
    back: FloatArray
    aside: FloatArray


def make_design(name: str, formula: Any, data: Any, surv: Surv, *, intercept: bool = True) -> PredictorDesign:
    """From a formula and its frame, from numbers (n, p) in either place, or a constant when both are None."""
    return PredictorDesign(name, covariate_design(formula, data, surv), intercept)


def location_data(formula: Any, data: Any, other: Any) -> Any:
    """`data` as the location sees them: its columns, unless they are there for another predictor's formula."""
    return None if formula is None and isinstance(other, str) else data


def scale_columns(predictor: PredictorDesign, n: int, weight: FloatArray | None = None) -> ScaledColumns:
    """Uncorrelated columns behind the intercept, rows counted by their weight; refuses dependent columns."""
    ones = np.ones((n, 1)) if predictor.intercept else np.empty((n, 0))
    if predictor.design is None:
        return ScaledColumns(ones, np.eye(ones.shape[1]), np.zeros(ones.shape[1]))
    columns, own, mean = uncorrelated(predictor.design, weight)
    # The coefficients are those at the mean; a patient whose covariates are 0 may be far from all others.
    aside = -mean @ own
    if not predictor.intercept:
        return ScaledColumns(columns, own, aside)
    back = np.eye(1 + own.shape[0])
    back[0, 1:], back[1:, 1:] = aside, own
    return ScaledColumns(np.hstack([ones, columns]), back, np.zeros(back.shape[0]))


LEAST = 1e-7
"""Share of its spread that a column must have beyond those before it: less is the rounding of a copy."""


def uncorrelated(design: Design, weight: FloatArray | None) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Uncorrelated combinations q = (x - mean) @ back of the columns, with `back` and `mean`.

    Raises when a column is constant or a combination of those before it.
    """
    x, names = design.matrix, design.columns
    mean = np.average(x, axis=0, weights=weight)
    centred = x - mean
    flat = np.abs(centred).max(axis=0) <= 1e-10 * np.maximum(np.abs(x).max(axis=0), 1e-300)
    if flat.any():
        listed = ", ".join(repr(c) for c, constant in zip(names, flat) if constant)
        raise InputError(
            f"column {listed} is constant: its effect cannot be told from the intercept. Drop it."
        )
    made, back = orthonormal(centred, weight, LEAST)
    if made.shape[1] < x.shape[1]:
        j = int(np.argmin(back.any(axis=1)))
        raise InputError(
            f"column {names[j]!r} is a combination of the columns before it "
            f"({', '.join(names[:j])}); its effect is not determined. Drop one of them."
        )
    return made, back, mean


def prediction_rows(designs: tuple[PredictorDesign, ...], data: Any) -> tuple[Any, int, bool]:
    """New data as a frame, its number of rows, and whether one patient was asked for."""
    if data is None:
        if any(d.design is not None for d in designs):
            raise InputError("the model has covariates: pass data= with their columns (a row or a frame).")
        return None, 1, True
    import pandas as pd

    if isinstance(data, pd.Series):
        data = data.to_dict()
    if isinstance(data, Mapping) and len(data) == 0:
        raise InputError("data is a patient without any column; name the covariates of the model.")
    one = isinstance(data, Mapping) and all(dimensions(value) == 0 for value in data.values())
    data = as_frame(data) if is_table(data) else data
    if not hasattr(data, "__len__") or isinstance(data, str | bytes) or getattr(data, "ndim", 1) == 0:
        raise InputError(
            f"data must be a row (a mapping) or a frame of new patients; got {data!r:.60} ({type(data).__name__})."
        )
    if one and not len(data):
        raise InputError("data is an empty row; give the columns of the model's covariates, or leave it out.")
    return data, len(data), one
