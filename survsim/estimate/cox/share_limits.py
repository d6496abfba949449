"""Limits of shares that have a standard error: concordance, AUC, Brier scores."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from survsim.core.checks import FloatArray
from survsim.core.errors import SmallSampleWarning, warn

NO_SPREAD = 1e-12
"""A standard error that is rounding."""


def share_limits(
    estimate: FloatArray, std_error: FloatArray, level: float, kind: str, *, of: str = ""
) -> tuple[FloatArray, FloatArray]:
    """Limits (k,), (k,) of numbers between 0 and 1, on the "logit" scale or "plain".

    `of` names shares of pairs. NaN, with a warning, where the standard error of such is 0: all pairs say the same, and how far
    chance moves that they do not tell. An interval of width 0 from eight patients would be none. A mean over patients may
    be without spread by its nature (every prediction 0.5 has a Brier score of 0.25).
    """
    certain = (estimate <= 0.0) | (estimate >= 1.0) if kind == "logit" else np.zeros(estimate.size, bool)
    if of and (certain := certain | (std_error <= NO_SPREAD)).any():
        warn(
            f"{of}: the standard error of {estimate[int(certain.argmax())]:g} is 0, for all that it is made of say the same; the "
            "normal law has no limits there (NaN). More patients, or other scores, are needed to say how far chance moves it.",
            SmallSampleWarning,
        )
    half = float(ndtri(0.5 + level / 2)) * np.where(certain & bool(of), np.nan, std_error)
    if kind == "plain":
        return np.maximum(estimate - half, 0.0), np.minimum(estimate + half, 1.0)
    p = np.where(certain, 0.5, estimate)
    centre, reach = np.log(p / (1.0 - p)), half / (p * (1.0 - p))
    low, high = 1.0 / (1.0 + np.exp(reach - centre)), 1.0 / (1.0 + np.exp(-centre - reach))
    return (low, high) if of else (np.where(certain, estimate, low), np.where(certain, estimate, high))
