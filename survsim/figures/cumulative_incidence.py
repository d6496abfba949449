"""Cumulative incidence of competing causes, and the states of a multi-state process over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.errors import InputError
from survsim.core.names import refuse_unmeant
from survsim.figures import placing, style
from survsim.figures.curves import draw_band, draw_line
from survsim.figures.time_axis import label_time, last_shown, set_time_ticks

if TYPE_CHECKING:
    from survsim.estimate.competing.aalen_johansen import AalenJohansen
    from survsim.estimate.competing.fine_gray_prediction import PredictedIncidence
    from survsim.estimate.competing.multistate_occupancy import MultistateOccupancy


@style.styled
def draw_cumulative_incidence(
    curves: AalenJohansen,
    ax: Any = None,
    *,
    causes: Sequence[Any] | None = None,
    names: Mapping[Any, str] | None = None,
    band: bool | None = None,
    origin: str = "",
    until: float | None = None,
    title: str = "",
) -> Any:
    """Draw cumulative incidence as steps: colour tells the cause, or with several groups the group.

    Parameters
    ----------
    causes : those drawn, default all.
    names : label to show for a cause or a group.
    band : whether the interval is shaded, default for up to three curves (more would hide each other).
    origin : what time counts from, for the axis.
    until : last time shown, in the unit of the curves.

    Returns
    -------
    Axes; lines carry ``gid`` "curve:<group>:<cause>", bands "band:<group>:<cause>".
    """
    wanted = list(curves.causes if causes is None else causes)
    unknown = [c for c in wanted if c not in curves.causes]
    if unknown:
        have = ", ".join(map(repr, curves.causes))
        raise InputError(f"there is no cause {unknown[0]!r}; the causes are {have}.")
    refuse_unmeant("names", names or {}, (*curves.groups, *curves.causes), "causes and groups", some=True)
    pairs = [(g, c) for g in curves.groups for c in wanted]
    band = len(pairs) <= 3 if band is None else band
    ax = style.new_axes(6.4, 4.0) if ax is None else ax
    end = last_shown(until, float(curves.time.max()))
    top = 0.0
    for group, cause in pairs:
        g = curves.groups.index(group)
        place, dash = (wanted.index(cause), 0) if len(curves.groups) == 1 else (g, wanted.index(cause))
        colour = style.colour(place)
        curve = curves.steps(group, cause)
        label = _label(group, cause, len(curves.groups), len(wanted), names or {})
        draw_line(
            ax, curve, color=colour, linestyle=style.dash(place + 3 * dash), gid=f"curve:{group}:{cause}",
            label=placing.only_name(ax, label, str((names or {}).get(group, group))),
        )  # fmt: skip
        inside = curve.time <= end
        reach = [curve.estimate[inside]]
        if band:
            draw_band(ax, curve, color=colour, alpha=0.10, gid=f"band:{group}:{cause}")
            reach.append(np.nan_to_num(np.asarray(curve.conf_high)[inside], nan=0.0))
        top = max(top, *(float(r.max()) for r in reach))
    ax.set_ylim(0.0, min(1.02, top * 1.08 if top > 0 else 1.0))
    ax.set_ylabel("Cumulative incidence")
    _finish(ax, end, curves.unit, origin, title)
    return ax


def _label(group: Any, cause: Any, n_groups: int, n_causes: int, names: Mapping[Any, str]) -> str:
    shown = [str(names.get(x, x)) for x in (group, cause)]
    if n_groups == 1:
        return shown[1]
    return shown[0] if n_causes == 1 else f"{shown[0]}, {shown[1]}"


@style.styled
def draw_multistate_occupancy(
    curves: MultistateOccupancy,
    ax: Any = None,
    *,
    group: Any = None,
    names: Mapping[Any, str] | None = None,
    origin: str = "",
    until: float | None = None,
    title: str = "",
) -> Any:
    """Draw the share of patients in each state as stepped areas that fill the axes, for one group.

    Parameters
    ----------
    group : label, default the first; names : label to show for a state.
    origin : what time counts from; until : last time shown.

    Returns
    -------
    Axes; areas carry ``gid`` "state:<state>".
    """
    group = curves.groups[0] if group is None else group
    if group not in curves.groups:
        raise InputError(f"group must be one of {', '.join(map(repr, curves.groups))}; got {group!r}.")
    refuse_unmeant("names", names or {}, curves.states, "the states", some=True)
    shares = [curves.steps(group, state) for state in curves.states]
    time = shares[0].time
    end = last_shown(until, float(time[-1]))
    ax = style.new_axes(6.4, 3.8) if ax is None else ax
    base = np.zeros(time.size)
    for k, state in enumerate(curves.states):
        above = base + shares[k].estimate
        ax.fill_between(
            time, base, above, step="post", color=style.colour(k), alpha=0.75, linewidth=0.6, edgecolor="white",
            label=(names or {}).get(state, state.replace("_", " ")), gid=f"state:{state}",
        )  # fmt: skip
        base = above
    ax.set_ylim(0.0, 1.0)
    ax.set_ylabel("Share of patients")
    _finish(ax, end, curves.unit, origin, title)
    return ax


@style.styled
def draw_predicted_incidence(
    curves: PredictedIncidence,
    ax: Any = None,
    *,
    cause: Any = None,
    names: Mapping[Any, str] | None = None,
    band: bool | None = None,
    origin: str = "",
    title: str = "",
) -> Any:
    """Draw the predicted incidence of one cause as steps, one line a patient.

    Parameters
    ----------
    cause : label, default the first; names : label to show for a patient.
    band : whether the interval is shaded, default for up to three patients.
    origin : what time counts from, for the axis.

    Returns
    -------
    Axes; lines carry ``gid`` "curve:<patient>", bands "band:<patient>".
    """
    cause = curves.causes[0] if cause is None else cause
    if cause not in curves.causes:
        raise InputError(f"cause must be one of {', '.join(map(repr, curves.causes))}; got {cause!r}.")
    refuse_unmeant("names", names or {}, (*curves.labels, *curves.causes), "patients and causes", some=True)
    band = len(curves.labels) <= 3 if band is None else band
    ax = style.new_axes(6.4, 4.0) if ax is None else ax
    for i, patient in enumerate(curves.labels):
        curve = curves.steps(patient, cause)
        label = str((names or {}).get(patient, patient))
        draw_line(
            ax, curve, label=label, gid=f"curve:{patient}", color=style.colour(i), linestyle=style.dash(i)
        )  # fmt: skip
        if band:
            draw_band(ax, curve, color=style.colour(i), alpha=0.10, gid=f"band:{patient}")
    ax.set_ylim(0.0, 1.02)
    ax.set_ylabel(f"Cumulative incidence of {(names or {}).get(cause, cause)}")
    _finish(ax, float(curves.time[-1]), curves.unit, origin, title)
    return ax


def _finish(ax: Any, end: float, unit: str, origin: str, title: str) -> None:
    ax.set_xlim(0.0, end)
    set_time_ticks(ax, end, unit)
    label_time(ax, unit, origin)
    placing.legend(ax)
    placing.title(ax, title)
