"""Closed forms for k fourfold tables: Mantel and Haenszel's, and Peto's odds ratio.

Events x and patients n of the research (r) and control (c) arm, N = n_r + n_c.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survsim.core.checks import BoolArray, FloatArray
from survsim.core.errors import InputError


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
        return _difference(t)
    if measure == "RR":
        r, s = (t.x_r * t.n_c / n).sum(), (t.x_c * t.n_r / n).sum()
        _refuse_empty(r, s, "risk")
        events = t.x_r + t.x_c
        spread = (t.n_r * t.n_c * events / n**2 - t.x_r * t.x_c / n).sum()
        return float(np.log(r / s)), float(np.sqrt(spread / (r * s)))
    a, b, c, d = t.x_r, t.n_r - t.x_r, t.x_c, t.n_c - t.x_c
    r_each, s_each = a * d / n, b * c / n
    r, s = r_each.sum(), s_each.sum()
    _refuse_empty(r, s, "odds")
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
    variance = (effect * own.sum() + both.sum()) / weight.sum() ** 2
    return effect, float(np.sqrt(max(variance, 0.0)))


def peto(t: Tables) -> tuple[float, float]:
    """Peto's one-step log odds ratio, sum of O - E over sum of V, and its standard error.

    Reference: Yusuf et al. 1985, Prog Cardiovasc Dis 27:335.
    """
    n, events = t.total, t.x_r + t.x_c
    expected = t.n_r * events / n
    variance = expected * (t.n_c / n) * (n - events) / np.maximum(n - 1.0, 1.0)
    if not variance.sum() > 0:
        raise InputError("no study has both an event and a patient free of it; there is no odds ratio.")
    return float((t.x_r - expected).sum() / variance.sum()), float(variance.sum() ** -0.5)


def _refuse_empty(r: float, s: float, what: str) -> None:
    if r > 0 and s > 0:
        return
    raise InputError(
        f"one arm has no event in any study that tells, so the ratio of {what} is 0 or infinite. method='peto' gives a finite "
        "odds ratio, measure='RD' with method='mantel-haenszel' a difference."
    )
