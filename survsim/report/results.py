"""Reading the tables that an analysis wrote beside its summary."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import TYPE_CHECKING

from survsim.core.errors import InputError, in_short
from survsim.core.files import read_regular
from survsim.report.study import results_folder

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 120
"""Letters of what a reader found wrong with a file."""


def load_results(name: str, slug: str | None = None) -> pd.DataFrame:
    """One result table of an analysis, by its file name without suffix.

    Parameters
    ----------
    name : "leave_one_out" for results/leave_one_out.csv or .parquet.
    slug : name of the analysis; see `results_folder`.

    Returns
    -------
    pandas.DataFrame : the table as it was written.

    Raises
    ------
    InputError : no such table (the message lists those there are), one that is damaged, or no such analysis.

    Example
    -------
    >>> import survsim
    >>> from survsim.errors import InputError
    >>> try:
    ...     survsim.report.load_results("nothing", "01_evidence_base")
    ... except InputError as error:
    ...     print("has no result table 'nothing'" in str(error))
    True
    """
    folder = results_folder(slug)
    for suffix in (".csv", ".parquet"):
        if _is_there(folder / f"{name}{suffix}"):
            return _read(folder / f"{name}{suffix}")
    have = ", ".join(sorted(p.stem for p in folder.iterdir() if p.suffix in (".csv", ".parquet"))) or "none"
    raise InputError(f"{folder.parent.name} has no result table {in_short(name)}; it has: {have}.")


def _is_there(path: Path) -> bool:
    with contextlib.suppress(OSError, ValueError):  # a name that no disk can hold is none of theirs
        return path.is_file()
    return False


def _read(path: Path) -> pd.DataFrame:
    """The table of a file that is there."""
    import pandas as pd

    try:
        content = read_regular(path)
        if path.suffix == ".parquet":
            return pd.read_parquet(io.BytesIO(content))
        if b"\x00" in content:
            raise ValueError("it holds a byte 0, which no text has")
        return pd.read_csv(io.BytesIO(content))
    except (ValueError, OSError, RuntimeError) as error:
        raise InputError(
            f"{path} is damaged or no table ({' '.join(str(error).split())[:SHOWN]}); run the analysis again."
        ) from None
