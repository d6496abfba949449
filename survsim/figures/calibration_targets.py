"""Targets of a calibration beside their predictions: times, probabilities and ratios each on an axis of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.errors import InputError
from survsim.core.names import readable
from survsim.figures import placing, style
from survsim.figures.ratio_axis import ratio_ticks

if TYPE_CHECKING:
    from survsim.estimate.calibration.calibrated import EvidenceCalibration
    from survsim.estimate.calibration.predictive import CalibrationChecks

PANELS = {"time": ("median", "event", "free"), "probability": ("probability",), "ratio": ("ratio",)}
USED, HELD = style.PALETTE[0], style.PALETTE[1]
ROW, WIDTH = 0.27, 7.2
"""Inches a target takes, and the whole picture."""


@style.styled
def draw_calibration_targets(
    result: CalibrationChecks,
    ax: Any = None,
    *,
    panel: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Any:
    """One row a target: the 80% predictive interval as a bar, what was observed on it, used targets above held-out ones.

    Parameters
    ----------
    panel : "time", "probability" or "ratio", the kind to draw; by default all that there are, one below the other.
    labels : label of a target -> text of the axis.

    Returns
    -------
    The axes of one panel, or a list of axes; bars carry ``gid`` "predicted:<label>:<quantity>", marks
    "observed:<label>:<quantity>". A bar without end runs on to the edge.
    """
    rows = {name: _rows(result, name) for name in PANELS}
    present = [name for name, mine in rows.items() if mine]
    if panel is not None and panel not in present:
        raise InputError(f"panel must be one of {', '.join(present)}; got {panel!r}.")
    if ax is not None and panel is None and len(present) > 1:
        raise InputError(
            f"there are {len(present)} panels ({', '.join(present)}); say which one `ax` is for."
        )
    chosen = [panel] if panel else present
    axes = [ax] if ax is not None else _figure([len(rows[name]) for name in chosen])
    for one, name in zip(axes, chosen):
        _panel(one, result, rows[name], name, labels or {})
    _key(axes[-1], result, [i for name in chosen for i in rows[name]])
    return axes[0] if panel or len(axes) == 1 else axes


@style.styled
def draw_evidence_calibration(
    result: EvidenceCalibration,
    ax: Any = None,
    *,
    panel: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Any:
    """The targets of a calibration beside their predictions, see `draw_calibration_targets`.

    Parameters
    ----------
    panel : "time", "probability" or "ratio", the kind to draw; by default all that there are, one below the other.
    labels : label of a target -> text of the axis.

    Returns
    -------
    The axes of one panel, or a list of axes.
    """
    return draw_calibration_targets(result.checks, ax, panel=panel, labels=labels)


def _rows(result: CalibrationChecks, panel: str) -> list[int]:
    """Targets of a panel, used before held out, otherwise as given."""
    mine = [i for i, q in enumerate(result.quantity) if q.split(" ")[0] in PANELS[panel]]
    return sorted(mine, key=lambda i: (result.use[i] != "fit", i))


def _figure(counts: list[int]) -> list[Any]:
    """Panels below each other, as high as they have rows."""
    if len(counts) == 1:
        return [style.new_axes(WIDTH, 0.75 + ROW * counts[0], rows=counts[0], row=ROW)]
    figure = style.new_axes(WIDTH, 1.0 + sum(ROW * n + 0.62 for n in counts)).figure
    figure.clear()
    return list(np.atleast_1d(figure.subplots(len(counts), 1, gridspec_kw={"height_ratios": counts})))


def _panel(
    ax: Any, result: CalibrationChecks, rows: list[int], panel: str, labels: Mapping[str, str]
) -> None:
    low, high = _limits(result, rows, panel)
    if panel != "probability":
        ax.set_xscale("log")
    ax.set_xlim(low, high)
    for y, i in enumerate(rows):
        colour = HELD if result.use[i] == "hold_out" else USED
        name = f"{result.label[i]}:{result.quantity[i]}"
        start, end = max(result.predicted_low[i], low), min(result.predicted_high[i], high)
        ax.barh(
            y,
            end - start,
            left=start,
            height=0.56,
            color=colour,
            alpha=0.25,
            linewidth=0,
            gid=f"predicted:{name}",
        )
        if np.isfinite(result.predicted[i]):
            ax.plot([result.predicted[i]] * 2, [y - 0.28, y + 0.28], color=colour, linewidth=1.6)
        _observed(ax, result, i, y, name)
    ax.set_yticks(range(len(rows)), [_text(ax, result, i, labels) for i in rows])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(
        {"time": f"Time ({result.time_unit})", "probability": "Probability", "ratio": "Hazard ratio"}[panel]
    )
    _ticks(ax, panel, low, high)


def _observed(ax: Any, result: CalibrationChecks, i: int, y: int, name: str) -> None:
    """A published number with its own interval; a patient as a dot, open with an arrow where only a bound is known."""
    value, kind = float(result.observed[i]), result.quantity[i]
    style_of: dict[str, Any] = {"color": style.INK, "markersize": 4.2, "gid": f"observed:{name}"}
    if kind in ("free at", "event by"):
        marker = ">" if kind == "free at" else "<"
        ax.plot([value], [y], marker, markerfacecolor="white", **style_of)
        return
    ax.plot([value], [y], "o", **style_of)
    if np.isfinite(result.observed_low[i]):
        ends = [result.observed_low[i], result.observed_high[i]]
        ax.plot(ends, [y, y], color=style.INK, linewidth=0.9)
    if not result.inside[i]:
        ax.plot(
            [value], [y], "o", markersize=9.5, markerfacecolor="none", color=style.MARK, markeredgewidth=1.0
        )


def _limits(result: CalibrationChecks, rows: list[int], panel: str) -> tuple[float, float]:
    if panel == "probability":
        return 0.0, 1.0
    names = ("observed", "observed_low", "observed_high", "predicted_low", "predicted", "predicted_high")
    values = np.concatenate([getattr(result, name)[rows] for name in names])
    values = values[np.isfinite(values) & (values > 0)]
    return float(values.min()) / 1.15, float(values.max()) * 1.15


def _ticks(ax: Any, panel: str, low: float, high: float) -> None:
    if panel == "probability":
        return
    wanted = [m * 10.0**e for e in range(-3, 5) for m in (1, 2, 5)]
    shown = [t for t in wanted if low <= t <= high]
    ratio_ticks(ax, shown)


def _text(ax: Any, result: CalibrationChecks, i: int, labels: Mapping[str, str]) -> str:
    name = readable(labels.get(result.label[i], result.label[i]))
    kind = result.quantity[i]
    return placing.only_name(ax, f"{name}, {kind}", name) if kind not in ("ratio",) else name


def _key(ax: Any, result: CalibrationChecks, rows: list[int]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    uses = {result.use[i] for i in rows}
    kinds = {result.quantity[i] for i in rows}
    handles: list[Any] = []
    if "fit" in uses:
        handles.append(Patch(facecolor=USED, alpha=0.25, label="predicted (80%), used"))
    if "hold_out" in uses:
        handles.append(Patch(facecolor=HELD, alpha=0.25, label="predicted (80%), held out"))
    ink: dict[str, Any] = {"color": style.INK, "markersize": 4.2}
    handles.append(Line2D([], [], marker="o", linewidth=0.9, label="observed (95%)", **ink))
    if "free at" in kinds:
        handles.append(
            Line2D([], [], marker=">", markerfacecolor="white", linewidth=0, label="free then", **ink)
        )
    if "event by" in kinds:
        handles.append(
            Line2D([], [], marker="<", markerfacecolor="white", linewidth=0, label="event by then", **ink)
        )
    if not all(result.inside[i] for i in rows):
        ring: dict[str, Any] = {
            "markerfacecolor": "none",
            "color": style.MARK,
            "markersize": 9.5,
            "linewidth": 0,
        }
        handles.append(Line2D([], [], marker="o", label="outside", **ring))
    placing.legend(ax, handles, where="below")
