"""Parametric survival curves: predictions with bands, and families laid over the Kaplan-Meier curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.errors import InputError
from survsim.figures import placing, style
from survsim.figures.curves import draw_band, draw_line
from survsim.figures.time_axis import label_time, last_shown, set_time_ticks

if TYPE_CHECKING:
    from survsim.estimate.nonparametric.kaplan_meier import KaplanMeier
    from survsim.estimate.parametric.model_averaging import FamilyComparison
    from survsim.estimate.parametric.prediction import SurvivalPrediction

LARGEST = 8


@style.styled
def draw_prediction(
    prediction: SurvivalPrediction,
    ax: Any = None,
    *,
    names: Sequence[str] | None = None,
    endpoint: str = "Survival",
    origin: str = "",
    title: str = "",
) -> Any:
    """Draw predicted survival of up to eight patients with their interval bands.

    Parameters
    ----------
    prediction : from ``fit.predict_survival(data, times)``; give many times for a smooth curve.
    names : one label a patient.
    endpoint, origin, title : words for the axes.

    Returns
    -------
    Axes; lines carry ``gid`` "curve:<patient>", bands "band:<patient>", the end of data "end-of-data".
    """
    count = prediction.survival.shape[0]
    if count > LARGEST:
        raise InputError(f"{count} curves cannot be told apart; predict for up to {LARGEST} patients.")
    labels = [f"patient {i}" for i in range(count)] if names is None else list(names)
    if len(labels) != count:
        raise InputError(f"names has {len(labels)} labels for {count} patients.")
    ax = style.new_axes() if ax is None else ax
    for i, label in enumerate(labels):
        look = {"color": style.colour(i), "linestyle": style.dash(i)}
        curve = prediction.steps(i)
        draw_line(ax, curve, label=label, gid=f"curve:{i}", **look)
        draw_band(ax, curve, color=style.colour(i), alpha=0.14, gid=f"band:{i}")
    _finish(ax, float(prediction.time.max()), prediction.end_of_follow_up, prediction.unit, endpoint, origin)
    if count > 1 or names is not None:
        placing.legend(ax)
    placing.title(ax, title)
    return ax


@style.styled
def draw_comparison(
    comparison: FamilyComparison,
    ax: Any = None,
    *,
    kaplan_meier: KaplanMeier | None = None,
    until: float | None = None,
    endpoint: str = "Survival",
    origin: str = "",
    title: str = "",
) -> Any:
    """Draw the fitted curves of all families (without covariates), over the Kaplan-Meier curve if given.

    Parameters
    ----------
    comparison : from ``compare_families(surv)``.
    kaplan_meier : the curve of the same patients, drawn in steps.
    until : last time shown; beyond the end of data the families part, which is the point.

    Returns
    -------
    Axes; lines carry ``gid`` "family:<name>" and "kaplan-meier".
    """
    first = comparison.fits[0]
    ax = style.new_axes() if ax is None else ax
    end = last_shown(until, first.end_of_follow_up)
    grid = np.linspace(0.0, end, 300)
    if kaplan_meier is not None:
        seen = kaplan_meier.steps()
        draw_line(ax, seen, color=style.INK, linewidth=1.1, label="Kaplan-Meier", gid="kaplan-meier")
    table = comparison.to_frame().set_index("family")["delta_aic"]
    for i, fit in enumerate(sorted(comparison.fits, key=lambda f: f.aic)):
        label = f"{fit.family.replace('_', ' ')} (AIC +{table[fit.family]:.1f})"
        curve = fit.distribution().survival(grid)
        look = {"color": style.colour(i), "linestyle": style.dash(i)}
        ax.plot(grid, curve, label=label, gid=f"family:{fit.family}", **look)
    _finish(ax, end, first.end_of_follow_up, first.surv.unit, endpoint, origin)
    placing.legend(ax)
    placing.title(ax, title)
    return ax


def _finish(ax: Any, end: float, data_end: float, unit: str, endpoint: str, origin: str) -> None:
    ax.set_xlim(0.0, end)
    ax.set_ylim(0.0, 1.02)
    set_time_ticks(ax, end, unit)
    label_time(ax, unit, origin)
    ax.set_ylabel(f"{endpoint} (proportion)")
    if data_end < end:
        ax.axvline(data_end, color=style.SOFT, linewidth=0.8, linestyle=(0, (3, 3)), gid="end-of-data")
        ax.annotate(
            "end of data", xy=(data_end, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 2),
            textcoords="offset points", color=style.SOFT, fontsize=style.small(), ha="center", va="bottom",
            annotation_clip=False,
        )  # fmt: skip
