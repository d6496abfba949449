"""Figures that are no survival curves on linear axes, though they look like some: to be refused or warned of."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image, ImageFilter

from tests.helpers.drawn_truths import trial


def _two() -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    one = trial(np.random.default_rng(99), arms=2, separation="wide", horizon=60.0)
    return tuple((np.r_[a.step_time, a.end], np.r_[a.step_value, a.step_value[-1]]) for a in one.arms)


def _named(ax: Axes, x: str = "Months", y: str = "Overall survival") -> None:
    ax.set_xlabel(x)
    ax.set_ylabel(y)


def bar_chart(ax: Axes) -> None:
    """Shares alive at five visits, as bars."""
    ax.bar([12, 24, 36, 48, 60], [0.9, 0.7, 0.55, 0.4, 0.3], width=8)
    ax.set_ylim(0, 1)
    _named(ax)


def histogram(ax: Axes) -> None:
    """A falling histogram, outlined: steps, but no curve."""
    ax.hist(np.random.default_rng(1).exponential(15, 800), bins=25, density=True, histtype="step")
    _named(ax, y="Density")


def histogram_filled(ax: Axes) -> None:
    """A falling histogram of bars."""
    ax.hist(np.random.default_rng(1).exponential(15, 800), bins=25, color="C0", edgecolor="black")
    _named(ax, y="Patients")


def logarithmic_x(ax: Axes) -> None:
    """Survival on a logarithmic time axis."""
    for x, y in _two():
        ax.step(np.maximum(x, 0.5), y, where="post")
    ax.set_xscale("log")
    ax.set_ylim(0, 1.02)
    _named(ax)


def logarithmic_y(ax: Axes) -> None:
    """Survival on a logarithmic axis of survival."""
    for x, y in _two():
        ax.step(x, np.maximum(y, 0.01), where="post")
    ax.set_yscale("log")
    _named(ax)


def smoothed(ax: Axes) -> None:
    """Curves of a model, without steps."""
    x = np.linspace(0, 60, 200)
    ax.plot(x, np.exp(-((x / 40) ** 1.2)))
    ax.plot(x, np.exp(-((x / 80) ** 1.2)))
    ax.set_ylim(0, 1.02)
    ax.set_xlim(0, 60)
    _named(ax)


def forest(ax: Axes) -> None:
    """Hazard ratios with intervals."""
    ax.errorbar([0.6, 0.8, 1.1, 0.9], range(4), xerr=[0.2, 0.3, 0.3, 0.1], fmt="s", color="black", capsize=3)
    ax.axvline(1, color="0.5", linestyle="--")
    ax.set_yticks(range(4), ["Age", "Sex", "Stage", "All"])
    ax.set_xlabel("Hazard ratio")


def scatter(ax: Axes) -> None:
    """A cloud that falls."""
    rng = np.random.default_rng(2)
    x = rng.uniform(0, 60, 120)
    ax.scatter(x, np.clip(1 - x / 70 + rng.normal(0, 0.06, 120), 0, 1), s=12)
    ax.set_ylim(0, 1.02)
    _named(ax)


def broken_axis(ax: Axes) -> None:
    """A time axis with a piece left out: 0 to 24, then 96 to 120, evenly spaced."""
    for x, y in _two():
        ax.step(x, y, where="post")
    ax.set_xticks([0, 12, 24, 36, 48, 60], ["0", "12", "24", "96", "108", "120"])
    ax.plot([30, 30.7], [-0.02, 0.02], color="black", clip_on=False)
    ax.plot([31, 31.7], [-0.02, 0.02], color="black", clip_on=False)
    ax.set_ylim(0, 1.02)
    ax.set_xlim(0, 61)
    _named(ax)


def two_scales(ax: Axes) -> None:
    """Survival on the left, a marker on the right, each with its scale."""
    (x, y), _ = _two()
    ax.step(x, y, where="post")
    ax.set_ylim(0, 1.02)
    _named(ax)
    other = ax.twinx()
    other.plot([0, 12, 24, 36, 48], [250, 180, 90, 60, 20], color="C3")
    other.set_ylabel("Marker (ng/ml)")


def cumulative_hazard(ax: Axes) -> None:
    """Nelson-Aalen."""
    for x, y in _two():
        ax.step(x, -np.log(np.maximum(y, 0.02)), where="post")
    _named(ax, y="Cumulative hazard")


def waterfall(ax: Axes) -> None:
    """Best response, sorted."""
    ax.bar(range(40), np.sort(np.random.default_rng(3).normal(-20, 35, 40))[::-1], color="C0")
    ax.axhline(-30, linestyle="--", color="0.5")
    _named(ax, "Patient", "Change (%)")


def table(ax: Axes) -> None:
    """A table set as a figure."""
    ax.axis("off")
    ax.table([[str(10 * i + j) for j in range(5)] for i in range(8)], colLabels=list("ABCDE"), loc="center")


def empty(ax: Axes) -> None:
    """Nothing."""
    ax.axis("off")


def empty_axes(ax: Axes) -> None:
    """Axes without a curve."""
    ax.set_xlim(0, 60)
    ax.set_ylim(0, 1)
    _named(ax)


def line_chart(ax: Axes) -> None:
    """Shares at visits joined by straight lines, with points."""
    ax.plot([0, 12, 24, 36, 48, 60], [1, 0.85, 0.6, 0.5, 0.35, 0.3], "o-")
    ax.plot([0, 12, 24, 36, 48, 60], [1, 0.9, 0.8, 0.7, 0.65, 0.6], "s-")
    ax.set_ylim(0, 1.02)
    _named(ax)


def scatter_dense(ax: Axes) -> None:
    """Three hundred large dots."""
    rng = np.random.default_rng(11)
    x = rng.uniform(0, 60, 300)
    ax.scatter(x, np.clip(np.exp(-x / 30) + rng.normal(0, 0.12, 300), 0.01, 0.99), s=20)
    ax.set_ylim(0, 1.02)
    _named(ax)


def scatter_signs(ax: Axes) -> None:
    """Plus signs of two groups."""
    for seed in (5, 6):
        rng = np.random.default_rng(seed)
        x = rng.uniform(0, 60, 150)
        ax.scatter(x, np.clip(np.exp(-x / 30) + rng.normal(0, 0.12, 150), 0.01, 0.99), s=30, marker="+")
    ax.set_ylim(0, 1.02)
    _named(ax)


def error_bars(ax: Axes) -> None:
    """Means at visits with bars of error, joined by lines."""
    x = np.arange(0, 61, 6)
    ax.errorbar(x, np.exp(-x / 25), yerr=0.08, fmt="o-", capsize=4)
    ax.set_ylim(0, 1.02)
    ax.set_xlim(0, 60)
    _named(ax)


def up_and_down(ax: Axes) -> None:
    """Two lines with markers that rise and fall."""
    rng = np.random.default_rng(3)
    for k in range(2):
        y = np.clip(0.6 + 0.25 * np.sin(np.arange(11) * 1.3 + k) + rng.normal(0, 0.05, 11), 0, 1)
        ax.plot(np.arange(0, 61, 6), y, "o-")
    ax.set_ylim(0, 1.02)
    _named(ax)


def bars_in_pairs(ax: Axes) -> None:
    """Two groups of bars side by side."""
    for k in range(2):
        ax.bar(np.arange(5) * 12 + 4 + 4 * k, [0.95 - 0.1 * k, 0.7, 0.55, 0.4, 0.3], width=4, edgecolor="k")
    ax.set_ylim(0, 1.02)
    ax.set_xlim(0, 60)
    _named(ax)


def bars_that_touch(ax: Axes) -> None:
    """A histogram of empty bars, scaled as a share."""
    data = np.random.default_rng(1).exponential(18, 800)
    ax.hist(data, bins=np.arange(0, 61, 3), weights=np.full(800, 1 / 150), edgecolor="k", color="w")
    ax.set_ylim(0, 1.02)
    ax.set_xlim(0, 60)
    _named(ax)


def boxes(ax: Axes) -> None:
    """Boxes with whiskers."""
    rng = np.random.default_rng(1)
    ax.boxplot([rng.beta(4, 2 + i, 60) for i in range(5)], positions=[6, 18, 30, 42, 54], widths=6)
    ax.set_xticks(range(0, 61, 12), range(0, 61, 12))
    ax.set_ylim(0, 1.02)
    _named(ax)


def roc(ax: Axes) -> None:
    """Sensitivity over false positives, in steps."""
    at = np.sort(np.random.default_rng(1).uniform(0, 1, 60))
    ax.step(np.r_[0, at**2, 1], np.r_[0, at, 1], where="post")
    ax.plot([0, 1], [0, 1], "--", color="grey")
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    _named(ax, "1 - specificity", "Sensitivity")


def spider(ax: Axes) -> None:
    """Change of size of each patient's tumour."""
    rng = np.random.default_rng(5)
    for _ in range(25):
        ax.plot(
            np.r_[0, np.cumsum(rng.uniform(2, 6, 8))],
            np.r_[0, np.cumsum(rng.normal(-4, 14, 8))],
            "o-",
            markersize=3,
        )
    ax.set_ylim(-100, 100)
    _named(ax, y="Change (%)")


