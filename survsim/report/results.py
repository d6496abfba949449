"""Reading the tables that an analysis wrote beside its summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from survsim.core.errors import InputError
from survsim.report.study import results_folder

if TYPE_CHECKING:
    import pandas as pd


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
    InputError : no such table (the message lists those there are), or no such analysis.

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
    import pandas as pd

    folder = results_folder(slug)
    readers: dict[str, Any] = {".csv": pd.read_csv, ".parquet": pd.read_parquet}
    for suffix, read in readers.items():
        if (folder / f"{name}{suffix}").is_file():
            return read(folder / f"{name}{suffix}")
    have = ", ".join(sorted(p.stem for p in folder.iterdir() if p.suffix in readers)) or "none"
    raise InputError(f"{folder.parent.name} has no result table {name!r}; it has: {have}.")
