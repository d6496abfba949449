"""Kaplan-Meier: the survival curve of each group with a pointwise interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray, IntArray, between, float_vector, one_of
from survsim.core.clusters import one_unit, warn_of_one_unit
from survsim.core.complete import complete_groups
from survsim.core.errors import ExtrapolationWarning, InputError, SmallSampleWarning, warn
from survsim.core.event_table import EventTable, effective_number, group_rows, in_all, refuse_clusters
from survsim.core.provenance import Provenance
from survsim.core.result import Result, format_number, result
from survsim.core.steps import Steps
from survsim.core.surv import Surv, as_surv
from survsim.core.tables import Columns
from survsim.core.times import apart, asked_times, at_least_one, meet
from survsim.core.upward import upward
from survsim.estimate.nonparametric.at_risk import numbers_at_risk, sorted_entries
from survsim.estimate.nonparametric.band_scales import TRANSFORMED
from survsim.estimate.nonparametric.confidence_bands import (
    BANDS,
    COUNTING,
    SAMPLED,
    SMALL_SAMPLE,
    pointwise_band,
    start_of_band,
)
from survsim.estimate.nonparametric.quantiles import SurvivalQuantiles, crossing_time
from survsim.estimate.nonparametric.survival_at import Gap, SurvivalAt
from survsim.kernels import product_limit

if TYPE_CHECKING:
    pass

COLUMNS = ("time", "n_risk", "n_event", "n_censor", "estimate", "std_error", "conf_low", "conf_high")
SMALL = 50


@result
class KaplanMeier(Result):
    """Survival curves by group, stored one after the other.

    Attributes
    ----------
    groups : labels in order; ``("all",)`` without `by`.
    bounds : (g+1,) positions; group k holds rows bounds[k]:bounds[k+1].
    time : (m,) distinct follow-up times in `unit`, censoring times included.
    n_risk, n_event, n_censor : (m,) sums of weights (counts without weights).
    estimate, std_error : (m,) S(t) and its standard error; by Greenwood NaN where S is 0, since it does
        not exist there.
    conf_low, conf_high : (m,) pointwise limits on [time, next time); where S is 0 the upper one is NaN
        for the types that have none there.
    conf_start : (g,) lower limit before the first time (1 but for the beta product types).
    variance_log : (m,) of log S.
    n_patients, n_events : (g,) patients (rows, where the response has entries and no `id`) and events,
        unweighted; noun : which of the two.
    n_effective : (g,) patients that the variance counts: the sum of weights that are numbers of patients; with the robust
        variance the number of clusters or patients, reduced where they weigh differently (Kish). None in a result stored
        before it was kept.
    n_distinct : patients of all groups together, each counted once, though rows of one may stand in several groups.
    entries : one (2, k) array a group of sorted entry times and weights; empty without delayed entry.
    """

    groups: tuple[Any, ...]
    bounds: IntArray
    time: FloatArray
    n_risk: FloatArray
    n_event: FloatArray
    n_censor: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    conf_start: FloatArray
    variance_log: FloatArray
    conf_type: str
    conf_level: float
    robust: bool
    unit: str
    n_patients: IntArray
    n_events: IntArray
    entries: tuple[FloatArray, ...] = ()
    noun: str = "patients"
    n_distinct: int | None = None
    n_effective: FloatArray | None = None

    def steps(self, group: Any = None) -> Steps:
        """The curve of one group from time 0, where everybody is alive and the limits are those of the band there.

        Parameters
        ----------
        group : its label; may be left out when there is one group.
        """
        g = Steps.place(group, self.groups)
        rows = self.rows(self.groups[g])
        limits = None if self.conf_type == "none" else (self.conf_low[rows], self.conf_high[rows])
        start = (float(self.conf_start[g]), 1.0)
        return Steps.from_origin(
            self.time[rows], self.estimate[rows], limits, start=1.0, limits_start=start, unit=self.unit
        )

    def columns(self) -> Columns:
        """Columns group, time, n_risk, n_event, n_censor, estimate, std_error, conf_low, conf_high."""
        sizes = np.diff(self.bounds).tolist()
        labels = [label for label, size in zip(self.groups, sizes) for _ in range(size)]
        return {"group": labels, **{name: getattr(self, name) for name in COLUMNS}}

    def headline(self) -> str:
        n, d = in_all(self.n_distinct, self.n_patients), int(self.n_events.sum())
        kind = "" if self.conf_type == "none" else f", {self.conf_level:.0%} {self.conf_type} interval"
        lines = [f"Kaplan-Meier: {n} {self.noun}, {d} events, time in {self.unit}{kind}"]
        middle = self.median()
        for g, label in enumerate(self.groups):
            low, high = format_number(middle.conf_low[g]), format_number(middle.conf_high[g])
            lines.append(
                f"  {label}: {self.n_patients[g]} {self.noun}, {self.n_events[g]} events, "
                f"median {format_number(middle.estimate[g])} ({low} to {high})"
            )
        if self._counted.min() < SMALL and self.conf_type not in (*SMALL_SAMPLE, "none"):
            lines.append(
                f"Fewer than {SMALL} at risk: the {self.conf_type} band takes the tail for known and can "
                'cover too seldom; conf_type="beta-product" keeps its level at any sample size.'
            )
        return "\n".join(lines)

    @property
    def _counted(self) -> FloatArray:
        """Patients (g,) that the variance counts."""
        return np.asarray(self.n_patients if self.n_effective is None else self.n_effective, np.float64)

    @property
    def _known(self) -> FloatArray:
        return np.concatenate([self.time, *(when for when, _ in self.entries)])

    def rows(self, group: Any) -> slice:
        """Rows of one group."""
        if group not in self.groups:
            raise InputError(f"group must be one of {', '.join(map(repr, self.groups))}; got {group!r}.")
        g = self.groups.index(group)
        return slice(int(self.bounds[g]), int(self.bounds[g + 1]))

    def quantile(self, p: Any) -> SurvivalQuantiles:
        """Times by which shares `p` had the event, with the interval the band implies.

        Level stretches at 1 - p give their midpoint, limits likewise (as R's ``quantile.survfit``).
        """
        shares = float_vector("p", at_least_one(p))
        for share in shares:
            between("p", share, 0.0, 1.0, open_ends=False)
        found = np.full((3, len(self.groups), shares.size), np.nan)
        sources = ("estimate",) if self.conf_type == "none" else ("estimate", "conf_low", "conf_high")
        for g in range(len(self.groups)):
            rows = slice(int(self.bounds[g]), int(self.bounds[g + 1]))
            time = np.concatenate([[0.0], self.time[rows]])
            # A curve without variance has no limits; one whose band ends open has them, at infinity.
            limited = not np.isnan(self.variance_log[rows]).all()
            for k, source in enumerate(sources if limited else sources[:1]):
                start = self.conf_start[g] if source == "conf_low" else 1.0
                curve = np.concatenate([[start], getattr(self, source)[rows]])
                found[k, g] = [crossing_time(time, curve, share) for share in shares]
        estimate, low, high = found.reshape(3, -1)
        return SurvivalQuantiles(
            group=tuple(label for label in self.groups for _ in shares),
            probability=np.tile(shares, len(self.groups)),
            estimate=estimate,
            conf_low=low,
            conf_high=high,
            conf_level=self.conf_level,
            unit=self.unit,
            provenance=Provenance.of("KaplanMeier.quantile", self, p=shares),
        )

    def median(self) -> SurvivalQuantiles:
        """Median event time of each group with its interval."""
        return self.quantile(0.5)

    def at_risk(self, times: Any) -> FloatArray:
        """Number at risk (weighted if the curve is) of each group at `times`, (g, k)."""
        at = asked_times("times", times, self._known, self.unit)
        counts = np.zeros((len(self.groups), at.size))
        for g, label in enumerate(self.groups):
            rows = self.rows(label)
            entries = self.entries[g] if self.entries else None
            counts[g] = numbers_at_risk(self.time[rows], self.n_risk[rows], entries, at)
        return counts

    def survival_at(self, times: Any) -> SurvivalAt:
        """Survival with its interval at `times`; beyond a group's follow-up NaN, with a warning."""
        found, gaps = survival_and_gaps(self, times)
        for gap in gaps:
            last, *unknown = apart(gap.last, *gap.unknown)
            warn(
                f"group {gap.group!r} was followed to {last} {self.unit} only; survival at "
                f"{', '.join(unknown)} is unknown (NaN).",
                ExtrapolationWarning,
            )
        return found

    def to_lifelines(self, group: Any = None) -> Any:
        """The curve of one group as a fitted ``lifelines.KaplanMeierFitter`` (`group` is optional with one)."""
        return upward("to_lifelines")(self, group)


def survival_and_gaps(km: KaplanMeier, times: Any) -> tuple[SurvivalAt, list[Gap]]:
    """Survival at `times` as `KaplanMeier.survival_at` has it, and the groups not followed so far instead of a warning."""
    shown = asked_times("times", times, unit=km.unit)
    at, gaps = meet(shown, km._known), []
    columns = {name: np.empty((len(km.groups), at.size)) for name in COLUMNS[4:]}
    for g, label in enumerate(km.groups):
        rows = slice(int(km.bounds[g]), int(km.bounds[g + 1]))
        time = km.time[rows]
        k = np.searchsorted(time, at, side="right")
        beyond = (at > time[-1]) & (km.estimate[rows][-1] > 0)
        if beyond.any():
            gaps.append(Gap(label, float(time[-1]), shown[beyond].tolist()))
        before = {"estimate": 1.0, "std_error": 0.0, "conf_low": km.conf_start[g], "conf_high": 1.0}
        for name, column in columns.items():
            column[g] = np.concatenate([[before[name]], getattr(km, name)[rows]])[k]
            column[g, beyond] = np.nan
    found = SurvivalAt(
        group=tuple(label for label in km.groups for _ in at),
        time=np.tile(shown, len(km.groups)),
        n_risk=km.at_risk(at).ravel(),
        conf_level=km.conf_level,
        unit=km.unit,
        provenance=Provenance.of("KaplanMeier.survival_at", km, times=shown),
        **{name: column.ravel() for name, column in columns.items()},
    )
    return found, gaps


def kaplan_meier(
    surv: Surv,
    by: Any = None,
    *,
    conf_type: str = "log-log",
    conf_level: float = 0.95,
    robust: bool | None = None,
    seed: int = 1,
    data: Any = None,
    missing: str = "refuse",
) -> KaplanMeier:
    """Survival curve S(t) = prod over event times u <= t of (1 - d_u / n_u), for each group.

    Parameters
    ----------
    surv : response of n patients; weights and delayed entry are used when present.
    by : (n,) labels of groups, or None for one curve.
    data : frame of the n patients in which `by` is a column (or several, "arm + stage"); not needed where the
        response was made from it.
    missing : "refuse" a group that is missing, or "drop" those rows with a warning that counts them.
    conf_type : "log-log", "log", "plain", "arcsine", "logit", "likelihood" (Thomas & Grunkemeier),
        "beta-product", "beta-product-midp" (Fay, Brittain & Proschan 2013) or "none". "beta-product-mc" and
        "beta-product-midp-mc" draw 100,000 times from the laws of the procedure, which the method of moments takes to be
        Beta laws: slower, and not too narrow in a thin tail.
    conf_level : of the pointwise interval.
    robust : True for the infinitesimal-jackknife variance, rows of a cluster (or of a patient, `id`) kept together;
        None: as R, when there are clusters or weights that are not whole numbers.
    seed : of the draws of the Monte Carlo types.

    Returns
    -------
    KaplanMeier : a step at each time of each group: numbers at risk, S, standard error and limits; `.median()`,
        `.survival_at(times)` and `.plot()` go on from there.

    Raises
    ------
    InputError : an option outside its list, or a band that weights, clusters or delayed entry rule out.

    Reference: Kaplan & Meier 1958; variance by Greenwood 1926.

    Example
    -------
    >>> from survsim import Surv, kaplan_meier
    >>> km = kaplan_meier(Surv.right([5, 8, 8, 12], [1, 0, 1, 1], unit="months"))
    >>> km.estimate.tolist()
    [0.75, 0.5, 0.0]
    """
    surv = as_surv(surv, data)
    surv, by = complete_groups(surv, by, missing)
    one_of("conf_type", conf_type, BANDS)
    between("conf_level", conf_level, 0.0, 1.0)
    robust = jackknifed(surv) if robust is None else bool(robust)
    return curves(surv, group_rows(surv, by), conf_type, conf_level, robust=robust, seed=seed)


def curves(
    surv: Surv,
    by_group: tuple[tuple[Any, ...], list[Surv]],
    conf_type: str,
    conf_level: float,
    *,
    robust: bool,
    seed: int = 1,
) -> KaplanMeier:
    """The curves of `kaplan_meier` for labels and the response of each group, which `surv` holds together."""
    groups, parts = by_group
    if robust:
        warn_of_one_unit(surv, parts, groups)
    tables = [EventTable.of(part) for part in parts]
    curves = [_curve(p, t, (conf_type, seed), conf_level, robust) for p, t in zip(parts, tables)]
    if surv.entry is not None:
        for table, curve, label in zip(tables, curves, groups):
            _warn_if_emptied(table, curve[0], f"group {label!r}", surv.unit)
    names = ("estimate", "std_error", "conf_low", "conf_high", "variance_log")
    drawn: dict[str, Any] = {"seed": seed} if conf_type in SAMPLED else {}
    return KaplanMeier(
        groups=groups,
        bounds=np.cumsum([0, *(table.time.size for table in tables)]),
        **{name: _join([getattr(t, name) for t in tables]) for name in COLUMNS[:4]},
        **{name: _join([curve[k] for curve in curves]) for k, name in enumerate(names)},
        conf_start=np.array([start_of_band(conf_type, len(part), conf_level) for part in parts]),
        conf_type=conf_type,
        conf_level=float(conf_level),
        robust=robust,
        unit=surv.unit,
        n_patients=np.array([part.n_patients for part in parts]),
        n_events=np.array([int(np.count_nonzero(part.event)) for part in parts]),
        entries=() if surv.entry is None else tuple(sorted_entries(part) for part in parts),
        noun=surv.noun,
        n_distinct=surv.n_patients,
        n_effective=np.array([effective_number(part, robust=robust) for part in parts]),
        provenance=Provenance.of(
            "kaplan_meier",
            surv,
            conf_type=conf_type,
            conf_level=conf_level,
            robust=robust or None,
            **drawn,
        ),
    )


def jackknifed(surv: Surv) -> bool:
    """Whether the variance is the infinitesimal jackknife's unless asked otherwise: clusters, or weights that are no counts."""
    fractional = surv.weight is not None and bool((surv.weight != np.floor(surv.weight)).any())
    return fractional or surv.cluster is not None


def _join(arrays: list[FloatArray]) -> FloatArray:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _curve(
    surv: Surv, table: EventTable, band: tuple[str, int], conf_level: float, robust: bool
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    s, v = product_limit.product_limit(table.n_risk, table.n_event, exact=not table.weighted)
    if robust:
        if band[0] in COUNTING:
            refuse_clusters(surv, f"conf_type={band[0]!r}", f"one of {', '.join(map(repr, TRANSFORMED))}")
        v = robust_variance(surv, table, hazard=False)
    error = np.sqrt(v)
    low, high = pointwise_band(
        band[0], table, s, error, conf_level, delayed=surv.entry is not None, seed=band[1]
    )
    with np.errstate(invalid="ignore"):
        error *= s
    return s, error, low, high, v


def robust_variance(surv: Surv, table: EventTable, *, hazard: bool) -> FloatArray:
    """Infinitesimal-jackknife variance (m,) of log S, or of H with `hazard`; NaN for one cluster."""
    if one_unit(surv):
        return np.full(table.time.size, np.nan)
    late = None if surv.entry is None else np.searchsorted(table.time, surv.entry, side="right")
    cluster = np.arange(len(surv)) if surv.together is None else surv.together
    return product_limit.jackknife_variance(
        (table.time, table.n_risk, table.n_event),
        (np.searchsorted(table.time, surv.time), late),
        surv.event,
        np.ones(len(surv)) if surv.weight is None else surv.weight,
        cluster,
        hazard=hazard,
    )


def _warn_if_emptied(table: EventTable, s: FloatArray, who: str, unit: str) -> None:
    zero = int(np.argmax(s <= 0)) if s[-1] <= 0 else s.size
    if zero < s.size - 1:
        later = (table.n_event + table.n_censor)[zero + 1 :].sum()
        warn(
            f"{who}: everyone at risk at {table.time[zero]:g} {unit} had the event, so the curve is 0 from there "
            f"on although {later:g} patients are followed later. Early risk sets are too small under "
            "delayed entry: start the curve later with landmark(...) and say so.",
            SmallSampleWarning,
        )
