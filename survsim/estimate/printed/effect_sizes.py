"""Log hazard ratio and standard error from whatever a report prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from survsim.core.checks import FloatArray, between
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns, from_rows
from survsim.estimate.printed.number import PrintedNumber, Terms
from survsim.estimate.printed.records import records_of
from survsim.estimate.printed.refusal import Refusal
from survsim.estimate.printed.road import take, take_or_raise

UNNAMED = "the study"
"""Of an effect whose study was given no label; among others it is counted ("study 2")."""


@result
class EffectSize(Result):
    """One log hazard ratio with its error and the way it was found.

    Attributes
    ----------
    log_hazard_ratio, std_error : the effect, research over control.
    variance_of_logrank : V = 1 / std_error^2; observed_minus_expected : O - E = log HR * V.
    route : "hr and interval", "hr and upper limit", "hr and p", "hr and events", "p and events", "o-e and v", "curves and
        numbers at risk" or "curves".
    conf_level : of `conf_low` and `conf_high`, the limits of the hazard ratio; p_value : two-sided, normal.
    asymmetry : log HR minus the middle of the printed interval; NaN on routes without an interval.
    flagged : printed numbers contradict one another: the asymmetry is above 0.02 and more than rounding explains,
        or whatever is printed beside the route (hazard ratio, interval, standard error, p-value, events, O and E, `favours`)
        is far from what the route gives; `notes` say which.
    label : the row it belongs to.
    notes : what a reader should know.
    """

    log_hazard_ratio: float
    std_error: float
    route: str
    label: str
    asymmetry: float = float("nan")
    flagged: bool = False
    notes: tuple[str, ...] = ()
    conf_level: float = 0.95

    @property
    def hazard_ratio(self) -> float:
        """The effect on the ratio scale."""
        return float(np.exp(self.log_hazard_ratio))

    @property
    def conf_low(self) -> float:
        """Lower limit of the hazard ratio."""
        return float(np.exp(self.log_hazard_ratio - _z(self.conf_level) * self.std_error))

    @property
    def conf_high(self) -> float:
        """Upper limit of the hazard ratio."""
        return float(np.exp(self.log_hazard_ratio + _z(self.conf_level) * self.std_error))

    @property
    def p_value(self) -> float:
        """Two-sided p-value of no effect, normal."""
        return 2.0 * float(ndtr(-abs(self.log_hazard_ratio) / self.std_error))

    @property
    def variance_of_logrank(self) -> float:
        """V of the log-rank test that would give this standard error."""
        return 1.0 / self.std_error**2

    @property
    def observed_minus_expected(self) -> float:
        """O - E of the research arm."""
        return self.log_hazard_ratio * self.variance_of_logrank

    def columns(self) -> Columns:
        """One row: label, log_hazard_ratio, std_error, hazard_ratio, conf_low, conf_high, p_value,
        route, asymmetry, flagged."""
        return _columns([self])

    def headline(self) -> str:
        """Effect and route."""
        return "\n".join([f"Effect size of {self.label} from {self.route}", *self.notes])


@result
class EffectSizes(Result):
    """Effect sizes of several studies, ready for `meta_analysis`.

    Attributes
    ----------
    effects : the single results, in order.
    log_hazard_ratio, std_error : (k,).
    labels : (k,); sources : (k,) references, or empty when rows carried none.
    studies : (k,) the study each row is from, for ``meta_analysis(..., clusters=effects.studies)``: two rows of
        one study share patients.
    left_out : (label, reason) of records that are no hazard ratio or lack an error.
    """

    effects: tuple[EffectSize, ...]
    log_hazard_ratio: FloatArray
    std_error: FloatArray
    labels: tuple[str, ...]
    sources: tuple[str, ...]
    studies: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...] = ()

    def columns(self) -> Columns:
        """One row an effect: label, log_hazard_ratio, std_error, hazard_ratio, conf_low, conf_high, p_value,
        route, asymmetry, flagged."""
        return _columns(self.effects)

    def headline(self) -> str:
        """How many were used, flagged and left out."""
        flagged = [e.label for e in self.effects if e.flagged]
        lines = [f"{len(self.effects)} effect sizes (log hazard ratio)"]
        if flagged:
            lines.append(f"Printed numbers do not fit one another (see notes): {', '.join(flagged)}")
        lines += [f"Left out: {label} ({reason})" for label, reason in self.left_out]
        return "\n".join(lines)


def effect_size(
    record: Any = None,
    *,
    hazard_ratio: float | None = None,
    conf_low: float | None = None,
    conf_high: float | None = None,
    conf_level: float = 0.95,
    one_sided: bool = False,
    p_value: float | None = None,
    n_event: float | Sequence[float] | None = None,
    n_arm: Sequence[float] = (1.0, 1.0),
    favours: str | None = None,
    observed_minus_expected: float | None = None,
    variance: float | None = None,
    observed: Sequence[float] | None = None,
    expected: Sequence[float] | None = None,
    label: str = UNNAMED,
    source: str | Iterable[str] = (),
    beyond_counts: str = "widen",
    assume_level: float | None = None,
) -> EffectSize:
    """Log hazard ratio and standard error by the best route that the given numbers allow.

    With V the log-rank variance, ``log HR = (O - E) / V`` and ``SE = 1 / sqrt(V)``. Routes in order:
    O - E and V; O and E of both arms, ``HR = (O_r / E_r) / (O_c / E_c)``, ``SE^2 = 1 / E_r + 1 / E_c``;
    HR and interval, ``SE = (log U - log L) / (2 z)``; HR and a one-sided limit, ``SE = |log U - log HR| / z``; HR and p, ``SE = |log HR| / z_p``; HR and
    events, ``V = O R C / (R + C)^2`` or ``O_r O_c / (O_r + O_c)``; p and events, ``O - E = z_p sqrt(V)``.
    Events beside another route bound it: ``SE >= 2 / sqrt(d)``, by arm ``sqrt(1/d1 + 1/d2)``. Numbers that say the same
    thing twice are compared within their rounding (`survsim.estimate.printed.agreement`).

    Parameters
    ----------
    record : object with ``value, conf_low, conf_high, conf_level, p_value`` (an `Estimate`), instead of the
        numbers below.
    hazard_ratio, conf_low, conf_high, conf_level : as printed, research over control. A lower limit printed as 0 rounds
        what is below half a unit of its last digit: the error is then that of the upper limit.
    one_sided : the one limit given is one-sided at `conf_level`, which is then above 0.5; a p-value beside it is
        not used then, as its sides are seldom stated. Refused without a limit, or with two.
    p_value : two-sided; give twice a one-sided one. 0 is one that was rounded, and gives no error. Beside an interval it is compared with it: further than half a standard
        error (and a quarter) is flagged.
    n_event : total, or (research, control).
    n_arm : randomised to (research, control); only their ratio counts.
    favours : "research" or "control"; the side of the effect, needed with p and events alone; flagged where the estimate is
        on the other side.
    observed_minus_expected, variance : of the research arm. What is printed beside them is not used, but compared: a
        hazard ratio, say, is flagged when it is more than half a standard error (and 0.02) away on the log scale, Peto's
        bias and rounding apart.
    observed, expected : events of the log-rank test in the (research, control) arm; what is beside them is treated likewise.
    label, source : for messages and provenance.
    beyond_counts : an error below what the events allow is widened to it and flagged ("widen"), or "refuse". Likewise for
        other contradictions: ratio and interval are taken and flagged, or refused.
    assume_level : level of a record's interval whose level was not stated; None does not use it.

    Returns
    -------
    EffectSize

    Raises
    ------
    InputError : an interval that excludes its estimate, a one-sided limit on the wrong side of it or at a level
        of 0.5 or less, one_sided without a limit, or numbers that allow no route.

    References
    ----------
    Parmar 1998, Stat Med 17:2815; Tierney 2007, Trials 8:16, equations 2 to 9.

    Example
    -------
    >>> from survsim import effect_size
    >>> e = effect_size(hazard_ratio=0.75, conf_low=0.60, conf_high=0.94)
    >>> round(e.log_hazard_ratio, 6), round(e.std_error, 6), e.route
    (-0.287682, 0.11453, 'hr and interval')
    >>> round(e.conf_low, 2), round(e.conf_high, 2), round(e.p_value, 3)
    (0.6, 0.94, 0.012)
    """
    terms = Terms(beyond_counts=beyond_counts, assume_level=assume_level, favours=favours)
    if record is not None:
        found = take_or_raise(record, "hazard_ratio", terms)
        return _effect(found, found.source or (), conf_level)
    between("conf_level", conf_level, 0.0, 1.0)
    row = {
        "value": hazard_ratio,
        "conf_low": conf_low,
        "conf_high": conf_high,
        "conf_level": conf_level,
        "one_sided": one_sided,
        "p_value": p_value,
        "n_event": n_event,
        "n_arm": n_arm,
        "observed_minus_expected": observed_minus_expected,
        "variance": variance,
        "observed": observed,
        "expected": expected,
        "label": label,
    }
    return _effect(take_or_raise(row, "hazard_ratio", terms), source, conf_level)


def _effect(found: PrintedNumber, source: Any, conf_level: float) -> EffectSize:
    return EffectSize(
        provenance=Provenance.of("effect_size", source, route=found.route, conf_level=conf_level),
        log_hazard_ratio=found.estimate,
        std_error=found.std_error,
        route=found.route,
        label=found.label,
        asymmetry=found.asymmetry,
        flagged=found.flagged,
        notes=(*found.assumed, *found.notes),
        conf_level=conf_level,
    )


def effect_sizes(
    records: Iterable[Any], *, beyond_counts: str = "refuse", assume_level: float | None = None
) -> EffectSizes:
    """Effect sizes of many rows; faults of all rows are told in one message.

    Parameters
    ----------
    records : a selection of the evidence, `Estimate` records, or mappings with the arguments of `effect_size` (and "study"). Records whose measure is
        no hazard ratio, and hazard ratios printed without any error, are left out and named.
    beyond_counts : numbers that contradict one another, as an error below what the printed events allow, are refused, or
        taken as `effect_size` takes them and flagged ("widen").
    assume_level : level of intervals whose level was not stated; None does not use them.

    Returns
    -------
    EffectSizes

    Raises
    ------
    InputError : rows that contradict themselves or hold unknown names, or nothing left to use.

    Reference: Parmar, Torri & Stewart 1998 (Stat Med 17:2815); Tierney et al. 2007 (Trials 8:16).

    Example
    -------
    >>> from survsim import effect_sizes
    >>> rows = [{"hazard_ratio": 0.7, "conf_low": 0.5, "conf_high": 0.98, "label": "trial A"},
    ...         {"hazard_ratio": 0.9, "p_value": 0.4, "label": "trial B"}]
    >>> effect_sizes(rows).std_error.round(4)
    array([0.1717, 0.1252])
    """
    effects: list[EffectSize] = []
    left_out: list[tuple[str, str]] = []
    sources: list[str] = []
    studies: list[str] = []
    faults: list[str] = []
    for position, record in enumerate(records_of(records)):
        typed = isinstance(record, Mapping)
        side = record.get("favours") if typed else None
        terms = Terms(beyond_counts=beyond_counts, assume_level=assume_level, favours=side)
        found = take(record, "hazard_ratio", terms, position)
        if isinstance(found, Refusal):
            if typed or found.contradicts:
                faults.append(found.text)
            else:
                left_out.append((found.label, found.reason))
            continue
        source = record.get("source", ()) if typed else found.source or ()
        effects.append(_effect(found, source, 0.95))
        studies.append(found.study or found.label)
        if isinstance(source, str):
            sources.append(source)
    if faults:
        raise InputError("\n".join(faults))
    if not effects:
        told = "; ".join(f"{label}: {reason}" for label, reason in left_out[:6]) or "no rows were given"
        raise InputError(f"no row gives an effect size ({told}). Widen the selection.")
    return EffectSizes(
        provenance=Provenance.of("effect_sizes", [e.provenance for e in effects]),
        effects=tuple(effects),
        log_hazard_ratio=np.array([e.log_hazard_ratio for e in effects]),
        std_error=np.array([e.std_error for e in effects]),
        labels=tuple(e.label for e in effects),
        sources=tuple(sources) if len(sources) == len(effects) else (),
        studies=tuple(studies),
        left_out=tuple(left_out),
    )


def _z(level: float) -> float:
    return float(ndtri(0.5 + level / 2.0))


def _columns(effects: Sequence[EffectSize]) -> Columns:
    names = (
        "label", "log_hazard_ratio", "std_error", "hazard_ratio", "conf_low", "conf_high", "p_value", "route",
        "asymmetry", "flagged",
    )  # fmt: skip
    return from_rows(([getattr(e, name) for name in names] for e in effects), names)
