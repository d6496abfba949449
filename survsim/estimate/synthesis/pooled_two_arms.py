"""Pooling of two-arm counts with few events: a binomial model of the arms, Mantel-Haenszel, Peto."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from scipy.special import ndtri

from survsim.core.checks import FloatArray, between, one_of
from survsim.core.errors import InputError, SmallSampleWarning, warn
from survsim.core.provenance import Provenance
from survsim.core.result import Result, format_number, result
from survsim.core.tables import Columns
from survsim.estimate.synthesis.arm_counts import checked_counts
from survsim.estimate.synthesis.binomial_normal import Counts, fit_binomial_normal
from survsim.estimate.synthesis.pooling import two_sided_p
from survsim.estimate.synthesis.two_arm_tables import Tables, mantel_haenszel, peto, ways_out

SUPPORT = {
    "binomial-normal": ("OR",),
    "mantel-haenszel": ("OR", "RR", "RD"),
    "peto": ("OR",),
}
NAMES = {"OR": "log odds ratio", "RR": "log risk ratio", "RD": "risk difference"}


@result
class PooledTwoArms(Result):
    """An effect of treatment pooled from events and patients of two arms.

    Attributes
    ----------
    measure : "OR", "RR" or "RD"; method : how it was pooled.
    estimate, std_error, conf_low, conf_high, p_value : log odds ratio, log risk ratio or risk difference, research against
        control.
    tau2 : variance of the effect between studies, baseline_tau2 : of the studies' own level (mean logit of the two arms);
        both None with the methods of one common effect.
    prediction_low, prediction_high : interval for the effect in a new study, None without tau2.
    k, labels : the studies; n_used : those that bear on the effect by this method.
    events_research, n_research, events_control, n_control : (k,).
    log_likelihood : of the binomial model, else None.
    """

    measure: str
    method: str
    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    p_value: float
    tau2: float | None
    baseline_tau2: float | None
    prediction_low: float | None
    prediction_high: float | None
    k: int
    n_used: int
    labels: tuple[str, ...]
    events_research: FloatArray
    n_research: FloatArray
    events_control: FloatArray
    n_control: FloatArray
    log_likelihood: float | None
    conf_level: float

    def columns(self) -> Columns:
        """One row a study: label, events_research, n_research, events_control, n_control, and the two proportions."""
        names = ("events_research", "n_research", "events_control", "n_control")
        return {
            "label": list(self.labels),
            **{name: getattr(self, name) for name in names},
            "proportion_research": self.events_research / self.n_research,
            "proportion_control": self.events_control / self.n_control,
        }

    def headline(self) -> str:
        ends = f"{format_number(self.conf_low)} to {format_number(self.conf_high)}"
        lines = [
            f"{NAMES[self.measure]} {format_number(self.estimate)} ({self.conf_level:.0%} interval {ends}), p "
            f"{format_number(self.p_value)}; {self.method}, {self.n_used} of {self.k} studies bear on it"
        ]
        if self.measure != "RD":
            ratio, low, high = np.exp([self.estimate, self.conf_low, self.conf_high])
            lines.append(f"ratio {ratio:.4g} ({low:.4g} to {high:.4g})")
        if self.tau2 is not None:
            lines.append(
                f"tau2 of the effect {format_number(self.tau2)}, of the studies' level {format_number(self.baseline_tau2 or 0.0)}"
            )
        return "\n".join(lines)


def pool_two_arms(
    events_research: Any,
    n_research: Any,
    events_control: Any,
    n_control: Any,
    *,
    method: str = "binomial-normal",
    measure: str = "OR",
    labels: Sequence[Any] | None = None,
    source: Any = (),
    conf_level: float = 0.95,
) -> PooledTwoArms:
    """Pool events of two arms without adding a half to any cell.

    The binomial model has in each study logit p = a_i -+ d_i / 2 (control, research), a_i and d_i normal and independent,
    and is fitted by maximum likelihood. A study without events in both arms (a double zero) is kept: it says that a_i is low,
    and so how little it can say of d_i. Mantel-Haenszel and Peto take one common effect; in their ratios double zeros cancel,
    in the Mantel-Haenszel risk difference they count.

    Parameters
    ----------
    events_research, n_research, events_control, n_control : (k,) whole numbers.
    method : "binomial-normal" (default), "mantel-haenszel", or "peto" (for rare events and arms of like size).
    measure : "OR" (default); with "mantel-haenszel" also "RR" and "RD".
    labels : (k,) names of the studies; source : references behind the numbers.
    conf_level : of all intervals, which are normal.

    Returns
    -------
    PooledTwoArms : the effect with its interval, and with the binomial model the variances between studies.

    Raises
    ------
    InputError : counts that are no counts, a measure that the method has not, an arm without events in any study, or counts
        that leave an effect without a variance (no event at all, say); the message says what they do allow.
    ConvergenceError : every arm has all events or none, so that the spread between studies is infinite.

    References
    ----------
    Simmonds & Higgins 2016, Stat Methods Med Res 25:2858 (the binomial model); Jackson et al. 2018, Stat Med 37:1059
    (of the models with random study effects); Bradburn et al. 2007, Stat Med 26:53 (rare events).

    Example
    -------
    >>> from survsim.synthesis import pool_two_arms
    >>> pooled = pool_two_arms([1, 0, 3, 2], [40, 25, 60, 35], [4, 0, 7, 5], [41, 24, 58, 36], method="peto")
    >>> round(pooled.estimate, 3), round(pooled.std_error, 3), pooled.n_used
    (-0.982, 0.443, 3)
    """
    between("conf_level", conf_level, 0.0, 1.0)
    one_of("method", method, tuple(SUPPORT))
    one_of("measure", measure, tuple(NAMES))
    if measure not in SUPPORT[method]:
        raise InputError(
            f"method={method!r} gives {', '.join(SUPPORT[method])}; for measure={measure!r} use 'mantel-haenszel'."
        )
    found, names = checked_counts(
        labels, source, events_research=events_research, n_research=n_research,
        events_control=events_control, n_control=n_control,
    )  # fmt: skip
    tables = Tables(*found.values())
    extra: dict[str, Any] = dict.fromkeys(
        ("tau2", "baseline_tau2", "prediction_low", "prediction_high", "log_likelihood")
    )
    if method == "binomial-normal":
        estimate, error, extra = _binomial_normal(tables, conf_level)
    elif method == "peto":
        estimate, error = peto(tables)
    else:
        estimate, error = mantel_haenszel(tables, measure)
    z = float(ndtri(0.5 + conf_level / 2.0))
    # Only the ratios of one common effect lose the studies without contrast.
    all_count = method == "binomial-normal" or measure == "RD"
    used = tables.x_r.size if all_count else int(_telling(tables, measure).sum())
    return PooledTwoArms(
        measure=measure, method=method, estimate=estimate, std_error=error, conf_low=estimate - z * error,
        conf_high=estimate + z * error, p_value=two_sided_p(estimate / error, np.inf),
        k=tables.x_r.size, n_used=used, labels=names, conf_level=float(conf_level),
        provenance=Provenance.of("pool_two_arms", source, method=method, measure=measure, conf_level=conf_level),
        **cast(dict[str, Any], found), **extra,
    )  # fmt: skip


def _telling(tables: Tables, measure: str) -> FloatArray:
    """Studies (k,) that bear on a ratio: with an event, and for odds with somebody free of it."""
    if measure == "RR":
        return np.asarray((tables.x_r + tables.x_c) > 0)
    return np.asarray(tables.informative)


def _binomial_normal(t: Tables, level: float) -> tuple[float, float, dict[str, Any]]:
    """Log odds ratio, its standard error and the rest of what the model says."""
    for name, x, n in (("research", t.x_r, t.n_r), ("control", t.x_c, t.n_c)):
        if x.sum() in (0, n.sum()):
            what = "no patient" if x.sum() == 0 else "every patient"
            raise InputError(
                f"{what} of the {name} arms had the event in any study, so the odds ratio is 0 or infinite. {ways_out(t)}"
            )
    if t.x_r.size < 3:
        warn(
            f"{t.x_r.size} {'study' if t.x_r.size == 1 else 'studies'}: the spread between studies is hardly told, and the "
            "interval takes it for known.",
            SmallSampleWarning,
        )
    side = np.array([0.5, -0.5])
    counts = Counts(
        np.column_stack([t.x_r, t.x_c]), np.column_stack([t.n_r, t.n_c]),
        np.column_stack([np.ones(2), side]), np.column_stack([np.ones(2), side]),
    )  # fmt: skip
    share = counts.events.sum(axis=0) / counts.patients.sum(axis=0)
    logit = np.log(share / (1.0 - share))
    start = np.array([logit.mean(), logit[0] - logit[1]])
    fit = fit_binomial_normal(counts, start, spreads=t.x_r.size > 1)
    effect, error = float(fit.mean[1]), float(np.sqrt(fit.covariance[1, 1]))
    tau2 = float(fit.spread[1] ** 2)
    reach = float(ndtri(0.5 + level / 2.0)) * float(np.sqrt(error**2 + tau2))
    rest = {
        "tau2": tau2,
        "baseline_tau2": float(fit.spread[0] ** 2),
        "prediction_low": effect - reach,
        "prediction_high": effect + reach,
        "log_likelihood": fit.log_likelihood,
    }
    return effect, error, rest
