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
    return read_surely(ink)[0]


def read_surely(ink: Pixels) -> tuple[str, float]:
    """The words of one line of print, and how sure tesseract is of them, from 0 to 1 (the least sure word counts)."""
    program = shutil.which("tesseract")
    if program is None or min(ink.shape) < 4:
        return "", 0.0
    grow = max(1.0, _TALL / ink.shape[0])
    grown = cv2.resize(ink.astype(np.float32), None, fx=grow, fy=grow, interpolation=cv2.INTER_CUBIC)
    page = np.pad(255 - np.clip(grown, 0, 1) * 255, 20, constant_values=255).astype(np.uint8)
    sound, coded = cv2.imencode(".png", page)
    if not sound:
        return "", 0.0
    try:
        done = subprocess.run(
            [program, "stdin", "stdout", "--psm", "7", "tsv"],
            input=coded.tobytes(),
            capture_output=True,
            timeout=60,
            check=False,
            # Threads for a single line cost more than they save.
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return "", 0.0
    return _words(done.stdout.decode("utf-8", "replace"))


def _words(table: str) -> tuple[str, float]:
    """Text and least confidence of the table that tesseract writes: a row a word, the confidence last but one."""
    rows = [row for line in table.splitlines()[1:] if len(row := line.split("\t")) >= 12 and row[11].strip()]
    if not rows:
        return "", 0.0
    words = [(row[11].strip(), float(row[10])) for row in rows if float(row[10]) >= 0]
    told = [sure for word, sure in words if any(sign.isalnum() for sign in word)]
    return " ".join(word for word, _ in words), max(min(told, default=0.0), 0.0) / 100
