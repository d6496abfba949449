"""Posterior predictive checks: each target, used or held out, beside what the calibrated course would have printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, ndtr
from scipy.stats import beta

from survsim.core.checks import FloatArray
from survsim.core.result import Result, result
from survsim.core.streams import Streams
from survsim.core.tables import Columns
from survsim.core.units import conversion_factor
from survsim.estimate.calibration.course import Endpoint
from survsim.estimate.calibration.curves import Curves, Plan, curves
from survsim.estimate.calibration.endpoints import probability
from survsim.estimate.calibration.likelihood import SPEED_NODES, SPEED_WEIGHTS, Predicted, Problem
from survsim.estimate.calibration.posterior import normals
from survsim.estimate.calibration.targets import CaseTarget, ContrastTarget, PredictionTarget, Target

LEVEL = 0.8
CASE_HORIZON = 120.0
"""Months over which a single patient's time is predicted; a quantile beyond is infinite."""


@result
class CalibrationChecks(Result):
    """Targets beside their predictive distributions.

    Attributes
    ----------
    label, use, quantity : (k,) which target, "fit" or "hold_out", what was printed ("median", "probability at 12",
        "ratio", "event at", "free at", "event by").
    observed, observed_low, observed_high : as printed, with the 95% interval of its own error; a case has none.
    predicted, predicted_low, predicted_high : median and 80% interval of what such a study would print, or of the time of
        such a patient. Held-out targets are predicted given the used ones, those of the same study too.
    inside : (k,) whether the observed lies there; a patient free at t, or dead by t, is inside unless that excludes it.
    pit : (k,) predictive probability of a smaller value.
    time_unit : of medians and times.
    """

    label: tuple[str, ...]
    use: tuple[str, ...]
    quantity: tuple[str, ...]
    observed: FloatArray
    observed_low: FloatArray
    observed_high: FloatArray
    predicted: FloatArray
    predicted_low: FloatArray
    predicted_high: FloatArray
    inside: np.ndarray[Any, np.dtype[np.bool_]]
    pit: FloatArray
    time_unit: str

    def columns(self) -> Columns:
        """Columns label, use, quantity, observed, observed_low, observed_high, predicted, predicted_low,
        predicted_high (80%), inside, pit."""
        names = (
            "label", "use", "quantity", "observed", "observed_low", "observed_high", "predicted", "predicted_low",
            "predicted_high", "inside", "pit",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}

    def inside_share(self, use: str = "hold_out") -> tuple[int, int, float, float]:
        """Targets inside their 80% interval, of how many, and the exact binomial 95% interval of the share."""
        mine = [bool(i) for i, u in zip(self.inside, self.use) if u == use]
        hit, n = sum(mine), len(mine)
        return hit, n, *_exact(hit, n)

    def inside_share_by_series(
        self, series: Mapping[str, str], use: str = "hold_out"
    ) -> tuple[float, int, float, float]:
        """Share of targets inside their 80% interval when each series counts once, of how many series, and its 95% interval.

        Numbers of one series stand or fall together. Here they are taken as if they did wholly: the share is the mean of
        the shares of the series, and the exact binomial interval that of as many independent numbers as there are
        series, which is as wide as it can be. `inside_share` takes every number as independent; the truth lies between.

        Parameters
        ----------
        series : label of a target -> its series; a target that is not named is a series of its own.
        """
        mine: dict[str, list[bool]] = {}
        for label, inside, u in zip(self.label, self.inside, self.use):
            if u == use:
                mine.setdefault(series.get(label, label), []).append(bool(inside))
        hit, n = float(sum(np.mean(one) for one in mine.values())), len(mine)
        low, high = _exact(hit, n)
        return hit / n if n else float("nan"), n, low, high

    def headline(self) -> str:
        """How many targets of each kind are where they were predicted."""
        told = []
        for use, word in (("hold_out", "held-out"), ("fit", "used")):
            hit, n, low, high = self.inside_share(use)
            if n:
                told.append(
                    f"{hit} of {n} {word} targets inside their 80% interval ({low:.0%} to {high:.0%} of such targets)"
                )
        return "; ".join(told)


