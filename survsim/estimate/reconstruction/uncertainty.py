"""By how much reconstructed patients may be wrong: what the figure leaves open, as ranges of events, median and ratio."""

from __future__ import annotations

import functools
import warnings

import numpy as np

from survsim.core.checks import BoolArray, FloatArray
from survsim.core.errors import EvidenceWarning
from survsim.core.provenance import Provenance
from survsim.estimate.reconstruction import patients as rows
from survsim.estimate.reconstruction.open_range import ReconstructionUncertainty
from survsim.estimate.reconstruction.pseudo_ipd import PseudoIPD
from survsim.estimate.reconstruction.pseudo_sets import pseudo_sets
from survsim.estimate.reconstruction.result import ReconstructedIPD

ASSUMED_TOLERANCE = 0.005
"""Of a level where nobody says how exactly the curve was read: half a hundredth, what a person's clicks keep."""
SETS = 40
SEED = 1
TAIL = 0.025
SPREAD = 2.5
"""By how much the ranges are wider than the sets: a method makes the same choices in each of them. Chosen by the record of
tests/statistical/validate_reconstruction_ranges, where twice the spread held the true ln HR in 88% where n and censor marks alone
are known, and more elsewhere, over the first 24 pairs of arms; the later pairs of the record are new to that choice."""
COVERED = 0.9
"""Share of true events, medians and ln HR that the ranges held there at least, under each combination of what is known."""


def uncertainty_of(reconstructed: ReconstructedIPD, m: int, seed: int) -> ReconstructionUncertainty:
    """Ranges over `m` pseudo data sets; see `ReconstructedIPD.uncertainty`."""
    sets = sets_of(reconstructed, m, seed)
    value, low, high = bare_ranges(reconstructed, m, seed)
    low, high = _widened(value, low, high)
    open_low, open_high = left_open(reconstructed, value)
    low, high = np.fmin(low, open_low), np.fmax(high, open_high)
    # Events are whole: a limit between two of them is the one further out.
    low[0], high[0] = max(np.floor(low[0]), 0.0), min(np.ceil(high[0]), float(reconstructed.time.size))
    stated = reconstructed.tolerance is not None
    return ReconstructionUncertainty(
        provenance=Provenance.of("reconstruction_uncertainty", reconstructed, m=m, seed=seed),
        quantity=("events", "median", "time at risk"),
        value=value,
        low=low,
        high=high,
        tolerance=tolerance_of(reconstructed),
        time_tolerance=reconstructed.time_tolerance,
        stated=stated,
        n_draws=m,
        unit=reconstructed.unit,
        assumed=sets.assumed,
    )


def bare_ranges(
    reconstructed: ReconstructedIPD, m: int, seed: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Events, median and time at risk, and the ends of what 95% of the sets say of them, not yet widened."""
    found = np.array([_told(s) for s in _each(sets_of(reconstructed, m, seed))])
    value = np.array(_told(_own(reconstructed)))
    low = np.quantile(found, TAIL, axis=0, method="inverted_cdf")
    high = np.quantile(found, 1.0 - TAIL, axis=0, method="inverted_cdf")
    return value, np.minimum(low, value), np.maximum(high, value)


def left_open(reconstructed: ReconstructedIPD, value: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Ends (3,) that the readings themselves leave open, however little the sets differ; NaN where they leave nothing open.

    Without a printed total an event more or less is never seen, and under each mark others may hide. A median lies
    somewhere between the last reading that is surely above a half and the first that is surely not.
    """
    low, high = np.full(value.size, np.nan), np.full(value.size, np.nan)
    if reconstructed.n_event_reported is None:
        low[0], high[0] = value[0] - 1.0 - _hidden_marks(reconstructed), value[0] + 1.0
    low[1], high[1] = _median_between(reconstructed)
    return low, high


def _hidden_marks(reconstructed: ReconstructedIPD) -> float:
    """How many censored patients may lie under another's mark: evenly spread, k marks of width w on an axis L hide k^2 w / 2L.

    Twice as many where they crowd, and two standard deviations of a Poisson count more.
    """
    if reconstructed.censor_marks is None or reconstructed.time_tolerance == 0.0:
        return 0.0
    many, width = reconstructed.censor_marks.size, 2.0 * reconstructed.time_tolerance
    hidden = many**2 * width / float(reconstructed.time.max())
    return float(np.ceil(hidden + 2.0 * np.sqrt(hidden)))


def _median_between(reconstructed: ReconstructedIPD) -> tuple[float, float]:
    """The times between which the curve crosses a half; infinite at the end where no reading is surely below."""
    t, s = reconstructed.click_time, reconstructed.click_survival
    off, late = tolerance_of(reconstructed), reconstructed.time_tolerance
    above, below = np.flatnonzero(s > 0.5 + off), np.flatnonzero(s <= 0.5 - off)
    first = above[-1] if above.size else 0
    if reconstructed.readings == "drops" and first + 1 < t.size:
        # Where every drop was read, nothing happens before the next one.
        first += 1
    elif not below.size and first + 1 >= t.size:
        return float("nan"), float("nan")
    high = float(t[below[0]] + late) if below.size else float("inf")
    return max(float(t[first]) - late, 0.0), high


def _widened(value: FloatArray, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Ends moved away from the value; one at infinity, a median that is not reached, stays there."""
    known = np.isfinite(value)
    with np.errstate(invalid="ignore"):
        below = np.where(known, value - SPREAD * (value - low), low)
        above = np.where(known & np.isfinite(high), value + SPREAD * (high - value), high)
    return np.maximum(below, 0.0), above


def tolerance_of(reconstructed: ReconstructedIPD) -> float:
    """As stated, else as assumed."""
    return ASSUMED_TOLERANCE if reconstructed.tolerance is None else reconstructed.tolerance


@functools.lru_cache(maxsize=16)
def sets_of(reconstructed: ReconstructedIPD, m: int, seed: int) -> PseudoIPD:
    """The pseudo data sets behind the ranges; kept, for a printout asks for them again."""
    with warnings.catch_warnings():
        # What is to be said of the curve was said when it was reconstructed.
        warnings.simplefilter("ignore", EvidenceWarning)
        return pseudo_sets(
            reconstructed, m, tolerance=tolerance_of(reconstructed), time_tolerance=reconstructed.time_tolerance, seed=seed
        )  # fmt: skip


Rows = tuple[FloatArray, BoolArray, FloatArray | None]


def _own(made: ReconstructedIPD) -> Rows:
    return made.time, made.event, made.entry


def _each(sets: PseudoIPD) -> list[Rows]:
    ends = np.flatnonzero(np.diff(sets.draw)) + 1
    times, events = np.split(sets.time, ends), np.split(sets.event, ends)
    entries = [None] * len(times) if sets.entry is None else np.split(sets.entry, ends)
    return list(zip(times, events, entries, strict=True))


def _told(patients: Rows) -> tuple[float, float, float]:
    """Events, median and time at risk of one data set."""
    time, event, entry = patients
    drops, level = rows.product_limit(time, event, entry)
    below = np.flatnonzero(level <= 0.5 + 1e-12)
    median = float(drops[below[0]]) if below.size else float("inf")
    return float(event.sum()), median, float(time.sum() - (0.0 if entry is None else entry.sum()))
