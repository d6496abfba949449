"""The simulator of trials of 0.1, until 0.3: `simulate_trials` of a `TrialDesign` took its place."""

from __future__ import annotations

import dataclasses

import numpy as np

from survsim.core.checks import FloatArray, between
from survsim.core.distributions.protocol import SurvivalDistribution
from survsim.core.errors import InputError
from survsim.core.execution import Execution
from survsim.core.provenance import Provenance
from survsim.core.renamed import warn_renamed
from survsim.core.streams import Streams
from survsim.core.times import meet
from survsim.estimate.resampling.trial_analysis import SimulatedTrials, analyse_trials


def simulated_trials(
    control: SurvivalDistribution,
    treated: SurvivalDistribution,
    *,
    n_control: int,
    n_treated: int,
    accrual: float,
    follow_up: float,
    dropout: SurvivalDistribution | None = None,
    tau: float | None = None,
    n_trials: int = 1000,
    seed: int = 1,
    workers: int | None = None,
) -> SimulatedTrials:
    """Draw trials with uniform accrual and a fixed closing date, and analyse each; goes in 0.3.

    Parameters
    ----------
    control, treated, dropout : distributions in one time unit.
    n_control, n_treated : patients an arm.
    accrual, follow_up : length of accrual and of follow-up after the last patient, in that unit.
    tau : horizon of the restricted means, at most `follow_up`; n_trials, seed, workers.

    Returns
    -------
    SimulatedTrials : one analysis a trial.

    Raises
    ------
    InputError : time units that differ, negative lengths, or a tau beyond `follow_up`.

    Example
    -------
    The same question asked of `simulate_trials`, which this function gave way to:

    >>> from survsim import TrialDesign, simulate_trials
    >>> from survsim.distributions import Exponential
    >>> a, b = (Exponential(rate=r, time_unit="months") for r in (0.1, 0.05))
    >>> design = TrialDesign(control=a, treated=b, n=120, accrual_rate=10, follow_up=24)
    >>> 0.8 < simulate_trials(design, replicates=500).share("logrank") < 0.95
    True
    """
    warn_renamed("simulated_trials", "simulate_trials(TrialDesign(...), replicates=...)")
    between("accrual", accrual, 0.0, np.inf, open_ends=False)
    between("follow_up", follow_up, 0.0, np.inf)
    n = int(between("n_control", n_control, 0, 1e9)) + int(between("n_treated", n_treated, 0, 1e9))
    between("n_trials", n_trials, 1, 1e9, open_ends=False)
    units = {d.time_unit for d in (control, treated, dropout) if d is not None}
    if len(units) > 1:
        raise InputError(f"control, treated and dropout must share a time unit; got {sorted(units)}.")
    tau = None if tau is None else float(meet(tau, follow_up))
    if tau is not None and not 0 < tau <= follow_up:
        raise InputError(
            f"tau must lie in (0, follow_up={follow_up:g}] so that every trial reaches it; got {tau}."
        )
    streams = Streams(seed)

    def uniforms(name: str) -> FloatArray:
        return streams.uniforms(f"trials/{name}", size=n_trials * n).reshape(n_trials, n)

    u = uniforms("event")
    time = np.empty((n_trials, n))
    time[:, :n_control] = control.sample(u[:, :n_control])
    time[:, n_control:] = treated.sample(u[:, n_control:])
    close = follow_up + accrual * uniforms("accrual")
    if dropout is not None:
        close = np.minimum(close, dropout.sample(uniforms("dropout")))
    event = time <= close
    arm = np.repeat([0, 1], [n_control, n - n_control])
    analysed = analyse_trials(
        np.minimum(time, close),
        event,
        arm,
        unit=control.time_unit,
        tau=tau,
        execution=Execution(workers=workers),
    )
    step = Provenance.of(
        "simulated_trials",
        n_control=n_control,
        n_treated=n - n_control,
        accrual=accrual,
        follow_up=follow_up,
        tau=tau,
        n_trials=n_trials,
        seed=seed,
        control=repr(control),
        treated=repr(treated),
        dropout=None if dropout is None else repr(dropout),
    )
    return dataclasses.replace(analysed, provenance=step)
