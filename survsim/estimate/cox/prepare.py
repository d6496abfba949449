"""From a response and a model matrix to what the Cox kernels want: sorted, centred, scaled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, float_vector
from survsim.core.design import Design, covariate_design
from survsim.core.errors import InputError
from survsim.core.surv import Surv
from survsim.kernels import cox, cox_layout, cox_sums
from survsim.kernels.threads import map_threads


@dataclass(frozen=True, slots=True)
class Prepared:
    """A Cox problem ready for the kernels.

    Attributes
    ----------
    at : risk-set layout.
    x : (p, m) standardised covariates of the rows ever at risk, sorted.
    centre, scale : (p,) what was taken off and divided by.
    offset : (m,) in sorted order, or None.
    """

    at: cox_layout.Layout
    x: FloatArray
    centre: FloatArray
    scale: FloatArray
    offset: FloatArray | None

    @property
    def span(self) -> FloatArray:
        """Range of each standardised covariate, (p,)."""
        return np.maximum(self.x.max(axis=1) - self.x.min(axis=1), 1e-300)


def model_design(surv: Surv, formula: Any, data: Any) -> Design:
    """The design of `formula` on `data`, or the columns of `data` themselves when `formula` is None."""
    design = covariate_design(formula, data, surv)
    if design is None:
        raise InputError("give a formula and data, or data alone: an (n, p) array or a frame of numbers.")
    if design.matrix.shape[1] == 0:
        raise InputError(
            "the model has no covariate; name at least one, or use kaplan_meier or nelson_aalen."
        )
    return design


def refuse_causes(surv: Surv) -> None:
    """A Cox model is of one event."""
    if surv.cause is not None:
        raise InputError(
            "the response has several causes; choose one with surv.for_cause(label) for a cause-specific model, "
            "or use fine_gray."
        )


def prepare(surv: Surv, matrix: FloatArray, offset: Any, ties: str, centre: bool = True) -> Prepared:
    """Sort, centre and scale; refuses a response with causes or without events."""
    refuse_causes(surv)
    if not surv.event.any():
        raise InputError(
            f"none of the {len(surv)} patients has an event; a Cox model cannot be fitted. "
            "Check which value of event marks the event."
        )
    at = cox_layout.layout(
        surv.time, surv.event, surv.entry, surv.weight, surv.stratum, efron=ties == "efron", whole=surv.whole
    )
    shift = (
        None if offset is None else float_vector("offset", surv.paired("offset", offset), len(surv))[at.rows]
    )
    x = sorted_columns(matrix, at.rows)
    if not centre:
        return Prepared(at, x, np.zeros(x.shape[0]), np.ones(x.shape[0]), shift)
    middle = x.mean(axis=1)
    x -= middle[:, None]
    scale = np.sqrt(np.einsum("ij,ij->i", x, x) / x.shape[1])
    # A constant column leaves only rounding of its own size; it stays a column of zeros.
    flat = scale <= 1e-12 * np.abs(middle)
    if flat.any():
        x[flat], scale[flat] = 0.0, 1.0
    x /= scale[:, None]
    return Prepared(at, x, middle, scale, shift)


def sorted_columns(matrix: FloatArray, rows: Any) -> FloatArray:
    """(p, m) contiguous copy of the rows asked for, made in cache-sized pieces."""
    m, p = rows.size, matrix.shape[1]
    if cox_sums.pays(m) and matrix.flags.c_contiguous and matrix.dtype == np.float64:
        return cox_sums.gathered(matrix, rows)
    if m <= cox.BLOCK:
        return np.ascontiguousarray(matrix.take(rows, axis=0).T, dtype=np.float64)
    out = np.empty((p, m))

    def piece(begin: int) -> None:
        part = rows[begin : begin + 8192]
        out[:, begin : begin + part.size] = matrix[part].T

    map_threads(piece, range(0, m, 8192))
    return out


def check_rank(information: FloatArray, terms: tuple[str, ...], n_event: float) -> None:
    """Refuse covariates that the risk sets cannot tell apart, naming them.

    `information` (p, p) at coefficients 0 of standardised covariates.
    """
    size = information.diagonal()
    flat = size <= 1e-11 * max(n_event, 1e-300)
    if flat.any():
        names = ", ".join(repr(t) for t, f in zip(terms, flat) if f)
        raise InputError(
            f"{names}: constant among the patients at risk at every event time (within every stratum), so no "
            "coefficient can be estimated. Drop it."
        )
    unit = information / np.sqrt(size[:, None] * size)
    try:
        if np.linalg.cholesky(unit).diagonal().min() > 1e-5:
            return
    except np.linalg.LinAlgError:
        pass
    for j in range(1, size.size):
        weights = np.linalg.lstsq(unit[:j, :j], unit[:j, j], rcond=1e-11)[0]
        if 1.0 - weights @ unit[:j, j] < 1e-10:
            partners = [terms[i] for i in range(j) if abs(weights[i]) > 1e-6]
            more = f" and {len(partners) - 5} more" if len(partners) > 5 else ""
            raise InputError(
                f"{terms[j]!r} is a linear combination of {', '.join(map(repr, partners[:5]))}{more} among the patients at "
                "risk (collinear columns), so their coefficients cannot be told apart. Drop one of them."
            )
