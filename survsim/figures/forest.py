"""Forest plots: a pooled result with its studies, and effect sizes before they are pooled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from survsim.core.checks import FloatArray
from survsim.core.errors import InputError
from survsim.core.names import readable
from survsim.figures import placing, style
from survsim.figures.forest_rows import ForestRow, draw_rows, forest_axes

if TYPE_CHECKING:
    from survsim.estimate.printed.effect_sizes import EffectSizes
    from survsim.estimate.synthesis.pooling import MetaAnalysis


@style.styled
def draw_meta_analysis(
    pooled: MetaAnalysis,
    ax: Any = None,
    *,
    measure: str = "Hazard ratio",
    ratio: bool = True,
    limits: tuple[float, float] | None = None,
    sides: tuple[str, str] | None = None,
    sort: bool = False,
    title: str = "",
) -> Any:
    """Draw the studies with their weights, the pooled diamond, the prediction interval and the heterogeneity.

    Parameters
    ----------
    pooled : the meta-analysis.
    ax : axes to draw on; made if None.
    measure : name of what the axis shows.
    ratio : True when the analysis was on a log scale (hazard ratios, medians): numbers are shown as ratios.
    limits, sides, title : of the axes; limits are the lower first, above 0 on an axis of ratios.
    sort : order the studies by estimate.
    """
    scale: Callable[[float], FloatArray] = np.exp if ratio else np.asarray
    frame = pooled.to_frame()
    ends = frame.loc[frame["kind"] != "study", ["conf_low", "conf_high"]].to_numpy()
    if ratio and np.abs(ends).max() > 300.0:
        raise InputError("the effects are too large for a ratio axis; pass ratio=False and name the measure.")
    studies = frame[frame["kind"] == "study"]
    studies = studies.sort_values("estimate", kind="stable") if sort else studies
    rows = [_row(study, "study", str(study["label"]), scale) for _, study in studies.iterrows()]
    last = frame.set_index("kind")
    rows.append(ForestRow(label="Heterogeneity", kind="heading", detail=_heterogeneity(pooled)))
    rows.append(_row(last.loc["pooled"], "pooled", "Pooled mean", scale))
    rows.append(_row(last.loc["prediction"], "prediction", "New study (prediction)", scale))
    ax = forest_axes(rows, ax)
    draw_rows(ax, rows, measure=measure, null=1.0 if ratio else 0.0, ratio=ratio, limits=limits, sides=sides)
    placing.title(ax, title)
    return ax


@style.styled
def draw_effect_sizes(
    effects: EffectSizes,
    ax: Any = None,
    *,
    conf_level: float = 0.95,
    limits: tuple[float, float] | None = None,
    sides: tuple[str, str] | None = None,
    title: str = "",
) -> Any:
    """Draw hazard ratios that have not been pooled; an asterisk marks an interval that does not fit.

    Parameters
    ----------
    effects : the effect sizes.
    ax : axes to draw on; made if None.
    conf_level : level of the intervals drawn.
    limits, sides, title : of the axes; limits are the lower first, above 0 on an axis of ratios.
    """
    z = float(ndtri(0.5 + conf_level / 2.0))
    rows = [
        ForestRow(
            label=readable(effect.label),
            after=" *" if effect.flagged else "",
            name=effect.label + (" *" if effect.flagged else ""),
            estimate=effect.hazard_ratio,
            conf_low=float(np.exp(effect.log_hazard_ratio - z * effect.std_error)),
            conf_high=float(np.exp(effect.log_hazard_ratio + z * effect.std_error)),
        )
        for effect in effects.effects
    ]
    ax = forest_axes(rows, ax)
    draw_rows(ax, rows, measure="Hazard ratio", null=1.0, ratio=True, limits=limits, sides=sides)
    placing.title(ax, title)
    return ax


def _row(values: Any, kind: str, label: str, scale: Callable[[float], FloatArray]) -> ForestRow:
    return ForestRow(
        label=readable(label),
        name=label,
        kind=kind,
        estimate=float(scale(values["estimate"])),
        conf_low=float(scale(values["conf_low"])),
        conf_high=float(scale(values["conf_high"])),
        weight=float(values["weight"]) if kind == "study" else float("nan"),
    )


def _heterogeneity(pooled: MetaAnalysis) -> str:
    low, high = (_short(limit) for limit in (pooled.tau2_conf_low, pooled.tau2_conf_high))
    # A fixed effect takes tau2 for 0, and leaves it no limits.
    limits = "" if pooled.method == "fixed" else f" ({low} to {high})"
    return f"τ² {_short(pooled.tau2)}{limits}, I² {pooled.i2:.0f}%"


def _short(variance: float) -> str:
    """Two digits, and no power of ten in a picture: what rounds to nothing is "<0.001"."""
    if variance == 0 or not variance < 1e-3:
        return f"{variance:.2g}"
    return "<0.001"
