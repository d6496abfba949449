"""Mean time that patients spend in each state up to a horizon."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri

from survsim.core.checks import FloatArray, IntArray, between, label_codes, require_columns
from survsim.core.errors import InputError
from survsim.core.event_table import in_all
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.core.times import apart, asked_time
from survsim.estimate.competing.multistate_data import MultistateData
from survsim.estimate.competing.multistate_occupancy import say_one_patient, sojourns, table_of
from survsim.kernels import occupancy as kernel


@result
class MeanTimeInState(Result):
    """Mean time in each state from time 0 to `tau`, by group; the times of a group's states add up to tau.

    Attributes
    ----------
    groups, states : labels; estimate, std_error, conf_low, conf_high : (g, S) in `unit`.
    tau : the horizon; n_patients : (g,).
    n_distinct : patients of all groups together, each counted once, though rows of one may stand in several groups.
    """

    groups: tuple[Any, ...]
    states: tuple[str, ...]
    tau: float
    estimate: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    conf_level: float
    unit: str
    n_patients: IntArray
    n_distinct: int | None = None

    def columns(self) -> Columns:
        """Columns group, state, estimate, std_error, conf_low, conf_high."""
        names = ("estimate", "std_error", "conf_low", "conf_high")
        return {
            "group": [g for g in self.groups for _ in self.states],
            "state": list(self.states) * len(self.groups),
        } | {name: getattr(self, name).ravel() for name in names}

    def headline(self) -> str:
        return (
            f"Mean time in each state to {self.tau:g} {self.unit}, {in_all(self.n_distinct, self.n_patients)} patients, "
            f"{self.conf_level:.0%} intervals"
        )


def mean_time_in_state(
    data: MultistateData,
    tau: float,
    by: str | None = None,
    *,
    weight: str | None = None,
    conf_level: float = 0.95,
) -> MeanTimeInState:
    """Integral of each state's probability from 0 to tau (Aalen-Johansen), with the infinitesimal jackknife, patients kept whole.

    For two states this is the restricted mean survival time and the time lost; it holds without the Markov property when
    censoring is independent of the process.

    Parameters
    ----------
    data : from `prepare_multistate`; any graph of states.
    tau : the horizon, within the follow-up of each group.
    by, weight : columns of covariates in `data`: groups, and positive case weights.
    conf_level : of the intervals, estimate -+ z std_error, kept within 0 and tau.

    Returns
    -------
    MeanTimeInState : mean time in each state (groups, states) with its standard error and limits.

    Raises
    ------
    InputError : a horizon beyond the follow-up of a group, or an unknown column.

    References
    ----------
    Andersen (2013), Stat Med 32:5278; Aalen & Johansen (1978), Scand J Stat 5:141.

    Example
    -------
    >>> import pandas as pd
    >>> from survsim.competing import mean_time_in_state, prepare_multistate
    >>> patients = pd.DataFrame({"patient_id": ["a", "b"], "follow_up": [10.0, 8.0]})
    >>> events = pd.DataFrame({"patient_id": ["a", "a"], "state": ["ill", "dead"], "time": [4.0, 10.0]})
    >>> ways = {"well": ["ill", "dead"], "ill": ["dead"]}
    >>> data = prepare_multistate(patients, events, start="well", transitions=ways, unit="months")
    >>> mean_time_in_state(data, 8.0).estimate.tolist()
    [[6.0, 2.0, 0.0]]
    """
    between("conf_level", conf_level, 0.0, 1.0)
    require_columns(data.stays, [name for name in (by, weight) if name is not None], "data")
    tau = asked_time("tau", tau, data.stays["exit"].to_numpy(), unit=data.unit)
    n = len(data.stays)
    codes, groups = (np.zeros(n, np.int64), ("all",)) if by is None else label_codes(by, data.stays[by], n)
    estimate, variance = np.empty((2, len(groups), len(data.states)))
    for g, label in enumerate(groups):
        estimate[g], variance[g] = _one(data, data.stays[codes == g], weight, tau, label)
    say_one_patient(data, codes, groups)
    std_error = np.sqrt(variance)
    half = float(ndtri(0.5 + conf_level / 2.0)) * std_error
    return MeanTimeInState(
        groups=groups, states=data.states, tau=tau, estimate=estimate, std_error=std_error,
        conf_low=np.maximum(estimate - half, 0.0), conf_high=np.minimum(estimate + half, tau), conf_level=float(conf_level),
        unit=data.unit, n_patients=np.array([data.stays["patient_id"][codes == g].nunique() for g in range(len(groups))]),
        n_distinct=int(data.stays["patient_id"].nunique()), provenance=Provenance.of("mean_time_in_state", data, tau=tau, by=by, weight=weight, conf_level=conf_level),
    )  # fmt: skip


def _one(
    data: MultistateData, stays: Any, weight: str | None, tau: float, label: Any
) -> tuple[FloatArray, FloatArray]:
    """Mean times (S,) of one group and their variances."""
    size = len(data.states)
    rows = sojourns(data, stays, weight)
    times, n_risk, _, matrices = table_of(rows, size)
    start = (np.arange(size) == 0).astype(np.float64)
    final = kernel.occupancy(start, matrices)[-1]
    # Nobody moves out of a state without ways out: after the last time all may be known.
    moving = np.array([any(rows.source == s) for s in range(size)])
    if tau > times[-1] and (final[moving] > 1e-12).any():
        asked, last = apart(tau, float(times[-1]))
        raise InputError(
            f"tau is {asked} {data.unit}, but group {label!r} was followed to {last} only; choose a horizon within it."
        )
    unmoved = np.zeros((int(rows.cluster.max()) + 1, size))
    means, variance = kernel.mean_times(rows, start, unmoved, (times, n_risk, matrices), tau)
    return means, variance if len(unmoved) > 1 else np.full(
        size, np.nan
    )  # one patient has none to differ from
