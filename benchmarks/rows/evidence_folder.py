"""A folder of many rows, made in a process of its own, so that the making is in no peak of memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def made(folder: Path, make: Callable[[], None]) -> None:
    """Make what is not there yet; it stays below build/ for the next time."""
    if (folder / "datapackage.json").exists():
        return
    child = os.fork()
    if child == 0:
        folder.mkdir(parents=True, exist_ok=True)
        make()
        os._exit(0)
    os.waitpid(child, 0)
