"""Power against size, one curve a design, with the Monte Carlo error as a thin bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from survsim.core.checks import number_columns, require_columns
from survsim.figures import placing, style

if TYPE_CHECKING:
    import pandas as pd


@style.styled
def power_curves(
    frame: pd.DataFrame,
    ax: Any = None,
    *,
    goal: float = 0.8,
    size_label: str = "patients randomised",
    title: str = "",
) -> Any:
    """Draw the share of trials that reject against their size.

    Parameters
    ----------
    frame : columns design, n, power, mc_std_error.
    goal : power wanted, drawn as a dashed line.

    Returns
    -------
    Axes; lines carry ``gid`` "power:<design>".

    Raises
    ------
    InputError : a column that is missing.

    Example
    -------
    >>> import pandas as pd
    >>> from survsim.figures import power_curves
    >>> frame = pd.DataFrame({"design": "plain", "n": [50, 100], "power": [0.5, 0.8], "mc_std_error": [0.02, 0.01]})
    >>> power_curves(frame).get_xlabel()
    'patients randomised'
    """
    require_columns(frame, ["design"], "frame")
    number_columns(frame, ["n", "power", "mc_std_error"])
    ax = style.new_axes(6.4, 4.0) if ax is None else ax
    for i, (name, rows) in enumerate(frame.groupby("design", sort=False)):
        rows = rows.sort_values("n", kind="stable")
        ax.errorbar(
            rows["n"],
            rows["power"],
            yerr=1.96 * rows["mc_std_error"],
            color=style.colour(i),
            linestyle=style.dash(i),
            marker="o",
            markersize=3.5,
            elinewidth=0.8,
            label=str(name),
            gid=f"power:{name}",
        )
    ax.axhline(goal, color=style.SOFT, linewidth=0.8, linestyle=(0, (4, 3)))
    ax.set_ylim(0, 1.02)
    ax.set_xlim(left=0)
    ax.set_xlabel(size_label)
    ax.set_ylabel("Share of trials that find a difference")
    placing.legend(ax)
    placing.title(ax, title)
    return ax
