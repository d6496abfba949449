"""Patients that follow from the curve alone: levels read without error are products of whole fractions.

A drop from S to S' is a share d / n of those at risk. Where the levels are exact enough to tell n from n + 1 at every drop, and
whole numbers fit all of them, the numbers at risk and with them the censored between two drops are known, not estimated.
Drawings (SVG, PDF) of up to some 200 patients are as exact as this; pictures are not.

References
----------
Liu, Rich, Hanley 2014, Recovering the raw data behind a non-parametric survival curve, Systematic Reviews 3:151, doi
10.1186/2046-4053-3-151 (numbers at risk from the ratios of exact levels; the walk is this package's).
"""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.estimate.reconstruction.knots import Knots, resolution
from survsim.estimate.reconstruction.told import Told

EXACT = "the levels are products of whole patients: deaths and numbers at risk follow from them"
PRECISIONS = (1e-9, 1e-6, 1e-5, 3e-5)
"""How exact unrounded levels may be; the finest that whole patients fit is taken."""
TOLD_APART = 3.0
"""The levels after a drop of n and of n + 1 patients must differ by this many precisions."""
LEAST_DROPS = 5
"""With fewer drops whole numbers fit by chance."""


def exact(told: Told, knots: Knots) -> tuple[IntArray, IntArray] | None:
    """Deaths and censorings (K,) at the knots where the curve alone tells them and all that is printed agrees; else None."""
    if told.entry or knots.readings != "drops" or told.curve.noise > 0.0:
        return None
    step = resolution(told.curve.given)
    for precision in (0.5 * step + 1e-9,) if step else PRECISIONS:
        for single in (True, False):
            found = _walk(knots, int(told.risk[0]), precision, single=single, n_event=told.n_event)
            if found is None or (told.n_event is not None and found[0].sum() != told.n_event):
                continue
            lost = _losses(knots, *found, marks_told=told.marks is not None)
            if lost is not None:
                return found[0], lost
    return None


def _walk(
    knots: Knots, n0: int, precision: float, *, single: bool, n_event: int | None
) -> tuple[IntArray, IntArray] | None:
    """Deaths, and numbers at risk where they are known (-1 elsewhere), along the curve.

    single : of several pairs that fit a drop the one with the fewest deaths is taken (times without ties), else the one with
        the fewest censored before it (ties).
    """
    K = knots.time.size
    deaths, at_risk = np.zeros(K, np.int64), knots.risk.copy()
    at_risk[0] = n0
    curve, left, drops = 1.0, n0, 0
    later = _printed_later(knots.risk)
    for j in range(K):
        if knots.risk[j] >= 0:
            if knots.risk[j] > left:
                return None
            left = int(knots.risk[j])
        if not knots.read[j] or knots.level[j] > curve - 2.0 * precision:
            if abs(knots.level[j] - curve) > 2.0 * precision and knots.read[j]:
                return None
            continue
        fixed = bool(knots.risk[j] >= 0)
        fits = _whole(curve, float(knots.level[j]), left, precision, fixed=fixed, least=int(later[j]))
        if not fits and knots.level[j] <= precision:
            # Everybody left dies, and any number may be left: as many as the printed total says, else one, or all with ties.
            d = n_event - int(deaths.sum()) if n_event is not None else 1 if single else left
            fits = [(d, d)] if max(1, int(later[j])) <= d <= left else []
        pair = None if not fits else fits[0] if single else fits[-1]
        if pair is None:
            return None
        d, n = pair
        deaths[j], at_risk[j] = d, n
        curve, left, drops = curve * (1.0 - d / n), n - d, drops + 1
    return (deaths, at_risk) if drops >= LEAST_DROPS else None


def _whole(
    curve: float, level: float, left: int, precision: float, *, fixed: bool, least: int
) -> list[tuple[int, int]]:
    """Deaths and number at risk that fit one drop, from the fewest deaths; none where the next number would fit as well."""
    if level <= precision:
        return [(left, left)] if left == 1 or fixed else []
    share = 1.0 - level / curve
    fits = []
    for d in range(1, int(left * share + 1.0) + 1):
        n = round(d / share)
        if n > left or n - d < least or (fixed and n != left):
            continue
        if abs(curve * (1.0 - d / n) - level) <= precision:
            if curve * d / (n * (n + 1.0)) < TOLD_APART * precision:
                return []
            fits.append((d, n))
    return fits


def _printed_later(risk: IntArray) -> IntArray:
    """The next printed number at risk after each knot, 0 after the last."""
    later, known = np.zeros(risk.size, np.int64), 0
    for j in range(risk.size - 1, -1, -1):
        later[j] = known
        known = int(risk[j]) if risk[j] >= 0 else known
    return later


def _losses(knots: Knots, deaths: IntArray, at_risk: IntArray, *, marks_told: bool) -> IntArray | None:
    """Censored from each knot to the next: known between numbers at risk, there at the marks or even in time.

    After the last number they are even until the end, where the last patient stays.
    """
    K = knots.time.size
    lost = np.zeros(K, np.int64)
    known = np.flatnonzero(at_risk >= 0)
    for a, b in zip(known, np.append(known[1:], K)):
        here = slice(int(a), int(b))
        last = b == K
        many = int(at_risk[a] - deaths[here].sum()) - (1 if last else int(at_risk[b]))
        marks = knots.marks[here]
        if many < 0 and last:
            many = 0
        if many < 0 or (marks_told and not last and (many < marks.sum() or (many > 0 and not marks.any()))):
            return None
        if last and not knots.length[here].sum() > 0.0:
            continue
        weight = marks.astype(float) if marks.any() else knots.length[here]
        lost[here] = _shared(weight, many)
    return lost


def _shared(weight: FloatArray, many: int) -> IntArray:
    """Whole numbers with this total whose running sums follow those of the weights."""
    run = np.cumsum(weight if weight.sum() > 0.0 else np.ones(weight.size))
    return np.diff(np.append(0, np.round(run * (many / run[-1])).astype(np.int64)))
