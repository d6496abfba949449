"""Calibration of a course of disease to published numbers: from targets and priors to a posterior."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import ConvergenceWarning, InputError, warn
from survsim.core.provenance import Provenance
from survsim.estimate.calibration.calibrated import EvidenceCalibration
from survsim.estimate.calibration.course import Cohort, CourseModel, Number
from survsim.estimate.calibration.likelihood import Problem
from survsim.estimate.calibration.posterior import WeightedDraws, resample, sample
from survsim.estimate.calibration.predictive import check_targets_of
from survsim.estimate.calibration.priors import Prior
from survsim.estimate.calibration.target_checks import INDEX_CASE, check
from survsim.estimate.calibration.targets import Target

CHECK_DRAWS = 1000
SPEAKS = 0.1
"""A target informs a parameter when one prior sd of it moves the prediction by this share of the target's error."""


def calibrate(
    model: CourseModel,
    cohorts: Iterable[Cohort],
    priors: Mapping[str, Prior],
    targets: Sequence[Target],
    *,
    study_sd: Number = 0.0,
    bias: bool = True,
    size: int = 2000,
    seed: int = 1,
    workers: int | None = 1,
    never: Sequence[str] = (INDEX_CASE,),
) -> EvidenceCalibration:
    """Parameters of a course of disease given published numbers, each taken as the endpoint it reports.

    A published number y of a cohort is ``f(theta) + slope (study + transport) + error`` on its analysis scale, with f
    from `endpoint_probability`'s product integration under the treatments the cohort received, study
    ``N(0, study_sd^2)`` shared by the numbers of one study, transport ``N(0, sd^2)`` shared by its group, and the
    number's own error (points of one curve correlated as Kaplan-Meier estimates are). A contrast is
    ``log ratio + bias + between + transport + error``. A patient enters by her density or survival probability. The
    posterior is found by its mode and curvature and Pareto-smoothed importance weights; where their tail is too heavy
    (k above 0.7) or two modes are rivals, by sequential Monte Carlo from the prior.

    Parameters
    ----------
    model : states and hazards, whose numbers are values or names of parameters.
    cohorts : those whom the targets speak of.
    priors : parameter -> prior; each must be used.
    targets : published summaries, contrasts, single patients, predictions; each used or held out.
    study_sd : number or parameter, between-study sd of the log of speed.
    bias : False leaves declared biases out, to show what they do.
    size : points of the posterior, at least.
    seed, workers : of the random streams; threads, which change no bit.
    never : references that may not stand behind a target or prior.

    Returns
    -------
    EvidenceCalibration

    Raises
    ------
    InputError : targets, cohorts, priors and course that do not fit one another, all faults at once.

    References
    ----------
    Putter, Fiocco & Geskus 2007, Stat Med 26:2389; Vehtari et al. 2024, JMLR 25(72); Turner et al. 2009,
    J R Stat Soc A 172:21.

    Example
    -------
    >>> from survsim.calibration import (Cohort, CourseModel, Endpoint, LogNormalLaw, Prior, PublishedTarget,
    ...     TransitionHazard, calibrate)
    >>> course = CourseModel(states=("alive", "dead"), start="alive", unit="months",
    ...     transitions=(TransitionHazard(source="alive", target="dead", rate="rate"),))
    >>> target = PublishedTarget(label="series", study="series", cohort="all", statistic="median", estimate=2.3,
    ...     std_error=0.1, endpoint=Endpoint(kind="event_free", states=("alive",)))
    >>> prior = Prior(law=LogNormalLaw(0.1, 0.01, 1.0), reason="a wide guess, for illustration")
    >>> found = calibrate(course, [Cohort(name="all")], {"rate": prior}, [target], seed=1)
    >>> round(float(found.to_frame()["posterior"][0]), 3)
    0.07
    """
    named = {c.name: c for c in cohorts}
    check(model, named, priors, targets, study_sd, never)
    if size < 200:
        raise InputError(f"size must be at least 200 points; got {size}.")
    used = [t for t in targets if t.use == "fit"]
    problem = Problem(model, named, priors, used, study_sd=study_sd, bias=bias, workers=workers)
    if not problem.names:
        raise InputError("every parameter is fixed; nothing is left to calibrate.")
    rough = Problem(model, named, priors, used, study_sd=study_sd, bias=bias, workers=workers, rough=True)
    found = sample(problem.log_posterior, len(problem.names), size=size, seed=seed, rough=rough.log_posterior)
    _warn_of_poor_sampling(found, size)
    everything = Problem(model, named, priors, targets, study_sd=study_sd, bias=bias, workers=workers)
    provenance = _provenance(priors, targets, study_sd, bias, seed)
    chosen = found.w[resample(found.weight, min(CHECK_DRAWS, size), 0.5)]
    return EvidenceCalibration(
        provenance=provenance,
        model=model,
        cohorts=named,
        priors=dict(priors),
        targets=tuple(targets),
        study_sd=study_sd,
        bias=bias,
        names=problem.names,
        w=found.w,
        weight=found.weight,
        informed_by=_informed_by(problem, found.weight @ found.w),
        method=found.method,
        pareto_k=found.pareto_k,
        effective=found.effective,
        acceptance=found.acceptance,
        checks=check_targets_of(everything, chosen, seed=seed, bias=bias, provenance=provenance),
        seed=seed,
    )


def _warn_of_poor_sampling(found: WeightedDraws, size: int) -> None:
    if found.effective < 0.05 * size or found.acceptance < 0.05:
        warn(
            f"the posterior is worth only {found.effective:.0f} of {size} draws ({found.method}); raise size, or see "
            "whether a prior excludes what was published.",
            ConvergenceWarning,
        )


def _provenance(
    priors: Mapping[str, Prior], targets: Sequence[Target], study_sd: Number, bias: bool, seed: int
) -> Provenance:
    sources = [s for p in priors.values() for s in p.source] + [s for t in targets for s in t.source]
    return Provenance.of("calibrate", sources, study_sd=study_sd, bias=bias, seed=seed)


def _informed_by(problem: Problem, centre: FloatArray) -> dict[str, tuple[str, ...]]:
    """Parameter -> labels of targets whose prediction moves with it at the posterior mean, by half a prior sd each way."""
    p = centre.size
    around = centre + 0.25 * np.concatenate([np.eye(p), -np.eye(p), np.zeros((1, p))])
    found = problem.predict(around)
    spread = problem.observed.covariance(
        found.slope[-1:], found.study_sd[-1:], found.between[-1:], found.free[-1:]
    )[0]
    moves = (found.mean[:p] - found.mean[p : 2 * p]) / 0.5 / np.sqrt(np.diag(spread))
    cases = (found.case[:p] - found.case[p : 2 * p]) / 0.5
    told: dict[str, tuple[str, ...]] = {}
    for i, name in enumerate(problem.names):
        labels = [
            problem.targets[problem.observed.of[j]].label for j in np.flatnonzero(np.abs(moves[i]) > SPEAKS)
        ]
        labels += [t.label for t, by in zip(problem.cases, cases[i]) if abs(by) > SPEAKS]
        told[name] = tuple(dict.fromkeys(labels))
    return told
