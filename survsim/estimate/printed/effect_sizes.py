"""Log hazard ratio and standard error from whatever a report prints."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from survsim.core.checks import FloatArray, between
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns, from_rows
from survsim.estimate.printed.published_points import is_ordinary_interval

if TYPE_CHECKING:
    pass

ASYMMETRY_LIMIT = 0.02
"""Distance on the log scale between an estimate and the middle of its interval beyond which it is flagged."""
LOGRANK_SHARE = 0.5
"""Share of a standard error by which a printed hazard ratio may differ from exp((O - E) / V): Peto's one-step
estimate and a Cox estimate of the same data differ by less, unless the effect is very large."""


@result
class EffectSize(Result):
    """One log hazard ratio with its error and the way it was found.

    Attributes
    ----------
    log_hazard_ratio, std_error : the effect, research over control.
    variance_of_logrank : V = 1 / std_error^2; observed_minus_expected : O - E = log HR * V.
    route : "hr and interval", "hr and p", "hr and events", "p and events", "o-e and v", "curves and
        numbers at risk" or "curves".
    asymmetry : log HR minus the middle of the printed interval; NaN on routes without an interval.
    flagged : printed numbers contradict one another: the asymmetry is above 0.02 (rounding or a misprint), or
        the hazard ratio is far from ``exp((O - E) / V)``; `notes` say which.
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

    @property
    def hazard_ratio(self) -> float:
        """The effect on the ratio scale."""
        return float(np.exp(self.log_hazard_ratio))

    @property
    def variance_of_logrank(self) -> float:
        """V of the log-rank test that would give this standard error."""
        return 1.0 / self.std_error**2

    @property
    def observed_minus_expected(self) -> float:
        """O - E of the research arm."""
        return self.log_hazard_ratio * self.variance_of_logrank

    def columns(self) -> Columns:
        """One row: label, log_hazard_ratio, std_error, hazard_ratio, route, asymmetry, flagged."""
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
        """One row an effect: label, log_hazard_ratio, std_error, hazard_ratio, route, asymmetry, flagged."""
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
    label: str = "the study",
    source: Any = (),
) -> EffectSize:
    """Log hazard ratio and standard error by the best route that the given numbers allow.

    With V the log-rank variance, ``log HR = (O - E) / V`` and ``SE = 1 / sqrt(V)``. Routes in order:
    O - E and V; HR and interval, ``SE = (log U - log L) / (2 z)``; HR and a one-sided limit,
    ``SE = |log U - log HR| / z``; HR and p, ``SE = |log HR| / z_p``; HR and
    events, ``V = O R C / (R + C)^2`` or ``O_r O_c / (O_r + O_c)``; p and events, ``O - E = z_p sqrt(V)``.

    Parameters
    ----------
    record : object with ``value, conf_low, conf_high, conf_level, p_value`` (an `Estimate`), instead of the
        numbers below.
    hazard_ratio, conf_low, conf_high, conf_level : as printed, research over control.
    one_sided : the one limit given is one-sided at `conf_level`, which is then above 0.5; a p-value beside it is
        not used then, as its sides are seldom stated.
    p_value : two-sided.
    n_event : total, or (research, control).
    n_arm : randomised to (research, control); only their ratio counts.
    favours : "research" or "control"; the side of the effect, needed with p and events alone.
    observed_minus_expected, variance : of the research arm. A hazard ratio printed beside them is not used, but
        flagged when it is more than half a standard error (and 0.02) away on the log scale.
    label, source : for messages and provenance.

    Raises
    ------
    InputError : an interval that excludes its estimate, a one-sided limit on the wrong side of it or at a level
        of 0.5 or less, or numbers that allow no route.

    References
    ----------
    Parmar 1998, Stat Med 17:2815; Tierney 2007, Trials 8:16, equations 2 to 9.

    Example
    -------
    >>> from survsim import effect_size
    >>> e = effect_size(hazard_ratio=0.75, conf_low=0.60, conf_high=0.94)
    >>> round(e.log_hazard_ratio, 6), round(e.std_error, 6), e.route
    (-0.287682, 0.11453, 'hr and interval')
    """
    if record is not None:
        return effect_size(**_numbers_of(record), favours=favours)
    given = {"hazard_ratio": hazard_ratio, "conf_low": conf_low, "conf_high": conf_high, "p_value": p_value}
    numbers = {name: _optional(name, value, label) for name, value in given.items()}
    hr, low, high, p = (numbers[name] for name in given)
    _check_level(conf_level, one_sided, label)
    _check_ratio(hr, low, high, label, one_sided)
    if p is not None and not 0.0 < p < 1.0:
        raise InputError(
            f"{label}: p_value must lie in (0, 1); got {p:g}. A bound such as <0.001 is no value."
        )
    asymmetry, notes = float("nan"), []
    limit = high if low is None else low
    if observed_minus_expected is not None or variance is not None:
        route = "o-e and v"
        effect, error = _from_logrank(observed_minus_expected, variance, label)
        notes = _logrank_notes(effect, error, hr)
    elif hr is not None and low is not None and high is not None:
        route = "hr and interval"
        effect = np.log(hr)
        error = np.log(high / low) / (2.0 * float(ndtri(0.5 + conf_level / 2.0)))
        asymmetry = effect - 0.5 * np.log(high * low)
        notes = _interval_notes(effect, error, asymmetry, p)
    elif one_sided and hr is not None and limit is not None:
        route = "hr and one-sided limit"
        effect, error = np.log(hr), abs(np.log(limit / hr)) / float(ndtri(conf_level))
    elif hr is not None and p is not None and hr != 1.0:
        route = "hr and p"
        effect, error = np.log(hr), abs(np.log(hr)) / -float(ndtri(p / 2.0))
    elif n_event is not None and hr is not None:
        route = "hr and events"
        effect, error = np.log(hr), _event_variance(n_event, n_arm, label) ** -0.5
    elif n_event is not None and p is not None:
        route = "p and events"
        effect, error = _from_p_and_events(p, _event_variance(n_event, n_arm, label), favours, label)
    else:
        raise InputError(
            f"{label}: {_told(numbers)} allow no route to a standard error. Give a hazard ratio with its interval, "
            "p-value or events; p-value and events; or observed_minus_expected and variance."
        )
    return EffectSize(
        provenance=Provenance.of("effect_size", source, route=route, conf_level=conf_level),
        log_hazard_ratio=float(effect),
        std_error=float(error),
        route=route,
        label=label,
        asymmetry=float(asymmetry),
        flagged=bool(abs(asymmetry) > ASYMMETRY_LIMIT or (route == "o-e and v" and notes)),
        notes=tuple(notes),
    )


