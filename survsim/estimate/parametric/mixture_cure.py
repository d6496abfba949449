"""Mixture cure models: a share without the event for ever, and a latency for the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from survsim.core.checks import FloatArray, one_of
from survsim.core.complete import complete_design
from survsim.core.distributions import HazardDistribution, MixtureCure
from survsim.core.encoding import stored
from survsim.core.errors import ConvergenceError, ExtrapolationWarning, warn
from survsim.core.provenance import Provenance
from survsim.core.spelling import family_name
from survsim.core.surv import Surv, as_surv
from survsim.estimate.parametric.families import Family
from survsim.estimate.parametric.fit import ParametricFit
from survsim.estimate.parametric.likelihood_terms import Entry, Terms, triangle
from survsim.estimate.parametric.newton import maximise
from survsim.estimate.parametric.predictor_designs import PredictorDesign, location_data, make_design
from survsim.estimate.parametric.problem import Part, Problem, fit_family, spread
from survsim.estimate.parametric.regression import simple_family

LATENCIES = ("exponential", "weibull", "gompertz", "lognormal", "loglogistic")

UNFINISHED = 0.05
"""Share of the uncured still event-free at the end of follow-up above which the plateau is not seen."""


def mixture_cure(
    surv: Surv,
    latency: str = "weibull",
    formula: Any = None,
    data: Any = None,
    *,
    cure: Any = None,
    background: Any = None,
    robust: bool | None = None,
    conf_level: float = 0.95,
    missing: str = "refuse",
) -> ParametricFit:
    """Fit a mixture cure model: S(t) = p + (1 - p) S0(t), logit p linear in covariates.

    Parameters
    ----------
    surv : the response.
    latency : family of S0: exponential, weibull, gompertz, lognormal or loglogistic.
    formula, data : right-hand side for the location of the latency, and the frame of both formulas;
        without a formula at all, the columns of data act on the latency.
    cure : right-hand side for the log odds of cure.
    background : (n,) hazard of other causes at the end of follow-up; cured patients then die of it alone.
    robust, conf_level : as in `parametric_survival`.
    missing : "refuse" rows that lack what the model uses, or "drop" them with a warning that counts them.

    Returns
    -------
    ParametricFit : `.distribution(...)` is a `MixtureCure` with the cured share and the law of the others.

    Raises
    ------
    ConvergenceError : the likelihood wants no cure (or nothing but cure).

    Warns
    -----
    ExtrapolationWarning : more than 5 % of the uncured are event-free at the end of follow-up: the cured
        share is then a guess of the latency's form.

    References
    ----------
    Farewell (1982), Biometrics 38:1041; Lambert et al. (2007), Biostatistics 8:576.

    Example
    -------
    >>> from survsim import Surv, mixture_cure
    >>> time = [1, 2, 2, 3, 4, 5, 7, 40, 50, 60, 60, 60]
    >>> fit = mixture_cure(Surv.right(time, [1] * 7 + [0] * 5, unit="months"))
    >>> round(float(fit.distribution().cure_fraction), 3)
    0.417
    """
    surv = as_surv(surv)
    surv, formula, data, rows = complete_design(
        surv, formula, data, {"background": background}, missing, more_formulas=(cure,)
    )
    background = rows.get("background")
    latency = one_of("latency", family_name(latency), LATENCIES)
    law = CureFamily(simple_family(latency))
    names = law.predictors
    designs: list[PredictorDesign] = [
        make_design(names[0], cure, None if cure is None else data, surv),
        make_design(names[1], formula, location_data(formula, data, cure), surv),
        *(make_design(name, None, None, surv) for name in names[2:]),
    ]
    try:
        fit = fit_family(
            law,
            surv,
            designs,
            starts=_starts,
            background=background,
            robust=robust,
            conf_level=conf_level,
            provenance=Provenance.of(
                "mixture_cure", surv, latency=latency, formula=designs[1].formula, cure=designs[0].formula,
                relative=background is not None,
            ),
        )  # fmt: skip
    except ConvergenceError as error:
        if "all " in str(error) and "censored" in str(error):
            raise
        raise ConvergenceError(
            f"{error} In a cure model this most often means that the data show no cured share: compare with "
            f"parametric_survival(surv, {latency!r})."
        ) from None
    _warn_unfinished(fit, data)
    return fit


@stored
@dataclass(frozen=True, slots=True)
class CureFamily:
    """A latency family with a cured share in front: first predictor logit p."""

    inner: Family

    @property
    def name(self) -> str:
        return f"mixture cure, {self.inner.name} latency"

    @property
    def predictors(self) -> tuple[str, ...]:
        return ("logit(cure)", *self.inner.predictors)

    @property
    def location(self) -> str:
        return self.inner.location

    @property
    def effect(self) -> str:
        return f"{self.inner.effect} among the uncured"

    @property
    def needs_positive_times(self) -> bool:
        return self.inner.needs_positive_times

    @property
    def limit(self) -> float:
        return self.inner.limit

    def log_density(self, t: FloatArray, z: list[FloatArray]) -> Terms:
        share = special.expit(z[0])
        dense = self.inner.log_density(t, z[1:])
        m = len(z)
        second: list[Entry] = [None] * len(triangle(m))
        second[0] = -share * (1.0 - share)
        for at, (k, j) in enumerate(triangle(m - 1)):
            second[triangle(m).index((k + 1, j + 1))] = dense.second[at]
        return Terms(dense.value + special.log_expit(-z[0]), [-share, *dense.first], second)

    def log_survival(self, t: FloatArray, z: list[FloatArray]) -> Terms:
        share = special.expit(z[0])
        latent = self.inner.log_survival(t, z[1:])
        value = np.logaddexp(special.log_expit(z[0]), special.log_expit(-z[0]) + latent.value)
        cured = np.exp(special.log_expit(z[0]) - value)
        alive = 1.0 - cured
        outer = latent.through(value, alive, alive * cured)
        m = len(z)
        second: list[Entry] = [None] * len(triangle(m))
        second[0] = cured * alive - share * (1.0 - share)
        for k, first in enumerate(latent.first):
            second[1 + k] = None if first is None else -cured * alive * first
        for at, (k, j) in enumerate(triangle(m - 1)):
            second[triangle(m).index((k + 1, j + 1))] = outer.second[at]
        return Terms(value, [cured - share, *outer.first], second)

    def on_clock(self, clock: float) -> CureFamily:
        return CureFamily(self.inner.on_clock(clock))

    def unscale(self, clock: float) -> list[tuple[float, float]]:
        return [(1.0, 0.0), *self.inner.unscale(clock)]

    def start(self) -> list[float]:
        return [0.0, *self.inner.start()]

    def distribution(self, z: list[FloatArray], unit: str) -> HazardDistribution:
        return MixtureCure(cure_fraction=special.expit(z[0]), latency=self.inner.distribution(z[1:], unit))


def _starts(problem: Problem, sizes: list[int]) -> list[FloatArray]:
    """Three guesses of the cured share: few, half of the censored, all of the censored."""
    family = problem.family
    assert isinstance(family, CureFamily)
    events = [p for p in problem.parts if p.kind == "event"]
    inner = Problem(
        family.inner,
        tuple(Part(p.kind, p.time, p.rows, p.designs[1:], p.weight, p.background) for p in events),
        problem.n,
    )
    # the latency starts from the patients whose event was seen
    found = maximise(
        inner.evaluate, spread(family.inner.start(), sizes[1:]), problem.family.name, unit=inner.unit
    )
    censored = float(
        np.clip(1.0 - _count(events) / _count(p for p in problem.parts if p.kind != "entry"), 0.02, 0.98)
    )
    shares = (0.05, 0.5 * censored, 0.95 * censored)
    return [np.concatenate([spread([float(special.logit(s))], sizes[:1]), found.theta]) for s in shares]


def _count(parts: Iterable[Part]) -> float:
    """Patients of these parts, by their weights."""
    return sum(float(p.rows.size if p.weight is None else p.weight.sum()) for p in parts)


def _warn_unfinished(fit: ParametricFit, data: Any) -> None:
    law = fit.distribution(data)
    assert isinstance(law, MixtureCure)
    latent = np.asarray(law.latency.survival(fit.end_of_follow_up))
    left = float(np.average(latent, weights=fit.surv.weight if latent.ndim else None))
    if left > UNFINISHED:
        warn(
            f"{left:.0%} of the uncured are still event-free at the end of follow-up ({fit.end_of_follow_up:g} "
            f"{fit.surv.unit}): the data do not show the plateau, and the cured share rests on the form of the "
            "latency. Report it with other latencies beside it.",
            ExtrapolationWarning,
        )
