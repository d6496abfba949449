"""Dose to the spinal cord along a path, and the myelopathy that may follow."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import IntArray
from survsim.simulation.myelopathy import MODELS
from survsim.simulation.radiobiology import Recovery
from survsim.simulation.workspace import Workspace


def add_dose(w: Workspace, k: int, who: IntArray, *, harms: bool = True) -> None:
    """Add the fractions of treatment `k` that the patients `who` got until now, whole fractions only.

    `harms` is False where following ends: whoever would fall ill does so too late to be seen.
    """
    treatment = w.plan.treatments[k]
    if not treatment.irradiates or not who.size:
        return
    elapsed = w.time[who] - w.given_at[k][who]
    share = np.ones(who.size)
    if treatment.duration > 0:
        share = np.minimum(elapsed / treatment.duration, 1.0)
    if w.cord.recovery_after:
        recovery = Recovery(after=w.cord.recovery_after, share=w.cord.recovery_share)
        kept = 1.0 - recovery.recovered(w.given_at[k][who] - w.radiation_ended_at[who])
        w.dose_sum[:, who] *= kept
        w.dose_square_sum[:, who] *= kept
    for r in treatment.fractions.nonzero()[0].tolist():
        # the last fraction of a completed course must not be lost to rounding
        delivered = np.floor(treatment.fractions[r] * share + 1e-9)
        each = treatment.dose_per_fraction[r]
        w.dose_sum[r][who] += delivered * each
        w.dose_square_sum[r][who] += delivered * each * each
    w.radiation_ended_at[who] = w.time[who]
    if harms:
        _arm_myelopathy(w, who)


def _arm_myelopathy(w: Workspace, who: IntArray) -> None:
    """One uniform a patient decides for every model: who falls below the risk now, falls ill later."""
    settings = w.cord.myelopathy
    if settings is None:
        return
    threshold = w.luck.uniform("myelopathy")[w.patient[who]]
    doses = w.cord_doses(who, tuple(MODELS[name][1] for name in settings.models))
    for m, (name, dose) in enumerate(zip(settings.models, doses)):
        risk = MODELS[name][0]
        # most often all have had the same courses: one evaluation will do
        same = dose.size > 0 and dose.min() == dose.max()
        hit = who.compress(threshold <= risk(dose[:1] if same else dose))
        hit = hit.compress(np.isinf(w.myelopathy_at[m][hit]))
        if not hit.size:
            continue
        onset = w.disease.myelopathy_onset.sample(w.luck.uniform("myelopathy/onset")[w.patient[hit]])
        w.myelopathy_at[m][hit] = w.time[hit] + onset
        if name == settings.acts_by:
            w.harm_at[hit] = w.myelopathy_at[m][hit]


def harm(w: Workspace, who: IntArray) -> None:
    """The myelopathy that acts shows itself: the performance status changes."""
    settings = w.cord.myelopathy
    change = settings.performance_change if settings else 0
    w.harm_at[who] = np.inf
    w.performance[who] = np.clip(w.performance[who] + change, 0.0, 4.0)
