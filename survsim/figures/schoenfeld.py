"""Scaled Schoenfeld residuals against time: is a hazard ratio the same early and late?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray, one_of
from survsim.core.names import refuse_unmeant
from survsim.figures import placing, style
from survsim.figures.panels import panels
from survsim.figures.time_axis import label_time, set_time_ticks

if TYPE_CHECKING:
    from survsim.estimate.cox.result import CoxFit

SPAN = 0.75
"""Share of the events in each local fit of the smooth line, as loess has it by default."""


@style.styled
def schoenfeld_plot(
    fit: CoxFit, term: str | None = None, ax: Any = None, *, names: Mapping[str, str] | None = None
) -> Any:
    """Draw, term by term, how the log hazard ratio varies with time; a level line is what the model assumes.

    Points are scaled Schoenfeld residuals plus the coefficient, the line is their local linear smooth
    (tricube weights over three quarters of the events), dashes mark the fitted coefficient and its interval.

    Parameters
    ----------
    fit : the regression.
    term : one term; all of them, side by side, if None (then `ax` must be None).
    ax : axes for one term; made if None.
    names : labels to show for terms.

    Returns
    -------
    Axes of one term, or an array of axes.

    Raises
    ------
    InputError : a term the fit lacks, or `ax` for several terms.

    Reference: Grambsch & Therneau (1994), Biometrika 81:515.

    Example
    -------
    >>> from survsim import Surv, cox_ph
    >>> from survsim.figures import schoenfeld_plot
    >>> surv = Surv.right([4, 3, 1, 2, 5, 6, 7, 8], [1, 1, 1, 0, 1, 1, 1, 1], unit="months")
    >>> fit = cox_ph(surv, None, np.array([0.3, 1.2, 0.8, 0.1, -0.4, 0.2, -1.0, -0.6])[:, None])
    >>> len(schoenfeld_plot(fit).lines) >= 2
    True
    """
    refuse_unmeant("names", names or {}, fit.terms, "the terms", some=True)
    residuals = fit.residuals("scaled_schoenfeld")
    shown = list(fit.terms) if term is None else [one_of("term", term, fit.terms)]
    axes = [ax] if ax is not None and len(shown) == 1 else _panels(len(shown))
    low, high = fit.limits()
    for panel, name in zip(axes, shown):
        j = fit.terms.index(name)
        time, value = residuals["time"].to_numpy(float), residuals[name].to_numpy(float)
        panel.plot(
            time, value, "o", markersize=3.5, color=style.SOFT, markeredgewidth=0, gid=f"residuals:{name}"
        )
        panel.plot(time, local_line(time, value), color=style.PALETTE[0], gid=f"smooth:{name}")
        panel.axhline(
            fit.estimate[j], color=style.MARK, linewidth=1.0, linestyle=(0, (5, 3)), gid=f"fitted:{name}"
        )
        panel.axhspan(low[j], high[j], color=style.MARK, alpha=0.08, linewidth=0)
        panel.axhline(0, color=style.GRID, linewidth=0.8, zorder=0)
        end = float(fit.surv.time[fit.surv.event].max())
        panel.set_xlim(0, end * 1.03)
        set_time_ticks(panel, end, fit.surv.unit, most=6)
        label_time(panel, fit.surv.unit)
        placing.title(panel, str((names or {}).get(name, name)))
    for panel in axes:
        if panel.get_subplotspec() is None or panel.get_subplotspec().is_first_col():
            panel.set_ylabel("Log hazard ratio")
    return axes[0] if len(axes) == 1 else np.array(axes, dtype=object)


def local_line(time: FloatArray, value: FloatArray) -> FloatArray:
    """Local linear smooth (n,) at each time, tricube weights over the nearest share of the points."""
    n = time.size
    near = max(min(n, 3), int(np.ceil(SPAN * n)))
    out = np.empty(n)
    for i in range(n):
        distance = np.abs(time - time[i])
        reach = np.sort(distance)[near - 1] or 1.0
        weight = np.clip(1.0 - (distance / (reach * 1.0001)) ** 3, 0.0, None) ** 3
        centred = time - time[i]
        s0, s1, s2 = weight.sum(), weight @ centred, weight @ centred**2
        det = s0 * s2 - s1 * s1
        level = weight @ value / s0
        out[i] = (
            level
            if det <= 1e-12 * s0 * s2
            else (s2 * (weight @ value) - s1 * (weight @ (value * centred))) / det
        )
    return out


def _panels(count: int) -> list[Any]:
    if count == 1:
        return [style.new_axes(3.1, 2.9)]
    return panels(count, width=min(2.5 * count + 0.6, 10.6), height=2.6, least=1.9)
