"""Shares from several places on one axis, told apart by what kind of number each is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import number_columns, require_columns
from survsim.core.errors import InputError
from survsim.figures import placing, style

if TYPE_CHECKING:
    import pandas as pd

MARKERS = ("o", "s", "D", "^")


@style.styled
def share_dots(frame: pd.DataFrame, ax: Any = None, *, axis: str = "Share", title: str = "") -> Any:
    """Draw one row a share: a mark whose shape and colour say of what kind it is, and of how many where that is known.

    Parameters
    ----------
    frame : columns label, share (0 to 1), kind; patients, where there is such a column, stands at the right of the mark.
    axis : words of the axis; title : above everything.

    Returns
    -------
    Axes; marks carry ``gid`` "share:<label>".

    Raises
    ------
    InputError : a column that is missing, no rows, more than four kinds, or a share outside 0 to 1.

    Example
    -------
    >>> import pandas as pd
    >>> from survsim.figures import share_dots
    >>> frame = pd.DataFrame({"label": ["a model", "a series"], "share": [0.2, 0.05], "kind": ["model", "observed"]})
    >>> len(share_dots(frame).get_yticks())
    2
    """
    require_columns(frame, ["label", "kind"], "frame")
    number_columns(frame, ["share"])
    if not len(frame):
        raise InputError("frame has no rows; give at least one share.")
    share = frame["share"].to_numpy(float)
    if not ((share >= 0.0) & (share <= 1.0)).all():
        raise InputError("share must lie between 0 and 1 in every row.")
    kinds = [str(k) for k in dict.fromkeys(frame["kind"])]
    if len(kinds) > len(MARKERS):
        raise InputError(f"at most {len(MARKERS)} kinds can be told apart; got {len(kinds)}.")
    ax = style.new_axes(6.8, 0.9 + 0.36 * len(frame), rows=len(frame), row=0.36) if ax is None else ax
    patients = frame["patients"].to_numpy(float) if "patients" in frame else np.full(share.size, np.nan)
    for y, (label, kind) in enumerate(zip(frame["label"], frame["kind"].astype(str))):
        k = kinds.index(kind)
        ax.plot([0.0, share[y]], [y, y], color=style.GRID, linewidth=1.0, zorder=0)
        ax.plot([share[y]], [y], MARKERS[k], color=style.colour(k), markersize=6, gid=f"share:{label}")
        if np.isfinite(patients[y]):
            ax.annotate(
                f"of {patients[y]:g}", (share[y], y), xytext=(7, 0), textcoords="offset points", ha="left", va="center",
                fontsize=style.small(), color=style.SOFT,
            )  # fmt: skip
    for k, kind in enumerate(kinds):
        ax.plot([], [], MARKERS[k], color=style.colour(k), markersize=6, label=kind)
    ax.set_yticks(range(len(frame)), [str(x) for x in frame["label"]])
    ax.set_ylim(len(frame) - 0.4, -0.6)
    ax.set_xlim(-0.02, 1.02)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(axis)
    placing.legend(ax, columns=2)
    placing.title(ax, title)
    return ax
