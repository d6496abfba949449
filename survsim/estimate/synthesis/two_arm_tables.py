"""Closed forms for k fourfold tables: Mantel and Haenszel's, and Peto's odds ratio.

Events x and patients n of the research (r) and control (c) arm, N = n_r + n_c.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survsim.core.checks import BoolArray, FloatArray
from survsim.core.errors import InputError
from survsim.estimate.synthesis.pooled_proportions import exact_limits

ROUNDING = 1e-12
"""Share of its terms below which a variance made of their difference is 0."""


@dataclass(frozen=True, slots=True)
class Tables:
    """k fourfold tables: events and patients of the research and the control arm, (k,) each."""

    x_r: FloatArray
    n_r: FloatArray
    x_c: FloatArray
    n_c: FloatArray

    @property
    def total(self) -> FloatArray:
        """Patients of both arms."""
        return self.n_r + self.n_c

    @property
    def informative(self) -> BoolArray:
        """Tables with an event, and with somebody free of it: others say nothing of a ratio of odds."""
        events = self.x_r + self.x_c
        return (events > 0) & (events < self.total)


def mantel_haenszel(t: Tables, measure: str) -> tuple[float, float]:
    """Log odds ratio, log risk ratio or risk difference, and its standard error.

    References: Mantel & Haenszel 1959, J Natl Cancer Inst 22:719; Robins, Breslow & Greenland 1986, Biometrics 42:311;
    Greenland & Robins 1985, Biometrics 41:55; Sato, Greenland & Robins 1989, Biometrics 45:1323.
    """
    n = t.total
    if measure == "RD":
        return _spread_or_refuse(t, *_difference(t))
    if measure == "RR":
        r, s = (t.x_r * t.n_c / n).sum(), (t.x_c * t.n_r / n).sum()
        _refuse_empty(t, r, s, "risk")
        events = t.x_r + t.x_c
        spread = _left((t.n_r * t.n_c * events / n**2).sum(), -(t.x_r * t.x_c / n).sum())
        return _spread_or_refuse(t, float(np.log(r / s)), float(np.sqrt(spread / (r * s))))
    a, b, c, d = t.x_r, t.n_r - t.x_r, t.x_c, t.n_c - t.x_c
    r_each, s_each = a * d / n, b * c / n
    r, s = r_each.sum(), s_each.sum()
    _refuse_empty(t, r, s, "odds")
    p, q = (a + d) / n, (b + c) / n
    variance = 0.5 * (
        (p * r_each).sum() / r**2 + (p * s_each + q * r_each).sum() / (r * s) + (q * s_each).sum() / s**2
    )
    return float(np.log(r / s)), float(np.sqrt(variance))


def _difference(t: Tables) -> tuple[float, float]:
    """Risk difference weighted by n_r n_c / N, with the variance that holds for many small tables and few large ones."""
    n = t.total
    weight = t.n_r * t.n_c / n
    effect = float((weight * (t.x_r / t.n_r - t.x_c / t.n_c)).sum() / weight.sum())
    own = (t.n_r**2 * t.x_c - t.n_c**2 * t.x_r + 0.5 * t.n_r * t.n_c * (t.n_c - t.n_r)) / n**2
    both = 0.5 * (t.x_r * (t.n_c - t.x_c) + t.x_c * (t.n_r - t.x_r)) / n
    return effect, float(np.sqrt(_left(effect * own.sum(), both.sum())) / weight.sum())


def _left(one: float, other: float) -> float:
    """The sum of two terms; 0 where they cancel but for rounding, and where it is negative."""
    total = float(one + other)
    return total if total > ROUNDING * (abs(one) + abs(other)) else 0.0


def peto(t: Tables) -> tuple[float, float]:
    """Peto's one-step log odds ratio, sum of O - E over sum of V, and its standard error.

    Reference: Yusuf et al. 1985, Prog Cardiovasc Dis 27:335.
    """
    n, events = t.total, t.x_r + t.x_c
    expected = t.n_r * events / n
    variance = expected * (t.n_c / n) * (n - events) / np.maximum(n - 1.0, 1.0)
    if not variance.sum() > 0:
        raise InputError(
            f"no study has both an event and a patient free of it; there is no odds ratio. {ways_out(t)}"
        )
    return float((t.x_r - expected).sum() / variance.sum()), float(variance.sum() ** -0.5)


def ways_out(t: Tables) -> str:
    """What these tables do allow, where one of the methods gives nothing."""
    found = []
    if np.any(t.informative):
        found.append("method='peto' gives a finite odds ratio")
    if _difference(t)[1] > 0.0:
        found.append("measure='RD' with method='mantel-haenszel' a difference")
    if found:
        return ", ".join(found) + "."
    told = []
    for name, x, n in (("research", t.x_r.sum(), t.n_r.sum()), ("control", t.x_c.sum(), t.n_c.sum())):
        low, high = exact_limits(np.array([x]), np.array([n]), 0.95)
        told.append(f"{name} {x:g} of {n:g}, {low[0]:.3g} to {high[0]:.3g}")
    return (
        f"The exact 95% limits of each arm's risk say what the counts allow ({'; '.join(told)}); or take a prior of the risk "
        "(power_prior, map_prior)."
    )


def _spread_or_refuse(t: Tables, effect: float, error: float) -> tuple[float, float]:
    """An effect with its error; counts that leave none are no certainty."""
    if error > 0.0:
        return effect, error
    raise InputError(
        f"in these counts the Mantel-Haenszel variance is 0, and {effect:.3g} would come without an interval: all patients of "
        f"an arm had the event, or none. {ways_out(t)}"
    )


def _refuse_empty(t: Tables, r: float, s: float, what: str) -> None:
    if r > 0 and s > 0:
        return
    raise InputError(
        f"one arm has no event in any study that tells, so the ratio of {what} is 0 or infinite. {ways_out(t)}"
    )
