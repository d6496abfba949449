"""Simulated evidence bases for simulation-based calibration (Talts et al. 2018, arXiv 1804.06788).

Parameters are drawn from the prior, targets from the model given them, and the calibration asked where in its
posterior each true parameter lies. Over many bases that rank is uniform if, and only if, likelihood, sampler and
weights are right. What is simulated here does not come from the sampler's likelihood: endpoints are computed on the
fine grid, studies, transport, biases and errors are drawn one by one, and patients are drawn from their own course.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.special import logit

from survsim.calibration import (
    Bias,
    CaseTarget,
    Cohort,
    ContrastTarget,
    CourseModel,
    Endpoint,
    HalfNormalLaw,
    LogNormalLaw,
    Prior,
    PublishedTarget,
    TransitionHazard,
    Transport,
    TreatmentEffect,
    UniformLaw,
    calibrate,
    endpoint_median,
    endpoint_probability,
)
from tests.helpers.plain_course import exponential_times

REASON = "the prior that the simulated truths are drawn from"
PRIORS = {
    "scale": Prior(law=LogNormalLaw(16.0, 8.0, 32.0), reason=REASON),
    "shape": Prior(law=LogNormalLaw(1.1, 0.8, 1.6), reason=REASON),
    "ld": Prior(law=LogNormalLaw(0.25, 0.1, 0.6), reason=REASON),
    "lo": Prior(law=LogNormalLaw(0.012, 0.004, 0.036), reason=REASON),
    "v": Prior(law=UniformLaw(0.05, 0.8), reason=REASON),
    "hr": Prior(law=LogNormalLaw(0.7, 0.35, 1.4), reason=REASON),
    "tau": Prior(law=HalfNormalLaw(0.25), reason=REASON),
}
MODEL = CourseModel(
    states=("controlled", "progressed", "tumour", "other"),
    transitions=(
        TransitionHazard(
            source="controlled", target="progressed", shape="shape", scale="scale", frailty=True
        ),
        TransitionHazard(source="progressed", target="tumour", rate="ld", frailty=True),
        TransitionHazard(source="controlled", target="other", rate="lo"),
        TransitionHazard(source="progressed", target="other", rate="lo", factors=(2.0,)),
    ),
    start="controlled",
    frailty_variance="v",
    unit="months",
)
DRUG = TreatmentEffect(transition="controlled>progressed", hazard_ratio="hr", stop=18.0)
COHORTS = (
    Cohort(name="untreated"),
    Cohort.treated("mixed", {"drug": (0.6, (DRUG,))}),
    Cohort(name="spread", start="progressed"),
)
PFS = Endpoint(kind="event_free", states=("controlled",))
OS = Endpoint(kind="event_free", states=("controlled", "progressed"))
AFTER = Endpoint(kind="event_free", states=("progressed",))
CAUSE = Endpoint(kind="share", event=("other",))
MOVE = Transport(sd=0.25, group="surrogates", reason="simulated")
STILL = Transport()
CONFOUNDED = Bias(mean=-0.1, sd=0.2, ground="simulated", shared="confounded")

PUBLISHED = (
    # study, cohort, endpoint, statistic, time, patients, transport
    ("a", "untreated", PFS, "median", None, 30, STILL),
    ("a", "untreated", OS, "probability", 12.0, 30, STILL),
    ("b", "mixed", PFS, "median", None, 25, MOVE),
    ("b", "mixed", OS, "probability", 24.0, 25, MOVE),
    ("c", "spread", AFTER, "median", None, 60, MOVE),
    ("d", "spread", AFTER, "median", None, 40, STILL),
    ("e", "untreated", CAUSE, "probability", 36.0, 40, STILL),
)
CONTRASTS = ((0.15, CONFOUNDED), (0.2, CONFOUNDED), (0.25, None))
PATIENTS = 6


def simulated_base(seed):
    """True parameters and the targets drawn given them."""
    rng = np.random.default_rng(seed)
    truth = {name: float(p.law.at(rng.normal(size=1))[0]) for name, p in PRIORS.items()}
    transport = MOVE.sd * rng.normal()
    studies = {s: truth["tau"] * rng.normal() for s in "abcde"}
    targets = [_published(rng, truth, i, row, studies, transport) for i, row in enumerate(PUBLISHED)]
    confounding = CONFOUNDED.mean + CONFOUNDED.sd * rng.normal()
    for i, (error, bias) in enumerate(CONTRASTS):
        value = (
            np.log(truth["hr"]) + (confounding if bias else 0.0) + 0.1 * rng.normal() + error * rng.normal()
        )
        targets.append(
            ContrastTarget(
                label=f"contrast {i}", parameter="hr", estimate=float(value), std_error=error, between_sd=0.1,
                bias=bias,
            )
        )  # fmt: skip
    return truth, targets + [_patient(rng, truth, i) for i in range(PATIENTS)]


def _published(rng, truth, i, row, studies, transport):
    study, cohort_name, endpoint, statistic, time, n, move = row
    cohort = next(c for c in COHORTS if c.name == cohort_name)
    deviation = studies[study] + (transport if move.sd else 0.0)
    if statistic == "median":
        value = np.log(endpoint_median(MODEL, cohort, endpoint, truth, horizon=240.0)) - deviation
        error = n**-0.5
    else:
        p, up = endpoint_probability(MODEL, cohort, endpoint, [time, time * np.exp(0.01)], truth)
        value = logit(p) + (logit(up) - logit(p)) / 0.01 * deviation
        error = 2.5 * n**-0.5
    return PublishedTarget(
        label=f"target {i}", study=study, cohort=cohort_name, endpoint=endpoint, statistic=statistic, time=time,
        estimate=float(value + error * rng.normal()), std_error=error, transport=move,
    )  # fmt: skip


def _patient(rng, truth, i):
    """One untreated patient, followed for 2 to 30 months; every third death is known only as before a date."""
    speed = np.exp(truth["tau"] * rng.normal())
    z = rng.gamma(1 / truth["v"], truth["v"])
    progression = truth["scale"] * (rng.exponential() / z) ** (1 / truth["shape"])
    tumour = progression + rng.exponential() / (truth["ld"] * z)
    other = float(exponential_times(rng, np.array([truth["lo"]]), 1.0, progression, 2.0)[0])
    end, follow_up = min(tumour, other) / speed, rng.uniform(2.0, 30.0)
    status = "free" if end > follow_up else ("event_by" if i % 3 == 0 else "event")
    time = end if status == "event" else follow_up
    return CaseTarget(label=f"patient {i}", cohort="untreated", endpoint=OS, time=float(time), status=status)


def spoilt(targets, factor):
    """The same targets with every published standard error multiplied: a fault that the ranks must show."""
    return [
        dataclasses.replace(t, std_error=t.std_error * factor) if hasattr(t, "std_error") else t
        for t in targets
    ]


def ranks(seed, *, factor=1.0, size=1000):
    """Where each true parameter lies in its posterior, from 0 to 1, and how the sampler fared."""
    truth, targets = simulated_base(seed)
    found = calibrate(MODEL, COHORTS, PRIORS, spoilt(targets, factor), study_sd="tau", size=size, seed=seed)
    place = {}
    for i, name in enumerate(found.names):
        values = PRIORS[name].law.at(found.w[:, i])
        place[name] = float(found.weight[values < truth[name]].sum())
    return place, found


def half_width(n, level=0.99, seed=20_231, draws=20_000):
    """Half-width of the simultaneous band of the ECDF of n uniform ranks, in units of its pointwise standard deviation.

    Säilynoja, Bürkner & Vehtari 2022 (Stat Comput 32:32), by simulation: the `level` quantile of the largest
    standardised distance over an even grid. Returns the grid and the width.
    """
    grid = np.linspace(0.02, 0.98, 49)
    rng = np.random.default_rng(seed)
    worst = np.empty(draws)
    for i in range(draws):
        ecdf = np.searchsorted(np.sort(rng.uniform(size=n)), grid, side="right") / n
        worst[i] = (np.abs(ecdf - grid) / np.sqrt(grid * (1 - grid) / n)).max()
    return grid, float(np.quantile(worst, level))


def worst_distance(values, grid):
    """The largest standardised distance of the ECDF of ranks from the diagonal."""
    n = len(values)
    ecdf = np.searchsorted(np.sort(values), grid, side="right") / n
    return float((np.abs(ecdf - grid) / np.sqrt(grid * (1 - grid) / n)).max())