TRAPS: tuple[Callable[[Axes], None], ...] = (
    bar_chart,
    histogram,
    histogram_filled,
    logarithmic_x,
    logarithmic_y,
    smoothed,
    forest,
    scatter,
    broken_axis,
    two_scales,
    cumulative_hazard,
    waterfall,
    table,
    empty,
    empty_axes,
    line_chart,
    scatter_dense,
    scatter_signs,
    error_bars,
    up_and_down,
    bars_in_pairs,
    bars_that_touch,
    boxes,
    roc,
    spider,
)


def draw_traps(folder: Path, forms: tuple[str, ...] = ("png", "svg", "pdf")) -> list[Path]:
    """Every trap in every form, and a photograph."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for trap in TRAPS:
        figure = Figure(figsize=(6, 4.5), layout="constrained")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trap(figure.subplots())
        for form in forms:
            paths.append(folder / f"{trap.__name__}.{form}")
            figure.savefig(paths[-1], dpi=150)
    return [*paths, photograph(folder / "photograph.jpg")]


def photograph(path: Path) -> Path:
    """Blurred blotches of colour with a bright edge, as a camera sees a ward at night."""
    rng = np.random.default_rng(4)
    coarse = Image.fromarray(rng.integers(0, 255, (30, 40, 3), dtype=np.uint8)).resize(
        (1200, 900), Image.Resampling.BICUBIC
    )
    coarse.filter(ImageFilter.GaussianBlur(4)).save(path, quality=85)
    return path