def effect_sizes(records: Iterable[Any]) -> EffectSizes:
    """Effect sizes of many rows; faults of all rows are told in one message.

    Parameters
    ----------
    records : `Estimate` records, or mappings with the arguments of `effect_size` (and "study"). Records whose measure is
        no hazard ratio, and hazard ratios printed without any error, are left out and named.

    Raises
    ------
    InputError : rows that contradict themselves or hold unknown names, or nothing left to use.

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
    for position, record in enumerate(records):
        numbers = dict(record) if isinstance(record, Mapping) else _numbers_of(record)
        numbers.setdefault("label", f"row {position}")
        study = str(numbers.pop("study", None) or getattr(record, "study_id", None) or numbers["label"])
        unknown = [str(name) for name in numbers if name not in _ARGUMENTS]
        if unknown:
            faults.append(
                f"{numbers['label']}: {', '.join(map(repr, unknown))} is no argument of effect_size; "
                f"a row may hold {', '.join(_ARGUMENTS)} and study."
            )
            continue
        measure = getattr(record, "measure", "hazard_ratio")
        if measure != "hazard_ratio":
            left_out.append((numbers["label"], f"its measure is {measure}"))
            continue
        if getattr(record, "value_qualifier", "") in ("upper_bound", "lower_bound"):
            left_out.append((numbers["label"], "printed as a bound"))
            continue
        if not isinstance(record, Mapping) and all(
            numbers.get(name) is None for name in ("conf_low", "conf_high", "p_value")
        ):
            left_out.append((numbers["label"], "printed without an ordinary interval or p-value"))
            continue
        try:
            effects.append(effect_size(**numbers))
        except InputError as error:
            faults.append(str(error))
            continue
        studies.append(study)
        if isinstance(numbers.get("source"), str):
            sources.append(numbers["source"])
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


_ARGUMENTS = tuple(name for name in inspect.signature(effect_size).parameters if name != "record")


def _numbers_of(record: Any) -> dict[str, Any]:
    """The arguments of `effect_size` from an `Estimate`-like record; NaN counts as not printed."""

    def read(name: str) -> float | None:
        value = getattr(record, name, None)
        return None if value is None or value != value else float(value)

    usable = is_ordinary_interval(record)
    numbers: dict[str, Any] = {
        "hazard_ratio": read("value"),
        "conf_low": read("conf_low") if usable else None,
        "conf_high": read("conf_high") if usable else None,
        # A bound ("p < 0.001") is no value to compute an error from.
        "p_value": None if getattr(record, "p_qualifier", "") in ("<", ">", "<=", ">=") else read("p_value"),
        "conf_level": read("conf_level") or 0.95,
        "one_sided": getattr(record, "conf_note", "") == "one_sided",
        "label": str(getattr(record, "estimate_id", None) or getattr(record, "study_id", "the study")),
    }
    if numbers["one_sided"]:
        # One limit is the whole interval here, and the sides of the p-value beside it are seldom stated.
        numbers |= {"conf_low": read("conf_low"), "conf_high": read("conf_high")}
    elif numbers["conf_low"] is None or numbers["conf_high"] is None:
        numbers["conf_low"] = numbers["conf_high"] = None
    reference = getattr(record, "reference", None)
    if reference is not None:
        numbers["source"] = str(reference)
    return numbers


def _optional(name: str, value: Any, label: str) -> float | None:
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{label}: {name} must be a number; got {value!r}.") from None
    return None if number != number else number


def _check_ratio(
    hr: float | None, low: float | None, high: float | None, label: str, one_sided: bool
) -> None:
    for name, value in (("hazard_ratio", hr), ("conf_low", low), ("conf_high", high)):
        if value is not None and not 0.0 < value < np.inf:
            raise InputError(
                f"{label}: {name} must be positive and finite; got {value:g}. Is it a log ratio?"
            )
    if (low is None) != (high is None) and not one_sided:
        raise InputError(
            f"{label}: an interval needs both ends; conf_low {low}, conf_high {high}. "
            "If the source prints a one-sided limit, pass one_sided=True."
        )
    if one_sided and hr is not None:
        _check_side(hr, low, high, label)
    if hr is None or low is None or high is None:
        return
    if not low <= hr <= high or low == high:
        raise InputError(
            f"{label}: interval {low:g} to {high:g} excludes its estimate {hr:g} or is empty. "
            "Check the row against the source."
        )


def _check_level(conf_level: float, one_sided: bool, label: str) -> None:
    between("conf_level", conf_level, 0.0, 1.0)
    if one_sided and not conf_level > 0.5:
        raise InputError(
            f"{label}: a one-sided limit at conf_level {conf_level:g} does not lie beyond the estimate; levels are above "
            "0.5. For an upper limit pass conf_high and, say, conf_level=0.975."
        )


def _check_side(hr: float, low: float | None, high: float | None, label: str) -> None:
    """A lower limit lies below its estimate, an upper one above."""
    for name, limit, wrong in (
        ("conf_low", low, low is not None and low >= hr),
        ("conf_high", high, high is not None and high <= hr),
    ):
        if wrong:
            side = "below" if name == "conf_low" else "above"
            raise InputError(
                f"{label}: {name} {limit:g} does not lie {side} its estimate {hr:g}. "
                "Check the row against the source, and which of the two limits it prints."
            )


def _logrank_notes(effect: float, error: float, hr: float | None) -> list[str]:
    """Whether the printed hazard ratio and O - E over V tell one story."""
    if hr is None or abs(np.log(hr) - effect) <= max(ASYMMETRY_LIMIT, LOGRANK_SHARE * error):
        return []
    return [
        f"(O - E) / V gives a hazard ratio of {np.exp(effect):.3g}, {hr:g} is printed: perhaps O - E of the other arm "
        "or a misprint"
    ]


def _interval_notes(effect: float, error: float, asymmetry: float, p: float | None) -> list[str]:
    notes = []
    if abs(asymmetry) > ASYMMETRY_LIMIT:
        notes.append(
            f"the estimate lies {asymmetry:+.3f} (log scale) from the middle of its interval: rounding or a misprint"
        )
    if p is not None and effect != 0.0:
        from_p = abs(effect) / -float(ndtri(p / 2.0))
        if not 0.8 < from_p / error < 1.25:
            notes.append(
                f"p = {p:g} would give a standard error of {from_p:.3g}, the interval gives {error:.3g}"
            )
    return notes


def _from_logrank(o_minus_e: float | None, variance: float | None, label: str) -> tuple[float, float]:
    if o_minus_e is None or variance is None or not variance > 0.0 or not np.isfinite(o_minus_e):
        raise InputError(
            f"{label}: observed_minus_expected and a positive variance belong together; "
            f"got {o_minus_e} and {variance}."
        )
    return o_minus_e / variance, variance**-0.5


def _event_variance(n_event: float | Sequence[float], n_arm: Sequence[float], label: str) -> float:
    """V from events (Tierney 2007, equations 5 and 9)."""
    events = np.atleast_1d(np.asarray(n_event, dtype=float))
    arms = np.asarray(n_arm, dtype=float)
    if events.size not in (1, 2) or not np.all(events > 0.0) or not np.all(np.isfinite(events)):
        raise InputError(f"{label}: n_event is the positive total or (research, control); got {n_event!r}.")
    if arms.size != 2 or not np.all(arms > 0.0):
        raise InputError(f"{label}: n_arm is (research, control), both positive; got {n_arm!r}.")
    if events.size == 2:
        return float(events.prod() / events.sum())
    return float(events[0] * arms.prod() / arms.sum() ** 2)


def _from_p_and_events(p: float, variance: float, favours: str | None, label: str) -> tuple[float, float]:
    if favours not in ("research", "control"):
        raise InputError(
            f"{label}: a p-value has no side; pass favours='research' or 'control' as the text says."
        )
    sign = -1.0 if favours == "research" else 1.0
    return sign * -float(ndtri(p / 2.0)) / variance**0.5, variance**-0.5


def _told(numbers: dict[str, float | None]) -> str:
    given = [f"{name} {value:g}" for name, value in numbers.items() if value is not None]
    return ", ".join(given) if given else "no numbers"


def _columns(effects: Sequence[EffectSize]) -> Columns:
    names = ("label", "log_hazard_ratio", "std_error", "hazard_ratio", "route", "asymmetry", "flagged")
    return from_rows(([getattr(e, name) for name in names] for e in effects), names)
