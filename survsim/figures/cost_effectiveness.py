"""The plane of gains and their costs, and decisions along thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from survsim.core.checks import one_of
from survsim.core.errors import InputError
from survsim.core.names import readable
from survsim.figures import placing, style

if TYPE_CHECKING:
    from survsim.simulation.outcomes.cost_effectiveness import CostEffectiveness
    from survsim.simulation.outcomes.threshold_curves import ThresholdCurves

MOST_POINTS = 2000
"""Draws shown of each strategy, evenly spread: more would hide one another."""


@style.styled
def draw_plane(
    weighed: CostEffectiveness,
    ax: Any = None,
    *,
    threshold: float | None = None,
    per: str | None = None,
    title: str = "",
) -> Any:
    """Draw each draw's difference in effect and cost from the reference, and the mean of each strategy.

    Parameters
    ----------
    threshold, per : a line of what a unit of effect may cost, such as 50000 with per="years".

    Returns
    -------
    Axes; draws carry ``gid`` "draws:<strategy>", means "mean:<strategy>", the line "threshold".
    """
    ax = style.new_axes(6.4, 4.8) if ax is None else ax
    effect, cost = weighed.difference("effect"), weighed.difference("cost")
    every = max(1, effect.shape[1] // MOST_POINTS)
    ax.axhline(0.0, color=style.SOFT, linewidth=0.9, zorder=0)
    ax.axvline(0.0, color=style.SOFT, linewidth=0.9, zorder=0)
    shown = [i for i, name in enumerate(weighed.strategies) if name != weighed.reference]
    handles = []
    for place, i in enumerate(shown):
        name, colour = weighed.strategies[i], style.colour(place)
        if effect.shape[1] > 1:
            ax.plot(
                effect[i, ::every], cost[i, ::every], "o", color=colour, markersize=2.4, alpha=0.35, markeredgewidth=0,
                gid=f"draws:{name}",
            )  # fmt: skip
        handles += ax.plot(
            [effect[i].mean()], [cost[i].mean()], "D", color=colour, markersize=7, markeredgecolor="white", zorder=4,
            gid=f"mean:{name}", label=weighed.labels[i],
        )  # fmt: skip
    if threshold is not None:
        price = weighed.price(threshold, per)
        ax.axline(
            (0.0, 0.0), slope=price, color=style.MARK, linewidth=1.1, linestyle=(0, (4, 3)), gid="threshold", zorder=1
        )  # fmt: skip
        placing.remark(ax, f"Dashed: {threshold:,.6g} {weighed.cost_unit} per {_one(per)}", colour=style.MARK)
    reference = weighed.labels[weighed.strategies.index(weighed.reference)]
    ax.margins(0.1)
    ax.set_xlabel(
        f"Difference in {readable(weighed.effect)} to {weighed.tau:g} {weighed.time_unit} ({weighed.effect_unit})\n"
        f"against {reference}"
    )
    ax.set_ylabel(f"Difference in {readable(weighed.cost)} ({weighed.cost_unit})")
    placing.legend(ax, handles, [str(h.get_label()) for h in handles])
    placing.title(ax, title)
    return ax


_SHOWN = ("acceptability", "net_benefit", "expected_loss", "value_of_information")


@style.styled
def draw_threshold_curves(
    curves: ThresholdCurves,
    ax: Any = None,
    *,
    show: Literal["acceptability", "net_benefit", "expected_loss", "value_of_information"] = "acceptability",
    title: str = "",
) -> Any:
    """Draw what would be chosen along thresholds.

    Parameters
    ----------
    show : "acceptability" with its frontier, "net_benefit" with intervals over draws, "expected_loss", or
        "value_of_information" (of everything).

    Returns
    -------
    Axes; curves carry ``gid`` "curve:<strategy>", intervals "band:<strategy>", the frontier "frontier", the value of
    information "evpi".
    """
    one_of("show", show, _SHOWN)
    if curves.thresholds.size < 2:
        raise InputError("curves need at least two thresholds; give more to curves(...).")
    ax = style.new_axes(6.8, 4.4) if ax is None else ax
    x = curves.thresholds
    if show == "value_of_information":
        ax.plot(x, curves.evpi, color=style.colour(0), gid="evpi")
    else:
        _by_strategy(ax, curves, show)
    if show == "acceptability":
        ax.plot(
            x, curves.frontier(), color=style.INK, linewidth=3.2, alpha=0.35, zorder=1, gid="frontier", label="frontier"
        )  # fmt: skip
        ax.set_ylim(-0.02, 1.02)
    words = {
        "acceptability": "Probability of being best",
        "net_benefit": f"Net benefit ({curves.unit})",
        "expected_loss": f"Expected loss of choosing it ({curves.unit} a patient)",
        "value_of_information": f"Value of knowing everything ({curves.unit} a patient)",
    }
    ax.set_xlim(x[0], x[-1])
    if show in ("expected_loss", "value_of_information"):
        ax.set_ylim(bottom=0.0)
    ax.set_xlabel(f"Threshold ({curves.unit} per {_one(curves.per)} of {readable(curves.effect)})")
    ax.set_ylabel(words[show])
    if show != "value_of_information":
        placing.legend(ax)
    placing.title(ax, title)
    return ax


def _by_strategy(ax: Any, curves: ThresholdCurves, show: str) -> None:
    values = {
        "acceptability": curves.probability_best,
        "net_benefit": curves.net_benefit,
        "expected_loss": curves.expected_loss,
    }[show]
    for i, name in enumerate(curves.strategies):
        ax.plot(
            curves.thresholds, values[i], color=style.colour(i), linestyle=style.dash(i), label=curves.labels[i],
            gid=f"curve:{name}",
        )  # fmt: skip
        if show == "net_benefit" and np.isfinite(curves.conf_low[i]).all():
            ax.fill_between(
                curves.thresholds, curves.conf_low[i], curves.conf_high[i], color=style.colour(i), alpha=0.12, linewidth=0,
                gid=f"band:{name}",
            )  # fmt: skip


def _one(per: str | None) -> str:
    """A unit as it stands after per: years as year."""
    return (per or "").removesuffix("s")
