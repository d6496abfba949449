"""From places on a page to survival and time: percent, starts, noise, names, tolerances, and what must be said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from survsim.core.checks import FloatArray
from survsim.digitising.found import Axis, Hints, Panel, Refused, Trace
from survsim.digitising.rows_of_arms import LIKE, colours_apart, in_hex, numbers_of_arms, plain_key

SLOPING = 0.8
"""Corners a pixel of width: curves of a few hundred patients have under 0.6, sloping lines about 1 and more."""
LEAST_PERCENT = 5.0
"""An axis that ends between 1.5 and this may be one of a cumulative hazard, where nothing says per cent."""
MOST_REPAIRED = 0.25
"""Noise of a picture that is levelled and said; more is another kind of line."""
AT_START = 0.03
"""A curve that starts further from 1 (incidence: from 0) than this is said to."""
_UNITS = {
    "months": r"months?|mos?\.?|mths?", "years": r"years?|yrs?\.?|y", "days": r"days?|d", "weeks": r"weeks?|wks?|w"
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """Curves, marks and numbers at risk in the units of the axes; arms in the order they are given or drawn."""

    arms: tuple[str, ...]
    traces: tuple[Trace, ...]
    times: tuple[FloatArray, ...]
    values: tuple[FloatArray, ...]
    marks: tuple[FloatArray, ...]
    risk: tuple[tuple[str, float, int], ...]
    tolerance_value: float
    tolerance_time: float
    unit: str
    said: tuple[str, ...]


def meant(panel: Panel, hints: Hints, unit: str | None) -> Meaning:
    """What a panel says."""
    said: list[str] = list(panel.warnings)
    factor = _factor(panel, bool(hints.y_axis))
    _refuse_unit_square(panel, unit)
    traces = _chosen(panel.traces, hints, said)
    arms = _names(traces, hints, said)
    small_value, small_time = _tolerances(panel, traces, factor)
    times, values = [], []
    for arm, trace in zip(arms, traces, strict=True):
        if _slopes(trace):
            said.append(
                f"{arm}: no steps can be seen; it is a smooth or straight line, or a curve of very many patients."
            )
        t, v = panel.x_axis.value(trace.x), panel.y_axis.value(trace.y) / factor
        t, v = _in_order(arm, t, v, hints.kind, small_value, said)
        t, v = _from_the_start(arm, t, v, hints.kind, small_value, small_time, said)
        times.append(t)
        values.append(v)
    marks = tuple(np.maximum(panel.x_axis.value(trace.marks), 0.0) for trace in traces)
    _check_title(panel, hints, said)
    return Meaning(
        arms=arms, traces=traces, times=tuple(times), values=tuple(values), marks=marks,
        risk=numbers_of_arms(panel.at_risk, arms, traces, said), tolerance_value=small_value, tolerance_time=small_time,
        unit=_unit(panel, unit, said), said=tuple(dict.fromkeys(said)),
    )  # fmt: skip


def _refuse_unit_square(panel: Panel, unit: str | None) -> None:
    """A figure whose two axes run from 0 to 1 is an ROC or calibration curve, unless its time is the first year."""
    if re.search(
        r"(?i)sensitivit|specificit|true positive|false positive|\bROC\b",
        f"{panel.x_axis.title} {panel.y_axis.title}",
    ):
        raise Refused("the axes are those of an ROC curve, not of time and survival.", "another figure")
    printed = [value for _, value in panel.x_axis.ticks]
    years = unit == "years" or re.search(r"(?i)\b(years?|yrs?)\b", panel.x_axis.title)
    if printed and min(printed) >= 0.0 and 0.9 < max(printed) <= 1.0 and not years:
        raise Refused(
            "both axes run from 0 to 1, as those of an ROC or a calibration curve do.",
            "unit='years' if it is the first year",
        )


def _slopes(trace: Trace) -> bool:
    """Whether a trace of pixels changes at nearly every pixel, as a sloping line does."""
    if trace.unsure is None or float(np.median(trace.unsure)) < 0.05:
        return False
    corners = int((np.abs(np.diff(trace.y)) > 0).sum())
    return corners > 30 and corners > SLOPING * float(np.ptp(trace.x))


def _factor(panel: Panel, given: bool) -> float:
    """100 for an axis in percent, 1 for fractions; `given` where a person said what the axis reads."""
    printed = [value for _, value in panel.y_axis.ticks]
    top = max(printed, default=1.0)
    percent = re.search(r"%|percent", panel.y_axis.title, re.I)
    if top > 1.5 or (percent and top > 1.0):
        if top > 125 or min(printed) < -25:
            raise Refused(
                f"the vertical axis runs to {top:g}, neither a fraction nor a percentage of patients.",
                "axes= with the right values, or another panel",
            )
        if top <= LEAST_PERCENT and not percent and not given:
            raise Refused(
                f"the vertical axis runs to {top:g}, neither a fraction nor clearly a percentage: a cumulative hazard?",
                "axes= with the values of the axis, if it is in percent",
            )
        return 100.0
    return 1.0


def _in_percent(panel: Panel) -> bool:
    return max((value for _, value in panel.y_axis.ticks), default=1.0) > LEAST_PERCENT


def _chosen(traces: Sequence[Trace], hints: Hints, said: list[str]) -> tuple[Trace, ...]:
    """The traces of the colours asked for, in their order; all where no colour is named."""
    if not any(colour is not None for colour in hints.colours):
        if hints.labels and len(hints.labels) != len(traces):
            raise Refused(
                f"{len(traces)} curve(s) were found, {len(hints.labels)} arm(s) named.",
                "arms={'name': 'colour', ...} says which curve is which",
            )
        return _by_label(traces, hints.labels)
    left, chosen = list(traces), []
    for name, colour in zip(hints.labels, hints.colours, strict=True):
        away = [colours_apart(t.colour, colour) if colour else 9.0 for t in left]
        same = [t for t, d in zip(left, away, strict=True) if d < LIKE]
        if not same:
            seen = ", ".join(in_hex(t.colour) for t in traces)
            raise Refused(
                f"no curve has the colour given for {name!r}; curves have {seen}.", "arms= with one of these"
            )
        if len(same) > 1 and max(colours_apart(a.colour, same[0].colour) for a in same) < 0.02:
            said.append(f"several curves have the colour of {name!r}; the uppermost that was left was taken.")
        best = min(same, key=lambda t: colours_apart(t.colour, colour) if colour else 9.0)
        chosen.append(best)
        left = [t for t in left if t is not best]
    return tuple(chosen)


def _by_label(traces: Sequence[Trace], labels: Sequence[str]) -> tuple[Trace, ...]:
    """Traces in the order of names that were read as well; as they are where the names tell nothing."""
    known = {plain_key(t.label): t for t in traces if t.label}
    if labels and all(plain_key(name) in known for name in labels):
        return tuple(known[plain_key(name)] for name in labels)
    return tuple(traces)


def _names(traces: Sequence[Trace], hints: Hints, said: list[str]) -> tuple[str, ...]:
    """One distinct name an arm."""
    if hints.labels:
        read = {plain_key(t.label) for t in traces if t.label}
        if (
            not any(hints.colours)
            and len(traces) > 1
            and read
            and not read & {plain_key(n) for n in hints.labels}
        ):
            said.append(
                "the names given are not those of the legend; they were given to the curves from the top down."
            )
        return tuple(hints.labels)
    names: list[str] = []
    for k, trace in enumerate(traces):
        name = re.sub(r"\s+", " ", trace.label).strip(" :;,-\N{EN DASH}")
        if not name or name in names:
            name = f"arm {k + 1}"
        names.append(name)
    nameless = sum(n.startswith("arm ") for n in names)
    if 0 < nameless < len(names):
        said.append(
            f"{nameless} of {len(names)} curves have no name where others have one, and may be no curves of their own (marks, or "
            "the edge of another); look at the overlay; arms= names the curves there are."
        )
    elif nameless and len(names) > 1:
        said.append(f"{nameless} of {len(names)} curves have no name that could be read; arms= names them.")
    return tuple(names)


def _tolerances(panel: Panel, traces: Sequence[Trace], factor: float) -> tuple[float, float]:
    """Half widths within which values and times are stated."""
    unsure = [float(np.quantile(t.unsure, 0.95)) for t in traces if t.unsure is not None and t.unsure.size]
    pixel = max(unsure, default=0.5)
    value = (pixel * abs(panel.y_axis.slope) + _placed(panel.y_axis)) / factor
    time = abs(panel.x_axis.one_pixel) + _placed(panel.x_axis)
    return float(max(value, 1e-6)), float(max(time, 1e-9))


def _placed(axis: Axis) -> float:
    """How far an axis may be off; ticks all drawn at whole pixels agree with each other, and are half a pixel off together."""
    return max(axis.error, abs(axis.one_pixel) / 2)


def _in_order(
    arm: str, t: FloatArray, v: FloatArray, kind: str, small: float, said: list[str]
) -> tuple[FloatArray, FloatArray]:
    """Times that rise, values that only fall (or only rise) and stay between 0 and 1; what was repaired is said."""
    order = np.argsort(t, kind="stable")
    t, v = t[order], v[order]
    outside = float(max(v.max() - 1.0, -v.min(), 0.0))
    if outside > max(3 * small, 0.01):
        said.append(
            f"{arm}: the curve leaves the range from 0 to 1 by {outside:.3g}; check the vertical axis."
        )
    v = np.clip(v, 0.0, 1.0)
    smooth = np.minimum.accumulate(v) if kind == "survival" else np.maximum.accumulate(v)
    repaired = float(np.abs(v - smooth).max())
    if repaired > max(2 * small, 1e-6):
        way = "rises" if kind == "survival" else "falls"
        if repaired > max(MOST_REPAIRED, 5 * small):
            raise Refused(
                f"{arm} {way} by {repaired:.3g}, and a curve of {kind} cannot: it is another kind of figure, or a reading gone astray.",
                "the colour of each arm (arms=), or another figure",
            )
        said.append(f"{arm}: the trace {way} by up to {repaired:.3g} in places; it was taken as level there.")
    return t, smooth


def _from_the_start(
    arm: str, t: FloatArray, v: FloatArray, kind: str, small: float, small_time: float, said: list[str]
) -> tuple[FloatArray, FloatArray]:
    """First row at time 0 and value 1 (incidence: 0), then each change, and last the end of the curve."""
    start = 1.0 if kind == "survival" else 0.0
    span = float(max(t[-1], 1e-9))
    off = abs(float(v[0]) - start)
    early = t[0] <= max(3 * small_time, 0.015 * span)
    if off > AT_START:
        said.append(
            f"{arm}: the curve starts at {v[0]:.3g}, not at {start:g}; check the axis or say if it is a landmark."
        )
        t = np.concatenate([[0.0], t[1:]]) if early else t
    else:
        if not early:
            said.append(f"{arm}: the curve begins at time {t[0]:.3g}; before, it was taken as {start:g}.")
        if off <= max(2 * small, 2e-4):
            t, v = np.concatenate([[0.0], t[1:]]), np.concatenate([[start], v[1:]])
        else:
            t, v = np.concatenate([[0.0], np.maximum(t, 0.0)]), np.concatenate([[start], v])
    t = np.maximum(t, 0.0)
    keep = np.ones(t.size, dtype=bool)
    keep[1:-1] = np.abs(np.diff(v))[:-1] > 1e-9
    return t[keep], v[keep]


def _unit(panel: Panel, unit: str | None, said: list[str]) -> str:
    title = panel.x_axis.title.casefold()
    read = next((u for u, words in _UNITS.items() if re.search(rf"(?<![a-z])({words})(?![a-z])", title)), "")
    if unit is None:
        if not read:
            said.append("the unit of time could not be read from the axis; unit= gives it.")
        return read
    if read and read != unit:
        said.append(f"the time axis is titled {panel.x_axis.title!r}, but unit={unit!r} was given.")
    return unit


def _check_title(panel: Panel, hints: Hints, said: list[str]) -> None:
    title = panel.y_axis.title.casefold()
    incidence = re.search(r"inciden|cumulative (event|hazard|risk|mortality)|relapse|failure", title)
    if re.search(r"(cumulative|baseline|integrated)\s+hazard|nelson.{0,3}aalen", title):
        raise Refused("the vertical axis is a cumulative hazard, not survival.", "another figure")
    if "hazard" in title:
        said.append(f"the vertical axis is titled {panel.y_axis.title!r}: a hazard is no share of patients.")
    elif not title and hints.kind == "incidence" and not _in_percent(panel):
        said.append(
            "no title of the vertical axis could be read: a cumulative incidence and a cumulative hazard look the same; the curves "
            "are right for an incidence only."
        )
    if incidence and hints.kind == "survival" and "free" not in title:
        said.append(
            f"the vertical axis is titled {panel.y_axis.title!r}, but the curves were read as survival."
        )
    if "survival" in title and hints.kind == "incidence":
        said.append(
            f"the vertical axis is titled {panel.y_axis.title!r}, but the curves were read as incidence."
        )


def without(meaning: Meaning, strays: Sequence[tuple[str, float]]) -> Meaning:
    """The curves without the points that a person took out, each named by arm and time; refused where there is no such point."""
    times, values = list(meaning.times), list(meaning.values)
    for arm, at in strays:
        if arm not in meaning.arms:
            raise Refused(
                f"corrections take a point out of {arm!r}, which is no arm here.",
                f"corrections= with one of {', '.join(meaning.arms)}",
            )
        k = meaning.arms.index(arm)
        keep = np.abs(times[k] - at) > max(1e-6, 1e-9 * abs(at))
        keep[0] = True
        if keep.all():
            raise Refused(
                f"corrections take the point at {at!r} out of {arm!r}, which has none there.{_nearest(times[k][1:], at)}",
                "corrections= with the time of a point as curves.csv has it; the start of a curve stays",
            )
        times[k], values[k] = times[k][keep], values[k][keep]
    return replace(meaning, times=tuple(times), values=tuple(values))


def _nearest(times: FloatArray, at: float) -> str:
    """The point that may be meant."""
    return f" The nearest is at {float(times[np.abs(times - at).argmin()])!r}." if times.size else ""
