"""Numbers of one hazard ratio that say the same thing twice: whether they can all be true.

Whatever the road to a log hazard ratio and its error was, every other number that is printed repeats one or both, or the
z statistic they give, or bounds them. All are compared as ranges, within what rounding leaves open (`printed.rounding`).

Tests differ: the p-value may be a log-rank test's and the interval Cox's, so a p-value is noted from `P_NOTED` on and held
for a contradiction only from `P_APART` standard errors on. (O - E) / V is Peto's one-step estimate: with arms alike it is
``2 tanh(log HR / 2)``, and 1 / sqrt(V) falls short of a model's error by ``1 / cosh(log HR / 2)``; both are allowed for.
Events bound an error from below (`core.information`); from above only roughly, as arms may be unequal and the model may have
taken other covariates into account.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from survsim.estimate.printed.rounding import LAST_BITS, Range, gap, printed_range
from survsim.estimate.printed.row import Interval

ASYMMETRY_LIMIT = 0.02
"""Distance on the log scale between an estimate and the middle of its interval beyond which it is flagged, if rounding does
not explain it."""
EFFECT_SHARE = 0.5
"""Share of a standard error by which two estimates of the same data differ, apart from Peto's bias."""
SPREAD_SHARE = 1.25
"""Ratio of two standard errors beyond which they contradict each other, rounding apart."""
P_SHARE = 1.25
"""Ratio of two z statistics of the same data that other tests explain."""
P_NOTED, P_APART = 0.15, 0.5
"""Distance of the z statistics beyond which a p-value beside an interval is noted, and contradicts it."""
WIDE_SPLIT, WIDE_TOTAL = 3.0, 5.0
"""Times an error may exceed what the events of both arms (or events and arms) give, and what all events give at least:
five times that is an arm of one per cent."""


class Said(NamedTuple):
    """What printed numbers say of a log hazard ratio and its error: at its word, and the ranges that print so.

    `what` says it, "" for a number that is printed as such; `score` is the z statistic where it is not ``effect / error``.
    """

    what: str
    effect: float = math.nan
    error: float = math.nan
    effects: Range = (-math.inf, math.inf)
    errors: Range = (0.0, math.inf)
    score: float = math.nan

    @property
    def zs(self) -> Range:
        """Smallest and largest |z|."""
        low, high = self.effects
        near = 0.0 if low <= 0.0 <= high else min(abs(low), abs(high))
        far = max(abs(low), abs(high))
        least = near / self.errors[1]
        most = far / self.errors[0] if self.errors[0] > 0.0 else math.inf
        return (least, most) if math.isnan(self.score) else (min(least, self.score), max(most, self.score))


def disagree(found: Said, other: Said) -> str:
    """What to say of two that cannot both be true; "" where they can."""
    size = max(abs(e) for e in (found.effect, other.effect, 0.0) if not math.isnan(e))
    allowed = max(ASYMMETRY_LIMIT, EFFECT_SHARE * found.error) + size - 2.0 * math.tanh(size / 2.0)
    if gap(found.effects, other.effects) > allowed:
        return (
            f"{found.what} gives a hazard ratio of {np.exp(found.effect):.3g}, {_told(other, np.exp(other.effect))}: perhaps "
            "of the other arm, or a misprint"
        )
    share = SPREAD_SHARE * math.cosh(min(size, FARTHEST) / 2.0)
    if found.errors[0] > share * other.errors[1] or other.errors[0] > share * found.errors[1]:
        return f"{found.what} gives a standard error of {found.error:.3g}, {_told(other, other.error)}"
    return ""


FARTHEST = 700.0
"""Log ratios that far from 0, ten standard errors included, leave the range of floating point as ratios."""


def _told(said: Said, number: float) -> str:
    return f"{said.what} gives {number:.3g}" if said.what else f"{number:.4g} is printed"


def ratio_said(hr: float, interval: Interval | None) -> Said:
    """A printed hazard ratio."""
    return Said("", effect=float(np.log(hr)), effects=ratio_range(hr, interval))


def ratio_range(hr: float, interval: Interval | None) -> Range:
    """Logarithms of what prints as this ratio; alone it has at least one decimal, as nobody prints HR 1 for 1.4."""
    limits = (None, None) if interval is None else (interval.low, interval.high)
    alone = limits == (None, None)
    return _logs(printed_range(hr, *limits, least=1 if alone else 0))


def interval_said(hr: float | None, interval: Interval) -> Said:
    """Both limits: their middle and their distance."""
    assert interval.low is not None and interval.high is not None
    width = 2.0 * float(ndtri(0.5 + interval.level / 2.0))
    low, high = (
        _logs(printed_range(e, hr, interval.low, interval.high)) for e in (interval.low, interval.high)
    )
    middle = 0.5 * float(np.log(interval.high * interval.low))
    return Said(
        "the interval",
        middle,
        float(np.log(interval.high / interval.low)) / width,
        (0.5 * (low[0] + high[0]), 0.5 * (low[1] + high[1])),
        (max(high[0] - low[1], 0.0) / width, (high[1] - low[0]) / width),
    )


