"""Probability of being in each state at each time, without a model of the transitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import (
    FloatArray,
    IntArray,
    between,
    float_vector,
    label_codes,
    one_of,
    require_columns,
)
from survsim.core.clusters import say_one_unit
from survsim.core.errors import ExtrapolationWarning, warn
from survsim.core.event_table import in_all
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.steps import Steps
from survsim.core.tables import Columns, frame, stacked
from survsim.core.times import apart, asked_times, meet
from survsim.estimate.competing.aalen_johansen import BANDS, VARIANCES, probability_band
from survsim.estimate.competing.multistate_data import MultistateData
from survsim.kernels import occupancy as kernel

if TYPE_CHECKING:
    import pandas as pd


@result
class MultistateOccupancy(Result):
    """State occupancy by group, groups stored one after the other.

    Attributes
    ----------
    groups : labels, ``("all",)`` without `by`; states : S names; bounds : (g+1,) positions of the groups.
    time : (m,) distinct times at which somebody moves or leaves, in `unit`.
    n_risk : (S, m) in the state just before; n_entered : (S, m) who enter it then.
    start : (g, S) occupancy at time 0.
    estimate, std_error, conf_low, conf_high : (S, m) on [time, next time); where the estimate is 0 the
        limits are 0 and 0, where it is 1 they are NaN and 1.
    n_patients : (g,).
    n_distinct : patients of all groups together, each counted once, though rows of one may stand in several groups.
    """

    groups: tuple[Any, ...]
    states: tuple[str, ...]
    bounds: IntArray
    time: FloatArray
    n_risk: FloatArray
    n_entered: FloatArray
    start: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    variance: str
    conf_type: str
    conf_level: float
    unit: str
    n_patients: IntArray
    n_distinct: int | None = None

    def steps(self, group: Any = None, state: Any = None) -> Steps:
        """Share of one group in one state from time 0, where it is what it began with."""
        g, k = Steps.place(group, self.groups), Steps.place(state, self.states, "state")
        rows = slice(int(self.bounds[g]), int(self.bounds[g + 1]))
        limits = (self.conf_low[k, rows], self.conf_high[k, rows])
        return Steps.from_origin(
            self.time[rows], self.estimate[k, rows], limits, start=float(self.start[g, k]), unit=self.unit
        )

    def columns(self) -> Columns:
        """Columns group, state, time, n_risk, n_entered, estimate, std_error, conf_low, conf_high."""
        names = ("n_risk", "n_entered", "estimate", "std_error", "conf_low", "conf_high")
        parts = []
        for g, label in enumerate(self.groups):
            at = slice(int(self.bounds[g]), int(self.bounds[g + 1]))
            for k, state in enumerate(self.states):
                columns = {name: getattr(self, name)[k, at] for name in names}
                parts.append({"group": label, "state": state, "time": self.time[at], **columns})
        return stacked(parts, tuple(parts[0]))

    def headline(self) -> str:
        return (
            f"State occupancy (Aalen-Johansen): {in_all(self.n_distinct, self.n_patients)} patients, states {', '.join(self.states)}, "
            f"time in {self.unit}, {self.variance} variance"
        )

    def occupancy_at(self, times: Any) -> pd.DataFrame:
        """Occupancy at `times`, NaN with a warning beyond a group's follow-up.

        Columns group, state, time, estimate, std_error, conf_low, conf_high.
        """
        shown = asked_times("times", times, unit=self.unit)
        at = meet(shown, self.time)
        parts = []
        for g, label in enumerate(self.groups):
            rows = slice(int(self.bounds[g]), int(self.bounds[g + 1]))
            time = self.time[rows]
            beyond = at > time[-1]
            if beyond.any():
                last, *unknown = apart(float(time[-1]), *shown[beyond].tolist())
                warn(
                    f"group {label!r} was followed to {last} {self.unit} only; occupancy at {', '.join(unknown)} is unknown (NaN).",
                    ExtrapolationWarning,
                )
            k = np.searchsorted(time, at, side="right")
            for s, state in enumerate(self.states):
                columns: dict[str, Any] = {"group": label, "state": state, "time": shown}
                for name in ("estimate", "std_error", "conf_low", "conf_high"):
                    before = 0.0 if name == "std_error" else self.start[g, s]
                    values = np.concatenate([[before], getattr(self, name)[s, rows]])[k]
                    columns[name] = np.where(beyond, np.nan, values)
                parts.append(columns)
        return frame(stacked(parts, tuple(parts[0])))


def multistate_occupancy(
    data: MultistateData,
    by: str | None = None,
    *,
    weight: str | None = None,
    variance: str = "jackknife",
    conf_type: str = "log-log",
    conf_level: float = 0.95,
) -> MultistateOccupancy:
    """Probability of each state, p(t) = p(0) prod over u <= t of (I + dA(u)), dA_jk = d_jk / n_j.

    Holds without the Markov property when censoring is independent of the process (Datta & Satten 2001).

    Parameters
    ----------
    data : from `prepare_multistate`; any graph of states.
    by, weight : columns of covariates in `data`: groups, and positive case weights.
    variance : "jackknife" (infinitesimal, patients kept whole; as R's survfit; work grows with patients
        times event times) or "aalen" (multinomial increments; counts only).
    conf_type : "log-log", "log", "plain", "arcsine", "logit" or "none"; conf_level : of the interval.

    Returns
    -------
    MultistateOccupancy : for each group a step at each time: probability of each state (states, times), with limits.

    Raises
    ------
    InputError : an option outside its list, an unknown column, Aalen's variance with weights.

    References
    ----------
    Aalen & Johansen (1978), Scand J Stat 5:141; Datta & Satten (2001), Stat Probab Lett 55:403.

    Example
    -------
    >>> import pandas as pd
    >>> from survsim.competing import multistate_occupancy, prepare_multistate
    >>> patients = pd.DataFrame({"patient_id": ["a", "b"], "follow_up": [10.0, 8.0]})
    >>> events = pd.DataFrame({"patient_id": ["a", "a"], "state": ["ill", "dead"], "time": [4.0, 10.0]})
    >>> ways = {"well": ["ill", "dead"], "ill": ["dead"]}
    >>> multistate_occupancy(prepare_multistate(patients, events, start="well", transitions=ways, unit="months")).estimate[1].tolist()
    [0.5, 0.5, 0.0]
    """
    from survsim.core.errors import InputError

    one_of("variance", variance, VARIANCES)
    one_of("conf_type", conf_type, BANDS)
    between("conf_level", conf_level, 0.0, 1.0)
    require_columns(data.stays, [name for name in (by, weight) if name is not None], "data")
    if weight is not None and variance == "aalen":
        raise InputError("variance='aalen' counts patients and has no weighted form; use 'jackknife'.")
    n = len(data.stays)
    codes, groups = (np.zeros(n, np.int64), ("all",)) if by is None else label_codes(by, data.stays[by], n)
    parts = [_curve(data, data.stays[codes == g], weight, variance) for g in range(len(groups))]
    if variance != "aalen":
        say_one_patient(data, codes, groups)
    estimate = np.concatenate([p[3] for p in parts]).T
    std_error = np.sqrt(np.concatenate([p[4] for p in parts])).T
    low, high = probability_band(conf_type, estimate, std_error, conf_level)
    return MultistateOccupancy(
        groups=groups,
        states=data.states,
        bounds=np.cumsum([0, *(p[0].size for p in parts)]),
        time=np.concatenate([p[0] for p in parts]),
        n_risk=np.concatenate([p[1] for p in parts], axis=1),
        n_entered=np.concatenate([p[2] for p in parts], axis=1),
        start=np.tile((np.arange(len(data.states)) == 0).astype(np.float64), (len(groups), 1)),
        estimate=estimate,
        std_error=std_error,
        conf_low=low,
        conf_high=high,
        variance=variance,
        conf_type=conf_type,
        conf_level=float(conf_level),
        unit=data.unit,
        n_patients=np.array([data.stays["patient_id"][codes == g].nunique() for g in range(len(groups))]),
        n_distinct=int(data.stays["patient_id"].nunique()),
        provenance=Provenance.of(
            "multistate_occupancy", data, by=by, weight=weight, variance=variance, conf_type=conf_type
        ),
    )


def _curve(
    data: MultistateData, stays: pd.DataFrame, weight: str | None, variance: str
) -> tuple[FloatArray, ...]:
    """Times, at risk, entered, p (m, S) and its variance (m, S)."""
    size = len(data.states)
    rows = sojourns(data, stays, weight)
    start = (np.arange(size) == 0).astype(np.float64)
    times, n_risk, counts, matrices = table_of(rows, size)
    p = kernel.occupancy(start, matrices)
    if variance == "aalen":
        v = np.diagonal(kernel.multinomial_variance(start, matrices, n_risk), axis1=1, axis2=2)
    elif rows.cluster.max() == 0:  # one patient has none to differ from
        v = np.full(p.shape, np.nan)
    else:
        unmoved = np.zeros((int(rows.cluster.max()) + 1, size))
        v = kernel.jackknife_variance(rows, start, unmoved, (times, n_risk, matrices))
    return times, n_risk, counts.sum(axis=1).T, p, np.maximum(v, 0.0)


def say_one_patient(data: MultistateData, codes: IntArray, groups: Sequence[Any]) -> None:
    """Say which groups have one patient, of which no jackknife tells a variance."""
    of = data.stays["patient_id"]
    alone = [label for g, label in enumerate(groups) if of[codes == g].nunique() < 2]
    say_one_unit(["the only group" if label == "all" else f"group {label!r}" for label in alone], "patient")


def table_of(rows: kernel.Sojourns, size: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Times (m,), numbers at risk (S, m), transitions (m, S, S) and transition matrices (m, S, S)."""
    times = np.unique(rows.exit)
    n_risk = kernel.at_risk(rows, times, size)
    counts = kernel.transitions_at(rows, times, size)
    return times, n_risk, counts, kernel.steps(n_risk, counts)


def sojourns(data: MultistateData, stays: pd.DataFrame, weight: str | None) -> kernel.Sojourns:
    """Stays as the kernels have them."""
    number = {name: i for i, name in enumerate(data.states)} | {"": -1}
    n = len(stays)
    return kernel.Sojourns(
        entry=stays["entry"].to_numpy(dtype=np.float64),
        exit=stays["exit"].to_numpy(dtype=np.float64),
        source=np.array([number[s] for s in stays["source"]], np.int64),
        target=np.array([number[s] for s in stays["target"]], np.int64),
        weight=np.ones(n) if weight is None else float_vector(weight, stays[weight]),
        cluster=np.unique(stays["patient_id"].to_numpy(), return_inverse=True)[1].astype(np.int64),
    )
