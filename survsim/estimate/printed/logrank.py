"""A log hazard ratio from what a log-rank test prints: O - E and V, or observed and expected events of both arms."""

from __future__ import annotations

import itertools

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.information import SLACK, least_ratio_error
from survsim.estimate.printed.agreement import Said
from survsim.estimate.printed.refusal import contradiction
from survsim.estimate.printed.rounding import LAST_BITS, gap, printed_range
from survsim.estimate.printed.row import PrintedRow

APART = 0.02, 1.0
"""Share of the events, and events, by which two counts of the same events may differ (rounding of what is printed)."""


def from_logrank(row: PrintedRow) -> Said | None:
    """(O - E) / V and 1 / sqrt(V); None where neither is printed."""
    o_minus_e, variance = row.number("observed_minus_expected"), row.number("variance")
    if o_minus_e is None and variance is None:
        return None
    if o_minus_e is None or variance is None or not 0.0 < variance < np.inf or not np.isfinite(o_minus_e):
        raise contradiction(
            row.label,
            f"observed_minus_expected and a positive variance belong together; got {o_minus_e} and {variance}.",
        )
    around = printed_range(variance)
    low, high = max(around[0], 0.5 * variance), around[1]
    ends = [x / v for x, v in itertools.product(printed_range(o_minus_e), (low, high))]
    return Said(
        "(O - E) / V", o_minus_e / variance, variance**-0.5, (min(ends), max(ends)), (high**-0.5, low**-0.5)
    )


def from_observed_and_expected(row: PrintedRow) -> Said | None:
    """log[(O_r / E_r) / (O_c / E_c)] and sqrt(1 / E_r + 1 / E_c) (Tierney 2007; Pike 1972); None where neither is printed."""
    if row.raw("observed") is None and row.raw("expected") is None:
        return None
    observed, expected = _pair(row, "observed"), _pair(row, "expected")
    seen, due = float(observed.sum()), float(expected.sum())
    if not same_count(seen, due):
        raise contradiction(
            row.label,
            f"observed events add up to {seen:g} and expected ones to {due:g}; in a log-rank test the two are equal. Check "
            "that both arms were read from one test.",
        )
    effect = float(np.log(observed[0] / expected[0]) - np.log(observed[1] / expected[1]))
    ends = np.array([printed_range(e, *expected.tolist()) for e in expected.tolist()])
    # What rounds to 1 is no less than half of it.
    lowest, highest = np.maximum(ends[:, 0], 0.5 * expected), ends[:, 1]
    odds = np.log(observed[0] / observed[1])
    effects = (
        float(odds - np.log(highest[0] / lowest[1])),
        float(odds - np.log(lowest[0] / highest[1])),
    )
    error, least, most = (float(np.sqrt((1.0 / e).sum())) for e in (expected, highest, lowest))
    score = abs(float(observed[0] - expected[0])) * error
    return Said("O / E of both arms", effect, error, effects, (least, most), score)


def same_count(one: float, other: float) -> bool:
    """Whether two printed numbers may count the same events."""
    return abs(one - other) <= _open(max(one, other)) + LAST_BITS


def _open(count: float) -> float:
    """By how much another count of the same events may differ."""
    return max(APART[0] * count, APART[1])


def counts_disagree(row: PrintedRow, events: list[float]) -> str:
    """What to say of a log-rank test whose numbers these events (the total, or of both arms) cannot have given."""
    said = " and ".join(f"{e:g}" for e in events)
    o_minus_e = row.number("observed_minus_expected")
    if o_minus_e is not None:
        # O of the research arm is at most its events, and E at most all of them.
        most = (-events[-1], events[0])
        if gap(printed_range(o_minus_e), most) > 0.0:
            return f"O - E of {o_minus_e:g} is printed, {said} events allow {most[0]:g} to {most[1]:g}"
    if row.raw("observed") is not None:
        observed = _pair(row, "observed").tolist()
        other = observed if len(events) == 2 else [sum(observed)]
        if not all(same_count(a, b) for a, b in zip(other, events)):
            told = " and ".join(f"{o:g}" for o in observed)
            return f"observed are {told} events, n_event says {said}"
    return ""


def least_logrank_error(row: PrintedRow, events: list[float]) -> tuple[float, float]:
    """Of 1 / sqrt(V), and the share of it that is impossible: what counts and O - E leave open by rounding is in the bound.

    V is at most ``E_r E_c / d``: its terms are ``p (1 - p)``, the p add up to E_r, and strata only lose. E_r is ``O_r - (O - E)``,
    and O_r within the events. Expected events of both arms bound themselves roughly, by ``d / 4``.
    The bound of a Cox model, by the observed events of both arms, is another: far from 1 its error is larger.
    """
    whole, o_minus_e = sum(events), row.number("observed_minus_expected")
    if o_minus_e is None:
        return least_ratio_error([whole]), SLACK
    total = whole + _open(whole)
    seen = (events[0] - _open(events[0]), events[0] + _open(events[0])) if len(events) == 2 else (0.0, total)
    low, high = printed_range(o_minus_e)
    due = min(max(0.5 * total, seen[0] - high), seen[1] - low)
    # Beyond all events O - E itself is the contradiction, which is told.
    return least_ratio_error([due, total - due] if 0.0 < due < total else [whole]), 1.0


def _pair(row: PrintedRow, name: str) -> FloatArray:
    """(research, control), both positive."""
    pair = row.of_arms(name)
    if pair is None or pair.shape != (2,) or not np.isfinite(pair).all() or not (pair > 0.0).all():
        raise contradiction(
            row.label,
            f"{name} is (research, control), both positive, and observed and expected belong together; got {row.raw(name)!r}. With no "
            "event in an arm give observed_minus_expected and variance.",
        )
    return pair
