"""Rules about what an interval, a share or a utility may look like, whichever way it was estimated."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import logit

from survsim.core.checks import BoolArray, FloatArray
from survsim.evidence.rules.consistency import printed_half
from survsim.evidence.rules.rule import rule
from survsim.evidence.rules.tables import Tables
from survsim.evidence.schema.faults import WARNING, Fault
from survsim.evidence.schema.table import FRACTIONS

E = "estimates"
SHARE_SKEW = 2.0
"""Longer side of an interval of a share over its shorter one, on the scale on which they are most alike."""
MEDIAN_SKEW = 4.0
"""The same for a median, whose interval follows the steps of a curve."""
COUNTED = 200
"""Patients above which a share with two figures has a count for nearly every value."""


@rule("interval_lopsided", estimates=("measure", "value", "conf_low", "conf_high", "conf_note"))
def interval_lopsided(t: Tables) -> Iterator[Fault]:
    """A share or a median lies near the middle of its interval on some scale, up to rounding."""
    share = t.text(E, "measure").isin(FRACTIONS).to_numpy()
    median = (t.text(E, "measure") == "median").to_numpy()
    value, low, high = (t.number(E, c) for c in ("value", "conf_low", "conf_high"))
    half = [printed_half(t, c) for c in ("value", "conf_low", "conf_high")]
    inside = (low < value) & (value < high)
    with np.errstate(invalid="ignore", divide="ignore"):
        least = np.fmin.reduce([_skew(f, value, low, high, half) for f in (_same, np.log)])
        on_share = np.fmin.reduce([least, *(_skew(f, value, low, high, half) for f in (logit, _log_log))])
        wrong = (median & (least > MEDIAN_SKEW)) | (share & (value > 0) & (on_share > SHARE_SKEW))
    yield from t.where(
        "interval_lopsided",
        E,
        wrong & inside,
        "Check the value and both limits in the source; if they are printed so, say it in known_warnings.",
        column="value",
        severity=WARNING,
    )


def _same(x: FloatArray) -> FloatArray:
    return x


def _log_log(x: FloatArray) -> FloatArray:
    return np.log(-np.log(x))


def _skew(
    scale: Callable[[FloatArray], FloatArray],
    value: FloatArray,
    low: FloatArray,
    high: FloatArray,
    half: list[FloatArray],
) -> FloatArray:
    """Longer over shorter side with all that rounding may have taken from the longer and given to the shorter."""
    v, lo, hi = half
    up = [np.abs(scale(np.minimum(high + s * hi, 1 - 1e-9) if scale is not _same and scale is not np.log else high + s * hi)
                 - scale(value - s * v)) for s in (1, -1)]  # fmt: skip
    down = [np.abs(scale(value + s * v) - scale(np.maximum(low - s * lo, 1e-9))) for s in (1, -1)]
    return np.maximum(up[1] / down[0], down[1] / up[0])


@rule("share_of_no_count", estimates=("measure", "value", "n_arm", "n_event", "estimator", "value_qualifier"))
def share_of_no_count(t: Tables) -> Iterator[Fault]:
    """A share of few patients is that of a whole number of them, up to rounding."""
    value, n, half = t.number(E, "value"), t.number(E, "n_arm"), printed_half(t, "value")
    crude = (t.text(E, "measure") == "proportion") & (t.text(E, "n_event") == "")
    crude &= t.text(E, "estimator").isin(["crude", "not_reported"]) & (t.text(E, "value_qualifier") == "")
    usable = crude.to_numpy() & (n > 0) & (n <= COUNTED) & (value >= 0) & (value <= 1)
    nearest = np.round(np.where(usable, value * n, 0.0))
    apart = np.abs(nearest / np.where(usable, n, 1.0) - value)
    yield from t.where(
        "share_of_no_count",
        E,
        usable & (apart > half + 1e-9),
        "Check the percent and its denominator in the source: no whole number of these patients gives it; where the "
        "denominator is another, write it into n_arm.",
        column="value",
        severity=WARNING,
    )


@rule("utility_range", estimates=("measure", "value"))
def utility_range(t: Tables) -> Iterator[Fault]:
    """A utility lies between -1 and 1, and so does a change of one."""
    utility: BoolArray = t.text(E, "measure").str.startswith("utility").to_numpy()
    yield from t.where(
        "utility_range",
        E,
        utility & (np.abs(t.number(E, "value")) > 1),
        "Write 78 of 100 as 0.78, or use another measure.",
        column="value",
    )


@rule("time_measured_in_events", endpoints=("endpoint", "kind"), estimates=("endpoint", "measure"))
def time_measured_in_events(t: Tables) -> Iterator[Fault]:
    """An endpoint with survival probabilities is one in time, and overall survival is one by its name."""
    curves = t.frames[E][(t.text(E, "measure") == "survival_probability").to_numpy()]["endpoint"]
    named = t.text("endpoints", "endpoint")
    survival = named.isin(set(curves)) | named.str.endswith("_survival")
    wrong = (t.text("endpoints", "kind") == "occurrence") & survival
    yield from t.where(
        "time_measured_in_events",
        "endpoints",
        wrong.to_numpy(),
        "Write time_to_event: its numbers are survival at a time.",
        column="kind",
        severity=WARNING,
    )


@rule("abbreviation_of_two", endpoints=("abbreviation",))
def abbreviation_of_two(t: Tables) -> Iterator[Fault]:
    """Two endpoints do not share an abbreviation."""
    cells = t.text("endpoints", "abbreviation")
    wrong = (cells != "") & cells.duplicated(keep="first")
    yield from t.where(
        "abbreviation_of_two",
        "endpoints",
        wrong.to_numpy(),
        "Give each endpoint its own abbreviation.",
        column="abbreviation",
        severity=WARNING,
    )


@rule("source_of_another_kind", sources=("source_id", "kind"), studies=("source_id",), patients=("dataset",))
def source_of_another_kind(t: Tables) -> Iterator[Fault]:
    """Studies come from sets of literature, patients from sets of patients."""
    of = {"literature": set(t.text("studies", "source_id")), "patients": set(t.text("patients", "dataset"))}
    kinds, names = t.text("sources", "kind"), t.text("sources", "source_id")
    wrong = np.array(
        [
            any(name in used and kind != meant for meant, used in of.items())
            for name, kind in zip(names, kinds)
        ],
        bool,
    )
    yield from t.where(
        "source_of_another_kind",
        "sources",
        wrong,
        "Write literature for a set of studies, patients for a set of records.",
        column="kind",
        severity=WARNING,
    )  # fmt: skip
