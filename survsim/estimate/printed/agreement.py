"""Numbers of one hazard ratio that say the same thing twice: whether they can all be true.

A p-value, a stated side and a number of events repeat what ratio and interval say. Each is compared within what rounding
leaves open (`printed.rounding`). Tests differ: the p-value may be a log-rank test's and the interval Cox's, so a p-value is
noted from `P_NOTED` on and held for a contradiction only from `P_APART` standard errors on. Events bound an error from below
(`core.information`); from above only roughly, as arms may be unequal and the model may have taken other covariates into
account.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from survsim.estimate.printed.rounding import places, printed_range
from survsim.estimate.printed.row import Interval

P_SHARE = 1.25
"""Ratio of two z statistics of the same data that other tests explain."""
P_NOTED, P_APART = 0.15, 0.5
"""Distance of the z statistics beyond which a p-value beside an interval is noted, and contradicts it."""
WIDE_SPLIT, WIDE_TOTAL = 3.0, 5.0
"""Times an error may exceed what the events of both arms (or events and arms) give, and what all events give at least:
five times that is an arm of one per cent."""


def p_disagrees(
    hr: float, decimals: int, error: float, errors: tuple[float, float], p: float
) -> tuple[str, bool]:
    """What to say of a p-value beside an error ("" where they agree), and whether both cannot be true.

    `decimals` are those of the ratio, `errors` the smallest and largest error that print as `error` does.
    """
    near, far = _log_range(hr, decimals)
    low, high = near / errors[1], far / errors[0] if errors[0] > 0.0 else np.inf
    by_p = _p_range(p)
    apart, ratio = max(low - by_p[1], by_p[0] - high), np.inf
    if low > by_p[1] > 0.0:
        ratio = low / by_p[1]
    elif by_p[0] > high > 0.0:
        ratio = by_p[0] / high
    if apart <= P_NOTED or ratio <= P_SHARE:
        return "", False
    z = abs(float(np.log(hr))) / error
    told = f"p = {p:g} is printed, estimate and error give p = {2.0 * float(ndtr(-z)):.2g}"
    one_sided = abs(z + float(ndtri(p))) < P_NOTED
    return told + (" (as a one-sided p-value it would fit)" if one_sided else ""), apart > P_APART


def side_disagrees(effect: float, hr: float | None, favours: str | None) -> str:
    """What to say of a stated side that is not the estimate's; "" where they agree or the ratio may round to 1.

    `hr` is None where the effect was not printed as a ratio.
    """
    if favours is None or effect == 0.0 or (favours == "research") == (effect < 0.0):
        return ""
    if hr is not None:
        low, high = printed_range(hr, places(hr))
        if low <= 1.0 <= high:
            return ""
    return f"favours={favours!r} is stated, a hazard ratio (research over control) of {np.exp(effect):.3g} favours the other arm"


def least_error_by_p(hr: float, p: float) -> float:
    """The smallest error of what prints as this ratio and two-sided p-value; 0 where the ratio may be 1."""
    return _log_range(hr, places(hr))[0] / max(_p_range(p)[1], 1e-300)


def usual_error(events: list[float], arms: tuple[float, float] | None) -> float:
    """The error above which events and interval contradict each other."""
    if len(events) == 2:
        return WIDE_SPLIT * float(np.sqrt(1.0 / events[0] + 1.0 / events[1]))
    if arms is not None:
        return WIDE_SPLIT * (arms[0] + arms[1]) / float(np.sqrt(events[0] * arms[0] * arms[1]))
    return WIDE_TOTAL * 2.0 / float(np.sqrt(events[0]))


def error_range(interval: Interval, decimals: int) -> tuple[float, float]:
    """Smallest and largest standard error of what prints as this interval; the smallest may be 0 or below."""
    width = 2.0 * float(ndtri(0.5 + interval.level / 2.0))
    assert interval.low is not None and interval.high is not None
    low, high = printed_range(interval.low, decimals), printed_range(interval.high, decimals)
    least = float(np.log(high[0] / low[1])) / width if high[0] > 0.0 else 0.0
    return least, float(np.log(high[1] / low[0])) / width if low[0] > 0.0 else np.inf


def _log_range(hr: float, decimals: int) -> tuple[float, float]:
    """Smallest and largest |log HR| of what prints as `hr`."""
    low, high = printed_range(hr, decimals)
    ends = abs(float(np.log(low))) if low > 0.0 else np.inf, abs(float(np.log(high)))
    return (0.0 if low <= 1.0 <= high else min(ends)), max(ends)


def _p_range(p: float) -> tuple[float, float]:
    """Smallest and largest |z| of what prints as this two-sided p-value."""
    low, high = printed_range(p, places(p))
    return -float(ndtri(min(high, 1.0) / 2.0)), -float(ndtri(low / 2.0)) if low > 0.0 else np.inf
