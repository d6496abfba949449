"""Survival of two groups at one time: Wald on a scale, or the melded small-sample test."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, between, one_of
from survsim.core.complete import complete_groups
from survsim.core.errors import InputError, SmallSampleWarning, warn
from survsim.core.event_table import EventTable, group_rows, refuse_clusters
from survsim.core.provenance import Provenance
from survsim.core.surv import Surv, as_surv
from survsim.core.times import apart, asked_time, meet
from survsim.estimate.nonparametric.beta_product import law_at
from survsim.estimate.nonparametric.beta_product_draws import sampled_at
from survsim.estimate.nonparametric.confidence_bands import SAMPLED, SMALL_SAMPLE
from survsim.estimate.nonparametric.contrast import (
    Contrast,
    quotient,
    two_labels,
    unsure_rows,
    wald_difference,
    wald_ratio,
    warn_if_unsure,
)
from survsim.estimate.nonparametric.kaplan_meier import KaplanMeier, kaplan_meier
from survsim.estimate.nonparametric.melding import EDGES, Laws, melded_limits, melded_p
from survsim.estimate.nonparametric.shared_clusters import shared_variance, up_to

METHODS = ("log-log", "plain", *SMALL_SAMPLE)


def milestone_test(
    surv: Surv,
    by: Any,
    time: float,
    *,
    method: str = "log-log",
    reference: Any = None,
    conf_level: float = 0.95,
    seed: int = 1,
    data: Any = None,
    missing: str = "refuse",
) -> Contrast:
    """Compare S(time) of two groups.

    Parameters
    ----------
    surv : response; clusters that stand in both groups (matched pairs, centres) enter the standard error of the comparison.
    by : (n,) labels of two groups.
    time : milestone in the unit of `surv`, within the follow-up of both groups.
    method : "log-log": p-value of the difference of log(-log S) (Klein et al. 2007), limits of the
        difference and ratio by the normal law; "plain": p-value by the normal law too; "beta-product":
        the melded test and limits of difference, ratio and odds ratio, for small samples (Fay, Proschan & Brittain 2015);
        "beta-product-midp": its shorter mid-p form; with "-mc" behind either 100,000 draws of the laws themselves.
    seed : of the draws of the Monte Carlo methods.
    missing : "refuse" a group that is missing, or "drop" those rows with a warning that counts them.

    Returns
    -------
    Contrast : survival of each group at `time`, and difference and ratio with limits and p-values, with the odds ratio of
        survival too for the beta-product methods (one p-value for all three). Limits of the difference stay within -1 and 1.
        Where survival of a group is 0 or 1 the normal law has no limits and no p-value: NaN, with a warning; the beta-product
        methods have both.

    Raises
    ------
    InputError : a group was not followed to `time`; a beta-product method with weights, clusters or delayed entry.

    Reference: Klein, Logan, Harhoff & Andersen 2007 (Stat Med 26:4505); Fay, Proschan & Brittain 2015 (Biometrics 71:146).

    Example
    -------
    >>> from survsim import Surv, milestone_test
    >>> s = Surv.right([1, 3, 4, 3, 8, 9], [1, 1, 0, 1, 0, 1], unit="months")
    >>> milestone_test(s, ["a", "a", "a", "b", "b", "b"], 3.5).contrast_estimate.round(4).tolist()
    [0.3333, 2.0]
    """
    surv = as_surv(surv, data)
    surv, by = complete_groups(surv, by, missing)
    one_of("method", method, METHODS)
    asked = asked_time("time", time, unit=surv.unit)
    time = float(meet(asked, surv.time))
    between("conf_level", conf_level, 0.0, 1.0)
    groups, parts = group_rows(surv, by)
    pair = list(two_labels(groups, reference))
    at = kaplan_meier(surv, by, conf_type="none")
    _refuse_unfollowed(at, pair, time)
    here = at.survival_at(time)
    value, error = here.estimate[pair], here.std_error[pair]
    certain = (value <= 0) | (value >= 1)
    if method in SMALL_SAMPLE:
        refuse_clusters(surv, f'method="{method}"', 'method="log-log"')
        rows = _melded([parts[k] for k in pair], value, time, conf_level, method, seed)
    elif certain.any():
        _warn_of_certain([groups[k] for k in pair], value, certain, f"{asked:g} {surv.unit}", surv)
        rows = unsure_rows(value)
    elif np.isnan(error).any():  # a group of one cluster, of which the curves have told
        rows = unsure_rows(value)
    else:
        shared = shared_variance(surv, by, up_to(time))
        shared *= float(np.prod(value))  # of S, not of log S
        rows = [
            wald_difference(value, error, conf_level, most=1.0, shared=shared),
            wald_ratio(value, error, conf_level, shared=shared),
        ]
        if method == "log-log":
            rows = [(*row[:3], _log_log_p(value, error, shared)) for row in rows]
        warn_if_unsure(rows)
    columns = np.array(rows).T
    drawn: dict[str, Any] = {"seed": seed} if method in SAMPLED else {}
    return Contrast(
        quantity=f"Survival at {asked:g} {surv.unit}",
        groups=tuple(groups[k] for k in pair),
        estimate=value,
        std_error=error,
        contrast=tuple(EDGES)[: len(rows)],
        contrast_estimate=columns[0],
        conf_low=columns[1],
        conf_high=columns[2],
        p_value=columns[3],
        conf_level=float(conf_level),
        unit=surv.unit,
        provenance=Provenance.of(
            "milestone_test",
            surv,
            time=asked,
            method=method,
            reference=reference,
            **drawn,
        ),
    )


def _refuse_unfollowed(at: KaplanMeier, pair: list[int], time: float) -> None:
    """Both groups must be followed to the milestone, or have nobody left."""
    ends = at.bounds[1:] - 1
    short = [g for g in pair if at.time[ends[g]] < time and at.estimate[ends[g]] > 0]
    if short:
        asked, last = apart(time, float(at.time[ends[short[0]]]))
        raise InputError(
            f"time={asked} lies beyond the follow-up of group {at.groups[short[0]]!r}, which ends at "
            f"{last} {at.unit}; choose an earlier milestone."
        )


def _warn_of_certain(labels: list[Any], value: FloatArray, certain: BoolArray, when: str, surv: Surv) -> None:
    """Survival of 0 or 1 has no standard error that means anything: none of a few had the event, or all."""
    said = " and ".join(f"{value[k]:.0f} in group {labels[k]!r}" for k in np.flatnonzero(certain))
    counted = surv.weight is None and surv.entry is None
    instead = 'Use method="beta-product", which has both at any sample size.' if counted else (
        "Choose a time at which some of each group, but not all, have had the event."
    )  # fmt: skip
    warn(
        f"survival at {when} is {said}, where its standard error is 0 or does not exist: the normal law has no limits and no "
        f"p-value (NaN). {instead}",
        SmallSampleWarning,
    )


def _log_log_p(value: FloatArray, error: FloatArray, shared: float) -> float:
    slope = 1.0 / (value * np.log(value))
    scaled = np.log(-np.log(value))
    return wald_difference(scaled, error * np.abs(slope), 0.95, shared=shared * float(np.prod(slope)))[3]


def _melded(
    parts: list[Surv], value: FloatArray, time: float, conf_level: float, method: str, seed: int
) -> list[tuple[float, float, float, float]]:
    """Rows of difference, ratio and odds ratio: estimate, limits, p-value."""
    mid_p = "midp" in method
    first, second = (_laws(part, time, method, seed + k) for k, part in enumerate(parts))
    p = melded_p(first, second, mid_p=mid_p)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = value / (1.0 - value)
        estimates = {
            "difference": value[1] - value[0],
            "ratio": quotient(value),
            "odds ratio": odds[1] / odds[0],
        }
    rows = []
    for name, estimate in estimates.items():
        low, high = melded_limits(first, second, conf_level, name, mid_p=mid_p)
        rows.append((float(estimate), low, high, p))
    return rows


def _laws(part: Surv, time: float, method: str, seed: int) -> Laws:
    """The (upper, lower) confidence law of S(time)."""
    if part.weight is not None or part.entry is not None:
        raise InputError(
            f'method="{method}" counts patients followed from the origin; leave out weights and '
            'delayed entry, or use method="log-log".'
        )
    table = EventTable.of(part)
    counts = table.time, table.n_risk, table.n_event, table.n_censor
    return sampled_at(*counts, time, seed) if method in SAMPLED else law_at(*counts, time)
