"""Pieces of evidence for `evidence_model`: patients, curves, single cases and bare summaries, as data.

Each constructor checks what it is given and says on which transformed scale it will enter. All share the
keywords of `EvidenceTerm`: study, arm, site, covariates, cluster, extra_sd, source.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, between, float_vector, numbers, one_of, whole_number
from survsim.core.errors import EvidenceError, InputError
from survsim.core.event_table import refuse_clusters
from survsim.core.frames import as_frame
from survsim.core.kinds import dimensions
from survsim.core.pairing import paired
from survsim.core.surv import Surv
from survsim.core.times import increasing, lengthless
from survsim.estimate.joint_model.evidence_term import (
    EvidenceTerm,
    make_term,
    pattern,
    refuse_no_pattern,
    several_values,
)
from survsim.estimate.printed.number import EVENT_SHARE, PrintedNumber, Terms
from survsim.estimate.printed.refusal import Refusal
from survsim.estimate.printed.road import take

MOST_EVENTS = 1e9
"""Of an arm; beyond it a count is a mistake."""
CASE_STATUS = ("exact", "upper", "interval", "right")


def patients_term(
    surv: Surv,
    covariates: Any = None,
    *,
    study: str,
    curve: bool = False,
    information: float = 1.0,
    **common: Any,
) -> EvidenceTerm:
    """Patient-level data: events and exposure per interval and covariate pattern, a Poisson likelihood.

    Parameters
    ----------
    surv : response (delayed entry and case weights allowed, clusters not).
    covariates : frame or dictionary of columns with one row a patient, or a mapping of single values for all of them.
    curve : the patients were reconstructed from a published curve.
    information : share of their information that is used, in (0, 1]; below 1 for reconstructed data
        whose numbers at risk are uncertain (the likelihood is raised to this power).
    common : site, arm, cluster, extra_sd, source of `EvidenceTerm`.

    Returns
    -------
    EvidenceTerm : of kind "patients", or "curve" where they were reconstructed.

    Raises
    ------
    InputError : no `Surv`, one with clusters, other rows in `covariates`, an `information` outside (0, 1], a word that no term knows.

    Reference: Holford 1980 (Biometrics 36:299); Laird & Olivier 1981 (J Am Stat Assoc 76:231).

    Example
    -------
    >>> from survsim import Surv
    >>> from survsim.joint_model import patients_term
    >>> patients_term(Surv.right([5, 8, 12], [1, 0, 1], unit="months"), {"stage": "III"}, study="own").kind
    'patients'
    """
    if not isinstance(surv, Surv):
        raise InputError(f"surv must be a Surv; got {type(surv).__name__}. Build it with Surv.right.")
    refuse_clusters(surv, "this likelihood", "information= below 1 for what the patients of a cluster repeat")
    patterns = _patterns_of(surv, {} if covariates is None else covariates)
    share = between("information", information, 0.0, 1.0 + 1e-12)
    common.setdefault("source", surv.sources)
    payload = {"surv": surv, "information": share}
    kind = "curve" if curve else "patients"
    return make_term(kind, study, patterns, surv.unit, payload, common)


def case_term(
    time: float | tuple[float, float],
    covariates: Mapping[str, Any] | None = None,
    *,
    study: str,
    unit: str,
    status: str = "exact",
    **common: Any,
) -> EvidenceTerm:
    """A single published patient.

    ``exact``: ``log h(t) - H(t)``; ``right`` (alive at t): ``-H(t)``; ``upper`` (dead by t, time unknown):
    ``log(1 - S(t))``; ``interval`` (dead between a and b): ``log(S(a) - S(b))``.

    Parameters
    ----------
    time : time, or the pair (a, b) for ``status="interval"``.
    status : "exact", "right", "upper" or "interval".

    Returns
    -------
    EvidenceTerm : of kind "case".

    Raises
    ------
    InputError : a time that is not positive, no pair for "interval", an unknown status, an empty `study`.

    Reference: Klein & Moeschberger 2003, Survival Analysis, section 3.5 (likelihoods of censored observations).

    Example
    -------
    >>> from survsim.joint_model import case_term
    >>> case_term(4.0, study="author_2010", unit="months", status="upper").payload["high"]
    4.0
    """
    one_of("status", status, CASE_STATUS)
    if status == "interval":
        if not isinstance(time, tuple) or len(time) != 2 or not time[0] >= 0 or lengthless(*time):
            raise InputError(
                f"time must be a pair (a, b) with 0 <= a < b for status='interval'; got {time!r}. A time that is known is "
                "status='exact'."
            )
        low, high = map(float, time)
    else:
        high = between("time", time if not isinstance(time, tuple) else np.nan, 0.0, np.inf)
        low = 0.0 if status == "upper" else high
    payload = {"low": low, "high": high, "status": status}
    return make_term("case", study, covariates or {}, unit, payload, common)


def survival_term(
    time: float | Iterable[float],
    survival: float | Iterable[float],
    covariates: Mapping[str, Any] | None = None,
    *,
    study: str,
    unit: str,
    n: float | Iterable[float] | None = None,
    conf_low: float | Iterable[float] | None = None,
    conf_high: float | Iterable[float] | None = None,
    conf_level: float | Iterable[float] = 0.95,
    design_factor: float | None = None,
    beyond_counts: str = "refuse",
    **common: Any,
) -> EvidenceTerm:
    """Survival probabilities of one arm at one or several times.

    The steps ``dH_j = log S_{j-1} - log S_j`` of one curve are nearly independent. With intervals they
    enter as ``log dH_j ~ N(log model, se_j^2)``, the standard error of ``log(-log S)`` being that of the
    interval. With n alone they are binomial: of ``n S_{j-1} / design_factor`` at risk a share ``S_j / S_{j-1}``
    lives through. (A normal term with the variance at the estimate would weigh studies by their result and pull
    the hazard up.) Shares of 0 and 1 need n. The errors are those of `survsim.estimate.printed`.

    Parameters
    ----------
    time, survival : one number or several, times increasing, survival in [0, 1] and never rising.
    n : patients of the arm, one number or one a time.
    conf_low, conf_high : interval at each time, at `conf_level`; NaN where none is printed.
    design_factor : factor on the binomial variance where only n is printed; None for 1.2.
    beyond_counts : an interval narrower than n allows is refused, or widened to it ("widen").
    common : site, arm, cluster, extra_sd, source of `EvidenceTerm`.

    Returns
    -------
    EvidenceTerm

    Raises
    ------
    InputError, EvidenceError : times or shares out of order, and numbers that the printed road refuses.

    References
    ----------
    Greenwood 1926 for the variance; the conditional increments as in Combescure et al. 2014, Statistics
    in Medicine 33:2521.

    Example
    -------
    >>> from survsim.joint_model import survival_term
    >>> survival_term([12, 60], [0.62, 0.33], study="a_2011", unit="months", n=80).payload["time"]
    array([12., 60.])
    """
    name = f"survival of {study}"
    time, survival, n, conf_low, conf_high, conf_level = paired(
        time=time, survival=survival, n=n, conf_low=conf_low, conf_high=conf_high, conf_level=conf_level
    )
    t, s = _several("time", time), _several("survival", survival)
    if t.size != s.size or t.size == 0:
        raise InputError(f"{name}: {t.size} times and {s.size} probabilities; one of each.")
    columns = {"value": s, "time": t}
    for column, given in (
        ("n", n),
        ("conf_low", conf_low),
        ("conf_high", conf_high),
        ("conf_level", conf_level),
    ):
        if given is not None:
            columns[column] = _one_each(name, column, given, t.size)
    terms = Terms(design_factor=design_factor, beyond_counts=beyond_counts)
    rows = [{k: float(v[i]) for k, v in columns.items()} | {"label": name} for i in range(t.size)]
    return points_term(
        [_taken(row, "cumulative_hazard", terms) for row in rows],
        covariates,
        study=study,
        unit=unit,
        **common,
    )


def points_term(
    points: Sequence[PrintedNumber],
    covariates: Mapping[str, Any] | None = None,
    *,
    study: str,
    unit: str,
    **common: Any,
) -> EvidenceTerm:
    """Survival of one arm from numbers on the log cumulative hazard scale, in order of time.

    Where each point has its error from n, they stay counts; otherwise each enters with its own error. At 0% and 100%
    only counts hold an error, and then all points are counts.
    """
    name = f"survival of {study}"
    t, s = np.array([p.time for p in points], float), np.array([p.value for p in points], float)
    if t[0] <= 0 or not increasing(t):
        raise InputError(f"{name}: times must be positive and increase; got {t.tolist()}.")
    if (np.diff(s) > 0).any():
        raise EvidenceError(f"{name}: survival must never rise; got {s.tolist()}. Is it in percent?")
    sizes = {round(p.n_effective, 9) for p in points if p.n_effective is not None}
    counted = all(p.n_effective is not None for p in points) and len(sizes) == 1
    payload: dict[str, Any] = {"time": t, "survival": s, "n": min(sizes) if sizes else None}
    if not counted and ((s <= 0) | (s >= 1)).any() and not sizes:
        raise EvidenceError(f"{name}: survival of 0 or 1 has no error of its own; give n.")
    if not counted and not ((s <= 0) | (s >= 1)).any():
        payload["se_cloglog"] = np.array([p.std_error for p in points])
    return make_term("survival", study, covariates or {}, unit, payload, common)


def median_term(
    median: float,
    covariates: Mapping[str, Any] | None = None,
    *,
    study: str,
    unit: str,
    conf_low: float | None = None,
    conf_high: float | None = None,
    conf_level: float = 0.95,
    n: float | None = None,
    n_event: float | None = None,
    assume_events: float | None = EVENT_SHARE,
    design_factor: float | None = None,
    beyond_counts: str = "refuse",
    **common: Any,
) -> EvidenceTerm:
    """Median survival time of an arm.

    With an interval, the model's cumulative hazard at the printed median is compared with log 2:
    ``log H(median) ~ N(log log 2, se^2)``, se that of the log median (from one side when the other was
    not reached): exact where the hazard is constant between the limits, too wide where it falls. With counts
    alone, half of the patients died by the median, a binomial term of as many patients as give the printed road's
    error (`survsim.estimate.printed.median`): n of them where only n is known. Both are smooth in the log hazards;
    the model's median itself has kinks at the breaks.

    Parameters
    ----------
    median : in `unit`.
    conf_low, conf_high : at `conf_level`; None where not printed or not reached.
    n, n_event : patients and events of the arm.
    assume_events : share of n taken to have had the event where only n is printed; None refuses.
    design_factor : variance of the log median times its events; None for 1.56.
    beyond_counts : an interval narrower than the counts allow is refused, or widened to them ("widen").
    common : site, arm, cluster, extra_sd, source of `EvidenceTerm`.

    Returns
    -------
    EvidenceTerm

    Raises
    ------
    InputError, EvidenceError : numbers out of range, and what the printed road refuses.

    Reference: Brookmeyer & Crowley 1982 (Biometrics 38:29).

    Example
    -------
    >>> from survsim.joint_model import median_term
    >>> term = median_term(14.0, study="b_2015", unit="months", conf_low=10.0, conf_high=19.0)
    >>> round(term.payload["se_log"], 3)
    0.164
    """
    name = f"median of {study}"
    row: dict[str, Any] = {"label": name, "value": between("median", median, 0.0, np.inf)}
    for side, limit in (("conf_low", conf_low), ("conf_high", conf_high)):
        if limit is not None and np.isnan(limit):
            raise InputError(f"{name}: {side} is NaN; give None where it is not printed or was not reached.")
        row[side] = None if side == "conf_low" and limit is not None and limit <= 0 else limit
    row["conf_level"] = between("conf_level", conf_level, 0.0, 1.0)
    row["n"] = None if n is None else between("n", n, 0.0, np.inf)
    row["n_event"] = None if n_event is None else between("n_event", n_event, 0.0, np.inf)
    terms = Terms(assume_events=assume_events, design_factor=design_factor, beyond_counts=beyond_counts)
    found = _taken(row, "median", terms)
    return printed_median_term(found, covariates, study=study, unit=unit, n=n, **common)


def printed_median_term(
    found: PrintedNumber,
    covariates: Mapping[str, Any] | None = None,
    *,
    study: str,
    unit: str,
    n: float | None = None,
    **common: Any,
) -> EvidenceTerm:
    """The median of an arm from a number on the log median scale; n is told in messages only."""
    counted = found.n_effective is not None
    payload = {
        "median": found.value,
        "se_log": None if counted else found.std_error,
        "n": found.n_effective if counted else n,
    }
    return make_term("median", study, covariates or {}, unit, payload, common)


def hazard_ratio_term(
    hazard_ratio: float,
    covariates: Mapping[str, Any],
    comparator: Mapping[str, Any],
    *,
    study: str,
    conf_low: float | None = None,
    conf_high: float | None = None,
    conf_level: float = 0.95,
    std_error: float | None = None,
    p_value: float | None = None,
    n_event: float | Sequence[float] | None = None,
    beyond_counts: str = "refuse",
    comparator_arm: str = "",
    **common: Any,
) -> EvidenceTerm:
    """Hazard ratio of two covariate patterns: ``log HR ~ N(linear predictor difference, se^2)``.

    Parameters
    ----------
    hazard_ratio : `covariates` against `comparator`.
    conf_low, conf_high : interval at `conf_level`, or `std_error` of the log hazard ratio (taken where both are given and
        agree), or p-value or events.
    p_value : two-sided; n_event : total, or (first arm, second).
    beyond_counts : an error below what the events allow is refused, or widened to it ("widen").
    comparator_arm : name of the comparator's arm, to notice when both arms enter elsewhere: the ratio is then left out.
        Without names equal covariates within a study make an arm. Ratios of one contrast share the weight of one.

    Returns
    -------
    EvidenceTerm : of kind "hazard_ratio".

    Raises
    ------
    InputError, EvidenceError : a ratio that is not positive, no error in any form, limits that do not hold it, two patterns
        that are alike, and what the printed road refuses.

    Reference: Parmar, Torri & Stewart 1998 (Stat Med 17:2815).

    Example
    -------
    >>> from survsim.joint_model import hazard_ratio_term
    >>> term = hazard_ratio_term(0.75, {"chemo": 1}, {"chemo": 0}, study="c", conf_low=0.60, conf_high=0.94)
    >>> round(term.payload["se"], 4)
    0.1145
    """
    name = f"hazard ratio of {study}"
    ratio = between("hazard_ratio", hazard_ratio, 0.0, np.inf)
    row = {
        "label": name, "value": ratio, "conf_low": conf_low, "conf_high": conf_high, "conf_level": conf_level,
        "p_value": p_value, "n_event": n_event,
    }  # fmt: skip
    terms = Terms(beyond_counts=beyond_counts)
    if std_error is not None:
        row["std_error"] = between("std_error", std_error, 0.0, np.inf)
    refuse_no_pattern("comparator", comparator, f"the hazard_ratio term of {study}")
    found = _taken(row, "hazard_ratio", terms)
    if std_error is not None and not found.flagged:
        # An error given by name is what the caller wants, once an interval beside it was seen to agree.
        found = _taken(row | {"conf_low": None, "conf_high": None}, "hazard_ratio", terms)
    payload = {
        "log_hr": found.estimate,
        "se": found.std_error,
        "comparator": comparator,
        "comparator_arm": comparator_arm,
    }
    term = make_term("hazard_ratio", study, covariates, "", payload, common)
    if pattern(covariates) == pattern(comparator):
        raise InputError(
            f"{name}: covariates and comparator are alike ({dict(covariates)!r}), so that it contrasts nothing. Give the "
            "covariate in which the two arms differ."
        )
    return term


def rate_term(
    events: float,
    person_time: float,
    covariates: Mapping[str, Any] | None = None,
    *,
    study: str,
    unit: str,
    start: float = 0.0,
    follow_up: float | None = None,
    **common: Any,
) -> EvidenceTerm:
    """Events and person-time of an arm: ``d ~ Poisson(T sum_k w_k h_k)``.

    w_k is the share of the person-time in interval k. Sources do not print it: it is taken as that of
    patients who enter at `start` and leave at the crude rate d/T, up to `follow_up` (to the end if None).

    Parameters
    ----------
    events : a whole number, 0 or more.
    person_time : total in `unit`.

    Returns
    -------
    EvidenceTerm : of kind "rate".

    Raises
    ------
    InputError : events below 0 or no whole number, person-time not above 0, a `follow_up` before `start`, an unknown unit.

    Reference: Holford 1980 (Biometrics 36:299).

    Example
    -------
    >>> from survsim.joint_model import rate_term
    >>> rate_term(6, 120.0, study="d_2001", unit="months", follow_up=36).payload["events"]
    6.0
    """
    d = float(whole_number("events", events, MOST_EVENTS, least=0.0))
    total = between("person_time", person_time, 0.0, np.inf)
    begin = between("start", start, 0.0, np.inf, open_ends=False)
    end = np.inf if follow_up is None else between("follow_up", follow_up, begin, np.inf)
    payload = {"events": d, "person_time": total, "start": begin, "follow_up": end}
    return make_term("rate", study, covariates or {}, unit, payload, common)


def _patterns_of(surv: Surv, covariates: Any) -> Any:
    """A frame with a row a patient where columns came, else the one pattern of all."""
    if isinstance(covariates, Mapping):
        if not several_values(covariates):
            return covariates
        mixed = [str(name) for name, value in covariates.items() if isinstance(value, Mapping)]
        if mixed:
            raise InputError(
                f"covariates has shares of categories for {', '.join(mixed)} beside columns with a row a patient. Give each "
                "patient a category, or one value or shares of each covariate for all."
            )
        covariates = as_frame(covariates, "covariates")
    if hasattr(covariates, "columns"):
        covariates = surv.paired("covariates", covariates)
        if len(covariates) != len(surv):
            raise InputError(f"covariates has {len(covariates)} rows for {len(surv)} patients.")
        nested = [
            str(name)
            for name, column in covariates.items()
            if not all(isinstance(v, Hashable) for v in column)
        ]
        if nested:
            raise InputError(
                f"covariates holds several values a patient in {', '.join(nested)}; give each a column of its own."
            )
    return covariates


def _several(name: str, values: Any) -> FloatArray:
    return float_vector(name, [values] if dimensions(values) == 0 else list(values))


def _one_each(name: str, column: str, values: Any, k: int) -> FloatArray:
    """One number a time; a single number stands for all, NaN for what is not printed."""
    given = np.atleast_1d(numbers(f"{name}: {column}", values if dimensions(values) == 0 else list(values)))
    if given.size not in (1, k):
        raise InputError(f"{name}: {column} has {given.size} numbers for {k} times.")
    return np.broadcast_to(given, (k,))


def _taken(row: Mapping[str, Any], scale: str, terms: Terms) -> PrintedNumber:
    found = take(row, scale, terms)
    if isinstance(found, Refusal):
        raise EvidenceError(found.text)
    return found