def _exact(hit: float, n: int) -> tuple[float, float]:
    """Clopper and Pearson's interval of a share; the count may be broken."""
    low = float(beta.ppf(0.025, hit, n - hit + 1)) if hit > 0 else 0.0
    high = float(beta.ppf(0.975, hit + 1, n - hit)) if hit < n else 1.0
    return low, high


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the checks, on the natural scale."""

    label: str
    use: str
    quantity: str
    observed: FloatArray
    predicted: FloatArray
    inside: bool
    pit: float


def check_targets_of(
    problem: Problem, w: FloatArray, *, seed: int, bias: bool, provenance: Any
) -> CalibrationChecks:
    """The checks of every target of a problem at equally weighted posterior points w (n, p)."""
    streams = Streams(seed)
    found = problem.predict(w)
    rows = _gaussian_rows(problem, found, streams, bias) + _case_rows(problem, w, found)
    order = {t.label: i for i, t in enumerate(problem.targets)}
    rows.sort(key=lambda r: order[r.label])
    three = np.array([[*r.observed, *r.predicted] for r in rows])
    return CalibrationChecks(
        provenance=provenance,
        label=tuple(r.label for r in rows),
        use=tuple(r.use for r in rows),
        quantity=tuple(r.quantity for r in rows),
        observed=three[:, 0],
        observed_low=three[:, 1],
        observed_high=three[:, 2],
        predicted=three[:, 3],
        predicted_low=three[:, 4],
        predicted_high=three[:, 5],
        inside=np.array([r.inside for r in rows]),
        pit=np.array([r.pit for r in rows]),
        time_unit=problem.model.unit,
    )


def _gaussian_rows(problem: Problem, found: Predicted, streams: Streams, bias: bool) -> list[_Row]:
    seen = problem.observed
    if not seen.value.size:
        return []
    centre, spread = _conditional(problem, found)
    rows, n = [], centre.shape[0]
    tail = (1 - LEVEL) / 2
    for j, i in enumerate(seen.of):
        t = problem.targets[i]
        shift = t.bias.mean if bias and isinstance(t, ContrastTarget) and t.bias is not None else 0.0
        again = centre[:, j] + spread[:, j] * normals(streams, f"again/{j}", n)
        low, middle, high = np.quantile(again, [tail, 0.5, 1 - tail])
        value, error = float(seen.value[j]), float(np.sqrt(_own_error(t, seen.error[j, j])))
        back, quantity = _natural(t, j - int(np.argmax(seen.of == i)))
        rows.append(
            _Row(
                t.label,
                t.use,
                quantity,
                np.array([back(value + shift + s * error) for s in (0.0, -1.959964, 1.959964)]),
                np.array([back(x + shift) for x in (middle, low, high)]),
                bool(low <= value <= high),
                float(ndtr((value - centre[:, j]) / spread[:, j]).mean()),
            )
        )
    return rows


def _own_error(t: Target, variance: float) -> float:
    return (
        variance
        if isinstance(t, PredictionTarget)
        else float(t.std_error) ** 2
        if hasattr(t, "std_error")
        else 0.0
    )


def _natural(t: Target, part: int) -> tuple[Any, str]:
    """From the analysis scale to what was printed, and its name."""
    if isinstance(t, ContrastTarget):
        return np.exp, "ratio"
    if isinstance(t, PredictionTarget):
        return expit, f"probability at {t.times[part]:g}"
    if isinstance(t, CaseTarget):
        return float, "case"
    return (np.exp, "median") if t.statistic == "median" else (expit, f"probability at {t.time:g}")


def _conditional(problem: Problem, found: Predicted) -> tuple[FloatArray, FloatArray]:
    """Predictive mean and sd (n, k) of each component: the used ones as they are, the held-out given the used."""
    seen = problem.observed
    covariance = seen.covariance(found.slope, found.study_sd, found.between, found.free)
    centre = found.mean.copy()
    variance = np.diagonal(covariance, axis1=1, axis2=2).copy()
    fit = np.array([problem.targets[i].use == "fit" for i in seen.of])
    if fit.any() and not fit.all():
        a, b = np.flatnonzero(fit), np.flatnonzero(~fit)
        within = covariance[:, a[:, None], a]
        across = covariance[:, b[:, None], a]
        gain = np.swapaxes(np.linalg.solve(within, np.swapaxes(across, 1, 2)), 1, 2)
        gap = seen.value[a] - found.mean[:, a]
        centre[:, b] += (gain * gap[:, None, :]).sum(axis=2)
        variance[:, b] -= (gain * across).sum(axis=2)
    return centre, np.sqrt(np.maximum(variance, 1e-12))


def _case_rows(problem: Problem, w: FloatArray, found: Predicted) -> list[_Row]:
    if not problem.cases:
        return []
    values, size = problem.values(w), w.shape[0]
    horizon = CASE_HORIZON * conversion_factor("months", problem.model.unit)
    made: dict[str, Curves] = {}
    laws: dict[tuple[str, Endpoint, float], tuple[FloatArray, FloatArray]] = {}
    rows = []
    for t in problem.cases:
        if t.cohort not in made:
            ends = [c.endpoint for c in problem.cases if c.cohort == t.cohort]
            cohort = problem.plans[t.cohort].cohort
            plan = Plan.of(problem.model, cohort, ends, horizon, cells=2 * problem.plans[t.cohort].cells)
            made[t.cohort] = curves(plan, values, size)
        alike = (t.cohort, t.endpoint, t.transport.sd)
        if alike not in laws:
            laws[alike] = _time_law(made[t.cohort], t, found.study_sd, horizon)
        rows.append(_case_row(t, *laws[alike]))
    return rows


def _time_law(
    course: Curves, t: CaseTarget, study_sd: FloatArray, horizon: float
) -> tuple[FloatArray, FloatArray]:
    """Times (m,) and the predictive probability (m,) that such a patient has had her event by then."""
    sd = np.sqrt(study_sd**2 + t.transport.sd**2)[:, None, None]
    when = horizon * np.linspace(0.0, 1.0, 161)[1:] ** 2
    at = (when[:, None] * np.exp(sd * SPEED_NODES)).reshape(study_sd.size, -1)
    free = probability(course, t.endpoint, at).reshape(study_sd.size, when.size, -1) @ SPEED_WEIGHTS
    return np.append(0.0, when), np.append(0.0, 1.0 - free.mean(axis=0))


def _case_row(t: CaseTarget, when: FloatArray, gone: FloatArray) -> _Row:
    tail = (1 - LEVEL) / 2
    past = float(np.interp(t.time, when, gone))

    def quantile(p: float) -> float:
        return float(np.interp(p, gone, when)) if gone[-1] >= p else float("inf")

    inside = {
        "event": tail <= past <= 1 - tail,
        "free": past <= 1 - tail,
        "event_by": past >= tail,
    }[t.status]
    words = {"event": "event at", "free": "free at", "event_by": "event by"}
    return _Row(
        t.label,
        t.use,
        words[t.status],
        np.array([t.time, np.nan, np.nan]),
        np.array([quantile(0.5), quantile(tail), quantile(1 - tail)]),
        bool(inside),
        past,
    )
