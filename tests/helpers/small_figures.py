"""Small figures with known curves, drawn for the tests of the digitiser."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Arm:
    """A curve as it is drawn: times of its drops, heights after them, marks, end."""

    label: str
    time: np.ndarray
    survival: np.ndarray
    marks: np.ndarray
    end: float


def arm(label: str, seed: int, *, n: int = 40, scale: float = 25.0) -> Arm:
    """A Kaplan-Meier curve of simulated patients, worked out by hand."""
    rng = np.random.default_rng(seed)
    time = np.round(rng.exponential(scale, n), 1) + 0.5
    censor = np.round(rng.uniform(15.0, 55.0, n), 1)
    seen, event = np.minimum(time, censor), time <= censor
    drops = np.unique(seen[event])
    risk = np.array([(seen >= t).sum() for t in drops])
    dead = np.array([(event & (seen == t)).sum() for t in drops])
    return Arm(label, drops, np.cumprod(1 - dead / risk), np.unique(seen[~event]), float(seen.max()))


def at(one: Arm, when: Any) -> np.ndarray:
    """True survival at times."""
    level = np.concatenate([[1.0], one.survival])
    return np.asarray(level[np.searchsorted(one.time, when, side="right")])


TWO = (arm("Control", 1, scale=18.0), arm("Treated", 2, scale=35.0))


def draw(path: Path, arms: tuple[Arm, ...] = TWO, **options: Any) -> Path:
    """Draw the arms into one panel and save it; options are those of `panel` and `fonttype`."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    fonttype = options.pop("fonttype", "path")
    dpi = options.pop("dpi", 150)
    with mpl.rc_context({"svg.fonttype": fonttype, "path.simplify": False}):
        figure = Figure(figsize=(6, 4.4), layout="constrained" if not options.get("risk") else None)
        if options.get("risk"):
            figure.subplots_adjust(bottom=0.3, left=0.2)
        panel(figure.add_subplot(), arms, **options)
        figure.savefig(path, dpi=dpi)
    return path


def panel(
    ax: Any, arms: tuple[Arm, ...] = TWO, *, percent: bool = False, incidence: bool = False, marks: str | None = "+",
    colours: tuple[str, ...] = ("#1f77b4", "#d62728", "#2ca02c"), dashes: tuple[Any, ...] = ("-", "-", "-"),
    legend: bool = True, band: str = "", y_from: float = 0.0, risk: bool = False, grid: bool = False, median: bool = False,
) -> None:  # fmt: skip
    """One panel with step curves, and what is drawn around them."""
    factor = 100.0 if percent else 1.0
    for k, one in enumerate(arms):
        x = np.concatenate([[0.0], one.time, [one.end]])
        y = np.concatenate([[1.0], one.survival, one.survival[-1:]])
        y = factor * (1 - y if incidence else y)
        ax.step(x, y, where="post", color=colours[k], ls=dashes[k], lw=1.3, label=one.label)
        if marks:
            level = at(one, one.marks)
            ax.plot(one.marks, factor * (1 - level if incidence else level), marks, color=colours[k], ms=6)
        low, high = np.clip(y - 0.08 * factor, 0, None), np.clip(y + 0.08 * factor, None, factor)
        low[0] = high[0] = y[0]
        if band == "filled":
            ax.fill_between(x, low, high, step="post", color=colours[k], alpha=0.2, lw=0)
        elif band == "over":
            ax.fill_between(x, low, high, step="post", color=colours[k], alpha=0.3, lw=0, zorder=3)
        elif band == "dashed":
            ax.step(x, low, x, high, where="post", color=colours[k], ls=":", lw=0.9)
    if median:
        ax.axhline(0.5 * factor, color="grey", ls="--", lw=0.8)
        ax.plot([20, 20], [0, 0.5 * factor], color="grey", ls="--", lw=0.8)
    ax.grid(grid)
    ax.set_ylim(y_from * factor, 1.02 * factor)
    ax.set_xlim(0, 60)
    ax.set_xticks(range(0, 61, 12))
    ax.set_xlabel("Months")
    ax.set_ylabel(("Cumulative incidence" if incidence else "Overall survival") + (" (%)" if percent else ""))
    if legend:
        ax.legend(loc="upper right")
    for row, one in enumerate(arms if risk else ()):
        place = {"xycoords": ("data", "axes fraction"), "annotation_clip": False, "ha": "center", "size": 9}
        ax.annotate(one.label, (-9, -0.27 - 0.07 * row), **place)
        for t in range(0, 61, 12):
            ax.annotate(str(numbers_at_risk(one, t)), (t, -0.27 - 0.07 * row), **place)


def numbers_at_risk(one: Arm, t: float) -> int:
    """A decreasing whole number that stands for the number at risk."""
    return round(40 * float(at(one, t)) * max(0.0, 1 - t / 60))
