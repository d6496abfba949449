"""Predicted survival of a group, with the interval over posterior draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from survsim.figures import placing, style
from survsim.figures.time_axis import label_time, set_time_ticks

if TYPE_CHECKING:
    from survsim.estimate.joint_model.prediction import EvidencePrediction


@style.styled
def draw_evidence_prediction(
    prediction: EvidencePrediction, ax: Any = None, *, index: int = 0, label: str = "", origin: str = ""
) -> Any:
    """Draw the median curve, its interval and the predictive curve of the next patient (dashed).

    Parameters
    ----------
    index : number of the colour, for several predictions on one `ax`.
    label : name of the group in the legend, default the prediction's own.
    origin : what time counts from, for the axis.

    Returns
    -------
    Axes; lines carry ``gid`` "median:<label>" and "predictive:<label>".
    """
    ax = style.new_axes(6.4, 4.0) if ax is None else ax
    frame = prediction.to_frame()
    name, colour = label or prediction.label, style.colour(index)
    ax.fill_between(
        frame["time"], frame["conf_low"], frame["conf_high"], color=colour, alpha=0.16, linewidth=0
    )
    ax.plot(frame["time"], frame["survival"], color=colour, label=name, gid=f"median:{name}")
    ax.plot(
        frame["time"], frame["predictive"], color=colour, linestyle=(0, (4, 2)), linewidth=1.2,
        label=placing.only_name(ax, f"{name}, next patient", name), gid=f"predictive:{name}",
    )  # fmt: skip
    unit = prediction.distribution.time_unit
    ax.set_ylim(0, 1.02)
    ax.set_xlim(0, float(frame["time"].iloc[-1]))
    set_time_ticks(ax, float(frame["time"].iloc[-1]), unit)
    label_time(ax, unit, origin)
    ax.set_ylabel("Survival (proportion)")
    placing.legend(ax)
    return ax
