"""Love plot: standardised differences of covariates between treatments, before and after weighting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.names import refuse_unmeant
from survsim.figures import placing, style

if TYPE_CHECKING:
    from survsim.estimate.causal.balance import Balance

LIMIT = 0.1


@style.styled
def draw_balance(
    balance: Balance,
    ax: Any = None,
    *,
    names: Mapping[str, str] | None = None,
    comparison: str = "",
    title: str = "",
) -> Any:
    """Draw each column's standardised difference: open circle before, filled after weighting.

    Parameters
    ----------
    balance : the differences.
    ax : axes to draw on; made if None.
    names : labels to show for columns.
    comparison : words for who is compared with whom ("treated minus untreated").

    Returns
    -------
    Axes; lines carry ``gid`` "before" and "after"; the grey band is -0.1 to 0.1.
    """
    refuse_unmeant("names", names or {}, balance.terms, "the columns", some=True)
    order = np.argsort(np.abs(balance.difference_before), kind="stable")
    ax = style.new_axes(6.4, 1.5 + 0.32 * order.size, rows=order.size, row=0.3) if ax is None else ax
    at = np.arange(order.size)
    before, after = balance.difference_before[order], balance.difference_after[order]
    ax.axvspan(-LIMIT, LIMIT, color=style.GRID, zorder=0)
    ax.axvline(0.0, color=style.SOFT, linewidth=0.8, zorder=1)
    ax.hlines(at, before, after, color=style.SOFT, linewidth=0.8, zorder=2)
    ax.plot(
        before, at, "o", markersize=6.5, markerfacecolor="white", markeredgecolor=style.PALETTE[1],
        label="before weighting", gid="before", zorder=3,
    )  # fmt: skip
    ax.plot(
        after, at, "o", markersize=5.5, color=style.PALETTE[0], label="after weighting", gid="after", zorder=4
    )
    terms = [balance.terms[k] for k in order]
    ax.set_yticks(at, [(names or {}).get(t, t) for t in terms])
    ax.set_ylim(-0.6, order.size - 0.4)
    reach = 1.15 * max(LIMIT * 2, float(np.abs(np.concatenate([before, after])).max()))
    ax.set_xlim(-reach, reach)
    words = comparison or f"{balance.groups[1]} minus {balance.groups[0]}"
    ax.set_xlabel(f"Standardised mean difference ({words})")
    placing.legend(ax)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    placing.title(ax, title)
    return ax
