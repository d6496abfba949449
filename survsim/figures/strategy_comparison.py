"""Strategies side by side: an estimate a row, its interval over draws, the Monte Carlo error apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import InputError
from survsim.core.names import readable
from survsim.figures import placing, style

if TYPE_CHECKING:
    from survsim.simulation.outcomes.compare import StrategyComparison
    from survsim.simulation.outcomes.decision import Decision

WORDS = {
    "survival_time": "restricted mean survival",
    "progression_free_time": "restricted mean progression-free time",
    "quality_adjusted_time": "quality-adjusted time",
    "alive": "P(alive)",
    "progression_free": "P(alive without progression)",
    "cost": "cost",
}


@style.styled
def draw_comparison(
    comparison: StrategyComparison,
    ax: Any = None,
    *,
    measure: str | None = None,
    time: float | None = None,
    title: str = "",
) -> Any:
    """Draw the paired differences of one measure from the reference strategy.

    Parameters
    ----------
    measure, time : which measure, such as "survival_time" and 24; default the first.

    Returns
    -------
    Axes; points carry ``gid`` "point:<strategy>", intervals "interval:<strategy>", errors "mc:<strategy>".
    """
    full = _named(comparison.measures, measure, time)
    m = comparison.measures.index(full)
    shown = [i for i, s in enumerate(comparison.strategies) if s != comparison.reference]
    reference = comparison.labels[comparison.strategies.index(comparison.reference)]
    ax = _rows(
        ax,
        [comparison.strategies[i] for i in shown],
        [comparison.labels[i] for i in shown],
        comparison.difference[m, shown],
        comparison.conf_low[m, shown],
        comparison.conf_high[m, shown],
        comparison.mc_std_error[m, shown],
    )
    ax.axvline(0.0, color=style.SOFT, linewidth=0.9, zorder=0)
    kind, _, at = full.partition("@")
    unit = comparison.time_unit if kind.endswith("_time") else ""
    if comparison.units and comparison.units[m] not in ("share", "cost"):
        unit = comparison.units[m]
    joint = "at" if kind in ("alive", "progression_free") else "to"
    horizon = f" {joint} {at} {comparison.time_unit}" if at else ""
    bracket = f" ({unit})" if unit else ""
    ax.set_xlabel(f"Difference in {WORDS.get(kind, readable(kind))}{horizon}{bracket}\nagainst {reference}")
    _note(ax, comparison.conf_level, title)
    return ax


@style.styled
def draw_decision(decision: Decision, ax: Any = None, *, title: str = "") -> Any:
    """Draw the expected outcome of each strategy, with P(best) written at the right.

    Returns
    -------
    Axes; points carry ``gid`` "point:<strategy>", intervals "interval:<strategy>", errors "mc:<strategy>".
    """
    ax = _rows(
        ax,
        decision.strategies,
        decision.labels,
        decision.expected,
        decision.conf_low,
        decision.conf_high,
        decision.mc_std_error,
    )
    for row, share in enumerate(decision.probability_best):
        ax.annotate(
            f"{share:.0%}",
            (1.0, row),
            (6, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            color=style.INK,
            fontsize=style.small(),
            annotation_clip=False,
        )
    ax.annotate(
        "P(best)",
        (1.0, 1.0),
        (6, 2),
        xycoords="axes fraction",
        textcoords="offset points",
        color=style.SOFT,
        fontsize=style.small(),
        annotation_clip=False,
    )
    words = WORDS.get(decision.outcome, readable(decision.outcome))
    named = decision.outcome_unit not in ("", "share", "cost")
    unit = decision.time_unit if decision.outcome.endswith("_time") else decision.unit if named else ""
    bracket = f" ({unit})" if unit else ""
    ax.set_xlabel(f"Expected {words} to {decision.tau:g} {decision.time_unit}{bracket}")
    _note(ax, decision.conf_level, title)
    return ax


def _named(measures: Sequence[str], measure: str | None, time: float | None) -> str:
    if measure is None:
        return measures[0]
    full = measure if time is None else f"{measure}@{float(time):.12g}"
    if full not in measures:
        raise InputError(f"{full} was not simulated; there are: {', '.join(measures)}.")
    return full


def _rows(
    ax: Any,
    names: Sequence[str],
    labels: Sequence[str],
    estimate: FloatArray,
    low: FloatArray,
    high: FloatArray,
    error: FloatArray,
) -> Any:
    ax = style.new_axes(7.2, 0.9 + 0.42 * len(names), rows=len(names), row=0.4) if ax is None else ax
    for row, name in enumerate(names):
        x = float(estimate[row])
        if np.isfinite(low[row]):
            ax.plot(
                [low[row], high[row]],
                [row, row],
                color=style.colour(0),
                linewidth=1.4,
                gid=f"interval:{name}",
            )
        ax.plot([x], [row], "o", color=style.colour(0), markersize=5, gid=f"point:{name}")
        wide = 1.96 * float(error[row])
        ax.plot(
            [x - wide, x + wide],
            [row + 0.22, row + 0.22],
            color=style.colour(1),
            linewidth=1.4,
            gid=f"mc:{name}",
        )
    ax.set_yticks(range(len(names)), list(labels))
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x", color=style.GRID, linewidth=0.8)
    return ax


def _note(ax: Any, level: float, title: str) -> None:
    """What the two lines are: the interval, and below it the Monte Carlo error."""
    from matplotlib.lines import Line2D

    lines = [
        Line2D([], [], color=style.colour(0), marker="o", markersize=5, linewidth=1.4),
        Line2D([], [], color=style.colour(1), linewidth=1.4),
    ]
    placing.legend(
        ax, lines, [f"{level:.0%} interval over parameter draws", f"{level:.0%} Monte Carlo interval"]
    )
    placing.title(ax, title)
