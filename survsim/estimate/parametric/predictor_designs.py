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

    def rows(self, data: Any, count: int) -> FloatArray:
        """The columns on new data, (count, size)."""
        parts = [np.ones((count, 1))] if self.intercept else []
        if self.design is not None:
            parts.append(self.design.apply(data))
        return np.hstack(parts) if parts else np.empty((count, 0))


@dataclass(frozen=True, slots=True)
class ScaledColumns:
    """Columns centred and scaled, and the linear map of the coefficients back."""

    matrix: FloatArray
    back: FloatArray
    reach: FloatArray


def make_design(name: str, formula: Any, data: Any, surv: Surv, *, intercept: bool = True) -> PredictorDesign:
    """From a formula and its frame, from numbers (n, p) in either place, or a constant when both are None."""
    return PredictorDesign(name, covariate_design(formula, data, surv), intercept)


def location_data(formula: Any, data: Any, other: Any) -> Any:
    """`data` as the location sees them: its columns, unless they are there for another predictor's formula."""
    return None if formula is None and isinstance(other, str) else data


def scale_columns(predictor: PredictorDesign, n: int) -> ScaledColumns:
    """Columns with mean 0 and standard deviation 1 behind the intercept; refuses dependent columns."""
    if predictor.design is None:
        ones = np.ones((n, 1)) if predictor.intercept else np.empty((n, 0))
        size = ones.shape[1]
        return ScaledColumns(ones, np.eye(size), np.ones(size))
    x = predictor.design.matrix
    mean = x.mean(axis=0)
    centred = x - mean
    spread = np.sqrt(np.mean(centred * centred, axis=0))
    # Without an intercept of its own the predictor stands beside a baseline, which is one.
    refuse_dependent(centred, spread, np.abs(x).max(axis=0), predictor.design.columns)
    if not predictor.intercept:
        centred, spread = x, np.sqrt(np.mean(x * x, axis=0))
    scaled = centred / spread
    reach = np.abs(scaled).max(axis=0)
    if not predictor.intercept:
        return ScaledColumns(scaled, np.diag(1.0 / spread), reach)
    back = np.diag(np.concatenate([[1.0], 1.0 / spread]))
    back[0, 1:] = -mean / spread
    return ScaledColumns(np.hstack([np.ones((n, 1)), scaled]), back, np.concatenate([[1.0], reach]))


def refuse_dependent(
    centred: FloatArray, spread: FloatArray, largest: FloatArray, columns: tuple[str, ...]
) -> None:
    """Raise when a column is constant or a combination of those before it (Cholesky of correlations)."""
    flat = spread <= 1e-10 * np.maximum(largest, 1e-300)
    if flat.any():
        names = ", ".join(repr(c) for c, flag in zip(columns, flat) if flag)
        raise InputError(
            f"column {names} is constant: its effect cannot be told from the intercept. Drop it."
        )
    scaled = centred / spread
    gram = scaled.T @ scaled / scaled.shape[0]
    root = np.zeros_like(gram)
    for j in range(gram.shape[0]):
        left = gram[j, j] - root[j, :j] @ root[j, :j]
        if left < 1e-10:
            raise InputError(
                f"column {columns[j]!r} is a combination of the columns before it "
                f"({', '.join(columns[:j])}); its effect is not determined. Drop one of them."
            )
        root[j, j] = np.sqrt(left)
        root[j + 1 :, j] = (gram[j + 1 :, j] - root[j + 1 :, :j] @ root[j, :j]) / root[j, j]


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
