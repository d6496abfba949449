"""Restricted mean survival time: the area under the survival curve up to a horizon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray, between
from survsim.core.complete import complete_groups
from survsim.core.errors import InputError, SmallSampleWarning, warn
from survsim.core.kinds import dimensions
from survsim.core.provenance import Provenance
from survsim.core.renamed import reordered
from survsim.core.result import Result, result
from survsim.core.surv import Surv, as_surv
from survsim.core.tables import Columns
from survsim.core.times import apart, asked_time
from survsim.estimate.nonparametric.band_scales import normal_quantile
from survsim.estimate.nonparametric.kaplan_meier import SMALL, KaplanMeier, kaplan_meier
from survsim.estimate.nonparametric.shared_clusters import cluster_sums
from survsim.kernels.product_limit import area_beyond, restricted_mean

if TYPE_CHECKING:
    pass

NO_SPREAD = 1e-12
"""Share of tau up to which a standard error is 0 but for rounding."""


@result
class Rmst(Result):
    """Mean survival time within `tau`, by group.

    Attributes
    ----------
    groups : labels; estimate, std_error, conf_low, conf_high : (g,) in `unit`; lost : (g,) restricted mean
        time lost, tau - estimate; n_patients : (g,). Limits are NaN, with a warning, where the standard error is 0 because all
        that were left had the event at one time, or where there is none (one cluster).
    """

    groups: tuple[Any, ...]
    tau: float
    estimate: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    lost: FloatArray
    n_patients: IntArray
    conf_level: float
    unit: str

    def headline(self) -> str:
        text = f"Restricted mean survival time to {self.tau:g} {self.unit} ({self.conf_level:.0%} interval)"
        if self.n_patients.min() < SMALL:
            text += (
                f"\nFewer than {SMALL} patients: this interval covers too seldom (measured: about 91% for 95% at "
                "n = 20, 86% at n = 10)."
            )
        return text

    def columns(self) -> Columns:
        """Columns group, tau, estimate, std_error, conf_low, conf_high, lost."""
        names = ("estimate", "std_error", "conf_low", "conf_high", "lost")
        return {"group": list(self.groups), "tau": self.tau, **{n: getattr(self, n) for n in names}}


def _tau_came_second(surv: Surv, args: tuple[Any, ...], given: Mapping[str, Any]) -> bool:
    """A number where the groups belong is the horizon, as 0.1 had it."""
    return args[0] is not None and not isinstance(args[0], str) and dimensions(args[0]) == 0


@reordered(("tau", "by"), now="rmst(surv, by, tau)", old_order=_tau_came_second)
def rmst(
    surv: Surv,
    by: Any = None,
    tau: float | None = None,
    *,
    conf_level: float = 0.95,
    data: Any = None,
    missing: str = "refuse",
) -> Rmst:
    """Area under the Kaplan-Meier curve from 0 to tau, for each group.

    Its variance is sum over event times u of [area of S from u to tau]^2 d/(n (n-d)); with weights or
    clusters the infinitesimal jackknife takes its place.

    Parameters
    ----------
    surv : response; weights and delayed entry are used when present.
    by : (n,) labels of groups, or None.
    data : frame of the n patients in which `by` is a column (or several, "arm + stage"); not needed where the
        response was made from it.
    tau : horizon in the unit of `surv`, not beyond the follow-up of any group; it has no default.
    missing : "refuse" a group that is missing, or "drop" those rows with a warning that counts them.

    Returns
    -------
    Rmst : for each group the mean, its standard error and limits, and the time lost, all in the unit of `surv`.

    Raises
    ------
    InputError : a group was not followed to tau and has survivors.

    Reference: Irwin 1949; Royston & Parmar 2013.

    Example
    -------
    >>> from survsim import Surv, rmst
    >>> float(rmst(Surv.right([1, 2, 3, 4], [1, 0, 1, 0], unit="years"), tau=3).estimate[0])
    2.5
    """
    surv = as_surv(surv, data)
    surv, by = complete_groups(surv, by, missing)
    between("conf_level", conf_level, 0.0, 1.0)
    if tau is None:
        raise InputError(
            f"rmst needs tau, the horizon in {surv.unit}: rmst(surv, by, tau), or rmst(surv, tau=...)."
        )
    km = kaplan_meier(surv, by, conf_type="none")
    tau = check_horizon(km, tau)
    means, errors = np.empty(len(km.groups)), np.empty(len(km.groups))
    for g in range(len(km.groups)):
        rows = slice(int(km.bounds[g]), int(km.bounds[g + 1]))
        with np.errstate(invalid="ignore"):  # infinite from where the curve is 0 on: no area lies beyond
            jumps = np.diff(km.variance_log[rows], prepend=0.0)
        means[g], variance = restricted_mean(km.time[rows], km.estimate[rows], jumps, tau)
        errors[g] = variance**0.5
    if km.robust:
        errors = np.sqrt((cluster_sums(surv, by, lambda table: area_beyond(table, tau)) ** 2).sum(axis=1))
    # Where nothing happened before tau the mean is tau, as a curve is 1 before its first event.
    at_once = without_spread(errors, tau) & (means < (1.0 - NO_SPREAD) * tau)
    warn_of_no_spread(km.groups, at_once, tau, surv.unit)
    limited = np.where(at_once, np.nan, errors)
    z = normal_quantile(conf_level)
    return Rmst(
        groups=km.groups,
        tau=tau,
        estimate=means,
        std_error=errors,
        conf_low=np.maximum(means - z * limited, 0.0),
        conf_high=np.minimum(means + z * limited, tau),
        lost=tau - means,
        n_patients=km.n_patients,
        conf_level=float(conf_level),
        unit=surv.unit,
        provenance=Provenance.of("rmst", surv, tau=tau, unit=surv.unit, conf_level=conf_level),
    )


def without_spread(errors: FloatArray, tau: float) -> BoolArray:
    """Which standard errors of means are 0 but for rounding."""
    return errors <= NO_SPREAD * tau


def warn_of_no_spread(groups: Sequence[Any], which: BoolArray, tau: float, unit: str) -> None:
    """Say which groups' means have a standard error of 0, where any has."""
    if not which.any():
        return
    told = [label for label, none in zip(groups, which) if none]
    warn(
        f"group {' and group '.join(map(repr, told))}: no event before tau={tau:g} {unit}, or all that are left at one time, so "
        "the standard error of the mean is 0 and the normal law has no limits and no p-value (NaN). Choose a later tau, or "
        "permutation_logrank_test, which needs no standard error.",
        SmallSampleWarning,
    )


def check_horizon(km: KaplanMeier, tau: float) -> float:
    """`tau` as float, if every group was followed that far or has no survivor left."""
    number = asked_time("tau", tau, km.time, unit=km.unit)
    last = km.time[km.bounds[1:] - 1]
    open_end = km.estimate[km.bounds[1:] - 1] > 0
    short = open_end & (last < number)
    if short.any():
        g = int(np.flatnonzero(short)[0])
        asked, end, soonest = apart(number, float(last[g]), float(last[open_end].min()))
        raise InputError(
            f"tau={asked} lies beyond the follow-up of group {km.groups[g]!r}, which ends at {end} "
            f"{km.unit} with survivors; choose tau <= {soonest}, or extrapolate with a model."
        )
    return number
