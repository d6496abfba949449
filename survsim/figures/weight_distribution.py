"""Treatment weights of the two groups, one above the other: whether few patients stand for many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import one_of
from survsim.core.names import refuse_unmeant
from survsim.figures import placing, style

if TYPE_CHECKING:
    from survsim.estimate.causal.treatment_weights import TreatmentWeights

SHOWN = ("weight", "propensity")


@style.styled
def draw_weights(
    weights: TreatmentWeights,
    ax: Any = None,
    *,
    show: str = "weight",
    bins: int = 20,
    names: Mapping[Any, str] | None = None,
    title: str = "",
) -> Any:
    """Draw mirrored histograms of weights (or propensities): treated upwards, untreated downwards.

    Parameters
    ----------
    weights : of `treatment_weights`.
    ax : axes to draw on; made if None.
    show : "weight" or "propensity".
    bins : number of bins over the joint range.
    names : labels to show for the groups.
    title : words above the picture.

    Returns
    -------
    Axes.
    """
    one_of("show", show, SHOWN)
    refuse_unmeant("names", names or {}, weights.groups, "the groups", some=True)
    values = weights.weight if show == "weight" else weights.propensity
    ax = style.new_axes(6.4, 3.4) if ax is None else ax
    edges = np.histogram_bin_edges(values, bins=bins)
    if edges[0] == edges[-1]:
        edges = edges + np.linspace(-0.05, 0.05, edges.size)
    tallest = 0.0
    for g, label in enumerate(weights.groups):
        mine = values[weights.treated == bool(g)]
        count, _ = np.histogram(mine, edges)
        tallest = max(tallest, float(count.max()))
        name = (names or {}).get(label, str(label))
        words = f"{name}: {mine.size} patients, weigh as {weights.effective_size[g]:.1f}"
        ax.bar(
            edges[:-1], count * (1 if g else -1), width=np.diff(edges), align="edge", color=style.colour(g),
            alpha=0.75, edgecolor="white", linewidth=0.6, gid=f"group:{label}",
            label=placing.only_name(ax, words, name),
        )  # fmt: skip
    ax.axhline(0.0, color=style.INK, linewidth=0.8)
    ax.set_ylim(-1.1 * tallest, 1.1 * tallest)
    ticks = [t for t in ax.get_yticks() if abs(t) <= 1.1 * tallest and float(t).is_integer()]
    ax.set_yticks(ticks, [f"{abs(t):g}" for t in ticks])
    ax.set_ylabel("Patients")
    ax.set_xlabel("Weight" if show == "weight" else f"Propensity (chance of {weights.groups[1]})")
    placing.legend(ax, columns=1)
    placing.title(ax, title)
    return ax