def limit_said(hr: float | None, interval: Interval) -> Said:
    """One limit: the estimate lies on its inner side, and by as many errors as its level says where the ratio is printed."""
    upper = interval.low is None
    limit = interval.high if upper else interval.low
    assert limit is not None
    around = _logs(printed_range(limit, hr))
    side = (-math.inf, around[1]) if upper else (around[0], math.inf)
    if hr is None:
        return Said("the limit", effect=float(np.log(limit)), effects=side)
    z = float(ndtri(interval.level))
    own = _logs(printed_range(hr, limit))
    least, most = max(gap(around, own), 0.0), max(around[1] - own[0], own[1] - around[0])
    error = abs(float(np.log(limit / hr))) / z
    return Said("the one-sided limit", float(np.log(hr)), error, own, (least / z, most / z))


def upper_said(hr: float | None, interval: Interval) -> Said:
    """An interval whose lower limit rounds to 0, and so has no logarithm: the upper one is one-sided at the level of its side."""
    side = Interval(None, interval.high, 0.5 + interval.level / 2.0, one_sided=True)
    return limit_said(hr, side)._replace(what="the upper limit")


def zero_disagrees(found: Said, hr: float | None, interval: Interval) -> str:
    """What to say of a lower limit that is printed as 0 where estimate and error put it higher than rounding explains."""
    z = float(ndtri(0.5 + interval.level / 2.0))
    most = printed_range(0.0, hr, interval.high)[1]
    if found.effects[0] - z * found.errors[1] <= math.log(most):
        return ""
    return (
        f"a lower limit of 0 is printed, which is one below {most:g}, and {found.what} gives one of "
        f"{np.exp(found.effect - z * found.error):.2g}"
    )


def error_said(error: float) -> Said:
    """A printed standard error of the log ratio."""
    return Said("", error=error, errors=printed_range(error))


def by_p(ratio: Said, p: float) -> Said:
    """The errors of what prints as this ratio and two-sided p-value."""
    least, most = ratio._replace(errors=(1.0, 1.0)).zs
    by = _p_range(p)
    z = -float(ndtri(p / 2.0))
    return ratio._replace(
        what="the p-value",
        error=abs(ratio.effect) / z if z > 0.0 else math.inf,
        errors=(least / by[1], most / by[0] if by[0] > 0.0 else math.inf),
    )


def p_disagrees(found: Said, p: float) -> tuple[str, bool]:
    """What to say of a p-value beside an estimate and its error ("" where they agree), and whether both cannot be true."""
    (low, high), by = found.zs, _p_range(p)
    apart, ratio = gap((low, high), by), math.inf
    if low > by[1] > 0.0:
        ratio = low / by[1]
    elif by[0] > high > 0.0:
        ratio = by[0] / high
    if apart <= P_NOTED or ratio <= P_SHARE:
        return "", False
    z = abs(found.effect) / found.error
    told = f"p = {p:g} is printed, estimate and error give p = {2.0 * float(ndtr(-z)):.2g}"
    one_sided = abs(z + float(ndtri(p))) < P_NOTED
    return told + (" (as a one-sided p-value it would fit)" if one_sided else ""), apart > P_APART


def side_disagrees(found: Said, favours: str | None) -> str:
    """What to say of a stated side that is not the estimate's; "" where they agree or the ratio may round to 1."""
    low, high = found.effects
    if favours is None or low <= 0.0 <= high or (favours == "research") == (found.effect < 0.0):
        return ""
    return (
        f"favours={favours!r} is stated, a hazard ratio (research over control) of {np.exp(found.effect):.3g} favours the "
        "other arm"
    )


def asymmetry_note(ratio: Said, interval: Said) -> str:
    """What to say of an estimate away from the middle of its interval, "" where it is near or rounding may have moved it."""
    asymmetry = ratio.effect - interval.effect
    if abs(asymmetry) <= ASYMMETRY_LIMIT or gap(ratio.effects, interval.effects) <= LAST_BITS:
        return ""
    return (
        f"the estimate lies {asymmetry:+.3f} (log scale) from the middle of its interval, further than rounding explains: "
        "perhaps a misprint"
    )


def usual_error(events: list[float], arms: tuple[float, float] | None) -> float:
    """The error above which events and interval contradict each other."""
    if len(events) == 2:
        return WIDE_SPLIT * float(np.sqrt(1.0 / events[0] + 1.0 / events[1]))
    if arms is not None:
        return WIDE_SPLIT * (arms[0] + arms[1]) / float(np.sqrt(events[0] * arms[0] * arms[1]))
    return WIDE_TOTAL * 2.0 / float(np.sqrt(events[0]))


def _logs(ends: Range) -> Range:
    """Logarithms of two ends; of what is not above 0, minus infinity."""
    low, high = (float(np.log(e)) if e > 0.0 else -math.inf for e in ends)
    return low, high


def _p_range(p: float) -> Range:
    """Smallest and largest |z| of what prints as this two-sided p-value; 0 and 1 have a decimal at least: 1 is 0.95 or more."""
    low, high = printed_range(p, least=1)
    return -float(ndtri(min(high, 1.0) / 2.0)), -float(ndtri(low / 2.0)) if low > 0.0 else math.inf
