"""One-way sensitivity as bars, widest on top; and the value of knowing each parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.result import format_number
from survsim.figures import style

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
    labels : name -> text of the axis; default the names.

    Returns
    -------
    Axes; bars carry ``gid`` "low:<name>" and "high:<name>".
    """
    shown = min(most, len(result.names))
    ax = style.new_axes(6.8, 0.9 + 0.36 * shown) if ax is None else ax
    for y in range(shown):
        for side, colour in (("low", style.PALETTE[0]), ("high", style.PALETTE[1])):
            end = float(getattr(result, f"gain_{side}")[y])
            bar = ax.barh(y, end - result.gain, left=result.gain, height=0.62, color=colour, linewidth=0)
            bar.patches[0].set_gid(f"{side}:{result.names[y]}")
        _ends(ax, y, result)
    ax.axvline(result.gain, color=style.INK, linewidth=1.0)
    if ax.get_xlim()[0] < 0 < ax.get_xlim()[1]:
        ax.axvline(0.0, color=style.SOFT, linewidth=0.8, linestyle=(0, (4, 3)))
    ax.set_yticks(range(shown), [_text(name, labels) for name in result.names[:shown]])
    ax.invert_yaxis()
    ax.margins(x=0.16)
    ax.set_xlabel(f"gain of {result.strategy} over {result.reference} ({result.unit})".replace("_", " "))
    ax.tick_params(axis="y", length=0)
    ax.legend(
        [ax.patches[1], ax.patches[0]] if shown else [],
        ["at its 97.5% draw", "at its 2.5% draw"],
        title="parameter",
        alignment="left",
        loc="lower right",
    )
    return ax


@style.styled
def draw_value_of_information(
    result: ValueOfInformation, ax: Any = None, *, most: int = 10, labels: Mapping[str, str] | None = None
) -> Any:
    """Value of knowing each parameter, largest on top, beside the value of knowing everything.

    Parameters
    ----------
    most : largest number of bars.
    labels : name -> text of the axis; default the names.

    Returns
    -------
    Axes; bars carry ``gid`` "evppi:<name>", the line "evpi".
    """
    shown = min(most, len(result.names))
    ax = style.new_axes(6.8, 0.9 + 0.36 * shown) if ax is None else ax
    for y in range(shown):
        bar = ax.barh(y, result.evppi[y], height=0.62, color=style.PALETTE[0], linewidth=0)
        bar.patches[0].set_gid(f"evppi:{result.names[y]}")
    ax.axvline(result.evpi, color=style.MARK, linewidth=1.2, gid="evpi")
    ax.annotate(
        f"everything: {format_number(result.evpi)}",
        (result.evpi, shown - 0.5),
        xytext=(-4, 0),
        textcoords="offset points",
        ha="right",
        va="bottom",
        color=style.MARK,
    )
    ax.set_yticks(range(shown), [_text(name, labels) for name in result.names[:shown]])
    ax.set_ylim(shown - 0.4, -0.6)
    ax.set_xlim(0, max(result.evpi, float(np.max(result.evppi, initial=0.0))) * 1.1 or 1.0)
    ax.set_xlabel(f"expected value of knowing it ({result.unit} a patient)")
    ax.tick_params(axis="y", length=0)
    return ax


def _ends(ax: Any, y: int, result: Tornado) -> None:
    ends = [
        (float(result.gain_low[y]), float(result.low_value[y])),
        (float(result.gain_high[y]), float(result.high_value[y])),
    ]
    for position, (gain, value) in enumerate(sorted(ends)):
        left = position == 0
        ax.annotate(
            format_number(float(f"{value:.2g}")),
            (gain, y),
            xytext=(-3 if left else 3, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=7.5,
            color=style.SOFT,
        )


def _text(name: str, labels: Any) -> str:
    return (labels or {}).get(name, name.replace("_", " "))
