"""The result of a calibration: parameters before and after, draws for a scenario, and the checks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import ndtr

from survsim.core.checks import FloatArray, whole_number
from survsim.core.result import Result, result
from survsim.core.streams import Streams
from survsim.core.tables import Columns
from survsim.estimate.calibration.course import Cohort, CourseModel, Number
from survsim.estimate.calibration.hazard_grid import number
from survsim.estimate.calibration.posterior import normals, resample
from survsim.estimate.calibration.predictive import CalibrationChecks
from survsim.estimate.calibration.priors import Prior, natural
from survsim.estimate.calibration.targets import ContrastTarget, Target


@result
class EvidenceCalibration(Result):
    """Parameters of a course of disease given the published numbers it was held to.

    Attributes
    ----------
    model, cohorts, priors, targets, study_sd, bias : as given to `calibrate`.
    names : the p parameters that were varied.
    w : (n, p) points of the posterior, as standard normals of the priors; weight : (n,) summing to 1.
    informed_by : parameter -> labels of the used targets whose prediction moves with it.
    method : "importance" or "tempered"; pareto_k, effective, acceptance : how well it went (`calibrate`).
    checks : every target beside its prediction.
    seed : of the sampler.
    """

    model: CourseModel
    cohorts: Mapping[str, Cohort]
    priors: Mapping[str, Prior]
    targets: tuple[Target, ...]
    study_sd: Number
    bias: bool
    names: tuple[str, ...]
    w: FloatArray
    weight: FloatArray
    informed_by: Mapping[str, tuple[str, ...]]
    method: str
    pareto_k: float
    effective: float
    acceptance: float
    checks: CalibrationChecks
    seed: int

    def columns(self) -> Columns:
        """Columns parameter, meaning, unit, prior, prior_low, prior_high, posterior, posterior_low, posterior_high
        (median, 95%), moved (posterior mean in prior sd), spread (posterior sd over prior sd), overlap (area under
        both densities), informed_by, reason."""
        names = list(self.priors)
        ends = np.array([-1.959963984540054, 0.0, 1.959963984540054])
        table: dict[str, list[object]] = {c: [] for c in _COLUMNS}
        for name in names:
            prior = self.priors[name]
            low, middle, high = (float(x) for x in prior.law.at(ends))
            after = self._after(name)
            row = (name, prior.meaning, prior.unit, middle, low, high, *after)
            for column, value in zip(
                _COLUMNS, (*row, ", ".join(self.informed_by.get(name, ())), prior.reason)
            ):
                table[column].append(value)
        return table

    def _after(self, name: str) -> tuple[float, ...]:
        """Posterior median and 95% interval, shift, spread and overlap of one parameter."""
        prior = self.priors[name]
        if name not in self.names:
            value = float(prior.law.at(np.zeros(1))[0])
            return value, value, value, 0.0, 1.0, 1.0
        w = self.w[:, self.names.index(name)]
        low, middle, high = (
            float(prior.law.at(np.array([q]))[0])
            for q in weighted_quantiles(w, self.weight, (0.025, 0.5, 0.975))
        )
        mean = float(self.weight @ w)
        sd = float(np.sqrt(self.weight @ (w - mean) ** 2))
        return middle, low, high, mean, sd, overlap(w, self.weight)

    def headline(self) -> str:
        """What was calibrated to how much, and whether it went well."""
        used = sum(t.use == "fit" for t in self.targets)
        how = (
            f"importance weights worth {self.effective:.0f} of {self.weight.size} draws (Pareto k {self.pareto_k:.2f})"
            if self.method == "importance"
            else f"tempered, {self.acceptance:.0%} of moves accepted, {self.effective:.0f} distinct draws"
        )
        bias = "" if self.bias else ", declared biases left out"
        told = f"{len(self.names)} parameters calibrated to {used} targets{bias}: {how}"
        return f"{told}\n{self.checks.headline()}"

    def draws(self, size: int, *, new_setting: bool = False) -> dict[str, FloatArray]:
        """Equally weighted draws of every parameter, name -> (size,), for a scenario.

        Parameters
        ----------
        size : how many.
        new_setting : add what one more study or hospital would differ by: a speed ``exp(N(0, study_sd^2))`` on all rates and
            scales of the course, and the between-study spread of each contrast.
        """
        size = whole_number("size", size)
        streams = Streams(self.seed)
        u = float(streams.uniforms("draws", size=1)[0])
        values = natural(self.priors, self.names, self.w[resample(self.weight, size, u)])
        return self._elsewhere(values, streams, size) if new_setting else values

    def _elsewhere(self, values: dict[str, FloatArray], streams: Streams, size: int) -> dict[str, FloatArray]:
        found = dict(values)
        speed = np.exp(number(self.study_sd, values, size) * normals(streams, "draws/speed", size))
        rates = {n for t in self.model.transitions for n in (t.rate, *t.rates) if isinstance(n, str)}
        scales = {t.scale for t in self.model.transitions if isinstance(t.scale, str)}
        for name in values:
            if name in rates:
                found[name] = values[name] * speed
            elif name in scales:
                found[name] = values[name] / speed
        spreads = {t.parameter: t.between_sd for t in self.targets if isinstance(t, ContrastTarget)}
        for name, spread in spreads.items():
            z = normals(streams, f"draws/between/{name}", size)
            found[name] = found[name] * np.exp(number(spread, values, size) * z)
        return found


_COLUMNS = (
    "parameter", "meaning", "unit", "prior", "prior_low", "prior_high", "posterior", "posterior_low", "posterior_high",
    "moved", "spread", "overlap", "informed_by", "reason",
)  # fmt: skip


def weighted_quantiles(values: FloatArray, weight: FloatArray, at: tuple[float, ...]) -> FloatArray:
    """Quantiles of weighted points, between the middles of their steps."""
    order = np.argsort(values, kind="stable")
    middle = np.cumsum(weight[order]) - 0.5 * weight[order]
    return np.interp(at, middle, values[order])


def overlap(w: FloatArray, weight: FloatArray) -> float:
    """Area under both the standard normal and the weighted points' smoothed density: 1 learnt nothing, 0 everything."""
    mean = float(weight @ w)
    sd = float(np.sqrt(weight @ (w - mean) ** 2))
    worth = 1.0 / float(np.sum(weight**2))
    edges = np.linspace(-6.0, 6.0, 601)
    width = max(0.9 * sd * worth**-0.2, 1e-3)
    after = (weight[:, None] * np.diff(ndtr((edges - w[:, None]) / width), axis=1)).sum(axis=0)
    return float(np.minimum(after, np.diff(ndtr(edges))).sum())
