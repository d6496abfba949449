"""Aalen-Johansen: the cumulative incidence of each cause where others compete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray, between, one_of
from survsim.core.clusters import one_unit, warn_of_one_unit
from survsim.core.complete import complete_groups
from survsim.core.errors import ExtrapolationWarning, InputError, warn
from survsim.core.event_table import EventTable, group_rows, in_all
from survsim.core.provenance import Provenance
from survsim.core.result import Result, format_number, result
from survsim.core.steps import Steps
from survsim.core.surv import Surv, as_surv
from survsim.core.tables import Columns, frame, stacked
from survsim.core.times import apart, asked_times, meet
from survsim.estimate.competing.incidence_quantiles import IncidenceQuantiles, rising_times
from survsim.estimate.cox.predicted_quantiles import asked_shares
from survsim.estimate.nonparametric.at_risk import numbers_at_risk, sorted_entries
from survsim.estimate.nonparametric.band_scales import TRANSFORMED, Band, normal_quantile
from survsim.estimate.nonparametric.survival_at import SurvivalAt
from survsim.kernels import competing

if TYPE_CHECKING:
    import pandas as pd

VARIANCES = ("jackknife", "aalen")
BANDS = (*TRANSFORMED, "none")
SMALL = 50


@result
class AalenJohansen(Result):
    """Cumulative incidence by group and cause, groups stored one after the other.

    Attributes
    ----------
    groups : labels in order, ``("all",)`` without `by`; causes : labels of the c causes.
    bounds : (g+1,) positions; group k holds columns bounds[k]:bounds[k+1].
    time : (m,) distinct follow-up times in `unit`, censoring times included.
    n_risk, n_censor : (m,) sums of weights; n_event : (c, m) of each cause.
    estimate, std_error, conf_low, conf_high : (c, m) cumulative incidence on [time, next time). Where it is
        0 the limits are 0 and 0; where it is 1 the lower one is NaN (no variance exists there).
    survival : (m,) free of any event; survival plus the estimates of all causes is 1.
    survival_std_error : (m,) by the jackknife, or Greenwood's for Aalen's variance (NaN where S is 0).
    variance : "jackknife" or "aalen".
    n_patients : (g,) patients (rows, where the response has entries and no `id`), noun : which of the two; n_events : (g, c) events, both unweighted.
    n_distinct : patients of all groups together, each counted once, though rows of one may stand in several groups.
    entries : one (2, k) array a group of sorted entry times and weights; empty without delayed entry.
    """

    groups: tuple[Any, ...]
    causes: tuple[Any, ...]
    bounds: IntArray
    time: FloatArray
    n_risk: FloatArray
    n_censor: FloatArray
    n_event: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    survival: FloatArray
    survival_std_error: FloatArray
    variance: str
    conf_type: str
    conf_level: float
    unit: str
    n_patients: IntArray
    n_events: IntArray
    noun: str = "patients"
    entries: tuple[FloatArray, ...] = ()
    n_distinct: int | None = None

    def steps(self, group: Any = None, cause: Any = None) -> Steps:
        """Incidence of one cause in one group from time 0, where it is 0; either may be left out if there is one."""
        g, c = Steps.place(group, self.groups), Steps.place(cause, self.causes, "cause")
        rows = slice(int(self.bounds[g]), int(self.bounds[g + 1]))
        limits = (self.conf_low[c, rows], self.conf_high[c, rows])
        return Steps.from_origin(self.time[rows], self.estimate[c, rows], limits, start=0.0, unit=self.unit)

    def columns(self) -> Columns:
        """Columns group, cause, time, n_risk, n_event, estimate, std_error, conf_low, conf_high."""
        parts = []
        for g, label in enumerate(self.groups):
            at = slice(int(self.bounds[g]), int(self.bounds[g + 1]))
            for k, cause in enumerate(self.causes):
                columns = {name: getattr(self, name)[at] for name in ("time", "n_risk")}
                columns |= {
                    name: getattr(self, name)[k, at]
                    for name in ("n_event", "estimate", "std_error", "conf_low", "conf_high")
                }
                parts.append({"group": label, "cause": cause, **columns})
        return stacked(parts, tuple(parts[0]))

    def headline(self) -> str:
        kind = "" if self.conf_type == "none" else f", {self.conf_level:.0%} {self.conf_type} interval"
        lines = [
            f"Cumulative incidence (Aalen-Johansen): {in_all(self.n_distinct, self.n_patients)} {self.noun}, "
            f"{self.n_events.sum()} events, time in {self.unit}{kind}"
        ]
        for g, label in enumerate(self.groups):
            last = int(self.bounds[g + 1]) - 1
            found = ", ".join(
                f"{cause} {self.n_events[g, k]} events, {format_number(self.estimate[k, last])}"
                for k, cause in enumerate(self.causes)
            )
            lines.append(f"  {label}: {self.n_patients[g]} {self.noun}; at {self.time[last]:g}: {found}")
        if self.n_patients.min() < SMALL and self.conf_type != "none":
            lines.append(
                f"Fewer than {SMALL} patients: where less than about five are at risk the interval covers too "
                "seldom (86% to 92% in simulation)."
            )
        return "\n".join(lines)

    def incidence_at(self, times: Any) -> pd.DataFrame:
        """Cumulative incidence at `times`; beyond a group's follow-up NaN, with a warning.

        Columns group, cause, time, estimate, std_error, conf_low, conf_high.
        """
        shown = asked_times("times", times, unit=self.unit)
        at = meet(shown, self._known)
        parts = []
        for g, label in enumerate(self.groups):
            rows = slice(int(self.bounds[g]), int(self.bounds[g + 1]))
            time = self.time[rows]
            k = np.searchsorted(time, at, side="right")
            beyond = self._beyond(g, label, shown, at, "incidence")
            for c, cause in enumerate(self.causes):
                columns = {"group": label, "cause": cause, "time": shown}
                for name in ("estimate", "std_error", "conf_low", "conf_high"):
                    values = np.concatenate([[0.0], getattr(self, name)[c, rows]])[k]
                    columns[name] = np.where(beyond, np.nan, values)
                parts.append(columns)
        return frame(stacked(parts, tuple(parts[0])))

    def quantile(self, p: Any) -> IncidenceQuantiles:
        """Times by which the incidence of each cause reaches shares `p` of all patients, with the interval the band implies."""
        shares = asked_shares(p)
        pairs = [(g, c) for g in range(len(self.groups)) for c in range(len(self.causes))]
        found = np.empty((3, len(pairs), shares.size))
        for k, (g, c) in enumerate(pairs):
            rows = slice(int(self.bounds[g]), int(self.bounds[g + 1]))
            curves = (self.estimate[c, rows], self.conf_low[c, rows], self.conf_high[c, rows])
            found[:, k] = rising_times(self.time[rows], *curves, shares)
        if self.conf_type == "none":
            found[1:] = np.nan
        estimate, low, high = found.reshape(3, -1)
        return IncidenceQuantiles(
            group=tuple(self.groups[g] for g, _ in pairs for _ in shares),
            cause=tuple(self.causes[c] for _, c in pairs for _ in shares),
            probability=np.tile(shares, len(pairs)), estimate=estimate, conf_low=low, conf_high=high,
            conf_level=self.conf_level, unit=self.unit,
            provenance=Provenance.of("AalenJohansen.quantile", self, p=shares),
        )  # fmt: skip

    def at_risk(self, times: Any) -> FloatArray:
        """Number at risk (weighted if the curves are) of each group at `times`, (g, k)."""
        at = asked_times("times", times, self._known, self.unit)
        counts = np.zeros((len(self.groups), at.size))
        for g in range(len(self.groups)):
            rows = slice(int(self.bounds[g]), int(self.bounds[g + 1]))
            entries = self.entries[g] if self.entries else None
            counts[g] = numbers_at_risk(self.time[rows], self.n_risk[rows], entries, at)
        return counts

    def event_free_at(self, times: Any) -> SurvivalAt:
        """Survival free of any event at `times`, with the interval of the curves; beyond a group's follow-up NaN, with a warning."""
        shown = asked_times("times", times, unit=self.unit)
        at = meet(shown, self._known)
        low, high = probability_band(self.conf_type, self.survival, self.survival_std_error, self.conf_level)
        if self.conf_type != "none":
            low = np.where(self.survival >= 1.0 - 1e-12, 1.0, low)  # no event yet
        curves = (self.survival, self.survival_std_error, low, high)
        start = (1.0, 0.0, *((np.nan, np.nan) if self.conf_type == "none" else (1.0, 1.0)))
        found = np.empty((4, len(self.groups), at.size))
        for g, label in enumerate(self.groups):
            rows = slice(int(self.bounds[g]), int(self.bounds[g + 1]))
            k = np.searchsorted(self.time[rows], at, side="right")
            found[:, g] = [np.concatenate([[first], curve[rows]])[k] for first, curve in zip(start, curves)]
            found[:, g, self._beyond(g, label, shown, at, "survival free of events")] = np.nan
        estimate, error, low, high = found.reshape(4, -1)
        return SurvivalAt(
            group=tuple(label for label in self.groups for _ in at), time=np.tile(shown, len(self.groups)),
            n_risk=self.at_risk(at).ravel(), estimate=estimate, std_error=error, conf_low=low, conf_high=high,
            conf_level=self.conf_level, unit=self.unit,
            provenance=Provenance.of("AalenJohansen.event_free_at", self, times=shown),
        )  # fmt: skip

    @property
    def _known(self) -> FloatArray:
        return np.concatenate([self.time, *(when for when, _ in self.entries)])

    def _beyond(self, g: int, label: Any, shown: FloatArray, at: FloatArray, what: str) -> BoolArray:
        """Times (k,) after the follow-up of a group, where somebody was still free of events; warns of them."""
        last = int(self.bounds[g + 1]) - 1
        beyond: BoolArray = (at > self.time[last]) & bool(self.survival[last] > 0)
        if beyond.any():
            end, *unknown = apart(float(self.time[last]), *shown[beyond].tolist())
            warn(
                f"group {label!r} was followed to {end} {self.unit} only; the {what} at "
                f"{', '.join(unknown)} is unknown (NaN).",
                ExtrapolationWarning,
            )
        return beyond


