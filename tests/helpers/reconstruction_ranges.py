"""Whether the ranges of doubt of a reconstruction hold the truth: simulated pairs, read and reconstructed under all that can be known.

A range is kept as the factor by which the bare spread of the pseudo data sets must be multiplied to hold the truth: the share
of factors below any number is the share that ranges with that factor cover, so that one study judges every factor.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from survsim import reconstruct_ipd
from survsim.errors import EvidenceWarning
from survsim.estimate.reconstruction import pair as pairs
from survsim.estimate.reconstruction import uncertainty
from tests.helpers.reconstruction_truth import KNOWN, SHAPES, Arm, Cell, curve_at, log_hazard_ratio, pair

COMBINATIONS = tuple(product((True, False), KNOWN))
"""Numbers at risk or n alone, with the total of events, the censor marks, both or neither: eight."""
CELLS = tuple(
    Cell(shape=shape, n=n, table=6.0, clicks=clicks, rounding=rounding)
    for shape, n, (clicks, rounding) in product(SHAPES[:4], (20, 60, 150), ((30, 0.01), (60, 0.005)))
)
"""Without late entry, which no figure without numbers at risk can show."""
UNIFORM_95 = 0.475
"""Of the step: the error of a rounding that 95% of readings keep."""
Row = dict[str, Any]


def rows_of(cell: Cell, seed: int, m: int) -> Iterator[Row]:
    """One pair of arms under the eight combinations: factors needed for events and medians of both arms and for ln HR."""
    arms = pair(cell, np.random.default_rng(seed))
    truth = log_hazard_ratio(*((a.time, a.event, a.entry) for a in arms))
    for table, known in COMBINATIONS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EvidenceWarning)
            made = [_made(arm, cell, table, known) for arm in arms]
            # Control and treated, with the seeds that the comparison gives them, so that its sets need not be drawn again.
            bare = [_bare(r, m, s) for r, s in zip(made, (seed + 1, seed))]
            value, error = pairs.bare_ratio(made[1], made[0], m, seed)
        row: Row = {
            "risk_table": table,
            "known": known,
            "shape": cell.shape,
            "n": cell.n,
            "clicks": cell.clicks,
            "rounding": cell.rounding,
            "pair": seed,
            "events": [needed_factor(float(a.n_event), *b[:, 0]) for a, b in zip(arms, bare)],
            "median": [needed_factor(_median(a), *b[:, 1]) for a, b in zip(arms, bare)],
            "log_hazard_ratio": [needed_factor(truth, value, *_about(value, error))],
        }
        yield row


def study(pairs: int, first_seed: int, m: int) -> Iterator[Row]:
    """All rows of so many pairs, which go round the cells."""
    for k in range(pairs):
        repeat, number = divmod(k, len(CELLS))
        yield from rows_of(CELLS[number], first_seed + 1000 * number + repeat, m)


def share(rows: list[Row], quantity: str, factor: float) -> float:
    """The share of ranges that hold the truth at a factor."""
    return float(np.mean([needed <= factor for row in rows for needed in row[quantity]]))


def _made(arm: Arm, cell: Cell, table: bool, known: str) -> Any:
    return reconstruct_ipd(
        (arm.click, arm.level),
        unit="months",
        at_risk=(arm.risk_time, arm.at_risk) if table else None,
        n=arm.time.size,
        n_event=arm.n_event if "events" in known else None,
        censor_marks=arm.marks if "marks" in known else None,
        tolerance=UNIFORM_95 * cell.rounding,
        time_tolerance=UNIFORM_95 * 10 * cell.rounding,
    )


def _bare(made: Any, m: int, seed: int) -> np.ndarray:
    """(5, 3) value, ends of the bare range, ends that are open whatever the sets say."""
    value, low, high = uncertainty.bare_ranges(made, m, seed)
    return np.array([value, low, high, *uncertainty.left_open(made, value)])


def _about(value: float, error: float) -> tuple[float, float, float, float]:
    return value - pairs.HALF * error, value + pairs.HALF * error, np.nan, np.nan


def needed_factor(
    truth: float, value: float, low: float, high: float, open_low: float, open_high: float
) -> float:
    """How often the spread must be taken for the range to reach the truth; infinite where no factor does."""
    if truth == value or open_low <= truth <= open_high or (np.isinf(truth) and np.isinf(high)):
        return 0.0
    gap, spread = abs(truth - value), (value - low) if truth < value else (high - value)
    if np.isnan(gap) or np.isinf(gap):
        # One median is reached, the other is not: the bare range either holds it or never will.
        return 0.0 if low <= truth <= high else float("inf")
    if np.isinf(spread):
        return 0.0
    # A bound that is met to rounding is met.
    gap = max(gap - 1e-9, 0.0)
    return gap / spread if spread > 0 else (float("inf") if gap else 0.0)


def _median(arm: Arm) -> float:
    drops = np.unique(arm.time[arm.event])
    below = np.flatnonzero(curve_at(drops, arm.time, arm.event) <= 0.5 + 1e-12)
    return float(drops[below[0]]) if below.size else float("inf")
