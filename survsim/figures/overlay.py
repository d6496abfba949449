"""Traces laid over the figure they were read from, so that the eye finds what a number would hide."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.figures import placing, style

if TYPE_CHECKING:
    from survsim.core.checks import FloatArray
    from survsim.digitising.digitised import Digitised


@style.styled
def draw_digitised(
    digitised: Digitised, ax: Any = None, *, fade: float = 0.55, marks: bool = True, title: str = ""
) -> Any:
    """Draw the traces over the faded figure.

    Parameters
    ----------
    digitised : what was read.
    ax : axes to draw on; made if None.
    fade : from 0 (the figure as it is) to 1 (white), so that a trace beside its curve is seen.
    marks : whether the censor marks are shown.

    Returns
    -------
    Axes in places of the figure, y downwards; lines carry ``gid`` "trace:<arm>", marks "marks:<arm>".
    """
    pixels = _pixels(digitised.picture)
    tall, wide = pixels.shape[:2]
    left, top, right, bottom = digitised.box
    full_w, full_h = _extent(digitised, wide, tall)
    if ax is None:
        ax = style.new_axes(8.0, float(np.clip(8.0 * full_h / max(full_w, 1e-9), 2.0, 14.0)) + 0.4)
    faded = 255 - (255 - pixels.astype(float)) * (1 - fade)
    ax.imshow(faded.astype(np.uint8), extent=(0, full_w, full_h, 0), interpolation="antialiased", zorder=0)
    ax.add_patch(_frame(left, top, right, bottom))
    for k, arm in enumerate(digitised.arms):
        own = digitised.curve_arm == k
        x = _place(digitised, "x", digitised.curve_time[own])
        y = _place(digitised, "y", digitised.curve_value[own])
        colour = style.PALETTE[k % len(style.PALETTE)]
        ax.plot(x, y, drawstyle="steps-post", color=colour, lw=1.1, label=arm, gid=f"trace:{arm}", zorder=3)
        at = digitised.mark_time[digitised.mark_arm == k]
        if marks and at.size:
            level = digitised.curve_value[own][
                np.clip(np.searchsorted(digitised.curve_time[own], at + 1e-9, side="right") - 1, 0, None)
            ]
            ax.plot(
                _place(digitised, "x", at), _place(digitised, "y", level), ls="", marker="|", ms=7, mew=1.0,
                color=colour, gid=f"marks:{arm}", zorder=4,
            )  # fmt: skip
    ax.set_axis_off()
    ax.set_xlim(0, full_w)
    ax.set_ylim(full_h, 0)
    placing.legend(ax)
    placing.title(ax, title)
    return ax


def _pixels(picture: str) -> Any:
    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(picture))) as image:
        return np.asarray(image.convert("RGB"))


def _extent(digitised: Digitised, wide: int, tall: int) -> tuple[float, float]:
    """Width and height of the picture in places; it may have been made smaller to be kept."""
    return wide / digitised.picture_scale, tall / digitised.picture_scale


def _place(digitised: Digitised, side: str, values: FloatArray) -> FloatArray:
    intercept, slope = digitised.axes[side]
    factor = 100.0 if side == "y" and digitised.percent else 1.0
    return np.asarray((values * factor - intercept) / slope)


def _frame(left: float, top: float, right: float, bottom: float) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle(
        (left, top), right - left, bottom - top, fill=False, ec=style.MARK, lw=0.6, ls=":", zorder=2
    )
