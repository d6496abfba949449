"""Dose to the spinal cord along a path, and the myelopathy that may follow."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.kernels.patient_lines import deliver, falls_ill, few_values, worst_dose
from survsim.simulation.cord_biology.myelopathy import MODELS
from survsim.simulation.engine.workspace import Workspace


def add_dose(w: Workspace, k: int, who: IntArray, *, harms: bool = True) -> None:
    """Add the fractions of treatment `k` that the patients `who` got until now, whole fractions only.

    `harms` is False where following ends: whoever would fall ill does so too late to be seen.
    """
    treatment = w.plan.treatments[k]
    if not treatment.irradiates or not who.size:
        return
    if w.cord.settings.recovery_after:
        left = w.kept(who, w.lines.given_at[k][who])
        w.cord.dose_sum[:, w.patient[who]] *= left
        w.cord.dose_square_sum[:, w.patient[who]] *= left
    course = w.plan.courses.index(treatment.name)
    deliver(
        who, w.patient, w.draw, w.clock.time, w.lines.given_at[k], w.past.radiation_ended_at, np.atleast_1d(treatment.duration),
        treatment.fractions, treatment.dose_per_fraction, w.cord.dose_sum, w.cord.dose_square_sum,
        w.cord.course_dose[course], w.cord.course_square[course], w.cord.interval,
    )  # fmt: skip
    if harms:
        _arm_myelopathy(w, who)


def _arm_myelopathy(w: Workspace, who: IntArray) -> None:
    """One uniform a patient decides for every model: who falls below the risk now, falls ill later."""
    settings = w.cord.settings.myelopathy
    if settings is None:
        return
    luck = w.luck.uniform("myelopathy")
    doses = w.cord_doses(who, tuple(MODELS[name][1] for name in settings.models))
    for m, (name, dose) in enumerate(zip(settings.models, doses)):
        threshold, ill_at = w.cord.threshold.get(m, luck), w.cord.myelopathy_at[m]
        hit = falls_ill(who, w.patient, threshold, risk_of(name, dose), ill_at)
        if not hit.size:
            continue
        law = w.law(w.disease.myelopathy_onset, hit)
        onset = law.sample(w.luck.uniform("myelopathy/onset")[w.patient[hit]])
        w.cord.myelopathy_at[m][w.patient[hit]] = w.clock.time[hit] + onset
        if name == settings.acts_by:
            w.clock.harm_at[hit] = w.clock.time[hit] + onset


def harm(w: Workspace, who: IntArray) -> None:
    """The myelopathy that acts shows itself: the performance status changes."""
    settings = w.cord.settings.myelopathy
    change = settings.performance_change if settings else 0
    w.clock.harm_at[who] = np.inf
    w.past.performance[who] = np.clip(w.past.performance[who] + change, 0.0, 4.0)


def risk_of(model: str, dose: FloatArray) -> FloatArray:
    """Risk of myelopathy of doses (m,) in EQD2 of the alpha/beta of the model, many of them equal."""
    risk = MODELS[model][0]
    codes, doses = few_values(dose)
    return risk(doses)[codes] if doses.size else risk(dose)


def highest(w: Workspace) -> FloatArray:
    """Highest EQD2 in Gy over the regions that each patient of the block (n,) has had in the end."""
    everybody = np.arange(w.luck.size)
    nothing = np.zeros((2, len(w.plan.regions), 1))
    alpha_beta = np.array([w.cord.settings.alpha_beta])
    return np.asarray(
        worst_dose(
            everybody, everybody, w.luck.draw_of, np.ones(everybody.size), w.cord.dose_sum, w.cord.dose_square_sum, alpha_beta, *nothing
        )[0]
    )  # fmt: skip
