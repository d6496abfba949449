"""Survival figures drawn from known curves, in the styles of papers: what each shows, and where it lies.

Run: python -m tests.helpers.drawn_figures FOLDER [figures] [--without-r]

`plan` is seeded: figure 17 of a plan is the same figure on every machine that has the same fonts and drawing programs.
The folder gets the figures and `manifest.json` with the truth of each.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.helpers import drawn_matplotlib, drawn_r, drawn_scans
from tests.helpers.drawn_truths import Trial, trial

SEED = 1414
VECTOR = ("svg_path", "svg_text", "pdf")
RASTER = ("png", "jpeg", "tiff", "pdf_raster")
FAMILIES: dict[str, dict[str, Any]] = {
    "one arm": {"arms": 1},
    "two colours": {},
    "three colours": {"arms": 3},
    "four colours": {"arms": 4, "legend": "outside"},
    "black, solid and dashed": {"look": "black_dash"},
    "greys": {"look": "greys"},
    "close": {"separation": "close"},
    "crossing": {"separation": "crossing"},
    "crossing, black": {"separation": "crossing", "look": "black_dash"},
    "ticks": {"censor": "tick"},
    "plus signs": {"censor": "plus"},
    "dots": {"censor": "dot"},
    "filled bands": {"band": "filled"},
    "dashed limits": {"band": "dashed", "arms": 1},
    "legend outside": {"legend": "outside"},
    "inline labels": {"legend": "inline"},
    "reference lines": {"extras": ("reference",)},
    "inset": {"extras": ("inset",), "arms": 2, "band": "none", "legend": "outside"},
    "grid": {"extras": ("grid",)},
    "grey panel": {"theme": "grey_panel"},
    "dark slide": {"theme": "dark"},
    "two panels": {"panels": 2},
    "four panels": {"panels": 4},
    "percent": {"percent": True},
    "y from 0.4": {"y_from": 0.4},
    "incidence": {"incidence": True, "band": "none"},
    "ticks every 6": {"x_ticks": 6},
    "uneven ticks": {"x_ticks": 0},
    "risk table": {"at_risk": True},
    "scan": {"scan": True},
    "lifelines": {"maker": "lifelines"},
    "base R": {"maker": "base R"},
    "survminer": {"maker": "survminer"},
    "bands over lines": {"band": "over", "arms": 2, "look": "colours"},
    "lifelines bands": {"maker": "lifelines", "band": "filled", "look": "colours"},
    "base R limits": {"maker": "base R", "band": "dashed", "look": "colours"},
    "survminer bands": {"maker": "survminer", "band": "filled", "look": "colours"},
    "survminer bands, table": {"maker": "survminer", "band": "filled", "look": "colours", "at_risk": True},
}
WITH_R_TABLE = "survminer bands, table"


@dataclass(frozen=True, kw_only=True)
class Style:
    """How one figure is drawn; `x_ticks` 0 means uneven ones."""

    name: str
    family: str
    seed: int
    maker: str = "matplotlib"
    form: str = "png"
    dpi: int = 150
    arms: int = 2
    look: str = "colours"
    separation: str = "wide"
    censor: str = "tick"
    band: str = "none"
    legend: str = "inside"
    extras: tuple[str, ...] = ()
    theme: str = "white"
    panels: int = 1
    percent: bool = False
    y_from: float = 0.0
    incidence: bool = False
    x_ticks: int = 12
    at_risk: bool = False
    scan: bool = False
    quality: int = 90
    margins: bool = False
    line_width: float = 1.5
    size: tuple[float, float] = (6.0, 4.5)

    @property
    def vector(self) -> bool:
        """Whether the file holds paths rather than pixels."""
        return self.form in VECTOR

    @property
    def suffix(self) -> str:
        """Of the file."""
        return {"svg_path": "svg", "svg_text": "svg", "pdf_raster": "pdf", "jpeg": "jpg", "tiff": "tif"}.get(
            self.form, self.form
        )


def plan(
    figures: int, *, seed: int = SEED, makers: tuple[str, ...] = ("matplotlib", "lifelines")
) -> list[Style]:
    """Styles of a gallery: the families in turn, what a family leaves open drawn at random."""
    families = {k: v for k, v in FAMILIES.items() if v.get("maker", "matplotlib") in makers}
    names = list(families)
    return [
        _style(seed, i, names[i % len(names)], families[names[i % len(names)]], makers)
        for i in range(figures)
    ]


def _style(seed: int, i: int, family: str, fixed: dict[str, Any], makers: tuple[str, ...]) -> Style:
    rng = np.random.default_rng([seed, i])
    open_choice: dict[str, Any] = {
        "maker": str(rng.choice(makers, p=_shares(len(makers)))),
        "form": str(rng.choice(VECTOR + RASTER, p=[0.09, 0.09, 0.12, 0.36, 0.2, 0.07, 0.07])),
        "dpi": int(rng.choice([72, 100, 150, 200, 300, 600], p=[0.08, 0.12, 0.3, 0.2, 0.25, 0.05])),
        "arms": int(rng.choice([1, 2, 3, 4], p=[0.1, 0.65, 0.17, 0.08])),
        "censor": str(rng.choice(["tick", "plus", "dot", "none"], p=[0.4, 0.2, 0.1, 0.3])),
        "look": str(rng.choice(["colours", "black_dash", "greys"], p=[0.76, 0.14, 0.1])),
        "band": str(rng.choice(["none", "filled"], p=[0.87, 0.13])),
        "legend": str(rng.choice(["inside", "outside", "inline", "none"], p=[0.55, 0.15, 0.15, 0.15])),
        "percent": bool(rng.random() < 0.25),
        "at_risk": bool(rng.random() < 0.3),
        "x_ticks": int(rng.choice([12, 6, 0], p=[0.6, 0.3, 0.1])),
        "margins": bool(rng.random() < 0.4),
        "line_width": float(rng.choice([0.8, 1.2, 1.5, 2.0])),
        "quality": int(rng.integers(60, 96)),
        "size": tuple(rng.choice([[6.0, 4.5], [5.0, 4.0], [7.0, 5.0], [6.5, 6.0]])),
    }
    style = Style(name=f"{i:03d}", family=family, seed=seed * 1000 + i, **{**open_choice, **fixed})
    return _possible(style, rng)


def _shares(makers: int) -> list[float]:
    return {1: [1.0], 2: [0.8, 0.2], 4: [0.55, 0.15, 0.15, 0.15]}[makers]


def _possible(style: Style, rng: np.random.Generator) -> Style:
    """The style without what does not go together."""
    if style.scan:
        style = replace(
            style, form=str(rng.choice(["png", "jpeg", "tiff"])), dpi=int(rng.choice([150, 200, 300]))
        )
    if style.panels > 1:
        style = replace(
            style, size=(5.0 * 2, 4.0 * (style.panels // 2)), legend="inside", at_risk=False, extras=()
        )
        style = replace(style, maker="matplotlib", dpi=min(style.dpi, 300))
    if style.at_risk:
        style = replace(style, size=(style.size[0], style.size[1] + 0.3 * style.arms))
    if style.look == "black_dash":
        style = replace(style, arms=min(style.arms, 2 if style.band != "none" else 3), band="none")
    if style.look == "greys":
        style = replace(style, arms=min(style.arms, 3), band="none")
    if style.band != "none" and style.arms > 2:
        style = replace(style, band="none")
    if style.maker != "matplotlib" and style.family in FAMILIES and not drawn_matplotlib.plain(style):
        style = replace(style, maker="matplotlib")
    if style.maker == "survminer":
        style = replace(style, look="colours" if style.look == "greys" else style.look, percent=False)
    if style.maker in ("base R", "survminer"):
        table = style.at_risk and style.family == WITH_R_TABLE
        style = replace(style, at_risk=table, form="svg_text" if style.form == "svg_path" else style.form)
        style = replace(style, form="png" if style.form == "pdf_raster" else style.form)
    return style


def trials(style: Style) -> list[Trial]:
    """The truth behind a figure, a panel at a time."""
    rng = np.random.default_rng(style.seed)
    horizon = {12: 60.0, 6: 36.0, 0: 48.0}[style.x_ticks]
    return [
        trial(
            rng,
            arms=style.arms,
            separation=style.separation,
            horizon=horizon,
            least=style.y_from,
            title="ABCD"[k] if style.panels > 1 else "",
        )
        for k in range(style.panels)
    ]


def gallery(folder: Path, styles: list[Style]) -> list[dict[str, Any]]:
    """Draw all figures, write the manifest, and return it: a figure each."""
    folder.mkdir(parents=True, exist_ok=True)
    entries, jobs, places = [], [], []
    for style in styles:
        shown, times = trials(style), np.array([])
        path = folder / f"{style.name}_{style.family.replace(', ', '_').replace(' ', '_')}.{style.suffix}"
        if style.maker in ("base R", "survminer"):
            jobs.append(drawn_r.job(style, shown, path))
            times = np.arange(0, shown[0].horizon + 0.1, style.x_ticks or 12)
        else:
            times = drawn_matplotlib.draw(style, shown, path)
        places.append(path)
        entries.append(entry(style, shown, path, times))
    drawn_r.draw_all(jobs)
    for style, path in zip(styles, places, strict=True):
        if not style.vector:
            drawn_scans.finish(style, path)
    (folder / "manifest.json").write_text(json.dumps(entries))
    return entries


def entry(style: Style, shown: list[Trial], path: Path, at_risk_times: np.ndarray) -> dict[str, Any]:
    """One figure of the manifest; curves as fractions, times in months."""
    return {
        "file": path.name,
        "style": asdict(style),
        "kind": "incidence" if style.incidence else "survival",
        "unit": "months",
        "vector": style.vector,
        "panels": [_panel(style, one, at_risk_times) for one in shown],
    }


def _panel(style: Style, one: Trial, at_risk_times: np.ndarray) -> dict[str, Any]:
    return {
        "title": one.title,
        "arms": [
            {
                "label": a.label,
                "time": [round(float(t), 6) for t in a.step_time],
                "value": [round(float(1 - v if style.incidence else v), 9) for v in a.step_value],
                "end": a.end,
                "marks": [] if style.censor == "none" else [round(float(t), 6) for t in a.marks],
                "n": len(a.time),
                "patients": {"time": a.time.round(6).tolist(), "event": a.event.astype(int).tolist()},
            }
            for a in one.arms
        ],
        "at_risk": {
            "times": [float(t) for t in at_risk_times],
            "numbers": {a.label: a.at_risk(at_risk_times).tolist() for a in one.arms},
        }
        if style.at_risk
        else None,
    }


def all_makers() -> tuple[str, ...]:
    """matplotlib and lifelines, and R's where R and its packages are installed."""
    return (
        "matplotlib",
        "lifelines",
        *(("base R", "survminer") if shutil.which("Rscript") and drawn_r.has() else ()),
    )


if __name__ == "__main__":
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 and sys.argv[2].isdigit() else 330
    makers = ("matplotlib", "lifelines") if "--without-r" in sys.argv else all_makers()
    gallery(Path(sys.argv[1]), plan(wanted, makers=makers))
