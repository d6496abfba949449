"""Survival figures by base R (`plot.survfit`) and survminer (`ggsurvplot`), all of a gallery in one call of R."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.helpers.drawn_truths import Trial

if TYPE_CHECKING:
    from tests.helpers.drawn_figures import Style

PROGRAM = Path(__file__).with_name("drawn_figures.R")
COLOURS = (("#E7B800", "#2E9FDF", "#FC4E07", "#3CB371"), ("red", "blue", "darkgreen", "purple"))


def has() -> bool:
    """Whether R has survminer and svglite."""
    asked = 'quit(status = !all(sapply(c("survival", "survminer", "svglite", "jsonlite"), requireNamespace, quietly = TRUE)))'
    return subprocess.run(["Rscript", "-e", asked], capture_output=True, check=False).returncode == 0


def job(style: Style, trials: list[Trial], path: Path) -> dict[str, Any]:
    """What R is told of one figure."""
    one = trials[0]
    raster = not style.vector
    return {
        "file": str(path.with_suffix(".drawn.png") if raster else path),
        "kind": "png" if raster else style.suffix,
        "maker": style.maker,
        "dpi": style.dpi,
        "size": list(style.size),
        "time": np.concatenate([a.time for a in one.arms]).round(6).tolist(),
        "event": np.concatenate([a.event for a in one.arms]).astype(int).tolist(),
        "arm": np.concatenate([[k + 1] * len(a.time) for k, a in enumerate(one.arms)]).tolist(),
        "labels": [a.label for a in one.arms],
        "colours": ["black"] * len(one.arms)
        if style.look == "black_dash"
        else _colours(style)[: len(one.arms)],
        "dashes": [1, 2, 3, 4][: len(one.arms)] if style.look == "black_dash" else [1] * len(one.arms),
        "marks": style.censor,
        "band": style.band,
        "at_risk": style.at_risk,
        "legend": style.legend,
        "percent": style.percent,
        "horizon": one.horizon,
        "every": style.x_ticks or 12,
        "width": style.line_width,
        "median": "reference" in style.extras,
    }


def _colours(style: Style) -> list[str]:
    if style.look == "greys":
        return ["black", "grey45", "grey70"]
    return list(COLOURS[style.seed % 2])


def draw_all(jobs: list[dict[str, Any]]) -> None:
    """Draw the figures."""
    if not jobs:
        return
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "jobs.json"
        told.write_text(json.dumps(jobs))
        subprocess.run(["Rscript", str(PROGRAM), str(told)], check=True, capture_output=True, text=True)
