"""When two summaries, notebooks or pictures are the same but for the rounding of two machines.

Rounding numbers before writing them cannot make files equal: noise of 1e-12 carries one number in a hundred
across the tenth digit. So what was committed stays as long as what was made afresh agrees with it.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core import files

if TYPE_CHECKING:
    from nbformat import NotebookNode

TOLERANCE = 1e-9
"""Relative difference up to which two numbers are the same."""
NOTHING = 1e-12
"""Absolute difference up to which two numbers near 0 are the same."""
SHADE = 8.0
"""Difference of a pixel, of 255, that an eye may see."""
SPECKS = 1e-4
"""Share of pixels that may differ so before a picture is another one: the edges of lines."""

_NUMBER = re.compile(r"(?<![\w.])[-+−]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?!\w)")
_ADDRESS = re.compile(r"\bt[0-9a-f]{10}\b")


def same_content(old: Any, new: Any, tolerance: float = TOLERANCE) -> bool:
    """Whether two plain values (as JSON has them) agree: numbers within the tolerance, words to the letter."""
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    if isinstance(old, int | float) and isinstance(new, int | float):
        return abs(old - new) <= max(tolerance * max(abs(old), abs(new)), NOTHING)
    if isinstance(old, dict) and isinstance(new, dict) and "value" in old and "value" in new:
        return same_entry(old, new, tolerance)
    if isinstance(old, dict) and isinstance(new, dict):
        return list(old) == list(new) and all(_same_item(k, old[k], new[k], tolerance) for k in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(same_content(a, b, tolerance) for a, b in zip(old, new))
    return bool(old == new)


def same_entry(old: Mapping[str, Any], new: Mapping[str, Any], tolerance: float = TOLERANCE) -> bool:
    """Whether two numbers agree with their limits: differences are held against the largest of the three.

    A limit that happens to lie near 0 is no more exact than the interval it ends.
    """
    if list(old) != list(new):
        return False
    numbers = [k for k in _MEASURED if _is_number(old.get(k)) and _is_number(new.get(k))]
    scale = max((abs(e[k]) for e in (old, new) for k in numbers), default=0.0)
    near = all(abs(old[k] - new[k]) <= max(tolerance * scale, NOTHING) for k in numbers)
    rest = [k for k in old if k not in numbers]
    return near and all(_same_item(k, old[k], new[k], tolerance) for k in rest)


_MEASURED = ("value", "conf_low", "conf_high")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same_item(key: str, old: Any, new: Any, tolerance: float) -> bool:
    """A note is prose and may print a number, an option may be one; every other text is a name, a unit or a checksum."""
    if key == "note" and isinstance(old, str) and isinstance(new, str):
        return same_text(old, new)
    return (_same_option if key == "options" else same_content)(old, new, tolerance)


def _same_option(old: Any, new: Any, tolerance: float) -> bool:
    """What a step was told, as text: a law prints its parameters with all their digits, which differ between machines."""
    if isinstance(old, dict) and isinstance(new, dict):
        return list(old) == list(new) and all(_same_option(old[k], new[k], tolerance) for k in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(_same_option(a, b, tolerance) for a, b in zip(old, new))
    if not isinstance(old, str) or not isinstance(new, str) or old == new:
        return same_content(old, new, tolerance)
    if _NUMBER.sub("#", old) != _NUMBER.sub("#", new):
        return False
    pairs = zip(_NUMBER.findall(old), _NUMBER.findall(new))
    return all(a == b or ("." in a + b and same_content(_read(a), _read(b), tolerance)) for a, b in pairs)


def _read(text: str) -> float:
    return float(text.replace("−", "-"))


def same_summary(old: Path, new: Path, tolerance: float = TOLERANCE) -> bool:
    """Whether two files `summary.json` hold the same numbers with the same ancestry."""
    try:
        # Rounding alone moves the checksum.
        before, now = ({k: v for k, v in files.read_json(p).items() if k != files.SEAL} for p in (old, new))
    except (OSError, ValueError, AttributeError):
        return False
    return same_content(before, now, tolerance)


def same_numbers(old: Path, new: Path, tolerance: float = TOLERANCE) -> bool:
    """Whether two files `summary.json` hold the same numbers, whatever data and steps they come from."""
    try:
        before, now = (files.read_json(p)["numbers"] for p in (old, new))
    except (OSError, ValueError, LookupError, TypeError):
        return False
    old_values, new_values = (
        {k: {n: e.get(n) for n in _MEASURED} for k, e in part.items()} for part in (before, now)
    )
    return same_content(old_values, new_values, tolerance)


def same_text(old: str, new: str) -> bool:
    """Whether two texts agree, each printed number up to one unit of its last printed digit."""
    if old == new:
        return True
    old, new = _ADDRESS.sub("t", old), _ADDRESS.sub("t", new)
    if _NUMBER.sub("#", old) != _NUMBER.sub("#", new):
        return False
    return all(_same_print(a, b) for a, b in zip(_NUMBER.findall(old), _NUMBER.findall(new)))


def _same_print(old: str, new: str) -> bool:
    if old == new:
        return True
    if "." not in old and "." not in new and "e" not in old.lower() + new.lower():
        return False  # counts, dates and names of things are not rounded
    a, b = _read(old), _read(new)
    return abs(a - b) <= 1.001 * max(_last_digit(old), _last_digit(new))


def _last_digit(text: str) -> float:
    mantissa, _, exponent = text.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return float(10.0 ** (int(exponent or 0) - decimals))


def same_notebook(old: NotebookNode, new: NotebookNode) -> bool:
    """Whether two executed notebooks have the same cells, and outputs that agree."""
    if len(old.cells) != len(new.cells) or old.metadata != new.metadata:
        return False
    return all(_same_cell(a, b) for a, b in zip(old.cells, new.cells))


def _same_cell(old: Any, new: Any) -> bool:
    if (old.cell_type, old.source, old.get("metadata")) != (new.cell_type, new.source, new.get("metadata")):
        return False
    before, now = old.get("outputs", []), new.get("outputs", [])
    return len(before) == len(now) and all(_same_output(a, b) for a, b in zip(before, now))


def _same_output(old: Any, new: Any) -> bool:
    if old.output_type != new.output_type:
        return False
    before, now = old.get("data"), new.get("data")
    if before is None or now is None:
        return same_shown_text(old.get("text", ""), new.get("text", ""))
    if set(before) != set(now) or not same_text(_told(old), _told(new)):
        return False
    return all(_same_shown(kind, before[kind], now[kind]) for kind in before)


def _told(output: Any) -> str:
    """What a picture is said to show."""
    return str(output.get("metadata", {}).get("image/png", {}).get("alt", ""))


def _same_shown(kind: str, old: Any, new: Any) -> bool:
    if kind.startswith("image/") and kind != "image/svg+xml":
        return same_picture(base64.b64decode(old), base64.b64decode(new))
    return same_shown_text(old, new)


def same_shown_text(old: Any, new: Any) -> bool:
    """Outputs as notebooks store them, text or a list of lines; anything else must be equal."""
    one, other = (i if isinstance(i, str) else "".join(i) if isinstance(i, list) else i for i in (old, new))
    return same_text(one, other) if isinstance(one, str) and isinstance(other, str) else bool(one == other)


def same_picture(old: bytes, new: bytes) -> bool:
    """Whether two PNG pictures look alike: the same size, and hardly a pixel that differs visibly."""
    if old == new:
        return True
    from PIL import Image

    before, now = (
        np.asarray(Image.open(io.BytesIO(b)).convert("RGBA"), dtype=np.float64) for b in (old, new)
    )
    if before.shape != now.shape:
        return False
    seen = np.abs(before - now).max(axis=-1) > SHADE
    return bool(seen.mean() <= SPECKS)


def write_unless_same(path: Path, notebook: NotebookNode, text: str) -> bool:
    """Write a notebook unless the one on disk agrees with it; whether it was written."""
    known = _notebook_at(path)
    if known is not None and same_notebook(known, notebook):
        return False
    files.write_text(path, text)
    return True


def _notebook_at(path: Path) -> NotebookNode | None:
    """The notebook on disk; None where there is none, or another kind of file, which one may replace."""
    import nbformat

    try:
        text = path.read_text(encoding="utf-8")
        if not isinstance(json.loads(text).get("cells"), list):
            return None
        return nbformat.reads(text, as_version=nbformat.NO_CONVERT)
    except (OSError, ValueError, AttributeError, KeyError):
        return None
