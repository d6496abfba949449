"""Survival figures by matplotlib and by lifelines."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.helpers.drawn_truths import Arm, Trial

if TYPE_CHECKING:
    from tests.helpers.drawn_figures import Style

COLOURS = (
    ("#1f77b4", "#d62728", "#2ca02c", "#9467bd"),
    ("#0072B2", "#D55E00", "#009E73", "#CC79A7"),
    ("red", "blue", "green", "orange"),
    ("#00468B", "#ED0000", "#42B540", "#0099B4"),
)
BRIGHT = ("#ffd92f", "#66c2ff", "#ff8c69", "#8cff8c")
GREYS = ("0.0", "0.45", "0.7")
DASHES = ("-", "--", ":")
MARKS = {"tick": "|", "plus": "+", "dot": "o"}


def plain(style: Style) -> bool:
    """Whether other programs than matplotlib's bare commands can draw the style."""
    usual = style.theme == "white" and not style.extras and style.panels == 1 and not style.incidence
    return usual and style.y_from == 0 and style.x_ticks != 0 and style.legend != "inline"


def draw(style: Style, trials: list[Trial], path: Path) -> np.ndarray:
    """Draw the panels and save; the times of the risk table."""
    settings: dict[str, Any] = {
        "svg.fonttype": "none" if style.form == "svg_text" else "path",
        "svg.hashsalt": "survsim",
        "font.family": ["DejaVu Sans", "DejaVu Serif", "STIXGeneral"][style.seed % 3],
        "text.color": "white" if style.theme == "dark" else "black",
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        figure = Figure(figsize=style.size, layout="constrained")
        rows, across = {1: (1, 1), 2: (1, 2), 3: (1, 3), 4: (2, 2)}[len(trials)]
        axes = figure.subplots(rows, across, squeeze=False).ravel()
        for ax, one in zip(axes, trials, strict=True):
            times = _panel(ax, style, one)
        figure.set_facecolor("#101830" if style.theme == "dark" else "white")
        _save(figure, style, path)
    return times


def _save(figure: Figure, style: Style, path: Path) -> None:
    kept: dict[str, Any] = {"facecolor": figure.get_facecolor()}
    if style.at_risk:
        kept |= {"bbox_inches": "tight", "pad_inches": 0.1}
    if style.vector:
        stamp = {"Date": None} if style.suffix == "svg" else {"CreationDate": None}
        figure.savefig(path, metadata=stamp, **kept)
    else:
        figure.savefig(path.with_suffix(".drawn.png"), dpi=style.dpi, **kept)


def _panel(ax: Axes, style: Style, one: Trial) -> np.ndarray:
    _ground(ax, style)
    looks = _looks(style)
    for k, (arm, look) in enumerate(zip(one.arms, looks, strict=False)):
        if style.maker == "lifelines":
            _by_lifelines(ax, style, arm, look)
        else:
            _curve(ax, style, arm, look)
            if style.legend == "inline":
                _inline(ax, style, arm, look, k)
    _axes(ax, style, one)
    _extras(ax, style, one, looks)
    if style.legend == "inside":
        ax.legend(
            loc="lower right" if style.incidence else "best",
            frameon=style.seed % 2 == 0 and style.theme != "dark",
        )
    elif style.legend == "outside":
        ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    elif ax.get_legend():
        ax.get_legend().remove()
    times = ax.get_xticks()[(ax.get_xticks() >= 0) & (ax.get_xticks() <= one.horizon)]
    if style.at_risk:
        _risk_table(ax, style, one, times)
    return times


def _looks(style: Style) -> list[dict[str, Any]]:
    if style.theme == "dark":
        found = [{"color": c} for c in BRIGHT]
    elif style.look == "black_dash":
        found = [{"color": "black", "linestyle": d} for d in DASHES]
    elif style.look == "greys":
        found = [{"color": c} for c in GREYS]
    else:
        found = [{"color": c} for c in COLOURS[style.seed % len(COLOURS)]]
    return [{"linewidth": style.line_width, **one} for one in found]


def _value(style: Style, survival: np.ndarray) -> np.ndarray:
    shown = 1 - survival if style.incidence else survival
    return shown * (100 if style.percent else 1)


def _curve(ax: Axes, style: Style, arm: Arm, look: dict[str, Any]) -> None:
    x = np.r_[arm.step_time, arm.end]
    y = _value(style, np.r_[arm.step_value, arm.step_value[-1]])
    ax.step(x, y, where="post", label=arm.label, **look)
    if style.censor != "none":
        size = {"tick": 7, "plus": 6, "dot": 3}[style.censor]
        ax.plot(
            arm.marks,
            _value(style, arm.at(arm.marks)),
            MARKS[style.censor],
            color=look["color"],
            markersize=size,
            markeredgewidth=1,
            linestyle="none",
        )
    if style.band != "none":
        low, high = (
            _value(
                style,
                np.clip(
                    np.r_[arm.step_value + s * arm.step_error, (arm.step_value + s * arm.step_error)[-1]],
                    0,
                    1,
                ),
            )
            for s in (-1.96, 1.96)
        )
        if style.band in ("filled", "over"):
            layer = {"zorder": 3} if style.band == "over" else {}
            ax.fill_between(x, low, high, step="post", color=look["color"], alpha=0.2, linewidth=0, **layer)
        else:
            for limit in (low, high):
                ax.step(x, limit, where="post", color=look["color"], linestyle="--", linewidth=0.8)


def _by_lifelines(ax: Axes, style: Style, arm: Arm, look: dict[str, Any]) -> None:
    from lifelines import KaplanMeierFitter

    fitted = KaplanMeierFitter().fit(arm.time, arm.event, label=arm.label)
    marks = {"marker": MARKS.get(style.censor, "+"), "ms": 6}
    loaded = "matplotlib.pyplot" in sys.modules
    fitted.plot_survival_function(
        ax=ax,
        show_censors=style.censor != "none",
        ci_show=style.band == "filled",
        censor_styles=marks,
        **look,
    )
    if not loaded:
        # lifelines loads pyplot, which would keep every figure that is drawn afterwards in this process.
        sys.modules.pop("matplotlib.pyplot", None)
    if style.percent:
        for line in ax.get_lines()[-2:]:
            if not getattr(line, "times_hundred", False):
                line.set_ydata(np.asarray(line.get_ydata()) * 100)
                line.times_hundred = True
        for filled in ax.collections[-1:]:
            if not getattr(filled, "times_hundred", False):
                for outline in filled.get_paths():
                    outline.vertices[:, 1] *= 100
                filled.times_hundred = True


def _inline(ax: Axes, style: Style, arm: Arm, look: dict[str, Any], k: int) -> None:
    where = arm.end * (0.35 + 0.15 * k)
    height = float(_value(style, arm.at(np.array([where])))[0])
    shift = (0.05 if k % 2 else -0.06) * (100 if style.percent else 1)
    ax.text(where, height - shift, arm.label, color=look["color"], fontsize=9)


def _ground(ax: Axes, style: Style) -> None:
    if style.theme == "grey_panel":
        ax.set_facecolor("#EBEBEB")
        ax.grid(color="white", linewidth=1)
        ax.set_axisbelow(True)
        for side in ax.spines.values():
            side.set_visible(False)
    elif style.theme == "dark":
        ax.set_facecolor("#101830")
        ax.tick_params(colors="white")
        for side in ax.spines.values():
            side.set_color("white")
    elif style.seed % 2:
        ax.spines[["top", "right"]].set_visible(False)


def _axes(ax: Axes, style: Style, one: Trial) -> None:
    full = 100.0 if style.percent else 1.0
    if style.x_ticks:
        ax.set_xticks(np.arange(0, one.horizon + 0.1, style.x_ticks))
    else:
        ax.set_xticks([0, 3, 6, 12, 24, 36, 48])
    ax.set_yticks(np.linspace(style.y_from, 1, 7 if style.y_from else (6, 5, 11)[style.seed % 3]) * full)
    ax.set_ylim(
        style.y_from * full - (0.0 if style.y_from or not style.margins else 0.04 * full), 1.03 * full
    )
    ax.set_xlim(-0.03 * one.horizon if style.margins else 0, one.horizon * 1.02)
    ink = "white" if style.theme == "dark" else "black"
    what = (
        "Cumulative incidence"
        if style.incidence
        else ("Overall survival", "Progression-free survival", "Survival probability")[style.seed % 3]
    )
    ax.set_ylabel(what + (" (%)" if style.percent else ""), color=ink)
    ax.set_xlabel(("Time (months)", "Months since randomisation", "Months")[style.seed % 3], color=ink)
    if one.title:
        ax.set_title(one.title, loc="left", fontweight="bold")


def _extras(ax: Axes, style: Style, one: Trial, looks: list[dict[str, Any]]) -> None:
    full = 100.0 if style.percent else 1.0
    if "grid" in style.extras:
        ax.grid(color="0.85", linewidth=0.6)
    if "reference" in style.extras:
        ax.axhline(0.5 * full, color="0.4", linestyle=("--", ":", "-")[style.seed % 3], linewidth=0.8)
        ax.axvline(one.horizon / 2, color="0.4", linestyle=":", linewidth=0.8)
    if "inset" in style.extras:
        small = ax.inset_axes(_free_corner(style, one))
        for arm, look in zip(one.arms, looks, strict=False):
            small.step(arm.step_time, arm.step_value, where="post", **{**look, "linewidth": 0.8})
        small.set_xlim(0, one.horizon / 4)
        small.set_ylim(0.5, 1.01)
        small.tick_params(labelsize=6)


def _free_corner(style: Style, one: Trial) -> tuple[float, float, float, float]:
    """Where an inset hides no curve: above the late curves, or below the early ones."""
    highest = max(float(arm.at(np.array([0.55 * one.horizon]))[0]) for arm in one.arms)
    if highest < 0.6:
        return 0.6, 0.66, 0.36, 0.3
    lowest = min(float(arm.at(np.array([0.5 * one.horizon]))[0]) for arm in one.arms)
    return 0.1, 0.09, 0.36, max(min(0.3, lowest - 0.15), 0.12)


def _risk_table(ax: Axes, style: Style, one: Trial, times: np.ndarray) -> None:
    ink = "white" if style.theme == "dark" else "black"
    first = -0.24
    step = 0.07
    ax.text(0, first, "Number at risk", transform=ax.transAxes, fontsize=8, color=ink, ha="left", va="center")
    for k, arm in enumerate(one.arms):
        height = first - step * (k + 1)
        ax.text(
            -0.02 - 0.02 * (not style.margins),
            height,
            arm.label,
            transform=ax.transAxes,
            fontsize=8,
            color=ink,
            ha="right",
            va="center",
        )
        for when, number in zip(times, arm.at_risk(times), strict=True):
            ax.text(
                when,
                height,
                str(number),
                transform=ax.get_xaxis_transform(),
                fontsize=8,
                color=ink,
                ha="center",
                va="center",
            )
