"""Pointwise intervals for a survival curve, of any type that survsim knows."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import InputError
from survsim.core.event_table import EventTable
from survsim.estimate.nonparametric.band_scales import TRANSFORMED, Band, transformed_band
from survsim.estimate.nonparametric.beta_product import beta_product_band, start_limit
from survsim.estimate.nonparametric.likelihood_band import likelihood_band

SMALL_SAMPLE = ("beta-product", "beta-product-midp")
BANDS = (*TRANSFORMED, "likelihood", *SMALL_SAMPLE, "none")


def pointwise_band(
    conf_type: str,
    table: EventTable,
    s: FloatArray,
    se_log: FloatArray,
    conf_level: float,
    *,
    delayed: bool,
) -> Band:
    """Band of any of the types of `BANDS` (NaN for "none") for the curve `s` over `table`."""
    if conf_type in TRANSFORMED:
        return transformed_band(conf_type, s, se_log, conf_level)
    if conf_type == "none":
        return np.full(s.size, np.nan), np.full(s.size, np.nan)
    if table.weighted:
        raise InputError(
            f"conf_type={conf_type!r} counts patients and has no weighted form; use one of "
            f"{', '.join(map(repr, TRANSFORMED))}, with the robust variance."
        )
    if conf_type == "likelihood":
        return likelihood_band(table.n_risk, table.n_event, conf_level)
    if delayed:
        raise InputError(
            f"conf_type={conf_type!r} has no proof under delayed entry; use 'likelihood' or 'log-log', or "
            "follow everybody from one landmark(...)."
        )
    return beta_product_band(
        table.n_risk, table.n_event, table.n_censor, conf_level, mid_p=conf_type.endswith("midp")
    )


def start_of_band(conf_type: str, n_patients: int, conf_level: float) -> float:
    """Lower limit before the first follow-up time."""
    if conf_type not in SMALL_SAMPLE:
        return 1.0
    return start_limit(n_patients, conf_level, mid_p=conf_type.endswith("midp"))