def aalen_johansen(
    surv: Surv,
    by: Any = None,
    *,
    conf_type: str = "log-log",
    conf_level: float = 0.95,
    variance: str = "jackknife",
    data: Any = None,
    missing: str = "refuse",
) -> AalenJohansen:
    """Cumulative incidence F_k(t) = sum over event times u <= t of S(u-) d_ku / n_u, for each group and cause.

    Parameters
    ----------
    surv : response with causes (`Surv.competing`); weights, delayed entry and clusters are used.
    by : (n,) labels of groups, or None.
    data : frame of the n patients in which `by` is a column (or several, "arm + stage"); not needed where the
        response was made from it.
    conf_type : "log-log" (symmetric for log(-log F)), "log", "plain", "arcsine", "logit" or "none".
    conf_level : of the pointwise interval.
    variance : "jackknife" (infinitesimal; holds for any weights, keeps clusters together; the default and
        that of R's survfit) or "aalen" (Aalen 1978, that of cmprsk's cuminc; whole-number weights only).
    missing : "refuse" a group that is missing, or "drop" those rows with a warning that counts them.

    Returns
    -------
    AalenJohansen : for each group a step at each time: incidence of each cause (causes, times), standard error and limits.

    Raises
    ------
    InputError : a response without causes, an option outside its list, or Aalen's variance with
        fractional weights or clusters.

    References
    ----------
    Aalen & Johansen (1978), Scand J Stat 5:141; Gray (1988), Ann Stat 16:1141.

    Example
    -------
    >>> from survsim import Surv, aalen_johansen
    >>> surv = Surv.competing([1, 2, 3, 4], ["a", "b", "none", "a"], unit="years", censored="none")
    >>> aalen_johansen(surv).estimate.tolist()
    [[0.25, 0.25, 0.25, 0.75], [0.0, 0.25, 0.25, 0.25]]
    """
    surv = as_surv(surv, data)
    surv, by = complete_groups(surv, by, missing)
    one_of("conf_type", conf_type, BANDS)
    one_of("variance", variance, VARIANCES)
    between("conf_level", conf_level, 0.0, 1.0)
    causes_of(surv)
    if variance == "aalen":
        _check_counts(surv)
    groups, parts = group_rows(surv, by)
    if variance != "aalen":
        warn_of_one_unit(surv, parts, groups)
    tables = [EventTable.of(part) for part in parts]
    curves = [_curve(part, table, variance) for part, table in zip(parts, tables)]
    estimate = np.concatenate([c[1] for c in curves], axis=1)
    std_error = np.sqrt(np.concatenate([c[3] for c in curves], axis=1))
    low, high = probability_band(conf_type, estimate, std_error, conf_level)
    return AalenJohansen(
        groups=groups,
        causes=surv.cause_labels,
        bounds=np.cumsum([0, *(table.time.size for table in tables)]),
        time=np.concatenate([t.time for t in tables]),
        n_risk=np.concatenate([t.n_risk for t in tables]),
        n_censor=np.concatenate([t.n_censor for t in tables]),
        n_event=np.concatenate([c[4] for c in curves], axis=1),
        estimate=estimate,
        std_error=std_error,
        conf_low=low,
        conf_high=high,
        survival=np.concatenate([c[0] for c in curves]),
        survival_std_error=np.sqrt(np.concatenate([c[2] for c in curves])),
        variance=variance,
        conf_type=conf_type,
        conf_level=float(conf_level),
        unit=surv.unit,
        n_patients=np.array([part.n_patients for part in parts]),
        noun=surv.noun,
        n_distinct=surv.n_patients,
        n_events=np.array(
            [np.bincount(causes_of(part), minlength=len(surv.cause_labels) + 1)[1:] for part in parts]
        ),
        entries=() if surv.entry is None else tuple(sorted_entries(part) for part in parts),
        provenance=Provenance.of(
            "aalen_johansen", surv, conf_type=conf_type, conf_level=conf_level, variance=variance
        ),
    )


