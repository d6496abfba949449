"""What was read from a figure: curves, censor marks, numbers at risk, how exact they are, and what to look at."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from survsim.core.checks import FloatArray, IntArray
from survsim.core.result import Result, result
from survsim.core.tables import Columns, frame
from survsim.digitising.writing import overlay_png, write_folder

if TYPE_CHECKING:
    import pandas as pd


@result
class Digitised(Result):
    """Curves read from a figure.

    Attributes
    ----------
    kind : "survival" or "incidence"; the name of the column of values.
    unit : of time; "" where it was neither given nor read.
    arms : names, in the order of the curves.
    curve_arm, curve_time, curve_value : (m,) index of the arm, time, and value just after each drop, as a fraction;
        the first row of an arm is time 0, its last the end of the curve.
    mark_arm, mark_time : (k,) censor marks.
    risk : rows (arm, time, number at risk) of the table below the figure.
    tolerance : half widths within which values (under the name of `kind`) and times are stated.
    warnings : what was repaired, guessed or left out, in sentences.
    source, checksum, page, panel : the file, its SHA-256, and where in it the figure stands.
    exact : True where the curve was read from the paths of a drawing.
    colours : (red, green, blue) of each curve, from 0 to 1.
    axes : intercept and slope by side: value = intercept + slope x place.
    ticks : (place, value) by side, as read.
    box : left, top, right and bottom of the panel, in places.
    percent : whether the vertical axis is in percent.
    picture, picture_scale : the figure as PNG in base64, and pixels of the full picture a unit of places.
    corrections : what a person had corrected.
    """

    kind: str
    unit: str
    arms: tuple[str, ...]
    curve_arm: IntArray
    curve_time: FloatArray
    curve_value: FloatArray
    mark_arm: IntArray
    mark_time: FloatArray
    risk: tuple[tuple[str, float, int], ...]
    tolerance: Mapping[str, float]
    warnings: tuple[str, ...]
    source: str
    checksum: str
    page: int | None
    panel: str
    exact: bool
    colours: tuple[tuple[float, float, float], ...]
    axes: Mapping[str, tuple[float, float]]
    ticks: Mapping[str, tuple[tuple[float, float], ...]]
    box: tuple[float, float, float, float]
    percent: bool
    picture: str
    picture_scale: float
    corrections: Mapping[str, Any]

    @property
    def curves(self) -> pd.DataFrame:
        """Rows ``arm, time, survival`` (or ``incidence``): values just after each drop, as fractions."""
        return self.to_frame()

    @property
    def marks(self) -> pd.DataFrame:
        """Censor marks: ``arm, time``."""
        return frame({"arm": [self.arms[k] for k in self.mark_arm], "time": self.mark_time})

    @property
    def at_risk(self) -> pd.DataFrame:
        """Numbers at risk as printed below the figure: ``arm, time, n_risk``; no rows where none could be read."""
        arms, times, numbers = zip(*self.risk, strict=True) if self.risk else ((), (), ())
        return frame({"arm": list(arms), "time": list(times), "n_risk": list(numbers)})

    def columns(self) -> Columns:
        """``arm, time, survival`` (or ``incidence``)."""
        return {
            "arm": [self.arms[k] for k in self.curve_arm],
            "time": self.curve_time,
            self.kind: self.curve_value,
        }

    def headline(self) -> str:
        """What was read, how exact it is, and what to look at."""
        how = "from its paths" if self.exact else "from its pixels"
        drops = int(self.curve_time.size - 2 * len(self.arms))
        unit = f" {self.unit}" if self.unit else ""
        lines = [
            f"Digitised {self.kind}: {len(self.arms)} curve(s), {max(drops, 0)} steps, {self.mark_time.size} censor marks, "
            f"{len(self.risk)} numbers at risk",
            f"{Path(self.source).name}, {how}; within {self.tolerance[self.kind]:.2g} in {self.kind} and "
            f"{self.tolerance['time']:.2g}{unit} in time",
        ]
        return "\n".join([*lines, *(f"! {words}" for words in self.warnings)])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a folder, or one file as other results do.

        Parameters
        ----------
        path : a folder, which then holds ``curves.csv``, ``marks.csv``, ``at_risk.csv``, ``overlay.png`` and
            ``report.json``, all of them or none; or a name that ends in .json, .csv, .parquet or .tex.
        """
        if not isinstance(path, str | os.PathLike) or Path(path).suffix in (
            ".json",
            ".csv",
            ".parquet",
            ".tex",
        ):
            Result.save(self, path)
        else:
            write_folder(self, Path(path))

    def overlay(self) -> bytes:
        """The figure with the traces laid over it, as PNG."""
        return overlay_png(self)

    def _repr_html_(self) -> str:
        shown = base64.b64encode(self.overlay()).decode("ascii")
        return f'<img alt="traces over the figure" style="max-width:100%" src="data:image/png;base64,{shown}">{Result._repr_html_(self)}'
