"""One row of the evidence on the scale of a scenario's parameter, by the one road of printed numbers.

The scales of a scenario are the road's: "hazard_ratio" (log), "median" (log), "proportion" (log odds; survival points
too) and "value" (as it is). What a row may stand for and what it may not, `survsim.printed.printed_number` decides; a
scenario file loosens it with the same words (`assume_events`, `assume_level`, `assume_exponential`, `beyond_counts`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit

from survsim.core.checks import FloatArray
from survsim.core.errors import ScenarioError
from survsim.estimate.printed.number import PrintedNumber
from survsim.estimate.printed.refusal import Refusal
from survsim.estimate.printed.road import printed_number


def row_effect(record: Any, scale: str, time_unit: str, **allowed: Any) -> PrintedNumber:
    """Put one `Estimate` on `scale`; medians are converted to `time_unit`.

    Raises
    ------
    ScenarioError : the row measures something else, or prints too little for a standard error.
    """
    as_survival = scale == "proportion" and getattr(record, "measure", "") == "survival_probability"
    found = printed_number(record, "survival" if as_survival else scale, unit=time_unit, **allowed)
    if isinstance(found, Refusal):
        hint = (
            " assume_exponential: true takes the median of the exponential time through the point."
            if scale == "median" and getattr(record, "measure", "") == "survival_probability"
            else ""
        )
        raise ScenarioError(f"{found.text} (wanted on scale {scale}){hint}")
    return found


def back_transform(values: FloatArray, scale: str) -> FloatArray:
    """From the pooling scale to the natural one."""
    if scale in ("hazard_ratio", "median"):
        return np.exp(values)
    return expit(values) if scale == "proportion" else values
