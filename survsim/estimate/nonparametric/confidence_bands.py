"""Pointwise intervals for a survival curve, of any type that survsim knows."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import InputError
from survsim.core.event_table import EventTable
from survsim.estimate.nonparametric.band_scales import TRANSFORMED, Band, transformed_band
from survsim.estimate.nonparametric.beta_product import beta_product_band, start_limit
from survsim.estimate.nonparametric.beta_product_draws import sampled_band
from survsim.estimate.nonparametric.likelihood_band import likelihood_band

SAMPLED = ("beta-product-mc", "beta-product-midp-mc")
SMALL_SAMPLE = ("beta-product", "beta-product-midp", *SAMPLED)
COUNTING = ("likelihood", *SMALL_SAMPLE)
"""Types that count independent patients."""
BANDS = (*TRANSFORMED, *COUNTING, "none")


def pointwise_band(
    conf_type: str,
    table: EventTable,
    s: FloatArray,
    se_log: FloatArray,
    conf_level: float,
    *,
    delayed: bool,
    seed: int = 1,
) -> Band:
    """Band of any of the types of `BANDS` (NaN for "none") for the curve `s` over `table`; `seed` is for those of `SAMPLED`."""
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
    counts = table.n_risk, table.n_event, table.n_censor
    if conf_type in SAMPLED:
        return sampled_band(*counts, conf_level, seed, mid_p="midp" in conf_type)
    return beta_product_band(*counts, conf_level, mid_p="midp" in conf_type)


def start_of_band(conf_type: str, n_patients: int, conf_level: float) -> float:
    """Lower limit before the first follow-up time."""
    if conf_type not in SMALL_SAMPLE:
        return 1.0
    return start_limit(n_patients, conf_level, mid_p="midp" in conf_type)
