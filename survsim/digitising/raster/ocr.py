"""Words by tesseract where it is on the machine; nothing depends on it."""

from __future__ import annotations

import os
import shutil
import subprocess

import cv2
import numpy as np

from survsim.digitising.raster.kinds import Pixels

_TALL = 48


def present() -> bool:
    """Whether tesseract is on the machine."""
    return shutil.which("tesseract") is not None


def read_line(ink: Pixels) -> str:
    """The words of one line of print (ink from 0 to 1), "" without tesseract or where it reads nothing."""
    program = shutil.which("tesseract")
    if program is None or min(ink.shape) < 4:
        return ""
    grow = max(1.0, _TALL / ink.shape[0])
    grown = cv2.resize(ink.astype(np.float32), None, fx=grow, fy=grow, interpolation=cv2.INTER_CUBIC)
    page = np.pad(255 - np.clip(grown, 0, 1) * 255, 20, constant_values=255).astype(np.uint8)
    sound, coded = cv2.imencode(".png", page)
    if not sound:
        return ""
    try:
        done = subprocess.run(
            [program, "stdin", "stdout", "--psm", "7"],
            input=coded.tobytes(),
            capture_output=True,
            timeout=10,
            check=False,
            # Threads for a single line cost more than they save.
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return " ".join(done.stdout.decode("utf-8", "replace").split())
