"""A folder of many rows, made in a process of its own, so that the making is in no peak of memory."""

from __future__ import annotations

import os
import shutil
import traceback
from collections.abc import Callable
from pathlib import Path


def made(folder: Path, make: Callable[[Path], None]) -> None:
    """Make what is not there yet; it stays below build/ for the next time, whole or not at all."""
    if folder.exists():
        return
    part = folder.with_name(folder.name + ".part")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            make(part)
            part.rename(folder)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise SystemExit(f"{folder.name} could not be made")
