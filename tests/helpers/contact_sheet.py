"""The worst figures on one sheet: what was drawn, and in red over the truth what was read."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
from matplotlib.figure import Figure
from PIL import Image

from tests.helpers.digitising_scores import Score, curves


def sheet(
    path: Path, folder: Path, scores: list[Score], entries: dict[str, Any], kept: dict[str, Any]
) -> None:
    """Two pictures a figure: the file where it holds pixels, and truth (grey) under what was read (red)."""
    across = 4
    down = int(np.ceil(len(scores) / across))
    page = Figure(figsize=(across * 3.6, down * 1.7), layout="constrained")
    axes = page.subplots(down, across * 2, squeeze=False).ravel()
    for ax in axes:
        ax.axis("off")
    for k, one in enumerate(scores):
        picture = _picture(folder / one.file)
        if picture is not None:
            axes[2 * k].imshow(picture)
        _overlay(axes[2 * k + 1], entries[one.file], kept.get(one.file))
        said = f"{one.error:.4f}" if one.outcome == "read" else one.outcome
        axes[2 * k].set_title(f"{one.file[:3]} {one.style.get('family', '')}", fontsize=5)
        axes[2 * k + 1].set_title(f"{said}{' SILENT' if one.silent else ''}", fontsize=5)
    held = io.BytesIO()
    page.savefig(held, format="png", dpi=130)
    Image.open(held).convert("P", palette=Image.Palette.ADAPTIVE, colors=64).save(path, optimize=True)


def _picture(path: Path) -> np.ndarray | None:
    if path.suffix == ".svg":
        return None
    if path.suffix == ".pdf":
        drawn = pypdfium2.PdfDocument(path)[0].render(scale=1).to_pil()
    else:
        drawn = Image.open(path).convert("RGB")
    drawn.thumbnail((300, 240))
    return np.asarray(drawn)


def _overlay(ax: Any, entry: dict[str, Any], read: list[Any] | None) -> None:
    for arm in entry["panels"][0]["arms"]:
        ax.step(
            [*arm["time"], arm["end"]],
            [*arm["value"], arm["value"][-1]],
            where="post",
            color="0.7",
            linewidth=2,
        )
    for time, value in curves(read[0][0], entry["kind"]).values() if read else ():
        ax.step(time, value, where="post", color="red", linewidth=0.5)
    ax.set_ylim(-0.02, 1.04)
