"""Rules about what counts allow: an interval narrower than its patients or events can give."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import logit, ndtri

from survsim.core.checks import BoolArray, FloatArray
from survsim.core.information import (
    POINT_SLACK,
    SLACK,
    least_hazard_error,
    least_log_odds_error,
    least_median_error,
)
from survsim.evidence.rules.rule import rule
from survsim.evidence.rules.tables import Tables
from survsim.evidence.schema.faults import WARNING, Fault
from survsim.evidence.schema.table import FRACTIONS

E = "estimates"


@rule(
    "interval_beyond_counts",
    estimates=("measure", "value", "conf_low", "conf_high", "conf_level", "n_arm", "n_event"),
)
def interval_beyond_counts(t: Tables) -> Iterator[Fault]:
    """An interval is not narrower than its patients or events allow; such a row is not pooled."""
    value, low, high, level, n, d = (
        t.number(E, c) for c in ("value", "conf_low", "conf_high", "conf_level", "n_arm", "n_event")
    )
    seen = np.where(d > 0, d, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = ndtri(0.5 + level / 2)
        on_log = (np.log(high) - np.log(low)) / (2 * z)
        on_logit = (logit(high) - logit(low)) / (2 * z)
        wrong = (
            (_measure(t, "median") & _below(on_log, least_median_error(seen)))
            | (_measure(t, "hazard_ratio") & _below(on_log, SLACK * least_hazard_error(seen)))
            | (_measure(t, "rate") & _below(on_log, SLACK * least_hazard_error(d)))
            | (_measure(t, *FRACTIONS) & _below(on_logit, POINT_SLACK * least_log_odds_error(value, n)))
        )
    yield from t.where(
        "interval_beyond_counts",
        E,
        wrong,
        "Check the interval, its level and the counts in the source; as it stands the row is refused where numbers are "
        "pooled.",
        column="conf_low",
        severity=WARNING,
    )


def _measure(t: Tables, *names: str) -> BoolArray:
    return t.text(E, "measure").isin(names).to_numpy()


def _below(error: FloatArray, least: FloatArray) -> BoolArray:
    """Whether a finite error lies below a finite bound."""
    return np.isfinite(error) & np.isfinite(least) & (error > 0) & (error < least)
