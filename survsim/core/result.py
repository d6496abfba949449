"""What every estimator returns: a frozen value with a table, a picture, a printout and an ancestry."""

from __future__ import annotations

import dataclasses
import html
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar, dataclass_transform

from survsim.core import cells, files, tables
from survsim.core.door import with_doors
from survsim.core.encoding import stored
from survsim.core.errors import InputError
from survsim.core.picture import Picture
from survsim.core.provenance import Provenance
from survsim.core.read_only import close_fields
from survsim.core.stored import read_result, write_result
from survsim.core.tables import Columns
from survsim.core.upward import upward
from survsim.core.word_file import write_word

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, eq_default=False)
def result(cls: type[T]) -> type[T]:
    """Class decorator of every result: frozen, slotted, keyword-only, compared by identity, each method behind a door."""
    made = dataclasses.dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)(cls)
    return stored(with_doors(made))


@result
class Result:
    """Base of all results.

    A subclass is declared with ``@result``, adds fields, and writes `columns`. It may override
    `headline` (the first lines of the printout). Its arrays, those of the objects it holds too, are read-only
    copies or views; the writable flag of an array that was given is left alone.
    """

    provenance: Provenance

    def __post_init__(self) -> None:
        close_fields(self)

    def columns(self) -> Columns:
        """The tidy table by column; each result says here what its columns are."""
        raise TypeError(f"{type(self).__name__} does not say what its table is.")

    def to_frame(self) -> pd.DataFrame:
        """The tidy table as a frame of its own: the columns that `columns` documents."""
        return tables.frame(self.columns())

    def headline(self) -> str:
        """First lines of the printout: what was estimated, from how much."""
        return type(self).__name__

    def summary(self) -> str:
        """The printout: headline and an aligned table, as R prints one."""
        frame = self.to_frame()
        shown = frame if len(frame) <= 20 else frame.iloc[[*range(10), *range(-10, 0)]]
        table = shown.to_string(index=False, float_format=format_number, na_rep="NA")
        more = f"\n... {len(frame)} rows, 20 shown; .to_frame() has all" if len(frame) > 20 else ""
        return f"{self.headline()}\n\n{table}{more}"

    plot: ClassVar[Picture] = Picture()
    """Draws the result's own figure and returns the axes: `help(result.plot)` tells its options."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the result whole or not at all.

        Parameters
        ----------
        path : ``name.json`` holds everything and is read back by `load` or `read_result`; ``name.csv`` and
            ``name.parquet`` hold the table of `to_frame` for other programs, ``name.tex`` as a LaTeX tabular, ``name.docx`` for Word. A
            text that a spreadsheet would run as a formula has an apostrophe before it in the CSV.
        """
        if not isinstance(path, str | os.PathLike):
            raise InputError(f"path is a file name such as 'result.json'; got {path!r}.")
        suffix = Path(path).suffix
        if suffix == ".json":
            write_result(self, path)
        elif suffix == ".csv":
            safe = cells.for_spreadsheets(self.to_frame())
            files.write_text(path, safe.to_csv(index=False, lineterminator="\n"))
        elif suffix == ".tex":
            files.write_text(path, cells.latex_table(self.to_frame(), format_number))
        elif suffix == ".docx":
            printed = upward("save")(self)
            if printed is not None:
                printed.save(path)
            else:
                write_word(path, self.to_frame(), format_number, notes=self.headline().splitlines())
        elif suffix == ".parquet":
            with files.atomic_open(path, "wb") as file:
                self.to_frame().to_parquet(file, index=False)
        else:
            raise InputError(
                f"results are saved as .json (everything, read back by read_result), .csv, .parquet, .tex or .docx "
                f"(the table); got {str(path)!r}."
            )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The result that ``save("name.json")`` wrote."""
        return read_result(cls, path)

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        frame = self.to_frame()
        shown = frame.head(30).to_html(index=False, border=0, float_format=format_number, na_rep="NA")
        more = f"<p>{len(frame)} rows, 30 shown</p>" if len(frame) > 30 else ""
        return f"<pre>{html.escape(self.headline())}</pre>{shown}{more}"


def format_number(value: float) -> str:
    """Four significant digits, as a table in a paper has them; NA for what does not exist."""
    if value != value:
        return "NA"
    if value in (float("inf"), float("-inf")):
        return "Inf" if value > 0 else "-Inf"
    if value != 0 and (abs(value) < 1e-4 or abs(value) >= 1e7):
        return f"{value:.3e}"
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"


def time_in_words(value: float) -> str:
    """A time as tables and pictures print it: one decimal, but never fewer than two digits; "not reached" if it is not.

    Example
    -------
    >>> [time_in_words(t) for t in (14.26, 3.04, 0.0151, 0.0, float("inf"))]
    ['14.3', '3', '0.015', '0', 'not reached']
    """
    value = float(value)
    if not math.isfinite(value):
        return "not reached"
    return format_number(round(value, 1) if abs(value) >= 1 else float(f"{value:.2g}"))
