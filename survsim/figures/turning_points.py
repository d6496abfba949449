"""Where an answer turns: gains of each strategy along one parameter, the others as they were drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import one_of
from survsim.core.errors import InputError
from survsim.core.names import readable
from survsim.figures import placing, style
from survsim.figures.panels import panels
from survsim.figures.ratio_axis import ratio_ticks

if TYPE_CHECKING:
    from survsim.scenario.turning import TurningPoints

TICKS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
PANEL = 2.3
"""Inches a panel takes at the least."""


@style.styled
def draw_turning_points(
    result: TurningPoints,
    ax: Any = None,
    *,
    parameter: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Any:
    """Gain over the reference along each parameter; a diamond where a gain changes sign or another strategy leads.

    Parameters
    ----------
    parameter : the one to draw, default all, a panel each.
    labels : name -> text, for parameters and strategies; default the names in words.

    Returns
    -------
    The axes of one panel, or a list of axes; curves carry ``gid`` "gain:<parameter>:<strategy>", turns
    "turn:<parameter>:<number>". The grey band holds 95% of the draws of the parameter.
    """
    if parameter is not None:
        one_of("parameter", parameter, result.names)
    shown = [parameter] if parameter is not None else list(result.names)
    if ax is not None and len(shown) > 1:
        raise InputError(
            f"there are {len(shown)} panels ({', '.join(shown)}); say by `parameter` which one `ax` is for."
        )
    axes = [ax] if ax is not None else panels(len(shown), width=7.2, height=2.9, least=PANEL, columns=3)
    for one, name in zip(axes, shown):
        _panel(one, result, name, labels or {})
    first = axes[0].get_subplotspec()
    for one in axes:
        place = one.get_subplotspec()
        if ax is not None or place.colspan.start == first.colspan.start:
            one.set_ylabel(
                f"Gain to {result.tau:g} {result.unit} over\n{_words(result.reference, labels)} ({result.unit})"
            )
    low, high = (f(one.get_ylim()[i] for one in axes) for i, f in enumerate((min, max)))
    for one in axes:
        one.set_ylim(low, high)
    placing.legend(axes[-1], *axes[0].get_legend_handles_labels(), where="below", columns=1)
    return axes[0] if len(shown) == 1 else axes


def _panel(ax: Any, result: TurningPoints, name: str, labels: Mapping[str, str]) -> None:
    k = result.names.index(name)
    against = result.strategies.index(result.reference)
    x = result.values[k]
    low, high = np.quantile(result.drawn[k], [0.025, 0.975])
    ax.axvspan(
        max(low, x[0]),
        min(high, x[-1]),
        color=style.GRID,
        alpha=0.5,
        linewidth=0,
        zorder=0,
        gid=f"believed:{name}",
    )
    ax.axhline(0.0, color=style.SOFT, linewidth=0.8, linestyle=(0, (4, 3)))
    others = [s for s in range(len(result.strategies)) if s != against]
    for i, s in enumerate(others):
        gain, error = (part[k] for part in result.apart(s, against))
        strategy = result.strategies[s]
        ax.fill_between(
            x, gain - 1.96 * error, gain + 1.96 * error, color=style.colour(i), alpha=0.18, linewidth=0
        )
        ax.plot(
            x, gain, color=style.colour(i), linestyle=style.dash(i), label=_words(strategy, labels),
            gid=f"gain:{name}:{strategy}",
        )  # fmt: skip
    turns = result.turns()
    mine = turns[
        (turns["parameter"] == name)
        & turns["at"].notna()
        & (turns["what"] != "favoured in half of the draws")
    ]
    # where another leads, the two meet; where a gain changes sign, it is at nothing
    whose = mine["above"].where(mine["what"] == "another is favoured", mine["strategy"])
    for number, (at, strategy) in enumerate(zip(mine["at"].to_numpy(float), whose)):
        level = np.interp(at, x, result.apart(result.strategies.index(strategy), against)[0][k])
        ax.plot([at], [level], "D", color=style.MARK, markersize=5, zorder=4, gid=f"turn:{name}:{number}")
    if x[0] > 0.0:
        ax.set_xscale("log")
        ratio_ticks(ax, [t for t in TICKS if x[0] * 0.99 <= t <= x[-1] * 1.01])
    ax.set_xlim(x[0], x[-1])
    ax.set_xlabel(_words(name, labels))


def _words(name: str, labels: Mapping[str, str] | None) -> str:
    return str((labels or {}).get(name, readable(name)))