def causes_of(surv: Surv) -> IntArray:
    """Codes of causes (n,), or an error for a response without them."""
    if surv.cause is None:
        raise InputError(
            "this response has one kind of event; build it with Surv.competing(time, cause, unit=..., "
            "censored=...) to say which cause each event had."
        )
    return surv.cause


def cause_code(surv: Surv, cause: Any) -> int:
    """Position 1.. of one cause; None is allowed when there is only one."""
    causes_of(surv)
    labels = surv.cause_labels
    if cause is None and len(labels) == 1:
        return 1
    if cause is None or cause not in labels:
        raise InputError(f"cause must be one of {', '.join(map(repr, labels))}; got {cause!r}.")
    return labels.index(cause) + 1


def _check_counts(surv: Surv) -> None:
    fractional = surv.weight is not None and bool((surv.weight != np.floor(surv.weight)).any())
    if fractional or surv.cluster is not None:
        what = "weights that are not counts" if fractional else "clusters"
        raise InputError(f"variance='aalen' has no form for {what}; use variance='jackknife'.")


def _curve(surv: Surv, table: EventTable, variance: str) -> tuple[FloatArray, ...]:
    """S (m,), F (c, m), their variances, and events (c, m)."""
    cause = causes_of(surv)
    slot = np.searchsorted(table.time, surv.time)
    m = table.time.size
    n_event = np.stack(
        [
            np.bincount(slot[cause == k], None if surv.weight is None else surv.weight[cause == k], m)
            for k in range(1, len(surv.cause_labels) + 1)
        ]
    ).astype(np.float64)
    s, f = competing.cumulative_incidence(table.n_risk, n_event)
    if variance == "aalen":
        total = n_event.sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            greenwood = s**2 * np.cumsum(total / (table.n_risk * (table.n_risk - total)))
        return s, f, greenwood, competing.aalen_variance(table.n_risk, n_event, s, f), n_event
    if one_unit(surv):
        return s, f, np.full(s.shape, np.nan), np.full(f.shape, np.nan), n_event
    late = None if surv.entry is None else np.searchsorted(table.time, surv.entry, side="right")
    of_s, of_f = competing.jackknife_variance(
        (table.n_risk, n_event, s),
        (slot, late),
        cause,
        np.ones(len(surv)) if surv.weight is None else surv.weight,
        np.arange(len(surv)) if surv.together is None else surv.together,
    )
    return s, f, of_s, of_f, n_event


def probability_band(conf_type: str, p: FloatArray, std_error: FloatArray, conf_level: float) -> Band:
    """Pointwise band of probabilities of any shape, on the scale of `conf_type`.

    Where p is 0 the limits are 0 and 0, where it is 1 they are NaN and 1, for "none" NaN.
    """
    one_of("conf_type", conf_type, BANDS)
    low, high = np.zeros(p.shape), np.zeros(p.shape)
    if conf_type == "none":
        return low + np.nan, high + np.nan
    full = p >= 1.0 - 1e-12
    inside = (p > 0.0) & ~full
    low[inside], high[inside] = TRANSFORMED[conf_type](
        p[inside].copy(), std_error[inside] / p[inside], normal_quantile(conf_level)
    )
    low[full], high[full] = np.nan, 1.0
    return low, high
