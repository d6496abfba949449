"""Two-group comparisons of one number: difference and ratio with intervals and p-values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import InputError, SmallSampleWarning, warn
from survsim.core.result import Result, format_number, result
from survsim.core.tables import Columns
from survsim.estimate.nonparametric.band_scales import normal_quantile

if TYPE_CHECKING:
    pass


@result
class Contrast(Result):
    """Another group against the reference group.

    Attributes
    ----------
    groups : (reference, other); estimate, std_error : (2,) of each group; the error is NaN where survival is 0.
    contrast : names of the rows, "difference" (other - reference), "ratio" (other / reference) and "odds ratio".
    contrast_estimate, conf_low, conf_high, p_value : (k,) one a row. A ratio to zero is inf, zero to zero NaN. Limits and
        p-values by the normal law are NaN, with a warning, where a group has no standard error above 0.
    """

    quantity: str
    groups: tuple[Any, ...]
    estimate: FloatArray
    std_error: FloatArray
    contrast: tuple[str, ...]
    contrast_estimate: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    p_value: FloatArray
    conf_level: float
    unit: str

    def headline(self) -> str:
        values = ", ".join(f"{g} {format_number(e)}" for g, e in zip(self.groups, self.estimate))
        return f"{self.quantity}: {values}; {self.groups[1]} against {self.groups[0]}"

    def columns(self) -> Columns:
        """Columns contrast, estimate, conf_low, conf_high, p_value."""
        return {
            "contrast": list(self.contrast),
            "estimate": self.contrast_estimate,
            "conf_low": self.conf_low,
            "conf_high": self.conf_high,
            "p_value": self.p_value,
        }


def two_sided_p(z: float) -> float:
    """P(|Z| >= |z|) for a standard normal Z; 1 where there is nothing to compare (0/0)."""
    return 1.0 if math.isnan(z) else math.erfc(abs(z) / math.sqrt(2.0))


def two_labels(groups: tuple[Any, ...], reference: Any) -> tuple[int, int]:
    """Positions of the reference and the other of two groups."""
    if len(groups) != 2:
        raise InputError(
            f"this comparison takes two groups; by holds {len(groups)}: {', '.join(map(repr, groups[:8]))}. "
            "Select two with surv.take(...)."
        )
    if reference is None:
        return 0, 1
    if reference not in groups:
        raise InputError(f"reference must be one of {', '.join(map(repr, groups))}; got {reference!r}.")
    at = groups.index(reference)
    return at, 1 - at


def spread_of_difference(error: FloatArray, shared: float = 0.0) -> float:
    """Standard error of a difference of two numbers with errors (2,) and a covariance; NaN where the clusters of both leave none."""
    alone = float(np.hypot(*error))
    if shared == 0.0:
        return alone
    left = alone**2 - 2.0 * shared
    # What rounding leaves of two groups that move together to the last bit is no standard error.
    return math.sqrt(left) if left > 1e-12 * alone**2 else math.nan


def wald_difference(
    value: FloatArray, error: FloatArray, conf_level: float, *, most: float = math.inf, shared: float = 0.0
) -> tuple[float, float, float, float]:
    """Second minus first, its limits and p-value, by the normal law; no difference is larger than `most`.

    `shared` is the covariance of the two. All NaN but the difference where a number has no standard error, or nothing is left of
    that of the difference.
    """
    gap, spread = float(value[1] - value[0]), spread_of_difference(error, shared)
    if math.isnan(spread):
        return gap, math.nan, math.nan, math.nan
    half = normal_quantile(conf_level) * spread
    z = gap / spread if spread > 0 else (math.nan if gap == 0 else math.inf)
    return gap, max(gap - half, -most), min(gap + half, most), two_sided_p(z)


def quotient(value: FloatArray) -> float:
    """Second over first: inf over 0, NaN for 0 over 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(value[1] / value[0])


def unsure_rows(value: FloatArray) -> list[tuple[float, float, float, float]]:
    """Rows of difference and ratio where the normal law has nothing to say: no limits and no p-value."""
    unknown = (math.nan, math.nan, math.nan)
    return [(float(value[1] - value[0]), *unknown), (quotient(value), *unknown)]


def warn_if_unsure(rows: list[tuple[float, float, float, float]]) -> None:
    """Say which rows have no limits because the clusters of both groups move together."""
    unsure = [name for name, row in zip(("difference", "ratio"), rows) if math.isnan(row[3])]
    if unsure:
        warn(
            f"every cluster moves both groups alike, so the standard error of the {' and the '.join(unsure)} is 0 and the normal "
            "law has no limits and no p-value (NaN). Look whether the same rows stand in both groups.",
            SmallSampleWarning,
        )


def wald_ratio(
    value: FloatArray, error: FloatArray, conf_level: float, *, shared: float = 0.0
) -> tuple[float, float, float, float]:
    """Second over first, its limits and p-value, by the normal law of the logarithm; NaN if one is 0."""
    if (value <= 0).any():
        return math.nan, math.nan, math.nan, math.nan
    logs = wald_difference(np.log(value), error / value, conf_level, shared=shared / float(np.prod(value)))
    return math.exp(logs[0]), math.exp(logs[1]), math.exp(logs[2]), logs[3]
