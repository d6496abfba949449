"""The columns of a model on resampled rows, taken by row from those on all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray
from survsim.core.design import Design, design_matrix
from survsim.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class ResampledDesigns:
    """The columns of a formula on n rows as they are, and as they would be under each treatment.

    Attributes
    ----------
    design : as they are, (n, p); labels : codes (n,) of each of its coded terms.
    under : (n, p) of each treatment, NaN in rows that were not asked for.
    """

    design: Design
    labels: tuple[IntArray, ...]
    under: tuple[FloatArray, ...]

    @classmethod
    def of(
        cls, formula: str, data: pd.DataFrame, asked: BoolArray, frames: Sequence[pd.DataFrame]
    ) -> ResampledDesigns | None:
        """Of the n rows of `data`, and of the rows `asked` for with their treatment changed, a frame for each.

        None where the columns of a row depend on more than that row: each resample then has columns of its own.
        """
        try:
            design = design_matrix(formula, data)
            labels = design.labels(data)
            under = [] if labels is None else [design.apply(frame) for frame in frames]
        except InputError:  # perhaps of a row that not every resample has
            return None
        if labels is None:
            return None
        wide = [np.full(design.matrix.shape, np.nan) for _ in under]
        for rows, found in zip(wide, under):
            rows[asked] = found
        return cls(design, labels, tuple(wide))

    def drawn(self, rows: IntArray) -> Design | None:
        """The design of the rows (m,), repeats allowed; None where they lack a label, which then has no column among them."""
        for codes in self.labels:
            if not np.bincount(codes[rows], minlength=int(codes.max()) + 1).all():
                return None
        return Design(self.design.formula, self.design.columns, self.design.matrix[rows])

    def treated(self, rows: IntArray) -> tuple[FloatArray, ...]:
        """The columns (m, p) of the rows under each treatment."""
        return tuple(matrix[rows] for matrix in self.under)
