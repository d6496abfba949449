"""The answer under each structural alternative: gains of a few strategies, one row an alternative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import one_of
from survsim.core.names import readable
from survsim.figures import placing, style

if TYPE_CHECKING:
    from survsim.scenario.structural import StructuralSensitivity


@style.styled
def draw_structure(
    result: StructuralSensitivity,
    ax: Any = None,
    *,
    tau: float | None = None,
    strategies: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Any:
    """Gain over the reference with its interval over draws, and whether another strategy comes first.

    Parameters
    ----------
    tau : horizon, default the last; strategies : at most four, default the two with the highest mean as declared.
    labels : strategy -> words of the legend.

    Returns
    -------
    Axes; points carry ``gid`` "gain:<alternative>:<strategy>"; a ring marks who comes first there.
    """
    at = result.taus.index(one_of("tau", float(tau or result.taus[-1]), result.taus))
    order = np.argsort(result.rank[0, at])
    chosen = list(strategies) if strategies is not None else [result.strategies[i] for i in order[:2]]
    for name in chosen:
        one_of("strategies", name, result.strategies)
    rows = len(result.alternatives)
    ax = style.new_axes(7.2, 1.1 + 0.34 * rows, rows=rows, row=0.34) if ax is None else ax
    for k, name in enumerate(chosen[:4]):
        s = result.strategies.index(name)
        y = np.arange(rows) + (k - (len(chosen) - 1) / 2) * 0.22
        for row in range(rows):
            ax.plot(
                [result.gain_low[row, at, s], result.gain_high[row, at, s]], [y[row]] * 2,
                color=style.colour(k), linewidth=1.1,
            )  # fmt: skip
            first = result.rank[row, at, s] == 1
            (point,) = ax.plot(
                result.gain[row, at, s], y[row], "o", color=style.colour(k), markersize=6.5 if first else 4.0,
                markerfacecolor=style.colour(k) if first else "white",
            )  # fmt: skip
            point.set_gid(f"gain:{result.alternatives[row]}:{name}")
        ax.plot([], [], "o-", color=style.colour(k), label=(labels or {}).get(name, readable(name)))
    ax.axvline(0.0, color=style.SOFT, linewidth=0.8, linestyle=(0, (4, 3)))
    ax.set_yticks(range(rows), result.labels)
    ax.set_ylim(rows - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(
        f"Gain over {readable(result.reference)} to {result.taus[at]:g} {result.unit} ({result.unit}); filled: first"
    )
    placing.legend(ax)
    return ax
