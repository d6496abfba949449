"""A digitised figure as a folder of plain files, all of them or none."""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path
from typing import Any

from survsim.core import cells, files
from survsim.core.errors import InputError

NAMES = ("curves.csv", "marks.csv", "at_risk.csv", "overlay.png", "report.json")


def overlay_png(digitised: Any) -> bytes:
    """The picture of `.plot()` as PNG."""
    axes = digitised.plot()
    kept = io.BytesIO()
    axes.figure.savefig(kept, format="png", dpi=150)
    return bytes(kept.getvalue())


def report(digitised: Any) -> dict[str, Any]:
    """What ``report.json`` says."""
    d = digitised
    return {
        "kind": d.kind,
        "unit": d.unit,
        "arms": list(d.arms),
        "tolerance": dict(d.tolerance),
        "warnings": list(d.warnings),
        "source": Path(d.source).name,
        "source_sha256": d.checksum,
        "page": d.page,
        "panel": d.panel,
        "read_from": "paths" if d.exact else "pixels",
        "axes": {
            side: {"intercept": a, "slope": b, "ticks": [list(pair) for pair in d.ticks[side]]}
            for side, (a, b) in d.axes.items()
        },
        "percent": d.percent,
        "box": list(d.box),
        "colours": {
            arm: "#" + "".join(f"{round(255 * c):02x}" for c in colour)
            for arm, colour in zip(d.arms, d.colours, strict=True)
        },
        "corrections": dict(d.corrections),
    }


def write_folder(digitised: Any, folder: Path) -> None:
    """Write the files beside the folder first, then put them in place.

    Raises
    ------
    InputError : the path is a file, or a folder with files of these names that no digitising wrote.
    """
    refuse_folder(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    files.sweep(folder.parent, f".{folder.name}.*.part")
    staged = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        # Locked while it is filled, so that the next command knows what a killed one left.
        with files.locked(staged, 0.0):
            _fill(digitised, staged)
        staged.chmod(0o755)
        if folder.exists():
            for name in NAMES:
                (staged / name).replace(folder / name)
        else:
            staged.rename(folder)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def refuse_folder(folder: Path) -> None:
    """Refuse a place that is a file, or a folder in which somebody else's files have the names of ours."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{str(folder)!r} is a file; name a folder.")
    try:
        told = files.read_json(folder / "report.json")
    except (OSError, ValueError):
        told = None
    files.refuse_taken(folder, NAMES, isinstance(told, dict) and told.keys() >= _SAYS, "reading of a figure")


_SAYS = {"kind", "arms", "source_sha256", "read_from"}
"""Keys by which a report is known as one of ours."""


def _fill(digitised: Any, folder: Path) -> None:
    for name, table in (
        ("curves.csv", digitised.curves), ("marks.csv", digitised.marks), ("at_risk.csv", digitised.at_risk)
    ):  # fmt: skip
        text = cells.for_spreadsheets(table).to_csv(index=False, lineterminator="\n")
        files.write_text(folder / name, text)
    with files.atomic_open(folder / "overlay.png", "wb") as file:
        file.write(overlay_png(digitised))
    files.write_json(folder / "report.json", report(digitised))
