"""One-way sensitivity as bars, widest on top; and the value of knowing each parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.names import readable
from survsim.core.result import format_number
from survsim.figures import placing, style

if TYPE_CHECKING:
    from survsim.simulation.outcomes.sensitivity import Tornado
    from survsim.simulation.outcomes.value_of_information import ValueOfInformation


@style.styled
def draw_tornado(
    result: Tornado, ax: Any = None, *, most: int = 10, labels: Mapping[str, str] | None = None
) -> Any:
    """Expected gain with each parameter at its 2.5% and 97.5% draw, at most `most` bars.

    Parameters
    ----------
    most : largest number of bars.
    labels : name -> text of the axis; default the names in words; those of the strategies too.

    Returns
    -------
    Axes; bars carry ``gid`` "low:<name>" and "high:<name>".
    """
    shown = min(most, len(result.names))
    ax = style.new_axes(6.8, 0.9 + 0.36 * shown, rows=shown, row=0.36) if ax is None else ax
    for y in range(shown):
        for side, colour in (("low", style.PALETTE[0]), ("high", style.PALETTE[1])):
            end = float(getattr(result, f"gain_{side}")[y])
            bar = ax.barh(y, end - result.gain, left=result.gain, height=0.62, color=colour, linewidth=0)
            bar.patches[0].set_gid(f"{side}:{result.names[y]}")
        _ends(ax, y, result)
    ax.axvline(result.gain, color=style.INK, linewidth=1.0)
    if ax.get_xlim()[0] < 0 < ax.get_xlim()[1]:
        ax.axvline(0.0, color=style.SOFT, linewidth=0.8, linestyle=(0, (4, 3)))
    ax.set_yticks(range(shown), [str((labels or {}).get(n, readable(n))) for n in result.names[:shown]])
    ax.invert_yaxis()
    ax.margins(x=0.16)
    words = (str((labels or {}).get(n, readable(n))) for n in (result.strategy, result.reference))
    ax.set_xlabel(f"Gain of {' over '.join(words)} ({result.unit})")
    ax.tick_params(axis="y", length=0)
    handles = [ax.patches[0], ax.patches[1]] if shown else []
    placing.legend(ax, handles, ["parameter at its 2.5% draw", "at its 97.5% draw"])
    return ax


@style.styled
def draw_value_of_information(
    result: ValueOfInformation, ax: Any = None, *, most: int = 10, labels: Mapping[str, str] | None = None
) -> Any:
    """Value of knowing each parameter, largest on top, beside the value of knowing everything.

    Parameters
    ----------
    most : largest number of bars.
    labels : name -> text of the axis; default the names in words; those of the strategies too.

    Returns
    -------
    Axes; bars carry ``gid`` "evppi:<name>", the line "evpi".
    """
    shown = min(most, len(result.names))
    ax = style.new_axes(6.8, 0.9 + 0.36 * shown, rows=shown, row=0.36) if ax is None else ax
    for y in range(shown):
        bar = ax.barh(y, result.evppi[y], height=0.62, color=style.PALETTE[0], linewidth=0)
        bar.patches[0].set_gid(f"evppi:{result.names[y]}")
    ax.axvline(result.evpi, color=style.MARK, linewidth=1.2, gid="evpi")
    ax.annotate(
        f"everything: {format_number(result.evpi)}",
        xy=(result.evpi, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 2),
        textcoords="offset points",
        ha="right",
        va="bottom",
        color=style.MARK,
        fontsize=style.small(),
        annotation_clip=False,
    )
    ax.set_yticks(range(shown), [str((labels or {}).get(n, readable(n))) for n in result.names[:shown]])
    ax.set_ylim(shown - 0.4, -0.6)
    ax.set_xlim(0, max(result.evpi, float(np.max(result.evppi, initial=0.0))) * 1.1 or 1.0)
    ax.set_xlabel(f"Expected value of knowing it ({result.unit} a patient)")
    ax.tick_params(axis="y", length=0)
    return ax


def _ends(ax: Any, y: int, result: Tornado) -> None:
    ends = [
        (float(result.gain_low[y]), float(result.low_value[y])),
        (float(result.gain_high[y]), float(result.high_value[y])),
    ]
    for position, (gain, value) in enumerate(sorted(ends)):
        left = position == 0
        # both ends may lie on one side of the middle; their numbers stand outside the bar all the same
        outside = min(gain, result.gain) if left else max(gain, result.gain)
        ax.annotate(
            format_number(float(f"{value:.2g}")),
            (outside, y),
            xytext=(-3 if left else 3, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=0.88 * style.small(),
            color=style.SOFT,
            # the line of no gain may run behind a number
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )
