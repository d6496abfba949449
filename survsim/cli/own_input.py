"""A command never writes over what it reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from survsim.core.errors import InputError


def refuse_own_input(written: Iterable[Path], read: Iterable[Path | None]) -> None:
    """Refuse to write a file that the command reads, under whatever name or link.

    Raises
    ------
    InputError : one of `written` is one of `read`; nothing was written.

    Example
    -------
    >>> from pathlib import Path
    >>> refuse_own_input([Path("a/../curve.csv")], [Path("curve.csv"), None])
    Traceback (most recent call last):
    survsim.core.errors.InputError: --out would write over curve.csv, which this command reads; give --out another name.
    """
    sources = [path for path in read if path is not None]
    for target in written:
        for source in sources:
            if _same(target, source):
                raise InputError(
                    f"--out would write over {source}, which this command reads; give --out another name."
                )


def _same(one: Path, other: Path) -> bool:
    """Whether two names are of one file; one that is not there yet is told by its name."""
    try:
        return one.samefile(other)
    except OSError:
        return one.resolve() == other.resolve()
